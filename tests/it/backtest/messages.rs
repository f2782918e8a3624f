//! Endings, and inputs of which nothing can be said.

use super::{HandCase, event};

fn small() -> HandCase {
    HandCase::new(&[("a", "2026-01-05", 3), ("b", "2026-01-05", 1)])
        .outcomes(["a,won,2026-02-03", "a,contacted,2026-03-10"])
}

#[test]
fn what_is_asked_wrongly_is_said_with_what_is_expected() {
    let case = small();
    let cases = [
        ("--goal bought", "expected one of contacted, responded, meeting"),
        ("--goal nps", "expected one of"),
        ("--horizon 2m", "expected days such as 60d"),
        ("--horizon 0d", "expected days such as 60d"),
        ("--capacity 20", "expected leads and weeks such as 20/1w"),
        ("--capacity 0/1w", "expected leads and weeks such as 20/1w"),
        ("--from 2026-02-01 --to 2026-01-01", "the last date 2026-01-01 is before the first date 2026-02-01"),
        ("--from yesterday", "--from"),
        ("--known-to 2026-13-01", "--known-to"),
        ("--rows rows.txt", "expected .csv, .json or .ndjson"),
        ("--outcomes-out rows", "expected .csv, .json or .ndjson"),
        ("--every 0w", "expected days such as 1d"),
        ("--every 1d --from 1990-01-01", "choose a shorter range or a longer step"),
    ];
    for (options, expected) in cases {
        let outcome = case.run(options);
        assert_eq!(outcome.code, 2, "{options}: {outcome:?}");
        assert!(outcome.stderr.contains(expected), "{options}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{options}");
    }
}

#[test]
fn a_back_test_without_outcomes_names_the_option() {
    let outcome = small().0.pql("backtest e.ndjson -m m.toml");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("name a file of outcomes with --outcomes"), "{}", outcome.stderr);
}

#[test]
fn files_without_an_outcome_that_can_be_used_end_the_run() {
    for lines in
        [vec![], vec!["a,bought,2026-02-03"], vec!["a,won,soon"], vec!["a,won,2999-01-01"], vec![",won,2026-02-03"]]
    {
        let outcome = small().outcomes(lines.clone()).run("");
        assert_eq!(outcome.code, 2, "{lines:?}: {outcome:?}");
        assert!(outcome.stderr.contains("no outcome that can be used"), "{lines:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{lines:?}");
    }
}

#[test]
fn outcomes_that_match_nobody_are_warned_of_even_with_quiet() {
    let case = small().outcomes(["x,won,2026-02-03", "y,lost,2026-03-03"]);
    let outcome = case.done("-q --from 2026-01-31 --to 2026-01-31 --horizon 10d");
    assert!(outcome.stderr.contains("warning: none of 2 outcomes fits a user or account"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("Nobody reached the goal"), "{}", outcome.stdout);
}

#[test]
fn rows_of_one_kind_alone_judge_no_score() {
    let date = "-q --from 2026-01-31 --to 2026-01-31 --horizon 10d";
    let case = small();
    let all = case.outcomes(["a,won,2026-02-03", "b,won,2026-02-03", "a,contacted,2026-03-10"]).done(date).stdout;
    assert!(all.contains("All reached the goal"), "{all}");
    assert!(all.contains("the order of scores cannot be judged"), "{all}");
    let none = small().outcomes(["a,contacted,2026-03-10"]).done(date).stdout;
    assert!(none.contains("Nobody reached the goal"), "{none}");
    assert!(none.contains("the order of scores cannot be judged"), "{none}");
    let early = small().outcomes(["a,won,2026-02-03"]).done(date).stdout;
    assert!(
        early.contains(
            "No date is old enough to know what followed. Choose earlier dates with --to, or a shorter --horizon."
        ),
        "{early}"
    );
    for text in [all, none, early] {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}

#[test]
fn a_model_without_tiers_and_events_of_no_account_are_judged_too() {
    let model = "schema = 1\n[[user.signals]]\nname = \"used\"\nevent = \"use\"\npoints = 5\n";
    let line =
        |user: &str| format!("{{\"event\":\"use\",\"timestamp\":\"2026-01-05T08:00:00Z\",\"user_id\":\"{user}\"}}\n");
    let case = HandCase::of_lines(model, &(line("a") + &line("b")))
        .outcomes([",won,2026-02-03,,,,a", ",contacted,2026-03-10,,,,b"]);
    let report = case.report("--level user --from 2026-01-31 --to 2026-01-31 --horizon 10d");
    assert_eq!(report["cohort"]["positive"]["rows"], 1);
    let accounts = case.report("--from 2026-01-31 --to 2026-01-31 --horizon 10d");
    assert_eq!(accounts["cohort"]["seen"]["rows"], 0);
}

#[test]
fn no_events_at_all_are_an_error_or_an_empty_report() {
    let case = small();
    case.0.write("e.ndjson", "");
    let outcome = case.run("-q");
    assert_ne!(outcome.code, 101, "{outcome:?}");
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
}

#[test]
fn a_date_before_all_events_has_nobody() {
    let report = small().report("--from 2025-12-01 --to 2025-12-01 --horizon 10d");
    assert_eq!(report["cohort"]["seen"]["rows"], 0);
}

#[test]
fn an_event_later_than_the_last_date_is_not_needed_for_a_match() {
    // The account is seen at the date; its outcome is known by its id.
    let lines = event("use", "a", "2026-01-05") + &event("use", "later", "2026-03-05");
    let case = HandCase::of_lines(super::MODEL, &lines).outcomes(["a,won,2026-02-03", "later,won,2026-03-09"]);
    let report = case.report("--from 2026-01-31 --to 2026-01-31 --horizon 10d");
    assert_eq!(report["cohort"]["seen"]["rows"], 1);
    assert_eq!(report["cohort"]["positive"]["rows"], 1);
}
