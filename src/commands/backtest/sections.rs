//! The sections of a back-test in the order in which a reader asks: who counts, what leads became, whether the score is right, which
//! signals are worth their points.

use super::{ReportSection, leads, scores};
use pql_engine::backtest::{BacktestReport, CohortStep, ReportedShare};
use pql_model::units::{format_number, plural};

/// All sections of a report.
pub(crate) fn report_sections(report: &BacktestReport) -> Vec<ReportSection> {
    let mut sections = vec![who_counts(report)];
    sections.extend(leads::sections(report));
    sections.extend(scores::sections(report));
    sections
}

fn who_counts(report: &BacktestReport) -> ReportSection {
    let (question, cohort) = (&report.question, &report.figures.cohort);
    let [first, last] = &question.dates;
    let mut section = ReportSection::new("Who counts");
    section.above.push(format!(
        "Model {} at {} from {first} to {last}. Goal: {} within {} after a date. Outcomes are known up to {}.",
        question.model,
        plural(question.date_count, "date", "dates"),
        goal_text(question.goal),
        plural(u64::from(question.horizon_days), "day", "days"),
        question.known_to
    ));
    section.columns = vec!["Step", "Rows", if question.level == "user" { "Users" } else { "Accounts" }];
    let mut step = |what: &str, step: CohortStep| {
        section.rows.push(vec![what.to_owned(), step.rows.to_string(), step.entities.to_string()]);
    };
    step("With events before the date", cohort.seen);
    if cohort.speaking != cohort.seen {
        step("Highest score of their account", cohort.speaking);
    }
    step("Goal not reached before", cohort.open);
    let days = plural(u64::from(question.horizon_days), "day", "days");
    step(&format!("Outcomes of the {days} after are known"), cohort.mature);
    step("Reached the goal", cohort.positive);
    section
        .below
        .push(format!("A row is {} at one date.", if question.level == "user" { "a user" } else { "an account" }));
    section.below.extend(traits_of_today(report));
    if cohort.mature.rows > 0 && cohort.positive.rows == 0 {
        section.below.push("Nobody reached the goal, so nothing below can tell good scores from bad ones.".to_owned());
    } else if cohort.positive.rows > 0 && cohort.positive.rows == cohort.mature.rows {
        section.below.push("All reached the goal, so nothing below can tell good scores from bad ones.".to_owned());
    } else if cohort.mature.rows == 0 {
        section.below.push(
            "No date is old enough to know what followed. Choose earlier dates with --to, or a shorter --horizon."
                .to_owned(),
        );
    }
    section
}

/// A sentence about traits that are those of today at every date.
fn traits_of_today(report: &BacktestReport) -> Option<String> {
    let question = &report.question;
    let names: Vec<&str> = question.traits_of_today.iter().flatten().map(String::as_str).collect();
    if names.is_empty() {
        return None;
    }
    Some(if question.dated_only {
        format!("Left out, since their tables have no dates: {}.", names.join(", "))
    } else {
        format!(
            "These traits have no dates, so each date sees those of today: {}. They may know the outcome already; --dated-only leaves them out.",
            names.join(", ")
        )
    })
}

/// A goal as a reader says it.
pub(super) fn goal_text(goal: &str) -> String {
    goal.replace('_', "-")
}

/// A share as `12.5 % (3 of 24)`.
pub(super) fn share_text(share: &ReportedShare) -> String {
    match share.share {
        Some(value) => format!("{} ({} of {})", percent(value), share.count, share.of),
        None => "-".to_owned(),
    }
}

/// The interval of a share as `4.3 - 31.0 %`.
pub(super) fn interval_text(low: Option<f64>, high: Option<f64>) -> String {
    low.zip(high).map_or_else(|| "-".to_owned(), |(low, high)| format!("{} - {}", tenths(low * 100.0), percent(high)))
}

/// A share as `12.5 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", tenths(share * 100.0))
}

/// A number with one decimal.
pub(super) fn tenths(number: f64) -> String {
    format!("{number:.1}")
}

/// A number with three decimals, or a dash.
pub(super) fn thousandths(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"))
}

/// A number with one decimal, or a dash.
pub(super) fn tenths_or_dash(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), tenths)
}

/// An amount without decimals that say nothing.
pub(super) fn amount_text(amount: Option<f64>) -> String {
    amount.map_or_else(|| "-".to_owned(), |amount| format_number((amount * 100.0).round() / 100.0))
}
