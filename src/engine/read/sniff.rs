//! Detects formats by their first bytes.
//!
//! Takes the beginning of a file or of its content, gives the compression, or the name of an
//! unsupported format. Invariant: names and endings of files play no part.

use std::fmt;

use super::tar_archive;

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

/// A tar archive that does not lie in a file of its own, where its members could be listed.
const TAR: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a tar archive in a pipe or inside another file",
    advice: "save it as a file of its own and name that; its members are read from there",
};

/// UTF-16 with a mark that says in which order the bytes are.
const UTF16: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "UTF-16 text",
    advice: "convert it with `iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8`",
};

/// UTF-16 without a mark, the lower byte first or last.
const UTF16_LITTLE: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "UTF-16 text",
    advice: "convert it with `iconv -f UTF-16LE -t UTF-8 FILE > FILE.utf8`",
};
const UTF16_BIG: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "UTF-16 text",
    advice: "convert it with `iconv -f UTF-16BE -t UTF-8 FILE > FILE.utf8`",
};

/// The number of bytes by which UTF-16 without a mark is recognised.
const UTF16_BYTES: usize = 8;

/// Formats that are mistaken for event files, by their first bytes.
const MAGIC: [(&[u8], UnsupportedFileFormat); 26] = [
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
    (b"7z\xBC\xAF\x27\x1C", packed("a 7z archive", "unpack it with `7z x FILE` and name the files")),
    (b"Rar!\x1A\x07", packed("a RAR archive", "unpack it with `unrar x FILE` and name the files")),
    (b"PK\x05\x06", packed("a zip archive without members", "look whether the export is done, and download it again")),
    (
        b"PK\x07\x08",
        packed("a part of a split zip archive", "join its parts with `zip -s 0 FILE --out whole.zip` and name that"),
    ),
    (b"!<arch>\n", packed("an ar archive", "unpack it with `ar x FILE` and name the files")),
    (b"\x04\x22\x4D\x18", packed("an LZ4 file", "unpack it with `unlz4 FILE`")),
    (b"LZIP", packed("an lzip file", "unpack it with `lzip -dk FILE`")),
    (b"\x89LZO\0", packed("an lzop file", "unpack it with `lzop -d FILE`")),
    (b"\x1F\x9D", packed("a file of the old program compress", "unpack it with `gzip -dk FILE`")),
    (b"\xFF\x06\0\0sNaPpY", packed("a Snappy file", "unpack it with `snzip -dk FILE`, or export with gzip or zstd")),
    (b"ARROW1\0", packed("an Arrow file", COLUMNS_AS_PARQUET)),
    (b"\xFF\xFF\xFF\xFF", packed("a stream of Arrow", COLUMNS_AS_PARQUET)),
    (b"FEA1", packed("a Feather file", COLUMNS_AS_PARQUET)),
    (b"SEQ\x06", packed("a SequenceFile of Hadoop", "export the events as JSON lines, CSV or Parquet")),
    (b"%PDF-", packed("a PDF", "export the events as JSON lines, CSV or Parquet")),
];

const COLUMNS_AS_PARQUET: &str =
    "write it anew as Parquet, for example with pandas: `pandas.read_feather(FILE).to_parquet(...)`";

const fn packed(format: &'static str, advice: &'static str) -> UnsupportedFileFormat {
    UnsupportedFileFormat { format, advice }
}

/// Bytes that are neither text nor a format that is known.
const BINARY: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "binary data of an unknown kind (there are zero bytes at its beginning)",
    advice: "unpack it, or export the events as JSON lines, CSV or Parquet",
};

/// The number of bytes at the beginning of a content by which text is recognised.
const TEXT_BYTES: usize = 64;

/// The unsupported format of a content, if it holds no lines, list or table.
pub(super) fn detect_unsupported(head: &[u8]) -> Option<UnsupportedFileFormat> {
    let magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, foreign)| *foreign);
    magic
        .or_else(|| wide_text(head))
        .or_else(|| tar_archive::begins(head).then_some(TAR))
        .or_else(|| markup(head))
        .or_else(|| is_binary(head).then_some(BINARY))
}

/// Whether a content has zero bytes near its beginning, beside others that no text has, and does not begin like JSON.
///
/// A text with zeros alone is one that was cut, or is being written.
fn is_binary(head: &[u8]) -> bool {
    let begins = head.trim_ascii_start().first();
    let head = head.get(..TEXT_BYTES).unwrap_or(head);
    let is_control = |byte: &u8| matches!(byte, 1..=8 | 14..=31 | 127..);
    !matches!(begins, Some(b'{' | b'[')) && head.contains(&0) && head.iter().any(is_control)
}

/// UTF-16 without a mark: of each two bytes one is zero, and the other is none.
fn wide_text(head: &[u8]) -> Option<UnsupportedFileFormat> {
    let head = head.get(..UTF16_BYTES)?;
    let is =
        |zero: usize| head.chunks_exact(2).all(|pair| pair.get(zero) == Some(&0) && pair.get(1 - zero) != Some(&0));
    if is(1) {
        return Some(UTF16_LITTLE);
    }
    is(0).then_some(UTF16_BIG)
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
