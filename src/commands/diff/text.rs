//! A diff for people.

use std::fmt::Write;

use super::{
    DiffReport, IdVisibility, LevelDiff, MovedEntity, MoverGroup, MoverKind,
    formatting::{self, ChangeWords, ChangedValues, TransitionTable},
};
use pql_model::{EntityKind, diag::escape_controls, units::plural};

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
        self.reading_text(&mut out);
        self.model_text(&mut out);
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

    /// How the models read the events, where that differs.
    fn reading_text(&self, out: &mut String) {
        let reading = self.reading();
        if let Some(sentence) = reading.sentence {
            let _ = writeln!(out, "{}", sentence.replace('`', ""));
        }
        if reading.rows.is_empty() {
            return;
        }
        let rows: Vec<Vec<String>> = reading.rows.into_iter().map(formatting::count_row).collect();
        out.push('\n');
        grid(out, &["read by each model", "old", "new", "change"].map(str::to_owned), &rows);
    }

    /// What changed in the model.
    fn model_text(&self, out: &mut String) {
        let (changes, more) = formatting::model_changes(self.changes);
        out.push_str("\nwhat changed in the model\n");
        if changes.is_empty() {
            let _ = writeln!(out, "  nothing: {}", formatting::NO_MODEL_CHANGE);
        }
        for ChangeWords { subject, values } in changes {
            let words = match values {
                ChangedValues::Other(old, new) => format!("{subject} {old} → {new}"),
                ChangedValues::Added(new) => format!("{subject} added: {new}"),
                ChangedValues::Removed(old) => format!("{subject} removed: {old}"),
            };
            let _ = writeln!(out, "  {}", escape_controls(&words));
        }
        if let Some(more) = more {
            let _ = writeln!(out, "  ... {more}");
        }
        for note in self.change_notes {
            let _ = writeln!(out, "  {}", escape_controls(note));
        }
    }

    fn level_text(&self, out: &mut String, level: &LevelDiff) {
        let [before, after] = level.counts.rows;
        let side = level.side;
        let _ = writeln!(out, "\n{}: {before} before, {after} after", formatting::many(side));
        let _ = writeln!(out, "  {}", formatting::changes(level));
        let _ = writeln!(out, "  {}", formatting::qualified_counts(level));
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
        }
        for (kind, groups) in formatting::mover_lists(&level.movers) {
            groups.iter().for_each(|group| self.group_text(out, (kind, group), side));
        }
        if let Some(rest) = formatting::suppressed_movers(level) {
            let _ = writeln!(out, "\n{rest}");
        }
        load(out, level);
        signals(out, level);
    }

    /// Movers from one place to another: each of them, or without ids what made the difference for all.
    fn group_text(&self, out: &mut String, (kind, group): (MoverKind, &MoverGroup), side: EntityKind) {
        let heading = formatting::group_heading(kind, group, str::to_owned);
        let count = plural(group.movers.count, side.word(), side.plural());
        let _ = writeln!(out, "\n{}: {count}", escape_controls(&heading));
        for (cause, count) in &group.causes {
            let _ = writeln!(out, "  {}: {count}", escape_controls(&formatting::cause_words(cause, str::to_owned)));
        }
        match (self.ids, kind) {
            (IdVisibility::Shown, _) => listed_movers(out, kind, group),
            (IdVisibility::Hidden, MoverKind::Tier | MoverKind::Route) => {
                let rows = formatting::reasons_of_all(group);
                let header = ["why", formatting::many(side), "points"].map(str::to_owned);
                grid(out, &header, &rows.into_iter().map(Vec::from).collect::<Vec<Vec<String>>>());
            }
            (IdVisibility::Hidden, MoverKind::Suppression) => {}
        }
    }
}

/// The movers, one a line.
fn listed_movers(out: &mut String, kind: MoverKind, group: &MoverGroup) {
    let rows: Vec<Vec<String>> = group.movers.listed.iter().map(|mover| moved_cells(kind, mover)).collect();
    for line in aligned(&rows) {
        let _ = writeln!(out, "  {line}");
    }
    if let Some(rest) = formatting::not_listed(&group.movers) {
        let _ = writeln!(out, "  ... {rest}");
    }
}

fn moved_cells(kind: MoverKind, mover: &MovedEntity) -> Vec<String> {
    let cause = mover.cause.as_ref().map(|cause| formatting::cause_words(cause, str::to_owned)).unwrap_or_default();
    let cells = [&mover.id, &formatting::scores(mover), &formatting::reasons(kind, mover), &cause];
    cells.map(|cell| escape_controls(cell)).to_vec()
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
    if level.counts.suppressed != [0, 0] {
        let _ =
            writeln!(out, "  suppressed {} are no work for people and do not count here", formatting::many(level.side));
    }
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
