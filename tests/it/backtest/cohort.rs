//! Who counts: what a date may know, when the horizon ends, and goals that come again.

use super::{HandCase, event, number};

/// The label of each account after one date.
fn labels(case: &HandCase, options: &str) -> Vec<(String, String)> {
    case.rows(options, &["label"]).into_iter().map(|(id, cells)| (id, cells[0].clone())).collect()
}

/// Accounts that are named after what they should be labelled, with one outcome each.
fn assert_labels(outcomes: &[(&str, &str, &str)], options: &str) {
    let accounts: Vec<String> = outcomes.iter().enumerate().map(|(n, _)| format!("a{n}")).collect();
    let uses: Vec<(&str, &str, usize)> = accounts.iter().map(|name| (name.as_str(), "2026-01-05", 1)).collect();
    let lines: Vec<String> =
        accounts.iter().zip(outcomes).map(|(name, (word, at, _))| format!("{name},{word},{at}")).collect();
    let case = HandCase::new(&uses).outcomes(lines.iter().map(String::as_str));
    for ((id, label), (word, at, expected)) in labels(&case, options).iter().zip(outcomes) {
        assert_eq!(label, expected, "{id}: {word} at {at} with {options}");
    }
}

#[test]
fn a_goal_counts_from_the_end_of_the_date_to_the_end_of_the_horizon() {
    let cases = [
        ("won", "2026-01-20", "reached_before"),
        ("won", "2026-01-31", "reached_before"),
        ("won", "2026-01-31T23:59:59.999999Z", "reached_before"),
        ("won", "2026-02-01T00:00:00Z", "positive"),
        ("won", "2026-02-01", "positive"),
        ("won", "2026-02-10", "positive"),
        ("won", "2026-02-10T23:59:59.999999Z", "positive"),
        ("won", "2026-02-11T00:00:00Z", "negative"),
        ("won", "2026-02-11", "negative"),
        ("lost", "2026-02-05", "negative"),
    ];
    assert_labels(&cases, "--from 2026-01-31 --to 2026-01-31 --horizon 10d");
}

#[test]
fn a_date_is_mature_once_all_of_its_horizon_is_known() {
    let one = |at: &'static str, label: &'static str| [("won", at, label)];
    let date = "--from 2026-01-31 --to 2026-01-31 --horizon 10d";
    assert_labels(&one("2026-02-10", "positive"), date);
    assert_labels(&one("2026-02-09", "not_mature"), date);
    assert_labels(&one("2026-02-09", "positive"), &format!("{date} --known-to 2026-02-10"));
    assert_labels(&one("2026-02-10", "not_mature"), &format!("{date} --known-to 2026-02-09"));
    // What was reached before is known, whatever the horizon.
    assert_labels(&one("2026-01-09", "reached_before"), date);
}

#[test]
fn dates_and_horizons_are_those_of_the_zone() {
    // Summer time begins on the 29th: that date has 23 hours.
    let model = super::MODEL.replace("schema = 1", "schema = 1\ntime_zone = \"Europe/Berlin\"");
    let cases = [
        ("2026-03-28T22:59:59Z", "reached_before"),
        ("2026-03-28T23:00:00Z", "positive"),
        ("2026-03-29", "positive"),
        ("2026-03-29T21:59:59Z", "positive"),
        ("2026-03-29T22:00:00Z", "negative"),
        ("2026-03-30", "negative"),
    ];
    let names = ["a0", "a1", "a2", "a3", "a4", "a5"];
    let lines: Vec<String> = names.iter().zip(cases).map(|(name, (at, _))| format!("{name},won,{at}")).collect();
    let events: String = names.iter().map(|name| event("use", name, "2026-03-02")).collect();
    let case = HandCase::of_lines(&model, &events).outcomes(lines.iter().map(String::as_str));
    let found = labels(&case, "--from 2026-03-28 --to 2026-03-28 --horizon 1d");
    for ((_, label), (at, expected)) in found.iter().zip(cases) {
        assert_eq!(label, expected, "won at {at}");
    }
}

#[test]
fn an_expansion_asks_for_a_win_and_counts_again_after_ninety_quiet_days() {
    let case = HandCase::new(&[
        ("bought", "2025-08-01", 1),
        ("never", "2025-08-01", 1),
        ("quiet", "2025-08-01", 1),
        ("recent", "2025-08-01", 1),
    ])
    .outcomes([
        "never,expansion,2026-02-05",
        "bought,won,2025-09-01",
        "bought,expansion,2026-02-05",
        // 92 and 88 days before the first of February.
        "quiet,won,2025-09-01",
        "quiet,expansion,2025-11-01",
        "quiet,expansion,2026-02-05",
        "recent,won,2025-09-01",
        "recent,expansion,2025-11-05",
        "recent,expansion,2026-02-05",
        "recent,contacted,2026-02-28",
    ]);
    let found = labels(&case, "--goal expansion --from 2026-01-31 --to 2026-01-31 --horizon 10d");
    let expected =
        [("bought", "positive"), ("never", "reached_before"), ("quiet", "positive"), ("recent", "reached_before")];
    assert_eq!(found, expected.map(|(id, label)| (id.to_owned(), label.to_owned())));
}

#[test]
fn each_step_counts_rows_and_accounts() {
    // Weekly dates 2026-01-10, 17 and 24, of which the last is not mature.
    let case = HandCase::new(&[
        ("a", "2026-01-10", 1),
        ("b", "2026-01-10", 1),
        ("c", "2026-01-12", 1),
        ("d", "2026-01-24", 1),
    ])
    .outcomes(["a,won,2026-01-13", "b,won,2026-01-20", "b,contacted,2026-01-27"]);
    let report = case.report("--horizon 7d");
    let step = |name: &str| ["rows", "entities"].map(|part| number(&report, &format!("/cohort/{name}/{part}")));
    assert_eq!(step("seen"), [9.0, 4.0], "2 on the first date, 3 on the second, 4 on the third");
    assert_eq!(step("open"), [6.0, 4.0], "a counts once, b twice, c twice, d once");
    assert_eq!(step("mature"), [4.0, 3.0], "a, b; b, c");
    assert_eq!(step("positive"), [2.0, 2.0], "a after the first date, b after the second");
}

#[test]
fn a_planned_outcome_is_counted_and_not_used() {
    let case = HandCase::new(&[("a", "2026-01-05", 1)]).outcomes(["a,won,2026-01-08", "a,won,2999-01-01,9,d9"]);
    let outcome = case.done("--from 2026-01-06 --to 2026-01-06 --horizon 2d --format json");
    assert!(outcome.stderr.contains("1 outcome lies after the clock"), "{}", outcome.stderr);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(report["question"]["known_to"], "2026-01-08");
}
