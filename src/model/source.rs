//! Where the parts of a valid model stand in its text, and what a compiled model no longer says of them.
//!
//! Signals, tiers, segments, routes and milestones have the places that they have in the compiled [`super::Model`]; facts go by their names.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    syntax::{
        EventSyntax, LadderInput, LevelSyntax, MeasureKind, MetricSyntax, MilestoneForm, MilestoneSyntax, ModelSyntax,
        PaymentSyntax,
    },
    toml_reader::SpannedText,
    wheres::EventConditions,
};
use crate::{EntityKind, clock::DateWindow};

/// Bytes of the model's text.
pub type TextSpan = Range<usize>;

/// A name and where it is given.
#[derive(Debug, Clone)]
pub struct SpannedName {
    /// The name.
    pub name: String,
    /// Where it is given.
    pub span: TextSpan,
}

/// A model as its text has it.
#[derive(Debug)]
pub struct ModelSource {
    /// Names of `[events]` that stand for other events, each with whether anything names it.
    pub aliases: Vec<(SpannedName, bool)>,
    /// Real events that start an entity.
    pub start: Vec<String>,
    /// Real events that are no activity.
    pub ignored: Vec<String>,
    /// `[metrics]`, in the order of the file.
    pub metrics: Vec<MetricSource>,
    /// `[user]`
    pub user: LevelSource,
    /// `[account]`
    pub account: LevelSource,
    /// `[user] champion`
    pub champion: Option<TextSpan>,
    /// `[user] buyer`
    pub buyer: Option<TextSpan>,
    /// Conditions on events.
    pub wheres: EventConditions,
}

/// One level as the text has it.
#[derive(Debug)]
pub struct LevelSource {
    /// Traits.
    pub traits: Vec<SpannedName>,
    /// Named facts; the second place is that of the expression.
    pub facts: Vec<(SpannedName, TextSpan)>,
    /// Of accounts only.
    pub rollups: Vec<RollupSource>,
    /// Categories with bounds.
    pub categories: Vec<SpannedName>,
    /// Milestones, with the events that each is made of.
    pub milestones: Vec<MilestoneSource>,
    /// Signals.
    pub signals: Vec<SignalSource>,
    /// Tiers.
    pub tiers: Vec<RuleSource>,
    /// Segments.
    pub segments: Vec<RuleSource>,
    /// Routes.
    pub routes: Vec<RuleSource>,
}

/// A roll-up as the text has it.
#[derive(Debug)]
pub struct RollupSource {
    /// Its name.
    pub name: SpannedName,
    /// The expression that is gathered.
    pub value: Option<TextSpan>,
    /// The condition on members.
    pub filter: Option<TextSpan>,
}

/// A milestone as the text has it.
#[derive(Debug)]
pub struct MilestoneSource {
    /// Its name.
    pub name: SpannedName,
    /// For each of its steps (one, if it has none) the events; empty if it is made of other milestones.
    pub steps: Vec<EventSet>,
    /// The condition on users that count.
    pub who: Option<TextSpan>,
}

/// A signal as the text has it.
#[derive(Debug)]
pub struct SignalSource {
    /// Its name.
    pub name: TextSpan,
    /// `when`
    pub when: Option<TextSpan>,
    /// `value` or `per`, or the key of the inline metric.
    pub value: Option<TextSpan>,
    /// The thresholds of its ladder.
    pub rungs: Vec<TextSpan>,
    /// What it counts by itself.
    pub inline: Option<MetricSource>,
}

/// A tier, a segment or a route as the text has it.
#[derive(Debug)]
pub struct RuleSource {
    /// Its name.
    pub name: TextSpan,
    /// `when`
    pub when: Option<TextSpan>,
    /// `at_least` or `above`, of tiers.
    pub threshold: Option<TextSpan>,
}

/// A metric as the text has it.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSource {
    /// Its name; that of the signal, if it is inline.
    pub name: String,
    /// Where it is given.
    pub span: TextSpan,
    /// What it measures.
    pub kind: MeasureKind,
    /// Which events; of a pair those of `from`.
    pub events: EventSet,
    /// Which dates.
    pub window: Option<DateWindow>,
    /// The expression whose values count.
    pub value: Option<String>,
    /// Where its own condition on events is.
    pub filter: Option<TextSpan>,
}

/// Which events something is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventSet {
    /// Real events, each with the conditions of the names that led to it; none is any activity.
    pub named: Option<Vec<(String, Vec<String>)>>,
    /// A further condition on all of them.
    pub condition: Option<String>,
}

impl EventSet {
    /// Whether every event of this one is in the other one for sure.
    pub fn within(&self, other: &EventSet) -> bool {
        let narrower = other.condition.is_none() || other.condition == self.condition;
        let named = match (&self.named, &other.named) {
            (None, None) => true,
            (Some(own), Some(others)) => own.iter().all(|(name, conditions)| {
                others.iter().any(|(other, fewer)| name == other && fewer.iter().all(|one| conditions.contains(one)))
            }),
            _ => false,
        };
        narrower && named
    }
}

/// What names of events stand for, as texts.
pub(super) struct EventAliases<'f> {
    entries: HashMap<&'f str, &'f EventSyntax>,
}

/// No name stands for more forms of events than this, nor through more names in a row; the compiler has told such models.
const FORMS_MAX: usize = 1000;
const DEEP_MAX: usize = 20;

impl<'f> EventAliases<'f> {
    fn selector(&self, name: &'f str, open: &mut Vec<&'f str>, into: &mut Vec<(String, Vec<String>)>) {
        let entry = self.entries.get(name).filter(|entry| entry.event.is_some() || entry.filter.is_some());
        let Some(entry) = entry.filter(|_| !open.contains(&name) && open.len() < DEEP_MAX) else {
            into.push((name.to_owned(), Vec::new()));
            return;
        };
        let first = into.len();
        open.push(name);
        match &entry.event {
            Some(names) => {
                names.iter().filter(|_| first < FORMS_MAX).for_each(|name| self.selector(&name.value, open, into))
            }
            None => into.push((name.to_owned(), Vec::new())),
        }
        open.pop();
        if let Some(filter) = &entry.filter {
            into[first..].iter_mut().for_each(|(_, conditions)| conditions.push(filter.value.clone()));
        }
    }

    pub(super) fn set(&self, names: Option<&'f [SpannedText]>, filter: Option<&SpannedText>) -> EventSet {
        let named = names.map(|names| {
            let mut all = Vec::new();
            names.iter().for_each(|name| self.selector(&name.value, &mut Vec::new(), &mut all));
            all.sort();
            all.dedup();
            all
        });
        EventSet { named, condition: filter.map(|filter| filter.value.clone()) }
    }

    fn real(&self, names: &'f [SpannedText]) -> Vec<String> {
        self.set(Some(names), None).named.unwrap_or_default().into_iter().map(|(name, _)| name).collect()
    }

    fn metric(&self, metric: &'f MetricSyntax) -> MetricSource {
        let pair = matches!(metric.kind, MeasureKind::Elapsed | MeasureKind::Open);
        let names = if pair { Some(metric.from.as_slice()) } else { metric.event.as_deref() };
        MetricSource {
            name: metric.name.value.clone(),
            span: metric.name.span.clone(),
            kind: metric.kind,
            events: self.set(names, metric.filter.as_ref()),
            window: metric.window,
            value: metric.value.as_ref().map(|value| value.value.clone()),
            filter: metric.filter.as_ref().map(|filter| filter.span.clone()),
        }
    }

    fn milestone(&self, milestone: &'f MilestoneSyntax) -> MilestoneSource {
        let steps = match &milestone.form {
            MilestoneForm::Times { event, filter, .. } => vec![self.set(event.as_deref(), filter.as_ref())],
            MilestoneForm::Steps { steps, .. } => {
                steps.iter().map(|step| self.set(Some(std::slice::from_ref(step)), None)).collect()
            }
            MilestoneForm::All(_) => Vec::new(),
        };
        MilestoneSource { name: named(&milestone.name), steps, who: span(milestone.who.as_ref()) }
    }
}

fn named(text: &SpannedText) -> SpannedName {
    SpannedName { name: text.value.clone(), span: text.span.clone() }
}

fn span(text: Option<&SpannedText>) -> Option<TextSpan> {
    text.map(|text| text.span.clone())
}

impl ModelSource {
    /// One level as the text has it.
    pub fn level(&self, side: EntityKind) -> &LevelSource {
        match side {
            EntityKind::User => &self.user,
            EntityKind::Account => &self.account,
        }
    }

    pub(super) fn of(file: &ModelSyntax) -> ModelSource {
        let events =
            EventAliases { entries: file.events.iter().map(|entry| (entry.name.value.as_str(), entry)).collect() };
        let used = names_of_events(file);
        let alias = |entry: &&EventSyntax| entry.event.is_some();
        let aliases = file.events.iter().filter(alias);
        let default_start = || vec!["signup_completed".to_owned()];
        ModelSource {
            aliases: aliases.map(|entry| (named(&entry.name), used.contains(entry.name.value.as_str()))).collect(),
            start: file.start_event.as_ref().map_or_else(default_start, |name| events.real(std::slice::from_ref(name))),
            ignored: events.real(&file.ignore),
            metrics: file.metrics.iter().map(|metric| events.metric(metric)).collect(),
            user: level(&file.user, &events),
            account: level(&file.account, &events),
            champion: span(file.user.champion.as_ref()),
            buyer: span(file.user.buyer.as_ref()),
            wheres: EventConditions::of(file, &events),
        }
    }
}

fn level<'f>(file: &'f LevelSyntax, events: &EventAliases<'f>) -> LevelSource {
    let rule = |name: &SpannedText, when: Option<&SpannedText>, threshold: Option<&TextSpan>| RuleSource {
        name: name.span.clone(),
        when: span(when),
        threshold: threshold.cloned(),
    };
    let signals = file.signals.iter().map(|signal| {
        let (value, rungs, inline) = match &signal.pay {
            PaymentSyntax::Flat(_) => (None, &[][..], None),
            PaymentSyntax::Ladder { value: LadderInput::Value(text), places, .. } => {
                (Some(text.span.clone()), places.as_slice(), None)
            }
            PaymentSyntax::Ladder { value: LadderInput::Inline(metric), places, .. } => {
                (Some(metric.name.span.clone()), places.as_slice(), Some(events.metric(metric)))
            }
            PaymentSyntax::Per { value, .. } => (Some(value.span.clone()), &[][..], None),
        };
        let (name, when) = (signal.name.span.clone(), span(signal.when.as_ref()));
        SignalSource { name, when, value, rungs: rungs.to_vec(), inline }
    });
    LevelSource {
        traits: file.traits.iter().map(|one| named(&one.name)).collect(),
        facts: file.facts.iter().map(|(name, text)| (named(name), text.span.clone())).collect(),
        rollups: file
            .rollups
            .iter()
            .map(|rollup| RollupSource {
                name: named(&rollup.name),
                value: span(rollup.value.as_ref()),
                filter: span(rollup.filter.as_ref()),
            })
            .collect(),
        categories: file.categories.iter().map(|category| named(&category.name)).collect(),
        milestones: file.milestones.iter().map(|milestone| events.milestone(milestone)).collect(),
        signals: signals.collect(),
        tiers: file.tiers.iter().map(|t| rule(&t.name, t.when.as_ref(), t.threshold_place.as_ref())).collect(),
        segments: file.segments.iter().map(|segment| rule(&segment.name, segment.when.as_ref(), None)).collect(),
        routes: file.routes.iter().map(|route| rule(&route.name, route.when.as_ref(), None)).collect(),
    }
}

/// Every name of an event that anything but its own entry asks for.
fn names_of_events(file: &ModelSyntax) -> HashSet<&str> {
    let mut all: Vec<&SpannedText> = Vec::new();
    for entry in &file.events {
        let own = entry.event.iter().flatten().filter(|name| name.value != entry.name.value);
        all.extend(own);
    }
    all.extend(&file.ignore);
    all.extend(&file.start_event);
    for metric in &file.metrics {
        all.extend(metric.event.iter().flatten().chain(&metric.from).chain(&metric.to));
    }
    for level in [&file.user, &file.account] {
        all.extend(level.traits.iter().flat_map(|one| one.event.iter().flatten()));
        for signal in &level.signals {
            if let PaymentSyntax::Ladder { value: LadderInput::Inline(metric), .. } = &signal.pay {
                all.extend(metric.event.iter().flatten());
            }
        }
        for milestone in &level.milestones {
            match &milestone.form {
                MilestoneForm::Times { event, .. } => all.extend(event.iter().flatten()),
                MilestoneForm::Steps { steps, .. } => all.extend(steps),
                MilestoneForm::All(_) => {}
            }
        }
    }
    all.into_iter().map(|text| text.value.as_str()).collect()
}
