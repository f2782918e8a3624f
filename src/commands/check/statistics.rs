//! How many problems there are of each code, over all models.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;

use super::{CheckedModel, severity_word};
use pql_model::{diag::Severity, rules};

/// The problems of one code.
#[derive(Debug, Serialize)]
pub struct CodeCount {
    code: &'static str,
    severity: &'static str,
    title: &'static str,
    count: usize,
}

/// The codes with their counts, the most frequent first, then by code.
pub fn statistics(files: &[CheckedModel]) -> Vec<CodeCount> {
    let mut counts: BTreeMap<(&'static str, Severity), usize> = BTreeMap::new();
    for problem in files.iter().flat_map(|file| &file.problems) {
        *counts.entry((problem.code, problem.severity)).or_default() += 1;
    }
    let title = |code: &str| rules::find(code).map_or("", |rule| rule.title);
    let one = |((code, severity), count): ((&'static str, Severity), usize)| CodeCount {
        code,
        severity: severity_word(severity),
        title: title(code),
        count,
    };
    let mut all: Vec<CodeCount> = counts.into_iter().map(one).collect();
    all.sort_by_key(|one| (Reverse(one.count), one.code));
    all
}

/// The counts for people, a line for each code.
pub fn statistics_text(counts: &[CodeCount]) -> String {
    let width = counts.iter().map(|one| one.count.to_string().len()).max().unwrap_or(0);
    let line = |one: &CodeCount| format!("{:>width$}  {}  {:<7}  {}\n", one.count, one.code, one.severity, one.title);
    counts.iter().map(line).collect()
}
