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

const ENVELOPES: [Envelope; 16] = [
    Envelope {
        name: "kafka",
        wrap: |record, n| json!({"topic": "events", "partition": 0, "offset": n, "timestamp": 1_770_700_000_000_u64 + n as u64, "key": format!("k{n}"), "value": record}),
        beside: &[],
        path: "value",
    },
    Envelope {
        name: "cloudevents",
        wrap: |record, n| json!({"specversion": "1.0", "id": format!("c{n}"), "type": "com.example.event", "source": "/app", "time": "2026-03-01T00:00:00Z", "data": record}),
        beside: &[],
        path: "data",
    },
    Envelope {
        name: "eventbridge",
        wrap: |record, n| json!({"version": "0", "id": format!("c{n}"), "detail-type": "export", "source": "app", "account": "1234", "time": "2026-03-01T00:00:00Z", "region": "eu", "detail": record}),
        beside: &[],
        path: "detail",
    },
    Envelope {
        name: "cloud logging",
        wrap: |record, n| json!({"insertId": format!("c{n}"), "jsonPayload": record, "logName": "projects/p/logs/l", "receiveTimestamp": "2026-03-01T00:00:00Z", "severity": "INFO"}),
        beside: &[],
        path: "jsonPayload",
    },
    Envelope {
        name: "mongodb",
        wrap: |record, n| json!({"_id": {"_data": format!("r{n}")}, "operationType": "insert", "clusterTime": "2026-03-01T00:00:00Z", "fullDocument": record}),
        beside: &[],
        path: "fullDocument",
    },
    Envelope {
        name: "maxwell",
        wrap: |record, n| json!({"database": "app", "table": "events", "type": "insert", "ts": 1_770_700_000 + n, "xid": n, "data": record}),
        beside: &[],
        path: "data",
    },
    Envelope {
        name: "a log shipper",
        wrap: |record, n| json!({"@timestamp": "2026-03-01T00:00:00Z", "host": format!("h{n}"), "message": record}),
        beside: &[],
        path: "message",
    },
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

/// The envelope with what lies under its first key, which may hold the record further down, as a text of JSON.
fn with_text(envelope: &Envelope, wrapped: &Json) -> Json {
    let key = envelope.path.split('.').next().expect("a key");
    let mut with_text = wrapped.clone();
    with_text[key] = Json::String(wrapped[key].to_string());
    with_text
}

#[test]
fn records_that_are_texts_in_their_envelope_are_read() {
    for envelope in ENVELOPES {
        let folder = Folder::in_memory();
        let wrapped: Vec<Json> =
            records().iter().enumerate().map(|(n, record)| with_text(&envelope, &(envelope.wrap)(record, n))).collect();
        let lines: Vec<String> = wrapped.iter().map(|line| format!("{line}\n")).collect();
        for (layout, bytes) in [
            ("lines", lines.concat().into_bytes()),
            ("lines in gzip", gzip(lines.concat().as_bytes())),
            ("a list", serde_json::to_vec_pretty(&wrapped).expect("JSON")),
            ("one line", lines.concat().replace('\n', "").into_bytes()),
        ] {
            folder.write("events.json", bytes);
            let case = format!("{} as texts in {layout}", envelope.name);
            let run = |arguments: &str| folder.pql(&arguments.replace("EVENTS", "events.json"));
            reads_right(&folder, &case, &run, envelope.path);
        }
    }
}

/// A cell of a table that has the value in it.
fn cell(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn as_csv(names: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let quoted = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        cells.join(",") + "\n"
    };
    (quoted(names) + &rows.iter().map(|row| quoted(row)).collect::<String>()).into_bytes()
}

#[cfg(feature = "parquet")]
fn as_parquet(names: &[String], rows: &[Vec<String>]) -> Option<Vec<u8>> {
    use crate::parquet_file::{ColumnValues, parquet_file};
    let values = |at: usize| ColumnValues::text(&rows.iter().map(|row| row[at].clone()).collect::<Vec<String>>());
    // The names of this writer's schemas are plain.
    let plain = |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !names.iter().all(plain) {
        return None;
    }
    let columns: Vec<(&str, ColumnValues)> =
        names.iter().enumerate().map(|(at, name)| (name.as_str(), values(at))).collect();
    Some(parquet_file(&columns))
}

#[cfg(not(feature = "parquet"))]
fn as_parquet(_: &[String], _: &[Vec<String>]) -> Option<Vec<u8>> {
    None
}

#[test]
fn tables_of_envelopes_are_read_where_the_records_lie() {
    for envelope in ENVELOPES {
        let folder = Folder::in_memory();
        let wrapped: Vec<Json> = records().iter().enumerate().map(|(n, record)| (envelope.wrap)(record, n)).collect();
        let names: Vec<String> = wrapped[0].as_object().expect("an object").keys().cloned().collect();
        let rows: Vec<Vec<String>> =
            wrapped.iter().map(|line| names.iter().map(|name| cell(&line[name])).collect()).collect();
        let csv = as_csv(&names, &rows);
        for (file, bytes) in [
            ("events.csv", Some(csv.clone())),
            ("events.csv.gz", Some(gzip(&csv))),
            ("events.parquet", as_parquet(&names, &rows)),
        ] {
            let Some(bytes) = bytes else { continue };
            folder.write(file, bytes);
            let run = |arguments: &str| folder.pql(&arguments.replace("EVENTS", file));
            reads_right(&folder, &format!("{} in {file}", envelope.name), &run, envelope.path);
        }
    }
}

#[test]
fn a_call_that_names_its_event_beside_the_object_is_no_envelope() {
    let folder = Folder::in_memory();
    let line = |n: u32, user: &str| {
        json!({"action": "invite", "occurred_at": format!("2026-02-{n:02}T10:00:00Z"), "actor_id": user, "data": {"title": "a card", "position": n}})
            .to_string()
    };
    folder.write("events.ndjson", format!("{}\n{}\n", line(1, "kim"), line(2, "lee")));
    let outcome = folder.pql("init events.ndjson -o model.toml");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let model = folder.read("model.toml");
    let fields = model.lines().find(|line| line.starts_with("fields = ")).expect("a line");
    for part in [r#"event = "action""#, r#"time = "occurred_at""#, r#"user = "actor_id""#] {
        assert!(fields.contains(part), "{part} in {fields}");
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
