//! `[input] fields.received`: a replay counts an event from the later of its own time and its receipt, and a score pays no heed to it.

use crate::run::Folder;

/// A model with fields of input.
fn model(input: &str) -> String {
    format!(
        "schema = 1\n[input]\n{input}\n[metrics]\nuses = {{ measure = \"count\", event = \"use\" }}\n[[user.signals]]\nname = \"used\"\nevent = \"use\"\npoints = 10\n\
         [[user.tiers]]\nname = \"lead\"\nat_least = 10\nqualified = true\n[[user.tiers]]\nname = \"none\"\n[output]\nuser_columns = [\"uses\"]\n"
    )
}

const PLAIN: &str =
    r#"{"event":"use","timestamp":"2026-10-01T10:00:00Z","user_id":"u1","received":"2026-10-03T10:00:00Z"}"#;

/// The end of the first date that lists `u1`; empty if none does.
fn listed_at(folder: &Folder, events: &str) -> String {
    let outcome = folder.pql(&format!("replay {events} -m m.toml --from 2026-09-30 --to 2026-10-05 --out out -q"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    let changes = folder.read("out/changes.csv");
    let row = changes.lines().find(|line| line.contains(",u1,")).unwrap_or_default();
    assert!(row.is_empty() || row.contains(",new,events,"), "{row}");
    row.split(',').next().unwrap_or_default().to_owned()
}

#[test]
fn a_replay_counts_an_event_from_its_receipt_in_every_format() {
    for (name, fields, events) in [
        ("e.ndjson", "fields = { received = \"received\" }", PLAIN.to_owned()),
        (
            "nested.ndjson",
            "fields = { received = [\"none.here\", \"meta.in\"] }",
            PLAIN.replace("\"received\":\"2026-10-03T10:00:00Z\"", "\"meta\":{\"in\":1791021600000}"),
        ),
        (
            "embedded.ndjson",
            "fields = { received = \"meta.in\" }",
            PLAIN.replace("\"received\":\"2026-10-03T10:00:00Z\"", r#""meta":"{\"in\":\"2026-10-03 10:00:00\"}""#),
        ),
        (
            "flat.csv",
            "fields = { received = \"loaded_at\" }",
            "event,timestamp,user_id,event_id,plan,loaded_at\nuse,2026-10-01 10:00:00,u1,e1,pro,2026-10-03 10:00:00\n"
                .to_owned(),
        ),
        (
            "capitals.csv",
            "fields = { received = \"LOADED_AT\" }",
            "EVENT,TIMESTAMP,USER_ID,LOADED_AT\nuse,2026-10-01 10:00:00,u1,2026-10-03 10:00:00\n".to_owned(),
        ),
        (
            "words.csv",
            "fields = { received = \"Received At\" }",
            "Event Name,Time,Distinct ID,Received At\nuse,2026-10-01 10:00:00,u1,2026-10-03 10:00:00\n".to_owned(),
        ),
        (
            "property.csv",
            "fields = { received = \"properties.loaded\" }",
            "event,timestamp,user_id,loaded\nuse,2026-10-01 10:00:00,u1,2026-10-03 10:00:00\n".to_owned(),
        ),
        (
            "dotted.csv",
            "fields = { received = \"properties.loaded\" }",
            "event,timestamp,user_id,properties.loaded\nuse,2026-10-01 10:00:00,u1,2026-10-03 10:00:00\n".to_owned(),
        ),
        (
            "segment.ndjson",
            "fields = { received = \"nothing\", segment = { received = \"receivedAt\" } }",
            r#"{"type":"track","event":"use","userId":"u1","messageId":"m1","timestamp":"2026-10-01T10:00:00Z","receivedAt":"2026-10-03T10:00:00Z","properties":{}}"#
                .to_owned(),
        ),
        (
            "amplitude.ndjson",
            "fields.amplitude = { received = \"server_upload_time\" }",
            r#"{"event_type":"use","user_id":"u1","event_time":"2026-10-01 10:00:00.000000","server_upload_time":"2026-10-03 10:00:00.000000","uuid":"x","amplitude_id":1,"event_properties":{}}"#
                .to_owned(),
        ),
        (
            "mixpanel.ndjson",
            "fields.mixpanel = { received = \"properties.mp_processing_time_ms\" }",
            r#"{"event":"use","properties":{"time":1790848800,"distinct_id":"u1","$user_id":"u1","$insert_id":"i","mp_processing_time_ms":1791021600000}}"#
                .to_owned(),
        ),
        (
            "posthog.ndjson",
            "fields.posthog = { received = \"created_at\" }",
            r#"{"uuid":"p1","event":"use","distinct_id":"u1","timestamp":"2026-10-01T10:00:00Z","created_at":"2026-10-03T10:00:00Z","properties":"{}"}"#
                .to_owned(),
        ),
    ] {
        let folder = Folder::in_memory();
        folder.write(name, events);
        folder.write("m.toml", model(fields));
        assert_eq!(listed_at(&folder, name), "2026-10-04T00:00:00Z", "{name}");
        folder.write("m.toml", model(""));
        assert_eq!(listed_at(&folder, name), "2026-10-02T00:00:00Z", "{name} by its own time");
    }
}

#[test]
fn what_is_received_after_the_last_date_counts_in_no_run() {
    let folder = Folder::in_memory();
    folder.write("m.toml", model("fields = { received = \"received\" }"));
    let in_time = PLAIN.replace("u1", "u2").replace("10-03T", "10-01T");
    folder.write("e.ndjson", format!("{}\n{in_time}\n", PLAIN.replace("10-03T", "10-06T")));
    assert_eq!(listed_at(&folder, "e.ndjson"), "");
    let json: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(json["received"], serde_json::json!({ "read": 2, "not_understood": 0, "missing": 0 }));
}

#[test]
fn a_receipt_before_the_event_does_not_make_it_known_earlier() {
    let folder = Folder::in_memory();
    folder.write("m.toml", model("fields = { received = \"received\" }"));
    folder.write("e.ndjson", PLAIN.replace("10-03T", "09-30T"));
    assert_eq!(listed_at(&folder, "e.ndjson"), "2026-10-02T00:00:00Z");
}

#[test]
fn records_without_a_time_of_receipt_count_from_their_own_with_a_warning() {
    for (received, told) in [
        (["\"soon\"", "\"2026-10-03T10:00:00Z\""], "1 record has no time that can be read at `received`"),
        (["null", "\"2026-10-03T10:00:00Z\""], "1 record has nothing at `received`"),
        (["null", "\"soon\""], "none of 2 records has a time at `received`"),
    ] {
        let folder = Folder::in_memory();
        folder.write("m.toml", model("fields = { received = \"received\" }"));
        let line = |user: &str, value: &str| PLAIN.replace("u1", user).replace("\"2026-10-03T10:00:00Z\"", value);
        folder.write("e.ndjson", format!("{}\n{}\n", line("u1", received[0]), line("u2", received[1])));
        let outcome = folder.pql("replay e.ndjson -m m.toml --from 2026-09-30 --to 2026-10-05 --out out -q");
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(told), "{told}\n{}", outcome.stderr);
        let changes = folder.read("out/changes.csv");
        assert!(changes.contains("2026-10-02T00:00:00Z,,") && changes.contains(",u1,"), "{changes}");
    }
}

#[test]
fn a_score_is_the_same_whether_the_model_names_the_receipt_or_not() {
    for (name, field, events) in [
        ("e.ndjson", "received", format!("{PLAIN}\n{}\n", PLAIN.replace("10-03T", "10-09T"))),
        (
            "flat.csv",
            "seen_by_us",
            "event,timestamp,user_id,event_id,seen_by_us\nuse,2026-10-01 10:00:00,u1,e1,2026-10-03 10:00:00\n\
             use,2026-10-01 10:00:00,u1,e1,2026-10-04 10:00:00\nuse,2026-10-01 10:00:00,u1,e1,2026-10-03 10:00:00\n"
                .to_owned(),
        ),
    ] {
        let folder = Folder::in_memory();
        folder.write(name, events);
        let rows = ["", &format!("fields = {{ received = \"{field}\" }}")].map(|input| {
            folder.write("m.toml", model(input));
            let outcome = folder.pql(&format!("score {name} -m m.toml --as-of 2026-10-02 --level user -q"));
            assert_eq!(outcome.code, 0, "{}", outcome.stderr);
            outcome.stdout
        });
        assert!(rows[0].contains("u1"), "{}", rows[0]);
        assert_eq!(rows[0], rows[1], "{name}");
        let outcome = folder.pql(&format!("inspect {name} -m m.toml"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        // The copies of an event that a replay finds are those that a score finds.
        let outcome = folder.pql(&format!("replay {name} -m m.toml --from 2026-10-01 --to 2026-10-20 --out out -q"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
}
