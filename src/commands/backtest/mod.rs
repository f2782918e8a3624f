//! A back-test for people: its sections, as text and as Markdown.
//!
//! [`report_sections`] takes a [`pql_engine::backtest::BacktestReport`] and gives [`ReportSection`]s, which [`report_text`] and
//! [`report_markdown`] print.

mod format;
mod leads;
mod scores;
mod sections;

pub(crate) use self::{
    format::{report_markdown, report_text},
    sections::report_sections,
};

/// A part of a report.
#[derive(Debug, Default)]
pub(crate) struct ReportSection {
    /// Its heading.
    pub(crate) title: String,
    /// Sentences under the heading.
    pub(crate) above: Vec<String>,
    /// The names of the columns of its table; empty without a table.
    pub(crate) columns: Vec<&'static str>,
    /// The rows of its table.
    pub(crate) rows: Vec<Vec<String>>,
    /// Sentences under the table.
    pub(crate) below: Vec<String>,
}

impl ReportSection {
    fn new(title: &str) -> ReportSection {
        ReportSection { title: title.to_owned(), ..ReportSection::default() }
    }
}
