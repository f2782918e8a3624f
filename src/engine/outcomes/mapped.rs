//! Files of another program, one row a deal: a row gives every outcome that it has reached.

use super::{
    OutcomePlace, RowKey,
    native::read_text,
    table::{ReadRow, RowParts},
};
use crate::enrich::{ColumnSlots, TableRow};
use pql_model::{
    expr::{EvalScope, Value},
    resolved::{MappedOutcome, OutcomeMap},
};

/// The columns of a map in a file, by place in its slots.
pub(super) struct MappedColumns<'m> {
    map: &'m OutcomeMap,
    /// Of what conditions read, by slot of a program.
    read: Vec<Option<usize>>,
}

/// The columns that a map names, each with the part of the map that reads it, the key first.
pub(super) fn map_columns(map: &OutcomeMap) -> Vec<(&str, String)> {
    let columns = &map.columns;
    let fields = [
        ("key", Some(&columns.key)),
        ("deal", columns.deal.as_ref()),
        ("amount", columns.amount.as_ref()),
        ("currency", columns.currency.as_ref()),
        ("owner", columns.owner.as_ref()),
        ("reason", columns.reason.as_ref()),
    ];
    let fields =
        fields.into_iter().filter_map(|(key, name)| Some((name?.as_str(), format!("`fields.{key}` of [outcomes]"))));
    let dates = map.words.iter().map(|one| (one.at.as_str(), format!("`{}` of [outcomes]", one.word.name())));
    let read = map.read.iter().map(|one| (one.name.as_str(), "a `where` of [outcomes]".to_owned()));
    fields.chain(dates).chain(read).collect()
}

/// A row as the scope of conditions over its columns.
struct MappedRowScope<'r> {
    row: &'r TableRow<'r>,
    read: &'r [Option<usize>],
}

impl EvalScope for MappedRowScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        let column = self.read.get(slot as usize).copied().flatten();
        column.map_or(Value::Null, |column| self.row.value(column))
    }
}

impl<'m> MappedColumns<'m> {
    pub(super) fn new(map: &'m OutcomeMap, slots: &ColumnSlots) -> MappedColumns<'m> {
        MappedColumns { map, read: map.read.iter().map(|one| slots.place(&one.name)).collect() }
    }

    /// Reads a row.
    pub(super) fn read(&self, row: &TableRow<'_>, slots: &ColumnSlots, read: &mut ReadRow<'_>) {
        let place = OutcomePlace { file: read.file, line: row.place.1 };
        let columns = &self.map.columns;
        let Some(key) = slots.place(&columns.key).and_then(|column| row.id(column)) else {
            read.counts.without_key.note(place);
            return;
        };
        let column = |name: &Option<String>| slots.place(name.as_deref()?);
        let text = |name: &Option<String>| column(name).and_then(|column| read_text(row, column));
        let mut amount = None;
        let mut has_outcome = false;
        for one in self.map.words.iter().filter(|one| self.holds(one, row)) {
            let Some(at) = slots.place(&one.at).map(|column| row.value(column)).filter(|at| !at.is_null()) else {
                continue;
            };
            has_outcome = true;
            let Some(time) = read.time(&one.at, &at, place) else { continue };
            // An amount that cannot be read counts once for the row.
            let amount = *amount.get_or_insert_with(|| {
                let name = columns.amount.as_deref()?;
                read.amount(name, &row.value(slots.place(name)?), place)
            });
            read.push(RowParts {
                key: RowKey::Mapped(key.clone().into_owned()),
                word: one.word,
                time,
                amount,
                currency: text(&columns.currency),
                deal: column(&columns.deal).and_then(|column| row.id(column)).map(|id| id.into_owned()),
                owner: text(&columns.owner),
                reason: text(&columns.reason),
                place,
            });
        }
        read.counts.without_outcome += u64::from(!has_outcome);
    }

    fn holds(&self, one: &MappedOutcome, row: &TableRow<'_>) -> bool {
        let scope = MappedRowScope { row, read: &self.read };
        one.when.as_ref().is_none_or(|when| when.holds(&scope))
    }
}
