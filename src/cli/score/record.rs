//! A run with a record: what it follows, and how its events are folded.

use std::{path::Path, time::Duration};

use super::{ScoreArguments, progress::with_progress};
use crate::{
    cli::{
        CommandError,
        enrichment::EnrichmentFiles,
        folder_lock::LockRequest,
        messages::{self, Verbosity},
        prepare::PreparedRun,
    },
    commands::score::RecordedOutcome,
};
use pql_engine::{
    changes::ScoreLog,
    pipeline::{AsOfRequest, LoadedTables, PipelineJob, RunError, RunTables},
    plan::{Model, parse},
    record::{LevelSnapshot, ListRecord},
    record_folder::{RecordFolder, RecordView, RecordedRun},
    runs::{ConcludedRun, FollowError, FollowedRun, PreviousModel, PreviousRun, RunToConclude, conclude, follow_run},
    score::ScoredEntities,
};
use pql_model::{
    clock::{AsOf, format_instant},
    diag::SourceDocument,
    units::{DAY_US, Micros},
};

/// The record of `--record`, opened.
pub(super) enum OpenRecord {
    /// To be written to, since the lists are published.
    Write(RecordFolder),
    /// To look at: nothing is published, so the record stays as it is.
    Look(RecordView),
}

/// A folded run, with the run that it follows.
pub(super) struct RecordedFold {
    pub(super) followed: FollowedRun,
    /// The run before; none in the first run of the record.
    pub(super) base: Option<BaseRun>,
    /// The run of the same instant that this one replaces.
    pub(super) repeated: Option<RecordedRun>,
}

impl RecordedFold {
    /// What the lists of the run before said; none in the first run of the record.
    pub(super) fn before(&self) -> Option<&ListRecord> {
        self.base.as_ref().map(|base| &base.recorded.list)
    }

    /// The changes, the alerts and the record of the run.
    pub(super) fn conclude(&self, scored: &ScoredEntities<'_>, model: &Model) -> ConcludedRun {
        let snapshot = LevelSnapshot::of_levels(scored, model);
        conclude(&RunToConclude {
            scored,
            model,
            snapshot: &snapshot,
            steps: self.followed.steps(&snapshot),
            before: self.before(),
            repeated: self.repeated.as_ref().map(|repeated| &repeated.list),
            log: ScoreLog::Kept,
        })
    }

    /// What the record adds to what the run says.
    pub(super) fn outcome<'r>(&'r self, concluded: &'r ConcludedRun, model: &Model) -> RecordedOutcome<'r> {
        let base = self.base.as_ref().map(|base| &base.recorded);
        RecordedOutcome {
            concluded,
            before: self.before(),
            counts_before: base.map(|base| &base.counts),
            lists_before: base.map_or(&[], |base| &base.lists),
            is_repeated: self.repeated.is_some(),
            has_other_model: base.is_some_and(|base| base.model_hash != model.resolved.fingerprint),
        }
    }
}

/// The run before, with everything that a run after it asks for.
pub(super) struct BaseRun {
    pub(super) recorded: RecordedRun,
    model: BaseModel,
    /// The tables of that run, for its model.
    tables: LoadedTables,
    /// The tables of this run, for the model of that run, if it is another one.
    tables_now: LoadedTables,
}

/// The model of the run before.
enum BaseModel {
    Same,
    Other(Box<Model>),
    Unreadable,
}

/// What the record keeps of a run beside what its lists said.
#[derive(Clone, Copy)]
pub(super) struct ModelToRecord<'r> {
    /// The text of the model.
    pub(super) text: &'r str,
    /// The tables, for the model.
    pub(super) tables: RunTables<'r>,
}

/// Why a run with a record could not be folded.
pub(super) enum RecordedFoldError {
    /// The run itself failed, so its rejected lines are worth keeping.
    Run(RunError),
    /// Something else failed.
    Command(CommandError),
}

/// A run to fold after the newest one of a record.
#[derive(Clone, Copy)]
pub(super) struct RunToRecordFold<'r> {
    pub(super) prepared: &'r PreparedRun<'r>,
    pub(super) job: &'r PipelineJob<'r>,
    pub(super) tables: &'r EnrichmentFiles<'r>,
    /// What the tables give for the model of this run.
    pub(super) tables_now: RunTables<'r>,
    pub(super) verbosity: Verbosity,
    /// Whether `--yes` allows an instant in the future.
    pub(super) allows_future: bool,
    /// The present.
    pub(super) now: Micros,
}

impl OpenRecord {
    /// Opens the record that the options name, to write to it if the lists go to a folder.
    ///
    /// # Errors
    /// No record there, or one that `--begin` must not write over; another run writes to it; `--begin` without `--out`.
    pub(super) fn open(arguments: &ScoreArguments) -> Result<Option<OpenRecord>, CommandError> {
        let Some(dir) = &arguments.record else { return Ok(None) };
        if arguments.out.is_none() {
            if arguments.begin {
                return Err(CommandError::usage(
                    "--begin needs --out DIR: a record says what the lists said, and without --out no list is published",
                ));
            }
            return Ok(Some(OpenRecord::Look(RecordView::open_to_read(dir)?)));
        }
        let patience = Duration::from_secs(arguments.wait.unwrap_or(0));
        let request = LockRequest { dir, patience, verbosity: arguments.verbosity() };
        let attempt: fn(&Path) -> _ = if arguments.begin { RecordFolder::try_begin } else { RecordFolder::try_open };
        let folder = request.acquire(attempt)?;
        if !folder.is_exclusive() {
            request.note_without_locks();
        }
        Ok(Some(OpenRecord::Write(folder)))
    }

    /// The folder to write to.
    pub(super) fn into_folder(self) -> Option<RecordFolder> {
        match self {
            OpenRecord::Write(folder) => Some(folder),
            OpenRecord::Look(_) => None,
        }
    }

    fn view(&self) -> &RecordView {
        match self {
            OpenRecord::Write(folder) => folder.view(),
            OpenRecord::Look(view) => view,
        }
    }

    /// Folds a run after the newest published one with an earlier instant.
    ///
    /// With `latest`, an export without a newer event repeats the newest run.
    ///
    /// # Errors
    /// An instant before that of the newest run, or far in the future; a damaged record; those of folding.
    pub(super) fn fold(&self, run: &RunToRecordFold<'_>) -> Result<RecordedFold, RecordedFoldError> {
        let zone = &run.job.model.resolved.zone;
        let newest = self.view().newest_as_of();
        let Some(as_of) = run.job.when.known(zone, run.job.now) else {
            let base = self.view().newest_published()?;
            match self.fold_after(run, run.job, base) {
                Ok(fold) if newest.is_none_or(|newest| newest < fold.followed.folded.as_of.instant) => return Ok(fold),
                Ok(_) | Err(FoldAfterError::NotAfter) => {}
                Err(FoldAfterError::Other(error)) => return Err(error),
            }
            let again = AsOf::new(newest.unwrap_or(run.now), zone);
            return self.repeat(run, again);
        };
        refuse_future(as_of, run)?;
        self.fold_at(run, run.job, as_of)
    }

    /// Repeats the newest run, since no event is newer.
    fn repeat(&self, run: &RunToRecordFold<'_>, as_of: AsOf) -> Result<RecordedFold, RecordedFoldError> {
        if run.prepared.inputs().iter().any(|input| input.path().is_none()) {
            return Err(RecordedFoldError::Command(CommandError::usage(format!(
                "no event is newer than the last run of the record, as of {at}, and events from a pipe cannot be read again; give --as-of {at} to repeat that run",
                at = format_instant(as_of.instant)
            ))));
        }
        if run.verbosity == Verbosity::Notes {
            messages::note_repeated_latest(as_of);
        }
        let job = PipelineJob { when: AsOfRequest::At(as_of.instant), inputs: run.job.inputs.clone(), ..*run.job };
        self.fold_at(run, &job, as_of)
    }

    fn fold_at(
        &self,
        run: &RunToRecordFold<'_>,
        job: &PipelineJob<'_>,
        as_of: AsOf,
    ) -> Result<RecordedFold, RecordedFoldError> {
        let base = self.view().before(as_of.instant)?;
        let repeated = self.view().repeated(as_of.instant)?;
        match self.fold_after(run, job, base) {
            Ok(fold) => Ok(RecordedFold { repeated, ..fold }),
            Err(FoldAfterError::Other(error)) => Err(error),
            Err(FoldAfterError::NotAfter) => unreachable!("the run before has an earlier instant"),
        }
    }

    fn fold_after(
        &self,
        run: &RunToRecordFold<'_>,
        job: &PipelineJob<'_>,
        base: Option<RecordedRun>,
    ) -> Result<RecordedFold, FoldAfterError> {
        let base = base.map(|recorded| BaseRun::new(recorded, run)).transpose()?;
        let previous = base.as_ref().map(BaseRun::previous);
        let followed = with_progress(run.verbosity, |report| follow_run(job, previous, run.tables_now, report));
        match followed {
            Ok(followed) => Ok(RecordedFold { followed, base, repeated: None }),
            Err(FollowError::NotAfter { .. }) => Err(FoldAfterError::NotAfter),
            Err(FollowError::Run(error)) => Err(FoldAfterError::Other(RecordedFoldError::Run(error))),
        }
    }
}

/// Why a run could not be folded after another one.
enum FoldAfterError {
    NotAfter,
    Other(RecordedFoldError),
}

impl<E: Into<CommandError>> From<E> for RecordedFoldError {
    fn from(error: E) -> RecordedFoldError {
        RecordedFoldError::Command(error.into())
    }
}

impl From<CommandError> for FoldAfterError {
    fn from(error: CommandError) -> FoldAfterError {
        FoldAfterError::Other(RecordedFoldError::Command(error))
    }
}

/// Refuses an instant far in the future: no run before it would be allowed any more.
fn refuse_future(as_of: AsOf, run: &RunToRecordFold<'_>) -> Result<(), RecordedFoldError> {
    if run.allows_future || as_of.instant <= run.now.saturating_add(DAY_US) {
        return Ok(());
    }
    Err(RecordedFoldError::Command(CommandError::usage(format!(
        "--as-of {} is more than a day ahead, and a record never goes back before its newest run; add --yes if this is meant",
        format_instant(as_of.instant)
    ))))
}

impl BaseRun {
    /// Reads the model and the tables of a run of the record.
    ///
    /// # Errors
    /// Tables of this run that the model of that run cannot read.
    fn new(recorded: RecordedRun, run: &RunToRecordFold<'_>) -> Result<BaseRun, CommandError> {
        let model = run.job.model;
        if recorded.model_hash == model.resolved.fingerprint {
            let tables = recorded.tables_for(model);
            return Ok(BaseRun { recorded, model: BaseModel::Same, tables, tables_now: LoadedTables::default() });
        }
        let name = format!("the model of run {} of the record", recorded.number);
        let document = SourceDocument { name, text: recorded.model_text.clone() };
        let Ok(old) = parse(&document) else {
            if run.verbosity == Verbosity::Notes {
                messages::note_unreadable_base(recorded.number);
            }
            let (tables, tables_now) = (LoadedTables::default(), LoadedTables::default());
            return Ok(BaseRun { recorded, model: BaseModel::Unreadable, tables, tables_now });
        };
        let tables = recorded.tables_for(&old);
        let events = run.prepared.events_at_hand(&old);
        let tables_now = run.tables.for_model(&old, events, Verbosity::Quiet)?;
        Ok(BaseRun { recorded, model: BaseModel::Other(Box::new(old)), tables, tables_now })
    }

    fn previous(&self) -> PreviousRun<'_> {
        let model = match &self.model {
            BaseModel::Same => PreviousModel::Same(self.tables.for_run()),
            BaseModel::Other(model) => {
                PreviousModel::Other { model, before: self.tables.for_run(), now: self.tables_now.for_run() }
            }
            BaseModel::Unreadable => PreviousModel::Unreadable,
        };
        PreviousRun { list: &self.recorded.list, model }
    }
}
