//! The profile of each person: raw ids and rows, the e-mail, the accounts that were named.

use std::{borrow::Cow, collections::HashMap};

use super::{
    NOBODY, PersonIndex, RowRef,
    domains::{host, registrable},
    grouped_vec::GroupedVec,
    id_state,
};
use crate::fold::{AccountTimeline, FileCounts, FoldState, NO_ACCOUNT, RowOwner, TimedValue, unpack};
use pql_model::{Model, expr::Value};

/// The records of a person that may become a user.
#[derive(Clone, Copy)]
pub(super) struct PersonRecords<'d> {
    pub(super) raw: &'d [(u32, RowOwner)],
    pub(super) rows: &'d [RowRef],
}

/// The facts of a person that decide its domain and account.
pub(super) struct PersonProfile {
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
        let host = email(state, model, draft, emails).as_deref().and_then(host);
        let domain = host.as_deref().and_then(registrable);
        let timeline = timeline(state, draft.raw);
        credit.extend(draft.rows.iter().map(|at| {
            let row = &state.shards[at.shard as usize].rows[at.row as usize];
            if row.account != NO_ACCOUNT { row.account } else { timeline.account_on(row.day).unwrap_or(NO_ACCOUNT) }
        }));
        PersonProfile { host, domain, named_last: timeline.last() }
    }
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

/// The e-mail: from the enrichment file, else the trait or property, else a raw id with an `@`.
fn email(
    state: &FoldState,
    model: &Model,
    draft: PersonRecords<'_>,
    emails: &HashMap<String, String>,
) -> Option<String> {
    let raw_ids = draft.raw.iter().filter_map(|(part, owner)| match owner {
        RowOwner::User(id) => Some(state.shards[*part as usize].users.ids.get(*id)),
        _ => None,
    });
    let mut raw_ids: Vec<&str> = raw_ids.collect();
    raw_ids.sort_unstable();
    if let Some(email) = raw_ids.iter().find_map(|id| emails.get(*id)) {
        return Some(email.clone());
    }
    let told = model.levels.user.emails.iter().find_map(|index| told_email(state, model, draft, *index));
    told.or_else(|| raw_ids.into_iter().find(|id| id.contains('@')).map(str::to_owned))
}

/// The e-mail that records carry in the fields of a trait.
fn told_email(state: &FoldState, model: &Model, draft: PersonRecords<'_>, index: usize) -> Option<String> {
    let plan = &model.levels.user.traits[index];
    let latest = |edges: &mut dyn Iterator<Item = &TimedValue>| {
        let first = *edges.next()?;
        Some(edges.fold(first, |mut best, edge| {
            best.merge(*edge, true, plan.kind, &state.texts);
            best
        }))
    };
    let folks = draft.raw.iter().filter_map(|(part, owner)| id_state(state, *part, *owner));
    let rests =
        draft.rows.iter().filter_map(|at| state.shards[at.shard as usize].rows[at.row as usize].sparse.as_ref());
    let best = latest(&mut folks.filter_map(|folk| folk.details.as_ref()?.traits.get(&(index as u16))))
        .or_else(|| latest(&mut rests.filter_map(|rest| rest.edges.get(&(plan.cell, crate::fold::UNDATED)))));
    match best.map(|edge| unpack(edge.value, plan.kind, &state.texts)) {
        Some(Value::Text(text)) => Some(text.into_owned()),
        _ => None,
    }
}

/// Moves every line of a person to the bucket of excluded lines.
pub(super) fn exclude(state: &FoldState, raw: &[(u32, RowOwner)], counts: &mut [FileCounts]) {
    for folk in raw.iter().filter_map(|(part, owner)| id_state(state, *part, *owner)) {
        for ((file, bucket), count) in folk.details.iter().flat_map(|more| more.lines.iter()) {
            let counts = &mut counts[*file as usize];
            *bucket.count_mut(counts) -= count;
            counts.excluded += count;
        }
    }
}

/// The accounts that a person named.
fn timeline<'s>(state: &'s FoldState, raw: &[(u32, RowOwner)]) -> Cow<'s, AccountTimeline> {
    if let [(part, owner)] = raw
        && let Some(folk) = id_state(state, *part, *owner)
    {
        return Cow::Borrowed(&folk.account_timeline);
    }
    let mut merged = AccountTimeline::default();
    for folk in raw.iter().filter_map(|(part, owner)| id_state(state, *part, *owner)) {
        folk.account_timeline.iter().for_each(|named| merged.record(named, &state.accounts));
    }
    Cow::Owned(merged)
}
