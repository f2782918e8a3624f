//! Events in Parquet files, which the tests write themselves.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    column::writer::ColumnWriter,
    data_type::{ByteArray, FixedLenByteArray, Int96},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use pql_engine::{
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob},
    plan::parse,
    read::{BlockLimits, InputKind, InputSource},
};
use pql_model::diag::SourceDocument;

use super::{MODEL, event, files, folder, gzip, lines, refused, rejects, score, users, zip};

/// The values of one column, with definition and repetition levels.
enum Column {
    Text(Vec<&'static str>, Vec<i16>, Vec<i16>),
    Long(Vec<i64>, Vec<i16>),
    Int(Vec<i32>, Vec<i16>),
    Double(Vec<f64>, Vec<i16>),
    Bool(Vec<bool>, Vec<i16>),
    Old(Vec<[u32; 3]>, Vec<i16>),
    Fixed(Vec<Vec<u8>>, Vec<i16>),
}

/// A Parquet file with a number of equal row groups.
fn table(schema: &str, groups: usize, compression: Compression, columns: &dyn Fn() -> Vec<Column>) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, properties).expect("a file");
    for _ in 0..groups {
        let mut group = file.next_row_group().expect("a group");
        for column in columns() {
            let mut writer = group.next_column().expect("no error").expect("a column");
            write(writer.untyped(), column);
            writer.close().expect("a column");
        }
        group.close().expect("a group");
    }
    file.close().expect("a file");
    bytes
}

fn write(writer: &mut ColumnWriter<'_>, column: Column) {
    let levels = |levels: &'_ Vec<i16>| (!levels.is_empty()).then(|| levels.clone());
    match (writer, column) {
        (ColumnWriter::ByteArrayColumnWriter(writer), Column::Text(values, defs, reps)) => {
            let values: Vec<ByteArray> = values.into_iter().map(ByteArray::from).collect();
            writer.write_batch(&values, levels(&defs).as_deref(), levels(&reps).as_deref()).expect("values")
        }
        (ColumnWriter::Int64ColumnWriter(writer), Column::Long(values, defs)) => {
            writer.write_batch(&values, levels(&defs).as_deref(), None).expect("values")
        }
        (ColumnWriter::Int32ColumnWriter(writer), Column::Int(values, defs)) => {
            writer.write_batch(&values, levels(&defs).as_deref(), None).expect("values")
        }
        (ColumnWriter::DoubleColumnWriter(writer), Column::Double(values, defs)) => {
            writer.write_batch(&values, levels(&defs).as_deref(), None).expect("values")
        }
        (ColumnWriter::BoolColumnWriter(writer), Column::Bool(values, defs)) => {
            writer.write_batch(&values, levels(&defs).as_deref(), None).expect("values")
        }
        (ColumnWriter::Int96ColumnWriter(writer), Column::Old(values, defs)) => {
            let values: Vec<Int96> = values.into_iter().map(|words| Int96::from(words.to_vec())).collect();
            writer.write_batch(&values, levels(&defs).as_deref(), None).expect("values")
        }
        (ColumnWriter::FixedLenByteArrayColumnWriter(writer), Column::Fixed(values, defs)) => {
            let values: Vec<FixedLenByteArray> =
                values.into_iter().map(|bytes| FixedLenByteArray::from(ByteArray::from(bytes))).collect();
            writer.write_batch(&values, levels(&defs).as_deref(), None).expect("values")
        }
        _ => panic!("a column of another type"),
    };
}

/// 2026-10-01T10:01:00Z, microseconds.
const AT: i64 = 1_790_848_860_000_000;

const FLAT: &str = "message m { required binary event (UTF8); required int64 timestamp (TIMESTAMP(MICROS,true)); required binary user_id (UTF8); optional binary account_id (UTF8); optional binary event_id (UTF8); optional binary plan (UTF8); optional int32 seats; }";

fn flat() -> Vec<Column> {
    vec![
        Column::Text(vec!["visit", "visit"], vec![], vec![]),
        Column::Long(vec![AT, AT + 60_000_000], vec![]),
        Column::Text(vec!["ann", "bob"], vec![], vec![]),
        Column::Text(vec!["acme", "acme"], vec![1, 1], vec![]),
        Column::Text(vec!["ann1", "bob2"], vec![1, 1], vec![]),
        Column::Text(vec!["team", "team"], vec![1, 1], vec![]),
        Column::Int(vec![5, 5], vec![1, 1]),
    ]
}

#[test]
fn ids_of_any_type_are_their_digits_and_text_is_text() {
    let whole = "required binary event (UTF8); required int64 timestamp (TIMESTAMP(MICROS,true)); required";
    let two = || (vec![AT, AT + 60_000_000], vec!["visit", "visit"]);
    let of_type = |id: &str, values: fn() -> Column| {
        let schema = format!("message m {{ {whole} {id} }}");
        table(&schema, 1, Compression::UNCOMPRESSED, &|| {
            let (at, events) = two();
            vec![Column::Text(events, vec![], vec![]), Column::Long(at, vec![]), values()]
        })
    };
    let tables = [
        ("double user_id;", (|| Column::Double(vec![1001.0, 1001.0], vec![])) as fn() -> Column, "1001"),
        ("int64 user_id;", || Column::Long(vec![9_007_199_254_740_993; 2], vec![]), "9007199254740993"),
        ("int64 user_id (DECIMAL(12,2));", || Column::Long(vec![100_100; 2], vec![]), "1001"),
        ("binary user_id (UTF8);", || Column::Text(vec![" 1001", "1001\u{a0}"], vec![], vec![]), "1001"),
        ("binary user_id (UTF8);", || Column::Text(vec!["1001.0", "1001.0 "], vec![], vec![]), "1001.0"),
    ];
    for (id, values, expected) in tables {
        let folder = folder();
        folder.write("events.parquet", of_type(id, values));
        let outcome = score(&folder, "events.parquet");
        assert_eq!(outcome.code, 0, "{id}: {outcome:?}");
        let ids: Vec<String> = users(&folder).into_iter().map(|[id, ..]| id).collect();
        assert_eq!(ids, [expected], "{id}");
    }
}

#[test]
fn a_parquet_file_is_read_as_its_rows() {
    let folder = folder();
    folder.write("lines.ndjson", lines(&[event("ann", 1), event("bob", 2)]));
    assert_eq!(score(&folder, "lines.ndjson").code, 0);
    let expected = folder.read("out/users.csv");
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
    ] {
        folder.write("events.parquet", table(FLAT, 1, compression, &flat));
        let outcome = score(&folder, "events.parquet");
        assert_eq!(outcome.code, 0, "{compression}: {outcome:?}");
        assert_eq!(folder.read("out/users.csv"), expected, "{compression}");
        assert_eq!(files(&folder), [("events.parquet".to_owned(), 2)], "{compression}");
    }
    // The second group repeats the ids of the first, so its rows are duplicates.
    folder.write("dump/events.parquet", table(FLAT, 2, Compression::SNAPPY, &flat));
    assert_eq!(score(&folder, "dump").code, 0);
    assert_eq!(folder.read("out/users.csv"), expected);
}

/// The text of each rejected line shows how its values were converted.
#[test]
fn values_become_what_their_types_say() {
    let folder = folder();
    let schema = "message m { required binary event (UTF8); required binary timestamp (UTF8); required binary user_id (UTF8); optional group properties { optional int64 at_ms (TIMESTAMP(MILLIS,true)); optional int64 at_ns (TIMESTAMP(NANOS,false)); optional int96 at_old; optional int32 day (DATE); optional int32 clock (TIME(MILLIS,true)); optional int64 cents (DECIMAL(18,2)); optional fixed_len_byte_array(2) debt (DECIMAL(4,1)); optional fixed_len_byte_array(16) uuid (UUID); optional double rate; optional boolean on; optional int64 big (INTEGER(64,false)); optional binary json (JSON); optional binary text (UTF8); optional group tags (LIST) { repeated group list { optional binary element (UTF8); } } optional group more (MAP) { repeated group key_value { required binary key (UTF8); optional int32 value; } } } }";
    let columns = || {
        vec![
            Column::Text(vec!["visit"; 3], vec![], vec![]),
            Column::Text(vec!["soon"; 3], vec![], vec![]),
            Column::Text(vec!["ann"; 3], vec![], vec![]),
            Column::Long(vec![AT / 1000], vec![2, 1, 0]),
            Column::Long(vec![AT * 1000 + 123_456_789], vec![2, 1, 0]),
            // 2026-10-01 is day 2461315 of the Julian calendar. The time is 36060 seconds, in
            // nanoseconds.
            Column::Old(
                vec![[(36_060_000_000_000_u64 & 0xffff_ffff) as u32, (36_060_000_000_000_u64 >> 32) as u32, 2_461_315]],
                vec![2, 1, 0],
            ),
            Column::Int(vec![20_727], vec![2, 1, 0]),
            Column::Int(vec![36_060_000], vec![2, 1, 0]),
            Column::Long(vec![-105], vec![2, 1, 0]),
            Column::Fixed(vec![vec![0xff, 0xf1]], vec![2, 1, 0]),
            Column::Fixed(vec![(0..16).collect()], vec![2, 1, 0]),
            Column::Double(vec![0.25], vec![2, 1, 0]),
            Column::Bool(vec![true], vec![2, 1, 0]),
            Column::Long(vec![-1], vec![2, 1, 0]),
            Column::Text(vec!["{\"a\": [1]}"], vec![2, 1, 0], vec![]),
            Column::Text(vec!["say \"hi\""], vec![2, 1, 0], vec![]),
            // The lists are ["a", null, "b"], [], and null.
            Column::Text(vec!["a", "b"], vec![4, 3, 4, 2, 0], vec![0, 1, 1, 0, 0]),
            Column::Text(vec!["k", "l"], vec![3, 3, 1, 0], vec![0, 1, 0, 0]),
            Column::Int(vec![7], vec![4, 3, 1, 0]),
        ]
    };
    let mut columns_with_reps = table_with_map(schema, &columns);
    folder.write("types.parquet", std::mem::take(&mut columns_with_reps));
    let outcome = folder.pql("score types.parquet -m model.toml --max-rejects 100% --rejects rejects.ndjson --out out");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let text = folder.read("rejects.ndjson");
    let found: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|reject| serde_json::from_str(reject["text"].as_str().expect("text")).expect("JSON"))
        .collect();
    let expected = serde_json::json!({
        "at_ms": "2026-10-01T10:01:00Z",
        "at_ns": "2026-10-01T10:01:00.123456",
        "at_old": "2026-10-01T10:01:00Z",
        "day": "2026-10-01",
        "clock": "10:01:00",
        "cents": -1.05,
        "debt": -1.5,
        "uuid": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "rate": 0.25,
        "on": true,
        "big": u64::MAX,
        "json": {"a": [1]},
        "text": "say \"hi\"",
        "tags": ["a", null, "b"],
        "more": {"k": 7},
    });
    assert_eq!(found[0]["properties"], expected);
    assert_eq!(found[1]["properties"], serde_json::json!({"tags": []}));
    assert_eq!(found[2].get("properties"), None);
    assert_eq!(rejects_of(&text), [(1, "bad_time"), (2, "bad_time"), (3, "bad_time")]);
}

fn rejects_of(text: &str) -> Vec<(u64, &str)> {
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["line"].as_u64();
    text.lines()
        .map(|text| (line(text).expect("a line"), if text.contains("\"bad_time\"") { "bad_time" } else { "" }))
        .collect()
}

/// A file whose last column is a map. Its values repeat, and [`Column::Int`] has no repetition
/// levels.
fn table_with_map(schema: &str, columns: &dyn Fn() -> Vec<Column>) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).expect("a file");
    let mut group = file.next_row_group().expect("a group");
    let all = columns();
    let last = all.len() - 1;
    for (place, column) in all.into_iter().enumerate() {
        let mut writer = group.next_column().expect("no error").expect("a column");
        match (writer.untyped(), column) {
            (ColumnWriter::Int32ColumnWriter(writer), Column::Int(values, defs)) if place == last => {
                writer.write_batch(&values, Some(&defs), Some(&[0, 1, 0, 0])).expect("values");
            }
            (writer, column) => write(writer, column),
        }
        writer.close().expect("a column");
    }
    group.close().expect("a group");
    file.close().expect("a file");
    bytes
}

#[test]
fn columns_that_nobody_asks_for_are_not_read() {
    let folder = folder();
    let schema = "message m { required binary event (UTF8); required int64 timestamp (TIMESTAMP(MICROS,true)); required binary user_id (UTF8); optional binary event_id (UTF8); optional binary other (UTF8); }";
    let columns = || {
        let text = |text: &'static str| Column::Text(vec![text, text], vec![], vec![]);
        let optional = |text: &[&'static str]| Column::Text(text.to_vec(), vec![1, 1], vec![]);
        vec![
            text("visit"),
            Column::Long(vec![AT, AT], vec![]),
            text("ann"),
            optional(&["x", "x"]),
            optional(&["one", "two"]),
        ]
    };
    let bytes = table(schema, 1, Compression::UNCOMPRESSED, &columns);
    folder.write("events.parquet", &bytes);
    let mut damaged = bytes.clone();
    // Overwrites the page of the last column.
    let at = bytes.windows(3).position(|part| part == b"one").expect("a value");
    damaged[at - 12..at].fill(0xff);
    folder.write("damaged.parquet", &damaged);
    // Two events with one id are duplicates if they differ only in a property that the model does
    // not read.
    assert_eq!(score(&folder, "events.parquet").code, 0);
    assert_eq!(files(&folder)[0].1, 2);
    assert_eq!(score(&folder, "damaged.parquet").code, 3);
    folder.write("model.toml", format!("{MODEL}\n[input]\ndedupe = false\n"));
    let outcome = score(&folder, "damaged.parquet");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(files(&folder)[0].1, 2);
}

#[test]
fn rows_are_told_apart_over_batches_and_groups() {
    let folder = folder();
    let schema = "message m { required binary event (UTF8); required binary timestamp (UTF8); required int64 user_id; required group properties { repeated binary tags (UTF8); optional binary plan (UTF8); } }";
    let columns = || {
        let times = (0..1500).map(|row| if row == 1200 { "soon" } else { "2026-10-01T10:00:00" });
        // Row n has n modulo 3 tags.
        let levels = (0..1500_i16)
            .flat_map(|row| (0..(row % 3).max(1)).map(move |tag| (i16::from(row % 3 > 0), i16::from(tag > 0))));
        let (defs, reps): (Vec<i16>, Vec<i16>) = levels.unzip();
        let tags = defs.iter().filter(|def| **def == 1).map(|_| "t").collect();
        vec![
            Column::Text(vec!["visit"; 1500], vec![], vec![]),
            Column::Text(times.collect(), vec![], vec![]),
            Column::Long((1..=1500).collect(), vec![]),
            Column::Text(tags, defs, reps),
            Column::Text(vec!["team"; 750], (0..1500).map(|row| row % 2).collect(), vec![]),
        ]
    };
    folder.write("events.parquet", table(schema, 2, Compression::SNAPPY, &columns));
    let outcome = folder.pql("score events.parquet -m model.toml --max-rejects 2 --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("the first is events.parquet:1201"), "{}", outcome.stderr);
    let found: Vec<(u64, String)> = rejects(&folder).into_iter().map(|(line, _, reason, _)| (line, reason)).collect();
    assert_eq!(found, [(1201, "bad_time".to_owned()), (2701, "bad_time".to_owned())]);
    assert_eq!(users(&folder).len(), 1499);
}

#[test]
fn a_parquet_file_that_cannot_be_read_is_named() {
    let folder = folder();
    let whole = table(FLAT, 1, Compression::SNAPPY, &flat);
    folder.write("cut.parquet", &whole[..whole.len() - 9]);
    refused(
        &folder,
        "cut.parquet",
        &[
            "`cut.parquet` is a Parquet file that cannot be read past row 0 (its footer): it does not end",
            "download it again",
        ],
    );
    let model =
        parse(&SourceDocument { name: "model.toml".to_owned(), text: MODEL.to_owned() }).expect("a valid model");
    for (nth, at) in (4..whole.len() - 200).step_by(7).enumerate() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        let path = folder.write("damaged.parquet", &damaged);
        // There are hundreds of cases, so most run in this process. A panic fails the test.
        if nth % 16 != 0 {
            let job = PipelineJob {
                model: &model,
                inputs: vec![InputSource { name: "damaged.parquet".to_owned(), kind: InputKind::File(path) }],
                format: "auto",
                when: AsOfRequest::Latest,
                now: 0,
                workers: 1,
                max_rejects: MaxRejects::Share(1.0),
                keep_rejects: false,
                limits: BlockLimits::STANDARD,
                users: None,
            };
            let _ = pipeline::fold_inputs(&job, None);
            continue;
        }
        let outcome = folder.pql("score damaged.parquet -m model.toml --max-rejects 100%");
        assert!([0, 1, 3].contains(&outcome.code), "byte {at}: {outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "byte {at}: {outcome:?}");
    }
    folder.write("packed.parquet", gzip(&whole));
    refused(
        &folder,
        "packed.parquet",
        &["`packed.parquet` is a Parquet file in a pipe or inside another file", "unpacked"],
    );
    folder.write("packed.zip", zip(&[("a.parquet", &whole)], ::zip::CompressionMethod::Stored));
    refused(&folder, "packed.zip", &["`packed.zip:a.parquet` is a Parquet file in a pipe or inside another file"]);
    let other = "message m { required binary did (UTF8); required int64 loaded_at; required binary user_id (UTF8); }";
    let columns = || {
        vec![
            Column::Text(vec!["visit"], vec![], vec![]),
            Column::Long(vec![AT], vec![]),
            Column::Text(vec!["ann"], vec![], vec![]),
        ]
    };
    folder.write("other.parquet", table(other, 1, Compression::SNAPPY, &columns));
    refused(
        &folder,
        "other.parquet",
        &[
            "`other.parquet` is a table of 3 columns of which none is known to hold the name of the event, nor its time",
            "time = \"loaded_at\"",
        ],
    );
    let fields = "[input]\nfields = { event = \"did\", time = \"loaded_at\" }\n";
    folder.write("model.toml", format!("{MODEL}\n{fields}"));
    let outcome = score(&folder, "other.parquet");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(users(&folder), [["ann", "5", "visits:5"].map(str::to_owned)]);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_over_while_it_is_read_is_told() {
    use std::{os::unix::fs::FileExt, sync::atomic::AtomicBool, sync::atomic::Ordering::Relaxed};
    let folder = folder();
    let path = folder.write("events.parquet", table(FLAT, 200, Compression::SNAPPY, &flat));
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("a file");
    let ended = AtomicBool::new(false);
    let ends = std::thread::scope(|scope| {
        // Writes the byte that the file has, so that only the modification time changes.
        scope.spawn(|| {
            while !ended.load(Relaxed) {
                file.write_all_at(b"P", 0).expect("a byte");
            }
        });
        // With coarse file times, a short reading may fall between two ticks.
        let ends = (0..40).map(|_| score(&folder, "events.parquet")).find(|outcome| outcome.code != 0);
        ended.store(true, Relaxed);
        ends
    });
    let outcome = ends.expect("a file that is always being written was always read");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("`events.parquet` was written over while it was read"), "{outcome:?}");
}
