//! The engine: product events to scored users and accounts, stage by stage, in the order of the data.

#![warn(unreachable_pub)]

pub mod cases;
pub mod decode;
pub mod emit;
pub mod enrich;
pub mod entity;
pub mod fold;
pub mod fs;
pub mod inspect;
pub mod ledger;
pub mod pipeline;
pub mod read;
pub mod score;
