//! Events as integers, on their way from the worker that decoded them to their shard.
//!
//! [`EventBatch`] queues events of one shard. A batched event holds all that folding needs: the
//! filters that it passes, its values, its raw id. It borrows nothing from the line, so it may
//! wait. [`EventProgram`] is compiled from the plan of an event name. It lists the values to
//! extract and the updates to make for each filter.
//!
//! ```text
//!  head: 6 words | [file] | [visitor, more accounts] | raw id | filters passed | values
//! ```

use super::{
    accumulators::NO_TEXT,
    bits::{halves, join_halves, padded},
    dedupe::EventFingerprint,
};
use crate::plan::{AggregateOp, AggregationPlan, CellId, CellKind, EventMatch, NamePlan, ValueId};
use pql_model::{
    expr::ValueType,
    units::{Day, Micros},
};

/// The word of a null value. No intern number, packed value or finite double equals it.
pub(super) const NULL: u64 = u64::MAX;

/// The kind of an event's owner, which selects the table for its raw id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnerKind {
    User,
    Visitor,
    Nobody,
}

/// The fixed fields of one event. Its raw id and values follow in the batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventHeader {
    /// The hash of the raw id, 0 without one.
    pub(super) hash: u64,
    /// Hashes of the event's id and content; meaningful only with [`EventHeader::HAS_FINGERPRINT`].
    pub(super) raw_fingerprint: EventFingerprint,
    pub(super) at: Micros,
    pub(super) account: u32,
    pub(super) day: Day,
    pub(super) file: u32,
    /// The visitor id beside a user, interned, or [`NO_TEXT`].
    pub(super) visitor: u32,
    /// Accounts that the event names beside the first.
    pub(super) more_accounts: u32,
    /// The flags below, and from [`EventHeader::PLAN_SHIFT`] on the plan of the event's name.
    pub(super) flags: u32,
}

/// Words of the head that every batched event has.
const HEAD: usize = 6;

impl EventHeader {
    /// The owner is a user.
    const USER: u32 = 1;
    /// The owner is a visitor.
    const VISITOR: u32 = 1 << 1;
    /// The event is activity.
    pub(super) const ACTIVE: u32 = 1 << 2;
    /// The event starts an entity.
    pub(super) const STARTS: u32 = 1 << 3;
    /// The event names neither a user nor an account.
    pub(super) const UNATTRIBUTED: u32 = 1 << 4;
    /// The event has an id, and the model asks for the check for duplicates.
    pub(super) const HAS_FINGERPRINT: u32 = 1 << 5;
    /// Set in a batch only: the event comes from another file than the one before.
    const OTHER_FILE: u32 = 1 << 6;
    /// Set in a batch only: the event has a visitor beside a user, or several accounts.
    const HAS_EXTRAS: u32 = 1 << 7;
    /// Flags that say where an event stands in its batch.
    const OF_BATCH: u32 = EventHeader::OTHER_FILE | EventHeader::HAS_EXTRAS;
    const PLAN_SHIFT: u32 = 8;
    /// The number of plans that the upper bits of the flags can address.
    pub(super) const PLANS_MAX: usize = 1 << (u32::BITS - EventHeader::PLAN_SHIFT);

    /// The flags for a plan and an owner.
    pub(super) fn owner_flags(plan: usize, whose: OwnerKind) -> u32 {
        let whose = match whose {
            OwnerKind::User => EventHeader::USER,
            OwnerKind::Visitor => EventHeader::VISITOR,
            OwnerKind::Nobody => 0,
        };
        (plan as u32) << EventHeader::PLAN_SHIFT | whose
    }

    pub(super) fn has_flag(&self, mark: u32) -> bool {
        self.flags & mark != 0
    }

    pub(super) fn plan(&self) -> usize {
        (self.flags >> EventHeader::PLAN_SHIFT) as usize
    }

    /// The fingerprint, if the event takes part in the check for duplicates.
    #[inline]
    pub(super) fn fingerprint(&self) -> Option<EventFingerprint> {
        self.has_flag(EventHeader::HAS_FINGERPRINT).then_some(self.raw_fingerprint)
    }

    pub(super) fn owner_kind(&self) -> OwnerKind {
        match self.flags & (EventHeader::USER | EventHeader::VISITOR) {
            EventHeader::USER => OwnerKind::User,
            EventHeader::VISITOR => OwnerKind::Visitor,
            _ => OwnerKind::Nobody,
        }
    }
}

/// One event of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchedEvent<'b> {
    pub(super) image: EventHeader,
    /// Bits of the filters passed, then the values that the event's program loads.
    pub(super) words: &'b [u64],
    /// The raw id as UTF-8.
    pub(super) id: &'b [u8],
}

/// Events of one shard that wait to be folded.
///
/// They lie back to back in one allocation. There is a batch per shard and worker, so each write
/// should touch little memory; fields that few events have are stored for those only.
#[derive(Debug)]
pub(super) struct EventBatch {
    words: Vec<u64>,
    /// The number of events.
    pub(super) event_count: usize,
    /// The file of the last event, or [`NO_FILE`].
    file: u32,
}

/// No file has this number.
const NO_FILE: u32 = u32::MAX;

impl Default for EventBatch {
    fn default() -> EventBatch {
        EventBatch { words: Vec::new(), event_count: 0, file: NO_FILE }
    }
}

impl EventBatch {
    /// Adds an event. Returns the words of its program, initialised with `blank`, for the caller to
    /// fill.
    #[inline]
    pub(super) fn push(&mut self, image: &EventHeader, id: &[u8], blank: &[u64]) -> &mut [u64] {
        let EventHeader {
            hash,
            raw_fingerprint: (by_id, by_content),
            at,
            account,
            day,
            file,
            visitor,
            more_accounts,
            flags: mut marks,
        } = *image;
        let length = u32::try_from(id.len()).unwrap_or(u32::MAX);
        assert!(length < u32::MAX, "a line is shorter than 2^32 bytes, and so is every text in it");
        let (chunks, rest) = id.as_chunks();
        self.words.reserve(HEAD + 2 + chunks.len() + 1 + blank.len());
        self.event_count += 1;
        let (other_file, more) = (file != self.file, visitor != NO_TEXT || more_accounts != 0);
        marks |= if other_file { EventHeader::OTHER_FILE } else { 0 } | if more { EventHeader::HAS_EXTRAS } else { 0 };
        self.words.extend_from_slice(&[
            hash,
            by_id,
            by_content,
            at.cast_unsigned(),
            join_halves(account, day.cast_unsigned()),
            join_halves(length, marks),
        ]);
        if other_file {
            self.file = file;
            self.words.push(u64::from(file));
        }
        if more {
            self.words.push(join_halves(visitor, more_accounts));
        }
        // A loop, because a raw id has few chunks.
        chunks.iter().for_each(|chunk| self.words.push(u64::from_ne_bytes(*chunk)));
        if !rest.is_empty() {
            self.words.push(padded(rest).to_le());
        }
        let start = self.words.len();
        blank.iter().for_each(|word| self.words.push(*word));
        &mut self.words[start..]
    }

    /// A batch from the words of another one.
    pub(super) fn from_words(words: Vec<u64>, event_count: usize) -> EventBatch {
        EventBatch { words, event_count, file: NO_FILE }
    }

    /// The words of all events, as bytes of this machine's order.
    pub(super) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }

    /// Adds an event of another batch.
    pub(super) fn push_batched(&mut self, event: &BatchedEvent<'_>) {
        let image = EventHeader { flags: event.image.flags & !EventHeader::OF_BATCH, ..event.image };
        self.push(&image, event.id, event.words);
    }

    /// The last word written.
    #[inline(always)]
    pub(super) fn last(&self) -> Option<u64> {
        self.words.last().copied()
    }

    /// The events, in the order in which they were added.
    #[inline]
    pub(super) fn iter<'b>(&'b self, recipes: &'b [EventProgram]) -> EventBatchIter<'b> {
        EventBatchIter { rest: &self.words, recipes, file: NO_FILE }
    }

    /// The fingerprints of the events that have one.
    pub(super) fn fingerprints<'b>(
        &'b self,
        recipes: &'b [EventProgram],
    ) -> impl Iterator<Item = EventFingerprint> + 'b {
        self.iter(recipes).filter_map(|waiting| waiting.image.fingerprint())
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.event_count = 0;
        self.file = NO_FILE;
    }
}

/// Iterates over the events of a batch.
#[derive(Debug)]
pub(super) struct EventBatchIter<'b> {
    rest: &'b [u64],
    recipes: &'b [EventProgram],
    /// The file of the event before.
    file: u32,
}

impl<'b> Iterator for EventBatchIter<'b> {
    type Item = BatchedEvent<'b>;

    #[inline(always)]
    fn next(&mut self) -> Option<BatchedEvent<'b>> {
        let (head, mut rest) = self.rest.split_first_chunk::<HEAD>()?;
        let [hash, by_id, by_content, at, account_day, length_marks] = *head;
        let ((account, day), (length, marks)) = (halves(account_day), halves(length_marks));
        let mut image = EventHeader {
            hash,
            raw_fingerprint: (by_id, by_content),
            at: at.cast_signed(),
            account,
            day: day.cast_signed(),
            file: self.file,
            visitor: NO_TEXT,
            more_accounts: 0,
            flags: marks,
        };
        if image.has_flag(EventHeader::OTHER_FILE) {
            (image.file, _) = halves(rest[0]);
            self.file = image.file;
            rest = &rest[1..];
        }
        if image.has_flag(EventHeader::HAS_EXTRAS) {
            (image.visitor, image.more_accounts) = halves(rest[0]);
            rest = &rest[1..];
        }
        let (id, rest) = rest.split_at((length as usize).div_ceil(size_of::<u64>()));
        let (words, rest) = rest.split_at(self.recipes[image.plan()].words());
        self.rest = rest;
        Some(BatchedEvent { image, words, id: &bytemuck::cast_slice(id)[..length as usize] })
    }
}

/// The form in which a value is extracted from an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueLoad {
    /// As an interned text.
    Text(ValueId),
    /// As the bits of a double.
    Number(ValueId),
    /// As packed by [`super::accumulators::pack`].
    Packed(ValueId),
}

/// The update of one cell for an event that passes a filter. Values are indexes into the event's
/// words.
#[derive(Debug, Clone, Copy)]
pub(super) enum CellUpdate {
    Count(usize),
    First(usize),
    Last(usize),
    Days(usize),
    Tally { cell: CellId, daily: bool, value: Option<usize> },
    Number { cell: CellId, daily: bool, value: usize },
    Edge { cell: CellId, daily: bool, value: Option<usize>, last: bool, kind: ValueType },
    Keyed { cell: CellId, daily: bool, key: usize, value: usize },
    Moment { cell: CellId, steps: u16, same: Option<usize> },
}

/// The program for events of one name: the words that a batched event holds, and the updates to
/// make.
#[derive(Debug, Default)]
pub(super) struct EventProgram {
    /// The number of words that hold a bit per filter.
    pub(super) pass_words: usize,
    pub(super) loads: Vec<ValueLoad>,
    /// For events that are not activity and for those that are: the initial words, in which
    /// unconditional filters are passed already, and the loads that these filters need.
    pub(super) unconditional: [(Vec<u64>, Vec<usize>); 2],
    /// The indexes of filters with a condition.
    pub(super) conditional: Vec<usize>,
    /// For each filter the loads that it needs and its updates.
    pub(super) filters: Vec<(Vec<usize>, Vec<CellUpdate>)>,
}

impl EventProgram {
    /// The number of words per batched event.
    #[inline(always)]
    fn words(&self) -> usize {
        self.pass_words + self.loads.len()
    }

    /// Compiles the plan of an event name.
    pub(super) fn new(plan: &NamePlan, intake: &AggregationPlan) -> EventProgram {
        let mut recipe = EventProgram { pass_words: plan.filters.len().div_ceil(64), ..EventProgram::default() };
        for one in &plan.filters {
            let first_words = recipe.pass_words;
            let mut needs = Vec::new();
            let mut load = |load: ValueLoad| {
                let known = recipe.loads.iter().position(|known| *known == load);
                let at = known.unwrap_or_else(|| {
                    recipe.loads.push(load);
                    recipe.loads.len() - 1
                });
                if !needs.contains(&at) {
                    needs.push(at);
                }
                first_words + at
            };
            let steps = one.ops.iter().map(|keep| match *keep {
                AggregateOp::Count(word) => CellUpdate::Count(word),
                AggregateOp::First(word) => CellUpdate::First(word),
                AggregateOp::Last(word) => CellUpdate::Last(word),
                AggregateOp::Days(set) => CellUpdate::Days(set),
                AggregateOp::Tally { cell, daily, value } => {
                    CellUpdate::Tally { cell, daily, value: value.map(|value| load(ValueLoad::Text(value))) }
                }
                AggregateOp::Number { cell, daily, value } => {
                    CellUpdate::Number { cell, daily, value: load(ValueLoad::Number(value)) }
                }
                AggregateOp::Edge { cell, daily, value } => {
                    let (last, kind) = edge_kind(intake, cell);
                    CellUpdate::Edge {
                        cell,
                        daily,
                        value: value.map(|value| load(ValueLoad::Packed(value))),
                        last,
                        kind,
                    }
                }
                AggregateOp::Keyed { cell, daily, key, value } => CellUpdate::Keyed {
                    cell,
                    daily,
                    key: load(ValueLoad::Text(key)),
                    value: load(ValueLoad::Packed(value)),
                },
                AggregateOp::Moment { cell, steps, same } => CellUpdate::Moment {
                    cell,
                    steps: steps as u16,
                    same: same.map(|value| load(ValueLoad::Text(value))),
                },
            });
            let steps = steps.collect();
            recipe.filters.push((needs, steps));
        }
        let mut blank = vec![0; recipe.pass_words];
        blank.resize(recipe.pass_words + recipe.loads.len(), NULL);
        recipe.unconditional = [(blank.clone(), Vec::new()), (blank, Vec::new())];
        for (index, one) in plan.filters.iter().enumerate() {
            if one.matches != EventMatch::Always || one.predicate.is_some() {
                recipe.conditional.push(index);
                continue;
            }
            for (words, needs) in recipe.unconditional.iter_mut().skip(usize::from(one.active)) {
                words[index / 64] |= 1 << (index % 64);
                needs.extend_from_slice(&recipe.filters[index].0);
            }
        }
        recipe
    }
}

/// For an edge cell: true if it keeps the last value, and the type of the value.
pub(crate) fn edge_kind(intake: &AggregationPlan, cell: CellId) -> (bool, ValueType) {
    match intake.cells[cell as usize] {
        CellKind::Edge { last, kind } => (last, kind),
        _ => unreachable!("edges are kept for cells of that kind only"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn image(number: u32, plan: usize) -> EventHeader {
        let (wide, day) = (u64::from(number) << 33 | 7, number.cast_signed() - 2);
        EventHeader {
            hash: wide,
            raw_fingerprint: (wide + 1, wide + 2),
            at: -wide.cast_signed(),
            account: number ^ 0x8000_0001,
            day,
            file: number / 3,
            visitor: NO_TEXT - number % 2,
            more_accounts: number % 3,
            flags: EventHeader::HAS_FINGERPRINT | EventHeader::owner_flags(plan, OwnerKind::User),
        }
    }

    proptest! {
        #[test]
        fn images_come_out_of_a_buffer_as_they_went_in(
            added in prop::collection::vec((prop_oneof!["[a-z]{0,20}", "\\PC{0,9}", "x{3000}"], prop::collection::vec(any::<u64>(), 0..5)), 0..9),
        ) {
            let recipes: Vec<EventProgram> = (0..5).map(|pass_words| EventProgram { pass_words, ..EventProgram::default() }).collect();
            let mut buffer = EventBatch::default();
            for _ in 0..2 {
                for (number, (id, words)) in added.iter().enumerate() {
                    let blank = vec![NULL; words.len()];
                    let filled = buffer.push(&image(number as u32, words.len()), id.as_bytes(), &blank);
                    prop_assert_eq!(&*filled, &blank[..]);
                    filled.copy_from_slice(words);
                }
                prop_assert_eq!(buffer.event_count, added.len());
                prop_assert_eq!(buffer.iter(&recipes).count(), added.len());
                for (number, (waiting, (id, words))) in buffer.iter(&recipes).zip(&added).enumerate() {
                    let mut found = waiting.image;
                    found.flags &= !(EventHeader::OTHER_FILE | EventHeader::HAS_EXTRAS);
                    prop_assert_eq!(format!("{found:?}"), format!("{:?}", image(number as u32, words.len())));
                    prop_assert_eq!((waiting.id, waiting.words), (id.as_bytes(), &words[..]));
                }
                prop_assert_eq!(buffer.fingerprints(&recipes).count(), added.len());
                buffer.clear();
            }
        }
    }
}
