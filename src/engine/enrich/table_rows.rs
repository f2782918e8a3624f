//! Walks over the rows of a table, whatever its layout.
//!
//! Takes files through the readers of events, gives each row with its place. Invariant: a line that cannot be a row is an error with its place,
//! and no other row is left out.

use super::{EnrichError, column_slots::ColumnSlots};
use crate::{
    decode::{
        CauseOrigin, HashSeed, RecoveredLine, RejectCause, RejectReason, id_of_json,
        json::{JsonKind, JsonScanner, JsonSpan},
        json_value, recover_line,
    },
    read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, ReadError, TableUse},
};
use pql_model::expr::Value;
use std::borrow::Cow;

/// The place of a row: its file by number, and its line from 1.
pub(crate) type RowPlace = (u32, u64);

/// A table to walk over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableSource<'t> {
    /// Its files.
    pub(crate) inputs: &'t [InputSource],
    /// Columns of ids, of which one has to be there.
    pub(crate) keys: &'t [&'t str],
    /// The limits of a row's length.
    pub(crate) limits: BlockLimits,
}

/// A row of a table.
pub(crate) struct TableRow<'r> {
    text: &'r str,
    found: &'r [JsonSpan],
    slots: &'r ColumnSlots,
    /// Where it stands.
    pub(crate) place: RowPlace,
}

impl<'r> TableRow<'r> {
    /// Whether it has a column, even an empty one.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.span(column).kind != JsonKind::Missing
    }

    /// The value in a column; null without one.
    pub(crate) fn value(&self, column: usize) -> Value<'r> {
        json_value(self.text, Some(&self.span(column)))
    }

    /// The id in a column.
    pub(crate) fn id(&self, column: usize) -> Option<Cow<'r, str>> {
        id_of_json(self.text, self.span(column))
    }

    fn span(&self, column: usize) -> JsonSpan {
        self.slots.span(self.found, column)
    }
}

/// What is done with the rows of a table.
pub(crate) trait RowTaker {
    /// Takes the names of the columns, if the layout has them apart from the rows.
    fn header(&mut self, names: &[String]);

    /// Takes a row.
    ///
    /// # Errors
    ///
    /// What makes the table useless.
    fn row(&mut self, row: &TableRow<'_>) -> Result<(), EnrichError>;
}

/// Hands every row of a table to a taker.
///
/// # Errors
///
/// Files that cannot be read, no column of ids, rows of another length than the header row, lines that are no objects; and those of the taker.
pub(crate) fn walk_table(
    source: TableSource<'_>,
    slots: &ColumnSlots,
    taker: &mut dyn RowTaker,
) -> Result<(), EnrichError> {
    let keys: Vec<String> = source.keys.iter().map(|key| (*key).to_owned()).collect();
    let table_use = TableUse::Keyed { keys, columns: slots.names.clone() };
    let mapping = ColumnMapping { table_use, ..ColumnMapping::default() };
    let reader = BlockReader::new(source.inputs.to_vec(), source.limits, 1).with_column_mapping(mapping);
    let scanner = JsonScanner::new(&slots.projection, HashSeed::default());
    let mut walk = TableWalk { source, slots, scanner, taker, before: (0, 0) };
    let mut block = LineBlock::default();
    let key = source.keys.first().copied().unwrap_or_default();
    while let Some(next) = reader.next(block).map_err(|error| EnrichError::of_reading(error, key))? {
        walk.block(&next)?;
        block = next;
    }
    match reader.file_stats().into_iter().find(|stats| stats.grew) {
        Some(grown) => Err(EnrichError::Read(ReadError::Rewritten { name: grown.name })),
        None => Ok(()),
    }
}

/// A walk under way.
struct TableWalk<'w> {
    source: TableSource<'w>,
    slots: &'w ColumnSlots,
    scanner: JsonScanner<'w>,
    taker: &'w mut dyn RowTaker,
    /// The place of the last line.
    before: RowPlace,
}

impl TableWalk<'_> {
    fn error(&self, place: RowPlace, message: impl Into<String>) -> EnrichError {
        EnrichError::at(self.source.inputs, place, message)
    }

    /// Takes the rows of a block.
    fn block(&mut self, block: &LineBlock) -> Result<(), EnrichError> {
        if block.file != self.before.0 {
            self.before = (block.file, 0);
        }
        if !block.column_names.is_empty() {
            self.taker.header(&block.column_names);
        }
        if block.long_line.is_some() {
            let line = block.origins.first().map_or(self.before.1 + 1, |origin| origin.line);
            let max = self.source.limits.line_bytes_max;
            let message = format!("the row is longer than --max-line allows ({max} bytes)");
            return Err(self.error((block.file, line), message));
        }
        let lines = block.bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
        for (number, bytes) in lines {
            let line = block.origins.get(number).map_or(self.before.1 + 1, |origin| origin.line);
            self.before.1 = line;
            self.line(bytes, (block.file, line))?;
        }
        // The next block begins in the line in which this one ends.
        self.before.1 -= u64::from(block.goes_on);
        Ok(())
    }

    /// Takes a line.
    fn line(&mut self, bytes: &[u8], place: RowPlace) -> Result<(), EnrichError> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(
                self.error(place, "the line is not UTF-8; save the file as UTF-8 (in a spreadsheet: `CSV UTF-8`)")
            );
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return Ok(());
        }
        let reason = match self.scanner.scan(text) {
            Ok(JsonKind::Object) => {
                let row = TableRow { text, found: &self.scanner.found, slots: self.slots, place };
                return self.taker.row(&row);
            }
            Ok(_) => RejectReason::NotObject,
            Err(fault) => RejectReason::from_json_error(fault),
        };
        match recover_line(text, reason) {
            RecoveredLine::Records(mut objects) => {
                objects.try_for_each(|(_, object)| self.line(object.as_bytes(), place))
            }
            RecoveredLine::Blank => Ok(()),
            RecoveredLine::Rejected => Err(self.no_object(text, reason, place)),
        }
    }

    /// The error for a line that is no object, with the place in it and the cause.
    fn no_object(&self, text: &str, reason: RejectReason, place: RowPlace) -> EnrichError {
        let cause = RejectCause::of(reason, text.as_bytes()).map(|cause| cause.after_line(CauseOrigin::Record));
        let rest = cause.unwrap_or_else(|| "; one object is expected on each line".to_owned());
        self.error(place, format!("the line is no JSON object{rest}"))
    }
}
