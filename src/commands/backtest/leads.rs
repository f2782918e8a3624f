//! What became of leads: months, ends, deals, hold-out.

use super::{
    ReportSection,
    sections::{amount_text, interval_text, percent, share_text, tenths, tenths_or_dash},
};
use pql_engine::backtest::{
    BacktestReport, DealsOfOrigin, EndOfTriggers, HoldoutReport, MonthOfTriggers, ReportedShare,
};
use pql_model::units::plural;

/// Published bands of the share of leads that sales accepts, and that buy.
const BANDS: &str = "Playbooks name 30 - 50 % accepted and 15 - 30 % won. Nobody has verified these bands.";

pub(super) fn sections(report: &BacktestReport) -> Vec<ReportSection> {
    let mut all = vec![months(report), contacts(report), ends(report), deals(report)];
    all.extend(report.figures.triggers.holdout.as_ref().map(held_out));
    all
}

fn months(report: &BacktestReport) -> ReportSection {
    let triggers = &report.figures.triggers;
    let mut section = ReportSection::new("What became of new leads");
    let units = if report.question.level == "user" { ["user", "users"] } else { ["account", "accounts"] };
    let became = |count: u64| match count {
        1 => format!("1 {} became a lead", units[0]),
        _ => format!("{count} {} became leads", units[1]),
    };
    section.above.push(format!(
        "{} after the first date: {} reached a tier that qualifies.",
        became(triggers.triggers),
        if report.question.level == "user" { "they" } else { "they, or one of their users," }
    ));
    section.above.extend(match triggers.stock {
        0 => None,
        1 => Some(format!("1 {} was a lead at the first date already; it is not counted below.", units[0])),
        stock => {
            Some(format!("{stock} {} were leads at the first date already; they are not counted below.", units[1]))
        }
    });
    if triggers.after_goal > 0 {
        let pronoun = if triggers.after_goal == 1 { "it is" } else { "they are" };
        section.above.push(format!(
            "{} only after reaching the goal; {pronoun} not counted below.",
            became(triggers.after_goal)
        ));
    }
    section.columns =
        vec!["Month", "Leads", "Too new", "Accepted", "95 % interval", "Won", "95 % interval", "Still open"];
    section.rows = triggers.months.iter().map(month_row).collect();
    section.below.push(format!(
        "Shares count what happened within {} of the lead. Of leads that are too new, nobody knows that yet.",
        plural(u64::from(report.question.horizon_days), "day", "days")
    ));
    section.below.push(BANDS.to_owned());
    section
}

fn month_row(month: &MonthOfTriggers) -> Vec<String> {
    vec![
        month.month.clone(),
        month.triggers.to_string(),
        month.not_mature.to_string(),
        share_text(&month.accepted),
        interval_text(month.accepted.low, month.accepted.high),
        share_text(&month.won),
        interval_text(month.won.low, month.won.high),
        month.still_open.share.map_or_else(|| "-".to_owned(), percent),
    ]
}

fn contacts(report: &BacktestReport) -> ReportSection {
    let mut section = ReportSection::new("Contacted leads and the others");
    section.columns = vec![
        "Month",
        "Contacted",
        "Responded",
        "Days to contact",
        "Others who bought",
        "Answer, contacted",
        "Answer, others",
    ];
    let row = |month: &MonthOfTriggers| {
        vec![
            month.month.clone(),
            share_text(&month.contacted),
            share_text(&month.responded),
            tenths_or_dash(month.days_to_contact),
            share_text(&month.self_serve_of_not_contacted),
            tenths_or_dash(month.nps_of_contacted),
            tenths_or_dash(month.nps_of_not_contacted),
        ]
    };
    section.rows = report.figures.triggers.months.iter().map(row).collect();
    section.below.push(
        "Responded is a share of the contacted. The others bought without sales (self-serve). Days are a median, and answers to nps a mean.".to_owned(),
    );
    section
}

fn ends(report: &BacktestReport) -> ReportSection {
    let mut section = ReportSection::new("How soon leads were accepted and won");
    section.columns = vec!["Outcome", "By 30 days", "By 60 days", "By 90 days", "Median days"];
    let row = |end: &EndOfTriggers| {
        let share = |place: usize| match end.by_days[place] {
            point if point.share.is_some() => {
                format!("{} [{}]", percent(point.share.unwrap_or(0.0)), interval_text(point.low, point.high))
            }
            _ => "-".to_owned(),
        };
        vec![end.outcome.to_owned(), share(0), share(1), share(2), tenths_or_dash(end.median_days)]
    };
    section.rows = report.figures.triggers.ends.iter().map(row).collect();
    section.below.push(
        "Shares are over all new leads, also those that are too new (cumulative incidence by Aalen and Johansen). A lost deal or a purchase without \
         sales ends a lead's story. The median is over leads that got there."
            .to_owned(),
    );
    section
}

fn deals(report: &BacktestReport) -> ReportSection {
    let deals = &report.figures.triggers.deals;
    let mut section = ReportSection::new("Where deals came from");
    section.columns = vec!["Origin", "Deals", "Amount", "Mean amount", "Days to win, median"];
    let row = |origin: &DealsOfOrigin| {
        vec![
            origin_text(origin.origin).to_owned(),
            origin.deals.to_string(),
            amount_text(origin.amount),
            amount_text(origin.mean_amount),
            tenths_or_dash(origin.median_cycle_days),
        ]
    };
    section.rows = deals.origins.iter().map(row).collect();
    section.below.push(
        "A deal is a new lead's if its opportunity, or else its win, came at most 90 days after the lead.".to_owned(),
    );
    if deals.currencies.len() > 1 {
        section.below.push(format!("Amounts are in {}, so they are not added up.", deals.currencies.join(", ")));
    }
    if let Some(share) = deals.expansion_share.filter(|share| *share > 0.0) {
        section.below.push(format!(
            "Expansion: {}, which is {} of won and expansion together.",
            amount_text(deals.expansion_amount),
            percent(share)
        ));
    }
    section
}

fn origin_text(origin: &str) -> &str {
    match origin {
        "pql" => "New lead",
        "qualified_before" => "Lead at the first date",
        "self_serve" => "Self-serve",
        _ => "Other",
    }
}

fn held_out(holdout: &HoldoutReport) -> ReportSection {
    let mut section = ReportSection::new("What contact adds");
    section.columns = vec!["Group", "Reached the goal", "95 % interval"];
    let row = |name: &str, share: &ReportedShare| {
        vec![name.to_owned(), share_text(share), interval_text(share.low, share.high)]
    };
    section.rows = vec![row("Not held out", &holdout.open), row("Held out", &holdout.held_out)];
    if holdout.too_small {
        section.below.push(match holdout.smallest_difference {
            Some(smallest) => format!(
                "Groups of these sizes show only differences of {} points and more, which is over half of the rate itself. So nothing is said about what contact adds.",
                tenths(smallest * 100.0)
            ),
            None => "One group is empty or nobody reached the goal. So nothing is said about what contact adds.".to_owned(),
        });
    } else if let (Some(difference), Some([low, high])) = (holdout.difference, holdout.difference_interval) {
        section.below.push(format!(
            "Difference: {} points (95 %: {} to {}). All leads are compared, contacted or not.",
            tenths(difference * 100.0),
            tenths(low * 100.0),
            tenths(high * 100.0)
        ));
        if low <= 0.0 && 0.0 <= high {
            section.below.push("The interval includes 0: contact may add nothing.".to_owned());
        }
    }
    section
}
