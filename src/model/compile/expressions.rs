//! Expressions over facts and over events, with their problems told where they stand.

use super::{Compiler, Limit, names, phase::Phase};
use crate::{
    expr::{self, ExprError, Node, Program, Type},
    model::{EntityKind, codes, compiled::PredicateId, tree::Text},
};

impl Compiler<'_, '_> {
    pub(super) fn expression_errors(&mut self, text: &Text, errors: Vec<ExprError>) {
        for error in errors {
            if error.message == names::TOLD {
                continue;
            }
            let span = self.place(text, &error.span);
            let (code, message) = names::split_code(&error.message);
            let (label, help) = (error.label, error.help);
            self.error(code, &span, message, label, help);
        }
    }

    pub(super) fn parse(&mut self, text: &Text) -> Option<Node> {
        match expr::parse(&text.value) {
            Ok(node) => Some(node),
            Err(error) => {
                self.expression_errors(text, vec![error]);
                None
            }
        }
    }

    /// An expression over facts, with the latest phase of its parts.
    pub(super) fn expression(&mut self, side: EntityKind, text: &Text, limit: Limit) -> Option<(Program, Type, Phase)> {
        let node = self.parse(text)?;
        let mut names = names::Facts::new(self, side, limit);
        let result = expr::compile(&text.value, &node, &mut names);
        let phase = names.phase;
        match result {
            Ok((program, kind)) => Some((program, kind, phase)),
            Err(errors) => {
                self.expression_errors(text, errors);
                None
            }
        }
    }

    /// A condition over facts.
    pub(super) fn condition(&mut self, side: EntityKind, text: &Text, limit: Limit) -> Option<Program> {
        let node = self.parse(text)?;
        let result = expr::condition(&text.value, &node, &mut names::Facts::new(self, side, limit));
        result.map_err(|errors| self.expression_errors(text, errors)).ok()
    }

    /// An expression over facts that must be a number.
    pub(super) fn number(&mut self, side: EntityKind, text: &Text, limit: Limit) -> Option<Program> {
        let (program, kind, _) = self.expression(side, text, limit)?;
        if matches!(kind, Type::Number | Type::Null) {
            return Some(program);
        }
        let message = format!("`{}` is {kind}", text.value);
        self.error(codes::BAD_EXPRESSION, &text.span, message, "expected a number", None);
        None
    }

    /// A condition over an event.
    pub(super) fn predicate(&mut self, text: &Text) -> Option<PredicateId> {
        let node = self.parse(text)?;
        match expr::condition(&text.value, &node, &mut self.intake.slots) {
            Ok(program) => Some(self.intake.predicate(program)),
            Err(errors) => {
                self.expression_errors(text, errors);
                None
            }
        }
    }
}
