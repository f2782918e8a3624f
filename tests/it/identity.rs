//! Identities: joins by alias lines and visitors, homes, and records after the as-of instant.

use crate::run::{Folder, rows};

/// A model that shows a trait and counts events.
const MODEL: &str = "schema = 1\n[user.traits]\nrole = { type = \"text\" }\n[output]\nuser_columns = [\"role\", \"events\"]\naccount_columns = [\"events\"]\n";

fn folder(events: &str) -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder.write("events.ndjson", events);
    folder
}

/// Columns of the users of a run.
fn users(folder: &Folder, more: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let outcome = folder.pql(&format!("score events.ndjson -m model.toml --out out -q {more}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let table = rows(&folder.read("out/users.csv"));
    let at: Vec<usize> =
        columns.iter().map(|name| table[0].iter().position(|known| known == name).expect("a column")).collect();
    table[1..].iter().map(|row| at.iter().map(|at| row[*at].clone()).collect()).collect()
}

#[test]
fn what_is_said_after_the_newest_events_day_says_nothing() {
    let events = r#"{"type":"identify","timestamp":"2026-03-05T10:00:00Z","user_id":"u","traits":{"role":"late"}}
{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"u","account_id":"A"}
{"type":"alias","timestamp":"2026-03-05T10:00:00Z","user_id":"u","previous_id":"aa"}
{"type":"group","timestamp":"2026-03-05T10:00:00Z","user_id":"u","account_id":"B"}
{"type":"identify","timestamp":"2026-03-01T23:59:59Z","user_id":"u","traits":{"role":"early"}}
"#;
    let folder = folder(events);
    for as_of in ["", "--as-of 2026-03-01"] {
        assert_eq!(users(&folder, as_of, &["user_id", "account_id", "role"]), [["u", "A", "early"]], "{as_of}");
        let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        assert_eq!((&record["counts"]["after_as_of"], &record["counts"]["identity"]), (&3.into(), &1.into()));
    }
}

#[test]
fn aliases_make_one_person_and_enrichment_finds_it_by_any_id() {
    let events = r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"u"}
{"event":"a","timestamp":"2026-03-01T11:00:00Z","user_id":"w"}
{"type":"alias","timestamp":"2026-03-01T10:00:00Z","user_id":"u","previous_id":"old"}
{"type":"alias","timestamp":"2026-03-01T10:00:00Z","user_id":"w","previous_id":"old"}
"#;
    let folder = folder(events);
    folder.write("users.csv", "user_id,role\nold,boss\n");
    assert_eq!(users(&folder, "--users users.csv", &["user_id", "role", "events"]), [["old", "boss", "2"]]);
}

#[test]
fn a_visitor_is_the_one_user_it_came_with_and_nobody_if_there_were_two() {
    let events = r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","anonymous_id":"v"}
{"event":"a","timestamp":"2026-03-02T10:00:00Z","user_id":"u","anonymous_id":"v"}
{"event":"a","timestamp":"2026-03-02T10:00:00Z","user_id":"x","anonymous_id":"s"}
{"event":"a","timestamp":"2026-03-02T10:00:00Z","user_id":"y","anonymous_id":"s"}
{"event":"a","timestamp":"2026-03-02T11:00:00Z","anonymous_id":"s"}
{"event":"a","timestamp":"2026-03-02T11:00:00Z","anonymous_id":"s","account_id":"A"}
"#;
    let folder = folder(events);
    assert_eq!(users(&folder, "", &["user_id", "events"]), [["u", "2"], ["x", "1"], ["y", "1"]]);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!((&record["counts"]["anonymous"], &record["counts"]["scored"]), (&1.into(), &5.into()));
}

#[test]
fn of_a_list_of_accounts_the_first_that_is_one_counts() {
    let folder = folder(
        r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"u","account_id":[null,"null","C",7,"D"]}"#,
    );
    assert_eq!(users(&folder, "", &["user_id", "account_id"]), [["u", "C"]]);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(record["more_accounts"], 2);
}

#[test]
fn users_without_an_account_belong_to_their_domain_and_internal_ones_are_set_aside() {
    let events = r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"kim@mail.acme.example"}
{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"lee@gmail.com"}
{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"me@dev.ourco.example","event_id":"1"}
{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"me@dev.ourco.example","event_id":"1"}
"#;
    let folder = folder(events);
    folder.write("model.toml", format!("{MODEL}[identity]\nexclude_domains = [\"ourco.example\"]\n"));
    let expected = [["kim@mail.acme.example", "domain:acme.example"], ["lee@gmail.com", ""]];
    assert_eq!(users(&folder, "", &["user_id", "account_id"]), expected);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!((&record["counts"]["excluded"], &record["counts"]["duplicate"]), (&2.into(), &0.into()));
}

#[test]
fn whether_a_line_is_a_record_is_settled_before_what_becomes_of_it() {
    let events = r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"u"}
{"type":"alias","timestamp":"2026-03-01T10:00:00Z","user_id":"qa-1"}
{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"qa-1","event_id":["x"]}
{"type":"alias","timestamp":"2026-03-01T10:00:00Z","user_id":"svc-1","previous_id":"svc-0"}
"#;
    let folder = folder(events);
    folder.write("model.toml", format!("{MODEL}[identity]\nexclude_users = [\"qa-*\"]\nservice_users = [\"svc-*\"]\n"));
    assert_eq!(users(&folder, "--max-rejects 2", &["user_id"]), [["u"]]);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let counts = &record["counts"];
    assert_eq!((&counts["rejected"], &counts["identity"], &counts["excluded"]), (&2.into(), &1.into(), &0.into()));
}

#[test]
fn what_a_machine_did_is_a_copy_if_the_visitor_agrees_too() {
    // The number exceeds that of the shards.
    const VISITORS: u32 = 600;
    let event = |visitor: u32| {
        format!(
            "{{\"event\":\"a\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"user_id\":\"svc-1\",\"anonymous_id\":\"v{visitor}\",\"event_id\":\"e\"}}\n"
        )
    };
    let user = |visitor: u32| {
        format!(
            "{{\"event\":\"b\",\"timestamp\":\"2026-03-01T11:00:00Z\",\"user_id\":\"u{visitor}\",\"anonymous_id\":\"v{visitor}\"}}\n"
        )
    };
    let lines: String =
        (0..VISITORS).map(|visitor| user(visitor) + &event(visitor) + &event(VISITORS - 1 - visitor)).collect();
    let folder = folder(&lines);
    folder.write("model.toml", format!("{MODEL}[identity]\nservice_users = [\"svc-*\"]\n"));
    let rows = users(&folder, "", &["first_seen"]);
    assert_eq!(rows.len(), VISITORS as usize);
    assert!(rows.iter().all(|row| row == &["2026-03-01T10:00:00Z"]), "each has its event: {rows:?}");
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!((&record["counts"]["duplicate"], &record["id_conflict"]), (&VISITORS.into(), &VISITORS.into()));
}

#[test]
fn a_run_does_not_write_over_what_it_reads() {
    let folder = folder("{\"event\":\"a\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"user_id\":\"u\"}\n");
    folder.write("users.csv", "user_id,role\nu,vp\n");
    for arguments in ["--users users.csv --out .", "--rejects events.ndjson", "--rejects model.toml"] {
        let before = (folder.read("users.csv"), folder.read("events.ndjson"), folder.read("model.toml"));
        let outcome = folder.pql(&format!("score events.ndjson -m model.toml {arguments}"));
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains("would be written over"), "{}", outcome.stderr);
        assert_eq!(before, (folder.read("users.csv"), folder.read("events.ndjson"), folder.read("model.toml")));
    }
}

#[test]
fn the_last_of_equal_keys_holds_with_everything_below_it() {
    let folder = folder(
        r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"u","properties":{"role":"vp"},"properties":{"x":1}}"#,
    );
    assert_eq!(users(&folder, "", &["user_id", "role"]), [["u", ""]]);
}

#[test]
fn deep_models_are_told_and_do_not_end_the_program() {
    let folder = Folder::new();
    let facts: String = (0..3000).map(|n| format!("f{n} = \"f{} + 1\"\n", n + 1)).collect();
    folder.write("deep.toml", format!("schema = 1\n[user.facts]\n{facts}f3000 = \"1\"\n"));
    let outcome = folder.pql("check deep.toml");
    assert!(outcome.code == 1 && outcome.stderr.contains("more than 100 deep"), "{}", outcome.code);
    let events: String = (0..30)
        .map(|n| format!("e{n} = {{ event = [\"e{0}\", \"g{0}\"], where = \"x = {n}\" }}\ng{n} = {{ event = [\"e{0}\", \"g{0}\"] }}\n", n + 1))
        .collect();
    folder.write("wide.toml", format!("schema = 1\n[events]\n{events}"));
    let outcome = folder.pql("check wide.toml");
    assert_eq!(outcome.code, 1, "{}", outcome.stderr.lines().next().unwrap_or_default());
}

#[test]
fn the_domain_is_of_the_declared_email_before_the_property_of_that_name() {
    let events = r#"{"type":"identify","timestamp":"2026-03-01T10:00:00Z","user_id":"a","traits":{"work_mail":"a@work.example"}}
{"event":"x","timestamp":"2026-03-02T10:00:00Z","user_id":"a","properties":{"email":"a@private.example"}}
{"event":"x","timestamp":"2026-03-02T10:00:00Z","user_id":"b","properties":{"email":"b@private.example"}}
{"event":"x","timestamp":"2026-03-02T10:00:00Z","user_id":"c@id.example","properties":{}}
{"event":"x","timestamp":"2026-03-02T10:00:00Z","user_id":"d","properties":{"work_mail":"d@work.example"}}
"#;
    let folder = folder(events);
    let model = "schema = 1\n[user.traits]\nemail = { type = \"text\", from = [\"work_mail\"] }\n[output]\nuser_columns = [\"domain\"]\n";
    folder.write("model.toml", model);
    let expected = [
        ["a", "work.example", "domain:work.example"],
        ["b", "private.example", "domain:private.example"],
        ["c@id.example", "id.example", "domain:id.example"],
        ["d", "work.example", "domain:work.example"],
    ];
    assert_eq!(users(&folder, "", &["user_id", "domain", "account_id"]), expected);
    folder.write("users.csv", "user_id,work_mail,email\na,,a@file.example\nb,b@both.example,b@file.example\n");
    let found = users(&folder, "--users users.csv", &["user_id", "domain"]);
    assert_eq!(found[..2], [["a", "file.example"], ["b", "both.example"]]);
}

#[test]
fn domains_that_no_address_can_have_are_problems_of_the_model() {
    for (entry, help) in [
        ("@ourco.example", "`ourco.example`, which stands"),
        ("*.ourco.example", "`ourco.example`, which stands"),
        ("https://ourco.example", "`ourco.example`, which stands"),
        ("ourco", "a domain such as"),
    ] {
        for key in ["exclude_domains", "free_mail"] {
            let folder = folder("");
            folder.write("model.toml", format!("schema = 1\n[identity]\n{key} = [\"{entry}\"]\n"));
            let outcome = folder.pql("check model.toml");
            let text = outcome.stdout.clone() + &outcome.stderr;
            assert!(outcome.code == 1 && text.contains("M009") && text.contains(help), "{entry} {key}: {outcome:?}");
        }
    }
}

#[test]
fn an_instant_after_all_times_that_are_read_is_refused() {
    let folder = folder("{\"event\":\"x\",\"timestamp\":\"9999-12-28T23:00:00Z\",\"user_id\":\"u\"}\n");
    assert_eq!(users(&folder, "--as-of 9999-12-28", &["user_id", "events"]), [["u", "1"]]);
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of 9999-12-31");
    assert!(outcome.code == 2 && outcome.stderr.contains("expected a date up to 9999-12-28"), "{outcome:?}");
}
