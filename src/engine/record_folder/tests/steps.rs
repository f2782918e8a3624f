//! Runs that follow on each other, are repeated, or end early.

use super::samples::{Place, RunEnd, end_of, files, list, table};
use crate::record_folder::RecordError;

/// The score that tells a run of the record.
fn score(run: Option<crate::record_folder::RecordedRun>) -> Option<i64> {
    run.map(|run| run.list.levels.user.snapshot.standings[0].score.0)
}

#[test]
fn a_run_comes_back_as_it_was() {
    let place = Place::new();
    let mut folder = place.begin().expect("a new record");
    assert_eq!(folder.newest_as_of(), None);
    place.run(&mut folder, "2026-10-01", 7_500, RunEnd::Published).expect("a run");
    let read = folder.before(end_of("2026-10-02").instant).expect("whole").expect("a run");
    assert_eq!(format!("{:?}", read.list), format!("{:?}", list("2026-10-01", 7_500)));
    let (model, written) = (super::samples::model(), table(&super::samples::model()));
    let tables = read.tables_for(&model);
    assert_eq!(format!("{:?}", tables.levels.user.expect("a table")), format!("{written:?}"));
    assert!(tables.levels.account.is_none());
    assert_eq!(format!("{:?}", tables.outcomes.expect("outcomes")), format!("{:?}", super::samples::outcomes()));
    assert_eq!((read.number, &*read.model_name, &*read.model_hash), (1, "model", "0123"));
    assert_eq!(read.model_text, super::samples::MODEL);
}

#[test]
fn before_is_the_newest_published_run_with_an_earlier_instant() {
    let place = Place::new();
    let mut folder = place.begin().expect("a new record");
    for (date, score) in [("2026-10-01", 1000), ("2026-10-02", 2000), ("2026-10-03", 3000)] {
        place.run(&mut folder, date, score, RunEnd::Published).expect("a run");
    }
    let third = end_of("2026-10-03").instant;
    assert_eq!(score(folder.before(third).expect("whole")), Some(2000));
    assert_eq!(score(folder.before(third + 1).expect("whole")), Some(3000));
    assert_eq!(score(folder.repeated(third).expect("whole")), Some(3000));
    assert!(folder.repeated(third + 1).expect("whole").is_none());
    assert!(matches!(folder.before(third - 1), Err(RecordError::Backward { .. })));
    let names: Vec<String> = files(&place.path()).into_keys().filter(|name| name.ends_with("record.json")).collect();
    assert_eq!(names, ["run-000002/record.json", "run-000003/record.json"]);
}

#[test]
fn a_run_that_ends_early_leaves_the_record_as_it_was() {
    for end in [RunEnd::Staged, RunEnd::Committed] {
        let place = Place::new();
        let mut folder = place.begin().expect("a new record");
        place.run(&mut folder, "2026-10-01", 1000, RunEnd::Published).expect("a run");
        place.run(&mut folder, "2026-10-02", 2000, end).expect("a run");
        drop(folder);
        let mut folder = place.open().expect("a record");
        assert_eq!(score(folder.before(end_of("2026-10-03").instant).expect("whole")), Some(1000), "{end:?}");
        let repeated = score(folder.repeated(end_of("2026-10-02").instant).expect("whole"));
        assert_eq!(repeated, (end == RunEnd::Committed).then_some(2000));
        place.run(&mut folder, "2026-10-02", 2500, RunEnd::Published).expect("a run");
        place.run(&mut folder, "2026-10-03", 3000, RunEnd::Published).expect("a run");
        assert_eq!(place.history(), [1000, 2500, 3000], "{end:?}");
    }
}

#[test]
fn a_run_that_is_repeated_replaces_itself() {
    let place = Place::new();
    let mut folder = place.begin().expect("a new record");
    for (date, score) in [("2026-10-31", 1000), ("2026-11-01", 2000), ("2026-11-01", 2100), ("2026-11-02", 3000)] {
        place.run(&mut folder, date, score, RunEnd::Published).expect("a run");
    }
    assert_eq!(place.history(), [1000, 2100, 3000]);
    // A repeated run that ends early has not replaced the one whose lists were published.
    place.run(&mut folder, "2026-11-02", 3100, RunEnd::Committed).expect("a run");
    assert_eq!(place.history(), [1000, 2100, 3000]);
    place.run(&mut folder, "2026-11-03", 4000, RunEnd::Published).expect("a run");
    assert_eq!(place.history(), [1000, 2100, 3000, 4000]);
    let log = files(&place.path());
    let lines = |name: &str| log[name].iter().filter(|byte| **byte == b'\n').count();
    assert_eq!((lines("log/2026-10.ndjson"), lines("log/2026-11.ndjson")), (1, 3));
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    let written = || {
        let place = Place::new();
        let mut folder = place.begin().expect("a new record");
        place.run(&mut folder, "2026-10-01", 1000, RunEnd::Published).expect("a run");
        place.run(&mut folder, "2026-10-02", 2000, RunEnd::Published).expect("a run");
        files(&place.path())
    };
    assert_eq!(written(), written());
}

#[test]
fn a_record_is_begun_in_an_empty_folder_alone() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(RecordError::NoFolder { .. })));
    std::fs::create_dir(place.path()).expect("a folder");
    assert!(matches!(place.open(), Err(RecordError::NoRecord { .. })));
    std::fs::write(place.path().join("a.csv"), "x").expect("a file");
    assert!(matches!(place.begin(), Err(RecordError::Foreign { name, .. }) if name == "a.csv"));
    std::fs::remove_file(place.path().join("a.csv")).expect("a file");
    let mut folder = place.begin().expect("a new record");
    place.run(&mut folder, "2026-10-01", 1000, RunEnd::Committed).expect("a run");
    drop(folder);
    // Nothing was published, so the command that began it may be repeated.
    let mut folder = place.begin().expect("the same record");
    place.run(&mut folder, "2026-10-01", 1000, RunEnd::Published).expect("a run");
    drop(folder);
    assert!(matches!(place.begin(), Err(RecordError::Exists { .. })));
    std::fs::remove_file(place.path().join("head.json")).expect("a file");
    assert!(matches!(place.begin(), Err(RecordError::Damaged(_))));
    assert!(matches!(place.open(), Err(RecordError::Damaged(_))));
}

#[test]
fn undo_of_a_run_that_was_not_published_leaves_the_run_before_as_it_is() {
    let place = Place::new();
    let mut folder = place.begin().expect("a new record");
    place.run(&mut folder, "2026-10-01", 1000, RunEnd::Published).expect("a run");
    place.run(&mut folder, "2026-10-02", 2000, RunEnd::Published).expect("a run");
    let before = files(&place.path());
    place.run(&mut folder, "2026-10-02", 2100, RunEnd::Committed).expect("a run");
    let undone = folder.undo().expect("a run before");
    assert_eq!((undone.number, undone.published, undone.noted_alerts), (3, false, 0));
    assert_eq!(files(&place.path()), before);
    assert_eq!(place.history(), [1000, 2000]);
}

#[test]
fn a_log_that_a_killed_run_left_cut_is_completed() {
    let place = Place::new();
    let mut folder = place.begin().expect("a new record");
    place.run(&mut folder, "2026-11-01", 1000, RunEnd::Published).expect("a run");
    place.run(&mut folder, "2026-11-02", 2000, RunEnd::Published).expect("a run");
    // A repeated run cuts the entries of the run that it replaces, and is killed before it writes its own.
    let log = place.path().join("log/2026-11.ndjson");
    let whole = std::fs::read(&log).expect("the log");
    let first = whole.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    std::fs::write(&log, &whole[..first]).expect("the log");
    place.run(&mut folder, "2026-11-03", 3000, RunEnd::Published).expect("a run");
    assert_eq!(place.history(), [1000, 2000, 3000]);
}

#[test]
fn the_past_of_many_runs_is_the_record_that_these_runs_leave() {
    let runs = [("2026-10-30", 1000), ("2026-10-31", 2000), ("2026-11-01", 3000), ("2026-11-02", 4000)];
    for count in 1..=runs.len() {
        let (nightly, at_once) = (Place::new(), Place::new());
        let mut folder = nightly.begin().expect("a new record");
        for (date, score) in &runs[..count] {
            nightly.run(&mut folder, date, *score, RunEnd::Published).expect("a run");
        }
        let begun = at_once.begin().expect("a new record");
        at_once.past(begun, &runs[..count], RunEnd::Published).expect("a past");
        assert_eq!(files(&at_once.path()), files(&nightly.path()), "{count} runs");
    }
}

#[test]
fn a_past_that_ends_early_leaves_no_run_and_is_begun_again() {
    for end in [RunEnd::Staged, RunEnd::Committed] {
        let place = Place::new();
        let begun = place.begin().expect("a new record");
        place.past(begun, &[("2026-09-30", 1000), ("2026-10-01", 1500), ("2026-10-02", 2000)], end).expect("a past");
        assert!(place.open().expect("a record").view().newest_published().expect("whole").is_none(), "{end:?}");
        let begun = place.begin().expect("the same record");
        place.past(begun, &[("2026-10-01", 2500), ("2026-10-02", 3000)], RunEnd::Published).expect("a past");
        assert_eq!(place.history(), [2500, 3000], "{end:?}");
        assert!(!place.path().join("log/2026-09.ndjson").exists(), "{end:?}");
    }
}
