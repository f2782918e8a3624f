//! The JSON Schema of case files.

use serde_json::{Value as Json, json};

use super::{
    day_syntax::{CAUSE_WORDS, CHANGE_WORDS},
    suite_syntax::IDENTITY_LINE_TYPES,
};
use pql_model::resolved::OutcomeWord;
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
    let definitions = vec![
        ("case", case()),
        ("day", day()),
        ("event", event()),
        ("outcome", outcome()),
        ("expect", expect()),
        ("change", change()),
        ("alert", alert()),
    ];
    schema("pql cases", root, definitions)
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
    let mut case = table(
        "events, and what is expected to come of them",
        &["name"],
        vec![
            ("name", text("what the case shows, unique in the file")),
            ("as_of", as_of()),
            ("events", tables("in any order", "event")),
            ("users", traits("users")),
            ("accounts", traits("accounts")),
            ("outcomes", tables("what became of users and accounts, as of --outcomes", "outcome")),
            ("expect", tables("what is expected of users and accounts", "expect")),
            ("day", tables("in place of events and expect: runs one after the other, with a record", "day")),
        ],
    );
    case["oneOf"] = json!([{ "required": ["events", "expect"] }, { "required": ["day"] }]);
    case
}

fn day() -> Json {
    table(
        "a run after that of the day before",
        &["as_of"],
        vec![
            ("as_of", as_of()),
            ("events", tables("events in addition to those of the days before, in any order", "event")),
            ("users", traits("users, from this day on")),
            ("accounts", traits("accounts, from this day on")),
            ("outcomes", tables("outcomes in addition to those of the days before", "outcome")),
            ("expect", tables("what is expected of users and accounts", "expect")),
            ("changes", tables("everybody who changes from the day before", "change")),
            ("alerts", tables("every alert that fires", "alert")),
        ],
    )
}

/// The two keys of which a table has one: whom it is about.
fn about_one(mut table: Json) -> Json {
    table["oneOf"] = json!([{ "required": ["user"] }, { "required": ["account"] }]);
    table
}

fn change() -> Json {
    about_one(table(
        "a change of one user or account, as in the list of changes",
        &[],
        vec![
            ("user", text("the id of a user")),
            ("account", text("the id of an account")),
            ("change", choice("what happens", &CHANGE_WORDS)),
            ("cause", choice("the last step at which the tier, or the route, became what it is", &CAUSE_WORDS)),
            ("tier_before", text("the name of the tier on the day before")),
            ("tier", text("the name of the tier")),
            ("route_before", text("the name of the route on the day before")),
            ("route", text("the name of the route")),
            ("score_before", number("the score on the day before")),
            ("score", number("the score")),
            ("merged_into", text("the id that it belongs to now")),
        ],
    ))
}

fn alert() -> Json {
    about_one(table(
        "an alert that fires for one user or account",
        &["alert"],
        vec![
            ("alert", text("the name of the alert")),
            ("user", text("the id of a user")),
            ("account", text("the id of an account")),
            ("to", text("who gets it")),
            ("waiting_days", whole("dates from the one on which it became due", 0, 100_000)),
            ("message", text("its message")),
        ],
    ))
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

fn outcome() -> Json {
    about_one(table(
        "what became of one user or account",
        &["outcome", "at"],
        vec![
            ("outcome", choice("what it is", &OutcomeWord::ALL.map(OutcomeWord::name))),
            ("user", text("the id of a user")),
            ("account", text("the id of an account")),
            ("at", text("when: a date, which is known from its end on, before `as_of` (-3d), or RFC 3339")),
            ("amount", number("what it is worth; of nps the answer")),
            ("currency", text("the currency of the amount")),
            ("deal", text("the id of the deal")),
            ("owner", text("who has it")),
            ("reason", text("why it came so")),
        ],
    ))
}

fn expect() -> Json {
    let by_name = |description: &str, value: Json| json!({ "type": "object", "description": description, "additionalProperties": value });
    about_one(table(
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
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        super::{
            day_syntax::{ALERT_KEYS, CHANGE_KEYS, DAY_KEYS},
            outcome_syntax::OUTCOME_KEYS,
            suite_syntax::{CASE_KEYS, EVENT_KEYS, EXPECT_KEYS, FILE_KEYS},
        },
        *,
    };

    #[test]
    fn the_schema_of_cases_has_the_keys_of_their_reader() {
        let schema = cases();
        let definitions = &schema["definitions"];
        let tables: [(&Json, &[&str]); 8] = [
            (&schema, &FILE_KEYS),
            (&definitions["case"], &CASE_KEYS),
            (&definitions["day"], &DAY_KEYS),
            (&definitions["change"], &CHANGE_KEYS),
            (&definitions["alert"], &ALERT_KEYS),
            (&definitions["event"], &EVENT_KEYS),
            (&definitions["outcome"], &OUTCOME_KEYS),
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
