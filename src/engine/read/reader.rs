//! Hands the blocks of all inputs to any number of threads.
//!
//! Takes the inputs, gives blocks, each of them once. Invariant: at most one thread reads a file at
//! a time, so its blocks are cut in order. No lock is held while a thread reads.

use std::{
    fs, mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    BlockLimits, ColumnMapping, Compression, InputKind, InputSource, LineBlock, MissingColumn, MultilineRecord,
    ReadError,
    format_reader::{FileTotals, FormatReader},
};
use crate::fs::retry::retry_interrupted;

/// The statistics of a file that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStats {
    /// Position of the file in the list given to [`BlockReader::new`], from 0.
    pub(crate) file: u32,
    /// The name of the input.
    pub name: String,
    /// The compression of the file.
    pub compression: Compression,
    /// Stored size of the file, as far as it was read; bytes.
    pub(crate) raw_bytes: u64,
    /// Size of the content, including a byte order mark; decompressed bytes.
    pub bytes: u64,
    /// True if the file grew while it was read, so that it has more content by now.
    pub grew: bool,
    /// True if the file is an API response that announces more pages.
    pub more_pages: bool,
    /// Records of many lines that may be several records.
    pub multiline: Option<MultilineRecord>,
    /// Columns that the model names and the header row does not.
    pub missing_columns: Vec<MissingColumn>,
}

/// The blocks of a list of inputs, for threads to share by reference.
///
/// Threads that ask at the same time are given different files, so that several compressed files
/// are decompressed at once; with a single file they take turns. A file is opened only when no open
/// one is free, so that no more are open than are needed.
///
/// **Cost:** per thread one block, the beginning of a line (less than a block), and the decoder's
/// window.
pub struct BlockReader {
    inputs: Vec<InputSource>,
    /// For each input: true once a block of whole lines was given.
    begun: Vec<AtomicBool>,
    limits: BlockLimits,
    naming: ColumnMapping,
    open_files_max: usize,
    total_bytes: Option<u64>,
    progress: Arc<AtomicU64>,
    queue: Mutex<FileQueue>,
    turned: Condvar,
}

/// The files and their states.
#[derive(Default)]
struct FileQueue {
    /// Open files that no thread reads.
    idle: Vec<FormatReader>,
    /// The number of files that threads are reading.
    busy: usize,
    /// The first input not opened yet.
    unopened: usize,
    /// Set by the first error, and by [`BlockReader::stop`].
    stopped: bool,
    done: Vec<FileStats>,
}

impl BlockReader {
    /// Prepares to read `inputs` from `workers` threads; opens no file yet.
    pub fn new(inputs: Vec<InputSource>, limits: BlockLimits, workers: usize) -> Self {
        Self {
            total_bytes: inputs.iter().map(regular_bytes).sum(),
            begun: inputs.iter().map(|_| AtomicBool::new(false)).collect(),
            inputs,
            limits,
            naming: ColumnMapping::default(),
            open_files_max: workers.max(1),
            progress: Arc::default(),
            queue: Mutex::default(),
            turned: Condvar::new(),
        }
    }

    /// Sets the column mapping, for tables whose columns do not have the native names.
    #[must_use]
    pub(crate) fn with_column_mapping(self, naming: ColumnMapping) -> Self {
        Self { naming, ..self }
    }

    /// The next block of any file, in the buffer of `recycled`. `None` when all were given, or
    /// after an error or [`BlockReader::stop`].
    ///
    /// The blocks of one file come in order; those of different files interleave.
    ///
    /// # Errors
    ///
    /// The first error of any file, once; it stops the reader.
    pub fn next(&self, recycled: LineBlock) -> Result<Option<LineBlock>, ReadError> {
        let mut block = recycled;
        while let Some(mut lease) = self.lease() {
            if lease.advance(&mut block)? {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// Makes every later [`BlockReader::next`] return `None`.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.turned.notify_all();
    }

    /// Bytes read from the inputs so far, as stored.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }

    /// Size of all inputs as stored, taken when the reader was made; `None` if one is not a regular
    /// file.
    pub(crate) fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// The statistics of the files read to their end so far, in the order of the inputs.
    pub(crate) fn file_stats(&self) -> Vec<FileStats> {
        let mut done = self.lock().done.clone();
        done.sort_by_key(|stats| stats.file);
        done
    }

    /// Waits for a file to read from; `None` if there will be none.
    fn lease(&self) -> Option<FileLease<'_>> {
        let mut queue = self.lock();
        loop {
            if queue.stopped {
                return None;
            }
            if let Some(turn) = self.pick(&mut queue) {
                queue.busy += 1;
                return Some(FileLease { reader: self, turn });
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.turned.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The first open file that is free, or else one not opened yet.
    fn pick<'a>(&'a self, queue: &mut FileQueue) -> Option<LeaseState<'a>> {
        let places = queue.idle.iter().enumerate();
        if let Some((place, _)) = places.min_by_key(|(_, source)| source.file()) {
            return Some(LeaseState::Open(queue.idle.swap_remove(place)));
        }
        if queue.busy >= self.open_files_max {
            return None;
        }
        let file = queue.unopened;
        let input = self.inputs.get(file)?;
        queue.unopened += 1;
        Some(LeaseState::Unopened(u32::try_from(file).expect("fewer than 2^32 inputs"), input))
    }

    /// Locks the queue. Its data is consistent between any two statements, so a panic in another
    /// thread does no harm.
    fn lock(&self) -> MutexGuard<'_, FileQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that one thread reads; dropping it returns the file to the queue.
struct FileLease<'a> {
    reader: &'a BlockReader,
    turn: LeaseState<'a>,
}

/// The state of a leased file.
#[expect(clippy::large_enum_variant, reason = "there is one per thread, and it is moved once per block")]
enum LeaseState<'a> {
    Unopened(u32, &'a InputSource),
    Open(FormatReader),
    Done(FileStats),
    /// The file is being read. It is dropped in this state only by an error or a panic.
    Broken,
}

impl FileLease<'_> {
    /// Reads one block; `false` at the end of the file.
    fn advance(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        let reader = self.reader;
        let mut source = match mem::replace(&mut self.turn, LeaseState::Broken) {
            LeaseState::Unopened(file, input) => reader.open(file, input)?,
            LeaseState::Open(source) => source,
            LeaseState::Done(_) | LeaseState::Broken => return Ok(false),
        };
        let more = source.next(block)?;
        // Only this thread reads the file, and its blocks come in order.
        block.starts_file = more
            && block.long_line.is_none()
            && reader.begun.get(source.file() as usize).is_some_and(|begun| !begun.swap(true, Ordering::Relaxed));
        self.turn = if more { LeaseState::Open(source) } else { LeaseState::Done(reader.finish(source)?) };
        Ok(more)
    }
}

impl BlockReader {
    fn open(&self, file: u32, input: &InputSource) -> Result<FormatReader, ReadError> {
        FormatReader::open(input, file, self.limits, &self.naming, &self.progress)
    }

    fn finish(&self, source: FormatReader) -> Result<FileStats, ReadError> {
        let file = source.file();
        let name = self.inputs.get(file as usize).expect("a source reads one of the inputs").name.clone();
        let FileTotals { compression, raw_bytes, bytes, grew, more_pages, multiline, missing_columns } =
            source.finish()?;
        Ok(FileStats { file, name, compression, raw_bytes, bytes, grew, more_pages, multiline, missing_columns })
    }
}

impl Drop for FileLease<'_> {
    fn drop(&mut self) {
        let mut queue = self.reader.lock();
        queue.busy = queue.busy.saturating_sub(1);
        match mem::replace(&mut self.turn, LeaseState::Broken) {
            LeaseState::Open(source) => {
                queue.idle.push(source);
                self.reader.turned.notify_one();
                return;
            }
            LeaseState::Done(stats) => queue.done.push(stats),
            LeaseState::Unopened(..) | LeaseState::Broken => queue.stopped = true,
        }
        // Either the last file is done or the reader has stopped: all waiting threads must check
        // again.
        self.reader.turned.notify_all();
    }
}

/// Size of an input, if it is known before reading.
fn regular_bytes(input: &InputSource) -> Option<u64> {
    match &input.kind {
        InputKind::Stdin | InputKind::Begun(_) => None,
        InputKind::Memory(bytes) => u64::try_from(bytes.len()).ok(),
        InputKind::File(path) => {
            let meta = retry_interrupted(|| fs::metadata(path)).ok()?;
            meta.is_file().then_some(meta.len())
        }
        InputKind::Member(member) => Some(member.packed_bytes),
        InputKind::TarMember(packed) => Some(packed.bytes),
    }
}
