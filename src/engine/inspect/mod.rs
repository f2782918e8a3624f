//! Profiles a dataset: formats, times, events, people, properties, and what a model would find in
//! it.
//!
//! [`profile_inputs`] takes files and a model that says where the parts of an event are. It reads
//! all records once and gives an [`InspectedInput`] in bounded memory. [`find_model_gaps`] compares
//! it with a model; [`render_text`] and `json` report it. Reports name events and
//! properties and show the shapes of values, but no values unless requested.
//!
//! ```text
//!  block ─▶ decode (is it a record?) ─▶ discover (all its fields) ─▶ DatasetProfile of the thread
//!                                                                    └─▶ merged ─▶ report
//! ```
//!
//! Beyond a limit, distinct values are counted by a sample of their hashes. The sample depends on
//! the set of values alone, so it merges in any order.

pub mod dataset_profile;
mod event_order;
mod event_profile;
mod fields;
pub mod first_steps;
mod json;
mod model_gaps;
pub mod name_similarity;
mod observe;
mod property_profile;
mod record_envelope;
mod run;
mod sketches;
mod table_columns;
mod table_ids;
mod text;
mod value_shape;

pub use self::{
    fields::{FieldGuess, FieldSurvey, PartGuess, survey_fields},
    json::{FieldsRecord, InspectRecord},
    model_gaps::{MissingReference, ModelGaps, find_model_gaps},
    run::{InspectJob, InspectedInput, profile_inputs},
    table_columns::{TableColumns, table_columns},
    table_ids::{TableIds, table_ids},
    text::{render_fields, render_text},
};

/// A model without rules: dates are in UTC, and files show their formats.
pub const NO_MODEL: &str = "schema = 1\n";

use pql_model::units::Day;

/// Gaps between the first and the last event: the first date of each gap and its number of days.
pub(crate) fn date_gaps(survey: &dataset_profile::DatasetProfile) -> Vec<(Day, u64)> {
    let days: Vec<Day> = survey.days.keys().copied().collect();
    let apart =
        |pair: &[Day]| (pair[1] - pair[0] > 1).then(|| (pair[0] + 1, (pair[1] - pair[0] - 1).unsigned_abs().into()));
    days.windows(2).filter_map(apart).collect()
}

/// Properties of all events together: the number of event names that carry each, the events of
/// these names, and the merged profile.
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
