//! Values that became null because they are no number or no date: how many of each column, and where the first stands.
//!
//! Takes values as they are found, gives a tally. Invariant: of one record, a column counts once for a cause, however many traits and measures
//! read it; and tallies of any parts of the input merge to the tally of all of it.

use std::collections::BTreeMap;

use super::trait_value::ValueReader;
use pql_model::{
    VALUE_FORMATS, ValueFormat,
    clock::TimeZones,
    expr::{Value, ValueType},
};

/// Why a value became null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MisreadCause {
    /// A number was asked for, and it is none.
    NoNumber,
    /// A date was asked for, and it is none.
    NoDate,
    /// It is a number beyond 1e15, whose last digits doubles do not keep.
    Beyond,
}

impl MisreadCause {
    /// The code in the record of a run.
    pub(crate) fn code(self) -> &'static str {
        match self {
            MisreadCause::NoNumber => "no_number",
            MisreadCause::NoDate => "no_date",
            MisreadCause::Beyond => "beyond_1e15",
        }
    }
}

/// The formats that could read all values so far, a bit for each of [`VALUE_FORMATS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatCandidates(u8);

impl FormatCandidates {
    /// The formats that read a value.
    pub(crate) fn of(value: &Value<'_>, cause: MisreadCause, zones: TimeZones<'_>) -> FormatCandidates {
        let kind = match cause {
            MisreadCause::NoNumber => ValueType::Number,
            MisreadCause::NoDate => ValueType::Date,
            MisreadCause::Beyond => return FormatCandidates(0),
        };
        let reads = |format: ValueFormat| {
            let reader = ValueReader { kind, format: Some(format), zones };
            format.value_type() == kind && !reader.read(value.as_borrowed()).is_null()
        };
        let all = VALUE_FORMATS.iter().enumerate();
        FormatCandidates(all.fold(0, |bits, (place, (_, format))| bits | u8::from(reads(*format)) << place))
    }

    /// The formats that read both values.
    pub fn and(self, other: FormatCandidates) -> FormatCandidates {
        FormatCandidates(self.0 & other.0)
    }

    /// In the order of the documentation.
    pub fn formats(self) -> impl Iterator<Item = ValueFormat> {
        let all = VALUE_FORMATS.iter().enumerate();
        all.filter(move |(place, _)| self.0 >> place & 1 == 1).map(|(_, (_, format))| *format)
    }
}

/// Values of one column that became null for one cause; `P` is where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MisreadValues<P> {
    /// How many.
    pub(crate) count: u64,
    /// Where the first stands.
    pub(crate) first: P,
    /// The formats that could read all of them.
    pub(crate) candidates: FormatCandidates,
}

impl<P: Ord + Copy> MisreadValues<P> {
    /// The same values, with the place of the first in another form.
    pub(crate) fn at<Q>(&self, first: Q) -> MisreadValues<Q> {
        MisreadValues { count: self.count, first, candidates: self.candidates }
    }

    /// Adds values of the same column.
    pub(crate) fn add(&mut self, other: &MisreadValues<P>) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.candidates.0 &= other.candidates.0;
    }
}

/// Values that became null, by column and cause.
#[derive(Debug, Clone)]
pub(crate) struct MisreadTally<C, P> {
    columns: BTreeMap<(C, MisreadCause), MisreadValues<P>>,
    /// What the record at hand has been counted for.
    counted: Vec<(C, MisreadCause)>,
}

impl<C, P> Default for MisreadTally<C, P> {
    fn default() -> Self {
        MisreadTally { columns: BTreeMap::new(), counted: Vec::new() }
    }
}

impl<C: Ord + Copy, P: Ord + Copy> MisreadTally<C, P> {
    /// Begins the next record.
    pub(crate) fn begin_record(&mut self) {
        self.counted.clear();
    }

    /// Counts a value of the record at hand.
    pub(crate) fn note(
        &mut self,
        (column, cause): (C, MisreadCause),
        place: P,
        value: &Value<'_>,
        zones: TimeZones<'_>,
    ) {
        if self.counted.contains(&(column, cause)) {
            return;
        }
        self.counted.push((column, cause));
        let candidates = FormatCandidates::of(value, cause, zones);
        self.add((column, cause), &MisreadValues { count: 1, first: place, candidates });
    }

    fn add(&mut self, key: (C, MisreadCause), values: &MisreadValues<P>) {
        self.columns.entry(key).and_modify(|known| known.add(values)).or_insert(*values);
    }

    /// By column and cause, in their order.
    pub(crate) fn into_columns(self) -> impl Iterator<Item = (C, MisreadCause, MisreadValues<P>)> {
        self.columns.into_iter().map(|((column, cause), values)| (column, cause, values))
    }
}

/// Values of one column of the input that became null, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// What holds the column: `events`, `users` or `accounts`.
    pub of: &'static str,
    /// Its name.
    pub column: String,
    /// Why they became null.
    pub cause: MisreadCause,
    /// How many.
    pub count: u64,
    /// The file of the first.
    pub file: String,
    /// The line of the first, from 1.
    pub line: u64,
    /// The formats that could read all of them.
    pub candidates: FormatCandidates,
    /// The traits that read the column, none if only measures do.
    pub traits: Vec<String>,
}
