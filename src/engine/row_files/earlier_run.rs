//! An earlier run: a folder of `score --out`, or one of its files.

use std::path::{Path, PathBuf};

use super::{RowFileError, row_reader::read_rows, run_summary::RunSummary};
use crate::record::LevelSnapshot;
use pql_model::{EntityKind, PerKind, diag::quoted_list};

/// The endings of files of rows.
const ENDINGS: [&str; 3] = ["csv", "json", "ndjson"];

/// The lists of an earlier run.
#[derive(Debug)]
pub struct EarlierRun {
    /// Users and accounts; none if there is no file of them.
    pub levels: PerKind<Option<LevelSnapshot>>,
    /// What the run says of itself, if its `run.json` stands beside the files.
    pub summary: Option<RunSummary>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
}

impl EarlierRun {
    /// Reads a folder, or one file of rows.
    ///
    /// # Errors
    ///
    /// [`RowFileError`].
    pub fn read(path: &Path) -> Result<EarlierRun, RowFileError> {
        if path.is_dir() { EarlierRun::of_folder(path) } else { EarlierRun::of_file(path) }
    }

    fn of_folder(dir: &Path) -> Result<EarlierRun, RowFileError> {
        let summary = RunSummary::read(dir)?;
        let mut run = EarlierRun { levels: PerKind::default(), summary, files: Vec::new() };
        for kind in EntityKind::ALL {
            let Some(path) = run.file_of(dir, kind)? else { continue };
            run.add(&path, Some(kind))?;
        }
        if run.files.is_empty() {
            let message = "the folder has no users.csv or accounts.csv (nor .json or .ndjson); expected a folder of `pql score --out`, \
                           or of one model of several";
            return Err(RowFileError::of_file(&dir.display().to_string(), message));
        }
        Ok(run)
    }

    fn of_file(path: &Path) -> Result<EarlierRun, RowFileError> {
        let mut run = EarlierRun { levels: PerKind::default(), summary: None, files: Vec::new() };
        run.add(path, None)?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().and_then(|name| name.to_str());
        // A record of another run may stand beside a file that was put there by hand.
        let summary = RunSummary::read(dir).ok().flatten();
        run.summary = summary.filter(|summary| summary.files.iter().any(|file| Some(file.as_str()) == name));
        Ok(run)
    }

    /// The file of a level in a folder: the one that the run says it wrote, else the only one.
    fn file_of(&self, dir: &Path, kind: EntityKind) -> Result<Option<PathBuf>, RowFileError> {
        let names = ENDINGS.map(|ending| format!("{}.{ending}", kind.plural()));
        let written = |name: &&String| self.summary.as_ref().is_some_and(|summary| summary.files.contains(name));
        if let Some(name) = names.iter().find(written) {
            return Ok(Some(dir.join(name)));
        }
        let present: Vec<&str> = names.iter().map(String::as_str).filter(|name| dir.join(name).is_file()).collect();
        match present.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(dir.join(name))),
            several => {
                let message =
                    format!("the folder has {}; name one of them in place of the folder", quoted_list(several));
                Err(RowFileError::of_file(&dir.display().to_string(), message))
            }
        }
    }

    /// Reads a file. In a folder its name says whose rows it has.
    fn add(&mut self, path: &Path, named: Option<EntityKind>) -> Result<(), RowFileError> {
        let (kind, level) = read_rows(path)?;
        if named.is_some_and(|named| named != kind) {
            let message = format!("the file has rows of {}, which its name does not say", kind.plural());
            return Err(RowFileError::of_file(&path.display().to_string(), message));
        }
        self.levels[kind] = Some(level);
        self.files.push(path.to_path_buf());
        Ok(())
    }
}
