//! The code of every problem that a file of cases can have. A code is never given to another problem; those that a model can have too end in
//! the same digits.

use pql_model::codes;

/// The text is not TOML.
pub const SYNTAX: &str = "C001";
/// A key that the format does not have.
pub const UNKNOWN_KEY: &str = "C002";
/// A value of another type than the key takes.
pub const WRONG_TYPE: &str = "C003";
/// A key that must be there is not.
pub const MISSING_KEY: &str = "C004";
/// Two things of one name where names must differ.
pub const DUPLICATE: &str = "C006";
/// A version of the format that this program does not know.
pub const UNKNOWN_SCHEMA: &str = "C007";
/// A value that is not one of those the key takes.
pub const BAD_VALUE: &str = "C009";
/// A condition that cannot be read or typed.
pub const BAD_EXPRESSION: &str = "C010";
/// A name that the model does not have.
pub const UNKNOWN_NAME: &str = "C011";
/// Keys that do not go together.
pub const KEY_CONFLICT: &str = "C014";
/// A file too large to be one of cases.
pub const TOO_LARGE: &str = "C019";
/// A time that cannot be read, or at which nothing counts.
pub const BAD_TIME: &str = "C020";

/// The code of cases for a problem that the reader of models told.
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
