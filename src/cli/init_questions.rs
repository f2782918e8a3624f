//! What `pql init` asks on a terminal: about guesses that may be wrong, and events that it did not find.

use std::io::{self, BufRead, Write};

use crate::commands::init::{Certainty, EventChoice, EventWiring, is_worth_asking, title_of};
use pql_model::diag::{escape_controls, near_miss};

/// A question about one event of the model.
#[derive(Debug, PartialEq, Eq)]
struct EventQuestion {
    /// The event of the model.
    event: String,
    /// The events that are offered, the guess first.
    offered: Vec<String>,
    /// How many of them are guesses, which are taken if nobody says otherwise.
    guessed: usize,
    /// Why it is asked.
    why: String,
}

/// The questions that `init` asks: guesses by behaviour, guesses between several events, and missing events with a near name.
fn questions(wiring: &EventWiring, known: &[EventChoice]) -> Vec<EventQuestion> {
    let is_open = |event: &String| !known.iter().any(|choice| choice.event == *event) && is_worth_asking(event);
    let guessed = wiring.found.iter().filter(|(event, _)| is_open(event)).filter_map(|(event, names)| {
        let by_behaviour = names.iter().any(|wired| wired.certainty == Certainty::Behaviour);
        let offered = names.iter().map(|wired| wired.name.clone()).chain(wiring.others(event));
        let reasons = names.iter().map(|wired| format!("`{}` is a guess: {}", wired.name, wired.why));
        let why = reasons.collect::<Vec<_>>().join("; ");
        let question = EventQuestion { event: event.clone(), offered: offered.collect(), guessed: names.len(), why };
        by_behaviour.then_some(question)
    });
    let missing = wiring.missing.iter().filter(|(event, near)| is_open(event) && !near.is_empty());
    let missing = missing.map(|(event, near)| EventQuestion {
        event: event.clone(),
        offered: near.clone(),
        guessed: 0,
        why: "no name of your events says it for certain; these come near".to_owned(),
    });
    guessed.chain(missing).collect()
}

/// Other events that are listed with a question.
const OTHERS_SHOWN: usize = 40;

/// What questions say of the events of the dump.
pub(super) struct AskedEvents<'a> {
    /// The counts of an event.
    pub(super) counts: &'a dyn Fn(&str) -> String,
    /// What the values of its properties say.
    pub(super) values: &'a dyn Fn(&str) -> Vec<String>,
    /// The names of all events, the most frequent first.
    pub(super) names: Vec<String>,
}

impl AskedEvents<'_> {
    /// The events of an answer: numbers of lines, or names in any case, with commas between several.
    ///
    /// # Errors
    /// What of it is no event, with the nearest name.
    fn read(&self, text: &str, offered: &[String]) -> Result<Vec<String>, String> {
        match self.find(text, offered) {
            Some(name) => Ok(vec![name]),
            None => text
                .split(',')
                .map(str::trim)
                .map(|part| self.find(part, offered).ok_or_else(|| self.unknown(part)))
                .collect(),
        }
    }

    fn find(&self, text: &str, offered: &[String]) -> Option<String> {
        let by_number = || text.parse::<usize>().ok().and_then(|number| offered.get(number.wrapping_sub(1)));
        let exact = self.names.iter().find(|name| *name == text).or_else(by_number);
        let in_any_case = || {
            let mut alike = self.names.iter().filter(|name| name.to_lowercase() == text.to_lowercase());
            alike.next().filter(|_| alike.next().is_none())
        };
        exact.or_else(in_any_case).cloned()
    }

    fn unknown(&self, text: &str) -> String {
        let near = near_miss(text, self.names.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("no event has the name `{text}`, and no line this number{near}")
    }

    /// The names that a question does not offer, as far as they are shown.
    fn others(&self, offered: &[String]) -> Option<String> {
        let others: Vec<&str> = self.names.iter().filter(|name| !offered.contains(name)).map(String::as_str).collect();
        let more = others.len().saturating_sub(OTHERS_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = others.get(..others.len().min(OTHERS_SHOWN))?.join(", ");
        (!shown.is_empty()).then(|| format!("{shown}{more}"))
    }
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
        show(events, question, out)?;
        if let Some(names) = answer(events, question, input, out)? {
            answers.push(EventChoice { event: question.event.clone(), names });
        }
    }
    Ok(answers)
}

/// Writes why a question is asked, and which events there are.
fn show(events: &AskedEvents<'_>, question: &EventQuestion, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}", escape_controls(&question.why))?;
    for (number, name) in question.offered.iter().enumerate() {
        let guess = if number < question.guessed { " <- guess" } else { "" };
        let values: String = (events.values)(name).iter().map(|told| format!("; {told}")).collect();
        let line = format!("  {} {name} ({}{values}){guess}", number + 1, (events.counts)(name));
        writeln!(out, "{}", escape_controls(&line))?;
    }
    writeln!(out, "  0 none of them")?;
    if let Some(others) = events.others(&question.offered) {
        writeln!(out, "  other events: {}", escape_controls(&others))?;
    }
    Ok(())
}

/// The events that were answered; none to leave it at the guess.
fn answer(
    events: &AskedEvents<'_>,
    question: &EventQuestion,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Option<Vec<String>>> {
    loop {
        let usual = match question.guessed {
            0 => "0".to_owned(),
            several => (1..=several).map(|number| number.to_string()).collect::<Vec<_>>().join(","),
        };
        write!(out, "a number, or the name of another event; several with commas [{usual}]: ")?;
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
        match events.read(text, &question.offered) {
            Ok(names) => return Ok(Some(names)),
            Err(told) => writeln!(out, "{}", escape_controls(&told))?,
        }
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
        let events = AskedEvents {
            counts: &|_| "3 events of 2 users".to_owned(),
            values: &|name| if name == "Upsell" { vec!["`topic` is always `howto`".to_owned()] } else { Vec::new() },
            names: ["Task Done", "Invited", "Plan Seen", "Upsell", "Other"].map(str::to_owned).into(),
        };
        let answers = ask(&events, &wiring(), &[], (&mut typed.as_bytes(), &mut out)).expect("answers");
        (answers, String::from_utf8(out).expect("text"))
    }

    #[test]
    fn only_what_is_unsure_is_asked() {
        let (none, asked) = answers("");
        assert_eq!(none, []);
        assert!(
            asked.contains("2 of 2: which of your events is a look at prices and plans (`pricing_page_viewed`)?"),
            "{asked}"
        );
        assert!(
            asked.contains("1 of 2: which of your events is the core job (`wedge_workflow_completed`)?"),
            "{asked}"
        );
        assert!(asked.contains("  `Task Done` is a guess: its words\n"), "{asked}");
        assert!(asked.contains("  2 Upsell (3 events of 2 users; `topic` is always `howto`)\n"), "{asked}");
        assert!(asked.contains("  other events: Task Done, Invited, Other\n"), "{asked}");
        assert!(asked.contains("  1 Task Done (3 events of 2 users) <- guess\n"), "{asked}");
        assert!(!asked.contains(" Invited (") && !asked.contains("data_exported"), "{asked}");
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
            ("task done, OTHER\n", vec![choice(core, &["Task Done", "Other"])]),
        ] {
            assert_eq!(answers(typed).0, expected, "{typed:?}");
        }
        let asked = answers("Task Doen\n").1;
        assert!(
            asked.contains("no event has the name `Task Doen`, and no line this number; did you mean `Task Done`?")
        );
    }
}
