//! `pql schema`, `pql completions` and `pql man`: their output works in an editor, a shell and a
//! manual reader.

use std::path::PathBuf;

use serde_json::Value as Json;

use crate::run::Folder;

/// Validates a value against a schema. It supports the part of draft-07 that the schemas use, and
/// panics on any other keyword.
fn problems(root: &Json, schema: &Json, value: &Json, path: &str, found: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else { panic!("{path}: no schema: {schema}") };
    let holds = |schema: &Json| {
        let mut inner = Vec::new();
        problems(root, schema, value, path, &mut inner);
        inner.is_empty()
    };
    let list = |rule: &Json| rule.as_array().cloned().expect("a list");
    for (rule, wanted) in rules {
        let bound = || wanted.as_f64().expect("a number");
        let length = || wanted.as_u64().expect("a length");
        let pattern = || regex_lite::Regex::new(wanted.as_str().expect("a text")).expect("a pattern");
        let good = match rule.as_str() {
            "$ref" => {
                let name = wanted.as_str().and_then(|name| name.strip_prefix("#/definitions/")).expect("a definition");
                problems(root, &root["definitions"][name], value, path, found);
                true
            }
            "type" => match wanted {
                Json::Array(types) => types.iter().any(|one| is(value, one)),
                one => is(value, one),
            },
            "const" => value == wanted,
            "enum" => list(wanted).contains(value),
            "pattern" => value.as_str().is_none_or(|text| pattern().is_match(text)),
            "minimum" => value.as_f64().is_none_or(|number| number >= bound()),
            "maximum" => value.as_f64().is_none_or(|number| number <= bound()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > bound()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= length()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= length()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= length()),
            "required" => value
                .as_object()
                .is_none_or(|object| list(wanted).iter().all(|key| object.contains_key(key.as_str().expect("a key")))),
            "anyOf" => list(wanted).iter().any(holds),
            "oneOf" => list(wanted).iter().filter(|one| holds(one)).count() == 1,
            "allOf" => list(wanted).iter().all(holds),
            "if" => !holds(wanted) || holds(&schema["then"]),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    problems(root, wanted, item, &format!("{path}[{at}]"), found);
                }
                true
            }
            "properties" => {
                for (key, rule) in wanted.as_object().into_iter().flatten() {
                    if let Some(inner) = value.get(key) {
                        problems(root, rule, inner, &format!("{path}.{key}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |key: &str| schema["properties"].get(key).is_some();
                for (key, inner) in value.as_object().into_iter().flatten().filter(|(key, _)| !known(key)) {
                    match wanted {
                        Json::Bool(false) => found.push(format!("{path}: unknown key {key}")),
                        rule => problems(root, rule, inner, &format!("{path}.{key}"), found),
                    }
                }
                true
            }
            "propertyNames" => {
                let keys = value.as_object().into_iter().flatten().map(|(key, _)| Json::String(key.clone()));
                keys.for_each(|key| problems(root, wanted, &key, path, found));
                true
            }
            "$schema" | "title" | "description" | "definitions" | "then" => true,
            other => panic!("{path}: this test does not know the rule {other}"),
        };
        if !good {
            found.push(format!("{path}: {rule} {wanted}"));
        }
    }
}

fn is(value: &Json, kind: &Json) -> bool {
    match kind.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("no type {other}"),
    }
}

/// The problems of a TOML text under a schema.
fn check(schema: &Json, text: &str) -> Vec<String> {
    let value: toml::Value = toml::from_str(text).expect("TOML");
    let mut found = Vec::new();
    problems(schema, schema, &json(value), "", &mut found);
    found
}

/// Converts TOML as language servers do: dates become text.
fn json(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(at) => Json::String(at.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => Json::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect()),
    }
}

fn schema(of: &str) -> Json {
    let outcome = Folder::new().pql(&format!("schema {of}"));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

fn files(pattern: &str) -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let paths = glob::glob(&root.join(pattern).display().to_string()).expect("a pattern");
    paths
        .map(|path| path.expect("a path"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a file")))
        .collect()
}

#[test]
fn the_shipped_files_are_good_by_their_schemas() {
    let model = schema("model");
    let models = [files("fixtures/models/*.toml"), files("scoring.example.toml"), files("tests/it/laws.toml")].concat();
    assert!(models.len() >= 5);
    for (name, text) in models {
        assert_eq!(check(&model, &text), Vec::<String>::new(), "{name}");
    }
    let cases = schema("cases");
    let files = files("fixtures/cases/*.toml");
    assert!(files.len() >= 4);
    for (name, text) in files {
        assert_eq!(check(&cases, &text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn mistakes_are_mistakes_by_the_schema_too() {
    let model = schema("model");
    for text in [
        "name = 1\nschema = 1",
        "schema = 2",
        "schema = 1\nweek_start = \"mon\"",
        "schema = 1\n[metrics]\nx = { measure = \"cout\" }",
        "schema = 1\n[metrics]\nx = { measure = \"distinct\" }",
        "schema = 1\n[metrics]\nx = { measure = \"count\", last = \"30\" }",
        "schema = 1\n[metrics]\nUpper = { measure = \"count\" }",
        "schema = 1\n[[user.signals]]\nname = \"x\"\npoints = 1",
        "schema = 1\n[[user.signals]]\nname = \"x\"\nvalue = \"1\"\nladder = [{ points = 1 }]",
        "schema = 1\n[[user.tiers]]\nname = \"x\"\natleast = 3",
        "schema = 1\n[user]\nrollups = {}",
        "schema = 1\n[account.facts]\nx = 3",
    ] {
        assert!(!check(&model, text).is_empty(), "{text}");
    }
    let cases = schema("cases");
    for text in [
        "schema = 1",
        "schema = 1\n[[case]]\nname = \"x\"\nevents = [{ event = \"a\", at = \"3d\" }]\nexpect = [{ user = \"u\" }]",
        "schema = 1\n[[case]]\nname = \"x\"\nevents = [{ event = \"a\", type = \"alias\", at = \"-3d\" }]\nexpect = [{ user = \"u\" }]",
        "schema = 1\n[[case]]\nname = \"x\"\nevents = []\nexpect = [{ user = \"u\", scores = 1 }]",
    ] {
        assert!(!check(&cases, text).is_empty(), "{text}");
    }
}

#[test]
fn shells_and_the_manual_are_served() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let outcome = folder.pql(&format!("completions {shell}"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stdout.contains("explain") && outcome.stdout.contains("min-coverage"), "{shell}");
    }
    assert_eq!(folder.pql("completions tcsh").code, 2);
    let page = folder.pql("man").stdout;
    assert!(page.contains(".TH pql 1") && page.contains("explain"), "{page}");
    let page = folder.pql("man test").stdout;
    assert!(page.contains(".TH pql\\-test 1") || page.contains(".TH pql-test 1"), "{page}");
    assert!(page.contains("coverage"), "{page}");
    let outcome = folder.pql("man tset");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`test`"), "{}", outcome.stderr);
}
