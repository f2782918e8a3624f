//! `pql test` with several days: changes, alerts and coverage of runs that follow one another.

use crate::run::Folder;

const MODEL: &str = r#"
schema = 1

[account.traits]
plan = { type = "text" }

[[account.signals]]
name = "invites"
event = "invite"
ladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 30 }]

[[account.signals]]
name = "team"
when = "plan = 'team'"
points = 20

[[account.signals]]
name = "away"
when = "days_inactive >= 7"
points = -20

[[account.tiers]]
name = "hot"
at_least = 30
qualified = true

[[account.tiers]]
name = "cold"

[[account.suppress]]
name = "customer"
when = "plan = 'paid'"

[[account.alerts]]
name = "new_hot"
when = "qualified"
cooldown = "3d"
pool = ["Ann"]
message = "{tier} with {score}"
"#;

/// The days of an account that warms up, cools down, comes back, and pays.
const DAYS: &str = r#"
[[case.day]]
as_of = 2026-10-01
events = [{ user = "kim", account = "acme", event = "invite", at = "-3h" }]
changes = []
alerts = []
[[case.day.expect]]
account = "acme"
tier = "cold"

[[case.day]]
as_of = 2026-10-02
events = [{ user = "kim", account = "acme", event = "invite", at = "-3h", times = 2, every = "1h" }]
changes = [{ account = "acme", change = "up", cause = "events", tier_before = "cold", tier = "hot", score_before = 10, score = 30 }]
alerts = [{ alert = "new_hot", account = "acme", to = "Ann", waiting_days = 0, message = "hot with 30" }]
[[case.day.expect]]
account = "acme"
holds = ["previous_tier = 'cold' and tier_since = today"]

[[case.day]]
as_of = 2026-10-09
changes = [{ account = "acme", change = "down", cause = "time", tier = "cold" }]
alerts = []

[[case.day]]
as_of = 2026-10-10
accounts = { acme = { plan = "team" } }
changes = [{ account = "acme", change = "up", cause = "traits", tier = "hot" }]

[[case.day]]
as_of = 2026-10-11
changes = []
alerts = []

[[case.day]]
as_of = 2026-10-12
accounts = { acme = { plan = "paid" } }
changes = [{ account = "acme", change = "suppressed", cause = "traits" }]
"#;

fn file(days: &str) -> String {
    format!("schema = 1\nmodel = \"model.toml\"\n[[case]]\nname = \"one\"\n{days}")
}

/// A folder with the model and one case of these days.
fn folder(days: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    folder.write("cases.toml", file(days));
    folder
}

#[test]
fn days_are_runs_with_the_record_of_the_day_before() {
    let folder = folder(DAYS);
    let outcome = folder.pql("test cases.toml --coverage --min-coverage 100");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("coverage of model.toml: 100 % (10 of 10)"), "{}", outcome.stdout);
}

#[test]
fn coverage_counts_suppressions_and_alerts_that_hold_and_that_fire() {
    let folder = folder(DAYS);
    let one = "as_of = 2026-10-02\nevents = [{ user = \"kim\", account = \"acme\", event = \"invite\", at = \"-3h\", times = 3, every = \"1h\" }]\n[[case.expect]]\naccount = \"acme\"\ntier = \"hot\"\n";
    folder.write("cases.toml", file(one));
    let outcome = folder.pql("test cases.toml --coverage");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    for part in ["no case reaches account suppression customer\n", "no case reaches account alert new_hot, fired\n"] {
        assert!(outcome.stdout.contains(part), "{part}\n---\n{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("held"), "{}", outcome.stdout);
    let unlisted = DAYS.replace("alerts = [{ alert = \"new_hot\", account = \"acme\", to = \"Ann\", waiting_days = 0, message = \"hot with 30\" }]\n", "");
    folder.write("cases.toml", file(&unlisted));
    let outcome = folder.pql("test cases.toml --coverage");
    assert!(outcome.stdout.contains("9 of 10") && outcome.stdout.contains("new_hot, fired"), "{}", outcome.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&folder.pql("test cases.toml --coverage --format json").stdout).expect("JSON");
    assert_eq!(json["coverage"][0]["missing"][0]["kind"], "alert_fired");
}

#[test]
fn what_a_day_lacks_and_what_it_has_beyond_is_a_failure_with_day_and_place() {
    for (from, to, told) in [
        (
            "cause = \"events\"",
            "cause = \"time\"",
            "day 2026-10-02, account acme, cause\n    expected  time\n    got       events",
        ),
        (
            "score_before = 10",
            "score_before = 11",
            "day 2026-10-02, account acme, score before\n    expected  11\n    got       10",
        ),
        ("to = \"Ann\"", "to = \"Bo\"", "day 2026-10-02, account acme, to\n    expected  Bo\n    got       Ann"),
        ("hot with 30", "hot", "account acme, message\n    expected  hot\n    got       hot with 30"),
        (
            "tier = \"cold\" }]\nalerts = []",
            "tier = \"cold\" }]\nalerts = [{ alert = \"new_hot\", account = \"acme\" }]",
            "day 2026-10-09, account acme, alert new_hot\n    expected  fires\n    got       does not fire: its condition does not hold",
        ),
        (
            "as_of = 2026-10-11\nchanges = []",
            "as_of = 2026-10-11\nchanges = [{ account = \"acme\", change = \"up\" }]",
            "day 2026-10-11, account acme, change\n    expected  up\n    got       no change, in tier hot",
        ),
        (
            "as_of = 2026-10-11\nchanges = []\nalerts = []",
            "as_of = 2026-10-11\nalerts = [{ alert = \"new_hot\", account = \"acme\" }]",
            "account acme, alert new_hot\n    expected  fires\n    got       does not fire again: it fired on 2026-10-10",
        ),
        (
            "changes = [{ account = \"acme\", change = \"down\", cause = \"time\", tier = \"cold\" }]",
            "changes = []",
            "day 2026-10-09, account acme, change\n    expected  no change\n    got       down, tier hot to cold, cause time",
        ),
        (
            "alerts = [{ alert = \"new_hot\", account = \"acme\", to = \"Ann\", waiting_days = 0, message = \"hot with 30\" }]",
            "alerts = []",
            "account acme, alert new_hot\n    expected  does not fire\n    got       fires, to Ann",
        ),
        (
            "tier = \"cold\"\n\n[[case.day]]\nas_of = 2026-10-02",
            "tier = \"hot\"\n\n[[case.day]]\nas_of = 2026-10-02",
            "day 2026-10-01, account acme, tier\n    expected  hot\n    got       cold",
        ),
    ] {
        assert!(DAYS.contains(from), "{from}");
        let folder = folder(&DAYS.replacen(from, to, 1));
        let outcome = folder.pql("test cases.toml");
        assert_eq!(outcome.code, 1, "{told}: {outcome:?}");
        assert!(outcome.stdout.contains(told), "{told}\n---\n{}", outcome.stdout);
        assert!(outcome.stdout.contains("    | account acme\n"), "{}", outcome.stdout);
    }
}

#[test]
fn every_report_names_the_day() {
    let folder = folder(&DAYS.replacen("to = \"Ann\"", "to = \"Bo\"", 1));
    let github = folder.pql("test cases.toml --format github").stdout;
    assert!(github.contains("day 2026-10-02, account acme, to: expected Bo, got Ann"), "{github}");
    let junit = folder.pql("test cases.toml --format junit").stdout;
    assert!(junit.contains("message=\"day 2026-10-02, account acme, to: expected Bo"), "{junit}");
    let json: serde_json::Value =
        serde_json::from_str(&folder.pql("test cases.toml --format json").stdout).expect("JSON");
    assert_eq!(json["cases"][0]["failures"][0]["day"], "2026-10-02");
}

#[test]
fn an_event_counts_by_its_own_time_whichever_day_brings_it() {
    let days = r#"
[[case.day]]
as_of = 2026-10-01
changes = []

[[case.day]]
as_of = 2026-10-02
events = [
  { user = "kim", account = "acme", event = "invite", at = "-30h" },
  { user = "kim", account = "acme", event = "invite", at = "-20h", times = 2, every = "1h" },
  { user = "lea", account = "late", event = "invite", at = "+1h", times = 3, every = "1h" },
]
changes = [{ account = "acme", change = "new", tier = "hot", cause = "events" }]
[[case.day.expect]]
account = "late"
absent = true

[[case.day]]
as_of = 2026-10-03
events = [{ user = "kim", account = "acme", event = "invite", at = 2026-09-01T10:00:00Z }]
changes = [{ account = "late", change = "new", tier = "hot", cause = "events" }]
[[case.day.expect]]
account = "acme"
facts = { events = 4 }
"#;
    let outcome = folder(days).pql("test cases.toml");
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
}

#[test]
fn problems_of_days_are_told_at_their_place() {
    let day = |keys: &str| format!("[[case.day]]\nas_of = 2026-10-01\n{keys}");
    let change = |keys: &str| day(&format!("changes = [{{ {keys} }}]"));
    for (code, text, place, message) in [
        ("C004", "[[case.day]]\nchanges = []\n".to_owned(), "6:1", "a day without `as_of`"),
        ("C004", day("events = []"), "5:8", "a case that expects nothing on any day"),
        ("C014", format!("events = []\n{}", day("changes = []")), "5:1", "`events` beside `day`"),
        ("C002", day("change = []"), "7:1", "unknown key `change`"),
        ("C003", day("changes = 1"), "7:11", "`changes` is a number"),
        ("C004", change("change = \"up\""), "7:14", "a change without `user`"),
        ("C009", change("account = \"a\", change = \"upp\""), "7:38", "`change` cannot be `upp`"),
        ("C009", change("account = \"a\", cause = \"model\""), "7:37", "`cause` cannot be `model`"),
        ("C011", change("account = \"a\", tier_before = \"warm\""), "7:43", "no tier `warm`"),
        ("C011", change("account = \"a\", route = \"x\""), "7:37", "no route `x`"),
        (
            "C006",
            day("changes = [{ account = \"a\" }, { account = \"a\" }]"),
            "7:33",
            "account `a` has this change twice",
        ),
        ("C004", day("alerts = [{ account = \"a\" }]"), "7:13", "an alert without `alert`"),
        ("C011", day("alerts = [{ account = \"a\", alert = \"hot\" }]"), "7:36", "no account alert `hot`"),
        ("C020", format!("{}\n{}", day("changes = []"), day("changes = []")), "9:9", "is not after the day before"),
    ] {
        let outcome = folder(&text).pql("test cases.toml");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{code} {message}: {outcome:?}");
        let shown = &outcome.stderr;
        assert!(shown.contains(&format!("error[{code}]")) && shown.contains(message), "{code} {message}:\n{shown}");
        assert!(shown.contains(&format!("--> cases.toml:{place}")), "{code} at {place}:\n{shown}");
    }
}
