#![doc = include_str!("ARCHITECTURE.md")]
#![warn(unreachable_pub)]

pub mod cases;
pub mod check;
pub mod cli;
pub mod clock;
pub mod decode;
pub mod diag;
pub mod diff;
pub mod emit;
pub mod enrich;
pub mod entity;
pub mod explain;
pub mod expr;
pub mod fold;
pub mod init;
pub mod inspect;
pub mod ledger;
pub mod lint;
pub mod model;
pub mod pipeline;
pub mod publish;
pub mod read;
pub mod rules;
pub mod schema;
pub mod score;
pub mod units;
