//! The rules. Each goes through the model and reports its findings. A later rule is silent where an earlier one has reported the cause.

mod alerts;
mod automated_leads;
mod conditions;
mod event_conditions;
mod expectations;
mod guards;
mod human_routes;
mod missing_account;
mod order;
mod plain_texts;
mod playbook;
mod routes;
mod signal_points;
mod signals;
mod suppressions;
mod tier_gaps;
mod tiers;
mod top_tier;
mod unused;

use super::LintContext;
use crate::{codes, diag::Diagnostic, units::plural};

/// Applies all rules.
pub(super) fn all(lint: &LintContext<'_, '_>) {
    // What comparing parts of the model shows comes before any search, so that no search ends for it.
    order::all(lint);
    guards::all(lint);
    event_conditions::all(lint);
    conditions::all(lint);
    tiers::all(lint);
    tier_gaps::all(lint);
    routes::segments(lint);
    routes::all(lint);
    alerts::all(lint);
    playbook::all(lint);
    top_tier::all(lint);
    human_routes::all(lint);
    automated_leads::all(lint);
    suppressions::all(lint);
    signals::ladders(lint);
    signals::twice(lint);
    signal_points::lasting_intent(lint);
    signal_points::fit_per_member(lint);
    signal_points::charged_at_sign_up(lint);
    missing_account::all(lint);
    unused::all(lint);
    plain_texts::all(lint);
    expectations::all(lint);
}

/// One warning for all questions that were left open.
pub(super) fn unsettled(questions: &[String]) -> Option<Diagnostic> {
    let first = questions.first()?;
    let message = match questions.len() {
        1 => format!("too large to settle: {first}"),
        more => {
            format!("too large to settle: {first}, and {}", plural(more as u64 - 1, "question more", "questions more"))
        }
    };
    let label = "the search ended after a fixed number of steps";
    let help = "nothing is known to be wrong; a model with fewer facts in one condition can be settled";
    Some(Diagnostic::warning(codes::NOT_SETTLED, 0..0, message, label).help(help))
}
