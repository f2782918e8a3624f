//! Figures of other libraries on rows that both sides make by the same formulas. `tests/perf/oracle.py` says which functions of which versions
//! they are, and prints them: `target/oracle/bin/python tests/perf/oracle.py`.

use super::{same, same_ends};
use crate::statistics::{
    FollowUp, ScoreRanking, ShareCounts, aalen_johansen, difference_of_shares, kaplan_meier, mean, quantile,
    smallest_difference,
};

/// 97 follow-ups of which each time is i * 53 modulo `times`, plus 1, and some are censored.
fn follow_ups(times: u64) -> Vec<FollowUp> {
    let ends = [None, Some(1), Some(2), None, Some(1)];
    let one = |i: u64| FollowUp { time: (1 + i * 53 % times) as f64, end: ends[((3 * i * i + i) % 5) as usize] };
    (0..97).map(one).collect()
}

/// 200 scores with many ties, and whether each is positive.
fn ranked_rows() -> (Vec<f64>, Vec<bool>) {
    let scores: Vec<u64> = (0..200).map(|i| (i * i * 7 + i * 13) % 50).collect();
    let positives = (0..200).map(|i| i * 37 % 101 < scores[i as usize] + 5).collect();
    (scores.iter().map(|&score| score as f64).collect(), positives)
}

#[test]
fn differences() {
    for (first, second, difference, low, high) in [
        ((56, 70), (48, 80), 0.2, 0.052431, 0.333873),
        ((9, 10), (3, 10), 0.6, 0.170523, 0.809018),
        ((0, 10), (0, 20), 0.0, -0.161125, 0.277533),
        ((5, 5), (0, 5), 1.0, 0.385549, 1.0),
    ] {
        let counts = |(positives, cases)| ShareCounts { positives, cases };
        let found = difference_of_shares(counts(first), counts(second)).expect("both have cases");
        same(found.difference, difference);
        same_ends(Some(found.interval), low, high);
    }
    let nobody = ShareCounts { positives: 0, cases: 0 };
    assert_eq!(difference_of_shares(nobody, ShareCounts { positives: 1, cases: 2 }), None);
}

#[test]
fn smallest_differences() {
    for (base_rate, n1, n2, difference) in [
        (0.1, 500, 500, 0.05946668),
        (0.02, 2000, 100, 0.06923589),
        (0.5, 40, 400, 0.22538464),
        (0.0, 300, 30, 0.14339372),
    ] {
        same(smallest_difference(base_rate, n1, n2).expect("enough cases"), difference);
    }
    for (base_rate, n1, n2) in [(0.1, 0, 500), (0.1, 500, 0), (0.9, 5, 5), (1.0, 500, 500), (0.0, 1, 1)] {
        assert_eq!(smallest_difference(base_rate, n1, n2), None);
    }
}

#[test]
fn survival() {
    let single = kaplan_meier(&follow_ups(97));
    for (time, share, low, high) in [
        (5.0, 0.96863799, 0.90591664, 0.98977677),
        (10.0, 0.93658391, 0.86425619, 0.97100591),
        (30.0, 0.79967277, 0.70064094, 0.86894430),
        (60.0, 0.54620209, 0.42931762, 0.64885548),
        (90.0, 0.20784017, 0.10706463, 0.33134875),
    ] {
        let estimate = single.survival_at(time).expect("followed");
        same(estimate.share, share);
        same_ends(estimate.interval, low, high);
        same_ends(single.reached_by(time).and_then(|reached| reached.interval), 1.0 - high, 1.0 - low);
    }
    assert_eq!(single.median(), Some(66.0));

    let tied = kaplan_meier(&follow_ups(12));
    for (time, share, low, high) in [
        (1.0, 0.93814433, 0.86749548, 0.97172537),
        (3.0, 0.82953813, 0.73671207, 0.89198694),
        (6.0, 0.68202354, 0.57226829, 0.76921070),
        (9.0, 0.47475232, 0.35419351, 0.58584674),
        (11.0, 0.23490349, 0.12979817, 0.35781959),
    ] {
        let estimate = tied.survival_at(time).expect("followed");
        same(estimate.share, share);
        same_ends(estimate.interval, low, high);
    }
    assert_eq!(tied.median(), Some(9.0));
}

#[test]
fn incidence() {
    for (kind, answers) in [
        (
            1,
            [
                (5.0, 0.02083333, 0.00021249, 0.00401821, 0.06611187),
                (10.0, 0.05288741, 0.00053012, 0.01965165, 0.11091370),
                (30.0, 0.14485560, 0.00138854, 0.08142207, 0.22576741),
                (60.0, 0.32044478, 0.00277569, 0.22079142, 0.42426012),
                (90.0, 0.51420362, 0.00409919, 0.38290707, 0.63074274),
            ],
        ),
        (
            2,
            [
                (5.0, 0.01052867, 0.00010969, 0.00092367, 0.05142158),
                (10.0, 0.01052867, 0.00010969, 0.00092367, 0.05142158),
                (30.0, 0.05547162, 0.00058244, 0.02057583, 0.11608983),
                (60.0, 0.13335314, 0.00142273, 0.07044605, 0.21651229),
                (90.0, 0.27795621, 0.00355295, 0.16900927, 0.39771975),
            ],
        ),
    ] {
        let curve = aalen_johansen(&follow_ups(97), kind);
        for (time, share, variance, low, high) in answers {
            let estimate = curve.reached_by(time).expect("followed");
            same(estimate.share, share);
            // Variances are small: eight decimals.
            assert!((estimate.variance - variance).abs() < 5.1e-9, "{kind} {time}: {}", estimate.variance);
            same_ends(estimate.interval, low, high);
        }
    }
}

#[test]
fn incidence_where_ends_are_tied() {
    for (kind, answers) in [
        (1, [(1.0, 0.04123711, 0.02018896), (6.0, 0.21703678, 0.04445717), (11.0, 0.51260806, 0.06545049)]),
        (2, [(1.0, 0.02061856, 0.01442843), (6.0, 0.10093968, 0.03207139), (11.0, 0.25248844, 0.05589416)]),
    ] {
        let curve = aalen_johansen(&follow_ups(12), kind);
        for (time, share, standard_error) in answers {
            let estimate = curve.reached_by(time).expect("followed");
            same(estimate.share, share);
            same(estimate.variance.sqrt(), standard_error);
        }
    }
}

#[test]
fn ranking() {
    let (scores, positives) = ranked_rows();
    let ranking = ScoreRanking::new(&scores, &positives);
    let table = ranking.tally();
    same(table.auc().expect("both"), 0.71287408);
    same(table.average_precision().expect("positives"), 0.39106087);
    same(table.ks().expect("both"), 0.38396386);

    let weighted = ranking.tally_weighted(|row| (row * row % 4) as f64);
    same(weighted.auc().expect("both"), 0.66200466);
    same(weighted.average_precision().expect("positives"), 0.32938406);
}

#[test]
fn spread() {
    let values: Vec<f64> = (0..23_i32).map(|i| f64::from((i * 31 % 17).pow(2)) / 8.0).collect();
    for (q, value) in [(0.0, 0.0), (0.025, 0.0), (0.1, 0.2), (0.5, 8.0), (0.9, 24.5), (0.975, 29.86875), (1.0, 32.0)] {
        same(quantile(&values, q).expect("values"), value);
    }
    same(mean(&values).expect("values"), 10.358695652);
    assert_eq!((quantile(&[], 0.5), mean(&[])), (None, None));
}
