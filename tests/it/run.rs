//! Runs the real program in a temporary folder.
//!
//! ```text
//! let folder = Folder::new();
//! folder.write("model.toml", MODEL);
//! folder.write("events.ndjson", EVENTS);
//! let outcome = folder.pql("score events.ndjson -m model.toml --out out");
//! assert_eq!(outcome.code, 0, "{outcome:?}");
//! let users = rows(&folder.read("out/users.csv"));
//! ```

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The result of a run of the program.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A temporary folder that the test deletes at its end.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder for temporary files"))
    }

    /// A folder in memory, where the machine has one. It is for tests that run the program hundreds
    /// of times and do not test how it writes.
    pub fn in_memory() -> Folder {
        tempfile::tempdir_in("/dev/shm").map_or_else(|_| Folder::new(), Folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a folder");
        }
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the program in the folder, with arguments split at spaces.
    pub fn pql(&self, arguments: &str) -> Outcome {
        self.pql_with(&arguments.split_whitespace().collect::<Vec<_>>(), b"")
    }

    /// Runs the program in the folder, with bytes on its standard input.
    pub fn pql_with(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_pql"))
            .args(arguments)
            .current_dir(self.path())
            .env_remove("COLUMNS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // The program may end without reading its input.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Parses a CSV text into rows of cells.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

/// The names in a folder, sorted; none if the folder does not exist.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
