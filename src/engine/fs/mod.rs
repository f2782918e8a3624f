//! File system helpers.
//!
//! - [`dir`] lists folders without a panic.
//! - [`retry`] repeats calls that a signal interrupted.
//! - [`publish`] makes sets of files appear whole or not at all.

pub(crate) mod dir;
pub mod publish;
pub mod retry;
