//! Properties and traits of records that became null because they are no number or no date.

use super::extract::reader;
use crate::{
    decode::{EventFields, misread::MisreadTally},
    plan::{Model, ValueId, ValueSource},
};
use pql_model::expr::{Program, Value, ValueType, are_beyond};

/// A column of records: a property, or a key of traits objects, by its place in the model's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FieldColumn {
    /// By place among [`AggregationPlan::properties`](crate::plan::AggregationPlan::properties).
    Property(u32),
    /// By place among the keys of traits objects, of a user.
    UserTrait(u32),
    /// The same of an account.
    AccountTrait(u32),
}

/// Where a line stands in its file: its block, its number there from 0, and its line in the file from 1 where that does not follow from these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinePlace {
    /// The number of the block.
    pub(crate) block: u32,
    /// Of its block, from 0.
    pub(crate) line: u64,
    /// Of its file, from 1.
    pub(crate) at: Option<u64>,
}

/// Fields that became null, by column, each with the file and place of the first.
pub(crate) type FieldMisreads = MisreadTally<FieldColumn, (u32, LinePlace)>;

/// Counts the properties of an event that some values asked for as another type than they are.
#[cold]
pub(super) fn note_suspects(
    misread: &mut FieldMisreads,
    (model, suspects): (&Model, &[ValueId]),
    fields: &EventFields<'_>,
    place: (u32, LinePlace),
) {
    for spec in suspects.iter().filter_map(|value| model.aggregation.values.get(*value as usize)) {
        for asked in &spec.asked {
            let (reader, value) = (reader(model, asked.kind, asked.format), fields.raw_value(asked.slot));
            if let (Some(property), Some(cause)) = (asked.slot.checked_sub(1), reader.misread(&value)) {
                misread.note((FieldColumn::Property(property), cause), place, &value, reader.zones);
            }
        }
    }
}

/// Counts the properties of an event that are numbers beyond those that expressions know, but those that are read as times.
#[cold]
pub(super) fn note_beyond(
    misread: &mut FieldMisreads,
    model: &Model,
    fields: &EventFields<'_>,
    place: (u32, LinePlace),
) {
    let is_time = |slot: u32| {
        model.aggregation.values.iter().any(|spec| match &spec.source {
            _ if spec.kind != ValueType::Date => false,
            ValueSource::Program(program) => *program == Program::Slot(slot),
            ValueSource::FirstOf(slots, _) => slots.contains(&slot),
        })
    };
    let reader = reader(model, ValueType::Number, None);
    for property in 0..model.aggregation.properties.len() as u32 {
        let value = fields.raw_value(property + 1);
        let beyond = matches!(&value, Value::Digits(digits) if are_beyond(digits)) && !is_time(property + 1);
        if let Some(cause) = reader.misread(&value).filter(|_| beyond) {
            misread.note((FieldColumn::Property(property), cause), place, &value, reader.zones);
        }
    }
}
