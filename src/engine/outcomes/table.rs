//! Reads files of outcomes, one after another, into one table.

use super::{
    OutcomeCounts, OutcomeError, OutcomePlace, OutcomeRow, OutcomeTable, RowKey,
    columns::{ColumnNames, outcome_columns},
    counts::UnreadValues,
    mapped::{MappedColumns, map_columns},
    native::NativeColumns,
    settle::settle,
    written_time::WrittenTime,
};
use crate::{
    decode::{
        misread::{FormatCandidates, MisreadCause},
        trait_value::ValueReader,
    },
    enrich::{ColumnSlots, EnrichError, RowTaker, TableRow, TableSource, walk_table},
    read::{BlockLimits, InputSource},
};
use pql_model::{
    ValueFormat,
    clock::TimeZones,
    expr::{Value, ValueType},
    resolved::{OutcomeMap, OutcomeWord},
    units::{Micros, to_millionths},
};
use std::collections::BTreeMap;

/// A file of outcomes to read.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeRequest<'r> {
    /// Its parts; several in an archive.
    pub inputs: &'r [InputSource],
    /// As messages show it.
    pub name: &'r str,
    /// The map of the model.
    pub map: Option<&'r OutcomeMap>,
    /// The zones in which times are read and dates are cut.
    pub zones: TimeZones<'r>,
    /// The limits of a row's length.
    pub limits: BlockLimits,
}

/// Reads files into one table.
#[derive(Debug, Default)]
pub struct OutcomeReader {
    files: Vec<String>,
    rows: Vec<OutcomeRow>,
    counts: OutcomeCounts,
}

impl OutcomeReader {
    /// Reads a file: a native one, or one for the map of the model.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is no table of outcomes.
    pub fn read(&mut self, request: &OutcomeRequest<'_>) -> Result<(), OutcomeError> {
        let columns = outcome_columns(request.inputs, request.limits).map_err(EnrichError::Read)?;
        let first = self.files.len() as u32;
        self.files.extend(request.inputs.iter().map(|input| input.name.clone()));
        if columns.names.is_empty() {
            self.counts.empty_files.push(request.name.to_owned());
            return Ok(());
        }
        let file = || request.name.to_owned();
        let rows_before = self.counts.rows;
        match (NativeColumns::find(&columns.names), request.map) {
            (Some(native), _) if native.keys().is_empty() => {
                return Err(OutcomeError::NoIds { file: file(), columns: columns.names });
            }
            (Some(native), _) => self.read_native(request, first, &native)?,
            (None, Some(map)) => self.read_mapped(request, first, map, &columns)?,
            (None, None) => return Err(OutcomeError::NotNative { file: file(), columns: columns.names }),
        }
        if self.counts.rows == rows_before {
            self.counts.empty_files.push(file());
        }
        Ok(())
    }

    fn read_native(
        &mut self,
        request: &OutcomeRequest<'_>,
        first: u32,
        native: &NativeColumns,
    ) -> Result<(), OutcomeError> {
        let slots = ColumnSlots::new(native.all());
        let keys = native.keys();
        let source = TableSource { inputs: request.inputs, keys: &keys, limits: request.limits };
        let mut each = |row: &TableRow<'_>, read: &mut ReadRow<'_>| native.read(row, &slots, read);
        let mut taker = OutcomeTaker { reader: self, request, first, each: &mut each };
        Ok(walk_table(source, &slots, &mut taker)?)
    }

    fn read_mapped(
        &mut self,
        request: &OutcomeRequest<'_>,
        first: u32,
        map: &OutcomeMap,
        columns: &ColumnNames,
    ) -> Result<(), OutcomeError> {
        let wanted = map_columns(map);
        let slots = ColumnSlots::new(wanted.iter().map(|(name, _)| *name));
        self.check_columns(request, &wanted, columns)?;
        let keys = [map.columns.key.as_str()];
        let source = TableSource { inputs: request.inputs, keys: &keys, limits: request.limits };
        let mapped = MappedColumns::new(map, &slots);
        let mut each = |row: &TableRow<'_>, read: &mut ReadRow<'_>| mapped.read(row, &slots, read);
        let mut taker = OutcomeTaker { reader: self, request, first, each: &mut each };
        Ok(walk_table(source, &slots, &mut taker)?)
    }

    /// Holds the columns of a map against those of a file. Of rows without a header, those without a value may lack a column; the key has to be there.
    fn check_columns(
        &mut self,
        request: &OutcomeRequest<'_>,
        wanted: &[(&str, String)],
        columns: &ColumnNames,
    ) -> Result<(), OutcomeError> {
        let is_missing = |name: &str| !columns.names.iter().any(|known| known == name);
        for (place, (column, reader)) in wanted.iter().enumerate().filter(|(_, (name, _))| is_missing(name)) {
            let (file, column) = (request.name.to_owned(), (*column).to_owned());
            if columns.has_header || place == 0 {
                let (reader, columns) = (reader.clone(), columns.names.clone());
                return Err(OutcomeError::NoColumn { file, column, reader, columns });
            }
            self.counts.absent_columns.push((file, column));
        }
        Ok(())
    }

    /// The table of all files. `now` is the clock: later outcomes are plans.
    pub fn finish(self, now: Micros) -> OutcomeTable {
        let mut counts = self.counts;
        let rows = settle(self.rows, now, &mut counts);
        OutcomeTable { files: self.files, rows, counts }
    }
}

/// Reads one row with what its kind of file needs.
type ReadEach<'t> = dyn FnMut(&TableRow<'_>, &mut ReadRow<'_>) + 't;

/// Takes the rows of a file.
struct OutcomeTaker<'t> {
    reader: &'t mut OutcomeReader,
    request: &'t OutcomeRequest<'t>,
    /// The number of the first part of the file.
    first: u32,
    each: &'t mut ReadEach<'t>,
}

impl RowTaker for OutcomeTaker<'_> {
    fn header(&mut self, _: &[String]) {}

    fn row(&mut self, row: &TableRow<'_>) -> Result<(), EnrichError> {
        self.reader.counts.rows += 1;
        let mut read = ReadRow {
            file: self.first + row.place.0,
            request: self.request,
            counts: &mut self.reader.counts,
            rows: &mut self.reader.rows,
        };
        (self.each)(row, &mut read);
        Ok(())
    }
}

/// A row while it is read.
pub(super) struct ReadRow<'t> {
    /// The number of its file.
    pub(super) file: u32,
    request: &'t OutcomeRequest<'t>,
    pub(super) counts: &'t mut OutcomeCounts,
    rows: &'t mut Vec<OutcomeRow>,
}

/// The parts of an outcome.
pub(super) struct RowParts {
    pub(super) key: RowKey,
    pub(super) word: OutcomeWord,
    pub(super) time: WrittenTime,
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) deal: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) place: OutcomePlace,
}

impl ReadRow<'_> {
    /// The time in a column; counted if it is none.
    pub(super) fn time(&mut self, column: &str, value: &Value<'_>, place: OutcomePlace) -> Option<WrittenTime> {
        let format = self.request.map.and_then(|map| map.date_format);
        let time = WrittenTime::read(value, format, self.request.zones);
        if time.is_none() {
            let candidates = FormatCandidates::of(value, MisreadCause::NoDate, self.request.zones);
            note_unread(&mut self.counts.unread_dates, column, place, candidates);
        }
        time
    }

    /// The amount in a column; counted if it is no number. **Units**: millionths.
    pub(super) fn amount(&mut self, column: &str, value: &Value<'_>, place: OutcomePlace) -> Option<i64> {
        if value.is_null() {
            return None;
        }
        let format: Option<ValueFormat> = self.request.map.and_then(|map| map.amount_format);
        let reader = ValueReader { kind: ValueType::Number, format, zones: self.request.zones };
        let number = match reader.read(value.as_borrowed()) {
            Value::Number(number) => to_millionths(number).and_then(|amount| i64::try_from(amount).ok()),
            _ => None,
        };
        if number.is_none() {
            let candidates = FormatCandidates::of(value, MisreadCause::NoNumber, self.request.zones);
            note_unread(&mut self.counts.unread_amounts, column, place, candidates);
        }
        number
    }

    /// Adds an outcome.
    pub(super) fn push(&mut self, parts: RowParts) {
        let RowParts { key, word, time, amount, currency, deal, owner, reason, place } = parts;
        let WrittenTime { day, begins, known_from } = time;
        self.rows.push(OutcomeRow { key, word, day, begins, known_from, amount, currency, deal, owner, reason, place });
    }
}

fn note_unread(
    columns: &mut BTreeMap<String, UnreadValues>,
    column: &str,
    place: OutcomePlace,
    candidates: FormatCandidates,
) {
    match columns.get_mut(column) {
        Some(known) => {
            known.at.note(place);
            known.candidates = known.candidates.and(candidates);
        }
        None => {
            let mut at = super::CountedPlaces::default();
            at.note(place);
            columns.insert(column.to_owned(), UnreadValues { at, candidates });
        }
    }
}
