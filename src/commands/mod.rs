//! What the commands compute beyond a run: findings about models, explanations, comparisons, first models, maps of exports.
//!
//! Nothing here reads arguments, the environment or the terminal; that is the business of [`crate::cli`].

pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fail_if;
pub(crate) mod init;
pub(crate) mod outcomes;
pub(crate) mod record;
pub(crate) mod score;
mod toml_text;
