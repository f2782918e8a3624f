//! Bad lines among good ones. Each is counted under its reason and can be recovered byte for byte.
//! No bad line changes another result.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::run::{Folder, Outcome};

/// The number of good lines; every 50th line of the file is bad. `PQL_BAD_LINES=1000000` tries a
/// large file.
fn good_lines() -> usize {
    std::env::var("PQL_BAD_LINES").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000)
}

const MODEL: &str = "schema = 1\n[[user.signals]]\nname = \"steps\"\nper = \"events\"\npoints = 1\nmax = 5000\n";

fn good(number: usize) -> String {
    let minute = number % 60;
    format!(
        "{{\"event\":\"e{}\",\"timestamp\":\"2026-10-{:02}T10:{minute:02}:00Z\",\"user_id\":\"u{}\",\"account_id\":\"a{}\",\"properties\":{{\"n\":{number}}}}}",
        number % 7,
        number % 28 + 1,
        number * 31 % 997,
        number % 53
    )
}

/// A bad line of each kind, with its reason and its repaired form.
fn bad(kind: usize, number: usize) -> (Vec<u8>, &'static str) {
    let whole = good(number);
    let with = |from: &str, to: &str| {
        assert!(whole.contains(from), "{whole} {from}");
        whole.replacen(from, to, 1).into_bytes()
    };
    let head = whole.len() - 1;
    let user = format!("\"user_id\":\"u{}\",\"account_id\":\"a{}\"", number * 31 % 997, number % 53);
    let time = whole.split("\"timestamp\":").nth(1).and_then(|rest| rest.split(',').next()).expect("a time").to_owned();
    match kind {
        0 => (whole.as_bytes()[..head - 5].to_vec(), "invalid_json"),
        1 => (format!("{whole} and {whole}").into_bytes(), "invalid_json"),
        2 => (whole.replace('"', "'").into_bytes(), "invalid_json"),
        3 => (with("\"n\":", "\"n\":NaN,\"m\":"), "invalid_json"),
        4 => (with("\"n\":", "\"n\":\"a\u{1}b\",\"m\":"), "invalid_json"),
        5 => (with("\"n\":", "\"n\":01,\"m\":"), "invalid_json"),
        6 => ([b"\xff\xfe".as_slice(), whole.as_bytes()].concat(), "invalid_utf8"),
        7 => ([&whole.as_bytes()[..head], b",\"x\":\"\xe2\x82\"}"].concat(), "invalid_utf8"),
        8 => (with("\"n\":", "\"n\":\"\\ud800\",\"m\":"), "lone_surrogate"),
        9 => (with("\"n\":", &format!("\"n\":{}{},\"m\":", "[".repeat(200), "]".repeat(200))), "too_deep"),
        10 => (format!("[{whole}]").into_bytes(), "not_object"),
        11 => (b"\"text\"".to_vec(), "not_object"),
        12 => (with("\"event\":", "\"evnt\":"), "no_event"),
        13 => (with("\"timestamp\":", "\"when\":"), "no_time"),
        14 => (with(&time, "\"2026-13-01T10:00:00Z\""), "bad_time"),
        15 => (with(&time, "true"), "bad_time"),
        16 => (with(&time, "99999999999999999999999"), "time_out_of_range"),
        17 => (with(&user, "\"user_id\":\"undefined\",\"account_id\":\"\""), "no_id"),
        18 => (with(&user, "\"user_id\":{\"id\":1}"), "bad_id"),
        19 => (with("\"event\":", "\"type\":\"alias\",\"previous\":"), "no_alias"),
        _ => (with("\"n\":", &format!("\"n\":\"{}\",\"m\":", "x".repeat(5000))), "too_long"),
    }
}

const KINDS: usize = 21;

/// A file with bad and good lines, a file with the good lines only, and the bad lines with their
/// reasons and numbers.
struct Files {
    mixed: Vec<u8>,
    clean: String,
    bad: Vec<(Vec<u8>, &'static str, u64)>,
}

fn files() -> Files {
    let mut files = Files { mixed: Vec::new(), clean: String::new(), bad: Vec::new() };
    let mut number = 0;
    for at in 0..good_lines() {
        let line = good(at);
        files.mixed.extend(line.as_bytes());
        files.mixed.push(b'\n');
        number += 1;
        let _ = writeln!(files.clean, "{line}");
        if at % 100 == 57 {
            let (line, reason) = bad(files.bad.len() % KINDS, at);
            files.mixed.extend(&line);
            files.mixed.push(b'\n');
            number += 1;
            files.bad.push((line, reason, number));
        }
    }
    files
}

fn score(folder: &Folder, file: &str, out: &str) -> Outcome {
    let arguments =
        format!("score {file} -m model.toml --out {out} --as-of 2026-10-31 --max-rejects 5% --max-line 4KiB");
    let outcome = folder.pql(&arguments);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome
}

fn rejects(folder: &Folder, out: &str) -> Vec<Json> {
    let text = folder.read(&format!("{out}/rejects.ndjson"));
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The bytes of a rejected line.
fn bytes(reject: &Json) -> Vec<u8> {
    if let Some(text) = reject["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let hex = reject["hex"].as_str().expect("text or hex");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("digits")).collect()
}

#[test]
fn bad_lines_are_counted_and_kept_byte_for_byte_and_change_nothing_else() {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let files = files();
    folder.write("mixed.ndjson", &files.mixed);
    folder.write("clean.ndjson", &files.clean);
    score(&folder, "clean.ndjson", "clean");
    score(&folder, "mixed.ndjson", "mixed");
    for name in ["users.csv", "accounts.csv"] {
        let same = folder.read(&format!("clean/{name}")) == folder.read(&format!("mixed/{name}"));
        assert!(same, "{name}: bad lines change what others come to");
    }
    let rejects = rejects(&folder, "mixed");
    assert_eq!(rejects.len(), files.bad.len());
    for (reject, (line, reason, number)) in rejects.iter().zip(&files.bad) {
        assert_eq!(reject["reason"], *reason, "{reject}");
        assert_eq!(reject["line"], *number, "{reject}");
        let offset = reject["offset"].as_u64().expect("an offset") as usize;
        assert_eq!(&files.mixed[offset..offset + line.len()], line.as_slice(), "{reject}");
        match *reason {
            "too_long" => {
                assert_eq!(reject["length"], line.len(), "{reject}");
                assert_eq!(bytes(reject), &line[..1024], "{reject}");
            }
            _ => assert_eq!(bytes(reject), *line, "{reject}"),
        }
    }
    let run: Json = serde_json::from_str(&folder.read("mixed/run.json")).expect("JSON");
    assert_eq!(run["counts"]["rejected"], files.bad.len());
    assert_eq!(run["counts"]["records"], good_lines() + files.bad.len());
    for (reason, count) in run["rejected_by_reason"].as_object().expect("counts") {
        let expected = files.bad.iter().filter(|(_, known, _)| known == reason).count();
        assert_eq!(*count, expected, "{reason}");
    }
}

#[test]
fn rejects_can_be_repaired_and_fed_back() {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let broken = |line: &str| line.replace("\"timestamp\":\"2026-10", "\"timestamp\":\"2026/10");
    let all: Vec<String> = (0..2000).map(good).collect();
    let mixed: Vec<String> =
        all.iter().enumerate().map(|(at, line)| if at % 40 == 7 { broken(line) } else { line.clone() }).collect();
    folder.write("all.ndjson", all.join("\n"));
    folder.write("mixed.ndjson", mixed.join("\n"));
    score(&folder, "all.ndjson", "all");
    score(&folder, "mixed.ndjson", "mixed");
    let rejects = rejects(&folder, "mixed");
    assert_eq!(rejects.len(), 50);
    assert!(rejects.iter().all(|reject| reject["reason"] == "bad_time"), "{}", rejects[0]);
    // A user does this with `jq -r .text` and an editor.
    let repaired =
        rejects.iter().map(|reject| reject["text"].as_str().expect("text").replace("2026/10", "2026-10") + "\n");
    folder.write("repaired.ndjson", repaired.collect::<String>());
    score(&folder, "mixed.ndjson repaired.ndjson", "repaired");
    for name in ["users.csv", "accounts.csv"] {
        assert_ne!(folder.read(&format!("all/{name}")), folder.read(&format!("mixed/{name}")), "{name}");
        assert_eq!(folder.read(&format!("all/{name}")), folder.read(&format!("repaired/{name}")), "{name}");
    }
    // The file of rejects holds no events, and the program reports that.
    let outcome = folder.pql("score mixed/rejects.ndjson -m model.toml");
    assert_eq!(outcome.code, 1, "{outcome:?}");
}

#[test]
fn the_longest_line_can_be_set_in_every_command_that_reads_events() {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let long = good(1).replace("\"n\":1", &format!("\"n\":1,\"x\":\"{}\"", "x".repeat(3000)));
    folder.write("long.ndjson", format!("{}\n{long}\n", good(0)));
    for command in [
        "score long.ndjson -m model.toml --max-rejects 1",
        "explain user:u0 long.ndjson -m model.toml --max-rejects 1",
        "diff model.toml model.toml long.ndjson --max-rejects 1",
        "inspect long.ndjson",
        "init long.ndjson --force",
    ] {
        for (limit, rejected) in [("2KiB", true), ("4KiB", false), ("16MiB", false)] {
            let outcome = folder.pql(&format!("{command} --max-line {limit}"));
            assert_eq!(outcome.code, 0, "{command} {limit}: {outcome:?}");
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            if !command.starts_with("init") && !command.starts_with("explain") {
                assert_eq!(said.contains("too_long"), rejected, "{command} {limit}: {said}");
            }
        }
        for limit in ["0", "1MB", "2GiB", "lots"] {
            let outcome = folder.pql(&format!("{command} --max-line {limit}"));
            assert_eq!(outcome.code, 2, "{command} {limit}");
            assert!(outcome.stderr.contains("a size from 1KiB to 1GiB"), "{}", outcome.stderr);
        }
    }
}

#[test]
fn a_line_that_breaks_off_in_any_white_space_is_one_reject() {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    let whole = good(1);
    let cut = whole.rfind('}').expect("an end") - 1;
    for space in ["\u{a0}", "\u{3000}", "\u{b}", "\u{2028}", "\u{85}"] {
        folder.write("events.ndjson", format!("{whole}\n{}{space}\n", &whole[..cut]));
        for command in ["score events.ndjson -m model.toml --level user --max-rejects 1", "inspect events.ndjson"] {
            let outcome = folder.pql(command);
            assert_eq!(outcome.code, 0, "{space:?} {command}: {outcome:?}");
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(said.contains("invalid_json"), "{space:?} {command}: {said}");
        }
        let outcome = folder.pql("explain user:u31 events.ndjson -m model.toml --max-rejects 1");
        assert_eq!(outcome.code, 0, "{space:?}: {outcome:?}");
        folder.write("accounts.ndjson", format!("{{\"account_id\":\"a31\"}}\n{{\"account_id\":\"a32\",{space}\n"));
        let outcome = folder.pql("score events.ndjson -m model.toml --max-rejects 1 --accounts accounts.ndjson");
        assert_eq!(outcome.code, 2, "{space:?}: {outcome:?}");
        assert!(outcome.stderr.contains("line 2"), "{space:?}: {}", outcome.stderr);
    }
}
