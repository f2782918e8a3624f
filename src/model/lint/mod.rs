//! Warnings about a valid model that need no events: parts that run and are probably not meant, most with a counter-example.
//!
//! Takes a [`ResolvedModel`] and gives diagnostics of severity warning with codes from M030. Questions about facts are settled by
//! `search`: exhaustive over the values that occur in the model, pruned by bounds, ended after a fixed number of steps. Before each step `narrowing`
//! leaves out by direct comparison what conditions rule out; that settles most questions. Nobody is made up for an example whom the scorer's own
//! programs have not judged.

mod assignment;
mod bounds;
mod constants;
mod counterexample;
mod dependencies;
mod domains;
mod fact_index;
mod interval;
mod invariants;
mod narrowing;
mod property_cells;
mod rules;
mod search;
mod seeds;
mod silent;
mod table;
mod usage;

use std::{cell::RefCell, collections::HashSet, ops::Range, rc::Rc};

use self::{
    bounds::BoxBounds,
    dependencies::DependencyPlan,
    domains::SearchSpace,
    fact_index::FactIndex,
    invariants::InvariantSet,
    narrowing::GoalDemands,
    search::{CellLimits, ConstraintSolver, SearchAnswer, SearchGoal, SearchSeed},
    seeds::ScoreDirection,
    table::FactKeySet,
    usage::UsageClassifier,
};
use crate::{EntityKind, FactKey, PerKind, ResolvedModel, diag::Diagnostic, expr::Program, resolved::Level};

/// All warnings about a model, in the order of their places.
///
/// **Cost**: bounded by the length of the model and a fixed number of steps of search.
pub fn lint(model: &ResolvedModel) -> Vec<Diagnostic> {
    let facts = FactIndex::new(model);
    let links = InvariantSet::new(model, &facts);
    let space = SearchSpace::new(model, &links);
    let search = ConstraintSolver::new(model, &space, &links);
    let lint = LintContext::new(&search, &facts);
    rules::all(&lint);
    lint.finish()
}

/// What all rules work with.
struct LintContext<'l, 'm> {
    search: &'l ConstraintSolver<'m>,
    model: &'m ResolvedModel,
    facts: &'l FactIndex<'m>,
    usage: UsageClassifier,
    /// By level: from somebody blank to the highest score, the highest last.
    rising_seeds: PerKind<Vec<SearchSeed>>,
    /// The same to the lowest score.
    falling_seeds: PerKind<Vec<SearchSeed>>,
    blank: SearchSeed,
    /// Users in accounts with scores: the highest of both, then blank users in accounts on the way up.
    housed_seeds: Vec<SearchSeed>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// The code and the place of each.
    reported_spans: RefCell<HashSet<(&'static str, usize, usize)>>,
    /// Facts whose own condition is reported, so that their users are not.
    reported_facts: RefCell<FactKeySet>,
}

/// The noun for an entity of a level in messages.
fn level_noun(side: EntityKind) -> &'static str {
    side.word()
}

/// The same with its article.
fn one(side: EntityKind) -> &'static str {
    match side {
        EntityKind::User => "a user",
        EntityKind::Account => "an account",
    }
}

impl<'l, 'm> LintContext<'l, 'm> {
    fn new(search: &'l ConstraintSolver<'m>, facts: &'l FactIndex<'m>) -> Self {
        let way =
            |way: ScoreDirection| PerKind::from_fn(|side| seeds::score_path(search, side, way, &CellLimits::default()));
        let rising_seeds = way(ScoreDirection::Up);
        LintContext {
            search,
            model: search.model,
            facts,
            usage: UsageClassifier::new(search, facts),
            housed_seeds: seeds::housed_seeds(search.space, &rising_seeds, &search.blank()),
            rising_seeds,
            falling_seeds: way(ScoreDirection::Down),
            blank: search.blank(),
            diagnostics: RefCell::default(),
            reported_spans: RefCell::default(),
            reported_facts: RefCell::default(),
        }
    }

    fn level(&self, side: EntityKind) -> &'m Level {
        self.model.level(side)
    }

    fn report(&self, problem: Diagnostic) {
        self.reported_spans.borrow_mut().insert((problem.code, problem.span.start, problem.span.end));
        self.diagnostics.borrow_mut().push(problem);
    }

    /// Whether a place is reported under one of some codes.
    fn has_reported(&self, codes: &[&'static str], span: &Range<usize>) -> bool {
        let places = self.reported_spans.borrow();
        codes.iter().any(|code| places.contains(&(*code, span.start, span.end)))
    }

    fn has_reported_code(&self, code: &str) -> bool {
        self.diagnostics.borrow().iter().any(|problem| problem.code == code)
    }

    /// People to begin with: blank, and on the way up and down.
    fn guides(&self, side: EntityKind) -> Vec<&SearchSeed> {
        let (up, down) = (&self.rising_seeds[side], &self.falling_seeds[side]);
        let housed: &[SearchSeed] = if side == EntityKind::User { &self.housed_seeds } else { &[] };
        let middle = up.len() / 2;
        let first = [up.last(), housed.first(), Some(&self.blank), up.get(middle), down.last()];
        first.into_iter().flatten().chain(housed.iter().skip(1)).collect()
    }

    /// Looks for somebody; what cannot be settled is noted in words.
    fn solve(
        &self,
        plan: &DependencyPlan,
        limits: &CellLimits,
        side: EntityKind,
        goal: &SearchGoal<'_, 'm>,
        what: impl FnOnce() -> String,
    ) -> SearchAnswer {
        let answer = self.search.solve(plan, limits, &self.guides(side), goal);
        self.record_unsettled(answer, what)
    }

    /// The same, and once more beginning with people for whom a condition holds, if that settles it.
    fn solve_for_rule(
        &self,
        when: Option<&'m Program>,
        plan: &DependencyPlan,
        side: EntityKind,
        goal: &SearchGoal<'_, 'm>,
        what: impl FnOnce() -> String,
    ) -> SearchAnswer {
        let limits = CellLimits::default();
        let answer = self.search.solve(plan, &limits, &self.guides(side), goal);
        if answer != SearchAnswer::Unsettled {
            return answer;
        }
        let first = self.satisfying_seeds(when, side, &limits);
        let guides: Vec<&SearchSeed> = first.iter().chain(self.guides(side)).collect();
        self.record_unsettled(self.search.solve(plan, &limits, &guides, goal), what)
    }

    /// Those of a first run: nobody stays in a tier.
    fn first_run(&self) -> CellLimits {
        let slots = EntityKind::ALL.into_iter().filter_map(|side| {
            let slot = self.level(side).slots.previous_tier?;
            self.search.space.place(FactKey::new(side, slot))
        });
        slots.map(|place| (place, (0, 0))).collect()
    }

    /// Notes a question that was left open.
    fn record_unsettled(&self, answer: SearchAnswer, what: impl FnOnce() -> String) -> SearchAnswer {
        if answer == SearchAnswer::Unsettled {
            self.search.unsettled.borrow_mut().push(what());
        }
        answer
    }

    /// Somebody for whom a condition holds.
    fn find_holding(
        &self,
        program: &'m Program,
        side: EntityKind,
        limits: &CellLimits,
        what: impl FnOnce() -> String,
    ) -> (Rc<DependencyPlan>, SearchAnswer) {
        let keys = self.keys(program, side);
        let plan = self.search.plan(keys.clone());
        let possible = |judged: &BoxBounds<'_, 'm>| judged.eval(program, side).can_hold();
        let reached = |world: &assignment::FactAssignment<'_>| world.holds(program, side);
        let demands = GoalDemands::default().holding(program, side);
        let goal = SearchGoal { keys, demands, possible: &possible, reached: &reached };
        let answer = self.solve(&plan, limits, side, &goal, what);
        (plan, answer)
    }

    /// People for whom a condition holds, and who are otherwise like those that searches begin with.
    fn satisfying_seeds(&self, program: Option<&'m Program>, side: EntityKind, limits: &CellLimits) -> Vec<SearchSeed> {
        let Some(program) = program else { return Vec::new() };
        let keys = self.keys(program, side);
        let plan = self.search.plan(keys.clone());
        let possible = |judged: &BoxBounds<'_, 'm>| judged.eval(program, side).can_hold();
        let reached = |world: &assignment::FactAssignment<'_>| world.holds(program, side);
        let demands = GoalDemands::default().holding(program, side);
        let goal = SearchGoal { keys, demands, possible: &possible, reached: &reached };
        let guides = self.guides(side);
        let mut found = Vec::new();
        let blank_first: Vec<&SearchSeed> = [&self.blank].into_iter().chain(guides.iter().copied()).collect();
        if let SearchAnswer::Found(chosen) = self.search.solve(&plan, limits, &blank_first, &goal) {
            let small = self.minimize_within(&plan, chosen, &goal, limits);
            for base in blank_first.into_iter().take(3) {
                let mut guide = base.clone();
                for (place, cell) in plan.variables[..plan.core].iter().zip(&small) {
                    guide[*place] = *cell;
                }
                found.push(guide);
            }
        }
        found
    }

    /// Somebody for whom it does not hold.
    fn find_failing(
        &self,
        program: &'m Program,
        side: EntityKind,
        what: impl FnOnce() -> String,
    ) -> (Rc<DependencyPlan>, SearchAnswer) {
        let keys = self.keys(program, side);
        let plan = self.search.plan(keys.clone());
        let possible = |judged: &BoxBounds<'_, 'm>| judged.eval(program, side).can_fail();
        let reached = |world: &assignment::FactAssignment<'_>| !world.holds(program, side);
        let demands = GoalDemands::default().failing(program, side);
        let goal = SearchGoal { keys, demands, possible: &possible, reached: &reached };
        let answer = self.solve(&plan, &CellLimits::default(), side, &goal, what);
        (plan, answer)
    }

    fn keys(&self, program: &Program, side: EntityKind) -> Vec<FactKey> {
        let mut keys = Vec::new();
        dependencies::visit_keys(program, side, &mut |key| keys.push(key));
        if side == EntityKind::User && keys.iter().any(|key| key.kind() == EntityKind::Account) {
            keys.push(FactKey::HAS_ACCOUNT);
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// All facts behind some facts, these among them.
    fn dependency_closure(&self, keys: impl IntoIterator<Item = FactKey>) -> FactKeySet {
        let mut open: Vec<FactKey> = keys.into_iter().collect();
        let mut all = FactKeySet::default();
        while let Some(key) = open.pop() {
            if all.insert(key) {
                dependencies::visit_dependencies(self.model, key, &mut |part| open.push(part));
            }
        }
        self.search.spend(all.len() as u64);
        all
    }

    fn finish(self) -> Vec<Diagnostic> {
        let mut reported = self.diagnostics.into_inner();
        reported.extend(rules::unsettled(&self.search.unsettled.borrow()));
        reported.sort_by_key(|problem| (problem.span.start, problem.span.end, problem.code));
        reported
    }
}
