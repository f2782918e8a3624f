//! What the values of a page say of themselves, held against the page.
//!
//! Takes the values of a page as they are encoded, gives what decoding them takes. Invariant: the decoder is given nothing that asks it for more
//! memory than is said here, whatever counts and lengths are in the bytes.

use parquet::{
    basic::{Encoding, Type as Physical},
    schema::types::ColumnDescriptor,
};

use super::{
    fault::{ParquetFault, ParquetFaultResult},
    thrift::{ThriftError, ThriftReader, ThriftResult},
};

/// Values that are decoded at once, if they may be long; bytes.
const LONG_BATCH_BYTES: usize = 1 << 20;

/// What a text takes beside its bytes, which lie in the page; bytes.
const TEXT_BYTES: usize = 32;

/// The values of a column, as far as their sizes go.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueLayout {
    physical: Physical,
    /// Bytes of a value of [`Physical::FIXED_LEN_BYTE_ARRAY`].
    width: usize,
}

/// What it takes to decode the values of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecodePlan {
    pub(super) encoding: Encoding,
    /// Memory beside the page and the values of a batch; bytes.
    pub(super) bytes: usize,
    /// Values that may be decoded at once.
    pub(super) batch: usize,
}

impl ValueLayout {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let physical = column.physical_type();
        let is_fixed = physical == Physical::FIXED_LEN_BYTE_ARRAY;
        let width = if is_fixed { usize::try_from(column.type_length()).unwrap_or(0) } else { 0 };
        Self { physical, width }
    }

    /// What a decoded value takes; bytes.
    pub(super) fn value_bytes(self) -> usize {
        match self.physical {
            Physical::BOOLEAN => 1,
            Physical::INT32 | Physical::FLOAT => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => TEXT_BYTES,
        }
    }

    /// The fewest bytes in which so many values can stand one after the other.
    fn plain_bytes(self, count: usize) -> Option<usize> {
        match self.physical {
            Physical::BOOLEAN => Some(count.div_ceil(8)),
            Physical::BYTE_ARRAY => count.checked_mul(size_of::<u32>()),
            Physical::FIXED_LEN_BYTE_ARRAY => count.checked_mul(self.width),
            _ => count.checked_mul(self.value_bytes()),
        }
    }

    fn check_plain(self, count: usize, length: usize) -> ParquetFaultResult<()> {
        if self.plain_bytes(count).is_none_or(|least| least > length) {
            let what = format!("it is said to hold {count} values, which do not fit into its {length} bytes");
            return Err(ParquetFault::damaged(what));
        }
        Ok(())
    }

    /// What a dictionary of so many values takes beside its page; bytes.
    ///
    /// # Errors
    ///
    /// More values than its page can hold.
    pub(super) fn check_dictionary(self, count: usize, length: usize) -> ParquetFaultResult<usize> {
        self.check_plain(count, length)?;
        if self.width == 0 && self.physical == Physical::FIXED_LEN_BYTE_ARRAY && count > 1 {
            return Err(ParquetFault::damaged("its dictionary holds several values of no bytes"));
        }
        Ok(count.saturating_mul(self.value_bytes()))
    }

    /// What so many values take, by the number of their encoding.
    ///
    /// # Errors
    ///
    /// Values that say that they are more; an encoding that is not read.
    pub(super) fn check_values(self, encoding: i64, count: usize, data: &[u8]) -> ParquetFaultResult<DecodePlan> {
        let usual = |encoding| DecodePlan { encoding, bytes: 0, batch: usize::MAX };
        match encoding {
            0 => self.check_plain(count, data.len()).map(|()| usual(Encoding::PLAIN)),
            2 | 8 => Ok(usual(Encoding::RLE_DICTIONARY)),
            3 => Ok(usual(Encoding::RLE)),
            5 => {
                // Where such numbers end is of no interest, so that a last part that is cut is not missed.
                let head = delta_head(&mut ThriftReader::new(data, 0));
                check_count(head.map(|(_, _, claimed)| claimed), count)?;
                Ok(usual(Encoding::DELTA_BINARY_PACKED))
            }
            6 => {
                check_delta(data, 0, count)?;
                let lengths = count.saturating_mul(size_of::<i32>());
                Ok(DecodePlan { bytes: lengths, ..usual(Encoding::DELTA_LENGTH_BYTE_ARRAY) })
            }
            7 => check_prefixed(data, count),
            9 => self.check_plain(count, data.len()).map(|()| usual(Encoding::BYTE_STREAM_SPLIT)),
            10 => Ok(usual(Encoding::ALP)),
            _ => Err(ParquetFault::damaged(format!("its values are encoded in the way {encoding}, which is not read"))),
        }
    }
}

/// Values that begin as the one before does: how much they have in common, then what follows. Together they may be far longer than the page,
/// but none is longer than it.
fn check_prefixed(data: &[u8], count: usize) -> ParquetFaultResult<DecodePlan> {
    let prefixes = check_delta(data, 0, count)?;
    check_delta(data, prefixes, count)?;
    let batch = (LONG_BATCH_BYTES / data.len().max(1)).clamp(1, count.max(1));
    let lengths = count.saturating_mul(2 * size_of::<i32>());
    let bytes = lengths.saturating_add(batch.saturating_add(1).saturating_mul(data.len()));
    Ok(DecodePlan { encoding: Encoding::DELTA_BYTE_ARRAY, bytes, batch })
}

/// Holds a run of numbers that are told by their differences against so many values; gives where it ends.
fn check_delta(data: &[u8], at: usize, count: usize) -> ParquetFaultResult<usize> {
    let mut cursor = ThriftReader::new(data, at);
    let head = delta_head(&mut cursor);
    check_count(head.map(|(_, _, claimed)| claimed), count)?;
    let end = head.and_then(|head| delta_end(&mut cursor, head));
    end.map_err(|_| ParquetFault::damaged("its numbers end before what they say"))
}

fn check_count(claimed: ThriftResult<u64>, count: usize) -> ParquetFaultResult<()> {
    match claimed {
        Ok(claimed) if claimed == count as u64 => Ok(()),
        Ok(claimed) => {
            let what = format!("its numbers are said to be {claimed} where the page holds {count} values");
            Err(ParquetFault::damaged(what))
        }
        Err(_) => Err(ParquetFault::damaged("its numbers have no beginning")),
    }
}

/// The parts of a block, the numbers of a part, and all numbers of a run.
///
/// **Source**: DELTA_BINARY_PACKED of the Parquet format: a header, then blocks of a smallest difference, the widths of its parts, and the parts.
fn delta_head(cursor: &mut ThriftReader<'_>) -> ThriftResult<(usize, u64, u64)> {
    let (block, parts, count) = (cursor.unsigned()?, cursor.unsigned()?, cursor.unsigned()?);
    cursor.unsigned()?;
    let of_part = block.checked_div(parts).filter(|of_part| *of_part > 0).ok_or(ThriftError::Broken)?;
    let parts = usize::try_from(parts).map_err(|_| ThriftError::Short)?;
    Ok((parts, of_part, count))
}

/// Where a run ends of which the header was read.
fn delta_end(cursor: &mut ThriftReader<'_>, (parts, of_part, count): (usize, u64, u64)) -> ThriftResult<usize> {
    let mut left = count.saturating_sub(1);
    while left > 0 {
        cursor.unsigned()?;
        for bits in cursor.take(parts)? {
            if left > 0 {
                let bytes = u64::from(*bits).saturating_mul(of_part) / 8;
                cursor.take(usize::try_from(bytes).map_err(|_| ThriftError::Short)?)?;
                left = left.saturating_sub(of_part);
            }
        }
    }
    Ok(cursor.at())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: ValueLayout = ValueLayout { physical: Physical::BYTE_ARRAY, width: 0 };

    /// Numbers of a run: blocks of 128 in 4 parts, the count as it is claimed, 0 first, and one block in which all differences are the same.
    fn run(claimed: &[u8]) -> Vec<u8> {
        [&[0x80, 1, 4], claimed, &[0, 0, 0, 0, 0, 0]].concat()
    }

    #[test]
    fn counts_that_are_not_those_of_the_page_are_damage() {
        let four_thousand_million = [0xff, 0xff, 0xff, 0xff, 0x0f];
        for claimed in [&[4][..], &[6], &[0], &four_thousand_million] {
            for encoding in [5, 6, 7] {
                let data = [run(&[5]), run(&[5])].concat();
                assert!(TEXTS.check_values(encoding, 5, &data).is_ok(), "{encoding}");
                assert!(TEXTS.check_values(encoding, 5, &run(claimed)).is_err(), "{encoding} {claimed:?}");
                let second = [run(&[5]), run(claimed)].concat();
                assert_eq!(TEXTS.check_values(encoding, 5, &second).is_err(), encoding == 7, "{claimed:?}");
            }
        }
        assert!(TEXTS.check_values(5, 5, &[0x80, 1, 0, 5, 0, 0]).is_err(), "no parts");
        assert!(TEXTS.check_values(6, 500, &run(&[0xf4, 3])).is_err(), "blocks that are missing");
    }

    #[test]
    fn values_that_do_not_fit_into_their_bytes_are_damage() {
        let shape = |physical, width| ValueLayout { physical, width };
        let cases = [
            (shape(Physical::BOOLEAN, 0), 16),
            (shape(Physical::INT32, 0), 0),
            (shape(Physical::INT64, 0), 0),
            (TEXTS, 0),
            (shape(Physical::FIXED_LEN_BYTE_ARRAY, 2), 1),
        ];
        for (shape, fit) in cases {
            for encoding in [0, 9] {
                assert!(shape.check_values(encoding, fit, &[0; 2]).is_ok(), "{shape:?}");
                assert!(shape.check_values(encoding, fit + 1, &[0; 2]).is_err(), "{shape:?}");
                assert!(shape.check_values(encoding, usize::MAX, &[0; 2]).is_err(), "{shape:?}");
            }
            assert!(shape.check_dictionary(fit + 1, 2).is_err(), "{shape:?}");
        }
        assert!(shape(Physical::FIXED_LEN_BYTE_ARRAY, 0).check_dictionary(1 << 40, 2).is_err());
    }

    #[test]
    fn values_that_share_their_beginnings_are_decoded_a_few_at_once() {
        let data = [run(&[5]), run(&[5]), vec![b'a'; 300_000]].concat();
        let need = TEXTS.check_values(7, 5, &data).expect("values");
        assert_eq!(need.batch, 3);
        assert!((1 << 20..2 << 20).contains(&need.bytes));
    }
}
