//! The constants that expressions compare names with.

use std::collections::BTreeMap;

use pql_model::expr::{Program, Value};

/// By slot, the constants of comparisons that name it.
pub(super) type ComparedValues = BTreeMap<u32, Vec<Value<'static>>>;

/// Collects the constants of a program, each for the names that it is compared with.
pub(super) fn collect_compared(program: &Program, found: &mut ComparedValues) {
    match program {
        Program::IsOneOf(slot, texts) => texts.iter().for_each(|text| add(found, *slot, text_value(text))),
        Program::CompareNumber(_, slot, number) => add(found, *slot, Value::Number(*number)),
        Program::Compare(_, a, b) | Program::CompareJson(_, a, b) | Program::NullIf(a, b) => {
            let mut constants = Vec::new();
            collect_constants(a, &mut constants);
            collect_constants(b, &mut constants);
            add_to_all(found, program, &constants);
        }
        Program::Like(a, pattern, _) => {
            let texts: Vec<Value<'static>> = pattern.like_examples().iter().map(|text| text_value(text)).collect();
            add_to_all(found, a, &texts);
        }
        Program::IsNull(a, _) => {
            add_to_all(found, a, &[Value::Boolean(true), text_value("known"), Value::Number(1.0)]);
        }
        Program::AsBoolean(_) | Program::Slot(_) => {
            add_to_all(found, program, &[Value::Boolean(true), Value::Boolean(false)]);
        }
        // These compare nothing themselves.
        Program::Constant(_)
        | Program::AsNumber(_)
        | Program::AsText(_)
        | Program::AsDate(_)
        | Program::Not(_)
        | Program::Negate(_)
        | Program::And(_)
        | Program::Or(_)
        | Program::Arithmetic(..)
        | Program::DaysBetween(..)
        | Program::Case(..)
        | Program::Coalesce(_)
        | Program::Extreme(..)
        | Program::Lower(_) => {}
    }
    children(program).into_iter().for_each(|child| collect_compared(child, found));
}

/// Adds values for every name in a program.
fn add_to_all(found: &mut ComparedValues, program: &Program, values: &[Value<'static>]) {
    program.visit_slots(&mut |slot| values.iter().for_each(|value| add(found, slot, value.clone())));
}

fn text_value(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn add(found: &mut ComparedValues, slot: u32, value: Value<'static>) {
    let known = found.entry(slot).or_default();
    if !known.contains(&value) {
        known.push(value);
    }
}

fn collect_constants(program: &Program, found: &mut Vec<Value<'static>>) {
    if let Program::Constant(value) = program
        && !value.is_null()
    {
        found.push(value.clone());
    }
    children(program).into_iter().for_each(|child| collect_constants(child, found));
}

/// The programs directly inside a program.
fn children(program: &Program) -> Vec<&Program> {
    match program {
        Program::Constant(_) | Program::Slot(_) | Program::CompareNumber(..) | Program::IsOneOf(..) => Vec::new(),
        Program::AsNumber(a)
        | Program::AsText(a)
        | Program::AsBoolean(a)
        | Program::AsDate(a)
        | Program::Not(a)
        | Program::Negate(a)
        | Program::IsNull(a, _)
        | Program::Like(a, _, _)
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
