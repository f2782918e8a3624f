//! Finds event names that may mean the same: another spelling, another tense, a typing error.

use std::collections::BTreeMap;

/// The words of a name, in lower case. `ReportExported`, `Report Exported` and `report_exported`
/// have the same.
pub fn split_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        // The last capital of several begins the next word: `SSOSettings` is `sso` and `settings`.
        let ends_capitals =
            c.is_uppercase() && before.is_uppercase() && rest.peek().is_some_and(|next| next.is_lowercase());
        let new = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) || ends_capitals;
        if new && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A word without its tense or plural.
fn stem(word: &str) -> &str {
    let endings = ["ing", "ed", "es", "s", "e"];
    endings.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.chars().count() >= 3)).unwrap_or(word)
}

/// The number of most frequent names that are compared for typing errors.
const COMPARED_MAX: usize = 500;

/// The shortest name that may have a typing error, in letters.
const TYPO_LENGTH_MIN: usize = 8;

/// Groups of names that may mean the same, with the reason. `names` are sorted by frequency, and so
/// are the groups.
pub(crate) fn similar_names<'n>(names: &[&'n str]) -> Vec<(&'static str, Vec<&'n str>)> {
    let mut spelt: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut stemmed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        let words = split_words(name);
        spelt.entry(words.concat()).or_default().push(at);
        let stems: Vec<&str> = words.iter().map(|word| stem(word)).collect();
        stemmed.entry(stems.concat()).or_default().push(at);
    }
    let mut groups: Vec<(&'static str, Vec<usize>)> = Vec::new();
    for group in spelt.values().filter(|group| group.len() > 1) {
        groups.push(("the same words, spelt differently", group.clone()));
    }
    for group in stemmed.values().filter(|group| group.len() > 1) {
        if !groups.iter().any(|(_, known)| known == group) {
            groups.push(("the same words in another tense or number", group.clone()));
        }
    }
    let frequent: Vec<(usize, String)> =
        names.iter().take(COMPARED_MAX).map(|name| split_words(name).concat()).enumerate().collect();
    for (place, (a, one)) in frequent.iter().enumerate() {
        for (b, other) in &frequent[place + 1..] {
            let long = one.chars().count().min(other.chars().count()) >= TYPO_LENGTH_MIN;
            // Names that differ only in a number are different on purpose.
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let near = long && one.len().abs_diff(other.len()) <= 1 && digits(one) == digits(other);
            let known = |groups: &[(&str, Vec<usize>)]| groups.iter().any(|(_, g)| g.contains(a) && g.contains(b));
            if near && strsim::damerau_levenshtein(one, other) == 1 && !known(&groups) {
                groups.push(("one letter apart", vec![*a, *b]));
            }
        }
    }
    groups.sort_by(|(_, a), (_, b)| a.cmp(b));
    groups.into_iter().map(|(why, group)| (why, group.into_iter().map(|at| names[at]).collect())).collect()
}

/// The names most similar to a given one, the best first; at most three.
pub fn closest_names<'n>(wanted: &str, names: &[&'n str]) -> Vec<&'n str> {
    let wanted_words = split_words(wanted);
    let mut found: Vec<(usize, usize, &str)> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let other = split_words(name);
        let (one, two) = (wanted_words.concat(), other.concat());
        let limit = (one.chars().count() / 4).max(1);
        let close = one.len().abs_diff(two.len()) <= limit;
        let distance = if close { strsim::damerau_levenshtein(&one, &two) } else { usize::MAX };
        let shared = wanted_words.iter().filter(|word| other.iter().any(|o| stem(o) == stem(word))).count();
        if distance <= limit {
            found.push((distance, place, name));
        } else if shared * 2 > wanted_words.len().max(other.len()) {
            found.push((100 - shared, place, name));
        }
    }
    found.sort_unstable();
    found.into_iter().take(3).map(|(.., name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_do_not_depend_on_spelling() {
        for name in [
            "Report Exported",
            "report_exported",
            "ReportExported",
            "report-exported",
            "[App] report.exported",
            "APIReportExported",
        ] {
            assert!(
                split_words(name).ends_with(&["report".to_owned(), "exported".to_owned()]),
                "{name}: {:?}",
                split_words(name)
            );
        }
    }

    #[test]
    fn names_that_may_be_one_are_put_together() {
        let names =
            ["Report Exported", "report_exported", "report_export", "invite_sent", "invite_snet", "step_1", "step_2"];
        let shown: Vec<String> =
            similar_names(&names).iter().map(|(why, group)| format!("{why}: {}", group.join(", "))).collect();
        assert_eq!(
            shown,
            [
                "the same words, spelt differently: Report Exported, report_exported",
                "the same words in another tense or number: Report Exported, report_exported, report_export",
                "one letter apart: invite_sent, invite_snet",
            ]
        );
    }

    #[test]
    fn near_names_are_found_by_letters_and_by_words() {
        let names = ["Invite Sent", "team_invite_sent_v2", "report_exported", "Report Exports"];
        assert_eq!(closest_names("team_invite_sent", &names), ["team_invite_sent_v2", "Invite Sent"]);
        assert_eq!(
            closest_names("report_export", &names),
            ["Report Exports", "report_exported"],
            "one letter is less than two"
        );
        assert_eq!(closest_names("zzz", &names), [""; 0]);
    }
}
