//! Fields that became null because they are no number or date: by name of the column, with the line of the first.

use std::collections::BTreeMap;

use super::rejects::RejectedLines;
use crate::{
    decode::misread::{MisreadCause, MisreadValues, NotUnderstood},
    fold::{FieldColumn, FieldMisreads},
    plan::{Model, TraitPlan},
};
use pql_model::expr::ValueType;

/// A file, and a line in it from 1.
type FileLine = (u32, u64);

/// Puts together what the workers counted; a property and a key of traits objects of one name are one column.
pub(super) fn not_understood(
    model: &Model,
    misread: Vec<FieldMisreads>,
    rejects: &RejectedLines,
) -> Vec<NotUnderstood> {
    let mut columns: BTreeMap<(String, MisreadCause), MisreadValues<FileLine>> = BTreeMap::new();
    for (column, cause, values) in misread.into_iter().flat_map(FieldMisreads::into_columns) {
        let (file, place) = values.first;
        let values = values.at((file, rejects.line_number(file, place)));
        let key = (column_name(model, column), cause);
        columns.entry(key).and_modify(|known| known.add(&values)).or_insert(values);
    }
    let reported = columns.into_iter().map(|((column, cause), values)| NotUnderstood {
        of: "events",
        traits: reading_traits(model, &column),
        column,
        cause,
        count: values.count,
        file: rejects.file_name(values.first.0).to_owned(),
        line: values.first.1,
        candidates: values.candidates,
    });
    reported.collect()
}

fn column_name(model: &Model, column: FieldColumn) -> String {
    let (paths, place) = match column {
        FieldColumn::Property(place) => (&model.aggregation.properties, place),
        FieldColumn::UserTrait(place) | FieldColumn::AccountTrait(place) => (&model.aggregation.traits, place),
    };
    paths.get(place as usize).map_or_else(String::new, |path| path.join("."))
}

/// The traits that read a column as numbers or dates.
fn reading_traits(model: &Model, column: &str) -> Vec<String> {
    let reads = |plan: &&TraitPlan| {
        matches!(plan.kind, ValueType::Number | ValueType::Date) && plan.columns.iter().any(|name| name == column)
    };
    let levels = model.levels.values();
    let plans = levels.iter().flat_map(|level| level.traits.iter().filter(reads));
    let mut names: Vec<String> = Vec::new();
    for plan in plans {
        if !names.contains(&plan.name) {
            names.push(plan.name.clone());
        }
    }
    names
}
