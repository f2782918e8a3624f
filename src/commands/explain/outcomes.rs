//! What became of one user or account, by date.

use std::fmt::Write;

use serde::Serialize;

use pql_engine::{
    emit::JsonNumber,
    ledger::EntityRef,
    outcomes::{OutcomeRow, OutcomeTable, RowKey},
    score::ScoredEntities,
};
use pql_model::{
    EntityKind,
    clock::{format_day, format_instant},
    diag::escape_controls,
    units::{Micros, format_number},
};

/// An outcome of the entity, in the order of time.
#[derive(Debug, Clone)]
pub struct EntityOutcome {
    row: OutcomeRow,
    /// Whether the run knows it.
    is_known: bool,
    /// The user whose it is, in the explanation of an account.
    user: Option<String>,
}

/// The outcomes of an entity, whatever their time; none in a run without outcomes.
pub fn entity_outcomes(
    table: Option<&OutcomeTable>,
    scored: &ScoredEntities<'_>,
    entity: EntityRef,
) -> Option<Vec<EntityOutcome>> {
    let (table, attached) = (table?, scored.outcomes.as_ref()?);
    let place = entity.place;
    let rows = match entity.side {
        EntityKind::User => attached.of_user(place, scored.entities.users[place].home),
        EntityKind::Account => attached.of_account(place),
    };
    let user = |row: &OutcomeRow| match (&row.key, entity.side) {
        (RowKey::Ids { user, .. }, EntityKind::Account) => user.clone(),
        (RowKey::Ids { .. }, EntityKind::User) | (RowKey::Mapped(_), _) => None,
    };
    let as_of: Micros = scored.as_of.instant;
    let rows = rows.into_iter().filter_map(|row| table.rows.get(row as usize));
    let outcome =
        |row: &OutcomeRow| EntityOutcome { row: row.clone(), is_known: row.known_from <= as_of, user: user(row) };
    Some(rows.map(outcome).collect())
}

/// The outcomes for people.
pub(super) fn outcomes_text(out: &mut String, outcomes: &[EntityOutcome]) {
    out.push_str("\noutcomes\n");
    if outcomes.is_empty() {
        out.push_str("  none\n");
    }
    let width = outcomes.iter().map(|one| one.row.word.name().len()).max().unwrap_or(0);
    for one in outcomes {
        let line = format!("  {}  {:width$}  {}", format_day(one.row.day), one.row.word.name(), one.parts().join(", "));
        let _ = writeln!(out, "{}", escape_controls(line.trim_end()));
    }
}

impl EntityOutcome {
    fn parts(&self) -> Vec<String> {
        let row = &self.row;
        let currency = row.currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
        let amount = row.amount.map(|amount| format!("{}{currency}", format_number(amount as f64 / 1e6)));
        let named = |name: &str, text: &Option<String>| text.as_ref().map(|text| format!("{name} {text}"));
        let later = (!self.is_known).then(|| "not known at this instant".to_owned());
        let parts = [
            amount,
            named("user", &self.user),
            named("deal", &row.deal),
            named("owner", &row.owner),
            named("reason:", &row.reason),
            later,
        ];
        parts.into_iter().flatten().collect()
    }
}

/// An outcome as it is written.
#[derive(Debug, Serialize)]
pub(super) struct OutcomeRecord<'e> {
    outcome: &'static str,
    date: String,
    happened: String,
    known_from: String,
    known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<JsonNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'e str>,
}

impl<'e> OutcomeRecord<'e> {
    pub(super) fn new(one: &'e EntityOutcome) -> OutcomeRecord<'e> {
        let row = &one.row;
        OutcomeRecord {
            outcome: row.word.name(),
            date: format_day(row.day),
            happened: format_instant(row.begins),
            known_from: format_instant(row.known_from),
            known: one.is_known,
            user_id: one.user.as_deref(),
            amount: row.amount.map(|amount| JsonNumber(amount as f64 / 1e6)),
            currency: row.currency.as_deref(),
            deal: row.deal.as_deref(),
            owner: row.owner.as_deref(),
            reason: row.reason.as_deref(),
        }
    }
}
