//! `log/YYYY-MM.ndjson`: the entries of all runs, by the month of their date D.
//!
//! A run keeps its own entries in `log.ndjson` of its folder. They are appended to the log when its lists are published, and once more, over
//! the same place, when a later run goes on from it. So the log up to the length that a run names never changes, whatever is repeated or
//! ends early, and what follows on that length can be made again.
//!
//! The checksum of a month is a chain, so that appending reads nothing: for each run in turn it is the SHA-256 of the digits of the chain
//! before and the lines of the run, in hex. The lines of one run are those that have one `as_of`. It begins with no digits.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{FileFault, RecordError, RecordPlace};
use crate::fs::{
    dir::list_directory,
    publish::{create_private_dir, sync_folder},
    retry::retry_interrupted,
};
use pql_model::{clock::format_day, hex, units::Day};

/// The folder of the log.
pub(super) const LOG_FOLDER: &str = "log";

/// A month of the log up to a length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogMonth {
    /// `YYYY-MM`.
    pub(super) month: String,
    pub(super) bytes: u64,
    /// The checksum of these bytes.
    pub(super) chain: String,
}

/// The month of a date, `YYYY-MM`.
pub(super) fn month_of(day: Day) -> String {
    let mut text = format_day(day);
    text.truncate(7);
    text
}

/// The chain of checksums after further lines of one run.
fn chain_after(chain: &str, lines: &[u8]) -> String {
    if lines.is_empty() {
        return chain.to_owned();
    }
    let mut digest = Sha256::new();
    digest.update(chain.as_bytes());
    digest.update(lines);
    hex(&digest.finalize())
}

/// The months after the lines of a run.
pub(super) fn months_after(months: &[LogMonth], day: Day, lines: &[u8]) -> Vec<LogMonth> {
    let mut months = months.to_vec();
    if lines.is_empty() {
        return months;
    }
    let name = month_of(day);
    let place = months.iter().position(|month| month.month == name).unwrap_or(months.len());
    if place == months.len() {
        months.push(LogMonth { month: name, bytes: 0, chain: String::new() });
    }
    if let Some(month) = months.get_mut(place) {
        month.chain = chain_after(&month.chain, lines);
        month.bytes += lines.len() as u64;
    }
    months
}

/// The place of a month in a record.
pub(super) fn month_place(dir: &Path, month: &str) -> RecordPlace {
    RecordPlace { dir: dir.to_path_buf(), path: dir.join(LOG_FOLDER).join(format!("{month}.ndjson")), run: None }
}

/// The lines of a run, and where they belong.
pub(super) struct LogPart<'l> {
    /// The months before them.
    pub(super) months: &'l [LogMonth],
    /// The date D of the run.
    pub(super) day: Day,
    pub(super) lines: &'l [u8],
}

impl LogPart<'_> {
    /// The month of the lines.
    pub(super) fn month(&self) -> String {
        month_of(self.day)
    }

    /// The length of the month before the lines.
    pub(super) fn start(&self) -> u64 {
        let month = self.month();
        self.months.iter().find(|known| known.month == month).map_or(0, |known| known.bytes)
    }

    /// Puts the lines into the log of a record, in place of all that follows on the months before them, and syncs.
    ///
    /// # Errors
    ///
    /// The month is shorter than it has to be; the file cannot be written.
    pub(super) fn put(&self, dir: &Path) -> Result<(), RecordError> {
        let place = month_place(dir, &self.month());
        let start = self.start();
        if self.lines.is_empty() && start == 0 && !place.path.exists() {
            return Ok(());
        }
        let failed = |source| RecordError::Write { path: place.path.clone(), source };
        let folder = dir.join(LOG_FOLDER);
        create_private_dir(&folder)?;
        let mut file = open_private(&place.path).map_err(failed)?;
        let length = retry_interrupted(|| file.metadata()).map_err(failed)?.len();
        if length < start {
            return Err(place.error(FileFault::Damage(format!("has {length} bytes, expected {start} or more"))));
        }
        self.write_lines(&mut file, start).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(sync_folder(&folder)?)
    }

    /// Writes the lines unless they are there, so that nobody who reads sees the file shorter than it is.
    fn write_lines(&self, file: &mut File, start: u64) -> io::Result<()> {
        let end = start + self.lines.len() as u64;
        let mut present = Vec::with_capacity(self.lines.len());
        retry_interrupted(|| file.seek(SeekFrom::Start(start)))?;
        Read::by_ref(file).take(self.lines.len() as u64).read_to_end(&mut present)?;
        if present == self.lines {
            return file.set_len(end);
        }
        file.set_len(start)?;
        retry_interrupted(|| file.seek(SeekFrom::Start(start)))?;
        file.write_all(self.lines)
    }
}

/// Opens a file for reading and writing, creates it for its owner alone.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    retry_interrupted(|| options.open(path))
}

/// The bytes of a month up to its length, checked.
///
/// # Errors
///
/// Damage, or a file that cannot be read.
pub(super) fn read_month(path: &PathBuf, month: &LogMonth) -> Result<Vec<u8>, FileFault> {
    let mut bytes = Vec::new();
    let file = retry_interrupted(|| File::open(path))?;
    file.take(month.bytes).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != month.bytes {
        return Err(FileFault::Damage(format!("has {} bytes, expected {} or more", bytes.len(), month.bytes)));
    }
    let mut chain = String::new();
    for run in runs_of(&bytes) {
        chain = chain_after(&chain, run);
    }
    if chain != month.chain {
        return Err(FileFault::damage("has other bytes than its checksum says"));
    }
    Ok(bytes)
}

/// The lines of each run: those that begin with one `as_of`.
fn runs_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let first = first_key(rest)?;
        let mut end = 0;
        while first_key(&rest[end..]) == Some(first) {
            end += rest[end..].iter().position(|byte| *byte == b'\n').map_or(rest.len() - end, |at| at + 1);
        }
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

/// The bytes of a line up to its first comma: its `as_of`.
fn first_key(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.is_empty() {
        return None;
    }
    let end = bytes.iter().position(|byte| matches!(byte, b',' | b'\n')).unwrap_or(bytes.len());
    Some(&bytes[..end])
}

/// Cuts each month to its length, and removes other ones: they are of runs that the record does not have.
///
/// # Errors
///
/// A file that cannot be cut or removed.
pub(super) fn settle_months(dir: &Path, months: &[LogMonth]) -> Result<(), RecordError> {
    let folder = dir.join(LOG_FOLDER);
    for name in list_directory(&folder).into_iter().flatten().filter_map(|entry| entry.name.into_string().ok()) {
        let Some(month) = name.strip_suffix(".ndjson") else { continue };
        let path = folder.join(&name);
        let failed = |source| RecordError::Write { path: path.clone(), source };
        match months.iter().find(|known| known.month == month) {
            None => retry_interrupted(|| fs::remove_file(&path)).map_err(failed)?,
            Some(known) => cut(&path, known.bytes).map_err(failed)?,
        }
    }
    Ok(())
}

/// Cuts a file that is longer than a length.
fn cut(path: &Path, bytes: u64) -> io::Result<()> {
    if retry_interrupted(|| fs::metadata(path))?.len() > bytes {
        let file = open_private(path)?;
        file.set_len(bytes)?;
        file.sync_all()?;
    }
    Ok(())
}
