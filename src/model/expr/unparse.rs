//! Converts a program back to the text of an expression, and lists its slots.

use std::cmp::Ordering;

use super::{
    Program, Value, ValueType,
    ast::{ArithmeticOp, ComparisonOp},
};
use crate::units::format_number;

/// The binding strength of an operator. An operand that binds less than its place requires gets
/// parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OperatorPrecedence {
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Unary,
    Atom,
}

impl Program {
    /// The expression as text, with a name for each slot. It has the same meaning, but may have
    /// other words: `in` and `between` are recovered from their comparisons.
    pub fn to_source(&self, name: &dyn Fn(u32) -> String) -> String {
        show(self, name).0
    }

    /// Visits the slot of every name in the order of the text, once per occurrence.
    pub fn visit_slots(&self, visit: &mut dyn FnMut(u32)) {
        match self {
            Program::Constant(_) => {}
            Program::Slot(slot) | Program::CompareNumber(_, slot, _) | Program::IsOneOf(slot, _) => visit(*slot),
            Program::AsNumber(a)
            | Program::AsText(a)
            | Program::AsBoolean(a)
            | Program::AsDate(a)
            | Program::Not(a)
            | Program::Negate(a)
            | Program::IsNull(a, _)
            | Program::Like(a, ..)
            | Program::Lower(a) => a.visit_slots(visit),
            Program::And(all) | Program::Or(all) | Program::Coalesce(all) | Program::Extreme(_, all) => {
                all.iter().for_each(|part| part.visit_slots(visit));
            }
            Program::Arithmetic(_, a, b)
            | Program::DaysBetween(a, b)
            | Program::Compare(_, a, b)
            | Program::CompareJson(_, a, b) => {
                a.visit_slots(visit);
                b.visit_slots(visit);
            }
            // The comparison contains the value.
            Program::NullIf(equal, _) => equal.visit_slots(visit),
            Program::Case(arms, otherwise) => {
                for (when, then) in arms {
                    when.visit_slots(visit);
                    then.visit_slots(visit);
                }
                otherwise.visit_slots(visit);
            }
        }
    }

    /// The same program with other slots.
    ///
    /// **Order**: `map` sees the slot of every name in the order in which names are resolved: that of the text, but of a `case` all
    /// conditions first.
    pub fn map_slots(&self, map: &mut dyn FnMut(u32) -> u32) -> Program {
        match self {
            Program::Constant(value) => Program::Constant(value.clone()),
            Program::Slot(slot) => Program::Slot(map(*slot)),
            Program::CompareNumber(operator, slot, number) => Program::CompareNumber(*operator, map(*slot), *number),
            Program::IsOneOf(slot, texts) => Program::IsOneOf(map(*slot), texts.clone()),
            Program::AsNumber(a) => Program::AsNumber(boxed(a, map)),
            Program::AsText(a) => Program::AsText(boxed(a, map)),
            Program::AsBoolean(a) => Program::AsBoolean(boxed(a, map)),
            Program::AsDate(a) => Program::AsDate(boxed(a, map)),
            Program::Not(a) => Program::Not(boxed(a, map)),
            Program::Negate(a) => Program::Negate(boxed(a, map)),
            Program::Lower(a) => Program::Lower(boxed(a, map)),
            Program::IsNull(a, negated) => Program::IsNull(boxed(a, map), *negated),
            Program::Like(a, pattern, negated) => Program::Like(boxed(a, map), pattern.clone(), *negated),
            Program::And(all) => Program::And(each(all, map)),
            Program::Or(all) => Program::Or(each(all, map)),
            Program::Coalesce(all) => Program::Coalesce(each(all, map)),
            Program::Extreme(side, all) => Program::Extreme(*side, each(all, map)),
            Program::Arithmetic(operator, a, b) => Program::Arithmetic(*operator, boxed(a, map), boxed(b, map)),
            Program::DaysBetween(a, b) => Program::DaysBetween(boxed(a, map), boxed(b, map)),
            Program::Compare(operator, a, b) => Program::Compare(*operator, boxed(a, map), boxed(b, map)),
            Program::CompareJson(operator, a, b) => Program::CompareJson(*operator, boxed(a, map), boxed(b, map)),
            Program::NullIf(equal, value) => Program::NullIf(boxed(equal, map), boxed(value, map)),
            Program::Case(arms, otherwise) => {
                let conditions: Vec<Program> = arms.iter().map(|(when, _)| when.map_slots(map)).collect();
                let values: Vec<Program> = arms.iter().map(|(_, then)| then.map_slots(map)).collect();
                Program::Case(conditions.into_iter().zip(values).collect(), boxed(otherwise, map))
            }
        }
    }
}

fn boxed(program: &Program, map: &mut dyn FnMut(u32) -> u32) -> Box<Program> {
    Box::new(program.map_slots(map))
}

fn each(programs: &[Program], map: &mut dyn FnMut(u32) -> u32) -> Vec<Program> {
    programs.iter().map(|program| program.map_slots(map)).collect()
}

impl Program {
    /// Visits the slots of JSON values that are read as numbers or dates, with the type.
    pub fn visit_typed_slots(&self, visit: &mut dyn FnMut(u32, ValueType)) {
        match self {
            Program::AsNumber(a) if let Program::Slot(slot) = **a => visit(slot, ValueType::Number),
            Program::AsDate(a) if let Program::Slot(slot) = **a => visit(slot, ValueType::Date),
            _ => self.parts().into_iter().for_each(|part| part.visit_typed_slots(visit)),
        }
    }

    /// The programs that this one is made of.
    pub(crate) fn parts(&self) -> Vec<&Program> {
        match self {
            Program::Constant(_) | Program::Slot(_) | Program::CompareNumber(..) | Program::IsOneOf(..) => Vec::new(),
            Program::AsNumber(a)
            | Program::AsText(a)
            | Program::AsBoolean(a)
            | Program::AsDate(a)
            | Program::Not(a)
            | Program::Negate(a)
            | Program::IsNull(a, _)
            | Program::Like(a, ..)
            | Program::Lower(a) => vec![a],
            Program::And(all) | Program::Or(all) | Program::Coalesce(all) | Program::Extreme(_, all) => {
                all.iter().collect()
            }
            Program::Arithmetic(_, a, b)
            | Program::DaysBetween(a, b)
            | Program::Compare(_, a, b)
            | Program::CompareJson(_, a, b)
            | Program::NullIf(a, b) => vec![a, b],
            Program::Case(arms, otherwise) => {
                arms.iter().flat_map(|(when, then)| [when, then]).chain([&**otherwise]).collect()
            }
        }
    }
}

/// A value as an expression writes it.
pub(super) fn literal(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Date(day) => format!("date '{}'", crate::clock::format_day(*day)),
        // If the usual digits would give another number, all digits are written.
        Value::Number(number) => {
            let text = format_number(*number);
            if text.parse() == Ok(*number) { text } else { format!("{number:?}") }
        }
        value => value.to_text().map_or_else(|| "null".to_owned(), |text| text.into_owned()),
    }
}

/// The text of an operand, in parentheses if it binds less than `least`.
fn parenthesized(program: &Program, least: OperatorPrecedence, name: &dyn Fn(u32) -> String) -> String {
    let (text, binding) = show(program, name);
    if binding < least { format!("({text})") } else { text }
}

fn joined(all: &[Program], word: &str, binding: OperatorPrecedence, name: &dyn Fn(u32) -> String) -> String {
    // A nested list of the same operator keeps its parentheses, as the author wrote it.
    let least = if binding == OperatorPrecedence::Or { OperatorPrecedence::And } else { OperatorPrecedence::Not };
    all.iter().map(|part| parenthesized(part, least, name)).collect::<Vec<String>>().join(word)
}

fn arguments(all: &[Program], name: &dyn Fn(u32) -> String) -> String {
    all.iter().map(|part| show(part, name).0).collect::<Vec<String>>().join(", ")
}

fn show(program: &Program, name: &dyn Fn(u32) -> String) -> (String, OperatorPrecedence) {
    let at = |program: &Program, least: OperatorPrecedence| parenthesized(program, least, name);
    match program {
        Program::Constant(value) => (literal(value), OperatorPrecedence::Atom),
        Program::Slot(slot) => (name(*slot), OperatorPrecedence::Atom),
        Program::AsNumber(a) | Program::AsText(a) | Program::AsBoolean(a) | Program::AsDate(a) => show(a, name),
        Program::Not(a) => (format!("not {}", at(a, OperatorPrecedence::Compare)), OperatorPrecedence::Not),
        Program::Negate(a) => (format!("-{}", at(a, OperatorPrecedence::Atom)), OperatorPrecedence::Unary),
        Program::And(all) => match between(all, name) {
            Some(text) => (text, OperatorPrecedence::Compare),
            None => (joined(all, " and ", OperatorPrecedence::And, name), OperatorPrecedence::And),
        },
        Program::Or(all) => match in_list(all, name) {
            Some(text) => (text, OperatorPrecedence::Compare),
            None => (joined(all, " or ", OperatorPrecedence::Or, name), OperatorPrecedence::Or),
        },
        Program::Arithmetic(operator, a, b) => arithmetic(*operator, a, b, name),
        Program::DaysBetween(a, b) => (
            format!("{} - {}", at(a, OperatorPrecedence::Add), at(b, OperatorPrecedence::Multiply)),
            OperatorPrecedence::Add,
        ),
        Program::Compare(operator, a, b) | Program::CompareJson(operator, a, b) => (
            format!(
                "{} {} {}",
                at(a, OperatorPrecedence::Add),
                comparison_sign(*operator),
                at(b, OperatorPrecedence::Add)
            ),
            OperatorPrecedence::Compare,
        ),
        Program::CompareNumber(operator, slot, number) => (
            format!("{} {} {}", name(*slot), comparison_sign(*operator), literal(&Value::Number(*number))),
            OperatorPrecedence::Compare,
        ),
        Program::IsOneOf(slot, texts) => {
            let texts: Vec<String> = texts.iter().map(|text| literal(&Value::Text((&**text).into()))).collect();
            let text = match texts.as_slice() {
                [one] => format!("{} = {one}", name(*slot)),
                several => format!("{} in ({})", name(*slot), several.join(", ")),
            };
            (text, OperatorPrecedence::Compare)
        }
        Program::IsNull(a, negated) => {
            let word = if *negated { "is not null" } else { "is null" };
            (format!("{} {word}", at(a, OperatorPrecedence::Add)), OperatorPrecedence::Compare)
        }
        Program::Like(a, pattern, negated) => {
            let word = if *negated { "not like" } else { "like" };
            let pattern = literal(&Value::Text(pattern.source().into()));
            (format!("{} {word} {pattern}", at(a, OperatorPrecedence::Add)), OperatorPrecedence::Compare)
        }
        Program::Case(arms, otherwise) => {
            let mut text = "case".to_owned();
            for (when, then) in arms {
                text.push_str(&format!(" when {} then {}", show(when, name).0, show(then, name).0));
            }
            (format!("{text} else {} end", show(otherwise, name).0), OperatorPrecedence::Atom)
        }
        Program::Coalesce(all) => (format!("coalesce({})", arguments(all, name)), OperatorPrecedence::Atom),
        Program::NullIf(equal, value) => match &**equal {
            Program::Compare(_, _, b) | Program::CompareJson(_, _, b) => {
                (format!("nullif({}, {})", show(value, name).0, show(b, name).0), OperatorPrecedence::Atom)
            }
            other => (format!("nullif({}, {})", show(value, name).0, show(other, name).0), OperatorPrecedence::Atom),
        },
        Program::Extreme(side, all) => {
            let word = if *side == Ordering::Less { "least" } else { "greatest" };
            (format!("{word}({})", arguments(all, name)), OperatorPrecedence::Atom)
        }
        Program::Lower(a) => (format!("lower({})", show(a, name).0), OperatorPrecedence::Atom),
    }
}

fn arithmetic(
    operator: ArithmeticOp,
    a: &Program,
    b: &Program,
    name: &dyn Fn(u32) -> String,
) -> (String, OperatorPrecedence) {
    let (sign, binding, right) = match operator {
        ArithmeticOp::Add => ("+", OperatorPrecedence::Add, OperatorPrecedence::Add),
        ArithmeticOp::Subtract => ("-", OperatorPrecedence::Add, OperatorPrecedence::Multiply),
        ArithmeticOp::Multiply => ("*", OperatorPrecedence::Multiply, OperatorPrecedence::Multiply),
        ArithmeticOp::Divide => ("/", OperatorPrecedence::Multiply, OperatorPrecedence::Unary),
    };
    (format!("{} {sign} {}", parenthesized(a, binding, name), parenthesized(b, right, name)), binding)
}

/// A comparison operator as an expression writes it.
pub(super) fn comparison_sign(operator: ComparisonOp) -> &'static str {
    match operator {
        ComparisonOp::Equal => "=",
        ComparisonOp::NotEqual => "<>",
        ComparisonOp::Less => "<",
        ComparisonOp::LessEqual => "<=",
        ComparisonOp::Greater => ">",
        ComparisonOp::GreaterEqual => ">=",
    }
}

/// A comparison as text: left side, operator, right side, and whether the right side is constant.
fn comparison(program: &Program, name: &dyn Fn(u32) -> String) -> Option<(String, ComparisonOp, String, bool)> {
    let part = |program: &Program| parenthesized(program, OperatorPrecedence::Add, name);
    match program {
        Program::Compare(operator, x, value) => {
            Some((part(x), *operator, part(value), matches!(**value, Program::Constant(_))))
        }
        Program::CompareNumber(operator, slot, number) => {
            Some((name(*slot), *operator, literal(&Value::Number(*number)), true))
        }
        _ => None,
    }
}

/// `x between a and b`, which the compiler splits into `x >= a` and `x <= b`.
fn between(all: &[Program], name: &dyn Fn(u32) -> String) -> Option<String> {
    let [low, high] = all else { return None };
    match (comparison(low, name)?, comparison(high, name)?) {
        ((x, ComparisonOp::GreaterEqual, low, _), (same, ComparisonOp::LessEqual, high, _)) if x == same => {
            Some(format!("{x} between {low} and {high}"))
        }
        _ => None,
    }
}

/// `x in (a, b)`, which the compiler splits into comparisons with several constants.
fn in_list(all: &[Program], name: &dyn Fn(u32) -> String) -> Option<String> {
    let mut values = Vec::new();
    let mut first = None;
    for part in all {
        let (x, ComparisonOp::Equal, value, true) = comparison(part, name)? else { return None };
        if first.get_or_insert_with(|| x.clone()) != &x {
            return None;
        }
        values.push(value);
    }
    let x = first.filter(|_| values.len() > 1)?;
    Some(format!("{x} in ({})", values.join(", ")))
}
#[cfg(test)]
mod tests {
    use super::super::{ExprError, NameResolver, ResolvedName, ValueType, compile, parse};
    use std::ops::Range;

    /// `n` and `m` are numbers, `t` is text, `b` is a condition, `d` is a date.
    struct UnparseTestNames;

    const NAMES: [(&str, ValueType); 5] = [
        ("n", ValueType::Number),
        ("m", ValueType::Number),
        ("t", ValueType::Text),
        ("b", ValueType::Boolean),
        ("d", ValueType::Date),
    ];

    impl NameResolver for UnparseTestNames {
        fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
            let found = NAMES.iter().position(|(name, _)| path == [*name]);
            let found = found.ok_or_else(|| ExprError::new(span.clone(), "no such name", ""))?;
            Ok(ResolvedName { slot: found as u32, kind: NAMES[found].1 })
        }
    }

    #[test]
    fn what_is_shown_means_what_was_written() {
        for text in [
            "n + m * 2 - 1",
            "n - (m - 1)",
            "(n + 1) / (m / 2)",
            "not b and (b or n > 3)",
            "not (b and n = 3)",
            "t in ('vp', 'it''s') or t like 'v%'",
            "n between 1 and m + 1",
            "coalesce(n, 0) >= greatest(m, least(n, 2))",
            "case when b then 1 when n > 2 then 2 else 3 end = -n",
            "d - date '2026-01-31' <= 14",
            "t is not null and lower(t) <> 'x'",
            "nullif(n, 3) is null",
            "(n > 1 or b) and (b and n < 2)",
            "n > 11 / 1.7212121",
            "n = 1e-9",
        ] {
            let name = |slot: u32| NAMES[slot as usize].0.to_owned();
            let read = |text: &str| {
                let node = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
                compile(text, &node, &mut UnparseTestNames).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).0
            };
            let shown = read(text).to_source(&name);
            assert_eq!(read(&shown), read(text), "{shown}");
            assert_eq!(shown, text);
        }
    }
}
