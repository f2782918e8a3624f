//! Zones, local days, text to instants, and the point in time that a run looks from.
//!
//! Nothing here reads a clock: the present is an argument.

use jiff::{civil, tz::TimeZone};

use crate::units::{DAY_US, Day, HOUR_US, Micros, push_fraction};

/// The first instant that an event may have: 0001-01-02, so that its local date exists in every zone.
const INSTANT_MIN: Micros = -62_135_510_400_000_000;
/// The first instant that is too late for an event: 9999-12-30, for the same reason.
const INSTANT_MAX: Micros = 253_402_128_000_000_000;

/// The last local date that all of an event can lie in, in every zone: 9999-12-28.
pub const LAST_DAY: Day = (INSTANT_MAX / DAY_US) as Day - 2;

/// An IANA time zone from the compiled-in database.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    /// None for zones that are UTC by definition, which need no look-up.
    rules: Option<TimeZone>,
    /// Stretches of one offset from 1970 on, in order; what lies before or after is asked of the rules.
    spans: Vec<Span>,
}

/// How many stretches are remembered: enough for more than a century of summer times.
const SPANS_MAX: usize = 300;

impl Zone {
    /// UTC.
    pub fn utc() -> Zone {
        Zone {
            name: "UTC".to_owned(),
            rules: None,
            spans: vec![Span { from: Micros::MIN, until: Micros::MAX, offset: 0 }],
        }
    }

    /// The zone of an IANA name, in any case; none if the database has no such zone.
    pub fn named(name: &str) -> Option<Zone> {
        let rules = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        let name = rules.iana_name().unwrap_or(name).to_owned();
        if matches!(name.as_str(), "UTC" | "Etc/UTC") {
            return Some(Zone { name, ..Zone::utc() });
        }
        let mut zone = Zone { name, rules: Some(rules), spans: Vec::new() };
        let mut at = 0;
        while zone.spans.len() < SPANS_MAX {
            let span = zone.span_by_rules(at);
            zone.spans.push(span);
            if span.until == Micros::MAX {
                break;
            }
            at = span.until;
        }
        Some(zone)
    }

    /// Every name that the database has, for suggestions.
    pub fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the wall clock shows UTC.
    pub fn is_utc(&self) -> bool {
        self.rules.is_none()
    }

    /// The local date of an instant.
    pub fn day(&self, at: Micros) -> Day {
        self.span_around(at).day(at)
    }

    /// The first instant of a local date (of the next date that exists, where a zone has skipped one).
    pub fn day_start(&self, day: Day) -> Micros {
        let Some(rules) = &self.rules else { return Micros::from(day) * DAY_US };
        let start = civil_date(day).to_zoned(rules.clone());
        start.map_or(Micros::from(day) * DAY_US, |zoned| zoned.timestamp().as_microsecond())
    }

    /// The instant of a local date and time; in a gap or fold, as RFC 5545 reads it.
    fn instant_of_local(&self, local_us: i64) -> Micros {
        let Some(rules) = &self.rules else { return local_us };
        let day = local_us.div_euclid(DAY_US);
        let rest = local_us.rem_euclid(DAY_US);
        let Ok(day) = Day::try_from(day) else { return local_us };
        let time = civil::Time::midnight() + jiff::SignedDuration::from_micros(rest);
        let zoned = civil_date(day).to_datetime(time).to_zoned(rules.clone());
        zoned.map_or(local_us, |zoned| zoned.timestamp().as_microsecond())
    }

    /// A stretch around an instant in which the zone's offset is one and the same.
    fn span_around(&self, at: Micros) -> Span {
        let after = self.spans.partition_point(|span| span.from <= at);
        match after.checked_sub(1).and_then(|index| self.spans.get(index)) {
            Some(span) if at < span.until => *span,
            _ => self.span_by_rules(at),
        }
    }

    fn span_by_rules(&self, at: Micros) -> Span {
        let Some(rules) = &self.rules else { return Span { from: Micros::MIN, until: Micros::MAX, offset: 0 } };
        let Ok(stamp) = jiff::Timestamp::from_microsecond(at) else {
            return Span { from: at, until: at, offset: 0 };
        };
        let offset = i64::from(rules.to_offset(stamp).seconds()) * 1_000_000;
        // `preceding` is strictly before; a transition at this very instant begins the span.
        let from = match rules.following(stamp - jiff::SignedDuration::from_micros(1)).next() {
            Some(next) if next.timestamp() == stamp => at,
            _ => rules.preceding(stamp).next().map_or(Micros::MIN, |t| t.timestamp().as_microsecond()),
        };
        let until = rules.following(stamp).next().map_or(Micros::MAX, |t| t.timestamp().as_microsecond());
        Span { from, until, offset }
    }
}

/// A stretch of time with one offset. **Units**: microseconds.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Micros,
    until: Micros,
    offset: i64,
}

impl Span {
    fn day(&self, at: Micros) -> Day {
        Day::try_from((at + self.offset).div_euclid(DAY_US)).unwrap_or(0)
    }
}

/// Instants to local dates for one thread, remembering the last stretch of one offset.
#[derive(Debug)]
pub struct DayReader<'z> {
    zone: &'z Zone,
    span: Span,
    /// The date given last, from its first instant in the span to the one after its last.
    last: (Micros, Micros, Day),
}

impl<'z> DayReader<'z> {
    /// A reader for one zone.
    pub fn new(zone: &'z Zone) -> DayReader<'z> {
        DayReader { zone, span: zone.span_around(0), last: (0, 0, 0) }
    }

    /// The local date of an instant.
    pub fn day(&mut self, at: Micros) -> Day {
        let (from, until, day) = self.last;
        if (from..until).contains(&at) {
            return day;
        }
        if at < self.span.from || at >= self.span.until {
            self.span = self.zone.span_around(at);
        }
        let day = self.span.day(at);
        let midnight = i64::from(day) * DAY_US - self.span.offset;
        self.last = (midnight.max(self.span.from), (midnight + DAY_US).min(self.span.until), day);
        day
    }
}

/// The point in time that a run looks from, and the local dates that follow from it.
#[derive(Debug, Clone, Copy)]
pub struct AsOf {
    /// An event counts only if its time is before this.
    pub instant: Micros,
    /// D: the local date of the last microsecond before `instant`.
    pub day: Day,
    /// Whether D goes on after `instant`.
    pub partial: bool,
}

impl AsOf {
    /// Looks from an instant in a zone.
    pub fn new(instant: Micros, zone: &Zone) -> AsOf {
        let day = zone.day(instant - 1);
        AsOf { instant, day, partial: zone.day(instant) == day }
    }

    /// The end of a local date.
    pub fn end_of(day: Day, zone: &Zone) -> AsOf {
        AsOf::new(zone.day_start(day + 1), zone)
    }
}

/// A window of whole local dates relative to D, or to an entity's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// The last so many dates, moved back by so many.
    Last { days: i32, ago: i32 },
    /// From the first of D's month to D.
    Month,
    /// The first so many dates of the entity.
    First { days: i32 },
}

impl Window {
    /// The first and last date of the window.
    pub fn dates(self, today: Day, start: Day) -> (Day, Day) {
        match self {
            Window::Last { days, ago } => {
                let last = today.saturating_sub(ago);
                (last.saturating_sub(days - 1), last)
            }
            Window::Month => (today - i32::from(civil_date(today).day()) + 1, today),
            Window::First { days } => (start, start.saturating_add(days - 1)),
        }
    }
}

/// The calendar date of a day number.
pub fn civil_date(day: Day) -> civil::Date {
    // Days of events lie between the years 1 and 9999, where jiff has every date; the clamp is for windows that reach beyond.
    civil::Date::new(1970, 1, 1)
        .and_then(|epoch| epoch.checked_add(jiff::Span::new().try_days(day)?))
        .unwrap_or(if day < 0 { civil::Date::MIN } else { civil::Date::MAX })
}

/// The number of the weekday of a date: Monday is 0.
pub fn weekday(day: Day) -> i32 {
    (day + 3).rem_euclid(7)
}

/// `YYYY-MM-DD`.
pub fn day_text(day: Day) -> String {
    let mut text = String::new();
    push_day(&mut text, day);
    text
}

/// As [`day_text`], at the end of a text.
///
/// **Source**: the year, month and day of a day number as in Howard Hinnant's "chrono-compatible low-level date algorithms"; years begin in
/// March, so that the leap day is the last of its year.
pub fn push_day(text: &mut String, day: Day) {
    let day = i64::from(day.clamp(DAY_MIN, DAY_MAX)) + 719_468;
    let (era, day_of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    push_two(text, year / 100);
    push_two(text, year % 100);
    text.push('-');
    push_two(text, month);
    text.push('-');
    push_two(text, day_of_month);
}

/// The first and the last day that has a year of four digits: 0000-01-01 and 9999-12-31.
const DAY_MIN: Day = -719_528;
const DAY_MAX: Day = 2_932_896;

/// Writes the last two digits of a number that is not negative.
fn push_two(text: &mut String, number: i64) {
    let digits = [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

/// RFC 3339 in UTC, with a fraction only where there is one.
pub fn instant_text(at: Micros) -> String {
    let mut text = String::new();
    push_instant(&mut text, at);
    text
}

/// As [`instant_text`], at the end of a text.
pub fn push_instant(text: &mut String, at: Micros) {
    push_day(text, Day::try_from(at.div_euclid(DAY_US)).unwrap_or(0));
    let of_day = at.rem_euclid(DAY_US);
    let seconds = of_day / 1_000_000;
    for (mark, part) in [('T', seconds / 3600), (':', seconds / 60 % 60), (':', seconds % 60)] {
        text.push(mark);
        push_two(text, part);
    }
    push_fraction(text, (of_day % 1_000_000).unsigned_abs(), 6);
    text.push('Z');
}

/// Why a text is no usable time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeError {
    /// It is no time in any of the forms that are read.
    Malformed,
    /// It is a time, but not between the years 1 and 9999.
    OutOfRange,
}

/// Reads the time of an event: RFC 3339, the same without a zone (read in `zone`), or a number of seconds, milliseconds,
/// microseconds or nanoseconds since 1970, told by its size.
///
/// **Errors**: [`TimeError`]; more than six digits of a fraction are cut off, not refused.
pub fn parse_instant(text: &str, zone: &Zone) -> Result<Micros, TimeError> {
    let at = match read_rfc3339(text.as_bytes()) {
        Some((local, Some(offset))) => local - offset,
        Some((local, None)) => zone.instant_of_local(local),
        None => read_epoch(text).ok_or(TimeError::Malformed)?,
    };
    if (INSTANT_MIN..INSTANT_MAX).contains(&at) { Ok(at) } else { Err(TimeError::OutOfRange) }
}

/// Reads the times of events for one thread, remembering the last date.
#[derive(Debug)]
pub struct InstantReader<'z> {
    zone: &'z Zone,
    /// `YYYY-MM-DDT`, and the first microsecond of that date in UTC.
    date: [u8; 11],
    day_us: i64,
}

impl<'z> InstantReader<'z> {
    /// A reader that takes times without a zone to be in this one.
    pub fn new(zone: &'z Zone) -> InstantReader<'z> {
        InstantReader { zone, date: [0; 11], day_us: 0 }
    }

    /// As [`parse_instant`]. Times in UTC of the date that was read last, which most times are, take a shorter way.
    pub fn parse(&mut self, text: &str) -> Result<Micros, TimeError> {
        if let Some(at) = self.of_same_date(text.as_bytes()) {
            return Ok(at);
        }
        let at = parse_instant(text, self.zone)?;
        if let Some(date) = text.as_bytes().first_chunk::<11>()
            && date[10] == b'T'
            && let Some(day) = read_date(date)
        {
            self.date = *date;
            self.day_us = i64::from(day) * DAY_US;
        }
        Ok(at)
    }

    /// The instant of `YYYY-MM-DDThh:mm:ss[.fraction]Z`, if the date is the one that was read last.
    #[inline]
    fn of_same_date(&self, bytes: &[u8]) -> Option<Micros> {
        let (date, rest) = bytes.split_first_chunk::<11>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        // A date that was read is within the years that are read, but for the very first and last ones, which take the long way.
        if *date != self.date || !(INSTANT_MIN + DAY_US..INSTANT_MAX - DAY_US).contains(&self.day_us) {
            return None;
        }
        let of_day = seconds_of_day(*time)?;
        let fraction_us = match rest {
            [b'Z'] => 0,
            [b'.', digits @ .., b'Z'] if (1..=6).contains(&digits.len()) => {
                let mut fraction = 0;
                for byte in digits {
                    let digit = byte.wrapping_sub(b'0');
                    if digit > 9 {
                        return None;
                    }
                    fraction = fraction * 10 + i64::from(digit);
                }
                const SCALE: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
                fraction * SCALE[digits.len()]
            }
            _ => return None,
        };
        Some(self.day_us + of_day * 1_000_000 + fraction_us)
    }
}

/// The seconds since midnight of `hh:mm:ss`, all eight bytes at once; none if it is no time of a day, or a leap second.
#[inline]
fn seconds_of_day(time: [u8; 8]) -> Option<i64> {
    /// What is left of each byte without that of `00:00:00` is a digit, or nothing where a colon is.
    const ZERO: u64 = u64::from_le_bytes(*b"00:00:00");
    const COLONS: u64 = 0x0000_ff00_00ff_0000;
    const ABOVE_NINE: u64 = 0x7676_7676_7676_7676;
    const TOP_BITS: u64 = 0x8080_8080_8080_8080;
    let digits = u64::from_le_bytes(time) ^ ZERO;
    // A byte above nine reaches its top bit if 0x76 is added, and the top bits of bytes that have one are seen without.
    let carries = (digits & !TOP_BITS).wrapping_add(ABOVE_NINE) | digits;
    if digits & COLONS != 0 || carries & TOP_BITS != 0 {
        return None;
    }
    // No byte of the sum is above 99, so none spills into the next.
    let pairs = digits * 10 + (digits >> 8);
    let pair = |at: u32| (pairs >> (8 * at) & 0xff) as i64;
    let (hour, minute, second) = (pair(0), pair(3), pair(6));
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 60 + minute) * 60 + second)
}

/// Reads a time as [`parse_instant`] does, but a number counts from midnight of 1970-01-01 on the wall clock of the zone, as if that were UTC.
///
/// **Errors**: as there.
pub fn parse_wall_clock(text: &str, zone: &Zone) -> Result<Micros, TimeError> {
    let at = parse_instant(text, zone)?;
    Ok(if is_numeric(text) { zone.instant_of_local(at) } else { at })
}

/// Reads an instant with its zone, as `--as-of` takes it.
pub fn parse_rfc3339(text: &str) -> Option<Micros> {
    let (local, offset) = read_rfc3339(text.as_bytes())?;
    let at = local - offset?;
    (INSTANT_MIN..INSTANT_MAX).contains(&at).then_some(at)
}

/// Reads `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 { None } else { read_date(bytes) }
}

/// Two digits at a place.
fn two(bytes: &[u8], at: usize) -> Option<i64> {
    let (a, b) = (*bytes.get(at)?, *bytes.get(at + 1)?);
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

/// The day number of the `YYYY-MM-DD` at the front.
fn read_date(bytes: &[u8]) -> Option<Day> {
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
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
    // Days since 1970 of a proleptic Gregorian date; years begin in March so that the leap day is the last of its year.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Day::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// The local microseconds and, if there is a zone, the offset in microseconds.
fn read_rfc3339(bytes: &[u8]) -> Option<(i64, Option<i64>)> {
    if bytes.len() < 19 || !matches!(bytes[10], b'T' | b't' | b' ') || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let day = i64::from(read_date(bytes)?);
    let (hour, minute, second) = (two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &bytes[19..];
    let mut fraction_us = 0;
    if let Some((b'.', digits)) = rest.split_first() {
        let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        for digit in digits[..length].iter().chain(b"000000").take(6) {
            fraction_us = fraction_us * 10 + i64::from(digit - b'0');
        }
        rest = &digits[length..];
    }
    let offset = match rest {
        [] => None,
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (two(rest, 1)?, two(rest, 4)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = hours * HOUR_US + minutes * 60_000_000;
            Some(if *sign == b'-' { -offset } else { offset })
        }
        _ => return None,
    };
    let local = day * DAY_US + hour * HOUR_US + minute * 60_000_000 + second * 1_000_000 + fraction_us;
    // A leap second exists only as the last second of a UTC day; it is read as the second after.
    let leap_second_place = (local - offset.unwrap_or(0) - fraction_us).rem_euclid(DAY_US) == 0;
    if second == 60 && !leap_second_place {
        return None;
    }
    Some((local, offset))
}

/// Whether a text is a number as the model language reads numeric text: `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
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

/// A number since 1970, its unit told by its size; exact for decimals, so that no digit of a nanosecond is lost.
fn read_epoch(text: &str) -> Option<Micros> {
    if !is_numeric(text) {
        return None;
    }
    let expanded;
    let mut plain = text;
    if text.contains(['e', 'E']) {
        expanded = format!("{:.6}", text.parse::<f64>().ok()?);
        plain = &expanded;
    }
    let negative = plain.starts_with('-');
    let (whole, fraction) =
        plain.trim_start_matches('-').split_once('.').unwrap_or((plain.trim_start_matches('-'), ""));
    let whole: i128 = whole.parse().ok()?;
    let digits = |count: usize| -> i128 { format!("{fraction:0<count$}")[..count].parse().unwrap_or(0) };
    let micros = match whole {
        0..100_000_000_000 => whole * 1_000_000 + digits(6),
        100_000_000_000..100_000_000_000_000 => whole * 1000 + digits(3),
        100_000_000_000_000..100_000_000_000_000_000 => whole,
        _ if negative => (whole + 999) / 1000,
        _ => whole / 1000,
    };
    // Beyond any year, but still a time: the caller says that it is out of range.
    Some(i64::try_from(if negative { -micros } else { micros }).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        parse_instant(text, &Zone::utc()).ok().map(instant_text)
    }

    #[test]
    fn instants_and_days_are_written_as_jiff_writes_them() {
        let day_us = DAY_US + 86_399_999_999;
        for step in -70_000_i64..290_000 {
            // Steps of about ten days that move through the day, over all years that events may have.
            let at = step * 10 * day_us / 2 + step.rem_euclid(7) * 100_000;
            if !(INSTANT_MIN..INSTANT_MAX).contains(&at) {
                continue;
            }
            let stamp = jiff::Timestamp::from_microsecond(at).expect("in range");
            assert_eq!(instant_text(at), stamp.to_string());
            let day = Day::try_from(at.div_euclid(DAY_US)).expect("in range");
            assert_eq!(day_text(day), civil_date(day).to_string());
        }
        assert_eq!(instant_text(1), "1970-01-01T00:00:00.000001Z");
        assert_eq!(instant_text(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn a_reader_that_remembers_reads_as_one_that_does_not() {
        let zone = Zone::named("America/New_York").expect("known");
        let mut reader = InstantReader::new(&zone);
        let mut days = DayReader::new(&zone);
        let times = [
            "2026-03-08T00:00:00Z",
            "2026-03-08T06:59:59.999999Z",
            "2026-03-08T07:00:00.5Z",
            "2026-03-08T23:59:60Z",
            "2026-03-08T24:00:00Z",
            "2026-03-08T05:00:00Z",
            "2026-03-08T04:59:59Z",
            "2026-03-08T1x:00:00Z",
            "2026-03-08T10:00:00.Z",
            "2026-03-08T10:00:00.1234567Z",
            "2026-03-08T10:00:00.12a",
            "2026-03-08T10:00:00+01:00",
            "2026-03-08T10:00:00",
            "2026-03-08 10:00:00Z",
            "2026-03-09T03:59:59Z",
            "2026-03-09T04:00:00Z",
            "2026-02-30T10:00:00Z",
            "0001-01-01T00:00:00Z",
            "0001-01-02T12:00:00Z",
            "0001-01-02T13:00:00Z",
            "9999-12-30T11:00:00Z",
            "9999-12-30T12:00:00Z",
            "1772442847622",
            "",
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:30:00Z",
            "2026-11-02T04:59:59Z",
            "2026-11-02T05:00:00Z",
        ];
        for text in times.iter().chain(&times) {
            let at = reader.parse(text);
            assert_eq!(at, parse_instant(text, &zone), "{text}");
            if let Ok(at) = at {
                assert_eq!(days.day(at), zone.day(at), "{text}");
            }
        }
    }

    #[test]
    fn seconds_of_a_day_are_those_of_its_digits_and_nothing_else_is_a_time() {
        for second in 0..86_400 {
            let text = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
            let bytes: [u8; 8] = text.as_bytes().try_into().expect("eight bytes");
            assert_eq!(seconds_of_day(bytes), Some(second), "{text}");
        }
        for (at, byte) in (0..8).flat_map(|at| (0..=255).map(move |byte| (at, byte))) {
            let mut bytes = *b"12:34:56";
            bytes[at] = byte;
            let text = std::str::from_utf8(&bytes).unwrap_or_default();
            let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
            let number = |from: usize| text.get(from..from + 2).filter(digits)?.parse::<i64>().ok();
            let colons = bytes[2] == b':' && bytes[5] == b':';
            let parts =
                number(0).zip(number(3)).zip(number(6)).filter(|((h, m), s)| colons && *h < 24 && *m < 60 && *s < 60);
            assert_eq!(seconds_of_day(bytes), parts.map(|((h, m), s)| (h * 60 + m) * 60 + s), "byte {byte} at {at}");
        }
    }

    #[test]
    fn times_are_read_in_every_promised_form() {
        let cases = [
            ("2026-03-02T09:14:07.622Z", "2026-03-02T09:14:07.622Z"),
            ("2026-03-02 09:14:07", "2026-03-02T09:14:07Z"),
            ("2026-03-02t09:14:07.1234567z", "2026-03-02T09:14:07.123456Z"),
            ("2026-03-02T09:14:07+05:30", "2026-03-02T03:44:07Z"),
            ("1998-12-31T23:59:60Z", "1999-01-01T00:00:00Z"),
            ("1772442847", "2026-03-02T09:14:07Z"),
            ("1772442847.5", "2026-03-02T09:14:07.5Z"),
            ("1772442847622", "2026-03-02T09:14:07.622Z"),
            ("1772442847622001", "2026-03-02T09:14:07.622001Z"),
            ("1772442847622001999", "2026-03-02T09:14:07.622001Z"),
            ("1.772442847e9", "2026-03-02T09:14:07Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-02-29T00:00:00Z",
            "2026-03-02",
            "2026-03-02T24:00:00Z",
            "2026-03-02T09:14Z",
            "2026-03-02T09:14:60Z",
            "2026-03-02T09:14:07.Z",
            "2026-03-02T09:14:07+0100",
            "tomorrow",
            "1,5",
            "0x10",
            "2026-03-02T09:14:07,5Z",
        ] {
            assert_eq!(parse_instant(text, &Zone::utc()), Err(TimeError::Malformed), "{text}");
        }
        assert_eq!(parse_instant("99999999999999999999999", &Zone::utc()), Err(TimeError::OutOfRange));
    }

    #[test]
    fn days_follow_the_zone_through_its_changes() {
        let zone = Zone::named("America/New_York").expect("a zone");
        let day = |text| parse_instant(text, &zone).map(|at| zone.day(at)).map(day_text).expect("a time");
        assert_eq!(day("2026-03-08T04:59:59Z"), "2026-03-07");
        assert_eq!(day("2026-03-08T05:00:00Z"), "2026-03-08");
        assert_eq!(day("2026-03-09T03:59:59Z"), "2026-03-08");
        assert_eq!(day("2026-03-09T04:00:00Z"), "2026-03-09");
        let mut reader = DayReader::new(&zone);
        for at in (0..4000).map(|i| 1_772_000_000_000_000 + i * 977_000_001) {
            assert_eq!(reader.day(at), zone.day(at));
        }
    }

    #[test]
    fn a_date_that_a_zone_skipped_begins_with_the_next() {
        let zone = Zone::named("Pacific/Apia").expect("a zone");
        let skipped = parse_day("2011-12-30").expect("a date");
        assert_eq!(zone.day_start(skipped), zone.day_start(skipped + 1));
        assert_eq!(instant_text(zone.day_start(skipped)), "2011-12-30T10:00:00Z");
    }

    #[test]
    fn local_times_without_a_zone_are_read_in_the_given_one() {
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        assert_eq!(
            parse_instant("2026-07-01 12:00:00", &zone).map(instant_text).as_deref(),
            Ok("2026-07-01T10:00:00Z")
        );
    }

    #[test]
    fn a_day_is_partial_if_it_goes_on_after_as_of() {
        let zone = Zone::utc();
        let noon = parse_rfc3339("2026-10-31T12:00:00Z").expect("an instant");
        assert!(AsOf::new(noon, &zone).partial);
        let midnight = parse_rfc3339("2026-11-01T00:00:00Z").expect("an instant");
        let as_of = AsOf::new(midnight, &zone);
        assert_eq!((day_text(as_of.day).as_str(), as_of.partial), ("2026-10-31", false));
    }

    #[test]
    fn a_window_is_whole_dates() {
        let day = |text| parse_day(text).expect("a date");
        let (today, start) = (day("2026-10-31"), day("2026-10-01"));
        assert_eq!(Window::Last { days: 28, ago: 0 }.dates(today, start), (day("2026-10-04"), today));
        assert_eq!(Window::Last { days: 28, ago: 28 }.dates(today, start), (day("2026-09-06"), day("2026-10-03")));
        assert_eq!(Window::Month.dates(today, start), (day("2026-10-01"), today));
        assert_eq!(Window::First { days: 14 }.dates(today, start), (start, day("2026-10-14")));
    }
}
