//! Which routes and suppressions ask for facts of the record.
//!
//! In a run without one their answers are others than meant. Tiers to stay in do without: nobody stays, and each has its threshold. Alerts do not
//! fire without a record in any case.

use std::collections::BTreeSet;

use super::{FactDefinition, ResolvedModel, TextSpan};
use crate::{EntityKind, FactKey, expr::Program};

/// A condition that a run without a record decides otherwise than one with it.
#[derive(Debug)]
pub struct RecordUse<'m> {
    /// Its place in the text.
    pub span: &'m TextSpan,
    /// The names of the facts of the record; not empty.
    pub names: BTreeSet<&'m str>,
}

impl ResolvedModel {
    /// Returns the conditions of routes and suppressions over facts of the record, in the order of the text.
    pub fn record_uses(&self) -> Vec<RecordUse<'_>> {
        let mut uses: Vec<RecordUse<'_>> =
            EntityKind::ALL.into_iter().flat_map(|side| self.record_uses_of(side)).collect();
        uses.retain(|one| !one.names.is_empty());
        uses.sort_by_key(|one| one.span.start);
        uses
    }

    fn record_uses_of(&self, side: EntityKind) -> Vec<RecordUse<'_>> {
        let level = self.level(side);
        let mut uses = Vec::new();
        let routes = level.routes.iter().map(|route| (route.when.as_ref(), route.spans.when.as_ref()));
        let suppressions = level.suppressions.iter().map(|one| (Some(&one.when), Some(&one.span)));
        for (when, span) in routes.chain(suppressions) {
            if let (Some(when), Some(span)) = (when, span) {
                let mut names = BTreeSet::new();
                record_names(self, side, when, &mut names);
                uses.push(RecordUse { span, names });
            }
        }
        uses
    }
}

/// The facts of the record behind a condition.
fn record_names<'m>(model: &'m ResolvedModel, side: EntityKind, program: &Program, names: &mut BTreeSet<&'m str>) {
    program.visit_slots(&mut |slot| {
        let key = FactKey::seen_from(side, slot);
        let Some(fact) = model.fact(key) else { return };
        match &fact.definition {
            FactDefinition::Record(_) => {
                names.insert(&fact.name);
            }
            FactDefinition::Expression(part) => record_names(model, key.kind(), part, names),
            FactDefinition::Rollup(rollup) => {
                let parts = rollup.value.iter().chain(&rollup.filter);
                parts.for_each(|part| record_names(model, EntityKind::User, part, names));
            }
            FactDefinition::Person(_, slot) => {
                record_names(model, EntityKind::User, &Program::Slot(*slot), names);
            }
            FactDefinition::Builtin(_)
            | FactDefinition::Trait(_)
            | FactDefinition::Metric(_)
            | FactDefinition::Milestone(..)
            | FactDefinition::Outcome(_)
            | FactDefinition::Scoring => {}
        }
    });
}
