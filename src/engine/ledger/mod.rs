//! Explains one entity's result as a ledger: points that add up line by line, milestones, and the
//! rules that matched.
//!
//! [`build_ledger`] takes [`ScoredEntities`] and gives a [`Ledger`]. It does not score: every
//! amount comes from [`pql_model::scoring`], and every condition is evaluated by the program that
//! the scorer uses. So an explanation cannot differ from the score.

mod entity_ref;
mod facts;
mod json;
mod text;

pub use crate::score::fact_table::EntityFacts;
pub use entity_ref::EntityRef;
pub use facts::{
    FactValue, UnmetCondition, fact_name, fact_slot, referenced_facts, tier_facts, to_owned_value, unmet_conditions,
};
pub use json::LedgerRecord;
pub use text::{FACTS_SHOWN, text, value as value_text};

use crate::{
    plan::Model,
    score::{ScoredEntities, milestones::MilestoneState},
};
use pql_model::{
    EntityKind,
    clock::AsOf,
    expr::{EvalScope, Value},
    resolved::{DecayCurve, Level, Signal, SignalPayment, Tier},
    scoring::{ScoreTotals, SignalFiring, SignalPayout, evaluate_signals, passes, previous_tier, sum_points},
    units::Points,
};

/// The explanation of one entity.
#[derive(Debug)]
pub struct Ledger {
    /// User or account.
    pub side: EntityKind,
    /// The printed id.
    pub id: String,
    /// The home account, for a user.
    pub(crate) home_account: Option<String>,
    /// The instant at which the entity was scored.
    pub(crate) as_of: AsOf,
    /// The lines that add up to the score, in the order of the model's categories and signals.
    pub lines: Vec<LedgerLine>,
    /// Signals, in the order of the model.
    pub signals: Vec<SignalNote>,
    /// Names of categories, in the order of the lines.
    pub(crate) categories: Vec<String>,
    /// The sum of the lines.
    pub score: Points,
    /// Milestones, in the order of the model.
    pub(crate) milestones: Vec<(String, MilestoneState)>,
    /// The segment, for accounts; none if the model has no segments.
    pub(crate) segment: Option<RuleDecision>,
    /// The tier; none if the model has no tiers.
    pub tier: Option<RuleDecision>,
    /// The route; none if the model has no routes.
    pub route: Option<RuleDecision>,
    /// The suppression; none if the model has none.
    pub(crate) suppressed: Option<RuleDecision>,
}

/// One amount, and the sum so far.
#[derive(Debug, Clone)]
pub struct LedgerLine {
    /// The source of the amount.
    pub(crate) entry: LedgerEntry,
    /// The amount. **Units**: points.
    pub points: Points,
    /// The sum of all lines up to this one.
    pub total: Points,
}

/// The source of an amount.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LedgerEntry {
    /// A signal that fired, before any reduction; by index.
    Signal(usize),
    /// The `max` of a signal.
    SignalMax(usize),
    /// The decay of a signal.
    Decay(usize, DecayNote),
    /// A signal superseded by an earlier one of its exclusive group; both by index.
    Superseded(usize, Option<usize>),
    /// The bounds of a category, by index.
    CategoryBounds(usize),
    /// The bounds of the score.
    ScoreBounds,
}

/// The progress of a decay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DecayNote {
    /// The curve.
    pub(crate) curve: DecayCurve,
    /// The value of `since`. **Units**: days.
    pub(crate) days: Option<f64>,
}

/// The evaluation of one signal.
#[derive(Debug)]
pub struct SignalNote {
    /// Its name.
    pub name: String,
    /// The name of its category.
    pub(crate) category: String,
    /// The outcome.
    pub(crate) firing: SignalFiring,
    /// The value that decided: a number, or the truth of its condition.
    pub(crate) seen: Value<'static>,
    /// The rule, in the syntax of the model.
    pub(crate) rule: String,
    /// The facts that the rule uses.
    pub(crate) facts: Vec<FactValue>,
    /// For a signal that did not fire: the parts of its condition that do not hold.
    pub(crate) unmet: Vec<UnmetCondition>,
    /// Points before its `max`, before decay, and after both.
    pub points: [Points; 3],
}

/// The decision of a list of rules in which the first match counts.
#[derive(Debug)]
pub struct RuleDecision {
    /// Rules in the order of the model, up to the one that matched.
    pub(crate) evaluated: Vec<EvaluatedRule>,
}

/// A rule of a list in which the first match counts.
#[derive(Debug)]
pub struct EvaluatedRule {
    /// Its name.
    pub name: String,
    /// Its condition; empty if it always holds.
    pub(crate) rule: String,
    /// The parts of the condition that do not hold; empty if it holds.
    pub(crate) unmet: Vec<UnmetCondition>,
}

impl RuleDecision {
    /// The rule that matched.
    pub fn matched_rule(&self) -> Option<&EvaluatedRule> {
        self.evaluated.last().filter(|last| last.unmet.is_empty())
    }
}

impl Ledger {
    /// The name of a category, by the index that a line gives.
    ///
    /// # Panics
    /// If the index is of another ledger.
    pub(crate) fn category(&self, place: usize) -> &str {
        self.categories.get(place).expect("a line names a category of its own ledger")
    }

    /// A signal, by the index that a line gives.
    ///
    /// # Panics
    /// If the index is of another ledger.
    pub(crate) fn signal(&self, place: usize) -> &SignalNote {
        self.signals.get(place).expect("a line names a signal of its own ledger")
    }
}

/// The ledger of an entity.
pub fn build_ledger(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef) -> Ledger {
    let level = model.resolved.level(entity.side);
    let scope = entity.scope(scored);
    let paid = evaluate_signals(level, &scope);
    let total = sum_points(level, &paid);
    let names = |slot: u32| fact_name(model, entity.side, slot);
    let noter = SignalNoteBuilder { model, side: entity.side, level, scope: &scope, names: &names };
    let signals = level.signals.iter().zip(&paid).map(|(signal, paid)| noter.note(signal, paid)).collect();
    let rule = |when: Option<&pql_model::expr::Program>| when.map(|when| when.to_source(&names)).unwrap_or_default();
    let why = |when: Option<&pql_model::expr::Program>| {
        when.map(|when| unmet_conditions(model, entity.side, when, &scope)).unwrap_or_default()
    };
    let segment = level.segments.iter().map(|one| EvaluatedRule {
        name: one.name.clone(),
        rule: rule(one.when.as_ref()),
        unmet: why(one.when.as_ref()),
    });
    let previous = previous_tier(level, &scope);
    let tier = level.tiers.iter().enumerate().map(|(place, one)| {
        let score = TierScore { score: total.score, was_here: previous.is_some_and(|previous| previous <= place) };
        tier(one, score, rule(one.when.as_ref()), why(one.when.as_ref()))
    });
    let route = level.routes.iter().map(|one| EvaluatedRule {
        name: one.name.clone(),
        rule: rule(one.when.as_ref()),
        unmet: why(one.when.as_ref()),
    });
    let suppressed = level.suppressions.iter().map(|one| EvaluatedRule {
        name: one.name.clone(),
        rule: rule(Some(&one.when)),
        unmet: why(Some(&one.when)),
    });
    Ledger {
        side: entity.side,
        id: entity.id(scored).to_owned(),
        home_account: entity.home_account(scored).map(str::to_owned),
        as_of: scored.as_of,
        lines: lines(level, &paid, &total, &scope),
        signals,
        categories: level.categories.iter().map(|category| category.name.clone()).collect(),
        score: total.score,
        milestones: entity.milestones(scored, model),
        segment: first_match(segment),
        tier: first_match(tier),
        route: first_match(route),
        suppressed: first_match(suppressed),
    }
}

/// The rules up to the first that matches; none if the list is empty.
fn first_match(all: impl Iterator<Item = EvaluatedRule>) -> Option<RuleDecision> {
    let mut tried: Vec<EvaluatedRule> = Vec::new();
    for one in all {
        let holds = one.unmet.is_empty();
        tried.push(one);
        if holds {
            break;
        }
    }
    (!tried.is_empty()).then_some(RuleDecision { evaluated: tried })
}

/// What a tier's threshold is held against.
#[derive(Debug, Clone, Copy)]
struct TierScore {
    score: Points,
    /// Whether the entity was in the tier or above it before.
    was_here: bool,
}

/// A tier as a rule: its threshold becomes a condition.
fn tier(
    tier: &Tier,
    TierScore { score, was_here }: TierScore,
    rule: String,
    mut unmet: Vec<UnmetCondition>,
) -> EvaluatedRule {
    let mut words = Vec::new();
    let stay = tier.stay.filter(|_| was_here);
    if let Some((threshold, strict)) = stay.or(tier.threshold) {
        let mut condition = threshold_text("score", threshold, strict);
        if stay.is_some() {
            condition.push_str(" (to stay)");
        }
        if !tier.is_reached(score.to_f64(), was_here) {
            let fact = FactValue { name: "score".to_owned(), value: Value::Number(score.to_f64()) };
            unmet.insert(0, UnmetCondition { condition: condition.clone(), facts: vec![fact] });
        }
        words.push(condition);
    }
    if !rule.is_empty() {
        words.push(rule);
    }
    EvaluatedRule { name: tier.name.clone(), rule: words.join(" and "), unmet }
}

/// `score >= 80`
pub(crate) fn threshold_text(what: &str, threshold: f64, strict: bool) -> String {
    format!("{what} {} {}", if strict { ">" } else { ">=" }, pql_model::units::format_number(threshold))
}

/// The rule of a signal, in words.
fn signal_rule_text(signal: &Signal, names: &dyn Fn(u32) -> String) -> String {
    let guard = signal.guard.as_ref().map(|guard| guard.to_source(names));
    let what = match &signal.pay {
        SignalPayment::Flat(points) => format!("{points}"),
        SignalPayment::Ladder { value, strict, rungs } => {
            let word = if *strict { "above" } else { "from" };
            let rung = |(threshold, points): &(f64, Points)| {
                format!("{points} {word} {}", pql_model::units::format_number(*threshold))
            };
            let rungs: Vec<String> = rungs.iter().map(rung).collect();
            format!("{}: {}", value.to_source(names), rungs.join(", "))
        }
        SignalPayment::Per { value, points, max } => {
            let max = max.map(|max| format!(", at most {max}")).unwrap_or_default();
            format!("{points} for each of {}{max}", value.to_source(names))
        }
    };
    guard.map_or(what.clone(), |guard| format!("{what} if {guard}"))
}

/// The inputs of signal notes.
struct SignalNoteBuilder<'n> {
    model: &'n Model,
    side: EntityKind,
    level: &'n Level,
    scope: &'n EntityFacts<'n>,
    names: &'n dyn Fn(u32) -> String,
}

impl SignalNoteBuilder<'_> {
    fn note(&self, signal: &Signal, paid: &SignalPayout) -> SignalNote {
        let SignalNoteBuilder { model, side, level, scope, names } = *self;
        let mut programs = Vec::new();
        if let SignalPayment::Ladder { value, .. } | SignalPayment::Per { value, .. } = &signal.pay {
            programs.push(value);
        }
        programs.extend(&signal.guard);
        programs.extend(signal.decay.as_ref().map(|decay| &decay.since));
        let guard = signal.guard.as_ref().filter(|_| paid.firing == SignalFiring::NotFired);
        let mut missing = guard.map(|guard| unmet_conditions(model, side, guard, scope)).unwrap_or_default();
        if let SignalPayment::Ladder { value, strict, rungs } = &signal.pay
            && let Some((first, _)) = rungs.first()
            && !paid.seen.as_number().is_some_and(|seen| passes(seen, *first, *strict))
        {
            let condition = threshold_text(&value.to_source(names), *first, *strict);
            missing.push(UnmetCondition { condition, facts: referenced_facts(model, side, &[value], scope) });
        }
        SignalNote {
            name: signal.name.clone(),
            category: level.categories[signal.category].name.clone(),
            firing: paid.firing,
            seen: paid.seen.value(),
            rule: signal_rule_text(signal, names),
            facts: referenced_facts(model, side, &programs, scope),
            unmet: missing,
            points: [paid.unbounded, paid.full, paid.points],
        }
    }
}

/// Adds up the signals, category by category. Each bound follows the lines that it limits.
fn lines(level: &Level, paid: &[SignalPayout], total: &ScoreTotals, scope: &EntityFacts<'_>) -> Vec<LedgerLine> {
    let mut lines: Vec<LedgerLine> = Vec::new();
    let mut running = Points::ZERO;
    let mut add = |entry: LedgerEntry, points: Points| {
        running = running + points;
        lines.push(LedgerLine { entry, points, total: running });
    };
    for (category, (raw, held)) in total.categories.iter().enumerate() {
        for (place, (signal, one)) in level.signals.iter().zip(paid).enumerate() {
            if signal.category != category || one.firing == SignalFiring::NotFired {
                continue;
            }
            add(LedgerEntry::Signal(place), one.unbounded);
            if one.full != one.unbounded {
                add(LedgerEntry::SignalMax(place), one.full - one.unbounded);
            }
            if one.firing == SignalFiring::Superseded {
                // A superseded signal pays nothing, so its decay is left out.
                let same = |other: &usize| level.signals[*other].exclusive == signal.exclusive;
                let by = (0..place).filter(same).find(|other| paid[*other].firing == SignalFiring::Fired);
                add(LedgerEntry::Superseded(place, by), Points::ZERO - one.full);
                continue;
            }
            if let Some(decay) = signal.decay.as_ref().filter(|_| one.points != one.full) {
                let days = decay.since.eval(scope).as_number();
                add(LedgerEntry::Decay(place, DecayNote { curve: decay.curve, days }), one.points - one.full);
            }
        }
        if raw != held {
            add(LedgerEntry::CategoryBounds(category), *held - *raw);
        }
    }
    if total.raw != total.score {
        add(LedgerEntry::ScoreBounds, total.score - total.raw);
    }
    lines
}

/// The index of the highest rung whose threshold the value passes; none if no rung is reached.
pub(crate) fn reached_rung(signal: &Signal, seen: &Value<'_>) -> Option<usize> {
    let SignalPayment::Ladder { strict, rungs, .. } = &signal.pay else { return None };
    let seen = seen.as_number()?;
    rungs.iter().rposition(|(threshold, _)| passes(seen, *threshold, *strict))
}

/// The value of a fact for an entity; none if its level has no such fact.
pub fn fact_value<'s>(model: &Model, side: EntityKind, name: &str, scope: &'s EntityFacts<'_>) -> Option<Value<'s>> {
    fact_slot(model, side, name).map(|(slot, _)| scope.get(slot))
}
