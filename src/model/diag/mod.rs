//! Problems in documents that people write, such as a model.
//!
//! A [`Diagnostic`] says what was found and where, what was expected there, and what to do. A stage
//! collects all diagnostics of a [`SourceDocument`] and gives them as [`DocumentProblems`], its
//! error type. [`render`] draws them; no other code knows their look.
//!
//! ```text
//! warning[M030]: the condition of signal `leader` is never true      severity, code, message
//!  --> model.toml:8:8                                                 document, span
//!   |
//! 8 | when = "lower(role) in ('CEO', 'CTO')"
//!   |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no facts make it true     label
//!   |
//!   = help: no value makes `lower(role) in ('CEO', 'CTO')` true      help
//! ```

pub mod escape;
mod line_index;
mod sanitize;

use std::{fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

pub use line_index::{LineColumn, LineIndex};
pub use sanitize::{escape_ci_commands, escape_controls};

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document can be used, but probably does not mean what it says.
    Warning,
    /// The document cannot be used.
    Error,
}

/// One problem in one document.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// A letter for the layer and three digits. A code is never reused.
    pub code: &'static str,
    /// The severity of the problem.
    pub severity: Severity,
    /// The span in the document, in bytes.
    pub span: Range<usize>,
    /// What was found: lower case, no final stop, the document's own words in backticks.
    pub message: String,
    /// What was expected, shown under the span.
    pub label: String,
    /// Advice that the author can paste or follow.
    pub help: Option<String>,
    /// A second span that explains the problem, with its label.
    pub secondary: Option<(Range<usize>, String)>,
    /// Facts that show the problem.
    pub example: Option<Box<CounterExample>>,
}

/// A counter-example: values of facts for which the document does what the problem says.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterExample {
    /// Names of facts with their values, in reading order.
    pub facts: Vec<(String, serde_json::Value)>,
    /// The result for these facts: a sentence without a final stop.
    pub conclusion: String,
}

impl fmt::Display for CounterExample {
    /// Writes `with a = 1 and b = 'x': ...`.
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
    /// A new error. The label says what was expected at the span.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        let (message, label) = (message.into(), label.into());
        Diagnostic { code, severity: Severity::Error, span, message, label, help: None, secondary: None, example: None }
    }

    /// A new warning. The label says what is odd at the span.
    pub fn warning(
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message, label) }
    }

    /// Adds a counter-example.
    pub(crate) fn example(mut self, example: CounterExample) -> Self {
        self.example = Some(Box::new(example));
        self
    }

    /// Adds advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the advice, which may be none.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Adds a second span, if there is one.
    pub(crate) fn maybe_other(self, span: Option<Range<usize>>, label: impl Into<String>) -> Self {
        match span {
            Some(span) => self.other(span, label),
            None => self,
        }
    }

    /// Adds a second span.
    pub fn other(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.secondary = Some((span, label.into()));
        self
    }
}

/// A document and its name, as messages show it.
#[derive(Debug, Clone)]
pub struct SourceDocument {
    /// The path, or words such as `built-in example`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceDocument {
    /// The line and column of a byte, both from 1. The column counts characters.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// All problems of one document, in the order of their spans. It is the error type of all readers
/// of documents.
#[derive(Debug, Clone)]
pub struct DocumentProblems {
    /// The document.
    pub document: SourceDocument,
    /// The problems, at least one.
    pub list: Vec<Diagnostic>,
}

impl fmt::Display for DocumentProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(&self.document, &self.list, ColourMode::Plain))
    }
}

impl std::error::Error for DocumentProblems {}

/// The colour of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMode {
    /// No colour, for files and pipes.
    Plain,
    /// Colour, for terminals.
    Colour,
}

/// Draws problems under the lines of their spans, in the order of the spans.
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

/// Clamps a span to the text and to character boundaries.
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

/// The longest word that gets a suggestion, characters. Longer words are hardly ever typing errors,
/// and comparing them takes long.
const NEAR_LENGTH_MAX: usize = 100;

/// The number of candidates that are compared.
const NEAR_CANDIDATES_MAX: usize = 2_000;

/// The candidate closest to a word, if it is close enough to be meant.
pub fn near_miss<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = candidates.into_iter().take(NEAR_CANDIDATES_MAX);
    nearest_words(word, near, 1).first().map(|near| (*near).to_owned())
}

/// The candidates close enough to a word to be meant, the closest first, each once.
///
/// **Cost**: a comparison for each candidate of a similar length.
pub fn nearest_words<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let folded = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = folded(word);
    let length = wanted.chars().count();
    let limit = (length / 3).max(1);
    // The limit of length keeps the comparison short.
    if length > NEAR_LENGTH_MAX {
        return Vec::new();
    }
    let near = candidates.into_iter().filter(|candidate| candidate.chars().count().abs_diff(length) <= limit);
    let near = near.map(|candidate| (strsim::damerau_levenshtein(&wanted, &folded(candidate)), candidate));
    let mut found: Vec<(usize, &str)> = near.filter(|(distance, _)| *distance <= limit).collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(count).map(|(_, candidate)| candidate).collect()
}

/// Advice for an unknown word: the closest candidate, else the list of all candidates if it is
/// short.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = near_miss(word, candidates.clone()) {
        return Some(format!("a name that exists is `{near}`"));
    }
    let mut all: Vec<&str> = candidates.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    (!all.is_empty() && all.len() <= 20).then(|| format!("one of {}", quoted_list(&all)))
}

/// Words in backticks, joined as "`a`, `b` and `c`".
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
