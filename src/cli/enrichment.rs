//! Files of what else is known of users and accounts, read once, whatever the number of models that ask of them.

use std::{io, path::Path};

use super::{CommandError, ExitStatus, print_stderr};
use pql_engine::{
    enrich::{self, EnrichFile},
    read::read_whole_file,
};
use pql_model::{Model, PerKind, diag::escape_controls, plan::LevelPlan};

/// The files of users and of accounts.
pub(super) struct EnrichmentFiles<'a> {
    users: Option<RawEnrichTable<'a>>,
    accounts: Option<RawEnrichTable<'a>>,
}

/// A file as it was read, and the column of its ids.
struct RawEnrichTable<'a> {
    name: String,
    bytes: Vec<u8>,
    key: &'a str,
}

impl<'a> EnrichmentFiles<'a> {
    /// Reads the files of users and of accounts, each with the column of its ids.
    ///
    /// **Errors**: files that cannot be read, or were written to meanwhile.
    pub(super) fn read(
        users: (Option<&Path>, &'a str),
        accounts: (Option<&Path>, &'a str),
    ) -> Result<Self, CommandError> {
        Ok(Self { users: RawEnrichTable::read(users)?, accounts: RawEnrichTable::read(accounts)? })
    }

    /// What the files give for a model's traits.
    ///
    /// **Errors**: files that are no such tables.
    pub(super) fn for_model(&self, model: &Model, quiet: bool) -> Result<PerKind<Option<EnrichFile>>, CommandError> {
        let under = |table: &Option<RawEnrichTable<'_>>, level: &LevelPlan| {
            table.as_ref().map(|table| table.parse_for((level, model), quiet)).transpose()
        };
        Ok(PerKind {
            user: under(&self.users, &model.levels.user)?,
            account: under(&self.accounts, &model.levels.account)?,
        })
    }
}

impl<'a> RawEnrichTable<'a> {
    fn read((path, key): (Option<&Path>, &'a str)) -> Result<Option<Self>, CommandError> {
        let Some(path) = path else { return Ok(None) };
        let name = path.display().to_string();
        let bytes = read_whole_file(path, u64::MAX).map_err(|error| {
            let exit = if error.kind() == io::ErrorKind::NotFound { ExitStatus::CannotStart } else { ExitStatus::Io };
            CommandError::Error(anyhow::Error::new(error).context(format!("cannot read `{name}`")), exit)
        })?;
        Ok(Some(Self { name, bytes, key }))
    }

    fn parse_for(&self, (level, model): (&LevelPlan, &Model), quiet: bool) -> Result<EnrichFile, CommandError> {
        let file = enrich::read_enrichment(&self.name, &self.bytes, self.key, &level.traits, &model.resolved.zone)
            .map_err(|error| CommandError::Error(error.into(), ExitStatus::CannotStart))?;
        if !file.unused_columns.is_empty() && !quiet {
            let unread: Vec<&str> = file.unused_columns.iter().map(String::as_str).take(12).collect();
            print_stderr(&escape_controls(&format!(
                "note: no trait of the model reads {} of `{}`",
                pql_model::diag::quoted_list(&unread),
                self.name
            )));
        }
        Ok(file)
    }
}
