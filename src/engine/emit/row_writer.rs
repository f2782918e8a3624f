//! Rows of a level to any format: made part by part in all threads, written in order.
//!
//! ```text
//! entities ──┬─▶ RowWriter::encode ─▶ Part ─┐
//!            ├─▶ RowWriter::encode ─▶ Part ─┼─▶ RowWriter::append ─▶ out
//!            └─▶ RowWriter::encode ─▶ Part ─┘   (in order)
//! ```

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::mpsc,
};

use super::{
    row::{EntityRow, with_row},
    selection::LeftOutRows,
};
use crate::{plan::Model, score::ScoredEntities};
use pql_model::EntityKind;

/// Rows made at once by one thread.
const ROWS_AT_ONCE: usize = 1024;

/// A format of rows.
///
/// [`RowWriter::encode`] is called in any thread. The others are called one after the other: `begin`, `append` for each part in the order of rows,
/// `finish`.
pub(super) trait RowWriter: Sync {
    /// Some rows that follow each other, in this format.
    type Part: Send;
    /// What is kept from part to part.
    type State;

    /// Writes what stands before the first row.
    ///
    /// # Errors
    /// Those of `out`.
    fn begin(&self, out: &mut dyn Write) -> io::Result<Self::State>;

    /// Makes the part of some rows.
    ///
    /// # Errors
    /// Those of writing to memory.
    fn encode(&self, rows: &RowBatch<'_>) -> io::Result<Self::Part>;

    /// Writes a part.
    ///
    /// # Errors
    /// Those of `out`.
    fn append(&self, state: &mut Self::State, part: Self::Part, out: &mut dyn Write) -> io::Result<()>;

    /// Writes what stands behind the last row.
    ///
    /// # Errors
    /// Those of `out`.
    fn finish(&self, state: Self::State, out: &mut dyn Write) -> io::Result<RowTotals>;
}

/// What is known of rows when all of them are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowTotals {
    /// Cells that were guarded against spreadsheets.
    pub guarded_cells: u64,
    /// Rows that were asked for and left out.
    pub left_out: LeftOutRows,
}

/// The scored entities of a level, whose rows are written.
#[derive(Debug, Clone, Copy)]
pub struct LevelRows<'r> {
    /// All entities.
    pub scored: &'r ScoredEntities<'r>,
    /// The model that they were scored by.
    pub model: &'r Model,
    /// The level.
    pub kind: EntityKind,
}

impl<'r> LevelRows<'r> {
    /// The entities in the order of rows: the highest score first.
    pub(super) fn order(&self) -> &'r [u32] {
        match self.kind {
            EntityKind::User => &self.scored.user_order,
            EntityKind::Account => &self.scored.account_order,
        }
    }

    /// Whether a suppression holds for an entity.
    pub(crate) fn is_suppressed(&self, entity: u32) -> bool {
        let slot = self.model.resolved.level(self.kind).slots.suppressed;
        slot.is_some_and(|slot| !self.scored.facts.is_null(self.kind, slot, entity as usize))
    }

    /// Writes the rows of some entities.
    ///
    /// # Errors
    /// Those of the writer.
    pub(super) fn write<W: RowWriter>(
        &self,
        entities: &[u32],
        writer: &W,
        out: &mut dyn Write,
    ) -> io::Result<RowTotals> {
        let mut state = writer.begin(out)?;
        let encode = |(part, entities)| writer.encode(&RowBatch { rows: *self, first: part * ROWS_AT_ONCE, entities });
        let append = |part: io::Result<W::Part>| writer.append(&mut state, part?, out);
        let parts = entities.chunks(ROWS_AT_ONCE).enumerate();
        if rayon::current_thread_index().is_some() {
            // There is no other thread to make them.
            parts.map(encode).try_for_each(append)?;
        } else {
            map_ordered_parallel(parts, encode, append)?;
        }
        writer.finish(state, out)
    }
}

/// Some entities of a level, whose rows follow each other.
pub(super) struct RowBatch<'b> {
    rows: LevelRows<'b>,
    /// The place of the first of them in the list.
    first: usize,
    entities: &'b [u32],
}

impl RowBatch<'_> {
    /// Makes each row, and hands it on.
    ///
    /// # Errors
    /// The first of `take`.
    pub(super) fn try_for_each(&self, mut take: impl FnMut(&EntityRow<'_>) -> io::Result<()>) -> io::Result<()> {
        let ranks = self.first as u64 + 1..;
        self.entities
            .iter()
            .zip(ranks)
            .try_for_each(|(entity, rank)| with_row(self.rows, *entity, Some(rank), &mut take))
    }
}

/// Makes something of each part in the threads of the pool, and hands it on in order. While some is handed on more is made, a few parts ahead, so
/// that memory stays bounded. Not to be called in a thread of the pool.
fn map_ordered_parallel<P: Send, T: Send>(
    parts: impl Iterator<Item = P>,
    make: impl Fn(P) -> T + Sync,
    mut hand_on: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    let ahead = 2 * rayon::current_num_threads();
    rayon::in_place_scope_fifo(|scope| {
        let make = &make;
        let mut made = VecDeque::with_capacity(ahead);
        // Of a part whose maker panicked there is nothing; the panic goes on when the scope ends.
        let mut receive = |part: mpsc::Receiver<T>| part.recv().map_or(Ok(()), &mut hand_on);
        for part in parts {
            if made.len() == ahead {
                made.pop_front().map_or(Ok(()), &mut receive)?;
            }
            let (give, take) = mpsc::sync_channel(1);
            // Nobody takes it if an earlier part could not be handed on.
            scope.spawn_fifo(move |_| drop(give.send(make(part))));
            made.push_back(take);
        }
        made.into_iter().try_for_each(receive)
    })
}
