//! Tells names of columns from values, as far as their text tells it.
//!
//! A table without a header row has its first row of data where names are expected. Messages show names and no values, so they ask here.

/// The words that names of columns of ids hold.
const ID_WORDS: [&str; 7] = ["id", "ids", "key", "uid", "uuid", "guid", "login"];

/// Whether a cell has the form that ids, addresses, numbers and times have, and names of columns seldom.
pub(super) fn has_value_shape(cell: &str) -> bool {
    let has_digit = cell.contains(|c: char| c.is_ascii_digit());
    let is_one_word = !cell.contains(char::is_whitespace);
    let has_letter = cell.contains(char::is_alphabetic);
    cell.contains(['@', '/']) || has_digit && (is_one_word || !has_letter)
}

/// Whether a name has `id`, `key` or the like as a whole word.
pub(super) fn has_id_word(name: &str) -> bool {
    words(name).iter().any(|word| ID_WORDS.contains(&word.as_str()))
}

/// Whether a name has one of these words as a whole word.
pub(super) fn has_word(name: &str, wanted: &[&str]) -> bool {
    words(name).iter().any(|word| wanted.contains(&word.as_str()))
}

/// Whether a name says that the column holds ids of what these words name, such as `Account ID`, `userId` or `userid`.
pub(super) fn names_ids_of(name: &str, wanted: &[&str]) -> bool {
    let is_joined =
        |word: &String| wanted.iter().any(|one| ["id", "key"].iter().any(|id| *word == format!("{one}{id}")));
    let words = words(name);
    let is_bare = words.len() == 1 && words.iter().all(|word| word == "id");
    let is_id = is_bare || has_id_word(name) && has_word(name, wanted) || words.iter().any(is_joined);
    is_id && !has_value_shape(name)
}

/// A column whose name comes close to a key, if that is a name.
pub(super) fn near_column(key: &str, columns: &[String]) -> Option<String> {
    // Ids such as `user_a` come as close to `user_id` as a misspelled name.
    let is_name = |name: &&str| !has_value_shape(name) && (has_id_word(name) || !has_id_word(key));
    pql_model::diag::near_miss(key, columns.iter().map(String::as_str).filter(is_name))
}

/// The words of a name, in lower case: they end at white space, at signs, and before a capital letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && is_lower {
            words.push(String::new());
        }
        is_lower = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_of_ids_are_told_from_values() {
        let wanted = ["user", "customer"];
        for (text, expected) in [
            ("User ID", true),
            ("userId", true),
            ("USER_ID", true),
            ("userid", true),
            ("customer-key", true),
            ("ID", true),
            ("User ID (18)", true),
            ("user_madrid", false),
            ("customer_monkey", false),
            ("user_7_id", false),
            ("user@id.example", false),
            ("name", false),
        ] {
            assert_eq!(names_ids_of(text, &wanted), expected, "{text}");
        }
    }

    #[test]
    fn values_are_known_by_their_form() {
        for value in ["u_1", "kim@acme.example", "2026-10-31", "2026-10-31 10:00", "37", "https://acme.example"] {
            assert!(has_value_shape(value), "{value}");
        }
        for name in ["user_id", "Account ID (18)", "E-mail", "Q1 revenue"] {
            assert!(!has_value_shape(name), "{name}");
        }
    }

    #[test]
    fn a_value_is_never_the_name_that_comes_close() {
        let columns = ["user_a", "user_12", "userid"].map(str::to_owned);
        assert_eq!(near_column("user_id", &columns[..2]), None);
        assert_eq!(near_column("User_Id", &["user id".to_owned()]).as_deref(), Some("user id"));
        assert_eq!(near_column("logn", &["login".to_owned()]).as_deref(), Some("login"));
    }
}
