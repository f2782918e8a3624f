//! Files as the system gives and takes them: folders listed without a panic, calls repeated after a signal, sets of files that appear whole or not at all.

pub mod dir;
pub mod publish;
pub mod retry;
