//! Ids of users and accounts in the first records of the events, to tell which column of a table holds such ids.

use std::collections::HashSet;

use super::block_reader;
use crate::{
    decode::{
        DecodedLine, HashSeed, Record,
        format::{FileFormats, WorkerDecoders},
    },
    plan::Model,
    read::{BlockLimits, InputSource, LineBlock},
};
use pql_model::{EntityKind, units::Micros};

/// The most lines that are examined.
const LINES_MAX: u64 = 200_000;

/// Looks at the first lines of the events; what cannot be read is left out, since this is only asked for a message.
pub fn sample_event_ids(
    inputs: &[InputSource],
    (model, format): (&Model, &str),
    limits: BlockLimits,
    kind: EntityKind,
) -> HashSet<String> {
    let formats = FileFormats::new(model, format, inputs.len());
    let mut decoders = WorkerDecoders::new(&formats, HashSeed::default(), Micros::MAX);
    let reader = block_reader(inputs.to_vec(), model, limits, 1);
    let mut ids = HashSet::new();
    let mut lines = 0;
    let mut block = LineBlock::default();
    while let Ok(Some(next)) = reader.next(block) {
        let first = next.starts_file.then_some(&*next.bytes);
        if let Some(decoder) = decoders.decoder_for(next.file, first).ok().filter(|_| next.long_line.is_none()) {
            for line in next.bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
                ids.extend(id_of(&decoder.decode(line), kind));
                lines += 1;
            }
        }
        if lines > LINES_MAX {
            break;
        }
        block = next;
    }
    ids
}

fn id_of(line: &DecodedLine<'_>, kind: EntityKind) -> Option<String> {
    let record: &Record<'_> = match line {
        DecodedLine::Event(record)
        | DecodedLine::Identify(record)
        | DecodedLine::Group(record)
        | DecodedLine::AfterAsOf(record)
        | DecodedLine::Alias { record, .. } => record,
        _ => return None,
    };
    let id = match kind {
        EntityKind::User => &record.user,
        EntityKind::Account => &record.account,
    };
    id.as_ref().map(|id| id.to_string())
}
