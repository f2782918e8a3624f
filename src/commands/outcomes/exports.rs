//! The exports that are known: which columns they have, and which outcomes their rows tell.

use pql_model::resolved::OutcomeWord;

/// An export of a known program, with the names that its columns have in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownExport {
    /// What it is: `deals of HubSpot`.
    pub name: &'static str,
    /// Columns that may say whose a row is, the likeliest first; not empty.
    pub keys: Vec<String>,
    /// The other columns of `fields`, by key.
    pub(super) fields: Vec<(&'static str, String)>,
    /// What each word is found by: the column of its date, and the condition.
    pub(super) words: Vec<(OutcomeWord, String, Option<String>)>,
    /// What a reader of the map has to know, in sentences.
    pub(super) remarks: &'static [&'static str],
}

/// The names that a part has in the exports of a program, the first that is there counts.
type PartNames = &'static [&'static str];

/// How a program exports its deals.
struct ExportForm {
    name: &'static str,
    keys: PartNames,
    stage: PartNames,
    created: PartNames,
    closed: PartNames,
    deal: PartNames,
    amount: PartNames,
    /// The currency of the amount, if it is in the first of `amount`.
    currency: PartNames,
    owner: PartNames,
    reason: PartNames,
    /// The date at which rows begin, and the conditions of the words; `{}` stands for the column of the stage.
    words: &'static [(OutcomeWord, DateOf, Option<&'static str>)],
    remarks: &'static [&'static str],
}

/// Which date of a row a word has.
#[derive(Clone, Copy)]
enum DateOf {
    Created,
    Closed,
}

const DEAL_REMARKS: &[&str] = &["The close date of an open deal is a plan; only the stage says that it was closed."];

const FORMS: [ExportForm; 6] = [
    ExportForm {
        name: "deals of HubSpot",
        keys: &["Associated Company IDs (Primary)", "Associated Company IDs", "Associated Company"],
        stage: &["Deal Stage"],
        created: &["Create Date"],
        closed: &["Close Date"],
        deal: &["Record ID", "Deal ID"],
        amount: &["Amount in company currency", "Amount"],
        currency: &["Currency"],
        owner: &["Deal owner"],
        reason: &["Closed Lost Reason"],
        words: &[
            (OutcomeWord::Opportunity, DateOf::Created, None),
            (OutcomeWord::Won, DateOf::Closed, Some("lower({}) like 'closed won%'")),
            (OutcomeWord::Lost, DateOf::Closed, Some("lower({}) like 'closed lost%'")),
        ],
        remarks: DEAL_REMARKS,
    },
    ExportForm {
        name: "deals of HubSpot",
        keys: &["properties.hs_primary_associated_company", "hs_primary_associated_company", "associatedcompanyid"],
        stage: &["properties.dealstage", "dealstage"],
        created: &["properties.createdate", "createdate"],
        closed: &["properties.closedate", "closedate"],
        deal: &["properties.hs_object_id", "hs_object_id", "id"],
        amount: &["properties.amount", "amount"],
        currency: &["properties.deal_currency_code", "deal_currency_code"],
        owner: &["properties.hubspot_owner_id", "hubspot_owner_id"],
        reason: &["properties.closed_lost_reason", "closed_lost_reason"],
        words: &[
            (OutcomeWord::Opportunity, DateOf::Created, None),
            (OutcomeWord::Won, DateOf::Closed, Some("{} = 'closedwon'")),
            (OutcomeWord::Lost, DateOf::Closed, Some("{} = 'closedlost'")),
        ],
        remarks: DEAL_REMARKS,
    },
    ExportForm {
        name: "opportunities of Salesforce",
        keys: &["Account ID (18)", "Account ID", "Account Name"],
        stage: &["Stage"],
        created: &["Created Date"],
        closed: &["Close Date"],
        deal: &["Opportunity ID (18)", "Opportunity ID", "Opportunity Name"],
        amount: &["Amount (converted)", "Amount"],
        currency: &["Amount Currency"],
        owner: &["Opportunity Owner"],
        reason: &["Loss Reason", "Closed Lost Reason"],
        words: &[
            (OutcomeWord::Opportunity, DateOf::Created, None),
            (OutcomeWord::Won, DateOf::Closed, Some("{} = 'Closed Won'")),
            (OutcomeWord::Lost, DateOf::Closed, Some("{} = 'Closed Lost'")),
        ],
        remarks: DEAL_REMARKS,
    },
    ExportForm {
        name: "opportunities of Salesforce",
        keys: &["AccountId"],
        stage: &["StageName"],
        created: &["CreatedDate"],
        closed: &["CloseDate"],
        deal: &["Id"],
        amount: &["Amount"],
        currency: &["CurrencyIsoCode"],
        owner: &["OwnerId"],
        reason: &["Loss_Reason__c", "Closed_Lost_Reason__c"],
        words: &[
            (OutcomeWord::Opportunity, DateOf::Created, None),
            (OutcomeWord::Won, DateOf::Closed, Some("{} = 'Closed Won'")),
            (OutcomeWord::Lost, DateOf::Closed, Some("{} = 'Closed Lost'")),
        ],
        remarks: DEAL_REMARKS,
    },
    ExportForm {
        name: "subscriptions of Stripe",
        keys: &["Customer ID", "Customer Email"],
        stage: &["Status"],
        created: &["Created (UTC)"],
        closed: &["Ended At (UTC)", "Canceled At (UTC)"],
        deal: &["id"],
        amount: &["Amount", "Plan Amount"],
        currency: &["Currency", "Plan Currency"],
        owner: &[],
        reason: &["Cancellation Reason"],
        words: STRIPE_WORDS,
        remarks: &[STRIPE_TRIALS, "The dashboard may write amounts in cents; compare one with its plan."],
    },
    ExportForm {
        name: "subscriptions of Stripe",
        keys: &["customer", "customer_id"],
        stage: &["status"],
        created: &["created"],
        closed: &["ended_at", "canceled_at"],
        deal: &["id", "subscription_id"],
        amount: &["plan.amount", "plan_amount"],
        currency: &["currency", "plan.currency"],
        owner: &[],
        reason: &["cancellation_details.reason"],
        words: STRIPE_WORDS,
        remarks: &[STRIPE_TRIALS, "Stripe's amounts are in cents, and those of JPY and the like in whole units."],
    },
];

const STRIPE_WORDS: &[(OutcomeWord, DateOf, Option<&str>)] = &[
    (OutcomeWord::SelfServe, DateOf::Created, Some("{} not in ('incomplete', 'incomplete_expired', 'trialing')")),
    (OutcomeWord::Churned, DateOf::Closed, None),
];

const STRIPE_TRIALS: &str =
    "A subscription begins with its trial. Where sales closes its deals in Stripe, write `won` for `self_serve`.";

/// The export that columns are of.
pub fn recognise_export(columns: &[String]) -> Option<KnownExport> {
    FORMS.iter().find_map(|form| form.find(columns))
}

impl ExportForm {
    fn find(&self, columns: &[String]) -> Option<KnownExport> {
        let first = |names: PartNames| columns_of(columns, names).into_iter().next();
        let mut keys = columns_of(columns, self.keys);
        // Stripe's metadata may hold an id of the product.
        keys.extend(
            columns.iter().filter(|name| name.ends_with(" (metadata)") || name.starts_with("metadata.")).cloned(),
        );
        let (stage, created, closed) = (first(self.stage)?, first(self.created)?, first(self.closed)?);
        let deal = first(self.deal)?;
        let amount = first(self.amount);
        // An amount that is converted is in one currency.
        let is_converted =
            amount.as_deref().is_some_and(|name| name.contains("company currency") || name.contains("converted"));
        let fields = [
            ("deal", Some(deal)),
            ("amount", amount),
            ("currency", first(self.currency).filter(|_| !is_converted)),
            ("owner", first(self.owner)),
            ("reason", first(self.reason)),
        ];
        let words = self.words.iter().map(|(word, date, when)| {
            let at = match date {
                DateOf::Created => created.clone(),
                DateOf::Closed => closed.clone(),
            };
            (*word, at, when.map(|when| when.replace("{}", &expression_name(&stage))))
        });
        (!keys.is_empty()).then(|| KnownExport {
            name: self.name,
            keys,
            fields: fields.into_iter().filter_map(|(key, name)| Some((key, name?))).collect(),
            words: words.collect(),
            remarks: self.remarks,
        })
    }
}

/// The columns that have one of some names, in the order of the names.
fn columns_of(columns: &[String], names: PartNames) -> Vec<String> {
    names.iter().filter_map(|name| columns.iter().find(|column| column == name)).cloned().collect()
}

/// A column as an expression names it.
fn expression_name(column: &str) -> String {
    let mut parts = column.split('.');
    let is_plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if parts.all(is_plain) { column.to_owned() } else { format!("\"{}\"", column.replace('"', "\"\"")) }
}
