//! The README's examples are true: every `console` block is run, in order, in the project's folder.
//!
//! `PQL_README_REWRITE=1` writes the actual output into the README, for review.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A command of the README and the output below it.
struct Shown {
    command: String,
    output: String,
}

/// The commands of all `console` blocks in order, with the range of each block in the README.
fn blocks(readme: &str) -> Vec<(std::ops::Range<usize>, Vec<Shown>)> {
    const FENCE: &str = "```console\n";
    let mut blocks = Vec::new();
    let mut from = 0;
    while let Some(start) = readme[from..].find(FENCE).map(|at| from + at + FENCE.len()) {
        let end = start + readme[start..].find("```\n").expect("a closing fence");
        let mut shown: Vec<Shown> = Vec::new();
        for line in readme[start..end].lines() {
            match (line.strip_prefix("$ "), shown.last_mut()) {
                (Some(command), _) => shown.push(Shown { command: command.to_owned(), output: String::new() }),
                (None, Some(last)) => last.output.push_str(&format!("{line}\n")),
                (None, None) => panic!("a console block begins with a command: {line}"),
            }
        }
        blocks.push((start..end, shown));
        from = end;
    }
    blocks
}

/// A folder for the search path that contains the program under its name.
fn bin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pql"), folder.path().join("pql")).expect("a link");
    folder
}

fn run(command: &str, root: &Path, bin: &Path) -> String {
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(root)
        .env("PATH", path)
        .env_remove("COLUMNS")
        .output()
        .expect("a shell");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    // The examples write below the build folder.
    let _ = std::fs::remove_dir_all(root.join("target/readme"));
    let bin = bin();
    let mut rewritten = String::new();
    let mut at = 0;
    let mut differences = Vec::new();
    let mut commands = 0;
    for (range, block) in blocks(&readme) {
        rewritten.push_str(&readme[at..range.start]);
        for shown in block {
            commands += 1;
            let printed = run(&shown.command, &root, bin.path());
            rewritten.push_str(&format!("$ {}\n{printed}", shown.command));
            if printed != shown.output {
                differences.push(format!("$ {}\nshown:\n{}printed:\n{printed}", shown.command, shown.output));
            }
        }
        at = range.end;
    }
    rewritten.push_str(&readme[at..]);
    if std::env::var_os("PQL_README_REWRITE").is_some() {
        std::fs::write(root.join("README.md"), rewritten).expect("the README");
        return;
    }
    assert!(commands > 10, "the README shows commands");
    assert!(
        differences.is_empty(),
        "{} commands of the README print something else:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn the_readme_names_every_reason_exit_code_and_option() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    for reason in pql_engine::decode::RejectReason::ALL {
        assert!(readme.contains(&format!("`{}`", reason.code())), "the reason {}", reason.code());
    }
    let help = run(
        "pql score --help; pql check --help; pql rule --help; pql test --help; pql explain --help; pql inspect --help; pql init --help; pql diff --help",
        &root,
        bin().path(),
    );
    let options = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches([',', '.', ']', ':', ';', ')']));
    for option in options {
        assert!(readme.contains(option), "the option {option}");
    }
}

/// The anchor of a heading on the web page: lower case, hyphens for spaces, no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

#[test]
fn links_within_the_readme_lead_to_headings_and_files() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let headings: Vec<String> = prose(&readme)
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let links = prose(&readme).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    let links: Vec<&str> = links.filter(|link| !link.contains("://")).collect();
    assert!(links.len() > 40, "the README has links");
    for link in links {
        match link.strip_prefix('#') {
            Some(wanted) => assert!(headings.iter().any(|heading| heading == wanted), "no heading for #{wanted}"),
            None => assert!(root.join(link).is_file(), "no file {link}"),
        }
    }
}

#[test]
fn who_arrives_at_the_readme_finds_the_way_within_its_first_two_hundred_lines() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let first: Vec<&str> = readme.lines().take(200).collect();
    for heading in ["Install", "First result", "Your own data", "Read the result", "Every day", "In CI"] {
        assert!(first.contains(&format!("## {heading}").as_str()), "{heading}");
    }
    // The table at the top names every part of the reference.
    let table: Vec<&&str> = first.iter().take_while(|line| **line != "## Install").collect();
    for heading in prose(&readme).filter_map(|line| line.strip_prefix("## ")) {
        let link = format!("(#{})", anchor(heading));
        assert!(table.iter().any(|line| line.contains(&link)), "the table of contents has no {link}");
    }
}
