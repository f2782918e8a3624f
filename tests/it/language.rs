//! Words of the language that look beyond one entity's own events: newest values by key, colleagues by domain, the buyer, the chain of moments.

use serde_json::{Value as Json, json};

use crate::run::{Folder, rows};

/// The instant from which every case is looked at; the last day is the 30th.
const AS_OF: &str = "2026-10-31T00:00:00Z";

fn folder(model: &str, events: &[Json]) -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", format!("schema = 1\n{model}"));
    folder.write("events.ndjson", events.iter().map(|event| format!("{event}\n")).collect::<String>());
    folder
}

/// Some columns of a level, by id.
fn columns(folder: &Folder, level: &str, names: &[&str]) -> Vec<Vec<String>> {
    let outcome = folder.pql(&format!("score events.ndjson -m model.toml --as-of {AS_OF} --out out"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let table = rows(&folder.read(&format!("out/{level}s.csv")));
    let place = |name: &&str| table[0].iter().position(|known| known == name).expect("a column");
    let places: Vec<usize> = names.iter().map(place).collect();
    let mut found: Vec<Vec<String>> =
        table[1..].iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect();
    found.sort();
    found
}

fn problems(model: &str) -> String {
    let folder = folder(model, &[]);
    let outcome = folder.pql("check model.toml");
    assert_eq!(outcome.code, 1, "{model}: {outcome:?}");
    format!("{}{}", outcome.stdout, outcome.stderr)
}

const REPORTS: &str = r#"
[metrics]
all_places = { measure = "sum_latest", value = "people", key = "place.id", event = "report" }
week = { measure = "sum_latest", value = "people", key = "place.id", event = "report", last = "7d" }
week_before = { measure = "sum_latest", value = "people", key = "place.id", event = "report", last = "7d", ago = "7d" }
[output]
account_columns = ["all_places", "week", "week_before"]
"#;

/// A report of an account: day, place, people.
type Report = (u32, Json, Json);

#[test]
fn the_newest_value_of_each_key_is_added_up() {
    let w = |place: &str| json!(place);
    let cases: [(&str, Vec<Report>, [&str; 3]); 6] = [
        ("one place, the newest", vec![(20, w("x"), json!(3)), (30, w("x"), json!(5))], ["5", "5", "3"]),
        (
            "two places, each by itself",
            vec![(20, w("x"), json!(3)), (21, w("y"), json!(10)), (30, w("x"), json!(5)), (25, w("y"), json!(4))],
            ["9", "9", "13"],
        ),
        ("at one instant the smallest", vec![(30, w("x"), json!(7)), (30, w("x"), json!(2))], ["2", "2", ""]),
        (
            "numbers in texts, and to the millionth",
            vec![(30, w("x"), json!("0.5")), (30, json!(7), json!(1.25))],
            ["1.75", "1.75", ""],
        ),
        ("what is no number is passed over", vec![(29, w("x"), json!(4)), (30, w("x"), json!("many"))], ["4", "4", ""]),
        ("without a key there is none", vec![(30, json!(null), json!(4)), (30, json!(""), json!(4))], ["", "", ""]),
    ];
    for (about, reports, expected) in cases {
        let events: Vec<Json> = reports
            .into_iter()
            .map(|(day, place, people)| {
                json!({ "event": "report", "timestamp": format!("2026-10-{day:02}T10:00:00Z"), "account_id": "a", "properties": { "place": { "id": place }, "people": people } })
            })
            .collect();
        let found = columns(&folder(REPORTS, &events), "account", &["all_places", "week", "week_before"]);
        assert_eq!(found, [expected.map(str::to_owned)], "{about}");
    }
}

#[test]
fn a_sum_of_newest_values_needs_its_keys() {
    for (metric, parts) in [
        ("measure = 'sum_latest', value = 'n'", ["M004", "`key`"]),
        ("measure = 'sum_latest', key = 'k'", ["M004", "`value`"]),
        ("measure = 'sum_latest', value = 'n', key = 'lower(k)'", ["M009", "is no property"]),
        ("measure = 'sum', value = 'n', key = 'k'", ["M002", "`key`"]),
    ] {
        let said = problems(&format!("[metrics]\nm = {{ {metric} }}\n"));
        parts.iter().for_each(|part| assert!(said.contains(part), "{metric}: {part:?} in {said}"));
    }
}

#[test]
fn colleagues_are_told_by_their_domain_over_all_accounts() {
    let model = "[identity]\nfree_mail = ['freemail.example']\nexclude_users = ['test-*']\n[output]\nuser_columns = ['domain_users_28']\n";
    let seen = |user: &str, day: u32, account: Option<&str>| json!({ "event": "use", "timestamp": format!("2026-10-{day:02}T10:00:00Z"), "user_id": user, "account_id": account });
    let events = [
        seen("ann@acme.com", 30, Some("a")),
        seen("bob@mail.acme.com", 3, Some("b")),
        // One day before the last 28.
        seen("cid@acme.com", 2, None),
        seen("test-dan@acme.com", 30, None),
        seen("eve@gmail.com", 30, None),
        seen("fay@freemail.example", 30, None),
        seen("gus", 30, Some("a")),
        seen("hal@other.com", 2, None),
    ];
    let found = columns(&folder(model, &events), "user", &["user_id", "domain_users_28"]);
    let expected = [
        ["ann@acme.com", "2"],
        ["bob@mail.acme.com", "2"],
        ["cid@acme.com", "2"],
        ["eve@gmail.com", ""],
        ["fay@freemail.example", ""],
        ["gus", ""],
        ["hal@other.com", "0"],
    ];
    assert_eq!(found, expected.map(|row| row.map(str::to_owned)));
    // Accounts have people and no e-mail.
    assert!(problems("[output]\naccount_columns = ['domain_users_28']\n").contains("domain_users_28"));
}

#[test]
fn a_buyer_was_there_in_the_last_28_days() {
    let model = "[metrics]\nn = { measure = 'count' }\n[user.traits]\nrole = { type = 'text' }\n[user]\nbuyer = \"role = 'vp'\"\n[[user.signals]]\nname = 's'\nper = 'n'\npoints = 1\n";
    let seen = |user: &str, day: u32| json!({ "event": "use", "timestamp": format!("2026-10-{day:02}T10:00:00Z"), "user_id": user, "account_id": "a", "properties": { "role": "vp" } });
    let away = vec![seen("away", 1), seen("away", 2)];
    let found = columns(&folder(model, &away), "account", &["champion", "buyer"]);
    assert_eq!(found, [["away", ""].map(str::to_owned)]);
    let found = columns(&folder(model, &[away, vec![seen("here", 3)]].concat()), "account", &["champion", "buyer"]);
    assert_eq!(found, [["away", "here"].map(str::to_owned)]);
}

const MOMENTS: &str = "
[[user.milestones]]
name = 'tried'
event = 'a'
[[user.milestones]]
name = 'middle'
event = 'b'
[[user.milestones]]
name = 'stayed'
event = 'c'
deadline = '2d'
";

/// Four users tried; the one of the 30th still may stay, and one of the others did.
fn moments(report: &str) -> Folder {
    let event = |name: &str, user: &str, day: u32| json!({ "event": name, "timestamp": format!("2026-10-{day:02}T10:00:00Z"), "user_id": user });
    let events = [
        event("a", "p", 1),
        event("c", "p", 2),
        event("a", "q", 1),
        event("b", "q", 1),
        event("a", "r", 1),
        event("a", "s", 30),
        event("c", "t", 1),
    ];
    folder(&format!("{report}{MOMENTS}"), &events)
}

#[test]
fn the_chain_of_moments_has_the_names_and_the_band_of_the_model() {
    let steps = |report: &str| {
        let folder = moments(report);
        columns(&folder, "user", &["user_id"]);
        let run: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        let table = folder.pql(&format!("score events.ndjson -m model.toml --as-of {AS_OF} --level user -f table"));
        (run["users"]["moments"].clone(), table.stdout)
    };
    let (found, table) = steps("[report]\nmoments = ['tried', 'stayed']\n");
    let [step] = found.as_array().expect("a list").as_slice() else { panic!("{found}") };
    assert_eq!((&step["from"], &step["to"]), (&json!("tried"), &json!("stayed")), "{step}");
    assert_eq!((&step["rate_over"], &step["band"]), (&json!(3), &json!([0.3, 0.6])), "{step}");
    assert_eq!(step["note"], Json::Null, "{step}");
    assert!(table.contains("33.3 %") && table.contains("30 to 60 %"), "{table}");
    for (band, note) in [
        ("[0.4, 0.6]", "under 40 %: tried lets in users who have no use for the product"),
        ("[0.1, 0.255]", "over 25.5 %: little is left to gain between tried and stayed"),
    ] {
        let (found, table) = steps(&format!("[report]\nmoments = ['tried', 'stayed']\nband = {band}\n"));
        assert_eq!(found[0]["note"], note);
        assert!(table.contains(note), "{table}");
    }
    // Without names of its own a model has the usual ones, as far as it has them.
    assert_eq!(steps("").0, json!([]));
}

#[test]
fn moments_are_milestones_and_a_band_is_a_range() {
    for (report, parts) in [
        ("moments = ['tried', 'staid']", ["M011", "`stayed`"]),
        ("moments = ['tried']", ["M009", "a chain of one moment"]),
        ("moments = ['tried', 'stayed', 'tried']", ["M006", "a second moment `tried`"]),
        ("band = [0.6, 0.3]", ["M009", "the lower first"]),
        ("band = [30, 60]", ["M009", "from 0 to 1"]),
        ("band = [0.3]", ["M009", "two numbers"]),
        ("band = 0.3", ["M003", "two numbers"]),
        ("bands = [0.3, 0.6]", ["M002", "`band`"]),
    ] {
        let said = problems(&format!("[report]\n{report}\n{MOMENTS}"));
        parts.iter().for_each(|part| assert!(said.contains(part), "{report}: {part:?} in {said}"));
    }
}

#[test]
fn the_shipped_models_write_a_list_for_sales_and_texts_that_count_nothing() {
    let root = env!("CARGO_MANIFEST_DIR");
    for model in ["scoring.example.toml", "fixtures/models/b2b.toml", "fixtures/models/enterprise.toml"] {
        let folder = Folder::in_memory();
        let outcome = folder.pql(&format!(
            "score {root}/fixtures/events.ndjson --users {root}/fixtures/users.csv --accounts {root}/fixtures/accounts.csv -m {root}/{model} --as-of {AS_OF} --out out"
        ));
        assert_eq!(outcome.code, 0, "{model}: {outcome:?}");
        let list = rows(&folder.read("out/sales_list.csv"));
        let header = "Rank,Account,Company,Employees,CRM status,Score,Who acts,What to do,Why this account,Champion,Champion e-mail,Champion last active (days ago),Why this champion,Buyer,Buyer e-mail,Buyer last active (days ago)";
        assert_eq!(list[0].join(","), header, "{model}");
        assert!(list.len() > 1 && list[1][0] == "1" && !list[1][8].is_empty(), "{model}: {list:?}");
        for level in ["users", "accounts"] {
            let table = rows(&folder.read(&format!("out/{level}.csv")));
            for name in ["say", "because", "message"] {
                let place = table[0].iter().position(|known| known == name).expect("a column");
                for text in table[1..].iter().map(|row| row[place].as_str()) {
                    let words = format!(" {text}");
                    let bad =
                        [" 0 ", "no feature", " none", "not known", " 1 people", " 1 completions", "  ", " ,", " ;"];
                    let found = bad.iter().find(|bad| words.contains(**bad));
                    assert!(found.is_none(), "{model} {level} {name}: {found:?} in {text:?}");
                }
            }
        }
    }
}
