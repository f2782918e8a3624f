//! Builds the rows of users and accounts, and the counts of milestones.

use super::MilestoneCount;
use super::clock::{DAY, HOUR, instant_cell};
use super::facts::{Side, World};
use super::milestones::{standing, unknown};
use super::points::points_text;
use super::value::Value;
use std::cmp::Reverse;

/// The header and the rows of one level, sorted by score and then by id.
pub fn rows(world: &World, side: Side) -> Vec<Vec<String>> {
    let mut ids: Vec<String> = world.ids(side).into_iter().collect();
    ids.sort_by_key(|id| (Reverse(world.points(side, id).score), id.clone()));
    let mut rows = vec![header(world, side)];
    rows.extend(ids.iter().map(|id| row(world, side, id)));
    rows
}

fn header(world: &World, side: Side) -> Vec<String> {
    let level = world.level(side);
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
    let mut header = match side {
        Side::User => words(
            "user_id account_id account_tier account_qualified score tier qualified route motion to action is_champion is_buyer",
        ),
        Side::Account => words(
            "account_id segment score tier qualified route motion to action members users active_users_28 champion buyer",
        ),
    };
    header.extend(world.categories(side).iter().map(|category| format!("points_{category}")));
    header.push("signals".into());
    if side == Side::Account {
        header.push("member_signals".into());
    }
    for milestone in &level.milestones {
        header.extend([milestone.name.clone(), format!("{}_at", milestone.name)]);
    }
    header.extend(words(match side {
        Side::User => "first_seen last_seen active_days_28 suppressed say because message",
        Side::Account => "first_seen last_seen suppressed say because message",
    }));
    header.extend(level.columns.iter().cloned());
    header
}

fn row(world: &World, side: Side, id: &str) -> Vec<String> {
    let level = world.level(side);
    let points = world.points(side, id);
    let fact = |name: &str| cell(&world.fact(side, id, name));
    let route = world.route(side, id);
    let of_route = |get: &dyn Fn(&super::model::Route) -> String| route.map(get).unwrap_or_default();

    let mut row = vec![id.to_owned()];
    row.push(match side {
        Side::User => world.log.home(id, &world.model).unwrap_or_default(),
        Side::Account => fact("segment"),
    });
    if side == Side::User {
        let home = world.home_row(id);
        let of_home =
            |name: &str| home.as_ref().map_or(String::new(), |home| cell(&world.fact(Side::Account, home, name)));
        row.extend(["tier", "qualified"].map(of_home));
    }
    row.push(points_text(points.score));
    row.extend(["tier", "qualified", "route", "motion"].map(fact));
    row.extend([of_route(&|r| owner(world, side, id, r)), of_route(&|r| fill(world, side, id, &r.action))]);
    match side {
        Side::User => {
            let home = world.home_row(id);
            let is = |person: Option<String>| (person.as_deref() == Some(id)).to_string();
            row.push(is(home.as_ref().and_then(|home| champion(world, home))));
            row.push(is(home.as_ref().and_then(|home| buyer(world, home))));
        }
        Side::Account => {
            row.extend(["members", "users", "active_users_28"].map(fact));
            row.push(champion(world, id).unwrap_or_default());
            row.push(buyer(world, id).unwrap_or_default());
        }
    }
    row.extend(points.categories.iter().map(|(_, _, bounded)| points_text(*bounded)));
    row.push(signals(world, side, id));
    if side == Side::Account {
        row.push(member_signals(world, id));
    }
    for milestone in &level.milestones {
        let standing = standing(world, side, id, milestone);
        let told = !unknown(world, side, milestone);
        row.push(if told { standing.word() } else { "unknown" }.into());
        row.push(standing.reached.map_or(String::new(), instant_cell));
    }
    let times = || {
        world.log.events.iter().filter(|e| {
            let key = if side == Side::User { &e.user } else { &e.account };
            key.as_deref() == Some(id)
        })
    };
    row.push(times().map(|e| e.time).min().map_or(String::new(), instant_cell));
    row.push(times().map(|e| e.time).max().map_or(String::new(), instant_cell));
    if side == Side::User {
        row.push(fact("active_days_28"));
    }
    let suppressed = level.suppressed.iter().find(|(_, when)| world.holds(side, id, Some(when)));
    row.push(suppressed.map_or(String::new(), |(name, _)| name.clone()));
    row.push(say(world, side, id));
    row.push(of_route(&|r| fill(world, side, id, &r.because)));
    row.push(of_route(&|r| fill(world, side, id, &r.message)));
    row.extend(level.columns.iter().map(|column| fact(column)));
    row
}

/// Who gets an entity: whoever the route names, else the member of the pool who is soonest by the hash of the account's id.
fn owner(world: &World, side: Side, id: &str, route: &super::model::Route) -> String {
    let named = fill(world, side, id, &route.to);
    if !named.is_empty() {
        return named;
    }
    let home = if side == Side::User { world.log.home(id, &world.model) } else { None };
    let account = home.as_deref().unwrap_or(id);
    let mut soonest = (f64::INFINITY, String::new());
    for (name, weight) in &route.pool {
        let digest = super::md5::hex(format!("{account}\u{1f}{name}").as_bytes());
        let hash = u64::from_str_radix(&digest[..8], 16).expect("hex") as f64;
        let wait = -((hash + 0.5) / 2_f64.powi(32)).ln() / weight;
        if wait < soonest.0 {
            soonest = (wait, name.clone());
        }
    }
    soonest.1
}

/// A value as a cell of the output.
fn cell(value: &Value) -> String {
    value.text().unwrap_or_default()
}

/// The fired signals by index, largest first.
fn largest_first(world: &World, side: Side, id: &str) -> Vec<(usize, i64)> {
    let mut fired = world.points(side, id).fired;
    fired.sort_by_key(|(at, points)| (Reverse(*points), *at));
    fired
}

/// Every fired signal with its points, and the changes by bounds.
fn signals(world: &World, side: Side, id: &str) -> String {
    let points = world.points(side, id);
    let signals = &world.level(side).signals;
    let named = largest_first(world, side, id);
    let mut pieces: Vec<String> =
        named.iter().map(|(at, paid)| format!("{}:{}", signals[*at].name, points_text(*paid))).collect();
    for (category, raw, bounded) in &points.categories {
        if raw != bounded {
            pieces.push(format!("cap:{category}:{}", points_text(bounded - raw)));
        }
    }
    if points.total != points.score {
        pieces.push(format!("cap:score:{}", points_text(points.score - points.total)));
    }
    pieces.join(";")
}

/// What the members of an account were paid for, by signal, and what bounds took or gave.
fn member_signals(world: &World, id: &str) -> String {
    let signals = &world.level(Side::User).signals;
    let mut sums = vec![(0, 0); signals.len()];
    let mut caps: Vec<(String, i64, bool)> = Vec::new();
    for member in world.members(id) {
        let points = world.points(Side::User, &member);
        for (at, paid) in &points.fired {
            sums[*at] = (sums[*at].0 + paid, sums[*at].1 + 1);
        }
        let bounds = points.categories.iter().map(|(name, raw, bounded)| (name.clone(), bounded - raw, raw != bounded));
        let of_score = ("score".to_owned(), points.score - points.total, points.score != points.total);
        let bounds: Vec<(String, i64, bool)> = bounds.chain([of_score]).collect();
        if caps.is_empty() {
            caps = bounds;
        } else {
            caps.iter_mut().zip(bounds).for_each(|(cap, bound)| {
                cap.1 += bound.1;
                cap.2 |= bound.2;
            });
        }
    }
    let mut fired: Vec<usize> = (0..signals.len()).filter(|at| sums[*at].1 > 0).collect();
    fired.sort_by_key(|at| (Reverse(sums[*at].0), *at));
    let paid = fired.iter().map(|at| format!("{}:{} ({})", signals[*at].name, points_text(sums[*at].0), sums[*at].1));
    let caps = caps.iter().filter(|(_, _, bounded)| *bounded);
    let caps = caps.map(|(name, bound, _)| format!("cap:{name}:{}", points_text(*bound)));
    paid.chain(caps).collect::<Vec<String>>().join(";")
}

fn say(world: &World, side: Side, id: &str) -> String {
    let signals = &world.level(side).signals;
    let fired = largest_first(world, side, id);
    let said = fired.iter().filter_map(|(at, _)| signals[*at].say.as_ref());
    said.map(|text| fill(world, side, id, text)).collect::<Vec<String>>().join("; ")
}

/// Brackets that are written twice, until the end.
const DOUBLED: [(&str, char); 4] = [("{{", '\u{e000}'), ("}}", '\u{e001}'), ("[[", '\u{e002}'), ("]]", '\u{e003}')];

/// A template with its facts.
fn fill(world: &World, side: Side, id: &str, template: &str) -> String {
    let mut marked = String::new();
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let double = DOUBLED.iter().find(|(double, _)| rest.starts_with(double));
        marked.push(double.map_or(c, |(_, mark)| *mark));
        rest = &rest[double.map_or(c.len_utf8(), |_| 2)..];
    }
    let mut text = String::new();
    let mut rest = marked.as_str();
    while let Some(open) = bracket(rest, '[') {
        let close = bracket(&rest[open..], ']').expect("a closing bracket") + open;
        text += &filled(world, side, id, &rest[..open]).0;
        let part = &rest[open + 1..close];
        match filled(world, side, id, part) {
            (plain, None) => text += &format!("[{plain}]"),
            (full, Some(true)) => text += &full,
            (_, Some(false)) => {}
        }
        rest = &rest[close + 1..];
    }
    text += &filled(world, side, id, rest).0;
    DOUBLED.iter().fold(text, |text, (double, mark)| text.replace(*mark, &double[..1]))
}

/// The first bracket of a kind outside of braces.
fn bracket(text: &str, wanted: char) -> Option<usize> {
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            c if c == wanted && !inside => return Some(at),
            _ => {}
        }
    }
    None
}

/// A text with its facts, and whether all of them say something; none if it has no facts.
fn filled(world: &World, side: Side, id: &str, template: &str) -> (String, Option<bool>) {
    let mut pieces = template.split('{');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    let mut says = None;
    for piece in pieces {
        let (inside, after) = piece.split_once('}').expect("a closing brace");
        let end = inside.find(['|', '?']).unwrap_or(inside.len());
        let value = world.eval(side, id, &super::expr::parse(&inside[..end])).text();
        let silent = value.as_deref().is_none_or(|value| ["", "0", "-0", "false"].contains(&value));
        says = Some(says.unwrap_or(true) && !silent);
        text += &match inside[end..].split_at(inside.len().min(end + 1) - end) {
            ("?", both) => {
                let (one, other) = both.split_once(':').expect("two texts");
                if matches!(value.as_deref(), Some("1" | "true")) { one } else { other }.to_owned()
            }
            (_, fallback) => value.unwrap_or_else(|| fallback.to_owned()),
        };
        text += after;
    }
    (text, says)
}

pub fn champion(world: &World, account: &str) -> Option<String> {
    let members = world.members(account);
    let able = members.into_iter().filter(|user| world.holds(Side::User, user, world.model.champion.as_ref()));
    best(world, able.collect())
}

pub fn buyer(world: &World, account: &str) -> Option<String> {
    let condition = world.model.buyer.as_ref()?;
    let members = world.members(account);
    let recent = |user: &String| world.fact(Side::User, user, "active_days_28").num().is_some_and(|days| days >= 1.0);
    let able = members.into_iter().filter(|user| recent(user) && world.holds(Side::User, user, Some(condition)));
    best(world, able.collect())
}

/// The user with the highest score; ties by active days, then by the smallest id.
fn best(world: &World, users: Vec<String>) -> Option<String> {
    users.into_iter().min_by_key(|user| {
        let days = world.fact(Side::User, user, "active_days_28").num().unwrap_or(0.0) as i64;
        (Reverse(world.points(Side::User, user).score), Reverse(days), user.clone())
    })
}

/// The counts of each milestone of a level.
pub fn milestone_counts(world: &World, side: Side) -> Vec<(String, MilestoneCount)> {
    let mut counts = Vec::new();
    for milestone in &world.level(side).milestones {
        let mut count = MilestoneCount::default();
        let (mut closed, mut closed_reached) = (0, 0);
        let mut hours = Vec::new();
        if unknown(world, side, milestone) {
            count.unknown = world.ids(side).len() as u64;
            count.left_out = count.unknown;
            counts.push((milestone.name.clone(), count));
            continue;
        }
        for id in world.ids(side) {
            let standing = standing(world, side, &id, milestone);
            match standing.word() {
                "reached" => count.reached += 1,
                "pending" => count.pending += 1,
                _ => count.missed += 1,
            }
            if standing.mature {
                closed += 1;
                closed_reached += u64::from(standing.reached.is_some());
            } else {
                count.left_out += 1;
            }
            hours.extend(world.fact(side, &id, &format!("{}_hours", milestone.name)).num());
        }
        hours.sort_by(f64::total_cmp);
        count.rate = (closed > 0).then(|| closed_reached as f64 / f64::from(closed));
        let middle = hours.len() / 2;
        count.median_hours = match hours.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(hours[middle]),
            _ => Some((hours[middle - 1] + hours[middle]) / 2.0),
        };
        let days = |span: i64| span as f64 / DAY as f64;
        let target = milestone.target.map(|target| days(target) * (DAY / HOUR) as f64);
        count.target_met = target.and_then(|target| Some(count.median_hours? <= target));
        counts.push((milestone.name.clone(), count));
    }
    counts
}
