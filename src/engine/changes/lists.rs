//! What changed between the lists of two runs, without a record: no steps, and no dates.

use super::{
    ChangeKind, EntityChange,
    advance::order_of,
    comparison::{LevelSteps, StandingView, StepStandings, change_between},
    reasons::{ChangedAccounts, SourceNames, own_reasons},
};
use crate::record::{EntityStanding, LevelSnapshot, SnapshotTier};
use pql_model::{EntityKind, PerKind, units::Points};

/// The lists of two runs.
#[derive(Debug)]
pub struct ComparedLists<'l> {
    /// What the earlier lists said; none for a level that is not compared.
    pub before: PerKind<Option<&'l LevelSnapshot>>,
    /// What the later lists say.
    pub now: PerKind<Option<&'l LevelSnapshot>>,
    /// The tiers of the later run, the highest first; empty if their order is not known.
    pub tiers: PerKind<&'l [String]>,
}

/// What changed between two lists.
#[derive(Debug, Default)]
pub struct ListChanges {
    /// In the order in which they are written. There are no steps: their differences all belong to the same one.
    pub changes: Vec<EntityChange>,
    /// Entities that are new, not qualified and in the last tier. If the order of the tiers is not known: new and not qualified.
    pub unlisted: PerKind<u64>,
}

/// Compares two lists.
pub fn compare_lists(lists: &ComparedLists<'_>) -> ListChanges {
    let mut found = ListChanges::default();
    let steps = |kind: EntityKind| Some(two_steps(lists.before[kind]?, lists.now[kind]?));
    let mut accounts = ChangedAccounts::default();
    for kind in EntityKind::ALL {
        let Some(steps) = steps(kind) else { continue };
        let order = lists.tiers[kind];
        let [before, .., now] = steps;
        let level = ListComparison { kind, steps, names: SourceNames::new(steps), tiers: ordered(now, order), order };
        for standing in now.standings.iter() {
            level.stays_or_comes(standing, &mut found, &mut accounts);
        }
        for standing in before.standings.iter().filter(|standing| now.find(&standing.id).is_none()) {
            let view = StandingView::of(before, standing);
            level.add(standing, ChangeKind::Gone, (Some(view), None), (&mut found, &mut accounts));
        }
    }
    if let Some(users) = steps(EntityKind::User) {
        accounts.add_members(users, &mut found.changes);
    }
    found.changes.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
    found
}

/// Before and now as steps of which only one changes anything.
fn two_steps<'l>(before: &'l LevelSnapshot, now: &'l LevelSnapshot) -> LevelSteps<'l> {
    [before, now, now, now, now, now]
}

/// The tiers in an order, each as the list has it. A tier in which nobody is has no place in the list.
fn ordered(level: &LevelSnapshot, order: &[String]) -> Vec<SnapshotTier> {
    let of_name = |name: &String| level.tiers.iter().find(|tier| tier.name == *name).cloned();
    order.iter().map(|name| of_name(name).unwrap_or(SnapshotTier { name: name.clone(), qualified: false })).collect()
}

/// One level of two lists.
struct ListComparison<'c> {
    kind: EntityKind,
    steps: LevelSteps<'c>,
    names: SourceNames<'c>,
    tiers: Vec<SnapshotTier>,
    order: &'c [String],
}

impl<'c> ListComparison<'c> {
    fn stays_or_comes(&self, standing: &'c EntityStanding, found: &mut ListChanges, accounts: &mut ChangedAccounts) {
        let [before, .., level] = self.steps;
        let now = StandingView::of(level, standing);
        let was = before.find(&standing.id).map(|standing| StandingView::of(before, standing));
        let kind = match &was {
            Some(was) => change_between(was, &now, &self.tiers),
            None => (now.qualified || self.is_above_last(&now)).then_some(ChangeKind::New),
        };
        match kind {
            Some(kind) => self.add(standing, kind, (was, Some(now)), (found, accounts)),
            None => found.unlisted[self.kind] += u64::from(was.is_none()),
        }
    }

    /// Whether a tier stands above the last one, as far as their order is known.
    fn is_above_last(&self, view: &StandingView) -> bool {
        let place = self.order.iter().position(|name| Some(name) == view.tier.as_ref());
        place.is_some_and(|place| place + 1 < self.order.len())
    }

    fn add(
        &self,
        standing: &'c EntityStanding,
        kind: ChangeKind,
        (before, now): (Option<StandingView>, Option<StandingView>),
        (found, accounts): (&mut ListChanges, &mut ChangedAccounts),
    ) {
        let [first, .., last] = self.steps;
        let id = &*standing.id;
        let steps = StepStandings::find(self.steps, id, first.find(id), last.find(id));
        if self.kind == EntityKind::Account {
            accounts.note(found.changes.len(), &steps);
        }
        found.changes.push(EntityChange {
            level: self.kind,
            id: standing.id.to_string(),
            account: standing.account.as_deref().map(str::to_owned),
            kind,
            cause: None,
            before,
            now,
            by_step: [Points::ZERO; 4],
            reasons: own_reasons(&steps, &self.names),
            conditions: Vec::new(),
            merged_into: None,
            tier_since: None,
            first_qualified: None,
        });
    }
}
