//! `pql init`: the model is valid without a change and scores the dump that it was made from.

use crate::run::{Folder, Outcome, rows};

/// Generates a model for a dump, checks it, and scores with it. Returns the model and the users.
fn init_and_score(folder: &Folder, events: &str) -> (String, Vec<Vec<String>>) {
    let done = |outcome: &Outcome| assert_eq!(outcome.code, 0, "{outcome:?}");
    done(&folder.pql(&format!("init {events}")));
    done(&folder.pql("check scoring.toml"));
    done(&folder.pql(&format!("score {events} --out out")));
    (folder.read("scoring.toml"), rows(&folder.read("out/users.csv")))
}

/// The cell of a column in the first row.
fn cell(table: &[Vec<String>], column: &str) -> String {
    let at = table[0].iter().position(|name| name == column).expect("the column");
    table[1][at].clone()
}

#[test]
fn the_sample_data_needs_no_guesses() {
    let folder = Folder::new();
    folder.write("events.ndjson", include_str!("../../fixtures/events.ndjson"));
    let (model, users) = init_and_score(&folder, "events.ndjson");
    assert!(model.contains("format = \"native\"") && !model.contains("# guess"), "{}", &model[..4000]);
    assert!(
        model.contains("#   rollout_requested (3 events of 3 users)")
            || model.contains("#   rollout_requested (3 events of 2 users)")
    );
    assert!(users.len() > 300, "{}", users.len());
}

#[test]
fn alerts_stay_as_far_as_events_can_make_them_true() {
    let folder = Folder::new();
    folder.write("sample.ndjson", include_str!("../../fixtures/events.ndjson"));
    let (model, _) = init_and_score(&folder, "sample.ndjson");
    for name in ["new_pqa", "new_hot", "expansion", "at_risk"] {
        assert!(model.contains(&format!("alerts]]\nname = \"{name}\"")), "{name}");
    }
    // Without plans and seats nobody is beyond the paid ones.
    let folder = Folder::new();
    let event = |name: &str, day: u32, user: &str| {
        format!(
            "{{\"event\":\"{name}\",\"timestamp\":\"2026-01-{day:02}T08:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}"
        )
    };
    let names = ["signup_completed", "team_invite_sent", "pricing_viewed", "export_completed"];
    let events: Vec<String> =
        (1..29).flat_map(|day| names.map(|name| event(name, day, ["u", "v", "w"][day as usize % 3]))).collect();
    folder.write("events.ndjson", events.join("\n"));
    let (model, _) = init_and_score(&folder, "events.ndjson");
    assert!(model.contains("alerts]]\nname = \"at_risk\"") && !model.contains("name = \"expansion\""), "{model}");
}

/// An invitation by kim of acme, in the format of each vendor.
const DUMPS: [(&str, &str); 10] = [
    (
        "segment",
        r#"{"type":"track","event":"Invite Sent","messageId":"m","timestamp":"2026-03-02T09:14:07.000Z","userId":"kim","context":{"groupId":"acme"},"properties":{}}"#,
    ),
    (
        "rudderstack",
        r#"{"type":"track","event":"Invite Sent","messageId":"m","originalTimestamp":"2026-03-02T09:14:07.000Z","userId":"kim","rudderId":"r","context":{"groupId":"acme"},"properties":{}}"#,
    ),
    (
        "amplitude",
        r#"{"$insert_id":"5e1f","amplitude_id":4400123,"device_id":"d","event_properties":{},"event_time":"2026-03-02 09:14:07.000000","event_type":"Invite Sent","groups":{"org id":["acme"],"plan":["free"]},"user_id":"kim","uuid":"x"}"#,
    ),
    (
        "mixpanel",
        r#"{"event":"Invite Sent","properties":{"time":1772442847,"distinct_id":"kim","$user_id":"kim","$device_id":"d","$insert_id":"k","company_id":["acme"]}}"#,
    ),
    (
        "mixpanel",
        r#"{"event_name":"Invite Sent","distinct_id":"kim","device_id":"d","user_id":"kim","insert_id":"k","time":1772442847000,"properties":{"company_id":"acme"}}"#,
    ),
    (
        "posthog",
        r#"{"uuid":"01","event":"Invite Sent","distinct_id":"kim","properties":{"$groups":{"organization":"acme","project":"p"}},"timestamp":"2026-03-02T09:14:07+00:00"}"#,
    ),
    (
        "posthog",
        r#"{"id":"01","event":"Invite Sent","distinct_id":"kim","properties":"{\"$groups\":{\"organization\":\"acme\"}}","timestamp":"2026-03-02T10:14:07+01:00","person":{"properties":{}}}"#,
    ),
    (
        "snowplow",
        r#"{"app_id":"web","collector_tstamp":"2026-03-02T09:14:08.402Z","derived_tstamp":"2026-03-02T09:14:07Z","event":"unstruct","event_id":"7b","event_name":"invite_sent","user_id":"kim","unstruct_event_com_acme_invite_sent_1":{"to":"x"},"contexts_com_acme_organization_1":[{"id":"acme"}]}"#,
    ),
    (
        "ga4",
        r#"{"event_date":"20260301","event_timestamp":"1772442847000000","event_name":"invite_sent","event_params":[{"key":"company_id","value":{"string_value":"acme"}}],"event_bundle_sequence_id":"31","user_id":"kim","user_pseudo_id":"d"}"#,
    ),
    (
        "native",
        r#"{"action":"Invite Sent","occurred_at":"2026-03-02T09:14:07Z","actor":{"id":"kim"},"company":{"id":"acme"},"payload":{"role":"admin"}}"#,
    ),
];

#[test]
fn every_format_is_scored_at_once_with_what_was_written() {
    for (format, line) in DUMPS {
        let folder = Folder::new();
        folder.write("dump.json", line);
        let (model, users) = init_and_score(&folder, "dump.json");
        assert!(model.contains(&format!("format = \"{format}\"\n")), "{format}");
        assert!(model.contains("is team_invite_sent: its name has `invite`"), "{format}");
        assert_eq!([cell(&users, "user_id"), cell(&users, "account_id")], ["kim", "acme"], "{format}");
        assert_eq!(cell(&users, "signals"), "team_invites:10", "{format}");
    }
}

#[test]
fn a_file_that_is_there_is_left_as_it_is() {
    let folder = Folder::new();
    folder.write("dump.json", DUMPS[0].1);
    folder.write("scoring.toml", "mine");
    let outcome = folder.pql("init dump.json");
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.stderr.contains("`scoring.toml` is there already") && outcome.stderr.contains("--force"),
        "{}",
        outcome.stderr
    );
    assert_eq!(folder.read("scoring.toml"), "mine");
    assert_eq!(folder.pql("init dump.json -o other.toml").code, 0);
    assert_eq!(folder.pql("init dump.json --force").code, 0);
    assert_eq!(folder.read("scoring.toml"), folder.read("other.toml"));
}

#[test]
fn odd_names_stay_names() {
    let folder = Folder::new();
    let event = |name: &str, second: u8| {
        format!(
            "{{\"event\":\"{name}\",\"timestamp\":\"2026-03-02T09:14:0{second}Z\",\"user_id\":\"kim\",\"account_id\":\"a\",\"properties\":{{}}}}\n"
        )
    };
    let names = [r#"say \"invite\" \\ it"#, r"line\nbreak # [events]", "caf\u{e9} created", ""];
    folder.write(
        "dump.json",
        names.iter().zip(1..).map(|(name, at)| event(name, at)).collect::<String>() + &event("x", 9).repeat(400),
    );
    let (model, _) = init_and_score(&folder, "dump.json");
    assert!(model.contains(r#"team_invite_sent = { event = "say \"invite\" \\ it" }"#));
    assert!(model.contains(r#""line\u000Abreak # [events]""#), "{model}");
}

#[test]
fn nothing_is_written_for_nothing() {
    let folder = Folder::new();
    folder.write("dump.json", "[]");
    assert_eq!(folder.pql("init dump.json").code, 1);
    assert!(!folder.path().join("scoring.toml").exists());
}

#[test]
fn a_timeline_whose_field_type_says_what_happened_is_events() {
    let folder = Folder::new();
    let line = |id: u32, kind: &str, action: &str| {
        format!(
            "{{\"id\":\"{id}\",\"type\":\"{kind}\",\"actor\":{{\"id\":{}}},\"repo\":{{\"id\":7}},\"payload\":{{{action}}},\"created_at\":\"2026-03-02T09:14:0{id}Z\",\"org\":{{\"id\":5}}}}\n",
            id % 3
        )
    };
    let lines = [
        line(1, "PushEvent", "\"size\":1"),
        line(2, "IssuesEvent", "\"action\":\"opened\""),
        line(4, "PushEvent", "\"size\":2"),
    ];
    folder.write("dump.json", lines.concat());
    let (model, _) = init_and_score(&folder, "dump.json");
    let fields = r#"fields = { event = "type", user = "actor.id", account = "org.id", time = "created_at", id = "id", properties = "payload" }"#;
    assert!(model.contains(fields), "{model}");
}

/// The fields of the model that `init` writes for some lines.
fn guessed_fields(name: &str, lines: &str) -> String {
    let folder = Folder::new();
    folder.write(name, lines);
    let outcome = folder.pql(&format!("init {name} -o -"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout.lines().find(|line| line.starts_with("fields = ")).unwrap_or_default().to_owned()
}

#[test]
fn the_stamp_of_a_loader_loses_against_the_time_of_the_event() {
    for stamp in ["_loaded_at", "ingested_at", "_airbyte_extracted_at", "emitted_at", "_sdc_received_at"] {
        let line = |day: u32| {
            format!(
                "{{\"action\":\"share\",\"{stamp}\":\"2026-03-09T00:00:00Z\",\"at\":\"2026-03-0{day}T08:00:00Z\",\"member_id\":\"m{day}\"}}\n"
            )
        };
        let fields = guessed_fields("e.ndjson", &[line(1), line(2)].concat());
        assert!(fields.contains("time = \"at\""), "{stamp}: {fields}");
    }
}

#[test]
fn an_id_is_no_name_of_an_event() {
    let line = |n: u32| {
        format!(
            "{{\"event_id\":\"e{n}\",\"metric\":\"sent\",\"timestamp\":{},\"to\":{{\"customer_id\":\"c{n}\"}}}}\n",
            1_770_000_000 + n
        )
    };
    let fields = guessed_fields("e.ndjson", &[line(1), line(2)].concat());
    assert!(fields.contains("event = \"metric\"") && !fields.contains("event = \"event_id\""), "{fields}");
}

#[test]
fn columns_that_are_named_in_words_are_read() {
    let folder = Folder::new();
    folder.write("e.csv", "Event-Name,Time,Distinct ID,Company ID,Plan\nshare,2026-03-01T08:00:00Z,ann,c1,team\n");
    assert_eq!(folder.pql("init e.csv -o m.toml").code, 0);
    let outcome = folder.pql("score e.csv -m m.toml --level user -f csv -q");
    assert!(outcome.stdout.contains("\nann,c1,"), "{outcome:?}");
}
