//! Panics of libraries as errors, of which nothing is printed.
//!
//! Takes work that calls a library on data from outside, gives what it gives, or nothing if it panicked. Invariant: only a panic inside such work is
//! kept quiet; any other one is a bug of this program and is told as usual, with its place.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// How many pieces of such work this thread is in.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
}

/// Counts a piece of work until it is dropped, which a panic does too.
struct Inside;

impl Inside {
    fn enter() -> Self {
        INSIDE.set(INSIDE.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(INSIDE.get() - 1);
    }
}

/// Does work; `None` if it panicked, and then what it worked on is not to be used any more.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(hush);
    let _inside = Inside::enter();
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Keeps what is told of panics to those that are not caught here.
fn hush() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if INSIDE.get() == 0 {
            usual(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_leaves_nothing_behind() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| caught(|| panic!("inner")).map_or(2, |()| 3)), Some(2));
        assert!(caught(|| panic!("outer")).is_none_or(|()| false));
        assert_eq!(INSIDE.get(), 0);
    }
}
