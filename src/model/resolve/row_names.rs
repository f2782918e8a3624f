//! Names that rows would have twice: those of milestones, and of facts that `[output]` adds as columns.

use super::{ModelResolver, facts::FactDeclaration, level::category_names};
use crate::{
    EntityKind, codes,
    output_columns::{self, BreakdownKey},
    toml_reader::SpannedText,
};

/// A name that rows have for something else.
#[derive(Clone, Copy)]
enum TakenName {
    Column,
    JsonKey,
    OtherMilestone,
}

impl TakenName {
    fn label(self) -> &'static str {
        match self {
            TakenName::Column => "a column of every model has this name",
            TakenName::JsonKey => "a key of every row in JSON has this name",
            TakenName::OtherMilestone => "a column of another milestone has this name",
        }
    }
}

impl ModelResolver<'_, '_> {
    /// Reports milestones whose columns rows have already.
    pub(super) fn check_milestone_columns(&mut self, side: EntityKind) {
        let file = self.level_file(side);
        let fixed = self.fixed_columns(side);
        let mut of_others: Vec<String> = Vec::new();
        for milestone in &file.milestones {
            let own = [milestone.name.value.clone(), format!("{}_at", milestone.name.value)];
            let taken = own.iter().find_map(|column| {
                let is_other = || of_others.contains(column).then_some(TakenName::OtherMilestone);
                Some((column, taken_name(&fixed, column).or_else(is_other)?))
            });
            // A milestone with the name of a fact is reported as a second fact.
            if let Some((column, taken)) = taken.filter(|(column, _)| !self.is_other_fact(side, column)) {
                self.report_taken(side, (column, &milestone.name), taken, "milestone");
            }
            of_others.extend(own);
        }
    }

    /// Reports a fact of `[output]` whose column rows have for something else. Returns whether it did.
    pub(super) fn is_taken_column(&mut self, side: EntityKind, text: &SpannedText) -> bool {
        let fixed = self.fixed_columns(side);
        // The columns of these facts show the facts.
        let shows_itself = match self.side(side).declared.get(&text.value) {
            None => true,
            Some((declared, _)) => matches!(
                declared,
                FactDeclaration::Builtin(..) | FactDeclaration::Scoring(..) | FactDeclaration::Milestone(..)
            ),
        };
        let taken = taken_name(&fixed, &text.value).filter(|_| !shows_itself);
        if let Some(taken) = taken {
            self.report_taken(side, (&text.value, text), taken, "fact");
        }
        taken.is_some()
    }

    /// Whether a fact of the level has the name and is not of a milestone.
    fn is_other_fact(&mut self, side: EntityKind, name: &str) -> bool {
        let declared = self.side(side).declared.get(name);
        declared.is_some_and(|(declared, _)| !matches!(declared, FactDeclaration::Milestone(..)))
    }

    /// The columns of a level without those of milestones and of `[output]`.
    fn fixed_columns(&self, side: EntityKind) -> Vec<String> {
        let categories = category_names(self.level_file(side));
        output_columns::standard_names(side, categories.iter().map(String::as_str), std::iter::empty())
    }

    fn report_taken(
        &mut self,
        side: EntityKind,
        (column, place): (&str, &SpannedText),
        taken: TakenName,
        what: &'static str,
    ) {
        let message = format!("rows of {} have `{column}` for something else", side.plural());
        let help = format!("give the {what} another name, such as `{}_{what}`", place.value);
        self.error(codes::TAKEN_COLUMN, &place.span, message, taken.label(), Some(help));
    }
}

/// What rows have a name for, beside the columns of milestones.
fn taken_name(fixed: &[String], name: &str) -> Option<TakenName> {
    if fixed.iter().any(|column| column == name) {
        return Some(TakenName::Column);
    }
    BreakdownKey::has(name).then_some(TakenName::JsonKey)
}
