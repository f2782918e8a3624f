//! What facts a level has, when each is computed, and how each is compiled the first time it is asked for.

use std::ops::Range;

use super::{
    FactResolution, ModelResolver, PhaseLimit, event_names::spanned_name, fact_resolver::FactLookupError,
    metrics::MetricPlace, phase::ScoringPhase, reserved_words::is_reserved,
};
use crate::{
    EntityKind, FactKey, FactSlot, MeasureKind, codes,
    expr::ValueType,
    resolved::{
        BuiltinFact, EventBase, Fact, FactDefinition, MilestonePart, OutcomeFact, OutcomeWord, PersonRole, RecordFact,
        ResolvedItem, Rollup, RollupKind, ScoringStep, Trait,
    },
    syntax::{MetricSyntax, RollupSyntax, TraitSyntax, WeeklyMeasure},
    toml_reader::SpannedText,
};

/// What declares a fact.
#[derive(Debug, Clone, Copy)]
pub(super) enum FactDeclaration<'f> {
    Builtin(BuiltinFact, ValueType),
    /// With its place among the traits of the level.
    Trait(&'f TraitSyntax, usize),
    /// With its place among the metrics of the model.
    Metric(&'f MetricSyntax, usize),
    Milestone(usize, MilestonePart, ValueType),
    Expression(&'f SpannedText),
    Rollup(&'f RollupSyntax),
    /// A fact of the account's champion or buyer, by slot among the facts of users.
    Person(PersonRole, FactSlot, ScoringPhase),
    Record(RecordFact, ValueType),
    Outcome(OutcomeFact, ValueType),
    /// Written by scoring, in a phase.
    Scoring(ValueType, ScoringPhase),
    /// Its own problem is reported already.
    Broken,
}

/// How many facts may build on each other in a row.
const FACTS_DEEP_MAX: usize = 100;

/// Facts that both levels have.
const BUILTINS: [(&str, BuiltinFact, ValueType); 6] = [
    ("age_days", BuiltinFact::AgeDays, ValueType::Number),
    ("days_inactive", BuiltinFact::DaysInactive, ValueType::Number),
    ("active_days_28", BuiltinFact::ActiveDays28, ValueType::Number),
    ("events", BuiltinFact::Events, ValueType::Number),
    ("today", BuiltinFact::Today, ValueType::Date),
    ("domain", BuiltinFact::Domain, ValueType::Text),
];

/// Facts that only users have.
const USER_BUILTINS: [(&str, BuiltinFact, ValueType); 1] =
    [("domain_users_28", BuiltinFact::DomainUsers28, ValueType::Number)];

/// Facts that only accounts have.
const ACCOUNT_BUILTINS: [(&str, BuiltinFact, ValueType); 3] = [
    ("users", BuiltinFact::Users, ValueType::Number),
    ("active_users_28", BuiltinFact::ActiveUsers28, ValueType::Number),
    ("members", BuiltinFact::Members, ValueType::Number),
];

/// Facts of both levels that the record of runs before tells.
const RECORD_FACTS: [(&str, RecordFact, ValueType); 4] = [
    (PREVIOUS_TIER, RecordFact::PreviousTier, ValueType::Text),
    ("previous_score", RecordFact::PreviousScore, ValueType::Number),
    ("tier_since", RecordFact::TierSince, ValueType::Date),
    ("first_qualified", RecordFact::FirstQualified, ValueType::Date),
];

/// Facts of outcomes, which both levels have, beside the days since each word.
const OUTCOME_FACTS: [(&str, OutcomeFact, ValueType); 4] = [
    ("last_outcome", OutcomeFact::LastOutcome, ValueType::Text),
    ("last_reason", OutcomeFact::LastReason, ValueType::Text),
    ("open_opportunity", OutcomeFact::OpenOpportunity, ValueType::Boolean),
    ("won_amount", OutcomeFact::WonAmount, ValueType::Number),
];

/// The fact that tells who stays in a tier.
pub(super) const PREVIOUS_TIER: &str = "previous_tier";

/// The fact that both levels have in a model with `[holdout]`.
pub(super) const HOLDOUT: &str = "holdout";

/// Whether a metric only makes sense over several users.
pub(super) fn needs_accounts(metric: &MetricSyntax) -> bool {
    metric.kind == MeasureKind::Users
}

impl<'f> ModelResolver<'f, '_> {
    /// Notes every fact of both levels, and reports names that are declared twice.
    pub(super) fn declare(&mut self) {
        for side in EntityKind::ALL {
            self.declare_builtins(side);
            self.declare_scoring(side);
            self.declare_milestones(side);
            self.declare_measured(side);
            let level = self.level_file(side);
            for (name, text) in &level.facts {
                self.declare_fact(side, &name.value, Some(&name.span), FactDeclaration::Expression(text));
            }
            for rollup in &level.rollups {
                self.declare_fact(side, &rollup.name.value, Some(&rollup.name.span), FactDeclaration::Rollup(rollup));
            }
        }
    }

    /// Facts that every model has.
    fn declare_builtins(&mut self, side: EntityKind) {
        let of_level = match side {
            EntityKind::User => USER_BUILTINS.as_slice(),
            EntityKind::Account => ACCOUNT_BUILTINS.as_slice(),
        };
        for (name, builtin, kind) in BUILTINS.iter().chain(of_level) {
            self.declare_fact(side, name, None, FactDeclaration::Builtin(*builtin, *kind));
        }
        for (name, fact, kind) in RECORD_FACTS {
            self.declare_fact(side, name, None, FactDeclaration::Record(fact, kind));
        }
        for (name, fact, kind) in OUTCOME_FACTS {
            self.declare_fact(side, name, None, FactDeclaration::Outcome(fact, kind));
        }
        for word in OutcomeWord::ALL {
            let declared = FactDeclaration::Outcome(OutcomeFact::DaysSince(word), ValueType::Number);
            self.declare_fact(side, word.days_since(), None, declared);
        }
        if self.file.holdout.is_some() {
            let declared = FactDeclaration::Builtin(BuiltinFact::Holdout, ValueType::Boolean);
            self.declare_fact(side, HOLDOUT, None, declared);
        }
    }

    /// Facts that scoring writes.
    fn declare_scoring(&mut self, side: EntityKind) {
        let (points, score, tier) = match side {
            EntityKind::User => (ScoringPhase::USER_POINTS, ScoringPhase::USER_SCORE, ScoringPhase::USER_TIER),
            EntityKind::Account => {
                (ScoringPhase::ACCOUNT_POINTS, ScoringPhase::ACCOUNT_SCORE, ScoringPhase::ACCOUNT_TIER)
            }
        };
        let routes = ScoringPhase::ROUTES;
        let segment = (side == EntityKind::Account).then_some(("segment", ValueType::Text, ScoringPhase::SEGMENT));
        let others = [
            ("score", ValueType::Number, score),
            ("tier", ValueType::Text, tier),
            ("qualified", ValueType::Boolean, tier),
            ("route", ValueType::Text, routes),
            ("motion", ValueType::Text, routes),
        ];
        for (name, kind, phase) in segment.into_iter().chain(others) {
            self.declare_fact(side, name, None, FactDeclaration::Scoring(kind, phase));
        }
        for category in super::level::category_names(self.level_file(side)) {
            let declared = FactDeclaration::Scoring(ValueType::Number, points);
            self.declare_fact(side, &format!("points_{category}"), None, declared);
        }
    }

    /// The facts about each milestone.
    fn declare_milestones(&mut self, side: EntityKind) {
        const PARTS: [(&str, MilestonePart, ValueType); 4] = [
            ("", MilestonePart::Reached, ValueType::Boolean),
            ("_pending", MilestonePart::Pending, ValueType::Boolean),
            ("_hours", MilestonePart::Hours, ValueType::Number),
            ("_days_ago", MilestonePart::DaysAgo, ValueType::Number),
        ];
        for (index, milestone) in self.level_file(side).milestones.iter().enumerate() {
            for (suffix, part, kind) in PARTS {
                let name = format!("{}{suffix}", milestone.name.value);
                let declared = FactDeclaration::Milestone(index, part, kind);
                self.declare_fact(side, &name, Some(&milestone.name.span), declared);
            }
        }
    }

    /// Traits and metrics.
    fn declare_measured(&mut self, side: EntityKind) {
        for (place, one) in self.level_file(side).traits.iter().enumerate() {
            let declared = if one.broken { FactDeclaration::Broken } else { FactDeclaration::Trait(one, place) };
            self.declare_fact(side, &one.name.value, Some(&one.name.span), declared);
        }
        for (place, metric) in self.file.metrics.iter().enumerate() {
            let declared = if metric.broken { FactDeclaration::Broken } else { FactDeclaration::Metric(metric, place) };
            self.declare_fact(side, &metric.name.value, Some(&metric.name.span), declared);
        }
    }

    fn declare_fact(
        &mut self,
        side: EntityKind,
        name: &str,
        span: Option<&Range<usize>>,
        declared: FactDeclaration<'f>,
    ) {
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
    pub(super) fn resolve_fact(
        &mut self,
        side: EntityKind,
        name: &str,
    ) -> Result<(FactSlot, ScoringPhase), FactLookupError> {
        let Some((declared, _)) = self.side(side).declared.get(name) else { return Err(FactLookupError::Unknown) };
        let declared = *declared;
        match self.side(side).state.get(name) {
            Some(FactResolution::Ready(slot, phase)) => return Ok((*slot, *phase)),
            Some(FactResolution::Failed) => return Err(FactLookupError::AlreadyReported),
            Some(FactResolution::InProgress) => return Err(FactLookupError::Circle(self.cycle_path(side, name))),
            None => {}
        }
        if let FactDeclaration::Metric(metric, _) = declared
            && side == EntityKind::User
            && needs_accounts(metric)
        {
            return Err(FactLookupError::AccountsOnly);
        }
        if self.open.len() >= FACTS_DEEP_MAX {
            return Err(FactLookupError::TooDeep);
        }
        self.side(side).state.insert(name.to_owned(), FactResolution::InProgress);
        self.open.push(self.qualified_name(side, name));
        let made = self.resolve_declaration(side, declared);
        self.open.pop();
        let Some((kind, definition, phase)) = made else {
            self.side(side).state.insert(name.to_owned(), FactResolution::Failed);
            return Err(FactLookupError::AlreadyReported);
        };
        let step = step_of(side, &definition);
        let slot = self.push_fact(side, name, kind, definition);
        self.steps.extend(step.map(|step| (phase, step(slot))));
        self.side(side).state.insert(name.to_owned(), FactResolution::Ready(slot, phase));
        Ok((slot, phase))
    }

    pub(super) fn push_fact(
        &mut self,
        side: EntityKind,
        name: &str,
        kind: ValueType,
        definition: FactDefinition,
    ) -> FactSlot {
        let facts = &mut self.side(side).facts;
        facts.push(Fact { name: name.to_owned(), kind, definition });
        let slot = (facts.len() - 1) as FactSlot;
        self.order.push(ResolvedItem::Fact(FactKey::new(side, slot)));
        slot
    }

    fn qualified_name(&self, side: EntityKind, name: &str) -> String {
        if side == EntityKind::User { name.to_owned() } else { format!("account.{name}") }
    }

    /// The names from a fact to itself.
    fn cycle_path(&self, side: EntityKind, name: &str) -> String {
        let closing = self.qualified_name(side, name);
        let from = self.open.iter().position(|open| *open == closing).expect("a cycle closes at an open fact");
        let mut names = self.open[from..].to_vec();
        names.push(closing);
        names.join(" → ")
    }

    fn resolve_declaration(
        &mut self,
        side: EntityKind,
        declared: FactDeclaration<'f>,
    ) -> Option<(ValueType, FactDefinition, ScoringPhase)> {
        match declared {
            FactDeclaration::Broken => None,
            FactDeclaration::Builtin(builtin, kind) => {
                Some((kind, FactDefinition::Builtin(builtin), ScoringPhase::BASE))
            }
            FactDeclaration::Record(fact, kind) => Some((kind, FactDefinition::Record(fact), ScoringPhase::RECORD)),
            FactDeclaration::Outcome(fact, kind) => Some((kind, FactDefinition::Outcome(fact), ScoringPhase::RECORD)),
            FactDeclaration::Scoring(kind, phase) => Some((kind, FactDefinition::Scoring, phase)),
            FactDeclaration::Trait(one, place) => {
                let kind = self.declared_trait(one).kind;
                Some((kind, FactDefinition::Trait(place), ScoringPhase::BASE))
            }
            FactDeclaration::Milestone(index, part, kind) => {
                Some((kind, FactDefinition::Milestone(index, part), ScoringPhase::BASE))
            }
            FactDeclaration::Metric(_, place) => {
                let kind = self.declared_metric(place)?;
                Some((kind, FactDefinition::Metric(place), ScoringPhase::BASE))
            }
            FactDeclaration::Expression(text) => {
                let (program, kind, phase) = self.expression(side, text, PhaseLimit::NONE)?;
                Some((kind, FactDefinition::Expression(program), phase))
            }
            FactDeclaration::Rollup(rollup) => self.rollup(rollup),
            FactDeclaration::Person(role, slot, phase) => {
                let kind = self.user.facts[slot as usize].kind;
                Some((kind, FactDefinition::Person(role, slot), phase))
            }
        }
    }

    /// A fact of an account's champion or buyer as a fact of the account, `champion.role` say.
    pub(super) fn resolve_person_fact(
        &mut self,
        role: PersonRole,
        name: &str,
    ) -> Result<(FactSlot, ScoringPhase), FactLookupError> {
        let (slot, phase) = self.resolve_fact(EntityKind::User, name)?;
        let phase = phase.max(ScoringPhase::PEOPLE);
        let full = format!("{}.{name}", role.word());
        let declared = FactDeclaration::Person(role, slot, phase);
        self.account.declared.entry(full.clone()).or_insert((declared, None));
        self.resolve_fact(EntityKind::Account, &full)
    }

    /// A trait with the events that tell it.
    pub(super) fn declared_trait(&mut self, one: &TraitSyntax) -> Trait {
        Trait {
            name: spanned_name(&one.name),
            kind: one.kind,
            format: one.format,
            from: one.from.iter().map(|from| from.value.clone()).collect(),
            first: one.first,
            events: self.selection(one.event.as_deref(), EventBase::Every),
        }
    }

    fn rollup(&mut self, rollup: &RollupSyntax) -> Option<(ValueType, FactDefinition, ScoringPhase)> {
        let mut phase = ScoringPhase::BASE;
        let value = match &rollup.value {
            Some(text) => {
                let (program, kind, of_value) = self.expression(EntityKind::User, text, PhaseLimit::NONE)?;
                phase = phase.max(of_value);
                let numeric = matches!(kind, ValueType::Number | ValueType::Null);
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
                let mut names = super::fact_resolver::FactResolver::new(self, EntityKind::User, PhaseLimit::NONE);
                let result = crate::expr::condition(&text.value, &node, &mut names);
                phase = phase.max(names.phase);
                Some(result.map_err(|errors| self.expression_errors(text, errors)).ok()?)
            }
            None => None,
        };
        Some((ValueType::Number, FactDefinition::Rollup(Rollup { kind: rollup.kind, value, filter }), phase))
    }

    /// A fact of its own for the count that a signal carries; and the place of the count among the model's metrics.
    pub(super) fn inline_metric(&mut self, side: EntityKind, file: &MetricSyntax) -> Option<(FactSlot, usize)> {
        let metric = self.metric(file, MetricPlace::Inline)?;
        let (kind, place) = (metric.result_type(), self.metrics.len());
        self.metrics.push(Some(metric));
        let name = format!("signal {}", file.name.value);
        Some((self.push_fact(side, &name, kind, FactDefinition::Metric(place)), place))
    }
}

/// The step that computes a fact; none for what is read from the events or written by scoring.
fn step_of(side: EntityKind, definition: &FactDefinition) -> Option<fn(FactSlot) -> ScoringStep> {
    match definition {
        FactDefinition::Expression(_) | FactDefinition::Rollup(_) => Some(match side {
            EntityKind::User => ScoringStep::UserFact,
            EntityKind::Account => ScoringStep::AccountFact,
        }),
        FactDefinition::Record(_) => Some(match side {
            EntityKind::User => ScoringStep::UserRecord,
            EntityKind::Account => ScoringStep::AccountRecord,
        }),
        FactDefinition::Outcome(_) => Some(match side {
            EntityKind::User => ScoringStep::UserOutcome,
            EntityKind::Account => ScoringStep::AccountOutcome,
        }),
        FactDefinition::Person(..) => Some(ScoringStep::AccountPerson),
        FactDefinition::Builtin(_)
        | FactDefinition::Trait(_)
        | FactDefinition::Metric(_)
        | FactDefinition::Milestone(..)
        | FactDefinition::Scoring => None,
    }
}

impl MetricSyntax {
    /// Whether a week of it is a sum or maximum of a value.
    pub(super) fn aggregates_value(&self) -> bool {
        matches!(self.weekly_measure, WeeklyMeasure::Sum | WeeklyMeasure::Max)
    }
}
