//! What each signal gave or took between two runs, by step.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    rc::Rc,
};

use super::{
    ChangeStep, EntityChange,
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
pub(super) fn own_reasons(steps: &StepStandings<'_>, names: &SourceNames<'_>) -> Vec<ChangeReason> {
    let mut amounts = SourceAmounts::default();
    amounts.add(names, steps.standings);
    let differences = amounts.sorted().into_iter().map(|(place, amounts)| {
        (place, SourceDifference { points: StepStandings::differences(amounts), people: [0; 4] })
    });
    ranked(differences, |place| names.names[place].to_owned(), |_| None)
}

/// The accounts of a list of changes. What their members gave or took is added at the end, when it is known which they are.
#[derive(Debug, Default)]
pub(super) struct ChangedAccounts {
    /// By the place of their change in the list.
    accounts: Vec<(usize, StepIds)>,
}

/// The id of an account in each snapshot that it is in.
type StepIds = [Option<Box<str>>; STEPS];

impl ChangedAccounts {
    /// Notes the account of a change.
    pub(super) fn note(&mut self, place: usize, steps: &StepStandings<'_>) {
        self.accounts.push((place, steps.standings.map(|standing| standing.map(|standing| standing.id.clone()))));
    }

    /// Adds to each change what the members gave or took. `users` are the snapshots of the users.
    pub(super) fn add_members(&self, users: LevelSteps<'_>, changes: &mut [EntityChange]) {
        if self.accounts.is_empty() {
            return;
        }
        let wanted = self.accounts.iter().flat_map(|(_, ids)| ids).flatten().map(|id| &**id).collect();
        let members = MemberIndex::new(users, &wanted);
        for (place, ids) in &self.accounts {
            changes[*place].reasons.extend(members.reasons(ids));
        }
    }
}

/// The members of some accounts, in each snapshot of the users.
struct MemberIndex<'s> {
    names: SourceNames<'s>,
    by_account: [Rc<MembersByAccount<'s>>; STEPS],
}

/// Users by their account.
type MembersByAccount<'s> = HashMap<&'s str, Vec<&'s EntityStanding>>;

impl<'s> MemberIndex<'s> {
    /// The members of the accounts with some ids.
    fn new(levels: LevelSteps<'s>, wanted: &HashSet<&str>) -> MemberIndex<'s> {
        let mut by_account: [Rc<MembersByAccount<'s>>; STEPS] = Default::default();
        for step in 0..STEPS {
            let known = (0..step).find(|other| levels[*other].is_shared_with(levels[step]));
            by_account[step] = match known {
                Some(other) => Rc::clone(&by_account[other]),
                None => Rc::new(members(levels[step], wanted)),
            };
        }
        MemberIndex { names: SourceNames::new(levels), by_account }
    }

    /// What the members of an account gave or took, the largest difference first. A member who comes brings its points, one who goes takes them.
    fn reasons(&self, account: &StepIds) -> Vec<ChangeReason> {
        let mut of_users: BTreeMap<&str, SourceAmounts> = BTreeMap::new();
        for (step, id) in account.iter().enumerate() {
            let members = id.as_deref().and_then(|id| self.by_account[step].get(id));
            for member in members.into_iter().flatten() {
                let mut standings = [None; STEPS];
                standings[step] = Some(*member);
                of_users.entry(&member.id).or_default().add(&self.names, standings);
            }
        }
        let mut sums: BTreeMap<usize, SourceDifference> = BTreeMap::new();
        for (place, amounts) in of_users.into_values().flat_map(SourceAmounts::sorted) {
            let sum = sums.entry(place).or_default();
            for (step, points) in StepStandings::differences(amounts).into_iter().enumerate() {
                sum.points[step] = sum.points[step] + points;
                sum.people[step] += u64::from(points != Points::ZERO);
            }
        }
        ranked(sums.into_iter(), |place| format!("members.{}", self.names.names[place]), Some)
    }
}

/// The users whose account is one of some.
fn members<'s>(level: &'s LevelSnapshot, wanted: &HashSet<&str>) -> MembersByAccount<'s> {
    let mut by_account = MembersByAccount::new();
    for standing in level.standings.iter() {
        if let Some(account) = standing.account.as_deref().filter(|account| wanted.contains(account)) {
            by_account.entry(account).or_default().push(standing);
        }
    }
    by_account
}

/// The names of what gives points in any of the snapshots: those of this run's model in its order, then others.
pub(super) struct SourceNames<'s> {
    names: Vec<&'s str>,
    /// For each snapshot the place of each of its sources in the list.
    places: [Vec<usize>; STEPS],
}

impl<'s> SourceNames<'s> {
    pub(super) fn new(levels: LevelSteps<'s>) -> SourceNames<'s> {
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

/// The amounts of an entity by source, each after each step.
#[derive(Debug, Default)]
struct SourceAmounts {
    // Few signals pay one entity, so a list is searched faster than a map.
    by_source: Vec<(usize, [Points; STEPS])>,
}

impl SourceAmounts {
    /// Adds the amounts of the snapshots that it is in.
    fn add(&mut self, names: &SourceNames<'_>, standings: [Option<&EntityStanding>; STEPS]) {
        for (step, standing) in standings.into_iter().enumerate() {
            for (source, points) in standing.into_iter().flat_map(|standing| &standing.amounts) {
                self.of(names.places[step][*source as usize])[step] = *points;
            }
        }
    }

    fn of(&mut self, source: usize) -> &mut [Points; STEPS] {
        let known = self.by_source.iter().position(|(known, _)| *known == source);
        let place = known.unwrap_or_else(|| {
            self.by_source.push((source, [Points::ZERO; STEPS]));
            self.by_source.len() - 1
        });
        &mut self.by_source[place].1
    }

    /// In the order of the sources.
    fn sorted(mut self) -> Vec<(usize, [Points; STEPS])> {
        self.by_source.sort_by_key(|(source, _)| *source);
        self.by_source
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
