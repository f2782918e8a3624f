//! JSON Schema for the TOML files that people write, so that editors complete and check them.
//!
//! [`model()`] is the schema of a model; the other functions build the parts of a schema. The
//! version is draft-07, the newest that all TOML language servers read: taplo (Even Better TOML)
//! validates drafts 4 to 7, and the schema catalogue asks for draft-07.
//!
//! The allowed words come from the reader of models (`model_keywords`). A test compares the keys
//! with those of the reader. Names, expressions and combinations of keys are left to `pql check`.

mod model;
mod outcomes;

use serde_json::{Map, Value as Json, json};

pub use model::model;

/// The draft that every schema names.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The pattern of names.
const NAME: &str = "^[a-z][a-z0-9_]*$";

/// A whole schema: the root table, and further tables by name.
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

/// A table with known keys.
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

/// A table whose keys are names of the author's choice.
pub(crate) fn name_keyed_table(description: &str, value: Json) -> Json {
    json!({ "type": "object", "description": description, "propertyNames": { "pattern": NAME }, "additionalProperties": value })
}

pub(crate) fn refer(name: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A list of tables of one definition.
pub fn tables(description: &str, name: &str) -> Json {
    json!({ "type": "array", "description": description, "items": refer(name) })
}

pub fn text(description: &str) -> Json {
    json!({ "type": "string", "description": description })
}

pub(crate) fn name(description: &str) -> Json {
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

/// One of the given words.
pub fn choice(description: &str, words: &[&str]) -> Json {
    json!({ "type": "string", "enum": words, "description": description })
}

pub(crate) fn duration(description: &str) -> Json {
    json!({ "type": "string", "pattern": "^[0-9]{1,9}(s|min|h|d|w)$", "description": description })
}

pub(crate) fn days(description: &str) -> Json {
    json!({ "type": "string", "pattern": "^[0-9]{1,9}(d|w)$", "description": description })
}

#[cfg(test)]
mod tests;
