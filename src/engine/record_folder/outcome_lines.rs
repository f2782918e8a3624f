//! `outcomes.ndjson`: the outcomes that a run used, sorted and distinct.
//!
//! The first line names the files, each further one is an outcome. An amount is in millionths.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{
    entity_lines::not_the_format,
    error::FileFault,
    table_lines::write_line,
    wire::{WireDay, WireInstant, WireText},
};
use crate::outcomes::{OutcomeCounts, OutcomePlace, OutcomeRow, OutcomeTable, RowKey};
use pql_model::resolved::OutcomeWord;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomesHeader {
    files: Vec<String>,
    rows: u64,
}

/// An outcome as it is written and read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeLine<'l> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    user_id: Option<WireText<'l>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    account_id: Option<WireText<'l>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    key: Option<WireText<'l>>,
    #[serde(borrow)]
    outcome: WireText<'l>,
    date: WireDay,
    begins: WireInstant,
    known_from: WireInstant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount_millionths: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    currency: Option<WireText<'l>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    deal: Option<WireText<'l>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    owner: Option<WireText<'l>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    reason: Option<WireText<'l>>,
    file: u32,
    line: u64,
}

/// Writes the outcomes of a run.
pub(super) fn write_outcomes(table: &OutcomeTable, out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    let header = OutcomesHeader { files: table.files.clone(), rows: table.rows.len() as u64 };
    write_line(&header, &mut line, out)?;
    table.rows.iter().try_for_each(|row| write_line(&OutcomeLine::of(row), &mut line, out))
}

impl<'l> OutcomeLine<'l> {
    fn of(row: &'l OutcomeRow) -> OutcomeLine<'l> {
        fn text(text: &Option<String>) -> Option<WireText<'_>> {
            text.as_deref().map(WireText::of)
        }
        let (user_id, account_id, key) = match &row.key {
            RowKey::Ids { user, account } => (text(user), text(account), None),
            RowKey::Mapped(key) => (None, None, Some(WireText::of(key))),
        };
        OutcomeLine {
            user_id,
            account_id,
            key,
            outcome: WireText::of(row.word.name()),
            date: WireDay(row.day),
            begins: WireInstant(row.begins),
            known_from: WireInstant(row.known_from),
            amount_millionths: row.amount,
            currency: text(&row.currency),
            deal: text(&row.deal),
            owner: text(&row.owner),
            reason: text(&row.reason),
            file: row.place.file,
            line: row.place.line,
        }
    }

    /// The outcome; none if its key or its word is none.
    fn row(self) -> Option<OutcomeRow> {
        fn text(text: Option<WireText<'_>>) -> Option<String> {
            text.map(|text| text.0.into_owned())
        }
        let key = match self.key {
            Some(key) => RowKey::Mapped(key.0.into_owned()),
            None => RowKey::Ids { user: text(self.user_id), account: text(self.account_id) },
        };
        Some(OutcomeRow {
            key: (key != RowKey::Ids { user: None, account: None }).then_some(key)?,
            word: OutcomeWord::parse(&self.outcome.0)?,
            day: self.date.0,
            begins: self.begins.0,
            known_from: self.known_from.0,
            amount: self.amount_millionths,
            currency: text(self.currency),
            deal: text(self.deal),
            owner: text(self.owner),
            reason: text(self.reason),
            place: OutcomePlace { file: self.file, line: self.line },
        })
    }
}

/// Reads the outcomes of a run.
///
/// # Errors
///
/// Lines that this program did not write.
pub(super) fn read_outcomes(bytes: &[u8]) -> Result<OutcomeTable, FileFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileFault::damage("is not UTF-8"))?;
    let mut lines = text.lines().enumerate();
    let first = lines.next().map_or("", |(_, line)| line);
    let header: OutcomesHeader =
        serde_json::from_str(first).map_err(|error| FileFault::at_line(1, not_the_format(&error)))?;
    let row = |(place, line): (usize, &str)| read_row(line).map_err(|found| FileFault::at_line(place + 1, found));
    let rows = lines.map(row).collect::<Result<Vec<OutcomeRow>, FileFault>>()?;
    if rows.len() as u64 != header.rows {
        return Err(FileFault::damage("has another number of rows than its first line says"));
    }
    Ok(OutcomeTable { files: header.files, rows, counts: OutcomeCounts::default() })
}

fn read_row(line: &str) -> Result<OutcomeRow, String> {
    let read: OutcomeLine<'_> = serde_json::from_str(line).map_err(|error| not_the_format(&error))?;
    read.row().ok_or_else(|| "has no key, or a word that is no outcome".to_owned())
}
