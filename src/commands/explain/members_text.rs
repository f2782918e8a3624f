//! The people behind an account, for people.

use std::fmt::Write;

use super::{
    member_parts::{AccountPerson, MemberPart, MemberSumParts},
    members::{MemberNote, MemberReport},
};
use pql_engine::ledger::{FactValue, value_text};
use pql_model::{
    diag::escape_controls,
    expr::Value,
    units::{Points, format_number, plural},
};

/// The number of members that are shown; JSON has all of them.
const MEMBERS_SHOWN: usize = 10;
/// The number of people that are shown behind one signal.
const PEOPLE_SHOWN: usize = 50;

/// The sums by signal, and the members below.
pub(super) fn members(out: &mut String, report: &MemberReport) {
    let head = ["points", "people", "events", "signal"].map(str::to_owned);
    let lines = report.sums.iter().map(|sum| {
        let events = sum.events.map(|events| events.to_string()).unwrap_or_default();
        [sum.points.to_string(), sum.people.to_string(), events, sum.name.clone()]
    });
    out.push_str("\nwhat its members were paid for\n");
    table(out, head, lines.collect());
    let count = plural(report.members.len() as u64, "member", "members");
    let _ = writeln!(out, "\n{count}");
    let head = ["score", "member", "tier", "paid for"].map(str::to_owned);
    let line = |member: &MemberNote| {
        [member.score.to_string(), member.id.clone(), member.tier.clone().unwrap_or_default(), paid_for(member)]
    };
    table(out, head, report.members.iter().take(MEMBERS_SHOWN).map(line).collect());
    more(out, report.members.len(), MEMBERS_SHOWN);
}

/// The champion and the buyer, with what is known of them.
pub(super) fn people_of_account(out: &mut String, people: &[AccountPerson]) {
    if people.is_empty() {
        return;
    }
    out.push_str("\nwhom to meet\n");
    for person in people {
        let line = format!("  {:<8}  {}  {}", person.role, person.id, known_of(person));
        let _ = writeln!(out, "{}", escape_controls(line.trim_end()));
    }
}

/// `Ann Lee, CTO, ann@acme.example`
fn known_of(person: &AccountPerson) -> String {
    let (names, others): (Vec<_>, Vec<_>) = person.facts.iter().partition(|(fact, _)| fact.ends_with("name"));
    let texts = |facts: Vec<&(&str, String)>| facts.into_iter().map(|(_, text)| text.clone()).collect::<Vec<String>>();
    let name = Some(texts(names).join(" ")).filter(|name| !name.is_empty());
    name.into_iter().chain(texts(others)).collect::<Vec<String>>().join(", ")
}

/// What the members add to a sum, each with the facts that it comes from.
pub(super) fn sum_parts(out: &mut String, sum: &MemberSumParts) {
    let _ = writeln!(out, "\nhow {} = {} adds up: {} of each member", sum.name, sum.total, sum.value);
    let head = ["adds", "score", "member", "because"].map(str::to_owned);
    let line = |part: &MemberPart| {
        let fact = |fact: &FactValue| format!("{} = {}", fact.name, value_text(&fact.value));
        let facts: Vec<String> = part.facts.iter().map(fact).collect();
        [format_number(part.adds), format_number(part.score), part.id.clone(), facts.join(", ")]
    };
    table(out, head, sum.parts.iter().take(PEOPLE_SHOWN).map(line).collect());
    if let Some(rest) = sum.parts.get(PEOPLE_SHOWN..).filter(|rest| !rest.is_empty()) {
        let adds = format_number(rest.iter().map(|part| part.adds).sum());
        let _ = writeln!(out, "  ... and {} more, who add {adds}; --format json has all of them", rest.len());
    }
}

/// The people behind a signal that reads roll-ups, those that add most first.
pub(super) fn people(out: &mut String, signal: &str, rollups: &[String], report: &MemberReport) {
    let adds = |member: &&MemberNote| member.adds.iter().any(|value| !adds_nothing(value));
    let mut people: Vec<&MemberNote> = report.members.iter().filter(adds).collect();
    let first = |member: &MemberNote| member.adds.first().and_then(Value::as_number).unwrap_or(0.0);
    people.sort_by(|a, b| first(b).total_cmp(&first(a)));
    let count = plural(people.len() as u64, "person", "people");
    let _ = writeln!(out, "\n{count} behind the signal {}", escape_controls(signal));
    let head = [rollups.join(", "), "member".to_owned(), "tier".to_owned(), "paid for".to_owned()];
    let line = |member: &&MemberNote| {
        let added: Vec<String> = member.adds.iter().map(value_text).collect();
        [added.join(", "), member.id.clone(), member.tier.clone().unwrap_or_default(), paid_for(member)]
    };
    table(out, head, people.iter().take(PEOPLE_SHOWN).map(line).collect());
    more(out, people.len(), PEOPLE_SHOWN);
}

/// Whether a value adds nothing to a roll-up.
fn adds_nothing(value: &Value<'_>) -> bool {
    value.is_null() || value.as_number() == Some(0.0)
}

fn more(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(out, "  ... and {} more; --format json has all of them", all - shown);
    }
}

/// `team_invites:30 (6 events), inactive:-20`
fn paid_for(member: &MemberNote) -> String {
    let one = |(name, points, events): &(String, Points, Option<u64>)| match events {
        Some(events) if *events > 0 => format!("{name}:{points} ({})", plural(*events, "event", "events")),
        Some(_) | None => format!("{name}:{points}"),
    };
    member.paid.iter().map(one).collect::<Vec<String>>().join(", ")
}

/// Writes rows under a head; the first column, and those of numbers, stand to the right.
fn table(out: &mut String, head: [String; 4], lines: Vec<[String; 4]>) {
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(lines).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let is_number = |text: &String| text.is_empty() || text.parse::<f64>().is_ok();
    let widths = [width(0), width(1), width(2)];
    let to_right = [0, 1, 2].map(|column| column == 0 || rows.iter().skip(1).all(|row| is_number(&row[column])));
    for row in &rows {
        let mut line = String::new();
        for column in 0..3 {
            let (cell, width) = (&row[column], widths[column]);
            let _ = if to_right[column] { write!(line, "  {cell:>width$}") } else { write!(line, "  {cell:width$}") };
        }
        let _ = write!(line, "  {}", row[3]);
        let _ = writeln!(out, "{}", escape_controls(line.trim_end()));
    }
}
