//! A model without what a dump can never give.
//!
//! Takes the tree of a model, the wiring of its events and the profile of the dump. What no event, property or trait can ever make true is taken out,
//! and every expression, list and text that named it is rewritten without it, until nothing changes: a count of events that do not occur is 0, a trait
//! that nobody has is null, and what is left of a condition is what can still be true.

mod decisions;
mod events;
mod facts;
mod files;
mod unused;

use std::collections::{BTreeMap, BTreeSet};

use pql_model::{
    EntityKind,
    expr::{ExprConstant, KnownName, ReducedExpression, ReductionGoal, reduce},
};

use super::{
    document::{DocumentTable, DocumentValue},
    graph::{LevelName, NameGraph},
    knowledge::FactKnowledge,
    properties::PropertyFinder,
    traits::{TraitFinder, TraitSource},
    wiring::EventWiring,
};

/// Rounds after which a model that still changes is taken as it is.
const ROUNDS_MAX: usize = 40;

/// What of a model was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DroppedKind {
    /// Points.
    Signal,
    /// A success moment.
    Milestone,
    /// A kind of company.
    Segment,
    /// A band of the score.
    Tier,
    /// What happens next.
    Route,
    /// Who is left alone.
    Suppression,
    /// Who decides.
    Person,
}

/// A part of a model that was taken out, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedPart {
    /// The level that it is of.
    pub side: EntityKind,
    /// What it was.
    pub kind: DroppedKind,
    /// Its name.
    pub name: String,
    /// Events, traits and properties of the model that the dump does not have.
    pub lacks: Vec<String>,
}

impl DroppedKind {
    /// The kind of the entries of a list of a level, if they decide.
    pub(super) fn of_list(list: &str) -> Option<DroppedKind> {
        match list {
            "signals" => Some(DroppedKind::Signal),
            "milestones" => Some(DroppedKind::Milestone),
            "segments" => Some(DroppedKind::Segment),
            "tiers" => Some(DroppedKind::Tier),
            "routes" => Some(DroppedKind::Route),
            "suppress" => Some(DroppedKind::Suppression),
            _ => None,
        }
    }

    /// The word before its name; nothing for signals, which are the most.
    pub(super) fn word(self) -> &'static str {
        match self {
            DroppedKind::Signal => "",
            DroppedKind::Milestone => "milestone ",
            DroppedKind::Segment => "segment ",
            DroppedKind::Tier => "tier ",
            DroppedKind::Route => "route ",
            DroppedKind::Suppression => "suppression ",
            DroppedKind::Person => "key ",
        }
    }
}

/// A model that was pruned.
#[derive(Debug)]
pub(super) struct PrunedModel {
    pub(super) document: DocumentTable,
    /// What was taken out, in the order in which it turned out to be dead.
    pub(super) dropped: Vec<DroppedPart>,
    /// For each trait that was found, where it stands.
    pub(super) traits: FoundTraits,
}

/// Where the traits of a model stand in the dump.
pub(super) type FoundTraits = BTreeMap<LevelName, Vec<TraitSource>>;

/// Takes out of a model what a dump can never give.
pub(super) fn prune(model: &DocumentTable, wiring: &EventWiring, finder: TraitFinder<'_>) -> PrunedModel {
    let mut pruner = ModelPruner {
        document: model.clone(),
        whole: model,
        nothing: &finder.lessons.nothing,
        wiring,
        finder: PropertyFinder { survey: finder.survey },
        trait_finder: finder,
        known: FactKnowledge::default(),
        graph: NameGraph::of(model),
        key_properties: events::key_properties(model),
        named_parts: BTreeMap::new(),
        dropped: Vec::new(),
        traits: BTreeMap::new(),
    };
    for _ in 0..ROUNDS_MAX {
        let before = pruner.document.clone();
        pruner.round();
        if !pruner.known.take_changed() && pruner.document == before {
            break;
        }
    }
    pruner.drop_unused();
    PrunedModel { document: pruner.document, dropped: pruner.dropped, traits: pruner.traits }
}

/// Why an entry stays or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryFate {
    Stays,
    Goes,
}

/// What became of an expression.
#[derive(Debug, Clone, PartialEq)]
enum ExpressionFate {
    /// The key is not there.
    Absent,
    /// It still depends on who is scored.
    Open,
    Constant(ExprConstant),
}

impl ExpressionFate {
    fn is(&self, value: bool) -> bool {
        *self == ExpressionFate::Constant(ExprConstant::Boolean(value))
    }

    /// Whether a condition of this kind is never true, or a value is never one.
    fn is_nothing(&self) -> bool {
        match self {
            ExpressionFate::Constant(ExprConstant::Null | ExprConstant::Boolean(false)) => true,
            ExpressionFate::Constant(ExprConstant::Number(number)) => *number == 0.0,
            ExpressionFate::Constant(ExprConstant::Boolean(true) | ExprConstant::Text(_))
            | ExpressionFate::Open
            | ExpressionFate::Absent => false,
        }
    }
}

struct ModelPruner<'p> {
    document: DocumentTable,
    whole: &'p DocumentTable,
    wiring: &'p EventWiring,
    finder: PropertyFinder<'p>,
    trait_finder: TraitFinder<'p>,
    known: FactKnowledge,
    /// Who names whom in the whole model.
    graph: NameGraph,
    /// For each event of the tracking plan, the property that says which one it is.
    key_properties: BTreeMap<String, String>,
    /// What the name of an event of the dump says of a property that it lacks.
    named_parts: BTreeMap<(String, String), String>,
    /// Names of metrics and events that are known to count nothing.
    nothing: &'p BTreeSet<String>,
    dropped: Vec<DroppedPart>,
    traits: FoundTraits,
}

impl ModelPruner<'_> {
    fn round(&mut self) {
        self.prune_aliases();
        self.prune_metrics();
        for side in EntityKind::ALL {
            self.prune_traits(side);
            self.prune_milestones(side);
        }
        self.prune_segments();
        for side in EntityKind::ALL {
            self.prune_facts(side);
            self.prune_rollups(side);
            self.prune_signals(side);
            self.prune_tiers(side);
            self.prune_routes(side);
            self.prune_alerts(side);
            self.prune_people(side);
        }
        self.prune_columns();
        self.prune_files();
    }

    /// Rewrites the condition at a key of an entry by what is known of facts.
    fn reduce_facts(&self, entry: &mut DocumentTable, key: &str, side: EntityKind) -> ExpressionFate {
        reduce_key(entry, (key, ReductionGoal::Condition), &|path| self.known.get(side, path))
    }

    /// The same of an expression whose value is asked for.
    fn reduce_value(&self, entry: &mut DocumentTable, key: &str, side: EntityKind) -> ExpressionFate {
        reduce_key(entry, (key, ReductionGoal::Value), &|path| self.known.get(side, path))
    }

    /// The entries of a list of tables, taken out to be changed.
    fn take_list(&mut self, path: [&str; 2]) -> Vec<DocumentTable> {
        let list = self.document.at_mut(&path[..1]).and_then(|table| table.get_mut(path[1]));
        let Some(DocumentValue::List(list)) = list else { return Vec::new() };
        std::mem::take(list).into_iter().filter_map(|value| value.table().cloned()).collect()
    }

    fn put_list(&mut self, path: [&str; 2], entries: Vec<DocumentTable>) {
        let Some(table) = self.document.at_mut(&path[..1]) else { return };
        if entries.is_empty() {
            table.remove(path[1]);
        } else {
            table.set(path[1], DocumentValue::List(entries.into_iter().map(DocumentValue::Table).collect()));
        }
    }

    /// The entries of a table of named ones, taken out to be changed.
    fn take_named(&mut self, path: &[&str]) -> Vec<(String, DocumentValue)> {
        self.document.at_mut(path).map(|table| std::mem::take(&mut table.entries)).unwrap_or_default()
    }

    fn put_named(&mut self, path: &[&str], entries: Vec<(String, DocumentValue)>) {
        if let Some(table) = self.document.at_mut(path) {
            table.entries = entries;
        }
    }
}

/// Rewrites the expression at a key; one that cannot be read stays, and the check of the model tells of it.
fn reduce_key(
    entry: &mut DocumentTable,
    (key, goal): (&str, ReductionGoal),
    known: &dyn Fn(&[String]) -> Option<KnownName>,
) -> ExpressionFate {
    let Some(text) = entry.text(key) else { return ExpressionFate::Absent };
    match reduce(text, goal, known) {
        Ok(ReducedExpression::Constant(value)) => ExpressionFate::Constant(value),
        Ok(ReducedExpression::Text(text)) => {
            entry.set(key, DocumentValue::Text(text));
            ExpressionFate::Open
        }
        Ok(ReducedExpression::Same) | Err(_) => ExpressionFate::Open,
    }
}
