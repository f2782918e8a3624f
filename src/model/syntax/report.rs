//! `[report]`: what is shown of a run beside its rows.

use toml::{Spanned, de::DeValue};

use super::super::{
    codes,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, as_number, wrong_type},
};
use crate::diag::Diagnostic;

/// The section as written.
#[derive(Debug, Default)]
pub(crate) struct ReportSyntax {
    /// Names of milestones.
    pub(crate) moments: Option<Vec<SpannedText>>,
    /// Two shares from 0 to 1, the lower one first.
    pub(crate) band: Option<(f64, f64)>,
}

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> ReportSyntax {
    let moments = table.text_list("moments", found);
    let band = table.take("band").and_then(|value| band(value, found));
    table.finish(found);
    ReportSyntax { moments, band }
}

/// `band = [0.3, 0.6]`
fn band(value: &Spanned<DeValue<'_>>, found: &mut DiagnosticSink) -> Option<(f64, f64)> {
    const EXPECTED: &str = "two numbers from 0 to 1, the lower first, such as [0.3, 0.6]";
    let DeValue::Array(list) = value.get_ref() else { return wrong_type(value, "band", EXPECTED, found) };
    let numbers: Option<Vec<f64>> = list.iter().map(|one| Some(as_number(one, "band", found)?.value)).collect();
    match numbers?.as_slice() {
        [low, high] if 0.0 <= *low && low < high && *high <= 1.0 => Some((*low, *high)),
        _ => {
            let label = format!("expected {EXPECTED}");
            found.add(Diagnostic::error(codes::BAD_VALUE, value.span(), "`band` is no range of shares", label));
            None
        }
    }
}
