//! Parses lines into records, removes duplicates, and assigns every event to an account.

use super::clock::{Clock, instant};
use super::eval::{Names, holds};
use super::expr::Expr;
use super::facts::Row;
use super::model::{Events, Model};
use super::people::People;
use super::value::Value;
use jiff::civil::Date;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// An event. `written` is the account in the line, `account` the one that the event counts for.
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub user: Option<String>,
    pub visitor: Option<String>,
    pub written: Option<String>,
    /// Further accounts of a list of which the first is meant.
    pub more_written: Vec<String>,
    pub account: Option<String>,
    pub time: i64,
    pub date: Date,
    pub properties: Json,
}

/// The traits of a user from an identify line, or of an account from a group line.
pub struct Known {
    pub entity: String,
    pub time: i64,
    pub traits: Json,
}

/// A line on which a user named an account.
pub struct Naming {
    pub user: String,
    pub account: String,
    pub time: i64,
    pub date: Date,
}

/// One line that is a record, with the ids that it names.
pub struct Said {
    pub kind: String,
    pub user: Option<String>,
    pub visitor: Option<String>,
    pub account: Option<String>,
    pub previous: Option<String>,
    pub time: i64,
    pub date: Date,
    pub traits: Json,
    /// Of lines that are events; it names the ids as they were written.
    pub event: Option<Event>,
}

/// The content of all lines.
#[derive(Default)]
pub struct Log {
    pub people: People,
    pub events: Vec<Event>,
    pub identified: Vec<Known>,
    pub grouped: Vec<Known>,
    pub namings: Vec<Naming>,
    pub counts: BTreeMap<String, u64>,
    /// The users of group lines.
    pub group_members: Vec<String>,
}

/// Reads the lines; gives the records, and how many lines are blank and how many are none.
pub fn records(lines: &str, model: &Model, clock: &Clock) -> (Vec<Said>, [u64; 2]) {
    let (mut records, mut others) = (Vec::new(), [0, 0]);
    for line in lines.lines() {
        match record(line, model, clock) {
            _ if line.trim().is_empty() => others[0] += 1,
            Some(said) => records.push(said),
            None => others[1] += 1,
        }
    }
    (records, others)
}

/// Reads one line; none if it is to be rejected.
fn record(line: &str, model: &Model, clock: &Clock) -> Option<Said> {
    let json: Json = serde_json::from_str(line).ok()?;
    let field = |key: &str| json.get(key).unwrap_or(&Json::Null);
    let time = instant(field("timestamp"), &model.unzoned)?;
    let (user, visitor) = (id(field("user_id")), id(field("anonymous_id")));
    let (account, previous) = (account_id(field("account_id")), id(field("previous_id")));
    let kind = field("type").as_str().unwrap_or("track").to_owned();
    if user.is_none() && visitor.is_none() && account.is_none() {
        return None;
    }
    if kind == "alias" && (user.is_none() || previous.is_none()) {
        return None;
    }
    let date = clock.date(time);
    let event = if kind == "track" {
        let name = field("event").as_str().filter(|name| !name.is_empty())?.to_owned();
        let properties = match field("properties") {
            Json::Object(map) => Json::Object(map.clone()),
            _ => Json::Object(serde_json::Map::new()),
        };
        let (id, written) = (id(field("event_id")), account.clone());
        let (user, visitor, more_written) = (user.clone(), visitor.clone(), more_account_ids(field("account_id")));
        Some(Event { id, name, user, visitor, written, more_written, account: None, time, date, properties })
    } else {
        None
    };
    Some(Said { kind, user, visitor, account, previous, time, date, traits: field("traits").clone(), event })
}

impl Log {
    fn count(&mut self, bucket: &str) {
        *self.counts.entry(bucket.into()).or_default() += 1;
    }

    /// `user_rows` are those of the enrichment file, which may hold e-mails.
    pub fn read(lines: &str, model: &Model, clock: &Clock, user_rows: &BTreeMap<String, Row>) -> Log {
        let (records, [blank, rejected]) = records(lines, model, clock);
        let before: Vec<&Said> = records.iter().filter(|said| said.time < clock.as_of).collect();
        let mut log = Log { people: People::of(&before, model, clock, user_rows), ..Log::default() };
        let buckets = "records blank rejected excluded after_as_of identity duplicate anonymous scored id_conflict";
        log.counts.extend(buckets.split(' ').map(|bucket| (bucket.to_owned(), 0)));
        log.counts.insert("records".into(), records.len() as u64 + blank + rejected);
        log.counts.extend([("blank".into(), blank), ("rejected".into(), rejected)]);
        let mut all = Vec::new();
        for said in records {
            log.record(said, model, clock, &mut all);
        }
        for event in all {
            if event.id.is_some() && log.events.iter().any(|other| same_content(other, &event)) {
                log.count("duplicate");
            } else {
                log.events.push(event);
            }
        }
        for at in 0..log.events.len() {
            let id = &log.events[at].id;
            if id.is_some() && log.events.iter().filter(|other| other.id == *id).count() > 1 {
                log.count("id_conflict");
            }
        }
        log.name_accounts();
        log.credit(model);
        log
    }

    /// Takes in one record, as somebody's.
    fn record(&mut self, said: Said, model: &Model, clock: &Clock, all: &mut Vec<Event>) {
        if self.people.is_internal(said.user.as_deref(), said.visitor.as_deref(), model) {
            return self.count("excluded");
        }
        if said.time >= clock.as_of {
            return self.count("after_as_of");
        }
        if let Some(event) = said.event {
            return all.push(event);
        }
        self.count("identity");
        let user = self.people.name(said.user.as_deref(), said.visitor.as_deref());
        if let (Some(user), Some(account)) = (&user, &said.account) {
            let (user, account) = (user.clone(), account.clone());
            self.namings.push(Naming { user, account, time: said.time, date: said.date });
        }
        match (&*said.kind, user, said.account) {
            ("identify", Some(user), _) => {
                self.identified.push(Known { entity: user, time: said.time, traits: said.traits });
            }
            ("group", user, Some(account)) => {
                self.group_members.extend(user);
                self.grouped.push(Known { entity: account, time: said.time, traits: said.traits });
            }
            _ => {}
        }
    }

    fn name_accounts(&mut self) {
        for event in &mut self.events {
            // From here on its user is a person, which a visitor may be too.
            event.user = self.people.name(event.user.as_deref(), event.visitor.as_deref());
            if let (Some(user), Some(account)) = (&event.user, &event.written) {
                self.namings.push(Naming {
                    user: user.clone(),
                    account: account.clone(),
                    time: event.time,
                    date: event.date,
                });
            }
        }
    }

    /// Assigns every event to an account. Removes events of visitors without an account.
    fn credit(&mut self, model: &Model) {
        for mut event in std::mem::take(&mut self.events) {
            event.account = match (&event.written, &event.user) {
                (Some(account), _) => Some(account.clone()),
                (None, Some(user)) => {
                    self.account_on(user, event.date).or_else(|| self.people.domain_account(user, model))
                }
                (None, None) => None,
            };
            if event.user.is_none() && event.account.is_none() {
                self.count("anonymous");
            } else {
                self.count("scored");
                self.events.push(event);
            }
        }
    }

    /// The last account that a user named on a date. Without one, the account of the nearest
    /// earlier date, else of the first later one.
    fn account_on(&self, user: &str, date: Date) -> Option<String> {
        let mut dates: Vec<Date> = self.namings.iter().filter(|n| n.user == user).map(|n| n.date).collect();
        dates.sort();
        let day = dates.iter().rev().find(|d| **d <= date).or(dates.first())?;
        last_named(self.namings.iter().filter(|n| n.user == user && n.date == *day))
    }

    /// The account a user named last of all, else that of the e-mail's domain.
    pub fn home(&self, user: &str, model: &Model) -> Option<String> {
        let named = last_named(self.namings.iter().filter(|n| n.user == user));
        named.or_else(|| self.people.domain_account(user, model))
    }
}

/// The account of the newest line; at one instant, the smaller id.
fn last_named<'a>(namings: impl Iterator<Item = &'a Naming>) -> Option<String> {
    let newest = namings.min_by_key(|n| (-n.time, n.account.clone()));
    newest.map(|n| n.account.clone())
}

fn same_content(a: &Event, b: &Event) -> bool {
    let visitor = |e: &Event| {
        if e.user.is_none() { e.visitor.clone() } else { None }
    };
    a.id == b.id
        && a.name == b.name
        && a.user == b.user
        && visitor(a) == visitor(b)
        && a.written == b.written
        && a.more_written == b.more_written
        && a.time == b.time
        && same_value(&a.properties, &b.properties)
}

/// Whether two values are the same, however their numbers are written.
fn same_value(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            let count = |map: &serde_json::Map<String, Json>| map.keys().filter(|key| !is_of_loader(key)).count();
            let same = |(key, a): (&String, &Json)| is_of_loader(key) || b.get(key).is_some_and(|b| same_value(a, b));
            count(a) == count(b) && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

/// Whether a loader writes the key beside the event, so that two copies differ in it.
fn is_of_loader(key: &str) -> bool {
    ["_loaded_at", "received_at", "_fivetran_synced"].contains(&key.to_lowercase().as_str())
}

/// An id is text without white space at its ends; a whole number is taken as its digits, and a placeholder is none.
fn id(json: &Json) -> Option<String> {
    let text = match json {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => format!("{float}"),
            None => number.to_string(),
        },
        _ => return None,
    };
    let placeholders =
        ["", "null", "undefined", "none", "nan", "anonymous", "0", "00000000-0000-0000-0000-000000000000"];
    if placeholders.contains(&text.to_lowercase().as_str()) { None } else { Some(text) }
}

/// The account, or the first of a list of accounts.
fn account_id(json: &Json) -> Option<String> {
    match json {
        Json::Array(list) => list.iter().find_map(id),
        one => id(one),
    }
}

fn more_account_ids(json: &Json) -> Vec<String> {
    let ids = json.as_array().into_iter().flatten().filter_map(id);
    ids.skip(1).collect()
}

impl Event {
    /// The value of a property, or of the name `event`, by its path.
    pub fn property(&self, parts: &[String]) -> Value {
        if parts == ["event"] {
            return Value::Text(self.name.clone());
        }
        let mut json = &self.properties;
        for part in parts {
            json = json.get(part).unwrap_or(&Json::Null);
        }
        Value::of_json(json)
    }

    pub fn holds(&self, condition: Option<&Expr>) -> bool {
        let names: &Names = &|parts| self.property(parts);
        condition.is_none_or(|condition| holds(condition, names))
    }

    /// True for activity: an event with a user and without an ignored name.
    pub fn is_activity(&self, model: &Model) -> bool {
        self.user.is_some() && !model.ignore.contains(&self.name)
    }

    /// True if a name stands for this event: its own name, or that of a filtered event.
    pub fn is_named(&self, name: &str, model: &Model) -> bool {
        match model.filtered.get(name) {
            None => self.name == name,
            Some(filter) => {
                let real = filter.names.as_deref();
                let named = real.map_or(self.name == name, |names| names.contains(&self.name));
                named && self.holds(filter.condition.as_ref())
            }
        }
    }

    pub fn is_any_of(&self, names: &[String], model: &Model) -> bool {
        names.iter().any(|name| self.is_named(name, model))
    }

    pub fn is_meant(&self, events: &Events, model: &Model) -> bool {
        let named = match &events.names {
            Some(names) => self.is_any_of(names, model),
            None => self.is_activity(model),
        };
        named && self.holds(events.condition.as_ref())
    }
}
