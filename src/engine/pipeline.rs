//! Runs the stages: threads, their order, and the limits of a run. The only module that sees all
//! stages.
//!
//! [`fold_inputs`] reads and folds all files and gives a [`FoldedRun`]. [`score_state`] scores it.
//!
//! ```text
//!  BlockReader ─▶ worker: LineBlock ─▶ decode ─▶ EventFolder ─┐
//!             └─▶ worker: LineBlock ─▶ decode ─▶ EventFolder ─┴▶ ShardSet ─▶ FoldState ─▶ score
//! ```
//!
//! Each worker takes a block from the shared reader, decodes its lines and folds them into the
//! shared shards. **Law**: no result depends on which worker took which block.

mod block_walk;
mod event_ids;
mod irregular_lines;
mod rejects;
mod stages;
mod supposed;
mod unread_fields;

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use self::stages::FoldStages;
use self::{block_walk::BlockLine, irregular_lines::FoldSink, rejects::RejectCollector};
pub(crate) use self::{
    block_walk::{BlockWalk, BorderSink, PartialLine, RecordSink, join_partial_lines, long_line},
    rejects::{ReasonRejects, RejectEntry},
};
pub use self::{
    event_ids::sample_event_ids,
    rejects::RejectedLines,
    stages::{StageEnds, StageView, fold_stages},
    supposed::{SupposedEvent, SupposedTrait, Supposition, score_supposed},
};
use crate::{
    decode::{
        HashSeed, ReceiptCounts, RejectReason,
        format::{DetectedFormat, FileFormats, KnownFrom, LineFraming, UnsupportedFormat, WorkerDecoders},
        misread::NotUnderstood,
    },
    enrich::{AttachedTraits, EnrichError, EnrichFile, attach, current_rows},
    entity::{Entities, newest_event_of_others, resolve_entities},
    fold::{
        DeferredLine, EventFolder, FieldMisreads, FileCounts, FoldState, LateLinks, LinePlace, NO_LAST, ShardSet,
        StageJob, StageSpool, WorkerFold as OfWorker,
    },
    outcomes::OutcomeTable,
    plan::Model,
    read::{
        BlockLimits, BlockReader, ChangeGuard, ColumnMapping, FileStats, InputSource, LineBlock, ReadError, TableUse,
    },
    score::{EnrichmentTraits, OutcomeInputs, PreviousLists, ScoredEntities, ScoringInputs, SumOverflow, score},
};
use pql_model::{
    EntityKind, PerKind,
    clock::{AsOf, Zone, format_day, format_instant},
    expr::Value,
    units::{DAY_US, Day, Micros, plural},
};

/// The requested `as_of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOfRequest {
    /// An instant.
    At(Micros),
    /// The end of a local date.
    EndOf(Day),
    /// The end of yesterday, a local date.
    Yesterday,
    /// The end of the local date of the newest event.
    Latest,
}

impl AsOfRequest {
    /// The instant, where no event is needed to know it. `now` is the present.
    pub fn known(self, zone: &Zone, now: Micros) -> Option<AsOf> {
        match self {
            AsOfRequest::At(at) => Some(AsOf::new(at, zone)),
            AsOfRequest::EndOf(day) => Some(AsOf::end_of_day(day, zone)),
            AsOfRequest::Yesterday => Some(AsOf::end_of_day(zone.day(now) - 1, zone)),
            AsOfRequest::Latest => None,
        }
    }
}

/// The number of rejected lines above which a run fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejects {
    /// A share of all lines.
    Share(f64),
    /// A number of lines.
    Count(u64),
}

impl MaxRejects {
    fn exceeded(self, rejected: u64, records: u64) -> bool {
        match self {
            MaxRejects::Share(share) => rejected as f64 > share * records as f64,
            MaxRejects::Count(count) => rejected > count,
        }
    }
}

/// The settings of a run.
#[derive(Debug)]
pub struct PipelineJob<'j> {
    /// The model.
    pub model: &'j Model,
    /// The resolved inputs.
    pub inputs: Vec<InputSource>,
    /// The format of the files, or `auto`.
    pub format: &'j str,
    /// The requested `as_of`.
    pub when: AsOfRequest,
    /// The present time.
    pub now: Micros,
    /// Threads that read and fold.
    pub workers: usize,
    /// The limit of rejected lines.
    pub max_rejects: MaxRejects,
    /// If set, rejected lines are kept for writing.
    pub keep_rejects: bool,
    /// The sizes of lines and blocks.
    pub limits: BlockLimits,
    /// The enrichment file of users. Its e-mails tell who is internal, which `latest` needs.
    pub users: Option<&'j EnrichFile>,
}

/// The progress of a run.
#[derive(Debug, Default)]
pub struct RunProgress {
    /// Bytes read from files.
    pub bytes: u64,
    /// Bytes of all files, if known.
    pub total: Option<u64>,
    /// Lines folded.
    pub lines: u64,
}

/// The result of folding, before it is scored.
#[derive(Debug)]
pub struct FoldedRun {
    /// The state.
    pub state: FoldState,
    /// The instant at which entities are scored.
    pub as_of: AsOf,
    /// Rejected lines, by file and position.
    pub rejects: RejectedLines,
    /// The statistics of each file.
    pub files: Vec<FileStats>,
    /// The detected format of each file; none if the file has no lines.
    pub formats: Vec<Option<DetectedFormat>>,
    /// Events that share an id with an event of other content.
    pub id_conflict: u64,
    /// Records that a line end had split in two.
    pub split_records: u64,
    /// Values of properties and traits that became null because they are no number or date.
    pub not_understood: Vec<NotUnderstood>,
    /// What records say of their receipt, if the run asks for it.
    pub receipts: ReceiptCounts,
}

/// The reason why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file could not be read.
    #[error(transparent)]
    Read(ReadError),
    /// The input has no events.
    #[error("{}", no_events_text(*.records, *.ahead))]
    NoEvents {
        /// Lines read.
        records: u64,
        /// Lines that are more than a day ahead of the present, and the present.
        ahead: (u64, Micros),
        /// Rejected lines.
        rejects: Box<RejectedLines>,
    },
    /// More lines were rejected than the job allows.
    #[error(
        "{rejected} of {} rejected, more than --max-rejects allows, so there is no result; \
         a higher --max-rejects (a share such as 20% or a number of lines) goes on without them",
        plural(*.records, "line", "lines")
    )]
    TooManyRejects {
        /// The number of rejected lines.
        rejected: u64,
        /// Lines read.
        records: u64,
        /// The rejected lines.
        rejects: Box<RejectedLines>,
    },
    /// An enrichment file contradicts itself.
    #[error(transparent)]
    Enrich(EnrichError),
    /// A file has a known format that is not supported.
    #[error("`{file}` is {}, which is not read (recognised by: {}); {}", .foreign.what, .foreign.sign, .foreign.advice)]
    UnsupportedFormat {
        /// Its name.
        file: String,
        /// The format.
        foreign: UnsupportedFormat,
    },
    /// Records name several group types, and the model does not say which of them is the account.
    #[error(
        "records of {format} files name groups of {} types ({}), and the model does not say which of them is the account; \
         [input] group_type = \"...\" does",
        .types.len(),
        quoted_types(.types)
    )]
    GroupTypes {
        /// The name of their format.
        format: &'static str,
        /// The types.
        types: Vec<String>,
    },
    /// The newest events are of internal users, and the input cannot be read a second time.
    #[error(
        "the newest events are of users who are set aside, and the standard input can be read only once; \
         add --as-of {}, the day of the newest event of anybody else",
        format_day(*.day)
    )]
    NewestInternal {
        /// The local date of the newest event of the other users.
        day: Day,
    },
    /// A sum is too large.
    #[error(transparent)]
    Overflow(SumOverflow),
    /// Rejected lines could not be stored.
    #[error("cannot keep rejected lines in the folder for temporary files")]
    Spool(#[source] io::Error),
    /// Events of later stages could not be stored.
    #[error("cannot keep events in the folder for temporary files")]
    Stages(#[source] io::Error),
}

fn no_events_text(records: u64, (ahead, now): (u64, Micros)) -> String {
    match (records, ahead) {
        (0, _) => "the input is empty: not a single line was read, so there is no result".to_owned(),
        (_, 0) => format!("no event among {}, so there is nothing to score", plural(records, "line", "lines")),
        _ => format!(
            "no event to look from: {} more than a day ahead of this machine's clock, which says {}; \
             set the clock right, or give the instant with --as-of",
            plural(ahead, "record is", "records are"),
            format_instant(now)
        ),
    }
}

/// Types in quotes, so that none of them is taken for part of the sentence.
fn quoted_types(types: &[String]) -> String {
    let quoted: Vec<String> = types.iter().map(|of_type| format!("{of_type:?}")).collect();
    quoted.join(", ")
}

/// Creates the reader of files for a model.
pub fn block_reader(inputs: Vec<InputSource>, model: &Model, limits: BlockLimits, workers: usize) -> BlockReader {
    BlockReader::new(inputs, limits, workers).with_column_mapping(column_mapping(model, KnownFrom::OwnTime))
}

/// Where tables keep the parts of an event.
fn column_mapping(model: &Model, known: KnownFrom) -> ColumnMapping {
    let properties = model.aggregation.properties.iter().filter_map(|path| path.first().cloned());
    ColumnMapping {
        // A row of a table becomes a native line.
        fields: model.resolved.input.paths_for_format("native").map(|paths| paths.into_iter().next()),
        received: match known {
            KnownFrom::OwnTime => Vec::new(),
            KnownFrom::Receipt => model.resolved.input.receipt_for_format("native").clone(),
        },
        properties: Some(properties.collect()),
        dedupe: model.resolved.input.dedupe,
        table_use: TableUse::Events,
    }
}

/// Reads and folds all inputs.
///
/// `latest` reads them twice if the newest events are of internal users. The second time the run ends
/// with the newest event of the other users.
///
/// # Errors
///
/// [`RunError`] of reading, of formats, of too many rejects, and of input without events.
pub fn fold_inputs(
    job: &PipelineJob<'_>,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<FoldedRun, RunError> {
    if job.when != AsOfRequest::Latest || !job.model.resolved.identity.sets_aside() {
        return fold_whole(job, report);
    }
    let guard = ChangeGuard::begin(&job.inputs);
    let mut folded = fold_whole(job, report)?;
    let Some(day) = newest_day_of_others(job, &mut folded) else { return Ok(folded) };
    drop(folded);
    let guard = guard.map_err(|_| RunError::NewestInternal { day })?;
    let again = PipelineJob { when: AsOfRequest::EndOf(day), inputs: job.inputs.clone(), ..*job };
    let folded = fold_whole(&again, report)?;
    guard.verify().map_err(RunError::Read)?;
    Ok(folded)
}

/// Reads and folds all inputs once, without a look between.
fn fold_whole(job: &PipelineJob<'_>, report: Option<&(dyn Fn(&RunProgress) + Sync)>) -> Result<FoldedRun, RunError> {
    let stages = StageEnds { ends: &[], known: KnownFrom::OwnTime };
    fold_once(job, &mut FoldStages { stages, visit: &mut |_| Ok(()) }, report)
}

/// The local date of the newest event that is not of an internal user. None if the run ends with
/// that date.
fn newest_day_of_others(job: &PipelineJob<'_>, folded: &mut FoldedRun) -> Option<Day> {
    let zone = &job.model.resolved.zone;
    let emails = user_emails(job.users, folded.as_of, &job.model.levels.user.emails);
    let newest = newest_event_of_others(&folded.state, job.model, &emails);
    folded.state.late = LateLinks::default();
    let day = zone.day(newest?);
    (AsOf::end_of_day(day, zone).instant != folded.as_of.instant).then_some(day)
}

/// What reading and folding the inputs of a run needs.
#[derive(Clone, Copy)]
struct RunFolding<'r, 'm> {
    job: &'r PipelineJob<'m>,
    formats: &'r FileFormats<'m>,
    shards: &'r ShardSet<'m>,
    /// What waits for later stages.
    spool: &'r StageSpool,
    shared: &'r WorkerShared,
    /// Records at or after this instant do not count.
    until: Micros,
}

impl<'r, 'm> RunFolding<'r, 'm> {
    /// A folder of lines as they are read.
    fn folder(&self) -> EventFolder<'r> {
        let folder = EventFolder::new(self.shards, self.job.inputs.len());
        if self.spool.has_stages() {
            // What may lie after the newest event is in the last stage, whose lines wait anyway.
            folder.with_stages(self.spool)
        } else if self.job.when == AsOfRequest::Latest {
            folder.with_deferral()
        } else {
            folder
        }
    }
}

/// Reads all inputs once, and folds them stage by stage.
fn fold_once<E: From<RunError>>(
    job: &PipelineJob<'_>,
    stages: &mut FoldStages<'_, E>,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<FoldedRun, E> {
    let model = job.model;
    let zone = &model.resolved.zone;
    let as_of = job.when.known(zone, job.now);
    // Without a given instant, only records more than a day ahead of the present are set aside.
    let until = as_of.map_or(job.now.saturating_add(DAY_US), |as_of| as_of.instant);
    let known = stages.stages.known;
    let formats = FileFormats::new(model, job.format, job.inputs.len()).known_from(known);
    let reader = BlockReader::new(job.inputs.clone(), job.limits, job.workers);
    let reader = reader.with_column_mapping(column_mapping(model, known));
    let shared = WorkerShared::new(job);
    let spool = StageSpool::new(stages.stages.ends.iter().map(|end| end.instant).collect());
    let shards = ShardSet::new(model, &HashSeed::default(), job.workers);
    let folding = RunFolding { job, formats: &formats, shards: &shards, spool: &spool, shared: &shared, until };
    let mut folded = read_all(&folding, &reader, report)?;
    let newest = folded.iter().map(|one| one.newest).max().filter(|newest| *newest != NO_LAST);
    let as_of = as_of.or_else(|| newest.map(|newest| AsOf::end_of_day(zone.day(newest), zone)));
    let until = as_of.map_or(until, |as_of| as_of.instant);
    let late = fold_deferred(&RunFolding { until, ..folding }, &mut folded);
    let mut misread: Vec<FieldMisreads> = folded.iter_mut().map(|one| std::mem::take(&mut one.misread)).collect();
    let mut state = shards.into_state(folded);
    state.late = late;
    let split_records = shared.split_records.load(Ordering::Relaxed);
    let names = job.inputs.iter().map(|input| input.name.clone()).collect();
    let mut rejects = shared.rejects.finish(names).map_err(RunError::Spool)?;
    rejects.formats = (0..job.inputs.len()).map(|file| formats.detected(file)).collect();
    let (as_of, rejects) = judge_input(job, &state, as_of, rejects)?;
    let stage = StageJob { model, formats: &formats, files: job.inputs.len(), until, workers: job.workers };
    misread.extend(stages.fold(&mut state, &spool, &stage, as_of)?);
    let id_conflict = state.take_conflicts();
    let receipts = formats.receipts();
    let files = reader.file_stats();
    let formats = files.iter().map(|stats| formats.detected(stats.file as usize)).collect();
    let not_understood = unread_fields::not_understood(model, misread, &rejects);
    Ok(FoldedRun { state, as_of, rejects, files, formats, id_conflict, split_records, not_understood, receipts })
}

/// Reads all inputs, and folds what lies before the end of the first stage.
fn read_all(
    folding: &RunFolding<'_, '_>,
    reader: &BlockReader,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<Vec<OfWorker>, RunError> {
    let folded = run_workers(folding, reader, report);
    // With several unsupported files, the one that a worker met first depends on timing. This takes
    // the first in the list.
    if let Some((file, foreign)) = folding.formats.first_unsupported() {
        let file = folding.job.inputs.get(file).map_or_else(String::new, |input| input.name.clone());
        return Err(RunError::UnsupportedFormat { file, foreign });
    }
    let mut folded = folded?;
    if let Some((format, types)) = folding.formats.ambiguous_groups() {
        return Err(RunError::GroupTypes { format, types });
    }
    folded.extend(irregular_lines::fold_partial_lines(folding)?);
    Ok(folded)
}

/// Refuses a run with too many rejected lines, and one without an event.
fn judge_input(
    job: &PipelineJob<'_>,
    state: &FoldState,
    as_of: Option<AsOf>,
    rejects: RejectedLines,
) -> Result<(AsOf, RejectedLines), RunError> {
    let mut total = FileCounts::default();
    state.counts.iter().for_each(|counts| total.add(counts));
    let (rejected, records) = (total.rejected.unsigned_abs(), total.records.unsigned_abs());
    if job.max_rejects.exceeded(rejected, records) {
        return Err(RunError::TooManyRejects { rejected, records, rejects: Box::new(rejects) });
    }
    let blank = total.blank.unsigned_abs();
    match as_of.filter(|_| records > blank) {
        Some(as_of) => Ok((as_of, rejects)),
        None => {
            let ahead = (total.after_as_of.unsigned_abs(), job.now);
            Err(RunError::NoEvents { records, ahead, rejects: Box::new(rejects) })
        }
    }
}

/// Folds deferred lines once `as_of` is known. Returns the joins and e-mails in them, which the newest
/// event depends on where the model sets users aside.
fn fold_deferred(folding: &RunFolding<'_, '_>, folded: &mut Vec<OfWorker>) -> LateLinks {
    let RunFolding { job, formats, shards, until, .. } = *folding;
    let deferred: Vec<DeferredLine> = folded.iter_mut().flat_map(|one| std::mem::take(&mut one.deferred)).collect();
    let mut reading = WorkerDecoders::new(formats, shards.seed(), until);
    let mut folder = EventFolder::new(shards, job.inputs.len());
    for one in &deferred {
        // Deferred lines come from files whose format is settled.
        if let Ok(decoder) = reading.decoder_for(one.file, None) {
            folder.set_place(one.place);
            folder.fold(one.file, &decoder.decode(&one.line));
        }
    }
    folded.push(folder.finish());
    if job.model.resolved.identity.sets_aside() { late_links(folding, &deferred) } else { LateLinks::default() }
}

/// Joins and e-mails in deferred lines.
fn late_links(folding: &RunFolding<'_, '_>, deferred: &[DeferredLine]) -> LateLinks {
    let mut late = LateLinks::default();
    let mut reading = WorkerDecoders::new(folding.formats, folding.shards.seed(), Micros::MAX);
    for one in deferred {
        if let Ok(decoder) = reading.decoder_for(one.file, None) {
            late.add(folding.job.model, &decoder.decode(&one.line));
        }
    }
    late
}

/// State that workers share beside the reader.
struct WorkerShared {
    rejects: RejectCollector,
    lines: AtomicU64,
    /// Parts of lines at block borders, which may belong together.
    halves: Mutex<Vec<PartialLine>>,
    split_records: AtomicU64,
}

impl WorkerShared {
    /// Keeps rejected lines if `job` asks for it.
    fn new(job: &PipelineJob<'_>) -> WorkerShared {
        WorkerShared {
            rejects: RejectCollector::new(job.keep_rejects),
            lines: AtomicU64::new(0),
            halves: Mutex::default(),
            split_records: AtomicU64::new(0),
        }
    }

    /// Counts a rejected line.
    fn reject(&self, reject: RejectEntry, bytes: &[u8]) -> io::Result<()> {
        self.rejects.add(reject, bytes)
    }
}

/// Locks a mutex. A panic of a worker ends the run, so the data behind a poisoned lock is never
/// used.
fn lock_ignoring_poison<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs all workers to their end; returns the part of the state that each keeps outside the shards.
fn run_workers(
    folding: &RunFolding<'_, '_>,
    reader: &BlockReader,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<Vec<OfWorker>, RunError> {
    let RunFolding { job, shared, .. } = *folding;
    let worker = || {
        let reading = WorkerDecoders::new(folding.formats, folding.shards.seed(), folding.until);
        let folder = folding.folder();
        FoldWorker { job, reader, shared, reading, folder }.run()
    };
    if job.workers <= 1 && report.is_none() {
        return Ok(vec![worker()?]);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // If the system gives no thread for it, the run shows no progress.
        let monitor = report.and_then(|report| {
            let thread = std::thread::Builder::new();
            thread.spawn_scoped(scope, || watch_progress(&done, shared, reader, report)).ok()
        });
        let _finished = MonitorGuard { done: &done, monitor: monitor.map(|monitor| monitor.thread().clone()) };
        let mut others: Vec<Option<Result<OfWorker, RunError>>> = (1..job.workers).map(|_| None).collect();
        // The workers run in the pool that scores later: the C library keeps freed memory for the
        // same thread, which saves 10 MB in a run over two million events. The calling thread is a
        // worker too, because its heap is cheaper to grow than that of other threads.
        let mine = rayon::in_place_scope(|pool| {
            others.iter_mut().for_each(|other| pool.spawn(|_| *other = Some(worker())));
            worker()
        });
        let others = others.into_iter().map(|other| other.expect("the scope ends after its jobs"));
        std::iter::once(mine).chain(others).collect()
    })
}

/// Reports the progress five times a second until the run is done.
fn watch_progress(
    done: &AtomicBool,
    shared: &WorkerShared,
    reader: &BlockReader,
    report: &(dyn Fn(&RunProgress) + Sync),
) {
    while !done.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(200));
        let lines = shared.lines.load(Ordering::Relaxed);
        report(&RunProgress { bytes: reader.bytes_read(), total: reader.total_bytes(), lines });
    }
}

/// Ends the monitor when the workers end, also by a panic.
struct MonitorGuard<'f> {
    done: &'f AtomicBool,
    monitor: Option<std::thread::Thread>,
}

impl Drop for MonitorGuard<'_> {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        self.monitor.iter().for_each(std::thread::Thread::unpark);
    }
}

struct FoldWorker<'w> {
    job: &'w PipelineJob<'w>,
    reader: &'w BlockReader,
    shared: &'w WorkerShared,
    reading: WorkerDecoders<'w>,
    folder: EventFolder<'w>,
}

impl FoldWorker<'_> {
    fn run(mut self) -> Result<OfWorker, RunError> {
        let mut block = LineBlock::default();
        while let Some(next) = self.reader.next(block).map_err(RunError::Read)? {
            let lines = self.block(&next)?;
            self.shared.rejects.end_block(next.file, next.index, lines).map_err(RunError::Spool)?;
            self.shared.lines.fetch_add(lines, Ordering::Relaxed);
            block = next;
        }
        self.reading.finish();
        Ok(self.folder.finish())
    }

    /// Folds the lines of a block; returns their number.
    fn block(&mut self, block: &LineBlock) -> Result<u64, RunError> {
        if let Some(length) = block.long_line {
            return self.reject_long_line(block, length).map_err(RunError::Spool);
        }
        let first = block.starts_file.then_some(&*block.bytes);
        let decoder = self.reading.decoder_for(block.file, first).map_err(|foreign| {
            self.reader.stop();
            let file = self.job.inputs.get(block.file as usize).map_or_else(String::new, |input| input.name.clone());
            RunError::UnsupportedFormat { file, foreign }
        })?;
        if !matches!(decoder.framing(), LineFraming::Plain | LineFraming::Columns) {
            return self.fold_irregular_block(block).map_err(RunError::Spool);
        }
        self.fold_plain_block(block).map_err(RunError::Spool)
    }

    /// Folds the lines of a block in which every line is a record.
    fn fold_plain_block(&mut self, block: &LineBlock) -> io::Result<u64> {
        let commas = self.reading.has_commas(block.file);
        let Ok(decoder) = self.reading.decoder_for(block.file, None) else { return Ok(0) };
        let framing = decoder.framing();
        let sink = FoldSink { file: block.file, decoder, folder: &mut self.folder, shared: self.shared };
        let mut walk = BlockWalk { block, framing, commas, sink };
        // Validating a whole block is many times faster than line by line, and it nearly always
        // succeeds.
        let whole = std::str::from_utf8(&block.bytes).ok();
        let mut start = 0;
        let mut number = 0;
        while start < block.bytes.len() {
            let end = memchr::memchr(b'\n', &block.bytes[start..]).map_or(block.bytes.len(), |at| start + at);
            let bytes = &block.bytes[start..end];
            let text = match whole {
                Some(whole) => whole.get(start..end),
                None => std::str::from_utf8(bytes).ok(),
            };
            let origin = block.origins.get(number as usize);
            let at = origin.map(|origin| origin.line);
            walk.sink.folder.set_place(LinePlace { block: block.index, line: number, at });
            let taken = match origin {
                Some(place) if place.broken.is_some() => Err(RejectReason::BadRow),
                _ => {
                    text.map_or(Err(RejectReason::InvalidUtf8), |text| walk.sink.take_fast(text, &block.bytes[start..]))
                }
            };
            if let Err(reason) = taken {
                walk.refuse(BlockLine::whole(bytes, start, number), reason)?;
            }
            number += 1;
            start = end + 1;
        }
        Ok(number - u64::from(block.goes_on))
    }
}

/// The coverage of entities by enrichment files.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnrichmentCoverage {
    /// Rows of users. Members that only group lines name count too.
    pub users: u64,
    /// Rows of accounts.
    pub accounts: u64,
    /// Users and accounts with events but without a row; none if no file was given.
    pub without_row: PerKind<Option<u64>>,
    /// Rows of each file; none if no file was given.
    pub rows: PerKind<Option<EnrichedRows>>,
}

/// The rows of an enrichment file, each entity once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrichedRows {
    /// Rows of users or accounts with events.
    pub matched: u64,
    /// The others.
    pub unmatched: u64,
}

impl EnrichmentCoverage {
    /// Notes the rows of a file, and the ids of those without an entity.
    fn note(&mut self, kind: EntityKind, rows: &AttachedTraits, unknown: &HashSet<&str>) {
        let found = EnrichedRows::new(rows, unknown);
        self.rows[kind] = Some(found);
        self.without_row[kind] = Some(rows.len() as u64 - found.matched);
    }
}

impl EnrichedRows {
    fn new(attached: &AttachedTraits, strangers: &HashSet<&str>) -> EnrichedRows {
        let matched = attached.iter().filter(|row| row.is_some()).count() as u64;
        EnrichedRows { matched, unmatched: strangers.len() as u64 }
    }

    /// All rows.
    pub fn total(self) -> u64 {
        self.matched + self.unmatched
    }
}

/// What a run knows beside its events.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunTables<'t> {
    /// The tables of users and of accounts.
    pub levels: PerKind<Option<&'t EnrichFile>>,
    /// What became of everybody; none in a run without outcomes.
    pub outcomes: Option<&'t OutcomeTable>,
}

/// Tables as they were read for a model.
#[derive(Debug, Default)]
pub struct LoadedTables {
    /// The tables of users and of accounts.
    pub levels: PerKind<Option<EnrichFile>>,
    /// What became of everybody; none in a run without outcomes.
    pub outcomes: Option<OutcomeTable>,
}

impl LoadedTables {
    /// Leaves out the rows of tables that say of no instant that they hold from then on.
    pub fn keep_dated_rows(&mut self) {
        for kind in EntityKind::ALL {
            self.levels[kind].iter_mut().for_each(EnrichFile::keep_dated_rows);
        }
    }

    /// The tables for a run.
    pub fn for_run(&self) -> RunTables<'_> {
        let levels = PerKind { user: self.levels.user.as_ref(), account: self.levels.account.as_ref() };
        RunTables { levels, outcomes: self.outcomes.as_ref() }
    }
}

/// Scores a folded state.
///
/// # Errors
///
/// [`RunError`] of enrichment and of sums.
pub fn score_state<'s>(
    (state, as_of): (&'s FoldState, AsOf),
    model: &'s Model,
    tables: RunTables<'_>,
) -> Result<(ScoredEntities<'s>, EnrichmentCoverage), RunError> {
    score_state_with((state, as_of), model, tables, ScoringExtras::default())
}

/// Scores a folded state after a run before, of which `before` is what it said.
///
/// # Errors
///
/// [`RunError`] of enrichment and of sums.
pub fn score_state_after<'s>(
    (state, as_of): (&'s FoldState, AsOf),
    model: &'s Model,
    tables: RunTables<'_>,
    before: &dyn PreviousLists,
) -> Result<(ScoredEntities<'s>, EnrichmentCoverage), RunError> {
    score_state_with((state, as_of), model, tables, ScoringExtras { before: Some(before), supposed: None })
}

/// Scores the entities of a state at another instant, after a run before. `entities` are those at an instant at which [`same_people`] holds.
///
/// # Errors
///
/// [`RunError`] of enrichment and of sums.
pub(crate) fn score_entities_after<'s>(
    (entities, as_of): (Entities<'s>, AsOf),
    model: &'s Model,
    tables: RunTables<'_>,
    before: &dyn PreviousLists,
) -> Result<(ScoredEntities<'s>, EnrichmentCoverage), RunError> {
    // Where people are the same, no address comes from a table.
    score_entities_with(
        (entities, as_of),
        &HashMap::new(),
        model,
        tables,
        ScoringExtras { before: Some(before), supposed: None },
    )
}

/// Whether the people of a state are the same at every instant. They may not be where e-mail addresses come from a table, whose rows may have dates.
pub(crate) fn same_people(model: &Model, tables: RunTables<'_>) -> bool {
    tables.levels.user.is_none() || model.levels.user.emails.is_empty()
}

/// What scoring may take beside a state and enrichment.
#[derive(Clone, Copy, Default)]
struct ScoringExtras<'x> {
    /// What the run before said.
    before: Option<&'x dyn PreviousLists>,
    /// A trait that is another.
    supposed: Option<&'x SupposedTrait>,
}

/// Scores a folded state in which one trait may be another.
fn score_state_with<'s>(
    (state, as_of): (&'s FoldState, AsOf),
    model: &'s Model,
    tables: RunTables<'_>,
    extras: ScoringExtras<'_>,
) -> Result<(ScoredEntities<'s>, EnrichmentCoverage), RunError> {
    let emails = user_emails(tables.levels.user, as_of, &model.levels.user.emails);
    score_entities_with((resolve_entities(state, model, &emails), as_of), &emails, model, tables, extras)
}

/// Scores entities in which one trait may be another.
fn score_entities_with<'s>(
    (entities, as_of): (Entities<'s>, AsOf),
    emails: &HashMap<String, String>,
    model: &'s Model,
    tables: RunTables<'_>,
    ScoringExtras { before, supposed }: ScoringExtras<'_>,
) -> Result<(ScoredEntities<'s>, EnrichmentCoverage), RunError> {
    let files = tables.levels;
    let mut enrichment = EnrichmentTraits::default();
    let mut strangers: PerKind<HashSet<&str>> = PerKind::default();
    strangers.user.extend(entities.members_without_events.iter().copied());
    let mut coverage = EnrichmentCoverage::default();
    for kind in EntityKind::ALL {
        let Some(file) = files[kind] else { continue };
        let (rows, unknown) = attach_rows(file, as_of, &entities, kind)?;
        coverage.note(kind, &rows, &unknown);
        strangers[kind].extend(unknown);
        *enrichment.rows_mut(kind) = rows;
    }
    (coverage.users, coverage.accounts) = (strangers.user.len() as u64, strangers.account.len() as u64);
    if let Some(supposed) = supposed {
        supposed.lay_over(&mut enrichment, &entities, model);
    }
    let standings = before.map(|before| before.standings(&entities));
    let outcomes = tables.outcomes.map(|table| OutcomeInputs { table, emails });
    let inputs = ScoringInputs { model, enrichment: &enrichment, standings: standings.as_ref(), outcomes, as_of };
    let scored = score(entities, inputs).map_err(RunError::Overflow)?;
    Ok((scored, coverage))
}

/// The rows of an enrichment file by entity, and the ids of those without an entity.
fn attach_rows<'f>(
    file: &'f EnrichFile,
    as_of: AsOf,
    entities: &Entities<'_>,
    kind: EntityKind,
) -> Result<(AttachedTraits, HashSet<&'f str>), RunError> {
    let attached = match kind {
        EntityKind::User => attach(file, as_of.instant, entities.users.len(), |key| entities.user_of(key)),
        EntityKind::Account => {
            let place = account_indexes(entities);
            let of_key = |key: &str| entities.account_ids.find(key).and_then(|id| place.get(&id).copied());
            attach(file, as_of.instant, entities.accounts.len(), of_key)
        }
    };
    attached.map_err(RunError::Enrich)
}

/// E-mail addresses of the enrichment file, by raw user id. `traits` are the traits that may hold
/// one; the first that does counts.
pub fn user_emails(users: Option<&EnrichFile>, as_of: AsOf, traits: &[usize]) -> HashMap<String, String> {
    let rows = users.iter().flat_map(|file| current_rows(file, as_of.instant));
    rows.filter_map(|row| Some((row.key.clone(), first_text(&row.values, traits)?))).collect()
}

/// The first of some values that is a text.
fn first_text(values: &[Value<'static>], places: &[usize]) -> Option<String> {
    places.iter().find_map(|place| match values.get(*place) {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    })
}

/// The index of each account, by its intern id.
fn account_indexes(entities: &Entities<'_>) -> HashMap<u32, u32> {
    entities.accounts.iter().enumerate().map(|(place, account)| (account.id, place as u32)).collect()
}
