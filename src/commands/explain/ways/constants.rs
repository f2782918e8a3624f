//! The constants that expressions compare names with.

use std::collections::BTreeMap;

use pql_model::expr::{Program, Value};

/// By slot, the constants of comparisons that name it.
pub(super) type ComparedValues = BTreeMap<u32, Vec<Value<'static>>>;

/// Collects the constants of a program, each for the names that it is compared with.
pub(super) fn collect_compared(program: &Program, found: &mut ComparedValues) {
    match program {
        Program::IsOneOf(slot, texts) => {
            texts.iter().for_each(|text| add(found, *slot, Value::Text(text.to_string().into())));
        }
        Program::CompareNumber(_, slot, number) => add(found, *slot, Value::Number(*number)),
        Program::Compare(_, a, b) | Program::CompareJson(_, a, b) => {
            let mut constants = Vec::new();
            collect_constants(a, &mut constants);
            collect_constants(b, &mut constants);
            program.visit_slots(&mut |slot| constants.iter().for_each(|one| add(found, slot, one.clone())));
        }
        Program::AsBoolean(_) | Program::IsNull(..) | Program::Slot(_) => {
            program.visit_slots(&mut |slot| {
                [true, false].map(Value::Boolean).into_iter().for_each(|one| add(found, slot, one))
            });
        }
        _ => {}
    }
    children(program).into_iter().for_each(|child| collect_compared(child, found));
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
