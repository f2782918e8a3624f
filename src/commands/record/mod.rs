//! A record of runs for people and programs: what it holds, whether it is whole, and what `undo` took back.
//!
//! Takes what `engine/record_folder` read, gives text and JSON.

mod json;
mod text;

pub(crate) use self::{
    json::RecordJson,
    text::{check_text, shown_text, undone_text},
};
