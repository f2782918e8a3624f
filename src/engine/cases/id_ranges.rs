//! Parses the ids of cases: one id, or a range of ids in braces.

/// The largest number of ids in a range.
pub(super) const RANGE_IDS_MAX: usize = 10_000;

/// The ids that `u1` or `u{1..12}` stands for; leading zeros are kept (`u{01..12}`).
///
/// # Errors
///
/// The fault in the range, as text.
pub(super) fn expand(text: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = text.split_once('{') else { return Ok(vec![text.to_owned()]) };
    let Some((range, after)) = rest.split_once('}') else {
        return Err(format!("`{text}` has a brace that is never closed"));
    };
    let ends = range.split_once("..").and_then(|(first, last)| {
        let digits = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        (digits(first) && digits(last)).then_some((first, last))
    });
    let Some((first, last)) = ends else { return Err(format!("`{{{range}}}` is no range such as {{1..12}}")) };
    if after.contains('{') {
        return Err(format!("`{text}` has two ranges"));
    }
    let width = if first.starts_with('0') { first.len() } else { 0 };
    let (Ok(from), Ok(to)) = (first.parse::<usize>(), last.parse::<usize>()) else {
        return Err(format!("`{{{range}}}` is no range such as {{1..12}}"));
    };
    if from > to || to - from >= RANGE_IDS_MAX {
        return Err(format!("`{{{range}}}` is a range of none or of more than {RANGE_IDS_MAX}"));
    }
    Ok((from..=to).map(|number| format!("{before}{number:0width$}{after}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_as_many_ids() {
        assert_eq!(expand("u1"), Ok(vec!["u1".to_owned()]));
        assert_eq!(expand("u{1..3}x").map(|ids| ids.join(" ")), Ok("u1x u2x u3x".to_owned()));
        assert_eq!(expand("{08..10}").map(|ids| ids.join(" ")), Ok("08 09 10".to_owned()));
        for text in ["u{1..", "u{a..b}", "u{3..1}", "u{1..2}{1..2}", "u{0..99999}", "u{}"] {
            assert!(expand(text).is_err(), "{text}");
        }
    }
}
