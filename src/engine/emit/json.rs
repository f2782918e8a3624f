//! Rows as JSON objects: the columns of the schema with their types, and in place of the list of signals the whole breakdown.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{
    cell::OutputCell,
    json_value::{JsonMap, JsonNumber, JsonPoints},
    row::EntityRow,
    row_writer::{RowBatch, RowTotals, RowWriter},
    schema::OutputSchema,
};
use pql_model::{
    output_columns::{BreakdownKey, ColumnSource},
    resolved::{Level, Signal, SignalPayment, Tier},
    scoring::{SignalInput, SignalPayout},
    units::{EPSILON, Points},
};

/// How objects stand beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonFraming {
    /// One list.
    List,
    /// An object a line.
    Lines,
}

/// Rows as JSON objects.
pub(super) struct JsonRows {
    fields: Vec<JsonField>,
    framing: JsonFraming,
}

/// A key of an object, and what stands under it.
struct JsonField {
    name: String,
    content: FieldContent,
}

#[derive(Clone, Copy)]
enum FieldContent {
    Column(ColumnSource),
    SignalBreakdown,
    Breakdown(BreakdownKey),
}

impl JsonRows {
    /// Objects with the columns of a schema, and the parts of the breakdown beside the columns that they belong to.
    pub(super) fn new(schema: &OutputSchema, framing: JsonFraming) -> JsonRows {
        let mut rows = JsonRows { fields: Vec::with_capacity(schema.columns.len() + 5), framing };
        for column in &schema.columns {
            let content = match column.source {
                ColumnSource::Signals => FieldContent::SignalBreakdown,
                source => FieldContent::Column(source),
            };
            rows.put(&column.name, content);
            match column.source {
                ColumnSource::Tier => rows.put_breakdown(BreakdownKey::TierLabel),
                ColumnSource::Action => rows.put_breakdown(BreakdownKey::SlaHours),
                _ => {}
            }
        }
        rows.put_breakdown(BreakdownKey::Categories);
        rows.put_breakdown(BreakdownKey::ScoreBeforeBounds);
        rows.put_breakdown(BreakdownKey::NextTier);
        rows
    }

    /// Objects with the columns of a schema and nothing else.
    pub(super) fn plain(schema: &OutputSchema, framing: JsonFraming) -> JsonRows {
        let mut rows = JsonRows { fields: Vec::with_capacity(schema.columns.len()), framing };
        schema.columns.iter().for_each(|column| rows.put(&column.name, FieldContent::Column(column.source)));
        rows
    }

    /// Adds a part of the breakdown. No column has its key, since a model with such a column is refused.
    fn put_breakdown(&mut self, key: BreakdownKey) {
        self.put(key.name(), FieldContent::Breakdown(key));
    }

    /// Adds a key. A key that is there already gets the new content, since an object has no key twice.
    fn put(&mut self, name: &str, content: FieldContent) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.content = content,
            None => self.fields.push(JsonField { name: name.to_owned(), content }),
        }
    }
}

impl RowWriter for JsonRows {
    type Part = Vec<u8>;
    /// The bytes between the part before and the next one.
    type State = &'static [u8];

    fn begin(&self, out: &mut dyn Write) -> io::Result<&'static [u8]> {
        if self.framing == JsonFraming::List {
            out.write_all(b"[")?;
        }
        Ok(b"")
    }

    fn encode(&self, rows: &RowBatch<'_>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        rows.try_for_each(|row| {
            match self.framing {
                JsonFraming::List if bytes.is_empty() => bytes.extend_from_slice(b"\n"),
                JsonFraming::List => bytes.extend_from_slice(b",\n"),
                JsonFraming::Lines => {}
            }
            serde_json::to_writer(&mut bytes, &RowObject { fields: &self.fields, row }).map_err(io::Error::other)?;
            if self.framing == JsonFraming::Lines {
                bytes.push(b'\n');
            }
            Ok(())
        })?;
        Ok(bytes)
    }

    fn append(&self, between: &mut &'static [u8], part: Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(between)?;
        if self.framing == JsonFraming::List {
            *between = b",";
        }
        out.write_all(&part)
    }

    fn finish(&self, _: &'static [u8], out: &mut dyn Write) -> io::Result<RowTotals> {
        if self.framing == JsonFraming::List {
            out.write_all(b"\n]\n")?;
        }
        Ok(RowTotals::default())
    }
}

/// A row as an object.
struct RowObject<'o> {
    fields: &'o [JsonField],
    row: &'o EntityRow<'o>,
}

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|field| (&field.name, self.value(field.content))))
    }
}

/// What stands under a key.
#[derive(Serialize)]
#[serde(untagged)]
enum FieldValue<'v> {
    Cell(OutputCell<'v>),
    Text(Option<&'v str>),
    Number(Option<JsonNumber>),
    Points(JsonPoints),
    Signals(Vec<SignalBreakdown<'v>>),
    Categories(JsonMap<&'v str, CategoryBreakdown>),
    NextTier(Option<NextTier<'v>>),
}

impl<'o> RowObject<'o> {
    fn value(&self, content: FieldContent) -> FieldValue<'o> {
        let RowObject { row, .. } = self;
        match content {
            FieldContent::Column(source) => FieldValue::Cell(row.cell(source)),
            FieldContent::SignalBreakdown => {
                let signals = row.level.signals.iter().zip(&row.paid);
                FieldValue::Signals(
                    signals.map(|(signal, paid)| SignalBreakdown::new(row.level, signal, paid)).collect(),
                )
            }
            FieldContent::Breakdown(key) => self.breakdown(key),
        }
    }

    fn breakdown(&self, key: BreakdownKey) -> FieldValue<'o> {
        let RowObject { row, .. } = self;
        match key {
            BreakdownKey::TierLabel => {
                FieldValue::Text(row.tier().and_then(|tier| row.level.tiers[tier].label.as_deref()))
            }
            BreakdownKey::SlaHours => FieldValue::Number(row.route.and_then(|route| route.sla_hours).map(JsonNumber)),
            BreakdownKey::Categories => {
                let categories = row.level.categories.iter().zip(&row.sum.categories);
                FieldValue::Categories(
                    categories
                        .map(|(category, (raw, held))| (category.name.as_str(), CategoryBreakdown::new(*raw, *held)))
                        .collect(),
                )
            }
            BreakdownKey::ScoreBeforeBounds => FieldValue::Points(JsonPoints(row.sum.raw)),
            BreakdownKey::NextTier => FieldValue::NextTier(NextTier::above(row)),
        }
    }
}

impl Serialize for OutputCell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            OutputCell::Null => serializer.serialize_none(),
            OutputCell::Points(points) => JsonPoints(*points).serialize(serializer),
            OutputCell::Number(number) => JsonNumber(*number).serialize(serializer),
            OutputCell::Boolean(truth) => serializer.serialize_bool(*truth),
            OutputCell::Text(_) | OutputCell::Date(_) | OutputCell::Instant(_) => {
                serializer.serialize_str(&self.text())
            }
        }
    }
}

/// A signal with what it saw and what it paid.
#[derive(Serialize)]
struct SignalBreakdown<'b> {
    name: &'b str,
    category: &'b str,
    state: &'static str,
    value: InputValue,
    /// Only of signals whose points have a maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    points_before_max: Option<JsonPoints>,
    points_before_decay: JsonPoints,
    points: JsonPoints,
}

impl<'b> SignalBreakdown<'b> {
    fn new(level: &'b Level, signal: &'b Signal, paid: &SignalPayout) -> SignalBreakdown<'b> {
        let has_max = matches!(signal.pay, SignalPayment::Per { max: Some(_), .. });
        SignalBreakdown {
            name: &signal.name,
            category: &level.categories[signal.category].name,
            state: paid.firing.as_str(),
            value: match paid.seen {
                SignalInput::Number(value) => InputValue::Number(JsonNumber(value)),
                SignalInput::Truth(truth) => InputValue::Truth(truth),
                SignalInput::Nothing => InputValue::Nothing,
            },
            points_before_max: has_max.then_some(JsonPoints(paid.unbounded)),
            points_before_decay: JsonPoints(paid.full),
            points: JsonPoints(paid.points),
        }
    }
}

/// What a signal saw.
#[derive(Serialize)]
#[serde(untagged)]
enum InputValue {
    Number(JsonNumber),
    Truth(bool),
    Nothing,
}

/// The points of a category.
#[derive(Serialize)]
struct CategoryBreakdown {
    before_bounds: JsonPoints,
    points: JsonPoints,
}

impl CategoryBreakdown {
    fn new(before_bounds: Points, points: Points) -> CategoryBreakdown {
        CategoryBreakdown { before_bounds: JsonPoints(before_bounds), points: JsonPoints(points) }
    }
}

/// The tier above.
#[derive(Serialize)]
struct NextTier<'t> {
    name: &'t str,
    points_missing: JsonPoints,
    has_condition: bool,
}

impl<'t> NextTier<'t> {
    /// None in the highest tier, and without tiers.
    fn above(row: &EntityRow<'t>) -> Option<NextTier<'t>> {
        let above = row.level.tiers.get(row.tier()?.checked_sub(1)?)?;
        Some(NextTier {
            name: &above.name,
            points_missing: JsonPoints(missing_points(above, row.sum.score)),
            has_condition: above.when.is_some(),
        })
    }
}

/// The points that a score needs for a tier; 0 for a tier without a threshold.
fn missing_points(tier: &Tier, score: Points) -> Points {
    let Some((threshold, strict)) = tier.threshold else { return Points::ZERO };
    // To exceed a threshold takes the smallest amount there is more.
    let needed =
        (threshold * 1000.0 - EPSILON).ceil() as i64 + i64::from(strict && (threshold * 1000.0).fract() == 0.0);
    Points((needed - score.0).max(0))
}
