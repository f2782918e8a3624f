//! An explanation for people.

use std::fmt::Write;

use super::{Explanation, Forecast, NextTierPaths, SignalEvents, members_text};
use pql_engine::ledger::{self, RuleDecision, value_text};
use pql_model::{
    clock::{format_day, format_instant},
    diag::escape_controls,
    units::plural,
};

/// So many events are shown to people; JSON has all of them.
const EVENTS_SHOWN: usize = 50;

impl Explanation {
    /// For people.
    pub fn text(&self) -> String {
        let mut out = ledger::text(&self.ledger);
        if let Some(members) = &self.members {
            members_text::members(&mut out, members);
        }
        if let Some(events) = &self.events {
            self.events_text(&mut out, events);
        }
        if let Some(climb) = &self.next_tier {
            self::climb(&mut out, climb);
        }
        if let Some(forecast) = &self.forecast {
            self.forecast_text(&mut out, forecast);
        }
        out
    }

    /// The events behind a signal, or the people if it reads roll-ups.
    fn events_text(&self, out: &mut String, events: &SignalEvents) {
        if let Some(members) = self.members.as_ref().filter(|_| !events.rollups.is_empty()) {
            members_text::people(out, &events.signal, &events.rollups, members);
        }
        if events.rollups.is_empty() || !events.events.is_empty() {
            self::events(out, events);
        }
    }

    fn forecast_text(&self, out: &mut String, forecast: &Forecast) {
        let tier = self.ledger.tier.as_ref().and_then(RuleDecision::matched_rule).map_or("", |tier| tier.name.as_str());
        out.push_str("\nif nothing further happens\n");
        match &forecast.drop {
            None => {
                let _ =
                    writeln!(out, "  stays {tier} up to {}, which is as far as was looked", format_day(forecast.until));
            }
            Some(drop) => {
                let (day, score) = (format_day(drop.day), drop.score);
                let _ = writeln!(out, "  drops from {tier} to {} at the end of {day}, with {score} points", drop.tier);
                let changes = drop.changes.iter().map(|(name, now, then)| format!("{name} {now} → {then}"));
                let changes: Vec<String> = changes.collect();
                if !changes.is_empty() {
                    let _ = writeln!(out, "  {}", changes.join(", "));
                }
            }
        }
    }
}

fn events(out: &mut String, events: &SignalEvents) {
    let count = plural(events.events.len() as u64, "event", "events");
    let _ = writeln!(out, "\n{count} counted for the signal {}", escape_controls(&events.signal));
    for one in events.events.iter().take(EVENTS_SHOWN) {
        let (file, event) = (escape_controls(&one.file), escape_controls(&one.event));
        let _ = writeln!(out, "  {file}:{}  {}  {event}  ({})", one.line, format_instant(one.at), one.facts.join(", "));
    }
    if events.events.len() > EVENTS_SHOWN {
        let more = events.events.len() - EVENTS_SHOWN;
        let _ = writeln!(out, "  ... and {more} more; --format json has all of them");
    }
}

fn climb(out: &mut String, climb: &NextTierPaths) {
    let missing = climb.points_missing.map(|missing| format!(", {missing} points away")).unwrap_or_default();
    let _ = writeln!(out, "\nways up to {}{missing}", climb.tier);
    if climb.paths.is_empty() {
        out.push_str("  none by up to three things that people do\n");
    }
    for way in &climb.paths {
        let step = |step: &super::FactChange| {
            format!("{} from {} to {}", step.fact, value_text(&step.from), value_text(&step.to))
        };
        let steps: Vec<String> = way.changes.iter().map(step).collect();
        let _ = writeln!(out, "  {}: {} points, {}", escape_controls(&steps.join(" and ")), way.score, way.tier);
    }
}
