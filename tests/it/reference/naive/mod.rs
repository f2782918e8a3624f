//! A slow and simple scorer that follows the scoring specification word by word.
//!
//! It keeps all events and reads all of them again for every fact. It shares no code with the
//! program's fold. It does not support vendor formats and service users. It panics at an invalid
//! model.
//!
//! ```text
//!  model.toml ─▶ Model ─┐
//!  events ─▶ Log ───────┴─▶ World: facts ─▶ points ─▶ rows, milestone counts
//! ```

mod clock;
mod eval;
mod event;
mod expr;
mod facts;
mod md5;
mod measures;
mod milestones;
mod model;
mod outcomes;
mod people;
mod points;
mod rows;
mod value;

use facts::{Row, Side, World};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of both levels, each with its header first, and the counts of the run.
#[derive(Debug)]
pub struct Scored {
    pub users: Vec<Vec<String>>,
    pub accounts: Vec<Vec<String>>,
    pub counts: BTreeMap<String, u64>,
    /// By level (`user` or `account`) and name.
    pub milestones: BTreeMap<(String, String), MilestoneCount>,
}

/// The entities of a level by their state of a milestone. The rate is over those who have had
/// the time that it may take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MilestoneCount {
    pub reached: u64,
    pub pending: u64,
    pub missed: u64,
    pub unknown: u64,
    pub rate: Option<f64>,
    pub left_out: u64,
    pub median_hours: Option<f64>,
    pub target_met: Option<bool>,
}

/// Scores events under a model. The events are NDJSON and the enrichment files CSV; `as_of` is an
/// instant, a date or `latest`. None if `latest` is asked for and all events are internal.
pub fn score(
    model_toml: &str,
    events_ndjson: &str,
    users_csv: Option<&str>,
    accounts_csv: Option<&str>,
    as_of: &str,
) -> Option<Scored> {
    score_after(
        model_toml,
        events_ndjson,
        Tables { users: users_csv, accounts: accounts_csv, outcomes: None },
        as_of,
        None,
    )
}

/// Files beside the events, as CSV.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tables<'t> {
    pub users: Option<&'t str>,
    pub accounts: Option<&'t str>,
    /// Outcomes, in their own columns.
    pub outcomes: Option<&'t str>,
}

/// What the run before said of an entity.
#[derive(Clone, Debug)]
pub struct Before {
    pub tier: Option<String>,
    pub score: f64,
    pub tier_since: Date,
    pub first_qualified: Option<Date>,
}

/// What the run before said, by level (`user` or `account`) and id.
pub type Record = BTreeMap<(String, String), Before>;

/// The same after a run before; without a record if there is none.
pub fn score_after(
    model_toml: &str,
    events_ndjson: &str,
    Tables { users: users_csv, accounts: accounts_csv, outcomes }: Tables<'_>,
    as_of: &str,
    record: Option<Record>,
) -> Option<Scored> {
    let model = model::read(model_toml);
    let user_rows = enrichment(users_csv, "user_id");
    let latest;
    let as_of = if as_of == "latest" {
        latest = newest_date(&model, events_ndjson, &user_rows)?;
        &latest
    } else {
        as_of
    };
    let clock = clock::Clock::new(model.zone.clone(), model.week_start, as_of);
    let log = event::Log::read(events_ndjson, &model, &clock, &user_rows);
    let account_rows = enrichment(accounts_csv, "account_id");
    let outcomes = outcomes.map(|csv| outcomes::read(csv, &clock));
    let world = World { model, clock, log, user_rows, account_rows, outcomes, record, memo: Default::default() };

    let mut counts = world.log.counts.clone();
    let without_users = without_events(&world, Side::User);
    let without_accounts = without_events(&world, Side::Account);
    counts.insert("without_events".into(), without_users + without_accounts);
    let mut milestones = BTreeMap::new();
    for (side, level) in [(Side::User, "user"), (Side::Account, "account")] {
        for (name, count) in rows::milestone_counts(&world, side) {
            milestones.insert((level.to_owned(), name), count);
        }
    }
    Some(Scored {
        users: rows::rows(&world, Side::User),
        accounts: rows::rows(&world, Side::Account),
        counts,
        milestones,
    })
}

/// The local date of the newest event of anybody who is not internal by all that is said, whenever it was.
fn newest_date(model: &model::Model, lines: &str, user_rows: &BTreeMap<String, Row>) -> Option<String> {
    let clock = clock::Clock::new(model.zone.clone(), model.week_start, "9000-01-01");
    let (records, _) = event::records(lines, model, &clock);
    let people = people::People::of(&records.iter().collect::<Vec<_>>(), model, &clock, user_rows);
    let events = records.iter().filter_map(|said| said.event.as_ref());
    let others = events.filter(|event| !people.is_internal(event.user.as_deref(), event.visitor.as_deref(), model));
    others.max_by_key(|event| event.time).map(|event| event.date.to_string())
}

/// The number of entities in the enrichment rows and in group lines that have no scored event.
fn without_events(world: &World, side: Side) -> u64 {
    let all: BTreeSet<&String> = match side {
        Side::User => world.user_rows.keys().chain(&world.log.group_members).collect(),
        Side::Account => world.account_rows.keys().collect(),
    };
    let with = world.ids(side);
    all.into_iter().filter(|id| !with.contains(*id)).count() as u64
}

/// The rows of an enrichment file, by id.
fn enrichment(csv: Option<&str>, key: &str) -> BTreeMap<String, Row> {
    let mut lines = csv.unwrap_or_default().lines().map(cells);
    let header = lines.next().unwrap_or_default();
    let mut rows = BTreeMap::new();
    for line in lines {
        let mut row: Row = header.iter().cloned().zip(line).collect();
        let id = row.remove(key).expect("the row has an id");
        rows.insert(id, row);
    }
    rows
}

/// The cells of one CSV line, some of them in quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells.last_mut().expect("one cell").push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            other => cells.last_mut().expect("one cell").push(other),
        }
    }
    cells
}
