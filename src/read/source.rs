//! One open file on its way into blocks, whatever its layout.
//!
//! Takes an [`Input`], looks how its content is laid out, and gives blocks by the module that reads that layout.

use std::sync::{Arc, atomic::AtomicU64};
#[cfg(feature = "parquet")]
use std::{fs::File, io::Read, path::Path};

#[cfg(feature = "parquet")]
use super::{InputKind, parquet::Table, sniff::PARQUET};

use super::{
    Block, Compression, Input, Limits, Naming, ReadError,
    csv::Rows,
    cut::Cutter,
    list::Items,
    shape::{self, HEAD_BYTES_MAX},
    sniff::MANIFEST,
    stream::Stream,
};

/// An open file.
pub(super) enum Source {
    /// A record a line.
    Lines(Cutter),
    /// Records of a JSON list.
    List(Items),
    /// Rows under a header row.
    Csv(Box<Rows>),
    /// Rows in columns.
    #[cfg(feature = "parquet")]
    Parquet(Box<Table>),
}

/// What is known of a file that was read to its end.
pub(super) struct End {
    pub(super) compression: Compression,
    pub(super) raw_bytes: u64,
    pub(super) bytes: u64,
    pub(super) grew: bool,
    pub(super) more_pages: bool,
}

impl Source {
    /// Opens an input and finds out its layout.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::open`], and of tables whose columns cannot be used.
    pub(super) fn open(
        input: &Input,
        file: u32,
        limits: Limits,
        naming: &Naming,
        progress: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let mut stream = match Stream::open(input, progress) {
            // Its columns lie apart in the file, so it is read by its path and not as a stream.
            #[cfg(feature = "parquet")]
            Err(ReadError::Foreign { format, .. }) if format == PARQUET.format && is_plain(input) => {
                return Self::open_parquet(input, file, limits, naming, progress);
            }
            opened => opened?,
        };
        let head = stream.peek(HEAD_BYTES_MAX)?;
        if shape::is_manifest(head) {
            return Err(ReadError::foreign(&input.name, MANIFEST));
        }
        if shape::is_list(head) {
            return Ok(Self::List(Items::new(stream, file, limits)));
        }
        Ok(match Rows::header_of(head, naming, &input.name)? {
            Some(header) => Self::Csv(Box::new(Rows::new(stream, header, file, limits))),
            None => Self::Lines(Cutter::new(stream, file, limits)),
        })
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(
        input: &Input,
        file: u32,
        limits: Limits,
        naming: &Naming,
        progress: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let path = input.path().unwrap_or(Path::new(&input.name));
        Ok(Self::Parquet(Box::new(Table::open(path, &input.name, file, limits, naming, progress)?)))
    }

    /// Position of the file among the inputs.
    pub(super) fn file(&self) -> u32 {
        match self {
            Self::Lines(cutter) => cutter.file,
            Self::List(items) => items.file(),
            Self::Csv(rows) => rows.file(),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.file(),
        }
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// Those of reading, and of content that stops inside a record.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<bool, ReadError> {
        match self {
            Self::Lines(cutter) => cutter.next(block),
            Self::List(items) => items.next(block),
            Self::Csv(rows) => rows.next(block),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.next(block),
        }
    }

    /// Closes the file after its last block.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::finish`].
    pub(super) fn finish(self) -> Result<End, ReadError> {
        let more_pages = matches!(&self, Self::List(items) if items.more_pages());
        let stream = match self {
            Self::Lines(cutter) => cutter.finish(),
            Self::List(items) => items.finish(),
            Self::Csv(rows) => rows.finish(),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => {
                let (raw_bytes, bytes) = table.finish()?;
                return Ok(End { compression: Compression::None, raw_bytes, bytes, grew: false, more_pages });
            }
        }?;
        let (raw_bytes, bytes, grew) = (stream.raw_bytes(), stream.good_bytes(), stream.grew());
        Ok(End { compression: stream.compression(), raw_bytes, bytes, grew, more_pages })
    }
}

/// Whether an input is a regular file that itself is Parquet, so that it can be read anywhere and twice.
#[cfg(feature = "parquet")]
fn is_plain(input: &Input) -> bool {
    let InputKind::File(path) = &input.kind else { return false };
    let mut head = [0; 4];
    let file = path.metadata().is_ok_and(|meta| meta.is_file()).then(|| File::open(path));
    file.is_some_and(|file| file.and_then(|mut file| file.read_exact(&mut head)).is_ok()) && head == *b"PAR1"
}
