//! A second scorer that is slow, plain and written apart from the product, and random cases to hold the two against each other.

pub mod naive;
pub mod random;
