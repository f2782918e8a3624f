//! Notes on the record of earlier runs.

use crate::cli::print_stderr;
use pql_model::clock::{AsOf, format_instant};

/// Says that a run repeats the newest one, since no event is newer.
pub(crate) fn note_repeated_latest(as_of: AsOf) {
    let at = format_instant(as_of.instant);
    print_stderr(&format!(
        "note: no event is newer than the last run of the record, so this run repeats it, as of {at}"
    ));
}

/// Says that the model of the run before cannot be read any more.
pub(crate) fn note_unreadable_base(number: u32) {
    print_stderr(&format!(
        "note: this version of pql cannot read the model of run {number} of the record, so all changes count as changes by the model"
    ));
}
