//! Why a line is rejected is told with the cause and the place in the line, and without the values in it.

use serde_json::Value as Json;

use crate::{
    run::{Folder, Outcome},
    stored::everywhere,
};

const MODEL: &str = "schema = 1\n";

fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    folder
}

const GOOD: &str = r#"{"event":"visit","timestamp":"2026-10-01T10:00:00Z","user_id":"kim"}"#;

/// A line that is almost JSON: the line, what is said of it, and where it is wrong.
const ALMOST: [(&str, &str, u64); 24] = [
    (r#"{"event":"visit","amount":NaN}"#, "`NaN` is no JSON", 27),
    (r#"{"event":"visit","amount":-Infinity}"#, "`-Infinity` is no JSON", 27),
    (r#"{"event":"visit","amount":[1,Infinity]}"#, "`Infinity` is no JSON", 30),
    (r#"{"event":"visit","ok":True}"#, "`True` is Python", 23),
    (r#"{"event":"visit","plan":None}"#, "`None` is Python", 25),
    (r#"{"event":"visit","plan":undefined}"#, "`undefined` is no JSON", 25),
    (r#"{'event': 'visit', 'ok': True}"#, "single quote", 2),
    (r#"{"event": 'visit'}"#, "single quote", 11),
    (r#"{event: "visit"}"#, "key without quotes", 2),
    (r#"{"event":"visit",}"#, "comma before the closing brace", 17),
    (r#"{"event":"visit","list":[1,2,]}"#, "comma before the closing bracket", 29),
    (r#"{"event":"visit"}}"#, "after the object", 18),
    (r#"{"event":"visit"} // seen"#, "after the object", 19),
    (r#"{"event":"visit","text":"cut o"#, "ends inside a text", 31),
    (r#"{"event":"visit","text":{"a":1}"#, "ends before the object is closed", 32),
    (r#"{"event":"visit" "user_id":"kim"}"#, "comma is missing", 18),
    (r#"{"event" "visit"}"#, "colon is missing", 10),
    (r#"{"event":"visit","n":007}"#, "number", 23),
    (r#"{"event":"visit","n":+1}"#, "number", 22),
    (r#"{"event":"visit","n":.5}"#, "number", 22),
    ("{\"event\":\"vi\tsit\"}", "control character", 13),
    (r#"{"event":"vi\sit"}"#, "escape", 13),
    (r#"{"event":,"user_id":"kim"}"#, "value is missing", 10),
    ("visit of secret-kim at ten", "does not begin with a brace", 1),
];

/// The reject of a run by its reason.
fn reject(folder: &Folder, reason: &str) -> Json {
    let rejects = folder.read("out/rejects.ndjson");
    let mut all = rejects.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    all.find(|reject| reject["reason"] == reason).unwrap_or_else(|| panic!("{reason} in {rejects}"))
}

/// The message gives the place and the cause, and nothing of the line but words of no meaning.
fn told(outcome: &Outcome, place: &str, cause: &str) {
    assert!(outcome.stderr.contains(place) && outcome.stderr.contains(cause), "{place} {cause}: {}", outcome.stderr);
    for value in ["secret-kim", "// seen"] {
        assert!(!outcome.stderr.contains(value), "{value} in {}", outcome.stderr);
    }
}

#[test]
fn a_line_that_is_almost_json_is_told_with_cause_and_column() {
    let folder = folder();
    for (line, cause, column) in ALMOST {
        folder.write("events.ndjson", format!("{GOOD}\n{line}\n"));
        let outcome = folder.pql("score events.ndjson -m model.toml --as-of 2026-10-31 --max-rejects 1 --out out");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        told(&outcome, &format!("events.ndjson:2, column {column}: "), cause);
        let reject = reject(&folder, "invalid_json");
        assert_eq!((reject["line"].as_u64(), reject["column"].as_u64()), (Some(2), Some(column)), "{reject}");
        assert!(reject["cause"].as_str().expect("a cause").contains(cause), "{line}: {reject}");
        assert_eq!(reject["text"], line);
        // The same where there is no result, and in what the other commands say.
        folder.write("bad.ndjson", line);
        told(&folder.pql("score bad.ndjson -m model.toml"), &format!("bad.ndjson:1, column {column}: "), cause);
        let outcome = folder.pql("inspect events.ndjson");
        assert!(outcome.stdout.contains(&format!("events.ndjson:2, column {column}: ")), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(cause), "{cause}: {}", outcome.stdout);
        // Columns are those of an editor.
        folder.write("events.ndjson", line.replace("visit", "vi\u{df}it"));
        told(&folder.pql("score events.ndjson -m model.toml"), &format!(":1, column {column}: "), cause);
    }
}

#[test]
fn causes_are_the_same_in_every_container_and_layout() {
    let folder = folder();
    let bad = r#"{"event":"visit","amount":NaN}"#;
    let run = "score EVENTS -m model.toml --as-of 2026-10-31 --max-rejects 1 --out out";
    for stored in everywhere(format!("{GOOD}\n{bad}\n").as_bytes(), ".ndjson") {
        let outcome = stored.run(&folder, run);
        told(&outcome, ":2, column 27: ", "`NaN` is no JSON");
        assert_eq!(reject(&folder, "invalid_json")["column"], 27);
    }
    for text in [format!("[{GOOD},\n{bad}]"), format!("{GOOD},\n{bad},\n"), format!("{GOOD}{bad}\n")] {
        folder.write("events.json", &text);
        let outcome = folder.pql(&run.replace("EVENTS", "events.json"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        // The column is that of the record.
        told(&outcome, ", column 27", "`NaN` is no JSON");
    }
    for (format, bad) in [
        ("segment", r#"{"type":"track","messageId":"m","event":"visit","n":NaN}"#),
        ("mixpanel", r#"{"event":"visit","properties":{"time":1770000000,"n":NaN}}"#),
        ("snowplow", r#"{"event_id":"x","collector_tstamp":"2026-01-01T00:00:00Z","n":NaN}"#),
    ] {
        folder.write("events.json", bad);
        let outcome = folder.pql(&format!("score events.json -m model.toml --from {format}"));
        told(&outcome, "events.json:1, column ", "`NaN` is no JSON");
    }
}

#[test]
fn a_row_tells_how_many_cells_it_has_or_which_column_is_no_object() {
    let folder = folder();
    for (row, cause) in [
        ("visit,2026-10-01T10:00:00Z,kim", "3 cells where the header row has 4"),
        ("visit,2026-10-01T10:00:00Z,kim,{},secret", "5 cells where the header row has 4"),
        ("visit,2026-10-01T10:00:00Z,kim,secret", "column 4 (`properties`) is no JSON object"),
        ("visit,2026-10-01T10:00:00Z,kim,\"{\"\"a\"\":secret}\"", "column 4 (`properties`) is no JSON object"),
    ] {
        let text = format!("event,timestamp,user_id,properties\nvisit,2026-10-01T10:00:00Z,kim,\n{row}\n");
        for stored in everywhere(text.as_bytes(), ".csv") {
            let outcome =
                stored.run(&folder, "score EVENTS -m model.toml --as-of 2026-10-31 --max-rejects 1 --out out");
            assert_eq!(outcome.code, 0, "{outcome:?}");
            assert!(outcome.stderr.contains(":3: ") && outcome.stderr.contains(cause), "{cause}: {}", outcome.stderr);
            assert!(!outcome.stderr.contains("secret"), "{}", outcome.stderr);
            let reject = reject(&folder, "bad_row");
            assert!(reject["cause"].as_str().expect("a cause").contains(cause), "{reject}");
        }
        let outcome = everywhere(text.as_bytes(), ".csv").remove(0).run(&folder, "inspect EVENTS");
        assert!(outcome.stdout.contains(cause), "{cause}: {}", outcome.stdout);
    }
}

#[test]
fn text_in_another_encoding_is_named_with_the_byte_and_the_command() {
    let folder = folder();
    let latin = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let line = GOOD.replace("kim", "Ren\u{e9}");
    let mut bytes = format!("{GOOD}\n").into_bytes();
    bytes.extend(latin(&line));
    let at = GOOD.len() + 1 + line.find('\u{e9}').expect("a letter");
    for stored in everywhere(&bytes, ".ndjson") {
        let outcome = stored.run(&folder, "score EVENTS -m model.toml --as-of 2026-10-31 --max-rejects 1 --out out");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        for part in
            [format!("byte {}", at - GOOD.len()), "Latin-1".to_owned(), "iconv -f WINDOWS-1252 -t UTF-8".to_owned()]
        {
            assert!(outcome.stderr.contains(&part), "{part} in {}", outcome.stderr);
        }
        let reject = reject(&folder, "invalid_utf8");
        assert_eq!(reject["byte"].as_u64(), Some((at - GOOD.len()) as u64), "{reject}");
    }
    for (name, bytes) in [
        ("table.csv", latin("event,timestamp,user_id\nvisit,2026-10-01T10:00:00Z,Ren\u{e9}\n")),
        ("list.json", latin(&format!("[{line}]"))),
        ("pretty.json", latin("{\n \"event\": \"Ren\u{e9}\"\n}\n")),
    ] {
        folder.write(name, bytes);
        let outcome = folder.pql(&format!("score {name} -m model.toml"));
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert!(outcome.stderr.contains("iconv -f WINDOWS-1252 -t UTF-8"), "{}", outcome.stderr);
    }
    for (encoding, little) in [("UTF-16LE", true), ("UTF-16BE", false)] {
        for mark in ["", "\u{feff}"] {
            let units = format!("{mark}{GOOD}\n");
            let bytes: Vec<u8> = units
                .encode_utf16()
                .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect();
            for stored in everywhere(&bytes, ".json") {
                let outcome = stored.run(&folder, "score EVENTS -m model.toml --out none");
                assert_eq!(outcome.code, 3, "{}: {outcome:?}", stored.name);
                for part in
                    ["UTF-16 text", &format!("iconv -f {} -t UTF-8", if mark.is_empty() { encoding } else { "UTF-16" })]
                {
                    assert!(outcome.stderr.contains(part), "{part} in {}", outcome.stderr);
                }
            }
        }
    }
}

#[test]
fn a_cause_stays_with_its_reject_however_many_there_are() {
    let folder = folder();
    let bad: String = (0..3000).map(|n| format!("{{\"n\":{}NaN}}\n", " ".repeat(n % 7))).collect();
    folder.write("events.ndjson", format!("{}{bad}", format!("{GOOD}\n").repeat(10)));
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of 2026-10-31 --max-rejects 100% --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("events.ndjson:11, column 6: `NaN`"), "{}", outcome.stderr);
    let rejects = folder.read("out/rejects.ndjson");
    for (n, line) in rejects.lines().enumerate() {
        let reject: Json = serde_json::from_str(line).expect("JSON");
        assert_eq!(reject["column"].as_u64(), Some(6 + n as u64 % 7), "{reject}");
    }
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    let folder = folder();
    folder.write("events.ndjson", GOOD.replace("2026", "2999"));
    let outcome = folder.pql("score events.ndjson -m model.toml");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    for part in ["more than a day ahead of this machine's clock", "--as-of", "1 record is"] {
        assert!(outcome.stderr.contains(part), "{part} in {}", outcome.stderr);
    }
}

#[test]
fn init_writes_to_the_standard_output() {
    let folder = folder();
    folder.write("events.ndjson", GOOD);
    let outcome = folder.pql("init events.ndjson -o -");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.starts_with("# A first model") && !folder.path().join("-").exists());
    folder.write("other.toml", &outcome.stdout);
    assert_eq!(folder.pql("check other.toml").code, 0);
    assert_eq!(folder.pql_with(&["init", "-", "-o", "-"], GOOD.as_bytes()).stdout, outcome.stdout);
}

#[test]
fn names_of_cases_are_shown_and_not_run() {
    let folder = folder();
    let cases = "schema = 1\nmodel = \"model.toml\"\nas_of = \"2026-10-31\"\n\n[[case]]\nname = \"a\\u001b[31m\\u009bb\\u202e\"\nevents = [{ user = \"kim\", event = \"visit\", at = \"-3d\" }]\n\n[[case.expect]]\nuser = \"kim\"\nscore = 7\n";
    folder.write("a.cases.toml", cases);
    let outcome = folder.pql("test a.cases.toml --format github");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stdout.contains("title=a\\u{1b}[31m\\u{9b}b"), "{}", outcome.stdout);
    assert!(
        !outcome.stdout.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'),
        "{:?}",
        outcome.stdout
    );
}
