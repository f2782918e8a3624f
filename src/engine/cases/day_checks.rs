//! Compares the changes and alerts of a day with those that its case expects.

use std::ops::Range;

use super::{
    CaseFailure, Coverage,
    test_case::{CaseDay, ExpectedAlert, ExpectedCell, ExpectedChange},
};
use crate::{
    alerts::FiredAlert,
    changes::{EntityChange, StandingView},
    record::{AlertStanding, EntityStanding, LevelRecord, ListRecord},
};
use pql_model::{EntityKind, clock::format_day};

/// What a day came to.
pub(super) struct DayOutcome<'d> {
    pub(super) changes: &'d [EntityChange],
    pub(super) fired: &'d [FiredAlert],
    pub(super) list: &'d ListRecord,
    /// The day before; none on the first day.
    pub(super) before: Option<&'d ListRecord>,
}

/// An entity, and a failure about it.
type EntityFailure = (EntityKind, String, CaseFailure);

/// Compares the changes of a day, if its case names them.
pub(super) fn check_changes(day: &CaseDay, outcome: &DayOutcome<'_>) -> Vec<EntityFailure> {
    let Some(expected) = &day.changes else { return Vec::new() };
    let is_it = |change: &EntityChange, one: &ExpectedChange| (change.level, &change.id) == (one.side, &one.id);
    let mut failures = Vec::new();
    for one in &expected.items {
        let subject = FailureSubject { side: one.side, id: &one.id };
        match outcome.changes.iter().find(|change| is_it(change, one)) {
            Some(change) => failures.extend(subject.compare(&one.cells, |column| change_cell(change, column))),
            None => {
                let word = one.cells.iter().find(|cell| cell.column == "change");
                let wanted = word.map_or("a change", |cell| &cell.text);
                let got = outcome.why_unchanged(one.side, &one.id);
                failures.push(subject.failure(&one.span, ("change", wanted), got));
            }
        }
    }
    let others = outcome.changes.iter().filter(|change| !expected.items.iter().any(|one| is_it(change, one)));
    failures.extend(others.map(|change| {
        let subject = FailureSubject { side: change.level, id: &change.id };
        subject.failure(&expected.span, ("change", "no change"), change_text(change))
    }));
    failures
}

/// Compares the alerts of a day, if its case names them, and marks those that fire as covered.
pub(super) fn check_alerts(day: &CaseDay, outcome: &DayOutcome<'_>, coverage: &mut Coverage) -> Vec<EntityFailure> {
    let Some(expected) = &day.alerts else { return Vec::new() };
    let is_it = |fired: &FiredAlert, one: &ExpectedAlert| {
        (fired.level, &fired.id, &fired.alert) == (one.side, &one.id, &one.alert)
    };
    let mut failures = Vec::new();
    for one in &expected.items {
        let subject = FailureSubject { side: one.side, id: &one.id };
        match outcome.fired.iter().find(|fired| is_it(fired, one)) {
            Some(fired) => {
                coverage.note_fired(fired);
                failures.extend(subject.compare(&one.cells, |column| alert_cell(fired, column)));
            }
            None => {
                let what = format!("alert {}", one.alert);
                failures.push(subject.failure(&one.span, (&what, "fires"), outcome.why_quiet(one)));
            }
        }
    }
    let others = outcome.fired.iter().filter(|fired| !expected.items.iter().any(|one| is_it(fired, one)));
    failures.extend(others.map(|fired| {
        let subject = FailureSubject { side: fired.level, id: &fired.id };
        let got = fired.to.as_ref().map_or_else(|| "fires".to_owned(), |to| format!("fires, to {to}"));
        subject.failure(&expected.span, (&format!("alert {}", fired.alert), "does not fire"), got)
    }));
    failures
}

/// Whom a failure is about.
#[derive(Clone, Copy)]
struct FailureSubject<'s> {
    side: EntityKind,
    id: &'s str,
}

impl FailureSubject<'_> {
    fn failure(self, span: &Range<usize>, (what, expected): (&str, &str), got: String) -> EntityFailure {
        let entity = format!("{} {}", self.side.word(), self.id);
        let (span, what, expected) = (span.clone(), what.to_owned(), expected.to_owned());
        (self.side, self.id.to_owned(), CaseFailure { span, day: None, entity, what, expected, got })
    }

    /// The cells that differ.
    fn compare(self, cells: &[ExpectedCell], got: impl Fn(&str) -> String) -> Vec<EntityFailure> {
        let differing = cells.iter().map(|cell| (cell, got(cell.column))).filter(|(cell, got)| cell.text != *got);
        let failure = |(cell, got): (&ExpectedCell, String)| {
            self.failure(&cell.span, (&cell.column.replace('_', " "), &cell.text), got)
        };
        differing.map(failure).collect()
    }
}

/// A cell that is empty in the list.
const NOTHING: &str = "none";

fn text_or_nothing(text: Option<&str>) -> String {
    text.unwrap_or(NOTHING).to_owned()
}

/// A cell of a change, as a case writes it.
fn change_cell(change: &EntityChange, column: &str) -> String {
    let view = if column.ends_with("_before") { &change.before } else { &change.now };
    let of_view =
        |part: fn(&StandingView) -> Option<String>| view.as_ref().and_then(part).unwrap_or_else(|| NOTHING.to_owned());
    match column {
        "change" => change.kind.as_str().to_owned(),
        "cause" => text_or_nothing(change.cause.map(|cause| cause.as_str())),
        "tier_before" | "tier" => of_view(|view| view.tier.clone()),
        "route_before" | "route" => of_view(|view| view.route.clone()),
        "score_before" | "score" => of_view(|view| Some(view.score.to_string())),
        _ => text_or_nothing(change.merged_into.as_deref()),
    }
}

/// A change in words.
fn change_text(change: &EntityChange) -> String {
    let [before, now] = ["tier_before", "tier"].map(|column| change_cell(change, column));
    let cause = change.cause.map(|cause| format!(", cause {}", cause.as_str())).unwrap_or_default();
    format!("{}, tier {before} to {now}{cause}", change.kind.as_str())
}

/// A cell of an alert, as a case writes it.
fn alert_cell(fired: &FiredAlert, column: &str) -> String {
    match column {
        "to" => text_or_nothing(fired.to.as_deref()),
        "message" => text_or_nothing(fired.message.as_deref()),
        _ => fired.waiting_days.to_string(),
    }
}

impl DayOutcome<'_> {
    /// Why the list of changes lacks an entity.
    fn why_unchanged(&self, side: EntityKind, id: &str) -> String {
        let Some(before) = self.before else {
            return "no change, since the first day has none to be compared with".to_owned();
        };
        let level = &self.list.levels[side].snapshot;
        match (before.levels[side].snapshot.find(id), level.find(id)) {
            (_, None) => "no change, and no row".to_owned(),
            (None, Some(_)) => "no change: who is new in the last tier is not listed".to_owned(),
            (Some(_), Some(now)) => {
                let tier = level.tier(now).map(|tier| format!(", in tier {}", tier.name)).unwrap_or_default();
                format!("no change{tier}")
            }
        }
    }

    /// Why an alert does not fire.
    fn why_quiet(&self, alert: &ExpectedAlert) -> String {
        let level = &self.list.levels[alert.side];
        let Some((place, standing)) = find(level, &alert.id) else { return "no row".to_owned() };
        if let Some(name) = level.snapshot.suppression(standing) {
            return format!("does not fire: suppressed by {name}");
        }
        let number = level.alerts.iter().position(|name| *name == alert.alert);
        let kept = number.zip(level.kept.get(place)).map(|(number, kept)| kept.alert(number as u32));
        let AlertStanding { held, waits_since, fired, .. } = kept.unwrap_or_default();
        match (held, waits_since, fired) {
            (false, ..) => "does not fire: its condition does not hold".to_owned(),
            (true, Some(since), _) => format!("waits since {}", format_day(since)),
            (true, None, Some(day)) => format!("does not fire again: it fired on {}", format_day(day)),
            (true, None, None) if self.before.is_none() => {
                "does not fire: the first day notes whom it holds for".to_owned()
            }
            (true, None, None) => "does not fire: its condition held before".to_owned(),
        }
    }
}

/// An entity of the lists, and its place in them.
fn find<'l>(level: &'l LevelRecord, id: &str) -> Option<(usize, &'l EntityStanding)> {
    let standings = &level.snapshot.standings;
    let place = standings.binary_search_by(|standing| (*standing.id).cmp(id)).ok()?;
    Some((place, &standings[place]))
}
