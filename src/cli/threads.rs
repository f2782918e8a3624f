//! How many threads a run takes.

use std::{
    io,
    sync::{OnceLock, mpsc},
    thread::{self, available_parallelism},
};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

use super::print_stderr;
use pql_engine::read::{BlockLimits, InputKind, InputSource};

/// So much input is read and scored by one thread: a block of it, which is what a thread takes at once. To start other threads, which then look for
/// work, takes longer than all there is to do. **Units**: bytes as they lie in the files.
const SMALL_INPUT_BYTES_MAX: u64 = BlockLimits::STANDARD.block_bytes as u64;

/// The memory that must be left for each thread in addition to its stack; bytes.
const THREAD_ROOM_BYTES: usize = 16 << 20;

/// The threads of this process, which are started once.
static POOL: OnceLock<ThreadCount> = OnceLock::new();

#[derive(Debug, Clone, Copy)]
struct ThreadCount {
    made: usize,
    wanted: usize,
}

/// The threads of a run: as many as were asked for; else one for little input, and as many as there are cores for more. Where the system gives
/// fewer, as many as it gives, down to the one that runs. Makes the pool that scores as large.
pub(super) fn configure_thread_pool(asked: Option<u16>, inputs: &[InputSource]) -> usize {
    let wanted = || asked.map_or_else(|| if little(inputs) { 1 } else { cores() }, usize::from);
    POOL.get_or_init(|| make_pool(wanted())).made
}

/// Prints a note if there are fewer threads than wanted. The results do not depend on them.
pub(super) fn note_missing_threads() {
    if let Some(ThreadCount { made, wanted }) = POOL.get().filter(|pool| pool.made < pool.wanted) {
        let have = if *made == 1 { "one" } else { &made.to_string() };
        print_stderr(&format!(
            "note: the system gives {have} of {wanted} threads, so this run takes longer; `ulimit -u` and `ulimit -v` show its limits"
        ));
    }
}

/// Starts the thread pool. rayon cannot retry with fewer threads, so the threads are started before
/// it and wait for it.
fn make_pool(wanted: usize) -> ThreadCount {
    let mut waiting = if wanted > 1 { waiting_threads(wanted) } else { Vec::new() };
    let made = waiting.len().max(1);
    let pool = ThreadPoolBuilder::new().num_threads(made);
    // Only tests have a pool already. The results do not depend on its size.
    let _ = if made > 1 {
        pool.spawn_handler(|thread| hand_over(&mut waiting, thread)).build_global()
    } else {
        // One thread needs no other one to hand work to.
        pool.use_current_thread().build_global()
    };
    ThreadCount { made, wanted }
}

/// Starts threads that wait to join a pool: as many as wanted, or as the system gives. Returns none
/// if the system gives fewer than two. A thread ends if its sender is dropped.
fn waiting_threads(wanted: usize) -> Vec<mpsc::Sender<ThreadBuilder>> {
    let mut waiting = Vec::new();
    while waiting.len() < wanted && has_room(waiting.len() + 1) {
        let (give, take) = mpsc::channel();
        let run = move || take.recv().into_iter().for_each(ThreadBuilder::run);
        if thread::Builder::new().spawn(run).is_err() {
            break;
        }
        waiting.push(give);
    }
    if waiting.len() > 1 { waiting } else { Vec::new() }
}

/// True if this many threads would have memory for their work. The memory is reserved and not used,
/// so only a limit of the process can refuse it.
fn has_room(threads: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(threads * THREAD_ROOM_BYTES).is_ok()
}

fn hand_over(waiting: &mut Vec<mpsc::Sender<ThreadBuilder>>, thread: ThreadBuilder) -> io::Result<()> {
    let taken = waiting.pop().is_some_and(|give| give.send(thread).is_ok());
    if taken { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
}

fn cores() -> usize {
    available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Whether all inputs are files that are known to be small together.
fn little(inputs: &[InputSource]) -> bool {
    let mut left = SMALL_INPUT_BYTES_MAX;
    inputs.iter().all(|input| match known_size(input).and_then(|size| left.checked_sub(size)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    })
}

/// The size of an input, where that is known before it is read. **Units**: bytes.
fn known_size(input: &InputSource) -> Option<u64> {
    match &input.kind {
        InputKind::File(path) => std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len()),
        InputKind::Memory(bytes) => Some(bytes.len() as u64),
        // What is in an archive may be much larger, and a pipe does not say.
        InputKind::Member(_) | InputKind::TarMember(_) | InputKind::Stdin | InputKind::Begun(_) => None,
    }
}
