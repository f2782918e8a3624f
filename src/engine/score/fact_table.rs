//! Facts of all entities of a level: a row for each entity, a word for each fact, the types known from the model.
//!
//! Facts of one entity lie together, because rules and rows of the output ask for many facts of one entity at a time, in an order of
//! entities that is not that of memory.

use rayon::prelude::*;

use crate::fold::Interner;
use pql_model::{
    EntityKind, FactKey, FactSlot,
    expr::{EvalScope, Value, ValueType},
    resolved::Level,
    units::Day,
};

/// The word of what is null; no double, date or number of a text has it.
const NULL: u64 = u64::MAX;

/// The facts of one level.
#[derive(Debug, Default)]
pub struct FactTable {
    /// By entity, a stride of facts.
    words: Vec<u64>,
    kinds: Vec<ValueType>,
    /// So many entities a thread computes at a time.
    at_once: usize,
}

impl FactTable {
    /// A table in which everything is null.
    pub(super) fn new(level: &Level, entities: usize, at_once: usize) -> FactTable {
        let kinds: Vec<ValueType> = level.facts.iter().map(|fact| fact.kind).collect();
        // Memory comes page by page as it is written to, which takes several threads less time.
        let words = (0..entities * kinds.len()).into_par_iter().with_min_len(1 << 16).map(|_| NULL).collect();
        FactTable { words, kinds, at_once }
    }

    fn row(&self, entity: usize) -> FactRow<'_> {
        let stride = self.kinds.len();
        FactRow { words: &self.words[entity * stride..(entity + 1) * stride], kinds: &self.kinds }
    }

    /// A fact of an entity.
    #[inline]
    pub fn value<'p>(&self, slot: FactSlot, entity: usize, pool: &'p Interner) -> Value<'p> {
        self.row(entity).value(slot, pool)
    }

    /// A fact that is a number.
    #[inline]
    pub(super) fn number(&self, slot: FactSlot, entity: usize) -> Option<f64> {
        self.row(entity).word(slot).map(f64::from_bits)
    }

    /// A fact as it is kept; texts are equal if their words are. None if it is null.
    pub(super) fn word(&self, slot: FactSlot, entity: usize) -> Option<u64> {
        self.row(entity).word(slot)
    }

    /// All entities in parts that follow each other, to be written in parallel.
    pub(super) fn par_chunks_mut(&mut self) -> impl IndexedParallelIterator<Item = FactChunkMut<'_>> {
        let kinds = &self.kinds;
        let stride = kinds.len().max(1);
        let at_once = self.at_once.max(1);
        let parts = self.words.par_chunks_mut(at_once * stride).enumerate();
        parts.map(move |(number, words)| FactChunkMut { first: number * at_once, words, kinds })
    }

    /// Puts the pool's numbers in place of those that each part gave its texts.
    pub(super) fn renumber(
        &mut self,
        slots: impl Iterator<Item = FactSlot>,
        texts: Vec<Interner>,
        pool: &mut Interner,
    ) {
        let slots: Vec<FactSlot> =
            slots.filter(|slot| self.kinds.get(*slot as usize) == Some(&ValueType::Text)).collect();
        if slots.is_empty() {
            return;
        }
        let numbers: Vec<Vec<u32>> = texts.into_iter().map(|texts| pool.absorb(&texts)).collect();
        self.par_chunks_mut().zip(&numbers).for_each(|(mut part, numbers)| {
            for (_, mut row) in part.rows() {
                for slot in &slots {
                    let number = row.facts().word(*slot);
                    row.put(*slot, number.map_or(NULL, |number| u64::from(numbers[number as usize])));
                }
            }
        });
    }
}

/// Entities that follow each other, and what is known of each.
pub(super) struct FactChunkMut<'t> {
    first: usize,
    words: &'t mut [u64],
    kinds: &'t [ValueType],
}

impl FactChunkMut<'_> {
    /// How many entities there are.
    pub(super) fn len(&self) -> usize {
        self.words.len() / self.kinds.len().max(1)
    }

    /// Each entity by place, and its row.
    pub(super) fn rows(&mut self) -> impl Iterator<Item = (usize, FactRowMut<'_>)> {
        let kinds = self.kinds;
        let rows = self.words.chunks_exact_mut(kinds.len().max(1));
        (self.first..).zip(rows.map(move |words| FactRowMut { words, kinds }))
    }
}

/// The facts of one entity, to be written.
pub(super) struct FactRowMut<'t> {
    words: &'t mut [u64],
    kinds: &'t [ValueType],
}

impl FactRowMut<'_> {
    /// What is known so far.
    pub(super) fn facts(&self) -> FactRow<'_> {
        FactRow { words: self.words, kinds: self.kinds }
    }

    /// Writes a fact, if there is one of this slot; a text gets a number of `texts`.
    pub(super) fn set(&mut self, slot: FactSlot, value: &Value<'_>, texts: &mut Interner) {
        let word = match (self.kinds.get(slot as usize), value) {
            (Some(ValueType::Text), Value::Text(text)) => u64::from(texts.intern(text)),
            (Some(ValueType::Text), _) => NULL,
            (_, value) => pack(value),
        };
        self.put(slot, word);
    }

    /// Writes a fact that is no text, if there is one of this slot.
    pub(super) fn set_plain(&mut self, slot: FactSlot, value: &Value<'_>) {
        self.put(slot, pack(value));
    }

    /// Writes a text by its number in the pool, if there is a fact of this slot.
    pub(super) fn set_text(&mut self, slot: FactSlot, number: Option<u32>) {
        self.put(slot, number.map_or(NULL, u64::from));
    }

    fn put(&mut self, slot: FactSlot, word: u64) {
        if let Some(known) = self.words.get_mut(slot as usize) {
            *known = word;
        }
    }
}

/// A value that is no text as a word.
fn pack(value: &Value<'_>) -> u64 {
    match value {
        Value::Number(number) => number.to_bits(),
        Value::Boolean(truth) => u64::from(*truth),
        Value::Date(day) => u64::from(day.cast_unsigned()),
        Value::Null | Value::Text(_) | Value::Digits(_) => NULL,
    }
}

fn unpack(word: u64, kind: ValueType, pool: &Interner) -> Value<'_> {
    if word == NULL {
        return Value::Null;
    }
    match kind {
        ValueType::Number => Value::Number(f64::from_bits(word)),
        ValueType::Text => Value::Text(pool.get(word as u32).into()),
        ValueType::Boolean => Value::Boolean(word != 0),
        ValueType::Date => Value::Date((word as u32).cast_signed() as Day),
        ValueType::Json | ValueType::Null => Value::Null,
    }
}

/// The facts of one entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct FactRow<'t> {
    words: &'t [u64],
    kinds: &'t [ValueType],
}

impl FactRow<'_> {
    #[inline]
    fn word(self, slot: FactSlot) -> Option<u64> {
        self.words.get(slot as usize).copied().filter(|word| *word != NULL)
    }

    #[inline]
    fn value(self, slot: FactSlot, pool: &Interner) -> Value<'_> {
        match (self.words.get(slot as usize), self.kinds.get(slot as usize)) {
            (Some(word), Some(kind)) => unpack(*word, *kind, pool),
            _ => Value::Null,
        }
    }
}

/// Facts of both levels.
#[derive(Debug)]
pub struct FactStore {
    /// Of users.
    pub users: FactTable,
    /// Of accounts.
    pub accounts: FactTable,
    /// Texts of both.
    pub pool: Interner,
}

impl FactStore {
    /// A user as expressions see it; `home` is its account, by place, if that has any event.
    pub(super) fn user(&self, user: usize, home: Option<u32>) -> EntityFacts<'_> {
        self.partial_user(self.users.row(user), home)
    }

    /// An account as expressions see it.
    pub(super) fn account(&self, account: usize) -> EntityFacts<'_> {
        self.partial_account(self.accounts.row(account))
    }

    /// A user whose row is being written.
    pub(super) fn partial_user<'b>(&'b self, own: FactRow<'b>, home: Option<u32>) -> EntityFacts<'b> {
        EntityFacts { own, home: home.map(|home| self.accounts.row(home as usize)), pool: &self.pool }
    }

    /// An account whose row is being written.
    pub(super) fn partial_account<'b>(&'b self, own: FactRow<'b>) -> EntityFacts<'b> {
        EntityFacts { own, home: None, pool: &self.pool }
    }

    /// A member of an account whose row is being written.
    pub(super) fn member<'b>(&'b self, user: usize, account: FactRow<'b>) -> EntityFacts<'b> {
        EntityFacts { own: self.users.row(user), home: Some(account), pool: &self.pool }
    }
}

/// One user or account as expressions see it: its own facts, and of a user those of its home account.
#[derive(Debug, Clone, Copy)]
pub struct EntityFacts<'b> {
    own: FactRow<'b>,
    home: Option<FactRow<'b>>,
    pool: &'b Interner,
}

impl EntityFacts<'_> {
    #[inline]
    fn place(&self, slot: u32) -> Option<(FactRow<'_>, FactSlot)> {
        // A program of accounts names no fact that is not the account's own.
        let key = FactKey::seen_from(EntityKind::User, slot);
        match key.kind() {
            EntityKind::User => Some((self.own, key.slot())),
            EntityKind::Account => Some((self.home?, key.slot())),
        }
    }
}

impl EvalScope for EntityFacts<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        match self.place(slot) {
            Some((row, slot)) => row.value(slot, self.pool),
            None => Value::Null,
        }
    }

    #[inline]
    fn number(&self, slot: u32) -> Option<f64> {
        let (row, slot) = self.place(slot)?;
        row.word(slot).map(f64::from_bits)
    }
}
