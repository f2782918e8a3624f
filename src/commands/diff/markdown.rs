//! A diff as Markdown, for a comment on a pull request.
//!
//! Whatever comes from events, models or the command line stands in code spans, where GitHub and GitLab make no links, mentions, references or markup of
//! it; what could end a span or a cell of a table is written as an escape.

use std::fmt::Write;

use super::{
    DiffReport, IdVisibility, LevelDiff, MovedEntity, MoverGroup, MoverKind,
    formatting::{self, ChangeWords, ChangedValues, TransitionTable},
};
use pql_model::{diag::escape_controls, units::plural};

/// By which a job finds the comment that it wrote before.
const MARKER: &str = "<!-- pql diff -->";

/// The most characters of an id that are shown: nobody reads more, and a comment has an end.
const ID_CHARS_MAX: usize = 80;

/// Text that is shown as it is, whatever it is.
fn code(text: &str) -> String {
    let mut safe = String::new();
    for c in escape_controls(text).chars() {
        match c {
            // Nothing else ends a code span or a cell.
            '`' | '|' | '\u{2028}' | '\u{2029}' => safe.extend(c.escape_unicode()),
            _ => safe.push(c),
        }
    }
    // A span of spaces alone is none, and one space at both ends would be lost.
    if safe.trim() != safe || safe.is_empty() { format!("` {safe} `") } else { format!("`{safe}`") }
}

/// An id, cut where it is very long.
fn id(text: &str) -> String {
    match text.char_indices().nth(ID_CHARS_MAX) {
        Some((end, _)) => code(&format!("{}…", &text[..end])),
        None => code(text),
    }
}

impl DiffReport<'_> {
    /// Markdown as GitHub and GitLab read it, every line ended.
    pub fn markdown(&self) -> String {
        let [old, new] = &self.diff.models;
        let mut out = format!("{MARKER}\n### Scoring model: {} → {}\n\n", code(&old.path), code(&new.path));
        for verdict in self.verdicts {
            let sign = if verdict.holds == Some(true) { "❌" } else { "✅" };
            let (text, known) = (code(&verdict.text), code(&verdict.numbers_text()));
            let _ = writeln!(out, "- {sign} fail if {text}: {} ({known})", formatting::verdict(verdict));
        }
        if !self.verdicts.is_empty() {
            out.push('\n');
        }
        let same = if formatting::nothing_changed(self.diff) { " Nothing changed for anybody." } else { "" };
        let _ = writeln!(out, "The same events under both models, {}.{same}\n", formatting::as_of(&self.diff.models));
        self.reading_markdown(&mut out);
        self.model_markdown(&mut out);
        self.overview(&mut out);
        for level in self.diff.levels.values() {
            self.level_markdown(&mut out, level);
        }
        out
    }

    /// How the models read the events, where that differs.
    fn reading_markdown(&self, out: &mut String) {
        let reading = self.reading();
        if let Some(sentence) = reading.sentence {
            let _ = writeln!(out, "{sentence}\n");
        }
        if reading.rows.is_empty() {
            return;
        }
        let rows: Vec<Vec<String>> = reading.rows.into_iter().map(formatting::count_row).collect();
        table(out, &["read by each model", "old", "new", "change"].map(str::to_owned), 1, &rows);
        out.push('\n');
    }

    /// What changed in the model, as a list.
    fn model_markdown(&self, out: &mut String) {
        let (changes, more) = formatting::model_changes(self.changes);
        if changes.is_empty() {
            let _ = writeln!(out, "What changed in the model: nothing, {}.\n", formatting::NO_MODEL_CHANGE);
            return;
        }
        out.push_str("What changed in the model:\n\n");
        for ChangeWords { subject, values } in changes {
            let subject = code(&subject);
            let _ = match values {
                ChangedValues::Other(old, new) => writeln!(out, "- {subject} {} → {}", code(&old), code(&new)),
                ChangedValues::Added(new) => writeln!(out, "- {subject} added: {}", code(&new)),
                ChangedValues::Removed(old) => writeln!(out, "- {subject} removed: {}", code(&old)),
            };
        }
        if let Some(more) = more {
            let _ = writeln!(out, "- … {more}");
        }
        out.push('\n');
        for note in self.change_notes {
            let _ = writeln!(out, "{}\n", code(note));
        }
    }

    /// Counts of both levels in one table.
    fn overview(&self, out: &mut String) {
        let mut rows = Vec::new();
        for level in self.diff.levels.values() {
            let mut count = |what: String, [before, after]: [u64; 2]| {
                rows.push(vec![what, before.to_string(), after.to_string(), formatting::signed(before, after)]);
            };
            count(formatting::many(level.side).to_owned(), level.counts.rows);
            count(formatting::qualified(level.side).to_owned(), level.counts.qualified);
            if level.counts.suppressed != [0, 0] {
                count(
                    format!("suppressed {}, not among the qualified", formatting::many(level.side)),
                    level.counts.suppressed,
                );
            }
            for load in &level.load {
                let to = load.assignee.as_ref().map(|to| format!(", to {}", code(to))).unwrap_or_default();
                let without = if level.counts.suppressed == [0, 0] { "" } else { ", without the suppressed" };
                let many = formatting::many(level.side);
                count(format!("human route {} of {many}{to}{without}", code(&load.name)), load.counts);
            }
        }
        table(out, &["", "before", "after", "change"].map(str::to_owned), 1, &rows);
    }

    fn level_markdown(&self, out: &mut String, level: &LevelDiff) {
        let many = formatting::many(level.side);
        let [before, after] = level.counts.rows;
        let _ = writeln!(
            out,
            "\n#### {}{}\n\n{before} {many} before and {after} after: {}.",
            many[..1].to_uppercase(),
            &many[1..],
            formatting::changes(level)
        );
        let counts = &level.counts;
        if counts.unchanged == counts.rows[0] && counts.only_in == [0, 0] && counts.rerouted_alone == 0 {
            return;
        }
        for (moves, what) in [(&level.tiers, "tier"), (&level.routes, "route")] {
            if moves.turnover.iter().all(|entry| entry.entered + entry.left == 0) {
                continue;
            }
            let TransitionTable { mut header, mut rows, sums, omitted_note: rest } = formatting::matrix(moves, what);
            // Sums and counts at the end have names of ours.
            let (columns, lines) = (header.len() - 1, rows.len() - usize::from(sums));
            header.iter_mut().take(columns).skip(1).for_each(|name| *name = code(name));
            rows.iter_mut().take(lines).filter_map(|row| row.first_mut()).for_each(|name| *name = code(name));
            header[0] = format!("{what}, before ↓ after →");
            out.push('\n');
            table(out, &header, 1, &rows);
            if let Some(rest) = rest {
                let _ = writeln!(out, "\n… {rest}");
            }
        }
        self.movers(out, level);
        signals(out, level);
    }

    /// Who moves, folded away.
    fn movers(&self, out: &mut String, level: &LevelDiff) {
        let many = formatting::many(level.side);
        for (kind, groups) in formatting::mover_lists(&level.movers) {
            if groups.is_empty() {
                continue;
            }
            // A summary is HTML, so that no name may stand in it.
            let _ = writeln!(out, "\n<details>\n<summary>The {many} {}</summary>", summary_words(kind));
            for group in groups {
                let heading = formatting::group_heading(kind, group, code);
                let _ = writeln!(out, "\n{heading}: {}", group.movers.count);
                for (cause, count) in &group.causes {
                    let _ = writeln!(out, "\n{}: {count}", formatting::cause_words(cause, code));
                }
                match (self.ids, kind) {
                    (IdVisibility::Shown, _) => movers_table(out, kind, group),
                    (IdVisibility::Hidden, MoverKind::Tier | MoverKind::Route) => reasons_table(out, group, many),
                    (IdVisibility::Hidden, MoverKind::Suppression) => {}
                }
            }
            out.push_str("\n</details>\n");
        }
        if let Some(rest) = formatting::suppressed_movers(level) {
            let _ = writeln!(out, "\n{rest}.");
        }
    }
}

/// What a folded list of movers is called.
fn summary_words(kind: MoverKind) -> &'static str {
    match kind {
        MoverKind::Tier => "in another tier, and why",
        MoverKind::Route => "in the same tier on another route, and why",
        MoverKind::Suppression => "whose suppression changes",
    }
}

/// The movers, one a row.
fn movers_table(out: &mut String, kind: MoverKind, group: &MoverGroup) {
    let row =
        |mover: &MovedEntity| vec![id(&mover.id), formatting::scores(mover), code(&formatting::reasons(kind, mover))];
    let rows: Vec<Vec<String>> = group.movers.listed.iter().map(row).collect();
    let why = match kind {
        MoverKind::Tier | MoverKind::Route => "signals that made the difference",
        MoverKind::Suppression => "tier",
    };
    if !rows.is_empty() {
        out.push('\n');
        table(out, &["id", "score", why].map(str::to_owned), 3, &rows);
    }
    if let Some(rest) = formatting::not_listed(&group.movers) {
        let _ = writeln!(out, "\n… {rest}");
    }
}

/// What made the difference, one signal a row.
fn reasons_table(out: &mut String, one: &MoverGroup, many: &str) {
    out.push('\n');
    let row = |[why, entities, points]: [String; 3]| vec![code(&why), entities, points];
    let rows: Vec<Vec<String>> = formatting::reasons_of_all(one).into_iter().map(row).collect();
    table(out, &["signals that made the difference", many, "points in all"].map(str::to_owned), 1, &rows);
}

fn signals(out: &mut String, level: &LevelDiff) {
    if level.signals.is_empty() {
        return;
    }
    let row = |signal: &super::SignalChange| {
        vec![code(&signal.name), signal.entities.to_string(), formatting::signed_points(signal.points)]
    };
    let rows: Vec<Vec<String>> = level.signals.iter().take(formatting::LINES_SHOWN).map(row).collect();
    out.push('\n');
    table(
        out,
        &["signal with other points", formatting::many(level.side), "points in all"].map(str::to_owned),
        1,
        &rows,
    );
    let more = level.signals.len().saturating_sub(formatting::LINES_SHOWN) as u64;
    if more > 0 {
        let _ = writeln!(out, "\n… and {} more", plural(more, "signal", "signals"));
    }
}

/// A table. Its first columns, by their number, are aligned to the left.
fn table(out: &mut String, header: &[String], left: usize, rows: &[Vec<String>]) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    out.push_str(&line(header));
    let rule = |(column, _): (usize, &String)| if column < left { "---" } else { "--:" }.to_owned();
    out.push_str(&line(&header.iter().enumerate().map(rule).collect::<Vec<String>>()));
    rows.iter().for_each(|row| out.push_str(&line(row)));
}
