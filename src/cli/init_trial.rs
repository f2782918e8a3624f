//! A first model, tried on the events and files that it was made from.

use std::collections::BTreeSet;

use super::{
    CommandError,
    args::InputFormatArg,
    enrichment::{EnrichmentFiles, EventsAtHand},
    messages::{self, Verbosity},
    threads,
};
use crate::commands::{
    check,
    init::{EntityTable, FirstModel, LevelOutlook, ModelLessons},
};
use pql_engine::{
    decode::misread::NotUnderstood,
    inspect::InspectedInput,
    pipeline::{self, AsOfRequest, EnrichmentCoverage, LoadedTables, MaxRejects, PipelineJob, RunError},
    plan::{Model, parse_all_facts},
    read::{BlockLimits, ChangeGuard, InputSource},
};
use pql_model::{EntityKind, PerKind, codes, diag::SourceDocument};

/// The inputs and settings that scoring the events again takes.
pub(super) struct ModelTrial<'t> {
    pub(super) inputs: &'t [InputSource],
    /// The files as they were before the first reading; none if they can be read only once.
    pub(super) guard: Option<&'t ChangeGuard>,
    pub(super) from: Option<InputFormatArg>,
    pub(super) limits: BlockLimits,
    pub(super) dump: &'t InspectedInput,
    /// The files of users and accounts, and what their columns hold.
    pub(super) files: &'t EnrichmentFiles<'t>,
    pub(super) tables: &'t PerKind<Option<EntityTable>>,
}

/// What a model says of the events.
pub(super) struct TrialFindings {
    pub(super) lessons: ModelLessons,
    pub(super) outlook: PerKind<LevelOutlook>,
    pub(super) coverage: EnrichmentCoverage,
    /// Conditions on words that nobody meets, as sentences.
    pub(super) unmet: Vec<String>,
}

/// Problems that only events show, and that make a count nothing.
const FATAL: [&str; 3] = [codes::NO_SUCH_EVENT, codes::NO_SUCH_PROPERTY, codes::NO_SUCH_VALUE];

impl ModelTrial<'_> {
    /// Scores the events. None if they can be read only once, or if the model finds no event among them.
    ///
    /// # Errors
    /// Those of reading and of scoring.
    pub(super) fn run(&self, first: &FirstModel) -> Result<Option<TrialFindings>, CommandError> {
        let document = SourceDocument { name: "(the model)".to_owned(), text: first.text.clone() };
        let model = parse_all_facts(&document).map_err(CommandError::document)?;
        let format = self.from.map_or(model.resolved.input.format, InputFormatArg::as_str);
        let events = EventsAtHand { inputs: self.inputs, format, limits: self.limits };
        let levels = self.files.levels_for_model(&model, events, Verbosity::Quiet)?;
        let tables = LoadedTables { levels, outcomes: None };
        let Some(guard) = self.guard else { return Ok(None) };
        let job = PipelineJob {
            model: &model,
            inputs: self.inputs.to_vec(),
            format,
            when: AsOfRequest::Latest,
            now: jiff::Timestamp::now().as_microsecond(),
            workers: threads::configure_thread_pool(None, self.inputs),
            max_rejects: MaxRejects::Count(u64::MAX),
            keep_rejects: false,
            limits: self.limits,
            users: tables.levels.user.as_ref(),
        };
        let folded = match pipeline::fold_inputs(&job, None) {
            Err(RunError::NoEvents { .. }) => return Ok(None),
            folded => folded?,
        };
        let (scored, coverage) = pipeline::score_state((&folded.state, folded.as_of), &model, tables.for_run())?;
        guard.verify()?;
        let problems = check::data::warnings(&model, self.dump, &scored);
        let fatal: Vec<_> = problems.into_iter().filter(|problem| FATAL.contains(&problem.code)).collect();
        let outlook = PerKind::from_fn(|side| LevelOutlook {
            shortfall: first.shortfall(&model, &scored, side),
            ..LevelOutlook::of(&model, &scored, side)
        });
        let misread = messages::all_not_understood(&tables, &folded);
        let lessons = ModelLessons { nothing: first.counting_nothing(&fatal), ..self.lessons_of(&model, &misread) };
        Ok(Some(TrialFindings { lessons, outlook, coverage, unmet: first.unmet(&model, &scored) }))
    }

    /// How values that became null can be read; where none can, that they are none of their trait.
    fn lessons_of(&self, model: &Model, misread: &[NotUnderstood]) -> ModelLessons {
        let mut lessons = ModelLessons::default();
        for one in misread {
            for side in EntityKind::ALL.into_iter().filter(|side| one.of == "events" || one.of == side.plural()) {
                let known: BTreeSet<&str> =
                    model.resolved.level(side).traits.iter().map(|known| known.name.name.as_str()).collect();
                let traits: Vec<&String> = one.traits.iter().filter(|name| known.contains(name.as_str())).collect();
                let formats: Vec<&'static str> = one.candidates.formats().map(|format| format.word()).collect();
                if !formats.is_empty() {
                    lessons.formats.extend(traits.iter().map(|name| ((side, (*name).clone()), formats.clone())));
                } else if !traits.is_empty() && one.count * 2 > self.filled(side, one) {
                    lessons.unreadable.insert((side, one.column.clone()));
                }
            }
        }
        lessons
    }

    /// The values of a column or property.
    fn filled(&self, side: EntityKind, misread: &NotUnderstood) -> u64 {
        let column = &misread.column;
        if misread.of == "events" {
            let survey = &self.dump.survey;
            let records = match side {
                EntityKind::User => &survey.user_traits,
                EntityKind::Account => &survey.account_traits,
            };
            let of_events = survey.names.values().filter_map(|profile| profile.properties.by_path.get(column));
            return of_events.chain(records.by_path.get(column)).map(|profile| profile.filled()).sum();
        }
        let columns = self.tables[side].as_ref().and_then(|table| table.columns.columns.by_path.get(column));
        columns.map_or(0, |profile| profile.filled())
    }
}
