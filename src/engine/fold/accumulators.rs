//! What a row keeps by key: tallies, numbers, values at an end of time, and instants. Each has a zero and a merge.

use std::cmp::Ordering;

use super::{Interner, SmallMap, TextOrder};
use pql_model::{
    expr::{Value, ValueType},
    plan::CellId,
    units::{Day, Micros, to_millionths},
};

/// The date of what is not kept by date.
pub const UNDATED: Day = Day::MIN;
/// The value of what is counted without one.
pub const NO_TEXT: u32 = u32::MAX;

/// What a count is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TallyKey {
    /// The number of a text, or [`NO_TEXT`].
    pub value: u32,
    /// A date, or [`UNDATED`].
    pub day: Day,
    /// The cell.
    pub cell: CellId,
}

/// Counts by cell, date and value. A count stops at 2^32 - 1.
pub type TallyMap = SmallMap<TallyKey, u32>;

/// Adds to a count.
pub(super) fn add_count(known: &mut u32, more: u32) {
    *known = known.saturating_add(more);
}

/// Numbers added up exactly.
///
/// **Law**: [`Number::ZERO`] is the zero; [`Number::merge`] is associative and commutative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberStats {
    /// **Units**: millionths; none once a number was too large to be added up.
    pub sum: Option<i128>,
    /// How many.
    pub count: u64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl NumberStats {
    /// Of no numbers.
    pub const ZERO: NumberStats = NumberStats { sum: Some(0), count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Of one number.
    pub fn one(value: f64) -> NumberStats {
        // Adding zero makes -0 a 0, so that which of the two came first cannot show.
        let value = value + 0.0;
        NumberStats { sum: to_millionths(value), count: 1, min: value, max: value }
    }

    /// Adds the numbers of another.
    pub fn merge(&mut self, other: NumberStats) {
        self.sum = self.sum.zip(other.sum).and_then(|(a, b)| a.checked_add(b));
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// A value at an instant, in a form that merges: numbers ordered as integers, text by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedValue {
    /// When.
    pub at: Micros,
    /// The value, as its type packs it.
    pub value: u64,
}

/// Packs a value; none if it is null.
pub(super) fn pack(value: &Value<'_>, mut intern: impl FnMut(&str) -> u32) -> Option<u64> {
    match value {
        Value::Null => None,
        Value::Number(number) => Some(ordered_bits(number + 0.0)),
        Value::Text(text) => Some(u64::from(intern(text))),
        Value::Digits(digits) => Some(u64::from(intern(digits))),
        Value::Boolean(truth) => Some(u64::from(*truth)),
        // Dates are shifted so that their order is that of the packed numbers.
        Value::Date(day) => Some((i64::from(*day) - i64::from(Day::MIN)).unsigned_abs()),
    }
}

/// The value that was packed.
pub fn unpack(packed: u64, kind: ValueType, texts: &Interner) -> Value<'_> {
    match kind {
        ValueType::Number => Value::number(from_ordered_bits(packed)),
        ValueType::Text | ValueType::Json => Value::Text(texts.get(packed as u32).into()),
        ValueType::Boolean => Value::Boolean(packed != 0),
        ValueType::Date => Value::Date((packed as i64 + i64::from(Day::MIN)) as Day),
        ValueType::Null => Value::Null,
    }
}

/// The bits of a double, so that their order as integers is the order of the doubles.
fn ordered_bits(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn from_ordered_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

impl TimedValue {
    /// Keeps the earlier or later of two; at one instant the one with the smaller value.
    ///
    /// **Law**: associative, commutative and idempotent.
    pub fn merge(&mut self, other: TimedValue, last: bool, kind: ValueType, texts: &impl TextOrder) {
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

/// An instant that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventInstant {
    /// When.
    pub at: Micros,
    /// The number of the text that pairs, or [`NO_TEXT`].
    pub same: u32,
    /// The cell.
    pub cell: CellId,
    /// Which steps it matches, a bit each.
    pub steps: u16,
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
