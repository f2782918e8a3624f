//! Outcomes: their words, the facts that they give, and how rows of a CRM's export become outcomes.

use super::{SpannedName, TextSpan};
use crate::{FactKey, ValueFormat, expr::Program};

/// The word of an outcome, in the order in which they usually come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeWord {
    /// Somebody called or wrote.
    Contacted,
    /// They answered.
    Responded,
    /// A meeting was held.
    Meeting,
    /// Sales took it on.
    Accepted,
    /// Sales sent it back.
    Rejected,
    /// A deal was opened.
    Opportunity,
    /// A deal was won.
    Won,
    /// A deal was lost.
    Lost,
    /// They bought without sales.
    SelfServe,
    /// They bought more.
    Expansion,
    /// They left.
    Churned,
    /// They answered a survey; the amount is the answer.
    Nps,
}

impl OutcomeWord {
    /// Every word, in their order.
    pub const ALL: [OutcomeWord; 12] = [
        OutcomeWord::Contacted,
        OutcomeWord::Responded,
        OutcomeWord::Meeting,
        OutcomeWord::Accepted,
        OutcomeWord::Rejected,
        OutcomeWord::Opportunity,
        OutcomeWord::Won,
        OutcomeWord::Lost,
        OutcomeWord::SelfServe,
        OutcomeWord::Expansion,
        OutcomeWord::Churned,
        OutcomeWord::Nps,
    ];

    /// As files and models write it.
    pub fn name(self) -> &'static str {
        match self {
            OutcomeWord::Contacted => "contacted",
            OutcomeWord::Responded => "responded",
            OutcomeWord::Meeting => "meeting",
            OutcomeWord::Accepted => "accepted",
            OutcomeWord::Rejected => "rejected",
            OutcomeWord::Opportunity => "opportunity",
            OutcomeWord::Won => "won",
            OutcomeWord::Lost => "lost",
            OutcomeWord::SelfServe => "self_serve",
            OutcomeWord::Expansion => "expansion",
            OutcomeWord::Churned => "churned",
            OutcomeWord::Nps => "nps",
        }
    }

    /// The name of the fact that counts the days since it.
    pub const fn days_since(self) -> &'static str {
        match self {
            OutcomeWord::Contacted => "days_since_contacted",
            OutcomeWord::Responded => "days_since_responded",
            OutcomeWord::Meeting => "days_since_meeting",
            OutcomeWord::Accepted => "days_since_accepted",
            OutcomeWord::Rejected => "days_since_rejected",
            OutcomeWord::Opportunity => "days_since_opportunity",
            OutcomeWord::Won => "days_since_won",
            OutcomeWord::Lost => "days_since_lost",
            OutcomeWord::SelfServe => "days_since_self_serve",
            OutcomeWord::Expansion => "days_since_expansion",
            OutcomeWord::Churned => "days_since_churned",
            OutcomeWord::Nps => "days_since_nps",
        }
    }

    /// The word of a text, in any case, with `_`, `-` or a space between its parts.
    pub fn parse(text: &str) -> Option<OutcomeWord> {
        let plain = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        OutcomeWord::ALL.into_iter().find(|word| word.name() == plain)
    }
}

/// A fact that outcomes give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeFact {
    /// The word of the newest outcome.
    LastOutcome,
    /// The reason of the newest outcome that has one.
    LastReason,
    /// The days since the newest outcome of a word.
    DaysSince(OutcomeWord),
    /// True if a deal is open.
    OpenOpportunity,
    /// The sum of what was won.
    WonAmount,
}

/// How the rows of a table become outcomes: `[outcomes]`.
#[derive(Debug)]
pub struct OutcomeMap {
    /// What the rows are matched by.
    pub key: OutcomeKey,
    /// The columns of the table that every outcome of a row takes its parts from.
    pub columns: OutcomeColumns,
    /// How amounts may be written beside the usual ways.
    pub amount_format: Option<ValueFormat>,
    /// How dates may be written beside the usual ways.
    pub date_format: Option<ValueFormat>,
    /// What each word is found by, in the order of [`OutcomeWord::ALL`].
    pub words: Vec<MappedOutcome>,
    /// The columns that the conditions read. Slot `n` of a program is entry `n`.
    pub read: Vec<SpannedName>,
    /// The place of the table in the text.
    pub span: TextSpan,
}

/// What rows of a table are matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeKey {
    /// The id of an account, else that of a user.
    Id,
    /// A trait of an account or of a user.
    Trait {
        /// Its name.
        name: String,
        /// Where it is.
        fact: FactKey,
    },
    /// The domain of an account, or of the e-mail of its members.
    Domain,
    /// The e-mail of a user.
    Email,
}

impl OutcomeKey {
    /// What values of the column are held against, for messages.
    pub fn described(&self) -> String {
        match self {
            OutcomeKey::Id => "ids of accounts and users".to_owned(),
            OutcomeKey::Domain => "domains of accounts and of their users' e-mails".to_owned(),
            OutcomeKey::Email => "e-mails of users".to_owned(),
            OutcomeKey::Trait { name, fact } => format!("`{name}` of {}", fact.kind().plural()),
        }
    }
}

/// The columns of a table by what they hold.
#[derive(Debug, Clone, Default)]
pub struct OutcomeColumns {
    /// What rows are matched by.
    pub key: String,
    /// What is one deal in all of its rows.
    pub deal: Option<String>,
    /// What it is worth, or the answer of a survey.
    pub amount: Option<String>,
    /// The currency of the amount.
    pub currency: Option<String>,
    /// Who has it.
    pub owner: Option<String>,
    /// Why it came so.
    pub reason: Option<String>,
}

/// What an outcome of a row is found by.
#[derive(Debug)]
pub struct MappedOutcome {
    /// The word.
    pub word: OutcomeWord,
    /// The column of its date or instant.
    pub at: String,
    /// Only rows for which it holds.
    pub when: Option<Program>,
    /// The place of the entry in the text.
    pub span: TextSpan,
}
