//! Lists of words in a model, such as its target industries, that the data never has.

use pql_engine::inspect::dataset_profile::{DatasetProfile, PropertyProfile};
use pql_model::{
    EntityKind,
    diag::{near_miss, quoted_list},
};

use super::{
    document::DocumentTable,
    prune::FoundTraits,
    traits::{EntityTable, TraitPlace, TraitSource, lacks_in_any_case},
};

/// What a list of words is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct TargetValues<'t> {
    pub(super) traits: &'t FoundTraits,
    /// The file of accounts.
    pub(super) table: Option<&'t EntityTable>,
    pub(super) survey: &'t DatasetProfile,
}

/// Words of a fact that no account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetGap {
    /// The fact.
    pub(super) fact: String,
    /// Its words that never occur.
    pub(super) texts: Vec<String>,
    /// The trait of the model that is compared with them.
    pub(super) of_trait: String,
    /// Where the dump has it: a column, or a trait of records.
    pub(super) source: String,
}

impl TargetGap {
    /// As a sentence.
    pub(super) fn text(&self) -> String {
        format!("{}; write the words of your own data there", self.lack())
    }

    /// As a sentence that names common values of the trait, and those that may mean a word of the list.
    pub(super) fn text_with(&self, values: &[(String, u64)]) -> String {
        let shown: Vec<String> = values.iter().map(|(text, count)| format!("`{text}` ({count})")).collect();
        let common = match shown.len() {
            0 => format!("no value of {} is common", self.of_trait),
            1 => format!("the commonest value of {} is {}", self.of_trait, shown.join(", ")),
            _ => format!("the commonest values of {} are {}", self.of_trait, shown.join(", ")),
        };
        let near = self.texts.iter().filter_map(|text| {
            let value = values.iter().map(|(value, _)| value).find(|value| is_near(text, value))?;
            Some(format!("; `{value}` may mean `{text}`"))
        });
        format!("{}; {common}{}; write the words of your own data there", self.lack(), near.collect::<String>())
    }

    fn lack(&self) -> String {
        let texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        let verb = if texts.len() == 1 { "occurs" } else { "occur" };
        format!("{} never {verb} in `{}`", quoted_list(&texts), self.source)
    }
}

/// The shortest beginning that two words share if they may mean the same.
const BEGINNING_MIN: usize = 5;

/// Whether a value may be another way to write a word: one begins with the other, as in `Health` and `healthcare`, or it is misspelt.
fn is_near(word: &str, value: &str) -> bool {
    let value = value.to_lowercase();
    let begins = |long: &str, short: &str| short.chars().count() >= BEGINNING_MIN && long.starts_with(short);
    begins(word, &value) || begins(&value, word) || near_miss(word, [value.as_str()]).is_some()
}

impl TargetValues<'_> {
    /// The words of the facts of accounts that no account has.
    pub(super) fn gaps(&self, document: &DocumentTable) -> Vec<TargetGap> {
        let facts = document.at(&["account", "facts"]).map(|facts| facts.entries.as_slice()).unwrap_or_default();
        let texts = facts.iter().filter_map(|(name, value)| Some((name, value.text()?)));
        texts.flat_map(|(name, text)| self.gaps_of(name, text)).collect()
    }

    fn gaps_of(&self, fact: &str, text: &str) -> Vec<TargetGap> {
        let lists = lists_of(text).into_iter().filter_map(|(name, texts)| {
            let source = self.traits.get(&(EntityKind::Account, name.clone()))?.first()?;
            let profile = self.profile(source)?;
            let texts: Vec<String> = texts.into_iter().filter(|text| lacks_in_any_case(profile, text)).collect();
            (!texts.is_empty()).then(|| TargetGap {
                fact: fact.to_owned(),
                texts,
                of_trait: name,
                source: source.name.clone(),
            })
        });
        lists.collect()
    }

    fn profile(&self, source: &TraitSource) -> Option<&PropertyProfile> {
        match source.place {
            TraitPlace::Table => self.table?.columns.columns.by_path.get(&source.name),
            TraitPlace::Records => self.survey.account_traits.by_path.get(&source.name),
            TraitPlace::Events => None,
        }
    }
}

/// The lists of words of an expression: `lower(industry) in ('software', 'retail')` gives `industry` and both words.
fn lists_of(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("lower(") {
        rest = after;
        let Some((name, list)) = after.split_once(") in (") else { break };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let Some((list, _)) = list.split_once(')').filter(|_| is_name) else { continue };
        let texts = list.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
        found.push((name.to_owned(), texts));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_found_in_expressions() {
        let found = lists_of("company_size >= 50 and lower(industry) in ('software', 'retail') and lower(plan) <> 'x'");
        assert_eq!(found, [("industry".to_owned(), vec!["software".to_owned(), "retail".to_owned()])]);
        assert_eq!(lists_of("lower(plan) = 'free'"), []);
    }
}
