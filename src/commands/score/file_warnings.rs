//! What always deserves a warning about single files of events.

use super::{RunValues, RunWarning};
use pql_engine::{fold::FileCounts, read::FileStats};

/// The warnings about files: unreadable records, a last line without an end, columns that are not there.
pub(super) fn file_warnings(values: &RunValues<'_>) -> Vec<RunWarning> {
    let files = &values.run.folded.files;
    let rejects = &values.run.folded.rejects;
    let cut = files.iter().filter(|file| rejects.is_cut(file));
    let cut = cut.map(|file| RunWarning::CutFile { file: file.name.clone() });
    let missing = files.iter().flat_map(|file| {
        let of_file =
            |missing: &_| RunWarning::MissingColumn { file: file.name.clone(), missing: Clone::clone(missing) };
        file.missing_columns.iter().map(of_file)
    });
    many_rejected(files, &values.run.scored.entities.counts).into_iter().chain(cut).chain(missing).collect()
}

/// The warning about files of which more than one in a hundred records are rejected. A single file is judged as a whole.
fn many_rejected(files: &[FileStats], counts: &[FileCounts]) -> Option<RunWarning> {
    let bad = |counts: &FileCounts| counts.rejected * 100 > counts.records;
    let mut found = files.iter().zip(counts).filter(|(_, counts)| bad(counts));
    let (file, first) = found.next().filter(|_| files.len() > 1)?;
    let (rejected, records) = (first.rejected.unsigned_abs(), first.records.unsigned_abs());
    Some(RunWarning::ManyRejected { file: file.name.clone(), rejected, records, count: found.count() + 1 })
}
