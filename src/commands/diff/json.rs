//! A diff as JSON.

use serde::Serialize;

use super::{
    ComparedModel, DiffReport, EntryTurnover, IdVisibility, LevelDiff, ListTransitions, ModelChange, MovedEntity,
    MoverGroup, PointsChange, RouteLoad, SignalChange,
};
use pql_engine::emit::{JsonMap, JsonNumber, JsonPoints};
use pql_model::{
    PerKind,
    clock::format_instant,
    number_condition::{ConditionVerdict, SeenNumber},
};

/// A diff as it is written.
#[derive(Debug, Serialize)]
pub struct DiffRecord<'d> {
    old: ModelHead<'d>,
    new: ModelHead<'d>,
    model_changes: Vec<ModelChangeRecord<'d>>,
    users: LevelDiffRecord<'d>,
    accounts: LevelDiffRecord<'d>,
    summary: JsonMap<&'d str, JsonNumber>,
    fail_if: Vec<VerdictRecord<'d>>,
    failed: bool,
}

#[derive(Debug, Serialize)]
struct ModelHead<'d> {
    model: &'d str,
    name: &'d str,
    sha256: &'d str,
    as_of: String,
    records: i64,
    rejected: i64,
    excluded: i64,
    after_as_of: i64,
    duplicate: i64,
    anonymous: i64,
    events: i64,
}

#[derive(Debug, Serialize)]
struct LevelDiffRecord<'d> {
    old: u64,
    new: u64,
    qualified_old: u64,
    qualified_new: u64,
    suppressed_old: u64,
    suppressed_new: u64,
    only_old: u64,
    only_new: u64,
    unchanged: u64,
    rescored: u64,
    moved: u64,
    rerouted: u64,
    rerouted_alone: u64,
    newly_suppressed: u64,
    no_longer_suppressed: u64,
    tier_moves: Vec<MoveRecord<'d>>,
    tiers: Vec<TurnoverRecord<'d>>,
    route_moves: Vec<MoveRecord<'d>>,
    routes: Vec<TurnoverRecord<'d>>,
    tier_movers: Vec<GroupRecord<'d>>,
    route_movers: Vec<GroupRecord<'d>>,
    suppression_movers: Vec<GroupRecord<'d>>,
    suppressed_movers: u64,
    human_load: Vec<LoadRecord<'d>>,
    signals: Vec<SignalChangeRecord<'d>>,
}

/// A change of the model; null where a model has no such value.
#[derive(Debug, Serialize)]
struct ModelChangeRecord<'d> {
    subject: &'d str,
    key: &'d str,
    old: Option<&'d str>,
    new: Option<&'d str>,
}

/// From entry to entry of a list; those that stay are among them.
#[derive(Debug, Serialize)]
struct MoveRecord<'d> {
    old: Option<&'d str>,
    new: Option<&'d str>,
    count: u64,
}

/// How many are in an entry of a list; null under a model that has no such entry.
#[derive(Debug, Serialize)]
struct TurnoverRecord<'d> {
    name: &'d str,
    old: Option<u64>,
    new: Option<u64>,
    entered: u64,
    left: u64,
}

/// Movers from one place to another, up to the limit; each mover stands in one group of its level.
#[derive(Debug, Serialize)]
struct GroupRecord<'d> {
    old: Option<&'d str>,
    new: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    motion_old: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    motion_new: Option<&'d str>,
    count: u64,
    by_rule_alone: u64,
    signals: Vec<SignalChangeRecord<'d>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<CauseRecord<'d>>,
    movers: Vec<MovedRecord<'d>>,
    not_listed: u64,
}

/// For how many movers which changes are enough alone; empty if it takes several together.
#[derive(Debug, Serialize)]
struct CauseRecord<'d> {
    alone: &'d [String],
    count: u64,
}

#[derive(Debug, Serialize)]
struct MovedRecord<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'d str>,
    score_old: Option<JsonPoints>,
    tier_old: Option<&'d str>,
    route_old: Option<&'d str>,
    suppressed_old: Option<&'d str>,
    score_new: Option<JsonPoints>,
    tier_new: Option<&'d str>,
    route_new: Option<&'d str>,
    suppressed_new: Option<&'d str>,
    signals: Vec<PointsChangeRecord<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<&'d [String]>,
}

#[derive(Debug, Serialize)]
struct PointsChangeRecord<'d> {
    name: &'d str,
    points_old: JsonPoints,
    points_new: JsonPoints,
}

#[derive(Debug, Serialize)]
struct LoadRecord<'d> {
    route: &'d str,
    to: Option<&'d str>,
    old: u64,
    new: u64,
}

#[derive(Debug, Serialize)]
struct SignalChangeRecord<'d> {
    name: &'d str,
    entities: u64,
    points: JsonPoints,
}

#[derive(Debug, Serialize)]
struct VerdictRecord<'d> {
    condition: &'d str,
    holds: Option<bool>,
    values: JsonMap<&'d str, Option<JsonNumber>>,
}

impl<'d> DiffRecord<'d> {
    /// The record of a report.
    pub fn new(report: &'d DiffReport<'_>) -> DiffRecord<'d> {
        let [old, new] = &report.diff.models;
        let PerKind { user: users, account: accounts } = &report.diff.levels;
        DiffRecord {
            old: ModelHead::new(old),
            new: ModelHead::new(new),
            model_changes: report.changes.iter().map(ModelChangeRecord::new).collect(),
            users: LevelDiffRecord::new(users, report.ids),
            accounts: LevelDiffRecord::new(accounts, report.ids),
            summary: numbers(&report.summary),
            fail_if: report.verdicts.iter().map(VerdictRecord::new).collect(),
            failed: report.failed(),
        }
    }
}

/// A number by its name; null where it is not known.
fn seen(number: &SeenNumber) -> (&str, Option<JsonNumber>) {
    (number.name.as_str(), number.value.map(JsonNumber))
}

fn numbers(named: &[(String, f64)]) -> JsonMap<&str, JsonNumber> {
    named.iter().map(|(name, value)| (name.as_str(), JsonNumber(*value))).collect()
}

impl<'d> ModelHead<'d> {
    fn new(model: &'d ComparedModel) -> ModelHead<'d> {
        let ComparedModel { path, name, fingerprint, as_of, read } = model;
        ModelHead {
            model: path,
            name,
            sha256: fingerprint,
            as_of: format_instant(as_of.instant),
            records: read.records,
            rejected: read.rejected,
            excluded: read.excluded,
            after_as_of: read.after_as_of,
            duplicate: read.duplicate,
            anonymous: read.anonymous,
            events: read.events,
        }
    }
}

impl<'d> ModelChangeRecord<'d> {
    fn new(change: &'d ModelChange) -> ModelChangeRecord<'d> {
        let [old, new] = change.values.each_ref().map(Option::as_deref);
        ModelChangeRecord { subject: &change.subject, key: &change.key, old, new }
    }
}

impl<'d> LevelDiffRecord<'d> {
    fn new(level: &'d LevelDiff, ids: IdVisibility) -> LevelDiffRecord<'d> {
        let counts = &level.counts;
        LevelDiffRecord {
            old: counts.rows[0],
            new: counts.rows[1],
            qualified_old: counts.qualified[0],
            qualified_new: counts.qualified[1],
            suppressed_old: counts.suppressed[0],
            suppressed_new: counts.suppressed[1],
            only_old: counts.only_in[0],
            only_new: counts.only_in[1],
            unchanged: counts.unchanged,
            rescored: counts.rescored,
            moved: counts.moved,
            rerouted: counts.rerouted,
            rerouted_alone: counts.rerouted_alone,
            newly_suppressed: counts.turned_suppressed[0],
            no_longer_suppressed: counts.turned_suppressed[1],
            tier_moves: moves(&level.tiers),
            tiers: level.tiers.turnover.iter().map(TurnoverRecord::new).collect(),
            route_moves: moves(&level.routes),
            routes: level.routes.turnover.iter().map(TurnoverRecord::new).collect(),
            tier_movers: GroupRecord::list(&level.movers.tiers, ids),
            route_movers: GroupRecord::list(&level.movers.routes, ids),
            suppression_movers: GroupRecord::list(&level.movers.suppressions, ids),
            suppressed_movers: level.movers.suppressed,
            human_load: level.load.iter().map(LoadRecord::new).collect(),
            signals: level.signals.iter().map(SignalChangeRecord::new).collect(),
        }
    }
}

fn moves(list: &ListTransitions) -> Vec<MoveRecord<'_>> {
    // A model without entries has nowhere to come from or go to.
    if list.turnover.is_empty() {
        return Vec::new();
    }
    let name = |model: usize, place: Option<u32>| Some(list.names[model].get(place? as usize)?.as_str());
    let cells = list.cells.iter();
    cells.map(|((from, to), count)| MoveRecord { old: name(0, *from), new: name(1, *to), count: *count }).collect()
}

impl<'d> TurnoverRecord<'d> {
    fn new(entry: &'d EntryTurnover) -> TurnoverRecord<'d> {
        let count = |model: usize| entry.exists_in[model].then_some(entry.counts[model]);
        TurnoverRecord { name: &entry.name, old: count(0), new: count(1), entered: entry.entered, left: entry.left }
    }
}

impl<'d> GroupRecord<'d> {
    fn list(groups: &'d [MoverGroup], ids: IdVisibility) -> Vec<GroupRecord<'d>> {
        groups.iter().map(|group| GroupRecord::new(group, ids)).collect()
    }

    fn new(group: &'d MoverGroup, ids: IdVisibility) -> GroupRecord<'d> {
        let [old, new] = group.ends.each_ref().map(|end| end.name.as_deref());
        let [motion_old, motion_new] = group.ends.each_ref().map(|end| end.motion.as_deref());
        GroupRecord {
            old,
            new,
            motion_old,
            motion_new,
            count: group.movers.count,
            by_rule_alone: group.by_rule_alone,
            signals: group.signals.iter().map(SignalChangeRecord::new).collect(),
            causes: group.causes.iter().map(|(alone, count)| CauseRecord { alone, count: *count }).collect(),
            movers: group.movers.listed.iter().map(|one| MovedRecord::new(one, ids)).collect(),
            not_listed: group.movers.count - group.movers.listed.len() as u64,
        }
    }
}

impl<'d> MovedRecord<'d> {
    fn new(moved: &'d MovedEntity, ids: IdVisibility) -> MovedRecord<'d> {
        let [score_old, score_new] = moved.scores.map(|score| score.map(JsonPoints));
        let [tier_old, tier_new] = moved.tiers.each_ref().map(Option::as_deref);
        let [route_old, route_new] = moved.routes.each_ref().map(Option::as_deref);
        let [suppressed_old, suppressed_new] = moved.suppressed.each_ref().map(Option::as_deref);
        MovedRecord {
            id: (ids == IdVisibility::Shown).then_some(&moved.id),
            score_old,
            tier_old,
            route_old,
            suppressed_old,
            score_new,
            tier_new,
            route_new,
            suppressed_new,
            signals: moved.changes.iter().map(PointsChangeRecord::new).collect(),
            alone: moved.cause.as_deref(),
        }
    }
}

impl<'d> PointsChangeRecord<'d> {
    fn new(change: &'d PointsChange) -> PointsChangeRecord<'d> {
        let [points_old, points_new] = change.points.map(JsonPoints);
        PointsChangeRecord { name: &change.name, points_old, points_new }
    }
}

impl<'d> LoadRecord<'d> {
    fn new(load: &'d RouteLoad) -> LoadRecord<'d> {
        let [old, new] = load.counts;
        LoadRecord { route: &load.name, to: load.assignee.as_deref(), old, new }
    }
}

impl<'d> SignalChangeRecord<'d> {
    fn new(signal: &'d SignalChange) -> SignalChangeRecord<'d> {
        SignalChangeRecord { name: &signal.name, entities: signal.entities, points: JsonPoints(signal.points) }
    }
}

impl<'d> VerdictRecord<'d> {
    fn new(verdict: &'d ConditionVerdict) -> VerdictRecord<'d> {
        VerdictRecord {
            condition: &verdict.text,
            holds: verdict.holds,
            values: verdict.numbers.iter().map(seen).collect(),
        }
    }
}
