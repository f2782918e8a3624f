//! The help of every command has two examples, and they work.

use std::{fs, path::Path};

use super::{commands::commands, output_of, root, text};

/// The commands in the examples of a help text.
fn examples(help: &str) -> Vec<&str> {
    let block = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
    block.filter_map(|line| line.strip_prefix("    ")).collect()
}

/// The files that the examples name.
fn provide(folder: &Path) {
    for (from, to) in [
        ("fixtures/events.ndjson", "events.ndjson"),
        ("fixtures/events.ndjson", "export.zip"),
        ("fixtures/users.csv", "users.csv"),
        ("fixtures/accounts.csv", "accounts.csv"),
        ("fixtures/outcomes.csv", "deals.csv"),
        ("scoring.example.toml", "scoring.toml"),
        ("scoring.example.toml", "old.toml"),
    ] {
        fs::copy(root().join(from), folder.join(to)).unwrap_or_else(|cause| panic!("{from}: {cause}"));
    }
    let cases = text("fixtures/cases/product_led_sales.toml").replace("../../scoring.example.toml", "scoring.toml");
    fs::write(folder.join("cases.toml"), cases).expect("the cases");
    let copies = ["record", "other-record", "backup/record"]
        .map(|to| format!("cp -r {}/fixtures/record {to}", root().display()));
    output_of(&format!("mkdir backup; {}", copies.join("; ")), folder);
}

/// The exit code of a command, with its messages unless the code is 0.
fn exit_code(command: &str, folder: &Path) -> String {
    let printed = output_of(&format!("({command}) > printed 2> messages; echo $?"), folder);
    let messages = fs::read_to_string(folder.join("messages")).expect("the messages");
    format!("{}{}", printed, if printed == "0\n" { "" } else { &messages })
}

#[test]
fn the_help_of_every_command_has_two_examples_that_work() {
    let mut faults = Vec::new();
    for command in commands() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        provide(folder.path());
        if command == "changes" {
            let run = |day: &str| format!("pql score events.ndjson --as-of {day} -q --out");
            let lists = format!("{} monday; {} tuesday", run("2026-10-26"), run("2026-10-27"));
            output_of(&lists, folder.path());
        }
        if command == "init" {
            fs::remove_file(folder.path().join("scoring.toml")).expect("it is there");
        }
        let help = output_of(&format!("pql {command} --help"), &root());
        let examples = examples(&help);
        if examples.len() < 2 {
            faults.push(format!("`pql {command} --help` has {} examples", examples.len()));
        }
        for example in examples {
            let code = exit_code(example, folder.path());
            if code != "0\n" {
                faults.push(format!("{example}: exit {code}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
