//! What a list for sales says of people and companies beyond what the shipped models ask for.
//!
//! It is added before a model is pruned, so what the dump does not have goes again.

use super::{
    document::{DocumentTable, DocumentValue},
    graph::leveled,
};
use pql_model::EntityKind;

/// Traits that make a list one of people and companies, and the columns that show them.
const PEOPLE: &str = r#"
[user.traits]
name = { type = "text", from = ["full_name", "display_name"] }
first_name = { type = "text" }
last_name = { type = "text" }

[account.traits]
owner = { type = "text", from = ["owner", "account_owner", "account_manager"] }

[output]
user_columns = ["name", "first_name", "last_name", "email"]
account_columns = ["owner"]

[columns]
"Account owner (CRM)" = "owner"
"Champion name" = "champion.name"
"Champion first name" = "champion.first_name"
"Champion last name" = "champion.last_name"
"Champion role" = "champion.role"
"Buyer name" = "buyer.name"
"Buyer first name" = "buyer.first_name"
"Buyer last name" = "buyer.last_name"
"Buyer role" = "buyer.role"
"#;

/// For each added column, the one that it follows.
const BEFORE: [(&str, &str); 9] = [
    ("Account owner (CRM)", "Company"),
    ("Champion name", "Champion"),
    ("Champion first name", "Champion name"),
    ("Champion last name", "Champion first name"),
    ("Champion role", "Champion last name"),
    ("Buyer name", "Buyer"),
    ("Buyer first name", "Buyer name"),
    ("Buyer last name", "Buyer first name"),
    ("Buyer role", "Buyer last name"),
];

/// Adds the traits and the columns to a model, as far as it does not say otherwise.
pub(super) fn add_people(model: &mut DocumentTable) {
    let people = DocumentTable::read(PEOPLE);
    for side in EntityKind::ALL {
        let path = [side.word(), "traits"];
        let added = people.at(&path).map(|traits| traits.entries.clone()).unwrap_or_default();
        let Some(known) = model.at_mut(&path) else { continue };
        for (name, value) in added {
            if known.get(&name).is_none() {
                known.entries.push((name, value));
            }
        }
        add_columns(model, &people, &format!("{}_columns", side.word()));
    }
    add_to_lists(model, &people);
}

/// Puts columns before those of a level.
fn add_columns(model: &mut DocumentTable, people: &DocumentTable, key: &str) {
    let texts = |model: &DocumentTable| -> Vec<String> {
        let columns = model.at(&["output"]).map(|output| output.texts(key)).unwrap_or_default();
        columns.into_iter().map(str::to_owned).collect()
    };
    let (mut all, known) = (texts(people), texts(model));
    all.retain(|name| !known.contains(name));
    all.extend(known);
    if let Some(output) = model.at_mut(&["output"]) {
        output.set(key, DocumentValue::List(all.into_iter().map(DocumentValue::Text).collect()));
    }
}

/// Puts the columns of people into the files of accounts.
fn add_to_lists(model: &mut DocumentTable, people: &DocumentTable) {
    let has_trait = |name: &str| {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let (side, name) = leveled(EntityKind::Account, &path)?;
        model.at(&[side.word(), "traits", &name]).map(|_| ())
    };
    let columns = people.at(&["columns"]).map(|columns| columns.entries.clone()).unwrap_or_default();
    let columns: Vec<(String, DocumentValue)> =
        columns.into_iter().filter(|(_, value)| value.text().and_then(has_trait).is_some()).collect();
    let files = model.at_mut(&["output"]).and_then(|output| output.get_mut("files"));
    let Some(DocumentValue::List(files)) = files else { return };
    for file in files {
        let DocumentValue::Table(file) = file else { continue };
        let is_of_accounts = file.text("level") == Some(EntityKind::Account.word());
        let Some(DocumentValue::Table(known)) = file.get_mut("columns").filter(|_| is_of_accounts) else { continue };
        columns.iter().for_each(|column| add_column(known, column));
    }
}

/// Puts a column behind the one that it follows.
fn add_column(known: &mut DocumentTable, (name, value): &(String, DocumentValue)) {
    let before = BEFORE.iter().find(|(column, _)| column == name).map(|(_, before)| *before);
    let place = known.entries.iter().position(|(column, _)| Some(column.as_str()) == before);
    if let Some(place) = place.filter(|_| known.get(name).is_none()) {
        known.entries.insert(place + 1, (name.clone(), value.clone()));
    }
}
