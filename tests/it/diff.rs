//! `pql diff`: its counts equal the results of `score` under either model, the parts of a mover add
//! up, and a Markdown report holds nothing but text.

use serde_json::Value as Json;

use crate::run::{Folder, rows};

/// A model with invitations and asks; the tier `hot` begins at 20 points.
const OLD: &str = r#"schema = 1
[[user.signals]]
name = "invites"
event = "invite"
ladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 20 }]
[[user.signals]]
name = "asks"
event = "ask"
points = 5
[[user.tiers]]
name = "hot"
at_least = 20
qualified = true
[[user.tiers]]
name = "not"
[[user.routes]]
name = "call"
motion = "human"
to = "Sales"
when = "tier = 'hot'"
[[user.routes]]
name = "wait"
motion = "automated"
"#;

fn line(user: &str, event: &str, day: u32) -> String {
    let user = serde_json::to_string(user).expect("text");
    format!(
        "{{\"event\":\"{event}\",\"timestamp\":\"2026-10-{day:02}T10:00:00Z\",\"user_id\":{user},\"account_id\":\"acme\"}}\n"
    )
}

/// Under [`OLD`], `ann` has 20 points, `bob` 15, `cid` 10 and `dan` 5.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("old.toml", OLD);
    // The new model pays 10 points more for an ask.
    folder.write("new.toml", OLD.replace("points = 5", "points = 15"));
    let events = [1, 2, 3].map(|day| line("ann", "invite", day)).concat()
        + &[("bob", "invite", 4), ("bob", "ask", 5), ("cid", "invite", 6), ("dan", "ask", 7)]
            .map(|(user, event, day)| line(user, event, day))
            .concat();
    folder.write("events.ndjson", events);
    folder
}

fn json(folder: &Folder, arguments: &str) -> Json {
    let outcome = folder.pql(&format!("diff {arguments} --format json -q"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// The movers of a list, such as `tier_movers`, from one end to another; each end may be null.
fn group<'j>(report: &'j Json, list: &str, old: &str, new: &str) -> &'j Json {
    let groups = report["users"][list].as_array().expect("a list");
    let is_meant = |group: &&Json| group["old"].as_str() == some(old) && group["new"].as_str() == some(new);
    groups.iter().find(is_meant).unwrap_or_else(|| panic!("{list} {old} {new}: {report}"))
}

/// No text for an empty one.
fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn tier<'j>(report: &'j Json, name: &str) -> &'j Json {
    let tiers = report["users"]["tiers"].as_array().expect("tiers");
    tiers.iter().find(|tier| tier["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

#[test]
fn who_enters_and_leaves_a_tier_comes_with_the_signals_that_made_the_difference() {
    let report = json(&folder(), "old.toml new.toml events.ndjson");
    let hot = tier(&report, "hot");
    assert_eq!((&hot["old"], &hot["new"], &hot["entered"], &hot["left"]), (&1.into(), &2.into(), &1.into(), &0.into()));
    let expected = serde_json::json!({
        "id": "bob",
        "score_old": 15, "tier_old": "not", "route_old": "wait", "suppressed_old": null,
        "score_new": 25, "tier_new": "hot", "route_new": "call", "suppressed_new": null,
        "signals": [{ "name": "asks", "points_old": 5, "points_new": 15 }],
    });
    assert_eq!(group(&report, "tier_movers", "not", "hot")["movers"], serde_json::json!([expected]));
    let users = &report["users"];
    for (key, count) in [("unchanged", 2), ("rescored", 2), ("moved", 1), ("rerouted", 1), ("qualified_new", 2)] {
        assert_eq!(users[key], count, "{key}");
    }
    assert_eq!(users["human_load"], serde_json::json!([{ "route": "call", "to": "Sales", "old": 1, "new": 2 }]));
    assert_eq!(users["signals"], serde_json::json!([{ "name": "asks", "entities": 2, "points": 20 }]));
}

/// The signals of a mover add up to the difference of its scores.
fn check_sum(mover: &Json) {
    let signals = mover["signals"].as_array().expect("signals");
    let sum = |key: &str| -> f64 { signals.iter().filter_map(|one| one[key].as_f64()).sum() };
    let points = |key: &str| mover[key].as_f64().unwrap_or(0.0);
    let difference = points("score_new") - points("score_old");
    assert!((sum("points_new") - sum("points_old") - difference).abs() < 1e-6, "{mover}");
}

#[test]
fn counts_are_those_of_score_and_movers_add_up() {
    let folder = Folder::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let (old, new) = (format!("{root}/scoring.example.toml"), format!("{root}/fixtures/models/b2b.toml"));
    let files = format!(
        "{root}/fixtures/events.ndjson --users {root}/fixtures/users.csv --accounts {root}/fixtures/accounts.csv --as-of 2026-10-31"
    );
    let report = json(&folder, &format!("{old} {new} {files} --limit 100000"));
    for (which, model) in [("old", &old), ("new", &new)] {
        for (level, many) in [("user", "users"), ("account", "accounts")] {
            let csv = folder.pql(&format!("score {files} -m {model} --level {level} -q")).stdout;
            let rows = rows(&csv);
            let column = |name: &str| rows[0].iter().position(|known| known == name).expect("a column");
            let with = |column: usize, text: &str| rows[1..].iter().filter(|row| row[column] == text).count();
            assert_eq!(report[many][which], rows.len() - 1);
            assert_eq!(report[many][format!("qualified_{which}")], with(column("qualified"), "true"));
            for (list, name) in [("tiers", "tier"), ("routes", "route")] {
                for entry in report[many][list].as_array().expect("a list") {
                    let count = with(column(name), entry["name"].as_str().expect("a name"));
                    assert_eq!(entry[which].as_u64().unwrap_or(0), count as u64, "{which} {many} {entry}");
                }
            }
        }
    }
    let mut movers = 0;
    for many in ["users", "accounts"] {
        let moved: u64 = report[many]["tier_moves"]
            .as_array()
            .expect("moves")
            .iter()
            .filter(|one| one["old"] != one["new"])
            .map(|one| one["count"].as_u64().expect("a count"))
            .sum();
        assert_eq!(report[many]["moved"], moved);
        for list in ["tier_movers", "route_movers", "suppression_movers"] {
            for group in report[many][list].as_array().expect("groups") {
                let listed = group["movers"].as_array().expect("a list");
                assert_eq!(group["count"], listed.len());
                listed.iter().for_each(check_sum);
                movers += listed.len();
            }
        }
    }
    assert!(movers > 100, "{movers} movers");
}

#[test]
fn a_model_against_itself_changes_nothing() {
    let folder = folder();
    let report = json(&folder, "old.toml old.toml events.ndjson");
    assert_eq!(report["users"]["unchanged"], report["users"]["old"]);
    assert_eq!(report["users"]["signals"], serde_json::json!([]));
    let outcome = folder.pql("diff old.toml old.toml events.ndjson");
    assert!(outcome.stderr.contains("the same text"), "{}", outcome.stderr);
    let markdown = folder.pql("diff old.toml old.toml events.ndjson -f markdown").stdout;
    assert!(markdown.contains("Nothing changed for anybody."), "{markdown}");
}

#[test]
fn a_tier_that_only_one_model_has_is_entered_or_left_by_all_of_it() {
    let folder = folder();
    folder.write("renamed.toml", OLD.replace("\"hot\"", "\"pql\"").replace("'hot'", "'pql'"));
    let report = json(&folder, "old.toml renamed.toml events.ndjson");
    let (hot, pql) = (tier(&report, "hot"), tier(&report, "pql"));
    assert_eq!(
        (&hot["new"], &hot["left"], &pql["old"], &pql["entered"]),
        (&Json::Null, &1.into(), &Json::Null, &1.into())
    );
    let text = folder.pql("diff old.toml renamed.toml events.ndjson").stdout;
    assert!(text.contains("the same points, another rule"), "{text}");
    assert!(text.contains("\nhot → pql: 1 user\n"), "{text}");
    for change in [
        "user tier pql added: { ",
        "user tier hot removed: { ",
        "user route call: when \"tier = 'hot'\" → \"tier = 'pql'\"",
    ] {
        assert!(text.contains(&format!("\n  {change}")), "{change}: {text}");
    }
}

#[test]
fn rows_that_only_one_model_has_are_counted_apart() {
    let folder = folder();
    folder.write("fewer.toml", format!("{OLD}[identity]\nexclude_users = [\"ann\"]\n"));
    let report = json(&folder, "old.toml fewer.toml events.ndjson");
    let users = &report["users"];
    assert_eq!((&users["only_old"], &users["only_new"], &users["moved"]), (&1.into(), &0.into(), &0.into()));
    let ann = &group(&report, "tier_movers", "hot", "")["movers"][0];
    assert_eq!((&ann["id"], &ann["score_old"], &ann["score_new"]), (&"ann".into(), &20.into(), &Json::Null));
    let text = folder.pql("diff old.toml fewer.toml events.ndjson").stdout;
    assert!(text.contains("1 that only the old model has") && text.contains("(no row)"), "{text}");
}

#[test]
fn a_condition_that_holds_fails_the_run_and_shows_its_numbers() {
    let folder = folder();
    let outcome = |condition: &str| {
        folder.pql_with(&["diff", "old.toml", "new.toml", "events.ndjson", "-q", "--fail-if", condition], b"")
    };
    for (condition, code) in [
        ("hot_new > 2 * hot_old", 0),
        ("hot_new >= 2 * hot_old", 1),
        ("user.tier.hot_new = 2", 1),
        ("not_to_hot > 0", 1),
        ("hot_to_not > 0", 0),
        ("user.route.call_entered = 1", 1),
        ("user.human_new > user.human_old", 1),
        ("pqls_new - pqls_old = 1 and user.only_old = 0", 1),
        ("user.unchanged + user.rescored < users_new", 0),
    ] {
        let outcome = outcome(condition);
        assert_eq!(outcome.code, code, "{condition}: {outcome:?}");
    }
    let shown = outcome("hot_new >= 2 * hot_old").stdout;
    assert!(shown.contains("user.tier.hot_new = 2, user.tier.hot_old = 1: fails"), "{shown}");
    // A condition on null is not met, and the report says so.
    let null = outcome("hot_new / (hot_old - 1) > 1");
    assert_eq!(null.code, 0);
    assert!(null.stdout.contains("since it is null"), "{}", null.stdout);
    // One met condition of several fails the comparison.
    let both =
        ["diff", "old.toml", "new.toml", "events.ndjson", "-q", "--fail-if", "hot_new > 9", "--fail-if", "hot_new = 2"];
    assert_eq!(folder.pql_with(&both, b"").code, 1);
}

#[test]
fn a_condition_that_cannot_be_read_ends_before_anything_is_read() {
    let folder = folder();
    for (condition, wanted) in [
        ("hot_nwe > 1", "a name that exists is `hot_new`"),
        ("users.moved > 1", "a name that exists is `user.moved`"),
        ("moved > 1", "`user.moved` and `account.moved`"),
        ("xyz > 1", "TIER_old"),
        ("hot_new", "compare it"),
        ("hot_new > 'a'", "is text"),
        ("hot_new >", "too early"),
        ("", "an empty expression"),
    ] {
        let outcome = folder.pql_with(&["diff", "old.toml", "new.toml", "missing.ndjson", "--fail-if", condition], b"");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{condition}: {outcome:?}");
        assert!(
            outcome.stderr.contains(wanted) && !outcome.stderr.contains("missing"),
            "{condition}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_name_of_a_tier_and_a_route_alike_asks_for_which() {
    let folder = folder();
    folder.write("alike.toml", OLD.replace("name = \"call\"", "name = \"hot\""));
    let outcome = |name: &str| {
        let condition = format!("{name} >= 1");
        folder.pql_with(&["diff", "alike.toml", "alike.toml", "events.ndjson", "-q", "--fail-if", &condition], b"")
    };
    assert!(outcome("hot_new").stderr.contains("`user.tier.hot_new` and `user.route.hot_new`"));
    assert_eq!(outcome("tier.hot_new").code, 1);
    assert_eq!(outcome("user.route.hot_new").code, 1);
}

#[test]
fn lists_end_at_the_limit_and_say_what_they_leave_out() {
    let folder = folder();
    folder.write("low.toml", OLD.replace("at_least = 20", "at_least = 1"));
    let text = |limit: &str| folder.pql(&format!("diff old.toml low.toml events.ndjson -q --limit {limit}")).stdout;
    // Movers are sorted by points: bob has 15, cid 10, dan 5.
    let two = text("2");
    let listed = "\nnot → hot: 3 users\n  bob  15 → 15  the same points, another rule\n  cid  10 → 10  the same points, another rule\n  ... and 1 more; --limit 3 lists them\n";
    assert!(two.contains(listed), "{two}");
    assert!(text("0").contains("  ... 3; --limit 3 lists them"), "{}", text("0"));
    assert!(!text("3").contains("..."), "{}", text("3"));
    // Nobody is listed twice.
    for name in ["bob", "cid", "dan"] {
        assert_eq!(text("3").matches(name).count(), 1, "{}", text("3"));
    }
    let report = json(&folder, "old.toml low.toml events.ndjson --limit 1");
    assert_eq!(group(&report, "tier_movers", "not", "hot")["not_listed"], 2);
}

#[test]
fn a_comment_carries_nothing_but_text() {
    let folder = folder();
    let ids = [
        "@octocat",
        "a|b\\|@team",
        "`@x` #1",
        "``` \n# head",
        "</details><img src=x>",
        "[x](https://evil.example)",
        " x ",
        "\\",
        "www.evil.example",
        "$`x`$",
        "line\u{2028}two",
    ];
    let events: String = ids.iter().map(|id| line(id, "invite", 2) + &line(id, "ask", 3)).collect();
    folder.write("events.ndjson", events);
    let markdown = folder.pql("diff old.toml new.toml events.ndjson -f markdown -q --limit 100").stdout;
    let listed: Vec<&str> = markdown.lines().filter(|line| line.contains("15 → 25")).collect();
    assert_eq!(listed.len(), ids.len(), "{markdown}");
    for line in markdown.lines() {
        // Only code spans hold text of the data, and each span ends on its line.
        let parts: Vec<&str> = line.split('`').collect();
        assert_eq!(parts.len() % 2, 1, "{line}");
        let outside: String = parts.iter().step_by(2).copied().collect();
        for wanted in ['@', '[', '$', '\\', '\u{2028}'] {
            assert!(!outside.contains(wanted), "{line}");
        }
        assert!(!outside.contains("evil") && !outside.contains("<img"), "{line}");
        let inside: String = parts.iter().skip(1).step_by(2).copied().collect();
        assert!(!inside.contains('|'), "{line}");
    }
    for line in &listed {
        assert_eq!(line.matches('|').count(), 4, "{line}");
    }
}

#[test]
fn ids_are_left_out_if_asked() {
    let folder = folder();
    for format in ["human", "json", "markdown"] {
        let shown = |more: &str| {
            folder.pql(&format!("diff old.toml new.toml events.ndjson -q --format {format} {more}")).stdout
        };
        assert!(shown("").contains("bob"), "{format}");
        let without = shown("--no-ids");
        assert!(!without.contains("bob") && without.contains("asks"), "{without}");
    }
    // Counts take the place of rows that would say nothing without an id.
    folder.write("both.toml", OLD.replace("points = 5", "points = 15").replace("at_least = 20", "at_least = 10"));
    let shown = |format: &str| {
        folder.pql(&format!("diff old.toml both.toml events.ndjson -q --no-ids --format {format}")).stdout
    };
    let row = |why: &str, users: &str, points: &str| format!("  {why:29}  {users:>5}  {points:>6}\n");
    let rows = [row("why", "users", "points"), row("asks", "2", "+20"), row("the same points, another rule", "1", "0")];
    let text = format!("\nnot → hot: 3 users\n{}\n", rows.concat());
    assert!(shown("human").contains(&text), "{}", shown("human"));
    let markdown = "\n`not` → `hot`: 3\n\n| signals that made the difference | users | points in all |\n| --- | --: | --: |\n| `asks` | 2 | +20 |\n| `the same points, another rule` | 1 | 0 |\n";
    assert!(shown("markdown").contains(markdown), "{}", shown("markdown"));
}

/// Models that differ in one thing, and how a report puts it.
const MODEL_CHANGES: [(&str, &str, &str); 15] = [
    ("at_least = 20\n", "at_least = 15\n", "user tier hot: at_least 20 → 15"),
    ("points = 5", "points = 7.5", "user signal asks: points 5 → 7.5"),
    ("event = \"ask\"", "event = [\"ask\", \"beg\"]", "user signal asks: event \"ask\" → [\"ask\", \"beg\"]"),
    (
        "{ at_least = 3, points = 20 }",
        "{ at_least = 3, points = 30 }",
        "user signal invites: ladder at_least 3 points 20 → 30",
    ),
    (
        "{ at_least = 3, points = 20 }",
        "{ at_least = 4, points = 20 }",
        "user signal invites: ladder { at_least = 3, points = 20 } → { at_least = 4, points = 20 }",
    ),
    (", { at_least = 3, points = 20 }]", "]", "user signal invites: ladder removed: { at_least = 3, points = 20 }"),
    ("qualified = true\n", "", "user tier hot: qualified removed: true"),
    ("to = \"Sales\"", "to = \"Sales\"\nsla_hours = 4", "user route call: sla_hours added: 4"),
    ("schema = 1\n", "schema = 1\ntime_zone = \"Asia/Tokyo\"\n", "time_zone added: \"Asia/Tokyo\""),
    (
        "[[user.tiers]]\nname = \"not\"",
        "[metrics]\nbegs = { measure = \"count\", event = \"beg\" }\n[[user.tiers]]\nname = \"not\"",
        "metric begs added: { event = \"beg\", measure = \"count\" }",
    ),
    (
        "[[user.tiers]]\nname = \"not\"",
        "[identity]\nexclude_users = [\"qa-*\"]\n[[user.tiers]]\nname = \"not\"",
        "identity: exclude_users added: [\"qa-*\"]",
    ),
    (
        "[[user.tiers]]\nname = \"not\"",
        "[user.score]\nmax = 100\n[[user.tiers]]\nname = \"not\"",
        "user: score added: { max = 100 }",
    ),
    (
        "[[user.tiers]]\nname = \"not\"",
        "[[user.tiers]]\nname = \"not\"\n[[output.files]]\nname = \"l.csv\"\nlevel = \"user\"\ncolumns = { \"What to do\" = \"user_id\" }",
        "output file l.csv added: { columns = { \"What to do\" = \"user_id\" }, level = \"user\", name = \"l.csv\" }",
    ),
    ("points = 5", "points = 5.0 # as before", "nothing: the models say the same"),
    ("name = \"asks\"\nevent = \"ask\"\n", "event = \"ask\"\nname = \"asks\"\n", "nothing: the models say the same"),
];

#[test]
fn a_report_says_first_what_changed_in_the_model() {
    let folder = folder();
    for (from, to, change) in MODEL_CHANGES {
        assert!(OLD.contains(from), "{from}");
        folder.write("changed.toml", OLD.replace(from, to));
        let outcome = folder.pql("diff old.toml changed.toml events.ndjson -q --as-of 2026-10-31T12:00:00Z");
        assert_eq!(outcome.code, 0, "{change}: {outcome:?}");
        let told = format!("\n\nwhat changed in the model\n  {change}\n\nusers: ");
        assert!(outcome.stdout.contains(&told), "{change}: {}", outcome.stdout);
    }
    let report = json(&folder, "old.toml new.toml events.ndjson");
    let expected = serde_json::json!([{ "subject": "user signal asks", "key": "points", "old": "5", "new": "15" }]);
    assert_eq!(report["model_changes"], expected);
    let markdown = folder.pql("diff old.toml new.toml events.ndjson -q -f markdown").stdout;
    assert!(
        markdown.contains("\nWhat changed in the model:\n\n- `user signal asks: points` `5` → `15`\n\n| "),
        "{markdown}"
    );
}

#[test]
fn the_order_of_rules_and_the_part_of_a_long_text_that_differs_are_changes() {
    let folder = folder();
    let long = |word: &str| {
        format!("[[account.routes]]\nname = \"wait\"\nmessage = \"{}{word}{}\"\n", "a b ".repeat(30), " c d".repeat(30))
    };
    let (hot, not) = (
        "[[user.routes]]\nname = \"wait\"\nmotion = \"automated\"\nwhen = \"score < 0\"\n",
        "[[user.routes]]\nname = \"rest\"\n",
    );
    let start = OLD.split("[[user.routes]]").next().expect("a beginning");
    let call = "[[user.routes]]\nname = \"call\"\nwhen = \"tier = 'hot'\"\n";
    folder.write("one.toml", format!("{start}{call}{hot}{not}{}", long("one")));
    folder.write("two.toml", format!("{start}{hot}{call}{not}{}", long("two")));
    let text = folder.pql("diff one.toml two.toml events.ndjson -q").stdout;
    for change in [
        "user routes: order call, wait, rest → wait, call, rest",
        "account route wait: message …a b a b a b a b one c d c d c d c d… → …a b a b a b a b two c d c d c d c d…",
    ] {
        assert!(text.contains(&format!("\n  {change}\n")), "{change}: {text}");
    }
}

#[test]
fn the_suppressed_are_not_among_the_qualified() {
    let folder = folder();
    let suppress = "[[user.suppress]]\nname = \"customer\"\nwhen = \"invites >= 3\"\n[metrics]\ninvites = { measure = \"count\", event = \"invite\" }\n";
    folder.write("new.toml", format!("{OLD}{suppress}"));
    let report = json(&folder, "old.toml new.toml events.ndjson");
    for (key, count) in [("qualified_old", 1), ("qualified_new", 0), ("suppressed_old", 0), ("suppressed_new", 1)] {
        assert_eq!(report["users"][key], count, "{key}");
    }
    assert_eq!(report["summary"]["user.pqls_new"], 0);
    let text = folder.pql("diff old.toml new.toml events.ndjson -q").stdout;
    let told = "  PQLs: 1 before, 0 after; suppressed, and not among them: 0 before, 1 after\n";
    assert!(text.contains(told), "{text}");
    let summary = folder.pql("score events.ndjson -m new.toml --out out");
    assert!(summary.stderr.contains("(0 qualified)"), "{summary:?}");
    let markdown = folder.pql("diff old.toml new.toml events.ndjson -q -f markdown").stdout;
    assert!(
        markdown.contains("\n| PQLs | 1 | 0 | -1 |\n| suppressed users, not among the qualified | 0 | 1 | +1 |\n"),
        "{markdown}"
    );
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = folder();
    let outcome = folder.pql("diff old.toml new.toml -");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("name a file"), "{}", outcome.stderr);
    folder.write("bad.toml", "schema = 1\ntyop = 1\n");
    folder.write("worse.toml", "schema = 2\n");
    let outcome = folder.pql("diff bad.toml worse.toml events.ndjson");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("bad.toml:2") && outcome.stderr.contains("worse.toml:1"), "{}", outcome.stderr);
    folder.write("empty.ndjson", "");
    let outcome = folder.pql("diff old.toml new.toml empty.ndjson");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("under the model old.toml: the input is empty"), "{}", outcome.stderr);
}

#[test]
fn models_of_different_zones_are_told_to_look_from_different_instants() {
    let folder = folder();
    folder.write("zone.toml", OLD.replacen("schema = 1", "schema = 1\ntime_zone = \"Asia/Tokyo\"", 1));
    let outcome = folder.pql("diff old.toml zone.toml events.ndjson --as-of 2026-10-31");
    assert!(outcome.stderr.contains("different time zones"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("under the old model and 2026-10-31T15:00:00Z"), "{}", outcome.stdout);
    let outcome = folder.pql("diff old.toml zone.toml events.ndjson --as-of 2026-10-31T12:00:00Z");
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
}

#[test]
fn a_table_in_place_of_a_model_is_one_problem_with_the_way_out() {
    let folder = folder();
    let table = "account_id,score\nacme,10\nglobex,20\n";
    for (name, text) in [
        ("a.csv", table.to_owned()),
        ("b.csv", table.replace(',', ";")),
        ("c.ndjson", "{\"event\":\"invite\"}\n".to_owned()),
        ("d.json", "[\n{\"event\":\"invite\"}]\n".to_owned()),
    ] {
        folder.write(name, text);
        for command in [format!("diff old.toml {name} events.ndjson"), format!("score events.ndjson -m {name}")] {
            let outcome = folder.pql(&command);
            assert_eq!((outcome.code, outcome.stderr.matches("error").count()), (2, 1), "{command}: {outcome:?}");
            let told = "error[M001]: the file is no model: it holds a table or records";
            assert!(outcome.stderr.contains(told) && outcome.stderr.contains("schema = 1"), "{command}: {outcome:?}");
            assert!(!outcome.stderr.contains("globex"), "{command}: {outcome:?}");
        }
    }
}
