//! The columns that are asked of a table, and where they are in a scanned row.

use crate::decode::json::{JsonKind, JsonSpan, Projection};

/// The slots of the requested columns in a row.
pub(crate) struct ColumnSlots {
    pub(super) projection: Projection,
    /// The names of the columns.
    pub(super) names: Vec<String>,
    /// The slots by name: of the name as a key, and of its parts between dots as a path.
    slots: Vec<Vec<u32>>,
}

impl ColumnSlots {
    /// Slots for names, each once, in their order.
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> ColumnSlots {
        let mut columns = ColumnSlots { projection: Projection::new(), names: Vec::new(), slots: Vec::new() };
        names.into_iter().for_each(|name| columns.add(name));
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

    /// The place of a column.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The value of a scanned row in a column.
    pub(super) fn span(&self, found: &[JsonSpan], column: usize) -> JsonSpan {
        let slots = self.slots.get(column).into_iter().flatten();
        let mut spans = slots.filter_map(|slot| found.get(*slot as usize)).copied();
        spans.find(|span| span.kind != JsonKind::Missing).unwrap_or_default()
    }
}
