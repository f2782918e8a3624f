//! How each model reads the events: what it is told of the input, and how many records come to what.

use super::ModelChange;
use pql_engine::score::ScoredEntities;

/// How many records come to what under one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadCounts {
    /// All of them.
    pub records: i64,
    /// Those that are no valid records.
    pub rejected: i64,
    /// Those of excluded users.
    pub excluded: i64,
    /// Those after the instant looked from.
    pub after_as_of: i64,
    /// Copies of events.
    pub duplicate: i64,
    /// Events of nobody.
    pub anonymous: i64,
    /// Events that count.
    pub events: i64,
}

impl ReadCounts {
    /// The counts of a run, over all files.
    pub(super) fn of(scored: &ScoredEntities<'_>) -> ReadCounts {
        let mut sums = ReadCounts::default();
        for file in &scored.entities.counts {
            sums.records += file.records;
            sums.rejected += file.rejected;
            sums.excluded += file.excluded;
            sums.after_as_of += file.after_as_of;
            sums.duplicate += file.duplicate;
            sums.anonymous += file.anonymous;
            sums.events += file.events;
        }
        sums
    }

    /// The counts with their words, in the order of a report.
    fn named(&self) -> [(&'static str, i64); 7] {
        let ReadCounts { records, rejected, excluded, after_as_of, duplicate, anonymous, events } = *self;
        [
            ("records", records),
            ("rejected", rejected),
            ("of excluded users", excluded),
            ("after the as-of instant", after_as_of),
            ("duplicates", duplicate),
            ("without a user or account", anonymous),
            ("events that count", events),
        ]
    }
}

/// What differs in how two models read the same events.
#[derive(Debug)]
pub(super) struct ReadingDifference {
    /// That it differs, as a sentence; none if no setting does.
    pub(super) sentence: Option<String>,
    /// The counts of both models, if any of them differ: the records, and those that differ.
    pub(super) rows: Vec<(&'static str, [u64; 2])>,
}

impl ReadingDifference {
    pub(super) fn new(changes: &[ModelChange], [old, new]: [&ReadCounts; 2]) -> ReadingDifference {
        let sections = [("input", "`[input]`"), ("identity", "`[identity]`"), ("time_zone", "`time_zone`")];
        let changed = |section: &str| {
            let is_meant = |text: &str| text.split('.').next() == Some(section);
            changes.iter().any(|change| change.subject == section || change.subject.is_empty() && is_meant(&change.key))
        };
        let named: Vec<&str> = sections.iter().filter(|(key, _)| changed(key)).map(|(_, words)| *words).collect();
        let sentence = (!named.is_empty())
            .then(|| format!("The models differ in {}, so each reads the events in its own way.", named.join(" and ")));
        let both = old.named().into_iter().zip(new.named());
        let rows: Vec<(&str, [u64; 2])> =
            both.map(|((what, old), (_, new))| (what, [old, new].map(i64::unsigned_abs))).collect();
        let is_other = old != new;
        let shown = rows.into_iter().filter(|(what, [old, new])| is_other && (*what == "records" || old != new));
        ReadingDifference { sentence, rows: shown.collect() }
    }
}
