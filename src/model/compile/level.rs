//! Signals, tiers, segments, routes and columns of one level.

use std::collections::{HashMap, HashSet};

use super::{ModelCompiler, PhaseLimit};
use crate::{
    EntityKind, codes,
    diag::Diagnostic,
    expr::Program,
    output_columns,
    plan::{
        FactColumn, FactSlot, Level, PointBounds, PointDecay, Route, ScoringSlots, Segment, Signal, SignalCategory,
        SignalPayment, Tier,
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

/// Compiles a level; facts, traits and milestones are added at the end.
pub(super) fn compile(compiler: &mut ModelCompiler<'_, '_>, side: EntityKind) -> Level {
    let file = compiler.level_file(side);
    unique(compiler, "signals", file.signals.iter().map(|signal| &signal.name));
    unique(compiler, "tiers", file.tiers.iter().map(|tier| &tier.name));
    unique(compiler, "segments", file.segments.iter().map(|segment| &segment.name));
    unique(compiler, "routes", file.routes.iter().map(|route| &route.name));
    compiler.milestones(side);
    let names = category_names(file);
    let slots = slots(compiler, side, &names);
    let categories = names.iter().map(|name| category(file, name)).collect();
    let exclusive = exclusive_groups(file);
    let signals = file.signals.iter().filter_map(|one| signal(compiler, side, one, &names, &exclusive)).collect();
    let (_, tier_limit) = limits(side);
    let tiers = file.tiers.iter().map(|tier| Tier {
        name: tier.name.value.clone(),
        label: tier.label.as_ref().map(|label| label.value.clone()),
        threshold: tier.threshold,
        when: tier.when.as_ref().and_then(|when| compiler.condition(side, when, tier_limit)),
        qualified: tier.qualified,
    });
    let tiers = tiers.collect();
    let segments = file.segments.iter().map(|segment| Segment {
        name: segment.name.value.clone(),
        when: segment.when.as_ref().and_then(|when| compiler.condition(side, when, PhaseLimit::SEGMENTS)),
    });
    let segments = segments.collect();
    let routes = file.routes.iter().map(|one| route(compiler, side, one)).collect();
    let columns = columns(compiler, side);
    Level {
        facts: Vec::new(),
        traits: Vec::new(),
        emails: Vec::new(),
        milestones: Vec::new(),
        milestone_order: Vec::new(),
        signals,
        categories,
        bounds: PointBounds { min: file.min, max: file.max },
        tiers,
        segments,
        routes,
        columns,
        slots,
    }
}

/// What signals and tiers of a level may use.
fn limits(side: EntityKind) -> (PhaseLimit, PhaseLimit) {
    match side {
        EntityKind::User => (PhaseLimit::USER_SIGNALS, PhaseLimit::USER_TIERS),
        EntityKind::Account => (PhaseLimit::ACCOUNT_SIGNALS, PhaseLimit::ACCOUNT_TIERS),
    }
}

/// Tells names that are in a list twice.
fn unique<'t>(compiler: &mut ModelCompiler<'_, '_>, what: &str, names: impl Iterator<Item = &'t SpannedText>) {
    let mut seen: HashMap<&str, &SpannedText> = HashMap::new();
    for name in names {
        match seen.get(name.value.as_str()) {
            Some(earlier) => {
                let message = format!("two {what} are called `{}`", name.value);
                let problem = Diagnostic::error(codes::DUPLICATE, name.span.clone(), message, "the second one");
                compiler.found.add(problem.other(earlier.span.clone(), "the first one"));
            }
            None => drop(seen.insert(&name.value, name)),
        }
    }
}

/// The facts that scoring writes or that every row shows.
fn slots(compiler: &mut ModelCompiler<'_, '_>, side: EntityKind, categories: &[String]) -> ScoringSlots {
    let mut slot = |name: &str| -> FactSlot { compiler.resolve_fact(side, name).map_or(0, |(slot, _)| slot) };
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
    compiler: &mut ModelCompiler<'_, '_>,
    side: EntityKind,
    file: &SignalSyntax,
    categories: &[String],
    groups: &[&str],
) -> Option<Signal> {
    let (limit, _) = limits(side);
    let guard = file.when.as_ref().map(|when| compiler.condition(side, when, limit));
    let pay = payment(compiler, side, &file.pay, limit);
    let decay = file.decay.as_ref().map(|decay| {
        let since = compiler.number(side, &decay.since, limit)?;
        Some(PointDecay { since, curve: decay.curve })
    });
    let say = file.say.as_ref().map(|say| compiler.template(side, say));
    let category = file.category.as_ref().map_or("other", |category| category.value.as_str());
    Some(Signal {
        name: file.name.value.clone(),
        category: categories.iter().position(|name| name == category)?,
        exclusive: file.exclusive.as_ref().and_then(|group| groups.iter().position(|known| *known == group.value)),
        guard: require_compiled(guard)?,
        pay: pay?,
        decay: require_compiled(decay)?,
        say: require_compiled(say)?,
    })
}

/// What was written must have compiled; what was not written is none.
fn require_compiled<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

fn payment(
    compiler: &mut ModelCompiler<'_, '_>,
    side: EntityKind,
    pay: &PaymentSyntax,
    limit: PhaseLimit,
) -> Option<SignalPayment> {
    match pay {
        PaymentSyntax::Flat(points) => Some(SignalPayment::Flat(*points)),
        PaymentSyntax::Ladder { value, strict, rungs, .. } => {
            let value = match value {
                LadderInput::Value(text) => compiler.number(side, text, limit)?,
                LadderInput::Inline(metric) => Program::Slot(compiler.inline_metric(side, metric)?),
            };
            Some(SignalPayment::Ladder { value, strict: *strict, rungs: rungs.clone() })
        }
        PaymentSyntax::Per { value, points, max } => {
            Some(SignalPayment::Per { value: compiler.number(side, value, limit)?, points: *points, max: *max })
        }
    }
}

fn route(compiler: &mut ModelCompiler<'_, '_>, side: EntityKind, file: &RouteSyntax) -> Route {
    let text = |text: &Option<SpannedText>| text.as_ref().map(|text| text.value.clone());
    Route {
        name: file.name.value.clone(),
        motion: text(&file.motion),
        to: text(&file.to),
        action: text(&file.action),
        sla_hours: file.sla_hours,
        when: file.when.as_ref().and_then(|when| compiler.condition(side, when, PhaseLimit::ROUTES)),
        because: file.because.as_ref().and_then(|because| compiler.template(side, because)),
        message: file.message.as_ref().and_then(|message| compiler.template(side, message)),
    }
}

/// The facts of `[output]`; what is a column already is not added again.
fn columns(compiler: &mut ModelCompiler<'_, '_>, side: EntityKind) -> Vec<FactColumn> {
    let file = compiler.level_file(side);
    let categories = category_names(file);
    let categories = categories.iter().map(String::as_str);
    let milestones = file.milestones.iter().map(|milestone| milestone.name.value.as_str());
    let mut taken = match side {
        EntityKind::User => output_columns::user_columns(categories, milestones),
        EntityKind::Account => output_columns::account_columns(categories, milestones),
    };
    let mut added = Vec::new();
    for text in &file.columns {
        if taken.contains(&text.value) {
            continue;
        }
        taken.push(text.value.clone());
        let Some((program, kind, _)) = compiler.expression(side, text, PhaseLimit::NONE) else { continue };
        match program {
            Program::Slot(slot) => added.push(FactColumn { header: text.value.clone(), slot, kind }),
            _ => {
                let message = format!("`{}` is no fact", text.value);
                let help = Some("name the expression under [user.facts] or [account.facts]".to_owned());
                compiler.error(codes::BAD_VALUE, &text.span, message, "expected the name of a fact", help);
            }
        }
    }
    added
}
