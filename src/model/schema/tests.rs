//! Tests that the keys of the schemas are the keys that the readers request, table by table.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::requested_keys;

/// A model with every table and every form of a signal, metric and milestone. It need not make
/// sense.
const EVERYTHING: &str = r#"
schema = 1
input = { fields = {} }
identity = {}
activity = {}
report = {}
output = { files = [{ name = "a.csv", level = "user" }] }
events = { e = {} }
check = { ignore = [{}] }
expect = [{ that = "users > 0" }]
holdout = {}
[outcomes]
fields = { key = "k" }
won = { at = "d" }
[metrics]
a = { measure = "count" }
b = { measure = "elapsed" }
c = { measure = "open", timeout = "1h" }
d = { measure = "trend", by = "sum" }
e = { measure = "top" }
f = { measure = "latest" }
g = { measure = "sum_latest" }
[user]
traits = { t = {} }
facts = { f = "1" }
score = {}
categories = { c = {} }
tiers = [{ name = "t" }]
milestones = [{ name = "a" }, { name = "b", steps = [] }, { name = "c", all = [] }]
routes = [{ name = "r", pool = [{ name = "Ann" }] }]
suppress = [{ name = "s", when = "true" }]
alerts = [{ name = "a", when = "true" }]
signals = [
  { name = "a", when = "true", points = 1 },
  { name = "b", value = "1", ladder = [{ at_least = 1, points = 1 }] },
  { name = "c", per = "1", points = 1, decay = { since = "1" } },
  { name = "d", event = "e", points = 1 },
]
[account]
rollups = { r = { measure = "top_sum" } }
segments = [{ name = "s" }]
"#;

/// The schema definition for a table, by its name in messages.
fn definition(what: &str) -> Option<&'static str> {
    let known = [
        ("the model", ""),
        ("[input] fields", "input/fields"),
        ("[input]", "input"),
        ("[identity]", "identity"),
        ("[activity]", "activity"),
        ("[check]", "check"),
        ("an ignored warning", "ignored"),
        ("an expectation", "expectation"),
        ("[holdout]", "holdout"),
        ("[outcomes] fields", "outcomes/fields"),
        ("[outcomes]", "outcomes"),
        ("the outcome ", "outcome"),
        ("event ", "event"),
        ("trait ", "trait"),
        ("metric ", "metric"),
        ("roll-up ", "rollup"),
        ("[user]", "user"),
        ("[account]", "account"),
        ("a signal", "signal"),
        ("a rung", "rung"),
        ("a decay", "decay"),
        ("category ", "bounds"),
        ("the score", "bounds"),
        ("a tier", "tier"),
        ("a milestone", "milestone"),
        ("a segment", "segment"),
        ("a route", "route"),
        ("an alert", "alert"),
        ("a member of a pool", "member"),
        ("a suppression", "suppression"),
        ("[output]", "output"),
        ("[report]", "report"),
        ("an output file", "list"),
    ];
    known.iter().find(|(words, _)| what.starts_with(words)).map(|(_, name)| *name)
}

/// The keys of a definition.
fn keys(schema: &Json, name: &str) -> BTreeSet<String> {
    let table = match name.split_once('/') {
        None if name.is_empty() => schema,
        None => &schema["definitions"][name],
        Some((outer, inner)) => &schema["definitions"][outer]["properties"][inner],
    };
    let properties = table["properties"].as_object().unwrap_or_else(|| panic!("no table `{name}` in the schema"));
    assert_eq!(table["additionalProperties"], Json::Bool(false), "`{name}`");
    properties.keys().cloned().collect()
}

#[test]
fn the_schema_of_models_has_the_keys_of_their_reader() {
    let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (what, keys) in requested_keys(EVERYTHING) {
        let name = definition(&what).unwrap_or_else(|| panic!("the schema has no table for `{what}`"));
        asked.entry(name).or_default().extend(keys.into_iter().map(str::to_owned));
    }
    let schema = super::model();
    for (name, asked) in &asked {
        assert_eq!(&keys(&schema, name), asked, "`{name}`: schema on the left, reader on the right");
    }
    let definitions = schema["definitions"].as_object().expect("definitions");
    for name in definitions.keys() {
        assert!(asked.contains_key(name.as_str()), "the reader never reads a table `{name}`");
    }
}
