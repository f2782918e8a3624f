//! Times in cases: relative to the `as_of` of the case, or fixed.

use pql_model::{
    clock::{Zone, parse_day, parse_instant, parse_rfc3339},
    units::Micros,
};

/// A time as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CaseTime {
    /// The offset from `as_of`; negative before it. **Units**: microseconds.
    Relative(Micros),
    /// RFC 3339, with or without a zone.
    Fixed(String),
}

const UNITS: [(&str, Micros); 5] =
    [("min", 60_000_000), ("s", 1_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000), ("w", 604_800_000_000)];

/// A hundred thousand days: longer than any log, and far from overflow.
const LENGTH_MAX: Micros = 100_000 * pql_model::units::DAY_US;

impl CaseTime {
    /// Parses `-3d`, `-2h`, `-1d12h`, `+1h`, `-0s` or RFC 3339.
    pub(super) fn parse(text: &str) -> Option<CaseTime> {
        match text.as_bytes().first()? {
            b'-' => parse_duration(&text[1..]).map(|length| CaseTime::Relative(-length)),
            b'+' => parse_duration(&text[1..]).map(CaseTime::Relative),
            _ => parse_instant(text, &Zone::utc()).is_ok().then(|| CaseTime::Fixed(text.to_owned())),
        }
    }

    /// The instant, given `as_of`. A fixed time without a zone is in the model's zone.
    pub(super) fn instant(&self, as_of: Micros, zone: &Zone) -> Option<Micros> {
        match self {
            CaseTime::Relative(length) => Some(as_of + length),
            CaseTime::Fixed(text) => parse_instant(text, zone).ok(),
        }
    }
}

/// Parses a duration such as `3d`, `90min` or `1d12h`.
pub(super) fn parse_duration(text: &str) -> Option<Micros> {
    let mut rest = text;
    let mut sum: Micros = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 || digits > 9 {
            return None;
        }
        let (number, after) = rest.split_at(digits);
        let (word, unit) = UNITS.iter().find(|(word, _)| after.starts_with(word))?;
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*unit)?)?;
        rest = &after[word.len()..];
    }
    (!text.is_empty() && sum <= LENGTH_MAX).then_some(sum)
}

/// The `as_of` of a case: an instant with its zone, or the end of a local date.
pub(super) fn as_of(text: &str, zone: &Zone) -> Option<Micros> {
    parse_day(text).map(|day| pql_model::clock::AsOf::end_of_day(day, zone).instant).or_else(|| parse_rfc3339(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_with_a_sign_and_else_fixed() {
        for (text, expected) in [
            ("-3d", Some(-3 * 86_400_000_000)),
            ("+1h", Some(3_600_000_000)),
            ("-1d12h", Some(-36 * 3_600_000_000)),
            ("-30min", Some(-1_800_000_000)),
            ("-2w", Some(-14 * 86_400_000_000)),
            ("-0s", Some(0)),
            ("3d", None),
            ("-d", None),
            ("-3", None),
            ("-3d ", None),
            ("-3months", None),
            ("--3d", None),
            ("-99999999d", None),
            ("", None),
        ] {
            let read = CaseTime::parse(text);
            assert_eq!(read, expected.map(CaseTime::Relative), "{text}");
        }
        let fixed = CaseTime::parse("2026-10-31T10:00:00").expect("a time");
        let berlin = Zone::from_name("Europe/Berlin").expect("a zone");
        assert_eq!(fixed.instant(0, &berlin), parse_rfc3339("2026-10-31T09:00:00Z"));
    }
}
