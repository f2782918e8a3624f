//! Reads at a place of a file, as columns lie apart in it.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use crate::fs::retry::retry_interrupted;

/// Fills the buffer from a place of the file. One thread at a time reads a table, so that nobody moves the place meanwhile.
///
/// # Errors
///
/// Those of the system; a file that ends before the buffer is full.
pub(super) fn read_at(mut file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    retry_interrupted(|| file.seek(SeekFrom::Start(at)))?;
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match retry_interrupted(|| file.read(rest))? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            got => filled += got,
        }
    }
    Ok(())
}
