//! Runs that follow one another say the same, however they are computed.

mod changing;

use std::{ffi::OsString, fs, path::Path};

use proptest::prelude::*;

use super::{
    ConcludedRun, PreviousModel, PreviousRun, ReplayJob, ReplayedRun, RunToConclude, conclude, follow_run, replay,
};
use crate::{
    changes::{ChangeKind, RunStamp, ScoreLog, write_changes},
    emit::{CsvDialect, RowFormat},
    pipeline::{AsOfRequest, MaxRejects, PipelineJob, RunError, RunTables, fold_inputs, score_state_after},
    plan::Model,
    read::{BlockLimits, resolve_inputs},
    record::{LevelSnapshot, ListRecord},
    score::PreviousLists,
};
use pql_model::{
    EntityKind, PerKind,
    clock::AsOf,
    diag::SourceDocument,
    units::{Day, Points},
};

const MODEL: &str = r#"
    schema = 1
    name = "m"
    [identity]
    exclude_users = ["qa-*"]
    [metrics]
    uses = { measure = "count", event = "used", last = "3d" }
    shares = { measure = "count", event = "shared", last = "7d" }
    [[user.signals]]
    name = "uses"
    value = "uses"
    ladder = [{ at_least = 1, points = 20 }, { at_least = 3, points = 35 }, { at_least = 6, points = 60 }]
    [[user.signals]]
    name = "shares"
    value = "shares"
    ladder = [{ at_least = 1, points = 7.5 }, { at_least = 4, points = 30 }]
    [[user.tiers]]
    name = "hot"
    at_least = 50
    stay_at_least = 35
    qualified = true
    [[user.tiers]]
    name = "warm"
    at_least = 20
    [[user.tiers]]
    name = "cold"
    [[user.routes]]
    name = "call"
    when = "tier = 'hot' and coalesce(previous_tier, '') <> 'cold'"
    motion = "human"
    to = "sales"
    [[user.routes]]
    name = "mail"
    motion = "automated"
    to = "tool"
    [[user.alerts]]
    name = "new_hot"
    when = "qualified"
    cooldown = "6d"
    limit = 2
    expires = "3d"
    order = ["score"]
    pool = [{ name = "Ann", weight = 2 }, "Bo"]
    limit_each = 1
    [[account.signals]]
    name = "members"
    value = "sum_score"
    ladder = [{ at_least = 40, points = 40 }, { at_least = 90, points = 90 }]
    [account.rollups]
    sum_score = { measure = "sum", value = "score" }
    [[account.tiers]]
    name = "big"
    at_least = 90
    qualified = true
    [[account.tiers]]
    name = "small"
    [[account.alerts]]
    name = "new_big"
    when = "tier = 'big'"
    existing = "fire"
"#;

/// 1 September 2026.
const FIRST_DAY: Day = 20_697;

fn model() -> Model {
    crate::plan::parse(&SourceDocument { name: "m.toml".into(), text: MODEL.into() })
        .unwrap_or_else(|problems| panic!("{:?}", problems.list))
}

/// An event or a join: its form, the numbers of user and account, the hour since the first day.
type Drawn = (u32, u32, u32, u32);

fn line((form, user, account, hour): Drawn) -> String {
    let time = format!("2026-09-{:02}T{:02}:30:00Z", 1 + hour / 24, hour % 24);
    let user = if user == 7 { "qa-1".to_owned() } else { format!("u{user}") };
    match form {
        0..6 => format!(r#"{{"event":"used","timestamp":"{time}","user_id":"{user}","account_id":"a{account}"}}"#),
        6..9 => format!(r#"{{"event":"shared","timestamp":"{time}","user_id":"{user}","account_id":"a{account}"}}"#),
        _ => format!(r#"{{"type":"alias","timestamp":"{time}","user_id":"{user}","previous_id":"u{account}"}}"#),
    }
}

fn write(folder: &Path, lines: &[String]) -> std::path::PathBuf {
    let path = folder.join("events.ndjson");
    fs::write(&path, lines.join("\n")).expect("a file");
    path
}

fn job<'j>(model: &'j Model, path: &Path, end: AsOf) -> PipelineJob<'j> {
    PipelineJob {
        model,
        inputs: resolve_inputs(&[OsString::from(path)]).expect("a file").inputs,
        format: "native",
        when: AsOfRequest::At(end.instant),
        now: 0,
        workers: 1,
        max_rejects: MaxRejects::Count(0),
        keep_rejects: false,
        limits: BlockLimits::STANDARD,
        users: None,
    }
}

/// What a run says, as text.
fn said(concluded: &ConcludedRun, model: &Model, as_of: AsOf) -> String {
    let stamp = RunStamp { as_of: as_of.instant, model: "m".into(), model_hash: model.resolved.fingerprint.clone() };
    let mut bytes = Vec::new();
    let rows = concluded.changes.changes.iter().map(|change| (&stamp, change));
    write_changes(rows, RowFormat::Csv(CsvDialect::Exact), &mut bytes).expect("memory is enough");
    let changes = String::from_utf8(bytes).expect("text");
    let ConcludedRun { alerts, list, .. } = concluded;
    format!("{changes}{:?}\n{:?}\n{:?}\n{list:?}", alerts.fired, alerts.counts, concluded.changes.moved)
}

/// Each run by itself, after the record of the one before.
fn one_by_one(model: &Model, path: &Path, ends: &[AsOf]) -> Vec<ConcludedRun> {
    let mut before: Option<ListRecord> = None;
    let mut runs = Vec::new();
    for end in ends {
        let previous =
            before.as_ref().map(|list| PreviousRun { list, model: PreviousModel::Same(RunTables::default()) });
        let followed = follow_run(&job(model, path, *end), previous, RunTables::default(), None).expect("a run");
        let (scored, _) = followed.score(model, RunTables::default(), before.as_ref()).expect("sums are small");
        let snapshot = LevelSnapshot::of_levels(&scored, model);
        let concluded = conclude(&RunToConclude {
            scored: &scored,
            model,
            snapshot: &snapshot,
            steps: followed.steps(&snapshot),
            before: before.as_ref(),
            repeated: None,
            log: ScoreLog::Kept,
        });
        before = Some(concluded.list.clone());
        runs.push(concluded);
    }
    runs
}

fn replayed(model: &Model, path: &Path, ends: &[AsOf]) -> Vec<String> {
    let (end, earlier) = ends.split_last().expect("a run");
    let last = job(model, path, *end);
    let replay_job = ReplayJob { last: &last, earlier, end: *end, tables: RunTables::default(), log: ScoreLog::Kept };
    let mut runs = Vec::new();
    let mut take = |run: &ReplayedRun<'_>| {
        runs.push(said(run.concluded, model, run.scored.as_of));
        Ok::<(), RunError>(())
    };
    replay(&replay_job, &mut take, None).expect("runs");
    runs
}

/// The score of an entity by a run of its own over some lines.
fn alone(model: &Model, lines: &[String], as_of: AsOf, before: &dyn PreviousLists) -> PerKind<LevelSnapshot> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), lines);
    let folded = match fold_inputs(&job(model, &path, as_of), None) {
        Ok(folded) => folded,
        Err(_) => return PerKind::default(),
    };
    let (scored, _) =
        score_state_after((&folded.state, as_of), model, RunTables::default(), before).expect("sums are small");
    LevelSnapshot::of_levels(&scored, model)
}

fn score(snapshot: &PerKind<LevelSnapshot>, kind: EntityKind, id: &str) -> Option<Points> {
    snapshot[kind].find(id).map(|standing| standing.score)
}

/// Compares the steps of every change with runs over the events that each step sees. Joined people are left to the sums.
fn check_steps(model: &Model, drawn: &[Drawn], ends: &[AsOf], runs: &[ConcludedRun]) -> Result<(), TestCaseError> {
    for (number, run) in runs.iter().enumerate().skip(1) {
        let (then, now, before) = (ends[number - 1], ends[number], &runs[number - 1].list);
        let until = |end: AsOf| -> Vec<String> {
            let hours = (end.day - FIRST_DAY + 1) as u32 * 24;
            drawn.iter().filter(|(.., hour)| *hour < hours).map(|drawn| line(*drawn)).collect()
        };
        let time = alone(model, &until(then), now, before);
        let events = alone(model, &until(now), now, before);
        for change in &run.changes.changes {
            let total = change.by_step.iter().fold(Points(0), |sum, points| sum + *points);
            let score_of =
                |view: &Option<crate::changes::StandingView>| view.as_ref().map_or(Points(0), |view| view.score);
            prop_assert_eq!(total, score_of(&change.now) - score_of(&change.before), "{} {}", number, change.id);
            let own: i64 = change.reasons.iter().filter(|one| one.people.is_none()).map(|one| one.points.0).sum();
            prop_assert_eq!(own, total.0, "the signals of {} add up", change.id);
            let known = change.kind != ChangeKind::Merged && change.kind != ChangeKind::New;
            if let (true, Some(seen)) = (known, score(&time, change.level, &change.id)) {
                prop_assert_eq!(change.by_step[0], seen - score_of(&change.before), "time of {}", change.id);
                let later = score(&events, change.level, &change.id).unwrap_or(Points(0));
                prop_assert_eq!(change.by_step[1], later - seen, "events of {}", change.id);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn day_by_day_replayed_and_step_by_step_say_the_same(
        mut drawn in prop::collection::vec((0..10_u32, 0..8_u32, 0..4_u32, 0..20 * 24_u32), 1..160),
        days in prop::collection::btree_set(1..20, 2..9),
    ) {
        // So that no run is without events.
        drawn.push((0, 1, 1, 0));
        let model = model();
        let folder = tempfile::tempdir().expect("a folder");
        let lines: Vec<String> = drawn.iter().map(|drawn| line(*drawn)).collect();
        let path = write(folder.path(), &lines);
        let ends: Vec<AsOf> =
            days.iter().map(|day| AsOf::end_of_day(FIRST_DAY + day, &model.resolved.zone)).collect();
        let runs = one_by_one(&model, &path, &ends);
        let apart: Vec<String> = runs.iter().zip(&ends).map(|(run, end)| said(run, &model, *end)).collect();
        let together = replayed(&model, &path, &ends);
        for (replayed, apart) in together.join("\n").lines().zip(apart.join("\n").lines()) {
            prop_assert_eq!(replayed, apart);
        }
        prop_assert_eq!(together.len(), apart.len());
        check_steps(&model, &drawn, &ends, &runs)?;
    }
}
