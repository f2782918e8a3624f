//! What the workers of a run share while they fold.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    FileCounts, Folded, Interner, Joins, Keyed, NO_LAST, PARTITIONS, Part, State,
    duplicates::{self, Seen},
    image::Recipe,
    part::Context,
    shared::SharedTexts,
};
use crate::{decode::Seed, model::Model};

/// Images that wait for one partition, over all workers: enough to find most of a partition's users more than once, few enough to cost
/// little memory.
const WAITING: usize = 1024;

/// What the workers of a run fold into.
#[derive(Debug)]
pub struct Hearth<'m> {
    pub(super) model: &'m Model,
    pub(super) seed: Seed,
    pub(super) recipes: Vec<Recipe>,
    parts: Vec<Mutex<Part>>,
    pub(super) accounts: SharedTexts,
    pub(super) texts: SharedTexts,
    /// Images that wait for one partition, by worker.
    pub(super) waiting: usize,
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
            accounts: SharedTexts::new(Interner::new(seed.clone())),
            texts: SharedTexts::new(Interner::new(seed.clone())),
            waiting: (WAITING / workers.max(1)).max(64),
        }
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
        // A worker that panicked ends the run; what it held is not used.
        self.parts[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The seed that decoders of the run have to have.
    pub fn seed(&self) -> Seed {
        self.seed.clone()
    }

    /// The state of all that the workers folded, and how many events that count share their id with another content.
    pub fn into_state(self, folded: impl IntoIterator<Item = Folded>) -> (State, u64) {
        let parts = self.parts.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut parts: Vec<Part> = parts.collect();
        let seen: Vec<Seen> = parts.iter_mut().map(Part::take_seen).collect();
        let conflicts = duplicates::conflicts(&seen);
        // Before there is more to remember: what is given back here is room for it.
        drop(seen);
        let mut state = State {
            parts,
            accounts: self.accounts.into_inner(),
            texts: self.texts.into_inner(),
            account_traits: Keyed::default(),
            aliases: Keyed::default(),
            joins: Joins::new(&self.seed),
            counts: Vec::new(),
            newest: NO_LAST,
            names: vec![0; self.model.intake.plans.len()],
            seed: self.seed,
        };
        for one in folded {
            state.newest = state.newest.max(one.newest);
            state.names.iter_mut().zip(&one.names).for_each(|(mine, theirs)| *mine += theirs);
            state.counts.resize(state.counts.len().max(one.counts.len()), FileCounts::default());
            state.counts.iter_mut().zip(&one.counts).for_each(|(mine, theirs)| mine.add(theirs));
            state.joins.absorb(one.joins);
            one.aliases.iter().for_each(|(pair, ())| state.aliases.merge(*pair, (), |(), ()| {}));
            for (key, edge) in one.account_traits.iter() {
                let plan = &self.model.account.traits[key.1 as usize];
                state.account_traits.merge(*key, *edge, |known, more| {
                    known.merge(more, !plan.first, plan.kind, &state.texts);
                });
            }
        }
        (state, conflicts)
    }
}
