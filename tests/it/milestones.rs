//! Milestones: deadlines, people close in time, and what the data cannot tell.

use std::fmt::Write;

use crate::run::{Folder, rows};

/// The day of the sign-up that every case begins with, and the instant that it is looked at from.
const AS_OF: &str = "2026-10-31T00:00:00Z";

/// An event of a user of account `a`: day of October and hour, name, user.
type Happened = (&'static str, &'static str, &'static str);

/// What an account's milestone `m` is, by its definition and by events.
struct MilestoneCase {
    about: &'static str,
    milestone: &'static str,
    events: &'static [Happened],
    /// The state, and when it was reached.
    expected: (&'static str, &'static str),
}

const SIGN_UP: Happened = ("05T08", "signup_completed", "p");

const CASES: &[MilestoneCase] = &[
    MilestoneCase {
        about: "without a deadline it can always still be reached",
        milestone: "event = 'done'\ntimes = 2\nwithin = '1d'",
        events: &[SIGN_UP, ("05T09", "done", "p")],
        expected: ("pending", ""),
    },
    MilestoneCase {
        about: "the end of a deadline belongs to it",
        milestone: "event = 'done'\ndeadline = '2d'",
        events: &[SIGN_UP, ("07T08", "done", "p")],
        expected: ("reached", "2026-10-07T08:00:00Z"),
    },
    MilestoneCase {
        about: "what comes after the deadline does not count, and missed is for good",
        milestone: "event = 'done'\ndeadline = '2d'",
        events: &[SIGN_UP, ("07T09", "done", "p"), ("20T08", "done", "p")],
        expected: ("missed", ""),
    },
    MilestoneCase {
        about: "before the deadline is over it is pending",
        milestone: "event = 'done'\ndeadline = '30d'",
        events: &[SIGN_UP, ("05T08", "other", "p"), ("09T08", "done", "")],
        expected: ("reached", "2026-10-09T08:00:00Z"),
    },
    MilestoneCase {
        about: "as_of at the end of the deadline is still in time",
        milestone: "event = 'done'\nwhere = \"kind = 'x'\"\ndeadline = '616h'",
        events: &[SIGN_UP, ("09T08", "done", "p")],
        expected: ("pending", ""),
    },
    MilestoneCase {
        about: "an hour later it is over",
        milestone: "event = 'done'\nwhere = \"kind = 'x'\"\ndeadline = '615h'",
        events: &[SIGN_UP, ("09T08", "done", "p")],
        expected: ("missed", ""),
    },
    MilestoneCase {
        about: "what was reached before the start is reached",
        milestone: "event = 'done'\ndeadline = '2d'",
        events: &[("04T08", "done", "p"), SIGN_UP],
        expected: ("reached", "2026-10-04T08:00:00Z"),
    },
    MilestoneCase {
        about: "steps may take their time apart from the deadline",
        milestone: "steps = ['done', 'back']\nwithin = '7d'\ndeadline = '10d'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("13T08", "back", "p"), ("14T08", "done", "p")],
        expected: ("reached", "2026-10-13T08:00:00Z"),
    },
    MilestoneCase {
        about: "the deadline of several users is that of the account",
        milestone: "event = 'done'\nmin_users = 2\ndeadline = '7d'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("11T08", "signup_completed", "q"), ("13T08", "done", "q")],
        expected: ("missed", ""),
    },
    MilestoneCase {
        about: "two users together, each at its own first time",
        milestone: "event = 'done'\nmin_users = 2\ntogether = '2d'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("10T08", "done", "q"), ("12T08", "done", "r")],
        expected: ("reached", "2026-10-12T08:00:00Z"),
    },
    MilestoneCase {
        about: "a later time of the first user brings them no closer",
        milestone: "event = 'done'\nmin_users = 2\ntogether = '2d'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("10T08", "done", "p"), ("10T09", "done", "q")],
        expected: ("pending", ""),
    },
    MilestoneCase {
        about: "together and in time",
        milestone: "event = 'done'\nmin_users = 2\ntogether = '2d'\ndeadline = '6d'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("10T08", "done", "q"), ("12T08", "done", "r")],
        expected: ("missed", ""),
    },
    MilestoneCase {
        about: "different days without any span",
        milestone: "event = 'done'\ntimes = 2\ncount_by = 'days'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("06T09", "done", "p"), ("25T08", "done", "p")],
        expected: ("reached", "2026-10-25T08:00:00Z"),
    },
    MilestoneCase {
        about: "a whole is missed with one of its parts",
        milestone: "all = ['part', 'late']",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("20T08", "back", "p")],
        expected: ("missed", ""),
    },
    MilestoneCase {
        about: "a whole has a deadline of its own",
        milestone: "all = ['part', 'ever']\ndeadline = '10d'",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("20T08", "back", "p")],
        expected: ("missed", ""),
    },
    MilestoneCase {
        about: "a whole is reached at the latest of its parts",
        milestone: "all = ['part', 'ever']",
        events: &[SIGN_UP, ("06T08", "done", "p"), ("20T08", "back", "p")],
        expected: ("reached", "2026-10-20T08:00:00Z"),
    },
    MilestoneCase {
        about: "an event that nobody has",
        milestone: "event = ['done', 'finished']",
        events: &[SIGN_UP],
        expected: ("unknown", ""),
    },
    MilestoneCase {
        about: "one of several names is enough",
        milestone: "event = ['done', 'finished']\nwhere = \"kind = 'x'\"",
        events: &[SIGN_UP, ("06T08", "finished", "p")],
        expected: ("pending", ""),
    },
    MilestoneCase {
        about: "a step that nobody takes",
        milestone: "steps = ['done', 'back']\ndeadline = '1d'",
        events: &[SIGN_UP, ("06T08", "done", "p")],
        expected: ("unknown", ""),
    },
    MilestoneCase {
        about: "a part that is unknown",
        milestone: "all = ['part', 'ever']",
        events: &[SIGN_UP, ("06T08", "done", "p")],
        expected: ("unknown", ""),
    },
    MilestoneCase {
        about: "a name of a part of an event goes by the event",
        milestone: "event = 'done_well'",
        events: &[SIGN_UP, ("06T08", "done", "p")],
        expected: ("pending", ""),
    },
    MilestoneCase {
        about: "what internal people do is no event that counts",
        milestone: "event = 'done'",
        events: &[SIGN_UP, ("06T08", "done", "qa-1")],
        expected: ("unknown", ""),
    },
    MilestoneCase {
        about: "any activity is always known",
        milestone: "times = 9",
        events: &[SIGN_UP],
        expected: ("pending", ""),
    },
];

/// The milestones of a case: its own, and those that it may be made of.
fn model(milestone: &str) -> String {
    let mut toml = "schema = 1\nname = 'm'\n[identity]\nexclude_users = ['qa-*']\n\
        [events]\ndone_well = { event = 'done', where = \"kind = 'well'\" }\n"
        .to_owned();
    if milestone.starts_with("all") {
        toml += "[[account.milestones]]\nname = 'part'\nevent = 'done'\n\
            [[account.milestones]]\nname = 'late'\nevent = 'back'\ndeadline = '7d'\n\
            [[account.milestones]]\nname = 'ever'\nevent = 'back'\n";
    }
    let _ = writeln!(toml, "[[account.milestones]]\nname = 'm'\n{milestone}");
    toml
}

fn events(happened: &[Happened]) -> String {
    let mut lines = String::new();
    for (at, event, user) in happened {
        let user = if user.is_empty() { String::new() } else { format!(r#""user_id":"{user}","#) };
        let _ = writeln!(
            lines,
            r#"{{"event":"{event}","timestamp":"2026-10-{at}:00:00Z",{user}"account_id":"a","properties":{{}}}}"#
        );
    }
    lines
}

#[test]
fn milestones_are_reached_pending_missed_or_unknown() {
    let mut wrong = Vec::new();
    for case in CASES {
        let folder = Folder::in_memory();
        folder.write("m.toml", model(case.milestone));
        folder.write("e.ndjson", events(case.events));
        let outcome = folder.pql(&format!("score e.ndjson -m m.toml --as-of {AS_OF} -q --out out"));
        assert_eq!(outcome.code, 0, "{}: {}", case.about, outcome.stderr);
        let table = rows(&folder.read("out/accounts.csv"));
        let cell = |name: &str| table[1][table[0].iter().position(|column| column == name).expect("a column")].clone();
        if (cell("m").as_str(), cell("m_at").as_str()) != case.expected {
            wrong.push(format!("{}: {} {}, not {:?}", case.about, cell("m"), cell("m_at"), case.expected));
        }
        let warned = outcome.stderr.contains("warning: the milestone");
        assert_eq!(warned, case.expected.0 == "unknown", "{}: {}", case.about, outcome.stderr);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Three accounts that signed up on days 1, 20 and 29; the first two did it.
fn three_accounts() -> String {
    let mut lines = String::new();
    for (account, at) in [("a", "01T08"), ("b", "20T08"), ("c", "29T08")] {
        let _ = writeln!(
            lines,
            r#"{{"event":"signup_completed","timestamp":"2026-10-{at}:00:00Z","user_id":"{account}1","account_id":"{account}"}}"#
        );
    }
    lines
        + r#"{"event":"done","timestamp":"2026-10-02T08:00:00Z","user_id":"a1","account_id":"a"}
{"event":"done","timestamp":"2026-10-30T08:00:00Z","user_id":"b1","account_id":"b"}
"#
}

/// The account's record of a milestone under a definition.
fn record(milestone: &str) -> (serde_json::Value, String) {
    let folder = Folder::in_memory();
    folder.write("m.toml", model(milestone));
    folder.write("e.ndjson", three_accounts());
    let outcome = folder.pql(&format!("score e.ndjson -m m.toml --as-of {AS_OF} --out out"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let milestones = record["accounts"]["milestones"].as_array().expect("a list");
    (milestones.iter().find(|one| one["name"] == "m").expect("the milestone").clone(), outcome.stderr)
}

#[test]
fn rates_are_over_those_who_have_had_the_time_that_it_may_take() {
    // (definition, reached, pending, missed, unknown, rate, rate_over, left_out)
    let table = [
        ("event = 'done'", [2, 1, 0, 0], Some(2.0 / 3.0), 3, 0),
        ("event = 'done'\ndeadline = '7d'", [1, 1, 1, 0], Some(0.5), 2, 1),
        ("event = 'done'\ntimes = 2\nwithin = '15d'", [0, 3, 0, 0], Some(0.0), 1, 2),
        (
            "event = 'done'\ntimes = 2\ncount_by = 'days'\nwithin = '15d'\ndeadline = '1d'",
            [0, 0, 3, 0],
            Some(0.0),
            3,
            0,
        ),
        ("all = ['part']\ndeadline = '7d'", [1, 1, 1, 0], Some(0.5), 2, 1),
        ("event = 'never'", [0, 0, 0, 3], None, 0, 3),
    ];
    for (milestone, [reached, pending, missed, unknown], rate, over, left_out) in table {
        let (record, _) = record(milestone);
        let counts = ["reached", "pending", "missed", "unknown"].map(|word| record[word].as_u64());
        assert_eq!(counts, [reached, pending, missed, unknown].map(Some), "{milestone}");
        assert_eq!(
            record["rate"].as_f64().map(|rate| (rate * 1e6).round()),
            rate.map(|rate: f64| (rate * 1e6).round())
        );
        assert_eq!(
            (record["rate_over"].as_u64(), record["left_out"].as_u64()),
            (Some(over), Some(left_out)),
            "{milestone}"
        );
    }
}

#[test]
fn a_warning_names_the_milestones_and_the_events_that_are_absent() {
    let (_, stderr) = record("all = ['part', 'ever']");
    let expected = "warning: the milestones `late`, `ever` and `m` of accounts are unknown, since no event that counts is named `back`\n";
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn facts_do_not_know_what_is_unknown() {
    let folder = Folder::in_memory();
    folder.write("m.toml", model("event = 'never'") + "[output]\naccount_columns = ['m_pending']\n");
    folder.write("e.ndjson", three_accounts());
    let outcome = folder.pql(&format!("score e.ndjson -m m.toml --as-of {AS_OF} -q"));
    let table = rows(&outcome.stdout);
    assert_eq!(table[1].last().map(String::as_str), Some("true"), "{}", outcome.stdout);
    let at = table[0].iter().position(|column| column == "m").expect("a column");
    assert_eq!(table[1][at], "unknown");
}

#[test]
fn a_case_knows_unknown_only_if_it_says_so() {
    let folder = Folder::in_memory();
    folder.write("m.toml", model("event = 'never'"));
    let case = |word: &str| {
        format!(
            "schema = 1\nmodel = 'm.toml'\nas_of = '{AS_OF}'\n[[case]]\nname = 'one'\n\
             events = [{{ user = 'u', account = 'a', event = 'x', at = '-1d' }}]\n\
             [[case.expect]]\naccount = 'a'\nmilestones = {{ m = '{word}' }}\n"
        )
    };
    for word in ["pending", "unknown"] {
        folder.write("cases.toml", case(word));
        let outcome = folder.pql("test cases.toml");
        assert_eq!(outcome.code, 0, "{word}: {}{}", outcome.stdout, outcome.stderr);
    }
    folder.write("cases.toml", case("missed"));
    assert_eq!(folder.pql("test cases.toml").code, 1);
}

/// The word is asked of milestones; a trait may have it as its value.
#[test]
fn unknown_in_another_column_says_nothing_of_milestones() {
    let folder = Folder::in_memory();
    let shown = "[user.traits]\nplan = { type = 'text' }\n[[user.milestones]]\nname = 'aha'\nevent = 'never'\n[output]\nuser_columns = ['plan']\n";
    folder.write("m.toml", format!("schema = 1\n{shown}"));
    let case = |expected: &str| {
        format!(
            "schema = 1\nmodel = 'm.toml'\nas_of = '{AS_OF}'\n[[case]]\nname = 'one'\n\
             events = [{{ user = 'u', event = 'x', at = '-1d', properties = {{ plan = 'unknown' }} }}]\n\
             [[case.expect]]\nuser = 'u'\n{expected}\n"
        )
    };
    for (expected, code) in [
        ("milestones = { aha = 'pending' }\ncolumns = { plan = 'unknown' }", 0),
        ("columns = { plan = 'unknown', aha = 'unknown' }", 0),
        ("milestones = { aha = 'pending' }\ncolumns = { aha = 'unknown' }", 1),
    ] {
        folder.write("cases.toml", case(expected));
        let outcome = folder.pql("test cases.toml");
        assert_eq!(outcome.code, code, "{expected}: {}{}", outcome.stdout, outcome.stderr);
    }
}

#[test]
fn keys_that_mean_nothing_are_errors_that_name_the_right_one() {
    // The milestone, the part of it that is marked, the message, and the advice.
    let table = [
        (
            "event = 'done'\nwithin = '3d'",
            "'3d'",
            "error[M014]: `within` on a milestone of one event",
            "write `deadline` for a time from the start, or ask for `times` of 2 or more",
        ),
        (
            "event = 'done'\nwithin = '3d'\nmin_users = 2",
            "'3d'",
            "error[M014]: `within` on a milestone of one event",
            "write `together` for users who get there close in time, or `deadline`",
        ),
        (
            "event = 'done'\ncount_by = 'days'\nwithin = '3d'",
            "'3d'",
            "error[M014]: `within` on a milestone of one event",
            "write `deadline`",
        ),
        (
            "event = 'done'\ntogether = '3d'",
            "'3d'",
            "error[M014]: `together` without `min_users`",
            "set `min_users` to 2 or more",
        ),
        (
            "event = 'done'\nmin_users = 1\ntogether = '3d'",
            "'3d'",
            "error[M014]: `together` with `min_users = 1`",
            "set `min_users` to 2 or more",
        ),
        (
            "all = ['part']\nwithin = '3d'",
            "within",
            "error[M002]: unknown key `within` in a milestone",
            "one of `all`, `deadline`, `name` and `target`",
        ),
        (
            "event = 'done'\ndeadline = '3'",
            "'3'",
            "error[M009]: `3` is no duration",
            "a whole number above 0 and one of s, min, h, d, w: `24h`, `7d`",
        ),
    ];
    for (milestone, marked, message, advice) in table {
        let folder = Folder::in_memory();
        let text = model(milestone);
        folder.write("m.toml", &text);
        let outcome = folder.pql("check m.toml");
        assert_eq!(outcome.code, 1, "{milestone}: {outcome:?}");
        let at = text.rfind(marked).expect("a part of the model");
        let before = &text[..at];
        let (line, column) = (before.matches('\n').count() + 1, at - before.rfind('\n').map_or(0, |end| end + 1) + 1);
        let place = format!("--> m.toml:{line}:{column}\n");
        for part in [format!("{message}\n").as_str(), place.as_str(), advice] {
            assert!(outcome.stderr.contains(part), "{milestone}: {part}\n{}", outcome.stderr);
        }
    }
}

#[test]
fn explain_shows_no_way_over_a_milestone_that_is_missed() {
    let folder = Folder::in_memory();
    let tiers = "[[account.signals]]\nname = 's'\nwhen = 'm'\npoints = 10\n\
        [[account.tiers]]\nname = 'good'\nat_least = 10\n[[account.tiers]]\nname = 'rest'\n";
    for (deadline, way) in [("2d", false), ("90d", true)] {
        folder.write("m.toml", model(&format!("event = 'done'\ndeadline = '{deadline}'")) + tiers);
        folder.write("e.ndjson", three_accounts());
        let outcome = folder.pql(&format!("explain account:c e.ndjson -m m.toml --as-of {AS_OF}"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(outcome.stdout.contains("pending"), "{}", outcome.stdout);
        folder.write("e.ndjson", three_accounts().replace("2026-10-29", "2026-10-09"));
        let outcome = folder.pql(&format!("explain account:c e.ndjson -m m.toml --as-of {AS_OF}"));
        let state = if way { "pending" } else { "missed" };
        assert!(outcome.stdout.contains(state), "{}", outcome.stdout);
        assert_eq!(outcome.stdout.contains("  done once by c1: 10 points, good"), way, "{}", outcome.stdout);
    }
}
