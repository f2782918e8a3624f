//! Events in containers: archives, JSON lists and tables; and files without any events.

#[cfg(feature = "parquet")]
mod parquet;

use std::io::Write;

use serde_json::Value as Json;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    run::{Folder, Outcome, names, rows},
    stored::gzip,
};

const MODEL: &str = r#"schema = 1

[[user.signals]]
name = "visits"
event = "visit"
points = 5

[[user.signals]]
name = "team"
event = "visit"
where = "plan = 'team' and seats > 4"
points = 10

[user.traits]
role = { type = "text" }
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder
}

/// An event of a user at a minute past ten.
fn event(user: &str, minute: u32) -> String {
    format!(
        r#"{{"event":"visit","timestamp":"2026-10-01T10:{minute:02}:00Z","user_id":"{user}","account_id":"acme","event_id":"{user}{minute}","properties":{{"plan":"team","seats":5}}}}"#
    )
}

fn lines(events: &[String]) -> Vec<u8> {
    events.iter().flat_map(|event| format!("{event}\n").into_bytes()).collect()
}

/// A zip archive of members by name, compressed or stored.
fn zip(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        if name.ends_with('/') {
            writer.add_directory(*name, options).expect("memory");
            continue;
        }
        writer.start_file(*name, options).expect("memory");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

/// The same archive as a streaming writer makes it: sizes follow the members, in the form for
/// members over 4 GiB.
fn streamed_zip64(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new_stream(Vec::new());
    for (name, bytes) in members {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
        writer.start_file(*name, options).expect("memory");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

/// Scores files with the model into the folder `out`.
fn score(folder: &Folder, files: &str) -> Outcome {
    folder.pql(&format!("score {files} -m model.toml --as-of 2026-10-31 --out out"))
}

/// The users of a run, with their scores and signals.
fn users(folder: &Folder) -> Vec<[String; 3]> {
    let users = rows(&folder.read("out/users.csv"));
    let place = |name: &str| users[0].iter().position(|column| column == name).expect("a column");
    let (score, signals) = (place("score"), place("signals"));
    users.iter().skip(1).map(|row| [row[0].clone(), row[score].clone(), row[signals].clone()]).collect()
}

fn run_record(folder: &Folder) -> Json {
    serde_json::from_str(&folder.read("out/run.json")).expect("JSON")
}

/// The files of a run, with the number of scored lines in each.
fn files(folder: &Folder) -> Vec<(String, u64)> {
    let record = run_record(folder);
    let files = record["files"].as_array().expect("a list").clone();
    let scored = |file: &Json| file["counts"]["scored"].as_u64().expect("a number");
    files.iter().map(|file| (file["name"].as_str().expect("text").to_owned(), scored(file))).collect()
}

/// The rejected lines: line, offset, reason, text.
fn rejects(folder: &Folder) -> Vec<(u64, u64, String, String)> {
    let text = folder.read("out/rejects.ndjson");
    let all = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    all.map(|reject| {
        (
            reject["line"].as_u64().expect("a line"),
            reject["offset"].as_u64().expect("an offset"),
            reject["reason"].as_str().expect("a reason").to_owned(),
            reject["text"].as_str().unwrap_or_default().to_owned(),
        )
    })
    .collect()
}

/// Asserts that the run fails with the exit code of reading, publishes nothing, and that the
/// message has all parts.
fn refused(folder: &Folder, files: &str, parts: &[&str]) {
    let outcome = score(folder, files);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{files}: {outcome:?}");
    for part in parts {
        assert!(outcome.stderr.contains(part), "{files}: expected {part:?} in {}", outcome.stderr);
    }
    assert!(names(&folder.path().join("out")).is_empty(), "{files}");
}

#[test]
fn a_zip_is_read_as_the_files_in_it() {
    let folder = folder();
    let members: [(&str, Vec<u8>); 9] = [
        ("app/", Vec::new()),
        ("app/b#2.json.gz", gzip(&lines(&[event("bob", 1), event("bob", 2)]))),
        ("app/a#1.json", lines(&[event("ann", 1)])),
        ("app/c.ndjson.zst", zstd::encode_all(lines(&[event("cid", 3)]).as_slice(), 1).expect("memory")),
        ("__MACOSX/app/._a#1.json", b"junk".to_vec()),
        ("app/.hidden.json", b"junk".to_vec()),
        ("manifest.json", b"{\"files\":[]}".to_vec()),
        ("README.md", b"read me".to_vec()),
        ("notes.txt", b"notes".to_vec()),
    ];
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        folder.write("export.zip", zip(&members, method));
        folder.write("more.ndjson", lines(&[event("dan", 4)]));
        let outcome = score(&folder, "more.ndjson export.zip");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(
            files(&folder),
            [
                ("export.zip:app/a#1.json".to_owned(), 1),
                ("export.zip:app/b#2.json.gz".to_owned(), 2),
                ("export.zip:app/c.ndjson.zst".to_owned(), 1),
                ("more.ndjson".to_owned(), 1),
            ]
        );
        assert_eq!(users(&folder).len(), 4);
        let stderr = &outcome.stderr;
        for part in [
            "note: 2 members of export.zip are not read: its ending is none of events (the first is README.md)",
            "note: export.zip:__MACOSX/app/._a#1.json is not read: a copy of file attributes that macOS adds",
            "note: export.zip:app/.hidden.json is not read: hidden",
            "note: export.zip:manifest.json is not read: a list of files, not events",
        ] {
            assert!(stderr.contains(part), "{part:?} in {stderr}");
        }
    }
}

#[test]
fn rejects_of_a_member_name_it_with_its_own_lines() {
    let folder = folder();
    let text = [event("ann", 1), event("ann", 2), "{\"event\":".to_owned()];
    folder.write("export.zip", zip(&[("a.json.gz", &gzip(&lines(&text)))], CompressionMethod::Stored));
    let outcome = folder.pql("score export.zip -m model.toml --max-rejects 1 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("the first is export.zip:a.json.gz:3"), "{}", outcome.stderr);
    let offset = text[0].len() as u64 * 2 + 2;
    assert_eq!(rejects(&folder), [(3, offset, "invalid_json".to_owned(), "{\"event\":".to_owned())]);
}

#[test]
fn a_damaged_member_ends_the_run_and_names_itself() {
    let folder = folder();
    let many: Vec<String> = (0..2000).map(|n| event(&format!("u{}", n * 7919 % 10_007), n % 60)).collect();
    let text = lines(&many);
    let whole = zip(&[("a.json", &text), ("b.json", &text)], CompressionMethod::Deflated);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 4;
    damaged[middle..middle + 64].fill(0x55);
    folder.write("damaged.zip", &damaged);
    refused(
        &folder,
        "damaged.zip",
        &["`damaged.zip:a.json` is damaged in the archive, past ", "good bytes", "`unzip -t`"],
    );
    // Only the checksum finds a changed bit of a stored member.
    let mut flipped = zip(&[("a.json", &text)], CompressionMethod::Stored);
    flipped[5000] ^= 1;
    folder.write("flipped.zip", &flipped);
    refused(&folder, "flipped.zip", &["`flipped.zip:a.json` is damaged", &format!("past {} good bytes", text.len())]);
    folder.write("cut.zip", &whole[..whole.len() / 2]);
    refused(&folder, "cut.zip", &["`cut.zip` begins like a zip archive, but its directory", "download it again"]);
    let half = gzip(&text);
    folder.write("half.zip", zip(&[("a.json.gz", &half[..half.len() / 2])], CompressionMethod::Stored));
    refused(&folder, "half.zip", &["`half.zip:a.json.gz` stops in the middle of its gzip data"]);
}

#[test]
fn members_that_cannot_be_read_are_refused_by_name() {
    let folder = folder();
    let mut encrypted = zip(&[("a.json", b"{}")], CompressionMethod::Stored);
    // Sets the flag of encryption, in the member's header and in the directory.
    encrypted[6] |= 1;
    let directory = encrypted.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
    encrypted[directory + 8] |= 1;
    folder.write("secret.zip", &encrypted);
    refused(&folder, "secret.zip", &["`secret.zip:a.json` is encrypted, which is not read; unpack `secret.zip`"]);
    let mut bzip2 = zip(&[("a.json", b"{}")], CompressionMethod::Stored);
    bzip2[8] = 12;
    let directory = bzip2.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
    bzip2[directory + 10] = 12;
    folder.write("bzip2.zip", &bzip2);
    refused(&folder, "bzip2.zip", &["`bzip2.zip:a.json` is compressed by a method other than deflate"]);
    folder.write("empty.zip", zip(&[], CompressionMethod::Stored));
    refused(&folder, "empty.zip", &["archive `empty.zip` holds no event files (0 others skipped)"]);
    let inner = zip(&[("a.json", b"{}")], CompressionMethod::Stored);
    folder.write("outer.zip", zip(&[("inner.json", &inner)], CompressionMethod::Stored));
    refused(&folder, "outer.zip", &["`outer.zip:inner.json` is a zip archive"]);
    let outcome = folder.pql_with(&["score", "-", "-m", "model.toml"], &inner);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(
        outcome.stderr.contains("`-` is a zip archive") && outcome.stderr.contains("save it"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_zip_that_was_streamed_or_is_over_four_gibibytes_is_read() {
    let folder = folder();
    let (ann, bob) = (lines(&[event("ann", 1)]), gzip(&lines(&[event("bob", 1)])));
    folder.write("export.zip", streamed_zip64(&[("a.json", &ann), ("b.json.gz", &bob)]));
    let outcome = score(&folder, "export.zip");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(users(&folder).len(), 2);
}

/// A zip archive of one member whose directory gives the packed size in the form for members over 4 GiB.
fn zip_of_claimed_size(member: &[u8], claimed: u64) -> Vec<u8> {
    let (name, data_bytes) = (b"a.json", member.len() as u32);
    let mut bytes = b"PK\x03\x04\x2d\0\0\0\0\0\0\0\0\0".to_vec();
    let mut checksum = flate2::Crc::new();
    checksum.update(member);
    let checksum = checksum.sum();
    bytes.extend(checksum.to_le_bytes());
    bytes.extend([data_bytes.to_le_bytes(), data_bytes.to_le_bytes()].concat());
    bytes.extend([6, 0, 0, 0]);
    bytes.extend([name.as_slice(), member].concat());
    let directory = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
    bytes.extend(checksum.to_le_bytes());
    bytes.extend([u32::MAX.to_le_bytes(), data_bytes.to_le_bytes()].concat());
    // A name, an extra field, and no comment; nothing in the places after these.
    bytes.extend([6, 0, 12, 0, 0, 0]);
    bytes.extend([0; 12]);
    bytes.extend(name);
    bytes.extend([1, 0, 8, 0]);
    bytes.extend(claimed.to_le_bytes());
    let directory_bytes = bytes.len() as u32 - directory;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend([directory_bytes.to_le_bytes(), directory.to_le_bytes()].concat());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn a_member_that_claims_more_than_the_archive_has_is_told() {
    let folder = folder();
    let text = lines(&[event("ann", 1)]);
    folder.write("whole.zip", zip_of_claimed_size(&text, text.len() as u64));
    let outcome = score(&folder, "whole.zip");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    std::fs::remove_dir_all(folder.path().join("out")).expect("a folder");
    for claimed in [u64::MAX - 40, i64::MAX as u64, text.len() as u64 + 1] {
        folder.write("claims.zip", zip_of_claimed_size(&text, claimed));
        refused(&folder, "claims.zip", &["`claims.zip` is a zip archive that holds a member", "`unzip -t`"]);
    }
    folder.write("claims.zip", zip_of_claimed_size(&text, u64::MAX));
    refused(&folder, "claims.zip", &["`claims.zip` begins like a zip archive, but its directory"]);
}

#[test]
fn a_folder_gives_the_members_of_its_archives() {
    let folder = folder();
    folder.write("dump/day.zip", zip(&[("a.json", &lines(&[event("ann", 1)]))], CompressionMethod::Deflated));
    folder.write("dump/day2.ndjson", lines(&[event("bob", 1)]));
    let outcome = score(&folder, "dump");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(files(&folder), [("dump/day.zip:a.json".to_owned(), 1), ("dump/day2.ndjson".to_owned(), 1)]);
}

#[test]
fn a_long_line_in_a_member_takes_no_memory() {
    let folder = folder();
    let bomb = [vec![b' '; 40 << 20], b"\n".to_vec(), lines(&[event("ann", 1)])].concat();
    folder.write("bomb.zip", zip(&[("a.json", &bomb)], CompressionMethod::Deflated));
    let outcome = folder.pql("score bomb.zip -m model.toml --max-rejects 1 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(rejects(&folder)[0].2, "too_long");
    assert_eq!(users(&folder).len(), 1);
}

#[test]
fn a_json_list_is_read_as_its_elements() {
    let folder = folder();
    let events = [event("ann", 1), event("bob", 2), event("cid", 3)];
    let pretty: Vec<Json> = events.iter().map(|event| serde_json::from_str(event).expect("JSON")).collect();
    let answer =
        |name: &str| format!("{{\"count\": 3, \"next\": null, \"{name}\": [{}], \"more\": {{}}}}", events.join(","));
    folder.write("lines.ndjson", lines(&events));
    assert_eq!(score(&folder, "lines.ndjson").code, 0);
    let expected = folder.read("out/users.csv");
    for (name, text) in [
        ("one_line", format!("[{}]", events.join(","))),
        ("crlf", format!(" [ \r\n{}\r\n]\r\n", events.join(" ,\r\n"))),
        ("mark", format!("\u{feff}[{}]", events.join(",\n"))),
        ("pretty", serde_json::to_string_pretty(&pretty).expect("JSON")),
        ("results", answer("results")),
        ("data", answer("data")),
        ("events", answer("events")),
        ("pages", format!("[{}]\n[{}]\n{{\"results\":[{}]}}\n[]\n", events[0], events[1], events[2])),
        ("objects", pretty.iter().map(|event| serde_json::to_string_pretty(event).expect("JSON") + "\n").collect()),
    ] {
        for stored in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            folder.write("list.json", stored);
            let outcome = score(&folder, "list.json");
            assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
            assert_eq!(folder.read("out/users.csv"), expected, "{name}");
            assert_eq!(files(&folder), [("list.json".to_owned(), 3)], "{name}");
        }
    }
}

#[test]
fn lines_with_lists_in_them_stay_lines() {
    let folder = folder();
    let line =
        r#"{"files":["a"],"data":[{"sku":1}],"event":"visit","timestamp":"2026-10-01T10:00:00Z","user_id":"ann"}"#;
    folder.write("lines.ndjson", format!("{line}\n{line}\n{{\"results\":[{line}\n"));
    let outcome = folder.pql("score lines.ndjson -m model.toml --max-rejects 1 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(files(&folder), [("lines.ndjson".to_owned(), 2)]);
    assert_eq!(rejects(&folder)[0].0, 3);
}

#[test]
fn broken_elements_are_rejected_where_they_begin() {
    let folder = folder();
    let text = format!(
        "[\n  {},\n  {{\"event\": \"visit\",\n   \"timestamp\": \"soon\", \"user_id\": \"x\"}},\n  7, {{\"a\": \"line\nend\"}},\n  {}\n] junk, [\n{}\n",
        event("ann", 1),
        event("bob", 2),
        event("cid", 3)
    );
    folder.write("list.json", &text);
    let outcome = folder.pql("score list.json -m model.toml --max-rejects 10 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let offset = |part: &str| text.find(part).expect("a part") as u64;
    let found: Vec<(u64, u64, String)> =
        rejects(&folder).into_iter().map(|(line, offset, reason, _)| (line, offset, reason)).collect();
    assert_eq!(
        found,
        [
            (3, offset("{\"event\": "), "bad_time".to_owned()),
            (5, offset("7, "), "not_object".to_owned()),
            (5, offset("{\"a\""), "invalid_json".to_owned()),
            (8, offset("junk"), "invalid_json".to_owned()),
        ]
    );
    assert_eq!(users(&folder).len(), 3);
    assert!(outcome.stderr.contains("the first is list.json:3"), "{}", outcome.stderr);
}

#[test]
fn a_list_that_stops_ends_the_run() {
    let folder = folder();
    let whole = format!("[{},{}]", event("ann", 1), event("bob", 2));
    // The last element is known to be complete only at its comma.
    for (cut, records) in [(whole.len() - 1, "1 whole record;"), (9, "0 whole records;")] {
        folder.write("list.json", &whole[..cut]);
        refused(&folder, "list.json", &["`list.json` stops inside a JSON list or object, after ", records]);
    }
    folder.write("answer.json", format!("{{\"results\":{whole}, \"next\""));
    refused(&folder, "answer.json", &["after 2 whole records"]);
}

#[test]
fn a_long_element_is_rejected_and_the_rest_is_read() {
    let folder = folder();
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(17 << 20));
    folder.write("list.json", format!("[{},\n{long},\n{}]", event("ann", 1), event("bob", 2)));
    let outcome = folder.pql("score list.json -m model.toml --max-rejects 1 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let (line, offset, reason, text) = rejects(&folder).remove(0);
    assert_eq!((line, offset, reason.as_str(), text.len()), (2, event("ann", 1).len() as u64 + 3, "too_long", 1024));
    assert_eq!(users(&folder).len(), 2);
}

/// The three events of [`event`] as tables.
#[test]
fn a_table_is_read_as_its_rows() {
    let folder = folder();
    folder.write("lines.ndjson", lines(&[event("ann", 1), event("bob", 2)]));
    assert_eq!(score(&folder, "lines.ndjson").code, 0);
    let expected = folder.read("out/users.csv");
    assert!(expected.contains("team:10;visits:5"), "{expected}");
    let dotted = "event,timestamp,user_id,account_id,event_id,properties.plan,properties.seats\nvisit,2026-10-01T10:01:00Z,ann,acme,ann1,team,5\nvisit,2026-10-01 10:02:00,bob,acme,bob2,team,5\n";
    let json = "event;timestamp;user_id;account_id;event_id;properties\r\nvisit;2026-10-01T10:01:00Z;ann;acme;ann1;\"{\"\"plan\"\":\"\"team\"\",\"\"seats\"\":5}\"\r\n\r\nvisit;2026-10-01 10:02:00+00;bob;acme;bob2;\"{\n \"\"plan\"\":\"\"team\"\",\"\"seats\"\":5}\"";
    let flat = "id\tevent\toriginal_timestamp\tuser_id\tcontext_group_id\tanonymous_id\tplan\tseats\nann1\tvisit\t2026-10-01 10:01:00.000 UTC\tann\tacme\t\tteam\t5\nbob2\tvisit\t2026-10-01 10:02:00\tbob\tacme\t\\N\tteam\t5\n";
    for (name, text) in [("dotted", dotted), ("json", json), ("flat", flat)] {
        for stored in [text.as_bytes().to_vec(), gzip(format!("\u{feff}{text}").as_bytes())] {
            folder.write("events.csv", stored);
            let outcome = score(&folder, "events.csv");
            assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
            assert_eq!(folder.read("out/users.csv"), expected, "{name}");
            assert_eq!(files(&folder), [("events.csv".to_owned(), 2)], "{name}");
        }
    }
}

#[test]
fn the_model_names_columns_of_a_table() {
    let folder = folder();
    folder.write("events.csv", "who,did,org.id,loaded,payload\nann,visit,acme,1790848860,\"{\"\"plan\"\":\"\"team\"\",\"\"seats\"\":\"\"5\"\"}\"\n");
    refused(
        &folder,
        "events.csv",
        &[
            "`events.csv` is a table of 5 columns of which none is known to hold the name of the event, nor its time, nor a user, visitor or account; say which do in the model: `[input]` with `fields = { event = \"COLUMN\", time = \"COLUMN\", user = \"COLUMN\" }`",
        ],
    );
    let fields = "[input]\nfields = { event = \"did\", time = \"loaded\", user = \"who\", account = \"org.id\", properties = \"payload\" }\n";
    folder.write("model.toml", format!("{MODEL}\n{fields}"));
    let outcome = score(&folder, "events.csv");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(users(&folder), [["ann", "15", "team:10;visits:5"].map(str::to_owned)]);
    assert!(folder.read("out/accounts.csv").contains("\nacme,"));
}

#[test]
fn rows_that_are_no_records_are_rejected_as_they_stand() {
    let folder = folder();
    let text = format!(
        "event,timestamp,user_id,properties\nvisit,soon,ann,\n\"visit\",2026-10-01T10:00:00Z,\"a\n\"\"nn\",\nvisit,2026-10-01T10:00:00Z,bob\nvisit,2026-10-01T10:00:00Z,bob,,\nvisit,2026-10-01T10:00:00Z,cid,\"{{\"\"a\"\":1\"\n{}visit,2026-10-01T10:00:00Z,dan,[1]\n",
        "visit,2026-10-01T10:00:00Z,eve,\n".repeat(3)
    );
    folder.write("events.csv", &text);
    let outcome = folder.pql("score events.csv -m model.toml --max-rejects 10 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let row = |line: u64, reason: &str, text_of: &str| {
        (line, text.find(text_of).expect("a row") as u64, reason.to_owned(), text_of.to_owned())
    };
    assert_eq!(
        rejects(&folder),
        [
            row(2, "bad_time", "visit,soon,ann,"),
            row(5, "bad_row", "visit,2026-10-01T10:00:00Z,bob"),
            row(6, "bad_row", "visit,2026-10-01T10:00:00Z,bob,,"),
            row(7, "bad_row", "visit,2026-10-01T10:00:00Z,cid,\"{\"\"a\"\":1\""),
            row(11, "bad_row", "visit,2026-10-01T10:00:00Z,dan,[1]"),
        ]
    );
    assert_eq!(users(&folder).len(), 2);
    assert!(folder.read("out/users.csv").contains("\"a\n\"\"nn\""));
    let folder = self::folder();
    folder.write("cut.csv", "event,timestamp,user_id\nvisit,2026-10-01T10:00:00Z,ann\nvisit,\"2026");
    refused(&folder, "cut.csv", &["`cut.csv` stops inside a quoted cell of the row that begins on line 3"]);
}

#[test]
fn ids_in_cells_keep_every_digit_and_cells_are_no_way_into_a_record() {
    let folder = folder();
    folder.write(
        "events.csv",
        "event,timestamp,user_id,properties\nvisit,2026-10-01T10:00:00Z,007,\nvisit,2026-10-01T10:00:00Z,9007199254740993,\nvisit,2026-10-01T10:00:00Z,\"a\"\",\"\"user_id\"\":\"\"b\\\",\n",
    );
    let outcome = score(&folder, "events.csv");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let ids: Vec<String> = users(&folder).into_iter().map(|[id, ..]| id).collect();
    assert_eq!(ids, ["007", "9007199254740993", "a\",\"user_id\":\"b\\"]);
}

#[test]
fn what_holds_no_events_is_named_and_refused() {
    let folder = folder();
    let cases: [(&str, &[u8], &[&str]); 10] = [
        ("page.json", b"\n<!DOCTYPE html>\n<html><head>", &["an HTML page", "download the export again"]),
        ("s3.json", b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code>", &["an XML error answer", "<Code>"]),
        ("feed.xml", b"<?xml version=\"1.0\"?>\n<rss>", &["an XML file", "JSON lines or CSV"]),
        ("manifest.json", b"{\n \"entries\": [{\"url\":\"s3://x\"}]}", &["a manifest", "name the files themselves"]),
        ("part.avro", b"Obj\x01\x04\x14avro.codec", &["an Avro file", "avro-tools tojson"]),
        ("part.orc", b"ORC\x08\x03", &["an ORC file", "orc-tools"]),
        ("app.db", b"SQLite format 3\0\x10", &["a SQLite database", "sqlite3 -csv"]),
        ("old.xls", b"\xD0\xCF\x11\xE0\xA1", &["an Excel workbook", "CSV UTF-8"]),
        (
            "users.csv",
            b"user_id,role\nann,vp\n",
            &[
                "a table of 2 columns of which none is known to hold the name of the event, nor its time",
                "--users or --accounts",
            ],
        ),
        ("twice.csv", b"event,timestamp,user_id,event\nvisit,1,2,3\n", &["columns 1 and 4 of 4 have one name"]),
    ];
    for (name, bytes, parts) in cases {
        folder.write(name, bytes);
        let named = format!("`{name}` is ");
        refused(&folder, name, &[&[named.as_str()], parts].concat());
    }
    folder.write("events.ndjson", lines(&[event("ann", 1)]));
    folder.write("none.ndjson", "");
    let outcome = score(&folder, "events.ndjson none.ndjson");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("warning: none.ndjson is empty, and other files are not\n"), "{}", outcome.stderr);
    std::fs::rename(folder.path().join("out"), folder.path().join("earlier")).expect("a folder");
    for list in ["users", "accounts"] {
        refused(&folder, &format!("earlier/{list}.csv"), &["scores that this program wrote, not events"]);
    }
    refused_workbook(&folder);
}

fn refused_workbook(folder: &Folder) {
    folder.write(
        "book.xlsx",
        zip(&[("[Content_Types].xml", b"<x/>"), ("xl/sheet1.xml", b"<x/>")], CompressionMethod::Deflated),
    );
    refused(folder, "book.xlsx", &["`book.xlsx` is a workbook", "CSV UTF-8"]);
}

#[test]
fn a_folder_leaves_tables_and_manifests_out_and_says_so() {
    let folder = folder();
    folder.write("dump/a.ndjson", lines(&[event("ann", 1)]));
    folder.write("dump/manifest.json", "{\"files\":[]}");
    folder.write("dump/users.csv", "user_id\nann\n");
    let outcome = score(&folder, "dump");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for part in [
        "dump/manifest.json is not read: it lists the files",
        "dump/users.csv is not read: in a folder, a table may be",
    ] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
}

#[test]
fn text_with_commas_is_no_table() {
    let folder = folder();
    folder.write("log.txt", "hello, world\nthis is, I think, no table\n");
    let outcome = folder.pql("score log.txt -m model.toml");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("2 lines (invalid_json)"), "{}", outcome.stderr);
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_is_refused_by_a_build_without_it() {
    let folder = folder();
    folder.write("events.parquet", b"PAR1\x15\x04");
    refused(
        &folder,
        "events.parquet",
        &["`events.parquet` is a Parquet file, which this build of pql does not read", "duckdb -c"],
    );
}

#[test]
fn what_is_packed_in_another_way_is_named_with_the_program_that_unpacks_it() {
    let folder = folder();
    let kinds: [(&[u8], &str, &str); 12] = [
        (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive", "7z x"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive", "unrar x"),
        (b"!<arch>\nday.json/", "an ar archive", "ar x"),
        (b"\x04\x22\x4d\x18\x64\x40", "an LZ4 file", "unlz4"),
        (b"LZIP\x01\x0c", "an lzip file", "lzip -d"),
        (b"\x89LZO\0\r\n", "an lzop file", "lzop -d"),
        (b"\x1f\x9d\x90abc", "compress", "gzip -d"),
        (b"\xff\x06\0\0sNaPpY", "a Snappy file", "zstd"),
        (b"ARROW1\0\0\xff\xff", "an Arrow file", "Parquet"),
        (b"FEA1\0\0\0\0", "a Feather file", "Parquet"),
        (b"%PDF-1.7\n%", "a PDF", "CSV"),
        (b"\x01\x02\x03\0\0\x05 some", "binary data", "unpack it"),
    ];
    for (bytes, kind, advice) in kinds {
        for (name, content) in [
            ("events.ndjson", bytes.to_vec()),
            ("events.ndjson.gz", gzip(bytes)),
            ("events.zip", crate::stored::zip(&[("day.json", bytes)])),
            ("events.tar", crate::stored::tar(&[("day.json", bytes)])),
        ] {
            folder.write(name, content);
            for command in ["score EVENTS -m model.toml --out out", "inspect EVENTS"] {
                let outcome = folder.pql(&command.replace("EVENTS", name));
                assert_eq!(outcome.code, 3, "{kind} in {name}: {outcome:?}");
                for part in [kind, advice] {
                    assert!(outcome.stderr.contains(part), "{kind} in {name}: {}", outcome.stderr);
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_device_without_end_is_refused_at_once() {
    let folder = folder();
    for command in ["score /dev/zero -m model.toml --out out", "inspect /dev/zero", "init /dev/zero -o new.toml"] {
        let outcome = folder.pql(command);
        assert_eq!(outcome.code, 2, "{command}: {outcome:?}");
        assert!(outcome.stderr.contains("`/dev/zero` is a device, which has no end"), "{}", outcome.stderr);
    }
    let outcome = folder.pql("score /dev/null -m model.toml --out out");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("the input is empty"), "{}", outcome.stderr);
}
