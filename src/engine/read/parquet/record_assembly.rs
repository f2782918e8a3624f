//! Assembles nested columns (structs, lists and maps) row by row.
//!
//! Takes the schema, gives the value of each top-level column of a row as JSON. A value is present
//! if the definition level of its first leaf reaches that of the node. A list continues while the
//! repetition level does.
//!
//! **Source**: the record assembly of Dremel, and the rules of the Parquet format for lists and
//! maps, including older forms.

use std::{ops::Range, sync::Arc};

use parquet::{
    basic::{ConvertedType, LogicalType, Repetition},
    schema::types::{SchemaDescriptor, Type},
};

use super::{
    column_pages::PageSource,
    fault::{ParquetFault, ParquetFaultResult},
    footer::RowGroup,
    leaf_column::{LeafColumn, entries_at_once, row_count_mismatch},
    memory_budget::MemoryBudget,
};
use crate::read::json_record::write_text;

/// The deepest nesting of structs and lists; more than any event has.
const DEPTH_MAX: usize = 128;

/// The used columns, and the values of one row.
pub(super) struct ParquetColumns {
    leaves: Vec<LeafColumn>,
    /// The used top-level columns, each with the range of its value in `text`.
    top: Vec<(SchemaNode, Range<usize>)>,
    /// For each column of the header its index in `top`.
    places: Vec<Option<usize>>,
    /// The values of this row as JSON, one after another.
    text: Vec<u8>,
    /// The limit for the text of a row; bytes.
    text_max: usize,
}

/// The reason why a row is incomplete.
enum RowHalt {
    Fault(ParquetFault),
    /// The row is over the limit.
    Long,
}

impl From<ParquetFault> for RowHalt {
    fn from(fault: ParquetFault) -> Self {
        Self::Fault(fault)
    }
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
    /// The used columns of a file, by their indexes from 0 and ascending. `text_max` limits the text
    /// of a row.
    ///
    /// # Errors
    ///
    /// The schema is nested too deeply.
    pub(super) fn new(
        schema: &SchemaDescriptor,
        used: &[usize],
        text_max: usize,
        budget: &Arc<MemoryBudget>,
    ) -> ParquetFaultResult<Self> {
        let mut builder = SchemaTreeBuilder { schema, budget, leaves: Vec::new(), column: 0 };
        let (mut top, mut places) = (Vec::new(), Vec::new());
        let mut used = used.iter().peekable();
        for (place, field) in schema.root_schema().get_fields().iter().enumerate() {
            if used.next_if(|used| **used == place).is_none() {
                builder.column += leaves_of(field);
                places.push(None);
                continue;
            }
            let node = builder.field(field, (0, 0), 0)?;
            places.push(Some(top.len()));
            top.push((node, 0..0));
        }
        Ok(Self { leaves: builder.leaves, top, places, text: Vec::new(), text_max })
    }

    /// The indexes of the used leaves, from 0 and ascending.
    pub(super) fn leaves(&self) -> Vec<usize> {
        self.leaves.iter().map(|leaf| leaf.column).collect()
    }

    /// Moves to a row group.
    pub(super) fn enter(&mut self, store: &Arc<PageSource>, group: &RowGroup) -> ParquetFaultResult<()> {
        let batch = entries_at_once(self.leaves.len());
        let plans = self.leaves.iter_mut().zip(&group.chunks);
        plans.into_iter().try_for_each(|(leaf, plan)| leaf.enter(store, *plan, batch))
    }

    /// Checks the end of a row group.
    ///
    /// # Errors
    ///
    /// A column has more or fewer rows.
    pub(super) fn leave(&self, rows: u64) -> ParquetFaultResult<()> {
        self.leaves.iter().try_for_each(|leaf| leaf.leave(rows))
    }

    /// Moves to the next row, by its number in the row group from 0. Returns true if the row is over
    /// the limit; then only its start is kept.
    pub(super) fn advance(&mut self, row: u64) -> ParquetFaultResult<bool> {
        self.text.clear();
        self.top.iter_mut().for_each(|(_, text)| *text = 0..0);
        if let Some(leaf) = self.leaves.iter().find(|leaf| leaf.goes_on()) {
            return Err(leaf.row_count_mismatch());
        }
        for (node, text) in &mut self.top {
            let start = self.text.len();
            let mut writer = RowWriter { text: &mut self.text, max: self.text_max };
            match node.write(&mut self.leaves, &mut writer) {
                Ok(true) => *text = start..self.text.len(),
                Ok(false) => self.text.truncate(start),
                Err(RowHalt::Fault(fault)) => return Err(fault),
                Err(RowHalt::Long) => {
                    *text = start..self.text.len();
                    self.leaves.iter_mut().try_for_each(|leaf| leaf.pass_row(row))?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The value of a column in this row as JSON; empty if it is missing.
    pub(super) fn json(&self, column: usize) -> &[u8] {
        let top = self.places.get(column).copied().flatten().and_then(|place| self.top.get(place));
        top.and_then(|(_, text)| self.text.get(text.clone())).unwrap_or_default()
    }

    /// The length of the text of this row, as far as it was written; bytes.
    pub(super) fn text_bytes(&self) -> usize {
        self.text.len()
    }
}

/// The number of leaves of a field.
fn leaves_of(field: &Type) -> usize {
    if field.is_primitive() { 1 } else { field.get_fields().iter().map(|field| leaves_of(field)).sum() }
}

/// Builds trees from the schema, in the order of its leaves.
struct SchemaTreeBuilder<'s> {
    schema: &'s SchemaDescriptor,
    budget: &'s Arc<MemoryBudget>,
    leaves: Vec<LeafColumn>,
    /// The next leaf of the schema.
    column: usize,
}

/// Definition and repetition level.
type ParquetLevels = (i16, i16);

impl SchemaTreeBuilder<'_> {
    /// A field of the schema, which may be optional or repeated.
    fn field(&mut self, field: &Type, (def, rep): ParquetLevels, depth: usize) -> ParquetFaultResult<SchemaNode> {
        if depth > DEPTH_MAX {
            return Err(ParquetFault::damaged(format!("its columns are nested more than {DEPTH_MAX} deep")));
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
    fn value(&mut self, field: &Type, levels: ParquetLevels, depth: usize) -> ParquetFaultResult<SchemaNode> {
        let start = self.leaves.len();
        let shape = if field.is_primitive() {
            self.leaves.push(LeafColumn::new(self.column, self.schema.column(self.column), self.budget)?);
            self.column += 1;
            SchemaShape::Leaf
        } else {
            self.group(field, levels, depth)?
        };
        Ok(SchemaNode { def: levels.0, leaves: start..self.leaves.len(), shape })
    }

    fn group(&mut self, field: &Type, (def, rep): ParquetLevels, depth: usize) -> ParquetFaultResult<SchemaShape> {
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

/// The text of a row, with its limit.
struct RowWriter<'t> {
    text: &'t mut Vec<u8>,
    max: usize,
}

impl RowWriter<'_> {
    /// Fails if this many bytes more are over the limit.
    fn room_for(&self, bytes: usize) -> Result<(), RowHalt> {
        if self.text.len().saturating_add(bytes) > self.max { Err(RowHalt::Long) } else { Ok(()) }
    }
}

impl SchemaNode {
    /// Writes the next value; `false` if it is missing. All entries of the value are consumed
    /// either way.
    fn write(&self, leaves: &mut [LeafColumn], out: &mut RowWriter<'_>) -> Result<bool, RowHalt> {
        if self.def(leaves)? < self.def {
            self.skip(leaves)?;
            return Ok(false);
        }
        match &self.shape {
            SchemaShape::Leaf => {
                let leaf = leaves.get_mut(self.leaves.start).ok_or_else(row_count_mismatch)?;
                out.room_for(leaf.length())?;
                Ok(leaf.write(out.text)?)
            }
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
        out: &mut RowWriter<'_>,
    ) -> Result<(), RowHalt> {
        out.text.push(b'{');
        let mut is_first = true;
        for (key, node) in keys {
            let before = out.text.len();
            if !is_first {
                out.text.push(b',');
            }
            out.room_for(key.len())?;
            out.text.extend_from_slice(key);
            if node.write(leaves, out)? {
                is_first = false;
            } else {
                out.text.truncate(before);
            }
        }
        out.text.push(b'}');
        Ok(())
    }

    fn write_list(
        &self,
        levels: ParquetLevels,
        element: &SchemaNode,
        leaves: &mut [LeafColumn],
        out: &mut RowWriter<'_>,
    ) -> Result<(), RowHalt> {
        out.text.push(b'[');
        let before = out.text.len();
        self.each(levels, leaves, |leaves| {
            out.room_for(1)?;
            if out.text.len() > before {
                out.text.push(b',');
            }
            // Positions in a list matter, so a missing element is written as null.
            if !element.write(leaves, out)? {
                out.text.extend_from_slice(b"null");
            }
            Ok(())
        })?;
        out.text.push(b']');
        Ok(())
    }

    fn write_map(
        &self,
        levels: ParquetLevels,
        (key, value): &(SchemaNode, SchemaNode),
        leaves: &mut [LeafColumn],
        out: &mut RowWriter<'_>,
    ) -> Result<(), RowHalt> {
        out.text.push(b'{');
        let mut is_first = true;
        self.each(levels, leaves, |leaves| {
            out.room_for(1)?;
            let before = out.text.len();
            if !is_first {
                out.text.push(b',');
            }
            let start = out.text.len();
            let mut written = key.write(leaves, out)?;
            // Keys of JSON are text.
            if out.text.get(start) != Some(&b'"') {
                let bare = out.text.split_off(start);
                write_text(out.text, &bare);
            }
            out.text.push(b':');
            written &= value.write(leaves, out)?;
            if written {
                is_first = false;
            } else {
                out.text.truncate(before);
            }
            Ok(())
        })?;
        out.text.push(b'}');
        Ok(())
    }

    /// Calls a function for each element of a list.
    fn each(
        &self,
        (def, rep): ParquetLevels,
        leaves: &mut [LeafColumn],
        mut element: impl FnMut(&mut [LeafColumn]) -> Result<(), RowHalt>,
    ) -> Result<(), RowHalt> {
        if self.def(leaves)? < def {
            return Ok(self.skip(leaves)?);
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
    fn def(&self, leaves: &[LeafColumn]) -> ParquetFaultResult<i16> {
        leaves.get(self.leaves.clone()).and_then(<[LeafColumn]>::first).map_or(Ok(self.def), LeafColumn::def)
    }

    /// Consumes one entry of each leaf below.
    fn skip(&self, leaves: &mut [LeafColumn]) -> ParquetFaultResult<()> {
        leaves[self.leaves.clone()].iter_mut().try_for_each(LeafColumn::skip)
    }
}
