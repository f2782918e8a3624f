//! Every `console` block of the manual is run, in order, and prints what it shows.
//!
//! Each file of the manual has a folder of its own, which holds the `fixtures` and the
//! `scoring.example.toml` of the project. A `toml` block whose first line is a file name, as in
//! `# small.toml`, is written into it.

use std::{ops::Range, path::Path};

use super::{files, output_of, rewrite, rewrites, root, text};

/// A fenced block: its language, and where its content lies in the text.
pub(super) struct FencedBlock<'a> {
    pub(super) language: &'a str,
    pub(super) content: Range<usize>,
}

/// A command of a `console` block and the output below it.
struct ShownCommand {
    /// As the shell gets it: continued lines are joined by line ends.
    command: String,
    /// As the manual shows it, with prompts.
    shown: String,
    output: String,
}

pub(super) fn fenced_blocks(text: &str) -> Vec<FencedBlock<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(language) = line.strip_prefix("```") else { continue };
        open = match open {
            Some((language, from)) => {
                blocks.push(FencedBlock { language, content: from..start });
                None
            }
            None => Some((language.trim_end(), at)),
        };
    }
    assert!(open.is_none(), "a code block is not closed");
    blocks
}

/// The commands of a `console` block. A line that begins with `> ` goes on with the command above.
fn shown_commands(block: &str) -> Vec<ShownCommand> {
    let mut commands: Vec<ShownCommand> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let shown = format!("{line}\n");
            commands.push(ShownCommand { command: command.to_owned(), shown, output: String::new() });
            continue;
        }
        let last = commands.last_mut().unwrap_or_else(|| panic!("a console block begins with a command: {line}"));
        match line.strip_prefix("> ") {
            Some(more) if last.output.is_empty() => {
                last.command.push_str(&format!("\n{more}"));
                last.shown.push_str(&format!("{line}\n"));
            }
            _ => last.output.push_str(&format!("{line}\n")),
        }
    }
    commands
}

/// The file name that a `toml` block begins with, if it does.
fn named_file(block: &str) -> Option<&str> {
    block.lines().next()?.strip_prefix("# ").filter(|name| name.ends_with(".toml") && !name.contains([' ', '/']))
}

/// What the examples of a text came to.
#[derive(Default)]
struct ExamplesRun {
    /// The text with the actual outputs.
    actual: String,
    differences: Vec<String>,
    /// How many commands were run.
    commands: usize,
}

impl ExamplesRun {
    /// Runs a `console` block.
    fn run_block(&mut self, block: &str, folder: &Path) {
        for ShownCommand { command, shown, output } in shown_commands(block) {
            let printed = output_of(&command, folder);
            if printed != output {
                self.differences.push(format!("{shown}shown:\n{output}printed:\n{printed}"));
            }
            self.actual.push_str(&shown);
            self.actual.push_str(&printed);
            self.commands += 1;
        }
    }
}

/// Runs the examples of a file of the manual.
fn run_examples(text: &str) -> ExamplesRun {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for name in ["fixtures", "scoring.example.toml"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).expect("a link");
    }
    let mut run = ExamplesRun::default();
    let mut at = 0;
    for FencedBlock { language, content } in fenced_blocks(text) {
        let block = &text[content.clone()];
        if language == "toml"
            && let Some(name) = named_file(block)
        {
            std::fs::write(folder.path().join(name), block).expect("a file of the example");
        }
        if language == "console" {
            run.actual.push_str(&text[at..content.start]);
            run.run_block(block, folder.path());
            at = content.end;
        }
    }
    run.actual.push_str(&text[at..]);
    run
}

/// Fewer commands than this in the whole manual mean that its blocks are no longer found.
const COMMANDS_MIN: usize = 50;

#[test]
fn the_manual_shows_what_the_program_prints() {
    let runs: Vec<(String, ExamplesRun)> = std::thread::scope(|scope| {
        let runs: Vec<_> = files().into_iter().map(|file| scope.spawn(move || examples_of(file))).collect();
        runs.into_iter().map(|run| run.join().expect("the examples run")).collect()
    });
    let commands: usize = runs.iter().map(|(_, run)| run.commands).sum();
    assert!(commands >= COMMANDS_MIN, "only {commands} commands of the manual were run");
    for (file, ExamplesRun { differences, .. }) in runs {
        assert!(
            differences.is_empty(),
            "{} commands of {file} print something else (PQL_MANUAL_REWRITE=1 writes it there):\n{}",
            differences.len(),
            differences.join("\n")
        );
    }
}

/// Runs the examples of a file. Only the differences that stay are returned.
fn examples_of(file: String) -> (String, ExamplesRun) {
    let mut run = run_examples(&text(&file));
    if rewrites() && !run.differences.is_empty() {
        rewrite(&file, &run.actual);
        run.differences.clear();
    }
    (file, run)
}
