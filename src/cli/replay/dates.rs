//! The dates of a replay.

use crate::cli::{CommandError, args::current_time};
use pql_engine::pipeline::AsOfRequest;
use pql_model::{
    clock::{AsOf, LAST_DAY, Zone, format_day, parse_day},
    units::{DAY_US, Day},
};

/// The time between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum ReplayStep {
    /// Some days.
    Days(u16),
    /// The last date of each month.
    Month,
}

impl ReplayStep {
    /// Reads `1d`, `2w` or `month`.
    ///
    /// # Errors
    /// What was expected.
    pub(in crate::cli) fn parse(text: &str) -> Result<ReplayStep, String> {
        let expected = || "expected days such as 1d, weeks such as 1w, or `month`".to_owned();
        if text == "month" {
            return Ok(ReplayStep::Month);
        }
        let (number, days) = match text.strip_suffix('d') {
            Some(number) => (number, 1),
            None => (text.strip_suffix('w').ok_or_else(expected)?, 7),
        };
        let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
        let count = number.parse::<u16>().ok().filter(|count| is_number && *count > 0).ok_or_else(expected)?;
        count.checked_mul(days).map(ReplayStep::Days).ok_or_else(expected)
    }
}

/// The dates at whose ends runs are replayed, in order; at least one.
#[derive(Debug)]
pub(in crate::cli) struct ReplayDates {
    days: Vec<Day>,
}

/// More runs than this are a mistyped date.
const RUNS_MAX: usize = 4000;

impl ReplayDates {
    /// The dates of a range, both ends included.
    ///
    /// # Errors
    /// Usage, if a date is none, the range is empty, or it has too many dates.
    pub(super) fn new(from: &str, to: &str, every: ReplayStep) -> Result<ReplayDates, CommandError> {
        let (first, last) = (date("--from", from)?, date("--to", to)?);
        if last < first {
            return Err(CommandError::usage(format!("--to {to} is before --from {from}; the range has no date")));
        }
        let today = (current_time(AsOfRequest::Latest).div_euclid(DAY_US)) as Day;
        if last > today + 1 {
            return Err(CommandError::usage(format!(
                "--to {to} lies in the future, where points only fade; choose a date up to today"
            )));
        }
        let days = stepped(first, last, every);
        if days.len() > RUNS_MAX {
            return Err(CommandError::usage(format!(
                "from {from} to {to} there are more than {RUNS_MAX} runs; choose a shorter range or a longer step with --every"
            )));
        }
        if days.is_empty() {
            return Err(CommandError::usage(format!(
                "no month ends from {from} to {to}; choose a longer range, or another step with --every"
            )));
        }
        Ok(ReplayDates { days })
    }

    /// The dates of a range by a step.
    ///
    /// # Errors
    /// Usage, if there are too many dates, or none.
    pub(in crate::cli) fn within(first: Day, last: Day, every: ReplayStep) -> Result<ReplayDates, CommandError> {
        let days = stepped(first, last, every);
        let range = [first, last].map(format_day);
        if days.len() > RUNS_MAX {
            return Err(CommandError::usage(format!(
                "from {} to {} there are more than {RUNS_MAX} dates; choose a shorter range or a longer step with --every",
                range[0], range[1]
            )));
        }
        if days.is_empty() {
            return Err(CommandError::usage(format!(
                "no month ends from {} to {}; choose a longer range, or another step with --every",
                range[0], range[1]
            )));
        }
        Ok(ReplayDates { days })
    }

    /// The dates of a range by a step, and the last one whatever the step.
    ///
    /// # Errors
    /// Usage, if there are too many dates.
    pub(in crate::cli) fn up_to(first: Day, last: Day, every: ReplayStep) -> Result<ReplayDates, CommandError> {
        let mut days = stepped(first, last, every);
        if days.len() > RUNS_MAX {
            let [first, last] = [first, last].map(format_day);
            return Err(CommandError::usage(format!(
                "from {first} to {last} there are more than {RUNS_MAX} runs; choose a longer step with --every"
            )));
        }
        if days.last() != Some(&last) {
            days.push(last);
        }
        Ok(ReplayDates { days })
    }

    fn last(&self) -> Day {
        *self.days.last().expect("there is at least one date")
    }

    /// The last date, as `--as-of` takes it.
    pub(super) fn last_text(&self) -> String {
        format_day(self.last())
    }

    /// The instants of the runs before the last, and of the last.
    pub(in crate::cli) fn instants(&self, zone: &Zone) -> (Vec<AsOf>, AsOf) {
        let mut all: Vec<AsOf> = self.days.iter().map(|day| AsOf::end_of_day(*day, zone)).collect();
        let last = all.pop().expect("there is at least one date");
        (all, last)
    }
}

/// The date of an option.
///
/// # Errors
/// Usage, for a text that is no date.
pub(in crate::cli) fn date(option: &str, text: &str) -> Result<Day, CommandError> {
    parse_day(text)
        .filter(|day| *day <= LAST_DAY)
        .ok_or_else(|| CommandError::usage(format!("{option} `{text}` is no date; expected one such as 2026-10-31")))
}

/// The dates of a range by a step, at most one more than a replay may have.
fn stepped(first: Day, last: Day, every: ReplayStep) -> Vec<Day> {
    match every {
        ReplayStep::Days(step) => (first..=last).step_by(usize::from(step)).take(RUNS_MAX + 1).collect(),
        ReplayStep::Month => (first..=last).filter(|day| ends_month(*day)).take(RUNS_MAX + 1).collect(),
    }
}

/// Whether a day is the last one of its month.
fn ends_month(day: Day) -> bool {
    format_day(day + 1).ends_with("-01")
}
