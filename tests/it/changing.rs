//! What is written to while it is read: a command gives what one state of its files gives, or says that there was none.

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
    folder
}

/// Runs the program while something is done again and again, from before it begins until after its end.
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

/// A table whose reading takes a while: zeros without a place on the disk.
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
fn a_model_is_one_state_of_its_file_or_told() {
    let folder = folder();
    // Two models of one length; a mixture of both is none.
    let filler = format!("# {}\n", "x".repeat(120)).repeat(4000);
    let texts = ["aaaa", "bbbb"].map(|name| MODEL.replace("\"visits\"", &format!("\"{name}\"")) + &filler);
    let path = folder.write("changing.toml", &texts[0]);
    let file = OpenOptions::new().write(true).open(path).expect("a file");
    let told = (0..40).any(|_| {
        let outcome = run_while(&folder, "score events.ndjson -m changing.toml --level user -q", || {
            texts.iter().for_each(|text| file.write_all_at(text.as_bytes(), 0).expect("bytes"));
        });
        assert!([0, 3].contains(&outcome.code), "{outcome:?}");
        assert!(outcome.code == 0 || outcome.stderr.contains("`changing.toml`"), "{outcome:?}");
        outcome.code == 3
    });
    assert!(told, "a model that is always being written was always read");
}

/// Commands that read the events more than once.
const TWICE: [&str; 4] = [
    "diff m.toml n.toml events.ndjson",
    "explain user:ann events.ndjson -m m.toml --signal visits",
    "check m.toml --events events.ndjson",
    "init events.ndjson -o new.toml",
];

/// Lines under other names, for which `init` looks twice.
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

#[test]
fn events_that_grow_between_two_readings_are_told() {
    for command in TWICE {
        let folder = folder();
        unusual(&folder, command);
        let calm = folder.pql(&command.replace("new.toml", "calm.toml"));
        assert_eq!(calm.code, 0, "{command}: {calm:?}");
        let before = names(folder.path());
        let mut file = OpenOptions::new().append(true).open(folder.path().join("events.ndjson")).expect("a file");
        let line = folder.read("events.ndjson").lines().next().unwrap_or_default().to_owned() + "\n";
        let file = std::sync::Mutex::new(&mut file);
        let outcome = run_while(&folder, command, || {
            file.lock().expect("a lock").write_all(line.as_bytes()).expect("a line");
            thread::sleep(Duration::from_micros(200));
        });
        is_told(&outcome, command);
        assert_eq!(names(folder.path()), before, "{command}");
    }
}

#[test]
fn events_that_are_replaced_between_two_readings_are_told() {
    for command in TWICE {
        let folder = folder();
        unusual(&folder, command);
        let path = folder.path().join("events.ndjson");
        let text = fs::read(&path).expect("events");
        let next = folder.path().join("next");
        let outcome = run_while(&folder, command, || {
            fs::write(&next, &text).expect("a file");
            fs::rename(&next, &path).expect("a name");
        });
        is_told(&outcome, command);
    }
}

#[test]
fn a_change_is_nothing_to_a_command_that_reads_once() {
    let folder = folder();
    let path = folder.path().join("events.ndjson");
    let line = event("bob");
    for command in
        ["explain user:ann events.ndjson -m m.toml", "inspect events.ndjson", "init events.ndjson -o new.toml"]
    {
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
    for command in &TWICE[..3] {
        for source in ["pipe", "-"] {
            let outcome = folder.pql(&command.replace("events.ndjson", source));
            assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{command}: {outcome:?}");
            let told = format!("`{source}` gives its bytes only once");
            assert!(outcome.stderr.contains(&told) && outcome.stderr.contains("to a file"), "{outcome:?}");
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
