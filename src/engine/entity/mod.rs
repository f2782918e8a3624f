//! Resolves a state into users and accounts.
//!
//! [`resolve_entities`] takes a [`FoldState`] and the e-mails of enrichment files and gives
//! [`Entities`], which point into the state and copy none of it. It decides three things:
//!
//! - which raw ids are one person ([`PersonIndex`]),
//! - which account each row is credited to,
//! - which account is a user's home.
//!
//! The state itself never joins ids, so a join learnt on the last line needs no second pass.

mod domains;
mod grouped_vec;
mod identity;
mod line_totals;
mod newest_event;
mod person_profile;
mod user_collector;

use std::collections::HashMap;

pub use domains::FREE_MAIL_DATE;
use domains::is_below;
use grouped_vec::GroupedVec;
pub use identity::{NOBODY, PersonIndex};
use line_totals::LineTotals;
pub(crate) use newest_event::newest_event_of_others;
use person_profile::{
    AllRecords, PersonProfile, PersonRecords, email, host_of_id, host_of_person, known_ids, raw_ids, rows,
};
use user_collector::{StatePeople, UserCollector};

use rayon::prelude::*;

use crate::{
    fold::{
        AccountTraits, DayEvents, FileCounts, FoldState, IdState, Interner, NO_ACCOUNT, RowOwner, StateRow, TimedValue,
    },
    plan::{Model, TraitPlan},
};

/// A row of the state and its user.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowRef {
    /// The shard.
    pub shard: u32,
    /// The row in the shard.
    pub(crate) row: u32,
    /// The index of the user, or [`NOBODY`].
    pub user: u32,
}

/// Users and accounts with their rows.
#[derive(Debug)]
pub struct Entities<'s> {
    /// The state that they were resolved from.
    pub state: &'s FoldState,
    /// Users with at least one event, unordered.
    pub users: Vec<UserEntity<'s>>,
    /// Accounts with at least one event, unordered.
    pub accounts: Vec<AccountEntity>,
    /// Account ids; those derived from e-mail domains come after those that were named.
    pub account_ids: Interner,
    /// Rows, by person.
    user_rows: GroupedVec<RowRef>,
    /// Raw ids as shard and owner, by person.
    raw_ids: GroupedVec<(u32, RowOwner)>,
    account_rows: Vec<RowRef>,
    /// Account traits from lines of users who are not internal. Empty if the model excludes nobody.
    account_traits: AccountTraits,
    /// Users that group lines name but that have no event.
    pub(crate) members_without_events: Vec<&'s str>,
    /// The person behind each raw id.
    people: PersonIndex<'s>,
    user_of_person: Vec<u32>,
    /// Line counts by file, corrected for visitors who turned out to belong to no person.
    pub counts: Vec<FileCounts>,
    /// Events that count, of the newest local date that has any line of an event.
    pub(crate) newest_day: DayEvents,
    /// Statistics of identity links.
    pub joins: JoinReport,
}

/// Statistics of identity links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JoinReport {
    /// User ids that were merged into another one's person.
    pub(crate) users: u64,
    /// Visitors that were assigned to a person.
    pub(crate) visitors: u64,
    /// The largest number of ids, user and anonymous, of one person.
    pub(crate) largest: u64,
    /// Refused: visitors that co-occur with more than one person.
    pub shared_visitors: u64,
    /// Refused: lines that would have linked a placeholder.
    pub placeholders: u64,
}

/// A user.
#[derive(Debug)]
pub struct UserEntity<'s> {
    /// The printed id.
    pub id: &'s str,
    /// The home account, as a number in [`Entities::account_ids`], or [`NO_ACCOUNT`].
    pub(crate) home_id: u32,
    /// The index of the home account, if that has any events.
    pub home: Option<u32>,
    /// The registrable domain of the e-mail.
    pub(crate) domain: Option<String>,
    /// Whether that domain is of a company, and none of free mail.
    pub(crate) has_company_domain: bool,
    /// The index among people, some of whom are excluded and no users.
    person: u32,
}

/// An account.
#[derive(Debug)]
pub struct AccountEntity {
    /// Its number in [`Entities::account_ids`].
    pub id: u32,
    /// The indexes of users whose home it is.
    pub members: Vec<u32>,
    rows: std::ops::Range<u32>,
}

/// The name space of a raw id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdKind {
    /// User ids.
    User,
    /// Anonymous ids.
    Visitor,
}

/// The prefix of account ids that are derived from e-mail domains.
pub(crate) const DOMAIN_PREFIX: &str = "domain:";

impl<'s> Entities<'s> {
    /// The rows of a user.
    pub fn user_rows(&self, user: usize) -> &[RowRef] {
        self.user_rows.group(self.users[user].person as usize)
    }

    /// The raw ids of a user, as shard and owner.
    pub(crate) fn raw_ids(&self, user: usize) -> &[(u32, RowOwner)] {
        self.raw_ids.group(self.users[user].person as usize)
    }

    /// The rows that are credited to an account.
    pub fn account_rows(&self, account: usize) -> &[RowRef] {
        let rows = &self.accounts[account].rows;
        &self.account_rows[rows.start as usize..rows.end as usize]
    }

    /// A row of the state.
    pub fn row(&self, at: RowRef) -> &'s StateRow {
        &self.state.shards[at.shard as usize].rows[at.row as usize]
    }

    /// The state of a raw id outside its rows.
    pub(crate) fn id_state(&self, (part, owner): (u32, RowOwner)) -> Option<&'s IdState> {
        id_state(self.state, part, owner)
    }

    /// Every raw id of a user with the user's printed id: user ids first, each kind in text order.
    pub fn id_map(&self) -> Vec<(IdKind, &'s str, &'s str)> {
        let mut all: Vec<(IdKind, &'s str, &'s str)> = Vec::new();
        for (place, user) in self.users.iter().enumerate() {
            all.extend(self.raw_ids(place).iter().filter_map(|(part, owner)| {
                let part = &self.state.shards[*part as usize];
                match owner {
                    RowOwner::User(id) => Some((IdKind::User, part.users.ids.get(*id), user.id)),
                    RowOwner::Visitor(id) => Some((IdKind::Visitor, part.visitors.ids.get(*id), user.id)),
                    RowOwner::Nobody => None,
                }
            }));
        }
        all.sort_unstable();
        all
    }

    /// Index of the first domain equal to, or a parent of, the user's e-mail host. `emails` are
    /// those of the enrichment file.
    pub fn find_domain(
        &self,
        user: u32,
        model: &Model,
        emails: &HashMap<String, String>,
        domains: &[String],
    ) -> Option<usize> {
        let draft = self.records(user);
        let host = host_of_person(self.state, model, draft, emails).0;
        let of_ids = self.known_ids(user).into_iter().filter_map(host_of_id);
        let mut places = host
            .into_iter()
            .chain(of_ids)
            .filter_map(|host| domains.iter().position(|domain| is_below(&host, std::slice::from_ref(domain))));
        places.next()
    }

    /// The e-mail address of a user. `emails` are those of the enrichment file.
    pub fn email(&self, user: u32, model: &Model, emails: &HashMap<String, String>) -> Option<String> {
        email(self.state, model, (self.records(user), &self.known_ids(user)), emails)
    }

    /// The user ids of a user, sorted. Ids that occur only in alias lines are included.
    pub fn known_ids(&self, user: u32) -> Vec<&str> {
        known_ids(self.state, self.records(user))
    }

    fn records(&self, user: u32) -> PersonRecords<'_> {
        let person = self.users[user as usize].person as usize;
        let (raw, rows) = (self.raw_ids.group(person), self.user_rows.group(person));
        PersonRecords { raw, named_only: self.people.named_only.group(person), rows }
    }

    /// The value of an account trait in group lines, by the number of the account id and the index
    /// of the trait. Lines of internal users do not count.
    pub(crate) fn account_trait(&self, account: u32, index: u16, plan: &TraitPlan) -> Option<TimedValue> {
        let key = (account, index);
        let of_nobody = self.state.account_traits.get(&key).copied();
        let of_people = self.account_traits.get(&key).copied();
        of_nobody.into_iter().chain(of_people).reduce(|mut one, other| {
            one.merge(other, !plan.first, plan.kind, &self.state.texts);
            one
        })
    }

    /// Whether a user id has events that do not count, since the user is internal.
    pub(crate) fn sets_aside(&self, raw: &str) -> bool {
        let person = self.person_of_id(raw).map(|person| person as usize);
        person.is_some_and(|person| self.user_of_person[person] == NOBODY && !self.user_rows.group(person).is_empty())
    }

    /// Whether events name an account, even one that has only internal users.
    pub(crate) fn names_account(&self, id: &str) -> bool {
        self.account_ids.find(id).is_some()
    }

    /// The index of the user behind a raw id, if it has any events.
    pub fn user_of(&self, raw: &str) -> Option<u32> {
        let user = self.user_of_person[self.person_of_id(raw)? as usize];
        (user != NOBODY).then_some(user)
    }

    /// The person behind a raw user id.
    fn person_of_id(&self, raw: &str) -> Option<u32> {
        let part = FoldState::shard_index(self.state.hash_id(raw));
        let known =
            self.state.shards[part].users.ids.find(raw).map(|id| self.people.person_of(part, RowOwner::User(id)));
        known.or_else(|| self.people.of_alias(raw))
    }
}

fn id_state(state: &FoldState, part: u32, owner: RowOwner) -> Option<&IdState> {
    let part = &state.shards[part as usize];
    match owner {
        RowOwner::User(id) => part.users.states.get(id as usize),
        RowOwner::Visitor(id) => part.visitors.states.get(id as usize),
        RowOwner::Nobody => None,
    }
}

/// Resolves users and accounts. `emails` are those of the enrichment file, by raw user id.
pub fn resolve_entities<'s>(state: &'s FoldState, model: &Model, emails: &HashMap<String, String>) -> Entities<'s> {
    let people = identity::resolve_people(state);
    let raw_ids = raw_ids(state, &people);
    let user_rows = rows(state, &people);
    let joins = join_report(state, &people, &raw_ids);
    let records = AllRecords { raw_ids: &raw_ids, named_only: &people.named_only, rows: &user_rows };
    let profiles = read_profiles(state, model, emails, records);
    let source = StatePeople { state, model, people: &people, raw_ids: &raw_ids };
    let mut found = UserCollector::new(source, user_rows);
    for (profiles, credits) in profiles {
        let mut credits = credits.into_iter();
        profiles.into_iter().for_each(|profile| found.add(profile, &mut credits));
    }
    found.add_nobody();
    let UserCollector { rows, users, account_ids, account_traits, members_without_events, .. } = found;
    let (user_of_person, LineTotals { files: counts, newest_day }) = (found.user_of_person, found.counts);
    let (accounts, account_rows, place) = accounts(&account_ids, found.credited);
    let mut entities = Entities {
        state,
        users,
        accounts,
        account_ids,
        user_rows: rows,
        raw_ids,
        account_rows,
        account_traits,
        members_without_events,
        joins,
        people,
        user_of_person,
        counts,
        newest_day,
    };
    for (number, user) in entities.users.iter_mut().enumerate() {
        user.home = place.get(user.home_id as usize).copied().filter(|place| *place != NOBODY);
        if let Some(home) = user.home {
            entities.accounts[home as usize].members.push(number as u32);
        }
    }
    entities
}

/// The profile of every person, and the account of each of its rows as far as named accounts decide
/// it. People are read in chunks.
fn read_profiles(
    state: &FoldState,
    model: &Model,
    emails: &HashMap<String, String>,
    records: AllRecords<'_>,
) -> Vec<(Vec<PersonProfile>, Vec<u32>)> {
    const AT_ONCE: usize = 512;
    let part = |first: usize| {
        let people = first..(first + AT_ONCE).min(records.rows.len());
        let mut credits = Vec::with_capacity(people.len());
        let read = |person| PersonProfile::read(state, model, records.of(person), emails, &mut credits);
        let profiles = people.map(read).collect();
        (profiles, credits)
    };
    (0..records.rows.len()).into_par_iter().step_by(AT_ONCE).map(part).collect()
}

/// Counts the identity links, before any people are excluded.
fn join_report(state: &FoldState, people: &PersonIndex<'_>, raw_ids: &GroupedVec<(u32, RowOwner)>) -> JoinReport {
    let mut report = JoinReport {
        shared_visitors: people.shared_visitors,
        placeholders: state.joins.placeholders,
        ..JoinReport::default()
    };
    for raw in (0..raw_ids.len()).map(|person| raw_ids.group(person)) {
        let known = raw.iter().filter(|(_, owner)| matches!(owner, RowOwner::User(_))).count();
        report.users += known.saturating_sub(1) as u64;
        report.visitors += (raw.len() - known) as u64;
        report.largest = report.largest.max(raw.len() as u64);
    }
    report
}

/// Rows without a person, credited to the account that they name. Events of visitors without a
/// person and account are counted as anonymous.
fn credit_nobody_rows(state: &FoldState, people: &PersonIndex<'_>, counts: &mut LineTotals) -> Vec<(u32, RowRef)> {
    let mut credited = Vec::new();
    for (number, part) in state.shards.iter().enumerate() {
        for (index, row) in part.rows.iter().enumerate() {
            if people.person_of(number, row.owner) == NOBODY && row.account != NO_ACCOUNT {
                credited.push((row.account, RowRef { shard: number as u32, row: index as u32, user: NOBODY }));
            }
        }
        for (id, visitor) in part.visitors.states.iter().enumerate() {
            if people.person_of(number, RowOwner::Visitor(id as u32)) == NOBODY {
                visitor.details.iter().for_each(|details| counts.set_aside_unattributed(details));
            }
        }
    }
    credited
}

/// Accounts with the rows credited to them, and each account's index by its number.
fn accounts(ids: &Interner, mut credited: Vec<(u32, RowRef)>) -> (Vec<AccountEntity>, Vec<RowRef>, Vec<u32>) {
    // Sorted by user within an account, so that measures per user find adjacent rows.
    credited.par_sort_unstable_by_key(|(account, at)| (*account, at.user, at.shard, at.row));
    let mut accounts: Vec<AccountEntity> = Vec::new();
    let mut place = vec![NOBODY; ids.len()];
    for (index, (account, _)) in credited.iter().enumerate() {
        let index = index as u32;
        match accounts.last_mut() {
            Some(last) if last.id == *account => last.rows.end = index + 1,
            _ => {
                place[*account as usize] = accounts.len() as u32;
                accounts.push(AccountEntity { id: *account, members: Vec::new(), rows: index..index + 1 });
            }
        }
    }
    (accounts, credited.into_iter().map(|(_, at)| at).collect(), place)
}
