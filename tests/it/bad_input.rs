//! Messages for wrong input: what was found, where, what was expected, what to do, and the exit
//! code.

use crate::run::{Folder, Outcome, names};

/// The smallest useful model.
const MODEL: &str = "schema = 1\n\n[[user.signals]]\nname = \"invites\"\nevent = \"team_invite_sent\"\npoints = 5\n\n[user.traits]\nrole = { type = \"text\" }\n";

/// A good event of one user.
fn event(user: &str) -> String {
    format!(
        "{{\"event\":\"team_invite_sent\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
    )
}

/// A folder with the model and one good event.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder.write("events.ndjson", event("ann"));
    folder
}

/// Asserts the exit code and that the message has all parts.
fn told(outcome: &Outcome, code: i32, parts: &[&str]) {
    assert_eq!(outcome.code, code, "{outcome:?}");
    for part in parts {
        assert!(outcome.stderr.contains(part), "`{part}` is missing in:\n{}", outcome.stderr);
    }
}

/// Checks a model that follows the line `schema = 1`, and asserts the parts of the message.
fn check(model: &str, parts: &[&str]) {
    let folder = folder();
    folder.write("bad.toml", format!("schema = 1\n{model}"));
    told(&folder.pql("check bad.toml"), 1, parts);
    let outcome = folder.pql("score events.ndjson -m bad.toml --out out");
    told(&outcome, 2, parts);
    assert_eq!(names(&folder.path().join("out")), [""; 0], "nothing is written under a bad model");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let outcome = folder().pql("score evnts.ndjson -m model.toml");
    told(&outcome, 2, &["`evnts.ndjson` does not exist", "expected a file, a folder, a pattern", "`-`"]);
    told(&folder().pql("score -m model.toml"), 2, &["no events to score", "name files, folders or patterns"]);
    told(&folder().pql("score events.ndjson -m none.toml"), 2, &["cannot read the model `none.toml`"]);
    told(&folder().pql("score events.ndjson -m model.toml --users none.csv"), 2, &["cannot read `none.csv`"]);
}

#[test]
fn an_empty_input_is_told_and_writes_nothing() {
    let folder = folder();
    folder.write("empty.ndjson", "");
    for when in ["latest", "2026-10-31"] {
        let outcome = folder.pql(&format!("score empty.ndjson -m model.toml --out out --as-of {when}"));
        told(&outcome, 1, &["the input is empty", "there is no result"]);
        assert_eq!(names(&folder.path().join("out")), [""; 0]);
    }
}

#[test]
fn a_folder_or_pattern_without_event_files_is_told() {
    let folder = folder();
    folder.write("notes/readme.txt", "hello");
    told(
        &folder.pql("score notes -m model.toml"),
        2,
        &["folder `notes` holds no event files", "1 other skipped", ".ndjson"],
    );
    for (file, pattern) in [("days/one.csv", "'days/*.csv'"), ("packed/a/one.CSV.gz", "'packed/a/*.csv.gz'")] {
        folder.write(file, "event\n");
        let top = file.split('/').next().unwrap_or_default();
        let outcome = folder.pql(&format!("score {top} -m model.toml"));
        told(&outcome, 2, &["CSV files in a folder are not read", pattern]);
    }
    told(&folder.pql("score notes/*.gz -m model.toml"), 2, &["`notes/*.gz` matches no file", "check the folder"]);
}

#[test]
fn ten_different_errors_are_all_told_at_once_with_their_places() {
    let model = r#"time_zone = "Europe/Berlim"
week_starts = "monday"

[metrics]
invites = { measure = "count", event = "team_invite_sent" }
Wrong = { measure = "count" }
select = { measure = "count" }
sums = { measure = "sum", event = "paid" }

[user.traits]
role = { type = "text" }

[[user.signals]]
name = "one"
when = "role > 3"
points = 1

[[user.signals]]
name = "one"
when = "invites >= 1"
points = 1

[[user.signals]]
name = "two"
when = "invites >= 2"
points = "two"

[[user.signals]]
name = "ladder"
value = "invites"
ladder = [{ at_least = 3, points = 10 }, { at_least = 1, points = 20 }]

[[user.tiers]]
name = "hot"
at_least = 10
"#;
    let places = [
        ("M008", "2:13"),  // time zone
        ("M002", "3:1"),   // unknown key
        ("M005", "7:1"),   // name in capitals
        ("M018", "8:1"),   // reserved word
        ("M004", "9:1"),   // no value
        ("M010", "16:9"),  // text against number
        ("M006", "20:8"),  // second signal of one name
        ("M003", "27:10"), // points as text
        ("M015", "32:55"), // falling rungs
        ("M016", "35:8"),  // last tier with a condition
    ];
    let folder = folder();
    folder.write("bad.toml", format!("schema = 1\n{model}"));
    let checked = folder.pql("check bad.toml");
    let scored = folder.pql("score events.ndjson -m bad.toml --out out");
    assert_eq!((checked.code, scored.code), (1, 2), "{checked:?}");
    for (code, place) in places {
        let line = place.split(':').next().expect("a line");
        for text in [&checked.stderr, &scored.stderr] {
            let problem = text.split("\n\n").find(|problem| problem.starts_with(&format!("error[{code}]")));
            let problem = problem.unwrap_or_else(|| panic!("no {code} in:\n{text}"));
            // A missing key is reported at its table, at any column.
            let expected =
                if code == "M004" { format!("--> bad.toml:{line}:") } else { format!("--> bad.toml:{place}\n") };
            assert!(problem.contains(&expected), "{code} is not at {place}:\n{problem}");
        }
    }
    assert!(names(&folder.path().join("out")).is_empty());
}

#[test]
fn problems_of_one_entry_are_all_told() {
    check(
        "[[user.signals]]\nname = \"s\"\nwhen = \"invits > 1\"\npoints = \"two\"\n[[user.signals]]\nname = \"s\"\nponts = 1\npoints = 1\n",
        &[
            "error[M003]",
            "bad.toml:5:10",
            "error[M002]",
            "bad.toml:8:1",
            "error[M011]",
            "bad.toml:4:9",
            "error[M006]",
            "bad.toml:7:8",
        ],
    );
}

#[test]
fn a_problem_is_told_once_and_not_again_wherever_its_name_is_used() {
    let folder = folder();
    let metric = "[metrics]\nhits = { measure = \"count\", evnt = \"visit\" }\n";
    let use_of_it =
        "[user.facts]\nmore = \"hits + 1\"\n[[user.signals]]\nname = \"s\"\nwhen = \"hits > 1\"\npoints = 1\n";
    folder.write("bad.toml", format!("schema = 1\n{metric}{use_of_it}"));
    let outcome = folder.pql("check bad.toml");
    told(&outcome, 1, &["error[M002]", "bad.toml:3:29", "`evnt`", "`event`"]);
    assert_eq!(outcome.stderr.matches("error[").count(), 1, "{}", outcome.stderr);
}

#[test]
fn a_version_that_is_not_known_is_refused() {
    let folder = folder();
    folder.write("bad.toml", MODEL.replace("schema = 1", "schema = 7"));
    let parts = ["error[M007]", "schema 7 is not known", "bad.toml:1:10", "only schema 1 is", "help:"];
    told(&folder.pql("check bad.toml"), 1, &parts);
    told(&folder.pql("score events.ndjson -m bad.toml"), 2, &parts);
}

#[test]
fn a_time_zone_that_does_not_exist_is_told_with_the_nearest_one() {
    check(
        "time_zone = \"Europe/Berlim\"\n",
        &["error[M008]", "no time zone `Europe/Berlim`", "bad.toml:2:13", "IANA", "`Europe/Berlin`"],
    );
}

#[test]
fn expressions_of_wrong_types_are_errors_before_an_event_is_read() {
    for (condition, found) in [
        ("role > 3", "`role` is text, and `3` is a number"),
        ("role + 1 > 2", "`role`"),
        ("events", "events"),
        ("date '2026-02-30' < today", "2026-02-30"),
        ("role like 'a\\\\%'", "backslash"),
        ("events >", "bad.toml:6:"),
    ] {
        let model = format!(
            "[user.traits]\nrole = {{ type = \"text\" }}\n[[user.signals]]\nname = \"s\"\nwhen = \"{condition}\"\npoints = 1\n"
        );
        check(&model, &["error[M010]", "bad.toml:6:", found]);
    }
}

#[test]
fn facts_that_need_each_other_are_printed_as_a_circle() {
    check(
        "[user.facts]\na = \"b + 1\"\nb = \"c + 1\"\nc = \"a + 1\"\n",
        &["error[M013]", "a → b → c → a", "bad.toml:5:6", "closes the circle"],
    );
}

#[test]
fn what_comes_later_cannot_be_used_and_the_error_says_so() {
    check(
        "[[user.signals]]\nname = \"s\"\nwhen = \"score > 3\"\npoints = 1\n",
        &["error[M012]", "bad.toml:4:9", "score"],
    );
}

#[test]
fn the_last_tier_takes_all_that_are_left() {
    check(
        "[[user.tiers]]\nname = \"hot\"\nat_least = 1\n",
        &["error[M016]", "the last tier, `hot`, has a condition", "bad.toml:3:8", "help:"],
    );
}

#[test]
fn names_must_differ_and_must_be_free() {
    check(
        "[[user.signals]]\nname = \"s\"\nwhen = \"events > 1\"\npoints = 1\n[[user.signals]]\nname = \"s\"\nwhen = \"events > 2\"\npoints = 1\n",
        &["error[M006]", "two signals are called `s`", "bad.toml:7:8", "the first one", "the second one"],
    );
    check("[user.facts]\ntoday = \"1\"\n", &["error[M006]", "bad.toml:3:1", "`today` is built in", "help:"]);
    for word in ["select", "all", "and", "case"] {
        let reserved = format!("`{word}` is a word that SQL reserves");
        check(&format!("[user.facts]\n{word} = \"1\"\n"), &["error[M018]", "bad.toml:3:1", &reserved, "help:"]);
    }
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one() {
    check(
        "[[user.signals]]\nname = \"s\"\nwhen = \"events > 1\"\nponts = 1\n",
        &["error[M002]", "unknown key `ponts`", "bad.toml:5:1", "a name that exists is `points`"],
    );
}

#[test]
fn settings_that_cannot_be_read_are_told_with_what_is_expected() {
    let outcome = folder().pql("score events.ndjson -m model.toml --as-of someday");
    told(&outcome, 2, &["--as-of `someday`", "2026-10-31", "`yesterday`", "`latest`"]);
    let outcome = folder().pql("score events.ndjson -m model.toml --as-of 2026-02-30");
    told(&outcome, 2, &["--as-of `2026-02-30`"]);
    for limit in ["lots", "-1", "101%", "1.5"] {
        let outcome = folder().pql(&format!("score events.ndjson -m model.toml --max-rejects={limit}"));
        told(&outcome, 2, &[&format!("--max-rejects `{limit}`"), "1%", "100"]);
    }
}
