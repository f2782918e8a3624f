//! The account that a raw id named last on each date.
//!
//! Most ids name one account throughout. So a date takes one word, and accounts take memory only
//! from the second account on.

use super::{intern_cache::TextOrder, small_map::reserve_one};
use pql_model::units::{DAY_US, Day, Micros};

/// The account that a raw id named last on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMention {
    /// The instant of the event or line that named it.
    pub at: Micros,
    /// The local date of that instant.
    pub day: Day,
    /// The interned account.
    pub account: u32,
}

/// A local date and an instant near it, in one word. The date is in the upper bits, so that words
/// sort by date. The lower bits identify the instant within three weeks of the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DayInstant(u64);

impl DayInstant {
    const INSTANT_BITS: u32 = 42;
    const INSTANT_MASK: u64 = (1 << DayInstant::INSTANT_BITS) - 1;
    /// Keeps the dates of all events positive: they lie between the years 1 and 9999.
    const DAY_OFFSET: Day = 1 << 20;

    fn new(day: Day, at: Micros) -> DayInstant {
        let day = u64::from((day + DayInstant::DAY_OFFSET).cast_unsigned());
        DayInstant(day << DayInstant::INSTANT_BITS | at.cast_unsigned() & DayInstant::INSTANT_MASK)
    }

    fn day(self) -> Day {
        ((self.0 >> DayInstant::INSTANT_BITS) as u32).cast_signed() - DayInstant::DAY_OFFSET
    }

    fn at(self) -> Micros {
        let begins = Micros::from(self.day()) * DAY_US;
        let unused = u64::BITS - DayInstant::INSTANT_BITS;
        // The distance may be negative, since a local date begins up to a day before or after the
        // UTC date.
        let after = (self.0.wrapping_sub(begins.cast_unsigned()) << unused).cast_signed() >> unused;
        begins + after
    }
}

/// The accounts that a raw id named, by date.
///
/// **Law**: the order in which accounts are recorded does not matter.
///
/// **Cost**: 8 bytes per date, 12 once there are several accounts.
#[derive(Debug, Clone, Default)]
pub struct AccountTimeline {
    /// Sorted by date.
    day_instants: Vec<DayInstant>,
    /// The account of all dates, while there is only one.
    account: u32,
    /// One account per date, once there are several; empty until then.
    accounts: Vec<u32>,
}

impl AccountTimeline {
    /// True if no account was named.
    pub fn is_empty(&self) -> bool {
        self.day_instants.is_empty()
    }

    /// Records that an account was named. On one date the latest instant wins, at one instant the
    /// smaller id.
    pub fn record(&mut self, named: AccountMention, accounts: &impl TextOrder) {
        let when = DayInstant::new(named.day, named.at);
        let at = match self.day_instants.last() {
            Some(last) if last.day() < named.day => self.day_instants.len(),
            Some(last) if last.day() == named.day => self.day_instants.len() - 1,
            _ => self.day_instants.partition_point(|known| known.day() < named.day),
        };
        match self.day_instants.get(at) {
            Some(known) if known.day() == named.day => {
                let known_at = known.at();
                let later = named.at > known_at;
                if later || (named.at == known_at && accounts.text_order(named.account, self.account_at(at)).is_lt()) {
                    self.day_instants[at] = when;
                    self.set_account(at, named.account);
                }
            }
            _ => {
                reserve_one(&mut self.day_instants);
                self.day_instants.insert(at, when);
                if !self.accounts.is_empty() {
                    self.accounts.insert(at, named.account);
                }
                self.set_account(at, named.account);
            }
        }
    }

    fn account_at(&self, at: usize) -> u32 {
        self.accounts.get(at).copied().unwrap_or(self.account)
    }

    fn set_account(&mut self, at: usize, account: u32) {
        if self.accounts.is_empty() {
            if self.day_instants.len() == 1 {
                self.account = account;
            }
            if account == self.account {
                return;
            }
            self.accounts = vec![self.account; self.day_instants.len()];
        }
        self.accounts[at] = account;
    }

    /// The mentions, by date.
    pub fn iter(&self) -> impl Iterator<Item = AccountMention> {
        let named = |(at, when): (usize, &DayInstant)| AccountMention {
            at: when.at(),
            day: when.day(),
            account: self.account_at(at),
        };
        self.day_instants.iter().enumerate().map(named)
    }

    /// The account that was named last.
    pub fn last(&self) -> Option<u32> {
        // The instant decides, since a date comes twice in some zones.
        self.iter().max_by_key(|named| named.at).map(|named| named.account)
    }

    /// The account for an event that names none: the last one on its date, else on the nearest
    /// earlier date, else on the first later date.
    pub fn account_on(&self, day: Day) -> Option<u32> {
        let after = self.day_instants.partition_point(|known| known.day() <= day);
        (!self.is_empty()).then(|| self.account_at(after.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use std::{cmp::Ordering, collections::BTreeMap};

    use proptest::prelude::*;

    use super::*;

    /// Roughly the first and the last instant that an event can have.
    const INSTANTS: [Micros; 2] = [-62_135_510_400_000_000, 253_402_128_000_000_000];

    /// An order in which the texts of accounts sort like their numbers.
    struct ByNumber;

    impl TextOrder for ByNumber {
        fn text_order(&self, a: u32, b: u32) -> Ordering {
            a.cmp(&b)
        }
    }

    proptest! {
        #[test]
        fn a_date_and_an_instant_are_kept(
            at in prop_oneof![INSTANTS[0]..=INSTANTS[1], -3 * DAY_US..3 * DAY_US, prop::sample::select(INSTANTS.to_vec())], ahead in -1..=1,
        ) {
            let day = Day::try_from(at.div_euclid(DAY_US)).expect("a date") + ahead;
            let when = DayInstant::new(day, at);
            prop_assert_eq!((when.day(), when.at()), (day, at));
        }

        #[test]
        fn a_timeline_is_the_last_of_each_date(
            named in prop::collection::vec((0..6_i32, 0..4_i64, 0..3_u32), 0..12), several in any::<bool>(), asked in -1..7_i32,
        ) {
            let named: Vec<AccountMention> = named
                .into_iter()
                .map(|(day, hour, account)| AccountMention {
                    at: Micros::from(day) * DAY_US + hour * 3_600_000_000,
                    day,
                    account: if several { account } else { 7 },
                })
                .collect();
            let mut timeline = AccountTimeline::default();
            let mut plain: BTreeMap<Day, AccountMention> = BTreeMap::new();
            for one in &named {
                timeline.record(*one, &ByNumber);
                let known = plain.entry(one.day).or_insert(*one);
                if (one.at, std::cmp::Reverse(one.account)) > (known.at, std::cmp::Reverse(known.account)) {
                    *known = *one;
                }
            }
            let all: Vec<AccountMention> = plain.values().copied().collect();
            prop_assert_eq!(timeline.iter().collect::<Vec<_>>(), all);
            prop_assert_eq!(timeline.last(), plain.values().last().map(|named| named.account));
            let nearest = plain.range(..=asked).next_back().or_else(|| plain.iter().next());
            prop_assert_eq!(timeline.account_on(asked), nearest.map(|(_, named)| named.account));
        }
    }
}
