//! `pql check` on hostile models: it ends soon, in little memory, with an answer, for any content.

use std::{fmt::Write, process::Command};

use crate::run::{Folder, Outcome};

/// The limit of a check. A check of less than a second in a release build takes several in a test
/// build; a quadratic pass takes minutes. **Units**: seconds of processor time, so that other
/// processes do not matter.
const SECONDS_MAX: u64 = 20;

/// The limit of memory; the program itself takes about 60 thousand. **Units**: kilobytes of address
/// space.
const MEMORY_MAX: u64 = 1_000_000;

/// Checks a model in the text format and in the formats for programs. A large model with few
/// problems is checked in one of the latter.
fn check(text: impl AsRef<[u8]>) -> Outcome {
    const LARGE: usize = 100_000;
    const MUCH: usize = 50_000;
    let folder = Folder::new();
    let bytes = text.as_ref().len();
    folder.write("model.toml", text);
    let outcome = bounded(&folder, "human");
    // The cost of a large model up to its report does not depend on the format.
    let all = ["json", "sarif", "junit", "github"];
    let few = bytes > LARGE && outcome.stderr.len() < MUCH;
    for format in if few { &all[bytes % all.len()..][..1] } else { &all[..] } {
        let other = bounded(&folder, format);
        assert_eq!(other.code, outcome.code, "{format}: {}", other.stderr);
    }
    assert!(outcome.code == 0 || outcome.code == 1, "{}", &outcome.stderr[..outcome.stderr.len().min(2000)]);
    assert!(outcome.stderr.len() < 1 << 20, "{} bytes are told", outcome.stderr.len());
    outcome
}

/// Checks the model of a folder within the limits, which the system enforces.
fn bounded(folder: &Folder, format: &str) -> Outcome {
    let script =
        format!("ulimit -t {SECONDS_MAX}; ulimit -v {MEMORY_MAX}; exec \"$0\" check model.toml --format {format}");
    let output = Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_pql")])
        .current_dir(folder.path())
        .output()
        .expect("a shell");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// A text, repeated up to nearly a megabyte.
fn much(of: &str) -> String {
    of.repeat(1_000_000 / of.len())
}

#[test]
fn deep_nesting_is_told() {
    for text in [
        format!("schema = 1\nx = {}", much("[")),
        format!("schema = 1\nx = {}", much("{a=")),
        format!("schema = 1\n[{}a]\n", "a.".repeat(100_000)),
        format!("schema = 1\n{}a = 1\n", "a.".repeat(100_000)),
        format!("schema = 1\n[user.facts]\nf = \"{}\"\n", much("(")),
        format!("schema = 1\n[user.facts]\nf = \"{}1\"\n", much("not ")),
        format!("schema = 1\n[user.facts]\nf = \"{}1\"\n", much("- ")),
        format!("schema = 1\n[user.facts]\nf = \"1{}\"\n", much(" + 1")),
        format!("schema = 1\n[user.facts]\nf = \"{}\"\n", much("case when ")),
    ] {
        check(text);
    }
}

#[test]
fn huge_numbers_are_told() {
    let digits = "9".repeat(100_000);
    for number in [digits.as_str(), "1e999999999", "-1e999999999", "0x7fffffffffffffffffff", "nan", "inf"] {
        let outcome = check(format!(
            "schema = {number}\n[[user.signals]]\nname = \"a\"\nevent = \"e\"\nat_least = {number}\npoints = {number}\n[user.facts]\nf = \"{number} > 1\"\n"
        ));
        assert_eq!(outcome.code, 1, "{}", &number[..number.len().min(30)]);
    }
}

#[test]
fn ten_thousand_rules_are_read() {
    let mut text = String::from("schema = 1\n");
    for at in 0..10_000 {
        let _ = write!(text, "[[user.signals]]\nname=\"s{at}\"\nevent=\"e{at}\"\npoints=1\n");
    }
    assert_eq!(check(&text).code, 0);
    // Each signal now has a problem, and each problem looks for a near miss.
    let outcome = check(text.replace("points=1", "point=1"));
    assert!(outcome.stderr.contains("more problems; --format json lists all of them"), "many");
}

#[test]
fn thousands_of_misspelt_names_are_told() {
    let mut text = String::from("schema = 1\n[metrics]\n");
    for at in 0..10_000 {
        let _ = writeln!(text, "metric_of_some_length_{at}={{measure=\"count\"}}");
    }
    for at in 0..4_000 {
        let _ = write!(text, "[[user.signals]]\nname=\"s{at}\"\nwhen=\"metric_of_same_length_{at} > 1\"\npoints=1\n");
    }
    assert_eq!(check(&text).code, 1);
}

#[test]
fn facts_in_long_chains_are_read() {
    let chain = |last: &str| {
        let mut text = String::from("schema = 1\n[user.facts]\n");
        for at in 0..20_000 {
            let _ = writeln!(text, "f{at}=\"f{} + 1\"", at + 1);
        }
        let _ = writeln!(text, "f20000=\"{last}\"");
        text
    };
    check(chain("1"));
    check(chain("f0"));
}

#[test]
fn a_megabyte_of_anything_is_told() {
    for text in [
        much("a"),
        much("\n"),
        much("["),
        much("[[user.signals]]\n"),
        much("a=1\n"),
        much("\"\n"),
        much("'''"),
        much("\u{202e}\u{feff}"),
        much("ß = \"\u{1f469}\u{200d}\u{1f4bb}\"\n"),
        much("e\u{301}"),
        format!("schema = 1\nname = \"{}\"\n", much("\\u0000")),
        format!("schema = 1\n[user]\nsignals = [{}]\n", much("{},")),
        format!("schema = 1\n[user]\nsignals = [{}]\n", much("{a=1},")),
        format!("schema = 1\n[check]\nignore = [{}]\n", much("{code=\"M062\",because=\"x\",name=\"a\"},")),
        format!("schema = 1\n[check]\nignore = [{}]\n", much("{code=\"M999\",because=\"\"},")),
        format!("schema = 1\n[user.facts]\nf = \"x in ({}1)\"\n", much("1,")),
        format!("schema = 1\n[[user.signals]]\nname=\"a\"\nevent=\"e\"\npoints=1\nsay = \"{}\"\n", much("{x}")),
        format!("schema = 1\n[[user.signals]]\nname=\"a\"\nevent=\"e\"\npoints=1\nsay = \"{}\"\n", much("{")),
        format!("schema = 1\n[output]\nuser_columns = [{}]\n", much("\"x\",")),
    ] {
        check(text);
    }
    let nothing: &[u8] = b"";
    assert_eq!(check(nothing).code, 1);
    assert_eq!(check(much("# a comment\n") + &much("# a comment\n")).code, 1, "M019");
}
