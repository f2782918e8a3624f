//! The record through its folder: what is read is what was written, and what is damaged is found.

mod damage;
mod properties;
mod samples;
mod steps;
