//! The options that name files of users and accounts.

use std::path::PathBuf;

/// What else is known of users and accounts.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TableArgs {
    /// What else is known of users: a table in any layout that events may have, with a column user_id
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,

    /// What else is known of accounts: a table in any layout that events may have, with a column account_id
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts: Option<PathBuf>,

    /// The column of --users that holds the user's id [default: user_id]
    #[arg(long, value_name = "COLUMN", requires = "users")]
    pub(crate) users_key: Option<String>,

    /// The column of --accounts that holds the account's id [default: account_id]
    #[arg(long, value_name = "COLUMN", requires = "accounts")]
    pub(crate) accounts_key: Option<String>,
}
