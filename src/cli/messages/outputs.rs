//! Notes on the rows and files that a run wrote.

use std::path::Path;

use crate::cli::print_stderr;
use pql_engine::{
    emit::{LeftOutRows, RowTotals},
    score::ScoredEntities,
};
use pql_model::{
    EntityKind,
    clock::format_instant,
    diag::{escape_controls, quoted_list},
    resolved::ListFile,
    units::plural,
};

/// Cells that were written with an apostrophe, so that no spreadsheet runs them.
///
/// `way_out` is the option that writes them as they are.
pub(crate) fn note_defused_cells(defused: u64, way_out: &str) {
    if defused > 0 {
        let cells = plural(defused, "cell", "cells");
        print_stderr(&format!(
            "note: {cells} that a spreadsheet would run as a formula begin with an apostrophe; {way_out} writes them as they are"
        ));
    }
}

/// Rows that a limit leaves out although they have the score of the last one before it.
pub(crate) fn note_cut_through_ties(what: &str, left_out: LeftOutRows) {
    if left_out.tied > 0 {
        let rows = plural(left_out.tied, "row", "rows");
        print_stderr(&escape_controls(&format!(
            "note: {what} leaves out {rows} with the same score as the last row; rows of one score are in the order of their ids"
        )));
    }
}

/// Rows of suppressed users or accounts that `--where` and `--top` leave out.
pub(crate) fn note_suppressed_rows(kind: EntityKind, left_out: LeftOutRows) {
    if left_out.suppressed > 0 {
        let (one, other) = (format!("suppressed {} is", kind.word()), format!("suppressed {} are", kind.plural()));
        let rows = plural(left_out.suppressed, &one, &other);
        print_stderr(&format!("note: {rows} left out; with `suppressed` among --columns the rows stay"));
    }
}

/// Notes on files for others: which need a record, and how many rows the written ones leave out.
pub(crate) fn note_lists(lists: &[ListFile], written: &[(usize, RowTotals)], with_record: bool) {
    for list in lists.iter().filter(|list| !with_record && list.needs_record()) {
        let name = &list.name;
        print_stderr(&format!("note: {name} is not written, since it needs a record of earlier runs"));
    }
    for (list, totals) in written.iter().filter_map(|(place, totals)| Some((lists.get(*place)?, totals))) {
        let left_out = totals.left_out;
        note_cut_through_ties(&format!("the limit of {}", list.name), left_out);
        if left_out.repeated > 0 {
            let rows = plural(left_out.repeated, "row", "rows");
            let (name, share) = (&list.name, if left_out.repeated == 1 { "shares" } else { "share" });
            print_stderr(&format!(
                "note: {name} leaves out {rows} that {share} the value of `unique` with a better row"
            ));
        }
    }
}

/// Files of an earlier run that this one did not replace.
pub(crate) fn note_stale_files(dir: &Path, names: &[String]) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        print_stderr(&escape_controls(&format!(
            "note: {} in {} is of an earlier run and not of this one; remove what nobody reads",
            quoted_list(&names),
            dir.display()
        )));
    }
}

/// The name, up to its ending, by which models call the list for sales.
const SALES_LIST: &str = "sales_list.";

/// Where the list for sales is.
pub(crate) fn note_sales_list(dir: &Path, lists: &[ListFile], written: &[(usize, RowTotals)]) {
    let written = written.iter().filter_map(|(place, _)| lists.get(*place));
    for list in written.filter(|list| list.name.starts_with(SALES_LIST)) {
        let path = dir.join(&list.name).display().to_string();
        print_stderr(&escape_controls(&format!("the list for sales is {path}")));
    }
}

/// How many users and accounts the folder holds.
pub(crate) fn note_output_folder(dir: &Path, scored: &ScoredEntities<'_>) {
    let (users, accounts) = (&scored.users, &scored.accounts);
    print_stderr(&format!(
        "{} ({} qualified) and {} ({} qualified) as of {}{} are in {}",
        plural(users.count, "user", "users"),
        users.qualified,
        plural(accounts.count, "account", "accounts"),
        accounts.qualified,
        format_instant(scored.as_of.instant),
        if scored.as_of.partial { " (in the middle of a day)" } else { "" },
        escape_controls(&dir.display().to_string())
    ));
}
