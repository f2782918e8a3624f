//! What each signal says by itself, and signals that are the outcome under another name.

use serde_json::Value;

use super::{HandCase, MODEL, assert_close, event, number, share};

fn signal<'r>(report: &'r Value, name: &str) -> &'r Value {
    let signals = report["signals"].as_array().expect("signals");
    signals.iter().find(|one| one["signal"] == name).unwrap_or_else(|| panic!("{name} in {signals:#?}"))
}

/// Twelve accounts, of which six win in the week after one date; `ask` fires for five of the winners and one other.
fn twelve() -> HandCase {
    let names: Vec<String> = (0..12).map(|n| format!("a{n:02}")).collect();
    let mut lines: String = names.iter().map(|name| event("use", name, "2026-01-05")).collect();
    names.iter().skip(1).take(6).for_each(|name| lines += &event("ask", name, "2026-01-06"));
    let wins: Vec<String> = names.iter().take(6).map(|name| format!("{name},won,2026-02-03")).collect();
    HandCase::of_lines(MODEL, &lines).outcomes(wins.iter().map(String::as_str).chain(["a11,contacted,2026-02-10"]))
}

const ONE_DATE: &str = "--from 2026-01-31 --to 2026-01-31 --horizon 10d";

#[test]
fn a_signal_has_the_rates_of_those_it_fired_for_and_of_the_others() {
    let report = twelve().report(ONE_DATE);
    let asked = signal(&report, "members.asked");
    assert_eq!(["count", "of"].map(|part| number(asked, &format!("/if_fired/{part}"))), [5.0, 6.0]);
    assert_eq!(["count", "of"].map(|part| number(asked, &format!("/if_not/{part}"))), [1.0, 6.0]);
    assert_close(asked, "/lift", 5.0 / 6.0 / 0.5);
    // 5 of 6 positives have the points, 1 of 6 negatives: 25 pairs won, 10 ties, 1 lost.
    assert_close(asked, "/auc", 30.0 / 36.0);
    assert_eq!(asked["points"], serde_json::json!([50.0, 50.0]));
    assert_eq!([&asked["enough"], &asked["leak"]], [true, false]);
    assert_eq!(share(asked, "/if_fired").split_once(',').map(|parts| parts.0), Some("5 of 6"));
}

#[test]
fn fewer_than_five_positive_accounts_are_not_enough() {
    let case = twelve();
    let wins = ["a01,won,2026-02-03", "a02,won,2026-02-03", "a03,won,2026-02-03", "a04,won,2026-02-03"];
    let case = case.outcomes(wins.into_iter().chain(["a11,contacted,2026-02-10"]));
    let report = case.report(ONE_DATE);
    assert_eq!(signal(&report, "members.asked")["enough"], false);
    assert_eq!(signal(&report, "members.asked")["positive_accounts"], 4);
    let text = case.done(&format!("-q {ONE_DATE}")).stdout;
    assert!(text.lines().any(|line| line.contains("members.asked") && line.contains("not enough data")), "{text}");
}

#[test]
fn a_signal_that_tells_all_outcomes_alone_is_named() {
    let names: Vec<String> = (0..12).map(|n| format!("a{n:02}")).collect();
    let mut lines: String = names.iter().map(|name| event("use", name, "2026-01-05")).collect();
    names.iter().take(6).for_each(|name| lines += &event("ask", name, "2026-01-06"));
    let wins: Vec<String> = names.iter().take(6).map(|name| format!("{name},won,2026-02-03")).collect();
    let case =
        HandCase::of_lines(MODEL, &lines).outcomes(wins.iter().map(String::as_str).chain(["a11,contacted,2026-02-10"]));
    let report = case.report(ONE_DATE);
    assert_eq!(signal(&report, "members.asked")["leak"], true);
    assert_eq!(signal(&report, "used")["leak"], false);
    let text = case.done(&format!("-q {ONE_DATE}")).stdout;
    assert!(text.contains("members.asked alone tells nearly all outcomes (AUC 1.000)"), "{text}");
}

/// Fourteen accounts win on as many days, and each asks so many days before.
fn asked_before_winning(days: i8) -> HandCase {
    let start: jiff::civil::Date = "2026-02-02".parse().expect("a date");
    let (mut lines, mut outcomes) = (String::new(), Vec::new());
    for n in 0..14_i8 {
        let name = format!("a{n:02}");
        let won = start + jiff::Span::new().days(n);
        lines += &event("use", &name, "2026-01-05");
        lines += &event("use", &format!("b{n:02}"), "2026-01-05");
        lines += &event("ask", &name, &(won - jiff::Span::new().days(days)).to_string());
        outcomes.push(format!("{name},won,{won}"));
    }
    outcomes.push("a00,contacted,2026-04-30".to_owned());
    HandCase::of_lines(MODEL, &lines).outcomes(outcomes.iter().map(String::as_str))
}

#[test]
fn a_signal_that_fires_the_day_before_each_win_is_named_whatever_the_days_of_the_week() {
    let options = "--from 2026-01-10 --to 2026-02-28 --horizon 14d";
    let case = asked_before_winning(1);
    let report = case.report(options);
    let asked = signal(&report, "members.asked");
    assert_eq!(["count", "of"].map(|part| number(asked, &format!("/first_fired_just_before/{part}"))), [14.0, 14.0]);
    assert_eq!(asked["leak"], true);
    let text = case.done(&format!("-q {options}")).stdout;
    assert!(
        text.contains("members.asked first fired in the last day before the goal for 100.0 % (14 of 14)"),
        "{text}"
    );
    // Three days before is early enough to act on.
    let early = asked_before_winning(3).report(options);
    let asked = signal(&early, "members.asked");
    assert_eq!(number(asked, "/first_fired_just_before/count"), 0.0);
    assert_eq!(asked["leak"], false);
}

#[test]
fn a_leak_is_named_for_daily_dates_and_users_too() {
    let case = asked_before_winning(1);
    for options in ["--every 1d", "--level user", "--every 2w"] {
        let report = case.report(&format!("--from 2026-01-10 --to 2026-02-28 --horizon 14d {options}"));
        let name = if options == "--level user" { "asked" } else { "members.asked" };
        assert_eq!(signal(&report, name)["leak"], true, "{options}");
        assert_eq!(number(signal(&report, name), "/first_fired_just_before/count"), 14.0, "{options}");
    }
}

#[test]
fn on_a_goal_with_a_time_the_same_day_counts_as_just_before() {
    // The purchase at nine follows the event at eight.
    let (mut lines, mut outcomes) = (String::new(), Vec::new());
    for n in 0..6 {
        let name = format!("a{n}");
        lines += &event("use", &name, "2026-01-05");
        lines += &event("ask", &name, &format!("2026-02-0{}", n + 2));
        outcomes.push(format!("{name},self_serve,2026-02-0{}T09:00:00Z", n + 2));
    }
    outcomes.push("a0,contacted,2026-04-30".to_owned());
    let case = HandCase::of_lines(MODEL, &lines).outcomes(outcomes.iter().map(String::as_str));
    let report = case.report("--goal self_serve --from 2026-01-10 --to 2026-02-28 --horizon 14d");
    assert_eq!(signal(&report, "members.asked")["leak"], true);
}
