//! Tables that are no rows of entities for people: as text for a terminal, and as a digest in Markdown for chat and mail.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use super::{
    digest::{LINES_MAX, escape_cell},
    table::{plain, push},
};
use pql_model::{diag::escape_controls, units::plural};

/// A table of texts.
pub(crate) struct TextTable<'t> {
    /// The names of its columns.
    pub(crate) columns: &'t [&'t str],
    /// Its rows, each with a cell for every column.
    pub(crate) rows: Vec<Vec<String>>,
}

impl TextTable<'_> {
    /// The first rows with aligned columns, at most `width` characters wide.
    pub(crate) fn text(&self, rows_max: usize, width: u16) -> String {
        let mut table = plain(Some(width));
        table.set_header(self.columns);
        let shown = self.rows.iter().take(rows_max);
        table.add_rows(shown.map(|row| row.iter().map(|cell| escape_controls(cell)).collect::<Vec<String>>()));
        let mut text = String::new();
        push(&mut text, &table);
        if self.rows.len() > rows_max {
            let more = plural((self.rows.len() - rows_max) as u64, "row", "rows");
            let _ = writeln!(text, "... and {more} more");
        }
        text
    }

    /// Writes a heading of some lines and the first rows in Markdown, 30 lines at most.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn write_digest(&self, heading: &[String], out: &mut dyn Write) -> io::Result<()> {
        for line in heading {
            writeln!(out, "{line}")?;
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        // An empty line, the header with its rule, and the line of what is left out with the empty line before it.
        let room = LINES_MAX.saturating_sub(heading.len() + 5);
        let names: Vec<String> = self.columns.iter().map(|name| escape_cell(name)).collect();
        let rule: Vec<&str> = names.iter().map(|_| "---").collect();
        writeln!(out, "\n| {} |\n| {} |", names.join(" | "), rule.join(" | "))?;
        for row in self.rows.iter().take(room) {
            let cells: Vec<String> = row.iter().map(|cell| escape_cell(cell)).collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        let more = self.rows.len().saturating_sub(room) as u64;
        if more > 0 {
            writeln!(out, "\n… and {} more", plural(more, "row", "rows"))?;
        }
        Ok(())
    }
}
