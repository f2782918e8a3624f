//! For programs: one list of the problems of all models.

use serde::Serialize;
use serde_json::Value as Json;

use super::{CheckedModel, severity_word};
use pql_engine::emit::JsonMap;
use pql_model::diag::{CounterExample, Diagnostic, LineIndex};

/// A problem as it is written. Lines and columns count from 1, columns in characters; the end is the place behind the last character.
#[derive(Debug, Serialize)]
pub struct ProblemRecord<'p> {
    code: &'static str,
    severity: &'static str,
    message: &'p str,
    file: &'p str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    help: Option<&'p str>,
    counter_example: Option<ExampleRecord<'p>>,
}

/// Facts by name, in their order, and what they show.
#[derive(Debug, Serialize)]
pub(super) struct ExampleRecord<'p> {
    facts: JsonMap<&'p str, &'p Json>,
    shows: &'p str,
}

/// The problems of all models.
pub fn json(files: &[CheckedModel]) -> Vec<ProblemRecord<'_>> {
    let mut list = Vec::new();
    for file in files {
        let places = file.places();
        list.extend(file.problems.iter().map(|problem| ProblemRecord::new(file, problem, &places)));
    }
    list
}

impl<'p> ProblemRecord<'p> {
    fn new(file: &'p CheckedModel, problem: &'p Diagnostic, places: &LineIndex) -> ProblemRecord<'p> {
        let (line, column) = places.line_column(problem.span.start);
        let (end_line, end_column) = places.line_column(problem.span.end);
        ProblemRecord {
            code: problem.code,
            severity: severity_word(problem.severity),
            message: &problem.message,
            file: &file.document.name,
            line,
            column,
            end_line,
            end_column,
            help: problem.help.as_deref(),
            counter_example: problem.example.as_deref().map(ExampleRecord::new),
        }
    }
}

impl<'p> ExampleRecord<'p> {
    pub(super) fn new(example: &'p CounterExample) -> ExampleRecord<'p> {
        let facts = example.facts.iter().map(|(name, value)| (name.as_str(), value));
        ExampleRecord { facts: facts.collect(), shows: &example.conclusion }
    }
}
