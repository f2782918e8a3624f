//! Real events and real JSON. The tests run if the environment variable PQL_SHARED names the folder
//! of these files.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use serde_json::Value as Json;

use crate::run::{Folder, rows};

/// The folder of real data, if the variable names one.
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("PQL_SHARED").map(PathBuf::from);
    if folder.is_none() {
        let _ = writeln!(std::io::stderr(), "PQL_SHARED names no folder, so real data is left out");
    }
    folder
}

/// A model for two hours of events of GitHub.
const MODEL: &str = r#"schema = 1
name = "github"

[input]
fields = { event = "type", user = "actor.id", account = "org.login", time = "created_at", id = "id", properties = "payload" }

[metrics]
pushes = { measure = "count", event = "PushEvent" }
commits = { measure = "sum", value = "distinct_size", event = "PushEvent" }
kinds = { measure = "distinct", value = "event" }

[[user.signals]]
name = "pushes"
per = "pushes"
points = 1
max = 50

[[account.signals]]
name = "people"
value = "users"
ladder = [{ at_least = 2, points = 10 }, { at_least = 5, points = 20 }]

[output]
user_columns = ["events", "pushes", "commits", "kinds"]
account_columns = ["events", "pushes", "commits"]
"#;

/// An event of GitHub, as this test parses it.
struct Event {
    user: String,
    account: Option<String>,
    at: String,
    kind: String,
    commits: i64,
}

fn events(data: &Path) -> Vec<Event> {
    let pattern = data.join("*.slim.json.gz").display().to_string();
    let mut events = Vec::new();
    for path in glob::glob(&pattern).expect("a pattern") {
        let file = std::fs::File::open(path.expect("a path")).expect("a file");
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
        for line in text.lines() {
            let event: Json = serde_json::from_str(line).expect("JSON");
            events.push(Event {
                user: event["actor"]["id"].to_string(),
                account: event["org"]["login"].as_str().map(str::to_owned),
                at: event["created_at"].as_str().expect("a time").to_owned(),
                kind: event["type"].as_str().expect("a name").to_owned(),
                commits: event["payload"]["distinct_size"].as_i64().unwrap_or(0),
            });
        }
    }
    events
}

/// The rows of a file by their first cell.
fn by_id(folder: &Folder, name: &str) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let mut rows = rows(&folder.read(name)).into_iter();
    let header = rows.next().expect("a header");
    (header, rows.map(|row| (row[0].clone(), row)).collect())
}

#[derive(Default)]
struct Sums {
    events: u64,
    pushes: u64,
    commits: i64,
    users: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl Sums {
    fn add(&mut self, event: &Event) {
        self.events += 1;
        self.pushes += u64::from(event.kind == "PushEvent");
        self.commits += if event.kind == "PushEvent" { event.commits } else { 0 };
        self.users.insert(event.user.clone());
        self.kinds.insert(event.kind.clone());
    }
}

#[test]
fn two_hours_of_github_are_counted_as_a_simple_count_does() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data/gharchive");
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let pattern = data.join("*.slim.json.gz").display().to_string();
    let outcome = folder.pql_with(&["score", &pattern, "-m", "model.toml", "--out", "out", "--csv", "exact"], b"");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let record: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
    assert_eq!(record["counts"]["records"], 15_129);
    assert_eq!(record["counts"]["scored"], 15_129, "{}", record["counts"]);
    assert_eq!(record["files"].as_array().map(Vec::len), Some(2));

    let events = events(&data);
    assert_eq!(events.len(), 15_129);
    assert_eq!(events.iter().filter(|event| event.account.is_some()).count(), 4_356);
    // All events are of one date. An event without an account belongs to the account that its user
    // named last; at one instant, to the smaller one.
    let mut last: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for event in &events {
        if let Some(account) = &event.account {
            let named = last.entry(&event.user).or_insert((&event.at, account));
            if event.at.as_str() > named.0 || (event.at == named.0 && account.as_str() < named.1) {
                *named = (&event.at, account);
            }
        }
    }
    let mut accounts: BTreeMap<String, Sums> = BTreeMap::new();
    let mut users: BTreeMap<String, Sums> = BTreeMap::new();
    let mut members: BTreeMap<&str, u64> = BTreeMap::new();
    for event in &events {
        users.entry(event.user.clone()).or_default().add(event);
        let home = last.get(event.user.as_str()).map(|(_, account)| (*account).to_owned());
        if let Some(account) = event.account.clone().or(home) {
            accounts.entry(account).or_default().add(event);
        }
    }
    last.values().for_each(|(_, account)| *members.entry(account).or_default() += 1);

    let (header, rows) = by_id(&folder, "out/accounts.csv");
    let cell = |row: &[String], name: &str| row[header.iter().position(|known| known == name).expect(name)].clone();
    assert!(rows.keys().eq(accounts.keys()), "{} rows, and {} by this count", rows.len(), accounts.len());
    for (id, sums) in &accounts {
        let row = &rows[id];
        let found = ["events", "users", "pushes", "commits", "members"].map(|name| cell(row, name));
        let members = members.get(id.as_str()).copied().unwrap_or(0);
        let expected = [sums.events, sums.users.len() as u64, sums.pushes, sums.commits as u64, members];
        assert_eq!(found, expected.map(|number| number.to_string()), "{id}");
    }
    let (header, rows) = by_id(&folder, "out/users.csv");
    let cell = |row: &[String], name: &str| row[header.iter().position(|known| known == name).expect(name)].clone();
    assert_eq!(users.len(), 6_208);
    assert!(rows.keys().eq(users.keys()));
    for (id, sums) in &users {
        let row = &rows[id];
        let found = ["events", "pushes", "commits", "kinds", "score"].map(|name| cell(row, name));
        let kinds = sums.kinds.len() as u64;
        let expected = [sums.events, sums.pushes, sums.commits as u64, kinds, sums.pushes.min(50)];
        assert_eq!(found, expected.map(|number| number.to_string()), "{id}");
        let home = last.get(id.as_str()).map_or("", |(_, account)| account);
        assert_eq!(cell(row, "account_id"), home, "{id}");
    }
}

/// The names of the accepted cases under a model. Each case is a property of an event whose user
/// has the name of the case.
fn accepted(cases: &[(String, Vec<u8>)], model: &str) -> BTreeSet<String> {
    let folder = Folder::new();
    folder.write("model.toml", model);
    let mut lines = Vec::new();
    for (name, bytes) in cases {
        let head = format!(
            "{{\"event\":\"case\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":{},\"properties\":{{\"p\":",
            serde_json::json!(name)
        );
        lines.extend(head.as_bytes());
        lines.extend(bytes);
        lines.extend(b"}}\n");
    }
    folder.write("cases.ndjson", lines);
    let outcome = folder.pql("score cases.ndjson -m model.toml --out out --csv exact --max-rejects 100%");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let accepted: BTreeSet<String> =
        rows(&folder.read("out/users.csv")).into_iter().skip(1).map(|row| row[0].clone()).collect();
    let rejected = folder.read("out/rejects.ndjson").lines().count();
    assert_eq!(accepted.len() + rejected, cases.len(), "each case is in one place");
    accepted
}

#[test]
fn the_verdicts_of_the_json_test_suite_hold_whatever_the_model_reads() {
    let Some(shared) = shared() else { return };
    let pattern = shared.join("corpora/json-test-suite/*.json").display().to_string();
    let cases: Vec<(String, Vec<u8>)> = glob::glob(&pattern)
        .expect("a pattern")
        .map(|path| {
            let path = path.expect("a path");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a file"))
        })
        .filter(|(_, bytes)| !bytes.contains(&b'\n'))
        .collect();
    assert!(cases.len() > 80, "{} cases", cases.len());
    let blind = accepted(&cases, "schema = 1\n");
    let reading = "schema = 1\n[metrics]\nkinds = { measure = \"distinct\", value = \"p\", event = \"case\" }\nlargest = { measure = \"max\", value = \"p\", event = \"case\", where = \"p > 0\" }\n[output]\nuser_columns = [\"kinds\", \"largest\"]\n";
    assert_eq!(blind, accepted(&cases, reading), "whether a line is good does not depend on what the model reads");
    let wrong: Vec<&String> = cases
        .iter()
        .map(|(name, _)| name)
        .filter(|name| match name.as_bytes()[0] {
            b'y' => !blind.contains(*name),
            b'n' => blind.contains(*name),
            _ => false,
        })
        .collect();
    assert!(wrong.is_empty(), "wrong verdicts: {wrong:?}");
}
