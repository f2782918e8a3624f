//! Runs between which the model, the tables and the deliveries change: each step is what a full run over what it sees says.

use proptest::prelude::*;

use super::{Drawn, FIRST_DAY, MODEL, job, line, write};
use crate::{
    changes::{ChangeCause, ChangeKind, ChangeStep, EntityChange, ScoreLog},
    decode::time_zones,
    enrich::{EnrichFile, EnrichRequest, read_enrichment},
    pipeline::{RunTables, fold_inputs, score_state_after},
    plan::{Model, parse},
    read::{BlockLimits, InputKind, InputSource},
    record::{EntityStanding, LevelSnapshot, ListRecord},
    runs::{ConcludedRun, PreviousModel, PreviousRun, RunToConclude, conclude, follow_run},
};
use pql_model::{EntityKind, PerKind, clock::AsOf, diag::SourceDocument, units::Points};

/// Signals and routes by traits, behind the model of the module.
const OF_TRAITS: &str = r#"
    [user.traits]
    role = { type = "text" }
    [account.traits]
    plan = { type = "text" }
    [[user.signals]]
    name = "boss"
    when = "role = 'boss'"
    points = 15
    [[user.suppress]]
    name = "left"
    when = "role = 'left'"
    [[account.signals]]
    name = "paid"
    when = "plan = 'paid'"
    points = 50
    [[account.routes]]
    name = "ring"
    when = "tier = 'big' and plan = 'paid'"
    [[account.routes]]
    name = "wait"
"#;

/// What may be another thing in the model of a run.
const EDITS: [(&str, &str); 12] = [
    ("points = 35", "points = 55"),
    ("points = 7.5", "points = -2.25"),
    ("name = \"boss\"", "name = \"lead\""),
    ("at_least = 50\n", "at_least = 60\n"),
    ("name = \"warm\"", "name = \"mild\""),
    ("stay_at_least = 35\n", ""),
    ("last = \"3d\"", "last = \"5d\""),
    ("qa-*", "u3"),
    ("motion = \"human\"\n", "motion = \"assisted\"\n"),
    ("name = \"call\"", "name = \"ring\""),
    ("name = \"new_hot\"", "name = \"hot_now\""),
    ("at_least = 90\n", "at_least = 40\n"),
];

/// What a run is given: which edits its model has, the tables, and the day since the first.
#[derive(Debug, Clone)]
struct DrawnRun {
    edits: u16,
    roles: Vec<u8>,
    plans: Vec<u8>,
    day: i32,
    is_readable: bool,
}

/// A run with everything that it is given.
struct GivenRun {
    model: Model,
    roles: String,
    plans: String,
    end: AsOf,
    /// Whether a later run can read the model.
    is_readable: bool,
    delivered: Vec<Drawn>,
}

/// Whether the id of a user is one of several of a person.
fn is_joined<'d>(user: u32, mut events: impl Iterator<Item = &'d Drawn>) -> bool {
    events.any(|(form, a, b, _)| *form == 9 && (*a == user || *b == user))
}

type OwnedTables = PerKind<Option<EnrichFile>>;

impl GivenRun {
    fn new(drawn: &DrawnRun, events: &[(Drawn, i32)]) -> GivenRun {
        let chosen = EDITS.iter().enumerate().filter(|(place, _)| drawn.edits & (1 << place) != 0);
        let text = chosen.fold(format!("{MODEL}{OF_TRAITS}"), |text, (_, (from, to))| text.replacen(from, to, 1));
        let model = parse(&SourceDocument { name: "m.toml".into(), text })
            .unwrap_or_else(|problems| panic!("{:?}", problems.list));
        // Rows about several ids of one person must agree, so these have none.
        let rows = |key: &str, letter: char, values: &[u8], names: [&str; 3]| {
            let of_one =
                |place: usize| letter == 'a' || !is_joined(place as u32, events.iter().map(|(event, _)| event));
            let rows = values.iter().enumerate().filter(|(place, value)| **value > 0 && of_one(*place));
            let rows = rows.map(|(place, value)| format!("{letter}{place},{}\n", names[usize::from(*value) - 1]));
            format!("{key}\n{}", rows.collect::<String>())
        };
        let end = AsOf::end_of_day(FIRST_DAY + drawn.day, &model.resolved.zone);
        // A day late: delivered for the runs from that day on.
        let delivered = events.iter().filter(|(_, late)| *late <= drawn.day).map(|(event, _)| *event);
        GivenRun {
            roles: rows("user_id,role", 'u', &drawn.roles, ["boss", "left", "other"]),
            plans: rows("account_id,plan", 'a', &drawn.plans, ["paid", "free", "paid"]),
            end,
            is_readable: drawn.is_readable,
            delivered: delivered.collect(),
            model,
        }
    }

    /// Its tables as a model reads them.
    fn tables(&self, model: &Model) -> OwnedTables {
        PerKind::from_fn(|kind| {
            let (name, key, text) = match kind {
                EntityKind::User => ("users.csv", "user_id", &self.roles),
                EntityKind::Account => ("accounts.csv", "account_id", &self.plans),
            };
            let inputs = [InputSource { name: name.into(), kind: InputKind::Memory(text.as_bytes().into()) }];
            let request = EnrichRequest {
                name,
                inputs: &inputs,
                key,
                of: kind.plural(),
                traits: &model.levels[kind].traits,
                zones: time_zones(model),
                limits: BlockLimits::STANDARD,
            };
            Some(read_enrichment(&request).expect("a table"))
        })
    }

    fn lines(&self, until: AsOf) -> Vec<String> {
        let hours = (until.day - FIRST_DAY + 1) as u32 * 24;
        self.delivered.iter().filter(|(.., hour)| *hour < hours).map(|drawn| line(*drawn)).collect()
    }
}

fn as_refs(tables: &OwnedTables) -> RunTables<'_> {
    RunTables { levels: PerKind { user: tables.user.as_ref(), account: tables.account.as_ref() }, outcomes: None }
}

/// A run after the one before it, as the program does it.
fn next_run(given: &GivenRun, before: Option<(&GivenRun, &ListRecord)>) -> ConcludedRun {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), &given.delivered.iter().map(|drawn| line(*drawn)).collect::<Vec<String>>());
    let now = given.tables(&given.model);
    let old = before.map(|(old, _)| (old.tables(&old.model), given.tables(&old.model)));
    let previous = before.zip(old.as_ref()).map(|((old, list), (old_tables, new_tables))| {
        let is_same = old.model.resolved.fingerprint == given.model.resolved.fingerprint;
        let model = match (is_same, old.is_readable) {
            (true, _) => PreviousModel::Same(as_refs(old_tables)),
            (false, true) => {
                PreviousModel::Other { model: &old.model, before: as_refs(old_tables), now: as_refs(new_tables) }
            }
            (false, false) => PreviousModel::Unreadable,
        };
        PreviousRun { list, model }
    });
    let followed = follow_run(&job(&given.model, &path, given.end), previous, as_refs(&now), None).expect("a run");
    let list = before.map(|(_, list)| list);
    let (scored, _) = followed.score(&given.model, as_refs(&now), list).expect("sums are small");
    let snapshot = LevelSnapshot::of_levels(&scored, &given.model);
    conclude(&RunToConclude {
        scored: &scored,
        model: &given.model,
        snapshot: &snapshot,
        steps: followed.steps(&snapshot),
        before: list,
        repeated: None,
        log: ScoreLog::Kept,
    })
}

/// A full run over some lines, which knows nothing of stages.
fn full_run(
    (lines, as_of): (&[String], AsOf),
    model: &Model,
    tables: &OwnedTables,
    before: &ListRecord,
) -> PerKind<LevelSnapshot> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), lines);
    let folded = fold_inputs(&job(model, &path, as_of), None).expect("a run");
    let (scored, _) =
        score_state_after((&folded.state, as_of), model, as_refs(tables), before).expect("sums are small");
    LevelSnapshot::of_levels(&scored, model)
}

/// The steps from one run to the next: what the lists said, what they would say of that instant today, and time, events, traits, model.
struct NaiveSteps {
    snapshots: [PerKind<LevelSnapshot>; 6],
}

impl NaiveSteps {
    fn new((old, list): (&GivenRun, &ListRecord), given: &GivenRun) -> NaiveSteps {
        let recorded = PerKind::from_fn(|kind| list.levels[kind].snapshot.clone());
        let (then, all) = (given.lines(old.end), given.lines(given.end));
        let last = full_run((&all, given.end), &given.model, &given.tables(&given.model), list);
        if old.model.resolved.fingerprint != given.model.resolved.fingerprint && !old.is_readable {
            let still = || recorded.clone();
            return NaiveSteps { snapshots: [still(), still(), still(), still(), still(), last] };
        }
        let (before, now) = (old.tables(&old.model), given.tables(&old.model));
        let restated = full_run((&then, old.end), &old.model, &before, list);
        let time = full_run((&then, given.end), &old.model, &before, list);
        let events = full_run((&all, given.end), &old.model, &before, list);
        let traits = full_run((&all, given.end), &old.model, &now, list);
        NaiveSteps { snapshots: [recorded, restated, time, events, traits, last] }
    }

    fn standings(&self, level: EntityKind, id: &str) -> [Option<&EntityStanding>; 6] {
        self.snapshots.each_ref().map(|snapshot| snapshot[level].find(id))
    }

    /// The points that something gives an entity in each snapshot; with no name, its score.
    fn points(&self, change: &EntityChange, source: Option<&str>) -> [Points; 6] {
        let mut points = [Points::ZERO; 6];
        let standings = self.standings(change.level, &change.id);
        for ((points, standing), snapshot) in points.iter_mut().zip(standings).zip(&self.snapshots) {
            let (Some(standing), level) = (standing, &snapshot[change.level]) else { continue };
            let of_source = |name: &str| {
                let paid = standing.amounts.iter().find(|(place, _)| level.point_sources[*place as usize] == name);
                paid.map_or(Points::ZERO, |(_, points)| *points)
            };
            *points = source.map_or(standing.score, of_source);
        }
        points
    }

    /// The differences by step, of which late deliveries belong to events.
    fn differences([recorded, restated, time, events, traits, model]: [Points; 6]) -> [Points; 4] {
        [time - restated, events - time + restated - recorded, traits - events, model - traits]
    }

    /// The last step at which the tier became what it is, where the step alone says so: it is another one before each later step.
    fn cause_of_tier(&self, change: &EntityChange) -> Option<ChangeStep> {
        let standings = self.standings(change.level, &change.id);
        let mut tiers = standings.iter().zip(&self.snapshots).map(|(standing, snapshot)| {
            let tier = standing.and_then(|standing| snapshot[change.level].tier(standing));
            standing.map(|_| tier)
        });
        let tiers: [_; 6] = std::array::from_fn(|_| tiers.next().flatten());
        // Somebody may stay in a tier of the record, so only what late events paid nothing is clear.
        let is_late =
            standings[0].map(|one| (one.score, &one.amounts)) != standings[1].map(|one| (one.score, &one.amounts));
        let path: Vec<(ChangeStep, _)> = [
            (ChangeStep::Events, is_late),
            (ChangeStep::Time, true),
            (ChangeStep::Events, true),
            (ChangeStep::Traits, true),
            (ChangeStep::Model, true),
        ]
        .into_iter()
        .zip(&tiers[1..])
        .filter(|((_, counts), _)| *counts)
        .map(|((step, _), tier)| (step, *tier))
        .collect();
        let mut last = None;
        let mut current = tiers[0];
        for (step, tier) in path {
            if tier != current {
                last = (tier == tiers[5]).then_some(step);
            }
            current = tier;
        }
        last
    }
}

/// Compares every change of a run with full runs.
fn check_run(steps: &NaiveSteps, given: &GivenRun, run: &ConcludedRun) -> Result<(), TestCaseError> {
    for change in &run.changes.changes {
        let score = |view: &Option<crate::changes::StandingView>| view.as_ref().map_or(Points::ZERO, |view| view.score);
        let total = change.by_step.iter().fold(Points::ZERO, |sum, points| sum + *points);
        prop_assert_eq!(total, score(&change.now) - score(&change.before), "{:?}", change);
        // What a joined person had before is that of several ids, which `a_joined_person_has_the_records_of_all_ids` looks at.
        let names = |user: u32| line((0, user, 0, 0)).contains(&format!("\"user_id\":\"{}\"", change.id));
        let number = (0..8).find(|user| change.level == EntityKind::User && names(*user));
        if number.is_some_and(|user| is_joined(user, given.delivered.iter())) || change.kind == ChangeKind::Merged {
            continue;
        }
        prop_assert_eq!(change.by_step, NaiveSteps::differences(steps.points(change, None)), "{:?}", change);
        let mut sources: Vec<&str> =
            steps.snapshots.iter().flat_map(|levels| &levels[change.level].point_sources).map(String::as_str).collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            let expected = NaiveSteps::differences(steps.points(change, Some(source)));
            let mut told = [Points::ZERO; 4];
            for reason in change.reasons.iter().filter(|reason| reason.people.is_none() && reason.source == source) {
                told[reason.step as usize] = reason.points;
            }
            prop_assert_eq!(told, expected, "{} of {:?}", source, change);
        }
        if matches!(change.kind, ChangeKind::Up | ChangeKind::Down | ChangeKind::New) {
            prop_assert_eq!(change.cause, steps.cause_of_tier(change).map(ChangeCause::Step), "{:?}", change);
        }
    }
    Ok(())
}

fn drawn_run() -> impl Strategy<Value = DrawnRun> {
    // Half of the runs have the first model, so that some follow one under the same.
    let edits = prop_oneof![Just(0_u16), 0..1_u16 << EDITS.len()];
    let values = |count| prop::collection::vec(0..4_u8, count);
    (edits, values(7), values(4), prop::bool::weighted(0.9)).prop_map(|(edits, roles, plans, is_readable)| DrawnRun {
        edits,
        roles,
        plans,
        day: 0,
        is_readable,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_step_is_what_a_full_run_says_when_model_tables_and_deliveries_change(
        drawn in prop::collection::vec(((0..10_u32, 0..8_u32, 0..4_u32, 0..12 * 24_u32), 0..3_i32), 1..120),
        mut runs in prop::collection::vec(drawn_run(), 2..7),
        gaps in prop::collection::vec(1..4_i32, 6),
        keeps_tables in prop::collection::vec(prop::bool::ANY, 6),
    ) {
        // An event comes on its own day, or up to two days late. So that no run is without events, one comes at once.
        let on_day = |((.., hour), late): &(Drawn, i32)| (*hour / 24) as i32 + late;
        let mut events: Vec<(Drawn, i32)> = drawn.iter().map(|one| (one.0, on_day(one))).collect();
        events.push(((0, 1, 1, 0), 0));
        let mut day = 0;
        for place in 0..runs.len() {
            runs[place].day = day;
            day += gaps[place % gaps.len()];
            if place > 0 && keeps_tables[place % keeps_tables.len()] {
                (runs[place].roles, runs[place].plans) = (runs[place - 1].roles.clone(), runs[place - 1].plans.clone());
            }
        }
        let mut before: Option<(GivenRun, ListRecord)> = None;
        for drawn in &runs {
            let given = GivenRun::new(drawn, &events);
            let run = next_run(&given, before.as_ref().map(|(old, list)| (old, list)));
            if let Some((old, list)) = &before {
                check_run(&NaiveSteps::new((old, list), &given), &given, &run)?;
            }
            before = Some((given, run.list));
        }
    }
}
