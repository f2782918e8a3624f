//! An expression in which some names are known: what is left of it.
//!
//! [`reduce`] puts known values in the place of names, and folds what follows from them, by the functions that evaluate programs. Nulls behave as in
//! SQL. Of a condition it is asked only whether it holds, so null counts there as false: a null part of `or` is left out, and `and` with one is null.
//! Under `not` it is asked only whether the part fails, so null counts as true. Everywhere else nulls are kept.
//!
//! One difference is meant: where it is asked whether a comparison holds, one that holds because a count is known to be 0 is null, since nobody has
//! seen that count.

mod calls;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use self::calls::{coalesce, extreme, lower, null_if};
use super::{
    ExprError, Value, WildPattern,
    ast::{ArithmeticOp, ComparisonOp, ExprFunction, ExprKind, ExprNode, collect_names},
    eval::{arithmetic, comparison_holds},
    parse, print,
    value::compare_values,
};

/// What is known of a name.
#[derive(Debug, Clone, PartialEq)]
pub enum KnownName {
    /// Its value, whoever is scored.
    Constant(ExprConstant),
    /// The texts that it can be, beside null.
    OneOf(Vec<String>),
    /// The text of an expression that stands for it.
    Expression(String),
}

/// The value of an expression that is the same for everybody.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprConstant {
    Null,
    Number(f64),
    Boolean(bool),
    Text(String),
}

/// What is left of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ReducedExpression {
    /// It has no name that is known.
    Same,
    /// Its value is the same for everybody.
    Constant(ExprConstant),
    /// Another expression.
    Text(String),
}

/// What is asked of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReductionGoal {
    /// Whether it holds.
    Condition,
    /// Its value.
    Value,
}

/// The names in an expression, each split at its dots.
///
/// # Errors
/// Those of reading it.
pub fn names_of(text: &str) -> Result<Vec<Vec<String>>, ExprError> {
    Ok(collect_names(&parse(text)?).into_iter().map(|(path, _)| path.to_vec()).collect())
}

/// What is left of an expression if some of its names are known.
///
/// # Errors
/// Those of reading it, or an expression that stands for a name.
pub fn reduce(
    text: &str,
    goal: ReductionGoal,
    known: &dyn Fn(&[String]) -> Option<KnownName>,
) -> Result<ReducedExpression, ExprError> {
    let tree = parse(text)?;
    let mut folder = ExprFolder { known, replaced: 0, failed: None };
    let asked = match goal {
        ReductionGoal::Condition => AskedOutcome::Holds,
        ReductionGoal::Value => AskedOutcome::Exact,
    };
    let folded = folder.fold(&tree, asked);
    if let Some(error) = folder.failed {
        return Err(error);
    }
    if folder.replaced == 0 {
        return Ok(ReducedExpression::Same);
    }
    Ok(match constant(&folded.node) {
        Some(value) => ReducedExpression::Constant(value),
        None => ReducedExpression::Text(print::to_text(&folded.node)),
    })
}

/// A folded node.
struct FoldedNode {
    node: ExprNode,
    /// The texts that it can be, if they are known.
    texts: Option<PossibleTexts>,
    /// True for a number that stands for a name.
    replaces: bool,
}

/// The texts that a node can be.
#[derive(Debug, Clone)]
struct PossibleTexts {
    of: Vec<String>,
    null: bool,
}

/// What is asked of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskedOutcome {
    /// Only whether it is true, so null may count as false.
    Holds,
    /// Only whether it is false, so null may count as true.
    Fails,
    /// The same as the first of the condition of an arm of `case`. Counts that nobody has seen are taken there as they are, since another arm
    /// would be chosen without them.
    ChoosesArm,
    /// Whether that is false.
    PassesArm,
    /// Its value.
    Exact,
}

impl AskedOutcome {
    /// What is asked of the part that is negated.
    fn negated(self) -> AskedOutcome {
        match self {
            AskedOutcome::Holds => AskedOutcome::Fails,
            AskedOutcome::Fails => AskedOutcome::Holds,
            AskedOutcome::ChoosesArm => AskedOutcome::PassesArm,
            AskedOutcome::PassesArm => AskedOutcome::ChoosesArm,
            AskedOutcome::Exact => AskedOutcome::Exact,
        }
    }

    /// What null may count as.
    fn of_null(self) -> Option<bool> {
        match self {
            AskedOutcome::Holds | AskedOutcome::ChoosesArm => Some(false),
            AskedOutcome::Fails | AskedOutcome::PassesArm => Some(true),
            AskedOutcome::Exact => None,
        }
    }
}

/// How parts are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Junction {
    /// `and`
    Every,
    /// `or`
    Any,
}

struct ExprFolder<'k> {
    known: &'k dyn Fn(&[String]) -> Option<KnownName>,
    /// Names that were known.
    replaced: usize,
    failed: Option<ExprError>,
}

impl From<ExprKind> for FoldedNode {
    fn from(kind: ExprKind) -> FoldedNode {
        FoldedNode { node: ExprNode { kind, span: 0..0 }, texts: None, replaces: false }
    }
}

impl From<ExprConstant> for ExprKind {
    fn from(value: ExprConstant) -> ExprKind {
        match value {
            ExprConstant::Null => ExprKind::Null,
            ExprConstant::Number(number) => ExprKind::Number(number),
            ExprConstant::Boolean(truth) => ExprKind::Boolean(truth),
            ExprConstant::Text(text) => ExprKind::Text(text),
        }
    }
}

/// The value of a node that has no names.
fn constant(node: &ExprNode) -> Option<ExprConstant> {
    match &node.kind {
        ExprKind::Null => Some(ExprConstant::Null),
        ExprKind::Number(number) => Some(ExprConstant::Number(*number)),
        ExprKind::Boolean(truth) => Some(ExprConstant::Boolean(*truth)),
        ExprKind::Text(text) => Some(ExprConstant::Text(text.clone())),
        _ => None,
    }
}

fn is_null(node: &ExprNode) -> bool {
    node.kind == ExprKind::Null
}

fn truth(value: bool) -> FoldedNode {
    ExprKind::Boolean(value).into()
}

impl ExprFolder<'_> {
    fn fold(&mut self, node: &ExprNode, asked: AskedOutcome) -> FoldedNode {
        match &node.kind {
            ExprKind::Name(path) => self.name(node, path, asked),
            ExprKind::Not(a) => self.not(a, asked),
            ExprKind::And(all) => self.joined(all, Junction::Every, asked),
            ExprKind::Or(all) => self.joined(all, Junction::Any, asked),
            ExprKind::Negate(a) => self.negate(a),
            ExprKind::IsNull(a, negated) => self.is_null(a, *negated),
            ExprKind::Compare(operator, a, b) => self.compare(*operator, [a, b], asked),
            ExprKind::In(a, list, negated) => self.among(a, list, *negated, asked),
            ExprKind::Between(a, low, high, negated) => self.between([a, low, high], *negated, asked),
            ExprKind::Like(a, pattern, negated) => self.like([a, pattern], *negated, asked),
            ExprKind::Arithmetic(operator, a, b) => self.arithmetic(*operator, a, b),
            ExprKind::Case(arms, otherwise) => self.case(arms, otherwise.as_deref(), asked),
            ExprKind::Call(function, arguments) => self.call(*function, arguments),
            ExprKind::Null | ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Boolean(_) | ExprKind::Date(_) => {
                node.kind.clone().into()
            }
        }
    }

    /// The value of a part.
    fn value(&mut self, node: &ExprNode) -> FoldedNode {
        self.fold(node, AskedOutcome::Exact)
    }

    fn name(&mut self, node: &ExprNode, path: &[String], asked: AskedOutcome) -> FoldedNode {
        let Some(known) = (self.known)(path) else { return node.kind.clone().into() };
        self.replaced += 1;
        match known {
            KnownName::Constant(value) => FoldedNode { replaces: true, ..ExprKind::from(value).into() },
            KnownName::OneOf(of) => {
                self.replaced -= 1;
                FoldedNode { texts: Some(PossibleTexts { of, null: true }), ..node.kind.clone().into() }
            }
            KnownName::Expression(text) => match parse(&text) {
                Ok(tree) => self.fold(&tree, asked),
                Err(error) => {
                    self.failed = Some(error);
                    ExprKind::Null.into()
                }
            },
        }
    }

    fn negate(&mut self, a: &ExprNode) -> FoldedNode {
        let inner = self.value(a);
        match inner.node.kind {
            ExprKind::Null => ExprKind::Null.into(),
            ExprKind::Number(number) => {
                FoldedNode { replaces: inner.replaces, ..ExprKind::Number(0.0 - number).into() }
            }
            _ => ExprKind::Negate(Box::new(inner.node)).into(),
        }
    }

    fn not(&mut self, a: &ExprNode, asked: AskedOutcome) -> FoldedNode {
        let inner = self.fold(a, asked.negated()).node;
        match inner.kind {
            ExprKind::Boolean(value) => truth(!value),
            ExprKind::Null => ExprKind::Null.into(),
            _ => ExprKind::Not(Box::new(inner)).into(),
        }
    }

    fn joined(&mut self, parts: &[ExprNode], junction: Junction, asked: AskedOutcome) -> FoldedNode {
        let any = junction == Junction::Any;
        let folded: Vec<ExprNode> = parts.iter().map(|part| self.fold(part, asked).node).collect();
        let decides = ExprKind::Boolean(any);
        if folded.iter().any(|part| part.kind == decides) {
            return truth(any);
        }
        let nulls = folded.iter().any(is_null);
        if nulls && asked.of_null() == Some(any) {
            return ExprKind::Null.into();
        }
        let mut open: Vec<ExprNode> = folded.into_iter().filter(|part| constant(part).is_none()).collect();
        if nulls && (open.is_empty() || asked.of_null().is_none()) {
            open.push(ExprNode { kind: ExprKind::Null, span: 0..0 });
        }
        match (open.len(), open.pop()) {
            (1, Some(only)) => only.kind.into(),
            (_, Some(last)) => {
                open.push(last);
                if any { ExprKind::Or(open).into() } else { ExprKind::And(open).into() }
            }
            (_, None) => truth(!any),
        }
    }

    fn is_null(&mut self, a: &ExprNode, negated: bool) -> FoldedNode {
        let inner = self.value(a).node;
        match constant(&inner) {
            Some(value) => truth((value == ExprConstant::Null) != negated),
            None => ExprKind::IsNull(Box::new(inner), negated).into(),
        }
    }

    fn compare(&mut self, operator: ComparisonOp, sides: [&ExprNode; 2], asked: AskedOutcome) -> FoldedNode {
        let [left, right] = sides.map(|side| self.value(side));
        if is_null(&left.node) || is_null(&right.node) {
            return ExprKind::Null.into();
        }
        if let (Some(a), Some(b)) = (constant(&left.node), constant(&right.node))
            && let Some(holds) = compared(operator, &a, &b)
        {
            return judged(holds, &[&left, &right], asked);
        }
        let never = |texts: &FoldedNode, other: &FoldedNode| match (&texts.texts, &other.node.kind) {
            (Some(texts), ExprKind::Text(text)) => !texts.of.contains(text),
            _ => false,
        };
        let found = match operator {
            ComparisonOp::Equal => Some(false),
            ComparisonOp::NotEqual => Some(true),
            ComparisonOp::Less | ComparisonOp::LessEqual | ComparisonOp::Greater | ComparisonOp::GreaterEqual => None,
        };
        let sides = [(&left, &right), (&right, &left)];
        let side = sides.into_iter().find(|(side, other)| never(side, other)).map(|(side, _)| side);
        if let (Some(side), Some(found)) = (side, found)
            && let Some(known) = self.unless_null(side, found, asked)
        {
            return known;
        }
        ExprKind::Compare(operator, Box::new(left.node), Box::new(right.node)).into()
    }

    /// A condition on a text that is this for each text that it can be, and null if it is null.
    fn unless_null(&mut self, side: &FoldedNode, holds: bool, asked: AskedOutcome) -> Option<FoldedNode> {
        let can_be_null = side.texts.as_ref().is_none_or(|texts| texts.null);
        let known = match (can_be_null, asked.of_null()) {
            (true, None) => return None,
            // Null would count as the opposite.
            (true, Some(null)) if null != holds => ExprKind::IsNull(Box::new(side.node.clone()), holds).into(),
            (true | false, Some(_)) | (false, None) => truth(holds),
        };
        self.replaced += 1;
        Some(known)
    }

    fn among(&mut self, a: &ExprNode, list: &[ExprNode], negated: bool, asked: AskedOutcome) -> FoldedNode {
        let inner = self.value(a);
        let mut items: Vec<FoldedNode> = list.iter().map(|item| self.value(item)).collect();
        if is_null(&inner.node) {
            return ExprKind::Null.into();
        }
        if let Some(found) = constant(&inner.node).and_then(|value| is_among(&value, &items)) {
            let sides: Vec<&FoldedNode> = [&inner].into_iter().chain(&items).collect();
            return found.map_or_else(|| ExprKind::Null.into(), |found| judged(found != negated, &sides, asked));
        }
        if let Some(texts) = &inner.texts {
            let is_never =
                |item: &FoldedNode| matches!(&item.node.kind, ExprKind::Text(text) if !texts.of.contains(text));
            if items.iter().all(is_never)
                && let Some(known) = self.unless_null(&inner, negated, asked)
            {
                return known;
            }
            let before = items.len();
            if !items.iter().all(is_never) {
                items.retain(|item| !is_never(item));
            }
            self.replaced += usize::from(items.len() < before);
        }
        let items = items.into_iter().map(|item| item.node).collect();
        ExprKind::In(Box::new(inner.node), items, negated).into()
    }

    fn between(&mut self, parts: [&ExprNode; 3], negated: bool, asked: AskedOutcome) -> FoldedNode {
        let [a, low, high] = parts.map(|part| self.value(part));
        let value = |folded: &FoldedNode| constant(&folded.node);
        if let (Some(of), Some(from), Some(to)) = (value(&a), value(&low), value(&high)) {
            let above = compared(ComparisonOp::GreaterEqual, &of, &from);
            let below = compared(ComparisonOp::LessEqual, &of, &to);
            match (above, below) {
                (Some(false), _) | (_, Some(false)) => return judged(negated, &[&a, &low, &high], asked),
                (Some(true), Some(true)) => return judged(!negated, &[&a, &low, &high], asked),
                (None, _) | (_, None) if [&of, &from, &to].contains(&&ExprConstant::Null) => {
                    return ExprKind::Null.into();
                }
                (None, _) | (_, None) => {}
            }
        }
        // With one null end the other one may still rule a number out.
        let unknown = [&a, &low, &high].into_iter().any(|part| is_null(&part.node));
        if is_null(&a.node) || unknown && asked.of_null() == Some(negated) {
            return ExprKind::Null.into();
        }
        let [a, low, high] = [a, low, high].map(|part| Box::new(part.node));
        ExprKind::Between(a, low, high, negated).into()
    }

    fn like(&mut self, [a, pattern]: [&ExprNode; 2], negated: bool, asked: AskedOutcome) -> FoldedNode {
        let inner = self.value(a);
        let like = |text: &str| matches!(&pattern.kind, ExprKind::Text(like) if WildPattern::like(like).matches(text));
        match &inner.node.kind {
            ExprKind::Null => return ExprKind::Null.into(),
            ExprKind::Text(text) => return truth(like(text) != negated),
            _ => {}
        }
        if inner.texts.as_ref().is_some_and(|texts| !texts.of.iter().any(|text| like(text)))
            && let Some(known) = self.unless_null(&inner, negated, asked)
        {
            return known;
        }
        ExprKind::Like(Box::new(inner.node), Box::new(pattern.clone()), negated).into()
    }

    fn arithmetic(&mut self, operator: ArithmeticOp, a: &ExprNode, b: &ExprNode) -> FoldedNode {
        let (left, right) = (self.value(a), self.value(b));
        let zero = |side: &FoldedNode| side.replaces && side.node.kind == ExprKind::Number(0.0);
        match (operator, constant(&left.node), constant(&right.node)) {
            (_, Some(ExprConstant::Null), _) | (_, _, Some(ExprConstant::Null)) => ExprKind::Null.into(),
            (_, Some(ExprConstant::Number(a)), Some(ExprConstant::Number(b))) => {
                let kind = arithmetic(operator, Some(a), Some(b)).map_or(ExprKind::Null, ExprKind::Number);
                FoldedNode { replaces: left.replaces || right.replaces, ..kind.into() }
            }
            (ArithmeticOp::Add, ..) if zero(&left) => right.node.kind.into(),
            (ArithmeticOp::Add | ArithmeticOp::Subtract, ..) if zero(&right) => left.node.kind.into(),
            _ => ExprKind::Arithmetic(operator, Box::new(left.node), Box::new(right.node)).into(),
        }
    }

    fn case(&mut self, arms: &[(ExprNode, ExprNode)], otherwise: Option<&ExprNode>, asked: AskedOutcome) -> FoldedNode {
        let mut open = Vec::new();
        let mut last = None;
        for (when, then) in arms {
            let (when, then) = (self.fold(when, AskedOutcome::ChoosesArm).node, self.fold(then, asked).node);
            match when.kind {
                ExprKind::Boolean(true) => {
                    last = Some(then);
                    break;
                }
                ExprKind::Boolean(false) | ExprKind::Null => {}
                _ => open.push((when, then)),
            }
        }
        let last = last.or_else(|| otherwise.map(|otherwise| self.fold(otherwise, asked).node));
        match (open.is_empty(), last) {
            (true, last) => last.map_or(ExprKind::Null, |last| last.kind).into(),
            (false, last) => ExprKind::Case(open, last.filter(|last| !is_null(last)).map(Box::new)).into(),
        }
    }

    fn call(&mut self, function: ExprFunction, arguments: &[ExprNode]) -> FoldedNode {
        let folded: Vec<FoldedNode> = arguments.iter().map(|argument| self.value(argument)).collect();
        match function {
            ExprFunction::Coalesce => coalesce(folded),
            ExprFunction::Lower => lower(folded),
            ExprFunction::NullIf => null_if(folded),
            ExprFunction::Least => extreme(function, Ordering::Less, folded),
            ExprFunction::Greatest => extreme(function, Ordering::Greater, folded),
        }
    }
}

/// A comparison of which it is known whether it holds. A count of what is never seen is 0; what would follow from that is not known to be so.
fn judged(holds: bool, sides: &[&FoldedNode], asked: AskedOutcome) -> FoldedNode {
    let is_count = |side: &&FoldedNode| side.replaces && matches!(side.node.kind, ExprKind::Number(_));
    let unseen = asked == AskedOutcome::Holds && sides.iter().any(is_count);
    if holds && unseen { ExprKind::Null.into() } else { truth(holds) }
}

/// Whether a value is one of some, none if that is unknown; nothing at all if an item is no constant of its type.
fn is_among(value: &ExprConstant, items: &[FoldedNode]) -> Option<Option<bool>> {
    let mut found = Some(false);
    for item in items {
        match constant(&item.node)? {
            ExprConstant::Null => found = found.filter(|found| *found),
            item if compared(ComparisonOp::Equal, value, &item)? => return Some(Some(true)),
            _ => {}
        }
    }
    Some(found)
}

/// Whether a comparison of two values of one type holds.
fn compared(operator: ComparisonOp, a: &ExprConstant, b: &ExprConstant) -> Option<bool> {
    comparison_holds(operator, compare_values(&a.as_value(), &b.as_value()))
}

impl ExprConstant {
    fn as_value(&self) -> Value<'_> {
        match self {
            ExprConstant::Null => Value::Null,
            ExprConstant::Number(number) => Value::Number(*number),
            ExprConstant::Boolean(truth) => Value::Boolean(*truth),
            ExprConstant::Text(text) => Value::Text(text.as_str().into()),
        }
    }
}
