//! What is asked of a back-test: the goal, the horizon, the capacity and the dates.

use super::BacktestArguments;
use crate::cli::{
    CommandError,
    replay::dates::{ReplayDates, date},
};
use pql_engine::{backtest::LeadCapacity, outcomes::OutcomeTable};
use pql_model::{
    clock::{AsOf, Zone, format_day},
    resolved::OutcomeWord,
    units::{Day, Micros},
};

/// Reads a goal.
///
/// # Errors
/// What was expected.
pub(super) fn parse_goal(text: &str) -> Result<OutcomeWord, String> {
    let is_goal = |word: &OutcomeWord| *word != OutcomeWord::Nps;
    OutcomeWord::parse(text).filter(is_goal).ok_or_else(|| {
        let names: Vec<&str> = OutcomeWord::ALL.iter().filter(|word| is_goal(word)).map(|word| word.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Reads days such as `60d`, or weeks such as `8w`.
///
/// # Errors
/// What was expected.
pub(super) fn parse_horizon(text: &str) -> Result<u16, String> {
    let expected = || "expected days such as 60d, at most 1000".to_owned();
    let (number, days) = match text.strip_suffix('d') {
        Some(number) => (number, 1),
        None => (text.strip_suffix('w').ok_or_else(expected)?, 7),
    };
    whole_number(number)
        .and_then(|count| count.checked_mul(days))
        .filter(|days| (1..=1000).contains(days))
        .ok_or_else(expected)
}

/// Reads a capacity such as `20/1w`.
///
/// # Errors
/// What was expected.
pub(super) fn parse_capacity(text: &str) -> Result<LeadCapacity, String> {
    let expected = || "expected leads and weeks such as 20/1w".to_owned();
    let (leads, weeks) = text.split_once('/').ok_or_else(expected)?;
    let weeks = match weeks {
        "w" => 1,
        _ => weeks.strip_suffix('w').and_then(whole_number).filter(|weeks| *weeks > 0).ok_or_else(expected)?,
    };
    let leads = whole_number(leads).filter(|leads| *leads > 0).ok_or_else(expected)?;
    Ok(LeadCapacity { leads: u64::from(leads), weeks })
}

fn whole_number(text: &str) -> Option<u16> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The dates that are asked for, or those of the events.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedPeriod {
    pub(super) first: Day,
    pub(super) last: Day,
}

impl AskedPeriod {
    /// The period of the options, within the dates of the events.
    ///
    /// # Errors
    /// Usage, for dates that are none, or that hold no event.
    pub(super) fn new(arguments: &BacktestArguments, events: [Day; 2]) -> Result<AskedPeriod, CommandError> {
        let given =
            |option, text: &Option<String>, default| text.as_ref().map_or(Ok(default), |text| date(option, text));
        let first = given("--from", &arguments.from, events[0])?;
        let last = given("--to", &arguments.to, events[1])?;
        if last < first {
            let [first, last] = [first, last].map(format_day);
            return Err(CommandError::usage(format!(
                "the last date {last} is before the first date {first}; choose others with --from and --to"
            )));
        }
        Ok(AskedPeriod { first, last })
    }

    /// The instants of the dates, the last of which ends the run.
    ///
    /// # Errors
    /// Usage, if there are too many dates.
    pub(super) fn instants(self, arguments: &BacktestArguments, zone: &Zone) -> Result<Vec<AsOf>, CommandError> {
        let (mut dates, last) = ReplayDates::within(self.first, self.last, arguments.every)?.instants(zone);
        dates.push(last);
        Ok(dates)
    }
}

/// The first instant of which no outcome is known: the end of a date that is given, else of the date of the newest outcome.
///
/// # Errors
/// Usage, for a date that is none, and for files without an outcome.
pub(super) fn known_to(
    arguments: &BacktestArguments,
    table: &OutcomeTable,
    zone: &Zone,
) -> Result<Micros, CommandError> {
    if let Some(text) = &arguments.known_to {
        return Ok(AsOf::end_of_day(date("--known-to", text)?, zone).instant);
    }
    let newest = table.rows.iter().map(|row| row.day).max();
    newest.map(|day| AsOf::end_of_day(day, zone).instant).ok_or_else(|| {
        CommandError::usage(
            "the files of --outcomes give no outcome that can be used, so nothing can be judged".to_owned(),
        )
    })
}
