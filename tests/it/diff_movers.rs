//! `pql diff`: each mover once, those by route alone among them; the suppressed are no work for people.

use serde_json::Value as Json;

use crate::run::Folder;

/// A call for `hot` users and for those who ask; who invites three times is a customer.
const OLD: &str = r#"schema = 1
[metrics]
invites = { measure = "count", event = "invite" }
asks = { measure = "count", event = "ask" }
[[user.signals]]
name = "invited"
event = "invite"
points = 10
[[user.signals]]
name = "asked"
event = "ask"
points = 5
[[user.suppress]]
name = "customer"
when = "invites >= 3"
[[user.tiers]]
name = "hot"
at_least = 15
qualified = true
[[user.tiers]]
name = "not"
[[user.routes]]
name = "call"
motion = "human"
when = "tier = 'hot' or asks > 0"
[[user.routes]]
name = "wait"
motion = "automated"
"#;

/// `ann` is a customer with 10 points; `bob` has 15, `cid` 10, `dan` 5 and `eve` none.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("old.toml", OLD);
    let line = |user: &str, event: &str, day: u32| {
        format!(
            "{{\"event\":\"{event}\",\"timestamp\":\"2026-10-{day:02}T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
        )
    };
    let events = [
        ("ann", "invite", 1),
        ("ann", "invite", 2),
        ("ann", "invite", 3),
        ("bob", "invite", 4),
        ("bob", "ask", 5),
        ("cid", "invite", 6),
        ("dan", "ask", 7),
        ("eve", "look", 7),
    ];
    folder.write("events.ndjson", events.map(|(user, event, day)| line(user, event, day)).concat());
    folder
}

/// The diff of the model and the same with some texts replaced.
fn compared(folder: &Folder, replaced: &[(&str, &str)], options: &str) -> String {
    let mut new = OLD.to_owned();
    for (from, to) in replaced {
        assert!(new.contains(from), "{from}");
        new = new.replace(from, to);
    }
    folder.write("new.toml", new);
    let outcome = folder.pql(&format!("diff old.toml new.toml events.ndjson -q {options}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout
}

fn json(folder: &Folder, replaced: &[(&str, &str)]) -> Json {
    serde_json::from_str(&compared(folder, replaced, "-f json")).expect("JSON")
}

#[test]
fn movers_by_route_alone_have_a_list_of_their_own() {
    let folder = folder();
    let fewer = [("asks > 0", "asks > 5")];
    let text = compared(&folder, &fewer, "");
    let listed = "\nroute call (human) → wait (automated), in the same tier: 1 user\n  dan  5 → 5  the same points, another rule\n";
    assert!(text.contains(listed), "{text}");
    assert_eq!(text.matches("dan").count(), 1, "{text}");
    let markdown = compared(&folder, &fewer, "-f markdown --no-ids");
    let listed = "\n<summary>The users in the same tier on another route, and why</summary>\n\nroute `call (human)` → `wait (automated)`, in the same tier: 1\n\n| signals";
    assert!(markdown.contains(listed), "{markdown}");
    let users = &json(&folder, &fewer)["users"];
    let group = &users["route_movers"][0];
    assert_eq!((&group["old"], &group["new"], &group["count"]), (&"call".into(), &"wait".into(), &1.into()), "{group}");
    assert_eq!((&users["rerouted"], &users["rerouted_alone"]), (&1.into(), &1.into()));
    // Who changes the tier too is listed under the tiers, and there alone.
    let text = compared(&folder, &[("at_least = 15", "at_least = 10")], "");
    assert!(text.contains("\nnot → hot: 1 user\n  cid ") && !text.contains("in the same tier"), "{text}");
}

#[test]
fn a_route_of_another_motion_is_another_route() {
    let folder = folder();
    let silent = [("motion = \"human\"", "motion = \"automated\"")];
    let text = compared(&folder, &silent, "--limit 0");
    let heading = "\nroute call (human) → call (automated), in the same tier: 2 users\n  ... 2; --limit 2 lists them\n";
    assert!(text.contains(heading), "{text}");
    let report = json(&folder, &silent);
    let group = &report["users"]["route_movers"][0];
    assert_eq!((&group["motion_old"], &group["motion_new"]), (&"human".into(), &"automated".into()));
    assert_eq!(report["summary"]["user.rerouted_alone"], 2);
    assert_eq!(report["summary"]["user.rerouted"], 0);
    let markdown = compared(&folder, &silent, "-f markdown");
    assert!(!markdown.contains("Nothing changed for anybody") && markdown.contains("`call (human)`"), "{markdown}");
    // A route without a motion is one of another motion.
    let text = compared(&folder, &[("motion = \"human\"\n", "")], "");
    assert!(text.contains("\nroute call (human) → call (without a motion), in the same tier: 2 users\n"), "{text}");
}

#[test]
fn the_suppressed_are_no_work_for_people() {
    let folder = folder();
    // With 30 points and a call for everybody, the customer still is nobody's work.
    let more = [("event = \"invite\"\npoints = 10", "event = \"invite\"\npoints = 30"), ("asks > 0", "asks >= 0")];
    let report = json(&folder, &more);
    let users = &report["users"];
    assert_eq!(users["human_load"][0], serde_json::json!({ "route": "call", "to": null, "old": 2, "new": 4 }));
    assert_eq!((&report["summary"]["user.human_old"], &report["summary"]["user.human_new"]), (&2.into(), &4.into()));
    assert_eq!(users["suppressed_movers"], 1);
    // The customer has a row in the tier all the same.
    assert_eq!(users["tier_moves"][1], serde_json::json!({ "old": "not", "new": "hot", "count": 2 }), "{users}");
    let text = compared(&folder, &more, "");
    assert!(text.contains("\nnot → hot: 1 user\n  cid  10 → 30  invited +20\n"), "{text}");
    assert!(text.contains("\n1 suppressed user is in another tier or on another route, and not listed\n"), "{text}");
    assert!(text.contains("\n  suppressed users are no work for people and do not count here\n"), "{text}");
    assert!(!text.contains("ann"), "{text}");
    let markdown = compared(&folder, &more, "-f markdown");
    assert!(
        markdown.contains("\n| human route `call` of users, without the suppressed | 2 | 4 | +2 |\n"),
        "{markdown}"
    );
    assert!(markdown.contains("\n1 suppressed user is in another tier or on another route, and not listed.\n"));
}

#[test]
fn who_is_newly_or_no_longer_suppressed_is_counted_by_name() {
    let folder = folder();
    let other = [("invites >= 3", "invites = 1 and asks = 1"), ("at_least = 15", "at_least = 9")];
    let text = compared(&folder, &other, "");
    for listed in [
        "\nnewly suppressed by customer: 1 user\n  bob  15 → 15  tier hot\n",
        "\nno longer suppressed by customer: 1 user\n  ann  10 → 10  tier not → hot\n",
        "\nnot → hot: 1 user\n  cid ",
        ", 1 newly suppressed, 1 no longer suppressed\n",
    ] {
        assert!(text.contains(listed), "{listed}: {text}");
    }
    for name in ["ann", "bob", "cid"] {
        assert_eq!(text.matches(name).count(), 1, "{text}");
    }
    let report = json(&folder, &other);
    for (name, count) in [
        ("newly_suppressed", 1),
        ("no_longer_suppressed", 1),
        ("suppressed_old", 1),
        ("suppressed_new", 1),
        ("human_old", 2),
        ("human_new", 3),
    ] {
        assert_eq!(report["summary"][format!("user.{name}")], count, "{name}");
    }
    let group = &report["users"]["suppression_movers"][0];
    assert_eq!((&group["old"], &group["new"], &group["count"]), (&Json::Null, &"customer".into(), &1.into()));
    let hidden = compared(&folder, &other, "-f markdown --no-ids");
    assert!(
        hidden.contains("\nnewly suppressed by `customer`: 1\n\nno longer suppressed by `customer`: 1\n"),
        "{hidden}"
    );
    // The same people under another name are no movers.
    let renamed = compared(&folder, &[("name = \"customer\"", "name = \"buyer\"")], "");
    assert!(!renamed.contains("suppressed by"), "{renamed}");
}

#[test]
fn models_that_read_the_events_in_other_ways_say_so_with_the_counts_of_both() {
    let folder = folder();
    let renamed = [("schema = 1\n", "schema = 1\n[input]\nfields = { user = \"who\" }\n")];
    // The old model finds no user in these records, and the new one none in the others.
    let mut events = std::fs::read_to_string(folder.path().join("events.ndjson")).expect("events");
    events += "{\"event\":\"invite\",\"timestamp\":\"2026-10-04T10:00:00Z\",\"who\":\"fay\"}\n";
    folder.write("events.ndjson", &events);
    let text = compared(&folder, &renamed, "--max-rejects 100%");
    assert!(
        text.contains("\nThe models differ in [input], so each reads the events in its own way.\n\n  read by"),
        "{text}"
    );
    for row in ["records", "rejected", "events that count"] {
        assert!(text.contains(&format!("\n  {row} ")), "{row}: {text}");
    }
    let report: Json = serde_json::from_str(&compared(&folder, &renamed, "-f json --max-rejects 100%")).expect("JSON");
    assert_eq!((&report["old"]["records"], &report["new"]["records"]), (&9.into(), &9.into()));
    let markdown = compared(&folder, &renamed, "-f markdown --max-rejects 100%");
    let told = "The models differ in `[input]`, so each reads the events in its own way.\n\n| read by each model | old | new | change |\n";
    assert!(markdown.contains(told), "{markdown}");
    // Models that read in the same way say nothing of it.
    let same = compared(&folder, &[("points = 5", "points = 6")], "--max-rejects 100%");
    assert!(!same.contains("each reads") && !same.contains("read by"), "{same}");
    // Whoever is excluded under one model is counted.
    let excluded = compared(
        &folder,
        &[("schema = 1\n", "schema = 1\n[identity]\nexclude_users = [\"bob\"]\n")],
        "--max-rejects 100%",
    );
    assert!(excluded.contains("\nThe models differ in [identity], so"), "{excluded}");
    let row = excluded.lines().find(|line| line.contains("of excluded users")).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<&str>>(), ["of", "excluded", "users", "0", "2", "+2"]);
}

#[test]
fn each_mover_has_the_change_that_moves_it_alone() {
    let folder = folder();
    // The lower tier alone lets `cid` in; `dan` needs the dearer question too.
    let both = [("at_least = 15", "at_least = 10"), ("event = \"ask\"\npoints = 5", "event = \"ask\"\npoints = 10")];
    let text = compared(&folder, &both, "--by-change");
    for told in [
        "\n  only by several changes together: 1\n  by user tier hot alone: 1\n",
        "  by user tier hot alone\n",
        "  only by several changes together\n",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let line = |text: &str, id: &str| text.lines().find(|line| line.trim().starts_with(id)).map(str::to_owned);
    assert!(line(&text, "cid").expect("cid").ends_with("by user tier hot alone"), "{text}");
    assert!(line(&text, "dan").expect("dan").ends_with("only by several changes together"), "{text}");
    let hidden = compared(&folder, &both, "--by-change --no-ids -f markdown");
    assert!(hidden.contains("\nby `user tier hot` alone: 1\n"), "{hidden}");
    let report: Json = serde_json::from_str(&compared(&folder, &both, "--by-change -f json")).expect("JSON");
    let group = &report["users"]["tier_movers"][0];
    assert_eq!(group["causes"][1], serde_json::json!({ "alone": ["user tier hot"], "count": 1 }), "{group}");
    // Each of two changes may be enough.
    let either =
        [("at_least = 15", "at_least = 10"), ("event = \"invite\"\npoints = 10", "event = \"invite\"\npoints = 15")];
    let text = compared(&folder, &either, "--by-change");
    assert!(text.contains("  by user signal invited alone or by user tier hot alone\n"), "{text}");
    // Without the option nothing is tried.
    assert!(!compared(&folder, &either, "").contains("alone"));
}

#[test]
fn a_change_that_cannot_stand_alone_is_told() {
    let folder = folder();
    let metric = [
        (
            "[[user.signals]]\nname = \"invited\"",
            "looks = { measure = \"count\", event = \"look\" }\n[[user.signals]]\nname = \"invited\"",
        ),
        ("when = \"tier = 'hot' or asks > 0\"", "when = \"looks > 0\""),
    ];
    let text = compared(&folder, &metric, "--by-change");
    let note = "\n  user route call alone is no valid model, so it is not tried alone\n";
    assert!(text.contains(note), "{text}");
    assert!(text.contains("\n  only by several changes together: 1\n"), "{text}");
    let many: Vec<String> =
        (0..9).map(|place| format!("m{place} = {{ measure = \"count\", event = \"e{place}\" }}")).collect();
    let text = compared(&folder, &[("[metrics]\n", &format!("[metrics]\n{}\n", many.join("\n")))], "--by-change");
    assert!(text.contains("\n  9 entries change, and --by-change tries at most 8 alone\n"), "{text}");
}

#[test]
fn the_order_of_rules_is_a_change_of_its_own() {
    let folder = folder();
    let ask = "[[user.routes]]\nname = \"ask\"\nwhen = \"asks > 0\"\n";
    let start = OLD.split("[[user.routes]]").next().expect("a beginning");
    let routes = format!("[[user.routes]]{}", OLD.split_once("[[user.routes]]").expect("routes").1);
    let (call, wait) = routes.split_at(routes.rfind("[[user.routes]]").expect("two routes"));
    folder.write("one.toml", format!("{start}{call}{ask}{wait}"));
    folder.write("two.toml", format!("{start}{ask}{call}{wait}").replace("points = 5", "points = 6"));
    let outcome = folder.pql("diff one.toml two.toml events.ndjson -q --by-change");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let told = ", in the same tier: 2 users\n  by the order of user routes alone: 2\n";
    assert!(outcome.stdout.contains(told), "{}", outcome.stdout);
}
