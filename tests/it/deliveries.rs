//! Deliveries of a warehouse that go wrong: rows that come twice, files that are cut, columns that another name has.

use serde_json::Value as Json;

use crate::run::Folder;

const RULES: &str = r#"
[[user.signals]]
name = "invites"
event = "invite"
points = 10
[[user.tiers]]
name = "hot"
at_least = 1000
qualified = true
[[user.tiers]]
name = "cold"
"#;

/// Stamps of loaders and receivers, as their columns are called.
const STAMPS: [&str; 12] = [
    "_AIRBYTE_EXTRACTED_AT",
    "_airbyte_raw_id",
    "_LOADED_AT",
    "_fivetran_synced",
    "_sdc_batched_at",
    "_PARTITIONTIME",
    "received_at",
    "receivedAt",
    "EMITTED_AT",
    "ts_ms",
    "Ingested_At",
    "_dlt_load_id",
];

fn record(folder: &Folder) -> Json {
    serde_json::from_str(&folder.read("out/run.json")).expect("JSON")
}

/// Copies, and ids in conflict, in a run over all files of a folder whose model has these settings of `[input]`.
fn copies(folder: &Folder, input: &str, files: &str) -> (i64, i64) {
    folder.write("model.toml", format!("schema = 1\n{input}\n{RULES}"));
    let outcome = folder.pql(&format!("score {files} -m model.toml --as-of 2026-10-10 --out out -q"));
    assert_eq!(outcome.code, 0, "{files}: {outcome:?}");
    let run = record(folder);
    let number = |json: &Json| json.as_i64().expect("a number");
    (number(&run["counts"]["duplicate"]), number(&run["id_conflict"]))
}

/// Three events in one layout, with a column of this name.
fn delivery(layout: &str, column: &str, stamp: &str) -> String {
    let rows = [("e1", "ann"), ("e2", "ann"), ("e3", "bob")];
    let row = |(id, user): (&str, &str)| match layout {
        "csv" => format!("{id},2026-10-09 12:00:00,invite,{user},team,{stamp}\n"),
        "flat" => format!(
            "{{\"{column}\":{{\"at\":\"{stamp}\"}},\"ROW_ID\":\"{id}\",\"AT\":\"2026-10-09 12:00:00\",\"EVENT\":\"invite\",\"OPERATOR_ID\":\"{user}\",\"PLAN\":\"team\"}}\n"
        ),
        _ => format!(
            "{{\"event_id\":\"{id}\",\"timestamp\":\"2026-10-09 12:00:00\",\"event\":\"invite\",\"user_id\":\"{user}\",\"properties\":{{\"plan\":\"team\",\"{column}\":\"{stamp}\"}}}}\n"
        ),
    };
    let header = if layout == "csv" { format!("ROW_ID,AT,EVENT,OPERATOR_ID,PLAN,{column}\n") } else { String::new() };
    header + &rows.map(row).concat()
}

/// The file name and the settings of a layout.
fn layout_input(layout: &str) -> (&'static str, &'static str) {
    match layout {
        "csv" => {
            ("csv", "[input]\nfields = { id = \"ROW_ID\", time = \"AT\", event = \"EVENT\", user = \"OPERATOR_ID\" }")
        }
        "flat" => (
            "ndjson",
            "[input]\nfields = { id = \"ROW_ID\", time = \"AT\", event = \"EVENT\", user = \"OPERATOR_ID\", properties = \".\" }",
        ),
        _ => ("ndjson", ""),
    }
}

#[test]
fn a_second_delivery_with_another_stamp_of_the_loader_is_copies() {
    for layout in ["csv", "flat", "native"] {
        let (ending, input) = layout_input(layout);
        for column in STAMPS {
            let folder = Folder::in_memory();
            for (file, stamp) in [("first", "2026-10-10 02:00:00"), ("again", "2026-10-11 02:00:07")] {
                folder.write(&format!("{file}.{ending}"), delivery(layout, column, stamp));
            }
            let found = copies(&folder, input, &format!("first.{ending} again.{ending}"));
            assert_eq!(found, (3, 0), "{layout}, {column}");
        }
    }
}

/// A column that rules read, or that no loader writes, is content of the event.
#[test]
fn other_columns_are_compared() {
    let read = "[events.late]\nevent = \"invite\"\nwhere = \"_LOADED_AT > '2026-10-10'\"";
    for layout in ["csv", "flat", "native"] {
        let (ending, input) = layout_input(layout);
        for (column, rules) in [("BATCH_SIZE", ""), ("CREATED_AT", ""), ("_LOADED_AT", read)] {
            let folder = Folder::in_memory();
            for (file, stamp) in [("first", "2026-10-10 02:00:00"), ("again", "2026-10-11 02:00:07")] {
                folder.write(
                    &format!("{file}.{ending}"),
                    delivery(layout, column, stamp)
                        .replace("{\"at\":\"2026-10-10 02:00:00\"}", "1")
                        .replace("{\"at\":\"2026-10-11 02:00:07\"}", "2"),
                );
            }
            let used = if rules.is_empty() {
                String::new()
            } else {
                format!("{rules}\n[[user.signals]]\nname = \"late\"\nevent = \"late\"\npoints = 1\n")
            };
            let found = copies(&folder, &format!("{input}\n{used}"), &format!("first.{ending} again.{ending}"));
            assert_eq!(found, (0, 6), "{layout}, {column}");
        }
    }
}

const HEAD: &str = "id,at,what,person,firm\n";

/// Rows of a delivery, one a person.
fn rows(count: usize) -> String {
    (0..count).map(|n| format!("i{n},2026-10-09 12:00:00,invite,p{n},f{n}\n")).collect()
}

/// The warnings of a run over a good file and another one, and the exit code.
fn warnings(name: &str, text: &str, more: &str) -> (i32, String) {
    let folder = Folder::in_memory();
    let input =
        "[input]\nfields = { id = \"id\", time = \"at\", event = \"what\", user = \"person\", account = \"firm\" }";
    folder.write("model.toml", format!("schema = 1\n{input}\n{RULES}{more}"));
    folder.write("a.csv", format!("{HEAD}{}", rows(300)));
    folder.write(name, text);
    let options = "-m model.toml --as-of 2026-10-09 --max-rejects 50% --out out -q";
    let outcome = folder.pql(&format!("score a.csv {name} {options}"));
    (outcome.code, outcome.stderr)
}

#[test]
fn a_delivery_that_is_cut_or_has_another_form_is_a_warning() {
    let soon = rows(5).replace("2026-10-09", "soon");
    let json = r#"{"id":"x","at":"2026-10-09T12:00:00Z","what":"invite","person":"p","firm":"f"}"#;
    let many =
        "of b.csv are rejected; if it is a new delivery, its form has changed, and --rejects FILE shows the lines\n";
    let cases = [
        ("b.csv", format!("{HEAD}{}", rows(5)), String::new()),
        ("b.csv", format!("{HEAD}{}", rows(5).trim_end()), String::new()),
        ("b.csv", format!("{HEAD}{soon}"), format!("warning: 5 of 5 records {many}")),
        (
            "b.csv",
            format!("{HEAD}{}i9,2026-10", rows(200)),
            "warning: the last line of b.csv is cut; the file may be incomplete\n".to_owned(),
        ),
        // A row in the middle is no end.
        ("b.csv", format!("{HEAD}i9,2026-10\n{}", rows(200)), String::new()),
        (
            "b.ndjson",
            format!("{}{}", format!("{json}\n").repeat(150), &json[..40]),
            "warning: the last line of b.ndjson is cut; the file may be incomplete\n".to_owned(),
        ),
        (
            "b.csv",
            format!("{}{}", HEAD.replace("firm", "company_ref"), rows(5)),
            "warning: b.csv has no column `firm`, which [input] fields names for the account; its events lack it; is it called `company_ref` there?\n".to_owned(),
        ),
    ];
    for (name, text, told) in cases {
        assert_eq!(warnings(name, &text, ""), (0, told), "{name}: {text:.80}");
    }
}

/// A share of all history says nothing of one delivery.
#[test]
fn an_expectation_about_all_rejects_does_not_hide_an_unreadable_file() {
    let text = format!("{HEAD}{}", rows(5).replace("2026-10-09", "soon"));
    let expect = |that: &str| format!("[[expect]]\nthat = \"{that}\"\notherwise = \"warn\"\n");
    let (code, met) = warnings("b.csv", &text, &expect("rejected_share < 0.05"));
    assert!(code == 0 && met.starts_with("warning: 5 of 5 records of b.csv are rejected"), "{met}");
    let (code, unmet) = warnings("b.csv", &text, &expect("rejected = 0"));
    assert!(code == 0 && unmet.contains("the expectation `rejected = 0` is not met: rejected = 5"), "{unmet}");
    assert_eq!(unmet.lines().count(), 1, "{unmet}");
}

#[test]
fn a_table_with_half_of_the_rows_of_the_run_before_is_a_warning() {
    let folder = Folder::in_memory();
    folder.write("model.toml", format!("schema = 1\n{RULES}"));
    let event = |n: usize, day: u32| {
        format!("{{\"event\":\"visit\",\"timestamp\":\"2026-10-{day:02}T12:00:00Z\",\"user_id\":\"u{n}\"}}\n")
    };
    let events: String = (0..10).flat_map(|n| [event(n, 9), event(n, 10)]).collect();
    folder.write("e.ndjson", events);
    let users =
        |count: usize| "user_id,role\n".to_owned() + &(0..count).map(|n| format!("u{n},x\n")).collect::<String>();
    let run = |count: usize, options: &str| {
        folder.write("users.csv", users(count));
        let outcome =
            folder.pql(&format!("score e.ndjson -m model.toml --users users.csv --record rec --out out -q {options}"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.stderr
    };
    assert_eq!(run(10, "--as-of 2026-10-09 --begin"), "");
    assert_eq!(run(5, "--as-of 2026-10-10"), "");
    let told = "warning: --users has 4 rows, less than half of the 10 of the run before; the file may be cut or late\n";
    // The run is repeated, so the run before is still the first.
    assert_eq!(run(4, "--as-of 2026-10-10"), told);
}
