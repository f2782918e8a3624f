//! One input as a stream of decompressed bytes.
//!
//! Takes an [`InputSource`], gives its decompressed bytes; the first bytes decide the compression,
//! not the name. Invariant: a stream ends without an error only if every byte that the file had at
//! opening was read and, if compressed, checked.

use std::{
    io::{self, Read},
    sync::{Arc, atomic::AtomicU64},
};

use super::{
    InputKind, InputSource, ReadError,
    multi_frame::{FramePosition, MultiFrameDecoder},
    raw_file::{FileFault, RawFile},
    sniff::{Compression, SNIFF_BYTES_MAX, UTF8_MARK, ZSTD, detect_unsupported},
    tar_member::TarMemberReader,
    zip_member::ZipMemberReader,
};

/// The decompressed bytes of one input, less a byte order mark.
pub(super) struct DecompressedStream {
    name: String,
    body: PeekReader<StreamBody>,
    good_bytes: u64,
}

impl DecompressedStream {
    /// Opens an input and detects its compression.
    ///
    /// # Errors
    ///
    /// [`ReadError::Open`], those of [`DecompressedStream::read`], and
    /// [`ReadError::UnsupportedFormat`].
    pub(super) fn open(input: &InputSource, progress: &Arc<AtomicU64>) -> Result<Self, ReadError> {
        let name = input.name.clone();
        let stored = match StoredInput::open(input, progress) {
            Ok(stored) => stored,
            Err(source) if source.get_ref().is_some_and(|inner| inner.is::<FileFault>()) => {
                return Err(failure(name, Compression::None, (0, FramePosition::default()), source));
            }
            Err(source) => return Err(ReadError::Open { name, source }),
        };
        let body = match StreamBody::new(stored) {
            Ok(body) => body,
            Err((compression, source)) => {
                return Err(failure(name, compression, (0, FramePosition::default()), source));
            }
        };
        let mut stream = Self { name, body: PeekReader::new(body), good_bytes: 0 };
        stream.check_start()?;
        Ok(stream)
    }

    /// Skips a byte order mark and rejects unsupported formats.
    fn check_start(&mut self) -> Result<(), ReadError> {
        if self.peek(SNIFF_BYTES_MAX)?.starts_with(&UTF8_MARK) {
            self.body.at = UTF8_MARK.len();
            self.good_bytes = UTF8_MARK.len() as u64;
        }
        match detect_unsupported(self.peek(SNIFF_BYTES_MAX)?) {
            Some(foreign) => Err(ReadError::unsupported(&self.name, foreign)),
            None => Ok(()),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes of the content, less a byte order mark; fewer than `count` only if the
    /// content is shorter. It must not be called after a read.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`].
    pub(super) fn peek(&mut self, count: usize) -> Result<&[u8], ReadError> {
        if let Err(source) = self.body.peek(count) {
            self.good_bytes = self.body.head.len() as u64;
            return Err(self.failure(source));
        }
        Ok(self.body.head.get(self.body.at..).expect("the mark is in the head"))
    }

    /// Reads on. 0 means the end of a complete stream, or an empty `buffer`.
    ///
    /// # Errors
    ///
    /// Any but those of arguments and of opening. The stream must not be read after an error.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        match self.body.read(buffer) {
            Ok(got) => {
                self.good_bytes += got as u64;
                Ok(got)
            }
            Err(source) => Err(self.failure(source)),
        }
    }

    /// Checks, after the last byte, that the file did not shrink and was not replaced.
    ///
    /// # Errors
    ///
    /// [`ReadError::Changed`], [`ReadError::Rewritten`], or [`ReadError::Read`] if the file cannot
    /// be inspected.
    pub(super) fn finish(&self) -> Result<(), ReadError> {
        let checked = self.body.rest.raw().map_or(Ok(()), RawFile::check);
        checked.map_err(|fault| self.failure(fault.into()))
    }

    /// True if the file has more bytes than were read; valid after the last byte.
    pub(super) fn grew(&self) -> bool {
        self.body.rest.raw().is_some_and(RawFile::grew)
    }

    pub(super) fn compression(&self) -> Compression {
        self.body.rest.compression()
    }

    /// Decompressed bytes returned so far, including a byte order mark.
    pub(super) fn good_bytes(&self) -> u64 {
        self.good_bytes
    }

    /// Stored bytes read from the file so far.
    pub(super) fn raw_bytes(&self) -> u64 {
        self.body.rest.raw().map_or(0, |raw| raw.taken)
    }

    fn failure(&self, source: io::Error) -> ReadError {
        failure(self.name.clone(), self.compression(), (self.good_bytes, self.body.rest.part()), source)
    }
}

/// Maps an error of the file, which decoders pass on, or of the decoder.
fn failure(name: String, compression: Compression, place: (u64, FramePosition), source: io::Error) -> ReadError {
    match source.downcast::<FileFault>() {
        Ok(FileFault::Failed(source)) => ReadError::Read { name, source },
        Ok(FileFault::Shrunk { opened_bytes, found_bytes }) => ReadError::Changed { name, opened_bytes, found_bytes },
        Ok(FileFault::Rewritten) => ReadError::Rewritten { name },
        Ok(FileFault::DamagedMember(source, tool)) => {
            ReadError::MemberDamaged { name, tool, good_bytes: place.0, source }
        }
        Err(source) => decoding(name, compression, place, source),
    }
}

/// The error for bytes that were read but could not be decoded.
pub(super) fn decoding(
    name: String,
    compression: Compression,
    (good_bytes, part): (u64, FramePosition),
    source: io::Error,
) -> ReadError {
    // The zstd binding reports all codes of the C library as one kind; only the text differs.
    let is_window = || source.to_string().contains("too much memory");
    match (compression, source.kind()) {
        (Compression::None, _) => ReadError::Read { name, source },
        (_, io::ErrorKind::UnexpectedEof) => ReadError::Truncated { name, compression, good_bytes, part, source },
        (Compression::Zstd, _) if is_window() => ReadError::ZstdWindow { name, source },
        _ => ReadError::Damaged { name, compression, good_bytes, part, source },
    }
}

/// The input before decompression: a file, or a member of an archive after unpacking.
enum StoredInput {
    File(RawFile),
    Member(ZipMemberReader),
    Packed(TarMemberReader),
}

impl StoredInput {
    fn open(input: &InputSource, progress: &Arc<AtomicU64>) -> io::Result<Self> {
        let progress = Arc::clone(progress);
        match &input.kind {
            InputKind::TarMember(packed) => TarMemberReader::open(packed, progress).map(Self::Packed),
            InputKind::Member(member) => {
                Ok(Self::Member(ZipMemberReader::new(RawFile::open(input, progress)?, member)))
            }
            InputKind::Stdin | InputKind::File(_) | InputKind::Memory(_) | InputKind::Begun(_) => {
                RawFile::open(input, progress).map(Self::File)
            }
        }
    }
}

impl Read for StoredInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(raw) => raw.read(buffer),
            Self::Member(member) => member.read(buffer),
            Self::Packed(member) => member.read(buffer),
        }
    }
}

/// The decoder for the detected compression, over the file.
enum StreamBody {
    Plain(PeekReader<StoredInput>),
    Packed(Compression, MultiFrameDecoder<PeekReader<StoredInput>>),
}

impl StreamBody {
    fn new(raw: StoredInput) -> Result<Self, (Compression, io::Error)> {
        let mut raw = PeekReader::new(raw);
        let head = raw.peek(ZSTD.len()).map_err(|error| (Compression::None, error))?;
        if let Some(compression) = Compression::detect_truncated(head) {
            return Err((compression, io::ErrorKind::UnexpectedEof.into()));
        }
        match Compression::detect(head) {
            Compression::None => Ok(Self::Plain(raw)),
            Compression::Gzip => Ok(Self::Packed(Compression::Gzip, MultiFrameDecoder::gzip(raw))),
            Compression::Zstd => {
                let parts = MultiFrameDecoder::zstd(raw).map_err(|error| (Compression::Zstd, error))?;
                Ok(Self::Packed(Compression::Zstd, parts))
            }
        }
    }

    fn compression(&self) -> Compression {
        match self {
            Self::Plain(_) => Compression::None,
            Self::Packed(compression, _) => *compression,
        }
    }

    /// The current frame of compressed data.
    fn part(&self) -> FramePosition {
        match self {
            Self::Plain(_) => FramePosition::default(),
            Self::Packed(_, parts) => parts.part(),
        }
    }

    /// The file; none after an error.
    fn raw(&self) -> Option<&RawFile> {
        let stored = match self {
            Self::Plain(raw) => raw,
            Self::Packed(_, parts) => parts.get_ref()?,
        };
        match &stored.rest {
            StoredInput::File(raw) => Some(raw),
            StoredInput::Member(member) => Some(member.raw()),
            StoredInput::Packed(_) => None,
        }
    }
}

impl Read for StreamBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(buffer),
            Self::Packed(_, parts) => parts.read(buffer),
        }
    }
}

/// A reader that can show its first bytes before they are read.
struct PeekReader<R> {
    head: Vec<u8>,
    at: usize,
    rest: R,
}

impl<R: Read> PeekReader<R> {
    fn new(rest: R) -> Self {
        Self { head: Vec::new(), at: 0, rest }
    }

    /// The first bytes; fewer than `count` only if the input is shorter. It must not be called
    /// after a read.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        let missing = count.saturating_sub(self.head.len()) as u64;
        self.rest.by_ref().take(missing).read_to_end(&mut self.head)?;
        Ok(&self.head)
    }
}

impl<R: Read> Read for PeekReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut left = self.head.get(self.at..).expect("the head is read up to its end");
        if left.is_empty() {
            return self.rest.read(buffer);
        }
        let got = left.read(buffer)?;
        self.at += got;
        Ok(got)
    }
}
