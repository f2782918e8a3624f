//! Options that several commands share: how each is typed, and what it means.

mod as_of;
mod input_format;
mod max_line;
mod max_rejects;
mod run_args;
mod table_args;

pub(super) use self::{
    as_of::current_time,
    input_format::InputFormatArg,
    max_line::{parse_max_line, parse_max_table},
    run_args::{LimitArgs, RunArgs, RunSettings},
    table_args::TableArgs,
};

/// The help of `--from` for commands that run several models.
pub(super) const FORMAT_WHATEVER_THE_MODELS_SAY: &str =
    "Read each file as this format, whatever the models say [default: the format that its first lines show]";
