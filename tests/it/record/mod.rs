//! The record on disk: its commands, its damage, its format, and runs that are killed.

mod commands;
mod format;
#[cfg(target_os = "linux")]
mod kills;
mod sample;
mod undo;
