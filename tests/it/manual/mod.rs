//! The manual is true: its examples print what it shows, its links lead somewhere, and it names
//! every option and reason.
//!
//! The manual is `README.md` and the files of `docs/`. `PQL_MANUAL_REWRITE=1 cargo test --test it
//! manual` writes the actual outputs and `docs/commands.md` into it, for review.

mod commands;
mod examples;
mod fragments;
mod help;
mod links;
mod names;
mod workflow;

use std::path::{Path, PathBuf};

/// The file that is made of the help texts.
const COMMANDS: &str = "docs/commands.md";

/// The root of the project.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the manual.
fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|cause| panic!("{file}: {cause}"))
}

/// The files of the manual by their paths from the root, in order.
fn files() -> Vec<String> {
    let names = std::fs::read_dir(root().join("docs")).expect("the folder of the manual");
    let names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut files: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    files.push("README.md".to_owned());
    files.sort();
    files
}

/// Whether differences are written into the manual and not reported.
fn rewrites() -> bool {
    std::env::var_os("PQL_MANUAL_REWRITE").is_some()
}

/// Writes a file of the manual.
fn rewrite(file: &str, text: &str) {
    std::fs::write(root().join(file), text).unwrap_or_else(|cause| panic!("{file}: {cause}"));
}

/// The lines of a Markdown text outside of its code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// The standard output of a line of shell in this folder, in which `pql` is the program.
fn output_of(command: &str, folder: &Path) -> String {
    let bin = tempfile::tempdir().expect("a folder for temporary files");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pql"), bin.path().join("pql")).expect("a link");
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap_or_default());
    let output = std::process::Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("COLUMNS")
        .output()
        .expect("a shell");
    String::from_utf8(output.stdout).expect("UTF-8")
}
