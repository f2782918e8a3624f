//! When an alert fires, waits and is dropped: each rule of the manual as a month of runs.

use crate::run::{Folder, rows};

/// The alert `call` holds on the days on which somebody uses the product.
const MODEL: &str = r#"
schema = 1
[user.traits]
plan = { type = "text" }
[metrics]
uses = { measure = "count", event = "use", last = "1d" }
[[user.signals]]
name = "uses"
value = "uses"
ladder = [{ at_least = 1, points = 1 }, { at_least = 2, points = 2 }, { at_least = 3, points = 3 }]
[[user.suppress]]
name = "customer"
when = "plan = 'paid'"
[[user.alerts]]
name = "call"
when = "uses > 0"
"#;

/// Days of October on which a user uses the product, and how often.
type UsedOn = (&'static str, &'static [u32], u32);

/// A rule: the keys of the alert, who uses the product when, and the alerts as `day user since waiting_days`.
struct AlertRule {
    rule: &'static str,
    keys: &'static str,
    used: &'static [UsedOn],
    fired: &'static [&'static str],
}

const RULES: [AlertRule; 13] = [
    AlertRule {
        rule: "it is due when `when` holds and did not at the run before, and does not fire again while it holds",
        keys: "",
        used: &[("a", &[3, 4, 5], 1)],
        fired: &["3 a 3 0"],
    },
    AlertRule {
        rule: "without a cooldown it fires again as soon as it is due again",
        keys: "",
        used: &[("a", &[3, 5, 6, 8], 1)],
        fired: &["3 a 3 0", "5 a 5 0", "8 a 8 0"],
    },
    AlertRule {
        rule: "what is due on the last day of the cooldown or later fires at once",
        keys: "cooldown = \"5d\"",
        used: &[("a", &[3, 8], 1), ("b", &[3, 9], 1)],
        fired: &["3 a 3 0", "3 b 3 0", "8 a 8 0", "9 b 9 0"],
    },
    AlertRule {
        rule: "what is due earlier waits for the end of the cooldown",
        keys: "cooldown = \"5d\"",
        used: &[("a", &[3, 6, 7, 8, 9], 1)],
        fired: &["3 a 3 0", "8 a 6 2"],
    },
    AlertRule {
        rule: "it stops waiting when `when` no longer holds, and waits anew when it is due again",
        keys: "cooldown = \"7d\"",
        used: &[("a", &[3, 5, 6, 8, 9, 10], 1), ("b", &[3, 5, 6], 1)],
        fired: &["3 a 3 0", "3 b 3 0", "10 a 8 2"],
    },
    AlertRule {
        rule: "beyond the limit of a run it waits; who waited longer is before an equal",
        keys: "limit = 1\norder = [\"score\"]",
        used: &[("a", &[3, 4, 5, 6], 1), ("b", &[3, 4, 5, 6], 2), ("c", &[4, 5, 6], 1), ("d", &[3], 1)],
        fired: &["3 b 3 0", "4 a 3 1", "5 c 4 1"],
    },
    AlertRule {
        rule: "the longest wait comes first where `waiting_days` stands first",
        keys: "limit = 1\norder = [\"waiting_days\", \"score\"]",
        used: &[("a", &[3, 4, 5], 1), ("b", &[3, 4, 5], 2), ("c", &[4, 5], 3)],
        fired: &["3 b 3 0", "4 a 3 1", "5 c 4 1"],
    },
    AlertRule {
        rule: "what has waited as many days as `expires` says still fires",
        keys: "limit = 1\norder = [\"score\"]\nexpires = \"2d\"",
        used: &[("a", &[3, 4, 5], 1), ("b", &[3], 2), ("c", &[4], 2)],
        fired: &["3 b 3 0", "4 c 4 0", "5 a 3 2"],
    },
    AlertRule {
        rule: "what has waited longer is dropped, until it is due again",
        keys: "limit = 1\norder = [\"score\"]\nexpires = \"2d\"",
        used: &[("a", &[3, 4, 5, 6, 7, 9], 1), ("b", &[3], 2), ("c", &[4], 2), ("d", &[5], 2)],
        fired: &["3 b 3 0", "4 c 4 0", "5 d 5 0", "9 a 9 0"],
    },
    AlertRule {
        rule: "those whom it holds for on the first run that knows it are noted, and who comes later fires",
        keys: "",
        used: &[("a", &[1, 2, 4], 1), ("b", &[2, 3], 1)],
        fired: &["2 b 2 0", "4 a 4 0"],
    },
    AlertRule {
        rule: "with `existing = \"fire\"` they are due on that run",
        keys: "existing = \"fire\"",
        used: &[("a", &[1, 2, 4], 1)],
        fired: &["1 a 1 0", "4 a 4 0"],
    },
    AlertRule {
        rule: "for a suppressed user it counts as not holding, so it is due when the suppression ends",
        keys: "",
        // `paid-a` is a customer from the fifth to the sixth.
        used: &[("paid-a", &[4, 5, 6, 7, 8], 1)],
        fired: &["4 paid-a 4 0", "7 paid-a 7 0"],
    },
    AlertRule {
        rule: "each has a limit of its own, and who has a member waits for that one",
        keys: "pool = [\"Ann\", \"Bo\"]\nlimit_each = 1\norder = [\"score\"]",
        used: &[("a", &[3, 5, 6], 1), ("b", &[3], 2), ("c", &[3, 4], 1), ("d", &[5], 3), ("e", &[5], 3)],
        fired: &["3 a 3 0", "3 b 3 0", "4 c 3 1", "5 d 5 0", "5 e 5 0", "6 a 5 1"],
    },
];

fn write_rule(folder: &Folder, rule: &AlertRule) {
    folder.write("m.toml", format!("{MODEL}{}\n", rule.keys));
    let mut lines = String::from("{\"event\":\"see\",\"timestamp\":\"2026-10-01T00:00:00Z\",\"user_id\":\"z\"}\n");
    for (user, days, times) in rule.used {
        for (day, hour) in days.iter().flat_map(|day| (0..*times).map(move |hour| (day, hour))) {
            lines += &format!(
                "{{\"event\":\"use\",\"timestamp\":\"2026-10-{day:02}T{hour:02}:00:00Z\",\"user_id\":\"{user}\"}}\n"
            );
        }
    }
    folder.write("e.ndjson", lines);
    folder.write(
        "u.csv",
        "user_id,plan,valid_from\npaid-a,free,2026-10-01\npaid-a,paid,2026-10-05\npaid-a,free,2026-10-07\n",
    );
}

/// The alerts of runs at the end of each day from 1 to 12 October.
fn fired(folder: &Folder) -> Vec<String> {
    let run = "replay e.ndjson -m m.toml --users u.csv --from 2026-10-01 --to 2026-10-12 --out o -q";
    let outcome = folder.pql(run);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let table = rows(&folder.read("o/alerts.csv"));
    // The instant of a run is the end of its day.
    let day = |instant: &str| instant[8..10].parse::<u32>().expect("a day") - 1;
    let shown = |row: &Vec<String>| {
        let since: u32 = row[10][8..].parse().expect("a day");
        format!("{} {} {since} {}", day(&row[0]), row[5], row[11])
    };
    let mut fired: Vec<(u32, String)> = table[1..].iter().map(|row| (day(&row[0]), shown(row))).collect();
    fired.sort();
    fired.into_iter().map(|(_, shown)| shown).collect()
}

#[test]
fn an_alert_fires_waits_and_is_dropped_as_the_manual_says() {
    let folder = Folder::in_memory();
    for rule in &RULES {
        write_rule(&folder, rule);
        assert_eq!(fired(&folder), rule.fired, "{}", rule.rule);
    }
}
