//! Folds records into a state that suffices to score at any later instant.
//!
//! Takes [`Record`]s and [`DecodedEvent`]s, gives a [`FoldState`].
//!
//! - [`EventFolder`] belongs to one thread. It turns each event into integers and queues them by
//!   shard.
//! - [`ShardSet`] is shared by all threads. It holds the shards, their queues and the interned
//!   texts.
//! - [`Shard`] holds the rows of the raw ids that hash to it.
//! - [`WorkerFold`] holds the few things that a thread keeps outside the shards.
//!
//! ```text
//!  DecodedEvent ─▶ EventFolder ─▶ EventBatch ─▶ queue of a shard ─▶ Shard ─┐
//!                      └──────────▶ WorkerFold ────────────────────────────┴▶ FoldState
//! ```
//!
//! An event is not folded where it is decoded, because a run over many users waits for memory: the
//! rows of a user and the table of duplicates are in no cache. So events are queued per shard and
//! folded in batches by the worker that owns the shard, whose rows then stay in its cache.
//!
//! **Law**: the state depends neither on the order of events nor on which worker folded which.
//!
//! **Cost**: every row takes a fixed block of 8 bytes per count or instant, plus its keyed cells. A
//! raw id takes 8 bytes per date with an account, 12 if it names several accounts. An event takes
//! nothing of its own, with two exceptions. An event of an `open` measure or of a
//! milestone with `steps` or `times` takes 16 bytes. An event with an id takes some 20 to 30 bytes in the
//! check for duplicates, unless `[input] dedupe = false` switches it off. Meanwhile up to some
//! three events per raw id are queued, 60 to 100 bytes each.

mod account_timeline;
mod accumulators;
mod arena;
mod bits;
mod day_set;
mod dedupe;
mod event_batch;
mod extract;
mod id_state;
mod identity_links;
mod intern_cache;
mod interner;
mod late_links;
mod line_counts;
mod misread_fields;
mod shard;
mod shards;
mod small_map;
mod stages;
mod state;
mod supposed;

pub(crate) use account_timeline::AccountTimeline;
pub(crate) use accumulators::{EventInstant, NO_TEXT, NumberStats, TallyKey, TimedValue, UNDATED, unpack};
pub(crate) use day_set::DaySet;
pub(crate) use event_batch::edge_kind;
pub(crate) use id_state::{AccountTraits, IdDetails, IdState};
pub(crate) use identity_links::IdentityLinks;
pub(crate) use intern_cache::TextOrder;
pub(crate) use interner::Interner;
pub(crate) use late_links::LateLinks;
pub(crate) use line_counts::DayEvents;
pub use line_counts::{FileCounts, LineBucket};
pub(crate) use misread_fields::{FieldColumn, FieldMisreads, LinePlace};
pub use shard::{ANY_DAY, NO_ACCOUNT, NO_FIRST, NO_LAST, RowOwner, SHARD_COUNT, Shard, SparseCells, StateRow};
pub use shards::ShardSet;
pub(crate) use small_map::SmallMap;
pub(crate) use stages::{StageJob, StageSpool};
pub(crate) use state::FoldState;
pub(crate) use supposed::FurtherLines;

use self::{
    accumulators::pack,
    event_batch::{EventBatch, EventHeader, OwnerKind},
    extract::{ValueLoader, each_trait, extract_values, match_holds},
    intern_cache::InternCache,
    line_counts::FoldCounts,
    misread_fields::{note_beyond, note_suspects},
    shard::IdAssociation,
    stages::{SpooledLine, StageWriter},
};
use crate::{
    decode::{DecodedEvent, DecodedLine, EventFields, LinkedId, Record, time_zones},
    plan::{Model, ValueId},
};
use pql_model::units::{Day, Micros};

/// The part of the state that a worker keeps outside the shards.
#[derive(Debug)]
pub struct WorkerFold {
    account_traits: AccountTraits,
    aliases: SmallMap<(u32, u32), ()>,
    joins: IdentityLinks,
    counts: FoldCounts,
    /// Fields that became null because they are no number or date.
    pub(crate) misread: FieldMisreads,
    /// The instant of the newest event, or [`NO_LAST`].
    pub(crate) newest: Micros,
    /// The newest event without a user, a visitor and an account, or [`NO_LAST`].
    pub(crate) newest_nowhere: Micros,
    /// Identity lines whose fate depends on the final `as_of`.
    pub(crate) deferred: Vec<DeferredLine>,
}

/// A line that is folded at the end of the input, when `as_of` is known.
#[derive(Debug)]
pub(crate) struct DeferredLine {
    /// The number of the file in the list of inputs.
    pub(crate) file: u32,
    /// The text of the line.
    pub(crate) line: String,
    /// Where it stands.
    pub(crate) place: LinePlace,
}

/// Empty batches that a worker keeps for reuse.
const SPARE_MAX: usize = 64;

/// Folds the lines that one worker reads.
#[derive(Debug)]
pub struct EventFolder<'h> {
    shards: &'h ShardSet<'h>,
    model: &'h Model,
    accounts: InternCache<'h>,
    texts: InternCache<'h>,
    /// The number of the worker.
    worker: usize,
    /// One open batch per shard.
    buffers: Vec<EventBatch>,
    /// Events in an open batch at which it is queued.
    batch_len: usize,
    /// Empty batches for reuse.
    spare: Vec<EventBatch>,
    folded: WorkerFold,
    /// If set, identity lines that may lie at or after `as_of` are deferred.
    defers: bool,
    /// Lines before this instant lie before `as_of` for certain and need not be deferred.
    certain_before: Micros,
    /// Events and lines of later stages, if the run has stages.
    later: Option<StageWriter<'h>>,
    /// The first instant of a later stage, or the end of time.
    waits_from: Micros,
    /// Where the line at hand stands.
    place: LinePlace,
    /// Values of the event at hand that are null although their properties may be there.
    suspects: Vec<ValueId>,
}

impl<'h> EventFolder<'h> {
    /// An empty folder for a run over a number of files.
    pub fn new(shards: &'h ShardSet<'h>, files: usize) -> EventFolder<'h> {
        let folded = WorkerFold {
            account_traits: SmallMap::default(),
            aliases: SmallMap::default(),
            joins: IdentityLinks::new(&shards.seed),
            counts: FoldCounts {
                files: vec![FileCounts::default(); files],
                names: vec![0; shards.model.aggregation.plans.len()],
                newest_day: DayEvents::default(),
            },
            misread: FieldMisreads::default(),
            newest: NO_LAST,
            newest_nowhere: NO_LAST,
            deferred: Vec::new(),
        };
        EventFolder {
            shards,
            model: shards.model,
            accounts: InternCache::new(&shards.accounts, &shards.seed),
            texts: InternCache::new(&shards.texts, &shards.seed),
            worker: shards.next_worker(),
            buffers: (0..SHARD_COUNT).map(|_| EventBatch::default()).collect(),
            batch_len: shards.worker_batch_len(),
            spare: Vec::new(),
            folded,
            defers: false,
            certain_before: NO_LAST,
            later: None,
            waits_from: Micros::MAX,
            place: LinePlace::default(),
            suspects: Vec::new(),
        }
    }

    /// Defers identity lines that may lie after the day of the newest event.
    pub(crate) fn with_deferral(mut self) -> EventFolder<'h> {
        self.defers = true;
        self
    }

    /// Lets what belongs to later stages wait in a spool.
    pub(crate) fn with_stages(mut self, spool: &'h StageSpool) -> EventFolder<'h> {
        self.waits_from = spool.waits_from();
        self.later = Some(StageWriter::new(spool));
        self
    }

    /// Sets the place of the line that is folded next.
    #[inline]
    pub(crate) fn set_place(&mut self, place: LinePlace) {
        self.place = place;
    }

    /// Queues the open batches for [`ShardSet::into_state`] and returns the worker's own part.
    pub fn finish(mut self) -> WorkerFold {
        for (at, buffer) in std::mem::take(&mut self.buffers).into_iter().enumerate() {
            if buffer.event_count > 0 {
                self.shards.enqueue_rest(at, buffer);
            }
        }
        if let Some(later) = self.later {
            later.finish();
        }
        self.folded
    }

    /// Defers an identity line that may lie at or after the final `as_of`; returns true if it did.
    fn defer_line(&mut self, file: u32, line: &DecodedLine<'_>) -> bool {
        let said = if let DecodedLine::Excluded(line) = line { line } else { line };
        let (DecodedLine::Identify(record)
        | DecodedLine::Group(record)
        | DecodedLine::Alias { record, .. }
        | DecodedLine::Merge { record, .. }) = said
        else {
            return false;
        };
        if !self.defers || record.at < self.certain_before {
            return false;
        }
        self.folded.deferred.push(DeferredLine { file, line: record.line().to_owned(), place: self.place });
        true
    }

    /// Keeps a line of a later stage; returns true if it did. An event that is no more than an event
    /// is kept as such, by [`EventFolder::event`].
    fn keep_for_later(&mut self, file: u32, line: &DecodedLine<'_>) -> bool {
        let Some(later) = &mut self.later else { return false };
        let Some(record) = record_beside_events(line).filter(|record| record.known >= self.waits_from) else {
            return false;
        };
        later.keep_line(record.known, &SpooledLine { file, place: self.place, text: record.line() });
        self.folded.counts.file_mut(file).records += 1;
        if is_event(line) {
            self.note_newest(record.at, record.day);
        }
        true
    }

    /// Folds a line that was kept for this stage, and counted then.
    fn refold_line(&mut self, file: u32, place: LinePlace, line: &DecodedLine<'_>) {
        self.set_place(place);
        self.folded.counts.file_mut(file).records -= 1;
        self.fold(file, line);
    }

    /// Folds the events of a batch that was kept for this stage.
    fn refold(&mut self, batch: &EventBatch) {
        for event in batch.iter(&self.shards.programs) {
            let image = &event.image;
            let named = [image.owner_kind() == OwnerKind::User, image.owner_kind() == OwnerKind::Visitor];
            let (_, _, at) = locate_owner(named, image.hash, image.account);
            self.buffers[at].push_batched(&event);
            if self.buffers[at].event_count >= self.batch_len {
                self.flush_shard(at);
            }
        }
    }

    /// Folds one line of a file.
    ///
    /// **Cost**: an event takes a few steps per filter of its name. Later, in its batch, it takes
    /// three look-ups (duplicates, raw id, row) and a few steps per cell.
    pub fn fold(&mut self, file: u32, line: &DecodedLine<'_>) {
        if self.defer_line(file, line) || self.keep_for_later(file, line) {
            return;
        }
        let counts = self.folded.counts.file_mut(file);
        counts.records += 1;
        match line {
            DecodedLine::Blank => counts.blank += 1,
            DecodedLine::Rejected(_) => counts.rejected += 1,
            DecodedLine::Excluded(line) => {
                counts.excluded += 1;
                self.internal(line);
            }
            DecodedLine::AfterAsOf(record) => {
                counts.after_as_of += 1;
                if self.shards.context().by_person {
                    let (whose, hash, at) = Self::locate_record(record, NO_ACCOUNT);
                    let mut part = self.shards.lock_shard(at);
                    let owner = part.intern_owner(whose, hash, raw_id(record).as_bytes());
                    part.count_line(owner, file, LineBucket::AfterAsOf, 1);
                }
            }
            DecodedLine::Event(record) => self.record(file, record),
            DecodedLine::Identify(record) => self.identify(file, record),
            DecodedLine::Group(record) => self.group(file, record),
            DecodedLine::Alias { record, previous } => self.alias(file, record, previous),
            DecodedLine::Merge { ids, .. } => {
                counts.identity += 1;
                match ids {
                    Some([a, b]) => self.folded.joins.merge(a, b),
                    None => self.folded.joins.placeholders += 1,
                }
            }
        }
    }

    /// Folds an event from the fast path of the decoder, with the same result as
    /// [`EventFolder::fold`].
    pub fn fold_event(&mut self, file: u32, event: &DecodedEvent<'_>) {
        self.folded.counts.file_mut(file).records += 1;
        // The end of this shard's batch is in no cache. Reading it now fetches it while the account
        // is looked up; a prefetch instruction would do more, but needs unsafe code.
        let at = FoldState::shard_index(event.id_hash);
        std::hint::black_box(self.buffers[at].last());
        let account = self.account(event.account, event.account_hash);
        self.event(file, event, account);
    }

    /// The owner, the hash and the shard of a record.
    fn locate_record(record: &Record<'_>, account: u32) -> (OwnerKind, u64, usize) {
        locate_owner([record.user.is_some(), record.visitor.is_some()], record.id_hash, account)
    }

    fn account(&mut self, account: Option<&str>, hash: u64) -> u32 {
        account.map_or(NO_ACCOUNT, |account| self.accounts.intern_hashed(hash, account))
    }

    fn account_of(&mut self, record: &Record<'_>) -> u32 {
        self.account(record.account.as_deref(), record.account_hash)
    }

    /// The interned visitor id of a record that also names a user, else [`NO_TEXT`].
    fn intern_visitor(&mut self, user: Option<&str>, visitor: Option<&str>) -> u32 {
        match (user, visitor) {
            (Some(_), Some(visitor)) => self.texts.intern(visitor),
            _ => NO_TEXT,
        }
    }

    fn record(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.event(file, &record.event(), account);
        let nowhere = record.user.is_none() && record.visitor.is_none() && account == NO_ACCOUNT;
        if record.carries_traits && !nowhere {
            // Duplicates are included: they carry the same traits at the same instant.
            self.user_traits(record, file);
            self.account_traits(record, file, account);
        }
    }

    /// Updates the newest instant.
    #[inline(always)]
    fn note_newest(&mut self, at: Micros, day: Day) {
        if at > self.folded.newest {
            self.folded.newest = at;
            if self.defers && at >= self.certain_before {
                self.certain_before = self.model.resolved.zone.day_start(day + 1);
            }
        }
    }

    /// Folds the joins of an internal user's line.
    fn internal(&mut self, line: &DecodedLine<'_>) {
        match line {
            DecodedLine::Event(record) => {
                self.note_newest(record.at, record.day);
                self.meet(record);
            }
            DecodedLine::Identify(record) => {
                self.meet(record);
                self.link(record);
            }
            DecodedLine::Group(record) => self.meet(record),
            DecodedLine::Alias { record, previous } => {
                self.meet(record);
                self.join_ids(record, previous);
            }
            DecodedLine::Merge { ids: Some([a, b]), .. } => self.folded.joins.merge(a, b),
            _ => {}
        }
    }

    /// Folds only that a visitor and a user occur in one record.
    fn meet(&mut self, record: &Record<'_>) {
        let visitor = self.intern_visitor(record.user.as_deref(), record.visitor.as_deref());
        if visitor != NO_TEXT {
            let (whose, hash, at) = Self::locate_record(record, NO_ACCOUNT);
            let mut part = self.shards.lock_shard(at);
            let owner = part.intern_owner(whose, hash, raw_id(record).as_bytes());
            let met = IdAssociation { at: record.at, day: record.day, account: NO_ACCOUNT, visitor };
            part.record_association(owner, met, &self.shards.accounts);
        }
    }

    fn event(&mut self, file: u32, event: &DecodedEvent<'_>, account: u32) {
        self.note_newest(event.at, event.day);
        let visitor = self.intern_visitor(event.user, event.visitor);
        let (whose, hash, at) = locate_owner([event.user.is_some(), event.visitor.is_some()], event.id_hash, account);
        let nowhere = whose == OwnerKind::Nobody && account == NO_ACCOUNT;
        if nowhere {
            self.folded.newest_nowhere = self.folded.newest_nowhere.max(event.at);
        }
        let plan = &self.model.aggregation.plans[event.plan];
        let mut marks = EventHeader::owner_flags(event.plan, whose);
        let mut mark = |holds: bool, mark: u32| marks |= if holds { mark } else { 0 };
        mark(event.user.is_none() && event.account.is_none(), EventHeader::UNATTRIBUTED);
        mark(event.fingerprint.is_some(), EventHeader::HAS_FINGERPRINT);
        let active = !nowhere
            && whose != OwnerKind::Nobody
            && !event.noise
            && !match_holds(self.model, &plan.ignored, &event.fields);
        mark(active, EventHeader::ACTIVE);
        mark(!nowhere && match_holds(self.model, &plan.starts, &event.fields), EventHeader::STARTS);
        let image = EventHeader {
            hash,
            raw_fingerprint: event.fingerprint.unwrap_or_default(),
            at: event.at,
            account,
            day: event.day,
            file,
            visitor,
            more_accounts: event.more_accounts as u32,
            flags: marks,
        };
        let recipe = &self.shards.programs[event.plan];
        let (plain, needs) = &recipe.unconditional[usize::from(active)];
        let buffer = match &mut self.later {
            Some(later) if event.known >= self.waits_from => later.batch(event.known),
            _ => &mut self.buffers[at],
        };
        let words = buffer.push(&image, event.raw_id().as_bytes(), plain);
        if !nowhere {
            let mut loader = ValueLoader { texts: &mut self.texts, suspects: &mut self.suspects };
            extract_values(self.model, recipe, needs, event, active, &mut loader, words);
        }
        if self.buffers[at].event_count >= self.batch_len {
            self.flush_shard(at);
        }
        let met_beyond = event.fields.take_met_beyond();
        if met_beyond || !self.suspects.is_empty() {
            self.note_misread(file, &event.fields, met_beyond);
        }
    }

    /// Counts the properties of an event that are no numbers or dates although they were asked for as such.
    #[cold]
    fn note_misread(&mut self, file: u32, fields: &EventFields<'_>, met_beyond: bool) {
        let (misread, place) = (&mut self.folded.misread, (file, self.place));
        misread.begin_record();
        note_suspects(misread, (self.model, &self.suspects), fields, place);
        if met_beyond {
            note_beyond(misread, self.model, fields, place);
        }
        self.suspects.clear();
    }

    /// Queues the open batch of a shard, and folds the queue if it is long enough.
    #[inline(never)]
    fn flush_shard(&mut self, at: usize) {
        let images = std::mem::replace(&mut self.buffers[at], self.spare.pop().unwrap_or_default());
        let mut all = self.shards.enqueue(at, images, self.worker);
        if all.is_empty() {
            return;
        }
        let counts = &mut self.folded.counts;
        self.shards.fold(at, &all, |image, verdict| counts.count(image, verdict));
        all.iter_mut().for_each(EventBatch::clear);
        self.spare.append(&mut all);
        // A worker that folds more batches than it fills must not keep them all.
        self.spare.truncate(SPARE_MAX);
    }

    /// Folds what all identity lines have: an account and a visitor.
    fn identity(&mut self, file: u32, record: &Record<'_>, account: u32) {
        self.folded.counts.file_mut(file).identity += 1;
        let visitor = self.intern_visitor(record.user.as_deref(), record.visitor.as_deref());
        let (whose, hash, at) = Self::locate_record(record, account);
        let mut part = self.shards.lock_shard(at);
        let owner = part.intern_owner(whose, hash, raw_id(record).as_bytes());
        part.record_association(
            owner,
            IdAssociation { at: record.at, day: record.day, account, visitor },
            &self.shards.accounts,
        );
        if self.shards.context().by_person {
            part.count_line(owner, file, LineBucket::Identity, 1);
        }
    }

    fn identify(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        self.user_traits(record, file);
        self.link(record);
    }

    /// Folds the further id of an identify line.
    fn link(&mut self, record: &Record<'_>) {
        match (&record.linked_id, &record.user) {
            (LinkedId::None, _) | (_, None) => {}
            (LinkedId::Placeholder, _) => self.folded.joins.placeholders += 1,
            (LinkedId::Id(id), Some(user)) => self.folded.joins.identify(id, user),
        }
    }

    /// Folds the user traits of a record.
    fn user_traits(&mut self, record: &Record<'_>, file: u32) {
        let (model, shards) = (self.model, self.shards);
        let (texts, misread, place) = (&mut self.texts, &mut self.folded.misread, (file, self.place));
        misread.begin_record();
        let mut edges = Vec::new();
        each_trait(
            (model, &model.levels.user),
            |key| record.user_trait(key),
            |key, cause, value| misread.note((FieldColumn::UserTrait(key), cause), place, value, time_zones(model)),
            |index, plan, value| {
                let packed = pack(&value, |text| texts.intern(text));
                edges.extend(packed.map(|value| (index, plan, TimedValue { at: record.at, value })));
            },
        );
        let (whose, hash, at) = Self::locate_record(record, NO_ACCOUNT);
        if edges.is_empty() || whose == OwnerKind::Nobody {
            return;
        }
        let mut part = shards.lock_shard(at);
        let owner = part.intern_owner(whose, hash, raw_id(record).as_bytes());
        let traits = &mut part.id_state_mut(owner).details.get_or_insert_default().traits;
        for (index, plan, edge) in edges {
            traits.merge(index, edge, |known, more| known.merge(more, !plan.first, plan.kind, &shards.texts));
        }
    }

    fn group(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        self.account_traits(record, file, account);
    }

    /// Folds the account traits of a record.
    fn account_traits(&mut self, record: &Record<'_>, file: u32, account: u32) {
        if account == NO_ACCOUNT {
            return;
        }
        let (model, shared_texts) = (self.model, &self.shards.texts);
        let (texts, misread, place) = (&mut self.texts, &mut self.folded.misread, (file, self.place));
        misread.begin_record();
        let mut edges = Vec::new();
        each_trait(
            (model, &model.levels.account),
            |key| record.account_trait(key),
            |key, cause, value| misread.note((FieldColumn::AccountTrait(key), cause), place, value, time_zones(model)),
            |index, plan, value| {
                let packed = pack(&value, |text| texts.intern(text));
                edges.extend(packed.map(|value| (index, plan, TimedValue { at: record.at, value })));
            },
        );
        if edges.is_empty() {
            return;
        }
        let (whose, hash, at) = Self::locate_record(record, NO_ACCOUNT);
        let put = |traits: &mut AccountTraits| {
            for (index, plan, edge) in edges {
                traits.merge((account, index), edge, |known, more| {
                    known.merge(more, !plan.first, plan.kind, shared_texts);
                });
            }
        };
        // Traits from internal users do not count, and who is internal is known only at the end.
        if whose == OwnerKind::Nobody || !self.shards.context().by_person {
            return put(&mut self.folded.account_traits);
        }
        let mut part = self.shards.lock_shard(at);
        let owner = part.intern_owner(whose, hash, raw_id(record).as_bytes());
        put(part.id_state_mut(owner).details.get_or_insert_default().account_traits.get_or_insert_default());
    }

    fn alias(&mut self, file: u32, record: &Record<'_>, previous: &str) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        self.join_ids(record, previous);
    }

    /// Folds that two user ids are one person.
    fn join_ids(&mut self, record: &Record<'_>, previous: &str) {
        if let Some(user) = record.user.as_deref().filter(|_| !previous.is_empty()) {
            let pair = (self.texts.intern(previous), self.texts.intern(user));
            self.folded.aliases.merge(pair, (), |(), ()| {});
        }
    }
}

/// The record of a line that says more than that an event happened: an identity line, an event with
/// traits, or a line of an internal user.
fn record_beside_events<'l, 'a>(line: &'l DecodedLine<'a>) -> Option<&'l Record<'a>> {
    match line {
        DecodedLine::Blank | DecodedLine::Rejected(_) | DecodedLine::AfterAsOf(_) => None,
        DecodedLine::Event(record) => record.carries_traits.then_some(record),
        DecodedLine::Identify(record)
        | DecodedLine::Group(record)
        | DecodedLine::Alias { record, .. }
        | DecodedLine::Merge { record, .. } => Some(record),
        DecodedLine::Excluded(line) => match &**line {
            DecodedLine::Event(record) => Some(record),
            line => record_beside_events(line),
        },
    }
}

/// True for an event, also for one of an internal user.
fn is_event(line: &DecodedLine<'_>) -> bool {
    match line {
        DecodedLine::Event(_) => true,
        DecodedLine::Excluded(line) => is_event(line),
        DecodedLine::Blank
        | DecodedLine::Rejected(_)
        | DecodedLine::AfterAsOf(_)
        | DecodedLine::Identify(_)
        | DecodedLine::Group(_)
        | DecodedLine::Alias { .. }
        | DecodedLine::Merge { .. } => false,
    }
}

/// The owner, the hash and the shard of an event, by whether it names a user or a visitor. Events
/// without either go to a shard by their account.
fn locate_owner([user, visitor]: [bool; 2], id_hash: u64, account: u32) -> (OwnerKind, u64, usize) {
    match (user, visitor) {
        (true, _) => (OwnerKind::User, id_hash, FoldState::shard_index(id_hash)),
        (false, true) => (OwnerKind::Visitor, id_hash, FoldState::shard_index(id_hash)),
        (false, false) => (OwnerKind::Nobody, 0, account as usize % SHARD_COUNT),
    }
}

/// The user id of a record, else its visitor id, else empty text.
fn raw_id<'r>(record: &'r Record<'_>) -> &'r str {
    record.user.as_deref().or(record.visitor.as_deref()).unwrap_or("")
}
