//! Where every entity stood over several runs, as periods.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use super::StandingView;
use crate::{
    emit::{OutputCell, RowFormat, write_table},
    record::{EntityStanding, LevelSnapshot, ListRecord, PlaceMap},
};
use pql_model::{
    EntityKind, PerKind,
    units::{Day, Points},
};

/// A period in which an entity had one tier and one route.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// User or account.
    pub level: EntityKind,
    /// Its id.
    pub id: Box<str>,
    /// The home account of a user, at the beginning of the period.
    pub account: Option<Box<str>>,
    /// Where it stood at the beginning of the period. The score may change within it.
    pub standing: StandingView,
    /// The date of the run that saw it first.
    pub from: Day,
    /// The date of the run that saw something else first; none if it lasts.
    pub to: Option<Day>,
}

/// Gathers periods run after run.
#[derive(Debug, Default)]
pub struct StandingHistory {
    open: PerKind<HashMap<Box<str>, HistoryRow>>,
    closed: Vec<HistoryRow>,
}

/// The columns, which are never renamed.
const COLUMNS: [&str; 10] =
    ["level", "id", "account_id", "tier", "qualified", "route", "score", "model_hash", "valid_from", "valid_to"];

impl StandingHistory {
    /// Takes over a run. `before` is the run that was taken over last.
    pub fn add(&mut self, levels: &PerKind<LevelSnapshot>, before: Option<&ListRecord>, day: Day) {
        for kind in EntityKind::ALL {
            let now = &levels[kind];
            let nobody = LevelSnapshot::default();
            let old = before.map_or(&nobody, |before| &before.levels[kind].snapshot);
            let map = PlaceMap::new(old, now);
            for (standing, place) in now.standings.iter().zip(old.places_of(now)) {
                let stays = place.is_some_and(|place| map.has_same_route(&old.standings[place as usize], standing));
                if !stays {
                    self.close(kind, &standing.id, day);
                    self.open[kind].insert(standing.id.clone(), HistoryRow::open((kind, now), standing, day));
                }
            }
            for (standing, place) in old.standings.iter().zip(now.places_of(old)) {
                if place.is_none() {
                    self.close(kind, &standing.id, day);
                }
            }
        }
    }

    fn close(&mut self, kind: EntityKind, id: &str, day: Day) {
        if let Some(row) = self.open[kind].remove(id) {
            self.closed.push(HistoryRow { to: Some(day), ..row });
        }
    }

    /// All periods: users first, by id, then by time.
    pub fn into_rows(self) -> Vec<HistoryRow> {
        let mut rows = self.closed;
        let PerKind { user, account } = self.open;
        rows.extend(user.into_values().chain(account.into_values()));
        rows.sort_by(|a, b| (a.level as u8, &a.id, a.from).cmp(&(b.level as u8, &b.id, b.from)));
        rows
    }
}

impl HistoryRow {
    /// A period that begins.
    fn open((level, now): (EntityKind, &LevelSnapshot), standing: &EntityStanding, from: Day) -> HistoryRow {
        HistoryRow {
            level,
            id: standing.id.clone(),
            account: standing.account.clone(),
            standing: StandingView::of(now, standing),
            from,
            to: None,
        }
    }
}

/// Writes periods. Returns the number of text cells that a spreadsheet would have run as a formula.
///
/// # Errors
///
/// Those of the writer.
pub fn write_history(rows: &[HistoryRow], model_hash: &str, format: RowFormat, out: &mut dyn Write) -> io::Result<u64> {
    write_table(&COLUMNS, rows.iter().map(|row| cells(row, model_hash)), format, out)
}

fn cells<'r>(row: &'r HistoryRow, model_hash: &'r str) -> Vec<OutputCell<'r>> {
    let score: Points = row.standing.score;
    vec![
        OutputCell::Text(row.level.word().into()),
        OutputCell::Text((&*row.id).into()),
        OutputCell::from_text(row.account.as_deref()),
        OutputCell::from_text(row.standing.tier.as_deref()),
        OutputCell::Boolean(row.standing.qualified),
        OutputCell::from_text(row.standing.route.as_deref()),
        OutputCell::Points(score),
        OutputCell::Text(model_hash.into()),
        OutputCell::Date(row.from),
        row.to.map_or(OutputCell::Null, OutputCell::Date),
    ]
}
