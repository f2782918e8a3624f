//! The vendors' formats: each is recognised by its lines, read into the same events, and tested for
//! its traps.

mod identity;
mod lines;
mod parts;
mod recognised;
mod tables;
mod transcoded;

use serde_json::Value as Json;

use crate::run::{Folder, Outcome, rows};

/// A model that counts events and activity, and shows a property and two traits.
const MODEL: &str = r#"schema = 1

[user.traits]
role = { type = "text" }
[account.traits]
plan = { type = "text" }

[metrics]
rows = { measure = "sum", value = "rows" }
formats = { measure = "top", value = "format", k = 9 }
active = { measure = "count" }

[output]
user_columns = ["events", "active", "rows", "formats", "role"]
account_columns = ["events", "plan"]
"#;

/// A folder with the model and one file of events.
fn folder(events: impl AsRef<[u8]>) -> Folder {
    folder_with("", events)
}

/// The same, with further lines at the beginning of the model.
fn folder_with(model: &str, events: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL.replacen("schema = 1\n", &format!("schema = 1\n{model}\n"), 1));
    folder.write("events.json", events);
    folder
}

/// Scores the file of events into the folder `out`.
fn score(folder: &Folder, more: &str) -> Outcome {
    let outcome = folder.pql(&format!("score events.json -m model.toml --out out {more}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome
}

/// Columns of a file of rows, sorted by the first one.
fn columns(folder: &Folder, file: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let table = rows(&folder.read(file));
    let at: Vec<usize> = columns
        .iter()
        .map(|name| table[0].iter().position(|known| known == name).unwrap_or_else(|| panic!("no column {name}")))
        .collect();
    let mut found: Vec<Vec<String>> =
        table[1..].iter().map(|row| at.iter().map(|at| row[*at].clone()).collect()).collect();
    found.sort();
    found
}

/// Columns of the users of a run over some events.
fn users(events: &str, names: &[&str]) -> Vec<Vec<String>> {
    let folder = folder(events);
    score(&folder, "");
    columns(&folder, "out/users.csv", names)
}

/// The run record.
fn record(folder: &Folder) -> Json {
    serde_json::from_str(&folder.read("out/run.json")).expect("JSON")
}
