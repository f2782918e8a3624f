//! Rows as JSON objects: the columns of the CSV with their types, and in place of the list of signals the whole breakdown.

use serde_json::{Map, Number, Value as Json, json};

use super::row::{OutputCell, OutputRow};
use pql_model::{
    output_columns::SIGNALS,
    resolved::{Level, SignalPayment},
    scoring::{SignalFiring, SignalInput, SignalPayout},
    units::{EPSILON, Points, format_number},
};

/// A row with the names of its columns.
pub(super) fn object(header: &[String], row: &OutputRow<'_>, level: &Level, tier: Option<&str>) -> Json {
    let mut object = Map::new();
    for (name, cell) in header.iter().zip(&row.cells) {
        let value = if name == SIGNALS { signals(level, row) } else { self::cell(cell) };
        object.insert(name.clone(), value);
        if name == "tier" {
            let label =
                level.tiers.iter().find(|known| Some(known.name.as_str()) == tier).and_then(|tier| tier.label.clone());
            object.insert("tier_label".to_owned(), json!(label));
        }
        if name == "action" {
            object
                .insert("sla_hours".to_owned(), row.route.and_then(|route| route.sla_hours).map_or(Json::Null, number));
        }
    }
    object.insert("categories".to_owned(), categories(level, row));
    object.insert("score_before_bounds".to_owned(), points(row.sum.raw));
    object.insert("next_tier".to_owned(), next_tier(level, row.sum.score, tier));
    Json::Object(object)
}

/// A number to six decimals; whole ones without a point.
pub fn number(value: f64) -> Json {
    let text = format_number(value);
    match text.parse::<i64>() {
        Ok(whole) => json!(whole),
        Err(_) => text.parse::<f64>().ok().and_then(Number::from_f64).map_or(Json::Null, Json::Number),
    }
}

fn points(points: Points) -> Json {
    number(points.to_f64())
}

fn cell(cell: &OutputCell<'_>) -> Json {
    match cell {
        OutputCell::Null => Json::Null,
        OutputCell::Points(amount) => points(*amount),
        OutputCell::Number(value) => number(*value),
        OutputCell::Boolean(truth) => json!(truth),
        OutputCell::Text(_) | OutputCell::Date(_) | OutputCell::Instant(_) => json!(cell.text()),
    }
}

fn signals(level: &Level, row: &OutputRow<'_>) -> Json {
    let one = |(signal, paid): (&pql_model::resolved::Signal, &SignalPayout)| {
        let state = match paid.firing {
            SignalFiring::Fired => "fired",
            SignalFiring::Superseded => "superseded",
            SignalFiring::NotFired => "not",
        };
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(signal.name));
        object.insert("category".to_owned(), json!(level.categories[signal.category].name));
        object.insert("state".to_owned(), json!(state));
        object.insert("value".to_owned(), seen(paid));
        if let SignalPayment::Per { max: Some(_), .. } = signal.pay {
            object.insert("points_before_max".to_owned(), points(paid.unbounded));
        }
        object.insert("points_before_decay".to_owned(), points(paid.full));
        object.insert("points".to_owned(), points(paid.points));
        Json::Object(object)
    };
    level.signals.iter().zip(&row.paid).map(one).collect()
}

fn seen(paid: &SignalPayout) -> Json {
    match paid.seen {
        SignalInput::Number(value) => number(value),
        SignalInput::Truth(truth) => json!(truth),
        SignalInput::Nothing => Json::Null,
    }
}

fn categories(level: &Level, row: &OutputRow<'_>) -> Json {
    let both = level.categories.iter().zip(&row.sum.categories);
    let all = both.map(|(category, (raw, held))| {
        (category.name.clone(), json!({ "before_bounds": points(*raw), "points": points(*held) }))
    });
    Json::Object(all.collect())
}

/// The tier above, and the points that are missing for it.
fn next_tier(level: &Level, score: Points, tier: Option<&str>) -> Json {
    let current = level.tiers.iter().position(|known| Some(known.name.as_str()) == tier);
    let Some(above) = current.and_then(|current| current.checked_sub(1)).and_then(|place| level.tiers.get(place))
    else {
        return Json::Null;
    };
    let missing = above.threshold.map(|(threshold, strict)| {
        // To exceed a threshold takes the smallest amount there is more.
        let needed =
            (threshold * 1000.0 - EPSILON).ceil() as i64 + i64::from(strict && (threshold * 1000.0).fract() == 0.0);
        Points((needed - score.0).max(0))
    });
    json!({ "name": above.name, "points_missing": missing.map_or(json!(0), points), "has_condition": above.when.is_some() })
}
