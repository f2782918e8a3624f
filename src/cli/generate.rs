//! `pql schema`, `pql completions` and `pql man`: what editors, shells and the manual reader want to know.

use std::io::{self, Write};

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::{CliArguments, CommandError, ExitStatus, stdout::pretty_json};
use pql_model::schema;

/// Print the JSON Schema of a file that people write, for editors.
///
/// With it an editor completes keys and checks values while a model or a file of cases is typed.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArguments {
    /// Of which file
    #[arg(value_enum, default_value_t = SchemaKind::Model)]
    of: SchemaKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaKind {
    /// A model
    Model,
    /// A file of cases, for `pql test`
    Cases,
}

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArguments {
    /// Which shell
    shell: Shell,
}

/// Print the manual page of the program, or of a command.
#[derive(Debug, clap::Args)]
pub(super) struct ManArguments {
    /// A command such as `score`; without it, the page of the program
    command: Option<String>,
}

pub(super) fn schema(arguments: &SchemaArguments) -> Result<ExitStatus, CommandError> {
    let schema = match arguments.of {
        SchemaKind::Model => schema::model(),
        SchemaKind::Cases => pql_engine::cases::json_schema::cases(),
    };
    print(pretty_json(&schema).as_bytes())
}

pub(super) fn completions(arguments: &CompletionsArguments) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CliArguments::command(), "pql", &mut script);
    print(&script)
}

pub(super) fn man(arguments: &ManArguments) -> Result<ExitStatus, CommandError> {
    let mut program = CliArguments::command();
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            let Some(command) = found else {
                let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
                let help = pql_model::diag::suggest(name, names).unwrap_or_default();
                return Err(CommandError::usage(format!("no command `{name}`; {help}")));
            };
            command
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(CommandError::output)?;
    print(&page)
}

fn print(bytes: &[u8]) -> Result<ExitStatus, CommandError> {
    let mut stdout = io::stdout().lock();
    // A text that does not end with its last line is still in the buffer.
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(CommandError::output)?;
    Ok(ExitStatus::Done)
}
