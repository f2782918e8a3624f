//! `pql test`: cases run through the program, failures show the ledger, and unusable files give
//! errors.

use std::{path::PathBuf, process::Command};

use crate::run::Folder;

const MODEL: &str = "schema = 1\n\n[[user.signals]]\nname = \"invites\"\nevent = \"invite\"\nladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 25 }]\n\n[[user.signals]]\nname = \"away\"\nwhen = \"days_inactive >= 7\"\npoints = -5\n\n[[user.tiers]]\nname = \"lead\"\nat_least = 20\nqualified = true\n\n[[user.tiers]]\nname = \"not\"\n\n[[user.milestones]]\nname = \"aha\"\nevent = \"invite\"\n";

/// A case file with one case, from the keys of the case and of its expectation.
fn file(case: &str, expect: &str) -> String {
    format!(
        "schema = 1\nmodel = \"model.toml\"\nas_of = \"2026-10-31\"\n\n[[case]]\nname = \"one\"\n{case}\n\n[[case.expect]]\n{expect}\n"
    )
}

const INVITE: &str = "events = [{ user = \"kim\", event = \"invite\", at = \"-3d\" }]";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder
}

#[test]
fn the_shipped_cases_pass_and_reach_every_part_of_the_shipped_models() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pql"));
    command.current_dir(&root).args(["test", "--coverage", "--min-coverage", "100", "--format", "json"]);
    let files = glob::glob(&root.join("fixtures/cases/*.toml").display().to_string()).expect("a pattern");
    let files: Vec<PathBuf> = files.map(|path| path.expect("a path")).collect();
    let output = command.args(&files).output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}\n{told}", String::from_utf8_lossy(&output.stdout));
    assert!(told.is_empty(), "{told}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let models = report["coverage"].as_array().expect("a list");
    for model in ["scoring.example.toml", "b2b.toml", "enterprise.toml", "minimal.toml"] {
        let covered = models.iter().find(|one| one["model"].as_str().is_some_and(|name| name.ends_with(model)));
        let covered = covered.unwrap_or_else(|| panic!("no cases for {model}"));
        assert_eq!(covered["reached"], covered["of"], "{model}: {}", covered["missing"]);
    }
}

#[test]
fn a_failure_shows_what_was_expected_what_came_and_how() {
    let folder = folder();
    let expect = "user = \"kim\"\nscore = 11\nfired = [\"away\"]\nmilestones = { aha = \"-2d\" }\nholds = [\"score > 50\"]\nfacts = { days_inactive = 3 }";
    folder.write("cases.toml", file(INVITE, expect));
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    for part in [
        "FAILED cases.toml:6 one",
        "line 11: user kim, score\n    expected  11\n    got       10",
        "line 12: user kim, signal away\n    expected  fired\n    got       did not fire",
        "line 13: user kim, milestone aha\n    expected  reached 2026-10-30T00:00:00Z\n    got       reached 2026-10-29T00:00:00Z",
        "line 14: user kim, score > 50\n    expected  holds\n    got       score = 10",
        "line 15: user kim, fact days_inactive\n    expected  3\n    got       2",
        "|       10     10  invites  matching events = 1",
        "lead  no: score >= 20 (score = 10)",
        "1 case: 0 passed, 1 failed",
    ] {
        assert!(outcome.stdout.contains(part), "{part}\n---\n{}", outcome.stdout);
    }
    let github = folder.pql("test cases.toml --format github");
    assert_eq!(github.code, 1);
    let annotation = "::error file=cases.toml,line=11,endLine=11,col=9,endColumn=11,title=one::user kim, score: expected 11, got 10\n";
    assert!(github.stdout.starts_with(annotation), "{}", github.stdout);
    let junit = folder.pql("test cases.toml --format junit");
    assert!(junit.stdout.contains("<testsuite name=\"cases.toml\" tests=\"1\" failures=\"1\">"), "{}", junit.stdout);
    assert!(junit.stdout.contains("<failure message=\"user kim, score &gt; 50: expected holds"), "{}", junit.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&folder.pql("test cases.toml --format json").stdout).expect("JSON");
    assert_eq!((json["passed"].as_u64(), json["failed"].as_u64()), (Some(0), Some(1)));
    assert_eq!(json["cases"][0]["failures"][0]["expected"], "11");
    assert_eq!(json["cases"][0]["ledgers"][0]["ledger"][0]["points"], 10);
}

#[test]
fn short_events_stand_for_as_many_as_they_say() {
    let folder = folder();
    let case = "events = [{ user = [\"a\", \"u{1..2}\"], event = \"invite\", at = \"-3d\", times = 3, every = \"1d\" }, { user = \"late\", event = \"invite\", at = \"+1h\" }, { user = \"late\", event = \"visit\", at = 2026-10-01T10:00:00Z }]";
    let expect = "user = \"a\"\nscore = 25\ntier = \"lead\"\nqualified = true\nfacts = { events = 3, days_inactive = 0 }\n\n[[case.expect]]\nuser = \"u2\"\nsignals = { invites = 25, away = 0 }\n\n[[case.expect]]\nuser = \"late\"\nscore = -5\nfacts = { events = 1, days_inactive = 30 }\n\n[[case.expect]]\nuser = \"u3\"\nabsent = true";
    folder.write("cases.toml", file(case, expect));
    let outcome = folder.pql("test cases.toml");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    folder.write("cases.toml", file(case, &expect.replace("u3", "u1")));
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stdout.contains("user u1, row\n    expected  no row\n    got       a row"), "{}", outcome.stdout);
}

#[test]
fn where_an_export_keeps_its_parts_is_no_business_of_a_case() {
    let folder = folder();
    let fields = "\n[input]\nfields = { event = \"name\", user = \"actor.id\", time = \"ts\", properties = \".\" }\n";
    folder.write("model.toml", format!("{MODEL}{fields}"));
    folder.write("cases.toml", file(INVITE, "user = \"kim\"\nscore = 10"));
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn coverage_names_what_no_case_reaches() {
    let folder = folder();
    folder.write("cases.toml", file(INVITE, "user = \"kim\"\nscore = 10"));
    let outcome = folder.pql("test cases.toml --coverage");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for part in [
        "coverage of model.toml: 50 % (3 of 6)",
        "no case reaches user signal invites, rung 3",
        "no case reaches user signal away",
        "no case reaches user tier lead",
    ] {
        assert!(outcome.stdout.contains(part), "{part}\n---\n{}", outcome.stdout);
    }
    assert_eq!(folder.pql("test cases.toml --min-coverage 50").code, 0);
    // Each rung counts by itself: a case that reaches the upper rung does not cover the lower one.
    let three = INVITE.replace("at = \"-3d\"", "at = \"-3d\", times = 3, every = \"1h\"");
    folder.write("three.toml", file(&three, "user = \"kim\"\nscore = 25"));
    let outcome = folder.pql("test three.toml --coverage");
    assert!(outcome.stdout.contains("no case reaches user signal invites, rung 1\n"), "{}", outcome.stdout);
    // Case files of one model are counted together.
    let outcome = folder.pql("test cases.toml three.toml --coverage");
    assert!(outcome.stdout.contains("coverage of model.toml: 83.3 % (5 of 6)"), "{}", outcome.stdout);
    let outcome = folder.pql("test cases.toml --min-coverage 51");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("less than the 51 % that --min-coverage asks for"), "{}", outcome.stdout);
}

#[test]
fn cases_are_chosen_by_name() {
    let folder = folder();
    let other = file(INVITE, "user = \"kim\"\nscore = 99").replace("\"one\"", "\"two\"");
    let other = other.split_once("[[case]]").expect("a case").1.to_owned();
    folder.write("cases.toml", format!("{}[[case]]{other}", file(INVITE, "user = \"kim\"\nscore = 10")));
    assert_eq!(folder.pql("test cases.toml").code, 1);
    let outcome = folder.pql("test cases.toml --run ^on");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.ends_with("1 case: 1 passed, 1 left out by --run\n"), "{}", outcome.stdout);
    let outcome = folder.pql("test cases.toml --run three");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("nothing was tested"), "{outcome:?}");
    assert_eq!(folder.pql("test cases.toml --run (").code, 2);
}

#[test]
fn every_problem_of_a_file_is_told_at_its_place() {
    let folder = folder();
    let events = |event: &str| format!("events = [{event}]");
    let expect = |key: &str| file(INVITE, &format!("user = \"kim\"\n{key}"));
    let score = "user = \"kim\"\nscore = 10";
    for (code, text, place, message) in [
        ("C001", "schema = = 1\n".to_owned(), "1:", "not TOML"),
        (
            "C002",
            file(&events("{ usr = \"kim\", event = \"invite\", at = \"-3d\" }"), score),
            "7:13",
            "unknown key `usr`",
        ),
        ("C003", expect("score = \"10\""), "11:9", "`score` is text"),
        ("C003", expect("facts = { events = \"three\" }"), "11:20", "the fact `events` is a number"),
        (
            "C004",
            "schema = 1\n[[case]]\nname = \"x\"\nevents = []\n[[case.expect]]\nuser = \"kim\"\nabsent = true\n"
                .to_owned(),
            "3:1",
            "without `as_of`",
        ),
        ("C004", file(&events("{ user = \"kim\", event = \"invite\" }"), score), "7:13", "without `at`"),
        (
            "C004",
            file(&events("{ user = \"kim\", event = \"invite\", at = \"-3d\", times = 3 }"), score),
            "7:13",
            "without `every`",
        ),
        ("C004", expect(""), "10:1", "an expectation of nothing"),
        (
            "C006",
            format!(
                "{}\n[[case]]{}",
                file(INVITE, score),
                file(INVITE, score).split_once("[[case]]").expect("a case").1
            ),
            "14:8",
            "two cases are called `one`",
        ),
        ("C007", "schema = 2\n".to_owned(), "1:10", "schema 2 is not known"),
        (
            "C009",
            file(&events("{ user = \"u{1..\", event = \"invite\", at = \"-3d\" }"), score),
            "7:20",
            "never closed",
        ),
        ("C009", expect("milestones = { aha = \"soon\" }"), "11:22", "a milestone cannot be `soon`"),
        ("C010", expect("holds = [\"score > 'a'\"]"), "11:11", "`score` is a number"),
        ("C011", expect("holds = [\"scor > 1\"]"), "11:11", "no fact `scor`"),
        ("C011", expect("fired = [\"invite\"]"), "11:10", "no signal `invite`"),
        ("C011", expect("tier = \"hot\""), "11:8", "no tier `hot`"),
        ("C011", expect("facts = { invitations = 1 }"), "11:11", "no fact `invitations`"),
        ("C011", expect("columns = { scor = 1 }"), "11:13", "no column `scor`"),
        ("C011", file(&format!("{INVITE}\nusers = {{ kim = {{ role = \"vp\" }} }}"), score), "8:19", "no trait `role`"),
        ("C014", expect("absent = true\nscore = 10"), "10:1", "`absent` beside other keys"),
        (
            "C014",
            file(&events("{ user = \"kim\", event = \"invite\", type = \"identify\", at = \"-3d\" }"), score),
            "7:52",
            "`type` beside `event`",
        ),
        (
            "C020",
            file(&events("{ user = \"kim\", event = \"invite\", at = \"3d\" }"), score),
            "7:50",
            "`3d` is no time",
        ),
        (
            "C020",
            file(&events("{ user = \"kim\", event = \"invite\", at = \"-3d\", times = 4, every = \"1d\" }"), score),
            "7:50",
            "the last of the repeats lies at or after",
        ),
        ("C020", file(INVITE, score).replace("2026-10-31", "yesterday"), "3:9", "no point in time"),
    ] {
        folder.write("cases.toml", &text);
        let outcome = folder.pql("test cases.toml");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{code} {message}: {outcome:?}");
        let shown = &outcome.stderr;
        assert!(shown.contains(&format!("error[{code}]")) && shown.contains(message), "{code} {message}:\n{shown}");
        assert!(shown.contains(&format!("--> cases.toml:{place}")), "{code} at {place}:\n{shown}");
    }
}

#[test]
fn a_name_that_comes_close_is_a_warning_and_a_line_that_is_no_event_a_failure() {
    let folder = folder();
    let case = "events = [{ user = \"kim\", event = \"invit\", at = \"-3d\" }]";
    folder.write("cases.toml", file(case, "user = \"kim\"\nscore = 0"));
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("warning[C011]") && outcome.stderr.contains("`invite`"), "{}", outcome.stderr);
    folder.write("cases.toml", file(&INVITE.replace("kim", "null"), "user = \"kim\"\nabsent = true"));
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stdout.contains("no_id"), "{}", outcome.stdout);
}

#[test]
fn values_of_traits_that_are_not_understood_are_warned_about_with_their_place() {
    let folder = folder();
    let traits = "[user.traits]\nseats = { type = \"number\" }\nsigned = { type = \"date\" }\n[account.traits]\nsize = { type = \"number\" }\n";
    folder.write("model.toml", format!("{MODEL}{traits}"));
    for (value, message, place) in [
        (
            "users = { kim = { seats = 5 }, \"u{1..3}\" = { seats = \"1,200\" } }",
            "the value of `seats` is no number",
            "8:46",
        ),
        ("users = { kim = { signed = \"05/01/2026\" } }", "the value of `signed` is no date", "8:19"),
        ("accounts = { acme = { size = 1e16 } }", "the value of `size` is a number beyond 1e15", "8:23"),
    ] {
        folder.write("cases.toml", file(&format!("{INVITE}\n{value}"), "user = \"kim\"\nscore = 10"));
        let outcome = folder.pql("test cases.toml");
        assert_eq!(outcome.code, 0, "{value}: {outcome:?}");
        for part in ["warning[C009]", message, &format!("--> cases.toml:{place}"), "it counts as not known"] {
            assert!(outcome.stderr.contains(part), "{value}: {part}:\n{}", outcome.stderr);
        }
    }
    let read = "users = { kim = { seats = \"1200\", signed = \"2026-01-05\" } }";
    folder.write("cases.toml", file(&format!("{INVITE}\n{read}"), "user = \"kim\"\nscore = 10"));
    assert_eq!(folder.pql("test cases.toml").stderr, "");
}

#[test]
fn a_model_that_is_not_there_or_not_valid_cannot_start() {
    let folder = folder();
    folder.write("cases.toml", file(INVITE, "user = \"kim\"\nscore = 10").replace("model.toml", "none.toml"));
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("cases.toml:2") && outcome.stderr.contains("`none.toml`"), "{}", outcome.stderr);
    folder.write("none.toml", "schema = 1\nnam = \"x\"\n");
    let outcome = folder.pql("test cases.toml");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("error[M002]") && outcome.stderr.contains("none.toml:2:1"), "{}", outcome.stderr);
}
