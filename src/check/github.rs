//! Workflow commands that GitHub shows beside the lines of the models.
//!
//! Every line begins with words of this program: a model or a file name that could begin a line could give the runner commands of its own.

use std::fmt::Write;

use super::{Checked, counts, whole, word};
use crate::{
    diag::{
        Severity,
        escape::{github_message as message, github_property as property},
    },
    units::plural,
};

/// A command for each problem, and a line of totals.
pub fn github(files: &[Checked]) -> String {
    let mut out = String::new();
    for file in files {
        let name = property(&file.document.name);
        if let Some(why) = &file.unread {
            let _ = writeln!(out, "::error file={name}::{}", message(why));
        }
        let places = file.places();
        for problem in &file.problems {
            let (line, column) = places.of(problem.span.start);
            let (end_line, end_column) = places.of(problem.span.end);
            // Columns of several lines are refused by the runner.
            let columns =
                if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
            let _ = writeln!(
                out,
                "::{} file={name},line={line},endLine={end_line}{columns},title={}::{}",
                word(problem.severity),
                property(problem.code),
                message(&whole(problem))
            );
        }
    }
    let count = |severity| files.iter().map(|file| file.count(severity)).sum::<usize>();
    let models = plural(files.len() as u64, "model", "models");
    let _ = writeln!(out, "{models}: {}", counts(count(Severity::Error), count(Severity::Warning)));
    out
}
