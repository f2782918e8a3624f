//! What a run must look like, by its model and by `--fail-if`: typed before an event is read, judged when the run is scored.

use super::RunValues;
use crate::commands::fail_if;
use pql_engine::{
    emit::{ExpectationFact, ExpectationOrigin},
    plan::Model,
};
use pql_model::{
    diag::{DocumentProblems, SourceDocument},
    number_condition::{ConditionVerdict, NumberCondition},
    resolved::{Expectation, UnmetAction},
    run_numbers::{RunNumber, RunVocabulary},
};

/// Everything that a run must meet.
#[derive(Debug)]
pub struct RunExpectations<'m> {
    /// Those of the model with the number of their line.
    of_model: Vec<(&'m Expectation, usize)>,
    /// Those of the command line, which fail if they hold.
    fail_if: Vec<NumberCondition<RunNumber>>,
}

/// An expectation, and what became of it.
#[derive(Debug, Clone)]
pub struct JudgedExpectation {
    /// The condition with the numbers that it names.
    pub verdict: ConditionVerdict,
    /// The numbers that it names.
    pub numbers: Vec<RunNumber>,
    /// Where it stands.
    pub origin: ExpectationOrigin,
    /// What happens if it is not met.
    pub otherwise: UnmetAction,
    /// What it means if it is not met.
    pub say: Option<String>,
    /// Whether it is met, and why it was not judged.
    pub outcome: ExpectationOutcome,
}

/// What became of an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectationOutcome {
    /// The run is as expected.
    Met,
    /// It is not.
    Unmet,
    /// Not judged, since a number of the run before is not known.
    NeedsRecord,
    /// Not judged, since the condition is null.
    Null,
}

impl<'m> RunExpectations<'m> {
    /// The expectations of a model, and the conditions of the command line.
    ///
    /// # Errors
    ///
    /// The problems of each condition that cannot be read or typed.
    pub fn new(
        model: &'m Model,
        document: &SourceDocument,
        fail_if: &[String],
    ) -> Result<RunExpectations<'m>, Vec<DocumentProblems>> {
        let vocabulary = RunVocabulary::new(&model.resolved.levels);
        let line = |one: &'m Expectation| (one, document.position(one.span.start).0);
        let fail_if = fail_if::parse_all(fail_if, &vocabulary)?;
        Ok(RunExpectations { of_model: model.resolved.expectations.iter().map(line).collect(), fail_if })
    }

    /// Judges all, those of the model first.
    pub fn judge(&self, values: &RunValues<'_>) -> Vec<JudgedExpectation> {
        let of_model = self.of_model.iter().map(|(one, line)| {
            let verdict = one.condition.judge(|number| values.value(number));
            JudgedExpectation {
                outcome: outcome(&one.condition, verdict.holds),
                numbers: one.condition.numbers().collect(),
                verdict,
                origin: ExpectationOrigin::Model { line: *line },
                otherwise: one.otherwise,
                say: one.say.clone(),
            }
        });
        let of_arguments = self.fail_if.iter().map(|condition| {
            let verdict = condition.judge(|number| values.value(number));
            JudgedExpectation {
                outcome: outcome(condition, verdict.holds.map(|holds| !holds)),
                numbers: condition.numbers().collect(),
                verdict,
                origin: ExpectationOrigin::CommandLine,
                otherwise: UnmetAction::Fail,
                say: None,
            }
        });
        of_model.chain(of_arguments).collect()
    }
}

/// What became of a condition that is met or not, or is null.
fn outcome(condition: &NumberCondition<RunNumber>, met: Option<bool>) -> ExpectationOutcome {
    match met {
        Some(true) => ExpectationOutcome::Met,
        Some(false) => ExpectationOutcome::Unmet,
        None if condition.numbers().any(RunNumber::needs_record) => ExpectationOutcome::NeedsRecord,
        None => ExpectationOutcome::Null,
    }
}

impl JudgedExpectation {
    /// Whether the run must end without a result.
    pub fn fails(&self) -> bool {
        self.outcome == ExpectationOutcome::Unmet && self.otherwise == UnmetAction::Fail
    }

    /// What the record of the run says of it.
    pub fn fact(&self) -> ExpectationFact {
        let met = match self.outcome {
            ExpectationOutcome::Met => Some(true),
            ExpectationOutcome::Unmet => Some(false),
            ExpectationOutcome::NeedsRecord | ExpectationOutcome::Null => None,
        };
        ExpectationFact {
            condition: self.verdict.text.clone(),
            origin: self.origin,
            otherwise: self.otherwise.word(),
            say: self.say.clone(),
            met,
            values: self.verdict.numbers.clone(),
        }
    }
}
