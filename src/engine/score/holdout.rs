//! Which accounts are held out: the same every day, on every machine and in every model with the same share and salt.

use super::id_hash::id_hash;
use pql_model::resolved::{HOLDOUT_WHOLE, Holdout};

/// True if the hash of an id lies in the held-out share of all hashes.
pub(crate) fn is_held_out(holdout: &Holdout, id: &str) -> bool {
    let hash = u64::from(id_hash(id, &holdout.salt));
    hash * u64::from(HOLDOUT_WHOLE) < u64::from(holdout.share_millionths) << 32
}
