//! Every code has documentation with a bad and a good example, and the program prints the
//! documented output.
//!
//! `PQL_RULES_REWRITE=1` writes the actual output into the documentation, for review.

use std::{collections::BTreeSet, path::Path};

use pql_model::{
    diag::Severity,
    rules::{self, RuleDoc},
};

use crate::run::{Folder, Outcome};

/// Runs the command for the code on one of its examples.
fn tell(rule: &RuleDoc, document: &str) -> Outcome {
    let folder = Folder::new();
    let document = format!("{document}{}", rule.part("rest").unwrap_or_default());
    // The examples of these two codes would need a megabyte. They say so in a comment, and the test
    // enlarges them.
    let document = if rule.code.ends_with("019") && document.contains("megabytes") {
        document + &"# And so on.\n".repeat(if rule.code.starts_with('M') { 100_000 } else { 350_000 })
    } else {
        document
    };
    if let Some(model) = rule.part("model") {
        folder.write("model.toml", model);
    }
    if let Some(events) = rule.part("events") {
        folder.write("events.ndjson", events);
    }
    match &rule.code[..1] {
        "C" => {
            folder.write("cases.toml", document);
            folder.pql("test cases.toml")
        }
        "D" => {
            let condition = document.trim_end();
            folder.pql_with(&["diff", "model.toml", "model.toml", "events.ndjson", "--fail-if", condition], b"")
        }
        _ => {
            folder.write("model.toml", document);
            let events = if rule.part("events").is_some() { " --events events.ndjson" } else { "" };
            folder.pql(&format!("check model.toml{events}"))
        }
    }
}

/// The codes in the output, each with its severity.
fn told(outcome: &Outcome) -> BTreeSet<(Severity, String)> {
    let line = |line: &str| {
        let (severity, rest) = match (line.strip_prefix("error["), line.strip_prefix("warning[")) {
            (Some(rest), _) => (Severity::Error, rest),
            (_, Some(rest)) => (Severity::Warning, rest),
            _ => return None,
        };
        Some((severity, rest.split(']').next().unwrap_or_default().to_owned()))
    };
    outcome.stderr.lines().filter_map(line).collect()
}

/// The problems alone, without notes about the run and without the line of totals.
fn problems(outcome: &Outcome) -> String {
    let about_run = |line: &&str| !line.starts_with("note: ");
    let lines: Vec<&str> = outcome.stderr.lines().filter(about_run).collect();
    let mut text = lines.join("\n");
    if let Some(totals) = text.rfind("\n\nmodel.toml: ") {
        text.truncate(totals);
    }
    format!("{}\n", text.trim_end())
}

#[test]
fn every_code_that_can_be_told_has_a_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("the codes");
    let text = ["model/codes.rs", "engine/cases/codes.rs", "commands/fail_if/codes.rs"].map(read).concat();
    let codes = text.lines().filter_map(|line| line.split_once(" const ")?.1.split('"').nth(1));
    let rules: BTreeSet<&str> = rules::all().iter().map(|rule| rule.code).collect();
    assert_eq!(codes.collect::<BTreeSet<&str>>(), rules);
}

#[test]
fn every_bad_example_has_exactly_its_problem_and_is_told_as_the_text_shows() {
    let rewrite = std::env::var_os("PQL_RULES_REWRITE").is_some();
    for rule in rules::all() {
        let outcome = tell(rule, rule.bad_example);
        let expected = BTreeSet::from([(rule.severity, rule.code.to_owned())]);
        assert_eq!(told(&outcome), expected, "{}: {}", rule.code, outcome.stderr);
        if rewrite {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/model/rules/{}.md", rule.code));
            let text = std::fs::read_to_string(&path).expect("the text");
            let (before, after) = text.split_once("```text told\n").expect("a block of what is told");
            let after = &after[after.find("```").expect("its end")..];
            std::fs::write(&path, format!("{before}```text told\n{}{after}", problems(&outcome))).expect("the text");
        } else {
            assert_eq!(problems(&outcome), rule.output, "{}: PQL_RULES_REWRITE=1 writes it anew", rule.code);
        }
    }
}

#[test]
fn every_good_example_has_no_problem() {
    for rule in rules::all() {
        let outcome = tell(rule, rule.good_example);
        let codes = told(&outcome);
        // The good example of an error is short, so warnings about the rest of it are accepted.
        let in_the_way = |(severity, code): &&(Severity, String)| match rule.severity {
            Severity::Error => *severity == Severity::Error || *code == rule.code,
            Severity::Warning => true,
        };
        assert_eq!(codes.iter().find(in_the_way), None, "{}: {}", rule.code, outcome.stderr);
        assert_eq!(outcome.code, 0, "{}: {outcome:?}", rule.code);
    }
}
