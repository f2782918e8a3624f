//! The conditions and values of a model: a documented subset of SQL expressions, typed before any event is read.
//!
//! [`parse`] turns text into a tree with positions, [`compile`] types it against the names that exist where it stands and gives a
//! [`Program`], and a program is evaluated against a [`Scope`]. Nulls behave as in SQL throughout.

mod ast;
mod compile;
mod eval;
mod lex;
mod parse;
mod token_cursor;
mod unparse;
mod value;

use std::ops::Range;

pub use ast::{ArithmeticOp, ComparisonOp, ExprKind, ExprNode, collect_names, walk};
pub use compile::{NameResolver, ResolvedName, compile, condition};
pub use eval::{EvalScope, Program};
pub use parse::parse;
pub use value::{Value, ValueType};

/// A problem in an expression; the span counts bytes of the expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    /// Where.
    pub span: Range<usize>,
    /// What was found.
    pub message: String,
    /// What was expected there.
    pub label: String,
    /// The way out.
    pub help: Option<String>,
}

impl ExprError {
    fn new(span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> ExprError {
        ExprError { span, message: message.into(), label: label.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> ExprError {
        self.help = Some(help.into());
        self
    }
}
