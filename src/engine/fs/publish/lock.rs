//! One run at a time in an output folder.
//!
//! Takes a folder, gives a lock that the operating system ends with the process, however it dies: there is no stale lock and nothing to
//! clean up. The folder itself is locked, so that no file is left in it; only where a folder cannot be locked (NFS, Windows) a file in it is.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use super::PublishError;

/// The file that is locked where folders cannot be; it stays, because a lock on a file that is removed keeps nobody out.
const LOCK_FILE: &str = ".pql-lock";

/// The right to write to a folder, until it is dropped or the process ends.
#[derive(Debug)]
pub struct FolderLock {
    /// None where the file system knows no locks at all.
    file: Option<File>,
}

impl FolderLock {
    /// Locks a folder that is there; `None` if another process has it.
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

    /// Whether it keeps others out; it does not where the file system knows no locks.
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

/// Whether an error says that this cannot be locked at all, not that something failed.
fn is_unknown(error: &io::Error) -> bool {
    /// NFS, of a folder: a lock for one alone wants a file open for writing. The number is the same on every Unix.
    const EBADF: i32 = 9;
    /// NFS without the service for locks.
    const ENOLCK: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
        || cfg!(unix) && matches!(error.raw_os_error(), Some(EBADF | ENOLCK))
}

/// The process that has a folder locked, as far as the system tells.
#[cfg(target_os = "linux")]
pub fn lock_holder(dir: &Path) -> Option<u32> {
    use std::os::linux::fs::MetadataExt;
    let meta = std::fs::metadata(dir).ok()?;
    let device = meta.st_dev();
    // The two parts of a device number, as the C library takes them apart.
    let major = (device >> 8) & 0xfff | (device >> 32) & !0xfff;
    let minor = device & 0xff | (device >> 12) & !0xff;
    let place = format!("{major:02x}:{minor:02x}:{}", meta.st_ino());
    // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:123 0 EOF`; those who wait have `->` after the number.
    std::fs::read_to_string("/proc/locks").ok()?.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, process, of, ..] = words[..] else { return None };
        if of == place { process.parse().ok().filter(|process| *process > 0) } else { None }
    })
}

/// Elsewhere the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn holder(_dir: &Path) -> Option<u32> {
    None
}
