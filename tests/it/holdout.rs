//! The hold-out: which accounts sales leaves alone.

use crate::run::{Folder, rows};

const MODEL: &str = r#"
schema = 1
[holdout]
share = "25%"
salt = "2026"
[[account.routes]]
name = "call"
motion = "human"
when = "not holdout"
[[account.routes]]
name = "leave_alone"
[output]
user_columns = ["holdout"]
account_columns = ["holdout"]
"#;

/// Of the MD5 of each id, 0x1F and `2026` the first eight hex digits, from another program: a share of 25 % ends below 40000000.
const ACCOUNTS: [(&str, &str); 6] = [
    ("acme", "28b2e129"),
    ("globex", "7f17639e"),
    ("initech", "fd34c9be"),
    ("hooli", "b1f08848"),
    ("umbrella", "6db9e7d4"),
    ("stark", "c072cdc3"),
];

/// Accounts with a user each, and `alone`, who has no account.
fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("m.toml", MODEL);
    let event = |user: &str, account: &str| {
        format!("{{\"event\":\"use\",\"timestamp\":\"2026-10-05T08:00:00Z\",\"user_id\":\"{user}\"{account}}}\n")
    };
    let mut lines = String::new();
    for (account, _) in ACCOUNTS {
        lines += &event(&format!("of_{account}"), &format!(",\"account_id\":\"{account}\""));
    }
    ALONE.iter().for_each(|(user, _)| lines += &event(user, ""));
    folder.write("e.ndjson", lines);
    folder
}

/// Users without an account, with the same digits of their own ids.
const ALONE: [(&str, &str); 2] = [("ann", "2703cfe8"), ("bo", "af6ae546")];

fn is_out(digits: &str) -> String {
    (u32::from_str_radix(digits, 16).expect("hex") < 0x4000_0000).to_string()
}

#[test]
fn accounts_are_held_out_by_their_hash_and_users_with_their_account() {
    let folder = folder();
    let outcome = folder.pql("score e.ndjson -m m.toml --as-of 2026-10-31 --out out -q");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let (users, accounts) = (rows(&folder.read("out/users.csv")), rows(&folder.read("out/accounts.csv")));
    let cell = |table: &[Vec<String>], id: &str, column: &str| {
        let at = table[0].iter().position(|known| known == column).expect("a column");
        table.iter().find(|row| row[0] == id).expect("a row")[at].clone()
    };
    for (account, digits) in ACCOUNTS {
        assert_eq!(cell(&accounts, account, "holdout"), is_out(digits), "{account}");
        assert_eq!(cell(&users, &format!("of_{account}"), "holdout"), is_out(digits), "{account}");
        let route = if is_out(digits) == "true" { "leave_alone" } else { "call" };
        assert_eq!(cell(&accounts, account, "route"), route, "{account}");
    }
    for (user, digits) in ALONE {
        assert_eq!(cell(&users, user, "holdout"), is_out(digits), "{user}");
    }
}

#[test]
fn the_same_accounts_are_held_out_in_rows_conditions_and_other_models() {
    let folder = folder();
    let share = folder
        .pql("score e.ndjson -m m.toml --as-of 2026-10-31 --level account --where holdout --columns account_id -q");
    let other = MODEL.replace("name = \"call\"", "name = \"phone\"");
    folder.write("m.toml", format!("{other}[[account.signals]]\nname = \"any\"\nwhen = \"holdout\"\npoints = 5\n"));
    let again = folder
        .pql("score e.ndjson -m m.toml --as-of 2026-10-07 --level account --where holdout --columns account_id -q");
    assert_eq!(rows(&share.stdout).len(), 1 + ACCOUNTS.iter().filter(|(_, digits)| is_out(digits) == "true").count());
    let sorted = |text: &str| {
        let mut rows = rows(text);
        rows.sort();
        rows
    };
    assert_eq!(sorted(&share.stdout), sorted(&again.stdout), "{}", again.stderr);
}

#[test]
fn a_share_and_the_fact_have_their_form() {
    let folder = folder();
    let shares = ["5", "0%", "100%", "0.00001%", "-5%", "many", "5 %"];
    for share in shares {
        folder.write("m.toml", MODEL.replace("25%", share));
        let outcome = folder.pql("check m.toml");
        assert!(outcome.stderr.contains(&format!("`{share}` is no share to hold out")), "{}", outcome.stderr);
        assert!(outcome.code == 1 && outcome.stderr.contains("m.toml:4:9"), "{}", outcome.stderr);
    }
    for (from, to, message) in [
        ("share = \"25%\"\n", "", "[holdout] without `share`"),
        ("[holdout]\nshare = \"25%\"\nsalt = \"2026\"\n", "", "help: [holdout] makes it"),
        ("salt", "pepper", "unknown key `pepper` in [holdout]"),
        ("[output]", "[account.traits]\nholdout = { type = \"text\" }\n[output]", "`holdout` is built in"),
    ] {
        folder.write("m.toml", MODEL.replace(from, to));
        let outcome = folder.pql("check m.toml");
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
    }
}

#[test]
fn a_hold_out_that_nothing_asks_for_is_told() {
    let folder = folder();
    folder.write("m.toml", MODEL.split("[[account.routes]]").next().expect("a model"));
    let outcome = folder.pql("check m.toml");
    assert!(outcome.stderr.contains("warning[M049]: nothing asks for `holdout`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("m.toml:4:9"), "{}", outcome.stderr);
    folder.write("m.toml", MODEL);
    let outcome = folder.pql("check m.toml");
    assert!(!outcome.stderr.contains("M049"), "{}", outcome.stderr);
}
