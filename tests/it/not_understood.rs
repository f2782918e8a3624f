//! Values that become null because they are no number or no date: counted with their first place, warned about, and read by `format`.

use serde_json::{Value as Json, json};

use crate::run::{Folder, Outcome, rows};

const MODEL: &str = r#"schema = 1
[user.traits]
seats = { type = "number" }
signed = { type = "date" }
[metrics]
total = { measure = "sum", value = "amount", event = "paid" }
[output]
user_columns = ["seats", "signed", "total"]
"#;

fn event(user: &str, properties: &Json) -> String {
    let event =
        json!({ "event": "paid", "timestamp": "2026-02-01T10:00:00Z", "user_id": user, "properties": properties });
    format!("{event}\n")
}

fn folder(model: &str) -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", model);
    folder.write("events.ndjson", event("kim", &json!({})));
    folder
}

fn score(folder: &Folder, arguments: &str) -> Outcome {
    let outcome = folder.pql(&format!("score -m model.toml --as-of 2026-03-01 --out out -q {arguments}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome
}

/// What the record of the run says was not understood.
fn counted(folder: &Folder) -> Json {
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    record["not_understood"].clone()
}

fn cell(folder: &Folder, column: &str) -> String {
    let table = rows(&folder.read("out/users.csv"));
    let place = table[0].iter().position(|known| known == column).expect("a column");
    table[1][place].clone()
}

#[test]
fn values_of_traits_in_tables_are_counted_and_warned_about_with_what_to_write() {
    for (content, column, count, line, advice) in [
        ("user_id,seats\na,1\r\n\r\nb,\"2,400\"\nc,\"1,200.5\"\n", "seats", 2, 4, "format = \"1,234.5\""),
        ("user_id;seats\na;1\nb;2.400,5\n", "seats", 1, 3, "format = \"1.234,5\""),
        ("user_id,signed\na,31/12/2026\nb,2026-01-05\n", "signed", 1, 2, "format = \"DD/MM/YYYY\""),
        ("user_id,signed\na,12/31/2026\n", "signed", 1, 2, "format = \"MM/DD/YYYY\""),
        ("user_id,signed\na,31.12.2026\n", "signed", 1, 2, "format = \"DD.MM.YYYY\""),
        ("user_id,signed\na,2026/12/31\n", "signed", 1, 2, "format = \"YYYY/MM/DD\""),
        ("{\"user_id\":\"a\",\"seats\":\"2,400\"}\n", "seats", 1, 1, "format = \"1,234.5\""),
        ("[{\"user_id\":\"a\",\"seats\":1},\n{\"user_id\":\"b\",\"seats\":\"n/a\"}]", "seats", 1, 2, "plain number"),
    ] {
        let folder = folder(MODEL);
        folder.write("users", content);
        let outcome = score(&folder, "events.ndjson --users users");
        let expected = json!([{
            "of": "users", "column": column, "why": if column == "seats" { "no_number" } else { "no_date" }, "count": count,
            "first": { "file": "users", "line": line },
        }]);
        assert_eq!(counted(&folder), expected, "{content}");
        for part in ["warning: ", &format!("`{column}`"), &format!("users:{line}"), advice] {
            assert!(outcome.stderr.contains(part), "{content}: {part}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("400") && !outcome.stderr.contains("n/a"), "{}", outcome.stderr);
    }
}

#[test]
fn dates_that_may_be_meant_in_two_ways_are_told_with_both() {
    let folder = folder(MODEL);
    folder.write("users", "user_id,signed\na,05/01/2026\n");
    let outcome = score(&folder, "events.ndjson --users users");
    for part in ["\"DD/MM/YYYY\"", "\"MM/DD/YYYY\""] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
}

#[test]
fn a_format_reads_such_values_wherever_the_trait_is_looked_for() {
    for (kind, format, cases) in [
        (
            "number",
            "1,234.5",
            vec![
                ("2,400", "2400"),
                ("1,234,567.25", "1234567.25"),
                ("-1,200", "-1200"),
                ("7.5", "7.5"),
                (" 12 ", "12"),
                ("1,2", ""),
                ("12,34", ""),
                ("1.234,5", ""),
                ("ten", ""),
            ],
        ),
        (
            "number",
            "1.234,5",
            vec![
                ("2.400", "2400"),
                ("1.234.567,25", "1234567.25"),
                ("-1.200", "-1200"),
                ("7,5", "7.5"),
                ("12", "12"),
                ("1.2", ""),
                ("1,234.5", ""),
            ],
        ),
        (
            "date",
            "DD/MM/YYYY",
            vec![
                ("05/01/2026", "2026-01-05"),
                ("5/1/2026", "2026-01-05"),
                ("31/12/2026 10:30", "2026-12-31"),
                ("12/31/2026", ""),
                ("2026-01-05", "2026-01-05"),
                ("31/02/2026", ""),
            ],
        ),
        ("date", "MM/DD/YYYY", vec![("01/05/2026", "2026-01-05"), ("31/12/2026", ""), ("12/31/2026", "2026-12-31")]),
        ("date", "DD.MM.YYYY", vec![("05.01.2026", "2026-01-05"), ("5.1.2026", "2026-01-05"), ("05/01/2026", "")]),
        ("date", "YYYY/MM/DD", vec![("2026/01/05", "2026-01-05"), ("2026/1/5", "2026-01-05"), ("05/01/2026", "")]),
    ] {
        let model = format!(
            "schema = 1\n[user.traits]\nvalue = {{ type = \"{kind}\", format = \"{format}\" }}\n[output]\nuser_columns = [\"value\"]\n"
        );
        let folder = folder(&model);
        for (text, expected) in cases {
            let count = usize::from(expected.is_empty());
            folder.write("users.csv", format!("user_id;value\nkim;\"{text}\"\n"));
            folder.write("users.ndjson", json!({ "user_id": "kim", "value": text }).to_string());
            for file in ["users.csv", "users.ndjson"] {
                score(&folder, &format!("events.ndjson --users {file}"));
                assert_eq!(cell(&folder, "value"), expected, "{format}: {text} in {file}");
                assert_eq!(counted(&folder).as_array().map(Vec::len), Some(count), "{format}: {text} in {file}");
            }
            folder.write("property.ndjson", event("kim", &json!({ "value": text })));
            score(&folder, "property.ndjson");
            assert_eq!(cell(&folder, "value"), expected, "{format}: {text} in a property");
            let identify = json!({ "type": "identify", "timestamp": "2026-02-01T09:00:00Z", "user_id": "kim", "traits": { "value": text } });
            folder.write("identify.ndjson", format!("{}{identify}\n", event("kim", &json!({}))));
            score(&folder, "identify.ndjson");
            assert_eq!(cell(&folder, "value"), expected, "{format}: {text} of an identify line");
            assert_eq!(counted(&folder).as_array().map(Vec::len), Some(count), "{format}: {text} of an identify line");
        }
    }
}

#[test]
fn a_format_that_does_not_fit_its_trait_is_an_error_of_the_model_with_its_place() {
    for (entry, parts) in [
        ("type = \"number\", format = \"1 234,5\"", ["M009", "format", "1,234.5"]),
        ("type = \"number\", format = \"DD/MM/YYYY\"", ["M014", "format", "date"]),
        ("type = \"date\", format = \"1,234.5\"", ["M014", "format", "number"]),
        ("type = \"text\", format = \"1,234.5\"", ["M014", "format", "number"]),
    ] {
        let folder = folder(&format!("schema = 1\n[user.traits]\nvalue = {{ {entry} }}\n"));
        let outcome = folder.pql("check model.toml");
        assert_eq!(outcome.code, 1, "{outcome:?}");
        for part in parts.into_iter().chain(["model.toml:3:"]) {
            assert!(outcome.stderr.contains(part), "{entry}: {part}: {}", outcome.stderr);
        }
    }
}

/// A property in every layout of events: `1,200` on the second record, after one that is a number.
fn amounts() -> Vec<(&'static str, Vec<u8>, u64)> {
    let [first, second] = ["99", "1,200"].map(|amount| event("kim", &json!({ "amount": amount })));
    let table = |delimiter: &str| {
        let rows = [
            "event,timestamp,user_id,amount",
            "paid,2026-02-01T10:00:00Z,kim,99",
            "paid,2026-02-01T10:00:00Z,kim,\u{1}",
        ];
        rows.map(|row| row.replace(',', delimiter).replace('\u{1}', "\"1,200\"") + "\n").concat().into_bytes()
    };
    let mut all = vec![
        ("lines", format!("{first}{second}").into_bytes(), 2),
        ("a list", format!("[{},\n{}]", first.trim_end(), second.trim_end()).into_bytes(), 2),
        ("commas", table(","), 3),
        ("semicolons", table(";"), 3),
        ("tabs", table("\t"), 3),
        ("CRLF", String::from_utf8(table(",")).expect("text").replace('\n', "\r\n").into_bytes(), 3),
        (
            "Segment",
            ["99", "1,200"]
                .map(|amount| {
                    let call = json!({
                        "type": "track", "event": "paid", "messageId": amount, "userId": "kim",
                        "timestamp": "2026-02-01T10:00:00Z", "properties": { "amount": amount },
                    });
                    format!("{call}\n")
                })
                .concat()
                .into_bytes(),
            2,
        ),
        (
            "Mixpanel",
            ["99", "1,200"]
                .map(|amount| {
                    let line = json!({
                        "event": "paid", "properties": { "time": 1_769_940_000, "distinct_id": "kim", "amount": amount },
                    });
                    format!("{line}\n")
                })
                .concat()
                .into_bytes(),
            2,
        ),
    ];
    if let Some(parquet) = parquet() {
        all.push(("Parquet", parquet, 2));
    }
    all
}

#[cfg(feature = "parquet")]
fn parquet() -> Option<Vec<u8>> {
    use crate::parquet_file::{ColumnValues, parquet_file};
    let time = "2026-02-01T10:00:00Z";
    Some(parquet_file(&[
        ("event", ColumnValues::text(&["paid", "paid"])),
        ("timestamp", ColumnValues::text(&[time, time])),
        ("user_id", ColumnValues::text(&["kim", "kim"])),
        ("amount", ColumnValues::text(&["99", "1,200"])),
    ]))
}

#[cfg(not(feature = "parquet"))]
fn parquet() -> Option<Vec<u8>> {
    None
}

#[test]
fn properties_of_which_a_measure_asks_for_numbers_are_counted_in_every_layout() {
    for (name, content, line) in amounts() {
        let folder = folder(MODEL);
        folder.write("events.txt", content);
        let outcome = score(&folder, "events.txt");
        assert_eq!(cell(&folder, "total"), "99", "{name}");
        let expected = json!([{
            "of": "events", "column": "amount", "why": "no_number", "count": 1,
            "first": { "file": "events.txt", "line": line },
        }]);
        assert_eq!(counted(&folder), expected, "{name}");
        for part in ["warning: ", "`amount`", &format!("events.txt:{line}")] {
            assert!(outcome.stderr.contains(part), "{name}: {part}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("1,200"), "{}", outcome.stderr);
    }
}

#[test]
fn every_measure_of_numbers_counts_and_other_measures_do_not() {
    for (measure, counts) in [
        ("measure = \"sum\", value = \"amount\"", 1),
        ("measure = \"min\", value = \"amount\"", 1),
        ("measure = \"max\", value = \"amount\"", 1),
        ("measure = \"avg\", value = \"amount\", last = \"90d\"", 1),
        ("measure = \"latest\", value = \"amount\", type = \"number\"", 1),
        ("measure = \"trend\", by = \"sum\", value = \"amount\"", 1),
        ("measure = \"rising_weeks\", by = \"max\", value = \"amount\"", 1),
        ("measure = \"sum\", value = \"amount * 2\"", 1),
        ("measure = \"sum\", value = \"coalesce(amount, 0)\"", 1),
        ("measure = \"sum\", value = \"amount\", event = \"other\"", 0),
        ("measure = \"count\", where = \"amount > 5\"", 0),
        ("measure = \"distinct\", value = \"amount\"", 0),
        ("measure = \"top\", value = \"amount\"", 0),
        ("measure = \"latest\", value = \"amount\", type = \"text\"", 0),
    ] {
        let model = format!("schema = 1\n[metrics]\nm = {{ {measure} }}\n[output]\nuser_columns = [\"m\"]\n");
        let folder = folder(&model);
        let events = ["5", "1,200", "", "7"].map(|amount| event("kim", &json!({ "amount": amount })));
        folder.write("events.ndjson", events.concat() + &event("kim", &json!({ "amount": null })));
        score(&folder, "events.ndjson");
        let counted = counted(&folder);
        assert_eq!(counted.as_array().map_or(0, Vec::len), counts, "{measure}: {counted}");
        if counts > 0 {
            assert_eq!((&counted[0]["count"], &counted[0]["first"]["line"]), (&json!(1), &json!(2)), "{measure}");
        }
    }
}

#[test]
fn numbers_beyond_a_million_thousand_million_are_none_and_counted() {
    let folder = folder(
        "schema = 1\n[user.traits]\nseen_at = { type = \"date\" }\n[metrics]\ntotal = { measure = \"sum\", value = \"amount\" }\nlarge = { measure = \"count\", where = \"amount > 5\" }\nkinds = { measure = \"distinct\", value = \"amount\" }\n[output]\nuser_columns = [\"total\", \"large\", \"kinds\", \"seen_at\"]\n",
    );
    let texts =
        ["7", "1e15", "-1000000000000000", "1000000000000001", "1e16", "-1e300", "12345678901234567890", "\"1e16\""];
    let events = texts.map(|text| event("kim", &json!({ "amount": "X" })).replace("\"X\"", text)).concat();
    folder.write("events.ndjson", events + &event("kim", &json!({ "seen_at": 1_769_940_000_000_000_u64 })));
    let outcome = score(&folder, "events.ndjson");
    assert_eq!(cell(&folder, "total"), "7");
    assert_eq!(cell(&folder, "large"), "2", "7 and 1e15 are above 5");
    assert_eq!(cell(&folder, "kinds"), "4", "three numbers and a text");
    assert_eq!(cell(&folder, "seen_at"), "2026-02-01", "a time is no number");
    let found = counted(&folder);
    let beyond: Vec<&Json> = found.as_array().into_iter().flatten().filter(|one| one["why"] == "beyond_1e15").collect();
    assert_eq!(beyond.len(), 1, "{found}");
    assert_eq!((&beyond[0]["column"], &beyond[0]["count"]), (&json!("amount"), &json!(4)));
    assert!(outcome.stderr.contains("1e15"), "{}", outcome.stderr);
}

#[test]
fn places_and_counts_do_not_depend_on_threads_and_other_commands_warn_too() {
    let folder = folder(MODEL);
    let good = event("kim", &json!({ "amount": 5 })).repeat(20_000);
    let bad = event("kim", &json!({ "amount": "1,200" }));
    folder.write("a.ndjson", format!("{good}{bad}{good}{bad}"));
    folder.write("b.ndjson", &bad);
    let mut seen = Vec::new();
    for threads in ["1", "4"] {
        score(&folder, &format!("a.ndjson b.ndjson --threads {threads}"));
        seen.push(counted(&folder));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(
        (&seen[0][0]["count"], &seen[0][0]["first"]),
        (&json!(3), &json!({ "file": "a.ndjson", "line": 20_001 }))
    );
    for command in [
        "explain user:kim b.ndjson -m model.toml -q",
        "diff model.toml model.toml b.ndjson -q",
        "check model.toml --events b.ndjson -q",
        "score b.ndjson -m model.toml",
        "score b.ndjson -m model.toml --as-of latest -q",
    ] {
        let outcome = folder.pql(command);
        let warnings = outcome.stderr.lines().filter(|line| line.contains("`amount`") && line.starts_with("warning: "));
        assert_eq!(warnings.count(), 1, "{command}: {}", outcome.stderr);
    }
}

/// An expression may have a value although a property in it was not read.
#[test]
fn a_property_in_an_expression_counts_if_it_is_no_number_and_only_then() {
    let model = "schema = 1\n[metrics]\ntotal = { measure = \"sum\", value = \"coalesce(amount, 0) * 2\", event = \"paid\" }\n[output]\nuser_columns = [\"total\"]\n";
    for (amount, total, why) in [
        (json!(12), "24", None),
        (json!("12"), "24", None),
        (Json::Null, "0", None),
        (json!(1e300), "0", Some("beyond_1e15")),
        (json!(12_345_678_901_234_567_890_u64), "0", Some("beyond_1e15")),
        (json!("n/a"), "0", Some("no_number")),
        (json!(true), "0", Some("no_number")),
    ] {
        let folder = folder(model);
        folder.write("events.ndjson", event("kim", &json!({ "amount": amount })));
        score(&folder, "events.ndjson");
        let found = counted(&folder);
        assert_eq!(found[0]["why"].as_str(), why, "{amount}: {found}");
        assert_eq!(cell(&folder, "total"), total, "{amount}");
    }
}

#[test]
fn a_trait_of_users_and_of_accounts_is_named_once() {
    let seats = "{ type = \"number\", from = [\"n\"] }";
    let folder = folder(&format!(
        "schema = 1\n[user.traits]\nseats = {seats}\nspaces = {seats}\n[account.traits]\nseats = {seats}\n\
         [output]\nuser_columns = [\"seats\", \"spaces\"]\naccount_columns = [\"seats\"]\n"
    ));
    folder.write("events.ndjson", event("kim", &json!({ "n": "2,400" })));
    let told = score(&folder, "events.ndjson").stderr;
    assert!(told.contains("On the traits `seats` and `spaces`, `format ="), "{told}");
}
