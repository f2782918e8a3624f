//! The stored bytes of one input.
//!
//! Takes an [`InputSource`], gives its bytes up to the size at opening; for a member, its part of
//! the archive. Invariant: an error of the file or of the system is a [`FileFault`] inside the
//! `io::Error`. So it can be distinguished from an error of the decoder that it passes through.
//!
//! A file may change while it is read. Its size and last write time at the end show whether all
//! bytes were of one version.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Compression, InputKind, InputSource,
    begun_pipe::PipeEnd,
    file_version::{ModifiedTime, file_metadata, modified_time},
};
use crate::fs::retry::retry_interrupted;

/// The reason why the file itself, under any decoder, could not be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileFault {
    /// The system reported an error.
    #[error("{0}")]
    Failed(io::Error),
    /// The file is smaller than when it was opened.
    #[error("the file shrank")]
    Shrunk { opened_bytes: u64, found_bytes: u64 },
    /// The file was overwritten since it was opened, whatever its size.
    #[error("the file was written over")]
    Rewritten,
    /// The packed data of an archive's member are damaged; what checks the archive.
    #[error("{0}")]
    DamagedMember(io::Error, &'static str),
}

impl From<FileFault> for io::Error {
    fn from(fault: FileFault) -> Self {
        Self::other(fault)
    }
}

/// The number of first bytes that are compared again at the end, if the file was written to
/// meanwhile.
const HEAD_BYTES_MAX: usize = 1024;

/// The bytes read at once in search of a line end.
const SEARCH_BYTES: usize = 64 << 10;

/// The stored bytes of a file up to its size at opening. In plain text, up to the end of the line
/// that was being written then.
pub(super) struct RawFile {
    handle: RawHandle,
    /// The offset of the bytes in the file.
    start: u64,
    /// Size at opening, of regular files and members; other inputs have none.
    opened_bytes: Option<u64>,
    /// The same size, without the line that was completed later.
    size_at_first: u64,
    /// The time of the last write before opening, for regular files.
    written: ModifiedTime,
    /// The first bytes, to recognise the file by.
    head: Vec<u8>,
    /// True if the last byte read ended a line.
    at_line_end: bool,
    /// Bytes read so far.
    pub(super) taken: u64,
    progress: Arc<AtomicU64>,
}

enum RawHandle {
    Stdin(io::Stdin),
    File(File),
    Memory(io::Cursor<Arc<[u8]>>),
    /// The bytes that were read, then the rest.
    Begun(io::Chain<io::Cursor<Arc<[u8]>>, PipeEnd>),
}

impl RawFile {
    pub(super) fn open(input: &InputSource, progress: Arc<AtomicU64>) -> io::Result<Self> {
        let mut written = None;
        let (handle, start, opened_bytes) = match &input.kind {
            InputKind::Stdin => (RawHandle::Stdin(io::stdin()), 0, None),
            InputKind::File(path) => {
                let file = File::open(path)?;
                let meta = file_metadata(&file)?;
                let opened_bytes = meta.is_file().then_some(meta.len());
                written = opened_bytes.and_then(|_| modified_time(&meta));
                (RawHandle::File(file), 0, opened_bytes)
            }
            InputKind::Member(member) => {
                let mut file = File::open(&member.archive)?;
                file.seek(SeekFrom::Start(member.start))?;
                (RawHandle::File(file), member.start, Some(member.packed_bytes))
            }
            InputKind::TarMember(_) => unreachable!("a packed member is read by `TarMemberReader`"),
            InputKind::Begun(pipe) => {
                let head = io::Cursor::new(Arc::clone(&pipe.head));
                (RawHandle::Begun(head.chain(pipe.take_rest()?)), 0, None)
            }
            InputKind::Memory(bytes) => (RawHandle::Memory(io::Cursor::new(Arc::clone(bytes))), 0, None),
        };
        let size_at_first = opened_bytes.unwrap_or(0);
        Ok(Self {
            handle,
            start,
            opened_bytes,
            size_at_first,
            written,
            head: Vec::new(),
            at_line_end: true,
            taken: 0,
            progress,
        })
    }

    /// The number of bytes that may be read before the size at opening is reached.
    fn bytes_left(&self, buffer_bytes: usize) -> usize {
        match self.opened_bytes {
            None => buffer_bytes,
            Some(size) => usize::try_from(size.saturating_sub(self.taken)).unwrap_or(usize::MAX).min(buffer_bytes),
        }
    }

    /// Fails if the file is smaller than at opening, or was overwritten.
    pub(super) fn check(&self) -> Result<(), FileFault> {
        let (RawHandle::File(file), Some(opened_bytes)) = (&self.handle, self.opened_bytes) else {
            return Ok(());
        };
        let meta = file_metadata(file).map_err(FileFault::Failed)?;
        let found_bytes = meta.len().saturating_sub(self.start);
        if found_bytes < opened_bytes {
            return Err(FileFault::Shrunk { opened_bytes, found_bytes });
        }
        if self.written.is_none() || self.written == modified_time(&meta) {
            return Ok(());
        }
        // Appending leaves the beginning as it is; copying and truncating does not.
        let grew = found_bytes > self.size_at_first && self.begins_the_same(file).map_err(FileFault::Failed)?;
        if grew { Ok(()) } else { Err(FileFault::Rewritten) }
    }

    /// True if the file has more bytes than were read; valid after the last byte.
    pub(super) fn grew(&self) -> bool {
        match (&self.handle, self.written) {
            (RawHandle::File(file), Some(_)) => file_metadata(file).is_ok_and(|meta| meta.len() > self.taken),
            _ => false,
        }
    }

    /// True if the file still begins with the bytes that were read first.
    fn begins_the_same(&self, file: &File) -> io::Result<bool> {
        let mut head = vec![0; self.head.len()];
        read_at(file, &mut head, 0).map(|got| got == head.len() && head == self.head)
    }

    /// Extends the limit to the end of the line that crosses it, if the file has grown that far.
    ///
    /// Compressed files are not extended: an appended member is not part of a line.
    fn finish_line(&mut self) -> io::Result<()> {
        let (RawHandle::File(file), Some(_), Some(opened_bytes)) = (&self.handle, self.written, self.opened_bytes)
        else {
            return Ok(());
        };
        if self.at_line_end || Compression::detect(&self.head) != Compression::None {
            return Ok(());
        }
        let mut chunk = vec![0; SEARCH_BYTES];
        let mut end = opened_bytes;
        loop {
            let got = read_at(file, &mut chunk, end)?;
            if got == 0 {
                // The line is unfinished; the part that exists is read and will be rejected.
                return Ok(());
            }
            if let Some(at) = memchr::memchr(b'\n', &chunk[..got]) {
                self.opened_bytes = Some(end + at as u64 + 1);
                return Ok(());
            }
            end += got as u64;
        }
    }

    /// Updates the first bytes, the position in the line and the totals after a read.
    fn record_read(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES_MAX.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        self.at_line_end = bytes.last().is_none_or(|byte| *byte == b'\n');
        self.taken += bytes.len() as u64;
        self.progress.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }

    /// The error for an end before the size at opening.
    fn early_end(&self, opened_bytes: u64) -> FileFault {
        // The file may have shrunk and grown again between the read and the check of its size.
        let found_bytes = self.taken;
        self.check().err().unwrap_or(FileFault::Shrunk { opened_bytes, found_bytes })
    }
}

impl Read for RawFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut room = self.bytes_left(buffer.len());
        if room == 0 && !buffer.is_empty() {
            self.finish_line().map_err(FileFault::Failed)?;
            room = self.bytes_left(buffer.len());
        }
        let Some(buffer) = buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        // Interrupted reads are repeated here, because the decoders above may not expect them.
        let got = retry_interrupted(|| match &mut self.handle {
            RawHandle::Stdin(stdin) => stdin.read(buffer),
            RawHandle::File(file) => file.read(buffer),
            RawHandle::Memory(bytes) => bytes.read(buffer),
            RawHandle::Begun(both) => both.read(buffer),
        });
        let got = got.map_err(FileFault::Failed)?;
        if let (0, Some(opened_bytes)) = (got, self.opened_bytes) {
            return Err(self.early_end(opened_bytes).into());
        }
        self.record_read(&buffer[..got]);
        Ok(got)
    }
}

/// Reads at an offset, independent of the position; fewer bytes than requested only at the end of
/// the file.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match retry_interrupted(|| file.read_at(rest, at + filled as u64))? {
            0 => break,
            got => filled += got,
        }
    }
    Ok(filled)
}

/// Never called here, because `modified_time` returns none on such systems.
#[cfg(not(unix))]
fn read_at(_file: &File, _buffer: &mut [u8], _at: u64) -> io::Result<usize> {
    Ok(0)
}
