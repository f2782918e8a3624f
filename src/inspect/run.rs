//! Threads that read blocks and see what is in them.

use super::{
    eye::{Eye, Piece},
    survey::Survey,
};
use crate::{
    clock::InstantReader,
    decode::{
        Decoder, Outline, OutlinePlan, Reason, Seed,
        format::{FORMATS, Format, Formats, Lines, Reading, Recognised},
    },
    model::Model,
    pipeline::RunError,
    read::{Block, FileStats, Input, Limits, Naming, Reader},
    units::Micros,
};

/// What to look at.
#[derive(Debug)]
pub struct Job<'j> {
    /// The model that says where the parts of an event are, and which zone cuts days.
    pub model: &'j Model,
    /// The files, as resolved.
    pub inputs: Vec<Input>,
    /// The format of the files, or `auto`.
    pub format: &'j str,
    /// The present.
    pub now: Micros,
    /// Threads.
    pub workers: usize,
    /// Whether samples of values are kept.
    pub keep_values: bool,
    /// How long a line may be, and how large blocks are.
    pub limits: Limits,
}

/// What is in a dump.
#[derive(Debug)]
pub struct Dump {
    /// What was seen.
    pub survey: Survey,
    /// By file.
    pub files: Vec<FileStats>,
    /// What each file was recognised as.
    pub formats: Vec<Option<Recognised>>,
}

/// Reads everything once.
///
/// **Cost**: memory does not grow with events: tables are bounded ([`super::survey`]), and what is counted beyond them is a sample
/// (`distinct`); a date that has events costs 40 bytes, and a block of the input 60.
///
/// **Errors**: [`RunError`] of reading, and of a file that is known and not read.
pub fn look(job: &Job<'_>) -> Result<Dump, RunError> {
    let formats = Formats::new(job.model, job.format, job.inputs.len());
    let plans: Vec<OutlinePlan> = FORMATS.iter().map(|format| OutlinePlan::new(format, &job.model.input)).collect();
    // A row of a table becomes a native line, with all its columns.
    let fields = job.model.input.fields_of("native").map(|paths| paths.into_iter().next());
    let naming = Naming { fields, properties: None, dedupe: true };
    let reader = Reader::new(job.inputs.clone(), job.limits, job.workers).with_naming(naming);
    let seed = Seed::default();
    let results: Vec<Result<(Survey, Vec<Half>), RunError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..job.workers.max(1))
            .map(|_| {
                scope.spawn(|| {
                    let worker = Worker {
                        job,
                        formats: &formats,
                        plans: &plans,
                        survey: Survey::new(job.inputs.len()),
                        halves: Vec::new(),
                    };
                    worker.run(&reader, &seed)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    if let Some((file, foreign)) = formats.foreign() {
        let file = job.inputs.get(file).map_or_else(String::new, |input| input.name.clone());
        return Err(RunError::Foreign { file, foreign });
    }
    let mut survey = Survey::new(job.inputs.len());
    let mut halves = Vec::new();
    for result in results {
        let (seen, more) = result?;
        survey.merge(seen);
        halves.extend(more);
    }
    let worker = Worker { job, formats: &formats, plans: &plans, survey, halves: Vec::new() };
    let survey = worker.join_halves(halves, &seed);
    let files = reader.file_stats();
    let formats = files.iter().map(|stats| formats.of(stats.file as usize)).collect();
    Ok(Dump { survey, files, formats })
}

/// The end of a block that may go on in the next one, or the beginning of one that may have begun before.
struct Half {
    file: u32,
    /// The number of the later of the two blocks.
    border: u32,
    /// Of its block.
    place: (u32, u64),
    reason: Reason,
    bytes: Vec<u8>,
}

struct Worker<'w> {
    job: &'w Job<'w>,
    formats: &'w Formats<'w>,
    /// In the order of [`FORMATS`].
    plans: &'w [OutlinePlan],
    survey: Survey,
    halves: Vec<Half>,
}

impl<'w> Worker<'w> {
    fn outline(&self, format: &'static Format, seed: &Seed) -> Outline<'w> {
        let place = FORMATS.iter().position(|known| std::ptr::eq(*known, format)).unwrap_or(FORMATS.len() - 1);
        Outline::new(&self.plans[place], seed.clone())
    }

    fn run(mut self, reader: &Reader, seed: &Seed) -> Result<(Survey, Vec<Half>), RunError> {
        let mut reading = Reading::new(self.formats, seed.clone(), Micros::MAX);
        let mut block = Block::default();
        while let Some(next) = reader.next(block).map_err(RunError::Read)? {
            if next.long_line.is_some() {
                self.long_line(&next);
                block = next;
                continue;
            }
            let first = next.begins.then_some(&*next.bytes);
            let decoder = reading.of_file(next.file, first).map_err(|foreign| {
                reader.stop();
                let file = self.job.inputs.get(next.file as usize).map_or_else(String::new, |input| input.name.clone());
                RunError::Foreign { file, foreign }
            })?;
            if let Some(recognised) = self.formats.of(next.file as usize) {
                let outline = self.outline(recognised.format, seed);
                self.block(&next, decoder, outline, recognised);
            }
            block = next;
        }
        reading.finish();
        Ok((self.survey, self.halves))
    }

    /// Sees a line over the limit, which says nothing of the file's format.
    fn long_line(&mut self, block: &Block) {
        let at = block.places.first().map(|place| place.line);
        self.survey.files[block.file as usize].records += 1;
        self.survey.reject(Reason::TooLong, (block.file, block.index, 0, at));
        self.survey.order.end(block.file, block.index, 1);
    }

    fn block(&mut self, block: &Block, decoder: &mut Decoder<'_>, outline: Outline<'_>, recognised: Recognised) {
        let mut eye = Eye {
            job: self.job,
            file: block.file,
            index: block.index,
            outline,
            instants: InstantReader::new(&self.job.model.input.zone),
            // Other formats say where their parts are.
            unknown: recognised.format.name == "native",
        };
        let text = block.bytes.strip_suffix(b"\n").unwrap_or(&block.bytes);
        let pieces: Vec<Piece<'_>> = text
            .split(|byte| *byte == b'\n')
            .enumerate()
            .map(|(number, bytes)| {
                let at = block.places.get(number).map(|place| place.line);
                Piece { bytes, number: number as u64, at }
            })
            .collect();
        match decoder.lines() {
            Lines::Batches(paths) => {
                for piece in &pieces {
                    eye.batch(&mut self.survey, decoder, *piece, paths);
                }
            }
            Lines::Split => self.split(&mut eye, decoder, &pieces),
            Lines::Plain | Lines::Columns => {
                for piece in &pieces {
                    let broken = block.places.get(piece.number as usize).is_some_and(|place| place.broken);
                    let seen =
                        if broken { Err(Reason::BadRow) } else { eye.see(&mut self.survey, decoder, piece.bytes) };
                    if let Err(reason) = seen {
                        eye.reject(&mut self.survey, *piece, reason);
                    }
                }
            }
        }
        self.survey.order.end(block.file, block.index, pieces.len() as u64);
    }

    /// Lines of which some are broken in two: two are joined where neither is a record and both together are one.
    fn split(&mut self, eye: &mut Eye<'_, '_>, decoder: &mut Decoder<'_>, pieces: &[Piece<'_>]) {
        let mut rest = pieces;
        while let Some((piece, after)) = rest.split_first() {
            rest = after;
            let Err(reason) = eye.see(&mut self.survey, decoder, piece.bytes) else { continue };
            if piece.bytes.trim_ascii() == b"terminated early" {
                eye.reject(&mut self.survey, *piece, Reason::BrokenOff);
                continue;
            }
            let broken = matches!(reason, Reason::InvalidJson | Reason::InvalidUtf8);
            let begins = piece.bytes.trim_ascii_start().starts_with(b"{");
            let half = |border| Half {
                file: eye.file,
                border,
                place: (eye.index, piece.number),
                reason,
                bytes: piece.bytes.to_vec(),
            };
            match after.split_first() {
                Some((next, further)) if broken && begins => {
                    let whole = [piece.bytes.strip_suffix(b"\r").unwrap_or(piece.bytes), next.bytes].concat();
                    if eye.see(&mut self.survey, decoder, &whole).is_ok() {
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

    /// Sees what lay across the borders of blocks.
    fn join_halves(mut self, mut halves: Vec<Half>, seed: &Seed) -> Survey {
        halves.sort_by_key(|half| (half.file, half.border, half.place));
        let mut reading = Reading::new(self.formats, seed.clone(), Micros::MAX);
        let mut rest = halves.as_slice();
        while let Some((half, after)) = rest.split_first() {
            rest = after;
            let (Some(recognised), Ok(decoder)) =
                (self.formats.of(half.file as usize), reading.of_file(half.file, None))
            else {
                continue;
            };
            let mut eye = Eye {
                job: self.job,
                file: half.file,
                index: half.place.0,
                outline: self.outline(recognised.format, seed),
                instants: InstantReader::new(&self.job.model.input.zone),
                unknown: false,
            };
            let other = after.first().filter(|other| (other.file, other.border) == (half.file, half.border));
            let whole = other.map(|other| [half.bytes.as_slice(), other.bytes.as_slice()].concat());
            if whole.is_some_and(|whole| eye.see(&mut self.survey, decoder, &whole).is_ok()) {
                self.survey.split_records += 1;
                rest = &after[1..];
            } else {
                eye.reject(&mut self.survey, Piece { bytes: &half.bytes, number: half.place.1, at: None }, half.reason);
            }
        }
        self.survey
    }
}
