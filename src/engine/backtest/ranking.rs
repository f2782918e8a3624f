//! Does a higher score mean a better chance? Over the rows that can be judged: a row is a unit at one date.
//!
//! Rows of one account tell of one story, so every interval is drawn over accounts.

use serde::Serialize;

use super::units::{Observations, UnitRow};
use crate::statistics::{
    BootstrapInterval, ClusterBootstrap, ScoreRanking, ShareCounts, percentile_interval, rate_inversions,
};

/// Rows of one tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierResult {
    /// Its name; empty without tiers.
    pub tier: String,
    /// The number of rows.
    pub rows: u64,
    /// Rows that reached the goal within the horizon.
    pub positive: u64,
    /// `positive / rows`.
    pub rate: Option<f64>,
    /// The 95 % interval of the rate.
    pub rate_interval: Option<[f64; 2]>,
    /// The rate over that of all rows.
    pub lift: Option<f64>,
    /// Of all positive rows, the share in this tier.
    pub share_of_positive: Option<f64>,
}

/// How many of the first rows of each date reached the goal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrecisionAtCapacity {
    /// The number of rows that are taken at each date.
    pub capacity: u64,
    /// The share that is expected, if ties at the cut fall by chance.
    pub precision: Option<f64>,
    /// The least share that ties allow.
    pub least: Option<f64>,
    /// The greatest share that ties allow.
    pub most: Option<f64>,
    /// The 95 % interval of the expected share.
    pub interval: Option<[f64; 2]>,
    /// Of all positive rows, the share among those taken.
    pub recall: Option<f64>,
}

/// How well scores order the rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankingReport {
    /// All rows.
    pub all: TierResult,
    /// In the order of the model, the best first.
    pub tiers: Vec<TierResult>,
    /// Pairs of neighbouring tiers of which the lower one did better.
    pub disordered: Vec<[String; 2]>,
    /// The mean over the dates of the chance that a positive row has a higher score than a negative one; ties count half.
    pub auc: Option<f64>,
    /// Its 95 % interval.
    pub auc_interval: Option<[f64; 2]>,
    /// Dates with a positive and a negative row, over which the mean goes.
    pub auc_dates: u64,
    /// Only if a capacity is given.
    pub at_capacity: Option<PrecisionAtCapacity>,
}

/// The draws of every interval over rows.
const DRAWS: u32 = 500;
/// The seed of the draws. It is part of the figures: another one gives slightly other intervals.
const SEED: u64 = 20_261_101;

/// The rows that can be judged, by date.
#[derive(Debug, Default)]
pub(super) struct JudgedRows {
    dates: Vec<JudgedDate>,
    tiers: usize,
}

/// The rows of one date.
#[derive(Debug)]
struct JudgedDate {
    rows: Vec<JudgedRow>,
    /// The order of the scores.
    ranking: ScoreRanking,
    /// The order of the scores of those that are on the lists, by their places among `rows`.
    listed: (Vec<usize>, ScoreRanking),
}

#[derive(Debug, Clone, Copy)]
struct JudgedRow {
    cluster: u32,
    tier: Option<u16>,
    positive: bool,
}

/// Figures over the rows, each row counted as often as its account is drawn.
#[derive(Debug, Clone, Default)]
struct RankedFigures {
    /// By tier; those without a tier last.
    tiers: Vec<ShareCounts>,
    auc: Option<f64>,
    auc_dates: u64,
    taken: TakenRows,
}

/// The first rows of each date.
#[derive(Debug, Clone, Copy, Default)]
struct TakenRows {
    rows: f64,
    expected: f64,
    least: f64,
    most: f64,
}

impl JudgedRows {
    /// The rows that can be judged, and that a condition keeps.
    pub(super) fn of(seen: &Observations, keeps: impl Fn(&UnitRow) -> bool) -> JudgedRows {
        let dates = seen.by_date().map(|rows| {
            let kept = rows.iter().filter(|row| row.judged().is_some() && keeps(row));
            JudgedDate::new(seen, &kept.collect::<Vec<&UnitRow>>())
        });
        JudgedRows { dates: dates.collect(), tiers: seen.tiers.len() }
    }

    /// Gives the clusters other numbers.
    pub(super) fn renumber(&mut self, numbers: &[u32]) {
        for row in self.dates.iter_mut().flat_map(|date| &mut date.rows) {
            row.cluster = numbers[row.cluster as usize];
        }
    }

    /// The mean over the dates of the area under the curve, and the number of dates with rows of both kinds.
    pub(super) fn auc(&self, weight: &impl Fn(u32) -> u32) -> (Option<f64>, u64) {
        let of_dates = self.dates.iter().filter_map(|date| date.auc(weight));
        let (sum, dates) = of_dates.fold((0.0, 0), |(sum, dates), auc| (sum + auc, dates + 1));
        ((dates > 0).then(|| sum / dates as f64), dates)
    }

    fn figures(&self, capacity: Option<u64>, weight: &impl Fn(u32) -> u32) -> RankedFigures {
        let mut tiers = vec![ShareCounts { positives: 0, cases: 0 }; self.tiers + 1];
        let mut taken = TakenRows::default();
        for date in &self.dates {
            for row in &date.rows {
                let counts = &mut tiers[row.tier.map_or(self.tiers, usize::from)];
                counts.cases += u64::from(weight(row.cluster));
                counts.positives += u64::from(row.positive) * u64::from(weight(row.cluster));
            }
            if let Some(capacity) = capacity {
                taken.add(date, capacity, weight);
            }
        }
        let (auc, auc_dates) = self.auc(weight);
        RankedFigures { tiers, auc, auc_dates, taken }
    }
}

impl JudgedDate {
    fn new(seen: &Observations, rows: &[&UnitRow]) -> JudgedDate {
        let is_positive = |row: &UnitRow| row.judged() == Some(true);
        let ranking_of = |rows: &[&UnitRow]| {
            let scores: Vec<f64> = rows.iter().map(|row| row.score.to_f64()).collect();
            ScoreRanking::new(&scores, &rows.iter().map(|row| is_positive(row)).collect::<Vec<bool>>())
        };
        let listed: Vec<usize> = (0..rows.len()).filter(|place| !rows[*place].suppressed).collect();
        let on_lists: Vec<&UnitRow> = listed.iter().map(|place| rows[*place]).collect();
        let judged =
            |row: &&UnitRow| JudgedRow { cluster: seen.unit(row).cluster, tier: row.tier, positive: is_positive(row) };
        JudgedDate {
            ranking: ranking_of(rows),
            listed: (listed, ranking_of(&on_lists)),
            rows: rows.iter().map(judged).collect(),
        }
    }

    fn auc(&self, weight: &impl Fn(u32) -> u32) -> Option<f64> {
        self.ranking.tally_weighted(|place| f64::from(weight(self.rows[place].cluster))).auc()
    }
}

impl TakenRows {
    /// Takes the first rows of a date. Suppressed ones are on no list.
    fn add(&mut self, date: &JudgedDate, capacity: u64, weight: &impl Fn(u32) -> u32) {
        let (listed, ranking) = &date.listed;
        let table = ranking.tally_weighted(|place| f64::from(weight(date.rows[listed[place]].cluster)));
        if let Some(cut) = table.precision_at(capacity) {
            self.rows += cut.taken;
            self.expected += cut.expected * cut.taken;
            self.least += cut.least * cut.taken;
            self.most += cut.most * cut.taken;
        }
    }

    fn share_of(&self, part: f64) -> Option<f64> {
        (self.rows > 0.0).then(|| part / self.rows)
    }
}

/// Holds scores and tiers against what became of the rows.
pub(super) fn rank(seen: &Observations, capacity: Option<u64>) -> RankingReport {
    let judged = JudgedRows::of(seen, |_| true);
    let whole = judged.figures(capacity, &|_| 1);
    let draws = draws_over(seen.clusters, |weights| judged.figures(capacity, &|cluster| weights[cluster as usize]));
    let all = sum(&whole.tiers);
    let named = seen.tiers.iter().map(|tier| tier.name.as_str()).enumerate();
    let of_tier = |(place, name): (usize, &str)| {
        let interval = interval_of(&draws, |draw| draw.tiers[place].share());
        TierResult::new(name, whole.tiers[place], all, interval)
    };
    let inversions = rate_inversions(&whole.tiers[..seen.tiers.len()]);
    let name = |place: usize| seen.tiers[place].name.clone();
    RankingReport {
        all: TierResult::new("", all, all, interval_of(&draws, |draw| sum(&draw.tiers).share())),
        tiers: named.map(of_tier).collect(),
        disordered: inversions.iter().map(|pair| [name(pair.better), name(pair.worse)]).collect(),
        auc: whole.auc,
        auc_interval: interval_of(&draws, |draw| draw.auc),
        auc_dates: whole.auc_dates,
        at_capacity: capacity.map(|capacity| PrecisionAtCapacity {
            capacity,
            precision: whole.taken.share_of(whole.taken.expected),
            least: whole.taken.share_of(whole.taken.least),
            most: whole.taken.share_of(whole.taken.most),
            interval: interval_of(&draws, |draw| draw.taken.share_of(draw.taken.expected)),
            recall: (all.positives > 0).then(|| whole.taken.expected / all.positives as f64),
        }),
    }
}

impl TierResult {
    fn new(tier: &str, counts: ShareCounts, all: ShareCounts, rate_interval: Option<[f64; 2]>) -> TierResult {
        let base = all.share().filter(|base| *base > 0.0);
        TierResult {
            tier: tier.to_owned(),
            rows: counts.cases,
            positive: counts.positives,
            rate: counts.share(),
            rate_interval,
            lift: counts.share().zip(base).map(|(rate, base)| rate / base),
            share_of_positive: ShareCounts { positives: counts.positives, cases: all.positives }.share(),
        }
    }
}

fn sum(tiers: &[ShareCounts]) -> ShareCounts {
    let none = ShareCounts { positives: 0, cases: 0 };
    tiers.iter().fold(none, |all, tier| ShareCounts {
        positives: all.positives + tier.positives,
        cases: all.cases + tier.cases,
    })
}

/// A figure of each draw of accounts.
pub(super) fn draws_over<T: Send>(clusters: u32, figure: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
    ClusterBootstrap { clusters: clusters as usize, draws: DRAWS, seed: SEED }.per_draw(figure)
}

/// The interval that holds the middle 95 % of a figure's draws.
pub(super) fn interval_of<T>(draws: &[T], figure: impl Fn(&T) -> Option<f64>) -> Option<[f64; 2]> {
    let values: Vec<Option<f64>> = draws.iter().map(figure).collect();
    let BootstrapInterval { interval, .. } = percentile_interval(&values)?;
    Some([interval.low, interval.high])
}
