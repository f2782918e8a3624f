//! What a record adds to a run: its changes and alerts, and numbers of the run before.

use std::collections::BTreeMap;

use super::{RunValues, run_values::share};
use pql_engine::{
    alerts::AlertCount,
    changes::{ChangeCause, ChangeKind, ChangeStep, EntityChange, ScoreChange, StandingView},
    emit::{RecordFacts, RecordedAlert},
    fold::FileCounts,
    record::{LevelSnapshot, ListRecord, PublishedList},
    record_folder::{LogEntry, LogStanding, StepPoints},
    runs::ConcludedRun,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind, PerKind,
    clock::format_instant,
    run_numbers::{NumberScale, RunNumber},
    units::{Points, plural},
};

/// A run with a record, concluded.
#[derive(Debug, Clone, Copy)]
pub struct RecordedOutcome<'r> {
    /// Its changes, its alerts and its record.
    pub concluded: &'r ConcludedRun,
    /// The run before; none in the first run of a record.
    pub before: Option<&'r ListRecord>,
    /// Counts of the run before, by name.
    pub counts_before: Option<&'r BTreeMap<String, u64>>,
    /// Rows of files of which this run writes only what changed, as the run before published them.
    pub lists_before: &'r [PublishedList],
    /// Whether it repeats the newest run.
    pub is_repeated: bool,
    /// Whether the run before had another model.
    pub has_other_model: bool,
}

/// Counts that a later run may ask for, by the names of [`RunNumber`]s.
pub fn counts_to_record(values: &RunValues<'_>) -> Vec<(&'static str, u64)> {
    let rows = EntityKind::ALL.map(|kind| values.rows(kind).map(|rows| (rows_name(kind), rows.total())));
    let mut counts = vec![
        (EVENTS, values.events()),
        (EVENTS_LAST_DAY, values.run.scored.events_last_day()),
        (RECORDS, values.counted(|file| file.records)),
        (REJECTED, values.counted(|file| file.rejected)),
        (DUPLICATE, values.counted(|file| file.duplicate)),
        (ID_CONFLICT, values.id_conflict()),
        (EMPTY_FILES, values.empty_files() as u64),
    ];
    counts.extend(rows.into_iter().flatten());
    counts
}

/// Those of the counts that a replayed run knows.
pub fn counts_of_replayed(scored: &ScoredEntities<'_>) -> Vec<(&'static str, u64)> {
    let counted =
        |bucket: fn(&FileCounts) -> i64| scored.entities.counts.iter().map(bucket).sum::<i64>().unsigned_abs();
    vec![
        (EVENTS, counted(|file| file.events)),
        (EVENTS_LAST_DAY, scored.events_last_day()),
        (RECORDS, counted(|file| file.records)),
        (REJECTED, counted(|file| file.rejected)),
        (DUPLICATE, counted(|file| file.duplicate)),
    ]
}

/// The name of the count of rows in a file of users or accounts.
fn rows_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "rows_of_users",
        EntityKind::Account => "rows_of_accounts",
    }
}

const EVENTS: &str = "events";
const EVENTS_LAST_DAY: &str = "events_last_day";
const RECORDS: &str = "records";
const REJECTED: &str = "rejected";
const EMPTY_FILES: &str = "empty_files";
const DUPLICATE: &str = "duplicate";
const ID_CONFLICT: &str = "id_conflict";

/// The changes of scores and tiers, as the log of the record keeps them.
pub fn log_entries(moved: &[ScoreChange]) -> Vec<LogEntry> {
    moved.iter().map(log_entry).collect()
}

fn log_entry(change: &ScoreChange) -> LogEntry {
    let standing = |view: &StandingView| LogStanding { score: view.score, tier: view.tier.as_deref().map(Box::from) };
    let mut signals: Vec<(Box<str>, StepPoints)> = Vec::new();
    for reason in &change.reasons {
        let known = signals.iter().position(|(name, _)| **name == reason.source);
        let place = known.unwrap_or_else(|| {
            signals.push((reason.source.as_str().into(), StepPoints::default()));
            signals.len() - 1
        });
        let points = &mut signals[place].1;
        let of_step = match reason.step {
            ChangeStep::Time => &mut points.time,
            ChangeStep::Events => &mut points.events,
            ChangeStep::Traits => &mut points.traits,
            ChangeStep::Model => &mut points.model,
        };
        *of_step = reason.points;
    }
    LogEntry {
        kind: change.level,
        id: change.id.as_str().into(),
        account: change.account.as_deref().map(Box::from),
        before: change.before.as_ref().map(standing),
        now: change.now.as_ref().map(standing),
        signals,
    }
}

impl RecordedOutcome<'_> {
    /// The number of signals that paid somebody in the run before and pay nobody now.
    pub(super) fn silent_signals(&self) -> Option<f64> {
        let before = self.before?;
        let now = &self.concluded.list;
        let silent = EntityKind::ALL.into_iter().map(|kind| {
            let paid_now = paying(&now.levels[kind].snapshot);
            let paid_before = paying(&before.levels[kind].snapshot);
            paid_before.into_iter().filter(|name| !paid_now.contains(name)).count()
        });
        Some(silent.sum::<usize>() as f64)
    }

    /// The rows that the file of users or accounts had in the run before.
    pub(super) fn rows_before(&self, kind: EntityKind) -> Option<u64> {
        self.counts_before?.get(rows_name(kind)).copied()
    }

    /// A number of the run before.
    pub(super) fn previous(&self, number: RunNumber) -> Option<f64> {
        let before = self.before?;
        let count = |name: &str| self.counts_before?.get(name).copied();
        let level = |kind: EntityKind| &before.levels[kind].snapshot;
        let all = |kind: EntityKind| level(kind).standings.len() as u64;
        let scaled = |kind: EntityKind, part: u64, scale: NumberScale| match scale {
            NumberScale::Count => Some(part as f64),
            NumberScale::Share => share(part, all(kind)),
        };
        match number {
            RunNumber::Events => count(EVENTS).map(|count| count as f64),
            RunNumber::EventsLastDay => count(EVENTS_LAST_DAY).map(|count| count as f64),
            RunNumber::IdConflict => count(ID_CONFLICT).map(|count| count as f64),
            RunNumber::Duplicate => count(DUPLICATE).map(|count| count as f64),
            RunNumber::Rejected => count(REJECTED).map(|count| count as f64),
            RunNumber::RejectedShare => share(count(REJECTED)?, count(RECORDS)?),
            RunNumber::EmptyFiles => count(EMPTY_FILES).map(|count| count as f64),
            RunNumber::Entities(kind) => Some(all(kind) as f64),
            RunNumber::Qualified(kind, scale) => scaled(kind, qualified(level(kind)), scale),
            RunNumber::InTier(kind, place, scale) => {
                let name = self.concluded.list.levels[kind].snapshot.tiers.get(place)?.name.as_str();
                scaled(kind, in_tier(level(kind), name), scale)
            }
            RunNumber::StaleHours
            | RunNumber::Matched(_)
            | RunNumber::Enriched(_)
            | RunNumber::SilentSignals
            | RunNumber::Previous(_) => None,
        }
    }

    /// In words: how many changed since the run before and how, and how many alerts fired; one or two lines.
    pub fn news(&self) -> Vec<String> {
        let changes = &self.concluded.changes;
        let Some(before) = self.before else {
            let (users, accounts) = (changes.unlisted.user, changes.unlisted.account);
            let (users, accounts) = (plural(users, "user", "users"), plural(accounts, "account", "accounts"));
            return vec![format!(
                "The record begins with {users} and {accounts}; changes and alerts come with the next run."
            )];
        };
        let newly = changes.changes.iter().filter(|change| change.newly_qualified()).count();
        let mut parts = vec![format!("{newly} newly qualified")];
        for kind in ChangeKind::ALL {
            let others = |change: &&EntityChange| change.kind == kind && !change.newly_qualified();
            let count = changes.changes.iter().filter(others).count();
            if count > 0 {
                parts.push(format!("{count} {}", kind.as_str()));
            }
        }
        let unlisted = changes.unlisted.user + changes.unlisted.account;
        if unlisted > 0 {
            parts.push(format!("{unlisted} new in the last tier (not listed)"));
        }
        let since = format_instant(before.as_of.instant);
        let first = format!("Since {since}: {}.", parts.join(", "));
        [Some(first), self.model_news(), self.alert_news()].into_iter().flatten().collect()
    }

    /// That the model is another one, and how many changes it caused; none with the same model.
    fn model_news(&self) -> Option<String> {
        let by_model = |change: &&EntityChange| change.cause == Some(ChangeCause::Step(ChangeStep::Model));
        let count = self.concluded.changes.changes.iter().filter(by_model).count() as u64;
        let changes = plural(count, "change is", "changes are");
        self.has_other_model.then(|| format!("The model changed since then, and {changes} due to that."))
    }

    /// How many alerts fired and wait; none in a model without alerts.
    fn alert_news(&self) -> Option<String> {
        let counts = &self.concluded.alerts.counts;
        if counts.is_empty() {
            return None;
        }
        let sum = |of: fn(&AlertCount) -> u64| counts.iter().map(of).sum::<u64>();
        let mut parts = vec![plural(sum(|one| one.fired), "alert", "alerts")];
        for (count, what) in [
            (sum(|one| one.waiting), "waiting for a cooldown or a limit"),
            (sum(|one| one.dropped), "dropped after waiting for too long"),
            (sum(|one| one.noted), "noted in the first run with the alert"),
            (sum(|one| one.lapsed), "fired when this run was made before, which no longer hold"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        Some(format!("{}.", parts.join(", ")))
    }

    /// What the record of the run says of it.
    pub(super) fn facts(&self) -> RecordFacts {
        let changes = &self.concluded.changes;
        let of_kind = |kind: ChangeKind| {
            let count = changes.changes.iter().filter(|change| change.kind == kind).count();
            (kind.as_str(), count as u64)
        };
        let alerts = self.concluded.alerts.counts.iter().map(|count| RecordedAlert {
            level: count.level.word(),
            name: count.alert.clone(),
            fired: count.fired,
            waiting: count.waiting,
            dropped: count.dropped,
            noted: count.noted,
            lapsed: count.lapsed,
        });
        RecordFacts {
            goes_on_from: self.before.map(|before| format_instant(before.as_of.instant)),
            is_repeated: self.is_repeated,
            newly_qualified: changes.changes.iter().filter(|change| change.newly_qualified()).count() as u64,
            changes: ChangeKind::ALL.map(of_kind).to_vec(),
            unlisted: PerKind { user: changes.unlisted.user, account: changes.unlisted.account },
            alerts: alerts.collect(),
        }
    }
}

/// The names of what pays anybody.
fn paying(level: &LevelSnapshot) -> std::collections::BTreeSet<&str> {
    let paid = level.standings.iter().flat_map(|standing| &standing.amounts);
    let places: std::collections::BTreeSet<u32> =
        paid.filter(|(_, points)| *points != Points::ZERO).map(|(place, _)| *place).collect();
    let names = places.into_iter().filter_map(|place| level.point_sources.get(place as usize));
    names.map(String::as_str).filter(|name| !name.starts_with("cap:")).collect()
}

fn qualified(level: &LevelSnapshot) -> u64 {
    level.standings.iter().filter(|standing| level.qualifies(standing)).count() as u64
}

/// Suppressed entities stay in their tier and out of counts.
fn in_tier(level: &LevelSnapshot, name: &str) -> u64 {
    let is_in =
        |standing: &&pql_engine::record::EntityStanding| level.tier(standing).is_some_and(|tier| tier.name == name);
    level.standings.iter().filter(is_in).count() as u64
}
