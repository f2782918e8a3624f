//! Tables of users and accounts: every layout that events may have, rows without an id, rows that disagree, dated rows, and what is told of them.

use serde_json::{Value as Json, json};

use crate::{
    run::{Folder, Outcome, rows},
    stored::{gzip, zip, zstd},
};

const MODEL: &str = r#"schema = 1
[user.traits]
role = { type = "text" }
seats = { type = "number" }
signed = { type = "date" }
[account.traits]
size = { type = "number" }
[output]
user_columns = ["role", "seats", "signed"]
account_columns = ["size"]
"#;

fn event(user: &str) -> String {
    let event = json!({ "event": "go", "timestamp": "2026-02-01T10:00:00Z", "user_id": user, "account_id": "acme" });
    format!("{event}\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder.write("events.ndjson", ["kim", "lee", "1001"].map(event).concat());
    folder
}

fn score(folder: &Folder, arguments: &str) -> Outcome {
    folder.pql(&format!("score events.ndjson -m model.toml --as-of 2026-03-01 --out out {arguments}"))
}

/// Some columns of the users, in the order of their ids.
fn users(folder: &Folder, names: &[&str]) -> Vec<Vec<String>> {
    let table = rows(&folder.read("out/users.csv"));
    let place = |name: &&str| table[0].iter().position(|known| known == name).expect("a column");
    let places: Vec<usize> = names.iter().map(place).collect();
    let mut found: Vec<Vec<String>> =
        table[1..].iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect();
    found.sort();
    found
}

fn record(folder: &Folder) -> Json {
    serde_json::from_str(&folder.read("out/run.json")).expect("JSON")
}

const COMMAS: &str = "user_id,role,seats,signed\nkim,VP,12,2026-01-05\n1001,\"Buyer, chief\",3,2026-01-06\n";

fn with(delimiter: &str) -> String {
    COMMAS.replace("\"Buyer, chief\"", "\u{1}").replace(',', delimiter).replace('\u{1}', "\"Buyer, chief\"")
}

/// The same two users in every layout.
fn layouts() -> Vec<(&'static str, Vec<u8>)> {
    let kim = json!({ "user_id": "kim", "role": "VP", "seats": 12, "signed": "2026-01-05" });
    let other = json!({ "user_id": 1001, "role": "Buyer, chief", "seats": "3", "signed": "2026-01-06", "more": [1] });
    let bytes = |text: &str| text.as_bytes().to_vec();
    let mut all = vec![
        ("commas", bytes(COMMAS)),
        ("semicolons", bytes(&with(";"))),
        ("tabs", bytes(&with("\t"))),
        ("a byte order mark", [b"\xef\xbb\xbf", COMMAS.as_bytes()].concat()),
        ("CRLF", bytes(&COMMAS.replace('\n', "\r\n"))),
        ("blank lines", bytes(&COMMAS.replace('\n', "\n\n"))),
        ("no last line end", bytes(COMMAS.trim_end())),
        ("a line that names the delimiter", bytes(&format!("sep=;\r\n{}", with(";")))),
        ("title lines", bytes(&format!("Contacts, all of them\n\nas of 2026-02-28\n{COMMAS}"))),
        ("bars", bytes(&with("|"))),
        ("joined files", bytes(&format!("{}\u{feff}{}", COMMAS, COMMAS.replace("kim", "pat").replace("1001", "1002")))),
        ("tar in gzip", gzip(&crate::stored::tar(&[("users.csv", COMMAS.as_bytes())]))),
        ("white space", bytes(&COMMAS.replace(',', " , ").replace("Buyer ,  chief", "Buyer, chief"))),
        ("gzip", gzip(COMMAS.as_bytes())),
        ("zstd", zstd(COMMAS.as_bytes())),
        ("zip", zip(&[("users.csv", COMMAS.as_bytes())])),
        ("gzip of semicolons with CRLF", gzip(with(";").replace('\n', "\r\n").as_bytes())),
        ("lines", bytes(&format!("{kim}\n\n{other}\n"))),
        ("objects on one line", bytes(&format!("{kim}{other}"))),
        ("a list without its brackets", bytes(&format!("{kim},\n{other},\n"))),
        ("joined lines with marks", bytes(&format!("\u{feff}{kim}\n\u{feff}{other}\n"))),
        ("a list", bytes(&json!([kim, other]).to_string())),
        ("a list in gzip", gzip(json!([kim, other]).to_string().as_bytes())),
        ("a printed list", bytes(&serde_json::to_string_pretty(&json!([kim, other])).expect("JSON"))),
        (
            "printed objects",
            bytes(&[kim, other].map(|one| serde_json::to_string_pretty(&one).expect("JSON")).join("\n")),
        ),
    ];
    if let Some(parquet) = parquet() {
        all.push(("Parquet", parquet));
    }
    all
}

#[cfg(feature = "parquet")]
fn parquet() -> Option<Vec<u8>> {
    use crate::parquet_file::{ColumnValues, parquet_file};
    Some(parquet_file(&[
        ("user_id", ColumnValues::text(&["kim", "1001"])),
        ("role", ColumnValues::text(&["VP", "Buyer, chief"])),
        ("seats", ColumnValues::Whole(vec![12, 3])),
        ("signed", ColumnValues::text(&["2026-01-05", "2026-01-06"])),
    ]))
}

#[cfg(not(feature = "parquet"))]
fn parquet() -> Option<Vec<u8>> {
    None
}

#[test]
fn a_table_of_users_is_read_in_every_layout_that_events_may_have() {
    for (name, content) in layouts() {
        let folder = folder();
        folder.write("users", content);
        let outcome = score(&folder, "--users users");
        assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
        let expected =
            [["1001", "Buyer, chief", "3", "2026-01-06"], ["kim", "VP", "12", "2026-01-05"], ["lee", "", "", ""]];
        assert_eq!(users(&folder, &["user_id", "role", "seats", "signed"]), expected, "{name}: {outcome:?}");
        assert_eq!(record(&folder)["without_row"]["users"], 1, "{name}");
    }
}

#[test]
fn a_table_of_accounts_is_read_as_one_of_users_is() {
    for (name, content) in [
        ("a column alone", "account_id\nacme\n".to_owned()),
        ("semicolons", "size;account_id\n7;acme\n".to_owned()),
        ("a list", "[{\"account_id\":\"acme\",\"size\":7}]".to_owned()),
        ("names of a CRM", "# size,account_id,size\n1,acme,7\n".to_owned()),
    ] {
        let folder = folder();
        folder.write("accounts", content);
        let outcome = score(&folder, "--accounts accounts");
        assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
        let table = rows(&folder.read("out/accounts.csv"));
        let size = table[0].iter().position(|known| known == "size").expect("a column");
        assert_eq!(table[1][size], if name == "a column alone" { "" } else { "7" }, "{name}");
    }
}

#[test]
fn rows_without_an_id_are_passed_over_and_counted() {
    for (file, content) in [
        ("crm.csv", "Id,role\n,CFO\nkim,VP\n  ,CTO\nnull,CEO\n"),
        ("crm.ndjson", "{\"role\":\"CFO\"}\n{\"Id\":\"kim\",\"role\":\"VP\"}\n{\"Id\":null}\n{\"Id\":\" \"}\n"),
    ] {
        let folder = folder();
        folder.write(file, content);
        let outcome = score(&folder, &format!("--users {file} --users-key Id"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let told = format!("note: 3 rows of {file} have no id in the column `Id`");
        assert!(outcome.stderr.contains(&told), "{}", outcome.stderr);
        assert_eq!(users(&folder, &["user_id", "role"])[1], ["kim", "VP"]);
        assert_eq!(record(&folder)["rows_without_id"], json!({ "users": 3, "accounts": 0 }));
        let quiet = score(&folder, &format!("--users {file} --users-key Id -q"));
        assert_eq!(quiet.code, 0, "{quiet:?}");
        assert!(!quiet.stderr.contains("have no id"), "a note is no warning: {quiet:?}");
    }
}

#[test]
fn rows_that_disagree_are_told_with_the_column_and_both_lines() {
    for (name, content, lines) in [
        ("LF", "user_id,note,role\nkim,a,VP\nlee,b,CTO\nkim,c,CEO\n", ("line 4", "line 2")),
        ("CRLF", "user_id,note,role\r\nkim,a,VP\r\nlee,b,CTO\r\nkim,c,CEO\r\n", ("line 4", "line 2")),
        ("blank lines", "user_id,note,role\n\n\nkim,a,VP\n\nkim,c,CEO\n", ("line 6", "line 4")),
        ("a cell of two lines", "user_id,note,role\nkim,\"a\nb\",VP\nkim,c,CEO\n", ("line 4", "line 2")),
        (
            "JSON lines",
            "{\"user_id\":\"kim\",\"role\":\"VP\"}\n\n{\"user_id\":\"kim\",\"role\":\"CEO\"}\n",
            ("line 3", "line 1"),
        ),
        (
            "a list",
            "[{\"user_id\":\"kim\",\"role\":\"VP\"},\n\n{\"user_id\":\"kim\",\"role\":\"CEO\"}]\n",
            ("line 3", "line 1"),
        ),
        ("gzip", "user_id,note,role\nkim,a,VP\nlee,b,CTO\nkim,c,CEO\n", ("line 4", "line 2")),
    ] {
        let folder = folder();
        let bytes = if name == "gzip" { gzip(content.as_bytes()) } else { content.as_bytes().to_vec() };
        folder.write("users.csv", bytes);
        let outcome = score(&folder, "--users users.csv");
        assert_eq!(outcome.code, 2, "{name}: {outcome:?}");
        for part in [format!("`users.csv` {}", lines.0), lines.1.to_owned(), "`role`".to_owned()] {
            assert!(outcome.stderr.contains(&part), "{name}: {part}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("CEO"), "{}", outcome.stderr);
    }
}

#[test]
fn rows_that_differ_only_where_nothing_reads_agree() {
    let folder = folder();
    folder.write("users.csv", "user_id,note,role,seats\nkim,a,VP,12\nkim,b,VP,12.0\n");
    let outcome = score(&folder, "--users users.csv");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(users(&folder, &["user_id", "role", "seats"])[1], ["kim", "VP", "12"]);
}

#[test]
fn a_table_that_ends_inside_quotes_is_refused_at_any_size() {
    let many = "lee,CTO\n".repeat(200_000);
    for option in ["--users", "--accounts"] {
        for (name, rest) in [("few rows", "lee,CTO\n".to_owned()), ("more than a row may be", many.clone())] {
            for packed in [false, true] {
                let folder = folder();
                let text = format!("user_id,account_id,role\n1001,acme,x\nkim,acme,\"VP\n{rest}");
                let bytes = if packed { gzip(text.as_bytes()) } else { text.into_bytes() };
                folder.write("known.csv", bytes);
                let outcome = score(&folder, &format!("{option} known.csv --max-line 1MiB"));
                assert_eq!(outcome.code, 2, "{option} {name} {packed}: {outcome:?}");
                for part in ["`known.csv`", "line 3", "quote"] {
                    assert!(outcome.stderr.contains(part), "{option} {name} {packed}: {part}: {}", outcome.stderr);
                }
            }
        }
    }
}

#[test]
fn a_column_that_is_there_twice_is_refused_with_both_places() {
    for (content, name) in [
        ("user_id,role,role\nkim,VP,CTO\n", "role"),
        ("user_id,role,user_id\nkim,VP,lee\n", "user_id"),
        ("user_id;role; role \nkim;VP;CTO\n", "role"),
    ] {
        let folder = folder();
        folder.write("users.csv", content);
        let outcome = score(&folder, "--users users.csv");
        assert_eq!(outcome.code, 2, "{outcome:?}");
        let places = if name == "role" { "2 and 3" } else { "1 and 3" };
        for part in ["`users.csv`", places, &format!("`{name}`")] {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
    }
}

#[test]
fn rows_of_another_length_and_lines_of_no_json_are_refused_with_their_line() {
    for (content, parts) in [
        ("user_id,role\r\n\r\nkim,VP\r\nlee,CTO,more\r\n", ["line 4", "3 cells", "has 2"]),
        ("user_id,role\nkim\n", ["line 2", "1 cell", "has 2"]),
        ("{\"user_id\":\"kim\"}\n\n{\"user_id\":\n", ["line 3", "JSON", "object"]),
        ("{\"user_id\":\"kim\"}\n[1]\n", ["line 2", "JSON", "object"]),
        ("[{\"user_id\":\"kim\"},\n7]\n", ["line 2", "JSON", "object"]),
        ("{\"user_id\":\"kim\"}\n{\"user_id\":\"lee\",\"seats\":NaN}\n", ["line 2", "column 26", "`NaN` is no JSON"]),
        ("{\"user_id\":\"kim\"}{\"user_id\":'lee'}\n", ["line 1", "column 12", "a single quote"]),
    ] {
        let folder = folder();
        folder.write("users", content);
        let outcome = score(&folder, "--users users");
        assert_eq!(outcome.code, 2, "{content}: {outcome:?}");
        for part in parts {
            assert!(outcome.stderr.contains(part), "{content}: {part}: {}", outcome.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn endless_input_is_refused_at_once() {
    for device in ["/dev/zero", "/dev/urandom", "/dev/null"] {
        for option in ["--users", "--accounts"] {
            let folder = folder();
            let outcome = score(&folder, &format!("{option} {device}"));
            assert_eq!(outcome.code, 2, "{device}: {outcome:?}");
            assert!(outcome.stderr.contains(&format!("`{device}`")), "{}", outcome.stderr);
        }
    }
}

#[test]
fn a_key_that_is_not_there_is_told_with_the_column_of_ids_of_the_events() {
    let folder = folder();
    folder.write("contacts.csv", "Email,Product User ID,Record\na@x.example,kim,1\nb@x.example,lee,2\n,1001,3\n");
    folder.write("people.ndjson", "{\"name\":\"Kim\",\"login\":\"kim\"}\n{\"name\":\"Lee\",\"login\":\"lee\"}\n");
    folder.write("orgs.csv", "Name;Workspace\nAcme;acme\n");
    folder.write("named.csv", "name,uid\nKim,k-1\n");
    for (arguments, parts) in [
        ("--users contacts.csv", ["`contacts.csv`", "`user_id`", "--users-key \"Product User ID\""]),
        ("--users people.ndjson", ["`people.ndjson`", "`user_id`", "--users-key \"login\""]),
        ("--accounts orgs.csv", ["`orgs.csv`", "`account_id`", "--accounts-key \"Workspace\""]),
        ("--users named.csv", ["`named.csv`", "`user_id`", "--users-key"]),
        ("--users named.csv --users-key user", ["`named.csv`", "`user`", "no column"]),
    ] {
        let outcome = score(&folder, arguments);
        assert_eq!(outcome.code, 2, "{arguments}: {outcome:?}");
        for part in parts {
            assert!(outcome.stderr.contains(part), "{arguments}: {part}: {}", outcome.stderr);
        }
        for value in ["a@x.example", "Kim", "Acme", "lee"] {
            assert!(!outcome.stderr.contains(value), "{arguments}: {}", outcome.stderr);
        }
    }
    // Without a header row its first row is data.
    folder.write("bare.csv", "kim,VP\nlee,CTO\n");
    let outcome = score(&folder, "--users bare.csv");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("header row") && !outcome.stderr.contains("kim"), "{}", outcome.stderr);
}

#[test]
fn no_cell_of_a_table_without_a_header_row_is_shown() {
    for (what, table, option, said) in [
        ("an id close to the key", "user_12,VP\n", "--users", "the first line must name the columns"),
        ("an id in letters close to the key", "user_a,VP\n", "--users", "the first line must name the columns"),
        ("an id that ends like a key", "customer_madrid,Acme\n", "--users", "the first line must name the columns"),
        ("an id with a word of the kind", "org_7_id,Acme\n", "--accounts", "the first line must name the columns"),
        ("a name among ids in letters", "nobody,VP\nkim,CTO\nlee,CEO\n", "--users", "the values of column 1 are ids"),
        ("a number among numbers", "VP,77\nCTO,1001\n", "--users", "the values of column 2 are ids"),
    ] {
        let folder = folder();
        folder.write("bare.csv", table);
        let outcome = score(&folder, &format!("{option} bare.csv"));
        assert_eq!(outcome.code, 2, "{what}: {outcome:?}");
        assert!(outcome.stderr.contains(said), "{what}: {}", outcome.stderr);
        for cell in table.lines().flat_map(|row| row.split(',')) {
            assert!(!outcome.stderr.contains(&format!("`{cell}`")), "{what}: {cell}: {}", outcome.stderr);
            assert!(!outcome.stderr.contains(&format!("\"{cell}\"")), "{what}: {cell}: {}", outcome.stderr);
        }
    }
}

/// Roles of kim as of some instants, by a table of dated rows.
fn roles(content: &str, instants: &[&str]) -> Vec<Result<String, Outcome>> {
    let folder = folder();
    folder.write("users.csv", content);
    instants
        .iter()
        .map(|instant| {
            let arguments = format!("score events.ndjson -m model.toml --users users.csv --out out --as-of {instant}");
            let outcome = folder.pql(&arguments);
            if outcome.code == 0 { Ok(users(&folder, &["user_id", "role"])[1][1].clone()) } else { Err(outcome) }
        })
        .collect()
}

#[test]
fn of_dated_rows_the_one_that_is_valid_at_the_instant_counts() {
    let instants = ["2026-02-05", "2026-02-15", "2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z", "2026-04-15"];
    for (name, content) in [
        (
            "valid_from",
            "user_id,role,valid_from\nkim,VP,2026-02-10\nkim,CEO,2026-03-01T10:00:00Z\nkim,Chair,2026-04-01 00:00\nlee,x,2026-01-01\n",
        ),
        (
            "dbt",
            "user_id,role,dbt_valid_from,dbt_valid_to\nkim,Chair,2026-04-01 00:00:00,\nkim,VP,2026-02-10 00:00:00,2026-03-01 10:00:00\nkim,CEO,2026-03-01 10:00:00,2026-04-01 00:00:00\nlee,x,2026-01-01 00:00:00,\n",
        ),
    ] {
        let found: Vec<String> = roles(content, &instants)
            .into_iter()
            .map(|role| role.unwrap_or_else(|outcome| panic!("{outcome:?}")))
            .collect();
        assert_eq!(found, ["", "VP", "VP", "CEO", "Chair"], "{name}");
    }
    let ended = "user_id,role,valid_from,valid_to\nkim,VP,2026-02-01,2026-02-20\n";
    let found: Vec<String> = roles(ended, &["2026-02-19", "2026-02-20"]).into_iter().flatten().collect();
    assert_eq!(found, ["VP", ""], "its end is no longer part of it");
}

#[test]
fn only_rows_that_are_valid_at_one_instant_disagree() {
    let rows = "user_id,role,valid_from,valid_to\nkim,VP,2026-01-01,2026-03-01\nkim,CEO,2026-02-15,2026-04-01\n";
    let found = roles(rows, &["2026-02-10", "2026-02-20", "2026-03-10"]);
    assert!(matches!(&found[0], Ok(role) if role == "VP"), "{found:?}");
    assert!(matches!(&found[2], Ok(role) if role == "CEO"), "{found:?}");
    let Err(outcome) = &found[1] else { panic!("{found:?}") };
    assert_eq!(outcome.code, 2);
    for part in ["`users.csv` line 3", "line 2", "`role`"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    let same = roles("user_id,role,valid_from\nkim,VP,2026-01-01\nkim,CEO,2026-01-01 00:00:00\n", &["2026-02-10"]);
    assert!(matches!(&same[0], Err(outcome) if outcome.code == 2), "{same:?}");
}

#[test]
fn a_date_of_a_row_that_is_no_time_is_refused_with_its_line() {
    let found = roles("user_id,role,valid_from\nlee,x,2026-01-01\nkim,VP,01/02/2026\n", &["2026-02-10"]);
    let Err(outcome) = &found[0] else { panic!("{found:?}") };
    assert_eq!(outcome.code, 2);
    for part in ["`users.csv` line 3", "`valid_from`", "no time"] {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
}

#[test]
fn lines_after_a_long_line_of_many_objects_keep_their_numbers() {
    let folder = folder();
    let long: String = (0..400).map(|n| format!("{{\"user_id\":\"u{n}\",\"role\":\"admin\"}} ")).collect();
    assert!(long.len() > 3 * 4096);
    for (last, part) in [
        ("{\"user_id\":", "line 3"),
        ("{\"user_id\":\"kim\",\"role\":\"vp\"}", "line 3: a second row for what line 2 is about"),
    ] {
        folder.write("users.ndjson", format!("{long}\n{{\"user_id\":\"kim\",\"role\":\"cto\"}}\n{last}\n"));
        let outcome = score(&folder, "--users users.ndjson --max-line 4KiB");
        assert_ne!(outcome.code, 0, "{last}: {outcome:?}");
        assert!(outcome.stderr.contains(part), "{last}: {part:?} in {}", outcome.stderr);
    }
}
