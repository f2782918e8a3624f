//! Counts of lines by file and bucket.

use pql_model::units::Day;

use super::{
    dedupe::DedupeVerdict,
    event_batch::{EventHeader, OwnerKind},
};

/// Lines of one file by bucket. Counts of one worker may be negative: when the earlier file of two
/// duplicates is read second, the worker moves a count from one file to the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// All lines.
    pub records: i64,
    /// Lines of white space only.
    pub blank: i64,
    /// Lines that are not valid records.
    pub rejected: i64,
    /// Lines of users excluded by id.
    pub excluded: i64,
    /// Lines at or after `as_of`.
    pub after_as_of: i64,
    /// Lines of type identify, group or alias.
    pub identity: i64,
    /// Duplicates of events.
    pub duplicate: i64,
    /// Events without user, visitor and account, which can be credited to no entity.
    pub anonymous: i64,
    /// Events that are folded.
    pub events: i64,
    /// Accounts that events name beside the first.
    pub(crate) more_accounts: i64,
}

impl FileCounts {
    /// Adds the counts of another part of the file.
    pub fn add(&mut self, other: &FileCounts) {
        self.records += other.records;
        self.blank += other.blank;
        self.rejected += other.rejected;
        self.excluded += other.excluded;
        self.after_as_of += other.after_as_of;
        self.identity += other.identity;
        self.duplicate += other.duplicate;
        self.anonymous += other.anonymous;
        self.events += other.events;
        self.more_accounts += other.more_accounts;
    }
}

/// Lines by file and bucket, and counted events by the plan of their name. Entries beyond the end
/// of either list are zero.
#[derive(Debug, Clone, Default)]
pub(super) struct FoldCounts {
    pub(super) files: Vec<FileCounts>,
    pub(super) names: Vec<u64>,
    pub(super) newest_day: DayEvents,
}

/// The events of the newest local date that has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayEvents {
    pub(crate) day: Day,
    pub(crate) events: u64,
}

impl Default for DayEvents {
    fn default() -> DayEvents {
        DayEvents { day: Day::MIN, events: 0 }
    }
}

impl DayEvents {
    /// Adds the events of a date. Only the newest date is kept.
    pub(super) fn add(&mut self, other: DayEvents) {
        if other.day > self.day {
            *self = other;
        } else if other.day == self.day {
            self.events += other.events;
        }
    }

    /// Takes out events that were added before. Those of an older date are not here.
    pub(crate) fn remove(&mut self, other: DayEvents) {
        if other.day == self.day {
            self.events -= other.events;
        }
    }
}

impl FoldCounts {
    /// The counts of a file.
    pub(super) fn file_mut(&mut self, file: u32) -> &mut FileCounts {
        let file = file as usize;
        if file >= self.files.len() {
            self.files.resize(file + 1, FileCounts::default());
        }
        &mut self.files[file]
    }

    /// Adds the counts of another part of the run.
    pub(super) fn add(&mut self, other: &FoldCounts) {
        self.files.resize(self.files.len().max(other.files.len()), FileCounts::default());
        self.files.iter_mut().zip(&other.files).for_each(|(mine, theirs)| mine.add(theirs));
        self.names.resize(self.names.len().max(other.names.len()), 0);
        self.names.iter_mut().zip(&other.names).for_each(|(mine, theirs)| *mine += theirs);
        self.newest_day.add(other.newest_day);
    }

    /// Counts an event in its bucket.
    pub(super) fn count(&mut self, image: &EventHeader, verdict: DedupeVerdict) {
        let anonymous = image.has_flag(EventHeader::UNATTRIBUTED) && image.owner_kind() == OwnerKind::Nobody;
        let bucket = |counts: &mut FileCounts, by: i64| match anonymous {
            true => counts.anonymous += by,
            false => counts.events += by,
        };
        let counts = self.file_mut(image.file);
        bucket(counts, 1);
        match verdict {
            DedupeVerdict::New => {
                counts.more_accounts += i64::from(image.more_accounts);
                let plan = image.plan();
                if plan >= self.names.len() {
                    self.names.resize(plan + 1, 0);
                }
                self.names[plan] += 1;
                if !anonymous {
                    self.newest_day.add(DayEvents { day: image.day, events: 1 });
                }
            }
            DedupeVerdict::Duplicate(loser) => {
                let counts = self.file_mut(loser);
                counts.duplicate += 1;
                bucket(counts, -1);
            }
        }
    }
}

/// The buckets that a line leaves if its user turns out to be excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineBucket {
    /// Lines at or after `as_of`.
    AfterAsOf,
    /// Lines of type identify, group or alias.
    Identity,
    /// Duplicates of events.
    Duplicate,
    /// Events that are folded.
    Events,
}

impl LineBucket {
    /// The count of the bucket.
    pub(crate) fn count_mut(self, counts: &mut FileCounts) -> &mut i64 {
        match self {
            LineBucket::AfterAsOf => &mut counts.after_as_of,
            LineBucket::Identity => &mut counts.identity,
            LineBucket::Duplicate => &mut counts.duplicate,
            LineBucket::Events => &mut counts.events,
        }
    }
}
