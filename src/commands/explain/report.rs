//! An explanation for people.

use std::fmt::Write;

use super::{DropCause, Explanation, Forecast, NextTierWays, SignalEvents, members_text, outcomes::outcomes_text};
use pql_engine::ledger::{self, RuleDecision, value_text};
use pql_model::{
    clock::{format_day, format_instant},
    diag::escape_controls,
    units::plural,
};

/// The most events that are shown to people; JSON has all of them.
const EVENTS_SHOWN: usize = 50;

impl Explanation {
    /// For people.
    pub fn text(&self) -> String {
        let mut out = ledger::text(&self.ledger);
        if let Some(members) = &self.members {
            members_text::people_of_account(&mut out, &members.people);
            members_text::members(&mut out, members);
            members.parts.iter().for_each(|sum| members_text::sum_parts(&mut out, sum));
        }
        if let Some(outcomes) = &self.outcomes {
            outcomes_text(&mut out, outcomes);
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
                let together = |causes: &Vec<DropCause>| {
                    causes.iter().map(cause_text).collect::<Vec<String>>().join(" together with ")
                };
                for cause in &drop.causes {
                    let _ = writeln!(out, "  because of {}", escape_controls(&together(cause)));
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

/// `the signal member_scores: 385 → 215 points`
fn cause_text(cause: &DropCause) -> String {
    match cause {
        DropCause::Signal(name, before, after) => format!("the signal {name}: {before} → {after} points"),
        DropCause::Fact(name, before, after) => format!("{name}: {} → {}", value_text(before), value_text(after)),
    }
}

fn climb(out: &mut String, climb: &NextTierWays) {
    let missing = climb.points_missing.map(|missing| format!(", {missing} points away")).unwrap_or_default();
    let _ = writeln!(out, "\nways up to {}{missing}", climb.tier);
    if climb.ways.is_empty() {
        out.push_str("  none by one event up to ten times, by two events, or by one trait\n");
    }
    for way in &climb.ways {
        let _ = writeln!(out, "  {}: {} points, {}", escape_controls(&way.text), way.score, way.tier);
    }
}
