//! What a model asks of events, and where in its text: names of events, properties, texts that are compared with, the tracking plan.
//!
//! A compiled model holds ids and no places. This reads the text of a model that is known to be valid a second time, for whoever holds it against events
//! and has to say where it does not fit.

mod made;

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

pub use self::made::FactDependencies;
use super::{
    syntax::{self, LadderInput, LevelSyntax, MetricSyntax, MilestoneForm, ModelSyntax, PaymentSyntax},
    toml_reader::{DiagnosticSink, SpannedText, span_in_source},
};
use crate::{
    EntityKind, PerKind,
    expr::{self, ComparisonOp, ExprKind},
};

/// What a model asks of events.
#[derive(Debug, Default)]
pub struct EventReferences {
    /// Names of events, and every place where one stands.
    pub events: Vec<(String, Range<usize>)>,
    /// Conditions and values over events.
    pub conditions: Vec<ReferencedCondition>,
    /// The tracking plan.
    pub planned: Vec<TrackedProperty>,
    /// Of users, and of accounts.
    pub levels: PerKind<LevelReferences>,
    /// What facts are made of.
    pub made: Vec<FactDependencies>,
}

/// A condition or a value over events, or a property that pairs them.
#[derive(Debug)]
pub struct ReferencedCondition {
    /// The events that it is held against; none if any activity.
    pub events: Option<Vec<String>>,
    /// Properties that it reads, as paths with dots, and where.
    pub reads: Vec<(String, Range<usize>)>,
    /// Properties that it compares with texts, the texts, and where these stand.
    pub texts: Vec<(String, String, Range<usize>)>,
}

/// A property that events of the tracking plan should have.
#[derive(Debug)]
pub struct TrackedProperty {
    /// The events.
    pub events: Vec<String>,
    /// The path of the property, with dots.
    pub property: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// What a level asks for.
#[derive(Debug, Default)]
pub struct LevelReferences {
    /// Signals by name, and where the name stands.
    pub signals: Vec<(String, Range<usize>)>,
    /// Traits by name, where the name stands, and the names that are looked under.
    pub traits: Vec<(String, Range<usize>, Vec<String>)>,
    /// Facts that are compared with texts, the texts, and where these stand; a fact of the account in an expression of users begins with `account.`.
    pub texts: Vec<(String, String, Range<usize>)>,
}

impl EventReferences {
    /// Reads the text of a valid model; of another one, what can be read.
    pub fn of(text: &str) -> EventReferences {
        let mut reader = ReferenceCollector { text, events: HashMap::new(), asks: EventReferences::default() };
        let Some(file) = syntax::read(text, &mut DiagnosticSink::default()) else { return reader.asks };
        reader.file(&file);
        reader.asks.made = reader.made(&file);
        reader.asks
    }
}

struct ReferenceCollector<'t> {
    text: &'t str,
    /// Real events by the names of `[events]`.
    events: HashMap<String, Vec<String>>,
    asks: EventReferences,
}

impl ReferenceCollector<'_> {
    fn file(&mut self, file: &ModelSyntax) {
        for entry in &file.events {
            let real = self.real(file, &entry.name.value, &mut Vec::new());
            match &entry.event {
                Some(names) => self.name(file, names),
                None => self.asks.events.push((entry.name.value.clone(), entry.name.span.clone())),
            }
            self.condition(Some(&real), entry.filter.as_ref());
            self.asks.planned.extend(entry.properties.iter().map(|property| TrackedProperty {
                events: real.clone(),
                property: property.value.clone(),
                span: property.span.clone(),
            }));
        }
        if let Some(start) = &file.start_event {
            self.name(file, std::slice::from_ref(start));
        }
        file.metrics.iter().for_each(|metric| self.metric(file, metric));
        for (at, level) in [(EntityKind::User, &file.user), (EntityKind::Account, &file.account)] {
            self.level(file, level, at);
        }
        self.asks.events.sort_by_key(|(_, span)| span.start);
    }

    /// The real events behind a name; inside its own entry a name is the real event.
    fn real(&mut self, file: &ModelSyntax, name: &str, open: &mut Vec<String>) -> Vec<String> {
        if let Some(known) = self.events.get(name) {
            return known.clone();
        }
        let entry = file.events.iter().find(|entry| entry.name.value == name);
        let Some(names) = entry.and_then(|entry| entry.event.as_ref()) else { return vec![name.to_owned()] };
        if open.iter().any(|known| known == name) {
            return vec![name.to_owned()];
        }
        open.push(name.to_owned());
        let all: BTreeSet<String> = names.iter().flat_map(|name| self.real(file, &name.value, open)).collect();
        open.pop();
        let all: Vec<String> = all.into_iter().collect();
        if open.is_empty() {
            self.events.insert(name.to_owned(), all.clone());
        }
        all
    }

    /// The real events behind names where a model asks for them; those that are real themselves are kept with their places.
    fn name(&mut self, file: &ModelSyntax, names: &[SpannedText]) {
        for name in names {
            self.asks.events.push((name.value.clone(), name.span.clone()));
            // A name of `[events]` stands for others, which have places of their own.
            let real = self.real(file, &name.value, &mut Vec::new());
            if !real.contains(&name.value) {
                self.asks.events.pop();
            }
        }
    }

    fn asked(&mut self, file: &ModelSyntax, names: Option<&Vec<SpannedText>>) -> Option<Vec<String>> {
        let names = names?;
        self.name(file, names);
        let all: BTreeSet<String> =
            names.iter().flat_map(|name| self.real(file, &name.value, &mut Vec::new())).collect();
        Some(all.into_iter().collect())
    }

    fn metric(&mut self, file: &ModelSyntax, metric: &MetricSyntax) {
        let events = if metric.from.is_empty() {
            self.asked(file, metric.event.as_ref())
        } else {
            self.name(file, &metric.to);
            self.asked(file, Some(&metric.from))
        };
        for text in [&metric.filter, &metric.value].into_iter().flatten() {
            self.condition(events.as_deref(), Some(text));
        }
        self.same(events, metric.same.as_ref());
    }

    /// A property that pairs events.
    fn same(&mut self, events: Option<Vec<String>>, same: Option<&SpannedText>) {
        if let Some(same) = same {
            let reads = vec![(same.value.clone(), same.span.clone())];
            self.asks.conditions.push(ReferencedCondition { events, reads, texts: Vec::new() });
        }
    }

    fn condition(&mut self, events: Option<&[String]>, text: Option<&SpannedText>) {
        let Some((text, node)) = text.and_then(|text| Some((text, expr::parse(&text.value).ok()?))) else { return };
        let place = |span: &Range<usize>| span_in_source(self.text, text, span);
        let reads = expr::collect_names(&node).into_iter().filter(|(path, _)| *path != ["event"]);
        let reads = reads.map(|(path, span)| (path.join("."), place(&span))).collect();
        let texts = compared(&node).into_iter().map(|(path, text, span)| (path, text, place(&span)));
        let condition = ReferencedCondition { events: events.map(<[String]>::to_vec), reads, texts: texts.collect() };
        self.asks.conditions.push(condition);
    }

    fn level(&mut self, file: &ModelSyntax, level: &LevelSyntax, at: EntityKind) {
        let mut expressions: Vec<&SpannedText> = level.facts.iter().map(|(_, text)| text).collect();
        expressions.extend(level.champion.iter().chain(&level.buyer));
        for signal in &level.signals {
            self.asks.levels[at].signals.push((signal.name.value.clone(), signal.name.span.clone()));
            expressions.extend(&signal.when);
            match &signal.pay {
                PaymentSyntax::Ladder { value: LadderInput::Inline(metric), .. } => self.metric(file, metric),
                PaymentSyntax::Ladder { value: LadderInput::Value(value), .. } | PaymentSyntax::Per { value, .. } => {
                    expressions.push(value)
                }
                PaymentSyntax::Flat(_) => {}
            }
        }
        expressions.extend(level.tiers.iter().filter_map(|tier| tier.when.as_ref()));
        expressions.extend(level.segments.iter().filter_map(|segment| segment.when.as_ref()));
        expressions.extend(level.routes.iter().filter_map(|route| route.when.as_ref()));
        let mut of_members: Vec<&SpannedText> = Vec::new();
        for rollup in &level.rollups {
            of_members.extend(rollup.value.iter().chain(&rollup.filter));
        }
        for milestone in &level.milestones {
            of_members.extend(&milestone.who);
            match &milestone.form {
                MilestoneForm::Times { event, filter, .. } => {
                    let events = self.asked(file, event.as_ref());
                    self.condition(events.as_deref(), filter.as_ref());
                }
                MilestoneForm::Steps { steps, same, .. } => {
                    let events = self.asked(file, Some(steps));
                    self.same(events, same.as_ref());
                }
                MilestoneForm::All(_) => {}
            }
        }
        for known in &level.traits {
            let looked: Vec<String> = known.from.iter().map(|name| name.value.clone()).collect();
            let looked = if looked.is_empty() { vec![known.name.value.clone()] } else { looked };
            self.asks.levels[at].traits.push((known.name.value.clone(), known.name.span.clone(), looked));
            self.asked(file, known.event.as_ref());
        }
        for (at, texts) in [(at, expressions), (EntityKind::User, of_members)] {
            for text in texts {
                let Ok(node) = expr::parse(&text.value) else { continue };
                let found = compared(&node).into_iter();
                let found = found.map(|(path, value, span)| (path, value, span_in_source(self.text, text, &span)));
                self.asks.levels[at].texts.extend(found);
            }
        }
    }
}

/// Names that are compared with texts by `=`, `<>` or `in`.
fn compared(node: &expr::ExprNode) -> Vec<(String, String, Range<usize>)> {
    let mut found = Vec::new();
    let mut note = |name: &expr::ExprNode, text: &expr::ExprNode| {
        if let (ExprKind::Name(path), ExprKind::Text(value)) = (&name.kind, &text.kind) {
            found.push((path.join("."), value.clone(), text.span.clone()));
        }
    };
    expr::walk(node, &mut |node| match &node.kind {
        ExprKind::Compare(ComparisonOp::Equal | ComparisonOp::NotEqual, a, b) => {
            note(a, b);
            note(b, a);
        }
        ExprKind::In(a, all, _) => all.iter().for_each(|b| note(a, b)),
        _ => {}
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_found_with_its_place() {
        let text = r#"schema = 1
[events]
core = { event = ["exported", "shared"], where = "kind = 'full'", properties = ["size"] }
exported = {}
[metrics.exports]
measure = "sum"
event = "core"
value = "size"
[user.traits]
role = { type = "text", from = ["title"] }
[[user.signals]]
name = "vp"
when = "role in ('vp', 'ceo') and account.plan = 'pro'"
points = 1
"#;
        let asks = EventReferences::of(text);
        let shown = |span: &Range<usize>| text[span.clone()].to_owned();
        let events: Vec<String> = asks.events.iter().map(|(_, span)| shown(span)).collect();
        assert_eq!(events, ["\"exported\"", "\"shared\"", "exported"]);
        let both = Some(vec!["exported".to_owned(), "shared".to_owned()]);
        assert_eq!(asks.conditions.iter().map(|one| &one.events).collect::<Vec<_>>(), [&both, &both]);
        let reads: Vec<String> =
            asks.conditions.iter().flat_map(|one| &one.reads).map(|(_, span)| shown(span)).collect();
        assert_eq!(reads, ["kind", "size"]);
        assert_eq!(shown(&asks.conditions[0].texts[0].2), "'full'");
        assert_eq!((asks.planned[0].property.as_str(), shown(&asks.planned[0].span)), ("size", "\"size\"".to_owned()));
        let texts: Vec<String> =
            asks.levels.user.texts.iter().map(|(fact, _, span)| format!("{fact} {}", shown(span))).collect();
        assert_eq!(texts, ["role 'vp'", "role 'ceo'", "account.plan 'pro'"]);
        assert_eq!(asks.levels.user.traits[0].2, ["title"]);
    }
}
