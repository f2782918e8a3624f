//! The syntax tree of an expression. Each node has its position in the text.

use std::ops::Range;

use crate::units::Day;

/// A node of the tree and its position.
#[derive(Debug, Clone, PartialEq)]
pub struct ExprNode {
    /// The kind of node, with its children.
    pub(crate) kind: ExprKind,
    /// The span of the node, in bytes of the expression's text.
    pub(crate) span: Range<usize>,
}

/// The kinds of nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `12.5`
    Number(f64),
    /// `'text'`
    Text(String),
    /// `true`
    Boolean(bool),
    /// `date '2026-01-31'`
    Date(Day),
    /// `a.b`, split at the dots
    Name(Vec<String>),
    /// `not x`
    Not(Box<ExprNode>),
    /// `- x`
    Negate(Box<ExprNode>),
    /// `a and b and c`
    And(Vec<ExprNode>),
    /// `a or b or c`
    Or(Vec<ExprNode>),
    /// `+ - * /`
    Arithmetic(ArithmeticOp, Box<ExprNode>, Box<ExprNode>),
    /// `= <> < <= > >=`
    Compare(ComparisonOp, Box<ExprNode>, Box<ExprNode>),
    /// `x in (a, b)`; the flag is true for `not in`
    In(Box<ExprNode>, Vec<ExprNode>, bool),
    /// `x between a and b`; the flag is true for `not between`
    Between(Box<ExprNode>, Box<ExprNode>, Box<ExprNode>, bool),
    /// `x like 'pattern'`; the flag is true for `not like`
    Like(Box<ExprNode>, Box<ExprNode>, bool),
    /// `x is null`; the flag is true for `is not null`
    IsNull(Box<ExprNode>, bool),
    /// `case when a then b ... else c end`
    Case(Vec<(ExprNode, ExprNode)>, Option<Box<ExprNode>>),
    /// `f(a, b)`
    Call(ExprFunction, Vec<ExprNode>),
}

/// An operator on two numbers, or `-` on two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`; a division by zero gives null
    Divide,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonOp {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExprFunction {
    /// The first argument that is not null.
    Coalesce,
    /// Null if the two arguments are equal, else the first one.
    NullIf,
    /// The smallest argument; null if any argument is null.
    Least,
    /// The largest argument; null if any argument is null.
    Greatest,
    /// Turns A to Z into a to z, and changes nothing else.
    Lower,
}

/// All names in a tree with their spans, in the order of the text.
pub fn collect_names(node: &ExprNode) -> Vec<(&[String], Range<usize>)> {
    let mut names = Vec::new();
    walk(node, &mut |node| {
        if let ExprKind::Name(path) = &node.kind {
            names.push((path.as_slice(), node.span.clone()));
        }
    });
    names
}

/// Visits every node of a tree, parents before children.
pub fn walk<'n>(node: &'n ExprNode, visit: &mut impl FnMut(&'n ExprNode)) {
    visit(node);
    match &node.kind {
        ExprKind::Not(a) | ExprKind::Negate(a) | ExprKind::IsNull(a, _) => walk(a, visit),
        ExprKind::Arithmetic(_, a, b) | ExprKind::Compare(_, a, b) | ExprKind::Like(a, b, _) => {
            walk(a, visit);
            walk(b, visit);
        }
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Call(_, all) => all.iter().for_each(|n| walk(n, visit)),
        ExprKind::In(a, all, _) => {
            walk(a, visit);
            all.iter().for_each(|n| walk(n, visit));
        }
        ExprKind::Between(a, b, c, _) => [a, b, c].into_iter().for_each(|n| walk(n, visit)),
        ExprKind::Case(arms, otherwise) => {
            for (when, then) in arms {
                walk(when, visit);
                walk(then, visit);
            }
            otherwise.iter().for_each(|n| walk(n, visit));
        }
        ExprKind::Null
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Boolean(_)
        | ExprKind::Date(_)
        | ExprKind::Name(_) => {}
    }
}
