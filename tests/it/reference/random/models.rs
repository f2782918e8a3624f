//! Generates random valid models that use as much of the language as possible.

use super::expressions::{Facts, condition, number, text, where_event};
use super::parts::{metrics, milestones, rollups, signals, traits};
use super::{Rng, Stage};
use std::fmt::Write;

fn facts(numbers: &[&str], dates: &[&str]) -> Facts {
    let own = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    Facts { numbers: own(numbers), dates: own(dates), ..Facts::default() }
}

/// The facts that depend on points.
fn points_facts(categories: &[String]) -> Facts {
    let mut numbers = vec!["score".to_owned()];
    numbers.extend(categories.iter().map(|category| format!("points_{category}")));
    Facts { numbers, ..Facts::default() }
}

fn tier_facts() -> Facts {
    Facts { texts: vec!["tier".into()], booleans: vec!["qualified".into()], ..Facts::default() }
}

pub fn model(rng: &mut Rng, stage: &Stage) -> String {
    let mut toml = head(rng, stage);
    let (metrics, metric_facts, account_metrics) = metrics(rng);
    toml += &metrics;

    // The facts of each level before segments.
    let (user_traits, user_trait_facts) = traits(rng, "user");
    let (account_traits, account_trait_facts) = traits(rng, "account");
    let (user_milestones, user_milestone_facts) = milestones(rng, "user", &user_trait_facts);
    let (account_milestones, account_milestone_facts) = milestones(rng, "account", &user_trait_facts);
    let built_in = facts(&["age_days", "days_inactive", "active_days_28", "events"], &["today"]);
    let of_accounts = facts(&["users", "active_users_28", "members"], &[]);
    let users = facts(&["domain_users_28"], &[])
        .and(&built_in)
        .and(&user_trait_facts)
        .and(&metric_facts)
        .and(&user_milestone_facts);
    let mut accounts = built_in.and(&of_accounts).and(&account_trait_facts).and(&metric_facts);
    accounts = accounts.and(&account_metrics).and(&account_milestone_facts);
    let (early_rollups, early_facts) = rollups(rng, "r", &users);
    accounts = accounts.and(&early_facts);
    let (account_named, account_named_facts) = named_facts(rng, "a", &accounts);
    accounts = accounts.and(&account_named_facts);
    let segmented = rng.chance(70);
    let segments = if segmented { segments(rng, &accounts) } else { String::new() };
    if segmented {
        accounts.texts.push("segment".into());
    }

    // The facts that users can read, then their points, tiers and routes.
    let (user_named, user_named_facts) = named_facts(rng, "u", &users.and(&accounts.of_account()));
    let users = users.and(&user_named_facts);
    let seen = users.and(&users).and(&accounts.of_account());
    let (user_signals, mut user_categories) = signals(rng, "user", &seen);
    let user_bounds = bounds(rng, "user", &mut user_categories);
    let user_points = points_facts(&user_categories);
    let tiered = rng.chance(85);
    let user_tiers = if tiered { tiers(rng, "user", &seen.and(&user_points)) } else { String::new() };
    let users_late = if tiered { user_points.and(&tier_facts()) } else { user_points };
    let late_fact = format!("late = {:?}\n", number(rng, &users_late.and(&users), 2));

    // The points of accounts can use all of these facts.
    let (late_rollups, late_facts) = rollups(rng, "p", &users.and(&users_late).and(&users_late));
    let accounts_seen = accounts.and(&late_facts).and(&late_facts);
    let (account_signals, mut account_categories) = signals(rng, "account", &accounts_seen);
    let account_bounds = bounds(rng, "account", &mut account_categories);
    let account_points = points_facts(&account_categories);
    let account_tiered = rng.chance(85);
    let account_tiers =
        if account_tiered { tiers(rng, "account", &accounts_seen.and(&account_points)) } else { String::new() };
    let accounts_late = if account_tiered { account_points.and(&tier_facts()) } else { account_points };
    let accounts_end = accounts_seen.and(&accounts_late).and(&accounts_late);
    let users_end = seen.and(&users_late).and(&accounts_late.of_account());
    let user_routes = if rng.chance(80) { routes(rng, "user", &users_end) } else { String::new() };
    let champions = users.and(&users_late);
    let mut routed = accounts_end.clone();
    let _ = writeln!(toml, "[user]");
    if rng.chance(60) {
        let _ = writeln!(toml, "champion = {:?}", condition(rng, &champions, 1));
        routed = routed.and(&champions.named("champion"));
    }
    if rng.chance(60) {
        let _ = writeln!(toml, "buyer = {:?}", condition(rng, &champions, 1));
        routed = routed.and(&champions.named("buyer"));
    }
    let suppressed = suppressions(rng, "user", &users_end) + &suppressions(rng, "account", &routed);
    let account_routes = if rng.chance(80) { routes(rng, "account", &routed) } else { String::new() };
    toml += &user_traits;
    let _ = write!(toml, "[user.facts]\n{user_named}{late_fact}");
    toml += &user_bounds;
    for part in [user_signals, user_tiers, user_milestones, user_routes] {
        toml += &part;
    }
    toml += &account_traits;
    let _ = write!(toml, "[account.facts]\n{account_named}");
    let _ = write!(toml, "[account.rollups]\n{early_rollups}{late_rollups}");
    toml += &account_bounds;
    for part in [account_signals, account_tiers, account_milestones, segments, account_routes, suppressed] {
        toml += &part;
    }
    let columns = |facts: &Facts, shown: &[&str], milestones: &Facts| {
        let mut columns = facts.all();
        columns.retain(|name| {
            let reached = milestones.booleans.contains(name) && !name.ends_with("_pending");
            !shown.contains(&name.as_str()) && !reached
        });
        columns
    };
    let mut user_columns = columns(&users, &["active_days_28"], &user_milestone_facts);
    user_columns.push("late".into());
    let shown = ["users", "active_users_28", "members", "segment"];
    let account_columns = columns(&accounts.and(&late_facts), &shown, &account_milestone_facts);
    let _ = writeln!(toml, "[output]\nuser_columns = {user_columns:?}\naccount_columns = {account_columns:?}");
    toml
}

/// The settings of the run, and the filtered events.
fn head(rng: &mut Rng, stage: &Stage) -> String {
    let mut toml = String::from("schema = 1\nname = \"random\"\n");
    if stage.zone_name != "UTC" || rng.chance(50) {
        let _ = writeln!(toml, "time_zone = {:?}", stage.zone_name);
    }
    if rng.chance(60) {
        let _ = writeln!(toml, "week_start = {:?}", rng.pick(&["monday", "sunday", "saturday", "wednesday"]));
    }
    if rng.chance(40) {
        let _ =
            writeln!(toml, "start_event = {:?}", rng.pick(&["wedge_done", "feature_used", "ok_call", "never_seen"]));
    }
    if let Some(unzoned) = stage.unzoned {
        let _ = writeln!(toml, "[input]\ntime_zone = {unzoned:?}");
    }
    if rng.chance(70) {
        let ignored = rng.pick(&["\"email_delivered\"", "\"email_delivered\", \"page_viewed\""]);
        let _ = writeln!(toml, "[activity]\nignore = [{ignored}]");
    }
    let _ = writeln!(toml, "[events]\nok_call = {{ event = \"api_call\", where = \"status = 200\" }}");
    let condition = where_event(rng, 1);
    let event = rng.pick(&["\"feature_used\"", "[\"feature_used\", \"page_viewed\"]"]);
    let _ = writeln!(toml, "pro_use = {{ event = {event}, where = {condition:?} }}");
    let _ = writeln!(toml, "wedge_done = {{ properties = [\"board\"] }}");
    toml
}

/// Named expressions of every type.
fn named_facts(rng: &mut Rng, letter: &str, seen: &Facts) -> (String, Facts) {
    let mut toml = String::new();
    let mut made = Facts::default();
    for at in 0..rng.between(1, 4) {
        let name = format!("{letter}f{at}");
        // A later expression may use the earlier ones.
        let seen = seen.and(&made);
        let expression = match rng.below(4) {
            0 => {
                made.numbers.push(name.clone());
                number(rng, &seen, 2)
            }
            1 => {
                made.texts.push(name.clone());
                text(rng, &seen)
            }
            2 if !seen.dates.is_empty() => {
                made.dates.push(name.clone());
                format!("coalesce({}, date '2026-01-31')", rng.pick(&seen.dates))
            }
            _ => {
                made.booleans.push(name.clone());
                condition(rng, &seen, 2)
            }
        };
        let _ = writeln!(toml, "{name} = {expression:?}");
    }
    (toml, made)
}

fn segments(rng: &mut Rng, seen: &Facts) -> String {
    let mut toml = String::new();
    for name in ["big", "small"] {
        let _ = writeln!(toml, "[[account.segments]]\nname = {name:?}\nwhen = {:?}", condition(rng, seen, 1));
    }
    if rng.chance(50) {
        toml += "[[account.segments]]\nname = \"rest\"\n";
    }
    toml
}

/// Bounds of categories, sometimes of one without signals, and of the score.
fn bounds(rng: &mut Rng, level: &str, categories: &mut Vec<String>) -> String {
    let mut toml = String::new();
    let mut bounded: Vec<String> = categories.iter().filter(|name| *name != "other").cloned().collect();
    bounded = rng.some(&bounded, 50, 0);
    if rng.chance(40) {
        bounded.extend(["zeal".to_owned(), "alone".to_owned()]);
        categories.extend(["zeal".to_owned(), "alone".to_owned()]);
    }
    for category in bounded {
        let bound = rng.pick(&["max = 12", "max = 20.5", "min = -5", "min = 0\nmax = 15", "min = 1.5"]);
        let _ = writeln!(toml, "[{level}.categories.{category}]\n{bound}");
    }
    if rng.chance(60) {
        let bound = rng.pick(&["max = 40", "min = 0", "min = 0\nmax = 100", "min = -10.5\nmax = 30"]);
        let _ = writeln!(toml, "[{level}.score]\n{bound}");
    }
    toml
}

fn tiers(rng: &mut Rng, level: &str, seen: &Facts) -> String {
    let mut toml = String::new();
    for (name, least) in [("hot", "30"), ("warm", "12.5"), ("mild", "0")] {
        let _ = writeln!(toml, "[[{level}.tiers]]\nname = {name:?}\nlabel = \"The {name} ones\"");
        if rng.chance(80) {
            let _ = writeln!(toml, "{} = {least}", rng.pick(&["at_least", "at_least", "above"]));
            if rng.chance(40) {
                let _ = writeln!(toml, "when = {:?}", condition(rng, seen, 1));
            }
        } else {
            let _ = writeln!(toml, "when = {:?}", condition(rng, seen, 1));
        }
        if rng.chance(50) {
            let _ = writeln!(toml, "qualified = {}", rng.pick(&["true", "true", "false"]));
        }
    }
    let _ = writeln!(toml, "[[{level}.tiers]]\nname = \"none_of_these\"");
    toml
}

fn suppressions(rng: &mut Rng, level: &str, seen: &Facts) -> String {
    let mut toml = String::new();
    for name in rng.some(&["customer", "rival"], 30, 0) {
        let _ = writeln!(toml, "[[{level}.suppress]]\nname = {name:?}\nwhen = {:?}", condition(rng, seen, 1));
    }
    toml
}

fn routes(rng: &mut Rng, level: &str, seen: &Facts) -> String {
    let mut toml = String::new();
    let last = rng.between(1, 3);
    for at in 0..=last {
        let _ = writeln!(toml, "[[{level}.routes]]\nname = \"route{at}\"");
        let motion = rng.pick(&["human", "assisted", "automated", "none"]);
        let _ = writeln!(toml, "motion = {motion:?}");
        if rng.chance(50) {
            let fact = rng.pick(&seen.all());
            let _ = writeln!(toml, "to = \"Team {{{fact}|{at}}}\"\naction = \"Do, then \\\"look\\\"\"\nsla_hours = 24");
        }
        if at < last {
            let _ = writeln!(toml, "when = {:?}", condition(rng, seen, 2));
        }
        if rng.chance(70) {
            let fact = rng.pick(&seen.all());
            let (number, yes) = (rng.pick(&seen.numbers), rng.pick(&seen.booleans));
            let part = format!("[ Of {{{number}|none}} {{{number}?thing:things}},] [as] [[is]] {{{{{{{yes}?it:not}}");
            let _ = writeln!(toml, "because = \"{{{fact}}} and {{{}|no [text]}}.{part}\"", rng.pick(&seen.texts));
        }
        if rng.chance(70) {
            let score = rng.pick(&seen.numbers);
            let _ = writeln!(toml, "message = \"Hello {{{}|you}}: {{{score}|0}}\"", rng.pick(&seen.all()));
        }
    }
    toml
}
