//! Everything that a back-test says.

use serde::Serialize;

use super::{
    against::ModelComparison, cohort::CohortCounts, deals::DealReport, holdout_effect::HoldoutReport,
    incidence::EndOfTriggers, months::MonthOfTriggers, ranking::RankingReport, signal_tally::SignalResult,
    threshold::ThresholdReport,
};

/// The question of a back-test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestQuestion {
    /// The name of the model.
    pub model: String,
    /// The SHA-256 of its text.
    pub model_hash: String,
    /// `account` or `user`.
    pub level: &'static str,
    /// The outcome that counts.
    pub goal: &'static str,
    /// How many local dates after a date it may come.
    pub horizon_days: u16,
    /// The first and the last date at which the model is asked.
    pub dates: [String; 2],
    /// The number of dates.
    pub date_count: u64,
    /// The last date of which outcomes are known.
    pub known_to: String,
    /// Traits of tables without dates, which are those of today at every date; of users, then of accounts.
    pub traits_of_today: [Vec<String>; 2],
    /// Whether these were left out.
    pub dated_only: bool,
}

/// Units that became leads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriggerReport {
    /// Units that became leads after the first date and had not reached the goal.
    pub triggers: u64,
    /// Units that were leads at the first date.
    pub stock: u64,
    /// Units that became leads when they had reached the goal.
    pub after_goal: u64,
    /// By month of the trigger.
    pub months: Vec<MonthOfTriggers>,
    /// Accepted and won by some days.
    pub ends: Vec<EndOfTriggers>,
    /// Deals by origin.
    pub deals: DealReport,
    /// Only if the model has a hold-out.
    pub holdout: Option<HoldoutReport>,
}

/// The figures of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestFigures {
    /// Who counts.
    pub cohort: CohortCounts,
    /// When units became leads, and what followed.
    pub triggers: TriggerReport,
    /// Whether a higher score means a better chance.
    pub ranking: RankingReport,
    /// By signal, in the order of the model; those of members of accounts last.
    pub signals: Vec<SignalResult>,
    /// Only with a capacity.
    pub threshold: Option<ThresholdReport>,
}

/// A back-test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BacktestReport {
    /// What was asked.
    pub question: BacktestQuestion,
    /// What was found.
    #[serde(flatten)]
    pub figures: BacktestFigures,
    /// Only with another model.
    pub against: Option<ModelComparison>,
}
