//! Time in the naive scorer: instants in microseconds, local dates, windows and calendar weeks.

use super::value::{date_text, numeric_text};
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::Value as Json;

pub const HOUR: i64 = 3_600_000_000;
pub const DAY: i64 = 24 * HOUR;

/// The zone, the as-of point and the first day of the week.
pub struct Clock {
    pub zone: TimeZone,
    pub as_of: i64,
    pub today: Date,
    pub week_start: Weekday,
}

impl Clock {
    /// `as_of` is an instant, or a date that includes its end.
    pub fn new(zone: TimeZone, week_start: Weekday, as_of: &str) -> Clock {
        let as_of = match date_text(as_of) {
            Some(date) => start_of_day(&zone, date.tomorrow().expect("a date has a next one")),
            None => instant_text(as_of, &TimeZone::UTC).expect("as_of is an instant or a date"),
        };
        let today = date_in(&zone, as_of - 1);
        Clock { zone, as_of, today, week_start }
    }

    /// The local date of an instant.
    pub fn date(&self, instant: i64) -> Date {
        date_in(&self.zone, instant)
    }

    /// The first dates of the complete weeks of an entity with this start date: at most 13, newest
    /// last.
    pub fn weeks(&self, start: Date) -> Vec<Date> {
        let mut first = self.today;
        while first.weekday() != self.week_start {
            first = plus_days(first, -1);
        }
        let mut weeks = Vec::new();
        if self.as_of < start_of_day(&self.zone, plus_days(first, 7)) {
            first = plus_days(first, -7);
        }
        while weeks.len() < 13 && first > start {
            weeks.push(first);
            first = plus_days(first, -7);
        }
        weeks.reverse();
        weeks
    }
}

pub fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("the zone is a known one")
}

pub fn date_in(zone: &TimeZone, instant: i64) -> Date {
    Timestamp::from_microsecond(instant).expect("the instant is in range").to_zoned(zone.clone()).date()
}

/// The first instant of a local date, or of the next one that exists.
pub fn start_of_day(zone: &TimeZone, date: Date) -> i64 {
    date.to_zoned(zone.clone()).expect("the date is in range").timestamp().as_microsecond()
}

pub fn plus_days(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).expect("the date is in range")
}

/// The number of days from `from` to `to`.
pub fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).expect("both dates are in range").get_days().into()
}

/// The microseconds of a duration such as `36h`; a day has 24 hours.
pub fn duration(text: &str) -> i64 {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).expect("a duration has a unit");
    let count: i64 = text[..unit_at].parse().expect("a duration begins with a number");
    count * unit(&text[unit_at..])
}

/// The microseconds of a unit of time.
pub fn unit(name: &str) -> i64 {
    match name {
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        other => panic!("unknown unit {other}"),
    }
}

pub fn weekday(name: &str) -> Weekday {
    match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        other => panic!("unknown weekday {other}"),
    }
}

/// The time of a record: RFC 3339, the same without a zone, or a number whose size tells its unit.
pub fn instant(json: &Json, unzoned: &TimeZone) -> Option<i64> {
    match json {
        Json::Number(n) => numeric_instant(&n.to_string()),
        Json::String(s) if numeric_text(s).is_some() => numeric_instant(s),
        Json::String(s) => instant_text(s, unzoned),
        _ => None,
    }
}

pub fn instant_text(text: &str, unzoned: &TimeZone) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_nanosecond().div_euclid(1000) as i64);
    }
    let local: DateTime = text.parse().ok()?;
    let timestamp = unzoned.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(timestamp.as_nanosecond().div_euclid(1000) as i64)
}

/// Parses plain decimal digits exactly; other notations become a floating-point number.
fn numeric_instant(text: &str) -> Option<i64> {
    let value = numeric_text(text)?;
    let per_microsecond = match value.abs() {
        v if v < 1e11 => (1_000_000, 1),
        v if v < 1e14 => (1_000, 1),
        v if v < 1e17 => (1, 1),
        _ => (1, 1000),
    };
    let (factor, divisor): (i128, i128) = per_microsecond;
    if text.contains(['e', 'E']) {
        return Some((value * factor as f64 / divisor as f64).floor() as i64);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10_i128.checked_pow(fraction.len() as u32)?;
    Some((digits * factor).div_euclid(divisor * scale) as i64)
}

/// An instant in RFC 3339 and UTC. A fraction of zero is left out.
pub fn instant_cell(instant: i64) -> String {
    Timestamp::from_microsecond(instant).expect("the instant is in range").to_string()
}
