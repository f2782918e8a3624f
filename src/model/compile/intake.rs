//! What the model asks of events, gathered while facts are compiled: filters, and for each filter what is kept.
//!
//! Equal filters are one and equal keeps are one, so a model that names the same events ten times costs one look.

use std::{collections::HashMap, ops::Range};

use super::super::compiled::{
    CellId, CellKind, Intake, Keep, Match, NamePlan, PredicateId, Try, ValueId, ValueSource, ValueSpec, Word,
};
use crate::expr::{ExprError, Names, Program, Resolved, Type};

/// Which events pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Filter {
    pub(super) base: Base,
    pub(super) predicate: Option<PredicateId>,
}

/// Which events are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Base {
    /// All of them.
    Every,
    /// Those that are activity.
    Activity,
    /// Those of a name, each with conditions that must all hold.
    Named(Vec<(String, Vec<PredicateId>)>),
}

/// Where an event's names are found: properties get slots as they are asked for.
#[derive(Debug, Default)]
pub(super) struct Slots {
    properties: Vec<Vec<String>>,
    traits: Vec<Vec<String>>,
}

fn slot_of(paths: &mut Vec<Vec<String>>, path: Vec<String>) -> u32 {
    let at = paths.iter().position(|known| *known == path).unwrap_or_else(|| {
        paths.push(path);
        paths.len() - 1
    });
    at as u32
}

impl Slots {
    /// The slot of a property; slot 0 is the event's name.
    pub(super) fn property(&mut self, path: Vec<String>) -> u32 {
        slot_of(&mut self.properties, path) + 1
    }

    /// The place of a key of traits objects.
    pub(super) fn trait_key(&mut self, path: Vec<String>) -> u32 {
        slot_of(&mut self.traits, path)
    }
}

impl Names for Slots {
    fn resolve(&mut self, path: &[String], _: &Range<usize>) -> Result<Resolved, ExprError> {
        if path == ["event"] {
            return Ok(Resolved { slot: super::super::compiled::EVENT_SLOT, kind: Type::Text });
        }
        Ok(Resolved { slot: self.property(path.to_vec()), kind: Type::Json })
    }
}

/// The intake while it grows.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) slots: Slots,
    predicates: Vec<Program>,
    values: Vec<ValueSpec>,
    words: Vec<Word>,
    day_sets: usize,
    cells: Vec<CellKind>,
    filters: Vec<(Filter, Vec<Keep>)>,
    known_filters: HashMap<Filter, usize>,
    /// Words by what they hold.
    known_words: HashMap<(usize, Word), usize>,
    known_sets: HashMap<usize, usize>,
    known_cells: HashMap<(usize, CellKind, bool, Option<ValueId>), CellId>,
}

impl Builder {
    /// An intake with what every row has.
    pub(super) fn new() -> Builder {
        Builder {
            slots: Slots::default(),
            predicates: Vec::new(),
            values: Vec::new(),
            // In the order of `compiled::word`; the fold fills these by itself.
            words: vec![Word::Count, Word::First, Word::Last, Word::First, Word::First],
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
        let at = self.predicates.iter().position(|known| *known == program).unwrap_or_else(|| {
            self.predicates.push(program);
            self.predicates.len() - 1
        });
        at as PredicateId
    }

    pub(super) fn value(&mut self, source: ValueSource, kind: Type) -> ValueId {
        let spec = ValueSpec { source, kind };
        let at = self.values.iter().position(|known| *known == spec).unwrap_or_else(|| {
            self.values.push(spec);
            self.values.len() - 1
        });
        at as ValueId
    }

    fn filter(&mut self, filter: Filter) -> usize {
        if let Some(at) = self.known_filters.get(&filter) {
            return *at;
        }
        self.filters.push((filter.clone(), Vec::new()));
        self.known_filters.insert(filter, self.filters.len() - 1);
        self.filters.len() - 1
    }

    fn keep(&mut self, filter: usize, keep: Keep) {
        self.filters[filter].1.push(keep);
    }

    /// A word that a filter fills.
    pub(super) fn word(&mut self, filter: &Filter, word: Word) -> usize {
        let filter = self.filter(filter.clone());
        if let Some(at) = self.known_words.get(&(filter, word)) {
            return *at;
        }
        let at = self.words.len();
        self.words.push(word);
        self.known_words.insert((filter, word), at);
        self.keep(
            filter,
            match word {
                Word::Count => Keep::Count(at),
                Word::First => Keep::First(at),
                Word::Last => Keep::Last(at),
            },
        );
        at
    }

    /// A set of dates that a filter fills.
    pub(super) fn days(&mut self, filter: &Filter) -> usize {
        if *filter == (Filter { base: Base::Activity, predicate: None }) {
            return super::super::compiled::ACTIVITY_DAYS;
        }
        let filter = self.filter(filter.clone());
        if let Some(at) = self.known_sets.get(&filter) {
            return *at;
        }
        let at = self.day_sets;
        self.day_sets += 1;
        self.known_sets.insert(filter, at);
        self.keep(filter, Keep::Days(at));
        at
    }

    /// A cell that a filter fills with a value.
    pub(super) fn cell(&mut self, filter: &Filter, kind: CellKind, daily: bool, value: Option<ValueId>) -> CellId {
        let filter = self.filter(filter.clone());
        let key = (filter, kind, daily, value);
        if let Some(cell) = self.known_cells.get(&key) {
            return *cell;
        }
        let cell = self.new_cell(kind);
        self.known_cells.insert(key, cell);
        self.keep(
            filter,
            match kind {
                CellKind::Number => Keep::Number { cell, daily, value: value.unwrap_or(0) },
                CellKind::Edge { .. } => Keep::Edge { cell, daily, value },
                CellKind::Tally | CellKind::Moments => Keep::Tally { cell, daily, value },
            },
        );
        cell
    }

    fn new_cell(&mut self, kind: CellKind) -> CellId {
        self.cells.push(kind);
        (self.cells.len() - 1) as CellId
    }

    /// A cell of instants that several filters fill, each marking its steps.
    pub(super) fn moments(&mut self, steps: Vec<Filter>, same: Option<ValueId>) -> CellId {
        let cell = self.new_cell(CellKind::Moments);
        for (step, filter) in steps.into_iter().enumerate() {
            let filter = self.filter(filter);
            self.keep(filter, Keep::Moment { cell, steps: 1 << step, same });
        }
        cell
    }

    /// The finished intake.
    pub(super) fn finish(self, ignore: &[Base], start: &Base) -> Intake {
        let mut names: Vec<String> = Vec::new();
        let bases = self.filters.iter().map(|(filter, _)| &filter.base).chain(ignore).chain([start]);
        for base in bases {
            if let Base::Named(all) = base {
                names.extend(all.iter().map(|(name, _)| name.clone()));
            }
        }
        names.sort();
        names.dedup();
        let by_name = ByName::new(&self.filters, ignore);
        let plans = std::iter::once(None).chain(names.iter().map(Some)).map(|name| {
            let name = name.map(String::as_str);
            let mut ignored = Match::Never;
            for base in by_name.ignored.get(&name).into_iter().flatten() {
                ignored = either(ignored, matching(base, name));
            }
            NamePlan { ignored, starts: matching(start, name), tries: tries(by_name.filters(name), name) }
        });
        let plans = plans.collect();
        Intake {
            plans,
            names,
            properties: self.slots.properties,
            traits: self.slots.traits,
            predicates: self.predicates,
            values: self.values,
            words: self.words,
            day_sets: self.day_sets,
            cells: self.cells,
        }
    }
}

/// A filter and what is kept of its events.
type Kept = (Filter, Vec<Keep>);

/// What events of a name can have to do with, so that not all of it is looked at for each of many names.
struct ByName<'b> {
    /// Filters by a name that they are about, with their places.
    named: HashMap<&'b str, Vec<(usize, &'b Kept)>>,
    /// Those that are about all events.
    general: Vec<(usize, &'b Kept)>,
    /// What is ignored, by a name in it; of other names nothing is.
    ignored: HashMap<Option<&'b str>, Vec<&'b Base>>,
}

impl<'b> ByName<'b> {
    fn new(filters: &'b [Kept], ignore: &'b [Base]) -> ByName<'b> {
        let mut by_name = ByName { named: HashMap::new(), general: Vec::new(), ignored: HashMap::new() };
        for (at, filter) in filters.iter().enumerate() {
            match &filter.0.base {
                Base::Named(all) => {
                    let mut names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
                    names.dedup();
                    names.into_iter().for_each(|name| by_name.named.entry(name).or_default().push((at, filter)));
                }
                Base::Every | Base::Activity => by_name.general.push((at, filter)),
            }
        }
        for base in ignore {
            if let Base::Named(all) = base {
                let mut names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
                names.dedup();
                names.into_iter().for_each(|name| by_name.ignored.entry(Some(name)).or_default().push(base));
            }
        }
        by_name
    }

    /// Filters that events of a name may pass, in their order.
    fn filters(&self, name: Option<&str>) -> impl Iterator<Item = &'b Kept> {
        let named = name.and_then(|name| self.named.get(name)).into_iter().flatten();
        let mut all: Vec<&(usize, &'b Kept)> = self.general.iter().chain(named).collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, filter)| *filter).collect::<Vec<&'b Kept>>().into_iter()
    }
}

/// Filters that an event of a name may pass.
fn tries<'b>(filters: impl Iterator<Item = &'b Kept>, name: Option<&str>) -> Vec<Try> {
    let mut tries = Vec::new();
    for (filter, keeps) in filters {
        let matches = matching(&filter.base, name);
        if matches != Match::Never {
            tries.push(Try {
                active: filter.base == Base::Activity,
                matches,
                predicate: filter.predicate,
                keeps: keeps.clone(),
            });
        }
    }
    tries
}

/// Whether events of a name are among those of a base.
fn matching(base: &Base, name: Option<&str>) -> Match {
    let Base::Named(all) = base else { return Match::Always };
    let of_name = all.iter().filter(|(known, _)| Some(known.as_str()) == name);
    of_name.fold(Match::Never, |sum, (_, conditions)| {
        either(sum, if conditions.is_empty() { Match::Always } else { Match::When(vec![conditions.clone()]) })
    })
}

fn either(a: Match, b: Match) -> Match {
    match (a, b) {
        (Match::Always, _) | (_, Match::Always) => Match::Always,
        (Match::Never, other) | (other, Match::Never) => other,
        (Match::When(mut a), Match::When(b)) => {
            a.extend(b);
            Match::When(a)
        }
    }
}
