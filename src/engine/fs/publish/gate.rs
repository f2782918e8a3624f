//! Lets a run stop without leaving half of its files.
//!
//! Every temporary file is registered here from its creation until it is renamed or removed.
//! Renames happen under the same lock. So the holder of the lock sees a folder in which either no
//! file was published yet, or all were. A run that a signal stops takes the lock for good, removes
//! its temporary files and ends.

use std::{
    fs, mem,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The files that this process has begun and not finished.
#[derive(Debug)]
pub(super) struct PublishGate {
    /// Temporary files that exist.
    temporaries: Vec<PathBuf>,
    /// The number of files published.
    published: usize,
}

static GATE: Mutex<PublishGate> = Mutex::new(PublishGate { temporaries: Vec::new(), published: 0 });

/// Waits for the gate. Its data is consistent between any two statements, so a panic in another
/// thread does no harm.
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

/// The state in which a process leaves its files when it ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbandonState {
    /// All files are as they were.
    Unchanged,
    /// The given number of files was published, each of them whole and the set complete.
    Published(usize),
}

/// Removes all temporary files of this process and blocks all later publishing; returns what was
/// published.
///
/// It waits while files are being renamed. The process must end at once afterwards, because every
/// thread that comes to publish waits for ever.
pub fn abandon() -> AbandonState {
    let mut gate = lock_gate();
    for temporary in mem::take(&mut gate.temporaries) {
        // A file that cannot be removed now is removed by the sweep of the next run.
        let _ = fs::remove_file(temporary);
    }
    let left = if gate.published == 0 { AbandonState::Unchanged } else { AbandonState::Published(gate.published) };
    mem::forget(gate);
    left
}
