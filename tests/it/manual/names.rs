//! The manual names every reason of a rejected line, and shows only options that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::{commands::commands, files, output_of, root, text};

#[test]
fn the_manual_names_every_reason() {
    let input = text("docs/input.md");
    for reason in pql_engine::decode::RejectReason::ALL {
        assert!(input.contains(&format!("| `{}` |", reason.code())), "the reason {}", reason.code());
    }
}

/// The options of a command, as its help names them.
fn options(command: &str) -> BTreeSet<String> {
    let help = output_of(&format!("pql {command} --help"), &root());
    let words = help.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | ']' | '[' | ':' | ';' | ')' | '('));
    words.filter(|word| word.starts_with('-')).map(str::to_owned).collect()
}

/// Whether a word is an option in its long form.
fn is_option(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// The command and the options of a line that runs `pql`, if it does.
fn command_line<'a>(line: &'a str, commands: &BTreeMap<String, BTreeSet<String>>) -> Option<(String, Vec<&'a str>)> {
    let line = line.split("pql ").nth(1)?.split(['#', '|', '`', ';', '&']).next()?;
    let mut words = line.split_whitespace();
    let command = words.next().filter(|word| commands.contains_key(*word))?;
    let options = words.filter(|word| is_option(word)).map(|word| word.split('=').next().unwrap_or(word));
    Some((command.to_owned(), options.collect()))
}

#[test]
fn commands_of_the_manual_have_the_options_that_it_shows() {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in commands() {
        // Options of `record show` count as those of `record`.
        let command = name.split(' ').next().unwrap_or_default().to_owned();
        known.entry(command).or_default().extend(options(&name));
    }
    let mut seen = 0;
    for file in files() {
        for line in text(&file).lines() {
            let Some((command, shown)) = command_line(line, &known) else { continue };
            for option in shown {
                seen += 1;
                assert!(known[&command].contains(option), "{file}: `pql {command}` has no option {option}: {line}");
            }
        }
    }
    assert!(seen > 50, "the manual shows options: {seen}");
}
