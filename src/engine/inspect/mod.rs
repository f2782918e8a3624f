//! What is in a dump: one pass over all records that tells formats, times, events, people, properties, and what a model would find in it.
//!
//! Takes files and a model that says where the parts of an event are; gives a [`Dump`] in bounded memory, and reports of it. Reports name
//! events and properties and show shapes of values, but no values unless they were asked for.

pub mod dataset_profile;
mod event_order;
mod event_profile;
mod field_candidates;
mod json;
mod model_gaps;
pub mod name_similarity;
mod observe;
mod property_profile;
mod run;
mod sketches;
mod text;
mod value_shape;

pub use self::{
    json::InspectRecord,
    model_gaps::{MissingReference, ModelGaps, find_model_gaps},
    run::{InspectJob, InspectedInput, profile_inputs},
    text::render_text,
};

/// A model that asks for nothing: days in UTC, formats told by the files.
pub const NO_MODEL: &str = "schema = 1\n";

use pql_model::units::Day;

/// Runs of dates without an event between the first and the last: the first date of each, and how many they are.
pub fn date_gaps(survey: &dataset_profile::DatasetProfile) -> Vec<(Day, u64)> {
    let days: Vec<Day> = survey.days.keys().copied().collect();
    let apart =
        |pair: &[Day]| (pair[1] - pair[0] > 1).then(|| (pair[0] + 1, (pair[1] - pair[0] - 1).unsigned_abs().into()));
    days.windows(2).filter_map(apart).collect()
}

/// Properties of all events together: how many names carry each, how many events those names have, and what is known of it.
fn overall_properties(survey: &dataset_profile::DatasetProfile) -> Vec<OverallProperty<'_>> {
    let mut all: std::collections::BTreeMap<&str, OverallProperty<'_>> = std::collections::BTreeMap::new();
    for (_, named) in survey.sorted_names() {
        for (path, property) in &named.properties.by_path {
            match all.get_mut(path.as_str()) {
                Some(known) => {
                    known.names += 1;
                    known.events += named.count;
                    known.property.merge(property.clone());
                }
                None => {
                    let one = OverallProperty { path, names: 1, events: named.count, property: property.clone() };
                    all.insert(path, one);
                }
            }
        }
    }
    let mut all: Vec<OverallProperty<'_>> = all.into_values().collect();
    all.sort_by(|a, b| b.property.filled().cmp(&a.property.filled()).then(a.path.cmp(b.path)));
    all
}

/// A property over all events.
#[derive(Debug)]
struct OverallProperty<'s> {
    path: &'s str,
    names: u64,
    events: u64,
    property: property_profile::PropertyProfile,
}
