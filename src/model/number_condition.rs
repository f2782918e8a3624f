//! Conditions over numbers that have names, in the expression language of models: typed before anything is read, decided afterwards.
//!
//! `pql diff --fail-if`, `pql score --fail-if` and `[[expect]]` are such conditions. Each brings its own [`NumberVocabulary`].

use std::ops::Range;

use crate::expr::{self, EvalScope, ExprError, NameResolver, Program, ResolvedName, Value, ValueType};

/// The names that a condition may use.
pub trait NumberVocabulary {
    /// What a name stands for.
    type Number: Copy + PartialEq;

    /// What a written name stands for, with its full name.
    ///
    /// # Errors
    ///
    /// A name that stands for nothing, or for several numbers.
    fn find_number(&self, path: &[String]) -> Result<(Self::Number, String), UnknownNumber>;
}

/// Why a name of a condition stands for no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownNumber {
    /// The problem, which begins with `no number`.
    pub message: String,
    /// What is marked at the name.
    pub label: &'static str,
    /// What to write.
    pub help: String,
}

/// How the message about an unknown name begins.
pub const NO_NUMBER: &str = "no number";

/// A condition over numbers.
#[derive(Debug)]
pub struct NumberCondition<N> {
    /// As it was written.
    pub text: String,
    program: Program,
    /// By slot: the number and its full name.
    slots: Vec<(N, String)>,
}

/// A number of a condition, by its full name.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenNumber {
    /// The full name.
    pub name: String,
    /// The number; none if it cannot be known.
    pub value: Option<f64>,
}

/// What became of a condition.
#[derive(Debug, Clone)]
pub struct ConditionVerdict {
    /// As it was written.
    pub text: String,
    /// None if it is null, which an unknown number or a division by 0 makes it.
    pub holds: Option<bool>,
    /// The numbers that it names, each once.
    pub numbers: Vec<SeenNumber>,
}

impl ConditionVerdict {
    /// The numbers as `a = 1, b = 2`; an unknown number is null.
    pub fn numbers_text(&self) -> String {
        let shown = |seen: &SeenNumber| {
            format!("{} = {}", seen.name, seen.value.map_or_else(|| "null".to_owned(), crate::units::format_number))
        };
        self.numbers.iter().map(shown).collect::<Vec<_>>().join(", ")
    }
}

impl<N: Copy + PartialEq> NumberCondition<N> {
    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// Every problem of names and types, or the first one of form.
    pub fn parse<V: NumberVocabulary<Number = N>>(text: &str, vocabulary: &V) -> Result<Self, Vec<ExprError>> {
        let mut finder = NumberResolver { vocabulary, slots: Vec::new() };
        let node = expr::parse(text).map_err(|error| vec![error])?;
        let program = expr::condition(text, &node, &mut finder)?;
        Ok(NumberCondition { text: text.to_owned(), program, slots: finder.slots })
    }

    /// The numbers that it names, each once.
    pub fn numbers(&self) -> impl Iterator<Item = N> + '_ {
        self.slots.iter().map(|(number, _)| *number)
    }

    /// Decides it.
    pub fn judge(&self, value: impl Fn(N) -> Option<f64>) -> ConditionVerdict {
        let numbers: Vec<SeenNumber> =
            self.slots.iter().map(|(number, name)| SeenNumber { name: name.clone(), value: value(*number) }).collect();
        let holds = match self.program.eval(&SeenNumbers(&numbers)) {
            Value::Boolean(truth) => Some(truth),
            _ => None,
        };
        ConditionVerdict { text: self.text.clone(), holds, numbers }
    }
}

/// The names that are found while a condition is read.
struct NumberResolver<'v, V: NumberVocabulary> {
    vocabulary: &'v V,
    slots: Vec<(V::Number, String)>,
}

impl<V: NumberVocabulary> NameResolver for NumberResolver<'_, V> {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let (number, name) = self.vocabulary.find_number(path).map_err(|unknown| ExprError {
            span: span.clone(),
            message: unknown.message,
            label: unknown.label.to_owned(),
            help: Some(unknown.help),
        })?;
        let known = self.slots.iter().position(|(known, _)| *known == number);
        let slot = known.unwrap_or_else(|| {
            self.slots.push((number, name));
            self.slots.len() - 1
        });
        Ok(ResolvedName { slot: slot as u32, kind: ValueType::Number })
    }
}

/// Numbers by slot.
struct SeenNumbers<'n>(&'n [SeenNumber]);

impl EvalScope for SeenNumbers<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.0.get(slot as usize).and_then(|seen| seen.value).map_or(Value::Null, Value::Number)
    }
}
