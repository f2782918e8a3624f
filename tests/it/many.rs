//! A run with many entities, so that each thread has several shards with texts of their own. No
//! shard may show a text of another.

use crate::run::{Folder, rows};

const USERS: usize = 5200;
const ACCOUNTS: usize = 700;

const MODEL: &str = r#"
schema = 1
name = "many"

[user.traits]
nick = { type = "text", event = "joined" }
[account.traits]
plan = { type = "text", event = "joined" }
[metrics]
joined = { measure = "count", event = "joined" }

[user.facts]
badge = "lower(nick)"
mark = "coalesce(badge, 'none')"
mark_again = "coalesce(mark, 'none')"
shown = "coalesce(account.label, badge)"
[account.facts]
label = "lower(plan)"
[account.rollups]
badges = { measure = "distinct", value = "badge" }

[[user.signals]]
name = "seventh"
when = "badge = 'nick-7'"
points = 7
[[user.signals]]
name = "fifth_plan"
when = "shown = 'plan-5'"
points = 5
[[user.tiers]]
name = "some"
at_least = 1
[[user.tiers]]
name = "none"
[[user.routes]]
name = "call"
when = "tier = 'some'"
because = "{badge} of {account.label}"
[[user.routes]]
name = "wait"

[[account.segments]]
name = "third"
when = "plan = 'PLAN-3'"
[[account.segments]]
name = "other"
[[account.signals]]
name = "labelled"
when = "label = 'plan-5' or segment = 'third'"
points = 10
[[account.tiers]]
name = "all"

[output]
user_columns = ["nick", "badge", "mark_again", "shown"]
account_columns = ["plan", "label", "badges"]
"#;

/// The cells of a row under the given headers.
fn cells<'r>(header: &[String], row: &'r [String], names: &[&str]) -> Vec<&'r str> {
    let at = |name: &&str| header.iter().position(|known| known == name).expect("a column");
    names.iter().map(|name| row[at(name)].as_str()).collect()
}

#[test]
fn every_entity_has_its_own_texts_whatever_the_number_of_threads() {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let line = |user: usize| {
        let account = user % ACCOUNTS;
        format!(
            "{{\"event\":\"joined\",\"timestamp\":\"2026-09-01T10:00:00Z\",\"user_id\":\"user-{user:04}\",\"account_id\":\"account-{account:03}\",\"properties\":{{\"nick\":\"Nick-{user}\",\"plan\":\"PLAN-{account}\"}}}}\n"
        )
    };
    folder.write("events.ndjson", (0..USERS).map(line).collect::<String>());
    for threads in ["1", "2", "5"] {
        let outcome = folder.pql(&format!(
            "score events.ndjson -m model.toml --as-of 2026-09-30 --out out{threads} --threads {threads} -q"
        ));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let users = rows(&folder.read(&format!("out{threads}/users.csv")));
        let (header, users) = users.split_first().expect("a header");
        assert_eq!(users.len(), USERS);
        for row in users {
            let user: usize = row[0].trim_start_matches("user-").parse().expect("the number of a user");
            let account = user % ACCOUNTS;
            let score = if user == 7 { 7 } else { 0 } + if account == 5 { 5 } else { 0 };
            let (tier, because) = match score {
                0 => ("none", String::new()),
                _ => ("some", format!("nick-{user} of plan-{account}")),
            };
            let expected = [
                format!("account-{account:03}"),
                format!("Nick-{user}"),
                format!("nick-{user}"),
                format!("nick-{user}"),
                format!("plan-{account}"),
                score.to_string(),
                tier.to_owned(),
                because,
            ];
            let found =
                cells(header, row, &["account_id", "nick", "badge", "mark_again", "shown", "score", "tier", "because"]);
            assert_eq!(found, expected, "user {user}, {threads} threads");
        }
        let scores: Vec<(i64, &str)> =
            users.iter().map(|row| (-row[4].parse::<i64>().expect("points"), &*row[0])).collect();
        assert!(scores.is_sorted(), "the highest score first, then by id, {threads} threads");
        let accounts = rows(&folder.read(&format!("out{threads}/accounts.csv")));
        let (header, accounts) = accounts.split_first().expect("a header");
        assert_eq!(accounts.len(), ACCOUNTS);
        for row in accounts {
            let account: usize = row[0].trim_start_matches("account-").parse().expect("the number of an account");
            let members = (USERS - account).div_ceil(ACCOUNTS);
            let expected = [
                format!("PLAN-{account}"),
                format!("plan-{account}"),
                members.to_string(),
                if account == 3 { "third" } else { "other" }.to_owned(),
                if account == 3 || account == 5 { "10" } else { "0" }.to_owned(),
            ];
            let found = cells(header, row, &["plan", "label", "badges", "segment", "score"]);
            assert_eq!(found, expected, "account {account}, {threads} threads");
        }
    }
    for format in ["csv", "json", "ndjson"] {
        let read = |threads: &str| {
            let words = format!(
                "score events.ndjson -m model.toml --as-of 2026-09-30 --out {format}{threads} --threads {threads} --format {format} -q"
            );
            assert_eq!(folder.pql(&words).code, 0);
            ["users", "accounts"].map(|name| folder.read(&format!("{format}{threads}/{name}.{format}")))
        };
        assert!(read("1") == read("2"), "{format}");
    }
}
