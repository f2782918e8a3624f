//! What a record of a vendor's format needs beyond the first of some paths: JSON in texts, lists of pairs, bodies under keys that differ by
//! event, group types, and ids that may be a user's or a visitor's.
//!
//! Each step works on what the scan has found, and fills the same slots; what comes after it sees no difference between formats.

use std::{borrow::Cow, hash::Hasher};

use super::{
    Joined, Line, Reason, Record, RecordReader,
    json::{Kind, Raw, unescape},
    layout::What,
    plan::Extra,
    skim,
};

/// What Mixpanel writes before an anonymous id where any id may stand.
const DEVICE_PREFIX: &str = "$device:";

/// A user and a visitor.
type Who<'l> = (Option<Cow<'l, str>>, Option<Cow<'l, str>>);

impl RecordReader<'_> {
    /// Writes a line with the JSON of its texts put in; `false` if no text that may be JSON is there.
    pub(super) fn unfold(&self, extra: &Extra, line: &str, out: &mut String) -> bool {
        let looks = |raw: &Raw| match raw.kind {
            Kind::Text | Kind::EscapedText => raw.of(line).trim_start().starts_with(['{', '[']),
            _ => false,
        };
        let found = extra.embedded.iter().map(|slot| self.scanner.found[*slot as usize]);
        let mut texts: Vec<Raw> = found.filter(looks).collect();
        if texts.is_empty() {
            return false;
        }
        texts.sort_unstable_by_key(|raw| raw.start);
        texts.dedup();
        out.clear();
        let mut at = 0;
        for raw in texts {
            // Without the quotes around it.
            out.push_str(line.get(at..raw.start as usize - 1).unwrap_or_default());
            out.push_str(&unescape(raw.of(line)));
            at = raw.end as usize + 1;
        }
        out.push_str(line.get(at..).unwrap_or_default());
        true
    }

    /// Fills slots that paths alone do not.
    pub(super) fn fill(&mut self, extra: &Extra, line: &str) {
        for pairs in &extra.pairs {
            let list = self.scanner.found[pairs.list as usize];
            for (key, value) in skim::pairs(line, list) {
                let slots = match key.kind {
                    Kind::Text => pairs.by_key.get(key.of(line)),
                    _ => pairs.by_key.get(&*key.text(line).unwrap_or_default()),
                };
                slots.into_iter().flatten().for_each(|slot| self.scanner.found[*slot as usize] = value);
            }
        }
        for (slot, others) in &extra.fallbacks {
            if self.scanner.found[*slot as usize].is_nothing() {
                self.scanner.found[*slot as usize] = self.first(others);
            }
        }
        if !extra.no_values.is_empty() {
            let nothing = |raw: &Raw| raw.kind == Kind::Text && extra.no_values.contains(&raw.of(line));
            self.scanner.found[self.plan.values..]
                .iter_mut()
                .filter(|raw| nothing(raw))
                .for_each(|raw| *raw = Raw::default());
        }
    }

    /// The user and the visitor of a record.
    ///
    /// **Errors**: [`Reason::BadId`].
    pub(super) fn who<'l>(&self, extra: &Extra, what: What, line: &'l str) -> Result<Who<'l>, Reason> {
        let mut user = self.id(line, self.first(&self.plan.user))?;
        let mut visitor = self.id(line, self.first(&self.plan.visitor))?;
        if what == What::Identify && !extra.identifies.is_empty() {
            return Ok((self.id(line, self.first(&extra.identifies))?, visitor));
        }
        if user.is_none() && !extra.distinct.is_empty() {
            let distinct = self.id(line, self.first(&extra.distinct))?;
            let anonymous = self.first(&extra.identified).kind == Kind::False;
            match distinct {
                Some(id) if id.starts_with(DEVICE_PREFIX) => visitor = Some(bare(id)),
                Some(id) if anonymous || visitor.as_deref() == Some(&*id) => visitor = Some(id),
                // What stands for the group where nobody set its traits.
                Some(id) if what == What::Group && id.starts_with('$') => visitor = None,
                other => user = other,
            }
        }
        Ok((user, visitor.map(bare)))
    }

    /// The account of a record, as written.
    pub(super) fn account_of(&mut self, extra: &Extra, what: What, line: &str) -> Raw {
        if what == What::Group && !self.plan.group.is_empty() {
            let of_type = self.first(&extra.group_type).text(line);
            match (&extra.account_type, of_type) {
                (Some(account), Some(of_type)) if *account != *of_type => return Raw::default(),
                (None, Some(of_type)) => self.note_type(&of_type),
                _ => {}
            }
            return self.first(&self.plan.group);
        }
        let Some(groups) = extra.groups else { return self.first(&self.plan.account) };
        let groups = self.scanner.found[groups as usize];
        let mut account = Raw::default();
        for (of_type, id) in skim::members(line, groups) {
            let empty = id.is_nothing() || id.start == id.end || id.of(line) == "[]";
            if let Some(of_type) = of_type.text(line).filter(|_| !empty) {
                self.note_type(&of_type);
                account = id;
            }
        }
        account
    }

    /// Notes a group type, since the run has to say so if there are several.
    fn note_type(&mut self, of_type: &str) {
        if !self.group_types.contains(of_type) {
            self.group_types.insert(of_type.to_owned());
        }
    }

    /// Traits of the account that stand by group type and account.
    pub(super) fn fill_group_traits(&mut self, extra: &Extra, line: &str, account: Option<&str>) {
        let (Some(slot), Some(account)) = (extra.group_traits, account) else { return };
        let of_types = self.scanner.found[slot as usize];
        let mut objects = skim::members(line, of_types).map(|(_, of_type)| skim::member(line, of_type, account));
        let Some(traits) = objects.find(|traits| traits.kind == Kind::Object) else { return };
        let first = self.plan.values + self.plan.account_traits;
        for (key, slot) in extra.trait_keys.iter().zip(&mut self.scanner.found[first..]) {
            *slot = skim::at_path(line, traits, key);
        }
    }

    /// A line that says that two ids are one.
    ///
    /// **Errors**: [`Reason`] of the time and of the ids.
    pub(super) fn merge<'a>(&'a mut self, extra: &Extra, line: &'a str, source: &'a str) -> Result<Line<'a>, Reason> {
        let at = self.time(line)?;
        let [a, b] = [self.first(&extra.merged[0]), self.first(&extra.merged[1])];
        if a.is_nothing() || b.is_nothing() {
            return Err(Reason::NoAlias);
        }
        let ids = self.id(line, a)?.zip(self.id(line, b)?).map(|(a, b)| [bare(a), bare(b)]);
        if ids.iter().flatten().any(|id| self.is_excluded(Some(id))) {
            return Ok(Line::Excluded);
        }
        let day = self.days.day(at);
        let record = Record {
            plan: 0,
            name: Cow::Borrowed(""),
            user: None,
            visitor: None,
            account: None,
            more_accounts: 0,
            at,
            day,
            fingerprint: None,
            id_hash: 0,
            account_hash: 0,
            joined: Joined::None,
            noise: false,
            tells: false,
            line: source,
            text: line,
            values: &[],
            traits: [0, 0],
        };
        Ok(if at >= self.until { Line::AfterAsOf(record) } else { Line::Merge { record, ids } })
    }

    /// Adds what a format knows an event by.
    pub(super) fn more_fingerprint(&self, extra: &Extra, line: &str, id: &str, mut content: impl Hasher) -> (u64, u64) {
        if extra.agree_in_values {
            for (place, raw) in self.scanner.found[self.plan.values..].iter().enumerate() {
                if raw.kind != Kind::Missing {
                    content.write_u64((place as u64) << 8 | raw.kind as u64);
                    content.write(raw.of(line).as_bytes());
                }
            }
        }
        let mut ids = std::hash::BuildHasher::build_hasher(&self.seed);
        ids.write(id.as_bytes());
        for (place, slot) in extra.more_id.iter().enumerate() {
            let raw = self.scanner.found[*slot as usize];
            ids.write_u64((place as u64) << 8 | raw.kind as u64);
            ids.write(raw.of(line).as_bytes());
        }
        (ids.finish(), content.finish())
    }
}

/// An anonymous id without the word that says it is one.
fn bare(id: Cow<'_, str>) -> Cow<'_, str> {
    match id {
        Cow::Borrowed(id) => Cow::Borrowed(id.strip_prefix(DEVICE_PREFIX).unwrap_or(id)),
        Cow::Owned(id) => Cow::Owned(id.strip_prefix(DEVICE_PREFIX).map(str::to_owned).unwrap_or(id)),
    }
}
