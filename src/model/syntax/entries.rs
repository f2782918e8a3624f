//! Where the entries of a model stand that have a name.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::resolved::{EntrySpans, TextSpan};

/// Lists of tables with a `name`, of each level.
const LISTS: [&str; 7] = ["signals", "tiers", "milestones", "segments", "routes", "suppress", "alerts"];

/// Tables whose keys are names, of each level.
const NAMED: [&str; 4] = ["traits", "facts", "rollups", "categories"];

/// An entry with its whole extent.
type NamedExtent = (TextSpan, String);

/// Finds the entries of a model that have a name.
pub(super) fn entry_spans(root: &DeTable<'_>) -> EntrySpans {
    let mut found = Vec::new();
    for key in ["events", "metrics"] {
        named_entries(root.get(key), &mut found);
    }
    for level in ["user", "account"] {
        let Some(DeValue::Table(level)) = root.get(level).map(Spanned::get_ref) else { continue };
        NAMED.iter().for_each(|key| named_entries(level.get(*key), &mut found));
        LISTS.iter().for_each(|key| listed_entries(level.get(*key), &mut found));
    }
    EntrySpans::new(found)
}

/// Entries of a table whose keys are names.
fn named_entries(value: Option<&Spanned<DeValue<'_>>>, found: &mut Vec<NamedExtent>) {
    let Some(DeValue::Table(table)) = value.map(Spanned::get_ref) else { return };
    found.extend(table.iter().map(|(key, value)| (union(key.span(), extent(value)), key.get_ref().to_string())));
}

/// Entries of a list of tables.
fn listed_entries(value: Option<&Spanned<DeValue<'_>>>, found: &mut Vec<NamedExtent>) {
    let Some(DeValue::Array(list)) = value.map(Spanned::get_ref) else { return };
    for entry in list.iter() {
        let DeValue::Table(table) = entry.get_ref() else { continue };
        if let Some(DeValue::String(name)) = table.get("name").map(Spanned::get_ref) {
            found.push((extent(entry), name.to_string()));
        }
    }
}

fn union(a: TextSpan, b: TextSpan) -> TextSpan {
    a.start.min(b.start)..a.end.max(b.end)
}

/// From where a value begins to the end of all that is in it; the lines below a header belong to its table.
fn extent(value: &Spanned<DeValue<'_>>) -> TextSpan {
    let own = value.span();
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().fold(own, |all, (key, value)| union(union(all, key.span()), extent(value)))
        }
        DeValue::Array(list) => list.iter().fold(own, |all, value| union(all, extent(value))),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_of_the_entry_round_it() {
        let text = "schema = 1\n\n[metrics.invites]\nmeasure = \"count\"\n[metrics]\nother = { measure = \"days\" }\n\n[[user.tiers]]\nname = \"hot\"\nwhen = \"true\"\n[[user.tiers]]\nlabel = \"x\"\nname = \"cold\"\n[user.score]\nmax = 3\n[account.facts]\nf = \"1\"\n";
        let (root, _) = DeTable::parse_recoverable(text);
        let spots = entry_spans(root.get_ref());
        let at = |part: &str| spots.name_at(text.find(part).expect("a part"));
        for (part, name) in [
            ("schema", None),
            ("invites", Some("invites")),
            ("\"count\"", Some("invites")),
            ("\"days\"", Some("other")),
            ("\"true\"", Some("hot")),
            ("label", Some("cold")),
            ("cold", Some("cold")),
            ("max", None),
            ("\"1\"", Some("f")),
        ] {
            assert_eq!(at(part), name, "{part}");
        }
    }
}
