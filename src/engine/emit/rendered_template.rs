//! Templates with the facts of an entity.

use pql_model::{
    expr::{EvalScope, Value, ValueType},
    output_columns::ColumnSource,
    resolved::{TemplateFact, TemplatePart, TextTemplate},
};

/// The text of a cell of a column.
type ColumnText<'c> = &'c dyn Fn(ColumnSource) -> String;

/// A template with its facts.
pub(super) fn render_template<S: EvalScope>(template: &TextTemplate, scope: &S) -> String {
    render_with_columns(template, scope, &|_| String::new())
}

/// A template with its facts and the cells of columns that it names.
pub(super) fn render_with_columns<S: EvalScope>(template: &TextTemplate, scope: &S, columns: ColumnText<'_>) -> String {
    let mut text = String::new();
    render_parts(&template.parts, scope, columns, &mut text);
    text
}

fn render_parts<S: EvalScope>(parts: &[TemplatePart], scope: &S, columns: ColumnText<'_>, text: &mut String) {
    for part in parts {
        match part {
            TemplatePart::Text(plain) => text.push_str(plain),
            TemplatePart::Fact { fact, fallback } => {
                text.push_str(&value_of(*fact, scope).to_text().unwrap_or(fallback.as_str().into()));
            }
            TemplatePart::Column { column, fallback } => {
                let cell = columns(*column);
                text.push_str(if cell.is_empty() { fallback } else { &cell });
            }
            TemplatePart::Choice { fact, one, other } => {
                text.push_str(if is_one(&value_of(*fact, scope)) { one } else { other });
            }
            TemplatePart::Optional(inner) => {
                if inner.iter().all(|part| has_something_to_say(part, scope, columns)) {
                    render_parts(inner, scope, columns, text);
                }
            }
        }
    }
}

/// The value of a fact. A fact that is always null has no slot.
fn value_of<S: EvalScope>(fact: TemplateFact, scope: &S) -> Value<'_> {
    if fact.kind == ValueType::Null { Value::Null } else { scope.get(fact.slot) }
}

/// True for what prints as 1, and for true.
fn is_one(value: &Value<'_>) -> bool {
    value.is_true() || value.as_number().is_some() && value.to_text().as_deref() == Some("1")
}

/// False for a fact that is null, false, empty or printed as 0, whatever its fallback.
fn has_something_to_say<S: EvalScope>(part: &TemplatePart, scope: &S, columns: ColumnText<'_>) -> bool {
    let fact = match part {
        TemplatePart::Fact { fact, .. } | TemplatePart::Choice { fact, .. } => *fact,
        TemplatePart::Column { column, .. } => {
            return !matches!(columns(*column).as_str(), "" | "0" | "-0" | "false");
        }
        TemplatePart::Text(_) | TemplatePart::Optional(_) => return true,
    };
    match value_of(fact, scope) {
        Value::Null => false,
        Value::Boolean(truth) => truth,
        value => value.to_text().is_some_and(|text| !matches!(text.as_ref(), "" | "0" | "-0")),
    }
}
