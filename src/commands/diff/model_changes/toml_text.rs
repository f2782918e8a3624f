//! A value of a model as TOML writes it on one line.

use toml::Value;

use crate::commands::toml_text::{toml_key, toml_string};

/// `20`, `"ask"`, `["ask", "beg"]`, `{ at_least = 1, points = 10 }`
pub(in crate::commands::diff) fn toml_text(value: &Value) -> String {
    match value {
        Value::String(text) => toml_string(text),
        Value::Integer(whole) => whole.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_text).collect::<Vec<String>>().join(", "))
        }
        Value::Table(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml_text(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
