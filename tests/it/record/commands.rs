//! `pql record show`, `verify` and `undo`, and what they refuse.

use std::fs;

use super::sample::{files, record};
use crate::run::{Folder, Outcome};

/// A folder with the sample record.
fn with_record() -> Folder {
    let folder = Folder::new();
    record(&folder.path().join("record"), 3);
    folder
}

fn printed(outcome: &Outcome, code: i32) -> &str {
    assert_eq!(outcome.code, code, "{outcome:?}");
    if code == 2 || code == 3 { &outcome.stderr } else { &outcome.stdout }
}

#[test]
fn show_lists_runs_tiers_alerts_and_size() {
    let folder = with_record();
    let outcome = folder.pql("record show record");
    let text = printed(&outcome, 0);
    for part in [
        "run 3  as of 2026-11-02T00:00:00Z (UTC), newest, lists published",
        "run 2  as of 2026-11-01T00:00:00Z (UTC), before it, lists published",
        "users     2: 2 qualified, 0 suppressed; 1 gone since earlier runs",
        "hot 2 · cold 0",
        "alert new_hot: holds for 2, 0 waiting, 1 fired in this run",
        "accounts  1: 0 qualified, 1 suppressed; 0 gone since earlier runs",
        "tables    users.csv",
        "log         2 months from 2026-10 to 2026-11",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&folder.pql("record show record --format json").stdout).expect("JSON");
    assert_eq!(json["runs"][1]["users"]["tiers"]["hot"], 2);
    assert_eq!(json["runs"][1]["users"]["alerts"]["new_hot"]["fired_now"], 1);
    assert_eq!(json["runs"][0]["date"], "2026-10-31");
    let bytes: usize = files(&folder.path().join("record")).values().map(Vec::len).sum();
    let head = fs::metadata(folder.path().join("record/head.json")).expect("the head").len();
    assert_eq!(json["bytes"], bytes as u64 - head);
}

#[test]
fn verify_counts_what_is_whole() {
    let folder = with_record();
    let text = folder.pql("record verify record");
    let count = files(&folder.path().join("record")).len();
    assert!(printed(&text, 0).contains(&format!("in {count} files of 2 runs")), "{text:?}");
    fs::write(folder.path().join("record/notes.txt"), "mine").expect("a file");
    let text = folder.pql("record verify record");
    assert!(printed(&text, 0).starts_with("left over: notes.txt"), "{text:?}");
}

#[test]
fn a_folder_without_a_record_names_begin() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    folder.write("file", "");
    for command in ["show", "verify", "undo"] {
        for (dir, said) in [("none", "does not exist"), ("empty", "holds no record"), ("file", "is not a folder")] {
            let outcome = folder.pql(&format!("record {command} {dir}"));
            let code = if dir == "file" { 3 } else { 2 };
            assert!(printed(&outcome, code).contains(said), "{outcome:?}");
            assert_eq!(outcome.stderr.contains("--begin"), dir != "file", "{outcome:?}");
        }
    }
}

#[test]
fn a_newer_format_names_the_version_that_reads_it() {
    let folder = with_record();
    let before = files(&folder.path().join("record"));
    let head = br#"{"format":2,"needs":"7.1.0","runs":{}"#;
    let digest = pql_model::hex(&<sha2::Sha256 as sha2::Digest>::digest(head));
    let newer = [&head[..], b",\"sha256\":\"", digest.as_bytes(), b"\"}\n"].concat();
    folder.write("record/head.json", &newer);
    for command in ["show", "verify", "undo"] {
        let outcome = folder.pql(&format!("record {command} record"));
        let text = printed(&outcome, 2);
        assert!(text.contains("format 2, which pql 7.1.0 and later versions read"), "{text}");
    }
    let after = files(&folder.path().join("record"));
    assert_eq!(after["head.json"], newer);
    assert_eq!(after.len(), before.len(), "no file was removed");
}

/// Runs of all commands on a record with one changed byte: never a panic, and the check finds it.
fn check_damage(folder: &Folder, name: &str, bytes: &[u8]) {
    folder.write(&format!("record/{name}"), bytes);
    let outcome = folder.pql("record verify record");
    let text = printed(&outcome, 1);
    assert!(text.starts_with("damaged: ") && text.contains("Ways out: "), "{name}: {text}");
    assert!(!text.contains("ann"), "{text}");
}

#[test]
fn every_damaged_file_is_found() {
    let folder = Folder::in_memory();
    record(&folder.path().join("record"), 3);
    let mut checked = 0;
    for (name, bytes) in files(&folder.path().join("record")) {
        // Every byte has its test beside the code; here a few of each file pass through the program.
        for at in [0, bytes.len() / 3, bytes.len() * 2 / 3, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            check_damage(&folder, &name, &changed);
            checked += 1;
        }
        check_damage(&folder, &name, &bytes[..bytes.len() / 2]);
        fs::remove_file(folder.path().join("record").join(&name)).expect("a file");
        let outcome = folder.pql("record verify record");
        assert!(printed(&outcome, 1).contains("is missing"), "{name}: {outcome:?}");
        folder.write(&format!("record/{name}"), &bytes);
        assert_eq!(folder.pql("record verify record").code, 0, "{name}");
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn show_refuses_a_damaged_record_with_the_ways_out() {
    let folder = with_record();
    let users = folder.read("record/run-000003/users.ndjson").replace("cem", "kim");
    folder.write("record/run-000003/users.ndjson", users);
    let outcome = folder.pql("record show record");
    let text = printed(&outcome, 3);
    for part in ["run-000003/users.ndjson` of run 3 has other bytes", "pql record verify", "pql record undo", "--begin"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[cfg(unix)]
#[test]
fn its_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = with_record();
    let mode = |name: &str| {
        fs::metadata(folder.path().join("record").join(name)).expect("it is there").permissions().mode() & 0o777
    };
    for name in files(&folder.path().join("record")).into_keys() {
        assert_eq!(mode(&name), 0o600, "{name}");
    }
    for name in ["", "log", "run-000003"] {
        assert_eq!(mode(name), 0o700, "{name}");
    }
}
