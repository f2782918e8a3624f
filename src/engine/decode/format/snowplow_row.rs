//! Reads a row of Snowplow's enriched format without converting it to JSON.
//!
//! [`SnowplowRowReader`] takes 131 columns between tabs and fills the slots of a
//! [`SnowplowRowPlan`] with spans of the row, so it copies nothing. It checks every JSON column
//! completely, even if the model does not read it; text columns need no check.
//!
//! **Law**: the slots have the values that a scan of the object of
//! [`write_object`](super::write_object) gives.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use wide::u8x16;

use super::snowplow_tsv::{COLUMNS, SnowplowColumn, column_kind, schema_name};
use crate::decode::{
    HashSeed,
    json::{JsonError, JsonKind, JsonScanner, JsonSpan, Projection, walk},
    layout::FieldPath,
};

/// The number of schemas in the cache. One source has a few dozen.
const SCHEMAS_MAX: usize = 4096;

/// Paths into a column or into the data of a schema, each with its slot.
type PathSlots = Vec<(FieldPath, u32)>;

/// The places of the projected fields in a row. Made once and shared by the workers.
#[derive(Debug)]
pub(in crate::decode) struct SnowplowRowPlan {
    /// Text columns, each with the slot that it fills.
    cells: Vec<(usize, SnowplowColumn, u32)>,
    /// The column of the event, and the two columns of entities.
    described: [usize; 3],
    /// By schema name. The paths lead into the data of its entities and begin with the entity's
    /// number.
    entities: HashMap<String, PathSlots>,
    events: HashMap<String, PathSlots>,
    /// Finds the event's data, and the properties that the model reads in it.
    of_event: Projection,
    event_schema: u32,
    event_data: u32,
    /// Finds the list of entities.
    of_entities: Projection,
    entity_list: u32,
}

impl SnowplowRowPlan {
    /// Plans the slots of the asked paths. The `properties` are read from the data of any event and
    /// fill the first slots of `of_event`.
    pub(in crate::decode) fn new(
        asked: &[(FieldPath, u32)],
        properties: &[FieldPath],
        hashed: bool,
    ) -> SnowplowRowPlan {
        let place = |name: &str| COLUMNS.iter().position(|known| *known == name);
        let mut plan = SnowplowRowPlan {
            cells: Vec::new(),
            described: ["unstruct_event", "contexts", "derived_contexts"]
                .map(|name| place(name).expect("a column of the format")),
            entities: HashMap::new(),
            events: HashMap::new(),
            of_event: Projection::new(),
            event_schema: 0,
            event_data: 0,
            of_entities: Projection::new(),
            entity_list: 0,
        };
        let below = |keys: &[&str], path: &[String]| -> FieldPath {
            keys.iter().map(|key| (*key).to_owned()).chain(path.iter().cloned()).collect()
        };
        for path in properties {
            plan.of_event.add(&below(&["data", "data"], path));
        }
        plan.event_schema = plan.of_event.add(&below(&["data", "schema"], &[]));
        plan.event_data = plan.of_event.add(&below(&["data", "data"], &[]));
        if hashed {
            plan.of_event.hash_at(&below(&["data", "data"], &[]));
        }
        plan.entity_list = plan.of_entities.add(&below(&["data"], &[]));
        for (path, slot) in asked {
            let Some((first, rest)) = path.split_first() else { continue };
            if let (Some(at), []) = (place(first), rest)
                && matches!(column_kind(first), SnowplowColumn::Text | SnowplowColumn::Boolean)
            {
                plan.cells.push((at, column_kind(first), *slot));
            }
            for (prefix, by_schema) in [("contexts_", &mut plan.entities), ("unstruct_event_", &mut plan.events)] {
                if let Some(name) = first.strip_prefix(prefix) {
                    by_schema.entry(name.to_owned()).or_default().push((rest.to_vec(), *slot));
                }
            }
        }
        plan.cells.sort_unstable_by_key(|(at, _, slot)| (*at, *slot));
        plan
    }
}

/// The paths into the data of one schema.
#[derive(Debug, Clone, Copy)]
struct SchemaSlots<'p> {
    /// The schema's name and its paths, for entities.
    entity: Option<(&'p str, &'p PathSlots)>,
    /// The paths, for an event.
    event: Option<&'p PathSlots>,
}

/// Reads one row after another.
#[derive(Debug)]
pub(in crate::decode) struct SnowplowRowReader<'p> {
    plan: &'p SnowplowRowPlan,
    event: JsonScanner<'p>,
    entities: JsonScanner<'p>,
    /// The end of each column, in bytes of the row.
    ends: [u32; COLUMNS.len()],
    /// By schema as written; none for a text that gives no key.
    schemas: HashMap<String, Option<SchemaSlots<'p>>, RandomState>,
    /// Schemas of the entities in this row that the model reads, each with the number of its last
    /// entity.
    met: Vec<(&'p str, usize)>,
    /// The hash of the event's data; 0 if it has none.
    pub(in crate::decode) hash: u64,
}

/// The reason why a row is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decode) enum SnowplowRowError {
    /// The row does not have 131 columns.
    Columns,
    /// A JSON column does not hold JSON.
    Json(JsonError),
}

impl<'p> SnowplowRowReader<'p> {
    /// A reader of rows. Readers that share hashes need copies of one seed.
    pub(in crate::decode) fn new(plan: &'p SnowplowRowPlan, seed: &HashSeed) -> SnowplowRowReader<'p> {
        SnowplowRowReader {
            plan,
            event: JsonScanner::new(&plan.of_event, seed.clone()),
            entities: JsonScanner::new(&plan.of_entities, seed.clone()),
            ends: [0; COLUMNS.len()],
            schemas: HashMap::default(),
            met: Vec::new(),
            hash: 0,
        }
    }

    /// Fills the slots. `values` is the first slot of the properties, for which the event's data
    /// precedes the columns.
    ///
    /// # Errors
    ///
    /// [`SnowplowRowError`]. **Cost**: one pass over the row, and one over each JSON column.
    pub(in crate::decode) fn read(
        &mut self,
        row: &str,
        found: &mut [JsonSpan],
        values: usize,
    ) -> Result<(), SnowplowRowError> {
        let plan = self.plan;
        found.fill(JsonSpan::default());
        self.hash = 0;
        self.met.clear();
        if !self.find_ends(row.strip_suffix('\r').unwrap_or(row).as_bytes()) {
            return Err(SnowplowRowError::Columns);
        }
        for (at, of, slot) in &plan.cells {
            let (start, end) = self.cell(*at);
            if start < end {
                let kind = match (of, &row.as_bytes()[start as usize..end as usize]) {
                    (SnowplowColumn::Boolean, b"1") => JsonKind::True,
                    (SnowplowColumn::Boolean, b"0") => JsonKind::False,
                    _ => JsonKind::Text,
                };
                found[*slot as usize] = JsonSpan { kind, start, end };
            }
        }
        let [event, entities @ ..] = plan.described;
        self.event(row, event, found, values)?;
        entities.into_iter().try_for_each(|at| self.entities(row, at, found))
    }

    /// Finds the ends of all columns; `false` if the row does not have 131 columns.
    fn find_ends(&mut self, row: &[u8]) -> bool {
        let tabs = u8x16::splat(b'\t');
        let mut count = 0;
        let mut ends = |chunk: [u8; 16], base: usize| {
            let mut bits = u8x16::new(chunk).simd_eq(tabs).to_bitmask();
            while bits != 0 {
                if let Some(end) = self.ends.get_mut(count) {
                    *end = (base + bits.trailing_zeros() as usize) as u32;
                }
                count += 1;
                bits &= bits - 1;
            }
        };
        let (chunks, rest) = row.as_chunks::<16>();
        for (place, chunk) in chunks.iter().enumerate() {
            ends(*chunk, place * 16);
        }
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        ends(last, chunks.len() * 16);
        self.ends[COLUMNS.len() - 1] = row.len() as u32;
        count + 1 == COLUMNS.len()
    }

    /// The span of a column: its first byte and the byte after its last.
    fn cell(&self, at: usize) -> (u32, u32) {
        let start = if at == 0 { 0 } else { self.ends[at - 1] + 1 };
        (start, self.ends[at])
    }

    /// Reads the column of the event's data.
    fn event(&mut self, row: &str, at: usize, found: &mut [JsonSpan], values: usize) -> Result<(), SnowplowRowError> {
        let plan = self.plan;
        let (start, end) = self.cell(at);
        let cell = &row[start as usize..end as usize];
        if cell.is_empty() {
            return Ok(());
        }
        self.event.scan(cell).map_err(SnowplowRowError::Json)?;
        let of_event = |slot: u32| self.event.found[slot as usize];
        let data = of_event(plan.event_data);
        let (Some(schema), false) = (of_event(plan.event_schema).text(cell), data.is_null_or_missing()) else {
            return Ok(());
        };
        let Some(schema) = schema_slots(&mut self.schemas, plan, &schema) else { return Ok(()) };
        self.hash = self.event.hash;
        for (slot, raw) in found[values..].iter_mut().zip(&self.event.found[..plan.event_schema as usize]) {
            if !raw.is_null_or_missing() {
                *slot = shift_span(*raw, start);
            }
        }
        // Parts of a record that the model maps into the data of one event.
        for (path, slot) in schema.event.into_iter().flatten() {
            found[*slot as usize] = shift_span(value_at_path(cell, data, path), start);
        }
        Ok(())
    }

    /// Reads a column of entities.
    fn entities(&mut self, row: &str, at: usize, found: &mut [JsonSpan]) -> Result<(), SnowplowRowError> {
        let plan = self.plan;
        let (start, end) = self.cell(at);
        let cell = &row[start as usize..end as usize];
        if cell.is_empty() {
            return Ok(());
        }
        self.entities.scan(cell).map_err(SnowplowRowError::Json)?;
        if plan.entities.is_empty() {
            return Ok(());
        }
        let list = self.entities.found[plan.entity_list as usize];
        for entity in walk::items(cell, list) {
            let (mut schema, mut data) = (JsonSpan::default(), JsonSpan::default());
            for (key, value) in walk::members(cell, entity) {
                match key.slice(cell) {
                    "schema" => schema = value,
                    "data" => data = value,
                    _ => {}
                }
            }
            let Some(schema) = schema.text(cell).filter(|_| !data.is_null_or_missing()) else { continue };
            let schema = schema_slots(&mut self.schemas, plan, &schema);
            let Some((name, asked)) = schema.and_then(|schema| schema.entity) else { continue };
            let index = match self.met.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    self.met.push((name, 0));
                    0
                }
            };
            for (path, slot) in asked {
                let raw = match path.split_first() {
                    // A path without a number asks for the list of all entities, whatever their
                    // schema.
                    None => shift_span(list, start),
                    Some((first, rest)) if first.parse() == Ok(index) => {
                        shift_span(value_at_path(cell, data, rest), start)
                    }
                    Some(_) => continue,
                };
                found[*slot as usize] = raw;
            }
        }
        Ok(())
    }
}

/// The slots of a schema, from the cache if it has the schema.
fn schema_slots<'p>(
    schemas: &mut HashMap<String, Option<SchemaSlots<'p>>, RandomState>,
    plan: &'p SnowplowRowPlan,
    schema: &str,
) -> Option<SchemaSlots<'p>> {
    if let Some(known) = schemas.get(schema) {
        return *known;
    }
    if schemas.len() >= SCHEMAS_MAX {
        schemas.clear();
    }
    let known = schema_name(schema).map(|name| SchemaSlots {
        entity: plan.entities.get_key_value(&name).map(|(name, asked)| (name.as_str(), asked)),
        event: plan.events.get(&name),
    });
    schemas.insert(schema.to_owned(), known);
    known
}

/// Turns a span of a column into a span of the row.
fn shift_span(raw: JsonSpan, by: u32) -> JsonSpan {
    if raw.kind == JsonKind::Missing { raw } else { JsonSpan { start: raw.start + by, end: raw.end + by, ..raw } }
}

/// The value at a path. A key that is a number also indexes lists.
fn value_at_path(cell: &str, from: JsonSpan, path: &[String]) -> JsonSpan {
    path.iter().fold(from, |value, key| match value.kind {
        JsonKind::Array => key.parse().ok().and_then(|at| walk::items(cell, value).nth(at)).unwrap_or_default(),
        _ => walk::member(cell, value, key),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::format::{WantedColumns, write_object};

    fn path(path: &str) -> FieldPath {
        path.split('.').map(str::to_owned).collect()
    }

    const ASKED: [&str; 10] = [
        "event_name",
        "user_id",
        "br_cookies",
        "page_url.x",
        "contexts_com_acme_organization_1.0.id",
        "contexts_com_acme_organization_1.1.tags.1",
        "contexts_b_c_2.0.id",
        "unstruct_event_com_acme_report_exported_1.format",
        "format",
        "rows.deep",
    ];

    /// The values that the reader finds in a row, and those found in the object made of the row.
    fn both_ways(row: &str) -> [Option<Vec<(JsonKind, String)>>; 2] {
        let asked: Vec<(FieldPath, u32)> =
            ASKED.iter().enumerate().map(|(slot, name)| (path(name), slot as u32)).collect();
        let seed = HashSeed::default();
        let plan = SnowplowRowPlan::new(&asked, &[path("format"), path("rows.deep")], true);
        let mut reader = SnowplowRowReader::new(&plan, &seed);
        let mut found = vec![JsonSpan::default(); ASKED.len()];
        let show = |raw: &JsonSpan, text: &str| {
            let kind = if raw.kind == JsonKind::EscapedText { JsonKind::Text } else { raw.kind };
            let shown = match raw.kind {
                JsonKind::Number => raw.slice(text).to_owned(),
                _ => raw.text(text).unwrap_or_default().into_owned(),
            };
            (kind, shown)
        };
        let direct = reader.read(row, &mut found, ASKED.len() - 2).ok();
        let direct = direct.map(|()| found.iter().map(|raw| show(raw, row)).collect());
        let mut projection = Projection::new();
        asked.iter().for_each(|(path, _)| {
            projection.add(path);
        });
        let mut object = String::new();
        if !write_object(row, &WantedColumns::new(|_| true), &mut object) {
            return [direct, None];
        }
        let mut scanner = JsonScanner::new(&projection, seed.clone());
        let made = scanner.scan(&object).ok().map(|_| {
            let mut shown: Vec<(JsonKind, String)> = scanner.found.iter().map(|raw| show(raw, &object)).collect();
            let top = walk::first_value(&object).expect("an object");
            let body =
                walk::members(&object, top).filter(|(key, _)| key.slice(&object).starts_with("unstruct_event_")).last();
            for (place, keys) in [(ASKED.len() - 2, "format"), (ASKED.len() - 1, "rows.deep")] {
                let in_body = body.map(|(_, body)| walk::at_path(&object, body, &path(keys))).unwrap_or_default();
                if !in_body.is_null_or_missing() {
                    shown[place] = show(&in_body, &object);
                }
            }
            shown
        });
        [direct, made]
    }

    fn row(cells: &[(&str, String)]) -> String {
        let cell = |name: &&str| cells.iter().find(|(known, _)| known == name).map_or("", |(_, cell)| cell.as_str());
        COLUMNS.iter().map(cell).collect::<Vec<&str>>().join("\t")
    }

    fn entity() -> impl Strategy<Value = String> {
        let schema = prop::sample::select(vec![
            "iglu:com.acme/organization/jsonschema/1-0-0",
            "iglu:com.acme/Organization/jsonschema/1-0-2",
            "iglu:b/c/jsonschema/2-0-0",
            "iglu:b/c",
            "no schema",
        ]);
        let data = prop::sample::select(vec![
            r#"{"id":"acme"}"#,
            r#"{"id":7,"tags":["a","b"]}"#,
            r#"{"id":{"id":1}}"#,
            "null",
            "[]",
            r#"{"format":"csv","rows":{"deep":2}}"#,
        ]);
        (schema, data, any::<bool>()).prop_map(|(schema, data, first)| match first {
            true => format!(r#"{{"schema":"{schema}","data":{data}}}"#),
            false => format!(r#"{{"data":{data}, "schema":"{schema}"}}"#),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_row_read_where_it_stands_is_the_object_that_is_made_of_it(
            user in "[a-zé\"\\\\ ]{0,8}", cookies in prop::sample::select(vec!["", "1", "0", "yes"]),
            event in prop::option::of(entity()), first in prop::collection::vec(entity(), 0..4),
            second in prop::collection::vec(entity(), 0..3), spoil in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let list = |all: &[String]| match all {
                [] => String::new(),
                all => format!(r#"{{"schema":"iglu:s/contexts/jsonschema/1-0-1","data":[{}]}}"#, all.join(",")),
            };
            let event = event.map_or_else(String::new, |data| format!(r#"{{"schema":"iglu:s/u/jsonschema/1-0-0","data":{data}}}"#));
            let mut contexts = list(&first);
            if let Some(at) = spoil.filter(|_| !contexts.is_empty()) {
                // The object lacks the JSON around the data, so only the reader can find it broken.
                contexts.truncate(at.index(contexts.len()));
            }
            let row = row(&[
                ("event_name", "report_exported".to_owned()), ("user_id", user), ("br_cookies", cookies.to_owned()),
                ("unstruct_event", event), ("contexts", contexts), ("derived_contexts", list(&second)),
            ]);
            let [direct, made] = both_ways(&row);
            match (spoil, direct) {
                (Some(_), None) => {}
                (_, direct) => prop_assert_eq!(direct, made),
            }
        }
    }

    #[test]
    fn what_is_broken_anywhere_in_a_row_is_told() {
        let seed = HashSeed::default();
        let plan = SnowplowRowPlan::new(&[], &[], false);
        let mut reader = SnowplowRowReader::new(&plan, &seed);
        let mut read = |row: &str| reader.read(row, &mut [], 0);
        assert_eq!(read(&row(&[("event_id", "1".to_owned())])), Ok(()));
        assert_eq!(read("a\tb"), Err(SnowplowRowError::Columns));
        assert_eq!(read(&(row(&[]) + "\t")), Err(SnowplowRowError::Columns));
        for broken in ["{", r#"{"data":"#, "nonsense", r#"{"schema":"x","data":[]} x"#, r#"{"schema":x,"data":[]}"#] {
            for column in ["unstruct_event", "contexts", "derived_contexts"] {
                let row = row(&[(column, broken.to_owned())]);
                assert!(matches!(read(&row), Err(SnowplowRowError::Json(_))), "{column} {broken}");
            }
        }
    }
}
