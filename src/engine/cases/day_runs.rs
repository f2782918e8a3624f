//! Runs the days of a case, each with the record of the day before.

use std::ops::Range;

use super::{
    CaseChecker, CaseFailure, CaseLines,
    day_checks::{DayOutcome, check_alerts, check_changes},
    test_case::CaseDay,
};
use crate::{
    changes::ScoreLog,
    pipeline::{RunError, RunTables},
    record::{LevelSnapshot, ListRecord},
    runs::{FollowError, FollowedRun, PreviousModel, PreviousRun, RunToConclude, conclude, follow_run},
};
use pql_model::clock::AsOf;

/// The run of the day before.
struct DayBefore<'d> {
    list: ListRecord,
    tables: RunTables<'d>,
}

/// Runs the days of a case, and checks each. The error is about the case as a whole.
pub(super) fn run_days(checker: &mut CaseChecker<'_>, days: &[CaseDay]) -> Result<(), Box<CaseFailure>> {
    let mut before: Option<DayBefore<'_>> = None;
    let (mut text, mut places): (String, Vec<Range<usize>>) = Default::default();
    for day in days {
        text.push_str(&day.run.lines);
        places.extend_from_slice(&day.run.places);
        let known = checker.outcome.failures.len();
        let lines = CaseLines { text: &text, places: &places };
        let list = run_day(checker, day, lines, before.as_ref());
        let list = list.map_err(|failure| Box::new(CaseFailure { day: Some(day.label.clone()), ..*failure }))?;
        for failure in &mut checker.outcome.failures[known..] {
            failure.day = Some(day.label.clone());
        }
        before = Some(DayBefore { list, tables: day.run.tables.for_run() });
    }
    Ok(())
}

/// Runs a day, and checks it. Returns the record for the next one.
fn run_day(
    checker: &mut CaseChecker<'_>,
    day: &CaseDay,
    lines: CaseLines<'_>,
    before: Option<&DayBefore<'_>>,
) -> Result<ListRecord, Box<CaseFailure>> {
    let previous = before.map(|before| PreviousRun { list: &before.list, model: PreviousModel::Same(before.tables) });
    match follow_run(&checker.job(lines, &day.run), previous, day.run.tables.for_run(), None) {
        Ok(followed) => {
            let list = conclude_day(checker, day, &followed, before);
            list.map_err(|error| checker.failure(lines, &error))
        }
        // A day without an event so far is a run whose lists are empty.
        Err(FollowError::Run(RunError::NoEvents { .. })) => Ok(empty_day(checker, day)),
        Err(FollowError::Run(error)) => Err(checker.failure(lines, &error)),
        Err(FollowError::NotAfter { .. }) => unreachable!("the days of a bound case are in their order"),
    }
}

/// Scores a day, checks it, and makes its record.
fn conclude_day(
    checker: &mut CaseChecker<'_>,
    day: &CaseDay,
    followed: &FollowedRun,
    before: Option<&DayBefore<'_>>,
) -> Result<ListRecord, RunError> {
    let model = checker.model;
    let before = before.map(|before| &before.list);
    let (mut scored, _) = followed.score(model, day.run.tables.for_run(), before)?;
    checker.settle_milestones(&mut scored);
    let snapshot = LevelSnapshot::of_levels(&scored, model);
    let steps = followed.steps(&snapshot);
    let concluded = conclude(&RunToConclude {
        scored: &scored,
        model,
        snapshot: &snapshot,
        steps,
        before,
        repeated: None,
        log: ScoreLog::LeftOut,
    });
    checker.check(&scored, &day.run);
    for (side, id) in day.listed_entities() {
        checker.cover(&scored, side, id);
    }
    let outcome = DayOutcome {
        changes: &concluded.changes.changes,
        fired: &concluded.alerts.fired,
        list: &concluded.list,
        before,
    };
    let mut failures = check_changes(day, &outcome);
    failures.extend(check_alerts(day, &outcome, checker.coverage));
    for (side, id, failure) in failures {
        checker.show_ledger(&scored, side, &id);
        checker.outcome.failures.push(failure);
    }
    Ok(concluded.list)
}

/// Checks a day on which nobody has a row. Returns its record.
fn empty_day(checker: &mut CaseChecker<'_>, day: &CaseDay) -> ListRecord {
    let list = ListRecord::without_entities(AsOf::new(day.run.as_of, &checker.model.resolved.zone), checker.model);
    checker.check_without_rows(&day.run);
    let outcome = DayOutcome { changes: &[], fired: &[], list: &list, before: None };
    let mut failures = check_changes(day, &outcome);
    failures.extend(check_alerts(day, &outcome, checker.coverage));
    checker.outcome.failures.extend(failures.into_iter().map(|(_, _, failure)| failure));
    list
}
