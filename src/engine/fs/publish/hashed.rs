//! A file that counts and hashes what is written into it.

use std::{
    io::{self, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{FileAccess, PublishError, StagedFile};

/// A file that is not published yet, with the number and the SHA-256 of its bytes.
pub struct HashedFile {
    staged: StagedFile,
    hash: Sha256,
    bytes: u64,
}

impl HashedFile {
    /// Begins a file beside its target.
    ///
    /// # Errors
    ///
    /// A folder that cannot be written to.
    pub fn new(target: &Path, access: FileAccess) -> Result<HashedFile, PublishError> {
        Ok(HashedFile { staged: StagedFile::new(target, access)?, hash: Sha256::new(), bytes: 0 })
    }

    /// The bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 of the bytes so far.
    pub fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// The file, to be published with others.
    pub fn into_staged(self) -> StagedFile {
        self.staged
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.staged.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.staged.flush()
    }
}
