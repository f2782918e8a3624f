//! Sentences of the section "What you can rely on" of docs/nightly.md that no other test covers.

#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    process::{Command, Stdio},
};

use crate::run::Folder;

fn event(user: &str) -> String {
    format!("{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\"}}\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("m.toml", "schema = 1\n[[user.signals]]\nname = \"visits\"\nevent = \"visit\"\npoints = 5\n");
    folder.write("events.ndjson", event("ann"));
    folder
}

/// Runs a line of shell in the folder, in which `pql` is the program. Returns the exit code and the
/// standard error.
fn shell(folder: &Folder, line: &str) -> (i32, String) {
    let line = format!("pql() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_pql"));
    let output = Command::new("sh").args(["-c", &line]).current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = output.expect("a shell");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_check_in_the_manual_tells_a_whole_set_from_a_mixed_one() {
    let nightly = include_str!("../../docs/nightly.md");
    let check = nightly.lines().find(|line| line.contains("jq -r '.outputs[]")).expect("the check");
    let folder = folder();
    if shell(&folder, "command -v jq && command -v sha256sum").0 != 0 {
        // The machine lacks the programs that the line uses.
        return;
    }
    let is_whole = || shell(&folder, check).0 == 0;
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 0);
    assert!(is_whole(), "a run");
    let old = folder.read("out/users.csv");
    folder.write("events.ndjson", event("bob") + "bad\n");
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 1);
    assert!(is_whole(), "a run without a result");
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out --max-rejects 50%").code, 0);
    assert!(is_whole(), "the next run");
    folder.write("out/users.csv", old);
    assert!(!is_whole(), "users of the run before");
    fs::remove_file(folder.path().join("out/users.csv")).expect("it is there");
    assert!(!is_whole(), "no users");
    fs::remove_file(folder.path().join("out/run.json")).expect("it is there");
    assert!(!is_whole(), "no record");
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_come_before_the_rows_are_new_if_the_rows_go_nowhere() {
    let folder = folder();
    folder.write("events.ndjson", event("ann") + "bad\n");
    let line = "score events.ndjson -m m.toml --max-rejects 50% --rejects bad.ndjson --id-map map.csv";
    let (code, said) = shell(&folder, &format!("pql {line} > /dev/full"));
    assert_eq!(code, 3, "{said}");
    assert!(folder.read("bad.ndjson").contains("\"line\":2") && folder.read("map.csv").contains("ann"));
}

#[test]
fn of_two_runs_that_write_one_file_the_last_wins_whole() {
    let folder = folder();
    let users = ["a", "b", "c", "d"];
    let maps = users.map(|user| {
        let lines: String = (0..2000).map(|number| event(&format!("{user}{number}"))).collect();
        folder.write(&format!("{user}.ndjson"), lines);
        assert_eq!(folder.pql(&format!("score {user}.ndjson -m m.toml --id-map {user}.csv -q")).code, 0);
        folder.read(&format!("{user}.csv"))
    });
    for _ in 0..5 {
        let all =
            users.map(|user| format!("pql score {user}.ndjson -m m.toml --id-map map.csv -q > /dev/null || exit 1 &"));
        let (code, said) = shell(&folder, &format!("{} wait", all.join(" ")));
        assert_eq!(code, 0, "{said}");
        assert!(maps.contains(&folder.read("map.csv")), "a mixture");
    }
}

#[test]
fn a_replaced_file_is_another_file_for_its_owner_and_group() {
    let folder = folder();
    let line = "score events.ndjson -m m.toml --out out";
    assert_eq!(folder.pql(line).code, 0);
    let path = folder.path().join("out/users.csv");
    let old = folder.read("out/users.csv");
    fs::hard_link(&path, folder.path().join("kept.csv")).expect("a link");
    fs::set_permissions(&path, Permissions::from_mode(0o460)).expect("rights");
    // Only the superuser can change the owner of a file.
    let given = chown(&path, Some(4711), Some(4712)).is_ok();
    folder.write("events.ndjson", event("bob"));
    assert_eq!(folder.pql(line).code, 0);
    let meta = fs::metadata(&path).expect("it is there");
    assert_eq!(meta.permissions().mode() & 0o777, 0o460);
    assert!(!given || (meta.uid(), meta.gid()) == (4711, 4712), "{} {}", meta.uid(), meta.gid());
    assert!(folder.read("out/users.csv").contains("bob"));
    assert_eq!(folder.read("kept.csv"), old, "a further name keeps the old bytes");
}

#[test]
fn a_link_is_followed_and_the_file_that_it_leads_to_is_replaced() {
    let folder = folder();
    folder.write("elsewhere/list.csv", "old");
    fs::create_dir(folder.path().join("out")).expect("a folder");
    let link = folder.path().join("out/users.csv");
    std::os::unix::fs::symlink("../elsewhere/list.csv", &link).expect("a link");
    assert_eq!(folder.pql("score events.ndjson -m m.toml --out out").code, 0);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(folder.read("elsewhere/list.csv").contains("ann"));
}
