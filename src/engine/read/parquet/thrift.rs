//! Reads Thrift's compact protocol, the form of the footer and of page headers.
//!
//! Takes bytes, gives their numbers, texts, lists and structs one after another. Invariant: it
//! allocates nothing, and a length beyond the end of the bytes is an error.

/// The deepest nesting that is skipped; Parquet's structs are nested about eight deep.
const DEPTH_MAX: usize = 32;

/// The reason why bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThriftError {
    /// The bytes end before the value does.
    Short,
    /// The bytes are not in this form.
    Broken,
}

/// A value, or the reason why it cannot be read.
pub(super) type ThriftResult<T> = Result<T, ThriftError>;

/// The four-bit type of a field or of list elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ThriftType(u8);

impl ThriftType {
    pub(super) const TRUE: Self = Self(1);
    pub(super) const FALSE: Self = Self(2);
    pub(super) const I32: Self = Self(5);
    pub(super) const I64: Self = Self(6);
    pub(super) const TEXT: Self = Self(8);
    pub(super) const LIST: Self = Self(9);
    pub(super) const STRUCT: Self = Self(12);
    const STOP: Self = Self(0);
}

/// A read position in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct ThriftReader<'w> {
    bytes: &'w [u8],
    at: usize,
}

impl<'w> ThriftReader<'w> {
    /// Starts at an offset of the bytes.
    pub(super) fn new(bytes: &'w [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The offset of the next value.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Reads a number of bytes.
    pub(super) fn take(&mut self, count: usize) -> ThriftResult<&'w [u8]> {
        let end = self.at.checked_add(count).ok_or(ThriftError::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(ThriftError::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> ThriftResult<u8> {
        self.take(1)?.first().copied().ok_or(ThriftError::Short)
    }

    /// Reads an unsigned varint.
    pub(super) fn unsigned(&mut self) -> ThriftResult<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ThriftError::Broken)
    }

    fn length(&mut self) -> ThriftResult<usize> {
        usize::try_from(self.unsigned()?).map_err(|_| ThriftError::Broken)
    }

    /// Reads an integer of any size, a zigzag varint.
    pub(super) fn int(&mut self) -> ThriftResult<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Reads a text or other bytes.
    pub(super) fn text(&mut self) -> ThriftResult<&'w [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    /// Reads the start of a list: the type of its elements and their count. Each element takes at
    /// least one byte, so a count above the remaining bytes is an error.
    pub(super) fn list(&mut self) -> ThriftResult<(ThriftType, usize)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.length()?,
            count => usize::from(count),
        };
        if count > self.bytes.len() - self.at {
            return Err(ThriftError::Short);
        }
        Ok((ThriftType(head & 15), count))
    }

    /// Reads the fields of a struct. `take` gets the number and type of each; if it returns `false`,
    /// the field is skipped.
    pub(super) fn fields(
        &mut self,
        mut take: impl FnMut(&mut Self, i16, ThriftType) -> ThriftResult<bool>,
    ) -> ThriftResult<()> {
        let mut number = 0;
        while let Some(kind) = self.field(&mut number)? {
            if !take(self, number, kind)? {
                self.skip(kind, 0)?;
            }
        }
        Ok(())
    }

    /// Reads the start of the next field, `None` at the end of the struct. `number` is that of the
    /// previous field, and becomes that of this one.
    fn field(&mut self, number: &mut i16) -> ThriftResult<Option<ThriftType>> {
        let head = self.byte()?;
        let kind = ThriftType(head & 15);
        if kind == ThriftType::STOP {
            return Ok(None);
        }
        let next = match head >> 4 {
            0 => i16::try_from(self.int()?).ok(),
            more => number.checked_add(i16::from(more)),
        };
        *number = next.ok_or(ThriftError::Broken)?;
        Ok(Some(kind))
    }

    /// Skips a struct.
    pub(super) fn skip_struct(&mut self) -> ThriftResult<()> {
        self.skip(ThriftType::STRUCT, 0)
    }

    /// Skips the value of a field.
    fn skip(&mut self, kind: ThriftType, depth: usize) -> ThriftResult<()> {
        if depth > DEPTH_MAX {
            return Err(ThriftError::Broken);
        }
        match kind.0 {
            1 | 2 => Ok(()),
            3 => self.take(1).map(drop),
            4..=6 => self.unsigned().map(drop),
            7 => self.take(8).map(drop),
            8 => self.text().map(drop),
            9 | 10 => {
                let (element, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(element, depth))
            }
            11 => self.skip_map(depth),
            12 => {
                let mut number = 0;
                while let Some(kind) = self.field(&mut number)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            13 => self.take(16).map(drop),
            _ => Err(ThriftError::Broken),
        }
    }

    /// Skips an element of a list, where a boolean has a byte of its own.
    fn skip_element(&mut self, kind: ThriftType, depth: usize) -> ThriftResult<()> {
        match kind {
            ThriftType::TRUE | ThriftType::FALSE => self.take(1).map(drop),
            _ => self.skip(kind, depth + 1),
        }
    }

    fn skip_map(&mut self, depth: usize) -> ThriftResult<()> {
        let count = self.length()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        for _ in 0..count {
            self.skip_element(ThriftType(kinds >> 4), depth)?;
            self.skip_element(ThriftType(kinds & 15), depth)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_beyond_the_end_are_short_and_not_believed() {
        // A text of 2^32 bytes, a list of 2^31 numbers, a number without an end, a map of 2^31 entries.
        let text = [0xff, 0xff, 0xff, 0xff, 0x0f, b'a'];
        assert_eq!(ThriftReader::new(&text, 0).text(), Err(ThriftError::Short));
        let list = [0xf5, 0xff, 0xff, 0xff, 0xff, 0x07, 1];
        assert_eq!(ThriftReader::new(&list, 0).list(), Err(ThriftError::Short));
        assert_eq!(ThriftReader::new(&[0xff; 11], 0).int(), Err(ThriftError::Broken));
        let map = [0x1b, 0xff, 0xff, 0xff, 0xff, 0x07, 0x55, 2, 2];
        assert_eq!(ThriftReader::new(&map, 0).skip_struct(), Err(ThriftError::Short));
    }

    #[test]
    fn what_nests_without_end_is_broken() {
        let structs = [0x1c; 100];
        assert_eq!(ThriftReader::new(&structs, 0).skip_struct(), Err(ThriftError::Broken));
        let lists = [[0x19].as_slice(), &[0x19; 100]].concat();
        assert_eq!(ThriftReader::new(&lists, 0).skip_struct(), Err(ThriftError::Broken));
    }

    #[test]
    fn fields_are_told_by_their_numbers() {
        // 1: 3, 2: true, 4: "ab", 20 (in full): -1.
        let bytes = [0x15, 6, 0x11, 0x28, 2, b'a', b'b', 0x05, 40, 1, 0];
        let mut seen = Vec::new();
        let mut cursor = ThriftReader::new(&bytes, 0);
        let read = cursor.fields(|cursor, number, kind| {
            seen.push(number);
            match kind {
                ThriftType::I32 => cursor.int().map(|value| value == 3 || value == -1),
                _ => Ok(false),
            }
        });
        assert_eq!((read, seen, cursor.at()), (Ok(()), vec![1, 2, 4, 20], bytes.len()));
    }
}
