//! Signals, tiers, segments, routes and columns of one level.

use std::collections::{HashMap, HashSet};

use super::{ModelResolver, PhaseLimit, assemble::span_of, facts::PREVIOUS_TIER};
use crate::{
    EntityKind, FactSlot, codes,
    diag::Diagnostic,
    expr::{Program, ValueType},
    output_columns,
    resolved::{
        FactColumn, FactDefinition, Level, PointBounds, PointDecay, Route, RuleSpans, ScoringSlots, Segment, Signal,
        SignalCategory, SignalPayment, SignalSpans, Suppression, Tier,
    },
    syntax::{LadderInput, LevelSyntax, PaymentSyntax, RouteSyntax, SignalSyntax},
    toml_reader::SpannedText,
};

/// Categories in the order in which signals name them, then those that only have bounds.
pub(super) fn category_names(level: &LevelSyntax) -> Vec<String> {
    let of_signals =
        level.signals.iter().map(|signal| signal.category.as_ref().map_or("other", |category| category.value.as_str()));
    let mut seen = HashSet::new();
    let all = of_signals.chain(level.categories.iter().map(|category| category.name.value.as_str()));
    all.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

/// Resolves a level; facts and what is declared are added at the end.
pub(super) fn resolve(resolver: &mut ModelResolver<'_, '_>, side: EntityKind) -> Level {
    let file = resolver.level_file(side);
    unique(resolver, "signals", file.signals.iter().map(|signal| &signal.name));
    unique(resolver, "tiers", file.tiers.iter().map(|tier| &tier.name));
    unique(resolver, "segments", file.segments.iter().map(|segment| &segment.name));
    unique(resolver, "routes", file.routes.iter().map(|route| &route.name));
    unique(resolver, "alerts", file.alerts.iter().map(|one| &one.name));
    unique(resolver, "suppressions", file.suppressions.iter().map(|one| &one.name));
    resolver.milestones(side);
    resolver.check_milestone_columns(side);
    let names = category_names(file);
    let slots = slots(resolver, side, &names);
    let categories = names.iter().map(|name| category(file, name)).collect();
    let exclusive = exclusive_groups(file);
    let signals = file.signals.iter().filter_map(|one| signal(resolver, side, one, &names, &exclusive)).collect();
    let (_, tier_limit) = limits(side);
    let tiers = file.tiers.iter().map(|tier| Tier {
        name: tier.name.value.clone(),
        label: tier.label.as_ref().map(|label| label.value.clone()),
        label_span: span_of(tier.label.as_ref()),
        threshold: tier.threshold,
        stay: tier.stay,
        when: tier.when.as_ref().and_then(|when| resolver.condition(side, when, tier_limit)),
        qualified: tier.qualified,
        spans: RuleSpans {
            threshold: tier.threshold_place.clone(),
            stay: tier.stay_place.clone(),
            ..rule_spans(&tier.name, tier.when.as_ref())
        },
    });
    let tiers = tiers.collect();
    let segments = file.segments.iter().map(|segment| Segment {
        name: segment.name.value.clone(),
        when: segment.when.as_ref().and_then(|when| resolver.condition(side, when, PhaseLimit::SEGMENTS)),
        spans: rule_spans(&segment.name, segment.when.as_ref()),
    });
    let segments = segments.collect();
    let routes = file.routes.iter().map(|one| route(resolver, side, one)).collect();
    let suppressions = file.suppressions.iter().filter_map(|one| {
        let when = resolver.condition(side, &one.when, PhaseLimit::ROUTES)?;
        Some(Suppression { name: one.name.value.clone(), when, span: one.when.span.clone() })
    });
    let suppressions = suppressions.collect();
    let alerts = resolver.alerts(side);
    let columns = columns(resolver, side);
    Level {
        facts: Vec::new(),
        traits: Vec::new(),
        expressions: Vec::new(),
        rollups: Vec::new(),
        milestones: Vec::new(),
        milestone_order: Vec::new(),
        signals,
        categories,
        bounded_categories: Vec::new(),
        bounds: PointBounds { min: file.min, max: file.max },
        tiers,
        segments,
        routes,
        suppressions,
        alerts,
        columns,
        computed_columns: Vec::new(),
        slots,
        comparisons: Vec::new(),
    }
}

/// Where a tier, a segment or a route stands.
fn rule_spans(name: &SpannedText, when: Option<&SpannedText>) -> RuleSpans {
    RuleSpans { name: name.span.clone(), when: span_of(when), threshold: None, stay: None }
}

/// Where a signal stands.
fn signal_spans(file: &SignalSyntax) -> SignalSpans {
    let (value, rungs) = match &file.pay {
        PaymentSyntax::Flat(_) => (None, &[][..]),
        PaymentSyntax::Ladder { value: LadderInput::Value(text), places, .. } => (Some(text.span.clone()), &places[..]),
        PaymentSyntax::Ladder { value: LadderInput::Inline(metric), places, .. } => {
            (Some(metric.name.span.clone()), &places[..])
        }
        PaymentSyntax::Per { value, .. } => (Some(value.span.clone()), &[][..]),
    };
    SignalSpans { name: file.name.span.clone(), when: span_of(file.when.as_ref()), value, rungs: rungs.to_vec() }
}

/// What signals and tiers of a level may use.
fn limits(side: EntityKind) -> (PhaseLimit, PhaseLimit) {
    match side {
        EntityKind::User => (PhaseLimit::USER_SIGNALS, PhaseLimit::USER_TIERS),
        EntityKind::Account => (PhaseLimit::ACCOUNT_SIGNALS, PhaseLimit::ACCOUNT_TIERS),
    }
}

/// Tells names that are in a list twice.
fn unique<'t>(resolver: &mut ModelResolver<'_, '_>, what: &str, names: impl Iterator<Item = &'t SpannedText>) {
    let mut seen: HashMap<&str, &SpannedText> = HashMap::new();
    for name in names {
        match seen.get(name.value.as_str()) {
            Some(earlier) => {
                let message = format!("two {what} are called `{}`", name.value);
                let problem = Diagnostic::error(codes::DUPLICATE, name.span.clone(), message, "the second one");
                resolver.found.add(problem.other(earlier.span.clone(), "the first one"));
            }
            None => drop(seen.insert(&name.value, name)),
        }
    }
}

/// The facts that scoring writes or that every row shows.
fn slots(resolver: &mut ModelResolver<'_, '_>, side: EntityKind, categories: &[String]) -> ScoringSlots {
    let mut slot = |name: &str| -> FactSlot { resolver.resolve_fact(side, name).map_or(0, |(slot, _)| slot) };
    let mut slots = ScoringSlots {
        points: categories.iter().map(|name| slot(&format!("points_{name}"))).collect(),
        score: slot("score"),
        tier: slot("tier"),
        qualified: slot("qualified"),
        route: slot("route"),
        motion: slot("motion"),
        active_days_28: slot("active_days_28"),
        ..ScoringSlots::default()
    };
    if side == EntityKind::Account {
        slots.segment = slot("segment");
        slots.members = slot("members");
        slots.users = slot("users");
        slots.active_users_28 = slot("active_users_28");
    }
    if resolver.level_file(side).tiers.iter().any(|tier| tier.stay.is_some()) {
        slots.previous_tier = resolver.resolve_fact(side, PREVIOUS_TIER).ok().map(|(slot, _)| slot);
    }
    if !resolver.level_file(side).suppressions.is_empty() {
        // It has a space in its name, so that no expression can name it.
        slots.suppressed = Some(resolver.push_fact(side, "suppressed by", ValueType::Text, FactDefinition::Scoring));
    }
    slots
}

fn category(file: &LevelSyntax, name: &str) -> SignalCategory {
    let bounds = file.categories.iter().find(|category| category.name.value == name);
    SignalCategory {
        name: name.to_owned(),
        bounds: bounds.map_or(PointBounds::default(), |b| PointBounds { min: b.min, max: b.max }),
    }
}

fn exclusive_groups(file: &LevelSyntax) -> Vec<&str> {
    let mut seen = HashSet::new();
    let all = file.signals.iter().filter_map(|signal| signal.exclusive.as_ref());
    all.map(|group| group.value.as_str()).filter(|group| seen.insert(*group)).collect()
}

fn signal(
    resolver: &mut ModelResolver<'_, '_>,
    side: EntityKind,
    file: &SignalSyntax,
    categories: &[String],
    groups: &[&str],
) -> Option<Signal> {
    let (limit, _) = limits(side);
    let guard = file.when.as_ref().map(|when| resolver.condition(side, when, limit));
    let (pay, inline) = payment(resolver, side, &file.pay, limit).unzip();
    let decay = file.decay.as_ref().map(|decay| {
        let since = resolver.number(side, &decay.since, limit)?;
        Some(PointDecay { since, curve: decay.curve })
    });
    let say = file.say.as_ref().map(|say| resolver.template(side, say));
    let category = file.category.as_ref().map_or("other", |category| category.value.as_str());
    Some(Signal {
        name: file.name.value.clone(),
        category: categories.iter().position(|name| name == category)?,
        exclusive: file.exclusive.as_ref().and_then(|group| groups.iter().position(|known| *known == group.value)),
        guard: require_resolved(guard)?,
        pay: pay?,
        decay: require_resolved(decay)?,
        say: require_resolved(say)?,
        inline: inline?,
        spans: signal_spans(file),
    })
}

/// What was written must have compiled; what was not written is none.
fn require_resolved<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

/// What a signal pays for, and the place of the count that it carries among the model's metrics, if it carries one.
fn payment(
    resolver: &mut ModelResolver<'_, '_>,
    side: EntityKind,
    pay: &PaymentSyntax,
    limit: PhaseLimit,
) -> Option<(SignalPayment, Option<usize>)> {
    match pay {
        PaymentSyntax::Flat(points) => Some((SignalPayment::Flat(*points), None)),
        PaymentSyntax::Ladder { value, strict, rungs, .. } => {
            let (value, inline) = match value {
                LadderInput::Value(text) => (resolver.number(side, text, limit)?, None),
                LadderInput::Inline(metric) => {
                    let (slot, place) = resolver.inline_metric(side, metric)?;
                    (Program::Slot(slot), Some(place))
                }
            };
            Some((SignalPayment::Ladder { value, strict: *strict, rungs: rungs.clone() }, inline))
        }
        PaymentSyntax::Per { value, points, max } => {
            let value = resolver.number(side, value, limit)?;
            Some((SignalPayment::Per { value, points: *points, max: *max }, None))
        }
    }
}

fn route(resolver: &mut ModelResolver<'_, '_>, side: EntityKind, file: &RouteSyntax) -> Route {
    let text = |text: &Option<SpannedText>| text.as_ref().map(|text| text.value.clone());
    Route {
        name: file.name.value.clone(),
        motion: text(&file.motion),
        to: file.to.as_ref().and_then(|to| resolver.template(side, to)),
        pool: file.pool.clone(),
        action: file.action.as_ref().and_then(|action| resolver.template(side, action)),
        sla_hours: file.sla_hours,
        when: file.when.as_ref().and_then(|when| resolver.condition(side, when, PhaseLimit::ROUTES)),
        because: file.because.as_ref().and_then(|because| resolver.template(side, because)),
        message: file.message.as_ref().and_then(|message| resolver.template(side, message)),
        spans: rule_spans(&file.name, file.when.as_ref()),
    }
}

/// The facts of `[output]`; what is a column already is not added again.
fn columns(resolver: &mut ModelResolver<'_, '_>, side: EntityKind) -> Vec<FactColumn> {
    let file = resolver.level_file(side);
    let categories = category_names(file);
    let categories = categories.iter().map(String::as_str);
    let milestones = file.milestones.iter().map(|milestone| milestone.name.value.as_str());
    let mut taken = output_columns::standard_names(side, categories, milestones);
    let stamp = if resolver.file.output.stamp { output_columns::stamp_columns() } else { Vec::new() };
    let mut added = Vec::new();
    for text in &file.columns {
        if stamp.iter().any(|column| column.name == text.value) {
            let message = format!("a second column `{}`", text.value);
            let help = Some("take `stamp` out, or give the fact another name".to_owned());
            resolver.error(codes::DUPLICATE, &text.span, message, "the stamp has a column of this name", help);
            continue;
        }
        if resolver.is_taken_column(side, text) || taken.contains(&text.value) {
            continue;
        }
        taken.push(text.value.clone());
        let Some((program, kind, _)) = resolver.expression(side, text, PhaseLimit::NONE) else { continue };
        match program {
            Program::Slot(slot) => added.push(FactColumn { header: text.value.clone(), slot, kind }),
            _ => {
                let message = format!("`{}` is no fact", text.value);
                let help = Some("name the expression under [user.facts] or [account.facts]".to_owned());
                resolver.error(codes::BAD_VALUE, &text.span, message, "expected the name of a fact", help);
            }
        }
    }
    added
}
