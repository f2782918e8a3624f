//! The part of the report about possible faults of a dataset.

use std::fmt::Write;

use super::table::{format_estimate, share};
use crate::inspect::{
    InspectedInput, PartGuess,
    dataset_profile::DatasetProfile,
    event_order::LATENESS_BANDS,
    json::{FirstReject, first_rejects},
};
use pql_model::{diag::escape_controls, units::plural};

/// Writes about duplicates, lateness, order, rejected lines, and fields under other names.
pub(super) fn trouble(out: &mut String, dump: &InspectedInput) {
    let _ = writeln!(out);
    duplicates(out, &dump.survey);
    order(out, &dump.survey);
    lines(out, dump);
    other_names(out, dump);
}

/// Writes about events that occur more than once.
fn duplicates(out: &mut String, survey: &DatasetProfile) {
    let _ = match survey.events_with_id {
        0 => writeln!(out, "duplicates: not known, no event has an id"),
        with_id => {
            let copies = survey.duplicates.copies();
            let conflicts = survey.duplicates.conflicts();
            let again = if conflicts > 0 {
                format!("; {} on events of different content", plural(conflicts, "id is", "ids are"))
            } else {
                String::new()
            };
            writeln!(
                out,
                "duplicates: {} ({}) of {} with an id{again}",
                format_estimate(copies, survey.duplicates.is_exact()),
                share(copies, with_id),
                plural(with_id, "event", "events")
            )
        }
    };
}

/// Writes about events that were received late, and those earlier than their predecessor.
fn order(out: &mut String, survey: &DatasetProfile) {
    if survey.lateness.known > 0 {
        let late: Vec<String> = LATENESS_BANDS
            .iter()
            .zip(survey.lateness.bands)
            .filter(|(_, count)| *count > 0)
            .map(|((_, band), count)| format!("{band} {}", share(count, survey.lateness.known)))
            .collect();
        let known = share(survey.lateness.known, survey.events());
        let _ = writeln!(out, "late, by when events were taken in ({known} say so): {}", late.join(", "));
    }
    let (pairs, backward) = survey.order.count_backward();
    if pairs > 0 {
        let _ = writeln!(
            out,
            "out of order: {} of events are earlier than the one on the line before, which does no harm",
            share(backward, pairs)
        );
    }
}

/// Writes about lines that were joined, excluded or rejected.
fn lines(out: &mut String, dump: &InspectedInput) {
    let survey = &dump.survey;
    if survey.split_records > 0 {
        let _ = writeln!(
            out,
            "{} broken in two by a line end, read as if whole",
            plural(survey.split_records, "record", "records")
        );
    }
    let excluded: u64 = survey.files.iter().map(|file| file.excluded).sum();
    if excluded > 0 {
        let _ = writeln!(out, "set aside: {} of internal users", plural(excluded, "record", "records"));
    }
    for FirstReject { reason, count, file, line, cause } in first_rejects(dump) {
        let _ = writeln!(
            out,
            "rejected: {} ({}): {}, the first is {}:{line}{}",
            plural(count, "line", "lines"),
            reason.code(),
            reason.explanation(),
            escape_controls(file),
            cause.map(|(cause, origin)| cause.after_line(origin)).unwrap_or_default()
        );
    }
}

/// Writes which fields hold the parts of an event, if no reader finds them there by itself.
fn other_names(out: &mut String, dump: &InspectedInput) {
    if let Some(envelope) = dump.fields.envelope {
        let _ = writeln!(
            out,
            "the records lie in `{}`, as {} writes them; what stands beside is of the transfer and not of the event",
            envelope.path, envelope.title
        );
    }
    let Some(guess) = dump.suggested_fields() else { return };
    let fields: Vec<String> =
        guess.parts.iter().map(|one| format!("{} = {}", one.part, shown_paths(dump, one))).collect();
    let users =
        if dump.survey.events() > 0 && dump.survey.entity_counts.user == 0 { "no event names a user; " } else { "" };
    let _ = writeln!(
        out,
        "{users}these records look like events with other field names: [input] fields = {{ {} }}; `pql init` writes that for you",
        escape_controls(&fields.join(", "))
    );
}

/// The path of a part as a model writes it, or its paths as a list.
fn shown_paths(dump: &InspectedInput, guess: &PartGuess) -> String {
    let paths: Vec<String> = guess.paths().map(|path| format!("{:?}", dump.fields.shown_name(path))).collect();
    if paths.len() == 1 { paths.concat() } else { format!("[{}]", paths.join(", ")) }
}
