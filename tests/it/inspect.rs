//! `pql inspect`: the contents of dumps that are small enough to count by hand.

use serde_json::{Value as Json, json};

use crate::run::Folder;

const EVENTS: &str = r#"{"event":"Report Exported","timestamp":"2026-03-01T09:00:00Z","received_at":"2026-03-03T09:00:00Z","user_id":"kim","account_id":"acme","event_id":"1","properties":{"format":"csv","rows":7,"owner":"kim@acme.example"}}
{"event":"report_exported","timestamp":"2026-03-04T09:00:00Z","user_id":"lee","account_id":"acme","event_id":"2","properties":{"format":null,"rows":"8"}}
{"event":"report_exported","timestamp":"2026-03-04T08:00:00Z","anonymous_id":"v1","event_id":"3","properties":{"format":"","plan":{"name":"team"}}}
{"event":"report_exported","timestamp":"2026-03-04T08:00:00Z","anonymous_id":"v1","event_id":"3","properties":{"format":"","plan":{"name":"team"}}}
{"type":"identify","timestamp":"2026-03-01T09:00:00Z","user_id":"kim","traits":{"role":"vp"}}

{"event":"login","user_id":"kim"}
not JSON
"#;

fn inspect(folder: &Folder, more: &str) -> Json {
    let outcome = folder.pql(&format!("inspect events.ndjson --format json {more}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("events.ndjson", EVENTS);
    folder
}

#[test]
fn a_dump_is_counted_in_full() {
    let report = inspect(&folder(), "");
    let file = &report["files"][0];
    let counts =
        ["records", "blank", "events", "identity", "rejected"].map(|name| file[name].as_u64().expect("a count"));
    assert_eq!(counts, [8, 1, 4, 1, 2], "{file}");
    assert_eq!(file["recognised_by"], "lines have `event` and `timestamp`");
    assert_eq!(report["time"]["gaps"], json!([{"from": "2026-03-02", "days": 2}]));
    assert_eq!(report["time"]["by_day"], json!({"2026-03-01": 1, "2026-03-04": 3}));
    let who = ["users", "visitors", "accounts", "events_with_user", "events_with_visitor_only", "events_with_account"];
    assert_eq!(who.map(|name| report["who"][name].as_u64().expect("a count")), [2, 1, 1, 2, 2, 2]);
    assert_eq!(report["who"]["visitors_of_events_with_visitor_only"], 1);
    assert_eq!(report["duplicates"]["copies"], 1);
    assert_eq!(report["order"]["late"]["a day or more late"], 1);
    assert_eq!(report["order"]["earlier_than_the_line_before"], 1);
    assert_eq!(report["names_alike"][0]["names"], json!(["report_exported", "Report Exported"]));
    assert_eq!(report["rejected"]["no_time"], json!({"count": 1, "first": {"file": "events.ndjson", "line": 7}}));
    assert_eq!(report["rejected"]["invalid_json"]["first"]["line"], 8);
    assert_eq!(report["user_traits"]["role"]["filled"], 1);
}

#[test]
fn properties_have_types_and_shapes_and_no_values_unless_asked() {
    let folder = folder();
    let report = inspect(&folder, "");
    let of = &report["events_by_name"]["report_exported"]["properties"];
    assert_eq!(of["format"]["filled"], 0, "null and empty text are nothing");
    assert_eq!(of["format"]["of"], 3);
    assert_eq!(of["rows"]["types"], json!({"text": 1}));
    assert_eq!(of["plan.name"]["filled"], 2);
    let owner = &report["properties"]["owner"];
    assert_eq!((&owner["shapes"], owner.get("values")), (&json!({"e-mail": 1}), None));
    assert!(!report.to_string().contains("kim@acme.example"));
    let table = folder.pql("inspect events.ndjson");
    assert!(table.stdout.contains("e-mail") && !table.stdout.contains("kim@"), "{}", table.stdout);
    assert_eq!(inspect(&folder, "--values")["properties"]["owner"]["values"], json!(["kim@acme.example"]));
}

#[test]
fn a_model_is_held_against_the_events() {
    let folder = folder();
    folder.write(
        "model.toml",
        "schema = 1\n[metrics]\nexports = { measure = \"count\", event = \"report_export\", where = \"size > 1\" }\n\
         csv = { measure = \"count\", event = \"Report Exported\", where = \"format = 'csv'\" }\n\
         [output]\nuser_columns = [\"exports\", \"csv\"]\n",
    );
    let report = inspect(&folder, "-m model.toml");
    let model = &report["model"];
    assert_eq!(model["missing_events"], json!({"report_export": {"near": ["report_exported", "Report Exported"]}}));
    assert_eq!(model["missing_properties"], json!({"size": {"near": []}}));
    assert_eq!(model["most_frequent_of_them"], json!({"report_exported": 3}));
}

#[test]
fn threads_and_files_do_not_show() {
    let folder = Folder::new();
    let fixture =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/events.ndjson")).expect("events");
    let lines: Vec<&str> = fixture.lines().collect();
    for (at, part) in lines.chunks(500).enumerate() {
        folder.write(&format!("in/{at:02}.ndjson"), part.join("\n"));
    }
    let outputs = ["1", "2", "7"].map(|threads| {
        let outcome = folder.pql(&format!("inspect in --format json --values --threads {threads}"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.stdout
    });
    assert!(outputs[0].contains("\"feature_used\""));
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn no_event_at_all_is_exit_1_with_the_reasons_and_a_guess() {
    let folder = Folder::new();
    folder.write(
        "events.ndjson",
        "{\"action\":\"login\",\"occurred_at\":\"2026-03-01T09:00:00Z\",\"customer\":{\"id\":\"kim\"}}\n",
    );
    let outcome = folder.pql("inspect events.ndjson");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("rejected: 1 line (no_event)"), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("fields = { event = \"action\", user = \"customer.id\", time = \"occurred_at\" }"),
        "{}",
        outcome.stdout
    );
}

/// Lines of an export that a line end with a carriage return has broken, up to the border of blocks.
#[test]
fn halves_at_the_border_of_blocks_are_joined_as_a_run_joins_them() {
    const BLOCK: usize = 1 << 20;
    let record = |number: usize| {
        let padding = "x".repeat(900);
        format!(r#"{{"event":"a","properties":{{"time":1772442847,"distinct_id":"u{number}","more":"{padding}"}}}}"#)
    };
    // The first line tells the format.
    let mut events = record(0) + "\r\n";
    let mut count = 1;
    while events.len() < 6 * BLOCK {
        let text = record(count);
        // The second half is long, so it is the one that no longer fits into a block.
        let (first, second) = text.split_at(60);
        events.push_str(&format!("{first}\r\n{second}\r\n"));
        count += 1;
    }
    let folder = Folder::in_memory();
    folder.write("events.ndjson", &events);
    folder.write("model.toml", "schema = 1\n");
    for threads in ["1", "3"] {
        let report = inspect(&folder, &format!("--threads {threads}"));
        let scored =
            folder.pql(&format!("score events.ndjson -m model.toml --as-of latest --out out -q --threads {threads}"));
        assert_eq!(scored.code, 0, "{scored:?}");
        let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        assert_eq!(record["counts"]["scored"], count, "{}", record["counts"]);
        assert_eq!((&report["events"], &report["rejected"]), (&json!(count), &json!({})));
        assert_eq!(report["split_records"], record["split_records"]);
    }
}

#[test]
fn a_batch_is_taken_apart_as_a_run_does_it() {
    let track = |name: &str| {
        format!(
            r#"{{"type":"track","event":"{name}","messageId":"m","userId":"u","originalTimestamp":"2026-03-02T09:00:00Z"}}"#
        )
    };
    let folder = Folder::in_memory();
    folder.write(
        "events.ndjson",
        format!(
            "{{\"event_payload\":{{\"batch\":[]}}}}\n{{\"event_payload\":{{\"batch\":[{},{}]}}}}\n",
            track("a"),
            track("\\ud800")
        ),
    );
    folder.write("model.toml", "schema = 1\n");
    let report = inspect(&folder, "");
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of latest --out out --max-rejects 1");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    for bucket in ["records", "blank", "rejected"] {
        assert_eq!(report["files"][0][bucket], record["counts"][bucket], "{bucket}");
    }
    assert_eq!(report["files"][0]["records"], 3);
    // The position is that in the record, since the record is not the line.
    let first = &report["rejected"]["lone_surrogate"]["first"];
    assert_eq!((&first["column"], &first["counted_from"]), (&json!(26), &json!("record")), "{first}");
    for told in [outcome.stderr, folder.pql("inspect events.ndjson").stdout] {
        assert!(told.contains("column 26 of the record: this escape is half of a character"), "{told}");
    }
}

#[test]
fn a_position_in_a_line_is_counted_from_its_beginning() {
    let folder = Folder::in_memory();
    let good = r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#;
    for (bad, column, counted_from) in [
        (r#"{"event":"a","ok":True}"#.to_owned(), 19, Json::Null),
        (format!(r#"{good} {{"event":"a","ok":True}}"#), 19, json!("record")),
    ] {
        folder.write("events.ndjson", format!("{good}\n{bad}\n"));
        let first = inspect(&folder, "")["rejected"]["invalid_json"]["first"].clone();
        assert_eq!((&first["column"], &first["counted_from"]), (&json!(column), &counted_from), "{bad}: {first}");
    }
}
