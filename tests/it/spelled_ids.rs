//! Ids as they are spelled: white space at their ends, numbers in several forms, escapes, and what is no id, wherever an id may stand.

use crate::run::{Folder, Outcome, rows};

/// The account of vendors without groups of their own is named by the model.
const MODEL: &str = "schema = 1\n[user.traits]\nrole = { type = \"text\" }\n[account.traits]\nplan = { type = \"text\" }\n[output]\nuser_columns = [\"events\", \"role\"]\naccount_columns = [\"events\", \"plan\"]\n";

/// The ids of an event, each as its JSON is written.
#[derive(Clone, Copy)]
struct Written<'w> {
    user: &'w str,
    account: &'w str,
    id: &'w str,
}

/// A vendor's line with these ids, and what the model has to say for it.
type Form = (&'static str, &'static str, fn(Written<'_>) -> String);

const FORMS: [Form; 8] = [
    ("native", "", |w| {
        format!(
            r#"{{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":{},"account_id":{},"event_id":{},"properties":{{"n":1}}}}"#,
            w.user, w.account, w.id
        )
    }),
    ("segment", "", |w| {
        format!(
            r#"{{"type":"track","event":"a","messageId":{},"userId":{},"timestamp":"2026-03-01T10:00:00Z","context":{{"groupId":{}}},"properties":{{"n":1}}}}"#,
            w.id, w.user, w.account
        )
    }),
    ("rudderstack", "", |w| {
        format!(
            r#"{{"type":"track","event":"a","rudderId":"r","messageId":{},"userId":{},"timestamp":"2026-03-01T10:00:00Z","context":{{"groupId":{}}}}}"#,
            w.id, w.user, w.account
        )
    }),
    ("amplitude", "", |w| {
        format!(
            r#"{{"event_type":"a","amplitude_id":1,"$insert_id":{},"user_id":{},"event_time":"2026-03-01 10:00:00","groups":{{"org":[{}]}}}}"#,
            w.id, w.user, w.account
        )
    }),
    ("mixpanel", "[input]\ngroup_type = \"org\"\n", |w| {
        format!(
            r#"{{"event":"a","properties":{{"time":1772359200,"distinct_id":{0},"$user_id":{0},"$insert_id":{1},"org":{2}}}}}"#,
            w.user, w.id, w.account
        )
    }),
    ("posthog", "", |w| {
        format!(
            r#"{{"uuid":{},"event":"a","distinct_id":{},"timestamp":"2026-03-01T10:00:00+00:00","properties":{{"$groups":{{"org":{}}}}}}}"#,
            w.id, w.user, w.account
        )
    }),
    ("snowplow", "[input]\ngroup_type = \"com_acme_organization_1\"\n", |w| {
        format!(
            r#"{{"event_id":{},"collector_tstamp":"2026-03-01T10:00:00Z","event_name":"a","user_id":{},"contexts_com_acme_organization_1":[{{"id":{}}}]}}"#,
            w.id, w.user, w.account
        )
    }),
    ("ga4", "[input]\ngroup_type = \"org\"\n", |w| {
        format!(
            r#"{{"event_name":"a","event_timestamp":"1772359200000000","event_bundle_sequence_id":{},"user_id":{},"user_pseudo_id":"d","event_params":[{{"key":"org","value":{{"string_value":{}}}}}]}}"#,
            w.id, w.user, w.account
        )
    }),
];

/// JSON of ids that are one id, and that id.
const ONE_ID: [(&str, &str, &str); 14] = [
    (r#"" kim""#, r#""kim""#, "kim"),
    (r#""kim\u00a0""#, r#""\t kim""#, "kim"),
    ("\"\u{2003}kim\u{3000}\"", r#""k\u0069m\r\n""#, "kim"),
    (r#""\u0085Ané\u2028""#, r#""An\u00e9""#, "Ané"),
    ("77", r#""77""#, "77"),
    ("1001.0", "1001", "1001"),
    ("1001.000", r#"" 1001""#, "1001"),
    ("1e3", "1000", "1000"),
    ("1.5E+1", "15.0", "15"),
    ("9007199254740993.0", "9007199254740993", "9007199254740993"),
    ("123456789012345678901234567890", r#""123456789012345678901234567890""#, "123456789012345678901234567890"),
    ("-7.0", "-7", "-7"),
    ("1.50", "1.5", "1.5"),
    ("0.25e2", "25", "25"),
];

/// Scores one file of events into `out`.
fn score(folder: &Folder, file: &str, more: &str) -> Outcome {
    folder.pql(&format!("score {file} -m model.toml --as-of 2026-03-01 --out out {more}"))
}

/// Some columns of a file of rows, sorted.
fn columns(folder: &Folder, file: &str, names: &[&str]) -> Vec<Vec<String>> {
    let table = rows(&folder.read(file));
    let place = |name: &&str| table[0].iter().position(|known| known == name).expect("a column");
    let places: Vec<usize> = names.iter().map(place).collect();
    let cells = |row: &Vec<String>| places.iter().map(|place| row[*place].clone()).collect();
    let mut found: Vec<Vec<String>> = table[1..].iter().map(cells).collect();
    found.sort();
    found
}

fn counts(folder: &Folder) -> serde_json::Value {
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    record["counts"].clone()
}

fn folder(model: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL.replacen("schema = 1\n", &format!("schema = 1\n{model}"), 1));
    folder
}

#[test]
fn one_id_in_two_spellings_is_one_user_one_account_and_one_event_in_every_format() {
    for (format, model, line) in FORMS {
        for (first, second, id) in ONE_ID {
            let folder = folder(model);
            // Where the account is one of the properties, which copies agree in, it is written alike.
            let account = |written| if ["posthog", "ga4"].contains(&format) { second } else { written };
            let event = |written| line(Written { user: written, account: account(written), id: written });
            folder.write("events.json", format!("{}\n{}\n", event(first), event(second)));
            let outcome = score(&folder, "events.json", &format!("--from {format}"));
            assert_eq!(outcome.code, 0, "{format} {first} {second}: {outcome:?}");
            let users = columns(&folder, "out/users.csv", &["user_id", "account_id", "events"]);
            let spreadsheet = if id.starts_with('-') { format!("'{id}") } else { id.to_owned() };
            assert_eq!(users, [[&*spreadsheet, &*spreadsheet, "1"]], "{format}: {first} and {second}");
            assert_eq!(counts(&folder)["duplicate"], 1, "{format}: {first} and {second}");
        }
    }
}

#[test]
fn what_holds_nothing_that_can_be_seen_or_is_a_placeholder_is_no_id_in_every_format() {
    let nothing = [
        r#""""#,
        r#""  ""#,
        r#""\u00a0\u2003""#,
        r#""\u0000""#,
        r#"" \u0000\u0001 ""#,
        r#"" NULL ""#,
        r#""Undefined""#,
        r#""NaN\n""#,
        "0",
        "0.0",
        "-0",
        "0e5",
        r#""00000000-0000-0000-0000-000000000000 ""#,
        "null",
    ];
    for (format, model, line) in FORMS {
        let folder = folder(model);
        let blank = |(at, blank): (usize, &&str)| line(Written { user: blank, account: blank, id: &at.to_string() });
        let blank: Vec<String> = nothing.iter().enumerate().map(blank).collect();
        let whole = line(Written { user: "\"kim\"", account: "\"acme\"", id: "\"y\"" });
        folder.write("events.json", format!("{}\n{whole}\n", blank.join("\n")));
        let outcome = score(&folder, "events.json", &format!("--from {format} --max-rejects 99"));
        assert_eq!(outcome.code, 0, "{format}: {outcome:?}");
        assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), [["kim"]], "{format}");
        assert_eq!(columns(&folder, "out/accounts.csv", &["account_id"]), [["acme"]], "{format}");
        let counts = counts(&folder);
        // Where every line has a visitor too, the events are of the visitor, who is the one user that it came with.
        let found = [&counts["rejected"], &counts["scored"]].map(|count| count.as_u64().expect("a count"));
        assert_eq!(found.iter().sum::<u64>(), nothing.len() as u64 + 1, "{format}: {counts}");
    }
}

#[test]
fn cells_of_tables_are_ids_without_white_space_and_whole_numbers_as_their_digits() {
    let tables = [("comma.csv", ",", "\n"), ("semicolon.csv", ";", "\r\n"), ("tab.tsv", "\t", "\n")];
    let spellings = [
        (" kim", "kim  ", "kim"),
        ("\u{a0}kim", "kim\u{2003}", "kim"),
        ("1001.0", "1001", "1001"),
        (" 1001.00 ", "1001", "1001"),
        ("9007199254740993.0", "9007199254740993", "9007199254740993"),
        ("1e+16", "10000000000000000.0", "10000000000000000"),
        ("\"1001.0\"", "1001", "1001"),
    ];
    for (name, delimiter, end) in tables {
        for (first, second, id) in spellings {
            let folder = folder("");
            let row = |written: &str| [written, "a", "2026-03-01 10:00:00", written, written, "5"].join(delimiter);
            let header = ["user_id", "event", "timestamp", "account_id", "event_id", "n"].join(delimiter);
            folder.write(name, [header, row(first), row(second), String::new()].join(end));
            assert_eq!(score(&folder, name, "").code, 0, "{name} {first}");
            let users = columns(&folder, "out/users.csv", &["user_id", "account_id", "events"]);
            assert_eq!(users, [[id, id, "1"]], "{name}: {first} and {second}");
        }
    }
    for (name, delimiter, end) in tables {
        let folder = folder("");
        let row = |written: &str| [written, "a", "2026-03-01 10:00:00"].join(delimiter);
        let header = ["user_id", "event", "timestamp"].join(delimiter);
        let nothing = ["0", "0.0", " 0.00 ", "-0.0", "0.0e0", "NaN", "null ", "\u{3000}"];
        let lines: Vec<String> = nothing.iter().map(|written| row(written)).collect();
        folder.write(name, [header, row("kim"), lines.join(end), String::new()].join(end));
        assert_eq!(score(&folder, name, "--max-rejects 99").code, 0, "{name}");
        assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), [["kim"]], "{name}");
        assert_eq!(counts(&folder)["rejected"], nothing.len(), "{name}");
    }
    // What is text stays text: letters and digits of an id that look like an exponent, zeros before it, parts of a version.
    for (first, second) in [("1e3", "1000"), ("007", "7"), ("1.10", "1.1"), ("12345e67", "12345")] {
        let folder = folder("");
        let rows = [first, second].map(|id| format!("{id},a,2026-03-01 10:00:00"));
        folder.write("events.csv", format!("user_id,event,timestamp\n{}\n", rows.join("\n")));
        assert_eq!(score(&folder, "events.csv", "").code, 0);
        let mut expected = [[first], [second]];
        expected.sort_unstable();
        assert_eq!(columns(&folder, "out/users.csv", &["user_id"]), expected);
    }
}

#[test]
fn padding_around_cells_is_no_part_of_them() {
    let folder = folder("");
    folder.write(
        "events.csv",
        "user_id, event, timestamp, account_id, role\nkim, a, 2026-03-01 10:00:00, t1, vp\nkim,a,2026-03-01 11:00:00,t1,vp\n\" kim\",a,2026-03-01 09:00:00,  ,\n",
    );
    folder.write("users.csv", "user_id, role\n kim , cto\n");
    assert_eq!(score(&folder, "events.csv", "").code, 0);
    let names = ["user_id", "account_id", "events", "role"];
    assert_eq!(columns(&folder, "out/users.csv", &names), [["kim", "t1", "3", "vp"]]);
    assert_eq!(score(&folder, "events.csv", "--users users.csv").code, 0);
    assert_eq!(columns(&folder, "out/users.csv", &names), [["kim", "t1", "3", "cto"]]);
}

#[test]
fn a_row_of_snowplow_has_cells_as_well() {
    let row = |id: &str, user: &str| {
        let mut cells = vec![""; 131];
        (cells[3], cells[6], cells[12], cells[126]) = ("2026-03-01 10:00:00", id, user, "a");
        cells.join("\t")
    };
    let folder = folder("");
    let rows = [row("e1", "1001.0"), row("e2", " 1001 "), row("e2 ", "1001"), row("e3", "\u{a0}"), row("e4", "nan")];
    folder.write("events.tsv", rows.join("\n") + "\n");
    let outcome = score(&folder, "events.tsv", "--max-rejects 2");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), [["1001", "2"]]);
    assert_eq!((&counts(&folder)["duplicate"], &counts(&folder)["rejected"]), (&1.into(), &2.into()));
}

#[test]
fn copies_agree_in_values_and_not_in_spelling() {
    let event = |parts: &str| format!(r#"{{"event_id":"e","timestamp":"2026-03-01T10:00:00Z",{parts}}}"#);
    let first =
        event(r#""event":"café","user_id":"kim","account_id":77,"properties":{"a":12,"b":[1.5,{"c":"é"}],"d":-0.0}"#);
    for same in [
        r#""event":"caf\u00e9","user_id":"kim","account_id":"77","properties":{"a":12,"b":[1.5,{"c":"é"}],"d":-0.0}"#,
        r#""event":"café","user_id":" kim","account_id":[77.0],"properties":{"d":0,"b":[1.50,{"c":"\u00e9"}],"a":12.0}"#,
        r#""event":"café","user_id":"k\u0069m","account_id":[null,"77"],"properties":{"a":1.2e1,"b":[15e-1,{"c":"é"}],"\u0064":0e3}"#,
        r#""account_id":"77 ","properties":{"b":[1.5,{"c":"é"}],"a":0.12E+2,"d":0},"user_id":"kim","event":"café""#,
    ] {
        let folder = folder("");
        folder.write("events.ndjson", format!("{first}\n{}\n", event(same)));
        assert_eq!(score(&folder, "events.ndjson", "").code, 0);
        let counts = counts(&folder);
        assert_eq!((&counts["duplicate"], &counts["scored"]), (&1.into(), &1.into()), "{same}");
    }
    for other in [
        r#""event":"café","user_id":"kim","account_id":78,"properties":{"a":12,"b":[1.5,{"c":"é"}],"d":0}"#,
        r#""event":"café","user_id":"kim","properties":{"a":12,"b":[1.5,{"c":"é"}],"d":0}"#,
        r#""event":"café","user_id":"kim","account_id":77,"properties":{"a":"12","b":[1.5,{"c":"é"}],"d":0}"#,
        r#""event":"café","user_id":"kim","account_id":77,"properties":{"a":12.000000000000000001,"b":[1.5,{"c":"é"}],"d":0}"#,
        r#""event":"café","user_id":"kim","account_id":[77,"b"],"properties":{"a":12,"b":[1.5,{"c":"é"}],"d":0}"#,
        r#""event":"Café","user_id":"kim","account_id":77,"properties":{"a":12,"b":[1.5,{"c":"é"}],"d":0}"#,
    ] {
        let folder = folder("");
        folder.write("events.ndjson", format!("{first}\n{}\n", event(other)));
        assert_eq!(score(&folder, "events.ndjson", "").code, 0);
        assert_eq!(counts(&folder)["duplicate"], 0, "{other}");
    }
}

#[test]
fn copies_of_vendors_agree_in_values_too() {
    let mixpanel = [
        r#"{"event":"a","properties":{"time":1772359200,"distinct_id":7,"$insert_id":"x","rows":1,"list":{"k":[1,"é"]}}}"#,
        r#"{"event":"\u0061","properties":{"time":1772359200.0,"distinct_id":"7","$insert_id":" x","rows":1.0,"list":{ "k":[1.0,"\u00e9"]}}}"#,
    ];
    let ga4 = [
        r#"{"event_name":"a","event_timestamp":1772359200000000,"event_bundle_sequence_id":31,"user_id":"u","user_pseudo_id":"d","batch_page_id":5,"event_params":[]}"#,
        r#"{"event_name":"a","event_timestamp":"1772359200000000","event_bundle_sequence_id":"31","user_id":"u","user_pseudo_id":"d","batch_page_id":"5","event_params":[]}"#,
    ];
    let snowplow = [
        r#"{"event_id":"x","event_fingerprint":"f1","collector_tstamp":"2026-03-01T10:00:00Z","event_name":"a","user_id":"u","page_url":"é"}"#,
        r#"{"event_id":"x ","event_fingerprint":"\u00661","collector_tstamp":"2026-03-01 10:00:00","event_name":"a","user_id":"u","page_url":"\u00e9"}"#,
    ];
    let values = "[metrics]\nn = { measure = \"sum\", value = \"rows\" }\nlists = { measure = \"distinct\", value = \"list.k\" }\nurls = { measure = \"distinct\", value = \"page_url\" }\n[[user.signals]]\nname = \"s\"\nwhen = \"n + lists + urls > 0\"\npoints = 1\n";
    for lines in [mixpanel, ga4, snowplow] {
        let folder = folder(values);
        folder.write("events.json", lines.join("\n"));
        let outcome = score(&folder, "events.json", "");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let counts = counts(&folder);
        assert_eq!((&counts["duplicate"], &counts["scored"]), (&1.into(), &1.into()), "{}", lines[1]);
    }
}

#[test]
fn enrichment_finds_an_id_in_any_spelling() {
    let line = |user: &str, account: &str| {
        format!(r#"{{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":{user},"account_id":{account}}}"#)
    };
    let files = [
        ("csv", "user_id,role\n kim ,vp\n1001.0,cto\n", "account_id,plan\nt1\u{a0},pro\n77.0,free\n"),
        (
            "ndjson",
            "{\"user_id\":\"kim\\n\",\"role\":\"vp\"}\n{\"user_id\":1001.0,\"role\":\"cto\"}\n",
            "{\"account_id\":\" t1\",\"plan\":\"pro\"}\n{\"account_id\":7.7e1,\"plan\":\"free\"}\n",
        ),
    ];
    for (ending, users, accounts) in files {
        let folder = folder("");
        folder.write("events.ndjson", format!("{}\n{}\n", line("\"kim\"", "\"t1\""), line("1001", "\"77\"")));
        let (users_file, accounts_file) = (format!("users.{ending}"), format!("accounts.{ending}"));
        folder.write(&users_file, users);
        folder.write(&accounts_file, accounts);
        let outcome = score(&folder, "events.ndjson", &format!("--users {users_file} --accounts {accounts_file}"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(columns(&folder, "out/users.csv", &["user_id", "role"]), [["1001", "cto"], ["kim", "vp"]]);
        assert_eq!(columns(&folder, "out/accounts.csv", &["account_id", "plan"]), [["77", "free"], ["t1", "pro"]]);
    }
}

#[test]
fn lines_that_say_who_is_who_take_ids_in_any_spelling() {
    let lines = [
        r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","user_id":1001.0,"anonymous_id":" v "}"#,
        r#"{"event":"a","timestamp":"2026-03-01T10:00:00Z","anonymous_id":"v"}"#,
        r#"{"type":"alias","timestamp":"2026-03-01T10:00:00Z","previous_id":" 1001","user_id":"kim\u00a0"}"#,
        r#"{"type":"identify","timestamp":"2026-03-01T10:00:00Z","user_id":"kim ","traits":{"role":"vp"}}"#,
        r#"{"type":"group","timestamp":"2026-03-01T10:00:00Z","user_id":"kim","account_id":7.0,"traits":{"plan":"pro"}}"#,
        r#"{"type":"alias","timestamp":"2026-03-01T10:00:00Z","previous_id":" \u0000","user_id":"kim"}"#,
        r#"{"event":"b","timestamp":"2026-03-01T10:00:00Z","user_id":"qa-1\t"}"#,
        r#"{"event":"b","timestamp":"2026-03-01T10:00:00Z","user_id":7000.0}"#,
    ];
    let folder = folder("[identity]\nexclude_users = [\" qa-* \", \"7000\"]\n");
    folder.write("events.ndjson", lines.join("\n"));
    let outcome = score(&folder, "events.ndjson", "--max-rejects 1");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let users = columns(&folder, "out/users.csv", &["user_id", "account_id", "events", "role"]);
    assert_eq!(users, [["1001", "7", "2", "vp"]]);
    assert_eq!(columns(&folder, "out/accounts.csv", &["account_id", "plan"]), [["7", "pro"]]);
    assert_eq!((&counts(&folder)["excluded"], &counts(&folder)["rejected"]), (&2.into(), &1.into()));
}

#[test]
fn vendors_keys_and_prefixes_leave_an_id() {
    let folder = folder("");
    let lines = [
        r#"{"event_type":"a","amplitude_id":1,"user_id":"u","event_time":"2026-03-01 10:00:00","groups":{"org":[" 77.0","x"]},"group_properties":{"org":{"77.0 ":{"plan":"no"}}}}"#,
        r#"{"event_type":"a","amplitude_id":2,"user_id":"w","event_time":"2026-03-01 10:00:00","groups":{"org":[78.0]},"group_properties":{"org":{" 78":{"plan":"pro"}}}}"#,
    ];
    folder.write("events.json", lines.join("\n"));
    assert_eq!(score(&folder, "events.json", "").code, 0);
    let accounts = columns(&folder, "out/accounts.csv", &["account_id", "plan"]);
    assert_eq!(accounts, [["77.0", "no"], ["78", "pro"]], "text of JSON is text, and keys are texts");
    let folder = self::folder("");
    let lines = [
        r#"{"event":"a","properties":{"time":1772359200,"distinct_id":"$device: "}}"#,
        r#"{"event":"a","properties":{"time":1772359200,"distinct_id":"$device: d "}}"#,
        r#"{"event":"a","properties":{"time":1772359200,"distinct_id":"u","$user_id":" ","$device_id":"d"}}"#,
    ];
    folder.write("events.json", lines.join("\n"));
    assert_eq!(score(&folder, "events.json", "--max-rejects 1").code, 0);
    assert_eq!(columns(&folder, "out/users.csv", &["user_id", "events"]), [["u", "2"]]);
    assert_eq!(counts(&folder)["rejected"], 1);
}

#[test]
fn explain_finds_an_id_in_any_spelling() {
    let folder = folder("[[user.signals]]\nname = \"s\"\nevent = \"a\"\npoints = 1\n");
    folder.write(
        "events.ndjson",
        "{\"event\":\"a\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"user_id\":\" 1001\",\"account_id\":77.0}\n",
    );
    for entity in ["user:1001", "user: 1001 ", "user:1001.0", "account:77", "account:\u{a0}77.0"] {
        let outcome = folder.pql_with(&["explain", entity, "events.ndjson", "-m", "model.toml"], b"");
        assert_eq!(outcome.code, 0, "{entity}: {outcome:?}");
    }
    for entity in ["user:  ", "user:null", "account:\u{3000}"] {
        let outcome = folder.pql_with(&["explain", entity, "events.ndjson", "-m", "model.toml"], b"");
        assert!(outcome.code == 2 && outcome.stderr.contains("no id"), "{entity}: {outcome:?}");
    }
}

#[test]
fn cases_take_ids_in_any_spelling_and_refuse_what_is_none() {
    let folder = folder("[[user.signals]]\nname = \"s\"\nevent = \"a\"\npoints = 1\n");
    let case = |event: &str, users: &str, expect: &str| {
        format!(
            "schema = 1\nmodel = \"model.toml\"\nas_of = \"2026-03-01\"\n[[case]]\nname = \"one\"\nevents = [{{ {event}, event = \"a\", at = \"-1h\" }}]\n{users}\n[[case.expect]]\n{expect}\n"
        )
    };
    folder.write(
        "good.toml",
        case(
            "user = \" kim\", account = \"t1 \"",
            "users = { \"kim \" = { role = \"vp\" } }",
            "user = \"kim\\u00a0\"\nscore = 1\nfacts = { role = \"vp\" }",
        ),
    );
    let outcome = folder.pql("test good.toml");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    // A line of which nobody is told is rejected, which fails the case; an expectation about nobody is a problem of the file.
    for (event, expect, code, told) in [
        ("user = \"  \"", "user = \"kim\"\nabsent = true", 1, "no_id"),
        ("user = \"kim\"", "user = \" \\u0000\"\nscore = 1", 2, "no id"),
        ("user = \"kim\"", "account = \"null\"\nscore = 1", 2, "no id"),
    ] {
        folder.write("bad.toml", case(event, "", expect));
        let outcome = folder.pql("test bad.toml");
        let shown = outcome.stdout.clone() + &outcome.stderr;
        assert!(outcome.code == code && shown.contains(told), "{expect}: {outcome:?}");
    }
}
