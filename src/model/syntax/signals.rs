//! `[[...signals]]` and what bounds them: conditions over facts that pay points, or take them.

use std::ops::Range;

use super::{
    super::{
        codes,
        toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan, as_table},
    },
    MetricSyntax,
    metrics::inline,
};
use crate::{diag::Diagnostic, units::Points};

/// One signal, as written.
#[derive(Debug)]
pub(crate) struct SignalSyntax {
    pub(crate) name: SpannedText,
    pub(crate) category: Option<SpannedText>,
    pub(crate) exclusive: Option<SpannedText>,
    pub(crate) when: Option<SpannedText>,
    pub(crate) pay: PaymentSyntax,
    pub(crate) decay: Option<DecaySyntax>,
    pub(crate) say: Option<SpannedText>,
}

/// Every key of a signal, whatever its form.
const KEYS: [&str; 16] = [
    "name",
    "category",
    "exclusive",
    "when",
    "points",
    "value",
    "ladder",
    "per",
    "max",
    "event",
    "where",
    "last",
    "first",
    "at_least",
    "decay",
    "say",
];

/// What a signal pays for, and how much.
#[derive(Debug)]
pub(crate) enum PaymentSyntax {
    /// `points` if `when` holds.
    Flat(Points),
    /// The highest rung that `value` reaches.
    Ladder { value: LadderInput, strict: bool, rungs: Vec<(f64, Points)>, places: Vec<Range<usize>> },
    /// `points` for each of `per`.
    Per { value: SpannedText, points: Points, max: Option<Points> },
}

/// What a ladder looks at.
#[derive(Debug)]
pub(crate) enum LadderInput {
    /// A numeric expression.
    Value(SpannedText),
    /// A count of events that the signal carries inline.
    Inline(Box<MetricSyntax>),
}

/// `decay`
#[derive(Debug)]
pub(crate) struct DecaySyntax {
    pub(crate) since: SpannedText,
    pub(crate) curve: DecayCurve,
}

/// How points fall with the days since. **Units**: days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DecayCurve {
    /// 0.5^(d/h)
    HalfLife(f64),
    /// max(0, 1 - d/L)
    Linear(f64),
}

/// `[user.categories.intent]`
#[derive(Debug)]
pub(crate) struct CategorySyntax {
    pub(crate) name: SpannedText,
    pub(crate) min: Option<Points>,
    pub(crate) max: Option<Points>,
}

pub(super) fn categories(table: &TableReader<'_>, found: &mut DiagnosticSink) -> Vec<CategorySyntax> {
    let mut categories = Vec::new();
    for (name, value) in table.named(found) {
        let Some(mut entry) = as_table(value, &format!("category `{}`", name.value), &name.value, found) else {
            continue;
        };
        let (min, max) = bounds(&mut entry, found);
        entry.finish(found);
        categories.push(CategorySyntax { name, min, max });
    }
    categories
}

/// `min` and `max`.
pub(super) fn bounds(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> (Option<Points>, Option<Points>) {
    let min = table.points("min", found);
    let max = table.points("max", found);
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        let problem = Diagnostic::error(
            codes::BAD_VALUE,
            max.span.clone(),
            format!("`max` {} is below `min` {}", max.value, min.value),
            "expected at least `min`",
        );
        found.add(problem.other(min.span.clone(), "`min` is here"));
    }
    (min.map(|min| min.value), max.map(|max| max.value))
}

pub(super) fn signal(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<SignalSyntax> {
    table.vocabulary(&KEYS);
    let name = table.name(found);
    let place = name.as_ref().map_or_else(|| table.place(), |name| name.span.clone());
    let category = table.name_at_key("category", found);
    let exclusive = table.name_at_key("exclusive", found);
    let when = table.text("when", found);
    let pay = pay(&mut table, name.as_ref(), when.is_some(), &place, found);
    let decay = table.table("decay", "a decay", found).and_then(|decay| self::decay(decay, found));
    let say = table.text("say", found);
    table.finish(found);
    // Its problem is reported already; the rest of the signal is still read.
    Some(SignalSyntax {
        name: name?,
        category,
        exclusive,
        when,
        pay: pay.unwrap_or(PaymentSyntax::Flat(Points::ZERO)),
        decay,
        say,
    })
}

/// The form of a signal, by its keys.
fn pay(
    table: &mut TableReader<'_>,
    name: Option<&SpannedText>,
    guarded: bool,
    place: &Range<usize>,
    found: &mut DiagnosticSink,
) -> Option<PaymentSyntax> {
    let forms: Vec<&str> = ["event", "value", "per"].into_iter().filter(|key| table.has(key)).collect();
    if let [first, second, ..] = forms[..] {
        let message = format!("`{second}` beside `{first}`");
        let label = "a signal has one of `event`, `value` and `per`";
        found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span(second), message, label));
        for key in ["event", "where", "last", "first", "value", "per", "max"] {
            table.skip_key(key);
        }
    }
    match forms.first().copied() {
        Some("event") => inline_count(table, name, found),
        Some("value") => {
            let value = table.text("value", found);
            let LadderSyntax { strict, rungs, places } = ladder(table, place, found).unwrap_or_default();
            Some(PaymentSyntax::Ladder { value: LadderInput::Value(value?), strict, rungs, places })
        }
        Some(_) => {
            let value = table.text("per", found);
            let points = points(table, found);
            let max = table.points("max", found);
            if let Some(max) = &max
                && max.value < Points::ZERO
            {
                found.add(Diagnostic::error(
                    codes::BAD_VALUE,
                    max.span.clone(),
                    "a `max` below 0",
                    "it bounds the amount without its sign",
                ));
            }
            Some(PaymentSyntax::Per {
                value: value?,
                points: points.unwrap_or_default(),
                max: max.map(|max| max.value),
            })
        }
        None => flat(table, guarded, found),
    }
}

/// `when` and `points`.
fn flat(table: &mut TableReader<'_>, guarded: bool, found: &mut DiagnosticSink) -> Option<PaymentSyntax> {
    if table.has("ladder") {
        table.skip_key("ladder");
        table.report_missing_key("value", "value = \"invites\"", found);
        return None;
    }
    if !guarded {
        table.report_missing_key(
            "when",
            "a signal has `when` and `points`, `value` and `ladder`, `per` and `points`, or `event`",
            found,
        );
        table.skip_key("points");
        return None;
    }
    Some(PaymentSyntax::Flat(points(table, found).unwrap_or_default()))
}

fn points(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<Points> {
    if !table.has("points") {
        table.report_missing_key("points", "points = 10", found);
        return None;
    }
    table.points("points", found).map(|points| points.value)
}

/// A signal that counts events by itself.
fn inline_count(
    table: &mut TableReader<'_>,
    name: Option<&SpannedText>,
    found: &mut DiagnosticSink,
) -> Option<PaymentSyntax> {
    let span = table.key_span("event");
    let event = table.texts("event", found);
    let filter = table.text("where", found);
    let window = super::window(table, false, found);
    let rungs = if table.has("ladder") { ladder(table, &span, found) } else { single_rung(table, found) };
    let metric = inline(name?, event?, filter, window, span);
    let LadderSyntax { strict, rungs, places } = rungs.unwrap_or_default();
    Some(PaymentSyntax::Ladder { value: LadderInput::Inline(Box::new(metric)), strict, rungs, places })
}

/// `at_least` (1 if not given) and `points`.
fn single_rung(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<LadderSyntax> {
    let place = if table.has("at_least") { table.key_span("at_least") } else { table.key_span("event") };
    let at_least = table.number("at_least", found).map_or(1.0, |number| number.value);
    let rungs = vec![(at_least, points(table, found).unwrap_or_default())];
    Some(LadderSyntax { strict: false, rungs, places: vec![place] })
}

/// Rungs, and where their thresholds stand.
#[derive(Default)]
struct LadderSyntax {
    strict: bool,
    rungs: Vec<(f64, Points)>,
    places: Vec<Range<usize>>,
}

/// `ladder`: rungs that rise, all `at_least` or all `above`.
fn ladder(table: &mut TableReader<'_>, place: &Range<usize>, found: &mut DiagnosticSink) -> Option<LadderSyntax> {
    if !table.has("ladder") {
        table.report_missing_key(
            "ladder",
            "ladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 20 }]",
            found,
        );
        table.skip_key("ladder");
        return None;
    }
    for (key, label) in [("points", "each rung has its own points"), ("at_least", "each rung has its own")] {
        if table.has(key) {
            let message = format!("`{key}` beside `ladder`");
            found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span(key), message, label));
            table.skip_key(key);
        }
    }
    let mut rungs = Vec::new();
    let mut kinds = Vec::new();
    let ladder_span = table.key_span("ladder");
    let written = table.tables("ladder", "a rung", found);
    let none = written.is_empty();
    for mut rung in written {
        rung.vocabulary(&["at_least", "above", "points"]);
        let (at_least, above) = (rung.number("at_least", found), rung.number("above", found));
        let strict = above.is_some();
        if at_least.is_some() == strict {
            found.add(Diagnostic::error(
                codes::BAD_LADDER,
                rung.place(),
                "a rung is reached at one threshold",
                "expected `at_least` or `above`",
            ));
        }
        let points = points(&mut rung, found);
        if let (Some(threshold), Some(points)) = (at_least.or(above), points) {
            kinds.push((strict, threshold.span.clone()));
            rungs.push((threshold, points));
        }
        rung.finish(found);
    }
    if none {
        found.add(
            Diagnostic::error(codes::BAD_LADDER, ladder_span, "a ladder without rungs", "at least one")
                .other(place.clone(), "of this signal"),
        );
        return None;
    }
    check_rungs_rise(&kinds, &rungs, found);
    let strict = kinds.first().is_some_and(|(strict, _)| *strict);
    let places = rungs.iter().map(|(threshold, _)| threshold.span.clone()).collect();
    Some(LadderSyntax {
        strict,
        rungs: rungs.into_iter().map(|(threshold, points)| (threshold.value, points)).collect(),
        places,
    })
}

/// Tells rungs that do not rise, or that mix two kinds of threshold.
fn check_rungs_rise(kinds: &[(bool, Range<usize>)], rungs: &[(WithSpan<f64>, Points)], found: &mut DiagnosticSink) {
    for pair in kinds.windows(2) {
        if pair[0].0 != pair[1].0 {
            found.add(Diagnostic::error(
                codes::BAD_LADDER,
                pair[1].1.clone(),
                "`at_least` and `above` in one ladder",
                "all `at_least`, or all `above`",
            ));
        }
    }
    for pair in rungs.windows(2) {
        if pair[1].0.value <= pair[0].0.value {
            let problem = Diagnostic::error(
                codes::BAD_LADDER,
                pair[1].0.span.clone(),
                "a rung that is not above the one before",
                "thresholds rise",
            );
            found.add(problem.other(pair[0].0.span.clone(), "the rung before"));
        }
    }
}

fn decay(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<DecaySyntax> {
    let since = table.required_text("since", found);
    let half_life = table.number("half_life_days", found);
    let linear = table.number("linear_days", found);
    if half_life.is_some() == linear.is_some() {
        found.add(Diagnostic::error(
            codes::KEY_CONFLICT,
            table.place(),
            "a decay has one curve",
            "expected `half_life_days` or `linear_days`",
        ));
    }
    for days in [&half_life, &linear].into_iter().flatten() {
        if days.value <= 0.0 {
            found.add(Diagnostic::error(
                codes::BAD_VALUE,
                days.span.clone(),
                "a decay over no time",
                "a number of days above 0",
            ));
            return None;
        }
    }
    table.finish(found);
    let curve = match (half_life, linear) {
        (Some(days), _) => DecayCurve::HalfLife(days.value),
        (None, Some(days)) => DecayCurve::Linear(days.value),
        (None, None) => return None,
    };
    Some(DecaySyntax { since: since?, curve })
}
