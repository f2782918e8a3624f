//! Templates: facts in texts, optional parts, the champion and the buyer.

use crate::run::{Folder, Outcome, rows};

/// A model whose one account route has a text under test, with facts of every kind.
fn model(because: &str) -> String {
    format!(
        "schema = 1\nname = 'm'\n\
         [user]\nbuyer = \"role = 'cto'\"\n\
         [user.traits]\nrole = {{ type = 'text' }}\nemail = {{ type = 'text' }}\n\
         [account.traits]\nplan = {{ type = 'text' }}\nseats = {{ type = 'number' }}\n\
         [metrics]\nuses = {{ measure = 'count', event = 'use' }}\ninvites = {{ measure = 'count', event = 'invite' }}\n\
         [account.facts]\nlarge = 'seats >= 10'\nnone = \"nullif(uses, uses)\"\ntiny = '0.0000001 * uses'\nactive = 'uses > 0'\n\
         [[account.routes]]\nname = 'r'\nto = \"{{buyer.email|nobody}}\"\naction = \"Call {{champion.role}}\"\nbecause = {because:?}\n"
    )
}

const EVENTS: &str = r#"{"event":"use","timestamp":"2026-10-05T08:00:00Z","user_id":"u","account_id":"a","properties":{"plan":"team","role":"cto","email":"u@acme.com"}}
{"event":"invite","timestamp":"2026-10-05T09:00:00Z","user_id":"u","account_id":"a","properties":{}}
{"event":"invite","timestamp":"2026-10-05T09:00:01Z","user_id":"u","account_id":"a","properties":{}}
{"event":"other","timestamp":"2026-10-05T09:00:01Z","user_id":"v","account_id":"b","properties":{"role":"intern"}}
"#;

fn scored(model: &str) -> Outcome {
    let folder = Folder::in_memory();
    folder.write("m.toml", model);
    folder.write("e.ndjson", EVENTS);
    folder.pql("score e.ndjson -m m.toml --as-of 2026-10-31 -q")
}

/// A cell of an account's row.
fn cell(table: &[Vec<String>], account: &str, column: &str) -> String {
    let at = table[0].iter().position(|name| name == column).expect("a column");
    table.iter().find(|row| row[0] == account).expect("a row")[at].clone()
}

/// Templates and what they print for account `a`: one use, two invitations, plan team, no seats.
const PRINTED: &[(&str, &str)] = &[
    ("{uses} and {invites}", "1 and 2"),
    ("{seats}.{seats|no}.{plan|no}", ".no.team"),
    ("{uses?person:people}, {invites?person:people}, {none?one:other}", "person, people, other"),
    ("{active?yes:no}, {large?yes:no}", "yes, no"),
    ("{uses?:s}{invites?:s}", "s"),
    ("Here[, {seats} seats][, {plan} plan]", "Here, team plan"),
    ("[{seats|many} seats]", ""),
    ("[{large} large][{active} active]", "true active"),
    ("[{tiny} tiny][{none} none]", ""),
    ("[{uses} {plan}][{uses} {seats}]", "1 team"),
    ("[as it stands] [[{plan}]] {{plan}}", "[as it stands] [team] {plan}"),
    ("{seats|a [b]}[]", "a [b][]"),
    ("{seats|{{x}}} {{{plan|x}", "{x} {team"),
    ("{plan|Why?}{seats|a?b:c}{active?a|b:c:d}", "teama?b:ca|b"),
    ("{ plan } of {champion.role}, {buyer.email|none}", "team of cto, u@acme.com"),
    ("{route} {segment|no segment}", "r no segment"),
    ("", ""),
];

#[test]
fn templates_print_facts_choices_and_optional_parts() {
    let mut wrong = Vec::new();
    for (because, expected) in PRINTED {
        let outcome = scored(&model(because));
        assert_eq!(outcome.code, 0, "{because}: {}", outcome.stderr);
        let printed = cell(&rows(&outcome.stdout), "a", "because");
        if printed != *expected {
            wrong.push(format!("{because:?} prints {printed:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn owners_and_actions_are_templates_that_may_name_champion_and_buyer() {
    let outcome = scored(&model("x"));
    let table = rows(&outcome.stdout);
    assert_eq!([cell(&table, "a", "to"), cell(&table, "a", "action")], ["u@acme.com", "Call cto"]);
    assert_eq!([cell(&table, "b", "to"), cell(&table, "b", "action")], ["nobody", "Call intern"]);
}

#[test]
fn routes_and_columns_of_accounts_name_facts_of_champion_and_buyer() {
    let model = model("x").replace(
        "name = 'r'\n",
        "name = 'first'\nwhen = \"buyer.role = 'cto' and champion.score = 5\"\n[[account.routes]]\nname = 'r'\n",
    ) + "[output]\naccount_columns = ['champion.role', 'champion.route', 'buyer.email', 'buyer.uses']\n\
           [[user.signals]]\nname = 's'\nwhen = 'uses > 0'\npoints = 5\n\
           [[user.routes]]\nname = 'of_user'\n";
    let outcome = scored(&model);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let table = rows(&outcome.stdout);
    for (account, route, expected) in
        [("a", "first", ["cto", "of_user", "u@acme.com", "1"]), ("b", "r", ["intern", "of_user", "", ""])]
    {
        let columns = ["champion.role", "champion.route", "buyer.email", "buyer.uses"];
        assert_eq!(columns.map(|column| cell(&table, account, column)), expected, "{account}");
        assert_eq!(cell(&table, account, "route"), route, "{account}");
    }
}

/// Templates with what is wrong with them: the message, and the column in its line.
const BAD: &[(&str, &str, usize)] = &[
    ("{uses", "a brace that is never closed", 1),
    ("a {uses b", "a brace that is never closed", 3),
    ("a } b", "a closing brace without an opening one", 3),
    ("{}", "braces around nothing", 1),
    ("{ | x}", "braces around nothing", 1),
    ("{uses?one}", "a choice of one text", 1),
    ("{plan?one:other}", "`plan` is text, which is never 1 or true", 2),
    ("a [b {uses}", "an optional part that is never closed", 3),
    ("a ] b", "a closing bracket without an opening one", 3),
    ("[a [b] c]", "an optional part within another", 4),
    ("{seats|{plan}}", "a fact within the braces of another", 8),
    ("{usess}", "no fact `usess` of accounts", 2),
    ("{champion.usess}", "no fact `usess` of users", 2),
    ("{manager.role}", "no fact `manager.role`", 2),
];

#[test]
fn bad_templates_are_errors_with_line_and_column() {
    let mut wrong = Vec::new();
    for (because, message, column) in BAD {
        let folder = Folder::in_memory();
        let text = model(because);
        folder.write("m.toml", &text);
        let outcome = folder.pql("check m.toml");
        let line = text.lines().count();
        let place = format!("m.toml:{line}:{}", "because = \"".len() + column);
        if outcome.code != 1 || !outcome.stderr.contains(message) || !outcome.stderr.contains(&place) {
            wrong.push(format!("{because}, at {place}:\n{}", outcome.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn champion_and_buyer_are_named_only_where_they_are_known() {
    let with = |part: &str| model("x") + part;
    let table = [
        (
            with("[[account.signals]]\nname = 's'\nwhen = \"champion.role = 'x'\"\npoints = 1\n"),
            "is not known yet when signals of accounts are computed",
        ),
        (
            with("[[account.tiers]]\nname = 't'\nwhen = \"champion.role = 'x'\"\n[[account.tiers]]\nname = 'u'\n"),
            "is not known yet when tiers of accounts are computed",
        ),
        (
            with("[[user.routes]]\nname = 't'\nwhen = \"champion.role = 'x'\"\n[[user.routes]]\nname = 'u'\n"),
            "`champion.role` in an expression of users",
        ),
        (
            with("[[account.routes]]\nname = 't'\nwhen = \"champion.route = 'x'\"\n")
                .replace("name = 'r'\n", "name = 'r'\nwhen = 'uses > 0'\n"),
            "is not known yet when routes are computed",
        ),
        (model("x").replace("buyer = \"role = 'cto'\"", ""), "`buyer.email` in a model without a buyer"),
        (
            model("x")
                .replace("buyer = \"role = 'cto'\"", "buyer = \"account.boss = 'cto'\"")
                .replace("[account.facts]\n", "[account.facts]\nboss = 'champion.role'\n"),
            "is not known yet when champions and buyers are computed",
        ),
    ];
    for (model, message) in table {
        let folder = Folder::in_memory();
        folder.write("m.toml", &model);
        let outcome = folder.pql("check m.toml");
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{message}:\n{model}\n{}", outcome.stderr);
    }
}
