//! Sections as text for a terminal and as Markdown.

use super::ReportSection;
use pql_engine::emit::columns_text;
use pql_model::diag::escape_controls;

/// The sections for a terminal of some width.
pub(crate) fn report_text(sections: &[ReportSection], width: u16) -> String {
    let mut text = String::new();
    for section in sections {
        let mut lines = vec![section.title.clone(), "=".repeat(section.title.chars().count())];
        lines.extend(section.above.iter().cloned());
        push_lines(&mut text, &lines, width);
        if !section.rows.is_empty() {
            text.push_str(&columns_text(&section.columns, section.rows.iter().cloned(), width));
        }
        push_lines(&mut text, &section.below, width);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn push_lines(text: &mut String, lines: &[String], width: u16) {
    for line in lines {
        push_wrapped(text, &escape_controls(line), usize::from(width));
    }
}

/// Adds the words of a line, with a line end where the width is reached. A longer word has a line of its own.
fn push_wrapped(text: &mut String, line: &str, width: usize) {
    let mut used = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if used > 0 {
            let fits = used + 1 + length <= width;
            text.push(if fits { ' ' } else { '\n' });
            used = if fits { used + 1 } else { 0 };
        }
        text.push_str(word);
        used += length;
    }
    text.push('\n');
}

/// The sections for a comment or a page.
pub(crate) fn report_markdown(sections: &[ReportSection]) -> String {
    let mut text = String::new();
    for section in sections {
        text.push_str(&format!("## {}\n\n", section.title));
        push_paragraphs(&mut text, &section.above);
        if !section.rows.is_empty() {
            push_row(&mut text, section.columns.iter().copied());
            push_row(&mut text, section.columns.iter().map(|_| "---"));
            section.rows.iter().for_each(|row| push_row(&mut text, row.iter().map(String::as_str)));
            text.push('\n');
        }
        push_paragraphs(&mut text, &section.below);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn push_paragraphs(text: &mut String, lines: &[String]) {
    for line in lines {
        text.push_str(&markdown_text(line));
        text.push_str("\n\n");
    }
}

fn push_row<'c>(text: &mut String, cells: impl Iterator<Item = &'c str>) {
    text.push('|');
    for cell in cells {
        text.push_str(&format!(" {} |", markdown_text(cell)));
    }
    text.push('\n');
}

/// Text of others that formats nothing.
fn markdown_text(text: &str) -> String {
    let mut safe = String::new();
    for letter in escape_controls(text).chars() {
        if "|\\`*_<>[]".contains(letter) && text != "---" {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}
