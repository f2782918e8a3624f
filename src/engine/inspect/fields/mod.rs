//! The fields that records have, and a guess which of them hold the parts of an event.
//!
//! Takes the first records of each file, before it is known what they mean, and gives a [`FieldSurvey`]: every field with what its values look like,
//! and for each part of an event the field that fits best, with the reason and with the others that were considered. Names propose and values decide:
//! a field whose values cannot be the part is never taken.
//!
//! ```text
//!  first records ─▶ FieldTable (cells by field) ─▶ FieldFacts (counts) ─▶ judge (name and values) ─▶ FieldGuess
//! ```

mod facts;
mod judge;
mod properties;
mod shown_names;
mod survey;
mod table;
mod told;
mod words;

pub(super) use self::survey::SurveyedField;
pub use self::{
    judge::{FieldGuess, PartGuess},
    survey::{FieldSurvey, survey_fields},
};
