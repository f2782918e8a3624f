//! How many threads a run takes.

use std::thread::available_parallelism;

use pql_engine::read::{BlockLimits, InputKind, InputSource};

/// So much input is read and scored by one thread: a block of it, which is what a thread takes at once. To start other threads, which then look for
/// work, takes longer than all there is to do. **Units**: bytes as they lie in the files.
const SMALL_INPUT_BYTES_MAX: u64 = BlockLimits::STANDARD.block_bytes as u64;

/// The threads of a run: as many as were asked for; else one for little input, and as many as there are cores for more. Makes the pool that
/// scores as large.
pub(super) fn configure_thread_pool(asked: Option<u16>, inputs: &[InputSource]) -> usize {
    let workers = asked.map_or_else(|| if little(inputs) { 1 } else { cores() }, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers);
    // One thread needs no other one to hand work to.
    let pool = if workers == 1 { pool.use_current_thread() } else { pool };
    // A pool that was made before, as in tests, keeps its size; results do not depend on it, only how fast events are read and scored.
    let _ = pool.build_global();
    workers
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
        InputKind::Member(_) | InputKind::Stdin => None,
    }
}
