//! Turns panics of libraries into errors, and prints nothing about them.
//!
//! Takes a call of a library on data from outside, gives its result, or `None` if it panicked.
//! Invariant: only a panic within such a call is silent. Any other panic is a bug of this program,
//! and is printed as usual.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// The number of such calls that this thread is in.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
}

/// Counts a call until it is dropped, which a panic does too.
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

/// Calls a library; `None` if it panicked. What the call changed must not be used after a panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(hush);
    let _inside = Inside::enter();
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Installs a panic hook that prints only panics outside such calls.
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
