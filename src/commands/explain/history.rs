//! The dates on which the score or the tier of one entity changed.

use std::{cmp::Reverse, fmt::Write};

use serde::Serialize;

use pql_engine::{
    changes::{ChangeStep, ScoreChange},
    emit::JsonPoints,
};
use pql_model::{
    EntityKind,
    clock::format_day,
    diag::escape_controls,
    units::{Day, Points},
};

/// The history of one entity.
#[derive(Debug)]
pub struct EntityHistory {
    /// User or account.
    pub kind: EntityKind,
    /// As rows print it.
    pub id: String,
    /// A line for each date on which something changed, in order.
    pub lines: Vec<HistoryLine>,
}

/// A date on which the score or the tier changed.
#[derive(Debug)]
pub struct HistoryLine {
    /// The date of the run.
    pub date: Day,
    /// The score; none if the entity is in no list any more.
    pub score: Option<Points>,
    /// The tier; none if there are no tiers.
    pub tier: Option<String>,
    /// What gained or lost, the largest difference first.
    pub reasons: Vec<HistoryReason>,
}

/// What a signal gained or lost at one step.
#[derive(Debug)]
pub struct HistoryReason {
    /// The signal, or `cap:` and what is bounded.
    pub signal: String,
    /// The difference.
    pub points: Points,
    /// The step.
    pub step: ChangeStep,
}

/// A history as it is written.
#[derive(Debug, Serialize)]
pub struct HistoryRecord<'h> {
    level: &'static str,
    id: &'h str,
    history: Vec<LineRecord<'h>>,
}

#[derive(Debug, Serialize)]
struct LineRecord<'h> {
    date: String,
    score: Option<JsonPoints>,
    tier: Option<&'h str>,
    because: Vec<ReasonRecord<'h>>,
}

#[derive(Debug, Serialize)]
struct ReasonRecord<'h> {
    signal: &'h str,
    points: JsonPoints,
    step: &'static str,
}

impl HistoryLine {
    /// The line of a change that a run found.
    pub fn of_change(date: Day, change: &ScoreChange) -> HistoryLine {
        let reason = |reason: &pql_engine::changes::ChangeReason| HistoryReason {
            signal: reason.source.clone(),
            points: reason.points,
            step: reason.step,
        };
        HistoryLine {
            date,
            score: change.now.as_ref().map(|now| now.score),
            tier: change.now.as_ref().and_then(|now| now.tier.clone()),
            reasons: change.reasons.iter().map(reason).collect(),
        }
    }

    /// Puts the largest difference first.
    pub fn with_largest_first(mut self) -> HistoryLine {
        // The sort is stable, so ties stay in their order.
        self.reasons.sort_by_key(|reason| Reverse(reason.points.0.abs()));
        self
    }

    fn cells(&self) -> [String; 4] {
        let gone = "-".to_owned();
        let because: Vec<String> = self.reasons.iter().map(HistoryReason::text).collect();
        [
            format_day(self.date),
            self.score.map_or_else(|| gone.clone(), |score| score.to_string()),
            self.tier.as_deref().map_or(gone, escape_controls),
            because.join("; "),
        ]
    }
}

impl HistoryReason {
    /// As the list of changes shows it.
    fn text(&self) -> String {
        let sign = if self.points > Points::ZERO { "+" } else { "" };
        format!("{}:{sign}{}({})", self.signal, self.points, self.step.as_str())
    }
}

impl EntityHistory {
    /// For people.
    pub fn text(&self) -> String {
        let mut out = format!("{} {}\n\n", self.kind.word(), escape_controls(&self.id));
        if self.lines.is_empty() {
            out.push_str("nothing changed\n");
            return out;
        }
        let mut rows = vec![["date", "score", "tier", "because"].map(str::to_owned)];
        rows.extend(self.lines.iter().map(HistoryLine::cells));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (date, score, tier) = (width(0), width(1), width(2));
        for [day, points, name, because] in &rows {
            let line = format!("{day:date$}  {points:>score$}  {name:tier$}  {because}");
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}

impl<'h> HistoryRecord<'h> {
    /// The record of a history.
    pub fn new(history: &'h EntityHistory) -> HistoryRecord<'h> {
        HistoryRecord {
            level: history.kind.word(),
            id: &history.id,
            history: history.lines.iter().map(LineRecord::new).collect(),
        }
    }
}

impl<'h> LineRecord<'h> {
    fn new(line: &'h HistoryLine) -> LineRecord<'h> {
        let reason = |reason: &'h HistoryReason| ReasonRecord {
            signal: &reason.signal,
            points: JsonPoints(reason.points),
            step: reason.step.as_str(),
        };
        LineRecord {
            date: format_day(line.date),
            score: line.score.map(JsonPoints),
            tier: line.tier.as_deref(),
            because: line.reasons.iter().map(reason).collect(),
        }
    }
}
