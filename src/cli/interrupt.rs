//! Handles signals that end a run early.
//!
//! The handler removes unfinished files and then ends the program by the signal, as shells, cron
//! and systemd expect.

use super::print_stderr;
use pql_engine::fs::publish::{AbandonState, abandon};
use pql_model::units::plural;

/// Handles signals from now on. Commands that write files call it; other commands need no handler.
///
/// If the handler cannot start, a signal ends the program at once. The next run then removes the
/// unfinished files.
#[cfg(unix)]
pub(super) fn watch() {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ},
        iterator::Signals,
    };
    use std::{sync::mpsc, thread};

    // Without a handler, a file over the limit of `ulimit -f` would end the program. With it, the
    // write fails and gives a message.
    let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
    let ignored = ignored();
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(move |signal| ignored >> (signal - 1) & 1 == 0);
    let (ready, started) = mpsc::channel::<()>();
    let watching = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let signals = Signals::new(wanted);
        drop(ready);
        if let Some(signal) = signals.ok().and_then(|mut signals| signals.forever().next()) {
            end(signal);
        }
    });
    if watching.is_ok() {
        // The thread drops its sender once it handles signals, which ends this wait.
        let _ = started.recv();
    }
}

#[cfg(not(unix))]
pub(super) fn watch() {}

/// The signals that the parent process set to be ignored, as `nohup` does, as a bit mask. They stay
/// ignored. Zero where the system does not report them.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ends the program by a signal.
#[cfg(unix)]
fn end(signal: i32) -> ! {
    use signal_hook::low_level::{emulate_default_handler, signal_name};
    use std::{sync::mpsc, thread, time::Duration};

    let text = message(signal_name(signal).unwrap_or("a signal"), abandon());
    // Another thread may hold the lock of the standard error and wait for a slow reader.
    let (running, waiting) = mpsc::channel::<()>();
    let printing = thread::Builder::new().spawn(move || {
        print_stderr(&text);
        drop(running);
    });
    if printing.is_ok() {
        let _ = waiting.recv_timeout(Duration::from_millis(500));
    }
    // A signal that the first process of a container sends itself does not end it.
    if std::process::id() != 1 {
        let _ = emulate_default_handler(signal);
    }
    std::process::exit(128 + signal)
}

fn message(signal: &str, left: AbandonState) -> String {
    match left {
        AbandonState::Unchanged => {
            format!("error: stopped by {signal}; nothing was written, the files of earlier runs are as they were")
        }
        AbandonState::Published(files) => {
            format!(
                "error: stopped by {signal}, after {} had been written whole",
                plural(files as u64, "file", "files")
            )
        }
    }
}
