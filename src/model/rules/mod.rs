//! What every code means: why it matters, an example that has the problem, what is told about it, and one that has it not.
//!
//! Each code has a text of its own beside this file, written as people read it on GitHub; [`Rule`]s are views of these texts. A test runs the
//! program on every example and holds what it tells against the text. This module knows nothing of models: readers ask it which codes exist.

mod texts;

use std::sync::LazyLock;

use crate::diag::Severity;

/// A code and all there is to say about it.
#[derive(Debug, Clone)]
pub struct RuleDoc {
    /// A letter for the layer and three digits.
    pub code: &'static str,
    /// How bad the problem is.
    pub severity: Severity,
    /// The problem in a few words; lower case, no final stop.
    pub title: &'static str,
    /// What it means, why it matters and what to do: paragraphs with an empty line between them.
    pub text: String,
    /// A document that has this problem and no other.
    pub bad_example: &'static str,
    /// What the program tells about it.
    pub output: &'static str,
    /// The same document without the problem.
    pub good_example: &'static str,
    /// What belongs to the example and is the same for both documents: what stands there by its role, `rest` (of both documents), `model`, `events`.
    pub attachments: Vec<(&'static str, &'static str)>,
}

impl RuleDoc {
    /// What belongs to the example in a role; nothing if it needs none.
    pub fn part(&self, role: &str) -> Option<&'static str> {
        self.attachments.iter().find(|(known, _)| *known == role).map(|(_, text)| *text)
    }
}

/// All codes with what there is to say about them, in their order.
pub fn all() -> &'static [RuleDoc] {
    static RULES: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| {
        let texts = [texts::MODEL, texts::WARNINGS, texts::DATA, texts::CASES, texts::DIFF];
        texts.into_iter().flatten().filter_map(|text| parse(text)).collect()
    });
    &RULES
}

/// Whether there is a rule of exactly this code: the code and how bad its problem is. Reads no more of the texts than their first lines.
pub fn lookup_code(code: &str) -> Option<(&'static str, Severity)> {
    let texts = [texts::MODEL, texts::WARNINGS, texts::DATA, texts::CASES, texts::DIFF];
    let mut heads = texts.into_iter().flatten().filter_map(|text| Some(parse_heading(text)?.0));
    heads.find(|(known, ..)| *known == code).map(|(code, severity, _)| (code, severity))
}

/// The rule of a code, in whatever case it is written.
pub fn find(code: &str) -> Option<&'static RuleDoc> {
    all().iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// Reads the first line of a text, and gives the rest: the code, how bad it is, the title.
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

/// Reads the text of a rule: `# CODE (severity): title`, then paragraphs and fenced blocks, whose last word is their role.
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
    let (bad, told, good) = (take("bad")?, take("told")?, take("good")?);
    Some(RuleDoc {
        code,
        severity,
        title,
        text: prose.join("\n\n"),
        bad_example: bad,
        output: told,
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
