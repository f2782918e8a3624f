//! The errors of publishing a file.
//!
//! Takes the path and the cause, and gives one sentence that names the operation, the path and what
//! to do. Invariant: a text never claims more than was done, and it says which files may be in
//! place already.

use std::{io, path::PathBuf};

use pql_model::units::plural_ending;

/// The reason why a file could not be published.
///
/// The text leaves out the cause, which [`std::error::Error::source`] returns.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// An output folder that could not be created.
    #[error("folder `{path}` could not be created; name another, or check who may write where it goes")]
    Folder { path: PathBuf, source: io::Error },
    /// An output folder that is not a folder.
    #[error("`{path}` is not a folder; name another output folder, or move it away")]
    NotFolder { path: PathBuf },
    /// A target that is a folder.
    #[error("`{path}` is a folder, expected a file to write; name a file in it")]
    IsFolder { path: PathBuf },
    /// A target that is a pipe or a device.
    #[error("`{path}` is a pipe or a device, which cannot be replaced by a whole file; name a plain file")]
    NotRegular { path: PathBuf },
    /// A target that is a dangling or circular link.
    #[error("link `{path}` leads to no file; remove it, or name the file itself")]
    Link { path: PathBuf, source: io::Error },
    /// A temporary file that could not be created.
    #[error("`{path}` could not be created; {} `{folder}`", creation_advice(.source))]
    Create { path: PathBuf, folder: PathBuf, source: io::Error },
    /// Bytes that could not be written or synced to the disk.
    #[error("`{path}` could not be written, and is as it was before; check free space and quota")]
    Write { path: PathBuf, source: io::Error },
    /// Two files that would replace the same one.
    #[error("`{path}` is named for two outputs; give each its own file")]
    SameTarget { path: PathBuf },
    /// An output folder that could not be locked.
    #[error(
        "folder `{path}` could not be locked against other runs; check the disk or mount it is on, and who may read it"
    )]
    Lock { path: PathBuf, source: io::Error },
    /// A file that must be new but exists by now.
    #[error("`{path}` was created by another process meanwhile, and is left as it is; name another file")]
    Exists { path: PathBuf },
    /// A finished file that could not be renamed, after `published` others were.
    #[error(
        "`{path}` could not be replaced, with {published} file{} of this run already in place; \
         check who may write in its folder and run again",
        plural_ending(*.published as u64)
    )]
    Rename { path: PathBuf, published: usize, source: io::Error },
    /// Names that could not be synced to the disk.
    #[error("the files in `{path}` are in place, but may not outlive a power cut; check the disk and run again")]
    SyncFolder { path: PathBuf, source: io::Error },
}

/// What to do about a file that could not be created, before the name of its folder.
fn creation_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "create first the folder",
        io::ErrorKind::NotADirectory => "expected a folder, not a file, at",
        _ => "check free space and the right to write in the folder",
    }
}
