//! The pieces of models in the manual have keys and values that the language knows.

use super::{examples::fenced_blocks, files, output_of, text};

/// Problems that no piece of a model may have. A piece may name facts that it does not declare.
const FAULTS: [&str; 4] = ["M001", "M002", "M003", "M009"];

/// What `pql check` finds in a piece of a model, of the problems that it may not have.
fn faults(piece: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let schema = if piece.contains("schema = 1") { "" } else { "schema = 1\n" };
    std::fs::write(folder.path().join("piece.toml"), format!("{schema}{piece}")).expect("a file");
    let report = output_of("pql check piece.toml 2>&1", folder.path());
    report
        .lines()
        .filter(|line| FAULTS.iter().any(|code| line.contains(&format!("[{code}]"))))
        .map(str::to_owned)
        .collect()
}

#[test]
fn pieces_of_models_have_keys_that_the_language_knows() {
    assert_eq!(faults("[[user.signals]]\nname = \"a\"\npoint = 3\n").len(), 1, "a key that is none");
    let mut pieces = 0;
    for file in files() {
        let text = text(&file);
        for block in fenced_blocks(&text).into_iter().filter(|block| block.language == "toml") {
            let piece = &text[block.content];
            if piece.contains("[[case]]") {
                continue;
            }
            pieces += 1;
            let faults = faults(piece);
            assert!(faults.is_empty(), "{file}: {}\n{piece}", faults.join("\n"));
        }
    }
    assert!(pieces > 4, "the manual has pieces of models: {pieces}");
}
