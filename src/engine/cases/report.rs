//! Reports test results: for people, as JUnit XML, and for GitHub. JSON is in `report_json`.

use std::fmt::Write;

use super::{CaseFailure, CaseResult, Coverage};
use crate::ledger;
use pql_model::{
    diag::{
        SourceDocument,
        escape::{github_message as message, github_property as property, xml},
        escape_controls,
    },
    units::{format_number, plural},
};

/// The cases of one file.
#[derive(Debug)]
pub struct TestFileReport {
    /// The case file.
    pub document: SourceDocument,
    /// The cases that ran, in the order of the file.
    pub results: Vec<CaseResult>,
    /// Cases that the name filter excluded.
    pub left_out: usize,
}

/// The coverage of one model.
#[derive(Debug)]
pub struct ModelCoverage {
    /// The model, as messages show it.
    pub name: String,
    /// The coverage.
    pub coverage: Coverage,
    /// The required coverage. **Units**: percent.
    pub least: Option<f64>,
}

impl ModelCoverage {
    /// True if the coverage is below the requirement.
    pub(crate) fn falls_short(&self) -> bool {
        self.least.is_some_and(|least| self.coverage.percent() < least)
    }
}

/// The results of all cases.
#[derive(Debug)]
pub struct TestReport {
    /// Files, in the order of the arguments.
    pub files: Vec<TestFileReport>,
    /// Coverage by model, if requested.
    pub coverage: Vec<ModelCoverage>,
}

impl TestReport {
    /// The number of cases that passed, and that failed.
    pub fn counts(&self) -> (usize, usize) {
        let outcomes = || self.files.iter().flat_map(|file| &file.results);
        let failed = outcomes().filter(|outcome| !outcome.failures.is_empty()).count();
        (outcomes().count() - failed, failed)
    }

    /// True if every case passed and the coverage suffices.
    pub fn passed(&self) -> bool {
        self.counts().1 == 0 && !self.coverage.iter().any(ModelCoverage::falls_short)
    }

    /// The last line, which sums up the results.
    fn summary(&self) -> String {
        let (passed, failed) = self.counts();
        let left_out: usize = self.files.iter().map(|file| file.left_out).sum();
        let mut text = format!("{}: {passed} passed", plural((passed + failed) as u64, "case", "cases"));
        if failed > 0 {
            let _ = write!(text, ", {failed} failed");
        }
        if left_out > 0 {
            let _ = write!(text, ", {left_out} left out by --run");
        }
        text
    }

    /// Text for people: every failure with the ledger behind it.
    pub fn human(&self) -> String {
        let mut out = String::new();
        for file in &self.files {
            let failed: Vec<&CaseResult> = file.results.iter().filter(|outcome| !outcome.failures.is_empty()).collect();
            let cases = plural(file.results.len() as u64, "case", "cases");
            let name = escape_controls(&file.document.name);
            let result = if failed.is_empty() { "passed".to_owned() } else { format!("{} failed", failed.len()) };
            let _ = writeln!(out, "{name}: {cases}, {result}");
            for outcome in failed {
                failure(&mut out, &file.document, outcome);
            }
        }
        for model in &self.coverage {
            coverage(&mut out, model);
        }
        let _ = writeln!(out, "{}", self.summary());
        out
    }

    /// JUnit XML for build servers: a suite per file.
    pub fn junit(&self) -> String {
        let (passed, failed) = self.counts();
        let short = self.coverage.iter().filter(|model| model.falls_short()).count();
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let asked = self.coverage.iter().filter(|model| model.least.is_some()).count();
        let (tests, failures) = (passed + failed + asked, failed + short);
        let _ = writeln!(out, "<testsuites name=\"pql test\" tests=\"{tests}\" failures=\"{failures}\">");
        for file in &self.files {
            let failed = file.results.iter().filter(|outcome| !outcome.failures.is_empty()).count();
            let (name, count) = (xml(&file.document.name), file.results.len());
            let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\">");
            for outcome in &file.results {
                testcase(&mut out, &file.document, outcome);
            }
            out.push_str("  </testsuite>\n");
        }
        for model in self.coverage.iter().filter(|model| model.least.is_some()) {
            let (name, failed) = (xml(&model.name), usize::from(model.falls_short()));
            let _ = writeln!(out, "  <testsuite name=\"coverage of {name}\" tests=\"1\" failures=\"{failed}\">");
            let _ = write!(out, "    <testcase classname=\"{name}\" name=\"coverage\"");
            if failed == 0 {
                out.push_str("/>\n");
            } else {
                let text = xml(&coverage_line(model));
                let _ = writeln!(out, ">\n      <failure message=\"{text}\"/>\n    </testcase>");
            }
            out.push_str("  </testsuite>\n");
        }
        out.push_str("</testsuites>\n");
        out
    }

    /// Workflow commands that GitHub shows beside the lines of the files, and a summary.
    pub fn github(&self) -> String {
        let mut out = String::new();
        for file in &self.files {
            for outcome in &file.results {
                for one in &outcome.failures {
                    let (line, column) = file.document.position(one.span.start);
                    let (end_line, end_column) = file.document.position(one.span.end);
                    let text = format!("{}: expected {}, got {}", subject(one), one.expected, one.got);
                    let _ = writeln!(
                        out,
                        "::error file={},line={line},endLine={end_line},col={column},endColumn={end_column},title={}::{}",
                        property(&file.document.name),
                        property(&escape_controls(&outcome.name)),
                        message(&escape_controls(&text))
                    );
                }
            }
        }
        for model in self.coverage.iter().filter(|model| model.falls_short()) {
            let file = property(&model.name);
            let _ = writeln!(out, "::error file={file},title=coverage::{}", message(&coverage_line(model)));
        }
        let _ = writeln!(out, "{}", escape_controls(&self.summary()));
        out
    }
}

/// The day, entity and subject of a failure.
fn subject(failure: &CaseFailure) -> String {
    let day = failure.day.iter().map(|day| format!("day {day}"));
    let entity = Some(failure.entity.clone()).filter(|entity| !entity.is_empty());
    day.chain(entity).chain([failure.what.clone()]).collect::<Vec<String>>().join(", ")
}

fn failure(out: &mut String, document: &SourceDocument, outcome: &CaseResult) {
    let (line, _) = document.position(outcome.span.start);
    let _ = writeln!(out, "\nFAILED {}:{line} {}", escape_controls(&document.name), escape_controls(&outcome.name));
    for one in &outcome.failures {
        let (line, _) = document.position(one.span.start);
        let _ = writeln!(out, "  line {line}: {}", escape_controls(&subject(one)));
        let _ = writeln!(out, "    expected  {}", escape_controls(&one.expected));
        let _ = writeln!(out, "    got       {}", escape_controls(&one.got));
    }
    for ledger in &outcome.ledgers {
        out.push('\n');
        for line in ledger::text(ledger).lines() {
            let _ = writeln!(out, "{}", format!("    | {line}").trim_end());
        }
    }
    out.push('\n');
}

/// The coverage of a model, in one line.
fn coverage_line(model: &ModelCoverage) -> String {
    let percent = format_number((model.coverage.percent() * 10.0).floor() / 10.0);
    let mut text = format!("{percent} % ({} of {})", model.coverage.reached(), model.coverage.items.len());
    if let Some(least) = model.least.filter(|_| model.falls_short()) {
        let _ = write!(text, ", less than the {} % that --min-coverage asks for", format_number(least));
    }
    text
}

fn coverage(out: &mut String, model: &ModelCoverage) {
    let _ = writeln!(out, "coverage of {}: {}", escape_controls(&model.name), coverage_line(model));
    for item in model.coverage.missing() {
        let _ = writeln!(out, "  no case reaches {}", item.describe());
    }
}

fn testcase(out: &mut String, document: &SourceDocument, outcome: &CaseResult) {
    let (line, _) = document.position(outcome.span.start);
    let (file, name) = (xml(&document.name), xml(&outcome.name));
    let _ = write!(out, "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\"");
    if outcome.failures.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    let ledgers: String = outcome.ledgers.iter().map(ledger::text).collect::<Vec<String>>().join("\n");
    for (place, one) in outcome.failures.iter().enumerate() {
        let text = format!("{}: expected {}, got {}", subject(one), one.expected, one.got);
        // The ledgers appear once, behind the first failure.
        let detail = if place == 0 { xml(&ledgers) } else { String::new() };
        let _ = writeln!(out, "      <failure message=\"{}\">{detail}</failure>", xml(&text));
    }
    out.push_str("    </testcase>\n");
}
