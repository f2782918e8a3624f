//! The text of a syntax tree.

use super::{
    Value,
    ast::{ArithmeticOp, ExprFunction, ExprKind, ExprNode},
    parse::KEYWORDS,
    unparse::{comparison_sign, literal},
};

/// How tightly a node holds its parts together, the loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Sign,
    Atom,
}

/// The text of a tree, on one line.
pub(super) fn to_text(node: &ExprNode) -> String {
    match &node.kind {
        ExprKind::Null => literal(&Value::Null),
        ExprKind::Number(number) => literal(&Value::Number(*number)),
        ExprKind::Text(text) => literal(&Value::Text(text.into())),
        ExprKind::Boolean(truth) => literal(&Value::Boolean(*truth)),
        ExprKind::Date(day) => literal(&Value::Date(*day)),
        ExprKind::Name(path) => path.iter().map(|part| word(part)).collect::<Vec<_>>().join("."),
        ExprKind::Not(a) => format!("not {}", part(a, Binding::Not)),
        ExprKind::Negate(a) => format!("-{}", part(a, Binding::Sign)),
        ExprKind::And(all) => joined(all, " and ", Binding::Not),
        ExprKind::Or(all) => joined(all, " or ", Binding::And),
        ExprKind::Arithmetic(operator, a, b) => {
            let (left, right) = operands(*operator);
            format!("{} {} {}", part(a, left), sign(*operator), part(b, right))
        }
        ExprKind::Compare(operator, a, b) => {
            format!("{} {} {}", part(a, Binding::Add), comparison_sign(*operator), part(b, Binding::Add))
        }
        ExprKind::In(a, list, negated) => format!("{}{} in ({})", part(a, Binding::Add), no(*negated), listed(list)),
        ExprKind::Between(a, low, high, negated) => {
            let [a, low, high] = [a, low, high].map(|one| part(one, Binding::Add));
            format!("{a}{} between {low} and {high}", no(*negated))
        }
        ExprKind::Like(a, pattern, negated) => {
            format!("{}{} like {}", part(a, Binding::Add), no(*negated), part(pattern, Binding::Add))
        }
        ExprKind::IsNull(a, negated) => format!("{} is{} null", part(a, Binding::Add), no(*negated)),
        ExprKind::Case(arms, otherwise) => case(arms, otherwise.as_deref()),
        ExprKind::Call(function, arguments) => format!("{}({})", name(*function), listed(arguments)),
    }
}

fn case(arms: &[(ExprNode, ExprNode)], otherwise: Option<&ExprNode>) -> String {
    let arms: String =
        arms.iter().map(|(when, then)| format!(" when {} then {}", to_text(when), to_text(then))).collect();
    let otherwise = otherwise.map(|otherwise| format!(" else {}", to_text(otherwise))).unwrap_or_default();
    format!("case{arms}{otherwise} end")
}

/// A part, in parentheses if it holds together less than its place asks for.
fn part(node: &ExprNode, least: Binding) -> String {
    let text = to_text(node);
    if binding(node) < least { format!("({text})") } else { text }
}

fn joined(all: &[ExprNode], by: &str, least: Binding) -> String {
    all.iter().map(|one| part(one, least)).collect::<Vec<_>>().join(by)
}

fn listed(all: &[ExprNode]) -> String {
    all.iter().map(to_text).collect::<Vec<_>>().join(", ")
}

fn no(negated: bool) -> &'static str {
    if negated { " not" } else { "" }
}

fn binding(node: &ExprNode) -> Binding {
    match &node.kind {
        ExprKind::Or(_) => Binding::Or,
        ExprKind::And(_) => Binding::And,
        ExprKind::Not(_) => Binding::Not,
        ExprKind::Compare(..)
        | ExprKind::In(..)
        | ExprKind::Between(..)
        | ExprKind::Like(..)
        | ExprKind::IsNull(..) => Binding::Compare,
        ExprKind::Arithmetic(ArithmeticOp::Add | ArithmeticOp::Subtract, ..) => Binding::Add,
        ExprKind::Arithmetic(ArithmeticOp::Multiply | ArithmeticOp::Divide, ..) => Binding::Multiply,
        ExprKind::Negate(_) => Binding::Sign,
        ExprKind::Null
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Boolean(_)
        | ExprKind::Date(_)
        | ExprKind::Name(_)
        | ExprKind::Case(..)
        | ExprKind::Call(..) => Binding::Atom,
    }
}

/// What the two sides of an operator ask for.
fn operands(operator: ArithmeticOp) -> (Binding, Binding) {
    match operator {
        ArithmeticOp::Add | ArithmeticOp::Subtract => (Binding::Add, Binding::Multiply),
        ArithmeticOp::Multiply | ArithmeticOp::Divide => (Binding::Multiply, Binding::Sign),
    }
}

fn sign(operator: ArithmeticOp) -> char {
    match operator {
        ArithmeticOp::Add => '+',
        ArithmeticOp::Subtract => '-',
        ArithmeticOp::Multiply => '*',
        ArithmeticOp::Divide => '/',
    }
}

fn name(function: ExprFunction) -> &'static str {
    match function {
        ExprFunction::Coalesce => "coalesce",
        ExprFunction::NullIf => "nullif",
        ExprFunction::Least => "least",
        ExprFunction::Greatest => "greatest",
        ExprFunction::Lower => "lower",
    }
}

/// Whether a word reads as a part of a name.
fn is_plain_word(part: &str) -> bool {
    let reads = |c: char| c.is_alphanumeric() || c == '_';
    let lower = part.to_ascii_lowercase();
    part.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && part.chars().all(reads)
        && !KEYWORDS.contains(&lower.as_str())
}

/// A word of a name, in quotes unless it reads as one.
fn word(part: &str) -> String {
    if is_plain_word(part) { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
}
