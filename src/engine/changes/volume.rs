//! How many entities are in each tier at the end of each run, and how many came and went.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, Write},
};

use crate::{
    emit::{OutputCell, RowFormat, write_table},
    record::LevelSnapshot,
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
    /// The groups of the last run, by entity; none before the first run.
    last: Option<PerKind<HashMap<Box<str>, Groups>>>,
    /// Every group that an entity was ever in.
    ever: PerKind<HashMap<Box<str>, BTreeSet<String>>>,
}

/// The groups that an entity is in: its tier, and those that are qualified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Groups {
    tier: Option<String>,
    qualified: bool,
}

impl Groups {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.tier.as_deref().into_iter().chain(self.qualified.then_some(QUALIFIED))
    }

    fn has(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}

impl VolumeCounter {
    /// The volumes of a run: users first, tiers in the order of the model, then the qualified.
    pub fn count(&mut self, levels: &PerKind<LevelSnapshot>, as_of: Micros) -> Vec<TierVolume> {
        let now = PerKind::from_fn(|kind| groups(&levels[kind]));
        let mut volumes = Vec::new();
        for kind in EntityKind::ALL {
            let before = self.last.as_ref().map(|last| &last[kind]);
            let moves = before.map(|before| moves(before, &now[kind], &self.ever[kind]));
            let entities = sizes(&now[kind]);
            let tiers = levels[kind].tiers.iter().map(|tier| tier.name.as_str());
            let qualified = (!levels[kind].tiers.is_empty()).then_some(QUALIFIED);
            volumes.extend(tiers.chain(qualified).map(|tier| TierVolume {
                as_of,
                level: kind,
                tier: tier.to_owned(),
                entities: entities.get(tier).copied().unwrap_or(0),
                moved: moves.as_ref().map(|moves| moves.get(tier).copied().unwrap_or_default()),
            }));
            remember(&mut self.ever[kind], &now[kind]);
        }
        self.last = Some(now);
        volumes
    }
}

/// The groups of all entities of a level that no suppression leaves out.
fn groups(level: &LevelSnapshot) -> HashMap<Box<str>, Groups> {
    let counted = level.standings.iter().filter(|standing| standing.suppressed.is_none());
    let of_standing = counted.map(|standing| {
        let tier = level.tier(standing);
        let groups =
            Groups { tier: tier.map(|tier| tier.name.clone()), qualified: tier.is_some_and(|tier| tier.qualified) };
        (standing.id.clone(), groups)
    });
    of_standing.collect()
}

/// How many entities each group has.
fn sizes(now: &HashMap<Box<str>, Groups>) -> HashMap<&str, u64> {
    let mut sizes: HashMap<&str, u64> = HashMap::new();
    for name in now.values().flat_map(Groups::names) {
        *sizes.entry(name).or_default() += 1;
    }
    sizes
}

/// Who entered and left each group.
fn moves(
    before: &HashMap<Box<str>, Groups>,
    now: &HashMap<Box<str>, Groups>,
    ever: &HashMap<Box<str>, BTreeSet<String>>,
) -> HashMap<String, VolumeMoves> {
    let nowhere = Groups::default();
    let mut moves: HashMap<String, VolumeMoves> = HashMap::new();
    for (id, groups) in now {
        let old = before.get(id).unwrap_or(&nowhere);
        for name in groups.names().filter(|name| !old.has(name)) {
            let moved = moves.entry(name.to_owned()).or_default();
            moved.entered += 1;
            moved.first_time += u64::from(!ever.get(id).is_some_and(|ever| ever.contains(name)));
        }
    }
    for (id, old) in before {
        let groups = now.get(id).unwrap_or(&nowhere);
        for name in old.names().filter(|name| !groups.has(name)) {
            moves.entry(name.to_owned()).or_default().left += 1;
        }
    }
    moves
}

/// Adds the groups of a run to those that each entity was ever in.
fn remember(ever: &mut HashMap<Box<str>, BTreeSet<String>>, now: &HashMap<Box<str>, Groups>) {
    for (id, groups) in now {
        let known = ever.entry(id.clone()).or_default();
        for name in groups.names() {
            if !known.contains(name) {
                known.insert(name.to_owned());
            }
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
