//! Keeps a run that is told to stop from leaving anything half done.
//!
//! Every temporary file is written down here from the moment it exists until it has its name or is gone, and files are given their names
//! behind the same lock. So whoever holds the lock sees a folder in which either nothing was published yet or everything was.

use std::{
    fs, mem,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What this process has begun and not ended.
#[derive(Debug)]
pub(super) struct PublishGate {
    /// Temporary files that are there.
    temporaries: Vec<PathBuf>,
    /// Files that were given their names.
    published: usize,
}

static GATE: Mutex<PublishGate> = Mutex::new(PublishGate { temporaries: Vec::new(), published: 0 });

/// Waits for the gate. What it guards is whole between any two statements, so a thread that panicked did no harm to it.
pub(super) fn lock_gate() -> MutexGuard<'static, PublishGate> {
    GATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PublishGate {
    pub(super) fn created(&mut self, temporary: &Path) {
        self.temporaries.push(temporary.to_path_buf());
    }

    pub(super) fn published(&mut self, temporary: &Path) {
        self.removed(temporary);
        self.published += 1;
    }

    pub(super) fn removed(&mut self, temporary: &Path) {
        self.temporaries.retain(|known| known != temporary);
    }
}

/// What a process that ends early leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonState {
    /// Its files are as they were.
    Unchanged,
    /// So many files were published, each whole and all that belong together.
    Published(usize),
}

/// Removes all temporary files of this process and keeps it from publishing anything from now on; gives what is there.
///
/// Waits while files are being given their names. For a process that ends at once: every thread that comes to publish waits for ever.
pub fn abandon() -> AbandonState {
    let mut gate = lock_gate();
    for temporary in mem::take(&mut gate.temporaries) {
        // What cannot be removed now is removed by the sweep of the next run.
        let _ = fs::remove_file(temporary);
    }
    let left = if gate.published == 0 { AbandonState::Unchanged } else { AbandonState::Published(gate.published) };
    mem::forget(gate);
    left
}
