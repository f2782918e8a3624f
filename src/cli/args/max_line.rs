//! `--max-line` and `--max-table`: how long a line may be, and how much memory a Parquet file may take.

use pql_engine::read::BlockLimits;

/// No line can be read whole beyond this, since places in it are counted in 32 bits; bytes.
const LINE_BYTES_MAX: usize = 1 << 30;

/// Less than any Parquet file takes, and more than any machine has; bytes.
const TABLE_BYTES_MIN: usize = 1 << 20;
const TABLE_BYTES_MAX: usize = 1 << 40;

/// The limits with a line of the size that was typed.
///
/// # Errors
/// One sentence about a text that is no size, or none between 1 KiB and 1 GiB.
pub(crate) fn parse_max_line(text: &str) -> Result<BlockLimits, String> {
    match parse_size(text).filter(|bytes| (1024..=LINE_BYTES_MAX).contains(bytes)) {
        Some(line_bytes_max) => Ok(BlockLimits { line_bytes_max, ..BlockLimits::STANDARD }),
        None => Err("expected a size from 1KiB to 1GiB, such as 64MiB or 1048576".to_owned()),
    }
}

/// The memory that a Parquet file may take; bytes.
///
/// # Errors
/// One sentence about a text that is no size, or none between 1 MiB and 1024 GiB.
pub(crate) fn parse_max_table(text: &str) -> Result<usize, String> {
    let bytes = parse_size(text).filter(|bytes| (TABLE_BYTES_MIN..=TABLE_BYTES_MAX).contains(bytes));
    bytes.ok_or_else(|| "expected a size from 1MiB to 1024GiB, such as 512MiB or 1073741824".to_owned())
}

/// A size: bytes, or a number with `KiB`, `MiB` or `GiB` (`K`, `M` and `G` are the same).
fn parse_size(text: &str) -> Option<usize> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(1 << shift)
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
        assert_eq!(parse_max_table("2GiB"), Ok(2 << 30));
        for text in ["1023KiB", "2000GiB", "all"] {
            assert!(parse_max_table(text).is_err(), "{text}");
        }
    }
}
