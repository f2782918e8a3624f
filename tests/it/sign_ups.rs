//! `pql init` finds the events with which users and accounts begin, whatever they are called.

use crate::run::Folder;

/// Who has an event, and when.
#[derive(Clone, Copy)]
pub(crate) enum Habit {
    /// Everybody, first of all.
    First,
    /// The first person of each team, first of all.
    Founder,
    /// The others of each team, first of all.
    Joiner,
    /// One person in three, first of all.
    Third,
    /// Everybody a few days later, once.
    Later,
    /// Everybody on the day after, once.
    NextDay,
    /// Everybody, first of all and every few days.
    Daily,
    /// One person in seven, some minutes before all else, and again later.
    Before,
}

/// Three people of each of 24 teams; a team comes every third day, its other people two days later each.
struct Person {
    number: u32,
    team: u32,
    day: u32,
    is_founder: bool,
}

fn people() -> impl Iterator<Item = Person> {
    (0..72).map(|number| Person {
        number,
        team: number / 3,
        day: number / 3 * 3 + number % 3 * 2,
        is_founder: number % 3 == 0,
    })
}

impl Habit {
    /// The minutes of the events of somebody, from the beginning.
    fn minutes(self, person: &Person) -> Vec<u32> {
        let start = person.day * 1440;
        let has = match self {
            Habit::Founder => person.is_founder,
            Habit::Joiner => !person.is_founder,
            Habit::Third => person.number % 3 == 1,
            Habit::Before => person.number % 7 == 1,
            Habit::First | Habit::NextDay | Habit::Later | Habit::Daily => true,
        };
        match self {
            _ if !has => Vec::new(),
            Habit::First | Habit::Founder | Habit::Joiner | Habit::Third => vec![start + 20],
            Habit::Before => vec![start + 5, start + 3 * 1440, start + 9 * 1440],
            Habit::NextDay => vec![start + 1440],
            Habit::Later => vec![start + 4 * 1440],
            Habit::Daily => (0..20).map(|times| start + 10 + times * 3 * 1440).collect(),
        }
    }
}

/// An event in both layouts.
pub(crate) const LAYOUTS: [&str; 2] = ["e.ndjson", "e.csv"];

/// Writes a dump; days before the given one are cut off.
pub(crate) fn dump(layout: &str, events: &[(&str, Habit)], cut: u32) -> Folder {
    let daily = [("Board Sorted", Habit::Daily), ("Task Completed", Habit::Daily), ("Chart Drawn", Habit::Daily)];
    let mut lines = Vec::new();
    for person in people() {
        let own = events.iter().map(|(name, habit)| (*name, *habit, 0));
        for (name, habit, later) in own.chain(daily.map(|(name, habit)| (name, habit, 60))) {
            for minute in habit.minutes(&person).into_iter().map(|minute| minute + later) {
                if (cut * 1440..120 * 1440).contains(&minute) {
                    lines.push((minute, name, person.number, person.team));
                }
            }
        }
    }
    lines.sort_unstable();
    let base: jiff::Timestamp = "2026-02-01T00:00:00Z".parse().expect("an instant");
    let at = |minute: u32| base + jiff::SignedDuration::from_mins(minute.into());
    let text: String = if layout == "e.csv" {
        let row =
            |(minute, name, user, team): &(u32, &str, u32, u32)| format!("{name},{},w{user},t{team}\n", at(*minute));
        "eventName,occurredAt,memberId,teamId\n".to_owned() + &lines.iter().map(row).collect::<String>()
    } else {
        let line = |(minute, name, user, team): &(u32, &str, u32, u32)| {
            format!(
                "{{\"event\":\"{name}\",\"timestamp\":\"{}\",\"user_id\":\"w{user}\",\"account_id\":\"t{team}\"}}\n",
                at(*minute)
            )
        };
        lines.iter().map(line).collect()
    };
    let folder = Folder::in_memory();
    folder.write(layout, text);
    folder
}

/// Events of a dump, the day before which it is cut, those that are taken for sign-ups, and what speaks for them.
type StartCase = (&'static str, &'static [(&'static str, Habit)], u32, &'static [&'static str], &'static str);

const STARTS: [StartCase; 9] = [
    (
        "everybody begins with it",
        &[("Seat Activated", Habit::First)],
        0,
        &["Seat Activated"],
        "it happens once, and 59 of 59 new users begin with it",
    ),
    (
        "a session comes before it",
        &[("Logged In", Habit::Daily), ("trialBegun", Habit::First)],
        0,
        &["trialBegun"],
        "it happens once, and 59 of 59 new users begin with it",
    ),
    (
        "the founder of each team",
        &[("workspaceProvisioned", Habit::Founder)],
        0,
        &["workspaceProvisioned"],
        "it happens once per account, and 19 of 19 new accounts begin with it; so it is the start of the account, by its founder",
    ),
    (
        "founders and those they invite",
        &[("practice_opened", Habit::Founder), ("member_joined", Habit::Joiner)],
        0,
        &["member_joined", "practice_opened"],
        "it happens once, and 19 of 59 new users begin with it",
    ),
    ("old users have none", &[("fleet_created", Habit::First)], 30, &["fleet_created"], "new users begin with it"),
    (
        "words and behaviour beat behaviour",
        &[("Crew Seated", Habit::First), ("Signed Up", Habit::First)],
        0,
        &["Signed Up"],
        "its name has `signed` and `up`; it happens once, and 59 of 59 new users begin with it",
    ),
    ("one in three", &[("Demo Wanted", Habit::Third)], 0, &[], ""),
    ("what comes first and again", &[("Console Entered", Habit::Daily)], 0, &[], ""),
    ("a word of a sign-up that people do again", &[("Vehicle Registered", Habit::Daily)], 0, &[], ""),
];

#[test]
fn a_sign_up_is_what_people_begin_with_once() {
    for layout in LAYOUTS {
        for (what, events, cut, expected, why) in STARTS {
            let outcome = dump(layout, events, cut).pql(&format!("init {layout} -o -"));
            assert_eq!(outcome.code, 0, "{what}: {outcome:?}");
            let model = outcome.stdout;
            let line = model.lines().find(|line| line.starts_with("signup_completed = ")).unwrap_or_default();
            let mut found: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{layout}, {what}\n{model}");
            assert!(model.contains(why), "{layout}, {what}\n{model}");
            assert_eq!(model.contains("start_event = \"signup_completed\""), !expected.is_empty(), "{what}\n{model}");
            let ignored = model.contains("[activity]\nignore = [\"signup_completed\"]");
            assert_eq!(ignored, !expected.is_empty(), "{layout}, {what}\n{model}");
            let features = model.lines().find(|line| line.starts_with("feature_used = ")).expect("features");
            assert!(expected.iter().all(|name| !features.contains(name)), "{layout}, {what}\n{features}");
        }
    }
}

#[test]
fn a_sign_up_by_words_loses_to_one_by_what_people_do() {
    for layout in LAYOUTS {
        let events = [("Fleet Launched", Habit::First), ("Account Created", Habit::Later)];
        let model = dump(layout, &events, 0).pql(&format!("init {layout} -o -")).stdout;
        assert!(model.contains("signup_completed = { event = \"Fleet Launched\" }"), "{model}");
        // A day is too short to know what happens once.
        let folder = dump(layout, &[("Logged In", Habit::Daily), ("Bay Entered", Habit::First)], 118);
        let model = folder.pql(&format!("init {layout} -o -")).stdout;
        assert!(!model.contains("signup_completed"), "{model}");
    }
}

#[test]
fn a_start_may_come_some_minutes_after_another_event_of_a_few() {
    let events =
        [("Owner Registered", Habit::Founder), ("Joined Via Link", Habit::Joiner), ("Rates Shown", Habit::Before)];
    for layout in LAYOUTS {
        let folder = dump(layout, &events, 0);
        let outcome = folder.pql(&format!("init {layout} -o m.toml"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let model = folder.read("m.toml");
        let wired = "signup_completed = { event = [\"Joined Via Link\", \"Owner Registered\"] }";
        assert!(model.contains(wired), "{layout}\n{model}");
        let headline = "wired as the start, from which the age of users and accounts counts; it is no activity:\n  ";
        assert!(outcome.stderr.contains(headline), "{outcome:?}");
    }
}

#[test]
fn several_events_are_said_in_one_option_and_an_unknown_one_is_named_alone() {
    let events = [("Owner Registered", Habit::Founder), ("Joined, Via Link", Habit::Joiner)];
    let layout = "e.ndjson";
    let folder = dump(layout, &events, 0);
    let init = |said: &str| {
        let set = format!("signup_completed={said}");
        folder.pql_with(&["init", layout, "-o", "-", "--set", &set], b"")
    };
    let both = init("Owner Registered,Chart Drawn");
    assert_eq!(both.code, 0, "{both:?}");
    let wired = "signup_completed = { event = [\"Owner Registered\", \"Chart Drawn\"] }";
    let other = "signup_completed = { event = [\"Chart Drawn\", \"Owner Registered\"] }";
    assert!(both.stdout.contains(wired) || both.stdout.contains(other), "{layout}\n{}", both.stdout);
    // A comma in a name divides nothing.
    let whole = init("Joined, Via Link");
    assert!(whole.stdout.contains("signup_completed = { event = \"Joined, Via Link\" }"), "{layout}\n{}", whole.stdout);
    let unknown = init("Owner Registered,Chart Drown");
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(unknown.stderr.contains("no event has the name `Chart Drown`; did you mean `Chart Drawn`?"), "{unknown:?}");
}
