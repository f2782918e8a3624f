//! The code follows `src/ARCHITECTURE.md`: the imports between modules, and the only places that
//! print or read the clock.

use std::{collections::BTreeSet, path::Path};

/// The allowed imports of each module: whole modules, or single items of a module. A module is a
/// folder or file of a crate; the other files of the model crate are `model`. The compiler keeps
/// the crates apart, and this table the modules within a crate.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model/diag", &[]),
    ("model/units", &[]),
    ("model/rules", &["model/diag::Severity"]),
    ("model/clock", &["model/units"]),
    ("model/expr", &["model/diag", "model/units", "model/clock"]),
    ("model", &["model/diag", "model/units", "model/clock", "model/expr", "model/rules"]),
    ("model/scoring", &["model", "model/expr", "model/units"]),
    ("model/lint", &["model/scoring", "model", "model/expr", "model/clock", "model/diag", "model/units"]),
    ("model/schema", &["model"]),
    ("engine/fs", &["model/units"]),
    ("engine/caught", &[]),
    ("engine/statistics", &[]),
    ("engine/ids", &[]),
    ("engine/loader_columns", &[]),
    ("engine/read", &["engine/fs", "engine/caught", "engine/ids", "engine/loader_columns", "model/units"]),
    ("engine/plan", &["model", "model/expr", "model/clock", "model/diag", "model/units"]),
    (
        "engine/decode",
        &[
            "engine/plan::Model",
            "engine/ids",
            "engine/loader_columns",
            "model",
            "model/expr",
            "model/clock",
            "model/units",
        ],
    ),
    (
        "engine/enrich",
        &[
            "engine/plan",
            "engine/decode",
            "engine/read",
            "model",
            "model/expr",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "engine/outcomes",
        &[
            "engine/decode",
            "engine/enrich",
            "engine/entity",
            "engine/read",
            "model",
            "model/expr",
            "model/clock",
            "model/units",
        ],
    ),
    ("engine/fold", &["engine/plan", "engine/decode", "model", "model/expr", "model/clock", "model/units"]),
    ("engine/entity", &["engine/plan", "engine/fold", "model", "model/clock", "model/units", "model/expr::Value"]),
    (
        "engine/score",
        &[
            "engine/plan",
            "engine/entity",
            "engine/fold",
            "engine/outcomes",
            "model",
            "model/scoring",
            "model/expr",
            "model/clock",
            "model/units",
            "engine/decode::HashSeed",
        ],
    ),
    (
        "engine/emit",
        &[
            "engine/plan::Model",
            "engine/score",
            "engine/outcomes",
            "model",
            "model/scoring",
            "model/units",
            "model/clock",
            "model/expr",
            "model/diag",
            "engine/decode::misread",
            "engine/fold::FileCounts",
            "engine/entity::JoinReport",
            "engine/entity::IdKind",
        ],
    ),
    (
        "engine/pipeline",
        &[
            "engine/plan",
            "model/units",
            "model/clock",
            "model/expr",
            "model",
            "engine/read",
            "engine/decode",
            "engine/enrich",
            "engine/fold",
            "engine/entity",
            "engine/outcomes",
            "engine/score",
        ],
    ),
    (
        "engine/ledger",
        &[
            "engine/plan::Model",
            "engine/ids",
            "engine/score",
            "engine/emit",
            "model",
            "model/scoring",
            "model/expr",
            "model/clock",
            "model/units",
            "model/diag",
        ],
    ),
    (
        "engine/record",
        &[
            "engine/score::PreviousLists",
            "engine/score::PreviousStanding",
            "engine/score::StandingTable",
            "engine/plan::Model",
            "engine/entity",
            "engine/score::ScoredEntities",
            "engine/ledger",
            "model",
            "model/scoring",
            "model/expr",
            "model/clock",
            "model/units",
        ],
    ),
    (
        "engine/record_folder",
        &[
            "engine/record",
            "engine/enrich",
            "engine/outcomes",
            "engine/pipeline::LoadedTables",
            "engine/pipeline::RunTables",
            "engine/plan",
            "engine/fs",
            "model",
            "model/expr",
            "model/clock",
            "model/units",
        ],
    ),
    (
        "engine/row_files",
        &[
            "engine/changes::RunStamp",
            "engine/record",
            "engine/read",
            "model",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "engine/changes",
        &[
            "engine/record",
            "engine/emit",
            "engine/plan::Model",
            "engine/score::ScoredEntities",
            "model",
            "model/expr",
            "model/clock",
            "model/units",
        ],
    ),
    (
        "engine/alerts",
        &[
            "engine/changes",
            "engine/record",
            "engine/emit",
            "engine/ledger",
            "engine/plan::Model",
            "engine/score",
            "model",
            "model/expr",
            "model/units",
        ],
    ),
    (
        "engine/runs",
        &[
            "engine/alerts",
            "engine/changes",
            "engine/record",
            "engine/decode::format",
            "engine/enrich",
            "engine/entity::Entities",
            "engine/fold",
            "engine/pipeline",
            "engine/plan::Model",
            "engine/score",
            "model",
            "model/clock",
        ],
    ),
    (
        "engine/backtest",
        &[
            "engine/changes::ScoreLog",
            "engine/runs",
            "engine/record",
            "engine/ledger",
            "engine/outcomes",
            "engine/statistics",
            "engine/emit",
            "engine/decode::format",
            "engine/fold::FoldState",
            "engine/pipeline",
            "engine/plan::Model",
            "engine/score",
            "model",
            "model/scoring",
            "model/expr",
            "model/clock",
            "model/units",
        ],
    ),
    (
        "engine/inspect",
        &[
            "engine/plan::Model",
            "engine/emit::JsonMap",
            "engine/emit::ReadAsRecord",
            "engine/pipeline",
            "engine/loader_columns",
            "engine/read",
            "engine/decode",
            "model",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "engine/cases",
        &[
            "engine/alerts",
            "engine/changes",
            "engine/record",
            "engine/runs",
            "engine/plan",
            "engine/ids",
            "engine/ledger",
            "engine/emit",
            "engine/pipeline",
            "engine/read",
            "engine/decode::misread",
            "engine/decode::time_zones",
            "engine/enrich",
            "engine/outcomes",
            "engine/score",
            "model",
            "model/schema",
            "model/scoring",
            "model/expr",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "commands/explain",
        &[
            "engine/changes",
            "engine/plan",
            "engine/ids::id_of_text",
            "engine/ledger",
            "engine/emit",
            "engine/pipeline",
            "engine/entity",
            "engine/fold",
            "engine/outcomes",
            "engine/read",
            "engine/decode",
            "engine/enrich",
            "engine/score",
            "model",
            "model/scoring",
            "model/expr",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    ("commands/fail_if", &["model", "model/expr", "model/diag"]),
    ("commands/toml_text", &[]),
    ("commands/outcomes", &["commands/toml_text", "model"]),
    (
        "commands/init",
        &[
            "commands/toml_text",
            "commands/check",
            "engine/plan",
            "engine/inspect",
            "engine/cases",
            "engine/score::ScoredEntities",
            "model",
            "model/lint",
            "model/expr",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "commands/score",
        &[
            "engine/alerts",
            "engine/changes",
            "engine/record",
            "engine/record_folder",
            "engine/runs",
            "engine/fold::FileCounts",
            "model/clock",
            "engine/plan::Model",
            "engine/decode::misread",
            "engine/emit",
            "engine/outcomes",
            "engine/entity::FREE_MAIL_DATE",
            "engine/pipeline",
            "engine/read::FileStats",
            "engine/read::MissingColumn",
            "engine/score",
            "commands/fail_if",
            "model",
            "model/diag",
            "model/units",
        ],
    ),
    ("commands/backtest", &["engine/backtest", "engine/emit", "model/diag", "model/units"]),
    (
        "commands/record",
        &["engine/record_folder", "engine/emit::JsonMap", "model", "model/clock", "model/diag", "model/units"],
    ),
    (
        "commands/diff",
        &[
            "commands/toml_text",
            "engine/plan::Model",
            "engine/record",
            "engine/emit",
            "engine/score",
            "model",
            "model/expr",
            "model/clock",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "commands/check",
        &[
            "engine/plan::Model",
            "engine/decode::stable_hash",
            "engine/ledger",
            "engine/emit",
            "engine/inspect",
            "engine/score",
            "model",
            "model/scoring",
            "model/rules",
            "model/diag",
            "model/units",
        ],
    ),
    (
        "cli",
        &[
            "engine/plan::Model",
            "engine/plan::parse",
            "engine/plan::parse_with_rows",
            "engine/plan::parse_all_facts",
            "engine/plan::parse_to_check",
            "commands/check",
            "engine/alerts",
            "engine/changes",
            "engine/record",
            "engine/runs",
            "commands/backtest",
            "commands/diff",
            "commands/explain",
            "commands/fail_if",
            "commands/init",
            "commands/outcomes",
            "commands/record",
            "commands/score",
            "engine/backtest",
            "engine/cases",
            "engine/ids",
            "engine/inspect",
            "engine/ledger",
            "engine/read",
            "engine/decode",
            "engine/enrich",
            "engine/outcomes",
            "engine/score",
            "engine/emit",
            "engine/fs",
            "engine/record_folder",
            "engine/row_files",
            "engine/pipeline",
            "engine/entity::FREE_MAIL_DATE",
            "engine/entity::JoinReport",
            "model",
            "model/rules",
            "model/lint",
            "model/schema",
            "model/units",
            "model/clock",
            "model/diag",
            "model/expr",
        ],
    ),
    ("commands/mod", &[]),
    ("engine/lib", &[]),
    ("main", &[]),
];

/// The crates, by their names in imports.
const CRATES: [(&str, &str); 2] = [("pql_model::", "model"), ("pql_engine::", "engine")];

/// The folders and files of the model crate that are modules in [`ALLOWED`]; all others belong to
/// `model`.
const MODEL_MODULES: [&str; 8] = ["clock", "diag", "expr", "lint", "rules", "schema", "scoring", "units"];

/// The path `read::Item` of a crate as `engine/read::Item`.
fn in_crate(home: &str, path: &str) -> String {
    let first = path.split("::").next().unwrap_or_default();
    match home {
        "model" if MODEL_MODULES.contains(&first) => format!("model/{path}"),
        "model" => format!("model::{path}"),
        "engine" => format!("engine/{path}"),
        _ if first == "commands" => path.replacen("commands::", "commands/", 1),
        _ => path.to_owned(),
    }
}

/// A file of `src`, with its path and text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The crate of the file: `model`, `engine`, or empty for the program.
    fn home(&self) -> &str {
        match self.path.split_once('/') {
            Some((home @ ("model" | "engine"), _)) => home,
            _ => "",
        }
    }

    /// The module of the file, by its name in [`ALLOWED`].
    fn module(&self) -> String {
        let path = self.path.trim_end_matches(".rs");
        let mut parts = path.split('/');
        let first = parts.next().unwrap_or_default();
        match (first, parts.next()) {
            ("model", Some(part)) if MODEL_MODULES.contains(&part) => format!("model/{part}"),
            ("model", _) => "model".to_owned(),
            ("engine" | "commands", Some(part)) => format!("{first}/{part}"),
            _ => first.to_owned(),
        }
    }

    /// The lines of code with their numbers, without comments and without the tests at the end.
    fn code(&self) -> Vec<(usize, &str)> {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return Vec::new();
        }
        let before_tests = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        before_tests
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(at, line)| (at + 1, line))
            .collect()
    }

    /// All imports within the project, as `module::item`.
    fn imports(&self) -> BTreeSet<String> {
        let code: Vec<&str> = self.code().into_iter().map(|(_, line)| line).collect();
        let code = code.join("\n");
        let mut found = BTreeSet::new();
        for (word, home) in CRATES.into_iter().chain([("crate::", self.home())]) {
            for (at, _) in code.match_indices(word) {
                // `pub(in crate::...)` limits visibility and imports nothing.
                if code[..at].ends_with("(in ") {
                    continue;
                }
                let mut paths = BTreeSet::new();
                expand("", &code[at + word.len()..], &mut paths);
                found.extend(paths.iter().map(|path| in_crate(home, path)));
            }
        }
        found
    }
}

/// Adds the paths of an import tree with a prefix. Returns the number of bytes read.
fn expand(prefix: &str, tree: &str, found: &mut BTreeSet<String>) -> usize {
    let end = tree.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(tree.len());
    let path = format!("{prefix}{}", &tree[..end]);
    if !tree[end..].starts_with('{') {
        found.insert(path.trim_end_matches(':').to_owned());
        return end;
    }
    let mut at = end + 1;
    while at < tree.len() && !tree[at..].starts_with('}') {
        match tree[at..].chars().next() {
            Some(c) if c.is_alphanumeric() || c == '_' || c == '{' => at += expand(&path, &tree[at..], found).max(1),
            Some(c) => at += c.len_utf8(),
            None => break,
        }
    }
    at + 1
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let pattern = root.join("**/*.rs").display().to_string();
    let paths = glob::glob(&pattern).expect("a pattern").map(|path| path.expect("a path"));
    let sources: Vec<Source> = paths
        .map(|path| Source {
            path: path.strip_prefix(&root).expect("in src").display().to_string(),
            text: std::fs::read_to_string(&path).expect("a file"),
        })
        .collect();
    assert!(sources.len() > 50, "{} files", sources.len());
    sources
}

/// The lines of code with one of the words, in the files for which `wanted` is true.
fn lines_with(words: &[&str], wanted: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| wanted(source)) {
        let lines = source.code().into_iter().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.extend(lines.map(|(number, line)| format!("src/{}:{number}: {}", source.path, line.trim())));
    }
    found
}

#[test]
fn imports_go_only_where_the_table_says() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources() {
        let module = source.module();
        let allowed = ALLOWED.iter().find(|(name, _)| *name == module);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("module `{module}` is not in the table"));
        for import in source.imports() {
            let own = import == module || import.starts_with(&format!("{module}::"));
            let rule = allowed.iter().find(|rule| import == **rule || import.starts_with(&format!("{rule}::")));
            match rule {
                Some(rule) => drop(used.insert((module.clone(), (*rule).to_owned()))),
                None if own => {}
                None => wrong.push(format!("src/{}: crate::{import}", source.path)),
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the table:\n{}", wrong.join("\n"));
    // An item that is not imported must not be in the table. Whole modules follow the layers of
    // ARCHITECTURE.md, and `cli` may import anything.
    for (module, rules) in ALLOWED.iter().filter(|(module, _)| *module != "cli") {
        for rule in rules.iter().filter(|rule| rule.contains("::")) {
            assert!(used.contains(&((*module).to_owned(), (*rule).to_owned())), "`{module}` no longer needs `{rule}`");
        }
    }
}

#[test]
fn the_table_has_no_circle() {
    // The table has no cycle if every module can follow the modules that it imports.
    let mut known: BTreeSet<&str> = BTreeSet::new();
    while known.len() < ALLOWED.len() {
        let next: Vec<&str> = ALLOWED
            .iter()
            .filter(|(name, _)| !known.contains(name))
            .filter(|(_, rules)| rules.iter().all(|rule| known.contains(rule.split("::").next().unwrap_or(rule))))
            .map(|(name, _)| *name)
            .collect();
        assert!(!next.is_empty(), "a circle beyond {known:?}");
        known.extend(next);
    }
}

#[test]
fn every_module_is_described_in_the_architecture() {
    let text = include_str!("../../src/ARCHITECTURE.md");
    let modules: BTreeSet<String> = sources().iter().map(|source| source.module()).collect();
    for module in modules.iter().filter(|module| !["commands/mod", "engine/lib", "main"].contains(&module.as_str())) {
        assert!(text.contains(&format!("| `{module}` |")), "`{module}` is not in the table of ARCHITECTURE.md");
    }
}

#[test]
fn every_file_says_first_what_it_does() {
    for source in sources() {
        let begins = source.text.starts_with("//! ") || source.text.starts_with("#![doc = include_str!");
        assert!(begins, "src/{} does not begin with `//!`", source.path);
    }
}

#[test]
fn every_file_of_tests_is_in_the_map() {
    let text = include_str!("main.rs");
    let modules = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let missing: Vec<&str> = modules.filter(|name| *name != "run" && !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in the list at the beginning of tests/it/main.rs: {missing:?}");
}

#[test]
fn nothing_is_left_for_later() {
    // The words are assembled, so that this file does not contain them.
    let words =
        ["TO\u{44}O", "FIX\u{4d}E", "dbg\u{21}", "todo\u{21}", "#[\u{69}gnore", "#[\u{61}llow(", "unimplemented\u{21}"];
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in
            source.text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        {
            found.push(format!("src/{}:{}: {}", source.path, number + 1, line.trim()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_code_is_given_once_and_used() {
    let sources = sources();
    let codes = sources.iter().find(|source| source.path == "model/codes.rs").expect("the codes");
    let mut seen = BTreeSet::new();
    for line in codes.text.lines().filter_map(|line| Some(line.split_once(" const ")?.1)) {
        let (name, rest) = line.split_once(": &str = \"").expect("a constant");
        let code = rest.trim_end_matches("\";");
        assert!(code.len() == 4 && code.starts_with('M') && code[1..].parse::<u16>().is_ok(), "{code}");
        assert!(seen.insert(code.to_owned()), "{code} is given twice");
        let used = |source: &Source| source.path != codes.path && source.text.contains(&format!("codes::{name}"));
        assert!(sources.iter().any(used), "{code} `{name}` is never told");
    }
    assert!(seen.len() >= 19, "{seen:?}");
    // This test would miss a code that another file writes as text.
    let quoted: Vec<String> = seen.iter().map(|code| format!("\"{code}\"")).collect();
    for source in sources.iter().filter(|source| source.path != codes.path && source.text.contains("\"M")) {
        for (number, line) in source.code() {
            let literal = quoted.iter().find(|code| line.contains(code.as_str()));
            assert!(literal.is_none(), "src/{}:{number} writes {literal:?} out", source.path);
        }
    }
}

#[test]
fn every_code_of_cases_is_given_once_and_used() {
    let sources = sources();
    let codes = sources.iter().find(|source| source.path == "engine/cases/codes.rs").expect("the codes");
    let mut seen = BTreeSet::new();
    for line in codes.text.lines().filter_map(|line| Some(line.split_once(" const ")?.1)) {
        let (name, rest) = line.split_once(": &str = \"").expect("a constant");
        let code = rest.trim_end_matches("\";");
        assert!(code.len() == 4 && code.starts_with('C') && code[1..].parse::<u16>().is_ok(), "{code}");
        assert!(seen.insert(code.to_owned()), "{code} is given twice");
        let used = |source: &Source| source.path != codes.path && source.text.contains(&format!("codes::{name}"));
        assert!(sources.iter().any(used), "{code} `{name}` is never told");
    }
    assert!(seen.len() >= 10, "{seen:?}");
}

#[test]
fn only_the_command_line_prints() {
    let printing = ["print!(", "println!(", "io::stdout(", "io::stderr(", "stdout()", "stderr()"];
    let found = lines_with(&printing, |source| !["cli", "engine/emit"].contains(&source.module().as_str()));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_command_line_reads_the_clock_and_the_environment() {
    let clock = ["Timestamp::now", "Zoned::now", "SystemTime", "Instant::now", "UNIX_EPOCH"];
    let found = lines_with(&clock, |source| source.module() != "cli");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let environment = ["std::env", "env::var", "env::args", "temp_dir(", "::current_dir(", "TimeZone::system"];
    let found = lines_with(&environment, |source| !["cli", "main"].contains(&source.module().as_str()));
    assert!(found.is_empty(), "{}", found.join("\n"));
    let found = lines_with(&environment, |source| source.module() == "main");
    assert!(found.iter().all(|line| line.contains("std::env::args_os()")), "{}", found.join("\n"));
}

#[test]
fn folders_are_listed_in_one_place() {
    // Other ways to list a folder can panic: that of the standard library if closing fails, that of
    // `glob` at names that are not UTF-8.
    let found = lines_with(&["read_dir(", "ReadDir", "glob::glob"], |source| source.path != "engine/fs/dir.rs");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_in_the_input_meets_no_hash_without_a_seed() {
    // `decode::discover` samples by a hash that must be the same in every run. It looks up no table
    // by it.
    let unseeded = [
        "FixedState",
        "FxHash",
        "FnvHash",
        "fnv::",
        "ahash",
        "BuildHasherDefault",
        "with_seed(",
        "DefaultHasher",
        "IdentityHash",
    ];
    let found = lines_with(&unseeded, |source| source.path != "engine/decode/discover.rs");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
