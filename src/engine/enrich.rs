//! Enrichment files: what is known of users or accounts beside events, as CSV with a header row or as NDJSON.
//!
//! Takes a text and the traits of a level; gives a row for each key, read as the traits' types. What a key stands for is settled by the caller.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    hash::{BuildHasher, Hasher},
};

use crate::decode::{
    HashSeed, id_of_json,
    json::{JsonKind, JsonScanner, JsonSpan, Projection},
    json_value,
    trait_value::{coerce, csv_cell},
};
use crate::ids::id_of_cell;
use pql_model::{
    clock::Zone,
    expr::{Value, ValueType},
    plan::TraitPlan,
};

/// A row of an enrichment file.
#[derive(Debug, Clone)]
pub struct EnrichRow {
    /// The id as written.
    pub key: String,
    /// Its line, from 1.
    pub line: u64,
    /// By trait of the level; null where the file says nothing.
    pub values: Vec<Value<'static>>,
    /// A hash of everything but the key, by which two rows are seen to disagree.
    pub content: u64,
}

/// An enrichment file.
#[derive(Debug, Clone, Default)]
pub struct EnrichFile {
    /// As messages show it.
    pub name: String,
    /// In the order of the file.
    pub rows: Vec<EnrichRow>,
    /// Columns that no trait reads, sorted.
    pub unused_columns: Vec<String>,
}

/// Why an enrichment file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrichError {
    /// The file.
    pub file: String,
    /// The line, from 1, if it is about one.
    pub line: Option<u64>,
    /// What was found, what was expected, and what to do.
    pub message: String,
}

impl fmt::Display for EnrichError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "`{}` line {line}: {}", self.file, self.message),
            None => write!(f, "`{}`: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for EnrichError {}

/// Reads a file whose rows are keyed by a column.
///
/// **Errors**: no key column, rows of another length than the header, lines that are no objects, keys that are missing.
pub fn read_enrichment(
    name: &str,
    bytes: &[u8],
    key: &str,
    traits: &[TraitPlan],
    zone: &Zone,
) -> Result<EnrichFile, EnrichError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let reader = EnrichReader { name, key, traits, zone, seed: HashSeed::default() };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(
            reader.error(None, "the file is not UTF-8; save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)".to_owned())
        );
    };
    if text.trim_start().starts_with('{') { reader.ndjson(text) } else { reader.csv(text) }
}

struct EnrichReader<'r> {
    name: &'r str,
    key: &'r str,
    traits: &'r [TraitPlan],
    zone: &'r Zone,
    seed: HashSeed,
}

impl EnrichReader<'_> {
    fn error(&self, line: Option<u64>, message: String) -> EnrichError {
        EnrichError { file: self.name.to_owned(), line, message }
    }

    /// The values of all traits, each the first of its columns that can be read as its type.
    fn values<'v>(&self, get: impl Fn(&str) -> Value<'v>) -> Vec<Value<'static>> {
        let read = |plan: &TraitPlan| {
            let values = plan.columns.iter().map(|column| coerce(get(column), plan.kind, self.zone));
            values.into_iter().find(|value| !value.is_null()).map_or(Value::Null, |value| into_static(value, plan.kind))
        };
        self.traits.iter().map(read).collect()
    }

    fn unused_columns<'c>(&self, columns: impl Iterator<Item = &'c str>) -> Vec<String> {
        let known = |column: &str| {
            column == self.key || self.traits.iter().any(|plan| plan.columns.iter().any(|name| name == column))
        };
        columns.filter(|column| !known(column)).map(str::to_owned).collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// A hash of named contents that does not depend on their order; what is empty does not count.
    fn content<'c>(&self, cells: impl Iterator<Item = (&'c str, &'c str)>) -> u64 {
        let filled = cells.filter(|(name, value)| *name != self.key && !value.is_empty());
        filled.fold(0, |sum: u64, (name, value)| {
            let mut hasher = self.seed.build_hasher();
            hasher.write(name.as_bytes());
            hasher.write_u8(0xff);
            hasher.write(value.as_bytes());
            sum.wrapping_add(hasher.finish())
        })
    }

    fn csv(&self, text: &str) -> Result<EnrichFile, EnrichError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| self.csv_error(&error))?.clone();
        let columns: HashMap<&str, usize> = header.iter().enumerate().map(|(index, name)| (name, index)).collect();
        let Some(key) = columns.get(self.key) else {
            // Without a header row these cells are data, so they are not printed.
            let near =
                pql_model::diag::near_miss(self.key, header.iter()).map(|near| format!("; `{near}` comes close"));
            let cells = pql_model::units::plural(header.len() as u64, "cell", "cells");
            let near = near.unwrap_or_default();
            let message = format!(
                "no column `{}` among the {cells} of the header row{near}; the first line must name the columns",
                self.key
            );
            return Err(self.error(Some(1), message));
        };
        let mut file = EnrichFile {
            name: self.name.to_owned(),
            rows: Vec::new(),
            unused_columns: self.unused_columns(header.iter()),
        };
        for record in reader.records() {
            let record = record.map_err(|error| self.csv_error(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let Some(id) = id_of_cell(record.get(*key).unwrap_or("")) else {
                return Err(self.error(Some(line), format!("no id in column `{}`", self.key)));
            };
            let values = self.values(|column| {
                columns.get(column).and_then(|index| record.get(*index)).map_or(Value::Null, csv_cell)
            });
            let content = self.content(header.iter().zip(record.iter()));
            file.rows.push(EnrichRow { key: id.into_owned(), line, values, content });
        }
        Ok(file)
    }

    fn csv_error(&self, error: &csv::Error) -> EnrichError {
        let line = error.position().map(csv::Position::line);
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!(
                    "{len} cells where the header row has {expected_len}; a comma inside a cell needs quotes around the cell"
                )
            }
            _ => "the line is not CSV".to_owned(),
        };
        self.error(line, message)
    }

    fn ndjson(&self, text: &str) -> Result<EnrichFile, EnrichError> {
        let mut projection = Projection::new();
        let key_slot = projection.add(&[self.key.to_owned()]);
        projection.hash_at(&[]);
        let mut columns: HashMap<&str, u32> = HashMap::new();
        for column in self.traits.iter().flat_map(|plan| &plan.columns) {
            columns
                .entry(column)
                .or_insert_with(|| projection.add(&column.split('.').map(str::to_owned).collect::<Vec<_>>()));
        }
        let mut scanner = JsonScanner::new(&projection, self.seed.clone());
        let mut file = EnrichFile { name: self.name.to_owned(), rows: Vec::new(), unused_columns: Vec::new() };
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let number = number as u64 + 1;
            if scanner.scan(line) != Ok(JsonKind::Object) {
                return Err(self.error(
                    Some(number),
                    "the line is no JSON object; one object is expected on each line".to_owned(),
                ));
            }
            let found = |slot: u32| -> &JsonSpan { &scanner.found[slot as usize] };
            let Some(id) = id_of_json(line, *found(key_slot)) else {
                return Err(self.error(Some(number), format!("no id in `{}`", self.key)));
            };
            let values = self
                .values(|column| columns.get(column).map_or(Value::Null, |slot| json_value(line, Some(found(*slot)))));
            file.rows.push(EnrichRow { key: id.into_owned(), line: number, values, content: scanner.hash });
        }
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

/// Values of traits by the place of an entity; none where the file has no row.
pub type AttachedTraits = Vec<Option<Vec<Value<'static>>>>;

/// Rows by the place of the entity that a key stands for; and the keys that stand for none.
///
/// **Errors**: two rows for one entity that disagree.
pub fn attach(
    file: &EnrichFile,
    count: usize,
    place: impl Fn(&str) -> Option<u32>,
) -> Result<(AttachedTraits, HashSet<&str>), EnrichError> {
    let mut rows: Vec<Option<&EnrichRow>> = vec![None; count];
    let mut strangers: HashMap<&str, &EnrichRow> = HashMap::new();
    for row in &file.rows {
        let known = match place(&row.key) {
            Some(place) => rows.get_mut(place as usize).and_then(|slot| slot.replace(row)),
            None => strangers.insert(&row.key, row),
        };
        if let Some(first) = known
            && (first.content != row.content)
        {
            let message = format!(
                "a second row for what line {} is about, which says something else; keep one of them",
                first.line
            );
            return Err(EnrichError { file: file.name.clone(), line: Some(row.line), message });
        }
    }
    let rows = rows.into_iter().map(|row| row.map(|row| row.values.clone())).collect();
    Ok((rows, strangers.into_keys().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans() -> Vec<TraitPlan> {
        let plan = |name: &str, kind| TraitPlan {
            name: name.into(),
            kind,
            columns: vec![name.into()],
            keys: vec![],
            first: false,
            cell: 0,
        };
        vec![plan("size", ValueType::Number), plan("since", ValueType::Date), plan("vip", ValueType::Boolean)]
    }

    fn check(text: &str) -> Result<EnrichFile, String> {
        read_enrichment("f.csv", text.as_bytes(), "account_id", &plans(), &Zone::utc())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn csv_and_ndjson_say_the_same() {
        let csv = check("\u{feff}account_id,size,since,vip,note\na1,50,2026-01-31,TRUE,x\n9007199254740993,many,,,\n")
            .expect("a file");
        let ndjson = check("{\"account_id\":\"a1\",\"size\":\"50\",\"since\":\"2026-01-31T10:00:00Z\",\"vip\":true}\n\n{\"account_id\":9007199254740993,\"size\":null}\n").expect("a file");
        for file in [&csv, &ndjson] {
            let keys: Vec<&str> = file.rows.iter().map(|row| row.key.as_str()).collect();
            assert_eq!(keys, ["a1", "9007199254740993"]);
            assert_eq!(file.rows[0].values, [Value::Number(50.0), Value::Date(20_484), Value::Boolean(true)]);
            assert_eq!(file.rows[1].values, [Value::Null, Value::Null, Value::Null]);
        }
        assert_eq!(csv.unused_columns, ["note"]);
    }

    #[test]
    fn problems_are_told_with_their_line() {
        for (text, expected) in [
            (
                "id,size\n1,2\n",
                "`f.csv` line 1: no column `account_id` among the 2 cells of the header row; the first line must name the columns",
            ),
            (
                "account_id,size\na,1\nb,1,2\n",
                "`f.csv` line 3: 3 cells where the header row has 2; a comma inside a cell needs quotes around the cell",
            ),
            ("account_id,size\n,1\n", "`f.csv` line 2: no id in column `account_id`"),
            (
                "{\"account_id\":\"a\"}\n[]\n",
                "`f.csv` line 2: the line is no JSON object; one object is expected on each line",
            ),
        ] {
            assert_eq!(check(text).expect_err("a problem"), expected);
        }
        let twice = check("account_id,size\na,1\na,1\nb,1\nb,2\n").expect("a file");
        let error = attach(&twice, 2, |key| Some(u32::from(key == "b"))).expect_err("a conflict");
        assert_eq!(
            error.to_string(),
            "`f.csv` line 5: a second row for what line 4 is about, which says something else; keep one of them"
        );
    }
}
