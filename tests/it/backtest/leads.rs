//! Leads: who became one and when, and what followed.

use serde_json::Value;

use super::{HandCase, MODEL, assert_close, event, number, share};

/// Ten accounts that become leads on 2026-02-07, three of them won.
fn ten_leads(more: &[&str]) -> HandCase {
    let names: Vec<String> = (0..10).map(|n| format!("a{n}")).collect();
    let mut uses: Vec<(&str, &str, usize)> = vec![("z", "2026-01-31", 1)];
    for name in &names {
        uses.extend([(name.as_str(), "2026-01-30", 1), (name.as_str(), "2026-02-05", 2)]);
    }
    let mut outcomes = vec!["a0,won,2026-02-20", "a1,won,2026-03-01", "a2,won,2026-03-09", "a9,contacted,2026-05-31"];
    outcomes.extend(more);
    HandCase::new(&uses).outcomes(outcomes)
}

const WEEKS: &str = "--from 2026-01-31 --to 2026-02-14 --horizon 30d";

#[test]
fn shares_of_a_month_are_over_leads_and_have_the_interval_of_wilson() {
    let case = ten_leads(&[
        "a0,accepted,2026-02-10",
        "a3,lost,2026-02-10",
        "a4,rejected,2026-02-10",
        "a5,self_serve,2026-03-10",
    ]);
    let report = case.report(WEEKS);
    assert_eq!(number(&report, "/triggers/triggers"), 10.0);
    for month in ["/triggers/months/0", "/triggers/months/1"] {
        assert_eq!(share(&report, &format!("{month}/accepted")), "1 of 10, 0.017876 to 0.404150");
        // The win on the 9th of March lies within 30 dates after the 7th of February; the purchase on the 10th does not.
        assert_eq!(share(&report, &format!("{month}/won")), "3 of 10, 0.107791 to 0.603222");
        assert_eq!(number(&report, &format!("{month}/still_open/count")), 5.0);
        assert_eq!(number(&report, &format!("{month}/contacted/count")), 0.0);
    }
    assert_eq!(report["triggers"]["months"][0]["month"], "2026-02");
    assert_eq!(report["triggers"]["months"][1]["month"], "all");
}

#[test]
fn leads_whose_horizon_is_not_over_count_in_no_share() {
    let report = ten_leads(&[]).report(&format!("{WEEKS} --known-to 2026-03-08"));
    assert_eq!(number(&report, "/triggers/months/0/triggers"), 0.0);
    assert_eq!(number(&report, "/triggers/months/0/not_mature"), 10.0);
    assert!(report["triggers"]["months"][0]["won"]["share"].is_null());
}

/// Accounts on the way to be leads: `first` already at the first date, `later` at the second, `won` only after its win, `partner` suppressed, `asks`
/// by a user of it.
fn kinds_of_leads() -> HandCase {
    let mut lines = event("use", "first", "2026-01-30").repeat(3);
    for name in ["later", "won", "partner"] {
        lines += &event("use", name, "2026-01-30");
        lines += &event("use", name, "2026-02-05").repeat(2);
    }
    lines += &event("partner", "partner", "2026-01-30");
    lines += &event("use", "asks", "2026-01-30");
    lines += &event("ask", "asks", "2026-02-12");
    HandCase::of_lines(MODEL, &lines).outcomes(["won,won,2026-02-03", "later,contacted,2026-05-01"])
}

#[test]
fn a_lead_becomes_one_after_the_first_date_by_itself_or_by_a_user() {
    let case = kinds_of_leads();
    let report = case.report(WEEKS);
    assert_eq!(number(&report, "/triggers/stock"), 1.0, "first");
    assert_eq!(number(&report, "/triggers/after_goal"), 1.0, "won");
    assert_eq!(number(&report, "/triggers/triggers"), 2.0, "later, asks");
    let rows = case.rows(WEEKS, &["tier", "qualified", "suppressed"]);
    assert_eq!(rows["asks"], ["not", "false", "false"]);
    assert_eq!(rows["partner"], ["good", "false", "true"]);
    // Without the user's question, only `later` is left.
    let without = MODEL.replace("at_least = 50\nqualified = true", "at_least = 50");
    case.0.write("m.toml", without);
    assert_eq!(number(&case.report(WEEKS), "/triggers/triggers"), 1.0);
}

/// Leads of 2026-02-07 with ends after 5 (lost), 10 (won), 25 (self-service) and 28 days (won), and one of 2026-02-28 that is known for 20 days.
fn competing_ends() -> HandCase {
    let mut uses = vec![("z", "2026-01-31", 1), ("censored", "2026-02-26", 3)];
    let names = ["lost", "early", "alone", "late"];
    uses.extend(names.map(|name| (name, "2026-02-03", 3)));
    // The first instant after the date is 2026-02-08.
    HandCase::new(&uses).outcomes([
        "lost,lost,2026-02-13",
        "early,won,2026-02-18",
        "alone,self_serve,2026-03-05",
        "late,won,2026-03-08",
        "z,contacted,2026-03-20",
    ])
}

#[test]
fn the_share_won_counts_leads_that_are_still_open_and_ends_that_compete() {
    let report = competing_ends().report("--from 2026-01-31 --to 2026-02-28 --horizon 30d");
    assert_eq!(number(&report, "/triggers/triggers"), 5.0);
    let won = &report["triggers"]["ends"][1];
    assert_eq!(won["outcome"], "won");
    // At risk 5, 4, then without the one that is known for 20 or 21 days 2, 1: 1/5 lost, 0.8 / 4 won, 0.6 / 2 by itself, 0.3 won.
    assert_close(won, "/by_days/0/share", 0.5);
    assert_eq!(won["by_days"][0]["days"], 30);
    assert_close(won, "/by_days/2/share", 0.5);
    assert_close(won, "/median_days", 19.0);
    // Nobody was accepted, and both other ends compete with that.
    assert_close(&report["triggers"]["ends"][0], "/by_days/0/share", 0.0);
    assert!(report["triggers"]["ends"][0]["median_days"].is_null());
}

fn origin<'r>(report: &'r Value, name: &str) -> &'r Value {
    let origins = report["triggers"]["deals"]["origins"].as_array().expect("origins");
    origins.iter().find(|one| one["origin"] == name).expect("an origin")
}

#[test]
fn a_deal_comes_from_a_lead_at_most_ninety_days_before_its_opportunity() {
    let case = HandCase::new(&[
        ("stock", "2026-01-30", 3),
        ("soon", "2026-02-03", 3),
        ("edge", "2026-02-03", 3),
        ("late", "2026-02-03", 3),
        ("early", "2026-02-03", 3),
        ("no_opportunity", "2026-02-03", 3),
        ("alone", "2026-02-03", 3),
        ("cold", "2026-01-30", 1),
        ("before", "2026-01-30", 1),
    ])
    .outcomes([
        "stock,won,2026-02-10,100,d1",
        "soon,opportunity,2026-02-10,,d2",
        "soon,won,2026-02-20,200,d2",
        // The lead is known at 2026-02-08T00:00Z, 90 days before the 9th of May.
        "edge,opportunity,2026-05-09,,d3",
        "edge,won,2026-06-09,400,d3",
        "late,opportunity,2026-05-10,,d4",
        "late,won,2026-05-11,800,d4",
        // The opportunity was there before the lead.
        "early,opportunity,2026-02-07,,d5",
        "early,won,2026-02-25,1600,d5",
        "no_opportunity,won,2026-02-18,3200,d6",
        "alone,self_serve,2026-02-18,9",
        "cold,won,2026-02-18,6400",
        // A deal before the first date is none of its deals.
        "before,won,2026-01-30,12800",
        "soon,expansion,2026-04-01,1000",
    ]);
    let report = case.report("--from 2026-01-31 --to 2026-02-14 --horizon 30d");
    let sums = |name: &str| ["deals", "amount"].map(|part| number(origin(&report, name), &format!("/{part}")));
    assert_eq!(sums("pql"), [3.0, 200.0 + 400.0 + 3200.0]);
    assert_eq!(sums("qualified_before"), [1.0, 100.0]);
    assert_eq!(sums("self_serve"), [1.0, 9.0]);
    assert_eq!(sums("other"), [3.0, 800.0 + 1600.0 + 6400.0]);
    // 10 and 31 days.
    assert_eq!(number(origin(&report, "pql"), "/median_cycle_days"), 20.5);
}

#[test]
fn the_share_of_expansion_is_by_amounts() {
    let case =
        HandCase::new(&[("a", "2026-02-01", 1)]).outcomes(["a,won,2026-02-10,300,d1", "a,expansion,2026-04-01,100"]);
    let report = case.report("--from 2026-01-31 --to 2026-02-14 --horizon 30d");
    assert_close(&report, "/triggers/deals/expansion_share", 0.25);
    assert_close(&report, "/triggers/deals/expansion_amount", 100.0);
}

#[test]
fn amounts_of_two_currencies_are_not_added() {
    let case = HandCase::new(&[("a", "2026-02-01", 1), ("b", "2026-02-01", 1)])
        .outcomes(["a,won,2026-02-10,300,d1,USD", "b,won,2026-02-10,100,d2,EUR"]);
    let options = "--from 2026-01-31 --to 2026-02-14 --horizon 30d";
    let report = case.report(options);
    assert_eq!(number(origin(&report, "other"), "/deals"), 2.0);
    assert!(origin(&report, "other")["amount"].is_null());
    let text = case.done(&format!("-q {options}")).stdout;
    assert!(text.contains("Amounts are in EUR, USD, so they are not added up."), "{text}");
}

#[test]
fn a_row_that_two_accounts_share_is_one_deal() {
    let model = format!(
        "{MODEL}\n[account.traits]\ncrm = {{ type = \"text\" }}\n[outcomes]\nkey = \"crm\"\nfields = {{ key = \"Account\", deal = \"Deal\", amount = \"Amount\" }}\nwon = {{ at = \"Closed\" }}\n"
    );
    let lines = ["a", "b", "c"].map(|name| event("use", name, "2026-02-01")).concat();
    let case = HandCase::of_lines(&model, &lines);
    case.0.write("accounts.csv", "account_id,crm\na,7\nb,7\nc,8\n");
    case.0.write("o.csv", "Account,Deal,Amount,Closed\n7,d1,500,2026-02-10\n");
    let options = "--accounts accounts.csv --from 2026-02-01 --to 2026-02-01 --horizon 9d";
    let report = case.report(options);
    assert_eq!(["deals", "amount"].map(|part| number(origin(&report, "other"), &format!("/{part}"))), [1.0, 500.0]);
    let labels = case.rows(options, &["label"]);
    assert_eq!(["a", "b", "c"].map(|id| labels[id][0].as_str()), ["positive", "positive", "negative"]);
}

#[test]
fn counter_metrics_tell_the_contacted_from_the_others() {
    let case = ten_leads(&[
        "a0,contacted,2026-02-10",
        "a1,contacted,2026-02-14",
        "a2,contacted,2026-02-09",
        "a0,responded,2026-02-11",
        // Out of the horizon, which ends with the 9th of March.
        "a1,responded,2026-03-10",
        "a3,contacted,2026-03-10",
        "a4,self_serve,2026-02-20",
        "a2,self_serve,2026-02-20",
        "a0,nps,2026-02-20,9",
        "a1,nps,2026-02-20,4",
        "a5,nps,2026-02-20,7",
        "a6,nps,2026-03-10,0",
    ]);
    let report = case.report(WEEKS);
    let month = &report["triggers"]["months"][0];
    let count = |name: &str| ["count", "of"].map(|part| number(month, &format!("/{name}/{part}")));
    assert_eq!(count("contacted"), [3.0, 10.0]);
    assert_eq!(count("responded"), [1.0, 3.0]);
    assert_eq!(count("self_serve_of_not_contacted"), [1.0, 7.0]);
    // 2, 6 and 1 days after the end of the 7th.
    assert_eq!(number(month, "/days_to_contact"), 2.0);
    assert_eq!(["nps_of_contacted", "nps_of_not_contacted"].map(|name| number(month, &format!("/{name}"))), [6.5, 7.0]);
}

/// So many leads, of which all or none that are not held out are won, and some that are.
fn held_out(count: usize, won: impl Fn(bool, usize) -> bool) -> HandCase {
    let model = format!("{MODEL}\n[holdout]\nshare = \"50%\"\nsalt = \"2026\"\n");
    let names: Vec<String> = (0..count).map(|n| format!("a{n}")).collect();
    let mut lines = event("use", "z", "2026-01-31");
    names.iter().for_each(|name| lines += &event("use", name, "2026-02-03").repeat(3));
    let case = HandCase::of_lines(&model, &lines).outcomes(["z,contacted,2026-06-01"]);
    let groups = case.rows(WEEKS, &["holdout"]);
    let winners = names.iter().enumerate().filter(|(n, name)| won(groups[*name][0] == "true", *n));
    let outcomes: Vec<String> = winners.map(|(_, name)| format!("{name},won,2026-02-20")).collect();
    case.outcomes(outcomes.iter().map(String::as_str).chain(["z,contacted,2026-06-01"]))
}

#[test]
fn a_hold_out_that_is_too_small_says_nothing_of_contact() {
    let case = held_out(12, |_, n| n % 3 == 0);
    let report = case.report(WEEKS);
    assert_eq!(report["triggers"]["holdout"]["too_small"], true);
    let text = case.done(&format!("-q {WEEKS}")).stdout;
    assert!(text.contains("nothing is said about what contact adds"), "{text}");
    assert!(!text.contains("Difference:"), "{text}");
}

#[test]
fn a_hold_out_shows_what_contact_adds() {
    let case = held_out(400, |held_out, n| n % 10 < if held_out { 2 } else { 6 });
    let report = case.report(WEEKS);
    let holdout = &report["triggers"]["holdout"];
    assert_eq!(holdout["too_small"], false);
    let shares = ["open", "held_out"].map(|group| number(holdout, &format!("/{group}/share")));
    assert_eq!(number(holdout, "/open/of") + number(holdout, "/held_out/of"), 400.0);
    assert_close(holdout, "/difference", shares[0] - shares[1]);
    let ends = [0, 1].map(|end| number(holdout, &format!("/difference_interval/{end}")));
    assert!(0.2 < ends[0] && ends[0] < 0.4 && 0.4 < ends[1] && ends[1] < 0.55, "{ends:?}");
    assert!(case.done(&format!("-q {WEEKS}")).stdout.contains("All leads are compared, contacted or not."));
}

#[test]
fn a_hold_out_without_an_effect_shows_none() {
    let case = held_out(400, |_, n| n % 2 == 0);
    let holdout = case.report(WEEKS)["triggers"]["holdout"].clone();
    let ends = [0, 1].map(|end| number(&holdout, &format!("/difference_interval/{end}")));
    assert!(ends[0] < 0.0 && 0.0 < ends[1], "{ends:?}");
    assert!(case.done(&format!("-q {WEEKS}")).stdout.contains("contact may add nothing"));
}
