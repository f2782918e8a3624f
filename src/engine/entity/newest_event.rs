//! The newest event that is not of an internal user, judged by everything that was read.

use std::collections::{BinaryHeap, HashMap};

use super::{
    NOBODY, identity,
    person_profile::{AllRecords, host_of_person, raw_ids, rows},
};
use crate::{
    fold::{FoldState, NO_LAST},
    plan::{Model, word},
};
use pql_model::units::Micros;

/// The instant of the newest event that is not of an internal user. None if there is no such event.
/// `emails` are from the enrichment file.
///
/// **Cost**: one pass over the rows, and the e-mails of the internal people with newer events.
pub(crate) fn newest_event_of_others(
    state: &FoldState,
    model: &Model,
    emails: &HashMap<String, String>,
) -> Option<Micros> {
    let people = identity::resolve_people(state);
    let (raw_ids, rows) = (raw_ids(state, &people), rows(state, &people));
    let records = AllRecords { raw_ids: &raw_ids, named_only: &people.named_only, rows: &rows };
    let mut of_people = vec![NO_LAST; people.names.len()];
    let mut newest = state.newest_nowhere;
    for (number, part) in state.shards.iter().enumerate() {
        for (at, row) in part.rows.iter().enumerate() {
            let seen = part.words(at)[word::LAST_SEEN];
            match people.person_of(number, row.owner) {
                NOBODY => newest = newest.max(seen),
                person => of_people[person as usize] = of_people[person as usize].max(seen),
            }
        }
    }
    let newer = of_people.into_iter().zip(0_usize..).filter(|(seen, _)| *seen > newest);
    let mut waiting: BinaryHeap<(Micros, usize)> = newer.collect();
    while let Some((seen, person)) = waiting.pop() {
        if !host_of_person(state, model, records.of(person), emails).1 {
            newest = seen;
            break;
        }
    }
    (newest != NO_LAST).then_some(newest)
}
