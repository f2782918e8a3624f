//! Expressions over facts and over events. Each problem is reported at its place in the expression.

use std::{ops::Range, rc::Rc};

use super::{ModelResolver, PhaseLimit, fact_resolver, phase::ScoringPhase};
use crate::{
    EntityKind, codes,
    expr::{self, ComparisonOp, ExprError, ExprKind, ExprNode, Program, ValueType},
    resolved::{
        ConditionId, ConditionOwner, EventBase, EventCondition, EventExpression, EventValue, SpannedName,
        TextComparison,
    },
    toml_reader::SpannedText,
};

impl ModelResolver<'_, '_> {
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

    /// The tree of an expression; none, with the problem reported, if it cannot be parsed.
    pub(super) fn parse(&mut self, text: &SpannedText) -> Option<Rc<ExprNode>> {
        if let Some(known) = self.parsed.get(&text.value) {
            return Some(Rc::clone(known));
        }
        match expr::parse(&text.value) {
            Ok(node) => {
                let node = Rc::new(node);
                self.parsed.insert(text.value.clone(), Rc::clone(&node));
                Some(node)
            }
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

    /// A condition on events, resolved at its first use; none if it cannot be used. Its events are added later.
    pub(super) fn event_condition(&mut self, owner: ConditionOwner, text: &SpannedText) -> Option<ConditionId> {
        let place = (text.span.start, text.value.clone());
        if let Some(known) = self.conditions_at.get(&place) {
            return Some(*known);
        }
        let node = self.parse(text)?;
        let program = match expr::condition(&text.value, &node, &mut self.properties) {
            Ok(program) => program,
            Err(errors) => {
                self.expression_errors(text, errors);
                return None;
            }
        };
        let id = self.conditions.len();
        let first = *self.conditions_by_text.entry(text.value.clone()).or_insert(id);
        let expression = self.event_expression(text, &node, program);
        self.conditions.push(EventCondition { owner, expression, first, events: EventBase::Activity });
        self.conditions_at.insert(place, id);
        Some(id)
    }

    /// A value over events, taken as a type; none if it cannot be.
    pub(super) fn event_value(&mut self, text: &SpannedText, wanted: ValueType) -> Option<EventValue> {
        let node = self.parse(text)?;
        let (program, kind) = match expr::compile(&text.value, &node, &mut self.properties) {
            Ok(typed) => typed,
            Err(errors) => {
                self.expression_errors(text, errors);
                return None;
            }
        };
        let fits = kind == wanted || wanted == ValueType::Text || matches!(kind, ValueType::Json | ValueType::Null);
        if !fits {
            let message = format!("`{}` is {kind}", text.value);
            self.error(codes::BAD_EXPRESSION, &text.span, message, format!("expected {wanted}"), None);
            return None;
        }
        Some(EventValue { expression: self.event_expression(text, &node, program), kind: wanted })
    }

    fn event_expression(&self, text: &SpannedText, node: &ExprNode, program: Program) -> EventExpression {
        let names = expr::collect_names(node).into_iter().filter(|(path, _)| *path != ["event"]);
        let reads = names.map(|(path, part)| SpannedName { name: path.join("."), span: self.place(text, &part) });
        EventExpression {
            text: text.value.clone(),
            span: text.span.clone(),
            program,
            reads: reads.collect(),
            comparisons: self.text_comparisons(text, node),
        }
    }

    /// Names of an expression that are compared with texts by `=`, `<>` or `in`.
    pub(super) fn text_comparisons(&self, text: &SpannedText, node: &ExprNode) -> Vec<TextComparison> {
        let mut found = Vec::new();
        expr::walk(node, &mut |node| match &node.kind {
            ExprKind::Compare(ComparisonOp::Equal | ComparisonOp::NotEqual, a, b) => {
                found.extend(comparison(a, b).or_else(|| comparison(b, a)));
            }
            ExprKind::In(a, all, _) => found.extend(all.iter().filter_map(|b| comparison(a, b))),
            _ => {}
        });
        found
            .into_iter()
            .map(|(name, value, part)| TextComparison { name, text: value, span: self.place(text, &part) })
            .collect()
    }
}

/// A name and a text that it is compared with, and where the text stands.
fn comparison(name: &ExprNode, text: &ExprNode) -> Option<(String, String, Range<usize>)> {
    let (ExprKind::Name(path), ExprKind::Text(value)) = (&name.kind, &text.kind) else { return None };
    Some((path.join("."), value.clone(), text.span.clone()))
}
