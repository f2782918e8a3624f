//! What `pql init` asks on a terminal: about guesses that may be wrong, and events that it did not find.

use std::io::{self, BufRead, Write};

use crate::commands::init::{Certainty, EventChoice, EventWiring, is_worth_asking, title_of};
use pql_model::diag::escape_controls;

/// A question about one event of the model.
#[derive(Debug, PartialEq, Eq)]
struct EventQuestion {
    /// The event of the model.
    event: String,
    /// The events that are offered, the guess first.
    offered: Vec<String>,
    /// Whether the first one is taken if nobody says otherwise.
    is_guessed: bool,
}

/// The questions that `init` asks: guesses by behaviour, guesses between several events, and missing events with a near name.
fn questions(wiring: &EventWiring, known: &[EventChoice]) -> Vec<EventQuestion> {
    let is_open = |event: &String| !known.iter().any(|choice| choice.event == *event) && is_worth_asking(event);
    let guessed = wiring.found.iter().filter(|(event, _)| is_open(event)).filter_map(|(event, names)| {
        let by_behaviour = names.iter().any(|wired| wired.certainty == Certainty::Behaviour);
        let offered = names.iter().map(|wired| wired.name.clone()).chain(wiring.others(event));
        let question = EventQuestion { event: event.clone(), offered: offered.collect(), is_guessed: true };
        by_behaviour.then_some(question)
    });
    let missing = wiring.missing.iter().filter(|(event, near)| is_open(event) && !near.is_empty());
    let missing =
        missing.map(|(event, near)| EventQuestion { event: event.clone(), offered: near.clone(), is_guessed: false });
    guessed.chain(missing).collect()
}

/// What questions say of the events of the dump.
pub(super) struct AskedEvents<'a> {
    /// The counts of an event.
    pub(super) counts: &'a dyn Fn(&str) -> String,
    /// Whether an event of this name occurs.
    pub(super) occurs: &'a dyn Fn(&str) -> bool,
}

/// Asks about what is unsure. An empty answer takes the guess; so does the end of the input.
///
/// # Errors
/// Those of reading and writing.
pub(super) fn ask(
    events: &AskedEvents<'_>,
    wiring: &EventWiring,
    known: &[EventChoice],
    (input, out): (&mut dyn BufRead, &mut dyn Write),
) -> io::Result<Vec<EventChoice>> {
    let mut answers = Vec::new();
    let all = questions(wiring, known);
    for (place, question) in all.iter().enumerate() {
        writeln!(
            out,
            "\n{} of {}: which of your events is {}?",
            place + 1,
            all.len(),
            escape_controls(&title_of(&question.event))
        )?;
        for (number, name) in question.offered.iter().enumerate() {
            let guess = if question.is_guessed && number == 0 { " <- guess" } else { "" };
            writeln!(out, "  {} {} ({}){guess}", number + 1, escape_controls(name), (events.counts)(name))?;
        }
        writeln!(out, "  0 none of them")?;
        if let Some(names) = answer(events, question, input, out)? {
            answers.push(EventChoice { event: question.event.clone(), names });
        }
    }
    Ok(answers)
}

/// The events that were answered; none to leave it at the guess.
fn answer(
    events: &AskedEvents<'_>,
    question: &EventQuestion,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Option<Vec<String>>> {
    loop {
        let usual = if question.is_guessed { "1" } else { "0" };
        write!(out, "a number, or the name of another event [{usual}]: ")?;
        out.flush()?;
        let mut line = String::new();
        let read = input.read_line(&mut line)?;
        let text = line.trim();
        if read == 0 || text.is_empty() {
            return Ok(None);
        }
        if text == "0" {
            return Ok(Some(Vec::new()));
        }
        let by_number = text.parse::<usize>().ok().and_then(|number| question.offered.get(number.wrapping_sub(1)));
        let by_name = (events.occurs)(text).then(|| text.to_owned());
        if let Some(name) = by_number.cloned().or(by_name) {
            return Ok(Some(vec![name]));
        }
        writeln!(out, "no event has this name, and no line this number")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::init::WiredEvent;

    fn wiring() -> EventWiring {
        let wired =
            |name: &str, certainty| WiredEvent { name: name.to_owned(), why: "its words".to_owned(), certainty };
        let mut wiring = EventWiring::default();
        wiring.found.insert("wedge_workflow_completed".to_owned(), vec![wired("Task Done", Certainty::Behaviour)]);
        wiring.found.insert("team_invite_sent".to_owned(), vec![wired("Invited", Certainty::Words)]);
        wiring.missing.insert("pricing_page_viewed".to_owned(), vec!["Plan Seen".to_owned(), "Upsell".to_owned()]);
        wiring.missing.insert("data_exported".to_owned(), Vec::new());
        wiring
    }

    fn answers(typed: &str) -> (Vec<EventChoice>, String) {
        let mut out = Vec::new();
        let events = AskedEvents { counts: &|_| "3 events of 2 users".to_owned(), occurs: &|name| name == "Other" };
        let answers = ask(&events, &wiring(), &[], (&mut typed.as_bytes(), &mut out)).expect("answers");
        (answers, String::from_utf8(out).expect("text"))
    }

    #[test]
    fn only_what_is_unsure_is_asked() {
        let (none, asked) = answers("");
        assert_eq!(none, []);
        assert!(
            asked.contains("1 of 2: which of your events is pricing_page_viewed (a look at prices and plans)?")
                || asked.contains("2 of 2: which of your events is pricing_page_viewed (a look at prices and plans)?"),
            "{asked}"
        );
        assert!(asked.contains("  1 Task Done (3 events of 2 users) <- guess\n"), "{asked}");
        assert!(!asked.contains("Invited") && !asked.contains("data_exported"), "{asked}");
    }

    #[test]
    fn answers_are_numbers_names_or_nothing() {
        let choice = |event: &str, names: &[&str]| EventChoice {
            event: event.to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let (core, prices) = ("wedge_workflow_completed", "pricing_page_viewed");
        for (typed, expected) in [
            ("\n2\n", vec![choice(prices, &["Upsell"])]),
            ("Other\n\n", vec![choice(core, &["Other"])]),
            ("0\n1\n", vec![choice(core, &[]), choice(prices, &["Plan Seen"])]),
            ("9\nnothing like it\n1\n", vec![choice(core, &["Task Done"])]),
        ] {
            assert_eq!(answers(typed).0, expected, "{typed:?}");
        }
    }
}
