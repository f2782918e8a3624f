//! Many times of events, one after another, most of them of one date.

use super::{INSTANT_MAX, INSTANT_MIN, TimeError, Zone, parse_instant, read::read_date};
use crate::units::{DAY_US, Micros};

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
        let digit = |at: usize| i64::from(time[at].wrapping_sub(b'0'));
        let all_digits = [0, 1, 3, 4, 6, 7].iter().all(|at| time[*at].wrapping_sub(b'0') < 10);
        let (hour, minute, second) = (digit(0) * 10 + digit(1), digit(3) * 10 + digit(4), digit(6) * 10 + digit(7));
        if !all_digits || time[2] != b':' || time[5] != b':' || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
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
        Some(self.day_us + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction_us)
    }
}
