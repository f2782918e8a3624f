//! Examples whose answers books and other packages publish.

use super::{censored_at, ended_at, followed, same, same_ends};
use crate::statistics::{
    FollowUp, ScoreRanking, ShareCounts, aalen_johansen, difference_of_shares, kaplan_meier, median_time, wilson,
};

/// Source: statsmodels, `proportion_confint(positives, n, method="wilson")`.
#[test]
fn wilson_intervals() {
    for (positives, n, low, high) in [
        (0, 10, 0.0, 0.277533),
        (1, 10, 0.017876, 0.404150),
        (3, 10, 0.107791, 0.603222),
        (15, 100, 0.093060, 0.232836),
        (81, 263, 0.255289, 0.366210),
        (10, 10, 1.0 - 0.277533, 1.0),
    ] {
        same_ends(wilson(positives, n), low, high);
    }
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(0, 10).map(|interval| interval.low), Some(0.0));
    assert_eq!(wilson(10, 10).map(|interval| interval.high), Some(1.0));
}

/// Source: Newcombe, Interval Estimation for the Difference between Independent Proportions, 1998, table II, method 10: four decimals.
#[test]
fn differences_of_shares() {
    for (first, second, low, high) in [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ] {
        let counts = |(positives, cases)| ShareCounts { positives, cases };
        let interval = difference_of_shares(counts(first), counts(second)).expect("both have cases").interval;
        assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{first:?} {interval:?}");
    }
}

/// Remission in weeks under 6-MP and placebo. Source: Freireich and others, 1963; the answers are in every textbook and equal lifelines'.
#[test]
fn survival_of_leukaemia() {
    let mut treated = ended_at(&[6, 6, 6, 7, 10, 13, 16, 22, 23]);
    treated.extend(censored_at(&[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]));
    let curve = kaplan_meier(&treated);
    for (week, share) in [
        (6.0, 0.857143),
        (7.0, 0.806723),
        (10.0, 0.752941),
        (13.0, 0.690196),
        (16.0, 0.627451),
        (22.0, 0.537815),
        (23.0, 0.448179),
    ] {
        same(curve.survival_at(week).expect("followed").share, share);
    }
    assert_eq!(curve.median(), Some(23.0));
    // Greenwood's standard errors of the same example, as R's `survfit` prints them: four decimals.
    for (week, standard_error) in [(6.0, 0.0764), (7.0, 0.0869), (10.0, 0.0963), (13.0, 0.1068), (16.0, 0.1141)] {
        let variance = curve.survival_at(week).expect("followed").variance;
        assert!((variance.sqrt() - standard_error).abs() < 5e-5, "{week}: {}", variance.sqrt());
    }

    let placebo = ended_at(&[1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]);
    assert_eq!(kaplan_meier(&placebo).median(), Some(8.0));
}

#[test]
fn survival_at_the_edges() {
    assert_eq!(kaplan_meier(&ended_at(&[1, 2, 3, 4])).median(), Some(2.0));

    // Three of four are still without an end when they are last seen.
    let open = kaplan_meier(&followed(&[1, 5, 5, 5], &[1, 0, 0, 0]));
    assert_eq!(open.median(), None);
    same(open.reached_by(5.0).expect("followed").share, 0.25);
    assert_eq!(open.reached_by(5.5), None);

    // An end and a censoring at the same time: the end comes first.
    let tied = kaplan_meier(&followed(&[1, 2, 2, 3], &[1, 1, 0, 1]));
    let survivals: Vec<f64> = tied.steps().iter().map(|step| step.survival).collect();
    assert_eq!(survivals, [0.75, 0.5, 0.0]);
    // The curve has ended, so it is known at all later times.
    let ended = tied.reached_by(100.0).expect("ended");
    assert_eq!((ended.share, ended.variance, ended.interval), (1.0, 0.0, None));

    let before = tied.reached_by(0.5).expect("before the first step");
    assert_eq!((before.share, before.interval), (0.0, None));
    assert_eq!(kaplan_meier(&[]).reached_by(0.0), None);
    assert_eq!(kaplan_meier(&[]).median(), None);
}

/// Source: R, `cmprsk::cuminc` for the shares, Stata's `stcompet` for the standard errors, as statsmodels' tests have them (`test_incidence` in
/// `statsmodels/duration/tests/test_survfunc.py`). The ties are of ends of several kinds and of censorings.
#[test]
fn incidence_with_ties() {
    let times = [1, 1, 2, 4, 4, 4, 6, 6, 7, 8, 9, 9, 9, 1, 2, 2, 4, 4];
    let ends = [1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let subjects = followed(&times, &ends);
    for (kind, answers) in [
        (1, [(1.0, 0.11111111, 0.07407407), (2.0, 0.17037037, 0.08976251), (9.0, 0.17037037, 0.08976251)]),
        (2, [(2.0, 0.0, 0.0), (4.0, 0.20740741, 0.10610391), (9.0, 0.20740741, 0.10610391)]),
        (3, [(4.0, 0.0, 0.0), (6.0, 0.17777778, 0.11196147), (7.0, 0.26666667, 0.12787781)]),
    ] {
        let curve = aalen_johansen(&subjects, kind);
        for (time, share, standard_error) in answers {
            let estimate = curve.reached_by(time).expect("followed");
            same(estimate.share, share);
            same(estimate.variance.sqrt(), standard_error);
        }
    }
    assert_eq!(median_time(&subjects, 3), Some(6.0));
    assert_eq!(median_time(&subjects, 4), None);
}

/// Source: SAS, procedure LIFETEST, as lifelines' tests have it (`test_variance_calculation_against_sas`, `test_ci_calculation_against_sas`).
#[test]
fn incidence_variance_and_interval() {
    let curve = aalen_johansen(&followed(&[1, 2, 3, 4, 5, 6], &[0, 1, 1, 2, 2, 0]), 2);
    for time in [0.0, 1.0, 2.0, 3.0] {
        let estimate = curve.reached_by(time).expect("followed");
        assert_eq!((estimate.share, estimate.variance, estimate.interval), (0.0, 0.0, None));
    }
    for (time, variance, low, high) in [
        (4.0, 0.032, 0.00836904, 0.58185303),
        (5.0, 0.048, 0.05197575, 0.75281579),
        (6.0, 0.048, 0.05197575, 0.75281579),
    ] {
        let estimate = curve.reached_by(time).expect("followed");
        same(estimate.variance, variance);
        same_ends(estimate.interval, low, high);
    }
    assert_eq!(curve.reached_by(6.5), None);
}

/// Where the last subjects all end, lifelines has no variance; the formula's limit is that of a curve that has ended.
#[test]
fn incidence_of_a_curve_that_has_ended() {
    let subjects = followed(&[1, 2, 3, 3], &[1, 2, 1, 2]);
    let (first, second) = (aalen_johansen(&subjects, 1), aalen_johansen(&subjects, 2));
    for curve in [first, second] {
        let estimate = curve.reached_by(30.0).expect("ended");
        same(estimate.share, 0.5);
        // Without censoring it is the variance of an observed share: 0.5 · 0.5 / 4.
        same(estimate.variance, 0.0625);
    }
    assert_eq!(aalen_johansen(&[], 1).reached_by(0.0), None);
    assert_eq!(aalen_johansen(&[FollowUp { time: 0.0, end: Some(1) }], 1).reached_by(0.0).map(|e| e.share), Some(1.0));
}

/// Source: scikit-learn (`roc_auc_score`, `average_precision_score`) and scipy (`ks_2samp`).
#[test]
fn ranking_with_ties() {
    let scores = [10.0, 20.0, 20.0, 30.0, 30.0, 30.0, 50.0, 80.0];
    let positives = [false, false, true, false, true, false, true, true];
    let table = ScoreRanking::new(&scores, &positives).tally();
    same(table.auc().expect("both"), 0.78125);
    same(table.average_precision().expect("positives"), 0.792857);
    same(table.ks().expect("both"), 0.5);

    // The third row is one of three with 30 points, of which one is positive.
    let cut = table.precision_at(3).expect("rows");
    assert_eq!((cut.taken, cut.score, cut.tied, cut.taken_of_tie), (3.0, 30.0, 3.0, 1.0));
    same(cut.expected, (2.0 + 1.0 / 3.0) / 3.0);
    same(cut.least, 2.0 / 3.0);
    same(cut.most, 1.0);
}

#[test]
fn ranking_without_one_side() {
    let table = ScoreRanking::new(&[1.0, 2.0], &[true, true]).tally();
    assert_eq!((table.auc(), table.ks(), table.average_precision()), (None, None, Some(1.0)));
    let table = ScoreRanking::new(&[1.0, 2.0], &[false, false]).tally();
    assert_eq!((table.auc(), table.ks(), table.average_precision()), (None, None, None));
    assert_eq!(table.precision_at(5).map(|cut| (cut.taken, cut.expected)), Some((2.0, 0.0)));
    assert_eq!(table.precision_at(0), None);
    assert_eq!(ScoreRanking::new(&[], &[]).tally().precision_at(1), None);
}
