//! Who is who: ids joined to people, visitors that are somebody, e-mails and their domains, and who is internal.

use super::clock::Clock;
use super::event::{Event, Said};
use super::facts::Row;
use super::measures::{pick, typed};
use super::model::{Model, Trait};
use super::value::{Kind, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A person: the ids that are one, and the visitors that are nobody else.
#[derive(Default)]
pub struct Person {
    ids: BTreeSet<String>,
    visitors: BTreeSet<String>,
    host: Option<String>,
    internal: bool,
}

impl Person {
    fn name(&self) -> &str {
        self.ids.first().expect("a person has an id")
    }
}

/// Everybody.
#[derive(Default)]
pub struct People(Vec<Person>);

impl People {
    /// The people behind some records.
    pub fn of(records: &[&Said], model: &Model, clock: &Clock, user_rows: &BTreeMap<String, Row>) -> People {
        let mut people = People::default();
        for said in records {
            let ids = said.user.iter().chain(said.previous.iter().filter(|_| said.kind == "alias"));
            people.join(ids.cloned().collect());
        }
        people.name_visitors(records);
        for at in 0..people.0.len() {
            let person = &people.0[at];
            let email = email(person, records, model, clock, user_rows);
            let or_id = email.or_else(|| person.ids.iter().find(|id| id.contains('@')).cloned());
            let host = or_id.as_deref().and_then(host);
            let ids = person.ids.iter().any(|id| is_internal_id(id, model));
            let internal = ids || host.as_deref().is_some_and(|host| is_below(host, &model.exclude_domains));
            people.0[at].host = host;
            people.0[at].internal = internal;
        }
        people
    }

    /// Makes one person of everybody who has one of some ids.
    fn join(&mut self, ids: BTreeSet<String>) {
        if ids.is_empty() {
            return;
        }
        let mut all = ids;
        let (same, others): (Vec<Person>, Vec<Person>) =
            std::mem::take(&mut self.0).into_iter().partition(|person| !person.ids.is_disjoint(&all));
        all.extend(same.into_iter().flat_map(|person| person.ids));
        self.0 = others;
        self.0.push(Person { ids: all, ..Person::default() });
    }

    /// A visitor that came with one person only is that person.
    fn name_visitors(&mut self, records: &[&Said]) {
        let visitors: BTreeSet<&String> = records.iter().filter_map(|said| said.visitor.as_ref()).collect();
        for visitor in visitors {
            let with = records.iter().filter(|said| said.visitor.as_ref() == Some(visitor));
            let users: BTreeSet<&String> = with.filter_map(|said| said.user.as_ref()).collect();
            let mut of = self.0.iter_mut().filter(|person| users.iter().any(|user| person.ids.contains(*user)));
            if let (Some(person), None) = (of.next(), of.next()) {
                person.visitors.insert(visitor.clone());
            }
        }
    }

    fn find(&self, user: Option<&str>, visitor: Option<&str>) -> Option<&Person> {
        match (user, visitor) {
            (Some(user), _) => self.0.iter().find(|person| person.ids.contains(user)),
            (None, Some(visitor)) => self.0.iter().find(|person| person.visitors.contains(visitor)),
            (None, None) => None,
        }
    }

    /// The name of the person behind the ids of a record.
    pub fn name(&self, user: Option<&str>, visitor: Option<&str>) -> Option<String> {
        self.find(user, visitor).map(|person| person.name().to_owned())
    }

    /// Whether a record is set aside; it may be one after the end, of somebody whom nothing else is known of.
    pub fn is_internal(&self, user: Option<&str>, visitor: Option<&str>, model: &Model) -> bool {
        match self.find(user, visitor) {
            Some(person) => person.internal,
            None => user.is_some_and(|user| is_internal_id(user, model)),
        }
    }

    /// The registrable domain of a user's e-mail.
    pub fn domain(&self, user: &str) -> Option<String> {
        let host = self.find(Some(user), None)?.host.as_deref()?;
        let labels: Vec<&str> = host.rsplitn(3, '.').take(2).collect();
        Some(format!("{}.{}", labels[1], labels[0]))
    }

    /// That domain, if it is a company's and none of free mail.
    pub fn company_domain(&self, user: &str, model: &Model) -> Option<String> {
        self.domain(user).filter(|domain| domain != "gmail.com" && !is_below(domain, &model.free_mail))
    }

    /// The account of that domain.
    pub fn domain_account(&self, user: &str, model: &Model) -> Option<String> {
        self.company_domain(user, model).filter(|_| model.email_domain).map(|domain| format!("domain:{domain}"))
    }

    /// The ids of a person, for what enrichment says of any of them.
    pub fn ids(&self, user: &str) -> Vec<String> {
        self.find(Some(user), None).map_or_else(Vec::new, |person| person.ids.iter().cloned().collect())
    }
}

/// The trait `email`: of the enrichment file, else of identify lines, else of events.
fn email(
    person: &Person,
    records: &[&Said],
    model: &Model,
    clock: &Clock,
    user_rows: &BTreeMap<String, Row>,
) -> Option<String> {
    let usual = Trait { kind: Kind::Text, from: vec!["email".into()], first: false, events: None };
    let wanted = model.user.traits.get("email").unwrap_or(&usual);
    let read = |get: &dyn Fn(&str) -> Value| {
        let values = wanted.from.iter().map(|name| typed(&get(name), wanted.kind, &clock.zone));
        values.into_iter().find(|value| !value.is_null()).unwrap_or(Value::Null)
    };
    let cell = |row: &Row, name: &str| row.get(name).map_or("", String::as_str).to_owned();
    let rows = person.ids.iter().filter_map(|id| user_rows.get(id));
    let known = rows.map(|row| read(&|name| Value::of_json(&serde_json::Value::String(cell(row, name)))));
    if let Some(value) = known.into_iter().find(|value| !value.is_null()) {
        return value.text();
    }
    let is_own = |said: &&&Said| match (&said.user, &said.visitor) {
        (Some(user), _) => person.ids.contains(user),
        (None, Some(visitor)) => person.visitors.contains(visitor),
        (None, None) => false,
    };
    let own: Vec<&&Said> = records.iter().filter(is_own).collect();
    let chosen = |found: Vec<(i64, Value)>| {
        let found = found.into_iter().filter(|(_, value)| !value.is_null()).collect();
        pick(found, wanted.first)
    };
    let identified = own.iter().filter(|said| said.kind == "identify");
    let told =
        identified.map(|said| (said.time, read(&|name| said.traits.get(name).map_or(Value::Null, Value::of_json))));
    let told = chosen(told.collect());
    if !told.is_null() {
        return told.text();
    }
    let asked = |event: &&Event| wanted.events.as_ref().is_none_or(|names| event.is_any_of(names, model));
    let events = own.iter().filter_map(|said| said.event.as_ref()).filter(asked);
    let shown =
        events.map(|event| (event.time, read(&|name| event.properties.get(name).map_or(Value::Null, Value::of_json))));
    chosen(shown.collect()).text()
}

fn is_internal_id(id: &str, model: &Model) -> bool {
    let by_pattern = model.exclude_users.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => id == pattern,
    });
    by_pattern || host(id).is_some_and(|host| is_below(&host, &model.exclude_domains))
}

/// What stands behind the `@` of an address, in small letters.
fn host(email: &str) -> Option<String> {
    let (name, host) = email.trim().rsplit_once('@')?;
    (!name.is_empty() && host.contains('.')).then(|| host.to_lowercase())
}

fn is_below(host: &str, domains: &[String]) -> bool {
    domains.iter().any(|domain| host == domain || host.ends_with(&format!(".{domain}")))
}
