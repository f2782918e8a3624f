//! The files of `--users` and `--accounts`: read once, and turned into traits for each model.

use std::{io, path::Path};

use super::{
    CommandError, ExitStatus,
    args::RunArgs,
    messages::{self, Verbosity},
};
use pql_engine::{
    enrich::{self, EnrichFile},
    read::read_whole_file,
};
use pql_model::{EntityKind, Model, PerKind};

/// The files, as far as they were given.
#[derive(Debug)]
pub(super) struct EnrichmentFiles<'a> {
    tables: PerKind<Option<RawEnrichTable<'a>>>,
}

/// A file as it was read, and the column of its ids.
#[derive(Debug)]
struct RawEnrichTable<'a> {
    name: String,
    bytes: Vec<u8>,
    key: &'a str,
}

impl<'a> EnrichmentFiles<'a> {
    /// Reads the files that the options name, users first.
    ///
    /// # Errors
    /// Files that cannot be read, or were written to meanwhile.
    pub(super) fn read(args: &'a RunArgs) -> Result<EnrichmentFiles<'a>, CommandError> {
        let user = args.users.as_deref().map(|path| RawEnrichTable::read(path, &args.users_key)).transpose()?;
        let account =
            args.accounts.as_deref().map(|path| RawEnrichTable::read(path, &args.accounts_key)).transpose()?;
        Ok(EnrichmentFiles { tables: PerKind { user, account } })
    }

    /// The values that the files give for a model's traits.
    ///
    /// # Errors
    /// Files that are no such tables.
    pub(super) fn for_model(
        &self,
        model: &Model,
        verbosity: Verbosity,
    ) -> Result<PerKind<Option<EnrichFile>>, CommandError> {
        let parse =
            |kind: EntityKind| self.tables[kind].as_ref().map(|table| table.parse(model, kind, verbosity)).transpose();
        Ok(PerKind { user: parse(EntityKind::User)?, account: parse(EntityKind::Account)? })
    }
}

impl<'a> RawEnrichTable<'a> {
    fn read(path: &Path, key: &'a str) -> Result<RawEnrichTable<'a>, CommandError> {
        let name = path.display().to_string();
        let bytes = read_whole_file(path, u64::MAX).map_err(|error| {
            let exit = if error.kind() == io::ErrorKind::NotFound { ExitStatus::CannotStart } else { ExitStatus::Io };
            CommandError::Error(anyhow::Error::new(error).context(format!("cannot read `{name}`")), exit)
        })?;
        Ok(RawEnrichTable { name, bytes, key })
    }

    fn parse(&self, model: &Model, kind: EntityKind, verbosity: Verbosity) -> Result<EnrichFile, CommandError> {
        let traits = &model.levels[kind].traits;
        let file = enrich::read_enrichment(&self.name, &self.bytes, self.key, traits, &model.resolved.zone)
            .map_err(|error| CommandError::Error(error.into(), ExitStatus::CannotStart))?;
        if verbosity == Verbosity::Notes {
            messages::note_unused_columns(&self.name, &file.unused_columns);
        }
        Ok(file)
    }
}
