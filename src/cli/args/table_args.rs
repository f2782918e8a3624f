//! The options that name files of users and accounts.

use std::path::{Path, PathBuf};

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

    /// What became of users and accounts: a table with account_id or user_id, outcome and at, or one that `[outcomes]` of the model maps; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) outcomes: Vec<PathBuf>,
}

impl TableArgs {
    /// The files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let levels = self.users.iter().chain(&self.accounts);
        levels.chain(&self.outcomes).map(PathBuf::as_path)
    }

    /// The options of the files as words of a command line.
    pub(crate) fn file_words(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.display().to_string();
        let options = [("--users", self.users.as_ref().map(path)), ("--accounts", self.accounts.as_ref().map(path))];
        let files = options.into_iter().filter_map(|(name, path)| Some([name.to_owned(), path?])).flatten();
        files.chain(self.outcome_words()).collect()
    }

    /// The options of files of outcomes as words of a command line.
    pub(crate) fn outcome_words(&self) -> impl Iterator<Item = String> {
        self.outcomes.iter().flat_map(|path| ["--outcomes".to_owned(), path.display().to_string()])
    }
}
