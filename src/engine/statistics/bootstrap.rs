//! Intervals by drawing clusters again: rows of one account belong together, so accounts are drawn, not rows.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use rayon::prelude::*;

use super::{interval::ConfidenceInterval, spread::quantile};

/// A plan of draws: as many clusters as there are, with replacement, time after time.
///
/// Each draw has a stream of random numbers of its own, which the seed and the number of the draw give. So a draw is the same on every platform,
/// for any number of threads, and however many draws follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterBootstrap {
    /// How many clusters there are.
    pub clusters: usize,
    /// How many times they are drawn.
    pub draws: u32,
    pub seed: u64,
}

impl ClusterBootstrap {
    /// How often a draw has each cluster; by cluster. The counts sum to the number of clusters.
    pub fn counts_of(&self, draw: u32) -> Vec<u32> {
        let mut counts = vec![0; self.clusters];
        self.draw_into(draw, &mut counts);
        counts
    }

    /// What `statistic` gives of each draw's counts, in the order of draws. It is called in parallel.
    ///
    /// To compare two models, take their difference within a draw: both see the same clusters.
    pub fn per_draw<T: Send>(&self, statistic: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
        let empty = || vec![0; self.clusters];
        let one = |counts: &mut Vec<u32>, draw| {
            self.draw_into(draw, counts);
            statistic(counts)
        };
        (0..self.draws).into_par_iter().map_init(empty, one).collect()
    }

    fn draw_into(&self, draw: u32, counts: &mut [u32]) {
        counts.fill(0);
        let mut random = self.stream(draw);
        for _ in 0..self.clusters {
            counts[below(self.clusters, random.next_u64())] += 1;
        }
    }

    /// The random numbers of a draw.
    fn stream(&self, draw: u32) -> ChaCha8Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(seed);
        random.set_stream(u64::from(draw));
        random
    }
}

/// A place among `n`, by a random number: the number as a fraction of 2^64, times `n`. Places differ in their chances by less than n / 2^64.
fn below(n: usize, random: u64) -> usize {
    ((u128::from(random) * n as u128) >> 64) as usize
}

/// An interval of 95 % by percentiles of draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapInterval {
    pub interval: ConfidenceInterval,
    /// Draws that gave a value.
    pub draws: usize,
    /// Draws that gave none, as one without positives gives no AUC. Where these are many, the interval says little.
    pub draws_without: usize,
}

/// The interval between the quantiles of 2.5 % and 97.5 % of what the draws gave, linear as [`quantile`]. None if no draw gave a value.
///
/// **Source**: Efron, Bootstrap Methods, 1979; the percentile interval. scipy's `bootstrap(method="percentile")` of the same draws.
pub fn percentile_interval(values: &[Option<f64>]) -> Option<BootstrapInterval> {
    let given: Vec<f64> = values.iter().copied().flatten().collect();
    let interval = ConfidenceInterval { low: quantile(&given, 0.025)?, high: quantile(&given, 0.975)? };
    Some(BootstrapInterval { interval, draws: given.len(), draws_without: values.len() - given.len() })
}
