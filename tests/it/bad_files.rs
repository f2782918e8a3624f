//! Files that are damaged or contradict themselves, and folders that cannot be written.

use crate::{
    run::{Folder, names, rows},
    stored::gzip,
};

const MODEL: &str = "schema = 1\n\n[[user.signals]]\nname = \"visits\"\nevent = \"visit\"\npoints = 5\n\n[user.traits]\nrole = { type = \"text\" }\n\n[account.traits]\nsize = { type = \"number\" }\n\n[output]\nuser_columns = [\"role\"]\n";

fn event(user: &str) -> String {
    format!(
        "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":{user},\"account_id\":\"acme\"}}\n"
    )
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder.write("events.ndjson", event("\"ann\""));
    folder
}

fn is_empty(folder: &Folder, dir: &str) -> bool {
    names(&folder.path().join(dir)).is_empty()
}

#[test]
fn a_number_beyond_doubles_stays_the_same_id() {
    let folder = folder();
    folder.write(
        "ids.ndjson",
        ["9007199254740993", "9007199254740992", "123456789012345678901234567890"].map(event).concat(),
    );
    let outcome = folder.pql("score ids.ndjson -m model.toml --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let ids: Vec<String> = rows(&folder.read("out/users.csv")).iter().skip(1).map(|row| row[0].clone()).collect();
    assert_eq!(ids, ["123456789012345678901234567890", "9007199254740992", "9007199254740993"]);
}

#[test]
fn an_archive_that_is_cut_short_publishes_nothing() {
    let folder = folder();
    let events: String = (0..2000).map(|user| event(&format!("\"u{}\"", user * 7919 % 100_003))).collect();
    let whole = gzip(events.as_bytes());
    let ndjson = |bytes: &[u8]| zstd::stream::encode_all(bytes, 3).expect("memory");
    let zstd = ndjson(event("\"ann\"").repeat(3000).as_bytes());
    for (name, bytes, what) in [
        ("half.ndjson.gz", &whole[..whole.len() / 2], "gzip"),
        ("trailer.ndjson.gz", &whole[..whole.len() - 5], "gzip"),
        ("half.ndjson.zst", &zstd[..zstd.len() - 3], "zstd"),
    ] {
        folder.write(name, bytes);
        let outcome = folder.pql(&format!("score {name} events.ndjson -m model.toml --out out"));
        assert_eq!(outcome.code, 3, "{name}: {outcome:?}");
        for part in [format!("`{name}`"), "stops in the middle".to_owned(), format!("`{what} -t`")] {
            assert!(outcome.stderr.contains(&part), "{name}: {}", outcome.stderr);
        }
        assert!(is_empty(&folder, "out"), "{name}");
        let outcome = folder.pql(&format!("score {name} -m model.toml"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{name}");
    }
    folder.write("damaged.ndjson.gz", {
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].fill(0xaa);
        bytes
    });
    let outcome = folder.pql("score damaged.ndjson.gz -m model.toml --out out");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("`damaged.ndjson.gz`") && is_empty(&folder, "out"), "{outcome:?}");
}

#[test]
fn enrichment_rows_that_disagree_are_an_error_and_rows_that_agree_are_none() {
    let folder = folder();
    folder.write("users.csv", "user_id,role\nbob,vp\nann,vp\nann,cto\n");
    let outcome = folder.pql("score events.ndjson -m model.toml --users users.csv --out out");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    for part in ["`users.csv` line 4", "what line 3 is about", "says something else", "keep one of them"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    assert!(is_empty(&folder, "out"));
    folder.write("users.csv", "user_id,role\nann,vp\nann,vp\n");
    let outcome = folder.pql("score events.ndjson -m model.toml --users users.csv --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let users = rows(&folder.read("out/users.csv"));
    assert_eq!(users[1].last().map(String::as_str), Some("vp"));
}

#[test]
fn rows_that_disagree_about_two_ids_of_one_person_are_an_error() {
    let folder = folder();
    let alias =
        "{\"type\":\"alias\",\"timestamp\":\"2026-10-01T09:00:00Z\",\"previous_id\":\"ann\",\"user_id\":\"anna\"}\n";
    folder.write("events.ndjson", format!("{}{alias}", event("\"ann\"")));
    folder.write("users.csv", "user_id,role\nann,vp\nanna,cto\n");
    let outcome = folder.pql("score events.ndjson -m model.toml --users users.csv");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    assert!(outcome.stderr.contains("`users.csv` line 3"), "{}", outcome.stderr);
}

#[test]
fn enrichment_has_its_key_where_it_is_said_to_be_and_who_has_no_row_is_counted() {
    let folder = folder();
    folder.write("more.ndjson", event("\"bob\""));
    folder.write("users.csv", "login,role\nann,vp\nzoe,cto\n");
    folder.write("accounts.csv", "org,size\nacme,7\n");
    let events = "score events.ndjson more.ndjson -m model.toml --out out";
    let keys = "--users users.csv --users-key login --accounts accounts.csv --accounts-key org";
    let outcome = folder.pql(&format!("{events} {keys}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("note: 1 user with events has no row in users.csv"), "{}", outcome.stderr);
    let users = rows(&folder.read("out/users.csv"));
    let role = users[0].iter().position(|name| name == "role").expect("a column");
    assert_eq!([&users[1][role], &users[2][role]], ["vp", ""]);
    let run: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(run["without_row"], serde_json::json!({ "users": 1, "accounts": 0 }));
    assert_eq!(run["without_events"], serde_json::json!({ "users": 1, "accounts": 0 }));
    assert_eq!(folder.pql(&format!("{events} --users-key login")).code, 2, "a key without a file");
}

#[test]
fn enrichment_without_its_key_is_told_without_its_cells() {
    let folder = folder();
    folder.write("users.csv", "id,role\nann,vp\n");
    folder.write("accounts.ndjson", "{\"id\":\"acme\",\"size\":5}\n");
    folder.write("ragged.csv", "user_id,role\nann,vp,more\n");
    for (arguments, parts) in [
        ("--users users.csv", ["`users.csv` line 1", "no column `user_id`", "among the 2 cells of the header row"]),
        ("--accounts accounts.ndjson", ["`accounts.ndjson` line 1", "`account_id`", "no id"]),
        ("--users ragged.csv", ["`ragged.csv` line 2", "3 cells where the header row has 2", "quotes"]),
    ] {
        let outcome = folder.pql(&format!("score events.ndjson -m model.toml --out out {arguments}"));
        assert_eq!(outcome.code, 2, "{outcome:?}");
        for part in parts {
            assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
        }
        assert!(is_empty(&folder, "out"));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = folder();
    folder.write("taken", "a file");
    let outcome = folder.pql("score events.ndjson -m model.toml --out taken");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("`taken` is not a folder"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("name another output folder"), "{}", outcome.stderr);
    let outcome = folder.pql("score events.ndjson -m model.toml --out taken/deeper");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("`taken/deeper`"), "{}", outcome.stderr);
    let outcome = folder.pql("score events.ndjson -m model.toml --rejects none/rejects.ndjson");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("`none`"), "{}", outcome.stderr);
    assert_eq!(folder.read("taken"), "a file");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_read_as_others_are() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    std::fs::create_dir(folder.path().join("in")).expect("a folder");
    let name = std::ffi::OsStr::from_bytes(b"in/\xff.ndjson");
    if std::fs::write(folder.path().join(name), event("\"bob\"")).is_err() {
        // Some file systems refuse such names.
        return;
    }
    folder.write("in/plain.ndjson", event("\"ann\""));
    for events in ["in", "in/*", "*/*.ndjson", "**/?.ndjson in/plain.ndjson"] {
        let outcome = folder.pql(&format!("score {events} -m model.toml --out made/out"));
        assert_eq!(outcome.code, 0, "{events}: {outcome:?}");
        let ids: Vec<String> =
            rows(&folder.read("made/out/users.csv")).iter().skip(1).map(|row| row[0].clone()).collect();
        assert_eq!(ids, ["ann", "bob"], "{events}");
    }
}

/// A path that a pattern may match but that cannot be read is an error.
#[cfg(unix)]
#[test]
fn a_pattern_does_not_pass_over_what_cannot_be_looked_at() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("days")).expect("a folder");
    folder.write("days/a.ndjson", event("\"bob\""));
    // A link to itself.
    std::os::unix::fs::symlink("loop", folder.path().join("days/loop")).expect("a link");
    for pattern in ["days/loop/*.ndjson", "days/*/*.ndjson", "days/loop/b.ndjson*"] {
        let outcome = folder.pql(&format!("score {pattern} -m model.toml"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{pattern}: {outcome:?}");
        assert!(outcome.stderr.contains("days/loop"), "{pattern}: {outcome:?}");
    }
    // A file in place of a folder just does not match.
    let outcome = folder.pql("score days/a.ndjson/*.ndjson -m model.toml");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert_eq!(folder.pql("score days/*.ndjson -m model.toml").code, 0);
}
