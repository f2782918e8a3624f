//! Files whose columns have the native names, one outcome a row.

use super::{
    OutcomePlace, RowKey,
    table::{ReadRow, RowParts},
};
use crate::enrich::{ColumnSlots, TableRow};
use pql_model::resolved::OutcomeWord;

/// The columns of a native file, by place in the slots; what the file lacks is none.
#[derive(Debug, Clone)]
pub(super) struct NativeColumns {
    /// The names in the file, by [`NATIVE`].
    names: [Option<String>; NATIVE.len()],
}

/// The native names.
const NATIVE: [&str; 9] = ["outcome", "at", "user_id", "account_id", "amount", "currency", "deal", "owner", "reason"];

/// Places in [`NATIVE`].
mod part {
    pub(super) const OUTCOME: usize = 0;
    pub(super) const AT: usize = 1;
    pub(super) const USER: usize = 2;
    pub(super) const ACCOUNT: usize = 3;
    pub(super) const AMOUNT: usize = 4;
    pub(super) const CURRENCY: usize = 5;
    pub(super) const DEAL: usize = 6;
    pub(super) const OWNER: usize = 7;
    pub(super) const REASON: usize = 8;
}

/// Whether columns are those of a native file.
pub fn is_native(columns: &[String]) -> bool {
    NativeColumns::find(columns).is_some()
}

impl NativeColumns {
    /// The native columns among those of a file, in any case; none if it has no outcomes with dates.
    pub(super) fn find(columns: &[String]) -> Option<NativeColumns> {
        let plain = |name: &str| name.trim().to_lowercase().replace([' ', '-'], "_");
        let find = |native: &str| {
            let exact = columns.iter().find(|name| *name == native);
            exact.or_else(|| columns.iter().find(|name| plain(name) == native)).cloned()
        };
        let names = NATIVE.map(find);
        (names[part::OUTCOME].is_some() && names[part::AT].is_some()).then_some(NativeColumns { names })
    }

    /// The columns of ids.
    pub(super) fn keys(&self) -> Vec<&str> {
        [part::USER, part::ACCOUNT].into_iter().filter_map(|place| self.name(place)).collect()
    }

    /// The columns to read.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flatten().map(String::as_str)
    }

    fn name(&self, place: usize) -> Option<&str> {
        self.names[place].as_deref()
    }

    /// Reads a row.
    pub(super) fn read(&self, row: &TableRow<'_>, slots: &ColumnSlots, read: &mut ReadRow<'_>) {
        let column = |place: usize| slots.place(self.name(place)?);
        let id = |place: usize| column(place).and_then(|column| row.id(column)).map(|id| id.into_owned());
        let place = OutcomePlace { file: read.file, line: row.place.1 };
        let key = RowKey::Ids { user: id(part::USER), account: id(part::ACCOUNT) };
        if matches!(key, RowKey::Ids { user: None, account: None }) {
            read.counts.without_key.note(place);
            return;
        }
        let text = |place: usize| column(place).and_then(|column| read_text(row, column));
        let written = text(part::OUTCOME).unwrap_or_default();
        let Some(word) = OutcomeWord::parse(&written) else {
            read.counts.unknown_words.entry(written).or_default().note(place);
            return;
        };
        let at = column(part::AT).map(|column| row.value(column)).filter(|value| !value.is_null());
        let Some(at) = at else {
            read.counts.without_date.note(place);
            return;
        };
        let Some(time) = read.time(self.name(part::AT).unwrap_or_default(), &at, place) else { return };
        let amount = column(part::AMOUNT).map(|column| row.value(column));
        let amount = amount.and_then(|amount| read.amount(self.name(part::AMOUNT).unwrap_or_default(), &amount, place));
        read.push(RowParts {
            key,
            word,
            time,
            amount,
            currency: text(part::CURRENCY),
            deal: column(part::DEAL).and_then(|column| row.id(column)).map(|id| id.into_owned()),
            owner: text(part::OWNER),
            reason: text(part::REASON),
            place,
        });
    }
}

/// The text in a column, without white space around it; none if nothing is left.
pub(super) fn read_text(row: &TableRow<'_>, column: usize) -> Option<String> {
    let value = row.value(column);
    let text = value.to_text()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
