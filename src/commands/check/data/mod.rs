//! What only events show of a model: what it asks for that never occurs, where the tracking plan is not kept, signals that tell nobody apart.
//!
//! Takes a survey of the events and what the model made of them; gives warnings at the places of the model. It names values only where the model
//! does, or where one is a letter away from a word of the model.

mod entities;
mod events;
mod record;
mod root_causes;

use self::root_causes::RootCauses;
use pql_engine::{
    inspect::{InspectedInput, dataset_profile::DatasetProfile},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{EntityKind, codes, diag::Diagnostic, units::format_number};

/// Every warning that events under a model give; the model is compiled whole, so that every fact is known.
pub fn warnings(model: &Model, dump: &InspectedInput, scored: &ScoredEntities<'_>) -> Vec<Diagnostic> {
    let resolved = &model.resolved;
    let mut seen = DataChecker { dump, survey: &dump.survey, names: Vec::new(), found: Vec::new() };
    seen.names = dump.survey.sorted_names().into_iter().map(|(name, _)| name).collect();
    seen.events(resolved);
    seen.check_tracking_plan(resolved);
    resolved.expression_uses().iter().for_each(|expression| seen.expression(expression));
    for side in EntityKind::ALL {
        seen.traits(side, (model, scored));
        seen.facts(side, (model, scored));
        seen.cooldowns(side, (model, scored));
    }
    seen.record_facts(resolved);
    let explained = RootCauses::new(&seen.found, model, scored);
    for side in EntityKind::ALL {
        seen.signals(side, (model, scored), &explained);
    }
    seen.found
}

/// What was seen, and what there is to say of it.
struct DataChecker<'s> {
    dump: &'s InspectedInput,
    survey: &'s DatasetProfile,
    /// Names of events, the most frequent first.
    names: Vec<&'s str>,
    found: Vec<Diagnostic>,
}

/// How advice begins that names what comes closest.
pub(super) const NEAREST: &str = "there is ";

/// What comes closest, as a way out.
fn nearest(near: &[&str], otherwise: &str) -> String {
    match near {
        [] => otherwise.to_owned(),
        near => format!("{NEAREST}{}", pql_model::diag::quoted_list(near)),
    }
}

impl DataChecker<'_> {
    /// A text that something is compared with and never is.
    fn value(&mut self, path: &str, text: &str, span: std::ops::Range<usize>, near: Vec<String>) {
        let near: Vec<String> = near.iter().map(|text| format!("'{text}'")).collect();
        let help = match near.as_slice() {
            [] => "`pql inspect --values` shows some of the values that there are".to_owned(),
            near => format!("{NEAREST}{}", near.join(", ")),
        };
        let message = format!("`{path}` is never '{text}'");
        self.found.push(Diagnostic::warning(codes::NO_SUCH_VALUE, span, message, "no value is this text").help(help));
    }
}

/// A share as people read it, never rounded to nothing or to all.
fn percent(part: u64, of: u64) -> String {
    let percent = part as f64 / of as f64 * 100.0;
    match part {
        _ if part == of => "100 %".to_owned(),
        _ if percent < 0.1 => "less than 0.1 %".to_owned(),
        _ => format!("{} %", format_number((percent * 10.0).floor() / 10.0)),
    }
}
