//! Searches an entity for whom a goal holds: branch and bound over boxes of facts.
//!
//! A box in which bounds rule the question out is dropped; in every other one a few of its members are made and given to the scorer; if none of
//! them will do, the box is cut in two at the fact that leaves most open. So what is found is proved by the scorer, what is said to be
//! impossible is proved by bounds, and what takes too long is left unsettled: the search counts its steps, never the time.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{
    assignment::FactAssignment,
    bounds::{BoxBounds, CellBox},
    dependencies::{DependencyPlan, ScoringStage, scoring_stage, visit_dependencies, visit_signal_keys},
    domains::{SearchSpace, fact},
    invariants::{InvariantSet, fact_of},
    narrowing::{BoxNarrower, BranchPoint, GoalDemands, NarrowedBox, NarrowingContext, names_of},
    table::{FactKeySet, LintMap},
};
use crate::{
    FactKey, ResolvedModel,
    expr::{EvalScope, Value},
    resolved::FactDefinition,
};

/// The largest cost of one question. **Units**: boxes.
const BOXES_MAX: u32 = 200;
/// The same of a question of which only somebody who is found counts.
const BRIEF_BOXES_MAX: u32 = 24;
/// The number of entities to begin with, one after the other.
const BEGINNINGS_MAX: usize = 3;
/// The number of entities of which each box has the nearest one tried.
const GUIDES_MAX: usize = 5;
/// The largest cost of all questions of a model. **Units**: evaluated facts and signals.
const WORK_MAX: u64 = 1_500_000;

/// What is said of all that was not looked at.
const REST: &str = "what the search had not come to";

/// A cell for each variable of the space: an entity to begin with.
pub(super) type SearchSeed = Vec<u16>;

/// What is asked.
pub(super) struct SearchGoal<'g, 'm> {
    /// The facts that it is about.
    pub(super) keys: Vec<FactKey>,
    /// Conditions that are so for everybody who is looked for. They narrow boxes; nothing is found or ruled out without the two below.
    pub(super) demands: GoalDemands<'m>,
    /// Whether bounds leave it open.
    pub(super) possible: &'g dyn Fn(&BoxBounds<'_, 'm>) -> bool,
    /// Whether it is so.
    pub(super) reached: &'g dyn Fn(&FactAssignment<'_>) -> bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SearchAnswer {
    /// An entity for whom the goal holds: a cell for each variable of the plan.
    Found(Vec<u16>),
    /// There is nobody.
    Impossible,
    /// The search ended without an answer.
    Unsettled,
}

/// Which cells of some variables may be chosen, by place in the space.
pub(super) type CellLimits = LintMap<usize, (u16, u16)>;

/// What searches share.
#[derive(Debug)]
pub(super) struct ConstraintSolver<'m> {
    pub(super) model: &'m ResolvedModel,
    pub(super) space: &'m SearchSpace,
    pub(super) links: &'m InvariantSet,
    work: Cell<u64>,
    /// Plans that were made, by what they are of.
    plans: RefCell<LintMap<Vec<FactKey>, Rc<DependencyPlan>>>,
    /// Questions that could not be settled, in words.
    pub(super) unsettled: RefCell<Vec<String>>,
}

/// Values chosen for the variables of a plan, as links see them.
struct CandidateScope<'c> {
    search: &'c ConstraintSolver<'c>,
    plan: &'c DependencyPlan,
    cells: &'c [u16],
}

impl EvalScope for CandidateScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        let Some(at) = self.plan.index.get(&fact_of(slot)) else { return Value::Null };
        self.search.space.variables[self.plan.variables[*at]].cells[usize::from(self.cells[*at])].value()
    }
}

/// The halves of a box, the one to look at first last.
fn cut(point: BranchPoint, within: NarrowedBox, guide: Option<&Vec<u16>>) -> [NarrowedBox; 2] {
    let at = match point {
        BranchPoint::Name(key) => {
            let [holds, fails] = BoxNarrower::cut_at_name(key, within);
            return [fails, holds];
        }
        BranchPoint::Variable(at) => at,
    };
    let (first, last) = within.cells[at];
    let middle = first + (last - first) / 2;
    let (mut low, mut high) = (within.clone(), within);
    low.cells[at] = (first, middle);
    high.cells[at] = (middle + 1, last);
    // The half that the first guide is in is looked at first.
    if guide.is_some_and(|guide| guide[at] > middle) { [low, high] } else { [high, low] }
}

impl<'m> ConstraintSolver<'m> {
    pub(super) fn new(
        model: &'m ResolvedModel,
        space: &'m SearchSpace,
        links: &'m InvariantSet,
    ) -> ConstraintSolver<'m> {
        ConstraintSolver {
            model,
            space,
            links,
            work: Cell::new(0),
            plans: RefCell::default(),
            unsettled: RefCell::default(),
        }
    }

    pub(super) fn plan(&self, wanted: impl IntoIterator<Item = FactKey>) -> Rc<DependencyPlan> {
        let mut wanted: Vec<FactKey> = wanted.into_iter().collect();
        wanted.sort_unstable();
        wanted.dedup();
        if let Some(plan) = self.plans.borrow().get(&wanted) {
            self.spend(1);
            return Rc::clone(plan);
        }
        let plan = Rc::new(DependencyPlan::new(self.model, self.space, self.links, wanted.iter().copied()));
        self.spend(plan.cost);
        self.plans.borrow_mut().insert(wanted, Rc::clone(&plan));
        plan
    }

    /// Whether all steps are taken, so that nothing more can be asked.
    pub(super) fn is_exhausted(&self) -> bool {
        let spent = !self.spend(0);
        let mut unsettled = self.unsettled.borrow_mut();
        if spent && unsettled.last().is_none_or(|last| last != REST) {
            unsettled.push(REST.to_owned());
        }
        spent
    }

    /// Spends work; returns whether the budget lasts.
    pub(super) fn spend(&self, work: u64) -> bool {
        self.work.set(self.work.get().saturating_add(work));
        self.work.get() <= WORK_MAX
    }

    /// All cells of a plan within some limits.
    pub(super) fn full_box(&self, plan: &DependencyPlan, limits: &CellLimits) -> CellBox {
        let all = |place: &usize| (0, (self.space.variables[*place].cells.len() - 1) as u16);
        plan.variables.iter().map(|place| limits.get(place).copied().unwrap_or_else(|| all(place))).collect()
    }

    /// The part of a guide that a plan asks for.
    pub(super) fn project(&self, plan: &DependencyPlan, guide: &SearchSeed) -> Vec<u16> {
        plan.variables.iter().map(|place| guide[*place]).collect()
    }

    /// Somebody who has just signed up.
    pub(super) fn blank(&self) -> SearchSeed {
        self.space.variables.iter().map(|variable| variable.blank).collect()
    }

    /// Looks for somebody for whom the goal holds.
    pub(super) fn solve(
        &self,
        plan: &DependencyPlan,
        limits: &CellLimits,
        guides: &[&SearchSeed],
        goal: &SearchGoal<'_, 'm>,
    ) -> SearchAnswer {
        let mut guides: Vec<Vec<u16>> = guides.iter().map(|guide| self.project(plan, guide)).collect();
        let mut known = Vec::with_capacity(guides.len());
        guides.retain(|guide| {
            !known.contains(guide) && {
                known.push(guide.clone());
                true
            }
        });
        for _ in 0..guides.len().clamp(1, BEGINNINGS_MAX) {
            let answer = self.search_boxes(plan, limits, &guides, goal, BOXES_MAX);
            if answer != SearchAnswer::Unsettled {
                return answer;
            }
            // A search that went astray may find its way from somebody else.
            if !guides.is_empty() {
                guides.rotate_left(1);
            }
        }
        SearchAnswer::Unsettled
    }

    fn search_boxes(
        &self,
        plan: &DependencyPlan,
        limits: &CellLimits,
        guides: &[Vec<u16>],
        goal: &SearchGoal<'_, 'm>,
        boxes_max: u32,
    ) -> SearchAnswer {
        let (work, names) = (Cell::new(0), names_of(self.model, plan));
        let narrower = self.narrower(plan, &names, &work);
        let mut open: Vec<NarrowedBox> = vec![NarrowedBox::new(self.model, self.full_box(plan, limits))];
        let mut boxes = 0;
        let mut sure = true;
        while let Some(mut within) = open.pop() {
            boxes += 1;
            if boxes > boxes_max || !self.spend(plan.cost + work.take()) {
                return SearchAnswer::Unsettled;
            }
            if !goal.demands.is_empty() && narrower.narrow(&goal.demands, &mut within).is_err() {
                continue;
            }
            let cells = &within.cells;
            let judged = BoxBounds::new(self.model, self.space, plan, cells);
            let broken = plan.links.iter().any(|link| judged.violates(&self.links.all[*link]));
            if broken || !(goal.possible)(&judged) {
                continue;
            }
            let mut tried: Vec<Vec<u16>> = Vec::with_capacity(guides.len());
            // The first box is everything, so everybody known is tried there.
            let guides_here = if boxes == 1 { guides } else { &guides[..guides.len().min(GUIDES_MAX)] };
            for guide in guides_here {
                // The member of the box that is nearest; often the same one for several guides.
                let mut near: Vec<u16> =
                    guide.iter().zip(cells).map(|(cell, (first, last))| *cell.clamp(first, last)).collect();
                if tried.contains(&near) {
                    continue;
                }
                tried.push(near.clone());
                narrower.fit(&goal.demands, &within, &mut near);
                if !self.spend(plan.cost) {
                    return SearchAnswer::Unsettled;
                }
                if let Some(chosen) = self.try_one(plan, cells, near, goal) {
                    return SearchAnswer::Found(chosen);
                }
            }
            let point = narrower.branch_point(&goal.demands, &within);
            let variable = || self.branching_variable(plan, &judged, cells, goal).map(BranchPoint::Variable);
            let Some(point) = point.or_else(variable) else {
                // Nothing is left to cut, and the scorer says no where bounds do not.
                sure = false;
                continue;
            };
            open.extend(cut(point, within, guides.first()));
        }
        if sure { SearchAnswer::Impossible } else { SearchAnswer::Unsettled }
    }

    /// Narrows the boxes of a plan.
    fn narrower<'n>(
        &self,
        plan: &'n DependencyPlan,
        names: &'n FactKeySet,
        work: &'n Cell<u64>,
    ) -> BoxNarrower<'n, 'm> {
        let context = NarrowingContext { model: self.model, space: self.space, plan, names, work };
        BoxNarrower::new(context, self.links)
    }

    /// What direct comparison leaves of the cells of a plan within some limits; none if nothing is left.
    pub(super) fn narrowed(
        &self,
        plan: &DependencyPlan,
        limits: &CellLimits,
        demands: &GoalDemands<'m>,
    ) -> Option<CellBox> {
        let (work, names) = (Cell::new(plan.cost), names_of(self.model, plan));
        let narrower = self.narrower(plan, &names, &work);
        let mut within = NarrowedBox::new(self.model, self.full_box(plan, limits));
        let left = narrower.narrow(demands, &mut within);
        self.spend(work.get());
        left.ok().map(|()| within.cells)
    }

    /// The same where it does not matter whether all links hold, because one side of the comparison is nobody who exists.
    pub(super) fn solve_without_invariants(
        &self,
        plan: &DependencyPlan,
        limits: &CellLimits,
        guides: &[&SearchSeed],
        goal: &SearchGoal<'_, 'm>,
    ) -> SearchAnswer {
        let plan = DependencyPlan { links: Vec::new(), ..plan.clone() };
        let guides: Vec<Vec<u16>> = guides.iter().map(|guide| self.project(&plan, guide)).collect();
        self.search_boxes(&plan, limits, &guides, goal, BRIEF_BOXES_MAX)
    }

    /// A member of a box, or what links make of it, if it is what is looked for.
    fn try_one(
        &self,
        plan: &DependencyPlan,
        cells: &CellBox,
        mut chosen: Vec<u16>,
        goal: &SearchGoal<'_, 'm>,
    ) -> Option<Vec<u16>> {
        if !self.repair(plan, cells, &mut chosen) {
            return None;
        }
        let world = FactAssignment::new(self.model, self.space, plan, &chosen);
        (goal.reached)(&world).then_some(chosen)
    }

    /// Whether all links hold.
    pub(super) fn consistent(&self, plan: &DependencyPlan, chosen: &[u16]) -> bool {
        plan.links.iter().all(|link| self.keeps(plan, chosen, *link))
    }

    fn keeps(&self, plan: &DependencyPlan, chosen: &[u16], link: usize) -> bool {
        let scope = CandidateScope { search: self, plan, cells: chosen };
        !matches!(self.links.all[link].eval(&scope), Value::Boolean(false))
    }

    /// Changes facts within a box until all links hold; those that do not decide first.
    pub(super) fn repair(&self, plan: &DependencyPlan, cells: &CellBox, chosen: &mut [u16]) -> bool {
        const ROUNDS: usize = 6;
        // What has been changed is changed again only if nothing else helps, so that two links do not undo each other's work.
        let mut changed = vec![false; chosen.len()];
        for _ in 0..ROUNDS {
            let mut whole = true;
            for link in &plan.links {
                if !self.keeps(plan, chosen, *link) {
                    whole = false;
                    if !self.repair_invariant(plan, cells, chosen, *link, &mut changed) {
                        return false;
                    }
                }
            }
            if whole {
                return true;
            }
        }
        self.consistent(plan, chosen)
    }

    /// Changes one fact of a link so that it holds, by as little as possible.
    fn repair_invariant(
        &self,
        plan: &DependencyPlan,
        cells: &CellBox,
        chosen: &mut [u16],
        link: usize,
        changed: &mut [bool],
    ) -> bool {
        let mut facts: Vec<usize> =
            self.links.keys[link].iter().filter_map(|key| plan.index.get(key).copied()).collect();
        // What somebody who has just signed up has too is changed before what was chosen for the goal.
        let is_chosen = |at: usize| chosen[at] != self.space.variables[plan.variables[at]].blank;
        facts.sort_by_key(|at| (changed[*at], *at < plan.core && is_chosen(*at), *at < plan.core));
        for at in facts {
            let (before, (first, last)) = (chosen[at], cells[at]);
            for distance in 1..=(last - first) {
                for cell in [before.checked_add(distance), before.checked_sub(distance)].into_iter().flatten() {
                    if (first..=last).contains(&cell) {
                        chosen[at] = cell;
                        if self.keeps(plan, chosen, link) {
                            changed[at] = true;
                            return true;
                        }
                    }
                }
            }
            chosen[at] = before;
        }
        false
    }

    /// The variable that leaves most open; none if each is one cell.
    fn branching_variable(
        &self,
        plan: &DependencyPlan,
        judged: &BoxBounds<'_, 'm>,
        cells: &CellBox,
        goal: &SearchGoal<'_, 'm>,
    ) -> Option<usize> {
        let mut weights = vec![0.0; plan.variables.len()];
        let mut seen = FactKeySet::default();
        for key in &goal.keys {
            self.weigh(plan, judged, *key, 1e6, &mut weights, &mut seen);
        }
        let wide = (0..cells.len()).filter(|at| cells[*at].0 < cells[*at].1);
        wide.max_by(|a, b| f64::total_cmp(&weights[*a], &weights[*b]).then(b.cmp(a)))
    }

    fn weigh(
        &self,
        plan: &DependencyPlan,
        judged: &BoxBounds<'_, 'm>,
        key: FactKey,
        weight: f64,
        weights: &mut [f64],
        seen: &mut FactKeySet,
    ) {
        let Some(at) = plan.index.get(&key) else { return };
        if let Some(known) = weights.get_mut(*at) {
            *known += weight;
            return;
        }
        if !seen.insert(key) || judged.value(key).is_singleton() {
            return;
        }
        let side = key.kind();
        let level = self.model.level(side);
        let scored = matches!(fact(self.model, key).map(|fact| &fact.definition), Some(FactDefinition::Scoring));
        if scored && scoring_stage(level, key.slot()) == Some(ScoringStage::Points) {
            for signal in &level.signals {
                let (low, high) = judged.payable(signal, side).contribution();
                if high > low {
                    let open = (high - low).min(1e6);
                    visit_signal_keys(signal, side, &mut |part| {
                        self.weigh(plan, judged, part, open, weights, seen);
                    });
                }
            }
            return;
        }
        visit_dependencies(self.model, key, &mut |part| self.weigh(plan, judged, part, weight / 2.0, weights, seen));
    }
}
