//! Formats tables and numbers of a report for people.

use std::fmt::Write;

use pql_model::diag::escape_controls;

/// Writes columns under a header, numbers aligned to the right.
pub(super) fn table(out: &mut String, header: &[&str], numbers: &[usize], rows: &[Vec<String>]) {
    let shown: Vec<Vec<String>> = std::iter::once(header.iter().map(|cell| (*cell).to_owned()).collect())
        .chain(rows.iter().map(|row| row.iter().map(|cell| escape_controls(cell)).collect()))
        .collect();
    let width = |column: usize| shown.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    for row in &shown {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = width(column).unwrap_or(0);
            let _ = if numbers.contains(&column) {
                write!(line, "{cell:>width$}  ")
            } else {
                write!(line, "{cell:<width$}  ")
            };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

pub(super) fn share(part: u64, of: u64) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / of as f64) }
}

/// A count that may be an estimate.
pub(super) fn format_estimate(count: u64, exact: bool) -> String {
    if exact { count.to_string() } else { format!("~{count}") }
}

pub(super) fn more(out: &mut String, shown: usize, all: usize, what: &str) {
    if all > shown {
        let _ = writeln!(out, " ... and {} more {what}; --format json has all", all - shown);
    }
}
