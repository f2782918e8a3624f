//! The parts of a record: times, ids, accounts, traits, properties and noise; and the keys of
//! duplicates.

use super::{columns, folder, folder_with, record, score, users};

#[test]
fn times_without_a_zone_are_utc_unless_the_model_says_otherwise() {
    let line = |user: &str, time: &str| {
        format!(
            r#"{{"event_type":"a","amplitude_id":1,"user_id":"{user}","event_time":{time},"client_event_time":"2026-07-01 08:00:00"}}"#
        )
    };
    let events =
        [line("u1", r#""2026-07-01 10:02:11.482000""#), line("u2", r#""2026-07-01 10:02:11""#), line("u3", "null")]
            .join("\n");
    let folder = folder(&events);
    score(&folder, "");
    let shown = columns(&folder, "out/users.csv", &["user_id", "first_seen"]);
    assert_eq!(
        shown,
        [["u1", "2026-07-01T10:02:11.482Z"], ["u2", "2026-07-01T10:02:11Z"], ["u3", "2026-07-01T08:00:00Z"]]
    );
    let folder = folder_with("[input]\ntime_zone = \"Europe/Berlin\"", &events);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "first_seen"])[1], ["u2", "2026-07-01T08:02:11Z"]);
}

#[test]
fn the_clock_of_an_old_mixpanel_project_is_read_in_its_zone() {
    // Ten in the morning on the wall clock: in winter, in summer, and in milliseconds.
    let line =
        |user: &str, time: u64| format!(r#"{{"event":"a","properties":{{"time":{time},"distinct_id":"{user}"}}}}"#);
    let events = [line("u1", 1_768_471_200), line("u2", 1_784_109_600), line("u3", 1_784_109_600_500)].join("\n");
    let shown = users(&events, &["first_seen"]);
    assert_eq!(shown, [["2026-01-15T10:00:00Z"], ["2026-07-15T10:00:00.5Z"], ["2026-07-15T10:00:00Z"]]);
    let folder = folder_with("[input]\ntime_zone = \"US/Pacific\"", &events);
    score(&folder, "");
    let shown = columns(&folder, "out/users.csv", &["user_id", "first_seen"]);
    let expected = [["u1", "2026-01-15T18:00:00Z"], ["u2", "2026-07-15T17:00:00Z"], ["u3", "2026-07-15T17:00:00.5Z"]];
    assert_eq!(shown, expected);
    // The pipeline always writes UTC.
    let pipeline = r#"{"event_name":"a","distinct_id":"u","insert_id":"1","time":1768471200,"properties":{}}"#;
    let folder = folder_with("[input]\ntime_zone = \"US/Pacific\"", pipeline);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["first_seen"]), [["2026-01-15T10:00:00Z"]]);
}

#[test]
fn of_a_list_of_accounts_the_first_counts_and_the_others_are_counted() {
    let events = r#"{"event":"a","properties":{"time":1772442847,"distinct_id":"u","company":["acme","beta","null"]}}
{"event":"a","properties":{"time":1772442847,"distinct_id":"w","company":"gamma"}}
"#;
    for model in [
        "[input]\ngroup_type = \"company\"",
        "[input]\nfields = { account = [\"properties.team\", \"properties.company\"] }",
    ] {
        let folder = folder_with(model, events);
        score(&folder, "");
        assert_eq!(columns(&folder, "out/users.csv", &["user_id", "account_id"]), [["u", "acme"], ["w", "gamma"]]);
        assert_eq!(record(&folder)["more_accounts"], 1);
    }
}

#[test]
fn of_several_group_types_the_model_has_to_name_one() {
    let amplitude = r#"{"event_type":"a","amplitude_id":1,"user_id":"u","event_time":"2026-07-01 10:00:00","groups":{"org id":["acme"],"[Segment] Group":["x"]},"group_properties":{"org id":{"acme":{"plan":"team"},"other":{"plan":"no"}}}}"#;
    let posthog = r#"{"uuid":"1","event":"a","distinct_id":"u","timestamp":"2026-07-01T10:00:00+00:00","properties":{"$groups":{"org id":"acme","project":"x"},"$group_0":"acme"}}
{"uuid":"2","event":"$groupidentify","distinct_id":"$org id_acme","timestamp":"2026-07-01T10:00:00+00:00","properties":{"$group_type":"org id","$group_key":"acme","$group_set":{"plan":"team"}}}
{"uuid":"3","event":"$groupidentify","distinct_id":"u","timestamp":"2026-07-01T10:00:00+00:00","properties":{"$group_type":"project","$group_key":"x","$group_set":{"plan":"no"}}}
"#;
    for events in [amplitude, posthog] {
        let folder = folder(events);
        let outcome = folder.pql("score events.json -m model.toml --out out");
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains("groups of 2 types (\""), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("\"org id\""), "{}", outcome.stderr);
        let folder = folder_with("[input]\ngroup_type = \"org id\"", events);
        score(&folder, "");
        assert_eq!(columns(&folder, "out/users.csv", &["user_id", "account_id"]), [["u", "acme"]]);
        assert_eq!(columns(&folder, "out/accounts.csv", &["account_id", "plan"]), [["acme", "team"]]);
    }
    let folder = folder_with("[input]\ngroup_type = \"$group_0\"", posthog);
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["account_id"]), [["acme"]]);
}

#[test]
fn placeholders_of_each_vendor_are_no_ids_and_no_values() {
    let amplitude = |user: &str, org: &str, role: &str| {
        format!(
            r#"{{"event_type":"a","amplitude_id":1,"device_id":"d-{role}","user_id":{user},"event_time":"2026-07-01 10:00:00","groups":{{"org":[{org}]}},"user_properties":{{"role":"{role}"}}}}"#
        )
    };
    let lines = [
        amplitude("\"u\"", "\"EMPTY\"", "EMPTY"),
        amplitude("null", "\"acme\"", "vp"),
        amplitude("\"EMPTY\"", "\"acme\"", "vp"),
        amplitude("\"00000000-0000-0000-0000-000000000000\"", "\"0\"", "vp"),
    ];
    let folder = folder(lines.join("\n"));
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "account_id", "role"]), [["u", "", ""]]);
    let counts = &record(&folder)["counts"];
    assert_eq!((&counts["scored"], &counts["anonymous"]), (&3.into(), &1.into()));
    // Texts that PostHog and Mixpanel refuse as ids are plain values elsewhere.
    let posthog = |id: &str| {
        format!(
            r#"{{"uuid":"{id}","event":"a","distinct_id":"{id}","timestamp":"2026-07-01T10:00:00Z","properties":{{"format":"email","$groups":{{"org":"acme"}}}}}}"#
        )
    };
    let shown =
        users(&[posthog("u"), posthog("Not_Authenticated"), posthog("email")].join("\n"), &["user_id", "formats"]);
    assert_eq!(shown, [["u", "email"]]);
}

#[test]
fn json_in_texts_is_read_like_json() {
    let events = r#"{"uuid":"1","event":"a","distinct_id":"u","timestamp":"2026-07-01T10:00:00Z","properties":"{\"$groups\":{\"org\":\"acme\"},\"format\":\"c\\\"s\\u0076\",\"rows\":3}","person_properties":"{\"role\":\"vp\"}"}
{"uuid":"2","event":"a","distinct_id":"u","timestamp":"2026-07-01T10:00:00Z","properties":{"format":"{\"not\":\"looked into\"}","rows":1},"person_properties":"plain text"}
"#;
    let shown = users(events, &["user_id", "account_id", "rows", "role", "formats"]);
    assert_eq!(shown, [["u", "acme", "4", "vp", "c\"sv, {\"not\":\"looked into\"}"]]);
    let folder = folder(events.replace("\\\"rows\\\":3}", "\\\"rows\\\":3"));
    let outcome = score(&folder, "--max-rejects 1");
    assert!(outcome.stderr.contains("rejected: 1 line (invalid_json)"), "{}", outcome.stderr);
}

#[test]
fn pairs_are_properties_and_columns_stand_in_for_them() {
    let line = |params: &str, more: &str| {
        format!(
            r#"{{"event_timestamp":"1772442847622000","event_name":"a","event_params":[{params}],"user_id":"u","user_pseudo_id":"d","user_properties":[{{"key":"role","value":{{"string_value":"vp","set_timestamp_micros":"1"}}}},{{"key":"org","value":{{"string_value":"acme"}}}}]{more}}}"#
        )
    };
    let events = [
        line(
            r#"{"key":"rows","value":{"string_value":null,"int_value":"9","double_value":null}}"#,
            r#","format":"column""#,
        ),
        line(
            r#"{"key":"format","value":{"string_value":"pair"}},{"key":"rows","value":{"double_value":0.5}}"#,
            r#","format":"column""#,
        ),
        line("", ""),
    ];
    let folder = folder_with("[input]\ngroup_type = \"org\"", events.join("\n"));
    score(&folder, "");
    let shown = columns(&folder, "out/users.csv", &["user_id", "account_id", "events", "rows", "role", "formats"]);
    assert_eq!(shown, [["u", "acme", "3", "9.5", "vp", "column, pair"]]);
}

#[test]
fn traits_on_events_are_traits_of_users() {
    let events = r#"{"type":"track","event":"a","messageId":"1","timestamp":"2026-07-01T10:00:00Z","userId":"u","context":{"traits":{"role":"ic"}},"properties":{"role":"of the event"}}
{"type":"identify","messageId":"2","timestamp":"2026-07-02T10:00:00Z","userId":"u","traits":{"role":"vp"},"context":{"traits":{"role":"older"}}}
{"type":"group","messageId":"3","timestamp":"2026-07-02T10:00:00Z","userId":"u","groupId":"acme","traits":{"plan":"team"},"context":{"traits":{"plan":"no"}}}
{"type":"page","messageId":"4","timestamp":"2026-07-01T11:00:00Z","userId":"u","name":"Pricing"}
{"type":"screen","messageId":"5","timestamp":"2026-07-01T11:00:00Z","userId":"u"}
"#;
    let folder = folder(events);
    score(&folder, "--as-of 2026-07-03");
    assert_eq!(
        columns(&folder, "out/users.csv", &["user_id", "role", "events", "account_id"]),
        [["u", "vp", "3", "acme"]]
    );
    assert_eq!(columns(&folder, "out/accounts.csv", &["account_id", "plan"]), [["acme", "team"]]);
    score(&folder, "--as-of 2026-07-01");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "role", "account_id"]), [["u", "ic", ""]]);
}

#[test]
fn what_a_vendor_sends_by_itself_is_no_activity_unless_the_model_wants_it() {
    let events = r#"{"uuid":"1","event":"$autocapture","distinct_id":"u","timestamp":"2026-07-01T10:00:00Z","properties":{"rows":1}}
{"uuid":"2","event":"exported","distinct_id":"u","timestamp":"2026-07-01T10:00:00Z","properties":{"rows":2}}
"#;
    let asked = "[metrics.clicks]\nmeasure = \"count\"\nevent = \"$autocapture\"\n[[user.signals]]\nname = \"clicks\"\nvalue = \"clicks\"\nladder = [{ at_least = 1, points = 7 }]\n";
    for (model, active, rows) in [("", "1", "2"), ("[activity]\nignore_noise = false\n", "2", "3")] {
        let folder = folder_with(&format!("{model}{asked}"), events);
        score(&folder, "");
        let shown = columns(&folder, "out/users.csv", &["user_id", "events", "active", "rows", "score"]);
        assert_eq!(shown, [["u", "2", active, rows, "7"]], "{model}");
    }
}

#[test]
fn the_guide_lists_every_event_that_is_ignored() {
    let model =
        pql_engine::plan::parse(&pql_model::diag::SourceDocument { name: "m".into(), text: super::MODEL.into() })
            .expect("a model");
    let guide = include_str!("../../../src/engine/decode/format/GUIDE.md");
    let mut count = 0;
    for name in pql_engine::decode::format::FORMATS.iter().flat_map(|format| format.noise(&model.resolved.input)) {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
        count += 1;
    }
    assert!(count > 60, "{count}");
}

#[test]
fn copies_are_told_by_what_each_vendor_knows_an_event_by() {
    let mixpanel = |id: &str, time: u64, more: &str| {
        format!(
            r#"{{"event":"a","properties":{{"time":{time},"distinct_id":"u","$insert_id":"{id}","mp_processing_time_ms":{more}}}}}"#
        )
    };
    let snowplow = |print: &str, load: &str| {
        format!(
            r#"{{"event_id":"1","event_fingerprint":"{print}","event_name":"a","user_id":"u","collector_tstamp":"2026-07-01T10:00:00Z","load_tstamp":"{load}"}}"#
        )
    };
    let ga4 = |index: u64| {
        format!(
            r#"{{"event_timestamp":"1772442847622000","event_name":"a","event_params":[],"event_bundle_sequence_id":"31","batch_event_index":"{index}","user_id":"u"}}"#
        )
    };
    let amplitude = |id: &str, uuid: &str| {
        format!(
            r#"{{"event_type":"a","amplitude_id":1,"user_id":"u","event_time":"2026-07-01 10:00:00","$insert_id":{id},"uuid":"{uuid}"}}"#
        )
    };
    let cases = [
        (vec![mixpanel("1", 1_772_442_847, "1,\"rows\":3"), mixpanel("1", 1_772_442_847, "2,\"rows\":3")], 1, 0),
        (vec![mixpanel("1", 1_772_442_847, "1"), mixpanel("1", 1_772_442_848, "1")], 0, 0),
        (vec![mixpanel("1", 1_772_442_847, "1,\"rows\":3"), mixpanel("1", 1_772_442_847, "1,\"rows\":4")], 0, 2),
        (vec![snowplow("x", "2026-07-01"), snowplow("x", "2026-07-02"), snowplow("y", "2026-07-01")], 1, 0),
        (vec![ga4(1), ga4(2), ga4(1)], 1, 0),
        (vec![amplitude("null", "x"), amplitude("null", "y"), amplitude("null", "x")], 1, 0),
        (vec![amplitude("\"i\"", "x"), amplitude("\"i\"", "y")], 1, 0),
    ];
    for (lines, duplicates, conflicts) in cases {
        let folder = folder(lines.join("\n"));
        score(&folder, "");
        let record = record(&folder);
        let found = (&record["counts"]["duplicate"], &record["id_conflict"]);
        assert_eq!(found, (&duplicates.into(), &conflicts.into()), "{lines:?}");
    }
}

#[test]
fn a_rows_self_describing_parts_and_columns_are_properties() {
    let mut cells = vec![""; 131];
    (cells[3], cells[6], cells[12], cells[126]) = ("2026-03-02 09:14:08.402", "7b", "u-1", "link_click");
    cells[53] = "cat";
    cells[58] = r#"{"schema":"iglu:a/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:a/link_click/jsonschema/1-0-0","data":{"rows":{"deep":2},"format":"body"}}}"#;
    let text = "[user.traits]\nrole = { type = \"text\", from = [\"se_category\"] }\n[metrics]\nactive = { measure = \"count\", where = \"rows.deep = 2 and format = 'body'\" }\n[output]\nuser_columns = [\"role\", \"active\"]\n";
    let folder = folder(cells.join("\t"));
    folder.write("model.toml", format!("schema = 1\n{text}"));
    score(&folder, "");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "role", "active"]), [["u-1", "cat", "1"]]);
}
