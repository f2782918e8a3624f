//! `head.json`: the runs that the record holds, and which of them had their lists published.
//!
//! It is replaced by one rename, which is what makes a run part of the record. Folders of runs that it does not name are leftovers.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    error::{FORMAT, FileFault, NEEDS, RecordError, RecordPlace},
    run_files::writing_error,
    sealed::{seal, unseal},
    wire::WireInstant,
};
use crate::fs::{
    publish::{FileAccess, StagedFile, commit},
    retry::retry_interrupted,
};
use pql_model::units::Micros;

/// The name of the file.
pub(super) const HEAD_FILE: &str = "head.json";

/// The runs of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordHead {
    format: u32,
    needs: String,
    /// By number; the last one is the newest.
    pub(super) runs: Vec<HeadRun>,
}

/// A run, as the head knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadRun {
    /// The number, from 1.
    #[serde(rename = "run")]
    pub(super) number: u32,
    as_of: WireInstant,
    /// Whether its lists were published.
    pub(super) published: bool,
}

impl HeadRun {
    pub(super) fn new(number: u32, as_of: Micros) -> HeadRun {
        HeadRun { number, as_of: WireInstant(as_of), published: false }
    }

    pub(super) fn as_of(self) -> Micros {
        self.as_of.0
    }

    /// The same under another number.
    pub(super) fn renumbered(self, number: u32) -> HeadRun {
        HeadRun { number, ..self }
    }

    /// The name of its folder.
    pub(super) fn folder_name(self) -> String {
        run_folder_name(self.number)
    }
}

/// The name of the folder of a run.
fn run_folder_name(number: u32) -> String {
    format!("run-{number:06}")
}

/// The number of a run by the name of its folder.
pub(super) fn run_of_folder(name: &str) -> Option<u32> {
    let number = name.strip_prefix("run-")?.parse().ok()?;
    (run_folder_name(number) == name).then_some(number)
}

impl RecordHead {
    /// A record without a run.
    pub(super) fn empty() -> RecordHead {
        RecordHead { format: FORMAT, needs: NEEDS.to_owned(), runs: Vec::new() }
    }

    /// A record with these runs.
    pub(super) fn of_runs(runs: Vec<HeadRun>) -> RecordHead {
        RecordHead { runs, ..RecordHead::empty() }
    }

    /// The head after the lists of all runs were published.
    pub(super) fn all_published(&self) -> RecordHead {
        let runs = self.runs.iter().map(|run| HeadRun { published: true, ..*run });
        RecordHead { runs: runs.collect(), ..self.clone() }
    }

    /// Reads the head of a record; none if there is no such file.
    ///
    /// # Errors
    ///
    /// Damage, a newer format, a file that cannot be read.
    pub(super) fn read(dir: &Path) -> Result<Option<RecordHead>, RecordError> {
        let place = head_place(dir);
        let bytes = match retry_interrupted(|| fs::read(&place.path)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(place.error(error.into())),
        };
        let head: RecordHead = unseal(&bytes).map_err(|fault| place.error(fault))?;
        let in_order =
            head.runs.windows(2).all(|pair| pair[0].number < pair[1].number && pair[0].as_of <= pair[1].as_of);
        if !in_order {
            return Err(place.error(FileFault::damage("lists runs that are out of order")));
        }
        Ok(Some(head))
    }

    /// Replaces the head of a record.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the old one stays.
    pub(super) fn write(&self, dir: &Path) -> Result<(), RecordError> {
        let mut file = StagedFile::new(&dir.join(HEAD_FILE), FileAccess::Private)?;
        let written = file.write_all(seal(self).as_bytes());
        written.map_err(|source| writing_error(dir.join(HEAD_FILE), source))?;
        Ok(commit(vec![file])?)
    }

    /// The newest run.
    pub(super) fn newest(&self) -> Option<HeadRun> {
        self.runs.last().copied()
    }

    /// The newest published run with an earlier instant.
    pub(super) fn published_before(&self, as_of: Micros) -> Option<HeadRun> {
        self.runs.iter().rev().find(|run| run.published && run.as_of() < as_of).copied()
    }

    /// The newest published run.
    pub(super) fn newest_published(&self) -> Option<HeadRun> {
        self.runs.iter().rev().find(|run| run.published).copied()
    }

    /// The head with a further run, without runs that were never published.
    pub(super) fn with_run(&self, run: HeadRun) -> RecordHead {
        let published = self.runs.iter().filter(|known| known.published).copied();
        RecordHead { runs: published.chain([run]).collect(), ..self.clone() }
    }

    /// The head as it was before the newest run.
    pub(super) fn without_newest(&self) -> RecordHead {
        let mut head = self.clone();
        head.runs.pop();
        head
    }

    /// The head with a run in place of another one and of all newer ones.
    pub(super) fn with_rewritten(&self, old: HeadRun, new: HeadRun) -> RecordHead {
        let earlier = self.runs.iter().filter(|run| run.number < old.number).copied();
        RecordHead { runs: earlier.chain([new]).collect(), ..self.clone() }
    }

    /// The head after the lists of the newest run were published: with it and the one before it.
    pub(super) fn with_newest_published(&self) -> RecordHead {
        let Some(newest) = self.newest() else { return self.clone() };
        let before = self.published_before(newest.as_of());
        let runs = before.into_iter().chain([HeadRun { published: true, ..newest }]).collect();
        RecordHead { runs, ..self.clone() }
    }
}

/// The place of the head of a record.
pub(super) fn head_place(dir: &Path) -> RecordPlace {
    RecordPlace { dir: dir.to_path_buf(), path: dir.join(HEAD_FILE), run: None }
}

/// The folder of a run.
pub(super) fn run_folder(dir: &Path, run: HeadRun) -> PathBuf {
    dir.join(run.folder_name())
}
