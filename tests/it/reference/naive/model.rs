//! Parses a model file into simple structs, with its lists in file order.

use super::clock;
use super::expr::{Expr, parse};
use super::value::Kind;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use toml::{Table, Value as Toml};

pub struct Model {
    pub zone: TimeZone,
    pub unzoned: TimeZone,
    pub week_start: Weekday,
    pub start_event: Vec<String>,
    pub ignore: Vec<String>,
    pub email_domain: bool,
    pub free_mail: Vec<String>,
    pub exclude_domains: Vec<String>,
    pub exclude_users: Vec<String>,
    /// The filtered events of `[events]`.
    pub filtered: BTreeMap<String, Events>,
    pub metrics: BTreeMap<String, Metric>,
    pub user: Level,
    pub account: Level,
    pub champion: Option<Expr>,
    pub buyer: Option<Expr>,
    pub holdout: Option<Holdout>,
}

/// The share of accounts to leave alone, as a part of 1, and the text hashed with their ids.
pub struct Holdout {
    pub share: f64,
    pub salt: String,
}

/// A set of events. Without names it is any activity.
#[derive(Clone, Default)]
pub struct Events {
    pub names: Option<Vec<String>>,
    pub condition: Option<Expr>,
}

pub struct Level {
    pub traits: BTreeMap<String, Trait>,
    pub facts: BTreeMap<String, Expr>,
    pub rollups: BTreeMap<String, Rollup>,
    pub signals: Vec<Signal>,
    /// The bounds of categories, in file order.
    pub categories: Vec<(String, Bounds)>,
    pub score: Bounds,
    pub tiers: Vec<Tier>,
    pub milestones: Vec<Milestone>,
    pub segments: Vec<(String, Option<Expr>)>,
    pub routes: Vec<Route>,
    pub suppressed: Vec<(String, Expr)>,
    pub columns: Vec<String>,
}

pub struct Trait {
    pub kind: Kind,
    pub from: Vec<String>,
    pub first: bool,
    pub events: Option<Vec<String>>,
}

#[derive(Clone, Copy)]
pub enum Window {
    Always,
    Last { days: i64, ago: i64 },
    Month,
    First(i64),
}

pub struct Metric {
    pub measure: String,
    pub events: Events,
    pub window: Window,
    pub value: Option<Expr>,
    pub kind: Kind,
    pub k: usize,
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub unit: i64,
    pub timeout: i64,
    pub same: Option<String>,
    pub key: Option<String>,
    pub by: String,
    pub recent: usize,
    pub base: usize,
    pub min_base: f64,
}

pub struct Rollup {
    pub measure: String,
    pub value: Option<Expr>,
    pub condition: Option<Expr>,
    pub k: usize,
}

/// Bounds, thousandths of a point.
#[derive(Clone, Copy, Default)]
pub struct Bounds {
    pub min: Option<i64>,
    pub max: Option<i64>,
}

pub struct Signal {
    pub name: String,
    pub category: String,
    pub exclusive: Option<String>,
    pub when: Option<Expr>,
    pub pays: Pays,
    pub decay: Option<Decay>,
    pub say: Option<String>,
}

/// The rule for a signal's points, which are thousandths.
pub enum Pays {
    Flat(i64),
    Ladder { value: Source, rungs: Vec<(f64, i64)>, strict: bool },
    Per { value: Expr, points: i64, max: Option<i64> },
}

pub enum Source {
    Fact(Expr),
    Count(Box<Metric>),
}

pub struct Decay {
    pub since: Expr,
    pub half_life: Option<f64>,
    pub linear: Option<f64>,
}

pub struct Tier {
    pub name: String,
    pub at_least: Option<f64>,
    pub above: Option<f64>,
    pub stay_at_least: Option<f64>,
    pub stay_above: Option<f64>,
    pub when: Option<Expr>,
    pub qualified: bool,
}

pub struct Milestone {
    pub name: String,
    pub form: Form,
    pub within: Option<i64>,
    pub deadline: Option<i64>,
    pub min_users: Option<usize>,
    pub together: Option<i64>,
    pub who: Option<Expr>,
    pub target: Option<i64>,
}

pub enum Form {
    Times { events: Events, times: usize, by_days: bool },
    Steps { steps: Vec<String>, same: Option<String>, different_users: bool },
    All(Vec<String>),
}

pub struct Route {
    pub name: String,
    pub motion: String,
    pub to: String,
    /// The members who are not away, with their weights.
    pub pool: Vec<(String, f64)>,
    pub action: String,
    pub when: Option<Expr>,
    pub because: String,
    pub message: String,
}

pub fn read(source: &str) -> Model {
    let table: Table = source.parse().expect("the model is TOML");
    let empty = Table::new();
    let sub = |name: &str| table.get(name).and_then(Toml::as_table).unwrap_or(&empty);
    let (user, account) = (sub("user"), sub("account"));
    let zone_of = |t: &Table| clock::zone(&text(t, "time_zone").unwrap_or_else(|| "UTC".into()));
    let filtered = sub("events")
        .iter()
        .filter(|(_, entry)| entry.get("event").is_some() || entry.get("where").is_some())
        .map(|(name, entry)| (name.clone(), events(as_table(entry))))
        .collect();
    Model {
        zone: zone_of(&table),
        unzoned: zone_of(sub("input")),
        week_start: clock::weekday(&text(&table, "week_start").unwrap_or_else(|| "monday".into())),
        start_event: names(&table, "start_event").unwrap_or_else(|| vec!["signup_completed".into()]),
        ignore: names(sub("activity"), "ignore").unwrap_or_default(),
        email_domain: sub("identity").get("email_domain").and_then(Toml::as_bool).unwrap_or(true),
        free_mail: names(sub("identity"), "free_mail").unwrap_or_default(),
        exclude_domains: names(sub("identity"), "exclude_domains").unwrap_or_default(),
        exclude_users: names(sub("identity"), "exclude_users").unwrap_or_default(),
        filtered,
        metrics: sub("metrics").iter().map(|(name, entry)| (name.clone(), metric(as_table(entry)))).collect(),
        user: level(user, sub("output"), "user", source),
        account: level(account, sub("output"), "account", source),
        champion: expr(user, "champion"),
        buyer: expr(user, "buyer"),
        holdout: table.get("holdout").map(|entry| holdout(as_table(entry))),
    }
}

fn holdout(table: &Table) -> Holdout {
    let percent = need(table, "share");
    let share = percent.trim_end_matches('%').parse::<f64>().expect("a share") / 100.0;
    Holdout { share, salt: text(table, "salt").unwrap_or_default() }
}

fn level(table: &Table, output: &Table, name: &str, source: &str) -> Level {
    let empty = Table::new();
    let sub = |key: &str| table.get(key).and_then(Toml::as_table).unwrap_or(&empty);
    let mut categories: Vec<(String, Bounds)> =
        sub("categories").iter().map(|(key, entry)| (key.clone(), bounds(as_table(entry)))).collect();
    categories.sort_by_key(|(category, _)| source.find(&format!("[{name}.categories.{category}]")));
    Level {
        traits: sub("traits").iter().map(|(key, entry)| (key.clone(), one_trait(key, as_table(entry)))).collect(),
        facts: sub("facts").iter().map(|(key, fact)| (key.clone(), parse(fact.as_str().expect("text")))).collect(),
        rollups: sub("rollups").iter().map(|(key, entry)| (key.clone(), rollup(as_table(entry)))).collect(),
        signals: list(table, "signals").into_iter().map(signal).collect(),
        categories,
        score: bounds(sub("score")),
        tiers: list(table, "tiers").into_iter().map(tier).collect(),
        milestones: list(table, "milestones").into_iter().map(milestone).collect(),
        segments: list(table, "segments").into_iter().map(|t| (need(t, "name"), expr(t, "when"))).collect(),
        routes: list(table, "routes").into_iter().map(route).collect(),
        suppressed: list(table, "suppress").into_iter().map(|t| (need(t, "name"), parse(&need(t, "when")))).collect(),
        columns: names(output, &format!("{name}_columns")).unwrap_or_default(),
    }
}

fn one_trait(name: &str, table: &Table) -> Trait {
    Trait {
        kind: Kind::named(&text(table, "type").unwrap_or_else(|| "text".into())),
        from: names(table, "from").unwrap_or_else(|| vec![name.into()]),
        first: text(table, "pick").as_deref() == Some("first"),
        events: names(table, "event"),
    }
}

fn metric(table: &Table) -> Metric {
    Metric {
        measure: need(table, "measure"),
        events: events(table),
        window: window(table),
        value: expr(table, "value"),
        kind: Kind::named(&text(table, "type").unwrap_or_else(|| "text".into())),
        k: number(table, "k").unwrap_or(1.0) as usize,
        from: names(table, "from").unwrap_or_default(),
        to: names(table, "to").unwrap_or_default(),
        unit: clock::unit(&text(table, "unit").unwrap_or_else(|| "h".into())),
        timeout: text(table, "timeout").map_or(0, |t| clock::duration(&t)),
        same: text(table, "same"),
        key: text(table, "key"),
        by: text(table, "by").unwrap_or_else(|| "count".into()),
        recent: number(table, "recent").unwrap_or(2.0) as usize,
        base: number(table, "base").unwrap_or(4.0) as usize,
        min_base: number(table, "min_base").unwrap_or(1.0),
    }
}

fn rollup(table: &Table) -> Rollup {
    Rollup {
        measure: need(table, "measure"),
        value: expr(table, "value"),
        condition: expr(table, "where"),
        k: number(table, "k").unwrap_or(1.0) as usize,
    }
}

fn window(table: &Table) -> Window {
    let days = |key: &str| text(table, key).map(|t| clock::duration(&t) / clock::DAY);
    match (text(table, "last").as_deref(), days("first")) {
        (Some("month"), _) => Window::Month,
        (Some(_), _) => Window::Last { days: days("last").unwrap_or(0), ago: days("ago").unwrap_or(0) },
        (None, Some(first)) => Window::First(first),
        (None, None) => Window::Always,
    }
}

fn events(table: &Table) -> Events {
    Events { names: names(table, "event"), condition: expr(table, "where") }
}

fn signal(table: &Table) -> Signal {
    let points = |t: &Table| thousandths(t, "points").unwrap_or(0);
    let inline = table.contains_key("event") || table.contains_key("where");
    let pays = if let Some(value) = expr(table, "per") {
        Pays::Per { value, points: points(table), max: thousandths(table, "max") }
    } else if inline || table.contains_key("value") {
        let value = if inline {
            let mut count = table.clone();
            count.insert("measure".into(), Toml::String("count".into()));
            Source::Count(Box::new(metric(&count)))
        } else {
            Source::Fact(parse(&need(table, "value")))
        };
        let ladder = list(table, "ladder");
        let strict = ladder.iter().any(|rung| rung.contains_key("above"));
        let key = if strict { "above" } else { "at_least" };
        let rungs = if ladder.is_empty() {
            vec![(number(table, "at_least").unwrap_or(1.0), points(table))]
        } else {
            ladder.iter().map(|rung| (number(rung, key).expect("a rung"), points(rung))).collect()
        };
        Pays::Ladder { value, rungs, strict }
    } else {
        Pays::Flat(points(table))
    };
    Signal {
        name: need(table, "name"),
        category: text(table, "category").unwrap_or_else(|| "other".into()),
        exclusive: text(table, "exclusive"),
        when: expr(table, "when"),
        pays,
        decay: table.get("decay").and_then(Toml::as_table).map(|decay| Decay {
            since: parse(&need(decay, "since")),
            half_life: number(decay, "half_life_days"),
            linear: number(decay, "linear_days"),
        }),
        say: text(table, "say"),
    }
}

fn tier(table: &Table) -> Tier {
    Tier {
        name: need(table, "name"),
        at_least: number(table, "at_least"),
        above: number(table, "above"),
        stay_at_least: number(table, "stay_at_least"),
        stay_above: number(table, "stay_above"),
        when: expr(table, "when"),
        qualified: table.get("qualified").and_then(Toml::as_bool).unwrap_or(false),
    }
}

fn milestone(table: &Table) -> Milestone {
    let form = if let Some(parts) = names(table, "all") {
        Form::All(parts)
    } else if let Some(steps) = names(table, "steps") {
        let different_users = table.get("different_users").and_then(Toml::as_bool).unwrap_or(false);
        Form::Steps { steps, same: text(table, "same"), different_users }
    } else {
        Form::Times {
            events: events(table),
            times: number(table, "times").unwrap_or(1.0) as usize,
            by_days: text(table, "count_by").as_deref() == Some("days"),
        }
    };
    Milestone {
        name: need(table, "name"),
        form,
        within: text(table, "within").map(|t| clock::duration(&t)),
        deadline: text(table, "deadline").map(|t| clock::duration(&t)),
        together: text(table, "together").map(|t| clock::duration(&t)),
        min_users: number(table, "min_users").map(|n| n as usize),
        who: expr(table, "who"),
        target: text(table, "target").map(|t| clock::duration(&t)),
    }
}

fn route(table: &Table) -> Route {
    let optional = |key: &str| text(table, key).unwrap_or_default();
    Route {
        name: need(table, "name"),
        motion: optional("motion"),
        to: optional("to"),
        pool: pool(table),
        action: optional("action"),
        when: expr(table, "when"),
        because: optional("because"),
        message: optional("message"),
    }
}

fn pool(table: &Table) -> Vec<(String, f64)> {
    let away = names(table, "away").unwrap_or_default();
    let members = table.get("pool").and_then(Toml::as_array).into_iter().flatten().map(|member| match member {
        Toml::Table(member) => (need(member, "name"), number(member, "weight").unwrap_or(1.0)),
        name => (name.as_str().expect("a name").to_owned(), 1.0),
    });
    members.filter(|(name, _)| !away.contains(name)).collect()
}

fn bounds(table: &Table) -> Bounds {
    Bounds { min: thousandths(table, "min"), max: thousandths(table, "max") }
}

fn as_table(value: &Toml) -> &Table {
    value.as_table().expect("a table")
}

fn list<'a>(table: &'a Table, key: &str) -> Vec<&'a Table> {
    table.get(key).and_then(Toml::as_array).map_or_else(Vec::new, |list| list.iter().map(as_table).collect())
}

fn text(table: &Table, key: &str) -> Option<String> {
    table.get(key).map(|v| v.as_str().expect("text").to_owned())
}

fn need(table: &Table, key: &str) -> String {
    text(table, key).unwrap_or_else(|| panic!("{key} is needed"))
}

fn expr(table: &Table, key: &str) -> Option<Expr> {
    text(table, key).map(|source| parse(&source))
}

/// A name or a list of names.
fn names(table: &Table, key: &str) -> Option<Vec<String>> {
    table.get(key).map(|value| match value {
        Toml::Array(list) => list.iter().map(|v| v.as_str().expect("a name").to_owned()).collect(),
        one => vec![one.as_str().expect("a name").to_owned()],
    })
}

fn number(table: &Table, key: &str) -> Option<f64> {
    table.get(key).map(|value| match value {
        Toml::Integer(n) => *n as f64,
        other => other.as_float().expect("a number"),
    })
}

/// Points in thousandths.
fn thousandths(table: &Table, key: &str) -> Option<i64> {
    number(table, key).map(|n| (n * 1000.0).round() as i64)
}
