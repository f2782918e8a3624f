//! Expectations that say nothing of a run.

use super::super::LintContext;
use crate::{codes, diag::Diagnostic, resolved::Expectation};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for one in &lint.model.expectations {
        if one.condition.numbers().next().is_none() {
            lint.report(fixed(one));
        }
    }
}

/// An expectation without the name of a number.
fn fixed(one: &Expectation) -> Diagnostic {
    let (message, label) = match one.condition.judge(|_| None).holds {
        Some(true) => ("an expectation that every run meets", "always true"),
        Some(false) => ("an expectation that no run meets", "never true"),
        None => ("an expectation that is never judged", "always null"),
    };
    let help = "name a number of the run, as in `users >= 100`; `pql score --help` lists them";
    Diagnostic::warning(codes::FIXED_EXPECTATION, one.span.clone(), message, label).help(help)
}
