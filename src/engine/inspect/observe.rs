//! Adds the records of a block to a profile.

use super::{dataset_profile::DatasetProfile, run::InspectJob};
use crate::decode::{
    DecodedLine, FieldDiscovery, LineDecoder, Record, RecoveredLine, RejectCause, RejectReason,
    format::{LineFraming, split_batch},
    recover_line, stable_hash,
};
use pql_model::{clock::InstantReader, units::DAY_US};

/// A line without its line end.
#[derive(Clone, Copy)]
pub(super) struct InspectLine<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) number: u64,
    /// The line in the file, if it cannot be counted from the block.
    pub(super) at: Option<u64>,
    /// What is wrong with it as a row, in numbers.
    pub(super) row: [u64; 2],
}

/// Observes the records of a block.
pub(super) struct RecordObserver<'e, 'p> {
    pub(super) job: &'e InspectJob<'e>,
    pub(super) file: u32,
    pub(super) index: u32,
    pub(super) outline: FieldDiscovery<'p>,
    pub(super) instants: InstantReader<'e>,
    /// Whether the lines of the file end in commas, as of a list that lost its brackets.
    pub(super) commas: bool,
}

impl RecordObserver<'_, '_> {
    pub(super) fn reject(&self, survey: &mut DatasetProfile, piece: InspectLine<'_>, reason: RejectReason) {
        survey.files[self.file as usize].records += 1;
        let cause = || RejectCause::of_row(piece.row).or_else(|| RejectCause::of(reason, piece.bytes));
        survey.reject(reason, (self.file, self.index, piece.number, piece.at), cause);
    }

    /// Sees the records in a line that is none as it stands; if there are none in it, it is rejected.
    pub(super) fn refuse(
        &mut self,
        survey: &mut DatasetProfile,
        decoder: &mut LineDecoder<'_>,
        piece: InspectLine<'_>,
        reason: RejectReason,
    ) {
        let text = std::str::from_utf8(piece.bytes).unwrap_or_default();
        match recover_line(text, reason) {
            RecoveredLine::Rejected if self.commas && text.trim_ascii() == "]" => self.blank(survey),
            RecoveredLine::Rejected => self.reject(survey, piece, reason),
            RecoveredLine::Blank => self.blank(survey),
            RecoveredLine::Records(records) => {
                for (_, record) in records {
                    self.see_piece(survey, decoder, InspectLine { bytes: record.as_bytes(), ..piece });
                }
            }
        }
    }

    fn blank(&self, survey: &mut DatasetProfile) {
        let file = &mut survey.files[self.file as usize];
        (file.records, file.blank) = (file.records + 1, file.blank + 1);
    }

    /// Sees a record in a line, or the records of a batch.
    fn see_piece(&mut self, survey: &mut DatasetProfile, decoder: &mut LineDecoder<'_>, piece: InspectLine<'_>) {
        if let LineFraming::Batches(paths) = decoder.framing() {
            return self.batch(survey, decoder, piece, paths);
        }
        if let Err(reason) = self.observe(survey, decoder, piece.bytes) {
            self.refuse(survey, decoder, piece, reason);
        }
    }

    pub(super) fn batch(
        &mut self,
        survey: &mut DatasetProfile,
        decoder: &mut LineDecoder<'_>,
        piece: InspectLine<'_>,
        paths: &[&[&str]],
    ) {
        let Ok(text) = std::str::from_utf8(piece.bytes) else {
            return self.reject(survey, piece, RejectReason::InvalidUtf8);
        };
        let records = split_batch(text, paths).unwrap_or_else(|| vec![text.into()]);
        for record in records {
            if let Err(reason) = self.observe(survey, decoder, record.as_bytes()) {
                self.refuse(survey, decoder, InspectLine { bytes: record.as_bytes(), ..piece }, reason);
            }
        }
    }

    /// Observes a record. Returns the reason, and changes nothing, if it is not a record.
    pub(super) fn observe(
        &mut self,
        survey: &mut DatasetProfile,
        decoder: &mut LineDecoder<'_>,
        bytes: &[u8],
    ) -> Result<(), RejectReason> {
        let line = std::str::from_utf8(bytes).map_err(|_| RejectReason::InvalidUtf8)?;
        let line = decoder.decode_json(line);
        let file = self.file as usize;
        match &line {
            DecodedLine::Rejected(reason) => return Err(*reason),
            DecodedLine::Blank => survey.files[file].blank += 1,
            DecodedLine::Excluded(_) => survey.files[file].excluded += 1,
            DecodedLine::Event(record) | DecodedLine::AfterAsOf(record) => {
                survey.files[file].events += 1;
                self.event(survey, record);
            }
            DecodedLine::Identify(record) => {
                survey.identity.identify += 1;
                self.identity(survey, record);
                self.user_traits(survey, record.text());
            }
            DecodedLine::Group(record) => {
                survey.identity.group += 1;
                self.identity(survey, record);
                let keep = self.job.keep_values;
                let text = record.text();
                self.outline.for_each_account_trait(text, |path, raw| {
                    DatasetProfile::add_value(
                        (&mut survey.account_traits, &mut survey.property_budget),
                        path,
                        (text, raw),
                        keep,
                    );
                });
            }
            DecodedLine::Alias { record, .. } | DecodedLine::Merge { record, .. } => {
                survey.identity.joins += 1;
                survey.files[file].identity += 1;
                survey.count_entities(record, false);
            }
        }
        survey.files[file].records += 1;
        Ok(())
    }

    fn identity(&mut self, survey: &mut DatasetProfile, record: &Record<'_>) {
        survey.files[self.file as usize].identity += 1;
        survey.count_entities(record, false);
        self.outline.read(record.text());
        let text = record.text();
        self.outline.for_each_group_type(text, |of_type| survey.add_group_type(of_type));
    }

    fn user_traits(&self, survey: &mut DatasetProfile, text: &str) {
        let keep = self.job.keep_values;
        self.outline.for_each_user_trait(text, |path, raw| {
            DatasetProfile::add_value((&mut survey.user_traits, &mut survey.property_budget), path, (text, raw), keep);
        });
    }

    fn event(&mut self, survey: &mut DatasetProfile, record: &Record<'_>) {
        let text = record.text();
        self.outline.read(text);
        let at = record.at;
        *survey.days.entry(record.day).or_default() += 1;
        survey.range = Some(survey.range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        survey.future += u64::from(at > self.job.now.saturating_add(DAY_US));
        survey.order.add(at);
        survey.count_entities(record, true);
        if let (Some((_, content)), Some(id)) = (record.fingerprint, self.outline.id_hash(text)) {
            survey.events_with_id += 1;
            survey.duplicates.add(id, content);
        }
        if let Some(taken_in) = self.outline.received_at(text).and_then(|text| self.instants.parse(text).ok()) {
            survey.lateness.add(at, taken_in);
        }
        self.user_traits(survey, text);
        self.outline.for_each_group_type(text, |of_type| survey.add_group_type(of_type));
        let keep = self.job.keep_values;
        let Some((named, room)) = survey.event_profile_mut(&record.name) else {
            survey.other_names += 1;
            return;
        };
        named.count += 1;
        named.noise |= record.noise;
        named.first = named.first.min(at);
        named.last = named.last.max(at);
        if let Some(user) = &record.user {
            named.with_user += 1;
            named.users.add(stable_hash(user));
        }
        if let Some(account) = &record.account {
            named.with_account += 1;
            named.accounts.add(stable_hash(account));
        }
        self.outline.for_each_property(text, |path, raw| {
            DatasetProfile::add_value((&mut named.properties, room), path, (text, raw), keep);
        });
    }
}
