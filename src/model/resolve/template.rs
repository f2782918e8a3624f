//! Templates: texts that facts are filled into.

use super::{
    ModelResolver, PhaseLimit, fact_resolver,
    template_syntax::{FactForm, FactNode, TemplateNode, read},
};
use crate::{
    EntityKind, codes,
    expr::{ExprError, NameResolver, ValueType},
    resolved::{TemplateFact, TemplatePart, TextTemplate},
    toml_reader::SpannedText,
};

/// What a template may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TemplateNames {
    /// Facts.
    Facts,
    /// Facts, and columns that are no facts, such as `say`.
    FactsAndColumns,
}

impl ModelResolver<'_, '_> {
    /// Compiles a template; any fact may be in it.
    pub(super) fn template(&mut self, side: EntityKind, text: &SpannedText) -> Option<TextTemplate> {
        self.template_of(side, text, TemplateNames::Facts)
    }

    /// Compiles a text of an alert, which may also name columns of its level.
    pub(super) fn alert_template(&mut self, side: EntityKind, text: &SpannedText) -> Option<TextTemplate> {
        self.template_of(side, text, TemplateNames::FactsAndColumns)
    }

    fn template_of(&mut self, side: EntityKind, text: &SpannedText, names: TemplateNames) -> Option<TextTemplate> {
        match read(&text.value) {
            Ok(nodes) => {
                let parts = self.template_parts(side, text, &nodes, names)?;
                Some(TextTemplate { source: text.value.clone(), parts })
            }
            Err(error) => {
                let span = self.place(text, &error.span);
                self.error(codes::BAD_TEMPLATE, &span, error.message, error.label, None);
                None
            }
        }
    }

    /// The parts of a template; none if a part has a problem, which is then reported.
    fn template_parts(
        &mut self,
        side: EntityKind,
        text: &SpannedText,
        nodes: &[TemplateNode],
        names: TemplateNames,
    ) -> Option<Vec<TemplatePart>> {
        // Every fact is looked up, so that all problems are reported at once.
        let parts: Vec<Option<TemplatePart>> = nodes
            .iter()
            .map(|node| match node {
                TemplateNode::Text(plain) => Some(TemplatePart::Text(plain.clone())),
                TemplateNode::Fact(fact) => match self.template_column(side, text, fact, names) {
                    Some(column) => Some(column),
                    None => self.template_fact(side, text, fact),
                },
                TemplateNode::Optional(inner) => {
                    self.template_parts(side, text, inner, names).map(TemplatePart::Optional)
                }
            })
            .collect();
        parts.into_iter().collect()
    }

    /// A column that is no fact, where a template may name one.
    fn template_column(
        &mut self,
        side: EntityKind,
        text: &SpannedText,
        node: &FactNode,
        names: TemplateNames,
    ) -> Option<TemplatePart> {
        let name = &text.value[node.name.clone()];
        let FactForm::Value { fallback } = &node.form else { return None };
        if names == TemplateNames::Facts || self.side(side).declared.contains_key(name) {
            return None;
        }
        let column = match self.person_column(side, name) {
            Some((column, _)) => column,
            None => self.level_columns(side).into_iter().find(|column| column.name == *name)?.source,
        };
        Some(TemplatePart::Column { column, fallback: fallback.clone() })
    }

    fn template_fact(&mut self, side: EntityKind, text: &SpannedText, node: &FactNode) -> Option<TemplatePart> {
        let span = node.name.clone();
        let path: Vec<String> = text.value[span.clone()].split('.').map(str::to_owned).collect();
        let resolved = fact_resolver::FactResolver::new(self, side, PhaseLimit::NONE).resolve(&path, &span);
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => {
                self.expression_errors(text, vec![ExprError { span, ..error }]);
                return None;
            }
        };
        let fact = TemplateFact { slot: resolved.slot, kind: resolved.kind };
        match &node.form {
            FactForm::Value { fallback } => Some(TemplatePart::Fact { fact, fallback: fallback.clone() }),
            FactForm::Choice { one, other } => {
                if matches!(fact.kind, ValueType::Text | ValueType::Date) {
                    self.choice_of_text(text, node, fact.kind);
                    return None;
                }
                Some(TemplatePart::Choice { fact, one: one.clone(), other: other.clone() })
            }
        }
    }

    fn choice_of_text(&mut self, text: &SpannedText, node: &FactNode, kind: ValueType) {
        let name = &text.value[node.name.clone()];
        let span = self.place(text, &node.name);
        let message = format!("`{name}` is {kind}, which is never 1 or true");
        let help = format!("[a part in brackets with {{{name}}}] is printed only if the fact is known");
        self.error(codes::BAD_TEMPLATE, &span, message, "a choice asks for a number or a truth", Some(help));
    }
}
