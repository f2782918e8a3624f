//! Conditions over the summary of a diff, in the expression language of models: typed before anything is read, decided afterwards.

use std::ops::Range;

use super::{DiffMetric, DiffVocabulary, ModelDiff, codes, metrics::MetricLookup};
use pql_model::{
    diag::{Diagnostic, DocumentProblems, SourceDocument, quoted_list},
    expr::{self, EvalScope, ExprError, NameResolver, Program, ResolvedName, Value, ValueType},
};

/// A condition that ends the run with a no if it holds.
#[derive(Debug)]
pub struct FailCondition {
    text: String,
    program: Program,
    /// By slot: the number and its full name.
    slots: Vec<(DiffMetric, String)>,
}

/// What became of a condition.
#[derive(Debug)]
pub struct ConditionVerdict {
    /// As it was written.
    pub text: String,
    /// None if it is null, which a division by 0 makes it.
    pub holds: Option<bool>,
    /// The numbers that it names, each once.
    pub numbers: Vec<(String, f64)>,
}

/// The names that are found while a condition is read.
struct MetricResolver<'v> {
    vocabulary: &'v DiffVocabulary,
    slots: Vec<(DiffMetric, String)>,
}

/// What an unknown name begins its message with.
const NO_NUMBER: &str = "no number";

impl NameResolver for MetricResolver<'_> {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let written = path.join(".");
        let error = |message: String, label: &str, help: String| {
            Err(ExprError { span: span.clone(), message, label: label.to_owned(), help: Some(help) })
        };
        match self.vocabulary.find(path) {
            MetricLookup::Unique(quantity, name) => {
                let known = self.slots.iter().position(|(known, _)| *known == quantity);
                let slot = known.unwrap_or_else(|| {
                    self.slots.push((quantity, name));
                    self.slots.len() - 1
                });
                Ok(ResolvedName { slot: slot as u32, kind: ValueType::Number })
            }
            MetricLookup::Ambiguous(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let message = format!("{NO_NUMBER} is meant by `{written}` alone");
                error(message, "more than one number has this name", format!("write which: {}", quoted_list(&names)))
            }
            MetricLookup::Unknown(near) => {
                let help = near.map_or_else(
                    || "names are TIER_old, TIER_new, TIER_entered and TIER_left, the same of routes, FROM_to_TO, and totals such as user.moved; `pql diff --help` lists them".to_owned(),
                    |near| format!("a name that exists is `{near}`"),
                );
                error(format!("{NO_NUMBER} `{written}` in the summary"), "nothing has this name", help)
            }
        }
    }
}

impl FailCondition {
    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// Every problem of names and types, or the first one of form.
    pub fn parse(text: &str, vocabulary: &DiffVocabulary) -> Result<FailCondition, DocumentProblems> {
        let mut finder = MetricResolver { vocabulary, slots: Vec::new() };
        let program =
            expr::parse(text).map_err(|error| vec![error]).and_then(|node| expr::condition(text, &node, &mut finder));
        match program {
            Ok(program) => Ok(FailCondition { text: text.to_owned(), program, slots: finder.slots }),
            Err(errors) => {
                let document = SourceDocument { name: "--fail-if".to_owned(), text: text.to_owned() };
                Err(DocumentProblems {
                    document,
                    list: errors.into_iter().map(|error| diagnostic(error, text)).collect(),
                })
            }
        }
    }

    /// Decides it.
    pub fn evaluate(&self, diff: &ModelDiff) -> ConditionVerdict {
        let numbers = MetricValues(self.slots.iter().map(|(quantity, _)| quantity.value(diff)).collect());
        let holds = match self.program.eval(&numbers) {
            Value::Boolean(truth) => Some(truth),
            _ => None,
        };
        let known = self.slots.iter().zip(&numbers.0).map(|((_, name), number)| (name.clone(), *number)).collect();
        ConditionVerdict { text: self.text.clone(), holds, numbers: known }
    }
}

fn diagnostic(error: ExprError, text: &str) -> Diagnostic {
    let code = if error.message.starts_with(NO_NUMBER) { codes::UNKNOWN_NAME } else { codes::BAD_EXPRESSION };
    let help = error.help.filter(|_| !text.trim().is_empty());
    // The end of an expression has no width; its last character is marked.
    let start = error.span.start.min(text.len().saturating_sub(1));
    let span = start..error.span.end.max(start + 1);
    Diagnostic::error(code, span, error.message, error.label).maybe_help(help)
}

/// Numbers by slot.
struct MetricValues(Vec<f64>);

impl EvalScope for MetricValues {
    fn get(&self, slot: u32) -> Value<'_> {
        self.0.get(slot as usize).map_or(Value::Null, |number| Value::Number(*number))
    }
}
