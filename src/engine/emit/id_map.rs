//! Which user each raw id belongs to, as CSV for machines: cells as they are, in the order of kind and id.

use std::io::{self, Write};

use crate::entity::IdKind;

/// Writes a row for each raw id: the id, its kind, the printed id of its user.
///
/// # Errors
///
/// Those of the writer.
pub fn write_id_map(ids: &[(IdKind, &str, &str)], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["raw_id", "kind", "user_id"])?;
    for (kind, raw, user) in ids {
        let kind = match kind {
            IdKind::User => "user",
            IdKind::Visitor => "visitor",
        };
        writer.write_record([raw, kind, user])?;
    }
    writer.flush()
}
