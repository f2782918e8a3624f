//! JSON Schema of the files that people write, so that editors complete and check them while they are typed.
//!
//! Draft-07, because that is what the language servers of TOML read throughout: taplo (Even Better TOML) validates by drafts 4 to 7, and the
//! catalogue of schemas asks for it. The words that keys take come from the reader of models (`model::words`); that the keys are the reader's too is held
//! by a test. What only `pql check` can know (names, expressions, what goes together) is left to it.

mod model;

use serde_json::{Map, Value as Json, json};

pub use model::model;

/// What every schema begins with.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The pattern of names.
const NAME: &str = "^[a-z][a-z0-9_]*$";

/// A whole schema: the root table, and tables by name.
pub fn schema(title: &str, root: Json, definitions: Vec<(&str, Json)>) -> Json {
    let mut object = Map::new();
    object.insert("$schema".to_owned(), json!(DRAFT));
    object.insert("title".to_owned(), json!(title));
    if let Json::Object(root) = root {
        object.extend(root);
    }
    let definitions: Map<String, Json> =
        definitions.into_iter().map(|(name, table)| (name.to_owned(), table)).collect();
    object.insert("definitions".to_owned(), Json::Object(definitions));
    Json::Object(object)
}

/// A table of known keys.
pub fn table(description: &str, required: &[&str], keys: Vec<(&str, Json)>) -> Json {
    let properties: Map<String, Json> = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut object = json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// A table whose keys are names that people give.
pub fn name_keyed_table(description: &str, value: Json) -> Json {
    json!({ "type": "object", "description": description, "propertyNames": { "pattern": NAME }, "additionalProperties": value })
}

pub fn refer(name: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A list of tables.
pub fn tables(description: &str, name: &str) -> Json {
    json!({ "type": "array", "description": description, "items": refer(name) })
}

pub fn text(description: &str) -> Json {
    json!({ "type": "string", "description": description })
}

pub fn name(description: &str) -> Json {
    json!({ "type": "string", "pattern": NAME, "maxLength": 64, "description": description })
}

pub fn number(description: &str) -> Json {
    json!({ "type": "number", "description": description })
}

pub fn whole(description: &str, least: i64, most: i64) -> Json {
    json!({ "type": "integer", "minimum": least, "maximum": most, "description": description })
}

pub fn truth(description: &str) -> Json {
    json!({ "type": "boolean", "description": description })
}

pub fn texts(description: &str) -> Json {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

/// A text or a list of texts.
pub fn one_or_more(description: &str) -> Json {
    json!({
        "description": description,
        "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
    })
}

/// One word of a few.
pub fn choice(description: &str, words: &[&str]) -> Json {
    json!({ "type": "string", "enum": words, "description": description })
}

pub fn duration(description: &str) -> Json {
    json!({ "type": "string", "pattern": "^[0-9]{1,9}(s|min|h|d|w)$", "description": description })
}

pub fn days(description: &str) -> Json {
    json!({ "type": "string", "pattern": "^[0-9]{1,9}(d|w)$", "description": description })
}

#[cfg(test)]
mod tests;
