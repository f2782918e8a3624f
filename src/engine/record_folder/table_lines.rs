//! `users_table.ndjson` and `accounts_table.ndjson`: the rows of `--users` and `--accounts` that a run used, as the model read them.
//!
//! The first line names the files and the traits with their types, each further one is a row. Numbers are written with all of their digits, so
//! that values are read with the bits with which they were written.

use std::io::{self, Write};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{
    entity_lines::not_the_format,
    error::FileFault,
    wire::{NamedValues, WireDay, WireInstant, WireText},
};
use crate::{
    enrich::{EnrichFile, EnrichRow, ValidPeriod},
    plan::{LevelPlan, TraitPlan},
};
use pql_model::expr::{Value, ValueType};

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableHeader {
    /// As messages show it.
    name: String,
    files: Vec<String>,
    /// Whether rows have ends of their own.
    has_ends: bool,
    traits: Vec<TableTrait>,
    rows: u64,
}

/// A trait of the table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableTrait {
    name: String,
    #[serde(rename = "type")]
    kind: WireType,
    /// The columns that it reads, as messages show them.
    columns: String,
}

/// The type of a trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireType {
    Number,
    Text,
    Boolean,
    Date,
}

impl WireType {
    /// The type in JSON; traits have no other types than these.
    fn of(kind: ValueType) -> WireType {
        match kind {
            ValueType::Number => WireType::Number,
            ValueType::Boolean => WireType::Boolean,
            ValueType::Date => WireType::Date,
            ValueType::Text | ValueType::Json | ValueType::Null => WireType::Text,
        }
    }
}

/// A row as it is written.
#[derive(Serialize)]
struct RowLine<'r> {
    id: &'r str,
    file: u32,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<WireInstant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<WireInstant>,
    values: RowValues<'r>,
}

/// The values of a row by trait; those without a value are left out.
struct RowValues<'r> {
    traits: &'r [TraitPlan],
    values: &'r [Value<'static>],
}

impl Serialize for RowValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.traits.iter().zip(self.values).filter(|(_, value)| !value.is_null());
        serializer.collect_map(known.map(|(one, value)| (one.name.as_str(), WireValue(value))))
    }
}

struct WireValue<'v>(&'v Value<'static>);

impl Serialize for WireValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Number(number) => serialize_number(*number, serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Boolean(truth) => serializer.serialize_bool(*truth),
            Value::Date(day) => WireDay(*day).serialize(serializer),
            Value::Digits(digits) => serializer.serialize_str(digits),
        }
    }
}

/// Whole numbers without a point, others with as many digits as their bits need.
fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.trunc() == number && number.abs() < EXACT && !(number == 0.0 && number.is_sign_negative());
    if is_whole { serializer.serialize_i64(number as i64) } else { serializer.serialize_f64(number) }
}

/// Writes the rows of a table, whose values stand in the order of the traits of the level.
pub(super) fn write_table(table: &EnrichFile, level: &LevelPlan, out: &mut impl Write) -> io::Result<()> {
    let columns = |place: usize| table.trait_columns.get(place).cloned().unwrap_or_default();
    let of_plan = |(place, plan): (usize, &TraitPlan)| TableTrait {
        name: plan.name.clone(),
        kind: WireType::of(plan.kind),
        columns: columns(place),
    };
    let header = TableHeader {
        name: table.name.clone(),
        files: table.files.clone(),
        has_ends: table.has_ends,
        traits: level.traits.iter().enumerate().map(of_plan).collect(),
        rows: table.rows.len() as u64,
    };
    let mut line = Vec::new();
    write_line(&header, &mut line, out)?;
    for row in &table.rows {
        let values = RowValues { traits: &level.traits, values: &row.values };
        let (valid_from, valid_to) = (row.valid.from.map(WireInstant), row.valid.to.map(WireInstant));
        let row = RowLine { id: &row.key, file: row.file, line: row.line, valid_from, valid_to, values };
        write_line(&row, &mut line, out)?;
    }
    Ok(())
}

pub(super) fn write_line(value: &impl Serialize, line: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    line.clear();
    serde_json::to_writer(&mut *line, value).map_err(io::Error::other)?;
    line.push(b'\n');
    out.write_all(line)
}

/// A row as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadRow<'l> {
    #[serde(borrow)]
    id: WireText<'l>,
    file: u32,
    line: u64,
    #[serde(default)]
    valid_from: Option<WireInstant>,
    #[serde(default)]
    valid_to: Option<WireInstant>,
    #[serde(borrow)]
    values: NamedValues<'l, &'l RawValue>,
}

/// A table of a record, with the traits by which its values go.
#[derive(Debug, Clone)]
pub struct RecordedTable {
    header: TableHeader,
    rows: Vec<EnrichRow>,
}

/// Reads a table.
///
/// # Errors
///
/// Lines that this program did not write.
pub(super) fn read_table(bytes: &[u8]) -> Result<RecordedTable, FileFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileFault::damage("is not UTF-8"))?;
    let mut lines = text.lines().enumerate();
    let first = lines.next().map_or("", |(_, line)| line);
    let header: TableHeader =
        serde_json::from_str(first).map_err(|error| FileFault::at_line(1, not_the_format(&error)))?;
    let row =
        |(place, line): (usize, &str)| read_row(&header, line).map_err(|found| FileFault::at_line(place + 1, found));
    let rows = lines.map(row).collect::<Result<Vec<EnrichRow>, FileFault>>()?;
    if rows.len() as u64 != header.rows {
        return Err(FileFault::damage("has another number of rows than its first line says"));
    }
    Ok(RecordedTable { header, rows })
}

/// Reads a row.
///
/// # Errors
///
/// What is wrong with it, as the rest of a sentence about it.
fn read_row(header: &TableHeader, line: &str) -> Result<EnrichRow, String> {
    let read: ReadRow<'_> = serde_json::from_str(line).map_err(|error| not_the_format(&error))?;
    if read.file as usize >= header.files.len() {
        return Err("is of a file that the first line does not list".to_owned());
    }
    let mut values = vec![Value::Null; header.traits.len()];
    for (name, raw) in read.values.0 {
        let place = header.traits.iter().position(|one| one.name == name.0);
        let place = place.ok_or_else(|| "has a trait that the first line does not list".to_owned())?;
        let value = read_value(raw.get(), header.traits[place].kind);
        values[place] = value.ok_or_else(|| "has a value of another type than its trait".to_owned())?;
    }
    let valid = ValidPeriod { from: read.valid_from.map(|at| at.0), to: read.valid_to.map(|at| at.0) };
    Ok(EnrichRow { key: read.id.0.into_owned(), file: read.file, line: read.line, values, valid })
}

/// A value of a type. Numbers are parsed by the standard library, which rounds to the nearest one.
fn read_value(raw: &str, kind: WireType) -> Option<Value<'static>> {
    match kind {
        WireType::Number => raw.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Number),
        WireType::Text => serde_json::from_str(raw).ok().map(|text: String| Value::Text(text.into())),
        WireType::Boolean => raw.parse().ok().map(Value::Boolean),
        WireType::Date => serde_json::from_str(raw).ok().map(|WireDay(day)| Value::Date(day)),
    }
}

impl RecordedTable {
    /// As messages show it.
    pub fn name(&self) -> &str {
        &self.header.name
    }

    /// The table for a model: its traits by name and type. A trait that the table lacks has no value. With the model of the run, the values are
    /// exactly those of the run.
    pub fn for_level(&self, level: &LevelPlan) -> EnrichFile {
        let places: Vec<Option<usize>> = level.traits.iter().map(|plan| self.header.place(plan)).collect();
        let columns = |place: &Option<usize>| {
            place.and_then(|place| self.header.traits.get(place)).map(|one| one.columns.clone()).unwrap_or_default()
        };
        let row = |row: &EnrichRow| {
            let values = places.iter().map(|place| place.map_or(Value::Null, |place| row.values[place].clone()));
            EnrichRow { values: values.collect(), ..row.clone() }
        };
        EnrichFile {
            name: self.header.name.clone(),
            files: self.header.files.clone(),
            rows: self.rows.iter().map(row).collect(),
            has_ends: self.header.has_ends,
            trait_columns: places.iter().map(columns).collect(),
            ..EnrichFile::default()
        }
    }
}

impl TableHeader {
    fn place(&self, plan: &TraitPlan) -> Option<usize> {
        self.traits.iter().position(|one| one.name == plan.name && one.kind == WireType::of(plan.kind))
    }
}
