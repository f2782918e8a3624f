//! A line to a record: all of it checked, only what the model names kept.
//!
//! Takes lines of blocks and gives [`Record`]s that borrow from them, or says in which bucket the line ends. It knows nothing of other lines.

pub mod json;
mod layout;
mod reason;
pub mod typed;

use std::{
    borrow::Cow,
    hash::{BuildHasher, Hasher},
};

use hashbrown::HashTable;

pub use layout::Layout;
pub use reason::Reason;

use self::json::{Fault, Kind, Projection, Raw, Scanner};
use crate::{
    clock::{DayReader, InstantReader, TimeError},
    expr::{Scope, Value},
    model::Model,
    units::{Day, Micros},
};

/// A hash with a random seed, the same for all workers of a run.
pub type Seed = foldhash::quality::RandomState;

/// What a line is.
#[derive(Debug)]
pub enum Line<'a> {
    /// Nothing but white space.
    Blank,
    /// No record.
    Rejected(Reason),
    /// Of an internal user.
    Excluded,
    /// At or after the instant that the run looks from.
    AfterAsOf(Record<'a>),
    /// An event.
    Event(Record<'a>),
    /// What is known of a user.
    Identify(Record<'a>),
    /// What is known of an account, and who belongs to it.
    Group(Record<'a>),
    /// Two ids that are one.
    Alias {
        /// The line itself.
        record: Record<'a>,
        /// The id that is joined to the user's.
        previous: Cow<'a, str>,
    },
}

/// One record; everything in it is borrowed from its line where it can be.
#[derive(Debug)]
pub struct Record<'a> {
    /// The plan of its name in the model's intake; 0 if the model does not know the name.
    pub plan: usize,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Who did it, if somebody is known to have.
    pub user: Option<Cow<'a, str>>,
    /// The anonymous id it came with.
    pub visitor: Option<Cow<'a, str>>,
    /// The account it names.
    pub account: Option<Cow<'a, str>>,
    /// How many more accounts it names.
    pub more_accounts: usize,
    /// When.
    pub at: Micros,
    /// On which local date.
    pub day: Day,
    /// Hashes of its id and of its content; none if it has no id or nobody asks.
    pub fingerprint: Option<(u64, u64)>,
    /// The hash of the id by which it is somebody's, namely the user's, else the visitor's; 0 if it is nobody's.
    pub id_hash: u64,
    /// The hash of the account; 0 if it names none.
    pub account_hash: u64,
    line: &'a str,
    /// Properties from 0, then keys of traits.
    values: &'a [Raw],
    properties: usize,
}

impl<'a> Record<'a> {
    /// The line that it was read from.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// The value of a key of the traits object.
    pub fn trait_value(&self, key: u32) -> Value<'a> {
        json_value(self.line, self.values.get(self.properties + key as usize))
    }
}

impl Scope for Record<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        match slot.checked_sub(1) {
            None => Value::Text(Cow::Borrowed(&self.name)),
            Some(property) => json_value(self.line, self.values.get(property as usize)),
        }
    }

    fn is_one_of(&self, slot: u32, texts: &[Box<str>]) -> Option<bool> {
        let raw = slot.checked_sub(1).and_then(|property| self.values.get(property as usize));
        match raw {
            Some(raw) if raw.kind == Kind::Text && raw.start < raw.end => {
                let text = raw.of(self.line);
                Some(texts.iter().any(|one| **one == *text))
            }
            _ => self.get(slot).to_text().map(|text| texts.iter().any(|one| **one == *text)),
        }
    }
}

/// A JSON value as expressions see it: empty text, lists and objects are null.
pub fn json_value<'a>(line: &'a str, raw: Option<&Raw>) -> Value<'a> {
    let Some(raw) = raw else { return Value::Null };
    match raw.kind {
        Kind::Number => Value::Digits(raw.of(line)),
        Kind::True => Value::Boolean(true),
        Kind::False => Value::Boolean(false),
        Kind::Text if raw.start == raw.end => Value::Null,
        Kind::Text | Kind::EscapedText => raw.text(line).map_or(Value::Null, Value::Text),
        Kind::Missing | Kind::Null | Kind::Array | Kind::Object => Value::Null,
    }
}

/// What a decoder looks for in lines of one layout; made once and shared by the workers.
#[derive(Debug)]
pub struct Plan {
    projection: Projection,
    event: Vec<u32>,
    user: Vec<u32>,
    visitor: Vec<u32>,
    account: Vec<u32>,
    group: Vec<u32>,
    time: Vec<u32>,
    id: Vec<u32>,
    kind: Vec<u32>,
    previous: Vec<u32>,
    /// The first slot of properties; those of traits follow.
    values: usize,
}

impl Plan {
    /// Combines a layout with what a model asks for.
    pub fn new(layout: &Layout, model: &Model) -> Plan {
        let mut projection = Projection::new();
        let mut slots = |paths: &[Vec<String>]| paths.iter().map(|path| projection.add(path)).collect::<Vec<u32>>();
        let (event, user, visitor) = (slots(&layout.event), slots(&layout.user), slots(&layout.visitor));
        let (account, group, time) = (slots(&layout.account), slots(&layout.group), slots(&layout.time));
        let (id, kind, previous) = (slots(&layout.id), slots(&layout.kind), slots(&layout.previous));
        let values = projection.slots();
        let below = |root: &[String], path: &[String]| root.iter().chain(path).cloned().collect::<Vec<String>>();
        for property in &model.intake.properties {
            projection.add(&below(&layout.properties, property));
        }
        for key in &model.intake.traits {
            projection.add(&below(&layout.traits, key));
        }
        if model.input.dedupe {
            projection.hash_at(&layout.properties);
        }
        Plan { projection, event, user, visitor, account, group, time, id, kind, previous, values }
    }
}

/// Decodes lines for one worker.
#[derive(Debug)]
pub struct Decoder<'m> {
    model: &'m Model,
    plan: &'m Plan,
    scanner: Scanner<'m>,
    days: DayReader<'m>,
    instants: InstantReader<'m>,
    seed: Seed,
    /// Names that the model knows, by their hash: the plan of each.
    names: HashTable<(u64, &'m str, usize)>,
    /// Records at or after this are set aside.
    until: Micros,
}

impl<'m> Decoder<'m> {
    /// A decoder that sets aside records from an instant on.
    pub fn new(model: &'m Model, plan: &'m Plan, seed: Seed, until: Micros) -> Decoder<'m> {
        let scanner = Scanner::new(&plan.projection, seed.clone());
        let (days, instants) = (DayReader::new(&model.zone), InstantReader::new(&model.input.zone));
        let mut names = HashTable::new();
        for (index, name) in model.intake.names.iter().enumerate() {
            names.insert_unique(
                seed.hash_one(name.as_str()),
                (seed.hash_one(name.as_str()), name.as_str(), index + 1),
                |known| known.0,
            );
        }
        Decoder { model, plan, scanner, days, instants, seed, names, until }
    }

    /// Decodes one line without its line end.
    pub fn decode<'a>(&'a mut self, line: &'a str) -> Line<'a> {
        // Most lines begin with a brace, so this ends at the first byte.
        if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Line::Blank;
        }
        match self.scanner.scan(line) {
            Ok(Kind::Object) => self.record(line).unwrap_or_else(Line::Rejected),
            Ok(_) => Line::Rejected(Reason::NotObject),
            Err(Fault::Syntax(_)) => Line::Rejected(Reason::InvalidJson),
            Err(Fault::TooDeep(_)) => Line::Rejected(Reason::TooDeep),
            Err(Fault::LoneSurrogate(_)) => Line::Rejected(Reason::LoneSurrogate),
        }
    }

    /// The first of some slots that holds anything.
    #[inline]
    fn first(&self, slots: &[u32]) -> Raw {
        for slot in slots {
            let raw = self.scanner.found[*slot as usize];
            if !raw.is_nothing() {
                return raw;
            }
        }
        Raw::default()
    }

    fn record<'a>(&'a mut self, line: &'a str) -> Result<Line<'a>, Reason> {
        let event = self.first(&self.plan.event);
        let kind = if event.is_nothing() { self.first(&self.plan.kind).text(line) } else { None };
        let name = match kind.as_deref() {
            Some("identify" | "group" | "alias") => Cow::Borrowed(""),
            _ => event.text(line).filter(|name| !name.is_empty()).ok_or(Reason::NoEvent)?,
        };
        let account_raw =
            self.first(if kind.as_deref() == Some("group") { &self.plan.group } else { &self.plan.account });
        let at = self.time(line)?;
        let mut user = id(line, self.first(&self.plan.user))?;
        let visitor = id(line, self.first(&self.plan.visitor))?;
        let (account, more_accounts) = account(line, account_raw)?;
        if user.is_none() && visitor.is_none() && account.is_none() {
            return Err(Reason::NoId);
        }
        // Whether a line is a record is settled before what becomes of it.
        let previous = id(line, self.first(&self.plan.previous))?;
        let event_id = id(line, self.first(&self.plan.id))?;
        if kind.as_deref() == Some("alias") && (user.is_none() || previous.is_none()) {
            return Err(Reason::NoAlias);
        }
        let matches = |globs: &[glob::Pattern], id: &Option<Cow<'_, str>>| {
            id.as_ref().is_some_and(|id| globs.iter().any(|glob| glob.matches(id)))
        };
        if matches(&self.model.identity.exclude_users, &user) {
            return Ok(Line::Excluded);
        }
        let hash_of = |id: &Option<Cow<'_, str>>| id.as_ref().map_or(0, |id| self.seed.hash_one(&**id));
        let name_hash = self.seed.hash_one(&*name);
        let mut id_hash = if user.is_some() { hash_of(&user) } else { hash_of(&visitor) };
        let account_hash = hash_of(&account);
        let fingerprint = event_id.filter(|_| self.model.input.dedupe).map(|event_id| {
            // A user and a visitor of the same id are two.
            let marks = u64::from(user.is_some()) << 8 | u64::from(account_raw.kind as u8);
            let written = match account_raw.kind {
                Kind::Missing | Kind::Null | Kind::Text => account_hash,
                _ => self.seed.hash_one(account_raw.of(line)),
            };
            (self.seed.hash_one(&*event_id), self.content(&[at.cast_unsigned(), name_hash, marks, id_hash, written]))
        });
        if matches(&self.model.identity.service_users, &user) {
            user = None;
            id_hash = hash_of(&visitor);
        }
        let plan = self.names.find(name_hash, |(_, known, _)| **known == *name).map_or(0, |(_, _, plan)| *plan);
        let day = self.days.day(at);
        let values = &self.scanner.found[self.plan.values..];
        let properties = self.model.intake.properties.len();
        let record = Record {
            plan,
            name,
            user,
            visitor,
            account,
            more_accounts,
            at,
            day,
            fingerprint,
            id_hash,
            account_hash,
            line,
            values,
            properties,
        };
        if at >= self.until {
            return Ok(Line::AfterAsOf(record));
        }
        Ok(match kind.as_deref() {
            Some("identify") => Line::Identify(record),
            Some("group") => Line::Group(record),
            Some("alias") => Line::Alias { record, previous: previous.unwrap_or_default() },
            _ => Line::Event(record),
        })
    }

    fn time(&mut self, line: &str) -> Result<Micros, Reason> {
        let raw = self.first(&self.plan.time);
        let parsed = match raw.kind {
            Kind::Missing | Kind::Null => return Err(Reason::NoTime),
            Kind::Number | Kind::Text => self.instants.parse(raw.of(line)),
            _ => match raw.text(line) {
                Some(text) => self.instants.parse(&text),
                None => Err(TimeError::Malformed),
            },
        };
        parsed.map_err(|error| match error {
            TimeError::Malformed => Reason::BadTime,
            TimeError::OutOfRange => Reason::TimeOutOfRange,
        })
    }

    /// The hash of what two copies of an event agree in: time, name, user (else visitor), account as written, properties.
    #[inline]
    fn content(&self, parts: &[u64; 5]) -> u64 {
        let mut content = self.seed.build_hasher();
        content.write_u64(self.scanner.hash);
        parts.iter().for_each(|part| content.write_u64(*part));
        content.finish()
    }
}

/// An id: text as it is, a number as its digits; placeholders are none.
#[inline]
fn id(line: &str, raw: Raw) -> Result<Option<Cow<'_, str>>, Reason> {
    let id = match raw.kind {
        Kind::Missing | Kind::Null => return Ok(None),
        Kind::Text | Kind::Number => Cow::Borrowed(raw.of(line)),
        _ => raw.text(line).ok_or(Reason::BadId)?,
    };
    Ok((!is_placeholder(&id)).then_some(id))
}

/// The account of a record: of a list, the first; and how many more there are.
fn account(line: &str, raw: Raw) -> Result<(Option<Cow<'_, str>>, usize), Reason> {
    if raw.kind != Kind::Array {
        return id(line, raw).map(|account| (account, 0));
    }
    let mut ids = json::items(line, raw).into_iter().filter_map(|item| id(line, item).ok().flatten());
    let first = ids.next();
    Ok((first, ids.count()))
}

/// What systems write where there is no id.
#[inline]
pub fn is_placeholder(id: &str) -> bool {
    // Few ids begin like one of them, and few are as long.
    matches!(id.as_bytes().first(), None | Some(b'n' | b'N' | b'u' | b'U' | b'a' | b'A' | b'0'))
        && matches!(id.len(), 0 | 1 | 3 | 4 | 9 | 36)
        && is_listed(id)
}

#[cold]
fn is_listed(id: &str) -> bool {
    const PLACEHOLDERS: [&str; 6] = ["null", "undefined", "none", "nan", "anonymous", "0"];
    id.is_empty()
        || PLACEHOLDERS.iter().any(|word| id.eq_ignore_ascii_case(word))
        || id == "00000000-0000-0000-0000-000000000000"
}
