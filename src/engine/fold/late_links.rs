//! Joins and e-mails in deferred lines.
//!
//! `--as-of latest` looks from the newest event of a user who is not internal. All lines tell who is internal, also the lines after that event.

use std::collections::HashMap;

use super::extract::{first_read, reader};
use crate::{
    decode::{DecodedLine, LinkedId, Record},
    plan::Model,
};
use pql_model::{expr::Value, units::Micros};

/// Joins and e-mails in deferred lines.
#[derive(Debug, Default)]
pub(crate) struct LateLinks {
    /// Pairs of user ids from alias lines.
    pub(crate) aliases: Vec<(String, String)>,
    /// Visitors with a user of the same record.
    pub(crate) met: Vec<(String, String)>,
    /// Pairs of ids that may be of a user or of a visitor.
    pub(crate) linked: Vec<(String, String)>,
    /// E-mails with their instants, by raw id: first of users, then of visitors.
    pub(crate) emails: [HashMap<String, Vec<(Micros, String)>>; 2],
}

impl LateLinks {
    /// True if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { aliases, met, linked, emails } = self;
        aliases.is_empty() && met.is_empty() && linked.is_empty() && emails.iter().all(HashMap::is_empty)
    }

    /// Adds the joins and e-mails of a line.
    pub(crate) fn add(&mut self, model: &Model, line: &DecodedLine<'_>) {
        match line {
            DecodedLine::Excluded(line) => self.add(model, line),
            DecodedLine::Identify(record) => {
                self.meet(record);
                self.add_email(model, record);
                if let (LinkedId::Id(id), Some(user)) = (&record.linked_id, &record.user) {
                    self.linked.push((id.to_string(), user.to_string()));
                }
            }
            DecodedLine::Group(record) => self.meet(record),
            DecodedLine::Alias { record, previous } => {
                self.meet(record);
                if let Some(user) = record.user.as_deref().filter(|_| !previous.is_empty()) {
                    self.aliases.push((previous.to_string(), user.to_owned()));
                }
            }
            DecodedLine::Merge { ids: Some([a, b]), .. } => self.linked.push((a.to_string(), b.to_string())),
            _ => {}
        }
    }

    fn meet(&mut self, record: &Record<'_>) {
        if let (Some(user), Some(visitor)) = (&record.user, &record.visitor) {
            self.met.push((visitor.to_string(), user.to_string()));
        }
    }

    fn add_email(&mut self, model: &Model, record: &Record<'_>) {
        let Some(plan) = model.levels.user.emails.first().and_then(|index| model.levels.user.traits.get(*index)) else {
            return;
        };
        let values = plan.keys.iter().map(|key| record.user_trait(*key));
        let Value::Text(email) = first_read(values, &reader(model, plan.kind, plan.format)) else { return };
        let (kind, id) = match (&record.user, &record.visitor) {
            (Some(user), _) => (0, user),
            (None, Some(visitor)) => (1, visitor),
            (None, None) => return,
        };
        self.emails[kind].entry(id.to_string()).or_default().push((record.at, email.into_owned()));
    }
}
