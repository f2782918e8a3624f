//! Reports test results as JSON.

use serde::Serialize;

use super::{
    CaseFailure, CaseResult, CoverageItem,
    report::{ModelCoverage, TestReport},
};
use crate::{emit::JsonNumber, ledger::LedgerRecord};
use pql_model::diag::SourceDocument;

/// A report as it is written.
#[derive(Debug, Serialize)]
pub struct TestRecord<'r> {
    passed: usize,
    failed: usize,
    left_out: usize,
    cases: Vec<CaseRecord<'r>>,
    coverage: Vec<CoverageRecord<'r>>,
}

/// Lines and columns count from 1.
#[derive(Debug, Serialize)]
struct CaseRecord<'r> {
    file: &'r str,
    line: usize,
    column: usize,
    name: &'r str,
    passed: bool,
    failures: Vec<FailureRecord<'r>>,
    ledgers: Vec<LedgerRecord<'r>>,
}

#[derive(Debug, Serialize)]
struct FailureRecord<'r> {
    line: usize,
    column: usize,
    /// Only in a case of several days.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<&'r str>,
    entity: &'r str,
    what: &'r str,
    expected: &'r str,
    got: &'r str,
}

#[derive(Debug, Serialize)]
struct CoverageRecord<'r> {
    model: &'r str,
    reached: usize,
    of: usize,
    percent: JsonNumber,
    missing: Vec<ItemRecord<'r>>,
}

#[derive(Debug, Serialize)]
struct ItemRecord<'r> {
    level: &'static str,
    kind: &'r str,
    name: &'r str,
    rung: Option<&'r str>,
}

impl<'r> TestRecord<'r> {
    /// The record of a report.
    pub fn new(report: &'r TestReport) -> TestRecord<'r> {
        let (passed, failed) = report.counts();
        let cases = report.files.iter().flat_map(|file| file.results.iter().map(|case| (&file.document, case)));
        TestRecord {
            passed,
            failed,
            left_out: report.files.iter().map(|file| file.left_out).sum(),
            cases: cases.map(|(document, case)| CaseRecord::new(document, case)).collect(),
            coverage: report.coverage.iter().map(CoverageRecord::new).collect(),
        }
    }
}

impl<'r> CaseRecord<'r> {
    fn new(document: &'r SourceDocument, case: &'r CaseResult) -> CaseRecord<'r> {
        let (line, column) = document.position(case.span.start);
        CaseRecord {
            file: &document.name,
            line,
            column,
            name: &case.name,
            passed: case.failures.is_empty(),
            failures: case.failures.iter().map(|failure| FailureRecord::new(document, failure)).collect(),
            ledgers: case.ledgers.iter().map(LedgerRecord::new).collect(),
        }
    }
}

impl<'r> FailureRecord<'r> {
    fn new(document: &SourceDocument, failure: &'r CaseFailure) -> FailureRecord<'r> {
        let (line, column) = document.position(failure.span.start);
        let CaseFailure { day, entity, what, expected, got, .. } = failure;
        FailureRecord { line, column, day: day.as_deref(), entity, what, expected, got }
    }
}

impl<'r> CoverageRecord<'r> {
    fn new(model: &'r ModelCoverage) -> CoverageRecord<'r> {
        CoverageRecord {
            model: &model.name,
            reached: model.coverage.reached(),
            of: model.coverage.items.len(),
            percent: JsonNumber(model.coverage.percent()),
            missing: model.coverage.missing().map(ItemRecord::new).collect(),
        }
    }
}

impl<'r> ItemRecord<'r> {
    fn new(item: &'r CoverageItem) -> ItemRecord<'r> {
        let rung = item.rung.as_ref().map(|(_, threshold)| threshold.as_str());
        ItemRecord { level: item.side.word(), kind: item.kind, name: &item.name, rung }
    }
}
