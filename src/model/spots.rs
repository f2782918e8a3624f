//! Where the entries of a model stand that have a name, so that a warning about a place can be told from the same warning about another.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Lists of tables with a `name`, of each level.
const LISTS: [&str; 5] = ["signals", "tiers", "milestones", "segments", "routes"];

/// Tables whose keys are names, of each level.
const NAMED: [&str; 4] = ["traits", "facts", "rollups", "categories"];

/// The entries of a model that have a name.
#[derive(Debug, Default)]
pub struct EntrySpans {
    /// Where each begins and ends, by where it begins.
    entries: Vec<(Range<usize>, String)>,
}

impl EntrySpans {
    /// Finds them in the text of a model; in what is not TOML, those that can be read.
    pub fn new(text: &str) -> EntrySpans {
        let (root, _) = DeTable::parse_recoverable(text);
        let mut spots = EntrySpans::default();
        for key in ["events", "metrics"] {
            spots.named(root.get_ref().get(key));
        }
        for level in ["user", "account"] {
            let Some(DeValue::Table(level)) = root.get_ref().get(level).map(Spanned::get_ref) else { continue };
            NAMED.iter().for_each(|key| spots.named(level.get(*key)));
            for key in LISTS {
                let Some(DeValue::Array(list)) = level.get(key).map(Spanned::get_ref) else { continue };
                for entry in list.iter() {
                    let DeValue::Table(table) = entry.get_ref() else { continue };
                    if let Some(DeValue::String(name)) = table.get("name").map(Spanned::get_ref) {
                        spots.add(extent(entry), name);
                    }
                }
            }
        }
        spots.entries.sort_by_key(|(range, _)| (range.start, range.end));
        spots
    }

    fn named(&mut self, value: Option<&Spanned<DeValue<'_>>>) {
        let Some(DeValue::Table(table)) = value.map(Spanned::get_ref) else { return };
        for (key, value) in table.iter() {
            self.add(union(key.span(), extent(value)), key.get_ref());
        }
    }

    fn add(&mut self, range: Range<usize>, name: &str) {
        self.entries.push((range, name.to_owned()));
    }

    /// The name of the entry that a byte of the text lies in.
    pub fn name_at(&self, byte: usize) -> Option<&str> {
        let after = self.entries.partition_point(|(range, _)| range.start <= byte);
        let (range, name) = self.entries[..after].last()?;
        (byte < range.end).then_some(name)
    }
}

/// Where an entry of a list stands, by the table and key of the list and its place in it.
pub fn entry_of_list(text: &str, table: &str, key: &str, place: usize) -> Option<Range<usize>> {
    let (root, _) = DeTable::parse_recoverable(text);
    let DeValue::Table(table) = root.get_ref().get(table)?.get_ref() else { return None };
    let DeValue::Array(list) = table.get(key)?.get_ref() else { return None };
    list.get(place).map(Spanned::span)
}

fn union(a: Range<usize>, b: Range<usize>) -> Range<usize> {
    a.start.min(b.start)..a.end.max(b.end)
}

/// From where a value begins to the end of all that is in it; the lines below a header belong to its table.
fn extent(value: &Spanned<DeValue<'_>>) -> Range<usize> {
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
        let spots = EntrySpans::new(text);
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
