//! Renders the profile of a dataset as text for people.

mod content;
mod issues;
mod table;

use std::fmt::Write;

use self::{
    content::{events, fields, names, properties, traits},
    issues::trouble,
    table::{format_estimate, more, share, table},
};
use super::{FieldSurvey, InspectedInput, MissingReference, ModelGaps, dataset_profile::DatasetProfile, date_gaps};
use crate::plan::Model;
use pql_model::{
    clock::{civil_date, format_day, format_instant},
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// Files that are listed one by one.
const FILES_SHOWN: usize = 20;

/// Dates that are listed one by one; longer ranges are listed by month.
const DAYS_SHOWN: usize = 31;

/// The length of other lists.
const ITEMS_SHOWN: usize = 12;

/// The whole report.
pub fn render_text(dump: &InspectedInput, model: &Model, asked: Option<&ModelGaps>) -> String {
    let mut out = String::new();
    let survey = &dump.survey;
    files(&mut out, dump);
    time(&mut out, survey, model.resolved.zone.name());
    who(&mut out, survey);
    trouble(&mut out, dump);
    events(&mut out, survey);
    properties(&mut out, survey, &dump.fields);
    traits(&mut out, "traits of users", &survey.user_traits, &dump.fields);
    traits(&mut out, "traits of accounts", &survey.account_traits, &dump.fields);
    names(&mut out, survey);
    fields(&mut out, dump, &model.resolved.input);
    if let Some(asked) = asked {
        write_model_gaps(&mut out, asked, model);
    }
    out
}

/// The fields of the first records, where no more could be read.
pub fn render_fields(survey: &FieldSurvey) -> String {
    let mut out = String::new();
    content::field_table(&mut out, survey, &|path| survey.guess.part(path));
    out.trim_start().to_owned()
}

fn files(out: &mut String, dump: &InspectedInput) {
    let survey = &dump.survey;
    let _ = writeln!(
        out,
        "{} in {}: {}",
        plural(survey.records(), "record", "records"),
        plural(dump.files.len() as u64, "file", "files"),
        plural(survey.events(), "event", "events")
    );
    let _ = writeln!(out);
    let rows: Vec<Vec<String>> = dump
        .files
        .iter()
        .zip(&dump.formats)
        .take(FILES_SHOWN)
        .map(|(stats, format)| {
            let counts = &survey.files[stats.file as usize];
            let read =
                format.map_or_else(|| "empty".to_owned(), |known| format!("{}: {}", known.format.title, known.sign));
            vec![
                stats.name.clone(),
                counts.events.to_string(),
                counts.identity.to_string(),
                counts.rejected.to_string(),
                read,
            ]
        })
        .collect();
    table(out, &["file", "events", "identity", "rejected", "read as"], &[1, 2, 3], &rows);
    more(out, FILES_SHOWN, dump.files.len(), "files");
}

fn time(out: &mut String, survey: &DatasetProfile, zone: &str) {
    let (Some((first, last)), Some(from), Some(to)) =
        (survey.range, survey.days.keys().next(), survey.days.keys().next_back())
    else {
        return;
    };
    let days = (to - from + 1).unsigned_abs().into();
    let _ = writeln!(
        out,
        "\ntime: {} to {}, {} ({zone}), {} with events",
        format_instant(first),
        format_instant(last),
        plural(days, "day", "days"),
        survey.days.len()
    );
    let gaps = date_gaps(survey);
    if !gaps.is_empty() {
        let shown: Vec<String> = gaps
            .iter()
            .take(ITEMS_SHOWN)
            .map(|(day, days)| match days {
                1 => format_day(*day),
                _ => format!("{} and the {} after it", format_day(*day), plural(days - 1, "day", "days")),
            })
            .collect();
        let rest = if gaps.len() > ITEMS_SHOWN {
            format!("; and {} more gaps", gaps.len() - ITEMS_SHOWN)
        } else {
            String::new()
        };
        let _ = writeln!(out, " no event on {}{rest}", shown.join("; "));
    }
    if survey.future > 0 {
        let _ = writeln!(out, " {} more than a day ahead of now", plural(survey.future, "event is", "events are"));
    }
    let mut bars: Vec<(String, u64)> = Vec::new();
    for (day, count) in &survey.days {
        let name = if survey.days.len() <= DAYS_SHOWN {
            format_day(*day)
        } else {
            let date = civil_date(*day);
            format!("{:04}-{:02}", date.year(), date.month())
        };
        match bars.last_mut().filter(|(last, _)| *last == name) {
            Some((_, sum)) => *sum += count,
            None => bars.push((name, *count)),
        }
    }
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let skip = bars.len().saturating_sub(DAYS_SHOWN);
    let rows: Vec<Vec<String>> = bars
        .iter()
        .skip(skip)
        .map(|(name, count)| vec![name.clone(), count.to_string(), "#".repeat((*count * 40).div_ceil(most) as usize)])
        .collect();
    let what = if survey.days.len() <= DAYS_SHOWN { "day" } else { "month" };
    table(out, &[what, "events", ""], &[1], &rows);
}

fn who(out: &mut String, survey: &DatasetProfile) {
    let who = &survey.entity_counts;
    let events = survey.events();
    let rows = [
        ("a user", who.user, format_estimate(who.users.count(), who.users.is_exact())),
        ("a visitor only", who.visitor, format_estimate(who.lone_visitors.count(), who.lone_visitors.is_exact())),
        ("neither", who.unidentified, "-".to_owned()),
        ("an account", who.account, format_estimate(who.accounts.count(), who.accounts.is_exact())),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(what, count, different)| vec![what.to_owned(), count.to_string(), share(count, events), different])
        .collect();
    let _ = writeln!(out);
    table(out, &["events with", "count", "share", "different"], &[1, 2, 3], &rows);
    let identity = survey.identity;
    let _ = writeln!(
        out,
        " beside events: {} of users, {} of accounts, {} that join ids; {} named together with a user",
        plural(identity.identify, "record", "records"),
        identity.group,
        identity.joins,
        plural(who.known_visitors.count(), "visitor", "visitors"),
    );
    if events > 0 && who.account == 0 && survey.group_types.len() < 2 {
        let _ = writeln!(out, " no event names an account: [input] fields says where it stands; `pql init` guesses it");
    }
    if survey.group_types.len() > 1 {
        let types: Vec<&str> = survey.group_types.keys().map(String::as_str).take(ITEMS_SHOWN).collect();
        let _ = writeln!(
            out,
            " groups of several types: {}; [input] group_type says which is the account",
            escape_controls(&quoted_list(&types))
        );
    }
}

/// Names that a model asks for and that never occur, a line each.
fn write_missing(out: &mut String, all: &[MissingReference], what: &str) {
    for one in all {
        let near: Vec<&str> = one.closest.iter().map(String::as_str).collect();
        let near = if near.is_empty() { String::new() } else { format!("; near it: {}", quoted_list(&near)) };
        let _ = writeln!(out, " {}", escape_controls(&format!("{what} `{}` never occurs{near}", one.name)));
    }
}

fn write_model_gaps(out: &mut String, asked: &ModelGaps, model: &Model) {
    let there = asked.events - asked.missing_events.len() as u64;
    let name = if model.resolved.name.is_empty() {
        "the model".to_owned()
    } else {
        format!("the model `{}`", model.resolved.name)
    };
    let _ = writeln!(
        out,
        "\n{}: {there} of the {} it asks for occur",
        escape_controls(&name),
        plural(asked.events, "event", "events")
    );
    write_missing(out, &asked.missing_events, "the event");
    write_missing(out, &asked.missing_properties, "the property");
    write_missing(out, &asked.missing_traits, "the trait");
    if !asked.unused.is_empty() {
        let _ = writeln!(
            out,
            " {} of names that it does not ask for, the most frequent:",
            plural(asked.unused_events, "event", "events")
        );
        for (name, count) in asked.unused.iter().take(ITEMS_SHOWN) {
            let _ = writeln!(out, "  {}", escape_controls(&format!("{name} ({count})")));
        }
    }
}
