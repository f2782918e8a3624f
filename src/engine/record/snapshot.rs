//! What one run came to, as far as runs are compared: of each entity the score, the tier, the route, and what every signal paid.

use std::sync::Arc;

use rayon::prelude::*;

use crate::{
    ledger::{EntityRef, fact_name, tier_facts, to_owned_value},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind, FactSlot, PerKind,
    expr::{EvalScope, Value},
    resolved::{Level, RepresentativePool, Route, Tier},
    scoring::{evaluate_signals, sum_points},
    units::Points,
};

/// A tier, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotTier {
    /// Its name.
    pub name: String,
    /// Whether it makes a PQL or PQA.
    pub qualified: bool,
}

/// A route, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRoute {
    /// Its name.
    pub name: String,
    /// Whether its motion is `human`.
    pub human: bool,
    /// Who acts.
    pub assignee: Option<String>,
}

/// All users, or all accounts.
#[derive(Debug, Clone, Default)]
pub struct LevelSnapshot {
    /// In the order of the model.
    pub tiers: Vec<SnapshotTier>,
    /// In the order of the model.
    pub routes: Vec<SnapshotRoute>,
    /// In the order of the model.
    pub suppressions: Vec<String>,
    /// What gives or takes points: the signals in the order of the model, then `cap:` and a category for the bounds of each, then `cap:score`.
    pub point_sources: Vec<String>,
    /// The facts that conditions of tiers read, as expressions of the level name them. Only a level that was scored has them.
    pub tier_facts: Vec<String>,
    /// By id. Clones share them.
    pub standings: Arc<Vec<EntityStanding>>,
}

/// Where a user or an account stands.
///
/// **Cost**: some 80 bytes, the ids, and 16 bytes for each signal that pays.
#[derive(Debug, Clone)]
pub struct EntityStanding {
    /// As rows print it.
    pub id: Box<str>,
    /// The home account of a user.
    pub account: Option<Box<str>>,
    /// The sum of the amounts.
    pub score: Points,
    /// By place; none if the model has no tiers.
    pub tier: Option<u32>,
    /// By place; none if the model has no routes.
    pub route: Option<u32>,
    /// The suppression that holds, by place.
    pub suppressed: Option<u32>,
    /// What each part gives or takes, by its place; parts that come to 0 are left out.
    pub amounts: Box<[(u32, Points)]>,
    /// The facts that conditions of tiers read, by place. Only an entity that was scored has them.
    pub tier_facts: Box<[Value<'static>]>,
}

impl LevelSnapshot {
    /// Users and accounts of a run.
    pub fn of_levels(scored: &ScoredEntities<'_>, model: &Model) -> PerKind<LevelSnapshot> {
        PerKind::from_fn(|kind| LevelSnapshot::take(scored, kind, model))
    }

    /// The entities of one level of a run.
    pub fn take(scored: &ScoredEntities<'_>, kind: EntityKind, model: &Model) -> LevelSnapshot {
        let level = model.resolved.level(kind);
        let slots: Vec<FactSlot> = tier_facts(model, kind).into_iter().map(|key| key.in_program_of(kind)).collect();
        let names = slots.iter().map(|slot| fact_name(model, kind, *slot)).collect();
        let order = LevelSnapshot::entity_order(scored, kind);
        let entities =
            order.into_par_iter().with_min_len(256).map(|place| EntityRef { side: kind, place: place as usize });
        let standings: Vec<EntityStanding> = entities.map(|entity| standing(scored, (level, &slots), entity)).collect();
        LevelSnapshot { standings: Arc::new(standings), tier_facts: names, ..LevelSnapshot::without_entities(level) }
    }

    /// A level in which nobody is.
    pub fn without_entities(level: &Level) -> LevelSnapshot {
        let signals = level.signals.iter().map(|signal| signal.name.clone());
        let bounds = level.categories.iter().map(|category| format!("cap:{}", category.name));
        LevelSnapshot {
            tiers: level.tiers.iter().map(SnapshotTier::new).collect(),
            routes: level.routes.iter().map(SnapshotRoute::new).collect(),
            suppressions: level.suppressions.iter().map(|one| one.name.clone()).collect(),
            point_sources: signals.chain(bounds).chain(["cap:score".to_owned()]).collect(),
            tier_facts: Vec::new(),
            standings: Arc::default(),
        }
    }

    /// The entities of a run, by index, in the order of the standings.
    pub(crate) fn entity_order(scored: &ScoredEntities<'_>, kind: EntityKind) -> Vec<u32> {
        // Most ids differ in the first bytes, which are compared without following a pointer.
        let keyed = |entity: EntityRef| (first_bytes(entity.id(scored)), entity.place as u32);
        let mut order: Vec<(u128, u32)> = EntityRef::all(scored, kind).map(keyed).collect();
        let id = |place: u32| EntityRef { side: kind, place: place as usize }.id(scored);
        order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a.1).cmp(id(b.1))));
        order.into_iter().map(|(_, place)| place).collect()
    }

    /// Whether both are the same list, not only lists of the same.
    pub(crate) fn is_shared_with(&self, other: &LevelSnapshot) -> bool {
        Arc::ptr_eq(&self.standings, &other.standings)
    }

    /// The standing of an id.
    pub fn find(&self, id: &str) -> Option<&EntityStanding> {
        self.place(id).map(|place| &self.standings[place as usize])
    }

    /// The place of an id among the standings.
    pub(crate) fn place(&self, id: &str) -> Option<u32> {
        let place = self.standings.binary_search_by(|standing| (*standing.id).cmp(id)).ok()?;
        Some(place as u32)
    }

    /// For each standing of a later snapshot, the place of the same id in this one.
    pub(crate) fn places_of<'l>(&'l self, later: &'l LevelSnapshot) -> impl Iterator<Item = Option<u32>> + 'l {
        let mut next = 0;
        later.standings.iter().map(move |standing| {
            while self.standings.get(next).is_some_and(|known| known.id < standing.id) {
                next += 1;
            }
            let is_same = self.standings.get(next).is_some_and(|known| known.id == standing.id);
            is_same.then_some(next as u32)
        })
    }

    /// The tier of a standing.
    pub fn tier(&self, standing: &EntityStanding) -> Option<&SnapshotTier> {
        standing.tier.map(|place| &self.tiers[place as usize])
    }

    /// Whether an entity counts as qualified: suppressed ones do not.
    pub fn qualifies(&self, standing: &EntityStanding) -> bool {
        standing.suppressed.is_none() && self.tier(standing).is_some_and(|tier| tier.qualified)
    }

    /// The name of the route of a standing.
    pub fn route(&self, standing: &EntityStanding) -> Option<&str> {
        standing.route.map(|place| self.routes[place as usize].name.as_str())
    }

    /// The name of the suppression that holds for a standing.
    pub fn suppression(&self, standing: &EntityStanding) -> Option<&str> {
        standing.suppressed.map(|place| self.suppressions[place as usize].as_str())
    }
}

impl SnapshotTier {
    fn new(tier: &Tier) -> SnapshotTier {
        SnapshotTier { name: tier.name.clone(), qualified: tier.qualified }
    }
}

impl SnapshotRoute {
    fn new(route: &Route) -> SnapshotRoute {
        SnapshotRoute {
            name: route.name.clone(),
            human: route.motion.as_deref() == Some("human"),
            assignee: route.to.as_ref().map(|to| to.source.clone()).or_else(|| route.pool.as_ref().map(member_names)),
        }
    }
}

/// The first bytes of a text as a number that sorts as they do.
fn first_bytes(text: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

/// The members of a pool who are there.
fn member_names(pool: &RepresentativePool) -> String {
    pool.present().map(|member| member.name.as_str()).collect::<Vec<&str>>().join(", ")
}

fn standing(
    scored: &ScoredEntities<'_>,
    (level, tier_facts): (&Level, &[FactSlot]),
    entity: EntityRef,
) -> EntityStanding {
    let scope = entity.scope(scored);
    let paid = evaluate_signals(level, &scope);
    let total = sum_points(level, &paid);
    let bounds = total.categories.iter().map(|(raw, held)| *held - *raw);
    let amounts = paid.iter().map(|paid| paid.points).chain(bounds).chain([total.score - total.raw]);
    let amounts = (0..).zip(amounts).filter(|(_, points)| *points != Points::ZERO);
    EntityStanding {
        id: entity.id(scored).into(),
        account: entity.home_account(scored).map(Box::from),
        score: total.score,
        tier: place_of(&scope, level.slots.tier, level.tiers.iter().map(|tier| tier.name.as_str())),
        route: place_of(&scope, level.slots.route, level.routes.iter().map(|route| route.name.as_str())),
        suppressed: level
            .slots
            .suppressed
            .and_then(|slot| place_of(&scope, slot, level.suppressions.iter().map(|one| one.name.as_str()))),
        amounts: amounts.collect(),
        tier_facts: tier_facts.iter().map(|slot| to_owned_value(&scope.get(*slot))).collect(),
    }
}

/// The place of the name that a fact holds, in a list of names.
fn place_of<'n>(scope: &impl EvalScope, slot: FactSlot, mut names: impl Iterator<Item = &'n str>) -> Option<u32> {
    let value = scope.get(slot);
    let name = value.to_text()?;
    names.position(|known| known == name).map(|place| place as u32)
}
