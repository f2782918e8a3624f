//! Pools of routes: who of some people gets an account.

use std::collections::BTreeMap;

use crate::run::{Folder, rows};

const MODEL: &str = r#"
schema = 1
[account.traits]
owner = { type = "text" }
[[account.routes]]
name = "call"
to = "{owner}"
pool = [{ name = "Ann", weight = 2 }, "Bo", "Cem"]
away = []
[[user.routes]]
name = "write"
pool = [{ name = "Ann", weight = 2 }, "Bo", "Cem"]
"#;

/// Forty accounts with a user each, and `loner` without an account; `acme-7` has an owner.
fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("m.toml", MODEL);
    let mut lines = String::new();
    for number in 0..40 {
        lines += &format!(
            "{{\"event\":\"use\",\"timestamp\":\"2026-10-05T08:00:00Z\",\"user_id\":\"u{number}\",\"account_id\":\"acme-{number}\"}}\n"
        );
    }
    lines += "{\"event\":\"use\",\"timestamp\":\"2026-10-05T08:00:00Z\",\"user_id\":\"loner\"}\n";
    folder.write("e.ndjson", lines);
    folder.write("accounts.csv", "account_id,owner\nacme-7,Zoe\n");
    folder
}

/// Who gets each row of a level, by id.
fn owners(folder: &Folder, level: &str, columns: &str) -> Vec<Vec<String>> {
    let run = "score e.ndjson -m m.toml --accounts accounts.csv --as-of 2026-10-31 -q";
    let outcome = folder.pql(&format!("{run} --level {level} --columns {columns}"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut table = rows(&outcome.stdout).split_off(1);
    table.sort();
    table
}

#[test]
fn an_account_goes_to_whoever_the_route_names_else_to_the_same_member_every_day() {
    let folder = folder();
    let accounts = owners(&folder, "account", "account_id,to");
    let to = |id: &str| accounts.iter().find(|row| row[0] == id).expect("an account")[1].as_str();
    assert_eq!(to("acme-7"), "Zoe");
    // By another program from the steps of the manual: the shortest wait of the three.
    for (id, member) in [
        ("acme-0", "Ann"),
        ("acme-1", "Ann"),
        ("acme-2", "Ann"),
        ("acme-6", "Bo"),
        ("acme-9", "Bo"),
        ("acme-10", "Cem"),
        ("acme-17", "Cem"),
    ] {
        assert_eq!(to(id), member, "{id}");
    }
    let share = |name: &str| accounts.iter().filter(|row| row[1] == name).count();
    assert_eq!(share("Ann") + share("Bo") + share("Cem"), 39);
    assert!(share("Ann") > share("Bo") && share("Ann") > share("Cem"), "{accounts:?}");
    for row in owners(&folder, "user", "user_id,account_id,to") {
        match row[1].as_str() {
            "" => assert_eq!(row[2], "Bo"),
            "acme-7" => assert_ne!(row[2], "Zoe", "this route names nobody"),
            account => assert_eq!(row[2], to(account), "{}", row[0]),
        }
    }
}

#[test]
fn when_a_member_is_away_only_the_accounts_of_that_member_move() {
    let folder = folder();
    let before = owners(&folder, "account", "account_id,to");
    folder.write("m.toml", MODEL.replace("away = []", "away = [\"Bo\"]"));
    let after = owners(&folder, "account", "account_id,to");
    for (before, after) in before.iter().zip(&after) {
        assert_ne!(after[1], "Bo", "{}", after[0]);
        assert!(before == after || before[1] == "Bo", "{before:?} {after:?}");
    }
    assert!(before.iter().any(|row| row[1] == "Bo"));
}

#[test]
fn diff_shows_the_members_of_a_human_route() {
    let folder = folder();
    let human =
        MODEL.replace("name = \"call\"", "name = \"call\"\nmotion = \"human\"").replace("to = \"{owner}\"\n", "");
    folder.write("m.toml", human.replace("away = []", "away = [\"Cem\"]"));
    let outcome = folder.pql("diff m.toml m.toml e.ndjson --as-of 2026-10-31 --format json -q");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("\"to\": \"Ann, Bo\""), "{}", outcome.stdout);
}

#[test]
fn a_pool_is_a_list_of_people_of_whom_one_is_there() {
    let folder = Folder::in_memory();
    let whole = "pool = [{ name = \"Ann\", weight = 2 }, \"Bo\", \"Cem\"]\naway = []";
    for (pool, message) in [
        ("pool = []", "a pool of 0 members"),
        ("pool = \"Ann\"", "`pool` is no list"),
        ("pool = [\"Ann\", \" \"]", "a member without a name"),
        ("pool = [\"Ann\", { name = \"Ann\" }]", "`Ann` is in the pool twice"),
        ("pool = [3]", "`pool` is a number"),
        ("pool = [{ weight = 2 }]", "a member of a pool without `name`"),
        ("pool = [{ name = \"Ann\", weight = 0 }]", "`weight` is out of bounds"),
        ("pool = [{ name = \"Ann\", wait = 2 }]", "unknown key `wait` in a member of a pool"),
        ("pool = [\"Ann\", \"Bo\"]\naway = [\"Boo\"]", "a name that exists is `Bo`"),
        ("pool = [\"Ann\", \"Bo\"]\naway = [\"Bo\", \"Ann\"]", "all members of the pool are away"),
        ("away = [\"Ann\"]", "`away` without `pool`"),
    ] {
        folder.write("m.toml", MODEL.replacen(whole, pool, 1));
        let outcome = folder.pql("check m.toml");
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{pool}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("m.toml:8:") || outcome.stderr.contains("m.toml:9:"), "{}", outcome.stderr);
    }
}

/// People who share accounts alike, and people who share users by weight.
const SIX: [(&str, f64); 6] = [("Ann", 1.0), ("Bo", 1.0), ("Cem", 1.0), ("Dana", 1.0), ("Eli", 1.0), ("Fay", 1.0)];
const WEIGHTED: [(&str, f64); 6] =
    [("Gus", 2.0), ("Hal", 1.5), ("Ida", 1.0), ("Jon", 1.0), ("Kim", 0.75), ("Lea", 0.5)];

/// Alerts of each weekday, so that a week has a hundred.
const BY_WEEKDAY: [u32; 5] = [31, 4, 22, 28, 15];

/// A model whose two levels have the same alert, for one pool each.
fn shared_model(away: &[&str]) -> String {
    let mut text = "schema = 1\n[metrics]\nuses = { measure = \"count\", event = \"use\", last = \"4d\" }\n".to_owned();
    text += "[[user.signals]]\nname = \"uses\"\nvalue = \"uses\"\nladder = [{ at_least = 1, points = 50 }]\n";
    text += "[account.rollups]\nbest = { measure = \"max\", value = \"score\" }\n";
    text += "[[account.signals]]\nname = \"best\"\nvalue = \"best\"\nladder = [{ at_least = 1, points = 50 }]\n";
    for (level, members) in [("account", SIX), ("user", WEIGHTED)] {
        let names = members.map(|(name, weight)| format!("{{ name = \"{name}\", weight = {weight} }}")).join(", ");
        let away = members.iter().find(|(name, _)| away.contains(name));
        let away = away.map_or(String::new(), |(name, _)| format!("away = [\"{name}\"]\n"));
        let pool = format!("pool = [{names}]\n{away}");
        text += &format!(
            "[[{level}.tiers]]\nname = \"hot\"\nat_least = 50\nqualified = true\n[[{level}.tiers]]\nname = \"cold\"\n\
             [[{level}.routes]]\nname = \"call\"\n{pool}\
             [[{level}.alerts]]\nname = \"new_hot\"\nwhen = \"qualified\"\nexisting = \"fire\"\ncooldown = \"10d\"\n{pool}"
        );
    }
    text
}

/// The accounts that become hot on a working day. Every third of them was hot three weeks before; each has one user.
fn hot_on(day: usize) -> Vec<String> {
    let count = BY_WEEKDAY[day % 5];
    let back = if day >= 15 { count / 3 } else { 0 };
    let known = (0..back).map(|number| format!("{}-{number}", day - 15));
    known.chain((back..count).map(|number| format!("{day}-{number}"))).collect()
}

/// The date of a working day, counted from Monday, 7 September 2026.
fn date(day: usize) -> jiff::civil::Date {
    let days = i64::try_from(day / 5 * 7 + day % 5).expect("a small number");
    jiff::civil::date(2026, 9, 7).checked_add(jiff::Span::new().days(days)).expect("a date")
}

/// Who has each entity of a level, and by run whom each alert named.
#[derive(Default)]
struct Shared {
    owners: BTreeMap<String, String>,
    alerts: Vec<(usize, String)>,
}

impl Shared {
    /// The alerts of some runs by member, each number over the weight of the member.
    fn loads(&self, members: &[(&str, f64)], days: std::ops::Range<usize>) -> Vec<f64> {
        let count = |name: &str| self.alerts.iter().filter(|(day, to)| days.contains(day) && to == name).count();
        members.iter().map(|(name, weight)| count(name) as f64 / weight).collect()
    }
}

/// Holds that the busiest of some members had at most 1.2 times as much as the idlest.
fn assert_fair(shared: &Shared, members: &[(&str, f64)], days: std::ops::Range<usize>) {
    let loads = shared.loads(members, days.clone());
    let most = loads.iter().copied().fold(0.0, f64::max);
    let least = loads.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(most <= 1.2 * least, "{days:?}: {members:?} {loads:?}");
}

/// One run. Old events are no longer delivered, so accounts go, and come back.
fn shared_run(folder: &Folder, day: usize, away: &[&str], levels: &mut [Shared; 2]) {
    folder.write("m.toml", shared_model(away));
    let first = day.saturating_sub(9);
    let events = (first..=day).flat_map(|day| hot_on(day).into_iter().map(move |id| (day, id))).map(|(day, id)| {
        format!(
            "{{\"event\":\"use\",\"timestamp\":\"{}T08:00:00Z\",\"user_id\":\"u{id}\",\"account_id\":\"a{id}\"}}\n",
            date(day)
        )
    });
    folder.write("e.ndjson", events.collect::<String>());
    let begin = if day == 0 { "--begin" } else { "" };
    let outcome = folder.pql(&format!("score e.ndjson -m m.toml --as-of {} --record r --out o -q {begin}", date(day)));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let fired = rows(&folder.read("o/alerts.csv")).split_off(1);
    for ((level, list), shared) in [("account", "accounts"), ("user", "users")].iter().zip(levels) {
        let of_level: Vec<&Vec<String>> = fired.iter().filter(|row| row[4] == *level).collect();
        for row in &of_level {
            shared.alerts.push((day, row[7].clone()));
        }
        let table = rows(&folder.read(&format!("o/{list}.csv")));
        let to = table[0].iter().position(|name| name == "to").expect("the column `to`");
        for row in &table[1..] {
            let is_new = of_level.iter().any(|alert| alert[5] == row[0]);
            let owner = shared.owners.get(&row[0]);
            assert!(is_new || owner.is_some(), "{day}: {} is in the list and no alert fired", row[0]);
            let moved = owner.is_some_and(|owner| *owner != row[to]);
            assert!(
                !moved || owner.is_some_and(|owner| away.contains(&owner.as_str())),
                "{day}: {} moved to {}",
                row[0],
                row[to]
            );
            if is_new {
                shared.owners.insert(row[0].clone(), row[to].clone());
            }
        }
    }
}

/// Six people share a hundred alerts a week, one of them is away in the fourth. Each run holds that no account moves whose owner is there.
#[test]
fn a_hundred_alerts_a_week_are_shared_fairly_and_nothing_jumps() {
    let folder = Folder::in_memory();
    let mut levels = [Shared::default(), Shared::default()];
    for day in 0..35 {
        let away: &[&str] = if (15..20).contains(&day) { &["Bo", "Gus"] } else { &[] };
        shared_run(&folder, day, away, &mut levels);
    }
    let [accounts, users] = &levels;
    for week in 0..7 {
        let days = week * 5..(week + 1) * 5;
        for shared in [accounts, users] {
            assert_eq!(shared.alerts.iter().filter(|(day, _)| days.contains(day)).count(), 100, "week {week}");
        }
        match week {
            3 => {
                let there: Vec<(&str, f64)> = SIX.into_iter().filter(|(name, _)| *name != "Bo").collect();
                assert_fair(accounts, &there, days.clone());
                assert_eq!(accounts.loads(&[("Bo", 1.0)], days), [0.0]);
            }
            // Bo makes up for the week.
            4 => {}
            _ => assert_fair(accounts, &SIX, days),
        }
    }
    // A week of somebody with half a share is seven alerts, so weights show over the thirty days that count: twenty working days and two.
    for end in (10..15).chain(25..=35) {
        let days = end.max(22) - 22..end;
        assert_fair(accounts, &SIX, days.clone());
        assert_fair(users, &WEIGHTED, days);
    }
}
