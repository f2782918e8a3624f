//! Rows to a snapshot of a level.

use std::{collections::HashMap, sync::Arc};

use super::{
    RowFileError,
    row_cells::{CellFault, RowCells},
};
use crate::record::{EntityStanding, LevelSnapshot, SnapshotRoute, SnapshotTier};
use pql_model::{EntityKind, units::Points};

/// Gathers the rows of one file.
#[derive(Debug)]
pub(super) struct SnapshotBuilder<'f> {
    name: &'f str,
    kind: EntityKind,
    level: LevelSnapshot,
    sources: HashMap<String, u32>,
    /// Each row with its line.
    rows: Vec<(EntityStanding, u64)>,
}

impl<'f> SnapshotBuilder<'f> {
    pub(super) fn new(name: &'f str, kind: EntityKind) -> SnapshotBuilder<'f> {
        SnapshotBuilder { name, kind, level: LevelSnapshot::default(), sources: HashMap::new(), rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// A cell that is not as `score` writes it.
    pub(super) fn add(&mut self, row: &RowCells, line: u64) -> Result<(), RowFileError> {
        let error = |column: &str, expected: CellFault| RowFileError::Content {
            name: self.name.to_owned(),
            line: Some(line),
            message: format!("the value of `{column}` is not as `pql score` writes it; expected {expected}"),
        };
        let key = id_column(self.kind);
        let id = row.text(key).ok_or_else(|| error(key, "an id"))?;
        let score = row.points("score").map_err(|fault| error("score", fault))?;
        let qualified = row.truth("qualified").map_err(|fault| error("qualified", fault))?;
        let amounts = row.amounts().map_err(|fault| error("signals", fault))?;
        let level = &mut self.level;
        let tier = row.text("tier").map(|name| place(&mut level.tiers, SnapshotTier { name, qualified }));
        let route = row
            .text("route")
            .map(|name| place(&mut level.routes, SnapshotRoute { name, human: false, assignee: None }));
        let suppressed = row.text("suppressed").map(|name| place(&mut level.suppressions, name));
        let account = match self.kind {
            EntityKind::User => row.text("account_id").map(String::into_boxed_str),
            EntityKind::Account => None,
        };
        let paid = amounts.into_iter().filter(|(_, points)| *points != Points::ZERO);
        let amounts = paid.map(|(name, points)| (source(&mut self.sources, name), points)).collect();
        let id = id.into();
        let standing =
            EntityStanding { id, account, score, tier, route, suppressed, amounts, tier_facts: Box::default() };
        self.rows.push((standing, line));
        Ok(())
    }

    /// The snapshot of all rows.
    ///
    /// # Errors
    ///
    /// Two rows of one id.
    pub(super) fn finish(mut self) -> Result<LevelSnapshot, RowFileError> {
        self.rows.sort_by(|(a, first), (b, second)| a.id.cmp(&b.id).then(first.cmp(second)));
        if let Some([(_, first), (_, second)]) = self.rows.array_windows().find(|[(a, _), (b, _)]| a.id == b.id) {
            let message = format!("the id of this row stands on line {first} too; a list has one row for each id");
            return Err(RowFileError::Content { name: self.name.to_owned(), line: Some(*second), message });
        }
        let mut names: Vec<(String, u32)> = self.sources.into_iter().collect();
        // Bounds stand behind the signals, as in rows.
        names.sort_by(|(a, _), (b, _)| (a.starts_with("cap:"), a).cmp(&(b.starts_with("cap:"), b)));
        let mut places = vec![0; names.len()];
        for (place, (_, number)) in (0..).zip(&names) {
            places[*number as usize] = place;
        }
        let renumber = |(mut standing, _): (EntityStanding, u64)| {
            standing.amounts.iter_mut().for_each(|(source, _)| *source = places[*source as usize]);
            standing.amounts.sort_unstable_by_key(|(source, _)| *source);
            standing
        };
        self.level.standings = Arc::new(self.rows.into_iter().map(renumber).collect());
        self.level.point_sources = names.into_iter().map(|(name, _)| name).collect();
        Ok(self.level)
    }
}

/// The column of the ids.
pub(super) fn id_column(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "user_id",
        EntityKind::Account => "account_id",
    }
}

/// The place of an entry in a list, which gets it if it is new.
fn place<T: PartialEq>(list: &mut Vec<T>, entry: T) -> u32 {
    let place = list.iter().position(|known| *known == entry).unwrap_or_else(|| {
        list.push(entry);
        list.len() - 1
    });
    place as u32
}

/// The number of a source of points.
fn source(sources: &mut HashMap<String, u32>, name: String) -> u32 {
    let next = sources.len() as u32;
    *sources.entry(name).or_insert(next)
}
