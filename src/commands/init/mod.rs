//! Generates a first model for a dump.
//!
//! [`render_model`] takes an [`InspectedInput`] and writes the example model with the input
//! settings and the event names of the dump. Every guess has a comment with its reason. The model
//! keeps all entries of the example, so that an author can fill in the events that were not found.

mod event_patterns;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use self::event_patterns::{ACCOUNT_PROPERTIES, COMPLETION_WORDS, EVENT_PATTERNS, match_pattern};
use pql_engine::inspect::{
    InspectedInput, PartGuess,
    dataset_profile::{DatasetProfile, EventProfile},
    name_similarity::split_words,
};
use pql_model::{EXAMPLE, units::plural};

/// The number of unmapped events that are listed.
const REST_SHOWN: usize = 200;

/// The number of events that one name of the example may stand for.
const ALIASES_MAX: usize = 8;

/// A property may become the account only if fewer than one in this number of events name an
/// account otherwise.
const ACCOUNTS_RARE: u64 = 20;

/// For each event of the example, the events of the dump with the reason for each.
type EventMapping<'s> = BTreeMap<&'static str, Vec<(&'s str, String)>>;

/// The text of a model for a dump. `fields` are the paths by which the lines were read, if they
/// were found by discovery.
pub fn render_model(dump: &InspectedInput, fields: &[PartGuess]) -> String {
    let survey = &dump.survey;
    let (wired, rest) = match_events(survey);
    let mut out = format!(
        "# A first model for {} in {}, written by `pql init`: the example model, with your events in it.\n\
         # Sections 2 and 3 are guesses from names, each with its reason: read them first. All the rest is the example's.\n#\n",
        plural(survey.events(), "event", "events"),
        plural(dump.files.len() as u64, "file", "files"),
    );
    let mut in_events = false;
    for line in EXAMPLE.lines() {
        let entry = line.split_once(" = { properties = ").map(|(name, _)| name).filter(|_| in_events);
        match (line, entry) {
            ("[events]", _) => in_events = true,
            (line, _) if line.starts_with("# Names for a part of an event") => {
                others(&mut out, &rest);
                in_events = false;
            }
            _ => {}
        }
        if line.starts_with("format = \"auto\"") {
            input(&mut out, dump, fields);
        } else if line.starts_with("free_mail = ") || line.starts_with("exclude_domains = ") {
            // The domains of the example do not apply to another product.
            let (key, comment) =
                (line.split(" = ").next().unwrap_or_default(), line.split('#').nth(1).unwrap_or_default());
            let _ = writeln!(out, "{:<35} #{comment}", format!("{key} = []"));
        } else if let Some(name) = entry {
            event(&mut out, line, name, &wired, survey);
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// Maps each event of the dump to the first pattern that it matches. Returns the unmapped events
/// too.
fn match_events(survey: &DatasetProfile) -> (EventMapping<'_>, Vec<(&str, &EventProfile)>) {
    let mut wired: EventMapping<'_> = BTreeMap::new();
    let mut rest = Vec::new();
    for (name, named) in survey.sorted_names() {
        let words = split_words(name);
        let same = EVENT_PATTERNS.iter().find(|usual| usual.name == name);
        let mut patterns = EVENT_PATTERNS.iter().filter(|_| !named.noise);
        let found = match same {
            Some(usual) => Some((usual.name, "the same name".to_owned())),
            None => {
                patterns.find_map(|usual| Some((usual.name, format!("its name has {}", match_pattern(usual, &words)?))))
            }
        };
        match found {
            // A guess is not needed if the dump has an event of exactly this name.
            Some((usual, why)) if same.is_some() || !survey.names.contains_key(usual) => {
                let all: &mut Vec<(&str, String)> = wired.entry(usual).or_default();
                if all.len() < ALIASES_MAX { all.push((name, why)) } else { rest.push((name, named)) }
            }
            _ => rest.push((name, named)),
        }
    }
    if !wired.contains_key("wedge_workflow_completed") {
        let done = |(name, named): &&(&str, &EventProfile)| {
            let word = |word: &String| COMPLETION_WORDS.iter().any(|beginning| word.starts_with(beginning));
            !named.noise && named.with_user > 0 && split_words(name).iter().any(word)
        };
        let best = rest
            .iter()
            .filter(done)
            .max_by_key(|(name, named)| (named.users.count(), named.count, std::cmp::Reverse(*name)));
        if let Some((name, _)) = best.copied() {
            let why = "of what people do here and no other line uses, most do this; put the job here that people come to your product for";
            wired.insert("wedge_workflow_completed", vec![(name, why.to_owned())]);
            rest.retain(|(known, _)| *known != name);
        }
    }
    (wired, rest)
}

/// The `[input]` of a model that reads the parts of an event from some fields.
pub fn fields_table(fields: &[PartGuess]) -> String {
    format!("[input]\n{}\n", fields_line(fields))
}

fn fields_line(fields: &[PartGuess]) -> String {
    let all: Vec<String> = fields.iter().map(|one| format!("{} = {}", one.part, toml_string(&one.path))).collect();
    format!("fields = {{ {} }}", all.join(", "))
}

/// A TOML string.
pub fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// A text for a comment, on one line.
fn comment_text(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Writes an entry of `[events]`: mapped to events of the dump, or as the example has it.
fn event(out: &mut String, line: &str, name: &str, wired: &EventMapping<'_>, survey: &DatasetProfile) {
    let Some(events) = wired.get(name) else {
        let _ = writeln!(
            out,
            "# Nothing here looks like this one. If you have it, write {name} = {{ event = \"...\" }} with its name."
        );
        let _ = writeln!(out, "{line}");
        return;
    };
    if let [(only, _)] = events.as_slice()
        && *only == name
    {
        let _ = writeln!(out, "{line}");
        return;
    }
    for (event, why) in events {
        let named = survey.names.get(*event);
        let count = named.map_or(0, |named| named.count);
        let users = named.map_or(0, |named| named.users.count());
        let _ = writeln!(
            out,
            "# guess: {} is {name}: {why} ({} of {})",
            comment_text(event),
            plural(count, "event", "events"),
            plural(users, "user", "users")
        );
    }
    // The example reads some properties, which these events may lack.
    let has: BTreeSet<&str> = events
        .iter()
        .filter_map(|(event, _)| survey.names.get(*event))
        .flat_map(|named| named.properties.by_path.keys().map(String::as_str))
        .collect();
    let wanted = line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(inside, _)| inside);
    let missing: Vec<&str> = wanted
        .split(", ")
        .map(|text| text.trim_matches('"'))
        .filter(|text| !text.is_empty() && !has.contains(text))
        .collect();
    if !missing.is_empty() {
        let has: Vec<String> =
            has.iter().filter(|path| !path.starts_with('$')).take(12).map(|path| comment_text(path)).collect();
        let has = if has.is_empty() { "no properties".to_owned() } else { has.join(", ") };
        let _ = writeln!(out, "#   the example reads {} of it; it has {has}", missing.join(", "));
    }
    let all: Vec<String> = events.iter().map(|(event, _)| toml_string(event)).collect();
    let value = if let [only] = all.as_slice() { only.clone() } else { format!("[{}]", all.join(", ")) };
    let _ = writeln!(out, "{name} = {{ event = {value} }}");
}

/// Lists the unmapped events.
fn others(out: &mut String, rest: &[(&str, &EventProfile)]) {
    if rest.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "# Events of yours that no line above uses. Those that are activity count as days of use all the same."
    );
    for (name, named) in rest.iter().take(REST_SHOWN) {
        let noise = if named.noise { ", sent by the vendor's own code and no activity" } else { "" };
        let _ = writeln!(
            out,
            "#   {} ({} of {}{noise})",
            comment_text(name),
            plural(named.count, "event", "events"),
            plural(named.users.count(), "user", "users")
        );
    }
    if rest.len() > REST_SHOWN {
        let _ = writeln!(out, "#   ... and {} more", rest.len() - REST_SHOWN);
    }
    let _ = writeln!(out);
}

/// Writes `[input]`: the format, the fields, and the group type of the account.
fn input(out: &mut String, dump: &InspectedInput, fields: &[PartGuess]) {
    let survey = &dump.survey;
    let formats: BTreeSet<(&str, &str)> =
        dump.formats.iter().flatten().map(|known| (known.format.name, known.sign)).collect();
    let names: BTreeSet<&str> = formats.iter().map(|(name, _)| *name).collect();
    for (name, sign) in &formats {
        let _ = writeln!(out, "# {name}: {sign}");
    }
    let name = match names.iter().collect::<Vec<_>>().as_slice() {
        [only] => **only,
        _ => "auto",
    };
    let _ = writeln!(out, "format = \"{name}\"");
    if !fields.is_empty() {
        let _ = writeln!(out, "# The fields of these records, by their names and by what they hold.");
        fields.iter().for_each(|one| field(out, one));
        let _ = writeln!(out, "{}", fields_line(fields));
    }
    let likely = |of_type: &str| {
        let words = split_words(of_type).concat();
        ACCOUNT_PROPERTIES.iter().position(|known| words.contains(known)).unwrap_or(ACCOUNT_PROPERTIES.len())
    };
    // Most entities of Snowplow are not groups.
    let is_group = |(of_type, _): &(&String, &u64)| name != "snowplow" || likely(of_type) < ACCOUNT_PROPERTIES.len();
    let types: Vec<(&String, &u64)> = survey.group_types.iter().filter(is_group).collect();
    let by_likelihood = types.iter().min_by_key(|(of_type, count)| (likely(of_type), std::cmp::Reverse(**count)));
    let named = survey.entity_counts.account > 0;
    if let Some((of_type, count)) = by_likelihood.filter(|_| types.len() > 1 || (!named && name == "snowplow")) {
        let all: Vec<String> = types.iter().map(|(of_type, _)| comment_text(of_type)).collect();
        let _ = writeln!(
            out,
            "# guess: of the groups that records name ({}), this one is the account ({count} records)",
            all.join(", ")
        );
        let _ = writeln!(out, "group_type = {}", toml_string(of_type));
    } else if survey.entity_counts.account * ACCOUNTS_RARE < survey.events()
        && !fields.iter().any(|one| one.part == "account")
    {
        account(out, survey, name, fields);
    }
}

/// Writes why a field is taken for a part of an event, and which others were considered.
fn field(out: &mut String, guess: &PartGuess) {
    let other = |(path, fault): &(String, &str)| format!("{} ({fault})", comment_text(path));
    let others: Vec<String> = guess.considered.iter().map(other).collect();
    let others = if others.is_empty() { String::new() } else { format!("; not {}", others.join(", ")) };
    let _ =
        writeln!(out, "# guess: {} is {}: {}{others}", comment_text(&guess.path), guess.part, comment_text(&guess.why));
}

/// Writes the property that looks like the account, for a dump that names no account otherwise.
fn account(out: &mut String, survey: &DatasetProfile, format: &str, fields: &[PartGuess]) {
    let mut filled: BTreeMap<&str, u64> = BTreeMap::new();
    for named in survey.names.values() {
        for (path, property) in &named.properties.by_path {
            *filled.entry(path).or_default() += property.filled();
        }
    }
    let folded = |path: &str| path.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let rank = |path: &str| ACCOUNT_PROPERTIES.iter().position(|known| *known == folded(path));
    let often = |count: u64| count * ACCOUNTS_RARE >= survey.events() && count > 0;
    let ranked = filled
        .iter()
        .filter(|(_, count)| often(**count))
        .filter_map(|(path, count)| Some((rank(path)?, *path, *count)));
    let Some((_, path, count)) = ranked.min() else {
        let _ = writeln!(
            out,
            "# No field looks like an account: accounts are made of the domains of e-mails, where users have one."
        );
        return;
    };
    let reason = format!(
        "# guess: the property {} names the account; {} of {} have it",
        comment_text(path),
        count,
        plural(survey.events(), "event", "events")
    );
    let _ = writeln!(out, "{reason}");
    if matches!(format, "mixpanel" | "ga4") && !path.contains('.') {
        let _ = writeln!(out, "group_type = {}", toml_string(path));
    } else if fields.is_empty() && format != "auto" {
        let root = match format {
            "amplitude" => "event_properties.",
            "snowplow" => return,
            "ga4" => "event_params.",
            _ => "properties.",
        };
        let _ = writeln!(out, "fields = {{ account = {} }}", toml_string(&format!("{root}{path}")));
    }
}
