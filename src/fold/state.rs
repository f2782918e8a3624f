//! State: rows by raw id, named account and, where none is named, local date; what identity lines say; counts of lines.
//!
//! Kept in partitions by the hash of the raw id, so that merging and reading can work on all of them at once.

use std::{collections::HashMap, hash::BuildHasher};

use rayon::prelude::*;

use super::{
    cells::{Edge, Moment, NO_TEXT, Number, Tally, TallyKey, add_count},
    counts::{Bucket, FileCounts},
    days::DaySet,
    intern::Interner,
    joins::Joins,
    keyed::Keyed,
};
use crate::{
    decode::Seed,
    expr::Type,
    model::{
        Model,
        compiled::{CellId, CellKind, Intake, Level, Word},
    },
    units::{Day, Micros},
};

/// A power of two.
pub const PARTITIONS: usize = 16;

/// The account of rows whose events name none.
pub const NO_ACCOUNT: u32 = u32::MAX;

/// The date of rows whose events name an account.
pub const ANY_DAY: Day = Day::MIN;

/// Whose a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A user, by the number of the raw id in its partition.
    User(u32),
    /// A visitor, likewise.
    Visitor(u32),
    /// Records without either.
    Nobody,
}

/// State of one raw id and named account, or of one raw id and date.
#[derive(Debug)]
pub struct Row {
    /// Whose it is.
    pub owner: Owner,
    /// The named account, or [`NO_ACCOUNT`].
    pub account: u32,
    /// The local date of a row without an account, else [`ANY_DAY`].
    pub day: Day,
    /// Counts by cell, date and value.
    pub tally: Tally,
    /// What few rows have.
    pub rest: Option<Box<Rest>>,
}

/// What few rows have.
#[derive(Debug, Default)]
pub struct Rest {
    /// Numbers by cell and date.
    pub numbers: Keyed<(CellId, Day), Number>,
    /// Values at an end of time by cell and date.
    pub edges: Keyed<(CellId, Day), Edge>,
    /// Instants, in no order.
    pub moments: Vec<Moment>,
}

/// The account that a raw id named last on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// When it was named.
    pub at: Micros,
    /// On which local date.
    pub day: Day,
    /// Which.
    pub account: u32,
}

/// Rows by account and date.
type RowIndex = HashMap<(u32, Day), u32, Seed>;

/// What is known of a raw id beside its rows.
#[derive(Debug, Default)]
pub struct Folk {
    /// Rows by account and date: the first one met, then the others.
    first_row: Option<(u32, Day, u32)>,
    more_rows: Option<Box<RowIndex>>,
    /// By date, sorted.
    pub named: Vec<Named>,
    /// What few raw ids have.
    pub more: Option<Box<FolkMore>>,
}

/// What few raw ids have.
#[derive(Debug, Default)]
pub struct FolkMore {
    /// What identify lines say, by trait.
    pub traits: Keyed<u16, Edge>,
    /// Visitors that came on one record with this user, as texts.
    pub met: Keyed<u32, ()>,
    /// Of visitors: events that name no account, by file.
    pub homeless: Keyed<u32, i64>,
    /// Lines by file and bucket; kept only if the model excludes domains, since whose lines those are shows at the end.
    pub lines: Keyed<(u32, Bucket), i64>,
}

impl Folk {
    fn row(&self, account: u32, day: Day) -> Option<u32> {
        match self.first_row {
            Some((a, d, row)) if a == account && d == day => Some(row),
            _ => self.more_rows.as_ref()?.get(&(account, day)).copied(),
        }
    }

    fn set_row(&mut self, account: u32, day: Day, row: u32) {
        if self.first_row.is_none() {
            self.first_row = Some((account, day, row));
        } else {
            self.more_rows.get_or_insert_default().insert((account, day), row);
        }
    }

    /// Notes that an account was named.
    pub fn name_account(&mut self, named: Named, accounts: &Interner) {
        let at = match self.named.last() {
            Some(last) if last.day < named.day => self.named.len(),
            Some(last) if last.day == named.day => self.named.len() - 1,
            _ => self.named.partition_point(|known| known.day < named.day),
        };
        match self.named.get_mut(at) {
            Some(known) if known.day == named.day => {
                let later = named.at > known.at;
                let tie = named.at == known.at && accounts.get(named.account) < accounts.get(known.account);
                if later || tie {
                    *known = named;
                }
            }
            _ => self.named.insert(at, named),
        }
    }
}

/// Raw ids of one kind in one partition.
#[derive(Debug)]
pub struct Population {
    /// The ids as text.
    pub ids: Interner,
    /// What is known of each.
    pub folks: Vec<Folk>,
}

impl Population {
    fn new(seed: &Seed) -> Population {
        Population { ids: Interner::new(seed.clone()), folks: Vec::new() }
    }

    /// The number of an id, with its hash.
    pub fn of(&mut self, hash: u64, id: &str) -> u32 {
        let number = self.ids.intern_hashed(hash, id);
        if number as usize == self.folks.len() {
            self.folks.push(Folk::default());
        }
        number
    }
}

/// One partition of the state.
#[derive(Debug)]
pub struct Part {
    /// Known ids.
    pub users: Population,
    /// Anonymous ids.
    pub visitors: Population,
    /// Rows of records without either.
    nobody: Folk,
    /// All rows.
    pub rows: Vec<Row>,
    /// Fixed words of rows, a stride each.
    words: Vec<i64>,
    /// Sets of dates of rows, a stride each.
    days: Vec<DaySet>,
    word_stride: usize,
    day_stride: usize,
}

/// The word of an instant that there is not, where the smallest is kept.
pub const NO_FIRST: Micros = Micros::MAX;
/// The word of an instant that there is not, where the largest is kept.
pub const NO_LAST: Micros = Micros::MIN;

fn zero(word: Word) -> i64 {
    match word {
        Word::Count => 0,
        Word::First => NO_FIRST,
        Word::Last => NO_LAST,
    }
}

impl Part {
    fn new(seed: &Seed, intake: &Intake) -> Part {
        Part {
            users: Population::new(seed),
            visitors: Population::new(seed),
            nobody: Folk::default(),
            rows: Vec::new(),
            words: Vec::new(),
            days: Vec::new(),
            word_stride: intake.words.len(),
            day_stride: intake.day_sets,
        }
    }

    /// The folk behind an owner.
    pub fn folk_mut(&mut self, owner: Owner) -> &mut Folk {
        match owner {
            Owner::User(id) => &mut self.users.folks[id as usize],
            Owner::Visitor(id) => &mut self.visitors.folks[id as usize],
            Owner::Nobody => &mut self.nobody,
        }
    }

    /// The row of an owner, account and date; a zero one if there is none yet.
    pub fn row(&mut self, owner: Owner, account: u32, day: Day, words: &[Word]) -> usize {
        if let Some(row) = self.folk_mut(owner).row(account, day) {
            return row as usize;
        }
        let row = self.rows.len();
        self.rows.push(Row { owner, account, day, tally: Tally::default(), rest: None });
        self.words.extend(words.iter().map(|word| zero(*word)));
        self.days.resize_with(self.days.len() + self.day_stride, DaySet::default);
        self.folk_mut(owner).set_row(account, day, row as u32);
        row
    }

    /// The fixed words of a row.
    pub fn words(&self, row: usize) -> &[i64] {
        &self.words[row * self.word_stride..(row + 1) * self.word_stride]
    }

    /// The fixed words of a row, to fold into.
    pub fn words_mut(&mut self, row: usize) -> &mut [i64] {
        &mut self.words[row * self.word_stride..(row + 1) * self.word_stride]
    }

    /// The sets of dates of a row.
    pub fn days(&self, row: usize) -> &[DaySet] {
        &self.days[row * self.day_stride..(row + 1) * self.day_stride]
    }

    /// The sets of dates of a row, to fold into.
    pub fn days_mut(&mut self, row: usize) -> &mut [DaySet] {
        &mut self.days[row * self.day_stride..(row + 1) * self.day_stride]
    }

    /// Takes in another partition of the same number.
    fn absorb(&mut self, other: Part, across: &Across<'_>) {
        let seed = across.seed;
        let number = |population: &mut Population, of: &Interner| -> Vec<u32> {
            (0..of.len() as u32).map(|id| population.of(seed.hash_one(of.get(id)), of.get(id))).collect()
        };
        let users = number(&mut self.users, &other.users.ids);
        let visitors = number(&mut self.visitors, &other.visitors.ids);
        let word_kinds = &across.model.intake.words;
        for (index, row) in other.rows.iter().enumerate() {
            let owner = match row.owner {
                Owner::User(id) => Owner::User(users[id as usize]),
                Owner::Visitor(id) => Owner::Visitor(visitors[id as usize]),
                Owner::Nobody => Owner::Nobody,
            };
            let account = if row.account == NO_ACCOUNT { NO_ACCOUNT } else { across.accounts[row.account as usize] };
            let into = self.row(owner, account, row.day, word_kinds);
            for ((mine, theirs), kind) in self.words_mut(into).iter_mut().zip(other.words(index)).zip(word_kinds) {
                *mine = merge_word(*kind, *mine, *theirs);
            }
            for (mine, theirs) in self.days_mut(into).iter_mut().zip(other.days(index)) {
                mine.union(theirs);
            }
            self.rows[into].absorb(row, across);
        }
        for (folk, id) in other.users.folks.iter().zip(users) {
            self.users.folks[id as usize].absorb(folk, across, &across.model.user);
        }
        for (folk, id) in other.visitors.folks.iter().zip(visitors) {
            self.visitors.folks[id as usize].absorb(folk, across, &across.model.user);
        }
    }
}

/// Two words of one kind as one.
pub fn merge_word(kind: Word, a: i64, b: i64) -> i64 {
    match kind {
        Word::Count => a + b,
        Word::First => a.min(b),
        Word::Last => a.max(b),
    }
}

/// What is needed to read another state's numbers of texts and accounts.
struct Across<'a> {
    model: &'a Model,
    seed: &'a Seed,
    accounts: Vec<u32>,
    texts: Vec<u32>,
    account_names: &'a Interner,
    text_names: &'a Interner,
}

impl Across<'_> {
    fn text(&self, text: u32) -> u32 {
        if text == NO_TEXT { NO_TEXT } else { self.texts[text as usize] }
    }

    fn edge(&self, edge: Edge, kind: Type) -> Edge {
        let value = if kind == Type::Text { u64::from(self.texts[edge.value as usize]) } else { edge.value };
        Edge { value, ..edge }
    }
}

impl Row {
    fn absorb(&mut self, other: &Row, across: &Across<'_>) {
        for (key, count) in other.tally.iter() {
            let key = TallyKey { value: across.text(key.value), ..*key };
            self.tally.merge(key, *count, add_count);
        }
        let Some(theirs) = &other.rest else { return };
        let mine = self.rest.get_or_insert_default();
        for (key, number) in theirs.numbers.iter() {
            mine.numbers.merge(*key, *number, |known, more| known.merge(more));
        }
        for (key, edge) in theirs.edges.iter() {
            let (last, kind) = edge_kind(&across.model.intake, key.0);
            mine.edges
                .merge(*key, across.edge(*edge, kind), |known, more| known.merge(more, last, kind, across.text_names));
        }
        mine.moments.extend(theirs.moments.iter().map(|moment| Moment { same: across.text(moment.same), ..*moment }));
    }
}

impl Folk {
    fn absorb(&mut self, other: &Folk, across: &Across<'_>, level: &Level) {
        for named in &other.named {
            let account = across.accounts[named.account as usize];
            self.name_account(Named { account, ..*named }, across.account_names);
        }
        let Some(theirs) = &other.more else { return };
        let mine = self.more.get_or_insert_default();
        for (index, edge) in theirs.traits.iter() {
            let plan = &level.traits[*index as usize];
            let edge = across.edge(*edge, plan.kind);
            mine.traits.merge(*index, edge, |known, more| known.merge(more, !plan.first, plan.kind, across.text_names));
        }
        for (visitor, ()) in theirs.met.iter() {
            mine.met.merge(across.text(*visitor), (), |(), ()| {});
        }
        for (file, count) in theirs.homeless.iter() {
            mine.homeless.merge(*file, *count, |known, more| *known += more);
        }
        for (key, count) in theirs.lines.iter() {
            mine.lines.merge(*key, *count, |known, more| *known += more);
        }
    }
}

/// Which end of time an edge keeps, and the type of its value.
pub fn edge_kind(intake: &Intake, cell: CellId) -> (bool, Type) {
    match intake.cells[cell as usize] {
        CellKind::Edge { last, kind } => (last, kind),
        _ => unreachable!("edges are kept for cells of that kind only"),
    }
}

/// Everything that is kept of the records read so far.
///
/// **Law**: a state that has seen nothing is the zero of [`State::merge`], which is associative and, but for how it numbers texts,
/// commutative.
#[derive(Debug)]
pub struct State {
    /// By the hash of the raw id.
    pub parts: Vec<Part>,
    /// Ids of accounts.
    pub accounts: Interner,
    /// Values, and visitors that users came with.
    pub texts: Interner,
    /// What group lines say, by account and trait.
    pub account_traits: Keyed<(u32, u16), Edge>,
    /// Pairs of known ids that alias lines join, as texts.
    pub aliases: Keyed<(u32, u32), ()>,
    /// Ids that are joined, and of which it shows only at the end whose they are.
    pub joins: Joins,
    /// By file.
    pub counts: Vec<FileCounts>,
    /// The newest event, or [`NO_LAST`].
    pub newest: Micros,
    /// Events by the plan of their name; the first are those whose name the model does not know.
    pub names: Vec<u64>,
    pub(super) seed: Seed,
}

impl State {
    /// The zero.
    pub fn new(model: &Model, seed: &Seed, files: usize) -> State {
        State {
            parts: (0..PARTITIONS).map(|_| Part::new(seed, &model.intake)).collect(),
            accounts: Interner::new(seed.clone()),
            texts: Interner::new(seed.clone()),
            account_traits: Keyed::default(),
            aliases: Keyed::default(),
            joins: Joins::new(seed),
            counts: vec![FileCounts::default(); files],
            newest: NO_LAST,
            names: vec![0; model.intake.plans.len()],
            seed: seed.clone(),
        }
    }

    /// The seed of its hashes.
    pub fn seed(&self) -> Seed {
        self.seed.clone()
    }

    /// The hash of a raw id.
    pub fn hash(&self, id: &str) -> u64 {
        self.seed.hash_one(id)
    }

    /// The partition of a raw id's hash.
    pub fn partition(hash: u64) -> usize {
        (hash >> 60) as usize
    }

    /// Takes in another state of the same model, seed and files.
    pub fn merge(&mut self, other: State, model: &Model) {
        let accounts = self.accounts.absorb(&other.accounts);
        let texts = self.texts.absorb(&other.texts);
        self.newest = self.newest.max(other.newest);
        for (mine, theirs) in self.names.iter_mut().zip(&other.names) {
            *mine += theirs;
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            mine.add(theirs);
        }
        for ((from, to), ()) in other.aliases.iter() {
            self.aliases.merge((texts[*from as usize], texts[*to as usize]), (), |(), ()| {});
        }
        self.joins.absorb(other.joins);
        let across =
            Across { model, seed: &self.seed, accounts, texts, account_names: &self.accounts, text_names: &self.texts };
        for ((account, index), edge) in other.account_traits.iter() {
            let plan = &model.account.traits[*index as usize];
            let key = (across.accounts[*account as usize], *index);
            let edge = across.edge(*edge, plan.kind);
            self.account_traits
                .merge(key, edge, |known, more| known.merge(more, !plan.first, plan.kind, across.text_names));
        }
        self.parts.par_iter_mut().zip(other.parts).for_each(|(mine, theirs)| mine.absorb(theirs, &across));
    }
}
