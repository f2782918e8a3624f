#![doc = include_str!("ARCHITECTURE.md")]

pub mod clock;
pub mod decode;
pub mod diag;
pub mod entity;
pub mod expr;
pub mod fold;
pub mod model;
pub mod publish;
pub mod read;
pub mod score;
pub mod units;
