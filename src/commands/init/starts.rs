//! Which events begin the life of a user or an account, by what people do.
//!
//! A sign-up happens once, to most people, and before anything else. Only *newcomers* can show it: an export that is cut at a date has no sign-up of those
//! who were there before. Looks at pages, sessions and e-mails may come earlier.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashSet},
};

use super::words::{comes_before_sign_up, has_word_of_sign_up, is_no_start};
use pql_engine::inspect::{
    dataset_profile::{DatasetProfile, EventProfile},
    first_steps::{FirstStep, name_hash},
    name_similarity::split_words,
};
use pql_model::{
    EntityKind,
    units::{DAY_US, Micros, plural},
};

/// Dates of a dump in which what happens once is known from what happens daily; microseconds.
const RANGE_MIN: Micros = 7 * DAY_US;

/// The longest time at the beginning of a dump whose people may be old ones, and the part of the dump that it is at most.
const MARGIN_MAX: Micros = 14 * DAY_US;
const MARGIN_PART: Micros = 8;

/// Newcomers that show a habit.
const NEWCOMERS_MIN: u64 = 10;

/// A set-up is done by then, after somebody's first event.
const SET_UP_TIME: Micros = 3 * DAY_US;

/// Two clocks of one product may differ by as much.
const SAME_MOMENT: Micros = 60_000_000;

/// An event that begins something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StartEvent {
    pub(super) name: String,
    /// What speaks for it.
    pub(super) why: String,
}

/// The newcomers among users or accounts.
struct Newcomers<'s> {
    side: EntityKind,
    all: Vec<(u64, &'s [FirstStep])>,
}

/// How newcomers do an event.
struct StartHabit<'s> {
    name: &'s str,
    /// A word of its name says that it is a sign-up.
    is_word: bool,
    /// Those who have it first of all.
    firsts: BTreeSet<u64>,
    /// Those who have it.
    holders: u64,
    /// Those of whom it is known whether they have it.
    known: u64,
}

/// Finds the events with which users begin, and those with which accounts begin.
pub(super) struct StartFinder<'s> {
    survey: &'s DatasetProfile,
    /// Names that say nothing of a start, and may come before it.
    early: HashSet<u64>,
}

impl<'s> StartFinder<'s> {
    pub(super) fn new(survey: &'s DatasetProfile) -> StartFinder<'s> {
        let is_early =
            |(name, profile): &(&String, &EventProfile)| profile.noise || comes_before_sign_up(&split_words(name));
        let early = survey.names.iter().filter(is_early).map(|(name, _)| name_hash(name)).collect();
        StartFinder { survey, early }
    }

    /// The events with which most newcomers begin, the commonest first; none if they show no habit.
    pub(super) fn starts(&self) -> Vec<StartEvent> {
        let users = self.newcomers(EntityKind::User).map(|users| self.begun_by(&users)).unwrap_or_default();
        let is_most = users.iter().map(|habit| habit.firsts.len() as u64).sum::<u64>() * 5
            >= users.first().map_or(1, |habit| habit.known) * 3;
        if is_most {
            return users.iter().map(|habit| habit.start_of(EntityKind::User)).collect();
        }
        let accounts = self.newcomers(EntityKind::Account).map(|accounts| self.begun_by(&accounts)).unwrap_or_default();
        let founded = accounts.into_iter().next().filter(|habit| habit.firsts.len() as u64 * 5 >= habit.known * 3);
        let Some(founded) = founded else { return Vec::new() };
        let others = users.iter().filter(|habit| habit.name != founded.name);
        let others = others.map(|habit| habit.start_of(EntityKind::User));
        std::iter::once(founded.start_of(EntityKind::Account)).chain(others).collect()
    }

    /// Whether what newcomers do says that an event is no sign-up: people do it again, or have it later than other events.
    pub(super) fn contradicts(&self, name: &str) -> bool {
        let Some(profile) = self.survey.names.get(name) else { return false };
        if profile.users.count() * 2 < profile.count && profile.users.count() * 2 >= NEWCOMERS_MIN {
            return true;
        }
        let late = |side| {
            let newcomers = self.newcomers(side)?;
            let habit = self.habit(&newcomers, name, profile);
            Some(habit.holders * 2 >= NEWCOMERS_MIN && habit.firsts.len() as u64 * 2 < habit.holders)
        };
        late(EntityKind::User) == Some(true) && late(EntityKind::Account) != Some(false)
    }

    /// The events that users have once and with which at least a tenth of them begin, each with their number and the number of all; the commonest first.
    pub(super) fn common_firsts(&self) -> Vec<(String, u64, u64)> {
        let all = self.survey.first_steps[EntityKind::User].entities().collect();
        let users = Newcomers { side: EntityKind::User, all };
        let names = self.survey.sorted_names().into_iter();
        let habits = names
            .filter(|(name, profile)| !profile.noise && !name.is_empty() && !self.early.contains(&name_hash(name)))
            .filter(|(_, profile)| happens_once(profile, EntityKind::User))
            .map(|(name, profile)| self.habit(&users, name, profile));
        let counted = habits.map(|habit| (habit.name.to_owned(), habit.firsts.len() as u64, habit.known));
        let is_common = |(_, firsts, known): &(String, u64, u64)| firsts * 10 >= *known && firsts * 2 >= NEWCOMERS_MIN;
        let mut common: Vec<(String, u64, u64)> = counted.filter(is_common).collect();
        common.sort_by_key(|(name, firsts, _)| (Reverse(*firsts), name.clone()));
        common
    }

    /// Whether somebody has a first event after an instant.
    pub(super) fn begins_after(&self, at: Micros) -> bool {
        let users = self.survey.first_steps[EntityKind::User].entities();
        users.filter_map(|(_, steps)| steps.first()).any(|step| step.at > at)
    }

    /// Whether an event is a step of a set-up: newcomers do it once, in their first days.
    pub(super) fn is_set_up_step(&self, name: &str) -> bool {
        let profile = self.survey.names.get(name).filter(|profile| happens_once(profile, EntityKind::User));
        let Some((profile, newcomers)) = profile.zip(self.newcomers(EntityKind::User)) else { return false };
        let hash = name_hash(name);
        let holders = newcomers.all.iter().filter(|(who, _)| profile.users.contains(*who) == Some(true));
        let (mut all, mut early) = (0_u64, 0_u64);
        for (_, steps) in holders {
            let first = steps.first().map_or(Micros::MIN, |step| step.at);
            let own = steps.iter().find(|step| step.name == hash);
            all += 1;
            early += u64::from(own.is_some_and(|own| own.at - first <= SET_UP_TIME));
        }
        all >= NEWCOMERS_MIN && early * 10 >= all * 9
    }

    /// Those who came after the beginning of the dump; all if nearly nobody did.
    fn newcomers(&self, side: EntityKind) -> Option<Newcomers<'s>> {
        let (first, last) = self.survey.range.filter(|(first, last)| last - first >= RANGE_MIN)?;
        let margin = first + MARGIN_MAX.min((last - first) / MARGIN_PART);
        let all: Vec<(u64, &[FirstStep])> = self.survey.first_steps[side].entities().collect();
        let is_new = |(_, steps): &&(u64, &[FirstStep])| steps.first().is_some_and(|step| step.at >= margin);
        let new: Vec<(u64, &[FirstStep])> = all.iter().filter(is_new).copied().collect();
        let all = if new.len() as u64 >= NEWCOMERS_MIN { new } else { all };
        (all.len() as u64 >= NEWCOMERS_MIN).then_some(Newcomers { side, all })
    }

    /// The events with which newcomers begin: the commonest, then those with which most of the others do.
    fn begun_by(&self, newcomers: &Newcomers<'s>) -> Vec<StartHabit<'s>> {
        let mut habits: Vec<StartHabit<'s>> = self.habits(newcomers);
        let mut left: BTreeSet<u64> = newcomers.all.iter().map(|(who, _)| *who).collect();
        let mut begun: Vec<StartHabit<'s>> = Vec::new();
        loop {
            let new = |habit: &StartHabit<'_>| habit.firsts.intersection(&left).count();
            let best = habits.iter().enumerate().max_by_key(|(_, habit)| {
                let count = new(habit);
                // Of two that come at one moment, the one whose words say so.
                (count * if habit.is_word { 3 } else { 2 }, count, Reverse(habit.name))
            });
            let is_first = begun.is_empty();
            let enough = |habit: &StartHabit<'_>| {
                let (count, all) = (new(habit), left.len());
                count as u64 * 2 >= NEWCOMERS_MIN && if is_first { count * 3 >= all } else { count * 2 >= all }
            };
            let Some((place, _)) = best.filter(|(_, habit)| enough(habit)) else { return begun };
            let habit = habits.swap_remove(place);
            left.retain(|who| !habit.firsts.contains(who));
            begun.push(habit);
        }
    }

    /// The events that can be starts: each happens once, and first.
    fn habits(&self, newcomers: &Newcomers<'_>) -> Vec<StartHabit<'s>> {
        let all = self.survey.sorted_names().into_iter();
        let possible = all.filter(|(name, profile)| {
            let has_people = profile.with_user * 10 >= profile.count * 9;
            !profile.noise && !name.is_empty() && has_people && !is_no_start(&split_words(name))
        });
        let once = possible.filter(|(_, profile)| happens_once(profile, newcomers.side));
        let habits = once.map(|(name, profile)| self.habit(newcomers, name, profile));
        habits.filter(StartHabit::is_first_of_most).collect()
    }

    fn habit<'n>(&self, newcomers: &Newcomers<'_>, name: &'n str, profile: &EventProfile) -> StartHabit<'n> {
        let hash = name_hash(name);
        let is_word = has_word_of_sign_up(&split_words(name));
        let mut habit = StartHabit { name, is_word, firsts: BTreeSet::new(), holders: 0, known: 0 };
        let sketch = match newcomers.side {
            EntityKind::User => &profile.users,
            EntityKind::Account => &profile.accounts,
        };
        for (who, steps) in &newcomers.all {
            let Some(has) = sketch.contains(*who) else { continue };
            habit.known += 1;
            habit.holders += u64::from(has);
            if has && self.begins_with(steps, hash) {
                habit.firsts.insert(*who);
            }
        }
        habit
    }

    /// Whether somebody begins with an event.
    fn begins_with(&self, steps: &[FirstStep], name: u64) -> bool {
        let Some(own) = steps.iter().find(|step| step.name == name) else { return false };
        let first = steps.iter().find(|step| !self.early.contains(&step.name));
        let arrival = steps.first().map_or(own.at, |step| step.at);
        first.is_some_and(|first| own.at - first.at <= SAME_MOMENT) && own.at - arrival <= DAY_US
    }
}

/// Users or accounts that have an event.
fn entities_of(profile: &EventProfile, side: EntityKind) -> u64 {
    match side {
        EntityKind::User => profile.users.count(),
        EntityKind::Account => profile.accounts.count(),
    }
}

/// Whether nearly nobody has a second event.
fn happens_once(profile: &EventProfile, side: EntityKind) -> bool {
    profile.count * 4 <= entities_of(profile, side) * 5
}

impl StartHabit<'_> {
    /// Whether most of those who have it begin with it. Some have another event some hours earlier, such as work before the first synchronization.
    fn is_first_of_most(&self) -> bool {
        self.holders > 0 && self.firsts.len() as u64 * 5 >= self.holders * 4
    }

    fn start_of(&self, side: EntityKind) -> StartEvent {
        let firsts = self.firsts.len() as u64;
        let all = plural(self.known, &format!("new {}", side.word()), &format!("new {}", side.plural()));
        let why = match side {
            EntityKind::User => format!("it happens once, and {firsts} of {all} begin with it"),
            EntityKind::Account => format!(
                "it happens once per account, and {firsts} of {all} begin with it; so it is the start of the account, by its founder"
            ),
        };
        StartEvent { name: self.name.to_owned(), why }
    }
}
