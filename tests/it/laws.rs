//! Laws for any events: results depend neither on the order of lines, nor on the files, nor on the
//! threads, and all numbers add up.

use std::path::Path;

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value as Json;

use crate::{
    run::{Folder, rows},
    stored::gzip,
};

/// A model that uses most of the language. It reads the fixture and the random events below.
const MODEL: &str = include_str!("laws.toml");

/// A strategy for one line. All its sets are small, so that events share ids, times and names.
fn line() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => Just("feature_used"),
        1 => Just("signup_completed"),
        1 => Just("team_invite_sent"),
        1 => Just("upgrade_started"),
        1 => Just("upgrade_completed"),
        1 => Just("email_delivered"),
    ];
    // Ids: users, an excluded one, a service user, visitors, and lines with both kinds of ids.
    let who = prop_oneof![
        6 => (0..6_u8).prop_map(|n| format!(",\"user_id\":\"u{n}\"")),
        1 => Just(",\"user_id\":\"x1\"".to_owned()),
        1 => Just(",\"user_id\":\"service-1\"".to_owned()),
        1 => (0..3_u8).prop_map(|n| format!(",\"user_id\":\"service-1\",\"anonymous_id\":\"v{n}\"")),
        1 => (0..3_u8).prop_map(|n| format!(",\"anonymous_id\":\"v{n}\"")),
        1 => (0..4_u8, 0..3_u8).prop_map(|(u, v)| format!(",\"user_id\":\"u{u}\",\"anonymous_id\":\"v{v}\"")),
    ];
    let account = prop_oneof![2 => Just(None), 3 => (0..3_u8).prop_map(Some)];
    // Hours since 2026-08-01. They are few, so that instants are often equal.
    let hours = (0..200_u32).prop_map(|n| n * 11);
    let id = prop_oneof![1 => Just(None), 2 => (0..40_u8).prop_map(Some)];
    (name, who, account, hours, id, any::<u16>(), 0..40_u8).prop_map(|(name, who, account, hours, id, noise, kind)| {
        let account = account.map(|n| format!(",\"account_id\":\"a{n}\"")).unwrap_or_default();
        let id = id.map(|n| format!(",\"event_id\":\"e{n}\"")).unwrap_or_default();
        let at = format!("\"timestamp\":{}", 1_785_542_400_u64 + u64::from(hours) * 3600);
        let (feature, plan, size) = (noise % 5, noise / 5 % 3, i32::from(noise % 97) - 40);
        match kind {
            0 => String::new(),
            1 => format!("{{\"event\":\"{name}\"}}"),
            2 => format!("{{\"type\":\"alias\",{at},\"previous_id\":\"u{}\",\"user_id\":\"u{plan}\"}}", feature),
            3..=4 => format!("{{\"type\":\"identify\",{at}{who},\"traits\":{{\"role\":\"r{plan}\",\"email\":\"m{feature}@d{plan}.example\"}}}}"),
            5..=6 => format!("{{\"type\":\"group\",{at},\"user_id\":\"u{feature}\",\"account_id\":\"a{plan}\",\"traits\":{{\"plan\":\"p{feature}\",\"company_size\":{}}}}}", size * 7),
            _ => format!(
                "{{\"event\":\"{name}\",{at}{who}{account}{id},\"properties\":{{\"feature\":\"F{feature}\",\"tier\":\"{}\",\"amount\":{}.{plan}5,\"target_plan\":\"t{plan}\",\"workspace_id\":\"w{plan}\"}}}}",
                if noise % 2 == 0 { "premium" } else { "free" },
                size
            ),
        }
    })
}

/// The rows that two runs over the same events must share.
struct Rows {
    users: String,
    accounts: String,
}

/// Asserts that two runs give the same rows; shows the first difference.
fn assert_same(found: &Rows, expected: &Rows, what: &str) {
    for (found, expected) in [(&found.users, &expected.users), (&found.accounts, &expected.accounts)] {
        let differing = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
        assert!(found == expected, "{what} changes rows, the first is\n{differing:#?}");
    }
}

/// Runs over the files of the folder; returns the rows and the run record.
fn run(folder: &Folder, arguments: &str, stdin: &[u8]) -> (Rows, Json) {
    let words = format!("score {arguments} -m model.toml --out out --max-rejects 100% -q");
    let outcome = folder.pql_with(&words.split_whitespace().collect::<Vec<_>>(), stdin);
    assert_eq!(outcome.code, 0, "{words}: {}", outcome.stderr);
    let record = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    (Rows { users: folder.read("out/users.csv"), accounts: folder.read("out/accounts.csv") }, record)
}

/// A pseudo-random number from a seed, the same in every run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

fn shuffle(lines: &mut [String], seed: &mut u64) {
    for at in (1..lines.len()).rev() {
        lines.swap(at, next(seed) % (at + 1));
    }
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Asserts that the buckets add up, in all files together and in each.
fn assert_counts(record: &Json) {
    let sum = |counts: &Json, names: &[&str]| names.iter().map(|name| counts[*name].as_u64().expect(name)).sum::<u64>();
    let buckets = ["blank", "rejected", "excluded", "after_as_of", "identity", "duplicate", "anonymous", "scored"];
    let files = record["files"].as_array().expect("a list");
    for counts in files.iter().map(|file| &file["counts"]).chain([&record["counts"]]) {
        assert_eq!(sum(counts, &["records"]), sum(counts, &buckets), "{counts}");
    }
    for bucket in buckets.iter().chain(&["records"]) {
        let of_files: u64 = files.iter().map(|file| sum(&file["counts"], &[bucket])).sum();
        assert_eq!(of_files, sum(&record["counts"], &[bucket]), "{bucket}");
    }
}

/// Thousandths, parsed from text without a floating-point number.
fn thousandths(text: &str) -> i64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(part.len() <= 3, "{text}");
    sign * format!("{whole}{part:0<3}").parse::<i64>().unwrap_or_else(|_| panic!("points `{text}`"))
}

/// Asserts that the parts of every row add up to the score, and that the rows are sorted.
fn assert_sums(csv: &str) {
    let rows = rows(csv);
    let header = &rows[0];
    let column = |name: &str| header.iter().position(|known| known == name).expect(name);
    let (score, signals) = (column("score"), column("signals"));
    let mut before: Option<(i64, String)> = None;
    for row in &rows[1..] {
        let total = thousandths(&row[score]);
        let (mut sum, mut score_cap, mut places) = (0, 0, Vec::new());
        for part in row[signals].split(';').filter(|part| !part.is_empty()) {
            let (name, points) = part.rsplit_once(':').expect("name:points");
            let points = thousandths(points);
            sum += points;
            match name {
                "cap:score" => score_cap = points,
                _ if name.starts_with("cap:") => {}
                _ => places.push(points),
            }
        }
        assert_eq!(sum, total, "{row:?}");
        assert!(places.is_sorted_by(|a, b| a >= b), "the largest first: {row:?}");
        let of_categories: i64 = header
            .iter()
            .zip(row)
            .filter(|(name, _)| name.starts_with("points_"))
            .map(|(_, points)| thousandths(points))
            .sum();
        assert_eq!(of_categories, total - score_cap, "{row:?}");
        let key = (-total, row[0].clone());
        assert!(before.as_ref().is_none_or(|before| *before < key), "{before:?} stands before {key:?}");
        before = Some(key);
    }
}

/// Asserts that JSON and CSV agree in every column.
fn assert_json_agrees(folder: &Folder, arguments: &str, level: &str) {
    let with = |form: &str| {
        let words = format!(
            "score {arguments} -m model.toml --max-rejects 100% --csv exact -q --level {level} --format {form}"
        );
        let outcome = folder.pql(&words);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout
    };
    let table = rows(&with("csv"));
    let objects: Vec<Json> = serde_json::from_str(&with("json")).expect("a list");
    assert_eq!(table.len() - 1, objects.len());
    for (row, object) in table[1..].iter().zip(&objects) {
        for (name, cell) in table[0].iter().zip(row) {
            match &object[name] {
                Json::Array(signals) => {
                    let fired = signals
                        .iter()
                        .filter(|one| one["state"] == "fired")
                        .map(|one| format!("{}:{}", one["name"].as_str().expect("a name"), one["points"]));
                    let of_row = cell.split(';').filter(|part| !part.is_empty() && !part.starts_with("cap:"));
                    let (mut of_row, mut fired): (Vec<_>, Vec<_>) =
                        (of_row.map(str::to_owned).collect(), fired.collect());
                    of_row.sort();
                    fired.sort();
                    assert_eq!(of_row, fired, "{object}");
                }
                Json::Number(number) => {
                    let cell: f64 = cell.parse().unwrap_or_else(|_| panic!("`{name}` is `{cell}`"));
                    assert!(number.as_f64() == Some(cell), "`{name}` is {cell} and {number}");
                }
                Json::Null => assert_eq!(cell, "", "{name}"),
                Json::String(text) => assert_eq!(cell, text, "{name}"),
                other => assert_eq!(cell, &other.to_string(), "{name}"),
            }
        }
    }
}

/// Asserts that every arrangement of the same lines gives the same rows.
fn assert_arrangements_agree(lines: &[String], as_of: &str, mut seed: u64) {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    let plain = text(lines);
    folder.write("one.ndjson", &plain);
    let when = format!("--as-of {as_of}");
    let (expected, record) = run(&folder, &format!("one.ndjson {when} --threads 1"), b"");
    assert_counts(&record);
    assert_sums(&expected.users);
    assert_sums(&expected.accounts);
    assert_json_agrees(&folder, &format!("one.ndjson {when}"), "user");
    assert_json_agrees(&folder, &format!("one.ndjson {when}"), "account");

    // Any order, in several files, some of them compressed.
    let mut shuffled = lines.to_vec();
    shuffle(&mut shuffled, &mut seed);
    let mut rest = shuffled.as_slice();
    for number in 0..6 {
        let count = if number == 5 { rest.len() } else { next(&mut seed) % (rest.len() + 1) };
        let (part, after) = rest.split_at(count);
        rest = after;
        let (first, second) = part.split_at(part.len() / 2);
        match number % 3 {
            0 => folder.write(&format!("parts/{number}.ndjson"), text(part)),
            // A gzip file of two members, cut between lines or within one.
            1 => folder.write(&format!("parts/deep/{number}.ndjson.gz"), {
                let whole = text(part);
                let cut = if number == 1 { text(first).len() } else { whole.len() / 3 };
                [gzip(&whole.as_bytes()[..cut]), gzip(&whole.as_bytes()[cut..])].concat()
            }),
            _ => folder.write(&format!("parts/{number}.jsonl.zst"), {
                let encode = |lines: &[String]| zstd::stream::encode_all(text(lines).as_bytes(), 1).expect("memory");
                [encode(first), encode(second)].concat()
            }),
        };
    }
    let mut files = None;
    for threads in [1, 2, 5] {
        let (rows, record) = run(&folder, &format!("parts {when} --threads {threads}"), b"");
        assert_same(&rows, &expected, &format!("a split into files with {threads} threads"));
        assert_counts(&record);
        assert_eq!(*files.get_or_insert_with(|| record["files"].clone()), record["files"], "{threads} threads");
    }
    folder.write("one.ndjson.gz", gzip(plain.as_bytes()));
    for (arguments, stdin) in [
        ("one.ndjson.gz", "".as_bytes()),
        ("-", plain.as_bytes()),
        ("-", &gzip(plain.as_bytes())),
        ("-", plain.trim_end().as_bytes()),
    ] {
        assert_same(&run(&folder, &format!("{arguments} {when}"), stdin).0, &expected, arguments);
    }

    // Repeats lines that have an event id, as duplicates.
    let again: Vec<String> = lines
        .iter()
        .filter(|line| line.contains("\"event_id\"") && next(&mut seed).is_multiple_of(2))
        .cloned()
        .collect();
    folder.write("again.ndjson", text(&again));
    let (rows, doubled) = run(&folder, &format!("again.ndjson one.ndjson {when}"), b"");
    assert_same(&rows, &expected, "what came twice");
    assert_counts(&doubled);
    let count = |record: &Json, name: &str| record["counts"][name].as_u64().expect(name);
    assert_eq!(count(&doubled, "records"), count(&record, "records") + again.len() as u64);
    assert_eq!(count(&doubled, "scored"), count(&record, "scored"));
    assert_eq!(doubled["id_conflict"], record["id_conflict"]);
}

#[test]
fn arrangement_never_shows_for_random_events() {
    let config = Config { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let as_of = prop_oneof![Just("2026-10-31"), Just("2026-10-01T05:30:00.25Z"), Just("latest")];
    let good =
        "{\"event\":\"feature_used\",\"timestamp\":\"2026-08-02T00:00:00Z\",\"user_id\":\"u0\",\"account_id\":\"a0\"}";
    let result = runner.run(&(vec(line(), 0..160), as_of, any::<u64>()), |(mut lines, as_of, seed)| {
        // At least one event is good, so that the run has an as-of instant.
        lines.push(good.to_owned());
        assert_arrangements_agree(&lines, as_of, seed);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn arrangement_never_shows_for_the_fixture() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events.ndjson");
    let lines: Vec<String> = std::fs::read_to_string(path).expect("the fixture").lines().map(str::to_owned).collect();
    assert_arrangements_agree(&lines, "latest", 1);
    assert_arrangements_agree(&lines, "2026-10-05T12:00:00Z", 2);
    // Two copies of all accounts make many blocks in one file, which the threads share.
    let mut many = Vec::new();
    for copy in 0..2 {
        let mark = |line: &String| {
            ["user_id", "account_id", "event_id"]
                .iter()
                .fold(line.clone(), |line, key| line.replace(&format!("\"{key}\":\""), &format!("\"{key}\":\"{copy}-")))
        };
        many.extend(lines.iter().map(mark));
    }
    assert_arrangements_agree(&many, "2026-10-31", 3);
}
