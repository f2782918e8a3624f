//! `pql explain`: the ledger adds up to the score, the ways up and down are true, and the positions
//! of events are right.

use std::path::PathBuf;

use pql_engine::{
    ledger::{EntityRef, build_ledger},
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob, RunTables},
    plan::parse_all_facts,
    read::{InputKind, InputSource},
};
use pql_model::{EXAMPLE, EntityKind, diag::SourceDocument, units::Points};

use crate::run::{Folder, rows};

const MODEL: &str = "schema = 1\n\n[metrics]\nasks = { measure = \"count\", event = \"ask\" }\ndays_since_ask = { measure = \"days_since_last\", event = \"ask\" }\n\n[[user.signals]]\nname = \"invites\"\ncategory = \"team\"\nevent = \"invite\"\nlast = \"10d\"\nladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 25 }]\n\n[[user.signals]]\nname = \"asks\"\ncategory = \"intent\"\nper = \"asks\"\npoints = 10\nmax = 15\ndecay = { since = \"days_since_ask\", half_life_days = 2 }\n\n[[user.signals]]\nname = \"asked\"\ncategory = \"intent\"\nexclusive = \"x\"\nwhen = \"asks >= 1\"\npoints = 4\n\n[[user.signals]]\nname = \"asked_once\"\ncategory = \"intent\"\nexclusive = \"x\"\nwhen = \"asks = 1\"\npoints = 3\n\n[user.categories.intent]\nmax = 10\n\n[user.score]\nmax = 19\n\n[[user.tiers]]\nname = \"hot\"\nat_least = 19\n[[user.tiers]]\nname = \"warm\"\nat_least = 15\n[[user.tiers]]\nname = \"not\"\n";

fn line(user: &str, event: &str, at: &str) -> String {
    format!("{{\"event\":\"{event}\",\"timestamp\":\"{at}\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let events = [
        line("lee", "invite", "2026-10-30T10:00:00Z"),
        line("kim", "invite", "2026-10-29T10:00:00Z"),
        line("kim", "ask", "2026-10-29T11:00:00Z"),
        line("kim", "invite", "2026-10-01T10:00:00Z"),
        line("kim", "visit", "2026-10-30T10:00:00Z"),
    ];
    folder.write("events.ndjson", events.concat());
    folder
}

fn json(folder: &Folder, arguments: &str) -> serde_json::Value {
    let outcome = folder.pql(&format!("explain {arguments} --format json -q"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

#[test]
fn the_ledger_of_every_entity_of_the_sample_is_its_score() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("a fixture");
    let path = |name: &str| root.join(name).display().to_string();
    let models = [
        ("scoring.example.toml", EXAMPLE.to_owned()),
        ("fixtures/models/b2b.toml", read("fixtures/models/b2b.toml")),
        ("fixtures/models/enterprise.toml", read("fixtures/models/enterprise.toml")),
    ];
    for (name, text) in models {
        let model = parse_all_facts(&SourceDocument { name: name.to_owned(), text }).expect("a valid model");
        let out = format!("out-{}", name.replace('/', "-"));
        let outcome = folder.pql(&format!(
            "score {} -m {} --as-of 2026-10-31 --out {out} -q",
            path("fixtures/events.ndjson"),
            path(name)
        ));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let job = PipelineJob {
            format: "native",
            model: &model,
            inputs: vec![InputSource {
                name: "events".to_owned(),
                kind: InputKind::File(root.join("fixtures/events.ndjson")),
            }],
            when: AsOfRequest::EndOf(pql_model::clock::parse_day("2026-10-31").expect("a date")),
            now: 0,
            workers: 2,
            max_rejects: MaxRejects::Count(0),
            keep_rejects: false,
            limits: pql_engine::read::BlockLimits::STANDARD,
            users: None,
        };
        let folded = pipeline::fold_inputs(&job, None).expect("a state");
        let (scored, _) =
            pipeline::score_state((&folded.state, folded.as_of), &model, RunTables::default()).expect("scores");
        for side in EntityKind::ALL {
            let file = if side == EntityKind::User { "users.csv" } else { "accounts.csv" };
            let rows = rows(&folder.read(&format!("{out}/{file}")));
            let column = |name: &str| rows[0].iter().position(|known| known == name).expect("a column");
            let (score, tier, route) = (column("score"), column("tier"), column("route"));
            let mut explained = 0;
            for entity in EntityRef::all(&scored, side) {
                let ledger = build_ledger(&scored, &model, entity);
                let row =
                    rows.iter().find(|row| row[0] == ledger.id).unwrap_or_else(|| panic!("no row of {}", ledger.id));
                let sum: Points = ledger.lines.iter().map(|line| line.points).sum();
                assert_eq!(sum.to_string(), row[score], "{name} {}", ledger.id);
                assert_eq!(ledger.lines.last().map_or(Points::ZERO, |line| line.total), sum, "{name} {}", ledger.id);
                let chosen = |decision: &Option<pql_engine::ledger::RuleDecision>| {
                    decision
                        .as_ref()
                        .and_then(|decision| decision.matched_rule())
                        .map(|one| one.name.clone())
                        .unwrap_or_default()
                };
                assert_eq!(chosen(&ledger.tier), row[tier], "{name} {}", ledger.id);
                assert_eq!(chosen(&ledger.route), row[route], "{name} {}", ledger.id);
                explained += 1;
            }
            assert_eq!(explained, rows.len() - 1, "{name}");
        }
    }
}

#[test]
fn the_ledger_shows_what_max_decay_exclusivity_and_bounds_took() {
    let folder = folder();
    let entries = |json: &serde_json::Value| -> Vec<String> {
        let lines = json["ledger"].as_array().expect("a list");
        lines
            .iter()
            .map(|line| {
                let of = line["signal"].as_str().or(line["category"].as_str()).unwrap_or("");
                format!("{} {of} {} {}", line["entry"].as_str().unwrap_or(""), line["points"], line["total"])
            })
            .collect()
    };
    let kim = json(&folder, "user:kim events.ndjson -m model.toml --as-of 2026-10-31");
    let expected = [
        "signal invites 10 10",
        "signal asks 10 20",
        "decay asks -5 15",
        "signal asked 4 19",
        "signal asked_once 3 22",
        "exclusive asked_once -3 19",
    ];
    assert_eq!(entries(&kim), expected);
    // Two asks reach the maximum, and the bounds of category and score.
    let more = [line("kim", "ask", "2026-10-31T11:00:00Z"), line("kim", "invite", "2026-10-31T12:00:00Z").repeat(2)];
    folder.write("more.ndjson", more.concat());
    let kim = json(&folder, "user:kim events.ndjson more.ndjson -m model.toml --as-of 2026-10-31");
    let expected = [
        "signal invites 25 25",
        "signal asks 20 45",
        "max asks -5 40",
        "signal asked 4 44",
        "category_bounds intent -9 35",
        "score_bounds  -16 19",
    ];
    assert_eq!(entries(&kim), expected);
    let text = folder.pql("explain user:kim events.ndjson more.ndjson -m model.toml --as-of 2026-10-31 -q").stdout;
    for part in [
        "     -9     35  bounds   of the category `intent`",
        "    -16     19  bounds   of the score",
        "     -5     40    max",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
}

#[test]
fn the_way_up_leads_up() {
    let folder = folder();
    let lee = json(&folder, "user:lee events.ndjson -m model.toml --as-of 2026-10-31");
    assert_eq!((lee["tier"].as_str(), lee["next_tier"]["name"].as_str()), (Some("not"), Some("warm")));
    assert_eq!(lee["next_tier"]["points_missing"], 5);
    let ways = lee["next_tier"]["ways"].as_array().expect("a list");
    let ways: Vec<&str> = ways.iter().filter_map(|way| way["what"].as_str()).collect();
    // One `ask` pays by itself and by its decay; invitations pay more from the third on.
    assert!(ways.contains(&"ask once"), "{ways:?}");
    assert!(ways.contains(&"invite 2 times"), "{ways:?}");
    // The predicted change comes true.
    folder.write("more.ndjson", line("lee", "invite", "2026-10-31T10:00:00Z").repeat(2));
    let lee = json(&folder, "user:lee events.ndjson more.ndjson -m model.toml --as-of 2026-10-31");
    assert_eq!(lee["tier"], "hot");
    assert!(lee["next_tier"].is_null(), "{}", lee["next_tier"]);
}

#[test]
fn the_way_down_comes_on_its_day() {
    let folder = folder();
    let kim = json(&folder, "user:kim events.ndjson -m model.toml --as-of 2026-10-31");
    assert_eq!(kim["tier"], "hot");
    let drop = &kim["forecast"]["drop"];
    let (day, tier) = (drop["date"].as_str().expect("a date"), drop["tier"].as_str().expect("a tier"));
    let tier_at = |day: &str| {
        let outcome = folder.pql(&format!("score events.ndjson -m model.toml --level user --as-of {day} -q"));
        let rows = rows(&outcome.stdout);
        rows.into_iter().find(|row| row[0] == "kim").map(|row| (row[5].clone(), row[4].clone()))
    };
    assert_eq!(tier_at(day), Some((tier.to_owned(), drop["score"].to_string())));
    let number = pql_model::clock::parse_day(day).expect("a date");
    assert_eq!(tier_at(&pql_model::clock::format_day(number - 1)), Some(("hot".to_owned(), "19".to_owned())));
    assert_eq!(drop["causes"][0][0]["signal"], "asks");
    assert!(json(&folder, "user:kim events.ndjson -m model.toml --as-of 2026-10-31 --ahead 0")["forecast"].is_null());
}

#[test]
fn the_events_behind_a_signal_are_where_it_says() {
    let folder = folder();
    let places = |arguments: &str| -> Vec<String> {
        let list =
            json(&folder, &format!("{arguments} -m model.toml --as-of 2026-10-31 --ahead 0"))["events"]["list"].clone();
        let list = list.as_array().cloned().expect("a list");
        list.iter()
            .map(|one| {
                format!(
                    "{}:{} {}",
                    one["file"].as_str().unwrap_or(""),
                    one["line"],
                    one["event"].as_str().unwrap_or("")
                )
            })
            .collect()
    };
    // The invitation of 1 October is outside the window, and that of lee belongs to lee.
    assert_eq!(places("user:kim events.ndjson --signal invites"), ["events.ndjson:2 invite"]);
    assert_eq!(places("user:kim events.ndjson --signal asks"), ["events.ndjson:3 ask"]);
    let outcome = folder.pql("explain user:kim events.ndjson -m model.toml --signal invits");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`invites`"), "{}", outcome.stderr);
    let outcome = folder.pql_with(&["explain", "user:kim", "-", "-m", "model.toml", "--signal", "invites"], b"");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("name a file"), "{}", outcome.stderr);
}

#[test]
fn somebody_without_events_and_nobody_are_told_apart() {
    let folder = folder();
    let outcome = folder.pql("explain user:ann events.ndjson -m model.toml");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome:?}");
    assert!(outcome.stderr.contains("nothing to explain"), "{}", outcome.stderr);
    let outcome = folder.pql_with(&["explain", " ", "events.ndjson", "-m", "model.toml"], b"");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("user:ID"), "{}", outcome.stderr);
}

/// The message for an entity without anything to explain.
fn nothing(folder: &Folder, arguments: &str) -> String {
    let outcome = folder.pql(&format!("explain {arguments} -q"));
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome:?}");
    outcome.stderr
}

#[test]
fn who_is_set_aside_is_told_apart_from_who_is_unknown() {
    let folder = Folder::new();
    // The entries are on lines 3 to 5; each list also has an entry that does not match.
    let identity = "schema = 1\n[identity]\nexclude_users = [\"test-*\", \"qa-*\"]\nexclude_domains = [\"other.example\", \"ourco.example\"]\nservice_users = [\"svc-*\"]\n";
    folder.write("model.toml", identity);
    let of = |user: &str, account: &str| line(user, "ask", "2026-10-29T10:00:00Z").replace("acme", account);
    let events = [
        of("kim", "acme"),
        of("qa-1", "acme"),
        of("qa-1", "ours"),
        of("me@eu.ourco.example", "ours"),
        of("svc-1", "acme"),
        line("qa-late", "ask", "2026-11-02T10:00:00Z"),
        "{\"type\":\"alias\",\"timestamp\":\"2026-10-29T10:00:00Z\",\"user_id\":\"qa-1\",\"previous_id\":\"old\"}\n"
            .to_owned(),
    ];
    folder.write("events.ndjson", events.concat());
    let with = "events.ndjson -m model.toml --as-of 2026-10-31";
    let before = "has events before 2026-11-01T00:00:00Z, but";
    for (who, expected) in [
        (
            "user:qa-1",
            format!("the user `qa-1` {before} is set aside by its id: [identity] exclude_users (model.toml:3:28)"),
        ),
        (
            "user:old",
            format!("{before} is set aside by an id that is joined to it: [identity] exclude_users (model.toml:3:28)"),
        ),
        (
            "user:me@eu.ourco.example",
            format!("{before} is set aside by the domain of its e-mail: [identity] exclude_domains (model.toml:4:37)"),
        ),
        ("user:svc-1", format!("{before} is set aside by its id: [identity] service_users (model.toml:5:18)")),
        (
            "account:ours",
            format!(
                "the account `ours` {before} only of users who are set aside: [identity] exclude_domains (model.toml:4:37), [identity] exclude_users (model.toml:3:28), so there is nothing to explain; a copy of the model without these entries"
            ),
        ),
    ] {
        let told = nothing(&folder, &format!("{who} {with}"));
        assert!(told.contains(&expected), "{who}\n{expected}\n{told}");
    }
    // These are an id that would be excluded if it had an event, one with later events only, and
    // two unknown ones.
    for who in ["user:qa-2", "user:qa-late", "user:ann", "account:nobody"] {
        let told = nothing(&folder, &format!("{who} {with}"));
        assert!(told.contains("counts before 2026-11-01T00:00:00Z") && !told.contains("set aside"), "{who}: {told}");
    }
    // The advice of the message works: a copy of the model without the entries.
    folder.write("open.toml", "schema = 1\n");
    assert_eq!(folder.pql("explain account:ours events.ndjson -m open.toml --as-of 2026-10-31 -q").code, 0);
}

#[test]
fn of_events_that_are_read_once_it_is_said_what_the_model_says() {
    let folder = Folder::new();
    folder.write(
        "model.toml",
        "schema = 1\n[identity]\nexclude_users = [\"qa-*\"]\nexclude_domains = [\"ourco.example\"]\n",
    );
    let at = "2026-10-29T10:00:00Z";
    let events = line("kim", "ask", at) + &line("qa-1", "ask", at) + &line("me@ourco.example", "ask", at);
    let told = |who: &str| {
        let outcome = folder.pql_with(&["explain", who, "-", "-m", "model.toml", "-q"], events.as_bytes());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome:?}");
        outcome.stderr
    };
    assert!(
        told("user:qa-1")
            .contains("the user `qa-1` is set aside by its id: [identity] exclude_users (model.toml:3:18)")
    );
    assert!(
        told("user:me@ourco.example")
            .contains("the domain of its e-mail: [identity] exclude_domains (model.toml:4:20)")
    );
    assert!(told("user:ann").contains("no event of the user `ann` counts before"));
}
