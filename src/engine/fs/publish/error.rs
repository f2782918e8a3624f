//! The errors of publishing a file.
//!
//! Takes the path and the cause, and gives one sentence that names the operation, the path and what
//! to do. Invariant: a text never claims more than was done, and it says which files may be in
//! place already.

use std::{error::Error, fmt, io, path::PathBuf};

/// The reason why a file could not be published.
///
/// The text leaves out the cause, which [`Error::source`] returns.
#[derive(Debug)]
pub enum PublishError {
    /// An output folder that could not be created.
    Folder { path: PathBuf, source: io::Error },
    /// An output folder that is not a folder.
    NotFolder { path: PathBuf },
    /// A target that is a folder.
    IsFolder { path: PathBuf },
    /// A target that is a pipe or a device.
    NotRegular { path: PathBuf },
    /// A target that is a dangling or circular link.
    Link { path: PathBuf, source: io::Error },
    /// A temporary file that could not be created.
    Create { path: PathBuf, folder: PathBuf, source: io::Error },
    /// Bytes that could not be written or synced to the disk.
    Write { path: PathBuf, source: io::Error },
    /// Two files that would replace the same one.
    SameTarget { path: PathBuf },
    /// An output folder that could not be locked.
    Lock { path: PathBuf, source: io::Error },
    /// A file that must be new but exists by now.
    Exists { path: PathBuf },
    /// A finished file that could not be renamed, after `published` others were.
    Rename { path: PathBuf, published: usize, source: io::Error },
    /// Names that could not be synced to the disk.
    SyncFolder { path: PathBuf, source: io::Error },
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, .. } => write!(
                f,
                "folder `{}` could not be created; name another, or check who may write where it goes",
                path.display()
            ),
            Self::NotFolder { path } => {
                write!(f, "`{}` is not a folder; name another output folder, or move it away", path.display())
            }
            Self::IsFolder { path } => {
                write!(f, "`{}` is a folder, expected a file to write; name a file in it", path.display())
            }
            Self::NotRegular { path } => write!(
                f,
                "`{}` is a pipe or a device, which cannot be replaced by a whole file; name a plain file",
                path.display()
            ),
            Self::Link { path, .. } => {
                write!(f, "link `{}` leads to no file; remove it, or name the file itself", path.display())
            }
            Self::Create { path, folder, source } => write!(
                f,
                "`{}` could not be created; {} `{}`",
                path.display(),
                match source.kind() {
                    io::ErrorKind::NotFound => "create first the folder",
                    io::ErrorKind::NotADirectory => "expected a folder, not a file, at",
                    _ => "check free space and the right to write in the folder",
                },
                folder.display()
            ),
            Self::Write { path, .. } => write!(
                f,
                "`{}` could not be written, and is as it was before; check free space and quota",
                path.display()
            ),
            Self::SameTarget { path } => {
                write!(f, "`{}` is named for two outputs; give each its own file", path.display())
            }
            Self::Lock { path, .. } => write!(
                f,
                "folder `{}` could not be locked against other runs; check the disk or mount it is on, and who may read it",
                path.display()
            ),
            Self::Exists { path } => write!(
                f,
                "`{}` was created by another process meanwhile, and is left as it is; name another file",
                path.display()
            ),
            Self::Rename { path, published, .. } => write!(
                f,
                "`{}` could not be replaced, with {published} file{} of this run already in place; \
                 check who may write in its folder and run again",
                path.display(),
                if *published == 1 { "" } else { "s" }
            ),
            Self::SyncFolder { path, .. } => write!(
                f,
                "the files in `{}` are in place, but may not outlive a power cut; check the disk and run again",
                path.display()
            ),
        }
    }
}

impl Error for PublishError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Folder { source, .. }
            | Self::Link { source, .. }
            | Self::Create { source, .. }
            | Self::Write { source, .. }
            | Self::Lock { source, .. }
            | Self::Rename { source, .. }
            | Self::SyncFolder { source, .. } => Some(source),
            Self::NotFolder { .. }
            | Self::IsFolder { .. }
            | Self::NotRegular { .. }
            | Self::SameTarget { .. }
            | Self::Exists { .. } => None,
        }
    }
}
