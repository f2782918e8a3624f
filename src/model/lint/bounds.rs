//! The steps of scoring on bounds in place of values: the possible points, tiers and routes of all entities in a box of facts.

use std::borrow::Cow;

use super::{
    dependencies::DependencyPlan,
    domains::{SearchSpace, fact},
    interval::{AbstractRef, AbstractScope, AbstractValue, NonNullValues, eval},
    invariants::fact_of,
};
use crate::{
    EntityKind, FactKey, ResolvedModel,
    expr::Program,
    resolved::{DecayCurve, FactDefinition, Level, ScoringStep, Signal, SignalPayment, Tier},
    scoring::passes,
    units::{POINTS_ABS_MAX, Points},
};

/// A box: for each variable of a plan the first and the last of its cells.
pub(super) type CellBox = Vec<(u16, u16)>;

/// The possible values of all facts of a plan in a box.
#[derive(Debug)]
pub(super) struct BoxBounds<'p, 'm> {
    model: &'m ResolvedModel,
    plan: &'p DependencyPlan,
    values: Vec<AbstractRef<'m>>,
}

/// What a fact is that a plan does not know.
static NOTHING: AbstractValue<'static> = AbstractValue::NULL;
/// Who is asked about has a home, unless a plan knows otherwise.
static AT_HOME: AbstractValue<'static> =
    AbstractValue { null: false, known: NonNullValues::Truth { yes: true, no: false } };

/// Bounds as a level sees them.
pub(super) struct BoxBoundsScope<'j, 'p, 'm> {
    judged: &'j BoxBounds<'p, 'm>,
    side: EntityKind,
    /// Facts that are taken to be something else.
    instead: Vec<(FactKey, AbstractValue<'m>)>,
}

impl<'m> AbstractScope<'m> for BoxBoundsScope<'_, '_, 'm> {
    fn get(&self, slot: u32) -> Cow<'_, AbstractValue<'m>> {
        let key = FactKey::seen_from(self.side, slot);
        if let Some((_, abs)) = self.instead.iter().find(|(known, _)| *known == key) {
            return Cow::Borrowed(abs);
        }
        let abs = self.judged.value(key);
        if key.kind() != self.side {
            let home = self.judged.value(FactKey::HAS_ACCOUNT);
            if !home.can_hold() {
                return Cow::Borrowed(&NOTHING);
            }
            if home.can_be_false() && !abs.null {
                return Cow::Owned(AbstractValue { null: true, known: abs.known.clone() });
            }
        }
        Cow::Borrowed(abs)
    }
}

/// Facts as they are, on either level.
struct RawBoundsScope<'j, 'p, 'm>(&'j BoxBounds<'p, 'm>);

impl<'m> AbstractScope<'m> for RawBoundsScope<'_, '_, 'm> {
    fn get(&self, slot: u32) -> Cow<'_, AbstractValue<'m>> {
        Cow::Borrowed(self.0.value(fact_of(slot)))
    }
}

/// What one signal can pay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SignalBounds {
    /// Whether it can fire, and whether it must.
    pub(super) can_fire: bool,
    pub(super) must_fire: bool,
    /// **Units**: points, if it fires.
    pub(super) low: f64,
    pub(super) high: f64,
}

impl SignalBounds {
    pub(super) const NEVER: SignalBounds = SignalBounds { can_fire: false, must_fire: false, low: 0.0, high: 0.0 };

    /// What it adds, whether it fires or not.
    pub(super) fn contribution(self) -> (f64, f64) {
        if !self.can_fire {
            return (0.0, 0.0);
        }
        if self.must_fire { (self.low, self.high) } else { (self.low.min(0.0), self.high.max(0.0)) }
    }
}

impl<'p, 'm> BoxBounds<'p, 'm> {
    pub(super) fn new(
        model: &'m ResolvedModel,
        space: &'m SearchSpace,
        plan: &'p DependencyPlan,
        cells: &[(u16, u16)],
    ) -> BoxBounds<'p, 'm> {
        let mut values = Vec::with_capacity(plan.index.len());
        let variables = plan.variables.iter().zip(cells);
        values.extend(variables.map(|(place, (first, last))| space.variables[*place].between(*first, *last)));
        values.resize_with(plan.index.len(), || AbstractRef::Borrowed(&NOTHING));
        let mut judged = BoxBounds { model, plan, values };
        plan.steps.iter().for_each(|step| judged.step(*step));
        judged
    }

    /// What a fact can be; null if the plan does not know it.
    pub(super) fn value(&self, key: FactKey) -> &AbstractValue<'m> {
        match self.plan.index.get(&key) {
            Some(at) => self.values[*at].get(),
            None if key == FactKey::HAS_ACCOUNT => &AT_HOME,
            None => &NOTHING,
        }
    }

    pub(super) fn scope(&self, side: EntityKind) -> BoxBoundsScope<'_, 'p, 'm> {
        self.scope_with(side, Vec::new())
    }

    /// The same with some facts taken to be something else.
    pub(super) fn scope_with(
        &self,
        side: EntityKind,
        instead: Vec<(FactKey, AbstractValue<'m>)>,
    ) -> BoxBoundsScope<'_, 'p, 'm> {
        BoxBoundsScope { judged: self, side, instead }
    }

    /// Whether a link is known to be broken.
    pub(super) fn violates(&self, link: &'m Program) -> bool {
        let link = eval(link, &RawBoundsScope(self));
        !link.null && !link.can_hold()
    }

    /// What an expression of a level can come to.
    pub(super) fn eval(&self, program: &'m Program, side: EntityKind) -> AbstractValue<'m> {
        eval(program, &self.scope(side))
    }

    fn set(&mut self, key: FactKey, abs: AbstractValue<'m>) {
        if let Some(at) = self.plan.index.get(&key) {
            self.values[*at] = AbstractRef::Owned(abs);
        }
    }

    fn level(&self, side: EntityKind) -> &'m Level {
        self.model.level(side)
    }

    fn step(&mut self, step: ScoringStep) {
        match step {
            ScoringStep::UserFact(slot) => self.eval_fact(FactKey::new(EntityKind::User, slot)),
            ScoringStep::AccountFact(slot) => self.eval_fact(FactKey::new(EntityKind::Account, slot)),
            ScoringStep::Segment => {
                let segments = &self.model.levels.account.segments;
                let (possible, left) =
                    self.first_match_bounds(segments.iter().map(|one| one.when.as_ref()), EntityKind::Account);
                let names = segments.iter().map(|one| one.name.as_str());
                self.set(
                    FactKey::new(EntityKind::Account, self.model.levels.account.slots.segment),
                    one_of(names, &possible, left),
                );
            }
            ScoringStep::UserPoints => self.points(EntityKind::User),
            ScoringStep::AccountPoints => self.points(EntityKind::Account),
            ScoringStep::UserTier => self.tier(EntityKind::User),
            ScoringStep::AccountTier => self.tier(EntityKind::Account),
            // A fact of somebody else is a variable.
            ScoringStep::AccountPerson(_) => {}
            // So is what runs before said.
            ScoringStep::UserRecord(_) | ScoringStep::AccountRecord(_) => {}
            // So is what became of somebody.
            ScoringStep::UserOutcome(_) | ScoringStep::AccountOutcome(_) => {}
            ScoringStep::UserRoute => self.route(EntityKind::User),
            ScoringStep::AccountRoute => self.route(EntityKind::Account),
        }
    }

    fn eval_fact(&mut self, key: FactKey) {
        if let Some(FactDefinition::Expression(program)) = fact(self.model, key).map(|fact| &fact.definition) {
            let abs = eval(program, &self.scope(key.kind()));
            self.set(key, abs);
        }
    }

    /// Which of some rules can be the first that holds, and whether it can be that none does.
    pub(super) fn first_match_bounds(
        &self,
        rules: impl Iterator<Item = Option<&'m Program>>,
        side: EntityKind,
    ) -> (Vec<bool>, bool) {
        let scope = self.scope(side);
        let mut open = true;
        let possible = rules.map(|when| {
            let Some(when) = when else { return std::mem::replace(&mut open, false) };
            if !open {
                return false;
            }
            let when = eval(when, &scope);
            open = when.can_fail();
            when.can_hold()
        });
        (possible.collect(), open)
    }

    /// What each signal of a level can pay by itself.
    pub(super) fn payable(&self, signal: &'m Signal, side: EntityKind) -> SignalBounds {
        payable(signal, &self.scope(side))
    }

    fn points(&mut self, side: EntityKind) {
        let level = self.level(side);
        let bounds: Vec<SignalBounds> = level.signals.iter().map(|signal| self.payable(signal, side)).collect();
        let (categories, score) = sum_bounds(level, &bounds);
        for (slot, (low, high)) in level.slots.points.iter().zip(categories) {
            self.set(FactKey::new(side, *slot), AbstractValue::number(low, high));
        }
        self.set(FactKey::new(side, level.slots.score), AbstractValue::number(score.0, score.1));
    }

    /// Which tiers are possible with a score within bounds, and whether none is.
    pub(super) fn tiers(&self, level: &'m Level, side: EntityKind, score: (f64, f64)) -> (Vec<bool>, bool) {
        let scope = self
            .scope_with(side, vec![(FactKey::new(side, level.slots.score), AbstractValue::number(score.0, score.1))]);
        let mut open = true;
        let previous = level.slots.previous_tier.map(|slot| self.value(FactKey::new(side, slot)));
        let possible = level.tiers.iter().enumerate().map(|(place, tier): (usize, &'m Tier)| {
            if !open {
                return false;
            }
            let was_here = previous.map_or(WasHere::NEVER, |previous| WasHere::among(previous, &level.tiers[..=place]));
            let (mut can, mut must) = (tier.is_reached(score.1, was_here.can), tier.is_reached(score.0, was_here.must));
            if let Some(when) = &tier.when
                && can
            {
                let when = eval(when, &scope);
                can &= when.can_hold();
                must &= !when.can_fail();
            }
            open = !must;
            can
        });
        (possible.collect(), open)
    }

    fn tier(&mut self, side: EntityKind) {
        let level = self.level(side);
        let score = self.value(FactKey::new(side, level.slots.score)).range().unwrap_or((0.0, 0.0));
        let (possible, left) = self.tiers(level, side, score);
        let qualified =
            level.tiers.iter().zip(&possible).filter(|(_, possible)| **possible).map(|(tier, _)| tier.qualified);
        let (yes, no) = qualified.fold((false, false), |(yes, no), one| (yes || one, no || !one));
        self.set(
            FactKey::new(side, level.slots.tier),
            one_of(level.tiers.iter().map(|tier| tier.name.as_str()), &possible, left),
        );
        self.set(FactKey::new(side, level.slots.qualified), AbstractValue::truth(yes, no, left));
    }

    fn route(&mut self, side: EntityKind) {
        let level = self.level(side);
        let (possible, left) = self.first_match_bounds(level.routes.iter().map(|route| route.when.as_ref()), side);
        self.set(
            FactKey::new(side, level.slots.route),
            one_of(level.routes.iter().map(|route| route.name.as_str()), &possible, left),
        );
        let silent = level.routes.iter().zip(&possible).any(|(route, possible)| *possible && route.motion.is_none());
        let motions = level.routes.iter().map(|route| route.motion.as_deref().unwrap_or_default());
        let spoken: Vec<bool> =
            level.routes.iter().zip(&possible).map(|(route, at)| *at && route.motion.is_some()).collect();
        self.set(FactKey::new(side, level.slots.motion), one_of(motions, &spoken, left || silent));
    }
}

/// Bounds of each category and of the score, from what each signal can pay.
pub(super) fn sum_bounds(level: &Level, bounds: &[SignalBounds]) -> (Vec<(f64, f64)>, (f64, f64)) {
    let mut categories = vec![(0.0, 0.0); level.categories.len()];
    let mut add = |category: usize, (low, high): (f64, f64)| {
        categories[category].0 += low;
        categories[category].1 += high;
    };
    // Of an exclusive group one pays, so in a category it gives what one of those that can be the first gives.
    let mut groups: Vec<(usize, usize, f64, f64)> = Vec::new();
    let mut closed: Vec<usize> = Vec::new();
    for (signal, payable) in level.signals.iter().zip(bounds.iter().copied()) {
        let Some(group) = signal.exclusive else {
            add(signal.category, payable.contribution());
            continue;
        };
        if !payable.can_fire || closed.contains(&group) {
            continue;
        }
        let known = groups.iter_mut().find(|(known, category, ..)| (*known, *category) == (group, signal.category));
        match known {
            Some((_, _, low, high)) => {
                *low = low.min(payable.low).min(0.0);
                *high = high.max(payable.high).max(0.0);
            }
            None => {
                // The first that can fire gives its points for sure if it must fire.
                let first = !groups.iter().any(|(known, ..)| *known == group);
                let (low, high) =
                    if first { payable.contribution() } else { (payable.low.min(0.0), payable.high.max(0.0)) };
                groups.push((group, signal.category, low, high));
            }
        }
        if payable.must_fire {
            closed.push(group);
        }
    }
    groups.into_iter().for_each(|(_, category, low, high)| add(category, (low, high)));
    let hold = |bounds: crate::resolved::PointBounds, (low, high): (f64, f64)| {
        let hold = |sum: f64| {
            let sum = bounds.max.map_or(sum, |max| sum.min(max.to_f64()));
            bounds.min.map_or(sum, |min| sum.max(min.to_f64()))
        };
        (hold(low), hold(high))
    };
    for (sum, category) in categories.iter_mut().zip(&level.categories) {
        *sum = hold(category.bounds, *sum);
    }
    let all = categories.iter().fold((0.0, 0.0), |sum, category| (sum.0 + category.0, sum.1 + category.1));
    let score = hold(level.bounds, all);
    (categories, score)
}

/// Whether the tier of the run before can be a tier or one above it, and whether it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WasHere {
    pub(super) can: bool,
    pub(super) must: bool,
}

impl WasHere {
    /// A level in which nobody stays.
    pub(super) const NEVER: WasHere = WasHere { can: false, must: false };

    /// By what the tier of the run before can be, and the tiers down to the one that is asked about.
    pub(super) fn among(previous: &AbstractValue<'_>, tiers: &[Tier]) -> WasHere {
        let is_among = |name: &Cow<'_, str>| tiers.iter().any(|tier| tier.name == *name);
        match &previous.known {
            NonNullValues::Text { of, other } => WasHere {
                can: of.iter().any(is_among),
                must: !previous.null && !other && !of.is_empty() && of.iter().all(is_among),
            },
            NonNullValues::Any => WasHere { can: true, must: false },
            NonNullValues::Empty
            | NonNullValues::Number(..)
            | NonNullValues::Date(..)
            | NonNullValues::Truth { .. } => WasHere::NEVER,
        }
    }
}

fn one_of<'m>(names: impl Iterator<Item = &'m str>, possible: &[bool], null: bool) -> AbstractValue<'m> {
    let mut of: Vec<Cow<'m, str>> = Vec::new();
    for (name, possible) in names.zip(possible) {
        if *possible && !of.iter().any(|known| known == name) {
            of.push(Cow::Borrowed(name));
        }
    }
    let known = if of.is_empty() { NonNullValues::Empty } else { NonNullValues::Text { of, other: false } };
    AbstractValue { null, known }
}

/// What a signal can pay by itself.
pub(super) fn payable<'m>(signal: &'m Signal, scope: &dyn AbstractScope<'m>) -> SignalBounds {
    let (mut can, mut must) = (true, true);
    if let Some(guard) = &signal.guard {
        let guard = eval(guard, scope);
        (can, must) = (guard.can_hold(), !guard.can_fail());
    }
    if !can {
        return SignalBounds::NEVER;
    }
    let (low, high) = match &signal.pay {
        SignalPayment::Flat(points) => (points.to_f64(), points.to_f64()),
        SignalPayment::Ladder { value, strict, rungs } => {
            let value = eval(value, scope);
            must &= !value.null;
            let Some((low, high)) = value.range() else { return SignalBounds::NEVER };
            let reached = |number: f64| rungs.iter().filter(|(at, _)| passes(number, *at, *strict)).count();
            let (first, last) = (reached(low), reached(high));
            if last == 0 {
                return SignalBounds::NEVER;
            }
            must &= first > 0;
            let paid = rungs[first.max(1) - 1..last].iter().map(|(_, points)| points.to_f64());
            paid.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), points| (low.min(points), high.max(points)))
        }
        SignalPayment::Per { value, points, max } => {
            let value = eval(value, scope);
            must &= !value.null;
            let Some((low, high)) = value.range() else { return SignalBounds::NEVER };
            let zero = low <= 0.0 && high >= 0.0;
            if low == 0.0 && high == 0.0 {
                return SignalBounds::NEVER;
            }
            must &= !zero;
            let bound = max.map_or(Points(POINTS_ABS_MAX), |max| max).to_f64();
            let amount = |number: f64| {
                let amount = if points.0 == 0 { 0.0 } else { number * points.to_f64() };
                amount.clamp(-bound, bound)
            };
            let (a, b) = (amount(low), amount(high));
            // An amount is rounded to the thousandth, one of a single number only where its parts are not exact.
            let slack = if low == high { 0.0 } else { 0.0005 };
            (a.min(b) - slack, a.max(b) + slack)
        }
    };
    let Some(decay) = &signal.decay else { return SignalBounds { can_fire: can, must_fire: must, low, high } };
    let since = eval(&decay.since, scope);
    must &= !since.null;
    let Some((from, to)) = since.range() else { return SignalBounds::NEVER };
    let left = |days: f64| match decay.curve {
        DecayCurve::HalfLife(half_life) => 0.5_f64.powf(days.max(0.0) / half_life),
        DecayCurve::Linear(length) => (1.0 - days.max(0.0) / length).max(0.0),
    };
    let (most, least) = (left(from), left(to));
    let ends = [low * most, low * least, high * most, high * least];
    let slack = if most == 1.0 && least == 1.0 { 0.0 } else { 0.001 };
    let low = ends.iter().copied().fold(f64::INFINITY, f64::min) - slack;
    let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max) + slack;
    SignalBounds { can_fire: can, must_fire: must, low, high }
}
