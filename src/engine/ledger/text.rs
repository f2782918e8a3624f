//! Renders a ledger as text for people.

use std::fmt::Write;

use super::{FactValue, Ledger, LedgerEntry, LedgerLine, RuleDecision, UnmetCondition};
use pql_model::{
    clock::format_instant, diag::escape_controls, expr::Value, resolved::DecayCurve, scoring::SignalFiring,
    units::format_number,
};

/// The number of facts shown beside one condition.
pub const FACTS_SHOWN: usize = 6;

/// The whole ledger; every line ends with a line end.
pub fn text(ledger: &Ledger) -> String {
    let mut out = String::new();
    head(&mut out, ledger);
    lines(&mut out, ledger);
    silent(&mut out, ledger);
    milestones(&mut out, ledger);
    for (what, decision) in decisions(ledger) {
        if let Some(decision) = decision {
            write_decision(&mut out, what, decision);
        }
    }
    visible_lines(&out)
}

/// Replaces characters that could control a terminal, line by line.
fn visible_lines(text: &str) -> String {
    text.lines().map(|line| escape_controls(line.trim_end()) + "\n").collect()
}

/// The lists of rules in which the first match counts.
fn decisions(ledger: &Ledger) -> [(&'static str, &Option<RuleDecision>); 4] {
    [("segment", &ledger.segment), ("tier", &ledger.tier), ("route", &ledger.route), ("suppressed", &ledger.suppressed)]
}

fn head(out: &mut String, ledger: &Ledger) {
    let home = ledger.home_account.as_ref().map(|home| format!(" of account {home}")).unwrap_or_default();
    let _ = writeln!(out, "{} {}{home}", ledger.side.word(), ledger.id);
    let mut parts = vec![format!("score {}", ledger.score)];
    for (what, decision) in decisions(ledger) {
        if let Some(chosen) = decision.as_ref().and_then(RuleDecision::matched_rule) {
            parts.push(format!("{what} {}", chosen.name));
        }
    }
    let partial = if ledger.as_of.partial { " (in the middle of a day)" } else { "" };
    let _ = writeln!(out, "{}, as of {}{partial}", parts.join(", "), format_instant(ledger.as_of.instant));
}

/// Writes the points: the amount, the sum so far, its source, and the facts behind it.
fn lines(out: &mut String, ledger: &Ledger) {
    if ledger.signals.is_empty() {
        return;
    }
    let mut rows: Vec<[String; 4]> = vec![["points", "total", "signal", "because"].map(str::to_owned)];
    rows.extend(ledger.lines.iter().map(|line| row(ledger, line)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (points, total, name) = (width(0), width(1), width(2));
    out.push('\n');
    for row in &rows {
        let _ = writeln!(out, "  {:>points$}  {:>total$}  {:name$}  {}", row[0], row[1], row[2], row[3]);
    }
    let _ = writeln!(out, "  {}", "-".repeat(points));
    let _ = writeln!(out, "  {:>points$}  {:>total$}  score", ledger.score.to_string(), "");
}

fn row(ledger: &Ledger, line: &LedgerLine) -> [String; 4] {
    let name = |place: usize| ledger.signal(place).name.as_str();
    let (what, why) = match &line.entry {
        LedgerEntry::Signal(place) => (name(*place).to_owned(), facts(&ledger.signal(*place).facts)),
        LedgerEntry::SignalMax(place) => ("  max".to_owned(), format!("`{}` pays at most so much", name(*place))),
        LedgerEntry::Decay(_, decay) => {
            let days = decay.days.map(format_number).unwrap_or_default();
            let curve = match decay.curve {
                DecayCurve::HalfLife(length) => format!("halved every {} days", format_number(length)),
                DecayCurve::Linear(length) => format!("down to 0 over {} days", format_number(length)),
            };
            ("  decay".to_owned(), format!("{days} days ago, {curve}"))
        }
        LedgerEntry::Superseded(_, by) => {
            let by = by.map(|by| format!("`{}` pays instead", name(by))).unwrap_or_default();
            ("  exclusive".to_owned(), by)
        }
        LedgerEntry::CategoryBounds(place) => {
            ("bounds".to_owned(), format!("of the category `{}`", ledger.category(*place)))
        }
        LedgerEntry::ScoreBounds => ("bounds".to_owned(), "of the score".to_owned()),
    };
    [line.points.to_string(), line.total.to_string(), what, why]
}

/// Writes the signals that did not fire, with the missing conditions.
fn silent(out: &mut String, ledger: &Ledger) {
    let silent: Vec<_> = ledger.signals.iter().filter(|signal| signal.firing == SignalFiring::NotFired).collect();
    if silent.is_empty() {
        return;
    }
    out.push_str("\ndid not fire\n");
    let width = silent.iter().map(|signal| signal.name.chars().count()).max().unwrap_or(0);
    for signal in silent {
        let why = if signal.unmet.is_empty() { facts(&signal.facts) } else { unmet(&signal.unmet) };
        let _ = writeln!(out, "  {:width$}  {why}", signal.name);
    }
}

fn milestones(out: &mut String, ledger: &Ledger) {
    if ledger.milestones.is_empty() {
        return;
    }
    out.push_str("\nmilestones\n");
    let width = ledger.milestones.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, state) in &ledger.milestones {
        let at = state.reached().map(|at| format!(" {}", format_instant(at))).unwrap_or_default();
        let _ = writeln!(out, "  {name:width$}  {}{at}", state.as_str());
    }
}

/// Writes the rule that matched, and why earlier rules did not.
fn write_decision(out: &mut String, what: &str, decision: &RuleDecision) {
    let _ = writeln!(out, "\n{what}");
    let width = decision.evaluated.iter().map(|tried| tried.name.chars().count()).max().unwrap_or(0);
    for tried in &decision.evaluated {
        let why = match (tried.unmet.is_empty(), tried.rule.is_empty()) {
            (true, true) => "yes: whatever is left".to_owned(),
            (true, false) => format!("yes: {}", tried.rule),
            (false, _) => format!("no: {}", unmet(&tried.unmet)),
        };
        let _ = writeln!(out, "  {:width$}  {why}", tried.name);
    }
}

/// Conditions that do not hold, each with its facts.
fn unmet(all: &[UnmetCondition]) -> String {
    let one = |unmet: &UnmetCondition| match facts(&unmet.facts) {
        known if known.is_empty() => unmet.condition.clone(),
        known => format!("{} ({known})", unmet.condition),
    };
    all.iter().map(one).collect::<Vec<String>>().join("; ")
}

/// Facts as `name = value`.
fn facts(known: &[FactValue]) -> String {
    let shown = known.iter().take(FACTS_SHOWN).map(|fact| format!("{} = {}", fact.name, value(&fact.value)));
    let mut shown: Vec<String> = shown.collect();
    if known.len() > FACTS_SHOWN {
        shown.push(format!("and {} more", known.len() - FACTS_SHOWN));
    }
    shown.join(", ")
}

/// A value, formatted for a sentence.
pub fn value(value: &Value<'_>) -> String {
    value.to_text().map_or_else(|| "null".to_owned(), |text| text.into_owned())
}
