//! Expressions over facts and over events, with their problems told where they stand.

use super::{ModelCompiler, PhaseLimit, fact_resolver, phase::ScoringPhase};
use crate::{
    EntityKind, codes,
    expr::{self, ExprError, ExprNode, Program, ValueType},
    plan::PredicateId,
    toml_reader::SpannedText,
};

impl ModelCompiler<'_, '_> {
    pub(super) fn expression_errors(&mut self, text: &SpannedText, errors: Vec<ExprError>) {
        for error in errors {
            if error.message == fact_resolver::ALREADY_REPORTED {
                continue;
            }
            let span = self.place(text, &error.span);
            let (code, message) = fact_resolver::split_code(&error.message);
            let (label, help) = (error.label, error.help);
            self.error(code, &span, message, label, help);
        }
    }

    pub(super) fn parse(&mut self, text: &SpannedText) -> Option<ExprNode> {
        match expr::parse(&text.value) {
            Ok(node) => Some(node),
            Err(error) => {
                self.expression_errors(text, vec![error]);
                None
            }
        }
    }

    /// An expression over facts, with the latest phase of its parts.
    pub(super) fn expression(
        &mut self,
        side: EntityKind,
        text: &SpannedText,
        limit: PhaseLimit,
    ) -> Option<(Program, ValueType, ScoringPhase)> {
        let node = self.parse(text)?;
        let mut names = fact_resolver::FactResolver::new(self, side, limit);
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
    pub(super) fn condition(&mut self, side: EntityKind, text: &SpannedText, limit: PhaseLimit) -> Option<Program> {
        let node = self.parse(text)?;
        let result = expr::condition(&text.value, &node, &mut fact_resolver::FactResolver::new(self, side, limit));
        result.map_err(|errors| self.expression_errors(text, errors)).ok()
    }

    /// An expression over facts that must be a number.
    pub(super) fn number(&mut self, side: EntityKind, text: &SpannedText, limit: PhaseLimit) -> Option<Program> {
        let (program, kind, _) = self.expression(side, text, limit)?;
        if matches!(kind, ValueType::Number | ValueType::Null) {
            return Some(program);
        }
        let message = format!("`{}` is {kind}", text.value);
        self.error(codes::BAD_EXPRESSION, &text.span, message, "expected a number", None);
        None
    }

    /// A condition over an event.
    pub(super) fn predicate(&mut self, text: &SpannedText) -> Option<PredicateId> {
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
