//! Calls of functions whose arguments are folded.

use std::cmp::Ordering;

use super::{ExprConstant, FoldedNode, PossibleTexts, compared, constant, is_null};
use crate::expr::{
    EvalScope, Program, Value,
    ast::{ComparisonOp, ExprFunction, ExprKind},
};

fn called(function: ExprFunction, arguments: Vec<FoldedNode>) -> FoldedNode {
    ExprKind::Call(function, arguments.into_iter().map(|argument| argument.node).collect()).into()
}

pub(super) fn coalesce(arguments: Vec<FoldedNode>) -> FoldedNode {
    let mut open: Vec<FoldedNode> = Vec::new();
    for argument in arguments.into_iter().filter(|argument| !is_null(&argument.node)) {
        let ends = constant(&argument.node).is_some();
        open.push(argument);
        if ends {
            break;
        }
    }
    if open.len() < 2 {
        return open.pop().unwrap_or_else(|| ExprKind::Null.into());
    }
    let texts = |one: &FoldedNode| match &one.node.kind {
        ExprKind::Text(text) => Some(PossibleTexts { of: vec![text.clone()], null: false }),
        _ => one.texts.clone(),
    };
    let texts: Option<Vec<PossibleTexts>> = open.iter().map(texts).collect();
    let texts = texts.map(|texts| PossibleTexts {
        null: texts.iter().all(|texts| texts.null),
        of: texts.into_iter().flat_map(|texts| texts.of).collect(),
    });
    FoldedNode { texts, ..called(ExprFunction::Coalesce, open) }
}

pub(super) fn lower(mut arguments: Vec<FoldedNode>) -> FoldedNode {
    let texts = arguments.first_mut().and_then(|argument| argument.texts.take());
    let texts = texts.map(|texts| PossibleTexts {
        of: texts.of.iter().map(|text| text.to_ascii_lowercase()).collect(),
        null: texts.null,
    });
    match arguments.first().map(|argument| &argument.node.kind) {
        Some(ExprKind::Null) => ExprKind::Null.into(),
        Some(ExprKind::Text(text)) => ExprKind::Text(text.to_ascii_lowercase()).into(),
        _ => FoldedNode { texts, ..called(ExprFunction::Lower, arguments) },
    }
}

pub(super) fn null_if(mut arguments: Vec<FoldedNode>) -> FoldedNode {
    let [value, other] = arguments.as_slice() else { return called(ExprFunction::NullIf, arguments) };
    if is_null(&value.node) {
        return ExprKind::Null.into();
    }
    let same = match (constant(&value.node), constant(&other.node)) {
        (_, Some(ExprConstant::Null)) => Some(false),
        (Some(value), Some(other)) => compared(ComparisonOp::Equal, &value, &other),
        (Some(_) | None, Some(_) | None) => None,
    };
    match same {
        Some(true) => ExprKind::Null.into(),
        Some(false) => arguments.swap_remove(0),
        None => called(ExprFunction::NullIf, arguments),
    }
}

/// The least or the greatest.
pub(super) fn extreme(function: ExprFunction, side: Ordering, arguments: Vec<FoldedNode>) -> FoldedNode {
    if arguments.iter().any(|argument| is_null(&argument.node)) {
        return ExprKind::Null.into();
    }
    let number = |argument: &FoldedNode| match argument.node.kind {
        ExprKind::Number(number) => Some(Program::Constant(Value::Number(number))),
        _ => None,
    };
    let known: Option<Vec<Program>> = arguments.iter().map(number).collect();
    match known.and_then(|known| Program::Extreme(side, known).number(&NoNames)) {
        Some(number) => FoldedNode {
            replaces: arguments.iter().any(|argument| argument.replaces),
            ..ExprKind::Number(number).into()
        },
        None => called(function, arguments),
    }
}

/// A scope of expressions without names.
struct NoNames;

impl EvalScope for NoNames {
    fn get(&self, _slot: u32) -> Value<'_> {
        Value::Null
    }
}
