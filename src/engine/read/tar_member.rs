//! Members of an archive that is compressed as a whole, and can only be read from front to back.
//!
//! Takes where a member lies, gives its bytes. Invariant: who reads members in the order in which they lie unpacks the archive once, because an archive
//! stays open after each of its members for the next one; after the last member no archive is open.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Compression,
    file_version::{FileVersion, file_metadata},
    raw_file::FileFault,
    tar_archive::TarStream,
};

/// What checks an archive.
const CHECK: &str = "tar -tf";

/// Where a member lies in an archive that is compressed as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarMember {
    /// The archive.
    pub(crate) archive: PathBuf,
    /// Offset of its content in the unpacked archive; bytes.
    pub(crate) start: u64,
    /// Size of its content; bytes.
    pub(crate) bytes: u64,
    /// The archive where it is open.
    pub(super) pool: Arc<OpenTarPool>,
}

/// An archive in the places where readers have come to.
pub(super) struct OpenTarPool {
    compression: Compression,
    /// The archive as it was when its members were listed.
    version: FileVersion,
    /// How many members are read.
    members: usize,
    state: Mutex<PoolState>,
}

#[derive(Default)]
struct PoolState {
    idle: Vec<TarStream>,
    /// Members that were read to their end.
    done: usize,
}

/// Whether it is the same archive shows in the paths beside it.
impl PartialEq for OpenTarPool {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for OpenTarPool {}

impl fmt::Debug for OpenTarPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTarPool").finish_non_exhaustive()
    }
}

impl OpenTarPool {
    /// An archive that is not open, with the number of members to read.
    pub(super) fn new(compression: Compression, version: FileVersion, members: usize) -> Self {
        Self { compression, version, members, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open archive that is nearest before a place, if there is one.
    fn take(&self, start: u64) -> Option<TarStream> {
        let idle = &mut self.lock().idle;
        let places = idle.iter().enumerate().filter(|(_, tape)| tape.at() <= start);
        let (place, _) = places.max_by_key(|(_, tape)| tape.at())?;
        Some(idle.swap_remove(place))
    }

    /// Takes back an archive after one of its members was read to the end.
    fn give_back(&self, tape: Option<TarStream>) {
        let mut state = self.lock();
        state.idle.extend(tape);
        state.done += 1;
        if state.done >= self.members {
            *state = PoolState::default();
        }
    }
}

/// A member on its way out of its archive.
pub(super) struct TarMemberReader {
    member: TarMember,
    /// None only once it was given back.
    tape: Option<TarStream>,
    left: u64,
    progress: Arc<AtomicU64>,
}

impl TarMemberReader {
    /// Goes to a member, from where the archive is open or from its front.
    ///
    /// # Errors
    ///
    /// Those of opening, and [`FileFault`] where the archive is no longer what it was.
    pub(super) fn open(member: &TarMember, progress: Arc<AtomicU64>) -> io::Result<Self> {
        let mut tape = match member.pool.take(member.start) {
            Some(tape) => tape,
            None => {
                let file = File::open(&member.archive)?;
                if FileVersion::of(&file_metadata(&file)?) != member.pool.version {
                    return Err(FileFault::Rewritten.into());
                }
                TarStream::new(file, member.pool.compression)?
            }
        };
        let ahead = member.start.saturating_sub(tape.at());
        tape.skip(ahead).map_err(|error| FileFault::DamagedMember(error, CHECK))?;
        Ok(Self { member: member.clone(), tape: Some(tape), left: member.bytes, progress })
    }

    /// Ends after the last byte: the archive may be read on from there.
    fn end(&mut self) -> io::Result<()> {
        let Some(tape) = self.tape.take() else { return Ok(()) };
        self.member.pool.give_back(Some(tape));
        let now = FileVersion::of(&self.member.archive.metadata().map_err(FileFault::Failed)?);
        if now == self.member.pool.version { Ok(()) } else { Err(FileFault::Rewritten.into()) }
    }
}

impl Read for TarMemberReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if self.left == 0 {
            return self.end().map(|()| 0);
        }
        let (Some(tape), Some(buffer)) = (&mut self.tape, buffer.get_mut(..room)) else { return Ok(0) };
        let got = tape.read(buffer).map_err(|error| FileFault::DamagedMember(error, CHECK))?;
        if got == 0 && room > 0 {
            return Err(FileFault::DamagedMember(io::ErrorKind::UnexpectedEof.into(), CHECK).into());
        }
        self.left -= got as u64;
        self.progress.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}
