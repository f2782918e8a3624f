//! What costs near as much as it is long: shapes of input whose cost once grew with the product of two lengths. Each is run at a size and at four
//! times that size, which would take sixteen times as long again; the shortest of a few runs counts.

use std::time::{Duration, Instant};

use crate::run::Folder;

/// Four is linear, sixteen is quadratic; what is more than this is not near linear.
const RATIO_MAX: f64 = 10.0;

const MODEL: &str = "schema = 1\n[[user.signals]]\nname = \"s\"\nevent = \"a\"\npoints = 1\n";

fn event(user: &str, more: &str) -> String {
    format!("{{\"event\":\"a\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"user_id\":\"{user}\"{more}}}\n")
}

/// How long a run of the program takes that does some work, beyond one that does none.
fn spent(folder: &Folder, arguments: &str) -> Duration {
    let once = |_: usize| {
        let started = Instant::now();
        let outcome = folder.pql(arguments);
        assert!(matches!(outcome.code, 0 | 1), "{arguments}: {outcome:?}");
        started.elapsed()
    };
    (0..3).map(once).min().expect("some runs")
}

/// Holds the time of four times the size against that of the size; `write` makes the input and gives the arguments.
fn hold(size: usize, write: impl Fn(&Folder, usize) -> String) {
    let [once, four_times] = [size, 4 * size].map(|size| {
        let folder = Folder::in_memory();
        folder.write("model.toml", MODEL);
        let arguments = write(&folder, size);
        spent(&folder, &arguments)
    });
    let ratio = four_times.as_secs_f64() / once.as_secs_f64();
    assert!(ratio < RATIO_MAX, "four times {size} takes {ratio:.1} times as long: {once:?}, {four_times:?}");
}

const SCORE: &str = "score events.ndjson -m model.toml --as-of 2026-03-01 --threads 1 -q";

#[test]
fn dates_on_which_one_user_names_accounts_in_any_order() {
    hold(10_000, |folder, dates| {
        let first = jiff::civil::date(1000, 1, 1);
        let line = |number: usize| {
            // Any step that has no common divisor with the number goes through all of them.
            let day = first + jiff::Span::new().days((number * 7919 % dates) as i64);
            let account = number % 5;
            format!(
                "{{\"event\":\"a\",\"timestamp\":\"{day}T10:00:00Z\",\"user_id\":\"kim\",\"account_id\":\"a{account}\"}}\n"
            )
        };
        folder.write("events.ndjson", (0..dates).map(line).collect::<String>());
        SCORE.to_owned()
    });
}

#[test]
fn patterns_over_long_texts() {
    for pattern in ["%{}b%", "%{}b%c%", "%_{}b%"] {
        hold(1000, |folder, letters| {
            let pattern = pattern.replace("{}", &"a".repeat(letters));
            let model = MODEL.replace("event = \"a\"", &format!("event = \"a\"\nwhere = \"t like '{pattern}'\""));
            folder.write("model.toml", model);
            let text = "a".repeat(100 * letters);
            folder.write("events.ndjson", event("kim", &format!(",\"properties\":{{\"t\":\"{text}\"}}")));
            SCORE.to_owned()
        });
    }
}

#[test]
fn globs_over_long_ids() {
    hold(1000, |folder, letters| {
        let glob = "a".repeat(letters);
        folder.write("model.toml", format!("{MODEL}[identity]\nexclude_users = [\"*{glob}b*\"]\n"));
        folder.write("events.ndjson", event(&"a".repeat(100 * letters), ""));
        SCORE.to_owned()
    });
}

#[test]
fn columns_of_a_table() {
    hold(3000, |folder, columns| {
        let letter = |number: usize| char::from(b'a' + (number % 26) as u8);
        let name = |column: usize| [column / 676, column / 26, column].map(letter).iter().collect::<String>();
        let names: Vec<String> = (0..columns).map(name).collect();
        let header = format!("user_id,event,timestamp,event_id,{}", names.join(","));
        let row = format!("kim,a,2026-03-01T10:00:00Z,e1{}", ",1".repeat(columns));
        folder.write("events.csv", format!("{header}\n{row}\n"));
        SCORE.replace("events.ndjson", "events.csv")
    });
}

#[test]
fn signals_that_are_checked() {
    hold(600, |folder, signals| {
        let metric = |number: usize| format!("m{number} = {{ measure = \"count\", event = \"e{number}\" }}\n");
        let signal =
            |number: usize| format!("[[user.signals]]\nname = \"s{number}\"\nwhen = \"m{number} > 1\"\npoints = 1\n");
        let metrics: String = (0..signals).map(metric).collect();
        let all: String = (0..signals).map(signal).collect();
        folder.write("large.toml", format!("schema = 1\n[metrics]\n{metrics}{all}"));
        "check large.toml".to_owned()
    });
}
