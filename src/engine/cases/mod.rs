//! Test cases for a model: a few events and the expected results.
//!
//! Takes case files and their models, gives [`CaseResult`]s and [`Coverage`]. The events of a case
//! become lines of JSON in memory and go through the pipeline like a file. So a case tests what
//! `score` does; this module neither decodes nor folds nor scores.
//!
//! ```text
//!  TestSuite (syntax) ─▶ bind ─▶ TestCase ─▶ pipeline ─▶ ledgers ─▶ checks ─▶ CaseResult, Coverage
//! ```

mod bind;
mod case_time;
pub(crate) mod codes;
mod coverage;
mod event_syntax;
mod expectation;
mod expectation_syntax;
mod fact_names;
mod id_ranges;
pub mod json_schema;
pub mod report;
mod report_json;
pub(crate) mod suite_syntax;
mod toml_values;

use std::ops::Range;

pub use bind::{TestCase, bind};
pub use coverage::{Coverage, CoverageItem};
pub(crate) use expectation::CaseFailure;
pub use report_json::TestRecord;
pub use suite_syntax::{TestSuite, parse_suite};

use self::expectation::{CheckContext, ExpectationCheck};
use crate::{
    ledger::{EntityRef, Ledger, build_ledger},
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob, RejectedLines, RunError},
    plan::Model,
    read::{BlockLimits, InputKind, InputSource},
};
use pql_model::PerKind;

/// The result of a case.
#[derive(Debug)]
pub struct CaseResult {
    /// The name of the case.
    pub(crate) name: String,
    /// The place of the name in the file.
    pub(crate) span: Range<usize>,
    /// Expectations that failed; none if the case passed.
    pub(crate) failures: Vec<CaseFailure>,
    /// The ledgers of entities with a failed expectation.
    pub ledgers: Vec<Ledger>,
}

impl CaseResult {
    /// Whether all expectations are met.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Makes a model read native events, as cases write them. Its settings for the layout of exports do
/// not apply to cases.
pub fn use_native_input(model: &mut Model) {
    model.resolved.input.format = "native";
    model.resolved.input.fields = Default::default();
}

/// Runs a case, and marks the parts of the model that the entities with expectations reach.
pub fn run(case: &TestCase, model: &Model, coverage: &mut Coverage) -> CaseResult {
    let mut outcome =
        CaseResult { name: case.name.clone(), span: case.span.clone(), failures: Vec::new(), ledgers: Vec::new() };
    if let Err(failure) = score(case, model, coverage, &mut outcome) {
        outcome.failures.push(failure);
    }
    outcome.failures.sort_by_key(|failure| failure.span.start);
    outcome
}

/// A failure that is about no entity.
fn whole_case_failure(span: Range<usize>, what: &str, expected: &str, got: String) -> CaseFailure {
    CaseFailure { span, entity: String::new(), what: what.to_owned(), expected: expected.to_owned(), got }
}

/// The failure of a case whose run has no result.
fn run_failure(case: &TestCase, error: &RunError) -> CaseFailure {
    whole_case_failure(case.span.clone(), "run", "a result", error.to_string())
}

/// Scores a case and checks its expectations. The error is about the case as a whole.
fn score(case: &TestCase, model: &Model, coverage: &mut Coverage, outcome: &mut CaseResult) -> Result<(), CaseFailure> {
    let input = InputSource { name: case.name.clone(), kind: InputKind::Memory(case.lines.as_bytes().into()) };
    let job = PipelineJob {
        model,
        inputs: vec![input],
        format: "native",
        when: AsOfRequest::At(case.as_of),
        now: case.as_of,
        workers: 1,
        max_rejects: MaxRejects::Count(0),
        keep_rejects: false,
        limits: BlockLimits::STANDARD,
        users: case.users.as_ref(),
    };
    let folded = match pipeline::fold_inputs(&job, None) {
        Ok(folded) => folded,
        Err(RunError::TooManyRejects { rejects, .. }) => {
            let (span, reason) = first_reject(case, &rejects);
            return Err(whole_case_failure(span, "event", "an event that can be read", reason));
        }
        // Without lines there are no entities, which a case may expect.
        Err(RunError::NoEvents { .. }) => {
            outcome.failures.extend(case.expect.iter().filter(|expect| !expect.absent).map(missing_row_failure));
            return Ok(());
        }
        Err(error) => return Err(run_failure(case, &error)),
    };
    let evaluated =
        pipeline::score_state(&folded.state, folded.as_of, model, case.users.as_ref(), case.accounts.as_ref());
    let (mut scored, _) = evaluated.map_err(|error| run_failure(case, &error))?;
    // A case has few events, so those that it lacks say nothing of milestones unless it says so.
    if !case.expect.iter().flat_map(|expect| &expect.checks).any(ExpectationCheck::expects_unknown) {
        scored.absent_events = PerKind::default();
    }
    for expect in &case.expect {
        let Some(entity) = EntityRef::find(&scored, expect.side, &expect.id) else {
            outcome.failures.extend((!expect.absent).then(|| missing_row_failure(expect)));
            continue;
        };
        let ledger = build_ledger(&scored, model, entity);
        let scope = entity.scope(&scored);
        let mut failures: Vec<CaseFailure> = if expect.absent {
            vec![CaseFailure { expected: "no row".to_owned(), got: "a row".to_owned(), ..missing_row_failure(expect) }]
        } else {
            coverage.note(model, expect.side, &ledger);
            let subject = CheckContext { scored: &scored, model, entity, scope, ledger: &ledger };
            expect.checks.iter().filter_map(|check| subject.check(check)).collect()
        };
        if !failures.is_empty()
            && !outcome.ledgers.iter().any(|known| (known.side, &known.id) == (ledger.side, &ledger.id))
        {
            outcome.ledgers.push(ledger);
        }
        outcome.failures.append(&mut failures);
    }
    Ok(())
}

/// The failure of an entity that should have a row but has none.
fn missing_row_failure(expect: &expectation::EntityExpectation) -> CaseFailure {
    CaseFailure {
        span: expect.span.clone(),
        entity: format!("{} {}", expect.side.word(), expect.id),
        what: "row".to_owned(),
        expected: "a row".to_owned(),
        got: "no event of theirs counts".to_owned(),
    }
}

/// The place in the case file and the reason of the first rejected line.
fn first_reject(case: &TestCase, rejects: &RejectedLines) -> (Range<usize>, String) {
    let first = rejects.by_reason().into_iter().filter_map(|(reason, _)| Some((rejects.first_of(reason)?.1, reason)));
    let Some((line, reason)) = first.min_by_key(|(line, _)| *line) else { return (case.span.clone(), String::new()) };
    let place = usize::try_from(line).ok().and_then(|line| case.places.get(line.checked_sub(1)?));
    let span = place.unwrap_or(&case.span).clone();
    (span, format!("{}: {}", reason.code(), reason.explanation()))
}
