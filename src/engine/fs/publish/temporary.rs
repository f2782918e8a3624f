//! Temporary files beside their targets, and what killed runs left of them.
//!
//! Takes a folder and the rights that the published file shall have, gives a file with them from its first byte on. Invariant: a
//! temporary file is locked by its maker as long as that lives, and known to the gate, so that neither a sweep takes it nor an
//! interrupted run leaves it.

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
};

/// How the name of a temporary file begins; hidden, so that folder inputs and `ls` pass over it.
const PREFIX: &str = ".pql-";

/// How the name of a temporary file ends.
const SUFFIX: &str = ".tmp";

/// How often a temporary file is made anew if a sweep takes it before it is locked.
const TRIES_MAX: usize = 8;

/// The name of a temporary file; dropping it removes the file.
#[derive(Debug)]
pub(super) struct TemporaryFile(Option<TempPath>);

impl TemporaryFile {
    /// Gives the file another name behind the gate, in place of what has that name.
    pub(super) fn replace(&mut self, target: &Path, gate: &mut PublishGate) -> io::Result<()> {
        self.persist(gate, |path| path.persist(target))
    }

    /// Gives the file another name behind the gate, if nothing has that name.
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
            // What cannot be removed now is removed by the sweep of the next run.
            let _ = path.close();
        }
    }
}

/// What is known of the file that will be replaced.
type ReplacedFile<'f> = (&'f Metadata, Option<&'f Acl>);

/// Makes a temporary file that no sweep of another run will remove.
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
            // What cannot be told is taken for well: its name would be missed at the end.
            Ok(()) if file.metadata().is_ok_and(|meta| is_unlinked(&meta)) => continue,
            // Where files cannot be locked, a sweep cannot lock them either and leaves them.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok((file, temporary)),
        }
    }
    Err(io::Error::other("another process keeps removing the temporary file"))
}

/// Makes a temporary file with the rights that the published one shall have, from its first byte on.
fn create(dir: &Path, access: FileAccess, existing: Option<ReplacedFile<'_>>) -> io::Result<(File, TemporaryFile)> {
    // The first number is cut by the umask, the second is not.
    let (at_first, exact) = match (access, existing) {
        (FileAccess::Shared, None) => (0o666, None),
        (FileAccess::Shared, Some((meta, list))) => (0o600, kept_mode(meta, list.is_some())),
        (FileAccess::Private, _) => (0o600, mode(0o600)),
    };
    let mut gate = gate::lock_gate();
    // Opening it here rather than there keeps its random name out of error texts.
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

/// Options that create a file, and never open one that is there already.
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

/// Read, write and execute rights of a file, without set-user-id and its like; without those of the group if they are the bounds of a list.
#[cfg(unix)]
fn kept_mode(meta: &Metadata, has_list: bool) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    mode(meta.permissions().mode() & if has_list { 0o707 } else { 0o777 })
}

#[cfg(not(unix))]
fn kept_mode(_meta: &Metadata, _has_list: bool) -> Option<Permissions> {
    None
}

/// Gives a file the owner and group of the one that it replaces, as far as this user may: only the superuser gives files away, and a
/// group is given by those who are in it. Otherwise a run by another user would shut out who read the file so far.
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(new) = file.metadata() else { return };
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

/// Removes temporary files that killed runs left in a folder; gives how many.
///
/// Files of runs still alive are locked and stay. What cannot be listed, locked or removed stays too,
/// without an error: it harms nobody.
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

/// Removes a file while holding its lock, so that its maker, if it comes for the lock later, finds it gone.
fn remove_if_dead(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok() && fs::remove_file(path).is_ok())
}
