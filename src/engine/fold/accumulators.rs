//! Cells that a row keeps by key. Each kind has a zero and a merge.
//!
//! | cell | keeps | zero, merge | as SQL |
//! |---|---|---|---|
//! | count | matching events | 0, + | `count(*)` |
//! | first, last | the first, last instant | none, min / max | `min(ts)`, `max(ts)` |
//! | dates | local dates with an event | empty, union | `count(distinct date)` |
//! | tally | events by value, and by date if a window asks | empty, sum by key | `group by v` |
//! | number | exact sum, count, range | empty, by part | `sum`, `avg`, `min`, `max` |
//! | edge | the value at the first or last instant | none, by (instant, value) | `arg_min`, `arg_max` |
//! | keyed | the number at the last instant of each value of a property | empty, by (instant, value) by key | `arg_max ... group by k` |
//! | moments | instants, the `same` value, the steps matched | empty, multiset sum | `array_agg` |
//!
//! Counts, instants and date sets have fixed places in a row; this module holds the others. A
//! number or an edge is kept by date only if a window, week or later day asks for it by date.

use std::cmp::Ordering;

use super::{Interner, SmallMap, TextOrder};
use crate::plan::CellId;
use pql_model::{
    expr::{Value, ValueType},
    units::{Day, Micros, to_millionths},
};

/// The date of entries that are not kept by date.
pub(crate) const UNDATED: Day = Day::MIN;
/// The value of entries that are counted without one.
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// The key of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TallyKey {
    /// An interned text, or [`NO_TEXT`].
    pub(crate) value: u32,
    /// A date, or [`UNDATED`].
    pub(crate) day: Day,
    /// The cell.
    pub(crate) cell: CellId,
}

/// Counts by cell, date and value. A count saturates at 2^32 - 1.
pub(crate) type TallyMap = SmallMap<TallyKey, u32>;

/// Adds to a count.
pub(super) fn add_count(known: &mut u32, more: u32) {
    *known = known.saturating_add(more);
}

/// Exact sum, count and range of numbers.
///
/// **Law**: [`NumberStats::ZERO`] is the zero; [`NumberStats::merge`] is associative and
/// commutative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NumberStats {
    /// **Units**: millionths. None after a number or sum outside the range that stays exact.
    pub(crate) sum: Option<i128>,
    /// The number of values.
    pub(crate) count: u64,
    /// The smallest value.
    pub(crate) min: f64,
    /// The largest value.
    pub(crate) max: f64,
}

impl NumberStats {
    /// The statistics of no numbers.
    pub(crate) const ZERO: NumberStats =
        NumberStats { sum: Some(0), count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// The statistics of one number.
    pub(crate) fn one(value: f64) -> NumberStats {
        // Adding zero turns -0 into 0, so that the minimum does not depend on which came first.
        let value = value + 0.0;
        NumberStats { sum: to_millionths(value), count: 1, min: value, max: value }
    }

    /// Adds the statistics of other numbers.
    pub(crate) fn merge(&mut self, other: NumberStats) {
        self.sum = self.sum.zip(other.sum).and_then(|(a, b)| a.checked_add(b));
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// A value at an instant, packed so that it merges. Integer order is value order, except for text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimedValue {
    /// The instant.
    pub(crate) at: Micros,
    /// The packed value; its type is that of the cell.
    pub(crate) value: u64,
}

/// Packs a value; none if it is null.
pub(super) fn pack(value: &Value<'_>, mut intern: impl FnMut(&str) -> u32) -> Option<u64> {
    match value {
        Value::Null => None,
        Value::Number(number) => Some(ordered_bits(number + 0.0)),
        Value::Text(text) => Some(u64::from(intern(text))),
        Value::Digits(digits) => Some(u64::from(intern(digits))),
        Value::Boolean(truth) => Some(u64::from(*truth)),
        // Shifted, so that packed dates sort like dates.
        Value::Date(day) => Some((i64::from(*day) - i64::from(Day::MIN)).unsigned_abs()),
    }
}

/// Unpacks a value.
pub(crate) fn unpack(packed: u64, kind: ValueType, texts: &Interner) -> Value<'_> {
    match kind {
        ValueType::Number => Value::number(from_ordered_bits(packed)),
        ValueType::Text | ValueType::Json => Value::Text(texts.get(packed as u32).into()),
        ValueType::Boolean => Value::Boolean(packed != 0),
        ValueType::Date => Value::Date((packed as i64 + i64::from(Day::MIN)) as Day),
        ValueType::Null => Value::Null,
    }
}

/// The bits of a double, mapped so that their integer order is the order of doubles.
fn ordered_bits(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn from_ordered_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

impl TimedValue {
    /// Keeps the earlier or the later of two values; at one instant the smaller value.
    ///
    /// **Law**: associative, commutative and idempotent.
    pub(crate) fn merge(&mut self, other: TimedValue, last: bool, kind: ValueType, texts: &impl TextOrder) {
        let by_time = if last { other.at.cmp(&self.at) } else { self.at.cmp(&other.at) };
        let by_value = || match kind {
            ValueType::Text => texts.text_order(self.value as u32, other.value as u32),
            _ => self.value.cmp(&other.value),
        };
        if by_time.then_with(by_value) == Ordering::Greater {
            *self = other;
        }
    }
}

/// An event of a `steps` or `open` measure or of a milestone with `times`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventInstant {
    /// The instant.
    pub(crate) at: Micros,
    /// The interned text that pairs events, or [`NO_TEXT`].
    pub(crate) same: u32,
    /// The cell.
    pub(crate) cell: CellId,
    /// The steps that the event matches, a bit each.
    pub(crate) steps: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_and_dates_keep_their_order_and_value() {
        let mut texts = Interner::new(crate::decode::HashSeed::default());
        let numbers = [-1e300, -2.5, -1.0, 0.0, 1e-9, 3.0, 1e300];
        let mut packed: Vec<u64> = Vec::new();
        for number in numbers {
            packed.extend(pack(&Value::Number(number), |text| texts.intern(text)));
        }
        assert!(packed.is_sorted());
        for (number, packed) in numbers.iter().zip(packed) {
            assert_eq!(unpack(packed, ValueType::Number, &texts), Value::Number(*number));
        }
        for day in [-40_000, -1, 0, 20_000] {
            let packed = pack(&Value::Date(day), |text| texts.intern(text)).expect("no null");
            assert_eq!(unpack(packed, ValueType::Date, &texts), Value::Date(day));
        }
    }

    #[test]
    fn a_sum_that_cannot_be_exact_is_none_whatever_the_order() {
        let (mut a, mut b) = (NumberStats::one(1e30), NumberStats::one(1.0));
        let (one, huge) = (b, a);
        a.merge(one);
        b.merge(huge);
        assert_eq!((a.sum, b.sum, a.max, b.min), (None, None, 1e30, 1.0));
    }
}
