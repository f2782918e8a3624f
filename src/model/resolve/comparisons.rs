//! Texts that expressions over facts compare with, wherever they stand in the model.

use super::ModelResolver;
use crate::{
    EntityKind,
    resolved::TextComparison,
    syntax::{LadderInput, LevelSyntax, PaymentSyntax, SignalSyntax},
    toml_reader::SpannedText,
};

impl ModelResolver<'_, '_> {
    /// Comparisons with texts in expressions over the facts of users or of accounts. Conditions on members are over facts of users, in
    /// whichever level they stand.
    pub(super) fn fact_comparisons(&mut self, side: EntityKind) -> Vec<TextComparison> {
        let file = self.file;
        let texts = match side {
            EntityKind::User => [own_texts(&file.user), member_texts(&file.user), member_texts(&file.account)].concat(),
            EntityKind::Account => own_texts(&file.account),
        };
        let mut all = Vec::new();
        for text in texts {
            if let Some(node) = self.parse(text) {
                all.extend(self.text_comparisons(text, &node));
            }
        }
        all
    }
}

/// Expressions over the facts of a level itself.
fn own_texts(level: &LevelSyntax) -> Vec<&SpannedText> {
    let mut all: Vec<&SpannedText> = level.facts.iter().map(|(_, text)| text).collect();
    all.extend(level.champion.iter().chain(&level.buyer));
    all.extend(level.signals.iter().flat_map(signal_texts));
    all.extend(level.tiers.iter().filter_map(|tier| tier.when.as_ref()));
    all.extend(level.segments.iter().filter_map(|segment| segment.when.as_ref()));
    all.extend(level.routes.iter().filter_map(|route| route.when.as_ref()));
    all.extend(level.alerts.iter().map(|alert| &alert.when));
    all
}

/// The condition of a signal, and what it pays for.
fn signal_texts(signal: &SignalSyntax) -> impl Iterator<Item = &SpannedText> {
    let value = match &signal.pay {
        PaymentSyntax::Ladder { value: LadderInput::Value(value), .. } | PaymentSyntax::Per { value, .. } => {
            Some(value)
        }
        PaymentSyntax::Ladder { value: LadderInput::Inline(_), .. } | PaymentSyntax::Flat(_) => None,
    };
    signal.when.iter().chain(value)
}

/// Expressions over the facts of members.
fn member_texts(level: &LevelSyntax) -> Vec<&SpannedText> {
    let rollups = level.rollups.iter().flat_map(|rollup| rollup.value.iter().chain(&rollup.filter));
    rollups.chain(level.milestones.iter().filter_map(|milestone| milestone.users.as_ref()?.who.as_ref())).collect()
}
