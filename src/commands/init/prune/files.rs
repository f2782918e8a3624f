//! Further files of the output: their rows and columns without what nobody will ever have.

use pql_model::{EntityKind, expr::KnownName};

use super::{ExpressionFate, ModelPruner};
use crate::commands::init::document::{DocumentTable, DocumentValue};

/// The level of a file's rows; none for files of alerts and changes.
pub(super) fn level_of(file: &DocumentTable) -> Option<EntityKind> {
    EntityKind::ALL.into_iter().find(|side| file.text("level") == Some(side.word()))
}

impl ModelPruner<'_> {
    pub(super) fn prune_files(&mut self) {
        let path = ["output", "files"];
        let mut left = Vec::new();
        for mut file in self.take_list(path) {
            let Some(side) = level_of(&file) else {
                left.push(file);
                continue;
            };
            let condition = self.reduce_facts(&mut file, "when", side);
            if condition.is(true) {
                file.remove("when");
            }
            if let Some(DocumentValue::Table(columns)) = file.get_mut("columns") {
                columns.entries.retain(|(_, value)| self.is_live_column(side, value));
            }
            self.prune_order(&mut file, side);
            if !condition.is_nothing() {
                left.push(file);
            }
        }
        self.put_list(path, left);
    }

    fn is_live_column(&self, side: EntityKind, value: &DocumentValue) -> bool {
        let Some(text) = value.text() else { return true };
        if let Some(expression) = text.strip_prefix('=') {
            let value = DocumentValue::Text(expression.trim().to_owned());
            let mut entry = DocumentTable { entries: vec![("value".to_owned(), value)] };
            return !matches!(self.reduce_facts(&mut entry, "value", side), ExpressionFate::Constant(_));
        }
        if text.split('.').next() == Some("buyer")
            && self.document.at(&["user"]).is_none_or(|user| user.get("buyer").is_none())
        {
            return false;
        }
        let known = self.known.get(side, &text.split('.').map(str::to_owned).collect::<Vec<_>>());
        !matches!(known, Some(KnownName::Constant(_)))
    }
}
