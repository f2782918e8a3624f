//! The shards of a run and the queues in front of them.
//!
//! [`ShardSet`] splits the state into 256 shards by the hash of the raw id. Workers queue batches
//! of events for a shard; the thread that makes the queue long enough folds it. Each shard has an owner
//! among the workers, whose queue counts as long enough at half the length that others need. So
//! most events of a shard are folded by its owner: its rows stay in the cache of one processor, and
//! one thread allocates its lists. If the owner is busy, any worker folds the queue.
//!
//! One shared state replaces a state per worker. Merging those at the end would hold the state
//! twice.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;

use super::{
    FoldState, Interner, SHARD_COUNT, Shard, WorkerFold,
    dedupe::DedupeVerdict,
    event_batch::{EventBatch, EventHeader, EventProgram},
    intern_cache::SharedInterner,
    line_counts::FoldCounts,
    shard::ShardContext,
};
use crate::{decode::HashSeed, plan::Model};

/// Events that are folded at once: at least this number, and [`SHARD_BATCH_PER_ID`] per raw id of
/// the shard if that is more, up to [`SHARD_BATCH_MAX`]. A batch should hold most users of a shard
/// more than once and still cost little memory.
const SHARD_BATCH_MIN: usize = 1024;
const SHARD_BATCH_PER_ID: usize = 3;
const SHARD_BATCH_MAX: usize = 1 << 16;
/// The smallest batch that a worker queues, events.
const WORKER_BATCH_MIN: usize = 64;

/// The shards that the workers of a run fold into, and the texts that they intern.
#[derive(Debug)]
pub struct ShardSet<'m> {
    pub(super) model: &'m Model,
    pub(super) seed: HashSeed,
    pub(super) programs: Vec<EventProgram>,
    shards: Vec<Mutex<Shard>>,
    /// One queue per shard.
    queues: Vec<Mutex<ShardQueue>>,
    /// The number of raw ids per shard, as of its last batch.
    raw_ids: Vec<AtomicUsize>,
    pub(super) accounts: SharedInterner,
    pub(super) texts: SharedInterner,
    workers: usize,
    /// The number of folders so far.
    folders: AtomicUsize,
}

/// Batches that wait for one shard.
#[derive(Debug, Default)]
struct ShardQueue {
    buffers: Vec<EventBatch>,
    /// Events in all batches. It is kept as a sum because there may be many batches.
    images: usize,
}

impl ShardQueue {
    fn add(&mut self, buffer: EventBatch) {
        self.images += buffer.event_count;
        self.buffers.push(buffer);
    }
}

impl<'m> ShardSet<'m> {
    /// An empty set of shards for a number of workers.
    pub fn new(model: &'m Model, seed: &HashSeed, workers: usize) -> ShardSet<'m> {
        let intake = &model.aggregation;
        assert!(intake.plans.len() <= EventHeader::PLANS_MAX, "a model is a text of a mebibyte, so it has fewer names");
        ShardSet {
            model,
            seed: seed.clone(),
            programs: intake.plans.iter().map(|plan| EventProgram::new(plan, intake)).collect(),
            shards: (0..SHARD_COUNT).map(|_| Mutex::new(Shard::new(seed, intake))).collect(),
            queues: (0..SHARD_COUNT).map(|_| Mutex::default()).collect(),
            raw_ids: (0..SHARD_COUNT).map(|_| AtomicUsize::new(0)).collect(),
            accounts: SharedInterner::new(Interner::new(seed.clone())),
            texts: SharedInterner::new(Interner::new(seed.clone())),
            workers: workers.max(1),
            folders: AtomicUsize::new(0),
        }
    }

    /// A set that goes on from a state, and takes its shards and texts until [`ShardSet::suspend`]
    /// gives them back. `model` is the model of the state.
    pub(crate) fn resume(model: &'m Model, state: &mut FoldState, workers: usize) -> ShardSet<'m> {
        let seed = state.seed.clone();
        let empty = || Interner::new(seed.clone());
        let shards = std::mem::take(&mut state.shards);
        ShardSet {
            raw_ids: shards.iter().map(|shard| AtomicUsize::new(shard.raw_id_count())).collect(),
            shards: shards.into_iter().map(Mutex::new).collect(),
            accounts: SharedInterner::new(std::mem::replace(&mut state.accounts, empty())),
            texts: SharedInterner::new(std::mem::replace(&mut state.texts, empty())),
            ..ShardSet::new(model, &seed, workers)
        }
    }

    /// Folds the rest into the state that the set went on from. More events may follow.
    pub(crate) fn suspend(self, state: &mut FoldState, folded: impl IntoIterator<Item = WorkerFold>) {
        let model = self.model;
        let counts = self.give_back(state);
        state.absorb(model, counts, folded);
    }

    /// Folds the rest, and gives the shards and texts back to a state. Returns the counts of the
    /// events, which the state does not have yet.
    pub(super) fn give_back(self, state: &mut FoldState) -> FoldCounts {
        let counts = self.fold_remaining();
        state.shards = self.shards.into_iter().map(unlocked).collect();
        (state.accounts, state.texts) = (self.accounts.into_inner(), self.texts.into_inner());
        counts
    }

    /// The worker number of a new folder.
    pub(super) fn next_worker(&self) -> usize {
        self.folders.fetch_add(1, Ordering::Relaxed) % self.workers
    }

    /// Events of one shard that a worker gathers before it queues them.
    pub(super) fn worker_batch_len(&self) -> usize {
        (SHARD_BATCH_MIN / self.workers / 2).max(WORKER_BATCH_MIN)
    }

    /// Queues a batch for a shard. Once the queue is long enough, returns all of it for the caller
    /// to fold. The threshold is N events for the shard's owner and 2N for other workers.
    pub(super) fn enqueue(&self, at: usize, images: EventBatch, number: usize) -> Vec<EventBatch> {
        let of_ids = SHARD_BATCH_PER_ID * self.raw_ids[at].load(Ordering::Relaxed);
        let own = at % self.workers == number;
        let enough = of_ids.clamp(SHARD_BATCH_MIN, SHARD_BATCH_MAX) * if own { 1 } else { 2 };
        let mut handed = lock(&self.queues[at]);
        handed.add(images);
        if handed.images < enough { Vec::new() } else { std::mem::take(&mut *handed).buffers }
    }

    /// Folds batches into their shard.
    pub(super) fn fold(&self, at: usize, images: &[EventBatch], tell: impl FnMut(&EventHeader, DedupeVerdict)) {
        let mut part = self.lock_shard(at);
        part.fold(images, &self.context(), tell);
        self.raw_ids[at].store(part.raw_id_count(), Ordering::Relaxed);
    }

    /// Queues a batch for the end of the input, when [`ShardSet::into_state`] folds the rest.
    pub(super) fn enqueue_rest(&self, at: usize, images: EventBatch) {
        lock(&self.queues[at]).add(images);
    }

    pub(super) fn context(&self) -> ShardContext<'_> {
        ShardContext {
            recipes: &self.programs,
            words: &self.model.aggregation.words,
            accounts: &self.accounts,
            texts: &self.texts,
            by_person: self.model.resolved.identity.sets_aside(),
        }
    }

    pub(super) fn lock_shard(&self, at: usize) -> MutexGuard<'_, Shard> {
        lock(&self.shards[at])
    }

    /// Folds what is left in the queues: all threads, shard by shard.
    fn fold_remaining(&self) -> FoldCounts {
        let fold = |mut counts: FoldCounts, at: usize| {
            let handed = std::mem::take(&mut *lock(&self.queues[at]));
            self.fold(at, &handed.buffers, |image, verdict| counts.count(image, verdict));
            counts
        };
        let both = |mut one: FoldCounts, other: FoldCounts| {
            one.add(&other);
            one
        };
        (0..SHARD_COUNT).into_par_iter().fold(FoldCounts::default, fold).reduce(FoldCounts::default, both)
    }

    /// The hash seed of the run, which its decoders must share.
    pub(crate) fn seed(&self) -> HashSeed {
        self.seed.clone()
    }

    /// Folds the rest and returns the state. Its tables of duplicates last until
    /// [`FoldState::take_conflicts`].
    pub fn into_state(self, folded: impl IntoIterator<Item = WorkerFold>) -> FoldState {
        let mut state = FoldState::empty(self.seed.clone());
        self.suspend(&mut state, folded);
        state
    }
}

/// The shard behind a lock, when all workers are done.
fn unlocked(shard: Mutex<Shard>) -> Shard {
    shard.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Locks a mutex. A panic of a worker ends the run, so the data behind a poisoned lock is never
/// used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;
    use crate::{
        decode::format::{FileFormats, WorkerDecoders},
        fold::{EventFolder, RowOwner},
    };
    use pql_model::{diag::SourceDocument, units::Micros};

    const MODEL: &str = r#"
        schema = 1
        name = "m"
        [identity]
        exclude_domains = ["example.org"]
        [metrics]
        kinds = { measure = "distinct", value = "kind", event = "known" }
        [[user.signals]]
        name = "s"
        value = "kinds"
        ladder = [{ at_least = 1, points = 1 }]
        [[user.tiers]]
        name = "all"
    "#;

    fn model() -> Model {
        crate::plan::parse(&SourceDocument { name: "m.toml".into(), text: MODEL.into() }).expect("a model")
    }

    /// Events of a few users, a visitor and an account. Some are duplicates, some share their id
    /// with other content.
    fn lines(count: usize) -> Vec<String> {
        let line = |number: usize| {
            let of = if number % 10 == 9 { number - 9 } else { number };
            let id = if of % 100 == 50 { 0 } else { of };
            let who = match of % 7 {
                user @ 0..5 => format!(r#""user_id":"u{user}""#),
                5 => r#""anonymous_id":"v","account_id":"a""#.to_owned(),
                _ => r#""account_id":"a""#.to_owned(),
            };
            let who = if of % 50 == 7 {
                r#""user_id":"u1","anonymous_id":"w","account_id":["a","b"]"#.to_owned()
            } else {
                who
            };
            let kind = if number % 1000 == 3 { r#""type":"identify""# } else { r#""event":"known""# };
            let (value, second) = (of % 11, of % 60);
            format!(
                r#"{{"event_id":"e{id}",{kind},"timestamp":"2026-09-01T10:00:{second:02}Z",{who},"properties":{{"kind":"k{value}"}}}}"#
            )
        };
        (0..count).map(line).collect()
    }

    /// Folds the lines whose numbers pass the test.
    fn fold(folder: &mut EventFolder<'_>, formats: &FileFormats<'_>, lines: &[String], mine: impl Fn(usize) -> bool) {
        let mut reading = WorkerDecoders::new(formats, folder.shards.seed(), Micros::MAX);
        for (number, line) in lines.iter().enumerate().filter(|(number, _)| mine(*number)) {
            let file = u32::from(number % 3 == 0);
            let decoder = reading.decoder_for(file, Some(line.as_bytes())).expect("native");
            folder.fold(file, &decoder.decode(line));
        }
        reading.finish();
    }

    /// The state as text, without the numbers that depend on the order of interning.
    fn shown(shards: ShardSet<'_>, folded: Vec<WorkerFold>) -> String {
        let mut state = shards.into_state(folded);
        let conflicts = state.take_conflicts();
        let mut rows = Vec::new();
        for part in &state.shards {
            for (at, row) in part.rows.iter().enumerate() {
                let (whose, more) = match row.owner {
                    RowOwner::User(id) => (part.users.ids.get(id), &part.users.states[id as usize].details),
                    RowOwner::Visitor(id) => (part.visitors.ids.get(id), &part.visitors.states[id as usize].details),
                    RowOwner::Nobody => ("nobody", &None),
                };
                let mut tally: Vec<(&str, u64)> =
                    row.tally.iter().map(|(key, count)| (state.texts.get(key.value), u64::from(*count))).collect();
                tally.sort_unstable();
                let mut of_lines: Vec<String> =
                    more.iter().flat_map(|more| more.lines.iter()).map(|line| format!("{line:?}")).collect();
                of_lines.sort_unstable();
                rows.push(format!("{whose} {:?} {tally:?} {of_lines:?}", part.words(at)));
            }
        }
        rows.sort_unstable();
        format!("{rows:#?} {:?} {:?} {:?} {conflicts}", state.counts, state.names, state.newest_day)
    }

    #[test]
    fn whoever_reads_an_event_it_is_folded_once() {
        let (model, lines) = (model(), lines(20_000));
        let kept = |workers: usize, deal: &dyn Fn(usize) -> usize| {
            let shards = ShardSet::new(&model, &HashSeed::default(), workers);
            let formats = FileFormats::new(&model, "native", 2);
            let folder = |worker: usize| {
                let mut folder = EventFolder::new(&shards, 2);
                fold(&mut folder, &formats, &lines, |number| deal(number) % workers == worker);
                folder
            };
            let folded = (0..workers).map(folder).map(EventFolder::finish).collect();
            shown(shards, folded)
        };
        let expected = kept(1, &|_| 0);
        assert!(expected.contains("duplicate: 13") && expected.contains("duplicate: 6"), "{expected}");
        for workers in [2, 3, 7, 300] {
            assert_eq!(kept(workers, &|number| number), expected, "{workers} in turn");
            assert_eq!(kept(workers, &|number| number / 3000), expected, "{workers} one after the other");
            assert_eq!(kept(workers, &|_| 1), expected, "one of {workers} reads everything");
        }
    }

    #[test]
    fn a_partition_with_many_raw_ids_is_folded_as_any_is() {
        let model = model();
        let seed = HashSeed::default();
        // Users of one shard, more than are folded in the order of the lines.
        let users: Vec<usize> = (0..)
            .filter(|user| FoldState::shard_index(seed.hash_one(format!("u{user}").as_str())) == 7)
            .take(1500)
            .collect();
        let line = |number: usize| {
            let (user, account, second) = (users[number / 7 % users.len()], number % 3, number % 60);
            format!(
                r#"{{"event_id":"e{number}","event":"known","timestamp":"2026-09-01T10:00:{second:02}Z","user_id":"u{user}","account_id":"a{account}","properties":{{"kind":"k{second}"}}}}"#
            )
        };
        let lines: Vec<String> = (0..40_000).map(line).collect();
        let kept = |workers: usize| {
            let shards = ShardSet::new(&model, &seed, workers);
            let formats = FileFormats::new(&model, "native", 2);
            let folder = |worker: usize| {
                let mut folder = EventFolder::new(&shards, 2);
                fold(&mut folder, &formats, &lines, |number| number % workers == worker);
                folder
            };
            let folders: Vec<EventFolder<'_>> = (0..workers).map(folder).collect();
            let folded = folders.into_iter().map(EventFolder::finish).collect();
            assert_eq!(shards.raw_ids[7].load(Ordering::Relaxed), users.len());
            shown(shards, folded)
        };
        let expected = kept(1);
        let first_word = |row: &str| row.split_once(" [")?.1.split_once(',')?.0.parse::<usize>().ok();
        let events: usize = expected.lines().filter(|row| row.contains("\"u")).filter_map(first_word).sum();
        assert_eq!(events, lines.len(), "each is in one row");
        for workers in [2, 5] {
            assert!(kept(workers) == expected, "{workers} workers");
        }
    }

    #[test]
    fn workers_at_once_fold_what_one_folds() {
        let (model, lines) = (model(), lines(30_000));
        let kept = |workers: usize| {
            let shards = ShardSet::new(&model, &HashSeed::default(), workers);
            let formats = FileFormats::new(&model, "native", 2);
            let one = |worker: usize| {
                let (shards, formats, lines) = (&shards, &formats, &lines);
                move || {
                    let mut folder = EventFolder::new(shards, 2);
                    fold(&mut folder, formats, lines, |number| number % workers == worker);
                    folder.finish()
                }
            };
            let folded = std::thread::scope(|scope| {
                let all: Vec<_> = (0..workers).map(|worker| scope.spawn(one(worker))).collect();
                all.into_iter().map(|worker| worker.join().expect("no panic")).collect()
            });
            shown(shards, folded)
        };
        let expected = kept(1);
        for workers in [2, 5] {
            assert_eq!(kept(workers), expected, "{workers} at once");
        }
    }

    #[test]
    fn what_waits_is_bounded_and_mostly_folded_by_the_worker_of_its_partition() {
        let model = model();
        let shards = ShardSet::new(&model, &HashSeed::default(), 2);
        let full = || {
            let mut buffer = EventBatch::default();
            buffer.event_count = shards.worker_batch_len();
            buffer
        };
        let mut waiting = 0;
        for number in 0..100 {
            // From number 50 on the owner of the shard queues nothing.
            let own = number < 50 && number % 5 == 4;
            let taken = shards.enqueue(7, full(), usize::from(own));
            waiting += shards.worker_batch_len();
            let images: usize = taken.iter().map(|buffer| buffer.event_count).sum();
            let enough = if own { SHARD_BATCH_MIN } else { 2 * SHARD_BATCH_MIN };
            assert_eq!(images, if waiting >= enough { waiting } else { 0 }, "after {number}");
            waiting -= images;
            assert!(waiting < enough);
        }
        // The threshold grows with the number of raw ids, up to its bound.
        for (raw_ids, most) in
            [(SHARD_BATCH_MIN, SHARD_BATCH_PER_ID * SHARD_BATCH_MIN), (10 * SHARD_BATCH_MAX, SHARD_BATCH_MAX)]
        {
            shards.raw_ids[7].store(raw_ids, Ordering::Relaxed);
            let taken = (0..).map(|_| shards.enqueue(7, full(), 1)).position(|taken| !taken.is_empty());
            assert_eq!(taken, Some((most - waiting) / shards.worker_batch_len() - 1), "{raw_ids} raw ids");
            waiting = 0;
        }
    }
}
