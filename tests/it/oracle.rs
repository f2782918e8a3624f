//! The program and the naive scorer agree on random models and random events, cell by cell.

use crate::{
    reference::{
        naive,
        random::{self, Case},
    },
    run::{Folder, rows},
};

/// The number of random cases. Each has its own model.
const CASES: u64 = 300;

/// The first cell in which two tables differ, as a message.
fn difference(what: &str, ours: &[Vec<String>], reference: &[Vec<String>]) -> Option<String> {
    if ours.first() != reference.first() {
        return Some(format!("{what}: headers differ\n  {:?}\n  {:?}", ours.first(), reference.first()));
    }
    let header = ours.first()?;
    for (number, row) in ours.iter().enumerate() {
        let Some(other) = reference.get(number) else {
            return Some(format!("{what}: row {number} is ours alone: {row:?}"));
        };
        for (column, (a, b)) in row.iter().zip(other).enumerate() {
            if a != b {
                return Some(format!(
                    "{what}: `{}` of `{}` is `{a}`, and by the reference `{b}`",
                    header[column], row[0]
                ));
            }
        }
    }
    let row = reference.get(ours.len())?;
    Some(format!("{what}: row {} is the reference's alone: {row:?}", ours.len()))
}

/// Runs one case in both scorers.
fn compare(seed: u64) -> Option<String> {
    compare_case(seed, &random::case(seed), "without_events")
}

/// The same of a case about who is who. How many ids conflict is not compared: events of users who turn out to be internal count there too.
fn compare_twisted(seed: u64) -> Option<String> {
    compare_case(seed, &random::twisted(seed), "id_conflict")
}

fn compare_case(seed: u64, case: &Case, left_out: &str) -> Option<String> {
    let folder = Folder::in_memory();
    folder.write("model.toml", &case.model);
    // Two files, so that the rows of one user come from several.
    let middle = case.events.len() / 2;
    let whole = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    folder.write("events/1.ndjson", whole(&case.events[..middle]));
    folder.write("events/2.ndjson", whole(&case.events[middle..]));
    let mut arguments =
        vec!["score", "events", "-m", "model.toml", "--as-of", &case.as_of, "--out", "out", "--csv", "exact", "-q"];
    if let Some(users) = &case.users_csv {
        folder.write("users.csv", users);
        arguments.extend(["--users", "users.csv"]);
    }
    if let Some(accounts) = &case.accounts_csv {
        folder.write("accounts.csv", accounts);
        arguments.extend(["--accounts", "accounts.csv"]);
    }
    let (events, users, accounts) = (case.events.join("\n"), case.users_csv.as_deref(), case.accounts_csv.as_deref());
    if let Some(outcomes) = &case.outcomes_csv {
        folder.write("outcomes.csv", outcomes);
        arguments.extend(["--outcomes", "outcomes.csv"]);
    }
    let tables = naive::Tables { users, accounts, outcomes: case.outcomes_csv.as_deref() };
    let reference = naive::score_after(&case.model, &events, tables, &case.as_of, None)?;
    let outcome = folder.pql_with(&arguments, b"");
    if outcome.code != 0 {
        return Some(format!("seed {seed}: exit {}\n{}", outcome.code, outcome.stderr));
    }
    let found = difference("users", &rows(&folder.read("out/users.csv")), &reference.users)
        .or_else(|| difference("accounts", &rows(&folder.read("out/accounts.csv")), &reference.accounts))
        .or_else(|| counts(&folder.read("out/run.json"), &reference, left_out));
    found.map(|found| format!("seed {seed}: {found}\nas of {}\n{}\n", case.as_of, case.model))
}

/// Compares the counts of the run record with those of the naive scorer.
fn counts(record: &str, reference: &naive::Scored, left_out: &str) -> Option<String> {
    let record: serde_json::Value = serde_json::from_str(record).expect("JSON");
    for (name, count) in &reference.counts {
        let ours = match name.as_str() {
            left if left == left_out => continue,
            "id_conflict" => &record["id_conflict"],
            "without_events" => continue,
            _ => &record["counts"][name],
        };
        if ours.as_u64() != Some(*count) {
            return Some(format!("count `{name}` is {ours}, and by the reference {count}"));
        }
    }
    for ((level, name), expected) in &reference.milestones {
        let list = record[if level == "user" { "users" } else { "accounts" }]["milestones"].as_array()?;
        let ours = list.iter().find(|one| one["name"] == name.as_str())?;
        let near = |value: &serde_json::Value, expected: Option<f64>| match (value.as_f64(), expected) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-6,
            (None, None) => true,
            _ => false,
        };
        let same = ours["reached"] == expected.reached
            && ours["pending"] == expected.pending
            && ours["missed"] == expected.missed
            && ours["unknown"] == expected.unknown
            && ours["left_out"] == expected.left_out
            && near(&ours["rate"], expected.rate)
            && near(&ours["median_hours"], expected.median_hours)
            && ours["target_met"].as_bool() == expected.target_met;
        if !same {
            return Some(format!("milestone `{name}` of {level} is {ours}, and by the reference {expected:?}"));
        }
    }
    None
}

/// Cases that once differed: missing properties against empty ones, a target missed by a
/// microsecond, and a week whose last date the zone skipped.
const ONCE_DIFFERENT: [u64; 8] = [1117, 2499, 2860, 3556, 3575, 6640, 7009, 7150];

#[test]
fn cases_that_once_differed_still_agree() {
    let differences: Vec<String> = ONCE_DIFFERENT.into_iter().filter_map(compare).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Compares every other case, so that the two halves run in parallel.
fn assert_agreement(half: u64) {
    assert_agreement_of(half, compare);
}

fn assert_agreement_of(half: u64, compare: fn(u64) -> Option<String>) {
    let first: u64 = std::env::var("PQL_ORACLE_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let cases: u64 = std::env::var("PQL_ORACLE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let differences: Vec<String> = (first + half..first + cases).step_by(2).filter_map(compare).collect();
    let heads: Vec<&str> = differences.iter().filter_map(|found| found.lines().next()).take(40).collect();
    assert!(
        differences.is_empty(),
        "{} of {cases} cases differ\n{}\nthe first in full:\n{}",
        differences.len(),
        heads.join("\n"),
        differences[0]
    );
}

#[test]
fn the_naive_reference_agrees_on_random_models_and_events() {
    assert_agreement(0);
}

#[test]
fn the_naive_reference_agrees_on_the_other_half() {
    assert_agreement(1);
}

#[test]
fn the_naive_reference_agrees_on_who_is_who() {
    assert_agreement_of(0, compare_twisted);
}

#[test]
fn the_naive_reference_agrees_on_who_is_who_in_the_other_half() {
    assert_agreement_of(1, compare_twisted);
}
