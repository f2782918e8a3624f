//! Decompresses gzip members and zstd frames; a file may hold several in a row.
//!
//! Takes stored bytes, gives the content of all frames. Invariant: the frame of the last byte and
//! its offset are known, so that an error can name the place of the damage.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
};

use flate2::bufread::GzDecoder;

/// Largest window granted to a zstd frame, as a power of two: 128 MiB. It is the default of the
/// zstd command too, and keeps a few bytes from demanding gigabytes.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Read size under the decoders; bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// A frame of compressed data: its number and offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramePosition {
    /// From 1.
    pub number: u64,
    /// Offset of its first byte in the compressed data.
    pub offset: u64,
}

impl Default for FramePosition {
    fn default() -> Self {
        Self { number: 1, offset: 0 }
    }
}

impl fmt::Display for FramePosition {
    /// `member 2, which begins at byte 1234`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {}, which begins at byte {}", self.number, self.offset)
    }
}

/// Stored bytes, buffered and counted.
struct CountingReader<R> {
    buffer: BufReader<R>,
    consumed: u64,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.buffer.read(buffer)?;
        self.consumed += got as u64;
        Ok(got)
    }
}

impl<R: Read> BufRead for CountingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.buffer.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count as u64;
        self.buffer.consume(count);
    }
}

/// The decoder of one part.
enum FrameDecoder<R> {
    Gzip(Box<GzDecoder<CountingReader<R>>>),
    Zstd(zstd::Decoder<'static, CountingReader<R>>),
}

impl<R: Read> FrameDecoder<R> {
    fn zstd(stored: CountingReader<R>) -> io::Result<Self> {
        let mut decoder = zstd::Decoder::with_buffer(stored)?.single_frame();
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        Ok(Self::Zstd(decoder))
    }

    fn gzip(stored: CountingReader<R>) -> Self {
        Self::Gzip(Box::new(GzDecoder::new(stored)))
    }

    fn stored(&self) -> &CountingReader<R> {
        match self {
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(decoder) => decoder.get_ref(),
        }
    }

    /// A decoder for the next frame and its offset; no offset if the data has ended.
    fn next(self) -> io::Result<(Self, Option<u64>)> {
        let (mut stored, is_gzip) = match self {
            Self::Gzip(decoder) => (decoder.into_inner(), true),
            Self::Zstd(decoder) => (decoder.finish(), false),
        };
        // A decoder may read its header as soon as it is created.
        let offset = if stored.fill_buf()?.is_empty() { None } else { Some(stored.consumed) };
        Ok((if is_gzip { Self::gzip(stored) } else { Self::zstd(stored)? }, offset))
    }
}

/// The content of all frames, one after another.
pub(super) struct MultiFrameDecoder<R> {
    /// None only after an error.
    decoder: Option<FrameDecoder<R>>,
    part: FramePosition,
    ended: bool,
}

impl<R: Read> MultiFrameDecoder<R> {
    /// Gzip (RFC 1952).
    pub(super) fn gzip(stored: R) -> Self {
        Self::new(FrameDecoder::gzip(Self::stored(stored)))
    }

    /// Zstandard (RFC 8878).
    pub(super) fn zstd(stored: R) -> io::Result<Self> {
        FrameDecoder::zstd(Self::stored(stored)).map(Self::new)
    }

    fn stored(stored: R) -> CountingReader<R> {
        CountingReader { buffer: BufReader::with_capacity(BUFFER_BYTES, stored), consumed: 0 }
    }

    fn new(decoder: FrameDecoder<R>) -> Self {
        Self { decoder: Some(decoder), part: FramePosition::default(), ended: false }
    }

    /// The current frame.
    pub(super) fn part(&self) -> FramePosition {
        self.part
    }

    /// The source of the stored bytes; none after an error.
    pub(super) fn get_ref(&self) -> Option<&R> {
        self.decoder.as_ref().map(|decoder| decoder.stored().buffer.get_ref())
    }
}

impl<R: Read> Read for MultiFrameDecoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let got = match decoder {
                FrameDecoder::Gzip(decoder) => decoder.read(buffer)?,
                FrameDecoder::Zstd(decoder) => decoder.read(buffer)?,
            };
            if got > 0 {
                return Ok(got);
            }
            let Some(decoder) = self.decoder.take() else { return Ok(0) };
            let (next, offset) = decoder.next()?;
            match offset {
                Some(offset) => self.part = FramePosition { number: self.part.number + 1, offset },
                None => self.ended = true,
            }
            self.decoder = Some(next);
        }
        Ok(0)
    }
}
