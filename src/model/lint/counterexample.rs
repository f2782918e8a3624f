//! The counter-example that people see: as few facts as show it, each as small as it can be.

use serde_json::Value as Json;

use super::{
    LintContext,
    assignment::FactAssignment,
    dependencies::DependencyPlan,
    domains::fact,
    search::{CellLimits, SearchGoal},
};
use crate::{EntityKind, FactKey, clock::format_day, diag::CounterExample, expr::Value};

/// The most smaller values of a fact that are tried.
const TRIES_MAX: usize = 12;

/// A value as examples show it.
pub(super) fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Null | Value::Digits(_) => Json::Null,
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(*number as i64),
        Value::Number(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_ref()),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Date(day) => Json::from(format_day(*day)),
    }
}

impl<'m> LintContext<'_, 'm> {
    /// Makes of somebody who was found somebody who differs from a blank one by as little as possible.
    pub(super) fn minimize(&self, plan: &DependencyPlan, chosen: Vec<u16>, goal: &SearchGoal<'_, 'm>) -> Vec<u16> {
        self.minimize_within(plan, chosen, goal, &CellLimits::default())
    }

    /// The same without leaving some limits.
    pub(super) fn minimize_within(
        &self,
        plan: &DependencyPlan,
        mut chosen: Vec<u16>,
        goal: &SearchGoal<'_, 'm>,
        limits: &CellLimits,
    ) -> Vec<u16> {
        let space = self.search.space;
        let whole = self.search.full_box(plan, limits);
        let blank = self.search.project(plan, &self.blank);
        // How far somebody is from a blank one: facts that decide first, then by how much.
        let far = |cells: &[u16]| -> (usize, u32) {
            let differs = (0..plan.core).filter(|at| cells[*at] != blank[*at]).count();
            (differs, cells.iter().zip(&blank).map(|(cell, blank)| u32::from(cell.abs_diff(*blank))).sum())
        };
        for at in (0..plan.core).rev() {
            let now = chosen[at];
            let towards: Vec<u16> =
                if now > blank[at] { (blank[at]..now).collect() } else { (now + 1..=blank[at]).rev().collect() };
            // Blank first, then what is between, from there.
            let allowed = towards.into_iter().filter(|cell| (whole[at].0..=whole[at].1).contains(cell));
            for cell in allowed.take(TRIES_MAX) {
                let mut other = chosen.clone();
                let mut held = whole.clone();
                (other[at], held[at]) = (cell, (cell, cell));
                if self.search.spend(plan.cost)
                    && self.search.repair(plan, &held, &mut other)
                    && far(&other) < far(&chosen)
                    && (goal.reached)(&FactAssignment::new(self.model, space, plan, &other))
                {
                    chosen = other;
                    break;
                }
            }
        }
        chosen
    }

    /// The name of a fact as an expression of a level writes it.
    pub(super) fn name(&self, key: FactKey, side: EntityKind) -> String {
        if key == FactKey::HAS_ACCOUNT {
            return "account".to_owned();
        }
        let name = fact(self.model, key).map_or("", |fact| fact.name.as_str());
        if side == EntityKind::User && key.kind() == EntityKind::Account {
            format!("account.{name}")
        } else {
            name.to_owned()
        }
    }

    /// The facts by which somebody differs from a blank one, and what comes of them. Facts that decide nothing are left out.
    pub(super) fn example(
        &self,
        plan: &DependencyPlan,
        chosen: &[u16],
        side: EntityKind,
        shows: impl FnOnce(&FactAssignment<'_>) -> String,
    ) -> CounterExample {
        let space = self.search.space;
        let mut facts = Vec::new();
        let world = FactAssignment::new(self.model, space, plan, chosen);
        for (place, cell) in plan.variables[..plan.core].iter().zip(chosen) {
            let variable = &space.variables[*place];
            let without = *place != 0
                && side == EntityKind::User
                && variable.key.kind() == EntityKind::Account
                && !world.has_account();
            if *cell == variable.blank || without {
                continue;
            }
            let value = if variable.key == FactKey::HAS_ACCOUNT { Json::Null } else { json(world.value(variable.key)) };
            facts.push((self.name(variable.key, side), value));
        }
        CounterExample { facts, conclusion: shows(&world) }
    }

    /// Somebody who was found, as an example.
    pub(super) fn minimized_example(
        &self,
        plan: &DependencyPlan,
        chosen: Vec<u16>,
        goal: &SearchGoal<'_, 'm>,
        side: EntityKind,
        shows: impl FnOnce(&FactAssignment<'_>) -> String,
    ) -> CounterExample {
        let chosen = self.minimize(plan, chosen, goal);
        self.example(plan, &chosen, side, shows)
    }
}
