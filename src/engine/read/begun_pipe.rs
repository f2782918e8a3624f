//! Inputs that give their bytes only once, with their first bytes kept.
//!
//! `init` and `inspect` look at the first records before they read all. A pipe has no beginning to go back to, so its first bytes stay in memory: a
//! short one becomes bytes in memory, a long one its first bytes and the rest.

use std::{
    fs::File,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use super::{InputKind, InputSource, ReadError};
use crate::fs::retry::retry_interrupted;

/// The bytes of a pipe that are kept.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// A pipe whose first bytes were read.
#[derive(Debug)]
pub struct BegunPipe {
    /// The bytes that were read.
    pub(super) head: Arc<[u8]>,
    /// What gives the others, until somebody takes it.
    rest: Mutex<Option<PipeEnd>>,
}

/// Two pipes are one if they are the same in memory.
impl PartialEq for BegunPipe {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for BegunPipe {}

/// The end of a pipe that is read.
#[derive(Debug)]
pub(super) enum PipeEnd {
    Stdin(io::Stdin),
    File(File),
}

impl Read for PipeEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stdin(stdin) => stdin.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

impl BegunPipe {
    /// The bytes that were read.
    pub(crate) fn head(&self) -> Arc<[u8]> {
        Arc::clone(&self.head)
    }

    /// The rest of the bytes.
    ///
    /// # Errors
    ///
    /// The rest was taken before.
    pub(super) fn take_rest(&self) -> io::Result<PipeEnd> {
        let taken = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| io::Error::other("it can be read only once"))
    }
}

/// Keeps the first bytes of the inputs that give them only once; other inputs stay as they are.
///
/// # Errors
///
/// Those of opening and reading a pipe.
pub fn keep_pipe_heads(inputs: Vec<InputSource>) -> Result<Vec<InputSource>, ReadError> {
    inputs.into_iter().map(keep_pipe_head).collect()
}

fn keep_pipe_head(input: InputSource) -> Result<InputSource, ReadError> {
    let mut end = match &input.kind {
        InputKind::Stdin => PipeEnd::Stdin(io::stdin()),
        InputKind::File(path) if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) => {
            let opened = File::open(path);
            PipeEnd::File(opened.map_err(|source| ReadError::Open { name: input.name.clone(), source })?)
        }
        _ => return Ok(input),
    };
    let head = first_bytes(&mut end).map_err(|source| ReadError::Read { name: input.name.clone(), source })?;
    let is_whole = head.len() < KEPT_BYTES_MAX;
    let head: Arc<[u8]> = head.into();
    let begun = || InputKind::Begun(Arc::new(BegunPipe { head: Arc::clone(&head), rest: Mutex::new(Some(end)) }));
    let kind = if is_whole { InputKind::Memory(head) } else { begun() };
    Ok(InputSource { name: input.name, kind })
}

fn first_bytes(end: &mut PipeEnd) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    while head.len() < KEPT_BYTES_MAX {
        match retry_interrupted(|| end.read(&mut chunk))? {
            0 => break,
            got => head.extend_from_slice(chunk.get(..got).unwrap_or_default()),
        }
    }
    Ok(head)
}
