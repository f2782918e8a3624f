//! What one model came to, as far as it is compared: of each entity the score, the tier, the route, and what every signal paid.

use rayon::prelude::*;

use super::ComparedModel;
use pql_engine::{ledger::EntityRef, plan::Model, score::ScoredEntities};
use pql_model::{
    EntityKind, PerKind,
    expr::EvalScope,
    resolved::{Level, RepresentativePool},
    scoring::{evaluate_signals, sum_points},
    units::Points,
};

/// What one model came to.
#[derive(Debug)]
pub struct ScoreSnapshot {
    /// The model, and the instant looked from.
    pub model: ComparedModel,
    /// Users and accounts.
    pub levels: PerKind<LevelSnapshot>,
}

/// A tier, as far as it is compared.
#[derive(Debug, Clone)]
pub struct SnapshotTier {
    /// Its name.
    pub name: String,
    /// Whether it makes a PQL or PQA.
    pub qualified: bool,
}

/// A route, as far as it is compared.
#[derive(Debug, Clone)]
pub struct SnapshotRoute {
    /// Its name.
    pub name: String,
    /// Whether its motion is `human`.
    pub human: bool,
    /// Who acts.
    pub assignee: Option<String>,
}

/// All users, or all accounts.
#[derive(Debug)]
pub struct LevelSnapshot {
    /// In the order of the model.
    pub tiers: Vec<SnapshotTier>,
    /// In the order of the model.
    pub routes: Vec<SnapshotRoute>,
    /// What gives or takes points: the signals in the order of the model, then `cap:` and a category for the bounds of each, then `cap:score`.
    pub point_sources: Vec<String>,
    /// By id.
    pub standings: Vec<EntityStanding>,
}

/// Where a user or an account stands.
///
/// **Cost**: 64 bytes, the id, and 16 bytes for each signal that pays.
#[derive(Debug)]
pub struct EntityStanding {
    /// As rows print it.
    pub id: Box<str>,
    /// The sum of the amounts.
    pub score: Points,
    /// By place; none if the model has no tiers.
    pub tier: Option<u32>,
    /// Whether a suppression leaves it out of qualified counts.
    pub is_suppressed: bool,
    /// By place; none if the model has no routes.
    pub route: Option<u32>,
    /// What each part gives or takes, by its place; parts that come to 0 are left out.
    pub amounts: Box<[(u32, Points)]>,
}

impl LevelSnapshot {
    /// Whether an entity counts as qualified.
    pub(super) fn qualifies(&self, standing: &EntityStanding) -> bool {
        let tier = standing.tier.and_then(|place| self.tiers.get(place as usize));
        !standing.is_suppressed && tier.is_some_and(|tier| tier.qualified)
    }
}

impl ScoreSnapshot {
    /// Takes what is compared from what was scored.
    pub fn take(scored: &ScoredEntities<'_>, model: &Model, path: String) -> ScoreSnapshot {
        let head = ComparedModel {
            path,
            name: model.resolved.name.clone(),
            fingerprint: model.resolved.fingerprint.clone(),
            as_of: scored.as_of,
        };
        ScoreSnapshot {
            model: head,
            levels: PerKind::from_fn(|side| population(scored, side, model.resolved.level(side))),
        }
    }
}

fn population(scored: &ScoredEntities<'_>, side: EntityKind, level: &Level) -> LevelSnapshot {
    let tier = |tier: &pql_model::resolved::Tier| SnapshotTier { name: tier.name.clone(), qualified: tier.qualified };
    let route = |route: &pql_model::resolved::Route| SnapshotRoute {
        name: route.name.clone(),
        human: route.motion.as_deref() == Some("human"),
        assignee: route.to.as_ref().map(|to| to.source.clone()).or_else(|| route.pool.as_ref().map(member_names)),
    };
    let signals = level.signals.iter().map(|signal| signal.name.clone());
    let bounds = level.categories.iter().map(|category| format!("cap:{}", category.name));
    let parts = signals.chain(bounds).chain(["cap:score".to_owned()]).collect();
    let all: Vec<EntityRef> = EntityRef::all(scored, side).collect();
    let mut standings: Vec<EntityStanding> =
        all.into_par_iter().with_min_len(256).map(|entity| standing(scored, level, entity)).collect();
    standings.par_sort_unstable_by(|a, b| a.id.cmp(&b.id));
    LevelSnapshot {
        tiers: level.tiers.iter().map(tier).collect(),
        routes: level.routes.iter().map(route).collect(),
        point_sources: parts,
        standings,
    }
}

/// The members of a pool who are there.
fn member_names(pool: &RepresentativePool) -> String {
    pool.present().map(|member| member.name.as_str()).collect::<Vec<&str>>().join(", ")
}

fn standing(scored: &ScoredEntities<'_>, level: &Level, entity: EntityRef) -> EntityStanding {
    let scope = entity.scope(scored);
    let paid = evaluate_signals(level, &scope);
    let total = sum_points(level, &paid);
    let bounds = total.categories.iter().map(|(raw, held)| *held - *raw);
    let amounts = paid.iter().map(|paid| paid.points).chain(bounds).chain([total.score - total.raw]);
    let amounts = (0..).zip(amounts).filter(|(_, points)| *points != Points::ZERO);
    let name = |slot: u32| scope.get(slot).to_text().map(|name| name.into_owned());
    let tier = name(level.slots.tier);
    let tier = tier.and_then(|name| level.tiers.iter().position(|tier| tier.name == name));
    let route = name(level.slots.route);
    let route = route.and_then(|name| level.routes.iter().position(|route| route.name == name));
    EntityStanding {
        id: entity.id(scored).into(),
        score: total.score,
        tier: tier.map(|place| place as u32),
        is_suppressed: level.slots.suppressed.is_some_and(|slot| !scope.get(slot).is_null()),
        route: route.map(|place| place as u32),
        amounts: amounts.collect(),
    }
}
