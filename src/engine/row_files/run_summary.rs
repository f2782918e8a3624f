//! What `run.json` says of a run, as far as its rows do not.

use std::path::Path;

use serde_json::Value as Json;

use super::RowFileError;
use crate::{changes::RunStamp, read::ReadError};
use pql_model::{EntityKind, PerKind, clock::parse_rfc3339};

/// The name of the file.
pub(super) const RUN_FILE: &str = "run.json";

/// What a run says of itself.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// Its instant and its model.
    pub stamp: RunStamp,
    /// The names of its tiers, the highest first.
    pub tiers: PerKind<Vec<String>>,
    /// The names of the files that it wrote into its folder.
    pub(super) files: Vec<String>,
}

impl RunSummary {
    /// Reads the file of a folder; none if there is none.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or that no run of `score` wrote.
    pub(super) fn read(dir: &Path) -> Result<Option<RunSummary>, RowFileError> {
        let path = dir.join(RUN_FILE);
        let name = path.display().to_string();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ReadError::Open { name, source }.into()),
        };
        let summary = serde_json::from_slice::<Json>(&text).ok().and_then(|run| RunSummary::of_json(&run));
        let foreign =
            "the file is not the record of a run of `pql score`; give the list of users or of accounts by name";
        summary.map(Some).ok_or_else(|| RowFileError::of_file(&name, foreign))
    }

    fn of_json(run: &Json) -> Option<RunSummary> {
        let text = |value: &Json, key: &str| value.get(key)?.as_str().map(str::to_owned);
        let model = run.get("model")?;
        let stamp = RunStamp {
            as_of: parse_rfc3339(run.get("as_of")?.as_str()?)?,
            model: text(model, "name")?,
            model_hash: text(model, "sha256")?,
        };
        let tiers = |kind: EntityKind| {
            let counts = run.get(kind.plural()).and_then(|level| level.get("tiers")).and_then(Json::as_object);
            counts.map(|counts| counts.keys().cloned().collect()).unwrap_or_default()
        };
        let outputs = run.get("outputs")?.as_array()?;
        let files = outputs.iter().filter_map(|output| text(output, "name")).collect();
        Some(RunSummary { stamp, tiers: PerKind::from_fn(tiers), files })
    }
}
