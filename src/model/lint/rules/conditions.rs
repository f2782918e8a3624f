//! Conditions that are never true, and conditions that always are.

use std::{collections::HashMap, ops::Range};

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    dependencies::DependencyPlan,
    domains::fact,
    interval::{self, AbstractValue, eval},
    search::{CellLimits, SearchAnswer},
    table::FactKeySet,
};
use crate::{
    EntityKind, FactKey, codes,
    diag::{CounterExample, Diagnostic},
    expr::{Program, ValueType},
    resolved::FactDefinition,
};

/// A condition, where it stands and what it is of.
struct LintCondition<'m> {
    program: &'m Program,
    side: EntityKind,
    span: Range<usize>,
    what: String,
    /// The fact that it defines.
    fact: Option<FactKey>,
}

/// What there is to ask of a condition.
struct ConditionAnalysis<'m> {
    /// The facts that it names.
    keys: Vec<FactKey>,
    /// What it can come to if scoring may write anything.
    loose: AbstractValue<'m>,
    /// Whether scoring has no hand in its facts.
    plain: bool,
}

/// A few people who can exist: of most conditions one of them shows that they can hold, and another that they can fail, so that nothing has to be asked.
struct SampleAssignments<'w>(Vec<FactAssignment<'w>>);

impl<'w> SampleAssignments<'w> {
    /// Somebody blank, and stops on the ways up and down.
    fn of(lint: &'w LintContext<'_, '_>, plan: &'w DependencyPlan) -> SampleAssignments<'w> {
        let search = lint.search;
        let whole = search.full_box(plan, &CellLimits::default());
        let stops = EntityKind::ALL.into_iter().flat_map(|side| {
            let (up, down) = (&lint.rising_seeds[side], &lint.falling_seeds[side]);
            [up.get(up.len() / 3), up.get(up.len() * 2 / 3), up.last(), down.last()].into_iter().flatten()
        });
        let mut known = SampleAssignments(Vec::new());
        for guide in [&lint.blank].into_iter().chain(stops) {
            let mut cells = search.project(plan, guide);
            if search.spend(plan.cost) && search.repair(plan, &whole, &mut cells) {
                known.0.push(FactAssignment::new(lint.model, search.space, plan, &cells));
            }
        }
        known
    }

    /// Whether a condition holds for one of them, and whether it does not hold for one of them.
    fn show(&self, lint: &LintContext<'_, '_>, program: &Program, side: EntityKind) -> (bool, bool) {
        lint.search.spend(self.0.len() as u64);
        let (mut holds, mut fails) = (false, false);
        for world in &self.0 {
            if world.holds(program, side) {
                holds = true;
            } else {
                fails = true;
            }
            if holds && fails {
                break;
            }
        }
        (holds, fails)
    }
}

pub(super) fn all(lint: &LintContext<'_, '_>) {
    let conditions: Vec<LintCondition<'_>> =
        of_facts(lint).into_iter().chain(of_rules(lint)).chain(of_people(lint)).collect();
    let keys = conditions.iter().flat_map(|condition| lint.keys(condition.program, condition.side));
    let plan = lint.search.plan(keys);
    let known = SampleAssignments::of(lint, &plan);
    for condition in &conditions {
        if lint.search.is_exhausted() {
            return;
        }
        check(lint, condition, &known);
    }
}

fn of_facts<'m>(lint: &LintContext<'_, 'm>) -> Vec<LintCondition<'m>> {
    let mut all = Vec::new();
    for side in EntityKind::ALL {
        let texts: HashMap<&str, &Range<usize>> =
            lint.level(side).expressions.iter().map(|one| (one.name.name.as_str(), &one.span)).collect();
        for (slot, fact) in (0..).zip(&lint.level(side).facts) {
            let FactDefinition::Expression(program) = &fact.definition else { continue };
            let Some(span) = texts.get(fact.name.as_str()) else { continue };
            let mut names = 0;
            program.visit_slots(&mut |_| names += 1);
            // A fact without names is a constant that people may change, such as a switch.
            if fact.kind == ValueType::Boolean && names > 0 {
                let what = format!("fact `{}`", fact.name);
                all.push(LintCondition {
                    program,
                    side,
                    span: (*span).clone(),
                    what,
                    fact: Some(FactKey::seen_from(side, slot)),
                });
            }
        }
    }
    all
}

fn of_rules<'m>(lint: &LintContext<'_, 'm>) -> Vec<LintCondition<'m>> {
    let mut all = Vec::new();
    for side in EntityKind::ALL {
        let level = lint.level(side);
        let mut add = |program: Option<&'m Program>, span: &Option<Range<usize>>, kind: &str, name: &str| {
            if let (Some(program), Some(span)) = (program, span) {
                let what = format!("the condition of {kind} `{name}`");
                all.push(LintCondition { program, side, span: span.clone(), what, fact: None });
            }
        };
        for signal in &level.signals {
            add(signal.guard.as_ref(), &signal.spans.when, "signal", &signal.name);
        }
        for tier in &level.tiers {
            add(tier.when.as_ref(), &tier.spans.when, "tier", &tier.name);
        }
        for segment in &level.segments {
            add(segment.when.as_ref(), &segment.spans.when, "segment", &segment.name);
        }
        for route in &level.routes {
            add(route.when.as_ref(), &route.spans.when, "route", &route.name);
        }
        for one in &level.alerts {
            add(Some(&one.when), &Some(one.spans.when.clone()), "alert", &one.name);
        }
        for one in &level.suppressions {
            add(Some(&one.when), &Some(one.span.clone()), "suppression", &one.name);
        }
    }
    all
}

/// Conditions on users that stand elsewhere.
fn of_people<'m>(lint: &LintContext<'_, 'm>) -> Vec<LintCondition<'m>> {
    let model = lint.model;
    let mut all = Vec::new();
    let mut add = |program: Option<&'m Program>, span: Option<&Range<usize>>, what: String| {
        if let (Some(program), Some(span)) = (program, span) {
            all.push(LintCondition { program, side: EntityKind::User, span: span.clone(), what, fact: None });
        }
    };
    add(model.champion.as_ref(), model.champion_span.as_ref(), "`champion`".to_owned());
    add(model.buyer.as_ref(), model.buyer_span.as_ref(), "`buyer`".to_owned());
    for fact in &model.levels.account.facts {
        let FactDefinition::Rollup(rollup) = &fact.definition else { continue };
        let declared = model.levels.account.rollups.iter().find(|one| one.name.name == fact.name);
        let span = declared.and_then(|one| one.filter.as_ref());
        add(rollup.filter.as_ref(), span, format!("the condition of roll-up `{}`", fact.name));
    }
    for milestone in &model.levels.account.milestones {
        let Some(users) = &milestone.min_users else { continue };
        add(users.who.as_ref(), users.who_span.as_ref(), format!("`who` of milestone `{}`", milestone.name));
    }
    all
}

fn check<'m>(lint: &LintContext<'_, 'm>, condition: &LintCondition<'m>, known: &SampleAssignments<'_>) {
    let LintCondition { program, side, fact: defined, .. } = condition;
    if lint.has_reported(&[codes::NEVER_HOLDS], &condition.span) {
        return;
    }
    let (holds, fails) = known.show(lint, program, *side);
    let keys = lint.keys(program, *side);
    let is_spoilt = |behind: &FactKeySet| behind.iter().any(|key| lint.reported_facts.borrow().contains(key));
    if !lint.reported_facts.borrow().is_empty() && is_spoilt(&lint.dependency_closure(keys.iter().copied())) {
        return;
    }
    let reported = if holds && fails {
        false
    } else {
        // Facts that scoring has no hand in can be asked for; the others would mean asking for scores.
        let plain = scored(lint, lint.dependency_closure(keys.iter().copied())).next().is_none();
        let asked = ConditionAnalysis { loose: loosely(lint, program, *side, &keys), plain, keys };
        !holds && never(lint, condition, &asked) || !fails && always(lint, condition, &asked)
    };
    let reported = reported || parts(lint, condition, known);
    if reported && let Some(fact) = defined {
        lint.reported_facts.borrow_mut().insert(*fact);
    }
}

/// Facts that scoring writes, with each of the values that they can have: conditions on them are looked at as if any tier were possible.
fn written<'m>(lint: &LintContext<'_, 'm>, keys: &[FactKey]) -> Vec<Vec<(FactKey, AbstractValue<'m>)>> {
    let mut cases: Vec<Vec<(FactKey, AbstractValue<'m>)>> = vec![Vec::new()];
    for key in keys {
        let level = lint.level(key.kind());
        let slot = key.slot();
        let mut names: Vec<&'m str> = Vec::new();
        let slots = &level.slots;
        if slot == slots.tier {
            names.extend(level.tiers.iter().map(|tier| tier.name.as_str()));
        } else if slot == slots.route {
            names.extend(level.routes.iter().map(|route| route.name.as_str()));
        } else if slot == slots.motion {
            names.extend(level.routes.iter().filter_map(|route| route.motion.as_deref()));
        } else if slot == slots.segment && key.kind() == EntityKind::Account {
            names.extend(level.segments.iter().map(|segment| segment.name.as_str()));
        } else {
            let abs = if slot == slots.qualified {
                AbstractValue::any(ValueType::Boolean)
            } else {
                AbstractValue::number(f64::NEG_INFINITY, f64::INFINITY)
            };
            cases.iter_mut().for_each(|case| case.push((*key, abs.clone())));
            continue;
        }
        names.sort_unstable();
        names.dedup();
        let text = |name: &&'m str| AbstractValue {
            null: false,
            known: interval::NonNullValues::Text { of: vec![(*name).into()], other: false },
        };
        let values: Vec<AbstractValue<'m>> = names.iter().map(text).chain([AbstractValue::NULL]).collect();
        if cases.len() * values.len() > 200 {
            let all = values.into_iter().reduce(AbstractValue::join).unwrap_or(AbstractValue::NULL);
            cases.iter_mut().for_each(|case| case.push((*key, all.clone())));
            continue;
        }
        cases = cases
            .into_iter()
            .flat_map(|case| values.iter().map(move |value| [case.clone(), vec![(*key, value.clone())]].concat()))
            .collect();
    }
    cases
}

/// The facts among some that scoring writes.
fn scored(lint: &LintContext<'_, '_>, keys: impl IntoIterator<Item = FactKey>) -> impl Iterator<Item = FactKey> {
    let is =
        |key: &FactKey| matches!(fact(lint.model, *key).map(|fact| &fact.definition), Some(FactDefinition::Scoring));
    keys.into_iter().filter(is)
}

/// What a condition can come to if scoring may write anything.
fn loosely<'m>(
    lint: &LintContext<'_, 'm>,
    program: &'m Program,
    side: EntityKind,
    keys: &[FactKey],
) -> AbstractValue<'m> {
    let scored: Vec<FactKey> = scored(lint, keys.iter().copied()).collect();
    let plain: Vec<FactKey> = keys.iter().copied().filter(|key| !scored.contains(key)).collect();
    let plan = lint.search.plan(plain);
    lint.search.spend(plan.cost);
    let judged =
        BoxBounds::new(lint.model, lint.search.space, &plan, &lint.search.full_box(&plan, &CellLimits::default()));
    let cases = written(lint, &scored).into_iter().map(|case| eval(program, &judged.scope_with(side, case)));
    cases.reduce(AbstractValue::join).unwrap_or(AbstractValue::NULL)
}

/// The text of a condition, as people write it.
fn text(lint: &LintContext<'_, '_>, program: &Program, side: EntityKind) -> String {
    program.to_source(&|slot| lint.name(FactKey::seen_from(side, slot), side))
}

fn never<'m>(lint: &LintContext<'_, 'm>, condition: &LintCondition<'m>, asked: &ConditionAnalysis<'m>) -> bool {
    let LintCondition { program, side, span, what, .. } = condition;
    let impossible = if !asked.loose.can_hold() {
        true
    } else if asked.plain {
        let question = || format!("whether {what} can be true");
        lint.find_holding(program, *side, &CellLimits::default(), question).1 == SearchAnswer::Impossible
    } else {
        false
    };
    if !impossible {
        return false;
    }
    let problem =
        Diagnostic::warning(codes::NEVER_HOLDS, span.clone(), format!("{what} is never true"), "no facts make it true");
    lint.report(problem.maybe_help(culprit(lint, program, *side).map(|part| format!("no value makes `{part}` true"))));
    true
}

/// The smallest part of a condition that is never true by itself.
fn culprit<'m>(lint: &LintContext<'_, 'm>, program: &'m Program, side: EntityKind) -> Option<String> {
    if let Program::And(parts) = program {
        for part in parts {
            if !loosely(lint, part, side, &lint.keys(part, side)).can_hold() {
                return culprit(lint, part, side);
            }
        }
    }
    let part = text(lint, program, side);
    (part.len() <= 120).then_some(part)
}

fn always<'m>(lint: &LintContext<'_, 'm>, condition: &LintCondition<'m>, asked: &ConditionAnalysis<'m>) -> bool {
    let LintCondition { program, side, span, what, .. } = condition;
    let settled = if !asked.loose.can_fail() {
        true
    } else if asked.plain {
        lint.find_failing(program, *side, || format!("whether {what} can be anything but true")).1
            == SearchAnswer::Impossible
    } else {
        false
    };
    if !settled {
        return false;
    }
    let whom = super::super::level_noun(*side);
    let example = CounterExample {
        facts: blank_facts(lint, &asked.keys, *side),
        conclusion: format!("it is true, as it is of every {whom}"),
    };
    let problem = Diagnostic::warning(
        codes::ALWAYS_HOLDS,
        span.clone(),
        format!("{what} is always true"),
        "no facts make it fail",
    );
    lint.report(problem.example(example).help("leave it out, or write what it should leave out"));
    true
}

/// What the facts of a condition are for somebody who has just signed up.
fn blank_facts(lint: &LintContext<'_, '_>, keys: &[FactKey], side: EntityKind) -> Vec<(String, serde_json::Value)> {
    let plan = lint.search.plan(keys.iter().copied());
    let space = lint.search.space;
    let core = plan.variables[..plan.core].iter().filter(|place| **place != 0);
    let facts = core.map(|place| {
        let variable = &space.variables[*place];
        let value = variable.cells[usize::from(variable.blank)].value();
        (lint.name(variable.key, side), super::super::counterexample::json(&value))
    });
    facts.take(5).collect()
}

/// Parts of a condition that decide nothing: one of several ways that is never true, one of several needs that always is.
fn parts<'m>(lint: &LintContext<'_, 'm>, condition: &LintCondition<'m>, known: &SampleAssignments<'_>) -> bool {
    let LintCondition { program, side, span, what, .. } = condition;
    let Some((part, never)) = idle(lint, program, *side, 0, known) else { return false };
    let part = text(lint, part, *side);
    let (code, how, label) = if never {
        (codes::NEVER_HOLDS, "never", "no facts make this part of it true")
    } else {
        (codes::ALWAYS_HOLDS, "always", "no facts make this part of it fail")
    };
    lint.report(Diagnostic::warning(code, span.clone(), format!("`{part}` in {what} is {how} true"), label));
    true
}

fn idle<'m>(
    lint: &LintContext<'_, 'm>,
    program: &'m Program,
    side: EntityKind,
    depth: usize,
    known: &SampleAssignments<'_>,
) -> Option<(&'m Program, bool)> {
    const DEEP_MAX: usize = 8;
    let (all, never) = match program {
        Program::Or(all) => (all, true),
        Program::And(all) => (all, false),
        Program::Not(inner) if depth < DEEP_MAX => return idle(lint, inner, side, depth + 1, known),
        _ => return None,
    };
    for part in all {
        if lint.search.is_exhausted() {
            return None;
        }
        let (holds, fails) = known.show(lint, part, side);
        let mut names = 0;
        part.visit_slots(&mut |_| names += 1);
        if names > 0 && !(if never { holds } else { fails }) {
            let abs = loosely(lint, part, side, &lint.keys(part, side));
            if never && !abs.can_hold() || !never && !abs.can_fail() {
                return Some((part, never));
            }
        }
        if depth < DEEP_MAX
            && let Some(found) = idle(lint, part, side, depth + 1, known)
        {
            return Some(found);
        }
    }
    None
}
