//! The end of a run: its changes, its alerts, and the record for the next one.

use crate::{
    alerts::{AlertOutcome, AlertRun, fire_alerts},
    changes::{ComparedRun, RunChanges, ScoreLog, StepSnapshots, compare_with_record},
    plan::Model,
    record::{EntityOrigins, LevelRecord, LevelSnapshot, ListRecord},
    score::ScoredEntities,
};
use pql_model::{EntityKind, PerKind};

/// A scored run.
#[derive(Clone, Copy)]
pub struct RunToConclude<'r> {
    /// Its entities.
    pub scored: &'r ScoredEntities<'r>,
    /// Its model.
    pub model: &'r Model,
    /// What the lists say, taken of `scored`.
    pub snapshot: &'r PerKind<LevelSnapshot>,
    /// The steps from the run before; none in the first run of a record.
    pub steps: Option<StepSnapshots<'r>>,
    /// The run before.
    pub before: Option<&'r ListRecord>,
    /// The run of the same instant that this one replaces.
    pub repeated: Option<&'r ListRecord>,
    /// Whether the log is asked for.
    pub log: ScoreLog,
}

/// What a run says beside its rows.
#[derive(Debug)]
pub struct ConcludedRun {
    /// Who changed. What is kept of the entities has moved to the record.
    pub changes: RunChanges,
    /// Which alerts fired.
    pub alerts: AlertOutcome,
    /// What the next run needs.
    pub list: ListRecord,
}

/// Finds the changes of a run, fires its alerts, and makes its record.
pub fn conclude(run: &RunToConclude<'_>) -> ConcludedRun {
    let entities = &run.scored.entities;
    let origins = run.before.map(|before| EntityOrigins::find(before, entities)).unwrap_or_default();
    let compared = ComparedRun {
        steps: run.steps.unwrap_or(StepSnapshots::all(run.snapshot)),
        origins: &origins,
        day: run.scored.as_of.day,
        log: run.log,
        is_internal: &|kind, id| match kind {
            EntityKind::User => run.model.resolved.identity.excludes_id(id) || entities.sets_aside(id),
            EntityKind::Account => entities.names_account(id),
        },
    };
    let mut changes = compare_with_record(run.before, &compared);
    let repeated = run.repeated.map(|repeated| (repeated, EntityOrigins::find(repeated, entities)));
    let alert_run = AlertRun {
        scored: run.scored,
        model: run.model,
        day: run.scored.as_of.day,
        before: run.before,
        repeated: repeated.as_ref().map(|(repeated, origins)| (*repeated, origins)),
    };
    let mut alerts = fire_alerts(&alert_run, &mut changes);
    let levels = PerKind::from_fn(|kind| LevelRecord {
        snapshot: run.snapshot[kind].clone(),
        kept: std::mem::take(&mut changes.kept[kind]),
        departed: std::mem::take(&mut changes.departed[kind]),
        alerts: run.model.resolved.level(kind).alerts.iter().map(|alert| alert.name.clone()).collect(),
    });
    let assigned = std::mem::take(&mut alerts.assigned);
    ConcludedRun { changes, alerts, list: ListRecord { as_of: run.scored.as_of, levels, assigned } }
}

/// Lets routes with a pool show who has each entity by the record of the run.
pub fn show_assignees(scored: &mut ScoredEntities<'_>, list: &ListRecord) {
    for kind in EntityKind::ALL {
        let order = LevelSnapshot::entity_order(scored, kind);
        let mut assignees = vec![None; order.len()];
        for (place, kept) in order.into_iter().zip(&list.levels[kind].kept) {
            assignees[place as usize].clone_from(&kept.assignee);
        }
        scored.assignees[kind] = assignees;
    }
}
