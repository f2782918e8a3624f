//! `[output]`: further columns, the stamp, and files for others.

use toml::de::DeValue;

use super::{
    super::{
        codes,
        resolved::{ListFormat, ListLevel, ListRows},
        toml_reader::{DiagnosticSink, SpannedText, TableReader, as_table, as_text},
    },
    choice,
};
use crate::{
    EntityKind,
    diag::{Diagnostic, near_miss, quoted_list},
};

/// The section as written.
#[derive(Debug, Default)]
pub(crate) struct OutputSyntax {
    /// Whether rows name the instant, the model and its hash.
    pub(crate) stamp: bool,
    pub(crate) user_columns: Vec<SpannedText>,
    pub(crate) account_columns: Vec<SpannedText>,
    pub(crate) files: Vec<ListSyntax>,
}

/// A file for others as written.
#[derive(Debug)]
pub(crate) struct ListSyntax {
    pub(crate) name: SpannedText,
    pub(crate) format: ListFormat,
    pub(crate) level: ListLevel,
    pub(crate) when: Option<SpannedText>,
    pub(crate) order: Option<Vec<SpannedText>>,
    pub(crate) limit: Option<usize>,
    pub(crate) unique: Option<SpannedText>,
    pub(crate) rows: ListRows,
    /// Headers and what they show; none shows all columns of the level.
    pub(crate) columns: Option<Vec<(SpannedText, SpannedText)>>,
}

/// The words of `level`.
pub(super) const LIST_LEVELS: [(&str, ListLevel); 4] = [
    ("account", ListLevel::Entities(EntityKind::Account)),
    ("user", ListLevel::Entities(EntityKind::User)),
    ("alert", ListLevel::Alerts),
    ("change", ListLevel::Changes),
];

/// The words of `rows`.
pub(super) const LIST_ROWS: [(&str, ListRows); 2] = [("all", ListRows::All), ("changed", ListRows::Changed)];

/// The endings of names, and the forms that they ask for.
const LIST_ENDINGS: [(&str, ListFormat); 4] = [
    (".csv", ListFormat::Csv),
    (".json", ListFormat::Json),
    (".ndjson", ListFormat::Ndjson),
    (".md", ListFormat::Markdown),
];

/// Files of every run, whose names are taken.
const TAKEN_STEMS: [&str; 5] = ["users", "accounts", "rejects", "changes", "alerts"];
const RECORD_NAME: &str = "run.json";

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> OutputSyntax {
    let stamp = table.boolean("stamp", found).is_some_and(|truth| truth.value);
    let user_columns = table.text_list("user_columns", found).unwrap_or_default();
    let account_columns = table.text_list("account_columns", found).unwrap_or_default();
    let files = table.tables("files", "an output file", found);
    table.finish(found);
    let files: Vec<ListSyntax> = files.into_iter().filter_map(|table| list(table, found)).collect();
    for (place, file) in files.iter().enumerate() {
        let is_same = |other: &ListSyntax| other.name.value.eq_ignore_ascii_case(&file.name.value);
        if files[..place].iter().any(is_same) {
            let message = format!("a second output file `{}`", file.name.value);
            found.add(Diagnostic::error(codes::DUPLICATE, file.name.span.clone(), message, "this name is taken"));
        }
    }
    OutputSyntax { stamp, user_columns, account_columns, files }
}

fn list(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<ListSyntax> {
    let name = table.required_text("name", found);
    if !table.has("level") {
        table.report_missing_key("level", "level = \"account\"", found);
    }
    let level = choice(&mut table, "level", &LIST_LEVELS, found);
    if let Some(level) = level.as_ref().map(|word| word.value) {
        refuse_entity_keys(&table, level, found);
    }
    let when = table.text("when", found);
    let order = table.text_list("order", found);
    let limit = table.count("limit", 1..=1_000_000_000, found);
    let unique = table.text("unique", found);
    let rows = choice(&mut table, "rows", &LIST_ROWS, found).map_or(ListRows::All, |word| word.value);
    let columns = columns(&mut table, found);
    table.finish(found);
    let name = name?;
    let format = list_format(&name, found)?;
    let limit = limit.and_then(|count| usize::try_from(count.value).ok());
    Some(ListSyntax { name, format, level: level?.value, when, order, limit, unique, rows, columns })
}

/// Refuses keys that choose rows and columns of users or accounts in a file of alerts or changes, which is a copy of `alerts.csv` or `changes.csv`.
fn refuse_entity_keys(table: &TableReader<'_>, level: ListLevel, found: &mut DiagnosticSink) {
    let (what, file) = match level {
        ListLevel::Entities(_) => return,
        ListLevel::Alerts => ("alert", "alerts.csv"),
        ListLevel::Changes => ("change", "changes.csv"),
    };
    for key in ["when", "order", "unique", "columns", "rows"] {
        if table.has(key) {
            let message = format!("`{key}` in a file of level {what}");
            let label = format!("such a file has the rows and columns of {file}");
            let help = "leave it out; what a person needs to know can stand in the `message` of the alert";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span(key), message, label).help(help));
        }
    }
}

/// `columns = { Header = "fact" }`, or a list of names.
fn columns(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<Vec<(SpannedText, SpannedText)>> {
    let value = table.take("columns")?;
    if let DeValue::Array(list) = value.get_ref() {
        let names = list.iter().filter_map(|name| as_text(name, "columns", found));
        return Some(names.map(|name| (name.clone(), name)).collect());
    }
    let named = as_table(value, "columns of an output file", "columns", found)?;
    let all: Vec<_> = named.entries().collect();
    let column = |(header, value)| as_text(value, "columns", found).map(|text| (header, text));
    Some(all.into_iter().filter_map(column).collect())
}

/// The form of a file by its ending; the name must be one of a file in the folder of the run.
fn list_format(name: &SpannedText, found: &mut DiagnosticSink) -> Option<ListFormat> {
    let text = name.value.as_str();
    let mut refuse = |message: String, label: String, help: Option<String>| {
        found.add(Diagnostic::error(codes::BAD_VALUE, name.span.clone(), message, label).maybe_help(help));
    };
    let is_plain = |c: char| !(c.is_control() || "/\\:*?\"<>|".contains(c));
    if text.starts_with('.') || !text.chars().all(is_plain) {
        let label = "expected a plain name such as `sales_list.csv`";
        refuse(format!("`{text}` is no name of a file in the folder of --out"), label.to_owned(), None);
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let is_taken = lower == RECORD_NAME || TAKEN_STEMS.iter().any(|stem| lower.split('.').next() == Some(stem));
    if is_taken {
        refuse(format!("`{text}` is a file of every run"), "expected another name".to_owned(), None);
        return None;
    }
    let format = LIST_ENDINGS.iter().find(|(ending, _)| lower.ends_with(ending) && lower.len() > ending.len());
    if format.is_none() {
        let endings: Vec<&str> = LIST_ENDINGS.iter().map(|(ending, _)| *ending).collect();
        let written = lower.rfind('.').map(|at| &lower[at..]);
        let near = written.and_then(|ending| near_miss(ending, endings.iter().copied()));
        let help = match written {
            Some(".xlsx" | ".parquet") => Some("spreadsheet programs and warehouses read `.csv`".to_owned()),
            _ => near.map(|near| format!("`{near}` is one")),
        };
        refuse(
            format!("the ending of `{text}` is no form of output files"),
            format!("one of {}", quoted_list(&endings)),
            help,
        );
    }
    format.map(|(_, format)| *format)
}
