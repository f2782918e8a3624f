//! Decodes lines into records. Every byte is checked; only the fields that the model names are
//! kept.
//!
//! [`LineDecoder`] takes one line at a time and gives a [`DecodedLine`]: a [`Record`] that borrows
//! from the line, or the bucket that the line falls into. It has no state between lines that could
//! change a result. [`mod@format`] settles the format of a file once, and a format and the model
//! give a [`DecodePlan`], which all workers share.
//!
//! ```text
//!  RecordLayout (format) ─┐
//!  Model ─────────────────┴─▶ DecodePlan ─▶ LineDecoder: line ─┬─ fast path ─▶ DecodedEvent
//!                                                              └─ any line ──▶ DecodedLine
//! ```
//!
//! A line is scanned as JSON by [`mod@json`] into the slots of a projection. Vendor formats fill
//! some slots afterwards, and rows of columns fill the same slots without JSON. So what follows
//! does not depend on the format.

mod discover;
mod fast_path;
pub mod format;
pub mod json;
mod layout;
mod line_recovery;
pub mod misread;
mod plan;
mod record;
mod reject_cause;
mod reject_reason;
pub(crate) mod trait_value;
mod vendor_fixups;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    hash::{BuildHasher, Hasher},
};

use hashbrown::HashTable;

use self::fast_path::FastPathSlots;
pub use self::{
    discover::{DiscoveryPlan, FieldDiscovery, for_each_leaf, stable_hash},
    fast_path::FastPathResult,
    layout::{RecordKind, RecordLayout},
    line_recovery::{ConcatenatedObjects, RecoveredLine, recover_line},
    plan::DecodePlan,
    record::{DecodedEvent, DecodedLine, EventFields, FieldContext, LinkedId, Record, json_value, time_zones},
    reject_cause::{CauseOrigin, CausePosition, RejectCause},
    reject_reason::RejectReason,
};
use self::{
    format::{LineFraming, SnowplowRowError, SnowplowRowReader},
    json::{JsonKind, JsonScanner, JsonSpan},
};
pub(crate) use crate::ids::is_placeholder;
use crate::{
    ids::{digits_of_number, id_of_cell, id_of_text},
    plan::Model,
};
use pql_model::{
    clock::{DayReader, InstantReader, TimeError, parse_wall_clock},
    resolved::IdGlob,
    units::Micros,
};

/// A hash function with a random seed. All workers of a run share the seed.
pub type HashSeed = foldhash::quality::RandomState;

/// Unwraps a result or returns [`DecodedLine::Rejected`]. It is a macro because returning a
/// `DecodedLine` through several functions costs copies.
macro_rules! or_reject {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(reason) => return DecodedLine::Rejected(reason),
        }
    };
}

/// Decodes lines of one format for one worker.
#[derive(Debug)]
pub struct LineDecoder<'m> {
    lines: LineFraming,
    /// The slots of the fast path; none if the format has no fast path.
    slots: Option<FastPathSlots>,
    reader: RecordReader<'m>,
    /// The line as a JSON object, for formats whose lines are columns.
    rewritten: String,
    /// The line with JSON in texts expanded into objects.
    unfolded: String,
}

/// Reads records from text that holds one object each.
#[derive(Debug)]
struct RecordReader<'m> {
    model: &'m Model,
    plan: &'m DecodePlan,
    scanner: JsonScanner<'m>,
    /// The reader of rows that need not become JSON first.
    row: Option<Box<SnowplowRowReader<'m>>>,
    days: DayReader<'m>,
    instants: InstantReader<'m>,
    context: FieldContext<'m>,
    seed: HashSeed,
    /// Known event names by hash, with the plan of each and the kind of its lines.
    names: HashTable<(u64, &'m str, (usize, RecordKind))>,
    /// Records at or after this instant are set aside.
    until: Micros,
    /// Group types found while the model does not say which of them is the account.
    group_types: BTreeSet<String>,
    receipts: ReceiptCounts,
}

/// Records by what they say of the time of their receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReceiptCounts {
    /// It is a time.
    pub read: u64,
    /// It is none.
    pub unread: u64,
    /// It is not there.
    pub missing: u64,
}

impl ReceiptCounts {
    pub(crate) fn add(&mut self, other: ReceiptCounts) {
        self.read += other.read;
        self.unread += other.unread;
        self.missing += other.missing;
    }
}

impl<'m> LineDecoder<'m> {
    /// A decoder that sets aside records at or after `until`.
    pub(crate) fn new(
        model: &'m Model,
        plan: &'m DecodePlan,
        lines: LineFraming,
        seed: HashSeed,
        until: Micros,
    ) -> LineDecoder<'m> {
        let mut names = HashTable::new();
        for (name, meaning) in &plan.names {
            let hash = seed.hash_one(name.as_str());
            names.insert_unique(hash, (hash, name.as_str(), *meaning), |known| known.0);
        }
        let reader = RecordReader {
            model,
            plan,
            scanner: JsonScanner::new(&plan.projection, seed.clone()),
            row: plan.row.as_ref().map(|plan| Box::new(SnowplowRowReader::new(plan, &seed))),
            days: DayReader::new(&model.resolved.zone),
            instants: InstantReader::new(&model.resolved.input.zone),
            context: FieldContext::new(model),
            seed,
            names,
            until,
            group_types: BTreeSet::new(),
            receipts: ReceiptCounts::default(),
        };
        LineDecoder {
            lines,
            slots: FastPathSlots::new(plan),
            reader,
            rewritten: String::new(),
            unfolded: String::new(),
        }
    }

    /// The framing of records in lines.
    pub(crate) fn framing(&self) -> LineFraming {
        self.lines
    }

    /// Decodes one line, given without its line end.
    pub fn decode<'a>(&'a mut self, line: &'a str) -> DecodedLine<'a> {
        if self.lines == LineFraming::Columns && self.reader.row.is_some() {
            return self.reader.read_row(line);
        }
        self.decode_json(line)
    }

    /// The same as [`LineDecoder::decode`], for text that is JSON in spite of the framing.
    pub(crate) fn decode_json<'a>(&'a mut self, line: &'a str) -> DecodedLine<'a> {
        // Most lines begin with a brace, so this test ends at the first byte.
        if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return DecodedLine::Blank;
        }
        let LineDecoder { lines, reader, rewritten, unfolded, .. } = self;
        let mut text = line;
        if *lines == LineFraming::Columns {
            if !format::write_object(line, &reader.plan.columns, rewritten) {
                return DecodedLine::Rejected(RejectReason::BadColumns);
            }
            text = rewritten;
        }
        if let Err(reason) = reader.scan(text, text.as_bytes()) {
            return DecodedLine::Rejected(reason);
        }
        if let Some(extra) = reader.plan.extra.as_deref() {
            if reader.expand_embedded_json(extra, text, unfolded) {
                text = unfolded;
                if let Err(reason) = reader.scan(text, text.as_bytes()) {
                    return DecodedLine::Rejected(reason);
                }
            }
            reader.fill_vendor_slots(extra, text);
        }
        reader.read_record(text, line)
    }

    /// Decodes every record of a line, which may be a batch, or several objects.
    pub fn for_each_record(&mut self, line: &str, each: &mut dyn FnMut(DecodedLine<'_>)) {
        let batch = match self.lines {
            LineFraming::Batches(paths) => format::split_batch(line, paths),
            _ => None,
        };
        for record in batch.unwrap_or_else(|| vec![Cow::Borrowed(line)]) {
            let reason = match self.decode(&record) {
                DecodedLine::Rejected(reason) => reason,
                decoded => {
                    each(decoded);
                    continue;
                }
            };
            if let RecoveredLine::Records(records) = recover_line(&record, reason) {
                records.for_each(|(_, text)| self.for_each_record(text, each));
            }
        }
    }

    /// Group types found while the model does not say which of them is the account, and what records say of their receipt.
    pub(crate) fn into_findings(self) -> (BTreeSet<String>, ReceiptCounts) {
        (self.reader.group_types, self.reader.receipts)
    }
}

impl RecordReader<'_> {
    fn scan(&mut self, line: &str, onwards: &[u8]) -> Result<(), RejectReason> {
        match self.scanner.scan_with_lookahead(line, onwards) {
            Ok(JsonKind::Object) => Ok(()),
            Ok(_) => Err(RejectReason::NotObject),
            Err(fault) => Err(RejectReason::from_json_error(fault)),
        }
    }

    /// Reads a row of columns without making JSON of it.
    fn read_row<'a>(&'a mut self, line: &'a str) -> DecodedLine<'a> {
        if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return DecodedLine::Blank;
        }
        let (values, found) = (self.plan.values, &mut self.scanner.found);
        let read = self.row.as_mut().map(|row| (row.read(line, found, values), row.hash));
        self.scanner.hash = read.as_ref().map_or(0, |(_, hash)| *hash);
        match read.map(|(read, _)| read) {
            Some(Err(SnowplowRowError::Columns)) => DecodedLine::Rejected(RejectReason::BadColumns),
            Some(Err(SnowplowRowError::Json(fault))) => DecodedLine::Rejected(RejectReason::from_json_error(fault)),
            Some(Ok(())) | None => {
                if let Some(extra) = self.plan.extra.as_deref() {
                    self.fill_vendor_slots(extra, line);
                }
                self.read_record(line, line)
            }
        }
    }

    /// The first slot whose value is not blank, else the result of `first_present`.
    #[inline(always)]
    fn first_id(&self, line: &str, slots: &[u32]) -> JsonSpan {
        if let [slot] = slots {
            return self.scanner.found[*slot as usize];
        }
        let all = slots.iter().map(|slot| self.scanner.found[*slot as usize]);
        let mut filled = all.filter(|raw| !raw.is_null_or_missing() && !raw.is_blank(line));
        filled.next().unwrap_or_else(|| self.first_present(slots))
    }

    /// The first slot with a value. Empty text counts only if no later slot has a value.
    #[inline(always)]
    fn first_present(&self, slots: &[u32]) -> JsonSpan {
        let mut empty = JsonSpan::default();
        for slot in slots {
            let raw = self.scanner.found[*slot as usize];
            if raw.is_null_or_missing() {
                continue;
            }
            if raw.start < raw.end {
                return raw;
            }
            empty = raw;
        }
        empty
    }

    #[inline(always)]
    fn read_record<'a>(&'a mut self, line: &'a str, source: &'a str) -> DecodedLine<'a> {
        let plan = self.plan;
        let extra = plan.extra.as_deref();
        let ClassifiedLine { mut what, name, name_hash, number } = or_reject!(self.classify(line));
        if let (RecordKind::Merge, Some(extra)) = (what, extra) {
            return self.read_merge(extra, line, source).unwrap_or_else(DecodedLine::Rejected);
        }
        let ids = or_reject!(self.read_ids(what, line));
        let internal = self.is_excluded(ids.user.as_deref());
        let by_service = !internal && is_any(&self.model.resolved.identity.service_users, ids.user.as_deref());
        let hashes = self.hash_ids(&ids);
        let is_event = matches!(what, RecordKind::Event | RecordKind::Noise);
        let mut fingerprint = None;
        if self.model.resolved.input.dedupe && !internal && is_event {
            // Events of a service are credited to their visitors, so equal events of two visitors
            // are not duplicates.
            let by = if by_service { self.seed.hash_one((hashes.id, hashes.visitor)) } else { hashes.id };
            fingerprint = self.record_fingerprint(line, &ids, [name_hash, by, hashes.account]);
        }
        let RecordIds { user, visitor, account, more_accounts, at, previous, previous_raw, .. } = ids;
        let previous = previous.filter(|id| !is_any(&self.model.resolved.identity.service_users, Some(id)));
        let (user, id_hash) = if by_service { (None, hashes.visitor) } else { (user, hashes.id) };
        let mut joined = LinkedId::None;
        let mut carries_traits = false;
        if let Some(extra) = extra {
            if what == RecordKind::Identify || (what == RecordKind::Alias && extra.previous_visitor) {
                joined = linked_id(previous.as_ref(), previous_raw);
                what = RecordKind::Identify;
            }
            carries_traits = matches!(what, RecordKind::Event | RecordKind::Noise) && extra.events_carry_traits;
            self.fill_group_traits(extra, line, account.as_deref());
        }
        let day = self.days.day(at);
        let known = self.known_from(line, at);
        let record = Record {
            plan: number,
            name,
            user,
            visitor,
            account,
            more_accounts,
            at,
            known,
            day,
            fingerprint,
            id_hash,
            account_hash: hashes.account,
            linked_id: joined,
            noise: what == RecordKind::Noise,
            carries_traits,
            line: source,
            text: line,
            values: &self.scanner.found[plan.values..],
            traits: [plan.user_traits, plan.account_traits],
            context: &self.context,
        };
        let decoded = match what {
            _ if known >= self.until => DecodedLine::AfterAsOf(record),
            RecordKind::Identify => DecodedLine::Identify(record),
            RecordKind::Group => DecodedLine::Group(record),
            RecordKind::Alias => DecodedLine::Alias { record, previous: previous.unwrap_or_default() },
            RecordKind::Event | RecordKind::Noise | RecordKind::Merge => DecodedLine::Event(record),
        };
        if internal { DecodedLine::Excluded(Box::new(decoded)) } else { decoded }
    }

    /// The ids and the time of a record. All parts are validated before the line may be excluded or
    /// set aside, so that a bad line is rejected in every case.
    #[inline(always)]
    fn read_ids<'l>(&mut self, what: RecordKind, line: &'l str) -> Result<RecordIds<'l>, RejectReason> {
        let plan = self.plan;
        let extra = plan.extra.as_deref();
        let (user, visitor) = match extra {
            None => {
                let user = parse_id(line, self.first_id(line, &plan.user))?;
                (user, parse_id(line, self.first_id(line, &plan.visitor))?)
            }
            Some(extra) => self.read_user_and_visitor(extra, what, line)?,
        };
        let account_raw = match extra {
            Some(extra) => self.find_account(extra, what, line),
            None => self.first_id(line, if what == RecordKind::Group { &plan.group } else { &plan.account }),
        };
        let at = self.read_time(line)?;
        let (account, more_accounts) = self.read_account(line, account_raw)?;
        // A group line whose group is not an account, because it has another type, has no effect.
        // It is not an error.
        let of_group =
            extra.is_some() && what == RecordKind::Group && !self.first_present(&plan.group).is_null_or_missing();
        if user.is_none() && visitor.is_none() && account.is_none() && !of_group {
            return Err(RejectReason::NoId);
        }
        let previous_raw = self.first_id(line, &plan.previous);
        let previous = self.read_id(line, previous_raw)?;
        let event_id = self.read_id(line, self.first_id(line, &plan.id))?;
        let unnamed = if extra.is_some() { previous_raw.is_null_or_missing() } else { previous.is_none() };
        if what == RecordKind::Alias && (user.is_none() || unnamed) {
            return Err(RejectReason::NoAlias);
        }
        Ok(RecordIds { user, visitor, account, account_raw, more_accounts, at, previous, previous_raw, event_id })
    }

    /// The hashes of the ids of a record.
    #[inline(always)]
    fn hash_ids(&self, ids: &RecordIds<'_>) -> IdHashes {
        let hash_of = |id: &Option<Cow<'_, str>>| id.as_ref().map_or(0, |id| self.seed.hash_one(&**id));
        let visitor = hash_of(&ids.visitor);
        let id = if ids.user.is_some() { hash_of(&ids.user) } else { visitor };
        IdHashes { id, visitor, account: hash_of(&ids.account) }
    }

    /// The fingerprint of an event, given the hashes of its name, of the id that it is credited to and of its account; none
    /// without an event id.
    #[inline(always)]
    fn record_fingerprint(&self, line: &str, ids: &RecordIds<'_>, [name, by, account]: [u64; 3]) -> Option<(u64, u64)> {
        let event_id = ids.event_id.as_ref()?;
        let marks = marks(ids.user.is_some(), ids.account.is_some());
        let written = if ids.more_accounts == 0 { account } else { self.hash_of_accounts(line, ids.account_raw) };
        Some(self.fingerprint(line, event_id, &[ids.at.cast_unsigned(), name, marks, by, written]))
    }

    /// The kind of a line, by its type or the name of its event.
    #[inline(always)]
    fn classify<'l>(&self, line: &'l str) -> Result<ClassifiedLine<'l>, RejectReason> {
        let plan = self.plan;
        let event = self.first_present(&plan.event);
        let asked = event.is_null_or_missing() || plan.extra.as_deref().is_some_and(|extra| extra.kind_first);
        let kind = if asked { self.first_present(&plan.kind).text(line) } else { None };
        let nameless = |what| Ok(ClassifiedLine { what, name: Cow::Borrowed(""), name_hash: 0, number: 0 });
        match kind.as_deref() {
            Some("identify") => return nameless(RecordKind::Identify),
            Some("group") => return nameless(RecordKind::Group),
            Some("alias") => return nameless(RecordKind::Alias),
            _ => {}
        }
        let name = event.text(line).filter(|name| !name.is_empty()).ok_or(RejectReason::NoEvent)?;
        let name_hash = self.seed.hash_one(&*name);
        let known = self.names.find(name_hash, |(_, known, _)| **known == *name);
        let (number, what) = known.map(|(_, _, meaning)| *meaning).unwrap_or_default();
        Ok(ClassifiedLine { what, name, name_hash, number })
    }

    /// True if records of the user are excluded.
    fn is_excluded(&self, user: Option<&str>) -> bool {
        is_any(&self.model.resolved.identity.exclude_users, user)
    }

    fn read_time(&mut self, line: &str) -> Result<Micros, RejectReason> {
        let raw = self.first_present(&self.plan.time);
        let wall_clock = self.plan.extra.as_ref().is_some_and(|extra| extra.wall_clock);
        let parsed = match raw.kind {
            JsonKind::Missing | JsonKind::Null => return Err(RejectReason::NoTime),
            JsonKind::Number | JsonKind::Text if !wall_clock => self.instants.parse(raw.slice(line)),
            JsonKind::Number => parse_wall_clock(raw.slice(line), &self.model.resolved.input.zone),
            _ => {
                let text = raw.text(line).ok_or(RejectReason::BadTime)?;
                if wall_clock {
                    parse_wall_clock(&text, &self.model.resolved.input.zone)
                } else {
                    self.instants.parse(&text)
                }
            }
        };
        parsed.map_err(|error| match error {
            TimeError::Malformed => RejectReason::BadTime,
            TimeError::OutOfRange => RejectReason::TimeOutOfRange,
            TimeError::SerialNumber => RejectReason::SerialTime,
            TimeError::SmallNumber => RejectReason::SmallTime,
        })
    }

    /// The instant from which on a record is known: that of its receipt if it is later than its own.
    #[inline(always)]
    fn known_from(&mut self, line: &str, at: Micros) -> Micros {
        if self.plan.known_from.is_empty() {
            at
        } else {
            self.read_receipt(line).map_or(at, |received| received.max(at))
        }
    }

    /// Reads the time of receipt, and counts it.
    #[inline(never)]
    fn read_receipt(&mut self, line: &str) -> Option<Micros> {
        let raw = self.first_present(&self.plan.known_from);
        if raw.is_null_or_missing() || raw.is_blank(line) {
            self.receipts.missing += 1;
            return None;
        }
        let received = match raw.kind {
            JsonKind::Number | JsonKind::Text => self.instants.parse(raw.slice(line)).ok(),
            _ => raw.text(line).and_then(|text| self.instants.parse(&text).ok()),
        };
        let count = if received.is_some() { &mut self.receipts.read } else { &mut self.receipts.unread };
        *count += 1;
        received
    }

    /// Hashes of the event's id and of its content. The content is all that two duplicates agree
    /// in: time, name, user (else visitor), accounts, properties.
    #[inline]
    fn fingerprint(&self, line: &str, id: &str, parts: &[u64; 5]) -> (u64, u64) {
        let mut content = self.seed.build_hasher();
        content.write_u64(self.scanner.hash);
        parts.iter().for_each(|part| content.write_u64(*part));
        match self.plan.extra.as_deref() {
            None => (self.seed.hash_one(id), content.finish()),
            Some(extra) => self.vendor_fingerprint(extra, line, id, content),
        }
    }

    /// The id of a value; none if it is a placeholder of the format.
    #[inline(always)]
    fn read_id<'l>(&self, line: &'l str, raw: JsonSpan) -> Result<Option<Cow<'l, str>>, RejectReason> {
        let id =
            if self.row.is_some() && raw.is_cell(line) { id_of_cell(raw.slice(line)) } else { parse_id(line, raw)? };
        match self.plan.extra.as_deref() {
            None => Ok(id),
            Some(extra) => Ok(id.filter(|id| !extra.is_vendor_placeholder(id))),
        }
    }

    /// The account of a record and the number of further ones. For a list the first is the account.
    fn read_account<'l>(&self, line: &'l str, raw: JsonSpan) -> Result<(Option<Cow<'l, str>>, usize), RejectReason> {
        if raw.kind != JsonKind::Array {
            return self.read_id(line, raw).map(|account| (account, 0));
        }
        let mut ids = self.accounts_of(line, raw);
        let first = ids.next();
        Ok((first, ids.count()))
    }

    /// The accounts of a list.
    fn accounts_of<'l>(&self, line: &'l str, list: JsonSpan) -> impl Iterator<Item = Cow<'l, str>> {
        json::walk::items(line, list).filter_map(|item| self.read_id(line, item).ok().flatten())
    }

    /// The hash of all accounts of a list.
    #[cold]
    fn hash_of_accounts(&self, line: &str, list: JsonSpan) -> u64 {
        self.seed.hash_one(self.accounts_of(line, list).collect::<Vec<Cow<'_, str>>>())
    }
}

/// The kind of a line, and for an event its name.
struct ClassifiedLine<'l> {
    what: RecordKind,
    name: Cow<'l, str>,
    name_hash: u64,
    /// The plan for events of this name.
    number: usize,
}

/// The ids and the time of a record.
struct RecordIds<'l> {
    user: Option<Cow<'l, str>>,
    visitor: Option<Cow<'l, str>>,
    account: Option<Cow<'l, str>>,
    /// The value of the account, which may be a list.
    account_raw: JsonSpan,
    more_accounts: usize,
    at: Micros,
    /// The id that an alias joins.
    previous: Option<Cow<'l, str>>,
    previous_raw: JsonSpan,
    event_id: Option<Cow<'l, str>>,
}

/// The hashes of the ids of a record; 0 for an id that it lacks.
struct IdHashes {
    /// Of the user id, else of the visitor id.
    id: u64,
    visitor: u64,
    account: u64,
}

/// The link that a previous id asks for.
fn linked_id<'l>(previous: Option<&Cow<'l, str>>, raw: JsonSpan) -> LinkedId<'l> {
    match previous {
        Some(id) => LinkedId::Id(id.clone()),
        None if raw.is_null_or_missing() => LinkedId::None,
        None => LinkedId::Placeholder,
    }
}

/// Separates contents that would hash alike: a user and a visitor of the same id, no account and an
/// account.
#[inline]
fn marks(by_user: bool, has_account: bool) -> u64 {
    u64::from(by_user) << 8 | u64::from(has_account)
}

/// True if the id matches one of the patterns.
fn is_any(globs: &[IdGlob], id: Option<&str>) -> bool {
    id.is_some_and(|id| globs.iter().any(|glob| glob.matches(id)))
}

/// Reads an id from a JSON value. A placeholder gives none.
#[inline(always)]
fn parse_id(line: &str, raw: JsonSpan) -> Result<Option<Cow<'_, str>>, RejectReason> {
    match raw.kind {
        JsonKind::Missing | JsonKind::Null => Ok(None),
        JsonKind::Text => Ok(id_of_text(raw.slice(line)).map(Cow::Borrowed)),
        JsonKind::Number => Ok(Some(digits_of_number(raw.slice(line))).filter(|id| !is_placeholder(id))),
        _ => parse_escaped_id(line, raw),
    }
}

/// The id in a JSON value, if the value is one.
pub(crate) fn id_of_json(line: &str, raw: JsonSpan) -> Option<Cow<'_, str>> {
    parse_id(line, raw).ok().flatten()
}

#[cold]
fn parse_escaped_id(line: &str, raw: JsonSpan) -> Result<Option<Cow<'_, str>>, RejectReason> {
    let text = raw.text(line).ok_or(RejectReason::BadId)?;
    Ok(id_of_text(&text).map(|id| Cow::Owned(id.to_owned())))
}
