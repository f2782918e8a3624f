//! A naive second scorer, and random cases on which it is compared with the program.
//!
//! `random::case` makes a [`random::Case`] from a seed. `naive::score` scores it, and the test
//! `oracle` compares the rows with those of the program. The naive scorer shares no code with the
//! program.

pub mod naive;
pub mod random;
