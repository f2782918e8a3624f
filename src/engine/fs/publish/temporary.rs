//! Temporary files beside their targets, and the removal of those that killed runs left.
//!
//! Takes a folder and the access rights of the published file. Gives a file that has these rights
//! from its first byte on. Invariant: a temporary file is locked by its process and registered at
//! the gate. So a sweep does not remove it while the process lives, and an interrupted run does not
//! leave it.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError},
    io,
    path::Path,
};

use tempfile::TempPath;

use super::{
    FileAccess,
    acl::Acl,
    gate::{self, PublishGate},
};
use crate::fs::{
    dir as folder,
    dir::{DirectoryEntry, FileKind},
    retry::retry_interrupted,
};

/// The prefix of temporary files; hidden, so that folder inputs and `ls` skip them.
const PREFIX: &str = ".pql-";

/// The suffix of temporary files.
const SUFFIX: &str = ".tmp";

/// The number of attempts if a sweep removes a temporary file before it is locked.
const TRIES_MAX: usize = 8;

/// The name of a temporary file; dropping it removes the file.
#[derive(Debug)]
pub(super) struct TemporaryFile(Option<TempPath>);

impl TemporaryFile {
    /// Renames the file behind the gate and replaces a file of that name.
    pub(super) fn replace(&mut self, target: &Path, gate: &mut PublishGate) -> io::Result<()> {
        self.persist(gate, |path| path.persist(target))
    }

    /// Renames the file behind the gate, if no file has that name.
    pub(super) fn persist_new(&mut self, target: &Path, gate: &mut PublishGate) -> io::Result<()> {
        self.persist(gate, |path| path.persist_noclobber(target))
    }

    fn persist(
        &mut self,
        gate: &mut PublishGate,
        rename: impl Fn(TempPath) -> Result<(), tempfile::PathPersistError>,
    ) -> io::Result<()> {
        let Some(mut path) = self.0.take() else { return Ok(()) };
        let name = path.to_path_buf();
        loop {
            match rename(path) {
                Ok(()) => break,
                Err(refused) if refused.error.kind() == io::ErrorKind::Interrupted => path = refused.path,
                Err(refused) => {
                    self.0 = Some(refused.path);
                    return Err(refused.error);
                }
            }
        }
        gate.published(&name);
        Ok(())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let mut gate = gate::lock_gate();
            gate.removed(&path);
            // A file that cannot be removed now is removed by the sweep of the next run.
            let _ = path.close();
        }
    }
}

/// The metadata and the access control list of the file that will be replaced.
type ReplacedFile<'f> = (&'f Metadata, Option<&'f Acl>);

/// Creates a temporary file that no sweep of another run removes.
pub(super) fn create_locked(
    dir: &Path,
    access: FileAccess,
    existing: Option<ReplacedFile<'_>>,
) -> io::Result<(File, TemporaryFile)> {
    for _ in 0..TRIES_MAX {
        let (file, temporary) = match create(dir, access, existing) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => continue,
            // If the check fails, the file counts as present: otherwise its name would be missing
            // at the end.
            Ok(()) if retry_interrupted(|| file.metadata()).is_ok_and(|meta| is_unlinked(&meta)) => continue,
            // If files cannot be locked here, a sweep cannot lock them either and leaves them.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok((file, temporary)),
        }
    }
    Err(io::Error::other("another process keeps removing the temporary file"))
}

/// Creates a temporary file with the access rights of the published one from its first byte on.
fn create(dir: &Path, access: FileAccess, existing: Option<ReplacedFile<'_>>) -> io::Result<(File, TemporaryFile)> {
    // The first mode is cut by the umask, the second is not.
    let (at_first, exact) = match (access, existing) {
        (FileAccess::Shared, None) => (0o666, None),
        (FileAccess::Shared, Some((meta, list))) => (0o600, kept_mode(meta, list.is_some())),
        (FileAccess::Private, _) => (0o600, mode(0o600)),
    };
    let mut gate = gate::lock_gate();
    // Opening the file here keeps its random name out of error texts.
    let (file, path) = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
        .make_in(dir, |path| new_file(at_first).open(path))?
        .into_parts();
    gate.created(&path);
    drop(gate);
    let temporary = TemporaryFile(Some(path));
    let mut listed = false;
    if let (FileAccess::Shared, Some((meta, list))) = (access, existing) {
        keep_owner(&file, meta);
        listed = list.is_some_and(|list| list.apply_to(&file));
    }
    if let Some(rights) = exact.filter(|_| !listed) {
        file.set_permissions(rights)?;
    }
    Ok((file, temporary))
}

/// Options that create a file and never open an existing one.
fn new_file(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
}

#[cfg(unix)]
fn mode(bits: u32) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(bits))
}

#[cfg(not(unix))]
fn mode(_bits: u32) -> Option<Permissions> {
    None
}

/// The read, write and execute bits of a file, without set-user-id and the like. Without the bits
/// of the group if these are the upper bound of an access control list.
#[cfg(unix)]
fn kept_mode(meta: &Metadata, has_list: bool) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    mode(meta.permissions().mode() & if has_list { 0o707 } else { 0o777 })
}

#[cfg(not(unix))]
fn kept_mode(_meta: &Metadata, _has_list: bool) -> Option<Permissions> {
    None
}

/// Gives a file the owner and group of the file that it replaces, if this user may. Only the
/// superuser can change the owner, and only a member can set a group. Otherwise a run by another
/// user would exclude the present readers.
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(new) = retry_interrupted(|| file.metadata()) else { return };
    if new.gid() != old.gid() {
        let _ = fchown(file, None, Some(old.gid()));
    }
    if new.uid() != old.uid() {
        let _ = fchown(file, Some(old.uid()), None);
    }
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _old: &Metadata) {}

#[cfg(unix)]
fn is_unlinked(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.nlink() == 0
}

#[cfg(not(unix))]
fn is_unlinked(_meta: &Metadata) -> bool {
    false
}

/// Removes temporary files that killed runs left in a folder; returns their number.
///
/// Files of live runs are locked and stay. Files that cannot be listed, locked or removed stay too,
/// without an error, because they do no harm.
pub fn sweep_temporaries(dir: &Path) -> usize {
    let Ok(entries) = folder::list_directory(dir) else {
        return 0;
    };
    entries.iter().filter(|entry| is_temporary(entry) && remove_if_dead(&dir.join(&entry.name))).count()
}

fn is_temporary(entry: &DirectoryEntry) -> bool {
    let name = entry.name.as_encoded_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes()) && entry.kind == FileKind::File
}

/// Removes a file while holding its lock. Its creator, if it locks the file later, then finds it
/// gone.
fn remove_if_dead(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok() && fs::remove_file(path).is_ok())
}
