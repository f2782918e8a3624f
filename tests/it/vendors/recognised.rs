//! Every file is recognised by its lines, or refused by the name of its kind.

use super::{Json, columns, folder, folder_with, record, score};

/// One line of each format, the title of the format, and its name. All lines are the same event.
const LINES: [(&str, &str, &str); 11] = [
    (
        r#"{"event":"report exported","timestamp":"2026-03-02T09:14:07Z","user_id":"u-1","account_id":"acme","properties":{"format":"csv","rows":120}}"#,
        "native lines: lines have `event` and `timestamp`",
        "native",
    ),
    (
        r#"{"type":"track","event":"report exported","messageId":"m","timestamp":"2026-03-02T09:14:07.000Z","originalTimestamp":"2026-03-02T10:00:00.000Z","userId":"u-1","anonymousId":"d","context":{"groupId":"acme"},"properties":{"format":"csv","rows":120}}"#,
        "Segment calls: lines have `messageId` and a `type`",
        "segment",
    ),
    (
        r#"{"type":"track","event":"report exported","messageId":"m","originalTimestamp":"2026-03-02T09:14:07.000Z","userId":"u-1","rudderId":"r","context":{"groupId":"acme"},"properties":{"format":"csv","rows":120}}"#,
        "RudderStack calls: lines have `messageId`, `type` and `rudderId`",
        "rudderstack",
    ),
    (
        r#"{"$insert_id":"5e1f","amplitude_id":4400123,"device_id":"d","event_properties":{"format":"csv","rows":120},"event_time":"2026-03-02 09:14:07.000000","event_type":"report exported","groups":{"org id":["acme"]},"user_id":"u-1","uuid":"x"}"#,
        "an Amplitude export: lines have `event_type` and `amplitude_id`",
        "amplitude",
    ),
    (
        r#"{"event":"report exported","properties":{"time":1772442847,"distinct_id":"u-1","$user_id":"u-1","$device_id":"d","$insert_id":"k","org":["acme"],"format":"csv","rows":120}}"#,
        "Mixpanel's raw export: lines have `event`, `properties` with `time`, and no more",
        "mixpanel",
    ),
    (
        r#"{"event_name":"report exported","distinct_id":"u-1","device_id":"d","user_id":"u-1","insert_id":"k","time":1772442847000,"properties":{"org":"acme","format":"csv","rows":120}}"#,
        "Mixpanel's JSON pipeline: lines have `event_name`, `insert_id` and `distinct_id`",
        "mixpanel",
    ),
    (
        r#"{"uuid":"01","event":"report exported","distinct_id":"u-1","properties":{"$device_id":"d","$groups":{"organization":"acme"},"format":"csv","rows":120},"timestamp":"2026-03-02T09:14:07+00:00"}"#,
        "a PostHog batch export: lines have `uuid`, `event`, `distinct_id` and `timestamp`",
        "posthog",
    ),
    (
        r#"{"id":"01","event":"report exported","distinct_id":"u-1","properties":"{\"$groups\":{\"organization\":\"acme\"},\"format\":\"csv\",\"rows\":120}","timestamp":"2026-03-02T10:14:07+01:00","person":{"properties":{}}}"#,
        "a list of PostHog's events API: lines have `id`, `event`, `distinct_id` and `timestamp`",
        "posthog",
    ),
    (
        r#"{"app_id":"web","collector_tstamp":"2026-03-02T09:14:08.402Z","derived_tstamp":"2026-03-02T09:14:07Z","true_tstamp":"","event":"unstruct","event_id":"7b","event_name":"report exported","user_id":"u-1","domain_userid":"d","unstruct_event_com_acme_report_exported_1":{"format":"csv","rows":120},"contexts_com_acme_organization_1":[{"id":"acme"}]}"#,
        "Snowplow's enriched events as JSON: lines have `event_id` and `collector_tstamp`",
        "snowplow",
    ),
    ("TSV", "Snowplow's enriched events as tab-separated values: lines have 131 columns between tabs", "snowplow"),
    (
        r#"{"event_date":"20260301","event_timestamp":"1772442847000000","event_name":"report exported","event_params":[{"key":"org","value":{"string_value":"acme","int_value":null}},{"key":"format","value":{"string_value":"csv"}},{"key":"rows","value":{"int_value":"120"}}],"event_bundle_sequence_id":"31","user_id":"u-1","user_pseudo_id":"d"}"#,
        "a GA4 export from BigQuery: lines have `event_name`, `event_timestamp` and `event_params`",
        "ga4",
    ),
];

/// The event as a row of 131 columns.
fn tsv() -> String {
    let mut cells = vec![""; 131];
    cells[3] = "2026-03-02 09:14:08.402";
    cells[5] = "unstruct";
    cells[6] = "7b";
    cells[12] = "u-1";
    cells[15] = "d";
    cells[52] = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[{"schema":"iglu:com.acme/organization/jsonschema/1-0-0","data":{"id":"acme"}}]}"#;
    cells[58] = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.acme/report_exported/jsonschema/1-0-0","data":{"format":"csv","rows":120}}}"#;
    cells[124] = "2026-03-02 09:14:07";
    cells[126] = "report exported";
    cells.join("\t")
}

fn line(text: &str) -> String {
    if text == "TSV" { tsv() } else { text.to_owned() }
}

/// Paths of the account, for formats without a place of their own for it.
const ACCOUNTS: &str = r#"[input.fields]
mixpanel = { account = "properties.org" }
ga4 = { account = "event_params.org" }
snowplow = { account = "contexts_com_acme_organization_1.0.id" }
"#;

#[test]
fn every_format_is_told_by_its_first_line_and_says_the_same() {
    for (text, told, format) in LINES {
        let folder = folder_with(ACCOUNTS, format!("\u{feff}\r\n{}\r\n\r\n", line(text)));
        let outcome = score(&folder, "");
        assert!(outcome.stderr.contains(&format!("note: events.json: read as {told}")), "{}", outcome.stderr);
        assert!(!score(&folder, "-q").stderr.contains("read as"));
        let shown = columns(
            &folder,
            "out/users.csv",
            &["user_id", "account_id", "first_seen", "events", "active", "rows", "formats"],
        );
        assert_eq!(shown, [["u-1", "acme", "2026-03-02T09:14:07Z", "1", "1", "120", "csv"]], "{told}");
        let record = record(&folder);
        let file = &record["files"][0];
        assert_eq!(file["format"], format);
        assert!(told.starts_with(&format!("{}: ", file["read_as"].as_str().expect("text"))), "{file}");
        let counts: [&Json; 3] = ["records", "blank", "scored"].map(|name| &file["counts"][name]);
        assert_eq!(counts, [3, 2, 1].map(Json::from).each_ref(), "{told}");
    }
}

#[test]
fn files_of_several_formats_are_one_run() {
    let folder = folder_with(ACCOUNTS, "");
    for (at, (text, ..)) in LINES.iter().enumerate() {
        folder.write(&format!("in/{at:02}.json"), line(text));
    }
    for threads in ["1", "7"] {
        let outcome = folder.pql(&format!("score in -m model.toml --out out --threads {threads}"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let shown = columns(&folder, "out/users.csv", &["user_id", "account_id", "events", "rows", "formats"]);
        // Segment and RudderStack hold the same call, and Snowplow's JSON and row the same event.
        // So two events are duplicates.
        assert_eq!(shown, [["u-1", "acme", "9", "1080", "csv"]]);
        assert_eq!(record(&folder)["counts"]["duplicate"], 2);
        let record = record(&folder);
        let read: Vec<&str> =
            record["files"].as_array().expect("files").iter().filter_map(|file| file["format"].as_str()).collect();
        assert_eq!(read, LINES.map(|(_, _, format)| format));
    }
}

#[test]
fn a_format_that_is_asked_for_goes_before_what_lines_show() {
    // A native line that happens to have the keys of a Segment call.
    let events =
        r#"{"type":"track","messageId":"m","event":"a","timestamp":"2026-03-02T09:14:07Z","user_id":"n","userId":"s"}"#;
    let folder = folder(events);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), [["s"]]);
    let outcome = score(&folder, "--from native");
    assert!(!outcome.stderr.contains("read as"), "{}", outcome.stderr);
    assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), [["n"]]);
    assert_eq!(record(&folder)["files"][0]["recognised_by"], "lines have `event` and `timestamp`");
    let folder = folder_with("[input]\nformat = \"native\"", events);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), [["n"]]);
    score(&folder, "--from auto");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), [["s"]]);
}

#[test]
fn the_first_good_line_tells_even_after_broken_ones() {
    let folder = folder(format!("terminated early\n{{\"event\n{}\n", LINES[4].0));
    let outcome = score(&folder, "--max-rejects 2");
    assert!(outcome.stderr.contains("read as Mixpanel's raw export"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("rejected: 1 line (broken_off): the export broke off here"), "{}", outcome.stderr);
}

#[test]
fn what_is_known_and_not_read_is_refused_by_name() {
    let cases = [
        (r#"{"data":{"id":"1"},"metadata":{"table":"tracks"}}"#, "a staging file that RudderStack writes"),
        (r#"{"distinct_id":"a","resolved_distinct_id":"b"}"#, "the identity table of Mixpanel's pipelines"),
        (r#"{"$distinct_id":"a","$properties":{}}"#, "an export of Mixpanel's profiles"),
        (r#"{"distinct_id":"a","person_id":"b","properties":{}}"#, "PostHog's persons"),
        (r#"{"amplitude_id":1,"merged_amplitude_id":2}"#, "Amplitude's table of merged ids"),
        (
            r#"{"type":"event","event_name":"a","created_at":1772442847,"user_id":"u","id":"1"}"#,
            "Intercom's data events",
        ),
        (
            r#"{"app_token":"n","event_type":"track","event_name":"a","inserted_at":"2026-03-02T09:14:07.622000Z"}"#,
            "Userpilot",
        ),
    ];
    for (line, what) in cases {
        let folder = folder(format!("{line}\n{}\n", LINES[0].0));
        let outcome = folder.pql("score events.json -m model.toml --out out");
        assert_eq!(outcome.code, 2, "{outcome:?}");
        let told = [what, "`events.json` is ", "which is not read (recognised by: lines have"];
        assert!(told.iter().all(|part| outcome.stderr.contains(part)), "{}", outcome.stderr);
        assert!(!folder.path().join("out/users.csv").exists());
    }
    // With native lines and the model's fields, they are events.
    let model = r#"[input]
format = "native"
fields = { event = "event_name", user = "user_id", time = "created_at", id = "id", properties = "metadata" }"#;
    let folder = folder_with(model, cases[5].0);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), [["u", "1"]]);
}
