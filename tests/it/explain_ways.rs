//! `pql explain`: each way up comes true when its events are appended to the file, and the cause of a drop is what the drop hangs on.

use std::path::PathBuf;

use serde_json::Value;

use crate::run::{Folder, rows};

fn json(folder: &Folder, arguments: &str) -> Value {
    let outcome = folder.pql(&format!("explain {arguments} --format json -q"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// The ways up, as a list.
fn ways(explained: &Value) -> Vec<Value> {
    explained["next_tier"]["ways"].as_array().cloned().unwrap_or_default()
}

/// Score and tier of an entity in a run of `pql score`.
fn scored(folder: &Folder, arguments: &str, id: &str) -> (String, String) {
    let outcome = folder.pql(&format!("score {arguments} -q"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let rows = rows(&outcome.stdout);
    let column = |name: &str| rows[0].iter().position(|known| known == name).expect("a column");
    let row = rows.iter().find(|row| row[0] == id).unwrap_or_else(|| panic!("no row of {id}"));
    (row[column("score")].clone(), row[column("tier")].clone())
}

/// Appends the events of a way to a file of their own, and compares what `pql score` says.
fn comes_true(folder: &Folder, way: &Value, run: &str, (level, id): (&str, &str)) {
    let events = way["events"].as_array().expect("a list");
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    folder.write("more.ndjson", lines);
    let told = (way["score"].to_string(), way["tier"].as_str().expect("a tier").to_owned());
    assert_eq!(scored(folder, &format!("more.ndjson {run} --level {level}"), id), told, "{id}: {way}");
}

#[test]
fn every_way_up_of_the_sample_comes_true() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = |name: &str| root.join("fixtures").join(name).display().to_string();
    let run = format!(
        "{} --users {} --accounts {} --as-of 2026-10-31 -m {}",
        path("events.ndjson"),
        path("users.csv"),
        path("accounts.csv"),
        root.join("scoring.example.toml").display()
    );
    let folder = Folder::in_memory();
    let mut tried = 0;
    for (level, id) in [("user", "u033"), ("user", "u032"), ("user", "u088"), ("account", "a005"), ("account", "a001")]
    {
        for way in ways(&json(&folder, &format!("{level}:{id} {run} --ahead 0"))) {
            if way.get("known").is_none() {
                comes_true(&folder, &way, &run, (level, id));
                tried += 1;
            }
        }
    }
    assert!(tried >= 12, "{tried}");
}

const MODEL: &str = r#"schema = 1
[input]
fields = { account = "properties.team.id" }
[user.traits]
role = { type = "text" }
[events]
big_order = { event = "order", where = "amount >= 100 and kind in ('new', 'old')" }
[metrics]
features = { measure = "distinct", value = "feature", event = "use", where = "tier = 'premium'" }
[[user.signals]]
name = "features"
value = "features"
ladder = [{ at_least = 3, points = 20 }]
[[user.signals]]
name = "orders"
event = "big_order"
points = 20
[[user.signals]]
name = "boss"
when = "role = 'boss'"
points = 25
[[user.signals]]
name = "away"
when = "days_inactive >= 7"
points = -10
[[user.tiers]]
name = "hot"
at_least = 20
[[user.tiers]]
name = "warm"
at_least = 0
[[user.tiers]]
name = "not"
[account.rollups]
scores = { measure = "sum", value = "score" }
[[account.signals]]
name = "member_scores"
per = "scores"
points = 1
[[account.tiers]]
name = "big"
at_least = 20
when = "active_users_28 >= 3"
[[account.tiers]]
name = "small"
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let line = |user: &str, at: &str, more: &str| {
        format!(
            "{{\"event\":\"use\",\"timestamp\":\"{at}T10:00:00Z\",\"user_id\":\"{user}\",\"properties\":{{\"team\":{{\"id\":\"acme\"}}{more}}}}}\n"
        )
    };
    let events = [
        line("ann", "2026-10-01", ""),
        line("ben", "2026-10-10", ",\"tier\":\"premium\",\"feature\":\"a\""),
        line("ben", "2026-10-12", ",\"tier\":\"premium\",\"feature\":\"b\""),
        line("ben", "2026-10-14", ",\"tier\":\"premium\",\"feature\":\"c\""),
    ];
    folder.write("events.ndjson", events.concat());
    folder
}

const RUN: &str = "events.ndjson -m model.toml --as-of 2026-10-31";

/// Ways as `what: score tier`.
fn told(explained: &Value) -> Vec<String> {
    let one = |way: &Value| {
        let text = |key: &str| way[key].as_str().unwrap_or_default().to_owned();
        format!("{}: {} {}", text("what"), way["score"], text("tier"))
    };
    ways(explained).iter().map(one).collect()
}

#[test]
fn a_way_counts_all_that_follows_and_meets_the_filters() {
    let folder = folder();
    // Whoever acts is no longer away: 10 points that no signal pays for.
    let ann = json(&folder, &format!("ann {RUN}"));
    assert_eq!((ann["score"].as_i64(), ann["tier"].as_str()), (Some(-10), Some("not")));
    assert_eq!(
        told(&ann),
        [
            "any activity once: 0 warm",
            "order with amount = 100, kind = new once: 20 hot",
            "use with tier = premium once: 0 warm",
            "if role were boss: 15 warm",
        ]
    );
    // Three features are three different ones.
    let ben = json(&folder, &format!("ben {RUN}"));
    assert_eq!(ben["tier"], "warm");
    assert_eq!(told(&ben)[0], "any activity once: 20 hot");
    folder.write("other.ndjson", "{\"event\":\"other\",\"timestamp\":\"2026-10-31T10:00:00Z\",\"user_id\":\"dee\"}\n");
    let dee = json(&folder, &format!("dee other.ndjson {RUN}"));
    assert_eq!(
        told(&dee)[..2],
        ["order with amount = 100, kind = new once: 20 hot", "use with tier = premium 3 times: 20 hot"]
    );
    // The model reads accounts elsewhere; events in the native format are native all the same.
    folder.write("plain.toml", MODEL.replace("[input]\nfields = { account = \"properties.team.id\" }\n", ""));
    for (id, explained, events) in [("dee", &dee, "other.ndjson"), ("ben", &ben, "")] {
        for way in ways(explained).iter().filter(|way| way.get("known").is_none()) {
            let run = format!("{events} events.ndjson -m plain.toml --as-of 2026-10-31");
            comes_true(&folder, way, &run, ("user", id));
        }
    }
}

#[test]
fn an_account_rises_by_a_member_and_by_new_people() {
    let folder = folder();
    let acme = json(&folder, &format!("acme {RUN}"));
    assert_eq!((acme["tier"].as_str(), acme["score"].as_i64()), (Some("small"), Some(0)));
    let told = told(&acme);
    assert!(told.iter().any(|way| way.contains(" by 2 new people: ")), "{told:?}");
    let with_account = |way: &Value| way["events"][0]["account_id"] == "acme";
    assert!(ways(&acme).iter().filter(|way| way.get("known").is_none()).all(with_account), "{acme}");
}

#[test]
fn another_trait_comes_true_with_a_file_of_users() {
    let folder = folder();
    let ann = json(&folder, &format!("ann {RUN}"));
    let way = ways(&ann).into_iter().find(|way| way.get("known").is_some()).expect("a trait");
    assert_eq!((way["known"]["trait"].as_str(), way["known"]["id"].as_str()), (Some("role"), Some("ann")));
    folder.write("users.csv", format!("user_id,role\nann,{}\n", way["known"]["value"].as_str().expect("a text")));
    let told = (way["score"].to_string(), way["tier"].as_str().expect("a tier").to_owned());
    assert_eq!(scored(&folder, &format!("{RUN} --users users.csv --level user"), "ann"), told);
}

/// A model whose traits are not in the order of their names.
const TRAITS: &str = r#"schema = 1
[user.traits]
title = { type = "text" }
seats = { type = "number" }
[account.traits]
plan = { type = "text" }
employees = { type = "number" }
[[account.signals]]
name = "large"
when = "employees >= 50"
points = 5
[[account.signals]]
name = "paying"
when = "plan = 'team'"
points = 20
[[account.tiers]]
name = "big"
at_least = 20
[[account.tiers]]
name = "small"
[[user.signals]]
name = "seats"
when = "seats >= 5"
points = 5
[[user.signals]]
name = "boss"
when = "title = 'boss'"
points = 20
[[user.tiers]]
name = "hot"
at_least = 20
[[user.tiers]]
name = "cold"
"#;

#[test]
fn a_trait_is_itself_whatever_the_order_of_the_model() {
    let folder = Folder::in_memory();
    folder.write("model.toml", TRAITS);
    let event = r#"{"event":"use","timestamp":"2026-10-20T10:00:00Z","user_id":"ann","account_id":"acme"}"#;
    folder.write("events.ndjson", format!("{event}\n"));
    let known = |id: &str, arguments: &str| {
        let explained = json(&folder, &format!("{id} {RUN} {arguments}"));
        let traits = ways(&explained).into_iter().filter(|way| way.get("known").is_some());
        traits.map(|way| format!("{} {}", way["what"].as_str().unwrap_or_default(), way["score"])).collect::<Vec<_>>()
    };
    assert_eq!(known("ann", ""), ["if title were boss 20"]);
    assert_eq!(known("acme", ""), ["if plan were team 20"]);
    // A file that has one of the traits keeps it.
    folder.write("users.csv", "user_id,seats\nann,7\n");
    assert_eq!(known("ann", "--users users.csv"), ["if title were boss 25"]);
}

/// Two parts ask for the event `use`, one of them for a property too, and `order` pays points between theirs.
const SAME_EVENT: &str = r#"schema = 1
[metrics]
features = { measure = "distinct", value = "feature", event = "use" }
[[user.signals]]
name = "uses"
event = "use"
points = 10
[[user.signals]]
name = "features"
value = "features"
ladder = [{ at_least = 1, points = 20 }]
[[user.signals]]
name = "orders"
event = "order"
points = 15
[[user.tiers]]
name = "hot"
at_least = 10
[[user.tiers]]
name = "not"
"#;

#[test]
fn a_way_is_told_once() {
    let folder = Folder::new();
    folder.write("model.toml", SAME_EVENT);
    folder.write("events.ndjson", "{\"event\":\"other\",\"timestamp\":\"2026-10-31T10:00:00Z\",\"user_id\":\"dee\"}\n");
    let dee = json(&folder, &format!("dee {RUN}"));
    assert_eq!(told(&dee), ["use once: 30 hot", "order once: 15 hot"]);
}

/// One tier above, which hangs on one condition.
fn one_condition(events: &str, when: &str) -> String {
    format!(
        "schema = 1\n[user.traits]\nrole = {{ type = \"text\" }}\nseats = {{ type = \"number\" }}\nvip = {{ type = \"boolean\" }}\n{events}\
         [[user.tiers]]\nname = \"hot\"\nwhen = \"{when}\"\n[[user.tiers]]\nname = \"not\"\n"
    )
}

#[test]
fn every_kind_of_comparison_gives_values_to_try() {
    let metric = |filter: &str| {
        format!("[metrics]\norders = {{ measure = \"count\", event = \"order\", where = \"{filter}\" }}\n")
    };
    let folder = Folder::new();
    folder.write("events.ndjson", "{\"event\":\"other\",\"timestamp\":\"2026-10-31T10:00:00Z\",\"user_id\":\"dee\"}\n");
    for (events, when, expected) in [
        (String::new(), "role like 'vp%'", "if role were vp"),
        (String::new(), "lower(role) like '%director%'", "if role were director"),
        (String::new(), "role not like 'vp%'", "if role were other"),
        (String::new(), "role is not null", "if role were known"),
        (String::new(), "seats is not null", "if seats were 0"),
        (String::new(), "coalesce(vip, false)", "if vip were true"),
        (String::new(), "nullif(role, 'intern') = 'boss'", "if role were boss"),
        (metric("kind like 'new%'"), "orders > 0", "order with kind = new once"),
        (metric("kind is not null"), "orders > 0", "order with kind = true once"),
    ] {
        folder.write("model.toml", one_condition(&events, when));
        let dee = json(&folder, &format!("dee {RUN}"));
        let found = told(&dee);
        assert!(found.iter().any(|way| way.starts_with(expected)), "{when}: {found:?}");
        let of_type = |way: &String| !way.contains("role were true") && !way.contains("role were 1");
        assert!(found.iter().all(of_type), "{when}: {found:?}");
    }
}

/// A model in which the score falls, and a condition falls later; only the condition makes the tier drop.
const DROPS: &str = r#"schema = 1
[[account.signals]]
name = "visits"
event = "visit"
last = "5d"
ladder = [{ at_least = 1, points = 50 }]
[[account.signals]]
name = "known"
when = "events >= 1"
points = 50
[[account.tiers]]
name = "big"
at_least = 40
when = "crowd"
[[account.tiers]]
name = "small"
[account.facts]
crowd = "active_users_28 >= 2"
"#;

#[test]
fn the_cause_of_a_drop_is_what_it_hangs_on() {
    let folder = Folder::new();
    let line = |user: &str, at: &str| {
        format!(
            "{{\"event\":\"visit\",\"timestamp\":\"2026-10-{at}T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
        )
    };
    folder.write("events.ndjson", line("ann", "20") + &line("ben", "31"));
    let causes = |model: &str| {
        folder.write("model.toml", model);
        json(&folder, "acme events.ndjson -m model.toml --as-of 2026-10-31")["forecast"]["drop"].clone()
    };
    // The points fall on 5 November, which is not why the tier is lost on 17 November.
    let drop = causes(DROPS);
    assert_eq!(drop["date"], "2026-11-17");
    assert_eq!(drop["causes"], serde_json::json!([[{ "fact": "active_users_28", "value": 2, "value_then": 1 }]]));
    let text = folder.pql("explain acme events.ndjson -m model.toml --as-of 2026-10-31 -q").stdout;
    assert!(text.contains("  because of active_users_28: 2 → 1\n"), "{text}");
    // With a higher threshold it is the points.
    let drop = causes(&DROPS.replace("at_least = 40", "at_least = 60"));
    assert_eq!(drop["date"], "2026-11-05");
    assert_eq!(drop["causes"], serde_json::json!([[{ "signal": "visits", "points": 50, "points_then": 0 }]]));
    // Where two must be undone together, both are named.
    let both = DROPS
        .replace("last = \"5d\"", "last = \"28d\"")
        .replace("at_least = 1, points = 50", "at_least = 2, points = 50");
    let drop = causes(&both.replace("at_least = 40", "at_least = 60"));
    assert_eq!(drop["causes"].as_array().map(Vec::len), Some(1), "{drop}");
    assert_eq!(drop["causes"][0].as_array().map(Vec::len), Some(2), "{drop}");
}
