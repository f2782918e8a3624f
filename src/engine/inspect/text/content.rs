//! The part of the report about content: events, their properties, traits.

use std::fmt::Write;

use super::{
    ITEMS_SHOWN,
    table::{format_estimate, more, share, table},
};
use crate::inspect::{
    FieldSurvey, InspectedInput,
    dataset_profile::{DatasetProfile, PropertyProfiles},
    name_similarity::similar_names,
    overall_properties,
    property_profile::{JSON_TYPE_NAMES, PropertyProfile},
    value_shape::SHAPES,
};
use pql_model::{
    clock::format_instant,
    diag::{escape_controls, quoted_list},
    resolved::InputSettings,
    units::plural,
};

/// Event names that are listed.
const NAMES_SHOWN: usize = 40;

/// Fields that are listed.
const FIELDS_SHOWN: usize = 40;

/// Properties that are listed.
const PROPERTIES_SHOWN: usize = 40;

pub(super) fn events(out: &mut String, survey: &DatasetProfile) {
    let names = survey.sorted_names();
    if names.is_empty() {
        return;
    }
    let events = survey.events();
    let rows: Vec<Vec<String>> = names
        .iter()
        .take(NAMES_SHOWN)
        .map(|(name, named)| {
            vec![
                (*name).to_owned(),
                named.count.to_string(),
                share(named.count, events),
                format_estimate(named.users.count(), named.users.is_exact()),
                format_estimate(named.accounts.count(), named.accounts.is_exact()),
                share(named.with_account, named.count),
                format_instant(named.first)[..10].to_owned(),
                format_instant(named.last)[..10].to_owned(),
                if named.noise { "sent by the vendor's own code".to_owned() } else { String::new() },
            ]
        })
        .collect();
    let _ = writeln!(out, "\n{}", plural(names.len() as u64, "name of events", "names of events"));
    let header = ["event", "count", "share", "users", "accounts", "with account", "first", "last", ""];
    table(out, &header, &[1, 2, 3, 4, 5], &rows);
    more(out, NAMES_SHOWN, names.len(), "names");
    if survey.other_names > 0 {
        let _ = writeln!(
            out,
            " ... and {} of further names, which are not told apart",
            plural(survey.other_names, "event", "events")
        );
    }
}

/// The fields of the first records, those that are a part of an event first.
pub(super) fn fields(out: &mut String, dump: &InspectedInput, input: &InputSettings) {
    field_table(out, &dump.fields, &|path| dump.part_of(path, input));
}

/// The fields, each with the part that it is taken for.
pub(super) fn field_table(out: &mut String, survey: &FieldSurvey, part_of: &dyn Fn(&str) -> Option<&'static str>) {
    let mut all: Vec<_> = survey.fields().map(|field| (part_of(field.path), field)).collect();
    if all.is_empty() {
        return;
    }
    let is_parent = |path: &str| survey.guess.path("properties") == Some(path);
    all.sort_by_key(|(part, field)| part.is_none() && !is_parent(field.path));
    let records = survey.records();
    let rows: Vec<Vec<String>> = all
        .iter()
        .take(FIELDS_SHOWN)
        .map(|(part, field)| {
            let [types, _, shapes] = cells(field.profile);
            let part = part.unwrap_or_default().to_owned();
            vec![
                survey.shown_name(field.path).into_owned(),
                part,
                share(field.filled, records),
                types,
                field.distinct.to_string(),
                shapes,
            ]
        })
        .collect();
    let _ = writeln!(
        out,
        "\n{} in the first {}",
        plural(all.len() as u64, "field", "fields"),
        plural(records, "record", "records")
    );
    table(out, &["field", "taken for", "filled", "types", "values", "looks like"], &[2, 4], &rows);
    more(out, FIELDS_SHOWN, all.len(), "fields");
}

/// True for properties that vendors add to those that a team tracks.
fn is_vendors(path: &str) -> bool {
    path.starts_with('$') || path.starts_with("mp_") || path.starts_with("ga_")
}

fn cells(property: &PropertyProfile) -> [String; 3] {
    let names = |names: &[&str], counts: &[u64]| {
        let all = PropertyProfile::by_count(names, counts);
        let shown: Vec<&str> = all.iter().take(3).map(|(name, _)| *name).collect();
        shown.join(", ") + if all.len() > shown.len() { ", ..." } else { "" }
    };
    let mut shapes = names(&SHAPES, &property.shapes);
    if !property.samples.is_empty() {
        let samples: Vec<String> = property.samples.values().map(|sample| format!("{sample:?}")).collect();
        shapes = samples.join(" ");
    }
    let values = format_estimate(property.values.count(), property.values.is_exact());
    [names(&JSON_TYPE_NAMES, &property.types), values, shapes]
}

pub(super) fn properties(out: &mut String, survey: &DatasetProfile, fields: &FieldSurvey) {
    let all = overall_properties(survey);
    let own: Vec<_> = all.iter().filter(|one| !is_vendors(one.path)).collect();
    if own.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = own
        .iter()
        .take(PROPERTIES_SHOWN)
        .map(|one| {
            let [types, values, shapes] = cells(&one.property);
            let filled = one.property.filled();
            vec![
                fields.shown_name(one.path).into_owned(),
                one.names.to_string(),
                share(filled, one.events),
                types,
                values,
                shapes,
            ]
        })
        .collect();
    let _ = writeln!(
        out,
        "\n{}; filled: of the events of names that have it",
        plural(own.len() as u64, "property", "properties")
    );
    table(out, &["property", "on names", "filled", "types", "values", "looks like"], &[1, 2, 4], &rows);
    more(out, PROPERTIES_SHOWN, own.len(), "properties");
    let hidden = all.len() - own.len();
    if hidden > 0 {
        let _ = writeln!(
            out,
            " ... and {} of the vendor's own ($..., mp_..., ga_...)",
            plural(hidden as u64, "property", "properties")
        );
    }
    let left_out: u64 = survey.names.values().map(|named| named.properties.dropped_values).sum();
    if left_out > 0 {
        let _ = writeln!(out, " ... and {left_out} values of further properties, which are not told apart");
    }
}

pub(super) fn traits(out: &mut String, what: &str, all: &PropertyProfiles, fields: &FieldSurvey) {
    let sorted = all.sorted();
    let own: Vec<_> = sorted.iter().filter(|(path, _)| !is_vendors(path)).collect();
    if own.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = own
        .iter()
        .take(ITEMS_SHOWN)
        .map(|(path, property)| {
            let [types, values, shapes] = cells(property);
            vec![fields.shown_name(path).into_owned(), property.filled().to_string(), types, values, shapes]
        })
        .collect();
    let _ = writeln!(out);
    table(out, &[what, "records", "types", "values", "looks like"], &[1, 3], &rows);
    more(out, ITEMS_SHOWN, own.len(), "traits");
}

pub(super) fn names(out: &mut String, survey: &DatasetProfile) {
    let names: Vec<&str> = survey.sorted_names().iter().map(|(name, _)| *name).collect();
    let groups = similar_names(&names);
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nnames that may be one event");
    for (why, group) in groups.iter().take(ITEMS_SHOWN) {
        let _ = writeln!(out, " {}: {why}", escape_controls(&quoted_list(group)));
    }
    more(out, ITEMS_SHOWN, groups.len(), "groups");
}
