//! An explanation for people, and as JSON.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::{Explanation, Forecast, NextTierPaths, SignalEvents};
use pql_engine::ledger::{self, RuleDecision, points_json, value_json, value_text};
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
        if let Some(events) = &self.events {
            self::events(&mut out, events);
        }
        if let Some(climb) = &self.next_tier {
            self::climb(&mut out, climb);
        }
        if let Some(forecast) = &self.forecast {
            self.forecast_text(&mut out, forecast);
        }
        out
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

    /// One object: the ledger's, and what else was asked.
    pub fn json(&self) -> Json {
        let mut object = ledger::object(&self.ledger);
        object["next_tier"] = self.next_tier.as_ref().map_or(Json::Null, climb_json);
        object["forecast"] = self.forecast.as_ref().map_or(Json::Null, forecast_json);
        if let Some(events) = &self.events {
            object["events"] = events_json(events);
        }
        object
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

fn climb_json(climb: &NextTierPaths) -> Json {
    let step = |step: &super::FactChange| json!({ "fact": step.fact, "from": value_json(&step.from), "to": value_json(&step.to) });
    let way = |way: &super::TierPath| {
        let steps: Vec<Json> = way.changes.iter().map(step).collect();
        json!({ "steps": steps, "score": points_json(way.score), "tier": way.tier })
    };
    json!({
        "name": climb.tier,
        "points_missing": climb.points_missing.map_or(json!(0), points_json),
        "ways": climb.paths.iter().map(way).collect::<Vec<Json>>(),
    })
}

fn forecast_json(forecast: &Forecast) -> Json {
    let drop = forecast.drop.as_ref().map(|drop| {
        let change = |(name, now, then): &(String, pql_model::units::Points, pql_model::units::Points)| {
            json!({ "signal": name, "points": points_json(*now), "points_then": points_json(*then) })
        };
        json!({
            "date": format_day(drop.day),
            "tier": drop.tier,
            "score": points_json(drop.score),
            "changes": drop.changes.iter().map(change).collect::<Vec<Json>>(),
        })
    });
    json!({ "until": format_day(forecast.until), "drop": drop })
}

fn events_json(events: &SignalEvents) -> Json {
    let one = |one: &super::CountedEvent| {
        json!({
            "file": one.file,
            "line": one.line,
            "timestamp": format_instant(one.at),
            "event": one.event,
            "facts": one.facts,
        })
    };
    json!({ "signal": events.signal, "list": events.events.iter().map(one).collect::<Vec<Json>>() })
}
