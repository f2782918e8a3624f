//! Renders a ledger as JSON.

use serde_json::{Map, Value as Json, json};

use super::{FactValue, Ledger, LedgerEntry, RuleDecision, SignalNote, UnmetCondition};
use crate::{emit::number, score::milestones::MilestoneState};
use pql_model::{
    EntityKind,
    clock::{format_day, format_instant},
    expr::Value,
    resolved::DecayCurve,
    scoring::SignalFiring,
    units::Points,
};

/// The ledger as an object.
pub fn object(ledger: &Ledger) -> Json {
    let mut object = Map::new();
    let mut put = |key: &str, value: Json| drop(object.insert(key.to_owned(), value));
    put("level", json!(ledger.side.word()));
    put("id", json!(ledger.id));
    if ledger.side == EntityKind::User {
        put("account_id", json!(ledger.home_account));
    }
    put("as_of", json!(format_instant(ledger.as_of.instant)));
    put("score", points(ledger.score));
    put("tier", chosen(ledger.tier.as_ref()));
    put("route", chosen(ledger.route.as_ref()));
    if let Some(segment) = &ledger.segment {
        put("segment", chosen(Some(segment)));
    }
    put("ledger", ledger.lines.iter().map(|line| self::line(ledger, line)).collect());
    put("signals", ledger.signals.iter().map(signal).collect());
    put("milestones", ledger.milestones.iter().map(|(name, state)| milestone(name, *state)).collect());
    for (key, decision) in [("segments", &ledger.segment), ("tiers", &ledger.tier), ("routes", &ledger.route)] {
        if let Some(decision) = decision {
            put(key, tried(decision));
        }
    }
    Json::Object(object)
}

/// Points as a number.
pub fn points(points: Points) -> Json {
    number(points.to_f64())
}

/// A value with its JSON type; dates are text.
pub fn value(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Number(known) => number(*known),
        Value::Boolean(truth) => json!(truth),
        Value::Date(day) => json!(format_day(*day)),
        Value::Text(text) => json!(text),
        Value::Digits(text) => json!(text),
    }
}

fn chosen(decision: Option<&RuleDecision>) -> Json {
    json!(decision.and_then(RuleDecision::matched_rule).map(|chosen| &chosen.name))
}

fn line(ledger: &Ledger, line: &super::LedgerLine) -> Json {
    let name = |place: &usize| ledger.signals.get(*place).map(|signal| signal.name.as_str());
    let mut object = match &line.entry {
        LedgerEntry::Signal(place) => json!({ "entry": "signal", "signal": name(place) }),
        LedgerEntry::SignalMax(place) => json!({ "entry": "max", "signal": name(place) }),
        LedgerEntry::Decay(place, decay) => {
            let (curve, length) = match decay.curve {
                DecayCurve::HalfLife(days) => ("half_life_days", days),
                DecayCurve::Linear(days) => ("linear_days", days),
            };
            let days = decay.days.map_or(Json::Null, number);
            json!({ "entry": "decay", "signal": name(place), "days": days, curve: number(length) })
        }
        LedgerEntry::Superseded(place, by) => {
            json!({ "entry": "exclusive", "signal": name(place), "by": by.as_ref().and_then(name) })
        }
        LedgerEntry::CategoryBounds(place) => {
            json!({ "entry": "category_bounds", "category": ledger.category(*place) })
        }
        LedgerEntry::ScoreBounds => json!({ "entry": "score_bounds" }),
    };
    object["points"] = points(line.points);
    object["total"] = points(line.total);
    object
}

fn signal(note: &SignalNote) -> Json {
    let state = match note.firing {
        SignalFiring::Fired => "fired",
        SignalFiring::Superseded => "superseded",
        SignalFiring::NotFired => "not",
    };
    let [before_max, before_decay, paid] = note.points.map(points);
    json!({
        "name": note.name,
        "category": note.category,
        "state": state,
        "rule": note.rule,
        "value": value(&note.seen),
        "facts": facts(&note.facts),
        "points_before_max": before_max,
        "points_before_decay": before_decay,
        "points": paid,
        "unmet": unmet(&note.unmet),
    })
}

/// Facts by name.
fn facts(known: &[FactValue]) -> Json {
    Json::Object(known.iter().map(|fact| (fact.name.clone(), value(&fact.value))).collect())
}

fn unmet(all: &[UnmetCondition]) -> Json {
    all.iter().map(|one| json!({ "condition": one.condition, "facts": facts(&one.facts) })).collect()
}

fn milestone(name: &str, state: MilestoneState) -> Json {
    let at = match state {
        MilestoneState::Reached(at) => Some(format_instant(at)),
        MilestoneState::Pending | MilestoneState::Missed => None,
    };
    json!({ "name": name, "state": state.as_str(), "at": at })
}

fn tried(decision: &RuleDecision) -> Json {
    let one = |tried: &super::EvaluatedRule| {
        let holds = tried.unmet.is_empty();
        json!({ "name": tried.name, "rule": tried.rule, "holds": holds, "unmet": unmet(&tried.unmet) })
    };
    decision.evaluated.iter().map(one).collect()
}
