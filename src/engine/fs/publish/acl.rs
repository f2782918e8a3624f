//! Copies the access control list of a file that is replaced.
//!
//! Takes the old file and the new one, and gives the new one the list of the old. Invariant: a user
//! who could not read the old file cannot read the new one. The permission bits do not suffice for
//! that. In a file with a list, the bits of the group are the upper bound of all entries. Without
//! the list they would admit the whole group.

use std::{fs::File, path::Path};

/// The access control list of a file, in the format of the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acl(Vec<u8>);

/// The extended attribute that holds the list. **Source**: `acl(5)`, `xattr(7)` of Linux.
#[cfg(target_os = "linux")]
const NAME: &str = "system.posix_acl_access";

/// An upper bound of the size of a list; bytes.
#[cfg(target_os = "linux")]
const BYTES_MAX: usize = 64 << 10;

impl Acl {
    /// The list of a file; none if the file has none or its file system does not support lists.
    #[cfg(target_os = "linux")]
    pub(super) fn of(path: &Path) -> Option<Self> {
        let mut bytes = vec![0; BYTES_MAX];
        let found = rustix::io::retry_on_intr(|| rustix::fs::getxattr(path, NAME, bytes.as_mut_slice())).ok()?;
        bytes.truncate(found);
        Some(Self(bytes))
    }

    /// Sets the list of a file, which includes the rights of owner, group and others. Returns
    /// `false` if the file system does not support it.
    #[cfg(target_os = "linux")]
    pub(super) fn apply_to(&self, file: &File) -> bool {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::io::retry_on_intr(|| rustix::fs::fsetxattr(file, NAME, &self.0, flags)).is_ok()
    }

    /// On other systems lists are not attributes and are not copied.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_path: &Path) -> Option<Self> {
        None
    }

    /// Never called on other systems, because they have no lists.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn apply_to(&self, _file: &File) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{error::Error, fs, io::Write, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::fs::publish::{FileAccess, StagedFile, commit};

    /// Owner `rw`, user 1 `r`, group nothing, mask `r`, others nothing. Without the list this looks
    /// like mode 0640.
    fn list() -> Acl {
        let none = u32::MAX;
        let entries: [(u16, u16, u32); 5] = [(1, 6, none), (2, 4, 1), (4, 0, none), (16, 4, none), (32, 0, none)];
        let entries = entries.into_iter().flat_map(|(tag, rights, id)| {
            [&tag.to_le_bytes()[..], &rights.to_le_bytes()[..], &id.to_le_bytes()[..]].concat()
        });
        Acl(2_u32.to_le_bytes().into_iter().chain(entries).collect())
    }

    fn replaced(target: &Path, access: FileAccess) -> Result<u32, Box<dyn Error>> {
        let mut file = StagedFile::new(target, access)?;
        file.write_all(b"new")?;
        commit(vec![file])?;
        Ok(fs::metadata(target)?.permissions().mode() & 0o777)
    }

    #[test]
    fn a_replaced_file_keeps_its_list_and_a_private_one_has_none() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("users.csv");
        fs::write(&path, "old")?;
        if !list().apply_to(&File::open(&path)?) {
            // The file system of temporary files does not support lists.
            return Ok(());
        }
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o640);
        assert_eq!(replaced(&path, FileAccess::Shared)?, 0o640);
        assert_eq!(Acl::of(&path), Some(list()));
        assert_eq!(replaced(&path, FileAccess::Private)?, 0o600);
        assert_eq!(Acl::of(&path), None);
        assert_eq!(replaced(&path, FileAccess::Shared)?, 0o600);
        Ok(())
    }
}
