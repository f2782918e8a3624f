//! Whether a higher score means a better chance: tiers, order, capacity, another model.

use super::{HandCase, MODEL, assert_close, event, number};

/// Scores 10, 20, 20, 30, 30, 30, 50, 80, of which the first of 20, the second of 30 and both of the highest win.
fn eight_accounts() -> HandCase {
    HandCase::new(&[
        ("a", "2026-01-05", 1),
        ("b", "2026-01-05", 2),
        ("c", "2026-01-05", 2),
        ("d", "2026-01-05", 3),
        ("e", "2026-01-05", 3),
        ("f", "2026-01-05", 3),
        ("g", "2026-01-05", 5),
        ("h", "2026-01-05", 8),
    ])
    .outcomes([
        "c,won,2026-02-03",
        "e,won,2026-02-03",
        "g,won,2026-02-03",
        "h,won,2026-02-03",
        "a,contacted,2026-02-10",
    ])
}

const ONE_DATE: &str = "--from 2026-01-31 --to 2026-01-31 --horizon 10d";

#[test]
fn the_area_under_the_curve_counts_ties_half() {
    let report = eight_accounts().report(ONE_DATE);
    assert_close(&report, "/ranking/auc", 0.78125);
    assert_eq!(number(&report, "/ranking/auc_dates"), 1.0);
}

#[test]
fn tiers_have_rate_lift_and_their_share_of_all_positives() {
    let report = eight_accounts().report(ONE_DATE);
    let tiers = &report["ranking"]["tiers"];
    let figures = |place: usize| {
        ["rows", "positive", "rate", "lift", "share_of_positive"].map(|name| number(tiers, &format!("/{place}/{name}")))
    };
    assert_eq!(tiers[0]["tier"], "good");
    assert_eq!(figures(0), [5.0, 3.0, 0.6, 1.2, 0.75]);
    assert_eq!(figures(1), [3.0, 1.0, 1.0 / 3.0, 2.0 / 3.0, 0.25]);
    assert_close(&report, "/ranking/all/rate", 0.5);
    assert_eq!(report["ranking"]["disordered"], serde_json::json!([]));
}

#[test]
fn a_tier_that_did_better_than_the_one_above_is_named() {
    let case = eight_accounts().outcomes([
        "a,won,2026-02-03",
        "b,won,2026-02-03",
        "h,won,2026-02-03",
        "c,contacted,2026-02-10",
    ]);
    let report = case.report(ONE_DATE);
    assert_eq!(report["ranking"]["disordered"], serde_json::json!([["good", "not"]]));
    let text = case.done(&format!("-q {ONE_DATE}")).stdout;
    assert!(text.contains("The tier not did better than good"), "{text}");
}

#[test]
fn precision_at_a_capacity_has_the_span_of_the_tie_at_the_cut() {
    let report = eight_accounts().report(&format!("{ONE_DATE} --capacity 4/1w"));
    let taken = &report["ranking"]["at_capacity"];
    // The two highest win, and two of three that tie at 30, of which one wins.
    for (name, expected) in [("precision", 2.0 / 3.0), ("least", 0.5), ("most", 0.75), ("recall", 2.0 / 3.0)] {
        assert_close(taken, &format!("/{name}"), expected);
    }
    let whole = eight_accounts().report(&format!("{ONE_DATE} --capacity 5/1w"));
    let ends = ["least", "precision", "most"].map(|name| number(&whole, &format!("/ranking/at_capacity/{name}")));
    assert_eq!(ends, [0.6, 0.6, 0.6], "no tie at the cut");
}

#[test]
fn suppressed_accounts_are_on_no_list_that_capacity_takes_from() {
    let mut lines = event("use", "a", "2026-01-05").repeat(2) + &event("use", "b", "2026-01-05");
    lines += &(event("use", "partner", "2026-01-05").repeat(5) + &event("partner", "partner", "2026-01-05"));
    let case = HandCase::of_lines(MODEL, &lines).outcomes(["a,won,2026-02-03", "a,contacted,2026-02-10"]);
    let report = case.report(&format!("{ONE_DATE} --capacity 1/1w"));
    assert_close(&report, "/ranking/at_capacity/precision", 1.0);
    // It still is a row that scores are held against.
    assert_close(&report, "/ranking/auc", 0.5);
}

/// Scores 10 to 50 that come up in five weeks: one account a week reaches 30, and some 20 first.
fn weeks() -> HandCase {
    HandCase::new(&[
        ("a", "2026-01-03", 1),
        ("stock", "2026-01-03", 5),
        ("a", "2026-01-06", 2),
        ("b", "2026-01-06", 2),
        ("b", "2026-01-13", 1),
        ("c", "2026-01-13", 2),
        ("d", "2026-01-20", 2),
        ("e", "2026-01-27", 4),
    ])
    .outcomes(["a,won,2026-01-12", "e,won,2026-02-05", "c,won,2026-02-05", "a,contacted,2026-03-31"])
}

#[test]
fn a_capacity_gives_the_lowest_score_that_keeps_within_it() {
    let report = weeks().report("--from 2026-01-03 --to 2026-01-31 --horizon 14d --capacity 3/4w");
    let threshold = &report["threshold"];
    assert_eq!(number(threshold, "/capacity_per_week"), 0.75);
    // From 30 on a, b and e come up in four weeks; from 20 on also c and d; from 40 on e alone.
    let line = |name: &str| ["score", "per_week"].map(|part| number(threshold, &format!("/{name}/{part}")));
    assert_eq!(line("chosen"), [30.0, 0.75]);
    assert_eq!(line("lower"), [20.0, 1.25]);
    assert_eq!(line("higher"), [40.0, 0.25]);
    let counts = |part: &str| ["count", "of"].map(|end| number(threshold, &format!("/chosen/{part}/{end}")));
    assert_eq!(counts("precision"), [2.0, 3.0], "a and e won, b did not");
    assert_eq!(counts("recall"), [2.0, 3.0], "c won below the line");
}

#[test]
fn a_model_against_itself_differs_by_nothing() {
    let report = eight_accounts().report(&format!("{ONE_DATE} --against m.toml"));
    assert_eq!(number(&report, "/against/rows"), 8.0);
    assert_eq!(number(&report, "/against/left_out"), 0.0);
    assert_eq!(number(&report, "/against/difference"), 0.0);
    assert_eq!(report["against"]["difference_interval"], serde_json::json!([0.0, 0.0]));
}

#[test]
fn a_model_that_orders_the_other_way_is_worse_by_the_whole_difference() {
    let case = eight_accounts();
    let upside_down = MODEL.replace("points = 10", "points = -10").replace("at_least = 30", "at_least = -30");
    case.0.write("worse.toml", upside_down);
    let options = format!("{ONE_DATE} --against worse.toml");
    let report = case.report(&options);
    assert_close(&report, "/against/other_auc", 1.0 - 0.78125);
    assert_close(&report, "/against/difference", 2.0 * 0.78125 - 1.0);
    // The other way round the sign turns.
    let turned = case
        .0
        .pql(&format!("backtest e.ndjson -m worse.toml --outcomes o.csv --format json -q {ONE_DATE} --against m.toml"));
    let turned: serde_json::Value = serde_json::from_str(&turned.stdout).expect("JSON");
    assert_close(&turned, "/against/difference", 1.0 - 2.0 * 0.78125);
    let ends = [0, 1].map(|end| number(&report, &format!("/against/difference_interval/{end}")));
    assert_close(&turned, "/against/difference_interval/0", -ends[1]);
    assert_close(&turned, "/against/difference_interval/1", -ends[0]);
}

#[test]
fn rows_of_two_models_are_the_same_whatever_the_models_suppress() {
    let case = eight_accounts();
    case.0.write("other.toml", MODEL.replace("partner > 0", "uses > 4"));
    let report = case.report(&format!("{ONE_DATE} --against other.toml"));
    assert_eq!(number(&report, "/against/rows"), 8.0);
    assert_eq!(number(&report, "/against/difference"), 0.0);
}

/// Account `a` with three users who score 100, 50 and 0, and account `b` with one who scores 50.
fn users() -> HandCase {
    let ask = |user: &str, account: &str| {
        format!(
            "{{\"event\":\"ask\",\"timestamp\":\"2026-01-05T08:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"{account}\"}}\n"
        )
    };
    let lines = ask("a1", "a").repeat(2) + &ask("a2", "a") + &event("use", "a", "2026-01-05") + &ask("b1", "b");
    HandCase::of_lines(MODEL, &lines)
}

#[test]
fn an_outcome_of_an_account_counts_for_one_of_its_users() {
    let case = users().outcomes(["a,won,2026-02-03", "b,contacted,2026-02-10"]);
    let options = format!("{ONE_DATE} --level user");
    let rows = case.rows(&options, &["counts", "label", "score"]);
    assert_eq!(rows["a1"], ["true", "positive", "100"]);
    assert_eq!(rows["a2"], ["false", "positive", "50"]);
    assert_eq!(rows["ua"], ["false", "positive", "0"]);
    assert_eq!(rows["b1"], ["true", "negative", "50"]);
    let report = case.report(&options);
    assert_eq!(
        ["seen", "speaking", "positive"].map(|step| number(&report, &format!("/cohort/{step}/rows"))),
        [4.0, 2.0, 1.0]
    );
}

#[test]
fn an_outcome_of_a_user_counts_for_that_user_alone() {
    let case = users().outcomes([",won,2026-02-03,,,,a2", "b,contacted,2026-02-10"]);
    let rows = case.rows(&format!("{ONE_DATE} --level user"), &["counts", "label"]);
    assert_eq!(rows["a1"], ["true", "negative"]);
    assert_eq!(rows["a2"], ["true", "positive"]);
    assert_eq!(rows["ua"], ["true", "negative"]);
    // For accounts it is the account's.
    assert_eq!(case.rows(ONE_DATE, &["label"])["a"], ["positive"]);
}
