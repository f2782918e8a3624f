//! Ids, in every spelling.
//!
//! Takes a text, a cell of a table or a JSON number, gives the id. Invariant: an id has no white
//! space (as Unicode defines it) at either end, has a visible character, and is no placeholder. A
//! number is the id of its exact value; it never goes through a double.

use std::borrow::Cow;

/// A number is written out with at most this many zeros besides its digits. A double needs fewer.
const ZEROS_MAX: usize = 400;

/// The id in a text. None if nothing is left of the text, or a placeholder.
#[inline]
pub fn id_of_text(text: &str) -> Option<&str> {
    if is_plain(text) { Some(text) } else { unusual(text) }
}

/// True if a text is an id as it is, by a cheap test of its ends.
///
/// **Law**: [`id_of_text`] gives a plain text unchanged.
#[inline]
pub(crate) fn is_plain(text: &str) -> bool {
    matches!((text.as_bytes().first(), text.as_bytes().last()), (Some(b'!'..=b'~'), Some(b'!'..=b'~')))
        && !is_placeholder(text)
}

#[cold]
fn unusual(text: &str) -> Option<&str> {
    let id = text.trim();
    // Control characters are invisible, so an id needs another character.
    (!is_placeholder(id) && !id.chars().all(|c| c.is_control() || c.is_whitespace())).then_some(id)
}

/// The id in a cell of a table without types. A whole number such as `1001.0` or `1e+16` becomes its
/// digits.
///
/// Other cells are text: `1e5` may be a hexadecimal id, `007` has a leading zero, `1.10` may be a
/// version.
pub(crate) fn id_of_cell(cell: &str) -> Option<Cow<'_, str>> {
    let id = id_of_text(cell)?;
    if !is_number_cell(id) {
        return Some(Cow::Borrowed(id));
    }
    match digits_of_number(id) {
        digits if digits.contains(['.', 'e']) => Some(Cow::Borrowed(id)),
        digits => (!is_placeholder(&digits)).then_some(digits),
    }
}

/// True if a cell has the form of a number that a program wrote, and is not plain digits.
fn is_number_cell(cell: &str) -> bool {
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let signed = |exponent: &str| exponent.strip_prefix(['+', '-']).map(is_digits);
    let exponent_fits =
        exponent.is_none_or(|exponent| signed(exponent).unwrap_or_else(|| fraction.is_some() && is_digits(exponent)));
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent_fits
        && (fraction.is_some() || exponent.is_some())
}

/// A JSON number in one form per value: `1001` for `1001.0`, `1000` for `1e3`, `0` for `-0.0`.
///
/// A value that needs more than `ZEROS_MAX` further zeros keeps an exponent.
#[inline]
pub(crate) fn digits_of_number(number: &str) -> Cow<'_, str> {
    let whole = number.strip_prefix('-').filter(|rest| !rest.starts_with('0')).unwrap_or(number);
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        Cow::Borrowed(number)
    } else {
        Cow::Owned(written_out(number))
    }
}

#[cold]
fn written_out(number: &str) -> String {
    let (sign, unsigned) = match number.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", number),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    // The number of zeros after the last digit. It is negative if the point is before that digit.
    let cut = all.len() - all.trim_end_matches('0').len();
    let Some(zeros) = exponent_of(exponent).and_then(|power| power.checked_add(cut as i64 - fraction.len() as i64))
    else {
        return format!("{sign}{digits}e{exponent}");
    };
    let places = zeros.unsigned_abs() as usize;
    match zeros {
        0.. if places <= ZEROS_MAX => format!("{sign}{digits}{}", "0".repeat(places)),
        ..0 if places < digits.len() => {
            let (whole, fraction) = digits.split_at(digits.len() - places);
            format!("{sign}{whole}.{fraction}")
        }
        ..0 if places - digits.len() <= ZEROS_MAX => format!("{sign}0.{}{digits}", "0".repeat(places - digits.len())),
        _ => format!("{sign}{digits}e{zeros}"),
    }
}

/// The power of ten of an exponent. None if it is out of range.
fn exponent_of(exponent: &str) -> Option<i64> {
    exponent.parse::<i64>().ok().filter(|power| power.unsigned_abs() < 1 << 40)
}

/// True for values that systems write in place of a missing id.
#[inline]
pub(crate) fn is_placeholder(id: &str) -> bool {
    // A cheap test first: few ids have the length of a placeholder, fewer also its first and last
    // byte.
    const LENGTHS: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 9 | 1 << 36;
    let first = id.as_bytes().first().is_none_or(|first| matches!(first | 0x20, b'n' | b'u' | b'a' | b'0'));
    let last = id.as_bytes().last().is_none_or(|last| matches!(last | 0x20, b'l' | b'd' | b'e' | b'n' | b's' | b'0'));
    id.len() < 64 && LENGTHS >> id.len() & 1 == 1 && first && last && is_listed(id)
}

#[cold]
fn is_listed(id: &str) -> bool {
    const PLACEHOLDERS: [&str; 6] = ["null", "undefined", "none", "nan", "anonymous", "0"];
    id.is_empty()
        || PLACEHOLDERS.iter().any(|word| id.eq_ignore_ascii_case(word))
        || id == "00000000-0000-0000-0000-000000000000"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_told_by_its_value() {
        for (number, digits) in [
            ("1001", "1001"),
            ("1001.0", "1001"),
            ("1001.00e0", "1001"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("1.5e1", "15"),
            ("150e-1", "15"),
            ("-7.0", "-7"),
            ("-0", "0"),
            ("0.0e9", "0"),
            ("1.50", "1.5"),
            ("0.0015e1", "0.015"),
            ("-12.5e-3", "-0.0125"),
            ("9007199254740993.0", "9007199254740993"),
            ("1e401", "1e401"),
            ("10e400", "1e401"),
            ("1e-500", "1e-500"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(digits_of_number(number), digits, "{number}");
        }
        assert_eq!(digits_of_number("1e400").len(), 401);
    }

    #[test]
    fn a_cell_is_a_number_only_where_it_cannot_be_text() {
        for (cell, id) in [
            ("1001.0", Some("1001")),
            (" 1001.000 ", Some("1001")),
            ("1e+16", Some("10000000000000000")),
            ("1.5E16", Some("15000000000000000")),
            ("-3.0", Some("-3")),
            ("0.0", None),
            ("1e3", Some("1e3")),
            ("007.0", Some("007.0")),
            ("1.10", Some("1.10")),
            ("1.", Some("1.")),
            ("1.0.0", Some("1.0.0")),
            ("e+1", Some("e+1")),
            ("1e-400", Some("1e-400")),
            ("kim", Some("kim")),
        ] {
            assert_eq!(id_of_cell(cell).as_deref(), id, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn an_id_has_no_white_space_at_its_ends_and_is_its_own_id(text in "[ \t\u{a0}\u{2003}\u{0}a0Né]{0,6}") {
            match id_of_text(&text) {
                Some(id) => {
                    prop_assert_eq!(id, text.trim());
                    prop_assert_eq!(id_of_text(id), Some(id));
                }
                None => prop_assert!(!is_plain(&text)),
            }
            prop_assert!(!is_plain(&text) || id_of_text(&text) == Some(&*text));
        }

        #[test]
        fn numbers_of_one_value_have_one_form(whole in any::<i64>(), zeros in 0..9_usize, places in 0..9_usize) {
            let plain = whole.to_string();
            let with_point = format!("{whole}.{}", "0".repeat(zeros + 1));
            prop_assert_eq!(digits_of_number(&with_point), plain.as_str());
            let with_power = format!("{whole}{}e-{places}", "0".repeat(places));
            prop_assert_eq!(digits_of_number(&with_power), plain.as_str());
        }
    }
}
