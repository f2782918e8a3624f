//! Lines that do not hold one record each: batches, and records that a line end broke in two.

use super::{columns, folder, record, score, users};

/// An event of Mixpanel's raw export, padded to a length in bytes.
fn padded(user: &str, at: u64, length: usize) -> String {
    let line =
        |pad: &str| format!(r#"{{"event":"a","properties":{{"time":{at},"distinct_id":"{user}","pad":"{pad}"}}}}"#);
    line(&"x".repeat(length.saturating_sub(line("").len())))
}

#[test]
fn batches_of_a_gateway_are_taken_apart() {
    let call = |user: &str| {
        format!(
            r#"{{"type":"track","event":"a","messageId":"{user}","userId":"{user}","originalTimestamp":"2026-03-02T09:14:07.622Z"}}"#
        )
    };
    let escaped = call("u4").replace('"', "\\\"");
    let events = [
        format!(
            r#"{{"job_id":1,"event_payload":{{"batch":[{},{}],"receivedAt":"2026-03-02T15:00:00+05:30"}}}}"#,
            call("u1"),
            call("u2")
        ),
        format!(r#"{{"EventPayload":{},"MessageID":"u3"}}"#, call("u3")),
        format!(r#"{{"EventPayload":"{{\"batch\":[{escaped}]}}"}}"#),
        r#"{"event_payload":{"batch":[]}}"#.to_owned(),
        r#"{"event_payload":{"batch":[{"type":"track"},7]}}"#.to_owned(),
        call("u5"),
    ];
    let folder = folder(events.join("\n"));
    let outcome = score(&folder, "--max-rejects 2");
    assert!(
        outcome.stderr.contains("a dump of RudderStack's gateway, its batches taken apart: lines have `event_payload`")
    );
    let expected = ["u1", "u2", "u3", "u4", "u5"].map(|user| [user, "1"]);
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), expected);
    let counts = &record(&folder)["counts"];
    assert_eq!((&counts["records"], &counts["blank"], &counts["rejected"]), (&8.into(), &1.into(), &2.into()));
    let rejects = folder.read("out/rejects.ndjson");
    assert!(rejects.contains(r#""line":5,"#) && rejects.contains(r#""text":"7""#), "{rejects}");
}

#[test]
fn a_record_on_two_lines_is_one() {
    let events = concat!(
        r#"{"event":"a","properties":{"time":1772442847,"distinct_id":"u1"}}"#,
        "\n",
        r#"{"event":"a","properties":{"time":1772442847,"distinct_id":"u"#,
        "\r\n",
        r#"2","rows":1}}"#,
        "\r\n",
        r#"{"event":"a","properties":{"time":1772442847,"#,
        "\n",
        r#"{"event":"a","properties":{"time":1772442847,"distinct_id":"u3"}}"#,
        "\nterminated early\n"
    );
    let folder = folder(events);
    let outcome = score(&folder, "--max-rejects 2");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "rows"]), [["u1", "0"], ["u2", "1"], ["u3", "0"]]);
    let record = record(&folder);
    assert_eq!(record["split_records"], 1);
    assert_eq!(record["rejected_by_reason"], serde_json::json!({ "invalid_json": 1, "broken_off": 1 }));
    assert!(
        outcome.stderr.contains("note: 1 record broken in two by a line end, read as if whole"),
        "{}",
        outcome.stderr
    );
    let rejects = folder.read("out/rejects.ndjson");
    assert!(rejects.contains(r#""line":4,"#) && rejects.contains(r#""line":6,"#), "{rejects}");
}

#[test]
fn a_record_on_two_blocks_is_one_too() {
    const BLOCK: usize = 1 << 20;
    let mut events = String::new();
    let mut count = 0;
    while events.len() < BLOCK - 2000 {
        events.push_str(&padded("many", 1_772_442_847, 1000));
        events.push('\n');
        count += 1;
    }
    // The first half ends the first block, because the second half would exceed it.
    let broken = padded("late", 1_772_442_900, 4000);
    let (first, second) = broken.split_at(1000);
    events.push_str(&format!("{first}\n{second}\n"));
    assert!(events.len() > BLOCK && events.len() - second.len() - 1 < BLOCK);
    // A first half without its second.
    events.push_str(&format!("{}\n{}\n", padded("many", 1_772_442_847, 100), &broken[..500]));
    for threads in ["1", "4"] {
        let folder = folder(&events);
        score(&folder, &format!("--threads {threads}"));
        let expected = [vec!["late".to_owned(), "1".to_owned()], vec!["many".to_owned(), (count + 1).to_string()]];
        assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), expected);
        let record = record(&folder);
        assert_eq!((&record["split_records"], &record["counts"]["rejected"]), (&1.into(), &1.into()));
        assert!(folder.read("out/rejects.ndjson").contains(&format!(r#""line":{},"#, count + 4)));
    }
}

#[test]
fn numbers_of_any_length_stay_as_they_are() {
    let events = r#"{"event_timestamp":"1772442847622000","event_name":"a","event_params":[],"user_id":9007199254740993,"user_pseudo_id":"d"}
{"event_timestamp":1772442847622001,"event_name":"a","event_params":[],"user_id":"9007199254740993","user_pseudo_id":"d"}
"#;
    let expected = [["9007199254740993", "2", "2026-03-02T09:14:07.622Z", "2026-03-02T09:14:07.622001Z"]];
    assert_eq!(users(events, &["user_id", "events", "first_seen", "last_seen"]), expected);
}

#[test]
fn a_row_with_a_column_less_is_rejected() {
    let mut cells = vec![""; 131];
    (cells[3], cells[6], cells[12], cells[126]) = ("2026-03-02 09:14:08.402", "7b", "u-1", "a");
    let row = cells.join("\t");
    let folder = folder(format!("{row}\n{}\n", &row[1..].replacen('\t', "", 1)));
    let outcome = score(&folder, "--max-rejects 1");
    assert!(outcome.stderr.contains("rejected: 1 line (bad_columns)"), "{}", outcome.stderr);
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "first_seen"]), [["u-1", "2026-03-02T09:14:08.402Z"]]);
}

#[test]
fn a_first_line_that_is_too_long_does_not_hide_what_the_file_is() {
    let call = r#"{"type":"track","event":"a","messageId":"m","userId":"u","timestamp":"2026-03-02T09:14:07.622Z"}"#;
    let long = format!(r#"{{"type":"track","pad":"{}"}}"#, "x".repeat(17 << 20));
    let folder = folder(format!("{long}\n{call}\n"));
    let outcome = score(&folder, "--max-rejects 1");
    assert!(outcome.stderr.contains("events.json: read as Segment calls"), "{outcome:?}");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), [["u", "1"]]);
    let counts = &record(&folder)["counts"];
    assert_eq!((&counts["records"], &counts["rejected"], &counts["scored"]), (&2.into(), &1.into(), &1.into()));
    folder.write("signal.toml", "schema = 1\n[[user.signals]]\nname = \"s\"\nevent = \"a\"\npoints = 1\n");
    let outcome = folder.pql("explain user:u events.json -m signal.toml --signal s --max-rejects 1");
    assert!(outcome.code == 0 && outcome.stdout.contains("events.json:2"), "{outcome:?}");
    let outcome = folder.pql("inspect events.json");
    assert!(outcome.stdout.contains("Segment calls"), "{outcome:?}");
}

#[test]
fn what_a_file_was_read_as_is_said_also_if_too_much_of_it_is_rejected() {
    let folder =
        folder("{\"type\":\"track\",\"event\":\"a\",\"messageId\":\"m\",\"userId\":\"u\",\"timestamp\":\"no time\"}\n");
    let outcome = folder.pql("score events.json -m model.toml");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.starts_with("note: events.json: read as Segment calls"), "{outcome:?}");
}

#[test]
fn a_page_of_an_answer_says_that_it_is_not_all() {
    let event = r#"{"id":"1","event":"a","distinct_id":"u","timestamp":"2026-03-02T09:14:07Z"}"#;
    for (answer, has_more) in [
        (format!(r#"{{"next":"https://app.example/?after=1","results":[{event}]}}"#), true),
        (format!(r#"{{"results":[{event}],"next":"https://app.example/?after=1"}}"#), true),
        (format!(r#"{{"results":[{event}],"has_more":true}}"#), true),
        (format!(r#"{{"next":null,"results":[{event}]}}"#), false),
        (format!(r#"{{"results":[{event}],"next":"","has_more":false}}"#), false),
    ] {
        let folder = folder(&answer);
        let outcome = score(&folder, "");
        let note = "note: events.json is an answer that names a next page; links are not followed";
        assert_eq!(outcome.stderr.contains(note), has_more, "{answer}: {outcome:?}");
    }
}
