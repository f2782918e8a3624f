//! Tables of what else is known of users and accounts, opened once, whatever the number of models that ask of them.

use std::{
    cell::Cell,
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    CommandError, ExitStatus,
    args::TableArgs,
    messages::{self, Verbosity},
    outcomes::OutcomeFiles,
    table_file::{TableFile, unusable},
};
use crate::commands::init::EntityTable;
use pql_engine::{
    decode::time_zones,
    enrich::{EnrichError, EnrichFile, EnrichRequest, KeyGuess, guess_key_column, read_enrichment},
    inspect::{TableIds, table_columns, table_ids},
    pipeline::{LoadedTables, sample_event_ids},
    plan::Model,
    read::{BlockLimits, InputSource},
};
use pql_model::{EntityKind, PerKind};

/// The tables, as far as they were given.
#[derive(Debug)]
pub(super) struct EnrichmentFiles<'a> {
    tables: PerKind<Option<EnrichmentTable<'a>>>,
    outcomes: OutcomeFiles<'a>,
}

/// The events of a run, in which the ids of a table are looked for if the column of ids is not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventsAtHand<'e> {
    pub(super) inputs: &'e [InputSource],
    pub(super) format: &'e str,
    pub(super) limits: BlockLimits,
}

/// A table and where its bytes come from.
#[derive(Debug)]
struct EnrichmentTable<'a> {
    file: TableFile<'a>,
    kind: EntityKind,
    /// The column of the ids, if it was said or found.
    key: Option<String>,
    /// Whether it was said that it holds no rows; several models may ask.
    warned: Cell<bool>,
}

impl<'a> EnrichmentFiles<'a> {
    /// Opens the tables that the options name: users, accounts, outcomes.
    ///
    /// # Errors
    /// Paths that lead to no file.
    pub(super) fn open(args: &'a TableArgs) -> Result<EnrichmentFiles<'a>, CommandError> {
        let open = |kind, path: &'a Option<PathBuf>, key: &'a Option<String>| {
            path.as_deref().map(|path| EnrichmentTable::open(kind, path, key.as_deref())).transpose()
        };
        let user = open(EntityKind::User, &args.users, &args.users_key)?;
        let account = open(EntityKind::Account, &args.accounts, &args.accounts_key)?;
        let outcomes = OutcomeFiles::open(&args.outcomes)?;
        Ok(EnrichmentFiles { tables: PerKind { user, account }, outcomes })
    }

    /// The columns of the tables that may hold ids.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub(super) fn ids(&self, limits: BlockLimits) -> Result<PerKind<Option<TableIds>>, CommandError> {
        let of = |table: &Option<EnrichmentTable<'_>>| {
            let read = |table: &EnrichmentTable<'_>| {
                table_ids((table.file.name.as_str(), table.file.inputs.as_slice()), table.key.as_deref(), limits)
            };
            table.as_ref().map(read).transpose().map_err(unusable)
        };
        Ok(PerKind { user: of(&self.tables.user)?, account: of(&self.tables.account)? })
    }

    /// What the columns of the tables hold; a column of ids that was not said is looked for.
    ///
    /// # Errors
    /// Files that cannot be read, or were written to meanwhile.
    pub(super) fn survey(
        &mut self,
        model: &Model,
        events: EventsAtHand<'_>,
    ) -> Result<PerKind<Option<EntityTable>>, CommandError> {
        let survey = |table: &mut Option<EnrichmentTable<'_>>| {
            table.as_mut().map(|table| table.survey(model, events)).transpose()
        };
        Ok(PerKind { user: survey(&mut self.tables.user)?, account: survey(&mut self.tables.account)? })
    }

    /// The options that name the columns of ids, where they are not the usual ones.
    pub(super) fn key_words(&self) -> Vec<String> {
        let tables = self.tables.values().into_iter().flatten();
        tables.filter_map(|table| Some([table.key_option().to_owned(), table.key.clone()?])).flatten().collect()
    }

    /// The files of outcomes.
    pub(super) fn outcomes(&self) -> &OutcomeFiles<'a> {
        &self.outcomes
    }

    /// The column of a table that has some of these values.
    pub(super) fn column_with(
        &self,
        kind: EntityKind,
        values: &HashSet<String>,
        limits: BlockLimits,
    ) -> Option<String> {
        let table = self.tables[kind].as_ref()?;
        match guess_key_column(&table.file.inputs, limits, values, &[]) {
            KeyGuess::Values(column) => Some(column),
            KeyGuess::Unnamed(_) | KeyGuess::Name(_) | KeyGuess::NoHeader | KeyGuess::Unknown => None,
        }
    }

    /// The values that the tables give for a model's traits, and the outcomes.
    ///
    /// # Errors
    /// Files that cannot be read, or were written to meanwhile, or are no such tables.
    pub(super) fn for_model(
        &self,
        model: &Model,
        events: EventsAtHand<'_>,
        verbosity: Verbosity,
    ) -> Result<LoadedTables, CommandError> {
        let levels = self.levels_for_model(model, events, verbosity)?;
        Ok(LoadedTables { levels, outcomes: self.outcomes.for_model(model, events.limits)? })
    }

    /// The values that the tables give for a model's traits.
    ///
    /// # Errors
    /// Those of [`Self::for_model`].
    pub(super) fn levels_for_model(
        &self,
        model: &Model,
        events: EventsAtHand<'_>,
        verbosity: Verbosity,
    ) -> Result<PerKind<Option<EnrichFile>>, CommandError> {
        let read = |kind: EntityKind| {
            self.tables[kind].as_ref().map(|table| table.for_model(model, events, verbosity)).transpose()
        };
        Ok(PerKind { user: read(EntityKind::User)?, account: read(EntityKind::Account)? })
    }
}

impl<'a> EnrichmentTable<'a> {
    fn open(kind: EntityKind, path: &'a Path, key: Option<&str>) -> Result<Self, CommandError> {
        let file = TableFile::open(path, kind.plural())?;
        Ok(EnrichmentTable { file, kind, key: key.map(str::to_owned), warned: Cell::new(false) })
    }

    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(self.default_key())
    }

    fn default_key(&self) -> &'static str {
        match self.kind {
            EntityKind::User => "user_id",
            EntityKind::Account => "account_id",
        }
    }

    fn for_model(
        &self,
        model: &Model,
        events: EventsAtHand<'_>,
        verbosity: Verbosity,
    ) -> Result<EnrichFile, CommandError> {
        let request = EnrichRequest {
            name: &self.file.name,
            inputs: &self.file.inputs,
            key: self.key(),
            of: self.kind.plural(),
            traits: &model.levels[self.kind].traits,
            zones: time_zones(model),
            limits: events.limits,
        };
        let read = read_enrichment(&request).map_err(|error| self.failure(error, model, events));
        // What was found wrong may be wrong only because somebody was writing.
        self.file.check_unchanged()?;
        let file = read?;
        if file.is_empty() && !self.warned.replace(true) {
            messages::warn_empty_table(&file.name, self.kind);
        }
        if verbosity == Verbosity::Notes {
            messages::note_unused_columns(&file.name, &file.unused_columns);
            messages::note_rows_without_id(&file, request.key);
        }
        Ok(file)
    }

    fn key_option(&self) -> &'static str {
        match self.kind {
            EntityKind::User => "--users-key",
            EntityKind::Account => "--accounts-key",
        }
    }

    /// What the columns of the table hold. Where nobody said which column has the ids and none has the usual name, the one whose values are ids of events
    /// is taken from now on.
    fn survey(&mut self, model: &Model, events: EventsAtHand<'_>) -> Result<EntityTable, CommandError> {
        let columns = table_columns(&self.file.inputs, events.limits).map_err(unusable)?;
        let has_key = columns.columns.by_path.contains_key(self.key());
        if self.key.is_none() && !has_key && columns.rows > 0 {
            match self.key_guess(model, events) {
                KeyGuess::Values(name) => self.key = Some(name),
                KeyGuess::Unnamed(_) | KeyGuess::Name(_) | KeyGuess::NoHeader | KeyGuess::Unknown => {}
            }
        }
        self.file.check_unchanged()?;
        Ok(EntityTable { name: self.file.name.clone(), key: self.key().to_owned(), columns })
    }

    fn failure(&self, error: EnrichError, model: &Model, events: EventsAtHand<'_>) -> CommandError {
        match error {
            EnrichError::Read(error) => unusable(error),
            EnrichError::Content { .. } => CommandError::Error(error.into(), ExitStatus::CannotStart),
            EnrichError::NoKey { .. } => {
                let advice = self.key_advice(model, events);
                CommandError::usage(format!("{error}; {advice}"))
            }
        }
    }

    /// The column that may hold the ids.
    fn key_guess(&self, model: &Model, events: EventsAtHand<'_>) -> KeyGuess {
        let words = match self.kind {
            EntityKind::User => &["user", "customer", "person", "member", "contact"],
            EntityKind::Account => &["account", "company", "org", "workspace", "team"],
        };
        let ids = sample_event_ids(events.inputs, (model, events.format), events.limits, self.kind);
        guess_key_column(&self.file.inputs, events.limits, &ids, words)
    }

    /// What to do where no column has the name of the id's.
    fn key_advice(&self, model: &Model, events: EventsAtHand<'_>) -> String {
        let (option, one) = (self.key_option(), self.kind.word());
        match self.key_guess(model, events) {
            KeyGuess::Values(name) => {
                format!("the values of `{name}` are ids of {one}s in the events, so {option} \"{name}\" would read it")
            }
            KeyGuess::Unnamed(column) => format!(
                "the values of column {column} are ids of {one}s in the events, but the first cell of it looks like a value; \
                 the first line must name the columns"
            ),
            KeyGuess::Name(name) => format!("`{name}` may hold the ids: {option} \"{name}\" would read it"),
            KeyGuess::NoHeader => {
                "its first row holds an id of the events, so the file has no header row; the first line must name the columns".to_owned()
            }
            KeyGuess::Unknown => {
                format!("the first line must name the columns; {option} COLUMN names the one with the id of the {one}")
            }
        }
    }
}
