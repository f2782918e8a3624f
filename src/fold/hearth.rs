//! What the workers of a run share while they fold.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use rayon::prelude::*;

use super::{
    Folded, Interner, Joins, Keyed, NO_LAST, PARTITIONS, Part, State,
    counts::Counts,
    duplicates::{self, Seen},
    image::{Buffer, Recipe},
    part::Context,
    shared::SharedTexts,
};
use crate::{decode::Seed, model::Model};

/// Images that wait for one partition, over all workers: enough to find most of a partition's users more than once, few enough to cost
/// little memory.
const WAITING: usize = 1024;
/// Images that wait at one worker at least, before it does anything about them.
const WAITING_MIN: usize = 64;

/// What the workers of a run fold into.
///
/// Every partition has a worker whose it is: mostly it is folded by that one, so that what it keeps is not in the caches of several processors, and
/// memory is given back where it came from. The others hand over what they read for it.
#[derive(Debug)]
pub struct Hearth<'m> {
    pub(super) model: &'m Model,
    pub(super) seed: Seed,
    pub(super) recipes: Vec<Recipe>,
    parts: Vec<Mutex<Part>>,
    /// By partition, images that were handed over.
    handed: Vec<Mutex<Vec<Buffer>>>,
    pub(super) accounts: SharedTexts,
    pub(super) texts: SharedTexts,
    workers: usize,
    /// Folders that there were so far.
    folders: AtomicUsize,
}

impl<'m> Hearth<'m> {
    /// An empty one for so many workers.
    pub fn new(model: &'m Model, seed: &Seed, workers: usize) -> Hearth<'m> {
        let intake = &model.intake;
        Hearth {
            model,
            seed: seed.clone(),
            recipes: intake.plans.iter().map(|plan| Recipe::new(plan, intake)).collect(),
            parts: (0..PARTITIONS).map(|_| Mutex::new(Part::new(seed, intake))).collect(),
            handed: (0..PARTITIONS).map(|_| Mutex::default()).collect(),
            accounts: SharedTexts::new(Interner::new(seed.clone())),
            texts: SharedTexts::new(Interner::new(seed.clone())),
            workers: workers.max(1),
            folders: AtomicUsize::new(0),
        }
    }

    /// The number of a new folder, which is that of a worker.
    pub(super) fn number(&self) -> usize {
        self.folders.fetch_add(1, Ordering::Relaxed) % self.workers
    }

    /// Whether a partition is a worker's.
    pub(super) fn is_of(&self, at: usize, number: usize) -> bool {
        at % self.workers == number
    }

    /// How many images a worker lets wait for a partition.
    pub(super) fn waiting(&self, at: usize, number: usize) -> usize {
        let share = WAITING / self.workers;
        if self.is_of(at, number) { share } else { share / 2 }.max(WAITING_MIN)
    }

    /// Puts images where the worker will find them whose the partition is. If too many are there by now, gives all of them to be folded at once.
    pub(super) fn hand_over(&self, at: usize, images: Buffer) -> Vec<Buffer> {
        let mut handed = lock(&self.handed[at]);
        handed.push(images);
        let waiting: usize = handed.iter().map(|buffer| buffer.images).sum();
        if waiting < WAITING { Vec::new() } else { std::mem::take(&mut *handed) }
    }

    /// Puts images where they are found in the end.
    pub(super) fn leave(&self, at: usize, images: Buffer) {
        lock(&self.handed[at]).push(images);
    }

    /// Takes what was handed over of a partition, in exchange for an empty list.
    pub(super) fn take_handed(&self, at: usize, list: &mut Vec<Buffer>) {
        std::mem::swap(&mut *lock(&self.handed[at]), list);
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            recipes: &self.recipes,
            words: &self.model.intake.words,
            accounts: &self.accounts,
            texts: &self.texts,
            by_person: !self.model.identity.exclude_domains.is_empty(),
        }
    }

    pub(super) fn part(&self, at: usize) -> MutexGuard<'_, Part> {
        lock(&self.parts[at])
    }

    /// Folds all that was handed over and not taken.
    fn fold_rest(&self) -> Counts {
        let fold = |mut counts: Counts, at: usize| {
            let handed = std::mem::take(&mut *lock(&self.handed[at]));
            self.part(at).fold(&handed, &self.context(), |image, verdict| counts.count(image, verdict));
            counts
        };
        let both = |mut one: Counts, other: Counts| {
            one.add(&other);
            one
        };
        (0..PARTITIONS).into_par_iter().fold(Counts::default, fold).reduce(Counts::default, both)
    }

    /// The seed that decoders of the run have to have.
    pub fn seed(&self) -> Seed {
        self.seed.clone()
    }

    /// The state of all that the workers folded, and how many events that count share their id with another content.
    pub fn into_state(self, folded: impl IntoIterator<Item = Folded>) -> (State, u64) {
        let mut counts = self.fold_rest();
        let parts = self.parts.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut parts: Vec<Part> = parts.collect();
        let seen: Vec<Seen> = parts.iter_mut().map(Part::take_seen).collect();
        let conflicts = duplicates::conflicts(&seen);
        // Before there is more to remember: what is given back here is room for it. It takes a while, in which the pool has nothing to do.
        rayon::spawn(move || drop(seen));
        let mut state = State {
            parts,
            accounts: self.accounts.into_inner(),
            texts: self.texts.into_inner(),
            account_traits: Keyed::default(),
            aliases: Keyed::default(),
            joins: Joins::new(&self.seed),
            counts: Vec::new(),
            newest: NO_LAST,
            names: Vec::new(),
            seed: self.seed,
        };
        for one in folded {
            state.newest = state.newest.max(one.newest);
            counts.add(&one.counts);
            state.joins.absorb(one.joins);
            one.aliases.iter().for_each(|(pair, ())| state.aliases.merge(*pair, (), |(), ()| {}));
            for (key, edge) in one.account_traits.iter() {
                let plan = &self.model.account.traits[key.1 as usize];
                state.account_traits.merge(*key, *edge, |known, more| {
                    known.merge(more, !plan.first, plan.kind, &state.texts);
                });
            }
        }
        Counts { files: state.counts, names: state.names } = counts;
        (state, conflicts)
    }
}

/// A worker that panicked ends the run; what it held is not used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decode::format::{Formats, Reading},
        diag::Document,
        fold::{Folder, Owner},
        model,
        units::Micros,
    };

    const MODEL: &str = r#"
        schema = 1
        name = "m"
        [metrics]
        kinds = { measure = "distinct", value = "kind", event = "known" }
        [[user.signals]]
        name = "s"
        value = "kinds"
        ladder = [{ at_least = 1, points = 1 }]
        [[user.tiers]]
        name = "all"
    "#;

    /// What is kept of events of five users, which are dealt to workers in some way.
    fn kept(model: &Model, lines: &[String], workers: usize, deal: impl Fn(usize) -> usize) -> String {
        let hearth = Hearth::new(model, &Seed::default(), workers);
        let formats = Formats::new(model, "native", 2);
        let mut folders: Vec<Folder<'_>> = (0..workers).map(|_| Folder::new(&hearth, 2)).collect();
        let mut reading = Reading::new(&formats, hearth.seed(), Micros::MAX);
        for (number, line) in lines.iter().enumerate() {
            let file = u32::from(number % 3 == 0);
            let decoder = reading.of_file(file, Some(line.as_bytes())).expect("native");
            folders[deal(number) % workers].fold(file, &decoder.decode(line));
        }
        reading.finish();
        let folded: Vec<Folded> = folders.into_iter().map(Folder::finish).collect();
        let (state, conflicts) = hearth.into_state(folded);
        let mut users = Vec::new();
        for part in &state.parts {
            for (at, row) in part.rows.iter().enumerate() {
                let Owner::User(id) = row.owner else { continue };
                let mut tally: Vec<(&str, u64)> =
                    row.tally.iter().map(|(key, count)| (state.texts.get(key.value), u64::from(*count))).collect();
                tally.sort_unstable();
                users.push(format!("{} {:?} {tally:?}", part.users.ids.get(id), part.words(at)));
            }
        }
        users.sort_unstable();
        format!("{users:#?} {:?} {:?} {conflicts}", state.counts, state.names)
    }

    #[test]
    fn whoever_read_an_event_it_is_folded_once() {
        let model = model::parse(&Document { name: "m.toml".into(), text: MODEL.into() }).expect("a model");
        // Enough of each user for images to be handed over more than once; some are copies.
        let lines: Vec<String> = (0..20_000_usize)
            .map(|number| {
                let number = if number % 10 == 9 { number - 9 } else { number };
                let (user, kind, second) = (number * 7 % 5, number % 11, number % 60);
                format!(
                    r#"{{"event_id":"e{number}","event":"known","timestamp":"2026-09-01T10:00:{second:02}Z","user_id":"u{user}","properties":{{"kind":"k{kind}"}}}}"#
                )
            })
            .collect();
        let expected = kept(&model, &lines, 1, |_| 0);
        assert!(expected.contains("duplicate: 1333") && expected.contains("duplicate: 667"), "{expected}");
        for workers in [2, 3, 7] {
            assert_eq!(kept(&model, &lines, workers, |number| number), expected, "{workers} in turn");
            assert_eq!(
                kept(&model, &lines, workers, |number| number / 3000),
                expected,
                "{workers} one after the other"
            );
            assert_eq!(kept(&model, &lines, workers, |_| 1), expected, "one of {workers} reads everything");
        }
    }
}
