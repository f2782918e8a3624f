//! Valid and invalid JSON. The table in the documentation is true for every model and compression.

use std::{collections::BTreeMap, io::Write};

use crate::{
    real_data::shared,
    run::Folder,
    stored::{gzip, zstd},
};

/// The case and verdict of each row of the table.
fn table() -> BTreeMap<String, String> {
    let rows =
        include_str!("../../src/engine/decode/json/VERDICTS.md").lines().filter_map(|line| line.strip_prefix("| `i_"));
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let verdicts = rows.map(|row| {
        let mut cells = row.split('|');
        (format!("i_{}", cell(cells.next().unwrap_or_default())), cell(cells.next().unwrap_or_default()))
    });
    verdicts.collect()
}

/// Reasons for lines that are not JSON.
const OF_JSON: [&str; 4] = ["invalid_json", "invalid_utf8", "too_deep", "lone_surrogate"];

const BLIND: &str = "schema = 1\n";
const READING: &str = "schema = 1\n[metrics]\nkinds = { measure = \"distinct\", value = \"p\", event = \"case\" }\nlargest = { measure = \"max\", value = \"p\", event = \"case\", where = \"p > 0\" }\n[output]\nuser_columns = [\"kinds\", \"largest\"]\n";

/// The verdict on each case as the value of a property: `accepted`, or the reason of the reject.
/// Line and bytes of a reject must equal those of the case.
fn verdicts(cases: &[(String, Vec<u8>)], model: &str, pack: fn(&[u8]) -> Vec<u8>) -> BTreeMap<String, String> {
    let folder = Folder::new();
    folder.write("model.toml", model);
    let mut file = Vec::new();
    let mut lines = Vec::new();
    for (number, (_, bytes)) in cases.iter().enumerate() {
        let head = format!(
            "{{\"event\":\"case\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"u{number}\",\"properties\":{{\"p\":"
        );
        let line = [head.as_bytes(), bytes, b"}}"].concat();
        file.extend(&line);
        file.push(b'\n');
        lines.push(line);
    }
    folder.write("cases", pack(&file));
    let outcome = folder.pql("score cases -m model.toml --out out --csv exact --max-rejects 100%");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut verdicts: BTreeMap<String, String> = BTreeMap::new();
    for line in folder.read("out/rejects.ndjson").lines() {
        let reject: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let number = reject["line"].as_u64().expect("a line") as usize - 1;
        match std::str::from_utf8(&lines[number]) {
            Ok(text) => assert_eq!(reject["text"], text),
            Err(_) => assert!(reject["hex"].is_string(), "{reject}"),
        }
        verdicts.insert(cases[number].0.clone(), reject["reason"].as_str().expect("a reason").to_owned());
    }
    for row in crate::run::rows(&folder.read("out/users.csv")).iter().skip(1) {
        let number: usize = row[0][1..].parse().expect("a number");
        let before = verdicts.insert(cases[number].0.clone(), "accepted".to_owned());
        assert_eq!(before, None, "{} is in one place", cases[number].0);
    }
    assert_eq!(verdicts.len(), cases.len(), "each case is somewhere");
    verdicts
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// The verdicts, which must be the same under both models, plain and compressed.
fn agreed(cases: &[(String, Vec<u8>)]) -> BTreeMap<String, String> {
    let agreed = verdicts(cases, BLIND, plain);
    for (model, pack) in [(READING, plain as fn(&[u8]) -> Vec<u8>), (BLIND, gzip), (READING, zstd)] {
        assert_eq!(agreed, verdicts(cases, model, pack), "a verdict depends on more than the line");
    }
    agreed
}

#[test]
fn the_table_of_verdicts_holds_for_the_suite() {
    let Some(shared) = shared() else { return };
    let pattern = shared.join("corpora/json-test-suite/*.json").display().to_string();
    let cases = glob::glob(&pattern).expect("a pattern").map(|path| {
        let path = path.expect("a path");
        (path.file_stem().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("a file"))
    });
    // A case with a line end would be several lines here.
    let cases: Vec<(String, Vec<u8>)> = cases.filter(|(_, bytes)| !bytes.contains(&b'\n')).collect();
    let table = table();
    let mut told = [0; 3];
    for (name, verdict) in agreed(&cases) {
        match name.as_bytes()[0] {
            b'y' => assert_eq!(verdict, "accepted", "{name}"),
            b'n' => assert!(OF_JSON.contains(&verdict.as_str()), "{name}: {verdict}"),
            _ => assert_eq!(Some(&verdict), table.get(&name), "{name}"),
        }
        told[b"yni".iter().position(|first| *first == name.as_bytes()[0]).expect("y, n or i")] += 1;
    }
    let _ =
        writeln!(std::io::stderr(), "json-test-suite: {} y_, {} n_, {} i_, in 4 ways each", told[0], told[1], told[2]);
    assert!(told.iter().all(|count| *count > 10), "{told:?}");
}

#[test]
fn cases_with_line_ends_are_judged_in_lists() {
    let Some(shared) = shared() else { return };
    let folder = Folder::new();
    folder.write("model.toml", READING);
    let mut told = 0;
    for path in glob::glob(&shared.join("corpora/json-test-suite/*.json").display().to_string()).expect("a pattern") {
        let path = path.expect("a path");
        let (name, bytes) =
            (path.file_stem().expect("a name").to_string_lossy(), std::fs::read(&path).expect("a file"));
        if !bytes.contains(&b'\n') {
            continue;
        }
        let head =
            b"[{\"event\":\"case\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"u\",\"properties\":{\"p\":";
        folder.write("list.json", [head, bytes.as_slice(), b"}}]"].concat());
        let outcome = folder.pql("score list.json -m model.toml --level user -q");
        assert_eq!(outcome.code == 0, name.starts_with('y'), "{name}: {outcome:?}");
        told += 1;
    }
    assert!(told > 0);
}

#[test]
fn the_table_of_verdicts_holds_for_values_of_its_kinds() {
    let table = table();
    let case = |name: &str, bytes: &[u8]| (format!("i_{name}"), bytes.to_vec());
    let digits = "9".repeat(400);
    let cases = [
        case("number_double_huge_neg_exp", b"5e-4000"),
        case("number_huge_exp", format!("[0.1e{digits}]").as_bytes()),
        case("number_huge_exp", format!("2e{digits}").as_bytes()),
        case("number_real_neg_overflow", b"-7e999"),
        case("number_real_pos_overflow", b"7e999"),
        case("number_real_underflow", b"[3e-999]"),
        case("number_too_big_neg_int", format!("-{digits}").as_bytes()),
        case("number_too_big_pos_int", digits.as_bytes()),
        case("object_key_lone_2nd_surrogate", br#"{"\udc11":1}"#),
        case("string_1st_surrogate_but_2nd_missing", br#""\ud811""#),
        case("string_1st_valid_surrogate_2nd_invalid", br#"["\ud811\u0077"]"#),
        case("string_incomplete_surrogate_pair", br#""\udc11a""#),
        case("string_inverted_surrogates_U+1D11E", br#""\udc11\ud811""#),
        case("string_incomplete_surrogate_and_escape_valid", br#""\ud811\n""#),
        case("string_UTF-16LE_with_BOM", b"\xff\xfe\"\0x\0\"\0"),
        case("string_UTF8_surrogate_U+D800", b"\"\xed\xa1\x91\""),
        case("string_invalid_utf-8", b"\"\xfe\""),
        case("string_iso_latin_1", b"\"\xfc\""),
        case("string_lone_utf8_continuation_byte", b"\"\x91\""),
        case("string_not_in_unicode_range", b"\"\xf5\x90\x80\x80\""),
        case("string_overlong_sequence_2_bytes", b"\"\xc1\xa1\""),
        case("string_overlong_sequence_6_bytes", b"\"\xfc\x80\x80\x80\x81\xa1\""),
        case("string_truncated-utf-8", b"\"\xe3\x81\""),
        case("structure_500_nested_arrays", ["[".repeat(500), "]".repeat(500)].concat().as_bytes()),
        case("structure_UTF-8_BOM_empty_object", b"\xef\xbb\xbf{}"),
    ];
    for (name, bytes) in cases {
        // A run needs an event, so a good one is added.
        let verdict = agreed(&[(name.clone(), bytes), ("y_good".to_owned(), b"1".to_vec())]);
        assert_eq!(verdict.get(&name), table.get(&name), "{name}");
    }
    assert_eq!(table.len(), 35);
}
