//! A changed byte is found by a check, and no run gets a wrong list.

use std::fs;

use super::samples::{Place, RunEnd, end_of, files, list};
use crate::record_folder::{RecordCheck, RecordError};

/// Every how many bytes one is changed. `PQL_RECORD_EVERY_BYTE=1` changes all of them.
fn step() -> usize {
    if std::env::var_os("PQL_RECORD_EVERY_BYTE").is_some() { 1 } else { 41 }
}

#[test]
fn a_changed_byte_is_damage_and_never_another_list() {
    let place = Place::new();
    let mut folder = place.begin().expect("a new record");
    for (date, score) in [("2026-10-31", 1000), ("2026-11-01", 2000), ("2026-11-02", 3000)] {
        place.run(&mut folder, date, score, RunEnd::Published).expect("a run");
    }
    drop(folder);
    let expected = format!("{:?}", list("2026-11-02", 3000));
    let later = end_of("2026-11-03").instant;
    for (name, bytes) in files(&place.path()) {
        let path = place.path().join(&name);
        for at in (0..bytes.len()).step_by(step()).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).expect("a file");
            let check = RecordCheck::of_record(&place.path()).expect("it can be read");
            assert!(!check.damage.is_empty(), "{name}, byte {at}");
            match place.open().and_then(|folder| folder.before(later)) {
                Ok(run) => assert_eq!(format!("{:?}", run.expect("a run").list), expected, "{name}, byte {at}"),
                Err(RecordError::Damaged(_)) => {}
                Err(other) => panic!("{name}, byte {at}: {other}"),
            }
        }
        fs::write(&path, &bytes).expect("a file");
    }
    assert!(RecordCheck::of_record(&place.path()).expect("it can be read").damage.is_empty());
}
