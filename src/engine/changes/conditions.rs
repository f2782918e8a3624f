//! Which facts in the conditions of tiers became others, by step.

use std::fmt;

use super::{
    ChangeStep,
    comparison::{RESTATED, STEPS, StepStandings},
};
use crate::record::{EntityStanding, LevelSnapshot};
use pql_model::expr::Value;

/// A fact in the condition of a tier that became another at one step.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionChange {
    /// The fact, as expressions of the level name it.
    pub fact: String,
    /// Its value before the step and after it.
    pub values: [Value<'static>; 2],
    /// The step.
    pub step: ChangeStep,
}

impl fmt::Display for ConditionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, after] = self.values.each_ref().map(value_text);
        write!(f, "{}:{before}->{after}({})", self.fact, self.step.as_str())
    }
}

/// A value as expressions write it, so that no text is taken for a number or for two.
fn value_text(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Digits(_) | Value::Number(_) | Value::Boolean(_) | Value::Date(_) => {
            value.to_text().unwrap_or_default().into_owned()
        }
    }
}

/// The facts in conditions of tiers that became others: those that the conditions name first, then those behind named expressions. One fact may
/// have several steps.
///
/// A record keeps no facts, so the run before is looked at as its events count today. Facts of a model before count where the model of this run has
/// them too.
pub(super) fn condition_changes(steps: &StepStandings<'_>) -> Vec<ConditionChange> {
    let names = &steps.levels[STEPS - 1].tier_facts;
    names.iter().flat_map(|name| changes_of(steps, name)).collect()
}

fn changes_of(steps: &StepStandings<'_>, name: &str) -> Vec<ConditionChange> {
    let values: Vec<Option<&Value<'static>>> =
        (RESTATED..STEPS).map(|step| value_at(steps.levels[step], steps.standings[step]?, name)).collect();
    let pairs = values.array_windows().zip(ChangeStep::ALL);
    let change = |([before, after], step): (&[Option<&Value<'static>>; 2], ChangeStep)| {
        let values = [(*before)?.clone(), (*after)?.clone()];
        (values[0] != values[1]).then(|| ConditionChange { fact: name.to_owned(), values, step })
    };
    pairs.filter_map(change).collect()
}

fn value_at<'s>(level: &LevelSnapshot, standing: &'s EntityStanding, name: &str) -> Option<&'s Value<'static>> {
    let place = level.tier_facts.iter().position(|known| known == name)?;
    standing.tier_facts.get(place)
}
