//! The fields of users and accounts as tables of them tell: a field whose values are ids of the table.

use std::{cmp::Reverse, collections::HashSet};

use super::facts::FieldFacts;
use crate::inspect::table_ids::TableIds;
use pql_model::{EntityKind, PerKind};

/// Ids that a table and a field share, for them to be evidence.
const SHARED_MIN: u64 = 3;

/// A field that a table tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToldField {
    pub(super) path: String,
    /// What speaks for it.
    pub(super) why: String,
}

/// The fields that tables tell.
pub(super) type ToldFields = PerKind<Option<ToldField>>;

/// A field, how well its values are those of a column, and that column.
struct SharedIds<'f> {
    facts: &'f FieldFacts<'f>,
    /// Values that both have.
    shared: u64,
    /// These among a thousand of the values of the one that has more.
    fit: u64,
    column: &'f str,
}

/// The fields whose values are the ids of tables; each is of users or of accounts.
pub(super) fn told_fields(fields: &[FieldFacts<'_>], tables: &PerKind<Option<TableIds>>) -> ToldFields {
    let mut told = ToldFields { user: None, account: None };
    for side in EntityKind::ALL {
        let Some(table) = &tables[side] else { continue };
        let taken = told.user.as_ref().map(|user| user.path.clone());
        let free = fields.iter().filter(|facts| facts.is_plain() && Some(facts.path()) != taken.as_deref());
        let shared = free.flat_map(|facts| shared_ids(facts, table));
        let best = shared.max_by_key(|one| (one.fit, one.facts.filled, Reverse(one.facts.path())));
        told[side] = best.map(|best| ToldField {
            path: best.facts.path().to_owned(),
            why: format!(
                "{} of its {} values are ids in the column {} of {}",
                best.shared, best.facts.distinct, best.column, table.name
            ),
        });
    }
    told
}

/// The columns of a table that have at least half of the values of a field.
fn shared_ids<'f>(facts: &'f FieldFacts<'_>, table: &'f TableIds) -> Vec<SharedIds<'f>> {
    let values: HashSet<u64> = facts.column.cells.iter().map(|cell| cell.hash).collect();
    let of_column = table.columns.iter().map(|(column, ids)| {
        let shared = values.intersection(ids).count() as u64;
        let fit = shared * 1000 / (values.len().max(ids.len()).max(1) as u64);
        SharedIds { facts, shared, fit, column }
    });
    of_column.filter(|one| one.shared >= SHARED_MIN && one.shared * 2 >= facts.distinct).collect()
}
