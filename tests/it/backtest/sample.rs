//! The sample of the project: no date sees what came after it, and the truth that `fixtures/outcomes.py` states shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde_json::Value;

use super::number;
use crate::run::{Folder, rows};

fn fixture(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).display().to_string()
}

fn tables() -> String {
    format!(
        "--users {} --accounts {} --outcomes {} -q",
        fixture("users.csv"),
        fixture("accounts.csv"),
        fixture("outcomes.csv")
    )
}

/// By date and id what the model said: score and suppression.
type Said = BTreeMap<(String, String), [String; 2]>;

fn said_by_the_back_test(folder: &Folder, options: &str) -> Said {
    let outcome = folder.pql(&format!(
        "backtest {} {} --horizon 30d --rows rows.csv {options}",
        fixture("events.ndjson"),
        tables()
    ));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let table = rows(&folder.read("rows.csv"));
    let place = |name: &str| table[0].iter().position(|known| known == name).expect("a column");
    let said = table[1..].iter().map(|row| {
        let [date, id, score, suppressed] = ["as_of", "id", "score", "suppressed"].map(|name| row[place(name)].clone());
        ((date, id), [score, suppressed])
    });
    said.collect()
}

/// The end of the day before an instant such as `2026-08-31T00:00:00Z`, as a date.
fn date_before(instant: &str) -> String {
    let instant: jiff::Timestamp = instant.parse().expect("an instant");
    (instant - jiff::SignedDuration::from_hours(24)).strftime("%Y-%m-%d").to_string()
}

/// The lines of the sample with a time before an instant, and those without a time that can be read.
fn events_before(instant: &str) -> String {
    let end: jiff::Timestamp = instant.parse().expect("an instant");
    let text = std::fs::read_to_string(fixture("events.ndjson")).expect("the sample");
    let is_before = |line: &&str| {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        event["timestamp"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok()).is_none_or(|at| at < end)
    };
    text.lines().filter(is_before).map(|line| format!("{line}\n")).collect()
}

/// Holds each row against a run of its own over the events before the date.
fn assert_no_leak(level: &str, options: &str) -> usize {
    let folder = Folder::in_memory();
    let said = said_by_the_back_test(&folder, &format!("--level {level} {options}"));
    let dates: BTreeSet<&String> = said.keys().map(|(date, _)| date).collect();
    let mut compared = 0;
    for date in dates {
        folder.write("before.ndjson", events_before(date));
        let day = date_before(date);
        let outcome = folder.pql(&format!(
            "score before.ndjson {} --as-of {day} --level {level} --columns {level}_id,score,suppressed --max-rejects 100%",
            tables()
        ));
        assert_eq!(outcome.code, 0, "{day}: {}", outcome.stderr);
        let table = rows(&outcome.stdout);
        for row in &table[1..] {
            let [score, suppressed] = &said[&(date.clone(), row[0].clone())];
            assert_eq!((score, suppressed == "true"), (&row[1], !row[2].is_empty()), "{} at {day}", row[0]);
            compared += 1;
        }
    }
    assert_eq!(compared, said.len(), "the back-test has other rows than the runs");
    compared
}

#[test]
fn each_date_says_what_a_run_over_the_events_before_it_says() {
    let accounts = assert_no_leak("account", "--every 2w");
    let users = assert_no_leak("user", "--every 4w");
    assert!(accounts >= 400 && users >= 500, "{accounts} and {users} rows");
}

fn report(options: &str) -> Value {
    let outcome = Folder::in_memory().pql(&format!(
        "backtest {} {} --horizon 30d --format json {options}",
        fixture("events.ndjson"),
        tables()
    ));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

#[test]
fn a_higher_score_means_a_better_chance_in_the_sample() {
    let report = report("");
    let auc = number(&report, "/ranking/auc");
    assert!((0.65..0.95).contains(&auc), "AUC {auc}");
    assert!(number(&report, "/ranking/auc_interval/0") > 0.55, "{}", report["ranking"]["auc_interval"]);
    assert_eq!(report["ranking"]["disordered"], serde_json::json!([]));
    let rate = |place: usize| number(&report, &format!("/ranking/tiers/{place}/rate"));
    // mid_market, smb, individual.
    assert!(rate(1) > 1.5 * rate(2) && rate(2) > 1.5 * rate(3), "{} {} {}", rate(1), rate(2), rate(3));
}

fn rates(report: &Value, signal: &str) -> [f64; 2] {
    let signals = report["signals"].as_array().expect("signals");
    let one = signals.iter().find(|one| one["signal"] == signal).expect("a signal");
    ["if_fired", "if_not"].map(|part| number(one, &format!("/{part}/share")))
}

#[test]
fn signals_that_buyers_have_by_the_truth_have_the_higher_rate() {
    let report = report("");
    // Invitations double the hazard, and more active people multiply it.
    for (signal, least) in [("members.team_invites", 2.0), ("active_people", 2.0), ("team_growth", 2.0)] {
        let [fired, not] = rates(&report, signal);
        assert!(fired > least * not, "{signal}: {fired} and {not}");
    }
    let leaks = report["signals"].as_array().expect("signals").iter().filter(|one| one["leak"] == true);
    assert_eq!(leaks.count(), 0, "no signal of the sample is the outcome");
}

#[test]
fn the_rate_rises_with_the_number_of_people_as_the_truth_says() {
    // Hazard ratios of active people in 28 days: none 0.2, one 1, two 2, three or four 5, more 8.
    let folder = Folder::in_memory();
    folder.write(
        "people.toml",
        "schema = 1\n[metrics]\n[[account.signals]]\nname = \"people\"\nper = \"active_users_28\"\npoints = 1\n\
         [[account.tiers]]\nname = \"five\"\nat_least = 5\nqualified = true\n[[account.tiers]]\nname = \"three\"\nat_least = 3\n\
         [[account.tiers]]\nname = \"one\"\nat_least = 1\n[[account.tiers]]\nname = \"none\"\n",
    );
    let outcome = folder.pql(&format!(
        "backtest {} -m people.toml --outcomes {} -q --horizon 30d --format json",
        fixture("events.ndjson"),
        fixture("outcomes.csv")
    ));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let rate = |place: usize| number(&report, &format!("/ranking/tiers/{place}/rate"));
    assert!(rate(0) > rate(1) && rate(1) > rate(2) && rate(2) > rate(3), "{}", report["ranking"]["tiers"]);
    assert!(rate(0) > 4.0 * rate(2), "five against one or two: {} and {}", rate(0), rate(2));
}

#[test]
fn a_win_follows_its_opportunity_after_three_to_seventeen_days() {
    let report = report("");
    let origins = report["triggers"]["deals"]["origins"].as_array().expect("origins");
    let cycle =
        |name: &str| origins.iter().find(|one| one["origin"] == name).map(|one| number(one, "/median_cycle_days"));
    for name in ["pql", "other"] {
        let days = cycle(name).expect("an origin");
        assert!((3.0..=17.0).contains(&days), "{name}: {days}");
    }
    let median = number(&report, "/triggers/ends/1/median_days");
    assert!((3.0..45.0).contains(&median), "{median}");
}
