//! A ledger for people.

use std::fmt::Write;

use super::{Decision, Entry, Known, Ledger, Line, Unmet};
use crate::{
    clock::instant_text,
    diag::visible,
    expr::Value,
    model::compiled::DecayCurve,
    score::{milestones::State, points::Firing},
    units::number_text,
};

/// How many facts are shown beside one condition.
pub const FACTS_SHOWN: usize = 6;

/// The whole ledger, every line ended.
pub fn text(ledger: &Ledger) -> String {
    let mut out = String::new();
    head(&mut out, ledger);
    lines(&mut out, ledger);
    silent(&mut out, ledger);
    milestones(&mut out, ledger);
    for (what, decision) in [("segment", &ledger.segment), ("tier", &ledger.tier), ("route", &ledger.route)] {
        if let Some(decision) = decision {
            decided(&mut out, what, decision);
        }
    }
    visible_lines(&out)
}

/// Each line without what could steer a terminal.
fn visible_lines(text: &str) -> String {
    text.lines().map(|line| visible(line.trim_end()) + "\n").collect()
}

fn head(out: &mut String, ledger: &Ledger) {
    let home = ledger.home.as_ref().map(|home| format!(" of account {home}")).unwrap_or_default();
    let _ = writeln!(out, "{} {}{home}", ledger.side.word(), ledger.id);
    let mut parts = vec![format!("score {}", ledger.score)];
    for (what, decision) in [("segment", &ledger.segment), ("tier", &ledger.tier), ("route", &ledger.route)] {
        if let Some(chosen) = decision.as_ref().and_then(Decision::chosen) {
            parts.push(format!("{what} {}", chosen.name));
        }
    }
    let partial = if ledger.as_of.partial { " (in the middle of a day)" } else { "" };
    let _ = writeln!(out, "{}, as of {}{partial}", parts.join(", "), instant_text(ledger.as_of.instant));
}

/// The ledger itself: what is added, the sum so far, what adds it, and what that looked at.
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

fn row(ledger: &Ledger, line: &Line) -> [String; 4] {
    let signal = |place: usize| ledger.signals.get(place);
    let name = |place: usize| signal(place).map(|signal| signal.name.clone()).unwrap_or_default();
    let (what, why) = match &line.entry {
        Entry::Signal(place) => (name(*place), signal(*place).map(|signal| facts(&signal.facts)).unwrap_or_default()),
        Entry::Max(place) => ("  max".to_owned(), format!("`{}` pays at most so much", name(*place))),
        Entry::Decay(_, decay) => {
            let days = decay.days.map(number_text).unwrap_or_default();
            let curve = match decay.curve {
                DecayCurve::HalfLife(length) => format!("halved every {} days", number_text(length)),
                DecayCurve::Linear(length) => format!("down to 0 over {} days", number_text(length)),
            };
            ("  decay".to_owned(), format!("{days} days ago, {curve}"))
        }
        Entry::Superseded(_, by) => {
            let by = by.map(|by| format!("`{}` pays instead", name(by))).unwrap_or_default();
            ("  exclusive".to_owned(), by)
        }
        Entry::Category(place) => ("bounds".to_owned(), format!("of the category `{}`", ledger.category(*place))),
        Entry::Score => ("bounds".to_owned(), "of the score".to_owned()),
    };
    [line.points.to_string(), line.total.to_string(), what, why]
}

/// Signals that do not fire, with what is missing.
fn silent(out: &mut String, ledger: &Ledger) {
    let silent: Vec<_> = ledger.signals.iter().filter(|signal| signal.firing == Firing::Not).collect();
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
        let at = match state {
            State::Reached(at) => format!(" {}", instant_text(*at)),
            State::Pending | State::Missed => String::new(),
        };
        let _ = writeln!(out, "  {name:width$}  {}{at}", state.word());
    }
}

/// The entry that held, and why those before it did not.
fn decided(out: &mut String, what: &str, decision: &Decision) {
    let _ = writeln!(out, "\n{what}");
    let width = decision.tried.iter().map(|tried| tried.name.chars().count()).max().unwrap_or(0);
    for tried in &decision.tried {
        let why = match (tried.unmet.is_empty(), tried.rule.is_empty()) {
            (true, true) => "yes: whatever is left".to_owned(),
            (true, false) => format!("yes: {}", tried.rule),
            (false, _) => format!("no: {}", unmet(&tried.unmet)),
        };
        let _ = writeln!(out, "  {:width$}  {why}", tried.name);
    }
}

/// Conditions that do not hold, each with its facts.
fn unmet(all: &[Unmet]) -> String {
    let one = |unmet: &Unmet| match facts(&unmet.facts) {
        known if known.is_empty() => unmet.condition.clone(),
        known => format!("{} ({known})", unmet.condition),
    };
    all.iter().map(one).collect::<Vec<String>>().join("; ")
}

/// Facts as `name = value`.
fn facts(known: &[Known]) -> String {
    let shown = known.iter().take(FACTS_SHOWN).map(|fact| format!("{} = {}", fact.name, value(&fact.value)));
    let mut shown: Vec<String> = shown.collect();
    if known.len() > FACTS_SHOWN {
        shown.push(format!("and {} more", known.len() - FACTS_SHOWN));
    }
    shown.join(", ")
}

/// A value as it reads in a sentence.
pub fn value(value: &Value<'_>) -> String {
    value.to_text().map_or_else(|| "null".to_owned(), |text| text.into_owned())
}
