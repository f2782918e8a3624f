//! Which model `pql init` cuts from, and which events were said to be which.

use super::CommandError;
use crate::commands::init::{EventChoice, events_asked_by};
use pql_engine::inspect::InspectedInput;
use pql_model::{
    SHIPPED, ShippedModel,
    diag::{near_miss, quoted_list},
};

/// Names that a message lists.
const NAMES_SHOWN: usize = 20;

/// Finds a shipped model by its key.
///
/// # Errors
/// What was expected.
pub(super) fn parse_shipped(text: &str) -> Result<&'static ShippedModel, String> {
    SHIPPED.iter().find(|known| known.key == text).ok_or_else(|| {
        let known: Vec<String> = SHIPPED.iter().map(|known| format!("{} ({})", known.key, known.purpose)).collect();
        format!("no shipped model has this name; expected one of {}", known.join(", "))
    })
}

/// An event of the model and one of the dump, as `--set` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetOption {
    event: String,
    /// An event or several with commas between them; none to say that there is none.
    name: Option<String>,
}

/// Reads `name=event`.
///
/// # Errors
/// What was expected.
pub(super) fn parse_set(text: &str) -> Result<SetOption, String> {
    let expected = "expected NAME=EVENT, such as pricing_page_viewed=\"Plan Viewed\"";
    let (event, name) = text.split_once('=').ok_or(expected)?;
    let name = Some(name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
    if event.trim().is_empty() {
        Err(expected.to_owned())
    } else {
        Ok(SetOption { event: event.trim().to_owned(), name })
    }
}

impl SetOption {
    /// The events of the dump: one whose name is all of the text, or each part between commas.
    ///
    /// # Errors
    /// The first that never occurs.
    fn names(&self, dump: &InspectedInput) -> Result<Vec<String>, CommandError> {
        let Some(text) = &self.name else { return Ok(Vec::new()) };
        if dump.survey.names.contains_key(text) {
            return Ok(vec![text.clone()]);
        }
        let parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        match parts.iter().find(|part| !dump.survey.names.contains_key(*part)) {
            None => Ok(parts),
            Some(part) => {
                let names: Vec<String> =
                    dump.survey.sorted_names().iter().map(|(name, _)| (*name).to_owned()).collect();
                Err(unknown(self, &format!("no event has the name `{part}`"), part, &names))
            }
        }
    }
}

/// What was said with `--set`, held against the model and the dump.
///
/// # Errors
/// A name that the model does not ask for, and an event that never occurs.
pub(super) fn choices(
    options: &[SetOption],
    shipped: &ShippedModel,
    dump: &InspectedInput,
) -> Result<Vec<EventChoice>, CommandError> {
    let asked = events_asked_by(shipped);
    let mut all: Vec<EventChoice> = Vec::new();
    for option in options {
        if !asked.contains(&option.event) {
            return Err(unknown(
                option,
                &format!("the model `{}` asks for no event `{}`", shipped.key, option.event),
                &option.event,
                &asked,
            ));
        }
        let names = option.names(dump)?;
        match all.iter_mut().find(|known| known.event == option.event) {
            Some(known) => known.names.extend(names),
            None => all.push(EventChoice { event: option.event.clone(), names }),
        }
    }
    refuse_captured(&all)?;
    Ok(all)
}

/// Refuses an event of the dump that bears the name of an event of the model which is another event of the dump: the name would stand for both.
///
/// # Errors
/// The name, and what it was said to be.
pub(super) fn refuse_captured(choices: &[EventChoice]) -> Result<(), CommandError> {
    for choice in choices {
        for name in choice.names.iter().filter(|name| **name != choice.event) {
            let other = choices.iter().find(|other| other.event == *name).and_then(|other| other.names.first());
            if let Some(other) = other.filter(|other| *other != name) {
                return Err(CommandError::usage(format!(
                    "`{name}` is said to be `{}` of the model, and `{other}` is said to be `{name}` of the model; \
                     the name `{name}` cannot stand for both, so leave one of the two out",
                    choice.event
                )));
            }
        }
    }
    Ok(())
}

fn unknown(option: &SetOption, what: &str, found: &str, known: &[String]) -> CommandError {
    let near = near_miss(found, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    let shown: Vec<&str> = known.iter().map(String::as_str).take(NAMES_SHOWN).collect();
    let more = known.len().saturating_sub(NAMES_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let help = near.unwrap_or_else(|| format!("there are {}{more}", quoted_list(&shown)));
    CommandError::usage(format!(
        "--set {}={}: {what}; {help}",
        option.event,
        option.name.as_deref().unwrap_or_default()
    ))
}
