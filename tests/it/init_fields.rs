//! `pql init` and `pql inspect` find the fields of an event by their values, in every layout.

use serde_json::Value as Json;

use crate::{
    dumps::DUMPS,
    run::{Folder, rows},
};

/// The parts of an event in the order of the fields of a dump.
const PARTS: [&str; 5] = ["time", "user", "account", "event", "id"];

#[test]
fn the_parts_of_an_event_are_found_in_every_layout() {
    for dump in DUMPS {
        let folder = Folder::in_memory();
        folder.write(dump.file, dump.text());
        let outcome = folder.pql(&format!("inspect {} --format json", dump.file));
        let report: Json = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
        for (part, path) in PARTS.into_iter().zip(dump.fields) {
            assert_eq!(report["fields"][path]["part"], part, "{}: {path}: {}", dump.name, report["fields"]);
        }
        let outcome = folder.pql(&format!("init {} -o m.toml", dump.file));
        assert_eq!(outcome.code, 0, "{}: {outcome:?}", dump.name);
        let outcome = folder.pql(&format!("score {} -m m.toml --out out", dump.file));
        assert_eq!(outcome.code, 0, "{}: {outcome:?}", dump.name);
        assert_eq!(rows(&folder.read("out/users.csv")).len(), 41, "{}", dump.name);
        assert_eq!(rows(&folder.read("out/accounts.csv")).len(), 11, "{}", dump.name);
        let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        assert_eq!(record["counts"]["rejected"], 0, "{}: {record}", dump.name);
    }
}

/// A record that no reader knows, with a field of its own.
fn record(number: u32, more: &str) -> String {
    format!(
        "{{\"what\":\"{}\",\"at\":\"2026-03-{:02}T08:00:00Z\",\"member\":\"m{}\",\"org\":\"o{}\"{more}}}\n",
        ["shared", "opened", "closed"][number as usize % 3],
        number % 28 + 1,
        number % 7,
        number % 7 / 3,
    )
}

/// The fields of the model that `init` writes for a hundred records.
fn fields_with(more: impl Fn(u32) -> String) -> String {
    let folder = Folder::in_memory();
    folder.write("e.ndjson", (0..100).map(|number| record(number, &more(number))).collect::<String>());
    let outcome = folder.pql("init e.ndjson -o -");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout.lines().find(|line| line.starts_with("fields = ")).unwrap_or_default().to_owned()
}

#[test]
fn values_decide_where_names_mislead() {
    let found = |more: &dyn Fn(u32) -> String| fields_with(more);
    let plain = r#"event = "what", user = "member", account = "org", time = "at""#;
    assert!(found(&|_| String::new()).contains(plain));
    // An id of a project is no id of an event, since it comes again.
    assert!(!found(&|n| format!(",\"data\":{{\"project_id\":\"p{}\"}}", n % 4)).contains("id ="));
    assert!(!found(&|n| format!(",\"id\":\"p{}\"", n % 4)).contains("id ="));
    assert!(found(&|n| format!(",\"id\":\"p{n}\"")).contains("id = \"id\""));
    // A time that is one for all records is a loader's, and one ahead of now is no time of an event.
    assert!(found(&|_| ",\"timestamp\":\"2026-04-01T00:00:00Z\"".to_owned()).contains("time = \"at\""));
    assert!(found(&|n| format!(",\"timestamp\":\"2099-04-01T00:00:{:02}Z\"", n % 60)).contains("time = \"at\""));
    // What is another value in every record is nobody's id.
    assert!(found(&|n| format!(",\"user_id\":\"x{n}\"")).contains("user = \"member\""));
    // A user has few accounts.
    assert!(found(&|n| format!(",\"company_id\":\"c{}\"", n % 50)).contains("account = \"org\""));
    // An object that holds the rest is the properties.
    assert!(found(&|n| format!(",\"extra\":{{\"a\":{n},\"b\":1}}")).contains("properties = \"extra\""));
}

#[test]
fn what_was_considered_stands_beside_the_guess() {
    let folder = Folder::in_memory();
    let stamp = |_: u32| ",\"_loaded_at\":\"2026-04-01T00:00:00Z\"".to_owned();
    folder.write("e.ndjson", (0..100).map(|number| record(number, &stamp(number))).collect::<String>());
    let model = folder.pql("init e.ndjson -o -").stdout;
    let expected = "# guess: at is time: 100 of 100 records have it; 28 different instants; not _loaded_at (a loader or receiver writes it)\n";
    assert!(model.contains(expected), "{model}");
    assert!(
        model.contains("# guess: member is user: 100 of 100 records have it; 7 different values, 14.3 records each"),
        "{model}"
    );
}

#[test]
fn fields_can_be_said() {
    let folder = Folder::in_memory();
    folder.write("e.csv", "A,B,C,D\nopen,2026-03-01T08:00:00Z,kim,x1\nopen,2026-03-02T08:00:00Z,lee,x2\n");
    let outcome = folder.pql("init e.csv -o m.toml");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(
        outcome.stderr.contains("--fields time=FIELD,user=FIELD; there are `A`, `B`, `C` and `D`"),
        "{}",
        outcome.stderr
    );
    assert_eq!(folder.pql("init e.csv -o m.toml --fields event=A,user=C").code, 0);
    let outcome = folder.pql("score e.csv -m m.toml --level user -f csv -q");
    assert!(outcome.stdout.contains("\nkim,") && outcome.stdout.contains("\nlee,"), "{outcome:?}");
    for (choice, message) in [
        ("user=CC", "no record has the field `CC`"),
        ("who=C", "`who` is no part of an event"),
        ("user", "expected PART=FIELD"),
        ("user=", "no field is named"),
    ] {
        let outcome = folder.pql(&format!("init e.csv -o n.toml --fields {choice}"));
        assert!(outcome.code == 2 && outcome.stderr.contains(message), "{choice}: {outcome:?}");
    }
}

#[test]
fn inspect_lists_columns_where_no_event_can_be_read() {
    let folder = Folder::in_memory();
    folder.write("e.csv", "A,B,C\nopen,1,kim\nclose,2,lee\n");
    let outcome = folder.pql("inspect e.csv");
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("3 fields in the first 2 records"), "{outcome:?}");
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let dump = &DUMPS[0];
    let folder = Folder::in_memory();
    folder.write(dump.file, dump.text());
    let of_file = folder.pql(&format!("init {} -o -", dump.file));
    let of_pipe = folder.pql_with(&["init", "-", "-o", "-"], dump.text().as_bytes());
    assert_eq!(of_pipe.code, 0, "{of_pipe:?}");
    // A pipe has no name after which a model could be called.
    assert_eq!(of_file.stdout.replace("\"analytics-sales\"", "\"first-sales\""), of_pipe.stdout);
}

/// Numbers of ten digits are times of this century from 2001 to 2033, and beyond that ids, wherever a field is judged.
#[test]
fn ids_of_ten_digits_are_no_times_and_booleans_are_values() {
    let folder = Folder::in_memory();
    let record = |number: u32| {
        format!(
            "{{\"what\":\"{}\",\"at\":{},\"member\":{},\"org\":\"o{}\",\"extra\":{{\"ok\":{},\"paid\":true}}}}\n",
            ["shared", "opened", "closed"][number as usize % 3],
            1_772_442_847 + number * 4001,
            3_000_000_001_u32 + number % 7,
            number % 7 / 3,
            number.is_multiple_of(2),
        )
    };
    folder.write("e.ndjson", (0..60).map(record).collect::<String>());
    let outcome = folder.pql("init e.ndjson -o -");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let fields = outcome.stdout.lines().find(|line| line.starts_with("fields = ")).unwrap_or_default();
    let expected = r#"event = "what", user = "member", account = "org", time = "at", properties = "extra""#;
    assert!(fields.contains(expected), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("it holds 120 of the 120 values beside the parts"), "{}", outcome.stdout);
    let outcome = folder.pql("inspect e.ndjson --format json");
    let report: Json = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
    let of = |path: &str| (report["fields"][path]["values"].clone(), report["fields"][path]["shapes"].clone());
    assert_eq!(of("extra.ok"), (2.into(), serde_json::json!({ "true or false": 60 })));
    assert_eq!(of("member"), (7.into(), serde_json::json!({ "integer": 60 })));
    assert_eq!(of("at"), (60.into(), serde_json::json!({ "Unix seconds": 60 })));
}

#[test]
fn cells_of_a_table_without_a_header_are_shown_as_no_names() {
    let rows =
        "kim@acme.example,2026-03-01T08:00:00Z,u_20003,Shared\nlee@acme.example,2026-03-02T08:00:00Z,u_20004,Shared\n";
    let named = "what,2026-03-01T08:00:00Z,who\nShared,7,8\n";
    let keys = r#"{"kim@acme.example":"a","u_20003":{"2026-03-01":1},"note":"b"}"#;
    for (file, text) in [("e.csv", rows.to_owned()), ("f.csv", named.to_owned()), ("g.ndjson", keys.repeat(2))] {
        let folder = Folder::in_memory();
        folder.write(file, text);
        for command in
            ["init FILE -o -", "inspect FILE", "inspect FILE --format json", "init FILE -o - --fields user=kim"]
        {
            let outcome = folder.pql(&command.replace("FILE", file));
            assert_ne!(outcome.code, 0, "{file}: {command}: {outcome:?}");
            for value in ["kim@acme.example", "2026-03-01", "u_20003", "Shared"] {
                let shown = outcome.stdout.contains(value) || outcome.stderr.contains(value);
                assert!(!shown, "{file}: {command}: {value}: {outcome:?}");
            }
        }
    }
}

/// A file that was exported twice, as it is or with another stamp of the loader, has the same id.
#[test]
fn copies_of_records_do_not_speak_against_their_id() {
    let records = |stamp: &str| {
        let lines =
            (0..100).map(|number| record(number, &format!(",\"row_id\":\"r{number}\",\"_LOADED_AT\":\"{stamp}\"")));
        lines.collect::<String>()
    };
    let first = records("2026-04-01T00:00:00Z");
    for (what, again) in [("the same", first.clone()), ("another stamp", records("2026-04-02T00:00:01Z"))] {
        let folder = Folder::in_memory();
        folder.write("e.ndjson", &first);
        folder.write("again.ndjson", again);
        let model = folder.pql("init e.ndjson again.ndjson -o -").stdout;
        let fields = model.lines().find(|line| line.starts_with("fields = ")).unwrap_or_default();
        assert!(fields.contains("id = \"row_id\""), "{what}: {fields}");
        let outcome = folder.pql("inspect e.ndjson again.ndjson --format json");
        let report: Json = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
        assert_eq!(report["fields"]["row_id"]["part"], "id", "{what}: {}", report["fields"]);
    }
}

/// Rows of a warehouse whose names say of no id whose it is: people belong to firms, sessions and devices to people.
#[test]
fn of_two_ids_without_a_name_the_finer_one_is_the_user() {
    let folder = Folder::in_memory();
    let row = |number: u32| {
        let (person, at) = (number * 7 % 40, 1 + number % 28);
        let (group, session) = (person / 4, number / 3);
        format!(
            "r{number},2026-03-{at:02} 08:00:00,{},p{person},g{group},{}\n",
            ["opened", "closed", "shared"][number as usize % 3],
            session
        )
    };
    let rows: String = (0..400).map(row).collect();
    for header in ["ROW_ID,AT,EVENT,RIDER_ID,DEPOT_ID,SESSION_ID\n", "ROW_ID,AT,EVENT,X_ID,A_ID,SESSION_ID\n"] {
        folder.write("e.csv", format!("{header}{rows}"));
        let model = folder.pql("init e.csv -o -").stdout;
        let fields = model.lines().find(|line| line.starts_with("fields = ")).unwrap_or_default();
        let columns: Vec<&str> = header.split(',').collect();
        let expected = format!("user = \"{}\", account = \"{}\"", columns[3], columns[4]);
        assert!(fields.contains(&expected), "{fields}");
    }
}

#[test]
fn a_short_name_is_the_account_and_a_number_of_people_is_not() {
    let folder = Folder::in_memory();
    let record = |n: usize| {
        let (user, team) = (n % 36, n % 36 / 3);
        let headcount = [3, 20, 400][team % 3];
        format!(
            r#"{{"payload":{{"action":"{}","ts":"2026-02-{:02}T{:02}:00:00Z","delivery":"d{n}","actor":{{"ref":"m{user}","contact":"p{user}@team{team}.example"}},"organisation":{{"headcount":{headcount},"label":"Team {team}","slug":"team-{team}"}}}}}}"#,
            ["rule edited", "flag toggled", "segment saved"][n / 36 % 3],
            n / 36 + 1,
            n % 24
        )
    };
    folder.write("e.ndjson", (0..720).map(record).collect::<Vec<String>>().join("\n"));
    let outcome = folder.pql("init e.ndjson -o m.toml");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let model = folder.read("m.toml");
    for part in ["account = \"payload.organisation.slug\"", "user = \"payload.actor.ref\""] {
        assert!(model.contains(part), "{part}\n{model}");
    }
}
