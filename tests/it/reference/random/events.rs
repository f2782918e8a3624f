//! Generates random events with awkward times, ids and properties, and the enrichment files.

use super::expressions::real_name;
use super::{Rng, Stage, midnight, text};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use std::fmt::Write;

const USERS: [&str; 8] = ["\"u1\"", "\"u2\"", "101", "\"u10\"", "\"Zed\"", "\"u3\"", "9007199254740993", "\"u,4\""];
const ACCOUNTS: [&str; 4] = ["\"acme\"", "77", "\"beta, inc\"", "\"c3\""];

/// The event lines, in a random order.
pub fn lines(rng: &mut Rng, stage: &Stage) -> Vec<String> {
    let most = rng.pick(&[3, 4, 8]);
    let users = &USERS[..rng.between(3, most) as usize];
    let accounts = &ACCOUNTS[..rng.between(2, 4) as usize];
    // The accounts of each user; some users have none.
    let homes: Vec<Vec<&str>> = users.iter().map(|_| rng.some(accounts, 45, 0)).collect();
    let count = if rng.chance(60) { rng.between(20, 70) } else { rng.between(70, 200) };
    let mut times: Vec<i64> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for at in 0..count {
        let time = time(rng, stage, &times);
        times.push(time);
        let who = rng.below(users.len());
        let account = (!homes[who].is_empty() && rng.chance(60)).then(|| rng.pick(&homes[who]));
        if rng.chance(10) {
            lines.push(identity_line(rng, stage, users, accounts, (who, account), time));
            continue;
        }
        let mut fields = vec![format!("\"event\":{:?}", real_name(rng))];
        match rng.below(20) {
            0 => fields.push("\"anonymous_id\":\"v1\"".into()),
            1 => fields.push(format!("\"anonymous_id\":\"v2\",\"account_id\":{}", rng.pick(accounts))),
            2 => fields.push(format!("\"account_id\":{}", rng.pick(accounts))),
            3 => fields.push(format!("\"user_id\":\"none\",\"account_id\":{}", rng.pick(accounts))),
            4 => fields.push(format!("\"user_id\":{},\"account_id\":\"undefined\"", users[who])),
            5 => {
                let first = account.unwrap_or("\"acme\"");
                fields.push(format!("\"user_id\":{},\"account_id\":[{first},\"c3\"]", users[who]));
            }
            _ => {
                fields.push(format!("\"user_id\":{}", users[who]));
                fields.extend(account.map(|account| format!("\"account_id\":{account}")));
            }
        }
        if rng.chance(70) {
            // Some events reuse the id of another one.
            let id = if at > 0 && rng.chance(6) { rng.between(0, at - 1) } else { at };
            fields.push(format!("\"event_id\":{}", if id % 3 == 0 { id.to_string() } else { format!("\"e{id}\"") }));
            if id == 0 {
                fields.pop();
            }
        }
        let properties = properties(rng);
        let copies = if rng.chance(10) { 2 } else { 1 };
        for _ in 0..copies {
            lines.push(line(rng, stage, &fields, &properties, time));
        }
    }
    for at in (1..lines.len()).rev() {
        lines.swap(at, rng.below(at + 1));
    }
    if rng.chance(20) {
        lines.insert(rng.below(lines.len()), String::new());
    }
    lines
}

/// One event, with its keys in a random order and its time in a random notation.
fn line(rng: &mut Rng, stage: &Stage, fields: &[String], properties: &[(&str, String)], time: i64) -> String {
    let mut fields = fields.to_vec();
    fields.push(format!("\"timestamp\":{}", notation(rng, stage, time)));
    let shift = rng.below(properties.len() + 1);
    let turned = properties.iter().cycle().skip(shift).take(properties.len());
    let mut pairs: Vec<String> = turned.map(|(name, value)| format!("{name:?}:{value}")).collect();
    // A generator of its own, so that cases stay what they are but for these.
    let mut stamps = Rng { state: rng.state ^ 0x6c6f_6164, common: Vec::new() };
    if stamps.chance(20) {
        pairs.push(format!("{:?}:{}", stamps.pick(&["_loaded_at", "RECEIVED_AT"]), stamps.below(3)));
    }
    if !pairs.is_empty() || rng.chance(50) {
        fields.push(format!("\"properties\":{{{}}}", pairs.join(",")));
    }
    let shift = rng.below(fields.len());
    fields.rotate_left(shift);
    format!("{{{}}}", fields.join(","))
}

/// An identify, group or alias line.
fn identity_line(
    rng: &mut Rng,
    stage: &Stage,
    users: &[&str],
    accounts: &[&str],
    (who, account): (usize, Option<&str>),
    time: i64,
) -> String {
    let traits: Vec<String> = properties(rng).iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    let traits = traits.join(",");
    let time = notation(rng, stage, time);
    match rng.below(9) {
        0..=3 => {
            format!("{{\"type\":\"identify\",\"user_id\":{},\"timestamp\":{time},\"traits\":{{{traits}}}}}", users[who])
        }
        4..=7 => {
            let user = match account {
                Some(_) if rng.chance(60) => format!("\"user_id\":{},", users[who]),
                _ if rng.chance(5) => "\"user_id\":\"member without events\",".into(),
                _ => String::new(),
            };
            let account = account.unwrap_or(accounts[0]);
            format!(
                "{{\"type\":\"group\",{user}\"account_id\":{account},\"timestamp\":{time},\"traits\":{{{traits}}}}}"
            )
        }
        _ => format!("{{\"type\":\"alias\",\"previous_id\":\"ghost1\",\"user_id\":\"ghost2\",\"timestamp\":{time}}}"),
    }
}

/// An instant near an edge: midnights, other events, windows before the end, and the end itself.
fn time(rng: &mut Rng, stage: &Stage, times: &[i64]) -> i64 {
    let spans = [3_600, 5_400, 86_400, 129_600, 172_800, 259_200, 604_800, 1_209_600];
    let nudge = rng.pick(&[0, 0, 0, 1, -1, 1_000_000]);
    let days = rng.between(0, stage.days);
    let time = match rng.below(12) {
        0 | 1 => midnight(&stage.zone, stage.date_before(days)) + nudge,
        2 if !times.is_empty() => rng.pick(times),
        3 | 4 if !times.is_empty() => rng.pick(times) + rng.pick(&spans) * 1_000_000 + nudge,
        5 => stage.as_of - rng.pick(&spans) * 1_000_000 + nudge,
        6 if rng.chance(30) => stage.as_of + rng.pick(&[-1, 0, 1, 3_600_000_000]),
        7 if !times.is_empty() => rng.pick(times) + rng.between(1, 7_200) * 1_000_000,
        _ => midnight(&stage.zone, stage.date_before(days)) + rng.between(0, 86_399) * 1_000_000,
    };
    time.min(stage.as_of + 7_200_000_000)
}

/// An instant in a random notation.
fn notation(rng: &mut Rng, stage: &Stage, time: i64) -> String {
    let timestamp = Timestamp::from_microsecond(time).expect("in range");
    let zoned = |zone: TimeZone, format: &str| format!("{:?}", timestamp.to_zoned(zone).strftime(format).to_string());
    match rng.below(9) {
        0 => zoned(stage.zone.clone(), "%Y-%m-%dT%H:%M:%S%.f%:z"),
        1 => zoned(TimeZone::fixed(Offset::constant(-7)), "%Y-%m-%dT%H:%M:%S%.f%:z"),
        2 => {
            let name = stage.unzoned.unwrap_or("UTC");
            let zone = TimeZoneDatabase::bundled().get(name).expect("the zone is a known one");
            zoned(zone, "%Y-%m-%dT%H:%M:%S%.f")
        }
        3 if time % 1_000_000 == 0 => (time / 1_000_000).to_string(),
        4 if time % 1_000 == 0 => (time / 1_000).to_string(),
        5 => format!("\"{time}\""),
        6 => (i128::from(time) * 1_000).to_string(),
        _ => format!("{:?}", text(time)),
    }
}

/// Properties with values of every JSON type.
fn properties(rng: &mut Rng) -> Vec<(&'static str, String)> {
    let all: [(&'static str, &[&str]); 15] = [
        (
            "feature",
            &[
                "\"api\"",
                "\"Api\"",
                "\"apis\"",
                "\"boards\"",
                "\"caf\u{e9}s\"",
                "\"ai\"",
                "\"12\"",
                "12",
                "true",
                "\"\"",
            ],
        ),
        (
            "amount",
            &[
                "1",
                "12",
                "12.5",
                "12.0",
                "\"12\"",
                "\"12.50\"",
                "-3.25",
                "0",
                "100",
                "1e1",
                "\"x\"",
                "null",
                "true",
                "\"1e2\"",
                "[1]",
                "2.05",
            ],
        ),
        ("status", &["200", "200", "\"200\"", "404", "\"404\"", "500", "200.0", "null", "\"ok\""]),
        ("flag", &["true", "false", "\"true\"", "\"false\"", "null", "1", "\"\""]),
        ("plan", &["\"pro\"", "\"free\"", "\"Pro\"", "\"api\"", "null", "\"\"", "{\"a\":1}", "[]", "7", "false"]),
        ("board", &["\"a\"", "\"b\"", "1", "\"1\"", "2", "null", "\"\""]),
        (
            "cart",
            &[
                "{\"total\":5,\"item\":{\"code\":\"x\"}}",
                "{\"total\":\"3.5\",\"item\":{\"code\":7}}",
                "{\"total\":null}",
                "\"cart\"",
                "{}",
                "[{\"total\":9}]",
            ],
        ),
        ("odd name", &["\"yes\"", "\"no\"", "null", "1"]),
        ("role", &["\"vp\"", "\"cto\"", "\"dev\"", "\"VP\"", "null", "5", "\"\""]),
        ("title", &["\"vp\"", "\"dev\"", "null", "[\"vp\"]", "true"]),
        ("employees", &["10", "\"50\"", "\"many\"", "null", "12.5", "{}"]),
        ("size", &["7", "\"500\"", "49.999", "true"]),
        ("opt_in", &["true", "\"TRUE\"", "\"false\"", "\"no\"", "0", "null"]),
        (
            "trial_ends",
            &[
                "\"2026-03-08\"",
                "\"2026-02-30\"",
                "\"2018-11-04T02:30:00Z\"",
                "\"2025-11-02T05:30:00-04:00\"",
                "\"soon\"",
                "null",
                "20260101",
            ],
        ),
        ("industry", &["\"saas\"", "\"retail\"", "null", "3.10", "false"]),
    ];
    let mut properties = Vec::new();
    for (name, values) in all {
        if rng.chance(45) {
            properties.push((name, rng.pick(values).to_owned()));
        }
    }
    properties
}

/// An enrichment file with a row for each id; some cells are empty.
fn csv(rng: &mut Rng, key: &str, ids: &[&str]) -> String {
    let mut csv = format!("{key},title,role,employees,size,opt_in,trial_ends,unused\n");
    for id in rng.some(ids, 55, 1) {
        let cells = [
            rng.pick(&["", "vp", "\"head, of\"", "dev"]),
            rng.pick(&["", "cto", "\"say \"\"hi\"\"\"", "7.50"]),
            rng.pick(&["", "", "120", "many", "3.5"]),
            rng.pick(&["", "9", "1e2"]),
            rng.pick(&["", "true", "FALSE", "maybe"]),
            rng.pick(&["", "", "2026-03-09", "2018-11-04T02:30:00Z", "later"]),
            rng.pick(&["", "x"]),
        ];
        let _ = writeln!(csv, "{id},{}", cells.join(","));
    }
    csv
}

pub fn users_csv(rng: &mut Rng) -> String {
    csv(rng, "user_id", &["u1", "u2", "101", "u10", "Zed", "9007199254740993", "\"u,4\"", "nobody_yet"])
}

pub fn accounts_csv(rng: &mut Rng) -> String {
    csv(rng, "account_id", &["acme", "77", "\"beta, inc\"", "c3", "far away"])
}
