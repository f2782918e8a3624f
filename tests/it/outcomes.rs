//! Outcomes: files of them in their own columns and by a map, the facts that they give, and when a run knows them.

use crate::run::{Folder, rows};

/// Accounts a (users a1, a2), b (b1) and c (c1); d1 has no account.
fn folder(model: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("m.toml", format!("schema = 1\n{model}"));
    let users = [("a1", "a"), ("a2", "a"), ("b1", "b"), ("c1", "c"), ("d1", "")];
    let line = |(user, account): (&str, &str)| {
        let account = if account.is_empty() { String::new() } else { format!(",\"account_id\":\"{account}\"") };
        format!("{{\"event\":\"use\",\"timestamp\":\"2026-09-01T08:00:00Z\",\"user_id\":\"{user}\"{account}}}\n")
    };
    folder.write("e.ndjson", users.map(line).concat());
    folder
}

/// Facts of the entities of a level, as `id fact fact ...`, sorted.
fn facts(folder: &Folder, level: &str, names: &str, options: &str) -> Vec<String> {
    let outcome =
        folder.pql(&format!("score e.ndjson -m m.toml -q --level {level} --columns {level}_id,{names} {options}"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut found: Vec<String> =
        rows(&outcome.stdout)[1..].iter().map(|row| row.join(" ").trim_end().to_owned()).collect();
    found.sort();
    found
}

const ALL: &str = "last_outcome,last_reason,days_since_contacted,days_since_won,open_opportunity,won_amount";

#[test]
fn facts_say_what_became_of_accounts_and_of_their_users() {
    let folder = folder("");
    folder.write(
        "o.csv",
        "account_id,user_id,outcome,at,amount,deal,owner,reason\n\
         a,,opportunity,2026-09-03,,d1,Ann,\n\
         ,a1,contacted,2026-09-05T10:00:00Z,,,Ann,\n\
         a,,won,2026-09-06,12.5,d1,Ann,price\n\
         a,,won,2026-09-07,0.25,d2,Ann,\n\
         b,,opportunity,2026-09-03,9,d3,Bo,\n\
         c,,opportunity,2026-09-03,,,,\n\
         c,,lost,2026-09-04,,,,no budget\n\
         c,,contacted,2026-09-05,,,,\n",
    );
    let options = "--outcomes o.csv --as-of 2026-09-10";
    let accounts = facts(&folder, "account", ALL, options);
    assert_eq!(
        accounts,
        ["a won price 5 3 false 12.75", "b opportunity    true 0", "c contacted no budget 5  false 0"]
    );
    let users = facts(&folder, "user", ALL, options);
    assert_eq!(
        users,
        [
            "a1 won price 5 3 false 12.75",
            // Somebody else of the account was contacted.
            "a2 won price  3 false 12.75",
            "b1 opportunity    true 0",
            "c1 contacted no budget 5  false 0",
            "d1     false 0",
        ]
    );
    let without = facts(&folder, "account", ALL, "--as-of 2026-09-10");
    assert_eq!(without, ["a", "b", "c"]);
}

#[test]
fn every_layout_of_tables_gives_the_same_and_so_do_other_orders_and_copies() {
    let folder = folder("");
    folder.write("o.csv", "account_id;outcome;at;amount\na;won;2026-09-03;5\nb;Self-Serve;2026-09-03;\n");
    folder.write(
        "o.ndjson",
        "{\"outcome\":\"self_serve\",\"at\":\"2026-09-03\",\"account_id\":\"b\"}\n\
         {\"outcome\":\"won\",\"at\":\"2026-09-03\",\"account_id\":\"a\",\"amount\":5}\n",
    );
    folder.write("part.json", "[{\"outcome\":\"won\",\"at\":\"2026-09-03\",\"account_id\":\"a\",\"amount\":5}]");
    let expected = ["a won   7 false 5", "b self_serve    false 0", "c     false 0"];
    for files in ["o.csv", "o.ndjson", "o.ndjson --outcomes o.csv", "o.csv --outcomes part.json --outcomes o.ndjson"] {
        let options = format!("--as-of 2026-09-10 --outcomes {files}");
        assert_eq!(facts(&folder, "account", ALL, &options), expected, "{files}");
    }
}

#[test]
fn a_date_is_known_from_its_end_and_an_instant_after_it() {
    // In Berlin, 25 October 2026 has 25 hours and ends at 23:00 UTC.
    let folder = folder("time_zone = \"Europe/Berlin\"\n");
    folder.write(
        "o.csv",
        "account_id,outcome,at\na,contacted,2026-10-25\nb,contacted,2026-10-25T12:00:00Z\nc,contacted,2026-10-25T23:30:00+02:00\n",
    );
    for (as_of, expected) in [
        ("2026-10-25T12:00:00Z", ["a", "b", "c"]),
        ("2026-10-25T12:00:00.000001Z", ["a", "b 0", "c"]),
        ("2026-10-25T21:30:00.000001Z", ["a", "b 0", "c 0"]),
        ("2026-10-25T22:59:59.999999Z", ["a", "b 0", "c 0"]),
        ("2026-10-25T23:00:00Z", ["a 0", "b 0", "c 0"]),
        ("2026-10-25", ["a 0", "b 0", "c 0"]),
        ("2026-10-26", ["a 1", "b 1", "c 1"]),
    ] {
        let found = facts(&folder, "account", "days_since_contacted", &format!("--outcomes o.csv --as-of {as_of}"));
        assert_eq!(found, expected, "{as_of}");
    }
}

const MAP: &str = r#"
[account.traits]
crm = { type = "text" }
[outcomes]
key = "crm"
fields = { key = "Account ID", deal = "Deal", amount = "Amount", owner = "Owner", reason = "Loss Reason" }
opportunity = { at = "Created" }
won = { at = "Close", where = "Stage = 'Closed Won'" }
lost = { at = "Close", where = "Stage = 'Closed Lost'" }
"#;

const DEALS: &str = "Account ID,Deal,Amount,Owner,Loss Reason,Created,Close,Stage\n\
    001,X1,1200,Ann,,2026-09-01,2026-09-05,Closed Won\n\
    002,X2,5,Bo,too dear,2026-09-02,2026-09-06,Closed Lost\n\
    002,X3,7,Bo,,2026-09-03,2026-12-24,Proposal\n";

#[test]
fn a_map_reads_every_outcome_that_a_deal_has_reached() {
    let folder = folder(MAP);
    folder.write("acc.csv", "account_id,crm\na,001\nb,002\nc,001\n");
    folder.write("d.csv", DEALS);
    let found = facts(&folder, "account", ALL, "--accounts acc.csv --outcomes d.csv --as-of 2026-09-10");
    // Two accounts have the key 001, so both have the deal.
    assert_eq!(found, ["a won   5 false 1200", "b lost too dear   true 0", "c won   5 false 1200"]);
}

#[test]
fn rows_are_matched_by_ids_traits_domains_and_e_mails() {
    let map = |key: &str| {
        format!(
            "[user.traits]\nemail = {{ type = \"text\" }}\nseat = {{ type = \"number\" }}\n[outcomes]\n{key}\nfields = {{ key = \"k\" }}\ncontacted = {{ at = \"at\" }}\n"
        )
    };
    for (key, cells, expected) in [
        ("", ["a", "b1", "zz"], ["a 5", "b 5", "c"]),
        ("key = \"email\"", ["A1@acme.example", "x@acme.example", ""], ["a 5", "b", "c"]),
        ("key = \"domain\"", ["ACME.example", "solo.example", "gmx.de"], ["a 5", "b", "c"]),
        ("key = \"seat\"", ["7", "8", "7.5"], ["a 5", "b", "c 5"]),
        // A cell may list several keys.
        ("key = \"domain\"", ["acme.example; beta.example", "", ""], ["a 5", "b 5", "c"]),
    ] {
        let folder = folder(&map(key));
        folder.write("u.csv", "user_id,email,seat\na1,a1@acme.example,7\nb1,b1@beta.example,\nc1,c@gmx.de,7.5\n");
        folder.write("o.csv", format!("k,at\n{}\n", cells.map(|cell| format!("{cell},2026-09-05")).join("\n")));
        let options = "--users u.csv --outcomes o.csv --as-of 2026-09-10";
        assert_eq!(facts(&folder, "account", "days_since_contacted", options), expected, "{key}");
    }
}

#[test]
fn routes_suppressions_alerts_and_texts_may_name_outcomes_and_signals_may_not() {
    let rules = "[[account.routes]]\nname = \"later\"\nmotion = \"none\"\nwhen = \"days_since_contacted < 14\"\n\
         [[account.routes]]\nname = \"call\"\nbecause = \"{last_outcome|new}\"\n\
         [[account.suppress]]\nname = \"deal\"\nwhen = \"open_opportunity\"\n\
         [[user.suppress]]\nname = \"deal_of_account\"\nwhen = \"open_opportunity or account.open_opportunity\"\n";
    let folder = folder(rules);
    folder.write(
        "o.csv",
        "account_id,user_id,outcome,at\na,,contacted,2026-09-05\n,b1,opportunity,2026-09-05\nc,,won,2026-09-05\n",
    );
    let options = "--outcomes o.csv --as-of 2026-09-10";
    assert_eq!(
        facts(&folder, "account", "route,suppressed,because", options),
        ["a later", "b call deal opportunity", "c call  won"]
    );
    assert_eq!(
        facts(&folder, "account", "route,suppressed,because", "--as-of 2026-09-10"),
        ["a call  new", "b call  new", "c call  new"]
    );
    for part in [
        "[[account.signals]]\nname = \"s\"\nwhen = \"open_opportunity\"\npoints = 1\n",
        "[[account.segments]]\nname = \"s\"\nwhen = \"won_amount > 0\"\n",
        "[[account.tiers]]\nname = \"t\"\nwhen = \"days_since_won < 3\"\n[[account.tiers]]\nname = \"u\"\n",
    ] {
        folder.write("m.toml", format!("schema = 1\n{part}"));
        let told = folder.pql("check m.toml");
        assert!(
            told.code == 1 && told.stderr.contains("computed with the facts of the record and of outcomes"),
            "{}",
            told.stderr
        );
    }
}

#[test]
fn what_of_outcomes_is_not_used_is_counted_and_told() {
    let folder = folder("");
    for (text, message) in [
        ("account_id,outcome,at\n", "warning: `o.csv` has no rows, so it gives no outcomes"),
        ("", "warning: `o.csv` has no rows, so it gives no outcomes"),
        (
            "account_id,outcome,at\nx,won,2026-09-05\ny,won,2026-09-05\n",
            "warning: none of 2 outcomes fits a user or account with events (the first at `o.csv` line 2); `user_id` and `account_id` were compared with ids of users and accounts",
        ),
        (
            "account_id,outcome,at\na,wonn,2026-09-05\nb,won,2026-09-05\n",
            "warning: 1 row is not used, since `wonn` is no outcome (at `o.csv` line 2); `won` comes close",
        ),
        (
            "account_id,outcome,at\na,,2026-09-05\nb,won,2026-09-05\n",
            "warning: 1 row is not used, since the column `outcome` is empty there (at `o.csv` line 2); expected one of `contacted`, `responded`",
        ),
        (
            "account_id,outcome,at\na,won,05.09.2026\na,lost,06.09.2026\nb,won,2026-09-05\n",
            "warning: 2 values of the column `at` are no dates, so their outcomes are not used (the first at `o.csv` line 2); under [outcomes] of the model, `date_format = \"DD.MM.YYYY\"` would read them",
        ),
        (
            "account_id,outcome,at,amount\na,won,2026-09-05,$12\n",
            "warning: 1 value of the column `amount` is no number, so its outcome has no amount (at `o.csv` line 2); write a plain number, such as 1234.5, without the sign of a currency",
        ),
        (
            "account_id,outcome,at\n,won,2026-09-05\nb,won,2026-09-05\n",
            "warning: 1 row of outcomes has no key and is not used (at `o.csv` line 2)",
        ),
        (
            "account_id,outcome,at\na,won,\nb,won,2026-09-05\n",
            "warning: 1 row of outcomes has no date and is not used (at `o.csv` line 2)",
        ),
        (
            "account_id,outcome,at,deal\na,won,2026-09-05,d\na,lost,2026-09-06,d\n",
            "warning: 1 deal is both won and lost (at `o.csv` line 2); both outcomes count",
        ),
        (
            "account_id,outcome,at,amount,currency\na,won,2026-09-05,1,EUR\na,won,2026-09-06,2,USD\n",
            "warning: 1 account has won amounts in several currencies, so `won_amount` is empty there",
        ),
        (
            "account_id,outcome,at,deal\na,won,2026-09-05,d\na,won,2026-09-06,d\n",
            "note: 1 outcome is older than another one of the same deal and word, and does not count (at `o.csv` line 2)",
        ),
        (
            "account_id,outcome,at\na,won,2026-09-05\na,won,2026-09-05\n",
            "note: 1 outcome repeats another one and counts once (at `o.csv` line 3)",
        ),
        (
            "account_id,outcome,at\na,won,2199-09-05\nb,won,2026-09-05\n",
            "note: 1 outcome lies after the clock, so it is a plan and does not count (at `o.csv` line 2)",
        ),
    ] {
        folder.write("o.csv", text);
        let told = folder.pql("score e.ndjson -m m.toml --outcomes o.csv --as-of 2026-09-10");
        assert!(told.code == 0 && told.stderr.contains(message), "{message}\n{}", told.stderr);
        let quiet = folder.pql("score e.ndjson -m m.toml --outcomes o.csv --as-of 2026-09-10 -q").stderr;
        assert_eq!(quiet.contains(message), message.starts_with("warning"), "{quiet}");
    }
}

#[test]
fn a_file_that_is_none_of_outcomes_ends_the_run_with_what_it_lacks() {
    for (model, text, message) in [
        (
            "",
            "name,size\nx,1\n",
            "`o.csv` is no file of outcomes: it has no columns `outcome` and `at`, and the model has no `[outcomes]`; its columns are `name`, `size`",
        ),
        (
            "",
            "name,outcome,at\nx,won,2026-09-05\n",
            "`o.csv` has outcomes without a column of ids; expected `account_id` or `user_id`",
        ),
        (
            MAP,
            "Account ID,Deal,Amount,Owner,Loss Reason,Created,Closed,Stage\n",
            "`o.csv` has no column `Close`, which `won` of [outcomes] reads; `Closed` comes close",
        ),
        (
            MAP,
            "Account ID,Deal,Amount,Owner,Loss Reason,Created,Close\n",
            "`o.csv` has no column `Stage`, which a `where` of [outcomes] reads",
        ),
        ("", "account_id,outcome,at\na,won\n", "`o.csv` line 2"),
    ] {
        let folder = folder(model);
        folder.write("o.csv", text);
        let told = folder.pql("score e.ndjson -m m.toml --outcomes o.csv -q");
        assert!(told.code == 2 && told.stderr.contains(message), "{message}\n{}", told.stderr);
        assert_eq!(told.stdout, "");
    }
    let folder = folder("");
    let told = folder.pql("score e.ndjson -m m.toml --outcomes nowhere.csv -q");
    assert!(told.code == 2 && told.stderr.contains("cannot read `nowhere.csv`"), "{}", told.stderr);
}

#[test]
fn rows_without_a_header_may_lack_columns_but_not_the_key() {
    let folder = folder(MAP);
    folder.write("acc.csv", "account_id,crm\na,001\n");
    let run = "score e.ndjson -m m.toml --accounts acc.csv --outcomes d.ndjson --as-of 2026-09-10 -q --columns account_id,last_outcome";
    folder.write("d.ndjson", "{\"Account ID\":\"001\",\"Created\":\"2026-09-01\",\"Stage\":\"New\"}\n");
    let told = folder.pql(run);
    assert!(told.code == 0 && told.stdout.contains("a,opportunity"), "{}{}", told.stdout, told.stderr);
    let message = "warning: no row of `d.ndjson` has `Close`, which [outcomes] of the model names";
    assert!(told.stderr.contains(message), "{}", told.stderr);
    folder.write("d.ndjson", "{\"Created\":\"2026-09-01\",\"Stage\":\"New\"}\n");
    let told = folder.pql(run);
    assert!(
        told.code == 2 && told.stderr.contains("has no column `Account ID`, which `fields.key` of [outcomes] reads"),
        "{}",
        told.stderr
    );
}

#[test]
fn a_map_with_a_mistake_is_told_with_its_place() {
    for (section, message, place) in [
        ("[outcomes]\nwon = { at = \"d\" }\n", "[outcomes] without `fields`", "m.toml:3:1"),
        (
            "[outcomes]\nfields = { deal = \"d\" }\nwon = { at = \"d\" }\n",
            "[outcomes] fields without `key`",
            "m.toml:3:12",
        ),
        ("[outcomes]\nfields = { key = \"k\" }\n", "[outcomes] without `won`", "m.toml:3:1"),
        (
            "[outcomes]\nfields = { key = \"k\" }\nwon = { where = \"a = 1\" }\n",
            "the outcome `won` without `at`",
            "m.toml:4:9",
        ),
        (
            "[outcomes]\nfields = { key = \"k\" }\nwoon = { at = \"d\" }\n",
            "unknown key `woon` in [outcomes]",
            "m.toml:4:1",
        ),
        (
            "[outcomes]\nkey = \"crn\"\nfields = { key = \"k\" }\nwon = { at = \"d\" }\n[account.traits]\ncrm = { type = \"text\" }\n",
            "`crn` is no key that rows can be matched by",
            "m.toml:3:7",
        ),
        ("[outcomes]\nfields = { key = \"k\" }\nwon = { at = \"d\", where = \"Stage = \" }\n", "M010", "m.toml:4:35"),
        (
            "[outcomes]\nfields = { key = \"k\" }\ndate_format = \"1,234.5\"\nwon = { at = \"d\" }\n",
            "`date_format` cannot be `1,234.5`",
            "m.toml:4:15",
        ),
        (
            "[account.traits]\nwon_amount = { type = \"number\" }\n",
            "two facts of one level are called `won_amount`",
            "m.toml:3:1",
        ),
    ] {
        let folder = folder(section);
        let told = folder.pql("check m.toml");
        assert!(told.code == 1 && told.stderr.contains(message), "{message}\n{}", told.stderr);
        assert!(told.stderr.contains(place), "{place}\n{}", told.stderr);
    }
}

#[test]
fn the_record_of_a_run_counts_the_rows_and_lists_those_that_fit_nobody() {
    let folder = folder("");
    folder.write("o.csv", "account_id,outcome,at\na,won,2026-09-05\nx,won,2026-09-05\ny,lost,2026-09-06\nb,won,soon\n");
    let told = folder.pql("score e.ndjson -m m.toml --outcomes o.csv --as-of 2026-09-10 -q --out out");
    assert_eq!(told.code, 0, "{}", told.stderr);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let outcomes = &record["outcomes"];
    assert_eq!(outcomes["files"], serde_json::json!(["o.csv"]));
    assert_eq!((&outcomes["rows"], &outcomes["outcomes"]), (&4.into(), &3.into()));
    assert_eq!(outcomes["by_outcome"], serde_json::json!({ "won": 2, "lost": 1 }));
    let lines = serde_json::json!([{ "file": "o.csv", "line": 3 }, { "file": "o.csv", "line": 4 }]);
    assert_eq!(outcomes["unmatched"], serde_json::json!({ "count": 2, "first": lines }));
    assert_eq!(outcomes["not_understood"][0]["column"], "at");
    let without = folder.pql("score e.ndjson -m m.toml --as-of 2026-09-10 -q --out out");
    assert_eq!(without.code, 0, "{}", without.stderr);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert!(record.get("outcomes").is_none(), "a run without outcomes says nothing of them");
}

#[test]
fn explain_lists_the_outcomes_by_date_and_says_which_the_run_does_not_know() {
    let folder = folder("");
    folder.write(
        "o.csv",
        "account_id,user_id,outcome,at,amount,currency,deal,owner,reason\n\
         a,,won,2026-09-07,12.5,EUR,d1,Ann,\n,a1,contacted,2026-09-05,,,,,\na,,churned,2026-09-20,,,,,too dear\n",
    );
    let run = "e.ndjson -m m.toml --outcomes o.csv --as-of 2026-09-10 -q";
    let shown = folder.pql(&format!("explain account:a {run}")).stdout;
    let listed = "outcomes\n  2026-09-05  contacted  user a1\n  2026-09-07  won        12.5 EUR, deal d1, owner Ann\n  \
        2026-09-20  churned    reason: too dear, not known at this instant\n";
    assert!(shown.contains(listed), "{shown}");
    let other = folder.pql(&format!("explain user:a2 {run}")).stdout;
    assert!(other.contains("outcomes\n  2026-09-07  won"), "{other}");
    let json: serde_json::Value =
        serde_json::from_str(&folder.pql(&format!("explain account:a {run} --format json")).stdout).expect("JSON");
    assert_eq!(json["outcomes"][0]["user_id"], "a1");
    assert_eq!((&json["outcomes"][1]["amount"], &json["outcomes"][2]["known"]), (&12.5.into(), &false.into()));
    assert!(!folder.pql("explain account:a e.ndjson -m m.toml --as-of 2026-09-10 -q").stdout.contains("outcomes"));
}

#[test]
fn with_a_record_outcomes_are_traits() {
    let rules = "[[account.tiers]]\nname = \"good\"\nqualified = true\n[[account.suppress]]\nname = \"customer\"\nwhen = \"days_since_won is not null\"\n";
    let folder = folder(rules);
    folder.write("o.csv", "account_id,outcome,at\n");
    let run = |day: &str, more: &str| {
        let command = format!("score e.ndjson -m m.toml --outcomes o.csv --as-of {day} -q --out out --record r {more}");
        let told = folder.pql(&command);
        assert_eq!(told.code, 0, "{}", told.stderr);
        rows(&folder.read("out/changes.csv"))[1..]
            .iter()
            .map(|row| [&row[3], &row[4], &row[6], &row[7]].map(String::as_str).join(" "))
            .collect::<Vec<String>>()
    };
    assert!(run("2026-09-02", "--begin").is_empty());
    // The deal was won before the run before, but nobody had written it down.
    folder.write("o.csv", "account_id,outcome,at\na,won,2026-09-01\n");
    assert_eq!(run("2026-09-03", ""), ["account a suppressed traits"]);
    // What was known then becomes true by time alone.
    folder.write("o.csv", "account_id,outcome,at\na,won,2026-09-01\nb,won,2026-09-05\n");
    assert!(run("2026-09-04", "").is_empty());
    assert_eq!(run("2026-09-05", ""), ["account b suppressed time"]);
    assert_eq!(folder.pql("record verify r").code, 0);
}

#[test]
fn replay_knows_at_each_date_what_was_known_then() {
    let rules = "[[account.tiers]]\nname = \"good\"\nqualified = true\n[[account.suppress]]\nname = \"deal\"\nwhen = \"open_opportunity\"\n";
    let folder = folder(rules);
    folder.write("o.csv", "account_id,outcome,at,deal\na,opportunity,2026-09-03,d\na,lost,2026-09-05,d\n");
    let told = folder.pql("replay e.ndjson -m m.toml --outcomes o.csv --from 2026-09-02 --to 2026-09-06 --out out -q");
    assert_eq!(told.code, 0, "{}", told.stderr);
    let table = rows(&folder.read("out/changes.csv"));
    let changes: Vec<String> =
        table[1..].iter().map(|row| [&row[0][..10], &row[4], &row[6], &row[7]].join(" ")).collect();
    assert_eq!(changes, ["2026-09-04 a suppressed time", "2026-09-06 a suppressed time"]);
    let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(record["outcomes"]["outcomes"], 2);
}

#[test]
fn diff_check_and_several_models_take_outcomes() {
    let folder = folder("[[account.suppress]]\nname = \"deal\"\nwhen = \"open_opportunity\"\n");
    folder.write("o.csv", "account_id,outcome,at\na,opportunity,2026-09-03\nb,wonn,2026-09-03\n");
    let told = folder.pql("diff m.toml m.toml e.ndjson --outcomes o.csv --as-of 2026-09-10 -q");
    assert_eq!((told.code, told.stderr.matches("`wonn` is no outcome").count()), (0, 1), "{}", told.stderr);
    let told = folder.pql("check m.toml --events e.ndjson --outcomes o.csv");
    assert!(told.stderr.contains("`wonn` is no outcome"), "{}", told.stderr);
}

const CASE_MODEL: &str = "[[account.tiers]]\nname = \"good\"\nqualified = true\n\
    [[account.suppress]]\nname = \"deal\"\nwhen = \"open_opportunity\"\n\
    [[account.routes]]\nname = \"later\"\nwhen = \"days_since_contacted < 14\"\n[[account.routes]]\nname = \"call\"\n";

const CASE_EVENTS: &str =
    "events = [{ user = \"kim\", account = \"acme\", event = \"use\", at = \"2026-09-01T08:00:00Z\" }]\n";

#[test]
fn cases_may_give_outcomes() {
    let folder = folder(CASE_MODEL);
    let case = |outcomes: &str, expected: &str| {
        format!(
            "schema = 1\nmodel = \"m.toml\"\n[[case]]\nname = \"c\"\nas_of = \"2026-10-10\"\n{CASE_EVENTS}{outcomes}\n\
             [[case.expect]]\naccount = \"acme\"\n{expected}\n"
        )
    };
    for (outcomes, expected) in [
        ("", "holds = [\"open_opportunity is null\"]\ncolumns = { suppressed = \"\" }\nroute = \"call\""),
        ("outcomes = []", "facts = { open_opportunity = false, won_amount = 0 }"),
        (
            "outcomes = [{ outcome = \"opportunity\", account = \"acme\", at = 2026-10-02, deal = \"d\" }, { outcome = \"contacted\", user = \"kim\", at = \"-2d\" }]",
            "columns = { suppressed = \"deal\" }\nroute = \"later\"\nfacts = { last_outcome = \"contacted\", days_since_contacted = 1 }",
        ),
        (
            "outcomes = [{ outcome = \"won\", account = \"acme\", at = \"2026-10-02\", amount = 12 }]",
            "facts = { won_amount = 12, days_since_won = 8 }",
        ),
    ] {
        folder.write("c.toml", case(outcomes, expected));
        let told = folder.pql("test c.toml");
        assert_eq!(told.code, 0, "{outcomes}\n{}{}", told.stdout, told.stderr);
    }
    for (outcomes, message) in [
        ("outcomes = [{ outcome = \"wonn\", account = \"acme\", at = \"-1d\" }]", "`wonn` is no outcome"),
        ("outcomes = [{ outcome = \"won\", account = \"acme\", at = \"soon\" }]", "`soon` is no time"),
        ("outcomes = [{ outcome = \"won\", account = \"acme\" }]", "an outcome without `at`"),
        ("outcomes = [{ outcome = \"won\", at = \"-1d\" }]", "an outcome without `user`"),
        ("outcomes = [{ outcome = \"won\", account = \"acme\", at = \"-1d\", sum = 3 }]", "unknown key `sum`"),
    ] {
        folder.write("c.toml", case(outcomes, "tier = \"good\""));
        let told = folder.pql("test c.toml");
        assert!(told.code == 2 && told.stderr.contains(message), "{message}\n{}", told.stderr);
        assert!(told.stderr.contains("c.toml:7:"), "{}", told.stderr);
    }
}

#[test]
fn outcomes_of_the_days_of_a_case_add_up_and_are_traits() {
    let folder = folder(CASE_MODEL);
    let days = [
        format!("[[case.day]]\nas_of = 2026-10-01\n{CASE_EVENTS}[[case.day.expect]]\naccount = \"acme\"\nfacts = {{ open_opportunity = false }}\n"),
        "[[case.day]]\nas_of = 2026-10-02\noutcomes = [{ outcome = \"opportunity\", account = \"acme\", at = \"-3d\", deal = \"d\" }]\n\
         changes = [{ account = \"acme\", change = \"suppressed\", cause = \"traits\" }]\n"
            .to_owned(),
        "[[case.day]]\nas_of = 2026-10-03\nchanges = []\n[[case.day.expect]]\naccount = \"acme\"\nfacts = { days_since_opportunity = 3 }\n".to_owned(),
        "[[case.day]]\nas_of = 2026-10-04\noutcomes = [{ outcome = \"lost\", account = \"acme\", at = 2026-10-04, deal = \"d\" }]\n\
         [[case.day.expect]]\naccount = \"acme\"\nfacts = { open_opportunity = false }\n"
            .to_owned(),
    ];
    folder.write("c.toml", format!("schema = 1\nmodel = \"m.toml\"\n[[case]]\nname = \"c\"\n{}", days.concat()));
    let told = folder.pql("test c.toml");
    assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
}
