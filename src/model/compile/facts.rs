//! What facts a level has, when each is computed, and how each is compiled the first time it is asked for.

use std::ops::Range;

use super::{
    Compiler, Limit, State,
    intake::{Base, Filter},
    names::NoFact,
    phase::Phase,
    reserved::is_reserved,
};
use crate::{
    expr::Type,
    model::{
        EntityKind, codes,
        compiled::{
            Builtin, CellKind, Fact, FactSlot, MilestonePart, Rollup, RollupKind, Source, Step, TraitPlan, ValueSource,
        },
        file::{By, MeasureKind, MetricFile, RollupFile, TraitFile},
        tree::Text,
    },
};

/// What declares a fact.
#[derive(Debug, Clone, Copy)]
pub(super) enum Declared<'f> {
    Builtin(Builtin, Type),
    Trait(&'f TraitFile),
    Metric(&'f MetricFile),
    Milestone(usize, MilestonePart, Type),
    Expression(&'f Text),
    Rollup(&'f RollupFile),
    /// Written by scoring, in a phase.
    Scoring(Type, Phase),
    /// Its own problem has been told.
    Broken,
}

/// How many facts may build on each other in a row.
const FACTS_DEEP_MAX: usize = 100;

/// Facts that both levels have.
const BUILTINS: [(&str, Builtin, Type); 6] = [
    ("age_days", Builtin::AgeDays, Type::Number),
    ("days_inactive", Builtin::DaysInactive, Type::Number),
    ("active_days_28", Builtin::ActiveDays28, Type::Number),
    ("events", Builtin::Events, Type::Number),
    ("today", Builtin::Today, Type::Date),
    ("domain", Builtin::Domain, Type::Text),
];

/// Facts that only accounts have.
const ACCOUNT_BUILTINS: [(&str, Builtin, Type); 3] = [
    ("users", Builtin::Users, Type::Number),
    ("active_users_28", Builtin::ActiveUsers28, Type::Number),
    ("members", Builtin::Members, Type::Number),
];

/// Whether a metric only makes sense over several users.
pub(super) fn of_accounts_only(metric: &MetricFile) -> bool {
    metric.kind == MeasureKind::Users
}

impl<'f> Compiler<'f, '_> {
    /// Notes every fact of both levels, and tells names that are there twice.
    pub(super) fn declare(&mut self) {
        let file = self.file;
        for side in [EntityKind::User, EntityKind::Account] {
            let level = self.level_file(side);
            for (name, builtin, kind) in BUILTINS {
                self.declare_one(side, name, None, Declared::Builtin(builtin, kind));
            }
            let (points, score, tier) = match side {
                EntityKind::User => (Phase::USER_POINTS, Phase::USER_SCORE, Phase::USER_TIER),
                EntityKind::Account => (Phase::ACCOUNT_POINTS, Phase::ACCOUNT_SCORE, Phase::ACCOUNT_TIER),
            };
            if side == EntityKind::Account {
                for (name, builtin, kind) in ACCOUNT_BUILTINS {
                    self.declare_one(side, name, None, Declared::Builtin(builtin, kind));
                }
                self.declare_one(side, "segment", None, Declared::Scoring(Type::Text, Phase::SEGMENT));
            }
            self.declare_one(side, "score", None, Declared::Scoring(Type::Number, score));
            self.declare_one(side, "tier", None, Declared::Scoring(Type::Text, tier));
            self.declare_one(side, "qualified", None, Declared::Scoring(Type::Boolean, tier));
            self.declare_one(side, "route", None, Declared::Scoring(Type::Text, Phase::ROUTES));
            self.declare_one(side, "motion", None, Declared::Scoring(Type::Text, Phase::ROUTES));
            for category in super::level::category_names(level) {
                self.declare_one(side, &format!("points_{category}"), None, Declared::Scoring(Type::Number, points));
            }
            for (index, milestone) in level.milestones.iter().enumerate() {
                let parts = [
                    ("", MilestonePart::Reached, Type::Boolean),
                    ("_pending", MilestonePart::Pending, Type::Boolean),
                    ("_hours", MilestonePart::Hours, Type::Number),
                    ("_days_ago", MilestonePart::DaysAgo, Type::Number),
                ];
                for (suffix, part, kind) in parts {
                    let name = format!("{}{suffix}", milestone.name.value);
                    self.declare_one(side, &name, Some(&milestone.name.span), Declared::Milestone(index, part, kind));
                }
            }
            for one in &level.traits {
                let declared = if one.broken { Declared::Broken } else { Declared::Trait(one) };
                self.declare_one(side, &one.name.value, Some(&one.name.span), declared);
            }
            for metric in &file.metrics {
                let declared = if metric.broken { Declared::Broken } else { Declared::Metric(metric) };
                self.declare_one(side, &metric.name.value, Some(&metric.name.span), declared);
            }
            for (name, text) in &level.facts {
                self.declare_one(side, &name.value, Some(&name.span), Declared::Expression(text));
            }
            for rollup in &level.rollups {
                self.declare_one(side, &rollup.name.value, Some(&rollup.name.span), Declared::Rollup(rollup));
            }
        }
    }

    fn declare_one(&mut self, side: EntityKind, name: &str, span: Option<&Range<usize>>, declared: Declared<'f>) {
        if let Some(span) = span
            && is_reserved(name)
        {
            let help = Some(format!("`{name}_` or a longer name would do"));
            self.error(
                codes::RESERVED_WORD,
                span,
                format!("`{name}` is a word that SQL reserves"),
                "not usable as the name of a fact",
                help,
            );
        }
        if let (Some((_, earlier)), Some(span)) = (self.side(side).declared.get(name), span) {
            let earlier = earlier.clone();
            let message = format!("two facts of one level are called `{name}`");
            let mut problem = crate::diag::Diagnostic::error(codes::DUPLICATE, span.clone(), message, "the second one");
            problem = match earlier {
                Some(first) => problem.other(first, "the first one"),
                None => problem.help(format!("`{name}` is built in; another name would do")),
            };
            self.found.add(problem);
            return;
        }
        self.side(side).declared.insert(name.to_owned(), (declared, span.cloned()));
    }

    /// A fact by its name, compiled the first time it is asked for.
    pub(super) fn fact(&mut self, side: EntityKind, name: &str) -> Result<(FactSlot, Phase), NoFact> {
        let Some((declared, _)) = self.side(side).declared.get(name) else { return Err(NoFact::Unknown) };
        let declared = *declared;
        match self.side(side).state.get(name) {
            Some(State::Ready(slot, phase)) => return Ok((*slot, *phase)),
            Some(State::Failed) => return Err(NoFact::Told),
            Some(State::Open) => return Err(NoFact::Circle(self.circle(side, name))),
            None => {}
        }
        if let Declared::Metric(metric) = declared
            && side == EntityKind::User
            && of_accounts_only(metric)
        {
            return Err(NoFact::AccountsOnly);
        }
        if self.open.len() >= FACTS_DEEP_MAX {
            return Err(NoFact::TooDeep);
        }
        self.side(side).state.insert(name.to_owned(), State::Open);
        self.open.push(self.shown(side, name));
        let made = self.make(side, declared);
        self.open.pop();
        let Some((kind, source, phase)) = made else {
            self.side(side).state.insert(name.to_owned(), State::Failed);
            return Err(NoFact::Told);
        };
        let derived = matches!(source, Source::Expression(_) | Source::Rollup(_));
        let slot = self.push_fact(side, name, kind, source);
        if derived {
            let step = if side == EntityKind::User { Step::UserFact(slot) } else { Step::AccountFact(slot) };
            self.steps.push((phase, step));
        }
        self.side(side).state.insert(name.to_owned(), State::Ready(slot, phase));
        Ok((slot, phase))
    }

    pub(super) fn push_fact(&mut self, side: EntityKind, name: &str, kind: Type, source: Source) -> FactSlot {
        let facts = &mut self.side(side).facts;
        facts.push(Fact { name: name.to_owned(), kind, source });
        (facts.len() - 1) as FactSlot
    }

    fn shown(&self, side: EntityKind, name: &str) -> String {
        if side == EntityKind::User { name.to_owned() } else { format!("account.{name}") }
    }

    /// The names from a fact to itself.
    fn circle(&self, side: EntityKind, name: &str) -> String {
        let closing = self.shown(side, name);
        let from = self.open.iter().position(|open| *open == closing).unwrap_or(0);
        let mut names = self.open[from..].to_vec();
        names.push(closing);
        names.join(" → ")
    }

    fn make(&mut self, side: EntityKind, declared: Declared<'f>) -> Option<(Type, Source, Phase)> {
        match declared {
            Declared::Broken => None,
            Declared::Builtin(builtin, kind) => Some((kind, Source::Builtin(builtin), Phase::BASE)),
            Declared::Scoring(kind, phase) => Some((kind, Source::Scoring, phase)),
            Declared::Trait(one) => Some((one.kind, Source::Trait(self.trait_plan(side, one)), Phase::BASE)),
            Declared::Milestone(index, part, kind) => Some((kind, Source::Milestone(index, part), Phase::BASE)),
            Declared::Metric(metric) => {
                let (metric, kind) = self.metric(metric)?;
                Some((kind, Source::Metric(metric), Phase::BASE))
            }
            Declared::Expression(text) => {
                let (program, kind, phase) = self.expression(side, text, Limit::NONE)?;
                Some((kind, Source::Expression(program), phase))
            }
            Declared::Rollup(rollup) => self.rollup(rollup),
        }
    }

    pub(super) fn trait_plan(&mut self, side: EntityKind, one: &TraitFile) -> usize {
        let path = |text: &Text| text.value.split('.').map(str::to_owned).collect::<Vec<_>>();
        let slots = one.from.iter().map(|from| self.intake.slots.property(path(from))).collect();
        let keys = one.from.iter().map(|from| self.intake.slots.trait_key(path(from))).collect();
        let base = one.event.as_ref().map_or(Base::Every, |names| self.base(names));
        let value = self.intake.value(ValueSource::FirstOf(slots), one.kind);
        let kind = CellKind::Edge { last: !one.first, kind: one.kind };
        let cell = self.intake.cell(&Filter { base, predicate: None }, kind, false, Some(value));
        let columns = one.from.iter().map(|from| from.value.clone()).collect();
        let traits = &mut self.side(side).traits;
        traits.push(TraitPlan { name: one.name.value.clone(), kind: one.kind, columns, keys, first: one.first, cell });
        traits.len() - 1
    }

    fn rollup(&mut self, rollup: &RollupFile) -> Option<(Type, Source, Phase)> {
        let mut phase = Phase::BASE;
        let value = match &rollup.value {
            Some(text) => {
                let (program, kind, of_value) = self.expression(EntityKind::User, text, Limit::NONE)?;
                phase = phase.max(of_value);
                let numeric = matches!(kind, Type::Number | Type::Null);
                if !numeric && !matches!(rollup.kind, RollupKind::Count | RollupKind::Distinct) {
                    let message = format!("`{}` is {kind}", text.value);
                    self.error(codes::BAD_EXPRESSION, &text.span, message, "this measure is taken of numbers", None);
                    return None;
                }
                Some(program)
            }
            None => None,
        };
        let filter = match &rollup.filter {
            Some(text) => {
                let node = self.parse(text)?;
                let mut names = super::names::Facts::new(self, EntityKind::User, Limit::NONE);
                let result = crate::expr::condition(&text.value, &node, &mut names);
                phase = phase.max(names.phase);
                Some(result.map_err(|errors| self.expression_errors(text, errors)).ok()?)
            }
            None => None,
        };
        Some((Type::Number, Source::Rollup(Rollup { kind: rollup.kind, value, filter }), phase))
    }

    /// A fact of its own for the count that a signal carries inline.
    pub(super) fn inline_metric(&mut self, side: EntityKind, metric: &MetricFile) -> Option<FactSlot> {
        let (compiled, kind) = self.metric(metric)?;
        Some(self.push_fact(side, &format!("signal {}", metric.name.value), kind, Source::Metric(compiled)))
    }
}

impl MetricFile {
    /// Whether a week of it is a sum or maximum of a value.
    pub(super) fn weekly_value(&self) -> bool {
        matches!(self.by, By::Sum | By::Max)
    }
}
