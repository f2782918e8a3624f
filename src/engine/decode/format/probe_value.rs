//! A JSON object, parsed only as far as the detection of a format needs it.
//!
//! Takes a line, gives its keys, their texts, and the keys one level below. Invariant: elements of lists and deeper
//! levels are read but not kept, so a long line takes little more memory than its texts.

use std::{collections::HashMap, fmt};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The keys that are kept of an object; no format has nearly as many.
const KEYS_KEPT: usize = 4096;

/// The levels of objects whose keys are kept.
const LEVELS_KEPT: usize = 2;

/// The first keys of an object, with their values.
#[derive(Debug, Default)]
pub(super) struct ProbeObject {
    values: HashMap<String, ProbeValue>,
}

/// A value, as far as it is kept.
#[derive(Debug)]
pub(super) enum ProbeValue {
    Text(String),
    Number,
    Object(ProbeObject),
    /// A list, a boolean, null, or an object on a deeper level.
    Other,
}

impl ProbeObject {
    pub(super) fn get(&self, key: &str) -> Option<&ProbeValue> {
        self.values.get(key)
    }

    /// All texts, also those in objects.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let inner = self.values.values().filter_map(ProbeValue::object).flat_map(|object| object.values.values());
        self.values.values().chain(inner).filter_map(ProbeValue::text)
    }

    /// The number of keys that are kept.
    pub(super) fn keys(&self) -> usize {
        self.values.len()
    }
}

impl ProbeValue {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn object(&self) -> Option<&ProbeObject> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// True for a number and for text.
    pub(super) fn is_number_or_text(&self) -> bool {
        matches!(self, Self::Number | Self::Text(_))
    }
}

impl<'de> Deserialize<'de> for ProbeObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = (ProbeVisitor { levels: LEVELS_KEPT }).deserialize(deserializer)?;
        match value {
            ProbeValue::Object(object) => Ok(object),
            _ => Err(D::Error::custom("not an object")),
        }
    }
}

/// Reads a value and keeps this many levels of its objects.
#[derive(Clone, Copy)]
struct ProbeVisitor {
    levels: usize,
}

impl<'de> DeserializeSeed<'de> for ProbeVisitor {
    type Value = ProbeValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ProbeValue, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ProbeVisitor {
    type Value = ProbeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<ProbeValue, E> {
        Ok(ProbeValue::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<ProbeValue, E> {
        Ok(ProbeValue::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<ProbeValue, E> {
        Ok(ProbeValue::Number)
    }

    fn visit_i64<E>(self, _: i64) -> Result<ProbeValue, E> {
        Ok(ProbeValue::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<ProbeValue, E> {
        Ok(ProbeValue::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<ProbeValue, E> {
        Ok(ProbeValue::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ProbeValue, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(ProbeValue::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ProbeValue, A::Error> {
        let Some(levels) = self.levels.checked_sub(1) else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(ProbeValue::Other);
        };
        let mut object = ProbeObject::default();
        while object.values.len() < KEYS_KEPT {
            let Some(key) = map.next_key()? else { return Ok(ProbeValue::Object(object)) };
            object.values.insert(key, map.next_value_seed(Self { levels })?);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(ProbeValue::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_levels_are_kept_and_lists_are_not() {
        let line = r#"{"a":"x","b":{"c":1,"d":{"e":2}},"f":[{"g":1}],"h":null,"i":2.5}"#;
        let object: ProbeObject = serde_json::from_str(line).expect("an object");
        assert_eq!(object.keys(), 5);
        assert_eq!(object.get("a").and_then(ProbeValue::text), Some("x"));
        let below = object.get("b").and_then(ProbeValue::object).expect("an object");
        assert!(below.get("c").is_some_and(ProbeValue::is_number_or_text));
        assert!(matches!(below.get("d"), Some(ProbeValue::Other)));
        for key in ["f", "h"] {
            assert!(matches!(object.get(key), Some(ProbeValue::Other)), "{key}");
        }
        for broken in ["[1]", "1", "{\"a\":1", "{\"a\":1}}", ""] {
            assert!(serde_json::from_str::<ProbeObject>(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn more_keys_are_read_and_not_kept() {
        let keys: Vec<String> = (0..2 * KEYS_KEPT).map(|number| format!("\"k{number}\":[0]")).collect();
        let object: ProbeObject = serde_json::from_str(&format!("{{{}}}", keys.join(","))).expect("an object");
        assert_eq!(object.keys(), KEYS_KEPT);
    }
}
