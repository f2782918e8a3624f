//! The text of a model as written: every section becomes plain structs with spans.
//!
//! `read` takes the TOML text and gives a `ModelSyntax` and the problems of its form. It collects
//! every problem and resolves no name; `resolve` gives names and expressions their meaning.

mod alerts;
mod check;
mod entries;
mod expectations;
mod holdout;
mod input;
mod level;
mod metrics;
mod milestones;
mod outcomes;
mod output;
mod pools;
mod report;
mod signals;

use std::ops::Range;

use toml::de::DeTable;

pub(super) use alerts::AlertSyntax;
pub(super) use expectations::ExpectationSyntax;
pub(super) use input::{EventSyntax, IdentitySyntax, InputSyntax};
pub use level::RollupKind;
pub(super) use level::{LevelSyntax, RollupSyntax, RouteSyntax, TraitSyntax};
pub use metrics::MeasureKind;
pub(super) use metrics::{MetricSyntax, WeeklyMeasure};
pub(super) use milestones::{MilestoneForm, MilestoneSyntax};
pub(super) use outcomes::{OutcomeFieldsSyntax, OutcomesSyntax};
pub(super) use output::{ListSyntax, OutputSyntax};
pub(super) use report::ReportSyntax;
pub use signals::DecayCurve;
pub(super) use signals::{CategorySyntax, LadderInput, PaymentSyntax, SignalSyntax};

use super::{
    codes,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
};
use crate::{
    clock::{DateWindow, Zone},
    diag::{Diagnostic, near_miss},
    expr::ValueType,
    resolved::EntrySpans,
    units::Micros,
};

/// The words that keys of a model take, for descriptions of the language.
#[derive(Debug)]
pub struct ModelKeywords {
    /// `[input] format`
    pub(crate) formats: Vec<&'static str>,
    /// `[input] fields`
    pub(crate) fields: Vec<&'static str>,
    /// `week_start`
    pub(crate) weekdays: Vec<&'static str>,
    /// `measure` of metrics.
    pub(crate) measures: Vec<&'static str>,
    /// `type`
    pub(crate) types: Vec<&'static str>,
    /// `by`
    pub(crate) weekly: Vec<&'static str>,
    /// `unit`
    pub(crate) units: Vec<&'static str>,
    /// `measure` of roll-ups.
    pub(crate) rollups: Vec<&'static str>,
    /// `motion`
    pub(crate) motions: Vec<&'static str>,
    /// `level` of output files.
    pub(crate) list_levels: Vec<&'static str>,
    /// `rows` of output files.
    pub(crate) list_rows: Vec<&'static str>,
    /// `otherwise` of expectations.
    pub(crate) unmet_actions: Vec<&'static str>,
    /// `existing` of alerts.
    pub(crate) existing: Vec<&'static str>,
    /// `format` of traits.
    pub(crate) value_formats: Vec<&'static str>,
    /// `amount_format` of outcomes.
    pub(crate) amount_formats: Vec<&'static str>,
    /// `date_format` of outcomes.
    pub(crate) date_formats: Vec<&'static str>,
}

/// The words as the reader of models knows them.
pub fn model_keywords() -> ModelKeywords {
    fn first<T>(words: &[(&'static str, T)]) -> Vec<&'static str> {
        words.iter().map(|(word, _)| *word).collect()
    }
    ModelKeywords {
        formats: first(&input::FORMATS),
        fields: input::FIELDS.into_iter().chain([input::RECEIVED]).collect(),
        weekdays: first(&WEEKDAYS),
        measures: first(&metrics::MEASURES),
        types: first(&metrics::TYPES),
        weekly: first(&metrics::WEEKLY_MEASURES),
        units: first(&metrics::ELAPSED_UNITS),
        rollups: first(&level::ROLLUPS),
        motions: first(&level::MOTIONS),
        list_levels: first(&output::LIST_LEVELS),
        list_rows: first(&output::LIST_ROWS),
        unmet_actions: first(&expectations::UNMET_ACTIONS),
        existing: first(&alerts::EXISTING),
        value_formats: first(&super::VALUE_FORMATS),
        amount_formats: first(&outcomes::formats_of(ValueType::Number)),
        date_formats: first(&outcomes::formats_of(ValueType::Date)),
    }
}

/// No model is larger than this.
const MODEL_BYTES_MAX: usize = 1024 * 1024;

/// A whole model, as written.
#[derive(Debug)]
pub(super) struct ModelSyntax {
    pub(super) name: Option<SpannedText>,
    pub(super) zone: Zone,
    /// Monday is 0.
    pub(super) week_start: i32,
    pub(super) start_event: Option<SpannedText>,
    pub(super) input: InputSyntax,
    pub(super) identity: IdentitySyntax,
    pub(super) ignore: Vec<SpannedText>,
    /// Whether what a vendor's code sends by itself is ignored too.
    pub(super) ignore_noise: bool,
    /// Warnings that are meant.
    pub(super) warnings: Vec<super::resolved::IgnoredWarning>,
    /// What a run must look like.
    pub(super) expectations: Vec<ExpectationSyntax>,
    pub(super) events: Vec<EventSyntax>,
    pub(super) metrics: Vec<MetricSyntax>,
    pub(super) user: LevelSyntax,
    pub(super) account: LevelSyntax,
    pub(super) output: OutputSyntax,
    pub(super) report: ReportSyntax,
    pub(super) holdout: Option<super::resolved::Holdout>,
    pub(super) outcomes: Option<OutcomesSyntax>,
    /// The entries that have a name.
    pub(super) entries: EntrySpans,
}

/// Reads the sections of a model.
pub(super) fn read(text: &str, found: &mut DiagnosticSink) -> Option<ModelSyntax> {
    if text.len() > MODEL_BYTES_MAX {
        let message = format!("a model of {} bytes", text.len());
        found.add(Diagnostic::error(codes::TOO_LARGE, 0..0, message, format!("at most {MODEL_BYTES_MAX} bytes")));
        return None;
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    // One error is reported per line: later ones are mostly its consequences.
    let mut lines: Vec<Range<usize>> = Vec::new();
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        if lines.last().is_some_and(|line| line.contains(&span.start)) {
            continue;
        }
        let end =
            text.get(span.start..).and_then(|rest| rest.find('\n')).map_or(text.len() + 1, |at| span.start + at + 1);
        let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        lines.push(start..end);
        let code = if error.message().starts_with("duplicate key") { codes::DUPLICATE } else { codes::SYNTAX };
        let message = if code == codes::DUPLICATE {
            "a key that is there twice".to_owned()
        } else {
            format!("not TOML: {}", error.message())
        };
        found.add(Diagnostic::error(code, span, message, "here"));
    }
    let broken = !errors.is_empty();
    let mut top = TableReader::new(root.get_ref(), 0..0, "the model");
    schema(&mut top, found, broken)?;
    if !broken && top.has("case") && !top.has("user") && !top.has("account") {
        let (message, label) = ("a file of cases and not a model", "a model has no cases");
        let problem = Diagnostic::error(codes::UNKNOWN_KEY, top.key_span("case"), message, label);
        found.add(problem.help("`pql test` runs it; its line `model` names the model"));
        return None;
    }
    let syntax = found.list.len();
    let mut file = sections(&mut top, found);
    file.entries = entries::entry_spans(root.get_ref());
    if broken {
        lines.sort_by_key(|line| line.start);
        let mut at = 0;
        // What was read of such a line is not what was written.
        found.list.retain(|problem| {
            at += 1;
            let line = lines.partition_point(|line| line.end <= problem.span.start);
            at <= syntax || lines.get(line).is_none_or(|line| !line.contains(&problem.span.start))
        });
    } else {
        top.finish(found);
    }
    Some(file)
}

/// Checks the version of the format; nothing else is read from a version that is not known.
fn schema(top: &mut TableReader<'_>, found: &mut DiagnosticSink, broken: bool) -> Option<()> {
    if !top.has("schema") {
        if !broken {
            let problem = Diagnostic::error(
                codes::MISSING_KEY,
                0..0,
                "a model without `schema`",
                "the first line says which version of the format this is",
            );
            found.add(problem.help("schema = 1"));
        }
        return Some(());
    }
    let span = top.key_span("schema");
    match top.number("schema", found) {
        Some(version) if version.value == 1.0 => Some(()),
        Some(version) => {
            let message = format!("schema {} is not known to this version of pql", version.value);
            found.add(
                Diagnostic::error(codes::UNKNOWN_SCHEMA, version.span, message, "only schema 1 is")
                    .help("a newer pql may read it; `pql --version` tells which this is"),
            );
            None
        }
        None => {
            found.add(Diagnostic::error(
                codes::UNKNOWN_SCHEMA,
                span,
                "the version of the format cannot be read",
                "expected `schema = 1`",
            ));
            None
        }
    }
}

fn sections(top: &mut TableReader<'_>, found: &mut DiagnosticSink) -> ModelSyntax {
    let name = top.text("name", found);
    let zone = zone(top, found).unwrap_or_else(Zone::utc);
    let week_start = choice(top, "week_start", &WEEKDAYS, found).map_or(0, |day| day.value);
    let start_event = top.text("start_event", found);
    let input = top.table("input", "[input]", found).map(|table| input::read(table, found)).unwrap_or_default();
    let identity =
        top.table("identity", "[identity]", found).map(|table| input::identity(table, found)).unwrap_or_default();
    let (ignore, ignore_noise) = match top.table("activity", "[activity]", found) {
        Some(mut activity) => {
            let ignore = activity.text_list("ignore", found).unwrap_or_default();
            let ignore_noise = activity.boolean("ignore_noise", found).is_none_or(|truth| truth.value);
            activity.finish(found);
            (ignore, ignore_noise)
        }
        None => (Vec::new(), true),
    };
    let warnings = top.table("check", "[check]", found).map(|table| check::read(table, found)).unwrap_or_default();
    let expectations = top.tables("expect", "an expectation", found);
    let expectations = expectations.into_iter().filter_map(|table| expectations::read(table, found)).collect();
    let holdout = top.table("holdout", "[holdout]", found).and_then(|table| holdout::read(table, found));
    let outcomes = top.table("outcomes", "[outcomes]", found).map(|table| outcomes::read(table, found));
    let events = top.table("events", "[events]", found).map(|table| input::events(&table, found)).unwrap_or_default();
    let metrics =
        top.table("metrics", "[metrics]", found).map(|table| metrics::read(&table, found)).unwrap_or_default();
    let mut user = top
        .table("user", "[user]", found)
        .map(|table| level::read(table, level::Kind::User, found))
        .unwrap_or_default();
    let mut account = top
        .table("account", "[account]", found)
        .map(|table| level::read(table, level::Kind::Account, found))
        .unwrap_or_default();
    let mut output = top.table("output", "[output]", found).map(|table| output::read(table, found)).unwrap_or_default();
    let report = top.table("report", "[report]", found).map(|table| report::read(table, found)).unwrap_or_default();
    user.columns = std::mem::take(&mut output.user_columns);
    account.columns = std::mem::take(&mut output.account_columns);
    ModelSyntax {
        name,
        zone,
        week_start,
        start_event,
        input,
        identity,
        ignore,
        ignore_noise,
        warnings,
        expectations,
        events,
        metrics,
        user,
        account,
        output,
        report,
        holdout,
        outcomes,
        entries: EntrySpans::default(),
    }
}

const WEEKDAYS: [(&str, i32); 7] =
    [("monday", 0), ("tuesday", 1), ("wednesday", 2), ("thursday", 3), ("friday", 4), ("saturday", 5), ("sunday", 6)];

/// A zone by its IANA name.
fn zone(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<Zone> {
    let name = table.text("time_zone", found)?;
    if let Some(zone) = Zone::from_name(&name.value) {
        return Some(zone);
    }
    let names = Zone::names();
    let near = near_miss(&name.value, names.iter().map(String::as_str)).or_else(|| {
        names.iter().find(|known| known.to_lowercase().ends_with(&format!("/{}", name.value.to_lowercase()))).cloned()
    });
    let help = near.map_or_else(
        || "names are as in Europe/Berlin or UTC".to_owned(),
        |near| format!("a zone that exists is `{near}`"),
    );
    let message = format!("no time zone `{}`", name.value);
    found.add(Diagnostic::error(codes::UNKNOWN_ZONE, name.span, message, "expected an IANA name").help(help));
    None
}

/// One word of a few.
fn choice<T: Copy>(
    table: &mut TableReader<'_>,
    key: &'static str,
    words: &[(&str, T)],
    found: &mut DiagnosticSink,
) -> Option<WithSpan<T>> {
    let text = table.text(key, found)?;
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
        return Some(WithSpan::new(*value, text.span));
    }
    let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let near = near_miss(&text.value, all.iter().copied()).map(|near| format!("`{near}` is one"));
    let message = format!("`{key}` cannot be `{}`", text.value);
    let label = format!("one of {}", crate::diag::quoted_list(&all));
    found.add(Diagnostic::error(codes::BAD_VALUE, text.span, message, label).maybe_help(near));
    None
}

/// The length of a duration such as `24h`.
fn duration(table: &mut TableReader<'_>, key: &'static str, found: &mut DiagnosticSink) -> Option<WithSpan<Micros>> {
    let text = table.text(key, found)?;
    match parse_duration(&text.value) {
        Some(length) => Some(WithSpan::new(length, text.span)),
        None => {
            let message = format!("`{}` is no duration", text.value);
            let label = "a whole number above 0 and one of s, min, h, d, w: `24h`, `7d`";
            found.add(Diagnostic::error(codes::BAD_VALUE, text.span, message, label));
            None
        }
    }
}

const UNITS: [(&str, Micros); 5] =
    [("min", 60_000_000), ("s", 1_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000), ("w", 604_800_000_000)];

fn parse_duration(text: &str) -> Option<Micros> {
    let (suffix, unit) = UNITS.iter().find(|(suffix, _)| text.ends_with(suffix))?;
    let digits = text.strip_suffix(suffix)?;
    let whole = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() && digits.len() <= 9;
    let length = digits.parse::<i64>().ok().filter(|n| whole && *n > 0)?.checked_mul(*unit)?;
    // A hundred thousand days: longer than any log, and far from overflow.
    (length <= 100_000 * crate::units::DAY_US).then_some(length)
}

/// Whole days, for windows: `28d`, `4w`.
fn days(text: &SpannedText, found: &mut DiagnosticSink) -> Option<i32> {
    let length = parse_duration(&text.value).filter(|_| text.value.ends_with(['d', 'w']));
    if length.is_none() {
        let message = format!("`{}` is no number of days", text.value);
        found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, "whole days or weeks: `28d`, `4w`"));
    }
    length.and_then(|length| i32::try_from(length / crate::units::DAY_US).ok())
}

/// The window of `last`, `ago` and `first`.
fn window(table: &mut TableReader<'_>, with_ago: bool, found: &mut DiagnosticSink) -> Option<DateWindow> {
    let last = table.text("last", found);
    let first = table.text("first", found);
    let ago = if with_ago { table.text("ago", found) } else { None };
    let conflict = |found: &mut DiagnosticSink, span: Range<usize>, message: &str, label: &str| {
        found.add(Diagnostic::error(codes::KEY_CONFLICT, span, message, label));
    };
    if let (Some(_), Some(first)) = (&last, &first) {
        conflict(found, first.span.clone(), "`first` beside `last`", "a window is one or the other");
    }
    match (&last, &ago) {
        (None, Some(ago)) => {
            conflict(found, ago.span.clone(), "`ago` without `last`", "it moves the window of `last` back")
        }
        (Some(last), Some(ago)) if last.value == "month" => conflict(
            found,
            ago.span.clone(),
            "`ago` beside `last = \"month\"`",
            "only a window of days can be moved back",
        ),
        _ => {}
    }
    let ago = ago.and_then(|ago| days(&ago, found)).unwrap_or(0);
    if let Some(last) = last {
        return if last.value == "month" {
            Some(DateWindow::Month)
        } else {
            days(&last, found).map(|days| DateWindow::Last { days, ago })
        };
    }
    first.and_then(|first| days(&first, found)).map(|days| DateWindow::First { days })
}
