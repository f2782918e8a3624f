//! Findings about models: their problems, less those that the models ignore, for people, for programs, and for the machines that run checks.
//!
//! Takes models that were read, with what was found in them; gives `CheckedModel` files and reports of them in five forms. It finds nothing itself
//! but entries of `[check] ignore` that ignore nothing, and, in [`data`], what only events show.

pub mod data;
mod events_table;
mod github;
mod ignore;
mod json;
mod junit;
mod sarif;
mod spelling;
mod statistics;
mod terminal;

pub use self::{
    github::github,
    ignore::CheckScope,
    json::json,
    junit::junit,
    sarif::sarif,
    statistics::{statistics, statistics_text},
    terminal::{render_problems, summary},
};

use pql_engine::plan::Model;
use pql_model::{
    diag::{Diagnostic, LineIndex, Severity, SourceDocument, escape_controls},
    units::plural,
};

/// A model that was named, and what there is to say of it.
#[derive(Debug)]
pub struct CheckedModel {
    /// The model; without text if it could not be read.
    pub document: SourceDocument,
    /// Its errors, or if it has none its warnings, in the order of their places.
    pub problems: Vec<Diagnostic>,
    /// Warnings that the model says are meant, and why.
    pub ignored: Vec<(Diagnostic, String)>,
    /// What is in it, if it can be used.
    pub content: Option<String>,
    /// Why it could not be read, if so.
    pub read_error: Option<String>,
}

impl CheckedModel {
    /// A model that could not be read.
    pub fn unread(name: String, why: String) -> CheckedModel {
        let document = SourceDocument { name, text: String::new() };
        CheckedModel { document, problems: Vec::new(), ignored: Vec::new(), content: None, read_error: Some(why) }
    }

    /// A model that cannot be used, with its errors. Warnings are not looked for: what a broken model means is a guess.
    pub fn broken(document: SourceDocument, mut problems: Vec<Diagnostic>) -> CheckedModel {
        in_order(&mut problems);
        CheckedModel { document, problems, ignored: Vec::new(), content: None, read_error: None }
    }

    /// A model that can be used, with all that was found to warn of.
    pub fn usable(
        document: SourceDocument,
        model: &Model,
        warnings: Vec<Diagnostic>,
        scope: CheckScope,
    ) -> CheckedModel {
        let (mut problems, ignored) = ignore::apply(model, warnings, scope);
        in_order(&mut problems);
        let level = |level: &pql_model::resolved::Level| {
            let signals = plural(level.signals.len() as u64, "signal", "signals");
            format!("{signals}, {}", plural(level.tiers.len() as u64, "tier", "tiers"))
        };
        let content = format!(
            "users: {}; accounts: {}",
            level(&model.resolved.levels.user),
            level(&model.resolved.levels.account)
        );
        CheckedModel { document, problems, ignored, content: Some(content), read_error: None }
    }

    /// How many problems are so bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }

    /// Lines and columns of all problems, the ignored ones among them.
    fn places(&self) -> LineIndex {
        let ignored = self.ignored.iter().map(|(problem, _)| problem);
        let all = self.problems.iter().chain(ignored);
        let spans = all
            .flat_map(|problem| std::iter::once(&problem.span).chain(problem.secondary.iter().map(|(span, _)| span)));
        LineIndex::new(&self.document.text, spans)
    }
}

fn in_order(problems: &mut [Diagnostic]) {
    problems.sort_by(|a, b| (a.span.start, a.span.end, a.code).cmp(&(b.span.start, b.span.end, b.code)));
}

/// `error` or `warning`.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// What a problem says in one piece: the message, what was expected, the facts that show it and the way out, a line each.
fn plain_text(problem: &Diagnostic) -> String {
    let example = problem.example.as_ref().map(|example| example.to_string());
    let help = problem.help.as_ref().map(|help| format!("help: {help}"));
    let lines = [Some(problem.message.clone()), Some(problem.label.clone()), example, help].into_iter().flatten();
    // Only these are lines: what a line end in a model would begin is no line of ours.
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).map(|line| escape_controls(&line)).collect();
    lines.join("\n")
}

/// `1 error, 2 warnings`, as far as there are any.
fn totals_text(errors: usize, warnings: usize) -> String {
    let errors = (errors > 0).then(|| plural(errors as u64, "error", "errors"));
    let warnings = (warnings > 0).then(|| plural(warnings as u64, "warning", "warnings"));
    let all: Vec<String> = errors.into_iter().chain(warnings).collect();
    if all.is_empty() { "no problems".to_owned() } else { all.join(", ") }
}
