//! Fast path for plain events; everything else falls back to [`LineDecoder::decode`].
//!
//! An event is plain if its format needs paths only, each part has one place, and its ids are text
//! without escapes or placeholders. Such an event is made from the slots at once, as a
//! [`DecodedEvent`] that only borrows. On plain events both paths agree; a property test compares
//! them.

use std::hash::BuildHasher;

use super::{
    DecodePlan, DecodedEvent, DecodedLine, EventFields, LineDecoder, RecordKind, RecordReader,
    format::LineFraming,
    is_any,
    json::{JsonKind, JsonSpan},
    marks,
};
use crate::ids::is_plain;

/// A decoded line, in a cheaper form if it is a plain event.
#[derive(Debug)]
pub enum FastPathResult<'a> {
    /// A plain event.
    Event(DecodedEvent<'a>),
    /// Any other line, which may also be an event.
    Line(DecodedLine<'a>),
}

/// The slots of the parts of a plain event.
#[derive(Debug, Clone, Copy)]
pub(super) struct FastPathSlots {
    event: u32,
    user: u32,
    visitor: u32,
    account: u32,
    time: u32,
    id: u32,
    previous: u32,
}

impl FastPathSlots {
    /// The slots of a plan; none if its format has no plain events.
    pub(super) fn new(plan: &DecodePlan) -> Option<FastPathSlots> {
        let asks_more = plan.extra.is_some() || plan.row.is_some() || !plan.known_from.is_empty();
        let one = |slots: &[u32]| if let [slot] = slots { Some(*slot) } else { None };
        Some(FastPathSlots {
            event: one(&plan.event).filter(|_| !asks_more)?,
            user: one(&plan.user)?,
            visitor: one(&plan.visitor)?,
            account: one(&plan.account)?,
            time: one(&plan.time)?,
            id: one(&plan.id)?,
            previous: one(&plan.previous)?,
        })
    }
}

impl LineDecoder<'_> {
    /// Decodes one line, given without its line end. `onwards` is the memory from its first byte
    /// on.
    ///
    /// **Law**: agrees with [`LineDecoder::decode`].
    pub fn decode_event<'a>(&'a mut self, line: &'a str, onwards: &[u8]) -> FastPathResult<'a> {
        let Some(slots) = self.slots.filter(|_| self.lines == LineFraming::Plain && line.starts_with('{')) else {
            return FastPathResult::Line(self.decode(line));
        };
        let reader = &mut self.reader;
        if let Err(reason) = reader.scan(line, onwards) {
            return FastPathResult::Line(DecodedLine::Rejected(reason));
        }
        match reader.try_plain_event(slots, line) {
            None => FastPathResult::Line(reader.read_record(line, line)),
            Some(mut event) => {
                event.fields.values = &reader.scanner.found[reader.plan.values..];
                event.fields.context = Some(&reader.context);
                FastPathResult::Event(event)
            }
        }
    }
}

impl RecordReader<'_> {
    /// A plain event without its values, which the scanner holds. Returns none, without side
    /// effects, if the event is not plain.
    #[inline(always)]
    fn try_plain_event<'a>(&mut self, slots: FastPathSlots, line: &'a str) -> Option<DecodedEvent<'a>> {
        let found = |slot: u32| self.scanner.found[slot as usize];
        let text = |raw: JsonSpan| {
            if raw.kind == JsonKind::Text && raw.start < raw.end { Some(raw.slice(line)) } else { None }
        };
        let id = |raw: JsonSpan| text(raw).filter(|id| is_plain(id));
        // A part may be missing; a part that is present must be an id.
        let some_id = |raw: JsonSpan| if raw.kind == JsonKind::Missing { Some(None) } else { id(raw).map(Some) };
        if found(slots.previous).kind != JsonKind::Missing {
            return None;
        }
        let name = text(found(slots.event))?;
        let account_raw = found(slots.account);
        let (user, visitor, account) =
            (some_id(found(slots.user))?, some_id(found(slots.visitor))?, some_id(account_raw)?);
        let somebody = user.or(visitor)?;
        if is_any(&self.model.resolved.identity.exclude_users, user)
            || is_any(&self.model.resolved.identity.service_users, user)
        {
            return None;
        }
        let event_id = some_id(found(slots.id))?;
        let time = text(found(slots.time))?;
        let at = self.instants.parse(time).ok().filter(|at| *at < self.until)?;
        let name_hash = self.seed.hash_one(name);
        let known = self.names.find(name_hash, |(_, known, _)| **known == *name);
        let (plan, what) = known.map(|(_, _, meaning)| *meaning).unwrap_or_default();
        if !matches!(what, RecordKind::Event | RecordKind::Noise) {
            return None;
        }
        let id_hash = self.seed.hash_one(somebody);
        let account_hash = account.map_or(0, |account| self.seed.hash_one(account));
        let asked = event_id.filter(|_| self.model.resolved.input.dedupe);
        let fingerprint = asked.map(|event_id| {
            let marks = marks(user.is_some(), account.is_some());
            self.fingerprint(line, event_id, &[at.cast_unsigned(), name_hash, marks, id_hash, account_hash])
        });
        Some(DecodedEvent {
            plan,
            user,
            visitor,
            account,
            more_accounts: 0,
            at,
            known: at,
            day: self.days.day(at),
            fingerprint,
            id_hash,
            account_hash,
            noise: what == RecordKind::Noise,
            fields: EventFields { name, text: line, values: &[], context: None },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::{
        HashSeed,
        format::{FileFormats, WorkerDecoders},
    };
    use pql_model::diag::SourceDocument;

    const MODEL: &str = r#"
        schema = 1
        name = "m"
        [identity]
        exclude_users = ["qa-*"]
        service_users = ["bot-*"]
        [metrics]
        known = { measure = "distinct", value = "kind", event = "known" }
        [[user.signals]]
        name = "s"
        value = "known"
        ladder = [{ at_least = 1, points = 1 }]
        [[user.tiers]]
        name = "all"
    "#;

    /// A value in any form of ids, names and times; none if the key is missing.
    fn value(usual: &'static [&'static str]) -> impl Strategy<Value = Option<&'static str>> {
        prop_oneof![
            6 => prop::sample::select(usual).prop_map(Some),
            1 => Just(None),
            1 => prop::sample::select(vec![
                "null", "\"\"", "\"null\"", "\"0\"", "0", "17", "true", "{}", "[\"a\",\"b\"]", "[]", r#""\u0061""#, r#""x\n""#, "\"1\"",
                "\"2026-01-01T00:00:00Z\"", "\"9999-12-30T00:00:00Z\"", "1767225600", "\"known\"", "\"$identify\"",
            ]).prop_map(Some),
        ]
    }

    proptest! {
        #[test]
        fn a_usual_event_is_what_any_other_way_says_it_is(
            event in value(&["\"known\"", "\"unknown\""]),
            user in prop_oneof![4 => value(&["\"u1\""]), 1 => value(&["\"qa-1\"", "\"bot-1\""])],
            visitor in prop_oneof![4 => Just(None), 1 => value(&["\"v1\""])],
            account in value(&["\"a1\"", "\"a2\""]),
            time in value(&["\"2026-01-01T10:00:00Z\"", "\"2026-01-02T10:00:00.123Z\""]),
            id in value(&["\"e1\"", "\"e2\""]),
            kind in prop_oneof![6 => Just(None), 1 => value(&["\"identify\"", "\"alias\"", "\"group\"", "\"track\""])],
            previous in prop_oneof![6 => Just(None), 1 => value(&["\"p\""])],
            properties in value(&[r#"{"kind":"x"}"#, r#"{"kind":null,"n":1}"#]),
        ) {
            let parts = [
                ("event", event), ("user_id", user), ("anonymous_id", visitor), ("account_id", account), ("timestamp", time),
                ("event_id", id), ("type", kind), ("previous_id", previous), ("properties", properties),
            ];
            let parts: Vec<String> =
                parts.into_iter().filter_map(|(key, value)| Some(format!("\"{key}\":{}", value?))).collect();
            let line = format!("{{{}}}", parts.join(","));
            let model = crate::plan::parse(&SourceDocument { name: "m.toml".into(), text: MODEL.into() }).expect("a model");
            let formats = FileFormats::new(&model, "native", 1);
            let mut reading = WorkerDecoders::new(&formats, HashSeed::default(), 4_000_000_000_000_000);
            let decoder = reading.decoder_for(0, Some(b"{}")).expect("native");
            let any = match decoder.decode(&line) {
                DecodedLine::Event(record) => format!("{:?}", record.event()),
                other => format!("{other:?}"),
            };
            let here = match decoder.decode_event(&line, line.as_bytes()) {
                FastPathResult::Event(event) => format!("{event:?}"),
                FastPathResult::Line(DecodedLine::Event(record)) => format!("{:?}", record.event()),
                FastPathResult::Line(other) => format!("{other:?}"),
            };
            prop_assert_eq!(&here, &any, "{}", line);
            let plain = event == Some("\"known\"") && user == Some("\"u1\"") && time == Some("\"2026-01-01T10:00:00Z\"");
            if plain && visitor.is_none() && account.is_none() && id.is_none() && previous.is_none() {
                prop_assert!(matches!(decoder.decode_event(&line, line.as_bytes()), FastPathResult::Event(_)), "the short way is taken: {}", line);
            }
        }
    }
}
