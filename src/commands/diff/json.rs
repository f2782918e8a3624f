//! A diff as JSON.

use serde_json::{Map, Value as Json, json};

use super::{
    ComparedModel, ConditionVerdict, DiffReport, EntitySample, EntryTurnover, IdVisibility, LevelDiff, ListTransitions,
    MovedEntity, PointsChange, formatting,
};
use pql_engine::{emit::number, ledger::points_json};
use pql_model::clock::format_instant;

impl DiffReport<'_> {
    /// One object.
    pub fn json(&self) -> Json {
        let [old, new] = &self.diff.models;
        let mut object = Map::new();
        let mut put = |key: &str, value: Json| drop(object.insert(key.to_owned(), value));
        put("old", head(old));
        put("new", head(new));
        for level in self.diff.levels.values() {
            put(formatting::many(level.side), self.level_json(level));
        }
        put("summary", Json::Object(self.summary.iter().map(|(name, value)| (name.clone(), number(*value))).collect()));
        put("fail_if", self.verdicts.iter().map(verdict).collect());
        put("failed", json!(self.failed()));
        Json::Object(object)
    }

    fn level_json(&self, level: &LevelDiff) -> Json {
        let signals = level.signals.iter().map(
            |signal| json!({ "name": signal.name, "entities": signal.entities, "points": points_json(signal.points) }),
        );
        let load = level.load.iter().map(
            |load| json!({ "route": load.name, "to": load.assignee, "old": load.counts[0], "new": load.counts[1] }),
        );
        json!({
            "old": level.rows[0],
            "new": level.rows[1],
            "qualified_old": level.qualified[0],
            "qualified_new": level.qualified[1],
            "only_old": level.only_in[0],
            "only_new": level.only_in[1],
            "unchanged": level.unchanged,
            "rescored": level.rescored,
            "moved": level.moved,
            "rerouted": level.rerouted,
            "tier_moves": moves(&level.tiers),
            "tiers": level.tiers.turnover.iter().map(|tier| self.tier_json(tier)).collect::<Vec<Json>>(),
            "route_moves": moves(&level.routes),
            "routes": level.routes.turnover.iter().map(counts).map(Json::Object).collect::<Vec<Json>>(),
            "human_load": load.collect::<Vec<Json>>(),
            "signals": signals.collect::<Vec<Json>>(),
        })
    }

    /// A tier with who enters and leaves it, as far as the limit goes.
    fn tier_json(&self, tier: &EntryTurnover) -> Json {
        let mut object = counts(tier);
        let list =
            |crowd: &EntitySample| crowd.listed.iter().map(|mover| self.mover_json(mover)).collect::<Vec<Json>>();
        let rest = |crowd: &EntitySample| json!(crowd.count - crowd.listed.len() as u64);
        object.insert("entered_list".to_owned(), json!(list(&tier.entered)));
        object.insert("entered_not_listed".to_owned(), rest(&tier.entered));
        object.insert("left_list".to_owned(), json!(list(&tier.left)));
        object.insert("left_not_listed".to_owned(), rest(&tier.left));
        Json::Object(object)
    }

    fn mover_json(&self, mover: &MovedEntity) -> Json {
        let mut object = Map::new();
        if self.ids == IdVisibility::Shown {
            object.insert("id".to_owned(), json!(mover.id));
        }
        for (model, which) in ["old", "new"].into_iter().enumerate() {
            object.insert(format!("score_{which}"), mover.scores[model].map_or(Json::Null, points_json));
            object.insert(format!("tier_{which}"), json!(mover.tiers[model]));
            object.insert(format!("route_{which}"), json!(mover.routes[model]));
        }
        object.insert("signals".to_owned(), mover.changes.iter().map(change).collect());
        Json::Object(object)
    }
}

fn head(head: &ComparedModel) -> Json {
    json!({
        "model": head.path,
        "name": head.name,
        "sha256": head.fingerprint,
        "as_of": format_instant(head.as_of.instant),
    })
}

/// From entry to entry, those that stay included.
fn moves(moves: &ListTransitions) -> Vec<Json> {
    let name = |model: usize, place: Option<u32>| place.and_then(|place| moves.names[model].get(place as usize));
    let one = |((from, to), count): (&(Option<u32>, Option<u32>), &u64)| json!({ "old": name(0, *from), "new": name(1, *to), "count": count });
    // A model without entries has nowhere to come from or go to.
    if moves.turnover.is_empty() { Vec::new() } else { moves.cells.iter().map(one).collect() }
}

fn counts(turnover: &EntryTurnover) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(turnover.name));
    object.insert("old".to_owned(), json!(turnover.exists_in[0].then_some(turnover.counts[0])));
    object.insert("new".to_owned(), json!(turnover.exists_in[1].then_some(turnover.counts[1])));
    object.insert("entered".to_owned(), json!(turnover.entered.count));
    object.insert("left".to_owned(), json!(turnover.left.count));
    object
}

fn change(change: &PointsChange) -> Json {
    let [old, new] = change.points;
    json!({ "name": change.name, "points_old": points_json(old), "points_new": points_json(new) })
}

fn verdict(verdict: &ConditionVerdict) -> Json {
    let values: Map<String, Json> =
        verdict.numbers.iter().map(|(name, value)| (name.clone(), number(*value))).collect();
    json!({ "condition": verdict.text, "holds": verdict.holds, "values": values })
}
