//! A set of local dates as a bit set. The first 128 dates need no allocation.

use pql_model::units::Day;

/// Dates per word.
const BITS: i32 = 64;

/// A set of dates.
///
/// **Law**: the empty set is the zero; union merges.
///
/// **Cost**: 48 bytes, and 16 for each 64 dates beyond the first 128.
#[derive(Debug, Clone, Default)]
pub(crate) struct DaySet {
    /// The number of the first inline word.
    base: i32,
    words: [u64; 2],
    /// Further words and their numbers, sorted by number.
    more: Vec<(i32, u64)>,
}

impl DaySet {
    /// Adds a date.
    pub(crate) fn insert(&mut self, day: Day) {
        self.add(day.div_euclid(BITS), 1 << day.rem_euclid(BITS));
    }

    fn add(&mut self, number: i32, bits: u64) {
        if self.words == [0, 0] && self.more.is_empty() {
            self.base = number;
        }
        match number.checked_sub(self.base) {
            Some(at @ 0..=1) => self.words[at as usize] |= bits,
            _ => {
                let more = &mut self.more;
                match more.binary_search_by_key(&number, |(number, _)| *number) {
                    Ok(at) => more[at].1 |= bits,
                    Err(at) => more.insert(at, (number, bits)),
                }
            }
        }
    }

    /// Adds all dates of another set.
    pub(crate) fn union(&mut self, other: &DaySet) {
        for (number, bits) in other.words() {
            self.add(number, bits);
        }
    }

    fn words(&self) -> impl Iterator<Item = (i32, u64)> {
        let inline = self.words.iter().enumerate().map(|(at, bits)| (self.base + at as i32, *bits));
        inline.filter(|(_, bits)| *bits != 0).chain(self.more.iter().copied())
    }

    /// The words restricted to the dates from `first` to `last`.
    fn cut(&self, first: Day, last: Day) -> impl Iterator<Item = (i32, u64)> {
        self.words().filter_map(move |(number, bits)| {
            let start = number * BITS;
            let low = first.saturating_sub(start).clamp(0, BITS);
            let high = last.saturating_sub(start).saturating_add(1).clamp(0, BITS);
            let below = |count: i32| if count >= BITS { u64::MAX } else { (1_u64 << count) - 1 };
            let bits = if high <= low { 0 } else { bits & below(high) & !below(low) };
            (bits != 0).then_some((number, bits))
        })
    }

    /// The inline dates from `first` to `last`, as bits.
    #[inline]
    fn inline(&self, first: Day, last: Day) -> u128 {
        let start = i64::from(self.base) * i64::from(BITS);
        let place = |day: i64| (day - start).clamp(0, 128) as u32;
        let below = |count: u32| u128::MAX.checked_shr(128 - count).unwrap_or(0);
        let bits = u128::from(self.words[0]) | u128::from(self.words[1]) << BITS;
        bits & below(place(i64::from(last) + 1)) & !below(place(i64::from(first)))
    }

    /// The number of dates from `first` to `last`.
    pub(crate) fn count_between(&self, first: Day, last: Day) -> u32 {
        if self.more.is_empty() {
            return self.inline(first, last).count_ones();
        }
        self.cut(first, last).map(|(_, bits)| bits.count_ones()).sum()
    }

    /// True if there is a date from `first` to `last`.
    pub(crate) fn any_between(&self, first: Day, last: Day) -> bool {
        if self.more.is_empty() {
            return self.inline(first, last) != 0;
        }
        self.cut(first, last).next().is_some()
    }

    /// The first date from `first` to `last`.
    pub(crate) fn first_between(&self, first: Day, last: Day) -> Option<Day> {
        if self.more.is_empty() {
            let bits = self.inline(first, last);
            return (bits != 0).then(|| self.base * BITS + bits.trailing_zeros() as i32);
        }
        self.cut(first, last).map(|(number, bits)| number * BITS + bits.trailing_zeros() as i32).min()
    }

    /// The last date from `first` to `last`.
    pub(crate) fn last_between(&self, first: Day, last: Day) -> Option<Day> {
        if self.more.is_empty() {
            let bits = self.inline(first, last);
            return (bits != 0).then(|| self.base * BITS + 2 * BITS - 1 - bits.leading_zeros() as i32);
        }
        self.cut(first, last).map(|(number, bits)| number * BITS + BITS - 1 - bits.leading_zeros() as i32).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_set_of_days_is_a_set_of_days(a in prop::collection::vec(-300..300, 0..40), b in prop::collection::vec(-300..300, 0..40), first in -320..320, length in 0..200) {
            let set = |days: &[Day]| days.iter().fold(DaySet::default(), |mut set, day| { set.insert(*day); set });
            let (mut merged, other) = (set(&a), set(&b));
            merged.union(&other);
            let plain: BTreeSet<Day> = a.iter().chain(&b).copied().collect();
            let last = first + length;
            let inside: Vec<Day> = plain.iter().copied().filter(|day| (first..=last).contains(day)).collect();
            prop_assert_eq!(merged.count_between(first, last) as usize, inside.len());
            prop_assert_eq!(merged.any_between(first, last), !inside.is_empty());
            prop_assert_eq!(merged.first_between(first, last), inside.first().copied());
            prop_assert_eq!(merged.last_between(first, last), inside.last().copied());
        }
    }
}
