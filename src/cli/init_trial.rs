//! A first model, tried on the events that it was made from.

use std::collections::BTreeSet;

use super::{CommandError, args::InputFormatArg, threads};
use crate::commands::{
    check,
    init::{FirstModel, LevelOutlook},
};
use pql_engine::{
    inspect::InspectedInput,
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob, RunError},
    plan::parse_all_facts,
    read::{BlockLimits, ChangeGuard, InputSource},
};
use pql_model::{PerKind, codes, diag::SourceDocument};

/// The inputs and settings that scoring the events again takes.
pub(super) struct ModelTrial<'t> {
    pub(super) inputs: &'t [InputSource],
    /// The files as they were before the first reading; none if they can be read only once.
    pub(super) guard: Option<&'t ChangeGuard>,
    pub(super) from: Option<InputFormatArg>,
    pub(super) limits: BlockLimits,
    pub(super) dump: &'t InspectedInput,
}

/// What a model says of the events.
pub(super) struct TrialFindings {
    /// Metrics and names of `[events]` that ask for values that never occur.
    pub(super) nothing: BTreeSet<String>,
    pub(super) outlook: PerKind<LevelOutlook>,
}

/// Problems that only events show, and that make a count nothing.
const FATAL: [&str; 3] = [codes::NO_SUCH_EVENT, codes::NO_SUCH_PROPERTY, codes::NO_SUCH_VALUE];

impl ModelTrial<'_> {
    /// Scores the events. None if they can be read only once, or if the model finds no event among them.
    ///
    /// # Errors
    /// Those of reading and of scoring.
    pub(super) fn run(&self, first: &FirstModel) -> Result<Option<TrialFindings>, CommandError> {
        let Some(guard) = self.guard else { return Ok(None) };
        let document = SourceDocument { name: "(the model)".to_owned(), text: first.text.clone() };
        let model = parse_all_facts(&document).map_err(CommandError::document)?;
        let job = PipelineJob {
            model: &model,
            inputs: self.inputs.to_vec(),
            format: self.from.map_or(model.resolved.input.format, InputFormatArg::as_str),
            when: AsOfRequest::Latest,
            now: jiff::Timestamp::now().as_microsecond(),
            workers: threads::configure_thread_pool(None, self.inputs),
            max_rejects: MaxRejects::Count(u64::MAX),
            keep_rejects: false,
            limits: self.limits,
            users: None,
        };
        let folded = match pipeline::fold_inputs(&job, None) {
            Err(RunError::NoEvents { .. }) => return Ok(None),
            folded => folded?,
        };
        let (scored, _) = pipeline::score_state(&folded.state, folded.as_of, &model, None, None)?;
        guard.verify()?;
        let problems = check::data::warnings(&model, &self.dump.survey, &scored);
        let fatal: Vec<_> = problems.into_iter().filter(|problem| FATAL.contains(&problem.code)).collect();
        let outlook = PerKind::from_fn(|side| LevelOutlook::of(&model, &scored, side));
        Ok(Some(TrialFindings { nothing: first.counting_nothing(&fatal), outlook }))
    }
}
