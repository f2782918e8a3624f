//! A digest of a list in Markdown, for chat and mail: totals and the first rows.

use std::io::{self, Write};

use super::{
    OutputSchema,
    row_writer::{LevelRows, RowBatch, RowTotals, RowWriter},
    selection::SelectedRows,
};
use crate::score::LevelSummary;
use pql_model::{EntityKind, clock::format_instant, diag::escape_controls, units::plural};

/// A digest has no more lines than this.
pub(super) const LINES_MAX: usize = 30;
/// Lines beside the rows: totals, an empty line, the header of the table with its rule, and the line of what is left out.
const OTHER_LINES: usize = 8;
/// No cell of the table is longer.
const CELL_CHARS_MAX: usize = 120;

/// Writes the digest of some rows. `news` says in words what is new.
///
/// # Errors
/// Those of the writer.
pub(super) fn write_digest(
    rows: LevelRows<'_>,
    selected: &SelectedRows,
    (schema, news): (&OutputSchema, &[String]),
    out: &mut dyn Write,
) -> io::Result<RowTotals> {
    out.write_all(heading(rows).as_bytes())?;
    for line in news {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let listed = selected.entities.len().min(LINES_MAX.saturating_sub(OTHER_LINES + news.len()));
    let totals = rows.write(&selected.entities[..listed], &DigestRows { schema }, out)?;
    let more = (selected.entities.len() - listed) as u64 + selected.left_out.beyond;
    if more > 0 {
        writeln!(out, "\n… and {} more", plural(more, "row", "rows"))?;
    }
    Ok(totals)
}

/// Who was scored, as of when, and how many are in each tier.
fn heading(rows: LevelRows<'_>) -> String {
    let scored = rows.scored;
    let name = escape_cell(&rows.model.resolved.name);
    let of_model = if name.is_empty() { String::new() } else { format!("{name}, ") };
    let level = |summary: &LevelSummary, kind: EntityKind| {
        let (one, many) = (kind.word(), kind.plural());
        format!("{}, {} qualified", plural(summary.count, one, many), summary.qualified)
    };
    let summary = match rows.kind {
        EntityKind::User => &scored.users,
        EntityKind::Account => &scored.accounts,
    };
    let counted = summary.tiers_listed.iter().map(|(tier, count)| format!("{tier} {count}"));
    let suppressed: u64 = summary.suppressed.iter().map(|(_, count)| count).sum();
    let suppressed = (suppressed > 0).then(|| format!("suppressed {suppressed}"));
    let tiers: Vec<String> = counted.chain(suppressed).collect();
    let tiers = if tiers.is_empty() { String::new() } else { format!("\n{}", tiers.join(", ")) };
    let (users, accounts) = (level(&scored.users, EntityKind::User), level(&scored.accounts, EntityKind::Account));
    format!(
        "**{of_model}as of {}**\n{users}; {accounts}{}\n",
        format_instant(scored.as_of.instant),
        escape_underscores(&tiers)
    )
}

/// Escapes underscores, which begin emphasis. Names of tiers have no other mark of Markdown.
fn escape_underscores(text: &str) -> String {
    text.replace('_', "\\_")
}

/// Rows as a table of Markdown.
struct DigestRows<'s> {
    schema: &'s OutputSchema,
}

impl RowWriter for DigestRows<'_> {
    type Part = String;
    type State = ();

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<String> = self.schema.names().map(escape_cell).collect();
        let rule: Vec<&str> = names.iter().map(|_| "---").collect();
        writeln!(out, "| {} |\n| {} |", names.join(" | "), rule.join(" | "))
    }

    fn encode(&self, rows: &RowBatch<'_>) -> io::Result<String> {
        let mut part = String::new();
        rows.try_for_each(|row| {
            let cells: Vec<String> = row.cells(self.schema).iter().map(|cell| escape_cell(&cell.text())).collect();
            part.push_str(&format!("| {} |\n", cells.join(" | ")));
            Ok(())
        })?;
        Ok(part)
    }

    fn append(&self, (): &mut (), part: String, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(part.as_bytes())
    }

    fn finish(&self, (): (), _: &mut dyn Write) -> io::Result<RowTotals> {
        Ok(RowTotals::default())
    }
}

/// A text that stays text in Markdown, on one line. A mention, such as of a whole channel, is broken by a character without width; an e-mail address is none.
pub(super) fn escape_cell(text: &str) -> String {
    let mut cell = String::new();
    let shown = escape_controls(text.trim());
    let mut before = ' ';
    for c in shown.chars().take(CELL_CHARS_MAX) {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => cell.extend(['\\', c]),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '@' if !before.is_alphanumeric() => cell.extend(['@', '\u{200b}']),
            other => cell.push(other),
        }
        before = c;
    }
    if shown.chars().count() > CELL_CHARS_MAX {
        cell.push('…');
    }
    cell
}
