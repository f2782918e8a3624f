//! Resolves the days of cases: their order, the traits of each, and the changes and alerts that are expected.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value as Json;

use super::{CaseBinder, codes};
use crate::{
    cases::{
        day_syntax::{AlertSyntax, CaseDaySyntax, ChangeSyntax},
        outcome_syntax::CaseOutcomeSyntax,
        suite_syntax::CaseTraitsSyntax,
        test_case::{CaseDay, ExpectedAlert, ExpectedCell, ExpectedChange, ExpectedList},
    },
    ids::id_of_text,
    outcomes::{OutcomeRow, OutcomeTable},
};
use pql_model::{
    EntityKind, PerKind,
    clock::format_instant,
    toml_reader::{SpannedText, WithSpan},
    units::Micros,
};

/// The largest number of days of a case. Each reads the events of all days before it again.
const DAYS_MAX: usize = 400;

/// An entity whose change or alert is expected, and the name of the alert.
type ExpectedKey<'k> = (EntityKind, &'k str, &'k str);

impl CaseBinder<'_> {
    /// Resolves the days of a case. `traits` hold on every day.
    pub(super) fn days(
        &mut self,
        days: &[CaseDaySyntax],
        (traits, outcomes): (&PerKind<Vec<CaseTraitsSyntax>>, Option<&[CaseOutcomeSyntax]>),
    ) -> Option<Vec<CaseDay>> {
        if let Some(beyond) = days.get(DAYS_MAX) {
            let label = format!("at most {DAYS_MAX} in one case");
            self.error(codes::TOO_LARGE, &beyond.span, "too many days", label, None);
            return None;
        }
        let mut held = PerKind::from_fn(|kind| traits_by_id(&traits[kind]));
        // Where any day has outcomes, the days before it are runs with a file that is empty so far.
        let any = outcomes.is_some() || days.iter().any(|day| day.outcomes.is_some());
        let mut rows: Vec<OutcomeRow> = Vec::new();
        let mut of_case = outcomes;
        let mut before: Option<Micros> = None;
        let mut bound = Vec::new();
        for day in days {
            for kind in EntityKind::ALL {
                lay_over(&mut held[kind], traits_by_id(&day.traits[kind]));
            }
            let as_of = self.day_end(day.run.as_of.as_ref(), before);
            before = as_of.or(before);
            bound.push(as_of.and_then(|as_of| {
                let new = [of_case.take(), day.outcomes.as_deref()];
                for outcomes in new.into_iter().flatten() {
                    rows.extend(self.outcome_rows(outcomes, as_of)?);
                }
                let outcomes = any.then(|| OutcomeTable::of_rows(rows.clone()));
                self.day(day, as_of, (&held, outcomes))
            }));
        }
        bound.into_iter().collect()
    }

    /// The instant that a day looks from, which lies after that of the day before.
    fn day_end(&mut self, written: Option<&SpannedText>, before: Option<Micros>) -> Option<Micros> {
        let written = written?;
        let as_of = self.as_of(written)?;
        if let Some(before) = before.filter(|before| as_of <= *before) {
            let message = format!("`{}` is not after the day before", written.value);
            let label = format!("days stand in their order; the day before ends at {}", format_instant(before));
            self.error(codes::BAD_TIME, &written.span, message, label, None);
        }
        Some(as_of)
    }

    fn day(
        &mut self,
        file: &CaseDaySyntax,
        as_of: Micros,
        (held, outcomes): (&PerKind<HeldTraits>, Option<OutcomeTable>),
    ) -> Option<CaseDay> {
        let traits = PerKind::from_fn(|kind| held[kind].values().cloned().collect());
        let run = self.run(&file.run, as_of, (&traits, outcomes));
        let changes = file.changes.as_ref().map(|changes| self.changes(changes));
        let alerts = file.alerts.as_ref().map(|alerts| self.alerts(alerts));
        let label = file.run.as_of.as_ref()?.value.clone();
        Some(CaseDay { label, run: run?, changes, alerts })
    }

    fn changes(&mut self, file: &WithSpan<Vec<ChangeSyntax>>) -> ExpectedList<ExpectedChange> {
        let keys = file.value.iter().map(|change| ((change.side, change.id.value.as_str(), ""), &change.span));
        self.report_repeated("change", keys);
        let items = file.value.iter().map(|change| {
            self.known_cells(change.side, &change.cells);
            ExpectedChange {
                span: change.span.clone(),
                side: change.side,
                id: known_id(&change.id),
                cells: cells(&change.cells),
            }
        });
        ExpectedList { items: items.collect(), span: file.span.clone() }
    }

    fn alerts(&mut self, file: &WithSpan<Vec<AlertSyntax>>) -> ExpectedList<ExpectedAlert> {
        let keys =
            file.value.iter().map(|one| ((one.side, one.id.value.as_str(), one.alert.value.as_str()), &one.span));
        self.report_repeated("alert", keys);
        let items = file.value.iter().map(|one| {
            let known = &self.model.resolved.level(one.side).alerts;
            if !known.iter().any(|alert| alert.name == one.alert.value) {
                let names: Vec<&str> = known.iter().map(|alert| alert.name.as_str()).collect();
                self.report_unknown_name(&format!("{} alert", one.side.word()), &one.alert, names.into_iter());
            }
            ExpectedAlert {
                span: one.span.clone(),
                side: one.side,
                id: known_id(&one.id),
                alert: one.alert.value.clone(),
                cells: cells(&one.cells),
            }
        });
        ExpectedList { items: items.collect(), span: file.span.clone() }
    }

    /// Checks the tiers and routes of an expected change against the model.
    fn known_cells(&mut self, side: EntityKind, cells: &[(&'static str, SpannedText)]) {
        let level = self.model.resolved.level(side);
        for (key, name) in cells {
            match *key {
                "tier" | "tier_before" => self.known_name(level, side, "tier", name),
                "route" | "route_before" => self.known_name(level, side, "route", name),
                _ => {}
            }
        }
    }

    /// Reports an entity that stands in a list twice.
    fn report_repeated<'k>(&mut self, what: &str, keys: impl Iterator<Item = (ExpectedKey<'k>, &'k Range<usize>)>) {
        let mut known: Vec<ExpectedKey<'k>> = Vec::new();
        for (key, span) in keys {
            if known.contains(&key) {
                let message = format!("{} `{}` has this {what} twice", key.0.word(), key.1);
                self.error(codes::DUPLICATE, span, message, "the second one", None);
            }
            known.push(key);
        }
    }
}

/// Traits by id.
type HeldTraits = BTreeMap<String, CaseTraitsSyntax>;

/// Traits with one entry for each id.
fn traits_by_id(all: &[CaseTraitsSyntax]) -> HeldTraits {
    let mut by_id = HeldTraits::new();
    for one in all {
        for id in &one.ids {
            let alone = CaseTraitsSyntax { ids: vec![id.clone()], values: one.values.clone() };
            lay_over(&mut by_id, HeldTraits::from([(id.clone(), alone)]));
        }
    }
    by_id
}

/// Replaces the traits that `newer` has, and keeps the others.
fn lay_over(held: &mut HeldTraits, newer: HeldTraits) {
    for (id, newer) in newer {
        match held.get_mut(&id) {
            Some(known) => newer.values.into_iter().for_each(|value| replace(&mut known.values, value)),
            None => drop(held.insert(id, newer)),
        }
    }
}

/// Replaces the value of a trait.
fn replace(values: &mut Vec<(SpannedText, Json)>, newer: (SpannedText, Json)) {
    values.retain(|(name, _)| name.value != newer.0.value);
    values.push(newer);
}

/// The id as events have it.
fn known_id(id: &SpannedText) -> String {
    id_of_text(&id.value).map_or_else(|| id.value.clone(), |known| known.to_string())
}

fn cells(cells: &[(&'static str, SpannedText)]) -> Vec<ExpectedCell> {
    let cell = |(column, text): &(&'static str, SpannedText)| ExpectedCell {
        span: text.span.clone(),
        column,
        text: text.value.clone(),
    };
    cells.iter().map(cell).collect()
}
