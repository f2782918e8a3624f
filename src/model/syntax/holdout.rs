//! `[holdout]`: the share of accounts that sales leaves alone.

use super::super::{
    codes,
    resolved::{HOLDOUT_WHOLE, Holdout},
    toml_reader::{DiagnosticSink, SpannedText, TableReader},
};
use crate::{diag::Diagnostic, units::to_millionths};

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<Holdout> {
    if !table.has("share") {
        table.report_missing_key("share", "share = \"5%\"", found);
    }
    let share = table.text("share", found);
    let salt = table.text("salt", found);
    table.finish(found);
    let share = share?;
    let share_millionths = share_millionths(&share, found)?;
    Some(Holdout { share_millionths, salt: salt.map(|text| text.value).unwrap_or_default(), span: share.span })
}

/// Reads a share such as `5%`. **Units**: millionths.
fn share_millionths(text: &SpannedText, found: &mut DiagnosticSink) -> Option<u32> {
    let share = text.value.strip_suffix('%').and_then(percent_millionths);
    if share.is_none() {
        let message = format!("`{}` is no share to hold out", text.value);
        let label = "more than 0% and less than 100%, with at most four decimals: `5%`, `2.5%`";
        found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, label));
    }
    share
}

/// Millionths of the whole from percent in decimal digits; none if they are too many or no share.
fn percent_millionths(digits: &str) -> Option<u32> {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) || whole.len() > 2 || decimals.len() > 4 {
        return None;
    }
    let percent: f64 = digits.parse().ok()?;
    let millionths = u32::try_from(to_millionths(percent / 100.0)?).ok()?;
    (0 < millionths && millionths < HOLDOUT_WHOLE).then_some(millionths)
}

#[cfg(test)]
mod tests {
    use super::percent_millionths;

    #[test]
    fn shares_are_read_to_the_millionth() {
        for (text, millionths) in [
            ("5", Some(50_000)),
            ("2.5", Some(25_000)),
            ("0.0001", Some(1)),
            ("99.9999", Some(999_999)),
            ("33.3333", Some(333_333)),
            ("0", None),
            ("0.00001", None),
            ("100", None),
            ("1e1", None),
            ("-5", None),
            (".5", None),
            ("5.", None),
            ("", None),
        ] {
            assert_eq!(percent_millionths(text), millionths, "{text}");
        }
    }
}
