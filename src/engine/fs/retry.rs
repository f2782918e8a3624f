//! What a signal interrupts is done again: looks at files, which the standard library does not repeat by itself as it does reads.

use std::io;

/// Does something again for as long as signals interrupt it.
pub fn retry_interrupted<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
