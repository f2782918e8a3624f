//! Cached key templates: lines with the same keys in the same order are walked by the bytes between their values.
//!
//! A [`segment::TemplateSegment`] is the punctuation and keys between two values. [`state::TemplateCache`] keeps the segments that occurred and guesses the
//! next one; [`walk`] compares a line with the guesses; [`constant_runs`] skips bytes that are equal in every line. A line that fits no template takes
//! the slow path in `scan`, and both find the same.

pub(super) mod constant_runs;
pub(super) mod segment;
pub(super) mod state;
pub(super) mod walk;
