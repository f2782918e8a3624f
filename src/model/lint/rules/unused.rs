//! What is written and used by nothing: no signal, rule, template, column, milestone or other fact that is used.

use std::collections::HashSet;

use super::super::LintContext;
use crate::{EntityKind, codes, diag::Diagnostic, resolved::SpannedName};

/// A trait of this name is where e-mail addresses are looked for, whether a condition names it or not.
const EMAIL: &str = "email";

/// The fact that `[holdout]` makes.
const HOLDOUT: &str = "holdout";

pub(super) fn all(lint: &LintContext<'_, '_>) {
    let names =
        |side: EntityKind| -> HashSet<&str> { lint.level(side).facts.iter().map(|fact| fact.name.as_str()).collect() };
    let by_level = EntityKind::ALL.map(names);
    let either = |name: &str| by_level.iter().any(|names| names.contains(name));
    for metric in lint.model.declared_metrics().iter().filter(|metric| !either(&metric.name.name)) {
        tell(lint, "metric", &metric.name, "counted for nothing");
    }
    for (side, used) in EntityKind::ALL.into_iter().zip(&by_level) {
        let level = lint.level(side);
        let unused = |named: &&SpannedName| !used.contains(named.name.as_str());
        for one in level.traits.iter().map(|one| &one.name).filter(unused).filter(|one| one.name != EMAIL) {
            tell(lint, "trait", one, "read for nothing");
        }
        for one in level.expressions.iter().map(|one| &one.name).filter(unused) {
            tell(lint, "fact", one, "computed for nothing");
        }
        for one in level.rollups.iter().map(|rollup| &rollup.name).filter(unused) {
            tell(lint, "roll-up", one, "gathered for nothing");
        }
        let paid: HashSet<&str> =
            level.signals.iter().map(|signal| level.categories[signal.category].name.as_str()).collect();
        for one in &level.bounded_categories {
            if !paid.contains(one.name.as_str()) {
                tell(lint, "category", one, "bounds points that no signal pays");
            }
        }
    }
    if let Some(holdout) = lint.model.holdout.as_ref().filter(|_| !either(HOLDOUT)) {
        let label = "these accounts are treated as all others";
        let help = "ask `not holdout` in human routes and alerts, or show it as a column";
        let message = "nothing asks for `holdout`";
        lint.report(Diagnostic::warning(codes::UNUSED, holdout.span.clone(), message, label).help(help));
    }
    let names = lint.model.events.entries().iter();
    for entry in names.filter(|entry| entry.stands_for.is_some() && !entry.is_asked) {
        tell(lint, "event", &entry.name, "stands for events that nothing asks for by this name");
    }
}

fn tell(lint: &LintContext<'_, '_>, kind: &str, one: &SpannedName, label: &str) {
    let message = format!("{kind} `{}` is never used", one.name);
    let help = "use it in a condition or a text, show it as a column under [output], or leave it out";
    let help = match kind {
        "category" => "give a signal this category, or leave the bounds out",
        "event" => "name it in a metric, a signal or a milestone, or leave it out",
        _ => help,
    };
    lint.report(Diagnostic::warning(codes::UNUSED, one.span.clone(), message, label).help(help));
}
