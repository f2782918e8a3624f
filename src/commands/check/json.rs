//! For programs: one list of the problems of all models.

use serde_json::{Map, Value as Json, json};

use super::{CheckedModel, severity_word};
use pql_model::diag::CounterExample;

/// One list; lines and columns count from 1, columns in characters, and the end is the place behind the last character.
pub fn json(files: &[CheckedModel]) -> Json {
    let mut list = Vec::new();
    for file in files {
        let places = file.places();
        for problem in &file.problems {
            let (line, column) = places.line_column(problem.span.start);
            let (end_line, end_column) = places.line_column(problem.span.end);
            list.push(json!({
                "code": problem.code,
                "severity": severity_word(problem.severity),
                "message": problem.message,
                "file": file.document.name,
                "line": line,
                "column": column,
                "end_line": end_line,
                "end_column": end_column,
                "help": problem.help,
                "counter_example": problem.example.as_deref().map(example),
            }));
        }
    }
    Json::Array(list)
}

/// Facts by name, in their order, and what they show.
pub(super) fn example(example: &CounterExample) -> Json {
    let facts: Map<String, Json> = example.facts.iter().cloned().collect();
    json!({ "facts": facts, "shows": example.conclusion })
}
