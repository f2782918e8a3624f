//! Nothing: Cargo wants a library or a program beside a benchmark.
