//! `pql explain` finds who is meant by an id, an e-mail address or the name of an account.

use crate::run::{Folder, Outcome};

const MODEL: &str = r#"schema = 1
[account.traits]
company = { type = "text", from = ["Account Name"] }
"#;

const EVENTS: &str = r#"{"event":"use","timestamp":"2026-10-30T10:00:00Z","user_id":"u_20132","account_id":"ws_1000","properties":{"email":"Ann@Northwind.example"}}
{"event":"use","timestamp":"2026-10-30T10:00:00Z","user_id":"u_20133","account_id":"ws_1001"}
{"event":"use","timestamp":"2026-10-30T10:00:00Z","user_id":"both","account_id":"both"}
{"event":"use","timestamp":"2026-10-30T10:00:00Z","user_id":"twin_a","account_id":"domain:pine.example","properties":{"email":"twin@pine.example"}}
{"event":"use","timestamp":"2026-10-30T10:00:00Z","user_id":"twin_b","account_id":"ws_1002","properties":{"email":"twin@pine.example"}}
"#;

const ACCOUNTS: &str =
    "account_id,Account Name\nws_1000,Northwind Labs\nws_1001,Pine\nws_1002,pine\ndomain:pine.example,u_20133\n";

fn explain(who: &str) -> Outcome {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder.write("events.ndjson", EVENTS);
    folder.write("accounts.csv", ACCOUNTS);
    let arguments = ["explain", who, "events.ndjson", "-m", "model.toml", "--accounts", "accounts.csv", "-q"];
    folder.pql_with(&arguments, b"")
}

#[test]
fn an_id_an_address_or_a_name_is_enough() {
    for (who, head) in [
        ("u_20132", "user u_20132 of account ws_1000"),
        (" ws_1000 ", "account ws_1000"),
        ("domain:pine.example", "account domain:pine.example"),
        ("user:both", "user both"),
        ("account:both", "account both"),
        ("ann@northwind.example", "user u_20132"),
        ("user:ANN@northwind.example", "user u_20132"),
        ("Northwind Labs", "account ws_1000"),
        ("account:northwind labs", "account ws_1000"),
        // An id goes before a name.
        ("u_20133", "user u_20133"),
        ("account:u_20133", "account domain:pine.example"),
    ] {
        let outcome = explain(who);
        assert_eq!(outcome.code, 0, "{who}: {outcome:?}");
        assert!(outcome.stdout.starts_with(head), "{who}: {}", outcome.stdout);
    }
}

#[test]
fn where_several_fit_it_says_how_to_choose() {
    for (who, message) in [
        ("both", "`both` is the id of a user and of an account; say user:both or account:both"),
        ("twin@pine.example", "the e-mail address belongs to user:twin_a, user:twin_b; say which"),
        ("PINE", "the name `PINE` belongs to account:ws_1001, account:ws_1002; say which"),
    ] {
        let outcome = explain(who);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{who}: {outcome:?}");
        assert!(outcome.stderr.contains(message), "{who}: {}", outcome.stderr);
    }
}

#[test]
fn where_nobody_fits_the_nearest_are_shown() {
    for (who, message) in [
        ("u20132", "account name `u20132`, so there is nothing to explain; the nearest: user:u_20132"),
        (
            "account:u_20132",
            "no event of the account `u_20132` counts before 2026-10-31T00:00:00Z, so there is nothing to explain; the nearest: user:u_20132",
        ),
        ("Northwind Lab", "the nearest: account:ws_1000"),
        ("somebody else", "ids are as `pql score` prints them"),
        // The address of a user is no name of an account.
        ("account:ann@northwind.example", "ids are as `pql score` prints them"),
    ] {
        let outcome = explain(who);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{who}: {outcome:?}");
        assert!(outcome.stderr.contains(message), "{who}: {}", outcome.stderr);
    }
}

#[test]
fn who_is_asked_for_by_an_address_can_be_set_aside() {
    let folder = Folder::new();
    let identity = "[identity]\nexclude_users = [\"ws-bot\"]\nexclude_domains = [\"northwind.example\"]\n";
    folder.write("events.ndjson", EVENTS);
    folder.write("model.toml", format!("schema = 1\n{identity}"));
    folder.write("domains.toml", format!("schema = 1\n{}", identity.replace("exclude_users = [\"ws-bot\"]\n", "")));
    folder.write("ids.toml", "schema = 1\n[identity]\nexclude_users = [\"twin_*\"]\n");
    for (model, who, expected) in [
        (
            "model.toml",
            "ann@northwind.example",
            "the domain of its e-mail: [identity] exclude_domains (model.toml:4:20)",
        ),
        ("domains.toml", "ANN@Northwind.example", "exclude_domains (domains.toml:3:20)"),
        ("domains.toml", "user:ann@northwind.example", "exclude_domains (domains.toml:3:20)"),
        ("ids.toml", "twin@pine.example", "is set aside by its id: [identity] exclude_users (ids.toml:3:18)"),
    ] {
        let outcome = folder.pql(&format!("explain {who} events.ndjson -m {model} -q"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{who}: {outcome:?}");
        assert!(outcome.stderr.contains("has events before"), "{who}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(expected), "{who}: {}", outcome.stderr);
    }
}
