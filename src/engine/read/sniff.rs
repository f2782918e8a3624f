//! Detects formats by their first bytes.
//!
//! Takes the beginning of a file or of its content, gives the compression, or the name of an
//! unsupported format. Invariant: names and endings of files play no part.

use std::fmt;

/// First bytes of a gzip member (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// First bytes of a zstd frame (RFC 8878, 3.1.1).
pub(super) const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Second to fourth byte of a skippable zstd frame; the first is 0x50 to 0x5F (RFC 8878, 3.1.2).
const ZSTD_SKIPPABLE: [u8; 3] = [0x2A, 0x4D, 0x18];

/// The UTF-8 byte order mark, which some exporters write and JSON forbids (RFC 8259, 8.1).
pub(super) const UTF8_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The bytes of a content that are inspected.
pub(super) const SNIFF_BYTES_MAX: usize = 1024;

/// A content that is not events: its format and advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnsupportedFileFormat {
    pub(super) format: &'static str,
    pub(super) advice: &'static str,
}

/// A zip archive that is not a file of its own; only of such files the directory can be read.
pub(super) const ZIP: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a zip archive in a pipe or inside another file",
    advice: "save it as a file of its own and name that; its members are read from there",
};

/// A Parquet file that is not an uncompressed file of its own; only of such files the columns can
/// be read.
#[cfg(feature = "parquet")]
pub(super) const PARQUET: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a Parquet file in a pipe or inside another file",
    advice: "save it as a file of its own, unpacked, and name that",
};

/// A Parquet file, for builds without the feature `parquet`.
#[cfg(not(feature = "parquet"))]
pub(super) const PARQUET: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a Parquet file, which this build of pql does not read",
    advice: "convert it with `duckdb -c \"copy (from 'FILE') to 'events.ndjson' (format json)\"`",
};

/// A list of files that loaders write beside an export.
pub(super) const MANIFEST: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a manifest, which lists the files of an export",
    advice: "name the files themselves, or the folder that they are in",
};

const UTF16: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "UTF-16 text",
    advice: "convert it with `iconv -f UTF-16 -t UTF-8 FILE > events.ndjson`",
};

/// Formats that are mistaken for event files, by their first bytes.
const MAGIC: [(&[u8], UnsupportedFileFormat); 11] = [
    (b"PK\x03\x04", ZIP),
    (b"PAR1", PARQUET),
    (
        b"PARE",
        UnsupportedFileFormat { format: "an encrypted Parquet file", advice: "write it again without encryption" },
    ),
    (
        b"Obj\x01",
        UnsupportedFileFormat {
            format: "an Avro file",
            advice: "convert it with `avro-tools tojson FILE > events.ndjson`",
        },
    ),
    (
        b"ORC",
        UnsupportedFileFormat {
            format: "an ORC file",
            advice: "export it as Parquet or JSON lines, or convert it with `orc-tools data FILE > events.ndjson`",
        },
    ),
    (b"\xFF\xFE", UTF16),
    (b"\xFE\xFF", UTF16),
    (b"BZh", UnsupportedFileFormat { format: "a bzip2 file", advice: "unpack it with `bunzip2 -k FILE`" }),
    (b"\xFD7zXZ\x00", UnsupportedFileFormat { format: "an xz file", advice: "unpack it with `unxz -k FILE`" }),
    (
        b"SQLite format 3\0",
        UnsupportedFileFormat {
            format: "a SQLite database",
            advice: "export the table of events with `sqlite3 -csv -header FILE 'select * from TABLE' > events.csv`",
        },
    ),
    (
        b"\xD0\xCF\x11\xE0",
        UnsupportedFileFormat {
            format: "an Excel workbook",
            advice: "save the sheet of events as CSV UTF-8 and name that file",
        },
    ),
];

/// The unsupported format of a content, if it is one that holds no lines, list or table.
pub(super) fn detect_unsupported(head: &[u8]) -> Option<UnsupportedFileFormat> {
    let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, foreign)| *foreign);
    magic.or_else(|| markup(head))
}

/// Web pages and error responses that servers send in place of a file.
fn markup(head: &[u8]) -> Option<UnsupportedFileFormat> {
    let head = head.trim_ascii_start();
    if head.first() != Some(&b'<') {
        return None;
    }
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let (format, advice) = if head.starts_with("<!doctype html") || head.starts_with("<html") {
        (
            "an HTML page, as servers send for a login or an error in place of the file",
            "open it in a browser to see what it says, then download the export again",
        )
    } else if head.contains("<error>") || head.contains("<code>") {
        (
            "an XML error answer, as object storage sends in place of the file",
            "look at its <Code> (an expired link and missing rights are common), then download the export again",
        )
    } else if head.starts_with("<?xml") {
        ("an XML file", "export the events as JSON lines or CSV")
    } else {
        return None;
    };
    Some(UnsupportedFileFormat { format, advice })
}

/// The compression of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// No compression.
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

    /// The compression by the first bytes of a file.
    pub(super) fn detect(head: &[u8]) -> Self {
        let skippable = |first: &u8, rest: &[u8]| first & 0xF0 == 0x50 && rest.starts_with(&ZSTD_SKIPPABLE);
        match head {
            _ if head.starts_with(&GZIP) => Self::Gzip,
            _ if head.starts_with(&ZSTD) => Self::Zstd,
            [first, rest @ ..] if skippable(first, rest) => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The likely compression of a file that ended inside its first magic number.
    pub(super) fn detect_truncated(head: &[u8]) -> Option<Self> {
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
