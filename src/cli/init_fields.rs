//! Which fields hold the parts of an event, for `pql init`: guessed, or said with `--fields`.

use super::{CommandError, ExitStatus, print_stderr};
use pql_engine::inspect::{FieldGuess, FieldSurvey, PartGuess};
use pql_model::diag::{escape_controls, near_miss, quoted_list};

/// The keys of `[input] fields`.
const PARTS: [&str; 7] = ["event", "user", "anonymous", "account", "time", "id", "properties"];

/// Fields that a message lists.
const FIELDS_SHOWN: usize = 30;

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
            return Err(unknown_field(choice, &paths));
        }
        guess.parts.retain(|one| one.part != choice.part && one.path != choice.path);
        let why = "said with --fields".to_owned();
        guess.parts.push(PartGuess { part: choice.part, path: choice.path.clone(), why, considered: Vec::new() });
    }
    guess.parts.sort_by_key(|one| PARTS.iter().position(|part| *part == one.part));
    Ok(guess)
}

fn unknown_field(choice: &FieldChoice, paths: &[&str]) -> CommandError {
    let near = near_miss(&choice.path, paths.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
    let help = near.unwrap_or_else(|| format!("; there are {}", shown_fields(paths)));
    CommandError::usage(format!(
        "--fields {}={}: no record has the field `{}`{help}",
        choice.part, choice.path, choice.path
    ))
}

fn shown_fields(paths: &[&str]) -> String {
    let more =
        if paths.len() > FIELDS_SHOWN { format!(" and {} more", paths.len() - FIELDS_SHOWN) } else { String::new() };
    format!("{}{more}", quoted_list(&paths[..paths.len().min(FIELDS_SHOWN)]))
}

/// Notes how to say what the columns of a table are, which a reader could not use.
pub(super) fn note_columns(survey: &FieldSurvey) {
    let paths = survey.paths();
    if survey.is_native && survey.is_table && !paths.is_empty() {
        let text = format!(
            "note: --fields says which are which, as in --fields time=FIELD,user=FIELD; there are {}",
            shown_fields(&paths)
        );
        print_stderr(&escape_controls(&text));
    }
}

/// The error for records in which no event was found.
pub(super) fn no_event(survey: &FieldSurvey, guess: &FieldGuess) -> CommandError {
    let lacks = |part: &str| guess.path(part).is_none();
    let nobody = ["user", "anonymous", "account"].into_iter().all(lacks);
    let mut missing: Vec<&str> = ["event", "time"].into_iter().filter(|part| lacks(part)).collect();
    missing.extend(nobody.then_some("user"));
    let paths = survey.paths();
    let text = match (paths.is_empty(), missing.as_slice()) {
        (true, _) => "no event among these records: none of them is an object with fields".to_owned(),
        (false, []) => format!(
            "no event among these records, although {} look like its parts; say which fields they are, as in --fields time=FIELD,user=FIELD; there are {}",
            quoted_list(&guess.parts.iter().map(|one| one.path.as_str()).collect::<Vec<_>>()),
            shown_fields(&paths)
        ),
        (false, missing) => format!(
            "no event among these records: no field looks like its {}; say which field it is, as in --fields {}; there are {}",
            missing.join(" or its "),
            missing.iter().map(|part| format!("{part}=FIELD")).collect::<Vec<_>>().join(","),
            shown_fields(&paths)
        ),
    };
    CommandError::Error(anyhow::anyhow!("{text}"), ExitStatus::Negative)
}
