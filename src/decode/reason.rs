//! Why a line is rejected: a stable code each, and what it means.

use super::json::Fault;

/// Why a line is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not UTF-8.
    InvalidUtf8,
    /// Longer than the limit.
    TooLong,
    /// Not JSON.
    InvalidJson,
    /// Nested too deeply.
    TooDeep,
    /// Half a character in an escape.
    LoneSurrogate,
    /// JSON, but no object.
    NotObject,
    /// No name of an event.
    NoEvent,
    /// No time.
    NoTime,
    /// A time in none of the forms that are read.
    BadTime,
    /// A time outside the years 1 to 9999.
    TimeOutOfRange,
    /// Neither user, visitor nor account.
    NoId,
    /// An id that is neither text nor a number.
    BadId,
    /// A line of type alias without both ids.
    NoAlias,
    /// A row of a format with columns that has more or fewer of them.
    BadColumns,
    /// The mark of an export that broke off.
    BrokenOff,
    /// A row of a table that cannot be made into a record.
    BadRow,
}

impl Reason {
    /// Why a line is rejected that is no JSON.
    pub(super) fn of(fault: Fault) -> Reason {
        match fault {
            Fault::Syntax(_) => Reason::InvalidJson,
            Fault::TooDeep(_) => Reason::TooDeep,
            Fault::LoneSurrogate(_) => Reason::LoneSurrogate,
        }
    }

    /// Every reason, in the order of the documentation.
    pub const ALL: [Reason; 16] = [
        Reason::InvalidUtf8,
        Reason::TooLong,
        Reason::InvalidJson,
        Reason::TooDeep,
        Reason::LoneSurrogate,
        Reason::NotObject,
        Reason::NoEvent,
        Reason::NoTime,
        Reason::BadTime,
        Reason::TimeOutOfRange,
        Reason::NoId,
        Reason::BadId,
        Reason::NoAlias,
        Reason::BadColumns,
        Reason::BrokenOff,
        Reason::BadRow,
    ];

    /// The code in the file of rejects.
    pub fn code(self) -> &'static str {
        match self {
            Reason::InvalidUtf8 => "invalid_utf8",
            Reason::TooLong => "too_long",
            Reason::InvalidJson => "invalid_json",
            Reason::TooDeep => "too_deep",
            Reason::LoneSurrogate => "lone_surrogate",
            Reason::NotObject => "not_object",
            Reason::NoEvent => "no_event",
            Reason::NoTime => "no_time",
            Reason::BadTime => "bad_time",
            Reason::TimeOutOfRange => "time_out_of_range",
            Reason::NoId => "no_id",
            Reason::BadId => "bad_id",
            Reason::NoAlias => "no_alias",
            Reason::BadColumns => "bad_columns",
            Reason::BrokenOff => "broken_off",
            Reason::BadRow => "bad_row",
        }
    }

    /// What is wrong and what was expected, for people.
    pub fn explanation(self) -> &'static str {
        match self {
            Reason::InvalidUtf8 => "the line is not UTF-8",
            Reason::TooLong => "the line is longer than --max-line allows (16 MiB unless set)",
            Reason::InvalidJson => "the line is not JSON; one whole object is expected on each line",
            Reason::TooDeep => "lists or objects are nested more than 128 deep",
            Reason::LoneSurrogate => "an escape such as \\ud800 names half a character",
            Reason::NotObject => "the line is JSON but not an object in braces",
            Reason::NoEvent => "the field of the event's name is missing or no text",
            Reason::NoTime => "the field of the time is missing",
            Reason::BadTime => "the time is neither RFC 3339 (date and time of day) nor a number since 1970",
            Reason::TimeOutOfRange => "the time is not between the years 1 and 9999",
            Reason::NoId => "there is neither a user, a visitor nor an account, or only placeholders such as \"null\"",
            Reason::BadId => "an id is neither text nor a number",
            Reason::NoAlias => {
                "a line that joins two ids does not name both; an alias line needs previous_id and user_id"
            }
            Reason::BadColumns => "the row does not have the 131 columns of Snowplow's enriched format",
            Reason::BrokenOff => {
                "the export broke off here (`terminated early`), so events are missing; export that range again"
            }
            Reason::BadRow => "the row has not as many cells as the header row, or its properties are no JSON object",
        }
    }
}
