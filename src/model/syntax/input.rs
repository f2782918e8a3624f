//! `[input]`, `[identity]` and `[events]`: how a record becomes an event, who is who, and what events are called.

use super::super::{
    codes,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan, as_table},
};
use crate::{
    clock::Zone,
    diag::Diagnostic,
    resolved::{FieldPaths, PathList},
};

/// The fields of an event that can be looked for elsewhere.
pub(crate) const FIELDS: [&str; 7] = ["event", "user", "anonymous", "account", "time", "id", "properties"];

/// The field that says when an event was received.
pub(crate) const RECEIVED: &str = "received";

/// Names of formats.
pub(super) const FORMATS: [(&str, &str); 9] = [
    ("auto", "auto"),
    ("native", "native"),
    ("segment", "segment"),
    ("rudderstack", "rudderstack"),
    ("amplitude", "amplitude"),
    ("mixpanel", "mixpanel"),
    ("posthog", "posthog"),
    ("snowplow", "snowplow"),
    ("ga4", "ga4"),
];

/// `[input]`
#[derive(Debug)]
pub(crate) struct InputSyntax {
    pub(crate) format: &'static str,
    /// Where fields are in files of any format.
    pub(crate) fields: FieldPaths,
    /// Where they are in files of one format; these go before the others.
    pub(crate) format_fields: Vec<(&'static str, FieldPaths)>,
    /// Where the time of receipt is in files of any format.
    pub(crate) received: PathList,
    /// Where it is in files of one format.
    pub(crate) format_received: Vec<(&'static str, PathList)>,
    pub(crate) group_type: Option<SpannedText>,
    pub(crate) zone: Zone,
    pub(crate) dedupe: bool,
}

impl Default for InputSyntax {
    fn default() -> Self {
        InputSyntax {
            format: "auto",
            fields: FieldPaths::default(),
            format_fields: Vec::new(),
            received: Vec::new(),
            format_received: Vec::new(),
            group_type: None,
            zone: Zone::utc(),
            dedupe: true,
        }
    }
}

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> InputSyntax {
    let mut input = InputSyntax::default();
    if let Some(format) = super::choice(&mut table, "format", &FORMATS, found) {
        input.format = format.value;
    }
    if let Some(mut table) = table.table("fields", "[input] fields", found) {
        input.fields = fields(&mut table, found);
        input.received = paths(&mut table, RECEIVED, found);
        for (format, _) in FORMATS.iter().filter(|(format, _)| *format != "auto") {
            if let Some(mut own) = table.table(format, &format!("[input] fields of {format}"), found) {
                input.format_fields.push((format, fields(&mut own, found)));
                input.format_received.push((format, paths(&mut own, RECEIVED, found)));
                own.finish(found);
            }
        }
        table.finish(found);
    }
    input.group_type = table.text("group_type", found);
    if let Some(zone) = super::zone(&mut table, found) {
        input.zone = zone;
    }
    if let Some(dedupe) = table.boolean("dedupe", found) {
        input.dedupe = dedupe.value;
    }
    table.finish(found);
    input
}

/// The fields of one table: a path each, or a list of paths. The first path with a value counts.
fn fields(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> FieldPaths {
    FIELDS.map(|field| paths(table, field, found))
}

/// The paths of one field.
fn paths(table: &mut TableReader<'_>, field: &'static str, found: &mut DiagnosticSink) -> PathList {
    table.texts(field, found).unwrap_or_default().iter().filter_map(|text| path(text, found)).collect()
}

/// A path: keys between dots, odd ones in double quotes; a single dot is the record itself.
fn path(text: &SpannedText, found: &mut DiagnosticSink) -> Option<Vec<String>> {
    if text.value == "." {
        return Some(Vec::new());
    }
    let mut parts = Vec::new();
    let mut rest = text.value.as_str();
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(inner) => inner.split_once('"').map_or((None, ""), |(part, after)| (Some(part), after)),
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
        };
        match part {
            Some(part) if !part.is_empty() => parts.push(part.to_owned()),
            _ => break,
        }
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => break,
        }
    }
    let message = format!("`{}` is no path", text.value);
    let problem = Diagnostic::error(
        codes::BAD_VALUE,
        text.span.clone(),
        message,
        "keys with dots between them, such as `context.groupId`",
    );
    found.add(problem.help(
        "a key that holds a dot goes in double quotes: 'properties.\"team.id\"'; a single dot is the record itself",
    ));
    None
}

/// `[identity]`
#[derive(Debug)]
pub(crate) struct IdentitySyntax {
    pub(crate) email_domain: bool,
    pub(crate) free_mail: Vec<SpannedText>,
    pub(crate) exclude_domains: Vec<SpannedText>,
    pub(crate) exclude_users: Vec<SpannedText>,
    pub(crate) service_users: Vec<SpannedText>,
}

impl Default for IdentitySyntax {
    fn default() -> Self {
        let none = Vec::new;
        IdentitySyntax {
            email_domain: true,
            free_mail: none(),
            exclude_domains: none(),
            exclude_users: none(),
            service_users: none(),
        }
    }
}

pub(super) fn identity(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> IdentitySyntax {
    let identity = IdentitySyntax {
        email_domain: table.boolean("email_domain", found).is_none_or(|truth| truth.value),
        free_mail: table.text_list("free_mail", found).unwrap_or_default(),
        exclude_domains: table.text_list("exclude_domains", found).unwrap_or_default(),
        exclude_users: table.text_list("exclude_users", found).unwrap_or_default(),
        service_users: table.text_list("service_users", found).unwrap_or_default(),
    };
    for globs in [&identity.exclude_users, &identity.service_users] {
        for text in globs {
            if let Err(error) = glob::Pattern::new(text.value.trim()) {
                let message = format!("`{}` is no pattern: {}", text.value, error.msg);
                found.add(Diagnostic::error(
                    codes::BAD_VALUE,
                    text.span.clone(),
                    message,
                    "an id in which * is any text and ? any character",
                ));
            }
        }
    }
    for (key, domains) in [("free_mail", &identity.free_mail), ("exclude_domains", &identity.exclude_domains)] {
        domains.iter().filter(|text| !is_domain(&text.value)).for_each(|text| no_domain(key, text, found));
    }
    table.finish(found);
    identity
}

/// Whether a text can be the host of an e-mail address.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) && label.len() <= 63
    };
    text.contains('.') && text.split('.').all(is_label)
}

fn no_domain(key: &str, text: &SpannedText, found: &mut DiagnosticSink) {
    let message = format!("`{}` in `{key}` is no domain, so no e-mail address would match it", text.value);
    // Most of those are a domain with something before it.
    let bare = text.value.trim().rsplit(['@', '/', '*']).next().expect("a split has a last part").trim_matches('.');
    let help = match is_domain(bare) {
        true => format!("`{bare}`, which stands for what lies below it too"),
        false => "a domain such as `acme.com`, which stands for what lies below it too".to_owned(),
    };
    found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, help));
}

/// An entry of `[events]`: a real event of the tracking plan, or a name for a filtered one.
#[derive(Debug)]
pub(crate) struct EventSyntax {
    pub(crate) name: SpannedText,
    /// The names it stands for; none where it is the real event of its own name.
    pub(crate) event: Option<Vec<SpannedText>>,
    pub(crate) filter: Option<SpannedText>,
    /// Properties that must be there.
    pub(crate) properties: Vec<SpannedText>,
}

pub(super) fn events(table: &TableReader<'_>, found: &mut DiagnosticSink) -> Vec<EventSyntax> {
    let mut events = Vec::new();
    for (name, value) in table.entries() {
        let Some(mut entry) = as_table(value, &format!("event `{}`", name.value), &name.value, found) else { continue };
        let event = EventSyntax {
            event: entry.texts("event", found),
            filter: entry.text("where", found),
            properties: entry.text_list("properties", found).unwrap_or_default(),
            name: WithSpan::new(name.value, name.span),
        };
        entry.finish(found);
        events.push(event);
    }
    events
}
