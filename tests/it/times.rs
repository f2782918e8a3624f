//! One reader of times: the same spellings in every layout, in every vendor's lines and tables, in traits and in tables of users.

use serde_json::json;

use crate::run::{Folder, rows};

/// Spellings of 2026-02-01T10:00:00Z.
const SPELLINGS: [&str; 34] = [
    "2026-02-01T10:00:00Z",
    "2026-02-01t10:00:00z",
    "2026-02-01 10:00:00Z",
    "2026-02-01 10:00:00",
    "2026-02-01T10:00:00",
    "2026-02-01 10:00:00.000000",
    "2026-02-01 10:00:00 UTC",
    "2026-02-01 10:00:00UTC",
    "2026-02-01 10:00:00.000 UTC",
    "2026-02-01T10:00:00 utc",
    "2026-02-01T10:00:00+00:00",
    "2026-02-01 10:00:00+00",
    "2026-02-01T10:00:00+0000",
    "2026-02-01 10:00:00 +00:00",
    "2026-02-01 10:00:00.000 +0000",
    "2026-02-01 11:00:00+01",
    "2026-02-01T11:00:00.000+0100",
    "2026-02-01 11:00:00 +01:00",
    "2026-02-01 04:30:00 -0530",
    "2026-02-01T05:00:00-05",
    "2026-02-01T10:00",
    "2026-02-01 10:00",
    "2026-02-01T10:00Z",
    "2026-02-01 10:00 UTC",
    "2026-02-01 10:00+00",
    "2026-02-01 11:00 +0100",
    "2026-02-01T11:00+01:00",
    " 2026-02-01T10:00:00Z ",
    "1769940000",
    "1769940000000",
    "1769940000000000",
    "1769940000000000000",
    "1769940000.000",
    "1.76994e9",
];

/// Texts that are no time of an event, and why.
const NO_TIMES: [(&str, &str); 17] = [
    ("soon", "bad_time"),
    ("2026-02-01", "bad_time"),
    ("01/02/2026 10:00", "bad_time"),
    ("2026-02-01 10", "bad_time"),
    ("2026-02-01 24:00", "bad_time"),
    ("2026-02-30 10:00", "bad_time"),
    ("2026-02-01 10:00 +1", "bad_time"),
    ("2026-02-01 10:00 +24:00", "bad_time"),
    ("2026-02-01 10:00 CET", "bad_time"),
    ("2026-02-01 10:00:", "bad_time"),
    ("46054", "serial_time"),
    ("46054.4166666667", "serial_time"),
    ("0", "small_time"),
    ("-1", "small_time"),
    ("20260201", "small_time"),
    ("99999999", "small_time"),
    ("1769940", "small_time"),
];

const MODEL: &str =
    "schema = 1\n[metrics]\nn = { measure = \"count\", event = \"go\" }\n[output]\nuser_columns = [\"n\"]\n";

/// A file of one event for each text, each of a user of its own: `u00`, `u01`, ...
struct TimeLayout {
    /// For messages.
    name: &'static str,
    /// What the file is read as, if that is no native file.
    read_as: &'static str,
    file: fn(&[String]) -> Vec<u8>,
}

fn user(place: usize) -> String {
    format!("u{place:02}")
}

/// The records of all texts, one line each.
fn lines(times: &[String], record: impl Fn(&str, &str) -> String) -> Vec<u8> {
    let all = times.iter().enumerate().map(|(place, time)| record(&user(place), time) + "\n");
    all.collect::<String>().into_bytes()
}

fn native(user: &str, time: &str) -> String {
    json!({ "event": "go", "timestamp": time, "user_id": user }).to_string()
}

/// The same with a number where the text is one.
fn native_number(user: &str, time: &str) -> String {
    let quoted = json!(time).to_string();
    let is_number = serde_json::from_str::<f64>(time).is_ok();
    native(user, time).replace(&quoted, if is_number { time } else { &quoted })
}

/// A table whose cells are all quoted.
fn delimited(times: &[String], delimiter: &str, header: &[&str], row: impl Fn(&str, &str) -> Vec<String>) -> Vec<u8> {
    let cells = |cells: Vec<String>| {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        quoted.join(delimiter)
    };
    let mut text = format!("{}\n", header.join(delimiter)).into_bytes();
    text.extend(lines(times, |user, time| cells(row(user, time))));
    text
}

fn table(times: &[String], delimiter: &str) -> Vec<u8> {
    delimited(times, delimiter, &["event", "timestamp", "user_id"], |user, time| {
        vec!["go".to_owned(), time.to_owned(), user.to_owned()]
    })
}

fn bare_table(times: &[String]) -> Vec<u8> {
    let mut text = b"event,timestamp,user_id\n".to_vec();
    text.extend(lines(times, |user, time| format!("go,{time},{user}")));
    text
}

/// A row of Snowplow's enriched format.
fn snowplow_row(user: &str, time: &str) -> String {
    let mut columns = vec![""; 131];
    let filled =
        [(0, "web"), (3, "2026-02-01 10:00:01"), (5, "unstruct"), (6, user), (12, user), (124, time), (126, "go")];
    filled.into_iter().for_each(|(place, value)| columns[place] = value);
    columns.join("\t")
}

const LAYOUTS: &[TimeLayout] = &[
    TimeLayout { name: "lines", read_as: "", file: |times| lines(times, native) },
    TimeLayout { name: "lines with numbers", read_as: "", file: |times| lines(times, native_number) },
    TimeLayout {
        name: "a list",
        read_as: "",
        file: |times| {
            let all: Vec<serde_json::Value> = times
                .iter()
                .enumerate()
                .map(|(at, time)| json!({ "event": "go", "timestamp": time, "user_id": user(at) }))
                .collect();
            json!(all).to_string().into_bytes()
        },
    },
    TimeLayout {
        name: "objects over several lines",
        read_as: "",
        file: |times| lines(times, |user, time| native(user, time).replace('{', "{\n").replace(',', ",\n")),
    },
    TimeLayout { name: "commas", read_as: "", file: |times| table(times, ",") },
    TimeLayout { name: "semicolons", read_as: "", file: |times| table(times, ";") },
    TimeLayout { name: "tabs", read_as: "", file: |times| table(times, "\t") },
    TimeLayout { name: "cells without quotes", read_as: "", file: bare_table },
    TimeLayout {
        name: "Segment",
        read_as: "Segment",
        file: |times| {
            lines(times, |user, time| {
                json!({ "type": "track", "event": "go", "messageId": user, "userId": user, "timestamp": time })
                    .to_string()
            })
        },
    },
    TimeLayout {
        name: "RudderStack",
        read_as: "RudderStack",
        file: |times| {
            lines(times, |user, time| {
                let record = json!({
                    "type": "track", "event": "go", "messageId": user, "userId": user, "rudderId": "r",
                    "originalTimestamp": time,
                });
                record.to_string()
            })
        },
    },
    TimeLayout {
        name: "Amplitude",
        read_as: "Amplitude",
        file: |times| {
            lines(times, |user, time| {
                json!({ "event_type": "go", "amplitude_id": 1, "user_id": user, "event_time": time }).to_string()
            })
        },
    },
    TimeLayout {
        name: "Mixpanel",
        read_as: "Mixpanel's raw export",
        file: |times| {
            lines(times, |user, time| {
                json!({ "event": "go", "properties": { "time": time, "distinct_id": user } }).to_string()
            })
        },
    },
    TimeLayout {
        name: "Mixpanel's pipeline",
        read_as: "Mixpanel's JSON pipeline",
        file: |times| {
            lines(times, |user, time| {
                json!({ "event_name": "go", "distinct_id": user, "insert_id": user, "time": time }).to_string()
            })
        },
    },
    TimeLayout {
        name: "PostHog",
        read_as: "PostHog",
        file: |times| {
            lines(times, |user, time| {
                json!({ "uuid": user, "event": "go", "distinct_id": user, "timestamp": time }).to_string()
            })
        },
    },
    TimeLayout {
        name: "Snowplow as JSON",
        read_as: "Snowplow",
        file: |times| {
            lines(times, |user, time| {
                let record = json!({
                    "event_id": user, "event_name": "go", "user_id": user, "derived_tstamp": time,
                    "collector_tstamp": "2026-02-01T10:00:01Z",
                });
                record.to_string()
            })
        },
    },
    TimeLayout { name: "Snowplow's rows", read_as: "Snowplow", file: |times| lines(times, snowplow_row) },
    TimeLayout {
        name: "GA4",
        read_as: "GA4",
        file: |times| {
            lines(times, |user, time| {
                json!({ "event_name": "go", "event_params": [], "user_id": user, "event_timestamp": time }).to_string()
            })
        },
    },
    TimeLayout {
        name: "a table of Segment",
        read_as: "Segment",
        file: |times| {
            let header = ["type", "event", "messageId", "userId", "timestamp", "properties"];
            delimited(times, ",", &header, |user, time| {
                ["track", "go", user, user, time, "{}"].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of RudderStack",
        read_as: "RudderStack",
        file: |times| {
            let header = ["type", "event", "messageId", "userId", "rudderId", "originalTimestamp", "properties"];
            delimited(times, ",", &header, |user, time| {
                ["track", "go", user, user, "r", time, "{}"].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of Amplitude",
        read_as: "Amplitude",
        file: |times| {
            delimited(times, ",", &["event_type", "amplitude_id", "user_id", "event_time"], |user, time| {
                ["go", "1", user, time].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of Amplitude with another time",
        read_as: "Amplitude",
        file: |times| {
            delimited(times, ",", &["event_type", "amplitude_id", "user_id", "client_event_time"], |user, time| {
                ["go", "1", user, time].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of Mixpanel's pipeline",
        read_as: "Mixpanel's JSON pipeline",
        file: |times| {
            delimited(times, ",", &["event_name", "distinct_id", "insert_id", "time", "properties"], |user, time| {
                ["go", user, user, time, "{}"].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of PostHog",
        read_as: "PostHog",
        file: |times| {
            delimited(times, ",", &["uuid", "event", "distinct_id", "timestamp", "properties"], |user, time| {
                [user, "go", user, time, "{}"].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of Snowplow",
        read_as: "Snowplow",
        file: |times| {
            let header = ["collector_tstamp", "derived_tstamp", "event_id", "event_name", "user_id"];
            delimited(times, ",", &header, |user, time| {
                ["2026-02-01T10:00:01Z", time, user, "go", user].map(str::to_owned).to_vec()
            })
        },
    },
    TimeLayout {
        name: "a table of GA4",
        read_as: "GA4",
        file: |times| {
            delimited(times, ",", &["event_name", "event_timestamp", "event_params", "user_id"], |user, time| {
                ["go", time, "[]", user].map(str::to_owned).to_vec()
            })
        },
    },
];

/// The user and the time of each row of `out/users.csv`.
fn first_seen(folder: &Folder) -> Vec<(String, String)> {
    let table = rows(&folder.read("out/users.csv"));
    let column = |name: &str| table[0].iter().position(|known| known == name).expect("a column");
    let (user, seen) = (column("user_id"), column("first_seen"));
    let mut found: Vec<(String, String)> =
        table[1..].iter().map(|row| (row[user].clone(), row[seen].clone())).collect();
    found.sort();
    found
}

fn score(folder: &Folder, file: &str, model: &str) -> String {
    let arguments = format!("score {file} -m {model} --out out --as-of 2026-03-01 --max-rejects 100%");
    let outcome = folder.pql(&arguments);
    assert_eq!(outcome.code, 0, "{file}: {outcome:?}");
    outcome.stderr
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn every_layout_reads_every_spelling_of_a_time() {
    let times = owned(&SPELLINGS);
    for layout in LAYOUTS {
        let folder = Folder::in_memory();
        folder.write("model.toml", MODEL);
        folder.write("events.txt", (layout.file)(&times));
        let stderr = score(&folder, "events.txt", "model.toml");
        assert!(stderr.contains(layout.read_as), "{}: {stderr}", layout.name);
        let found = first_seen(&folder);
        assert_eq!(found.len(), times.len(), "{}: {stderr}", layout.name);
        for ((user, seen), spelling) in found.iter().zip(SPELLINGS) {
            assert_eq!(seen, "2026-02-01T10:00:00Z", "{}: `{spelling}` of {user}", layout.name);
        }
    }
}

#[test]
fn every_layout_says_of_the_same_texts_that_they_are_no_time() {
    let good = native("a", "2026-02-01T10:00:00Z");
    let times: Vec<String> = NO_TIMES.iter().map(|(text, _)| (*text).to_owned()).collect();
    for layout in LAYOUTS {
        let folder = Folder::in_memory();
        folder.write("model.toml", MODEL);
        folder.write("good.ndjson", &good);
        folder.write("events.txt", (layout.file)(&times));
        let stderr = score(&folder, "good.ndjson events.txt", "model.toml");
        assert_eq!(first_seen(&folder).len(), 1, "{}", layout.name);
        let rejects = folder.read("out/rejects.ndjson");
        let reasons: Vec<String> = rejects
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["reason"].to_string())
            .collect();
        let expected: Vec<String> = NO_TIMES.iter().map(|(_, reason)| format!("{reason:?}")).collect();
        assert_eq!(reasons, expected, "{}", layout.name);
        assert!(stderr.contains("a spreadsheet's serial number"), "{}: {stderr}", layout.name);
    }
}

#[test]
fn times_without_a_zone_are_read_in_the_zone_of_the_input_whatever_the_layout() {
    let model = MODEL.replacen("schema = 1\n", "schema = 1\n[input]\ntime_zone = \"Europe/Berlin\"\n", 1);
    let times = owned(&["2026-02-01 11:00", "2026-02-01T11:00:00", "2026-02-01 10:00 UTC", "2026-02-01 11:00:00.000"]);
    // Seconds of Mixpanel's raw export count on the clock on the wall, which is told elsewhere; texts do not.
    for layout in LAYOUTS {
        let folder = Folder::in_memory();
        folder.write("model.toml", &model);
        folder.write("events.txt", (layout.file)(&times));
        score(&folder, "events.txt", "model.toml");
        let found = first_seen(&folder);
        assert_eq!(found.len(), times.len(), "{}", layout.name);
        for (user, seen) in found {
            assert_eq!(seen, "2026-02-01T10:00:00Z", "{}: {user}", layout.name);
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn every_kind_of_parquet_column_holds_times() {
    use crate::parquet_file::{ColumnValues, parquet_file};

    let numbers: Vec<i64> = [1_769_940_000, 1_769_940_000_000, 1_769_940_000_000_000].to_vec();
    let doubles: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
    let micros = vec![1_769_940_000_000_000; 3];
    let columns = [
        ("timestamp", ColumnValues::text(&SPELLINGS)),
        ("timestamp", ColumnValues::Whole(numbers)),
        ("timestamp", ColumnValues::Double(doubles)),
        ("timestamp (TIMESTAMP(MICROS,true))", ColumnValues::Whole(micros.clone())),
        ("timestamp (TIMESTAMP(MICROS,false))", ColumnValues::Whole(micros)),
        ("timestamp (TIMESTAMP(MILLIS,true))", ColumnValues::Whole(vec![1_769_940_000_000; 3])),
        ("timestamp (TIMESTAMP(NANOS,true))", ColumnValues::Whole(vec![1_769_940_000_000_000_000; 3])),
    ];
    for (name, values) in columns {
        let count = if matches!(values, ColumnValues::Text(_)) { SPELLINGS.len() } else { 3 };
        let users: Vec<String> = (0..count).map(user).collect();
        let folder = Folder::in_memory();
        folder.write("model.toml", MODEL);
        let events = vec!["go"; count];
        let columns = [("event", ColumnValues::text(&events)), ("user_id", ColumnValues::text(&users)), (name, values)];
        folder.write("events.parquet", parquet_file(&columns));
        score(&folder, "events.parquet", "model.toml");
        let found = first_seen(&folder);
        assert_eq!(found.len(), count, "{name}");
        for (user, seen) in found {
            assert_eq!(seen, "2026-02-01T10:00:00Z", "{name}: {user}");
        }
    }
    // Days of a spreadsheet in a column of doubles.
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    folder.write("good.ndjson", native("a", "2026-02-01T10:00:00Z"));
    let columns = [
        ("event", ColumnValues::text(&["go"])),
        ("user_id", ColumnValues::text(&["u"])),
        ("timestamp", ColumnValues::Double(vec![46_054.416_666])),
    ];
    folder.write("events.parquet", parquet_file(&columns));
    score(&folder, "good.ndjson events.parquet", "model.toml");
    assert!(folder.read("out/rejects.ndjson").contains("serial_time"));
}

/// A trait of type date, which is looked for in tables, traits objects and properties alike; and a property beside a date.
const DATES: &str = r#"schema = 1
time_zone = "America/New_York"
[user.traits]
signed = { type = "date" }
[metrics]
ended = { measure = "count", event = "end", where = "until = date '2026-02-01'" }
[output]
user_columns = ["signed", "ended"]
"#;

/// Spellings of the local date 2026-02-01, and one of the date before, in New York.
fn dates() -> Vec<(String, &'static str)> {
    let instants = SPELLINGS.iter().map(|text| ((*text).to_owned(), "2026-02-01"));
    let others = [("2026-02-01", "2026-02-01"), (" 2026-02-01 ", "2026-02-01"), ("2026-02-01T04:59:00Z", "2026-01-31")];
    instants.chain(others.map(|(text, day)| (text.to_owned(), day))).collect()
}

fn signed(folder: &Folder, arguments: &str, column: &str) -> Vec<String> {
    let outcome = folder.pql(&format!("score events.ndjson -m model.toml --as-of 2026-03-01 --out out {arguments}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let table = rows(&folder.read("out/users.csv"));
    let place = |name: &str| table[0].iter().position(|known| known == name).expect("a column");
    let (user, value) = (place("user_id"), place(column));
    let mut found: Vec<(String, String)> =
        table[1..].iter().map(|row| (row[user].clone(), row[value].clone())).collect();
    found.sort();
    found.into_iter().map(|(_, value)| value).collect()
}

#[test]
fn traits_of_type_date_take_the_local_date_of_every_spelling_wherever_they_stand() {
    let dates = dates();
    let expected: Vec<&str> = dates.iter().map(|(_, day)| *day).collect();
    let texts: Vec<String> = dates.iter().map(|(text, _)| text.clone()).collect();
    let folder = Folder::in_memory();
    folder.write("model.toml", DATES);
    let events = lines(&texts, |user, _| native(user, "2026-02-02T10:00:00Z"));
    folder.write("events.ndjson", &events);
    folder.write("users.ndjson", lines(&texts, |user, time| json!({ "user_id": user, "signed": time }).to_string()));
    let table = delimited(&texts, ";", &["user_id", "signed"], |user, time| vec![user.to_owned(), time.to_owned()]);
    folder.write("users.csv", table);
    let mut files = vec!["users.ndjson", "users.csv"];
    if cfg!(feature = "parquet") {
        files.push("users.parquet");
        write_parquet(&folder, &texts);
    }
    for file in files {
        assert_eq!(signed(&folder, &format!("--users {file}"), "signed"), expected, "{file}");
    }
    let identify = |user: &str, time: &str| {
        let record = json!({ "type": "identify", "timestamp": "2026-02-02T09:00:00Z", "user_id": user, "traits": { "signed": time } });
        record.to_string()
    };
    folder.write("events.ndjson", [events.clone(), lines(&texts, identify)].concat());
    assert_eq!(signed(&folder, "", "signed"), expected, "traits of identify lines");
    let property = |user: &str, time: &str| {
        let record = json!({
            "event": "go", "timestamp": "2026-02-02T09:00:00Z", "user_id": user, "properties": { "signed": time },
        });
        record.to_string()
    };
    folder.write("events.ndjson", lines(&texts, property));
    assert_eq!(signed(&folder, "", "signed"), expected, "properties");
}

#[cfg(feature = "parquet")]
fn write_parquet(folder: &Folder, texts: &[String]) {
    use crate::parquet_file::{ColumnValues, parquet_file};
    let users: Vec<String> = (0..texts.len()).map(user).collect();
    let columns = [("user_id", ColumnValues::text(&users)), ("signed", ColumnValues::text(texts))];
    folder.write("users.parquet", parquet_file(&columns));
}

#[cfg(not(feature = "parquet"))]
fn write_parquet(_: &Folder, _: &[String]) {}

#[test]
fn a_property_beside_a_date_is_read_as_a_trait_is() {
    let dates = dates();
    let texts: Vec<String> = dates.iter().map(|(text, _)| text.clone()).collect();
    let folder = Folder::in_memory();
    folder.write("model.toml", DATES);
    let end = |user: &str, time: &str| {
        let record = json!({
            "event": "end", "timestamp": "2026-02-02T09:00:00Z", "user_id": user, "properties": { "until": time },
        });
        record.to_string()
    };
    folder.write("events.ndjson", lines(&texts, end));
    let expected: Vec<&str> = dates.iter().map(|(_, day)| if *day == "2026-02-01" { "1" } else { "0" }).collect();
    assert_eq!(signed(&folder, "", "ended"), expected);
}

#[test]
fn numbers_that_are_no_times_are_no_dates_either() {
    let folder = Folder::in_memory();
    folder.write("model.toml", DATES);
    folder.write("events.ndjson", native("u", "2026-02-02T10:00:00Z"));
    for text in ["46054", "20260201", "0", "tomorrow", "01.02.2026"] {
        folder.write("users.csv", format!("user_id,signed\nu,{text}\n"));
        assert_eq!(signed(&folder, "--users users.csv", "signed"), [""], "{text}");
    }
}
