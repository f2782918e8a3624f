//! Records that lie in the envelope of a connector, a change feed or a search engine: `init` writes where they lie, and the model reads them.

use serde_json::{Value as Json, json};

use crate::{
    run::{Folder, rows},
    stored::{everywhere, gzip},
};

/// A record as a source has it.
fn record(number: u32, day: u32, user: &str) -> Json {
    json!({
        "event": "invite", "time": format!("2026-02-{day:02}T10:00:00Z"), "distinct_id": user, "insert_id": format!("x{number}"), "company_id": "t1",
        "properties": {"seats": 5}
    })
}

fn records() -> Vec<Json> {
    // The first is there twice, as after a second synchronisation.
    vec![record(1, 1, "kim"), record(2, 2, "lee"), record(3, 3, "kim"), record(1, 1, "kim")]
}

/// An envelope: its name, how it goes around a record with a number, lines beside the records, and the path of the record.
struct Envelope {
    name: &'static str,
    wrap: fn(&Json, usize) -> Json,
    beside: &'static [&'static str],
    path: &'static str,
}

const ENVELOPES: [Envelope; 9] = [
    Envelope {
        name: "airbyte",
        wrap: |record, n| json!({"_airbyte_raw_id": format!("r{n}"), "_airbyte_extracted_at": 1_770_700_000_000_u64 + n as u64, "_airbyte_meta": {"sync_id": n, "changes": []}, "_airbyte_data": record}),
        beside: &[],
        path: "_airbyte_data",
    },
    Envelope {
        name: "airbyte of old",
        wrap: |record, n| json!({"_airbyte_ab_id": format!("r{n}"), "_airbyte_emitted_at": 1_770_700_000_000_u64 + n as u64, "_airbyte_data": record}),
        beside: &[],
        path: "_airbyte_data",
    },
    Envelope {
        name: "singer",
        wrap: |record, n| json!({"type": "RECORD", "stream": "export", "record": record, "time_extracted": format!("2026-03-01T00:00:{n:02}Z")}),
        beside: &[
            r#"{"type": "SCHEMA", "stream": "export", "schema": {"properties": {}}, "key_properties": ["insert_id"]}"#,
            r#"{"type": "STATE", "value": {"bookmarks": {}}}"#,
            r#"{"type": "ACTIVATE_VERSION", "stream": "export", "version": 7}"#,
        ],
        path: "record",
    },
    Envelope {
        name: "airbyte messages",
        wrap: |record, n| json!({"type": "RECORD", "record": {"stream": "export", "data": record, "emitted_at": 1_770_700_000_000_u64 + n as u64}}),
        beside: &[
            r#"{"type": "STATE", "state": {"data": {"cursor": "x"}}}"#,
            r#"{"type": "LOG", "log": {"level": "INFO", "message": "reading"}}"#,
            r#"{"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1770700000000.0}}"#,
        ],
        path: "record.data",
    },
    Envelope {
        name: "debezium",
        wrap: |record, n| json!({"schema": {"type": "struct", "name": "s"}, "payload": {"before": null, "after": record, "source": {"ts_ms": 1_770_700_000_000_u64, "table": "events"}, "op": "c", "ts_ms": 1_770_700_000_000_u64 + n as u64}}),
        beside: &[],
        path: "payload.after",
    },
    Envelope {
        name: "debezium without a schema",
        wrap: |record, n| json!({"before": null, "after": record, "source": {"ts_ms": 1_770_700_000_000_u64, "table": "events"}, "op": "r", "ts_ms": 1_770_700_000_000_u64 + n as u64}),
        beside: &[],
        path: "after",
    },
    Envelope {
        name: "elasticsearch",
        wrap: |record, n| json!({"_index": "events", "_id": format!("h{n}"), "_score": 1.0, "_source": record}),
        beside: &[],
        path: "_source",
    },
    Envelope {
        name: "connector",
        wrap: |record, n| json!({"stream": "export", "data": record, "emitted_at": 1_770_700_000_000_u64 + n as u64}),
        beside: &[],
        path: "data",
    },
    Envelope {
        name: "connector with a namespace",
        wrap: |record, n| json!({"namespace": "raw", "stream": "export", "emitted_at": 1_770_700_000_000_u64 + n as u64, "data": record}),
        beside: &[],
        path: "data",
    },
];

/// `init` and `score` give the events of the records, each at its own time and once.
fn reads_right(folder: &Folder, case: &str, run: &dyn Fn(&str) -> crate::run::Outcome, path: &str) {
    let outcome = run("init EVENTS -o model.toml --force");
    assert_eq!(outcome.code, 0, "{case}: {outcome:?}");
    let outcome = run("score EVENTS -m model.toml --as-of 2026-02-10 --max-rejects 0 --out out");
    assert_eq!(outcome.code, 0, "{case}: {outcome:?}\n{}", folder.read("model.toml"));
    let users = rows(&folder.read("out/users.csv"));
    let place = |name: &str| users[0].iter().position(|column| column == name).expect("a column");
    let seen: Vec<[&str; 4]> = users
        .iter()
        .skip(1)
        .map(|row| ["user_id", "account_id", "first_seen", "last_seen"].map(|name| row[place(name)].as_str()))
        .collect();
    let mut seen = seen;
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            ["kim", "t1", "2026-02-01T10:00:00Z", "2026-02-03T10:00:00Z"],
            ["lee", "t1", "2026-02-02T10:00:00Z", "2026-02-02T10:00:00Z"],
        ],
        "{case}\n{}",
        folder.read("model.toml")
    );
    let run_record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(run_record["counts"]["duplicate"], 1, "{case}");
    assert_eq!(run_record["counts"]["rejected"], 0, "{case}");
    let outcome = run("inspect EVENTS");
    let lie = format!("the records lie in `{path}`");
    assert!(path.is_empty() || outcome.stdout.contains(&lie), "{case}: {}", outcome.stdout);
}

#[test]
fn records_in_envelopes_are_read_where_they_lie() {
    for envelope in ENVELOPES {
        let folder = Folder::in_memory();
        let wrapped: Vec<Json> = records().iter().enumerate().map(|(n, record)| (envelope.wrap)(record, n)).collect();
        let lines: Vec<String> = wrapped.iter().map(Json::to_string).collect();
        let beside: String = envelope.beside.iter().map(|line| format!("{line}\n")).collect();
        for stored in everywhere(format!("{beside}{}\n{beside}", lines.join("\n")).as_bytes(), ".ndjson") {
            let case = format!("{} in {}", envelope.name, stored.name);
            reads_right(&folder, &case, &|arguments| stored.run(&folder, arguments), envelope.path);
        }
        for (layout, text) in [
            ("list", serde_json::to_string(&wrapped).expect("JSON")),
            ("pretty list", serde_json::to_string_pretty(&wrapped).expect("JSON")),
            (
                "pretty objects",
                wrapped.iter().map(|one| serde_json::to_string_pretty(one).expect("JSON") + "\n").collect(),
            ),
            ("one line", lines.concat()),
        ] {
            folder.write("events.json", text);
            let case = format!("{} as {layout}", envelope.name);
            let run = |arguments: &str| folder.pql(&arguments.replace("EVENTS", "events.json"));
            reads_right(&folder, &case, &run, envelope.path);
        }
    }
}

#[test]
fn tables_of_envelopes_are_read_where_the_records_lie() {
    let folder = Folder::in_memory();
    for (head, before, after) in [
        ("_airbyte_raw_id,_airbyte_extracted_at,_airbyte_data", "r,2026-03-01T00:00:00Z,", ""),
        ("_airbyte_ab_id,_airbyte_data,_airbyte_emitted_at", "r,", ",1770700000000"),
        ("stream,data,emitted_at", "export,", ",1770700000000"),
        ("_index,_id,_source", "events,h,", ""),
    ] {
        let rows: Vec<String> = records()
            .iter()
            .map(|record| format!("{before}\"{}\"{after}", record.to_string().replace('"', "\"\"")))
            .collect();
        folder.write("events.csv", format!("{head}\n{}\n", rows.join("\n")));
        let run = |arguments: &str| folder.pql(&arguments.replace("EVENTS", "events.csv"));
        let path = head.split(',').find(|name| ["_airbyte_data", "data", "_source"].contains(name)).expect("a column");
        reads_right(&folder, head, &run, path);
    }
}

#[test]
fn lists_in_answers_are_found_however_deep() {
    let folder = Folder::in_memory();
    let all = records();
    let hits: Vec<Json> = all
        .iter()
        .enumerate()
        .map(|(n, record)| json!({"_index": "e", "_id": format!("h{n}"), "_source": record}))
        .collect();
    for (answer, path) in [
        (
            json!({"took": 3, "timed_out": false, "_shards": {"total": 1}, "hits": {"total": {"value": 4, "relation": "eq"}, "max_score": 1.0, "hits": hits}}),
            "_source",
        ),
        (json!({"data": {"events": all}}), ""),
        (json!({"status": "ok", "data": {"page": 1, "items": all, "next": null}, "meta": {"n": 4}}), ""),
        (json!({"response": {"result": {"records": all}}}), ""),
    ] {
        for text in [answer.to_string(), serde_json::to_string_pretty(&answer).expect("JSON")] {
            for stored in [text.clone().into_bytes(), gzip(text.as_bytes())] {
                folder.write("events.json", stored);
                let run = |arguments: &str| folder.pql(&arguments.replace("EVENTS", "events.json"));
                reads_right(&folder, &text, &run, path);
            }
        }
        // Cut anywhere, it is no whole answer.
        let text = answer.to_string();
        for cut in [text.len() - 1, text.len() - 3, text.len() / 2] {
            folder.write("events.json", &text[..cut]);
            let outcome = folder.pql("score events.json -m model.toml -q");
            assert_eq!(outcome.code, 3, "{cut}: {outcome:?}");
            assert!(outcome.stderr.contains("begins on line 1"), "{}", outcome.stderr);
        }
    }
}

#[test]
fn lines_beside_singers_records_are_blank_and_others_are_not() {
    let folder = Folder::in_memory();
    folder.write("model.toml", "schema = 1\n");
    let event = r#"{"event":"a","timestamp":"2026-02-01T10:00:00Z","user_id":"kim"}"#;
    let all: String = ENVELOPES.iter().flat_map(|envelope| envelope.beside).map(|line| format!("{line}\n")).collect();
    // Neither is a line of the kind: the first has no value, the second says that records lie elsewhere.
    let others = r#"{"type": "STATE"}
{"type": "BATCH", "stream": "export", "manifest": ["file:///tmp/batch.json"]}
{"type": "state", "value": 1}
"#;
    folder.write("events.ndjson", format!("{all}{event}\n{others}"));
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of 2026-02-10 --max-rejects 3 --out out -q");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let run: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!((&run["counts"]["blank"], &run["counts"]["rejected"]), (&json!(6), &json!(3)), "{run}");
}
