//! `--max-line`: how long a line may be.

use pql_engine::read::BlockLimits;

/// No line can be read whole beyond this, since places in it are counted in 32 bits; bytes.
const LINE_BYTES_MAX: usize = 1 << 30;

/// The limits with a line of the size that was typed: bytes, or a number with `KiB`, `MiB` or `GiB` (`K`, `M` and `G` are the same).
///
/// # Errors
/// One sentence about a text that is no size, or none between 1 KiB and 1 GiB.
pub(crate) fn parse_max_line(text: &str) -> Result<BlockLimits, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "k" | "kib" => Some(10),
        "m" | "mib" => Some(20),
        "g" | "gib" => Some(30),
        _ => None,
    };
    let bytes = shift.and_then(|shift| number.parse::<usize>().ok()?.checked_mul(1 << shift));
    match bytes.filter(|bytes| (1024..=LINE_BYTES_MAX).contains(bytes)) {
        Some(line_bytes_max) => Ok(BlockLimits { line_bytes_max, ..BlockLimits::STANDARD }),
        None => Err("expected a size from 1KiB to 1GiB, such as 64MiB or 1048576".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        for (text, bytes) in [("1024", 1024), ("1KiB", 1024), ("64MiB", 64 << 20), ("2m", 2 << 20), ("1 GiB", 1 << 30)]
        {
            assert_eq!(parse_max_line(text).map(|limits| limits.line_bytes_max), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1023", "2GiB", "1MB", "-1", "99999999999999999999", "16MiBs", "1.5MiB"] {
            assert!(parse_max_line(text).is_err(), "{text}");
        }
    }
}
