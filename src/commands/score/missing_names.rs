//! The names of events that a model asks for and the input does not have.

use pql_engine::plan::Model;

/// Names without any event, and the events that the model does not ask for.
#[derive(Debug)]
pub struct MissingNames<'m> {
    /// The names, in the order of the model's plan.
    pub names: Vec<&'m str>,
    /// Events whose names the model does not ask for.
    pub other_events: u64,
    /// Events whose names it asks for.
    known_events: u64,
}

impl<'m> MissingNames<'m> {
    /// Compares the names of a model with the events that were counted for each, those of other names first.
    pub fn find(model: &'m Model, counts: &[u64]) -> MissingNames<'m> {
        // A name that only starts an entity may be the default one, which the model does not ask for.
        let plans = &model.aggregation.plans;
        let asked = |place: usize| {
            plans.get(place + 1).zip(plans.first()).is_some_and(|(plan, any)| plan.filters.len() > any.filters.len())
        };
        let (other_events, known) = counts.split_first().expect("the events of other names are counted first");
        let names = model.aggregation.names.iter().zip(known).enumerate();
        let missing = names.filter(|(place, (_, count))| **count == 0 && asked(*place));
        MissingNames {
            names: missing.map(|(_, (name, _))| name.as_str()).collect(),
            other_events: *other_events,
            known_events: known.iter().sum(),
        }
    }

    /// Whether there are events, and none of them has a name that the model asks for.
    pub fn all_missing(&self) -> bool {
        self.other_events > 0 && self.known_events == 0
    }
}
