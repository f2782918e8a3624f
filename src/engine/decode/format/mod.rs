//! The input formats: one small file per format, and the table that lists them.
//!
//! An [`EventFormat`] has a sign by which its lines are recognised and the names of its noise
//! events. Its [`LineFraming`] splits lines into records, and its [`RecordLayout`] has the paths to
//! the parts of a record. [`detect_format`] finds the format of a file. [`FileFormats`] keeps the
//! formats of a run, and [`WorkerDecoders`] the decoders of a worker.
//!
//! ```text
//!  first lines ─▶ detect_format ─▶ EventFormat ─▶ RecordLayout ─┐
//!  Model ───────────────────────────────────────────────────────┴─▶ DecodePlan ─▶ LineDecoder
//! ```
//!
//! A new format needs a file here, an entry in [`FORMATS`], its name in the list of the model's
//! `[input] format` and of `--from` (`cli/args/input_format.rs`), and a chapter in `GUIDE.md`.

mod amplitude;
mod batch;
mod detect;
mod file_formats;
mod ga4;
mod mixpanel;
mod native;
mod posthog;
mod probe_value;
mod rudderstack;
mod segment;
mod snowplow;
mod snowplow_row;
mod snowplow_tsv;
mod unsupported;

pub use self::{
    batch::split_batch,
    detect::{DetectedFormat, UnsupportedFormat, detect_format},
    file_formats::{FileFormats, KnownFrom, WorkerDecoders},
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
    /// The name in `[input] format`. Several formats of one vendor share it.
    pub name: &'static str,
    /// The name in messages.
    pub title: &'static str,
    /// How records are split into lines.
    pub(crate) lines: LineFraming,
    /// The sign by which a line is recognised, worded to follow "recognised by:". None if the line
    /// is of another format.
    sign: fn(&ProbeLine<'_>) -> Option<&'static str>,
    /// The paths of the format, before the model overrides some of them.
    layout: fn(&InputSettings) -> RecordLayout,
    /// If set, files are read in this format when the model names the vendor and no line shows a
    /// sign.
    fallback: bool,
}

/// How the lines of a file hold records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineFraming {
    /// One record per line.
    Plain,
    /// One record per line, except that a line end breaks some records in two.
    Split,
    /// A list of records per line, at the first of these paths that has a value.
    Batches(&'static [&'static [&'static str]]),
    /// One record per line, in columns between tabs.
    Columns,
}

const FORMATS_LENGTH: usize = 13;

/// All formats, special ones first. The first format whose sign a line shows is taken. This is a
/// static because formats are compared by address.
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
    &native::NATIVE_WITH_TEXTS,
    &native::NATIVE,
];

impl EventFormat {
    /// The paths of the format, with the overrides of the model.
    pub(super) fn layout(&self, input: &InputSettings) -> RecordLayout {
        let mut layout = (self.layout)(input);
        layout.override_fields(input, self.name);
        layout
    }

    /// The same for a run that asks for the time of receipt.
    pub(super) fn layout_with_receipt(&self, input: &InputSettings) -> RecordLayout {
        let known_from = input.receipt_for_format(self.name).clone();
        RecordLayout { known_from, ..self.layout(input) }
    }

    /// The part of an event that a path holds, as `[input] fields` calls it.
    pub(crate) fn part_of(&self, path: &str, input: &InputSettings) -> Option<&'static str> {
        let layout = self.layout(input);
        let lists = [
            ("event", &layout.event),
            ("user", &layout.user),
            ("user", &layout.distinct),
            ("anonymous", &layout.visitor),
            ("account", &layout.account),
            ("time", &layout.time),
            ("id", &layout.id),
        ];
        let keys: FieldPath = path.split('.').map(str::to_owned).collect();
        lists.into_iter().find_map(|(part, paths)| paths.contains(&keys).then_some(part))
    }

    /// Names of events that the vendor's own code sends by itself.
    pub fn noise(&self, input: &InputSettings) -> &'static [&'static str] {
        (self.layout)(input).noise
    }
}
