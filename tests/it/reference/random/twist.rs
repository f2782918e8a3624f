//! Turns a random case into one about who is who: joined ids, visitors that are somebody, e-mails, internal users, ids in other spellings.

use super::{Case, Rng, Stage, text};

/// Ids that are addresses, or that the model may set aside.
const PEOPLE: [&str; 6] = [
    "\"kim@acme.com\"",
    "\"q@ourco.example\"",
    "\"qa-1\"",
    "\"lee@gmail.com\"",
    "\"x@free.example\"",
    "\"zoe@dev.ourco.example\"",
];

const EMAILS: [&str; 7] = [
    "kim@acme.com",
    "Kim@Mail.Beta.example",
    "t@ourco.example",
    "lee@gmail.com",
    "x@free.example",
    "no address",
    "z@acme.com",
];

/// Pairs of ids that may be joined; of those that an enrichment file names, no two are one.
const JOINED: [(&str, &str); 7] = [
    ("\"old1\"", "\"u1\""),
    ("\"old1\"", "\"older1\""),
    ("\"kim@acme.com\"", "\"u2\""),
    ("\"u3\"", "\"qa-7\""),
    ("\"k@ourco.example\"", "\"u10\""),
    ("\"Zed\"", "\"zed@beta.example\""),
    ("101", "\"a@b.example\""),
];

/// Changes the model, the events and the enrichment of a case.
pub fn twist(case: &mut Case, rng: &mut Rng, stage: &Stage) {
    case.model = model(&case.model, rng);
    for line in &mut case.events {
        *line = twisted(line, rng);
    }
    for _ in 0..rng.between(2, 12) {
        let line = another(rng, stage);
        let at = rng.below(case.events.len() + 1);
        case.events.insert(at, line);
    }
    if let Some(users) = &mut case.users_csv {
        *users = with_emails(users, rng);
    }
    if rng.chance(20) {
        case.as_of = "latest".to_owned();
    }
}

/// The model with an `[identity]`, and maybe a trait `email`.
fn model(model: &str, rng: &mut Rng) -> String {
    let mut identity = String::from("[identity]\n");
    if rng.chance(75) {
        identity += "exclude_domains = [\"ourco.example\"]\n";
    }
    if rng.chance(75) {
        identity += "exclude_users = [\"qa-*\"]\n";
    }
    if rng.chance(15) {
        identity += "email_domain = false\n";
    }
    if rng.chance(50) {
        identity += "free_mail = [\"free.example\"]\n";
    }
    let declared = rng.pick(&[
        "",
        "email = { type = \"text\" }\n",
        "email = { type = \"text\", pick = \"first\" }\n",
        "email = { type = \"text\", from = [\"mail\", \"email\"] }\n",
        "email = { type = \"text\", from = [\"mail\"], pick = \"first\" }\n",
        "email = { type = \"text\", event = [\"feature_used\", \"team_invite_sent\"] }\n",
    ]);
    let shown = if declared.is_empty() { "\"domain\", " } else { "\"email\", \"domain\", " };
    let model = model.replacen("[user.traits]\n", &format!("[user.traits]\n{declared}"), 1);
    let model = model.replacen("user_columns = [", &format!("user_columns = [{shown}"), 1);
    format!("{model}\n{identity}")
}

/// A line with other ids, other spellings of them, a visitor, an e-mail.
fn twisted(line: &str, rng: &mut Rng) -> String {
    let mut line = line.to_owned();
    let swaps: [(&str, &[&str]); 4] = [
        ("\"user_id\":101", &["101.0", "\" 101\"", "1.01e2", "\"101\\u2003\""]),
        ("\"user_id\":\"u1\"", &["\" u1\"", "\"u1\\t\"", "\"\\u0075\\u0031\"", "\"\u{a0}u1\""]),
        ("\"account_id\":77", &["77.0", "\"77\"", "\" 77\"", "[77, 78]"]),
        ("\"account_id\":\"acme\"", &["\"acme \"", "\"\\u0061cme\"", "\"\u{3000}acme\""]),
    ];
    for (written, spellings) in swaps {
        let follows = line.find(written).map(|at| line[at + written.len()..].starts_with([',', '}']));
        if follows == Some(true) && rng.chance(50) {
            let (key, _) = written.split_once(':').expect("a key");
            line = line.replacen(written, &format!("{key}:{}", rng.pick(spellings)), 1);
        }
    }
    if rng.chance(15) {
        let id = rng.pick(&PEOPLE);
        line = line.replacen("\"user_id\":\"u2\"", &format!("\"user_id\":{id}"), 1);
    }
    if !line.is_empty() && !line.contains("anonymous_id") && rng.chance(30) {
        let visitor = rng.between(1, 6);
        line = line.replacen('{', &format!("{{\"anonymous_id\":\"v{visitor}\","), 1);
    }
    for object in ["\"properties\":{", "\"traits\":{"] {
        if line.contains(object) && !line.contains(&format!("{object}}}")) && rng.chance(25) {
            let (key, email) = (rng.pick(&["email", "mail"]), rng.pick(&EMAILS));
            line = line.replacen(object, &format!("{object}\"{key}\":\"{email}\","), 1);
        }
    }
    line
}

/// One more line: a join, an e-mail, a group line of somebody who may be internal, an event of a visitor.
fn another(rng: &mut Rng, stage: &Stage) -> String {
    let hours = rng.between(-30, stage.days * 24);
    let time = format!("\"timestamp\":\"{}\"", text(stage.as_of - hours * 3_600_000_000 + rng.between(-1, 0)));
    let (visitor, email) = (rng.between(1, 6), rng.pick(&EMAILS));
    let somebody = rng.pick(&["\"u1\"", "\"u2\"", "\"u3\"", "\"u10\"", "\"qa-1\"", "\"q@ourco.example\"", "\"old1\""]);
    let account = rng.pick(&["\"acme\"", "77", "\"c3\"", "\"new\""]);
    match rng.below(7) {
        0..=2 => {
            let (a, b) = rng.pick(&JOINED);
            let (a, b) = if rng.chance(50) { (a, b) } else { (b, a) };
            format!("{{\"type\":\"alias\",\"previous_id\":{a},\"user_id\":{b},{time}}}")
        }
        3 => {
            let who = rng.pick(&[format!("\"user_id\":{somebody}"), format!("\"anonymous_id\":\"v{visitor}\"")]);
            format!("{{\"type\":\"identify\",{who},{time},\"traits\":{{\"email\":\"{email}\"}}}}")
        }
        4 => format!(
            "{{\"type\":\"group\",\"user_id\":{somebody},\"account_id\":{account},{time},\"traits\":{{\"employees\":9999,\"plan\":\"pro\"}}}}"
        ),
        5 => format!("{{\"event\":\"feature_used\",\"anonymous_id\":\"v{visitor}\",\"account_id\":{account},{time}}}"),
        _ => format!("{{\"event\":\"feature_used\",\"user_id\":{somebody},\"anonymous_id\":\"v{visitor}\",{time}}}"),
    }
}

/// The enrichment of users with a column of e-mails.
fn with_emails(users: &str, rng: &mut Rng) -> String {
    let mut lines = users.lines();
    let mut all = format!("{},email\n", lines.next().unwrap_or_default());
    for line in lines {
        all += &format!("{line},{}\n", rng.pick(&["", "", "", "kim@beta.example", "x@ourco.example", "z@gmail.com"]));
    }
    all
}
