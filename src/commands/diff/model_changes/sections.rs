//! The sections of a model that hold entries, and what an entry of each is called.

/// The sections of a model in the order of the manual; others follow.
const SECTIONS: [&str; 16] = [
    "schema",
    "name",
    "time_zone",
    "week_start",
    "start_event",
    "input",
    "identity",
    "activity",
    "events",
    "metrics",
    "user",
    "account",
    "holdout",
    "expect",
    "check",
    "output",
];

/// What entries of a section are called.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands::diff) struct EntryWords {
    /// One of them: `user tier`.
    pub(in crate::commands::diff) subject: &'static str,
    /// The key that tells them apart, where they are a list.
    pub(in crate::commands::diff) name: &'static str,
    /// Whether their order decides anything.
    pub(in crate::commands::diff) is_ordered: bool,
}

impl EntryWords {
    /// All of them: `user tiers`.
    pub(in crate::commands::diff) fn subject_of_all(&self) -> String {
        match self.subject.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{}s", self.subject),
        }
    }
}

/// The place of a section in a report.
pub(super) fn section_rank(key: &str) -> usize {
    SECTIONS.iter().position(|section| *section == key).unwrap_or(SECTIONS.len())
}

/// What the entries of a section are called; none for sections of other keys.
pub(in crate::commands::diff) fn entry_words(path: &[&str]) -> Option<EntryWords> {
    let (subject, is_ordered) = match path {
        ["events"] => ("event", false),
        ["metrics"] => ("metric", false),
        ["expect"] => ("expectation", false),
        ["output", "files"] => ("output file", false),
        ["user", "traits"] => ("user trait", false),
        ["user", "facts"] => ("user fact", false),
        ["user", "signals"] => ("user signal", true),
        ["user", "categories"] => ("user category", false),
        ["user", "tiers"] => ("user tier", true),
        ["user", "milestones"] => ("user milestone", false),
        ["user", "segments"] => ("user segment", true),
        ["user", "routes"] => ("user route", true),
        ["user", "suppress"] => ("user suppression", true),
        ["user", "alerts"] => ("user alert", false),
        ["account", "traits"] => ("account trait", false),
        ["account", "facts"] => ("account fact", false),
        ["account", "rollups"] => ("account roll-up", false),
        ["account", "signals"] => ("account signal", true),
        ["account", "categories"] => ("account category", false),
        ["account", "tiers"] => ("account tier", true),
        ["account", "milestones"] => ("account milestone", false),
        ["account", "segments"] => ("account segment", true),
        ["account", "routes"] => ("account route", true),
        ["account", "suppress"] => ("account suppression", true),
        ["account", "alerts"] => ("account alert", false),
        _ => return None,
    };
    let name = if path == ["expect"] { "that" } else { "name" };
    Some(EntryWords { subject, name, is_ordered })
}
