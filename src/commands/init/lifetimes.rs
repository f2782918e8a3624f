//! Which events of a dump stopped long before its end, and which began when they did: an event that was renamed has both.

use pql_engine::inspect::dataset_profile::{DatasetProfile, EventProfile};
use pql_model::{
    clock::format_instant,
    units::{DAY_US, Micros},
};

/// The shortest time without an event after which one has stopped; microseconds. It is also this part of the time of the dump, and this many times the
/// time between two of its events.
const SILENCE_MIN: Micros = 21 * DAY_US;
const SILENCE_PART: Micros = 6;
const SILENCE_INTERVALS: Micros = 10;

/// Before and after a release, old and new clients send both names.
const OVERLAP_MAX: Micros = 21 * DAY_US;

/// The most frequent names, whose last events say where the dump ends, whatever single events of the future say.
const NAMES_OF_END: usize = 10;

/// The time that the events of a dump cover.
#[derive(Debug, Clone, Copy)]
pub(super) struct DumpLifetime {
    first: Micros,
    end: Micros,
}

impl DumpLifetime {
    pub(super) fn of(survey: &DatasetProfile) -> DumpLifetime {
        let names = survey.sorted_names();
        let mut lasts: Vec<Micros> = names.iter().take(NAMES_OF_END).map(|(_, profile)| profile.last).collect();
        lasts.sort_unstable();
        let first = survey.range.map_or(0, |(first, _)| first);
        DumpLifetime { first, end: lasts.get(lasts.len() / 2).copied().unwrap_or(first) }
    }

    /// Whether an event stopped long before the end.
    pub(super) fn has_stopped(self, profile: &EventProfile) -> bool {
        let interval = (profile.last - profile.first) / i64::try_from(profile.count.max(1)).unwrap_or(Micros::MAX);
        let silence = self.end.saturating_sub(profile.last);
        profile.count > 1
            && silence >= SILENCE_MIN
            && silence >= (self.end - self.first) / SILENCE_PART
            && silence >= interval.saturating_mul(SILENCE_INTERVALS)
    }

    /// Whether the last event of a name came about at an instant, or later.
    pub(super) fn ends_about(self, profile: &EventProfile, at: Micros) -> bool {
        profile.last >= at - OVERLAP_MAX
    }

    /// Whether an event lives, and began about when another one stopped.
    pub(super) fn succeeds(self, new: &EventProfile, old: &EventProfile) -> bool {
        self.has_stopped(old) && !self.has_stopped(new) && (new.first - old.last).abs() <= OVERLAP_MAX
    }
}

/// The date of an instant in UTC.
pub(super) fn date_of(at: Micros) -> String {
    format_instant(at).chars().take(10).collect()
}
