//! What the outputs of a model need, and the resolved model put together of it.

use super::{ModelResolver, PhaseLimit, event_names::spanned_name, level, phase::ScoringPhase};
use crate::{
    EntityKind, PerKind,
    expr::{Program, ValueType},
    resolved::{
        DeclaredExpression, DeclaredRollup, EventBase, EventForm, EventSelection, EventSet, Expectation, IdGlob,
        IdentitySettings, IdentitySpans, InputSettings, Level, ListFile, Metric, OutcomeMap, ReportSettings,
        ResolvedModel, RowQuery, ScoringStep, TextSpan, Trait,
    },
    syntax::TraitSyntax,
    toml_reader::SpannedText,
};

/// The event that starts an entity where the model names none.
const USUAL_START: &str = "signup_completed";

/// What the outputs of a model need.
pub(super) struct ResolvedOutputs {
    levels: PerKind<Level>,
    champion: Option<Program>,
    buyer: Option<Program>,
    email_traits: Vec<Trait>,
    ignored: Vec<EventSelection>,
    start: EventSelection,
    expectations: Vec<Expectation>,
    lists: Vec<ListFile>,
    report: ReportSettings,
    outcomes: Option<OutcomeMap>,
}

impl ModelResolver<'_, '_> {
    /// Resolves what the outputs need.
    pub(super) fn outputs(&mut self) -> ResolvedOutputs {
        let file = self.file;
        let levels = PerKind::from_fn(|side| level::resolve(self, side));
        ResolvedOutputs {
            expectations: self.expectations(&levels),
            lists: self.output_files(),
            report: self.report(),
            outcomes: self.outcome_map(),
            levels,
            champion: self.person(file.user.champion.as_ref()),
            buyer: self.person(file.user.buyer.as_ref()),
            email_traits: self.email_traits(),
            ignored: file.ignore.iter().map(|name| self.named(std::slice::from_ref(name))).collect(),
            start: file.start_event.as_ref().map_or_else(usual_start, |name| self.named(std::slice::from_ref(name))),
        }
    }

    /// Puts together a model in which nothing failed.
    pub(super) fn assemble(mut self, fingerprint: String) -> ResolvedModel {
        let ResolvedOutputs {
            levels,
            champion,
            buyer,
            email_traits,
            ignored,
            start,
            expectations,
            lists,
            report,
            outcomes,
        } = self.outputs();
        let levels = PerKind {
            user: self.level(EntityKind::User, levels.user),
            account: self.level(EntityKind::Account, levels.account),
        };
        let metrics = self.all_metrics();
        let file = self.file;
        ResolvedModel {
            name: file.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            fingerprint,
            zone: file.zone.clone(),
            week_start: file.week_start,
            input: self.input(),
            identity: self.identity(),
            ignored_warnings: file.warnings.clone(),
            expectations,
            lists,
            report,
            stamp: file.output.stamp,
            requested: RowQuery::default(),
            events: self.event_names(),
            start,
            ignored,
            metrics,
            levels,
            email_traits,
            champion,
            champion_span: span_of(file.user.champion.as_ref()),
            buyer,
            buyer_span: span_of(file.user.buyer.as_ref()),
            holdout: file.holdout.clone(),
            outcomes,
            steps: self.steps(),
            entries: file.entries.clone(),
            properties: self.properties.paths,
            conditions: self.conditions,
            order: self.order,
        }
    }

    fn person(&mut self, text: Option<&SpannedText>) -> Option<Program> {
        self.condition(EntityKind::User, text?, PhaseLimit::PEOPLE)
    }

    /// Every metric, those that nothing needs among them.
    fn all_metrics(&mut self) -> Vec<Metric> {
        for index in 0..self.file.metrics.len() {
            self.declared_metric(index);
        }
        std::mem::take(&mut self.metrics).into_iter().flatten().collect()
    }

    /// Scoring and the facts that are computed, in the order of the phases.
    fn steps(&mut self) -> Vec<ScoringStep> {
        let mut steps = vec![
            (ScoringPhase::SEGMENT, ScoringStep::Segment),
            (ScoringPhase::USER_POINTS, ScoringStep::UserPoints),
            (ScoringPhase::USER_TIER, ScoringStep::UserTier),
            (ScoringPhase::ACCOUNT_POINTS, ScoringStep::AccountPoints),
            (ScoringPhase::ACCOUNT_TIER, ScoringStep::AccountTier),
            (ScoringPhase::ROUTES, ScoringStep::UserRoute),
            (ScoringPhase::ROUTES, ScoringStep::AccountRoute),
        ];
        steps.append(&mut self.steps);
        // A stable sort: within a phase scoring comes first, then facts in the order in which they were resolved.
        steps.sort_by_key(|(phase, _)| *phase);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// The trait that is the e-mail of users: the text that the model declares as `email`, else the
    /// usual one.
    fn email_traits(&mut self) -> Vec<Trait> {
        let usual = TraitSyntax::email();
        let is_email = |one: &&TraitSyntax| one.name.value == usual.name.value && one.kind == ValueType::Text;
        let declared = self.file.user.traits.iter().find(is_email);
        vec![self.declared_trait(declared.unwrap_or(&usual))]
    }

    /// Puts facts and what is declared into a level, now that nothing asks for more of them.
    fn level(&mut self, side: EntityKind, mut level: Level) -> Level {
        let file = self.level_file(side);
        level.traits = file.traits.iter().map(|one| self.declared_trait(one)).collect();
        level.expressions = file
            .facts
            .iter()
            .map(|(name, text)| DeclaredExpression { name: spanned_name(name), span: text.span.clone() })
            .collect();
        level.rollups = file
            .rollups
            .iter()
            .map(|rollup| DeclaredRollup {
                name: spanned_name(&rollup.name),
                value: span_of(rollup.value.as_ref()),
                filter: span_of(rollup.filter.as_ref()),
            })
            .collect();
        level.bounded_categories = file.categories.iter().map(|category| spanned_name(&category.name)).collect();
        level.comparisons = self.fact_comparisons(side);
        let builder = self.side(side);
        level.facts = std::mem::take(&mut builder.facts);
        level.milestones = std::mem::take(&mut builder.milestones).into_iter().flatten().collect();
        level.computed_columns = std::mem::take(&mut builder.computed);
        level.milestone_order = std::mem::take(&mut builder.milestone_order);
        level
    }

    fn input(&self) -> InputSettings {
        let input = &self.file.input;
        InputSettings {
            format: input.format,
            fields: input.fields.clone(),
            format_fields: input.format_fields.clone(),
            received: input.received.clone(),
            format_received: input.format_received.clone(),
            group_type: input.group_type.as_ref().map(|text| text.value.clone()),
            zone: input.zone.clone(),
            dedupe: input.dedupe,
            ignore_noise: self.file.ignore_noise,
        }
    }

    fn identity(&self) -> IdentitySettings {
        let identity = &self.file.identity;
        IdentitySettings {
            email_domain: identity.email_domain,
            free_mail: texts(&identity.free_mail),
            exclude_domains: texts(&identity.exclude_domains),
            exclude_users: patterns(&identity.exclude_users),
            service_users: patterns(&identity.service_users),
            spans: IdentitySpans {
                exclude_domains: spans(&identity.exclude_domains),
                exclude_users: spans(&identity.exclude_users),
                service_users: spans(&identity.service_users),
            },
        }
    }
}

/// The events that start an entity where the model names none.
fn usual_start() -> EventSelection {
    let form = EventForm { name: USUAL_START.to_owned(), conditions: Vec::new() };
    EventSelection { names: Vec::new(), set: EventSet { base: EventBase::Named(vec![form]), condition: None } }
}

/// Where a text stands that may be left out.
pub(super) fn span_of(text: Option<&SpannedText>) -> Option<TextSpan> {
    text.map(|text| text.span.clone())
}

fn texts(list: &[SpannedText]) -> Vec<String> {
    list.iter().map(|text| text.value.clone()).collect()
}

fn spans(list: &[SpannedText]) -> Vec<TextSpan> {
    list.iter().map(|text| text.span.clone()).collect()
}

/// Patterns of ids. The reader of the syntax has reported the invalid ones.
fn patterns(list: &[SpannedText]) -> Vec<IdGlob> {
    list.iter().filter_map(|text| IdGlob::new(&text.value)).collect()
}
