//! `[check]`: warnings that people know of and mean.

use super::super::{
    codes,
    resolved::IgnoredWarning,
    toml_reader::{DiagnosticSink, SpannedText, TableReader},
};
use crate::{
    diag::{Diagnostic, Severity, near_miss},
    rules,
};

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Vec<IgnoredWarning> {
    let entries = table.tables("ignore", "an ignored warning", found);
    table.finish(found);
    entries.into_iter().filter_map(|entry| ignore(entry, found)).collect()
}

fn ignore(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<IgnoredWarning> {
    let code = table.required_text("code", found);
    let because = table.required_text("because", found);
    let name = table.text("name", found);
    table.finish(found);
    if let Some(because) = because.as_ref().filter(|because| because.value.trim().is_empty()) {
        let label = "why the warning is right and what it warns of is meant";
        found.add(Diagnostic::error(codes::BAD_VALUE, because.span.clone(), "`because` says nothing", label));
    }
    let code = code?;
    let known = warning(&code, found)?;
    Some(IgnoredWarning { code: known, name: name.map(|name| name.value), because: because?.value, span: code.span })
}

/// The code of a warning that can be ignored.
fn warning(code: &SpannedText, found: &mut DiagnosticSink) -> Option<&'static str> {
    let rule = rules::lookup_code(&code.value).filter(|(known, _)| known.starts_with('M'));
    let (message, label) = match rule {
        Some((_, Severity::Error)) => {
            (format!("`{}` is the code of an error", code.value), "only warnings can be ignored")
        }
        Some((codes::UNUSED_IGNORE, _)) => {
            let label = "take the entry out of which it tells that it ignores nothing";
            (format!("`{}` cannot be ignored", code.value), label)
        }
        Some((known, _)) => return Some(known),
        None => (format!("no warning of models has the code `{}`", code.value), "expected the code of a warning"),
    };
    let warnings = rules::all().iter().filter(|rule| rule.severity == Severity::Warning);
    let codes: Vec<&str> = warnings.map(|rule| rule.code).collect();
    let near = near_miss(&code.value, codes.iter().copied()).filter(|_| rule.is_none());
    let help = near.map_or_else(
        || "`pql rule --all` lists the codes".to_owned(),
        |near| format!("a code that exists is `{near}`"),
    );
    found.add(Diagnostic::error(codes::BAD_VALUE, code.span.clone(), message, label).help(help));
    None
}
