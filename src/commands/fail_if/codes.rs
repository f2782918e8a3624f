//! The codes of problems in conditions of `--fail-if`; the digits are those of the same problems in models. None is ever used for anything else.

/// A condition that cannot be read or typed.
pub const BAD_EXPRESSION: &str = "D010";
/// A name that the summary does not have, or has more than once.
pub const UNKNOWN_NAME: &str = "D011";
