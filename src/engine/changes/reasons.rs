//! What each signal gave or took between two runs, by step.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    fmt,
};

use super::{
    ChangeStep,
    comparison::{LevelSteps, STEPS, StepStandings},
};
use crate::record::{EntityStanding, LevelSnapshot};
use pql_model::units::Points;

/// What one signal gave or took at one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeReason {
    /// The signal, or `cap:` and what is bounded; behind `members.` for what the members of an account were paid for.
    pub source: String,
    /// The difference.
    pub points: Points,
    /// The members whose points changed; none for a signal of the entity itself.
    pub people: Option<u64>,
    /// The step.
    pub step: ChangeStep,
}

impl fmt::Display for ChangeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.without_step(), self.step.as_str())
    }
}

impl ChangeReason {
    /// The difference alone, where there are no steps.
    pub(super) fn without_step(&self) -> String {
        let mut text = self.source.clone();
        text.push_str(if self.points > Points::ZERO { ":+" } else { ":" });
        self.points.push_to(&mut text);
        match self.people {
            Some(1) => text.push_str(" (1 person)"),
            Some(people) => text.push_str(&format!(" ({people} people)")),
            None => {}
        }
        text
    }
}

/// The differences of one source, by step.
#[derive(Debug, Clone, Copy, Default)]
struct SourceDifference {
    points: [Points; 4],
    people: [u64; 4],
}

/// What the entity's own signals gave or took, the largest difference first.
pub(super) fn own_reasons(steps: &StepStandings<'_>) -> Vec<ChangeReason> {
    let names = SourceNames::new(steps.levels);
    let mut amounts: BTreeMap<usize, [Points; STEPS]> = BTreeMap::new();
    add_amounts(&names, steps.levels, steps.standings, &mut amounts);
    let differences = amounts.into_iter().map(|(place, amounts)| {
        (place, SourceDifference { points: StepStandings::differences(amounts), people: [0; 4] })
    });
    ranked(differences, |place| names.names[place].to_owned(), |_| None)
}

/// The members of accounts, in each snapshot of the users.
pub(super) struct MemberIndex<'s> {
    levels: LevelSteps<'s>,
    names: SourceNames<'s>,
    by_account: [HashMap<&'s str, Vec<&'s EntityStanding>>; STEPS],
}

impl<'s> MemberIndex<'s> {
    pub(super) fn new(levels: LevelSteps<'s>) -> MemberIndex<'s> {
        MemberIndex { levels, names: SourceNames::new(levels), by_account: levels.map(members) }
    }

    /// What the members of an account gave or took, the largest difference first. A member who comes brings its points, one who goes takes them.
    pub(super) fn reasons(&self, account: &StepStandings<'_>) -> Vec<ChangeReason> {
        let mut of_users: BTreeMap<&str, BTreeMap<usize, [Points; STEPS]>> = BTreeMap::new();
        for (step, standing) in account.standings.iter().enumerate() {
            let members = standing.and_then(|standing| self.by_account[step].get(&*standing.id));
            for member in members.into_iter().flatten() {
                let mut standings = [None; STEPS];
                standings[step] = Some(*member);
                add_amounts(&self.names, self.levels, standings, of_users.entry(&member.id).or_default());
            }
        }
        let mut sums: BTreeMap<usize, SourceDifference> = BTreeMap::new();
        for (place, amounts) in of_users.into_values().flatten() {
            let sum = sums.entry(place).or_default();
            for (step, points) in StepStandings::differences(amounts).into_iter().enumerate() {
                sum.points[step] = sum.points[step] + points;
                sum.people[step] += u64::from(points != Points::ZERO);
            }
        }
        ranked(sums.into_iter(), |place| format!("members.{}", self.names.names[place]), Some)
    }
}

/// Users by their account.
fn members(level: &LevelSnapshot) -> HashMap<&str, Vec<&EntityStanding>> {
    let mut by_account: HashMap<&str, Vec<&EntityStanding>> = HashMap::new();
    for standing in &level.standings {
        if let Some(account) = &standing.account {
            by_account.entry(account).or_default().push(standing);
        }
    }
    by_account
}

/// The names of what gives points in any of the snapshots: those of this run's model in its order, then others.
struct SourceNames<'s> {
    names: Vec<&'s str>,
    /// For each snapshot the place of each of its sources in the list.
    places: [Vec<usize>; STEPS],
}

impl<'s> SourceNames<'s> {
    fn new(levels: LevelSteps<'s>) -> SourceNames<'s> {
        let mut names: Vec<&str> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut places: [Vec<usize>; STEPS] = Default::default();
        for step in (0..STEPS).rev() {
            let of_level = levels[step].point_sources.iter().map(|name| {
                *known.entry(name).or_insert_with(|| {
                    names.push(name);
                    names.len() - 1
                })
            });
            places[step] = of_level.collect();
        }
        SourceNames { names, places }
    }
}

/// Adds the amounts of an entity by source, for the snapshots that it is in.
fn add_amounts(
    names: &SourceNames<'_>,
    levels: LevelSteps<'_>,
    standings: [Option<&EntityStanding>; STEPS],
    into: &mut BTreeMap<usize, [Points; STEPS]>,
) {
    debug_assert_eq!(names.places.len(), levels.len(), "a list of places for each snapshot");
    for (step, standing) in standings.into_iter().enumerate() {
        for (source, points) in standing.into_iter().flat_map(|standing| &standing.amounts) {
            into.entry(names.places[step][*source as usize]).or_default()[step] = *points;
        }
    }
}

/// The differences that are not 0 as reasons: the largest first, ties in the order of the sources and of the steps.
fn ranked(
    differences: impl Iterator<Item = (usize, SourceDifference)>,
    name: impl Fn(usize) -> String,
    people: impl Fn(u64) -> Option<u64>,
) -> Vec<ChangeReason> {
    let mut reasons = Vec::new();
    for (place, difference) in differences {
        for (step, points) in difference.points.into_iter().enumerate().filter(|(_, points)| *points != Points::ZERO) {
            let people = people(difference.people[step]);
            reasons.push(ChangeReason { source: name(place), points, people, step: ChangeStep::ALL[step] });
        }
    }
    // The sort is stable, so ties stay in their order.
    reasons.sort_by_key(|reason| Reverse(reason.points.0.abs()));
    reasons
}
