//! Conditions of `--fail-if` on the command line, with their problems as of a document.

pub mod codes;

use pql_model::{
    diag::{Diagnostic, DocumentProblems, SourceDocument},
    expr::ExprError,
    number_condition::{NO_NUMBER, NumberCondition, NumberVocabulary},
};

/// Reads a condition.
///
/// # Errors
///
/// Every problem of names and types, or the first one of form.
fn parse_fail_if<V: NumberVocabulary>(
    text: &str,
    vocabulary: &V,
) -> Result<NumberCondition<V::Number>, DocumentProblems> {
    NumberCondition::parse(text, vocabulary).map_err(|errors| DocumentProblems {
        document: SourceDocument { name: "--fail-if".to_owned(), text: text.to_owned() },
        list: errors.into_iter().map(|error| diagnostic(error, text)).collect(),
    })
}

/// Reads conditions.
///
/// # Errors
///
/// The problems of each condition that cannot be read or typed.
pub fn parse_all<V: NumberVocabulary>(
    texts: &[String],
    vocabulary: &V,
) -> Result<Vec<NumberCondition<V::Number>>, Vec<DocumentProblems>> {
    let mut conditions = Vec::new();
    let mut broken = Vec::new();
    for text in texts {
        match parse_fail_if(text, vocabulary) {
            Ok(condition) => conditions.push(condition),
            Err(problems) => broken.push(problems),
        }
    }
    if broken.is_empty() { Ok(conditions) } else { Err(broken) }
}

fn diagnostic(error: ExprError, text: &str) -> Diagnostic {
    let code = if error.message.starts_with(NO_NUMBER) { codes::UNKNOWN_NAME } else { codes::BAD_EXPRESSION };
    let help = error.help.filter(|_| !text.trim().is_empty());
    // The end of an expression has no width; its last character is marked.
    let start = error.span.start.min(text.len().saturating_sub(1));
    let span = start..error.span.end.max(start + 1);
    Diagnostic::error(code, span, error.message, error.label).maybe_help(help)
}
