//! The JSON Schema of case files.

use serde_json::{Value as Json, json};

use super::suite_syntax::IDENTITY_LINE_TYPES;
use pql_model::schema::{choice, number, one_or_more, schema, table, tables, text, texts, truth, whole};

/// The JSON Schema of a case file.
pub fn cases() -> Json {
    let root = table(
        "Cases for a pql model",
        &["schema", "case"],
        vec![
            ("schema", json!({ "const": 1, "description": "version of this format" })),
            ("model", text("path of the model from the folder of this file; without it, the built-in one")),
            ("as_of", as_of()),
            ("case", tables("the cases", "case")),
        ],
    );
    schema("pql cases", root, vec![("case", case()), ("event", event()), ("expect", expect())])
}

fn as_of() -> Json {
    text("the point in time: a date (to its end in the model's zone), or an instant with its zone")
}

/// The schema of trait values of any type.
fn values(description: &str) -> Json {
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": { "type": ["string", "number", "boolean"] },
    })
}

/// Traits by id.
fn traits(whose: &str) -> Json {
    json!({
        "type": "object",
        "description": format!("traits by id of {whose}; a range such as {{1..12}} may stand in an id"),
        "additionalProperties": values("traits"),
    })
}

fn case() -> Json {
    table(
        "events, and what is expected to come of them",
        &["name", "events", "expect"],
        vec![
            ("name", text("what the case shows, unique in the file")),
            ("as_of", as_of()),
            ("events", tables("in any order", "event")),
            ("users", traits("users")),
            ("accounts", traits("accounts")),
            ("expect", tables("what is expected of users and accounts", "expect")),
        ],
    )
}

fn event() -> Json {
    let length = "([0-9]{1,9}(s|min|h|d|w))+";
    let mut event = table(
        "an event, or with `type` a line that says who is who",
        &["at"],
        vec![
            ("event", text("its name")),
            ("type", choice("what the line is, if it is no event", &IDENTITY_LINE_TYPES)),
            ("user", one_or_more("who did it: an id, several, or a range such as u{1..12}")),
            ("visitor", text("the anonymous id")),
            ("account", text("the account it names")),
            (
                "at",
                json!({
                    "type": "string",
                    "pattern": format!("^([-+]{length}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ].*)$"),
                    "description": "when: before `as_of` (-3d, -2h, -1d12h), or RFC 3339",
                }),
            ),
            ("times", whole("how often; the first at `at`", 1, 100_000)),
            (
                "every",
                json!({ "type": "string", "pattern": format!("^{length}$"), "description": "how far apart: 1d" }),
            ),
            ("id", text("the event's id, by which copies are known")),
            ("properties", json!({ "type": "object", "description": "of an event" })),
            ("traits", json!({ "type": "object", "description": "of a line of type identify or group" })),
            ("previous", text("of a line of type alias: the id that is joined to the user's")),
        ],
    );
    event["oneOf"] = json!([{ "required": ["event"] }, { "required": ["type"] }]);
    event
}

fn expect() -> Json {
    let by_name = |description: &str, value: Json| json!({ "type": "object", "description": description, "additionalProperties": value });
    let mut expect = table(
        "what is expected of one user or account",
        &[],
        vec![
            ("user", text("the id of a user")),
            ("account", text("the id of an account")),
            ("absent", truth("there is no row")),
            ("score", number("the score, to the thousandth")),
            ("tier", text("the name of the tier")),
            ("qualified", truth("whether it is a PQL, or PQA")),
            ("route", text("the name of the route")),
            ("segment", text("of an account: the name of the segment")),
            ("fired", texts("signals that fire")),
            ("not_fired", texts("signals that do not fire, or are superseded")),
            ("signals", by_name("what signals pay", json!({ "type": "number" }))),
            (
                "milestones",
                by_name("reached, pending, missed, unknown, or when it was reached", json!({ "type": "string" })),
            ),
            ("facts", values("facts by name; `account.NAME` is of the user's home account")),
            ("holds", texts("conditions over facts that hold")),
            ("columns", values("columns of the row by name, as CSV shows them")),
        ],
    );
    expect["oneOf"] = json!([{ "required": ["user"] }, { "required": ["account"] }]);
    expect
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        super::suite_syntax::{CASE_KEYS, EVENT_KEYS, EXPECT_KEYS, FILE_KEYS},
        *,
    };

    #[test]
    fn the_schema_of_cases_has_the_keys_of_their_reader() {
        let schema = cases();
        let definitions = &schema["definitions"];
        let tables: [(&Json, &[&str]); 4] = [
            (&schema, &FILE_KEYS),
            (&definitions["case"], &CASE_KEYS),
            (&definitions["event"], &EVENT_KEYS),
            (&definitions["expect"], &EXPECT_KEYS),
        ];
        for (table, known) in tables {
            assert_eq!(table["additionalProperties"], Json::Bool(false));
            let keys: BTreeSet<&str> =
                table["properties"].as_object().expect("keys").keys().map(String::as_str).collect();
            assert_eq!(keys, known.iter().copied().collect::<BTreeSet<&str>>());
        }
    }
}
