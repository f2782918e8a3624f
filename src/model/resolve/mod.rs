//! Resolves the syntax of a model: finds names, types expressions and orders facts.
//!
//! A fact is resolved at its first use, after its parts. The order of resolution is therefore an order
//! of computation. A first pass resolves every declaration to find all problems. A second pass
//! resolves only what the outputs need.

mod alerts;
mod assemble;
mod columns;
mod comparisons;
mod event_names;
mod expectations;
mod expressions;
mod fact_resolver;
mod facts;
mod level;
mod metrics;
mod milestones;
mod outcomes;
mod phase;
mod properties;
mod report;
mod requested;
mod reserved_words;
mod row_names;
mod template;
mod template_syntax;

use std::{collections::HashMap, ops::Range, rc::Rc};

pub use self::requested::RequestedRows;
use self::{
    event_names::NamedEvents, facts::FactDeclaration, metrics::MetricPlace, phase::ScoringPhase,
    properties::EventProperties,
};
use super::{
    EntityKind, FactSlot,
    resolved::{
        ConditionId, EventBase, EventCondition, Fact, Metric, Milestone, ResolvedItem, ResolvedModel, RowQuery,
        ScoringStep,
    },
    syntax::{EventSyntax, LadderInput, LevelSyntax, MilestoneForm, ModelSyntax, PaymentSyntax},
    toml_reader::{DiagnosticSink, SpannedText, span_in_source},
};
use crate::{
    diag::{Diagnostic, SourceDocument},
    expr::{ExprNode, Program},
};

/// Which facts a model computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactSelection {
    /// Those that its outputs need.
    OutputsOnly,
    /// These, and whether each milestone is reached, for checks that ask it whether anything names the milestone or not.
    OutputsAndMilestones,
    /// All that are declared, so that any of them can be asked for.
    AllDeclared,
}

/// Expressions that were parsed, by their texts, so that each is parsed once.
type ParsedExpressions = HashMap<String, Rc<ExprNode>>;

/// What is asked of a model beside its own outputs.
#[derive(Debug, Clone, Copy)]
pub struct ModelRequest<'r> {
    /// Which facts are computed.
    pub selection: FactSelection,
    /// What the command line asks of rows.
    pub rows: Option<&'r RequestedRows>,
}

/// Resolves a model. If anything was found wrong, the text it was found in, or none for the model itself.
pub(super) fn resolve(
    file: &ModelSyntax,
    text: &str,
    fingerprint: String,
    request: ModelRequest<'_>,
    found: &mut DiagnosticSink,
) -> Result<ResolvedModel, Option<SourceDocument>> {
    let mut check = ModelResolver::new(file, text, found);
    check.declare();
    check.resolve_all_declared();
    check.outputs();
    let parsed = check.parsed;
    if !found.list.is_empty() {
        return Err(None);
    }
    let mut live = ModelResolver { parsed, ..ModelResolver::new(file, text, found) };
    live.declare();
    live.event_conditions();
    match request.selection {
        FactSelection::OutputsOnly => {}
        FactSelection::OutputsAndMilestones => live.resolve_milestones(),
        FactSelection::AllDeclared => live.resolve_all_declared(),
    }
    let requested = request.rows.map_or_else(|| Ok(RowQuery::default()), |rows| live.requested_rows(rows));
    let requested = requested.map_err(Some)?;
    Ok(ResolvedModel { requested, ..live.assemble(fingerprint) })
}

/// A level while it is being resolved.
#[derive(Default)]
struct LevelBuilder<'f> {
    facts: Vec<Fact>,
    declared: HashMap<String, (FactDeclaration<'f>, Option<Range<usize>>)>,
    state: HashMap<String, FactResolution>,
    milestones: Vec<Option<Milestone>>,
    milestone_order: Vec<usize>,
    milestones_open: Vec<usize>,
    /// Expressions of columns.
    computed: Vec<Program>,
}

/// How far the resolution of a fact has come.
#[derive(Debug, Clone, Copy)]
enum FactResolution {
    /// It is being resolved, so a fact that asks for it now closes a cycle.
    InProgress,
    Ready(FactSlot, ScoringPhase),
    /// Its problem is reported already.
    Failed,
}

struct ModelResolver<'f, 'd> {
    file: &'f ModelSyntax,
    text: &'f str,
    found: &'d mut DiagnosticSink,
    parsed: ParsedExpressions,
    properties: EventProperties,
    conditions: Vec<EventCondition>,
    /// By where a condition begins and what it says.
    conditions_at: HashMap<(usize, String), ConditionId>,
    /// The first condition of each text.
    conditions_by_text: HashMap<String, ConditionId>,
    /// Those of `[metrics]` as far as they are resolved, then those that signals carry.
    metrics: Vec<Option<Metric>>,
    user: LevelBuilder<'f>,
    account: LevelBuilder<'f>,
    steps: Vec<(ScoringPhase, ScoringStep)>,
    order: Vec<ResolvedItem>,
    /// Names of facts that are being resolved, outermost first.
    open: Vec<String>,
    /// Names of `[events]` that are being looked through.
    open_events: Vec<String>,
    /// Entries of `[events]` by name.
    events: HashMap<&'f str, &'f EventSyntax>,
    /// How many unknown names a near miss was looked for.
    suggested: usize,
    /// What names of events stand for, as far as it is known.
    named_events: HashMap<String, NamedEvents>,
}

impl<'f, 'd> ModelResolver<'f, 'd> {
    fn new(file: &'f ModelSyntax, text: &'f str, found: &'d mut DiagnosticSink) -> Self {
        ModelResolver {
            file,
            text,
            found,
            parsed: ParsedExpressions::new(),
            properties: EventProperties::default(),
            conditions: Vec::new(),
            conditions_at: HashMap::new(),
            conditions_by_text: HashMap::new(),
            metrics: file.metrics.iter().map(|_| None).collect(),
            user: LevelBuilder::default(),
            account: LevelBuilder::default(),
            steps: Vec::new(),
            order: Vec::new(),
            open: Vec::new(),
            open_events: Vec::new(),
            events: file.events.iter().map(|entry| (entry.name.value.as_str(), entry)).collect(),
            suggested: 0,
            named_events: HashMap::new(),
        }
    }

    fn side(&mut self, side: EntityKind) -> &mut LevelBuilder<'f> {
        match side {
            EntityKind::User => &mut self.user,
            EntityKind::Account => &mut self.account,
        }
    }

    fn level_file(&self, side: EntityKind) -> &'f LevelSyntax {
        match side {
            EntityKind::User => &self.file.user,
            EntityKind::Account => &self.file.account,
        }
    }

    fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        self.found.add(Diagnostic::error(code, span.clone(), message, label).maybe_help(help));
    }

    /// Where a part of an expression stands in the model, as far as the text was written without escapes.
    fn place(&self, text: &SpannedText, part: &Range<usize>) -> Range<usize> {
        span_in_source(self.text, text, part)
    }

    /// Resolves every condition on events in the order of the file, so that they and what they read are numbered in this order.
    fn event_conditions(&mut self) {
        let file = self.file;
        for entry in &file.events {
            self.entry_condition(entry);
        }
        for entry in &file.events {
            if let Some(condition) = self.entry_condition(entry) {
                self.conditions[condition].events = EventBase::Named(self.named_events(&entry.name).forms);
            }
        }
        // Conditions of pairs come after all others.
        for metric in file.metrics.iter().filter(|metric| !metrics::is_pair(metric.kind)) {
            self.metric_condition(metric, MetricPlace::Declared);
        }
        for level in [&file.user, &file.account] {
            for signal in &level.signals {
                if let PaymentSyntax::Ladder { value: LadderInput::Inline(metric), .. } = &signal.pay {
                    self.metric_condition(metric, MetricPlace::Inline);
                }
            }
            for milestone in &level.milestones {
                if let MilestoneForm::Times { filter: Some(filter), .. } = &milestone.form {
                    self.milestone_condition(milestone, filter);
                }
            }
        }
    }

    /// Looks at everything that is declared, whether anything uses it or not.
    /// Makes it a fact of each milestone that it is reached.
    fn resolve_milestones(&mut self) {
        for side in EntityKind::ALL {
            for milestone in &self.level_file(side).milestones {
                // What is wrong with a milestone is reported already.
                let _ = self.resolve_fact(side, &milestone.name.value);
            }
        }
    }

    fn resolve_all_declared(&mut self) {
        for (place, entry) in self.file.events.iter().enumerate() {
            self.named_events(&entry.name);
            self.order.push(ResolvedItem::EventName(place));
        }
        for side in [EntityKind::User, EntityKind::Account] {
            let mut names: Vec<String> = self.side(side).declared.keys().cloned().collect();
            names.sort();
            for name in names {
                let users_metric = matches!(self.side(side).declared.get(&name), Some((FactDeclaration::Metric(m, _), _)) if side == EntityKind::User && facts::needs_accounts(m));
                if !users_metric {
                    let _ = self.resolve_fact(side, &name);
                }
            }
        }
    }
}

/// What an expression may use: facts of an earlier phase.
#[derive(Debug, Clone, Copy)]
struct PhaseLimit {
    before: ScoringPhase,
    /// What the expression is of, for messages.
    what: &'static str,
}

impl PhaseLimit {
    const NONE: PhaseLimit = PhaseLimit { before: ScoringPhase::END, what: "the end" };
    const SEGMENTS: PhaseLimit = PhaseLimit { before: ScoringPhase::SEGMENT, what: "segments" };
    const USER_SIGNALS: PhaseLimit = PhaseLimit { before: ScoringPhase::USER_POINTS, what: "signals of users" };
    const USER_TIERS: PhaseLimit = PhaseLimit { before: ScoringPhase::USER_TIER, what: "tiers of users" };
    const ACCOUNT_SIGNALS: PhaseLimit =
        PhaseLimit { before: ScoringPhase::ACCOUNT_POINTS, what: "signals of accounts" };
    const ACCOUNT_TIERS: PhaseLimit = PhaseLimit { before: ScoringPhase::ACCOUNT_TIER, what: "tiers of accounts" };
    const PEOPLE: PhaseLimit = PhaseLimit { before: ScoringPhase::PEOPLE, what: "champions and buyers" };
    const ROUTES: PhaseLimit = PhaseLimit { before: ScoringPhase::ROUTES, what: "routes" };
}
