//! Renders the profile of a dataset as JSON.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use super::{
    FieldSurvey, InspectedInput, MissingReference, ModelGaps, OverallProperty,
    dataset_profile::{DatasetProfile, EventProfile, FileRecordCounts, PropertyProfiles},
    date_gaps,
    event_order::LATENESS_BANDS,
    fields::{FieldGuess, PartGuess, SurveyedField},
    name_similarity::similar_names,
    overall_properties,
    property_profile::{JSON_TYPE_NAMES, PropertyProfile},
    value_shape::SHAPES,
};
use crate::{
    decode::{CauseOrigin, CausePosition, RejectCause, RejectReason, format::DetectedFormat},
    emit::{JsonMap, ReadAsRecord},
    pipeline::ReasonRejects,
    plan::Model,
    read::FileStats,
};
use pql_model::clock::{format_day, format_instant};

/// A report as it is written.
#[derive(Debug, Serialize)]
pub struct InspectRecord<'i> {
    schema: &'static str,
    files: Vec<InspectedFileRecord<'i>>,
    records: u64,
    events: u64,
    rejected: JsonMap<&'static str, RejectedRecord<'i>>,
    split_records: u64,
    time: TimeRecord<'i>,
    who: WhoRecord,
    duplicates: DuplicatesRecord,
    order: OrderRecord,
    group_types: &'i BTreeMap<String, u64>,
    names: usize,
    events_of_names_left_out: u64,
    events_by_name: JsonMap<&'i str, EventNameRecord<'i>>,
    properties: JsonMap<Cow<'i, str>, PropertyRecord>,
    user_traits: JsonMap<Cow<'i, str>, PropertyRecord>,
    account_traits: JsonMap<Cow<'i, str>, PropertyRecord>,
    names_alike: Vec<SimilarNamesRecord<'i>>,
    fields: JsonMap<Cow<'i, str>, FieldRecord>,
    /// Only where events lie inside other records.
    #[serde(skip_serializing_if = "Option::is_none")]
    records_lie_in: Option<EnvelopeRecord>,
    /// Only where rejected lines look like events under other names.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields_guess: Option<JsonMap<String, String>>,
    /// Only if a model was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelGapsRecord<'i>>,
}

/// A field of the first records.
#[derive(Debug, Serialize)]
struct FieldRecord {
    filled: u64,
    of: u64,
    values: u64,
    types: JsonMap<&'static str, u64>,
    shapes: JsonMap<&'static str, u64>,
    /// The part of an event that it is taken for.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'static str>,
}

fn fields<'s>(
    survey: &'s FieldSurvey,
    part_of: &dyn Fn(&str) -> Option<&'static str>,
) -> JsonMap<Cow<'s, str>, FieldRecord> {
    let of = survey.records();
    let record = |field: SurveyedField<'_>| FieldRecord {
        filled: field.filled,
        of,
        values: field.distinct,
        types: PropertyProfile::by_count(&JSON_TYPE_NAMES, &field.profile.types).into_iter().collect(),
        shapes: PropertyProfile::by_count(&SHAPES, &field.profile.shapes).into_iter().collect(),
        part: part_of(field.path),
    };
    survey.fields().map(|field| (survey.shown_name(field.path), record(field))).collect()
}

/// A report on records in which no event could be read.
#[derive(Debug, Serialize)]
pub struct FieldsRecord<'s> {
    schema: &'static str,
    fields: JsonMap<Cow<'s, str>, FieldRecord>,
}

impl<'s> FieldsRecord<'s> {
    /// The fields of the first records.
    pub fn new(survey: &'s FieldSurvey) -> FieldsRecord<'s> {
        FieldsRecord { schema: "pql-inspect/1", fields: fields(survey, &|path| survey.guess.part(path)) }
    }
}

fn fields_guess(survey: &FieldSurvey, guess: &FieldGuess) -> JsonMap<String, String> {
    let shown = |one: &PartGuess| (one.part.to_owned(), survey.shown_name(&one.path).into_owned());
    guess.parts.iter().map(shown).collect()
}

#[derive(Debug, Serialize)]
struct InspectedFileRecord<'i> {
    name: &'i str,
    compression: &'static str,
    bytes: u64,
    #[serde(flatten)]
    read_as: ReadAsRecord,
    records: u64,
    blank: u64,
    events: u64,
    identity: u64,
    excluded: u64,
    rejected: u64,
}

#[derive(Debug, Serialize)]
struct RejectedRecord<'i> {
    count: u64,
    first: FirstRejectRecord<'i>,
}

#[derive(Debug, Serialize)]
struct FirstRejectRecord<'i> {
    file: &'i str,
    line: u64,
    /// Only if it is known what is wrong with the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// The position of the cause, if it has one: in characters, or in bytes.
    #[serde(flatten)]
    position: Option<PositionRecord>,
    /// `record` where the position is not counted from the beginning of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_from: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum PositionRecord {
    Column(u64),
    Byte(u64),
}

#[derive(Debug, Serialize)]
struct TimeRecord<'i> {
    zone: &'i str,
    first: Option<String>,
    last: Option<String>,
    in_the_future: u64,
    gaps: Vec<GapRecord>,
    by_day: JsonMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct GapRecord {
    from: String,
    days: u64,
}

#[derive(Debug, Serialize)]
struct WhoRecord {
    users: u64,
    users_exact: bool,
    visitors: u64,
    visitors_exact: bool,
    visitors_of_events_with_visitor_only: u64,
    visitors_named_with_a_user: u64,
    accounts: u64,
    accounts_exact: bool,
    events_with_user: u64,
    events_with_visitor_only: u64,
    events_with_neither: u64,
    events_with_account: u64,
    identify_records: u64,
    group_records: u64,
    join_records: u64,
}

#[derive(Debug, Serialize)]
struct DuplicatesRecord {
    events_with_id: u64,
    copies: u64,
    ids_with_several_contents: u64,
    exact: bool,
}

#[derive(Debug, Serialize)]
struct OrderRecord {
    taken_in_known: u64,
    late: JsonMap<&'static str, u64>,
    longest_seconds: i64,
    events_after_another: u64,
    earlier_than_the_line_before: u64,
}

#[derive(Debug, Serialize)]
struct EventNameRecord<'i> {
    count: u64,
    users: u64,
    users_exact: bool,
    accounts: u64,
    accounts_exact: bool,
    with_user: u64,
    with_account: u64,
    first: String,
    last: String,
    noise: bool,
    properties: JsonMap<Cow<'i, str>, PropertyRecord>,
    property_values_left_out: u64,
}

#[derive(Debug, Serialize)]
struct PropertyRecord {
    filled: u64,
    of: u64,
    types: JsonMap<&'static str, u64>,
    shapes: JsonMap<&'static str, u64>,
    different_values: u64,
    different_values_exact: bool,
    /// Only if samples were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
    /// The names of events that have it, where it stands for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<u64>,
}

#[derive(Debug, Serialize)]
struct SimilarNamesRecord<'i> {
    why: &'static str,
    names: Vec<&'i str>,
}

#[derive(Debug, Serialize)]
struct EnvelopeRecord {
    path: &'static str,
    of: &'static str,
}

#[derive(Debug, Serialize)]
struct ModelGapsRecord<'i> {
    name: &'i str,
    events_asked_for: u64,
    missing_events: JsonMap<&'i str, NearRecord<'i>>,
    missing_properties: JsonMap<&'i str, NearRecord<'i>>,
    missing_traits: JsonMap<&'i str, NearRecord<'i>>,
    events_not_asked_for: u64,
    most_frequent_of_them: JsonMap<&'i str, u64>,
}

#[derive(Debug, Serialize)]
struct NearRecord<'i> {
    near: &'i [String],
}

impl<'i> InspectRecord<'i> {
    /// The report as one object.
    pub fn new(dump: &'i InspectedInput, model: &'i Model, gaps: Option<&'i ModelGaps>) -> InspectRecord<'i> {
        let survey = &dump.survey;
        let names: Vec<&str> = survey.sorted_names().iter().map(|(name, _)| *name).collect();
        let similar = similar_names(&names).into_iter().map(|(why, names)| SimilarNamesRecord { why, names });
        InspectRecord {
            schema: "pql-inspect/1",
            files: InspectedFileRecord::all(dump),
            records: survey.records(),
            events: survey.events(),
            rejected: first_rejects(dump).into_iter().map(RejectedRecord::entry).collect(),
            split_records: survey.split_records,
            time: TimeRecord::new(survey, model),
            who: WhoRecord::new(survey),
            duplicates: DuplicatesRecord::new(survey),
            order: OrderRecord::new(survey),
            group_types: &survey.group_types,
            names: survey.names.len(),
            events_of_names_left_out: survey.other_names,
            events_by_name: survey
                .sorted_names()
                .into_iter()
                .map(|(name, event)| (name, EventNameRecord::new(event, &dump.fields)))
                .collect(),
            properties: all_properties(survey, &dump.fields),
            user_traits: properties(&survey.user_traits, None, &dump.fields),
            account_traits: properties(&survey.account_traits, None, &dump.fields),
            names_alike: similar.collect(),
            fields: fields(&dump.fields, &|path| dump.part_of(path, &model.resolved.input)),
            records_lie_in: (dump.fields.envelope)
                .map(|envelope| EnvelopeRecord { path: envelope.path, of: envelope.title }),
            fields_guess: dump.suggested_fields().map(|guess| fields_guess(&dump.fields, guess)),
            model: gaps.map(|gaps| ModelGapsRecord::new(gaps, model)),
        }
    }
}

impl<'i> InspectedFileRecord<'i> {
    fn all(dump: &'i InspectedInput) -> Vec<InspectedFileRecord<'i>> {
        let files = dump.files.iter().zip(&dump.formats);
        files
            .map(|(stats, format)| InspectedFileRecord::new(stats, *format, &dump.survey.files[stats.file as usize]))
            .collect()
    }

    fn new(stats: &'i FileStats, format: Option<DetectedFormat>, counts: &FileRecordCounts) -> InspectedFileRecord<'i> {
        InspectedFileRecord {
            name: &stats.name,
            compression: stats.compression.as_str(),
            bytes: stats.bytes,
            read_as: ReadAsRecord::new(format.map(|known| [known.format.name, known.format.title, known.sign])),
            records: counts.records,
            blank: counts.blank,
            events: counts.events,
            identity: counts.identity,
            excluded: counts.excluded,
            rejected: counts.rejected,
        }
    }
}

/// Rejected lines of one reason, with the first of them.
pub(super) struct FirstReject<'d> {
    pub(super) reason: RejectReason,
    pub(super) count: u64,
    pub(super) file: &'d str,
    pub(super) line: u64,
    /// What is wrong with it, and what its position is counted from.
    pub(super) cause: Option<(RejectCause, CauseOrigin)>,
}

/// The first rejected line of each reason.
pub(super) fn first_rejects(dump: &InspectedInput) -> Vec<FirstReject<'_>> {
    let survey = &dump.survey;
    let all = survey.rejects.iter().map(|(reason, ReasonRejects { count, first: (file, block, line, at), cause })| {
        let name = dump.files.iter().find(|stats| stats.file == *file).map_or("", |stats| stats.name.as_str());
        let line = at.unwrap_or_else(|| survey.order.lines_before(*file, *block) + line + 1);
        FirstReject { reason: *reason, count: *count, file: name, line, cause: *cause }
    });
    all.collect()
}

impl<'i> RejectedRecord<'i> {
    fn entry(reject: FirstReject<'i>) -> (&'static str, RejectedRecord<'i>) {
        let FirstReject { reason, count, file, line, cause } = reject;
        let position = cause.and_then(|(cause, _)| cause.position).map(PositionRecord::from);
        let in_record = cause.filter(|(cause, origin)| cause.position.is_some() && *origin == CauseOrigin::Record);
        let first = FirstRejectRecord {
            file,
            line,
            cause: cause.map(|(cause, _)| cause.to_string()),
            position,
            counted_from: in_record.map(|_| "record"),
        };
        (reason.code(), RejectedRecord { count, first })
    }
}

impl From<CausePosition> for PositionRecord {
    fn from(position: CausePosition) -> PositionRecord {
        match position {
            CausePosition::Column(column) => PositionRecord::Column(column),
            CausePosition::Byte(byte) => PositionRecord::Byte(byte),
        }
    }
}

impl<'i> TimeRecord<'i> {
    fn new(survey: &DatasetProfile, model: &'i Model) -> TimeRecord<'i> {
        let gaps = date_gaps(survey).into_iter().map(|(day, days)| GapRecord { from: format_day(day), days });
        TimeRecord {
            zone: model.resolved.zone.name(),
            first: survey.range.map(|(first, _)| format_instant(first)),
            last: survey.range.map(|(_, last)| format_instant(last)),
            in_the_future: survey.future,
            gaps: gaps.collect(),
            by_day: survey.days.iter().map(|(day, count)| (format_day(*day), *count)).collect(),
        }
    }
}

impl WhoRecord {
    fn new(survey: &DatasetProfile) -> WhoRecord {
        let who = &survey.entity_counts;
        WhoRecord {
            users: who.users.count(),
            users_exact: who.users.is_exact(),
            visitors: who.visitors.count(),
            visitors_exact: who.visitors.is_exact(),
            visitors_of_events_with_visitor_only: who.lone_visitors.count(),
            visitors_named_with_a_user: who.known_visitors.count(),
            accounts: who.accounts.count(),
            accounts_exact: who.accounts.is_exact(),
            events_with_user: who.user,
            events_with_visitor_only: who.visitor,
            events_with_neither: who.unidentified,
            events_with_account: who.account,
            identify_records: survey.identity.identify,
            group_records: survey.identity.group,
            join_records: survey.identity.joins,
        }
    }
}

impl DuplicatesRecord {
    fn new(survey: &DatasetProfile) -> DuplicatesRecord {
        DuplicatesRecord {
            events_with_id: survey.events_with_id,
            copies: survey.duplicates.copies(),
            ids_with_several_contents: survey.duplicates.conflicts(),
            exact: survey.duplicates.is_exact(),
        }
    }
}

impl OrderRecord {
    fn new(survey: &DatasetProfile) -> OrderRecord {
        let (pairs, backward) = survey.order.count_backward();
        OrderRecord {
            taken_in_known: survey.lateness.known,
            late: LATENESS_BANDS.iter().zip(survey.lateness.bands).map(|((_, band), count)| (*band, count)).collect(),
            longest_seconds: survey.lateness.longest / 1_000_000,
            events_after_another: pairs,
            earlier_than_the_line_before: backward,
        }
    }
}

impl<'i> EventNameRecord<'i> {
    fn new(event: &'i EventProfile, fields: &FieldSurvey) -> EventNameRecord<'i> {
        EventNameRecord {
            count: event.count,
            users: event.users.count(),
            users_exact: event.users.is_exact(),
            accounts: event.accounts.count(),
            accounts_exact: event.accounts.is_exact(),
            with_user: event.with_user,
            with_account: event.with_account,
            first: format_instant(event.first),
            last: format_instant(event.last),
            noise: event.noise,
            properties: properties(&event.properties, Some(event.count), fields),
            property_values_left_out: event.properties.dropped_values,
        }
    }
}

/// Properties by path; of `events`, or of all events that have the property.
fn properties<'p>(
    all: &'p PropertyProfiles,
    events: Option<u64>,
    fields: &FieldSurvey,
) -> JsonMap<Cow<'p, str>, PropertyRecord> {
    let record = |property: &PropertyProfile| {
        let of = events.unwrap_or_else(|| property.types.iter().sum());
        PropertyRecord::new(property, of)
    };
    let sorted = all.sorted();
    let names = fields.distinct_names(sorted.iter().map(|(path, _)| *path));
    names.into_iter().zip(sorted).map(|(name, (_, property))| (name, record(property))).collect()
}

/// Properties of all events together, by path.
fn all_properties<'p>(survey: &'p DatasetProfile, fields: &FieldSurvey) -> JsonMap<Cow<'p, str>, PropertyRecord> {
    let all = overall_properties(survey);
    let names = fields.distinct_names(all.iter().map(|one| one.path));
    names.into_iter().zip(all.iter().map(PropertyRecord::overall)).collect()
}

impl PropertyRecord {
    fn new(property: &PropertyProfile, of: u64) -> PropertyRecord {
        PropertyRecord {
            filled: property.filled(),
            of,
            types: JsonMap(PropertyProfile::by_count(&JSON_TYPE_NAMES, &property.types)),
            shapes: JsonMap(PropertyProfile::by_count(&SHAPES, &property.shapes)),
            different_values: property.values.count(),
            different_values_exact: property.values.is_exact(),
            values: property.samples.values().cloned().collect(),
            names: None,
        }
    }

    /// A property of all events together.
    fn overall(one: &OverallProperty<'_>) -> PropertyRecord {
        PropertyRecord { names: Some(one.names), ..PropertyRecord::new(&one.property, one.events) }
    }
}

impl<'i> ModelGapsRecord<'i> {
    fn new(gaps: &'i ModelGaps, model: &'i Model) -> ModelGapsRecord<'i> {
        ModelGapsRecord {
            name: &model.resolved.name,
            events_asked_for: gaps.events,
            missing_events: missing(&gaps.missing_events),
            missing_properties: missing(&gaps.missing_properties),
            missing_traits: missing(&gaps.missing_traits),
            events_not_asked_for: gaps.unused_events,
            most_frequent_of_them: gaps.unused.iter().map(|(name, count)| (name.as_str(), *count)).collect(),
        }
    }
}

fn missing(all: &[MissingReference]) -> JsonMap<&str, NearRecord<'_>> {
    all.iter().map(|one| (one.name.as_str(), NearRecord { near: &one.closest })).collect()
}
