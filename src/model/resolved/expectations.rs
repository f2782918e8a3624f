//! What a run must look like.

use super::TextSpan;
use crate::{number_condition::NumberCondition, run_numbers::RunNumber};

/// A condition that a run must meet.
#[derive(Debug)]
pub struct Expectation {
    /// The condition.
    pub condition: NumberCondition<RunNumber>,
    /// What happens if it does not hold.
    pub otherwise: UnmetAction,
    /// What it means if it does not hold, for people.
    pub say: Option<String>,
    /// The place of that text.
    pub(crate) say_span: Option<TextSpan>,
    /// The place of the condition.
    pub span: TextSpan,
}

/// What happens if an expectation is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnmetAction {
    /// The run ends without a result.
    Fail,
    /// The run goes on with a warning.
    Warn,
}

impl UnmetAction {
    /// As the model writes it.
    pub fn word(self) -> &'static str {
        match self {
            UnmetAction::Fail => "fail",
            UnmetAction::Warn => "warn",
        }
    }
}
