//! What names of columns, properties and traits say of people and companies, by families of words.
//!
//! The traits of a model and the columns of a file are read by the same table, so `role` and `Job Title` meet in one family, whatever a model calls its
//! trait. A name is compared without the words of whom it is about (`actor.`, `account_`) and without words that say nothing (`current`, the `__c` of
//! Salesforce).

use pql_engine::inspect::name_similarity::split_words;
use pql_model::EntityKind;

/// What the values of a trait look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TraitValues {
    /// E-mail addresses.
    Email,
    /// Words.
    Words,
    /// Whatever the type of the trait reads.
    OfType,
    /// Words, among them one of those that a model asks for.
    OneOf(&'static [&'static str]),
}

/// Something that can be known of people or companies.
#[derive(Debug)]
pub(super) struct TraitFamily {
    side: EntityKind,
    /// Traits of models that mean it.
    traits: &'static [&'static str],
    /// Names that say it, the clearest first, without what stands between words.
    names: &'static [&'static str],
    pub(super) values: TraitValues,
}

const fn of_user(traits: &'static [&'static str], names: &'static [&'static str], values: TraitValues) -> TraitFamily {
    TraitFamily { side: EntityKind::User, traits, names, values }
}

const fn of_account(
    traits: &'static [&'static str],
    names: &'static [&'static str],
    values: TraitValues,
) -> TraitFamily {
    TraitFamily { side: EntityKind::Account, traits, names, values }
}

/// What a CRM calls companies that a list for sales leaves out, in small letters; the first three stand for all in messages.
const CRM_STATUSES: [&str; 10] = [
    "customer",
    "opportunity",
    "competitor",
    "client",
    "existing customer",
    "current customer",
    "active customer",
    "paying customer",
    "customer - direct",
    "customer - channel",
];

const FAMILIES: &[TraitFamily] = &[
    of_user(
        &["email"],
        &["email", "emailaddress", "workemail", "businessemail", "mail", "mailaddress"],
        TraitValues::Email,
    ),
    of_user(&["name"], &["fullname", "displayname", "name", "realname", "label"], TraitValues::Words),
    of_user(&["first_name"], &["firstname", "givenname", "forename"], TraitValues::Words),
    of_user(&["last_name"], &["lastname", "surname", "familyname"], TraitValues::Words),
    of_user(
        &["role", "title", "job_title"],
        &["jobtitle", "title", "jobrole", "roletitle", "position", "jobposition", "jobfunction", "occupation", "role"],
        TraitValues::Words,
    ),
    of_user(&["department"], &["department", "dept", "division", "departmentname"], TraitValues::Words),
    of_account(
        &["company", "company_name"],
        &["company", "companyname", "name", "displayname", "legalname", "tradingname", "title", "label"],
        TraitValues::Words,
    ),
    of_account(
        &["company_size", "employees"],
        &[
            "companysize",
            "employees",
            "employeecount",
            "numberofemployees",
            "numemployees",
            "noofemployees",
            "nbemployees",
            "employeenumber",
            "totalemployees",
            "headcount",
            "staff",
            "staffcount",
            "size",
        ],
        TraitValues::OfType,
    ),
    of_account(
        &["industry"],
        &["industry", "industryname", "sector", "vertical", "industrysector", "branch"],
        TraitValues::Words,
    ),
    of_account(
        &["plan"],
        &[
            "plan",
            "planname",
            "subscriptionplan",
            "pricingplan",
            "plantype",
            "subscription",
            "package",
            "tariff",
            "edition",
        ],
        TraitValues::Words,
    ),
    of_account(
        &["seats"],
        &[
            "seats",
            "paidseats",
            "seatcount",
            "licensedseats",
            "numberofseats",
            "purchasedseats",
            "licenses",
            "licences",
        ],
        TraitValues::OfType,
    ),
    of_account(
        &["owner"],
        &[
            "owner",
            "accountowner",
            "ownername",
            "accountmanager",
            "accountexecutive",
            "salesowner",
            "salesrep",
            "manager",
            "rep",
            "csm",
            "customersuccessmanager",
            "owneremail",
        ],
        TraitValues::OfType,
    ),
    of_account(
        &["region", "country"],
        &["region", "salesregion", "territory", "country", "billingcountry", "countrycode"],
        TraitValues::Words,
    ),
    of_account(
        &["crm_status"],
        &[
            "status",
            "accountstatus",
            "lifecyclestage",
            "relationship",
            "accounttype",
            "type",
            "stage",
            "opportunitystage",
            "dealstage",
            "salesstatus",
            "customerstatus",
        ],
        TraitValues::OneOf(&CRM_STATUSES),
    ),
];

/// Words of a person at the beginning of a name.
const USER_WORDS: [&str; 15] = [
    "user",
    "users",
    "actor",
    "member",
    "person",
    "people",
    "contact",
    "employee",
    "author",
    "performer",
    "profile",
    "lead",
    "subject",
    "operator",
    "learner",
];

/// Words of an account at the beginning of a name.
const ACCOUNT_WORDS: [&str; 19] = [
    "account",
    "company",
    "org",
    "organization",
    "organisation",
    "workspace",
    "team",
    "tenant",
    "customer",
    "client",
    "group",
    "business",
    "firm",
    "crm",
    "fleet",
    "school",
    "merchant",
    "clinic",
    "agency",
];

/// Words that say nothing of what a field holds, wherever they stand.
const SILENT_WORDS: [&str; 18] = [
    "record",
    "data",
    "payload",
    "context",
    "attributes",
    "attrs",
    "fields",
    "properties",
    "traits",
    "props",
    "current",
    "primary",
    "latest",
    "new",
    "crm",
    "c",
    "sfdc",
    "hs",
];

/// Names that tell of something else on most events, unless they say whom they are about.
const NAMES_OF_ANYTHING: [&str; 15] = [
    "name",
    "label",
    "title",
    "type",
    "status",
    "size",
    "stage",
    "owner",
    "position",
    "staff",
    "manager",
    "displayname",
    "subscription",
    "package",
    "branch",
];

/// Whether a property of this name tells of something else on most events.
pub(super) fn is_name_of_anything(name: &str) -> bool {
    NAMES_OF_ANYTHING.contains(&split_words(name).concat().as_str())
}

/// Whether the name of a field may leave open whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldPlace {
    /// A column or a trait of somebody: it is about them.
    OfEntity,
    /// A property of an event, which may be about anything.
    OfEvent,
}

/// Words of ids at the end of a name.
const ID_WORDS: [&str; 18] = [
    "id",
    "ids",
    "key",
    "ref",
    "reference",
    "no",
    "nr",
    "num",
    "number",
    "code",
    "uuid",
    "guid",
    "slug",
    "pk",
    "sk",
    "handle",
    "identifier",
    "uid",
];

/// What the column of ids of users or accounts says they are called: `practice` for `practiceId`. The whole name and its last word.
pub(super) fn stems_of_key(key: &str) -> Vec<Vec<String>> {
    let mut words = spoken_words(key);
    while words.last().is_some_and(|word| ID_WORDS.contains(&word.as_str())) {
        words.pop();
    }
    let last: Vec<String> = words.last().cloned().into_iter().collect();
    let mut stems = vec![words, last];
    stems.retain(|stem| !stem.is_empty());
    stems.dedup();
    stems
}

/// The words of a name that say something.
fn spoken_words(path: &str) -> Vec<String> {
    split_words(path).into_iter().filter(|word| !SILENT_WORDS.contains(&word.as_str())).collect()
}

/// How a name that may be of somebody's name ends.
pub(super) fn ends_as_name(path: &str) -> bool {
    split_words(path).last().is_some_and(|word| ["name", "title", "label"].contains(&word.as_str()))
}

/// Whether a name tells of places, texts or parts of names, and of nobody's whole name.
pub(super) fn is_no_whole_name(path: &str) -> bool {
    const WORDS: [&str; 34] = [
        "first",
        "last",
        "given",
        "family",
        "middle",
        "nick",
        "maiden",
        "login",
        "user",
        "username",
        "file",
        "host",
        "domain",
        "street",
        "address",
        "city",
        "town",
        "note",
        "notes",
        "comment",
        "comments",
        "description",
        "text",
        "url",
        "website",
        "message",
        "summary",
        "bio",
        "job",
        "position",
        "phone",
        "contact",
        "owner",
        "manager",
    ];
    split_words(path).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a field is of any known family of a level.
pub(super) fn has_family(side: EntityKind, path: &str) -> bool {
    let own = FAMILIES.iter().filter(|family| family.side == side);
    own.into_iter().any(|family| family.rank(path, (FieldPlace::OfEntity, &[])).is_some())
}

/// The family of a trait of a model, if it is a known one.
pub(super) fn family_of(side: EntityKind, name: &str) -> Option<&'static TraitFamily> {
    FAMILIES.iter().find(|family| family.side == side && family.traits.contains(&name))
}

impl TraitFamily {
    /// The place of a field among the names of the family, the clearest first; none if it has no such name.
    ///
    /// `stems` are what the columns of ids call those whom the trait is of.
    pub(super) fn rank(&self, path: &str, (place, stems): (FieldPlace, &[Vec<String>])) -> Option<usize> {
        let words = spoken_words(path);
        let (own, other) = match self.side {
            EntityKind::User => (USER_WORDS.as_slice(), ACCOUNT_WORDS.as_slice()),
            EntityKind::Account => (ACCOUNT_WORDS.as_slice(), USER_WORDS.as_slice()),
        };
        let begins = |word: &String, list: &[&str]| list.contains(&word.as_str());
        let whole = words.concat();
        let known = words.iter().position(|word| !begins(word, own)).unwrap_or(words.len());
        let by_key = stems.iter().filter(|stem| words.starts_with(stem)).map(Vec::len).max().unwrap_or(0);
        let below = known.max(by_key);
        let stripped = words[below..].concat();
        // A company that stands with a person is that person's: `actor.companyName`.
        let others = words.iter().position(|word| !begins(word, other)).unwrap_or(words.len());
        let of_other = words[others..].concat();
        let is_open = |name: &str| place == FieldPlace::OfEntity || !NAMES_OF_ANYTHING.contains(&name);
        let rank = |name: &str| self.names.iter().position(|known| *known == name);
        let named = |name: &String, says_whom: bool| rank(name).filter(|_| says_whom || is_open(name));
        let plain = named(&whole, false);
        let own = named(&stripped, below > 0);
        let borrowed = named(&of_other, false).filter(|_| others > 0 && is_said_of_both(&of_other));
        [plain, own, borrowed].into_iter().flatten().min()
    }
}

/// Whether a name says by itself whom it is about, so that it may stand with somebody else.
fn is_said_of_both(name: &str) -> bool {
    ["company", "companyname", "companysize", "email"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(side: EntityKind, wanted: &str, path: &str, place: FieldPlace) -> bool {
        family_of(side, wanted).expect("a family").rank(path, (place, &[])).is_some()
    }

    #[test]
    fn columns_are_known_by_their_words() {
        for (side, wanted, path) in [
            (EntityKind::User, "email", "E-mail"),
            (EntityKind::User, "name", "Full Name"),
            (EntityKind::User, "role", "POSITION"),
            (EntityKind::User, "role", "Job_Title__c"),
            (EntityKind::Account, "company", "Account Name"),
            (EntityKind::Account, "company", "COMPANY_NAME"),
            (EntityKind::Account, "company_size", "# Employees"),
            (EntityKind::Account, "plan", "Current Plan"),
            (EntityKind::Account, "owner", "ACCOUNT_MANAGER"),
            (EntityKind::Account, "crm_status", "CRM Status"),
            (EntityKind::Account, "crm_status", "Lifecycle Stage"),
        ] {
            assert!(found(side, wanted, path, FieldPlace::OfEntity), "{path}");
        }
        for (side, wanted, path) in [
            (EntityKind::Account, "company", "Parent Account Name"),
            (EntityKind::User, "email", "Email Opt Out"),
            (EntityKind::User, "name", "company_name"),
        ] {
            assert!(!found(side, wanted, path, FieldPlace::OfEntity), "{path}");
        }
    }

    #[test]
    fn properties_of_events_must_say_whom_they_are_about() {
        for (side, wanted, path, is_found) in [
            (EntityKind::User, "name", "actor.displayName", true),
            (EntityKind::User, "name", "displayName", false),
            (EntityKind::User, "name", "org.name", false),
            (EntityKind::User, "email", "record.actor.email", true),
            (EntityKind::User, "email", "invitee_email", false),
            (EntityKind::Account, "company", "org.name", true),
            (EntityKind::Account, "company", "actor.companyName", true),
            (EntityKind::Account, "company", "name", false),
            (EntityKind::Account, "company", "user.name", false),
            (EntityKind::Account, "seats", "org.seats", true),
        ] {
            assert_eq!(found(side, wanted, path, FieldPlace::OfEvent), is_found, "{path}");
        }
    }
}
