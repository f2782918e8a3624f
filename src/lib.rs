#![doc = include_str!("ARCHITECTURE.md")]

pub mod clock;
pub mod diag;
pub mod expr;
pub mod units;
