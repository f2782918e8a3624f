//! The profile of each person: raw ids and rows, the e-mail, the accounts that were named.

use std::{borrow::Cow, collections::HashMap};

use super::{
    NOBODY, PersonIndex, RowRef,
    domains::{host, is_below, registrable},
    grouped_vec::GroupedVec,
    id_state,
    line_totals::LineTotals,
};
use crate::{
    fold::{AccountTimeline, FoldState, NO_ACCOUNT, RowOwner, TimedValue, unpack},
    plan::Model,
};
use pql_model::{expr::Value, units::Micros};

/// The records of a person that may become a user.
#[derive(Clone, Copy)]
pub(super) struct PersonRecords<'d> {
    pub(super) raw: &'d [(u32, RowOwner)],
    /// Ids of the person that are the user of no record.
    pub(super) named_only: &'d [&'d str],
    pub(super) rows: &'d [RowRef],
}

/// The records of all people.
#[derive(Clone, Copy)]
pub(super) struct AllRecords<'d> {
    pub(super) raw_ids: &'d GroupedVec<(u32, RowOwner)>,
    pub(super) named_only: &'d GroupedVec<&'d str>,
    pub(super) rows: &'d GroupedVec<RowRef>,
}

impl<'d> AllRecords<'d> {
    /// The records of one person.
    pub(super) fn of(&self, person: usize) -> PersonRecords<'d> {
        let Self { raw_ids, named_only, rows } = self;
        PersonRecords { raw: raw_ids.group(person), named_only: named_only.group(person), rows: rows.group(person) }
    }
}

/// The facts of a person that decide its domain and account.
pub(super) struct PersonProfile {
    /// True if the person is internal. Its records are then excluded.
    pub(super) internal: bool,
    /// The host of the e-mail.
    pub(super) host: Option<String>,
    /// The registrable domain of the host.
    pub(super) domain: Option<String>,
    /// The account that was named last.
    pub(super) named_last: Option<u32>,
}

impl PersonProfile {
    /// Reads the profile. Adds the account of each row to `credit`, as far as named accounts decide
    /// it.
    pub(super) fn read(
        state: &FoldState,
        model: &Model,
        draft: PersonRecords<'_>,
        emails: &HashMap<String, String>,
        credit: &mut Vec<u32>,
    ) -> PersonProfile {
        let (host, internal) = host_of_person(state, model, draft, emails);
        let domain = host.as_deref().and_then(registrable);
        let timeline = timeline(state, draft.raw);
        credit.extend(draft.rows.iter().map(|at| {
            let row = &state.shards[at.shard as usize].rows[at.row as usize];
            if row.account != NO_ACCOUNT { row.account } else { timeline.account_on(row.day).unwrap_or(NO_ACCOUNT) }
        }));
        PersonProfile { internal, host, domain, named_last: timeline.last() }
    }
}

/// The host of a person's e-mail, and true if the person is internal by one of its ids or by the
/// e-mail.
pub(super) fn host_of_person(
    state: &FoldState,
    model: &Model,
    draft: PersonRecords<'_>,
    emails: &HashMap<String, String>,
) -> (Option<String>, bool) {
    let known = known_ids(state, draft);
    let host = email(state, model, (draft, &known), emails).as_deref().and_then(host);
    let identity = &model.resolved.identity;
    let of_domain = |host: &str| is_below(host, &identity.exclude_domains);
    let by_id = |id: &&str| {
        identity.exclude_users.iter().any(|glob| glob.matches(id))
            || host_of_id(id).is_some_and(|host| of_domain(&host))
    };
    let internal = host.as_deref().is_some_and(of_domain) || (identity.sets_aside() && known.iter().any(by_id));
    (host, internal)
}

/// The host of an id that is an e-mail address.
pub(super) fn host_of_id(id: &str) -> Option<String> {
    id.contains('@').then(|| host(id)).flatten()
}

/// The user ids of a person, sorted.
pub(super) fn known_ids<'i>(state: &'i FoldState, draft: PersonRecords<'i>) -> Vec<&'i str> {
    let raw_ids = draft.raw.iter().filter_map(|(part, owner)| match owner {
        RowOwner::User(id) => Some(state.shards[*part as usize].users.ids.get(*id)),
        _ => None,
    });
    let mut known: Vec<&str> = raw_ids.chain(draft.named_only.iter().copied()).collect();
    known.sort_unstable();
    known
}

/// The raw ids of every person.
pub(super) fn raw_ids(state: &FoldState, people: &PersonIndex<'_>) -> GroupedVec<(u32, RowOwner)> {
    let owners = state.shards.iter().enumerate().flat_map(|(number, part)| {
        let users = (0..part.users.states.len() as u32).map(RowOwner::User);
        let owners = users.chain((0..part.visitors.states.len() as u32).map(RowOwner::Visitor));
        owners.map(move |owner| (people.person_of(number, owner), (number as u32, owner)))
    });
    GroupedVec::new(people.names.len(), owners)
}

/// The rows of every person; their users are not yet set.
pub(super) fn rows(state: &FoldState, people: &PersonIndex<'_>) -> GroupedVec<RowRef> {
    let rows = state.shards.iter().enumerate().flat_map(|(number, part)| {
        let at = move |row| RowRef { shard: number as u32, row, user: NOBODY };
        (0..).zip(&part.rows).map(move |(index, row)| (people.person_of(number, row.owner), at(index)))
    });
    GroupedVec::new(people.names.len(), rows)
}

/// The e-mail: the trait, with the enrichment file first, else the smallest user id with an `@`.
pub(super) fn email(
    state: &FoldState,
    model: &Model,
    (draft, known): (PersonRecords<'_>, &[&str]),
    emails: &HashMap<String, String>,
) -> Option<String> {
    let enriched = || known.iter().find_map(|id| emails.get(*id)).cloned();
    let stated =
        || model.levels.user.emails.iter().find_map(|index| stated_email(state, model, (draft, known), *index));
    enriched().or_else(stated).or_else(|| known.iter().find(|id| id.contains('@')).map(|id| (*id).to_owned()))
}

/// The e-mail that records carry in the fields of a trait. Identify lines go before events.
fn stated_email(
    state: &FoldState,
    model: &Model,
    (draft, known): (PersonRecords<'_>, &[&str]),
    index: usize,
) -> Option<String> {
    let plan = &model.levels.user.traits[index];
    let chosen = |edges: &mut dyn Iterator<Item = &TimedValue>| {
        let first = *edges.next()?;
        Some(edges.fold(first, |mut best, edge| {
            best.merge(*edge, !plan.first, plan.kind, &state.texts);
            best
        }))
    };
    let folks = draft.raw.iter().filter_map(|(part, owner)| id_state(state, *part, *owner));
    let rests =
        draft.rows.iter().filter_map(|at| state.shards[at.shard as usize].rows[at.row as usize].sparse.as_ref());
    let text = |edge: TimedValue| match unpack(edge.value, plan.kind, &state.texts) {
        Value::Text(text) => Some((edge.at, text.into_owned())),
        _ => None,
    };
    let identified = chosen(&mut folks.filter_map(|folk| folk.details.as_ref()?.traits.get(&(index as u16))));
    let late = late_emails(state, draft, known);
    let identified = identified.and_then(text).into_iter().chain(late).reduce(|best, one| {
        let by_time = if plan.first { one.0.cmp(&best.0) } else { best.0.cmp(&one.0) };
        if by_time.then_with(|| one.1.cmp(&best.1)).is_lt() { one } else { best }
    });
    let of_events = || chosen(&mut rests.filter_map(|rest| rest.edges.get(&(plan.cell, crate::fold::UNDATED))));
    identified.or_else(|| of_events().and_then(text)).map(|(_, email)| email)
}

/// The e-mails of a person in deferred lines, with their instants.
fn late_emails(state: &FoldState, draft: PersonRecords<'_>, known: &[&str]) -> Vec<(Micros, String)> {
    let [of_users, of_visitors] = &state.late.emails;
    if of_users.is_empty() && of_visitors.is_empty() {
        return Vec::new();
    }
    let visitors = draft.raw.iter().filter_map(|(part, owner)| match owner {
        RowOwner::Visitor(id) => Some(state.shards[*part as usize].visitors.ids.get(*id)),
        _ => None,
    });
    let stated = known.iter().filter_map(|id| of_users.get(*id));
    stated.chain(visitors.filter_map(|id| of_visitors.get(id))).flatten().cloned().collect()
}

/// Moves every line of a person to the bucket of excluded lines.
pub(super) fn exclude(state: &FoldState, raw: &[(u32, RowOwner)], counts: &mut LineTotals) {
    let folks = raw.iter().filter_map(|(part, owner)| id_state(state, *part, *owner));
    for details in folks.filter_map(|folk| folk.details.as_ref()) {
        for ((file, bucket), count) in details.lines.iter() {
            let counts = &mut counts.files[*file as usize];
            *bucket.count_mut(counts) -= count;
            counts.excluded += count;
        }
        counts.newest_day.remove(details.newest_day);
    }
}

/// The accounts that a person named.
fn timeline<'s>(state: &'s FoldState, raw: &[(u32, RowOwner)]) -> Cow<'s, AccountTimeline> {
    if let [(part, owner)] = raw
        && let Some(folk) = id_state(state, *part, *owner)
    {
        return folk.account_timeline.settled(&state.accounts);
    }
    let mut merged = AccountTimeline::default();
    for folk in raw.iter().filter_map(|(part, owner)| id_state(state, *part, *owner)) {
        folk.account_timeline.iter().for_each(|named| merged.record(named, &state.accounts));
    }
    merged.sort(&state.accounts);
    Cow::Owned(merged)
}
