//! `[check] ignore`: takes out the warnings that a model ignores, and reports the entries that take out nothing.

use pql_engine::plan::Model;
use pql_model::{codes, diag::Diagnostic};

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckScope {
    /// The model alone.
    Model,
    /// The model, and events under it.
    Events,
}

/// Warnings that only events show; an entry for one of them cannot be known to be unused without events.
const OF_EVENTS: std::ops::RangeInclusive<&str> = codes::NO_SUCH_EVENT..="M089";

/// The warnings that are left, and those that are ignored, each with the reason.
pub(super) fn apply(
    model: &Model,
    warnings: Vec<Diagnostic>,
    scope: CheckScope,
) -> (Vec<Diagnostic>, Vec<(Diagnostic, String)>) {
    if model.resolved.ignored_warnings.is_empty() {
        return (warnings, Vec::new());
    }
    let entries = &model.resolved.entries;
    let mut used = vec![false; model.resolved.ignored_warnings.len()];
    let mut left = Vec::new();
    let mut ignored = Vec::new();
    for warning in warnings {
        let fits = |name: &Option<String>| {
            name.as_deref().is_none_or(|name| entries.name_at(warning.span.start).is_some_and(|at| at == name))
        };
        let entry =
            model.resolved.ignored_warnings.iter().position(|ignore| ignore.code == warning.code && fits(&ignore.name));
        match entry {
            Some(place) => {
                used[place] = true;
                ignored.push((warning, model.resolved.ignored_warnings[place].because.clone()));
            }
            None => left.push(warning),
        }
    }
    for (ignore, _) in model.resolved.ignored_warnings.iter().zip(&used).filter(|(_, used)| !**used) {
        if OF_EVENTS.contains(&ignore.code) && scope == CheckScope::Model {
            continue;
        }
        let about = ignore.name.as_ref().map_or_else(String::new, |name| format!(" about `{name}`"));
        let message = format!("no warning {}{about} to ignore", ignore.code);
        let label = "ignores nothing, or what an entry before it ignores already";
        let warning = Diagnostic::warning(codes::UNUSED_IGNORE, ignore.span.clone(), message, label);
        left.push(warning.help("take the entry out; if the warning comes back, it is about something else"));
    }
    (left, ignored)
}
