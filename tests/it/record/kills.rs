//! Runs that write to a record are killed at each call that changes something: the record is old or new, and the run, repeated, gives the new one.
//!
//! It needs `strace` and some minutes: `cargo test --test it record::kills -- --ignored`.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use pql_engine::record_folder::{RecordCheck, RecordFolder, RecordView};
use pql_model::EntityKind;

use super::sample::{RunInputs, files, list, log, record};
use crate::run::Folder;

/// All calls that change something outside the process, or end what does; with `openat`, which creates.
const CALLS: [&str; 15] = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "ftruncate",
    "flock",
];

/// The folder of the record that [`the_third_run`] writes to.
const FOLDER: &str = "PQL_KILLED_RECORD";

/// A run in a process of its own.
#[test]
#[ignore = "the other tests here start it and kill it"]
fn the_third_run() {
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let mut folder = RecordFolder::try_open(Path::new(&dir)).expect("a record").expect("the lock");
    RunInputs::new().record(&mut folder, &list(2), &log(2)).expect("a run");
}

/// What is run and killed.
#[derive(Clone, Copy)]
enum Killed {
    Run,
    Undo,
}

impl Killed {
    /// Its program and arguments.
    fn command(self, dir: &Path) -> Vec<String> {
        let this = std::env::current_exe().expect("the test").display().to_string();
        let run = [&this, "--exact", "record::kills::the_third_run", "--ignored", "--test-threads=1"];
        let dir = dir.display().to_string();
        match self {
            Killed::Run => run.map(str::to_owned).to_vec(),
            Killed::Undo => [env!("CARGO_BIN_EXE_pql"), "record", "undo", &dir].map(str::to_owned).to_vec(),
        }
    }

    /// The numbers of the list before and after.
    fn lists(self) -> [usize; 2] {
        match self {
            Killed::Run => [1, 2],
            Killed::Undo => [2, 1],
        }
    }

    /// The number of runs of the record before.
    fn runs(self) -> usize {
        match self {
            Killed::Run => 2,
            Killed::Undo => 3,
        }
    }

    /// Runs it, under `strace` if there are options for it.
    fn run(self, dir: &Path, strace: &[String]) -> bool {
        let command = self.command(dir);
        let mut words: Vec<&str> = strace.iter().map(String::as_str).collect();
        words.extend(command.iter().map(String::as_str));
        let (program, arguments) = words.split_first().expect("a program");
        let status = Command::new(program)
            .args(arguments)
            .env(FOLDER, dir)
            .env("RAYON_NUM_THREADS", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.expect("it starts").success()
    }
}

/// Copies a folder with what is in it.
fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}

/// The most calls of each kind that a thread makes in an undisturbed run.
fn calls(killed: Killed, dir: &Path, folder: &Folder) -> BTreeMap<String, usize> {
    let trace = folder.path().join("trace").display().to_string();
    let options = ["strace", "-f", "-o", &trace, "-e", &format!("trace={}", CALLS.join(","))].map(str::to_owned);
    assert!(killed.run(dir, &options), "strace runs here");
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in folder.read("trace").lines() {
        let mut words = line.splitn(2, ' ');
        let (Some(thread), Some(call)) = (words.next(), words.next()) else { continue };
        let name = call.trim_start().split('(').next().unwrap_or_default();
        if CALLS.contains(&name) {
            *counts.entry((thread.to_owned(), name.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, name), count) in counts {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    most
}

/// The number of the list that the record gives to later runs; it has to be one of two, whole.
fn newest(killed: Killed, dir: &Path, at: &str) -> usize {
    let check = RecordCheck::of_record(dir).expect("it can be read");
    assert!(check.damage.is_empty(), "{at}: {check:?}");
    let run = RecordView::open_to_read(dir).and_then(|view| view.newest_published()).expect("whole").expect("a run");
    let shown = |number: usize| format!("{:?}", list(number).levels.user.snapshot);
    let found = format!("{:?}", run.list.levels.user.snapshot);
    let [old, new] = killed.lists();
    assert!(found == shown(old) || found == shown(new), "{at}: neither old nor new");
    if found == shown(new) { new } else { old }
}

fn killed_at_every_call(killed: Killed) {
    let folder = Folder::in_memory();
    let (first, dir) = (folder.path().join("first"), folder.path().join("record"));
    record(&first, killed.runs());
    copy(&first, &dir);
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, count) in calls(killed, &dir, &folder) {
        for number in 1..=count {
            let at = format!("{name} no. {number}");
            fs::remove_dir_all(&dir).expect("a folder");
            copy(&first, &dir);
            let inject = format!("inject={name}:signal=KILL:when={number}");
            let trace = format!("trace={name}");
            let options = ["strace", "-f", "-o", "/dev/null", "-e", &trace, "-e", &inject].map(str::to_owned);
            let done = killed.run(&dir, &options);
            let [old, new] = killed.lists();
            let is_new = newest(killed, &dir, &at) == new;
            assert!(!done || is_new, "{at}: it ended well, and the record is old");
            *ends
                .entry(if done {
                    "done"
                } else if is_new {
                    "killed, new"
                } else {
                    "killed, old"
                })
                .or_default() += 1;
            if newest(killed, &dir, &at) == old || matches!(killed, Killed::Run) {
                assert!(killed.run(&dir, &[]), "{at}: the same again");
            }
            assert_eq!(newest(killed, &dir, &at), new, "{at}");
            let check = RecordCheck::of_record(&dir).expect("it can be read");
            assert!(check.leftovers.is_empty() || is_new, "{at}: {check:?}");
            if matches!(killed, Killed::Run) {
                let view = RecordView::open_to_read(&dir).expect("a record");
                let changes = |id: &str| view.history(EntityKind::User, id).expect("a log").len();
                assert_eq!(["ann", "bo", "cem"].map(changes), [1, 1, 1], "{at}");
            }
        }
    }
    assert!(ends["killed, old"] > 10 && ends["killed, new"] > 0, "{ends:?}");
}

#[test]
#[ignore = "it needs strace and a minute"]
fn a_run_killed_at_any_call_leaves_the_record_old_or_new() {
    killed_at_every_call(Killed::Run);
}

#[test]
#[ignore = "it needs strace and a minute"]
fn an_undo_killed_at_any_call_leaves_the_record_old_or_new() {
    killed_at_every_call(Killed::Undo);
}
