//! A model as written to a model that runs: names found, expressions typed, the order of facts settled.
//!
//! Facts are compiled when they are first asked for, parts before wholes, so the order in which they are compiled is an order in which they
//! can be computed. Every declared thing is compiled once to find all problems; then only what the outputs need is compiled for good.

mod events;
mod expressions;
mod facts;
mod finish;
mod intake;
mod level;
mod metrics;
mod milestones;
mod names;
mod phase;
mod reserved;
mod template;

use std::{collections::HashMap, ops::Range};

use self::{facts::Declared, intake::Builder, phase::Phase};
use super::{
    compiled::{Fact, FactSlot, Milestone, Model, PredicateId, Step, TraitPlan},
    file::{EventFile, LevelFile, ModelFile},
    tree::{Findings, Text, place_in},
};
use crate::{diag::Diagnostic, model::EntityKind};

/// Which facts a model computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those that its outputs need.
    Needed,
    /// All that are declared, so that any of them can be asked for.
    Whole,
}

/// Compiles a model; none if anything was found wrong.
pub(super) fn compile(
    file: &ModelFile,
    text: &str,
    fingerprint: String,
    extent: Extent,
    found: &mut Findings,
) -> Option<Model> {
    let mut check = Compiler::new(file, text, found);
    check.declare();
    check.everything();
    let _ = check.finish(String::new());
    if !found.list.is_empty() {
        return None;
    }
    let mut live = Compiler::new(file, text, found);
    live.declare();
    if extent == Extent::Whole {
        live.everything();
    }
    Some(live.finish(fingerprint))
}

/// A level while it is being compiled.
#[derive(Default)]
struct LevelBuilder<'f> {
    facts: Vec<Fact>,
    declared: HashMap<String, (Declared<'f>, Option<Range<usize>>)>,
    state: HashMap<String, State>,
    traits: Vec<TraitPlan>,
    milestones: Vec<Option<Milestone>>,
    milestone_order: Vec<usize>,
    milestones_open: Vec<usize>,
}

/// How far the compilation of a fact has come.
#[derive(Debug, Clone, Copy)]
enum State {
    /// It is being compiled, so whoever asks for it now closes a circle.
    Open,
    Ready(FactSlot, Phase),
    /// Its problem has been told.
    Failed,
}

struct Compiler<'f, 'd> {
    file: &'f ModelFile,
    text: &'f str,
    found: &'d mut Findings,
    intake: Builder,
    user: LevelBuilder<'f>,
    account: LevelBuilder<'f>,
    steps: Vec<(Phase, Step)>,
    /// Names of facts that are being compiled, outermost first.
    open: Vec<String>,
    /// Names of `[events]` that are being looked through.
    open_events: Vec<String>,
    /// Entries of `[events]` by name.
    events: HashMap<&'f str, &'f EventFile>,
    /// How many unknown names a near miss was looked for.
    suggested: usize,
    /// What names of events stand for, as far as it is known.
    selectors: HashMap<String, Vec<(String, Vec<PredicateId>)>>,
}

impl<'f, 'd> Compiler<'f, 'd> {
    fn new(file: &'f ModelFile, text: &'f str, found: &'d mut Findings) -> Self {
        Compiler {
            file,
            text,
            found,
            intake: Builder::new(),
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

    fn level_file(&self, side: EntityKind) -> &'f LevelFile {
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
    fn place(&self, text: &Text, part: &Range<usize>) -> Range<usize> {
        place_in(self.text, text, part)
    }

    /// Looks at everything that is declared, whether anything uses it or not.
    fn everything(&mut self) {
        for entry in &self.file.events {
            self.selector(&entry.name);
        }
        for side in [EntityKind::User, EntityKind::Account] {
            let mut names: Vec<String> = self.side(side).declared.keys().cloned().collect();
            names.sort();
            for name in names {
                let users_metric = matches!(self.side(side).declared.get(&name), Some((Declared::Metric(m), _)) if side == EntityKind::User && facts::of_accounts_only(m));
                if !users_metric {
                    let _ = self.fact(side, &name);
                }
            }
        }
    }
}

/// What an expression may use: facts of an earlier phase.
#[derive(Debug, Clone, Copy)]
struct Limit {
    before: Phase,
    /// What the expression is of, for messages.
    what: &'static str,
}

impl Limit {
    const NONE: Limit = Limit { before: Phase::END, what: "the end" };
    const SEGMENTS: Limit = Limit { before: Phase::SEGMENT, what: "segments" };
    const USER_SIGNALS: Limit = Limit { before: Phase::USER_POINTS, what: "signals of users" };
    const USER_TIERS: Limit = Limit { before: Phase::USER_TIER, what: "tiers of users" };
    const ACCOUNT_SIGNALS: Limit = Limit { before: Phase::ACCOUNT_POINTS, what: "signals of accounts" };
    const ACCOUNT_TIERS: Limit = Limit { before: Phase::ACCOUNT_TIER, what: "tiers of accounts" };
    const ROUTES: Limit = Limit { before: Phase::ROUTES, what: "routes" };
}
