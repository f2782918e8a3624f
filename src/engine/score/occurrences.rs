//! Tells which milestones the data cannot tell: those whose events occur nowhere.
//!
//! Only events that are scored count: not those of internal users, and not those of visitors whose
//! events belong to nobody. Conditions do not matter, nor whose events they are.

use crate::{
    entity::Entities,
    fold::NO_FIRST,
    plan::{LevelPlan, Model},
};
use pql_model::{
    EntityKind,
    resolved::{EventSelection, Milestone},
};

/// The event names that never occur and make a milestone unknown. Empty if the data can tell it.
pub(crate) type AbsentEvents = Vec<String>;

/// The absent events of each milestone of a level: all names of its `event`, or of one of its
/// steps, or those of its parts.
///
/// **Cost**: for each name up to its first event; all rows for a name that never occurs.
pub(super) fn absent_events(entities: &Entities<'_>, model: &Model, kind: EntityKind) -> Vec<AbsentEvents> {
    let (level, plan) = (model.resolved.level(kind), &model.levels[kind]);
    let mut absent: Vec<AbsentEvents> = vec![Vec::new(); level.milestones.len()];
    for place in &level.milestone_order {
        let milestone = &level.milestones[*place];
        let mut names = own_absent_events(entities, milestone, (plan, *place));
        names.extend(milestone.rule.parts().iter().flat_map(|part| absent[*part].clone()));
        names.sort_unstable();
        names.dedup();
        absent[*place] = names;
    }
    absent
}

fn own_absent_events(entities: &Entities<'_>, milestone: &Milestone, plan: (&LevelPlan, usize)) -> AbsentEvents {
    let (level, place) = plan;
    let named = milestone.rule.selections().iter().filter(|events| events.set.base.event_names().is_some());
    let missing = named.zip(&level.occurrences[place]).filter(|(_, word)| !occurs(entities, **word));
    let names = missing.flat_map(|(events, _): (&EventSelection, _)| events.set.base.event_names().unwrap_or_default());
    names.map(str::to_owned).collect()
}

/// True if a row of a user or an account has an instant in a word.
fn occurs(entities: &Entities<'_>, word: usize) -> bool {
    let of_users = (0..entities.users.len()).flat_map(|user| entities.user_rows(user));
    let of_accounts = (0..entities.accounts.len()).flat_map(|account| entities.account_rows(account));
    let mut rows = of_users.chain(of_accounts);
    rows.any(|at| entities.state.shards[at.shard as usize].words(at.row as usize)[word] != NO_FIRST)
}
