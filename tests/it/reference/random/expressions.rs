//! Generates random expressions: conditions over event properties, and typed expressions over
//! facts.

use super::Rng;

/// The names of the events.
pub const NAMES: [&str; 11] = [
    "signup_completed",
    "feature_used",
    "team_invite_sent",
    "board_opened",
    "upgrade_started",
    "upgrade_completed",
    "api_call",
    "email_delivered",
    "page_viewed",
    "repeat_session",
    "wedge_done",
];

/// The names of the filtered events, which every model has.
pub const FILTERED: [&str; 2] = ["ok_call", "pro_use"];

/// The name of an event, sometimes of a filtered one.
pub fn event_name(rng: &mut Rng) -> &'static str {
    if rng.chance(15) { rng.pick(&FILTERED) } else { real_name(rng) }
}

/// The name of an event, mostly a frequent one.
pub fn real_name(rng: &mut Rng) -> &'static str {
    let common = rng.common.clone();
    if rng.chance(80) { rng.pick(&common) } else { rng.pick(&NAMES) }
}

/// One event name or a list of them, as TOML.
pub fn event_names(rng: &mut Rng) -> String {
    if rng.chance(75) {
        return format!("{:?}", event_name(rng));
    }
    let list: Vec<&str> = (0..rng.between(2, 3)).map(|_| event_name(rng)).collect();
    let mut once: Vec<&str> = Vec::new();
    for name in list {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    format!("{once:?}")
}

/// A condition over the properties of an event.
pub fn where_event(rng: &mut Rng, depth: usize) -> String {
    if depth > 0 && rng.chance(40) {
        let a = where_event(rng, depth - 1);
        let b = where_event(rng, depth - 1);
        return match rng.below(3) {
            0 => format!("{a} and {b}"),
            1 => format!("({a} or {b})"),
            _ => format!("not ({a}) or {b} and true"),
        };
    }
    let atoms = [
        "plan = 'pro'",
        "plan <> 'free'",
        "plan in ('pro', 'free')",
        "plan not in ('pro', 'free')",
        "plan is null",
        "plan is not null",
        "status = 200",
        "status = '200'",
        "status <> 200",
        "status >= 300",
        "status in (200, 404)",
        "status between 200 and 299",
        "status not between 200 and 299",
        "amount > 10",
        "amount * 2 < 30",
        "amount + 1 >= status",
        "amount < status",
        "amount = 12.5",
        "amount = '12'",
        "amount is null",
        "-amount < 0",
        "amount / status > 0.1",
        "amount / 0 is null",
        "feature like 'a%'",
        "feature not like '%i'",
        "feature like '_p_'",
        "feature like '%\u{e9}_'",
        "feature > 'b'",
        "feature between 'a' and 'm'",
        "feature = plan",
        "feature <> board",
        "feature <= amount",
        "lower(feature) = 'api'",
        "flag = true",
        "flag <> true",
        "flag = 'true'",
        "flag is null",
        "event = 'api_call'",
        "event in ('feature_used', 'page_viewed', 'api_call')",
        "event like 'up%'",
        "cart.total > 3",
        "cart.item.code = 'x'",
        "cart is null",
        "\"odd name\" = 'yes'",
        "\"odd name\" is not null",
        "coalesce(amount, 0) > 5",
        "coalesce(plan, 'none') <> 'pro'",
        "nullif(plan, 'free') is null",
        "greatest(amount, 5) > 7",
        "least(amount, 100) <= 12.5",
        "case when status = 200 then 1 when amount > 10 then 2 else 0 end > 0",
        "case when amount > 10 then 'big' else plan end = 'pro'",
        "missing = 1",
        "missing is null",
        "board in ('1', 'a')",
        "board in (1, 2)",
    ];
    rng.pick(&atoms).into()
}

/// An expression over events whose values are read as text.
pub fn text_value(rng: &mut Rng) -> &'static str {
    rng.pick(&[
        "feature",
        "feature",
        "board",
        "plan",
        "status",
        "amount",
        "flag",
        "event",
        "lower(feature)",
        "cart.item.code",
        "\"odd name\"",
        "coalesce(feature, 'none')",
        "case when status = 200 then plan else feature end",
    ])
}

/// An expression over events whose values are read as numbers.
pub fn number_value(rng: &mut Rng) -> &'static str {
    rng.pick(&[
        "amount",
        "amount",
        "status",
        "amount * 2",
        "cart.total",
        "amount - status",
        "coalesce(amount, 0)",
        "amount / 4",
        "nullif(amount, 0)",
        "case when flag = true then amount else 1 end",
    ])
}

/// The facts that an expression may use, by type.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub numbers: Vec<String>,
    pub texts: Vec<String>,
    pub booleans: Vec<String>,
    pub dates: Vec<String>,
}

impl Facts {
    pub fn all(&self) -> Vec<String> {
        [&self.numbers, &self.texts, &self.booleans, &self.dates].into_iter().flatten().cloned().collect()
    }

    /// The union of two sets of facts.
    pub fn and(&self, other: &Facts) -> Facts {
        let join = |a: &[String], b: &[String]| a.iter().chain(b).cloned().collect();
        Facts {
            numbers: join(&self.numbers, &other.numbers),
            texts: join(&self.texts, &other.texts),
            booleans: join(&self.booleans, &other.booleans),
            dates: join(&self.dates, &other.dates),
        }
    }

    /// The facts of the home account, by their names in user expressions.
    pub fn of_account(&self) -> Facts {
        self.named("account")
    }

    /// The facts of somebody else, by their names in expressions.
    pub fn named(&self, whose: &str) -> Facts {
        let named = |list: &[String]| list.iter().map(|name| format!("{whose}.{name}")).collect();
        Facts {
            numbers: named(&self.numbers),
            texts: named(&self.texts),
            booleans: named(&self.booleans),
            dates: named(&self.dates),
        }
    }
}

/// A small literal number.
fn literal(rng: &mut Rng) -> String {
    rng.pick(&["0", "1", "2", "3", "5", "7", "10", "28", "50", "0.5", "1.25"]).into()
}

pub fn number(rng: &mut Rng, facts: &Facts, depth: usize) -> String {
    if depth == 0 || facts.numbers.is_empty() || rng.chance(45) {
        return if facts.numbers.is_empty() { literal(rng) } else { rng.pick(&facts.numbers) };
    }
    let a = number(rng, facts, depth - 1);
    let b = number(rng, facts, depth - 1);
    match rng.below(9) {
        0 => format!("{a} + {b}"),
        1 => format!("({a} - {b})"),
        2 => format!("({a}) * {}", literal(rng)),
        3 => format!("({a}) / nullif({b}, 0)"),
        4 => format!("coalesce({a}, {})", literal(rng)),
        5 => format!("greatest({a}, {b})"),
        6 => format!("least({a}, {b}, 40)"),
        7 => format!("case when {} then {a} else {b} end", condition(rng, facts, depth - 1)),
        _ => format!("({a}) / 3"),
    }
}

pub fn text(rng: &mut Rng, facts: &Facts) -> String {
    if facts.texts.is_empty() {
        return "'vp'".into();
    }
    let fact = rng.pick(&facts.texts);
    match rng.below(4) {
        0 => format!("lower({fact})"),
        1 => format!("coalesce({fact}, 'none')"),
        _ => fact,
    }
}

/// A condition over facts.
pub fn condition(rng: &mut Rng, facts: &Facts, depth: usize) -> String {
    if depth > 0 && rng.chance(40) {
        let a = condition(rng, facts, depth - 1);
        let b = condition(rng, facts, depth - 1);
        return match rng.below(4) {
            0 => format!("{a} and {b}"),
            1 | 2 => format!("({a} or {b})"),
            _ => format!("not ({a})"),
        };
    }
    let depth = depth.saturating_sub(1);
    match rng.below(13) {
        0..=3 => {
            let operator = rng.pick(&["=", "<>", "<", "<=", ">", ">="]);
            format!("{} {operator} {}", number(rng, facts, depth), literal(rng))
        }
        4 => format!("{} between 1 and {}", number(rng, facts, depth), rng.pick(&["3", "20"])),
        5 => format!("{} > {}", number(rng, facts, depth), number(rng, facts, depth)),
        6 => {
            let list = rng.pick(&["'vp', 'cto'", "'dev'", "'pro', 'api', 'free'", "'big', 'small'"]);
            format!("{} in ({list})", text(rng, facts))
        }
        7 => format!("{} like '{}'", text(rng, facts), rng.pick(&["%o%", "v_", "a%"])),
        8 => format!("{} is {}null", rng.pick(&facts.all()), rng.pick(&["", "not "])),
        9 | 10 if !facts.booleans.is_empty() => {
            let fact = rng.pick(&facts.booleans);
            match rng.below(3) {
                0 => format!("not {fact}"),
                1 => format!("{fact} = {}", rng.pick(&["true", "false"])),
                _ => fact,
            }
        }
        11 if facts.dates.len() > 1 => {
            format!("{} - {} > {}", rng.pick(&facts.dates), rng.pick(&facts.dates), literal(rng))
        }
        12 if !facts.dates.is_empty() => {
            let date = rng.pick(&["2011-12-30", "2018-11-04", "2026-03-08", "2025-10-26"]);
            format!("{} {} date '{date}'", rng.pick(&facts.dates), rng.pick(&["<", ">=", "<>"]))
        }
        _ => format!("{} <> 'vp'", text(rng, facts)),
    }
}
