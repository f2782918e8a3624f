//! What a signal reads of the state: which words, sets of dates and cells, of whose rows, in which window.

use crate::{
    clock::Window,
    expr::Program,
    model::{
        EntityKind, Model,
        compiled::{ACCOUNT_BIT, ACTIVITY_DAYS, Builtin, Form, Keep, Measure, Payment, Signal, Source, Weekly},
    },
};

/// Whose rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// Of the entity itself.
    Own,
    /// Of the user's home account.
    Home,
    /// Of the account's members, each.
    Members,
}

/// A place in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Word(usize),
    Days(usize),
    Cell(u16),
    /// Every event, whatever it is.
    Any,
}

/// One thing that is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Need {
    pub(super) whose: Whose,
    /// The fact that it is read for.
    pub(super) fact: String,
    target: Target,
    pub(super) window: Option<Window>,
    /// Whether only rows of somebody count.
    pub(super) active: bool,
}

impl Need {
    /// Whether an event that is kept so is read.
    pub(super) fn reads(&self, keep: Keep) -> bool {
        match (self.target, keep) {
            (Target::Any, _) => true,
            (Target::Word(word), Keep::Count(known) | Keep::First(known) | Keep::Last(known)) => word == known,
            (Target::Days(set), Keep::Days(known)) => set == known,
            (
                Target::Cell(cell),
                Keep::Tally { cell: known, .. }
                | Keep::Number { cell: known, .. }
                | Keep::Edge { cell: known, .. }
                | Keep::Moment { cell: known, .. },
            ) => cell == known,
            _ => false,
        }
    }

    /// Whether any activity is read, kept or not.
    pub(super) fn reads_activity(&self) -> bool {
        self.target == Target::Days(ACTIVITY_DAYS)
    }

    /// Whether any event is read.
    pub(super) fn reads_all(&self) -> bool {
        self.target == Target::Any
    }
}

/// Everything that a signal of a level reads, and whether it also reads what cannot be told by events (scores).
pub(super) fn needs(model: &Model, side: EntityKind, signal: &Signal) -> Vec<Need> {
    let mut collector = Collector { model, needs: Vec::new(), seen: Vec::new() };
    let whose = Whose::Own;
    let mut programs: Vec<&Program> = Vec::new();
    programs.extend(&signal.guard);
    if let Payment::Ladder { value, .. } | Payment::Per { value, .. } = &signal.pay {
        programs.push(value);
    }
    programs.extend(signal.decay.as_ref().map(|decay| &decay.since));
    programs.into_iter().for_each(|program| collector.program(program, side, whose));
    collector.needs
}

struct Collector<'m> {
    model: &'m Model,
    needs: Vec<Need>,
    seen: Vec<(EntityKind, Whose, u32)>,
}

impl Collector<'_> {
    fn program(&mut self, program: &Program, side: EntityKind, whose: Whose) {
        let mut slots = Vec::new();
        program.slots(&mut |slot| slots.push(slot));
        for slot in slots {
            match slot & ACCOUNT_BIT {
                0 => self.fact(slot, side, whose),
                // Of members, the home account is the account itself.
                _ if whose == Whose::Members => self.fact(slot & !ACCOUNT_BIT, EntityKind::Account, Whose::Own),
                _ => self.fact(slot & !ACCOUNT_BIT, EntityKind::Account, Whose::Home),
            }
        }
    }

    fn fact(&mut self, slot: u32, side: EntityKind, whose: Whose) {
        if self.seen.contains(&(side, whose, slot)) {
            return;
        }
        self.seen.push((side, whose, slot));
        let level = self.model.level(side);
        let Some(fact) = level.facts.get(slot as usize) else { return };
        let name = crate::ledger::name_of(self.model, side, slot);
        let name = if whose == Whose::Home { format!("account.{name}") } else { name };
        let mut add = |target: Target, window: Option<Window>, active: bool| {
            self.needs.push(Need { whose, fact: name.clone(), target, window, active });
        };
        let days = |days: i32| Some(Window::Last { days, ago: 0 });
        match &fact.source {
            Source::Builtin(builtin) => match builtin {
                Builtin::DaysInactive => add(Target::Days(ACTIVITY_DAYS), None, true),
                Builtin::ActiveDays28 | Builtin::ActiveUsers28 => add(Target::Days(ACTIVITY_DAYS), days(28), true),
                Builtin::Events | Builtin::Users => add(Target::Any, None, false),
                Builtin::AgeDays | Builtin::Today | Builtin::Domain | Builtin::Members => {}
            },
            Source::Trait(place) => {
                if let Some(plan) = level.traits.get(*place) {
                    add(Target::Cell(plan.cell), None, false);
                }
            }
            Source::Metric(metric) => {
                let active = metric.active;
                match &metric.measure {
                    Measure::Count(word) | Measure::Users(word) | Measure::DaysSince(word) => {
                        add(Target::Word(*word), None, active);
                    }
                    Measure::CountIn(cell, window) => add(Target::Cell(*cell), Some(*window), active),
                    Measure::Days(set, window) => add(Target::Days(*set), *window, active),
                    Measure::Distinct(cell, window)
                    | Measure::Number(_, cell, window)
                    | Measure::Edge(cell, window)
                    | Measure::Top(_, cell, window)
                    | Measure::Open { cell, window, .. } => add(Target::Cell(*cell), *window, active),
                    Measure::UsersIn(set, window) | Measure::DaysSinceIn(_, set, window) => {
                        add(Target::Days(*set), Some(*window), active);
                    }
                    Measure::Elapsed { from, to, .. } => {
                        add(Target::Word(*from), None, active);
                        add(Target::Word(*to), None, active);
                    }
                    Measure::RisingWeeks(weekly) | Measure::Trend { weekly, .. } => {
                        let target = match weekly {
                            Weekly::Count(cell) | Weekly::Sum(cell) | Weekly::Max(cell) => Target::Cell(*cell),
                            Weekly::Days(set) | Weekly::Users(set) => Target::Days(*set),
                        };
                        // The newest 13 weeks, and the one that goes on.
                        add(target, days(14 * 7), active);
                    }
                }
            }
            Source::Milestone(place, _) => self.milestone(*place, side, whose),
            Source::Expression(program) => self.program(program, side, whose),
            Source::Rollup(rollup) => {
                for program in rollup.value.iter().chain(&rollup.filter) {
                    self.program(program, EntityKind::User, Whose::Members);
                }
            }
            // Scores are made of signals; each is explained by itself.
            Source::Scoring => {}
        }
    }

    fn milestone(&mut self, place: usize, side: EntityKind, whose: Whose) {
        let Some(milestone) = self.model.level(side).milestones.get(place) else { return };
        let (target, active) = match &milestone.form {
            Form::Once { word, active } => (Target::Word(*word), *active),
            Form::Times { cell, active, .. } | Form::Days { cell, active, .. } => (Target::Cell(*cell), *active),
            Form::Steps { cell, different_users, .. } => (Target::Cell(*cell), *different_users),
            Form::All(parts) => {
                parts.iter().for_each(|part| self.milestone(*part, side, whose));
                return;
            }
        };
        let fact = milestone.name.clone();
        let fact = if whose == Whose::Home { format!("account.{fact}") } else { fact };
        self.needs.push(Need { whose, fact, target, window: None, active });
    }
}
