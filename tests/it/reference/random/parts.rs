//! Generates the random metrics, traits, roll-ups, milestones and signals of a model.

use super::Rng;
use super::expressions::{Facts, condition, event_name, event_names, number, number_value, text_value, where_event};
use std::fmt::Write;

/// The metrics as TOML, with their facts for both levels and those for accounts only.
pub fn metrics(rng: &mut Rng) -> (String, Facts, Facts) {
    let measures = [
        "count",
        "count",
        "days",
        "distinct",
        "sum",
        "min",
        "max",
        "avg",
        "earliest",
        "latest",
        "sum_latest",
        "top",
        "users",
        "days_since_first",
        "days_since_last",
        "elapsed",
        "open",
        "rising_weeks",
        "trend",
    ];
    let mut toml = String::from("[metrics]\n");
    let (mut both, mut accounts) = (Facts::default(), Facts::default());
    for (at, measure) in rng.some(&measures, 75, 6).into_iter().enumerate() {
        let name = format!("m{at}_{measure}");
        let mut keys = vec![format!("measure = {measure:?}")];
        match measure {
            "elapsed" => {
                keys.push(format!("from = {:?}, to = {:?}", event_name(rng), event_name(rng)));
                if rng.chance(60) {
                    keys.push(format!("unit = {:?}", rng.pick(&["s", "min", "h", "d", "w"])));
                }
            }
            "open" => {
                let pairs = [("upgrade_started", "upgrade_completed"), ("board_opened", "feature_used")];
                let (from, to) = rng.pick(&pairs);
                let timeout = rng.pick(&["24h", "1h", "2d", "90min", "1w"]);
                keys.push(format!("from = {from:?}, to = {to:?}, timeout = {timeout:?}"));
                if rng.chance(50) {
                    keys.push("same = \"board\"".into());
                }
                if rng.chance(30) {
                    keys.push(format!("where = {:?}", where_event(rng, 0)));
                }
                keys.extend(window(rng));
            }
            "rising_weeks" | "trend" => {
                keys.extend(events(rng));
                let by = rng.pick(&["", "count", "days", "sum", "max", "users"]);
                if !by.is_empty() {
                    keys.push(format!("by = {by:?}"));
                }
                if ["sum", "max"].contains(&by) {
                    keys.push(format!("value = {:?}", number_value(rng)));
                }
                if measure == "trend" {
                    let span =
                        rng.pick(&["", "recent = 1, base = 1", "recent = 1, base = 2", "base = 3", "recent = 3"]);
                    keys.extend((!span.is_empty()).then(|| span.to_owned()));
                    if rng.chance(50) {
                        keys.push(format!("min_base = {}", rng.pick(&["0", "1", "2", "0.5"])));
                    }
                }
                let facts = if by == "users" { &mut accounts } else { &mut both };
                facts.numbers.push(name.clone());
                let _ = writeln!(toml, "{name} = {{ {} }}", keys.join(", "));
                continue;
            }
            _ => {
                keys.extend(events(rng));
                keys.extend(window(rng));
            }
        }
        let facts = if measure == "users" { &mut accounts } else { &mut both };
        match measure {
            "sum_latest" => {
                let key = rng.pick(&["board", "feature", "status"]);
                keys.push(format!("value = {:?}, key = {key:?}", number_value(rng)));
            }
            "sum" | "min" | "max" | "avg" => keys.push(format!("value = {:?}", number_value(rng))),
            "distinct" | "top" => {
                keys.push(format!("value = {:?}", text_value(rng)));
                if measure == "top" && rng.chance(70) {
                    keys.push(format!("k = {}", rng.between(1, 4)));
                }
            }
            "earliest" | "latest" => {
                let (kind, value) = match rng.below(4) {
                    0 => ("number", rng.pick(&["amount", "status", "cart.total"])),
                    1 => ("boolean", "flag"),
                    2 => ("date", "trial_ends"),
                    _ => ("text", rng.pick(&["feature", "board", "plan", "amount"])),
                };
                keys.push(format!("value = {value:?}"));
                if kind != "text" || rng.chance(50) {
                    keys.push(format!("type = {kind:?}"));
                }
                match kind {
                    "number" => facts.numbers.push(name.clone()),
                    "boolean" => facts.booleans.push(name.clone()),
                    "date" => facts.dates.push(name.clone()),
                    _ => facts.texts.push(name.clone()),
                }
            }
            _ => {}
        }
        match measure {
            "earliest" | "latest" => {}
            "top" => facts.texts.push(name.clone()),
            _ => facts.numbers.push(name.clone()),
        }
        let _ = writeln!(toml, "{name} = {{ {} }}", keys.join(", "));
    }
    (toml, both, accounts)
}

/// The keys `event` and `where` of a metric or a milestone.
fn events(rng: &mut Rng) -> Vec<String> {
    let mut keys = Vec::new();
    if rng.chance(60) {
        keys.push(format!("event = {}", event_names(rng)));
    }
    if rng.chance(25) {
        keys.push(format!("where = {:?}", where_event(rng, 1)));
    }
    keys
}

/// The window of a metric, or none.
fn window(rng: &mut Rng) -> Option<String> {
    let last = rng.pick(&["1d", "2d", "7d", "28d", "28d", "90d", "1w", "4w"]);
    match rng.below(10) {
        0..=2 => Some(format!("last = {last:?}")),
        3 | 4 => Some(format!("last = {last:?}, ago = {:?}", rng.pick(&["1d", "7d", "28d", "2w"]))),
        5 => Some("last = \"month\"".into()),
        6 | 7 => Some(format!("first = {:?}", rng.pick(&["1d", "2d", "7d", "14d", "2w"]))),
        _ => None,
    }
}

/// The traits of a level as TOML, with their facts.
pub fn traits(rng: &mut Rng, level: &str) -> (String, Facts) {
    let letter = &level[..1];
    let mut facts = Facts::default();
    let mut toml = format!("[{level}.traits]\n");
    let kinds = [
        ("role", "text", "[\"title\", \"role\"]"),
        ("plan", "text", "[\"plan\"]"),
        ("size", "number", "[\"employees\", \"size\"]"),
        ("opt", "boolean", "[\"opt_in\", \"flag\"]"),
        ("trial", "date", "[\"trial_ends\"]"),
    ];
    for (name, kind, from) in rng.some(&kinds, 80, 2) {
        let name = format!("{letter}_{name}");
        let mut keys = vec![format!("type = {kind:?}, from = {from}")];
        if rng.chance(40) {
            keys.push(format!("pick = {:?}", rng.pick(&["first", "last"])));
        }
        if rng.chance(25) {
            keys.push(format!("event = {}", event_names(rng)));
        }
        let _ = writeln!(toml, "{name} = {{ {} }}", keys.join(", "));
        match kind {
            "text" => facts.texts.push(name),
            "number" => facts.numbers.push(name),
            "boolean" => facts.booleans.push(name),
            _ => facts.dates.push(name),
        }
    }
    // One trait has no `from`; its own name is the property.
    let _ = writeln!(toml, "industry = {{ type = \"text\" }}");
    facts.texts.push("industry".into());
    (toml, facts)
}

/// Roll-ups over the facts of users, with their own facts.
pub fn rollups(rng: &mut Rng, prefix: &str, users: &Facts) -> (String, Facts) {
    let mut toml = String::new();
    let mut facts = Facts::default();
    let measures = ["count", "count", "sum", "min", "max", "avg", "distinct", "top_sum"];
    for (at, measure) in rng.some(&measures, 55, 2).into_iter().enumerate() {
        let name = format!("{prefix}{at}_{measure}");
        let mut keys = vec![format!("measure = {measure:?}")];
        match measure {
            "count" => {
                if rng.chance(30) {
                    keys.push(format!("value = {:?}", rng.pick(&users.all())));
                }
            }
            "distinct" => keys.push(format!("value = {:?}", rng.pick(&users.all()))),
            _ => keys.push(format!("value = {:?}", number(rng, users, 1))),
        }
        if measure == "top_sum" && rng.chance(80) {
            keys.push(format!("k = {}", rng.between(1, 4)));
        }
        if rng.chance(40) {
            keys.push(format!("where = {:?}", condition(rng, users, 1)));
        }
        let _ = writeln!(toml, "{name} = {{ {} }}", keys.join(", "));
        facts.numbers.push(name);
    }
    (toml, facts)
}

/// The milestones of a level as TOML, with their facts. `who` has the traits of users.
pub fn milestones(rng: &mut Rng, level: &str, who: &Facts) -> (String, Facts) {
    let letter = &level[..1];
    let forms: &[&str] = if level == "user" {
        &["once", "times", "times", "days", "steps", "steps", "again", "three", "all"]
    } else {
        &[
            "once",
            "times",
            "days",
            "steps",
            "three",
            "others",
            "some_once",
            "some_times",
            "some_days",
            "some_steps",
            "all",
        ]
    };
    let mut toml = String::new();
    let mut names: Vec<String> = Vec::new();
    for (at, form) in rng.some(forms, 65, 2).into_iter().enumerate() {
        if form == "all" && names.len() < 2 {
            continue;
        }
        let name = format!("{letter}{at}_{form}");
        let _ = writeln!(toml, "[[{level}.milestones]]\nname = {name:?}");
        let within = rng.pick(&["36h", "24h", "90min", "3d", "7d", "14d", "4w", "4w"]);
        let within_days = rng.pick(&["2d", "3d", "7d", "14d", "2w"]);
        let kind = form.strip_prefix("some_").unwrap_or(form);
        match kind {
            "once" => lines(&mut toml, &events(rng)),
            "times" => {
                lines(&mut toml, &events(rng));
                let _ = writeln!(toml, "times = {}", rng.between(2, 4));
                if rng.chance(30) {
                    let _ = writeln!(toml, "count_by = \"events\"");
                }
            }
            "days" => {
                lines(&mut toml, &events(rng));
                let _ = writeln!(toml, "times = {}\ncount_by = \"days\"", rng.between(2, 3));
                if rng.chance(80) {
                    let _ = writeln!(toml, "within = {within_days:?}");
                }
            }
            "all" => {
                let parts = rng.some(&names, 40, 2);
                let _ = writeln!(toml, "all = {parts:?}");
            }
            _ => {
                let a = event_name(rng);
                let steps = match kind {
                    "again" => vec![a, a],
                    "three" if rng.chance(20) => vec![a, a, event_name(rng)],
                    "three" => vec![a, event_name(rng), event_name(rng)],
                    "others" if rng.chance(50) => vec![a, a],
                    _ => vec![a, event_name(rng)],
                };
                let _ = writeln!(toml, "steps = {steps:?}");
                if kind == "others" || (level == "account" && form == "three" && rng.chance(30)) {
                    let _ = writeln!(toml, "different_users = true");
                }
                if rng.chance(30) {
                    let _ = writeln!(toml, "same = \"board\"");
                }
            }
        }
        let stepped = !["once", "times", "days", "all"].contains(&kind);
        if stepped || (kind == "times" && rng.chance(75)) {
            let _ = writeln!(toml, "within = {within:?}");
        }
        if rng.chance(35) {
            let _ = writeln!(toml, "deadline = {:?}", rng.pick(&["12h", "36h", "3d", "7d", "14d", "4w"]));
        }
        if form.starts_with("some_") {
            let count = rng.between(1, 3);
            let _ = writeln!(toml, "min_users = {count}");
            if count > 1 && rng.chance(50) {
                let _ = writeln!(toml, "together = {within:?}");
            }
            if rng.chance(50) {
                let _ = writeln!(toml, "who = {:?}", condition(rng, who, 1));
            }
        }
        if rng.chance(40) {
            let _ = writeln!(toml, "target = {:?}", rng.pick(&["1d", "12h", "7d", "2w"]));
        }
        names.push(name);
    }
    let mut facts = Facts::default();
    for name in names {
        facts.numbers.extend([format!("{name}_hours"), format!("{name}_days_ago")]);
        facts.booleans.extend([name.clone(), format!("{name}_pending")]);
    }
    (toml, facts)
}

fn lines(toml: &mut String, keys: &[String]) {
    for key in keys {
        let _ = writeln!(toml, "{key}");
    }
}

/// Points with at most three decimals.
fn points(rng: &mut Rng) -> String {
    rng.pick(&["10", "5", "15", "20", "0", "2.5", "7.125", "0.001", "-10", "-20", "-3.75"]).into()
}

/// The signals of a level as TOML, with their categories.
pub fn signals(rng: &mut Rng, level: &str, facts: &Facts) -> (String, Vec<String>) {
    let mut toml = String::new();
    let mut categories: Vec<String> = Vec::new();
    for at in 0..rng.between(4, 11) {
        let _ = writeln!(toml, "[[{level}.signals]]\nname = \"s{at}\"");
        let category = rng.pick(&["", "intent", "velocity", "collaboration", "negative", "fit"]);
        if !category.is_empty() {
            let _ = writeln!(toml, "category = {category:?}");
        }
        let named = if category.is_empty() { "other" } else { category };
        if !categories.contains(&named.to_owned()) {
            categories.push(named.into());
        }
        let mut guard = rng.chance(30);
        let mut ladder = false;
        match rng.below(8) {
            0 | 1 => {
                let _ = writeln!(toml, "points = {}", points(rng));
                guard = true;
            }
            2 | 3 => {
                let _ = writeln!(toml, "value = {:?}", number(rng, facts, 1));
                ladder = true;
            }
            4 | 5 => {
                let _ = writeln!(toml, "per = {:?}\npoints = {}", number(rng, facts, 2), points(rng));
                if rng.chance(60) {
                    let _ = writeln!(toml, "max = {}", rng.pick(&["10", "30", "12.345", "4"]));
                }
            }
            _ => {
                guard = false;
                let _ = writeln!(toml, "event = {}", event_names(rng));
                if rng.chance(40) {
                    let _ = writeln!(toml, "where = {:?}", where_event(rng, 0));
                }
                match rng.below(3) {
                    0 => lines(&mut toml, &["last = \"28d\"".into()]),
                    1 => lines(&mut toml, &["first = \"7d\"".into()]),
                    _ => {}
                }
                if rng.chance(50) {
                    ladder = true;
                } else {
                    let _ = writeln!(toml, "points = {}", points(rng));
                    if rng.chance(50) {
                        let _ = writeln!(toml, "at_least = {}", rng.between(1, 3));
                    }
                }
            }
        }
        if ladder {
            let key = rng.pick(&["at_least", "above"]);
            let mut threshold = rng.pick(&[-1.0, 0.0, 0.5, 1.0]);
            let mut paid = rng.between(0, 8) as f64;
            let mut rungs = Vec::new();
            for _ in 0..rng.between(1, 3) {
                rungs.push(format!("{{ {key} = {threshold}, points = {paid} }}"));
                threshold += rng.pick(&[0.5, 1.0, 2.0, 5.0]);
                paid += rng.pick(&[1.0, 2.5, 10.0]);
            }
            let _ = writeln!(toml, "ladder = [{}]", rungs.join(", "));
        }
        if guard {
            let _ = writeln!(toml, "when = {:?}", condition(rng, facts, 2));
        }
        if rng.chance(25) {
            let _ = writeln!(toml, "exclusive = {:?}", rng.pick(&["group_a", "group_b"]));
        }
        if rng.chance(25) {
            let length =
                rng.pick(&["half_life_days = 14", "half_life_days = 3.5", "linear_days = 90", "linear_days = 7"]);
            let _ = writeln!(toml, "decay = {{ since = {:?}, {length} }}", rng.pick(&facts.numbers));
        }
        if rng.chance(50) {
            let fact = rng.pick(&facts.all());
            let _ = writeln!(toml, "say = \"S{at} is {{{fact}|unknown}} and {{{}}}\"", rng.pick(&facts.numbers));
        }
    }
    (toml, categories)
}
