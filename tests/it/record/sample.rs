//! A record of three runs: of its users, Ann comes up, Bo goes and a third one appears; an alert fires in the second and in the third run.

use std::{collections::BTreeMap, path::Path};

use pql_engine::{
    decode::time_zones,
    enrich::{EnrichFile, EnrichRequest, read_enrichment},
    pipeline::RunTables,
    plan::{Model, parse},
    read::{BlockLimits, InputKind, InputSource},
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
    hex,
    units::{Day, Points},
};
use sha2::{Digest, Sha256};

pub(super) const MODEL: &str = r#"schema = 1
name = "sales"
[user.traits]
role = { type = "text" }
[[user.signals]]
name = "visits"
event = "visit"
points = 10
[[user.signals]]
name = "admin"
when = "role = 'admin'"
points = 2.5
[[user.tiers]]
name = "hot"
at_least = 20
qualified = true
[[user.tiers]]
name = "cold"
"#;

const USERS: &str = "user_id,role,valid_from\nann,admin,2026-10-01\nbo,,2026-10-01\n";

/// The dates of the runs.
pub(super) const DATES: [&str; 3] = ["2026-10-30", "2026-10-31", "2026-11-01"];

pub(super) fn day(text: &str) -> Day {
    parse_day(text).expect("a date")
}

pub(super) fn as_of(date: &str) -> AsOf {
    AsOf::end_of_day(day(date), &Zone::utc())
}

/// What a run keeps beside its list.
pub(super) struct RunInputs {
    model: Model,
    table: EnrichFile,
}

impl RunInputs {
    pub(super) fn new() -> RunInputs {
        let model = parse(&SourceDocument { name: "sales.toml".into(), text: MODEL.into() }).expect("a model");
        let inputs = [InputSource { name: "users.csv".into(), kind: InputKind::Memory(USERS.as_bytes().into()) }];
        let request = EnrichRequest {
            name: "users.csv",
            inputs: &inputs,
            key: "user_id",
            of: "users",
            traits: &model.levels.user.traits,
            zones: time_zones(&model),
            limits: BlockLimits::STANDARD,
        };
        let table = read_enrichment(&request).expect("a table");
        RunInputs { model, table }
    }

    /// Keeps a run, and says that its lists were published.
    pub(super) fn record(
        &self,
        folder: &mut RecordFolder,
        list: &ListRecord,
        log: &[LogEntry],
    ) -> Result<(), RecordError> {
        let hash = hex(&Sha256::digest(MODEL.as_bytes()));
        let count = |kind: EntityKind| list.count(kind) as u64;
        folder
            .stage(&RunToRecord {
                list,
                model: &self.model,
                model_name: "sales",
                model_hash: &hash,
                model_text: MODEL,
                tables: RunTables { levels: PerKind { user: Some(&self.table), account: None }, outcomes: None },
                log,
                lists: &[],
                counts: &[("accounts", count(EntityKind::Account)), ("users", count(EntityKind::User))],
            })?
            .commit()?
            .mark_published()
    }
}

/// A user of a run: the id, the points of the two signals, and whether the alert fired.
struct SampleUser(&'static str, i64, i64, Fires);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fires {
    Now,
    No,
}

/// The users of a run, by id.
fn users(number: usize) -> Vec<SampleUser> {
    match number {
        0 => vec![SampleUser("ann", 10_000, 2_500, Fires::No), SampleUser("bo", 10_000, 0, Fires::No)],
        1 => vec![SampleUser("ann", 20_000, 2_500, Fires::Now), SampleUser("bo", 10_000, 0, Fires::No)],
        _ => vec![SampleUser("ann", 20_000, 2_500, Fires::No), SampleUser("cem", 30_000, 0, Fires::Now)],
    }
}

/// The list of a run.
pub(super) fn list(number: usize) -> ListRecord {
    let date = DATES[number];
    let user = users_level(number);
    let assigned: BTreeMap<Day, BTreeMap<String, u64>> =
        (1..=number).map(|run| (day(DATES[run]), BTreeMap::from([("Dana".to_owned(), 1)]))).collect();
    ListRecord { as_of: as_of(date), levels: PerKind { user, account: accounts_level(number) }, assigned }
}

fn users_level(number: usize) -> LevelRecord {
    let today = day(DATES[number]);
    let mut level =
        LevelRecord { snapshot: empty_snapshot(), alerts: vec!["new_hot".into()], ..LevelRecord::default() };
    let mut standings = Vec::new();
    for SampleUser(id, visits, admin, fires) in users(number) {
        let score = Points(visits + admin);
        let hot = score.0 >= 20_000;
        let amounts = [(0, Points(visits)), (1, Points(admin))];
        standings.push(EntityStanding {
            id: id.into(),
            account: Some("acme".into()),
            score,
            tier: Some(u32::from(!hot)),
            route: hot.then_some(0),
            suppressed: None,
            amounts: amounts.into_iter().filter(|(_, points)| points.0 != 0).collect(),
            tier_facts: [].into(),
        });
        let since = if hot && id == "ann" { day(DATES[1]) } else { today };
        let alert = AlertStanding {
            held: true,
            waits_since: None,
            fired: Some(since),
            fired_now: (fires == Fires::Now).then_some(since),
        };
        level.kept.push(KeptEntity {
            tier_since: if hot { since } else { day(DATES[0]) },
            first_qualified: hot.then_some(since),
            assignee: hot.then(|| "Dana".into()),
            alerts: if hot { [(0, alert)].into() } else { [].into() },
        });
    }
    level.snapshot.standings = standings.into();
    if number == 2 {
        let kept = KeptEntity { tier_since: day(DATES[0]), first_qualified: None, assignee: None, alerts: [].into() };
        level.departed.insert("bo".into(), DepartedEntity { gone: today, kept });
    }
    level
}

fn empty_snapshot() -> LevelSnapshot {
    LevelSnapshot {
        tiers: vec![
            SnapshotTier { name: "hot".into(), qualified: true },
            SnapshotTier { name: "cold".into(), qualified: false },
        ],
        routes: vec![SnapshotRoute { name: "call".into(), human: true, assignee: Some("{owner}".into()) }],
        suppressions: vec!["customer".into()],
        point_sources: vec!["visits".into(), "admin".into(), "cap:score".into()],
        tier_facts: Vec::new(),
        standings: Vec::new().into(),
    }
}

fn accounts_level(number: usize) -> LevelRecord {
    let mut level = LevelRecord { snapshot: empty_snapshot(), ..LevelRecord::default() };
    let acme = EntityStanding {
        id: "acme".into(),
        account: None,
        score: Points(10_000 * (number as i64 + 2)),
        tier: Some(0),
        route: None,
        suppressed: Some(0),
        amounts: [(0, Points(10_000 * (number as i64 + 2)))].into(),
        tier_facts: [].into(),
    };
    level.snapshot.standings = vec![acme].into();
    let since = day(DATES[0]);
    level.kept.push(KeptEntity { tier_since: since, first_qualified: None, assignee: None, alerts: [].into() });
    level
}

/// The changes of a run.
pub(super) fn log(number: usize) -> Vec<LogEntry> {
    let standing = |points: i64, tier: &str| Some(LogStanding { score: Points(points), tier: Some(tier.into()) });
    let entry = |id: &str, before, now, points: i64| LogEntry {
        kind: EntityKind::User,
        id: id.into(),
        account: Some("acme".into()),
        before,
        now,
        signals: vec![("visits".into(), StepPoints { events: Points(points), ..StepPoints::default() })],
    };
    match number {
        0 => Vec::new(),
        1 => vec![entry("ann", standing(12_500, "cold"), standing(22_500, "hot"), 10_000)],
        _ => vec![
            entry("bo", standing(10_000, "cold"), None, -10_000),
            entry("cem", None, standing(30_000, "hot"), 30_000),
        ],
    }
}

/// Makes the record, up to a number of runs.
pub(super) fn record(dir: &Path, runs: usize) {
    let inputs = RunInputs::new();
    let mut folder = RecordFolder::try_begin(dir).expect("a new record").expect("the lock");
    for number in 0..runs {
        inputs.record(&mut folder, &list(number), &log(number)).expect("a run");
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
