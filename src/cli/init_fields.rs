//! Which fields hold the parts of an event, for `pql init`: guessed, or said with `--fields`.

use std::borrow::Cow;

use super::{CommandError, ExitStatus, print_stderr};
use pql_engine::inspect::{FieldGuess, FieldSurvey, PartGuess};
use pql_model::{
    diag::{escape_controls, near_miss, quoted_list},
    units::plural,
};

/// The keys of `[input] fields`.
const PARTS: [&str; 7] = ["event", "user", "anonymous", "account", "time", "id", "properties"];

/// Fields that a message lists.
const FIELDS_SHOWN: usize = 30;

/// What is wrong with a table whose first line is a record.
const HEADLESS: &str = "the first line of the table looks like a record; write a line above it that names the columns";

/// A part of an event and its field, as `--fields` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldChoice {
    part: &'static str,
    path: String,
}

impl FieldChoice {
    /// True if it is the field of a part.
    pub(super) fn is(&self, guess: &PartGuess) -> bool {
        self.part == guess.part && self.path == guess.path
    }
}

/// Reads `part=field`.
///
/// # Errors
/// What was expected.
pub(super) fn parse_choice(text: &str) -> Result<FieldChoice, String> {
    let (part, path) = text.split_once('=').ok_or("expected PART=FIELD, such as time=CREATED_AT")?;
    let known = PARTS.iter().find(|known| **known == part.trim());
    let part = known
        .ok_or_else(|| format!("`{}` is no part of an event; expected one of {}", part.trim(), PARTS.join(", ")))?;
    match path.trim() {
        "" => Err(format!("no field is named; expected {part}=FIELD")),
        path => Ok(FieldChoice { part, path: path.to_owned() }),
    }
}

/// The guess, in which the fields of `--fields` replace the guessed ones.
///
/// # Errors
/// A field that no record has.
pub(super) fn chosen(survey: &FieldSurvey, choices: &[FieldChoice]) -> Result<FieldGuess, CommandError> {
    let mut guess = survey.guess.clone();
    let paths = survey.paths();
    for choice in choices {
        if choice.path != "." && !paths.is_empty() && !paths.contains(&choice.path.as_str()) {
            return Err(unknown_field(choice, survey));
        }
        guess.parts.retain(|one| one.part != choice.part && one.path != choice.path);
        let why = "said with --fields".to_owned();
        guess.parts.push(PartGuess {
            part: choice.part,
            path: choice.path.clone(),
            also: None,
            why,
            considered: Vec::new(),
        });
    }
    guess.parts.sort_by_key(|one| PARTS.iter().position(|part| *part == one.part));
    Ok(guess)
}

fn unknown_field(choice: &FieldChoice, survey: &FieldSurvey) -> CommandError {
    let named = survey.paths().into_iter().filter(|path| survey.is_shown(path));
    let near = near_miss(&choice.path, named).map(|near| format!("; did you mean `{near}`?"));
    let help = near.unwrap_or_else(|| format!("; {}", shown_fields(survey)));
    CommandError::usage(format!(
        "--fields {}={}: no record has the field `{}`{help}",
        choice.part, choice.path, choice.path
    ))
}

/// The fields in words; those whose names look like values are only counted.
fn shown_fields(survey: &FieldSurvey) -> String {
    let (named, unnamed): (Vec<&str>, Vec<&str>) = survey.paths().into_iter().partition(|path| survey.is_shown(path));
    let rest = named.len().saturating_sub(FIELDS_SHOWN);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let shown = quoted_list(&named[..named.len().min(FIELDS_SHOWN)]);
    match (named.as_slice(), unnamed.len() as u64) {
        (_, 0) => format!("there are {shown}{more}"),
        ([], count) => format!("there are {}, whose names look like values", plural(count, "field", "fields")),
        (_, count) => {
            let others = plural(count, "field", "fields");
            format!("there are {shown}{more}, and {others} whose names look like values")
        }
    }
}

/// Notes how to say what the columns of a table are, which a reader could not use.
pub(super) fn note_columns(survey: &FieldSurvey) {
    let paths = survey.paths();
    if survey.is_native && survey.is_table && !paths.is_empty() {
        let text = if survey.is_headless {
            format!("note: {HEADLESS}")
        } else {
            let shown = shown_fields(survey);
            format!("note: --fields says which are which, as in --fields time=FIELD,user=FIELD; {shown}")
        };
        print_stderr(&escape_controls(&text));
    }
}

/// The fields of a guess.
fn shown_parts<'g>(survey: &FieldSurvey, guess: &'g FieldGuess) -> Vec<Cow<'g, str>> {
    guess.parts.iter().map(|one| survey.shown_name(&one.path)).collect()
}

/// The error for records in which no event was found.
pub(super) fn no_event(survey: &FieldSurvey, guess: &FieldGuess) -> CommandError {
    let lacks = |part: &str| guess.path(part).is_none();
    let nobody = ["user", "anonymous", "account"].into_iter().all(lacks);
    let mut missing: Vec<&str> = ["event", "time"].into_iter().filter(|part| lacks(part)).collect();
    missing.extend(nobody.then_some("user"));
    let paths = survey.paths();
    let text = match (paths.is_empty(), missing.as_slice()) {
        _ if survey.is_headless => format!("no event among these records: {HEADLESS}"),
        (true, _) => "no event among these records: none of them is an object with fields".to_owned(),
        (false, []) => format!(
            "no event among these records, although {} look like its parts; say which fields they are, as in --fields time=FIELD,user=FIELD; {}",
            quoted_list(&shown_parts(survey, guess).iter().map(|name| &**name).collect::<Vec<_>>()),
            shown_fields(survey)
        ),
        (false, missing) => format!(
            "no event among these records: no field looks like its {}; say which field it is, as in --fields {}; {}",
            missing.join(" or its "),
            missing.iter().map(|part| format!("{part}=FIELD")).collect::<Vec<_>>().join(","),
            shown_fields(survey)
        ),
    };
    CommandError::Error(anyhow::anyhow!("{text}"), ExitStatus::Negative)
}
