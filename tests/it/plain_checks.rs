//! Warnings of `pql check` about what a reader of the model sees too: entries behind others,
//! conditions against values, and routes that do not fit those who get them.

use std::path::Path;

use crate::run::Folder;

/// The codes that `pql check` tells of a model, in the order of their places.
fn codes(folder: &Folder, model: &str) -> Vec<String> {
    folder.write("model.toml", model);
    let outcome = folder.pql("check model.toml");
    assert!(!outcome.stderr.contains("error["), "{}", outcome.stderr);
    let code = |line: &str| Some(line.strip_prefix("warning[")?.split(']').next()?.to_owned());
    outcome.stderr.lines().filter_map(code).collect()
}

fn shipped(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a model")
}

/// A model of users with signals, tiers and routes of the test's own.
fn users(rest: &str) -> String {
    format!(
        r#"schema = 1
[user.traits]
role = {{ type = "text" }}
[metrics]
work = {{ measure = "count", event = "work_done" }}
recent = {{ measure = "count", event = "work_done", last = "28d" }}
asked = {{ measure = "count", event = "question_asked", last = "14d" }}
asked_90 = {{ measure = "count", event = "question_asked", last = "90d" }}
since = {{ measure = "days_since_last", event = "question_asked" }}
[[user.milestones]]
name = "activated"
event = "work_done"
times = 2
[user]
buyer = "role = 'ceo'"
[[account.signals]]
name = "people"
value = "active_users_28"
ladder = [{{ at_least = 3, points = 10 }}]
{rest}
[output]
user_columns = ["work", "recent", "asked", "asked_90", "since", "activated"]
"#
    )
}

#[test]
fn a_tier_behind_a_weaker_one_is_told_however_large_the_model_is() {
    let folder = Folder::new();
    let built_in = shipped("scoring.example.toml");
    let warm = "name = \"warm\"\nlabel = \"Warm PQL\"\nat_least = ";
    let (before, after) = (format!("{warm}50\nstay_at_least = 40"), format!("{warm}20"));
    assert!(built_in.contains(&before));
    assert_eq!(codes(&folder, &built_in.replace(&before, &after)), ["M032"]);
    let outcome = folder.pql("check model.toml");
    assert!(outcome.stderr.contains("nobody can get into tier `emerging`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the tier `warm`"), "{}", outcome.stderr);
}

#[test]
fn entries_behind_others_are_told_by_comparing_them() {
    let folder = Folder::new();
    let signals = "[[user.signals]]\nname = \"work\"\nper = \"work\"\npoints = 1\n";
    let tier = |name: &str, rest: &str| format!("[[user.tiers]]\nname = \"{name}\"\n{rest}\n");
    let route = |name: &str, when: &str| format!("[[user.routes]]\nname = \"{name}\"\nwhen = \"{when}\"\n");
    let cases = [
        (tier("a", "at_least = 10") + &tier("b", "at_least = 20") + &tier("c", ""), vec!["M032"]),
        (tier("a", "above = 10") + &tier("b", "above = 10") + &tier("c", ""), vec!["M032"]),
        (tier("a", "above = 10") + &tier("b", "at_least = 10") + &tier("c", ""), vec![]),
        (tier("a", "at_least = 20") + &tier("b", "at_least = 10") + &tier("c", ""), vec![]),
        (tier("a", "at_least = 10\nwhen = \"recent >= 1\"") + &tier("b", "at_least = 20") + &tier("c", ""), vec![]),
        (
            tier("a", "at_least = 10\nwhen = \"recent >= 1\"")
                + &tier("b", "at_least = 20\nwhen = \"asked = 0 and recent >= 3\"")
                + &tier("c", ""),
            vec!["M032"],
        ),
        (
            route("a", "asked >= 1") + &route("b", "recent >= 2 and asked >= 3") + "[[user.routes]]\nname = \"c\"\n",
            vec!["M033"],
        ),
        (route("a", "asked >= 3") + &route("b", "asked >= 1") + "[[user.routes]]\nname = \"c\"\n", vec![]),
    ];
    for (rules, told) in cases {
        assert_eq!(codes(&folder, &users(&format!("{signals}{rules}"))), told, "{rules}");
    }
}

#[test]
fn a_condition_that_rules_out_what_its_signal_pays_for_is_told() {
    let folder = Folder::new();
    let ladder = "value = \"work\"\nladder = [{ at_least = 1, points = 5 }, { at_least = 3, points = 9 }]";
    let cases = [
        (format!("{ladder}\nwhen = \"work = 0\""), vec!["M070"]),
        (format!("{ladder}\nwhen = \"role = 'ceo' and not work > 0\""), vec!["M070"]),
        (format!("{ladder}\nwhen = \"work < 2\""), vec!["M043"]),
        (format!("{ladder}\nwhen = \"work < 4\""), vec![]),
        (format!("{ladder}\nwhen = \"asked >= 1\""), vec![]),
        ("per = \"asked\"\npoints = 2\nwhen = \"asked = 0\"".to_owned(), vec!["M070"]),
        ("per = \"asked\"\npoints = 2\nwhen = \"asked >= 0 and recent >= 1\"".to_owned(), vec!["M031"]),
        ("value = \"recent\"\nladder = [{ at_least = 1, points = 5 }]\nwhen = \"work = 0\"".to_owned(), vec!["M070"]),
    ];
    for (pay, told) in cases {
        let model = users(&format!("[[user.signals]]\nname = \"paid\"\n{pay}\n"));
        assert_eq!(codes(&folder, &model), told, "{pay}");
    }
}

/// A model with one human route, and a tier that is qualified or not.
fn routed(when: &str, further: &str) -> String {
    users(&format!(
        r#"{further}
[[user.signals]]
name = "work"
value = "work"
ladder = [{{ at_least = 1, points = 10 }}, {{ at_least = 2, points = 20 }}]
[[user.tiers]]
name = "hot"
at_least = 20
[[user.tiers]]
name = "cold"
[[user.routes]]
name = "sales"
motion = "human"
when = "{when}"
[[user.routes]]
name = "rest"
motion = "automated"
"#
    ))
}

#[test]
fn a_human_route_for_somebody_silent_is_told() {
    let folder = Folder::new();
    for (when, silent) in [
        ("tier = 'hot' and activated", true),
        ("activated and active_days_28 >= 1", false),
        ("activated and days_inactive < 28", false),
        ("activated and days_inactive < 61", true),
        ("activated and (active_days_28 >= 1 or asked >= 1)", false),
        ("activated and asked_90 >= 1", true),
        ("activated and since <= 30", false),
        ("activated and since <= 60", true),
        ("activated and recent >= 1", false),
        ("activated and active_days_28 + asked >= 1", false),
    ] {
        let told = codes(&folder, &routed(when, ""));
        assert_eq!(told.contains(&"M072".to_owned()), silent, "{when}: {told:?}");
    }
}

#[test]
fn the_silent_example_says_so_in_its_facts() {
    let folder = Folder::new();
    folder.write("model.toml", routed("activated and days_inactive < 61", ""));
    let outcome = folder.pql("check model.toml");
    assert!(outcome.stderr.contains("days_inactive = 60"), "{}", outcome.stderr);
}

#[test]
fn a_human_route_asks_for_what_the_model_calls_ready() {
    let folder = Folder::new();
    let ready = "[user.facts]\nready = \"activated or asked >= 1\"\nalso = \"recent >= 1 and ready\"\n";
    for (when, further, told) in [
        ("recent >= 1", "", vec!["M041"]),
        ("recent >= 1 and ready", ready, vec![]),
        ("recent >= 1 and also", ready, vec![]),
        ("recent >= 1 and activated and ready is not null", ready, vec!["M031"]),
        ("asked >= 1 and recent >= 1 and not also is null", ready, vec!["M031"]),
        ("recent >= 1 and (ready or work >= 1)", ready, vec!["M073"]),
    ] {
        let model = routed(when, further).replace(
            "\"since\", ",
            if further.is_empty() { "\"since\", " } else { "\"since\", \"ready\", \"also\", " },
        );
        assert_eq!(codes(&folder, &model), told, "{when}");
    }
}

/// A model of accounts with a human route, in which no expression names a milestone.
fn unnamed_milestones(milestones: &str, when: &str, ready: &str) -> String {
    let column = if ready.is_empty() { "" } else { ", \"ready\"" };
    format!(
        r#"schema = 1
[metrics]
asks = {{ measure = "count", event = "asked" }}
big_asks = {{ measure = "count", event = "asked", where = "size > 3" }}
recent_asks = {{ measure = "count", event = "asked", last = "30d" }}
ask_days = {{ measure = "days", event = "asked" }}
topics = {{ measure = "distinct", value = "topic", event = "asked" }}
last_ask = {{ measure = "days_since_last", event = "asked" }}
size = {{ measure = "max", value = "size", event = "asked" }}
either = {{ measure = "count", event = ["asked", "sso"] }}
sso = {{ measure = "count", event = "sso" }}
{milestones}
{ready}
[user]
buyer = "events > 9"
[[account.routes]]
name = "s"
motion = "human"
when = "({when}) and active_users_28 >= 1"
[[account.routes]]
name = "self"
motion = "automated"
[output]
account_columns = ["asks", "big_asks", "recent_asks", "ask_days", "topics", "last_ask", "size", "either", "sso"{column}]
"#
    )
}

#[test]
fn whoever_must_have_reached_a_milestone_that_nothing_names_is_not_told_to_be_without_it() {
    const ONCE: &str = "[[account.milestones]]\nname = \"activated\"\nevent = \"asked\"";
    let thrice = format!("{ONCE}\ntimes = 3");
    let days = format!("{thrice}\ncount_by = \"days\"");
    let large = ONCE.replace("\"asked\"", "\"asked\"\nwhere = \"size > 3\"");
    let soon = format!("{ONCE}\ndeadline = \"7d\"");
    let dense = format!("{thrice}\nwithin = \"7d\"");
    let by_two = format!("{ONCE}\nmin_users = 2");
    let first = ONCE.replace("activated", "first_ask");
    let second = "[[account.milestones]]\nname = \"first_sso\"\nevent = \"sso\"";
    let all = "[[account.milestones]]\nname = \"activated\"\nall = [\"first_ask\", \"first_sso\"]";
    let both = format!("{first}\n{second}\n{all}");
    let outer = "[[account.milestones]]\nname = \"activated\"\nall = [\"whole\", \"first_sso\"]";
    let inner = "[[account.milestones]]\nname = \"whole\"\nall = [\"first_ask\"]";
    let nested = format!("{first}\n{second}\n{inner}\n{outer}");
    let folder = Folder::in_memory();
    for (milestones, when, is_reached) in [
        (ONCE, "asks >= 1", true),
        (ONCE, "asks >= 3", true),
        (ONCE, "big_asks >= 1", true),
        (ONCE, "recent_asks >= 1", true),
        (ONCE, "ask_days >= 1", true),
        (ONCE, "topics >= 1", true),
        (ONCE, "last_ask <= 7", true),
        (ONCE, "last_ask is not null", true),
        (ONCE, "size > 3", true),
        (ONCE, "either >= 2", false),
        (ONCE, "sso >= 1", false),
        (ONCE, "asks >= 3 or sso >= 1", false),
        (&thrice, "asks >= 3", true),
        (&thrice, "recent_asks >= 3", true),
        (&thrice, "ask_days >= 3", true),
        (&thrice, "topics >= 3", true),
        (&thrice, "asks >= 2", false),
        (&thrice, "last_ask <= 7", false),
        (&days, "ask_days >= 3", true),
        (&days, "asks >= 3", false),
        (&large, "big_asks >= 1", true),
        (&large, "asks >= 3", false),
        (&soon, "asks >= 3", false),
        (&dense, "asks >= 3", false),
        (&by_two, "asks >= 3", false),
        (&both, "asks >= 1 and sso >= 1", true),
        (&both, "asks >= 1", false),
        (&nested, "asks >= 1 and sso >= 1", true),
        (&nested, "sso >= 1", false),
    ] {
        for (ready, code) in [("", "M041"), ("[account.facts]\nready = \"sso >= 99\"", "M073")] {
            let told = codes(&folder, &unnamed_milestones(milestones, when, ready));
            assert_eq!(told, if is_reached { vec![] } else { vec![code] }, "{milestones}\n{when}");
        }
    }
}

#[test]
fn somebody_qualified_whose_route_is_automated_is_told() {
    let folder = Folder::new();
    for (when, motion, told) in [
        ("tier = 'hot' and recent >= 1", "automated", vec!["M071"]),
        ("tier = 'hot' and recent >= 1", "assisted", vec![]),
        ("tier = 'hot' and recent >= 1", "none", vec![]),
        ("qualified and recent >= 1 or work < 2", "automated", vec!["M071"]),
        ("not (tier <> 'hot' or recent < 1)", "automated", vec!["M071"]),
    ] {
        let model = routed(when, "").replace("at_least = 20\n", "at_least = 20\nqualified = true\n");
        let model = model.replace("motion = \"automated\"", &format!("motion = \"{motion}\""));
        let found = codes(&folder, &model);
        let found: Vec<&String> = found.iter().filter(|code| *code == "M071").collect();
        assert_eq!(found, told, "{when} {motion}");
    }
}

#[test]
fn braces_are_told_wherever_a_text_is_printed_as_it_stands() {
    let folder = Folder::new();
    let expect = "[[expect]]\nthat = \"users >= 1\"\notherwise = \"warn\"\nsay = \"only {users} users\"\n";
    assert_eq!(codes(&folder, &users(expect)), ["M055"]);
    assert_eq!(codes(&folder, &users(&expect.replace(['{', '}'], ""))), Vec::<String>::new());
}

#[test]
fn names_that_double_at_each_step_take_no_longer() {
    let folder = Folder::new();
    let mut facts = "[user.facts]\nf0 = \"recent >= 1 or asked >= 1\"\n".to_owned();
    for at in 1..60 {
        let before = at - 1;
        facts.push_str(&format!("f{at} = \"(f{before} and asked < {at}) or (f{before} and recent < {at})\"\n"));
    }
    let told = codes(&folder, &routed("f59 and activated and active_days_28 >= 1", &facts));
    assert!(!told.contains(&"M072".to_owned()), "{told:?}");
}

/// Routes as people add them: level, motion, condition.
type FurtherRoute = (&'static str, &'static str, &'static str);

const OF_SALES: [FurtherRoute; 12] = [
    ("user", "human", "account.qualified and executive"),
    ("user", "human", "qualified and account.segment = 'mid_market' and in_touch and ready"),
    ("user", "assisted", "tier = 'warm' and pricing_views >= 2"),
    ("user", "automated", "days_inactive >= 14 and score >= 40"),
    ("user", "human", "enterprise_requests >= 1 and active_days_28 >= 3 and account.departments >= 2"),
    ("user", "assisted", "account.tier = 'enterprise' and not executive and invites >= 1"),
    ("account", "human", "executives >= 1 and qualified and in_touch"),
    ("account", "human", "member_pql >= 300 and segment <> 'enterprise' and in_touch"),
    ("account", "assisted", "users_beyond_seats >= 5 and in_touch"),
    ("account", "automated", "usage_trend <= 0.7 and not qualified"),
    ("account", "human", "tier = 'mid_market' and user_growth_pct >= 50 and teams >= 2"),
    ("account", "human", "upgrades_abandoned >= 1 and days_since_upgrade_start <= 7"),
];

const OF_B2B: [FurtherRoute; 12] = [
    ("user", "human", "decides and account.qualified and in_touch"),
    ("user", "assisted", "score >= 30 and not activated"),
    ("user", "automated", "days_inactive >= 30"),
    ("user", "human", "governance_requests >= 1 and first_success and role = 'vp'"),
    ("user", "assisted", "account.segment = 'enterprise' and invites >= 1"),
    ("user", "human", "account.score >= 60 and tier = 'engaged' and in_touch"),
    ("account", "human", "pqls >= 2 and in_touch"),
    ("account", "human", "score >= 70 and segment = 'enterprise' and ready and in_touch"),
    ("account", "assisted", "limit_hits_30 >= 1 and plan = 'trial'"),
    ("account", "automated", "days_inactive >= 60"),
    ("account", "assisted", "tier = 'engaged' and invites_30 >= 2"),
    ("account", "human", "top_three >= 120 and activated and in_touch"),
];

const OF_ENTERPRISE: [FurtherRoute; 12] = [
    ("user", "human", "decides and account.qualified and in_touch"),
    ("user", "assisted", "wedge_done and not returned"),
    ("user", "automated", "days_inactive >= 30 and tier <> 'sponsor'"),
    ("user", "human", "account.enterprise_ready and decides and in_touch"),
    ("user", "human", "score >= 60 and account.wedge_activated and in_touch"),
    ("user", "assisted", "governance_requests >= 1 and role = 'ciso'"),
    ("account", "human", "sponsors >= 2 and wedge_activated and in_touch"),
    ("account", "human", "score >= 80 and segment = 'enterprise' and in_touch"),
    ("account", "human", "growth_notices >= 1 and team_active_users >= 5"),
    ("account", "automated", "sandbox_uses >= 5 and real_uses < 2"),
    ("account", "assisted", "workflow_spread and not separate_teams"),
    ("account", "human", "best_score >= 50 and consistent_wedge and in_touch"),
];

#[test]
fn every_question_about_a_shipped_model_with_one_more_route_is_settled() {
    let folder = Folder::new();
    for (name, routes) in [
        ("scoring.example.toml", OF_SALES),
        ("fixtures/models/b2b.toml", OF_B2B),
        ("fixtures/models/enterprise.toml", OF_ENTERPRISE),
    ] {
        let text = shipped(name);
        for (level, motion, when) in routes {
            let header = format!("[[{level}.routes]]\n");
            let further = format!("{header}name = \"one_more\"\nmotion = \"{motion}\"\nwhen = \"{when}\"\n\n");
            let first = text.find(&header).expect("a route");
            let last = text.rfind(&header).expect("a route");
            for at in [first, last] {
                let told = codes(&folder, &format!("{}{further}{}", &text[..at], &text[at..]));
                assert!(!told.contains(&"M059".to_owned()), "{name}, {when}: {told:?}");
            }
        }
    }
}

/// A model with work on both levels, which reads the state of an account from a CRM.
fn both_levels(rest: &str) -> String {
    format!(
        r#"schema = 1
[account.traits]
crm = {{ type = "text" }}
region = {{ type = "text" }}
[user.traits]
role = {{ type = "text" }}
[account.facts]
paying = "lower(crm) in ('customer', 'client')"
[[user.signals]]
name = "work"
event = "work_done"
points = 10
[[user.tiers]]
name = "hot"
at_least = 10
qualified = true
[[user.tiers]]
name = "cold"
[[account.signals]]
name = "people"
value = "active_users_28"
ladder = [{{ at_least = 3, points = 10 }}]
[[account.tiers]]
name = "hot"
at_least = 10
qualified = true
[[account.tiers]]
name = "cold"
{rest}
"#
    )
}

/// A suppression of `account` or `user`.
fn suppress(level: &str, name: &str, when: &str) -> String {
    format!("[[{level}.suppress]]\nname = \"{name}\"\nwhen = \"{when}\"\n")
}

#[test]
fn a_suppression_on_one_level_alone_is_told() {
    let folder = Folder::new();
    let customer = || suppress("account", "customer", "lower(crm) = 'customer'");
    // What the model has, how often it is told, and the condition to add.
    for (told, rest, added) in [
        (1, customer(), "[[user.suppress]] with name = \"customer\" and when = \"lower(account.crm) = 'customer'\""),
        (
            1,
            suppress("user", "customer", "account.crm = 'customer' and account.region is not null"),
            "[[account.suppress]] with name = \"customer\" and when = \"crm = 'customer' and region is not null\"",
        ),
        // The same fact, but another text: the competitor's users are still called.
        (
            1,
            customer()
                + &suppress("user", "customer", "lower(account.crm) = 'customer'")
                + &suppress("account", "rival", "crm = 'competitor'"),
            "when = \"account.crm = 'competitor'\"",
        ),
        (2, customer() + &suppress("user", "far", "account.region = 'APAC'"), "when = \"region = 'APAC'\""),
        (0, customer() + &suppress("user", "customer", "role = 'intern'"), ""),
        // The other level has it under another name, also behind a fact.
        (0, customer() + &suppress("user", "sold", "account.crm in ('Customer', 'client')"), ""),
        (0, customer() + &suppress("user", "sold", "account.paying"), ""),
        (0, suppress("account", "sold", "paying") + &suppress("user", "customer", "account.crm = 'client'"), ""),
        // Of facts of their own only users can be suppressed.
        (0, suppress("user", "intern", "role = 'intern'"), ""),
        (0, suppress("user", "intern", "role = 'intern' and account.region = 'EU'"), ""),
    ] {
        folder.write("model.toml", both_levels(&rest));
        let outcome = folder.pql("check model.toml");
        assert!(!outcome.stderr.contains("error["), "{rest}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.matches("warning[M074]").count(), told, "{rest}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(added), "{rest}: {}", outcome.stderr);
    }
    // Where nobody works a list, no suppression is missing.
    let idle = both_levels(&customer()).replacen("qualified = true\n", "", 1);
    assert!(!codes(&folder, &idle).contains(&"M074".to_owned()));
    // What is meant can be said.
    let ignore = "[check]\nignore = [{ code = \"M074\", because = \"members may buy seats\", name = \"customer\" }]\n";
    assert!(!codes(&folder, &both_levels(&(customer() + ignore))).iter().any(|code| code == "M074" || code == "M090"));
}
