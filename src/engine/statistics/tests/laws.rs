//! Definitions and invariants, on any rows.

use proptest::{collection::vec, option, prelude::*};

use crate::statistics::{
    ClusterBootstrap, FollowUp, RateInversion, ScoreRanking, ShareCounts, TieTable, aalen_johansen,
    difference_of_shares, kaplan_meier, median, percentile_interval, rate_inversions, smallest_difference, wilson,
};

/// Rounding of some hundred operations.
const ROUNDING: f64 = 1e-9;

fn some_follow_ups() -> impl Strategy<Value = Vec<FollowUp>> {
    let one =
        (0..12_u32, option::weighted(0.7, 0..3_u32)).prop_map(|(time, end)| FollowUp { time: f64::from(time), end });
    vec(one, 1..60)
}

fn some_rows(most: usize) -> impl Strategy<Value = Vec<(u32, bool)>> {
    vec((0..6_u32, any::<bool>()), 1..most)
}

fn table_of(rows: &[(u32, bool)]) -> TieTable {
    let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
    let positives: Vec<bool> = rows.iter().map(|row| row.1).collect();
    ScoreRanking::new(&scores, &positives).tally()
}

/// The share of won pairs, pair by pair.
fn auc_by_pairs(rows: &[(u32, bool)]) -> Option<f64> {
    let of = |side: bool| rows.iter().filter(move |row| row.1 == side).map(|row| row.0);
    let pairs: Vec<f64> = of(true)
        .flat_map(|positive| of(false).map(move |other| f64::from(positive.cmp(&other) as i8 + 1) / 2.0))
        .collect();
    (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
}

/// All orders of some outcomes.
fn orders(outcomes: &[bool]) -> Vec<Vec<bool>> {
    if outcomes.is_empty() {
        return vec![Vec::new()];
    }
    let led_by = |first: usize| {
        let mut rest = outcomes.to_vec();
        let led = rest.remove(first);
        orders(&rest).into_iter().map(move |order| [vec![led], order].concat())
    };
    (0..outcomes.len()).flat_map(led_by).collect()
}

/// Shares among the first `taken` rows, in every order of the rows with the last row's score.
fn shares_by_orders(rows: &[(u32, bool)], taken: usize) -> Vec<f64> {
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|row| std::cmp::Reverse(row.0));
    let cut = sorted[taken - 1].0;
    let above: Vec<bool> = sorted.iter().filter(|row| row.0 > cut).map(|row| row.1).collect();
    let tie: Vec<bool> = sorted.iter().filter(|row| row.0 == cut).map(|row| row.1).collect();
    let share = |order: Vec<bool>| {
        let first = above.iter().chain(&order).take(taken);
        first.filter(|positive| **positive).count() as f64 / taken as f64
    };
    orders(&tie).into_iter().map(share).collect()
}

proptest! {
    #[test]
    fn the_area_is_the_share_of_won_pairs(rows in some_rows(40)) {
        match (table_of(&rows).auc(), auc_by_pairs(&rows)) {
            (Some(area), Some(pairs)) => prop_assert!((area - pairs).abs() < ROUNDING),
            (area, pairs) => prop_assert_eq!(area, pairs),
        }
    }

    #[test]
    fn precision_spans_all_orders_of_the_tie(rows in some_rows(8), capacity in 1..9_usize) {
        let taken = capacity.min(rows.len());
        let shares = shares_by_orders(&rows, taken);
        let cut = table_of(&rows).precision_at(capacity as u64).expect("rows");
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        prop_assert!((cut.expected - mean).abs() < ROUNDING);
        prop_assert_eq!(cut.least, shares.iter().copied().fold(1.0, f64::min));
        prop_assert_eq!(cut.most, shares.iter().copied().fold(0.0, f64::max));
    }

    /// A row of weight 3 counts as three rows.
    #[test]
    fn weights_are_copies(rows in some_rows(20), weights in vec(0..4_u32, 20)) {
        let copies: Vec<(u32, bool)> =
            rows.iter().zip(&weights).flat_map(|(row, weight)| (0..*weight).map(|_| *row)).collect();
        let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
        let positives: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let weighted = ScoreRanking::new(&scores, &positives).tally_weighted(|row| f64::from(weights[row]));
        prop_assert_eq!(weighted, table_of(&copies));
    }

    #[test]
    fn all_ends_and_survival_are_the_whole(follow_ups in some_follow_ups()) {
        let curve = kaplan_meier(&follow_ups);
        for step in curve.steps() {
            let survival = curve.survival_at(step.time).expect("followed").share;
            let kinds = (0..3).map(|kind| aalen_johansen(&follow_ups, kind).reached_by(step.time).expect("followed").share);
            prop_assert!((survival + kinds.sum::<f64>() - 1.0).abs() < ROUNDING);
        }
    }

    #[test]
    fn without_censoring_survival_is_the_share_left(times in vec(0..20_u32, 1..60)) {
        let follow_ups: Vec<FollowUp> =
            times.iter().map(|&time| FollowUp { time: f64::from(time), end: Some(0) }).collect();
        let curve = kaplan_meier(&follow_ups);
        for step in curve.steps() {
            let left = times.iter().filter(|&&time| f64::from(time) > step.time).count() as f64;
            prop_assert!((step.survival - left / times.len() as f64).abs() < ROUNDING);
        }
        let mut sorted = times.clone();
        sorted.sort_unstable();
        // Half or more are gone at the lower of the middle two.
        prop_assert_eq!(curve.median(), Some(f64::from(sorted[(times.len() - 1) / 2])));
    }

    /// A single kind of end competes with none.
    #[test]
    fn incidence_of_the_only_kind_is_what_survival_lost(follow_ups in some_follow_ups()) {
        let one_kind: Vec<FollowUp> = follow_ups.iter().map(|f| FollowUp { end: f.end.map(|_| 7), ..*f }).collect();
        let (curve, incidence) = (kaplan_meier(&one_kind), aalen_johansen(&one_kind, 7));
        for step in curve.steps() {
            let lost = curve.reached_by(step.time).expect("followed");
            let reached = incidence.reached_by(step.time).expect("followed");
            prop_assert!((lost.share - reached.share).abs() < ROUNDING);
            // Greenwood's formula has no value where all at risk end.
            if step.ended < step.at_risk {
                prop_assert!((lost.variance - reached.variance).abs() < ROUNDING);
            }
        }
    }

    #[test]
    fn curves_do_not_depend_on_the_order_of_rows(follow_ups in some_follow_ups()) {
        let reversed: Vec<FollowUp> = follow_ups.iter().rev().copied().collect();
        prop_assert_eq!(kaplan_meier(&follow_ups), kaplan_meier(&reversed));
        prop_assert_eq!(aalen_johansen(&follow_ups, 1), aalen_johansen(&reversed, 1));
    }

    #[test]
    fn intervals_hold_their_estimate(positives in 0..50_u64, more in 0..50_u64, others in 0..50_u64, rest in 1..50_u64) {
        let first = ShareCounts { positives, cases: positives + more };
        let second = ShareCounts { positives: others, cases: others + rest };
        if let (Some(interval), Some(share)) = (wilson(positives, positives + more), first.share()) {
            prop_assert!(0.0 <= interval.low && interval.low <= share && share <= interval.high && interval.high <= 1.0);
        }
        if let Some(found) = difference_of_shares(first, second) {
            let back = difference_of_shares(second, first).expect("both have cases");
            prop_assert!((found.interval.low + back.interval.high).abs() < ROUNDING);
            prop_assert!(-1.0 <= found.interval.low && found.interval.low <= found.difference);
            prop_assert!(found.difference <= found.interval.high && found.interval.high <= 1.0);
        }
    }

    #[test]
    fn more_cases_show_smaller_differences(rate in 0.0..0.9_f64, n1 in 50..500_u64, n2 in 50..500_u64) {
        let fewer = smallest_difference(rate, n1, n2).unwrap_or(1.0);
        let more = smallest_difference(rate, n1 * 2, n2 * 2).unwrap_or(1.0);
        prop_assert!(more < fewer || fewer == 1.0);
    }

    #[test]
    fn a_draw_has_as_many_as_there_are(clusters in 0..300_usize, seed in any::<u64>(), draw in 0..1000_u32) {
        let bootstrap = ClusterBootstrap { clusters, draws: 0, seed };
        let counts = bootstrap.counts_of(draw);
        prop_assert_eq!(counts.len(), clusters);
        prop_assert_eq!(counts.iter().sum::<u32>() as usize, clusters);
    }
}

/// Rates fall from tier to tier but for two; one tier has no cases.
#[test]
fn inversions_pass_over_empty_tiers() {
    let tier = |positives, cases| ShareCounts { positives, cases };
    let tiers = [tier(5, 10), tier(0, 0), tier(6, 10), tier(3, 5), tier(1, 10), tier(2, 19)];
    let expected = [RateInversion { better: 0, worse: 2 }, RateInversion { better: 4, worse: 5 }];
    assert_eq!(rate_inversions(&tiers), expected);
    assert_eq!(rate_inversions(&[]), []);
}

/// The draws of a seed are part of what users see, so they may not change with a version of a library. `tests/perf/oracle.py` makes the same ones
/// from the published cipher.
#[test]
fn draws_are_the_same_everywhere() {
    let bootstrap = ClusterBootstrap { clusters: 8, draws: 3, seed: 1 };
    let draws = bootstrap.per_draw(<[u32]>::to_vec);
    assert_eq!(draws, [[0, 1, 1, 1, 0, 1, 3, 1], [1, 1, 2, 0, 1, 1, 1, 1], [1, 0, 2, 2, 0, 0, 0, 3]]);
    let wide = ClusterBootstrap { clusters: 20, draws: 0, seed: (1 << 40) + 3 };
    assert_eq!(wide.counts_of(4), [0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 2, 2, 1, 2, 0, 0, 1, 4, 2]);
    assert_eq!(draws, [bootstrap.counts_of(0), bootstrap.counts_of(1), bootstrap.counts_of(2)]);
    // More draws begin with the same ones.
    assert_eq!(ClusterBootstrap { draws: 9, ..bootstrap }.per_draw(<[u32]>::to_vec)[..3], draws[..]);
    assert_ne!(ClusterBootstrap { seed: 2, ..bootstrap }.counts_of(0), bootstrap.counts_of(0));
}

#[test]
fn draws_do_not_depend_on_threads() {
    let bootstrap = ClusterBootstrap { clusters: 50, draws: 200, seed: 7 };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| bootstrap.per_draw(|counts| counts.iter().map(|&count| f64::from(count).sqrt()).sum::<f64>()))
    };
    assert_eq!(on(1), on(4));
}

/// The interval of a mean, against the normal one: 400 values of 0 and 1, of which one in four is 1.
#[test]
fn the_interval_of_a_mean_is_near_the_normal_one() {
    let bootstrap = ClusterBootstrap { clusters: 400, draws: 2000, seed: 0 };
    let means = bootstrap.per_draw(|counts| Some(f64::from(counts[..100].iter().sum::<u32>()) / 400.0));
    let found = percentile_interval(&means).expect("values");
    let reach = 1.96 * (0.25_f64 * 0.75 / 400.0).sqrt();
    assert!((found.interval.low - (0.25 - reach)).abs() < 0.006, "{found:?}");
    assert!((found.interval.high - (0.25 + reach)).abs() < 0.006, "{found:?}");
    assert_eq!((found.draws, found.draws_without), (2000, 0));
}

#[test]
fn draws_without_a_value_are_counted() {
    let found = percentile_interval(&[None, Some(3.0), Some(1.0), None, Some(2.0)]).expect("values");
    assert_eq!((found.draws, found.draws_without), (3, 2));
    assert!((found.interval.low - 1.05).abs() < ROUNDING && (found.interval.high - 2.95).abs() < ROUNDING);
    assert_eq!(percentile_interval(&[None, None]), None);
    assert_eq!(median(&[4.0, 1.0, 3.0]), Some(3.0));
    assert_eq!(median(&[4.0, 1.0]), Some(2.5));
}
