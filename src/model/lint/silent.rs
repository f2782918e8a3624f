//! Somebody who did nothing for a long time: what every fact is that follows from that.
//!
//! Nothing means no event at all. So whatever is counted in a window that lies within these days is nothing, what was last is as long ago, and no
//! week of them rose. Members of a silent account are silent too. Everything else, such as what was ever counted, is free.

use super::{
    bounds::BoxBounds,
    dependencies::visit_keys,
    domains::{FactVariable, fact},
    fact_index::FactIndex,
    search::{CellLimits, ConstraintSolver},
};
use crate::{
    EntityKind, FactKey,
    clock::DateWindow,
    expr::Value,
    resolved::{BuiltinFact, FactDefinition, Measure, Metric, MilestonePart, Rollup, RollupKind},
};

/// How long nothing was done. **Units**: days.
pub(super) const SILENT_DAYS: i32 = 60;
/// Complete weeks that lie within these days, whatever the day of the week.
const SILENT_WEEKS: usize = 7;

/// What is left of a fact.
enum SilentValue {
    /// Anything.
    Free,
    /// Null, or zero where it cannot be null.
    Nothing,
    /// Null or zero.
    NothingOrZero,
    /// Null, or at least as many days.
    LongAgo,
}

/// What happened before the silence of what is told by days since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SilentPast {
    /// It all happened, that long ago.
    Everything,
    /// It never happened.
    Nothing,
}

impl SilentPast {
    /// Both.
    pub(super) const ALL: [SilentPast; 2] = [SilentPast::Everything, SilentPast::Nothing];
}

/// The cells of somebody of a level who did nothing; not of everybody, since days are null or many, and boxes are without holes.
pub(super) fn silent_limits(
    search: &ConstraintSolver<'_>,
    facts: &FactIndex<'_>,
    side: EntityKind,
    past: SilentPast,
) -> CellLimits {
    let of = |side, members: &CellLimits| SilentFacts { search, facts, members, past }.limits(side);
    let users = of(EntityKind::User, &CellLimits::default());
    match side {
        EntityKind::User => users,
        EntityKind::Account => of(EntityKind::Account, &users),
    }
}

/// The first and the last cell that are left; none if all are.
fn cells_of(variable: &FactVariable, left: &SilentValue, past: SilentPast) -> Option<(u16, u16)> {
    let (null, zero) = (variable.cell_of(&Value::Null), variable.cell_of(&Value::Number(0.0)));
    let last = (variable.cells.len() - 1) as u16;
    match left {
        SilentValue::Free => None,
        SilentValue::Nothing => null.or(zero).map(|cell| (cell, cell)),
        SilentValue::NothingOrZero => null.or(zero).map(|first| (first, zero.unwrap_or(first))),
        SilentValue::LongAgo if past == SilentPast::Nothing && null.is_some() => null.map(|cell| (cell, cell)),
        SilentValue::LongAgo => variable.cell_of(&Value::Number(f64::from(SILENT_DAYS))).map(|first| (first, last)),
    }
}

/// Judges facts one by one.
struct SilentFacts<'s, 'm> {
    search: &'s ConstraintSolver<'m>,
    facts: &'s FactIndex<'m>,
    /// The cells of members who did nothing.
    members: &'s CellLimits,
    past: SilentPast,
}

impl SilentFacts<'_, '_> {
    fn limits(&self, side: EntityKind) -> CellLimits {
        let variables = self.search.space.variables.iter().enumerate().skip(1);
        let own = variables.filter(|(_, variable)| variable.key.kind() == side);
        let cells = own.filter_map(|(place, variable)| {
            let left = self.value(variable.key);
            cells_of(variable, &left, self.past).map(|cells| (place, cells))
        });
        cells.collect()
    }

    fn value(&self, key: FactKey) -> SilentValue {
        match fact(self.search.model, key).map(|fact| &fact.definition) {
            Some(FactDefinition::Builtin(builtin)) => of_builtin(*builtin),
            Some(FactDefinition::Metric(_)) => {
                self.facts.metric(key).map_or(SilentValue::Free, |one| of_metric(one.metric))
            }
            Some(FactDefinition::Milestone(_, MilestonePart::DaysAgo)) => SilentValue::LongAgo,
            Some(FactDefinition::Person(_, slot)) => self.value(FactKey::new(EntityKind::User, *slot)),
            Some(FactDefinition::Rollup(rollup)) => self.of_rollup(rollup),
            Some(
                FactDefinition::Milestone(..)
                | FactDefinition::Trait(_)
                | FactDefinition::Expression(_)
                // What was said before the silence is free, and so is what sales did.
                | FactDefinition::Record(_)
                | FactDefinition::Outcome(_)
                | FactDefinition::Scoring,
            )
            | None => SilentValue::Free,
        }
    }

    /// A roll-up gathers nothing if no silent member is meant, or if all that silent members bring is nothing.
    fn of_rollup(&self, rollup: &Rollup) -> SilentValue {
        let mut wanted = Vec::new();
        for program in rollup.value.iter().chain(&rollup.filter) {
            visit_keys(program, EntityKind::User, &mut |key| wanted.push(key));
        }
        let plan = self.search.plan(wanted);
        self.search.spend(plan.cost);
        let cells = self.search.full_box(&plan, self.members);
        let judged = BoxBounds::new(self.search.model, self.search.space, &plan, &cells);
        let meant = rollup.filter.as_ref().is_none_or(|filter| judged.eval(filter, EntityKind::User).can_hold());
        let brings = rollup.value.as_ref().map(|value| judged.eval(value, EntityKind::User));
        let nothing = brings.is_some_and(|value| matches!(value.range(), None | Some((0.0, 0.0))));
        match rollup.kind {
            _ if !meant => SilentValue::Nothing,
            RollupKind::Sum | RollupKind::TopSum(_) if nothing => SilentValue::Nothing,
            RollupKind::Min | RollupKind::Max | RollupKind::Avg if nothing => SilentValue::NothingOrZero,
            RollupKind::Count
            | RollupKind::Distinct
            | RollupKind::Sum
            | RollupKind::TopSum(_)
            | RollupKind::Min
            | RollupKind::Max
            | RollupKind::Avg => SilentValue::Free,
        }
    }
}

fn of_builtin(builtin: BuiltinFact) -> SilentValue {
    match builtin {
        BuiltinFact::DaysInactive | BuiltinFact::AgeDays => SilentValue::LongAgo,
        BuiltinFact::ActiveDays28 | BuiltinFact::ActiveUsers28 => SilentValue::Nothing,
        // Others of the domain may be active.
        BuiltinFact::DomainUsers28
        | BuiltinFact::Events
        | BuiltinFact::Today
        | BuiltinFact::Domain
        | BuiltinFact::Users
        | BuiltinFact::Members
        | BuiltinFact::Holdout => SilentValue::Free,
    }
}

fn of_metric(metric: &Metric) -> SilentValue {
    match metric.measure {
        Measure::RisingWeeks(_) => SilentValue::Nothing,
        Measure::Trend { recent, .. } if recent <= SILENT_WEEKS => SilentValue::NothingOrZero,
        Measure::Trend { .. } | Measure::Elapsed { .. } => SilentValue::Free,
        _ if is_within(metric.window) => SilentValue::Nothing,
        Measure::DaysSince(_) => SilentValue::LongAgo,
        Measure::Count
        | Measure::Days
        | Measure::Users
        | Measure::Distinct(_)
        | Measure::Number(..)
        | Measure::Edge(..)
        | Measure::SumLatest { .. }
        | Measure::Top(..)
        | Measure::Open { .. } => SilentValue::Free,
    }
}

/// Whether a window lies within the days without events.
fn is_within(window: Option<DateWindow>) -> bool {
    match window {
        Some(DateWindow::Last { days, ago }) => days.saturating_add(ago) <= SILENT_DAYS,
        Some(DateWindow::Month) => true,
        Some(DateWindow::First { .. }) | None => false,
    }
}
