//! `pql init` over five dumps: what it wires, and that the model that it writes has no problems.

use crate::{
    dumps::{DUMPS, Dump},
    run::{Folder, Outcome},
};

const MODELS: [&str; 3] = ["sales", "b2b", "enterprise"];

/// For each dump, the names of the model `sales` with the events that a person would take for them.
const WIRED: [(&str, &str); 5] = [
    (
        "analytics",
        "api_feature_used = `Slack Integration Enabled`
billing_support_contacted = `Billing Ticket Opened`
content_shared = `Dashboard Shared`
data_exported = `Report Exported`
email_delivered = `Weekly Digest Email Sent`
enterprise_feature_requested = `Audit Log Requested` and `SSO Settings Viewed`
feature_used = 15 events, by their names
integration_connected = `Data Source Connected` and `Slack Integration Enabled`
pricing_page_viewed = `Plans Page Viewed`
setup_completed = `Onboarding Completed`
signup_completed = `User Signed Up`
subscription_started = `Subscription Started`
team_invite_sent = `Teammate Invited`
upgrade_started = `Upgrade Button Clicked`
usage_threshold_reached = `Row Limit Reached`
wedge_workflow_completed = `Query Run`",
    ),
    (
        "developer",
        "api_called = `api_request`
api_feature_used = `api_request`
billing_support_contacted = `invoice_question_sent`
data_exported = `logs_exported`
email_delivered = `usage_email_sent`
enterprise_feature_requested = `saml_setup_viewed`
feature_used = 12 events, by their names
integration_connected = `webhook_created`
pricing_page_viewed = `pricing_viewed`
signup_completed = `account_created`
team_invite_sent = `team_member_invited`
upgrade_completed = `checkout_completed` and `plan_upgraded`
upgrade_started = `checkout_started`
usage_threshold_reached = `rate_limit_exceeded`
wedge_workflow_completed = `deployment_created`",
    ),
    (
        "design",
        "api_feature_used = `integration.connected`
billing_support_contacted = `support.billing_question`
content_shared = `board.shared_externally`
data_exported = `board.exported`
email_delivered = `mail.delivered`
enterprise_feature_requested = `scim.requested`
feature_used = 16 events, by their names
integration_connected = `integration.connected` and `plugin.installed`
pricing_page_viewed = `plans.viewed`
signup_completed = `signup`
subscription_started = `subscription.created`
team_invite_sent = `member.invited`
upgrade_started = `checkout.abandoned` and `checkout.started`
usage_threshold_reached = `limit.boards_reached`
wedge_workflow_completed = `board.created`",
    ),
    (
        "learning",
        "api_feature_used = `API Token Used` and `LMS Integration Installed`
billing_support_contacted = `Invoice Support Requested`
content_shared = `Certificate Shared`
data_exported = `Certificate Downloaded` and `Progress Report Exported`
email_delivered = `Reminder Email Opened`
enterprise_feature_requested = `SSO Question Asked`
feature_used = 18 events, by their names
integration_connected = `LMS Integration Installed`
pricing_page_viewed = `Pricing Page Visited`
setup_completed = `Profile Setup Finished`
signup_completed = `Registered`
team_invite_sent = `Classmate Invited`
upgrade_completed = `Plan Purchased`
upgrade_started = `Upgrade Started`
usage_threshold_reached = `Seat Limit Hit`
wedge_workflow_completed = `Quiz Submitted`",
    ),
    (
        "bookkeeping",
        "billing_support_contacted = `Billing Help Requested`
content_shared = `Report Shared With Accountant`
data_exported = `Tax Return Exported`
email_delivered = `Reminder Mail Sent`
enterprise_feature_requested = `Audit Trail Requested`
feature_used = 18 events, by their names
integration_connected = `Bank Account Connected`
pricing_page_viewed = `Pricing Opened`
setup_completed = `Setup Checklist Completed`
signup_completed = `Account Registered`
subscription_started = `Subscription Activated`
team_invite_sent = `Accountant Invited` and `Colleague Invited`
upgrade_started = `Upgrade Initiated`
usage_threshold_reached = `Document Quota Reached`
wedge_workflow_completed = `Invoice Created`",
    ),
];

fn folder_of(dump: &Dump) -> Folder {
    let folder = Folder::in_memory();
    folder.write(dump.file, dump.text());
    folder
}

/// The lines of a report below a headline, without their indent. Two events of one name stand in the order of their counts, which is not told here.
fn below(outcome: &Outcome, headline: &str) -> Vec<String> {
    let lines = outcome.stderr.lines().skip_while(|line| *line != headline).skip(1);
    let lines = lines.take_while(|line| line.starts_with("  ")).map(|line| line.trim().to_owned());
    lines.map(|line| sorted_names(&line)).collect()
}

fn sorted_names(line: &str) -> String {
    let (event, names) = line.split_once(" = ").unwrap_or((line, ""));
    // A report says what an event is, with its name in the model behind.
    let event = event.split('`').nth(1).unwrap_or(event);
    let mut names: Vec<&str> = names.split(" and ").collect();
    names.sort_unstable();
    format!("{event} = {}", names.join(" and "))
}

#[test]
fn what_a_person_would_wire_is_wired() {
    for (dump, (name, expected)) in DUMPS.iter().zip(WIRED) {
        assert_eq!(dump.name, name);
        let outcome = folder_of(dump).pql(&format!("init {} -o m.toml", dump.file));
        assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
        let expected: Vec<String> = expected.lines().map(sorted_names).collect();
        let mut found = below(&outcome, "wired:");
        found.extend(below(&outcome, "wired, but no signal pays for it:"));
        found.extend(below(
            &outcome,
            "wired as the start, from which the age of users and accounts counts; it is no activity:",
        ));
        found.sort();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn the_models_have_no_problems_and_pay_only_what_occurs() {
    for dump in &DUMPS {
        let folder = folder_of(dump);
        for model in MODELS {
            let made = format!("{} {model}", dump.name);
            let outcome = folder.pql(&format!("init {} --model {model} -o m.toml --force", dump.file));
            assert_eq!(outcome.code, 0, "{made}: {outcome:?}");
            let outcome = folder.pql("check m.toml --fail-level warning");
            assert_eq!(outcome.code, 0, "{made}: {outcome:?}");
            let outcome = folder.pql(&format!("check m.toml --events {} --format json", dump.file));
            for code in ["M060", "M061", "M062", "M064"] {
                assert!(!outcome.stdout.contains(code), "{made}: {code}: {outcome:?}");
            }
            let outcome = folder.pql(&format!("score {} -m m.toml --out out", dump.file));
            assert_eq!(outcome.code, 0, "{made}: {outcome:?}");
            let text = folder.read("out/accounts.csv") + &folder.read("out/users.csv");
            for unwired in ["{", "}", "[", "]"] {
                assert!(!text.contains(unwired), "{made}: {unwired}: {text}");
            }
        }
    }
}

#[test]
fn the_model_is_short() {
    for dump in &DUMPS {
        let model = folder_of(dump).pql(&format!("init {} -o -", dump.file)).stdout;
        let shipped = include_str!("../../scoring.example.toml");
        assert!(model.lines().count() * 3 < shipped.lines().count() * 2, "{}: {}", dump.name, model.lines().count());
    }
}

/// Four people of two teams who use a planner: what `init` makes of events with some properties.
fn planner(events: &[(&str, &str)]) -> Folder {
    let mut text = String::new();
    for user in 0..4 {
        for (place, (name, properties)) in events.iter().enumerate() {
            for day in 1..4 + user {
                text += &format!(
                    "{{\"event\":\"{name}\",\"timestamp\":\"2026-03-{:02}T0{place}:00:00Z\",\"user_id\":\"u{user}\",\"account_id\":\"a{}\",\"properties\":{{{properties}}}}}\n",
                    day,
                    user % 2
                );
            }
        }
    }
    let folder = Folder::in_memory();
    folder.write("e.ndjson", text);
    folder
}

fn model_of(folder: &Folder, options: &str) -> String {
    let outcome = folder.pql(&format!("init e.ndjson -o - {options}"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout
}

#[test]
fn a_signal_is_wired_only_where_its_property_is() {
    let plain = [("SSO Settings Viewed", ""), ("Task Completed", ""), ("Feature Used", "\"feature\":\"gantt\"")];
    let model = model_of(&planner(&plain), "");
    // The name of the event says what the property would.
    assert!(model.contains("enterprise_feature_requested = { event = \"SSO Settings Viewed\" }"), "{model}");
    assert!(model.contains("when event = 'SSO Settings Viewed' then 'single sign-on (SSO)'"), "{model}");
    // Nothing tells premium features from free ones.
    assert!(
        !model.contains("name = \"premium_features\"") && !model.contains("name = \"only_free_features\""),
        "{model}"
    );
    assert!(
        model.contains(
            "#   user premium_features: \"Tried {premium_features} premium {premium_features?feature:features}\"; needs the property tier"
        ),
        "{model}"
    );
    let tiers = [("Task Completed", ""), ("Feature Used", "\"featureName\":\"gantt\",\"tier\":\"premium\"")];
    let model = model_of(&planner(&tiers), "");
    assert!(model.contains("name = \"premium_features\""), "{model}");
    assert!(model.contains("value = \"featureName\""), "{model}");
    // The property is there, and is never what the signal asks for.
    let others = [("Task Completed", ""), ("Feature Used", "\"feature\":\"gantt\",\"tier\":\"gold\"")];
    let model = model_of(&planner(&others), "");
    assert!(!model.contains("name = \"premium_features\""), "{model}");
}

#[test]
fn without_events_of_features_the_names_of_events_are_the_features() {
    let names = ["Board Opened", "Chart Drawn", "Comment Written", "Roster Printed", "Task Completed", "Logged In"];
    let model = model_of(&planner(&names.map(|name| (name, ""))), "");
    let expected = "feature_used = { event = [\"Board Opened\", \"Chart Drawn\", \"Comment Written\", \"Roster Printed\", \"Task Completed\"] }";
    assert!(model.contains(expected), "{model}");
    assert!(
        model.contains("features_used = { measure = \"distinct\", value = \"event\", event = \"feature_used\""),
        "{model}"
    );
}

#[test]
fn traits_are_found_under_other_names() {
    let model = model_of(&planner(&[("Task Completed", "\"jobTitle\":\"CEO\"")]), "");
    assert!(model.contains("role = { type = \"text\", from = [\"jobTitle\"] }"), "{model}");
    assert!(model.contains("buyer = \"executive\"") && model.contains("name = \"executive_detected\""), "{model}");
    let model = model_of(&planner(&[("Task Completed", "")]), "");
    assert!(!model.contains("name = \"executive_detected\"") && !model.contains("buyer = "), "{model}");
}

#[test]
fn a_feature_that_the_name_of_an_event_says_is_written_whole() {
    let model = model_of(&planner(&[("Task Completed", ""), ("Single Sign-On Page Seen", "")]), "");
    assert!(model.contains("when event = 'Single Sign-On Page Seen' then 'single sign-on (SSO)' end"), "{model}");
}

#[test]
fn a_tariff_is_a_plan() {
    let events = [("Task Completed", ""), ("Tariff Page Opened", ""), ("Tariff Change Started", "")];
    let model = model_of(&planner(&events), "");
    for line in [
        "pricing_page_viewed = { event = \"Tariff Page Opened\" }",
        "upgrade_started = { event = \"Tariff Change Started\" }",
    ] {
        assert!(model.contains(line), "{line}: {model}");
    }
}

#[test]
fn a_form_of_an_upgrade_is_its_beginning() {
    let events = [("Task Completed", ""), ("Plans Page Seen", ""), ("Upgrade Form Opened", "")];
    let model = model_of(&planner(&events), "");
    for line in [
        "pricing_page_viewed = { event = \"Plans Page Seen\" }",
        "upgrade_started = { event = \"Upgrade Form Opened\" }",
    ] {
        assert!(model.contains(line), "{line}: {model}");
    }
}

#[test]
fn an_event_that_was_said_to_be_another_is_no_feature() {
    let events = [("Task Completed", ""), ("Board Opened", ""), ("Chart Drawn", ""), ("RatesSeen", "")];
    let features = |options: &str| {
        let model = model_of(&planner(&events), options);
        let line = model.lines().find(|line| line.starts_with("feature_used = ")).unwrap_or_default().to_owned();
        line.contains("RatesSeen")
    };
    assert!(features("") && !features("--set pricing_page_viewed=RatesSeen"));
}

#[test]
fn what_was_said_goes_before_any_guess() {
    let folder = planner(&[("Task Completed", ""), ("Rates Seen", ""), ("Plan Viewed", ""), ("Invite Sent", "")]);
    let arguments = |set: &[&str]| -> Vec<String> {
        ["init", "e.ndjson", "-o", "-"]
            .into_iter()
            .chain(set.iter().flat_map(|one| ["--set", one]))
            .map(str::to_owned)
            .collect()
    };
    let run = |set: &[&str]| {
        let arguments = arguments(set);
        folder.pql_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), b"")
    };
    let model = run(&[]).stdout;
    assert!(model.contains("pricing_page_viewed = { event = \"Plan Viewed\" }"), "{model}");
    let model = run(&["pricing_page_viewed=Rates Seen", "team_invite_sent="]).stdout;
    assert!(model.contains("pricing_page_viewed = { event = \"Rates Seen\" }"), "{model}");
    assert!(model.contains("# Rates Seen is pricing_page_viewed: said with --set"), "{model}");
    assert!(!model.contains("name = \"team_invites\"") && model.contains("#   team_invite_sent: "), "{model}");
    for (set, message) in [
        ("pricing_page_view=Plan Viewed", "asks for no event `pricing_page_view`; did you mean `pricing_page_viewed`?"),
        ("pricing_page_viewed=Plan Vieved", "no event has the name `Plan Vieved`; did you mean `Plan Viewed`?"),
        ("pricing_page_viewed", "expected NAME=EVENT"),
    ] {
        let outcome = run(&[set]);
        assert!(outcome.code == 2 && outcome.stderr.contains(message), "{set}: {outcome:?}");
    }
    // A name of the model that is also an event of the dump stands for one of them.
    let outcome = planner(&[("upgrade_started", ""), ("upgrade_completed", ""), ("Task Completed", "")])
        .pql("init e.ndjson -o - --set upgrade_started=upgrade_completed --set upgrade_completed=upgrade_started");
    assert!(outcome.code == 2 && outcome.stderr.contains("cannot stand for both"), "{outcome:?}");
    let outcome = folder.pql("init e.ndjson -o - --model plg");
    assert!(outcome.code == 2 && outcome.stderr.contains("sales (who is ready for sales"), "{outcome:?}");
}

#[test]
fn the_report_says_what_is_wired_and_how_many_qualify() {
    let dump = &DUMPS[4];
    let outcome = folder_of(dump).pql(&format!("init {} --model b2b -o m.toml", dump.file));
    let report = &outcome.stderr;
    assert!(report.starts_with("m.toml: ") && report.contains(" signals of users and "), "{report}");
    let accounts = "10 of 10 accounts (100.0 %) would qualify, and 10 would go to a person (routes proven_wedge 10); that is over a third, and ";
    assert!(report.contains(accounts), "{report}");
    let next = "next: read the guesses in m.toml, then: pql score bookkeeping.ndjson -m m.toml --out out\n";
    assert!(report.contains("`at_least = ") && report.ends_with(next), "{report}");
    let quiet = folder_of(dump).pql(&format!("init {} -q -o m.toml", dump.file));
    assert_eq!(quiet.stderr, "");
}

#[test]
fn cases_are_written_in_the_names_of_the_events() {
    for dump in &DUMPS {
        for model in MODELS {
            let made = format!("{} {model}", dump.name);
            let folder = folder_of(dump);
            let outcome = folder.pql(&format!("init {} --model {model} -o m.toml --cases c.toml", dump.file));
            assert_eq!(outcome.code, 0, "{made}: {outcome:?}");
            let outcome = folder.pql("test c.toml");
            assert_eq!(outcome.code, 0, "{made}: {outcome:?}");
            assert!(folder.read("c.toml").matches("[[case]]").count() > 3, "{made}: {}", folder.read("c.toml"));
        }
    }
    let folder = folder_of(&DUMPS[0]);
    assert_eq!(folder.pql("init analytics.ndjson -o m.toml --cases c.toml").code, 0);
    let cases = folder.read("c.toml");
    assert!(
        cases.contains("event = \"Plans Page Viewed\"") && cases.contains("signals = { pricing_page = 20 }"),
        "{cases}"
    );
    // A file of cases is not written over, and no model without it.
    std::fs::remove_file(folder.path().join("m.toml")).expect("the model");
    let outcome = folder.pql("init analytics.ndjson -o m.toml --cases c.toml");
    assert!(outcome.code == 2 && outcome.stderr.contains("`c.toml` is there already"), "{outcome:?}");
    assert!(!folder.path().join("m.toml").exists());
    assert_eq!(folder.pql("init analytics.ndjson -o - --cases d.toml").code, 2);
}

/// Events of twenty people at most, each with its number, and the one that is taken for the core job; nothing if none is.
type CoreCase = (&'static str, &'static [(&'static str, u32)], Option<&'static str>);

const CORE: [CoreCase; 4] = [
    ("what people do again", &[("Roster Imported", 20), ("Shift Published", 30)], Some("Shift Published")),
    ("what each person does once", &[("Roster Imported", 20), ("Location Created", 18)], None),
    ("of two, the one of most people", &[("Report Built", 40), ("Shift Published", 60)], Some("Shift Published")),
    ("too few people to know", &[("Roster Imported", 3)], Some("Roster Imported")),
];

#[test]
fn the_core_job_is_what_people_do_again() {
    for (what, events, expected) in CORE {
        let folder = Folder::in_memory();
        let line = |name: &str, number: u32| {
            format!(
                "{{\"event\":\"{name}\",\"timestamp\":\"2026-10-{:02}T10:00:00Z\",\"user_id\":\"u{}\",\"account_id\":\"a\",\"properties\":{{}}}}\n",
                1 + number / 20,
                number % 20
            )
        };
        let lines = events.iter().flat_map(|(name, count)| (0..*count).map(move |number| line(name, number)));
        folder.write("e.ndjson", lines.collect::<String>());
        let model = model_of(&folder, "");
        let core = expected.map(|name| format!("wedge_workflow_completed = {{ event = \"{name}\" }}\n"));
        match core {
            Some(core) => assert!(model.contains(&core), "{what}\n{model}"),
            None => {
                assert!(!model.contains("wedge_workflow_completed = {"), "{what}\n{model}");
                assert!(
                    model.contains("#   setup_completed: maybe Roster Imported, Location Created\n"),
                    "{what}\n{model}"
                );
            }
        }
    }
}

/// Each of the people does it once, on their first day.
fn once(folder: &Folder, people: usize, (name, properties): (&str, &str)) {
    let line = |user| {
        format!(
            "{{\"event\":\"{name}\",\"timestamp\":\"2026-03-01T00:00:00Z\",\"user_id\":\"u{user}\",\"account_id\":\"a0\",\"properties\":{{{properties}}}}}\n"
        )
    };
    folder.write("e.ndjson", folder.read("e.ndjson") + &(0..people).map(line).collect::<String>());
}

#[test]
fn somebody_added_is_invited_by_role_words_or_by_properties() {
    for (name, properties, is_invitation) in [
        ("Hiring Manager Added", "", true),
        ("dispatcher_added", "", true),
        ("Night Crew Added", "\"role\":\"driver\"", true),
        ("Night Crew Added", "\"inviteeEmail\":\"x@firm.example\"", true),
        ("Night Crew Added", "\"colour\":\"red\"", false),
        ("Candidate Added", "\"email\":\"x@firm.example\"", false),
    ] {
        let model = model_of(&planner(&[("Task Completed", ""), ("Task Planned", ""), (name, properties)]), "");
        let wired = format!("team_invite_sent = {{ event = \"{name}\" }}");
        assert_eq!(model.contains(&wired), is_invitation, "{name} {properties}\n{model}");
    }
}

#[test]
fn steps_of_a_set_up_and_talks_with_support_are_no_features() {
    let folder =
        planner(&[("Task Completed", ""), ("Task Planned", ""), ("Board Sorted", ""), ("Chat With Us Opened", "")]);
    for step in ["Pipeline Configured", "Depot Connected", "Truck Paired"] {
        once(&folder, 9, (step, ""));
    }
    let model = model_of(&folder, "");
    let features = model.lines().find(|line| line.starts_with("feature_used = ")).expect("features");
    assert_eq!(features, r#"feature_used = { event = ["Board Sorted", "Task Completed", "Task Planned"] }"#);
}

#[test]
fn who_only_signed_up_is_not_active() {
    let folder = planner(&[("Task Completed", "")]);
    once(&folder, 9, ("Signed Up", ""));
    let model = model_of(&folder, "");
    assert!(model.contains("[activity]\nignore = [\"signup_completed\"]\n"), "{model}");
    folder.write("m.toml", model);
    let scored = folder.pql("score e.ndjson -m m.toml --level account --columns account_id,users,active_users_28 -q");
    assert!(scored.stdout.contains("a0,9,2\n"), "{scored:?}");
}

#[test]
fn an_upgrade_that_no_event_ends_counts_from_its_beginning() {
    let begun = planner(&[("Task Completed", ""), ("Upgrade Started", "")]);
    let (outcome, model) = (begun.pql("init e.ndjson -o m.toml"), begun.read("m.toml"));
    assert!(
        model.contains(r#"upgrades_abandoned = { measure = "count", last = "30d", event = "upgrade_started" }"#),
        "{model}"
    );
    assert!(model.contains("say = \"Began an upgrade\"\n") && !model.contains("did not finish"), "{model}");
    let told = "  upgrades_abandoned: no event of yours says that it was completed, so each one begun counts; --set upgrade_completed=\"Your Event\" names one\n";
    assert!(outcome.stderr.contains(told), "{outcome:?}");
    let ended = planner(&[("Task Completed", ""), ("Upgrade Started", ""), ("Upgrade Completed", "")]);
    let model = model_of(&ended, "");
    assert!(model.contains("say = \"Began an upgrade and did not finish it\"\n"), "{model}");
}

#[test]
fn texts_say_what_the_event_of_a_governance_feature_is() {
    for (name, said) in [
        ("SSO Settings Viewed", "say = \"Looked into {enterprise_asks}\""),
        ("SSO Requested", "say = \"Asked for {enterprise_asks}\""),
    ] {
        let model = model_of(&planner(&[("Task Completed", ""), (name, "")]), "");
        assert!(model.contains(said), "{name}\n{model}");
    }
}

#[test]
fn no_text_to_a_customer_lists_names_of_events() {
    for dump in &DUMPS {
        let model = folder_of(dump).pql(&format!("init {} -o -", dump.file)).stdout;
        let texts = model.lines().filter(|line| line.starts_with("message = "));
        for text in texts.filter(|text| !text.contains("{because}")) {
            assert!(!text.contains("favourites"), "{}: {text}", dump.name);
        }
        assert!(!model.contains("seat_price") && !model.contains("then 0 end"), "{}: {model}", dump.name);
    }
}
