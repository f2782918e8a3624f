//! Options that all commands have that score events: the instant to look from, and what else is known of users and accounts.

use std::path::PathBuf;

use super::{
    CommandError,
    enrichment::{EnrichmentFiles, EventsAtHand, TableOption},
    score::parse_as_of,
};
use pql_engine::{enrich::EnrichFile, pipeline::AsOfRequest};
use pql_model::{EntityKind, Model, units::Micros};

/// From when, and with what, events are looked at.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Look from this point in time; only events before it count
    ///
    /// An instant such as 2026-10-31T12:00:00Z, a date (to the end of that day in the model's time zone), `yesterday`, or `latest` (the end of the day of the newest event)
    #[arg(long, value_name = "WHEN", default_value = "latest")]
    pub(super) as_of: String,

    /// What else is known of users: a table in any layout that events may have, with a column user_id
    #[arg(long, value_name = "FILE")]
    pub(super) users: Option<PathBuf>,

    /// What else is known of accounts: a table in any layout that events may have, with a column account_id
    #[arg(long, value_name = "FILE")]
    pub(super) accounts: Option<PathBuf>,

    /// The column of --users that holds the user's id [default: user_id]
    #[arg(long, value_name = "COLUMN", requires = "users")]
    users_key: Option<String>,

    /// The column of --accounts that holds the account's id [default: account_id]
    #[arg(long, value_name = "COLUMN", requires = "accounts")]
    accounts_key: Option<String>,
}

impl RunArgs {
    /// The instant, as it was asked for.
    ///
    /// **Errors**: usage, if it is none.
    pub(super) fn as_of_when(&self) -> Result<AsOfRequest, CommandError> {
        parse_as_of(&self.as_of)
    }

    /// What the tables of users and of accounts give for a model's traits.
    ///
    /// **Errors**: files that cannot be read, or are no such tables.
    pub(super) fn enrichment(
        &self,
        model: &Model,
        events: EventsAtHand<'_>,
        quiet: bool,
    ) -> Result<[Option<EnrichFile>; 2], CommandError> {
        self.enrichment_files()?.for_model(model, events, quiet)
    }

    /// The tables of users and of accounts, for several models.
    ///
    /// **Errors**: files that cannot be read.
    pub(super) fn enrichment_files(&self) -> Result<EnrichmentFiles<'_>, CommandError> {
        let users = TableOption { kind: EntityKind::User, path: self.users.as_deref(), key: self.users_key.as_deref() };
        let accounts = TableOption {
            kind: EntityKind::Account,
            path: self.accounts.as_deref(),
            key: self.accounts_key.as_deref(),
        };
        EnrichmentFiles::open(users, accounts)
    }
}

/// The present, which is read from the clock only where the instant depends on it.
pub(super) fn current_time(when: AsOfRequest) -> Micros {
    match when {
        AsOfRequest::Yesterday | AsOfRequest::Latest => jiff::Timestamp::now().as_microsecond(),
        AsOfRequest::At(_) | AsOfRequest::EndOf(_) => 0,
    }
}
