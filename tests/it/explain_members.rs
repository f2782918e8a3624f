//! `pql explain` of an account shows what its members did and were paid for.

use crate::run::Folder;

const MODEL: &str = r#"schema = 1
[account.rollups]
member_pql = { measure = "sum", value = "score", where = "score <> 0" }
[account.facts]
doubled = "member_pql * 2"
[[user.signals]]
name = "invites"
event = "invite"
last = "10d"
ladder = [{ at_least = 1, points = 10 }, { at_least = 2, points = 25 }]
[[user.signals]]
name = "visits"
event = "visit"
points = 2
[[user.signals]]
name = "free"
event = "visit"
points = 0
[[user.signals]]
name = "away"
when = "days_inactive >= 5"
points = -5
[user.score]
max = 20
[[user.tiers]]
name = "hot"
at_least = 10
[[user.tiers]]
name = "not"
[[account.signals]]
name = "member_scores"
per = "doubled"
points = 1
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    let line = |user: &str, event: &str, at: &str| {
        format!(
            "{{\"event\":\"{event}\",\"timestamp\":\"2026-10-{at}T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
        )
    };
    let events = [
        line("ann", "invite", "30"),
        line("ann", "invite", "31"),
        line("ann", "invite", "01"),
        line("ann", "visit", "31"),
        line("ben", "invite", "25"),
        line("cem", "visit", "31"),
        line("dee", "other", "31"),
    ];
    folder.write("events.ndjson", events.concat());
    folder
}

const RUN: &str = "events.ndjson -m model.toml --as-of 2026-10-31 -q";

#[test]
fn the_members_are_shown_with_what_they_did() {
    let folder = folder();
    let text = folder.pql(&format!("explain acme {RUN}")).stdout;
    // Absence is told from the last activity, which therefore counts for it.
    let expected = "
what its members were paid for
  points  people  events  signal
      35       2       3  invites
       4       2       2  visits
       0       2       2  free
      -5       1       1  away
      -7       1          cap:score

4 members
  score  member  tier  paid for
     20  ann     hot   invites:25 (2 events), visits:2 (1 event), free:0 (1 event), cap:score:-7
      5  ben     not   invites:10 (1 event), away:-5 (1 event)
      2  cem     not   visits:2 (1 event), free:0 (1 event)
      0  dee     not
";
    assert!(text.contains(expected), "{expected}\n---\n{text}");
}

#[test]
fn the_sums_add_up_to_the_scores_of_the_members() {
    let folder = folder();
    let outcome = folder.pql(&format!("explain acme {RUN} --format json"));
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let sum = |list: &str, field: &str| -> f64 {
        json[list].as_array().expect("a list").iter().map(|one| one[field].as_f64().expect("a number")).sum()
    };
    assert_eq!((sum("member_signals", "points"), sum("members", "score")), (27.0, 27.0));
    assert!(json["members"][0].get("adds").is_none(), "{json}");
    // Events that can be read only once are not counted.
    let events = folder.read("events.ndjson");
    let arguments = ["explain", "acme", "-", "-m", "model.toml", "--as-of", "2026-10-31", "--format", "json", "-q"];
    let once = folder.pql_with(&arguments, events.as_bytes());
    let once: serde_json::Value = serde_json::from_str(&once.stdout).expect("JSON");
    assert_eq!(once["member_signals"][0]["events"], serde_json::Value::Null);
    assert_eq!(json["member_signals"][0]["events"], 3);
}

#[test]
fn a_signal_over_members_leads_to_the_people_behind_it() {
    let folder = folder();
    let text = folder.pql(&format!("explain acme {RUN} --signal member_scores")).stdout;
    let expected = "
3 people behind the signal member_scores
  member_pql  member  tier  paid for
          20  ann     hot   invites:25 (2 events), visits:2 (1 event), free:0 (1 event), cap:score:-7
           5  ben     not   invites:10 (1 event), away:-5 (1 event)
           2  cem     not   visits:2 (1 event), free:0 (1 event)
";
    assert!(text.contains(expected), "{expected}\n---\n{text}");
    assert!(!text.contains("0 events counted"), "{text}");
    let outcome = folder.pql(&format!("explain acme {RUN} --signal member_scores --format json"));
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(json["members"][0]["adds"]["member_pql"], 20);
    assert_eq!(json["members"][3]["adds"]["member_pql"], serde_json::Value::Null);
}

/// A model that takes the company's own points from what its members add.
const FIT: &str = r#"schema = 1
[user.traits]
name = { type = "text" }
role = { type = "text" }
email = { type = "text" }
[user]
champion = "role <> 'intern'"
buyer = "role = 'cto'"
[account.rollups]
member_pql = { measure = "sum", value = "greatest(0, score - points_fit)" }
[[user.signals]]
name = "visits"
event = "visit"
points = 20
[[user.signals]]
name = "size"
category = "fit"
when = "role is not null"
points = 15
[[account.signals]]
name = "member_scores"
per = "member_pql"
points = 1
"#;

fn company() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", FIT);
    folder.write(
        "users.csv",
        "user_id,name,role,email\nann,Ann Lee,intern,\nben,Ben Roy,cto,ben@acme.example\ncem,,lead,\n",
    );
    let line = |user: &str, event: &str| {
        format!(
            "{{\"event\":\"{event}\",\"timestamp\":\"2026-10-31T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
        )
    };
    folder.write("events.ndjson", [line("ann", "visit"), line("ben", "other"), line("cem", "visit")].concat());
    folder
}

const OF_COMPANY: &str = "explain account:acme events.ndjson -m model.toml --users users.csv --as-of 2026-10-31 -q";

#[test]
fn a_sum_over_members_can_be_redone_by_hand() {
    let text = company().pql(OF_COMPANY).stdout;
    let expected = "
how member_pql = 40 adds up: greatest(0, score - points_fit) of each member
  adds  score  member  because
    20     35  ann     score = 35, points_fit = 15
    20     35  cem     score = 35, points_fit = 15
     0     15  ben     score = 15, points_fit = 15
";
    assert!(text.contains(expected), "{expected}\n---\n{text}");
    let json: serde_json::Value =
        serde_json::from_str(&company().pql(&format!("{OF_COMPANY} --format json")).stdout).expect("JSON");
    assert_eq!(json["member_sums"]["member_pql"][2]["facts"]["points_fit"], 15.0, "{json}");
    // Where every member adds its score, the table of members says so.
    let plain = folder().pql(&format!("explain acme {RUN}"));
    assert!(plain.code == 0 && !plain.stdout.contains("adds up"), "{plain:?}");
}

#[test]
fn the_champion_and_the_buyer_are_shown_with_what_is_known_of_them() {
    let text = company().pql(OF_COMPANY).stdout;
    let expected = "\nwhom to meet\n  champion  cem  lead\n  buyer     ben  Ben Roy, cto, ben@acme.example\n";
    assert!(text.contains(expected), "{expected}\n---\n{text}");
    let json: serde_json::Value =
        serde_json::from_str(&company().pql(&format!("{OF_COMPANY} --format json")).stdout).expect("JSON");
    assert_eq!(json["people"]["buyer"]["email"], "ben@acme.example", "{json}");
    assert_eq!(json["people"]["champion"]["id"], "cem", "{json}");
}

#[test]
fn a_signal_of_the_other_level_is_told_where_it_is() {
    let outcome = company().pql(&format!("{OF_COMPANY} --signal visits"));
    let told =
        "--signal `visits` is a signal of users; `pql explain user:ID ... --signal visits` shows it for one of them";
    assert!(outcome.code == 2 && outcome.stderr.contains(told), "{outcome:?}");
}
