//! Runs the threads that read blocks and profile them.

use super::{
    dataset_profile::DatasetProfile,
    fields::{FieldGuess, FieldSurvey},
    observe::{InspectLine, RecordObserver},
};
use crate::{
    decode::{
        DiscoveryPlan, FieldDiscovery, HashSeed, LineDecoder, RecoveredLine, RejectReason,
        format::{DetectedFormat, EventFormat, FORMATS, FileFormats, LineFraming, WorkerDecoders},
        recover_line,
    },
    pipeline::RunError,
    plan::Model,
    read::{BlockLimits, BlockReader, ColumnMapping, FileStats, InputSource, LineBlock, RowFault, TableUse},
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
    let naming = ColumnMapping { fields: paths, properties: None, dedupe: true, table_use: TableUse::Events };
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
type WorkerResult = Result<(DatasetProfile, Vec<SplitRecordHalf>), RunError>;

/// The last line of a block or the first line of the next, if it is not a record by itself.
struct SplitRecordHalf {
    file: u32,
    /// The number of the later of the two blocks.
    boundary: u32,
    /// The block and the line in it.
    place: (u32, u64),
    reason: RejectReason,
    bytes: Vec<u8>,
}

impl SplitRecordHalf {
    fn new(
        eye: &RecordObserver<'_, '_>,
        line: &InspectLine<'_>,
        reason: RejectReason,
        boundary: u32,
    ) -> SplitRecordHalf {
        let place = (eye.index, line.number);
        SplitRecordHalf { file: eye.file, boundary, place, reason, bytes: line.bytes.to_vec() }
    }
}

struct InspectWorker<'w> {
    job: &'w InspectJob<'w>,
    formats: &'w FileFormats<'w>,
    /// Plans in the order of [`FORMATS`].
    plans: &'w [DiscoveryPlan],
    survey: DatasetProfile,
    halves: Vec<SplitRecordHalf>,
}

impl<'w> InspectWorker<'w> {
    fn outline(&self, format: &'static EventFormat, seed: &HashSeed) -> FieldDiscovery<'w> {
        let place = FORMATS.iter().position(|known| std::ptr::eq(*known, format)).unwrap_or(FORMATS.len() - 1);
        FieldDiscovery::new(&self.plans[place], seed.clone())
    }

    fn run(mut self, reader: &BlockReader, seed: &HashSeed) -> WorkerResult {
        let mut reading = WorkerDecoders::new(self.formats, seed.clone(), Micros::MAX);
        let mut block = LineBlock::default();
        while let Some(next) = reader.next(block).map_err(RunError::Read)? {
            if next.long_line.is_some() {
                self.long_line(&next);
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
                let outline = self.outline(recognised.format, seed);
                self.block(&next, decoder, outline, recognised);
            }
            block = next;
        }
        reading.finish();
        Ok((self.survey, self.halves))
    }

    /// Counts a line over the limit; the format of the file need not be known for it.
    fn long_line(&mut self, block: &LineBlock) {
        let at = block.origins.first().map(|place| place.line);
        self.survey.files[block.file as usize].records += 1;
        self.survey.reject(RejectReason::TooLong, (block.file, block.index, 0, at), || None);
        self.survey.order.end(block.file, block.index, 1);
    }

    fn block(
        &mut self,
        block: &LineBlock,
        decoder: &mut LineDecoder<'_>,
        outline: FieldDiscovery<'_>,
        recognised: DetectedFormat,
    ) {
        let mut eye = RecordObserver {
            job: self.job,
            file: block.file,
            index: block.index,
            outline,
            instants: InstantReader::new(&self.job.model.resolved.input.zone),
            commas: recognised.commas,
        };
        let text = block.bytes.strip_suffix(b"\n").unwrap_or(&block.bytes);
        let pieces: Vec<InspectLine<'_>> = text
            .split(|byte| *byte == b'\n')
            .enumerate()
            .map(|(number, bytes)| {
                let place = block.origins.get(number);
                let row = place.and_then(|place| place.broken).map_or([0; 2], RowFault::numbers);
                InspectLine { bytes, number: number as u64, at: place.map(|place| place.line), row }
            })
            .collect();
        match decoder.framing() {
            LineFraming::Batches(paths) => {
                for piece in &pieces {
                    eye.batch(&mut self.survey, decoder, *piece, paths);
                }
            }
            LineFraming::Split => self.split(&mut eye, decoder, &pieces),
            LineFraming::Plain | LineFraming::Columns => {
                for piece in &pieces {
                    let broken = piece.row != [0; 2];
                    let seen = if broken {
                        Err(RejectReason::BadRow)
                    } else {
                        eye.observe(&mut self.survey, decoder, piece.bytes)
                    };
                    if let Err(reason) = seen {
                        eye.refuse(&mut self.survey, decoder, *piece, reason);
                    }
                }
            }
        }
        self.survey.order.end(block.file, block.index, pieces.len() as u64 - u64::from(block.goes_on));
    }

    /// Observes lines of a format that may split records. Joins two lines that are one record
    /// together but not alone.
    fn split(&mut self, eye: &mut RecordObserver<'_, '_>, decoder: &mut LineDecoder<'_>, pieces: &[InspectLine<'_>]) {
        let mut rest = pieces;
        while let Some((piece, after)) = rest.split_first() {
            rest = after;
            let Err(reason) = eye.observe(&mut self.survey, decoder, piece.bytes) else { continue };
            if piece.bytes.trim_ascii() == b"terminated early" {
                eye.reject(&mut self.survey, *piece, RejectReason::BrokenOff);
                continue;
            }
            let text = std::str::from_utf8(piece.bytes).unwrap_or_default();
            if !matches!(recover_line(text, reason), RecoveredLine::Rejected) {
                eye.refuse(&mut self.survey, decoder, *piece, reason);
                continue;
            }
            let broken = matches!(reason, RejectReason::InvalidJson | RejectReason::InvalidUtf8);
            let begins = piece.bytes.trim_ascii_start().starts_with(b"{");
            let half = |border| SplitRecordHalf::new(eye, piece, reason, border);
            match after.split_first() {
                Some((next, further)) if broken && begins => {
                    let whole = [piece.bytes.strip_suffix(b"\r").unwrap_or(piece.bytes), next.bytes].concat();
                    if eye.observe(&mut self.survey, decoder, &whole).is_ok() {
                        self.survey.split_records += 1;
                        rest = further;
                    } else {
                        eye.reject(&mut self.survey, *piece, reason);
                    }
                }
                None if broken && begins => self.halves.push(half(eye.index + 1)),
                _ if broken && !begins && piece.number == 0 && eye.index > 0 => self.halves.push(half(eye.index)),
                _ => eye.reject(&mut self.survey, *piece, reason),
            }
        }
    }

    /// Observes the records at block borders.
    fn join_halves(mut self, mut halves: Vec<SplitRecordHalf>, seed: &HashSeed) -> DatasetProfile {
        halves.sort_by_key(|half| (half.file, half.boundary, half.place));
        let mut reading = WorkerDecoders::new(self.formats, seed.clone(), Micros::MAX);
        let mut rest = halves.as_slice();
        while let Some((half, after)) = rest.split_first() {
            rest = after;
            let (Some(recognised), Ok(decoder)) =
                (self.formats.detected(half.file as usize), reading.decoder_for(half.file, None))
            else {
                continue;
            };
            let mut eye = RecordObserver {
                job: self.job,
                file: half.file,
                index: half.place.0,
                outline: self.outline(recognised.format, seed),
                instants: InstantReader::new(&self.job.model.resolved.input.zone),
                commas: false,
            };
            let other = after.first().filter(|other| (other.file, other.boundary) == (half.file, half.boundary));
            let whole = other.map(|other| [half.bytes.as_slice(), other.bytes.as_slice()].concat());
            if whole.is_some_and(|whole| eye.observe(&mut self.survey, decoder, &whole).is_ok()) {
                self.survey.split_records += 1;
                rest = &after[1..];
            } else {
                eye.reject(
                    &mut self.survey,
                    InspectLine { bytes: &half.bytes, number: half.place.1, at: None, row: [0; 2] },
                    half.reason,
                );
            }
        }
        self.survey
    }
}
