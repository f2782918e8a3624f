//! Outputs are old or new, however a run ends and whichever process writes beside it.

#![cfg(unix)]

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::Path,
    process::{Child, ChildStdin, Command, Output, Stdio},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use crate::run::{Folder, names};

const WHOLE: [&str; 4] = ["accounts.csv", "rejects.ndjson", "run.json", "users.csv"];

fn event(user: &str) -> String {
    format!(
        "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
    )
}

/// A folder with a model, events, and the outputs of an earlier run over other events.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("m.toml", "schema = 1\n[[user.signals]]\nname = \"visits\"\nevent = \"visit\"\npoints = 5\n");
    folder.write("events.ndjson", event("old"));
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 0);
    folder.write("events.ndjson", event("new"));
    folder
}

/// The running program, with a pipe as its input.
struct Running {
    child: Child,
    input: ChildStdin,
}

/// Starts a line of shell in which `pql` is the program.
fn start(folder: &Folder, line: &str) -> Running {
    let line = format!("pql() {{ exec '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_pql"));
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let input = child.stdin.take().expect("a pipe");
    Running { child, input }
}

impl Running {
    /// Waits until the run has created its files.
    fn at_work(self, folder: &Folder, dir: &str, files: usize) -> Running {
        let since = Instant::now();
        while temporaries(&folder.path().join(dir)).len() < files {
            assert!(since.elapsed() < Duration::from_secs(60), "the run does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -s {name} {}", self.child.id())]).status();
        assert!(sent.expect("a shell").success());
    }

    /// Closes the input and waits for the end.
    fn end(self) -> Output {
        drop(self.input);
        self.child.wait_with_output().expect("the program ends")
    }

    /// Waits for the end with the input still open.
    fn wait(self) -> Output {
        let output = self.child.wait_with_output().expect("the program ends");
        drop(self.input);
        output
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a line of shell to its end.
fn shell(folder: &Folder, line: &str) -> (i32, String) {
    let output = start(folder, line).end();
    (output.status.code().unwrap_or(-1), text(&output.stderr))
}

fn temporaries(dir: &Path) -> Vec<String> {
    names(dir).into_iter().filter(|name| name.starts_with(".pql-")).collect()
}

fn contents(folder: &Folder, dir: &str) -> Vec<(String, Vec<u8>)> {
    let dir = folder.path().join(dir);
    names(&dir).into_iter().map(|name| (name.clone(), fs::read(dir.join(&name)).expect("a file"))).collect()
}

/// The files that differ from their entries in `run.json`.
fn not_of_this_run(folder: &Folder, dir: &str) -> Vec<String> {
    let record: serde_json::Value = serde_json::from_str(&folder.read(&format!("{dir}/run.json"))).expect("JSON");
    let outputs = record["outputs"].as_array().expect("a list").clone();
    let wrong = outputs.iter().filter(|output| {
        let name = output["name"].as_str().expect("a name");
        let bytes = fs::read(folder.path().join(dir).join(name)).unwrap_or_default();
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        output["bytes"] != bytes.len() || output["sha256"] != hash
    });
    wrong.map(|output| output["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn the_record_vouches_for_every_file_of_the_run() {
    let folder = folder();
    let old = contents(&folder, "out");
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out --id-map map.csv").code, 0);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let named: Vec<_> = record["outputs"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(named, ["users.csv", "accounts.csv"]);
    assert_eq!(record["rejects"]["name"], "rejects.ndjson");
    assert_eq!(record["rejects"]["bytes"], folder.read("out/rejects.ndjson").len());
    assert_eq!(record["outputs_elsewhere"][0]["path"], "map.csv");
    assert_eq!(record["outputs_elsewhere"][0]["bytes"], folder.read("map.csv").len());
    assert_eq!(not_of_this_run(&folder, "out"), [""; 0]);
    // This is the state after a kill between two renames.
    for (name, bytes) in old.iter().filter(|(name, _)| name == "users.csv") {
        folder.write(&format!("out/{name}"), bytes);
    }
    assert_eq!(not_of_this_run(&folder, "out"), ["users.csv"]);
}

#[test]
fn a_run_without_a_result_leaves_a_whole_set() {
    let folder = folder();
    let old = contents(&folder, "out");
    folder.write("events.ndjson", event("new") + "bad\n");
    let outcome = folder.pql("score events.ndjson -m m.toml --out out");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("the other files in out are of the run before"), "{outcome:?}");
    // The folder still has a complete list, and beside it the rejects of the failed run.
    assert_eq!(not_of_this_run(&folder, "out"), [""; 0]);
    let changed: Vec<_> = contents(&folder, "out").into_iter().filter(|file| !old.contains(file)).collect();
    assert_eq!(changed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["rejects.ndjson"]);
    assert!(folder.read("out/rejects.ndjson").contains("\"line\":2"));
    // Without an earlier run the message does not mention other files.
    let outcome = folder.pql("score events.ndjson -m m.toml --out fresh");
    assert!(outcome.code == 1 && !outcome.stderr.contains("the other files"), "{outcome:?}");
}

#[test]
fn files_of_another_form_that_stay_are_told() {
    let folder = folder();
    let outcome = folder.pql("score events.ndjson -m m.toml --out out -f json --rejects bad.ndjson");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for name in ["users.csv", "accounts.csv", "rejects.ndjson"] {
        assert!(outcome.stderr.contains(&format!("`{name}`")), "{outcome:?}");
    }
    assert!(outcome.stderr.contains("of an earlier run"), "{outcome:?}");
    assert_eq!(not_of_this_run(&folder, "out"), [""; 0]);
}

#[test]
fn a_second_run_on_the_same_folder_is_refused_and_a_killed_one_is_in_nobodys_way() {
    let folder = folder();
    let old = contents(&folder, "out");
    let mut first = start(&folder, "pql score - -m m.toml --out out").at_work(&folder, "out", 4);
    for dir in ["out", "out/", "./out", "out/../out"] {
        let (code, said) = shell(&folder, &format!("pql score events.ndjson -m m.toml --out {dir}"));
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(&format!("is writing to `{dir}`")) && said.contains("--wait"), "{said}");
        if cfg!(target_os = "linux") {
            assert!(said.contains(&format!("(process {})", first.child.id())), "{said}");
        }
    }
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out other").code, 0, "another folder is free");
    first.child.kill().expect("it runs");
    assert_eq!(first.wait().status.signal(), Some(9));
    let mut left = contents(&folder, "out");
    left.retain(|(name, _)| !name.starts_with(".pql-"));
    assert_eq!(left, old);
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 0);
    assert_eq!(names(&folder.path().join("out")), WHOLE, "what the killed run left is gone");
    assert!(folder.read("out/users.csv").contains("new,"));
}

#[test]
fn a_run_that_is_told_to_wait_follows_the_other() {
    let folder = folder();
    let first = start(&folder, "pql score - -m m.toml --out out; echo done").at_work(&folder, "out", 4);
    let (code, said) = shell(&folder, "pql score events.ndjson -m m.toml --out out --wait 0");
    assert_eq!(code, 2, "{said}");
    let second = start(&folder, "pql score events.ndjson -m m.toml --out out --wait 60");
    std::thread::sleep(Duration::from_millis(50));
    let mut input = first.input;
    std::io::Write::write_all(&mut input, event("first").as_bytes()).expect("it reads");
    drop(input);
    let first = first.child.wait_with_output().expect("it ends");
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let second = second.end();
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    assert!(folder.read("out/users.csv").contains("new,"), "the one that waited is the last");
}

#[test]
fn of_several_runs_at_once_each_publishes_a_whole_set_or_is_told() {
    let folder = folder();
    for user in ["a", "b", "c", "d"] {
        folder.write(&format!("{user}.ndjson"), event(user).repeat(200));
    }
    for round in 0..5 {
        let runs = ["a", "b", "c", "d"]
            .map(|user| start(&folder, &format!("pql score {user}.ndjson -m m.toml --out race --max-rejects 0 -q")));
        let ends = runs.map(Running::end);
        let won = ends.iter().filter(|output| output.status.code() == Some(0)).count();
        let told = ends.iter().filter(|output| output.status.code() == Some(2)).count();
        assert!(won >= 1 && won + told == 4, "round {round}: {ends:?}");
        assert_eq!(not_of_this_run(&folder, "race"), [""; 0]);
        assert_eq!(names(&folder.path().join("race")), WHOLE);
    }
}

/// True if the tests inherited an ignored signal, as from a shell in the background. The program
/// then ignores the signal too.
fn is_ignored(number: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0").trim().to_owned();
    u64::from_str_radix(&mask, 16).expect("a mask") >> (number - 1) & 1 == 1
}

#[test]
fn a_signal_ends_a_run_and_leaves_what_was_there() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)].into_iter().filter(|(_, number)| !is_ignored(*number))
    {
        let folder = folder();
        let old = contents(&folder, "out");
        let run = start(&folder, "pql score - -m m.toml --out out --id-map map.csv").at_work(&folder, "out", 4);
        run.signal(name);
        let output = run.wait();
        // A shell turns this into 128 + number.
        assert_eq!(output.status.signal(), Some(number as i32), "{output:?}");
        assert!(text(&output.stderr).contains(&format!("stopped by SIG{name}; nothing was written")), "{output:?}");
        assert_eq!(contents(&folder, "out"), old);
        assert_eq!(names(folder.path()), ["events.ndjson", "m.toml", "out"]);
    }
    let folder = Folder::new();
    let run = start(&folder, "pql init -").at_work(&folder, ".", 1);
    run.signal("TERM");
    assert_eq!(run.wait().status.signal(), Some(15));
    assert!(names(folder.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_stays_so() {
    let folder = folder();
    let run = start(&folder, "trap '' HUP; pql score - events.ndjson -m m.toml --out out").at_work(&folder, "out", 4);
    run.signal("HUP");
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(run.end().status.code(), Some(0));
    assert!(folder.read("out/users.csv").contains("new,"));
}

#[test]
fn a_model_that_appears_while_another_is_written_is_kept() {
    let folder = Folder::new();
    let run = start(&folder, "pql init -").at_work(&folder, ".", 1);
    folder.write("scoring.toml", "# mine");
    let mut input = run.input;
    std::io::Write::write_all(&mut input, event("ann").as_bytes()).expect("it reads");
    drop(input);
    let output = run.child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("`scoring.toml` was created by another process"), "{output:?}");
    assert_eq!(folder.read("scoring.toml"), "# mine");
    assert_eq!(names(folder.path()), ["scoring.toml"]);
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = folder();
    let old = contents(&folder, "out");
    let many: String = (0..3000).map(|user| event(&format!("user-{user}"))).collect();
    folder.write("many.ndjson", many);
    // A limit on the size of files acts like a full disk: the write fails with a reason.
    for line in ["--out out", "--out out --id-map map.csv", "--out out -f json"] {
        let (code, said) = shell(&folder, &format!("ulimit -f 16; pql score many.ndjson -m m.toml {line}"));
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("could not be written, and is as it was before"), "{said}");
        assert!(said.contains("`out/users.") || said.contains("`map.csv`"), "{said}");
        // The message names the file once.
        assert!(!said.contains("cannot write"), "{said}");
        assert_eq!(contents(&folder, "out"), old);
        assert!(!folder.path().join("map.csv").exists() && temporaries(folder.path()).is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_is_told_by_every_command() {
    let folder = folder();
    folder.write("cases.toml", "schema = 1\nmodel = \"m.toml\"\n");
    for line in [
        "score events.ndjson -m m.toml",
        "score events.ndjson -m m.toml -f json",
        "score events.ndjson -m m.toml -f table",
        "score --print-model",
        "check m.toml",
        "inspect events.ndjson",
        "inspect events.ndjson -f json",
        "explain user:new events.ndjson -m m.toml",
        "diff m.toml m.toml events.ndjson",
        "schema",
        "completions bash",
        "man",
        "man score",
    ] {
        let (code, said) = shell(&folder, &format!("pql {line} > /dev/full"));
        assert_eq!(code, 3, "{line}: {said}");
        assert!(said.contains("cannot write to the standard output: No space left on device"), "{line}: {said}");
        let output = start(&folder, &format!("pql {line} | true; exec 3>&1")).end();
        assert!(!text(&output.stderr).contains("panic"), "{line}: {output:?}");
        // The reader closes the pipe before the first byte; the shell stores the exit code of the
        // program.
        let (code, said) = shell(&folder, &format!("{{ (pql {line}); echo $? > code; }} | true"));
        assert_eq!((code, folder.read("code").trim()), (0, "0"), "{line}: {said}");
        assert!(!said.contains("error") && !said.contains("panic"), "{line}: {said}");
    }
    // A standard error that cannot be written does not change the result.
    let (code, _) = shell(&folder, "pql score events.ndjson -m m.toml --out out 2> /dev/full");
    assert_eq!(code, 0);
}

#[test]
fn a_folder_that_takes_no_files_is_told_before_anything_is_read() {
    let folder = folder();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("a folder");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).expect("rights");
    // The superuser may write in any folder except this one, whose files only the system creates.
    let dir = if fs::write(locked.join("try"), "").is_ok() { "/proc/self".to_owned() } else { "locked".to_owned() };
    for line in [format!("--out {dir}"), format!("--rejects {dir}/r"), format!("--id-map {dir}/i")] {
        // The input never ends; the program must stop without it.
        let output = start(&folder, &format!("pql score - -m m.toml {line}")).wait();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let said = text(&output.stderr);
        assert!(said.contains(&format!("`{dir}")) && said.contains("could not be created"), "{said}");
    }
    let output = start(&folder, &format!("pql init - -o {dir}/m.toml")).wait();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn new_files_follow_the_umask_and_rejected_lines_are_private() {
    for (umask, shared) in [("000", 0o666), ("022", 0o644), ("077", 0o600)] {
        let folder = folder();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).expect("a file").permissions().mode() & 0o777;
        let run = |out: &str| {
            let (code, said) = shell(
                &folder,
                &format!("umask {umask}; pql score events.ndjson -m m.toml --out {out} --id-map map.csv"),
            );
            assert_eq!(code, 0, "{said}");
        };
        run("fresh");
        for name in ["fresh/users.csv", "fresh/accounts.csv", "fresh/run.json", "map.csv"] {
            assert_eq!(mode(name), shared, "{name}");
        }
        assert_eq!(mode("fresh/rejects.ndjson"), 0o600);
        fs::set_permissions(folder.path().join("fresh/users.csv"), fs::Permissions::from_mode(0o640)).expect("rights");
        run("fresh");
        assert_eq!(mode("fresh/users.csv"), 0o640, "a file that is replaced keeps who may read it");
    }
}

#[test]
fn what_is_read_is_never_written_over() {
    let folder = folder();
    fs::create_dir(folder.path().join("in")).expect("a folder");
    folder.write("in/users.csv", event("ann"));
    fs::hard_link(folder.path().join("in/users.csv"), folder.path().join("hard")).expect("a link");
    std::os::unix::fs::symlink("in/users.csv", folder.path().join("soft")).expect("a link");
    folder.write("scoring.toml", folder.read("m.toml"));
    folder.write("who.csv", "user_id,role\nann,vp\n");
    for line in [
        "score in/users.csv -m m.toml --out in",
        "score in/users.csv -m m.toml --rejects hard",
        "score in/users.csv -m m.toml --rejects soft",
        "score hard -m m.toml --out in",
        "score soft -m m.toml --id-map in/users.csv",
        "score - -m m.toml --id-map in/users.csv < hard",
        "score hard --id-map scoring.toml",
        "score hard -m m.toml --rejects m.toml",
        "score hard -m m.toml --users who.csv --rejects ./who.csv",
        "score hard -m m.toml >> soft",
        "score hard -m m.toml --rejects rows > rows",
        "score hard -m m.toml --rejects one --id-map ./one",
        "score hard -m m.toml --out out --id-map out/users.csv",
        "init hard -o soft --force",
        "init - -o soft --force < hard",
    ] {
        let before =
            (contents(&folder, "in"), folder.read("scoring.toml"), folder.read("who.csv"), folder.read("m.toml"));
        let (code, said) = shell(&folder, &format!("pql {line}"));
        assert_eq!(code, 2, "{line}: {said}");
        assert!(
            said.contains("read by this") || said.contains("standard output") || said.contains("two outputs"),
            "{said}"
        );
        let after =
            (contents(&folder, "in"), folder.read("scoring.toml"), folder.read("who.csv"), folder.read("m.toml"));
        assert_eq!(before, after, "{line}");
    }
}

#[test]
fn a_file_under_several_names_counts_once_and_is_told() {
    let folder = folder();
    fs::hard_link(folder.path().join("events.ndjson"), folder.path().join("hard.ndjson")).expect("a link");
    std::os::unix::fs::symlink("events.ndjson", folder.path().join("soft.ndjson")).expect("a link");
    let same = |name: &str| format!("note: {name} is the same file as events.ndjson and not read again");
    for (line, told) in [
        ("events.ndjson events.ndjson", "note: events.ndjson is named twice and read once".to_owned()),
        ("hard.ndjson events.ndjson", same("hard.ndjson")),
        ("soft.ndjson events.ndjson", same("soft.ndjson")),
        ("'*.ndjson'", same("soft.ndjson")),
        ("- events.ndjson < hard.ndjson", same("-")),
    ] {
        for command in ["score -m m.toml --out once", "inspect", "init --force -o new.toml"] {
            let (code, said) = shell(&folder, &format!("pql {command} {line}"));
            assert!(code == 0 && said.contains(&told), "{command} {line}: {said}");
        }
        let record: serde_json::Value = serde_json::from_str(&folder.read("once/run.json")).expect("JSON");
        assert_eq!(record["counts"]["records"], 1, "{line}");
    }
}
