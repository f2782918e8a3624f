//! Adds records to a profile.

use super::{dataset_profile::DatasetProfile, run::InspectJob};
use crate::decode::{DecodedLine, FieldDiscovery, LineDecoder, Record, RejectReason, stable_hash};
use pql_model::{clock::InstantReader, units::DAY_US};

/// Observes the records of a file.
pub(super) struct RecordObserver<'e, 'p> {
    pub(super) job: &'e InspectJob<'e>,
    pub(super) file: u32,
    pub(super) outline: FieldDiscovery<'p>,
    pub(super) instants: InstantReader<'e>,
}

impl RecordObserver<'_, '_> {
    /// Observes a record. Returns the reason, and changes nothing, if it is not a record.
    pub(super) fn observe(
        &mut self,
        survey: &mut DatasetProfile,
        decoder: &mut LineDecoder<'_>,
        record: &str,
    ) -> Result<(), RejectReason> {
        let line = decoder.decode_json(record);
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
        survey.add_first_steps(record);
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
