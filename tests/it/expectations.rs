//! What a run must look like: `[[expect]]`, `--fail-if`, and the warnings that stand without them.

use serde_json::Value as Json;

use crate::{
    run::{Folder, Outcome, names},
    stored::gzip,
};

const MODEL: &str = r#"schema = 1
[[user.signals]]
name = "invites"
event = "invite"
points = 10
[[user.tiers]]
name = "hot"
at_least = 10
qualified = true
[[user.tiers]]
name = "cold"
[[account.signals]]
name = "visits"
event = "visit"
points = 1
"#;

fn event(name: &str, user: &str, day: u32) -> String {
    format!(
        "{{\"event\":\"{name}\",\"timestamp\":\"2026-10-{day:02}T12:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
    )
}

/// Of four users one is hot; of five events two are on the last date, the 10th; a sixth line is no event.
fn folder(expectations: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", format!("{MODEL}{expectations}"));
    let events =
        [("invite", "ann", 8), ("visit", "ann", 9), ("visit", "bob", 9), ("visit", "cid", 10), ("visit", "dan", 10)];
    let events: Vec<String> = events.iter().map(|(name, user, day)| event(name, user, *day)).collect();
    folder.write("events.ndjson", events.concat() + "{}\n");
    folder
}

const SCORE: &str = "score events.ndjson -m model.toml --as-of 2026-10-10 --max-rejects 50% --out out -q";

fn expect(that: &str) -> String {
    format!("[[expect]]\nthat = \"{that}\"\n")
}

fn record(folder: &Folder) -> Json {
    serde_json::from_str(&folder.read("out/run.json")).expect("JSON")
}

#[test]
fn every_number_is_what_it_says() {
    let folder = folder("");
    folder.write("users.csv", "user_id,role\nann,admin\nbob,admin\neve,admin\n");
    folder.write("empty.ndjson", "");
    let named = |name: &str| {
        let event = event(name, "dan", 10);
        event.replacen('{', "{\"event_id\":\"e1\",", 1)
    };
    folder.write("ids.ndjson", format!("{}{}{}", named("visit"), named("visit"), named("look")));
    for (name, value) in [
        ("stale_hours", 12.0),
        ("events", 7.0),
        ("events_last_day", 4.0),
        ("rejected_share", 1.0 / 9.0),
        ("rejected", 1.0),
        ("duplicate", 1.0),
        ("id_conflict", 2.0),
        ("empty_files", 1.0),
        ("users", 4.0),
        ("accounts", 1.0),
        ("qualified_users", 1.0),
        ("qualified_users_share", 0.25),
        ("qualified_accounts", 0.0),
        ("qualified_accounts_share", 0.0),
        ("hot_users", 1.0),
        ("hot_users_share", 0.25),
        ("cold_users", 3.0),
        ("matched_users_share", 2.0 / 3.0),
        ("enriched_users_share", 0.5),
    ] {
        let condition = format!("{name} = -1");
        let mut arguments: Vec<&str> = SCORE.split(' ').collect();
        arguments.extend(["empty.ndjson", "ids.ndjson", "--users", "users.csv", "--fail-if", &condition]);
        let outcome = folder.pql_with(&arguments, b"");
        assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
        let found = &record(&folder)["expectations"][0];
        assert_eq!(found["met"], true, "{name}: {found}");
        let number = found["values"][name].as_f64().unwrap_or_else(|| panic!("{name}: {found}"));
        assert!((number - value).abs() < 1e-6, "{name}: {number} instead of {value}");
    }
}

/// Somebody who turns out to be internal, and a visitor who turns out to be nobody, are no events of the last date.
#[test]
fn the_last_date_has_only_events_that_count() {
    let folder = folder("[identity]\nexclude_domains = [\"ourco.example\"]\n");
    let line = |rest: &str| format!("{{\"timestamp\":\"2026-10-10T09:00:00Z\",{rest}}}\n");
    let twice = line("\"event\":\"visit\",\"user_id\":\"eva\",\"event_id\":\"e1\"");
    let cases = [
        ("nobody", line("\"event\":\"visit\",\"anonymous_id\":\"v1\""), 2.0),
        ("a visitor of an account", line("\"event\":\"visit\",\"anonymous_id\":\"v1\",\"account_id\":\"acme\""), 3.0),
        ("a copy", format!("{twice}{twice}"), 3.0),
        (
            "an e-mail of ours",
            line("\"event\":\"visit\",\"user_id\":\"eva\"")
                + &line("\"type\":\"identify\",\"user_id\":\"eva\",\"traits\":{\"email\":\"eva@ourco.example\"}"),
            2.0,
        ),
        (
            "an id joined to one of ours",
            twice.clone()
                + &twice
                + &line("\"type\":\"alias\",\"user_id\":\"eva@ourco.example\",\"previous_id\":\"eva\""),
            2.0,
        ),
    ];
    for (what, lines, value) in cases {
        folder.write("more.ndjson", lines);
        let outcome = folder.pql(&format!("{SCORE} more.ndjson --fail-if events_last_day<0"));
        assert_eq!(outcome.code, 0, "{what}: {outcome:?}");
        let counts = &record(&folder)["counts"];
        let judged = record(&folder)["expectations"][0].clone();
        assert_eq!(judged["values"]["events_last_day"], value, "{what}: {judged} {counts}");
    }
}

#[test]
fn what_is_expected_and_met_is_in_the_record_and_prints_nothing() {
    let folder = folder("[[expect]]\nthat = \"stale_hours <= 36\"\nsay = \"the export stopped\"\n");
    let outcome = folder.pql(SCORE);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let expected = serde_json::json!([{
        "that": "stale_hours <= 36", "line": 17, "otherwise": "fail", "say": "the export stopped", "met": true,
        "values": { "stale_hours": 12 },
    }]);
    assert_eq!(record(&folder)["expectations"], expected);
}

#[test]
fn what_is_not_met_publishes_only_rejects_and_says_what_was_seen() {
    let folder = folder("[[expect]]\nthat = \"users >= 100\"\nsay = \"half of the export is missing\"\n");
    let outcome = folder.pql(SCORE);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let told =
        "error: model.toml:17: the expectation `users >= 100` is not met (half of the export is missing): users = 4\n";
    assert!(outcome.stderr.starts_with(told), "{outcome:?}");
    assert_eq!(names(&folder.path().join("out")), ["rejects.ndjson"]);
    // To the standard output nothing goes either.
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of 2026-10-10 --max-rejects 50%");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome:?}");
}

#[test]
fn the_list_of_before_stays_if_a_run_is_not_as_expected() {
    let folder = folder("");
    assert_eq!(folder.pql(SCORE).code, 0);
    let before = folder.read("out/run.json");
    let mut arguments: Vec<&str> = SCORE.split(' ').collect();
    arguments.extend(["--fail-if", "hot_users_share > 0.2 and events < 10"]);
    let outcome = folder.pql_with(&arguments, b"");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let told = "error: --fail-if `hot_users_share > 0.2 and events < 10` holds: hot_users_share = 0.25, events = 5\n";
    assert!(outcome.stderr.starts_with(told), "{outcome:?}");
    assert!(outcome.stderr.contains("the other files in out are of the run before"), "{outcome:?}");
    assert_eq!(folder.read("out/run.json"), before);
}

#[test]
fn a_warning_lets_the_run_go_on() {
    let folder = folder("[[expect]]\nthat = \"events_last_day >= 3\"\notherwise = \"warn\"\n");
    let outcome = folder.pql(SCORE);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told = "warning: model.toml:17: the expectation `events_last_day >= 3` is not met: events_last_day = 2\n";
    assert_eq!(outcome.stderr, told);
    assert_eq!(record(&folder)["expectations"][0]["met"], false);
}

#[test]
fn a_refused_run_speaks_of_rejected_lines_only_if_there_are_some() {
    let folder = folder(&expect("users > 100"));
    let end = |arguments: &str| {
        let outcome = folder.pql(arguments);
        assert_eq!(outcome.code, 1, "{arguments}: {outcome:?}");
        outcome.stderr
    };
    let nothing = "nothing is published, since an expectation is not met\n";
    // The events have a line that is rejected.
    let told = "nothing is published but rejected lines, since an expectation is not met\nrejected lines are in out/rejects.ndjson\n";
    assert!(end(SCORE).ends_with(told), "{}", end(SCORE));
    // Without a file for them they are not published either.
    let stdout = end("score events.ndjson -m model.toml --max-rejects 50% -q");
    assert!(stdout.ends_with(nothing), "{stdout}");
    let events = folder.read("events.ndjson");
    let records = events.lines().filter(|line| line.contains("timestamp"));
    folder.write("events.ndjson", records.map(|line| format!("{line}\n")).collect::<String>());
    assert!(end(SCORE).ends_with(nothing), "{}", end(SCORE));
}

#[test]
fn what_cannot_be_known_is_not_judged_and_noted() {
    for (that, why) in [
        ("users >= 0.5 * previous_users", "it compares with the run before, and this run has no record of it"),
        ("signals_silent = 0", "it compares with the run before"),
        ("matched_accounts_share > 0.5", "its result is null with matched_accounts_share = null"),
        ("1 / qualified_accounts < 2", "its result is null with qualified_accounts = 0"),
    ] {
        let folder = folder(&expect(that));
        let outcome = folder.pql(SCORE.trim_end_matches(" -q"));
        assert_eq!(outcome.code, 0, "{that}: {outcome:?}");
        let told = format!("note: model.toml:17: the expectation `{that}` is not judged: {why}");
        assert!(outcome.stderr.contains(&told), "{that}: {outcome:?}");
        assert_eq!(record(&folder)["expectations"][0]["met"], Json::Null, "{that}");
        assert_eq!(folder.pql(SCORE).stderr, "", "{that}");
    }
}

#[test]
fn conditions_are_typed_before_an_event_is_read() {
    for (that, told) in [
        ("stale_hour < 3", "error[M011]: no number `stale_hour` of a run"),
        ("stale_hour < 3", "a name that exists is `stale_hours`"),
        ("previous_hot_user > 1", "a name that exists is `previous_hot_users`"),
        ("users", "error[M010]"),
        ("users > 'many'", "error[M010]"),
    ] {
        let folder = folder(&expect(that));
        // Reading these events would end with 3.
        folder.write("cut.ndjson.gz", &gzip(b"{}\n")[..12]);
        let outcome = folder.pql("score cut.ndjson.gz -m model.toml --out out");
        assert_eq!(outcome.code, 2, "{that}: {outcome:?}");
        assert!(outcome.stderr.contains(told), "{that}: {outcome:?}");
        let check = folder.pql("check model.toml");
        assert!(check.code == 1 && check.stderr.contains(told), "{that}: {check:?}");
    }
    let folder = folder("");
    let mut arguments: Vec<&str> = SCORE.split(' ').collect();
    arguments.extend(["--fail-if", "user < 3", "--fail-if", "events <"]);
    let outcome = folder.pql_with(&arguments, b"");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    for told in ["error[D011]: no number `user` of a run", "a name that exists is `users`", "error[D010]"] {
        assert!(outcome.stderr.contains(told), "{told}: {outcome:?}");
    }
    assert!(names(&folder.path().join("out")).is_empty());
}

/// A run that always deserves a warning, the warning, and an expectation about the same thing.
struct WarnedRun {
    files: Vec<(&'static str, String)>,
    arguments: &'static str,
    told: &'static str,
    instead: &'static str,
}

fn warned_runs() -> Vec<WarnedRun> {
    let visits = |count: u32| (0..count).map(|user| event("visit", &format!("u{user}"), 10)).collect::<String>();
    let invites: String = (0..8).map(|user| event("invite", &format!("u{user}"), 10)).collect();
    let again = |name: &str| {
        let events = (1..7).map(|id| event(name, "ann", 10).replacen('{', &format!("{{\"event_id\":{id},"), 1));
        events.collect::<String>()
    };
    let without = |key: &str| visits(3).replace(key, "\"other\"");
    vec![
        WarnedRun {
            files: vec![("a.ndjson", visits(1)), ("b.ndjson", String::new())],
            arguments: "a.ndjson b.ndjson",
            told: "warning: b.ndjson is empty, and other files are not\n",
            instead: "empty_files < 5",
        },
        WarnedRun {
            files: vec![("a.ndjson", visits(1))],
            arguments: "a.ndjson --as-of 2026-10-13",
            told: "warning: no event on 2026-10-13, the last date of this run; the newest event is of 2026-10-10T12:00:00Z, 84 hours before the end\n",
            instead: "events_last_day >= 0",
        },
        WarnedRun {
            files: vec![("a.ndjson", without("\"user_id\""))],
            arguments: "a.ndjson",
            told: "warning: no event names a user, so there are no users; ",
            instead: "users >= 0",
        },
        WarnedRun {
            files: vec![("a.ndjson", without("\"account_id\""))],
            arguments: "a.ndjson",
            told: "warning: no event names an account, ",
            instead: "accounts >= 0",
        },
        WarnedRun {
            files: vec![("a.ndjson", visits(2)), ("users.csv", "user_id,role\nu0,x\nu7,x\nu8,x\n".to_owned())],
            arguments: "a.ndjson --users users.csv",
            told: "warning: 2 of the 3 rows of --users belong to no user with events; if its ids are in another column, --users-key names it\n",
            instead: "matched_users_share > 0.1",
        },
        WarnedRun {
            files: vec![("a.ndjson", again("visit") + &again("look"))],
            arguments: "a.ndjson",
            told: "warning: 12 of 12 events share an id with an event of other content, and all of them count, so scores may be too high; if the same rows were exported twice, keep one of the files, ",
            instead: "id_conflict <= 20",
        },
        WarnedRun {
            files: vec![("a.ndjson", visits(20) + &invites)],
            arguments: "a.ndjson",
            told: "warning: 8 of 20 users are qualified, 40 %; ",
            instead: "qualified_users_share < 0.5",
        },
    ]
}

#[test]
fn some_warnings_stand_always_unless_an_expectation_takes_their_place() {
    let score = |run: &WarnedRun, model: &str| -> Outcome {
        let folder = Folder::in_memory();
        folder.write("model.toml", model);
        for (name, text) in &run.files {
            folder.write(name, text);
        }
        folder.pql(&format!("score {} -m model.toml --out out -q", run.arguments))
    };
    for run in warned_runs() {
        let outcome = score(&run, MODEL);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stderr.starts_with(run.told), "expected {:?} in {outcome:?}", run.told);
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        let outcome = score(&run, &format!("{MODEL}{}", expect(run.instead)));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", run.instead);
    }
}

/// Events of the 10th until noon are no sign of an export that runs on the 11th: the hours since then are few, and yet a whole date is missing.
#[test]
fn hours_since_the_newest_event_replace_the_warning_only_if_they_are_too_many() {
    let quiet = "warning: no event on 2026-10-11, the last date of this run; ";
    for (that, told) in [
        ("stale_hours <= 36", quiet),
        ("stale_hours <= 24", "warning: model.toml:17: the expectation `stale_hours <= 24` is not met"),
        ("previous_events > 0 or events_last_day > 0", quiet),
        ("events_last_day > 0", "warning: model.toml:17: the expectation `events_last_day > 0` is not met"),
    ] {
        let folder = folder(&format!("{}otherwise = \"warn\"\n", expect(that)));
        let outcome = folder.pql(&SCORE.replace("2026-10-10", "2026-10-11"));
        assert_eq!(outcome.code, 0, "{that}: {outcome:?}");
        assert!(outcome.stderr.starts_with(told), "{that}: {outcome:?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{that}: {outcome:?}");
    }
}
