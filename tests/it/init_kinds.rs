//! `pql init` on a product with words of its own: names of companies, steps of a set-up, limits, the core job, a tier that nobody reaches.

use crate::run::{Folder, Outcome};

/// The columns of a dump and of its files, in one spelling: the account's key and name, the user's key and name.
const SPELLINGS: [[&str; 4]; 4] = [
    ["practiceId", "practiceName", "staffId", "staffName"],
    ["PRACTICE_KEY", "PRACTICE_LABEL", "MEMBER_ID", "MEMBER_NAME"],
    ["fleet_id", "fleet_title", "driver_id", "driver_name"],
    ["id", "shopName", "person_id", "fullName"],
];

/// Thirty people of ten companies: everybody sets up once, twenty work daily for weeks, some do what is asked for.
fn folder(spelling: [&str; 4], events: &[&str]) -> Folder {
    let [account, company, user, person] = spelling;
    let field = if account == "id" { "account_id" } else { account };
    let base: jiff::Timestamp = "2026-05-01T08:00:00Z".parse().expect("an instant");
    let mut rows: Vec<(i64, String)> = Vec::new();
    for who in 0..30_i64 {
        let mut add = |minute: i64, name: &str| {
            let at = base + jiff::SignedDuration::from_mins(minute);
            rows.push((minute, format!("{at},{name},m{who},acc-{}\n", who % 10)));
        };
        let start = who * 1440;
        add(start, "Signed Up");
        ["calendarConnected", "priceListImported"]
            .iter()
            .zip(1..)
            .for_each(|(step, hour)| add(start + hour * 60, step));
        for day in 1..if who < 20 { 60 - who } else { 1 } {
            for (name, minute) in [("visitBooked", 100), ("roomSwapped", 200), ("chartDrawn", 300)] {
                if (who + day) % 2 == 0 {
                    add(start + day * 1440 + minute, name);
                }
            }
        }
        for (place, name) in (0..).zip(events) {
            if who % 5 == place % 5 {
                add(start + 20 * 1440 + place, name);
            }
        }
    }
    rows.sort();
    let folder = Folder::in_memory();
    let lines: String = rows.into_iter().map(|(_, line)| line).collect();
    folder.write("e.csv", format!("happened_at,action,{user},{field}\n{lines}"));
    let companies = "Amber Brook Cedar Delta Ember Fjord Grove Haven Iris Juno";
    let rows: String =
        companies.split(' ').zip(0..).map(|(name, at)| format!("acc-{at},{name} Works {at},trial\n")).collect();
    folder.write("accounts.csv", format!("{account},{company},status\n{rows}"));
    let rows: String = (0..30_u8).map(|at| format!("m{at},Kim {}a Moser\n", char::from(b'A' + at % 26))).collect();
    folder.write("users.csv", format!("{user},{person}\n{rows}"));
    folder
}

fn init(folder: &Folder, options: &str) -> (Outcome, String) {
    let outcome = folder.pql(&format!("init e.csv -y --force -o m.toml {options}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    (outcome, folder.read("m.toml"))
}

#[test]
fn names_are_those_of_the_key() {
    for spelling in SPELLINGS {
        let [_, company, _, person] = spelling;
        let folder = folder(spelling, &[]);
        let key = if spelling[0] == "id" { " --accounts-key id" } else { "" };
        let (outcome, _) = init(&folder, &format!("--users users.csv --accounts accounts.csv{key}"));
        assert!(outcome.stderr.contains(&format!("  company = `{company}`\n")), "{outcome:?}");
        assert!(outcome.stderr.contains(&format!("  name = `{person}`\n")), "{outcome:?}");
        assert!(!outcome.stderr.contains("names companies by their ids"), "{outcome:?}");
        // No word of a CRM is in the column, which is told once.
        assert!(outcome.stderr.matches("words match no").count() <= 1, "{outcome:?}");
    }
    let (outcome, _) = init(&folder(SPELLINGS[0], &[]), "");
    let told = "not known of accounts: company, so the list names companies by their ids only; a file for --accounts may have the names\n";
    assert!(outcome.stderr.contains(told), "{outcome:?}");
}

#[test]
fn steps_that_most_take_once_are_no_intent_and_no_features() {
    let (outcome, model) = init(&folder(SPELLINGS[0], &["ratesCompared", "hotlineCalled", "help_line_dialled"]), "");
    for step in ["calendarConnected", "priceListImported", "hotlineCalled"] {
        assert!(!model.contains(&format!("\"{step}\"")), "{step}: {model}");
    }
    assert!(!outcome.stderr.contains("if it was renamed"), "{outcome:?}");
    assert!(outcome.stderr.contains("(`integration_connected`): nothing is near it\n"), "{outcome:?}");
}

/// An event, and the name of the model that it is wired to, if any.
const MEANT: [(&str, Option<&str>); 20] = [
    ("smsQuotaExhausted", Some("usage_threshold_reached")),
    ("STORAGE_FULL", Some("usage_threshold_reached")),
    ("Seats Used Up", Some("usage_threshold_reached")),
    ("allowance_exceeded", Some("usage_threshold_reached")),
    ("exportLimitReached", Some("usage_threshold_reached")),
    ("credits ran out", Some("usage_threshold_reached")),
    ("accessRightsExported", Some("enterprise_feature_requested")),
    ("permissions_viewed", Some("enterprise_feature_requested")),
    ("AUDIT_LOG_EXPORTED", Some("enterprise_feature_requested")),
    ("Roles Reviewed", Some("enterprise_feature_requested")),
    ("auditCompleted", None),
    ("compliance_report_generated", None),
    ("price_list_updated", None),
    ("Prices Exported", None),
    ("PriceTagCreated", None),
    ("treatmentPlanChanged", None),
    ("Diet Plan Viewed", None),
    ("tariffCompared", Some("pricing_page_viewed")),
    ("Prices Seen", Some("pricing_page_viewed")),
    ("pricing_opened", Some("pricing_page_viewed")),
];

#[test]
fn words_of_intent_are_those_of_who_wants_to_buy() {
    let intents =
        ["usage_threshold_reached", "enterprise_feature_requested", "pricing_page_viewed", "upgrade_completed"];
    for (event, meant) in MEANT {
        let (outcome, _) = init(&folder(SPELLINGS[0], &[event]), "");
        for intent in intents {
            let line = format!("(`{intent}`) = `{event}`\n");
            assert_eq!(outcome.stderr.contains(&line), meant == Some(intent), "{event} {intent}: {outcome:?}");
        }
    }
}

#[test]
fn the_core_job_is_the_commonest_work_and_its_rivals_are_told() {
    let (outcome, _) = init(&folder(SPELLINGS[0], &[]), "");
    assert!(outcome.stderr.contains("  the core job (`wedge_workflow_completed`) = `visitBooked`\n"), "{outcome:?}");
    let told = "`visitBooked` is taken for the core job, and `chartDrawn` and `roomSwapped` are about as common; --set wedge_workflow_completed=\"Your Event\" names another one\n";
    assert!(outcome.stderr.contains(told), "{outcome:?}");
    let (outcome, _) = init(&folder(SPELLINGS[0], &[]), "--set wedge_workflow_completed=chartDrawn");
    assert!(!outcome.stderr.contains("is taken for the core job"), "{outcome:?}");
}

#[test]
fn a_tier_that_nobody_reaches_is_told_with_the_line_that_would_help() {
    let folder = folder(SPELLINGS[0], &["tariffCompared", "upgradeStarted", "colleagueInvited"]);
    let (outcome, model) = init(&folder, "");
    let told = outcome.stderr.split("no account meets `active_users_28 >= 5` (the highest is ").nth(1);
    let told = told.unwrap_or_else(|| panic!("{outcome:?}"));
    // The edits, taken as they are told, do what is told of them.
    let mut lines: Vec<String> = model.lines().map(str::to_owned).collect();
    let (edits, rest) = told.split_once(" it would hold ").expect("advice");
    for edit in edits.split('`').skip(3).collect::<Vec<_>>().chunks(2) {
        let number: usize =
            edit[1].trim_start_matches(" in line ").split(' ').next().expect("a line").parse().expect("a number");
        edit[0].clone_into(&mut lines[number - 1]);
    }
    folder.write("m.toml", lines.join("\n"));
    let scored = folder.pql("score e.csv -m m.toml --out out");
    assert_eq!(scored.code, 0, "{scored:?}");
    let count = rest.split(' ').next().expect("a count");
    let qualified = folder
        .read("out/accounts.csv")
        .lines()
        .filter(|line| line.contains("Mid-market PQA") || line.contains("mid_market"))
        .count()
        .to_string();
    assert_eq!(qualified, count, "{outcome:?}");
}
