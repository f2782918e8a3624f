//! Formats days and instants as text.

use jiff::civil;

use crate::units::{DAY_US, Day, Micros};

/// The calendar date of a day number.
pub fn civil_date(day: Day) -> civil::Date {
    // Events lie between the years 1 and 9999, where jiff has every date. Only windows that reach
    // beyond need the clamp.
    civil::Date::new(1970, 1, 1)
        .and_then(|epoch| epoch.checked_add(jiff::Span::new().try_days(day)?))
        .unwrap_or(if day < 0 { civil::Date::MIN } else { civil::Date::MAX })
}

/// The number of the weekday; Monday is 0.
pub fn weekday(day: Day) -> i32 {
    (day + 3).rem_euclid(7)
}

/// The date as `YYYY-MM-DD`.
pub fn format_day(day: Day) -> String {
    let mut text = String::new();
    push_day(&mut text, day);
    text
}

/// Appends a date, as [`format_day`] writes it.
///
/// **Source**: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Years begin in March,
/// so that the leap day is the last day of its year.
pub fn push_day(text: &mut String, day: Day) {
    push_ascii(text, &day_digits(day));
}

fn day_digits(day: Day) -> [u8; 10] {
    let day = i64::from(day.clamp(DAY_MIN, DAY_MAX)) + 719_468;
    let (era, day_of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let mut digits = *b"0000-00-00";
    for (at, number) in [(0, year / 100), (2, year % 100), (5, month), (8, day_of_month)] {
        set_two(&mut digits, at, number);
    }
    digits
}

/// The first and the last day with a year of four digits: 0000-01-01 and 9999-12-31.
const DAY_MIN: Day = -719_528;
const DAY_MAX: Day = 2_932_896;

/// Writes a number from 0 to 99 as two digits.
fn set_two(digits: &mut [u8], at: usize, number: i64) {
    digits[at] = b'0' + (number / 10) as u8;
    digits[at + 1] = b'0' + (number % 10) as u8;
}

/// Appends all digits in one call, because each call checks the capacity of the text.
fn push_ascii(text: &mut String, digits: &[u8]) {
    text.push_str(std::str::from_utf8(digits).expect("digits and marks are ASCII"));
}

/// The instant in RFC 3339 and UTC. A fraction of zero is left out.
pub fn format_instant(at: Micros) -> String {
    let mut text = String::new();
    push_instant(&mut text, at);
    text
}

/// Appends an instant, as [`format_instant`] writes it.
pub fn push_instant(text: &mut String, at: Micros) {
    const POINT: usize = 19;
    let mut digits = *b"0000-00-00T00:00:00.000000Z";
    digits[..10].copy_from_slice(&day_digits(Day::try_from(at.div_euclid(DAY_US)).unwrap_or(0)));
    let of_day = at.rem_euclid(DAY_US);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let parts = [(11, seconds / 3600), (14, seconds / 60 % 60), (17, seconds % 60)];
    let fractions = [(20, fraction / 10_000), (22, fraction / 100 % 100), (24, fraction % 100)];
    for (at, number) in parts.into_iter().chain(fractions) {
        set_two(&mut digits, at, number);
    }
    let mut end = POINT;
    if fraction != 0 {
        end = digits.len() - 1;
        while digits[end - 1] == b'0' {
            end -= 1;
        }
    }
    digits[end] = b'Z';
    push_ascii(text, &digits[..=end]);
}
