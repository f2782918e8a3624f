//! The dependencies of a question: the variables and the steps of scoring behind the facts that it asks for, and no others.

use super::{
    domains::{SearchSpace, fact},
    invariants::InvariantSet,
    table::{FactKeyMap, FactKeySet},
};
use crate::{
    EntityKind, FactKey, FactSlot, ResolvedModel,
    expr::Program,
    resolved::{FactDefinition, Level, ScoringStep, Signal, SignalPayment},
};

/// The largest number of links that are examined for a question.
const AROUND_MAX: usize = 500;

/// The part of a model that decides some facts.
#[derive(Debug, Clone)]
pub(super) struct DependencyPlan {
    /// Variables by their place in the space; their values come first among those of the plan.
    pub(super) variables: Vec<usize>,
    /// The number of variables that decide; those after them are only linked to these.
    pub(super) core: usize,
    /// Links between the variables.
    pub(super) links: Vec<usize>,
    /// The place of a fact's value among the values of the plan.
    pub(super) index: FactKeyMap<usize>,
    /// Steps in the order of scoring.
    pub(super) steps: Vec<ScoringStep>,
    /// The cost of one evaluation. **Units**: facts and signals.
    pub(super) cost: u64,
}

/// The slots of a program as keys, where the program is of users (0) or accounts ([`EntityKind::Account`]).
pub(super) fn visit_keys(program: &Program, side: EntityKind, visit: &mut dyn FnMut(FactKey)) {
    program.visit_slots(&mut |slot| visit(FactKey::seen_from(side, slot)));
}

/// Everything that a signal looks at.
pub(super) fn visit_signal_keys(signal: &Signal, side: EntityKind, visit: &mut dyn FnMut(FactKey)) {
    let programs = signal.guard.iter().chain(signal.decay.iter().map(|decay| &decay.since));
    programs.for_each(|program| visit_keys(program, side, visit));
    match &signal.pay {
        SignalPayment::Flat(_) => {}
        SignalPayment::Ladder { value, .. } | SignalPayment::Per { value, .. } => visit_keys(value, side, visit),
    }
}

/// What scoring writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScoringStage {
    Points,
    Tier,
    Segment,
    Route,
}

/// Which part of scoring writes a fact.
pub(super) fn scoring_stage(level: &Level, slot: u32) -> Option<ScoringStage> {
    let slots = &level.slots;
    if slot == slots.score || slots.points.contains(&slot) {
        return Some(ScoringStage::Points);
    }
    if slot == slots.tier || slot == slots.qualified {
        return Some(ScoringStage::Tier);
    }
    if slot == slots.route || slot == slots.motion {
        return Some(ScoringStage::Route);
    }
    (slot == slots.segment).then_some(ScoringStage::Segment)
}

/// The facts that a fact is computed from; none for variables.
pub(super) fn visit_dependencies(model: &ResolvedModel, key: FactKey, visit: &mut dyn FnMut(FactKey)) {
    let side = key.kind();
    let level = model.level(side);
    match fact(model, key).map(|fact| &fact.definition) {
        Some(FactDefinition::Expression(program)) => visit_keys(program, side, visit),
        Some(FactDefinition::Scoring) => match scoring_stage(level, key.slot()) {
            Some(ScoringStage::Points) => {
                level.signals.iter().for_each(|signal| visit_signal_keys(signal, side, visit))
            }
            Some(ScoringStage::Tier) => {
                visit(FactKey::new(side, level.slots.score));
                level.slots.previous_tier.iter().for_each(|slot| visit(FactKey::new(side, *slot)));
                level.tiers.iter().filter_map(|tier| tier.when.as_ref()).for_each(|when| visit_keys(when, side, visit));
            }
            Some(ScoringStage::Segment) => {
                level
                    .segments
                    .iter()
                    .filter_map(|one| one.when.as_ref())
                    .for_each(|when| visit_keys(when, side, visit));
            }
            Some(ScoringStage::Route) => {
                level
                    .routes
                    .iter()
                    .filter_map(|route| route.when.as_ref())
                    .for_each(|when| visit_keys(when, side, visit));
            }
            None => {}
        },
        _ => {}
    }
}

impl DependencyPlan {
    /// The plan of some facts.
    pub(super) fn new(
        model: &ResolvedModel,
        space: &SearchSpace,
        links: &InvariantSet,
        wanted: impl IntoIterator<Item = FactKey>,
    ) -> DependencyPlan {
        let mut plan = DependencyPlan {
            variables: Vec::new(),
            core: 0,
            links: Vec::new(),
            index: FactKeyMap::default(),
            steps: Vec::new(),
            cost: 1,
        };
        let computed = plan.collect(model, space, wanted.into_iter().collect());
        plan.variables.sort_unstable();
        plan.variables.dedup();
        plan.core = plan.variables.len();
        plan.link(model, space, links);
        for (at, place) in plan.variables.iter().enumerate() {
            plan.index.insert(space.variables[*place].key, at);
        }
        plan.cost += plan.variables.len() as u64;
        for key in computed {
            let at = plan.index.len();
            plan.index.insert(key, at);
        }
        plan.complete_groups(model);
        plan.steps = model.steps.iter().copied().filter(|step| plan.needs(model, *step)).collect();
        plan
    }

    /// Adds the variables behind some facts; returns the facts that are computed from others.
    fn collect(&mut self, model: &ResolvedModel, space: &SearchSpace, mut open: Vec<FactKey>) -> Vec<FactKey> {
        let mut seen = FactKeySet::default();
        let mut computed = Vec::new();
        let mut home = false;
        while let Some(key) = open.pop() {
            if !seen.insert(key) {
                continue;
            }
            if let Some(place) = space.place(key) {
                self.variables.push(place);
                continue;
            }
            computed.push(key);
            self.cost += 1;
            let level = model.level(key.kind());
            if let Some(ScoringStage::Points) = scoring_stage(level, key.slot())
                && matches!(fact(model, key).map(|fact| &fact.definition), Some(FactDefinition::Scoring))
            {
                self.cost += (level.signals.len() + level.tiers.len()) as u64;
            }
            visit_dependencies(model, key, &mut |part| {
                self.cost += 1;
                home |= part.kind() == EntityKind::Account && key.kind() == EntityKind::User;
                open.push(part);
            });
        }
        if home && !seen.contains(&FactKey::HAS_ACCOUNT) {
            self.variables.push(0);
        }
        computed
    }

    /// Adds the facts that scoring writes together with a fact of the plan: all points at once, and so tiers and routes.
    fn complete_groups(&mut self, model: &ResolvedModel) {
        for (side, level) in model.levels.iter() {
            let slots = &level.slots;
            let points: Vec<FactSlot> = slots.points.iter().chain([&slots.score]).copied().collect();
            for group in [points, vec![slots.tier, slots.qualified], vec![slots.route, slots.motion]] {
                if group.iter().any(|slot| self.index.contains_key(&FactKey::new(side, *slot))) {
                    for slot in group {
                        let at = self.index.len();
                        self.index.entry(FactKey::new(side, slot)).or_insert(at);
                    }
                }
            }
        }
    }

    /// Adds the variables that are linked to those that decide, and all links between them. Milestones bring those that they are parts of, so
    /// that what reaches the parts reaches the whole.
    fn link(&mut self, model: &ResolvedModel, space: &SearchSpace, links: &InvariantSet) {
        let key = |place: &usize| space.variables[*place].key;
        let is_milestone = |place: &usize| {
            matches!(fact(model, key(place)).map(|fact| &fact.definition), Some(FactDefinition::Milestone(..)))
        };
        let mut newest = self.around(&self.variables, space, links);
        self.variables.extend(&newest);
        while self.variables.len() < AROUND_MAX && newest.iter().any(is_milestone) {
            newest.retain(is_milestone);
            newest = self.around(&newest, space, links);
            newest.retain(is_milestone);
            self.variables.extend(&newest);
        }
        let known: FactKeySet = self.variables.iter().map(key).collect();
        let of_all = self.variables.iter().flat_map(|place| links.of_key(key(place)));
        let mut all: Vec<usize> = of_all.copied().take(4 * AROUND_MAX).collect();
        all.sort_unstable();
        all.dedup();
        all.retain(|link| links.keys[*link].iter().all(|key| known.contains(key)));
        self.cost += all.len() as u64;
        self.links = all;
    }

    /// The variables that are linked to some and are not in the plan.
    fn around(&self, places: &[usize], space: &SearchSpace, links: &InvariantSet) -> Vec<usize> {
        let of_places = places.iter().flat_map(|place| links.of_key(space.variables[*place].key));
        let mut around: Vec<usize> = of_places.copied().take(AROUND_MAX).collect();
        around.sort_unstable();
        around.dedup();
        let linked = around.iter().flat_map(|link| &links.keys[*link]);
        let mut others: Vec<usize> = linked.filter_map(|key| space.place(*key)).collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|place| !self.variables.contains(place));
        others
    }

    fn needs(&self, model: &ResolvedModel, step: ScoringStep) -> bool {
        let (user, account) = (&model.levels.user.slots, &model.levels.account.slots);
        let key = match step {
            ScoringStep::UserFact(slot) | ScoringStep::UserRecord(slot) | ScoringStep::UserOutcome(slot) => {
                FactKey::new(EntityKind::User, slot)
            }
            ScoringStep::AccountFact(slot)
            | ScoringStep::AccountPerson(slot)
            | ScoringStep::AccountRecord(slot)
            | ScoringStep::AccountOutcome(slot) => FactKey::new(EntityKind::Account, slot),
            ScoringStep::Segment => FactKey::new(EntityKind::Account, account.segment),
            ScoringStep::UserPoints => FactKey::new(EntityKind::User, user.score),
            ScoringStep::UserTier => FactKey::new(EntityKind::User, user.tier),
            ScoringStep::AccountPoints => FactKey::new(EntityKind::Account, account.score),
            ScoringStep::AccountTier => FactKey::new(EntityKind::Account, account.tier),
            ScoringStep::UserRoute => FactKey::new(EntityKind::User, user.route),
            ScoringStep::AccountRoute => FactKey::new(EntityKind::Account, account.route),
        };
        // A roll-up and a fact of the record are variables, so their steps are not taken.
        self.index.get(&key).is_some_and(|at| *at >= self.variables.len())
    }
}
