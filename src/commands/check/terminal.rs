//! For people: problems under the lines that they are about, and a line of totals for each model.

use super::{
    CheckedModel,
    events_table::{events_table, split_problems},
    totals_text,
};
use pql_model::{
    diag::{ColourMode, Diagnostic, Severity, escape_controls, render},
    units::plural,
};

/// The most problems of a model that are drawn. Further ones are drawn after these are mended.
const DRAWN_MAX: usize = 100;

/// Problems are drawn until the lines that they are on are so long together; only lines that a program wrote are.
const LINE_BYTES_MAX: usize = 1 << 20;

/// The problems of a model: those of the model itself, then what events show. Nothing if it has none.
pub fn render_problems(checked: &CheckedModel, paint: ColourMode) -> String {
    let (drawn, of_events) = split_problems(&checked.problems);
    let parts = [render_drawn(checked, &drawn, paint), events_table(checked, &of_events)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<String>>().join("\n\n")
}

/// Problems with the lines that they are on.
fn render_drawn(checked: &CheckedModel, problems: &[Diagnostic], paint: ColourMode) -> String {
    let source = &checked.document.text;
    let mut bytes = 0;
    let fits = |problem: &&Diagnostic| {
        let line = source.get(problem.span.start..).and_then(|rest| rest.find('\n')).unwrap_or(source.len());
        bytes += line;
        bytes <= LINE_BYTES_MAX || bytes == line
    };
    let shown = problems.iter().take(DRAWN_MAX).take_while(fits).count();
    let mut text = render(&checked.document, &problems[..shown], paint);
    if problems.len() > shown {
        let more = plural((problems.len() - shown) as u64, "more problem", "more problems");
        text.push_str(&format!("\n\n{more}; --format json lists all of them"));
    }
    text
}

/// What a model came to, in a line.
pub fn summary(checked: &CheckedModel) -> String {
    let name = escape_controls(&checked.document.name);
    if checked.read_error.is_some() {
        return format!("{name}: not read");
    }
    let counts = totals_text(checked.count(Severity::Error), checked.count(Severity::Warning));
    let ignored = match checked.ignored.len() {
        0 => String::new(),
        count => format!(", {} ignored", plural(count as u64, "warning", "warnings")),
    };
    let content = match &checked.content {
        Some(content) if checked.problems.is_empty() => format!(" ({content})"),
        _ => String::new(),
    };
    format!("{name}: {counts}{ignored}{content}")
}
