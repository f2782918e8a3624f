//! Milestones as written to how they are reached, with every name found.

use super::{ModelResolver, facts::FactDeclaration};
use crate::{
    EntityKind, codes, expr,
    resolved::{ConditionId, ConditionOwner, EventBase, Milestone, MilestoneRule, ResolvedItem, UserQuorum},
    syntax::{MilestoneForm, MilestoneSyntax},
    toml_reader::SpannedText,
};

impl ModelResolver<'_, '_> {
    /// Resolves every milestone of a level, parts before wholes.
    pub(super) fn milestones(&mut self, side: EntityKind) {
        let count = self.level_file(side).milestones.len();
        self.side(side).milestones = std::iter::repeat_with(|| None).take(count).collect();
        for index in 0..count {
            self.milestone(side, index);
        }
    }

    fn milestone(&mut self, side: EntityKind, index: usize) {
        let file = &self.level_file(side).milestones[index];
        if self.side(side).milestones[index].is_some() || self.side(side).milestone_order.contains(&index) {
            return;
        }
        self.side(side).milestones_open.push(index);
        let rule = self.milestone_rule(side, file);
        self.side(side).milestones_open.pop();
        self.side(side).milestone_order.push(index);
        self.order.push(ResolvedItem::Milestone(side, index));
        let min_users = file.users.as_ref().map(|users| {
            let who = users.who.as_ref().and_then(|who| self.member_condition(who));
            let who_span = users.who.as_ref().map(|who| who.span.clone());
            UserQuorum { count: users.count, together: users.together, who, who_span }
        });
        self.side(side).milestones[index] = rule.map(|rule| Milestone {
            name: file.name.value.clone(),
            rule,
            within: file.within,
            deadline: file.deadline,
            min_users,
            target: file.target,
        });
    }

    fn milestone_rule(&mut self, side: EntityKind, file: &MilestoneSyntax) -> Option<MilestoneRule> {
        match &file.form {
            MilestoneForm::Times { event, filter, times, by_days } => {
                let events = self.selection(event.as_deref(), EventBase::Activity);
                let filter = match filter {
                    Some(text) => Some(self.milestone_condition(file, text)?),
                    None => None,
                };
                let events = self.filtered(events, filter);
                Some(MilestoneRule::Times { events, filter, times: *times, by_days: *by_days })
            }
            MilestoneForm::Steps { steps, same, different_users } => {
                let same = self.maybe_pairing(same.as_ref())?;
                let steps = steps.iter().map(|step| self.named(std::slice::from_ref(step)));
                let steps = steps.collect();
                Some(MilestoneRule::Steps { steps, same, different_users: *different_users })
            }
            MilestoneForm::All(parts) => self.composite_rule(side, file, parts),
        }
    }

    /// The condition of a milestone on its events.
    pub(super) fn milestone_condition(&mut self, file: &MilestoneSyntax, text: &SpannedText) -> Option<ConditionId> {
        self.event_condition(ConditionOwner::Milestone(file.name.value.clone()), text)
    }

    fn composite_rule(
        &mut self,
        side: EntityKind,
        file: &MilestoneSyntax,
        parts: &[SpannedText],
    ) -> Option<MilestoneRule> {
        let milestones = &self.level_file(side).milestones;
        let mut indices = Vec::new();
        for part in parts {
            let Some(index) = milestones.iter().position(|known| known.name.value == part.value) else {
                let names: Vec<&str> = milestones
                    .iter()
                    .map(|known| known.name.value.as_str())
                    .filter(|name| *name != file.name.value)
                    .collect();
                self.suggested += 1;
                let help = (self.suggested <= super::fact_resolver::SUGGESTED_MAX)
                    .then(|| crate::diag::suggest(&part.value, names))
                    .flatten();
                self.error(
                    codes::UNKNOWN_NAME,
                    &part.span,
                    format!("no milestone `{}`", part.value),
                    "expected the name of a milestone of this level",
                    help,
                );
                continue;
            };
            if self.side(side).milestones_open.contains(&index) {
                self.error(
                    codes::CIRCLE,
                    &part.span,
                    "milestones that need each other",
                    "this closes the circle",
                    None,
                );
                continue;
            }
            self.milestone(side, index);
            indices.push(index);
        }
        (indices.len() == parts.len()).then_some(MilestoneRule::All(indices))
    }

    /// `who`: a condition over traits of users, which are known before any milestone.
    fn member_condition(&mut self, text: &SpannedText) -> Option<expr::Program> {
        let node = self.parse(text)?;
        let mut fits = true;
        for (path, part) in expr::collect_names(&node) {
            let known = self.user.declared.get(&path.join("."));
            if known.is_some_and(|(declared, _)| !matches!(declared, FactDeclaration::Trait(..))) {
                let span = self.place(text, &part);
                let message = format!("`{}` is no trait", path.join("."));
                self.error(
                    codes::COMPUTED_LATER,
                    &span,
                    message,
                    "`who` is asked before anything but traits is known",
                    None,
                );
                fits = false;
            }
        }
        let program = self.condition(EntityKind::User, text, super::PhaseLimit::SEGMENTS)?;
        fits.then_some(program)
    }
}
