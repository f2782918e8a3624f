//! Reads page headers.
//!
//! Takes the bytes at the start of a page, gives its kind and its sizes. Invariant: no size is
//! negative. Whether a size is plausible is checked elsewhere.

use super::{
    fault::{ParquetFault, ParquetFaultResult},
    thrift::{ThriftError, ThriftReader, ThriftResult, ThriftType},
};

/// A page header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHeader {
    pub(super) kind: PageKind,
    /// Size in the file, without the header; bytes.
    pub(super) packed_bytes: usize,
    /// Size after decompression; bytes.
    pub(super) bytes: usize,
    /// The number of entries, or of values in a dictionary.
    pub(super) entries: usize,
    /// The number of the encoding of the values.
    pub(super) encoding: i64,
    /// The CRC-32 of the bytes in the file.
    pub(super) checksum: Option<u32>,
}

/// The kind of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    /// A dictionary page.
    Dictionary,
    /// A data page of version 1, whose levels are compressed with the values: the numbers of the
    /// encodings of repetition and definition levels.
    Together { rep: i64, def: i64 },
    /// A data page of version 2, whose levels are not compressed: the bytes of repetition and
    /// definition levels, and true if the values are compressed.
    Beside { rep_bytes: usize, def_bytes: usize, packed: bool },
    /// Another page, which is skipped.
    Other,
}

impl PageHeader {
    /// Reads a header and returns it with its length; `None` if it continues after the bytes.
    ///
    /// # Errors
    ///
    /// The bytes are not a page header, or a size is negative or missing.
    pub(super) fn read(bytes: &[u8]) -> ParquetFaultResult<Option<(Self, usize)>> {
        let mut cursor = ThriftReader::new(bytes, 0);
        let mut found = FoundPageHeader::default();
        match cursor.fields(|cursor, number, kind| found.take(cursor, number, kind)) {
            Ok(()) => found.header().map(|header| Some((header, cursor.at()))),
            Err(ThriftError::Short) => Ok(None),
            Err(ThriftError::Broken) => Err(ParquetFault::damaged("its header is not a page header")),
        }
    }
}

/// The fields of a page header, unchecked. Missing numbers are negative.
#[derive(Debug)]
struct FoundPageHeader {
    kind: i64,
    bytes: i64,
    packed_bytes: i64,
    checksum: Option<u32>,
    /// The kind that the inner header is for, and the numbers of its fields by their ids.
    inner: i64,
    numbers: [i64; 7],
    packed: bool,
}

impl Default for FoundPageHeader {
    fn default() -> Self {
        Self { kind: -1, bytes: -1, packed_bytes: -1, checksum: None, inner: -1, numbers: [-1; 7], packed: true }
    }
}

/// The numbers of the kinds of pages.
const TOGETHER: i64 = 0;
const DICTIONARY: i64 = 2;
const BESIDE: i64 = 3;

impl FoundPageHeader {
    fn take(&mut self, cursor: &mut ThriftReader<'_>, number: i16, kind: ThriftType) -> ThriftResult<bool> {
        match (number, kind) {
            (1, ThriftType::I32) => self.kind = cursor.int()?,
            (2, ThriftType::I32) => self.bytes = cursor.int()?,
            (3, ThriftType::I32) => self.packed_bytes = cursor.int()?,
            (4, ThriftType::I32) => self.checksum = i32::try_from(cursor.int()?).ok().map(i32::cast_unsigned),
            (5, ThriftType::STRUCT) => self.take_inner(cursor, TOGETHER)?,
            (7, ThriftType::STRUCT) => self.take_inner(cursor, DICTIONARY)?,
            (8, ThriftType::STRUCT) => self.take_inner(cursor, BESIDE)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_inner(&mut self, cursor: &mut ThriftReader<'_>, kind: i64) -> ThriftResult<()> {
        self.inner = kind;
        cursor.fields(|cursor, number, kind| {
            let place = usize::try_from(number - 1).ok().and_then(|place| self.numbers.get_mut(place));
            match (place, kind) {
                (Some(place), ThriftType::I32) => *place = cursor.int()?,
                (Some(_), ThriftType::FALSE) if number == 7 => self.packed = false,
                _ => return Ok(false),
            }
            // The type of a boolean is its value, so nothing was read.
            Ok(kind == ThriftType::I32)
        })
    }

    fn header(&self) -> ParquetFaultResult<PageHeader> {
        let no_size = || ParquetFault::damaged("a size in its header is negative or missing");
        let size = |value: i64| usize::try_from(value).map_err(|_| no_size());
        let [first, second, third, fourth, fifth, sixth, _] = self.numbers;
        let is_whole = self.inner == self.kind;
        let (kind, encoding) = match self.kind {
            TOGETHER if is_whole => (PageKind::Together { def: third, rep: fourth }, second),
            DICTIONARY if is_whole => (PageKind::Dictionary, second),
            BESIDE if is_whole => {
                let (def_bytes, rep_bytes) = (size(fifth)?, size(sixth)?);
                (PageKind::Beside { rep_bytes, def_bytes, packed: self.packed }, fourth)
            }
            TOGETHER | DICTIONARY | BESIDE => return Err(no_size()),
            _ => (PageKind::Other, 0),
        };
        let entries = if kind == PageKind::Other { 0 } else { size(first)? };
        let (packed_bytes, bytes, checksum) = (size(self.packed_bytes)?, size(self.bytes)?, self.checksum);
        Ok(PageHeader { kind, packed_bytes, bytes, entries, encoding, checksum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field with the next id and a 32-bit value.
    fn field(value: i64) -> Vec<u8> {
        let mut bytes = vec![0x15];
        let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
        while rest > 0x7f {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    }

    /// The header of a data page of version 1.
    fn page(sizes: [i64; 3]) -> Vec<u8> {
        let [bytes, packed_bytes, entries] = sizes;
        let inner = [field(entries), field(0), field(3), field(3), vec![0]].concat();
        [field(0), field(bytes), field(packed_bytes), vec![0x2c], inner, vec![0]].concat()
    }

    #[test]
    fn a_header_is_read_whole_or_asks_for_more() {
        let bytes = [page([70_000, 300, 1000]), vec![1, 2, 3]].concat();
        let (header, length) = PageHeader::read(&bytes).expect("a header").expect("whole");
        let kind = PageKind::Together { rep: 3, def: 3 };
        let expected =
            PageHeader { kind, packed_bytes: 300, bytes: 70_000, entries: 1000, encoding: 0, checksum: None };
        assert_eq!((header, length), (expected, bytes.len() - 3));
        for cut in 0..length {
            assert!(matches!(PageHeader::read(&bytes[..cut]), Ok(None)), "{cut}");
        }
    }

    #[test]
    fn sizes_that_are_negative_or_missing_are_damage() {
        for sizes in [[-1, 300, 1000], [70_000, -1, 1000], [70_000, 300, -1]] {
            assert!(PageHeader::read(&page(sizes)).is_err(), "{sizes:?}");
        }
        assert!(PageHeader::read(&[field(0), field(1), field(1), vec![0]].concat()).is_err(), "no inner header");
    }
}
