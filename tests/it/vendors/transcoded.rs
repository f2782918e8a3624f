//! The same real events in the formats of seven vendors. The tests run if the environment variable
//! PQL_SHARED names the folder of these files.

use std::io::Read;

use crate::{
    real_data::shared,
    run::{Folder, rows},
};

/// Names of events have spaces in some formats and underscores in others. Snowplow's corrected time
/// is 150 ms late in these files, so the model names another field for its time.
const MODEL: &str = r#"schema = 1
name = "transcoded"

[input.fields]
mixpanel = { account = "properties.org_id" }
ga4 = { account = "event_params.org_id" }
snowplow = { account = "contexts_com_acme_organization_1.0.id", time = "dvce_created_tstamp" }

[metrics]
pushes = { measure = "count", event = "push" }
commits = { measure = "sum", value = "commits", event = "push" }
comments = { measure = "count", event = ["issue comment created", "issue_comment_created"] }
repositories = { measure = "distinct", value = "repo_id" }

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
user_columns = ["events", "pushes", "commits", "comments", "repositories"]
account_columns = ["events", "pushes", "commits", "comments", "repositories"]
"#;

/// The files, each with the format that must be recognised.
const FILES: [(&str, &str); 7] = [
    ("amplitude-export.zip", "amplitude"),
    ("segment-logs.gz", "segment"),
    ("rudder-logs.json.gz", "rudderstack"),
    ("mixpanel-raw-export.jsonl.gz", "mixpanel"),
    ("posthog-batch-export.jsonl.gz", "posthog"),
    ("snowplow-enriched.json.gz", "snowplow"),
    ("ga4-events.json.gz", "ga4"),
];

#[test]
fn the_same_events_in_any_shape_give_the_same_rows() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data/transcoded");
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let mut before: Option<[String; 3]> = None;
    for (file, format) in FILES {
        let path = data.join(file).display().to_string();
        let arguments = ["score", &path, "-m", "model.toml", "--out", "out", "--id-map", "ids.csv"];
        let outcome = folder.pql_with(&arguments, b"");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        assert_eq!(record["files"][0]["format"], format);
        assert_eq!((&record["counts"]["scored"], &record["counts"]["rejected"]), (&5454.into(), &0.into()), "{file}");
        let now = [folder.read("out/users.csv"), folder.read("out/accounts.csv"), folder.read("ids.csv")];
        match &before {
            Some(before) => assert!(*before == now, "{file} gives other rows"),
            None => before = Some(now),
        }
    }
    assert_eq!(before.map(|[users, ..]| rows(&users).len()), Some(1846));
}

#[test]
fn rudderstacks_own_files_are_scored_taken_apart_and_refused() {
    let Some(shared) = shared() else { return };
    let data = shared.join("data/vendor-samples/rudderstack");
    let folder = Folder::new();
    folder.write("model.toml", "schema = 1\n");
    let score = |file: &str| {
        let path = data.join(file).display().to_string();
        folder.pql_with(&["score", &path, "-m", "model.toml", "--out", "out"], b"")
    };
    let counts = || {
        let record: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        ["records", "duplicate", "anonymous", "scored"].map(|name| record["counts"][name].as_u64().unwrap_or(u64::MAX))
    };
    assert_eq!(score("regulation-worker-original100.json.gz").code, 0);
    // Eleven lines share one id, and differ only in white space.
    assert_eq!(counts(), [109, 10, 0, 99]);
    let mut text = String::new();
    let file = std::fs::File::open(data.join("jobsdb-backupJobs.json.gz")).expect("a file");
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    assert_eq!(score("jobsdb-backupJobs.json.gz").code, 0);
    assert_eq!(counts(), [text.lines().count() as u64, 16, 1, 0]);
    let outcome = score("warehouse-staging.json.gz");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("a staging file that RudderStack writes on its way to a warehouse"), "{outcome:?}");
}
