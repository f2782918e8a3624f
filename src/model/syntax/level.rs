//! `[user]` and `[account]`: traits, facts, roll-ups, tiers, segments and routes of one level.

use std::ops::Range;

use super::{
    super::{
        codes,
        resolved::RepresentativePool,
        toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan, as_table, as_text},
    },
    AlertSyntax, CategorySyntax, MilestoneSyntax, SignalSyntax, alerts,
    metrics::TYPES,
    milestones, pools, signals,
};
use crate::{
    VALUE_FORMATS, ValueFormat,
    diag::Diagnostic,
    expr::ValueType,
    units::{Points, format_number},
};

/// Which level a section is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Account,
}

/// One level, as written.
#[derive(Debug, Default)]
pub(crate) struct LevelSyntax {
    pub(crate) traits: Vec<TraitSyntax>,
    /// Name and expression.
    pub(crate) facts: Vec<(SpannedText, SpannedText)>,
    /// Of accounts only.
    pub(crate) rollups: Vec<RollupSyntax>,
    /// Of users only.
    pub(crate) champion: Option<SpannedText>,
    /// Of users only.
    pub(crate) buyer: Option<SpannedText>,
    pub(crate) signals: Vec<SignalSyntax>,
    pub(crate) categories: Vec<CategorySyntax>,
    pub(crate) min: Option<Points>,
    pub(crate) max: Option<Points>,
    pub(crate) tiers: Vec<TierSyntax>,
    pub(crate) milestones: Vec<MilestoneSyntax>,
    /// Of accounts only.
    pub(crate) segments: Vec<SegmentSyntax>,
    pub(crate) routes: Vec<RouteSyntax>,
    pub(crate) suppressions: Vec<SuppressionSyntax>,
    pub(crate) alerts: Vec<AlertSyntax>,
    pub(crate) columns: Vec<SpannedText>,
}

/// A trait: what is known of an entity.
#[derive(Debug)]
pub(crate) struct TraitSyntax {
    pub(crate) name: SpannedText,
    /// Whether its type could not be read; its name is still a name.
    pub(crate) broken: bool,
    pub(crate) kind: ValueType,
    pub(crate) format: Option<ValueFormat>,
    pub(crate) from: Vec<SpannedText>,
    pub(crate) first: bool,
    pub(crate) event: Option<Vec<SpannedText>>,
}

impl TraitSyntax {
    /// The e-mail of users, from which their domain is read.
    pub(crate) fn email() -> TraitSyntax {
        let name = WithSpan::new("email".to_owned(), 0..0);
        let (kind, from) = (ValueType::Text, vec![name.clone()]);
        TraitSyntax { name, broken: false, kind, format: None, from, first: false, event: None }
    }
}

/// How a roll-up gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollupKind {
    /// Members, or those with a value.
    Count,
    /// Of a value; 0 if there is none.
    Sum,
    /// Null if there is none.
    Min,
    /// Null if there is none.
    Max,
    /// Null if there is none.
    Avg,
    /// Distinct values.
    Distinct,
    /// The sum of the k largest; 0 if there is none.
    TopSum(usize),
}

/// A roll-up over the members of an account.
#[derive(Debug)]
pub(crate) struct RollupSyntax {
    pub(crate) name: SpannedText,
    pub(crate) kind: RollupKind,
    pub(crate) value: Option<SpannedText>,
    pub(crate) filter: Option<SpannedText>,
}

/// A tier: a band of the score.
#[derive(Debug)]
pub(crate) struct TierSyntax {
    pub(crate) name: SpannedText,
    pub(crate) label: Option<SpannedText>,
    /// The threshold, and whether it must be exceeded.
    pub(crate) threshold: Option<(f64, bool)>,
    pub(crate) threshold_place: Option<Range<usize>>,
    /// The threshold for whoever was in the tier or above it before, and whether it must be exceeded.
    pub(crate) stay: Option<(f64, bool)>,
    pub(crate) stay_place: Option<Range<usize>>,
    pub(crate) when: Option<SpannedText>,
    pub(crate) qualified: bool,
}

/// A segment of accounts.
#[derive(Debug)]
pub(crate) struct SegmentSyntax {
    pub(crate) name: SpannedText,
    pub(crate) when: Option<SpannedText>,
}

/// A suppression: whom to leave out of lists.
#[derive(Debug)]
pub(crate) struct SuppressionSyntax {
    pub(crate) name: SpannedText,
    pub(crate) when: SpannedText,
}

/// A route: who acts next, and how.
#[derive(Debug)]
pub(crate) struct RouteSyntax {
    pub(crate) name: SpannedText,
    pub(crate) motion: Option<SpannedText>,
    pub(crate) to: Option<SpannedText>,
    pub(crate) pool: Option<RepresentativePool>,
    pub(crate) action: Option<SpannedText>,
    pub(crate) sla_hours: Option<f64>,
    pub(crate) when: Option<SpannedText>,
    pub(crate) because: Option<SpannedText>,
    pub(crate) message: Option<SpannedText>,
}

/// Names of roll-ups.
pub(super) const ROLLUPS: [(&str, RollupKind); 7] = [
    ("count", RollupKind::Count),
    ("sum", RollupKind::Sum),
    ("min", RollupKind::Min),
    ("max", RollupKind::Max),
    ("avg", RollupKind::Avg),
    ("distinct", RollupKind::Distinct),
    ("top_sum", RollupKind::TopSum(1)),
];

/// Who acts.
pub(super) const MOTIONS: [(&str, &str); 4] =
    [("human", "human"), ("assisted", "assisted"), ("automated", "automated"), ("none", "none")];

pub(super) fn read(mut table: TableReader<'_>, kind: Kind, found: &mut DiagnosticSink) -> LevelSyntax {
    let mut level = LevelSyntax::default();
    if let Some(traits) = table.table("traits", "traits", found) {
        level.traits = self::traits(&traits, found);
    }
    if let Some(facts) = table.table("facts", "facts", found) {
        level.facts = facts
            .named(found)
            .into_iter()
            .filter_map(|(name, value)| Some((as_text(value, &name.value, found)?, name)))
            .map(|(text, name)| (name, text))
            .collect();
    }
    match kind {
        Kind::User => {
            level.champion = table.text("champion", found);
            level.buyer = table.text("buyer", found);
        }
        Kind::Account => {
            if let Some(rollups) = table.table("rollups", "[account.rollups]", found) {
                level.rollups = self::rollups(&rollups, found);
            }
            let segments = table.tables("segments", "a segment", found);
            level.segments = segments.into_iter().filter_map(|segment| self::segment(segment, found)).collect();
        }
    }
    let signals = table.tables("signals", "a signal", found);
    level.signals = signals.into_iter().filter_map(|signal| signals::signal(signal, found)).collect();
    if let Some(categories) = table.table("categories", "categories", found) {
        level.categories = signals::categories(&categories, found);
    }
    if let Some(mut score) = table.table("score", "the score", found) {
        (level.min, level.max) = signals::bounds(&mut score, found);
        score.finish(found);
    }
    let tiers = table.tables("tiers", "a tier", found);
    level.tiers = tiers.into_iter().filter_map(|tier| self::tier(tier, found)).collect();
    let milestones = table.tables("milestones", "a milestone", found);
    level.milestones = milestones.into_iter().filter_map(|milestone| milestones::milestone(milestone, found)).collect();
    if kind == Kind::User {
        for milestone in &level.milestones {
            if milestone.users.is_some() {
                let label = "only accounts have several users";
                found.add(Diagnostic::error(
                    codes::KEY_CONFLICT,
                    milestone.name.span.clone(),
                    "`min_users` on a milestone of users",
                    label,
                ));
            }
        }
    }
    let routes = table.tables("routes", "a route", found);
    level.routes = routes.into_iter().filter_map(|route| self::route(route, found)).collect();
    let suppressions = table.tables("suppress", "a suppression", found);
    level.suppressions = suppressions.into_iter().filter_map(|one| suppression(one, found)).collect();
    let of_alerts = table.tables("alerts", "an alert", found);
    level.alerts = of_alerts.into_iter().filter_map(|one| alerts::read(one, found)).collect();
    table.finish(found);
    check_catch_all(&level, found);
    level
}

/// The last tier and the last route take whatever is left.
fn check_catch_all(level: &LevelSyntax, found: &mut DiagnosticSink) {
    let mut check = |what: &str, name: &SpannedText, condition: Option<Range<usize>>| {
        if let Some(span) = condition {
            let message = format!("the last {what}, `{}`, has a condition", name.value);
            let problem = Diagnostic::error(
                codes::NO_CATCH_ALL,
                span,
                message,
                format!("the last {what} takes all that are left, so it has none"),
            );
            found.add(problem.help(format!("add a {what} without a condition behind it")));
        }
    };
    if let Some(tier) = level.tiers.last() {
        let place = tier.when.as_ref().map(|when| when.span.clone());
        check("tier", &tier.name, place.or_else(|| tier.threshold.map(|_| tier.name.span.clone())));
    }
    if let Some(route) = level.routes.last() {
        check("route", &route.name, route.when.as_ref().map(|when| when.span.clone()));
    }
}

fn traits(table: &TableReader<'_>, found: &mut DiagnosticSink) -> Vec<TraitSyntax> {
    let mut traits = Vec::new();
    for (name, value) in table.named(found) {
        let Some(mut entry) = as_table(value, &format!("trait `{}`", name.value), &name.value, found) else { continue };
        if !entry.has("type") {
            entry.report_missing_key("type", "type = \"text\", \"number\", \"boolean\" or \"date\"", found);
        }
        let kind = super::choice(&mut entry, "type", &TYPES, found).map(|kind| kind.value);
        let from = entry.texts("from", found).filter(|from| !from.is_empty()).unwrap_or_else(|| vec![name.clone()]);
        let first = super::choice(&mut entry, "pick", &[("last", false), ("first", true)], found)
            .is_some_and(|pick| pick.value);
        let event = entry.texts("event", found);
        let format = value_format(&mut entry, kind, found);
        entry.finish(found);
        traits.push(TraitSyntax {
            name,
            broken: kind.is_none(),
            kind: kind.unwrap_or(ValueType::Text),
            format,
            from,
            first,
            event,
        });
    }
    traits
}

/// How the values of a trait are written; a format of numbers goes with numbers, and one of dates with dates.
fn value_format(
    entry: &mut TableReader<'_>,
    kind: Option<ValueType>,
    found: &mut DiagnosticSink,
) -> Option<ValueFormat> {
    let format = super::choice(entry, "format", &VALUE_FORMATS, found)?;
    let wanted = format.value.value_type();
    if let Some(kind) = kind.filter(|kind| *kind != wanted) {
        let message = format!("`format` for {wanted}, on a trait that is {kind}");
        let label = format!("each value of such a trait is {wanted}");
        found.add(Diagnostic::error(codes::KEY_CONFLICT, format.span, message, label));
        return None;
    }
    Some(format.value)
}

fn rollups(table: &TableReader<'_>, found: &mut DiagnosticSink) -> Vec<RollupSyntax> {
    let mut rollups = Vec::new();
    for (name, value) in table.named(found) {
        let Some(mut entry) = as_table(value, &format!("roll-up `{}`", name.value), &name.value, found) else {
            continue;
        };
        if !entry.has("measure") {
            entry.report_missing_key("measure", "measure = \"count\"", found);
        }
        let mut kind =
            super::choice(&mut entry, "measure", &ROLLUPS, found).map_or(RollupKind::Count, |kind| kind.value);
        if let RollupKind::TopSum(k) = &mut kind
            && let Some(given) = entry.count("k", 1..=1_000_000, found)
        {
            *k = usize::try_from(given.value).unwrap_or(1);
        }
        let value =
            if kind == RollupKind::Count { entry.text("value", found) } else { entry.required_text("value", found) };
        let filter = entry.text("where", found);
        entry.finish(found);
        rollups.push(RollupSyntax { name, kind, value, filter });
    }
    rollups
}

fn tier(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<TierSyntax> {
    let name = table.name(found);
    let label = table.text("label", found);
    let threshold = threshold(&mut table, ["at_least", "above"], found);
    let stay = threshold_to_stay(&mut table, threshold.as_ref(), found);
    let when = table.text("when", found);
    let qualified = table.boolean("qualified", found).is_some_and(|truth| truth.value);
    table.finish(found);
    let (threshold, threshold_place) = threshold.map(|one| (one.value, one.span)).unzip();
    let (stay, stay_place) = stay.map(|one| (one.value, one.span)).unzip();
    Some(TierSyntax { name: name?, label, threshold, threshold_place, stay, stay_place, when, qualified })
}

/// A threshold by the key that a score reaches, or by the one that it exceeds; true if it must exceed it.
fn threshold(
    table: &mut TableReader<'_>,
    [reached, exceeded]: [&'static str; 2],
    found: &mut DiagnosticSink,
) -> Option<WithSpan<(f64, bool)>> {
    let at_least = table.number(reached, found);
    let above = table.number(exceeded, found);
    if let (Some(_), Some(above)) = (&at_least, &above) {
        found.add(Diagnostic::error(
            codes::KEY_CONFLICT,
            above.span.clone(),
            format!("`{exceeded}` beside `{reached}`"),
            "a tier has one threshold of a kind",
        ));
    }
    let at_least = at_least.map(|number| WithSpan::new((number.value, false), number.span));
    at_least.or(above.map(|number| WithSpan::new((number.value, true), number.span)))
}

/// The threshold of those who were in the tier before, which is at most the tier's own.
fn threshold_to_stay(
    table: &mut TableReader<'_>,
    threshold: Option<&WithSpan<(f64, bool)>>,
    found: &mut DiagnosticSink,
) -> Option<WithSpan<(f64, bool)>> {
    let stay = self::threshold(table, ["stay_at_least", "stay_above"], found)?;
    let key = if stay.value.1 { "stay_above" } else { "stay_at_least" };
    let Some(threshold) = threshold else {
        let message = format!("`{key}` in a tier without a threshold");
        let problem = Diagnostic::error(codes::KEY_CONFLICT, stay.span, message, "there is no threshold to stay below");
        found.add(problem.help("a tier is entered at `at_least` or `above`, and left below this"));
        return None;
    };
    let (entry, at) = (threshold.value, stay.value);
    if at.0 > entry.0 || at.0 == entry.0 && at.1 && !entry.1 {
        let message = format!("`{key}` asks for more than the threshold of its tier");
        let problem = Diagnostic::error(codes::STAY_ABOVE_THRESHOLD, stay.span, message, "at most the threshold");
        let entry_word = format_number(entry.0);
        let help = format!(
            "to stay asks for less than to enter, so `{key}` is at most {entry_word}, as for somebody who was in the tier before"
        );
        found.add(problem.other(threshold.span.clone(), "the threshold").help(help));
        return None;
    }
    Some(stay)
}

fn segment(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<SegmentSyntax> {
    let name = table.name(found);
    let when = table.text("when", found);
    table.finish(found);
    Some(SegmentSyntax { name: name?, when })
}

fn suppression(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<SuppressionSyntax> {
    let name = table.name(found);
    let when = table.required_text("when", found);
    table.finish(found);
    Some(SuppressionSyntax { name: name?, when: when? })
}

fn route(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<RouteSyntax> {
    let name = table.name(found);
    let motion = super::choice(&mut table, "motion", &MOTIONS, found)
        .map(|motion| WithSpan::new(motion.value.to_owned(), motion.span));
    let route = (table.text("to", found), table.text("action", found), table.number("sla_hours", found));
    let when = table.text("when", found);
    let because = table.text("because", found);
    let message = table.text("message", found);
    let pool = pools::read(&mut table, found);
    table.finish(found);
    let (to, action, sla_hours) = route;
    Some(RouteSyntax {
        name: name?,
        motion,
        to,
        pool,
        action,
        sla_hours: sla_hours.map(|hours| hours.value),
        when,
        because,
        message,
    })
}
