//! Test cases for a model: a few events and the expected results.
//!
//! Takes case files and their models, gives [`CaseResult`]s and [`Coverage`]. The events of a case
//! become lines of JSON in memory and go through the pipeline like a file. So a case tests what
//! `score` does; this module neither decodes nor folds nor scores. The days of a case are runs with a record.
//!
//! ```text
//!  TestSuite (syntax) ─▶ bind ─▶ TestCase ─▶ pipeline ─▶ ledgers ─▶ checks ─▶ CaseResult, Coverage
//!                                    └─▶ runs ─▶ changes, alerts ─┘
//! ```

mod bind;
mod case_time;
pub(crate) mod codes;
mod coverage;
mod day_checks;
mod day_runs;
mod day_syntax;
mod event_syntax;
mod expectation;
mod expectation_syntax;
mod fact_names;
mod id_ranges;
pub mod json_schema;
mod outcome_syntax;
pub mod report;
mod report_json;
pub(crate) mod suite_syntax;
mod test_case;
mod toml_values;

use std::ops::Range;

pub use bind::bind;
pub use coverage::{Coverage, CoverageItem};
pub(crate) use expectation::CaseFailure;
pub use report_json::TestRecord;
pub use suite_syntax::{TestSuite, parse_suite};
pub use test_case::TestCase;

use self::{
    day_runs::run_days,
    expectation::{CheckContext, EntityExpectation},
    test_case::{CaseRun, CaseRuns},
};
use crate::{
    ledger::{EntityRef, Ledger, build_ledger},
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob, RejectedLines, RunError},
    plan::Model,
    read::{BlockLimits, InputKind, InputSource},
    score::ScoredEntities,
};
use pql_model::{EntityKind, PerKind};

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
    model.resolved.input.forget_fields();
}

/// Runs a case, and marks the parts of the model that the entities with expectations reach.
pub fn run(case: &TestCase, model: &Model, coverage: &mut Coverage) -> CaseResult {
    let outcome =
        CaseResult { name: case.name.clone(), span: case.span.clone(), failures: Vec::new(), ledgers: Vec::new() };
    let mut checker = CaseChecker { case, model, coverage, outcome };
    let result = match &case.runs {
        CaseRuns::Alone(run) => checker.run_alone(run),
        CaseRuns::Days(days) => run_days(&mut checker, days),
    };
    let mut outcome = checker.outcome;
    outcome.failures.extend(result.err().map(|failure| *failure));
    outcome.failures.sort_by_key(|failure| failure.span.start);
    outcome
}

/// A failure that is about no entity.
fn whole_case_failure(span: Range<usize>, what: &str, expected: &str, got: String) -> CaseFailure {
    let (what, expected) = (what.to_owned(), expected.to_owned());
    CaseFailure { span, day: None, entity: String::new(), what, expected, got }
}

/// The lines of a case up to a run.
#[derive(Debug, Clone, Copy)]
struct CaseLines<'l> {
    text: &'l str,
    /// For each line the event of the file that it was made from.
    places: &'l [Range<usize>],
}

/// A case while it runs.
struct CaseChecker<'c> {
    case: &'c TestCase,
    model: &'c Model,
    coverage: &'c mut Coverage,
    outcome: CaseResult,
}

impl<'c> CaseChecker<'c> {
    /// The job of a run.
    fn job<'j>(&'j self, lines: CaseLines<'_>, run: &'j CaseRun) -> PipelineJob<'j> {
        let kind = InputKind::Memory(lines.text.as_bytes().into());
        PipelineJob {
            model: self.model,
            inputs: vec![InputSource { name: self.case.name.clone(), kind }],
            format: "native",
            when: AsOfRequest::At(run.as_of),
            now: run.as_of,
            workers: 1,
            max_rejects: MaxRejects::Count(0),
            keep_rejects: false,
            limits: BlockLimits::STANDARD,
            users: run.tables.levels.user.as_ref(),
        }
    }

    /// Scores a case of one run and checks its expectations. The error is about the case as a whole.
    fn run_alone(&mut self, run: &'c CaseRun) -> Result<(), Box<CaseFailure>> {
        let model = self.model;
        let lines = CaseLines { text: &run.lines, places: &run.places };
        let folded = match pipeline::fold_inputs(&self.job(lines, run), None) {
            Ok(folded) => folded,
            // Without lines there are no entities, which a case may expect.
            Err(RunError::NoEvents { .. }) => {
                self.check_without_rows(run);
                return Ok(());
            }
            Err(error) => return Err(self.failure(lines, &error)),
        };
        let evaluated = pipeline::score_state((&folded.state, folded.as_of), model, run.tables.for_run());
        let (mut scored, _) = evaluated.map_err(|error| self.failure(lines, &error))?;
        self.settle_milestones(&mut scored);
        self.check(&scored, run);
        Ok(())
    }

    /// A case has few events, so those that it lacks say nothing of milestones unless it says so.
    fn settle_milestones(&self, scored: &mut ScoredEntities<'_>) {
        if !self.case.expects_unknown() {
            scored.absent_events = PerKind::default();
        }
    }

    /// The failure of a run without a result.
    fn failure(&self, lines: CaseLines<'_>, error: &RunError) -> Box<CaseFailure> {
        Box::new(match error {
            RunError::TooManyRejects { rejects, .. } => {
                let (span, reason) = self.first_reject(lines, rejects);
                whole_case_failure(span, "event", "an event that can be read", reason)
            }
            error => whole_case_failure(self.case.span.clone(), "run", "a result", error.to_string()),
        })
    }

    /// The place in the case file and the reason of the first rejected line.
    fn first_reject(&self, lines: CaseLines<'_>, rejects: &RejectedLines) -> (Range<usize>, String) {
        let first =
            rejects.by_reason().into_iter().filter_map(|(reason, _)| Some((rejects.first_of(reason)?.1, reason)));
        let Some((line, reason)) = first.min_by_key(|(line, _)| *line) else {
            return (self.case.span.clone(), String::new());
        };
        let place = usize::try_from(line).ok().and_then(|line| lines.places.get(line.checked_sub(1)?));
        let span = place.unwrap_or(&self.case.span).clone();
        (span, format!("{}: {}", reason.code(), reason.explanation()))
    }

    /// Checks a run in which nobody has a row.
    fn check_without_rows(&mut self, run: &CaseRun) {
        self.outcome.failures.extend(run.expect.iter().filter(|expect| !expect.absent).map(missing_row_failure));
    }

    /// Checks what a run expects of users and accounts.
    fn check(&mut self, scored: &ScoredEntities<'_>, run: &CaseRun) {
        for expect in &run.expect {
            let failures = self.check_entity(scored, expect);
            if !failures.is_empty() {
                self.show_ledger(scored, expect.side, &expect.id);
            }
            self.outcome.failures.extend(failures);
        }
    }

    fn check_entity(&mut self, scored: &ScoredEntities<'_>, expect: &EntityExpectation) -> Vec<CaseFailure> {
        let Some(entity) = EntityRef::find(scored, expect.side, &expect.id) else {
            return if expect.absent { Vec::new() } else { vec![missing_row_failure(expect)] };
        };
        if expect.absent {
            let (expected, got) = ("no row".to_owned(), "a row".to_owned());
            return vec![CaseFailure { expected, got, ..missing_row_failure(expect) }];
        }
        let model = self.model;
        let ledger = build_ledger(scored, model, entity);
        let subject = CheckContext { scored, model, entity, scope: entity.scope(scored), ledger: &ledger };
        self.coverage.note(&subject);
        expect.checks.iter().filter_map(|check| subject.check(check)).collect()
    }

    /// Marks what an entity reaches whose change or alert is expected.
    fn cover(&mut self, scored: &ScoredEntities<'_>, side: EntityKind, id: &str) {
        let Some(entity) = EntityRef::find(scored, side, id) else { return };
        let (model, ledger) = (self.model, build_ledger(scored, self.model, entity));
        self.coverage.note(&CheckContext { scored, model, entity, scope: entity.scope(scored), ledger: &ledger });
    }

    /// Adds the ledger of an entity to the report, once for a run.
    fn show_ledger(&mut self, scored: &ScoredEntities<'_>, side: EntityKind, id: &str) {
        let Some(entity) = EntityRef::find(scored, side, id) else { return };
        let ledger = build_ledger(scored, self.model, entity);
        let key = |ledger: &Ledger| (ledger.side, ledger.as_of.instant, ledger.id.clone());
        if !self.outcome.ledgers.iter().any(|known| key(known) == key(&ledger)) {
            self.outcome.ledgers.push(ledger);
        }
    }
}

/// The failure of an entity that should have a row but has none.
fn missing_row_failure(expect: &EntityExpectation) -> CaseFailure {
    CaseFailure {
        span: expect.span.clone(),
        day: None,
        entity: format!("{} {}", expect.side.word(), expect.id),
        what: "row".to_owned(),
        expected: "a row".to_owned(),
        got: "no event of theirs counts".to_owned(),
    }
}
