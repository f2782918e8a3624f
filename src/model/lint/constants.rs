//! The constants that each fact is compared with, anywhere in a model: by itself, or as a part of an expression that can be solved for it.

use super::{domains::TODAY, invariants::InvariantSet, silent::SILENT_DAYS, table::FactKeyMap};
use crate::{
    EntityKind, FactKey, ResolvedModel,
    expr::{ArithmeticOp, Program, Value},
    resolved::{BuiltinFact, FactDefinition, Level, MilestonePart, OutcomeFact, ScoringStep, SignalPayment, Tier},
    units::Day,
};

/// The constants that a fact is compared with.
#[derive(Debug, Default, Clone)]
pub(super) struct ComparedConstants {
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<String>,
    pub(super) dates: Vec<Day>,
    /// Those of the texts that it is compared with after its capitals are gone.
    lowered: Vec<String>,
    /// Whether it is compared with a text as it is.
    case_sensitive: bool,
}

/// The largest number of constants of a computed fact that are looked for in its parts.
const PASSED_ON_MAX: usize = 24;

impl ComparedConstants {
    /// The distinct constants, up to a limit.
    fn dedup_and_truncate(&mut self) -> ComparedConstants {
        self.numbers.sort_by(f64::total_cmp);
        self.numbers.dedup();
        self.texts.sort();
        self.texts.dedup();
        self.dates.sort_unstable();
        self.dates.dedup();
        let mut few = self.clone();
        few.numbers.truncate(PASSED_ON_MAX);
        few.dates.truncate(PASSED_ON_MAX);
        few
    }

    /// A fact that is compared with texts as it is and without its capitals tells `vp` from `VP`, so for each text that it is compared with in
    /// small letters there is another one, which differs in its capitals alone.
    fn add_case_variants(&mut self) {
        if !self.case_sensitive {
            return;
        }
        for text in std::mem::take(&mut self.lowered) {
            let capital = |at: usize| {
                let (before, rest) = text.split_at_checked(at)?;
                let (letter, after) = rest.split_at_checked(1)?;
                Some([before, &letter.to_ascii_uppercase(), after].concat())
            };
            let others = std::iter::once(text.to_ascii_uppercase()).chain((0..text.len()).filter_map(capital));
            if let Some(other) = others.into_iter().find(|other| *other != text && !self.texts.contains(other)) {
                self.texts.push(other);
            }
        }
    }
}

/// A side of a comparison.
#[derive(Clone, Copy)]
enum ComparisonTarget<'m> {
    Number(f64),
    Text(&'m str),
    Date(Day),
}

#[derive(Default)]
struct ConstantCollector {
    found: FactKeyMap<ComparedConstants>,
    /// Whether the side that is solved is one without its capitals.
    lowered: bool,
}

/// Goes through every expression of a model.
pub(super) fn collect_constants(model: &ResolvedModel, links: &InvariantSet) -> FactKeyMap<ComparedConstants> {
    let mut gather = ConstantCollector::default();
    for (side, level) in model.levels.iter() {
        gather.level(model, level, side);
    }
    let who = model
        .levels
        .account
        .milestones
        .iter()
        .filter_map(|one| one.min_users.as_ref().and_then(|users| users.who.as_ref()));
    who.chain(&model.champion).chain(&model.buyer).for_each(|program| gather.note(program, EntityKind::User));
    links.all.iter().for_each(|link| gather.note(link, EntityKind::User));
    // Facts are computed in the order of the steps. In reverse order each fact comes after its users.
    for step in model.steps.iter().rev() {
        let (level, slot, side) = match step {
            ScoringStep::UserFact(slot) => (&model.levels.user, *slot, EntityKind::User),
            ScoringStep::AccountFact(slot) => (&model.levels.account, *slot, EntityKind::Account),
            _ => continue,
        };
        let Some(FactDefinition::Expression(program)) = level.facts.get(slot as usize).map(|fact| &fact.definition)
        else {
            continue;
        };
        let Some(constants) =
            gather.found.get_mut(&(FactKey::seen_from(side, slot))).map(ComparedConstants::dedup_and_truncate)
        else {
            continue;
        };
        constants.numbers.iter().for_each(|number| gather.solve(program, ComparisonTarget::Number(*number), side));
        for text in &constants.texts {
            gather.lowered = constants.lowered.contains(text);
            gather.solve(program, ComparisonTarget::Text(text), side);
        }
        gather.lowered = false;
        constants.dates.iter().for_each(|day| gather.solve(program, ComparisonTarget::Date(*day), side));
    }
    gather.share(links);
    gather.found.values_mut().for_each(ComparedConstants::add_case_variants);
    gather.found
}

/// What the slots of a condition on events are compared with.
pub(super) fn program_constants(program: &Program) -> FactKeyMap<ComparedConstants> {
    let mut gather = ConstantCollector::default();
    gather.note(program, EntityKind::User);
    gather.found
}

impl ConstantCollector {
    /// Facts that are linked are compared with each other, so each is cut where the others are.
    fn share(&mut self, links: &InvariantSet) {
        const SHARED_MAX: usize = 24;
        for keys in links.keys.iter().filter(|keys| keys.len() > 1) {
            let mut all: Vec<f64> = keys
                .iter()
                .filter_map(|key| self.found.get(key))
                .flat_map(|known| known.numbers.iter().copied())
                .collect();
            all.sort_by(f64::total_cmp);
            all.dedup();
            if all.len() <= SHARED_MAX {
                for key in keys {
                    let known = self.found.entry(*key).or_default();
                    let new: Vec<f64> = all.iter().copied().filter(|number| !known.numbers.contains(number)).collect();
                    known.numbers.extend(new);
                }
            }
        }
    }

    fn level(&mut self, model: &ResolvedModel, level: &Level, side: EntityKind) {
        let conditions = level.tiers.iter().map(|tier| &tier.when);
        let conditions = conditions.chain(level.segments.iter().map(|segment| &segment.when));
        let conditions = conditions.chain(level.routes.iter().map(|route| &route.when));
        if let Some(slot) = level.slots.previous_tier {
            let names = level.tiers.iter().map(|tier| tier.name.clone());
            self.found.entry(FactKey::new(side, slot)).or_default().texts.extend(names);
        }
        let alerts = level.alerts.iter().map(|one| &one.when);
        let suppressions = level.suppressions.iter().map(|one| &one.when).chain(alerts);
        conditions.flatten().chain(suppressions).for_each(|when| self.note(when, side));
        let mut thresholds: Vec<f64> = level.tiers.iter().flat_map(Tier::thresholds).collect();
        let score = self
            .found
            .get_mut(&(FactKey::new(side, level.slots.score)))
            .map(ComparedConstants::dedup_and_truncate)
            .unwrap_or_default();
        thresholds.extend(score.numbers);
        thresholds.truncate(PASSED_ON_MAX);
        let has_human = level.routes.iter().any(|route| route.motion.as_deref() == Some("human"));
        for (slot, fact) in (0..).zip(&level.facts) {
            if has_human && counts_days(model, &fact.definition) {
                let days = f64::from(SILENT_DAYS);
                self.add(FactKey::new(side, slot), ComparisonTarget::Number(days));
            }
            match &fact.definition {
                FactDefinition::Expression(program) => self.note(program, side),
                FactDefinition::Rollup(rollup) => {
                    rollup.value.iter().chain(&rollup.filter).for_each(|program| self.note(program, EntityKind::User));
                }
                _ => {}
            }
        }
        for signal in &level.signals {
            signal.guard.iter().for_each(|guard| self.note(guard, side));
            match &signal.pay {
                SignalPayment::Flat(_) => {}
                SignalPayment::Ladder { value, rungs, .. } => {
                    self.note(value, side);
                    rungs
                        .iter()
                        .for_each(|(threshold, _)| self.solve(value, ComparisonTarget::Number(*threshold), side));
                }
                SignalPayment::Per { value, points, max } => {
                    self.note(value, side);
                    let points = points.to_f64();
                    // Where it alone reaches a tier, or its bound.
                    let ends = thresholds.iter().copied().chain(max.map(crate::units::Points::to_f64));
                    for end in ends.filter(|_| points != 0.0) {
                        let needed = (end / points).abs();
                        self.solve(value, ComparisonTarget::Number(needed), side);
                    }
                }
            }
            signal.decay.iter().for_each(|decay| self.note(&decay.since, side));
        }
    }

    /// Notes what the comparisons inside a program say.
    fn note(&mut self, program: &Program, side: EntityKind) {
        match program {
            Program::Compare(_, a, b) => {
                for (part, other) in [(a, b), (b, a)] {
                    if let Program::Constant(value) = &**other
                        && let Some(target) = target(value)
                    {
                        self.solve(part, target, side);
                    }
                    self.note(part, side);
                }
            }
            Program::CompareNumber(_, slot, number) => {
                self.add(FactKey::seen_from(side, *slot), ComparisonTarget::Number(*number))
            }
            Program::Like(a, pattern, _) => {
                // A text that matches: nothing for `%`, one character for `_`.
                let text =
                    Program::Like(Box::new(Program::Slot(0)), pattern.clone(), false).to_source(&|_| String::new());
                let text = text.split_once("like '").expect("a pattern is written in quotes").1.trim_end_matches('\'');
                let matching = text.replace("''", "'").replace('%', "").replace('_', "a");
                self.solve(a, ComparisonTarget::Text(&matching), side);
                self.note(a, side);
            }
            Program::IsOneOf(slot, texts) => {
                texts.iter().for_each(|text| self.add(FactKey::seen_from(side, *slot), ComparisonTarget::Text(text)))
            }
            Program::Constant(_)
            | Program::Slot(_)
            | Program::AsNumber(_)
            | Program::AsText(_)
            | Program::AsBoolean(_)
            | Program::AsDate(_)
            | Program::Not(_)
            | Program::Negate(_)
            | Program::IsNull(..)
            | Program::Lower(_)
            | Program::And(_)
            | Program::Or(_)
            | Program::Coalesce(_)
            | Program::Extreme(..)
            | Program::Arithmetic(..)
            | Program::DaysBetween(..)
            | Program::CompareJson(..)
            | Program::NullIf(..)
            | Program::Case(..) => program.parts().into_iter().for_each(|part| self.note(part, side)),
        }
    }

    /// Notes for what values of its names a program comes to a target, each name looked at by itself.
    fn solve(&mut self, program: &Program, target: ComparisonTarget<'_>, side: EntityKind) {
        match (program, target) {
            (Program::Slot(slot), target) => self.add(FactKey::seen_from(side, *slot), target),
            (Program::Negate(a), ComparisonTarget::Number(t)) => self.solve(a, ComparisonTarget::Number(-t), side),
            (Program::Lower(a), target) => {
                let before = std::mem::replace(&mut self.lowered, true);
                self.solve(a, target, side);
                self.lowered = before;
            }
            (Program::NullIf(_, a), target) => self.solve(a, target, side),
            // Properties have no types, and become what they are compared with.
            (Program::AsNumber(a) | Program::AsText(a) | Program::AsDate(a), target) => self.solve(a, target, side),
            (Program::Coalesce(all) | Program::Extreme(_, all), target) => {
                all.iter().for_each(|part| self.solve(part, target, side));
            }
            (Program::Case(arms, otherwise), target) => {
                arms.iter().for_each(|(_, then)| self.solve(then, target, side));
                self.solve(otherwise, target, side);
            }
            (Program::Arithmetic(operator, a, b), ComparisonTarget::Number(t)) => {
                self.arithmetic(*operator, a, b, t, side)
            }
            (Program::DaysBetween(a, b), ComparisonTarget::Number(t)) if t.abs() < 1e5 => {
                self.solve(b, ComparisonTarget::Date(TODAY - t.round() as Day), side);
                self.solve(a, ComparisonTarget::Date(TODAY + t.round() as Day), side);
            }
            _ => {}
        }
    }

    fn arithmetic(&mut self, operator: ArithmeticOp, a: &Program, b: &Program, t: f64, side: EntityKind) {
        let constant = |program: &Program| match program {
            Program::Constant(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let (for_a, for_b) = match (operator, constant(a), constant(b)) {
            (ArithmeticOp::Add, a, b) => (t - b.unwrap_or(0.0), t - a.unwrap_or(0.0)),
            (ArithmeticOp::Subtract, a, b) => (t + b.unwrap_or(0.0), a.unwrap_or(0.0) - t),
            (ArithmeticOp::Multiply, a, b) => (t / b.unwrap_or(1.0), t / a.unwrap_or(1.0)),
            (ArithmeticOp::Divide, a, b) => (t * b.unwrap_or(1.0), a.unwrap_or(1.0) / t),
        };
        self.solve(a, ComparisonTarget::Number(for_a), side);
        self.solve(b, ComparisonTarget::Number(for_b), side);
    }

    fn add(&mut self, key: FactKey, target: ComparisonTarget<'_>) {
        let constants = self.found.entry(key).or_default();
        match target {
            ComparisonTarget::Number(number) if number.is_finite() => constants.numbers.push(number),
            ComparisonTarget::Number(_) => {}
            ComparisonTarget::Text(text) => {
                constants.texts.push(text.to_owned());
                if self.lowered {
                    constants.lowered.push(text.to_owned());
                } else {
                    constants.case_sensitive = true;
                }
            }
            ComparisonTarget::Date(day) => constants.dates.push(day),
        }
    }
}

/// Whether a fact says how many days ago something was, so that somebody silent is told by it.
fn counts_days(model: &ResolvedModel, definition: &FactDefinition) -> bool {
    match definition {
        FactDefinition::Builtin(builtin) => matches!(builtin, BuiltinFact::AgeDays | BuiltinFact::DaysInactive),
        FactDefinition::Metric(place) => model.metrics[*place].measure.since().is_some(),
        FactDefinition::Milestone(_, part) => *part == MilestonePart::DaysAgo,
        FactDefinition::Outcome(fact) => matches!(fact, OutcomeFact::DaysSince(_)),
        FactDefinition::Trait(_)
        | FactDefinition::Expression(_)
        | FactDefinition::Rollup(_)
        | FactDefinition::Person(..)
        | FactDefinition::Record(_)
        | FactDefinition::Scoring => false,
    }
}

fn target<'m>(value: &'m Value<'_>) -> Option<ComparisonTarget<'m>> {
    match value {
        Value::Number(number) => Some(ComparisonTarget::Number(*number)),
        Value::Text(text) => Some(ComparisonTarget::Text(text)),
        Value::Date(day) => Some(ComparisonTarget::Date(*day)),
        _ => None,
    }
}
