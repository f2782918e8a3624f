//! What the run before says: staying in a tier, and the facts of the record.

use std::collections::HashMap;

use jiff::{ToSpan, civil::Date};
use pql_engine::{
    ledger::{EntityRef, build_ledger, fact_value},
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob, RunTables},
    plan::{Model, parse_all_facts},
    read::{InputKind, InputSource},
    score::{PreviousStanding, PreviousStandings, ScoredEntities},
};
use pql_model::{EntityKind, PerKind, clock::parse_day, diag::SourceDocument, units::Points};

use crate::{
    reference::{naive, random},
    run::Folder,
};

/// Scores events in memory after a run before, and hands the result on.
pub fn scored_after<T>(
    (model, events): (&Model, &str),
    as_of: &str,
    before: &PreviousStandings,
    take: impl FnOnce(&ScoredEntities<'_>) -> T,
) -> T {
    let job = PipelineJob {
        format: "native",
        model,
        inputs: vec![InputSource { name: "events".to_owned(), kind: InputKind::Memory(events.as_bytes().into()) }],
        when: AsOfRequest::EndOf(parse_day(as_of).expect("a date")),
        now: 0,
        workers: 1,
        max_rejects: MaxRejects::Share(1.0),
        keep_rejects: false,
        limits: pql_engine::read::BlockLimits::STANDARD,
        users: None,
    };
    let folded = pipeline::fold_inputs(&job, None).expect("a state");
    let state = (&folded.state, folded.as_of);
    let (scored, _) = pipeline::score_state_after(state, model, RunTables::default(), before).expect("scores");
    take(&scored)
}

pub fn model(text: &str) -> Model {
    parse_all_facts(&SourceDocument { name: "m.toml".to_owned(), text: text.to_owned() }).expect("a valid model")
}

/// A fact of an entity as text; empty if it is null.
fn shown(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef, name: &str) -> String {
    let scope = entity.scope(scored);
    let value = fact_value(model, entity.side, name, &scope);
    value.and_then(|value| value.to_text().map(std::borrow::Cow::into_owned)).unwrap_or_default()
}

fn standing(tier: Option<&str>, score: i64, since: &str, first: Option<&str>) -> PreviousStanding {
    let day = |text: &str| parse_day(text).expect("a date");
    let tier = tier.map(str::to_owned);
    PreviousStanding { tier, score: Some(Points(score)), tier_since: Some(day(since)), first_qualified: first.map(day) }
}

const MODEL: &str = r#"
schema = 1
[metrics]
uses = { measure = "count", event = "use" }
leaves = { measure = "count", event = "leave" }
[[user.signals]]
name = "used"
per = "uses"
points = 10
[[user.tiers]]
name = "hot"
at_least = 40
stay_at_least = 30
when = "leaves = 0"
qualified = true
[[user.tiers]]
name = "warm"
above = 20
stay_above = 10
[[user.tiers]]
name = "cold"
[[user.routes]]
name = "keep"
when = "tier = 'warm' and previous_tier = 'hot'"
because = "{previous_tier} with {previous_score} points, now {tier} since {tier_since}"
[[user.routes]]
name = "other"
"#;

/// A user for each number of uses; `left` has left.
fn events() -> String {
    let mut lines = String::new();
    let line = |user: &str, event: &str, second: usize| {
        format!("{{\"event\":\"{event}\",\"timestamp\":\"2026-10-05T08:00:0{second}Z\",\"user_id\":\"{user}\"}}\n")
    };
    for uses in 1..=4 {
        (0..uses).for_each(|second| lines += &line(&format!("u{uses}"), "use", second));
    }
    (0..3).for_each(|second| lines += &line("left", "use", second));
    lines + &line("left", "leave", 9)
}

#[test]
fn whoever_was_in_a_tier_or_above_it_stays_while_the_lower_threshold_and_the_condition_hold() {
    let model = model(MODEL);
    // The user, the tier before, and the tier now.
    for (user, before, tier) in [
        ("u3", None, "warm"),
        ("u3", Some("cold"), "warm"),
        ("u3", Some("warm"), "warm"),
        ("u3", Some("hot"), "hot"),
        ("u3", Some("of_an_older_model"), "warm"),
        ("left", Some("hot"), "warm"),
        ("u2", Some("hot"), "warm"),
        ("u2", Some("warm"), "warm"),
        ("u2", Some("cold"), "cold"),
        ("u2", None, "cold"),
        ("u1", Some("warm"), "cold"),
        ("u4", Some("cold"), "hot"),
    ] {
        let before = before.map(|tier| (user.to_owned(), standing(Some(tier), 0, "2026-10-01", None)));
        let before = PerKind { user: before.into_iter().collect(), account: HashMap::new() };
        scored_after((&model, &events()), "2026-10-31", &before, |scored| {
            let entity = EntityRef::find(scored, EntityKind::User, user).expect("a user");
            assert_eq!(shown(scored, &model, entity, "tier"), tier, "{user} {before:?}");
            let ledger = build_ledger(scored, &model, entity);
            let rule = ledger.tier.as_ref().and_then(|decision| decision.matched_rule()).expect("a tier");
            assert_eq!(rule.name, tier, "{user} {before:?}");
        });
    }
}

#[test]
fn facts_of_the_record_tell_the_run_before_and_the_day_that_saw_a_tier_first() {
    let model = model(MODEL);
    let users = [
        ("u4", standing(Some("hot"), 41_000, "2026-10-01", Some("2026-09-01"))),
        ("u3", standing(Some("hot"), 50_500, "2026-10-01", Some("2026-10-01"))),
        ("u2", standing(Some("hot"), 40_000, "2026-10-02", None)),
    ];
    let before =
        PerKind { user: users.into_iter().map(|(id, one)| (id.to_owned(), one)).collect(), account: HashMap::new() };
    scored_after((&model, &events()), "2026-10-31", &before, |scored| {
        for (user, facts) in [
            ("u4", ["hot", "41", "2026-10-01", "2026-09-01", "other"]),
            ("u3", ["hot", "50.5", "2026-10-01", "2026-10-01", "other"]),
            ("u2", ["hot", "40", "2026-10-31", "", "keep"]),
            // Who is new has a tier since this run.
            ("u1", ["", "", "2026-10-31", "", "other"]),
        ] {
            let entity = EntityRef::find(scored, EntityKind::User, user).expect("a user");
            let names = ["previous_tier", "previous_score", "tier_since", "first_qualified", "route"];
            assert_eq!(names.map(|name| shown(scored, &model, entity, name)), facts, "{user}");
        }
    });
    let nobody = PreviousStandings::default();
    scored_after((&model, &events()), "2026-10-31", &nobody, |scored| {
        let entity = EntityRef::find(scored, EntityKind::User, "u4").expect("a user");
        assert_eq!(shown(scored, &model, entity, "first_qualified"), "2026-10-31", "qualified for the first time");
    });
}

#[test]
fn without_a_record_its_facts_are_null_and_nobody_stays() {
    let folder = Folder::in_memory();
    folder.write("m.toml", format!("{MODEL}[output]\nuser_columns = [\"previous_tier\", \"tier_since\"]\n"));
    folder.write("e.ndjson", events());
    let run = "score e.ndjson -m m.toml --as-of 2026-10-31 -q --level user";
    let shown = folder.pql(&format!("{run} --columns user_id,tier,previous_tier,tier_since,because"));
    assert_eq!(
        shown.stdout,
        "user_id,tier,previous_tier,tier_since,because\nu4,hot,,,\nleft,warm,,,\nu3,warm,,,\nu2,cold,,,\nu1,cold,,,\n"
    );
    let none = folder
        .pql_with(&[&run.split(' ').collect::<Vec<_>>()[..], &["--where", "previous_score is not null"]].concat(), b"");
    assert_eq!((none.code, none.stdout.lines().count()), (0, 1), "{}", none.stderr);
}

#[test]
fn whose_tier_a_record_would_decide_is_counted_where_there_is_none() {
    let folder = Folder::in_memory();
    folder.write("e.ndjson", events());
    let note = "scored enough to stay in a higher tier, and too little to enter it; only a run with --record knows who was in it before\n";
    let run = "score e.ndjson -m m.toml --as-of 2026-10-31";
    folder.write("m.toml", MODEL);
    // u3 has 30 points and u2 has 20; who has left could not stay.
    assert!(folder.pql(run).stderr.contains(&format!("note: 2 users {note}")));
    assert!(folder.pql(&format!("{run} --out out")).stderr.contains(&format!("note: 2 users {note}")));
    assert!(!folder.pql(&format!("{run} -q")).stderr.contains(note));
    folder.write("m.toml", MODEL.replace("stay_at_least = 30\n", ""));
    assert!(folder.pql(run).stderr.contains(&format!("note: 1 user {note}")));
    folder.write("m.toml", MODEL.replace("stay_at_least = 30\n", "").replace("stay_above = 10\n", ""));
    assert!(!folder.pql(run).stderr.contains(note));
    folder.write("m.toml", MODEL);
    let recorded = folder.pql(&format!("{run} --out recorded --record rec --begin"));
    assert!(recorded.code == 0 && !recorded.stderr.contains(note), "{recorded:?}");
}

#[test]
fn facts_of_the_record_come_after_tiers() {
    let folder = Folder::in_memory();
    for (part, place) in [
        ("[[user.signals]]\nname = \"x\"\nwhen = \"previous_score > 3\"\npoints = 1\n", "signals of users"),
        ("[user]\nchampion = \"previous_tier = 'hot'\"\n", "champions and buyers"),
        ("[[account.segments]]\nname = \"x\"\nwhen = \"tier_since < today\"\n", "segments"),
        (
            "[[account.tiers]]\nname = \"x\"\nwhen = \"first_qualified < today\"\n[[account.tiers]]\nname = \"y\"\n",
            "tiers of accounts",
        ),
    ] {
        folder.write("m.toml", format!("{MODEL}{part}"));
        let outcome = folder.pql("check m.toml");
        let message = format!("is not known yet when {place} are computed");
        assert!(outcome.code == 1 && outcome.stderr.contains(&message), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("computed with the facts of the record"), "{}", outcome.stderr);
    }
}

#[test]
fn to_stay_asks_for_no_more_than_to_enter() {
    let folder = Folder::in_memory();
    for (from, to, message) in [
        ("stay_at_least = 30", "stay_at_least = 40.5", "M021"),
        ("stay_at_least = 30", "stay_above = 40", "M021"),
        ("stay_at_least = 30", "stay_at_least = 30\nstay_above = 20", "`stay_above` beside `stay_at_least`"),
        ("at_least = 40\n", "", "`stay_at_least` in a tier without a threshold"),
        ("stay_at_least = 30", "stay_at_least = 40", ""),
        ("stay_above = 10", "stay_at_least = 20", ""),
        ("stay_above = 10", "stay_above = 20", ""),
    ] {
        folder.write("m.toml", MODEL.replacen(from, to, 1));
        let outcome = folder.pql("check m.toml -q");
        assert!(outcome.stderr.contains(message), "{to}: {}", outcome.stderr);
        assert_eq!(outcome.code, i32::from(!message.is_empty()), "{to}: {}", outcome.stderr);
    }
}

/// Standings of some of the users and accounts of a random case, in both forms.
fn random_standings(rng: &mut random::Rng, rows: &naive::Scored, today: Date) -> (PreviousStandings, naive::Record) {
    let (mut standings, mut record) = (PreviousStandings::default(), naive::Record::new());
    for (level, table) in [("user", &rows.users), ("account", &rows.accounts)] {
        for row in &table[1..] {
            if rng.chance(30) {
                continue;
            }
            let tier = rng.pick(&["hot", "warm", "mild", "none_of_these", "older"]);
            let tier = rng.chance(90).then(|| tier.to_owned());
            let date = |rng: &mut random::Rng| today.saturating_sub(rng.between(1, 90).days());
            let (tier_since, first) = (date(rng), date(rng));
            let first_qualified = rng.chance(50).then_some(first);
            let score = rng.between(-20, 100);
            let before = naive::Before { tier: tier.clone(), score: score as f64, tier_since, first_qualified };
            let day = |date: Date| parse_day(&date.to_string()).expect("a date");
            let known = if level == "user" { &mut standings.user } else { &mut standings.account };
            let (tier_since, first_qualified) = (day(tier_since), first_qualified.map(day));
            let standing = PreviousStanding {
                tier,
                score: Some(Points(score * 1000)),
                tier_since: Some(tier_since),
                first_qualified,
            };
            known.insert(row[0].clone(), standing);
            record.insert((level.to_owned(), row[0].clone()), before);
        }
    }
    (standings, record)
}

/// The first difference between the program and the naive reference after a run before.
fn difference(seed: u64) -> Option<String> {
    let case = random::case(seed);
    let events = case.events.join("\n");
    let day: Date = "2026-02-10".parse().expect("a date");
    let as_of = day.to_string();
    let first = naive::score(&case.model, &events, None, None, &as_of)?;
    let (standings, record) = random_standings(&mut random::rng(seed), &first, day);
    let expected = naive::score_after(&case.model, &events, naive::Tables::default(), &as_of, Some(record))?;
    let model = model(&case.model);
    scored_after((&model, &events), &as_of, &standings, |scored| {
        for (side, table) in [(EntityKind::User, &expected.users), (EntityKind::Account, &expected.accounts)] {
            let of_record = random::RECORD.iter().chain(&["tier", "qualified", "route", "motion"]);
            for (name, row) in of_record.flat_map(|name| table[1..].iter().map(move |row| (*name, row))) {
                let Some(at) = table[0].iter().position(|known| known == name) else { continue };
                let entity = EntityRef::find(scored, side, &row[0])?;
                let ours = shown(scored, &model, entity, name);
                if ours != row[at] {
                    return Some(format!(
                        "seed {seed}: `{name}` of `{}` is `{ours}`, and by the reference `{}`\n{}",
                        row[0], row[at], case.model
                    ));
                }
            }
        }
        None
    })
}

#[test]
fn the_naive_reference_agrees_after_a_run_before() {
    let differences: Vec<String> = (0..120).filter_map(difference).collect();
    assert!(differences.is_empty(), "{} differ\n{}", differences.len(), differences[0]);
}

#[test]
fn check_knows_who_may_stay_in_a_tier() {
    let folder = Folder::in_memory();
    let route = "when = \"tier = 'warm' and previous_tier = 'hot'\"";
    for (when, stay, can_be) in [
        ("tier = 'hot' and score < 40", "stay_at_least = 30\n", true),
        ("tier = 'hot' and score < 40", "", false),
        ("tier = 'hot' and score < 30", "stay_at_least = 30\n", false),
        ("tier = 'hot' and score < 40 and previous_tier = 'hot'", "stay_at_least = 30\n", true),
        ("tier = 'hot' and score < 40 and previous_tier <> 'hot'", "stay_at_least = 30\n", false),
        ("tier = 'hot' and score < 40 and previous_tier is null", "stay_at_least = 30\n", false),
        ("tier = 'warm' and score <= 20 and previous_tier = 'hot'", "stay_at_least = 30\n", true),
        ("tier = 'warm' and score <= 20 and previous_tier = 'cold'", "stay_at_least = 30\n", false),
        ("tier = 'hot' and leaves = 1", "stay_at_least = 30\n", false),
    ] {
        let model = MODEL.replace(route, &format!("when = {when:?}")).replace("stay_at_least = 30\n", stay);
        folder.write("m.toml", model);
        let told = folder.pql("check m.toml").stderr;
        let is_told = told.contains("nobody gets route `keep`") || told.contains("is never true");
        assert_eq!(is_told, !can_be, "{when}, {stay}: {told}");
    }
    // A tier that nobody enters is out of reach, although whoever was in it would stay.
    folder.write("m.toml", MODEL.replace("leaves = 0", "leaves = 0 and uses = 3"));
    let told = folder.pql("check m.toml").stderr;
    assert!(told.contains("warning[M032]: nobody can get into tier `hot`"), "{told}");
    folder.write("m.toml", MODEL.replace("stay_at_least = 30", "stay_at_least = 0"));
    let told = folder.pql("check m.toml").stderr;
    assert!(told.contains("warning[M036]: `stay_at_least = 0` of tier `hot` is no threshold"), "{told}");
}

/// What `check` says of tiers that take from the score `entry` and keep from `stay`, before one that takes from 0.
fn tiers_out_of_reach(folder: &Folder, tiers: &[(&str, &str)]) -> Vec<String> {
    let mut model = MODEL.split("[[user.tiers]]").next().expect("a model").to_owned();
    for (name, thresholds) in tiers {
        model.push_str(&format!("[[user.tiers]]\nname = \"{name}\"\n{thresholds}\n"));
    }
    folder.write("m.toml", model);
    let told = folder.pql("check m.toml").stderr;
    let names = told.lines().filter_map(|line| line.strip_prefix("warning[M032]: nobody can get into tier `"));
    names.map(|name| name.trim_end_matches('`').to_owned()).collect()
}

#[test]
fn a_tier_may_be_behind_one_that_is_easier_to_enter_if_it_is_easier_to_stay_in() {
    let folder = Folder::in_memory();
    for (first, second, dead) in [
        ("at_least = 20", "at_least = 60", true),
        ("at_least = 20", "at_least = 60\nstay_at_least = 20", true),
        ("at_least = 20", "at_least = 60\nstay_at_least = 10", false),
        ("at_least = 20", "at_least = 60\nstay_above = 9.5", false),
        ("above = 20", "at_least = 60\nstay_at_least = 20", false),
        ("above = 20", "at_least = 60\nstay_above = 20", true),
        ("at_least = 20\nstay_at_least = 10", "at_least = 60\nstay_at_least = 10", true),
        ("at_least = 20\nstay_at_least = 15", "at_least = 60\nstay_at_least = 10", false),
        ("at_least = 20\nwhen = \"leaves = 0\"", "at_least = 60\nwhen = \"leaves = 0\"", true),
        ("at_least = 20\nwhen = \"leaves = 0\"", "at_least = 60\nstay_at_least = 5\nwhen = \"leaves = 0\"", false),
    ] {
        let told = tiers_out_of_reach(&folder, &[("first", first), ("second", second), ("cold", "")]);
        assert_eq!(told, if dead { vec!["second"] } else { vec![] }, "{first}, then {second}");
    }
}

#[test]
fn facts_of_the_record_can_be_anything_for_whoever_check_looks_for() {
    let folder = Folder::in_memory();
    let route = "when = \"tier = 'warm' and previous_tier = 'hot'\"";
    assert!(MODEL.contains(route));
    for when in [
        "previous_score > 50 and score < 10",
        "previous_score < -5",
        "previous_tier = 'older'",
        "previous_tier not in ('hot', 'warm', 'cold')",
        "previous_tier is null and score > 30",
        "previous_tier = 'hot' and uses = 0",
        "previous_score is not null and previous_tier is null",
        "first_qualified is not null and not qualified",
        "first_qualified < today and tier_since < first_qualified",
        "tier_since = today and previous_tier is not null",
        "tier_since < date '2020-01-01'",
        "coalesce(previous_score, 0) > score",
        "days_inactive >= 60 and previous_tier = 'hot'",
    ] {
        for condition in [when.to_owned(), format!("not coalesce({when}, false)")] {
            folder.write("m.toml", MODEL.replace(route, &format!("when = {condition:?}")));
            let told = folder.pql("check m.toml").stderr;
            for code in ["M030", "M031", "M033", "M034", "could not"] {
                assert!(!told.contains(code), "{condition}: {told}");
            }
        }
    }
}
