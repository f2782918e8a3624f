//! Lists, tables and members are cut alike whatever the sizes, and each record knows its place.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

use std::fs;

use tempfile::TempDir;

use super::{BlockLimits, BlockReader, InputKind, InputSource, LineBlock, ReadError};

/// A record as a line, with its line and offset in the file.
type ReadRecord = (String, u64, u64);

/// Reads a file in blocks of a size; long records appear as `long` and their length.
fn read(content: &[u8], block_bytes: usize, line_bytes_max: usize) -> Result<Vec<ReadRecord>, ReadError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events");
    fs::write(&path, content).unwrap();
    let input = InputSource { name: "events".to_owned(), kind: InputKind::File(path) };
    let reader = BlockReader::new(vec![input], BlockLimits { block_bytes, line_bytes_max, ..BlockLimits::STANDARD }, 1);
    let mut found = Vec::new();
    let mut index = 0;
    let mut block = LineBlock::default();
    while let Some(next) = reader.next(block)? {
        assert_eq!(next.index, index);
        index += 1;
        let lines: Vec<String> = match next.long_line {
            Some(length) => vec![format!("long {length}")],
            None => String::from_utf8(next.bytes.clone()).unwrap().lines().map(str::to_owned).collect(),
        };
        assert_eq!(lines.len(), next.origins.len());
        assert!(next.bytes.len() <= block_bytes + line_bytes_max + 64);
        for (line, place) in lines.into_iter().zip(&next.origins) {
            found.push((line, place.line, place.offset));
        }
        block = next;
    }
    assert_eq!(reader.file_stats()[0].bytes, content.len() as u64);
    Ok(found)
}

/// Asserts that a content reads as some records, each at the place of a part of the content, in
/// blocks of every size.
fn check(content: &str, expected: &[(&str, &str)]) {
    let mut from = 0;
    let expected: Vec<ReadRecord> = expected
        .iter()
        .map(|(record, begins)| {
            let at = from + content[from..].find(begins).unwrap();
            from = at + 1;
            let line = content[..at].matches('\n').count() as u64 + 1;
            ((*record).to_owned(), line, at as u64)
        })
        .collect();
    for block_bytes in (1..40).chain([1 << 16]) {
        assert_eq!(read(content.as_bytes(), block_bytes, 30).unwrap(), expected, "blocks of {block_bytes}");
    }
}

#[test]
fn a_list_is_split_at_its_commas_alone() {
    check("[{}]", &[("{}", "{}")]);
    check("[]\n[ ]\n", &[]);
    check(
        "[{\"a\":[1,{\"b\":2}]} ,\n\n {\"c\":\"],}\\\",[\"} , 3 ]",
        &[("{\"a\":[1,{\"b\":2}]}", "{\"a\""), ("{\"c\":\"],}\\\",[\"}", "{\"c\""), ("3", "3")],
    );
    check("[{\"text\":\"over thirty bytes with, commas\"},{}]", &[("long 41", "{\"text"), ("{}", "{}")]);
    check(
        "{\n\"a\":1}{\"b\":2}\nmore, text\n{}",
        &[("{\r\"a\":1}", "{\n"), ("{\"b\":2}", "{\"b"), ("more, text", "more"), ("{}", "{}")],
    );
    check(
        "{\"n\":{},\"data\":[{\"time\":1},{\"time\":2}],\"x\":[\"]}\"]}\n{\"data\":[]}",
        &[("{\"time\":1}", "{\"time\""), ("{\"time\":2}", "{\"time\"")],
    );
}

#[test]
fn a_table_is_split_at_its_rows_alone() {
    check(
        "event,time,user_id\na,1,x\n\n\"b\nb\",2,\"x\"\"y\"\r\nc,3,5\" z\n,,",
        &[
            ("{\"event\":\"a\",\"timestamp\":\"1\",\"user_id\":\"x\"}", "a,1"),
            ("{\"event\":\"b\\nb\",\"timestamp\":\"2\",\"user_id\":\"x\\\"y\"}", "\"b"),
            ("{\"event\":\"c\",\"timestamp\":\"3\",\"user_id\":\"5\\\" z\"}", "c,3"),
            // A row without a value is a blank line.
            ("", ",,"),
        ],
    );
    check(
        "event;time;user_id\na;1;a name, and a comma in it, long\nb;2;x",
        &[("long 36", "a;1"), ("{\"event\":\"b\",\"timestamp\":\"2\",\"user_id\":\"x\"}", "b;2")],
    );
}

#[test]
fn a_list_that_stops_anywhere_is_an_error() {
    let whole = "[{\"a\":\"x\\\"]\"},{\"b\":[1]}]";
    for cut in 2..whole.len() {
        let cut = read(&whole.as_bytes()[..cut], 8, 100);
        assert!(matches!(cut, Err(ReadError::TruncatedList { .. })), "{cut:?}");
    }
}
