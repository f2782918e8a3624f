//! The facts of users and accounts. Each is computed from all events at its first use.

use super::clock::{Clock, HOUR, days_between};
use super::eval::{eval, holds};
use super::event::{Event, Log};
use super::expr::Expr;
use super::md5;
use super::measures::{Scope, average, count, optional, pick, sum, typed};
use super::milestones::standing;
use super::model::{Level, Model, Rollup, Trait, Window};
use super::value::Value;
use super::{Before, Record};
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    User,
    Account,
}

/// One row of an enrichment file: its cells by column.
pub type Row = BTreeMap<String, String>;

pub struct World {
    pub model: Model,
    pub clock: Clock,
    pub log: Log,
    pub user_rows: BTreeMap<String, Row>,
    pub account_rows: BTreeMap<String, Row>,
    /// None in a run without outcomes.
    pub outcomes: Option<Vec<super::outcomes::Happened>>,
    pub record: Option<Record>,
    pub memo: RefCell<HashMap<(Side, String, String), Value>>,
}

impl World {
    pub fn level(&self, side: Side) -> &Level {
        match side {
            Side::User => &self.model.user,
            Side::Account => &self.model.account,
        }
    }

    fn events(&self, side: Side, id: &str) -> Vec<&Event> {
        let key = |e: &Event| {
            if side == Side::User { e.user.clone() } else { e.account.clone() }
        };
        let mut events: Vec<&Event> = self.log.events.iter().filter(|e| key(e).as_deref() == Some(id)).collect();
        events.sort_by_key(|e| e.time);
        events
    }

    /// The entities with a scored event.
    pub fn ids(&self, side: Side) -> BTreeSet<String> {
        let id = |e: &Event| {
            if side == Side::User { e.user.clone() } else { e.account.clone() }
        };
        self.log.events.iter().filter_map(id).collect()
    }

    /// The events of an entity in order of time, with its start.
    pub fn scope(&self, side: Side, id: &str) -> Scope<'_> {
        let events = self.events(side, id);
        let model = &self.model;
        let started = events.iter().find(|e| e.is_any_of(&model.start_event, model));
        let start = started.or_else(|| events.iter().find(|e| e.is_activity(model))).or(events.first());
        let start = start.expect("an entity has an event").time;
        Scope { model, clock: &self.clock, events, start }
    }

    /// The users with a scored event whose home is the account.
    pub fn members(&self, account: &str) -> Vec<String> {
        self.ids(Side::User)
            .into_iter()
            .filter(|user| self.log.home(user, &self.model).as_deref() == Some(account))
            .collect()
    }

    /// The home of a user, if the home is an account with a scored event.
    pub fn home_row(&self, user: &str) -> Option<String> {
        self.log.home(user, &self.model).filter(|home| self.ids(Side::Account).contains(home))
    }

    /// Evaluates an expression over the facts of an entity.
    pub fn eval(&self, side: Side, id: &str, expr: &Expr) -> Value {
        eval(expr, &|parts| self.named(side, id, parts))
    }

    /// True if the condition holds for an entity, or if there is no condition.
    pub fn holds(&self, side: Side, id: &str, condition: Option<&Expr>) -> bool {
        condition.is_none_or(|condition| holds(condition, &|parts| self.named(side, id, parts)))
    }

    fn named(&self, side: Side, id: &str, parts: &[String]) -> Value {
        match parts {
            [name] => self.fact(side, id, name),
            [account, name] if account == "account" && side == Side::User => {
                self.home_row(id).map_or(Value::Null, |home| self.fact(Side::Account, &home, name))
            }
            [role, name] if side == Side::Account => {
                let person =
                    if role == "champion" { super::rows::champion(self, id) } else { super::rows::buyer(self, id) };
                person.map_or(Value::Null, |person| self.fact(Side::User, &person, name))
            }
            other => panic!("unknown name {other:?}"),
        }
    }

    pub fn fact(&self, side: Side, id: &str, name: &str) -> Value {
        let key = (side, id.to_owned(), name.to_owned());
        if let Some(value) = self.memo.borrow().get(&key) {
            return value.clone();
        }
        let value = self.work_out(side, id, name);
        self.memo.borrow_mut().insert(key, value.clone());
        value
    }

    fn work_out(&self, side: Side, id: &str, name: &str) -> Value {
        let level = self.level(side);
        if let Some(wanted) = level.traits.get(name) {
            self.find_trait(side, id, wanted)
        } else if let Some(metric) = self.model.metrics.get(name) {
            self.scope(side, id).measure(metric)
        } else if let Some(fact) = level.facts.get(name) {
            self.eval(side, id, fact)
        } else if let Some(rollup) = level.rollups.get(name) {
            self.roll_up(id, rollup)
        } else if let Some(value) = self.milestone_fact(side, id, name) {
            value
        } else {
            self.built_in(side, id, name)
        }
    }

    /// The value of a trait: from the enrichment row, else from identity lines, else from
    /// properties of events.
    fn find_trait(&self, side: Side, id: &str, wanted: &Trait) -> Value {
        let (rows, known) = match side {
            Side::User => (&self.user_rows, &self.log.identified),
            Side::Account => (&self.account_rows, &self.log.grouped),
        };
        let read = |get: &dyn Fn(&str) -> Value| {
            let values = wanted.from.iter().map(|name| typed(&get(name), wanted.kind, &self.clock.zone));
            values.into_iter().find(|value| !value.is_null()).unwrap_or(Value::Null)
        };
        let ids = if side == Side::User { self.log.people.ids(id) } else { vec![id.to_owned()] };
        for row in ids.iter().filter_map(|id| rows.get(id)) {
            let value = read(&|name| {
                let cell = row.get(name).cloned().unwrap_or_default();
                Value::of_json(&serde_json::Value::String(cell))
            });
            if !value.is_null() {
                return value;
            }
        }
        let said = known.iter().filter(|k| k.entity == id).map(|k| {
            let get = |name: &str| k.traits.get(name).map_or(Value::Null, Value::of_json);
            (k.time, read(&get))
        });
        let said = pick(said.filter(|(_, value)| !value.is_null()).collect(), wanted.first);
        if !said.is_null() {
            return said;
        }
        let events = self.events(side, id).into_iter();
        let asked = events.filter(|e| wanted.events.as_ref().is_none_or(|names| e.is_any_of(names, &self.model)));
        let shown = asked.map(|e| {
            let get = |name: &str| e.properties.get(name).map_or(Value::Null, Value::of_json);
            (e.time, read(&get))
        });
        pick(shown.filter(|(_, value)| !value.is_null()).collect(), wanted.first)
    }

    fn roll_up(&self, account: &str, rollup: &Rollup) -> Value {
        let members = self.members(account);
        let chosen = members.iter().filter(|user| self.holds(Side::User, user, rollup.condition.as_ref()));
        let values: Vec<Value> = chosen
            .map(|user| match &rollup.value {
                Some(value) => self.eval(Side::User, user, value),
                None => Value::Bool(true),
            })
            .filter(|value| !value.is_null())
            .collect();
        let mut numbers: Vec<f64> = values.iter().filter_map(Value::num).collect();
        match rollup.measure.as_str() {
            "count" => count(values.len()),
            "distinct" => count(values.iter().filter_map(Value::text).collect::<BTreeSet<_>>().len()),
            "sum" => Value::Num(sum(&numbers)),
            "avg" => average(&numbers),
            "min" => optional(numbers.into_iter().reduce(f64::min)),
            "max" => optional(numbers.into_iter().reduce(f64::max)),
            "top_sum" => {
                numbers.sort_by(|a, b| b.total_cmp(a));
                numbers.truncate(rollup.k);
                Value::Num(sum(&numbers))
            }
            other => panic!("unknown roll-up {other}"),
        }
    }

    /// The facts of milestones: the name itself, and the name with `_pending`, `_hours` and
    /// `_days_ago`.
    fn milestone_fact(&self, side: Side, id: &str, name: &str) -> Option<Value> {
        let milestone = self.level(side).milestones.iter().find(|m| {
            name.starts_with(&m.name) && { ["", "_pending", "_hours", "_days_ago"].contains(&&name[m.name.len()..]) }
        })?;
        let standing = standing(self, side, id, milestone);
        let start = self.scope(side, id).start;
        Some(match &name[milestone.name.len()..] {
            "" => Value::Bool(standing.reached.is_some()),
            "_pending" => Value::Bool(standing.pending),
            "_hours" => {
                let after = standing.reached.map(|at| at - start).filter(|after| *after >= 0);
                optional(after.map(|after| after as f64 / HOUR as f64))
            }
            _ => {
                let ago = |at| days_between(self.clock.date(at), self.clock.today) as f64;
                optional(standing.reached.map(ago))
            }
        })
    }

    fn built_in(&self, side: Side, id: &str, name: &str) -> Value {
        let today = self.clock.today;
        let scope = || self.scope(side, id);
        let recent = || {
            let scope = self.scope(side, id);
            let (days, ago) = (28, 0);
            let window = Window::Last { days, ago };
            let recent = scope.events.iter().copied().filter(|e| e.is_activity(&self.model));
            recent.filter(|e| scope.within(window, e.date)).collect::<Vec<&Event>>()
        };
        match name {
            "today" => Value::Date(today),
            "domain" => self.log.people.domain(id).map_or(Value::Null, Value::Text),
            "events" => count(scope().events.len()),
            "age_days" => Value::Num(days_between(scope().start_date(), today) as f64),
            "days_inactive" => {
                let scope = scope();
                let last = scope.events.iter().rev().find(|e| e.is_activity(&self.model));
                let since = last.map_or(scope.start_date(), |last| last.date);
                Value::Num(days_between(since, today) as f64)
            }
            "domain_users_28" => self.domain_users(id),
            "active_days_28" => count(recent().iter().map(|e| e.date).collect::<BTreeSet<_>>().len()),
            "active_users_28" => count(recent().iter().map(|e| &e.user).collect::<BTreeSet<_>>().len()),
            "users" => count(scope().events.iter().filter_map(|e| e.user.as_ref()).collect::<BTreeSet<_>>().len()),
            "members" => count(self.members(id).len()),
            "previous_tier" | "previous_score" | "tier_since" | "first_qualified" => self.of_record(side, id, name),
            name if super::outcomes::is_outcome_fact(name) => self.of_outcomes(side, id, name),
            "holdout" => Value::Bool(self.held_out(side, id)),
            "segment" => {
                let segments = &self.level(side).segments;
                let first = segments.iter().find(|(_, when)| self.holds(side, id, when.as_ref()));
                first.map_or(Value::Null, |(name, _)| Value::Text(name.clone()))
            }
            _ => self.standing_fact(side, id, name),
        }
    }

    /// The users of all accounts who share the company's domain of a user and were active in the last 28 days.
    fn domain_users(&self, id: &str) -> Value {
        let Some(domain) = self.log.people.company_domain(id, &self.model) else { return Value::Null };
        let of_company = |user: &String| self.log.people.company_domain(user, &self.model).as_ref() == Some(&domain);
        let is_active =
            |user: &String| self.fact(Side::User, user, "active_days_28").num().is_some_and(|days| days > 0.0);
        count(self.ids(Side::User).iter().filter(|user| of_company(user) && is_active(user)).count())
    }

    /// What the run before said of an entity.
    pub fn before(&self, side: Side, id: &str) -> Option<&Before> {
        let level = if side == Side::User { "user" } else { "account" };
        self.record.as_ref()?.get(&(level.to_owned(), id.to_owned()))
    }

    /// A fact of the record; without one all are null.
    fn of_record(&self, side: Side, id: &str, name: &str) -> Value {
        if self.record.is_none() {
            return Value::Null;
        }
        let before = self.before(side, id);
        let date = |date: Option<Date>| date.map_or(Value::Null, Value::Date);
        match name {
            "previous_tier" => before.and_then(|before| before.tier.clone()).map_or(Value::Null, Value::Text),
            "previous_score" => optional(before.map(|before| before.score)),
            "tier_since" => date(self.tier(side, id).map(|tier| {
                let same = before.filter(|before| before.tier.as_ref() == Some(&tier.name));
                same.map_or(self.clock.today, |before| before.tier_since)
            })),
            _ => {
                let now = self.tier(side, id).is_some_and(|tier| tier.qualified).then_some(self.clock.today);
                date(before.and_then(|before| before.first_qualified).or(now))
            }
        }
    }

    /// Whether the hash of the account's id lies in the share of all hashes that is held out.
    fn held_out(&self, side: Side, id: &str) -> bool {
        let home = if side == Side::User { self.log.home(id, &self.model) } else { None };
        let holdout = self.model.holdout.as_ref().expect("a model that holds somebody out");
        let digest = md5::hex(format!("{}\u{1f}{}", home.as_deref().unwrap_or(id), holdout.salt).as_bytes());
        let hash = u32::from_str_radix(&digest[..8], 16).expect("hex");
        f64::from(hash) / 4_294_967_296.0 < holdout.share
    }

    /// The facts that depend on points.
    fn standing_fact(&self, side: Side, id: &str, name: &str) -> Value {
        let text = |text: Option<&String>| text.map_or(Value::Null, |text| Value::Text(text.clone()));
        match name {
            "score" => Value::Num(self.points(side, id).score as f64 / 1000.0),
            "tier" => text(self.tier(side, id).map(|tier| &tier.name)),
            "qualified" => self.tier(side, id).map_or(Value::Null, |tier| Value::Bool(tier.qualified)),
            "route" => text(self.route(side, id).map(|route| &route.name)),
            "motion" => text(self.route(side, id).map(|route| &route.motion).filter(|m| !m.is_empty())),
            other => {
                let category = other.strip_prefix("points_").unwrap_or_else(|| panic!("unknown fact {other}"));
                let points = self.points(side, id);
                let found = points.categories.iter().find(|(name, _, _)| name == category);
                let bounded = found.unwrap_or_else(|| panic!("unknown category {category}")).2;
                Value::Num(bounded as f64 / 1000.0)
            }
        }
    }
}
