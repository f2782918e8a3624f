//! A value of a model as TOML writes it on one line.

use toml::Value;

/// `20`, `"ask"`, `["ask", "beg"]`, `{ at_least = 1, points = 10 }`
pub(super) fn toml_text(value: &Value) -> String {
    match value {
        // A text of JSON is one of TOML too.
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Integer(whole) => whole.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_text).collect::<Vec<String>>().join(", "))
        }
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", toml_text(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
