//! Texts that are printed as they stand and look like templates.

use super::super::LintContext;
use crate::{EntityKind, codes, diag::Diagnostic};

/// Tells of tiers whose labels have braces.
pub(super) fn all(lint: &LintContext<'_, '_>) {
    for tier in EntityKind::ALL.iter().flat_map(|side| &lint.level(*side).tiers) {
        let label = tier.label.as_ref().filter(|label| label.contains('{'));
        if let (Some(_), Some(span)) = (label, &tier.label_span) {
            let message = format!("braces in the label of tier `{}`", tier.name);
            let help = "facts are filled in by `say`, `because`, `message`, `to` and `action`";
            let problem =
                Diagnostic::warning(codes::BRACES_IN_PLAIN_TEXT, span.clone(), message, "it is printed as it stands");
            lint.report(problem.help(help));
        }
    }
}
