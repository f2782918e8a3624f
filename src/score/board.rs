//! Facts of all entities of a level: a row for each entity, a word for each fact, the types known from the model.
//!
//! Facts of one entity lie together, because rules and rows of the output ask for many facts of one entity at a time, in an order of
//! entities that is not that of memory.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::{
    expr::{Scope, Type, Value},
    fold::Interner,
    model::compiled::{ACCOUNT_BIT, FactSlot, Level},
    units::Day,
};

/// The word of what is null; no double, date or number of a text has it.
const NULL: u64 = u64::MAX;

/// The facts of one level.
#[derive(Debug)]
pub struct Table {
    /// By entity, a stride of facts.
    words: Vec<u64>,
    kinds: Vec<Type>,
}

impl Table {
    /// A table in which everything is null.
    pub fn new(level: &Level, entities: usize) -> Table {
        let kinds: Vec<Type> = level.facts.iter().map(|fact| fact.kind).collect();
        Table { words: vec![NULL; entities * kinds.len()], kinds }
    }

    /// A fact of an entity.
    #[inline]
    pub fn value<'p>(&self, slot: FactSlot, entity: usize, pool: &'p Interner) -> Value<'p> {
        match self.kinds.get(slot as usize) {
            Some(kind) => unpack(self.words[entity * self.kinds.len() + slot as usize], *kind, pool),
            None => Value::Null,
        }
    }

    /// A fact that is a number.
    #[inline]
    pub fn number(&self, slot: FactSlot, entity: usize) -> Option<f64> {
        if slot as usize >= self.kinds.len() {
            return None;
        }
        let word = *self.words.get(entity * self.kinds.len() + slot as usize)?;
        (word != NULL).then(|| f64::from_bits(word))
    }

    /// Writes a fact of all entities.
    pub fn set(&mut self, slot: FactSlot, column: &[u64]) {
        self.set_from(0, slot, column.iter().copied());
    }

    /// Writes a fact of some entities that follow each other.
    fn set_from(&mut self, first: usize, slot: FactSlot, column: impl Iterator<Item = u64>) {
        let stride = self.kinds.len();
        if (slot as usize) < stride {
            let words = self.words.iter_mut().skip(first * stride + slot as usize).step_by(stride);
            words.zip(column).for_each(|(word, value)| *word = value);
        }
    }

    /// Writes a part of a column, from an entity on.
    pub(super) fn set_piece(&mut self, first: usize, slot: FactSlot, piece: Piece<'_>, pool: &mut Interner) {
        match piece {
            Piece::Words(words) => self.set_from(first, slot, words.into_iter()),
            Piece::Texts(texts) => {
                let number =
                    |text: &Option<Cow<'_, str>>| text.as_ref().map_or(NULL, |text| u64::from(pool.intern(text)));
                self.set_from(first, slot, texts.iter().map(number));
            }
        }
    }

    /// Computes a column for all entities at once; texts that are new are added to the pool in the order of the entities.
    pub fn compute<'v>(
        kind: Type,
        entities: usize,
        pool: &mut Interner,
        value: impl Fn(usize) -> Value<'v> + Sync,
    ) -> Vec<u64> {
        const AT_ONCE: usize = 512;
        if kind != Type::Text {
            return (0..entities).into_par_iter().with_min_len(AT_ONCE).map(|entity| pack(&value(entity))).collect();
        }
        let texts: Vec<Option<Cow<'v, str>>> =
            (0..entities).into_par_iter().with_min_len(AT_ONCE).map(|entity| text(value(entity))).collect();
        texts.iter().map(|text| text.as_ref().map_or(NULL, |text| u64::from(pool.intern(text)))).collect()
    }

    /// A column of a few texts, by the place of each among them.
    pub fn of_names(names: &[&str], places: &[Option<u32>], pool: &mut Interner) -> Vec<u64> {
        let words: Vec<u64> = names.iter().map(|name| u64::from(pool.intern(name))).collect();
        places.iter().map(|place| place.map_or(NULL, |place| words[place as usize])).collect()
    }
}

/// A part of a column, before its texts have numbers.
#[derive(Debug)]
pub(super) enum Piece<'v> {
    Words(Vec<u64>),
    Texts(Vec<Option<Cow<'v, str>>>),
}

impl<'v> Piece<'v> {
    /// An empty one of a type.
    pub(super) fn new(kind: Type, entities: usize) -> Piece<'v> {
        if kind == Type::Text {
            Piece::Texts(Vec::with_capacity(entities))
        } else {
            Piece::Words(Vec::with_capacity(entities))
        }
    }

    /// Adds the value of the next entity.
    pub(super) fn push(&mut self, value: Value<'v>) {
        match self {
            Piece::Words(words) => words.push(pack(&value)),
            Piece::Texts(texts) => texts.push(text(value)),
        }
    }
}

fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
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

fn unpack(word: u64, kind: Type, pool: &Interner) -> Value<'_> {
    if word == NULL {
        return Value::Null;
    }
    match kind {
        Type::Number => Value::Number(f64::from_bits(word)),
        Type::Text => Value::Text(pool.get(word as u32).into()),
        Type::Boolean => Value::Boolean(word != 0),
        Type::Date => Value::Date((word as u32).cast_signed() as Day),
        Type::Json | Type::Null => Value::Null,
    }
}

/// Facts of both levels.
#[derive(Debug)]
pub struct Board {
    /// Of users.
    pub users: Table,
    /// Of accounts.
    pub accounts: Table,
    /// Texts of both.
    pub pool: Interner,
}

/// One user as expressions see it: its own facts, and those of its home account.
#[derive(Debug, Clone, Copy)]
pub struct UserScope<'b> {
    /// The facts.
    pub board: &'b Board,
    /// By place.
    pub user: usize,
    /// By place, if it has any event.
    pub home: Option<u32>,
}

impl Scope for UserScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        if slot & ACCOUNT_BIT == 0 {
            return self.board.users.value(slot, self.user, &self.board.pool);
        }
        match self.home {
            Some(home) => self.board.accounts.value(slot & !ACCOUNT_BIT, home as usize, &self.board.pool),
            None => Value::Null,
        }
    }

    #[inline]
    fn number(&self, slot: u32) -> Option<f64> {
        if slot & ACCOUNT_BIT == 0 {
            return self.board.users.number(slot, self.user);
        }
        self.board.accounts.number(slot & !ACCOUNT_BIT, self.home? as usize)
    }
}

/// One account as expressions see it.
#[derive(Debug, Clone, Copy)]
pub struct AccountScope<'b> {
    /// The facts.
    pub board: &'b Board,
    /// By place.
    pub account: usize,
}

impl Scope for AccountScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.board.accounts.value(slot, self.account, &self.board.pool)
    }

    #[inline]
    fn number(&self, slot: u32) -> Option<f64> {
        self.board.accounts.number(slot, self.account)
    }
}
