//! Repeats calls that a signal interrupted. The standard library repeats reads by itself, but not
//! calls that look at a file.

use std::{io, path::Path};

/// Repeats a call for as long as signals interrupt it.
pub fn retry_interrupted<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// True if a file or folder of this name is there and can be looked at.
pub fn is_present(path: &Path) -> bool {
    retry_interrupted(|| path.try_exists()).unwrap_or(false)
}
