//! Expectations: their names found among the numbers of a run.

use super::ModelResolver;
use crate::{
    PerKind, codes,
    number_condition::{NO_NUMBER, NumberCondition},
    resolved::{Expectation, Level},
    run_numbers::RunVocabulary,
    syntax::ExpectationSyntax,
};

impl ModelResolver<'_, '_> {
    /// Types every expectation.
    pub(super) fn expectations(&mut self, levels: &PerKind<Level>) -> Vec<Expectation> {
        let file = self.file;
        let vocabulary = RunVocabulary::new(levels);
        file.expectations.iter().filter_map(|one| self.expectation(one, &vocabulary)).collect()
    }

    fn expectation(&mut self, one: &ExpectationSyntax, vocabulary: &RunVocabulary) -> Option<Expectation> {
        match NumberCondition::parse(&one.that.value, vocabulary) {
            Ok(condition) => Some(Expectation {
                condition,
                otherwise: one.otherwise,
                say: one.say.as_ref().map(|text| text.value.clone()),
                say_span: one.say.as_ref().map(|text| text.span.clone()),
                span: one.that.span.clone(),
            }),
            Err(errors) => {
                for error in errors {
                    let is_name = error.message.starts_with(NO_NUMBER);
                    let code = if is_name { codes::UNKNOWN_NAME } else { codes::BAD_EXPRESSION };
                    let span = self.place(&one.that, &error.span);
                    self.error(code, &span, error.message, error.label, error.help);
                }
                None
            }
        }
    }
}
