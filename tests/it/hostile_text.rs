//! Hostile text in ids, names, values, models and paths. No terminal, build server, spreadsheet or
//! reader of the program's output may take it for more than text.

use std::fmt::Write;

use crate::{
    real_data::shared,
    run::{Folder, Outcome, rows},
};

/// Texts that steer terminals, build servers or spreadsheets.
const HOSTILE: [&str; 22] = [
    "\u{1b}[31mred\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{9b}2J\u{8}\u{8}\r",
    "\u{202e}rorre\u{2066}\u{61c}\u{200f}",
    "line\nnext\u{2028}more\u{85}",
    "::error file=x::y",
    "::add-mask::a",
    " ::stop-commands::x",
    "##[error]x ##vso[task.complete]",
    "##teamcity[buildStatus status='FAILURE']",
    "x\n::set-output name=a::b",
    "=cmd|' /C calc'!A0",
    "+1;=1+1",
    "-2+3\t=1",
    "@SUM(A1)\r\n=2",
    "\0=1",
    "\t=1",
    "＝1+1",
    "'=1",
    "x\n\";=1",
    "\";=1\";",
    "|=1|",
    "</script><img src=x onerror=alert(1)>`|&",
];

/// A text that no message may show unless the user asks for values.
const SECRET: &str = "hunter2";

const MODEL: &str = r#"schema = 1
[metrics]
newest = { measure = "latest", value = "p" }
commonest = { measure = "top", value = "p", k = 2 }
[user.traits]
role = { type = "text" }
[[user.signals]]
name = "any"
per = "events"
points = 1
say = "{newest}"
[[account.signals]]
name = "many"
event = "e"
points = 1
[[user.tiers]]
name = "hot"
label = "LABEL"
at_least = 1
[[user.tiers]]
name = "not"
[[user.routes]]
name = "r"
motion = "human"
to = "LABEL"
action = "LABEL"
because = "{newest}"
message = "LABEL {newest}"
[output]
user_columns = ["role", "newest", "commonest"]
"#;

fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// A model that has the text in every place for text.
fn model(text: &str) -> String {
    let toml: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '{' | '}' => format!("{c}{c}"),
            c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    MODEL.replace("LABEL", &toml)
}

/// Events that have the texts in every place for text.
fn events(texts: &[&str]) -> String {
    let mut lines = String::new();
    for (at, text) in texts.iter().enumerate() {
        let text = quoted(text);
        let time = format!("\"timestamp\":\"2026-10-{:02}T10:00:00Z\"", at % 28 + 1);
        for event in ["\"e\"", text.as_str()] {
            let _ = writeln!(
                lines,
                "{{\"event\":{event},{time},\"user_id\":{text},\"account_id\":{text},\"properties\":{{\"p\":{text},{text}:{text},\"role\":{text}}}}}"
            );
        }
        let _ = writeln!(lines, "{{\"type\":\"identify\",{time},\"user_id\":{text},\"traits\":{{\"role\":{text}}}}}");
    }
    lines
}

/// Asserts that an output contains no text that steers its viewer.
fn harmless(text: &str, what: &str) {
    for (number, line) in text.split('\n').enumerate() {
        let risky = |c: char| {
            c.is_control()
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!line.contains(risky), "{what}, line {}: {line:?}", number + 1);
        assert!(!line.trim_start().starts_with("::"), "{what}, line {}: {line:?}", number + 1);
        for command in ["##[", "##vso[", "##teamcity["] {
            assert!(!line.contains(command), "{what}, line {}: {line:?}", number + 1);
        }
    }
}

fn pql(folder: &Folder, arguments: &[&str]) -> Outcome {
    folder.pql_with(arguments, b"")
}

#[test]
fn no_command_steers_a_terminal_or_a_build_server() {
    let folder = Folder::new();
    folder.write("events.ndjson", events(&HOSTILE));
    for (at, text) in HOSTILE.iter().enumerate() {
        folder.write("model.toml", model(text));
        let broken = format!(
            "schema = 1\n[metrics]\n{0} = {{ measure = {0}, value = {0} }}\n[[user.signals]]\nname = {0}\nwhen = {0}\npoints = {0}\n[[user.routes]]\nname = \"r\"\nmotion = {0}\nto = 1\n",
            quoted(text)
        );
        folder.write("broken.toml", broken.replace("\\u0000", "\\u0001"));
        folder.write("raw.toml", format!("schema = 1\n# {text}\nname = '{text}\nx = 1"));
        let cases = format!(
            "schema = 1\nmodel = \"model.toml\"\nas_of = \"2026-10-31\"\n[[case]]\nname = {0}\nevents = [{{ user = {0}, account = {0}, event = {0}, at = \"-1d\" }}]\n[[case.expect]]\nuser = {0}\nscore = 77\nfacts = {{ newest = {0} }}\n",
            quoted(text)
        );
        folder.write("cases.toml", cases);
        folder
            .write("users.csv", format!("user_id,{0}\n{0},{0}\n{0},x\n", format!("\"{}\"", text.replace('"', "\"\""))));
        folder.write("more.ndjson", format!("{{\"event\":\"e\",\"timestamp\":{0},\"user_id\":{0}}}\n", quoted(text)));
        let entity = format!("user:{text}");
        let nobody = format!("user:{text}nobody");
        // Arguments of a process cannot hold NUL.
        let (entity, nobody) =
            if text.contains('\0') { ("user:x".to_owned(), "user:y".to_owned()) } else { (entity, nobody) };
        let typed = entity.strip_prefix("user:").unwrap_or_default();
        let all: [&[&str]; 18] = [
            &["score", "events.ndjson", "-m", "model.toml", "--format", "table", "--level", "user"],
            &["score", "events.ndjson", "-m", "model.toml", "--format", "table"],
            &["score", "events.ndjson", "more.ndjson", "-m", "model.toml", "--out", "out", "--max-rejects", "100%"],
            &["score", "events.ndjson", "-m", "model.toml", "--users", "users.csv", "--out", "out"],
            &["score", "more.ndjson", "-m", "model.toml", "--out", "out"],
            &["score", "events.ndjson", "-m", "broken.toml"],
            &["score", typed, "-m", "model.toml"],
            &["score", "events.ndjson", "--as-of", typed],
            &["score", "events.ndjson", "--max-line", typed],
            &["check", "model.toml", "broken.toml", "raw.toml"],
            &["test", "cases.toml", "--coverage"],
            &["explain", &entity, "events.ndjson", "-m", "model.toml", "--signal", "any"],
            &["explain", &nobody, "events.ndjson", "-m", "model.toml"],
            &["explain", "account:x", "events.ndjson", "-m", "model.toml", "--signal", typed],
            &["inspect", "events.ndjson", "more.ndjson", "-m", "model.toml"],
            &["inspect", "events.ndjson", "--values"],
            &["diff", "model.toml", "../model.toml", "events.ndjson"],
            &["init", "events.ndjson", "--force", "-o", "first.toml"],
        ];
        for arguments in all {
            // Every text is in all events, so one run of `inspect` is enough.
            if at > 0 && arguments[0] == "inspect" {
                continue;
            }
            let outcome = pql(&folder, arguments);
            assert!((0..=3).contains(&outcome.code), "{text:?} {arguments:?}: {outcome:?}");
            let what = format!("{text:?} {arguments:?}");
            harmless(&outcome.stderr, &what);
            harmless(&outcome.stdout, &what);
        }
        // The model that `init` writes is valid for events of any name.
        assert_eq!(pql(&folder, &["check", "first.toml"]).code, 0, "{text:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_are_shown_and_not_obeyed() {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    for text in HOSTILE.iter().filter(|text| !text.contains(['\0', '/'])) {
        let name = format!("{text}.ndjson");
        folder.write(&format!("in/{name}"), events(&["ann"]));
        folder.write(&format!("in/{text}.txt"), "x");
        folder.write(&format!("in/{name}.gz"), b"\x1f\x8b\x08\x00");
        folder.write(&format!("{text}.toml"), "schema = 2\n");
    }
    for text in HOSTILE.iter().filter(|text| !text.contains(['\0', '/'])) {
        let (file, packed, toml) =
            (format!("./in/{text}.ndjson"), format!("./in/{text}.ndjson.gz"), format!("./{text}.toml"));
        let all: [&[&str]; 8] = [
            &["score", &file, "-m", "model.toml", "--format", "table"],
            &["score", &file, &file, "-m", "model.toml", "--out", &file],
            &["score", &packed, "-m", "model.toml"],
            &["score", &file, "-m", &toml],
            &["score", "in", "-m", "model.toml"],
            &["inspect", &file],
            &["check", &toml],
            &["explain", "user:ann", &file, "-m", "model.toml", "--signal", "any"],
        ];
        for arguments in all {
            let outcome = pql(&folder, arguments);
            harmless(&outcome.stderr, &format!("{arguments:?}"));
            harmless(&outcome.stdout, &format!("{arguments:?}"));
        }
    }
}

#[test]
fn values_show_nowhere_unless_they_are_asked_for() {
    let folder = Folder::new();
    folder.write("model.toml", MODEL.replace("LABEL", "x"));
    folder.write("cases.toml", "schema = 1\nmodel = \"model.toml\"\nas_of = \"2026-10-31\"\n[[case]]\nname = \"c\"\nevents = [{ user = \"u\", event = \"e\", at = \"-1d\" }]\n[[case.expect]]\nuser = \"u\"\nscore = 1\n");
    let event = |more: &str| {
        format!(
            "{{\"event\":\"e\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"event_id\":\"{SECRET}\",\"user_id\":\"{SECRET}@acme.example\",\"account_id\":\"{SECRET}\"{more}}}\n"
        )
    };
    let bad = [
        event(&format!(",\"properties\":{{\"p\":\"{SECRET}\\ud800\"}}")),
        event("").replace("2026-10-01T10:00:00Z", SECRET),
        event(&format!(",\"x\":{SECRET}")),
        event("").replace("\"user_id\":\"", "\"user_id\":[\"").replace("example\"", "example\"]"),
    ];
    let good = [
        event(&format!(",\"properties\":{{\"p\":\"{SECRET}\"}}")),
        event(&format!(",\"properties\":{{\"p\":\"{SECRET}2\"}}")),
    ];
    folder.write("events.ndjson", [good.concat(), bad.concat()].concat());
    folder.write("bad.ndjson", bad.concat());
    folder.write("list.json", format!("[{}", event("").trim()));
    folder.write(
        "table.csv",
        format!("event,timestamp,user_id,p\ne,2026-10-01T10:00:00Z,{SECRET},\"{SECRET}\ne,soon,{SECRET},x\n"),
    );
    for arguments in [
        "score events.ndjson -m model.toml --out out --max-rejects 100%",
        "score events.ndjson -m model.toml",
        "score bad.ndjson -m model.toml",
        "score list.json -m model.toml",
        "score table.csv -m model.toml",
        "inspect events.ndjson -m model.toml",
        "inspect events.ndjson --format json",
        "inspect bad.ndjson",
        "diff model.toml model.toml events.ndjson --max-rejects 100%",
        "diff model.toml model.toml events.ndjson",
        "explain user:nobody events.ndjson -m model.toml --max-rejects 100%",
        "explain user:nobody bad.ndjson -m model.toml",
        "init events.ndjson --force -o first.toml",
        "test cases.toml --coverage",
    ] {
        let outcome = folder.pql(arguments);
        assert!(!outcome.stderr.contains(SECRET), "{arguments}: {}", outcome.stderr);
        assert!(!outcome.stdout.contains(SECRET), "{arguments}: {}", outcome.stdout);
    }
    assert!(!folder.read("first.toml").contains(SECRET));
    assert!(!folder.read("out/run.json").contains(SECRET));
}

/// The text of a cell in a spreadsheet, without the documented apostrophes.
fn undone(cell: &str, parts: bool) -> String {
    let mut out = String::new();
    let mut starts = true;
    let mut characters = cell.chars().peekable();
    while let Some(mut c) = characters.next() {
        if starts && c == '\'' {
            match characters.next() {
                Some(next) => c = next,
                None => break,
            }
        }
        out.push(c);
        let line_end = c == '\n' || c == '\r' && characters.peek() != Some(&'\n');
        starts = parts && (line_end || matches!(c, ';' | '|' | '\t'));
    }
    out
}

/// Texts of white space and control characters alone, and placeholders, are no ids.
fn is_no_id(text: &str) -> bool {
    let placeholders = ["null", "undefined", "none", "nan", "anonymous", "0", "00000000-0000-0000-0000-000000000000"];
    text.chars().all(|c| c.is_whitespace() || c.is_control())
        || placeholders.contains(&text.trim().to_lowercase().as_str())
}

/// The user of each rejected line, all of which must be rejected for having no id.
fn rejected_ids(rejects: &str) -> Vec<String> {
    let user = |line: &str| {
        let reject: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(reject["reason"], "no_id", "{line}");
        let event: serde_json::Value = serde_json::from_str(reject["text"].as_str().expect("a text")).expect("JSON");
        event["user_id"].as_str().expect("a text").to_owned()
    };
    rejects.lines().map(user).collect()
}

#[test]
fn no_cell_is_a_formula_and_every_text_can_be_had_back() {
    let mut texts: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    for formula in ["=1+1", "+1", "-1", "@A1", "＝1", "\0=1", "\t=1", "\r=1", "\n=1", " =1", "\u{a0}=1", "\u{feff}=1"]
    {
        for before in ["", ";", "|", ",", "\"", "x;", "x|", "x\t", "x\n", "x\r\n", "x;\"", "x\n\"", "'", "''"] {
            texts.push(format!("{before}{formula}"));
        }
    }
    if let Some(shared) = shared() {
        let strings = std::fs::read_to_string(shared.join("corpora/naughty-strings/blns.json")).expect("a file");
        texts.extend(serde_json::from_str::<Vec<String>>(&strings).expect("a list of texts"));
        let payloads =
            std::fs::read_to_string(shared.join("corpora/csv-injection/payloadsallthethings.txt")).expect("a file");
        texts.extend(payloads.lines().map(str::to_owned));
    }
    let folder = Folder::new();
    folder.write("model.toml", MODEL.replace("LABEL", "x"));
    let texts: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    folder.write("events.ndjson", events(&texts));
    for (form, out) in [("exact", "exact"), ("spreadsheet", "sheet")] {
        let arguments = format!(
            "score events.ndjson -m model.toml --as-of 2026-10-31 --out {out} --csv {form} --max-rejects 40 -q"
        );
        let outcome = folder.pql(&arguments);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let rejected = rejected_ids(&folder.read(&format!("{out}/rejects.ndjson")));
        let expected: Vec<&str> = texts.iter().filter(|text| is_no_id(text)).flat_map(|text| [*text; 3]).collect();
        assert_eq!(rejected, expected);
    }
    let mut changed = 0;
    for name in ["users.csv", "accounts.csv"] {
        let (exact, sheet) =
            (rows(&folder.read(&format!("exact/{name}"))), rows(&folder.read(&format!("sheet/{name}"))));
        assert_eq!(exact.len(), sheet.len());
        for (exact, sheet) in exact.iter().zip(&sheet) {
            let parts = exact.iter().any(|cell| cell.contains(['\n', '\r']));
            for (exact, sheet) in exact.iter().zip(sheet) {
                assert_eq!(*exact, undone(sheet, parts), "{name}: {sheet:?}");
                changed += usize::from(exact != sheet);
                let number = exact.parse::<f64>().is_ok();
                let first = sheet.trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{3000}']).chars().next();
                assert!(number || !first.is_some_and(|c| "=+-@\t\r\n\0＝＋－＠".contains(c)), "{name}: {sheet:?}");
            }
        }
    }
    let record: serde_json::Value = serde_json::from_str(&folder.read("sheet/run.json")).expect("JSON");
    assert_eq!(record["formula_cells"], changed, "cells with an apostrophe are counted");
}

#[test]
fn ids_that_differ_in_anything_stay_apart() {
    let mut ids: Vec<String> = [
        "Å",
        "A\u{30a}",
        "\u{212b}",
        "å",
        "ａ",
        "a",
        "A",
        "а",
        "ﬁ",
        "fi",
        "ß",
        "ss",
        "ı",
        "i",
        "İ",
        " a",
        "a ",
        "a\u{200b}",
        "a\0",
    ]
    .iter()
    .map(|id| (*id).to_owned())
    .collect();
    if let Some(shared) = shared() {
        let strings = std::fs::read_to_string(shared.join("corpora/naughty-strings/blns.json")).expect("a file");
        ids.extend(serde_json::from_str::<Vec<String>>(&strings).expect("a list of texts"));
    }
    let mut different: Vec<&str> = ids.iter().filter_map(|id| pql_engine::ids::id_of_text(id)).collect();
    different.sort_unstable();
    different.dedup();
    let folder = Folder::new();
    folder.write("model.toml", "schema = 1\n");
    folder.write("events.ndjson", events(&different));
    let outcome = folder.pql("score events.ndjson -m model.toml --as-of 2026-10-31 --level user --format json -q");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let rows: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let mut found: Vec<&str> =
        rows.as_array().expect("rows").iter().filter_map(|row| row["user_id"].as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, different, "ids stay as they are, byte for byte, white space at their ends aside");
    assert!(!ids.contains(&"undefined".to_owned()) || different.len() > 500, "{} ids", different.len());
}
