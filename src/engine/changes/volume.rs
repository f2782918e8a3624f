//! How many entities are in each tier at the end of each run, and how many came and went.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use crate::{
    emit::{OutputCell, RowFormat, write_table},
    record::{EntityStanding, LevelSnapshot, ListRecord},
};
use pql_model::{EntityKind, PerKind, units::Micros};

/// The volume of one tier, or of all qualified entities, at the end of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierVolume {
    /// The instant looked from.
    pub as_of: Micros,
    /// Users or accounts.
    pub level: EntityKind,
    /// The tier, or `qualified`.
    pub tier: String,
    /// Entities in it. Suppressed ones are left out.
    pub entities: u64,
    /// What moved since the run before; none for the first run.
    pub moved: Option<VolumeMoves>,
}

/// What moved since the run before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VolumeMoves {
    /// Entities that are in it now and were not.
    pub entered: u64,
    /// Entities that were in it and are not now.
    pub left: u64,
    /// Entities among those that entered which never were in it before.
    pub first_time: u64,
}

/// The name of the line of qualified entities.
const QUALIFIED: &str = "qualified";

/// Counts volumes run after run.
#[derive(Debug, Default)]
pub struct VolumeCounter {
    /// The names of all groups so far. A group is known by its place.
    names: Vec<String>,
    /// The groups that an entity was ever in.
    ever: PerKind<HashMap<Box<str>, Vec<usize>>>,
}

/// The groups that an entity is in: its tier, and those that are qualified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct EntityGroups {
    tier: Option<usize>,
    qualified: Option<usize>,
}

impl EntityGroups {
    fn iter(self) -> impl Iterator<Item = usize> {
        self.tier.into_iter().chain(self.qualified)
    }

    fn has(self, group: usize) -> bool {
        self.iter().any(|own| own == group)
    }
}

/// Who entered and left each group, by its place.
type GroupMoves = BTreeMap<usize, VolumeMoves>;

impl VolumeCounter {
    /// The volumes of a run: users first, tiers in the order of the model, then the qualified. `before` is the run that was counted last.
    pub fn count(
        &mut self,
        levels: &PerKind<LevelSnapshot>,
        before: Option<&ListRecord>,
        as_of: Micros,
    ) -> Vec<TierVolume> {
        let mut volumes = Vec::new();
        for kind in EntityKind::ALL {
            let now = &levels[kind];
            let moves = self.moves(kind, before.map(|before| &before.levels[kind].snapshot), now);
            let moves = before.map(|_| &moves);
            let groups: Vec<EntityGroups> = now.standings.iter().map(|standing| self.groups(now, standing)).collect();
            let tiers = now.tiers.iter().map(|tier| tier.name.as_str());
            let qualified = (!now.tiers.is_empty()).then_some(QUALIFIED);
            for name in tiers.chain(qualified) {
                let place = self.names.iter().position(|known| known == name);
                let is_in = |groups: &&EntityGroups| place.is_some_and(|place| groups.has(place));
                let moved = |moves: &GroupMoves| place.and_then(|place| moves.get(&place)).copied().unwrap_or_default();
                volumes.push(TierVolume {
                    as_of,
                    level: kind,
                    tier: name.to_owned(),
                    entities: groups.iter().filter(is_in).count() as u64,
                    moved: moves.map(moved),
                });
            }
        }
        volumes
    }

    /// Who entered and left each group since the run before, whose groups everybody was in.
    fn moves(&mut self, kind: EntityKind, before: Option<&LevelSnapshot>, now: &LevelSnapshot) -> GroupMoves {
        let nobody = LevelSnapshot::default();
        let old = before.unwrap_or(&nobody);
        for level in [old, now] {
            self.name_groups(level);
        }
        let mut moves = GroupMoves::new();
        for (standing, place) in now.standings.iter().zip(old.places_of(now)) {
            let was = place.map(|place| self.groups(old, &old.standings[place as usize])).unwrap_or_default();
            let is = self.groups(now, standing);
            if was != is {
                self.note_move((kind, &standing.id), [was, is], &mut moves);
            }
        }
        for (standing, place) in old.standings.iter().zip(now.places_of(old)) {
            if place.is_none() {
                let was = self.groups(old, standing);
                self.note_move((kind, &standing.id), [was, EntityGroups::default()], &mut moves);
            }
        }
        moves
    }

    fn note_move(&mut self, (kind, id): (EntityKind, &str), [was, is]: [EntityGroups; 2], moves: &mut GroupMoves) {
        for group in is.iter().filter(|group| !was.has(*group)) {
            let moved = moves.entry(group).or_default();
            moved.entered += 1;
            let known = self.ever[kind].entry(id.into()).or_default();
            if !known.contains(&group) {
                moved.first_time += 1;
                known.push(group);
            }
        }
        for group in was.iter().filter(|group| !is.has(*group)) {
            moves.entry(group).or_default().left += 1;
        }
    }

    /// Gives the groups of a level their places.
    fn name_groups(&mut self, level: &LevelSnapshot) {
        for name in level.tiers.iter().map(|tier| tier.name.as_str()).chain([QUALIFIED]) {
            if !self.names.iter().any(|known| known == name) {
                self.names.push(name.to_owned());
            }
        }
    }

    /// The groups that an entity is in. Suppressed ones are in none.
    fn groups(&self, level: &LevelSnapshot, standing: &EntityStanding) -> EntityGroups {
        let tier = level.tier(standing).filter(|_| standing.suppressed.is_none());
        let place = |name: &str| self.names.iter().position(|known| known == name);
        EntityGroups {
            tier: tier.and_then(|tier| place(&tier.name)),
            qualified: tier.filter(|tier| tier.qualified).and_then(|_| place(QUALIFIED)),
        }
    }
}

/// The columns, which are never renamed.
const COLUMNS: [&str; 7] = ["as_of", "level", "tier", "entities", "entered", "left", "first_time"];

/// Writes volumes. Returns the number of text cells that a spreadsheet would have run as a formula.
///
/// # Errors
///
/// Those of the writer.
pub fn write_volumes(volumes: &[TierVolume], format: RowFormat, out: &mut dyn Write) -> io::Result<u64> {
    write_table(&COLUMNS, volumes.iter().map(cells), format, out)
}

fn cells(volume: &TierVolume) -> Vec<OutputCell<'_>> {
    let moved = |count: fn(&VolumeMoves) -> u64| {
        volume.moved.as_ref().map_or(OutputCell::Null, |moved| OutputCell::Number(count(moved) as f64))
    };
    vec![
        OutputCell::Instant(volume.as_of),
        OutputCell::Text(volume.level.word().into()),
        OutputCell::Text(volume.tier.as_str().into()),
        OutputCell::Number(volume.entities as f64),
        moved(|moved| moved.entered),
        moved(|moved| moved.left),
        moved(|moved| moved.first_time),
    ]
}
