//! `--from`: the format that files are read as.

use clap::ValueEnum;

/// A format of events, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormatArg {
    /// The format that the first lines of each file show
    Auto,
    /// The format of this program, or any other lines of JSON with `[input] fields`
    #[value(help = "The format of this program, or any other lines of JSON with [input] fields")]
    Native,
    /// Segment, Jitsu
    Segment,
    /// RudderStack
    Rudderstack,
    /// Amplitude
    Amplitude,
    /// Mixpanel
    Mixpanel,
    /// PostHog
    Posthog,
    /// Snowplow
    Snowplow,
    /// GA4 from BigQuery
    Ga4,
}

impl InputFormatArg {
    /// As `[input] format` writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            InputFormatArg::Auto => "auto",
            InputFormatArg::Native => "native",
            InputFormatArg::Segment => "segment",
            InputFormatArg::Rudderstack => "rudderstack",
            InputFormatArg::Amplitude => "amplitude",
            InputFormatArg::Mixpanel => "mixpanel",
            InputFormatArg::Posthog => "posthog",
            InputFormatArg::Snowplow => "snowplow",
            InputFormatArg::Ga4 => "ga4",
        }
    }
}
