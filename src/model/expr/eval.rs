//! A typed program and its value in a scope, with SQL's three-valued logic.

use std::{borrow::Cow, cmp::Ordering};

use super::{
    ast::{ArithmeticOp, ComparisonOp},
    value::{Value, compare_values, order_json, order_numbers},
};

/// Where the names of a program get their values: an event, a user, an account.
pub trait EvalScope {
    /// The value in a slot; the type is the one the name was given when the program was compiled.
    fn get(&self, slot: u32) -> Value<'_>;

    /// The number in a slot of numbers.
    fn number(&self, slot: u32) -> Option<f64> {
        self.get(slot).as_number()
    }

    /// Whether the value in a slot, as it stands beside text, is one of some texts; none if it is null.
    fn is_one_of(&self, slot: u32, texts: &[Box<str>]) -> Option<bool> {
        self.get(slot).to_text().map(|text| texts.iter().any(|one| **one == *text))
    }
}

/// An expression that cannot go wrong: every name is a slot, every operand has the type its operator takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// The same value always.
    Constant(Value<'static>),
    /// The value of a name.
    Slot(u32),
    /// A JSON value beside a number.
    AsNumber(Box<Program>),
    /// A JSON value beside text.
    AsText(Box<Program>),
    /// A JSON value beside a boolean.
    AsBoolean(Box<Program>),
    /// A JSON value beside a date.
    AsDate(Box<Program>),
    /// Three-valued `not`.
    Not(Box<Program>),
    /// Minus.
    Negate(Box<Program>),
    /// Three-valued `and`.
    And(Vec<Program>),
    /// Three-valued `or`.
    Or(Vec<Program>),
    /// Of two numbers.
    Arithmetic(ArithmeticOp, Box<Program>, Box<Program>),
    /// Days from the second date to the first.
    DaysBetween(Box<Program>, Box<Program>),
    /// Of two values of one type.
    Compare(ComparisonOp, Box<Program>, Box<Program>),
    /// Of a slot of numbers and a number: what [`Program::Compare`] says of them, without values in between.
    CompareNumber(ComparisonOp, u32, f64),
    /// Of a slot of JSON values and texts, whether it is one of them: what `=` and `in` say, without values in between.
    IsOneOf(u32, Box<[Box<str>]>),
    /// Of two JSON values.
    CompareJson(ComparisonOp, Box<Program>, Box<Program>),
    /// Negated if true.
    IsNull(Box<Program>, bool),
    /// Negated if true.
    Like(Box<Program>, LikePattern, bool),
    /// Arms in order, and what holds if none does.
    Case(Vec<(Program, Program)>, Box<Program>),
    /// The first that is not null.
    Coalesce(Vec<Program>),
    /// Null if the comparison holds, else the value.
    NullIf(Box<Program>, Box<Program>),
    /// The smallest (`Less`) or largest (`Greater`); null if one is.
    Extreme(Ordering, Vec<Program>),
    /// ASCII capitals to small letters.
    Lower(Box<Program>),
}

impl Program {
    /// The value in a scope.
    ///
    /// **Cost**: one step a node; no allocation unless text is made.
    pub fn eval<'a, S: EvalScope + ?Sized>(&'a self, scope: &'a S) -> Value<'a> {
        match self {
            Program::Constant(value) => value.as_borrowed(),
            Program::Slot(slot) => scope.get(*slot),
            Program::AsNumber(a) => a.eval(scope).to_number().map_or(Value::Null, Value::Number),
            Program::AsText(a) => a.eval(scope).to_text().map_or(Value::Null, Value::Text),
            Program::AsBoolean(a) => truth(a.eval(scope).to_boolean()),
            Program::AsDate(a) => a.eval(scope).to_date().map_or(Value::Null, Value::Date),
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
    /// Whether a condition holds in a scope; none if that is not known.
    ///
    /// **Law**: what [`Program::eval`] says, if it says true or false.
    pub fn eval_condition<S: EvalScope + ?Sized>(&self, scope: &S) -> Option<bool> {
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

    /// Whether a condition holds in a scope: only if it is true.
    pub fn holds<S: EvalScope + ?Sized>(&self, scope: &S) -> bool {
        self.eval_condition(scope) == Some(true)
    }

    /// The number that a program of numbers has in a scope; none if it is null.
    ///
    /// **Law**: what [`Program::eval`] says.
    pub fn number<S: EvalScope + ?Sized>(&self, scope: &S) -> Option<f64> {
        match self {
            Program::Constant(Value::Number(number)) => Some(*number),
            Program::Slot(slot) => scope.number(*slot),
            Program::Negate(a) => a.number(scope).map(|number| -number),
            Program::Arithmetic(operator, a, b) => arithmetic(*operator, a.number(scope), b.number(scope)),
            other => other.eval(scope).as_number(),
        }
    }

    /// The same program with shorter ways for what conditions mostly are.
    ///
    /// **Law**: its value is the same in every scope.
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

/// Several questions whether one slot is one of some texts, as one question.
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

/// `or` if decided by true, `and` if decided by false: one deciding part settles it, else an unknown part leaves it unknown.
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

/// What is not finite is nothing.
fn arithmetic(operator: ArithmeticOp, a: Option<f64>, b: Option<f64>) -> Option<f64> {
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

fn comparison_holds(operator: ComparisonOp, order: Option<Ordering>) -> Option<bool> {
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
            // The plain order, without the tolerance of comparisons: of 1 and 1 + 1e-12 the smaller is the smaller.
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

/// A pattern of `like`: `%` is any text, `_` any one character.
#[derive(Debug, Clone, PartialEq)]
pub struct LikePattern(Vec<char>);

impl LikePattern {
    /// A pattern without escapes.
    pub(super) fn new(text: &str) -> LikePattern {
        LikePattern(text.chars().collect())
    }

    /// As it was written.
    pub(super) fn text(&self) -> String {
        self.0.iter().collect()
    }

    /// **Cost**: the length of the text times the number of `%` at most.
    fn matches(&self, text: &str) -> bool {
        let pattern = &self.0;
        let mut rest = text.chars();
        let mut at = 0;
        // Where to go on if the part after the last `%` does not match here: one character further in the text.
        let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let before = rest.clone();
            match (pattern.get(at), rest.next()) {
                (Some('%'), _) => {
                    retry = Some((at + 1, before.clone()));
                    rest = before;
                    at += 1;
                }
                (Some('_'), Some(_)) => at += 1,
                (Some(wanted), Some(found)) if *wanted == found => at += 1,
                (None, None) => return true,
                _ => {
                    let Some((resume, from)) = &mut retry else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    at = *resume;
                    rest = from.clone();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_two_wild_cards_and_nothing_else() {
        for (pattern, text, expected) in [
            ("%", "", true),
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("a_c", "aßc", true),
            ("a_c", "ac", false),
            ("%b%d%", "abcd", true),
            ("%b%d", "abcdx", false),
            ("", "", true),
            ("", "a", false),
            ("%%a", "ba", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(LikePattern::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }
}
