//! Runs with a record, through the program: what changed and why, whom to call, and what becomes of the record.

use std::collections::BTreeMap;

use crate::run::{Folder, Outcome, rows};

const MODEL: &str = r#"
schema = 1
name = "m"
[user.traits]
role = { type = "text" }
[metrics]
uses = { measure = "count", event = "use", last = "3d" }
[[user.signals]]
name = "uses"
value = "uses"
ladder = [{ at_least = 1, points = 20 }, { at_least = 3, points = 50 }]
[[user.signals]]
name = "boss"
when = "role = 'boss'"
points = 15
[[user.tiers]]
name = "hot"
at_least = 50
stay_at_least = 35
qualified = true
[[user.tiers]]
name = "warm"
at_least = 20
[[user.tiers]]
name = "cold"
[[user.alerts]]
name = "new_hot"
when = "qualified"
cooldown = "4d"
message = "{user_id} is hot"
[[account.tiers]]
name = "all"
"#;

/// Uses of the product: user, day of October, how many.
type Uses<'u> = [(&'u str, u32, u32)];

fn events(uses: &Uses<'_>) -> String {
    let mut lines = String::new();
    for (user, day, count) in uses {
        for hour in 0..*count {
            lines.push_str(&format!(
                r#"{{"event":"use","timestamp":"2026-10-{day:02}T{hour:02}:00:00Z","user_id":"{user}","event_id":"{user}-{day}-{hour}"}}"#
            ));
            lines.push('\n');
        }
    }
    lines
}

struct Nights {
    folder: Folder,
}

impl Nights {
    fn new(model: &str, uses: &Uses<'_>) -> Nights {
        let folder = Folder::new();
        folder.write("m.toml", model);
        folder.write("e.ndjson", events(uses));
        Nights { folder }
    }

    /// A night as of a day of October; the first one begins the record.
    fn run(&self, day: u32, more: &str) -> Outcome {
        let begin = if self.folder.path().join("rec").exists() { "" } else { "--begin" };
        self.folder
            .pql(&format!("score e.ndjson -m m.toml --as-of 2026-10-{day:02} --record rec --out out {begin} {more}"))
    }

    fn done(&self, day: u32, more: &str) {
        let outcome = self.run(day, more);
        assert_eq!(outcome.code, 0, "night {day}: {}", outcome.stderr);
    }

    /// The rows of a file as maps by column.
    fn rows(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let all = rows(&self.folder.read(&format!("out/{name}")));
        let (header, rows) = all.split_first().expect("a header");
        rows.iter().map(|row| header.iter().cloned().zip(row.iter().cloned()).collect()).collect()
    }

    /// Each change as `id change cause tier_before>tier by_time/by_events/by_traits/by_model because`.
    fn changes(&self) -> Vec<String> {
        let shown = |row: BTreeMap<String, String>| {
            let steps = ["by_time", "by_events", "by_traits", "by_model"].map(|name| row[name].as_str()).join("/");
            format!(
                "{} {} {} {}>{} {steps} {}",
                row["id"], row["change"], row["cause"], row["tier_before"], row["tier"], row["because"]
            )
        };
        self.rows("changes.csv").into_iter().map(shown).collect()
    }

    /// Each alert as `alert id since waiting_days`.
    fn alerts(&self) -> Vec<String> {
        let shown = |row: BTreeMap<String, String>| {
            format!("{} {} {} {}", row["alert"], row["id"], row["since"], row["waiting_days"])
        };
        self.rows("alerts.csv").into_iter().map(shown).collect()
    }
}

#[test]
fn a_change_says_at_which_step_it_came_about() {
    let nights = Nights::new(MODEL, &[("a", 1, 1), ("b", 1, 1), ("c", 2, 1)]);
    nights.done(2, "");
    assert_eq!(nights.changes(), Vec::<String>::new(), "a first record writes the header only");
    nights.folder.write("e.ndjson", events(&[("a", 1, 1), ("b", 1, 1), ("c", 2, 1), ("a", 3, 2), ("d", 3, 3)]));
    nights.done(3, "");
    assert_eq!(
        nights.changes(),
        ["a up events warm>hot 0/30/0/0 uses:+30(events)", "d new events >hot 0/50/0/0 uses:+50(events)"]
    );
    // What was used on the first is over after three days.
    nights.done(4, "");
    assert_eq!(
        nights.changes(),
        ["a down time hot>warm -30/0/0/0 uses:-30(time)", "b down time warm>cold -20/0/0/0 uses:-20(time)"]
    );
    nights.folder.write("u.csv", "user_id,role\nc,boss\nb,boss\n");
    nights.done(5, "--users u.csv");
    assert_eq!(nights.changes(), ["c down time warm>cold -20/0/15/0 uses:-20(time);boss:+15(traits)"]);
    nights.folder.write("m.toml", MODEL.replace("points = 15", "points = 25"));
    nights.done(6, "--users u.csv");
    assert_eq!(
        nights.changes()[..2],
        ["b up model cold>warm 0/0/0/10 boss:+10(model)", "c up model cold>warm 0/0/0/10 boss:+10(model)"]
    );
    // A late delivery: what counted before counts more today.
    nights
        .folder
        .write("e.ndjson", events(&[("a", 1, 1), ("b", 1, 1), ("c", 2, 1), ("a", 3, 2), ("d", 3, 3), ("b", 6, 3)]));
    nights.done(7, "--users u.csv");
    let late = nights.changes().into_iter().find(|change| change.starts_with("b ")).expect("b changed");
    assert_eq!(late, "b up events warm>hot 0/50/0/0 uses:+50(events)");
}

#[test]
fn a_change_says_which_conditions_of_tiers_changed() {
    // Nothing pays points here, so conditions alone decide.
    let model = r#"
schema = 1
[user.traits]
role = { type = "text" }
[metrics]
uses = { measure = "count", event = "use", last = "3d" }
[user.facts]
busy = "uses >= 2"
[[user.tiers]]
name = "boss"
when = "busy and role like 'boss%'"
[[user.tiers]]
name = "busy"
when = "busy"
[[user.tiers]]
name = "idle"
"#;
    let nights = Nights::new(model, &[("a", 1, 3), ("b", 1, 1)]);
    nights.folder.write("u.csv", "user_id,role\na,it's\nb,boss\n");
    nights.done(2, "--users u.csv");
    nights.folder.write("e.ndjson", events(&[("a", 1, 3), ("b", 1, 1), ("b", 3, 2), ("c", 3, 2)]));
    nights.done(3, "--users u.csv");
    // Somebody who is new had no condition before.
    assert_eq!(nights.changes(), ["b up events idle>boss 0/0/0/0 uses:1->3(events)", "c new events >busy 0/0/0/0 "]);
    // A fact that moves without the tier is no reason, and one fact may move at two steps.
    nights.folder.write("u.csv", "user_id,role\na,boss of it's\nb,none\n");
    nights.folder.write("e.ndjson", events(&[("a", 1, 3), ("b", 1, 1), ("b", 3, 2), ("c", 3, 2), ("a", 4, 2)]));
    nights.done(4, "--users u.csv");
    let moved = [
        "a up traits busy>boss 0/0/0/0 role:'it''s'->'boss of it''s'(traits);uses:3->0(time);uses:0->2(events)",
        "b down traits boss>busy 0/0/0/0 role:'boss'->'none'(traits);uses:3->2(time)",
    ];
    assert_eq!(nights.changes(), moved);
    // An unknown value, and a fact that only the new model asks for.
    nights.folder.write("u.csv", "user_id,role\na,\n");
    nights.folder.write("m.toml", model.replace("when = \"busy\"", "when = \"busy and age_days < 4\""));
    nights.done(5, "--users u.csv");
    let a = nights.changes().into_iter().find(|change| change.starts_with("a ")).expect("a changed");
    assert_eq!(a, "a down model boss>idle 0/0/0/0 role:'boss of it''s'->null(traits)");
}

#[test]
fn a_repeated_run_says_the_same_and_no_alert_fires_twice() {
    let uses = [("a", 1, 1), ("b", 1, 1), ("a", 2, 3)];
    let nights = Nights::new(MODEL, &uses);
    nights.done(1, "");
    nights.done(2, "");
    let first = ["changes.csv", "alerts.csv", "users.csv"].map(|name| nights.folder.read(&format!("out/{name}")));
    assert_eq!(nights.alerts(), ["new_hot a 2026-10-02 0"]);
    nights.done(2, "");
    let again = ["changes.csv", "alerts.csv", "users.csv"].map(|name| nights.folder.read(&format!("out/{name}")));
    assert_eq!(first, again);
    // b's events of the second arrive, and the run is repeated once more: a stays fired, b fires.
    nights.folder.write("e.ndjson", events(&[("a", 1, 1), ("b", 1, 1), ("a", 2, 3), ("b", 2, 3)]));
    nights.done(2, "");
    assert_eq!(nights.alerts(), ["new_hot a 2026-10-02 0", "new_hot b 2026-10-02 0"]);
    nights.done(3, "");
    assert_eq!(nights.alerts(), Vec::<String>::new());
}

#[test]
fn an_alert_waits_for_its_cooldown_and_its_limit_and_is_dropped_when_it_has_waited_too_long() {
    let hot = |user: &'static str, days: &[u32]| days.iter().map(move |day| (user, *day, 3)).collect::<Vec<_>>();
    // Without staying in the tier, a is hot, cold, and hot again within the cooldown.
    let model = MODEL.replace("stay_at_least = 35\n", "");
    let mut uses = vec![("a", 1, 1), ("z", 1, 1)];
    uses.extend(hot("a", &[2, 6, 7, 8]));
    let nights = Nights::new(&model, &uses);
    let mut fired = Vec::new();
    for day in 1..=8 {
        nights.done(day, "");
        fired.extend(nights.alerts().into_iter().map(|alert| format!("{day}: {alert}")));
    }
    assert_eq!(fired, ["2: new_hot a 2026-10-02 0", "6: new_hot a 2026-10-06 0"]);
    let long = model.replace("cooldown = \"4d\"", "cooldown = \"6d\"");
    for (text, expected) in [
        (long.clone(), vec!["2: new_hot a 2026-10-02 0", "8: new_hot a 2026-10-06 2"]),
        (long.replace("cooldown", "expires = \"1d\"\ncooldown"), vec!["2: new_hot a 2026-10-02 0"]),
    ] {
        let nights = Nights::new(&text, &uses);
        let mut fired = Vec::new();
        for day in 1..=8 {
            nights.done(day, "");
            fired.extend(nights.alerts().into_iter().map(|alert| format!("{day}: {alert}")));
        }
        assert_eq!(fired, expected);
    }
    let limited = model.replace("cooldown", "limit = 1\norder = [\"score\"]\ncooldown");
    let mut uses = vec![("z", 1, 1)];
    uses.extend(["a", "b", "c"].map(|user| (user, 2, 3)));
    let nights = Nights::new(&limited, &uses);
    nights.done(1, "");
    for (day, expected) in [(2, "new_hot a 2026-10-02 0"), (3, "new_hot b 2026-10-02 1"), (4, "new_hot c 2026-10-02 2")]
    {
        nights.done(day, "");
        assert_eq!(nights.alerts(), [expected]);
    }
}

#[test]
fn whoever_is_noted_in_the_first_run_does_not_fire_unless_the_alert_says_so() {
    for (existing, expected) in [("", 0), ("existing = \"fire\"\n", 1)] {
        let model = MODEL.replace("cooldown", &format!("{existing}cooldown"));
        let nights = Nights::new(&model, &[("a", 1, 3)]);
        nights.done(1, "");
        assert_eq!(nights.alerts().len(), expected, "{existing}");
        nights.done(2, "");
        assert_eq!(nights.alerts().len(), 0, "{existing}");
    }
}

#[test]
fn whoever_is_gone_comes_back_as_new_with_the_first_date_kept() {
    let nights = Nights::new(MODEL, &[("a", 1, 3), ("b", 1, 1)]);
    nights.done(1, "");
    let record = nights.rows("users.csv");
    assert_eq!(record.len(), 2);
    nights.folder.write("e.ndjson", events(&[("b", 1, 1)]));
    nights.done(2, "");
    assert_eq!(nights.changes(), ["a gone no_events hot> 0/-50/0/0 uses:-50(events)"]);
    nights.folder.write("e.ndjson", events(&[("b", 1, 1), ("a", 3, 3)]));
    nights.done(3, "");
    let back = &nights.rows("changes.csv")[0];
    let shown = ["id", "change", "tier_since", "first_qualified"].map(|name| back[name].as_str());
    assert_eq!(shown, ["a", "new", "2026-10-03", "2026-10-01"]);
    nights.folder.write("m.toml", format!("{MODEL}\n[identity]\nexclude_users = [\"a\"]\n"));
    nights.done(4, "");
    assert!(
        nights.changes().contains(&"a gone excluded hot> 0/0/0/-50 uses:-50(model)".to_owned()),
        "{:?}",
        nights.changes()
    );
}

#[test]
fn a_joined_person_has_the_records_of_all_ids() {
    let nights = Nights::new(MODEL, &[("a", 1, 1), ("b", 1, 3)]);
    nights.done(1, "");
    let alias = r#"{"type":"alias","timestamp":"2026-10-02T00:00:00Z","user_id":"a","previous_id":"b"}"#;
    nights.folder.write("e.ndjson", format!("{}{alias}\n", events(&[("a", 1, 1), ("b", 1, 3)])));
    nights.done(2, "");
    assert_eq!(nights.changes(), ["b merged  hot> 0/-50/0/0 uses:-50(events)"]);
    assert_eq!(nights.rows("changes.csv")[0]["merged_into"], "a");
    assert_eq!(nights.alerts(), Vec::<String>::new(), "b was noted, and a is b");
}

#[test]
fn a_run_that_is_refused_or_looks_only_leaves_the_record() {
    let nights = Nights::new(MODEL, &[("a", 1, 1), ("a", 2, 3)]);
    nights.done(1, "");
    let head = nights.folder.read("rec/head.json");
    let refused = nights.run(2, "--fail-if users<9");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    let look =
        nights.folder.pql("score e.ndjson -m m.toml --as-of 2026-10-02 --record rec --level user --format table");
    assert_eq!(look.code, 0, "{}", look.stderr);
    let begins = "Since 2026-10-02T00:00:00Z: 1 newly qualified.\n1 alert.\n\n change         who";
    assert!(look.stdout.starts_with(begins), "{}", look.stdout);
    assert_eq!(nights.folder.read("rec/head.json"), head);
    nights.done(2, "");
    assert_eq!(nights.alerts(), ["new_hot a 2026-10-02 0"]);
}

#[test]
fn what_a_record_does_not_allow_is_refused_with_what_to_do() {
    let nights = Nights::new(MODEL, &[("a", 1, 1)]);
    nights.done(2, "");
    let score = "score e.ndjson -m m.toml";
    for (command, message) in [
        (format!("{score} --as-of 2026-10-01 --record rec --out out"), "lies before it"),
        (format!("{score} --as-of 2026-10-03 --record rec --out out --begin"), "holds a record already"),
        (format!("{score} --as-of 2026-10-03 --record other --out out"), "--begin"),
        (format!("{score} --as-of 2026-10-03 --record rec --begin"), "--begin needs --out DIR"),
        (format!("{score} --as-of 2999-10-03 --record rec --out out"), "more than a day ahead"),
    ] {
        let outcome = nights.folder.pql(&command);
        assert_eq!(outcome.code, 2, "{command}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{command}: {}", outcome.stderr);
    }
}

#[test]
fn latest_repeats_the_newest_run_where_no_event_is_newer() {
    let nights = Nights::new(MODEL, &[("a", 1, 1), ("a", 2, 3)]);
    nights.done(1, "");
    nights.done(2, "");
    let lists = nights.folder.read("out/users.csv");
    let outcome = nights.folder.pql("score e.ndjson -m m.toml --record rec --out out");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("so this run repeats it, as of 2026-10-03T00:00:00Z"), "{}", outcome.stderr);
    assert_eq!(nights.folder.read("out/users.csv"), lists);
    assert_eq!(nights.alerts(), ["new_hot a 2026-10-02 0"]);
}

#[test]
fn expectations_compare_with_the_run_before() {
    let nights = Nights::new(MODEL, &[("a", 1, 3), ("b", 1, 1), ("b", 2, 1)]);
    nights.done(1, "");
    nights.folder.write("e.ndjson", events(&[("b", 2, 1)]));
    for (condition, code) in [
        ("users<previous_users", 1),
        ("users>=previous_users", 0),
        ("previous_qualified_users>1", 0),
        ("events<previous_events", 1),
        ("signals_silent>1", 0),
    ] {
        let outcome = nights.run(2, &format!("--fail-if {condition}"));
        assert_eq!(outcome.code, code, "{condition}: {}", outcome.stderr);
    }
}

#[test]
fn digests_hold_alerts_and_changes() {
    let files = "[[output.files]]\nname = \"call.md\"\nlevel = \"alert\"\n[[output.files]]\nname = \"new.md\"\nlevel = \"change\"\n\
                 [[output.files]]\nname = \"list.md\"\nlevel = \"user\"\n";
    let nights = Nights::new(&format!("{MODEL}{files}"), &[("a", 1, 1), ("a", 2, 3)]);
    nights.done(1, "");
    nights.done(2, "");
    let alerts = nights.folder.read("out/call.md");
    assert!(
        alerts.starts_with(
            "**m, as of 2026-10-03T00:00:00Z**\nSince 2026-10-02T00:00:00Z: 1 newly qualified.\n1 alert.\n"
        ),
        "{alerts}"
    );
    assert!(alerts.contains("| new\\_hot |  | a | hot | 50 | a is hot |"), "{alerts}");
    let changes = nights.folder.read("out/new.md");
    assert!(changes.contains("| up, qualified | a | warm → hot | 20 → 50 | events | +30 uses |"), "{changes}");
    let users = nights.folder.read("out/list.md");
    assert!(users.contains("\nSince 2026-10-02T00:00:00Z: 1 newly qualified.\n"), "{users}");
}

#[test]
fn a_replay_says_what_the_nights_said() {
    let uses = [("a", 1, 1), ("b", 1, 3), ("a", 2, 3), ("c", 3, 2), ("b", 5, 1), ("c", 6, 3)];
    let nights = Nights::new(MODEL, &uses);
    let (mut changes, mut alerts) = (String::new(), String::new());
    let body = |text: String| text.split_once('\n').map_or(String::new(), |(_, rows)| rows.to_owned());
    for day in 1..=7 {
        nights.done(day, "");
        changes.push_str(&body(nights.folder.read("out/changes.csv")));
        alerts.push_str(&body(nights.folder.read("out/alerts.csv")));
    }
    let outcome = nights.folder.pql("replay e.ndjson -m m.toml --from 2026-10-01 --to 2026-10-07 --out past");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(body(nights.folder.read("past/changes.csv")), changes);
    assert_eq!(body(nights.folder.read("past/alerts.csv")), alerts);
    let history = nights.folder.read("past/history.csv");
    let of_a: Vec<&str> = history.lines().filter(|line| line.starts_with("user,a,")).collect();
    let shown: Vec<String> = of_a
        .iter()
        .map(|line| {
            line.split(',')
                .enumerate()
                .filter(|(at, _)| [3, 8, 9].contains(at))
                .map(|(_, cell)| cell)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(shown, ["warm 2026-10-01 2026-10-02", "hot 2026-10-02 2026-10-05", "cold 2026-10-05 "]);
    let volume = nights.folder.read("past/volume.csv");
    assert!(volume.contains("2026-10-03T00:00:00Z,user,hot,2,1,0,1\n"), "{volume}");
}

/// The files of a record and of the lists of its newest run, without what only a night knows.
fn record_files(folder: &Folder, record: &str, out: &str) -> BTreeMap<String, String> {
    let mut waiting = vec![folder.path().join(record)];
    let mut found = BTreeMap::new();
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "ndjson" || ending == "toml") {
                let name = path.strip_prefix(folder.path().join(record)).expect("below");
                found.insert(name.display().to_string(), std::fs::read_to_string(&path).expect("a file"));
            }
        }
    }
    for name in ["changes.csv", "alerts.csv", "users.csv"] {
        found.insert(name.to_owned(), folder.read(&format!("{out}/{name}")));
    }
    found
}

#[test]
fn a_record_begun_by_a_replay_is_the_one_that_the_nights_left() {
    // A small generator, so that each seed is a history of its own.
    for seed in 1..=6_u32 {
        let mut state = seed.wrapping_mul(2_654_435_761);
        let mut next = |bound: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % bound
        };
        let uses: Vec<(&str, u32, u32)> =
            (0..12).map(|_| (["a", "b", "c", "d"][next(4) as usize], 1 + next(9), 1 + next(4))).collect();
        let mut uses: Vec<(&str, u32, u32)> = uses;
        uses.sort_unstable();
        uses.dedup_by_key(|(user, day, _)| (*user, *day));
        let nights = Nights::new(MODEL, &uses);
        let last = 1 + next(8);
        (1..=last + 1).for_each(|day| nights.done(day, ""));
        let replayed = nights.folder.pql(&format!(
            "replay e.ndjson -m m.toml --from 2026-10-01 --to 2026-10-{last:02} --out past --record rec2"
        ));
        assert_eq!(replayed.code, 0, "{}", replayed.stderr);
        let day = last + 1;
        let outcome =
            nights.folder.pql(&format!("score e.ndjson -m m.toml --as-of 2026-10-{day:02} --record rec2 --out out2"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let (daily, begun) = (record_files(&nights.folder, "rec", "out"), record_files(&nights.folder, "rec2", "out2"));
        assert_eq!(begun, daily, "seed {seed}");
        let verified = nights.folder.pql("record verify rec2");
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    }
}

#[test]
fn a_replay_begins_a_record_only_where_none_is() {
    let nights = Nights::new(MODEL, &[("a", 1, 3)]);
    nights.done(1, "");
    let before = record_files(&nights.folder, "rec", "out");
    let replay = "replay e.ndjson -m m.toml --from 2026-10-01 --to 2026-10-03 --out past --record";
    let refused = nights.folder.pql(&format!("{replay} rec"));
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("holds a record already"), "{}", refused.stderr);
    assert_eq!(record_files(&nights.folder, "rec", "out"), before);
    assert!(!nights.folder.path().join("past").exists());
    let begun = nights.folder.pql(&format!("{replay} rec3"));
    assert_eq!(begun.code, 0, "{}", begun.stderr);
    assert!(nights.folder.read("past/run.json").contains("\"begins_record\": true"));
}

#[test]
fn a_file_of_changed_rows_says_what_to_insert_update_and_delete() {
    let file = "[[output.files]]\nname = \"crm.csv\"\nlevel = \"user\"\nrows = \"changed\"\nwhen = \"score > 0\"\n\
                columns = { Id = \"user_id\", Points = \"score\" }\n";
    let nights = Nights::new(&format!("{MODEL}{file}"), &[("a", 1, 1), ("b", 2, 1)]);
    for (day, expected) in
        [(2, "Id,Points,sync\nb,20,insert\na,20,insert\n"), (3, "Id,Points,sync\n"), (4, "Id,Points,sync\na,,delete\n")]
    {
        nights.done(day, "");
        assert_eq!(nights.folder.read("out/crm.csv"), expected, "{day}");
    }
    nights.folder.write("e.ndjson", events(&[("a", 1, 1), ("b", 2, 1), ("b", 4, 3)]));
    nights.done(4, "");
    assert_eq!(nights.folder.read("out/crm.csv"), "Id,Points,sync\nb,50,update\na,,delete\n", "the run is repeated");
    nights.folder.write("m.toml", format!("{MODEL}{}", file.replace("Id = \"user_id\", ", "")));
    let refused = nights.run(5, "");
    assert!(refused.code == 2 && refused.stderr.contains("no column with the key of its rows"), "{}", refused.stderr);
}

#[test]
fn an_alert_that_no_longer_holds_in_a_repaired_run_is_not_listed_and_does_not_fire_again() {
    let nights = Nights::new(MODEL, &[("a", 1, 1), ("a", 2, 3)]);
    nights.done(1, "");
    nights.done(2, "");
    assert_eq!(nights.alerts(), ["new_hot a 2026-10-02 0"]);
    nights.folder.write("e.ndjson", events(&[("a", 1, 1)]));
    let repaired = nights.run(2, "");
    assert!(
        repaired.stderr.contains("1 fired when this run was made before, which no longer hold"),
        "{}",
        repaired.stderr
    );
    assert_eq!(nights.alerts(), Vec::<String>::new());
    nights.folder.write("e.ndjson", events(&[("a", 1, 1), ("a", 3, 3)]));
    nights.done(3, "");
    assert_eq!(nights.alerts(), Vec::<String>::new(), "the cooldown counts from the first time");
}

#[test]
fn an_explanation_says_where_a_run_with_a_record_would_keep_somebody() {
    let nights = Nights::new(MODEL, &[("a", 1, 2), ("a", 2, 1), ("b", 2, 1)]);
    nights.folder.write("u.csv", "user_id,role\na,boss\n");
    for (entity, told) in [("user:a", true), ("user:b", false)] {
        let outcome =
            nights.folder.pql(&format!("explain {entity} e.ndjson -m m.toml --as-of 2026-10-04 --users u.csv"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let note = "had in `hot` there from 35 points; an explanation knows no run before";
        assert_eq!(outcome.stderr.contains(note), told, "{entity}: {}", outcome.stderr);
    }
}

#[test]
fn another_model_is_told() {
    let nights = Nights::new(MODEL, &[("a", 1, 1), ("a", 2, 1)]);
    nights.done(2, "");
    nights.folder.write("m.toml", MODEL.replace("points = 20 }", "points = 55 }"));
    let outcome = nights.run(3, "");
    assert!(
        outcome.stderr.contains("The model changed since then, and 1 change is due to that."),
        "{}",
        outcome.stderr
    );
}

#[test]
fn files_of_alerts_and_changes_have_no_columns_of_users() {
    let file = "[[output.files]]\nname = \"calls.csv\"\nlevel = \"alert\"\ncolumns = [\"name\"]\nunique = \"id\"\n";
    let folder = Folder::new();
    folder.write("m.toml", format!("{MODEL}{file}"));
    let outcome = folder.pql("check m.toml");
    assert_eq!(outcome.code, 1);
    for key in ["columns", "unique"] {
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(said.contains(&format!("`{key}` in a file of level alert")), "{said}");
    }
}

#[test]
fn a_pool_shares_alerts_out_fairly_and_nobody_elses_accounts_move_when_a_member_is_away() {
    let pool = "pool = [{ name = \"Ann\", weight = 2 }, \"Bo\", \"Cem\"]\n";
    let route = format!("[[user.routes]]\nname = \"all\"\nmotion = \"human\"\n{pool}");
    let model = format!("{}{route}", MODEL.replace("cooldown = \"4d\"\n", &format!("cooldown = \"1d\"\n{pool}")));
    let names: Vec<String> = (0..40).map(|number| format!("u{number:02}")).collect();
    let mut uses: Vec<(&str, u32, u32)> = names.iter().map(|name| (name.as_str(), 1, 1)).collect();
    uses.extend(names.iter().enumerate().map(|(at, name)| (name.as_str(), 2 + at as u32 / 8, 3)));
    let nights = Nights::new(&model, &uses);
    let mut has: BTreeMap<String, String> = BTreeMap::new();
    for day in 1..=6 {
        nights.done(day, "");
        for alert in nights.rows("alerts.csv") {
            has.insert(alert["id"].clone(), alert["to"].clone());
        }
        for row in nights.rows("users.csv").iter().filter(|row| has.contains_key(&row["user_id"])) {
            assert_eq!(row["to"], has[&row["user_id"]], "the list names whoever has {}", row["user_id"]);
        }
    }
    let count = |has: &BTreeMap<String, String>, name: &str| has.values().filter(|to| *to == name).count();
    assert_eq!(["Ann", "Bo", "Cem"].map(|name| count(&has, name)), [20, 10, 10]);
    // Bo is away: nobody who is another's moves, and those that come go to Ann and Cem.
    let away = model.replace(pool, &format!("{pool}away = [\"Bo\"]\n"));
    nights.folder.write("m.toml", away);
    let more: Vec<String> = (40..46).map(|number| format!("u{number:02}")).collect();
    uses.extend(more.iter().map(|name| (name.as_str(), 7, 3)));
    nights.folder.write("e.ndjson", events(&uses));
    nights.done(7, "");
    let new: BTreeMap<String, String> =
        nights.rows("alerts.csv").into_iter().map(|row| (row["id"].clone(), row["to"].clone())).collect();
    assert_eq!((new.len(), count(&new, "Bo")), (6, 0));
    for row in nights.rows("users.csv") {
        let before = has.get(&row["user_id"]).filter(|to| *to != "Bo");
        assert!(before.is_none_or(|to| *to == row["to"]), "{} moved", row["user_id"]);
    }
}

/// Nights one after the other, each with the events of all days up to it; the alerts of each as `night: alert id since waiting_days`.
fn alerts_of(nights: &Nights, days: std::ops::RangeInclusive<u32>) -> Vec<String> {
    let mut fired = Vec::new();
    for day in days {
        nights.done(day, "");
        fired.extend(nights.alerts().into_iter().map(|alert| format!("{day}: {alert}")));
    }
    fired
}

/// `MODEL` in which nobody stays in a tier, with a cooldown of six days.
fn six_days() -> String {
    MODEL.replace("stay_at_least = 35\n", "").replace("cooldown = \"4d\"", "cooldown = \"6d\"")
}

#[test]
fn whoever_is_gone_and_comes_back_is_still_in_the_cooldown() {
    let (before, after) = ([("z", 1, 1), ("a", 2, 3)], [("z", 1, 1), ("a", 4, 3), ("a", 6, 3), ("a", 8, 3)]);
    let nights = Nights::new(&six_days(), &before);
    assert_eq!(alerts_of(&nights, 1..=2), ["2: new_hot a 2026-10-02 0"]);
    nights.folder.write("e.ndjson", events(&before[..1]));
    assert_eq!(alerts_of(&nights, 3..=3), Vec::<String>::new());
    nights.folder.write("e.ndjson", events(&after));
    assert_eq!(alerts_of(&nights, 4..=8), ["8: new_hot a 2026-10-04 4"], "due when it came back");
}

#[test]
fn nothing_waits_for_whoever_is_gone() {
    let model = six_days().replace("cooldown", "limit = 1\ncooldown");
    let uses = [("z", 1, 1), ("a", 2, 3), ("b", 2, 3)];
    let nights = Nights::new(&model, &uses);
    assert_eq!(alerts_of(&nights, 1..=2), ["2: new_hot a 2026-10-02 0"]);
    nights.folder.write("e.ndjson", events(&uses[..2]));
    assert_eq!(alerts_of(&nights, 3..=3), Vec::<String>::new());
    nights.folder.write("e.ndjson", events(&uses));
    assert_eq!(alerts_of(&nights, 4..=4), ["4: new_hot b 2026-10-04 0"], "a new wait");
}

#[test]
fn an_alert_is_noted_on_the_first_run_that_knows_its_name() {
    let without = six_days().replacen("[[user.alerts]]\nname = \"new_hot\"\nwhen = \"qualified\"\ncooldown = \"6d\"\nmessage = \"{user_id} is hot\"\n", "", 1);
    let nights = Nights::new(&without, &[("a", 1, 3), ("a", 3, 3), ("b", 3, 3), ("c", 4, 3), ("d", 5, 3)]);
    nights.done(1, "");
    nights.folder.write("m.toml", six_days());
    assert_eq!(alerts_of(&nights, 2..=3), ["3: new_hot b 2026-10-03 0"], "a is noted");
    // Under another name it is another alert, to which everybody is new.
    nights.folder.write("m.toml", six_days().replace("new_hot", "hot_now"));
    assert_eq!(alerts_of(&nights, 4..=5), ["5: hot_now d 2026-10-05 0"]);
}

#[test]
fn what_fired_counts_first_when_the_run_is_repeated() {
    let model = six_days().replace("cooldown", "limit = 1\norder = [\"score\"]\ncooldown");
    let uses = [("z", 1, 1), ("a", 2, 3), ("b", 2, 3)];
    let nights = Nights::new(&model, &uses);
    assert_eq!(alerts_of(&nights, 1..=2), ["2: new_hot a 2026-10-02 0"]);
    nights.folder.write("u.csv", "user_id,role\nb,boss\n");
    nights.done(2, "--users u.csv");
    assert_eq!(nights.alerts(), ["new_hot a 2026-10-02 0"], "b has more points, and the limit is used up");
    nights.done(3, "--users u.csv");
    assert_eq!(nights.alerts(), ["new_hot b 2026-10-02 1"]);
}

#[test]
fn a_joined_person_has_the_latest_alert_of_all_ids() {
    let alias = r#"{"type":"alias","timestamp":"2026-10-03T00:00:00Z","user_id":"a","previous_id":"b"}"#;
    let uses = [("a", 1, 1), ("b", 2, 3), ("a", 3, 3), ("a", 7, 3)];
    let nights = Nights::new(&six_days(), &uses);
    assert_eq!(alerts_of(&nights, 1..=2), ["2: new_hot b 2026-10-02 0"]);
    nights.folder.write("e.ndjson", format!("{}{alias}\n", events(&uses)));
    // It held for b, so it is not due on the third; on the seventh it is, and the cooldown of b ends on the eighth.
    assert_eq!(alerts_of(&nights, 3..=8), ["8: new_hot a 2026-10-07 1"]);
}

#[test]
fn an_alert_for_somebody_who_is_named_counts_for_no_member_when_the_run_is_repeated_either() {
    let pool = "to = \"{role}\"\npool = [\"Ann\", \"Bo\"]\ncooldown = \"1d\"";
    let model = six_days().replace("cooldown = \"6d\"", pool);
    let nights = Nights::new(&model, &[("z", 1, 1), ("a", 2, 3), ("a", 6, 3)]);
    assert_eq!(alerts_of(&nights, 1..=5), ["2: new_hot a 2026-10-02 0"]);
    nights.folder.write("u.csv", "user_id,role\na,Zoe\n");
    let assigned = || {
        let newest = crate::run::names(&nights.folder.path().join("rec")).pop().expect("a run");
        let header = nights.folder.read(&format!("rec/{newest}/record.json"));
        let header: serde_json::Value = serde_json::from_str(&header).expect("JSON");
        (nights.rows("alerts.csv")[0]["to"].clone(), header["assigned"].to_string())
    };
    nights.done(6, "--users u.csv");
    let first = assigned();
    assert!(first.0 == "Zoe" && first.1.matches(":1").count() == 1, "{first:?}");
    nights.done(6, "--users u.csv");
    assert_eq!(assigned(), first);
}
