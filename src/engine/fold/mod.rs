//! Records to state that suffices to score at any later instant.
//!
//! Takes [`Record`]s, gives a [`State`]. A [`Folder`] works for one thread: it turns records into images, which wait until there are enough
//! of one partition to fold them together while the partition's memory is near, by the worker whose partition it is. What workers share is a
//! [`Hearth`]: the partitions, what was handed over, the numbers of texts and accounts. Nothing depends on which worker folded what, nor on the order.

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
mod line_counts;
mod shard;
mod shards;
mod small_map;
mod state;

pub use account_timeline::{AccountMention, AccountTimeline};
pub use accumulators::{EventInstant, NO_TEXT, NumberStats, TallyKey, TallyMap, TimedValue, UNDATED, unpack};
pub use day_set::DaySet;
pub use event_batch::edge_kind;
pub use id_state::{IdDetails, IdState, IdTable};
pub use identity_links::IdentityLinks;
pub use intern_cache::TextOrder;
pub use interner::Interner;
pub use line_counts::{FileCounts, LineBucket};
pub use shard::{ANY_DAY, NO_ACCOUNT, NO_FIRST, NO_LAST, RowOwner, SHARD_COUNT, Shard, SparseCells, StateRow};
pub use shards::ShardSet;
pub use small_map::SmallMap;
pub use state::FoldState;

use self::{
    event_batch::{EventBatch, EventHeader, OwnerKind},
    extract::{each_trait, extract_values, match_holds},
    intern_cache::InternCache,
    line_counts::FoldCounts,
    shard::IdAssociation,
};
use crate::decode::{DecodedEvent, DecodedLine, LinkedId, Record};
use pql_model::{Model, units::Micros};

/// What one worker gathered beside the partitions.
#[derive(Debug)]
pub struct WorkerFold {
    account_traits: SmallMap<(u32, u16), TimedValue>,
    aliases: SmallMap<(u32, u32), ()>,
    joins: IdentityLinks,
    counts: FoldCounts,
    /// The newest event, or [`NO_LAST`].
    pub newest: Micros,
    /// Lines that were put aside.
    pub deferred: Vec<DeferredLine>,
}

/// A line that is folded once the instant is known that the run looks from.
#[derive(Debug)]
pub struct DeferredLine {
    /// The file.
    pub file: u32,
    /// The line.
    pub line: String,
}

/// Empty buffers that a worker keeps.
const SPARE_MAX: usize = 64;

/// Folds the lines that one worker reads.
#[derive(Debug)]
pub struct EventFolder<'h> {
    shards: &'h ShardSet<'h>,
    model: &'h Model,
    accounts: InternCache<'h>,
    texts: InternCache<'h>,
    /// The number of its worker.
    worker: usize,
    /// By partition.
    buffers: Vec<EventBatch>,
    /// How many images may wait for a partition.
    batch_len: usize,
    /// Buffers that are empty.
    spare: Vec<EventBatch>,
    folded: WorkerFold,
    /// Whether lines of type identify, group and alias are put aside that may turn out to lie after the instant that the run looks from.
    defers: bool,
    /// Whatever the newest event turns out to be, what is before this counts.
    certain_before: Micros,
}

impl<'h> EventFolder<'h> {
    /// A folder that has seen nothing.
    pub fn new(hearth: &'h ShardSet<'h>, files: usize) -> EventFolder<'h> {
        let folded = WorkerFold {
            account_traits: SmallMap::default(),
            aliases: SmallMap::default(),
            joins: IdentityLinks::new(&hearth.seed),
            counts: FoldCounts {
                files: vec![FileCounts::default(); files],
                names: vec![0; hearth.model.aggregation.plans.len()],
            },
            newest: NO_LAST,
            deferred: Vec::new(),
        };
        EventFolder {
            shards: hearth,
            model: hearth.model,
            accounts: InternCache::new(&hearth.accounts, &hearth.seed),
            texts: InternCache::new(&hearth.texts, &hearth.seed),
            worker: hearth.next_worker(),
            buffers: (0..SHARD_COUNT).map(|_| EventBatch::default()).collect(),
            batch_len: hearth.worker_batch_len(),
            spare: Vec::new(),
            folded,
            defers: false,
            certain_before: NO_LAST,
        }
    }

    /// Puts aside what may turn out to lie after the newest event's day.
    pub fn with_deferral(mut self) -> EventFolder<'h> {
        self.defers = true;
        self
    }

    /// Leaves what waits to be folded by [`Hearth::into_state`], and gives what is this worker's.
    pub fn finish(mut self) -> WorkerFold {
        for (at, buffer) in std::mem::take(&mut self.buffers).into_iter().enumerate() {
            if buffer.event_count > 0 {
                self.shards.enqueue_rest(at, buffer);
            }
        }
        self.folded
    }

    /// Whether a line is put aside: it says who is who, and the newest event so far does not show yet that it counts.
    fn defer_line(&mut self, file: u32, line: &DecodedLine<'_>) -> bool {
        let (DecodedLine::Identify(record)
        | DecodedLine::Group(record)
        | DecodedLine::Alias { record, .. }
        | DecodedLine::Merge { record, .. }) = line
        else {
            return false;
        };
        if !self.defers || record.at < self.certain_before {
            return false;
        }
        self.folded.deferred.push(DeferredLine { file, line: record.line().to_owned() });
        true
    }

    /// Folds a line of a file.
    ///
    /// **Cost**: of an event, a few steps for each filter that the model has for its name, and later, with others of its partition, a look
    /// into three tables (duplicates, raw id, rows) and a few steps for each thing that is kept.
    pub fn fold(&mut self, file: u32, line: &DecodedLine<'_>) {
        if self.defer_line(file, line) {
            return;
        }
        let counts = self.folded.counts.file_mut(file);
        counts.records += 1;
        match line {
            DecodedLine::Blank => counts.blank += 1,
            DecodedLine::Rejected(_) => counts.rejected += 1,
            DecodedLine::Excluded => counts.excluded += 1,
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

    /// Folds a usual event, as [`Folder::fold`] folds the line of any.
    pub fn fold_event(&mut self, file: u32, event: &DecodedEvent<'_>) {
        self.folded.counts.file_mut(file).records += 1;
        // Where its image will mostly be written is in no cache; asked for now, it is there by then.
        let at = FoldState::shard_index(event.id_hash);
        std::hint::black_box(self.buffers[at].last());
        let account = self.account(event.account, event.account_hash);
        self.event(file, event, account);
    }

    /// Whose a record is: the hash of the raw id, and the partition.
    fn locate_record(record: &Record<'_>, account: u32) -> (OwnerKind, u64, usize) {
        locate_owner([record.user.is_some(), record.visitor.is_some()], record.id_hash, account)
    }

    fn account(&mut self, account: Option<&str>, hash: u64) -> u32 {
        account.map_or(NO_ACCOUNT, |account| self.accounts.intern_hashed(hash, account))
    }

    fn account_of(&mut self, record: &Record<'_>) -> u32 {
        self.account(record.account.as_deref(), record.account_hash)
    }

    /// The visitor that came with a user, as text.
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
            // Of a copy too: it says the same of the same instant, so nothing changes.
            self.user_traits(record);
            self.account_traits(record, account);
        }
    }

    fn event(&mut self, file: u32, event: &DecodedEvent<'_>, account: u32) {
        if event.at > self.folded.newest {
            self.folded.newest = event.at;
            if self.defers && event.at >= self.certain_before {
                self.certain_before = self.model.resolved.zone.day_start(event.day + 1);
            }
        }
        let visitor = self.intern_visitor(event.user, event.visitor);
        let (whose, hash, at) = locate_owner([event.user.is_some(), event.visitor.is_some()], event.id_hash, account);
        let nowhere = whose == OwnerKind::Nobody && account == NO_ACCOUNT;
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
        let buffer = &mut self.buffers[at];
        let words = buffer.push(&image, event.raw_id(), plain);
        if !nowhere {
            extract_values(self.model, recipe, needs, event, active, &mut self.texts, words);
        }
        if buffer.event_count >= self.batch_len {
            self.flush_shard(at);
        }
    }

    /// Hands over the images that wait for a partition, and folds those that were handed over if it is time.
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
        // A worker that folds more buffers than it fills must not keep them all.
        self.spare.truncate(SPARE_MAX);
    }

    /// Folds what every identity line says: an account, a visitor.
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
        self.user_traits(record);
        match (&record.linked_id, &record.user) {
            (LinkedId::None, _) | (_, None) => {}
            (LinkedId::Placeholder, _) => self.folded.joins.placeholders += 1,
            (LinkedId::Id(id), Some(user)) => self.folded.joins.identify(id, user),
        }
    }

    /// What a record says of its user.
    fn user_traits(&mut self, record: &Record<'_>) {
        let (model, hearth) = (self.model, self.shards);
        let mut edges = Vec::new();
        let value = |key| record.user_trait(key);
        each_trait(model, &model.levels.user, value, record.at, &mut self.texts, |index, plan, edge| {
            edges.push((index, plan, edge));
        });
        let (whose, hash, at) = Self::locate_record(record, NO_ACCOUNT);
        if edges.is_empty() || whose == OwnerKind::Nobody {
            return;
        }
        let mut part = hearth.lock_shard(at);
        let owner = part.intern_owner(whose, hash, raw_id(record).as_bytes());
        let traits = &mut part.id_state_mut(owner).details.get_or_insert_default().traits;
        for (index, plan, edge) in edges {
            traits.merge(index, edge, |known, more| known.merge(more, !plan.first, plan.kind, &hearth.texts));
        }
    }

    fn group(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        self.account_traits(record, account);
    }

    /// What a record says of its account.
    fn account_traits(&mut self, record: &Record<'_>, account: u32) {
        if account == NO_ACCOUNT {
            return;
        }
        let (model, texts, traits) = (self.model, &self.shards.texts, &mut self.folded.account_traits);
        let value = |key| record.account_trait(key);
        each_trait(model, &model.levels.account, value, record.at, &mut self.texts, |index, plan, edge| {
            traits.merge((account, index), edge, |known, more| known.merge(more, !plan.first, plan.kind, texts));
        });
    }

    fn alias(&mut self, file: u32, record: &Record<'_>, previous: &str) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        if let Some(user) = &record.user {
            let pair = (self.texts.intern(previous), self.texts.intern(user));
            self.folded.aliases.merge(pair, (), |(), ()| {});
        }
    }
}

/// Whose an event is that names a user or a visitor, the hash of the raw id, and the partition.
fn locate_owner([user, visitor]: [bool; 2], id_hash: u64, account: u32) -> (OwnerKind, u64, usize) {
    match (user, visitor) {
        (true, _) => (OwnerKind::User, id_hash, FoldState::shard_index(id_hash)),
        (false, true) => (OwnerKind::Visitor, id_hash, FoldState::shard_index(id_hash)),
        (false, false) => (OwnerKind::Nobody, 0, account as usize % SHARD_COUNT),
    }
}

/// The id by which a record is somebody's.
fn raw_id<'r>(record: &'r Record<'_>) -> &'r str {
    record.user.as_deref().or(record.visitor.as_deref()).unwrap_or("")
}
