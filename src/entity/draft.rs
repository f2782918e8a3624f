//! What the state tells of each person: raw ids and rows, the e-mail, the accounts that were named.

use std::{borrow::Cow, collections::HashMap};

use super::{
    People,
    domains::{host, registrable},
    folk,
};
use crate::{
    expr::Value,
    fold::{Edge, FileCounts, Owner, State, Timeline, unpack},
    model::Model,
};

/// A person before it is known whether it is a user.
pub(super) struct Draft<'s> {
    pub(super) id: &'s str,
    pub(super) raw: Vec<(u32, Owner)>,
    pub(super) rows: Vec<(u32, u32)>,
}

/// What is told of a person.
pub(super) struct Told<'s> {
    /// The host of the e-mail.
    pub(super) host: Option<String>,
    /// Its registrable domain.
    pub(super) domain: Option<String>,
    /// The accounts that were named.
    pub(super) timeline: Cow<'s, Timeline>,
    /// The account that was named last.
    pub(super) named_last: Option<u32>,
}

impl<'s> Told<'s> {
    pub(super) fn read(
        state: &'s State,
        model: &Model,
        draft: &Draft<'s>,
        emails: &HashMap<String, String>,
    ) -> Told<'s> {
        let host = email(state, model, draft, emails).as_deref().and_then(host);
        let domain = host.as_deref().and_then(registrable);
        let timeline = timeline(state, &draft.raw);
        let named_last = timeline.last();
        Told { host, domain, timeline, named_last }
    }
}

/// The raw ids and rows of every person.
pub(super) fn gather<'s>(state: &'s State, people: &People<'s>) -> Vec<Draft<'s>> {
    let mut drafts: Vec<Draft<'s>> =
        people.names.iter().map(|name| Draft { id: name, raw: Vec::new(), rows: Vec::new() }).collect();
    for (number, part) in state.parts.iter().enumerate() {
        let owners = (0..part.users.folks.len() as u32)
            .map(Owner::User)
            .chain((0..part.visitors.folks.len() as u32).map(Owner::Visitor));
        for owner in owners {
            if let Some(draft) = drafts.get_mut(people.of(number, owner) as usize) {
                draft.raw.push((number as u32, owner));
            }
        }
        for (index, row) in part.rows.iter().enumerate() {
            if let Some(draft) = drafts.get_mut(people.of(number, row.owner) as usize) {
                draft.rows.push((number as u32, index as u32));
            }
        }
    }
    drafts
}

/// The e-mail: of the enrichment file, else the trait or property, else a raw id with an `@`.
fn email(state: &State, model: &Model, draft: &Draft<'_>, emails: &HashMap<String, String>) -> Option<String> {
    let raw_ids = draft.raw.iter().filter_map(|(part, owner)| match owner {
        Owner::User(id) => Some(state.parts[*part as usize].users.ids.get(*id)),
        _ => None,
    });
    let mut raw_ids: Vec<&str> = raw_ids.collect();
    raw_ids.sort_unstable();
    if let Some(email) = raw_ids.iter().find_map(|id| emails.get(*id)) {
        return Some(email.clone());
    }
    let told = model.user.emails.iter().find_map(|index| told_email(state, model, draft, *index));
    told.or_else(|| raw_ids.into_iter().find(|id| id.contains('@')).map(str::to_owned))
}

/// The e-mail that records tell in the places of a trait.
fn told_email(state: &State, model: &Model, draft: &Draft<'_>, index: usize) -> Option<String> {
    let plan = &model.user.traits[index];
    let latest = |edges: &mut dyn Iterator<Item = &Edge>| {
        let first = *edges.next()?;
        Some(edges.fold(first, |mut best, edge| {
            best.merge(*edge, true, plan.kind, &state.texts);
            best
        }))
    };
    let folks = draft.raw.iter().filter_map(|(part, owner)| folk(state, *part, *owner));
    let rests =
        draft.rows.iter().filter_map(|(part, row)| state.parts[*part as usize].rows[*row as usize].rest.as_ref());
    let best = latest(&mut folks.filter_map(|folk| folk.more.as_ref()?.traits.get(&(index as u16))))
        .or_else(|| latest(&mut rests.filter_map(|rest| rest.edges.get(&(plan.cell, crate::fold::UNDATED)))));
    match best.map(|edge| unpack(edge.value, plan.kind, &state.texts)) {
        Some(Value::Text(text)) => Some(text.into_owned()),
        _ => None,
    }
}

/// Moves every line of a person to the bucket of excluded ones.
pub(super) fn exclude(state: &State, draft: &Draft<'_>, counts: &mut [FileCounts]) {
    for folk in draft.raw.iter().filter_map(|(part, owner)| folk(state, *part, *owner)) {
        for ((file, bucket), count) in folk.more.iter().flat_map(|more| more.lines.iter()) {
            let counts = &mut counts[*file as usize];
            *bucket.of(counts) -= count;
            counts.excluded += count;
        }
    }
}

/// The accounts that a person named.
fn timeline<'s>(state: &'s State, raw: &[(u32, Owner)]) -> Cow<'s, Timeline> {
    if let [(part, owner)] = raw
        && let Some(folk) = folk(state, *part, *owner)
    {
        return Cow::Borrowed(&folk.named);
    }
    let mut merged = Timeline::default();
    for folk in raw.iter().filter_map(|(part, owner)| folk(state, *part, *owner)) {
        folk.named.iter().for_each(|named| merged.name(named, &state.accounts));
    }
    Cow::Owned(merged)
}
