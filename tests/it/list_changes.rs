//! `pql changes`: the lists of two earlier runs, compared without a record.

use crate::run::{Folder, rows};

const MODEL: &str = r#"
schema = 1
name = "m"
[account.traits]
plan = { type = "text" }
[[user.signals]]
name = "invited"
event = "invite"
ladder = [{ at_least = 1, points = 5 }, { at_least = 3, points = 15 }]
[[user.tiers]]
name = "lead"
at_least = 15
qualified = true
[[user.tiers]]
name = "none"
[[account.signals]]
name = "invites"
event = "invite"
ladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 30 }]
[[account.signals]]
name = "away"
when = "days_inactive >= 7"
points = -20
[account.score]
max = 25
[[account.tiers]]
name = "hot"
at_least = 25
qualified = true
[[account.tiers]]
name = "warm"
at_least = 10
[[account.tiers]]
name = "cold"
[[account.routes]]
name = "call"
when = "qualified"
[[account.routes]]
name = "show"
when = "active_users_28 > 1"
[[account.routes]]
name = "wait"
[[account.suppress]]
name = "customer"
when = "plan = 'paid'"
"#;

/// A line for each of some events: user, account, date, hour.
fn events(all: &[(&str, &str, &str, u32)]) -> String {
    let line = |(user, account, date, hour): &(&str, &str, &str, u32)| {
        format!(
            "{{\"event\":\"invite\",\"timestamp\":\"{date}T{hour:02}:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"{account}\"}}\n"
        )
    };
    all.iter().map(line).collect()
}

/// A folder with the lists of 7 and 15 October, as `old` and `new` in a format.
fn folder(format: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("m.toml", MODEL);
    let old = [
        ("kim", "acme", "2026-10-05", 8),
        ("lea", "blue", "2026-10-06", 8),
        ("lea", "blue", "2026-10-06", 9),
        ("lea", "blue", "2026-10-06", 10),
        ("tom", "gone", "2026-10-06", 10),
        ("eve", "same", "2026-10-06", 10),
        ("pat", "paid", "2026-10-07", 10),
    ];
    let new = [
        ("kim", "acme", "2026-10-14", 8),
        ("kim", "acme", "2026-10-14", 9),
        ("ann", "=new", "2026-10-15", 9),
        ("zoe", "same", "2026-10-15", 10),
        ("pat", "paid", "2026-10-15", 10),
    ];
    folder.write("old.ndjson", events(&old));
    let kept: Vec<_> = old.iter().filter(|event| event.0 != "tom").copied().collect();
    folder.write("new.ndjson", events(&[&kept[..], &new].concat()));
    folder.write("paid.csv", "account_id,plan\npaid,paid\n");
    for (run, as_of, more) in [("old", "2026-10-07", ""), ("new", "2026-10-15", "--accounts paid.csv")] {
        let outcome =
            folder.pql(&format!("score {run}.ndjson -m m.toml --as-of {as_of} {more} --out {run} -f {format} -q"));
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    folder
}

/// Some columns of a list of changes, as text.
fn columns(text: &str, names: &[&str]) -> Vec<String> {
    let all = rows(text);
    let (head, rest) = all.split_first().expect("a header row");
    let places: Vec<usize> =
        names.iter().map(|name| head.iter().position(|column| column == name).expect("a column")).collect();
    rest.iter().map(|row| places.iter().map(|place| row[*place].as_str()).collect::<Vec<&str>>().join(" ")).collect()
}

#[test]
fn two_folders_give_who_changed_and_by_which_signals() {
    let folder = folder("csv");
    let outcome = folder.pql("changes old new");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let names = ["level", "id", "change", "tier_before", "tier", "score_before", "score", "because"];
    assert_eq!(
        columns(&outcome.stdout, &names),
        [
            "account acme up warm hot 10 25 invites:+20;cap:score:-5;members.invited:+10 (1 person)",
            "user kim up none lead 5 15 invited:+10",
            "account '=new new  warm  10 invites:+10;members.invited:+5 (1 person)",
            "account same route warm warm 10 10 members.invited:+5 (1 person)",
            "account blue down hot warm 25 10 away:-20;cap:score:+5",
            "account paid suppressed warm warm 10 10 ",
            "account gone gone warm  10  invites:-10;members.invited:-5 (1 person)",
            "user tom gone none  5  invited:-5",
        ]
    );
}

#[test]
fn the_format_of_the_lists_does_not_matter() {
    let of_csv = folder("csv").pql("changes old new -q").stdout;
    for format in ["json", "ndjson"] {
        let folder = folder(format);
        assert_eq!(folder.pql("changes old new -q").stdout, of_csv, "{format}");
        let files = format!("changes old/accounts.{format} new/accounts.{format} -q -f json");
        let json: serde_json::Value = serde_json::from_str(&folder.pql(&files).stdout).expect("JSON");
        assert_eq!(json[0]["id"], "acme");
        assert_eq!(json[0]["because"], "invites:+20;cap:score:-5");
        assert_eq!(json[0]["as_of"], "2026-10-16T00:00:00Z");
        assert_eq!(json[1]["id"], "=new", "no apostrophe in {format}");
    }
}

#[test]
fn what_a_replay_says_is_what_its_lists_say() {
    let folder = folder("csv");
    let outcome = folder.pql("score new.ndjson -m m.toml --as-of 2026-10-07 --accounts paid.csv --out then -q");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let outcome = folder.pql(
        "replay new.ndjson -m m.toml --accounts paid.csv --from 2026-10-07 --to 2026-10-15 --every 8d --out replay -q",
    );
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let names = [
        "as_of",
        "model_hash",
        "level",
        "id",
        "account_id",
        "change",
        "tier_before",
        "tier",
        "route_before",
        "route",
        "score_before",
        "score",
    ];
    let lists = columns(&folder.pql("changes then new -q").stdout, &names);
    assert_eq!(lists, columns(&folder.read("replay/changes.csv"), &names));
    assert_eq!(lists.len(), 5, "{lists:?}");
}

#[test]
fn levels_without_tiers_and_routes_are_compared_too() {
    let folder = Folder::in_memory();
    folder.write("m.toml", "schema = 1\n[[user.signals]]\nname = \"used\"\nevent = \"invite\"\npoints = 5\n");
    folder.write("e.ndjson", events(&[("kim", "acme", "2026-10-05", 8)]));
    let outcome = folder.pql("score e.ndjson -m m.toml --out old -q");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let outcome = folder.pql("changes old old --format ndjson");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
}

const HEADER: &str = "account_id,score,tier,qualified,route,signals,suppressed";

#[test]
fn tiers_are_compared_in_the_order_of_the_later_run_where_it_is_known() {
    let folder = Folder::in_memory();
    let list = |rows: &str| format!("{HEADER}\n{rows}\n");
    folder.write("old/accounts.csv", list("a,10,warm,false,,x:10,\nb,10,cold,false,,,\nc,10,warm,false,,,"));
    folder.write(
        "new/accounts.csv",
        list("a,15,cold,false,,x:15,\nb,5,hot,true,,,\nc,10,cold,false,,,\nd,8,warm,false,,,"),
    );
    let names = ["id", "change"];
    let outcome = folder.pql("changes old new");
    assert_eq!(columns(&outcome.stdout, &names), ["b up", "a up"], "qualified, then score");
    assert!(outcome.stderr.contains("1 account new and not qualified, not listed"), "{}", outcome.stderr);
    let run = r#"{"model":{"name":"m","sha256":"0"},"as_of":"2026-10-02T00:00:00Z","accounts":{"tiers":{"hot":1,"warm":1,"cold":2}},"outputs":[{"name":"accounts.csv"}]}"#;
    folder.write("new/run.json", run);
    for new in ["new", "new/accounts.csv"] {
        let outcome = folder.pql(&format!("changes old {new}"));
        assert_eq!(columns(&outcome.stdout, &names), ["b up", "d new", "a down", "c down"], "{new}");
    }
    // A record of another run says nothing of a file that it did not write.
    folder.write("new/other.csv", folder.read("new/accounts.csv"));
    assert_eq!(columns(&folder.pql("changes old/accounts.csv new/other.csv").stdout, &names), ["b up", "a up"]);
}

#[test]
fn the_list_goes_to_a_file_or_to_people() {
    let folder = folder("csv");
    let outcome = folder.pql("changes old new --out changes.csv");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    assert_eq!(folder.read("changes.csv"), folder.pql("changes old new").stdout);
    assert!(outcome.stderr.contains("note: 8 changes, 2 newly qualified"), "{}", outcome.stderr);
    let table = folder.pql("changes old new --format table -q");
    assert_eq!(table.stderr, "");
    assert!(table.stdout.contains("account  acme  up"), "{}", table.stdout);
    assert!(table.stdout.contains("warm → hot"), "{}", table.stdout);
    let backward = folder.pql("changes new old -q");
    assert!(backward.stderr.contains("warning: OLD looks from 2026-10-16"), "{}", backward.stderr);
}

#[test]
fn what_is_no_list_is_refused_with_the_reason() {
    let folder = folder("csv");
    let accounts = folder.read("old/accounts.csv");
    folder.write("empty/readme.txt", "");
    folder.write("short.csv", "account_id,score\na,1\n");
    folder.write("plain.csv", "name,score\na,1\n");
    folder.write("points.csv", format!("{HEADER}\na,many,x,false,,,\n"));
    folder.write("truth.csv", format!("{HEADER}\na,1,x,maybe,,,\n"));
    folder.write("signals.csv", format!("{HEADER}\na,1,x,true,,invites,\n"));
    folder.write("twice.csv", format!("{HEADER}\na,1,x,true,,,\nb,1,x,true,,,\na,1,x,true,,,\n"));
    folder.write("cells.csv", format!("{HEADER}\na,1\n"));
    folder.write("nobody.ndjson", "");
    folder.write("both/accounts.csv", &accounts);
    folder.write("both/accounts.json", "[]");
    folder.write("foreign/accounts.csv", &accounts);
    folder.write("foreign/run.json", "[1]");
    folder.write("users/users.csv", &accounts);
    for (old, told) in [
        ("none", "`none` does not exist; expected a folder of `pql score --out`"),
        ("empty", "has no users.csv or accounts.csv"),
        ("short.csv", "the file has no columns `tier`, `qualified`, `route` and `signals`"),
        ("plain.csv", "the file has neither a column `user_id` nor `account_id`"),
        ("old.ndjson", "so it is no list of `pql score`"),
        (
            "points.csv",
            "`points.csv` line 2: the value of `score` is not as `pql score` writes it; expected a number of points",
        ),
        ("truth.csv", "the value of `qualified` is not as"),
        ("signals.csv", "the value of `signals` is not as"),
        ("twice.csv", "`twice.csv` line 4: the id of this row stands on line 2 too"),
        ("nobody.ndjson", "the file has no row"),
        ("both", "the folder has `accounts.csv` and `accounts.json`; name one of them"),
        ("foreign", "run.json`: the file is not the record of a run"),
        ("users", "the file has rows of accounts, which its name does not say"),
        ("new/users.csv", "`new/users.csv` has users and `new/accounts.csv` has accounts"),
    ] {
        let outcome = folder.pql(&format!("changes {old} new/accounts.csv"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{old}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(told), "{old}: {told}\n{}", outcome.stderr);
        assert!(!outcome.stderr.contains("many") && !outcome.stderr.contains("maybe"), "{}", outcome.stderr);
    }
    // A table that cannot be read to its end.
    let outcome = folder.pql("changes cells.csv new/accounts.csv");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`cells.csv` line 2: 2 cells where the header row has 7"), "{}", outcome.stderr);
    let outcome = folder.pql("changes old new --out new/accounts.csv");
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("is one of the lists and would be written over"), "{}", outcome.stderr);
}
