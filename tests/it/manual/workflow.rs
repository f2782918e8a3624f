//! The workflow for GitHub Actions does what the manual says: its shell lines are run as GitHub runs them, on merges of pull requests in a scratch repository.

use std::{collections::BTreeMap, path::Path, process::Command};

use super::{root, text};
use crate::run::Folder;

/// The shell lines of each step that has some, by the name of the step.
fn steps() -> BTreeMap<String, String> {
    let manual = text("docs/review.md");
    let begin = manual.find("# .github/workflows/scoring-model.yml").expect("the workflow");
    let yaml = manual[begin..].split("\n```").next().expect("its end");
    let mut steps = BTreeMap::new();
    let mut name = String::new();
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        let key = line.trim_start().trim_start_matches("- ");
        if let Some(named) = key.strip_prefix("name: ") {
            named.clone_into(&mut name);
        }
        let Some(run) = key.strip_prefix("run: ") else { continue };
        let indent = line.len() - line.trim_start().len();
        let inner = |line: &&str| line.is_empty() || line.len() - line.trim_start().len() > indent;
        let mut shell = if run == "|" { String::new() } else { format!("{run}\n") };
        while let Some(more) = lines.next_if(inner) {
            shell.push_str(more.trim_start_matches(' '));
            shell.push('\n');
        }
        steps.insert(name.clone(), shell);
    }
    steps
}

/// The repository of a company that keeps its model in it.
struct ScratchRepository {
    folder: Folder,
    bin: Folder,
}

impl ScratchRepository {
    fn new() -> ScratchRepository {
        let repository = ScratchRepository { folder: Folder::new(), bin: Folder::new() };
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_pql"), repository.bin.path().join("pql")).expect("a link");
        let events = std::fs::read(root().join("fixtures/events.ndjson")).expect("the sample");
        repository.folder.write("sample/events.ndjson", events);
        repository.shell("git init -q -b main && git add . && git commit -q -m start");
        repository
    }

    /// Runs shell lines as GitHub does: they end at the first failure. Gives the exit code and all that was printed.
    fn shell(&self, lines: &str) -> (i32, String) {
        let path = format!("{}:{}", self.bin.path().display(), std::env::var("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", lines])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null"), ("FORK", "true")])
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@x.example")])
            .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@x.example")])
            .env("GITHUB_STEP_SUMMARY", self.folder.path().join("summary.md"))
            .output()
            .expect("bash is installed");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().unwrap_or(-1), text(output.stdout) + &text(output.stderr))
    }

    /// Merges a branch with these files into the main branch, as GitHub does for a pull request.
    fn merge(&self, branch: &str, files: &[(&str, &str)]) {
        let begun = self.shell(&format!("git checkout -q -b {branch}"));
        assert_eq!(begun.0, 0, "{}", begun.1);
        for (name, content) in files {
            self.folder.write(name, content);
        }
        let merged = self.shell(&format!(
            "rm -f before.toml built-in.toml diff.md summary.md; git add . && git commit -q -m {branch} && git checkout -q main && git merge -q --no-ff -m merge {branch}"
        ));
        assert_eq!(merged.0, 0, "{}", merged.1);
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(Path::new(self.folder.path()).join(name)).unwrap_or_default()
    }
}

#[test]
fn the_workflow_compares_every_pull_request_the_first_one_too() {
    let steps = steps();
    let built_in = std::fs::read_to_string(root().join("scoring.example.toml")).expect("the model");
    let cases = std::fs::read_to_string(root().join("fixtures/cases/product_led_sales.toml")).expect("the cases");
    let cases = cases.replace("model = \"../../scoring.example.toml\"", "model = \"../scoring.toml\"");
    assert!(cases.contains("model = \"../scoring.toml\""), "the cases name a model");
    let repository = ScratchRepository::new();
    let run = |step: &str| repository.shell(&steps[step]);

    let first = built_in.replace("at_least = 80", "at_least = 70");
    assert_ne!(first, built_in);
    repository.merge("first", &[("scoring.toml", &built_in), ("cases/cases.toml", &cases)]);
    for step in ["check", "test", "diff", "comment"] {
        let (code, printed) = run(step);
        assert_eq!(code, 0, "{step}: {printed}");
    }
    let comment = repository.file("diff.md");
    assert!(comment.starts_with("<!-- pql diff -->\n"), "{comment}");
    assert!(comment.ends_with("it shows who would be where, and no condition applies.\n"), "{comment}");
    assert_eq!(repository.file("summary.md"), comment);

    repository.merge("second", &[("scoring.toml", &first)]);
    let (code, printed) = run("diff");
    assert_eq!(code, 0, "{printed}");
    let comment = repository.file("diff.md");
    assert!(comment.contains("`user tier hot: at_least` `80` → `70`"), "{comment}");
    assert!(comment.contains("✅ fail if `hot_new > 2 * hot_old`"), "{comment}");
    assert!(!comment.contains("with itself"), "{comment}");

    let easy: Vec<&str> = built_in.lines().filter(|line| !line.starts_with("stay_")).collect();
    repository.merge("third", &[("scoring.toml", &easy.join("\n").replace("at_least = 80", "at_least = 1"))]);
    let (code, printed) = run("diff");
    assert_eq!(code, 1, "{printed}");
    assert!(repository.file("diff.md").contains("❌ fail if `hot_new > 2 * hot_old`"));
    let (code, printed) = run("comment");
    assert_eq!(code, 0, "{printed}");
    assert_eq!(repository.file("summary.md"), repository.file("diff.md"));
}
