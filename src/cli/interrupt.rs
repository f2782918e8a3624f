//! Signals that end a run early: what it was writing goes away, then it ends by the signal, as shells, cron and systemd expect.

use super::print_stderr;
use pql_engine::fs::publish::{AbandonState, abandon};
use pql_model::units::plural;

/// Watches for signals from now on, for commands that write files; the others just end.
///
/// Where that is not possible the program ends at once on a signal, as it would without, and the next run removes what it leaves.
#[cfg(unix)]
pub(super) fn watch() {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ},
        iterator::Signals,
    };
    use std::{sync::mpsc, thread};

    // A file over the limit of `ulimit -f` then is an error of writing, with a message, and not the end.
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
        // The other side is dropped without a word.
        let _ = started.recv();
    }
}

#[cfg(not(unix))]
pub(super) fn watch() {}

/// Signals that whoever started the program wants ignored, as `nohup` does, a bit for each; they stay so. None where the system does not
/// tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ends the program.
#[cfg(unix)]
fn end(signal: i32) -> ! {
    use signal_hook::low_level::{emulate_default_handler, signal_name};
    use std::{sync::mpsc, thread, time::Duration};

    let text = message(signal_name(signal).unwrap_or("a signal"), abandon());
    // Somebody else may be writing there and wait for a reader who does not read.
    let (told, waiting) = mpsc::channel::<()>();
    let telling = thread::Builder::new().spawn(move || {
        print_stderr(&text);
        drop(told);
    });
    if telling.is_ok() {
        let _ = waiting.recv_timeout(Duration::from_millis(500));
    }
    // The first process of a container is not ended by a signal that it sends itself.
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
