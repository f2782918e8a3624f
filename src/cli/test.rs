//! `pql test`: cases for models, run and reported.

use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus, model_file, paint, print_problems, print_stderr,
    stdout::{pretty_json, print_stdout},
    threads,
};
use pql_engine::{
    cases::{
        self, Coverage, TestRecord, TestSuite,
        report::{ModelCoverage, TestFileReport, TestReport},
    },
    plan::{Model, parse_all_facts},
};
use pql_model::diag::{SourceDocument, escape_ci_commands, render};

/// Test models with cases: a few events, and the result that the model should give.
///
/// Runs the cases of the named files through the same steps as `pql score`. A failure shows what was expected, what came out, and how it came about.
/// The days of a case are runs with a record, so a case can expect changes and alerts. Ends with exit code 1 if a case fails, or if --min-coverage is not reached.
#[derive(Debug, clap::Args)]
pub(super) struct TestArguments {
    /// Files of cases
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Run only the cases whose name matches this regular expression
    #[arg(long, value_name = "REGEX")]
    run: Option<String>,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = TestFormat::Human)]
    format: TestFormat,

    /// Tell which signals, rungs of ladders, tiers, routes, suppressions and alerts no case reaches
    #[arg(long)]
    coverage: bool,

    /// Fail if the cases reach less than this share of a model, in percent
    #[arg(long, value_name = "PERCENT")]
    min_coverage: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TestFormat {
    /// For people, with the ledger behind each failure
    Human,
    /// One object
    Json,
    /// XML for build servers
    Junit,
    /// Annotations for GitHub Actions
    Github,
}

/// A file of cases and the model that it is about.
struct LoadedSuite {
    suite: TestSuite,
    model: usize,
}

/// A model that cases are about.
struct TestedModel {
    document: SourceDocument,
    model: Model,
}

pub(super) fn run(arguments: &TestArguments) -> Result<ExitStatus, CommandError> {
    let wanted = match &arguments.run {
        Some(text) => Some(
            regex_lite::Regex::new(text)
                .map_err(|error| CommandError::usage(format!("--run `{text}` is no regular expression: {error}")))?,
        ),
        None => None,
    };
    let least = arguments.min_coverage;
    if least.is_some_and(|least| !(0.0..=100.0).contains(&least)) {
        return Err(CommandError::usage("--min-coverage is a share in percent, from 0 to 100"));
    }
    let (loaded, subjects) = load(&arguments.files)?;
    // A case has a handful of events.
    threads::configure_thread_pool(Some(1), &[]);
    let mut files = Vec::new();
    let mut coverage: Vec<Coverage> = subjects.iter().map(|subject| Coverage::new(&subject.model)).collect();
    let mut broken = false;
    for LoadedSuite { suite, model } in loaded {
        let subject = &subjects[model];
        let cases = match cases::bind(&suite, &subject.model) {
            Ok((cases, warnings)) => {
                if !warnings.is_empty() {
                    print_stderr(&format!("{}\n", render(&suite.document, &warnings, paint())));
                }
                cases
            }
            Err(problems) => {
                print_problems(&problems);
                broken = true;
                continue;
            }
        };
        let all = cases.len();
        let chosen = cases.iter().filter(|case| wanted.as_ref().is_none_or(|wanted| wanted.is_match(&case.name)));
        let outcomes: Vec<_> = chosen.map(|case| cases::run(case, &subject.model, &mut coverage[model])).collect();
        let left_out = all - outcomes.len();
        files.push(TestFileReport { document: suite.document, results: outcomes, left_out });
    }
    if broken {
        return Ok(ExitStatus::CannotStart);
    }
    let asked = arguments.coverage || least.is_some();
    let coverage = subjects.into_iter().zip(coverage).filter(|_| asked).map(|(subject, coverage)| ModelCoverage {
        name: subject.document.name,
        coverage,
        least,
    });
    report(arguments.format, &TestReport { files, coverage: coverage.collect() })
}

fn report(format: TestFormat, report: &TestReport) -> Result<ExitStatus, CommandError> {
    let text = match format {
        TestFormat::Human => escape_ci_commands(&report.human()).into_owned(),
        TestFormat::Json => pretty_json(&TestRecord::new(report)),
        TestFormat::Junit => report.junit(),
        TestFormat::Github => report.github(),
    };
    print_stdout(&text)?;
    let (passed, failed) = report.counts();
    if passed + failed == 0 {
        return Err(CommandError::Error(
            anyhow::anyhow!("no case has a name that --run matches, so nothing was tested"),
            ExitStatus::Negative,
        ));
    }
    Ok(if report.passed() { ExitStatus::Done } else { ExitStatus::Negative })
}

/// Reads the files and their models, each model once. All problems are reported before any case runs.
fn load(files: &[PathBuf]) -> Result<(Vec<LoadedSuite>, Vec<TestedModel>), CommandError> {
    let mut loaded = Vec::new();
    let mut subjects: Vec<TestedModel> = Vec::new();
    let mut refused: Vec<String> = Vec::new();
    let mut broken = Vec::new();
    for path in files {
        let suite = match cases::parse_suite(model_file::read_document(path, model_file::CASES)?) {
            Ok(suite) => suite,
            Err(problems) => {
                broken.push(problems);
                continue;
            }
        };
        let document = model_of(&suite, path)?;
        if let Some(known) = subjects.iter().position(|subject| subject.document.text == document.text) {
            loaded.push(LoadedSuite { suite, model: known });
        } else if !refused.contains(&document.text) {
            match parse_all_facts(&document) {
                Ok(mut model) => {
                    cases::use_native_input(&mut model);
                    loaded.push(LoadedSuite { suite, model: subjects.len() });
                    subjects.push(TestedModel { document, model });
                }
                Err(problems) => {
                    refused.push(document.text);
                    broken.push(problems);
                }
            }
        }
    }
    if broken.is_empty() { Ok((loaded, subjects)) } else { Err(CommandError::documents(broken)) }
}

/// A path without what goes down and up again; links are not looked at.
fn normalize_path(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match (part, tidy.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => drop(tidy.pop()),
            (Component::CurDir, _) => {}
            (part, _) => tidy.push(part),
        }
    }
    tidy
}

/// The model of a file of cases: beside it, or the built-in one.
fn model_of(suite: &TestSuite, path: &Path) -> Result<SourceDocument, CommandError> {
    let Some((named, span)) = &suite.model else {
        return Ok(model_file::built_in());
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    model_file::read(&normalize_path(&folder.join(named))).map_err(|failure| match failure {
        CommandError::Error(error, exit) => {
            let (line, _) = suite.document.position(span.start);
            CommandError::Error(error.context(format!("{}:{line} names a model", suite.document.name)), exit)
        }
        other => other,
    })
}
