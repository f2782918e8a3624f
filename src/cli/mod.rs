//! The command line: what was typed to settings, settings to a run, results to the terminal and exit codes.
//!
//! Nothing below this module reads the clock, the environment or the terminal.

mod args;
mod backtest;
mod changes;
mod check;
mod diff;
mod enrichment;
mod examples;
mod exit;
mod explain;
mod folder_lock;
mod generate;
mod init;
mod init_choices;
mod init_fields;
mod init_name;
mod init_outcomes;
mod init_questions;
mod init_report;
mod init_tables;
mod init_trial;
mod inspect;
mod interrupt;
mod messages;
mod model_file;
mod outcomes;
mod output_file;
mod prepare;
mod record;
mod replay;
mod rule;
mod score;
mod shell;
mod stdout;
mod table_file;
mod test;
mod threads;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
};

use clap::{Parser, Subcommand};

pub use exit::{CommandError, ExitStatus};

use pql_model::diag::{ColourMode, DocumentProblems, escape_ci_commands, escape_controls, render};

/// Scores exported product events: who is a product-qualified lead or account, and every reason why.
#[derive(Debug, Parser)]
#[command(
    name = "pql",
    version,
    about,
    long_about = LONG_ABOUT,
    after_long_help = EXIT_CODES,
    max_term_width = 100,
    propagate_version = true
)]
struct CliArguments {
    #[command(subcommand)]
    command: CliCommand,
}

const LONG_ABOUT: &str = "Scores exported product events: who is a product-qualified lead or account, and every reason why.

A product-qualified lead (PQL) is a user whose use of the product shows that a conversation about buying is worthwhile. A product-qualified account \
(PQA) is a company, team or workspace whose people show the same together. pql reads events and adds up points for each user and account. A model, \
which is a TOML file that you can change, says which behaviour counts. Each row has the score, the tier, the next step and every reason.";

const EXIT_CODES: &str = "Examples:
  Look into an export, write a first model for it, and score it:
    pql inspect export.zip
    pql init export.zip
    pql score export.zip --out out
  Explain a score:
    pql explain user:u033 export.zip

Exit codes:
  0  The command is done. It is 0 too if the reader of a pipe went away.
  1  The command judged its input and refused it: a model has errors, a case fails, a condition of --fail-if holds, too many lines were rejected, \
the input is empty.
  2  The command did not start: wrong usage, a missing file, a model or table that cannot be used.
  3  Reading or writing failed.";

#[derive(Debug, Subcommand)]
enum CliCommand {
    Score(Box<score::ScoreArguments>),
    #[command(after_help = examples::CHECK)]
    Check(Box<check::CheckArguments>),
    #[command(after_help = examples::RULE)]
    Rule(rule::RuleArguments),
    #[command(after_help = examples::INSPECT)]
    Inspect(inspect::InspectArguments),
    #[command(after_help = examples::INIT)]
    Init(init::InitArguments),
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::ExplainArguments),
    #[command(after_help = examples::TEST)]
    Test(test::TestArguments),
    Diff(diff::DiffArguments),
    #[command(after_help = examples::CHANGES)]
    Changes(changes::ChangesArguments),
    #[command(after_help = examples::REPLAY)]
    Replay(Box<replay::ReplayArguments>),
    #[command(after_help = examples::BACKTEST)]
    Backtest(Box<backtest::BacktestArguments>),
    #[command(after_help = examples::RECORD)]
    Record(record::RecordArguments),
    #[command(after_help = examples::SCHEMA)]
    Schema(generate::SchemaArguments),
    #[command(after_help = examples::COMPLETIONS)]
    Completions(generate::CompletionsArguments),
    #[command(after_help = examples::MAN)]
    Man(generate::ManArguments),
}

/// Runs the program with its arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match CliArguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) => {
            let wrong = error.use_stderr();
            return match print_usage(&error, &typed) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => CommandError::output(error).report(),
                _ if wrong => ExitStatus::CannotStart,
                _ => ExitStatus::Done,
            };
        }
    };
    let result = match arguments.command {
        CliCommand::Score(arguments) => score::run(&arguments),
        CliCommand::Check(arguments) => check::run(&arguments),
        CliCommand::Rule(arguments) => rule::run(&arguments),
        CliCommand::Inspect(arguments) => inspect::run(&arguments),
        CliCommand::Init(arguments) => init::run(&arguments),
        CliCommand::Explain(arguments) => explain::run(&arguments),
        CliCommand::Test(arguments) => test::run(&arguments),
        CliCommand::Diff(arguments) => diff::run(&arguments),
        CliCommand::Changes(arguments) => changes::run(&arguments),
        CliCommand::Replay(arguments) => replay::run(&arguments),
        CliCommand::Backtest(arguments) => backtest::run(&arguments),
        CliCommand::Record(arguments) => record::run(&arguments),
        CliCommand::Schema(arguments) => generate::schema(&arguments),
        CliCommand::Completions(arguments) => generate::completions(&arguments),
        CliCommand::Man(arguments) => generate::man(&arguments),
    };
    match result {
        Ok(exit) => exit,
        Err(failure) => failure.report(),
    }
}

/// Prints help, or what is wrong with the arguments, which may hold what steers a terminal or a build server.
fn print_usage(error: &clap::Error, arguments: &[OsString]) -> io::Result<()> {
    let shown: Vec<String> = arguments.iter().map(|argument| escape_controls(&argument.to_string_lossy())).collect();
    let text = error.render().to_string();
    let same = shown.iter().zip(arguments).all(|(shown, typed)| typed.as_os_str() == shown.as_str());
    if same && escape_ci_commands(&text) == text {
        return error.print();
    }
    // The same error about arguments that are harmless.
    let again = CliArguments::try_parse_from(shown).err().map(|error| error.render().to_string());
    print_stderr(again.as_deref().unwrap_or("error: arguments that are no text").trim_end());
    Ok(())
}

/// Writes to the standard error output; that it cannot be written to is nobody's business.
fn print_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(escape_ci_commands(text).as_bytes());
    let _ = stderr.write_all(b"\n");
}

/// Prints the problems of one document of several, with an empty line behind them.
fn print_problems(problems: &DocumentProblems) {
    print_stderr(&format!("{}\n", render(&problems.document, &problems.list, paint())));
}

/// Whether what goes to the standard error output may carry colour.
fn paint() -> ColourMode {
    let wanted = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted { ColourMode::Colour } else { ColourMode::Plain }
}
