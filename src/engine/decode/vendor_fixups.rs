//! Fills slots of vendor formats that paths cannot reach.
//!
//! These are JSON in texts, lists of pairs, group types, and ids of unknown kind. Each function
//! works on the spans that the scan found and fills the same slots. So what follows sees no
//! difference between formats, and native lines, which need none of this, pay one test of a
//! pointer.

use std::{borrow::Cow, hash::Hasher};

use super::{
    DecodedLine, LinkedId, Record, RecordReader, RejectReason, is_any,
    json::walk,
    json::{JsonKind, JsonSpan, unescape, value_hash::hash_value},
    layout::RecordKind,
    parse_id,
    plan::VendorFixups,
};
use crate::ids::id_of_text;

/// Mixpanel's prefix of an anonymous id in a field that may hold any id.
const DEVICE_PREFIX: &str = "$device:";

/// A user and a visitor.
type UserAndVisitor<'l> = (Option<Cow<'l, str>>, Option<Cow<'l, str>>);

impl RecordReader<'_> {
    /// Writes a line in which texts that hold JSON are replaced by that JSON. Returns `false` if
    /// there is no such text.
    pub(super) fn expand_embedded_json(&self, extra: &VendorFixups, line: &str, out: &mut String) -> bool {
        let looks = |raw: &JsonSpan| match raw.kind {
            JsonKind::Text | JsonKind::EscapedText => raw.slice(line).trim_start().starts_with(['{', '[']),
            _ => false,
        };
        let found = extra.embedded.iter().map(|slot| self.scanner.found[*slot as usize]);
        let mut texts: Vec<JsonSpan> = found.filter(looks).collect();
        if texts.is_empty() {
            return false;
        }
        texts.sort_unstable_by_key(|raw| raw.start);
        texts.dedup();
        out.clear();
        let mut at = 0;
        for raw in texts {
            // The quotes around the text are dropped.
            out.push_str(line.get(at..raw.start as usize - 1).expect("texts of a line do not overlap"));
            out.push_str(&unescape(raw.slice(line)));
            at = raw.end as usize + 1;
        }
        out.push_str(line.get(at..).expect("a text ends inside its line"));
        true
    }

    /// Fills slots that paths cannot reach.
    pub(super) fn fill_vendor_slots(&mut self, extra: &VendorFixups, line: &str) {
        for pairs in &extra.pairs {
            let list = self.scanner.found[pairs.list as usize];
            for (key, value) in walk::pairs(line, list) {
                let slots = match key.kind {
                    JsonKind::Text => pairs.by_key.get(key.slice(line)),
                    _ => pairs.by_key.get(&*key.text(line).unwrap_or_default()),
                };
                slots.into_iter().flatten().for_each(|slot| self.scanner.found[*slot as usize] = value);
            }
        }
        for (slot, others) in &extra.fallbacks {
            if self.scanner.found[*slot as usize].is_null_or_missing() {
                self.scanner.found[*slot as usize] = self.first_present(others);
            }
        }
        if !extra.placeholder_values.is_empty() {
            let nothing =
                |raw: &JsonSpan| raw.kind == JsonKind::Text && extra.placeholder_values.contains(&raw.slice(line));
            self.scanner.found[self.plan.values..]
                .iter_mut()
                .filter(|raw| nothing(raw))
                .for_each(|raw| *raw = JsonSpan::default());
        }
    }

    /// The user and the visitor of a record.
    ///
    /// # Errors
    ///
    /// [`RejectReason::BadId`].
    pub(super) fn read_user_and_visitor<'l>(
        &self,
        extra: &VendorFixups,
        what: RecordKind,
        line: &'l str,
    ) -> Result<UserAndVisitor<'l>, RejectReason> {
        let mut user = self.read_id(line, self.first_id(line, &self.plan.user))?;
        let mut visitor = self.read_id(line, self.first_id(line, &self.plan.visitor))?;
        if what == RecordKind::Identify && !extra.identify_user.is_empty() {
            return Ok((self.read_id(line, self.first_id(line, &extra.identify_user))?, visitor));
        }
        if user.is_none() && !extra.distinct.is_empty() {
            let distinct = self.read_id(line, self.first_id(line, &extra.distinct))?;
            let anonymous = self.first_present(&extra.identified).kind == JsonKind::False;
            match distinct {
                Some(id) if id.starts_with(DEVICE_PREFIX) => visitor = strip_device_prefix(id),
                Some(id) if anonymous || visitor.as_deref() == Some(&*id) => visitor = Some(id),
                // PostHog's group lines without a user have an id of this form for the group
                // itself.
                Some(id) if what == RecordKind::Group && id.starts_with('$') => visitor = None,
                other => user = other,
            }
        }
        Ok((user, visitor.and_then(strip_device_prefix)))
    }

    /// The account of a record, as written.
    pub(super) fn find_account(&mut self, extra: &VendorFixups, what: RecordKind, line: &str) -> JsonSpan {
        if what == RecordKind::Group && !self.plan.group.is_empty() {
            let of_type = self.first_present(&extra.group_type).text(line);
            match (&extra.account_type, of_type) {
                (Some(account), Some(of_type)) if *account != *of_type => return JsonSpan::default(),
                (None, Some(of_type)) => self.note_type(&of_type),
                _ => {}
            }
            return self.first_id(line, &self.plan.group);
        }
        let Some(groups) = extra.groups else { return self.first_id(line, &self.plan.account) };
        let groups = self.scanner.found[groups as usize];
        let mut account = JsonSpan::default();
        for (of_type, id) in walk::members(line, groups) {
            let empty = id.is_null_or_missing() || id.is_blank(line) || id.slice(line) == "[]";
            if let Some(of_type) = of_type.text(line).filter(|_| !empty) {
                self.note_type(&of_type);
                account = id;
            }
        }
        account
    }

    /// Collects a group type. The run warns if there are several and the model names none.
    fn note_type(&mut self, of_type: &str) {
        if !self.group_types.contains(of_type) {
            self.group_types.insert(of_type.to_owned());
        }
    }

    /// Fills the slots of account traits that are stored by group type and account.
    pub(super) fn fill_group_traits(&mut self, extra: &VendorFixups, line: &str, account: Option<&str>) {
        let (Some(slot), Some(account)) = (extra.group_traits, account) else { return };
        let of_types = self.scanner.found[slot as usize];
        let is_account =
            |key: JsonSpan| key.text(line).is_some_and(|key| id_of_text(&key).is_some_and(|key| key == account));
        let objects = walk::members(line, of_types).flat_map(|(_, of_type)| walk::members(line, of_type));
        let mut of_account = objects.filter(|(key, traits)| traits.kind == JsonKind::Object && is_account(*key));
        let Some((_, traits)) = of_account.next() else { return };
        let first = self.plan.values + self.plan.account_traits;
        for (key, slot) in extra.trait_keys.iter().zip(&mut self.scanner.found[first..]) {
            *slot = walk::at_path(line, traits, key);
        }
    }

    /// Reads a line that joins two ids of unknown kind.
    ///
    /// # Errors
    ///
    /// The [`RejectReason`] of the time or of an id.
    pub(super) fn read_merge<'a>(
        &'a mut self,
        extra: &VendorFixups,
        line: &'a str,
        source: &'a str,
    ) -> Result<DecodedLine<'a>, RejectReason> {
        let at = self.read_time(line)?;
        let [a, b] = [self.first_id(line, &extra.merged[0]), self.first_id(line, &extra.merged[1])];
        if a.is_null_or_missing() || b.is_null_or_missing() {
            return Err(RejectReason::NoAlias);
        }
        let [a, b] = [self.read_id(line, a)?, self.read_id(line, b)?].map(|id| id.and_then(strip_device_prefix));
        let ids = a.zip(b).map(|(a, b)| [a, b]);
        let internal = ids.iter().flatten().any(|id| self.is_excluded(Some(id)));
        // Services are no users, so their ids join nobody.
        let of_machine = |ids: &[Cow<'_, str>; 2]| {
            ids.iter().any(|id| is_any(&self.model.resolved.identity.service_users, Some(id)))
        };
        let ids = ids.filter(|ids| !of_machine(ids));
        let day = self.days.day(at);
        let known = self.known_from(line, at);
        let record = Record {
            plan: 0,
            name: Cow::Borrowed(""),
            user: None,
            visitor: None,
            account: None,
            more_accounts: 0,
            at,
            known,
            day,
            fingerprint: None,
            id_hash: 0,
            account_hash: 0,
            linked_id: LinkedId::None,
            noise: false,
            carries_traits: false,
            line: source,
            text: line,
            values: &[],
            traits: [0, 0],
            context: &self.context,
        };
        let decoded =
            if known >= self.until { DecodedLine::AfterAsOf(record) } else { DecodedLine::Merge { record, ids } };
        Ok(if internal { DecodedLine::Excluded(Box::new(decoded)) } else { decoded })
    }

    /// Completes the fingerprint with the fields that the format identifies an event by.
    pub(super) fn vendor_fingerprint(
        &self,
        extra: &VendorFixups,
        line: &str,
        id: &str,
        mut content: impl Hasher,
    ) -> (u64, u64) {
        if extra.agree_in_values {
            for (place, raw) in self.scanner.found[self.plan.values..self.plan.values_end].iter().enumerate() {
                if raw.kind != JsonKind::Missing {
                    content.write_u64(place as u64);
                    hash_value(&self.seed, line, *raw, &mut content);
                }
            }
        }
        let mut ids = std::hash::BuildHasher::build_hasher(&self.seed);
        ids.write(id.as_bytes());
        for (place, slot) in extra.more_id.iter().enumerate() {
            let raw = self.scanner.found[*slot as usize];
            if let Some(part) = parse_id(line, raw).unwrap_or_else(|_| Some(raw.slice(line).into())) {
                ids.write_u64(place as u64);
                ids.write(part.as_bytes());
            }
        }
        (ids.finish(), content.finish())
    }
}

/// An anonymous id without Mixpanel's prefix. None if nothing follows the prefix.
fn strip_device_prefix(id: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !id.starts_with(DEVICE_PREFIX) {
        return Some(id);
    }
    match id {
        Cow::Borrowed(id) => id_of_text(&id[DEVICE_PREFIX.len()..]).map(Cow::Borrowed),
        Cow::Owned(id) => id_of_text(&id[DEVICE_PREFIX.len()..]).map(|id| Cow::Owned(id.to_owned())),
    }
}
