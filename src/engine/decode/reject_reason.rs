//! The reasons for rejecting a line, each with a stable code and a text.

use super::json::JsonError;

/// The reason for rejecting a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// Not UTF-8.
    InvalidUtf8,
    /// Longer than the limit.
    TooLong,
    /// Not JSON.
    InvalidJson,
    /// Nested too deeply.
    TooDeep,
    /// Half a surrogate pair in an escape.
    LoneSurrogate,
    /// JSON, but not an object.
    NotObject,
    /// No event name.
    NoEvent,
    /// No time.
    NoTime,
    /// A time in no known format.
    BadTime,
    /// A time that is a number of days as spreadsheets count them.
    SerialTime,
    /// A time that is a number too small for one.
    SmallTime,
    /// A time outside the years 1 to 9999. A time ahead of the run's end is no reject: it counts as `after_as_of`.
    TimeOutOfRange,
    /// Neither user, visitor nor account.
    NoId,
    /// An id that is neither text nor a number.
    BadId,
    /// A line of type alias without both ids.
    NoAlias,
    /// A row with more or fewer columns than its format has.
    BadColumns,
    /// The mark of an export that broke off.
    BrokenOff,
    /// A row of a table that cannot be made into a record.
    BadRow,
}

impl RejectReason {
    /// The reason for a line that is not JSON.
    pub(crate) fn from_json_error(fault: JsonError) -> RejectReason {
        match fault {
            JsonError::Syntax(_) => RejectReason::InvalidJson,
            JsonError::TooDeep(_) => RejectReason::TooDeep,
            JsonError::LoneSurrogate(_) => RejectReason::LoneSurrogate,
        }
    }

    /// Every reason, in the order of the documentation.
    pub const ALL: [RejectReason; 18] = [
        RejectReason::InvalidUtf8,
        RejectReason::TooLong,
        RejectReason::InvalidJson,
        RejectReason::TooDeep,
        RejectReason::LoneSurrogate,
        RejectReason::NotObject,
        RejectReason::NoEvent,
        RejectReason::NoTime,
        RejectReason::BadTime,
        RejectReason::SerialTime,
        RejectReason::SmallTime,
        RejectReason::TimeOutOfRange,
        RejectReason::NoId,
        RejectReason::BadId,
        RejectReason::NoAlias,
        RejectReason::BadColumns,
        RejectReason::BrokenOff,
        RejectReason::BadRow,
    ];

    /// The code in the file of rejects.
    pub fn code(self) -> &'static str {
        match self {
            RejectReason::InvalidUtf8 => "invalid_utf8",
            RejectReason::TooLong => "too_long",
            RejectReason::InvalidJson => "invalid_json",
            RejectReason::TooDeep => "too_deep",
            RejectReason::LoneSurrogate => "lone_surrogate",
            RejectReason::NotObject => "not_object",
            RejectReason::NoEvent => "no_event",
            RejectReason::NoTime => "no_time",
            RejectReason::BadTime => "bad_time",
            RejectReason::SerialTime => "serial_time",
            RejectReason::SmallTime => "small_time",
            RejectReason::TimeOutOfRange => "time_out_of_range",
            RejectReason::NoId => "no_id",
            RejectReason::BadId => "bad_id",
            RejectReason::NoAlias => "no_alias",
            RejectReason::BadColumns => "bad_columns",
            RejectReason::BrokenOff => "broken_off",
            RejectReason::BadRow => "bad_row",
        }
    }

    /// The fault and the expected form, for people.
    pub fn explanation(self) -> &'static str {
        match self {
            RejectReason::InvalidUtf8 => "the line is not UTF-8",
            RejectReason::TooLong => "the line is longer than --max-line allows (16 MiB unless set)",
            RejectReason::InvalidJson => "the line is not JSON; one whole object is expected on each line",
            RejectReason::TooDeep => "lists or objects are nested more than 128 deep",
            RejectReason::LoneSurrogate => "an escape such as \\ud800 names half a character",
            RejectReason::NotObject => "the line is JSON but not an object in braces",
            RejectReason::NoEvent => "the field of the event's name is missing or no text",
            RejectReason::NoTime => "the field of the time is missing",
            RejectReason::BadTime => "the time is neither RFC 3339 (date and time of day) nor a number since 1970",
            RejectReason::SerialTime => {
                "the time is a spreadsheet's serial number (days since 1899-12-30); format the column as yyyy-mm-dd hh:mm and save it again"
            }
            RejectReason::SmallTime => {
                "the time is a number below 100,000,000, which is too small for seconds since 1970; check the unit of the column"
            }
            RejectReason::TimeOutOfRange => "the time is not between the years 1 and 9999",
            RejectReason::NoId => {
                "there is neither a user, a visitor nor an account, or only placeholders such as \"null\""
            }
            RejectReason::BadId => "an id is neither text nor a number",
            RejectReason::NoAlias => {
                "a line that joins two ids does not name both; an alias line needs previous_id and user_id"
            }
            RejectReason::BadColumns => "the row does not have the 131 columns of Snowplow's enriched format",
            RejectReason::BrokenOff => {
                "the export broke off here (`terminated early`), so events are missing; export that range again"
            }
            RejectReason::BadRow => {
                "the row has not as many cells as the header row, or its properties are no JSON object"
            }
        }
    }
}
