//! Checks the encoded values of a page before they are decoded.
//!
//! Takes encoded values and their count, gives the memory that decoding needs. Invariant: a decoder
//! never gets values that make it allocate more, whatever counts and lengths they claim.

use parquet::{
    basic::{Encoding, Type as Physical},
    schema::types::ColumnDescriptor,
};

use super::{
    fault::{ParquetFault, ParquetFaultResult},
    thrift::{ThriftError, ThriftReader, ThriftResult},
};

/// The size of a batch of values that may be long; bytes.
const LONG_BATCH_BYTES: usize = 1 << 20;

/// The memory of a text value without its characters, which stay in the page; bytes.
const TEXT_BYTES: usize = 32;

/// The sizes of the values of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueLayout {
    physical: Physical,
    /// The length of a value of [`Physical::FIXED_LEN_BYTE_ARRAY`]; bytes.
    width: usize,
}

/// The way to decode the values of a page, and the memory that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecodePlan {
    pub(super) encoding: Encoding,
    /// Memory in addition to the page and one batch of values; bytes.
    pub(super) bytes: usize,
    /// The number of values that may be decoded at once.
    pub(super) batch: usize,
}

impl ValueLayout {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let physical = column.physical_type();
        let is_fixed = physical == Physical::FIXED_LEN_BYTE_ARRAY;
        let width = if is_fixed { usize::try_from(column.type_length()).unwrap_or(0) } else { 0 };
        Self { physical, width }
    }

    /// The memory of a decoded value; bytes.
    pub(super) fn value_bytes(self) -> usize {
        match self.physical {
            Physical::BOOLEAN => 1,
            Physical::INT32 | Physical::FLOAT => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => TEXT_BYTES,
        }
    }

    /// The memory of a decoded entry, which has two levels and a value; bytes.
    pub(super) fn entry_bytes(self) -> usize {
        self.value_bytes() + 2 * size_of::<i16>()
    }

    /// The smallest PLAIN encoding of this many values; bytes.
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
            let what = format!("it claims {count} values, which do not fit into its {length} bytes");
            return Err(ParquetFault::damaged(what));
        }
        Ok(())
    }

    /// The memory of a dictionary in addition to its page; bytes.
    ///
    /// # Errors
    ///
    /// The page is too short for this many values.
    pub(super) fn check_dictionary(self, count: usize, length: usize) -> ParquetFaultResult<usize> {
        self.check_plain(count, length)?;
        if self.width == 0 && self.physical == Physical::FIXED_LEN_BYTE_ARRAY && count > 1 {
            return Err(ParquetFault::damaged("its dictionary has several values without bytes"));
        }
        Ok(count.saturating_mul(self.value_bytes()))
    }

    /// Checks values by the number of their encoding.
    ///
    /// # Errors
    ///
    /// The values claim another count, or the encoding is not supported.
    pub(super) fn check_values(self, encoding: i64, count: usize, data: &[u8]) -> ParquetFaultResult<DecodePlan> {
        let usual = |encoding| DecodePlan { encoding, bytes: 0, batch: usize::MAX };
        match encoding {
            0 => self.check_plain(count, data.len()).map(|()| usual(Encoding::PLAIN)),
            2 | 8 => Ok(usual(Encoding::RLE_DICTIONARY)),
            3 => Ok(usual(Encoding::RLE)),
            5 => {
                // Some writers cut the last part short, so only the header is checked.
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
            _ => Err(ParquetFault::damaged(format!("its encoding, number {encoding}, is not supported"))),
        }
    }
}

/// Checks values that share a prefix with the previous value: the lengths of all prefixes, then the
/// suffixes. The values together may be far longer than the page, but no value is longer than it.
fn check_prefixed(data: &[u8], count: usize) -> ParquetFaultResult<DecodePlan> {
    let prefixes = check_delta(data, 0, count)?;
    check_delta(data, prefixes, count)?;
    let batch = (LONG_BATCH_BYTES / data.len().max(1)).clamp(1, count.max(1));
    let lengths = count.saturating_mul(2 * size_of::<i32>());
    let bytes = lengths.saturating_add(batch.saturating_add(1).saturating_mul(data.len()));
    Ok(DecodePlan { encoding: Encoding::DELTA_BYTE_ARRAY, bytes, batch })
}

/// Checks the count of delta-encoded numbers and returns the offset of their end.
fn check_delta(data: &[u8], at: usize, count: usize) -> ParquetFaultResult<usize> {
    let mut cursor = ThriftReader::new(data, at);
    let head = delta_head(&mut cursor);
    check_count(head.map(|(_, _, claimed)| claimed), count)?;
    let end = head.and_then(|head| delta_end(&mut cursor, head));
    end.map_err(|_| ParquetFault::damaged("its delta blocks are incomplete"))
}

fn check_count(claimed: ThriftResult<u64>, count: usize) -> ParquetFaultResult<()> {
    match claimed {
        Ok(claimed) if claimed == count as u64 => Ok(()),
        Ok(claimed) => {
            let what = format!("its delta header claims {claimed} values, and the page has {count}");
            Err(ParquetFault::damaged(what))
        }
        Err(_) => Err(ParquetFault::damaged("its delta header is incomplete")),
    }
}

/// Reads the header of delta-encoded numbers: the miniblocks of a block, the numbers of a miniblock,
/// and the count of all numbers.
///
/// **Source**: DELTA_BINARY_PACKED of the Parquet format. A block has a minimum, the bit width of
/// each miniblock, and the miniblocks.
fn delta_head(cursor: &mut ThriftReader<'_>) -> ThriftResult<(usize, u64, u64)> {
    let (block, parts, count) = (cursor.unsigned()?, cursor.unsigned()?, cursor.unsigned()?);
    cursor.unsigned()?;
    let of_part = block.checked_div(parts).filter(|of_part| *of_part > 0).ok_or(ThriftError::Broken)?;
    let parts = usize::try_from(parts).map_err(|_| ThriftError::Short)?;
    Ok((parts, of_part, count))
}

/// Returns the offset of the end of delta-encoded numbers, after their header.
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

    /// Delta-encoded zeros with this count in the header, in one block of four empty miniblocks.
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
