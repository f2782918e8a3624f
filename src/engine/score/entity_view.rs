//! A view of one entity's rows at an instant.

use crate::{
    entity::{NOBODY, RowRef},
    fold::{DaySet, FoldState, NO_FIRST, NO_LAST, Shard, StateRow},
    plan::{ACTIVITY_DAYS, Model, word},
};
use pql_model::{
    clock::AsOf,
    units::{Day, Micros},
};

/// The data that measures and milestones read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntityView<'s> {
    /// The model that the state was folded for.
    pub(crate) model: &'s Model,
    /// The state that holds the rows.
    pub(crate) state: &'s FoldState,
    /// The entity's rows. For an account, rows of one user are adjacent.
    pub(crate) rows: &'s [RowRef],
    /// The instant at which the entity is scored.
    pub(crate) as_of: AsOf,
    /// The entity's start, if it is known already.
    pub(crate) known_start: Option<Micros>,
}

impl<'s> EntityView<'s> {
    /// The entity's rows; with `active`, only rows of users.
    pub(crate) fn rows(&self, active: bool) -> impl Iterator<Item = RowRef> + use<'s> {
        let rows = self.rows;
        rows.iter().copied().filter(move |at| !active || at.user != NOBODY)
    }

    /// The shard of a row.
    fn part(&self, at: RowRef) -> &'s Shard {
        &self.state.shards[at.shard as usize]
    }

    /// A row.
    pub(crate) fn row(&self, at: RowRef) -> &'s StateRow {
        &self.part(at).rows[at.row as usize]
    }

    /// A word of a row.
    pub(crate) fn word(&self, at: RowRef, word: usize) -> i64 {
        self.part(at).words(at.row as usize)[word]
    }

    /// A date set of a row.
    pub(crate) fn days(&self, at: RowRef, set: usize) -> &'s DaySet {
        &self.part(at).days(at.row as usize)[set]
    }

    /// The earliest instant that the rows hold in a word.
    pub(crate) fn first(&self, word: usize, active: bool) -> Option<Micros> {
        self.rows(active).map(|at| self.word(at, word)).min().filter(|at| *at != NO_FIRST)
    }

    /// The union of a date set over the rows.
    pub(crate) fn all_days(&self, set: usize, active: bool) -> DaySet {
        let mut rows = self.rows(active);
        let mut all = rows.next().map(|at| self.days(at, set).clone()).unwrap_or_default();
        rows.for_each(|at| all.union(self.days(at, set)));
        all
    }

    /// The entity's start: its first start event, else its first activity, else its first event.
    pub(crate) fn start(&self) -> Micros {
        self.known_start.unwrap_or_else(|| self.find_start())
    }

    fn find_start(&self) -> Micros {
        self.first(word::START, false)
            .or_else(|| self.first(word::FIRST_ACTIVITY, true))
            .or_else(|| self.first(word::FIRST_SEEN, false))
            .unwrap_or(self.as_of.instant)
    }

    /// The first and last event.
    pub(crate) fn event_span(&self) -> (Micros, Micros) {
        let words = self.rows(false).map(|at| (self.word(at, word::FIRST_SEEN), self.word(at, word::LAST_SEEN)));
        words.fold((NO_FIRST, NO_LAST), |(first, last), (a, b)| (first.min(a), last.max(b)))
    }

    /// The local date of an instant.
    pub(crate) fn day(&self, at: Micros) -> Day {
        self.model.resolved.zone.day(at)
    }

    /// The number of distinct users with a row for which `holds` is true.
    pub(crate) fn users_where(&self, holds: impl Fn(RowRef) -> bool) -> u32 {
        let mut count = 0;
        let mut last = NOBODY;
        for at in self.rows(true) {
            // Rows of one user are adjacent, so a user is counted at the first such row.
            if at.user != last && holds(at) {
                last = at.user;
                count += 1;
            }
        }
        count
    }

    /// Dates with activity.
    pub(crate) fn activity(&self) -> DaySet {
        self.all_days(ACTIVITY_DAYS, true)
    }

    /// A view for each user of an account.
    pub(crate) fn by_user(&self) -> impl Iterator<Item = EntityView<'s>> + use<'s> {
        let view = *self;
        let groups = self.rows.chunk_by(|a, b| a.user == b.user).filter(|rows| rows[0].user != NOBODY);
        groups.map(move |rows| EntityView { rows, known_start: None, ..view })
    }
}
