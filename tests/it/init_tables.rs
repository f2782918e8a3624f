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
        format!(
            "Firm {n},\"{},200\",Software,Ann Seller,free,{}",
            n + 1,
            ["Opportunity", "Customer", "Prospect"][n.min(2)]
        )
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
        "\n  target_industry: `fintech` and `healthcare` never occur in `Industry`; the commonest value of industry is `Software` (4); write the words of your own data there\n",
        "\n  1 of 4 accounts are customers and stay out of the list\n  1 of 4 accounts have an open opportunity and stay out of the list\n",
        "\n  3 of 12 users belong to customers and stay out of the list\n",
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
    let head = "Rank,Account,Company,Account owner (CRM),Employees,CRM status,Score,Who acts,What to do,Why this account,Champion,Champion name,Champion role,Champion e-mail,Champion last active (days ago),Why this champion,Buyer,Buyer name,Buyer role,Buyer e-mail,Buyer last active (days ago)";
    assert_eq!(list[0].join(","), head);
    assert!(list.len() > 1, "{list:?}");
    for row in &list[1..] {
        let cells = [&row[2], &row[3], &row[11], &row[13]].map(String::as_str);
        assert!(cells[0].starts_with("Firm ") && cells[1] == "Ann Seller", "{row:?}");
        assert!(cells[2].starts_with("Person ") && cells[3].contains('@'), "{row:?}");
    }
    // w0 is an open opportunity, w1 a customer.
    assert!(list[1..].iter().all(|row| row[1] != "w0" && row[1] != "w1"), "{list:?}");
    // Their people are left out too.
    let users = rows(&folder.read("out/users.csv"));
    let column = |name: &str| users[0].iter().position(|known| known == name).expect("a column");
    let left_out = |row: &&Vec<String>| row[column("suppressed")] == "customer";
    assert_eq!(users.iter().filter(left_out).count(), 3, "{users:?}");
}

#[test]
fn first_and_last_names_stand_beside_each_other() {
    let people = table("user_id,firstName,lastName,E-mail", "u", 12, |n| format!("Ann{n},Lee{n},p{n}@firm.example"));
    let folder = folder(&people, &companies());
    let (_, model) = init(&folder, "--users people.csv");
    assert!(model.contains(r#"first_name = { type = "text", from = ["firstName"] }"#), "{model}");
    assert!(model.contains(r#"last_name = { type = "text", from = ["lastName"] }"#), "{model}");
    let columns = r#"Champion = "champion", "Champion first name" = "champion.first_name", "Champion last name" = "champion.last_name""#;
    assert!(model.contains(columns) && !model.contains("Champion name"), "{model}");
}

/// Columns of a file of accounts, and the trait that a model makes of the second one.
const COLUMNS: [(&str, &str, &[&str], Option<&str>); 10] = [
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
    (
        "a status by its values, whatever it is called",
        "Relation",
        &["Prospect", "Customer - Direct"],
        Some(r#"crm_status = { type = "text", from = ["Relation"] }"#),
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
        "#   crm_status of accounts (--accounts), with values such as `customer`, `opportunity` and `competitor`\n",
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

/// Records that tell of people and companies, and the fields and traits that a model reads of them.
const RECORDS: [(&str, &str, &[&str]); 3] = [
    (
        "an envelope",
        r#"{"emitted_at":"2026-11-01T00:00:00Z","record":{"eventName":"EVENT","occurredAt":"TIME","eventUuid":"ID","actor":{"memberId":"USER","email":"USER@firm.example","displayName":"Ann USER","jobTitle":"CTO"},"org":{"id":"ACCOUNT","name":"Firm ACCOUNT"},"data":{"area":"a"}}}"#,
        &[
            r#"properties = ["record.data", "record"] }"#,
            r#"email = { type = "text", from = ["actor.email"] }"#,
            r#"name = { type = "text", from = ["actor.displayName"] }"#,
            r#"role = { type = "text", from = ["actor.jobTitle"] }"#,
            r#"company = { type = "text", from = ["org.name"] }"#,
        ],
    ),
    (
        "objects beside the properties of the plain layout",
        r#"{"event":"EVENT","timestamp":"TIME","event_id":"ID","user_id":"USER","account_id":"ACCOUNT","user":{"email":"USER@firm.example","name":"Ann USER"},"company":{"name":"Firm ACCOUNT"},"properties":{"area":"a"}}"#,
        &[
            r#"fields = { properties = ["properties", "."] }"#,
            r#"email = { type = "text", from = ["user.email"] }"#,
            r#"company = { type = "text", from = ["company.name"] }"#,
        ],
    ),
    (
        "a flat record with an object of properties",
        r#"{"action":"EVENT","at":"TIME","member_id":"USER","workspace_id":"ACCOUNT","member_email":"USER@firm.example","member_name":"Ann USER","workspace_name":"Firm ACCOUNT","payload":{"area":"a"}}"#,
        &[
            r#"properties = ["payload", "."] }"#,
            r#"email = { type = "text", from = ["member_email"] }"#,
            r#"name = { type = "text", from = ["member_name"] }"#,
            r#"company = { type = "text", from = ["workspace_name"] }"#,
        ],
    ),
];

/// The events of a dump, each as another record.
fn records(shape: &str) -> String {
    let event = |line: &str| {
        let parts: Vec<&str> = line.split('"').collect();
        let record = shape.replace("EVENT", parts[3]).replace("TIME", parts[7]).replace("ID", parts[19]);
        record.replace("USER", parts[11]).replace("ACCOUNT", parts[15]) + "\n"
    };
    events().lines().map(event).collect()
}

#[test]
fn what_records_tell_of_people_is_within_reach() {
    for (what, shape, expected) in RECORDS {
        let folder = Folder::in_memory();
        folder.write("planner.ndjson", records(shape));
        let (_, model) = init(&folder, "");
        for line in expected {
            assert!(model.contains(line), "{what}: {line}\n{model}");
        }
        let scored = folder.pql("score planner.ndjson -m m.toml --out out");
        assert!(scored.code == 0 && !scored.stderr.contains("has the trait"), "{what}: {scored:?}");
        let list = rows(&folder.read("out/sales_list.csv"));
        let column = |name: &str| list[0].iter().position(|known| known == name).expect("a column");
        assert!(list.len() > 1, "{what}");
        for row in &list[1..] {
            assert!(row[column("Company")].starts_with("Firm w"), "{what}: {row:?}");
            assert!(row[column("Champion e-mail")].ends_with("@firm.example"), "{what}: {row:?}");
            assert!(row[column("Champion name")].starts_with("Ann u"), "{what}: {row:?}");
        }
    }
}

#[test]
fn the_address_of_somebody_else_is_nobodys_own() {
    let folder = Folder::in_memory();
    let invited = events().replace("\"area\":\"a\"", "\"name\":\"Q3\"");
    let lines = invited.lines().map(|line| match line.contains("Colleague Invited") {
        true => line.replace("\"name\":\"Q3\"", "\"email\":\"other@firm.example\"") + "\n",
        false => format!("{line}\n"),
    });
    folder.write("planner.ndjson", lines.collect::<String>());
    let (_, model) = init(&folder, "");
    assert!(!model.contains("[user.traits]") && !model.contains("[account.traits]"), "{model}");
}

#[test]
fn help_for_a_trait_that_nobody_has_leads_to_its_field() {
    let folder = Folder::in_memory();
    folder.write("planner.ndjson", records(RECORDS[0].1));
    let fields = r#"event = "record.eventName", user = "record.actor.memberId", account = "record.org.id", time = "record.occurredAt", properties = "record.data""#;
    let model = |more: &str| {
        format!(
            "schema = 1\n[input]\nfields = {{ {fields} }}\n[user.traits]\nemail = {{ type = \"text\" }}\n{more}\n[[user.signals]]\nname = \"mail\"\nwhen = \"email is not null\"\npoints = 1\n"
        )
    };
    folder.write("m.toml", model(""));
    let outcome = folder.pql("check m.toml --events planner.ndjson");
    let help = r#"records have `record.actor.email`, beside their properties: from = ["actor.email"] reads it, with properties = ["record.data", "record"] in [input] fields"#;
    assert!(outcome.stdout.contains(help) || outcome.stderr.contains(help), "{outcome:?}");
    let scored = folder.pql("score planner.ndjson -m m.toml");
    let note = "note: no user has the trait `email`: neither events nor a file of --users give a value";
    assert!(scored.stderr.contains(note), "{scored:?}");
    let followed = model("").replace("\"record.data\"", "[\"record.data\", \"record\"]");
    folder.write("m.toml", followed.replace("{ type = \"text\" }", "{ type = \"text\", from = [\"actor.email\"] }"));
    let scored = folder.pql("score planner.ndjson -m m.toml --level user --top 1 --columns score");
    assert!(scored.stdout == "score\n1\n" && !scored.stderr.contains(note), "{scored:?}");
}

#[test]
fn what_is_empty_is_called_empty() {
    let folder = folder("", &companies());
    let warning = "warning: people.csv holds no rows, so it gives no traits of users; was its export cut short?\n";
    let outcome = folder.pql("init planner.ndjson -o m.toml --users people.csv");
    assert!(outcome.code == 2 && outcome.stderr.contains("leave --users out"), "{outcome:?}");
    assert_eq!(folder.pql("init planner.ndjson -o m.toml").code, 0);
    folder.write("m2.toml", "schema = 1\nname = \"other\"\n");
    // Each model of several has its own warnings.
    for (options, count) in [("-m m.toml", 1), ("-m m.toml -q", 1), ("-m m.toml -m m2.toml -q --out out", 2)] {
        let outcome = folder.pql(&format!("score planner.ndjson --users people.csv {options}"));
        assert!(outcome.code == 0 && outcome.stderr.matches(warning).count() == count, "{options}: {outcome:?}");
    }
    folder.write("nothing.ndjson", "");
    let outcome = folder.pql("init nothing.ndjson -o n.toml");
    assert_eq!(
        outcome.stderr,
        "error: the input is empty: not a single record was read, so there is no model to write\n"
    );
    assert_eq!(outcome.code, 1);
}

#[test]
fn a_refused_run_leaves_no_folder_of_its_own() {
    let folder = folder(&people(), &companies());
    folder.write("nothing.ndjson", "");
    for (events, more) in [("nothing.ndjson", ""), ("planner.ndjson", "--fail-if users>1")] {
        let outcome = folder.pql(&format!("score {events} --out new/lists {more}"));
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert!(!folder.path().join("new").exists(), "{events}");
    }
    std::fs::create_dir(folder.path().join("old")).expect("a folder");
    assert_eq!(folder.pql("score nothing.ndjson --out old/lists").code, 1);
    assert!(folder.path().join("old").exists() && !folder.path().join("old/lists").exists());
    assert_eq!(folder.pql("score planner.ndjson --out new/lists").code, 0);
    assert!(folder.path().join("new/lists/run.json").exists());
}

#[test]
fn the_name_of_a_shipped_model_is_no_file() {
    let folder = folder(&people(), &companies());
    for key in ["sales", "b2b", "enterprise"] {
        let outcome = folder.pql(&format!("score planner.ndjson -m {key}"));
        let help = format!("`pql init EVENTS --model {key}` writes a file of it for your events");
        assert!(outcome.code == 2 && outcome.stderr.contains(&help), "{outcome:?}");
    }
    folder.write("sales", "schema = 1\n");
    assert_eq!(folder.pql("score planner.ndjson -m sales").code, 0);
}

/// Columns whose names begin with words of an industry.
#[test]
fn columns_that_begin_with_somebody_of_an_industry_are_traits() {
    let folder = Folder::in_memory();
    let row = |n: usize| {
        let (person, day) = (n * 7 % 40, 1 + n % 28);
        format!("r{n},2026-03-{day:02} 08:00:00,team_invite_sent,op{person},FLT{}\n", person / 4)
    };
    let events: String = (0..400).map(row).collect();
    folder.write("e.csv", format!("ROW_ID,AT,EVENT,OPERATOR_ID,FLEET_ID\n{events}"));
    let people: String = (0..40).map(|n| format!("op{n},p{n}@firm{n}.com,Kim Lee,Head of Ops\n")).collect();
    folder.write("people.csv", format!("OPERATOR_ID,MAIL,FULL_NAME,ROLE_TITLE\n{people}"));
    let firms: String = (0..10).map(|n| format!("FLT{n},Firm {n} Ltd,{},Jo Reed\n", 10 + n)).collect();
    folder.write("firms.csv", format!("FLEET_ID,FLEET_NAME,HEADCOUNT,CSM\n{firms}"));
    let outcome = folder.pql("init e.csv -o m.toml --users people.csv --accounts firms.csv");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let model = folder.read("m.toml");
    for column in ["MAIL", "FULL_NAME", "ROLE_TITLE", "FLEET_NAME", "HEADCOUNT", "CSM"] {
        assert!(model.contains(&format!("from = [\"{column}\"]")), "{column}: {model}");
    }
}

/// An export that stopped, or that comes twice with other contents, fails the nightly run of a first model.
#[test]
fn a_first_model_guards_its_nightly_run() {
    let folder = Folder::in_memory();
    let event = |day: usize, more: &str| {
        format!(
            "{{\"event_id\":\"e{day}\",\"event\":\"team_invite_sent\",\"timestamp\":\"2026-03-{day:02}T08:00:00Z\",\"user_id\":\"u{}\",\"properties\":{{\"x\":1{more}}}}}\n",
            day % 5
        )
    };
    let every: String = (1..=20).map(|day| event(day, "")).collect();
    let weekdays: String = (1..=20).filter(|day| day % 7 > 1).map(|day| event(day, "")).collect();
    let again: String = (1..=20).map(|day| event(day, ",\"y\":2")).collect();
    for (events, more, as_of, code, told) in [
        (&every, "", "2026-03-20", 0, ""),
        (&every, "", "2026-03-21", 1, "error: m.toml"),
        (&weekdays, "", "2026-03-22", 0, "warning: m.toml"),
        (&every, again.as_str(), "2026-03-20", 1, "`id_conflict <= 10 or id_conflict <= 0.01 * events` is not met"),
    ] {
        folder.write("e.ndjson", events);
        let outcome = folder.pql("init e.ndjson -o m.toml --force -q");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        folder.write("e.ndjson", format!("{events}{more}"));
        let outcome = folder.pql(&format!("score e.ndjson -m m.toml --as-of {as_of} --out out -q"));
        assert_eq!(outcome.code, code, "{as_of}: {outcome:?}");
        assert!(outcome.stderr.contains(told), "{as_of}: {outcome:?}");
    }
}

#[test]
fn words_that_match_nobody_are_told_with_the_commonest_values() {
    let companies = table("Workspace_Key__c,Industry,Account Status", "w", 4, |n| {
        format!("{},{}", ["Zoo", "Circus"][n / 2], ["Customer", "Prospect"][n / 3])
    });
    let rows = |separator: &str| {
        let row = |n: usize| {
            let title = if n == 0 { "p0@firm.example" } else { ["Head Nurse", "Front Desk", "Solo"][n % 2] };
            format!("u{n}{separator}{title}\n")
        };
        format!("Member Key{separator}Job Title\n{}", (0..12).map(row).collect::<String>())
    };
    for separator in [",", "\t"] {
        let folder = folder(&rows(separator), &companies);
        let (outcome, _) = init(&folder, BOTH);
        for told in [
            "  executive: its words match no user; the commonest values of role are `Front Desk` (6), `Head Nurse` (5); if your data says it otherwise, write its words there\n",
            "  target_industry: `software`, `fintech` and `healthcare` never occur in `Industry`; the commonest values of industry are `Circus` (2), `Zoo` (2); write the words of your own data there\n",
        ] {
            assert!(outcome.stderr.contains(told), "{outcome:?}");
        }
        assert!(!outcome.stderr.contains("p0@") && !outcome.stderr.contains("customer: its words"), "{outcome:?}");
    }
    // Somebody who is met is not told.
    let (outcome, _) = init(&folder(&people(), &companies), BOTH);
    assert!(!outcome.stderr.contains("executive: its words"), "{outcome:?}");
}

#[test]
fn a_word_that_is_nearly_one_of_the_model_is_told_with_it() {
    let companies = table("Workspace_Key__c,Industry", "w", 4, |n| ["Health", "Retail"][n / 2].to_owned());
    let (outcome, _) = init(&folder(&people(), &companies), BOTH);
    assert!(outcome.stderr.contains("`Health` may mean `healthcare`"), "{outcome:?}");
    assert_eq!(outcome.stderr.matches("target_industry:").count(), 1, "{outcome:?}");
}
