//! The options of every command that scores events, and the settings that they come to.

use std::path::PathBuf;

use super::{
    as_of::{current_time, parse_as_of},
    input_format::InputFormatArg,
    max_rejects::parse_max_rejects,
    table_args::TableArgs,
};
use crate::cli::CommandError;
use pql_engine::{
    pipeline::{AsOfRequest, MaxRejects},
    plan::Model,
    read::BlockLimits,
};
use pql_model::units::Micros;

/// How events are read, from when they are looked at, and with what.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RunArgs {
    /// Read each file as this format, whatever the model says [default: the format that its first lines show]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<InputFormatArg>,

    /// Look from this point in time; only events before it count
    ///
    /// An instant such as 2026-10-31T12:00:00Z, a date (to the end of that day in the model's time zone), `yesterday`, or `latest` (the end of the day of the newest event)
    #[arg(long, value_name = "WHEN", default_value = "latest")]
    as_of: String,

    #[command(flatten)]
    pub(crate) tables: TableArgs,
}

impl RunArgs {
    /// The options of a command that says the instant in its own words.
    pub(crate) fn at(as_of: String, from: Option<InputFormatArg>, tables: TableArgs) -> RunArgs {
        RunArgs { from, as_of, tables }
    }

    /// The options as words of a command line. Options with their default values are left out.
    pub(crate) fn words(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.display().to_string();
        let options = [
            ("--from", self.from.map(|format| format.as_str().to_owned())),
            ("--as-of", Some(self.as_of.clone()).filter(|when| when != "latest")),
            ("--users", self.tables.users.as_ref().map(path)),
            ("--accounts", self.tables.accounts.as_ref().map(path)),
            ("--users-key", self.tables.users_key.clone()),
            ("--accounts-key", self.tables.accounts_key.clone()),
        ];
        given_words(options).into_iter().chain(self.tables.outcome_words()).collect()
    }
}

/// Which lines a run accepts, and how much memory a file may take. Apart from [`RunArgs`] for its place in the help, behind the options of the command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LimitArgs {
    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::parse_max_line)]
    max_line: BlockLimits,

    /// End at a Parquet file that would take more memory than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = super::parse_max_table)]
    max_table: usize,
}

impl LimitArgs {
    /// The options as words of a command line. Options with their default values are left out.
    pub(crate) fn words(&self) -> Vec<String> {
        let standard = BlockLimits::STANDARD;
        let (line, table) = (self.max_line.line_bytes_max, self.max_table);
        let options = [
            ("--max-rejects", Some(self.max_rejects.clone()).filter(|limit| limit != "1%")),
            ("--max-line", (line != standard.line_bytes_max).then(|| line.to_string())),
            ("--max-table", (table != standard.table_bytes_max).then(|| table.to_string())),
        ];
        given_words(options)
    }
}

/// The words of options that have values.
fn given_words(options: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Vec<String> {
    let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
    given.flatten().collect()
}

/// The options as a run takes them.
#[derive(Debug)]
pub(crate) struct RunSettings<'a> {
    /// The options themselves, for the files that they name.
    pub(crate) args: &'a RunArgs,
    /// The instant to look from.
    pub(crate) when: AsOfRequest,
    /// The present; 0 where no instant depends on it.
    pub(crate) now: Micros,
    /// How many rejected lines end the run.
    pub(crate) max_rejects: MaxRejects,
    /// How long a line may be, and how much memory a Parquet file may take.
    pub(crate) limits: BlockLimits,
}

impl<'a> RunSettings<'a> {
    /// Reads the options, before any file is looked at.
    ///
    /// # Errors
    /// Usage, if `--as-of` or `--max-rejects` is none.
    pub(crate) fn new(args: &'a RunArgs, limits: &LimitArgs) -> Result<RunSettings<'a>, CommandError> {
        let when = parse_as_of(&args.as_of)?;
        let max_rejects = parse_max_rejects(&limits.max_rejects)?;
        Ok(RunSettings {
            args,
            when,
            now: current_time(when),
            max_rejects,
            limits: limits.max_line.with_table(limits.max_table),
        })
    }

    /// The format to read files as under a model, or `auto`.
    pub(crate) fn format(&self, model: &Model) -> &'static str {
        self.args.from.map_or(model.resolved.input.format, InputFormatArg::as_str)
    }
}
