//! The bytes of one input as stored.
//!
//! Takes an [`Input`], gives its bytes up to the size it had when it was opened (of a member, its part of the archive). Invariant: an error
//! of the file or of the system is a [`Fault`] inside the `io::Error`, so that it can be told from
//! an error of the decoder that it passes through.

use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Input, InputKind};

/// Why the file itself, under any decoder, could not be read on.
#[derive(Debug)]
pub(super) enum Fault {
    /// The system reported an error.
    Failed(io::Error),
    /// The file is smaller than when it was opened.
    Shrunk { opened_bytes: u64, found_bytes: u64 },
    /// The packed data of an archive's member are damaged.
    Unpacking(io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(source) | Self::Unpacking(source) => source.fmt(f),
            Self::Shrunk { .. } => f.write_str("the file shrank"),
        }
    }
}

impl Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// The bytes of a file as stored, up to the size it had when it was opened.
pub(super) struct Raw {
    handle: Handle,
    /// Where in the file the bytes begin.
    start: u64,
    /// Size when opened, of regular files and members; others end where they end.
    opened_bytes: Option<u64>,
    /// Bytes read so far.
    pub(super) taken: u64,
    progress: Arc<AtomicU64>,
}

enum Handle {
    Stdin(io::Stdin),
    File(File),
    Memory(io::Cursor<Arc<[u8]>>),
}

impl Raw {
    pub(super) fn open(input: &Input, progress: Arc<AtomicU64>) -> io::Result<Self> {
        let (handle, start, opened_bytes) = match &input.kind {
            InputKind::Stdin => (Handle::Stdin(io::stdin()), 0, None),
            InputKind::File(path) => {
                let file = File::open(path)?;
                let meta = file.metadata()?;
                let opened_bytes = meta.is_file().then_some(meta.len());
                (Handle::File(file), 0, opened_bytes)
            }
            InputKind::Member(member) => {
                let mut file = File::open(&member.archive)?;
                file.seek(SeekFrom::Start(member.start))?;
                (Handle::File(file), member.start, Some(member.packed_bytes))
            }
            InputKind::Memory(bytes) => (Handle::Memory(io::Cursor::new(Arc::clone(bytes))), 0, None),
        };
        Ok(Self { handle, start, opened_bytes, taken: 0, progress })
    }

    /// How much of a buffer may be filled before the size at opening is reached.
    fn room(&self, buffer_bytes: usize) -> usize {
        match self.opened_bytes {
            None => buffer_bytes,
            Some(size) => usize::try_from(size.saturating_sub(self.taken)).unwrap_or(usize::MAX).min(buffer_bytes),
        }
    }

    /// Fails if the file is now smaller than when it was opened.
    pub(super) fn check_size(&self) -> Result<(), Fault> {
        let (Handle::File(file), Some(opened_bytes)) = (&self.handle, self.opened_bytes) else {
            return Ok(());
        };
        let found_bytes = file.metadata().map_err(Fault::Failed)?.len().saturating_sub(self.start);
        if found_bytes >= opened_bytes {
            return Ok(());
        }
        Err(Fault::Shrunk { opened_bytes, found_bytes })
    }

    /// The error for an end that comes before the size at opening.
    fn early_end(&self, opened_bytes: u64) -> Fault {
        // The file may have shrunk and grown again between the read and the look at its size.
        let found_bytes = self.taken;
        self.check_size().err().unwrap_or(Fault::Shrunk { opened_bytes, found_bytes })
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self.room(buffer.len());
        let Some(buffer) = buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        // Interrupted reads are repeated here, below decoders that may not expect them.
        let got = loop {
            let got = match &mut self.handle {
                Handle::Stdin(stdin) => stdin.read(buffer),
                Handle::File(file) => file.read(buffer),
                Handle::Memory(bytes) => bytes.read(buffer),
            };
            match got {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let got = got.map_err(Fault::Failed)?;
        if let (0, Some(opened_bytes)) = (got, self.opened_bytes) {
            return Err(self.early_end(opened_bytes).into());
        }
        self.taken += got as u64;
        self.progress.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}
