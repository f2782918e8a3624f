//! Cached key templates: lines with the same keys in the same order are walked by the bytes between
//! their values.
//!
//! A [`segment::TemplateSegment`] is the punctuation and keys between two values, such as
//! `,"user_id":"`. [`state::TemplateCache`] keeps the segments that occurred and guesses the next
//! one. [`walk`] compares a line with the guesses, and [`constant_runs`] skips bytes that are equal
//! in every line.
//!
//! ```text
//!  {"event":"  login  ","user_id":"  u1  ","n":  5  }
//!  segment     value   segment       value segment  segment
//! ```
//!
//! A guess costs a comparison of up to 64 bytes. A wrong guess costs that comparison and a look-up.
//! A line that fits no template takes the slow path in `scan`, and both find the same. The cache is
//! bounded and is cleared when it no longer fits the input. If most lines fail, only one of sixteen
//! is tried, so that no input is much slower than by the slow path alone.

pub(super) mod constant_runs;
pub(super) mod segment;
pub(super) mod state;
pub(super) mod walk;
