//! A diff for people.

use std::fmt::Write;

use super::{
    DiffReport, EntitySample, EntryTurnover, IdVisibility, LevelDiff, MovedEntity,
    formatting::{self, TransitionTable},
};
use pql_model::{diag::escape_controls, units::plural};

impl DiffReport<'_> {
    /// For people, every line ended.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let [old, new] = &self.diff.models;
        let _ = writeln!(
            out,
            "old  {}\nnew  {}\n{}",
            escape_controls(&old.path),
            escape_controls(&new.path),
            formatting::as_of(&self.diff.models)
        );
        for level in self.diff.levels.values() {
            self.level_text(&mut out, level);
        }
        if !self.verdicts.is_empty() {
            out.push_str("\nfail if\n");
        }
        for verdict in self.verdicts {
            let _ = writeln!(
                out,
                "  {}  {}: {}",
                escape_controls(&verdict.text),
                verdict.numbers_text(),
                formatting::verdict(verdict)
            );
        }
        out
    }

    fn level_text(&self, out: &mut String, level: &LevelDiff) {
        let [before, after] = level.rows;
        let side = level.side;
        let _ = writeln!(out, "\n{}: {before} before, {after} after", formatting::many(side));
        let _ = writeln!(out, "  {}", formatting::changes(level));
        let [before, after] = level.qualified;
        let _ = writeln!(out, "  {}: {before} before, {after} after", formatting::qualified(side));
        for (moves, what) in [(&level.tiers, "tier"), (&level.routes, "route")] {
            if moves.turnover.is_empty() {
                continue;
            }
            let TransitionTable { header, rows, omitted_note: rest, .. } = formatting::matrix(moves, what);
            out.push('\n');
            grid(out, &header, &rows);
            if let Some(rest) = rest {
                let _ = writeln!(out, "  ... {rest}");
            }
            if what == "tier" {
                moves.turnover.iter().for_each(|turnover| self.turnover_text(out, turnover));
            }
        }
        load(out, level);
        signals(out, level);
    }

    /// Who comes to a tier, and who goes.
    fn turnover_text(&self, out: &mut String, tier: &EntryTurnover) {
        if tier.entered.count + tier.left.count == 0 {
            return;
        }
        let only = match tier.exists_in {
            [true, false] => " (only the old model has it)",
            [false, true] => " (only the new model has it)",
            _ => "",
        };
        let _ = writeln!(out, "\n{}{only}: {} enter, {} leave", tier.name, tier.entered.count, tier.left.count);
        self.crowd_text(out, &tier.entered, "+", &|mover| format!("from {}", formatting::tier(mover, 0)));
        self.crowd_text(out, &tier.left, "-", &|mover| format!("to {}", formatting::tier(mover, 1)));
    }

    fn crowd_text(&self, out: &mut String, crowd: &EntitySample, sign: &str, other: &dyn Fn(&MovedEntity) -> String) {
        let rows: Vec<Vec<String>> = crowd.listed.iter().map(|mover| self.moved_cells(mover, other(mover))).collect();
        for line in aligned(&rows) {
            let _ = writeln!(out, "  {sign} {line}");
        }
        if let Some(rest) = formatting::not_listed(crowd) {
            let _ = writeln!(out, "  {sign} ... {rest}");
        }
    }

    fn moved_cells(&self, mover: &MovedEntity, other_tier: String) -> Vec<String> {
        let id = (self.ids == IdVisibility::Shown).then(|| escape_controls(&mover.id));
        let reasons = escape_controls(&formatting::reasons(mover));
        id.into_iter().chain([formatting::scores(mover), other_tier, reasons]).collect()
    }
}

fn load(out: &mut String, level: &LevelDiff) {
    if level.load.is_empty() {
        return;
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for load in &level.load {
        let [before, after] = load.counts;
        let to = escape_controls(load.assignee.as_deref().unwrap_or_default());
        rows.push(vec![
            load.name.clone(),
            before.to_string(),
            after.to_string(),
            formatting::signed(before, after),
            to,
        ]);
    }
    let [before, after] = [0, 1].map(|model| level.load.iter().map(|load| load.counts[model]).sum::<u64>());
    rows.push(vec![
        "all".to_owned(),
        before.to_string(),
        after.to_string(),
        formatting::signed(before, after),
        String::new(),
    ]);
    out.push('\n');
    grid(out, &["human route", "before", "after", "change", "to"].map(str::to_owned), &rows);
}

fn signals(out: &mut String, level: &LevelDiff) {
    if level.signals.is_empty() {
        return;
    }
    let row = |signal: &super::SignalChange| {
        vec![signal.name.clone(), signal.entities.to_string(), formatting::signed_points(signal.points)]
    };
    let rows: Vec<Vec<String>> = level.signals.iter().take(formatting::LINES_SHOWN).map(row).collect();
    out.push('\n');
    grid(out, &["signal".to_owned(), formatting::many(level.side).to_owned(), "points".to_owned()], &rows);
    let more = level.signals.len().saturating_sub(formatting::LINES_SHOWN) as u64;
    if more > 0 {
        let _ = writeln!(out, "  ... and {} more; --format json has all of them", plural(more, "signal", "signals"));
    }
}

/// A table: the first column to the left, numbers to the right, and a column `to` to the left.
fn grid(out: &mut String, header: &[String], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).chain(header.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    for row in [header].into_iter().chain(rows.iter().map(Vec::as_slice)) {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let left = column == 0 || header[column] == "to";
            let _ = if left { write!(line, "  {cell:width$}") } else { write!(line, "  {cell:>width$}") };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Rows as lines whose columns begin at the same place.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<String>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
