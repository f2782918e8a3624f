//! What the outputs of a model need, put together.

use super::{ModelCompiler, PhaseLimit, aggregation::EventSelector, level, phase::ScoringPhase};
use crate::{
    EntityKind, PerKind,
    expr::ValueType,
    plan::{IdGlob, IdentitySettings, InputSettings, Level, Model, ScoringStep},
    syntax::TraitSyntax,
    toml_reader::SpannedText,
};

impl ModelCompiler<'_, '_> {
    /// Compiles what the outputs need, and puts it together.
    pub(super) fn finish(mut self, fingerprint: String) -> Model {
        let user = level::compile(&mut self, EntityKind::User);
        let account = level::compile(&mut self, EntityKind::Account);
        let people = [&self.file.user.champion, &self.file.user.buyer];
        let [champion, buyer] = people
            .map(|text| text.as_ref().and_then(|text| self.condition(EntityKind::User, text, PhaseLimit::ROUTES)));
        let emails = self.emails();
        let ignore: Vec<EventSelector> =
            self.file.ignore.iter().map(|name| self.base(std::slice::from_ref(name))).collect();
        let start = match &self.file.start_event {
            Some(name) => self.base(std::slice::from_ref(name)),
            None => EventSelector::Named(vec![("signup_completed".to_owned(), Vec::new())]),
        };
        let mut steps = std::mem::take(&mut self.steps);
        let scoring = [
            (ScoringPhase::SEGMENT, ScoringStep::Segment),
            (ScoringPhase::USER_POINTS, ScoringStep::UserPoints),
            (ScoringPhase::USER_TIER, ScoringStep::UserTier),
            (ScoringPhase::ACCOUNT_POINTS, ScoringStep::AccountPoints),
            (ScoringPhase::ACCOUNT_TIER, ScoringStep::AccountTier),
            (ScoringPhase::ROUTES, ScoringStep::UserRoute),
            (ScoringPhase::ROUTES, ScoringStep::AccountRoute),
        ];
        // A stable sort: within a phase scoring comes first, then facts in the order in which they were compiled.
        steps.splice(0..0, scoring);
        steps.sort_by_key(|(phase, _)| *phase);
        Model {
            name: self.file.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            fingerprint,
            zone: self.file.zone.clone(),
            week_start: self.file.week_start,
            input: self.input(),
            identity: self.identity(),
            tracking: self.tracking(),
            ignored_warnings: self.file.warnings.clone(),
            levels: PerKind {
                user: Level { emails, ..self.level(EntityKind::User, user) },
                account: self.level(EntityKind::Account, account),
            },
            champion,
            buyer,
            steps: steps.into_iter().map(|(_, step)| step).collect(),
            aggregation: self.intake.finish(&ignore, &start),
        }
    }

    /// The trait that is the e-mail of users: `email` as the model declares it, if it is text, else
    /// as `{ type = "text" }` would.
    pub(super) fn emails(&mut self) -> Vec<usize> {
        let usual = TraitSyntax::email();
        let is_email = |one: &&TraitSyntax| one.name.value == usual.name.value && one.kind == ValueType::Text;
        let declared = self.file.user.traits.iter().find(is_email);
        vec![self.trait_plan(EntityKind::User, declared.unwrap_or(&usual))]
    }

    /// Puts facts, traits and milestones into a level, now that nothing asks for more of them.
    pub(super) fn level(&mut self, side: EntityKind, mut level: Level) -> Level {
        let builder = self.side(side);
        level.facts = std::mem::take(&mut builder.facts);
        level.traits = std::mem::take(&mut builder.traits);
        level.milestones = std::mem::take(&mut builder.milestones).into_iter().flatten().collect();
        level.milestone_order = std::mem::take(&mut builder.milestone_order);
        level
    }

    pub(super) fn input(&self) -> InputSettings {
        let input = &self.file.input;
        InputSettings {
            format: input.format,
            fields: input.fields.clone(),
            format_fields: input.format_fields.clone(),
            group_type: input.group_type.as_ref().map(|text| text.value.clone()),
            zone: input.zone.clone(),
            dedupe: input.dedupe,
            ignore_noise: self.file.ignore_noise,
        }
    }

    pub(super) fn tracking(&self) -> Vec<(String, Vec<String>)> {
        let texts = |list: &[SpannedText]| list.iter().map(|text| text.value.clone()).collect();
        self.file.events.iter().map(|entry| (entry.name.value.clone(), texts(&entry.properties))).collect()
    }

    pub(super) fn identity(&self) -> IdentitySettings {
        let identity = &self.file.identity;
        let texts = |list: &[SpannedText]| list.iter().map(|text| text.value.clone()).collect();
        let globs = |list: &[SpannedText]| list.iter().filter_map(|text| IdGlob::new(&text.value)).collect();
        IdentitySettings {
            email_domain: identity.email_domain,
            free_mail: texts(&identity.free_mail),
            exclude_domains: texts(&identity.exclude_domains),
            exclude_users: globs(&identity.exclude_users),
            service_users: globs(&identity.service_users),
        }
    }
}
