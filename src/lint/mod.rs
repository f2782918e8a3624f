//! What can be known of a valid model without events: warnings about what runs and is probably not meant, most with a counter-example.
//!
//! Takes a [`Model`] with its [`Source`], gives diagnostics of severity warning with codes from M030. Questions about facts are settled by
//! `search`: exhaustive over the values that occur in the model, pruned by bounds, ended after a fixed number of steps. Nobody is made up
//! for an example whom the scorer's own programs have not judged.

mod abs;
mod constants;
mod evidence;
mod example;
mod guides;
mod judge;
mod links;
mod measured;
mod plan;
mod properties;
mod rules;
mod search;
mod space;
mod table;
mod world;

use std::{cell::RefCell, collections::HashSet, ops::Range, rc::Rc};

use self::{
    evidence::Evidence,
    guides::{SIDES, Way},
    judge::Judged,
    links::Links,
    measured::Facts,
    plan::Plan,
    search::{Answer, Goal, Guide, Limits, Search},
    space::{Key, Space},
    table::KeySet,
};
use crate::{
    diag::Diagnostic,
    expr::Program,
    model::{
        Model, Source,
        compiled::{ACCOUNT_BIT, Level},
        source::LevelSource,
    },
};

/// Everything that a model can be warned about, in the order of the places.
///
/// **Cost**: bounded by the length of the model and a fixed number of steps of search.
pub fn lint(model: &Model, source: &Source) -> Vec<Diagnostic> {
    let facts = Facts::of(model, source);
    let links = Links::of(model, source, &facts);
    let space = Space::of(model, &links);
    let search = Search::new(model, &space, &links);
    let lint = Lint::new(&search, source, &facts);
    rules::all(&lint);
    lint.finish()
}

/// What all rules work with.
struct Lint<'l, 'm> {
    search: &'l Search<'m>,
    model: &'m Model,
    source: &'m Source,
    facts: &'l Facts<'m>,
    evidence: Evidence,
    /// By level: from somebody blank to the highest score, the highest last.
    up: [Vec<Guide>; 2],
    /// The same to the lowest score.
    down: [Vec<Guide>; 2],
    blank: Guide,
    told: RefCell<Vec<Diagnostic>>,
    /// The code and the place of each.
    places: RefCell<HashSet<(&'static str, usize, usize)>>,
    /// Facts whose own condition has been told of, so that whoever uses them is not.
    spoilt: RefCell<KeySet>,
}

/// The place of a level among two.
fn at(bit: u32) -> usize {
    usize::from(bit == ACCOUNT_BIT)
}

/// What messages call one of a level.
fn who(bit: u32) -> &'static str {
    if bit == 0 { "user" } else { "account" }
}

/// The same with its article.
fn one(bit: u32) -> &'static str {
    if bit == 0 { "a user" } else { "an account" }
}

impl<'l, 'm> Lint<'l, 'm> {
    fn new(search: &'l Search<'m>, source: &'m Source, facts: &'l Facts<'m>) -> Self {
        let way = |way: Way| SIDES.map(|bit| guides::way(search, bit, way, &Limits::default()));
        Lint {
            search,
            model: search.model,
            source,
            facts,
            evidence: Evidence::of(search, source, facts),
            up: way(Way::Up),
            down: way(Way::Down),
            blank: search.blank(),
            told: RefCell::default(),
            places: RefCell::default(),
            spoilt: RefCell::default(),
        }
    }

    fn level(&self, bit: u32) -> &'m Level {
        if bit == 0 { &self.model.levels.user } else { &self.model.levels.account }
    }

    fn written(&self, bit: u32) -> &'m LevelSource {
        if bit == 0 { &self.source.user } else { &self.source.account }
    }

    fn tell(&self, problem: Diagnostic) {
        self.places.borrow_mut().insert((problem.code, problem.span.start, problem.span.end));
        self.told.borrow_mut().push(problem);
    }

    /// Whether a place has been told of with one of some codes.
    fn has_told(&self, codes: &[&'static str], span: &Range<usize>) -> bool {
        let places = self.places.borrow();
        codes.iter().any(|code| places.contains(&(*code, span.start, span.end)))
    }

    fn has_told_any(&self, code: &str) -> bool {
        self.told.borrow().iter().any(|problem| problem.code == code)
    }

    /// People to begin with: blank, and on the way up and down.
    fn guides(&self, bit: u32) -> Vec<&Guide> {
        let (up, down) = (&self.up[at(bit)], &self.down[at(bit)]);
        let middle = up.len() / 2;
        [up.last(), Some(&self.blank), up.get(middle), down.last()].into_iter().flatten().collect()
    }

    /// Looks for somebody; what cannot be settled is noted in words.
    fn ask(
        &self,
        plan: &Plan,
        limits: &Limits,
        bit: u32,
        goal: &Goal<'_, 'm>,
        what: impl FnOnce() -> String,
    ) -> Answer {
        let answer = self.search.solve(plan, limits, &self.guides(bit), goal);
        self.noted(answer, what)
    }

    /// The same, beginning with some people of its own.
    fn ask_from(
        &self,
        first: &[Guide],
        plan: &Plan,
        bit: u32,
        goal: &Goal<'_, 'm>,
        what: impl FnOnce() -> String,
    ) -> Answer {
        let guides: Vec<&Guide> = first.iter().chain(self.guides(bit)).collect();
        let answer = self.search.solve(plan, &Limits::default(), &guides, goal);
        self.noted(answer, what)
    }

    /// Notes a question that was left open.
    fn noted(&self, answer: Answer, what: impl FnOnce() -> String) -> Answer {
        if answer == Answer::Unsettled {
            self.search.unsettled.borrow_mut().push(what());
        }
        answer
    }

    /// Somebody for whom a condition holds.
    fn holding(
        &self,
        program: &'m Program,
        bit: u32,
        limits: &Limits,
        what: impl FnOnce() -> String,
    ) -> (Rc<Plan>, Answer) {
        let keys = self.keys(program, bit);
        let plan = self.search.plan(keys.clone());
        let possible = |judged: &Judged<'_, 'm>| judged.expression(program, bit).can_hold();
        let reached = |world: &world::World<'_>| world.holds(program, bit);
        let goal = Goal { keys, possible: &possible, reached: &reached };
        let answer = self.ask(&plan, limits, bit, &goal, what);
        (plan, answer)
    }

    /// People for whom a condition holds, and who are otherwise like those that searches begin with.
    fn overlays(&self, program: Option<&'m Program>, bit: u32, limits: &Limits) -> Vec<Guide> {
        let Some(program) = program else { return Vec::new() };
        let keys = self.keys(program, bit);
        let plan = self.search.plan(keys.clone());
        let possible = |judged: &Judged<'_, 'm>| judged.expression(program, bit).can_hold();
        let reached = |world: &world::World<'_>| world.holds(program, bit);
        let goal = Goal { keys, possible: &possible, reached: &reached };
        let guides = self.guides(bit);
        let mut found = Vec::new();
        let blank_first: Vec<&Guide> = [&self.blank].into_iter().chain(guides.iter().copied()).collect();
        if let Answer::Found(chosen) = self.search.solve(&plan, limits, &blank_first, &goal) {
            let small = self.smallest_within(&plan, chosen, &goal, limits);
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
    fn failing(&self, program: &'m Program, bit: u32, what: impl FnOnce() -> String) -> (Rc<Plan>, Answer) {
        let keys = self.keys(program, bit);
        let plan = self.search.plan(keys.clone());
        let possible = |judged: &Judged<'_, 'm>| judged.expression(program, bit).can_fail();
        let reached = |world: &world::World<'_>| !world.holds(program, bit);
        let goal = Goal { keys, possible: &possible, reached: &reached };
        let answer = self.ask(&plan, &Limits::default(), bit, &goal, what);
        (plan, answer)
    }

    fn keys(&self, program: &Program, bit: u32) -> Vec<Key> {
        let mut keys = Vec::new();
        plan::keys(program, bit, &mut |key| keys.push(key));
        if bit == 0 && keys.iter().any(|key| key & ACCOUNT_BIT != 0) {
            keys.push(space::HOME);
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// All facts behind some facts, these among them.
    fn behind(&self, keys: impl IntoIterator<Item = Key>) -> KeySet {
        let mut open: Vec<Key> = keys.into_iter().collect();
        let mut all = KeySet::default();
        while let Some(key) = open.pop() {
            if all.insert(key) {
                plan::parts(self.model, key, &mut |part| open.push(part));
            }
        }
        self.search.spend(all.len() as u64);
        all
    }

    fn finish(self) -> Vec<Diagnostic> {
        let mut told = self.told.into_inner();
        told.extend(rules::unsettled(&self.search.unsettled.borrow()));
        told.sort_by_key(|problem| (problem.span.start, problem.span.end, problem.code));
        told
    }
}
