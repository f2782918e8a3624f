//! What always deserves a warning about a run, unless an expectation says more about the same thing.

use super::file_warnings::file_warnings;
use super::{ExpectationOutcome, FinishedRun, JudgedExpectation, RunValues};
use pql_engine::read::{FileStats, MissingColumn};
use pql_model::{
    EntityKind,
    run_numbers::RunNumber,
    units::{Day, Micros},
};

/// Below this number of users a share of them says little.
const USERS_MIN: u64 = 20;

/// Events with ids in conflict that any export may have.
const CONFLICTS_MAX: u64 = 10;

/// Something about a run that is probably wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum RunWarning {
    /// Some files of events are empty, and others are not.
    EmptyFiles {
        /// The first of them.
        first: String,
        /// How many there are.
        count: usize,
    },
    /// No event on the last date.
    QuietLastDay {
        /// The last date.
        day: Day,
        /// The newest event.
        newest: Micros,
        /// The hours from it to the end of the run.
        stale_hours: f64,
    },
    /// Events count for accounts alone.
    NoUser,
    /// Events count for users alone, under a model that scores accounts.
    NoAccount,
    /// More than half of an enrichment file is about nobody.
    Unmatched {
        /// Whose file it is.
        kind: EntityKind,
        /// Rows whose user or account has no event.
        unmatched: u64,
        /// All rows.
        rows: u64,
    },
    /// More than one in a hundred lines of a file among several are rejected.
    ManyRejected {
        /// The first such file.
        file: String,
        /// Its rejected records.
        rejected: u64,
        /// All of its records.
        records: u64,
        /// How many such files there are.
        count: usize,
    },
    /// The last line of a file has no end.
    CutFile {
        /// The file.
        file: String,
    },
    /// A table does not have a column that the model names.
    MissingColumn {
        /// The file.
        file: String,
        /// The column.
        missing: MissingColumn,
    },
    /// A file of users or accounts has less than half of the rows of the run before.
    FewerRows {
        /// Whose file it is.
        kind: EntityKind,
        /// Its rows.
        rows: u64,
        /// The rows in the run before.
        before: u64,
    },
    /// Many events share an id with an event of other content, and all of them count.
    IdsInConflict {
        /// How many.
        conflicts: u64,
        /// All events that count.
        events: u64,
    },
    /// More than a third of the users are qualified.
    ManyQualified {
        /// Qualified users.
        qualified: u64,
        /// All users.
        users: u64,
    },
}

impl RunWarning {
    /// Whether an expectation about a number is about the same thing.
    fn is_about(&self, number: RunNumber) -> bool {
        match self {
            RunWarning::EmptyFiles { .. } => number == RunNumber::EmptyFiles,
            RunWarning::QuietLastDay { .. } => matches!(number, RunNumber::EventsLastDay | RunNumber::StaleHours),
            RunWarning::ManyRejected { .. } => matches!(number, RunNumber::Rejected | RunNumber::RejectedShare),
            RunWarning::CutFile { .. } | RunWarning::MissingColumn { .. } | RunWarning::FewerRows { .. } => false,
            RunWarning::IdsInConflict { .. } => number == RunNumber::IdConflict,
            RunWarning::NoUser => number == RunNumber::Entities(EntityKind::User),
            RunWarning::NoAccount => number == RunNumber::Entities(EntityKind::Account),
            RunWarning::Unmatched { kind, .. } => number == RunNumber::Matched(*kind),
            RunWarning::ManyQualified { .. } => matches!(number, RunNumber::Qualified(EntityKind::User, _)),
        }
    }

    /// Whether an expectation says more about the same thing.
    ///
    /// One that was not judged says nothing. One about hours since the newest event may be met after a date without an event, and one about all rejected
    /// records with an unreadable file; the warning then stays.
    fn is_replaced_by(&self, expected: &JudgedExpectation) -> bool {
        let is_judged = match expected.outcome {
            ExpectationOutcome::Met | ExpectationOutcome::Unmet => true,
            ExpectationOutcome::NeedsRecord | ExpectationOutcome::Null => false,
        };
        let is_unmet = expected.outcome == ExpectationOutcome::Unmet;
        let may_be_met = !matches!(self, RunWarning::ManyRejected { .. });
        let says_more = |number: RunNumber| is_unmet || (may_be_met && number != RunNumber::StaleHours);
        is_judged && expected.numbers.iter().any(|number| self.is_about(*number) && says_more(*number))
    }
}

/// The warnings about a run, without those that expectations replace.
pub fn run_warnings(values: &RunValues<'_>, expected: &[JudgedExpectation]) -> Vec<RunWarning> {
    let found = [empty_files(&values.run.folded.files), quiet_last_day(values), no_user(values), no_account(values)];
    let unmatched = EntityKind::ALL.map(|kind| unmatched(values, kind));
    let fewer = EntityKind::ALL.map(|kind| fewer_rows(values, kind));
    let found = found.into_iter().flatten().chain(file_warnings(values)).map(Some);
    let all = found.chain(unmatched).chain(fewer).chain([ids_in_conflict(values), many_qualified(values)]).flatten();
    all.filter(|warning| !expected.iter().any(|one| warning.is_replaced_by(one))).collect()
}

/// The warning about empty files among full ones, which an export that failed may have left.
pub fn empty_files(files: &[FileStats]) -> Option<RunWarning> {
    let mut empty = files.iter().filter(|file| file.bytes == 0);
    let first = empty.next()?;
    let count = empty.count() + 1;
    (count < files.len()).then(|| RunWarning::EmptyFiles { first: first.name.clone(), count })
}

fn quiet_last_day(values: &RunValues<'_>) -> Option<RunWarning> {
    let FinishedRun { model, scored, .. } = values.run;
    let (newest, day) = (values.newest()?, scored.as_of.day);
    let stale_hours = values.stale_hours()?;
    let is_quiet = model.resolved.zone.day(newest) < day;
    is_quiet.then_some(RunWarning::QuietLastDay { day, newest, stale_hours })
}

fn no_user(values: &RunValues<'_>) -> Option<RunWarning> {
    let has = |kind| values.level(kind).count > 0;
    (has(EntityKind::Account) && !has(EntityKind::User)).then_some(RunWarning::NoUser)
}

/// A model without rules for accounts has nothing to say of them.
fn no_account(values: &RunValues<'_>) -> Option<RunWarning> {
    let rules = &values.run.model.resolved.levels.account;
    let scores_accounts = !(rules.signals.is_empty() && rules.tiers.is_empty() && rules.routes.is_empty());
    let has = |kind| values.level(kind).count > 0;
    (scores_accounts && has(EntityKind::User) && !has(EntityKind::Account)).then_some(RunWarning::NoAccount)
}

fn unmatched(values: &RunValues<'_>, kind: EntityKind) -> Option<RunWarning> {
    let rows = values.rows(kind)?;
    let warning = RunWarning::Unmatched { kind, unmatched: rows.unmatched, rows: rows.total() };
    (rows.unmatched > rows.matched).then_some(warning)
}

fn fewer_rows(values: &RunValues<'_>, kind: EntityKind) -> Option<RunWarning> {
    let before = values.run.recorded?.rows_before(kind)?;
    let rows = values.rows(kind)?.total();
    (rows * 2 < before).then_some(RunWarning::FewerRows { kind, rows, before })
}

fn ids_in_conflict(values: &RunValues<'_>) -> Option<RunWarning> {
    let (conflicts, events) = (values.id_conflict(), values.events());
    let are_many = conflicts > CONFLICTS_MAX && conflicts * 100 > events;
    are_many.then_some(RunWarning::IdsInConflict { conflicts, events })
}

fn many_qualified(values: &RunValues<'_>) -> Option<RunWarning> {
    let users = values.level(EntityKind::User);
    let warning = RunWarning::ManyQualified { qualified: users.qualified, users: users.count };
    (users.count >= USERS_MIN && users.qualified * 3 > users.count).then_some(warning)
}
