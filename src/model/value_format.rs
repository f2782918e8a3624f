//! How numbers and dates are written that a trait does not read by itself: `format` in the model.
//!
//! Takes a text, gives the number, or the date as `YYYY-MM-DD` with whatever follows it. Invariant: a text that may be meant in another way is
//! not read, so `1,50` is no number with commas between thousands.

use crate::expr::ValueType;

/// A way to write numbers or dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueFormat {
    /// `1,234.5`: commas between thousands.
    CommaThousands,
    /// `1.234,5`: points between thousands, and a comma before the fraction.
    PointThousands,
    /// `31/12/2026`
    DayMonthYear,
    /// `12/31/2026`
    MonthDayYear,
    /// `31.12.2026`
    DottedDayMonthYear,
    /// `2026/12/31`
    YearMonthDay,
}

/// Every format, as the model writes it.
pub const VALUE_FORMATS: [(&str, ValueFormat); 6] = [
    ("1,234.5", ValueFormat::CommaThousands),
    ("1.234,5", ValueFormat::PointThousands),
    ("DD/MM/YYYY", ValueFormat::DayMonthYear),
    ("MM/DD/YYYY", ValueFormat::MonthDayYear),
    ("DD.MM.YYYY", ValueFormat::DottedDayMonthYear),
    ("YYYY/MM/DD", ValueFormat::YearMonthDay),
];

impl ValueFormat {
    /// As the model writes it.
    pub fn word(self) -> &'static str {
        VALUE_FORMATS.iter().find(|(_, format)| *format == self).expect("every format has a word").0
    }

    /// The type of trait that it is for.
    pub fn value_type(self) -> ValueType {
        match self {
            ValueFormat::CommaThousands | ValueFormat::PointThousands => ValueType::Number,
            ValueFormat::DayMonthYear
            | ValueFormat::MonthDayYear
            | ValueFormat::DottedDayMonthYear
            | ValueFormat::YearMonthDay => ValueType::Date,
        }
    }

    /// The number that a text is, if it is written so: groups of three digits, or no groups at all.
    pub fn parse_number(self, text: &str) -> Option<f64> {
        let (group, point) = match self {
            ValueFormat::CommaThousands => (',', '.'),
            ValueFormat::PointThousands => ('.', ','),
            _ => return None,
        };
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once(point).map_or((unsigned, None), |(a, b)| (a, Some(b)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !fraction.is_none_or(digits) || !is_grouped(whole, group) {
            return None;
        }
        let sign = if unsigned.len() < text.len() { "-" } else { "" };
        format!("{sign}{}.{}", whole.replace(group, ""), fraction.unwrap_or("0")).parse().ok()
    }

    /// The text with its date in front as `YYYY-MM-DD`, if it begins with a date that is written so.
    pub fn to_iso_date(self, text: &str) -> Option<String> {
        let (separator, order) = match self {
            ValueFormat::DayMonthYear => ('/', [2, 1, 0]),
            ValueFormat::MonthDayYear => ('/', [2, 0, 1]),
            ValueFormat::DottedDayMonthYear => ('.', [2, 1, 0]),
            ValueFormat::YearMonthDay => ('/', [0, 1, 2]),
            ValueFormat::CommaThousands | ValueFormat::PointThousands => return None,
        };
        let end = text.find(|c: char| !c.is_ascii_digit() && c != separator).unwrap_or(text.len());
        let (date, rest) = text.split_at(end);
        let parts: Vec<&str> = date.split(separator).collect();
        let [year, month, day] = order.map(|place| parts.get(place).copied().unwrap_or_default());
        let is_short = |part: &str| (1..=2).contains(&part.len());
        let is_date = parts.len() == 3 && year.len() == 4 && is_short(month) && is_short(day);
        is_date.then(|| format!("{year}-{month:0>2}-{day:0>2}{rest}"))
    }
}

/// Whether digits stand in groups of three, or in no groups. The first group may be shorter.
fn is_grouped(whole: &str, group: char) -> bool {
    let mut groups = whole.split(group);
    let first = groups.next().expect("a split has a first part");
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_alone = first.len() == whole.len();
    !first.is_empty()
        && digits(first)
        && (is_alone || first.len() <= 3)
        && groups.all(|part| part.len() == 3 && digits(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_only_as_the_format_writes_them() {
        let (commas, points) = (ValueFormat::CommaThousands, ValueFormat::PointThousands);
        for (format, text, expected) in [
            (commas, "1,234.5", Some(1234.5)),
            (commas, "-1,234,567", Some(-1_234_567.0)),
            (commas, "1234567.25", Some(1_234_567.25)),
            (commas, "0.5", Some(0.5)),
            (commas, "1,50", None),
            (commas, "1234,567", None),
            (commas, ",123", None),
            (commas, "1,234.", None),
            (commas, "1,234.5.6", None),
            (commas, "1.234,5", None),
            (commas, "$1,234", None),
            (commas, "", None),
            (points, "1.234,5", Some(1234.5)),
            (points, "1234", Some(1234.0)),
            (points, "1.5", None),
        ] {
            assert_eq!(format.parse_number(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_turned_around_and_what_follows_them_stays() {
        for (word, text, expected) in [
            ("DD/MM/YYYY", "31/12/2026", Some("2026-12-31")),
            ("DD/MM/YYYY", "1/2/2026 10:00", Some("2026-02-01 10:00")),
            ("MM/DD/YYYY", "1/2/2026", Some("2026-01-02")),
            ("DD.MM.YYYY", "01.02.2026", Some("2026-02-01")),
            ("DD.MM.YYYY", "01/02/2026", None),
            ("YYYY/MM/DD", "2026/2/1", Some("2026-02-01")),
            ("DD/MM/YYYY", "1/2/26", None),
            ("DD/MM/YYYY", "1/2", None),
            ("DD/MM/YYYY", "2026-02-01", None),
        ] {
            let format = VALUE_FORMATS.iter().find(|(known, _)| *known == word).expect("a format").1;
            assert_eq!(format.to_iso_date(text).as_deref(), expected, "{text}");
            assert_eq!((format.word(), format.value_type()), (word, ValueType::Date));
        }
    }
}
