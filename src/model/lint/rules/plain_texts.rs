//! Texts that are printed as they stand and look like templates.

use std::ops::Range;

use super::super::LintContext;
use crate::{EntityKind, codes, diag::Diagnostic};

/// Tells of labels of tiers, and of what expectations say, with braces.
pub(super) fn all(lint: &LintContext<'_, '_>) {
    for tier in EntityKind::ALL.iter().flat_map(|side| &lint.level(*side).tiers) {
        if let (Some(label), Some(span)) = (&tier.label, &tier.label_span) {
            tell(lint, label, span, &format!("the label of tier `{}`", tier.name));
        }
    }
    for one in &lint.model.expectations {
        if let (Some(say), Some(span)) = (&one.say, &one.say_span) {
            tell(lint, say, span, "what an expectation says");
        }
    }
}

/// Tells of a text if it has braces.
fn tell(lint: &LintContext<'_, '_>, text: &str, span: &Range<usize>, what: &str) {
    if !text.contains('{') {
        return;
    }
    let message = format!("braces in {what}");
    let help = "facts are filled in by `say` of signals, and by `because`, `message`, `to` and `action` of routes";
    let problem = Diagnostic::warning(codes::BRACES_IN_PLAIN_TEXT, span.clone(), message, "it is printed as it stands");
    lint.report(problem.help(help));
}
