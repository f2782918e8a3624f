//! Parses lines into records, removes duplicates, and assigns every event to an account.

use super::clock::{Clock, instant};
use super::eval::{Names, holds};
use super::expr::Expr;
use super::model::{Events, Model};
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

/// The content of all lines.
#[derive(Default)]
pub struct Log {
    pub events: Vec<Event>,
    pub identified: Vec<Known>,
    pub grouped: Vec<Known>,
    pub namings: Vec<Naming>,
    pub counts: BTreeMap<String, u64>,
    /// The users of group lines.
    pub group_members: Vec<String>,
}

impl Log {
    fn count(&mut self, bucket: &str) {
        *self.counts.entry(bucket.into()).or_default() += 1;
    }

    pub fn read(lines: &str, model: &Model, clock: &Clock) -> Log {
        let mut log = Log::default();
        let buckets = "records blank rejected excluded after_as_of identity duplicate anonymous scored id_conflict";
        log.counts.extend(buckets.split(' ').map(|bucket| (bucket.to_owned(), 0)));
        let mut all = Vec::new();
        for line in lines.lines() {
            log.count("records");
            if line.trim().is_empty() {
                log.count("blank");
            } else if log.record(line, model, clock, &mut all).is_none() {
                log.count("rejected");
            }
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
        log.credit();
        log
    }

    /// Parses one line; none if it is rejected.
    fn record(&mut self, line: &str, model: &Model, clock: &Clock, all: &mut Vec<Event>) -> Option<()> {
        let json: Json = serde_json::from_str(line).ok()?;
        let field = |key: &str| json.get(key).unwrap_or(&Json::Null);
        let time = instant(field("timestamp"), &model.unzoned)?;
        let (user, account) = (id(field("user_id")), account_id(field("account_id")));
        let kind = field("type").as_str().unwrap_or("track");
        if kind == "track" {
            let name = field("event").as_str().filter(|name| !name.is_empty())?;
            let visitor = id(field("anonymous_id"));
            if user.is_none() && visitor.is_none() && account.is_none() {
                return None;
            }
            if time >= clock.as_of {
                self.count("after_as_of");
                return Some(());
            }
            let properties = match field("properties") {
                Json::Object(map) => Json::Object(map.clone()),
                _ => Json::Object(serde_json::Map::new()),
            };
            all.push(Event {
                id: id(field("event_id")),
                name: name.to_owned(),
                user,
                visitor,
                written: account,
                account: None,
                time,
                date: clock.date(time),
                properties,
            });
            return Some(());
        }
        if time >= clock.as_of {
            self.count("after_as_of");
            return Some(());
        }
        self.count("identity");
        let traits = field("traits").clone();
        match (kind, user, account) {
            ("identify", Some(user), _) => {
                self.identified.push(Known { entity: user, time, traits });
            }
            ("group", user, Some(account)) => {
                if let Some(user) = user {
                    self.group_members.push(user.clone());
                    let date = clock.date(time);
                    self.namings.push(Naming { user, account: account.clone(), time, date });
                }
                self.grouped.push(Known { entity: account, time, traits });
            }
            _ => {}
        }
        Some(())
    }

    fn name_accounts(&mut self) {
        for event in &self.events {
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
    fn credit(&mut self) {
        for mut event in std::mem::take(&mut self.events) {
            event.account = match (&event.written, &event.user) {
                (Some(account), _) => Some(account.clone()),
                (None, Some(user)) => self.account_on(user, event.date),
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

    /// The last account that a user named.
    pub fn home(&self, user: &str) -> Option<String> {
        last_named(self.namings.iter().filter(|n| n.user == user))
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
        && a.time == b.time
        && a.properties == b.properties
}

/// An id is a text, or the digits of a number. Placeholders give none.
fn id(json: &Json) -> Option<String> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
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
