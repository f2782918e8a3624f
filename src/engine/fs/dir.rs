//! Lists folders.
//!
//! Takes a path, gives the names in the folder and the kind of each. Invariant: it never panics.
//! The listing of the standard library panics if a folder cannot be closed, and that must not end a
//! run that has read all its input.

use std::{ffi::OsString, fs, io, path::Path};

use crate::fs::retry::retry_interrupted;

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DirectoryEntry {
    /// The name, without the folder.
    pub(crate) name: OsString,
    /// The kind of file behind the name; links are not followed.
    pub(crate) kind: FileKind,
}

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    File,
    Folder,
    Link,
    /// A pipe, a device or a socket.
    Other,
}

/// All names in a folder except `.` and `..`, unordered.
///
/// # Errors
///
/// The path is not a folder, the folder may not be listed, or the system fails. A name that
/// disappears during the listing is not an error.
pub(crate) fn list_directory(folder: &Path) -> io::Result<Vec<DirectoryEntry>> {
    let mut entries = Vec::new();
    for (name, kind) in list_names(folder)? {
        let kind = match kind {
            Some(kind) => kind,
            // Some file systems give names without kinds.
            None => match retry_interrupted(|| fs::symlink_metadata(folder.join(&name))) {
                Ok(meta) => FileKind::of(meta.file_type()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            },
        };
        entries.push(DirectoryEntry { name, kind });
    }
    Ok(entries)
}

impl FileKind {
    fn of(kind: fs::FileType) -> Self {
        match kind {
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_file() => Self::File,
            kind if kind.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// The names, with their kinds if the system gives both at once.
#[cfg(unix)]
fn list_names(folder: &Path) -> io::Result<Vec<(OsString, Option<FileKind>)>> {
    use std::os::unix::ffi::OsStringExt;

    use rustix::fs::{Dir, FileType, Mode, OFlags};

    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::io::retry_on_intr(|| rustix::fs::open(folder, flags, Mode::empty()))?;
    let mut found = Vec::new();
    for entry in Dir::new(opened)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::RegularFile => Some(FileKind::File),
            FileType::Directory => Some(FileKind::Folder),
            FileType::Symlink => Some(FileKind::Link),
            FileType::Unknown => None,
            _ => Some(FileKind::Other),
        };
        found.push((OsString::from_vec(name.to_vec()), kind));
    }
    Ok(found)
}

/// The names, with their kinds if the system gives both at once. On this system the listing of the
/// standard library does not panic.
#[cfg(not(unix))]
fn list_names(folder: &Path) -> io::Result<Vec<(OsString, Option<FileKind>)>> {
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| (entry.file_name(), entry.file_type().ok().map(FileKind::of))))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_folder_gives_all_of_its_names() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        // More names than one buffer of the system holds.
        for number in 0..1500 {
            fs::write(folder.path().join(format!("{number:04}")), "")?;
        }
        fs::create_dir(folder.path().join(".hidden"))?;
        let mut entries = list_directory(folder.path())?;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(entries.len(), 1501);
        assert_eq!(entries.first(), Some(&DirectoryEntry { name: ".hidden".into(), kind: FileKind::Folder }));
        assert_eq!(entries.last(), Some(&DirectoryEntry { name: "1499".into(), kind: FileKind::File }));
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_names_need_be_no_text() -> Result<(), Box<dyn Error>> {
        use std::os::unix::ffi::OsStringExt;
        let folder = tempfile::tempdir()?;
        let name = OsString::from_vec(b"\xff.json".to_vec());
        std::os::unix::fs::symlink("nowhere", folder.path().join(&name))?;
        assert_eq!(list_directory(folder.path())?, [DirectoryEntry { name, kind: FileKind::Link }]);
        Ok(())
    }

    #[test]
    fn what_is_no_folder_is_told() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("file");
        fs::write(&file, "")?;
        let kind = |path: &Path| list_directory(path).map_err(|error| error.kind()).err();
        assert_eq!(kind(&folder.path().join("none")), Some(io::ErrorKind::NotFound));
        assert_eq!(kind(&file), Some(io::ErrorKind::NotADirectory));
        Ok(())
    }
}
