//! Resolves the names and values that cases use: facts in conditions, expected values, cells of
//! columns.

use std::ops::Range;

use serde_json::Value as Json;

use crate::{ledger::fact_slot, plan::Model};
use pql_model::{
    EntityKind,
    diag::suggest,
    expr::{self, ExprError, NameResolver, ResolvedName, ValueType},
    resolved::Level,
    units::Points,
};

/// The facts of a level by name, for conditions of cases.
pub(super) struct CaseFactNames<'m> {
    pub(super) model: &'m Model,
    pub(super) side: EntityKind,
}

impl NameResolver for CaseFactNames<'_> {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let name = path.join(".");
        if let Some((slot, kind)) = fact_slot(self.model, self.side, &name) {
            return Ok(ResolvedName { slot, kind });
        }
        let help = suggest(&name, visible_facts(self.model.resolved.level(self.side)).collect::<Vec<&str>>());
        let message = format!("no fact `{name}` in the model");
        Err(ExprError { span: span.clone(), message, label: "nothing has this name".to_owned(), help })
    }
}

/// The names that the model gives to facts. The inline count of a signal has no name.
pub(super) fn visible_facts(level: &Level) -> impl Iterator<Item = &str> + Clone {
    level.facts.iter().map(|fact| fact.name.as_str()).filter(|name| !name.contains(' '))
}

/// An expected value, converted to the type of a fact; none if it has another type.
pub(super) fn to_typed_value(value: &Json, kind: ValueType) -> Option<expr::Value<'static>> {
    match (kind, value) {
        (ValueType::Number, Json::Number(number)) => number.as_f64().map(expr::Value::Number),
        (ValueType::Boolean, Json::Bool(truth)) => Some(expr::Value::Boolean(*truth)),
        (ValueType::Text, Json::String(text)) => Some(expr::Value::Text(text.clone().into())),
        (ValueType::Date, Json::String(text)) => pql_model::clock::parse_day(text).map(expr::Value::Date),
        _ => None,
    }
}

/// An expected cell, formatted as in a CSV row.
pub(super) fn column_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => match Points::parse(&number.to_string()) {
            Some(points) => points.to_string(),
            None => pql_model::units::format_number(number.as_f64().expect("a number of a case is a double")),
        },
        other => other.to_string(),
    }
}
