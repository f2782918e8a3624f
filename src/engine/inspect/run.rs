//! Runs the threads that read blocks and profile them.

use std::convert::Infallible;

use super::{
    dataset_profile::DatasetProfile,
    fields::{FieldGuess, FieldSurvey},
    observe::RecordObserver,
};
use crate::{
    decode::{
        DiscoveryPlan, FieldDiscovery, HashSeed, LineDecoder, RejectReason,
        format::{DetectedFormat, EventFormat, FORMATS, FileFormats, WorkerDecoders},
    },
    pipeline::{BlockWalk, BorderSink, PartialLine, RecordSink, RejectEntry, RunError, join_partial_lines, long_line},
    plan::Model,
    read::{BlockLimits, BlockReader, ColumnMapping, FileStats, InputSource, LineBlock},
};
use pql_model::{clock::InstantReader, resolved::InputSettings, units::Micros};

/// The settings of a profiling run.
#[derive(Debug)]
pub struct InspectJob<'j> {
    /// The model, which says where the parts of an event are and which zone decides dates.
    pub model: &'j Model,
    /// The resolved inputs.
    pub inputs: Vec<InputSource>,
    /// The format of the files, or `auto`.
    pub format: &'j str,
    /// The present time.
    pub now: Micros,
    /// The number of threads.
    pub workers: usize,
    /// If set, sample values are kept.
    pub keep_values: bool,
    /// The sizes of lines and blocks.
    pub limits: BlockLimits,
}

/// The profile of a dataset and its files.
#[derive(Debug)]
pub struct InspectedInput {
    /// The profile.
    pub survey: DatasetProfile,
    /// The statistics of each file.
    pub files: Vec<FileStats>,
    /// The detected format of each file.
    pub formats: Vec<Option<DetectedFormat>>,
    /// The fields of the first records.
    pub fields: FieldSurvey,
}

/// True if a model says where parts of an event are.
fn has_fields(input: &InputSettings) -> bool {
    input.paths_for_format("native").iter().any(|paths| !paths.is_empty())
}

impl InspectedInput {
    /// The format of all files that hold records; none if they have several.
    pub fn only_format(&self) -> Option<&'static EventFormat> {
        let mut formats = self.formats.iter().flatten().map(|known| known.format);
        let first = formats.next()?;
        formats.all(|other| std::ptr::eq(other, first)).then_some(first)
    }

    /// The part of an event that a field is taken for: by the format of a vendor, else by its name and values.
    pub(crate) fn part_of(&self, path: &str, input: &InputSettings) -> Option<&'static str> {
        match self.only_format() {
            Some(format) if format.name != "native" || has_fields(input) => format.part_of(path, input),
            _ => self.fields.guess.part(path),
        }
    }

    /// The fields that a model should name, if records are not read rightly without.
    pub fn suggested_fields(&self) -> Option<&FieldGuess> {
        let guess = &self.fields.guess;
        (self.is_native() && self.fields.differs && guess.is_complete()).then_some(guess)
    }

    /// True if the records have the fields of no vendor.
    pub fn is_native(&self) -> bool {
        self.formats.iter().flatten().all(|known| known.format.name == "native")
    }
}

/// Reads all inputs once; `fields` is what their first records have.
///
/// **Cost**: memory does not grow with events. Tables are bounded ([`super::dataset_profile`]), and
/// counts beyond them use samples. A date with events takes 40 bytes, a block of the input 60.
///
/// # Errors
///
/// [`RunError`] of reading, and of a file of an unsupported format.
pub fn profile_inputs(job: &InspectJob<'_>, fields: FieldSurvey) -> Result<InspectedInput, RunError> {
    let formats = FileFormats::new(job.model, job.format, job.inputs.len());
    let plans: Vec<DiscoveryPlan> =
        FORMATS.iter().map(|format| DiscoveryPlan::new(format, &job.model.resolved.input)).collect();
    // A row of a table becomes a native line, with all its columns.
    let paths = job.model.resolved.input.paths_for_format("native").map(|paths| paths.into_iter().next());
    let naming = ColumnMapping { fields: paths, properties: None, dedupe: true, ..ColumnMapping::default() };
    let reader = BlockReader::new(job.inputs.clone(), job.limits, job.workers).with_column_mapping(naming);
    let seed = HashSeed::default();
    let worker = || {
        let survey = DatasetProfile::new(job.inputs.len());
        InspectWorker { job, formats: &formats, plans: &plans, survey, halves: Vec::new() }.run(&reader, &seed)
    };
    // The current thread is a worker too, so there is one even if the system gives no others.
    let mut others: Vec<Option<WorkerResult>> = (1..job.workers).map(|_| None).collect();
    let mine = rayon::in_place_scope(|pool| {
        others.iter_mut().for_each(|other| pool.spawn(|_| *other = Some(worker())));
        worker()
    });
    let results = std::iter::once(mine).chain(others.into_iter().flatten());
    if let Some((file, foreign)) = formats.first_unsupported() {
        let file = job.inputs.get(file).map_or_else(String::new, |input| input.name.clone());
        return Err(RunError::UnsupportedFormat { file, foreign });
    }
    let mut survey = DatasetProfile::new(job.inputs.len());
    let mut halves = Vec::new();
    for result in results {
        let (seen, more) = result?;
        survey.merge(seen);
        halves.extend(more);
    }
    let worker = InspectWorker { job, formats: &formats, plans: &plans, survey, halves: Vec::new() };
    let survey = worker.join_halves(halves, &seed);
    let files = reader.file_stats();
    let formats = files.iter().map(|stats| formats.detected(stats.file as usize)).collect();
    Ok(InspectedInput { survey, files, formats, fields })
}

/// The profile of a worker, and the record halves at the borders of its blocks.
type WorkerResult = Result<(DatasetProfile, Vec<PartialLine>), RunError>;

struct InspectWorker<'w> {
    job: &'w InspectJob<'w>,
    formats: &'w FileFormats<'w>,
    /// Plans in the order of [`FORMATS`].
    plans: &'w [DiscoveryPlan],
    survey: DatasetProfile,
    halves: Vec<PartialLine>,
}

impl<'w> InspectWorker<'w> {
    /// The observer of a file of a format.
    fn observer(&self, file: u32, format: &'static EventFormat, seed: &HashSeed) -> RecordObserver<'w, 'w> {
        let place = FORMATS.iter().position(|known| std::ptr::eq(*known, format)).unwrap_or(FORMATS.len() - 1);
        RecordObserver {
            job: self.job,
            file,
            outline: FieldDiscovery::new(&self.plans[place], seed.clone()),
            instants: InstantReader::new(&self.job.model.resolved.input.zone),
        }
    }

    fn run(mut self, reader: &BlockReader, seed: &HashSeed) -> WorkerResult {
        let mut reading = WorkerDecoders::new(self.formats, seed.clone(), Micros::MAX);
        let mut block = LineBlock::default();
        while let Some(next) = reader.next(block).map_err(RunError::Read)? {
            if let Some(length) = next.long_line {
                self.long_line(&next, length);
                block = next;
                continue;
            }
            let first = next.starts_file.then_some(&*next.bytes);
            let decoder = reading.decoder_for(next.file, first).map_err(|foreign| {
                reader.stop();
                let file = self.job.inputs.get(next.file as usize).map_or_else(String::new, |input| input.name.clone());
                RunError::UnsupportedFormat { file, foreign }
            })?;
            if let Some(recognised) = self.formats.detected(next.file as usize) {
                let eye = self.observer(next.file, recognised.format, seed);
                self.block(&next, decoder, eye, recognised.commas);
            }
            block = next;
        }
        reading.finish();
        Ok((self.survey, self.halves))
    }

    /// Counts a line over the limit; the format of the file need not be known for it.
    fn long_line(&mut self, block: &LineBlock, length: u64) {
        self.survey.reject(&long_line(block, length), &block.bytes);
        self.survey.order.end(block.file, block.index, 1);
    }

    /// Profiles the lines of a block.
    fn block(&mut self, block: &LineBlock, decoder: &mut LineDecoder<'_>, eye: RecordObserver<'w, 'w>, commas: bool) {
        let framing = decoder.framing();
        let sink = InspectSink { eye, decoder, survey: &mut self.survey, halves: &mut self.halves };
        let Ok(lines) = BlockWalk { block, framing, commas, sink }.run();
        self.survey.order.end(block.file, block.index, lines);
    }

    /// Profiles the records at block borders.
    fn join_halves(mut self, halves: Vec<PartialLine>, seed: &HashSeed) -> DatasetProfile {
        let reading = WorkerDecoders::new(self.formats, seed.clone(), Micros::MAX);
        let mut border = BorderInspect { worker: &mut self, reading, seed };
        let Ok(()) = join_partial_lines(halves, &mut border);
        self.survey
    }
}

/// Profiles the records of one block.
struct InspectSink<'i, 'p, 'm> {
    eye: RecordObserver<'p, 'p>,
    decoder: &'i mut LineDecoder<'m>,
    survey: &'i mut DatasetProfile,
    halves: &'i mut Vec<PartialLine>,
}

impl RecordSink for InspectSink<'_, '_, '_> {
    type Fault = Infallible;

    fn take(&mut self, record: &str) -> Result<(), RejectReason> {
        self.eye.observe(self.survey, self.decoder, record)
    }

    fn blank(&mut self) {
        let file = &mut self.survey.files[self.eye.file as usize];
        (file.records, file.blank) = (file.records + 1, file.blank + 1);
    }

    fn reject(&mut self, reject: RejectEntry, bytes: &[u8]) -> Result<(), Infallible> {
        self.survey.reject(&reject, bytes);
        Ok(())
    }

    fn count_split(&mut self) {
        self.survey.split_records += 1;
    }

    fn keep_partial(&mut self, half: PartialLine) {
        self.halves.push(half);
    }
}

/// Profiles what the partial lines at block borders are.
struct BorderInspect<'b, 'w> {
    worker: &'b mut InspectWorker<'w>,
    reading: WorkerDecoders<'w>,
    seed: &'b HashSeed,
}

impl BorderSink for BorderInspect<'_, '_> {
    type Fault = Infallible;

    fn take_joined(&mut self, first: &RejectEntry, record: &str) -> bool {
        let Some(recognised) = self.worker.formats.detected(first.file as usize) else { return false };
        let Ok(decoder) = self.reading.decoder_for(first.file, None) else { return false };
        let mut eye = self.worker.observer(first.file, recognised.format, self.seed);
        let is_record = eye.observe(&mut self.worker.survey, decoder, record).is_ok();
        self.worker.survey.split_records += u64::from(is_record);
        is_record
    }

    fn reject(&mut self, reject: RejectEntry, bytes: &[u8]) -> Result<(), Infallible> {
        self.worker.survey.reject(&reject, bytes);
        Ok(())
    }
}
