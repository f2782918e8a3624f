//! The schema of `[outcomes]`.

use serde_json::Value as Json;

use super::{choice, refer, table, text};
use crate::{ModelKeywords, resolved::OutcomeWord};

/// The section.
pub(super) fn outcomes(words: &ModelKeywords) -> Json {
    let fields = table(
        "names of columns",
        &["key"],
        vec![
            ("key", text("the column that rows are matched by")),
            ("deal", text("the column with the id of the deal")),
            ("amount", text("the column with what it is worth; of nps the answer")),
            ("currency", text("the column with the currency of the amount")),
            ("owner", text("the column with the person who has it")),
            ("reason", text("the column with the reason, such as why a deal was lost")),
        ],
    );
    let key = "what rows are matched by: a trait of accounts or users, `domain` or `email`; default the id";
    let mut keys = vec![
        ("key", text(key)),
        ("fields", fields),
        ("amount_format", choice("how amounts are written beside plain numbers", &words.amount_formats)),
        ("date_format", choice("how dates are written beside 2026-12-31", &words.date_formats)),
    ];
    keys.extend(OutcomeWord::ALL.map(|word| (word.name(), refer("outcome"))));
    table("how rows of another program's table become outcomes", &["fields"], keys)
}

/// An entry of the section.
pub(super) fn outcome() -> Json {
    let keys = vec![
        ("at", text("the column with its date or instant")),
        ("where", text("only rows for which this condition over the columns of the row holds")),
    ];
    table("an outcome, which a row has reached if it has a date", &["at"], keys)
}
