//! `pql record undo`: the run before is the newest again, and what fired stays noted.

use pql_engine::record_folder::{RecordError, RecordFolder};

use super::sample::{RunInputs, as_of, files, list, log, record};
use crate::run::Folder;

fn open(folder: &Folder) -> RecordFolder {
    RecordFolder::try_open(&folder.path().join("record")).expect("a record").expect("the lock")
}

#[test]
fn undo_goes_back_and_keeps_what_fired() {
    let folder = Folder::new();
    record(&folder.path().join("record"), 3);
    let outcome = folder.pql("record undo record");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for part in [
        "undone: run 3 as of 2026-11-02T00:00:00Z",
        "newest now: the run as of 2026-11-01T00:00:00Z",
        "alerts: 1 that it fired stays noted and will not fire again",
    ] {
        assert!(outcome.stdout.contains(part), "{part}\n{}", outcome.stdout);
    }
    assert_eq!(folder.pql("record verify record").code, 0);
    let record = open(&folder);
    let before = record.before(as_of("2026-11-01").instant).expect("whole").expect("the run before");
    assert_eq!(before.number, 4);
    let users = &before.list.levels.user;
    assert_eq!(format!("{:?}", users.snapshot), format!("{:?}", list(1).levels.user.snapshot));
    // Cem is not in the list of the run before: the alert waits for him among those who went.
    let noted = &users.departed["cem"].kept;
    let alert = noted.alert(0);
    assert_eq!((alert.held, alert.fired, alert.fired_now), (true, Some(as_of("2026-11-01").day), None));
    assert_eq!(noted.assignee.as_deref(), Some("Dana"));
    assert_eq!(before.list.assigned, list(2).assigned);
}

#[test]
fn the_log_forgets_the_undone_run() {
    let folder = Folder::new();
    record(&folder.path().join("record"), 3);
    assert_eq!(folder.pql("record undo record").code, 0);
    let names: Vec<String> = files(&folder.path().join("record")).into_keys().collect();
    assert!(!names.contains(&"log/2026-11.ndjson".to_owned()), "{names:?}");
    let mut record = open(&folder);
    RunInputs::new().record(&mut record, &list(2), &log(2)).expect("the run again");
    drop(record);
    assert_eq!(folder.read("record/log/2026-11.ndjson").lines().count(), 2);
    assert_eq!(folder.pql("record verify record").code, 0);
}

#[test]
fn a_run_without_a_run_before_it_is_neither_undone_nor_repeated() {
    let folder = Folder::new();
    record(&folder.path().join("record"), 1);
    let outcome = folder.pql("record undo record");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("no run to go back to"), "{outcome:?}");
    let folder = Folder::new();
    record(&folder.path().join("record"), 3);
    assert_eq!(folder.pql("record undo record").code, 0);
    assert_eq!(folder.pql("record undo record").code, 2);
    // The run before the present one is gone, so it cannot be compared again.
    let again = open(&folder).before(as_of("2026-10-31").instant);
    assert!(matches!(again, Err(RecordError::Undone { .. })), "{again:?}");
}

#[test]
fn a_damaged_newest_run_can_be_undone() {
    let folder = Folder::new();
    record(&folder.path().join("record"), 3);
    folder.write("record/run-000003/users.ndjson", "");
    let outcome = folder.pql("record undo record");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("are lost and may fire again"), "{outcome:?}");
    assert_eq!(folder.pql("record verify record").code, 0);
}

#[test]
fn a_record_that_a_run_writes_to_is_left_alone() {
    let folder = Folder::new();
    record(&folder.path().join("record"), 3);
    let held = open(&folder);
    let outcome = folder.pql("record undo record");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("another run"), "{outcome:?}");
    // Reading waits for nobody.
    assert_eq!(folder.pql("record verify record").code, 0);
    drop(held);
}
