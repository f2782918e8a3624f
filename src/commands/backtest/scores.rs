//! Whether scores are right: tiers, order, capacity, signals, another model.

use super::{
    ReportSection,
    sections::{interval_text, percent, share_text, tenths, thousandths},
};
use pql_engine::backtest::{
    BacktestReport, ModelComparison, SignalResult, ThresholdReport, ThresholdResult, TierResult,
};
use pql_model::units::{format_number, plural};

pub(super) fn sections(report: &BacktestReport) -> Vec<ReportSection> {
    let mut all = vec![ranking(report)];
    all.extend(report.figures.threshold.as_ref().map(capacity));
    all.push(signals(report));
    all.extend(report.against.as_ref().map(against));
    all
}

fn ranking(report: &BacktestReport) -> ReportSection {
    let ranking = &report.figures.ranking;
    let mut section = ReportSection::new("Does a higher score mean a better chance?");
    section.columns =
        vec!["Tier", "Rows", "Reached the goal", "Rate", "95 % interval", "Lift", "Share of all that did"];
    let row = |name: &str, tier: &TierResult| {
        let ends = tier.rate_interval.map(|[low, high]| (low, high)).unzip();
        vec![
            name.to_owned(),
            tier.rows.to_string(),
            tier.positive.to_string(),
            tier.rate.map_or_else(|| "-".to_owned(), percent),
            interval_text(ends.0, ends.1),
            tier.lift.map_or_else(|| "-".to_owned(), tenths),
            tier.share_of_positive.map_or_else(|| "-".to_owned(), percent),
        ]
    };
    section.rows = ranking.tiers.iter().map(|tier| row(&tier.tier, tier)).collect();
    section.rows.push(row("all", &ranking.all));
    section.below.push(auc_text(report));
    for [better, worse] in &ranking.disordered {
        section.below.push(format!("The tier {worse} did better than {better}, which stands above it."));
    }
    if let Some(taken) = &ranking.at_capacity {
        let span = match (taken.least, taken.most) {
            (Some(least), Some(most)) if least < most => {
                format!(" (ties at the cut allow {} to {})", percent(least), percent(most))
            }
            _ => String::new(),
        };
        section.below.push(format!(
            "Of the {} at each date, {} reached the goal{span}. They are {} of all rows that did.",
            plural(taken.capacity, "highest score", "highest scores"),
            taken.precision.map_or_else(|| "-".to_owned(), percent),
            taken.recall.map_or_else(|| "-".to_owned(), percent)
        ));
    }
    section
}

fn auc_text(report: &BacktestReport) -> String {
    let ranking = &report.figures.ranking;
    match (ranking.auc, ranking.auc_interval) {
        (Some(auc), Some([low, high])) => format!(
            "Take a row that reached the goal and one of the same date that did not: in {} of pairs the first has the higher score (AUC {}, 95 %: {} to {}, over {}). Chance gives 50 %.",
            percent(auc),
            thousandths(Some(auc)),
            thousandths(Some(low)),
            thousandths(Some(high)),
            plural(ranking.auc_dates, "date", "dates")
        ),
        _ => "No date has both rows that reached the goal and rows that did not, so the order of scores cannot be judged.".to_owned(),
    }
}

fn capacity(threshold: &ThresholdReport) -> ReportSection {
    let mut section = ReportSection::new("Which score fits your capacity");
    section.above.push(format!("You can meet {} new leads a week.", format_number(threshold.capacity_per_week)));
    section.columns =
        vec!["From score", "New leads a week", "In a busy week", "Reached the goal", "Share of all that did"];
    let row = |name: &str, line: &ThresholdResult| {
        vec![
            format!("{}{name}", format_number(line.score)),
            tenths(line.per_week),
            tenths(line.busy_week),
            share_text(&line.precision),
            share_text(&line.recall),
        ]
    };
    let lines = [(" (higher)", &threshold.higher), (" (fits)", &threshold.chosen), (" (lower)", &threshold.lower)];
    section.rows = lines.iter().filter_map(|(name, line)| Some(row(name, line.as_ref()?))).collect();
    section.below.push("Nine of ten weeks have no more new leads than a busy week.".to_owned());
    if threshold.chosen.is_none() {
        section.below.push("No score keeps within this capacity.".to_owned());
    }
    section
}

fn signals(report: &BacktestReport) -> ReportSection {
    let mut section = ReportSection::new("What each signal says");
    section.columns = vec!["Signal", "Points", "Rate if it fired", "Rate if not", "Lift", "AUC alone", "Note"];
    let (fired, silent): (Vec<&SignalResult>, Vec<&SignalResult>) =
        report.figures.signals.iter().partition(|signal| signal.if_fired.of > 0 || signal.leak);
    section.rows = fired.into_iter().map(signal_row).collect();
    if !silent.is_empty() {
        let names: Vec<&str> = silent.iter().map(|signal| signal.signal.as_str()).collect();
        section.below.push(format!("Fired for no row, so there is not enough data: {}.", names.join(", ")));
    }
    for signal in report.figures.signals.iter().filter(|signal| signal.leak) {
        section.below.push(leak_text(signal));
    }
    section.below.push("A signal that fires for those that buy anyway is no cause of buying.".to_owned());
    section
}

fn signal_row(signal: &SignalResult) -> Vec<String> {
    let [least, most] = signal.points.map(format_number);
    let verdict = match (signal.leak, signal.enough) {
        (true, _) => "leak?",
        (false, true) => "",
        (false, false) => "not enough data",
    };
    vec![
        signal.signal.clone(),
        if least == most { most } else { format!("{least} to {most}") },
        share_text(&signal.if_fired),
        share_text(&signal.if_not),
        signal.lift.map_or_else(|| "-".to_owned(), tenths),
        thousandths(signal.auc),
        verdict.to_owned(),
    ]
}

fn leak_text(signal: &SignalResult) -> String {
    let name = &signal.signal;
    let late = &signal.first_fired_just_before;
    if late.share.is_some_and(|share| share > 0.5) {
        format!(
            "{name} first fired in the last day before the goal for {}. It may be the outcome itself, which nobody knows in time.",
            share_text(late)
        )
    } else {
        format!(
            "{name} alone tells nearly all outcomes (AUC {}). It may be the outcome under another name.",
            thousandths(signal.auc)
        )
    }
}

fn against(comparison: &ModelComparison) -> ReportSection {
    let mut section = ReportSection::new("Against the other model");
    section.columns = vec!["Model", "AUC"];
    section.rows = vec![
        vec!["this one".to_owned(), thousandths(comparison.auc)],
        vec!["the other one".to_owned(), thousandths(comparison.other_auc)],
    ];
    section.below.push(format!("Both are judged by the same {}.", plural(comparison.rows, "row", "rows")));
    if comparison.left_out > 0 {
        let rows = plural(comparison.left_out, "row is", "rows are");
        section.below.push(format!("{rows} left out, since only one of the models has them."));
    }
    if let (Some(difference), Some([low, high])) = (comparison.difference, comparison.difference_interval) {
        let verdict = if low > 0.0 {
            "This model orders them better."
        } else if high < 0.0 {
            "The other model orders them better."
        } else {
            "The interval includes 0: the data cannot tell which is better."
        };
        section.below.push(format!("Difference {difference:.3} (95 %: {low:.3} to {high:.3}). {verdict}"));
    }
    section
}
