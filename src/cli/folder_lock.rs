//! Waits for another run that writes to the same folder.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{CommandError, messages::Verbosity, print_stderr};
use pql_engine::fs::publish::lock_holder;
use pql_model::diag::escape_controls;

/// How long a run that waits for another one sleeps before it looks again.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A folder to lock, and how long to wait for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct LockRequest<'l> {
    pub(super) dir: &'l Path,
    pub(super) patience: Duration,
    pub(super) verbosity: Verbosity,
}

impl LockRequest<'_> {
    /// Repeats an attempt to lock the folder until it gives something, for a while if the folder is in use.
    ///
    /// # Errors
    /// The error of the attempt; or another run still writes to the folder.
    pub(super) fn acquire<T, E: Into<CommandError>>(
        self,
        mut attempt: impl FnMut(&Path) -> Result<Option<T>, E>,
    ) -> Result<T, CommandError> {
        let since = Instant::now();
        let mut reported = self.verbosity == Verbosity::Quiet;
        loop {
            if let Some(locked) = attempt(self.dir).map_err(Into::into)? {
                return Ok(locked);
            }
            let by = lock_holder(self.dir).map_or_else(String::new, |process| format!(" (process {process})"));
            if since.elapsed() >= self.patience {
                return Err(CommandError::usage(format!(
                    "another run{by} is writing to `{}`; run again when it has ended, give --wait SECONDS to wait for it, or name another folder",
                    self.dir.display()
                )));
            }
            if !reported {
                let name = escape_controls(&self.dir.display().to_string());
                print_stderr(&format!("note: another run{by} is writing to {name}; waiting for it"));
                reported = true;
            }
            thread::sleep(LOCK_POLL_INTERVAL.min(self.patience));
        }
    }

    /// Says that the lock excludes no other run, where the file system has no locks.
    pub(super) fn note_without_locks(self) {
        if self.verbosity == Verbosity::Notes {
            let name = escape_controls(&self.dir.display().to_string());
            print_stderr(&format!(
                "note: the file system of {name} knows no locks; see to it that no other run writes there"
            ));
        }
    }
}
