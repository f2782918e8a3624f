//! The scored run of an explanation: who is meant, and what the run says of that user or account at its own instant.

use std::collections::HashMap;

use super::ExplainModel;
use crate::{
    cli::{
        CommandError, ExitStatus,
        messages::{self, OutcomeMessages},
    },
    commands::explain::{
        EntityDirectory, EntityOutcome, EntityQuery, ExclusionSearch, ForecastStart, MemberReport, SecondReading,
        SignalEvents, TierBasis, UnknownEntity, WaySearch, entity_outcomes, excludes_by_id, explain_unknown_entity,
        find_signal_events, report_members, signal_rollups,
    },
};
use pql_engine::{
    ledger::{EntityRef, Ledger, build_ledger},
    pipeline::{self, FoldedRun, LoadedTables, PipelineJob},
    read::ChangeGuard,
    score::ScoredEntities,
};
use pql_model::EntityKind;

/// What a run is made of.
#[derive(Clone, Copy)]
pub(super) struct RunParts<'r> {
    pub(super) job: &'r PipelineJob<'r>,
    pub(super) chosen: &'r ExplainModel,
    pub(super) folded: &'r FoldedRun,
    pub(super) enrichment: &'r LoadedTables,
    /// Watches the files of events, if they can be read again.
    pub(super) guard: Option<&'r ChangeGuard>,
}

/// Everybody with a result.
pub(super) struct ScoredRun<'r> {
    parts: RunParts<'r>,
    scored: ScoredEntities<'r>,
    emails: HashMap<String, String>,
}

/// What the run says of the entity that is asked for, and where the look ahead begins.
pub(super) struct PresentFindings {
    pub(super) ledger: Ledger,
    pub(super) members: Option<MemberReport>,
    pub(super) outcomes: Option<Vec<EntityOutcome>>,
    pub(super) events: Option<SignalEvents>,
    pub(super) search: Option<WaySearch>,
    pub(super) start: ForecastStart,
}

/// What only a second reading of the events tells.
type ReadAgain = (Option<SignalEvents>, Option<MemberReport>);

impl<'r> ScoredRun<'r> {
    /// Scores what was folded.
    ///
    /// # Errors
    /// Those of scoring.
    pub(super) fn of(parts: RunParts<'r>) -> Result<ScoredRun<'r>, CommandError> {
        let RunParts { chosen, folded, enrichment, .. } = parts;
        let (model, users) = (&chosen.model, enrichment.levels.user.as_ref());
        let (scored, _) = pipeline::score_state((&folded.state, folded.as_of), model, enrichment.for_run())?;
        messages::warn_not_understood(&messages::all_not_understood(enrichment, folded));
        if let Some(table) = &enrichment.outcomes {
            OutcomeMessages { table, scored: &scored, model }.warn();
        }
        let emails = pipeline::user_emails(users, folded.as_of, &model.levels.user.emails);
        Ok(ScoredRun { parts, scored, emails })
    }

    /// Everybody with a result, as they were scored.
    pub(super) fn scored(&self) -> &ScoredEntities<'r> {
        &self.scored
    }

    /// What the run says of one entity at its own instant.
    ///
    /// # Errors
    /// Nobody is meant, or several are; those of a second reading.
    pub(super) fn findings(&self, query: EntityQuery<'_>) -> Result<PresentFindings, CommandError> {
        let entity = self.find_entity(query)?;
        let model = &self.parts.chosen.model;
        let ledger = build_ledger(&self.scored, model, entity);
        let (events, members) = self.second_reading(entity)?;
        let start = ForecastStart {
            side: entity.side,
            id: ledger.id.clone(),
            tier: ledger.tier.as_ref().and_then(|tier| tier.matched_rule()).map(|tier| tier.name.clone()),
            basis: TierBasis::new(&self.scored, model, entity),
        };
        let search = WaySearch::new(&self.scored, model, entity);
        let outcomes = entity_outcomes(self.parts.enrichment.outcomes.as_ref(), &self.scored, entity);
        Ok(PresentFindings { ledger, members, outcomes, events, search, start })
    }

    /// Who is meant.
    ///
    /// # Errors
    /// Several fit; nobody does, and then why.
    pub(super) fn find_entity(&self, query: EntityQuery<'_>) -> Result<EntityRef, CommandError> {
        let RunParts { job, chosen, folded, enrichment, guard } = self.parts;
        let directory = EntityDirectory { scored: &self.scored, model: &chosen.model, emails: &self.emails };
        let found = query.find(&directory).map_err(|several| CommandError::usage(several.to_string()))?;
        if let Some(entity) = found {
            return Ok(entity);
        }
        // Events that only e-mails set aside are in the state, so no second reading is needed to find them.
        let guard = guard.filter(|_| excludes_by_id(&chosen.model.resolved.identity));
        let unknown = UnknownEntity { query, directory, document: &chosen.source.document };
        let search = ExclusionSearch { job, folded, users: enrichment.levels.user.as_ref(), guard };
        let message = explain_unknown_entity(unknown, &search)?;
        Err(CommandError::Error(anyhow::anyhow!(message), ExitStatus::Negative))
    }

    /// The events of the signal that is asked for, and the members of an account, whose events are counted if they can be read again.
    ///
    /// # Errors
    /// Those of reading, and a file that changed meanwhile.
    fn second_reading(&self, entity: EntityRef) -> Result<ReadAgain, CommandError> {
        let RunParts { job, chosen, guard, .. } = self.parts;
        let (model, scored) = (&chosen.model, &self.scored);
        let again = || SecondReading { inputs: job.inputs.clone(), limits: job.limits, model, scored };
        let signal = chosen.signal(entity.side)?;
        let events = signal.map(|signal| find_signal_events(again(), entity, signal)).transpose()?;
        let members = match entity.side {
            EntityKind::User => None,
            EntityKind::Account => {
                let rollups = signal.map(|signal| signal_rollups(model, signal)).unwrap_or_default();
                Some(report_members((scored, model), entity, guard.map(|_| again()), &rollups)?)
            }
        };
        if events.is_some() || members.is_some() {
            guard.map_or(Ok(()), ChangeGuard::verify)?;
        }
        Ok((events, members))
    }
}
