//! `[outcomes]`: the fact that rows are matched by, and conditions over the columns of a row.

use std::{collections::HashMap, ops::Range};

use super::{ModelResolver, fact_resolver::FactLookupError};
use crate::{
    EntityKind, FactKey, codes,
    diag::{Diagnostic, suggest},
    expr::{self, ExprError, NameResolver, Program, ResolvedName, ValueType},
    resolved::{MappedOutcome, OutcomeColumns, OutcomeKey, OutcomeMap, SpannedName},
    syntax::{OutcomeFieldsSyntax, OutcomesSyntax},
    toml_reader::SpannedText,
};

/// The key that means the e-mail of users, whether a trait has this name or not.
const EMAIL: &str = "email";

/// The key that means domains of accounts and of their users.
const DOMAIN: &str = "domain";

/// The columns that conditions read, which get slots as they are asked for.
#[derive(Debug, Default)]
struct RowColumns {
    names: Vec<(String, Range<usize>)>,
    slots: HashMap<String, u32>,
}

impl NameResolver for RowColumns {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let name = path.join(".");
        let next = self.names.len() as u32;
        let slot = *self.slots.entry(name.clone()).or_insert(next);
        if slot == next {
            self.names.push((name, span.clone()));
        }
        Ok(ResolvedName { slot, kind: ValueType::Json })
    }
}

impl ModelResolver<'_, '_> {
    /// The map of the model; none without one, and where it has problems, which are reported.
    pub(super) fn outcome_map(&mut self) -> Option<OutcomeMap> {
        let file = self.file.outcomes.as_ref()?;
        let key = self.outcome_key(file);
        let mut columns = RowColumns::default();
        let mut read = Vec::new();
        let words: Vec<Option<MappedOutcome>> = file
            .words
            .iter()
            .map(|entry| {
                let when = match &entry.filter {
                    Some(text) => Some(self.row_condition(text, &mut columns, &mut read)?),
                    None => None,
                };
                Some(MappedOutcome { word: entry.word, at: entry.at.value.clone(), when, span: entry.span.clone() })
            })
            .collect();
        Some(OutcomeMap {
            key: key?,
            columns: outcome_columns(&file.fields),
            amount_format: file.amount_format,
            date_format: file.date_format,
            words: words.into_iter().collect::<Option<Vec<MappedOutcome>>>()?,
            read,
            span: file.span.clone(),
        })
    }

    /// A condition over the columns of a row. Columns that no condition before it has read are added to `read`.
    fn row_condition(
        &mut self,
        text: &SpannedText,
        columns: &mut RowColumns,
        read: &mut Vec<SpannedName>,
    ) -> Option<Program> {
        let node = self.parse(text)?;
        let program =
            expr::condition(&text.value, &node, columns).map_err(|errors| self.expression_errors(text, errors));
        for (name, part) in columns.names.iter().skip(read.len()) {
            read.push(SpannedName { name: name.clone(), span: self.place(text, part) });
        }
        program.ok()
    }

    /// What rows are matched by: a fact of accounts of this name, else one of users.
    fn outcome_key(&mut self, file: &OutcomesSyntax) -> Option<OutcomeKey> {
        let Some(text) = &file.key else { return Some(OutcomeKey::Id) };
        let name = text.value.as_str();
        let sides = [EntityKind::Account, EntityKind::User];
        let side = match name {
            DOMAIN => return Some(OutcomeKey::Domain),
            EMAIL if !self.has_outcome_key(EntityKind::Account, name) => return Some(OutcomeKey::Email),
            _ => sides.into_iter().find(|side| self.has_outcome_key(*side, name)),
        };
        let Some(side) = side else {
            self.report_unknown_key(text);
            return None;
        };
        match self.resolve_fact(side, name) {
            Ok((slot, _)) => Some(OutcomeKey::Trait { name: name.to_owned(), fact: FactKey::new(side, slot) }),
            // The problem of the fact is reported at its own place.
            Err(
                FactLookupError::AlreadyReported
                | FactLookupError::Unknown
                | FactLookupError::Circle(_)
                | FactLookupError::AccountsOnly
                | FactLookupError::TooDeep,
            ) => None,
        }
    }

    /// Whether a level has a trait that rows can be matched by: text or a number.
    fn has_outcome_key(&self, side: EntityKind, name: &str) -> bool {
        let is_key = |kind: ValueType| matches!(kind, ValueType::Text | ValueType::Number);
        self.level_file(side).traits.iter().any(|one| one.name.value == name && is_key(one.kind))
    }

    fn report_unknown_key(&mut self, text: &SpannedText) {
        let levels = EntityKind::ALL.map(|side| self.level_file(side));
        let traits = levels.iter().flat_map(|level| &level.traits).map(|one| one.name.value.as_str());
        let known: Vec<&str> = traits.chain([DOMAIN, EMAIL]).collect();
        let message = format!("`{}` is no key that rows can be matched by", text.value);
        let label = "a trait of type text or number, `domain` or `email`; without `key`, rows are matched by ids";
        let help = suggest(&text.value, known);
        self.found.add(Diagnostic::error(codes::UNKNOWN_NAME, text.span.clone(), message, label).maybe_help(help));
    }
}

fn outcome_columns(fields: &OutcomeFieldsSyntax) -> OutcomeColumns {
    let name = |text: &Option<SpannedText>| text.as_ref().map(|text| text.value.clone());
    OutcomeColumns {
        key: name(&fields.key).unwrap_or_default(),
        deal: name(&fields.deal),
        amount: name(&fields.amount),
        currency: name(&fields.currency),
        owner: name(&fields.owner),
        reason: name(&fields.reason),
    }
}
