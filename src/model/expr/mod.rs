//! The expressions of a model: conditions and values in a documented subset of SQL.
//!
//! [`parse()`] turns text into an [`ExprNode`] with positions. [`compile()`] resolves the names
//! through a [`NameResolver`], checks the types and gives a [`Program`]. A program is evaluated in
//! an [`EvalScope`]: an event, a user or an account. So an error of type shows before any event is
//! read. Nulls behave as in SQL.
//!
//! ```text
//!  text ─ parse ─▶ ExprNode ─ compile ─▶ Program ─ eval ─▶ Value
//!                                ▲                   ▲
//!                           NameResolver         EvalScope
//! ```

mod ast;
mod compile;
mod eval;
mod lex;
mod parse;
mod print;
mod reduce;
mod token_cursor;
mod unparse;
mod value;
mod wildcard;

use std::ops::Range;

pub use ast::{ArithmeticOp, ComparisonOp, ExprKind, ExprNode, collect_names, walk};
pub use compile::{NameResolver, ResolvedName, compile, condition};
pub use eval::{EvalScope, Program};
pub use parse::parse;
pub use reduce::{ExprConstant, KnownName, ReducedExpression, ReductionGoal, names_of, reduce};
pub use value::{Value, ValueType, are_beyond, is_beyond};
pub(crate) use wildcard::WildPattern;

/// A problem in an expression. The span counts bytes of the expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    /// The position of the problem.
    pub span: Range<usize>,
    /// The text that was found.
    pub message: String,
    /// The text that was expected there.
    pub label: String,
    /// Advice for the author of the model.
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
