//! The codes of problems in case files.
//!
//! A code is never reused for another problem. A problem that models can have too has a code with
//! the same digits.

use pql_model::codes;

/// The text is not TOML.
pub(crate) const SYNTAX: &str = "C001";
/// A key that the format does not have.
pub(crate) const UNKNOWN_KEY: &str = "C002";
/// A value of another type than the key takes.
pub(crate) const WRONG_TYPE: &str = "C003";
/// A required key that is missing.
pub(crate) const MISSING_KEY: &str = "C004";
/// A duplicate name where names must differ.
pub(crate) const DUPLICATE: &str = "C006";
/// A format version that this program does not support.
pub(crate) const UNKNOWN_SCHEMA: &str = "C007";
/// A value that is not one of those the key takes.
pub(crate) const BAD_VALUE: &str = "C009";
/// A condition that cannot be parsed or typed.
pub(crate) const BAD_EXPRESSION: &str = "C010";
/// A name that the model does not have.
pub(crate) const UNKNOWN_NAME: &str = "C011";
/// Keys that exclude each other.
pub(crate) const KEY_CONFLICT: &str = "C014";
/// A file that is too large for a case file.
pub(crate) const TOO_LARGE: &str = "C019";
/// A time that cannot be parsed, or at which events do not count.
pub(crate) const BAD_TIME: &str = "C020";

/// The case code for a problem that the model reader reports.
pub(super) fn from_model_code(code: &'static str) -> &'static str {
    match code {
        codes::SYNTAX => SYNTAX,
        codes::UNKNOWN_KEY => UNKNOWN_KEY,
        codes::WRONG_TYPE => WRONG_TYPE,
        codes::MISSING_KEY => MISSING_KEY,
        codes::DUPLICATE => DUPLICATE,
        codes::BAD_VALUE => BAD_VALUE,
        other => other,
    }
}
