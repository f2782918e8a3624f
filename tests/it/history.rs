//! `pql explain --history`: the dates on which the score or the tier changed, from events and from a record.

use pql_engine::{
    pipeline::RunTables,
    plan::Model,
    record::ListRecord,
    record_folder::{LogEntry, LogStanding, RecordFolder, RunToRecord, StepPoints},
};
use pql_model::{
    EntityKind,
    clock::{AsOf, Zone, format_day, parse_day},
    units::Points,
};

use crate::{
    run::{Folder, rows},
    standings::model,
};

const MODEL: &str = r#"
schema = 1
[user.traits]
email = { type = "text" }
[[user.signals]]
name = "invites"
event = "invite"
last = "7d"
ladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 25 }]
[[user.signals]]
name = "away"
when = "days_inactive >= 4"
points = -5
[[user.tiers]]
name = "lead"
at_least = 25
stay_at_least = 20
qualified = true
[[user.tiers]]
name = "not"
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("m.toml", MODEL);
    let line = |user: &str, date: &str| {
        format!("{{\"event\":\"invite\",\"timestamp\":\"2026-10-{date}T10:00:00Z\",\"user_id\":\"{user}\"}}\n")
    };
    let identify = "{\"type\":\"identify\",\"timestamp\":\"2026-10-03T10:00:00Z\",\"user_id\":\"kim\",\"traits\":{\"email\":\"kim@acme.com\"}}\n";
    let events: String = [("lee", "01"), ("kim", "03"), ("kim", "05"), ("kim", "06")]
        .into_iter()
        .map(|(user, date)| line(user, date))
        .collect();
    folder.write("e.ndjson", format!("{events}{identify}"));
    folder
}

const EXPLAIN: &str = "explain kim e.ndjson -m m.toml --as-of 2026-10-16 --history -q";

#[test]
fn a_history_has_a_line_for_each_date_on_which_something_changed() {
    let folder = folder();
    let outcome = folder.pql(EXPLAIN);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let expected = "user kim\n\n\
        date        score  tier  because\n\
        2026-10-03     10  not   invites:+10(events)\n\
        2026-10-06     25  lead  invites:+15(events)\n\
        2026-10-10      5  not   invites:-15(time); away:-5(time)\n\
        2026-10-13     -5  not   invites:-10(time)\n";
    assert_eq!(outcome.stdout, expected);
    // Whoever is meant may be told by an e-mail address, as without a history.
    assert_eq!(folder.pql(&EXPLAIN.replace("kim", "kim@acme.com")).stdout, expected);
    let steps = folder.pql(&format!("{EXPLAIN} --every 1w"));
    assert_eq!(
        steps.stdout,
        "user kim\n\n\
        date        score  tier  because\n\
        2026-10-08     25  lead  invites:+25(events)\n\
        2026-10-15     -5  not   invites:-25(time); away:-5(time)\n"
    );
}

#[test]
fn each_line_is_what_a_score_of_that_date_says() {
    let folder = folder();
    folder.write("m.toml", MODEL.replace("stay_at_least = 20\n", ""));
    let outcome = folder.pql(&format!("{EXPLAIN} --format json"));
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!((json["level"].as_str(), json["id"].as_str()), (Some("user"), Some("kim")));
    let lines = json["history"].as_array().expect("lines");
    let mut known = (0, String::new());
    let first = parse_day("2026-10-01").expect("a date");
    for day in (first..first + 16).map(format_day) {
        let line = lines.iter().find(|line| line["date"] == day);
        if let Some(line) = line {
            let gained: i64 = line["because"]
                .as_array()
                .expect("reasons")
                .iter()
                .map(|one| one["points"].as_i64().expect("points"))
                .sum();
            let score = line["score"].as_i64().expect("a score");
            assert_eq!(score - known.0, gained, "{line}");
            known = (score, line["tier"].as_str().expect("a tier").to_owned());
        }
        let scored =
            folder.pql(&format!("score e.ndjson -m m.toml --as-of {day} --level user -q --columns user_id,score,tier"));
        let row = rows(&scored.stdout).into_iter().find(|row| row[0] == "kim");
        let row = row.map(|row| (row[1].parse().expect("a score"), row[2].clone()));
        assert_eq!(row.unwrap_or_default(), known, "{day}");
    }
    assert_eq!(lines.len(), 4);
}

/// An entry of the log.
fn entry(kind: EntityKind, score: i64, signal: &str, step: StepPoints) -> LogEntry {
    let standing = LogStanding { score: Points(score), tier: Some("lead".into()) };
    LogEntry {
        kind,
        id: "kim".into(),
        account: None,
        before: None,
        now: Some(standing),
        signals: vec![(signal.into(), step)],
    }
}

/// Records a run whose log has an entry.
fn record(folder: &mut RecordFolder, model: &Model, date: &str, log: &[LogEntry]) {
    let as_of = AsOf::end_of_day(parse_day(date).expect("a date"), &Zone::utc());
    let run = RunToRecord {
        list: &ListRecord::without_entities(as_of, model),
        model,
        model_name: "m",
        model_hash: "0",
        model_text: MODEL,
        tables: RunTables::default(),
        log,
        lists: &[],
        counts: &[],
    };
    folder.stage(&run).expect("a run").commit().expect("a run").mark_published().expect("a run");
}

#[test]
fn a_record_tells_the_history_without_events() {
    let place = folder();
    let model = model(MODEL);
    let mut folder = RecordFolder::try_begin(&place.path().join("rec")).expect("a folder").expect("a lock");
    let points = StepPoints { events: Points(10_000), time: Points(-15_000), ..StepPoints::default() };
    record(&mut folder, &model, "2026-10-03", &[]);
    record(&mut folder, &model, "2026-10-04", &[entry(EntityKind::User, 25_000, "invites", points)]);
    let gone = LogEntry { now: None, ..entry(EntityKind::User, 0, "invites", points) };
    record(&mut folder, &model, "2026-11-05", &[gone]);
    drop(folder);
    let outcome = place.pql("explain kim --history --record rec");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert_eq!(
        outcome.stdout,
        "user kim\n\n\
        date        score  tier  because\n\
        2026-10-04     25  lead  invites:-15(time); invites:+10(events)\n\
        2026-11-05      -  -     invites:-15(time); invites:+10(events)\n"
    );
    let mut folder = RecordFolder::try_open(&place.path().join("rec")).expect("a record").expect("a lock");
    record(&mut folder, &model, "2026-11-06", &[entry(EntityKind::Account, 1_000, "used", points)]);
    drop(folder);
    for (arguments, code, told) in [
        ("kim --record rec", 2, "expected user:kim or account:kim"),
        ("user:lee --record rec", 1, "the record in `rec` has no change of `lee`"),
        ("kim --record none", 2, "`none` holds no record"),
        ("kim --record .", 2, "`.` holds no record"),
        ("kim e.ndjson --record rec", 2, "cannot be used with"),
        ("kim", 2, "<EVENTS>..."),
        ("kim e.ndjson -m m.toml --signal invites", 2, "cannot be used with"),
        ("kim e.ndjson -m m.toml --every 0d", 2, "expected days such as 1d"),
        ("nobody e.ndjson -m m.toml", 1, "nobody"),
        ("kim - -m m.toml", 2, "can be read only once"),
    ] {
        let outcome = place.pql(&format!("explain {arguments} --history"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (code, ""), "{arguments}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(told), "{arguments}: {told}\n{}", outcome.stderr);
    }
    let outcome = place.pql("explain account:kim --history --record rec --format json");
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(
        json["history"][0]["because"][0],
        serde_json::json!({ "signal": "used", "points": -15, "step": "time" })
    );
}
