//! What may be wrong with a dump, and what is said of it.

use std::fmt::Write;

use super::table::{about, share};
use crate::{
    diag::visible,
    inspect::{Dump, json::rejects, order::BANDS},
    units::plural,
};

/// Copies, lateness, order, rejected lines.
pub(super) fn trouble(out: &mut String, dump: &Dump) {
    let survey = &dump.survey;
    let events = survey.events();
    let _ = writeln!(out);
    let _ = match survey.with_id {
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
                about(copies, survey.duplicates.is_exact()),
                share(copies, with_id),
                plural(with_id, "event", "events")
            )
        }
    };
    if survey.lateness.known > 0 {
        let late: Vec<String> = BANDS
            .iter()
            .zip(survey.lateness.bands)
            .filter(|(_, count)| *count > 0)
            .map(|((_, band), count)| format!("{band} {}", share(count, survey.lateness.known)))
            .collect();
        let known = share(survey.lateness.known, events);
        let _ = writeln!(out, "late, by when events were taken in ({known} say so): {}", late.join(", "));
    }
    let (pairs, backward) = survey.order.backward();
    if pairs > 0 {
        let _ = writeln!(
            out,
            "out of order: {} of events are earlier than the one on the line before, which does no harm",
            share(backward, pairs)
        );
    }
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
    for (reason, count, file, line) in rejects(dump) {
        let _ = writeln!(
            out,
            "rejected: {} ({}): {}, the first is {}:{line}",
            plural(count, "line", "lines"),
            reason.code(),
            reason.explanation(),
            visible(file)
        );
    }
    let guess = survey.candidates.guess();
    if !guess.is_empty() {
        let fields: Vec<String> = guess.iter().map(|(key, path)| format!("{key} = {path:?}")).collect();
        let _ = writeln!(
            out,
            "these lines look like events with other field names: [input] fields = {{ {} }}; `pql init` writes that for you",
            visible(&fields.join(", "))
        );
    }
}
