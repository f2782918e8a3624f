//! Other spellings of a word: values are kept as hashes only, so a near miss is found by trying what a word may have been meant to be.

use std::collections::BTreeSet;

/// What stands in typing errors.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_- ";

/// Words of more letters are not tried letter by letter.
const LENGTH_MAX: usize = 40;

/// Other ways to write a word: in other cases, with other separators, then with one letter more, less, changed, or two swapped.
pub(super) fn spelling_variants(word: &str) -> impl Iterator<Item = String> {
    let mut tried = BTreeSet::from([word.to_owned()]);
    let small = word.to_lowercase();
    let parts: Vec<&str> = small.split(['_', '-', ' ']).collect();
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let mut all = vec![small.clone(), word.to_uppercase(), capital(&small)];
    let capitals: Vec<String> = parts.iter().map(|part| capital(part)).collect();
    for separator in ["_", "-", " ", ""] {
        all.push(parts.join(separator));
        all.push(parts.join(separator).to_uppercase());
        all.push(capitals.join(separator));
    }
    let letters: Vec<char> = word.chars().take(LENGTH_MAX + 1).collect();
    if letters.len() <= LENGTH_MAX {
        let text = |letters: &[char]| letters.iter().collect::<String>();
        for at in 0..=letters.len() {
            let (before, after) = letters.split_at(at);
            if let [first, rest @ ..] = after {
                all.push(text(before) + &text(rest));
                if let [second, rest @ ..] = rest {
                    all.push(text(before) + &text(&[*second, *first]) + &text(rest));
                }
                all.extend(LETTERS.chars().map(|c| text(before) + &text(&[c]) + &text(rest)));
            }
            all.extend(LETTERS.chars().map(|c| text(before) + &text(&[c]) + &text(after)));
        }
    }
    all.retain(|other| tried.insert(other.clone()));
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use super::spelling_variants;

    #[test]
    fn other_spellings_are_tried() {
        let all: Vec<String> = spelling_variants("vp_sales").collect();
        for other in ["VP_SALES", "Vp Sales", "vp-sales", "vpsales", "vp_sale", "vp_slaes", "vp_sakes", "vp_saless"] {
            assert!(all.iter().any(|one| one == other), "{other}");
        }
        assert!(!all.iter().any(|one| one == "vp_sales"));
    }
}
