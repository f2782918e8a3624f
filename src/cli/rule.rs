//! `pql rule`: the meaning of a code, with an example that has the problem and an example without it.

use std::fmt::Write;

use clap::ValueEnum;
use serde::Serialize;

use super::{
    CommandError, ExitStatus,
    stdout::{pretty_json, print_stdout},
};
use pql_model::{
    diag::{Severity, near_miss},
    rules::{self, RuleDoc},
};

/// Explain the code of a problem: what it means, why it matters, a bad and a good example.
#[derive(Debug, clap::Args)]
pub(super) struct RuleArguments {
    /// Codes such as M014, as they stand in the messages
    #[arg(value_name = "CODE", required_unless_present = "all")]
    codes: Vec<String>,

    /// List all codes, a line each
    #[arg(long, conflicts_with = "codes")]
    all: bool,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = RuleFormat::Human)]
    format: RuleFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RuleFormat {
    /// For people
    Human,
    /// One list of codes, for programs
    Json,
}

pub(super) fn run(arguments: &RuleArguments) -> Result<ExitStatus, CommandError> {
    let rules = match arguments.all {
        true => rules::all().iter().collect(),
        false => arguments.codes.iter().map(|code| found(code)).collect::<Result<Vec<&RuleDoc>, CommandError>>()?,
    };
    let text = match arguments.format {
        RuleFormat::Json => pretty_json(&rules.into_iter().map(CodeRecord::new).collect::<Vec<CodeRecord>>()),
        RuleFormat::Human if arguments.all => rules.into_iter().map(line).collect(),
        RuleFormat::Human => rules.into_iter().map(page).collect::<Vec<String>>().join("\n\n"),
    };
    print_stdout(&text)?;
    Ok(ExitStatus::Done)
}

fn found(code: &str) -> Result<&'static RuleDoc, CommandError> {
    rules::find(code).ok_or_else(|| {
        let codes: Vec<&str> = rules::all().iter().map(|rule| rule.code).collect();
        let near = near_miss(&code.to_uppercase(), codes).map(|near| format!("a code that exists is `{near}`; "));
        let near = near.unwrap_or_default();
        CommandError::usage(format!("no problem has the code `{code}`; {near}`pql rule --all` lists them"))
    })
}

fn severity(rule: &RuleDoc) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn line(rule: &RuleDoc) -> String {
    format!("{}  {:<7}  {}\n", rule.code, severity(rule), rule.title)
}

/// Everything there is to say about a code.
fn page(rule: &RuleDoc) -> String {
    let mut out = format!("{}\n{}\n", line(rule), rule.text);
    let parts = [("Bad", rule.bad_example), ("The message", rule.output), ("Good", rule.good_example)];
    for (title, text) in parts {
        let _ = write!(out, "\n{title}:\n\n");
        for line in text.lines() {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        }
    }
    out
}

/// A code for programs.
#[derive(Serialize)]
struct CodeRecord {
    code: &'static str,
    severity: &'static str,
    title: &'static str,
    text: &'static str,
    bad: &'static str,
    told: &'static str,
    good: &'static str,
}

impl CodeRecord {
    fn new(rule: &'static RuleDoc) -> CodeRecord {
        CodeRecord {
            code: rule.code,
            severity: severity(rule),
            title: rule.title,
            text: &rule.text,
            bad: rule.bad_example,
            told: rule.output,
            good: rule.good_example,
        }
    }
}
