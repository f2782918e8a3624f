//! The engine: product events to scored users and accounts.
//!
//! A run reads blocks of lines ([`read`]), decodes each line to an event ([`decode`]), folds events into
//! state ([`fold`]), resolves who is who ([`entity`]), computes facts, points and tiers ([`score`]) and
//! writes rows ([`emit`]). [`pipeline`] owns the threads and the order of these stages. `pql-model` gives
//! the model that every stage asks; nothing here reads arguments, the environment or the clock.
//!
//! The modules stand in the order of the data.

#![warn(unreachable_pub)]

// Panics of libraries on data from outside, as errors.
pub mod caught;

// Folders, retried calls, and sets of files that are published whole or not at all.
pub mod fs;

// Shares, curves over time, rankings and their intervals, over plain numbers.
pub mod statistics;

// Ids, in every spelling.
pub mod ids;

// Columns that loaders write beside an event.
mod loader_columns;

// Files, archives and standard input to blocks of whole lines.
pub mod read;

// A resolved model to the state that a run stores, and the place of each fact in it.
pub mod plan;

// A line to an event, or to a reject with its reason.
pub mod decode;

// Files of traits for users and accounts.
pub mod enrich;

// Events to state: rows that merge in any order.
pub mod fold;

// Ids to users and accounts, with their homes.
pub mod entity;

// What became of users and accounts: files of outcomes to rows, and rows to entities.
pub mod outcomes;

// Facts, points, tiers, milestones and routes of every entity.
pub mod score;

// Rows, the run record and the map of ids, in every output format.
pub mod emit;

// The threads and the order of stages; the only module that sees them all.
pub mod pipeline;

// One entity's result, line by line, with every rule that held.
pub mod ledger;

// What the lists of a run said, as the next run needs it.
pub mod record;

// What changed between two runs, and at which step.
pub mod changes;

// Whom a person should act on today.
pub mod alerts;

// Runs that follow one another, and many runs from one reading.
pub mod runs;

// What a model said at past dates, held against what became of everybody.
pub mod backtest;

// The record of runs as a folder on disk.
pub mod record_folder;

// Rows of earlier runs, read back.
pub mod row_files;

// Cases for a model: a few events, and the result that is expected of them.
pub mod cases;

// One bounded pass over a dump: its formats, fields, events and people.
pub mod inspect;
