//! Files that claim to be larger than they are, or that decompress to far more than they hold.
//!
//! Each run may use a gigabyte of address space, so a claim that the program believes ends it with
//! another exit code than 0 to 3.

use std::{process::Command, sync::Arc};

use parquet::{
    basic::{Compression, Encoding},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{
        properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::{parser::parse_message_type, types::ColumnPath},
};

use crate::run::{Folder, Outcome, rows};

const MODEL: &str = "schema = 1\n\n[[user.signals]]\nname = \"visits\"\nevent = \"visit\"\npoints = 5\n";

/// Address space of a run; KiB, as `ulimit` counts.
const ADDRESS_SPACE: usize = 1 << 20;

const TEXTS: &str = "message m { required binary event (UTF8); required binary timestamp (UTF8); required binary user_id (UTF8); required binary event_id (UTF8); optional binary note (UTF8); }";

const LISTS: &str = "message m { required binary event (UTF8); required binary timestamp (UTF8); required binary user_id (UTF8); required binary event_id (UTF8); optional group numbers (LIST) { repeated group list { optional int64 element; } } }";

fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    folder
}

/// Runs the program with little address space. Panics would be shown with their stacks.
fn run(folder: &Folder, arguments: &str) -> Outcome {
    let script = format!("ulimit -v {ADDRESS_SPACE}; exec {} {arguments}", env!("CARGO_BIN_EXE_pql"));
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("RUST_BACKTRACE", "1")
        .output()
        .expect("a shell");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn score(folder: &Folder, file: &str, more: &str) -> Outcome {
    run(folder, &format!("score {file} -m model.toml --as-of 2026-10-31 --threads 1 --level user {more}"))
}

/// Fails if a run believed a claim, or showed the panic of a library.
fn assert_survived(outcome: &Outcome, case: &str) {
    assert!((0..=3).contains(&outcome.code), "{case}: {outcome:?}");
    for shown in ["panicked", "stack backtrace", "RUST_BACKTRACE", ".cargo"] {
        assert!(!outcome.stderr.contains(shown), "{case}: {outcome:?}");
    }
}

/// The first columns of some rows: an event, its time, its user and its id.
fn columns(rows: usize) -> Vec<Vec<ByteArray>> {
    let text = |of_row: &dyn Fn(usize) -> String| (0..rows).map(|row| of_row(row).as_str().into()).collect();
    vec![
        text(&|_| "visit".to_owned()),
        text(&|row| format!("2026-10-01T10:00:{:02}Z", row % 60)),
        text(&|row| format!("u{row}")),
        text(&|row| format!("id{row}")),
    ]
}

/// A file with one row group. `last` writes the last column.
fn table(
    schema: &str,
    properties: WriterPropertiesBuilder,
    rows: usize,
    last: &dyn Fn(&mut ColumnWriter<'_>),
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties.build())).expect("a file");
    let mut group = file.next_row_group().expect("a row group");
    for values in columns(rows) {
        let mut writer = group.next_column().expect("no error").expect("a column");
        let ColumnWriter::ByteArrayColumnWriter(typed) = writer.untyped() else { panic!("text") };
        typed.write_batch(&values, None, None).expect("values");
        writer.close().expect("a column");
    }
    let mut writer = group.next_column().expect("no error").expect("a column");
    last(writer.untyped());
    writer.close().expect("a column");
    group.close().expect("a row group");
    file.close().expect("a file");
    bytes
}

/// A file whose last column is a text for each row.
fn texts(properties: WriterPropertiesBuilder, notes: &[&str]) -> Vec<u8> {
    let values: Vec<ByteArray> = notes.iter().map(|note| ByteArray::from(*note)).collect();
    table(TEXTS, properties, notes.len(), &|writer| {
        let ColumnWriter::ByteArrayColumnWriter(writer) = writer else { panic!("text") };
        writer.write_batch(&values, Some(&vec![1; values.len()]), None).expect("values");
    })
}

/// A file of two rows, the first of which has a list of many zeros.
fn zeros(count: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(Default::default()))
        .set_data_page_row_count_limit(usize::MAX)
        .set_data_page_size_limit(1 << 30);
    table(LISTS, properties, 2, &|writer| {
        let ColumnWriter::Int64ColumnWriter(writer) = writer else { panic!("integers") };
        let levels = |first: i16, other: i16, last: i16| {
            let mut levels = vec![other; count + 1];
            (levels[0], levels[count]) = (first, last);
            levels
        };
        writer.write_batch(&vec![0; count], Some(&levels(3, 3, 0)), Some(&levels(0, 1, 0))).expect("values");
    })
}

/// The encodings of pages that the tests damage.
fn encodings() -> Vec<(&'static str, WriterPropertiesBuilder)> {
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let second = |encoding| plain().set_writer_version(WriterVersion::PARQUET_2_0).set_encoding(encoding);
    vec![
        ("dictionary", WriterProperties::builder().set_compression(Compression::SNAPPY)),
        ("plain", plain()),
        ("delta", second(Encoding::DELTA_BYTE_ARRAY)),
        ("lengths", second(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        ("zstd", second(Encoding::DELTA_BYTE_ARRAY).set_compression(Compression::ZSTD(Default::default()))),
    ]
}

#[test]
fn a_damaged_byte_anywhere_is_told_in_a_message_of_ours() {
    let folder = folder();
    let notes: Vec<String> = (0..60).map(|row| format!("a note, {row}")).collect();
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    let mut told = 0;
    for (name, properties) in encodings() {
        let whole = texts(properties, &notes);
        folder.write("events.parquet", &whole);
        assert_eq!(score(&folder, "events.parquet", "").code, 0, "{name}");
        for (nth, at) in (4..whole.len()).step_by(whole.len() / 45).enumerate() {
            let mut damaged = whole.clone();
            let length = (nth % 6 + 1).min(damaged.len() - at);
            damaged[at..at + length].fill([0xff, 0x7f, 0x80][nth % 3]);
            folder.write("events.parquet", &damaged);
            let outcome = score(&folder, "events.parquet", "--max-rejects 100%");
            assert_survived(&outcome, &format!("{name}, {length} bytes at {at}"));
            if outcome.code == 3 {
                assert!(outcome.stderr.starts_with("error: `events.parquet` is "), "{name} {at}: {outcome:?}");
                told += 1;
            }
        }
    }
    assert!(told > 100, "{told}");
}

#[test]
fn a_page_that_claims_more_values_than_it_has_is_refused_with_its_place() {
    let folder = folder();
    let notes = ["one", "two", "three"];
    let delta = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_column_encoding(ColumnPath::from("note"), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    let whole = texts(delta, &notes);
    // A delta header: blocks of 128, 4 parts, 3 values, the first length (3) in zigzag form.
    let header = [0x80, 0x01, 0x04, 0x03, 0x06];
    let at = whole.windows(5).rposition(|bytes| bytes == header).expect("a delta header");
    let mut damaged = whole.clone();
    // 127 parts, and as many values as the next five bytes say.
    damaged[at + 3..at + 8].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
    folder.write("events.parquet", &damaged);
    let outcome = score(&folder, "events.parquet", "");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let expected = "`events.parquet` is a Parquet file that cannot be read past row 0 (row group 1, column `note`, page 1): its delta header claims 4294967295 values, and the page has 3";
    assert!(outcome.stderr.contains(expected), "{outcome:?}");
}

#[test]
fn a_list_of_millions_of_zeros_takes_no_more_memory_than_its_page() {
    let folder = folder();
    folder.write("events.parquet", zeros(20_000_000));
    let outcome = score(&folder, "events.parquet", "--max-rejects 1 --rejects rejects.ndjson");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let users: Vec<String> = rows(&outcome.stdout).iter().skip(1).map(|row| row[0].clone()).collect();
    assert_eq!(users, ["u1"], "the row after the long one is read");
    let reject: serde_json::Value = serde_json::from_str(&folder.read("rejects.ndjson")).expect("JSON");
    assert_eq!((reject["line"].as_u64(), reject["reason"].as_str()), (Some(1), Some("too_long")));
    assert!(reject["length"].as_u64().is_some_and(|length| length >= 16 << 20), "{reject}");
}

#[test]
fn max_table_bounds_the_memory_of_a_parquet_file() {
    let folder = folder();
    let note = "x".repeat(3 << 20);
    let plain = WriterProperties::builder().set_dictionary_enabled(false);
    folder.write("events.parquet", texts(plain, &[&note, "short"]));
    let outcome = score(&folder, "events.parquet", "--max-table 2MiB");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    for part in [
        "cannot be read past row 0 (row group 1, column `note`, page 1): it needs 7 MiB of memory",
        "--max-table allows 2 MiB",
        "row_group_size",
    ] {
        assert!(outcome.stderr.contains(part), "{part}: {outcome:?}");
    }
    assert_eq!(score(&folder, "events.parquet", "--max-table 8MiB").code, 0);
    assert_eq!(score(&folder, "events.parquet", "").code, 0);
    for command in ["inspect events.parquet", "check model.toml --events events.parquet"] {
        assert_eq!(run(&folder, &format!("{command} --max-table 2MiB")).code, 3, "{command}");
    }
}

#[test]
fn max_table_bounds_the_memory_of_tables_of_users_and_accounts() {
    use crate::parquet_file::{ColumnValues, parquet_file};
    let folder = folder();
    folder.write(
        "model.toml",
        "schema = 1\n[user.traits]\nrole = { type = \"text\" }\n[account.traits]\nrole = { type = \"text\" }\n[output]\nuser_columns = [\"role\"]\naccount_columns = [\"role\"]\n",
    );
    folder.write("events.ndjson", "{\"event\":\"a\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"kim\"}\n");
    let role = ColumnValues::text(&["x".repeat(3 << 20)]);
    for (option, key) in [("--users", "user_id"), ("--accounts", "account_id")] {
        folder.write("known.parquet", parquet_file(&[(key, ColumnValues::text(&["kim"])), ("role", role.clone())]));
        let outcome = score(&folder, "events.ndjson", &format!("{option} known.parquet --max-table 2MiB"));
        assert_eq!(outcome.code, 2, "{option}: {outcome:?}");
        for part in ["`known.parquet`", "column `role`", "--max-table allows 2 MiB"] {
            assert!(outcome.stderr.contains(part), "{option}: {part}: {outcome:?}");
        }
        let outcome = score(&folder, "events.ndjson", &format!("{option} known.parquet --max-table 16MiB"));
        assert_eq!(outcome.code, 0, "{option}: {outcome:?}");
    }
}

#[test]
fn rows_that_the_footer_does_not_count_are_not_lost() {
    let folder = folder();
    let whole = texts(WriterProperties::builder(), &["a", "b", "c"]);
    // The footer has the number of rows after the schema, and each row group has its own. Both are
    // fields of type i64 with the value 3.
    let footer = whole.len() - 8 - usize::from(u16::from_le_bytes([whole[whole.len() - 8], whole[whole.len() - 7]]));
    let counts: Vec<usize> = (footer..whole.len() - 8).filter(|at| whole[*at..at + 2] == [0x16, 0x06]).collect();
    let mut told = 0;
    for at in counts {
        let mut damaged = whole.clone();
        damaged[at + 1] = 0x04;
        folder.write("events.parquet", &damaged);
        let outcome = score(&folder, "events.parquet", "");
        // Some columns count their values in the same way, in statistics that nobody reads.
        let is_told = outcome.code == 3;
        assert!(is_told || rows(&outcome.stdout).len() == 4, "byte {at}: {outcome:?}");
        told += usize::from(is_told);
    }
    assert!(told >= 2, "{told}");
}

#[test]
fn a_line_of_numbers_takes_a_few_times_its_length() {
    let folder = folder();
    let numbers = "0,".repeat(7_500_000);
    let event = |user: &str, more: &str| {
        format!(
            "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\",\"properties\":{{{more}}}}}\n"
        )
    };
    folder.write("events.ndjson", [event("ann", &format!("\"n\":[{numbers}0]")), event("bob", "")].concat());
    let script = |arguments: &str| {
        let limited = format!("ulimit -v 400000; exec {} {arguments}", env!("CARGO_BIN_EXE_pql"));
        Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output().expect("a shell")
    };
    for command in
        ["score events.ndjson -m model.toml --as-of 2026-10-31 --threads 1", "inspect events.ndjson --threads 1"]
    {
        let output = script(command);
        assert_eq!(output.status.code(), Some(0), "{command}: {output:?}");
    }
}
