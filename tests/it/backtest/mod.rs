//! `pql backtest` on small cases that were computed by hand.
//!
//! A case is a [`HandCase`]: events as (account, date, number of uses), outcomes as lines of a native file. [`HandCase::report`] runs the program
//! and gives its JSON.

mod cohort;
mod leads;
mod messages;
mod outputs;
mod ranking;
mod sample;
mod signals;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::run::{Folder, Outcome, rows};

/// Accounts get 10 points for each use and are good from 30 on.
const MODEL: &str = r#"
schema = 1
name = "hand"
[metrics]
uses = { measure = "count", event = "use" }
partner = { measure = "count", event = "partner" }
asks = { measure = "count", event = "ask" }
[[user.signals]]
name = "asked"
per = "asks"
points = 50
[[user.tiers]]
name = "hot"
at_least = 50
qualified = true
[[user.tiers]]
name = "cold"
[[account.signals]]
name = "used"
per = "uses"
points = 10
[[account.tiers]]
name = "good"
at_least = 30
qualified = true
[[account.tiers]]
name = "not"
[[account.suppress]]
name = "partner"
when = "partner > 0"
"#;

/// A folder with a model, events and outcomes.
struct HandCase(Folder);

impl HandCase {
    /// Each account has one user, `u` and its name, who uses the product so often at eight in the morning (UTC).
    fn new(uses: &[(&str, &str, usize)]) -> HandCase {
        let lines = uses.iter().map(|(account, date, count)| event("use", account, date).repeat(*count));
        HandCase::of_lines(MODEL, &lines.collect::<String>())
    }

    fn of_lines(model: &str, lines: &str) -> HandCase {
        let folder = Folder::in_memory();
        folder.write("m.toml", model);
        folder.write("e.ndjson", lines);
        HandCase(folder)
    }

    /// Writes outcomes as `id,outcome,at` or with more cells, of accounts.
    fn outcomes<'l>(self, lines: impl IntoIterator<Item = &'l str>) -> HandCase {
        let lines: Vec<&str> = lines.into_iter().collect();
        self.0.write(
            "o.csv",
            format!("account_id,outcome,at,amount,deal,currency,user_id\n{}\n", padded(&lines).join("\n")),
        );
        self
    }

    fn run(&self, options: &str) -> Outcome {
        self.0.pql(&format!("backtest e.ndjson -m m.toml --outcomes o.csv {options}"))
    }

    /// Runs with options that must do.
    fn done(&self, options: &str) -> Outcome {
        let outcome = self.run(options);
        assert_eq!(outcome.code, 0, "{options}: {}", outcome.stderr);
        outcome
    }

    fn report(&self, options: &str) -> Value {
        let text = self.done(&format!("--format json -q {options}")).stdout;
        serde_json::from_str(&text).expect("JSON")
    }

    /// The rows as `id` to the cells of some columns, of the date that comes last.
    fn rows(&self, options: &str, columns: &[&str]) -> BTreeMap<String, Vec<String>> {
        self.done(&format!("-q --rows rows.csv {options}"));
        let table = rows(&self.0.read("rows.csv"));
        let place = |name: &str| table[0].iter().position(|known| known == name).expect("a column");
        let cells = |row: &Vec<String>| columns.iter().map(|name| row[place(name)].clone()).collect();
        table[1..].iter().map(|row| (row[place("id")].clone(), cells(row))).collect()
    }
}

/// An event of the user of an account, as a line.
fn event(name: &str, account: &str, date: &str) -> String {
    format!(
        "{{\"event\":\"{name}\",\"timestamp\":\"{date}T08:00:00Z\",\"user_id\":\"u{account}\",\"account_id\":\"{account}\"}}\n"
    )
}

/// Lines filled up to seven cells.
fn padded(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| format!("{line}{}", ",".repeat(6 - line.matches(',').count()))).collect()
}

/// A number of a report by its path.
fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {report:#}"))
}

/// A share of a report as its count, the number that it is of, and its interval with six decimals.
fn share(report: &Value, path: &str) -> String {
    let ends = ["low", "high"].map(|end| number(report, &format!("{path}/{end}")));
    let of = ["count", "of"].map(|part| number(report, &format!("{path}/{part}")));
    format!("{} of {}, {:.6} to {:.6}", of[0], of[1], ends[0], ends[1])
}

/// Compares numbers to six decimals.
#[track_caller]
fn assert_close(report: &Value, path: &str, expected: f64) {
    let found = number(report, path);
    assert!((found - expected).abs() < 5e-7, "{path} is {found}, expected {expected}");
}
