//! Resolves cases against their model: names are looked up, values typed, and events become lines.

mod days;
mod outcomes;

use std::ops::Range;

use serde_json::{Map, Value as Json, json};

use super::{
    case_time,
    case_time::CaseTime,
    codes,
    event_syntax::{CaseEventSyntax, CaseLineKind},
    expectation::{EntityExpectation, ExpectationCheck, ExpectedResult, UNKNOWN},
    expectation_syntax::ExpectationSyntax,
    fact_names::{CaseFactNames, column_text, to_typed_value, visible_facts},
    suite_syntax::{CaseRunSyntax, CaseRunsSyntax, CaseSyntax, CaseTraitsSyntax, TestSuite},
    test_case::{CaseRun, CaseRuns, TestCase},
};
use crate::{
    decode::{
        misread::{MisreadCause, NotUnderstood},
        time_zones,
    },
    enrich::{EnrichFile, EnrichRequest, read_enrichment},
    ledger::fact_slot,
    outcomes::OutcomeTable,
    pipeline::LoadedTables,
    plan::{Model, TraitPlan},
    read::{BlockLimits, InputKind, InputSource},
};
use pql_model::{
    EntityKind, PerKind,
    clock::format_instant,
    diag::{Diagnostic, DocumentProblems, Severity, SourceDocument, near_miss, suggest},
    expr::{self, ExprError},
    resolved::Level,
    toml_reader::SpannedText,
    units::Micros,
};

/// Rows of traits are short, and there are many cases.
const TRAITS_LIMITS: BlockLimits = BlockLimits { block_bytes: 4096, ..BlockLimits::STANDARD };

/// The largest number of lines per case.
const LINES_MAX: usize = 200_000;

/// Resolves all cases of a file against the model; returns them and the warnings.
///
/// # Errors
///
/// Every problem of the file, at least one.
pub fn bind(suite: &TestSuite, model: &Model) -> Result<(Vec<TestCase>, Vec<Diagnostic>), DocumentProblems> {
    let mut binder = CaseBinder { document: &suite.document, model, lines: 0, found: Vec::new() };
    let cases: Vec<Option<TestCase>> = suite.cases.iter().map(|case| binder.case(case)).collect();
    let broken = binder.found.iter().any(|problem| problem.severity == Severity::Error);
    match cases.into_iter().collect::<Option<Vec<TestCase>>>() {
        Some(cases) if !broken => Ok((cases, binder.found)),
        _ => Err(DocumentProblems { document: suite.document.clone(), list: binder.found }),
    }
}

struct CaseBinder<'b> {
    document: &'b SourceDocument,
    model: &'b Model,
    /// Lines of the case so far.
    lines: usize,
    found: Vec<Diagnostic>,
}

impl CaseBinder<'_> {
    fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        self.report(Diagnostic::error(code, span.clone(), message, label).maybe_help(help));
    }

    /// Reports a problem once. Several days meet the same traits.
    fn report(&mut self, problem: Diagnostic) {
        let same = |known: &Diagnostic| known.span == problem.span && known.message == problem.message;
        if !self.found.iter().any(same) {
            self.found.push(problem);
        }
    }

    /// Reports a name that the model does not have.
    fn report_unknown_name<'n>(&mut self, what: &str, name: &SpannedText, known: impl Iterator<Item = &'n str>) {
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let message = format!("no {what} `{}` in the model", name.value);
        self.error(codes::UNKNOWN_NAME, &name.span, message, "nothing has this name", suggest(&name.value, known));
    }

    fn case(&mut self, file: &CaseSyntax) -> Option<TestCase> {
        self.lines = 0;
        let runs = match &file.runs {
            CaseRunsSyntax::Alone(run) => {
                let as_of = self.as_of(run.as_of.as_ref()?)?;
                let outcomes = match &file.outcomes {
                    Some(outcomes) => Some(OutcomeTable::of_rows(self.outcome_rows(outcomes, as_of)?)),
                    None => None,
                };
                CaseRuns::Alone(Box::new(self.run(run, as_of, (&file.traits, outcomes))?))
            }
            CaseRunsSyntax::Days(days) => CaseRuns::Days(self.days(days, (&file.traits, file.outcomes.as_deref()))?),
        };
        Some(TestCase { name: file.name.value.clone(), span: file.name.span.clone(), runs })
    }

    /// The instant that a run looks from.
    fn as_of(&mut self, written: &SpannedText) -> Option<Micros> {
        let as_of = case_time::as_of(&written.value, &self.model.resolved.zone);
        if as_of.is_none() {
            let message = format!("`{}` is no point in time", written.value);
            let label = "a date, or an instant with its zone: `2026-10-31`, `2026-10-31T12:00:00Z`";
            self.error(codes::BAD_TIME, &written.span, message, label, None);
        }
        as_of
    }

    fn run(
        &mut self,
        file: &CaseRunSyntax,
        as_of: Micros,
        (traits, outcomes): (&PerKind<Vec<CaseTraitsSyntax>>, Option<OutcomeTable>),
    ) -> Option<CaseRun> {
        let (mut lines, mut places) = (String::new(), Vec::new());
        for event in &file.events {
            self.event(event, as_of, &mut lines, &mut places);
        }
        let users = self.traits(&traits.user, EntityKind::User);
        let accounts = self.traits(&traits.account, EntityKind::Account);
        let expect: Vec<Option<EntityExpectation>> = file.expect.iter().map(|one| self.expect(one, as_of)).collect();
        let tables = LoadedTables { levels: PerKind { user: users?, account: accounts? }, outcomes };
        Some(CaseRun { as_of, lines, places, tables, expect: expect.into_iter().collect::<Option<_>>()? })
    }

    /// Writes the lines that an event of the file stands for.
    fn event(&mut self, event: &CaseEventSyntax, as_of: Micros, lines: &mut String, places: &mut Vec<Range<usize>>) {
        let repeats = i64::try_from(event.times - 1).unwrap_or(0);
        let first = event.at.value.instant(as_of, &self.model.resolved.input.zone);
        let last = first.and_then(|first| first.checked_add(event.every.checked_mul(repeats)?));
        let (Some(first), Some(last)) = (first, last) else {
            self.error(codes::BAD_TIME, &event.at.span, "a time that no event can have", "out of range", None);
            return;
        };
        let meant = matches!(event.at.value, CaseTime::Relative(length) if length >= 0);
        if last >= as_of && !meant {
            let what = if event.times > 1 { "the last of the repeats lies" } else { "the event lies" };
            let message = format!("{what} at or after `as_of`, where nothing counts");
            let help = match event.times {
                1 => "`at = \"+1h\"` says that this is meant",
                _ => "`at` is the first of them, and `every` goes forward from there",
            };
            self.error(codes::BAD_TIME, &event.at.span, message, "events before `as_of` count", Some(help.to_owned()));
            return;
        }
        self.lines += event.times * event.users.len().max(1);
        if self.lines > LINES_MAX {
            let label = format!("at most {LINES_MAX} in one case");
            self.error(codes::TOO_LARGE, &event.span, "too many events", label, None);
            return;
        }
        self.event_name(event);
        let users: Vec<Option<&String>> = match event.users.is_empty() {
            true => vec![None],
            false => event.users.iter().map(Some).collect(),
        };
        for repeat in 0..=repeats {
            for user in &users {
                lines.push_str(&line(event, *user, first + event.every * repeat).to_string());
                lines.push('\n');
                places.push(event.span.clone());
            }
        }
    }

    /// Warns of a name that is similar to one in the model.
    fn event_name(&mut self, event: &CaseEventSyntax) {
        let CaseLineKind::Event(name) = &event.kind else { return };
        let known = &self.model.aggregation.names;
        if known.contains(&name.value) || self.model.resolved.events.entry(&name.value).is_some() {
            return;
        }
        let Some(near) = near_miss(&name.value, known.iter().map(String::as_str)) else { return };
        let message = format!("the model asks for no event `{}`", name.value);
        let problem = Diagnostic::error(codes::UNKNOWN_NAME, name.span.clone(), message, "counts as any activity")
            .help(format!("`{near}` is one that it asks for"));
        self.report(Diagnostic { severity: Severity::Warning, ..problem });
    }

    /// Converts traits to a table like that of an enrichment file.
    fn traits(&mut self, all: &[CaseTraitsSyntax], side: EntityKind) -> Option<Option<EnrichFile>> {
        if all.is_empty() {
            return Some(None);
        }
        let (key, plans) = match side {
            EntityKind::User => ("user_id", &self.model.levels.user.traits),
            EntityKind::Account => ("account_id", &self.model.levels.account.traits),
        };
        let columns: Vec<&str> = plans.iter().flat_map(|plan: &TraitPlan| &plan.columns).map(String::as_str).collect();
        let mut text = String::new();
        let mut rows: Vec<&CaseTraitsSyntax> = Vec::new();
        for one in all {
            rows.extend(one.ids.iter().map(|_| one));
            for (name, _) in &one.values {
                if !columns.contains(&name.value.as_str()) {
                    self.report_unknown_name("trait", name, columns.iter().copied());
                }
            }
            for id in &one.ids {
                let values = one.values.iter().map(|(name, value)| (name.value.clone(), value.clone()));
                let row: Map<String, Json> = std::iter::once((key.to_owned(), json!(id))).chain(values).collect();
                text.push_str(&Json::Object(row).to_string());
                text.push('\n');
            }
        }
        let input = InputSource { name: "traits".to_owned(), kind: InputKind::Memory(text.into_bytes().into()) };
        let request = EnrichRequest {
            name: "traits",
            inputs: &[input],
            key,
            of: "traits",
            traits: plans,
            zones: time_zones(self.model),
            limits: TRAITS_LIMITS,
        };
        match read_enrichment(&request) {
            Ok(file) => {
                self.warn_misread(&file.not_understood, &rows);
                Some(Some(file))
            }
            Err(error) => {
                let span = all.first().and_then(|one| one.values.first()).map_or(0..0, |(name, _)| name.span.clone());
                self.error(codes::BAD_VALUE, &span, format!("traits that cannot be read: {error}"), "", None);
                None
            }
        }
    }

    /// Warns of values that their traits cannot take; `rows` has the entry of each line.
    fn warn_misread(&mut self, all: &[NotUnderstood], rows: &[&CaseTraitsSyntax]) {
        for one in all {
            let row = usize::try_from(one.line).ok().and_then(|line| rows.get(line.checked_sub(1)?));
            let named = |row: &&CaseTraitsSyntax| {
                row.values.iter().map(|(name, _)| name).find(|name| name.value == one.column).cloned()
            };
            let Some(name) = row.and_then(named) else { continue };
            let (what, help) = match one.cause {
                MisreadCause::NoNumber => {
                    ("no number", "a number such as 1234.5, or `format` on the trait in the model")
                }
                MisreadCause::NoDate => {
                    ("no date", "a date such as \"2026-01-31\", or `format` on the trait in the model")
                }
                MisreadCause::Beyond => ("a number beyond 1e15", "a number within 1e15 either way"),
            };
            let message = format!("the value of `{}` is {what}", name.value);
            let problem = Diagnostic::warning(codes::BAD_VALUE, name.span, message, "it counts as not known");
            self.report(problem.maybe_help(Some(help.to_owned())));
        }
    }

    fn expect(&mut self, file: &ExpectationSyntax, as_of: Micros) -> Option<EntityExpectation> {
        let before = self.found.len();
        let mut checks = Vec::new();
        self.expect_result(file, &mut checks);
        self.expect_signals(file, &mut checks);
        self.expect_milestones(file, as_of, &mut checks);
        self.expect_facts(file, &mut checks);
        self.expect_columns(file, &mut checks);
        let absent = file.absent.as_ref().is_some_and(|absent| absent.value);
        let broken = self.found[before..].iter().any(|problem| problem.severity == Severity::Error);
        let (span, id) = (file.span.clone(), file.id.value.clone());
        (!broken).then_some(EntityExpectation { span, side: file.side, id, absent, checks })
    }

    /// Adds what is expected of the score, the tier, the route and the segment.
    fn expect_result(&mut self, file: &ExpectationSyntax, checks: &mut Vec<ExpectationCheck>) {
        let level = self.model.resolved.level(file.side);
        if let Some(score) = &file.score {
            checks.push(ExpectationCheck::new(&score.span, "score", ExpectedResult::Score(score.value)));
        }
        for (key, name) in &file.names {
            self.known_name(level, file.side, key, name);
            checks.push(ExpectationCheck::new(&name.span, *key, ExpectedResult::Name(key, name.value.clone())));
        }
        if let Some(qualified) = &file.qualified {
            let expected = ExpectedResult::Fact(level.slots.qualified, expr::Value::Boolean(qualified.value));
            checks.push(ExpectationCheck::new(&qualified.span, "qualified", expected));
        }
    }

    /// Adds which signals fire, and what they pay.
    fn expect_signals(&mut self, file: &ExpectationSyntax, checks: &mut Vec<ExpectationCheck>) {
        let level = self.model.resolved.level(file.side);
        for (names, fires) in [(&file.fired, true), (&file.not_fired, false)] {
            for name in names {
                if let Some(place) = self.signal(level, name) {
                    let what = format!("signal {}", name.value);
                    checks.push(ExpectationCheck::new(&name.span, what, ExpectedResult::Fires(place, fires)));
                }
            }
        }
        for (name, points) in &file.signals {
            if let Some(place) = self.signal(level, name) {
                let what = format!("points of {}", name.value);
                checks.push(ExpectationCheck::new(&points.span, what, ExpectedResult::Pays(place, points.value)));
            }
        }
    }

    /// Adds the state of milestones.
    fn expect_milestones(&mut self, file: &ExpectationSyntax, as_of: Micros, checks: &mut Vec<ExpectationCheck>) {
        let level = self.model.resolved.level(file.side);
        for (name, state) in &file.milestones {
            if let Some(expected) = self.milestone(level, name, state, as_of) {
                checks.push(ExpectationCheck::new(&state.span, format!("milestone {}", name.value), expected));
            }
        }
    }

    /// Adds the values of facts, and conditions over them.
    fn expect_facts(&mut self, file: &ExpectationSyntax, checks: &mut Vec<ExpectationCheck>) {
        let level = self.model.resolved.level(file.side);
        for (name, value) in &file.facts {
            let Some((slot, kind)) = fact_slot(self.model, file.side, &name.value) else {
                self.report_unknown_name("fact", name, visible_facts(level));
                continue;
            };
            let Some(expected) = to_typed_value(&value.value, kind) else {
                let message = format!("the fact `{}` is {kind}", name.value);
                self.error(codes::WRONG_TYPE, &value.span, message, format!("expected {kind}"), None);
                continue;
            };
            let what = format!("fact {}", name.value);
            checks.push(ExpectationCheck::new(&value.span, what, ExpectedResult::Fact(slot, expected)));
        }
        for condition in &file.holds {
            if let Some(program) = self.condition(file.side, condition) {
                let what = condition.value.as_str();
                checks.push(ExpectationCheck::new(&condition.span, what, ExpectedResult::Holds(program)));
            }
        }
    }

    /// Adds the texts of columns.
    fn expect_columns(&mut self, file: &ExpectationSyntax, checks: &mut Vec<ExpectationCheck>) {
        let columns = crate::emit::column_names(self.model, file.side);
        let level = self.model.resolved.level(file.side);
        for (name, value) in &file.columns {
            if !columns.contains(&name.value) {
                self.report_unknown_name("column", name, columns.iter().map(String::as_str));
                continue;
            }
            let (column, text) = (name.value.clone(), column_text(&value.value));
            let of_milestone = level.milestones.iter().any(|milestone| milestone.name == column);
            let expected = if of_milestone {
                ExpectedResult::MilestoneColumn(column, text)
            } else {
                ExpectedResult::Column(column, text)
            };
            checks.push(ExpectationCheck::new(&value.span, format!("column {}", name.value), expected));
        }
    }

    /// Checks the name of a tier, route or segment against the model.
    fn known_name(&mut self, level: &Level, side: EntityKind, key: &str, name: &SpannedText) {
        let names: Vec<&str> = match key {
            "tier" => level.tiers.iter().map(|tier| tier.name.as_str()).collect(),
            "route" => level.routes.iter().map(|route| route.name.as_str()).collect(),
            _ => level.segments.iter().map(|segment| segment.name.as_str()).collect(),
        };
        if key == "segment" && side == EntityKind::User {
            let help = Some("expect it of the account, or the fact `account.segment`".to_owned());
            self.error(codes::KEY_CONFLICT, &name.span, "`segment` of a user", "accounts have segments", help);
        } else if !names.contains(&name.value.as_str()) {
            self.report_unknown_name(key, name, names.into_iter());
        }
    }

    fn signal(&mut self, level: &Level, name: &SpannedText) -> Option<usize> {
        let place = level.signals.iter().position(|signal| signal.name == name.value);
        if place.is_none() {
            self.report_unknown_name("signal", name, level.signals.iter().map(|signal| signal.name.as_str()));
        }
        place
    }

    fn milestone(
        &mut self,
        level: &Level,
        name: &SpannedText,
        state: &SpannedText,
        as_of: Micros,
    ) -> Option<ExpectedResult> {
        let Some(place) = level.milestones.iter().position(|milestone| milestone.name == name.value) else {
            self.report_unknown_name(
                "milestone",
                name,
                level.milestones.iter().map(|milestone| milestone.name.as_str()),
            );
            return None;
        };
        if ["reached", "pending", "missed", UNKNOWN].contains(&state.value.as_str()) {
            return Some(ExpectedResult::Milestone(place, state.value.clone(), None));
        }
        let at = CaseTime::parse(&state.value).and_then(|at| at.instant(as_of, &self.model.resolved.input.zone));
        if at.is_none() {
            let message = format!("a milestone cannot be `{}`", state.value);
            let label = "`reached`, `pending`, `missed`, `unknown`, or when it was reached: `-3d`";
            self.error(codes::BAD_VALUE, &state.span, message, label, None);
        }
        at.map(|at| ExpectedResult::Milestone(place, "reached".to_owned(), Some(at)))
    }

    /// Compiles a condition over the facts of a level.
    fn condition(&mut self, side: EntityKind, text: &SpannedText) -> Option<expr::Program> {
        let mut names = CaseFactNames { model: self.model, side };
        let program = expr::parse(&text.value)
            .map_err(|error| vec![error])
            .and_then(|node| expr::condition(&text.value, &node, &mut names));
        program.map_err(|errors| errors.into_iter().for_each(|error| self.expression_error(text, error))).ok()
    }

    fn expression_error(&mut self, text: &SpannedText, error: ExprError) {
        let raw = self.document.text.get(text.span.clone()).unwrap_or("");
        let span = match raw.find(&text.value) {
            Some(offset) if !text.value.is_empty() => {
                let base = text.span.start + offset;
                let start = error.span.start.min(text.value.len() - 1);
                base + start..base + error.span.end.clamp(start + 1, text.value.len())
            }
            _ => text.span.clone(),
        };
        let unknown = error.message.starts_with("no fact");
        let code = if unknown { codes::UNKNOWN_NAME } else { codes::BAD_EXPRESSION };
        self.error(code, &span, error.message, error.label, error.help);
    }
}

/// A line in the native format.
fn line(event: &CaseEventSyntax, user: Option<&String>, at: Micros) -> Json {
    let mut line = Map::new();
    let mut put = |key: &str, value: Json| drop(line.insert(key.to_owned(), value));
    match &event.kind {
        CaseLineKind::Event(name) => put("event", json!(name.value)),
        CaseLineKind::Other(kind) => put("type", json!(kind)),
    }
    put("timestamp", json!(format_instant(at)));
    let ids = [
        ("user_id", user),
        ("anonymous_id", event.visitor.as_ref()),
        ("account_id", event.account.as_ref()),
        ("event_id", event.id.as_ref()),
        ("previous_id", event.previous.as_ref()),
    ];
    for (key, id) in ids {
        if let Some(id) = id {
            put(key, json!(id));
        }
    }
    match &event.kind {
        CaseLineKind::Event(_) => put("properties", event.properties.clone()),
        CaseLineKind::Other(_) => put("traits", event.traits.clone()),
    }
    Json::Object(line)
}
