//! One run after the one before it, with the steps between them.

use crate::{
    changes::StepSnapshots,
    decode::format::KnownFrom,
    fold::FoldState,
    pipeline::{
        EnrichmentCoverage, FoldedRun, PipelineJob, RunError, RunProgress, RunTables, StageEnds, fold_inputs,
        fold_stages, same_people, score_entities_after, score_state_after,
    },
    plan::Model,
    record::{LevelSnapshot, ListRecord},
    score::{PreviousLists, PreviousStandings, ScoredEntities},
};
use pql_model::{EntityKind, PerKind, clock::AsOf};

/// The run before.
#[derive(Debug, Clone, Copy)]
pub struct PreviousRun<'p> {
    /// What its lists said.
    pub list: &'p ListRecord,
    /// Its model.
    pub model: PreviousModel<'p>,
}

/// The model of the run before, as far as this program can read it.
#[derive(Debug, Clone, Copy)]
pub enum PreviousModel<'p> {
    /// It is that of this run. The tables are those of the run before.
    Same(RunTables<'p>),
    /// It is another one.
    Other {
        /// The model.
        model: &'p Model,
        /// The tables of the run before, read for that model.
        before: RunTables<'p>,
        /// The tables of this run, read for that model.
        now: RunTables<'p>,
    },
    /// It cannot be read any more, so all that changed came with the model.
    Unreadable,
}

/// The snapshots of the steps that a run does not share with its own result.
#[derive(Debug, Default)]
struct TakenSteps {
    restated: PerKind<LevelSnapshot>,
    time: PerKind<LevelSnapshot>,
    events: Option<PerKind<LevelSnapshot>>,
    traits: Option<PerKind<LevelSnapshot>>,
}

/// A folded run, with the steps from the run before.
pub struct FollowedRun {
    /// The state, the counts, and the instant looked from.
    pub folded: FoldedRun,
    steps: Option<TakenSteps>,
}

/// Why a run cannot follow the one before it.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The run itself failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// With `latest`, the newest event is not newer than the run before.
    #[error("the run would look from an instant that is not after the run before")]
    NotAfter {
        /// The instant of this run.
        as_of: AsOf,
    },
}

/// Folds a run, and takes the steps from the run before.
///
/// # Errors
///
/// [`FollowError`].
pub fn follow_run(
    job: &PipelineJob<'_>,
    before: Option<PreviousRun<'_>>,
    tables: RunTables<'_>,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<FollowedRun, FollowError> {
    let Some(previous) = before else {
        return Ok(FollowedRun { folded: fold_inputs(job, report)?, steps: None });
    };
    let mut steps = TakenSteps::default();
    let folded = match previous.model {
        PreviousModel::Same(old_tables) => {
            let folded = fold_steps(job, &previous, old_tables, &mut steps, report)?;
            if !same_tables(old_tables, tables) {
                steps.events = Some(step(&folded.state, folded.as_of, (job.model, old_tables), previous.list)?);
            }
            folded
        }
        PreviousModel::Other { model, before: old_tables, now } => {
            let old_job = PipelineJob { model, inputs: job.inputs.clone(), users: now.levels.user, ..*job };
            let folded = fold_steps(&old_job, &previous, old_tables, &mut steps, None)?;
            let as_of = folded.as_of;
            steps.events = Some(step(&folded.state, as_of, (model, old_tables), previous.list)?);
            steps.traits = Some(step(&folded.state, as_of, (model, now), previous.list)?);
            drop(folded);
            after(fold_inputs(job, report)?, previous.list)?
        }
        PreviousModel::Unreadable => {
            let of_record = PerKind::from_fn(|kind| previous.list.levels[kind].snapshot.clone());
            steps = TakenSteps {
                restated: of_record.clone(),
                time: of_record.clone(),
                events: Some(of_record.clone()),
                traits: Some(of_record),
            };
            after(fold_inputs(job, report)?, previous.list)?
        }
    };
    Ok(FollowedRun { folded, steps: Some(steps) })
}

/// Folds in two stages: up to the instant of the run before, where the first two steps are taken, and up to now.
fn fold_steps(
    job: &PipelineJob<'_>,
    previous: &PreviousRun<'_>,
    tables: RunTables<'_>,
    steps: &mut TakenSteps,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<FoldedRun, FollowError> {
    let then = previous.list.as_of;
    let mut visit = |view: crate::pipeline::StageView<'_>| {
        if view.as_of.instant <= then.instant {
            return Err(FollowError::NotAfter { as_of: view.as_of });
        }
        let (scored, _) = score_state_after((view.state, then), job.model, tables, previous.list)?;
        steps.restated = LevelSnapshot::of_levels(&scored, job.model);
        let (scored, _) = if same_people(job.model, tables) {
            score_entities_after((scored.entities, view.as_of), job.model, tables, previous.list)?
        } else {
            score_state_after((view.state, view.as_of), job.model, tables, previous.list)?
        };
        steps.time = LevelSnapshot::of_levels(&scored, job.model);
        Ok(())
    };
    let stages = StageEnds { ends: &[then], known: KnownFrom::OwnTime };
    fold_stages(job, stages, &mut visit, report)
}

/// Refuses a run that is not after the run before.
fn after(folded: FoldedRun, before: &ListRecord) -> Result<FoldedRun, FollowError> {
    if folded.as_of.instant <= before.as_of.instant {
        return Err(FollowError::NotAfter { as_of: folded.as_of });
    }
    Ok(folded)
}

/// What a state comes to at an instant.
fn step(
    state: &FoldState,
    as_of: AsOf,
    (model, tables): (&Model, RunTables<'_>),
    before: &ListRecord,
) -> Result<PerKind<LevelSnapshot>, RunError> {
    let (scored, _) = score_state_after((state, as_of), model, tables, before)?;
    Ok(LevelSnapshot::of_levels(&scored, model))
}

/// Whether the tables say the same of everybody.
fn same_tables(before: RunTables<'_>, now: RunTables<'_>) -> bool {
    let same_level = |kind: EntityKind| match (before.levels[kind], now.levels[kind]) {
        (Some(before), Some(now)) => before.says_the_same(now),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    let same_outcomes = match (before.outcomes, now.outcomes) {
        (Some(before), Some(now)) => before.says_the_same(now),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    EntityKind::ALL.into_iter().all(same_level) && same_outcomes
}

impl FollowedRun {
    /// Scores the run. `before` is the run that it follows; none in the first run of a record.
    ///
    /// # Errors
    ///
    /// [`RunError`] of enrichment and of sums.
    pub fn score<'s>(
        &'s self,
        model: &'s Model,
        tables: RunTables<'_>,
        before: Option<&ListRecord>,
    ) -> Result<(ScoredEntities<'s>, EnrichmentCoverage), RunError> {
        let nobody = PreviousStandings::default();
        let before: &dyn PreviousLists = before.map_or(&nobody, |list| list);
        score_state_after((&self.folded.state, self.folded.as_of), model, tables, before)
    }

    /// The steps to what the run says; none in the first run of a record.
    pub fn steps<'s>(&'s self, now: &'s PerKind<LevelSnapshot>) -> Option<StepSnapshots<'s>> {
        let taken = self.steps.as_ref()?;
        let traits = taken.traits.as_ref().unwrap_or(now);
        let events = taken.events.as_ref().unwrap_or(traits);
        Some(StepSnapshots { restated: &taken.restated, time: &taken.time, events, traits, model: now })
    }
}
