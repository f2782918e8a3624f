//! Alerts in the model file: their form, what `check` says of them, and that a run without a record fires none.

use pql_engine::{
    emit::{LevelRows, alert_text},
    ledger::EntityRef,
    score::PreviousStandings,
};
use pql_model::EntityKind;

use crate::{
    run::{Folder, names},
    standings::{model, scored_after},
};

const MODEL: &str = r#"
schema = 1
[account.traits]
plan = { type = "text" }
[[account.signals]]
name = "used"
event = "use"
points = 30
[[account.milestones]]
name = "first_use"
event = "use"
[[account.tiers]]
name = "hot"
at_least = 30
when = "first_use"
qualified = true
[[account.tiers]]
name = "cold"
[[account.routes]]
name = "call"
motion = "human"
when = "qualified and active_users_28 >= 1"
[[account.routes]]
name = "wait"
motion = "none"
[user]
buyer = "events > 3"
[[account.suppress]]
name = "customer"
when = "plan = 'paid'"
[[account.alerts]]
name = "new_hot"
when = "qualified and motion = 'human' and previous_tier is null"
cooldown = "30d"
limit = 20
limit_each = 5
expires = "2w"
order = ["waiting_days", "last_seen", "= score * 2"]
to = "{plan}"
pool = [{ name = "Ann", weight = 2 }, "Bo"]
away = ["Bo"]
message = "{account_id} reached {tier}[: {say|no reason}] by {champion}"
existing = "fire"
"#;

fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("m.toml", MODEL);
    folder.write(
        "e.ndjson",
        "{\"event\":\"use\",\"timestamp\":\"2026-10-05T08:00:00Z\",\"user_id\":\"u\",\"account_id\":\"a\"}\n\
         {\"event\":\"see\",\"timestamp\":\"2026-10-07T08:00:00Z\",\"user_id\":\"v\",\"account_id\":\"b\"}\n",
    );
    folder
}

#[test]
fn a_run_without_a_record_scores_and_fires_nothing() {
    let folder = folder();
    assert_eq!(folder.pql("check m.toml").code, 0, "{}", folder.pql("check m.toml").stderr);
    let outcome = folder.pql("score e.ndjson -m m.toml --as-of 2026-10-31 --out out");
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(names(&folder.path().join("out")), ["accounts.csv", "rejects.ndjson", "run.json", "users.csv"]);
    assert!(
        outcome.stderr.contains("the alerts of the model are not fired: that takes a record of earlier runs"),
        "{}",
        outcome.stderr
    );
    let with = folder.read("out/accounts.csv");
    folder.write("m.toml", MODEL.split("[[account.alerts]]").next().expect("a model"));
    let outcome = folder.pql("score e.ndjson -m m.toml --as-of 2026-10-31 --out plain");
    assert!(!outcome.stderr.contains("alerts of the model"), "{}", outcome.stderr);
    assert_eq!(folder.read("plain/accounts.csv"), with);
}

#[test]
fn every_key_of_an_alert_is_checked_at_its_place() {
    let folder = folder();
    for (from, to, message, place) in [
        (
            "when = \"qualified and motion = 'human' and previous_tier is null\"\n",
            "",
            "an alert without `when`",
            "32:1",
        ),
        ("motion = 'human'", "motive = 'human'", "no fact `motive` of accounts", "33:23"),
        ("\"30d\"", "\"30h\"", "`30h` is no number of days", "34:12"),
        ("limit = 20", "limit = 0", "`limit` is out of bounds", "35:9"),
        (
            "pool = [{ name = \"Ann\", weight = 2 }, \"Bo\"]\naway = [\"Bo\"]\n",
            "",
            "`limit_each` without `pool`",
            "36:1",
        ),
        ("\"2w\"", "14", "`expires` is a number", "37:11"),
        (
            "[\"waiting_days\", \"last_seen\"",
            "[\"last_seen\", \"waiting_days\"",
            "`waiting_days` behind another entry",
            "38:23",
        ),
        ("\"last_seen\", \"=", "\"lastseen\", \"=", "no column and no fact `lastseen` of accounts", "38:26"),
        ("{plan}", "{plam}", "a name that exists is `plan`", "39:8"),
        ("{champion}", "{champignon}", "no fact `champignon` of accounts", "42:"),
        ("{say|no reason}", "{say?a:b}", "no fact `say` of accounts", "42:"),
        ("existing = \"fire\"", "existing = \"old\"", "one of `note` and `fire`", "43:12"),
        ("existing", "exists", "unknown key `exists` in an alert", "43:1"),
        ("name = \"new_hot\"", "name = \"New\"", "`New` is no name", "32:8"),
    ] {
        assert!(MODEL.contains(from), "{from}");
        folder.write("m.toml", MODEL.replacen(from, to, 1));
        let outcome = folder.pql("check m.toml");
        assert!(outcome.code == 1 && outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("m.toml:{place}")), "{place}: {}", outcome.stderr);
    }
    folder.write("m.toml", format!("{MODEL}[[account.alerts]]\nname = \"new_hot\"\nwhen = \"users > 1\"\n"));
    let outcome = folder.pql("check m.toml");
    assert!(outcome.stderr.contains("two alerts are called `new_hot`"), "{}", outcome.stderr);
}

#[test]
fn alerts_that_can_never_fire_are_told() {
    let folder = folder();
    for (from, to, message) in [
        ("and previous_tier is null", "and tier = 'cold'", "warning[M057]: alert `new_hot` can never fire"),
        ("and previous_tier is null", "and plan = 'paid'", "all for whom it is true are suppressed"),
        ("and previous_tier is null", "and users < 0", "warning[M030]: the condition of alert `new_hot` is never true"),
        ("motion = 'human' and previous_tier is null", "motion = 'assisted'", "warning[M030]"),
        ("and previous_tier is null", "and previous_tier = 'hot' and tier_since > today", "warning[M030]"),
        ("and previous_tier is null", "and previous_tier = 'hot' and previous_score is null", "warning[M057]"),
        ("and previous_tier is null", "and first_qualified < today and tier_since <= today", ""),
    ] {
        folder.write("m.toml", MODEL.replacen(from, to, 1));
        let outcome = folder.pql("check m.toml");
        assert!(outcome.code == 0 && outcome.stderr.contains(message), "{to}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("warning"), !message.is_empty(), "{to}: {}", outcome.stderr);
    }
}

#[test]
fn events_show_cooldowns_that_never_end_and_what_takes_a_record() {
    let folder = folder();
    let check = || folder.pql("check m.toml --events e.ndjson --as-of 2026-10-31").stderr;
    let told = check();
    assert!(told.contains("warning[M081]: the cooldown of alert `new_hot` is longer than the events reach"), "{told}");
    assert!(told.contains("m.toml:34:12") && told.contains("the events reach over 3 days"), "{told}");
    // Alerts fire only with a record, so facts of the record in them need no warning; nor does a tier to stay in.
    let stay = MODEL.replace("at_least = 30\n", "at_least = 30\nstay_above = 20\n");
    folder.write("m.toml", stay.replace("30d", "3d"));
    let told = check();
    assert!(!told.contains("M081") && !told.contains("M082"), "{told}");
    let hidden = "[account.facts]\nback = \"previous_score > score\"\n[[account.routes]]\nname = \"back\"\nwhen = \"back\"\n[[account.routes]]\nname = \"wait\"\n";
    let suppressed = stay.replace("plan = 'paid'", "plan = 'paid' and first_qualified is not null");
    folder.write("m.toml", suppressed.replace("[[account.routes]]\nname = \"wait\"\n", hidden));
    let told = check();
    assert!(told.contains("warning[M082]: `first_qualified` and `previous_score` without a record"), "{told}");
    assert!(told.contains("m.toml:28:8"), "{told}");
}

#[test]
fn texts_of_alerts_name_columns_beside_facts() {
    let events = folder().read("e.ndjson");
    let said = MODEL.replace("points = 30\n", "points = 30\nsay = \"Used it\"\n");
    for (text, account, expected) in [
        (MODEL, "a", "a reached hot by u"),
        (&said, "a", "a reached hot: Used it by u"),
        (&said, "b", "b reached cold by v"),
        (&MODEL.replace("[: {say|no reason}]", ", {say|no reason},"), "a", "a reached hot, no reason, by u"),
        (&MODEL.replace("[: {say|no reason}]", " [{points_other}][{plan}]"), "a", "a reached hot 30 by u"),
    ] {
        let model = model(text);
        let shown = scored_after((&model, &events), "2026-10-31", &PreviousStandings::default(), |scored| {
            let entity = EntityRef::find(scored, EntityKind::Account, account).expect("an account");
            let rows = LevelRows { scored, model: &model, kind: EntityKind::Account };
            let message = model.resolved.levels.account.alerts[0].message.as_ref().expect("a message");
            alert_text(rows, entity.place as u32, message)
        });
        assert_eq!(shown, expected, "{account}");
    }
}

#[test]
fn diff_names_the_alert_that_changed() {
    let folder = folder();
    folder.write("new.toml", MODEL.replace("30d", "14d"));
    let outcome = folder.pql("diff m.toml new.toml e.ndjson --as-of 2026-10-31 -q");
    assert!(outcome.stdout.contains("account alert new_hot: cooldown"), "{}{}", outcome.stdout, outcome.stderr);
}
