//! Files of what else is known of users and accounts, read once, whatever the number of models that ask of them.

use std::{io, path::Path};

use super::{Exit, Failure, tell};
use crate::{
    diag::visible,
    enrich::{self, EnrichFile},
    model::{Model, compiled::Level},
    read::whole,
};

/// The files of users and of accounts.
pub(super) struct Beside<'a> {
    users: Option<Table<'a>>,
    accounts: Option<Table<'a>>,
}

/// A file as it was read, and the column of its ids.
struct Table<'a> {
    name: String,
    bytes: Vec<u8>,
    key: &'a str,
}

impl<'a> Beside<'a> {
    /// Reads the files of users and of accounts, each with the column of its ids.
    ///
    /// **Errors**: files that cannot be read, or were written to meanwhile.
    pub(super) fn read(users: (Option<&Path>, &'a str), accounts: (Option<&Path>, &'a str)) -> Result<Self, Failure> {
        Ok(Self { users: Table::read(users)?, accounts: Table::read(accounts)? })
    }

    /// What the files give for a model's traits.
    ///
    /// **Errors**: files that are no such tables.
    pub(super) fn under(&self, model: &Model, quiet: bool) -> Result<[Option<EnrichFile>; 2], Failure> {
        let under = |table: &Option<Table<'_>>, level: &Level| {
            table.as_ref().map(|table| table.under((level, model), quiet)).transpose()
        };
        Ok([under(&self.users, &model.levels.user)?, under(&self.accounts, &model.levels.account)?])
    }
}

impl<'a> Table<'a> {
    fn read((path, key): (Option<&Path>, &'a str)) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let name = path.display().to_string();
        let bytes = whole(path, u64::MAX).map_err(|error| {
            let exit = if error.kind() == io::ErrorKind::NotFound { Exit::CannotStart } else { Exit::Io };
            Failure::Error(anyhow::Error::new(error).context(format!("cannot read `{name}`")), exit)
        })?;
        Ok(Some(Self { name, bytes, key }))
    }

    fn under(&self, (level, model): (&Level, &Model), quiet: bool) -> Result<EnrichFile, Failure> {
        let file = enrich::read(&self.name, &self.bytes, self.key, &level.traits, &model.zone)
            .map_err(|error| Failure::Error(error.into(), Exit::CannotStart))?;
        if !file.unread.is_empty() && !quiet {
            let unread: Vec<&str> = file.unread.iter().map(String::as_str).take(12).collect();
            tell(&visible(&format!(
                "note: no trait of the model reads {} of `{}`",
                crate::diag::list(&unread),
                self.name
            )));
        }
        Ok(file)
    }
}
