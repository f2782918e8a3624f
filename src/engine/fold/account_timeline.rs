//! The account that a raw id named last on each date.
//!
//! Most ids name one account throughout. So a date takes one word, and accounts take memory only
//! from the second account on.

use std::{borrow::Cow, cmp::Ordering};

use super::{intern_cache::TextOrder, small_map::reserve_one};
use pql_model::units::{DAY_US, Day, Micros};

/// The account that a raw id named last on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccountMention {
    /// The instant of the event or line that named it.
    pub(crate) at: Micros,
    /// The local date of that instant.
    pub(crate) day: Day,
    /// The interned account.
    pub(crate) account: u32,
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

/// Up to this many dates, a date out of order is inserted at once. Longer lists collect such dates
/// and sort them together.
const INSERT_MAX: usize = 64;

/// The accounts that a raw id named, by date.
///
/// **Law**: after [`AccountTimeline::settled`] the order in which accounts are recorded does not
/// matter.
///
/// **Cost**: 8 bytes per date, 12 once there are several accounts. Recording n dates in any order
/// takes O(n log n).
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountTimeline {
    /// Sorted by date.
    day_instants: Vec<DayInstant>,
    /// The account of all dates, while there is only one.
    account: u32,
    /// Fields that few ids need.
    more: Option<Box<TimelineMore>>,
}

/// Fields that few ids need.
#[derive(Debug, Clone, Default)]
struct TimelineMore {
    /// One account per date, once there are several; empty until then.
    accounts: Vec<u32>,
    /// Dates out of order that are not sorted in yet. A date may occur more than once.
    unsorted: Vec<(DayInstant, u32)>,
}

impl AccountTimeline {
    /// True if no account was named.
    pub(crate) fn is_empty(&self) -> bool {
        self.day_instants.is_empty()
    }

    /// Records that an account was named. On one date the latest instant wins, at one instant the
    /// smaller id.
    pub(crate) fn record(&mut self, named: AccountMention, accounts: &impl TextOrder) {
        let when = DayInstant::new(named.day, named.at);
        let count = self.day_instants.len();
        let at = match self.day_instants.last() {
            Some(last) if last.day() < named.day => count,
            Some(last) if last.day() == named.day => count - 1,
            _ => self.day_instants.partition_point(|known| known.day() < named.day),
        };
        match self.day_instants.get(at) {
            Some(known) if known.day() == named.day => {
                if wins((when, named.account), (*known, self.account_at(at)), accounts) {
                    self.day_instants[at] = when;
                    self.set_account(at, named.account);
                }
            }
            Some(_) if count >= INSERT_MAX => self.put_aside((when, named.account), accounts),
            _ => self.insert(at, when, named.account),
        }
    }

    fn insert(&mut self, at: usize, when: DayInstant, account: u32) {
        reserve_one(&mut self.day_instants);
        self.day_instants.insert(at, when);
        if let Some(more) = self.more.as_mut().filter(|more| !more.accounts.is_empty()) {
            more.accounts.insert(at, account);
        }
        self.set_account(at, account);
    }

    /// Keeps a date that is out of order. If there are many, sorts them in, so that the cost per
    /// date stays small.
    fn put_aside(&mut self, named: (DayInstant, u32), accounts: &impl TextOrder) {
        let unsorted = &mut self.more.get_or_insert_default().unsorted;
        unsorted.push(named);
        if unsorted.len() > self.day_instants.len() / 2 {
            self.sort(accounts);
        }
    }

    /// Sorts in the dates that are out of order.
    pub(crate) fn sort(&mut self, accounts: &impl TextOrder) {
        let mut unsorted = self.more.as_mut().map_or_else(Vec::new, |more| std::mem::take(&mut more.unsorted));
        unsorted.sort_by_key(|(when, _)| when.day());
        let known: Vec<(DayInstant, u32)> =
            self.day_instants.iter().enumerate().map(|(at, when)| (*when, self.account_at(at))).collect();
        let mut all = AccountTimeline::default();
        let mut waiting = unsorted.into_iter().peekable();
        for (when, account) in known {
            while let Some(earlier) = waiting.next_if(|(other, _)| other.day() < when.day()) {
                all.append(earlier, accounts);
            }
            all.append((when, account), accounts);
        }
        waiting.for_each(|later| all.append(later, accounts));
        *self = all;
    }

    /// Records a mention of the last date or of a later date.
    fn append(&mut self, (when, account): (DayInstant, u32), accounts: &impl TextOrder) {
        self.record(AccountMention { at: when.at(), day: when.day(), account }, accounts);
    }

    /// The timeline with all dates sorted in.
    pub(crate) fn settled(&self, accounts: &impl TextOrder) -> Cow<'_, AccountTimeline> {
        if self.unsorted().is_empty() {
            return Cow::Borrowed(self);
        }
        let mut sorted = self.clone();
        sorted.sort(accounts);
        Cow::Owned(sorted)
    }

    fn unsorted(&self) -> &[(DayInstant, u32)] {
        self.more.as_ref().map_or(&[], |more| &more.unsorted)
    }

    fn account_at(&self, at: usize) -> u32 {
        self.more.as_ref().and_then(|more| more.accounts.get(at)).copied().unwrap_or(self.account)
    }

    fn set_account(&mut self, at: usize, account: u32) {
        let count = self.day_instants.len();
        if self.more.as_ref().is_none_or(|more| more.accounts.is_empty()) {
            if count == 1 {
                self.account = account;
            }
            if account == self.account {
                return;
            }
            self.more.get_or_insert_default().accounts = vec![self.account; count];
        }
        self.more.get_or_insert_default().accounts[at] = account;
    }

    /// The mentions: first one per date, by date, then those that are not sorted in yet.
    pub(crate) fn iter(&self) -> impl Iterator<Item = AccountMention> {
        let sorted = self.day_instants.iter().enumerate().map(|(at, when)| (*when, self.account_at(at)));
        let named = |(when, account): (DayInstant, u32)| AccountMention { at: when.at(), day: when.day(), account };
        sorted.chain(self.unsorted().iter().copied()).map(named)
    }

    /// The account that was named last.
    pub(crate) fn last(&self) -> Option<u32> {
        // The instant decides, since a date comes twice in some zones.
        self.iter().max_by_key(|named| named.at).map(|named| named.account)
    }

    /// The account for an event that names none: the last one on its date, else on the nearest
    /// earlier date, else on the first later date.
    pub(crate) fn account_on(&self, day: Day) -> Option<u32> {
        let after = self.day_instants.partition_point(|known| known.day() <= day);
        (!self.is_empty()).then(|| self.account_at(after.saturating_sub(1)))
    }
}

/// True if the first of two mentions on one date is the one to keep.
fn wins(one: (DayInstant, u32), other: (DayInstant, u32), accounts: &impl TextOrder) -> bool {
    match one.0.at().cmp(&other.0.at()) {
        Ordering::Greater => true,
        Ordering::Equal => accounts.text_order(one.1, other.1).is_lt(),
        Ordering::Less => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
            named in prop_oneof![
                prop::collection::vec((0..6_i32, 0..4_i64, 0..3_u32), 0..12),
                prop::collection::vec((0..400_i32, 0..4_i64, 0..3_u32), 150..700),
            ],
            several in any::<bool>(),
            asked in prop_oneof![-1..7_i32, 0..400_i32],
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
            let timeline = timeline.settled(&ByNumber);
            let all: Vec<AccountMention> = plain.values().copied().collect();
            prop_assert_eq!(timeline.iter().collect::<Vec<_>>(), all);
            prop_assert_eq!(timeline.last(), plain.values().last().map(|named| named.account));
            let nearest = plain.range(..=asked).next_back().or_else(|| plain.iter().next());
            prop_assert_eq!(timeline.account_on(asked), nearest.map(|(_, named)| named.account));
        }
    }
}
