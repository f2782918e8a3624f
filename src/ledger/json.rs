//! A ledger as JSON.

use serde_json::{Map, Value as Json, json};

use super::{Decision, Entry, Known, Ledger, SignalNote, Unmet};
use crate::{
    clock::{day_text, instant_text},
    emit::number,
    expr::Value,
    model::{EntityKind, compiled::DecayCurve},
    score::{milestones::State, points::Firing},
    units::Points,
};

/// The ledger as an object.
pub fn object(ledger: &Ledger) -> Json {
    let mut object = Map::new();
    let mut put = |key: &str, value: Json| drop(object.insert(key.to_owned(), value));
    put("level", json!(ledger.side.word()));
    put("id", json!(ledger.id));
    if ledger.side == EntityKind::User {
        put("account_id", json!(ledger.home));
    }
    put("as_of", json!(instant_text(ledger.as_of.instant)));
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

/// A value with its type; dates are text.
pub fn value(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Number(known) => number(*known),
        Value::Boolean(truth) => json!(truth),
        Value::Date(day) => json!(day_text(*day)),
        Value::Text(text) => json!(text),
        Value::Digits(text) => json!(text),
    }
}

fn chosen(decision: Option<&Decision>) -> Json {
    json!(decision.and_then(Decision::chosen).map(|chosen| &chosen.name))
}

fn line(ledger: &Ledger, line: &super::Line) -> Json {
    let name = |place: &usize| ledger.signals.get(*place).map(|signal| signal.name.as_str());
    let mut object = match &line.entry {
        Entry::Signal(place) => json!({ "entry": "signal", "signal": name(place) }),
        Entry::Max(place) => json!({ "entry": "max", "signal": name(place) }),
        Entry::Decay(place, decay) => {
            let (curve, length) = match decay.curve {
                DecayCurve::HalfLife(days) => ("half_life_days", days),
                DecayCurve::Linear(days) => ("linear_days", days),
            };
            let days = decay.days.map_or(Json::Null, number);
            json!({ "entry": "decay", "signal": name(place), "days": days, curve: number(length) })
        }
        Entry::Superseded(place, by) => {
            json!({ "entry": "exclusive", "signal": name(place), "by": by.as_ref().and_then(name) })
        }
        Entry::Category(place) => json!({ "entry": "category_bounds", "category": ledger.category(*place) }),
        Entry::Score => json!({ "entry": "score_bounds" }),
    };
    object["points"] = points(line.points);
    object["total"] = points(line.total);
    object
}

fn signal(note: &SignalNote) -> Json {
    let state = match note.firing {
        Firing::Fired => "fired",
        Firing::Superseded => "superseded",
        Firing::Not => "not",
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
fn facts(known: &[Known]) -> Json {
    Json::Object(known.iter().map(|fact| (fact.name.clone(), value(&fact.value))).collect())
}

fn unmet(all: &[Unmet]) -> Json {
    all.iter().map(|one| json!({ "condition": one.condition, "facts": facts(&one.facts) })).collect()
}

fn milestone(name: &str, state: State) -> Json {
    let at = match state {
        State::Reached(at) => Some(instant_text(at)),
        State::Pending | State::Missed => None,
    };
    json!({ "name": name, "state": state.word(), "at": at })
}

fn tried(decision: &Decision) -> Json {
    let one = |tried: &super::Tried| {
        let holds = tried.unmet.is_empty();
        json!({ "name": tried.name, "rule": tried.rule, "holds": holds, "unmet": unmet(&tried.unmet) })
    };
    decision.tried.iter().map(one).collect()
}
