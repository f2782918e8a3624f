//! Resolves the outcomes of cases: rows as a file of outcomes would have them.

use super::{CaseBinder, codes};
use crate::{
    cases::outcome_syntax::{CaseOutcomeSyntax, OutcomeTime},
    decode::time_zones,
    ids::id_of_text,
    outcomes::{OutcomePlace, OutcomeRow, RowKey, WrittenTime},
};
use pql_model::{
    EntityKind,
    units::{Micros, to_millionths},
};

impl CaseBinder<'_> {
    /// The outcomes of a case or of a day, whose relative times are before its own `as_of`; none if one cannot be used, which is reported.
    pub(super) fn outcome_rows(&mut self, all: &[CaseOutcomeSyntax], as_of: Micros) -> Option<Vec<OutcomeRow>> {
        let rows = (1..).zip(all).map(|(line, outcome)| self.outcome(outcome, line, as_of));
        let rows: Vec<Option<OutcomeRow>> = rows.collect();
        rows.into_iter().collect()
    }

    fn outcome(&mut self, outcome: &CaseOutcomeSyntax, line: u64, as_of: Micros) -> Option<OutcomeRow> {
        let zones = time_zones(self.model);
        let time = match &outcome.at.value {
            OutcomeTime::Date(day) => Some(WrittenTime::of_day(*day, zones)),
            OutcomeTime::Instant(at) => at.instant(as_of, zones.unmarked).map(|at| WrittenTime::of_instant(at, zones)),
        };
        if time.is_none() {
            let message = "a time that no outcome can have";
            self.error(codes::BAD_TIME, &outcome.at.span, message, "out of range", None);
        }
        let amount = outcome.amount.as_ref().map(|amount| {
            to_millionths(amount.value).and_then(|amount| i64::try_from(amount).ok()).or_else(|| {
                self.error(codes::BAD_VALUE, &amount.span, "an amount that is too large", "at most 9e12", None);
                None
            })
        });
        let id = id_of_text(&outcome.id.value).unwrap_or_default().to_owned();
        let key = match outcome.side {
            EntityKind::User => RowKey::Ids { user: Some(id), account: None },
            EntityKind::Account => RowKey::Ids { user: None, account: Some(id) },
        };
        let WrittenTime { day, begins, known_from } = time?;
        Some(OutcomeRow {
            key,
            word: outcome.word,
            day,
            begins,
            known_from,
            amount: match amount {
                None => None,
                Some(amount) => Some(amount?),
            },
            currency: outcome.currency.clone(),
            deal: outcome.deal.clone(),
            owner: outcome.owner.clone(),
            reason: outcome.reason.clone(),
            place: OutcomePlace { file: 0, line },
        })
    }
}
