//! Reads at an offset of a file.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use crate::fs::retry::retry_interrupted;

/// Fills the buffer from an offset of the file. One thread at a time reads a Parquet file, so no
/// other one moves the file position.
///
/// # Errors
///
/// Those of the system; the file ends before the buffer is full.
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
