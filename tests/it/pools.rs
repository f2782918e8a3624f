//! Pools of routes: who of some people gets an account.

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
