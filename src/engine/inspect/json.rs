//! Renders the profile of a dataset as JSON.

use serde_json::{Map, Value, json};

use super::{
    InspectedInput, MissingReference, ModelGaps,
    dataset_profile::{DatasetProfile, PropertyProfiles},
    date_gaps,
    event_order::LATENESS_BANDS,
    name_similarity::similar_names,
    overall_properties,
    property_profile::{JSON_TYPE_NAMES, PropertyProfile},
    value_shape::SHAPES,
};
use crate::decode::{CauseOrigin, CausePosition, RejectCause, RejectReason};
use pql_model::{
    Model,
    clock::{format_day, format_instant},
};

/// The report as one object.
pub fn render_json(dump: &InspectedInput, model: &Model, asked: Option<&ModelGaps>) -> Value {
    let survey = &dump.survey;
    let names: Vec<&str> = survey.sorted_names().iter().map(|(name, _)| *name).collect();
    let (pairs, backward) = survey.order.count_backward();
    let mut report = json!({
        "schema": "pql-inspect/1",
        "files": files(dump),
        "records": survey.records(),
        "events": survey.events(),
        "rejected": rejected(dump),
        "split_records": survey.split_records,
        "time": {
            "zone": model.resolved.zone.name(),
            "first": survey.range.map(|(first, _)| format_instant(first)),
            "last": survey.range.map(|(_, last)| format_instant(last)),
            "in_the_future": survey.future,
            "gaps": date_gaps(survey).iter().map(|(day, days)| json!({"from": format_day(*day), "days": days})).collect::<Vec<_>>(),
            "by_day": survey.days.iter().map(|(day, count)| (format_day(*day), json!(count))).collect::<Map<_, _>>(),
        },
        "who": who(survey),
        "duplicates": {
            "events_with_id": survey.events_with_id,
            "copies": survey.duplicates.copies(),
            "ids_with_several_contents": survey.duplicates.conflicts(),
            "exact": survey.duplicates.is_exact(),
        },
        "order": {
            "taken_in_known": survey.lateness.known,
            "late": LATENESS_BANDS.iter().zip(survey.lateness.bands).map(|((_, band), count)| ((*band).to_owned(), json!(count))).collect::<Map<_, _>>(),
            "longest_seconds": survey.lateness.longest / 1_000_000,
            "events_after_another": pairs,
            "earlier_than_the_line_before": backward,
        },
        "group_types": survey.group_types,
        "names": survey.names.len(),
        "events_of_names_left_out": survey.other_names,
        "events_by_name": events(survey),
        "properties": overall_properties(survey).iter().map(|one| {
            let mut value = property(one.property.filled(), one.events, &one.property);
            value["names"] = one.names.into();
            (one.path.to_owned(), value)
        }).collect::<Map<_, _>>(),
        "user_traits": properties(&survey.user_traits, None),
        "account_traits": properties(&survey.account_traits, None),
        "names_alike": similar_names(&names).iter().map(|(why, group)| json!({"why": why, "names": group})).collect::<Vec<_>>(),
    });
    if let Some(envelope) = survey.candidates.envelope() {
        report["records_lie_in"] = json!({"path": envelope.path, "of": envelope.title});
    }
    let guess = survey.candidates.guess_fields();
    if !guess.is_empty() {
        report["fields_guess"] =
            guess.into_iter().map(|(key, path)| (key.to_owned(), path.into())).collect::<Map<_, _>>().into();
    }
    if let Some(asked) = asked {
        report["model"] = model_gaps_json(asked, model);
    }
    report
}

fn files(dump: &InspectedInput) -> Vec<Value> {
    let counts = &dump.survey.files;
    let one = |(stats, format): (&crate::read::FileStats, &Option<crate::decode::format::DetectedFormat>)| {
        let counts = counts.get(stats.file as usize).cloned().unwrap_or_default();
        json!({
            "name": stats.name,
            "compression": stats.compression.as_str(),
            "bytes": stats.bytes,
            "format": format.map(|known| known.format.name),
            "read_as": format.map(|known| known.format.title),
            "recognised_by": format.map(|known| known.sign),
            "records": counts.records,
            "blank": counts.blank,
            "events": counts.events,
            "identity": counts.identity,
            "excluded": counts.excluded,
            "rejected": counts.rejected,
        })
    };
    dump.files.iter().zip(&dump.formats).map(one).collect()
}

/// Rejected lines of one reason, with the first of them.
pub(super) struct FirstReject<'d> {
    pub(super) reason: RejectReason,
    pub(super) count: u64,
    pub(super) file: &'d str,
    pub(super) line: u64,
    /// What is wrong with it.
    pub(super) cause: Option<RejectCause>,
    /// What the position of the cause is counted from.
    pub(super) origin: CauseOrigin,
}

/// The first rejected line of each reason.
pub(super) fn first_rejects(dump: &InspectedInput) -> Vec<FirstReject<'_>> {
    let survey = &dump.survey;
    let all = survey.rejects.iter().map(|(reason, (count, (file, block, line, at), cause))| {
        let name = dump.files.iter().find(|stats| stats.file == *file).map_or("", |stats| stats.name.as_str());
        let line = at.unwrap_or_else(|| survey.order.lines_before(*file, *block) + line + 1);
        let origin = if at.is_some() { CauseOrigin::Record } else { CauseOrigin::Line };
        FirstReject { reason: *reason, count: *count, file: name, line, cause: *cause, origin }
    });
    all.collect()
}

fn rejected(dump: &InspectedInput) -> Value {
    let all = first_rejects(dump).into_iter().map(|reject| {
        let mut first = json!({"file": reject.file, "line": reject.line});
        if let Some(cause) = reject.cause {
            first["cause"] = cause.to_string().into();
            match cause.position {
                Some(CausePosition::Column(column)) => first["column"] = column.into(),
                Some(CausePosition::Byte(byte)) => first["byte"] = byte.into(),
                None => {}
            }
        }
        (reject.reason.code().to_owned(), json!({"count": reject.count, "first": first}))
    });
    all.collect::<Map<_, _>>().into()
}

fn who(survey: &DatasetProfile) -> Value {
    let who = &survey.entity_counts;
    json!({
        "users": who.users.count(),
        "users_exact": who.users.is_exact(),
        "visitors": who.visitors.count(),
        "visitors_exact": who.visitors.is_exact(),
        "visitors_of_events_with_visitor_only": who.lone_visitors.count(),
        "visitors_named_with_a_user": who.known_visitors.count(),
        "accounts": who.accounts.count(),
        "accounts_exact": who.accounts.is_exact(),
        "events_with_user": who.user,
        "events_with_visitor_only": who.visitor,
        "events_with_neither": who.unidentified,
        "events_with_account": who.account,
        "identify_records": survey.identity.identify,
        "group_records": survey.identity.group,
        "join_records": survey.identity.joins,
    })
}

fn events(survey: &DatasetProfile) -> Map<String, Value> {
    let one = |(name, named): (&str, &super::dataset_profile::EventProfile)| {
        let value = json!({
            "count": named.count,
            "users": named.users.count(),
            "users_exact": named.users.is_exact(),
            "accounts": named.accounts.count(),
            "accounts_exact": named.accounts.is_exact(),
            "with_user": named.with_user,
            "with_account": named.with_account,
            "first": format_instant(named.first),
            "last": format_instant(named.last),
            "noise": named.noise,
            "properties": properties(&named.properties, Some(named.count)),
            "property_values_left_out": named.properties.dropped_values,
        });
        (name.to_owned(), value)
    };
    survey.sorted_names().into_iter().map(one).collect()
}

fn properties(all: &PropertyProfiles, events: Option<u64>) -> Map<String, Value> {
    let one = |(path, one): (&str, &PropertyProfile)| {
        let seen = one.types.iter().sum();
        (path.to_owned(), property(one.filled(), events.unwrap_or(seen), one))
    };
    all.sorted().into_iter().map(one).collect()
}

fn property(filled: u64, of: u64, property: &PropertyProfile) -> Value {
    let counts = |names: &[&str], counts: &[u64]| -> Map<String, Value> {
        PropertyProfile::by_count(names, counts)
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count.into()))
            .collect()
    };
    let mut value = json!({
        "filled": filled,
        "of": of,
        "types": counts(&JSON_TYPE_NAMES, &property.types),
        "shapes": counts(&SHAPES, &property.shapes),
        "different_values": property.values.count(),
        "different_values_exact": property.values.is_exact(),
    });
    if !property.samples.is_empty() {
        value["values"] = property.samples.values().cloned().collect::<Vec<_>>().into();
    }
    value
}

fn model_gaps_json(asked: &ModelGaps, model: &Model) -> Value {
    let missing = |all: &[MissingReference]| -> Map<String, Value> {
        all.iter().map(|one| (one.name.clone(), json!({"near": one.closest}))).collect()
    };
    json!({
        "name": model.resolved.name,
        "events_asked_for": asked.events,
        "missing_events": missing(&asked.missing_events),
        "missing_properties": missing(&asked.missing_properties),
        "missing_traits": missing(&asked.missing_traits),
        "events_not_asked_for": asked.unused_events,
        "most_frequent_of_them": asked.unused.iter().map(|(name, count)| (name.clone(), json!(count))).collect::<Map<_, _>>(),
    })
}
