//! Scores what would be if something more happened, or if something else were known.

use serde_json::{Map, Value as Json, json};

use super::{RunError, RunTables, ScoringExtras, score_state_with};
use crate::{
    entity::Entities,
    fold::{FoldState, FurtherLines},
    plan::{FactPlan, Model},
    score::{EnrichmentTraits, ScoredEntities},
};
use pql_model::{
    EntityKind, FactSlot,
    clock::{AsOf, format_instant},
    expr::Value,
    units::Micros,
};

/// What is supposed on top of everything that was read.
#[derive(Debug, Clone, Default)]
pub struct Supposition {
    /// Events that happened too.
    pub events: Vec<SupposedEvent>,
    /// A trait that is another.
    pub known: Option<SupposedTrait>,
}

/// An event that is supposed.
#[derive(Debug, Clone, PartialEq)]
pub struct SupposedEvent {
    /// Its name.
    pub event: String,
    /// When.
    pub at: Micros,
    /// The user.
    pub user: String,
    /// The account that it names, if any.
    pub account: Option<String>,
    /// Its properties.
    pub properties: Map<String, Json>,
}

/// A trait of an entity that is supposed to be known.
#[derive(Debug, Clone, PartialEq)]
pub struct SupposedTrait {
    /// User or account.
    pub side: EntityKind,
    /// The id of the entity.
    pub id: String,
    /// The fact of the trait in its level.
    pub slot: FactSlot,
    /// Its value.
    pub value: Value<'static>,
}

impl SupposedEvent {
    /// The event as an object of the native format.
    pub fn to_json(&self) -> Json {
        let mut event = Map::new();
        event.insert("event".to_owned(), json!(self.event));
        event.insert("timestamp".to_owned(), json!(format_instant(self.at)));
        event.insert("user_id".to_owned(), json!(self.user));
        if let Some(account) = &self.account {
            event.insert("account_id".to_owned(), json!(account));
        }
        if !self.properties.is_empty() {
            event.insert("properties".to_owned(), Json::Object(self.properties.clone()));
        }
        Json::Object(event)
    }
}

impl SupposedTrait {
    /// Writes the value where a file of traits would.
    pub(super) fn lay_over(&self, traits: &mut EnrichmentTraits, entities: &Entities<'_>, model: &Model) {
        let (count, place) = match self.side {
            EntityKind::User => (entities.users.len(), entities.user_of(&self.id)),
            EntityKind::Account => {
                let number = entities.account_ids.find(&self.id);
                let place = entities.accounts.iter().position(|account| Some(account.id) == number);
                (entities.accounts.len(), place.map(|place| place as u32))
            }
        };
        let rows = traits.rows_mut(self.side);
        // A row has its values in the order of the plan, which is not that of the model's file.
        let plan = &model.levels[self.side];
        let (Some(place), FactPlan::Trait(index)) = (place, &plan.facts[self.slot as usize]) else { return };
        if rows.is_empty() {
            rows.resize(count, None);
        }
        let row = rows[place as usize].get_or_insert_with(|| vec![Value::Null; plan.traits.len()]);
        row[*index] = self.value.clone();
    }
}

/// Scores a state under a supposition, and leaves the state as it was. `model` is the model of the state without overrides of the fields of records.
///
/// # Errors
///
/// Those of scoring. **Cost**: a scoring of everything.
pub fn score_supposed<T>(
    (state, as_of): (&mut FoldState, AsOf),
    model: &Model,
    tables: RunTables<'_>,
    supposed: &Supposition,
    read: impl FnOnce(&ScoredEntities<'_>) -> T,
) -> Result<T, RunError> {
    let lines: Vec<String> = supposed.events.iter().map(|event| event.to_json().to_string()).collect();
    let users: Vec<&str> = supposed.events.iter().map(|event| event.user.as_str()).collect();
    let undo = state.fold_further(model, FurtherLines { lines: &lines, users: &users, until: as_of.instant });
    let extras = ScoringExtras { before: None, supposed: supposed.known.as_ref() };
    let result = score_state_with((state, as_of), model, tables, extras).map(|(scored, _)| read(&scored));
    state.undo(undo);
    result
}
