//! Files of users and accounts from which `pql init` can learn nothing.

use super::CommandError;
use crate::commands::init::EntityTable;
use pql_engine::pipeline::EnrichmentCoverage;
use pql_model::{EntityKind, PerKind, units::plural};

/// The options that name a file and its column of ids.
fn options(side: EntityKind) -> [&'static str; 2] {
    match side {
        EntityKind::User => ["--users", "--users-key"],
        EntityKind::Account => ["--accounts", "--accounts-key"],
    }
}

/// Refuses a file without rows: the model would read no trait from it.
///
/// # Errors
/// The file, and what to do.
pub(super) fn refuse_empty(tables: &PerKind<Option<EntityTable>>) -> Result<(), CommandError> {
    for side in EntityKind::ALL {
        let Some(table) = tables[side].as_ref().filter(|table| table.columns.rows == 0) else { continue };
        let [option, _] = options(side);
        return Err(CommandError::usage(format!(
            "`{}` holds no rows, so there is no trait of {} to read; export it again with its rows, or leave {option} out",
            table.name,
            side.plural()
        )));
    }
    Ok(())
}

/// Refuses a file none of whose ids occur in the events.
///
/// # Errors
/// The file, its column of ids, and what to do.
pub(super) fn refuse_strangers(
    tables: &PerKind<Option<EntityTable>>,
    coverage: &EnrichmentCoverage,
) -> Result<(), CommandError> {
    for side in EntityKind::ALL {
        let Some((table, rows)) = tables[side].as_ref().zip(coverage.rows[side]) else { continue };
        if rows.matched > 0 || rows.unmatched == 0 {
            continue;
        }
        let [option, key] = options(side);
        let word = side.word();
        return Err(CommandError::usage(format!(
            "none of the {} in the column `{}` of `{}` is the id of one of the {} in the events; {key} COLUMN names the column with these ids, \
             --fields {word}=FIELD names the field of the {word} in the events, or leave {option} out",
            plural(rows.unmatched, "value", "values"),
            table.key,
            table.name,
            side.plural()
        )));
    }
    Ok(())
}
