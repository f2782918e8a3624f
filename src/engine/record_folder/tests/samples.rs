//! Runs of the test's making.

use std::{collections::BTreeMap, path::Path};

use crate::{
    enrich::{EnrichFile, EnrichRow, ValidPeriod},
    outcomes::{OutcomePlace, OutcomeRow, OutcomeTable, RowKey},
    pipeline::RunTables,
    plan::Model,
    record::{
        AlertStanding, DepartedEntity, EntityStanding, KeptEntity, LevelRecord, LevelSnapshot, ListRecord,
        SnapshotRoute, SnapshotTier,
    },
    record_folder::{LogEntry, LogStanding, RecordError, RecordFolder, RunToRecord, StepPoints},
};
use pql_model::{
    EntityKind, PerKind,
    clock::{AsOf, Zone, parse_day},
    diag::SourceDocument,
    expr::Value,
    resolved::OutcomeWord,
    units::{Day, Points},
};

pub(super) const MODEL: &str = r#"schema = 1
[user.traits]
role = { type = "text" }
seats = { type = "number" }
vip = { type = "boolean" }
signed = { type = "date" }
[[user.signals]]
name = "visits"
event = "visit"
points = 5
when = "role = 'admin' or seats > 3 or vip or signed > date '2026-01-01'"
"#;

pub(super) fn model() -> Model {
    crate::plan::parse(&SourceDocument { name: "m.toml".into(), text: MODEL.into() }).expect("a model")
}

pub(super) fn day(text: &str) -> Day {
    parse_day(text).expect("a date")
}

pub(super) fn end_of(text: &str) -> AsOf {
    AsOf::end_of_day(day(text), &Zone::utc())
}

/// A list with one user and one account, whose score tells the run.
pub(super) fn list(date: &str, score: i64) -> ListRecord {
    let account = EntityStanding { id: "acme".into(), account: None, ..standing(score) };
    let levels = PerKind { user: level(vec![standing(score)]), account: level(vec![account]) };
    let assigned = BTreeMap::from([(day(date), BTreeMap::from([("Ann".to_owned(), 2)]))]);
    ListRecord { as_of: end_of(date), levels, assigned }
}

fn standing(score: i64) -> EntityStanding {
    EntityStanding {
        id: "u1".into(),
        account: Some("acme".into()),
        score: Points(score),
        tier: Some(0),
        route: Some(0),
        suppressed: None,
        amounts: [(0, Points(score - 1)), (1, Points(1))].into(),
        tier_facts: Box::default(),
    }
}

pub(super) fn kept() -> KeptEntity {
    let fired = AlertStanding { held: true, fired: Some(day("2026-10-01")), ..AlertStanding::default() };
    KeptEntity {
        tier_since: day("2026-10-01"),
        first_qualified: Some(day("2026-10-01")),
        assignee: Some("Ann".into()),
        alerts: [(0, fired)].into(),
    }
}

fn level(standings: Vec<EntityStanding>) -> LevelRecord {
    let gone = DepartedEntity { gone: day("2026-09-30"), kept: kept() };
    LevelRecord {
        kept: standings.iter().map(|_| kept()).collect(),
        snapshot: LevelSnapshot {
            tiers: vec![
                SnapshotTier { name: "hot".into(), qualified: true },
                SnapshotTier { name: "cold".into(), qualified: false },
            ],
            routes: vec![SnapshotRoute { name: "sales".into(), human: true, assignee: Some("{owner}".into()) }],
            suppressions: vec!["customer".into()],
            point_sources: vec!["visits".into(), "cap:use".into(), "cap:score".into()],
            tier_facts: Vec::new(),
            standings: standings.into(),
        },
        departed: BTreeMap::from([("gone".into(), gone)]),
        alerts: vec!["new_hot".into()],
    }
}

/// A table with one value of each type.
pub(super) fn table(model: &Model) -> EnrichFile {
    let value = |name: &str| match name {
        "role" => Value::Text("admin \"é\"".into()),
        "seats" => Value::Number(0.1 + 0.2),
        "vip" => Value::Boolean(true),
        "signed" => Value::Date(day("2026-02-03")),
        _ => Value::Null,
    };
    let values: Vec<Value<'static>> = model.levels.user.traits.iter().map(|one| value(&one.name)).collect();
    let valid = ValidPeriod { from: Some(1_760_000_000_123_456), to: None };
    let nulls = vec![Value::Null; values.len()];
    EnrichFile {
        name: "users.csv".into(),
        files: vec!["users.csv".into()],
        rows: vec![
            EnrichRow { key: "u1".into(), file: 0, line: 2, values, valid },
            EnrichRow { key: "u1".into(), file: 0, line: 3, values: nulls, valid: ValidPeriod::default() },
        ],
        has_ends: true,
        trait_columns: model.levels.user.traits.iter().map(|one| format!("`{}`", one.name)).collect(),
        ..EnrichFile::default()
    }
}

/// Outcomes of each kind of key, one with every part and one with none.
pub(super) fn outcomes() -> OutcomeTable {
    let bare = OutcomeRow {
        key: RowKey::Ids { user: None, account: Some("acme".into()) },
        word: OutcomeWord::Contacted,
        day: day("2026-09-01"),
        begins: 1_788_220_800_000_000,
        known_from: 1_788_220_800_000_001,
        amount: None,
        currency: None,
        deal: None,
        owner: None,
        reason: None,
        place: OutcomePlace { file: 0, line: 2 },
    };
    let text = |text: &str| Some(text.to_owned());
    let whole = OutcomeRow {
        key: RowKey::Mapped("001 \"x\"".into()),
        word: OutcomeWord::Won,
        amount: Some(12_500_001),
        currency: text("EUR"),
        deal: text("d1"),
        owner: text("Ann"),
        reason: text("né"),
        place: OutcomePlace { file: 1, line: 3 },
        ..bare.clone()
    };
    let files = vec!["calls.csv".to_owned(), "deals.csv".to_owned()];
    OutcomeTable { files, rows: vec![bare, whole], ..OutcomeTable::default() }
}

/// A change of the user to a score.
pub(super) fn log_entry(score: i64) -> LogEntry {
    LogEntry {
        kind: EntityKind::User,
        id: "u1".into(),
        account: Some("acme".into()),
        before: None,
        now: Some(LogStanding { score: Points(score), tier: Some("hot".into()) }),
        signals: vec![("visits".into(), StepPoints { events: Points(score), ..StepPoints::default() })],
    }
}

/// A record in a folder, and what its runs need.
pub(super) struct Place {
    pub(super) dir: tempfile::TempDir,
    model: Model,
    table: EnrichFile,
    outcomes: OutcomeTable,
}

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunEnd {
    Staged,
    Committed,
    Published,
}

impl Place {
    pub(super) fn new() -> Place {
        let model = model();
        let table = table(&model);
        // In memory, where the machine can: hundreds of runs are synced.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Place { dir: dir.expect("a folder"), model, table, outcomes: outcomes() }
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("record")
    }

    pub(super) fn begin(&self) -> Result<RecordFolder, RecordError> {
        RecordFolder::try_begin(&self.path()).map(|folder| folder.expect("nobody else has the lock"))
    }

    pub(super) fn open(&self) -> Result<RecordFolder, RecordError> {
        RecordFolder::try_open(&self.path()).map(|folder| folder.expect("nobody else has the lock"))
    }

    /// A run as of the end of a date whose score tells it, up to an end.
    pub(super) fn run(
        &self,
        folder: &mut RecordFolder,
        date: &str,
        score: i64,
        end: RunEnd,
    ) -> Result<(), RecordError> {
        let list = list(date, score);
        self.run_list(folder, &list, end)
    }

    pub(super) fn run_list(
        &self,
        folder: &mut RecordFolder,
        list: &ListRecord,
        end: RunEnd,
    ) -> Result<(), RecordError> {
        let score = list.levels.user.snapshot.standings.first().map_or(0, |one| one.score.0);
        let log = [log_entry(score)];
        let run = RunToRecord {
            list,
            model: &self.model,
            model_name: "model",
            model_hash: "0123",
            model_text: MODEL,
            tables: RunTables {
                levels: PerKind { user: Some(&self.table), account: None },
                outcomes: Some(&self.outcomes),
            },
            log: &log,
            lists: &[],
            counts: &[("users", 1)],
        };
        let staged = folder.stage(&run)?;
        if end == RunEnd::Staged {
            return Ok(());
        }
        let committed = staged.commit()?;
        if end == RunEnd::Published { committed.mark_published() } else { Ok(()) }
    }

    /// The past of some runs, up to an end.
    pub(super) fn past(&self, folder: RecordFolder, runs: &[(&str, i64)], end: RunEnd) -> Result<(), RecordError> {
        let mut staged = folder.stage_past(runs.len() as u32)?;
        for (date, score) in runs {
            staged.add(&RunToRecord {
                list: &list(date, *score),
                model: &self.model,
                model_name: "model",
                model_hash: "0123",
                model_text: MODEL,
                tables: RunTables {
                    levels: PerKind { user: Some(&self.table), account: None },
                    outcomes: Some(&self.outcomes),
                },
                log: &[log_entry(*score)],
                lists: &[],
                counts: &[("users", 1)],
            })?;
        }
        if end == RunEnd::Staged {
            return Ok(());
        }
        let committed = staged.commit()?;
        if end == RunEnd::Published { committed.mark_published() } else { Ok(()) }
    }

    /// The scores of the changes of the user.
    pub(super) fn history(&self) -> Vec<i64> {
        let view = crate::record_folder::RecordView::open_to_read(&self.path()).expect("a record");
        let changes = view.history(EntityKind::User, "u1").expect("a log");
        changes.into_iter().filter_map(|change| Some(change.entry.now?.score.0)).collect()
    }
}

/// The files below a folder with their bytes, by path.
pub(super) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("below").to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}
