//! What alerts and facts of the record come to over these events, which are one run and no record.

use std::collections::BTreeSet;

use super::DataChecker;
use pql_engine::{plan::Model, score::ScoredEntities};
use pql_model::{
    EntityKind, codes,
    diag::{Diagnostic, quoted_list},
    resolved::ResolvedModel,
    units::plural,
};

impl DataChecker<'_> {
    /// Cooldowns of alerts that are longer than the events reach.
    pub(super) fn cooldowns(&mut self, side: EntityKind, (model, scored): (&Model, &ScoredEntities<'_>)) {
        let Some((first, last)) = scored.time_range() else { return };
        let zone = &model.resolved.zone;
        let reach = i64::from(zone.day(last)) - i64::from(zone.day(first)) + 1;
        for alert in &model.resolved.level(side).alerts {
            let Some(span) = alert.spans.cooldown.clone().filter(|_| i64::from(alert.cooldown_days) > reach) else {
                continue;
            };
            let message = format!("the cooldown of alert `{}` is longer than the events reach", alert.name);
            let label = format!("the events reach over {}", plural(reach.unsigned_abs(), "day", "days"));
            let help = "with these events it fires at most once for each; a shorter cooldown lets it fire again";
            self.found.push(Diagnostic::warning(codes::COOLDOWN_TOO_LONG, span, message, label).help(help));
        }
    }

    /// Facts of the record in conditions of routes and suppressions: told once, at the first.
    pub(super) fn record_facts(&mut self, model: &ResolvedModel) {
        let uses = model.record_uses();
        let Some(first) = uses.first() else { return };
        let names: BTreeSet<&str> = uses.iter().flat_map(|one| &one.names).copied().collect();
        let names: Vec<&str> = names.into_iter().collect();
        let message = format!("{} without a record of earlier runs", quoted_list(&names));
        let label = "without a record, and on its first run, these facts are null";
        let help = "if your runs have a record, ignore this with a reason in [check]";
        self.found.push(Diagnostic::warning(codes::NO_RECORD, first.span.clone(), message, label).help(help));
    }
}
