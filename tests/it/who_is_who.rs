//! Who is who, case by case: e-mails and domains, internal users who say nothing else, joins whichever way round they were told. Each case is run over
//! several orders of its lines.

use crate::run::{Folder, rows};

/// One case. Rows are columns between `|`, in the order of their ids.
struct Case {
    name: &'static str,
    /// `[identity]` of the model.
    identity: &'static str,
    /// `[user.traits]` of the model.
    traits: &'static str,
    lines: &'static [&'static str],
    /// CSV of what is known of users; empty if there is no such file.
    known: &'static str,
    /// The option that says from when; empty for the newest event's day.
    as_of: &'static str,
    /// `user_id|account_id|email|domain|events`
    users: &'static [&'static str],
    /// `account_id|size|members|events`
    accounts: &'static [&'static str],
    /// Buckets that count.
    counts: &'static [(&'static str, u64)],
}

const NONE: Case = Case {
    name: "",
    identity: "",
    traits: "email = { type = \"text\" }",
    lines: &[],
    known: "",
    as_of: "--as-of 2026-03-31",
    users: &[],
    accounts: &[],
    counts: &[],
};

const INTERNAL: &str = "exclude_domains = [\"ourco.example\"]\nexclude_users = [\"qa-*\"]";

const EMAILS: &[Case] = &[
    Case {
        name: "the first of a trait that picks the first, over events",
        traits: "email = { type = \"text\", pick = \"first\" }",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","properties":{"email":"kim@acme.com"}}"#,
            r#"{"event":"a","timestamp":"2026-03-02T09:00:00Z","user_id":"u1","properties":{"email":"kim@beta.io"}}"#,
        ],
        users: &["u1|domain:acme.com|kim@acme.com|acme.com|2"],
        accounts: &["domain:acme.com||1|2"],
        ..NONE
    },
    Case {
        name: "the last of one that picks the last",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","properties":{"email":"kim@acme.com"}}"#,
            r#"{"event":"a","timestamp":"2026-03-02T09:00:00Z","user_id":"u1","properties":{"email":"kim@beta.io"}}"#,
        ],
        users: &["u1|domain:beta.io|kim@beta.io|beta.io|2"],
        accounts: &["domain:beta.io||1|2"],
        ..NONE
    },
    Case {
        name: "the first over joined ids",
        traits: "email = { type = \"text\", pick = \"first\" }",
        lines: &[
            r#"{"type":"identify","user_id":"u1","timestamp":"2026-03-04T00:00:00Z","traits":{"email":"kim@acme.com"}}"#,
            r#"{"type":"identify","user_id":"u2","timestamp":"2026-03-01T00:00:00Z","traits":{"email":"kim@beta.io"}}"#,
            r#"{"type":"alias","previous_id":"u1","user_id":"u2","timestamp":"2026-03-05T00:00:00Z"}"#,
            r#"{"event":"a","user_id":"u1","timestamp":"2026-03-06T00:00:00Z"}"#,
        ],
        users: &["u1|domain:beta.io|kim@beta.io|beta.io|1"],
        accounts: &["domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "of a visitor that is the user",
        traits: "email = { type = \"text\", pick = \"first\" }",
        lines: &[
            r#"{"type":"identify","anonymous_id":"v","timestamp":"2026-03-01T00:00:00Z","traits":{"email":"kim@beta.io"}}"#,
            r#"{"event":"a","user_id":"u1","anonymous_id":"v","timestamp":"2026-03-02T00:00:00Z","properties":{"email":"kim@acme.com"}}"#,
        ],
        users: &["u1|domain:beta.io|kim@beta.io|beta.io|1"],
        accounts: &["domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "from other names only",
        traits: "email = { type = \"text\", from = [\"work_mail\"] }",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","properties":{"email":"kim@private.example","work_mail":"kim@acme.com"}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u2","properties":{"email":"lee@private.example"}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u3@beta.io","properties":{"email":"lee@private.example"}}"#,
        ],
        users: &["u1|domain:acme.com|kim@acme.com|acme.com|1", "u2||||1", "u3@beta.io|domain:beta.io||beta.io|1"],
        accounts: &["domain:acme.com||1|1", "domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "of the events that the trait names only",
        traits: "email = { type = \"text\", event = \"signup\" }",
        lines: &[
            r#"{"event":"signup","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","properties":{"email":"kim@acme.com"}}"#,
            r#"{"event":"invite","timestamp":"2026-03-02T09:00:00Z","user_id":"u1","properties":{"email":"guest@beta.io"}}"#,
        ],
        users: &["u1|domain:acme.com|kim@acme.com|acme.com|2"],
        accounts: &["domain:acme.com||1|2"],
        ..NONE
    },
    Case {
        name: "of the file of users before all, by an id that only an alias line names",
        lines: &[
            r#"{"type":"alias","previous_id":"old","user_id":"u1","timestamp":"2026-03-01T00:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-03-02T09:00:00Z","user_id":"u1","properties":{"email":"kim@acme.com"}}"#,
        ],
        known: "user_id,email\nold,kim@beta.io\n",
        users: &["old|domain:beta.io|kim@beta.io|beta.io|1"],
        accounts: &["domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "an id that only an alias line names",
        lines: &[
            r#"{"type":"alias","previous_id":"kim@beta.io","user_id":"u2","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u2"}"#,
        ],
        users: &["kim@beta.io|domain:beta.io||beta.io|1"],
        accounts: &["domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "the same line turned round",
        lines: &[
            r#"{"type":"alias","user_id":"kim@beta.io","previous_id":"u2","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u2"}"#,
        ],
        users: &["kim@beta.io|domain:beta.io||beta.io|1"],
        accounts: &["domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "the smallest of the ids that are one, wherever it stood",
        lines: &[
            r#"{"type":"alias","previous_id":"a1","user_id":"z@acme.com","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"type":"alias","previous_id":"k@beta.io","user_id":"a1","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"z@acme.com"}"#,
        ],
        users: &["a1|domain:beta.io||beta.io|1"],
        accounts: &["domain:beta.io||1|1"],
        ..NONE
    },
    Case {
        name: "none where nobody declares a trait: the property of that name",
        traits: "role = { type = \"text\" }\nemail_seen = { type = \"text\", from = [\"email\"] }",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","properties":{"email":"kim@acme.com"}}"#,
            r#"{"event":"a","timestamp":"2026-03-02T09:00:00Z","user_id":"u1","properties":{"email":"kim@beta.io"}}"#,
            r#"{"type":"identify","timestamp":"2026-03-01T08:00:00Z","user_id":"u1","traits":{"email":"kim@gamma.example"}}"#,
        ],
        users: &["u1|domain:gamma.example||gamma.example|2"],
        accounts: &["domain:gamma.example||1|2"],
        ..NONE
    },
];

const INTERNALS: &[Case] = &[
    Case {
        name: "a group line of an internal user, by the domain of the id",
        identity: INTERNAL,
        lines: &[
            r#"{"type":"group","user_id":"q@ourco.example","account_id":"acme","timestamp":"2026-03-01T08:00:00Z","traits":{"size":9999}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim","account_id":"acme"}"#,
        ],
        users: &["kim|acme|||1"],
        accounts: &["acme||1|1"],
        counts: &[("excluded", 1), ("identity", 0), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "of one by the domain of the e-mail, and by the pattern of an id",
        identity: INTERNAL,
        lines: &[
            r#"{"type":"group","user_id":"u7","account_id":"acme","timestamp":"2026-03-01T08:00:00Z","traits":{"size":9999}}"#,
            r#"{"type":"group","user_id":"qa-1","account_id":"acme","timestamp":"2026-03-02T08:00:00Z","traits":{"size":8888}}"#,
            r#"{"type":"identify","user_id":"u7","timestamp":"2026-03-01T09:00:00Z","traits":{"email":"t@dev.ourco.example"}}"#,
            r#"{"type":"group","user_id":"kim","account_id":"acme","timestamp":"2026-02-01T08:00:00Z","traits":{"size":5}}"#,
            r#"{"type":"group","account_id":"acme","timestamp":"2026-01-01T08:00:00Z","traits":{"size":4}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#,
        ],
        users: &["kim|acme|||1"],
        accounts: &["acme|5|1|1"],
        counts: &[("excluded", 3), ("identity", 2), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "of a visitor that is an internal user, and of a visitor that is nobody",
        identity: INTERNAL,
        lines: &[
            r#"{"type":"group","anonymous_id":"v","account_id":"acme","timestamp":"2026-03-03T08:00:00Z","traits":{"size":9999}}"#,
            r#"{"type":"group","anonymous_id":"w","account_id":"acme","timestamp":"2026-03-02T08:00:00Z","traits":{"size":3}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"qa-1","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","anonymous_id":"v","account_id":"acme"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim","account_id":"acme"}"#,
        ],
        users: &["kim|acme|||1"],
        accounts: &["acme|3|1|1"],
        counts: &[("excluded", 3), ("identity", 1), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "an id that an alias line joins to an internal one, whichever way round",
        identity: INTERNAL,
        lines: &[
            r#"{"type":"alias","previous_id":"qa-1","user_id":"u1","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"type":"alias","previous_id":"u2","user_id":"qa-2","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"type":"alias","previous_id":"k@ourco.example","user_id":"u3","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","account_id":"acme","properties":{"size":7}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u2","account_id":"acme"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u3","account_id":"acme","properties":{"email":"k@beta.io"}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u4","account_id":"beta"}"#,
        ],
        users: &["u4|beta|||1"],
        accounts: &["beta||1|1"],
        counts: &[("excluded", 6), ("identity", 0), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "their joins hold: a visitor that came with one of them and somebody else stays apart",
        identity: INTERNAL,
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"qa-1","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":"kim","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T11:00:00Z","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T12:00:00Z","anonymous_id":"v","account_id":"acme"}"#,
        ],
        users: &["kim||||1"],
        accounts: &["acme||0|1"],
        counts: &[("excluded", 1), ("anonymous", 1), ("scored", 2)],
        ..NONE
    },
    Case {
        name: "no account and no home is named by them",
        identity: INTERNAL,
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"qa-1","account_id":"acme"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u9","account_id":"beta"}"#,
            r#"{"type":"identify","timestamp":"2026-03-01T09:00:00Z","user_id":"u9","account_id":"beta","traits":{"email":"x@ourco.example"}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim","event_id":"1"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim","event_id":"1"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"qa-1","event_id":"2"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"qa-1","event_id":"2"}"#,
        ],
        users: &["kim||||1"],
        accounts: &[],
        counts: &[("excluded", 5), ("duplicate", 1), ("scored", 1), ("identity", 0)],
        ..NONE
    },
    Case {
        name: "by the e-mail of the file of users",
        identity: INTERNAL,
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","account_id":"acme"}"#,
            r#"{"type":"group","user_id":"u1","account_id":"acme","timestamp":"2026-03-01T08:00:00Z","traits":{"size":9999}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim","account_id":"acme"}"#,
        ],
        known: "user_id,email\nu1,boss@ourco.example\n",
        users: &["kim|acme|||1"],
        accounts: &["acme||1|1"],
        counts: &[("excluded", 2), ("identity", 0), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "an id of the domain stays internal beside another e-mail",
        identity: INTERNAL,
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"q@ourco.example","properties":{"email":"q@gmail.com"}}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#,
        ],
        users: &["kim||||1"],
        counts: &[("excluded", 1), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "records at or after the instant join nothing, but are set aside",
        identity: INTERNAL,
        lines: &[
            r#"{"type":"alias","previous_id":"qa-1","user_id":"u1","timestamp":"2026-04-01T00:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-04-02T00:00:00Z","user_id":"qa-1","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"u1","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:30:00Z","anonymous_id":"v"}"#,
        ],
        users: &["u1||||3"],
        counts: &[("excluded", 1), ("after_as_of", 1), ("scored", 3)],
        ..NONE
    },
    Case {
        name: "a machine joins nobody, whichever way round",
        identity: "service_users = [\"svc-*\"]",
        lines: &[
            r#"{"type":"alias","previous_id":"svc-1","user_id":"kim","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"type":"alias","previous_id":"lee","user_id":"svc-1","timestamp":"2026-03-01T08:00:00Z"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"lee"}"#,
        ],
        users: &["kim||||1", "lee||||1"],
        counts: &[("identity", 2), ("scored", 2)],
        ..NONE
    },
];

const NEWEST: &[Case] = &[
    Case {
        name: "an internal user's event is not the newest",
        identity: INTERNAL,
        as_of: "",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#,
            r#"{"event":"a","timestamp":"2026-03-05T09:00:00Z","user_id":"qa-1"}"#,
            r#"{"event":"a","timestamp":"2026-03-06T09:00:00Z","user_id":"x@ourco.example"}"#,
            r#"{"type":"identify","timestamp":"2026-03-04T09:00:00Z","user_id":"kim","traits":{"email":"kim@acme.com"}}"#,
        ],
        users: &["kim||||1"],
        counts: &[("excluded", 2), ("after_as_of", 1), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "nor that of a joined id, nor of a visitor that is one",
        identity: INTERNAL,
        as_of: "",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#,
            r#"{"type":"alias","timestamp":"2026-03-01T08:00:00Z","previous_id":"qa-1","user_id":"u1"}"#,
            r#"{"event":"a","timestamp":"2026-03-05T09:00:00Z","user_id":"u1"}"#,
            r#"{"event":"a","timestamp":"2026-03-01T08:00:00Z","user_id":"u1","anonymous_id":"v"}"#,
            r#"{"event":"a","timestamp":"2026-03-06T09:00:00Z","anonymous_id":"v","account_id":"acme"}"#,
            r#"{"type":"group","timestamp":"2026-03-03T09:00:00Z","user_id":"kim","account_id":"acme"}"#,
        ],
        users: &["kim||||1"],
        counts: &[("excluded", 4), ("after_as_of", 1), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "who is internal is judged by everything read, also by what comes later and by the file of users",
        identity: INTERNAL,
        as_of: "",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-01T09:00:00Z","user_id":"kim"}"#,
            r#"{"event":"a","timestamp":"2026-03-05T09:00:00Z","user_id":"u1"}"#,
            r#"{"type":"identify","timestamp":"2026-03-09T09:00:00Z","user_id":"u1","traits":{"email":"t@ourco.example"}}"#,
            r#"{"event":"a","timestamp":"2026-03-06T09:00:00Z","user_id":"u2"}"#,
        ],
        known: "user_id,email\nu2,t2@ourco.example\n",
        users: &["kim||||1"],
        counts: &[("excluded", 1), ("after_as_of", 2), ("scored", 1)],
        ..NONE
    },
    Case {
        name: "what lies on the day of the newest event of anybody else counts",
        identity: INTERNAL,
        as_of: "",
        lines: &[
            r#"{"event":"a","timestamp":"2026-03-05T09:00:00Z","user_id":"kim"}"#,
            r#"{"event":"a","timestamp":"2026-03-05T19:00:00Z","user_id":"qa-1"}"#,
            r#"{"type":"identify","timestamp":"2026-03-05T23:00:00Z","user_id":"kim","traits":{"email":"kim@acme.com"}}"#,
            r#"{"type":"identify","timestamp":"2026-03-06T00:00:00Z","user_id":"kim","traits":{"email":"kim@beta.io"}}"#,
        ],
        users: &["kim|domain:acme.com|kim@acme.com|acme.com|1"],
        accounts: &["domain:acme.com||1|1"],
        counts: &[("excluded", 1), ("after_as_of", 1), ("identity", 1), ("scored", 1)],
        ..NONE
    },
];

/// Some columns of a file of rows, sorted, between `|`.
fn columns(folder: &Folder, file: &str, names: &[&str]) -> Vec<String> {
    let table = rows(&folder.read(file));
    let place = |name: &&str| table[0].iter().position(|known| known == name).expect("a column");
    let places: Vec<usize> = names.iter().map(place).collect();
    let line = |row: &Vec<String>| places.iter().map(|place| row[*place].as_str()).collect::<Vec<&str>>().join("|");
    let mut found: Vec<String> = table[1..].iter().map(line).collect();
    found.sort();
    found
}

fn model(case: &Case) -> String {
    // A trait that is not declared is no column.
    let email = if case.traits.starts_with("email =") { "\"email\", " } else { "" };
    format!(
        "schema = 1\n[identity]\n{}\n[user.traits]\n{}\n[account.traits]\nsize = {{ type = \"number\" }}\n[output]\nuser_columns = [{email}\"domain\", \"events\"]\naccount_columns = [\"size\", \"events\"]\n",
        case.identity, case.traits
    )
}

/// The lines in several orders.
fn orders(lines: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for turned in [false, true] {
        for first in 0..lines.len() {
            let mut lines = lines.to_vec();
            lines.rotate_left(first);
            if turned {
                lines.reverse();
            }
            all.push(lines.join("\n") + "\n");
        }
    }
    all
}

fn hold(cases: &[Case]) {
    let mut differences = Vec::new();
    for case in cases {
        let folder = Folder::in_memory();
        folder.write("model.toml", model(case));
        folder.write("users.csv", case.known);
        let known = if case.known.is_empty() { "" } else { "--users users.csv" };
        for lines in orders(case.lines) {
            folder.write("events.ndjson", &lines);
            let outcome = folder
                .pql(&format!("score events.ndjson -m model.toml --out out --threads 1 -q {known} {}", case.as_of));
            assert_eq!(outcome.code, 0, "{}: {outcome:?}", case.name);
            let with_email = case.traits.starts_with("email =");
            let names: &[&str] = if with_email {
                &["user_id", "account_id", "email", "domain", "events"]
            } else {
                &["user_id", "account_id", "domain", "events"]
            };
            let expected: Vec<String> = case
                .users
                .iter()
                .map(|row| if with_email { (*row).to_owned() } else { row.replacen("||", "|", 1) })
                .collect();
            let users = columns(&folder, "out/users.csv", names);
            let accounts = columns(&folder, "out/accounts.csv", &["account_id", "size", "members", "events"]);
            let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
            let counts: Vec<(&str, u64)> = case
                .counts
                .iter()
                .map(|(name, _)| (*name, record["counts"][name].as_u64().expect("a count")))
                .collect();
            if users != expected || accounts != case.accounts || counts != case.counts {
                differences
                    .push(format!("{}\n{lines}  users {users:?}\n  accounts {accounts:?}\n  {counts:?}", case.name));
                break;
            }
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n\n"));
}

#[test]
fn the_email_is_the_trait_and_else_an_id() {
    hold(EMAILS);
}

#[test]
fn internal_users_say_nothing_and_their_joins_hold() {
    hold(INTERNALS);
}

#[test]
fn the_newest_event_is_of_somebody_who_is_not_internal() {
    hold(NEWEST);
}

#[test]
fn standard_input_that_would_be_needed_twice_is_told_with_the_way_out() {
    let folder = Folder::in_memory();
    folder.write("model.toml", format!("schema = 1\n[identity]\n{INTERNAL}\n"));
    let event =
        |at: &str, user: &str| format!("{{\"event\":\"a\",\"timestamp\":\"{at}T10:00:00Z\",\"user_id\":\"{user}\"}}\n");
    let same_day = [event("2026-03-01", "kim"), event("2026-03-01", "qa-1")].concat();
    let later = [event("2026-03-01", "kim"), event("2026-03-03", "qa-1")].concat();
    let run = |events: &str, more: &[&str]| {
        folder.pql_with(&[&["score", "-", "-m", "model.toml", "--out", "out", "-q"], more].concat(), events.as_bytes())
    };
    assert_eq!(run(&same_day, &[]).code, 0);
    let outcome = run(&later, &[]);
    assert!(outcome.code == 2 && outcome.stderr.contains("add --as-of 2026-03-01"), "{outcome:?}");
    assert_eq!(run(&later, &["--as-of", "2026-03-01"]).code, 0);
    assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), ["kim"]);
}
