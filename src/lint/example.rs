//! The counter-example that people see: as few facts as show it, each as small as it can be.

use serde_json::Value as Json;

use super::{
    Lint,
    plan::Plan,
    search::{Goal, Limits},
    space::{HOME, Key, fact},
    world::World,
};
use crate::{clock::day_text, diag::Example, expr::Value, model::compiled::ACCOUNT_BIT};

/// So many smaller values of a fact are tried.
const TRIES_MAX: usize = 12;

/// A value as examples show it.
pub(super) fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Null | Value::Digits(_) => Json::Null,
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(*number as i64),
        Value::Number(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_ref()),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Date(day) => Json::from(day_text(*day)),
    }
}

impl<'m> Lint<'_, 'm> {
    /// Makes of somebody who was found somebody who differs from a blank one by as little as possible.
    pub(super) fn smallest(&self, plan: &Plan, chosen: Vec<u16>, goal: &Goal<'_, 'm>) -> Vec<u16> {
        self.smallest_within(plan, chosen, goal, &Limits::default())
    }

    /// The same without leaving some limits.
    pub(super) fn smallest_within(
        &self,
        plan: &Plan,
        mut chosen: Vec<u16>,
        goal: &Goal<'_, 'm>,
        limits: &Limits,
    ) -> Vec<u16> {
        let space = self.search.space;
        let whole = self.search.whole(plan, limits);
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
                    && (goal.reached)(&World::new(self.model, space, plan, &other))
                {
                    chosen = other;
                    break;
                }
            }
        }
        chosen
    }

    /// The name of a fact as an expression of a level writes it.
    pub(super) fn name(&self, key: Key, bit: u32) -> String {
        if key == HOME {
            return "account".to_owned();
        }
        let name = fact(self.model, key).map_or("", |fact| fact.name.as_str());
        if bit == 0 && key & ACCOUNT_BIT != 0 { format!("account.{name}") } else { name.to_owned() }
    }

    /// The facts by which somebody differs from a blank one, and what comes of them. Facts that decide nothing are left out.
    pub(super) fn example(
        &self,
        plan: &Plan,
        chosen: &[u16],
        bit: u32,
        shows: impl FnOnce(&World<'_>) -> String,
    ) -> Example {
        let space = self.search.space;
        let mut facts = Vec::new();
        let world = World::new(self.model, space, plan, chosen);
        for (place, cell) in plan.variables[..plan.core].iter().zip(chosen) {
            let variable = &space.variables[*place];
            let without = *place != 0 && bit == 0 && variable.key & ACCOUNT_BIT != 0 && !world.has_home();
            if *cell == variable.blank || without {
                continue;
            }
            let value = if variable.key == HOME { Json::Null } else { json(world.value(variable.key)) };
            facts.push((self.name(variable.key, bit), value));
        }
        Example { facts, shows: shows(&world) }
    }

    /// Somebody who was found, as an example.
    pub(super) fn shown(
        &self,
        plan: &Plan,
        chosen: Vec<u16>,
        goal: &Goal<'_, 'm>,
        bit: u32,
        shows: impl FnOnce(&World<'_>) -> String,
    ) -> Example {
        let chosen = self.smallest(plan, chosen, goal);
        self.example(plan, &chosen, bit, shows)
    }
}
