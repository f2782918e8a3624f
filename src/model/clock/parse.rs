//! Parses days and instants: RFC 3339, the variants of it that exports write, and numbers since 1970.
//!
//! All times of data are parsed here: those of events, of traits and conditions, and of rows.

use super::{INSTANT_MAX, INSTANT_MIN, Zone};
use crate::units::{DAY_US, Day, HOUR_US, Micros};

/// The reason why a text is not a usable time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeError {
    /// The text has none of the accepted forms.
    Malformed,
    /// The time lies outside the years 1 to 9999.
    OutOfRange,
    /// It is a number that is too small for a time since 1970.
    SmallNumber,
    /// It is such a number, of the size that a spreadsheet has for a date of our time: days since 1899-12-30.
    SerialNumber,
}

/// Parses the time of an event, in any of these forms, with white space around it:
///
/// - RFC 3339, also with a space for the `T` and without seconds;
/// - with the zone of a database (` UTC`, `+00`, `+0000`, ` +00:00`), or without one (then `zone`);
/// - a number since 1970, in seconds, milliseconds, microseconds or nanoseconds by its size.
///
/// Digits of a fraction beyond the sixth are cut off.
///
/// # Errors
///
/// [`TimeError`].
pub fn parse_instant(text: &str, zone: &Zone) -> Result<Micros, TimeError> {
    let text = text.trim();
    let at = match read_date_time(text.as_bytes()) {
        Some((local, Some(offset))) => local - offset,
        Some((local, None)) => zone.instant_of_local(local),
        None => read_epoch(text)?,
    };
    if (INSTANT_MIN..INSTANT_MAX).contains(&at) { Ok(at) } else { Err(TimeError::OutOfRange) }
}

/// Parses a time as [`parse_instant`] does, except that a number counts from 1970-01-01 on the wall
/// clock of the zone.
///
/// # Errors
///
/// As [`parse_instant`].
pub fn parse_wall_clock(text: &str, zone: &Zone) -> Result<Micros, TimeError> {
    let at = parse_instant(text, zone)?;
    Ok(if is_numeric(text.trim()) { zone.instant_of_local(at) } else { at })
}

/// Parses an instant with its zone, as `--as-of` takes it.
pub fn parse_rfc3339(text: &str) -> Option<Micros> {
    let (local, offset) = read_date_time(text.as_bytes())?;
    let at = local - offset?;
    (INSTANT_MIN..INSTANT_MAX).contains(&at).then_some(at)
}

/// Parses `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 { None } else { read_date(bytes) }
}

/// The number of two digits at an offset.
fn parse_two_digits(bytes: &[u8], at: usize) -> Option<i64> {
    let (a, b) = (*bytes.get(at)?, *bytes.get(at + 1)?);
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

/// The day number of a text that begins with `YYYY-MM-DD`.
pub(super) fn read_date(bytes: &[u8]) -> Option<Day> {
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = parse_two_digits(bytes, 0)? * 100 + parse_two_digits(bytes, 2)?;
    let (month, day) = (parse_two_digits(bytes, 5)?, parse_two_digits(bytes, 8)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > length {
        return None;
    }
    // Days since 1970 in the proleptic Gregorian calendar. Years begin in March, so that the leap
    // day is the last day of its year.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Day::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// The local microseconds and, if the text has a zone, its offset in microseconds.
fn read_date_time(bytes: &[u8]) -> Option<(i64, Option<i64>)> {
    if !matches!(bytes.get(10)?, b'T' | b't' | b' ') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let day = i64::from(read_date(bytes)?);
    let (hour, minute) = (parse_two_digits(bytes, 11)?, parse_two_digits(bytes, 14)?);
    let (second, fraction_us, rest) = match bytes.get(16..)? {
        [b':', ..] => {
            let (fraction_us, rest) = read_fraction(bytes.get(19..)?)?;
            (parse_two_digits(bytes, 17)?, fraction_us, rest)
        }
        rest => (0, 0, rest),
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = read_zone(rest)?;
    let local = day * DAY_US + hour * HOUR_US + minute * MINUTE_US + second * 1_000_000 + fraction_us;
    // A leap second is valid only as the last second of a UTC day. It is read as the second after.
    let leap_second_place = (local - offset.unwrap_or(0) - fraction_us).rem_euclid(DAY_US) == 0;
    if second == 60 && !leap_second_place {
        return None;
    }
    Some((local, offset))
}

/// The fraction of a second at the front, in microseconds (0 if there is none), and the rest.
fn read_fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = bytes.strip_prefix(b".") else { return Some((0, bytes)) };
    let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let (fraction, rest) = digits.split_at(length);
    let fraction_us = fraction.iter().chain(b"000000").take(6).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((fraction_us, rest))
}

/// The offset of a zone in microseconds; `Some(None)` if the text is empty.
fn read_zone(bytes: &[u8]) -> Option<Option<i64>> {
    let (sign, digits) = match bytes.trim_ascii_start() {
        [] => return bytes.is_empty().then_some(None),
        zone if zone.eq_ignore_ascii_case(b"Z") || zone.eq_ignore_ascii_case(b"UTC") => return Some(Some(0)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let minutes = match digits {
        [_, _] => 0,
        [_, _, b':', _, _] => parse_two_digits(digits, 3)?,
        [_, _, _, _] => parse_two_digits(digits, 2)?,
        _ => return None,
    };
    let hours = parse_two_digits(digits, 0)?;
    (hours <= 23 && minutes <= 59).then_some(Some(sign * (hours * HOUR_US + minutes * MINUTE_US)))
}

const MINUTE_US: i64 = 60_000_000;

/// True if the text is a number of the model language: `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
pub fn is_numeric(text: &str) -> bool {
    fn digits(bytes: &[u8]) -> Option<&[u8]> {
        let length = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        (length > 0).then(|| &bytes[length..])
    }
    let bytes = text.as_bytes();
    let Some(mut rest) = digits(bytes.strip_prefix(b"-").unwrap_or(bytes)) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let Some(after) = digits(fraction) else { return false };
        rest = after;
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        let unsigned = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let Some(after) = digits(unsigned) else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// Whole numbers below these count seconds, milliseconds and microseconds, in this order. All
/// others count nanoseconds.
pub(super) const SECONDS_END: i64 = 100_000_000_000;
pub(super) const MILLIS_END: i64 = 100_000_000_000_000;
pub(super) const MICROS_END: i64 = 100_000_000_000_000_000;

/// Numbers below this are not times. As seconds they would lie before March 1973.
pub(super) const SECONDS_START: i64 = 100_000_000;

/// The numbers of spreadsheets for dates from 1927 to 2173: days since 1899-12-30.
const SERIAL_NUMBERS: std::ops::Range<i128> = 10_000..100_000;

/// Parses a number since 1970, with the unit by its size. Decimals are exact, so that no digit of a
/// nanosecond is lost.
fn read_epoch(text: &str) -> Result<Micros, TimeError> {
    if !is_numeric(text) {
        return Err(TimeError::Malformed);
    }
    let expanded;
    let mut plain = text;
    if text.contains(['e', 'E']) {
        expanded = format!("{:.6}", text.parse::<f64>().map_err(|_| TimeError::Malformed)?);
        plain = &expanded;
    }
    let negative = plain.starts_with('-');
    let unsigned = plain.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole: i128 = whole.parse().map_err(|_| TimeError::Malformed)?;
    let digits = |count: usize| -> i128 { format!("{fraction:0<count$}")[..count].parse().unwrap_or(0) };
    let micros = match whole {
        _ if SERIAL_NUMBERS.contains(&whole) && !negative => return Err(TimeError::SerialNumber),
        _ if whole < i128::from(SECONDS_START) => return Err(TimeError::SmallNumber),
        _ if whole < i128::from(SECONDS_END) => whole * 1_000_000 + digits(6),
        _ if whole < i128::from(MILLIS_END) => whole * 1000 + digits(3),
        _ if whole < i128::from(MICROS_END) => whole,
        _ if negative => (whole + 999) / 1000,
        _ => whole / 1000,
    };
    // The saturated value lies outside the range of years, which the caller reports.
    Ok(i64::try_from(if negative { -micros } else { micros }).unwrap_or(i64::MAX))
}
