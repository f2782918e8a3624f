//! What a finished run says of itself in its record.

use super::RecordedOutcome;
use pql_engine::{
    decode::misread::NotUnderstood,
    emit::{FileFacts, OutcomesRecord, RunFacts},
    entity::FREE_MAIL_DATE,
    outcomes::OutcomeTable,
    pipeline::{EnrichmentCoverage, FoldedRun},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::PerKind;

/// A run with its result.
#[derive(Debug, Clone, Copy)]
pub struct FinishedRun<'f> {
    /// The model.
    pub model: &'f Model,
    /// What was folded.
    pub folded: &'f FoldedRun,
    /// What was scored.
    pub scored: &'f ScoredEntities<'f>,
    /// How far the enrichment files and the events cover each other.
    pub coverage: EnrichmentCoverage,
    /// The rows without an id of the enrichment files.
    pub rows_without_id: PerKind<u64>,
    /// The values of the events and of the enrichment files that became null.
    pub not_understood: &'f [NotUnderstood],
    /// What became of everybody; none in a run without outcomes.
    pub outcomes: Option<&'f OutcomeTable>,
    /// What the record adds; none in a run without one.
    pub recorded: Option<RecordedOutcome<'f>>,
}

/// The facts of the record that are known before any file is written.
pub fn run_facts(run: &FinishedRun<'_>) -> RunFacts {
    let FoldedRun { files, formats, rejects, state, id_conflict, split_records, .. } = run.folded;
    let files = files.iter().zip(formats).map(|(stats, format)| FileFacts {
        name: stats.name.clone(),
        compression: stats.compression.as_str(),
        bytes: stats.bytes,
        format: format.map(|known| [known.format.name, known.format.title, known.sign]),
    });
    let names = run.model.aggregation.names.iter().cloned();
    RunFacts {
        free_mail_list: FREE_MAIL_DATE,
        files: files.collect(),
        rejected: rejects.by_reason().into_iter().map(|(reason, count)| (reason.code(), count)).collect(),
        events_by_name: names.zip(state.names.iter().skip(1).copied()).collect(),
        events_of_other_names: state.names.first().copied().unwrap_or(0),
        id_conflict: *id_conflict,
        split_records: *split_records,
        users_without_events: run.coverage.users,
        accounts_without_events: run.coverage.accounts,
        without_row: run.coverage.without_row,
        rows_without_id: run.rows_without_id,
        not_understood: run.not_understood.to_vec(),
        outcomes: run.outcomes.map(|table| OutcomesRecord::new(table, run.scored)),
        expectations: Vec::new(),
        formula_cells: 0,
        outputs: Vec::new(),
        outputs_elsewhere: Vec::new(),
        rejects: None,
        record: run.recorded.map(|recorded| recorded.facts()),
    }
}
