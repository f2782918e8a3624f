//! Cuts one stream into blocks of whole lines.
//!
//! Takes a [`DecompressedStream`] and [`BlockLimits`], gives [`LineBlock`]s in order. Invariant:
//! the bytes kept between two blocks are fewer than a block, and cuts do not depend on the sizes of
//! reads.
//! A line over the limit that is many objects is cut between two of them, and as much as the limit
//! is then kept.

use std::mem;

use super::{BlockLimits, LONG_LINE_KEPT_BYTES, LineBlock, ReadError, json_list, stream::DecompressedStream};

/// A buffer larger than this many blocks gives its memory back when it is reused.
const BUFFER_BLOCKS_MAX: usize = 4;

/// One open file, read into blocks.
pub(super) struct LineBlockReader {
    pub(super) file: u32,
    stream: DecompressedStream,
    limits: BlockLimits,
    /// Bytes read after the last block; less than a block.
    carry: Vec<u8>,
    /// Offset of the next block; decompressed bytes.
    offset: u64,
    index: u32,
    ended: bool,
}

impl LineBlockReader {
    /// Cuts a stream from its beginning.
    pub(super) fn new(stream: DecompressedStream, file: u32, limits: BlockLimits) -> Self {
        Self {
            file,
            limits: limits.clamped(),
            carry: Vec::new(),
            offset: stream.good_bytes(),
            index: 0,
            ended: false,
            stream,
        }
    }

    /// Replaces `block` by the next one. Returns `false` at the end; then only the bytes of `block`
    /// have changed.
    ///
    /// **Cost:** one copy of less than a block, for the line begun in the block before.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`].
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        let mut buffer = mem::take(&mut block.bytes);
        let step = self.limits.block_bytes;
        let mut have = self.unpack_carry(&mut buffer);
        let mut seen = 0;
        let mut want = step;
        let mut goes_on = false;
        let cut = loop {
            have = self.fill(&mut buffer, have, want)?;
            let fresh = &buffer[seen..have];
            if let Some(at) = memchr::memrchr(b'\n', fresh) {
                break seen + at + 1;
            }
            if have < want {
                break have;
            }
            if have > self.limits.line_bytes_max {
                if let Some(end) = json_list::objects_end(&buffer[..have]) {
                    goes_on = true;
                    break end;
                }
                self.pass_long_line(buffer, have, block)?;
                return Ok(true);
            }
            // One byte beyond the limit decides: it is either the line end or one byte too many.
            seen = have;
            want = have.saturating_add(step).min(self.limits.line_bytes_max.saturating_add(1));
        };
        buffer.truncate(have);
        self.carry.extend_from_slice(buffer.get(cut..).expect("the cut is among the bytes read"));
        buffer.truncate(cut);
        if buffer.is_empty() {
            block.bytes = buffer;
            return Ok(false);
        }
        self.label(block, None, buffer);
        block.goes_on = goes_on;
        self.offset += cut as u64;
        Ok(true)
    }

    /// Reads and drops the rest of a line over the limit, and returns its beginning.
    fn pass_long_line(&mut self, mut buffer: Vec<u8>, have: usize, block: &mut LineBlock) -> Result<(), ReadError> {
        let kept = buffer[..have.min(LONG_LINE_KEPT_BYTES)].to_vec();
        let step = self.limits.block_bytes;
        let mut line_bytes = have as u64;
        let mut end_bytes = 0;
        while end_bytes == 0 {
            let got = self.fill(&mut buffer, 0, step)?;
            let fresh = &buffer[..got];
            let Some(at) = memchr::memchr(b'\n', fresh) else {
                line_bytes += got as u64;
                if got < step {
                    break;
                }
                continue;
            };
            line_bytes += at as u64;
            end_bytes = 1;
            self.carry.extend_from_slice(&fresh[at + 1..]);
        }
        self.label(block, Some(line_bytes), kept);
        self.offset += line_bytes + end_bytes;
        Ok(())
    }

    /// Sets the file, index and offset of the next block.
    fn label(&mut self, block: &mut LineBlock, long_line: Option<u64>, bytes: Vec<u8>) {
        *block = LineBlock {
            file: self.file,
            index: self.index,
            offset: self.offset,
            bytes,
            long_line,
            ..LineBlock::default()
        };
        self.index = self.index.saturating_add(1);
    }

    /// Moves the rest of the last read to the front of the buffer; returns its length.
    fn unpack_carry(&mut self, buffer: &mut Vec<u8>) -> usize {
        let buffer_bytes_max = self.limits.block_bytes.saturating_mul(BUFFER_BLOCKS_MAX);
        if buffer.capacity() > buffer_bytes_max {
            buffer.truncate(self.limits.block_bytes);
            buffer.shrink_to(self.limits.block_bytes);
        }
        let have = self.carry.len();
        if buffer.len() < have {
            buffer.resize(have, 0);
        }
        buffer[..have].copy_from_slice(&self.carry);
        self.carry.clear();
        have
    }

    /// Reads until the buffer has `want` bytes or the stream has ended; returns the number of
    /// bytes.
    fn fill(&mut self, buffer: &mut Vec<u8>, mut have: usize, want: usize) -> Result<usize, ReadError> {
        // The old content of the buffer is overwritten, not cleared, so a recycled buffer needs no
        // zeroing.
        if buffer.len() < want {
            buffer.reserve_exact(want - buffer.len());
            buffer.resize(want, 0);
        }
        while have < want && !self.ended {
            let got = self.stream.read(&mut buffer[have..want])?;
            self.ended = got == 0;
            have += got;
        }
        Ok(have)
    }

    /// Closes the file after its last block.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::finish`].
    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.stream.finish()?;
        Ok(self.stream)
    }
}
