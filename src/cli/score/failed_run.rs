//! What a run leaves that ended without a result: its rejected lines, for repair.

use super::outputs::run_folder;
use crate::cli::output_file::OutputFile;
use crate::cli::{CommandError, messages, print_stderr};
use pql_engine::pipeline::RunError;
use pql_model::diag::escape_controls;

/// Publishes the rejected lines of a run that has nothing else to publish, and gives the failure back.
///
/// `noted` is the format that was asked for, where the formats of files are noted.
pub(super) fn publish_rejects_only(mut error: RunError, file: Option<OutputFile>, noted: Option<&str>) -> CommandError {
    if let (Some(asked), RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) =
        (noted, &error)
    {
        messages::note_formats_of_rejects(rejects, asked);
    }
    messages::note_failed_run(&error);
    let (RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) = &mut error else {
        return error.into();
    };
    if file.is_none() && !rejects.is_empty() {
        print_stderr("note: --rejects FILE keeps rejected lines for repair");
    }
    let Some(mut file) = file.filter(|_| !rejects.is_empty()) else { return error.into() };
    match file.write_with(|file| rejects.write(file)).and_then(|()| publish_rejects(file)) {
        Ok(()) => error.into(),
        Err(failure) => failure,
    }
}

/// Publishes the file of rejected lines alone.
///
/// # Errors
/// Those of writing the file.
pub(super) fn publish_rejects(file: OutputFile) -> Result<(), CommandError> {
    let path = file.path().to_path_buf();
    file.commit()?;
    let others = run_folder(&path).map(|folder| {
        format!("; the other files in {} are of the run before", escape_controls(&folder.display().to_string()))
    });
    let path = escape_controls(&path.display().to_string());
    print_stderr(&format!("rejected lines are in {path}{}", others.unwrap_or_default()));
    Ok(())
}
