//! The format is what `docs/record-format.md` shows: `fixtures/record` is what the program writes.
//!
//! `PQL_RECORD_REWRITE=1 cargo test --test it record` writes the fixture anew. A change of it is a new format, unless the old one can be read.

use std::{fs, path::Path};

use super::sample::{as_of, files, list, record};
use crate::run::Folder;

fn fixture() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/record")
}

#[test]
fn the_fixture_is_what_the_program_writes() {
    let folder = Folder::new();
    let dir = folder.path().join("record");
    record(&dir, 3);
    let written = files(&dir);
    if std::env::var_os("PQL_RECORD_REWRITE").is_some() {
        let _ = fs::remove_dir_all(fixture());
        for (name, bytes) in &written {
            let path = fixture().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
    }
    let fixed = files(&fixture());
    let names = |files: &std::collections::BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<String>>();
    assert_eq!(names(&fixed), names(&written));
    for (name, bytes) in &written {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(shown(&fixed[name]), shown(bytes), "{name}");
    }
}

#[test]
fn the_fixture_is_read() {
    let view = pql_engine::record_folder::RecordView::open_to_read(&fixture()).expect("a record");
    let run = view.before(as_of("2026-11-02").instant).expect("whole").expect("a run");
    assert_eq!(format!("{:?}", run.list), format!("{:?}", list(2)));
}
