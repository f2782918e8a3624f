//! What is kept of events while the plan is made: filters, and for each filter what is kept.
//!
//! Equal filters are one and equal keeps are one, so a model that names the same events ten times costs one look.

use std::{collections::HashMap, fmt::Debug};

use super::{
    AggregateOp, AggregationPlan, CellId, CellKind, EventMatch, FilterPlan, NamePlan, PredicateId, ValueId,
    ValueSource, ValueSpec, WordKind,
};
use pql_model::expr::{Program, ValueType};

/// Which events pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EventFilter {
    pub(super) base: EventSelector,
    pub(super) predicate: Option<PredicateId>,
}

/// Which events are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum EventSelector {
    /// All of them.
    Every,
    /// Those that are activity.
    Activity,
    /// Those of a name, each with conditions that must all hold.
    Named(Vec<(String, Vec<PredicateId>)>),
}

/// Where an event's names are found: properties get slots as they are asked for.
#[derive(Debug, Default)]
pub(super) struct PropertySlots {
    properties: DistinctList<Vec<String>>,
    traits: DistinctList<Vec<String>>,
}

/// A list without duplicates. Each value keeps the place that it got when it was added first.
#[derive(Debug)]
struct DistinctList<T> {
    all: Vec<T>,
    /// Places by the text of a value, because expressions have no hash of their own.
    places: HashMap<String, usize>,
}

impl<T> Default for DistinctList<T> {
    fn default() -> Self {
        DistinctList { all: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Debug> DistinctList<T> {
    /// The place of a value. The value is added if it is new.
    fn place_of(&mut self, value: T) -> usize {
        let place = *self.places.entry(format!("{value:?}")).or_insert(self.all.len());
        if place == self.all.len() {
            self.all.push(value);
        }
        place
    }
}

impl PropertySlots {
    /// The slot of a property; slot 0 is the event's name.
    pub(super) fn property(&mut self, path: Vec<String>) -> u32 {
        self.properties.place_of(path) as u32 + 1
    }

    /// The place of a key of traits objects.
    pub(super) fn trait_key(&mut self, path: Vec<String>) -> u32 {
        self.traits.place_of(path) as u32
    }
}

/// The plan of the state while it grows.
#[derive(Debug)]
pub(super) struct AggregationBuilder {
    pub(super) slots: PropertySlots,
    predicates: DistinctList<Program>,
    values: DistinctList<ValueSpec>,
    words: Vec<WordKind>,
    day_sets: usize,
    cells: Vec<CellKind>,
    filters: Vec<(EventFilter, Vec<AggregateOp>)>,
    known_filters: HashMap<EventFilter, usize>,
    /// Words by what they hold.
    known_words: HashMap<(usize, WordKind), usize>,
    known_sets: HashMap<usize, usize>,
    known_cells: HashMap<(usize, CellKind, bool, Option<ValueId>), CellId>,
}

impl AggregationBuilder {
    /// One with what every row has.
    pub(super) fn new() -> AggregationBuilder {
        AggregationBuilder {
            slots: PropertySlots::default(),
            predicates: DistinctList::default(),
            values: DistinctList::default(),
            // In the order of `plan::word`; the fold fills them by itself.
            words: vec![WordKind::Count, WordKind::First, WordKind::Last, WordKind::First, WordKind::First],
            day_sets: 1,
            cells: Vec::new(),
            filters: Vec::new(),
            known_filters: HashMap::new(),
            known_words: HashMap::new(),
            known_sets: HashMap::new(),
            known_cells: HashMap::new(),
        }
    }

    pub(super) fn predicate(&mut self, program: Program) -> PredicateId {
        self.predicates.place_of(program) as PredicateId
    }

    pub(super) fn value(&mut self, source: ValueSource, kind: ValueType) -> ValueId {
        self.values.place_of(ValueSpec::new(source, kind)) as ValueId
    }

    fn filter(&mut self, filter: EventFilter) -> usize {
        if let Some(at) = self.known_filters.get(&filter) {
            return *at;
        }
        self.filters.push((filter.clone(), Vec::new()));
        self.known_filters.insert(filter, self.filters.len() - 1);
        self.filters.len() - 1
    }

    fn add_op(&mut self, filter: usize, keep: AggregateOp) {
        self.filters[filter].1.push(keep);
    }

    /// A word that a filter fills.
    pub(super) fn word(&mut self, filter: &EventFilter, word: WordKind) -> usize {
        let filter = self.filter(filter.clone());
        if let Some(at) = self.known_words.get(&(filter, word)) {
            return *at;
        }
        let at = self.words.len();
        self.words.push(word);
        self.known_words.insert((filter, word), at);
        self.add_op(
            filter,
            match word {
                WordKind::Count => AggregateOp::Count(at),
                WordKind::First => AggregateOp::First(at),
                WordKind::Last => AggregateOp::Last(at),
            },
        );
        at
    }

    /// A set of dates that a filter fills.
    pub(super) fn days(&mut self, filter: &EventFilter) -> usize {
        if *filter == (EventFilter { base: EventSelector::Activity, predicate: None }) {
            return super::ACTIVITY_DAYS;
        }
        let filter = self.filter(filter.clone());
        if let Some(at) = self.known_sets.get(&filter) {
            return *at;
        }
        let at = self.day_sets;
        self.day_sets += 1;
        self.known_sets.insert(filter, at);
        self.add_op(filter, AggregateOp::Days(at));
        at
    }

    /// A cell that a filter fills with a value.
    pub(super) fn cell(&mut self, filter: &EventFilter, kind: CellKind, daily: bool, value: Option<ValueId>) -> CellId {
        let filter = self.filter(filter.clone());
        let key = (filter, kind, daily, value);
        if let Some(cell) = self.known_cells.get(&key) {
            return *cell;
        }
        let cell = self.new_cell(kind);
        self.known_cells.insert(key, cell);
        self.add_op(
            filter,
            match kind {
                CellKind::Number => AggregateOp::Number { cell, daily, value: value.unwrap_or(0) },
                CellKind::Edge { .. } => AggregateOp::Edge { cell, daily, value },
                CellKind::Keyed { key } => AggregateOp::Keyed { cell, daily, key, value: value.unwrap_or(0) },
                CellKind::Tally | CellKind::Moments => AggregateOp::Tally { cell, daily, value },
            },
        );
        cell
    }

    fn new_cell(&mut self, kind: CellKind) -> CellId {
        self.cells.push(kind);
        (self.cells.len() - 1) as CellId
    }

    /// A cell of instants that several filters fill, each marking its steps.
    pub(super) fn moments(&mut self, steps: Vec<EventFilter>, same: Option<ValueId>) -> CellId {
        let cell = self.new_cell(CellKind::Moments);
        for (step, filter) in steps.into_iter().enumerate() {
            let filter = self.filter(filter);
            self.add_op(filter, AggregateOp::Moment { cell, steps: 1 << step, same });
        }
        cell
    }

    /// The finished plan.
    pub(super) fn finish(self, ignore: &[EventSelector], start: &EventSelector) -> AggregationPlan {
        let mut names: Vec<String> = Vec::new();
        let bases = self.filters.iter().map(|(filter, _)| &filter.base).chain(ignore).chain([start]);
        for base in bases {
            if let EventSelector::Named(all) = base {
                names.extend(all.iter().map(|(name, _)| name.clone()));
            }
        }
        names.sort();
        names.dedup();
        let by_name = FiltersByName::new(&self.filters, ignore);
        let plans = std::iter::once(None).chain(names.iter().map(Some)).map(|name| {
            let name = name.map(String::as_str);
            let mut ignored = EventMatch::Never;
            for base in by_name.ignored.get(&name).into_iter().flatten() {
                ignored = match_either(ignored, match_name(base, name));
            }
            NamePlan { ignored, starts: match_name(start, name), filters: filter_plans(by_name.filters(name), name) }
        });
        let plans = plans.collect();
        AggregationPlan {
            plans,
            names,
            properties: self.slots.properties.all,
            traits: self.slots.traits.all,
            predicates: self.predicates.all,
            values: self.values.all,
            words: self.words,
            day_sets: self.day_sets,
            cells: self.cells,
        }
    }
}

/// A filter and what is kept of its events.
type FilteredOps = (EventFilter, Vec<AggregateOp>);

/// What events of a name can have to do with, so that not all of it is looked at for each of many names.
struct FiltersByName<'b> {
    /// Filters by a name that they are about, with their places.
    named: HashMap<&'b str, Vec<(usize, &'b FilteredOps)>>,
    /// Those that are about all events.
    general: Vec<(usize, &'b FilteredOps)>,
    /// What is ignored, by a name in it; of other names nothing is.
    ignored: HashMap<Option<&'b str>, Vec<&'b EventSelector>>,
}

impl<'b> FiltersByName<'b> {
    fn new(filters: &'b [FilteredOps], ignore: &'b [EventSelector]) -> FiltersByName<'b> {
        let mut by_name = FiltersByName { named: HashMap::new(), general: Vec::new(), ignored: HashMap::new() };
        for (at, filter) in filters.iter().enumerate() {
            match &filter.0.base {
                EventSelector::Named(all) => {
                    let mut names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
                    names.dedup();
                    names.into_iter().for_each(|name| by_name.named.entry(name).or_default().push((at, filter)));
                }
                EventSelector::Every | EventSelector::Activity => by_name.general.push((at, filter)),
            }
        }
        for base in ignore {
            if let EventSelector::Named(all) = base {
                let mut names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
                names.dedup();
                names.into_iter().for_each(|name| by_name.ignored.entry(Some(name)).or_default().push(base));
            }
        }
        by_name
    }

    /// Filters that events of a name may pass, in their order.
    fn filters(&self, name: Option<&str>) -> impl Iterator<Item = &'b FilteredOps> {
        let named = name.and_then(|name| self.named.get(name)).into_iter().flatten();
        let mut all: Vec<&(usize, &'b FilteredOps)> = self.general.iter().chain(named).collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, filter)| *filter).collect::<Vec<&'b FilteredOps>>().into_iter()
    }
}

/// Filters that an event of a name may pass.
fn filter_plans<'b>(filters: impl Iterator<Item = &'b FilteredOps>, name: Option<&str>) -> Vec<FilterPlan> {
    let mut tries = Vec::new();
    for (filter, keeps) in filters {
        let matches = match_name(&filter.base, name);
        if matches != EventMatch::Never {
            tries.push(FilterPlan {
                active: filter.base == EventSelector::Activity,
                matches,
                predicate: filter.predicate,
                ops: keeps.clone(),
            });
        }
    }
    tries
}

/// Whether events of a name are among those of a base.
fn match_name(base: &EventSelector, name: Option<&str>) -> EventMatch {
    let EventSelector::Named(all) = base else { return EventMatch::Always };
    let of_name = all.iter().filter(|(known, _)| Some(known.as_str()) == name);
    of_name.fold(EventMatch::Never, |sum, (_, conditions)| {
        match_either(
            sum,
            if conditions.is_empty() { EventMatch::Always } else { EventMatch::When(vec![conditions.clone()]) },
        )
    })
}

fn match_either(a: EventMatch, b: EventMatch) -> EventMatch {
    match (a, b) {
        (EventMatch::Always, _) | (_, EventMatch::Always) => EventMatch::Always,
        (EventMatch::Never, other) | (other, EventMatch::Never) => other,
        (EventMatch::When(mut a), EventMatch::When(b)) => {
            a.extend(b);
            EventMatch::When(a)
        }
    }
}
