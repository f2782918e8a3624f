//! The format of each file of a run, shared by all workers, and the decoders of each worker.
//!
//! The worker that gets the first block of a file detects its format. A worker with a later block
//! waits for that. The wait ends because the reader hands out the blocks of a file in order, so a
//! worker already has the first block.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, OnceLock, PoisonError},
};

use super::{DetectedFormat, EventFormat, FORMATS, FORMATS_LENGTH, UnsupportedFormat, detect_format};
use crate::{
    decode::{DecodePlan, HashSeed, LineDecoder, ReceiptCounts},
    plan::Model,
};
use pql_model::units::Micros;

/// The formats of the files of a run.
#[derive(Debug)]
pub struct FileFormats<'m> {
    model: &'m Model,
    /// The format that the model or the command line names, or `auto`.
    requested: &'m str,
    files: Vec<OnceLock<Result<DetectedFormat, UnsupportedFormat>>>,
    /// One plan per format, in the order of [`FORMATS`].
    plans: [OnceLock<DecodePlan>; FORMATS_LENGTH],
    /// Group types in the records, by the name of the format. Kept only where the model does not
    /// name the group type of the account.
    group_types: Mutex<BTreeMap<&'static str, BTreeSet<String>>>,
    /// From when on records are known.
    known: KnownFrom,
    /// What records say of their receipt.
    receipts: Mutex<ReceiptCounts>,
}

/// From when on a record is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KnownFrom {
    /// From its own time on.
    #[default]
    OwnTime,
    /// From the later of its own time and its receipt, where the model says where that is.
    Receipt,
}

impl<'m> FileFormats<'m> {
    /// The formats of a number of files, none detected yet.
    pub fn new(model: &'m Model, asked: &'m str, files: usize) -> FileFormats<'m> {
        let files = (0..files).map(|_| OnceLock::new()).collect();
        FileFormats {
            model,
            requested: asked,
            files,
            plans: Default::default(),
            group_types: Mutex::default(),
            known: KnownFrom::OwnTime,
            receipts: Mutex::default(),
        }
    }

    /// The same for records that are known from another time on.
    pub(crate) fn known_from(self, known: KnownFrom) -> FileFormats<'m> {
        FileFormats { known, ..self }
    }

    /// What the records of the workers that are done say of their receipt.
    pub(crate) fn receipts(&self) -> ReceiptCounts {
        *self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The format of a file, detected from its first bytes. Without them, waits until another
    /// worker has detected it.
    fn detect(&self, file: u32, first: Option<&[u8]>) -> Result<DetectedFormat, UnsupportedFormat> {
        let Some(settled) = self.files.get(file as usize) else { return detect_format([].into_iter(), self.requested) };
        *match first {
            Some(bytes) => settled.get_or_init(|| detect_format(lines(bytes), self.requested)),
            None => settled.wait(),
        }
    }

    /// The format that was detected for a file. None if the file was never read, had no line, or is
    /// unsupported.
    pub(crate) fn detected(&self, file: usize) -> Option<DetectedFormat> {
        self.files.get(file)?.get()?.ok()
    }

    /// The number of the first unsupported file.
    pub(crate) fn first_unsupported(&self) -> Option<(usize, UnsupportedFormat)> {
        self.files.iter().enumerate().find_map(|(file, settled)| Some((file, settled.get()?.err()?)))
    }

    /// The first format whose records name groups of several types, with those types. Looks only at
    /// formats for which the model does not name the group type of the account.
    pub(crate) fn ambiguous_groups(&self) -> Option<(&'static str, Vec<String>)> {
        let all = self.group_types.lock().unwrap_or_else(PoisonError::into_inner);
        let (format, types) = all.iter().find(|(_, types)| types.len() > 1)?;
        Some((format, types.iter().cloned().collect()))
    }

    fn plan(&self, place: usize) -> &DecodePlan {
        let input = &self.model.resolved.input;
        let layout = || match self.known {
            KnownFrom::OwnTime => FORMATS[place].layout(input),
            KnownFrom::Receipt => FORMATS[place].layout_with_receipt(input),
        };
        self.plans[place].get_or_init(|| DecodePlan::new(&layout(), self.model))
    }
}

/// The valid UTF-8 lines among the first bytes of a file.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok())
}

/// The decoders of one worker: one for each format that it meets.
#[derive(Debug)]
pub struct WorkerDecoders<'m> {
    formats: &'m FileFormats<'m>,
    seed: HashSeed,
    until: Micros,
    decoders: [Option<LineDecoder<'m>>; FORMATS_LENGTH],
}

impl<'m> WorkerDecoders<'m> {
    /// A worker's decoders. Records at or after `until` are deferred.
    pub fn new(formats: &'m FileFormats<'m>, seed: HashSeed, until: Micros) -> WorkerDecoders<'m> {
        WorkerDecoders { formats, seed, until, decoders: Default::default() }
    }

    /// The decoder for a file; `first` holds the first bytes of the file, if the block begins
    /// there.
    ///
    /// # Errors
    ///
    /// [`UnsupportedFormat`], if the file is of a known kind that is not read.
    pub fn decoder_for(&mut self, file: u32, first: Option<&[u8]>) -> Result<&mut LineDecoder<'m>, UnsupportedFormat> {
        let recognised = self.formats.detect(file, first)?;
        let same = |format: &&EventFormat| std::ptr::eq(*format, recognised.format);
        let place = FORMATS.iter().position(same).unwrap_or(FORMATS_LENGTH - 1);
        let (formats, seed, until) = (self.formats, &self.seed, self.until);
        Ok(self.decoders[place].get_or_insert_with(|| {
            LineDecoder::new(formats.model, formats.plan(place), FORMATS[place].lines, seed.clone(), until)
        }))
    }

    /// Whether the lines of a file end in commas, as of a list that lost its brackets; asked after its first bytes were seen.
    pub(crate) fn has_commas(&self, file: u32) -> bool {
        self.formats.detected(file as usize).is_some_and(|recognised| recognised.commas)
    }

    /// Hands to the run the group types that the decoders met, and what records say of their receipt.
    pub(crate) fn finish(self) {
        let mut all = self.formats.group_types.lock().unwrap_or_else(PoisonError::into_inner);
        let mut receipts = self.formats.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        for (format, decoder) in FORMATS.iter().zip(self.decoders) {
            let (group_types, counts) = decoder.map(LineDecoder::into_findings).unwrap_or_default();
            all.entry(format.name).or_default().extend(group_types);
            receipts.add(counts);
        }
    }
}
