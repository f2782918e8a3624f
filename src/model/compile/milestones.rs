//! Milestones as written to what is kept of events and how they are reached.

use super::{ModelCompiler, aggregation::EventFilter, facts::FactDeclaration};
use crate::{
    EntityKind, codes, expr,
    plan::{CellKind, Milestone, MilestonePlan, ValueId, WordKind},
    syntax::{MilestoneForm, MilestoneSyntax},
    toml_reader::SpannedText,
    units::DAY_US,
};

impl ModelCompiler<'_, '_> {
    /// Compiles every milestone of a level, parts before wholes.
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
        let form = self.form(side, file);
        self.side(side).milestones_open.pop();
        self.side(side).milestone_order.push(index);
        let who = file.who.as_ref().and_then(|who| self.member_condition(who));
        let min_users = file.min_users.map(|n| (n, who));
        if let Some(form) = form {
            let milestone =
                Milestone { name: file.name.value.clone(), form, within: file.within, min_users, target: file.target };
            self.side(side).milestones[index] = Some(milestone);
        }
    }

    fn form(&mut self, side: EntityKind, file: &MilestoneSyntax) -> Option<MilestonePlan> {
        match &file.form {
            MilestoneForm::Times { event, filter, times, by_days } => {
                let active = event.is_none();
                let filter = self.filter(event.as_ref(), filter.as_ref())?;
                Some(self.times(&filter, active, *times, *by_days, file))
            }
            MilestoneForm::Steps { steps, same, different_users } => self.steps(steps, same.as_ref(), *different_users),
            MilestoneForm::All(parts) => self.composite_form(side, file, parts),
        }
    }

    fn times(
        &mut self,
        filter: &EventFilter,
        active: bool,
        times: usize,
        by_days: bool,
        file: &MilestoneSyntax,
    ) -> MilestonePlan {
        if by_days {
            let cell =
                self.intake.cell(filter, CellKind::Edge { last: false, kind: expr::ValueType::Null }, true, None);
            let span = file.within.and_then(|within| i32::try_from(within / DAY_US).ok());
            return MilestonePlan::Days { cell, times, span, active };
        }
        if times == 1 {
            return MilestonePlan::Once { word: self.intake.word(filter, WordKind::First), active };
        }
        MilestonePlan::Times { cell: self.intake.moments(vec![filter.clone()], None), times, active }
    }

    fn steps(
        &mut self,
        steps: &[SpannedText],
        same: Option<&SpannedText>,
        different_users: bool,
    ) -> Option<MilestonePlan> {
        let same: Option<ValueId> = match same {
            Some(text) => Some(self.same(text)?),
            None => None,
        };
        let filters = steps.iter().map(|step| self.named(std::slice::from_ref(step))).collect();
        let cell = self.intake.moments(filters, same);
        let names =
            steps.iter().map(|step| steps.iter().position(|other| other.value == step.value).unwrap_or(0)).collect();
        Some(MilestonePlan::Steps { cell, names, same: same.is_some(), different_users })
    }

    fn composite_form(
        &mut self,
        side: EntityKind,
        file: &MilestoneSyntax,
        parts: &[SpannedText],
    ) -> Option<MilestonePlan> {
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
        (indices.len() == parts.len()).then_some(MilestonePlan::All(indices))
    }

    /// `who`: a condition over traits of users, which are known before any milestone.
    fn member_condition(&mut self, text: &SpannedText) -> Option<expr::Program> {
        let node = self.parse(text)?;
        let mut fits = true;
        for (path, part) in expr::collect_names(&node) {
            let known = self.user.declared.get(&path.join("."));
            if known.is_some_and(|(declared, _)| !matches!(declared, FactDeclaration::Trait(_))) {
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
