//! Reads the rows of a table through the readers of events.
//!
//! Takes files, gives an [`EnrichFile`]. A row without an id is counted and skipped. No other row is left out.

use std::collections::BTreeSet;

use super::{
    EnrichError, EnrichFile, EnrichRow, ValidPeriod,
    column_slots::ColumnSlots,
    row_period::{VALID_FROM, VALID_TO, bound},
    table_rows::{RowPlace, RowTaker, TableRow, TableSource, walk_table},
};
use crate::{
    decode::{
        misread::{MisreadTally, NotUnderstood},
        trait_value::ValueReader,
    },
    plan::TraitPlan,
    read::{BlockLimits, InputSource},
};
use pql_model::{
    clock::TimeZones,
    expr::{Value, ValueType},
};

/// A table to read, with the traits that read it.
#[derive(Debug, Clone, Copy)]
pub struct EnrichRequest<'r> {
    /// As messages show it.
    pub name: &'r str,
    /// Its files.
    pub inputs: &'r [InputSource],
    /// The column of the ids.
    pub key: &'r str,
    /// Its entities: `users` or `accounts`.
    pub of: &'static str,
    /// The traits that read it.
    pub traits: &'r [TraitPlan],
    /// The zones in which times are read and dates are cut.
    pub zones: TimeZones<'r>,
    /// The limits of a row's length.
    pub limits: BlockLimits,
}

/// Reads a table.
///
/// # Errors
///
/// Files that cannot be read, no column of ids, rows of another length than the header row, lines that are no objects.
pub fn read_enrichment(request: &EnrichRequest<'_>) -> Result<EnrichFile, EnrichError> {
    let of_traits = request.traits.iter().flat_map(|plan| plan.columns.iter().map(String::as_str));
    let slots = ColumnSlots::new([request.key].into_iter().chain(VALID_FROM).chain(VALID_TO).chain(of_traits));
    let mut table = TableReader::new(request, &slots);
    let source = TableSource { inputs: request.inputs, keys: &[request.key], limits: request.limits };
    walk_table(source, &slots, &mut table)?;
    table.finish()
}

/// The place of the column of the ids; those of [`VALID_FROM`] and [`VALID_TO`] follow.
const KEY: usize = 0;

/// A trait: the reader of its values, and its columns by place.
struct TraitColumns<'r> {
    reader: ValueReader<'r>,
    columns: Vec<usize>,
}

/// Takes rows one after another.
struct TableReader<'r> {
    request: &'r EnrichRequest<'r>,
    slots: &'r ColumnSlots,
    file: EnrichFile,
    traits: Vec<TraitColumns<'r>>,
    misread: MisreadTally<usize, RowPlace>,
    /// Whether any row has the column of the ids, even an empty one.
    has_key: bool,
    rows: u64,
}

impl<'r> TableReader<'r> {
    fn new(request: &'r EnrichRequest<'r>, slots: &'r ColumnSlots) -> TableReader<'r> {
        let columns = |plan: &TraitPlan| TraitColumns {
            reader: ValueReader { kind: plan.kind, format: plan.format, zones: request.zones },
            columns: plan.columns.iter().filter_map(|name| slots.place(name)).collect(),
        };
        let shown = |plan: &TraitPlan| {
            let names: Vec<String> = plan.columns.iter().map(|name| format!("`{name}`")).collect();
            names.join(" or ")
        };
        TableReader {
            request,
            slots,
            file: EnrichFile {
                name: request.name.to_owned(),
                files: request.inputs.iter().map(|input| input.name.clone()).collect(),
                trait_columns: request.traits.iter().map(shown).collect(),
                ..EnrichFile::default()
            },
            traits: request.traits.iter().map(columns).collect(),
            misread: MisreadTally::default(),
            has_key: false,
            rows: 0,
        }
    }

    /// The period of the row.
    ///
    /// # Errors
    ///
    /// A value of these columns that is no time.
    fn period(&mut self, row: &TableRow<'_>) -> Result<ValidPeriod, EnrichError> {
        let mut period = ValidPeriod::default();
        for (number, column) in VALID_FROM.into_iter().chain(VALID_TO).enumerate() {
            let place = KEY + 1 + number;
            let Ok(at) = bound(&row.value(place), self.request.zones) else {
                let message =
                    format!("`{column}` is no time; expected a date or an instant such as 2026-01-31T10:00:00Z");
                return Err(EnrichError::at(self.request.inputs, row.place, message));
            };
            let is_end = number >= VALID_FROM.len();
            self.file.has_ends |= is_end && row.has(place);
            let end = if is_end { &mut period.to } else { &mut period.from };
            *end = end.or(at);
        }
        Ok(period)
    }

    /// The values of all traits. Each is the first of its columns whose value has its type.
    fn values(&mut self, row: &TableRow<'_>) -> Vec<Value<'static>> {
        self.misread.begin_record();
        let traits = std::mem::take(&mut self.traits);
        let values = traits.iter().map(|one| self.value(one, row)).collect();
        self.traits = traits;
        values
    }

    fn value(&mut self, one: &TraitColumns<'_>, row: &TableRow<'_>) -> Value<'static> {
        for column in &one.columns {
            let value = row.value(*column);
            if let Some(cause) = one.reader.misread(&value) {
                self.misread.note((*column, cause), row.place, &value, one.reader.zones);
                continue;
            }
            let value = one.reader.read(value);
            if !value.is_null() {
                return into_static(value, one.reader.kind);
            }
        }
        Value::Null
    }

    /// The table, at the end of its last file.
    ///
    /// # Errors
    ///
    /// No row has a column of ids.
    fn finish(self) -> Result<EnrichFile, EnrichError> {
        if !self.has_key && self.rows > 0 {
            let file = self.file.files.first().expect("a row is from a file").clone();
            return Err(EnrichError::NoKey { file, key: self.request.key.to_owned(), columns: None, near: None });
        }
        let mut file = self.file;
        let reported = self.misread.into_columns().map(|(column, cause, values)| {
            let name = self.slots.names.get(column).expect("a value is of a named column").clone();
            let reads = |plan: &&TraitPlan| {
                matches!(plan.kind, ValueType::Number | ValueType::Date) && plan.columns.contains(&name)
            };
            NotUnderstood {
                of: self.request.of,
                cause,
                count: values.count,
                file: file.files.get(values.first.0 as usize).expect("a value is from one of the files").clone(),
                line: values.first.1,
                candidates: values.candidates,
                traits: self.request.traits.iter().filter(reads).map(|plan| plan.name.clone()).collect(),
                column: name,
            }
        });
        file.not_understood = reported.collect();
        Ok(file)
    }
}

impl RowTaker for TableReader<'_> {
    fn header(&mut self, names: &[String]) {
        self.has_key = true;
        self.file.has_ends |= VALID_TO.iter().any(|end| names.iter().any(|name| name == end));
        let unused = names.iter().filter(|name| !name.is_empty() && self.slots.place(name).is_none()).cloned();
        let all: BTreeSet<String> = unused.chain(std::mem::take(&mut self.file.unused_columns)).collect();
        self.file.unused_columns = all.into_iter().collect();
    }

    fn row(&mut self, row: &TableRow<'_>) -> Result<(), EnrichError> {
        self.rows += 1;
        self.has_key |= row.has(KEY);
        let Some(key) = row.id(KEY) else {
            self.file.rows_without_id += 1;
            return Ok(());
        };
        let (valid, values) = (self.period(row)?, self.values(row));
        let (file, line) = row.place;
        self.file.rows.push(EnrichRow { key: key.into_owned(), file, line, values, valid });
        Ok(())
    }
}

/// A value that has been read as a type, on its own.
fn into_static(value: Value<'_>, kind: ValueType) -> Value<'static> {
    match value {
        Value::Number(number) => Value::Number(number),
        Value::Boolean(truth) => Value::Boolean(truth),
        Value::Date(day) => Value::Date(day),
        Value::Text(text) if kind == ValueType::Text => Value::Text(text.into_owned().into()),
        _ => Value::Null,
    }
}
