//! Events and lines of later stages of time, which wait in an unnamed temporary file.
//!
//! A run that scores at several instants reads its input once. What is known before the first instant is
//! folded at once. An event that was received late is known later than it happened. The rest waits here: events as [`EventBatch`]es, all other lines as text, each in
//! the stage that it belongs to. [`StageSpool::fold_into`] folds one stage into the state of the
//! stages before it.
//!
//! ```text
//!  EventFolder ─┬▶ shards                       events before the first instant
//!               └▶ StageWriter ─▶ StageSpool ─▶ EventFolder ─▶ shards    one stage after the other
//! ```
//!
//! **Cost**: some 60 to 100 bytes of the temporary file per event; in memory up to 64 KiB per stage
//! and worker.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rayon::prelude::*;

use super::{EventFolder, FieldMisreads, FoldState, LinePlace, ShardSet, WorkerFold, event_batch::EventBatch};
use crate::{
    decode::format::{FileFormats, WorkerDecoders},
    plan::Model,
};
use pql_model::units::Micros;

/// Bytes of one stage that a worker gathers before it writes them.
const CHUNK_BYTES: usize = if cfg!(test) { 1 << 9 } else { 1 << 16 };

/// What waits for later stages, for all workers.
#[derive(Debug)]
pub(crate) struct StageSpool {
    /// The instants at which stages end, in order. What lies at or after the last one belongs to the
    /// stage behind it.
    ends: Vec<Micros>,
    waiting: Mutex<SpoolFile>,
}

/// The file, and the chunks in it.
#[derive(Debug, Default)]
struct SpoolFile {
    /// Made with the first chunk.
    file: Option<File>,
    length: u64,
    chunks: Vec<SpoolChunk>,
    /// The first failure. A worker cannot report it from where it happens.
    failed: Option<io::Error>,
}

/// Adjacent bytes of one stage.
#[derive(Debug, Clone, Copy)]
struct SpoolChunk {
    /// The stage, from 1 on: what belongs to stage 0 is never written.
    stage: usize,
    start: u64,
    bytes: usize,
    content: ChunkContent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChunkContent {
    /// An [`EventBatch`], with its number of events.
    Events(usize),
    /// Lines, as [`SpooledLine`] writes them.
    Lines,
}

/// What folding a stage needs beside the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StageJob<'j, 'm> {
    pub(crate) model: &'m Model,
    pub(crate) formats: &'j FileFormats<'m>,
    /// The number of files in the list of inputs.
    pub(crate) files: usize,
    /// Lines at or after this instant do not count.
    pub(crate) until: Micros,
    /// Threads that fold.
    pub(crate) workers: usize,
}

impl StageSpool {
    /// An empty spool. `ends` are the instants at which stages end, in order.
    pub(crate) fn new(ends: Vec<Micros>) -> StageSpool {
        StageSpool { ends, waiting: Mutex::default() }
    }

    /// True if anything may wait.
    pub(crate) fn has_stages(&self) -> bool {
        !self.ends.is_empty()
    }

    /// The first instant that waits for a later stage.
    pub(super) fn waits_from(&self) -> Micros {
        self.ends.first().copied().unwrap_or(Micros::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, SpoolFile> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, stage: usize, content: ChunkContent, bytes: &[u8]) {
        let mut waiting = self.lock();
        if waiting.failed.is_some() {
            return;
        }
        match waiting.append(bytes) {
            Ok(start) => waiting.chunks.push(SpoolChunk { stage, start, bytes: bytes.len(), content }),
            Err(error) => waiting.failed = Some(error),
        }
    }

    /// Folds what waits for a stage into the state of the stages before it. Returns the fields of
    /// lines that became null because they are no number or date.
    ///
    /// # Errors
    ///
    /// Those of the temporary file, also those of what was written before.
    pub(crate) fn fold_into(
        &self,
        state: &mut FoldState,
        stage: usize,
        job: &StageJob<'_, '_>,
    ) -> io::Result<Vec<FieldMisreads>> {
        let chunks = self.chunks_of(stage)?;
        let shards = ShardSet::resume(job.model, state, job.workers);
        let of_worker = chunks.len().div_ceil(job.workers.max(1)).max(1);
        let folded: io::Result<Vec<WorkerFold>> =
            chunks.par_chunks(of_worker).map(|chunks| self.fold_chunks(chunks, &shards, job)).collect();
        let mut folded = folded?;
        let misread = folded.iter_mut().map(|one| std::mem::take(&mut one.misread)).collect();
        shards.suspend(state, folded);
        Ok(misread)
    }

    fn chunks_of(&self, stage: usize) -> io::Result<Vec<SpoolChunk>> {
        let mut waiting = self.lock();
        if let Some(error) = waiting.failed.take() {
            return Err(error);
        }
        Ok(waiting.chunks.iter().filter(|chunk| chunk.stage == stage).copied().collect())
    }

    fn fold_chunks(
        &self,
        chunks: &[SpoolChunk],
        shards: &ShardSet<'_>,
        job: &StageJob<'_, '_>,
    ) -> io::Result<WorkerFold> {
        let mut decoders = WorkerDecoders::new(job.formats, shards.seed(), job.until);
        let mut folder = EventFolder::new(shards, job.files);
        for chunk in chunks {
            match chunk.content {
                ChunkContent::Events(count) => {
                    let mut words = vec![0_u64; chunk.bytes / size_of::<u64>()];
                    self.lock().read(chunk, bytemuck::cast_slice_mut(&mut words))?;
                    folder.refold(&EventBatch::from_words(words, count));
                }
                ChunkContent::Lines => {
                    let mut bytes = vec![0; chunk.bytes];
                    self.lock().read(chunk, &mut bytes)?;
                    let mut rest = bytes.as_slice();
                    while let Some(line) = SpooledLine::split_off(&mut rest) {
                        // The line comes from a file whose format is settled.
                        if let Ok(decoder) = decoders.decoder_for(line.file, None) {
                            folder.refold_line(line.file, line.place, &decoder.decode(line.text));
                        }
                    }
                }
            }
        }
        Ok(folder.finish())
    }
}

impl SpoolFile {
    /// Writes at the end; returns where it begins.
    fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let start = self.length;
        file.seek(SeekFrom::Start(start))?;
        file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(start)
    }

    fn read(&mut self, chunk: &SpoolChunk, into: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().expect("a chunk is written to the file");
        file.seek(SeekFrom::Start(chunk.start))?;
        file.read_exact(into)
    }
}

/// What one worker writes to the spool: a batch of events and some lines for each stage.
#[derive(Debug)]
pub(super) struct StageWriter<'s> {
    spool: &'s StageSpool,
    /// By stage, from stage 1 on.
    events: Vec<EventBatch>,
    /// By stage, from stage 1 on.
    lines: Vec<Vec<u8>>,
}

impl<'s> StageWriter<'s> {
    pub(super) fn new(spool: &'s StageSpool) -> StageWriter<'s> {
        StageWriter {
            spool,
            events: spool.ends.iter().map(|_| EventBatch::default()).collect(),
            lines: vec![Vec::new(); spool.ends.len()],
        }
    }

    /// The stage of an instant that waits, counted from stage 1 on.
    fn index(&self, at: Micros) -> usize {
        let stage = self.spool.ends.partition_point(|end| *end <= at);
        stage.checked_sub(1).expect("an instant of stage 0 does not wait")
    }

    /// The batch to which an event at an instant is added, once the batch has room.
    pub(super) fn batch(&mut self, at: Micros) -> &mut EventBatch {
        let index = self.index(at);
        let batch = &mut self.events[index];
        if batch.bytes().len() >= CHUNK_BYTES {
            self.spool.write(index + 1, ChunkContent::Events(batch.event_count), batch.bytes());
            batch.clear();
        }
        batch
    }

    /// Keeps a line.
    pub(super) fn keep_line(&mut self, at: Micros, line: &SpooledLine<'_>) {
        let index = self.index(at);
        let lines = &mut self.lines[index];
        line.append_to(lines);
        if lines.len() >= CHUNK_BYTES {
            self.spool.write(index + 1, ChunkContent::Lines, lines);
            lines.clear();
        }
    }

    /// Writes what is left.
    pub(super) fn finish(self) {
        for (index, batch) in self.events.iter().enumerate().filter(|(_, batch)| batch.event_count > 0) {
            self.spool.write(index + 1, ChunkContent::Events(batch.event_count), batch.bytes());
        }
        for (index, lines) in self.lines.iter().enumerate().filter(|(_, lines)| !lines.is_empty()) {
            self.spool.write(index + 1, ChunkContent::Lines, lines);
        }
    }
}

/// A line that waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SpooledLine<'l> {
    /// The number of the file in the list of inputs.
    pub(super) file: u32,
    pub(super) place: LinePlace,
    pub(super) text: &'l str,
}

impl<'l> SpooledLine<'l> {
    /// Appends the numbers, 8 bytes each, and the text.
    fn append_to(&self, bytes: &mut Vec<u8>) {
        let LinePlace { block, line, at } = self.place;
        let numbered = u64::from(at.is_some());
        let length = self.text.len() as u64;
        for number in [u64::from(self.file), u64::from(block), line, numbered, at.unwrap_or(0), length] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.text.as_bytes());
    }

    /// Takes the first line off the bytes of a chunk.
    fn split_off(rest: &mut &'l [u8]) -> Option<SpooledLine<'l>> {
        let [file, block, line, numbered, at, length] = {
            let mut numbers = [0; 6];
            for number in &mut numbers {
                let (first, after) = rest.split_first_chunk::<8>()?;
                *number = u64::from_le_bytes(*first);
                *rest = after;
            }
            numbers
        };
        let (text, after) = rest.split_at_checked(length as usize)?;
        *rest = after;
        let place = LinePlace { block: block as u32, line, at: (numbered > 0).then_some(at) };
        Some(SpooledLine { file: file as u32, place, text: std::str::from_utf8(text).expect("a text was written") })
    }
}
