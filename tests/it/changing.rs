//! Files that another process writes while the program reads them. A command gives the result for
//! one state of its files, or reports the change.

#![cfg(unix)]

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::run::{Folder, Outcome, names};

const MODEL: &str = "schema = 1\n[user.traits]\nrole = { type = \"text\" }\n[[user.signals]]\nname = \"visits\"\nevent = \"visit\"\npoints = 5\n";

fn event(user: &str) -> String {
    format!("{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\"}}\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("m.toml", MODEL);
    folder.write("n.toml", MODEL.replace("points = 5", "points = 6"));
    folder.write("events.ndjson", event("ann").repeat(50));
    folder.write("won.csv", "user_id,outcome,at\nann,won,2026-10-20\n");
    folder
}

/// Runs the program while `change` repeats, from before the start until after the end.
fn run_while(folder: &Folder, arguments: &str, change: impl Fn() + Sync) -> Outcome {
    let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                change();
                begun.store(true, Ordering::Relaxed);
            }
        });
        while !begun.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        let outcome = folder.pql(arguments);
        ended.store(true, Ordering::Relaxed);
        outcome
    })
}

/// A table that takes a while to read: a sparse file of zeros.
fn large_table(folder: &Folder, name: &str) -> File {
    let path = folder.write(name, "user_id,role\nann,vp\n");
    let file = OpenOptions::new().write(true).open(path).expect("a file");
    file.set_len(64 << 20).expect("a size");
    file
}

#[test]
fn a_table_of_users_that_is_written_to_while_it_is_read_is_told() {
    for option in ["--users", "--accounts"] {
        let folder = folder();
        assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 0);
        let old = folder.read("out/run.json");
        let file = large_table(&folder, "known.csv");
        let outcome =
            run_while(&folder, &format!("score events.ndjson -m m.toml --out out {option} known.csv"), || {
                file.write_all_at(b"u", 0).expect("a byte");
            });
        assert_eq!(outcome.code, 3, "{outcome:?}");
        for part in ["`known.csv`", "written to while it was read", "run again"] {
            assert!(outcome.stderr.contains(part), "{part}: {outcome:?}");
        }
        assert_eq!(folder.read("out/run.json"), old);
    }
}

#[test]
fn a_model_that_is_written_to_while_it_is_read_is_told() {
    let folder = folder();
    // The file is far too large for a model, so that reading up to the limit takes a while.
    let file = large_table(&folder, "changing.toml");
    let change = || file.write_all_at(b"s", 0).expect("a byte");
    let told = (0..60).any(|_| {
        let outcome = run_while(&folder, "score events.ndjson -m changing.toml", change);
        assert!(outcome.stderr.contains("`changing.toml`") || outcome.stderr.contains("changing.toml:"), "{outcome:?}");
        assert!([2, 3].contains(&outcome.code), "{outcome:?}");
        assert_eq!(outcome.code == 3, outcome.stderr.contains("written to while it was read"), "{outcome:?}");
        outcome.code == 3
    });
    assert!(told, "a model that is always being written was always read");
}

/// Runs `score` against a change until `judge` finds the wanted outcome. `judge` checks every other
/// outcome too.
fn score_until(folder: &Folder, change: impl Fn() + Sync, judge: impl Fn(&Outcome) -> bool) {
    // On a slow machine or with a coarse clock, a change may come before the file is opened or
    // after it is closed.
    let met = (0..60).any(|_| judge(&run_while(folder, "score events.ndjson -m m.toml --out out", &change)));
    assert!(met, "what this waits for never came");
}

#[test]
fn events_that_grow_while_they_are_read_end_with_a_whole_line() {
    let folder = folder();
    let lines = event("ann").repeat(20_000);
    let path = folder.write("events.ndjson", &lines);
    let line = event("bob");
    let (first, rest) = line.split_at(line.len() / 2);
    // Each line is written in two pieces, so the file sometimes ends within a line.
    let change = || [first, rest].iter().for_each(|piece| append(&path, piece));
    score_until(&folder, change, |outcome| {
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        let rejected = record["counts"]["rejected"].as_u64().expect("a count");
        // A last line without its end is rejected and reported.
        assert!(rejected <= 1 && (rejected == 0 || outcome.stderr.contains("invalid_json")), "{outcome:?}");
        outcome.stderr.contains("events.ndjson grew while it was read")
    });
}

#[test]
fn events_that_are_written_over_or_cut_while_they_are_read_are_told() {
    for cut in [true, false] {
        let folder = folder();
        assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 0);
        let old = folder.read("out/users.csv");
        let lines = event("bob").repeat(20_000);
        let path = folder.write("events.ndjson", &lines);
        let file = OpenOptions::new().write(true).open(path).expect("a file");
        let change = || {
            if cut {
                file.set_len(lines.len() as u64 / 2).expect("a size");
                thread::sleep(Duration::from_millis(1));
            }
            file.write_all_at(lines.as_bytes(), 0).expect("bytes");
            thread::sleep(Duration::from_millis(1));
        };
        score_until(&folder, change, |outcome| {
            assert!([0, 3].contains(&outcome.code), "{outcome:?}");
            if outcome.code == 0 {
                fs::write(folder.path().join("out/users.csv"), &old).expect("a file");
                return false;
            }
            let said = &outcome.stderr;
            assert!(said.contains("changed while it was read") || said.contains("was written over"), "{said}");
            assert!(said.contains("`events.ndjson`") && said.contains("run again"), "{said}");
            assert_eq!(folder.read("out/users.csv"), old);
            true
        });
    }
}

/// Commands that read the events more than once.
const TWICE: [&str; 5] = [
    "diff m.toml n.toml events.ndjson",
    "explain user:ann events.ndjson -m m.toml --signal visits",
    "check m.toml --events events.ndjson",
    "backtest events.ndjson -m m.toml --level user --outcomes won.csv",
    "init events.ndjson -o new.toml",
];

/// Writes lines with other field names, which `init` reads twice.
fn unusual(folder: &Folder, command: &str) {
    if command.starts_with("init") {
        let line = "{\"type\":\"visit\",\"created_at\":\"2026-10-01T10:00:00Z\",\"actor\":{\"id\":\"ann\"}}\n";
        folder.write("events.ndjson", line.repeat(50));
    }
}

fn is_told(outcome: &Outcome, command: &str) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{command}: {outcome:?}");
    for part in ["`events.ndjson` changed while the command ran", "run again when nothing writes"] {
        assert!(outcome.stderr.contains(part), "{command}: {outcome:?}");
    }
}

/// Runs a command in new folders against a change, until a change falls between two of its
/// readings. A change before the first or after the last one has no effect. The machine decides
/// which of them happens.
fn told_between(command: &str, change: impl Fn(&Folder) + Sync) {
    const ATTEMPTS: usize = 200;
    for _ in 0..ATTEMPTS {
        let folder = folder();
        unusual(&folder, command);
        let before = names(folder.path());
        let outcome = run_while(&folder, command, || change(&folder));
        if outcome.code == 0 {
            continue;
        }
        is_told(&outcome, command);
        let after: Vec<_> = names(folder.path()).into_iter().filter(|name| name != "next").collect();
        assert_eq!(after, before, "{command}");
        return;
    }
    panic!("{command}: no change was told in {ATTEMPTS} attempts");
}

#[test]
fn events_that_grow_between_two_readings_are_told() {
    for command in TWICE {
        let calm = {
            let folder = folder();
            unusual(&folder, command);
            folder.pql(command)
        };
        assert_eq!(calm.code, 0, "{command}: {calm:?}");
        told_between(command, |folder| {
            let line = folder.read("events.ndjson").lines().next().unwrap_or_default().to_owned() + "\n";
            append(&folder.path().join("events.ndjson"), &line);
        });
    }
}

#[test]
fn events_that_are_replaced_between_two_readings_are_told() {
    for command in TWICE {
        told_between(command, |folder| {
            let (path, next) = (folder.path().join("events.ndjson"), folder.path().join("next"));
            fs::write(&next, fs::read(&path).expect("events")).expect("a file");
            fs::rename(&next, &path).expect("a name");
        });
    }
}

#[test]
fn a_change_is_nothing_to_a_command_that_reads_once() {
    let folder = folder();
    let path = folder.path().join("events.ndjson");
    let line = event("bob");
    for command in ["explain user:ann events.ndjson -m m.toml", "inspect events.ndjson"] {
        let outcome = run_while(&folder, command, || append(&path, &line));
        assert_eq!(outcome.code, 0, "{command}: {outcome:?}");
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("a line");
    thread::sleep(Duration::from_micros(200));
}

#[test]
fn what_gives_its_bytes_only_once_is_not_read_twice() {
    let folder = folder();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    for command in &TWICE[..4] {
        for source in ["pipe", "-"] {
            let outcome = folder.pql(&command.replace("events.ndjson", source));
            assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{command}: {outcome:?}");
            let told = format!("`{source}` can be read only once");
            assert!(outcome.stderr.contains(&told) && outcome.stderr.contains("name a file"), "{outcome:?}");
        }
    }
}

#[test]
fn a_table_that_comes_through_a_pipe_serves_both_models() {
    let folder = folder();
    let by_role = "points = 5\n[[user.signals]]\nname = \"vp\"\nwhen = \"role = 'vp'\"\npoints = 7\n";
    folder.write("m.toml", MODEL.replace("points = 5\n", by_role));
    folder.write("n.toml", MODEL.replace("points = 5\n", &by_role.replace("points = 7", "points = 8")));
    folder.write("known.csv", "user_id,role\nann,vp\n");
    let of_file = folder.pql("diff m.toml n.toml events.ndjson --users known.csv --format json");
    let of_pipe = folder.pql_with(
        &["diff", "m.toml", "n.toml", "events.ndjson", "--users", "/dev/stdin", "--format", "json"],
        folder.read("known.csv").as_bytes(),
    );
    assert_eq!((of_file.code, of_pipe.code), (0, 0), "{of_pipe:?}");
    assert!(of_file.stdout.contains("\"rescored\": 1"), "{}", of_file.stdout);
    assert_eq!(of_pipe.stdout, of_file.stdout);
}
