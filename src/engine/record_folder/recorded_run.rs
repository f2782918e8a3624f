//! A run of the record, read back.

use std::{collections::BTreeMap, path::Path};

use super::{
    entity_lines::read_entities,
    error::RecordError,
    head::HeadRun,
    header::LevelHeader,
    list_lines::read_lists,
    outcome_lines::read_outcomes,
    run_files::{ENTITY_FILES, LISTS_FILE, MODEL_FILE, OUTCOMES_FILE, RunFiles, TABLE_FILES},
    table_lines::{RecordedTable, read_table},
};
use crate::{
    outcomes::OutcomeTable,
    pipeline::LoadedTables,
    plan::Model,
    record::{LevelRecord, ListRecord, PublishedList},
};
use pql_model::{EntityKind, PerKind};

/// A run of the record.
#[derive(Debug, Clone)]
pub struct RecordedRun {
    /// The number of the run, from 1.
    pub number: u32,
    /// Whether its lists were published.
    pub published: bool,
    /// What its lists said.
    pub list: ListRecord,
    /// The name of its model.
    pub model_name: String,
    /// The hash of its model.
    pub model_hash: String,
    /// The text of its model.
    pub model_text: String,
    /// Counts that the run was staged with, by name.
    pub counts: BTreeMap<String, u64>,
    /// Rows of files of which the next run writes only what changed.
    pub lists: Vec<PublishedList>,
    /// The rows of `--users` and `--accounts`, where they were given.
    pub tables: PerKind<Option<RecordedTable>>,
    /// The outcomes, where they were given.
    pub outcomes: Option<OutcomeTable>,
}

impl RecordedRun {
    /// Reads a run with all of its files but the log.
    ///
    /// # Errors
    ///
    /// Damage, a newer format, files that cannot be read.
    pub(super) fn read(dir: &Path, run: HeadRun) -> Result<RecordedRun, RecordError> {
        let files = RunFiles::open(dir, run)?;
        let header = &files.header;
        let list = ListRecord {
            as_of: header.as_of(),
            levels: PerKind {
                user: read_level(&files, EntityKind::User, &header.users)?,
                account: read_level(&files, EntityKind::Account, &header.accounts)?,
            },
            assigned: header.assigned.iter().map(|(day, members)| (day.0, members.clone())).collect(),
        };
        Ok(RecordedRun {
            number: run.number,
            published: run.published,
            list,
            model_name: header.model.name.clone(),
            model_hash: header.model.hash.clone(),
            model_text: files.read_text(MODEL_FILE)?,
            counts: header.counts.clone(),
            lists: if files.has(LISTS_FILE) { files.read_with(LISTS_FILE, read_lists)? } else { Vec::new() },
            tables: PerKind {
                user: read_table_of(&files, EntityKind::User)?,
                account: read_table_of(&files, EntityKind::Account)?,
            },
            outcomes: files.has(OUTCOMES_FILE).then(|| files.read_with(OUTCOMES_FILE, read_outcomes)).transpose()?,
        })
    }

    /// The rows of `--users` and `--accounts` with values for the traits of a model, and the outcomes; with the model of the run, exactly as the run used
    /// them.
    pub fn tables_for(&self, model: &Model) -> LoadedTables {
        let levels =
            PerKind::from_fn(|kind| self.tables[kind].as_ref().map(|table| table.for_level(&model.levels[kind])));
        LoadedTables { levels, outcomes: self.outcomes.clone() }
    }
}

fn read_level(files: &RunFiles, kind: EntityKind, header: &LevelHeader) -> Result<LevelRecord, RecordError> {
    files.read_with(of_kind(ENTITY_FILES, kind), |bytes| read_entities(header, bytes))
}

fn read_table_of(files: &RunFiles, kind: EntityKind) -> Result<Option<RecordedTable>, RecordError> {
    let name = of_kind(TABLE_FILES, kind);
    files.has(name).then(|| files.read_with(name, read_table)).transpose()
}

/// The name for a kind, of two that begin with that for users.
pub(super) fn of_kind([user, account]: [&'static str; 2], kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => user,
        EntityKind::Account => account,
    }
}
