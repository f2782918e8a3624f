//! Ensures one run at a time per output folder.
//!
//! Takes a folder and gives a lock that the operating system releases when the process ends,
//! however it ends. So there are no stale locks. The folder itself is locked, so no file is left in
//! it; where folders cannot be locked (NFS, Windows) a file in it is locked.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use super::PublishError;
use crate::fs::retry::retry_interrupted;

/// The file that is locked where folders cannot be. It is never removed, because a lock on a
/// removed file excludes no other run.
const LOCK_FILE: &str = ".pql-lock";

/// The right to write to a folder, until the lock is dropped or the process ends.
#[derive(Debug)]
pub struct FolderLock {
    /// None if the file system does not support locks.
    file: Option<File>,
}

impl FolderLock {
    /// Locks an existing folder; `None` if another process holds the lock.
    ///
    /// # Errors
    ///
    /// [`PublishError::Lock`]: the folder cannot be opened, or the system fails to lock it.
    pub fn try_acquire(dir: &Path) -> Result<Option<Self>, PublishError> {
        let failed = |source| PublishError::Lock { path: dir.to_path_buf(), source };
        match try_lock(File::open(dir)) {
            Ok(LockAttempt::Held(file)) => return Ok(Some(Self { file: Some(file) })),
            Ok(LockAttempt::Busy) => return Ok(None),
            Ok(LockAttempt::Impossible) => {}
            // Windows does not open folders.
            Err(error) if cfg!(unix) => return Err(failed(error)),
            Err(_) => {}
        }
        let beside = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK_FILE));
        match try_lock(beside).map_err(failed)? {
            LockAttempt::Held(file) => Ok(Some(Self { file: Some(file) })),
            LockAttempt::Busy => Ok(None),
            LockAttempt::Impossible => Ok(Some(Self { file: None })),
        }
    }

    /// True if the lock excludes other runs. It does not where the file system has no locks.
    pub fn is_exclusive(&self) -> bool {
        self.file.is_some()
    }
}

enum LockAttempt {
    Held(File),
    Busy,
    Impossible,
}

fn try_lock(file: io::Result<File>) -> io::Result<LockAttempt> {
    let file = file?;
    loop {
        return match file.try_lock() {
            Ok(()) => Ok(LockAttempt::Held(file)),
            Err(TryLockError::WouldBlock) => Ok(LockAttempt::Busy),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(TryLockError::Error(error)) if is_unknown(&error) => Ok(LockAttempt::Impossible),
            Err(TryLockError::Error(error)) => Err(error),
        };
    }
}

/// True if an error says that locks are not supported, rather than that locking failed.
fn is_unknown(error: &io::Error) -> bool {
    /// NFS returns this for a folder: an exclusive lock needs a file open for writing. The number
    /// is the same on every Unix.
    const EBADF: i32 = 9;
    /// NFS returns this without its lock service.
    const ENOLCK: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
        || cfg!(unix) && matches!(error.raw_os_error(), Some(EBADF | ENOLCK))
}

/// The process that holds the lock of a folder, if the system reports it.
#[cfg(target_os = "linux")]
pub fn lock_holder(dir: &Path) -> Option<u32> {
    use std::os::linux::fs::MetadataExt;
    let meta = retry_interrupted(|| std::fs::metadata(dir)).ok()?;
    let device = meta.st_dev();
    // The two parts of a device number, split as the C library does.
    let major = (device >> 8) & 0xfff | (device >> 32) & !0xfff;
    let minor = device & 0xff | (device >> 12) & !0xff;
    let place = format!("{major:02x}:{minor:02x}:{}", meta.st_ino());
    // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:123 0 EOF`; waiting processes have `->` after the
    // number.
    retry_interrupted(|| std::fs::read_to_string("/proc/locks")).ok()?.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, process, of, ..] = words[..] else { return None };
        if of == place { process.parse().ok().filter(|process| *process > 0) } else { None }
    })
}

/// Other systems do not report it.
#[cfg(not(target_os = "linux"))]
pub fn lock_holder(_dir: &Path) -> Option<u32> {
    None
}
