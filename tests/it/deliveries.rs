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
