//! Outputs: columns, cells, files, and the results of the example model for the fixture.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::run::{Folder, names, rows};

const MODEL: &str = r#"schema = 1
[metrics]
visits = { measure = "count", event = "visit" }
spent = { measure = "sum", value = "amount", event = "visit" }
note = { measure = "latest", value = "note", event = "visit", type = "text" }
[[user.signals]]
name = "visits"
category = "use"
per = "visits"
points = 2.5
say = "Came {visits} times"
[[user.signals]]
name = "spends"
when = "spent > 10"
points = 1
[[user.milestones]]
name = "first_visit"
event = "visit"
[[user.tiers]]
name = "hot"
at_least = 5
qualified = true
[[user.tiers]]
name = "cold"
[[user.routes]]
name = "call"
motion = "human"
to = "Sales"
action = "Call"
when = "qualified"
because = "{visits} visits"
[[user.routes]]
name = "wait"
motion = "none"
[output]
user_columns = ["visits", "spent", "note"]
account_columns = ["visits"]
"#;

fn visit(user: &str, account: &str, properties: &str) -> String {
    format!(
        "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00.5Z\",\"user_id\":\"{user}\",\"account_id\":{account},\"properties\":{{{properties}}}}}\n"
    )
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let lines = [
        visit("=cmd()", "\"acme\"", "\"amount\":7.25,\"note\":\"-2+3\""),
        visit("=cmd()", "\"acme\"", "\"amount\":4,\"note\":\"-2+3\""),
        visit("bob", "null", "\"amount\":-1,\"note\":\"plain, \\\"quoted\\\"\""),
    ];
    folder.write("events.ndjson", lines.concat());
    folder
}

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The arguments that score the repository's fixture.
fn fixture(more: &[&str]) -> Vec<String> {
    let path = |path: &str| repository(path).display().to_string();
    let mut arguments = vec!["score".to_owned(), path("fixtures/events.ndjson")];
    arguments.extend([
        "--users".to_owned(),
        path("fixtures/users.csv"),
        "--accounts".to_owned(),
        path("fixtures/accounts.csv"),
    ]);
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    arguments
}

fn score_fixture(folder: &Folder, more: &[&str]) -> String {
    let arguments = fixture(more);
    let outcome = folder.pql_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), b"");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    outcome.stdout
}

#[test]
fn columns_have_their_names_and_their_order() {
    let folder = folder();
    assert_eq!(folder.pql("score events.ndjson -m model.toml --out out").code, 0);
    let header = |name: &str| rows(&folder.read(name))[0].join(" ");
    assert_eq!(
        header("out/users.csv"),
        "user_id account_id account_tier account_qualified score tier qualified route motion to action is_champion is_buyer points_use points_other signals \
         first_visit first_visit_at first_seen last_seen active_days_28 suppressed say because message visits spent note"
    );
    assert_eq!(
        header("out/accounts.csv"),
        "account_id segment score tier qualified route motion to action members users active_users_28 champion buyer signals member_signals \
         first_seen last_seen suppressed say because message visits"
    );
}

#[test]
fn cells_are_written_as_promised() {
    let folder = folder();
    let outcome = folder.pql("score events.ndjson -m model.toml --out out");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let users = rows(&folder.read("out/users.csv"));
    assert_eq!(
        users[1].join("|"),
        "'=cmd()|acme|||6|hot|true|call|human|Sales|Call|true|false|5|1|visits:5;spends:1|reached|2026-10-01T10:00:00.5Z|\
         2026-10-01T10:00:00.5Z|2026-10-01T10:00:00.5Z|1||Came 2 times|2 visits||2|11.25|'-2+3"
    );
    assert_eq!(
        users[2].join("|"),
        "bob||||2.5|cold|false|wait|none|||false|false|2.5|0|visits:2.5|reached|2026-10-01T10:00:00.5Z|\
         2026-10-01T10:00:00.5Z|2026-10-01T10:00:00.5Z|1||Came 1 times|||1|-1|plain, \"quoted\""
    );
    // Cells are empty without tiers, routes, segments and signals.
    let accounts = rows(&folder.read("out/accounts.csv"));
    assert_eq!(
        accounts[1].join("|"),
        "acme||0|||||||1|1|1|'=cmd()|||visits:5 (1);spends:1 (1)|2026-10-01T10:00:00.5Z|2026-10-01T10:00:00.5Z|||||2"
    );
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(record["formula_cells"], 3);
    assert!(outcome.stderr.contains("3 cells") && outcome.stderr.contains("--csv exact"), "{}", outcome.stderr);
    assert_eq!(folder.pql("score events.ndjson -m model.toml --out exact --csv exact").code, 0);
    let exact = rows(&folder.read("exact/users.csv"));
    assert_eq!((exact[1][0].as_str(), exact[1].last().map(String::as_str)), ("=cmd()", Some("-2+3")));
}

#[test]
fn the_standard_output_has_one_level_in_one_form() {
    let folder = folder();
    assert_eq!(folder.pql("score events.ndjson -m model.toml --out out").code, 0);
    for (level, file) in [("account", "accounts.csv"), ("user", "users.csv")] {
        let outcome = folder.pql(&format!("score events.ndjson -m model.toml --level {level}"));
        assert_eq!(outcome.stdout, folder.read(&format!("out/{file}")));
    }
    assert_eq!(folder.pql("score events.ndjson -m model.toml").stdout, folder.read("out/accounts.csv"));
    let json = folder.pql("score events.ndjson -m model.toml --level user --format json").stdout;
    let json: Vec<Json> = serde_json::from_str(&json).expect("a list");
    let lines = folder.pql("score events.ndjson -m model.toml --level user --format ndjson").stdout;
    let lines: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(json, lines);
    assert_eq!(json[0]["user_id"], "=cmd()");
    assert_eq!(json[0]["signals"][0]["value"], 2);
    assert_eq!(json[1]["signals"][1]["state"], "not");
    assert_eq!(json[1]["account_id"], Json::Null);
    assert_eq!(json[1]["next_tier"]["points_missing"], 2.5);
    for form in ["json", "ndjson"] {
        assert_eq!(folder.pql(&format!("score events.ndjson -m model.toml --format {form} --out {form}")).code, 0);
        assert!(folder.path().join(form).join(format!("users.{form}")).exists());
        assert!(folder.path().join(form).join(format!("accounts.{form}")).exists());
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = Folder::new();
    let example = repository("scoring.example.toml").display().to_string();
    for form in ["csv", "ndjson", "json"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pql"))
            .args(fixture(&["-m", &example, "--level", "user", "--format", form]))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut little = [0; 10];
        stdout.read_exact(&mut little).expect("ten bytes");
        drop(stdout);
        let outcome = child.wait_with_output().expect("the program ends");
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        assert_eq!(outcome.status.code(), Some(0), "{form}: {stderr}");
        assert!(!stderr.contains("error") && !stderr.contains("panic"), "{form}: {stderr}");
    }
}

#[test]
fn the_record_of_the_run_says_what_was_written() {
    let folder = folder();
    assert_eq!(folder.pql("score events.ndjson -m model.toml --out out").code, 0);
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    let outputs = record["outputs"].as_array().expect("a list");
    let names: Vec<&str> = outputs.iter().filter_map(|output| output["name"].as_str()).collect();
    assert_eq!(names, ["users.csv", "accounts.csv"]);
    assert_eq!(record["rejects"]["name"], "rejects.ndjson");
    let hex = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for output in outputs.iter().chain([&record["rejects"]]) {
        let text = folder.read(&format!("out/{}", output["name"].as_str().expect("a name")));
        assert_eq!(output["bytes"], text.len());
        assert_eq!(output["sha256"], hex(&text));
    }
    assert_eq!(record["files"][0]["name"], "events.ndjson");
    assert_eq!(record["files"][0]["bytes"], folder.read("events.ndjson").len());
    assert_eq!(record["as_of"], "2026-10-02T00:00:00Z");
    assert_eq!(record["users"]["tiers"], serde_json::json!({ "hot": 1, "cold": 1 }));
    assert_eq!(record["users"]["routes"], serde_json::json!({ "call": 1, "wait": 1 }));
    assert_eq!(record["users"]["qualified"], 1);
    assert!(record["model"]["sha256"].as_str().is_some_and(|hash| hash.len() == 64));
}

#[test]
fn a_second_run_replaces_the_first_and_a_bad_model_leaves_it() {
    let folder = folder();
    assert_eq!(folder.pql("score events.ndjson -m model.toml --out out").code, 0);
    let files = ["users.csv", "accounts.csv", "run.json", "rejects.ndjson"];
    let read = || files.map(|name| folder.read(&format!("out/{name}")));
    let first = read();
    folder.write("bad.toml", MODEL.replace("points = 1", "points = \"one\""));
    assert_eq!(folder.pql("score events.ndjson -m bad.toml --out out").code, 2);
    assert_eq!(read(), first, "nothing half-written");
    folder.write("events.ndjson", visit("zoe", "null", ""));
    assert_eq!(folder.pql("score events.ndjson -m model.toml --out out").code, 0);
    assert_eq!(rows(&folder.read("out/users.csv")).len(), 2);
    assert!(folder.read("out/users.csv").contains("zoe") && !folder.read("out/users.csv").contains("bob"));
    assert_eq!(names(&folder.path().join("out")), ["accounts.csv", "rejects.ndjson", "run.json", "users.csv"]);
}

#[test]
fn the_example_and_all_reference_models_have_no_problems() {
    let pattern = repository("fixtures/models/*.toml").display().to_string();
    let mut models: Vec<PathBuf> = glob::glob(&pattern).expect("a pattern").filter_map(Result::ok).collect();
    assert!(models.len() >= 3, "{models:?}");
    models.push(repository("scoring.example.toml"));
    for model in models {
        let folder = Folder::new();
        let path = model.display().to_string();
        let outcome = folder.pql_with(&["check", &path], b"");
        assert_eq!(outcome.code, 0, "{path}: {}", outcome.stderr);
        assert!(outcome.stdout.contains("no problems") && outcome.stderr.is_empty(), "{outcome:?}");
        assert!(!score_fixture(&folder, &["-m", &path, "-q"]).is_empty());
    }
}

#[test]
fn an_edited_number_changes_the_score_and_the_row_says_why() {
    let folder = Folder::new();
    let example = std::fs::read_to_string(repository("scoring.example.toml")).expect("the example");
    let number = "when = \"limit_hits >= 1\"\npoints = 20\n";
    assert_eq!(example.matches(number).count(), 1);
    folder.write("edited.toml", example.replace(number, "when = \"limit_hits >= 1\"\npoints = 23.5\n"));
    folder.write("scoring.toml", &example);
    let table = |more: &[&str]| -> BTreeMap<String, (f64, String)> {
        let arguments = [&["--level", "user", "-q"], more].concat();
        rows(&score_fixture(&folder, &arguments))
            .into_iter()
            .skip(1)
            .map(|row| (row[0].clone(), (row[4].parse().expect("points"), row[19].clone())))
            .collect()
    };
    let (before, after) = (table(&[]), table(&["-m", "edited.toml"]));
    let mut changed = 0;
    for (user, (score, signals)) in &before {
        let (new_score, new_signals) = &after[user];
        let fired = signals.split(';').any(|part| part == "hit_limit:20");
        changed += usize::from(fired);
        assert_eq!(fired, new_signals.split(';').any(|part| part == "hit_limit:23.5"), "{user}: {new_signals}");
        assert!((new_score - score - if fired { 3.5 } else { 0.0 }).abs() < 1e-9, "{user}: {score}, then {new_score}");
    }
    assert!(changed > 0 && changed < before.len());
}

/// The routes at the end of the fixture, and in the month after it, in which its people fall silent and its accounts grow old.
fn routes_over_a_month(folder: &Folder, model: &str, level: &str) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for as_of in ["2026-10-31", "2026-11-20", "2026-11-30"] {
        let options = ["-m", model, "--level", level, "--as-of", as_of, "--format", "json", "-q"];
        let rows: Vec<Json> = serde_json::from_str(&score_fixture(folder, &options)).expect("a list");
        routes.extend(rows.iter().filter_map(|row| row["route"].as_str()).map(str::to_owned));
    }
    routes
}

#[test]
fn everything_in_the_example_happens_to_somebody_in_the_fixture() {
    let folder = Folder::new();
    let path = repository("scoring.example.toml").display().to_string();
    let model: toml::Table = std::fs::read_to_string(&path).expect("the example").parse().expect("TOML");
    for level in ["user", "account"] {
        let rows: Vec<Json> =
            serde_json::from_str(&score_fixture(&folder, &["-m", &path, "--level", level, "--format", "json", "-q"]))
                .expect("a list");
        let seen = |key: &str| rows.iter().filter_map(|row| row[key].as_str()).collect::<BTreeSet<&str>>();
        let signals = rows.iter().flat_map(|row| row["signals"].as_array().expect("a list"));
        let fired: BTreeSet<&str> =
            signals.filter(|signal| signal["state"] == "fired").filter_map(|signal| signal["name"].as_str()).collect();
        let listed = |list: &str| -> BTreeSet<&str> {
            model[level][list].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
        };
        assert_eq!(fired, listed("signals"));
        assert_eq!(seen("tier"), listed("tiers"));
        assert_eq!(
            routes_over_a_month(&folder, &path, level),
            listed("routes").into_iter().map(str::to_owned).collect()
        );
        for milestone in listed("milestones") {
            // Only what has a deadline, or is made of what has one, can be missed.
            let missed = level == "user" && ["setup", "activated"].contains(&milestone);
            let mut states: BTreeSet<&str> = ["pending", "reached"].into();
            states.extend(missed.then_some("missed"));
            assert_eq!(seen(milestone), states, "{level} {milestone}");
            let dated = |row: &Json| (row[milestone] == "reached") == row[format!("{milestone}_at")].is_string();
            assert!(rows.iter().all(dated), "{level} {milestone}");
        }
        if level == "account" {
            assert_eq!(seen("segment"), listed("segments"));
        }
    }
}

/// Names that a row has for something else, in a model that adds them.
#[test]
fn a_row_has_no_name_twice() {
    let fact = |name: &str| format!("[user.facts]\n{name} = \"events\"\n[output]\nuser_columns = [\"{name}\"]\n");
    let milestone = |name: &str| format!("[[account.milestones]]\nname = \"{name}\"\nevent = \"visit\"\n");
    let names = ["signals", "message", "to", "first_seen", "tier_label", "sla_hours", "categories"];
    let refused = names.into_iter().chain(["score_before_bounds", "next_tier"]);
    let mut models: Vec<(String, &str)> =
        refused.flat_map(|name| [(fact(name), name), (milestone(name), name)]).collect();
    models.push((milestone("aha") + &milestone("aha_at"), "aha_at"));
    models.push((milestone("aha_at") + &milestone("aha"), "aha_at"));
    let folder = Folder::in_memory();
    for (model, name) in models {
        folder.write("m.toml", format!("schema = 1\n{model}"));
        let outcome = folder.pql("check m.toml");
        assert_eq!(outcome.code, 1, "{model}: {outcome:?}");
        assert!(outcome.stderr.contains("error[M020]: rows of "), "{model}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!(" have `{name}` for something else")), "{model}: {}", outcome.stderr);
    }
    // What is a column already is no second one, and another level or a file for others may use the name.
    let milestones = milestone("aha") + "[output]\naccount_columns = [\"aha\", \"score\", \"members\"]\n";
    let elsewhere = "[user.facts]\nsegment = \"events\"\nmembers = \"events\"\n[output]\nuser_columns = [\"segment\", \"members\"]\n";
    let file = "[[output.files]]\nname = \"a.json\"\nlevel = \"user\"\ncolumns = { next_tier = \"tier\", signals = \"score\" }\n";
    for model in [milestones, elsewhere.to_owned(), file.to_owned()] {
        folder.write("m.toml", format!("schema = 1\n{model}"));
        let outcome = folder.pql("check m.toml");
        assert_eq!(outcome.code, 0, "{model}: {}", outcome.stderr);
    }
}
