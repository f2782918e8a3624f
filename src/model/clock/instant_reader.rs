//! Parses the times of many events, most of them of one date.

use super::{
    INSTANT_MAX, INSTANT_MIN, TimeError, Zone,
    parse::{MICROS_END, MILLIS_END, SECONDS_END, SECONDS_START, read_date},
    parse_instant,
};
use crate::units::{DAY_US, Micros};

/// Parses times of events for one thread, with a cache of the last date.
#[derive(Debug)]
pub struct InstantReader<'z> {
    zone: &'z Zone,
    /// The last date with its separator, `YYYY-MM-DDT`, and its first microsecond in UTC.
    date: [u8; 11],
    day_us: i64,
}

impl<'z> InstantReader<'z> {
    /// A reader. Times without a zone are read in `zone`.
    pub fn new(zone: &'z Zone) -> InstantReader<'z> {
        InstantReader { zone, date: [0; 11], day_us: 0 }
    }

    /// Parses a time as [`parse_instant`] does. Most times are in UTC and of the last date, or
    /// whole numbers; they take a short way.
    ///
    /// # Errors
    ///
    /// As [`parse_instant`].
    pub fn parse(&mut self, text: &str) -> Result<Micros, TimeError> {
        if let Some(at) = self.parse_cached_date(text.as_bytes()).or_else(|| parse_epoch_digits(text.as_bytes())) {
            return Ok(at);
        }
        let text = text.trim();
        let at = parse_instant(text, self.zone)?;
        if let Some(date) = text.as_bytes().first_chunk::<11>()
            && matches!(date[10], b'T' | b' ')
            && let Some(day) = read_date(date)
        {
            self.date = *date;
            self.day_us = i64::from(day) * DAY_US;
        }
        Ok(at)
    }

    /// Parses `YYYY-MM-DDThh:mm:ss[.fraction]` in UTC, if the date is the cached one.
    #[inline]
    fn parse_cached_date(&self, bytes: &[u8]) -> Option<Micros> {
        let (date, rest) = bytes.split_first_chunk::<11>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        // The first and the last date of the range are left to the long way, which checks the
        // bounds.
        if *date != self.date || !(INSTANT_MIN + DAY_US..INSTANT_MAX - DAY_US).contains(&self.day_us) {
            return None;
        }
        let of_day = seconds_of_day(*time)?;
        let local = match rest {
            [local @ .., b'Z'] | [local @ .., b'+', b'0', b'0', b':', b'0', b'0'] => local,
            // As BigQuery and PostgreSQL write it.
            [local @ .., b' ', b'U', b'T', b'C'] | [local @ .., b'+', b'0', b'0'] => local,
            local if self.zone.is_utc() => local,
            _ => return None,
        };
        let fraction_us = match local {
            [] => 0,
            [b'.', digits @ ..] if (1..=6).contains(&digits.len()) => {
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

/// Parses a whole number of seconds, milliseconds or microseconds since 1970. The size of the
/// number tells the unit. None for any other text.
#[inline]
fn parse_epoch_digits(digits: &[u8]) -> Option<Micros> {
    if !(9..=17).contains(&digits.len()) {
        return None;
    }
    let mut number: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    // All of these lie before the year 9999.
    match number {
        ..SECONDS_START => None,
        SECONDS_START..SECONDS_END => Some(number * 1_000_000),
        SECONDS_END..MILLIS_END => Some(number * 1000),
        MILLIS_END..MICROS_END => Some(number),
        MICROS_END.. => None,
    }
}

/// The seconds since midnight of `hh:mm:ss`, from all eight bytes at once. None if the text is not
/// a time of day, or is a leap second.
#[inline]
pub(super) fn seconds_of_day(time: [u8; 8]) -> Option<i64> {
    /// The exclusive or with this leaves the digits 0 to 9, and zero for a colon.
    const ZERO: u64 = u64::from_le_bytes(*b"00:00:00");
    const COLONS: u64 = 0x0000_ff00_00ff_0000;
    const ABOVE_NINE: u64 = 0x7676_7676_7676_7676;
    const TOP_BITS: u64 = 0x8080_8080_8080_8080;
    let digits = u64::from_le_bytes(time) ^ ZERO;
    // Adding 0x76 sets the top bit of every byte above nine. The `|` finds bytes whose top bit was
    // set before.
    let carries = (digits & !TOP_BITS).wrapping_add(ABOVE_NINE) | digits;
    if digits & COLONS != 0 || carries & TOP_BITS != 0 {
        return None;
    }
    // Each byte of the sum is at most 99, so none overflows into the next.
    let pairs = digits * 10 + (digits >> 8);
    let pair = |at: u32| (pairs >> (8 * at) & 0xff) as i64;
    let (hour, minute, second) = (pair(0), pair(3), pair(6));
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 60 + minute) * 60 + second)
}
