//! A model as written to a model that runs: names found, expressions typed, the order of facts settled.
//!
//! Facts are compiled when they are first asked for, parts before wholes, so the order in which they are compiled is an order in which they
//! can be computed. Every declared thing is compiled once to find all problems; then only what the outputs need is compiled for good.

mod aggregation;
mod assemble;
mod event_selectors;
mod expressions;
mod fact_resolver;
mod facts;
mod level;
mod metrics;
mod milestones;
mod phase;
mod reserved_words;
mod template;

use std::{collections::HashMap, ops::Range};

use self::{aggregation::AggregationBuilder, facts::FactDeclaration, phase::ScoringPhase};
use super::{
    plan::{Fact, FactSlot, Milestone, Model, PredicateId, ScoringStep, TraitPlan},
    syntax::{EventSyntax, LevelSyntax, ModelSyntax},
    toml_reader::{DiagnosticSink, SpannedText, span_in_source},
};
use crate::{EntityKind, diag::Diagnostic};

/// Which facts a model computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactSelection {
    /// Those that its outputs need.
    OutputsOnly,
    /// All that are declared, so that any of them can be asked for.
    AllDeclared,
}

/// Compiles a model; none if anything was found wrong.
pub(super) fn compile(
    file: &ModelSyntax,
    text: &str,
    fingerprint: String,
    extent: FactSelection,
    found: &mut DiagnosticSink,
) -> Option<Model> {
    let mut check = ModelCompiler::new(file, text, found);
    check.declare();
    check.compile_all_declared();
    let _ = check.finish(String::new());
    if !found.list.is_empty() {
        return None;
    }
    let mut live = ModelCompiler::new(file, text, found);
    live.declare();
    if extent == FactSelection::AllDeclared {
        live.compile_all_declared();
    }
    Some(live.finish(fingerprint))
}

/// A level while it is being compiled.
#[derive(Default)]
struct LevelBuilder<'f> {
    facts: Vec<Fact>,
    declared: HashMap<String, (FactDeclaration<'f>, Option<Range<usize>>)>,
    state: HashMap<String, FactCompilation>,
    traits: Vec<TraitPlan>,
    milestones: Vec<Option<Milestone>>,
    milestone_order: Vec<usize>,
    milestones_open: Vec<usize>,
}

/// How far the compilation of a fact has come.
#[derive(Debug, Clone, Copy)]
enum FactCompilation {
    /// It is being compiled, so whoever asks for it now closes a circle.
    InProgress,
    Ready(FactSlot, ScoringPhase),
    /// Its problem has been told.
    Failed,
}

struct ModelCompiler<'f, 'd> {
    file: &'f ModelSyntax,
    text: &'f str,
    found: &'d mut DiagnosticSink,
    intake: AggregationBuilder,
    user: LevelBuilder<'f>,
    account: LevelBuilder<'f>,
    steps: Vec<(ScoringPhase, ScoringStep)>,
    /// Names of facts that are being compiled, outermost first.
    open: Vec<String>,
    /// Names of `[events]` that are being looked through.
    open_events: Vec<String>,
    /// Entries of `[events]` by name.
    events: HashMap<&'f str, &'f EventSyntax>,
    /// How many unknown names a near miss was looked for.
    suggested: usize,
    /// What names of events stand for, as far as it is known.
    selectors: HashMap<String, Vec<(String, Vec<PredicateId>)>>,
}

impl<'f, 'd> ModelCompiler<'f, 'd> {
    fn new(file: &'f ModelSyntax, text: &'f str, found: &'d mut DiagnosticSink) -> Self {
        ModelCompiler {
            file,
            text,
            found,
            intake: AggregationBuilder::new(),
            user: LevelBuilder::default(),
            account: LevelBuilder::default(),
            steps: Vec::new(),
            open: Vec::new(),
            open_events: Vec::new(),
            events: file.events.iter().map(|entry| (entry.name.value.as_str(), entry)).collect(),
            suggested: 0,
            selectors: HashMap::new(),
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

    /// Looks at everything that is declared, whether anything uses it or not.
    fn compile_all_declared(&mut self) {
        for entry in &self.file.events {
            self.selector(&entry.name);
        }
        for side in [EntityKind::User, EntityKind::Account] {
            let mut names: Vec<String> = self.side(side).declared.keys().cloned().collect();
            names.sort();
            for name in names {
                let users_metric = matches!(self.side(side).declared.get(&name), Some((FactDeclaration::Metric(m), _)) if side == EntityKind::User && facts::needs_accounts(m));
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
    const ROUTES: PhaseLimit = PhaseLimit { before: ScoringPhase::ROUTES, what: "routes" };
}
