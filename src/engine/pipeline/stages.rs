//! Runs with several instants: one reading, folded stage by stage.
//!
//! A stage is what is known before an instant and not before the one ahead of it. When the stages up to an instant are
//! folded, the state is what a run up to that instant would have, so it can be scored there.

use super::{AsOfRequest, FoldedRun, PipelineJob, RunError, RunProgress, fold_inputs, fold_once};
use crate::{
    decode::format::KnownFrom,
    fold::{FieldMisreads, FoldState, StageJob, StageSpool},
    read::ChangeGuard,
};
use pql_model::clock::AsOf;

/// The state of a run up to the end of a stage.
#[derive(Debug, Clone, Copy)]
pub struct StageView<'v> {
    /// The number of the stage, from 0.
    pub stage: usize,
    /// The instant at which the stage ends.
    pub end: AsOf,
    /// The instant at which the last stage ends.
    pub as_of: AsOf,
    /// What was folded of everything before the end of the stage.
    pub state: &'v FoldState,
}

/// The stages before the last one.
#[derive(Debug, Clone, Copy)]
pub struct StageEnds<'e> {
    /// The instants at which they end, in order.
    pub ends: &'e [AsOf],
    /// From when on records are known. What is known at no instant up to the last one counts nowhere.
    pub known: KnownFrom,
}

/// The stages before the last one, and who looks at the state after each.
pub(super) struct FoldStages<'v, E> {
    pub(super) stages: StageEnds<'v>,
    pub(super) visit: &'v mut dyn FnMut(StageView<'_>) -> Result<(), E>,
}

/// Reads all inputs once, and shows the state at the end of each stage. What is returned is the run up to its own `as_of`, with everything that
/// [`fold_inputs`] gives.
///
/// The ends lie before the `as_of` of the job. With `latest` that is known only to `visit`, which has to refuse an end behind it. If the
/// model sets users aside, `latest` takes a reading of its own.
///
/// # Errors
///
/// Those of [`fold_inputs`] and of `visit`.
pub fn fold_stages<E: From<RunError>>(
    job: &PipelineJob<'_>,
    stages: StageEnds<'_>,
    visit: &mut dyn FnMut(StageView<'_>) -> Result<(), E>,
    report: Option<&(dyn Fn(&RunProgress) + Sync)>,
) -> Result<FoldedRun, E> {
    let mut stages = FoldStages { stages, visit };
    if job.when != AsOfRequest::Latest || !job.model.resolved.identity.sets_aside() {
        return fold_once(job, &mut stages, report);
    }
    let guard = ChangeGuard::begin(&job.inputs);
    let day = fold_inputs(job, report)?.as_of.day;
    let guard = guard.map_err(|_| RunError::NewestInternal { day })?;
    let again = PipelineJob { when: AsOfRequest::EndOf(day), inputs: job.inputs.clone(), ..*job };
    let folded = fold_once(&again, &mut stages, report)?;
    guard.verify().map_err(RunError::Read)?;
    Ok(folded)
}

impl<E: From<RunError>> FoldStages<'_, E> {
    /// Shows the state of each stage, and folds the next one into it. Returns the fields of lines that became null because they are no number or date.
    pub(super) fn fold(
        &mut self,
        state: &mut FoldState,
        spool: &StageSpool,
        job: &StageJob<'_, '_>,
        as_of: AsOf,
    ) -> Result<Vec<FieldMisreads>, E> {
        let mut misread = Vec::new();
        for (stage, end) in self.stages.ends.iter().enumerate() {
            (self.visit)(StageView { stage, end: *end, as_of, state })?;
            misread.extend(spool.fold_into(state, stage + 1, job).map_err(RunError::Stages)?);
        }
        Ok(misread)
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, fs, path::Path};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        emit::{self, CsvDialect, LevelRows, RowFormat},
        pipeline::{MaxRejects, RunTables, score_state},
        plan::Model,
        read::{BlockLimits, resolve_inputs},
    };
    use pql_model::{EntityKind, diag::SourceDocument, units::Day};

    const MODEL: &str = r#"
        schema = 1
        name = "m"
        [input]
        fields = { received = "received" }
        [identity]
        exclude_users = ["qa-*"]
        exclude_domains = ["example.org"]
        [user.traits]
        email = { type = "text" }
        role = { type = "text" }
        [account.traits]
        plan = { type = "text" }
        [metrics]
        kinds = { measure = "distinct", value = "kind", event = "known", last = "7d" }
        favourite = { measure = "top", value = "kind", event = "known" }
        amount = { measure = "sum", value = "n" }
        newest = { measure = "latest", value = "n", type = "number" }
        left_open = { measure = "open", from = "begun", to = "known", timeout = "24h" }
        weeks = { measure = "rising_weeks", by = "count" }
        [[user.signals]]
        name = "kinds"
        value = "kinds"
        ladder = [{ at_least = 1, points = 5 }, { at_least = 3, points = 9 }]
        [[user.signals]]
        name = "left_open"
        value = "left_open"
        ladder = [{ at_least = 1, points = 3 }]
        [[user.milestones]]
        name = "started"
        steps = ["begun", "known"]
        within = "3d"
        [[user.tiers]]
        name = "high"
        at_least = 9
        [[user.tiers]]
        name = "all"
        [[account.signals]]
        name = "members"
        per = "members"
        points = 2
        [[account.tiers]]
        name = "all"
        [output]
        user_columns = ["favourite", "amount", "newest", "weeks", "role", "email"]
        account_columns = ["plan", "amount", "users"]
    "#;

    const NOW: i64 = 1_800_000_000_000_000;
    /// 1 September 2026.
    const FIRST_DAY: Day = 20_697;

    fn model() -> Model {
        crate::plan::parse(&SourceDocument { name: "m.toml".into(), text: MODEL.into() }).expect("a model")
    }

    /// A line: its form, the numbers of user and account, the minute since the first day, and a number for its id and content.
    type Drawn = (u32, u32, u32, u32, u32);

    /// An instant of September or October by its minute.
    fn time(minute: u32) -> String {
        format!(
            "2026-{:02}-{:02}T{:02}:{:02}:00Z",
            9 + minute / 1440 / 30,
            1 + minute / 1440 % 30,
            minute / 60 % 24,
            minute % 60
        )
    }

    fn line((form, user, account, minute, content): Drawn) -> String {
        let user = if user == 9 { "qa-1".to_owned() } else { format!("u{user}") };
        let time = time(minute);
        let id = if content % 3 == 0 { String::new() } else { format!(r#""event_id":"e{}","#, content % 40) };
        let event = |name: &str| {
            let account = if account == 0 { String::new() } else { format!(r#","account_id":"a{account}""#) };
            format!(
                r#"{{{id}"event":"{name}","timestamp":"{time}","user_id":"{user}"{account},"properties":{{"kind":"k{}","n":{}}}}}"#,
                content % 5,
                content % 7
            )
        };
        match form {
            0..6 => event("known"),
            6..9 => event("begun"),
            9 => event("other"),
            10 => format!(
                r#"{{"event":"known","timestamp":"{time}","anonymous_id":"v{content}","account_id":"a{account}"}}"#
            ),
            11 => format!(
                r#"{{"type":"identify","timestamp":"{time}","user_id":"{user}","anonymous_id":"v{content}","traits":{{"role":"r{content}","email":"x@{}"}}}}"#,
                if content % 4 == 0 { "example.org" } else { "acme.com" }
            ),
            12 => format!(
                r#"{{"type":"alias","timestamp":"{time}","user_id":"{user}","previous_id":"u{}"}}"#,
                content % 9
            ),
            _ => format!(
                r#"{{"type":"group","timestamp":"{time}","user_id":"{user}","account_id":"a{account}","traits":{{"plan":"p{content}"}}}}"#
            ),
        }
    }

    fn job<'j>(model: &'j Model, path: &Path, end: AsOfRequest, workers: usize) -> PipelineJob<'j> {
        PipelineJob {
            model,
            inputs: resolve_inputs(&[OsString::from(path)]).expect("a file").inputs,
            format: "auto",
            when: end,
            now: NOW,
            workers,
            max_rejects: MaxRejects::Count(0),
            keep_rejects: false,
            limits: BlockLimits { block_bytes: 4096, ..BlockLimits::STANDARD },
            users: None,
        }
    }

    fn rows(state: &FoldState, as_of: AsOf, model: &Model) -> String {
        let (scored, _) = score_state((state, as_of), model, RunTables::default()).expect("sums are small");
        let mut text = Vec::new();
        for kind in [EntityKind::User, EntityKind::Account] {
            let rows = LevelRows { scored: &scored, model, kind };
            emit::write_rows(rows, None, RowFormat::Csv(CsvDialect::Exact), &mut text).expect("memory is enough");
        }
        String::from_utf8(text).expect("rows are text")
    }

    fn end_of(day: Day, model: &Model) -> AsOf {
        AsOf::end_of_day(FIRST_DAY + day, &model.resolved.zone)
    }

    /// The rows at each of some days from one reading, and from a reading for each.
    fn both_ways(lines: &[String], days: &[Day], when: AsOfRequest, workers: usize) -> (Vec<String>, Vec<String>) {
        let model = model();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.ndjson");
        fs::write(&path, lines.join("\n")).expect("a file");
        let ends: Vec<AsOf> = days.iter().map(|day| end_of(*day, &model)).collect();
        let mut staged = Vec::new();
        let mut visit = |view: StageView<'_>| {
            staged.push(rows(view.state, view.end, &model));
            Ok::<(), RunError>(())
        };
        let stages = StageEnds { ends: &ends, known: KnownFrom::OwnTime };
        let last = fold_stages(&job(&model, &path, when, workers), stages, &mut visit, None).expect("a run");
        staged.push(format!("{}{:?} {}", rows(&last.state, last.as_of, &model), last.state.counts, last.id_conflict));
        let mut apart: Vec<String> = Vec::new();
        for end in &ends {
            let alone = fold_inputs(&job(&model, &path, AsOfRequest::At(end.instant), 1), None).expect("a run");
            apart.push(rows(&alone.state, alone.as_of, &model));
        }
        let alone = fold_inputs(&job(&model, &path, when, 1), None).expect("a run");
        apart.push(format!(
            "{}{:?} {}",
            rows(&alone.state, alone.as_of, &model),
            alone.state.counts,
            alone.id_conflict
        ));
        (staged, apart)
    }

    /// A line with the minute of its receipt.
    type Received = (Drawn, u32);

    /// The rows at each of some days from one reading of lines, each known from the later of its own time and its receipt, and from a reading of the lines
    /// that are known on that day.
    fn both_ways_by_receipt(lines: &[Received], days: &[Day], workers: usize) -> (Vec<String>, Vec<String>) {
        let model = model();
        let folder = tempfile::tempdir().expect("a folder");
        let text = |(drawn, minute): &Received| {
            let received = format!("{{\"received\":\"{}\",", time(*minute));
            line(*drawn).replacen('{', &received, 1)
        };
        let write = |name: &str, lines: &mut dyn Iterator<Item = &Received>| {
            let path = folder.path().join(name);
            fs::write(&path, lines.map(text).collect::<Vec<String>>().join("\n")).expect("a file");
            path
        };
        let all = write("all.ndjson", &mut lines.iter());
        let mut ends: Vec<AsOf> = days.iter().map(|day| end_of(*day, &model)).collect();
        let mut apart = Vec::new();
        for day in days {
            let known = |one: &&Received| one.0.3.max(one.1) < (*day as u32 + 1) * 1440;
            let path = write(&format!("{day}.ndjson"), &mut lines.iter().filter(known));
            let folded = fold_inputs(&job(&model, &path, AsOfRequest::EndOf(FIRST_DAY + day), 1), None);
            apart.push(folded.map_or_else(|_| String::new(), |folded| rows(&folded.state, folded.as_of, &model)));
        }
        let last = ends.pop().expect("a last day");
        let mut staged = Vec::new();
        let mut visit = |view: StageView<'_>| {
            staged.push(rows(view.state, view.end, &model));
            Ok::<(), RunError>(())
        };
        let stages = StageEnds { ends: &ends, known: KnownFrom::Receipt };
        let folded = fold_stages(&job(&model, &all, AsOfRequest::At(last.instant), workers), stages, &mut visit, None);
        let folded = folded.expect("a run");
        assert_eq!(folded.receipts.read, lines.len() as u64, "every line has a time of receipt");
        staged.push(rows(&folded.state, last, &model));
        (staged, apart)
    }

    fn lines() -> impl Strategy<Value = Vec<Drawn>> {
        prop::collection::vec((0..14_u32, 0..10_u32, 0..4_u32, 0..40 * 1440_u32, 0..60_u32), 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn a_stage_is_what_a_run_up_to_its_end_is(
            mut drawn in lines(),
            days in prop::collection::btree_set(0..35, 0..5),
            workers in 1..4_usize,
            latest in any::<bool>(),
        ) {
            // An event on the last day, so that `latest` lies behind all stages.
            drawn.push((0, 1, 1, 39 * 1440, 0));
            let copies: Vec<Drawn> = drawn.iter().step_by(5).copied().collect();
            drawn.extend(copies);
            let lines: Vec<String> = drawn.into_iter().map(line).collect();
            let days: Vec<Day> = days.into_iter().collect();
            let when = if latest { AsOfRequest::Latest } else { AsOfRequest::EndOf(FIRST_DAY + 36) };
            let (staged, apart) = both_ways(&lines, &days, when, workers);
            prop_assert_eq!(staged, apart);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn a_line_counts_from_the_later_of_its_time_and_its_receipt(
            drawn in lines(),
            receipts in prop::collection::vec((any::<bool>(), 0..50 * 1440_u32), 120),
            days in prop::collection::btree_set(0..45, 1..5),
            workers in 1..4_usize,
        ) {
            // Half of the lines are received at once, the others at any time, perhaps before they happened.
            let received = |(one, (at_once, minute)): (&Drawn, &(bool, u32))| (*one, if *at_once { one.3 } else { *minute });
            let mut lines: Vec<Received> = drawn.iter().zip(&receipts).map(received).collect();
            // Copies that come at another time. The last line is there on the first day, so that no reading is without an event.
            let copies = drawn.iter().zip(receipts.iter().rev()).step_by(5);
            lines.extend(copies.map(|(one, (_, minute))| (*one, *minute)));
            lines.push(((0, 1, 1, 0, 1), 0));
            let days: Vec<Day> = days.into_iter().collect();
            let (staged, apart) = both_ways_by_receipt(&lines, &days, workers);
            prop_assert_eq!(staged, apart);
        }
    }

    #[test]
    fn many_chunks_of_a_stage_are_all_folded() {
        let drawn = (0..6000_u32).map(|at| (at % 14, at % 10, at % 4, at * 9 % (40 * 1440), at / 3));
        let lines: Vec<String> = drawn.map(line).collect();
        for workers in [1, 3] {
            let (staged, apart) = both_ways(&lines, &[3, 4, 20], AsOfRequest::EndOf(FIRST_DAY + 30), workers);
            assert_eq!(staged, apart, "{workers} workers");
        }
    }
}
