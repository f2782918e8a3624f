//! Alerts: their conditions over all facts, whom they go to, and the order in which they fire.

use super::{ModelResolver, PhaseLimit};
use crate::{
    EntityKind, codes,
    diag::Diagnostic,
    output_columns::ColumnSource,
    resolved::{Alert, AlertOrder, AlertSpans},
    syntax::AlertSyntax,
    toml_reader::SpannedText,
};

/// The word of `order` that is no column.
const WAITING_DAYS: &str = "waiting_days";

impl ModelResolver<'_, '_> {
    /// The alerts of a level in the order of the file.
    pub(super) fn alerts(&mut self, side: EntityKind) -> Vec<Alert> {
        let file = self.level_file(side);
        file.alerts.iter().filter_map(|one| self.alert(side, one)).collect()
    }

    fn alert(&mut self, side: EntityKind, file: &AlertSyntax) -> Option<Alert> {
        let when = self.condition(side, &file.when, PhaseLimit::NONE);
        let order = match &file.order {
            Some(order) => self.alert_order(side, order),
            None => [ColumnSource::Score, ColumnSource::LastSeen].map(AlertOrder::Column).to_vec(),
        };
        let to = file.to.as_ref().and_then(|to| self.alert_template(side, to));
        let message = file.message.as_ref().and_then(|message| self.alert_template(side, message));
        let spans = AlertSpans {
            name: file.name.span.clone(),
            when: file.when.span.clone(),
            cooldown: file.cooldown.as_ref().map(|cooldown| cooldown.span.clone()),
        };
        Some(Alert {
            name: file.name.value.clone(),
            when: when?,
            cooldown_days: file.cooldown.as_ref().map_or(0, |cooldown| cooldown.value),
            limit: file.limit,
            limit_each: file.limit_each,
            expires_days: file.expires_days,
            order,
            to,
            pool: file.pool.clone(),
            message,
            existing: file.existing,
            spans,
        })
    }

    fn alert_order(&mut self, side: EntityKind, order: &[SpannedText]) -> Vec<AlertOrder> {
        let mut found = Vec::new();
        for (place, text) in order.iter().enumerate() {
            if text.value != WAITING_DAYS {
                found.extend(self.column_source(side, text).map(AlertOrder::Column));
            } else if place == 0 {
                found.push(AlertOrder::WaitingDays);
            } else {
                let label = "the longest wait comes last by itself, so it can only stand first";
                let message = format!("`{WAITING_DAYS}` behind another entry of `order`");
                self.found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, label));
            }
        }
        found
    }
}
