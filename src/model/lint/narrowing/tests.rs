//! Nobody who is what a question asks for is lost by narrowing.

use super::{
    super::{bounds::CellBox, *},
    GoalDemands,
};
use crate::{FactSelection, ModelRequest, diag::SourceDocument};

/// Numbers of a linear congruential generator: the same in every run.
struct NumberStream(u64);

impl NumberStream {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// Conditions of many forms.
const FURTHER: &str = r#"schema = 1
[user.traits]
role = { type = "text" }
[account.traits]
size = { type = "number" }
[metrics]
work = { measure = "count", event = "work" }
asks = { measure = "count", event = "asked", last = "14d" }
since = { measure = "days_since_last", event = "asked" }
[user.facts]
leads = "lower(role) in ('ceo', 'vp') or lower(role) like 'head%'"
known = "coalesce(account.large, true)"
odd = "not (asks >= 2 and known) or since is null"
[account.facts]
large = "size >= 100 or (work >= 5 and not size < 10)"
[[user.signals]]
name = "work"
value = "work"
ladder = [{ at_least = 1, points = 5 }, { at_least = 4, points = 20 }]
when = "leads or asks >= 1"
[[user.signals]]
name = "asks"
per = "asks"
points = 2
max = 9
[[user.signals]]
name = "large"
when = "account.large"
points = -4
[[user.tiers]]
name = "hot"
above = 20
stay_above = 8
when = "known"
[[user.tiers]]
name = "warm"
when = "leads and score >= 5"
[[user.tiers]]
name = "cool"
at_least = 12
stay_at_least = 1
[[user.tiers]]
name = "cold"
[[user.routes]]
name = "first"
when = "tier in ('hot', 'warm') and odd"
[[user.routes]]
name = "second"
when = "tier <> 'cold' and not odd and account.large is not null and coalesce(previous_score, 0) < 50"
[[user.routes]]
name = "third"
when = "case when leads then asks > 1 else work > 1 end"
[[user.routes]]
name = "fallen"
when = "previous_tier = 'hot' or tier_since < today or first_qualified is not null"
[[user.routes]]
name = "rest"
"#;

fn parse(text: &str) -> ResolvedModel {
    let document = SourceDocument { name: "model.toml".to_owned(), text: text.to_owned() };
    crate::parse(&document, ModelRequest { selection: FactSelection::OutputsAndMilestones, rows: None })
        .expect("a valid model")
}

/// A part of a box around one of its members: of each variable one cell, those on one side of it, or all.
fn part_around(cells: &[u16], whole: &CellBox, plan: &DependencyPlan, numbers: &mut NumberStream) -> CellLimits {
    let part = |(cell, (first, last)): (&u16, &(u16, u16)), kind: usize| match kind {
        0 => (*first, *cell),
        1 => (*cell, *last),
        2 => (*first, *last),
        _ => (*cell, *cell),
    };
    // Some parts are large, and in others nearly everything is settled.
    let kinds = [4, 25][numbers.below(2)];
    let parts = cells.iter().zip(whole).map(|member| part(member, numbers.below(kinds)));
    plan.variables.iter().copied().zip(parts).collect()
}

/// Makes people by changing some facts of known ones; those who get the result must be in what narrowing leaves.
fn hold<'m>(
    lint: &LintContext<'_, 'm>,
    key: FactKey,
    name: &str,
    demands: &GoalDemands<'m>,
    numbers: &mut NumberStream,
) -> usize {
    let plan = lint.search.plan([key]);
    let all = lint.search.narrowed(&plan, &CellLimits::default(), demands);
    let whole = lint.search.full_box(&plan, &CellLimits::default());
    let side = key.kind();
    let known: Vec<&SearchSeed> = lint.guides(side).into_iter().chain(&lint.rising_seeds[side]).collect();
    let mut count = 0;
    for _ in 0..600 {
        let mut cells = lint.search.project(&plan, known[numbers.below(known.len())]);
        for _ in 0..numbers.below(8) {
            let at = numbers.below(cells.len());
            cells[at] = numbers.below(usize::from(whole[at].1) + 1) as u16;
        }
        if !lint.search.repair(&plan, &whole, &mut cells) {
            continue;
        }
        let world = assignment::FactAssignment::new(lint.model, lint.search.space, &plan, &cells);
        if world.text(key) != Some(name) {
            continue;
        }
        count += 1;
        let part = part_around(&cells, &whole, &plan, numbers);
        for left in [&all, &lint.search.narrowed(&plan, &part, demands)] {
            let left = left.as_ref().unwrap_or_else(|| panic!("nothing is left for `{name}`"));
            for (at, (cell, (first, last))) in cells.iter().zip(left).enumerate() {
                let variable = &lint.search.space.variables[plan.variables[at]];
                let (fact, of) = (lint.name(variable.key, side), &variable.cells[usize::from(*cell)]);
                assert!((first..=last).contains(&cell), "`{name}` with {fact} = {of:?}");
            }
        }
    }
    count
}

#[test]
fn whoever_gets_a_route_or_a_tier_is_in_what_narrowing_leaves() {
    let mut numbers = NumberStream(7);
    let mut count = 0;
    for text in [crate::EXAMPLE, FURTHER] {
        let model = parse(text);
        let facts = FactIndex::new(&model);
        let links = InvariantSet::new(&model, &facts);
        let space = SearchSpace::new(&model, &links);
        let search = ConstraintSolver::new(&model, &space, &links);
        let lint = LintContext::new(&search, &facts);
        for (side, level) in model.levels.iter() {
            for (place, route) in level.routes.iter().enumerate() {
                let demands = GoalDemands::default().route(&level.routes, place, side);
                count += hold(&lint, FactKey::new(side, level.slots.route), &route.name, &demands, &mut numbers);
            }
            for (place, tier) in level.tiers.iter().enumerate() {
                let demands = GoalDemands::default().tier(side, place, level.tiers.len());
                count += hold(&lint, FactKey::new(side, level.slots.tier), &tier.name, &demands, &mut numbers);
            }
        }
    }
    assert!(count > 500, "only {count} people got what was looked for");
}
