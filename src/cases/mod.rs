//! Cases for a model: a few events, and what is expected to come of them.
//!
//! Takes files of cases and their models; gives [`Outcome`]s and [`Coverage`]. The events of a case become lines of JSON in memory and go through
//! the pipeline as the lines of a file would: nothing is decoded, folded or scored here.

mod bind;
pub mod codes;
mod coverage;
mod event_file;
mod expect;
mod expect_file;
pub mod file;
mod ids;
mod names;
pub mod report;
mod time;
mod values;

use std::ops::Range;

pub use bind::{Case, bind};
pub use coverage::{Coverage, Item};
pub use expect::Failure;
pub use file::{Suite, read};

use self::expect::Subject;
use crate::{
    ledger::{Entity, Ledger, ledger},
    model::Model,
    pipeline::{self, Job, MaxRejects, Rejects, RunError, When},
    read::{Input, InputKind, Limits},
};

/// What a case came to.
#[derive(Debug)]
pub struct Outcome {
    /// The name of the case.
    pub name: String,
    /// Where the name stands in the file.
    pub span: Range<usize>,
    /// What was not as expected; none if the case passed.
    pub failures: Vec<Failure>,
    /// How those about whom an expectation failed came to what they are.
    pub ledgers: Vec<Ledger>,
}

/// Makes a model take the events of cases as they are written: where an export keeps the parts of a record is no business of theirs.
pub fn prepare(model: &mut Model) {
    model.input.format = "native";
    model.input.fields = Default::default();
}

/// Runs a case, and notes what those reached of whom it expects something.
pub fn run(case: &Case, model: &Model, coverage: &mut Coverage) -> Outcome {
    let mut outcome =
        Outcome { name: case.name.clone(), span: case.span.clone(), failures: Vec::new(), ledgers: Vec::new() };
    if let Err(failure) = score(case, model, coverage, &mut outcome) {
        outcome.failures.push(failure);
    }
    outcome.failures.sort_by_key(|failure| failure.span.start);
    outcome
}

/// Scores a case and holds it against what is expected; the error is about the case as a whole.
fn score(case: &Case, model: &Model, coverage: &mut Coverage, outcome: &mut Outcome) -> Result<(), Failure> {
    let whole = |span: &Range<usize>, what: &str, expected: &str, got: String| Failure {
        span: span.clone(),
        entity: String::new(),
        what: what.to_owned(),
        expected: expected.to_owned(),
        got,
    };
    let input = Input { name: case.name.clone(), kind: InputKind::Memory(case.lines.as_bytes().into()) };
    let job = Job {
        model,
        inputs: vec![input],
        format: "native",
        when: When::At(case.as_of),
        now: case.as_of,
        workers: 1,
        max_rejects: MaxRejects::Count(0),
        keep_rejects: false,
        limits: Limits::STANDARD,
    };
    let folded = match pipeline::fold(&job, None) {
        Ok(folded) => folded,
        Err(RunError::TooManyRejects { rejects, .. }) => {
            let (span, reason) = first_reject(case, &rejects);
            return Err(whole(&span, "event", "an event that can be read", reason));
        }
        // Without any line there is nobody, which is what a case may expect.
        Err(RunError::NoEvents { .. }) => {
            outcome.failures.extend(case.expect.iter().filter(|expect| !expect.absent).map(missing));
            return Ok(());
        }
        Err(error) => return Err(whole(&case.span, "run", "a result", error.to_string())),
    };
    let evaluated = pipeline::evaluate(&folded.state, folded.as_of, model, case.users.as_ref(), case.accounts.as_ref());
    let (scored, _) = evaluated.map_err(|error| whole(&case.span, "run", "a result", error.to_string()))?;
    for expect in &case.expect {
        let Some(entity) = Entity::find(&scored, expect.side, &expect.id) else {
            outcome.failures.extend((!expect.absent).then(|| missing(expect)));
            continue;
        };
        let ledger = ledger(&scored, model, entity);
        let scope = entity.scope(&scored);
        let mut failures: Vec<Failure> = if expect.absent {
            vec![Failure { expected: "no row".to_owned(), got: "a row".to_owned(), ..missing(expect) }]
        } else {
            coverage.note(model, expect.side, &ledger);
            let subject = Subject { scored: &scored, model, entity, scope, ledger: &ledger };
            expect.checks.iter().filter_map(|check| subject.hold(check)).collect()
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

/// The failure of somebody who is expected and has no row.
fn missing(expect: &expect::Expect) -> Failure {
    Failure {
        span: expect.span.clone(),
        entity: format!("{} {}", expect.side.word(), expect.id),
        what: "row".to_owned(),
        expected: "a row".to_owned(),
        got: "no event of theirs counts".to_owned(),
    }
}

/// Where the first line that was rejected was written, and why it was.
fn first_reject(case: &Case, rejects: &Rejects) -> (Range<usize>, String) {
    let first = rejects.by_reason().into_iter().filter_map(|(reason, _)| Some((rejects.first_of(reason)?.1, reason)));
    let Some((line, reason)) = first.min_by_key(|(line, _)| *line) else { return (case.span.clone(), String::new()) };
    let place = usize::try_from(line).ok().and_then(|line| case.places.get(line.checked_sub(1)?));
    let span = place.unwrap_or(&case.span).clone();
    (span, format!("{}: {}", reason.code(), reason.explanation()))
}
