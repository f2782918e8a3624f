//! One shard of the state: raw ids, their rows, and the code that folds an event into them.
//!
//! A [`StateRow`] belongs to a raw id and the account that its events name. Events that name no
//! account have a row per local date. The account that they are credited to depends on what the
//! user named around that date. Users and visitors have separate rows. `entity` joins raw ids when
//! it reads the state, so a join learnt on the last line needs no second pass.
//!
//! **Law**: rows form a commutative monoid. A row that no event was folded into is the zero, and
//! every cell merges by itself: sum, minimum, maximum, union, or sum by key. So any thread may fold
//! any event at any time.

use super::{
    account_timeline::AccountMention,
    accumulators::{EventInstant, NO_TEXT, NumberStats, TallyKey, TallyMap, TimedValue, UNDATED, add_count},
    day_set::DaySet,
    dedupe::{DedupeTable, DedupeVerdict},
    event_batch::{BatchedEvent, CellUpdate, EventBatch, EventHeader, EventProgram, NULL, OwnerKind},
    id_state::{IdState, IdTable},
    intern_cache::{SharedInterner, TextOrder},
    line_counts::{DayEvents, LineBucket},
    small_map::SmallMap,
};
use crate::{
    decode::HashSeed,
    plan::{ACTIVITY_DAYS, AggregationPlan, CellId, WordKind, word},
};
use pql_model::{
    expr::ValueType,
    units::{Day, Micros},
};

/// The number of shards, a power of two.
pub const SHARD_COUNT: usize = 256;

/// The account of rows whose events name none.
pub const NO_ACCOUNT: u32 = u32::MAX;

/// The date of rows whose events name an account.
pub const ANY_DAY: Day = Day::MIN;

/// Up to this number of raw ids the rows of a shard stay in the near caches. A batch is then folded
/// in the order of its events. Beyond it the batch is first sorted by raw id. In a run over 20 M
/// events of 1 M users, sorting took 15 % off the time and added 8 % of memory; with fewer ids it
/// costs more than it saves.
const UNSORTED_IDS_MAX: usize = 1024;

/// The owner of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowOwner {
    /// A user, by the number of the raw id in its shard.
    User(u32),
    /// A visitor, by the number of the raw id in its shard.
    Visitor(u32),
    /// No raw id: the records name neither a user nor a visitor.
    #[default]
    Nobody,
}

/// The state of one raw id and named account, or of one raw id and date.
#[derive(Debug, Clone)]
pub struct StateRow {
    /// The raw id that the row belongs to.
    pub owner: RowOwner,
    /// The named account, or [`NO_ACCOUNT`].
    pub account: u32,
    /// The local date of a row without an account, else [`ANY_DAY`].
    pub day: Day,
    /// Counts by cell, date and value.
    pub(crate) tally: TallyMap,
    /// Cells that few rows have.
    pub(crate) sparse: Option<Box<SparseCells>>,
}

/// Cells that few rows have.
#[derive(Debug, Clone, Default)]
pub struct SparseCells {
    /// Numbers by cell and date.
    pub(crate) numbers: SmallMap<(CellId, Day), NumberStats>,
    /// First or last values by cell and date.
    pub(crate) edges: SmallMap<(CellId, Day), TimedValue>,
    /// The last numbers by cell, date and the interned text of a property.
    pub(crate) keyed: SmallMap<(CellId, Day, u32), TimedValue>,
    /// Instants, unordered.
    pub(crate) moments: Vec<EventInstant>,
}

/// One shard of the state.
#[derive(Debug, Clone)]
pub struct Shard {
    /// Raw ids of users.
    pub users: IdTable,
    /// Anonymous ids.
    pub visitors: IdTable,
    /// The index of rows whose records name neither.
    nobody: IdState,
    /// All rows.
    pub(crate) rows: Vec<StateRow>,
    /// Counts and instants of all rows, [`Shard::word_stride`] words each.
    words: Vec<i64>,
    /// Date sets of all rows, [`Shard::day_stride`] sets each.
    days: Vec<DaySet>,
    word_stride: usize,
    day_stride: usize,
    /// Fingerprints of the events so far.
    dedupe: DedupeTable,
}

/// The word of a missing instant where the smallest is kept.
pub const NO_FIRST: Micros = Micros::MAX;
/// The word of a missing instant where the largest is kept.
pub const NO_LAST: Micros = Micros::MIN;

fn zero(word: WordKind) -> i64 {
    match word {
        WordKind::Count => 0,
        WordKind::First => NO_FIRST,
        WordKind::Last => NO_LAST,
    }
}

impl Shard {
    pub(super) fn new(seed: &HashSeed, intake: &AggregationPlan) -> Shard {
        Shard {
            users: IdTable::new(seed),
            visitors: IdTable::new(seed),
            nobody: IdState::default(),
            rows: Vec::new(),
            words: Vec::new(),
            days: Vec::new(),
            word_stride: intake.words.len(),
            day_stride: intake.day_sets,
            dedupe: DedupeTable::default(),
        }
    }

    /// The number of raw ids.
    pub(super) fn raw_id_count(&self) -> usize {
        self.users.states.len() + self.visitors.states.len()
    }

    /// The state of an owner beside its rows.
    pub(crate) fn id_state_mut(&mut self, owner: RowOwner) -> &mut IdState {
        match owner {
            RowOwner::User(id) => &mut self.users.states[id as usize],
            RowOwner::Visitor(id) => &mut self.visitors.states[id as usize],
            RowOwner::Nobody => &mut self.nobody,
        }
    }

    /// The index of the row of an owner, account and date; adds a zero row if there is none yet.
    pub(crate) fn row(&mut self, owner: RowOwner, account: u32, day: Day, words: &[WordKind]) -> usize {
        if let Some(row) = self.id_state_mut(owner).row(account, day) {
            return row as usize;
        }
        let row = self.rows.len();
        self.rows.push(StateRow { owner, account, day, tally: TallyMap::default(), sparse: None });
        self.words.extend(words.iter().map(|word| zero(*word)));
        self.days.resize_with(self.days.len() + self.day_stride, DaySet::default);
        self.id_state_mut(owner).set_row(account, day, row as u32);
        row
    }

    /// The counts and instants of a row.
    pub(crate) fn words(&self, row: usize) -> &[i64] {
        &self.words[row * self.word_stride..(row + 1) * self.word_stride]
    }

    /// The date sets of a row.
    pub(crate) fn days(&self, row: usize) -> &[DaySet] {
        &self.days[row * self.day_stride..(row + 1) * self.day_stride]
    }
}

/// Read-only data that folding needs beside the shard.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShardContext<'c> {
    pub(super) recipes: &'c [EventProgram],
    pub(super) words: &'c [WordKind],
    pub(super) accounts: &'c SharedInterner,
    pub(super) texts: &'c SharedInterner,
    /// If set, lines are also counted per raw id.
    pub(super) by_person: bool,
}

/// Facts about a raw id that an event carries: the account that it names, the visitor beside a
/// user.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdAssociation {
    pub(super) at: Micros,
    pub(super) day: Day,
    pub(super) account: u32,
    /// An interned text, or [`NO_TEXT`].
    pub(super) visitor: u32,
}

impl Shard {
    /// The owner of a raw id, given as UTF-8; adds it if it is new.
    pub(super) fn intern_owner(&mut self, whose: OwnerKind, hash: u64, id: &[u8]) -> RowOwner {
        match whose {
            OwnerKind::User => RowOwner::User(self.users.intern(hash, id)),
            OwnerKind::Visitor => RowOwner::Visitor(self.visitors.intern(hash, id)),
            OwnerKind::Nobody => RowOwner::Nobody,
        }
    }

    /// Records the account and the visitor that an event names.
    pub(super) fn record_association(&mut self, owner: RowOwner, link: IdAssociation, accounts: &impl TextOrder) {
        if owner == RowOwner::Nobody {
            return;
        }
        let id_state = self.id_state_mut(owner);
        if link.account != NO_ACCOUNT {
            id_state
                .account_timeline
                .record(AccountMention { at: link.at, day: link.day, account: link.account }, accounts);
        }
        if link.visitor != NO_TEXT {
            id_state.details.get_or_insert_default().visitors_met.merge(link.visitor, (), |(), ()| {});
        }
    }

    /// Counts a line of a raw id that may turn out to be excluded.
    pub(super) fn count_line(&mut self, owner: RowOwner, file: u32, bucket: LineBucket, by: i64) {
        if owner != RowOwner::Nobody {
            let lines = &mut self.id_state_mut(owner).details.get_or_insert_default().lines;
            lines.merge((file, bucket), by, |known, more| *known += more);
        }
    }

    /// Counts an event of a visitor that names no account.
    fn count_unattributed(&mut self, owner: RowOwner, file: u32, by: i64) {
        let homeless = &mut self.id_state_mut(owner).details.get_or_insert_default().unattributed;
        homeless.merge(file, by, |known, more| *known += more);
    }

    /// Counts an event on its date, for a raw id whose events may not count in the end.
    fn count_on_day(&mut self, image: &EventHeader, owner: RowOwner, context: &ShardContext<'_>) {
        let one = DayEvents { day: image.day, events: 1 };
        if context.by_person && owner != RowOwner::Nobody {
            self.id_state_mut(owner).details.get_or_insert_default().newest_day.add(one);
        }
        if image.has_flag(EventHeader::UNATTRIBUTED) {
            self.id_state_mut(owner).details.get_or_insert_default().unattributed_day.add(one);
        }
    }

    /// Takes out the table of duplicates, once no more events are folded.
    pub(super) fn take_dedupe_table(&mut self) -> DedupeTable {
        std::mem::take(&mut self.dedupe)
    }

    /// Folds batches of events. Calls `tell` with each event and the verdict of the check for
    /// duplicates.
    pub(super) fn fold(
        &mut self,
        buffers: &[EventBatch],
        context: &ShardContext<'_>,
        mut tell: impl FnMut(&EventHeader, DedupeVerdict),
    ) {
        for buffer in buffers {
            self.dedupe.fetch(buffer.fingerprints(context.recipes));
        }
        let images = buffers.iter().flat_map(|buffer| buffer.iter(context.recipes));
        if self.raw_id_count() <= UNSORTED_IDS_MAX {
            images.for_each(|waiting| self.fold_one(&waiting, context, &mut tell));
            return;
        }
        // Sorted by raw id, so that the rows of an id are fetched once.
        let images: Vec<BatchedEvent<'_>> = images.collect();
        let mut order: Vec<(u64, u32)> = images.iter().map(|waiting| waiting.image.hash).zip(0..).collect();
        order.sort_unstable();
        order.iter().for_each(|(_, number)| self.fold_one(&images[*number as usize], context, &mut tell));
    }

    #[inline(always)]
    fn fold_one(
        &mut self,
        waiting: &BatchedEvent<'_>,
        context: &ShardContext<'_>,
        tell: &mut impl FnMut(&EventHeader, DedupeVerdict),
    ) {
        let BatchedEvent { image, words, id } = waiting;
        let verdict = match image.fingerprint() {
            Some(fingerprint) => self.dedupe.check(fingerprint, image.file),
            None => DedupeVerdict::New,
        };
        tell(image, verdict);
        if image.owner_kind() == OwnerKind::Nobody && image.account == NO_ACCOUNT {
            return;
        }
        let owner = self.intern_owner(image.owner_kind(), image.hash, id);
        let link = IdAssociation { at: image.at, day: image.day, account: image.account, visitor: image.visitor };
        self.record_association(owner, link, context.accounts);
        if context.by_person {
            self.count_line(owner, image.file, LineBucket::Events, 1);
        }
        match verdict {
            DedupeVerdict::New => {
                self.count_on_day(image, owner, context);
                if image.has_flag(EventHeader::UNATTRIBUTED) {
                    self.count_unattributed(owner, image.file, 1);
                }
                self.apply_event(image, words, owner, context);
            }
            DedupeVerdict::Duplicate(loser) => self.copy(image, owner, loser, context),
        }
    }

    /// Adjusts counts for a duplicate. The event that counts may move to an earlier file.
    fn copy(&mut self, image: &EventHeader, owner: RowOwner, loser: u32, context: &ShardContext<'_>) {
        if context.by_person {
            self.count_line(owner, loser, LineBucket::Events, -1);
            self.count_line(owner, loser, LineBucket::Duplicate, 1);
        }
        if image.has_flag(EventHeader::UNATTRIBUTED) && image.file != loser {
            self.count_unattributed(owner, image.file, 1);
            self.count_unattributed(owner, loser, -1);
        }
    }

    /// Folds an event into its row.
    fn apply_event(&mut self, image: &EventHeader, values: &[u64], owner: RowOwner, context: &ShardContext<'_>) {
        let day = if image.account == NO_ACCOUNT { image.day } else { ANY_DAY };
        let at = self.row(owner, image.account, day, context.words);
        let mut row = StateRowMut {
            words: &mut self.words[at * self.word_stride..(at + 1) * self.word_stride],
            days: &mut self.days[at * self.day_stride..(at + 1) * self.day_stride],
            row: &mut self.rows[at],
        };
        row.update_builtins(image);
        let recipe = &context.recipes[image.plan()];
        // One event is one moment of a cell, even if it passes several of its filters.
        let moments_before = row.row.sparse.as_ref().map_or(0, |rest| rest.moments.len());
        for (index, bits) in values[..recipe.pass_words].iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let passed = index * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                for step in &recipe.filters[passed].1 {
                    row.apply_update(step, image, values, moments_before, context.texts);
                }
            }
        }
    }
}

/// The parts of one row, borrowed to fold into.
struct StateRowMut<'r> {
    words: &'r mut [i64],
    days: &'r mut [DaySet],
    row: &'r mut StateRow,
}

impl StateRowMut<'_> {
    /// Updates the words and dates that every event touches.
    #[inline(always)]
    fn update_builtins(&mut self, image: &EventHeader) {
        let words = &mut *self.words;
        words[word::EVENTS] += 1;
        words[word::FIRST_SEEN] = words[word::FIRST_SEEN].min(image.at);
        words[word::LAST_SEEN] = words[word::LAST_SEEN].max(image.at);
        if image.has_flag(EventHeader::STARTS) {
            words[word::START] = words[word::START].min(image.at);
        }
        if image.has_flag(EventHeader::ACTIVE) {
            words[word::FIRST_ACTIVITY] = words[word::FIRST_ACTIVITY].min(image.at);
            self.days[ACTIVITY_DAYS].insert(image.day);
        }
    }

    #[inline(always)]
    fn apply_update(
        &mut self,
        step: &CellUpdate,
        image: &EventHeader,
        values: &[u64],
        moments_before: usize,
        texts: &SharedInterner,
    ) {
        let day = |daily: bool| if daily { image.day } else { UNDATED };
        let value = |place: usize| Some(values[place]).filter(|value| *value != NULL);
        match *step {
            CellUpdate::Count(word) => self.words[word] += 1,
            CellUpdate::First(word) => self.words[word] = self.words[word].min(image.at),
            CellUpdate::Last(word) => self.words[word] = self.words[word].max(image.at),
            CellUpdate::Days(set) => self.days[set].insert(image.day),
            CellUpdate::Tally { cell, daily, value: None } => {
                self.count(TallyKey { value: NO_TEXT, day: day(daily), cell })
            }
            CellUpdate::Tally { cell, daily, value: Some(place) } => {
                if let Some(text) = value(place) {
                    self.count(TallyKey { value: text as u32, day: day(daily), cell });
                }
            }
            CellUpdate::Number { cell, daily, value: place } => {
                if let Some(bits) = value(place) {
                    let number = NumberStats::one(f64::from_bits(bits));
                    self.rest().numbers.merge((cell, day(daily)), number, |known, more| known.merge(more));
                }
            }
            CellUpdate::Edge { cell, daily, value: place, last, kind } => {
                if let Some(value) = place.map_or(Some(0), value) {
                    let edge = TimedValue { at: image.at, value };
                    let merge = |known: &mut TimedValue, more| known.merge(more, last, kind, texts);
                    self.rest().edges.merge((cell, day(daily)), edge, merge);
                }
            }
            CellUpdate::Keyed { cell, daily, key, value: place } => {
                if let (Some(key), Some(value)) = (value(key), value(place)) {
                    let number = TimedValue { at: image.at, value };
                    let merge = |known: &mut TimedValue, more| known.merge(more, true, ValueType::Number, texts);
                    self.rest().keyed.merge((cell, day(daily), key as u32), number, merge);
                }
            }
            CellUpdate::Moment { cell, steps, same } => {
                let same = same.and_then(value).map_or(NO_TEXT, |text| text as u32);
                let moments = &mut self.rest().moments;
                match moments[moments_before..].iter_mut().find(|moment| moment.cell == cell) {
                    Some(moment) => moment.steps |= steps,
                    None => moments.push(EventInstant { at: image.at, same, cell, steps }),
                }
            }
        }
    }

    fn rest(&mut self) -> &mut SparseCells {
        self.row.sparse.get_or_insert_default()
    }

    fn count(&mut self, key: TallyKey) {
        self.row.tally.merge(key, 1, add_count);
    }
}
