//! The tree of an expression: its parts, each with its place in the text.

use std::ops::Range;

use crate::units::Day;

/// A part of an expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Bytes of the expression's text.
    pub span: Range<usize>,
}

/// What a part of an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
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
    /// `a.b`, split at the dots.
    Name(Vec<String>),
    /// `not x`
    Not(Box<Node>),
    /// `- x`
    Negate(Box<Node>),
    /// `a and b and c`
    And(Vec<Node>),
    /// `a or b or c`
    Or(Vec<Node>),
    /// `+ - * /`
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    /// `= <> < <= > >=`
    Compare(Comparison, Box<Node>, Box<Node>),
    /// `x in (a, b)`; true if negated.
    In(Box<Node>, Vec<Node>, bool),
    /// `x between a and b`; true if negated.
    Between(Box<Node>, Box<Node>, Box<Node>, bool),
    /// `x like 'pattern'`; true if negated.
    Like(Box<Node>, Box<Node>, bool),
    /// `x is null`; true if negated.
    IsNull(Box<Node>, bool),
    /// `case when a then b ... else c end`
    Case(Vec<(Node, Node)>, Option<Box<Node>>),
    /// `f(a, b)`
    Call(Function, Vec<Node>),
}

/// An operator on two numbers, or `-` on two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`; by zero it is null.
    Divide,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
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

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The first argument that is not null.
    Coalesce,
    /// Null if the two are equal, else the first.
    NullIf,
    /// The smallest; null if an argument is.
    Least,
    /// The largest; null if an argument is.
    Greatest,
    /// A to Z as a to z, and nothing else.
    Lower,
}

/// Every name in a tree, with its place, in the order of the text.
pub fn names_in(node: &Node) -> Vec<(&[String], Range<usize>)> {
    let mut names = Vec::new();
    walk(node, &mut |node| {
        if let NodeKind::Name(path) = &node.kind {
            names.push((path.as_slice(), node.span.clone()));
        }
    });
    names
}

/// Visits every part of a tree, outer parts first.
pub fn walk<'n>(node: &'n Node, visit: &mut impl FnMut(&'n Node)) {
    visit(node);
    match &node.kind {
        NodeKind::Not(a) | NodeKind::Negate(a) | NodeKind::IsNull(a, _) => walk(a, visit),
        NodeKind::Arithmetic(_, a, b) | NodeKind::Compare(_, a, b) | NodeKind::Like(a, b, _) => {
            walk(a, visit);
            walk(b, visit);
        }
        NodeKind::And(all) | NodeKind::Or(all) | NodeKind::Call(_, all) => all.iter().for_each(|n| walk(n, visit)),
        NodeKind::In(a, all, _) => {
            walk(a, visit);
            all.iter().for_each(|n| walk(n, visit));
        }
        NodeKind::Between(a, b, c, _) => [a, b, c].into_iter().for_each(|n| walk(n, visit)),
        NodeKind::Case(arms, otherwise) => {
            for (when, then) in arms {
                walk(when, visit);
                walk(then, visit);
            }
            otherwise.iter().for_each(|n| walk(n, visit));
        }
        NodeKind::Null
        | NodeKind::Number(_)
        | NodeKind::Text(_)
        | NodeKind::Boolean(_)
        | NodeKind::Date(_)
        | NodeKind::Name(_) => {}
    }
}
