//! Limits the memory that reading one Parquet file takes.
//!
//! Takes sizes before anything of that size is allocated. Invariant: the sum of what is in use never
//! exceeds the limit.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::fault::{FaultCause, ParquetFault, ParquetFaultResult};

/// The memory of one Parquet file. One thread at a time reads the file, so a refusal depends on the
/// file alone.
#[derive(Debug)]
pub(super) struct MemoryBudget {
    max: usize,
    held: AtomicUsize,
}

/// Bytes that are in use until this is dropped.
#[derive(Debug)]
pub(super) struct MemoryUse {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

impl MemoryBudget {
    /// A budget of some bytes, all of them free.
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, held: AtomicUsize::new(0) })
    }
}

impl MemoryUse {
    /// No bytes yet.
    pub(super) fn none(budget: &Arc<MemoryBudget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0 }
    }

    /// No bytes yet, of the same budget.
    pub(super) fn beside(&self) -> Self {
        Self::none(&self.budget)
    }

    /// Replaces the bytes in use.
    ///
    /// # Errors
    ///
    /// The budget is too small. The bytes in use then stay as they were.
    pub(super) fn hold(&mut self, bytes: usize) -> ParquetFaultResult<()> {
        let others = self.budget.held.load(Ordering::Relaxed) - self.bytes;
        let all = others.saturating_add(bytes);
        if all > self.budget.max {
            return Err(ParquetFault::from(FaultCause::Large(all as u64)));
        }
        self.budget.held.store(all, Ordering::Relaxed);
        self.bytes = bytes;
        Ok(())
    }

    /// Adds to the bytes in use.
    ///
    /// # Errors
    ///
    /// As [`MemoryUse::hold`].
    pub(super) fn hold_more(&mut self, bytes: usize) -> ParquetFaultResult<()> {
        self.hold(self.bytes.saturating_add(bytes))
    }
}

impl Drop for MemoryUse {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_together_is_bounded() {
        let budget = MemoryBudget::new(100);
        let (mut one, mut other) = (MemoryUse::none(&budget), MemoryUse::none(&budget));
        assert!(one.hold(60).is_ok());
        assert!(matches!(other.hold(41), Err(ParquetFault { cause: FaultCause::Large(101), .. })));
        assert!(other.hold(40).is_ok() && other.hold_more(1).is_err());
        assert!(one.hold(usize::MAX).is_err() && one.hold(30).is_ok() && other.hold(70).is_ok());
        drop(one);
        assert!(other.hold(100).is_ok());
    }
}
