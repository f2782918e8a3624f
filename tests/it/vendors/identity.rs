//! The identity lines of each vendor. They join ids whatever the order of the lines.

use super::{columns, folder, record, score};

/// Scores lines forwards and backwards; returns the users with their events.
fn people(lines: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for reversed in [false, true] {
        let mut lines = lines.to_vec();
        if reversed {
            lines.reverse();
        }
        let folder = folder(lines.join("\n"));
        score(&folder, "--as-of 2026-07-09 --threads 2");
        found.push(columns(&folder, "out/users.csv", &["user_id", "events", "role"]));
    }
    assert_eq!(found[0], found[1]);
    found.swap_remove(0)
}

#[test]
fn posthog_identifies_merges_and_sets() {
    let shown = people(&[
        // A visitor of the browser, by the library's flag and by the device id.
        r#"{"uuid":"1","event":"a","distinct_id":"anon-1","timestamp":"2026-07-01T10:00:00Z","properties":{"$device_id":"anon-1"}}"#,
        r#"{"uuid":"2","event":"a","distinct_id":"anon-2","timestamp":"2026-07-01T10:00:00Z","properties":{"$is_identified":false}}"#,
        // An anonymous id from a server, which looks like a user's id.
        r#"{"uuid":"3","event":"a","distinct_id":"0-anon","timestamp":"2026-07-01T10:00:00Z","properties":{}}"#,
        r#"{"uuid":"4","event":"$identify","distinct_id":"u","timestamp":"2026-07-01T10:00:00Z","properties":{"$anon_distinct_id":"anon-1","$set":{"role":"vp"}}}"#,
        r#"{"uuid":"5","event":"$create_alias","distinct_id":"x","timestamp":"2026-07-01T10:00:00Z","properties":{"distinct_id":"u","alias":"anon-2"}}"#,
        r#"{"uuid":"6","event":"a","distinct_id":"u","timestamp":"2026-07-01T10:00:00Z","properties":{}}"#,
        r#"{"uuid":"7","event":"$merge_dangerously","distinct_id":"v","timestamp":"2026-07-01T10:00:00Z","properties":{"alias":"w"}}"#,
        r#"{"uuid":"8","event":"a","distinct_id":"v","timestamp":"2026-07-01T10:00:00Z","properties":{}}"#,
        r#"{"uuid":"9","event":"a","distinct_id":"w","timestamp":"2026-07-01T10:00:00Z","properties":{}}"#,
        r#"{"uuid":"10","event":"$set","distinct_id":"w","timestamp":"2026-07-01T10:00:00Z","properties":{"$set":{"role":"cto"}}}"#,
    ]);
    assert_eq!(shown, [["0-anon", "1", ""], ["u", "3", "vp"], ["v", "2", "cto"]]);
}

#[test]
fn mixpanel_identifies_aliases_and_merges() {
    let shown = people(&[
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"$device:d1","$device_id":"d1"}}"#,
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"u","$user_id":"u","$device_id":"d1"}}"#,
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"d2","$device_id":"d2"}}"#,
        r#"{"event":"$identify","properties":{"time":1782900000,"distinct_id":"d2","$identified_id":"w","$anon_id":"d2"}}"#,
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"w"}}"#,
        // Known ids, and a chain of anonymous ids that ends at a known one.
        r#"{"event":"$merge","properties":{"time":1782900000,"$distinct_ids":["w","w@acme.example"]}}"#,
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"w@acme.example"}}"#,
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"$device:d3","$device_id":"d3"}}"#,
        r#"{"event":"$merge","properties":{"time":1782900000,"$distinct_ids":["$device:d3","$device:d4"]}}"#,
        r#"{"event":"$create_alias","properties":{"time":1782900000,"distinct_id":"$device:d4","alias":"z"}}"#,
        r#"{"event":"a","properties":{"time":1782900000,"distinct_id":"z"}}"#,
        // Placeholders join no ids.
        r#"{"event":"$merge","properties":{"time":1782900000,"$distinct_ids":["u","undefined"]}}"#,
        r#"{"event":"$merge","properties":{"time":1782900000,"$distinct_ids":["z","undefined"]}}"#,
    ]);
    assert_eq!(shown, [["u", "2", ""], ["w", "3", ""], ["z", "2", ""]]);
}

#[test]
fn segment_joins_a_previous_id_whichever_kind_it_is() {
    let shown = people(&[
        r#"{"type":"track","event":"a","messageId":"1","timestamp":"2026-07-01T10:00:00Z","anonymousId":"0-anon"}"#,
        r#"{"type":"alias","messageId":"2","timestamp":"2026-07-01T10:00:00Z","userId":"u","previousId":"0-anon"}"#,
        r#"{"type":"track","event":"a","messageId":"3","timestamp":"2026-07-01T10:00:00Z","userId":"u"}"#,
        r#"{"type":"alias","messageId":"4","timestamp":"2026-07-01T10:00:00Z","userId":"u","previousId":"u-old"}"#,
        r#"{"type":"track","event":"a","messageId":"5","timestamp":"2026-07-01T10:00:00Z","userId":"u-old"}"#,
        r#"{"type":"alias","messageId":"6","timestamp":"2026-07-01T10:00:00Z","userId":"u","previousId":"never-seen"}"#,
        r#"{"type":"identify","messageId":"7","timestamp":"2026-07-01T10:00:00Z","userId":"u","anonymousId":"a2","traits":{"role":"vp"}}"#,
        r#"{"type":"page","messageId":"8","timestamp":"2026-07-01T10:00:00Z","anonymousId":"a2"}"#,
    ]);
    assert_eq!(shown, [["u", "4", "vp"]]);
}

#[test]
fn amplitudes_lines_of_identity_are_no_events() {
    let line = |kind: &str, user: &str, more: &str| {
        format!(
            r#"{{"event_type":"{kind}","amplitude_id":1,"device_id":"d","user_id":{user},"event_time":"2026-07-01 10:00:00","groups":{{"org":["acme"]}}{more}}}"#
        )
    };
    let lines = [
        line("a", "null", ""),
        line("$identify", "\"u\"", r#","user_properties":{"role":"vp"}"#),
        line("$groupidentify", "null", r#","group_properties":{"org":{"acme":{"plan":"team"}}}"#),
    ];
    let folder = folder(lines.join("\n"));
    score(&folder, "--as-of 2026-07-09");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events", "role"]), [["u", "1", "vp"]]);
    assert_eq!(columns(&folder, "out/accounts.csv", &["account_id", "plan"]), [["acme", "team"]]);
    assert_eq!(record(&folder)["counts"]["identity"], 2);
}

#[test]
fn joins_that_are_refused_are_told_and_those_that_hold_are_written() {
    let events = r#"{"type":"track","event":"a","messageId":"1","timestamp":"2026-07-01T10:00:00Z","userId":"u","anonymousId":"mine"}
{"type":"track","event":"a","messageId":"2","timestamp":"2026-07-01T10:00:00Z","userId":"u","anonymousId":"kiosk"}
{"type":"track","event":"a","messageId":"3","timestamp":"2026-07-01T10:00:00Z","userId":"w","anonymousId":"kiosk"}
{"type":"track","event":"a","messageId":"4","timestamp":"2026-07-01T10:00:00Z","anonymousId":"kiosk"}
{"type":"track","event":"a","messageId":"5","timestamp":"2026-07-01T10:00:00Z","anonymousId":"mine"}
{"type":"alias","messageId":"6","timestamp":"2026-07-01T10:00:00Z","userId":"w","previousId":"W@acme.example"}
{"type":"track","event":"a","messageId":"7","timestamp":"2026-07-01T10:00:00Z","userId":"W@acme.example"}
{"type":"alias","messageId":"8","timestamp":"2026-07-01T10:00:00Z","userId":"w","previousId":"undefined"}
"#;
    let folder = folder(events);
    let outcome = score(&folder, "--as-of 2026-07-09 --id-map ids.csv");
    assert!(
        outcome.stderr.contains("note: not joined: 1 visitor that came with more than one user"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("note: not joined: the ids of 1 line"), "{}", outcome.stderr);
    let expected = serde_json::json!({
        "users_joined": 1, "visitors_joined": 1, "largest_person": 2,
        "refused": { "shared_visitor": 1, "placeholder": 1 },
    });
    assert_eq!(record(&folder)["joins"], expected);
    let ids =
        "raw_id,kind,user_id\nW@acme.example,user,W@acme.example\nu,user,u\nw,user,W@acme.example\nmine,visitor,u\n";
    assert_eq!(folder.read("ids.csv"), ids);
    let outcome = folder.pql("score events.json -m model.toml --out out --id-map events.json");
    assert!(outcome.code == 2 && outcome.stderr.contains("would be written over"), "{outcome:?}");
}
