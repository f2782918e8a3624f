//! The line of progress that a long run shows on a terminal.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use crate::cli::messages::Verbosity;
use pql_engine::pipeline::RunProgress;

/// A run that is shorter than this shows nothing.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// What a run reports its progress to; none where nobody looks.
pub(super) type ProgressReport<'r> = Option<&'r (dyn Fn(&RunProgress) + Sync)>;

/// Reads and folds; shows progress if the standard error output is a terminal.
pub(super) fn with_progress<T>(verbosity: Verbosity, fold: impl FnOnce(ProgressReport<'_>) -> T) -> T {
    if verbosity == Verbosity::Quiet || !io::stderr().is_terminal() {
        return fold(None);
    }
    let line = ProgressLine { started: Instant::now(), shown: AtomicBool::new(false) };
    let folded = fold(Some(&|progress| line.show(progress)));
    line.erase();
    folded
}

/// The line, which is written over and over.
struct ProgressLine {
    started: Instant,
    shown: AtomicBool,
}

impl ProgressLine {
    fn show(&self, progress: &RunProgress) {
        if self.started.elapsed() < SHOWN_AFTER {
            return;
        }
        self.shown.store(true, Ordering::Relaxed);
        let total = progress.total.filter(|total| *total > 0);
        let share = total.map(|total| format!("{:3} %  ", progress.bytes * 100 / total));
        let text = format!("\r{}{} lines", share.unwrap_or_default(), progress.lines);
        // Progress that cannot be shown is no reason to end a run.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    fn erase(&self) {
        if self.shown.load(Ordering::Relaxed) {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}
