//! Repeats calls that a signal interrupted. The standard library repeats reads by itself, but not
//! calls that look at a file.

use std::io;

/// Repeats a call for as long as signals interrupt it.
pub fn retry_interrupted<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
