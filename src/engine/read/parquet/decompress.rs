//! Decompresses pages.
//!
//! Takes compressed bytes and a buffer of the size that the page header says, and fills the buffer.
//! Invariant: it never writes more than the buffer holds, and any other size is an error.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use lz4_flex::{block::decompress_into, frame::FrameDecoder};

use super::fault::{ParquetFault, ParquetFaultResult};

/// Decompresses pages one after another.
#[derive(Default)]
pub(super) struct PageDecompressor {
    snappy: snap::raw::Decoder,
    /// Created on first use, because it takes more memory than most pages.
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl PageDecompressor {
    /// Decompresses with the codec of this number. For an empty buffer the input is ignored: a page
    /// without values may have no data.
    ///
    /// # Errors
    ///
    /// The data is damaged or of another size, or the codec is not supported.
    pub(super) fn unpack(&mut self, codec: i64, packed: &[u8], room: &mut [u8]) -> ParquetFaultResult<()> {
        if room.is_empty() {
            return Ok(());
        }
        let filled = match codec {
            0 => fill(packed, room),
            1 => self.snappy.decompress(packed, room).map_err(io::Error::other),
            2 => fill(MultiGzDecoder::new(packed), room),
            5 => unpack_hadoop(packed, room),
            6 => self.unpack_zstd(packed, room),
            7 => decompress_into(packed, room).map_err(io::Error::other),
            _ => {
                let name = [(3, "LZO"), (4, "brotli")].into_iter().find(|(number, _)| *number == codec);
                let name = name.map_or("an unknown codec", |(_, name)| name);
                return Err(ParquetFault::damaged(format!("it is compressed with {name}, which is not supported")));
            }
        };
        match filled {
            Ok(bytes) if bytes == room.len() => Ok(()),
            Ok(_) => Err(ParquetFault::damaged("its data decompresses to another size than its header says")),
            Err(error) => Err(ParquetFault::damaged(format!("its compressed data is damaged ({error})"))),
        }
    }

    fn unpack_zstd(&mut self, packed: &[u8], room: &mut [u8]) -> io::Result<usize> {
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(zstd::bulk::Decompressor::new()?),
        };
        zstd.decompress_to_buffer(packed, room)
    }
}

/// Fills the buffer from a stream. Returns the number of bytes, which is one more than the buffer
/// has if the stream continues.
fn fill(mut stream: impl Read, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest)? {
            0 => return Ok(filled),
            got => filled += got,
        }
    }
    Ok(filled + stream.read(&mut [0])?)
}

/// Decompresses LZ4 in Hadoop frames, in LZ4 frames, or without frames: the file does not say which.
fn unpack_hadoop(packed: &[u8], room: &mut [u8]) -> io::Result<usize> {
    if let Some(filled) = unpack_frames(packed, room) {
        return Ok(filled);
    }
    match fill(FrameDecoder::new(packed), room) {
        Ok(filled) if filled == room.len() => Ok(filled),
        _ => decompress_into(packed, room).map_err(io::Error::other),
    }
}

/// Decompresses Hadoop frames, which start with their decompressed and compressed sizes, big-endian.
/// Returns `None` for other data.
fn unpack_frames(mut packed: &[u8], room: &mut [u8]) -> Option<usize> {
    let mut filled = 0;
    while let Some((sizes, rest)) = packed.split_first_chunk::<8>() {
        let [a, b, c, d, e, f, g, h] = *sizes;
        let size = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        let packed_size = usize::try_from(u32::from_be_bytes([e, f, g, h])).ok()?;
        let (frame, after) = rest.split_at_checked(packed_size)?;
        let place = room.get_mut(filled..)?.get_mut(..size)?;
        if decompress_into(frame, place).ok()? != size {
            return None;
        }
        filled += size;
        packed = after;
    }
    packed.is_empty().then_some(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The same bytes compressed with every supported codec, by its number.
    fn packed(bytes: &[u8]) -> Vec<(i64, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).expect("packed");
        let lz4 = lz4_flex::block::compress(bytes);
        let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
        frame.write_all(bytes).expect("packed");
        let size = |length: usize| (length as u32).to_be_bytes();
        let hadoop = [&size(bytes.len()), &size(lz4.len()), lz4.as_slice()].concat();
        vec![
            (0, bytes.to_vec()),
            (1, snap::raw::Encoder::new().compress_vec(bytes).expect("packed")),
            (2, gzip.finish().expect("packed")),
            (5, hadoop),
            (5, frame.finish().expect("packed")),
            (5, lz4.clone()),
            (6, zstd::bulk::compress(bytes, 1).expect("packed")),
            (7, lz4),
        ]
    }

    #[test]
    fn pages_unpack_to_the_size_that_they_say_or_not_at_all() {
        let bytes: Vec<u8> = (0..70_000_u32).map(|number| (number / 7) as u8).collect();
        let mut unpacker = PageDecompressor::default();
        for (codec, packed) in packed(&bytes) {
            for (size, is_right) in [(bytes.len(), true), (bytes.len() - 1, false), (bytes.len() + 1, false)] {
                let mut room = vec![0; size];
                let unpacked = unpacker.unpack(codec, &packed, &mut room);
                assert_eq!(unpacked.is_ok(), is_right, "codec {codec}, {size} bytes");
                assert!(!is_right || room == bytes, "codec {codec}");
            }
            assert!(unpacker.unpack(codec, &packed, &mut []).is_ok());
        }
        for codec in [3, 4, 8, -1] {
            assert!(unpacker.unpack(codec, &bytes, &mut [0; 4]).is_err(), "codec {codec}");
        }
    }
}
