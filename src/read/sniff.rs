//! Tells formats by their first bytes.
//!
//! Takes the beginning of a file or of its content, gives the compression, or the name of a format
//! that holds no lines. Invariant: names and endings of files play no part.

use std::fmt;

/// First bytes of a gzip member (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// First bytes of a zstd frame (RFC 8878, 3.1.1).
pub(super) const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Second to fourth byte of a skippable zstd frame; the first is 0x50 to 0x5F (RFC 8878, 3.1.2).
const ZSTD_SKIPPABLE: [u8; 3] = [0x2A, 0x4D, 0x18];

/// The UTF-8 byte order mark, which some exporters write and JSON forbids (RFC 8259, 8.1).
pub(super) const UTF8_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The longest of the magic numbers below; bytes.
pub(super) const MAGIC_BYTES_MAX: usize = 6;

/// Formats that people take for event files: first bytes, what it is, what to do.
pub(super) const FOREIGN: [(&[u8], &str, &str); 7] = [
    (b"PK\x03\x04", "a zip archive", "unpack it with `unzip FILE`"),
    (b"PAR1", "a Parquet file", "convert it with `duckdb -c \"copy (from 'FILE') to 'events.ndjson' (format json)\"`"),
    (b"Obj\x01", "an Avro file", "convert it with `avro-tools tojson FILE > events.ndjson`"),
    (b"\xFF\xFE", "UTF-16 text", "convert it with `iconv -f UTF-16 -t UTF-8 FILE > events.ndjson`"),
    (b"\xFE\xFF", "UTF-16 text", "convert it with `iconv -f UTF-16 -t UTF-8 FILE > events.ndjson`"),
    (b"BZh", "a bzip2 file", "unpack it with `bunzip2 -k FILE`"),
    (b"\xFD7zXZ\x00", "an xz file", "unpack it with `unxz -k FILE`"),
];

/// How the bytes of an input are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one member or more.
    Gzip,
    /// zstd, one frame or more.
    Zstd,
}

impl Compression {
    /// The name in run records: `none`, `gzip` or `zstd`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What the first bytes of a file say.
    pub(super) fn of(head: &[u8]) -> Self {
        let skippable = |first: &u8, rest: &[u8]| first & 0xF0 == 0x50 && rest.starts_with(&ZSTD_SKIPPABLE);
        match head {
            _ if head.starts_with(&GZIP) => Self::Gzip,
            _ if head.starts_with(&ZSTD) => Self::Zstd,
            [first, rest @ ..] if skippable(first, rest) => Self::Zstd,
            _ => Self::None,
        }
    }

    /// What a whole file would have been, had it not stopped inside its first magic number.
    pub(super) fn of_stump(head: &[u8]) -> Option<Self> {
        match head {
            [] => None,
            _ if head.len() < GZIP.len() && GZIP.starts_with(head) => Some(Self::Gzip),
            _ if head.len() < ZSTD.len() && ZSTD.starts_with(head) => Some(Self::Zstd),
            _ => None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
