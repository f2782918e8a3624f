//! What runs at the end of each of some dates would have said, from one reading.

use super::{ConcludedRun, RunToConclude, conclude};
use crate::{
    changes::{ScoreLog, StepSnapshots},
    decode::format::KnownFrom,
    entity::Entities,
    fold::FoldState,
    pipeline::{
        FoldedRun, PipelineJob, RunError, RunProgress, RunTables, StageEnds, StageView, fold_stages, same_people,
        score_entities_after, score_state_after,
    },
    plan::Model,
    record::{LevelSnapshot, ListRecord},
    score::{PreviousLists, PreviousStandings, ScoredEntities},
};
use pql_model::{PerKind, clock::AsOf};

/// Runs to replay.
pub struct ReplayJob<'j> {
    /// The last run.
    pub last: &'j PipelineJob<'j>,
    /// The instants of the runs before the last, in order.
    pub earlier: &'j [AsOf],
    /// The instant of the last run.
    pub end: AsOf,
    /// The tables, which are those of today in every run; rows with dates count where they hold.
    pub tables: RunTables<'j>,
    /// Whether each run's log is asked for.
    pub log: ScoreLog,
}

/// One of the runs.
pub struct ReplayedRun<'r> {
    /// Its entities.
    pub scored: &'r ScoredEntities<'r>,
    /// What its lists say.
    pub snapshot: &'r PerKind<LevelSnapshot>,
    /// The record of the run before; none for the first one.
    pub before: Option<&'r ListRecord>,
    /// Its changes and alerts, and the record of it.
    pub concluded: &'r ConcludedRun,
}

/// Replays runs one after another, and hands each on.
///
/// # Errors
///
/// Those of folding, of scoring, and of `take`.
pub fn replay<E: From<RunError>>(
    job: &ReplayJob<'_>,
    take: &mut dyn FnMut(&ReplayedRun<'_>) -> Result<(), E>,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<FoldedRun, E> {
    let mut sequence = RunSequence { model: job.last.model, tables: job.tables, log: job.log, list: None, time: None };
    let mut visit = |view: StageView<'_>| -> Result<(), E> {
        let next = job.earlier.get(view.stage + 1).copied().unwrap_or(job.end);
        let entities = sequence.run(view.state, view.end, take)?;
        Ok(sequence.see_from((view.state, entities), next)?)
    };
    let stages = StageEnds { ends: job.earlier, known: KnownFrom::Receipt };
    let folded = fold_stages(job.last, stages, &mut visit, report)?;
    sequence.run(&folded.state, folded.as_of, take)?;
    Ok(folded)
}

/// A sequence of runs under one model.
struct RunSequence<'s> {
    model: &'s Model,
    tables: RunTables<'s>,
    log: ScoreLog,
    /// The record of the last run.
    list: Option<ListRecord>,
    /// The events of the last run, seen from the instant of the next one.
    time: Option<PerKind<LevelSnapshot>>,
}

impl<'s> RunSequence<'s> {
    /// Scores a state and concludes the run. Returns its entities.
    fn run<'v, E: From<RunError>>(
        &mut self,
        state: &'v FoldState,
        as_of: AsOf,
        take: &mut dyn FnMut(&ReplayedRun<'_>) -> Result<(), E>,
    ) -> Result<Entities<'v>, E>
    where
        's: 'v,
    {
        let nothing = PreviousStandings::default();
        let before: &dyn PreviousLists = self.list.as_ref().map_or(&nothing, |list| list);
        let (scored, _) = score_state_after((state, as_of), self.model, self.tables, before)?;
        let snapshot = LevelSnapshot::of_levels(&scored, self.model);
        let of_record = self.list.as_ref().map(|list| PerKind::from_fn(|kind| list.levels[kind].snapshot.clone()));
        let steps = of_record.as_ref().zip(self.time.as_ref()).map(|(restated, time)| StepSnapshots {
            restated,
            time,
            events: &snapshot,
            traits: &snapshot,
            model: &snapshot,
        });
        let run = RunToConclude {
            scored: &scored,
            model: self.model,
            snapshot: &snapshot,
            steps,
            before: self.list.as_ref(),
            repeated: None,
            log: self.log,
        };
        let concluded = conclude(&run);
        take(&ReplayedRun { scored: &scored, snapshot: &snapshot, before: self.list.as_ref(), concluded: &concluded })?;
        self.list = Some(concluded.list);
        Ok(scored.entities)
    }

    /// Looks at the events of the last run from the instant of the next one.
    fn see_from(&mut self, (state, entities): (&FoldState, Entities<'_>), next: AsOf) -> Result<(), RunError> {
        let Some(list) = &self.list else { return Ok(()) };
        let (scored, _) = if same_people(self.model, self.tables) {
            score_entities_after((entities, next), self.model, self.tables, list)?
        } else {
            score_state_after((state, next), self.model, self.tables, list)?
        };
        self.time = Some(LevelSnapshot::of_levels(&scored, self.model));
        Ok(())
    }
}
