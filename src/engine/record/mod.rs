//! What the lists said: the newest run that was published, as the next one needs it.
//!
//! Takes a scored run, gives a [`ListRecord`], which points into nothing. So the state of the run may be gone, or may have gone on, before the next run
//! is compared with it. [`EntityOrigins`] says which entities of the record an entity of this run was: a person who was joined of several ids
//! has several.
//!
//! ```text
//!  ScoredEntities ─▶ LevelSnapshot ─┐
//!                                   ├─▶ ListRecord ─▶ PreviousLists         facts of the record, staying in a tier
//!  changes, alerts ─▶ KeptEntity  ──┘            └──▶ changes, alerts       of the run that follows
//! ```

mod joined;
mod list_record;
mod origins;
mod place_map;
mod previous;
mod published_list;
mod snapshot;

pub(crate) use self::origins::OriginPlaces;
pub use self::{
    list_record::{AlertStanding, DepartedEntity, KeptEntity, LevelRecord, ListRecord},
    origins::EntityOrigins,
    place_map::PlaceMap,
    published_list::PublishedList,
    snapshot::{EntityStanding, LevelSnapshot, SnapshotRoute, SnapshotTier},
};
