//! `pql init` with files of users and accounts: what of their columns a first model reads.

use crate::run::{Folder, Outcome, rows};

/// Events of 12 people of four companies, on 20 days, in the plain layout of the program.
fn events() -> String {
    let names = ["Report Created", "Report Created", "Colleague Invited", "Plans Viewed", "Comment Added"];
    let mut lines = String::new();
    for day in 1..=20 {
        for person in 0..12 {
            let name = names[(day * 7 + person) % names.len()];
            lines.push_str(&format!(
                "{{\"event\":\"{name}\",\"timestamp\":\"2026-10-{day:02}T10:{person:02}:00Z\",\"user_id\":\"u{person}\",\"account_id\":\"w{}\",\"event_id\":\"{day}-{person}\",\"properties\":{{\"area\":\"a\"}}}}\n",
                person % 4
            ));
        }
    }
    lines
}

/// A CSV with a row for each of some ids.
fn table(head: &str, ids: &str, count: usize, row: impl Fn(usize) -> String) -> String {
    let rows = (0..count).map(|number| format!("{ids}{number},{}\n", row(number)));
    format!("{head}\n{}", rows.collect::<String>())
}

fn folder(people: &str, companies: &str) -> Folder {
    let folder = Folder::in_memory();
    folder.write("planner.ndjson", events());
    folder.write("people.csv", people);
    folder.write("companies.csv", companies);
    folder
}

fn people() -> String {
    table("Member Key,E-mail,Full Name,Job Title", "u", 12, |n| {
        format!("p{n}@firm{}.example,Person {n},{}", n % 4, ["CTO", "Analyst"][n % 2])
    })
}

fn companies() -> String {
    table("Workspace_Key__c,Account Name,# Employees,Industry,Account Owner,Current Plan,CRM Status", "w", 4, |n| {
        format!("Firm {n},\"{},200\",Software,Ann Seller,free,{}", n + 1, ["Opportunity", "Customer"][n.min(1)])
    })
}

const BOTH: &str = "--users people.csv --accounts companies.csv";

fn init(folder: &Folder, options: &str) -> (Outcome, String) {
    let outcome = folder.pql(&format!("init planner.ndjson -o m.toml {options}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(folder.pql("check m.toml").code, 0, "{options}");
    (outcome, folder.read("m.toml"))
}

#[test]
fn columns_of_files_are_the_traits_that_the_model_asks_for() {
    let folder = folder(&people(), &companies());
    let (outcome, model) = init(&folder, BOTH);
    for line in [
        r#"email = { type = "text", from = ["E-mail"] }"#,
        r#"role = { type = "text", from = ["Job Title"] }"#,
        r#"name = { type = "text", from = ["Full Name"] }"#,
        r##"company_size = { type = "number", from = ["# Employees"], format = "1,234.5" }"##,
        r#"company = { type = "text", from = ["Account Name"] }"#,
        r#"industry = { type = "text", from = ["Industry"] }"#,
        r#"plan = { type = "text", from = ["Current Plan"] }"#,
        r#"owner = { type = "text", from = ["Account Owner"] }"#,
        r#"crm_status = { type = "text", from = ["CRM Status"] }"#,
        "# guess: role is the column Job Title of people.csv; 12 rows have it",
        "[[account.suppress]]",
        "[[account.segments]]",
        "name = \"planner-sales\"",
    ] {
        assert!(model.contains(&format!("{line}\n")), "{line}\n{model}");
    }
    for line in [
        "people.csv: ids in the column `Member Key`, with rows of 12 of 12 users with events; read:\n",
        "companies.csv: ids in the column `Workspace_Key__c`, with rows of 4 of 4 accounts with events; read:\n",
        "  company_size = `# Employees`\n",
        "not known of users; a file for --users may have it: department, team\n",
    ] {
        assert!(outcome.stderr.contains(line), "{line}\n{}", outcome.stderr);
    }
}

#[test]
fn the_next_command_gives_a_list_with_names() {
    let folder = folder(&people(), &companies());
    let (outcome, _) = init(&folder, BOTH);
    let next = "pql score planner.ndjson -m m.toml --users people.csv --accounts companies.csv --users-key 'Member Key' --accounts-key Workspace_Key__c --out out";
    assert!(outcome.stderr.ends_with(&format!("next: read the guesses in m.toml, then: {next}\n")), "{outcome:?}");
    let words = next.replace("'Member Key'", "Member\u{1}Key");
    let words: Vec<String> = words.split(' ').skip(1).map(|word| word.replace('\u{1}', " ")).collect();
    let scored = folder.pql_with(&words.iter().map(String::as_str).collect::<Vec<_>>(), b"");
    assert!(scored.code == 0 && !scored.stderr.contains("warning"), "{scored:?}");
    let list = rows(&folder.read("out/sales_list.csv"));
    let head =
        "Rank,Account,Company,Account owner,Owner,What to do,Why,Champion,Champion name,Champion role,Champion e-mail";
    assert_eq!(list[0].join(","), head);
    assert!(list.len() > 1, "{list:?}");
    for row in &list[1..] {
        let cells = [&row[2], &row[3], &row[8], &row[10]].map(String::as_str);
        assert!(cells[0].starts_with("Firm ") && cells[1] == "Ann Seller", "{row:?}");
        assert!(cells[2].starts_with("Person ") && cells[3].contains('@'), "{row:?}");
    }
    // w0 is an open opportunity.
    assert!(list[1..].iter().all(|row| row[1] != "w0"), "{list:?}");
}

/// Columns of a file of accounts, and the trait that a model makes of the second one.
const COLUMNS: [(&str, &str, &[&str], Option<&str>); 9] = [
    (
        "numbers",
        "employeeCount",
        &["12", "800"],
        Some(r#"company_size = { type = "number", from = ["employeeCount"] }"#),
    ),
    ("ranges are no numbers", "Employees", &["1-10", "11-50"], None),
    ("words are no numbers", "Employees", &["small", "large"], None),
    (
        "points as thousands",
        "Headcount",
        &["1.200", "12.000.000"],
        Some(r#"from = ["Headcount"], format = "1.234,5" }"#),
    ),
    ("an id is no name", "Parent Account ID", &["a", "b"], None),
    ("a status that means something else", "Status", &["active", "paused"], None),
    (
        "a status of a CRM",
        "Lifecycle Stage",
        &["Lead", "OPPORTUNITY"],
        Some(r#"crm_status = { type = "text", from = ["Lifecycle Stage"] }"#),
    ),
    ("a flag is no plan", "Plan", &["true", "false"], None),
    (
        "a name",
        "Organisation Name",
        &["Firm A", "Firm B"],
        Some(r#"company = { type = "text", from = ["Organisation Name"] }"#),
    ),
];

#[test]
fn values_decide_what_a_column_is() {
    for (what, column, values, expected) in COLUMNS {
        let companies = table(&format!("account_id,{column}"), "w", 4, |n| values[n % 2].to_owned());
        let (_, model) = init(&folder(&people(), &companies), "--accounts companies.csv --force");
        match expected {
            Some(line) => assert!(model.contains(line), "{what}\n{model}"),
            None => assert!(!model.contains(&format!("\"{column}\"")), "{what}\n{model}"),
        }
    }
}

#[test]
fn what_fell_out_is_named_with_what_it_needs() {
    let (outcome, model) = init(&folder(&people(), &companies()), "");
    for line in [
        "#   user icp: \"Matches the ideal customer profile\"; needs company_size, industry, plan\n",
        "#   account segment enterprise: needs company_size\n",
        "#   account suppression competitor: needs crm_status\n",
        "#   user key buyer: needs role\n",
        "#   crm_status of accounts (--accounts), with values such as `opportunity` and `competitor`\n",
        "#   role of users (--users)\n",
    ] {
        assert!(model.contains(line), "{line}\n{model}");
    }
    let known = "not known of accounts; a file for --accounts may have it: company_size, industry, plan, crm_status\n";
    assert!(outcome.stderr.contains(known), "{outcome:?}");
    assert!(!model.contains("Champion e-mail") && model.contains("Champion = \"champion\""), "{model}");
}

#[test]
fn a_file_without_the_ids_of_the_events_is_refused() {
    let folder = folder(&people(), "Region,Plan\nx,free\ny,team\n");
    let outcome = folder.pql("init planner.ndjson -o m.toml --accounts companies.csv");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(
        outcome.stderr.contains("no column `account_id`") && outcome.stderr.contains("--accounts-key"),
        "{outcome:?}"
    );
    assert!(!folder.path().join("m.toml").exists());
    let outcome = folder.pql("init planner.ndjson -o m.toml --accounts nowhere.csv");
    assert_eq!(outcome.code, 2, "{outcome:?}");
}
