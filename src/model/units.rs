//! The units of the program and their text forms: points, instants and local dates.

use std::fmt;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// A local date: days since 1970-01-01 in the calendar of the model's zone.
pub type Day = i32;

/// Microseconds in an hour.
pub const HOUR_US: Micros = 3_600_000_000;
/// Microseconds in a day of 24 hours, the meaning of the duration `1d`.
pub const DAY_US: Micros = 24 * HOUR_US;

/// The tolerance of comparisons, ladders and tiers: numbers closer than this are equal.
pub const EPSILON: f64 = 1e-9;

/// The ending of a regular plural: `s`, unless it is one.
pub fn plural_ending(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// An amount of points. It is a whole number, so that sums are exact.
///
/// **Units**: thousandths of a point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(pub i64);

/// The bound of an amount, thousandths: a hundred billion points. A model of at most 1 MiB has
/// fewer than 50,000 signals, so their sum cannot overflow. Scoring ends with an error if an amount
/// reaches the bound.
pub(crate) const POINTS_ABS_MAX: i64 = 100_000_000_000_000;

impl Points {
    /// No points.
    pub const ZERO: Points = Points(0);

    /// The number of points, for expressions.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// An amount from a wide number of thousandths, clamped to [`POINTS_ABS_MAX`].
    pub(crate) fn saturating_from(thousandths: i128) -> Points {
        let bound = i128::from(POINTS_ABS_MAX);
        Points(i64::try_from(thousandths.clamp(-bound, bound)).expect("the bound fits in 64 bits"))
    }

    /// Parses a decimal with at most three places, as TOML writes integers and floats. Any other
    /// text gives none.
    pub fn parse(text: &str) -> Option<Points> {
        let text = text.replace('_', "");
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, &text[..]),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 12 || fraction.len() > 3 || !plain(whole) || !plain(fraction) {
            return None;
        }
        let thousandths: i64 = format!("{whole}{fraction:0<3}").parse().ok()?;
        Some(Points(if negative { -thousandths } else { thousandths }))
    }
}

impl std::ops::Add for Points {
    type Output = Points;
    fn add(self, other: Points) -> Points {
        Points(self.0 + other.0)
    }
}

impl std::ops::Sub for Points {
    type Output = Points;
    fn sub(self, other: Points) -> Points {
        Points(self.0 - other.0)
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Points>>(amounts: I) -> Points {
        amounts.fold(Points::ZERO, |sum, p| sum + p)
    }
}

impl Points {
    /// Appends the amount to a text.
    pub fn push_to(self, text: &mut String) {
        if self.0 < 0 {
            text.push('-');
        }
        let magnitude = self.0.unsigned_abs();
        push_digits(text, magnitude / 1000);
        push_fraction(text, magnitude % 1000, 3);
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// Appends a whole number to a text.
pub(crate) fn push_digits(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(std::str::from_utf8(&digits[first..]).expect("digits are ASCII"));
}

/// Appends the point and a fraction of a number of digits, without trailing zeros. A fraction of
/// zero appends nothing.
pub(crate) fn push_fraction(text: &mut String, mut fraction: u64, mut digits: u32) {
    if fraction == 0 {
        return;
    }
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        digits -= 1;
    }
    text.push('.');
    let mut scale = 10_u64.pow(digits - 1);
    while scale > 0 {
        text.push(char::from(b'0' + (fraction / scale % 10) as u8));
        scale /= 10;
    }
}

/// A number with at most six decimals and no trailing zeros. All numbers except points are written
/// so.
pub fn format_number(value: f64) -> String {
    let mut text = String::new();
    push_number(&mut text, value);
    text
}

/// Appends a number, as [`format_number`] writes it.
pub fn push_number(text: &mut String, value: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // The fast path: most numbers are counts.
    if value.trunc() == value && value.abs() < EXACT {
        if value < 0.0 {
            text.push('-');
        }
        push_digits(text, value.abs() as u64);
        return;
    }
    let start = text.len();
    text.push_str(&format!("{value:.6}"));
    if text[start..].contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if &text[start..] == "-0" {
        text.replace_range(start.., "0");
    }
}

/// A number in whole millionths, rounded half away from zero. None if it is not finite or exceeds
/// the bound.
///
/// The bound is 2^96 millionths (about 7.9e22), so that a sum of 2^31 values fits into 128 bits.
pub fn to_millionths(value: f64) -> Option<i128> {
    let scaled = (value * 1e6).round();
    (scaled.is_finite() && scaled.abs() < 79_228_162_514_264_337_593_543_950_336.0).then_some(scaled as i128)
}

/// True if two numbers are equal within [`EPSILON`].
pub fn approx_equal(a: f64, b: f64) -> bool {
    (a - b).abs() < EPSILON
}

/// The quotient `a / b`, rounded to the nearest whole number, half away from zero. `b` is positive.
pub(crate) fn divide_rounded(a: i128, b: i128) -> i128 {
    let half = b / 2;
    if a >= 0 { (a + half) / b } else { (a - half) / b }
}

/// A count with its noun: `1 user`, `2 users`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_and_written_to_the_thousandth() {
        for (text, thousandths, written) in
            [("10", 10_000, "10"), ("-0.5", -500, "-0.5"), ("+1.250", 1250, "1.25"), ("1_000", 1_000_000, "1000")]
        {
            let points = Points::parse(text).map(|p| p.0);
            assert_eq!(points, Some(thousandths), "{text}");
            assert_eq!(Points(thousandths).to_string(), written);
        }
        for text in ["", "1.2345", "1e3", "inf", "0x1", ".5"] {
            assert_eq!(Points::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_at_most_six_decimals_and_no_trailing_zeros() {
        for (value, text) in
            [(1.0, "1"), (0.1 + 0.2, "0.3"), (-0.0, "0"), (1.0 / 3.0, "0.333333"), (1200.0, "1200"), (-1e-9, "0")]
        {
            assert_eq!(format_number(value), text);
        }
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(divide_rounded(5, 10), 1);
        assert_eq!(divide_rounded(-5, 10), -1);
        assert_eq!(divide_rounded(-4, 10), 0);
        assert_eq!(to_millionths(-0.000_000_5), Some(-1));
    }
}
