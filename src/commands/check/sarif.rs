//! SARIF 2.1.0, which code scanning reads: results with their rules, and those that are meant as suppressed.
//!
//! **Source**: OASIS, Static Analysis Results Interchange Format 2.1.0, errata 01.

use serde_json::{Value as Json, json};

use super::{CheckedModel, json::ExampleRecord, plain_text, severity_word};
use pql_model::{
    diag::{Diagnostic, LineIndex},
    rules::{self, RuleDoc},
};

/// One run over all models.
pub fn sarif(files: &[CheckedModel]) -> Json {
    let found = |file: &CheckedModel| -> Vec<&'static str> {
        let ignored = file.ignored.iter().map(|(problem, _)| problem.code);
        file.problems.iter().map(|problem| problem.code).chain(ignored).collect()
    };
    let mut codes: Vec<&str> = files.iter().flat_map(found).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Json> = rules::all().iter().filter(|rule| codes.contains(&rule.code)).map(described).collect();
    let mut results = Vec::new();
    for file in files {
        let report = FileResults { file, places: file.places(), codes: &codes };
        results.extend(file.problems.iter().map(|problem| report.result(problem, None)));
        results.extend(file.ignored.iter().map(|(problem, because)| report.result(problem, Some(because))));
    }
    let unread: Vec<Json> = files
        .iter()
        .filter_map(|file| {
            let location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&file.document.name) } } });
            Some(json!({ "level": "error", "message": { "text": file.read_error.as_ref()? }, "locations": [location] }))
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "pql", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [{
                "executionSuccessful": unread.is_empty(),
                "toolExecutionNotifications": unread,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn described(rule: &RuleDoc) -> Json {
    let example = format!("{}\n\nBad:\n\n{}\nGood:\n\n{}", rule.text, rule.bad_example, rule.good_example);
    let markdown = format!(
        "{}\n\nBad:\n\n```toml\n{}```\n\nGood:\n\n```toml\n{}```\n",
        rule.text, rule.bad_example, rule.good_example
    );
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.text },
        "help": { "text": example, "markdown": markdown },
        "defaultConfiguration": { "level": severity_word(rule.severity) },
    })
}

/// What the results of a model have in common.
struct FileResults<'f> {
    file: &'f CheckedModel,
    places: LineIndex,
    /// In the order of the rules.
    codes: &'f [&'f str],
}

impl FileResults<'_> {
    fn region(&self, span: &std::ops::Range<usize>) -> Json {
        let (line, column) = self.places.line_column(span.start);
        let (end_line, end_column) = self.places.line_column(span.end);
        json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
    }

    fn location(&self, span: &std::ops::Range<usize>) -> Json {
        let artifact = json!({ "uri": uri(&self.file.document.name) });
        json!({ "physicalLocation": { "artifactLocation": artifact, "region": self.region(span) } })
    }

    fn result(&self, problem: &Diagnostic, because: Option<&String>) -> Json {
        // Either all results of a run say whether they are suppressed, or none does.
        let suppressions: Vec<Json> = because
            .into_iter()
            .map(|because| json!({ "kind": "inSource", "status": "accepted", "justification": because }))
            .collect();
        let mut result = json!({
            "ruleId": problem.code,
            "ruleIndex": self.codes.binary_search(&problem.code).expect("the codes are those of all problems"),
            "level": severity_word(problem.severity),
            "message": { "text": plain_text(problem) },
            "locations": [self.location(&problem.span)],
            "suppressions": suppressions,
        });
        if let Some((span, label)) = &problem.secondary {
            let mut location = self.location(span);
            location["message"] = json!({ "text": label });
            result["relatedLocations"] = json!([location]);
        }
        if let Some(shown) = &problem.example {
            result["properties"] = json!({ "counterExample": ExampleRecord::new(shown) });
        }
        result
    }
}

/// A path as a reference of RFC 3986: a relative one stays relative, so that code scanning finds the file in the repository.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./models/a b:1.toml"), "models/a%20b%3A1.toml");
        assert_eq!(uri("/tmp/ü.toml"), "file:///tmp/%C3%BC.toml");
    }
}
