//! The changes of one entity, from the log.

use memchr::memmem;

use super::{
    error::{FileFault, RecordError},
    folder::RecordView,
    log_entry::{LoggedChange, read_log_line},
    log_months::{month_place, read_month},
    run_files::{OWN_LOG_FILE, RunFiles},
};
use pql_model::EntityKind;

impl RecordView {
    /// The changes of the score and the tier of an entity, oldest first, up to the newest published run.
    ///
    /// # Errors
    ///
    /// Damage, files that cannot be read.
    pub fn history(&self, kind: EntityKind, id: &str) -> Result<Vec<LoggedChange>, RecordError> {
        self.read(|view| view.history_once(kind, id))
    }

    fn history_once(&self, kind: EntityKind, id: &str) -> Result<Vec<LoggedChange>, RecordError> {
        let Some(run) = self.head.newest_published() else { return Ok(Vec::new()) };
        let files = RunFiles::open(self.dir(), run)?;
        let search = EntitySearch::new(kind, id);
        let mut found = Vec::new();
        for month in &files.header.log {
            let place = month_place(self.dir(), &month.month);
            let read = read_month(&place.path, month).and_then(|bytes| search.collect(&bytes, &mut found));
            read.map_err(|fault| place.error(fault))?;
        }
        files.read_with(OWN_LOG_FILE, |bytes| search.collect(bytes, &mut found))?;
        Ok(found)
    }
}

/// The entity whose changes are looked for.
struct EntitySearch<'s> {
    kind: EntityKind,
    id: &'s str,
    /// What its lines have in common.
    text: String,
}

impl EntitySearch<'_> {
    fn new(kind: EntityKind, id: &str) -> EntitySearch<'_> {
        let text = format!("\"level\":\"{}\",\"id\":{}", kind.word(), serde_json::Value::from(id));
        EntitySearch { kind, id, text }
    }

    /// Adds the changes among the lines.
    fn collect(&self, lines: &[u8], found: &mut Vec<LoggedChange>) -> Result<(), FileFault> {
        let finder = memmem::Finder::new(self.text.as_bytes());
        for (place, line) in lines.split(|byte| *byte == b'\n').enumerate() {
            if finder.find(line).is_none() {
                continue;
            }
            let change = read_log_line(line).map_err(|problem| FileFault::at_line(place + 1, problem))?;
            if change.entry.kind == self.kind && *change.entry.id == *self.id {
                found.push(change);
            }
        }
        Ok(())
    }
}
