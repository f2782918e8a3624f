//! What is in a dump, for people.

use std::fmt::Write;

use super::{
    Asked, Dump, Missing, gaps,
    json::rejects,
    names::alike,
    order::BANDS,
    overall,
    property::{Property, TYPES},
    shape::SHAPES,
    survey::{Properties, Survey},
};
use crate::{
    clock::{civil_date, day_text, instant_text},
    diag::{list, visible},
    model::Model,
    units::plural,
};

/// Files that are listed one by one.
const FILES_SHOWN: usize = 20;

/// Names of events that are listed.
const NAMES_SHOWN: usize = 40;

/// Properties that are listed.
const PROPERTIES_SHOWN: usize = 40;

/// Dates that are listed one by one; more are listed by month.
const DAYS_SHOWN: usize = 31;

/// Other things of which so many are listed.
const SHOWN: usize = 12;

/// The whole report.
pub fn text(dump: &Dump, model: &Model, asked: Option<&Asked>) -> String {
    let mut out = String::new();
    let survey = &dump.survey;
    files(&mut out, dump);
    time(&mut out, survey, model.zone.name());
    who(&mut out, survey);
    trouble(&mut out, dump);
    events(&mut out, survey);
    properties(&mut out, survey);
    traits(&mut out, "traits of users", &survey.user_traits);
    traits(&mut out, "traits of accounts", &survey.account_traits);
    names(&mut out, survey);
    if let Some(asked) = asked {
        of_model(&mut out, asked, model);
    }
    out
}

/// Columns under a header, the numbers to the right.
fn table(out: &mut String, header: &[&str], numbers: &[usize], rows: &[Vec<String>]) {
    let shown: Vec<Vec<String>> = std::iter::once(header.iter().map(|cell| (*cell).to_owned()).collect())
        .chain(rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()))
        .collect();
    let width = |column: usize| shown.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    for row in &shown {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = width(column).unwrap_or(0);
            let _ = if numbers.contains(&column) {
                write!(line, "{cell:>width$}  ")
            } else {
                write!(line, "{cell:<width$}  ")
            };
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn share(part: u64, of: u64) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / of as f64) }
}

/// A count that may be an estimate.
fn about(count: u64, exact: bool) -> String {
    if exact { count.to_string() } else { format!("~{count}") }
}

fn more(out: &mut String, shown: usize, all: usize, what: &str) {
    if all > shown {
        let _ = writeln!(out, " ... and {} more {what}; --format json has all", all - shown);
    }
}

fn files(out: &mut String, dump: &Dump) {
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
            let counts = survey.files.get(stats.file as usize).cloned().unwrap_or_default();
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

fn time(out: &mut String, survey: &Survey, zone: &str) {
    let (Some((first, last)), Some(from), Some(to)) =
        (survey.range, survey.days.keys().next(), survey.days.keys().next_back())
    else {
        return;
    };
    let days = (to - from + 1).unsigned_abs().into();
    let _ = writeln!(
        out,
        "\ntime: {} to {}, {} ({zone}), {} with events",
        instant_text(first),
        instant_text(last),
        plural(days, "day", "days"),
        survey.days.len()
    );
    let gaps = gaps(survey);
    if !gaps.is_empty() {
        let shown: Vec<String> = gaps
            .iter()
            .take(SHOWN)
            .map(|(day, days)| match days {
                1 => day_text(*day),
                _ => format!("{} and the {} after it", day_text(*day), plural(days - 1, "day", "days")),
            })
            .collect();
        let rest = if gaps.len() > SHOWN { format!("; and {} more gaps", gaps.len() - SHOWN) } else { String::new() };
        let _ = writeln!(out, " no event on {}{rest}", shown.join("; "));
    }
    if survey.future > 0 {
        let _ = writeln!(out, " {} more than a day ahead of now", plural(survey.future, "event is", "events are"));
    }
    let mut bars: Vec<(String, u64)> = Vec::new();
    for (day, count) in &survey.days {
        let name = if survey.days.len() <= DAYS_SHOWN {
            day_text(*day)
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

fn who(out: &mut String, survey: &Survey) {
    let who = &survey.who;
    let events = survey.events();
    let rows = [
        ("a user", who.user, about(who.users.count(), who.users.is_exact())),
        ("a visitor only", who.visitor, about(who.visitors.count(), who.visitors.is_exact())),
        ("neither", who.nobody, "-".to_owned()),
        ("an account", who.account, about(who.accounts.count(), who.accounts.is_exact())),
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
    if survey.group_types.len() > 1 {
        let types: Vec<&str> = survey.group_types.keys().map(String::as_str).take(SHOWN).collect();
        let _ = writeln!(
            out,
            " groups of several types: {}; [input] group_type says which is the account",
            visible(&list(&types))
        );
    }
}

/// Copies, lateness, order, rejected lines.
fn trouble(out: &mut String, dump: &Dump) {
    let survey = &dump.survey;
    let events = survey.events();
    let _ = writeln!(out);
    let _ = match survey.with_id {
        0 => writeln!(out, "duplicates: not known, no event has an id"),
        with_id => {
            let copies = survey.duplicates.copies();
            let conflicts = survey.duplicates.conflicts();
            let again = if conflicts > 0 {
                format!("; {} on events of different content", plural(conflicts, "id is", "ids are"))
            } else {
                String::new()
            };
            writeln!(
                out,
                "duplicates: {} ({}) of {} with an id{again}",
                about(copies, survey.duplicates.is_exact()),
                share(copies, with_id),
                plural(with_id, "event", "events")
            )
        }
    };
    if survey.lateness.known > 0 {
        let late: Vec<String> = BANDS
            .iter()
            .zip(survey.lateness.bands)
            .filter(|(_, count)| *count > 0)
            .map(|((_, band), count)| format!("{band} {}", share(count, survey.lateness.known)))
            .collect();
        let known = share(survey.lateness.known, events);
        let _ = writeln!(out, "late, by when events were taken in ({known} say so): {}", late.join(", "));
    }
    let (pairs, backward) = survey.order.backward();
    let _ = writeln!(
        out,
        "out of order: {} of events are earlier than the one on the line before, which does no harm",
        share(backward, pairs)
    );
    if survey.split_records > 0 {
        let _ = writeln!(
            out,
            "{} broken in two by a line end, read as if whole",
            plural(survey.split_records, "record", "records")
        );
    }
    let excluded: u64 = survey.files.iter().map(|file| file.excluded).sum();
    if excluded > 0 {
        let _ = writeln!(out, "set aside: {} of internal users", plural(excluded, "record", "records"));
    }
    for (reason, count, file, line) in rejects(dump) {
        let _ = writeln!(
            out,
            "rejected: {} ({}): {}, the first is {}:{line}",
            plural(count, "line", "lines"),
            reason.code(),
            reason.explanation(),
            visible(file)
        );
    }
    let guess = survey.candidates.guess();
    if !guess.is_empty() {
        let fields: Vec<String> = guess.iter().map(|(key, path)| format!("{key} = {path:?}")).collect();
        let _ = writeln!(
            out,
            "these lines look like events with other field names: [input] fields = {{ {} }}; `pql init` writes that for you",
            visible(&fields.join(", "))
        );
    }
}

fn events(out: &mut String, survey: &Survey) {
    let names = survey.sorted_names();
    if names.is_empty() {
        return;
    }
    let events = survey.events();
    let rows: Vec<Vec<String>> = names
        .iter()
        .take(NAMES_SHOWN)
        .map(|(name, named)| {
            vec![
                (*name).to_owned(),
                named.count.to_string(),
                share(named.count, events),
                about(named.users.count(), named.users.is_exact()),
                about(named.accounts.count(), named.accounts.is_exact()),
                share(named.with_account, named.count),
                instant_text(named.first)[..10].to_owned(),
                instant_text(named.last)[..10].to_owned(),
                if named.noise { "sent by the vendor's own code".to_owned() } else { String::new() },
            ]
        })
        .collect();
    let _ = writeln!(out, "\n{}", plural(names.len() as u64, "name of events", "names of events"));
    let header = ["event", "count", "share", "users", "accounts", "with account", "first", "last", ""];
    table(out, &header, &[1, 2, 3, 4, 5], &rows);
    more(out, NAMES_SHOWN, names.len(), "names");
    if survey.other_names > 0 {
        let _ = writeln!(
            out,
            " ... and {} of further names, which are not told apart",
            plural(survey.other_names, "event", "events")
        );
    }
}

/// What vendors write beside what a team tracks.
fn is_vendors(path: &str) -> bool {
    path.starts_with('$') || path.starts_with("mp_") || path.starts_with("ga_")
}

fn cells(property: &Property) -> [String; 3] {
    let names = |names: &[&str], counts: &[u64]| {
        let all = Property::by_count(names, counts);
        let shown: Vec<&str> = all.iter().take(3).map(|(name, _)| *name).collect();
        shown.join(", ") + if all.len() > shown.len() { ", ..." } else { "" }
    };
    let mut shapes = names(&SHAPES, &property.shapes);
    if !property.samples.is_empty() {
        let samples: Vec<String> = property.samples.values().map(|sample| format!("{sample:?}")).collect();
        shapes = samples.join(" ");
    }
    let values = about(property.values.count(), property.values.is_exact());
    [names(&TYPES, &property.types), values, shapes]
}

fn properties(out: &mut String, survey: &Survey) {
    let all = overall(survey);
    let own: Vec<_> = all.iter().filter(|one| !is_vendors(one.path)).collect();
    if own.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = own
        .iter()
        .take(PROPERTIES_SHOWN)
        .map(|one| {
            let [types, values, shapes] = cells(&one.property);
            let filled = one.property.filled();
            vec![one.path.to_owned(), one.names.to_string(), share(filled, one.events), types, values, shapes]
        })
        .collect();
    let _ = writeln!(
        out,
        "\n{}; filled: of the events of names that have it",
        plural(own.len() as u64, "property", "properties")
    );
    table(out, &["property", "on names", "filled", "types", "values", "looks like"], &[1, 2, 4], &rows);
    more(out, PROPERTIES_SHOWN, own.len(), "properties");
    let hidden = all.len() - own.len();
    if hidden > 0 {
        let _ = writeln!(
            out,
            " ... and {} of the vendor's own ($..., mp_..., ga_...)",
            plural(hidden as u64, "property", "properties")
        );
    }
    let left_out: u64 = survey.names.values().map(|named| named.properties.left_out).sum();
    if left_out > 0 {
        let _ = writeln!(out, " ... and {left_out} values of further properties, which are not told apart");
    }
}

fn traits(out: &mut String, what: &str, all: &Properties) {
    let sorted = all.sorted();
    let own: Vec<_> = sorted.iter().filter(|(path, _)| !is_vendors(path)).collect();
    if own.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = own
        .iter()
        .take(SHOWN)
        .map(|(path, property)| {
            let [types, values, shapes] = cells(property);
            vec![(*path).to_owned(), property.filled().to_string(), types, values, shapes]
        })
        .collect();
    let _ = writeln!(out);
    table(out, &[what, "records", "types", "values", "looks like"], &[1, 3], &rows);
    more(out, SHOWN, own.len(), "traits");
}

fn names(out: &mut String, survey: &Survey) {
    let names: Vec<&str> = survey.sorted_names().iter().map(|(name, _)| *name).collect();
    let groups = alike(&names);
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nnames that may be one event");
    for (why, group) in groups.iter().take(SHOWN) {
        let _ = writeln!(out, " {}: {why}", visible(&list(group)));
    }
    more(out, SHOWN, groups.len(), "groups");
}

fn of_model(out: &mut String, asked: &Asked, model: &Model) {
    let missing = |out: &mut String, all: &[Missing], what: &str| {
        for one in all {
            let near: Vec<&str> = one.near.iter().map(String::as_str).collect();
            let near = if near.is_empty() { String::new() } else { format!("; near it: {}", list(&near)) };
            let _ = writeln!(out, " {}", visible(&format!("{what} `{}` never occurs{near}", one.name)));
        }
    };
    let there = asked.events - asked.missing_events.len() as u64;
    let name = if model.name.is_empty() { "the model".to_owned() } else { format!("the model `{}`", model.name) };
    let _ = writeln!(
        out,
        "\n{}: {there} of the {} it asks for occur",
        visible(&name),
        plural(asked.events, "event", "events")
    );
    missing(out, &asked.missing_events, "the event");
    missing(out, &asked.missing_properties, "the property");
    missing(out, &asked.missing_traits, "the trait");
    if !asked.unused.is_empty() {
        let _ = writeln!(
            out,
            " {} of names that it does not ask for, the most frequent:",
            plural(asked.unused_events, "event", "events")
        );
        for (name, count) in asked.unused.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}", visible(&format!("{name} ({count})")));
        }
    }
}
