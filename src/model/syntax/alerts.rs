//! `[[user.alerts]]` and `[[account.alerts]]`: what a person should act on today.

use super::{
    super::{
        codes,
        resolved::{ExistingEntities, RepresentativePool},
        toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
    },
    choice, pools,
};
use crate::diag::Diagnostic;

/// An alert as written.
#[derive(Debug)]
pub(crate) struct AlertSyntax {
    pub(crate) name: SpannedText,
    pub(crate) when: SpannedText,
    pub(crate) cooldown: Option<WithSpan<u32>>,
    pub(crate) limit: Option<u32>,
    pub(crate) limit_each: Option<u32>,
    pub(crate) expires_days: Option<u32>,
    pub(crate) order: Option<Vec<SpannedText>>,
    pub(crate) to: Option<SpannedText>,
    pub(crate) pool: Option<RepresentativePool>,
    pub(crate) message: Option<SpannedText>,
    pub(crate) existing: ExistingEntities,
}

/// The words of `existing`.
pub(super) const EXISTING: [(&str, ExistingEntities); 2] =
    [("note", ExistingEntities::Note), ("fire", ExistingEntities::Fire)];

/// The largest limit.
const LIMIT_MAX: i64 = 1_000_000_000;

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<AlertSyntax> {
    let name = table.name(found);
    let when = table.required_text("when", found);
    let cooldown = days(&mut table, "cooldown", found);
    let limit = limit(&mut table, "limit", found);
    let limit_each = limit_each(&mut table, found);
    let expires = days(&mut table, "expires", found);
    let order = table.text_list("order", found);
    let to = table.text("to", found);
    let pool = pools::read(&mut table, found);
    let message = table.text("message", found);
    let existing = choice(&mut table, "existing", &EXISTING, found).map_or(ExistingEntities::Note, |word| word.value);
    table.finish(found);
    Some(AlertSyntax {
        name: name?,
        when: when?,
        cooldown,
        limit,
        limit_each,
        expires_days: expires.map(|days| days.value),
        order,
        to,
        pool,
        message,
        existing,
    })
}

/// A whole number of days, with its place.
fn days(table: &mut TableReader<'_>, key: &'static str, found: &mut DiagnosticSink) -> Option<WithSpan<u32>> {
    let text = table.text(key, found)?;
    let days = super::days(&text, found).and_then(|days| u32::try_from(days).ok())?;
    Some(WithSpan::new(days, text.span))
}

fn limit(table: &mut TableReader<'_>, key: &'static str, found: &mut DiagnosticSink) -> Option<u32> {
    table.count(key, 1..=LIMIT_MAX, found).and_then(|count| u32::try_from(count.value).ok())
}

/// The limit of each member, which goes with a pool.
fn limit_each(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<u32> {
    if table.has("limit_each") && !table.has("pool") {
        let label = "it is the most that one member of a pool gets in a run";
        let problem =
            Diagnostic::error(codes::KEY_CONFLICT, table.key_span("limit_each"), "`limit_each` without `pool`", label);
        found.add(problem.help("name the members, pool = [\"Ann\", \"Bo\"], or bound them all with `limit`"));
    }
    limit(table, "limit_each", found)
}
