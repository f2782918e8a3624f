//! The formats that are read: one small file each, and the table that lists them.
//!
//! A format says by what its lines are recognised, where the parts of a record lie ([`Layout`]), how a line is to be taken apart before it
//! is read, and which events its own code sends by itself. A further one is a file here, a line in [`FORMATS`], and its name in the list of
//! the model's `[input] format`.

mod amplitude;
mod batch;
mod detect;
mod file_formats;
mod ga4;
mod mixpanel;
mod native;
mod posthog;
mod rudderstack;
mod segment;
mod snowplow;
mod snowplow_row;
mod snowplow_tsv;
mod unsupported;

pub use self::{
    batch::split_batch,
    detect::{DetectedFormat, UnsupportedFormat, detect_format},
    file_formats::{FileFormats, WorkerDecoders},
};
pub(super) use self::{
    detect::ProbeLine,
    snowplow_row::{SnowplowRowError, SnowplowRowPlan, SnowplowRowReader},
    snowplow_tsv::{WantedColumns, write_object},
};
use super::layout::{DedupeContent, FieldPath, RecordKind, RecordLayout, paths};
use pql_model::resolved::InputSettings;

/// A format of event files.
#[derive(Debug)]
pub struct EventFormat {
    /// As `[input] format` names it; several formats of one vendor share it.
    pub name: &'static str,
    /// What files of it are, for people.
    pub title: &'static str,
    /// What its lines are.
    pub lines: LineFraming,
    /// By what a line is recognised, in words that follow on "recognised by:"; none if it is of another format.
    sign: fn(&ProbeLine<'_>) -> Option<&'static str>,
    /// Where the parts of a record lie, before the model moves any.
    layout: fn(&InputSettings) -> RecordLayout,
    /// Whether files are read as this one if the model names the format and no line shows which of its forms it is.
    fallback: bool,
}

/// What the lines of a format are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFraming {
    /// A record each.
    Plain,
    /// A record each, but that some are broken in two by a line end.
    Split,
    /// A list of records each, at the first of some paths that is there.
    Batches(&'static [&'static [&'static str]]),
    /// A record each, in columns between tabs.
    Columns,
}

const FORMATS_LENGTH: usize = 12;

/// Every format, the more special ones first: the first whose sign a line shows is the one. A static, so that a format is known by its address.
pub static FORMATS: [&EventFormat; FORMATS_LENGTH] = [
    &rudderstack::BATCHES,
    &rudderstack::LOGS,
    &segment::SEGMENT,
    &amplitude::AMPLITUDE,
    &mixpanel::RAW,
    &mixpanel::PIPELINE,
    &posthog::BATCH,
    &posthog::API,
    &snowplow::JSON,
    &snowplow::TSV,
    &ga4::GA4,
    &native::NATIVE,
];

impl EventFormat {
    /// Where the parts of a record lie, as the model has it.
    pub(super) fn layout(&self, input: &InputSettings) -> RecordLayout {
        let mut layout = (self.layout)(input);
        layout.override_fields(input, self.name);
        layout
    }

    /// Names of events that the vendor's own code sends by itself, for lists of them.
    pub fn noise(&self, input: &InputSettings) -> &'static [&'static str] {
        (self.layout)(input).noise
    }
}
