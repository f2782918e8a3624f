//! One way from arguments to a run.
//!
//! ```text
//! RunArgs, LimitArgs ──▶ RunSettings ──┐
//! EVENTS ──────────────────────────────┴──▶ prepare ──▶ PreparedRun ──┬──▶ job(model, users) ──▶ fold ──▶ FoldedRun
//!                                                                     └──▶ EnrichmentFiles::for_model
//! ```
//!
//! A [`PreparedRun`] knows no model, because `diff` and `check` run several models on the same input. [`PreparedRun::enrichment_files`] is a step of
//! its own, because a missing model is reported before a missing enrichment file.

use std::ffi::OsString;

use super::{
    CommandError,
    args::RunSettings,
    enrichment::{EnrichmentFiles, EventsAtHand},
    messages::{self, Verbosity},
    threads,
};
use pql_engine::{
    enrich::EnrichFile,
    pipeline::{self, AsOfRequest, FoldedRun, PipelineJob},
    plan::Model,
    read::{self, BlockLimits, ChangeGuard, InputSource},
};
use pql_model::units::Micros;

/// How often a command reads its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputPasses {
    /// Once: pipes will do.
    Once,
    /// Again later: the files have to be there, and must not change between the readings.
    Several,
}

/// What a command asks of a run.
#[derive(Debug)]
pub(super) struct RunRequest<'a> {
    /// The options.
    pub(super) settings: RunSettings<'a>,
    /// Files, folders and patterns of events.
    pub(super) events: &'a [OsString],
    /// How often they are read.
    pub(super) passes: InputPasses,
    /// Threads, if a number was asked for.
    pub(super) threads: Option<u16>,
    /// Whether files that are left out and missing threads are noted.
    pub(super) verbosity: Verbosity,
}

/// A run that is settled, but for the model.
#[derive(Debug)]
pub(super) struct PreparedRun<'a> {
    settings: RunSettings<'a>,
    inputs: Vec<InputSource>,
    workers: usize,
    guard: Option<ChangeGuard>,
}

/// Finds the files of events and the number of threads.
///
/// # Errors
/// Files that do not exist, and inputs of several passes that can be read only once.
pub(super) fn prepare(request: RunRequest<'_>) -> Result<PreparedRun<'_>, CommandError> {
    let inputs = find_inputs(request.events, request.verbosity)?;
    let guard = match request.passes {
        InputPasses::Once => None,
        InputPasses::Several => Some(ChangeGuard::begin(&inputs)?),
    };
    let workers = threads::configure_thread_pool(request.threads, &inputs);
    if request.verbosity == Verbosity::Notes {
        threads::note_missing_threads();
    }
    Ok(PreparedRun { settings: request.settings, inputs, workers, guard })
}

/// Finds the files of events and prints a note on each file that is left out.
pub(super) fn find_inputs(events: &[OsString], verbosity: Verbosity) -> Result<Vec<InputSource>, CommandError> {
    let resolved = read::resolve_inputs(events)?;
    messages::warn_skipped_inputs(&resolved);
    if verbosity == Verbosity::Notes {
        messages::note_skipped_inputs(&resolved);
    }
    Ok(resolved.inputs)
}

impl<'a> PreparedRun<'a> {
    /// The files of events.
    pub(super) fn inputs(&self) -> &[InputSource] {
        &self.inputs
    }

    /// The present, if a run looks from its newest event.
    pub(super) fn present(&self) -> Option<Micros> {
        (self.settings.when == AsOfRequest::Latest).then_some(self.settings.now)
    }

    /// How long a line may be, and how much memory a Parquet file may take.
    pub(super) fn limits(&self) -> BlockLimits {
        self.settings.limits
    }

    /// The format to read files as under a model, or `auto`.
    pub(super) fn format(&self, model: &Model) -> &'static str {
        self.settings.format(model)
    }

    /// Opens the files of `--users` and `--accounts`, for any number of models.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub(super) fn enrichment_files(&self) -> Result<EnrichmentFiles<'a>, CommandError> {
        EnrichmentFiles::open(&self.settings.args.tables)
    }

    /// The events, in which the ids of enrichment files are looked for under a model.
    pub(super) fn events_at_hand(&self, model: &Model) -> EventsAtHand<'_> {
        EventsAtHand { inputs: &self.inputs, format: self.format(model), limits: self.settings.limits }
    }

    /// The run under a model, with what the file of `--users` gives for it. Rejected lines are counted and not kept.
    pub(super) fn job<'m>(&self, model: &'m Model, users: Option<&'m EnrichFile>) -> PipelineJob<'m> {
        PipelineJob {
            model,
            inputs: self.inputs.clone(),
            format: self.format(model),
            when: self.settings.when,
            now: self.settings.now,
            workers: self.workers,
            max_rejects: self.settings.max_rejects,
            keep_rejects: false,
            limits: self.settings.limits,
            users,
        }
    }

    /// Reads and folds the events. Where that fails because of rejected lines, they are reported.
    ///
    /// # Errors
    /// Those of [`pipeline::fold_inputs`].
    pub(super) fn fold(&self, job: &PipelineJob<'_>) -> Result<FoldedRun, CommandError> {
        pipeline::fold_inputs(job, None).map_err(|error| {
            messages::note_failed_run(&error);
            CommandError::from(error)
        })
    }

    /// Refuses input of several passes that changed meanwhile.
    ///
    /// # Errors
    /// A file that is not as it was when the run was prepared.
    pub(super) fn verify_unchanged(&self) -> Result<(), CommandError> {
        Ok(self.guard.as_ref().map_or(Ok(()), ChangeGuard::verify)?)
    }
}
