//! A model as written to a model that runs: names found, expressions typed, the order of facts settled.
//!
//! Facts are compiled when they are first asked for, parts before wholes, so the order in which they are compiled is an order in which they
//! can be computed. Every declared thing is compiled once to find all problems; then only what the outputs need is compiled for good.

mod facts;
mod intake;
mod level;
mod metrics;
mod milestones;
mod names;
mod template;

use std::{collections::HashMap, ops::Range};

use self::{
    facts::{Declared, Phase},
    intake::{Base, Builder, Filter},
};
use super::{
    codes,
    compiled::{Fact, FactSlot, Identity, Input, Level, Milestone, Model, PredicateId, Step, TraitPlan},
    file::{EventFile, LevelFile, ModelFile, TraitFile},
    tree::{Findings, Text, place_in},
};
use crate::{
    diag::Diagnostic,
    expr::{self, ExprError, Node, Program, Type},
};

/// Which level something is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    User,
    Account,
}

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

/// How deep names of `[events]` may stand for each other.
const EVENTS_DEEP_MAX: usize = 20;
/// How many forms of events one name may stand for.
const EVENT_FORMS_MAX: usize = 1000;

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

    fn side(&mut self, side: Side) -> &mut LevelBuilder<'f> {
        match side {
            Side::User => &mut self.user,
            Side::Account => &mut self.account,
        }
    }

    fn level_file(&self, side: Side) -> &'f LevelFile {
        match side {
            Side::User => &self.file.user,
            Side::Account => &self.file.account,
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

    fn expression_errors(&mut self, text: &Text, errors: Vec<ExprError>) {
        for error in errors {
            if error.message == names::TOLD {
                continue;
            }
            let span = self.place(text, &error.span);
            let (code, message) = names::split_code(&error.message);
            let (label, help) = (error.label, error.help);
            self.error(code, &span, message, label, help);
        }
    }

    fn parse(&mut self, text: &Text) -> Option<Node> {
        match expr::parse(&text.value) {
            Ok(node) => Some(node),
            Err(error) => {
                self.expression_errors(text, vec![error]);
                None
            }
        }
    }

    /// An expression over facts, with the latest phase of its parts.
    fn expression(&mut self, side: Side, text: &Text, limit: Limit) -> Option<(Program, Type, Phase)> {
        let node = self.parse(text)?;
        let mut names = names::Facts::new(self, side, limit);
        let result = expr::compile(&text.value, &node, &mut names);
        let phase = names.phase;
        match result {
            Ok((program, kind)) => Some((program, kind, phase)),
            Err(errors) => {
                self.expression_errors(text, errors);
                None
            }
        }
    }

    /// A condition over facts.
    fn condition(&mut self, side: Side, text: &Text, limit: Limit) -> Option<Program> {
        let node = self.parse(text)?;
        let result = expr::condition(&text.value, &node, &mut names::Facts::new(self, side, limit));
        result.map_err(|errors| self.expression_errors(text, errors)).ok()
    }

    /// An expression over facts that must be a number.
    fn number(&mut self, side: Side, text: &Text, limit: Limit) -> Option<Program> {
        let (program, kind, _) = self.expression(side, text, limit)?;
        if matches!(kind, Type::Number | Type::Null) {
            return Some(program);
        }
        let message = format!("`{}` is {kind}", text.value);
        self.error(codes::BAD_EXPRESSION, &text.span, message, "expected a number", None);
        None
    }

    /// A condition over an event.
    fn predicate(&mut self, text: &Text) -> Option<PredicateId> {
        let node = self.parse(text)?;
        match expr::condition(&text.value, &node, &mut self.intake.slots) {
            Ok(program) => Some(self.intake.predicate(program)),
            Err(errors) => {
                self.expression_errors(text, errors);
                None
            }
        }
    }

    /// The real events behind a name, each with the conditions it must meet.
    fn selector(&mut self, name: &Text) -> Vec<(String, Vec<PredicateId>)> {
        let entry = self.events.get(name.value.as_str()).copied();
        let inside = self.open_events.contains(&name.value);
        let Some(entry) = entry.filter(|entry| !inside && (entry.event.is_some() || entry.filter.is_some())) else {
            // Inside its own entry a name is the real event, unless the circle is a longer one.
            if inside && self.open_events.last() != Some(&name.value) {
                let circle = format!("{} → {}", self.open_events.join(" → "), name.value);
                self.error(codes::CIRCLE, &name.span, "events that stand for each other", circle, None);
            }
            return vec![(name.value.clone(), Vec::new())];
        };
        if let Some(known) = self.selectors.get(&name.value) {
            return known.clone();
        }
        if self.open_events.len() >= EVENTS_DEEP_MAX {
            let message = "events that stand for each other more than 20 deep";
            self.error(codes::CIRCLE, &name.span, message, "one more here", None);
            return Vec::new();
        }
        self.open_events.push(name.value.clone());
        let mut all: Vec<_> = match &entry.event {
            Some(names) => names.iter().flat_map(|name| self.selector(name)).collect(),
            None => vec![(name.value.clone(), Vec::new())],
        };
        self.open_events.pop();
        if let Some(filter) = &entry.filter
            && let Some(predicate) = self.predicate(filter)
        {
            all.iter_mut().for_each(|(_, conditions)| conditions.push(predicate));
        }
        all.sort();
        all.dedup();
        if all.len() > EVENT_FORMS_MAX {
            let message = format!("`{}` stands for more than {EVENT_FORMS_MAX} forms of events", name.value);
            self.error(codes::BAD_VALUE, &name.span, message, "too many", None);
            all.clear();
        }
        self.selectors.insert(name.value.clone(), all.clone());
        all
    }

    fn base(&mut self, names: &[Text]) -> Base {
        let mut all: Vec<_> = names.iter().flat_map(|name| self.selector(name)).collect();
        all.sort();
        all.dedup();
        Base::Named(all)
    }

    /// The filter of `event` and `where`; without an event, any activity.
    fn filter(&mut self, event: Option<&Vec<Text>>, filter: Option<&Text>) -> Option<Filter> {
        let base = event.map_or(Base::Activity, |names| self.base(names));
        let predicate = match filter {
            Some(filter) => Some(self.predicate(filter)?),
            None => None,
        };
        Some(Filter { base, predicate })
    }

    /// Looks at everything that is declared, whether anything uses it or not.
    fn everything(&mut self) {
        for entry in &self.file.events {
            self.selector(&entry.name);
        }
        for side in [Side::User, Side::Account] {
            let mut names: Vec<String> = self.side(side).declared.keys().cloned().collect();
            names.sort();
            for name in names {
                let users_metric = matches!(self.side(side).declared.get(&name), Some((Declared::Metric(m), _)) if side == Side::User && facts::of_accounts_only(m));
                if !users_metric {
                    let _ = self.fact(side, &name);
                }
            }
        }
    }

    /// Compiles what the outputs need, and puts it together.
    fn finish(mut self, fingerprint: String) -> Model {
        let user = level::compile(&mut self, Side::User);
        let account = level::compile(&mut self, Side::Account);
        let people = [&self.file.user.champion, &self.file.user.buyer];
        let [champion, buyer] =
            people.map(|text| text.as_ref().and_then(|text| self.condition(Side::User, text, Limit::ROUTES)));
        let emails = self.emails();
        let ignore: Vec<Base> = self.file.ignore.iter().map(|name| self.base(std::slice::from_ref(name))).collect();
        let start = match &self.file.start_event {
            Some(name) => self.base(std::slice::from_ref(name)),
            None => Base::Named(vec![("signup_completed".to_owned(), Vec::new())]),
        };
        let mut steps = std::mem::take(&mut self.steps);
        let scoring = [
            (Phase::SEGMENT, Step::Segment),
            (Phase::USER_POINTS, Step::UserPoints),
            (Phase::USER_TIER, Step::UserTier),
            (Phase::ACCOUNT_POINTS, Step::AccountPoints),
            (Phase::ACCOUNT_TIER, Step::AccountTier),
            (Phase::ROUTES, Step::UserRoute),
            (Phase::ROUTES, Step::AccountRoute),
        ];
        // A stable sort: within a phase scoring comes first, then facts in the order in which they were compiled.
        steps.splice(0..0, scoring);
        steps.sort_by_key(|(phase, _)| *phase);
        Model {
            name: self.file.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            fingerprint,
            zone: self.file.zone.clone(),
            week_start: self.file.week_start,
            input: self.input(),
            identity: self.identity(),
            tracking: self.tracking(),
            ignore: self.file.warnings.clone(),
            user: Level { emails, ..self.level(Side::User, user) },
            account: self.level(Side::Account, account),
            champion,
            buyer,
            steps: steps.into_iter().map(|(_, step)| step).collect(),
            intake: self.intake.finish(&ignore, &start),
        }
    }

    /// The traits in which the e-mail of users is looked for.
    fn emails(&mut self) -> Vec<usize> {
        let usual = TraitFile::email();
        let declared = self.file.user.traits.iter().find(|one| one.name.value == usual.name.value);
        let declared = declared.filter(|one| one.kind == Type::Text && !one.is_like(&usual));
        declared.into_iter().chain([&usual]).map(|one| self.trait_plan(Side::User, one)).collect()
    }

    /// Puts facts, traits and milestones into a level, now that nothing asks for more of them.
    fn level(&mut self, side: Side, mut level: Level) -> Level {
        let builder = self.side(side);
        level.facts = std::mem::take(&mut builder.facts);
        level.traits = std::mem::take(&mut builder.traits);
        level.milestones = std::mem::take(&mut builder.milestones).into_iter().flatten().collect();
        level.milestone_order = std::mem::take(&mut builder.milestone_order);
        level
    }

    fn input(&self) -> Input {
        let input = &self.file.input;
        Input {
            format: input.format,
            fields: input.fields.clone(),
            format_fields: input.format_fields.clone(),
            group_type: input.group_type.as_ref().map(|text| text.value.clone()),
            zone: input.zone.clone(),
            dedupe: input.dedupe,
            ignore_noise: self.file.ignore_noise,
        }
    }

    fn tracking(&self) -> Vec<(String, Vec<String>)> {
        let texts = |list: &[Text]| list.iter().map(|text| text.value.clone()).collect();
        self.file.events.iter().map(|entry| (entry.name.value.clone(), texts(&entry.properties))).collect()
    }

    fn identity(&self) -> Identity {
        let identity = &self.file.identity;
        let texts = |list: &[Text]| list.iter().map(|text| text.value.clone()).collect();
        let globs = |list: &[Text]| list.iter().filter_map(|text| glob::Pattern::new(&text.value).ok()).collect();
        Identity {
            email_domain: identity.email_domain,
            free_mail: texts(&identity.free_mail),
            exclude_domains: texts(&identity.exclude_domains),
            exclude_users: globs(&identity.exclude_users),
            service_users: globs(&identity.service_users),
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
