//! Rows that are asked for: `--where`, `--top` and `--columns` on the standard output, the stamp,
//! and files for others.

use serde_json::{Value as Json, json};

use crate::run::{Folder, Outcome, names, rows};

const MODEL: &str = r#"schema = 1
name = "lists"
[user.traits]
company = { type = "text" }
[metrics]
invites = { measure = "count", event = "invite" }
unused = { measure = "count", event = "visit" }
[[user.signals]]
name = "invites"
per = "invites"
points = 10
say = "Invited {invites}"
[[user.tiers]]
name = "hot"
at_least = 20
qualified = true
[[user.tiers]]
name = "cold"
"#;

fn event(user: &str, company: &str, day: u32) -> String {
    json!({ "event": "invite", "timestamp": format!("2026-10-{day:02}T12:00:00Z"), "user_id": user,
            "account_id": "acme", "properties": { "company": company } })
    .to_string()
        + "\n"
}

/// `ann` has 30 points, `bob` and `cid` 20 (`cid` was there last), `dan` 10.
fn folder(more: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", format!("{MODEL}{more}"));
    let events = [
        ("ann", "=Acme", 1),
        ("ann", "=Acme", 2),
        ("ann", "=Acme", 3),
        ("bob", "Globex", 4),
        ("bob", "Globex", 5),
        ("cid", "Globex", 6),
        ("cid", "Globex", 7),
        ("dan", "Initech", 8),
    ];
    folder.write("events.ndjson", events.map(|(user, company, day)| event(user, company, day)).concat());
    folder
}

fn score(folder: &Folder, options: &[&str]) -> Outcome {
    let fixed = ["score", "events.ndjson", "-m", "model.toml", "--as-of", "2026-10-08"];
    folder.pql_with(&[&fixed, options].concat(), b"")
}

#[test]
fn rows_and_columns_of_the_standard_output_can_be_chosen() {
    let folder = folder("");
    for (options, expected) in [
        (
            ["--columns", "user_id,score,say", "--top", "2"].as_slice(),
            "user_id,score,say\nann,30,Invited 3\nbob,20,Invited 2\n",
        ),
        (
            ["--columns", "rank, user_id ,unused", "--where", "invites < 3 and tier = 'hot'"].as_slice(),
            "rank,user_id,unused\n1,bob,0\n2,cid,0\n",
        ),
        (
            ["--columns", "tier,as_of,model", "--where", "score < 15"].as_slice(),
            "tier,as_of,model\ncold,2026-10-09T00:00:00Z,lists\n",
        ),
        (["--columns", "company", "--where", "company like '=%'"].as_slice(), "company\n'=Acme\n"),
        (["--columns", "user_id", "--where", "false"].as_slice(), "user_id\n"),
    ] {
        let outcome = score(&folder, &[&["--level", "user"], options].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, expected), "{options:?}: {outcome:?}");
    }
    // All columns are those of a run without options.
    let all = score(&folder, &["--level", "user", "-q"]);
    let top = score(&folder, &["--level", "user", "--top", "9", "-q"]);
    assert_eq!(all.stdout, top.stdout);
    let json = score(&folder, &["--level", "user", "--columns", "user_id,signals", "--top", "1", "-f", "json", "-q"]);
    let parsed: Json = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(parsed, json!([{ "user_id": "ann", "signals": "invites:30" }]));
    let table = score(&folder, &["--level", "user", "--columns", "rank,user_id", "--top", "1", "-f", "table", "-q"]);
    assert_eq!(table.stdout.split_whitespace().collect::<Vec<_>>(), ["rank", "user_id", "1", "ann"]);
}

#[test]
fn a_cut_through_equal_scores_is_noted() {
    let folder = folder("");
    let told = "note: --top leaves out 1 row with the same score as the last row; rows of one score are in the order of their ids\n";
    assert!(score(&folder, &["--level", "user", "--top", "2"]).stderr.contains(told));
    assert!(!score(&folder, &["--level", "user", "--top", "3"]).stderr.contains("leaves out"));
    assert!(!score(&folder, &["--level", "user", "--top", "2", "-q"]).stderr.contains("leaves out"));
}

#[test]
fn what_is_asked_for_and_not_there_is_told_with_the_nearest_name() {
    let folder = folder("");
    for (options, parts) in [
        (
            ["--where", "invite > 2"],
            ["error[M011]: no fact `invite` of users", " --> --where:1:1", "a name that exists is `invites`"],
        ),
        (["--where", "tier > 2"], ["error[M010]", " --> --where:1:1", "number"]),
        (
            ["--columns", "score,teir"],
            [
                "error[M011]: no column and no fact `teir` of users",
                " --> --columns:1:7",
                "a name that exists is `tier`",
            ],
        ),
        (["--columns", "last_sen"], ["no column and no fact `last_sen`", " --> --columns:1:1", "`last_seen`"]),
        (["--columns", "score,,tier"], ["no column and no fact ``", " --> --columns:1:", "of users"]),
    ] {
        let outcome = score(&folder, &[["--level", "user"].as_slice(), &options].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
        for part in parts {
            assert!(outcome.stderr.contains(part), "{options:?}: {part:?} in {outcome:?}");
        }
    }
    assert_eq!(score(&folder, &["--out", "out", "--top", "3"]).code, 2);
}

#[test]
fn a_run_ends_with_the_next_step() {
    let folder = folder("");
    let outcome = score(&folder, &["--level", "user"]);
    let told =
        "next: pql explain user:ID events.ndjson -m model.toml --as-of 2026-10-08 shows why a row is where it is\n";
    assert!(outcome.stderr.ends_with(told), "{outcome:?}");
    let explained = folder.pql("explain user:ann events.ndjson -m model.toml --as-of 2026-10-08");
    assert_eq!(explained.code, 0, "{explained:?}");
    assert!(!score(&folder, &["--level", "user", "-q"]).stderr.contains("next: "));
    // What the run allowed must be allowed again, or the command fails.
    folder.write("events.ndjson", format!("{}broken\n", folder.read("events.ndjson")));
    let limits = ["--max-rejects", "50%", "--max-line", "1MiB", "--max-table", "512MiB"];
    let outcome = score(&folder, &[["--level", "user"].as_slice(), &limits].concat());
    let next = outcome.stderr.lines().last().unwrap_or_default();
    let command = next.strip_prefix("next: pql ").and_then(|rest| rest.strip_suffix(" shows why a row is where it is"));
    let command = command.unwrap_or_else(|| panic!("{outcome:?}")).replace("user:ID", "user:ann");
    assert!(command.ends_with("--max-rejects 50% --max-line 1048576 --max-table 536870912"), "{command}");
    let explained = folder.pql(&command);
    assert_eq!(explained.code, 0, "{explained:?}");
}

const STAMP: &str = "[output]\nstamp = true\n";

#[test]
fn a_stamp_names_the_instant_the_model_and_its_hash_in_every_row() {
    let folder = folder(STAMP);
    assert_eq!(score(&folder, &["--out", "out", "-q"]).code, 0);
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    for list in ["out/users.csv", "out/accounts.csv"] {
        let rows = rows(&folder.read(list));
        let from = rows[0].len() - 3;
        assert_eq!(rows[0][from..], ["as_of", "model", "model_hash"]);
        let hash = record["model"]["sha256"].as_str().expect("a hash");
        assert!(rows[1..].iter().all(|row| row[from..] == ["2026-10-09T00:00:00Z", "lists", hash]), "{rows:?}");
    }
    let twice = format!("{MODEL}[user.facts]\nmodel = \"'x'\"\n{STAMP}user_columns = [\"model\"]\n");
    folder.write("model.toml", twice);
    let check = folder.pql("check model.toml");
    assert!(check.code == 1 && check.stderr.contains("error[M006]: a second column `model`"), "{check:?}");
}

/// A file for others in the model, with further lines.
fn list(name: &str, lines: &str) -> String {
    format!("[[output.files]]\nname = \"{name}\"\nlevel = \"user\"\n{lines}\n")
}

const COLUMNS: &str =
    r#"columns = { Rank = "rank", "Who = what" = "user_id", Points = "score", Twice = "= invites * 2" }"#;

#[test]
fn files_for_others_hold_the_rows_and_columns_that_they_ask_for() {
    let header = "Rank,Who = what,Points,Twice\n";
    for (lines, expected) in [
        // By score, then the latest first.
        ("", "1,ann,30,6\n2,cid,20,4\n3,bob,20,4\n4,dan,10,2\n"),
        ("when = \"tier = 'hot'\"\nlimit = 2", "1,ann,30,6\n2,cid,20,4\n"),
        ("order = [\"last_seen\"]", "1,dan,10,2\n2,cid,20,4\n3,bob,20,4\n4,ann,30,6\n"),
        ("order = [\"company\", \"score\"]\nunique = \"company\"", "1,dan,10,2\n2,bob,20,4\n3,ann,30,6\n"),
    ] {
        let folder = folder(&list("crm.csv", &format!("{lines}\n{COLUMNS}")));
        let outcome = score(&folder, &["--out", "out", "-q"]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{lines}");
        assert_eq!(folder.read("out/crm.csv"), format!("{header}{expected}"), "{lines}");
    }
    let folder = folder(&(list("crm.ndjson", COLUMNS) + &list("crm.json", COLUMNS)));
    assert_eq!(score(&folder, &["--out", "out", "-q"]).code, 0);
    let first = json!({ "Rank": 1, "Who = what": "ann", "Points": 30, "Twice": 6 });
    let lines = folder.read("out/crm.ndjson");
    assert_eq!(serde_json::from_str::<Json>(lines.lines().next().expect("a line")).expect("JSON"), first);
    let all: Json = serde_json::from_str(&folder.read("out/crm.json")).expect("JSON");
    assert_eq!((&all[0], all.as_array().map(Vec::len)), (&first, Some(4)));
}

#[test]
fn files_for_others_belong_to_the_published_set_and_run_no_formula() {
    let columns = "columns = { \"=Company\" = \"company\" }";
    let folder = folder(&list("crm.csv", columns));
    assert_eq!(score(&folder, &["--out", "out", "-q"]).code, 0);
    assert_eq!(
        names(&folder.path().join("out")),
        ["accounts.csv", "crm.csv", "rejects.ndjson", "run.json", "users.csv"]
    );
    assert_eq!(folder.read("out/crm.csv"), "'=Company\n'=Acme\nGlobex\nGlobex\nInitech\n");
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let outputs = record["outputs"].as_array().expect("a list");
    let crm = outputs.iter().find(|output| output["name"] == "crm.csv").expect("the file");
    assert_eq!(crm["bytes"], folder.read("out/crm.csv").len());
    assert_eq!(record["formula_cells"], 2);
    // Nothing of it appears if the run has no result.
    let failed = score(&folder, &["--out", "new", "-q", "--fail-if", "users > 1"]);
    assert_eq!((failed.code, names(&folder.path().join("new"))), (1, Vec::new()));
}

#[test]
fn a_digest_has_at_most_thirty_lines_and_stays_text() {
    let folder = folder(&list("daily.md", "columns = { \"\" = \"rank\", Who = \"user_id\", Company = \"company\" }"));
    let events: String =
        (0..60).map(|user| event(&format!("u{user:02}"), "<b>*x*|`y`</b> @all a@b.example", 8)).collect();
    folder.write("events.ndjson", events);
    assert_eq!(score(&folder, &["--out", "out", "-q"]).code, 0);
    let digest = folder.read("out/daily.md");
    assert!(digest.lines().count() <= 30, "{digest}");
    assert!(
        digest.starts_with("**lists, as of 2026-10-09T00:00:00Z**\n60 users, 0 qualified; 1 account, 0 qualified\n"),
        "{digest}"
    );
    assert!(
        digest.contains("| 1 | u00 | &lt;b&gt;\\*x\\*\\|\\`y\\`&lt;/b&gt; @\u{200b}all a@b.example |\n"),
        "{digest}"
    );
    assert!(digest.ends_with("\n\n… and 38 rows more\n"), "{digest}");
}

#[test]
fn what_needs_a_record_is_not_written_and_noted() {
    for lines in ["rows = \"changed\"", "limit = 3"] {
        let file = list("later.csv", lines);
        let file = if lines.starts_with("limit") { file.replace("\"user\"", "\"alert\"") } else { file };
        let folder = folder(&file);
        let outcome = score(&folder, &["--out", "out"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stderr.contains("note: later.csv is not written, since it needs a record of earlier runs\n"));
        assert!(!folder.path().join("out/later.csv").exists());
    }
}

#[test]
fn rows_that_a_file_leaves_out_are_noted() {
    let folder = folder(&list("crm.csv", "unique = \"company\"\nlimit = 1\norder = [\"score\"]"));
    let outcome = score(&folder, &["--out", "out"]);
    assert!(
        outcome.stderr.contains("note: crm.csv leaves out 1 row that shares the value of `unique` with a better row\n"),
        "{outcome:?}"
    );
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_of_the_model() {
    for (file, part) in [
        (list("a.xlsx", ""), "the ending of `a.xlsx` is no form of output files"),
        (list("a.parquet", ""), "one of `.csv`, `.json`, `.ndjson` and `.md`"),
        (list("a.cvs", ""), "`.csv` is one"),
        (list("../a.csv", ""), "no name of a file in the folder of --out"),
        (list("Users.csv", ""), "`Users.csv` is a file of every run"),
        (list("run.json", ""), "`run.json` is a file of every run"),
        (list("a.csv", "") + &list("A.csv", ""), "error[M006]: a second output file `A.csv`"),
        (list("a.csv", "columns = { A = \"scor\" }"), "a name that exists is `score`"),
        (list("a.csv", "columns = { A = \"= scor * 2\" }"), "no fact `scor` of users"),
        (list("a.csv", "unique = \"domian\""), "a name that exists is `domain`"),
        (list("a.csv", "when = \"score\""), "error[M010]"),
        ("[[output.files]]\nname = \"a.csv\"\n".to_owned(), "error[M004]: an output file without `level`"),
    ] {
        let check = folder(&file).pql("check model.toml");
        assert!(check.code == 1 && check.stderr.contains(part), "{file}: {part:?} in {check:?}");
    }
}

#[test]
fn files_for_others_show_columns_of_champion_and_buyer() {
    let columns = r#"columns = { Account = "account_id", Champion = "champion", Did = "champion.say", Why = "champion.because", Paid = "champion.signals", To = "champion.to", Do = "champion.action", Text = "champion.message", First = "champion.first_seen", Last = "champion.last_seen", Tier = "champion.tier", Buyer = "buyer.say" }"#;
    let more = r#"
[user]
champion = "invites < 3"
buyer = "invites = 1"
[[user.routes]]
name = "call"
motion = "human"
to = "Sales of {company}"
action = "Call"
because = "{invites} of many"
message = "Hello"
"#;
    let folder = folder(&format!("{more}[[output.files]]\nname = \"list.csv\"\nlevel = \"account\"\n{columns}\n"));
    folder.write(
        "events.ndjson",
        folder.read("events.ndjson")
            + &event("eve", "Globex", 8).replace("acme", "zeta").replace("\"invite\"", "\"visit\""),
    );
    let outcome = score(&folder, &["--out", "out", "-q"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let list = rows(&folder.read("out/list.csv"));
    let bob = ["acme", "bob", "Invited 2", "2 of many", "invites:20", "Sales of Globex", "Call", "Hello"];
    let times = ["2026-10-04T12:00:00Z", "2026-10-05T12:00:00Z", "hot", "Invited 1"];
    assert_eq!(list[1], [bob.as_slice(), &times].concat());
    // Who has no signal that fired has no text, and an account without a buyer has no column of one.
    assert_eq!([&list[2][0], &list[2][1], &list[2][2], &list[2][11]], ["zeta", "eve", "", ""]);
    let chosen =
        score(&folder, &["--level", "account", "--top", "1", "--columns", "champion.say,buyer.last_seen", "-q"]);
    assert_eq!(chosen.stdout, "champion.say,buyer.last_seen\nInvited 2,2026-10-08T12:00:00Z\n");
}

#[test]
fn chosen_rows_leave_out_the_suppressed_unless_they_show_why() {
    let folder = folder("[[user.suppress]]\nname = \"customer\"\nwhen = \"company = '=Acme' or invites = 1\"\n");
    let note = |count: &str| format!("note: {count} left out; with `suppressed` among --columns the rows stay\n");
    for (options, expected, noted) in [
        (["--columns", "user_id", "--where", "score >= 20"].as_slice(), "bob cid", Some("1 suppressed user is")),
        (&["--columns", "user_id", "--top", "9"], "bob cid", Some("2 suppressed users are")),
        (&["--columns", "user_id", "--top", "1"], "bob", Some("2 suppressed users are")),
        (&["--columns", "user_id,suppressed", "--top", "1"], "ann,customer", None),
        // Columns alone choose no rows.
        (&["--columns", "user_id"], "ann bob cid dan", None),
    ] {
        let outcome = score(&folder, &[&["--level", "user"], options].concat());
        let rows: Vec<&str> = outcome.stdout.lines().skip(1).collect();
        assert_eq!(rows.join(" "), expected, "{options:?}: {outcome:?}");
        match noted {
            Some(count) => assert!(outcome.stderr.contains(&note(count)), "{options:?}: {outcome:?}"),
            None => assert!(!outcome.stderr.contains("left out;"), "{options:?}: {outcome:?}"),
        }
    }
    // All rows, with the name of the suppression.
    assert_eq!(
        score(&folder, &["--level", "user", "-q"]).stdout.lines().filter(|line| line.contains(",customer,")).count(),
        2
    );
}

#[test]
fn what_speaks_for_a_person_is_what_paid_points() {
    let signal = |name: &str, points: &str| {
        format!("[[user.signals]]\nname = \"{name}\"\nwhen = \"invites >= 1\"\npoints = {points}\nsay = \"{name}\"\n")
    };
    let more = [signal("fits", "0.5"), signal("neutral", "0"), signal("gone", "-2")].concat();
    let folder = folder(&more);
    let people = score(&folder, &["--level", "user", "--columns", "user_id,say,say_for", "--top", "1", "-q"]);
    assert_eq!(people.stdout, "user_id,say,say_for\nann,Invited 3; fits; neutral; gone,Invited 3; fits\n");
    let accounts = score(&folder, &["--level", "account", "--columns", "champion.say_for,say_for", "-q"]);
    assert_eq!(accounts.stdout, "champion.say_for,say_for\nInvited 3; fits,\n");
    // Without anything that paid, there is nothing to say.
    let poor = score(&folder, &["--level", "user", "--columns", "say_for", "--where", "invites < 1", "-q"]);
    assert_eq!(poor.stdout, "say_for\n");
}

#[test]
fn columns_of_a_champion_are_no_facts_and_need_a_champion() {
    for (more, parts) in [
        (
            "[[account.routes]]\nname = \"r\"\nbecause = \"{champion.say}\"\n",
            [
                "`champion.say` is a column and no fact",
                "columns of [[output.files]] and texts of alerts may name champion.say",
            ],
        ),
        (
            "[[account.routes]]\nname = \"r\"\nwhen = \"champion.last_seen > 3\"\n[[account.routes]]\nname = \"s\"\n",
            [
                "`champion.last_seen` is a column and no fact",
                "champion.days_inactive has the days since the champion was active",
            ],
        ),
        (
            "[output]\naccount_columns = [\"champion.last_seen\"]\n",
            ["`champion.last_seen` is a column and no fact", "champion.days_inactive"],
        ),
        (
            "[[output.files]]\nname = \"l.csv\"\nlevel = \"account\"\ncolumns = { A = \"buyer.say\" }\n",
            ["`buyer.say` in a model without a buyer", "[user] buyer = "],
        ),
        (
            "[[output.files]]\nname = \"l.csv\"\nlevel = \"user\"\ncolumns = { A = \"champion.say\" }\n",
            ["`champion.say` in an expression of users", "only accounts have a champion"],
        ),
    ] {
        let outcome = folder(more).pql("check model.toml");
        assert_eq!(outcome.code, 1, "{more}: {outcome:?}");
        parts.iter().for_each(|part| assert!(outcome.stderr.contains(part), "{more}: {part} in {outcome:?}"));
    }
}
