//! Parses the outcomes of cases.

use super::{case_time::CaseTime, codes, expectation_syntax::subject, toml_values::take_instant_text};
use pql_model::{
    EntityKind,
    clock::parse_day,
    diag::{Diagnostic, near_miss, quoted_list},
    resolved::OutcomeWord,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
    units::Day,
};

/// Keys of an outcome.
pub(super) const OUTCOME_KEYS: [&str; 9] =
    ["outcome", "user", "account", "at", "amount", "currency", "deal", "owner", "reason"];

/// When an outcome happens.
#[derive(Debug)]
pub(super) enum OutcomeTime {
    /// A date without a time, which is known from its end on.
    Date(Day),
    /// An instant.
    Instant(CaseTime),
}

/// An outcome, as written.
#[derive(Debug)]
pub(super) struct CaseOutcomeSyntax {
    pub(super) word: OutcomeWord,
    pub(super) side: EntityKind,
    pub(super) id: SpannedText,
    pub(super) at: WithSpan<OutcomeTime>,
    pub(super) amount: Option<WithSpan<f64>>,
    pub(super) currency: Option<String>,
    pub(super) deal: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) reason: Option<String>,
}

/// The outcomes of a case or of a day; none if it says nothing of them.
pub(super) fn parse_outcomes(
    table: &mut TableReader<'_>,
    found: &mut DiagnosticSink,
) -> Option<Vec<CaseOutcomeSyntax>> {
    let is_there = table.has("outcomes");
    let written = table.tables("outcomes", "an outcome", found);
    is_there.then(|| written.into_iter().filter_map(|one| parse_outcome(one, found)).collect())
}

fn parse_outcome(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<CaseOutcomeSyntax> {
    table.vocabulary(&OUTCOME_KEYS);
    let word = word(&mut table, found);
    let whose = subject(&mut table, found);
    let at = at(&mut table, found);
    let amount = table.number("amount", found);
    let mut text = |key: &'static str| table.text(key, found).map(|text| text.value);
    let [currency, deal, owner, reason] = ["currency", "deal", "owner", "reason"].map(&mut text);
    table.finish(found);
    let (side, id) = whose?;
    Some(CaseOutcomeSyntax { word: word?, side, id, at: at?, amount, currency, deal, owner, reason })
}

fn word(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<OutcomeWord> {
    let text = table.required_text("outcome", found)?;
    let word = OutcomeWord::parse(&text.value);
    if word.is_none() {
        let known = OutcomeWord::ALL.map(OutcomeWord::name);
        let near = near_miss(&text.value, known).map(|near| format!("`{near}` is one"));
        let message = format!("`{}` is no outcome", text.value);
        let label = format!("one of {}", quoted_list(&known));
        found.add(Diagnostic::error(codes::BAD_VALUE, text.span, message, label).maybe_help(near));
    }
    word
}

fn at(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<WithSpan<OutcomeTime>> {
    if !table.has("at") {
        table.report_missing_key("at", "at = \"2026-10-02\"", found);
        table.skip_key("at");
        return None;
    }
    let text = take_instant_text(table, "at", found)?;
    let time = parse_day(&text.value)
        .map(OutcomeTime::Date)
        .or_else(|| CaseTime::parse(&text.value).map(OutcomeTime::Instant));
    if time.is_none() {
        let message = format!("`{}` is no time", text.value);
        let label = "a date, `-3d`, or an instant such as `2026-10-31T12:00:00Z`";
        found.add(Diagnostic::error(codes::BAD_TIME, text.span.clone(), message, label));
    }
    Some(WithSpan::new(time?, text.span))
}
