//! For people: problems under the lines that they are about, and a line of totals for each model.

use super::{Checked, counts};
use crate::{
    diag::{Paint, Severity, render, visible},
    units::plural,
};

/// So many problems of a model are drawn; who has more begins with these.
const DRAWN_MAX: usize = 100;

/// The problems of a model; nothing if it has none.
pub fn drawn(checked: &Checked, paint: Paint) -> String {
    let shown = &checked.problems[..checked.problems.len().min(DRAWN_MAX)];
    let mut text = render(&checked.document, shown, paint);
    if checked.problems.len() > DRAWN_MAX {
        let more = plural((checked.problems.len() - DRAWN_MAX) as u64, "more problem", "more problems");
        text.push_str(&format!("\n\n{more}; --format json lists all of them"));
    }
    text
}

/// What a model came to, in a line.
pub fn summary(checked: &Checked) -> String {
    let name = visible(&checked.document.name);
    if checked.unread.is_some() {
        return format!("{name}: not read");
    }
    let counts = counts(checked.count(Severity::Error), checked.count(Severity::Warning));
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
