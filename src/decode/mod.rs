//! A line to a record: all of it checked, only what the model names kept.
//!
//! Takes lines of blocks and gives [`Record`]s that borrow from them, or says in which bucket the line ends. It knows nothing of other lines.
//! Which format the lines of a file are of is settled once for each file; [`mod@format`] has them all.

mod extra;
pub mod format;
pub mod json;
mod layout;
mod plan;
mod reason;
mod skim;
pub mod typed;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    hash::{BuildHasher, Hasher},
};

use self::{
    format::Lines,
    json::{Fault, Kind, Raw, Scanner},
};
pub use self::{
    layout::{Layout, What},
    plan::Plan,
    reason::Reason,
};
use crate::{
    clock::{DayReader, TimeError, parse_instant, parse_wall_clock},
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
pub enum Joined<'a> {
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
    /// One more id of its user, on lines that identify.
    pub joined: Joined<'a>,
    /// Whether the vendor's own code sent it by itself, so that it is no activity.
    pub noise: bool,
    /// Whether it is an event that carries traits too.
    pub tells: bool,
    /// What it was read from.
    line: &'a str,
    /// The text that the values are in: the line, or what was made of it.
    text: &'a str,
    /// Properties from 0, then keys of traits.
    values: &'a [Raw],
    /// The first trait of users, and of accounts.
    traits: [usize; 2],
}

impl<'a> Record<'a> {
    /// What it was read from: a line, or a part of one.
    pub fn line(&self) -> &'a str {
        self.line
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

impl Scope for Record<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        match slot.checked_sub(1) {
            None => Value::Text(Cow::Borrowed(&self.name)),
            Some(property) => json_value(self.text, self.values.get(property as usize)),
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

/// Decodes lines of one format for one worker.
#[derive(Debug)]
pub struct Decoder<'m> {
    lines: Lines,
    reader: RecordReader<'m>,
    /// A line in another form, where the format asks for one.
    rewritten: String,
    /// A line with the JSON of its texts put in.
    unfolded: String,
}

/// Reads records off text that is one object each.
#[derive(Debug)]
struct RecordReader<'m> {
    model: &'m Model,
    plan: &'m Plan,
    scanner: Scanner<'m>,
    /// For properties that lie in a body.
    body: Option<Scanner<'m>>,
    days: DayReader<'m>,
    seed: Seed,
    /// Records at or after this are set aside.
    until: Micros,
    /// Group types that were met, where the model leaves open which of them is the account.
    group_types: BTreeSet<String>,
}

impl<'m> Decoder<'m> {
    /// A decoder that sets aside records from an instant on.
    pub fn new(model: &'m Model, plan: &'m Plan, lines: Lines, seed: Seed, until: Micros) -> Decoder<'m> {
        let body = plan.extra.as_ref().and_then(|extra| extra.body.as_ref());
        let reader = RecordReader {
            model,
            plan,
            scanner: Scanner::new(&plan.projection, seed.clone()),
            body: body.map(|body| Scanner::new(&body.projection, seed.clone())),
            days: DayReader::new(&model.zone),
            seed,
            until,
            group_types: BTreeSet::new(),
        };
        Decoder { lines, reader, rewritten: String::new(), unfolded: String::new() }
    }

    /// What its lines are.
    pub fn lines(&self) -> Lines {
        self.lines
    }

    /// Decodes one line without its line end.
    pub fn decode<'a>(&'a mut self, line: &'a str) -> Line<'a> {
        // Most lines begin with a brace, so this ends at the first byte.
        if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Line::Blank;
        }
        let Decoder { lines, reader, rewritten, unfolded } = self;
        let mut text = line;
        if *lines == Lines::Columns {
            if !format::write_object(line, &reader.plan.columns, rewritten) {
                return Line::Rejected(Reason::BadColumns);
            }
            text = rewritten;
        }
        if let Err(reason) = reader.scan(text) {
            return Line::Rejected(reason);
        }
        if let Some(extra) = reader.plan.extra.as_deref() {
            if reader.unfold(extra, text, unfolded) {
                text = unfolded;
                if let Err(reason) = reader.scan(text) {
                    return Line::Rejected(reason);
                }
            }
            reader.fill(extra, text);
        }
        reader.record(text, line).unwrap_or_else(Line::Rejected)
    }

    /// The group types that were met, where the model leaves open which of them is the account.
    pub fn into_group_types(self) -> BTreeSet<String> {
        self.reader.group_types
    }
}

impl RecordReader<'_> {
    fn scan(&mut self, line: &str) -> Result<(), Reason> {
        match self.scanner.scan(line) {
            Ok(Kind::Object) => Ok(()),
            Ok(_) => Err(Reason::NotObject),
            Err(Fault::Syntax(_)) => Err(Reason::InvalidJson),
            Err(Fault::TooDeep(_)) => Err(Reason::TooDeep),
            Err(Fault::LoneSurrogate(_)) => Err(Reason::LoneSurrogate),
        }
    }

    /// The first of some slots that holds anything.
    fn first(&self, slots: &[u32]) -> Raw {
        let found = slots.iter().map(|slot| self.scanner.found[*slot as usize]);
        // Empty text gives way to what comes after it, and stays where nothing does.
        let mut empty = Raw::default();
        for raw in found {
            if !raw.is_nothing() {
                if raw.start < raw.end {
                    return raw;
                }
                empty = raw;
            }
        }
        empty
    }

    fn record<'a>(&'a mut self, line: &'a str, source: &'a str) -> Result<Line<'a>, Reason> {
        let plan = self.plan;
        let extra = plan.extra.as_deref();
        let event = self.first(&plan.event);
        let kind = self.first(&plan.kind).text(line);
        let kind = kind.filter(|_| event.is_nothing() || extra.is_some_and(|extra| extra.kind_first));
        let mut what = match kind.as_deref() {
            Some("identify") => What::Identify,
            Some("group") => What::Group,
            Some("alias") => What::Alias,
            _ => What::Event,
        };
        let mut name = Cow::Borrowed("");
        let mut number = 0;
        if what == What::Event {
            name = event.text(line).filter(|name| !name.is_empty()).ok_or(Reason::NoEvent)?;
            (number, what) = plan.names.get(&*name).copied().unwrap_or_default();
        }
        if let (What::Merge, Some(extra)) = (what, extra) {
            return self.merge(extra, line, source);
        }
        let (mut user, visitor) = match extra {
            None => (id(line, self.first(&plan.user))?, id(line, self.first(&plan.visitor))?),
            Some(extra) => self.who(extra, what, line)?,
        };
        let account_raw = match extra {
            Some(extra) => self.account_of(extra, what, line),
            None => self.first(if what == What::Group { &plan.group } else { &plan.account }),
        };
        let at = self.time(line)?;
        let (account, more_accounts) = self.account(line, account_raw)?;
        // A line about a group that is no account, as of another type, says nothing, but it is not wrong.
        let of_group = extra.is_some() && what == What::Group && !self.first(&plan.group).is_nothing();
        if user.is_none() && visitor.is_none() && account.is_none() && !of_group {
            return Err(Reason::NoId);
        }
        // Whether a line is a record is settled before what becomes of it.
        let previous_raw = self.first(&plan.previous);
        let previous = self.id(line, previous_raw)?;
        let event_id = self.id(line, self.first(&plan.id))?;
        let unnamed = if extra.is_some() { previous_raw.is_nothing() } else { previous.is_none() };
        if what == What::Alias && (user.is_none() || unnamed) {
            return Err(Reason::NoAlias);
        }
        if self.is_excluded(user.as_deref()) {
            return Ok(Line::Excluded);
        }
        let asked = event_id.filter(|_| self.model.input.dedupe && matches!(what, What::Event | What::Noise));
        let fingerprint = asked.map(|event_id| {
            self.fingerprint(line, &event_id, &name, [user.as_deref(), visitor.as_deref()], account_raw, at)
        });
        if is_any(&self.model.identity.service_users, user.as_deref()) {
            user = None;
        }
        let mut joined = Joined::None;
        let mut tells = false;
        if let Some(extra) = extra {
            if what == What::Identify || (what == What::Alias && extra.previous_visitor) {
                joined = match &previous {
                    Some(id) => Joined::Id(id.clone()),
                    None if previous_raw.is_nothing() => Joined::None,
                    None => Joined::Placeholder,
                };
                what = What::Identify;
            }
            tells = matches!(what, What::Event | What::Noise) && extra.events_tell;
            self.fill_group_traits(extra, line, account.as_deref());
        }
        let day = self.days.day(at);
        let record = Record {
            plan: number,
            name,
            user,
            visitor,
            account,
            more_accounts,
            at,
            day,
            fingerprint,
            joined,
            noise: what == What::Noise,
            tells,
            line: source,
            text: line,
            values: &self.scanner.found[plan.values..],
            traits: [plan.user_traits, plan.account_traits],
        };
        if at >= self.until {
            return Ok(Line::AfterAsOf(record));
        }
        Ok(match what {
            What::Identify => Line::Identify(record),
            What::Group => Line::Group(record),
            What::Alias => Line::Alias { record, previous: previous.unwrap_or_default() },
            What::Event | What::Noise | What::Merge => Line::Event(record),
        })
    }

    /// Whether records of a user are set aside.
    fn is_excluded(&self, user: Option<&str>) -> bool {
        is_any(&self.model.identity.exclude_users, user)
    }

    fn time(&self, line: &str) -> Result<Micros, Reason> {
        let raw = self.first(&self.plan.time);
        let wall_clock = self.plan.extra.as_ref().is_some_and(|extra| extra.wall_clock);
        let parse = if wall_clock { parse_wall_clock } else { parse_instant };
        let parsed = match raw.kind {
            Kind::Missing | Kind::Null => return Err(Reason::NoTime),
            Kind::Number => parse(raw.of(line), &self.model.input.zone),
            _ => match raw.text(line) {
                Some(text) => parse(&text, &self.model.input.zone),
                None => Err(TimeError::Malformed),
            },
        };
        parsed.map_err(|error| match error {
            TimeError::Malformed => Reason::BadTime,
            TimeError::OutOfRange => Reason::TimeOutOfRange,
        })
    }

    /// Hashes of the event's id and of what two copies of it agree in: name, user (else visitor), account as written, time, properties.
    fn fingerprint(
        &self,
        line: &str,
        id: &str,
        name: &str,
        [user, visitor]: [Option<&str>; 2],
        account: Raw,
        at: Micros,
    ) -> (u64, u64) {
        let mut content = self.seed.build_hasher();
        content.write_i64(at);
        content.write_u64(self.scanner.hash);
        for part in [Some(name), user, visitor.filter(|_| user.is_none())] {
            content.write_u8(u8::from(part.is_some()));
            content.write(part.unwrap_or("").as_bytes());
            content.write_u8(0xff);
        }
        content.write_u8(account.kind as u8);
        content.write(account.of(line).as_bytes());
        match self.plan.extra.as_deref() {
            None => (self.seed.hash_one(id), content.finish()),
            Some(extra) => self.more_fingerprint(extra, line, id, content),
        }
    }

    /// An id, without what the format writes where there is none.
    fn id<'l>(&self, line: &'l str, raw: Raw) -> Result<Option<Cow<'l, str>>, Reason> {
        let none = self.plan.extra.as_ref().map_or(&[][..], |extra| extra.no_ids);
        Ok(id(line, raw)?.filter(|id| !none.iter().any(|word| id.eq_ignore_ascii_case(word))))
    }

    /// The account of a record: of a list, the first; and how many more there are.
    fn account<'l>(&self, line: &'l str, raw: Raw) -> Result<(Option<Cow<'l, str>>, usize), Reason> {
        if raw.kind != Kind::Array {
            return self.id(line, raw).map(|account| (account, 0));
        }
        let mut ids = skim::items(line, raw).filter_map(|item| self.id(line, item).ok().flatten());
        let first = ids.next();
        Ok((first, ids.count()))
    }
}

/// Whether an id is one of those that patterns describe.
fn is_any(globs: &[glob::Pattern], id: Option<&str>) -> bool {
    id.is_some_and(|id| globs.iter().any(|glob| glob.matches(id)))
}

/// An id: text as it is, a number as its digits; placeholders are none.
fn id(line: &str, raw: Raw) -> Result<Option<Cow<'_, str>>, Reason> {
    let id = match raw.kind {
        Kind::Missing | Kind::Null => return Ok(None),
        Kind::Number => Cow::Borrowed(raw.of(line)),
        _ => raw.text(line).ok_or(Reason::BadId)?,
    };
    Ok((!is_placeholder(&id)).then_some(id))
}

/// What systems write where there is no id.
pub fn is_placeholder(id: &str) -> bool {
    const PLACEHOLDERS: [&str; 6] = ["null", "undefined", "none", "nan", "anonymous", "0"];
    // Few ids begin like one of them.
    if !matches!(id.as_bytes().first(), None | Some(b'n' | b'N' | b'u' | b'U' | b'a' | b'A' | b'0')) {
        return false;
    }
    id.is_empty()
        || PLACEHOLDERS.iter().any(|word| id.eq_ignore_ascii_case(word))
        || id == "00000000-0000-0000-0000-000000000000"
}
