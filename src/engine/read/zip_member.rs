//! The bytes of one member of a zip archive.
//!
//! Takes the place of the member, gives its unpacked bytes as a stream, with no more than a buffer
//! in memory. Invariant: the end is reported only after the size and the checksum of the directory
//! were verified.

use std::{
    io::{self, BufReader, Read},
    path::PathBuf,
};

use flate2::{Crc, bufread::DeflateDecoder};

use super::raw_file::{FileFault, RawFile};

/// Read size under the decoder; bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// Where a member of a zip archive, or of a tar archive that is not compressed, lies and what its directory or header says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZipMember {
    /// The archive.
    pub(crate) archive: PathBuf,
    /// Its compression.
    pub(crate) method: ZipMethod,
    /// Offset of its data in the archive; bytes.
    pub(crate) start: u64,
    /// Size of its data in the archive; bytes.
    pub(crate) packed_bytes: u64,
    /// Size of its content; bytes.
    pub(crate) bytes: u64,
    /// CRC-32 of its content; archives of tar have none.
    pub(crate) crc32: Option<u32>,
}

/// The compression of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZipMethod {
    /// No compression.
    Stored,
    /// Deflate (RFC 1951).
    Deflated,
}

/// A member that is being unpacked.
pub(super) struct ZipMemberReader {
    body: ZipMemberBody,
    crc: Crc,
    expected: (u64, Option<u32>),
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

    /// True if the size and the checksum are those of the directory. The crate of the checksum
    /// counts bytes modulo 2^32, and so does this.
    fn is_whole(&self) -> bool {
        let (bytes, crc32) = self.expected;
        crc32.is_none_or(|crc32| self.crc.sum() == crc32) && self.crc.amount() == bytes as u32
    }
}

impl Read for ZipMemberReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.body {
            ZipMemberBody::Stored(raw) => raw.read(buffer),
            ZipMemberBody::Deflated(decoder) => decoder.read(buffer),
        };
        // An error of the file is one already; any other error is of the compressed data.
        let got = got.map_err(|error| match error.downcast::<FileFault>() {
            Ok(fault) => fault,
            Err(error) => FileFault::DamagedMember(error, "unzip -t"),
        })?;
        self.crc.update(&buffer[..got]);
        if got == 0 && !buffer.is_empty() && !self.is_whole() {
            let what = "its size or checksum is not what the archive's directory says";
            return Err(FileFault::DamagedMember(io::Error::new(io::ErrorKind::InvalidData, what), "unzip -t").into());
        }
        Ok(got)
    }
}
