//! `users.ndjson` and `accounts.ndjson`: one line for each entity, sorted by id.
//!
//! A line has where the entity stands, what each signal paid, and what the record keeps of it. Of an entity that is in the lists no more it has
//! the date on which it went and what is kept. Keys without a value are left out. Names stand for themselves; `record.json` has their order.

use std::{
    io::{self, Write},
    sync::Arc,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    error::FileFault,
    header::LevelHeader,
    wire::{NamedValues, PlacedValues, WireDay, WireForm, WirePoints, WireText},
};
use crate::record::{AlertStanding, DepartedEntity, EntityStanding, KeptEntity, LevelRecord};
use pql_model::units::{Day, Points};

/// A line as it is written.
#[derive(Serialize)]
struct EntityLine<'l> {
    id: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<WirePoints>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qualified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<WireDay>,
    tier_since: WireDay,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_qualified: Option<WireDay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'l str>,
    #[serde(skip_serializing_if = "PlacedValues::is_empty")]
    signals: PlacedValues<'l, Points>,
    #[serde(skip_serializing_if = "PlacedValues::is_empty")]
    alerts: PlacedValues<'l, AlertStanding>,
}

/// What an alert came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertLine {
    held: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<WireDay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired: Option<WireDay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired_now: Option<WireDay>,
}

impl WireForm for AlertStanding {
    type Form = AlertLine;

    fn form(&self) -> AlertLine {
        AlertLine {
            held: self.held,
            since: self.waits_since.map(WireDay),
            fired: self.fired.map(WireDay),
            fired_now: self.fired_now.map(WireDay),
        }
    }
}

impl AlertLine {
    fn standing(self) -> AlertStanding {
        AlertStanding {
            held: self.held,
            waits_since: self.since.map(|day| day.0),
            fired: self.fired.map(|day| day.0),
            fired_now: self.fired_now.map(|day| day.0),
        }
    }
}

/// Writes the lines of a level.
pub(super) fn write_entities(level: &LevelRecord, out: &mut impl Write) -> io::Result<()> {
    let mut gone = level.gone().peekable();
    let mut line = Vec::new();
    for (standing, kept) in level.snapshot.standings.iter().zip(&level.kept) {
        while let Some((id, departed)) = gone.next_if(|(id, _)| *id < &*standing.id) {
            write_line(&gone_line(level, id, departed), &mut line, out)?;
        }
        write_line(&present_line(level, standing, kept), &mut line, out)?;
    }
    gone.try_for_each(|(id, departed)| write_line(&gone_line(level, id, departed), &mut line, out))
}

fn write_line(entity: &EntityLine<'_>, line: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    line.clear();
    serde_json::to_writer(&mut *line, entity).map_err(io::Error::other)?;
    line.push(b'\n');
    out.write_all(line)
}

fn present_line<'l>(level: &'l LevelRecord, standing: &'l EntityStanding, kept: &'l KeptEntity) -> EntityLine<'l> {
    let snapshot = &level.snapshot;
    EntityLine {
        account_id: standing.account.as_deref(),
        score: Some(WirePoints(standing.score)),
        tier: snapshot.tier(standing).map(|tier| tier.name.as_str()),
        qualified: Some(snapshot.qualifies(standing)),
        route: snapshot.route(standing),
        suppressed: snapshot.suppression(standing),
        signals: PlacedValues { names: &snapshot.point_sources, values: &standing.amounts },
        ..kept_line(level, &standing.id, kept)
    }
}

fn gone_line<'l>(level: &'l LevelRecord, id: &'l str, departed: &'l DepartedEntity) -> EntityLine<'l> {
    EntityLine { gone: Some(WireDay(departed.gone)), ..kept_line(level, id, &departed.kept) }
}

fn kept_line<'l>(level: &'l LevelRecord, id: &'l str, kept: &'l KeptEntity) -> EntityLine<'l> {
    EntityLine {
        id,
        account_id: None,
        score: None,
        tier: None,
        qualified: None,
        route: None,
        suppressed: None,
        gone: None,
        tier_since: WireDay(kept.tier_since),
        first_qualified: kept.first_qualified.map(WireDay),
        to: kept.assignee.as_deref(),
        signals: PlacedValues { names: &[], values: &[] },
        alerts: PlacedValues { names: &level.alerts, values: &kept.alerts },
    }
}

/// A line as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadLine<'l> {
    #[serde(borrow)]
    id: WireText<'l>,
    #[serde(default, borrow)]
    account_id: Option<WireText<'l>>,
    #[serde(default)]
    score: Option<WirePoints>,
    #[serde(default, borrow)]
    tier: Option<WireText<'l>>,
    #[serde(default)]
    qualified: bool,
    #[serde(default, borrow)]
    route: Option<WireText<'l>>,
    #[serde(default, borrow)]
    suppressed: Option<WireText<'l>>,
    #[serde(default)]
    gone: Option<WireDay>,
    tier_since: WireDay,
    #[serde(default)]
    first_qualified: Option<WireDay>,
    #[serde(default, borrow)]
    to: Option<WireText<'l>>,
    #[serde(default, borrow)]
    signals: NamedValues<'l, WirePoints>,
    #[serde(default, borrow)]
    alerts: NamedValues<'l, AlertLine>,
}

/// What a line is about.
enum ReadEntity {
    Present(EntityStanding, KeptEntity),
    Gone(Box<str>, DepartedEntity),
}

impl ReadEntity {
    fn id(&self) -> &str {
        match self {
            ReadEntity::Present(standing, _) => &standing.id,
            ReadEntity::Gone(id, _) => id,
        }
    }
}

/// Reads the lines of a level.
///
/// # Errors
///
/// Lines that this program did not write.
pub(super) fn read_entities(header: &LevelHeader, bytes: &[u8]) -> Result<LevelRecord, FileFault> {
    let mut level = header.empty_level();
    let text = std::str::from_utf8(bytes).map_err(|_| FileFault::damage("is not UTF-8"))?;
    let lines: Vec<&str> = text.lines().collect();
    let read: Vec<ReadEntity> = lines
        .par_iter()
        .with_min_len(256)
        .enumerate()
        .map(|(place, line)| read_line(&level, line).map_err(|found| FileFault::at_line(place + 1, found)))
        .collect::<Result<_, FileFault>>()?;
    if let Some(place) = read.windows(2).position(|pair| pair[0].id() >= pair[1].id()) {
        return Err(FileFault::at_line(place + 2, "is not in the order of the ids"));
    }
    let mut standings = Vec::with_capacity(read.len());
    for entity in read {
        match entity {
            ReadEntity::Present(standing, kept) => {
                standings.push(standing);
                level.kept.push(kept);
            }
            ReadEntity::Gone(id, departed) => {
                level.departed.insert(id, departed);
            }
        }
    }
    level.snapshot.standings = Arc::new(standings);
    let counts = (level.snapshot.standings.len() as u64, level.departed.len() as u64);
    if counts != (header.present, header.gone) {
        return Err(FileFault::damage("has another number of entities than record.json says"));
    }
    Ok(level)
}

/// Reads a line.
///
/// # Errors
///
/// What is wrong with it, as the rest of a sentence about it.
fn read_line(level: &LevelRecord, line: &str) -> Result<ReadEntity, String> {
    let read: ReadLine<'_> = serde_json::from_str(line).map_err(|error| not_the_format(&error))?;
    let alerts = read.alerts.0.into_iter().map(|(name, alert)| (name, alert.standing()));
    let kept = KeptEntity {
        tier_since: read.tier_since.0,
        first_qualified: read.first_qualified.map(|WireDay(day): WireDay| -> Day { day }),
        assignee: read.to.map(Box::from),
        alerts: placed(&level.alerts, alerts)?,
    };
    let id = Box::from(read.id);
    let (score, gone) = (read.score, read.gone);
    let standing = match (score, gone) {
        (Some(WirePoints(score)), None) => EntityStanding {
            id,
            account: read.account_id.map(Box::from),
            score,
            tier: place(level.snapshot.tiers.iter().map(|tier| tier.name.as_str()), read.tier)?,
            route: place(level.snapshot.routes.iter().map(|route| route.name.as_str()), read.route)?,
            suppressed: place(level.snapshot.suppressions.iter().map(String::as_str), read.suppressed)?,
            amounts: placed(
                &level.snapshot.point_sources,
                read.signals.0.into_iter().map(|(name, points)| (name, points.0)),
            )?,
            tier_facts: Box::default(),
        },
        (None, Some(WireDay(gone))) => return Ok(ReadEntity::Gone(id, DepartedEntity { gone, kept })),
        (Some(_), Some(_)) | (None, None) => return Err("needs `score` or `gone`, and not both".to_owned()),
    };
    if level.snapshot.qualifies(&standing) != read.qualified {
        return Err("says another thing of `qualified` than its tier and suppression do".to_owned());
    }
    Ok(ReadEntity::Present(standing, kept))
}

/// The cause without values of the line, which are personal data.
pub(super) fn not_the_format(error: &serde_json::Error) -> String {
    format!("does not have the format of the record (column {})", error.column())
}

/// The place of a name in a list.
fn place<'n>(mut names: impl Iterator<Item = &'n str>, name: Option<WireText<'_>>) -> Result<Option<u32>, String> {
    let Some(name) = name else { return Ok(None) };
    let found = names.position(|known| known == name.0);
    found.map(|place| Some(place as u32)).ok_or_else(|| "has a name that record.json does not list".to_owned())
}

/// Values with the places of their names. Names mostly follow in the order of the list.
fn placed<'v, V>(names: &[String], values: impl Iterator<Item = (WireText<'v>, V)>) -> Result<Box<[(u32, V)]>, String> {
    let mut next = 0;
    let mut placed = Vec::new();
    for (name, value) in values {
        let (before, after) = names.split_at(next);
        let found = after.iter().position(|known| *known == name.0).map(|place| place + next);
        let found = found.or_else(|| before.iter().position(|known| *known == name.0));
        let place = found.ok_or_else(|| "has a name that record.json does not list".to_owned())?;
        placed.push((place as u32, value));
        next = place + 1;
    }
    Ok(placed.into_boxed_slice())
}
