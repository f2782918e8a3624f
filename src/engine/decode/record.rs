//! What a line turns out to be. Everything is borrowed from the line where it can be.

use std::borrow::Cow;

use super::{
    json::{JsonKind, JsonSpan},
    reject_reason::RejectReason,
};
use pql_model::{
    expr::{EvalScope, Value},
    units::{Day, Micros},
};

/// What a line is.
#[derive(Debug)]
pub enum DecodedLine<'a> {
    /// Nothing but white space.
    Blank,
    /// No record.
    Rejected(RejectReason),
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
    /// Two ids that are one person, each of which may be a user's or a visitor's.
    Merge {
        /// The line itself; it has neither a user nor a visitor.
        record: Record<'a>,
        /// The ids; none if one of them is a placeholder, so that nothing is joined.
        ids: Option<[Cow<'a, str>; 2]>,
    },
}

/// A further id of a record's user.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum LinkedId<'a> {
    /// There is none.
    #[default]
    None,
    /// A placeholder, which joins nothing.
    Placeholder,
    /// It may be a user's or a visitor's.
    Id(Cow<'a, str>),
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
    /// One more id of its user, on lines that identify.
    pub linked_id: LinkedId<'a>,
    /// Whether the vendor's own code sent it by itself, so that it is no activity.
    pub noise: bool,
    /// Whether it is an event that carries traits too.
    pub carries_traits: bool,
    /// What it was read from.
    pub(super) line: &'a str,
    /// The text that the values are in: the line, or what was made of it.
    pub(super) text: &'a str,
    /// Properties from 0, then keys of traits.
    pub(super) values: &'a [JsonSpan],
    /// The first trait of users, and of accounts.
    pub(super) traits: [usize; 2],
}

/// An event as it is folded: everything is borrowed.
#[derive(Debug, Clone, Copy)]
pub struct DecodedEvent<'a> {
    /// The plan of its name in the model's intake; 0 if the model does not know the name.
    pub plan: usize,
    /// Who did it, if somebody is known to have.
    pub user: Option<&'a str>,
    /// The anonymous id it came with.
    pub visitor: Option<&'a str>,
    /// The account it names.
    pub account: Option<&'a str>,
    /// How many more accounts it names.
    pub more_accounts: usize,
    /// When.
    pub at: Micros,
    /// On which local date.
    pub day: Day,
    /// As [`Record::fingerprint`].
    pub fingerprint: Option<(u64, u64)>,
    /// As [`Record::id_hash`].
    pub id_hash: u64,
    /// As [`Record::account_hash`].
    pub account_hash: u64,
    /// As [`Record::noise`].
    pub noise: bool,
    /// What conditions and values look at.
    pub fields: EventFields<'a>,
}

/// An event's name and properties: the scope of conditions and values over events.
#[derive(Debug, Clone, Copy)]
pub struct EventFields<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) values: &'a [JsonSpan],
}

impl<'a> Record<'a> {
    /// What it was read from: a line, or a part of one.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// Its name and properties.
    #[inline]
    pub fn fields(&self) -> EventFields<'_> {
        EventFields { name: &self.name, text: self.text, values: self.values }
    }

    /// The record as an event.
    pub fn event(&self) -> DecodedEvent<'_> {
        DecodedEvent {
            plan: self.plan,
            user: self.user.as_deref(),
            visitor: self.visitor.as_deref(),
            account: self.account.as_deref(),
            more_accounts: self.more_accounts,
            at: self.at,
            day: self.day,
            fingerprint: self.fingerprint,
            id_hash: self.id_hash,
            account_hash: self.account_hash,
            noise: self.noise,
            fields: self.fields(),
        }
    }

    /// The text that its values are in: the line, or what was made of it.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The value of a key of the traits of the user.
    pub fn user_trait(&self, key: u32) -> Value<'a> {
        json_value(self.text, self.values.get(self.traits[0] + key as usize))
    }

    /// The value of a key of the traits of the account.
    pub fn account_trait(&self, key: u32) -> Value<'a> {
        json_value(self.text, self.values.get(self.traits[1] + key as usize))
    }
}

impl DecodedEvent<'_> {
    /// The id by which it is somebody's; empty if it is nobody's.
    #[inline]
    pub fn raw_id(&self) -> &str {
        self.user.or(self.visitor).unwrap_or("")
    }
}

impl<'a> EventFields<'a> {
    /// The text in a slot, if it is text without escapes and not empty.
    #[inline]
    pub fn plain_text(&self, slot: u32) -> Option<&'a str> {
        let raw = self.values.get(slot.checked_sub(1)? as usize)?;
        (raw.kind == JsonKind::Text && raw.start < raw.end).then(|| raw.slice(self.text))
    }

    /// Whether a slot is a property that the line does not have.
    #[inline]
    pub fn is_missing(&self, slot: u32) -> bool {
        let property = slot.checked_sub(1).and_then(|property| self.values.get(property as usize));
        property.is_some_and(|raw| raw.kind == JsonKind::Missing)
    }
}

impl EvalScope for EventFields<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        match slot.checked_sub(1) {
            None => Value::Text(Cow::Borrowed(self.name)),
            Some(property) => json_value(self.text, self.values.get(property as usize)),
        }
    }

    fn is_one_of(&self, slot: u32, texts: &[Box<str>]) -> Option<bool> {
        match self.plain_text(slot) {
            Some(text) => Some(texts.iter().any(|one| **one == *text)),
            None => self.get(slot).to_text().map(|text| texts.iter().any(|one| **one == *text)),
        }
    }
}

/// A JSON value as expressions see it: empty text, lists and objects are null.
pub fn json_value<'a>(line: &'a str, raw: Option<&JsonSpan>) -> Value<'a> {
    let Some(raw) = raw else { return Value::Null };
    match raw.kind {
        JsonKind::Number => Value::Digits(raw.slice(line)),
        JsonKind::True => Value::Boolean(true),
        JsonKind::False => Value::Boolean(false),
        JsonKind::Text if raw.start == raw.end => Value::Null,
        JsonKind::Text | JsonKind::EscapedText => raw.text(line).map_or(Value::Null, Value::Text),
        JsonKind::Missing | JsonKind::Null | JsonKind::Array | JsonKind::Object => Value::Null,
    }
}
