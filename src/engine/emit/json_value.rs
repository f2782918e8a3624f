//! Numbers, points and maps of names as every JSON output writes them.

use serde::{Serialize, Serializer};

use pql_model::{
    clock::format_day,
    expr::Value,
    units::{Points, format_number},
};

/// A number of at most six decimals. A whole number has no point; an infinite one is null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JsonNumber(pub f64);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format_number(self.0);
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => serializer.serialize_i64(whole),
            (Err(_), Ok(number)) => serializer.serialize_f64(number),
            (Err(_), Err(_)) => serializer.serialize_none(),
        }
    }
}

/// Points as a [`JsonNumber`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonPoints(pub Points);

impl Serialize for JsonPoints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        JsonNumber(self.0.to_f64()).serialize(serializer)
    }
}

/// A value of an expression with its type; a date is text.
#[derive(Debug, Clone, Copy)]
pub struct JsonFact<'v>(pub &'v Value<'v>);

impl Serialize for JsonFact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Number(number) => JsonNumber(*number).serialize(serializer),
            Value::Boolean(truth) => serializer.serialize_bool(*truth),
            Value::Date(day) => serializer.serialize_str(&format_day(*day)),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Digits(text) => serializer.serialize_str(text),
        }
    }
}

/// An object with a value for each name, in the order of the list.
#[derive(Debug, Clone)]
pub struct JsonMap<K, V>(pub Vec<(K, V)>);

impl<K, V> FromIterator<(K, V)> for JsonMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> JsonMap<K, V> {
        JsonMap(entries.into_iter().collect())
    }
}

impl<K: Serialize, V: Serialize> Serialize for JsonMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &impl Serialize) -> String {
        serde_json::to_string(value).expect("a JSON text")
    }

    #[test]
    fn numbers_have_at_most_six_decimals_and_whole_ones_no_point() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (-2.5, "-2.5"),
            (9_007_199_254_740_994.0, "9007199254740994"),
            (1e20, "1e+20"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            assert_eq!(written(&JsonNumber(number)), text);
        }
    }

    #[test]
    fn maps_keep_their_order() {
        let map: JsonMap<&str, u64> = [("b", 1), ("a", 2)].into_iter().collect();
        assert_eq!(written(&map), r#"{"b":1,"a":2}"#);
    }
}
