//! The profile of one property of one event, or of one trait: types, counts, shapes, distinct
//! values.

use std::collections::BTreeMap;

use super::{
    sketches::DistinctSketch,
    value_shape::{SHAPES, shape},
};
use crate::decode::{
    json::{JsonKind, JsonSpan},
    stable_hash,
};

/// Types of JSON values, in the order of [`PropertyProfile::types`].
pub(super) const JSON_TYPE_NAMES: [&str; 6] = ["text", "number", "boolean", "list", "object", "null"];

/// The largest number of distinct values that is counted exactly.
const VALUES_EXACT: usize = 128;

/// Sample values that are kept per property.
const SAMPLES_MAX: usize = 4;

/// Characters that are kept of a sample value.
const SAMPLE_CHARS_MAX: usize = 40;

/// The profile of a property.
///
/// **Cost**: some 300 bytes, and 16 per distinct value up to 128.
#[derive(Debug, Clone)]
pub struct PropertyProfile {
    /// The number of values of each JSON type, in the order of `JSON_TYPE_NAMES`.
    pub(crate) types: [u64; JSON_TYPE_NAMES.len()],
    /// The number of values of each shape, in the order of `SHAPES`.
    pub(crate) shapes: [u64; SHAPES.len()],
    /// Distinct values.
    pub values: DistinctSketch,
    /// Sample values by hash, if requested. The smallest hashes are kept, so the order of events
    /// does not matter.
    pub(crate) samples: BTreeMap<u64, String>,
}

impl Default for PropertyProfile {
    fn default() -> PropertyProfile {
        PropertyProfile {
            types: [0; JSON_TYPE_NAMES.len()],
            shapes: [0; SHAPES.len()],
            values: DistinctSketch::new(VALUES_EXACT),
            samples: BTreeMap::new(),
        }
    }
}

impl PropertyProfile {
    /// Adds a value.
    pub(crate) fn add(&mut self, line: &str, raw: JsonSpan, keep_values: bool) {
        let kind = match raw.kind {
            JsonKind::Text | JsonKind::EscapedText => 0,
            JsonKind::Number => 1,
            JsonKind::True | JsonKind::False => 2,
            JsonKind::Array => 3,
            JsonKind::Object => 4,
            JsonKind::Missing | JsonKind::Null => 5,
        };
        self.types[kind] += 1;
        if let Some(place) = shape(line, raw) {
            self.shapes[place] += 1;
        }
        if kind == 5 {
            return;
        }
        let hash = stable_hash(raw.slice(line));
        self.values.add(hash);
        let wanted =
            self.samples.len() < SAMPLES_MAX || self.samples.keys().next_back().is_some_and(|last| hash < *last);
        if keep_values && wanted {
            let text = raw.text(line).unwrap_or_else(|| raw.slice(line).into());
            self.samples.entry(hash).or_insert_with(|| text.chars().take(SAMPLE_CHARS_MAX).collect());
            self.cut();
        }
    }

    fn cut(&mut self) {
        while self.samples.len() > SAMPLES_MAX {
            self.samples.pop_last();
        }
    }

    /// Adds another profile.
    ///
    /// **Law**: the order of merges does not matter.
    pub(crate) fn merge(&mut self, other: PropertyProfile) {
        self.types.iter_mut().zip(other.types).for_each(|(mine, theirs)| *mine += theirs);
        self.shapes.iter_mut().zip(other.shapes).for_each(|(mine, theirs)| *mine += theirs);
        self.values.merge(other.values);
        self.samples.extend(other.samples);
        self.cut();
    }

    /// The number of values; null and empty text are none.
    pub fn filled(&self) -> u64 {
        let empty = SHAPES.iter().position(|shape| *shape == "empty text").map_or(0, |place| self.shapes[place]);
        self.types[..5].iter().sum::<u64>() - empty
    }

    /// All distinct values if they are few words, in the order of the alphabet; none if samples were not kept or values may be about one person.
    pub fn few_words(&self) -> Option<Vec<&str>> {
        let is_whole = self.values.is_exact() && self.values.count() == self.samples.len() as u64;
        let are_words = self.is_mostly(&["snake_case word", "words", "UPPER CASE", "true or false"]);
        let mut words: Vec<&str> = self.samples.values().map(String::as_str).collect();
        words.sort_unstable();
        (is_whole && are_words && !words.is_empty()).then_some(words)
    }

    /// Whether over half of the values have one of some shapes.
    pub fn is_mostly(&self, shapes: &[&str]) -> bool {
        let of = SHAPES.iter().zip(self.shapes).filter(|(shape, _)| shapes.contains(*shape));
        of.map(|(_, count)| count).sum::<u64>() * 2 > self.filled()
    }

    /// Whether a text is among the values; false if there are too many to know.
    pub fn has_text(&self, text: &str) -> bool {
        self.values.contains(stable_hash(text)) == Some(true)
    }

    /// Whether a text is certainly not among the values; false if there are too many to know.
    pub fn lacks_text(&self, text: &str) -> bool {
        self.values.contains(stable_hash(text)) == Some(false)
    }

    /// Names of a list of counts, the most frequent first.
    pub(crate) fn by_count<'n>(names: &[&'n str], counts: &[u64]) -> Vec<(&'n str, u64)> {
        let mut all: Vec<(&str, u64)> =
            names.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}
