//! One look at each record of a block.

use super::{run::Job, survey::Survey};
use crate::{
    clock::InstantReader,
    decode::{Decoder, Line, Outline, Reason, Record, format::batch, stable_hash},
    units::DAY_US,
};

/// A line without its line end.
#[derive(Clone, Copy)]
pub(super) struct Piece<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) number: u64,
    /// Of its file, if it stands elsewhere than its block says.
    pub(super) at: Option<u64>,
}

/// Looks at records of a block.
pub(super) struct Eye<'e, 'p> {
    pub(super) job: &'e Job<'e>,
    pub(super) file: u32,
    pub(super) index: u32,
    pub(super) outline: Outline<'p>,
    pub(super) instants: InstantReader<'e>,
    /// Whether lines that are rejected may have their parts under other names.
    pub(super) unknown: bool,
}

impl Eye<'_, '_> {
    pub(super) fn reject(&self, survey: &mut Survey, piece: Piece<'_>, reason: Reason) {
        survey.files[self.file as usize].records += 1;
        survey.reject(reason, (self.file, self.index, piece.number, piece.at));
        let missing =
            matches!(reason, Reason::NoEvent | Reason::NoTime | Reason::BadTime | Reason::NoId | Reason::BadId);
        let early = self.index == 0 && piece.number < super::fields::LINES_MAX;
        if let Some(line) = std::str::from_utf8(piece.bytes).ok().filter(|_| self.unknown && missing && early) {
            survey.candidates.add(line);
        }
    }

    pub(super) fn batch(
        &mut self,
        survey: &mut Survey,
        decoder: &mut Decoder<'_>,
        piece: Piece<'_>,
        paths: &[&[&str]],
    ) {
        let Ok(text) = std::str::from_utf8(piece.bytes) else { return self.reject(survey, piece, Reason::InvalidUtf8) };
        let records = batch(text, paths).unwrap_or_else(|| vec![text.into()]);
        for record in records {
            if let Err(reason) = self.see(survey, decoder, record.as_bytes()) {
                self.reject(survey, piece, reason);
            }
        }
    }

    /// Sees a record; gives the reason if it is none, and then has seen nothing.
    pub(super) fn see(&mut self, survey: &mut Survey, decoder: &mut Decoder<'_>, bytes: &[u8]) -> Result<(), Reason> {
        let line = std::str::from_utf8(bytes).map_err(|_| Reason::InvalidUtf8)?;
        let line = decoder.decode_json(line);
        let file = self.file as usize;
        match &line {
            Line::Rejected(reason) => return Err(*reason),
            Line::Blank => survey.files[file].blank += 1,
            Line::Excluded => survey.files[file].excluded += 1,
            Line::Event(record) | Line::AfterAsOf(record) => {
                survey.files[file].events += 1;
                self.event(survey, record);
            }
            Line::Identify(record) => {
                survey.identity.identify += 1;
                self.identity(survey, record);
                self.user_traits(survey, record.text());
            }
            Line::Group(record) => {
                survey.identity.group += 1;
                self.identity(survey, record);
                let keep = self.job.keep_values;
                let text = record.text();
                self.outline.account_traits(text, |path, raw| {
                    Survey::add_value((&mut survey.account_traits, &mut survey.room), path, (text, raw), keep);
                });
            }
            Line::Alias { record, .. } | Line::Merge { record, .. } => {
                survey.identity.joins += 1;
                survey.files[file].identity += 1;
                survey.add_who(record, false);
            }
        }
        survey.files[file].records += 1;
        Ok(())
    }

    fn identity(&mut self, survey: &mut Survey, record: &Record<'_>) {
        survey.files[self.file as usize].identity += 1;
        survey.add_who(record, false);
        self.outline.read(record.text());
        let text = record.text();
        self.outline.group_types(text, |of_type| survey.add_group_type(of_type));
    }

    fn user_traits(&self, survey: &mut Survey, text: &str) {
        let keep = self.job.keep_values;
        self.outline.user_traits(text, |path, raw| {
            Survey::add_value((&mut survey.user_traits, &mut survey.room), path, (text, raw), keep);
        });
    }

    fn event(&mut self, survey: &mut Survey, record: &Record<'_>) {
        let text = record.text();
        self.outline.read(text);
        let at = record.at;
        *survey.days.entry(record.day).or_default() += 1;
        survey.range = Some(survey.range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        survey.future += u64::from(at > self.job.now.saturating_add(DAY_US));
        survey.order.add(at);
        survey.add_who(record, true);
        if let (Some((_, content)), Some(id)) = (record.fingerprint, self.outline.id_hash(text)) {
            survey.with_id += 1;
            survey.duplicates.add(id, content);
        }
        if let Some(taken_in) = self.outline.taken_in(text).and_then(|text| self.instants.parse(text).ok()) {
            survey.lateness.add(at, taken_in);
        }
        self.user_traits(survey, text);
        self.outline.group_types(text, |of_type| survey.add_group_type(of_type));
        let keep = self.job.keep_values;
        let Some((named, room)) = survey.named(&record.name) else {
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
        self.outline.properties(text, |path, raw| {
            Survey::add_value((&mut named.properties, room), path, (text, raw), keep);
        });
    }
}
