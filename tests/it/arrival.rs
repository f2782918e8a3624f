//! Data that does not fit the model yet: no account, no event of the model, fields of other names,
//! a failed condition. The messages must say what is missing.

use crate::run::{Folder, Outcome};

const USERS_ONLY: &str = r#"{"event":"Report Created","timestamp":"2026-10-30T10:00:00Z","user_id":"kim"}
{"event":"Report Created","timestamp":"2026-10-31T10:00:00Z","user_id":"lee"}
"#;

/// The same events with fields of other names.
const OTHER_FIELDS: &str = r#"{"action":"Report Created","at":"2026-10-30T10:00:00Z","person":"kim"}
{"action":"Report Created","at":"2026-10-31T10:00:00Z","person":"lee"}
"#;

fn with(events: &str, arguments: &str) -> Outcome {
    let folder = Folder::new();
    folder.write("events.ndjson", events);
    folder.pql(arguments)
}

#[test]
fn events_without_any_account_are_told_with_the_way_to_name_it() {
    let outcome = with(USERS_ONLY, "score events.ndjson --level user");
    assert!(
        outcome.stderr.contains("warning: no event names an account, and no user has an e-mail of a company"),
        "{outcome:?}"
    );
    assert!(outcome.stderr.contains("[input] fields = { account ="), "{outcome:?}");
    let with_one = USERS_ONLY.replace(r#""user_id":"lee""#, r#""user_id":"lee@acme.example""#);
    let outcome = with(&with_one, "score events.ndjson --level user");
    assert!(!outcome.stderr.contains("names an account"), "{outcome:?}");
    let outcome = with(USERS_ONLY, "inspect events.ndjson");
    assert!(outcome.stdout.contains("\n no event names an account: [input] fields says where"), "{outcome:?}");
    // A model without accounts misses nothing.
    let folder = Folder::new();
    folder.write("events.ndjson", USERS_ONLY);
    folder.write("m.toml", "schema = 1\n[[user.signals]]\nname = \"r\"\nevent = \"Report Created\"\npoints = 1\n");
    let outcome = folder.pql("score events.ndjson -m m.toml --level user");
    assert!(!outcome.stderr.contains("names an account"), "{outcome:?}");
}

#[test]
fn events_of_which_the_model_knows_none_are_told_with_the_way_to_wire_them() {
    let none = with(USERS_ONLY, "score events.ndjson");
    assert!(
        none.stderr.contains("; 2 events have names that it does not ask for; `pql init` writes a model"),
        "{none:?}"
    );
    let one = with(&USERS_ONLY.replacen("Report Created", "feature_used", 1), "score events.ndjson");
    assert!(one.stderr.contains("; 1 event has a name that it does not ask for\n"), "{one:?}");
}

#[test]
fn lines_of_other_fields_are_told_with_the_commands_that_find_them() {
    let folder = Folder::new();
    folder.write("events.ndjson", OTHER_FIELDS);
    folder.write("m.toml", "schema = 1\n");
    let hint = "note: if these are events whose fields have other names, `pql inspect` shows which";
    let commands = [
        "score events.ndjson -m m.toml",
        "explain user:kim events.ndjson -m m.toml",
        "diff m.toml m.toml events.ndjson",
        "check m.toml --events events.ndjson",
    ];
    for command in commands {
        let outcome = folder.pql(command);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert!(outcome.stderr.contains(hint), "{outcome:?}");
    }
    // Broken lines are another problem.
    folder.write("events.ndjson", "{\"event\":\n");
    assert!(!folder.pql("score events.ndjson -m m.toml").stderr.contains(hint));
}

#[test]
fn who_keeps_rejected_lines_is_not_told_how_to_keep_them() {
    let folder = Folder::new();
    folder.write("events.ndjson", "no JSON\n");
    let way = "--rejects FILE keeps rejected lines for repair";
    let lost = folder.pql("score events.ndjson");
    assert!(lost.stderr.contains(way), "{lost:?}");
    let kept = folder.pql("score events.ndjson --out out");
    assert!(kept.stderr.contains("rejected lines are in out/rejects.ndjson") && !kept.stderr.contains(way), "{kept:?}");
}

#[test]
fn a_condition_that_ends_a_diff_is_told_on_the_error_output() {
    let folder = Folder::new();
    folder.write("events.ndjson", USERS_ONLY);
    folder.write("m.toml", "schema = 1\n");
    for format in ["human", "json", "markdown"] {
        let line = ["diff", "m.toml", "m.toml", "events.ndjson", "-q", "--format", format];
        let conditions = ["--fail-if", "users_new > 1", "--fail-if", "users_new > 2"];
        let outcome = folder.pql_with(&[&line[..], &conditions[..]].concat(), b"");
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert_eq!(outcome.stderr, "error: --fail-if `users_new > 1` holds: user.users_new = 2\n", "{outcome:?}");
    }
}

#[test]
fn explain_reads_a_format_that_is_named() {
    let folder = Folder::new();
    // The line has two more keys than the raw export, so it shows no sign of a format.
    folder.write(
        "events.ndjson",
        r#"{"event":"a","properties":{"time":1793440800,"distinct_id":"kim","$insert_id":"1"},"x":1,"y":2}"#,
    );
    folder.write("m.toml", "schema = 1\n");
    let outcome = folder.pql("explain user:kim events.ndjson -m m.toml --from mixpanel");
    assert!(outcome.stdout.starts_with("user kim"), "{outcome:?}");
}

#[test]
fn a_model_and_a_file_of_cases_are_not_taken_for_each_other() {
    let folder = Folder::new();
    folder.write("m.toml", "schema = 1\nname = \"m\"\n[[user.signals]]\nname = \"a\"\nevent = \"a\"\npoints = 1\n");
    folder.write("cases.toml", "schema = 1\nmodel = \"m.toml\"\nas_of = \"2026-10-31\"\n[[case]]\nname = \"a\"\n");
    let model = folder.pql("test m.toml");
    assert_eq!(model.code, 2, "{model:?}");
    assert!(model.stderr.starts_with("error[C004]: a model and not a file of cases\n --> m.toml:3:3\n"), "{model:?}");
    let cases = folder.pql("check cases.toml");
    assert_eq!(cases.code, 1, "{cases:?}");
    assert!(
        cases.stderr.starts_with("error[M002]: a file of cases and not a model\n --> cases.toml:4:3\n"),
        "{cases:?}"
    );
    // One mistake gives one error.
    for outcome in [model, cases] {
        assert_eq!(outcome.stderr.matches("error[").count(), 1, "{outcome:?}");
    }
}

#[test]
fn a_list_that_is_empty_for_its_date_is_told_of_whoever_asks_for_silence() {
    let folder = Folder::new();
    let us = r#"{"event":"Report Created","timestamp":"2026-10-30T10:00:00Z","user_id":"me@ourco.example"}"#;
    folder.write("events.ndjson", format!("{USERS_ONLY}{us}\n"));
    folder.write("model.toml", "schema = 1\n[identity]\nexclude_domains = [\"ourco.example\"]\n");
    folder.write("other.toml", "schema = 1\n");
    let wrong = "events.ndjson --as-of 2025-10-31 -q";
    let nobody = "no event counts before 2025-11-01T00:00:00Z, so there are no users and no accounts:";
    // Three lines are at or after the date. One is of an internal user, whom the model excludes at
    // any date.
    let outcome = folder.pql(&format!("score -m model.toml --out out {wrong}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told = format!("warning: {nobody} 2 records are at or after it, 1 record is of internal users\n");
    assert_eq!(outcome.stderr, told);
    assert_eq!(folder.read("out/users.csv").lines().count(), 1);
    // A comparison and a check would be empty too.
    let outcome = folder.pql(&format!("diff model.toml other.toml {wrong}"));
    assert_eq!(outcome.stderr.matches(nobody).count(), 2, "{outcome:?}");
    assert!(outcome.stderr.contains("warning: under the model other.toml no event counts"), "{outcome:?}");
    let outcome = folder.pql("check model.toml --events events.ndjson --as-of 2025-10-31 -q");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains(nobody), "{outcome:?}");
    // With users in the list, `-q` prints nothing.
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of 2026-10-31 -q --out out");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
}
