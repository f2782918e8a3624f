//! The bytes of one member of a zip archive.
//!
//! Takes where the member lies, gives its unpacked bytes as they come, without ever holding more than a buffer. Invariant: the end is given
//! only after the size and the checksum of the directory were found to hold.

use std::{
    io::{self, BufReader, Read},
    path::PathBuf,
};

use flate2::{Crc, bufread::DeflateDecoder};

use super::raw_file::{FileFault, RawFile};

/// Read size under the decoder; bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// Where a member of a zip archive lies and what its directory says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZipMember {
    /// The archive.
    pub archive: PathBuf,
    /// How it is packed.
    pub method: ZipMethod,
    /// Offset of its data in the archive; bytes.
    pub start: u64,
    /// Size of its data in the archive; bytes.
    pub packed_bytes: u64,
    /// Size of its content; bytes.
    pub bytes: u64,
    /// CRC-32 of its content.
    pub crc32: u32,
}

/// How a member is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZipMethod {
    /// Not at all.
    Stored,
    /// Deflate (RFC 1951).
    Deflated,
}

/// A member being unpacked.
pub(super) struct ZipMemberReader {
    body: ZipMemberBody,
    crc: Crc,
    expected: (u64, u32),
}

enum ZipMemberBody {
    Stored(RawFile),
    Deflated(Box<DeflateDecoder<BufReader<RawFile>>>),
}

impl ZipMemberReader {
    /// Unpacks a member from its stored bytes.
    pub(super) fn new(raw: RawFile, member: &ZipMember) -> Self {
        let body = match member.method {
            ZipMethod::Stored => ZipMemberBody::Stored(raw),
            ZipMethod::Deflated => {
                ZipMemberBody::Deflated(Box::new(DeflateDecoder::new(BufReader::with_capacity(BUFFER_BYTES, raw))))
            }
        };
        Self { body, crc: Crc::new(), expected: (member.bytes, member.crc32) }
    }

    pub(super) fn raw(&self) -> &RawFile {
        match &self.body {
            ZipMemberBody::Stored(raw) => raw,
            ZipMemberBody::Deflated(decoder) => decoder.get_ref().get_ref(),
        }
    }

    /// The bytes that the directory promises and the checksum over them, counted modulo 2^32 as the checksum's crate does.
    fn is_whole(&self) -> bool {
        let (bytes, crc32) = self.expected;
        self.crc.sum() == crc32 && self.crc.amount() == bytes as u32
    }
}

impl Read for ZipMemberReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.body {
            ZipMemberBody::Stored(raw) => raw.read(buffer),
            ZipMemberBody::Deflated(decoder) => decoder.read(buffer),
        };
        // An error of the file is one already; any other is of the packed data.
        let got = got.map_err(|error| match error.downcast::<FileFault>() {
            Ok(fault) => fault,
            Err(error) => FileFault::DamagedMember(error),
        })?;
        self.crc.update(buffer.get(..got).unwrap_or_default());
        if got == 0 && !buffer.is_empty() && !self.is_whole() {
            let what = "its size or checksum is not what the archive's directory says";
            return Err(FileFault::DamagedMember(io::Error::new(io::ErrorKind::InvalidData, what)).into());
        }
        Ok(got)
    }
}
