//! Warnings about conditions on events, and their soundness. A condition that is reported as never
//! or always true is evaluated on events.

use pql_engine::plan::parse;
use pql_model::{
    diag::{Diagnostic, SourceDocument},
    lint::lint,
};

use crate::run::Folder;

fn warnings(text: &str) -> Vec<Diagnostic> {
    let document = SourceDocument { name: "model.toml".to_owned(), text: text.to_owned() };
    let model = parse(&document).unwrap_or_else(|problems| panic!("{problems}"));
    lint(&model.resolved)
}

/// A model with one condition on events.
fn model(condition: &str) -> String {
    format!(
        "schema = 1\n[[user.signals]]\nname = \"s\"\nevent = [\"exported\", \"shared\"]\nwhere = \"\"\"{condition}\"\"\"\npoints = 1\n"
    )
}

/// The warnings for one condition on events: code, message and help.
fn told(condition: &str) -> Vec<(&'static str, String, String)> {
    let all = warnings(&model(condition)).into_iter().filter(|one| ["M030", "M031", "M059"].contains(&one.code));
    all.map(|one| (one.code, one.message, one.help.unwrap_or_default())).collect()
}

#[test]
fn conditions_on_events_that_are_never_true_are_told_with_what_excludes_what() {
    for (condition, help) in [
        ("tier = 'a' and tier = 'b'", "`tier = 'a'` and `tier = 'b'` are never true of one event"),
        ("size > 10 and size < 5", "`size > 10` and `size < 5` are never true of one event"),
        (
            "size = 1 and kind = 'x' and size between 2 and 3",
            "`size = 1` and `size between 2 and 3` are never true of one event",
        ),
        ("lower(kind) = 'PDF'", "no event makes `lower(kind) = 'PDF'` true"),
        ("kind is null and kind = 'x'", "`kind is null` and `kind = 'x'` are never true of one event"),
        ("paid = true and paid = 'no'", "`paid` and `paid = 'no'` are never true of one event"),
        ("kind = 'x' and kind > 3", "`kind = 'x'` and `kind > 3` are never true of one event"),
        (
            "day > date '2026-02-01' and day < date '2026-01-01'",
            "`day > date '2026-02-01'` and `day < date '2026-01-01'` are never true of one event",
        ),
        ("kind = ''", "no event makes `kind = ''` true"),
        ("event = 'deleted'", "no event makes `event = 'deleted'` true"),
        (
            "coalesce(plan, 'free') = 'free' and plan = 'pro'",
            "`coalesce(plan, 'free') = 'free'` and `plan = 'pro'` are never true of one event",
        ),
        (
            "plan in ('a', 'b') and not plan in ('a', 'b', 'c')",
            "`plan in ('a', 'b')` and `not plan in ('a', 'b', 'c')` are never true of one event",
        ),
    ] {
        let told = told(condition);
        let [(code, message, found)] = told.as_slice() else { panic!("{condition}: {told:?}") };
        assert_eq!((*code, message.as_str()), ("M030", "`where` of signal `s` is never true"), "{condition}");
        // The printer may write a boolean with or without its comparison.
        assert_eq!(found.replace("`paid = true`", "`paid`"), help, "{condition}");
    }
}

#[test]
fn a_way_that_cannot_be_taken_is_named() {
    for (condition, way) in [
        ("format in ('pdf', 'csv') and format <> 'csv'", "format = 'csv'"),
        ("lower(format) in ('PDF', 'csv')", "lower(format) = 'PDF'"),
        ("(size > 5 or size < 0) and size >= 0", "size < 0"),
        ("event = 'exported' or event = 'deleted'", "event = 'deleted'"),
    ] {
        let told = told(condition);
        let [(code, message, _)] = told.as_slice() else { panic!("{condition}: {told:?}") };
        let expected = format!("`{way}` in `where` of signal `s` is never true");
        assert_eq!((*code, message), ("M030", &expected), "{condition}");
    }
}

#[test]
fn conditions_and_needs_that_leave_nothing_out_are_told() {
    for (condition, message) in [
        ("plan is null or plan is not null", "`where` of signal `s` is always true"),
        ("event in ('exported', 'shared')", "`where` of signal `s` is always true"),
        ("coalesce(size, 0) > 1 or coalesce(size, 0) <= 1", "`where` of signal `s` is always true"),
        ("event <> 'deleted' and size > 1", "`event <> 'deleted'` in `where` of signal `s` is always true"),
    ] {
        let told = told(condition);
        let [(code, found, _)] = told.as_slice() else { panic!("{condition}: {told:?}") };
        assert_eq!((*code, found.as_str()), ("M031", message), "{condition}");
    }
}

#[test]
fn nothing_is_told_of_conditions_that_some_event_meets_and_another_does_not() {
    for condition in [
        "size > 10",
        "size > 10 and size < 20",
        "kind = '12' and kind > 3",
        "kind = 'true' and kind = true",
        "lower(kind) = 'pdf' and kind <> 'pdf'",
        "lower(coalesce(kind, 'none')) = 'pdf' and kind <> 'pdf'",
        "kind = '1' and kind = 1",
        "kind = '2026-01-05' and kind < date '2026-02-01'",
        "kind <> 'a' and kind <> 'b'",
        "kind like 'vp %' and kind <> 'vp sales'",
        "kind like 'a%' and kind like '%b'",
        "kind is not null and kind = 'x'",
        "plan in ('a', 'b') or plan = 'c'",
        "a = b",
        "a > b and a < b + 10",
        "size > 3 or size <= 3",
        "not (plan = 'a' and plan = 'b')",
        "event = 'exported' and size > 3",
        "least(a, b) > 3 and a < 10",
        "case when kind = 'a' then size else 0 end > 3",
        "kind > 'a' and kind < 'b'",
    ] {
        let told = told(condition);
        assert!(told.is_empty(), "{condition}: {told:?}");
    }
}

#[test]
fn conditions_of_names_and_of_what_uses_them_are_held_against_each_other() {
    let text = r#"schema = 1
[events]
full = { event = "exported", where = "kind = 'full'" }
part = { event = "exported", where = "kind = 'part'" }
[metrics]
none = { measure = "count", event = "full", where = "kind = 'part'" }
few = { measure = "count", event = ["full", "part"], where = "kind = 'part'" }
[[user.milestones]]
name = "m"
event = "part"
where = "kind = 'full'"
times = 2
[[user.signals]]
name = "s"
when = "none >= 1 or few >= 1"
points = 1
"#;
    let told: Vec<String> = warnings(text)
        .iter()
        .filter(|one| one.code == "M030")
        .map(|one| format!("{} | {}", one.message, one.secondary.as_ref().map_or("", |(_, label)| label.as_str())))
        .collect();
    assert_eq!(
        told,
        [
            "`where` of metric `none` is never true of its events | they also have to meet this one, of event `full`",
            "`where` of milestone `m` is never true of its events | they also have to meet this one, of event `part`",
        ]
    );
}

/// Values of a property, as JSON.
const VALUES: [&str; 26] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "5",
    "-3",
    "7.5",
    "1e3",
    "\"\"",
    "\"a\"",
    "\"A\"",
    "\"b\"",
    "\"ab\"",
    "\"true\"",
    "\"false\"",
    "\"1\"",
    "\"5\"",
    "\"7.50\"",
    "\"2026-01-05\"",
    "\"2026-03-01\"",
    "\"zzz\"",
    "[]",
    "{}",
    "1e400",
];

/// Random conditions over two properties.
fn conditions() -> Vec<String> {
    let parts = [
        "p = 'a'",
        "p = 'b'",
        "p <> 'a'",
        "p in ('a', 'ab', '5')",
        "p > 3",
        "p <= 5",
        "p = 1",
        "p = true",
        "p = 'true'",
        "p is null",
        "p is not null",
        "p < date '2026-02-01'",
        "p >= date '2026-01-05'",
        "lower(p) = 'a'",
        "lower(p) in ('A', 'b')",
        "p like 'a%'",
        "p not like '%b'",
        "p > 'a'",
        "coalesce(p, 'a') = 'a'",
        "nullif(p, 'a') is null",
        "p between 1 and 5",
        "p * 2 > 3",
        "q = 'a'",
        "q > 3",
        "q is null",
        "p = q",
        "p > q",
        "case when p > 3 then q = 'a' else p = 'b' end",
        "least(p, 4) = 4",
        "event = 'exported'",
        "event <> 'shared'",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut all: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for _ in 0..600 {
        let mut one = parts[random(parts.len())].to_owned();
        for _ in 0..=random(3) {
            let part = parts[random(parts.len())];
            let part = if random(4) == 0 { format!("not ({part})") } else { part.to_owned() };
            one = format!("({one}) {} {part}", ["and", "or"][random(2)]);
        }
        all.push(one);
    }
    all
}

#[test]
fn what_is_said_to_be_never_or_always_true_is_so_of_every_event_that_is_tried() {
    let claimed: Vec<(String, bool)> = conditions()
        .into_iter()
        .filter_map(|condition| {
            let told = told(&condition);
            let whole = told.iter().find(|(_, message, _)| message.starts_with("`where` of signal"));
            whole.map(|(code, ..)| (condition.clone(), *code == "M031"))
        })
        .collect();
    assert!(claimed.iter().filter(|(_, always)| !always).count() > 30, "{claimed:?}");
    assert!(claimed.iter().filter(|(_, always)| *always).count() > 3, "{claimed:?}");
    let folder = Folder::new();
    let mut events = String::new();
    let mut lines = 0;
    for name in ["exported", "shared"] {
        for p in VALUES {
            for q in VALUES {
                lines += 1;
                events += &format!(
                    "{{\"event\":\"{name}\",\"timestamp\":\"2026-10-28T09:00:00Z\",\"user_id\":\"kim\",\"properties\":{{\"p\":{p},\"q\":{q}}}}}\n"
                );
            }
        }
    }
    folder.write("events.ndjson", events);
    let mut text = "schema = 1\n[metrics]\n".to_owned();
    for (at, (condition, _)) in claimed.iter().enumerate() {
        text += &format!(
            "m{at} = {{ measure = \"count\", event = [\"exported\", \"shared\"], where = \"\"\"{condition}\"\"\" }}\n"
        );
    }
    text += "[output]\nuser_columns = [";
    (0..claimed.len()).for_each(|at| text += &format!("\"m{at}\", "));
    text += "]\n[[user.signals]]\nname = \"s\"\nevent = \"exported\"\npoints = 1\n";
    folder.write("model.toml", text);
    let outcome = folder.pql("score events.ndjson -m model.toml --level user --format json -q");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let rows: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    for (at, (condition, always)) in claimed.iter().enumerate() {
        let counted = rows[0][format!("m{at}")].as_u64();
        assert_eq!(counted, Some(if *always { lines } else { 0 }), "{condition}");
    }
}
