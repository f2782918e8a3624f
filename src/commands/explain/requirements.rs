//! What a signal reads of the state: which words, sets of dates and cells, of whose rows, in which window.

use pql_engine::plan::{ACTIVITY_DAYS, AggregateOp, FactPlan, MeasurePlan, MilestonePlan, Model, WeeklyPlan};
use pql_model::{
    EntityKind, FactKey,
    clock::DateWindow,
    expr::Program,
    resolved::{BuiltinFact, FactDefinition, Signal, SignalPayment},
};

/// Whose rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RowScope {
    /// Of the entity itself.
    Own,
    /// Of the user's home account.
    Home,
    /// Of the account's members, each.
    Members,
}

/// A place in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StateTarget {
    Word(usize),
    Days(usize),
    Cell(u16),
    /// Every event, whatever it is.
    Any,
}

/// One thing that is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StateRequirement {
    pub(super) scope: RowScope,
    /// The fact that it is read for.
    pub(super) fact: String,
    target: StateTarget,
    pub(super) window: Option<DateWindow>,
    /// Whether only rows of somebody count.
    pub(super) active: bool,
}

impl StateRequirement {
    /// Whether an event that is kept so is read.
    pub(super) fn reads(&self, keep: AggregateOp) -> bool {
        match (self.target, keep) {
            (StateTarget::Any, _) => true,
            (
                StateTarget::Word(word),
                AggregateOp::Count(known) | AggregateOp::First(known) | AggregateOp::Last(known),
            ) => word == known,
            (StateTarget::Days(set), AggregateOp::Days(known)) => set == known,
            (
                StateTarget::Cell(cell),
                AggregateOp::Tally { cell: known, .. }
                | AggregateOp::Number { cell: known, .. }
                | AggregateOp::Edge { cell: known, .. }
                | AggregateOp::Keyed { cell: known, .. }
                | AggregateOp::Moment { cell: known, .. },
            ) => cell == known,
            _ => false,
        }
    }

    /// Whether any activity is read, kept or not.
    pub(super) fn reads_activity(&self) -> bool {
        self.target == StateTarget::Days(ACTIVITY_DAYS)
    }

    /// Whether any event is read.
    pub(super) fn reads_all(&self) -> bool {
        self.target == StateTarget::Any
    }
}

/// Everything that a signal of a level reads, and whether it also reads scores, which no event shows.
pub(super) fn signal_requirements(model: &Model, side: EntityKind, signal: &Signal) -> Vec<StateRequirement> {
    let mut collector = RequirementCollector { model, needs: Vec::new(), seen: Vec::new() };
    signal_programs(signal).into_iter().for_each(|program| collector.program(program, side, RowScope::Own));
    collector.needs
}

/// The expressions of a signal.
pub(super) fn signal_programs(signal: &Signal) -> Vec<&Program> {
    let mut programs: Vec<&Program> = Vec::new();
    programs.extend(&signal.guard);
    if let SignalPayment::Ladder { value, .. } | SignalPayment::Per { value, .. } = &signal.pay {
        programs.push(value);
    }
    programs.extend(signal.decay.as_ref().map(|decay| &decay.since));
    programs
}

struct RequirementCollector<'m> {
    model: &'m Model,
    needs: Vec<StateRequirement>,
    seen: Vec<(FactKey, RowScope)>,
}

impl RequirementCollector<'_> {
    fn program(&mut self, program: &Program, side: EntityKind, whose: RowScope) {
        let mut slots = Vec::new();
        program.visit_slots(&mut |slot| slots.push(slot));
        for slot in slots {
            let key = FactKey::seen_from(side, slot);
            let scope = match whose {
                _ if key.kind() == side => whose,
                // Of members, the home account is the account itself.
                RowScope::Members => RowScope::Own,
                RowScope::Own | RowScope::Home => RowScope::Home,
            };
            self.fact(key, scope);
        }
    }

    fn fact(&mut self, key: FactKey, whose: RowScope) {
        if self.seen.contains(&(key, whose)) {
            return;
        }
        self.seen.push((key, whose));
        let side = key.kind();
        let Some(plan) = self.model.levels[side].facts.get(key.slot() as usize) else { return };
        let name = pql_engine::ledger::fact_name(self.model, side, key.in_program_of(side));
        let name = if whose == RowScope::Home { format!("account.{name}") } else { name };
        let mut add = |target: StateTarget, window: Option<DateWindow>, active: bool| {
            self.needs.push(StateRequirement { scope: whose, fact: name.clone(), target, window, active });
        };
        let days = |days: i32| Some(DateWindow::Last { days, ago: 0 });
        match plan {
            FactPlan::Builtin(builtin) => match builtin {
                BuiltinFact::DaysInactive => add(StateTarget::Days(ACTIVITY_DAYS), None, true),
                BuiltinFact::ActiveDays28 | BuiltinFact::ActiveUsers28 | BuiltinFact::DomainUsers28 => {
                    add(StateTarget::Days(ACTIVITY_DAYS), days(28), true)
                }
                BuiltinFact::Events | BuiltinFact::Users => add(StateTarget::Any, None, false),
                BuiltinFact::AgeDays
                | BuiltinFact::Today
                | BuiltinFact::Domain
                | BuiltinFact::Members
                | BuiltinFact::Holdout => {}
            },
            FactPlan::Trait(place) => {
                if let Some(one) = self.model.levels[side].traits.get(*place) {
                    add(StateTarget::Cell(one.cell), None, false);
                }
            }
            FactPlan::Metric(metric) => {
                let active = metric.active;
                match &metric.measure {
                    MeasurePlan::Count(word) | MeasurePlan::Users(word) | MeasurePlan::DaysSince(word) => {
                        add(StateTarget::Word(*word), None, active);
                    }
                    MeasurePlan::CountIn(cell, window) => add(StateTarget::Cell(*cell), Some(*window), active),
                    MeasurePlan::Days(set, window) => add(StateTarget::Days(*set), *window, active),
                    MeasurePlan::Distinct(cell, window)
                    | MeasurePlan::Number(_, cell, window)
                    | MeasurePlan::Edge(cell, window)
                    | MeasurePlan::SumLatest(cell, window)
                    | MeasurePlan::Top(_, cell, window)
                    | MeasurePlan::Open { cell, window, .. } => add(StateTarget::Cell(*cell), *window, active),
                    MeasurePlan::UsersIn(set, window) | MeasurePlan::DaysSinceIn(_, set, window) => {
                        add(StateTarget::Days(*set), Some(*window), active);
                    }
                    MeasurePlan::Elapsed { from, to, .. } => {
                        add(StateTarget::Word(*from), None, active);
                        add(StateTarget::Word(*to), None, active);
                    }
                    MeasurePlan::RisingWeeks(weekly) | MeasurePlan::Trend { weekly, .. } => {
                        let target = match weekly {
                            WeeklyPlan::Count(cell) | WeeklyPlan::Sum(cell) | WeeklyPlan::Max(cell) => {
                                StateTarget::Cell(*cell)
                            }
                            WeeklyPlan::Days(set) | WeeklyPlan::Users(set) => StateTarget::Days(*set),
                        };
                        // The newest 13 weeks, and the one that goes on.
                        add(target, days(14 * 7), active);
                    }
                }
            }
            FactPlan::Milestone(place, _) => self.milestone(*place, side, whose),
            FactPlan::Computed => self.computed(key, whose),
        }
    }

    /// What a fact reads that is computed from other facts.
    fn computed(&mut self, key: FactKey, whose: RowScope) {
        match self.model.resolved.fact(key).map(|fact| &fact.definition) {
            Some(FactDefinition::Expression(program)) => self.program(program, key.kind(), whose),
            Some(FactDefinition::Rollup(rollup)) => {
                for program in rollup.value.iter().chain(&rollup.filter) {
                    self.program(program, EntityKind::User, RowScope::Members);
                }
            }
            Some(FactDefinition::Person(_, slot)) => {
                self.fact(FactKey::new(EntityKind::User, *slot), RowScope::Members);
            }
            // Scores are made of signals; each is explained by itself.
            Some(
                FactDefinition::Scoring
                | FactDefinition::Builtin(_)
                | FactDefinition::Trait(_)
                | FactDefinition::Metric(_)
                | FactDefinition::Milestone(..)
                | FactDefinition::Record(_)
                | FactDefinition::Outcome(_),
            )
            | None => {}
        }
    }

    fn milestone(&mut self, place: usize, side: EntityKind, whose: RowScope) {
        let Some(milestone) = self.model.resolved.level(side).milestones.get(place) else { return };
        let Some(plan) = self.model.levels[side].milestones.get(place) else { return };
        let (target, active) = match plan {
            MilestonePlan::Once { word, active } => (StateTarget::Word(*word), *active),
            MilestonePlan::Times { cell, active, .. } | MilestonePlan::Days { cell, active, .. } => {
                (StateTarget::Cell(*cell), *active)
            }
            MilestonePlan::Steps { cell, different_users, .. } => (StateTarget::Cell(*cell), *different_users),
            MilestonePlan::All(parts) => {
                parts.iter().for_each(|part| self.milestone(*part, side, whose));
                return;
            }
        };
        let fact = milestone.name.clone();
        let fact = if whose == RowScope::Home { format!("account.{fact}") } else { fact };
        self.needs.push(StateRequirement { scope: whose, fact, target, window: None, active });
    }
}
