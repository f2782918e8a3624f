//! Folds further lines into a state, and takes them out again.
//!
//! So one state answers what would be if something more happened. Only the shards of the users concerned are copied.

use super::{EventFolder, FoldState, Shard, ShardSet};
use crate::decode::format::{FileFormats, WorkerDecoders};
use crate::plan::Model;
use pql_model::units::Micros;

/// What a state was before further lines were folded into it.
#[derive(Debug)]
pub(crate) struct FoldUndo {
    /// Shards by number.
    shards: Vec<(usize, Shard)>,
}

/// Lines in the native format, with the users that they name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FurtherLines<'l> {
    /// The lines; they carry no ids of events.
    pub(crate) lines: &'l [String],
    /// The users of all lines.
    pub(crate) users: &'l [&'l str],
    /// Lines at or after this instant do not count.
    pub(crate) until: Micros,
}

impl FoldState {
    /// Folds lines. `model` is the model of the state, without overrides of the fields of records.
    pub(crate) fn fold_further(&mut self, model: &Model, further: FurtherLines<'_>) -> FoldUndo {
        let mut touched: Vec<usize> =
            further.users.iter().map(|user| FoldState::shard_index(self.hash_id(user))).collect();
        touched.sort_unstable();
        touched.dedup();
        let shards = touched.into_iter().map(|at| (at, self.shards[at].clone())).collect();
        let set = ShardSet::resume(model, self, 1);
        let formats = FileFormats::new(model, "native", 1);
        let mut reading = WorkerDecoders::new(&formats, set.seed(), further.until);
        let mut folder = EventFolder::new(&set, 1);
        for line in further.lines {
            if let Ok(decoder) = reading.decoder_for(0, Some(line.as_bytes())) {
                folder.fold(0, &decoder.decode(line));
            }
        }
        drop(folder.finish());
        set.give_back(self);
        FoldUndo { shards }
    }

    /// Takes the last lines out again. Their texts stay interned, which changes no result.
    pub(crate) fn undo(&mut self, undo: FoldUndo) {
        for (at, shard) in undo.shards {
            self.shards[at] = shard;
        }
    }
}
