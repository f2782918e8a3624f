//! `pql explain --history`: on which dates the score or the tier changed.

use std::path::Path;

use super::{
    ExplainArguments, ExplainFormat,
    scored_run::{RunParts, ScoredRun},
};
use crate::{
    cli::{
        CommandError, ExitStatus,
        replay::dates::ReplayDates,
        stdout::{pretty_json, print_stdout},
    },
    commands::explain::{EntityHistory, EntityQuery, HistoryLine, HistoryReason, HistoryRecord},
};
use pql_engine::{
    changes::{ChangeStep, ScoreLog},
    pipeline::{AsOfRequest, PipelineJob},
    read::ChangeGuard,
    record_folder::{LogEntry, LoggedChange, RecordError, RecordView},
    runs::{ReplayJob, ReplayedRun, replay},
};
use pql_model::{EntityKind, clock::AsOf, diag::escape_ci_commands};

/// Prints what runs from the date of the first event on would have said of an entity.
///
/// # Errors
/// Nobody is meant, or several are; too many dates; those of a second reading.
pub(super) fn print_replayed(
    arguments: &ExplainArguments,
    parts: RunParts<'_>,
    guard: &ChangeGuard,
    query: EntityQuery<'_>,
) -> Result<ExitStatus, CommandError> {
    let RunParts { job, chosen, folded, enrichment, .. } = parts;
    let run = ScoredRun::of(parts)?;
    let entity = run.find_entity(query)?;
    let mut history = EntityHistory { kind: entity.side, id: entity.id(run.scored()).to_owned(), lines: Vec::new() };
    let zone = &chosen.model.resolved.zone;
    let first = run.scored().time_range().map_or(folded.as_of.day, |(first, _)| zone.day(first));
    drop(run);
    // On the date before the first event the lists are empty, so that whoever comes is a change.
    let dates = ReplayDates::up_to(first, folded.as_of.day, arguments.every)?;
    let (mut earlier, _) = dates.instants(zone);
    earlier.insert(0, AsOf::end_of_day(first - 1, zone));
    let tables = enrichment.for_run();
    let again = PipelineJob { when: AsOfRequest::At(folded.as_of.instant), inputs: job.inputs.clone(), ..*job };
    let mut take = |run: &ReplayedRun<'_>| -> Result<(), CommandError> {
        history.add(run);
        Ok(())
    };
    let job = ReplayJob { last: &again, earlier: &earlier, end: folded.as_of, tables, log: ScoreLog::Kept };
    replay(&job, &mut take, None)?;
    guard.verify()?;
    print(arguments, &history)
}

impl EntityHistory {
    /// Adds what a run says of the entity, if something changed.
    fn add(&mut self, run: &ReplayedRun<'_>) {
        let mut moved = run.concluded.changes.moved.iter();
        if let Some(change) = moved.find(|change| change.level == self.kind && change.id == self.id) {
            self.lines.push(HistoryLine::of_change(run.scored.as_of.day, change));
        }
    }
}

/// Prints what the log of a record says of an entity.
///
/// # Errors
/// No record, damage; nobody or several of the id.
pub(super) fn print_recorded(
    arguments: &ExplainArguments,
    dir: &Path,
    query: EntityQuery<'_>,
) -> Result<ExitStatus, CommandError> {
    let view = RecordView::open_to_read(dir).map_err(|error| no_record(error, dir))?;
    let sides = EntityKind::ALL.into_iter().filter(|kind| query.side.is_none_or(|side| side == *kind));
    let mut found = Vec::new();
    for kind in sides {
        let lines: Vec<HistoryLine> = view.history(kind, query.text)?.iter().map(logged_line).collect();
        if !lines.is_empty() {
            found.push(EntityHistory { kind, id: query.text.to_owned(), lines });
        }
    }
    match found.as_slice() {
        [history] => print(arguments, history),
        [] => Err(CommandError::Error(
            anyhow::anyhow!(
                "the record in `{}` has no change of `{}`; expected an id as the lists print it",
                dir.display(),
                query.text
            ),
            ExitStatus::Negative,
        )),
        _ => Err(CommandError::usage(format!(
            "both a user and an account have the id `{0}`; expected user:{0} or account:{0}",
            query.text
        ))),
    }
}

/// The error of a folder without a record, to somebody who reads.
fn no_record(error: RecordError, dir: &Path) -> CommandError {
    match error {
        RecordError::NoFolder { .. } | RecordError::NoRecord { .. } => CommandError::usage(format!(
            "`{}` holds no record; expected the folder that runs with a record are given",
            dir.display()
        )),
        error => error.into(),
    }
}

/// A line of the log.
fn logged_line(change: &LoggedChange) -> HistoryLine {
    let LogEntry { now, signals, .. } = &change.entry;
    let by_step = signals.iter().flat_map(|(name, points)| {
        let steps = [points.time, points.events, points.traits, points.model];
        ChangeStep::ALL.into_iter().zip(steps).map(move |(step, points)| (name, step, points))
    });
    let reasons = by_step.filter(|(_, _, points)| points.0 != 0).map(|(name, step, points)| HistoryReason {
        signal: name.to_string(),
        points,
        step,
    });
    let line = HistoryLine {
        date: change.date,
        score: now.as_ref().map(|now| now.score),
        tier: now.as_ref().and_then(|now| now.tier.as_deref().map(str::to_owned)),
        reasons: reasons.collect(),
    };
    line.with_largest_first()
}

fn print(arguments: &ExplainArguments, history: &EntityHistory) -> Result<ExitStatus, CommandError> {
    match arguments.format {
        ExplainFormat::Human => print_stdout(&escape_ci_commands(&history.text()))?,
        ExplainFormat::Json => print_stdout(&pretty_json(&HistoryRecord::new(history)))?,
    }
    Ok(ExitStatus::Done)
}
