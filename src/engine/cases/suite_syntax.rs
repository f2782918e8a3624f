//! Parses case files into plain structs with positions. Names and values are not yet checked
//! against the model.

use std::ops::Range;

use serde_json::Value as Json;
use toml::de::DeTable;

use super::{
    codes,
    day_syntax::{CaseDaySyntax, parse_days},
    event_syntax::{CaseEventSyntax, parse_event},
    expectation_syntax::{ExpectationSyntax, parse_expectation},
    outcome_syntax::{CaseOutcomeSyntax, parse_outcomes},
    toml_values::{CASE_IDS_MAX, expand_ids, take_instant_text, toml_to_json},
};
use pql_model::{
    PerKind,
    diag::{Diagnostic, DocumentProblems, SourceDocument},
    toml_reader::{DiagnosticSink, SpannedText, TableReader, as_table},
};

/// The largest case file; bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Keys of the file.
pub(crate) const FILE_KEYS: [&str; 4] = ["schema", "model", "as_of", "case"];
/// Keys of a case.
pub(crate) const CASE_KEYS: [&str; 8] = ["name", "as_of", "events", "users", "accounts", "outcomes", "expect", "day"];
/// Keys of an event.
pub(crate) const EVENT_KEYS: [&str; 12] =
    ["event", "type", "user", "visitor", "account", "at", "times", "every", "id", "properties", "traits", "previous"];
/// Keys of an expectation.
pub(crate) const EXPECT_KEYS: [&str; 15] = [
    "user",
    "account",
    "absent",
    "score",
    "tier",
    "qualified",
    "route",
    "segment",
    "fired",
    "not_fired",
    "signals",
    "milestones",
    "facts",
    "holds",
    "columns",
];
/// Types of lines that are not events.
pub(crate) const IDENTITY_LINE_TYPES: [&str; 3] = ["identify", "group", "alias"];

/// A case file.
#[derive(Debug)]
pub struct TestSuite {
    /// The file.
    pub document: SourceDocument,
    /// The model's path relative to the folder of the file; none for the built-in model.
    pub model: Option<(String, Range<usize>)>,
    pub(super) cases: Vec<CaseSyntax>,
}

/// A case, as written.
#[derive(Debug)]
pub(super) struct CaseSyntax {
    pub(super) name: SpannedText,
    /// Traits that hold in every run.
    pub(super) traits: PerKind<Vec<CaseTraitsSyntax>>,
    /// Outcomes that every run has; none if the case says nothing of them.
    pub(super) outcomes: Option<Vec<CaseOutcomeSyntax>>,
    pub(super) runs: CaseRunsSyntax,
}

/// The runs of a case.
#[derive(Debug)]
pub(super) enum CaseRunsSyntax {
    /// One run without a record.
    Alone(CaseRunSyntax),
    /// Runs with a record, one after the other.
    Days(Vec<CaseDaySyntax>),
}

/// A run, as written.
#[derive(Debug)]
pub(super) struct CaseRunSyntax {
    pub(super) as_of: Option<SpannedText>,
    pub(super) events: Vec<CaseEventSyntax>,
    pub(super) expect: Vec<ExpectationSyntax>,
}

/// Traits of users or accounts that do not come from events.
#[derive(Debug, Clone)]
pub(super) struct CaseTraitsSyntax {
    pub(super) ids: Vec<String>,
    pub(super) values: Vec<(SpannedText, Json)>,
}

/// Parses a case file.
///
/// # Errors
///
/// Every problem of its form, at least one.
pub fn parse_suite(document: SourceDocument) -> Result<TestSuite, DocumentProblems> {
    let mut found = DiagnosticSink::default();
    let suite = parse_document(&document, &mut found);
    for problem in &mut found.list {
        problem.code = codes::from_model_code(problem.code);
    }
    match suite {
        Some((model, cases)) if found.list.is_empty() => Ok(TestSuite { document, model, cases }),
        _ => Err(DocumentProblems { document, list: found.list }),
    }
}

type SuiteContents = (Option<(String, Range<usize>)>, Vec<CaseSyntax>);

fn parse_document(document: &SourceDocument, found: &mut DiagnosticSink) -> Option<SuiteContents> {
    let text = &document.text;
    if text.len() > BYTES_MAX {
        let message = format!("a file of {} bytes", text.len());
        found.add(Diagnostic::error(codes::TOO_LARGE, 0..0, message, format!("at most {BYTES_MAX} bytes")));
        return None;
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let twice = error.message().starts_with("duplicate key");
        let (code, message) = match twice {
            true => (codes::DUPLICATE, "a key that is there twice".to_owned()),
            false => (codes::SYNTAX, format!("not TOML: {}", error.message())),
        };
        found.add(Diagnostic::error(code, error.span().unwrap_or(0..0), message, "here"));
    }
    if !errors.is_empty() {
        return None;
    }
    let mut top = TableReader::new(root.get_ref(), 0..0, "the file");
    top.vocabulary(&FILE_KEYS);
    check_schema_version(&mut top, found)?;
    if let Some(key) = ["user", "account", "metrics"].into_iter().find(|key| top.has(key) && !top.has("case")) {
        let (message, label) = ("a model and not a file of cases", "a file of cases has no rules");
        let problem = Diagnostic::error(codes::MISSING_KEY, top.key_span(key), message, label);
        found.add(problem.help("`pql check` reads models; a file of cases names one in its line `model`"));
        return None;
    }
    let model = top.text("model", found).map(|path| (path.value, path.span));
    let as_of = take_instant_text(&mut top, "as_of", found);
    let written = top.tables("case", "a case", found);
    if written.is_empty() && !top.has("case") {
        top.report_missing_key("case", "[[case]]", found);
    }
    let mut cases: Vec<CaseSyntax> = Vec::new();
    for table in written {
        let Some(case) = case(table, as_of.as_ref(), found) else { continue };
        match cases.iter().find(|earlier| earlier.name.value == case.name.value) {
            Some(earlier) => {
                let message = format!("two cases are called `{}`", case.name.value);
                let problem = Diagnostic::error(codes::DUPLICATE, case.name.span.clone(), message, "the second one");
                found.add(problem.other(earlier.name.span.clone(), "the first one"));
            }
            None => cases.push(case),
        }
    }
    top.finish(found);
    Some((model, cases))
}

/// Checks the format version. No other key is read if the version is not supported.
fn check_schema_version(top: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<()> {
    if !top.has("schema") {
        let label = "the first line says which version of the format this is";
        let problem = Diagnostic::error(codes::MISSING_KEY, 0..0, "a file of cases without `schema`", label);
        found.add(problem.help("schema = 1"));
        return Some(());
    }
    let version = top.number("schema", found)?;
    if version.value == 1.0 {
        return Some(());
    }
    let message = format!("schema {} is not known to this version of pql", version.value);
    let problem = Diagnostic::error(codes::UNKNOWN_SCHEMA, version.span, message, "only schema 1 is");
    found.add(problem.help("a newer pql may read it; `pql --version` tells which this is"));
    None
}

fn case(mut table: TableReader<'_>, as_of: Option<&SpannedText>, found: &mut DiagnosticSink) -> Option<CaseSyntax> {
    table.vocabulary(&CASE_KEYS);
    let name = table.required_text("name", found);
    let traits = parse_traits(&mut table, found);
    let outcomes = parse_outcomes(&mut table, found);
    let runs = if table.has("day") {
        CaseRunsSyntax::Days(parse_days(&mut table, found))
    } else {
        CaseRunsSyntax::Alone(single_run(&mut table, as_of, found))
    };
    table.finish(found);
    Some(CaseSyntax { name: name?, traits, outcomes, runs })
}

/// The run of a case without days.
fn single_run(table: &mut TableReader<'_>, as_of: Option<&SpannedText>, found: &mut DiagnosticSink) -> CaseRunSyntax {
    let own = take_instant_text(table, "as_of", found);
    if own.is_none() && as_of.is_none() && !table.has("as_of") {
        table.report_missing_key("as_of", "as_of = \"2026-10-31\", here or at the top of the file", found);
    }
    if !table.has("events") {
        table.report_missing_key(
            "events",
            "events = [{ user = \"u1\", event = \"team_invite_sent\", at = \"-3d\" }]",
            found,
        );
    }
    let events = parse_events(table, found);
    if !table.has("expect") {
        table.report_missing_key("expect", "[[case.expect]] with `user` or `account`", found);
    }
    CaseRunSyntax { as_of: own.or_else(|| as_of.cloned()), events, expect: parse_expectations(table, found) }
}

/// The events of a case or of a day.
pub(super) fn parse_events(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Vec<CaseEventSyntax> {
    let events = table.tables("events", "an event", found);
    events.into_iter().filter_map(|table| parse_event(table, found)).collect()
}

/// What a case or a day expects of users and accounts.
pub(super) fn parse_expectations(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Vec<ExpectationSyntax> {
    let written = table.tables("expect", "an expectation", found);
    written.into_iter().filter_map(|one| parse_expectation(one, found)).collect()
}

/// The traits of a case or of a day.
pub(super) fn parse_traits(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> PerKind<Vec<CaseTraitsSyntax>> {
    let [user, account] = [("users", "users"), ("accounts", "accounts")].map(|(key, what)| {
        let entries = table.table(key, what, found);
        entries.map(|entries| traits_by_id(&entries, found)).unwrap_or_default()
    });
    PerKind { user, account }
}

/// Traits by id.
fn traits_by_id(table: &TableReader<'_>, found: &mut DiagnosticSink) -> Vec<CaseTraitsSyntax> {
    let (mut all, mut count) = (Vec::new(), 0);
    for (id, value) in table.entries() {
        let ids = expand_ids(std::slice::from_ref(&id), found);
        count += ids.len();
        if count > CASE_IDS_MAX {
            let label = format!("at most {CASE_IDS_MAX} in one case");
            found.add(Diagnostic::error(codes::TOO_LARGE, id.span, "too many ids", label));
            break;
        }
        let Some(entry) = as_table(value, "traits", &id.value, found) else { continue };
        let values = entry.entries().filter_map(|(name, value)| Some((name, toml_to_json(value, found)?))).collect();
        all.push(CaseTraitsSyntax { ids, values });
    }
    all
}
