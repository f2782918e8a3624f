//! Cases held against their model: every name found, every value of the right type, every event a line.

use std::ops::Range;

use serde_json::{Map, Value as Json, json};

use super::{
    codes,
    event_file::{EventFile, Kind},
    expect::{Check, Expect, Wanted},
    expect_file::ExpectFile,
    file::{CaseFile, Suite, TraitsFile},
    names::{Facts, column_text, typed, visible_facts},
    time,
    time::At,
};
use crate::{
    clock::instant_text,
    diag::{Diagnostic, Document, Problems, Severity, near_miss, suggest},
    enrich::{self, EnrichFile},
    expr::{self, ExprError},
    ledger::slot_of,
    model::{
        EntityKind, Model,
        compiled::{Level, TraitPlan},
        tree::Text,
    },
    units::Micros,
};

/// No case has more lines than this.
const LINES_MAX: usize = 200_000;

/// A case that can run.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Range<usize>,
    pub(super) as_of: Micros,
    /// Lines of JSON in the native format.
    pub(super) lines: String,
    /// By line: the event of the file that it was made of.
    pub(super) places: Vec<Range<usize>>,
    pub(super) users: Option<EnrichFile>,
    pub(super) accounts: Option<EnrichFile>,
    pub(super) expect: Vec<Expect>,
}

/// Holds all cases of a file against the model; gives them, and what is probably not meant.
///
/// **Errors**: every problem of the file, at least one.
pub fn bind(suite: &Suite, model: &Model) -> Result<(Vec<Case>, Vec<Diagnostic>), Problems> {
    let mut binder = Binder { document: &suite.document, model, found: Vec::new() };
    let cases: Vec<Option<Case>> = suite.cases.iter().map(|case| binder.case(case)).collect();
    let broken = binder.found.iter().any(|problem| problem.severity == Severity::Error);
    match cases.into_iter().collect::<Option<Vec<Case>>>() {
        Some(cases) if !broken => Ok((cases, binder.found)),
        _ => Err(Problems { document: suite.document.clone(), list: binder.found }),
    }
}

struct Binder<'b> {
    document: &'b Document,
    model: &'b Model,
    found: Vec<Diagnostic>,
}

impl Binder<'_> {
    fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let problem = Diagnostic::error(code, span.clone(), message, label).maybe_help(help);
        let same = |known: &Diagnostic| known.span == problem.span && known.message == problem.message;
        if !self.found.iter().any(same) {
            self.found.push(problem);
        }
    }

    /// Tells a name that nothing of the model has.
    fn unknown<'n>(&mut self, what: &str, name: &Text, known: impl Iterator<Item = &'n str>) {
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let message = format!("no {what} `{}` in the model", name.value);
        self.error(codes::UNKNOWN_NAME, &name.span, message, "nothing has this name", suggest(&name.value, known));
    }

    fn case(&mut self, file: &CaseFile) -> Option<Case> {
        let written = file.as_of.as_ref()?;
        let Some(as_of) = time::as_of(&written.value, &self.model.zone) else {
            let message = format!("`{}` is no point in time", written.value);
            let label = "a date, or an instant with its zone: `2026-10-31`, `2026-10-31T12:00:00Z`";
            self.error(codes::BAD_TIME, &written.span, message, label, None);
            return None;
        };
        let (mut lines, mut places) = (String::new(), Vec::new());
        for event in &file.events {
            self.event(event, as_of, &mut lines, &mut places);
        }
        let users = self.traits(&file.users, EntityKind::User);
        let accounts = self.traits(&file.accounts, EntityKind::Account);
        let expect: Vec<Option<Expect>> = file.expect.iter().map(|one| self.expect(one, as_of)).collect();
        Some(Case {
            name: file.name.value.clone(),
            span: file.name.span.clone(),
            as_of,
            lines,
            places,
            users: users?,
            accounts: accounts?,
            expect: expect.into_iter().collect::<Option<Vec<Expect>>>()?,
        })
    }

    /// The lines that an event of the file stands for.
    fn event(&mut self, event: &EventFile, as_of: Micros, lines: &mut String, places: &mut Vec<Range<usize>>) {
        let repeats = i64::try_from(event.times - 1).unwrap_or(0);
        let first = event.at.value.instant(as_of, &self.model.input.zone);
        let last = first.and_then(|first| first.checked_add(event.every.checked_mul(repeats)?));
        let (Some(first), Some(last)) = (first, last) else {
            self.error(codes::BAD_TIME, &event.at.span, "a time that no event can have", "out of range", None);
            return;
        };
        let meant = matches!(event.at.value, At::Relative(length) if length >= 0);
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
        if places.len() + event.times * event.users.len().max(1) > LINES_MAX {
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

    /// Warns of a name that comes close to one that the model asks for.
    fn event_name(&mut self, event: &EventFile) {
        let Kind::Event(name) = &event.kind else { return };
        let known = &self.model.intake.names;
        if known.contains(&name.value) || self.model.tracking.iter().any(|(tracked, _)| *tracked == name.value) {
            return;
        }
        let Some(near) = near_miss(&name.value, known.iter().map(String::as_str)) else { return };
        let message = format!("the model asks for no event `{}`", name.value);
        let problem = Diagnostic::error(codes::UNKNOWN_NAME, name.span.clone(), message, "counts as any activity")
            .help(format!("`{near}` is one that it asks for"));
        self.found.push(Diagnostic { severity: Severity::Warning, ..problem });
    }

    /// Traits as an enrichment file of them would be read.
    fn traits(&mut self, all: &[TraitsFile], side: EntityKind) -> Option<Option<EnrichFile>> {
        if all.is_empty() {
            return Some(None);
        }
        let (key, plans) = match side {
            EntityKind::User => ("user_id", &self.model.levels.user.traits),
            EntityKind::Account => ("account_id", &self.model.levels.account.traits),
        };
        let columns: Vec<&str> = plans.iter().flat_map(|plan: &TraitPlan| &plan.columns).map(String::as_str).collect();
        let mut text = String::new();
        for one in all {
            for (name, _) in &one.values {
                if !columns.contains(&name.value.as_str()) {
                    self.unknown("trait", name, columns.iter().copied());
                }
            }
            for id in &one.ids {
                let values = one.values.iter().map(|(name, value)| (name.value.clone(), value.clone()));
                let row: Map<String, Json> = std::iter::once((key.to_owned(), json!(id))).chain(values).collect();
                text.push_str(&Json::Object(row).to_string());
                text.push('\n');
            }
        }
        match enrich::read("traits", text.as_bytes(), key, plans, &self.model.zone) {
            Ok(file) => Some(Some(file)),
            Err(error) => {
                let span = all.first().and_then(|one| one.values.first()).map_or(0..0, |(name, _)| name.span.clone());
                self.error(codes::BAD_VALUE, &span, format!("traits that cannot be read: {}", error.message), "", None);
                None
            }
        }
    }

    fn expect(&mut self, file: &ExpectFile, as_of: Micros) -> Option<Expect> {
        let before = self.found.len();
        let level = self.model.level(file.side);
        let mut checks = Vec::new();
        let mut add = |span: &Range<usize>, what: &str, wanted: Wanted| {
            checks.push(Check { span: span.clone(), what: what.to_owned(), wanted });
        };
        if let Some(score) = &file.score {
            add(&score.span, "score", Wanted::Score(score.value));
        }
        for (key, name) in &file.names {
            self.known_name(level, file.side, key, name);
            add(&name.span, key, Wanted::Name(key, name.value.clone()));
        }
        if let Some(qualified) = &file.qualified {
            let (slot, value) = (level.slots.qualified, expr::Value::Boolean(qualified.value));
            add(&qualified.span, "qualified", Wanted::Fact(slot, value));
        }
        for (names, fires) in [(&file.fired, true), (&file.not_fired, false)] {
            for name in names {
                if let Some(place) = self.signal(level, name) {
                    add(&name.span, &format!("signal {}", name.value), Wanted::Fires(place, fires));
                }
            }
        }
        for (name, points) in &file.signals {
            if let Some(place) = self.signal(level, name) {
                let what = format!("points of {}", name.value);
                add(&points.span, &what, Wanted::Pays(place, points.value));
            }
        }
        for (name, state) in &file.milestones {
            if let Some(wanted) = self.milestone(level, name, state, as_of) {
                add(&state.span, &format!("milestone {}", name.value), wanted);
            }
        }
        for (name, value) in &file.facts {
            let Some((slot, kind)) = slot_of(self.model, file.side, &name.value) else {
                self.unknown("fact", name, visible_facts(level));
                continue;
            };
            match typed(&value.value, kind) {
                Some(expected) => add(&value.span, &format!("fact {}", name.value), Wanted::Fact(slot, expected)),
                None => {
                    let message = format!("the fact `{}` is {kind}", name.value);
                    self.error(codes::WRONG_TYPE, &value.span, message, format!("expected {kind}"), None);
                }
            }
        }
        for condition in &file.holds {
            if let Some(program) = self.condition(file.side, condition) {
                add(&condition.span, &condition.value, Wanted::Holds(program));
            }
        }
        let columns = crate::emit::column_names(self.model, file.side);
        for (name, value) in &file.columns {
            if columns.contains(&name.value) {
                let expected = column_text(&value.value);
                add(&value.span, &format!("column {}", name.value), Wanted::Column(name.value.clone(), expected));
            } else {
                self.unknown("column", name, columns.iter().map(String::as_str));
            }
        }
        let absent = file.absent.as_ref().is_some_and(|absent| absent.value);
        let broken = self.found[before..].iter().any(|problem| problem.severity == Severity::Error);
        let (span, id) = (file.span.clone(), file.id.value.clone());
        (!broken).then_some(Expect { span, side: file.side, id, absent, checks })
    }

    /// Holds a tier, route or segment against the names that there are.
    fn known_name(&mut self, level: &Level, side: EntityKind, key: &str, name: &Text) {
        let names: Vec<&str> = match key {
            "tier" => level.tiers.iter().map(|tier| tier.name.as_str()).collect(),
            "route" => level.routes.iter().map(|route| route.name.as_str()).collect(),
            _ => level.segments.iter().map(|segment| segment.name.as_str()).collect(),
        };
        if key == "segment" && side == EntityKind::User {
            let help = Some("expect it of the account, or the fact `account.segment`".to_owned());
            self.error(codes::KEY_CONFLICT, &name.span, "`segment` of a user", "accounts have segments", help);
        } else if !names.contains(&name.value.as_str()) {
            self.unknown(key, name, names.into_iter());
        }
    }

    fn signal(&mut self, level: &Level, name: &Text) -> Option<usize> {
        let place = level.signals.iter().position(|signal| signal.name == name.value);
        if place.is_none() {
            self.unknown("signal", name, level.signals.iter().map(|signal| signal.name.as_str()));
        }
        place
    }

    fn milestone(&mut self, level: &Level, name: &Text, state: &Text, as_of: Micros) -> Option<Wanted> {
        let Some(place) = level.milestones.iter().position(|milestone| milestone.name == name.value) else {
            self.unknown("milestone", name, level.milestones.iter().map(|milestone| milestone.name.as_str()));
            return None;
        };
        if ["reached", "pending", "missed"].contains(&state.value.as_str()) {
            return Some(Wanted::Milestone(place, state.value.clone(), None));
        }
        let at = At::parse(&state.value).and_then(|at| at.instant(as_of, &self.model.input.zone));
        if at.is_none() {
            let message = format!("a milestone cannot be `{}`", state.value);
            let label = "`reached`, `pending`, `missed`, or when it was reached: `-3d`";
            self.error(codes::BAD_VALUE, &state.span, message, label, None);
        }
        at.map(|at| Wanted::Milestone(place, "reached".to_owned(), Some(at)))
    }

    /// A condition over the facts of a level.
    fn condition(&mut self, side: EntityKind, text: &Text) -> Option<expr::Program> {
        let mut names = Facts { model: self.model, side };
        let program = expr::parse(&text.value)
            .map_err(|error| vec![error])
            .and_then(|node| expr::condition(&text.value, &node, &mut names));
        program.map_err(|errors| errors.into_iter().for_each(|error| self.expression_error(text, error))).ok()
    }

    fn expression_error(&mut self, text: &Text, error: ExprError) {
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
fn line(event: &EventFile, user: Option<&String>, at: Micros) -> Json {
    let mut line = Map::new();
    let mut put = |key: &str, value: Json| drop(line.insert(key.to_owned(), value));
    match &event.kind {
        Kind::Event(name) => put("event", json!(name.value)),
        Kind::Other(kind) => put("type", json!(kind)),
    }
    put("timestamp", json!(instant_text(at)));
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
        Kind::Event(_) => put("properties", event.properties.clone()),
        Kind::Other(_) => put("traits", event.traits.clone()),
    }
    Json::Object(line)
}
