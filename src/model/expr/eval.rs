//! Typed programs and their evaluation, with SQL's three-valued logic.
//!
//! [`Program::eval`] gives a [`Value`]. Conditions and numbers have shorter ways that
//! allocate nothing: [`Program::eval_condition`] and [`Program::number`].

use std::{borrow::Cow, cmp::Ordering};

use super::{
    ast::{ArithmeticOp, ComparisonOp},
    value::{Value, compare_values, order_json, order_numbers},
    wildcard::WildPattern,
};
use crate::units::Day;

/// The source of the values of names: an event, a user or an account.
pub trait EvalScope {
    /// The value in a slot. It has the type that the name had when the program was compiled.
    fn get(&self, slot: u32) -> Value<'_>;

    /// The number in a slot of type number.
    fn number(&self, slot: u32) -> Option<f64> {
        self.get(slot).as_number()
    }

    /// True if the value in a slot, converted to text, equals one of the texts. None if it is null.
    fn is_one_of(&self, slot: u32, texts: &[Box<str>]) -> Option<bool> {
        self.get(slot).to_text().map(|text| texts.iter().any(|one| **one == *text))
    }

    /// The value in a slot as it stands beside a date.
    fn date(&self, slot: u32) -> Option<Day> {
        self.date_of(&self.get(slot))
    }

    /// A value as it stands beside a date; times need the zone of the scope.
    fn date_of(&self, value: &Value<'_>) -> Option<Day> {
        value.to_date()
    }
}

/// A compiled expression. It cannot fail: every name is a slot, and every operand has the type that
/// its operator takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// A constant.
    Constant(Value<'static>),
    /// The value of a name, by its slot.
    Slot(u32),
    /// A JSON value converted to a number.
    AsNumber(Box<Program>),
    /// A JSON value converted to text.
    AsText(Box<Program>),
    /// A JSON value converted to a boolean.
    AsBoolean(Box<Program>),
    /// A JSON value converted to a date.
    AsDate(Box<Program>),
    /// Three-valued `not`.
    Not(Box<Program>),
    /// The negative number.
    Negate(Box<Program>),
    /// Three-valued `and`.
    And(Vec<Program>),
    /// Three-valued `or`.
    Or(Vec<Program>),
    /// An operation on two numbers.
    Arithmetic(ArithmeticOp, Box<Program>, Box<Program>),
    /// Days from the second date to the first.
    DaysBetween(Box<Program>, Box<Program>),
    /// A comparison of two values of one type.
    Compare(ComparisonOp, Box<Program>, Box<Program>),
    /// A comparison of a slot of type number with a number. It equals [`Program::Compare`], but
    /// makes no values in between.
    CompareNumber(ComparisonOp, u32, f64),
    /// A comparison of a slot of JSON values with texts, from `=` or `in`. It makes no values in
    /// between.
    IsOneOf(u32, Box<[Box<str>]>),
    /// A comparison of two JSON values.
    CompareJson(ComparisonOp, Box<Program>, Box<Program>),
    /// A test for null; the flag negates it.
    IsNull(Box<Program>, bool),
    /// A match with a pattern; the flag negates it.
    Like(Box<Program>, WildPattern, bool),
    /// The arms in order, then the value for the case that no condition holds.
    Case(Vec<(Program, Program)>, Box<Program>),
    /// The first value that is not null.
    Coalesce(Vec<Program>),
    /// Null if the comparison holds, else the value.
    NullIf(Box<Program>, Box<Program>),
    /// The smallest (`Less`) or largest (`Greater`) value; null if any value is null.
    Extreme(Ordering, Vec<Program>),
    /// Turns ASCII capitals into small letters.
    Lower(Box<Program>),
}

impl Program {
    /// Evaluates the program in a scope.
    ///
    /// **Cost**: one step per node. It allocates only to make a new text.
    pub fn eval<'a, S: EvalScope + ?Sized>(&'a self, scope: &'a S) -> Value<'a> {
        match self {
            Program::Constant(value) => value.as_borrowed(),
            Program::Slot(slot) => scope.get(*slot),
            Program::AsNumber(a) => a.eval(scope).to_number().map_or(Value::Null, Value::Number),
            Program::AsText(a) => a.eval(scope).to_text().map_or(Value::Null, Value::Text),
            Program::AsBoolean(a) => truth(a.eval(scope).to_boolean()),
            Program::AsDate(a) => match &**a {
                Program::Slot(slot) => scope.date(*slot),
                other => scope.date_of(&other.eval(scope)),
            }
            .map_or(Value::Null, Value::Date),
            Program::Not(_) | Program::And(_) | Program::Or(_) | Program::CompareNumber(..) | Program::IsOneOf(..) => {
                truth(self.eval_condition(scope))
            }
            Program::Negate(_) | Program::Arithmetic(..) => self.number(scope).map_or(Value::Null, Value::Number),
            Program::DaysBetween(a, b) => match (a.eval(scope), b.eval(scope)) {
                (Value::Date(a), Value::Date(b)) => Value::Number(f64::from(a) - f64::from(b)),
                _ => Value::Null,
            },
            Program::Compare(operator, a, b) => {
                truth(comparison_holds(*operator, compare_values(&a.eval(scope), &b.eval(scope))))
            }
            Program::CompareJson(operator, a, b) => {
                truth(comparison_holds(*operator, order_json(&a.eval(scope), &b.eval(scope))))
            }
            Program::IsNull(a, negated) => Value::Boolean(a.eval(scope).is_null() != *negated),
            Program::Like(a, pattern, negated) => match a.eval(scope) {
                Value::Text(text) => Value::Boolean(pattern.matches(&text) != *negated),
                _ => Value::Null,
            },
            Program::Case(arms, otherwise) => match arms.iter().find(|(when, _)| when.holds(scope)) {
                Some((_, then)) => then.eval(scope),
                None => otherwise.eval(scope),
            },
            Program::Coalesce(all) => {
                all.iter().map(|a| a.eval(scope)).find(|value| !value.is_null()).unwrap_or(Value::Null)
            }
            Program::NullIf(equal, value) => {
                if equal.holds(scope) {
                    Value::Null
                } else {
                    value.eval(scope)
                }
            }
            Program::Extreme(side, all) => extreme(*side, all, scope),
            Program::Lower(a) => match a.eval(scope) {
                Value::Text(text) if text.bytes().any(|b| b.is_ascii_uppercase()) => {
                    Value::Text(Cow::Owned(text.to_ascii_lowercase()))
                }
                value => value,
            },
        }
    }
}

impl Program {
    /// Evaluates a condition; none stands for unknown.
    ///
    /// **Law**: agrees with [`Program::eval`].
    pub(crate) fn eval_condition<S: EvalScope + ?Sized>(&self, scope: &S) -> Option<bool> {
        match self {
            Program::CompareNumber(operator, slot, number) => {
                comparison_holds(*operator, scope.number(*slot).and_then(|value| order_numbers(value, *number)))
            }
            Program::IsOneOf(slot, texts) => scope.is_one_of(*slot, texts),
            Program::And(all) => eval_connective(all, scope, false),
            Program::Or(all) => eval_connective(all, scope, true),
            Program::Not(a) => a.eval_condition(scope).map(|truth| !truth),
            other => match other.eval(scope) {
                Value::Boolean(truth) => Some(truth),
                _ => None,
            },
        }
    }

    /// True if the condition is true; false if it is false or unknown.
    pub fn holds<S: EvalScope + ?Sized>(&self, scope: &S) -> bool {
        self.eval_condition(scope) == Some(true)
    }

    /// Evaluates a program of type number; none stands for null.
    ///
    /// **Law**: agrees with [`Program::eval`].
    pub fn number<S: EvalScope + ?Sized>(&self, scope: &S) -> Option<f64> {
        match self {
            Program::Constant(Value::Number(number)) => Some(*number),
            Program::Slot(slot) => scope.number(*slot),
            Program::Negate(a) => a.number(scope).map(|number| -number),
            Program::Arithmetic(operator, a, b) => arithmetic(*operator, a.number(scope), b.number(scope)),
            other => other.eval(scope).as_number(),
        }
    }

    /// Replaces the most frequent comparisons by their short forms.
    ///
    /// **Law**: the value is the same in every scope.
    pub(super) fn optimize(self) -> Program {
        match self {
            Program::Compare(operator, a, b) => match (operator, *a, *b) {
                (operator, Program::Slot(slot), Program::Constant(Value::Number(number))) => {
                    Program::CompareNumber(operator, slot, number)
                }
                (ComparisonOp::Equal, Program::AsText(a), Program::Constant(Value::Text(text)))
                    if matches!(*a, Program::Slot(_)) =>
                {
                    let Program::Slot(slot) = *a else { unreachable!("it is a slot, as just seen") };
                    Program::IsOneOf(slot, [text.into_owned().into_boxed_str()].into())
                }
                (operator, a, b) => Program::Compare(operator, Box::new(a.optimize()), Box::new(b.optimize())),
            },
            Program::Or(all) => {
                let all: Vec<Program> = all.into_iter().map(Program::optimize).collect();
                merge_one_of(&all).unwrap_or(Program::Or(all))
            }
            Program::And(all) => Program::And(all.into_iter().map(Program::optimize).collect()),
            Program::Not(a) => Program::Not(Box::new(a.optimize())),
            other => other,
        }
    }
}

/// Merges several [`Program::IsOneOf`] of one slot into one.
fn merge_one_of(all: &[Program]) -> Option<Program> {
    let mut texts: Vec<Box<str>> = Vec::new();
    let mut of = None;
    for part in all {
        let Program::IsOneOf(slot, more) = part else { return None };
        if *of.get_or_insert(*slot) != *slot {
            return None;
        }
        texts.extend(more.iter().cloned());
    }
    Some(Program::IsOneOf(of?, texts.into()))
}

fn truth(value: Option<bool>) -> Value<'static> {
    value.map_or(Value::Null, Value::Boolean)
}

/// Evaluates `or` (decided by true) or `and` (decided by false). One deciding part decides;
/// otherwise one unknown part makes the result unknown.
fn eval_connective<S: EvalScope + ?Sized>(all: &[Program], scope: &S, decides: bool) -> Option<bool> {
    let mut known = true;
    for part in all {
        match part.eval_condition(scope) {
            Some(value) if value == decides => return Some(decides),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!decides)
}

/// An operation on two numbers; null if the result is not finite.
pub(super) fn arithmetic(operator: ArithmeticOp, a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let (a, b) = (a?, b?);
    let result = match operator {
        ArithmeticOp::Add => a + b,
        ArithmeticOp::Subtract => a - b,
        ArithmeticOp::Multiply => a * b,
        ArithmeticOp::Divide if b == 0.0 => return None,
        ArithmeticOp::Divide => a / b,
    };
    result.is_finite().then_some(result)
}

pub(super) fn comparison_holds(operator: ComparisonOp, order: Option<Ordering>) -> Option<bool> {
    order.map(|order| match operator {
        ComparisonOp::Equal => order.is_eq(),
        ComparisonOp::NotEqual => order.is_ne(),
        ComparisonOp::Less => order.is_lt(),
        ComparisonOp::LessEqual => order.is_le(),
        ComparisonOp::Greater => order.is_gt(),
        ComparisonOp::GreaterEqual => order.is_ge(),
    })
}

fn extreme<'a, S: EvalScope + ?Sized>(side: Ordering, all: &'a [Program], scope: &'a S) -> Value<'a> {
    let mut best: Option<Value<'a>> = None;
    for part in all {
        let value = part.eval(scope);
        if value.is_null() {
            return Value::Null;
        }
        let better = match (&best, &value) {
            // This compares without the tolerance of `=`, so that 1 counts as smaller than 1 +
            // 1e-12.
            (Some(Value::Number(a)), Value::Number(b)) => b.partial_cmp(a) == Some(side),
            (Some(a), b) => compare_values(b, a) == Some(side),
            (None, _) => true,
        };
        if better {
            best = Some(value);
        }
    }
    best.unwrap_or(Value::Null)
}
