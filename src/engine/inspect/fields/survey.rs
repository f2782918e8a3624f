//! Reads the first records of each file as they stand.

use super::{
    facts::FieldFacts,
    judge::{FieldGuess, FieldJudge},
    shown_names::is_record,
    table::FieldTable,
    told::{ToldFields, told_fields},
};
use crate::{
    decode::{RecoveredLine, RejectReason, format::detect_format, recover_line},
    inspect::{
        property_profile::PropertyProfile,
        record_envelope::{self, RecordEnvelope},
        table_ids::TableIds,
    },
    read::{BlockLimits, BlockReader, ColumnMapping, InputKind, InputSource, LineBlock, TableUse, usual_fields},
};
use pql_model::{PerKind, units::Micros};

/// Records that are looked at, over all files.
const RECORDS_MAX: u32 = 20_000;

/// Files that are looked at, evenly chosen.
const FILES_MAX: usize = 64;

/// A field of the records, for a table of them.
#[derive(Debug)]
pub(crate) struct SurveyedField<'s> {
    pub(crate) path: &'s str,
    pub(crate) profile: &'s PropertyProfile,
    pub(crate) filled: u64,
    pub(crate) distinct: u64,
}

/// The fields of the first records, and which are the parts of an event.
#[derive(Debug, Clone, Default)]
pub struct FieldSurvey {
    pub(super) table: FieldTable,
    /// The guess, with whole paths.
    pub guess: FieldGuess,
    /// What lies around the record in each line, if it is known.
    pub(crate) envelope: Option<RecordEnvelope>,
    /// Whether the guess differs from where a reader looks without a model.
    pub differs: bool,
    /// Whether all files are tables.
    pub is_table: bool,
    /// Whether the records of no file have the sign of a vendor.
    pub is_native: bool,
    /// Whether the first line of a table is a record, so that its columns have no names.
    pub is_headless: bool,
    distinct: Vec<u64>,
}

impl FieldSurvey {
    /// The records that were looked at.
    pub(crate) fn records(&self) -> u64 {
        u64::from(self.table.rows)
    }

    /// The fields, in the order in which they were met.
    pub(crate) fn fields(&self) -> impl Iterator<Item = SurveyedField<'_>> {
        self.table.columns.iter().zip(&self.distinct).map(|(column, distinct)| SurveyedField {
            path: &column.path,
            profile: &column.profile,
            filled: column.profile.filled(),
            distinct: *distinct,
        })
    }

    /// The paths of all fields, and of the objects that hold them.
    pub fn paths(&self) -> Vec<&str> {
        let ends = |path: &'_ str| path.match_indices('.').map(|(at, _)| at).collect::<Vec<_>>();
        let of = |path| ends(path).into_iter().map(move |at| &path[..at]).chain([path]);
        let mut all: Vec<&str> = self.table.columns.iter().flat_map(|column| of(column.path.as_str())).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Looks at the first records of each file. Files that cannot be read have none; who reads them in full says why.
pub fn survey_fields(inputs: &[InputSource], limits: BlockLimits, now: Micros) -> FieldSurvey {
    let mut table = FieldTable::default();
    let (mut is_table, mut is_native) = (!inputs.is_empty(), true);
    let step = inputs.len().div_ceil(FILES_MAX).max(1);
    let files: Vec<&InputSource> = inputs.iter().step_by(step).collect();
    let share = RECORDS_MAX / u32::try_from(files.len().max(1)).unwrap_or(RECORDS_MAX);
    for input in files {
        let first = read_first(&mut table, input, limits, share.max(50));
        (is_table, is_native) = (is_table && first.is_table, is_native && first.is_native);
    }
    let paths = table.columns.iter().map(|column| (column.path.as_str(), column.cells.len() as u64));
    let envelope = record_envelope::of(paths, u64::from(table.rows));
    let all: Vec<FieldFacts<'_>> = table.columns.iter().map(|column| FieldFacts::new(column, &table, now)).collect();
    let envelope = envelope.or_else(|| record_envelope::UNNAMED.into_iter().find(|one| is_around_record(&all, *one)));
    let distinct = all.iter().map(|facts| facts.distinct).collect();
    let (guess, differs) = guess_of(&all, (envelope, is_table), &NOTHING_TOLD);
    let is_headless = is_table && is_record(&table.columns);
    FieldSurvey { guess, envelope, differs, is_table, is_native, is_headless, distinct, table }
}

/// Where no table tells anything.
const NOTHING_TOLD: ToldFields = PerKind { user: None, account: None };

impl FieldSurvey {
    /// Takes the fields whose values are ids of tables for users and accounts, and judges the others again.
    pub fn told_by(&mut self, tables: &PerKind<Option<TableIds>>, now: Micros) {
        let table = &self.table;
        let all: Vec<FieldFacts<'_>> = table.columns.iter().map(|column| FieldFacts::new(column, table, now)).collect();
        let told = told_fields(&all, tables);
        let (guess, differs) = guess_of(&all, (self.envelope, self.is_table), &told);
        (self.guess, self.differs) = (guess, differs);
    }
}

/// The guess, and whether a reader would look elsewhere without it.
fn guess_of(
    all: &[FieldFacts<'_>],
    (envelope, is_table): (Option<RecordEnvelope>, bool),
    told: &ToldFields,
) -> (FieldGuess, bool) {
    let (mut guess, differs) = guess_within(all, (envelope, is_table), told);
    // A reader of tables finds the other columns itself, and passes over those of a loader.
    guess.parts.retain(|one| !(is_table && one.path == "."));
    (guess, differs)
}

/// What a field is called, in lower case and with underscores, that names an event and nothing else.
const ALIASES_OF_EVENT: [&str; 5] = ["event", "event_name", "eventname", "event_type", "eventtype"];

/// Whether a field is called an event.
fn is_event_alias(path: &str) -> bool {
    ALIASES_OF_EVENT.contains(&path.to_lowercase().replace(['-', '.', ' '], "_").as_str())
}

/// Whether a whole event lies below a path, and its name is not known beside it.
///
/// Calls of webhooks name the event beside the object that it is about, so a name beside it decides.
fn is_around_record(all: &[FieldFacts<'_>], envelope: RecordEnvelope) -> bool {
    let below = |path| record_envelope::stripped(path, envelope.path);
    if all.iter().any(|facts| is_event_alias(facts.path())) || !all.iter().any(|facts| below(facts.path()).is_some()) {
        return false;
    }
    let (guess, _) = guess_within(all, (Some(envelope), false), &NOTHING_TOLD);
    guess.is_complete() && guess.path("event").and_then(below).is_some_and(is_event_alias)
}

/// The guess, of an envelope within its record: what stands beside it tells of the transfer.
fn guess_within(
    all: &[FieldFacts<'_>],
    (envelope, is_table): (Option<RecordEnvelope>, bool),
    told: &ToldFields,
) -> (FieldGuess, bool) {
    let names: Vec<&str> = all.iter().map(FieldFacts::path).collect();
    let usual = |part: &str| usual_fields(part, &names, is_table);
    let Some(envelope) = envelope else {
        let guess = FieldJudge { fields: all, usual: &usual, within: "", told }.guess();
        let differs =
            guess.parts.iter().any(|one| one.part != "properties" && usual(one.part) != Some(one.path.clone()));
        return (guess, differs);
    };
    let below = |facts: &FieldFacts<'_>| record_envelope::stripped(facts.path(), envelope.path).is_some();
    let mut inner: Vec<FieldFacts<'_>> = all.iter().filter(|facts| below(facts)).cloned().collect();
    // Lines beside the records, such as the messages of a tap, have no record.
    let records = inner.iter().map(|facts| facts.filled).max().unwrap_or_default();
    inner.iter_mut().for_each(|facts| facts.rows = records);
    let usual_below = |part: &str| {
        let names: Vec<&str> = names.iter().filter_map(|path| record_envelope::stripped(path, envelope.path)).collect();
        usual_fields(part, &names, true).map(|path| format!("{}.{path}", envelope.path))
    };
    (FieldJudge { fields: &inner, usual: &usual_below, within: envelope.path, told }.guess(), true)
}

/// Adds the record in a line, or the records that stand on one line.
fn add_line(table: &mut FieldTable, line: &str) {
    // Messages that a tap writes beside its records are no records.
    if matches!(recover_line(line, RejectReason::NoEvent), RecoveredLine::Blank) {
        return;
    }
    let before = table.rows;
    table.add_record(line);
    if table.rows > before {
        return;
    }
    if let RecoveredLine::Records(records) = recover_line(line, RejectReason::InvalidJson) {
        records.for_each(|(_, record)| table.add_record(record));
    }
}

/// What the first records of a file show.
struct FirstRecords {
    /// They are rows.
    is_table: bool,
    /// They have no sign of a vendor.
    is_native: bool,
}

/// Adds the first records of a file.
fn read_first(table: &mut FieldTable, input: &InputSource, limits: BlockLimits, records_max: u32) -> FirstRecords {
    let mapping = ColumnMapping { table_use: TableUse::EventColumns, ..ColumnMapping::default() };
    let input = match &input.kind {
        InputKind::Begun(pipe) => InputSource { name: input.name.clone(), kind: InputKind::Memory(pipe.head()) },
        _ => input.clone(),
    };
    let reader = BlockReader::new(vec![input], limits, 1).with_column_mapping(mapping);
    let mut block = LineBlock::default();
    let mut first = FirstRecords { is_table: false, is_native: true };
    let end = table.rows.saturating_add(records_max);
    while let Ok(Some(next)) = reader.next(block) {
        let text = String::from_utf8_lossy(&next.bytes);
        if next.starts_file {
            first.is_table = !next.column_names.is_empty();
            first.is_native = detect_format(text.lines(), "auto").is_ok_and(|known| known.format.name == "native");
        }
        next.column_names.iter().filter(|name| !name.is_empty()).for_each(|name| table.add_column(name));
        for line in text.lines() {
            if table.rows >= end || table.is_full() {
                return first;
            }
            add_line(table, line);
        }
        block = next;
    }
    first
}
