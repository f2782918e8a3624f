//! The codes of problems in conditions of `--fail-if`; the digits are those of the same problems in models. None is ever used for anything else.

/// A condition that cannot be read or typed.
pub const BAD_EXPRESSION: &str = "D010";
/// A name that no number has, or more than one.
pub const UNKNOWN_NAME: &str = "D011";
