//! `pql check`: the problems of models, all of them.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use super::{Exit, Failure, model, paint, tell};
use crate::{diag::render, lint::lint, model::parse_with_source, units::plural};

/// Check models: every problem, each with its place and a way out.
///
/// Reads nothing but the named files. Ends with exit code 1 if any of them has an error.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    /// Model files
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for path in &arguments.models {
        let document = model::read(path)?;
        match parse_with_source(&document) {
            Ok((model, source)) => {
                let warnings = lint(&model, &source);
                if !warnings.is_empty() {
                    tell(&render(&document, &warnings, paint()));
                    let count = plural(warnings.len() as u64, "warning", "warnings");
                    tell(&format!("\n{}: {count}", crate::diag::visible(&document.name)));
                    continue;
                }
                let level = |level: &crate::model::compiled::Level| {
                    format!(
                        "{}, {}",
                        plural(level.signals.len() as u64, "signal", "signals"),
                        plural(level.tiers.len() as u64, "tier", "tiers")
                    )
                };
                let line = format!(
                    "{}: no problems (users: {}; accounts: {})\n",
                    crate::diag::visible(&document.name),
                    level(&model.user),
                    level(&model.account)
                );
                io::stdout().lock().write_all(line.as_bytes()).map_err(Failure::output)?;
            }
            Err(problems) => {
                tell(&render(&problems.document, &problems.list, paint()));
                tell(&format!(
                    "\n{}: {}",
                    crate::diag::visible(&document.name),
                    plural(problems.list.len() as u64, "error", "errors")
                ));
                exit = Exit::No;
            }
        }
    }
    Ok(exit)
}
