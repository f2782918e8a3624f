//! `[input]` of a model for a dump: its format, the fields of its records, and where the account stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::document::comment_text;
use crate::commands::toml_text::toml_string;
use pql_engine::inspect::{
    FieldSurvey, InspectedInput, PartGuess, dataset_profile::DatasetProfile, name_similarity::split_words,
};
use pql_model::units::plural;

/// A property may become the account only if fewer than one in this number of events name an
/// account otherwise.
const ACCOUNTS_RARE: u64 = 20;

/// Names of properties that hold an account, the likeliest first, in letters and digits only.
const ACCOUNT_PROPERTIES: &[&str] = &[
    "accountid",
    "companyid",
    "organizationid",
    "organisationid",
    "orgid",
    "workspaceid",
    "teamid",
    "tenantid",
    "groupid",
    "customerid",
    "account",
    "company",
    "organization",
    "organisation",
    "org",
    "workspace",
    "team",
    "tenant",
];

/// The `[input]` of a model that reads the parts of an event from some fields.
pub fn fields_table(fields: &[PartGuess]) -> String {
    format!("[input]\n{}\n", fields_line(fields))
}

fn fields_line(fields: &[PartGuess]) -> String {
    let all: Vec<String> = fields.iter().map(|one| format!("{} = {}", one.part, written_paths(one))).collect();
    format!("fields = {{ {} }}", all.join(", "))
}

/// The path of a part as a text, or its paths as a list.
fn written_paths(guess: &PartGuess) -> String {
    let paths: Vec<String> = guess.paths().map(toml_string).collect();
    match paths.as_slice() {
        [only] => only.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// Writes `[input]`: the format, the fields, and the group type of the account.
pub(super) fn input(out: &mut String, dump: &InspectedInput, fields: &[PartGuess]) {
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
        fields.iter().for_each(|one| field(out, &dump.fields, one));
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
fn field(out: &mut String, survey: &FieldSurvey, guess: &PartGuess) {
    let other = |(path, fault): &(String, &str)| format!("{} ({fault})", comment_text(&survey.shown_name(path)));
    let others: Vec<String> = guess.considered.iter().map(other).collect();
    let others = if others.is_empty() { String::new() } else { format!("; not {}", others.join(", ")) };
    let _ = writeln!(
        out,
        "# guess: {} is {}: {}{others}",
        comment_text(&survey.shown_name(&guess.path)),
        guess.part,
        comment_text(&guess.why)
    );
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
