//! What is known of the facts of a model before anybody is scored: those that nobody will ever have.

use std::collections::BTreeMap;

use pql_model::{
    EntityKind, PerKind,
    expr::{ExprConstant, KnownName},
};

use super::templates::FactInText;

/// Facts whose value, or whose possible values, are known, by level.
#[derive(Debug, Default)]
pub(super) struct FactKnowledge {
    levels: PerKind<BTreeMap<String, KnownName>>,
    /// Whether something was learnt since the last look.
    changed: bool,
}

impl FactKnowledge {
    /// What is known of a name as an expression of a level writes it.
    pub(super) fn get(&self, side: EntityKind, path: &[String]) -> Option<KnownName> {
        let (side, name) = match path {
            [name] => (side, name),
            [level, name] if side == EntityKind::User && level == "account" => (EntityKind::Account, name),
            [person, name] if matches!(person.as_str(), "champion" | "buyer") => (EntityKind::User, name),
            _ => return None,
        };
        self.levels[side].get(name).cloned()
    }

    /// Whether a name in a text of a level stands for nothing.
    pub(super) fn in_text(&self, side: EntityKind, name: &str) -> FactInText {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        match self.get(side, &path) {
            Some(KnownName::Constant(ExprConstant::Null | ExprConstant::Number(_) | ExprConstant::Boolean(false))) => {
                FactInText::Dead
            }
            Some(KnownName::Constant(_) | KnownName::OneOf(_) | KnownName::Expression(_)) | None => FactInText::Live,
        }
    }

    pub(super) fn learn(&mut self, side: EntityKind, name: &str, value: KnownName) {
        let before = self.levels[side].insert(name.to_owned(), value.clone());
        self.changed |= before != Some(value);
    }

    pub(super) fn learn_constant(&mut self, side: EntityKind, name: &str, value: ExprConstant) {
        self.learn(side, name, KnownName::Constant(value));
    }

    /// Whether something was learnt since this was asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}
