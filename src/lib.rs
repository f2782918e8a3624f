#![doc = include_str!("ARCHITECTURE.md")]

pub mod clock;
pub mod diag;
pub mod expr;
pub mod model;
pub mod publish;
pub mod read;
pub mod units;
