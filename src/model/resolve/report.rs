//! `[report]`: its milestones found.

use super::ModelResolver;
use crate::{EntityKind, codes, diag::suggest, resolved::ReportSettings, toml_reader::SpannedText};

/// The success moments of a model that names none, as far as it has them.
const USUAL_MOMENTS: [&str; 3] = ["setup", "aha", "habit"];

/// The usual share of those who come from one moment to the next.
const USUAL_BAND: (f64, f64) = (0.3, 0.6);

impl ModelResolver<'_, '_> {
    /// Resolves the settings of reports.
    pub(super) fn report(&mut self) -> ReportSettings {
        let file = &self.file.report;
        let moments = match &file.moments {
            Some(names) => self.moments(names),
            None => USUAL_MOMENTS.map(str::to_owned).to_vec(),
        };
        ReportSettings { moments, band: file.band.unwrap_or(USUAL_BAND) }
    }

    /// The names of a chain of milestones. Each is one of users or of accounts.
    fn moments(&mut self, names: &[SpannedText]) -> Vec<String> {
        if let [only] = names {
            let message = "a chain of one moment";
            self.error(codes::BAD_VALUE, &only.span, message, "expected the names of two milestones or more", None);
        }
        for (place, name) in names.iter().enumerate() {
            if names[..place].iter().any(|other| other.value == name.value) {
                let message = format!("a second moment `{}`", name.value);
                self.error(codes::DUPLICATE, &name.span, message, "it stands in the chain already", None);
            } else {
                self.check_moment(name);
            }
        }
        names.iter().map(|name| name.value.clone()).collect()
    }

    fn check_moment(&mut self, name: &SpannedText) {
        let levels = EntityKind::ALL.map(|side| self.level_file(side));
        let milestones = levels.into_iter().flat_map(|level| &level.milestones);
        let known: Vec<&str> = milestones.map(|one| one.name.value.as_str()).collect();
        if known.contains(&name.value.as_str()) {
            return;
        }
        let help = suggest(&name.value, known);
        let label = "expected the name of a milestone of users or accounts";
        self.error(codes::UNKNOWN_NAME, &name.span, format!("no milestone `{}`", name.value), label, help);
    }
}
