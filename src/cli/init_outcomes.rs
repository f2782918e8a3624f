//! `pql init --outcomes FILE`: the `[outcomes]` of a model for an export, with the key that fits its rows.

use std::collections::{BTreeMap, HashSet};

use super::{
    CommandError,
    enrichment::{EnrichmentFiles, EventsAtHand},
    outcomes::OutcomeFiles,
};
use crate::commands::outcomes::{KeyChoice, KnownExport, MapFormats, outcomes_section, recognise_export};
use pql_engine::{
    decode::misread::FormatCandidates,
    outcomes::{OutcomeTable, UnreadValues, is_native},
    pipeline::sample_event_ids,
    plan::{Model, parse},
};
use pql_model::{EntityKind, ValueFormat, diag::SourceDocument};

/// The name of the trait that a column of a table becomes.
const KEY_TRAIT: &str = "crm_id";

/// A section that was written, and what it says of the file.
pub(super) struct OutcomeMapText {
    /// The text, with an empty line in front; empty for files that need no map.
    pub(super) text: String,
    /// For people.
    pub(super) lines: Vec<String>,
}

/// Where the key of an export is looked for.
#[derive(Clone, Copy)]
pub(super) struct KeySearch<'k> {
    pub(super) files: &'k OutcomeFiles<'k>,
    pub(super) tables: &'k EnrichmentFiles<'k>,
    pub(super) events: EventsAtHand<'k>,
    /// A model that reads the events.
    pub(super) model: &'k Model,
}

impl KeySearch<'_> {
    /// The section for the files of `--outcomes`, to be added to a model. Native files need none.
    ///
    /// # Errors
    /// Files that are neither native nor of a known form; files that need different maps.
    pub(super) fn write(self, text_of_model: &str) -> Result<OutcomeMapText, CommandError> {
        let mut written: Option<(KnownExport, String, String)> = None;
        let mut lines = Vec::new();
        for place in 0..self.files.count() {
            let (name, columns) = self.files.columns(place, self.events.limits)?;
            if columns.is_empty() || is_native(&columns) {
                lines
                    .push(format!("{name}: has its outcomes in columns of their own names, so the model needs no map"));
                continue;
            }
            let Some(export) = recognise_export(&columns) else {
                return Err(self.files.unknown_export(place, columns));
            };
            match &written {
                Some((known, _, first)) if *known != export => {
                    return Err(CommandError::usage(format!(
                        "`{name}` and `{first}` need different maps, and a model has one; give one of them"
                    )));
                }
                Some(_) => lines.push(format!("{name}: the same columns")),
                None => {
                    let (text, line) = self.section(place, &export, text_of_model)?;
                    lines.push(format!("{name}: {}, {line}", export.name));
                    written = Some((export, text, name));
                }
            }
        }
        let text = written.map(|(_, text, _)| format!("\n{text}")).unwrap_or_default();
        Ok(OutcomeMapText { text, lines })
    }

    /// The section for a file, and by what its rows are matched.
    fn section(
        self,
        place: usize,
        export: &KnownExport,
        text_of_model: &str,
    ) -> Result<(String, String), CommandError> {
        let (column, key) = self.key(place, export)?;
        let section = |formats: &MapFormats| outcomes_section(export, &column, &key, formats);
        let mut formats = MapFormats::default();
        // Amounts are read only of rows whose dates are.
        for _ in 0..2 {
            let table = self.read(place, &format!("{text_of_model}\n{}", section(&formats)))?;
            formats.add(table.as_ref().map(formats_of).unwrap_or_default());
        }
        let by = match &key {
            KeyChoice::Unknown => {
                format!("`{column}` fits no id and no column of --users and --accounts; see `key` under [outcomes]")
            }
            KeyChoice::Id => format!("matched by ids (`{column}`)"),
            KeyChoice::Known(name) => format!("matched by `{name}` (`{column}`)"),
            KeyChoice::Column { column: other, name, .. } => {
                format!("matched by the trait `{name}`, read from `{other}` (`{column}`)")
            }
        };
        Ok((section(&formats), by))
    }

    /// The column of the export, and what its values are.
    fn key(self, place: usize, export: &KnownExport) -> Result<(String, KeyChoice), CommandError> {
        for column in &export.keys {
            let values = self.files.values(place, column, self.events.limits)?;
            if let Some(choice) = self.choice(&values) {
                return Ok((column.clone(), choice));
            }
        }
        let first = export.keys.first().expect("an export has a column that may be the key");
        Ok((first.clone(), KeyChoice::Unknown))
    }

    fn choice(self, values: &HashSet<String>) -> Option<KeyChoice> {
        let ids =
            |kind| sample_event_ids(self.events.inputs, (self.model, self.events.format), self.events.limits, kind);
        if EntityKind::ALL.into_iter().any(|kind| !ids(kind).is_disjoint(values)) {
            return Some(KeyChoice::Id);
        }
        for kind in [EntityKind::Account, EntityKind::User] {
            if let Some(column) = self.tables.column_with(kind, values, self.events.limits) {
                return Some(KeyChoice::Column { kind, name: KEY_TRAIT.to_owned(), column });
            }
        }
        let is_email = |value: &String| value.contains('@');
        (!values.is_empty() && values.iter().all(is_email)).then(|| KeyChoice::Known("email".to_owned()))
    }

    /// The outcomes of a file under a model; none if the model has a mistake, which is reported elsewhere.
    fn read(self, place: usize, text: &str) -> Result<Option<OutcomeTable>, CommandError> {
        let document = SourceDocument { name: "(the model)".to_owned(), text: text.to_owned() };
        match parse(&document) {
            Ok(model) => self.files.read_one(place, &model, self.events.limits).map(Some),
            Err(_) => Ok(None),
        }
    }
}

/// The formats that read what is written otherwise than usual.
fn formats_of(table: &OutcomeTable) -> MapFormats {
    let counts = &table.counts;
    MapFormats { dates: common_formats(&counts.unread_dates), amounts: common_formats(&counts.unread_amounts) }
}

/// The formats that read the values of all columns.
fn common_formats(columns: &BTreeMap<String, UnreadValues>) -> Vec<ValueFormat> {
    let all = columns.values().map(|values| values.candidates).reduce(FormatCandidates::and);
    all.map(|candidates| candidates.formats().collect()).unwrap_or_default()
}
