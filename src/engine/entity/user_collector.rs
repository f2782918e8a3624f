//! Turns people into users, one after another.
//!
//! Takes the profile of each person in order. Gives the users, their rows with the accounts that these are credited to, and what internal
//! people take out of the counts.

use super::{
    DOMAIN_PREFIX, NOBODY, PersonIndex, RowRef, UserEntity, credit_nobody_rows,
    domains::{is_below, is_free_mail},
    grouped_vec::GroupedVec,
    id_state,
    line_totals::LineTotals,
    person_profile::{PersonProfile, exclude},
};
use crate::{
    fold::{AccountTraits, FoldState, IdState, Interner, NO_ACCOUNT, RowOwner},
    plan::Model,
};

/// The people of a state, before any of them is a user.
#[derive(Clone, Copy)]
pub(super) struct StatePeople<'a, 's> {
    pub(super) state: &'s FoldState,
    pub(super) model: &'a Model,
    pub(super) people: &'a PersonIndex<'s>,
    /// Raw ids by person.
    pub(super) raw_ids: &'a GroupedVec<(u32, RowOwner)>,
}

/// The users so far.
pub(super) struct UserCollector<'a, 's> {
    source: StatePeople<'a, 's>,
    /// The person whose profile is next.
    next: usize,
    /// Rows, by person.
    pub(super) rows: GroupedVec<RowRef>,
    pub(super) users: Vec<UserEntity<'s>>,
    pub(super) user_of_person: Vec<u32>,
    pub(super) members_without_events: Vec<&'s str>,
    /// The accounts that rows are credited to, with the rows.
    pub(super) credited: Vec<(u32, RowRef)>,
    pub(super) account_ids: Interner,
    pub(super) account_traits: AccountTraits,
    pub(super) counts: LineTotals,
}

impl<'a, 's> UserCollector<'a, 's> {
    /// No users yet. `rows` are those of each person.
    pub(super) fn new(source: StatePeople<'a, 's>, rows: GroupedVec<RowRef>) -> Self {
        Self {
            next: 0,
            rows,
            users: Vec::new(),
            user_of_person: vec![NOBODY; source.people.names.len()],
            members_without_events: Vec::new(),
            credited: Vec::new(),
            account_ids: source.state.accounts.clone(),
            account_traits: AccountTraits::default(),
            counts: LineTotals::of_state(source.state),
            source,
        }
    }

    /// Adds the next person. Takes the account of each of its rows from `credits`.
    pub(super) fn add(&mut self, profile: PersonProfile, credits: &mut impl Iterator<Item = u32>) {
        let person = self.next;
        self.next += 1;
        let StatePeople { state, people, raw_ids, .. } = self.source;
        let mut of_rows = credits.by_ref().take(self.rows.group(person).len());
        if profile.internal {
            exclude(state, raw_ids.group(person), &mut self.counts);
            of_rows.for_each(drop);
            return;
        }
        let ids = raw_ids.group(person).iter().filter_map(|(part, owner)| id_state(state, *part, *owner));
        ids.for_each(|id| self.add_account_traits(id));
        let id = people.names[person];
        if self.rows.group(person).is_empty() {
            self.members_without_events.extend(profile.named_last.map(|_| id));
            return;
        }
        let number = self.users.len() as u32;
        self.user_of_person[person] = number;
        let of_domain = self.account_of_domain(&profile);
        for at in self.rows.group_mut(person) {
            at.user = number;
            let account = of_rows.next().filter(|account| *account != NO_ACCOUNT).or(of_domain);
            self.credited.extend(account.map(|account| (account, *at)));
        }
        let home_id = profile.named_last.or(of_domain).unwrap_or(NO_ACCOUNT);
        let has_company_domain = self.company_domain(&profile).is_some();
        let domain = profile.domain;
        self.users.push(UserEntity { id, home_id, home: None, domain, has_company_domain, person: person as u32 });
    }

    /// The domain of a person's e-mail, if it is none of free mail.
    fn company_domain<'p>(&self, profile: &'p PersonProfile) -> Option<&'p str> {
        let identity = &self.source.model.resolved.identity;
        let company = profile.host.as_deref().is_some_and(|host| !is_below(host, &identity.free_mail));
        profile.domain.as_deref().filter(|domain| company && !is_free_mail(domain))
    }

    /// The account of the e-mail domain of a person; none without a domain of a company, or if the model does not ask for it.
    fn account_of_domain(&mut self, profile: &PersonProfile) -> Option<u32> {
        let of_domain = self.company_domain(profile).filter(|_| self.source.model.resolved.identity.email_domain)?;
        Some(self.account_ids.intern(&format!("{DOMAIN_PREFIX}{of_domain}")))
    }

    /// Adds the rows and the account traits that belong to no person.
    pub(super) fn add_nobody(&mut self) {
        let StatePeople { state, people, .. } = self.source;
        self.credited.extend(credit_nobody_rows(state, people, &mut self.counts));
        for (number, part) in state.shards.iter().enumerate() {
            let is_nobody = |id: u32| people.person_of(number, RowOwner::Visitor(id)) == NOBODY;
            let of_nobody = (0..).zip(&part.visitors.states).filter(|(id, _)| is_nobody(*id));
            of_nobody.for_each(|(_, id)| self.add_account_traits(id));
        }
    }

    /// Adds the account traits from the lines of one id.
    fn add_account_traits(&mut self, id: &IdState) {
        let StatePeople { state, model, .. } = self.source;
        let lines = id.details.iter().filter_map(|details| details.account_traits.as_deref());
        for (key, edge) in lines.flat_map(AccountTraits::iter) {
            let plan = &model.levels.account.traits[usize::from(key.1)];
            self.account_traits
                .merge(*key, *edge, |known, more| known.merge(more, !plan.first, plan.kind, &state.texts));
        }
    }
}
