//! Suppressions: whom to leave out of qualified counts and lists, and the columns of an account's people.

use crate::run::{Folder, rows};

const MODEL: &str = r#"
schema = 1
name = "m"
[account.traits]
plan = { type = "text" }
[metrics]
uses = { measure = "count", event = "use" }
invites = { measure = "count", event = "invite" }
[user.categories.use]
max = 25
[user.score]
max = 30
[[user.signals]]
name = "used"
category = "use"
per = "uses"
points = 10
[[user.signals]]
name = "invited"
when = "invites > 0"
points = 10
[[user.signals]]
name = "seen"
when = "events > 0"
points = 0
[[user.tiers]]
name = "hot"
at_least = 10
qualified = true
[[user.tiers]]
name = "not"
[[user.suppress]]
name = "colleague_of_customer"
when = "account.plan = 'paid'"
[[account.tiers]]
name = "good"
when = "uses > 0"
qualified = true
[[account.tiers]]
name = "not"
[[account.routes]]
name = "call"
when = "qualified"
[[account.routes]]
name = "wait"
[[account.suppress]]
name = "customer"
when = "plan = 'paid'"
[[account.suppress]]
name = "in_talks"
when = "plan in ('paid', 'trial') and champion.uses >= 3"
"#;

/// Accounts a (free), b (paid), c (trial); user a1 used 3 times and invited, a2 used once, b1 once, c1 three times.
fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("m.toml", MODEL);
    let uses = [("a1", "a", 3), ("a2", "a", 1), ("b1", "b", 1), ("c1", "c", 3)];
    let mut lines = String::new();
    for (user, account, times) in uses {
        for second in 0..times {
            lines += &format!(
                "{{\"event\":\"use\",\"timestamp\":\"2026-10-05T08:00:0{second}Z\",\"user_id\":\"{user}\",\"account_id\":\"{account}\"}}\n"
            );
        }
    }
    lines += "{\"event\":\"invite\",\"timestamp\":\"2026-10-06T08:00:00Z\",\"user_id\":\"a1\",\"account_id\":\"a\"}\n";
    folder.write("e.ndjson", lines);
    folder.write("accounts.csv", "account_id,plan\na,free\nb,paid\nc,trial\n");
    folder
}

const RUN: &str = "score e.ndjson -m m.toml --accounts accounts.csv --as-of 2026-10-31";

/// Chosen columns of a level's rows, by id.
fn columns<const N: usize>(folder: &Folder, level: &str, names: [&str; N]) -> Vec<(String, [String; N])> {
    let outcome = folder.pql(&format!("{RUN} -q --level {level}"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let table = rows(&outcome.stdout);
    let at = names.map(|name| table[0].iter().position(|known| known == name).expect("a column"));
    let mut found: Vec<(String, [String; N])> =
        table[1..].iter().map(|row| (row[0].clone(), at.map(|at| row[at].clone()))).collect();
    found.sort();
    found
}

fn expected<const N: usize>(table: &[(&str, [&str; N])]) -> Vec<(String, [String; N])> {
    table.iter().map(|(id, cells)| ((*id).to_owned(), cells.map(str::to_owned))).collect()
}

#[test]
fn the_first_suppression_that_holds_stands_in_the_row_and_the_row_keeps_its_route() {
    let of_accounts = columns(&folder(), "account", ["suppressed", "qualified", "route"]);
    let table = [("a", ["", "true", "call"]), ("b", ["customer", "true", "call"]), ("c", ["in_talks", "true", "call"])];
    assert_eq!(of_accounts, expected(&table));
    let of_users = columns(&folder(), "user", ["suppressed", "account_tier", "account_qualified"]);
    let none = ["", "good", "true"];
    let table = [("a1", none), ("a2", none), ("b1", ["colleague_of_customer", "good", "true"]), ("c1", none)];
    assert_eq!(of_users, expected(&table));
}

#[test]
fn qualified_counts_leave_suppressed_rows_out_and_count_them_by_name() {
    let folder = folder();
    let outcome = folder.pql(&format!("{RUN} --out out"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let accounts = &record["accounts"];
    assert_eq!((accounts["qualified"].as_u64(), accounts["tiers"]["good"].as_u64()), (Some(1), Some(3)));
    assert_eq!(accounts["suppressed"], serde_json::json!({ "customer": 1, "in_talks": 1 }));
    assert_eq!(record["users"]["qualified"], 3);
    assert!(outcome.stderr.contains("3 accounts (1 qualified)"), "{}", outcome.stderr);
    let shown = folder.pql(&format!("{RUN} -q --format table")).stdout;
    assert!(shown.starts_with("3 accounts, 1 PQA,"), "{shown}");
    assert!(shown.contains(" suppressed") && shown.contains(" customer"), "{shown}");
    let listed: Vec<&str> =
        shown.rsplit_once("why").expect("the list").1.lines().skip(1).filter(|line| !line.is_empty()).collect();
    assert_eq!(listed.len(), 1, "{shown}");
}

#[test]
fn files_for_others_leave_suppressed_rows_out() {
    let folder = folder();
    let file = "[[output.files]]\nname = \"calls.csv\"\nlevel = \"account\"\ncolumns = { Account = \"account_id\" }\n";
    folder.write("m.toml", format!("{MODEL}{file}"));
    let outcome = folder.pql(&format!("{RUN} -q --out out"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(folder.read("out/calls.csv"), "Account\na\n");
    assert_eq!(rows(&folder.read("out/accounts.csv")).len(), 4);
}

#[test]
fn member_signals_add_up_to_the_scores_of_the_members() {
    let found = columns(&folder(), "account", ["member_signals"]);
    let table = [
        ("a", ["used:40 (2);invited:10 (1);seen:0 (2);cap:use:-5;cap:score:-5"]),
        ("b", ["used:10 (1);seen:0 (1)"]),
        ("c", ["used:30 (1);seen:0 (1);cap:use:-5"]),
    ];
    assert_eq!(found, expected(&table));
    let scores = columns(&folder(), "user", ["score"]);
    assert_eq!(scores, expected(&[("a1", ["30"]), ("a2", ["10"]), ("b1", ["10"]), ("c1", ["25"])]));
}

#[test]
fn explain_shows_which_suppression_holds_and_why_others_do_not() {
    let folder = folder();
    let run = "e.ndjson -m m.toml --accounts accounts.csv --as-of 2026-10-31 -q";
    let shown = folder.pql(&format!("explain account:c {run}")).stdout;
    assert!(shown.contains("suppressed in_talks"), "{shown}");
    assert!(shown.contains("customer  no: plan = 'paid' (plan = trial)"), "{shown}");
    let json = folder.pql(&format!("explain account:a {run} --format json")).stdout;
    let record: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let text = record.to_string();
    assert!(text.contains("\"suppressed\":null") && text.contains("\"suppressions\""), "{text}");
}

#[test]
fn suppressions_have_a_name_and_a_condition() {
    let folder = folder();
    for (part, message) in [
        ("[[account.suppress]]\nname = \"x\"\n", "a suppression without `when`"),
        ("[[account.suppress]]\nwhen = \"uses > 0\"\n", "without `name`"),
        ("[[account.suppress]]\nname = \"customer\"\nwhen = \"uses > 0\"\n", "two suppressions are called `customer`"),
        (
            "[[account.suppress]]\nname = \"x\"\nwhen = \"route = 'call'\"\n",
            "is not known yet when routes are computed",
        ),
    ] {
        folder.write("m.toml", format!("{MODEL}{part}"));
        let outcome = folder.pql("check m.toml");
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("m.toml:"), "{}", outcome.stderr);
    }
}
