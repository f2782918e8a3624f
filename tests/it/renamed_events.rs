//! `pql init` on events that stopped: one that was renamed counts under both names, and a living one goes before a dead one.

use crate::run::Folder;

/// A name, the days from and until which it comes, and how many of the twelve people do it.
type LivedEvent = (&'static str, u32, u32, u32);

/// Writes a dump of 120 days in two layouts: people do what they do every third day.
fn dump(layout: &str, events: &[LivedEvent]) -> Folder {
    let always = [("Board Sorted", 0, 120, 12), ("Chart Drawn", 0, 120, 9), ("Logged In", 0, 120, 12)];
    let base: jiff::Timestamp = "2026-02-01T00:00:00Z".parse().expect("an instant");
    let mut lines = Vec::new();
    for (place, (name, from, until, people)) in (0..).zip(always.iter().chain(events)) {
        for day in *from..*until {
            for user in (0..*people).filter(|user| (user + day) % 3 == 0) {
                let at = base + jiff::SignedDuration::from_mins((day * 1440 + user * 20 + place).into());
                lines.push(match layout {
                    "e.csv" => format!("{at},p{user},q{},{name}\n", user % 4),
                    _ => format!("{{\"event\":\"{name}\",\"timestamp\":\"{at}\",\"user_id\":\"p{user}\",\"account_id\":\"q{}\"}}\n", user % 4),
                });
            }
        }
    }
    let header = if layout == "e.csv" { "OCCURRED_AT,USER_ID,ACCOUNT_ID,EVENT_NAME\n" } else { "" };
    let folder = Folder::in_memory();
    folder.write(layout, header.to_owned() + &lines.concat());
    folder
}

/// Events, the line of the model that names them, and what is said of their dates.
const RENAMED: [(&str, &[LivedEvent], &str, &str); 4] = [
    (
        "both names tell of plans",
        &[("Plan Viewed", 0, 60, 12), ("Plans Page Viewed", 60, 120, 6)],
        "pricing_page_viewed = { event = [\"Plans Page Viewed\", \"Plan Viewed\"] }",
        "# guess: Plans Page Viewed is pricing_page_viewed: its name has `plans` and `page`; it comes since 2026-04-02, about when the other one stopped (",
    ),
    (
        "the old name is that of the model",
        &[("pricing_page_viewed", 0, 60, 12), ("tariffs_opened", 62, 120, 3)],
        "pricing_page_viewed = { event = [\"tariffs_opened\", \"pricing_page_viewed\"] }",
        "# pricing_page_viewed: it comes until 2026-04-01, and then no more (",
    ),
    (
        "the core job",
        &[("reportCreated", 0, 60, 12), ("reportGenerated", 55, 120, 8)],
        "wedge_workflow_completed = { event = [\"reportGenerated\", \"reportCreated\"] }",
        "it comes until 2026-04-01, and then no more (",
    ),
    (
        "an unlike core job that stopped",
        &[("Import Converted And Created", 0, 50, 12), ("Shift Published", 0, 120, 6)],
        "wedge_workflow_completed = { event = \"Shift Published\" }",
        "most people do this one; its name has `published` (",
    ),
];

#[test]
fn an_event_that_stopped_does_not_win_against_its_successor() {
    for layout in ["e.ndjson", "e.csv"] {
        for (what, events, wired, said) in RENAMED {
            let outcome = dump(layout, events).pql(&format!("init {layout} -o -"));
            assert_eq!(outcome.code, 0, "{what}: {outcome:?}");
            assert!(outcome.stdout.contains(wired), "{layout}, {what}\n{}", outcome.stdout);
            assert!(outcome.stdout.contains(said), "{layout}, {what}\n{}", outcome.stdout);
        }
    }
}

#[test]
fn an_event_that_stopped_without_a_successor_is_told() {
    for layout in ["e.ndjson", "e.csv"] {
        let told = "  a look at prices and plans (`pricing_page_viewed`): its last event is of 2026-04-01, long before the end of the dump; if it was renamed, --set pricing_page_viewed=\"Your Event\" names its successor\n";
        let outcome = dump(layout, &[("Pricing Seen", 0, 60, 12)]).pql(&format!("init {layout} -o m.toml"));
        assert!(outcome.stderr.contains(told), "{outcome:?}");
        let outcome = dump(layout, &[("Pricing Seen", 0, 115, 12)]).pql(&format!("init {layout} -o m.toml"));
        assert!(!outcome.stderr.contains("long before the end"), "{outcome:?}");
    }
}
