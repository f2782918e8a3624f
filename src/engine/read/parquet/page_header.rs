//! The header of a page.
//!
//! Takes the bytes before a page, gives what the page is of. Invariant: sizes are numbers that are not negative, and nothing more is said of them
//! here.

use super::{
    fault::{ParquetFault, ParquetFaultResult},
    thrift::{ThriftError, ThriftReader, ThriftResult, ThriftType},
};

/// What a page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHeader {
    pub(super) kind: PageKind,
    /// Bytes in the file, behind the header.
    pub(super) packed_bytes: usize,
    /// Bytes when unpacked.
    pub(super) bytes: usize,
    /// Entries, or values of a dictionary.
    pub(super) entries: usize,
    /// Number of the encoding of the values.
    pub(super) encoding: i64,
    /// Checksum of the bytes in the file.
    pub(super) checksum: Option<u32>,
}

/// The kinds of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    /// Values to which others point.
    Dictionary,
    /// Levels and values, packed together; numbers of the encodings of repetition and definition levels.
    Together { rep: i64, def: i64 },
    /// Levels beside values; bytes of repetition and definition levels, and whether the values are packed.
    Beside { rep_bytes: usize, def_bytes: usize, packed: bool },
    /// Of no use to a reader of rows.
    Other,
}

impl PageHeader {
    /// Reads a header; gives how many bytes it takes too, and `None` if it goes on behind the bytes.
    ///
    /// # Errors
    ///
    /// What is no header, or one of an impossible page.
    pub(super) fn read(bytes: &[u8]) -> ParquetFaultResult<Option<(Self, usize)>> {
        let mut cursor = ThriftReader::new(bytes, 0);
        let mut found = FoundPageHeader::default();
        match cursor.fields(|cursor, number, kind| found.take(cursor, number, kind)) {
            Ok(()) => found.header().map(|header| Some((header, cursor.at()))),
            Err(ThriftError::Short) => Ok(None),
            Err(ThriftError::Broken) => Err(ParquetFault::damaged("its header is not one of a page")),
        }
    }
}

/// What stands of a page. Numbers that are missing are negative.
#[derive(Debug)]
struct FoundPageHeader {
    kind: i64,
    bytes: i64,
    packed_bytes: i64,
    checksum: Option<u32>,
    /// Of the one inner header that there is: whether it is the one that the kind asks for, and its numbers by their own.
    inner: i64,
    numbers: [i64; 7],
    packed: bool,
}

impl Default for FoundPageHeader {
    fn default() -> Self {
        Self { kind: -1, bytes: -1, packed_bytes: -1, checksum: None, inner: -1, numbers: [-1; 7], packed: true }
    }
}

/// Kinds of pages by their numbers.
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
            // The value of a truth is in its kind.
            Ok(kind == ThriftType::I32)
        })
    }

    fn header(&self) -> ParquetFaultResult<PageHeader> {
        let no_size = || ParquetFault::damaged("its header has a size that is negative or missing");
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

    /// A number as a field of 32 bits, of which the number is that of the field before and one.
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

    /// A page of values whose levels are packed with them.
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
