//! `pql check`: its reports for people and programs, the exit codes, ignored warnings, and warnings
//! from events.

use serde_json::{Value as Json, json};

use crate::run::{Folder, Outcome};

const GOOD: &str = "schema = 1\n\n[[user.signals]]\nname = \"invites\"\nevent = \"invite\"\npoints = 10\n";

/// A model with two errors. The second is on a line with multi-byte characters.
const BAD: &str = "schema = 1\n\n[[user.signals]]\nname = \"invites\"\nevent = \"invite\"\npoint = 10\npoints = 10\n[[user.signals]]\nsay = \"größer\"\nname = \"ä\"\nevent = \"x\"\npoints = 1\n";

/// Events with one of the two values that a condition names.
const EVENTS: &str = "{\"event\":\"export\",\"timestamp\":\"2026-10-28T09:00:00Z\",\"user_id\":\"kim\",\"properties\":{\"format\":\"pdf\"}}\n";
const ABOUT_EXPORTS: &str =
    "[[user.signals]]\nname = \"exports\"\nevent = \"export\"\nwhere = \"format in ('pdf', 'CSV')\"\npoints = 10\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("good.toml", GOOD);
    folder.write("bad.toml", BAD);
    folder.write("warned.toml", format!("schema = 1\n{ABOUT_EXPORTS}"));
    folder.write("events.ndjson", EVENTS);
    folder
}

fn json_of(outcome: &Outcome) -> Json {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

#[test]
fn json_is_one_list_over_all_models_with_places_in_characters() {
    let outcome = folder().pql("check bad.toml good.toml --format json");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (1, ""), "{outcome:?}");
    let list = json_of(&outcome);
    let problem = |code: &str, message: &str, place: [u64; 4], help: Json| {
        let [line, column, end_line, end_column] = place;
        json!({
            "code": code, "severity": "error", "message": message, "file": "bad.toml", "line": line, "column": column,
            "end_line": end_line, "end_column": end_column, "help": help, "counter_example": null,
        })
    };
    assert_eq!(
        list,
        json!([
            problem("M002", "unknown key `point` in a signal", [6, 1, 6, 6], json!("a name that exists is `points`")),
            problem("M005", "`ä` is no name", [10, 8, 10, 11], Json::Null),
        ])
    );
    assert_eq!(json_of(&folder().pql("check good.toml --format json")), json!([]));
}

#[test]
fn warnings_fail_where_that_is_asked_for() {
    let folder = folder();
    let warned = "check warned.toml --events events.ndjson";
    let outcome = folder.pql(warned);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("warning[M062]: `format` is never 'CSV'"), "{}", outcome.stderr);
    assert!(outcome.stderr.ends_with("\n\nwarned.toml: 1 warning\n"), "{}", outcome.stderr);
    assert_eq!(folder.pql(&format!("{warned} --fail-level warning")).code, 1);
    assert_eq!(folder.pql("check good.toml --fail-level warning").code, 0);
    assert_eq!(folder.pql("check bad.toml --fail-level warning").code, 1);
    assert_eq!(folder.pql("check good.toml --fail-level fatal").code, 2);
    assert_eq!(folder.pql("check").code, 2);
    assert_eq!(folder.pql("check good.toml --as-of latest").code, 2, "a point in time is of events");
    assert_eq!(folder.pql("check good.toml --events -").code, 2);
}

#[test]
fn a_model_that_cannot_be_read_does_not_hide_the_others() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("folder.toml")).expect("a folder");
    for (unread, exit) in [("none.toml", 2), ("folder.toml", 3)] {
        let outcome = folder.pql(&format!("check {unread} bad.toml good.toml"));
        assert_eq!(outcome.code, exit, "{outcome:?}");
        assert!(outcome.stderr.contains(unread) && outcome.stderr.contains("error[M002]"), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "good.toml: no problems (users: 1 signal, 0 tiers; accounts: 0 signals, 0 tiers)\n");
        let outcome = folder.pql(&format!("check {unread} bad.toml --format github"));
        assert_eq!(outcome.code, exit);
        assert!(outcome.stdout.starts_with(&format!("::error file={unread}::")), "{}", outcome.stdout);
        let outcome = folder.pql(&format!("check {unread} bad.toml --format sarif"));
        let sarif = json_of(&outcome);
        assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
        assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(2));
        let outcome = folder.pql(&format!("check {unread} bad.toml --format junit"));
        assert!(outcome.stdout.contains("errors=\"1\"") && outcome.stdout.contains("<error message="), "{outcome:?}");
    }
    assert_eq!(folder.pql("check folder.toml none.toml").code, 3, "what failed weighs more than what is not there");
}

#[test]
fn every_command_ends_alike_for_a_model_that_it_cannot_read() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("folder.toml")).expect("a folder");
    for (model, exit) in [("none.toml", 2), ("folder.toml", 3)] {
        for command in [
            format!("check {model}"),
            format!("score events.ndjson -m {model}"),
            format!("inspect events.ndjson -m {model}"),
            format!("explain user:kim events.ndjson -m {model}"),
            format!("diff good.toml {model} events.ndjson"),
        ] {
            let outcome = folder.pql(&command);
            assert_eq!(outcome.code, exit, "{command}: {outcome:?}");
            assert!(outcome.stderr.contains(&format!("`{model}`")), "{command}: {outcome:?}");
        }
    }
}

#[test]
fn what_is_told_of_events_needs_events() {
    for option in ["--as-of latest", "--users u.csv", "--accounts a.csv", "--threads 2", "--max-rejects 1%"] {
        let outcome = folder().pql(&format!("check good.toml {option}"));
        assert_eq!(outcome.code, 2, "{option}: {outcome:?}");
        assert!(outcome.stderr.contains("--events <EVENTS>"), "{option}: {outcome:?}");
    }
}

#[test]
fn github_shows_problems_beside_their_lines() {
    let outcome = folder().pql("check bad.toml good.toml --format github");
    assert_eq!(outcome.code, 1);
    assert_eq!(
        outcome.stdout,
        "::error file=bad.toml,line=6,endLine=6,col=1,endColumn=6,title=M002::unknown key `point` in a signal%0Anot a key of this table%0Ahelp: a name that exists is `points`\n\
         ::error file=bad.toml,line=10,endLine=10,col=8,endColumn=11,title=M005::`ä` is no name%0Aa to z, 0 to 9 and _, beginning with a letter, at most 64\n\
         2 models: 2 errors\n"
    );
}

#[test]
fn text_of_a_model_gives_no_commands_and_leaves_no_element() {
    let folder = Folder::new();
    let name = "a,b:%0A\n::set-env x";
    let hostile = "schema = 1\n\"::error::\\r\\n::warning file=x::y%0A<b>]]>\" = 1\n[[user.signals]]\nname = \"\\n::stop-commands::x<!-- \\\"&\"\nevent = \"x\"\npoints = 1\n";
    folder.write(name, hostile);
    for format in ["github", "junit", "sarif", "json", "human"] {
        let outcome = folder.pql_with(&["check", name, "--format", format], b"");
        assert_eq!(outcome.code, 1, "{outcome:?}");
        for line in outcome.stdout.lines().chain(outcome.stderr.lines()) {
            let ours = line.starts_with("::error file=a%2Cb%3A%250A%0A%3A%3Aset-env x,line=");
            assert!(ours || !line.trim_start().starts_with("::"), "{format}: {line}");
        }
        match format {
            "junit" => {
                let text = &outcome.stdout;
                assert!(!text.contains("<b>") && !text.contains("<!--") && !text.contains("x<"), "{text}");
                assert!(text.contains("&lt;b&gt;]]&gt;"), "{text}");
            }
            "sarif" | "json" => drop(json_of(&outcome)),
            _ => {}
        }
    }
}

#[test]
fn junit_has_a_case_for_each_problem_and_one_for_a_model_without() {
    let outcome = folder().pql("check bad.toml good.toml --format junit");
    let text = &outcome.stdout;
    for part in [
        "<testsuites name=\"pql check\" tests=\"3\" failures=\"2\" errors=\"0\">",
        "<testsuite name=\"bad.toml\" tests=\"2\" failures=\"2\" errors=\"0\" skipped=\"0\">",
        "<testcase classname=\"bad.toml\" name=\"M002 at 6:1\" file=\"bad.toml\" line=\"6\">",
        "<failure type=\"M002\" message=\"unknown key `point` in a signal\">",
        "<testcase classname=\"good.toml\" name=\"no problems\"/>",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // A warning below the fail level is not a failure of the build.
    let warned = "check warned.toml --events events.ndjson --format junit";
    let outcome = folder().pql(warned);
    assert!(outcome.stdout.contains("failures=\"0\"") && outcome.stdout.contains("<system-out>"), "{outcome:?}");
    let outcome = folder().pql(&format!("{warned} --fail-level warning"));
    assert!(outcome.stdout.contains("<failure type=\"M062\""), "{outcome:?}");
}

#[test]
fn sarif_has_rules_places_and_what_is_suppressed() {
    let folder = folder();
    let ignore = "[check]\nignore = [{ code = \"M062\", because = \"comes in June\" }]\n";
    folder.write("meant.toml", format!("schema = 1\n{ABOUT_EXPORTS}{ignore}"));
    let outcome = folder.pql("check ./meant.toml bad.toml --events events.ndjson --format sarif");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    let sarif = json_of(&outcome);
    assert_eq!((&sarif["version"], sarif["runs"].as_array().map(Vec::len)), (&json!("2.1.0"), Some(1)));
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let ids: Vec<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert_eq!(ids, ["M002", "M005", "M062"]);
    assert!(rules[0]["help"]["text"].as_str().is_some_and(|text| text.contains("Bad:")), "{}", rules[0]);
    assert_eq!(rules[2]["defaultConfiguration"]["level"], "warning");
    let results = run["results"].as_array().expect("results");
    let suppressed = &results[0];
    assert_eq!(
        suppressed["suppressions"],
        json!([{ "kind": "inSource", "status": "accepted", "justification": "comes in June" }])
    );
    let place = &suppressed["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "meant.toml");
    assert_eq!(place["region"], json!({ "startLine": 5, "startColumn": 28, "endLine": 5, "endColumn": 33 }));
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("a place") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["suppressions"].is_array(), "either all results say whether they are suppressed, or none");
    }
}

#[test]
fn warnings_are_ignored_by_code_and_by_the_name_of_what_they_are_about() {
    let folder = folder();
    let check = |more: &str| {
        folder.write("model.toml", format!("schema = 1\n{ABOUT_EXPORTS}{more}"));
        let outcome = folder.pql("check model.toml --events events.ndjson --fail-level warning");
        let codes =
            outcome.stderr.lines().filter_map(|line| line.strip_prefix("warning[")).map(|line| line[..4].to_owned());
        (outcome.code, codes.collect::<Vec<String>>(), outcome)
    };
    let ignore = |entry: &str| format!("[check]\nignore = [{entry}]\n");
    let (code, codes, outcome) = check(&ignore("{ code = \"M062\", because = \"comes in June\" }"));
    assert_eq!((code, codes.len()), (0, 0), "{outcome:?}");
    assert!(outcome.stdout.starts_with("model.toml: no problems, 1 warning ignored (users: 1 signal"), "{outcome:?}");
    let named = ignore("{ code = \"M062\", because = \"comes in June\", name = \"exports\" }");
    assert_eq!(check(&named).0, 0);
    let elsewhere = ignore("{ code = \"M062\", because = \"comes in June\", name = \"imports\" }");
    assert_eq!(check(&elsewhere).1, ["M062", "M090"]);
    // Each entry must take out a warning. The first entry has taken this one.
    let twice = ignore("{ code = \"M062\", because = \"a\" }, { code = \"M062\", because = \"b\" }");
    assert_eq!(check(&twice).1, ["M090"]);
    // Without events, an entry for a warning from events is not reported as useless.
    let outcome = folder.pql("check model.toml --fail-level warning");
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn only_warnings_are_ignored_and_only_with_a_reason() {
    let folder = Folder::new();
    for (entry, code, told) in [
        ("{ code = \"M002\", because = \"x\" }", "M009", "only warnings can be ignored"),
        ("{ code = \"M090\", because = \"x\" }", "M009", "`M090` cannot be ignored"),
        ("{ code = \"M06\", because = \"x\" }", "M009", "no warning of models has the code `M06`"),
        ("{ code = \"C011\", because = \"x\" }", "M009", "no warning of models has the code `C011`"),
        ("{ code = \"M062\", because = \" \" }", "M009", "`because` says nothing"),
        ("{ code = \"M062\" }", "M004", "an ignored warning without `because`"),
        ("{ because = \"x\" }", "M004", "an ignored warning without `code`"),
        ("{ code = \"M062\", because = \"x\", nmae = \"x\" }", "M002", "a name that exists is `name`"),
        ("\"M062\"", "M003", "expected a table"),
    ] {
        folder.write("model.toml", format!("{GOOD}[check]\nignore = [{entry}]\n"));
        let outcome = folder.pql("check model.toml");
        assert_eq!(outcome.code, 1, "{entry}: {outcome:?}");
        let told = outcome.stderr.contains(&format!("error[{code}]")) && outcome.stderr.contains(told);
        assert!(told, "{entry}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("--> model.toml:8:"), "{entry}: {}", outcome.stderr);
    }
}

#[test]
fn a_reason_does_not_change_what_is_scored() {
    let folder = folder();
    folder.write(
        "meant.toml",
        format!("schema = 1\n{ABOUT_EXPORTS}[check]\nignore = [{{ code = \"M062\", because = \"x\" }}]\n"),
    );
    let scored = |model: &str| folder.pql(&format!("score events.ndjson -m {model} --level user -q")).stdout;
    assert_eq!(scored("warned.toml"), scored("meant.toml"));
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = Folder::new();
    let all = folder.pql("rule --all");
    assert_eq!(all.code, 0);
    assert!(all.stdout.contains("M014  error    keys that do not go together\n"), "{}", all.stdout);
    assert!(all.stdout.contains("\nM062  warning  ") && all.stdout.contains("\nC011  error    "), "{}", all.stdout);
    let one = folder.pql("rule m014");
    for part in ["M014  error    keys that", "\nBad:\n\n    schema = 1\n", "    error[M014]: ", "\nGood:\n"] {
        assert!(one.stdout.contains(part), "{part}\n{}", one.stdout);
    }
    let json = json_of(&folder.pql("rule M014 C001 --format json"));
    assert_eq!((&json[0]["code"], &json[1]["code"]), (&json!("M014"), &json!("C001")));
    let outcome = folder.pql("rule M914");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("no problem has the code `M914`; a code that exists is `M014`"), "{outcome:?}");
    assert_eq!(folder.pql("rule").code, 2);
}

/// The warnings from events about a model, as codes with messages.
fn warned(folder: &Folder, model: &str) -> Vec<String> {
    folder.write("asks.toml", model);
    let outcome = folder.pql("check asks.toml --events events.ndjson --users users.csv --format json");
    let list = json_of(&outcome);
    let text = |one: &Json, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let list = list.as_array().expect("a list").iter();
    let list = list.map(|one| format!("{} {}", text(one, "code"), text(one, "message")));
    list.filter(|one| one.starts_with("M06")).collect()
}

#[test]
fn why_a_signal_never_fires_is_told_once() {
    let folder = Folder::new();
    let line = |event: &str, user: &str, format: &str| {
        format!(
            "{{\"event\":\"{event}\",\"timestamp\":\"2026-10-30T09:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"a\",\"properties\":{{\"format\":\"{format}\"}}}}\n"
        )
    };
    folder.write(
        "events.ndjson",
        line("export", "kim", "pdf") + &line("export", "lou", "csv") + &line("visit", "lou", "x"),
    );
    folder.write("users.csv", "user_id,role\nkim,vp\nlou,dev\n");
    let metrics = "schema = 1\n[metrics]\nasks = { measure = \"count\", event = \"ask\" }\nexports = { measure = \"count\", event = [\"export\", \"ask\"] }\nsince_ask = { measure = \"days_since_last\", event = \"ask\" }\nanswered = { measure = \"elapsed\", from = \"export\", to = \"ask\" }\n[user.traits]\nrole = { type = \"text\" }\n";
    let signal = |level: &str, body: &str| format!("[[{level}.signals]]\nname = \"s\"\npoints = 1\n{body}\n");
    let asks = "M060 no event is called `ask`";
    let never = "M065 the signal `s` never fires";
    let boss = "M062 `role` is never 'boss'";
    // The warnings for each signal, besides the one for the missing event.
    for (body, expected) in [
        // The missing event is the only cause.
        ("event = \"ask\"", &[asks][..]),
        ("when = \"asks >= 1\"", &[asks]),
        ("when = \"asks >= 1 and exports >= 1\"", &[asks]),
        ("when = \"since_ask <= 7\"", &[asks]),
        ("when = \"answered is not null\"", &[asks]),
        ("when = \"asks >= 1 or since_ask <= 7\"", &[asks]),
        ("when = \"account.asks >= 1\"", &[asks]),
        ("when = \"role = 'boss'\"", &[asks, boss]),
        (
            "when = \"keen\"\n[user.facts]\nkeen = \"exports >= 1 and asks_twice >= 2\"\nasks_twice = \"2 * asks\"",
            &[asks],
        ),
        ("when = \"done\"\n[[user.milestones]]\nname = \"done\"\nsteps = [\"export\", \"ask\"]", &[asks]),
        ("event = \"export\"\nwhere = \"format = 'PDF'\"", &[asks, "M062 `format` is never 'PDF'"]),
        ("event = \"export\"\nwhere = \"pages > 1\"", &[asks, "M061 no event `export` has a property `pages`"]),
        // Another cause keeps the signal from firing, in addition or instead.
        ("when = \"exports >= 50\"", &[asks, never]),
        ("when = \"asks >= 1 or exports >= 50\"", &[asks, never]),
        ("when = \"asks = 0 and exports >= 50\"", &[asks, never]),
        ("when = \"role in ('boss', 'vp') and exports >= 50\"", &[asks, never, boss]),
        (
            "event = \"export\"\nwhere = \"format in ('PDF', 'csv')\"\nat_least = 9",
            &[asks, never, "M062 `format` is never 'PDF'"],
        ),
    ] {
        let mut expected: Vec<&str> = expected.to_vec();
        let mut found = warned(&folder, &(metrics.to_owned() + &signal("user", body)));
        // The order of the warnings depends on the positions in the model.
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{body}");
    }
    // Roll-ups: no user asks, so the roll-up `asking` is 0 for every account, and `quiet` counts
    // all users.
    let rollups = "[account.rollups]\nasking = { measure = \"count\", where = \"asks >= 1\" }\nquiet = { measure = \"count\", where = \"asks = 0\" }\n";
    for (body, expected) in [("when = \"asking >= 1\"", &[asks][..]), ("when = \"quiet >= 50\"", &[asks, never])] {
        let mut found = warned(&folder, &(metrics.to_owned() + rollups + &signal("account", body)));
        found.sort_unstable();
        assert_eq!(found, expected, "{body}");
    }
    // A trait without values.
    folder.write("users.csv", "user_id,job\nkim,vp\n");
    let found = warned(&folder, &(metrics.to_owned() + &signal("user", "when = \"role = 'vp'\"")));
    assert_eq!(found, [asks, "M064 no user has the trait `role`"]);
}

/// A model that asks for two events and a property that do not occur, with a warning of its own.
const ASKS_FOR_MUCH: &str = r#"schema = 1
[[user.signals]]
name = "invites"
event = "member_invite"
points = 10
[[user.signals]]
name = "looks"
event = "looked_at_prices"
points = 10
[[user.signals]]
name = "exports"
event = "export"
where = "fmt = 'pdf'"
points = 10
[[user.tiers]]
name = "hot"
at_least = 10
[[user.tiers]]
name = "not"
[metrics]
unused = { measure = "count", event = "export" }
"#;

fn dump() -> Folder {
    let folder = Folder::new();
    let line = |event: &str, more: &str| {
        format!(
            "{{\"event\":\"{event}\",\"timestamp\":\"2026-10-30T09:00:00Z\",\"user_id\":\"kim\",\"properties\":{{{more}}}}}\n"
        )
    };
    folder.write("events.ndjson", line("Member Invited", "") + &line("export", "\"format\":\"pdf\""));
    folder.write("m.toml", ASKS_FOR_MUCH);
    folder
}

#[test]
fn what_only_events_show_is_one_table_with_the_nearest_names() {
    let folder = dump();
    let outcome = folder.pql("check m.toml --events events.ndjson -q");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{outcome:?}");
    let table = [
        "m.toml against the events",
        "  line  code  what the events show                    there is",
        "     4  M060  no event is called `member_invite`      `Member Invited`",
        "     8  M060  no event is called `looked_at_prices`",
        "    13  M061  no event `export` has a property `fmt`",
        "  = help for M060: `pql inspect` lists the events that there are",
        "  = help for M061: `pql inspect` lists the properties of each event",
        "",
        "m.toml: 4 warnings",
    ];
    let table = table.join("\n");
    assert!(outcome.stderr.contains(&table), "{}", outcome.stderr);
    // What the model shows by itself is drawn at its line as ever.
    assert!(outcome.stderr.contains("warning[M049]") && outcome.stderr.contains(" --> m.toml:"), "{}", outcome.stderr);
    // A problem that is alone needs no table.
    folder.write(
        "one.toml",
        ASKS_FOR_MUCH.replace("member_invite", "Member Invited").replace("looked_at_prices", "export"),
    );
    let one = folder.pql("check one.toml --events events.ndjson -q").stderr;
    assert!(one.contains("warning[M061]") && !one.contains("against the events"), "{one}");
}

#[test]
fn problems_are_counted_by_code_if_asked() {
    let folder = dump();
    folder.write("n.toml", ASKS_FOR_MUCH);
    let outcome = folder.pql("check m.toml n.toml --events events.ndjson --statistics -q");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines[0], "4  M060  warning  an event that never occurs");
    assert!(lines.contains(&"2  M061  warning  a property that these events do not have"), "{outcome:?}");
    let json: Vec<Json> = serde_json::from_str(
        &folder.pql("check m.toml n.toml --events events.ndjson --statistics --format json").stdout,
    )
    .expect("JSON");
    let first = json!({ "code": "M060", "severity": "warning", "title": "an event that never occurs", "count": 4 });
    assert_eq!(json[0], first);
    // As many as are listed without it.
    let listed: Vec<Json> =
        serde_json::from_str(&folder.pql("check m.toml n.toml --events events.ndjson --format json").stdout)
            .expect("JSON");
    let counted: u64 = json.iter().filter_map(|one| one["count"].as_u64()).sum();
    assert_eq!(counted, listed.len() as u64);
    // The exit code is that of the problems.
    folder.write("bad.toml", "schema = 1\npoint = 1\n");
    assert_eq!(folder.pql("check bad.toml --statistics").code, 1);
    for format in ["github", "sarif", "junit"] {
        let outcome = folder.pql(&format!("check m.toml --statistics --format {format}"));
        assert_eq!(outcome.code, 2, "{format}: {outcome:?}");
        assert!(outcome.stderr.contains("--statistics"), "{format}: {outcome:?}");
    }
}
