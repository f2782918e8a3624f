//! Workflow commands that GitHub shows beside the lines of the models.
//!
//! Every line begins with words of this program: a model or a file name that could begin a line could give the runner commands of its own.

use std::fmt::Write;

use super::{CheckedModel, plain_text, severity_word, totals_text};
use pql_model::{
    diag::{
        Severity,
        escape::{github_message as message, github_property as property},
    },
    units::plural,
};

/// A command for each problem, and a line of totals.
pub fn github(files: &[CheckedModel]) -> String {
    let mut out = String::new();
    for file in files {
        let name = property(&file.document.name);
        if let Some(why) = &file.read_error {
            let _ = writeln!(out, "::error file={name}::{}", message(why));
        }
        let places = file.places();
        for problem in &file.problems {
            let (line, column) = places.line_column(problem.span.start);
            let (end_line, end_column) = places.line_column(problem.span.end);
            // Columns of several lines are refused by the runner.
            let columns =
                if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
            let _ = writeln!(
                out,
                "::{} file={name},line={line},endLine={end_line}{columns},title={}::{}",
                severity_word(problem.severity),
                property(problem.code),
                message(&plain_text(problem))
            );
        }
    }
    let count = |severity| files.iter().map(|file| file.count(severity)).sum::<usize>();
    let models = plural(files.len() as u64, "model", "models");
    let _ = writeln!(out, "{models}: {}", totals_text(count(Severity::Error), count(Severity::Warning)));
    out
}
