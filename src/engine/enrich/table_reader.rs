//! Reads the rows of a table through the readers of events.
//!
//! Takes files, gives an [`EnrichFile`]. Invariant: a line that cannot be a row is an error with its place. A row without an id is counted and
//! skipped. No other row is left out.

use std::collections::BTreeSet;

use super::{
    EnrichError, EnrichFile, EnrichRow, ValidPeriod,
    row_period::{VALID_FROM, VALID_TO, bound},
};
use crate::{
    decode::{
        CauseOrigin, HashSeed, RecoveredLine, RejectCause, RejectReason, id_of_json,
        json::{JsonKind, JsonScanner, JsonSpan, Projection},
        json_value,
        misread::{MisreadTally, NotUnderstood},
        recover_line,
        trait_value::ValueReader,
    },
    plan::TraitPlan,
    read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, ReadError, TableUse},
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
    let slots = ColumnSlots::new(request);
    let table_use = TableUse::Keyed { key: request.key.to_owned(), columns: slots.names.clone() };
    let mapping = ColumnMapping { table_use, ..ColumnMapping::default() };
    let reader = BlockReader::new(request.inputs.to_vec(), request.limits, 1).with_column_mapping(mapping);
    let mut table = TableReader::new(request, &slots);
    let mut block = LineBlock::default();
    while let Some(next) = reader.next(block).map_err(|error| EnrichError::of_reading(error, request.key))? {
        table.block(&next)?;
        block = next;
    }
    match reader.file_stats().into_iter().find(|stats| stats.grew) {
        Some(grown) => Err(EnrichError::Read(ReadError::Rewritten { name: grown.name })),
        None => table.finish(),
    }
}

/// The slots of the requested columns in a row.
struct ColumnSlots {
    projection: Projection,
    /// The names of the columns.
    names: Vec<String>,
    /// The slots by name: of the name as a key, and of its parts between dots as a path.
    slots: Vec<Vec<u32>>,
}

impl ColumnSlots {
    fn new(request: &EnrichRequest<'_>) -> ColumnSlots {
        let mut columns = ColumnSlots { projection: Projection::new(), names: Vec::new(), slots: Vec::new() };
        let of_traits = request.traits.iter().flat_map(|plan| plan.columns.iter().map(String::as_str));
        for name in [request.key].into_iter().chain(VALID_FROM).chain(VALID_TO).chain(of_traits) {
            columns.add(name);
        }
        columns
    }

    fn add(&mut self, name: &str) {
        if self.place(name).is_some() {
            return;
        }
        let mut slots = vec![self.projection.add(&[name.to_owned()])];
        let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
        if parts.len() > 1 {
            slots.push(self.projection.add(&parts));
        }
        self.names.push(name.to_owned());
        self.slots.push(slots);
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// The place of the column of the ids; those of [`VALID_FROM`] and [`VALID_TO`] follow.
const KEY: usize = 0;

/// The place of a row: its file and its line.
type RowPlace = (u32, u64);

/// A trait: the reader of its values, and its columns by place.
struct TraitColumns<'r> {
    reader: ValueReader<'r>,
    columns: Vec<usize>,
}

/// Takes rows one after another.
struct TableReader<'r> {
    request: &'r EnrichRequest<'r>,
    slots: &'r ColumnSlots,
    scanner: JsonScanner<'r>,
    file: EnrichFile,
    traits: Vec<TraitColumns<'r>>,
    misread: MisreadTally<usize, RowPlace>,
    /// The place of the last line.
    before: RowPlace,
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
            scanner: JsonScanner::new(&slots.projection, HashSeed::default()),
            file: EnrichFile {
                name: request.name.to_owned(),
                files: request.inputs.iter().map(|input| input.name.clone()).collect(),
                trait_columns: request.traits.iter().map(shown).collect(),
                ..EnrichFile::default()
            },
            traits: request.traits.iter().map(columns).collect(),
            misread: MisreadTally::default(),
            before: (0, 0),
            has_key: false,
            rows: 0,
        }
    }

    fn error(&self, (file, line): RowPlace, message: impl Into<String>) -> EnrichError {
        let file = self.file.files.get(file as usize).expect("a row is from one of the files").clone();
        EnrichError::Content { file, line: (line > 0).then_some(line), message: message.into() }
    }

    /// Takes the rows of a block.
    fn block(&mut self, block: &LineBlock) -> Result<(), EnrichError> {
        if block.file != self.before.0 {
            self.before = (block.file, 0);
        }
        if !block.column_names.is_empty() {
            self.header(&block.column_names);
        }
        if block.long_line.is_some() {
            let line = block.origins.first().map_or(self.before.1 + 1, |origin| origin.line);
            let max = self.request.limits.line_bytes_max;
            let message = format!("the row is longer than --max-line allows ({max} bytes)");
            return Err(self.error((block.file, line), message));
        }
        let lines = block.bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
        for (number, bytes) in lines {
            let line = block.origins.get(number).map_or(self.before.1 + 1, |origin| origin.line);
            self.before.1 = line;
            self.row(bytes, (block.file, line))?;
        }
        // The next block begins in the line in which this one ends.
        self.before.1 -= u64::from(block.goes_on);
        Ok(())
    }

    /// Takes the names of the columns.
    fn header(&mut self, names: &[String]) {
        self.has_key = true;
        self.file.has_ends |= VALID_TO.iter().any(|end| names.iter().any(|name| name == end));
        let unused = names.iter().filter(|name| !name.is_empty() && self.slots.place(name).is_none()).cloned();
        let all: BTreeSet<String> = unused.chain(std::mem::take(&mut self.file.unused_columns)).collect();
        self.file.unused_columns = all.into_iter().collect();
    }

    /// Takes a row.
    fn row(&mut self, bytes: &[u8], place: RowPlace) -> Result<(), EnrichError> {
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
            Ok(JsonKind::Object) => return self.object(text, place),
            Ok(_) => RejectReason::NotObject,
            Err(fault) => RejectReason::from_json_error(fault),
        };
        match recover_line(text, reason) {
            RecoveredLine::Records(mut objects) => {
                objects.try_for_each(|(_, object)| self.row(object.as_bytes(), place))
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

    /// Takes a row that is an object.
    fn object(&mut self, text: &str, place: RowPlace) -> Result<(), EnrichError> {
        self.rows += 1;
        let key = self.span(KEY);
        self.has_key |= key.kind != JsonKind::Missing;
        let Some(key) = id_of_json(text, key) else {
            self.file.rows_without_id += 1;
            return Ok(());
        };
        let valid = self.period(text, place)?;
        let values = self.values(text, place);
        self.file.rows.push(EnrichRow { key: key.into_owned(), file: place.0, line: place.1, values, valid });
        Ok(())
    }

    /// The value of a row in a column.
    fn span(&self, column: usize) -> JsonSpan {
        let slots = self.slots.slots.get(column).into_iter().flatten();
        let mut spans = slots.filter_map(|slot| self.scanner.found.get(*slot as usize)).copied();
        spans.find(|span| span.kind != JsonKind::Missing).unwrap_or_default()
    }

    /// The period of the row.
    ///
    /// # Errors
    ///
    /// A value of these columns that is no time.
    fn period(&mut self, text: &str, place: RowPlace) -> Result<ValidPeriod, EnrichError> {
        let mut period = ValidPeriod::default();
        for (number, column) in VALID_FROM.into_iter().chain(VALID_TO).enumerate() {
            let span = self.span(KEY + 1 + number);
            let value = json_value(text, Some(&span));
            let Ok(at) = bound(&value, self.request.zones) else {
                let message =
                    format!("`{column}` is no time; expected a date or an instant such as 2026-01-31T10:00:00Z");
                return Err(self.error(place, message));
            };
            let is_end = number >= VALID_FROM.len();
            self.file.has_ends |= is_end && span.kind != JsonKind::Missing;
            let end = if is_end { &mut period.to } else { &mut period.from };
            *end = end.or(at);
        }
        Ok(period)
    }

    /// The values of all traits. Each is the first of its columns whose value has its type.
    fn values(&mut self, text: &str, place: RowPlace) -> Vec<Value<'static>> {
        self.misread.begin_record();
        let traits = std::mem::take(&mut self.traits);
        let values = traits.iter().map(|one| self.value(one, text, place)).collect();
        self.traits = traits;
        values
    }

    fn value(&mut self, one: &TraitColumns<'_>, text: &str, place: RowPlace) -> Value<'static> {
        for column in &one.columns {
            let span = self.span(*column);
            let value = json_value(text, Some(&span));
            if let Some(cause) = one.reader.misread(&value) {
                self.misread.note((*column, cause), place, &value, one.reader.zones);
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
