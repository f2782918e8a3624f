//! The numbers of a diff by name, as conditions of `--fail-if` write them.
//!
//! A full name is made of the level, of `tier` or `route`, and of what is counted: `user.tier.hot_new`. Whatever leads up to the last part may be left
//! out as long as one number is meant: `hot_new`.

use super::{LevelDiff, ListTransitions, ModelDiff, alignment::NameUnion};
use pql_engine::plan::Model;
use pql_model::{
    EntityKind, PerKind,
    diag::quoted_list,
    number_condition::{NO_NUMBER, NumberVocabulary, UnknownNumber},
    resolved::Level,
};

/// Tiers or routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffListKind {
    /// Tiers.
    Tiers,
    /// Routes.
    Routes,
}

impl DiffListKind {
    const BOTH: [DiffListKind; 2] = [DiffListKind::Tiers, DiffListKind::Routes];

    fn word(self) -> &'static str {
        match self {
            DiffListKind::Tiers => "tier",
            DiffListKind::Routes => "route",
        }
    }

    fn transitions(self, level: &LevelDiff) -> &ListTransitions {
        match self {
            DiffListKind::Tiers => &level.tiers,
            DiffListKind::Routes => &level.routes,
        }
    }
}

/// One number of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffMetric {
    /// Of a level as a whole, by its place among `TOTALS`.
    Total(EntityKind, usize),
    /// Of a tier or route, by its place in the union of both models: by place among `OF_ENTRIES`.
    Entry(EntityKind, DiffListKind, usize, usize),
    /// From an entry of the old to one of the new model, by place.
    Move(EntityKind, DiffListKind, u32, u32),
}

/// What is counted of a level, for users and for accounts.
const LEVEL_TOTALS: [PerKind<&str>; 17] = [
    PerKind { user: "users_old", account: "accounts_old" },
    PerKind { user: "users_new", account: "accounts_new" },
    PerKind { user: "pqls_old", account: "pqas_old" },
    PerKind { user: "pqls_new", account: "pqas_new" },
    PerKind { user: "only_old", account: "only_old" },
    PerKind { user: "only_new", account: "only_new" },
    PerKind { user: "unchanged", account: "unchanged" },
    PerKind { user: "rescored", account: "rescored" },
    PerKind { user: "moved", account: "moved" },
    PerKind { user: "rerouted", account: "rerouted" },
    PerKind { user: "human_old", account: "human_old" },
    PerKind { user: "human_new", account: "human_new" },
    PerKind { user: "rerouted_alone", account: "rerouted_alone" },
    PerKind { user: "suppressed_old", account: "suppressed_old" },
    PerKind { user: "suppressed_new", account: "suppressed_new" },
    PerKind { user: "newly_suppressed", account: "newly_suppressed" },
    PerKind { user: "no_longer_suppressed", account: "no_longer_suppressed" },
];

/// What is counted of a tier or route.
const ENTRY_COUNTS: [&str; 4] = ["old", "new", "entered", "left"];

/// One number and how it is called.
#[derive(Debug)]
struct DiffMetricName {
    /// The parts before the last.
    path: Vec<&'static str>,
    /// The last part.
    last: String,
    quantity: DiffMetric,
}

impl DiffMetricName {
    fn full(&self) -> String {
        let parts: Vec<&str> = self.path.iter().copied().chain([self.last.as_str()]).collect();
        parts.join(".")
    }

    /// Whether it is what was written: the last part is there, and those before it in their order.
    fn matches(&self, written: &[String]) -> bool {
        let Some((last, before)) = written.split_last() else { return false };
        let mut rest = self.path.iter();
        *last == self.last && before.iter().all(|part| rest.any(|own| own == part))
    }
}

/// Every name that two models give, known before anything is read.
#[derive(Debug)]
pub struct DiffVocabulary {
    names: Vec<DiffMetricName>,
    /// Entries of the old and the new model: of users and accounts, tiers and routes.
    entries: Vec<(EntityKind, DiffListKind, [Vec<String>; 2])>,
}

/// What a written name stands for.
#[derive(Debug, PartialEq, Eq)]
enum MetricLookup {
    /// One number, and its full name.
    Unique(DiffMetric, String),
    /// Several, by their full names.
    Ambiguous(Vec<String>),
    /// None, and what may have been meant.
    Unknown(Option<String>),
}

fn names_of(list: DiffListKind, level: &Level) -> Vec<String> {
    match list {
        DiffListKind::Tiers => level.tiers.iter().map(|tier| tier.name.clone()).collect(),
        DiffListKind::Routes => level.routes.iter().map(|route| route.name.clone()).collect(),
    }
}

impl DiffVocabulary {
    /// The names that a diff of two models has.
    pub fn new(old: &Model, new: &Model) -> DiffVocabulary {
        let mut names = Vec::new();
        let mut entries = Vec::new();
        for side in EntityKind::ALL {
            for (total, stems) in LEVEL_TOTALS.iter().enumerate() {
                let last = stems[side].to_owned();
                names.push(DiffMetricName { path: vec![side.word()], last, quantity: DiffMetric::Total(side, total) });
            }
            for list in DiffListKind::BOTH {
                let both = [names_of(list, old.resolved.level(side)), names_of(list, new.resolved.level(side))];
                let union = NameUnion::new(both[0].iter().map(String::as_str), both[1].iter().map(String::as_str));
                for (entry, name) in union.names.iter().enumerate() {
                    for (what, suffix) in ENTRY_COUNTS.iter().enumerate() {
                        let quantity = DiffMetric::Entry(side, list, entry, what);
                        let path = vec![side.word(), list.word()];
                        names.push(DiffMetricName { path, last: format!("{name}_{suffix}"), quantity });
                    }
                }
                entries.push((side, list, both));
            }
        }
        DiffVocabulary { names, entries }
    }

    /// What a name stands for, as it was written.
    fn find(&self, written: &[String]) -> MetricLookup {
        let moves = self.moves(written);
        let mut meant: Vec<&DiffMetricName> =
            self.names.iter().chain(&moves).filter(|name| name.matches(written)).collect();
        // A name in full is that number, even if another one's could be shortened to it.
        if let Some(exact) = meant.iter().position(|name| name.path.len() + 1 == written.len()) {
            let exact = meant.remove(exact);
            if meant.iter().all(|other| other.path.len() > exact.path.len()) {
                return MetricLookup::Unique(exact.quantity, exact.full());
            }
            meant.push(exact);
        }
        match meant.as_slice() {
            [] => MetricLookup::Unknown(self.suggestion(&written.join("."))),
            [one] => MetricLookup::Unique(one.quantity, one.full()),
            many => MetricLookup::Ambiguous(many.iter().map(|name| name.full()).collect()),
        }
    }

    /// `warm_to_hot` for each pair of entries that it can be; they are too many to be listed.
    fn moves(&self, written: &[String]) -> Vec<DiffMetricName> {
        let Some(last) = written.last() else { return Vec::new() };
        let mut found = Vec::new();
        for (at, _) in last.match_indices("_to_") {
            let (from, to) = (&last[..at], &last[at + "_to_".len()..]);
            for (side, list, [old, new]) in &self.entries {
                let from = old.iter().position(|name| name == from);
                let to = new.iter().position(|name| name == to);
                let Some((from, to)) = from.zip(to) else { continue };
                let quantity = DiffMetric::Move(*side, *list, from as u32, to as u32);
                found.push(DiffMetricName { path: vec![side.word(), list.word()], last: last.clone(), quantity });
            }
        }
        found
    }

    fn suggestion(&self, written: &str) -> Option<String> {
        let short =
            |name: &DiffMetricName| name.path.first().map(|level| format!("{level}.{}", name.last)).unwrap_or_default();
        let forms = self.names.iter().flat_map(|name| [name.last.clone(), short(name), name.full()]);
        let forms: Vec<String> = forms.collect();
        pql_model::diag::near_miss(written, forms.iter().map(String::as_str))
    }

    /// Every number by its full name, but those from entry to entry.
    pub fn numbers(&self, diff: &ModelDiff) -> Vec<(String, f64)> {
        self.names.iter().map(|name| (name.full(), name.quantity.value(diff))).collect()
    }
}

impl NumberVocabulary for DiffVocabulary {
    type Number = DiffMetric;

    fn find_number(&self, path: &[String]) -> Result<(DiffMetric, String), UnknownNumber> {
        let written = path.join(".");
        match self.find(path) {
            MetricLookup::Unique(quantity, name) => Ok((quantity, name)),
            MetricLookup::Ambiguous(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                Err(UnknownNumber {
                    message: format!("{NO_NUMBER} is meant by `{written}` alone"),
                    label: "more than one number has this name",
                    help: format!("write which: {}", quoted_list(&names)),
                })
            }
            MetricLookup::Unknown(near) => Err(UnknownNumber {
                message: format!("{NO_NUMBER} `{written}` in the summary"),
                label: "nothing has this name",
                help: near.map_or_else(
                    || "names are TIER_old, TIER_new, TIER_entered and TIER_left, the same of routes, FROM_to_TO, and totals such as user.moved; `pql diff --help` lists them".to_owned(),
                    |near| format!("a name that exists is `{near}`"),
                ),
            }),
        }
    }
}

impl DiffMetric {
    /// The number in a diff of the models that the name was found in.
    pub fn value(self, diff: &ModelDiff) -> f64 {
        let count = match self {
            DiffMetric::Total(side, total) => total_of(&diff.levels[side], total),
            DiffMetric::Entry(side, list, entry, what) => {
                let turnover = list.transitions(&diff.levels[side]).turnover.get(entry);
                turnover.map_or(0, |entry| [entry.counts[0], entry.counts[1], entry.entered, entry.left][what])
            }
            DiffMetric::Move(side, list, from, to) => {
                let cells = &list.transitions(&diff.levels[side]).cells;
                cells.get(&(Some(from), Some(to))).copied().unwrap_or(0)
            }
        };
        count as f64
    }
}

/// In the order of `TOTALS`.
fn total_of(level: &LevelDiff, total: usize) -> u64 {
    let human = |model: usize| level.load.iter().map(|load| load.counts[model]).sum();
    let counts = &level.counts;
    [
        counts.rows[0],
        counts.rows[1],
        counts.qualified[0],
        counts.qualified[1],
        counts.only_in[0],
        counts.only_in[1],
        counts.unchanged,
        counts.rescored,
        counts.moved,
        counts.rerouted,
        human(0),
        human(1),
        counts.rerouted_alone,
        counts.suppressed[0],
        counts.suppressed[1],
        counts.turned_suppressed[0],
        counts.turned_suppressed[1],
    ][total]
}
