//! Decodes the definition and repetition levels of a page.
//!
//! Takes the bytes of the levels, gives the levels a batch at a time. Invariant: a batch takes no
//! more memory than it needs, whatever length a run claims.
//!
//! **Source**: the RLE/bit-packing hybrid of the Parquet format. A run repeats one level, or holds
//! groups of eight bit-packed levels.

use bytes::Bytes;

use super::fault::{ParquetFault, ParquetFaultResult};

/// The remaining levels of a page.
#[derive(Debug, Clone)]
pub(super) struct LevelDecoder {
    /// The bytes after the current run.
    rest: Bytes,
    /// The highest level, and the bits of a level.
    max: i16,
    bits: usize,
    run: LevelRun,
}

/// The rest of a run.
#[derive(Debug, Clone)]
enum LevelRun {
    /// A count of the same level.
    Same(usize, i16),
    /// A count of bit-packed levels, their bytes, and the bits already read.
    Packed(usize, Bytes, usize),
}

impl LevelDecoder {
    /// A decoder of levels in runs.
    pub(super) fn new(bytes: Bytes, max: i16) -> Self {
        Self { rest: bytes, max, bits: bits_of(max), run: LevelRun::Same(0, 0) }
    }

    /// Splits off levels of a known length in bytes. Returns `None` if the column has no such levels.
    ///
    /// # Errors
    ///
    /// There are fewer bytes.
    pub(super) fn of_length(bytes: &mut Bytes, length: usize, max: i16) -> ParquetFaultResult<Option<Self>> {
        if length > bytes.len() {
            return Err(short());
        }
        let levels = bytes.split_to(length);
        Ok((max > 0).then(|| Self::new(levels, max)))
    }

    /// Splits off the levels in front of the values, by the number of their encoding: RLE after a
    /// length, or the deprecated BIT_PACKED with one run of `count` levels. Returns `None` if the
    /// column has no such levels.
    ///
    /// # Errors
    ///
    /// There are fewer bytes, or the encoding is another one.
    pub(super) fn before_values(
        bytes: &mut Bytes,
        encoding: i64,
        max: i16,
        count: usize,
    ) -> ParquetFaultResult<Option<Self>> {
        match encoding {
            _ if max == 0 => Ok(None),
            3 => {
                let length = *bytes.first_chunk::<4>().ok_or_else(short)?;
                let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| short())?;
                *bytes = bytes.slice(size_of::<u32>()..);
                Self::of_length(bytes, length, max)
            }
            4 => {
                let bits = bits_of(max);
                let length = count.saturating_mul(bits).div_ceil(8);
                let run = Self::of_length(bytes, length, max)?;
                Ok(run.map(|all| Self { run: LevelRun::Packed(count, all.rest, 0), rest: Bytes::new(), max, bits }))
            }
            _ => Err(ParquetFault::damaged("its levels have an unsupported encoding")),
        }
    }

    /// Counts how many of the next `count` levels are the wanted one.
    ///
    /// # Errors
    ///
    /// There are fewer levels, or one is above the highest.
    pub(super) fn count_of(mut self, wanted: i16, mut count: usize) -> ParquetFaultResult<usize> {
        let mut found = 0;
        let mut piece = Vec::new();
        while count > 0 {
            self.next_run()?;
            if let LevelRun::Same(left, level) = &mut self.run {
                let taken = count.min(*left);
                found += if *level == wanted { taken } else { 0 };
                *left -= taken;
                count -= taken;
                continue;
            }
            piece.clear();
            let taken = count.min(1024);
            let taken = self.take_run(taken, &mut piece)?;
            found += piece.iter().filter(|level| **level == wanted).count();
            count -= taken;
        }
        Ok(found)
    }

    /// Appends the next `count` levels.
    ///
    /// # Errors
    ///
    /// As [`LevelDecoder::count_of`].
    pub(super) fn take(&mut self, mut count: usize, out: &mut Vec<i16>) -> ParquetFaultResult<()> {
        while count > 0 {
            self.next_run()?;
            count -= self.take_run(count, out)?;
        }
        Ok(())
    }

    /// Reads the next run if the current one is used up.
    fn next_run(&mut self) -> ParquetFaultResult<()> {
        while matches!(self.run, LevelRun::Same(0, _) | LevelRun::Packed(0, ..)) {
            let head = self.number().ok_or_else(short)?;
            let length = usize::try_from(head >> 1).map_err(|_| short())?;
            self.run = if head & 1 == 1 {
                let bytes = length.saturating_mul(self.bits).min(self.rest.len());
                let bytes = self.rest.split_to(bytes);
                LevelRun::Packed(bytes.len() * 8 / self.bits, bytes, 0)
            } else {
                LevelRun::Same(length, self.level()?)
            };
        }
        Ok(())
    }

    /// Appends at most `count` levels of the current run and returns their number.
    fn take_run(&mut self, count: usize, out: &mut Vec<i16>) -> ParquetFaultResult<usize> {
        match &mut self.run {
            LevelRun::Same(left, level) => {
                let taken = count.min(*left);
                out.resize(out.len() + taken, *level);
                *left -= taken;
                Ok(taken)
            }
            LevelRun::Packed(left, bytes, passed) => {
                let taken = count.min(*left);
                let start = out.len();
                out.extend((0..taken).map(|place| level_at(bytes, *passed + place * self.bits, self.bits)));
                *left -= taken;
                *passed += taken * self.bits;
                let highest = out[start..].iter().max();
                if highest.is_some_and(|level| *level > self.max) { Err(high()) } else { Ok(taken) }
            }
        }
    }

    /// Reads an unsigned varint.
    fn number(&mut self) -> Option<u64> {
        let end = self.rest.iter().take(10).position(|byte| byte & 0x80 == 0)?;
        let bytes = self.rest.split_to(end + 1);
        Some(bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)))
    }

    /// Reads the level of a run.
    fn level(&mut self) -> ParquetFaultResult<i16> {
        let length = self.bits.div_ceil(8);
        if length > self.rest.len() {
            return Err(short());
        }
        let bytes = self.rest.split_to(length);
        let level = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        i16::try_from(level).ok().filter(|level| *level <= self.max).ok_or_else(high)
    }
}

/// The level at a bit offset. A level has at most 15 bits, so three bytes contain it.
fn level_at(bytes: &[u8], bit: usize, bits: usize) -> i16 {
    let byte = |place: usize| bytes.get(bit / 8 + place).map_or(0, |byte| u32::from(*byte));
    let word = byte(0) | byte(1) << 8 | byte(2) << 16;
    let level = word >> (bit % 8) & ((1 << bits) - 1);
    i16::try_from(level).unwrap_or(i16::MAX)
}

/// The bits of a level, at most 15.
fn bits_of(max: i16) -> usize {
    (i16::BITS - max.leading_zeros()) as usize
}

fn short() -> ParquetFault {
    ParquetFault::damaged("it has fewer levels than values")
}

fn high() -> ParquetFault {
    ParquetFault::damaged("a level is too high for the schema")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_both_kinds_are_taken_in_any_pieces() {
        // Five times 2, eight packed levels (three of which are 3), then 2^40 times 0.
        let packed = [0b11_01_10_11, 0b00_11_01_00];
        let bytes = [&[10, 2, 3], packed.as_slice(), &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0]].concat();
        let all = [2, 2, 2, 2, 2, 3, 2, 1, 3, 0, 1, 3, 0, 0, 0, 0];
        for piece in 1..=all.len() {
            let mut runs = LevelDecoder::new(bytes.clone().into(), 3);
            let mut out = Vec::new();
            while out.len() < all.len() {
                runs.take(piece.min(all.len() - out.len()), &mut out).expect("levels");
            }
            assert_eq!(out, all, "{piece} at a time");
        }
        let runs = LevelDecoder::new(bytes.into(), 3);
        assert_eq!(runs.clone().count_of(3, 13).ok(), Some(3));
        assert_eq!(runs.count_of(0, 1 << 40).ok(), Some((1 << 40) - 11), "at once, whatever a run says");
    }

    #[test]
    fn levels_that_are_missing_or_too_high_are_damage() {
        for (bytes, max) in [(vec![], 1), (vec![4], 1), (vec![4, 2], 1), (vec![0x80; 12], 1), (vec![3, 0xff, 0xff], 2)]
        {
            let runs = LevelDecoder::new(bytes.clone().into(), max);
            assert!(runs.clone().take(3, &mut Vec::new()).is_err(), "{bytes:?}");
            assert!(runs.count_of(0, 3).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn levels_before_values_are_taken_away_from_them() {
        let mut out = Vec::new();
        let mut older = Bytes::from(vec![0b1010_0101, 0b1, 9, 9]);
        let runs = LevelDecoder::before_values(&mut older, 4, 1, 9).expect("levels");
        runs.expect("some").take(9, &mut out).expect("levels");
        assert_eq!((out.as_slice(), older.as_ref()), ([1, 0, 1, 0, 0, 1, 0, 1, 1].as_slice(), [9, 9].as_slice()));
        let mut bytes = Bytes::from(vec![2, 0, 0, 0, 6, 1, 9]);
        let runs = LevelDecoder::before_values(&mut bytes, 3, 1, 3).expect("levels");
        assert_eq!((runs.expect("some").count_of(1, 3).ok(), bytes.as_ref()), (Some(3), [9].as_slice()));
        for (bytes, encoding, count) in
            [(vec![1], 4, 9), (vec![1], 4, usize::MAX), (vec![5, 0, 0, 0, 1], 3, 1), (vec![9], 3, 1)]
        {
            assert!(LevelDecoder::before_values(&mut bytes.into(), encoding, 1, count).is_err());
        }
    }
}
