//! The rules: each goes through the model and tells what it finds. Later ones are silent where an earlier one has told the cause.

mod accounts;
mod conditions;
mod holes;
mod hot;
mod paying;
mod playbook;
mod routes;
mod signals;
mod tiers;
mod unused;
mod wheres;

use super::LintContext;
use crate::{diag::Diagnostic, model::codes, units::plural};

/// Applies all rules.
pub(super) fn all(lint: &LintContext<'_, '_>) {
    wheres::all(lint);
    conditions::all(lint);
    tiers::all(lint);
    holes::all(lint);
    routes::segments(lint);
    routes::all(lint);
    playbook::all(lint);
    hot::all(lint);
    routes::human(lint);
    signals::ladders(lint);
    signals::twice(lint);
    paying::lasting_intent(lint);
    paying::fit_per_member(lint);
    paying::charged_at_sign_up(lint);
    accounts::all(lint);
    unused::all(lint);
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
