//! Problems in documents that people wrote: what was found, where, what was expected, and the way out.
//!
//! Stages collect [`Diagnostic`]s and go on; only [`render`] knows how they look.

pub mod escape;
mod line_index;
mod sanitize;

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

pub use line_index::{LineColumn, LineIndex};
pub use sanitize::{escape_ci_commands, escape_controls};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document can be used, and probably does not mean what it says.
    Warning,
    /// The document cannot be used.
    Error,
}

/// One problem in one document.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Stable: a letter for the layer and three digits.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The bytes of the document that it is about.
    pub span: Range<usize>,
    /// What was found; lower case, no final stop, the document's own words in backticks.
    pub message: String,
    /// What stands under the marked text: what was expected there.
    pub label: String,
    /// A way out that can be pasted or followed.
    pub help: Option<String>,
    /// A second place that the problem has to do with.
    pub secondary: Option<(Range<usize>, String)>,
    /// Facts that show it.
    pub example: Option<Box<CounterExample>>,
}

/// A counter-example: facts with which the document does what the problem says.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterExample {
    /// Names of facts with their values, in the order in which people should read them.
    pub facts: Vec<(String, serde_json::Value)>,
    /// What comes of them; a sentence without a final stop.
    pub conclusion: String,
}

impl fmt::Display for CounterExample {
    /// `with a = 1 and b = 'x': ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.facts.iter().enumerate() {
            let before = match at {
                0 => "with ",
                _ if at + 1 == self.facts.len() => " and ",
                _ => ", ",
            };
            match value {
                serde_json::Value::String(text) => write!(f, "{before}{name} = '{text}'")?,
                other => write!(f, "{before}{name} = {other}")?,
            }
        }
        write!(f, "{}{}", if self.facts.is_empty() { "" } else { ": " }, self.conclusion)
    }
}

impl Diagnostic {
    /// An error with what was expected at the marked place.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        let (message, label) = (message.into(), label.into());
        Diagnostic { code, severity: Severity::Error, span, message, label, help: None, secondary: None, example: None }
    }

    /// A warning with what is odd at the marked place.
    pub fn warning(
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message, label) }
    }

    /// Adds facts that show it.
    pub fn example(mut self, example: CounterExample) -> Self {
        self.example = Some(Box::new(example));
        self
    }

    /// Adds the way out.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the way out, if there is one.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Adds a second place, if there is one.
    pub fn maybe_other(self, span: Option<Range<usize>>, label: impl Into<String>) -> Self {
        match span {
            Some(span) => self.other(span, label),
            None => self,
        }
    }

    /// Adds a second place.
    pub fn other(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.secondary = Some((span, label.into()));
        self
    }
}

/// A document and its name, as messages show it.
#[derive(Debug, Clone)]
pub struct SourceDocument {
    /// A path, or words such as `built-in example`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceDocument {
    /// Line and column of a byte, both from 1, the column in characters.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// All problems of one document, in the order of their places; the error of everything that reads a document.
#[derive(Debug, Clone)]
pub struct DocumentProblems {
    /// The document that they are in.
    pub document: SourceDocument,
    /// At least one.
    pub list: Vec<Diagnostic>,
}

impl fmt::Display for DocumentProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(&self.document, &self.list, ColourMode::Plain))
    }
}

impl std::error::Error for DocumentProblems {}

/// Whether a report carries colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMode {
    /// For files and pipes.
    Plain,
    /// For terminals.
    Colour,
}

/// Draws problems under the lines that they are about, in the order of their places.
pub fn render(document: &SourceDocument, problems: &[Diagnostic], paint: ColourMode) -> String {
    let renderer = match paint {
        ColourMode::Plain => Renderer::plain(),
        ColourMode::Colour => Renderer::styled(),
    };
    let mut ordered: Vec<&Diagnostic> = problems.iter().collect();
    ordered.sort_by_key(|problem| (problem.span.start, problem.span.end, problem.code));
    let mut out = String::new();
    for problem in ordered {
        out.push_str(&draw(&renderer, document, problem));
        out.push_str("\n\n");
    }
    out.truncate(out.trim_end().len());
    out
}

/// Draws one problem.
fn draw(renderer: &Renderer, document: &SourceDocument, problem: &Diagnostic) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let text = sanitize::drawable(&document.text);
    let text = text.as_ref();
    let mut snippet = Snippet::source(text).path(escape_controls(&document.name)).annotation(
        AnnotationKind::Primary.span(clamp_span(text, &problem.span)).label(escape_controls(&problem.label)),
    );
    if let Some((span, label)) = &problem.secondary {
        snippet =
            snippet.annotation(AnnotationKind::Context.span(clamp_span(text, span)).label(escape_controls(label)));
    }
    let mut group = level.primary_title(escape_controls(&problem.message)).id(problem.code).element(snippet);
    if let Some(example) = &problem.example {
        group = group.element(Level::NOTE.message(escape_controls(&example.to_string())));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(escape_controls(help)));
    }
    renderer.render(&[group])
}

/// A span that lies within the text and on character boundaries.
fn clamp_span(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    floor(span.start)..floor(span.end.max(span.start))
}

/// A word that a near miss is looked for has at most so many letters.
const NEAR_LENGTH_MAX: usize = 100;

/// So many names are looked through for a near miss.
const NEAR_CANDIDATES_MAX: usize = 2_000;

/// The candidate closest to a word, if it is close enough to be what was meant.
pub fn near_miss<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let folded = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = folded(word);
    let distance = |candidate: &str| strsim::damerau_levenshtein(&wanted, &folded(candidate));
    let length = wanted.chars().count();
    let limit = (length / 3).max(1);
    // Of names as long as these, or as many, one is not mistaken for another, and comparing them would take long.
    if length > NEAR_LENGTH_MAX {
        return None;
    }
    let near = candidates.into_iter().take(NEAR_CANDIDATES_MAX);
    let near = near.filter(|candidate| candidate.chars().count().abs_diff(length) <= limit);
    let best = near.map(|candidate| (distance(candidate), candidate)).min()?;
    (best.0 <= limit).then(|| best.1.to_owned())
}

/// `did you mean ...?` for the closest candidate, else the list of all of them if it is short.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = near_miss(word, candidates.clone()) {
        return Some(format!("a name that exists is `{near}`"));
    }
    let mut all: Vec<&str> = candidates.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    (!all.is_empty() && all.len() <= 20).then(|| format!("one of {}", quoted_list(&all)))
}

/// `a`, `b` and `c`, each in backticks.
pub fn quoted_list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let document = SourceDocument { name: "m.toml".into(), text: "a = 1\nßb = 2\n".into() };
        assert_eq!(document.position(0), (1, 1));
        assert_eq!(document.position("a = 1\nß".len()), (2, 2));
        assert_eq!(document.position(999), (3, 1));
    }

    #[test]
    fn a_near_miss_is_near() {
        assert_eq!(near_miss("ponts", ["points", "when"]).as_deref(), Some("points"));
        assert_eq!(near_miss("Report Exported", ["report_exported"]).as_deref(), Some("report_exported"));
        assert_eq!(near_miss("xyz", ["points", "when"]), None);
    }
}
