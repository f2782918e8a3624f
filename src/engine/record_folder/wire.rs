//! How points, dates, instants and maps of names stand in JSON, written and read.
//!
//! Invariant: what is read equals what was written. A date is `YYYY-MM-DD`, an instant is RFC 3339 in UTC, points are a number of at most three
//! decimals.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
};

use pql_model::{
    clock::{format_day, format_instant, parse_day, parse_rfc3339},
    units::{Day, Micros, Points},
};

/// Points of at most this size, in points, have all of their thousandths in a 64-bit float.
const EXACT_MAX: f64 = 1e12;

/// Points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct WirePoints(pub(super) Points);

impl Serialize for WirePoints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.0 % 1000 {
            0 => serializer.serialize_i64(self.0.0 / 1000),
            _ => serializer.serialize_f64(self.0.to_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for WirePoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WirePoints, D::Error> {
        deserializer.deserialize_any(PointsVisitor)
    }
}

struct PointsVisitor;

impl Visitor<'_> for PointsVisitor {
    type Value = WirePoints;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("points with at most three decimals")
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<WirePoints, E> {
        whole.checked_mul(1000).map(|thousandths| WirePoints(Points(thousandths))).ok_or_else(|| E::custom("too large"))
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<WirePoints, E> {
        i64::try_from(whole).map_err(|_| E::custom("too large")).and_then(|whole| self.visit_i64(whole))
    }

    fn visit_f64<E: Error>(self, points: f64) -> Result<WirePoints, E> {
        if points.abs() < EXACT_MAX {
            Ok(WirePoints(Points((points * 1000.0).round() as i64)))
        } else {
            Err(E::custom("too large"))
        }
    }
}

/// A date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WireDay(pub(super) Day);

impl Serialize for WireDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_day(self.0))
    }
}

impl<'de> Deserialize<'de> for WireDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WireDay, D::Error> {
        let text = WireText::deserialize(deserializer)?;
        parse_day(&text.0).map(WireDay).ok_or_else(|| D::Error::custom("a date is YYYY-MM-DD"))
    }
}

/// An instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WireInstant(pub(super) Micros);

impl Serialize for WireInstant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_instant(self.0))
    }
}

impl<'de> Deserialize<'de> for WireInstant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WireInstant, D::Error> {
        let text = WireText::deserialize(deserializer)?;
        parse_rfc3339(&text.0).map(WireInstant).ok_or_else(|| D::Error::custom("an instant is RFC 3339"))
    }
}

/// A text, borrowed where it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct WireText<'t>(#[serde(borrow)] pub(super) Cow<'t, str>);

impl WireText<'_> {
    /// A text that is borrowed.
    pub(super) fn of(text: &str) -> WireText<'_> {
        WireText(Cow::Borrowed(text))
    }
}

impl From<WireText<'_>> for Box<str> {
    fn from(text: WireText<'_>) -> Box<str> {
        text.0.into()
    }
}

/// An object with a value for each name, in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct NamedValues<'t, V>(pub(super) Vec<(WireText<'t>, V)>);

impl<V> Default for NamedValues<'_, V> {
    fn default() -> Self {
        NamedValues(Vec::new())
    }
}

impl<V> NamedValues<'_, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<V: Serialize> Serialize for NamedValues<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de: 't, 't, V: Deserialize<'de>> Deserialize<'de> for NamedValues<'t, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<'t, V>(PhantomData<(&'t (), V)>);

impl<'de: 't, 't, V: Deserialize<'de>> Visitor<'de> for NamedVisitor<'t, V> {
    type Value = NamedValues<'t, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut named = Vec::new();
        while let Some(entry) = map.next_entry()? {
            named.push(entry);
        }
        Ok(NamedValues(named))
    }
}

/// Values with the places of their names in a list, written as an object.
pub(super) struct PlacedValues<'p, V> {
    pub(super) names: &'p [String],
    pub(super) values: &'p [(u32, V)],
}

impl<V> PlacedValues<'_, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// How a value stands in JSON.
pub(super) trait WireForm {
    /// What is written.
    type Form: Serialize;
    /// The value as it is written.
    fn form(&self) -> Self::Form;
}

impl WireForm for Points {
    type Form = WirePoints;

    fn form(&self) -> WirePoints {
        WirePoints(*self)
    }
}

impl<V: WireForm> Serialize for PlacedValues<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = self.values.iter().map(|(place, value)| (&self.names[*place as usize], value.form()));
        serializer.collect_map(named)
    }
}
