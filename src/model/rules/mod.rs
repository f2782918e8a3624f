//! The documentation of every code: why the problem matters, a bad example, its output, and a good
//! example.
//!
//! Each code has a Markdown file in this folder, which reads well on GitHub. A [`RuleDoc`] is a
//! view of one file. A test runs the program on every example and compares the output with the
//! file. This module does not depend on the model; readers ask it for the known codes.

mod texts;

use std::sync::LazyLock;

use crate::diag::Severity;

/// The documentation of one code.
#[derive(Debug, Clone)]
pub struct RuleDoc {
    /// A letter for the layer and three digits.
    pub code: &'static str,
    /// The severity of the problem.
    pub severity: Severity,
    /// The problem in a few words; lower case, no final stop.
    pub title: &'static str,
    /// The meaning of the problem, why it matters and what to do. Empty lines separate paragraphs.
    pub text: String,
    /// A document that has this problem and no other.
    pub bad_example: &'static str,
    /// The output of the program for the bad example.
    pub output: &'static str,
    /// The same document without the problem.
    pub good_example: &'static str,
    /// Further parts of the example by role: `rest` (appended to both documents), `model`,
    /// `events`.
    pub(crate) attachments: Vec<(&'static str, &'static str)>,
}

impl RuleDoc {
    /// The part of the example with a role, if the example has one.
    pub fn part(&self, role: &str) -> Option<&'static str> {
        self.attachments.iter().find(|(known, _)| *known == role).map(|(_, text)| *text)
    }
}

/// The documentation of all codes, in their order.
pub fn all() -> &'static [RuleDoc] {
    static RULES: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| {
        let texts = [texts::MODEL, texts::WARNINGS, texts::DATA, texts::CASES, texts::DIFF];
        texts.into_iter().flatten().filter_map(|text| parse(text)).collect()
    });
    &RULES
}

/// The code and severity of exactly this code, if it exists. Parses only the first lines of the
/// files.
pub(crate) fn lookup_code(code: &str) -> Option<(&'static str, Severity)> {
    let texts = [texts::MODEL, texts::WARNINGS, texts::DATA, texts::CASES, texts::DIFF];
    let mut heads = texts.into_iter().flatten().filter_map(|text| Some(parse_heading(text)?.0));
    heads.find(|(known, ..)| *known == code).map(|(code, severity, _)| (code, severity))
}

/// The documentation of a code, in upper or lower case.
pub fn find(code: &str) -> Option<&'static RuleDoc> {
    all().iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// Parses the first line of a file into code, severity and title, and returns the rest.
fn parse_heading(text: &'static str) -> Option<((&'static str, Severity, &'static str), &'static str)> {
    let (first, rest) = text.split_once('\n')?;
    let (code, first) = first.strip_prefix("# ")?.split_once(" (")?;
    let (severity, title) = first.split_once("): ")?;
    let severity = match severity {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return None,
    };
    Some(((code, severity, title), rest))
}

/// Parses a file: `# CODE (severity): title`, then paragraphs and fenced blocks. The last word of a
/// fence is the role of its block.
fn parse(text: &'static str) -> Option<RuleDoc> {
    let ((code, severity, title), rest) = parse_heading(text)?;
    let mut prose = Vec::new();
    let mut parts = Vec::new();
    let mut rest = rest;
    while let Some((before, after)) = rest.split_once("\n```") {
        prose.push(before.trim());
        let (info, body) = after.split_once('\n')?;
        let end = if body.starts_with("```") { 0 } else { body.find("\n```")? + 1 };
        parts.push((info.rsplit(' ').next()?, &body[..end]));
        rest = &body[end + "```".len()..];
    }
    prose.push(rest.trim());
    prose.retain(|part| !part.is_empty());
    let mut take = |role: &str| {
        let at = parts.iter().position(|(known, _)| *known == role)?;
        Some(parts.remove(at).1)
    };
    let (bad, output, good) = (take("bad")?, take("told")?, take("good")?);
    Some(RuleDoc {
        code,
        severity,
        title,
        text: prose.join("\n\n"),
        bad_example: bad,
        output,
        good_example: good,
        attachments: parts,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_text_is_a_rule_and_every_code_has_one() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let files = std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").file_name());
        let names: BTreeSet<String> =
            files.filter_map(|name| name.to_string_lossy().strip_suffix(".md").map(str::to_owned)).collect();
        let codes: BTreeSet<String> = all().iter().map(|rule| rule.code.to_owned()).collect();
        assert_eq!(codes, names, "texts that cannot be read, or that src/rules/texts.rs does not name");
        assert_eq!(codes.len(), all().len(), "a code has two texts");
    }

    #[test]
    fn a_text_falls_into_its_parts() {
        let rule = parse("# M000 (warning): odd\n\nWhy.\n\n```toml bad\na = 1\n```\n\nMore.\n\n```text told\n```\n```toml good\nb = 2\n```\n")
            .expect("a rule");
        assert_eq!((rule.code, rule.severity, rule.title), ("M000", Severity::Warning, "odd"));
        assert_eq!((rule.bad_example, rule.output, rule.good_example), ("a = 1\n", "", "b = 2\n"));
        assert_eq!(rule.text, "Why.\n\nMore.");
    }
}
