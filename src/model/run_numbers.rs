//! The numbers of a run by name, as `[[expect]]` and `pql score --fail-if` write them.
//!
//! A model alone says which names there are, so that a condition is typed before an event is read.

use crate::{
    EntityKind, PerKind,
    diag::near_miss,
    number_condition::{NO_NUMBER, NumberVocabulary, UnknownNumber},
    resolved::Level,
};

/// One number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunNumber {
    /// The hours from the newest event to `as_of`; with `latest`, to the present.
    StaleHours,
    /// Events that count.
    Events,
    /// Events that count on the last date.
    EventsLastDay,
    /// Events that share an id with an event of other content.
    IdConflict,
    /// Records that are copies of events.
    Duplicate,
    /// Records that were rejected.
    Rejected,
    /// The share of records that were rejected.
    RejectedShare,
    /// Files of events without a byte.
    EmptyFiles,
    /// The share of the rows of an enrichment file whose user or account has events.
    Matched(EntityKind),
    /// The share of users or accounts with a row in the enrichment file.
    Enriched(EntityKind),
    /// Users or accounts.
    Entities(EntityKind),
    /// Users or accounts in a qualified tier.
    Qualified(EntityKind, NumberScale),
    /// Users or accounts in a tier, by its place in the model.
    InTier(EntityKind, usize, NumberScale),
    /// Signals that paid somebody in the run before, and pay nobody now.
    SilentSignals,
    /// A number of the run before, by its place in the vocabulary.
    Previous(usize),
}

impl RunNumber {
    /// Whether only a record of earlier runs gives it.
    pub fn needs_record(self) -> bool {
        matches!(self, RunNumber::SilentSignals | RunNumber::Previous(_))
    }
}

/// A count, or the share of all users or accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberScale {
    /// How many.
    Count,
    /// The share of all, from 0 to 1.
    Share,
}

/// The numbers that every model has, but for those of levels.
const OF_EVERY_RUN: [(&str, RunNumber); 9] = [
    ("stale_hours", RunNumber::StaleHours),
    ("events", RunNumber::Events),
    ("events_last_day", RunNumber::EventsLastDay),
    ("id_conflict", RunNumber::IdConflict),
    ("duplicate", RunNumber::Duplicate),
    ("rejected", RunNumber::Rejected),
    ("rejected_share", RunNumber::RejectedShare),
    ("empty_files", RunNumber::EmptyFiles),
    ("signals_silent", RunNumber::SilentSignals),
];

/// What a number of the run before begins with.
const PREVIOUS: &str = "previous_";

/// The names of a run's numbers under one model.
#[derive(Debug)]
pub struct RunVocabulary {
    names: Vec<(String, RunNumber)>,
}

impl RunVocabulary {
    /// The names under a model with these levels.
    pub fn new(levels: &PerKind<Level>) -> RunVocabulary {
        let mut names: Vec<(String, RunNumber)> =
            OF_EVERY_RUN.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
        for kind in EntityKind::ALL {
            let many = kind.plural();
            names.push((many.to_owned(), RunNumber::Entities(kind)));
            names.push((format!("matched_{many}_share"), RunNumber::Matched(kind)));
            names.push((format!("enriched_{many}_share"), RunNumber::Enriched(kind)));
            for (scale, suffix) in [(NumberScale::Count, ""), (NumberScale::Share, "_share")] {
                names.push((format!("qualified_{many}{suffix}"), RunNumber::Qualified(kind, scale)));
                let tiers = levels[kind].tiers.iter().enumerate();
                names.extend(tiers.map(|(place, tier)| {
                    (format!("{}_{many}{suffix}", tier.name), RunNumber::InTier(kind, place, scale))
                }));
            }
        }
        RunVocabulary { names }
    }

    /// The number at a place.
    pub fn at(&self, place: usize) -> Option<RunNumber> {
        self.names.get(place).map(|(_, number)| *number)
    }

    fn named(&self, name: &str) -> Option<RunNumber> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, number)| *number)
    }
}

impl NumberVocabulary for RunVocabulary {
    type Number = RunNumber;

    /// A tier whose name makes a name that every model has, such as `qualified`, cannot be named.
    fn find_number(&self, path: &[String]) -> Result<(RunNumber, String), UnknownNumber> {
        let written = path.join(".");
        if let Some(number) = self.named(&written) {
            return Ok((number, written));
        }
        let before = written.strip_prefix(PREVIOUS);
        if let Some(place) = before.and_then(|name| self.names.iter().position(|(known, _)| known == name)) {
            return Ok((RunNumber::Previous(place), written));
        }
        let near = near_miss(before.unwrap_or(&written), self.names.iter().map(|(name, _)| name.as_str()));
        let near = near.map(|near| if before.is_some() { format!("{PREVIOUS}{near}") } else { near });
        Err(UnknownNumber {
            message: format!("{NO_NUMBER} `{written}` of a run"),
            label: "nothing has this name",
            help: near.map_or_else(
                || "names are stale_hours, events, rejected_share, users, qualified_users, TIER_users, TIER_users_share and more; `pql score --help` lists them".to_owned(),
                |near| format!("a name that exists is `{near}`"),
            ),
        })
    }
}
