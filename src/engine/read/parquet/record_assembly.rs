//! Assembles nested columns (structs, lists and maps) row by row.
//!
//! Takes the schema, gives the value of each top-level column of a row as JSON. A value is present
//! if the definition level of its first leaf reaches that of the node. A list continues while the
//! repetition level does.
//!
//! **Source**: the record assembly of Dremel, and the rules of the Parquet format for lists and
//! maps, including older forms.

use std::ops::Range;

use parquet::{
    basic::{ConvertedType, LogicalType, Repetition},
    errors::{ParquetError, Result as ParquetResult},
    file::reader::RowGroupReader,
    schema::types::{SchemaDescriptor, Type},
};

use super::leaf_column::{LeafColumn, row_count_mismatch};
use crate::read::json_record::write_text;

/// The deepest nesting of structs and lists; more than any event has.
const DEPTH_MAX: usize = 128;

/// The columns in use, and the values of one row.
pub(super) struct ParquetColumns {
    leaves: Vec<LeafColumn>,
    /// For each column of the header its tree and the JSON of its value in this row. The JSON is
    /// empty if the value is missing or the column is unused.
    top: Vec<(Option<SchemaNode>, Vec<u8>)>,
}

/// A node of the schema.
struct SchemaNode {
    /// The lowest definition level at which the value is present.
    def: i16,
    /// Leaves below.
    leaves: Range<usize>,
    shape: SchemaShape,
}

enum SchemaShape {
    /// A leaf.
    Leaf,
    /// Keys, written as JSON with their colons.
    Struct(Vec<(Vec<u8>, SchemaNode)>),
    /// A list: the lowest definition level with elements, its repetition level, and the node of an
    /// element.
    List(i16, i16, Box<SchemaNode>),
    /// A map: levels as for a list, keys and values.
    Map(i16, i16, Box<(SchemaNode, SchemaNode)>),
}

impl ParquetColumns {
    /// The used columns of a file, by their indexes from 0.
    ///
    /// # Errors
    ///
    /// A schema that is nested too deeply.
    pub(super) fn new(schema: &SchemaDescriptor, used: &[usize]) -> ParquetResult<Self> {
        let mut builder = SchemaTreeBuilder { schema, leaves: Vec::new(), column: 0 };
        let mut top = Vec::new();
        for (place, field) in schema.root_schema().get_fields().iter().enumerate() {
            let known = builder.leaves.len();
            let node = builder.field(field, (0, 0), 0)?;
            if used.contains(&place) {
                top.push((Some(node), Vec::new()));
            } else {
                builder.leaves.truncate(known);
                top.push((None, Vec::new()));
            }
        }
        Ok(Self { leaves: builder.leaves, top })
    }

    /// Moves to a row group.
    pub(super) fn enter(&mut self, group: &dyn RowGroupReader) -> ParquetResult<()> {
        self.leaves.iter_mut().try_for_each(|leaf| leaf.open_row_group(group))
    }

    /// Reads some rows of all columns.
    pub(super) fn fill(&mut self, rows: usize) -> ParquetResult<()> {
        self.leaves.iter_mut().try_for_each(|leaf| leaf.fill(rows))
    }

    /// Moves to the next row.
    pub(super) fn advance(&mut self) -> ParquetResult<()> {
        for (node, json) in &mut self.top {
            json.clear();
            let Some(node) = node else { continue };
            if !node.write(&mut self.leaves, json)? {
                json.clear();
            }
        }
        Ok(())
    }

    /// The value of a column in this row as JSON; empty if it is missing.
    pub(super) fn json(&self, column: usize) -> &[u8] {
        self.top.get(column).map_or(&[], |(_, json)| json)
    }
}

/// Builds trees from the schema, in the order of its leaves.
struct SchemaTreeBuilder<'s> {
    schema: &'s SchemaDescriptor,
    leaves: Vec<LeafColumn>,
    /// The next leaf of the schema.
    column: usize,
}

/// Definition and repetition level.
type ParquetLevels = (i16, i16);

impl SchemaTreeBuilder<'_> {
    /// A field of the schema, which may be optional or repeated.
    fn field(&mut self, field: &Type, (def, rep): ParquetLevels, depth: usize) -> ParquetResult<SchemaNode> {
        if depth > DEPTH_MAX {
            return Err(ParquetError::General(format!("its columns are nested more than {DEPTH_MAX} deep")));
        }
        let info = field.get_basic_info();
        match info.has_repetition().then(|| info.repetition()) {
            Some(Repetition::OPTIONAL) => self.value(field, (def + 1, rep), depth),
            // A list without a group around it.
            Some(Repetition::REPEATED) => {
                let element = self.value(field, (def + 1, rep + 1), depth)?;
                let leaves = element.leaves.clone();
                Ok(SchemaNode { def, leaves, shape: SchemaShape::List(def + 1, rep + 1, Box::new(element)) })
            }
            _ => self.value(field, (def, rep), depth),
        }
    }

    /// A field whose own levels are known.
    fn value(&mut self, field: &Type, levels: ParquetLevels, depth: usize) -> ParquetResult<SchemaNode> {
        let start = self.leaves.len();
        let shape = if field.is_primitive() {
            self.leaves.push(LeafColumn::new(self.column, self.schema.column(self.column).as_ref()));
            self.column += 1;
            SchemaShape::Leaf
        } else {
            self.group(field, levels, depth)?
        };
        Ok(SchemaNode { def: levels.0, leaves: start..self.leaves.len(), shape })
    }

    fn group(&mut self, field: &Type, (def, rep): ParquetLevels, depth: usize) -> ParquetResult<SchemaShape> {
        let info = field.get_basic_info();
        let inner = (def + 1, rep + 1);
        match (kind_of(field), field.get_fields()) {
            (Some(NestedKind::List), [repeated]) if is_repeated(repeated) => {
                let element = match repeated.as_ref() {
                    Type::GroupType { fields, .. } if is_wrapper(repeated, info.name()) => match fields.as_slice() {
                        [element] => self.field(element, inner, depth + 1)?,
                        _ => self.value(repeated, inner, depth + 1)?,
                    },
                    _ => self.value(repeated, inner, depth + 1)?,
                };
                Ok(SchemaShape::List(inner.0, inner.1, Box::new(element)))
            }
            (Some(NestedKind::Map), [entries]) if is_repeated(entries) && entries.is_group() => {
                match entries.get_fields() {
                    [key, value] => {
                        let key = self.field(key, inner, depth + 1)?;
                        let value = self.field(value, inner, depth + 1)?;
                        Ok(SchemaShape::Map(inner.0, inner.1, Box::new((key, value))))
                    }
                    _ => Err(row_count_mismatch()),
                }
            }
            (_, fields) => {
                let mut keys = Vec::new();
                for field in fields {
                    let mut key = Vec::new();
                    write_text(&mut key, field.name().as_bytes());
                    key.push(b':');
                    keys.push((key, self.field(field, (def, rep), depth + 1)?));
                }
                Ok(SchemaShape::Struct(keys))
            }
        }
    }
}

#[derive(PartialEq)]
enum NestedKind {
    List,
    Map,
}

fn kind_of(field: &Type) -> Option<NestedKind> {
    let info = field.get_basic_info();
    match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::List), _) | (_, ConvertedType::LIST) => Some(NestedKind::List),
        (Some(LogicalType::Map), _) | (_, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE) => Some(NestedKind::Map),
        _ => None,
    }
}

fn is_repeated(field: &Type) -> bool {
    let info = field.get_basic_info();
    info.has_repetition() && info.repetition() == Repetition::REPEATED
}

/// True if the repeated group of a list only wraps the element and is not the element itself
/// (LogicalTypes.md, backward compatibility).
fn is_wrapper(repeated: &Type, list: &str) -> bool {
    let is_old = repeated.name() == "array" || repeated.name() == format!("{list}_tuple");
    repeated.get_fields().len() == 1 && !is_old
}

impl SchemaNode {
    /// Writes the next value; `false` if it is missing. All entries of the value are consumed
    /// either way.
    fn write(&self, leaves: &mut [LeafColumn], out: &mut Vec<u8>) -> ParquetResult<bool> {
        if self.def(leaves)? < self.def {
            self.skip(leaves)?;
            return Ok(false);
        }
        match &self.shape {
            SchemaShape::Leaf => leaves.get_mut(self.leaves.start).ok_or_else(row_count_mismatch)?.write(out),
            SchemaShape::Struct(keys) => {
                self.write_struct(keys, leaves, out)?;
                Ok(true)
            }
            SchemaShape::List(def, rep, element) => {
                self.write_list((*def, *rep), element, leaves, out)?;
                Ok(true)
            }
            SchemaShape::Map(def, rep, entry) => {
                self.write_map((*def, *rep), entry, leaves, out)?;
                Ok(true)
            }
        }
    }

    fn write_struct(
        &self,
        keys: &[(Vec<u8>, SchemaNode)],
        leaves: &mut [LeafColumn],
        out: &mut Vec<u8>,
    ) -> ParquetResult<()> {
        out.push(b'{');
        let mut is_first = true;
        for (key, node) in keys {
            let before = out.len();
            if !is_first {
                out.push(b',');
            }
            out.extend_from_slice(key);
            if node.write(leaves, out)? {
                is_first = false;
            } else {
                out.truncate(before);
            }
        }
        out.push(b'}');
        Ok(())
    }

    fn write_list(
        &self,
        levels: ParquetLevels,
        element: &SchemaNode,
        leaves: &mut [LeafColumn],
        out: &mut Vec<u8>,
    ) -> ParquetResult<()> {
        out.push(b'[');
        let before = out.len();
        self.each(levels, leaves, |leaves| {
            if out.len() > before {
                out.push(b',');
            }
            // Positions in a list matter, so a missing element is written as null.
            if !element.write(leaves, out)? {
                out.extend_from_slice(b"null");
            }
            Ok(())
        })?;
        out.push(b']');
        Ok(())
    }

    fn write_map(
        &self,
        levels: ParquetLevels,
        (key, value): &(SchemaNode, SchemaNode),
        leaves: &mut [LeafColumn],
        out: &mut Vec<u8>,
    ) -> ParquetResult<()> {
        out.push(b'{');
        let mut is_first = true;
        self.each(levels, leaves, |leaves| {
            let before = out.len();
            if !is_first {
                out.push(b',');
            }
            let start = out.len();
            let mut written = key.write(leaves, out)?;
            // Keys of JSON are text.
            if out.get(start) != Some(&b'"') {
                let bare = out.split_off(start);
                write_text(out, &bare);
            }
            out.push(b':');
            written &= value.write(leaves, out)?;
            if written {
                is_first = false;
            } else {
                out.truncate(before);
            }
            Ok(())
        })?;
        out.push(b'}');
        Ok(())
    }

    /// Calls a function for each element of a list.
    fn each(
        &self,
        (def, rep): ParquetLevels,
        leaves: &mut [LeafColumn],
        mut element: impl FnMut(&mut [LeafColumn]) -> ParquetResult<()>,
    ) -> ParquetResult<()> {
        if self.def(leaves)? < def {
            return self.skip(leaves);
        }
        loop {
            element(leaves)?;
            if !leaves.get(self.leaves.start).is_some_and(|first| first.repeats(rep)) {
                return Ok(());
            }
        }
    }

    /// The definition level of the first leaf. For a struct without columns, the level of one that
    /// is present.
    fn def(&self, leaves: &[LeafColumn]) -> ParquetResult<i16> {
        leaves.get(self.leaves.clone()).and_then(<[LeafColumn]>::first).map_or(Ok(self.def), LeafColumn::def)
    }

    /// Consumes one entry of each leaf below.
    fn skip(&self, leaves: &mut [LeafColumn]) -> ParquetResult<()> {
        leaves.get_mut(self.leaves.clone()).unwrap_or_default().iter_mut().try_for_each(LeafColumn::skip)
    }
}
