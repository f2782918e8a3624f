//! `docs/commands.md` is the help of every command.

use super::{COMMANDS, output_of, rewrite, rewrites, root, text};

/// The names of all commands, in the order of the program's own help; commands of a command follow on it, as in `record show`.
pub(super) fn commands() -> Vec<String> {
    let with_parts = |name: String| {
        let parts = commands_below(&format!("pql {name} --help"));
        let parts = parts.into_iter().map(|part| format!("{name} {part}")).collect::<Vec<String>>();
        std::iter::once(name).chain(parts)
    };
    commands_below("pql --help").into_iter().flat_map(with_parts).collect()
}

/// The commands that a help text lists.
fn commands_below(help: &str) -> Vec<String> {
    let help = output_of(help, &root());
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The text that the file has to have.
fn expected() -> String {
    let mut text = "# Commands\n\nA test writes this file from the `--help` of each command. `PQL_MANUAL_REWRITE=1 cargo test --test it manual` renews it.\n"
        .to_owned();
    let program = std::iter::once(("pql".to_owned(), "pql --help".to_owned()));
    let each = commands().into_iter().map(|name| (format!("pql {name}"), format!("pql {name} --help")));
    for (heading, command) in program.chain(each) {
        let help = output_of(&command, &root());
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!("\n## {heading}\n\n```text\n{}\n```\n", lines.join("\n")));
    }
    text
}

#[test]
fn the_file_of_commands_is_the_help() {
    let expected = expected();
    if rewrites() {
        rewrite(COMMANDS, &expected);
        return;
    }
    assert!(
        text(COMMANDS) == expected,
        "{COMMANDS} differs from the help; `PQL_MANUAL_REWRITE=1 cargo test --test it manual` renews it"
    );
}
