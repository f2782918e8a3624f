//! The words of names of fields, and which words name what.

use crate::inspect::name_similarity::split_words;

/// Words for a person, the clearest first.
pub(super) const USER_WORDS: &[&str] = &[
    "user",
    "usr",
    "member",
    "person",
    "people",
    "actor",
    "learner",
    "student",
    "teacher",
    "designer",
    "developer",
    "employee",
    "contact",
    "subscriber",
    "participant",
    "customer",
    "client",
    "author",
    "staff",
    "benutzer",
    "nutzer",
    "mitarbeiter",
    "principal",
    "caller",
    "distinct",
    "profile",
    "login",
    "uid",
    "owner",
    "username",
    "email",
    "mail",
    "by",
    "who",
];

/// Words for an account, the clearest first.
pub(super) const ACCOUNT_WORDS: &[&str] = &[
    "account",
    "company",
    "organization",
    "organisation",
    "org",
    "workspace",
    "tenant",
    "team",
    "firm",
    "business",
    "customer",
    "client",
    "school",
    "institution",
    "employer",
    "studio",
    "practice",
    "site",
    "group",
    "domain",
    "space",
    "mandant",
    "firma",
    "project",
];

/// Words for a visitor who is not known.
pub(super) const VISITOR_WORDS: &[&str] = &["anonymous", "anon", "visitor", "device", "cookie", "fingerprint"];

/// Words for the event itself, in names of ids.
pub(super) const RECORD_WORDS: &[&str] =
    &["event", "message", "msg", "insert", "record", "row", "log", "entry", "trace", "request", "activity", "action"];

/// Words that say that a field holds an id.
pub(super) const ID_WORDS: &[&str] = &["id", "uuid", "guid", "uid", "key", "ref", "ulid", "hash"];

/// Words of short texts that stand for somebody in addresses and forms.
pub(super) const SHORT_NAME_WORDS: &[&str] = &["slug", "handle", "code", "no"];

/// Words of texts that people read.
pub(super) const SHOWN_NAME_WORDS: &[&str] = &["name", "label", "display", "caption"];

/// Words of times that are facts of a person or a company and not of the event.
pub(super) const ENTITY_TIME_WORDS: &[&str] = &[
    "signup",
    "signed",
    "sign",
    "registered",
    "joined",
    "birth",
    "born",
    "trial",
    "expires",
    "expiry",
    "expired",
    "due",
    "renewal",
    "renews",
    "deadline",
    "end",
    "ends",
    "ended",
    "until",
    "valid",
    "since",
    "deleted",
    "updated",
    "modified",
    "scheduled",
    "next",
];

/// Words of fields that describe a person, a company or a thing and are no id of it.
pub(super) const DESCRIPTION_WORDS: &[&str] = &[
    "type",
    "kind",
    "role",
    "title",
    "plan",
    "tier",
    "segment",
    "status",
    "state",
    "country",
    "city",
    "region",
    "locale",
    "language",
    "lang",
    "version",
    "count",
    "size",
    "seats",
    "ip",
    "url",
    "agent",
    "industry",
    "at",
    "date",
    "time",
    "on",
    "age",
    "gender",
    "phone",
    "department",
    "employees",
    "headcount",
    "staff",
    "sector",
    "revenue",
    "balance",
    "score",
    "created",
    "source",
    "os",
    "browser",
    "model",
    "platform",
    "count",
    "number",
    "currency",
    "amount",
    "timezone",
    "zone",
    "level",
    "permissions",
    "scope",
];

/// Names that end in a word that lower case has glued to the one before.
const GLUED: &[&str] = &["id", "name", "type", "time", "at", "key", "uuid"];

/// Words that glued words begin with.
const GLUED_TO: &[&[&str]] =
    &[USER_WORDS, ACCOUNT_WORDS, VISITOR_WORDS, RECORD_WORDS, &["created", "occurred", "happened"]];

/// The words of a path, with words that lower case has glued together set apart: `userid` has the words of `user_id`.
pub(super) fn path_words(path: &str) -> Vec<String> {
    split_words(path).into_iter().flat_map(unglued).collect()
}

fn unglued(word: String) -> Vec<String> {
    let known = |first: &str| GLUED_TO.iter().any(|words| words.contains(&first));
    let cut = GLUED.iter().find_map(|ending| Some((word.strip_suffix(ending).filter(|first| known(first))?, *ending)));
    cut.map(|(first, ending)| vec![first.to_owned(), ending.to_owned()]).unwrap_or_else(|| vec![word.clone()])
}

/// The place of the first of some words that a name has.
pub(super) fn rank_of(words: &[String], list: &[&str]) -> Option<usize> {
    list.iter().position(|known| words.iter().any(|word| word == known))
}

/// Whether a name has one of some words.
pub(super) fn has_any(words: &[String], list: &[&str]) -> bool {
    rank_of(words, list).is_some()
}

/// Whether the last word of a name is one of some.
pub(super) fn ends_in(words: &[String], list: &[&str]) -> bool {
    words.last().is_some_and(|word| list.contains(&word.as_str()))
}

/// What the last word of a path that names a person, an account or a visitor names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedSubject {
    User,
    Account,
    Visitor,
    /// A customer or a client, which may be a person or a company.
    Either,
}

/// The subject of a path: of `team_member_id` a person, of `user.company.id` an account. The `uid` of an event is of no person.
pub(super) fn subject(words: &[String]) -> Option<NamedSubject> {
    let is_of_record = has_any(words, RECORD_WORDS);
    words.iter().rev().filter(|word| !(is_of_record && *word == "uid")).find_map(|word| {
        let word = word.as_str();
        match (USER_WORDS.contains(&word), ACCOUNT_WORDS.contains(&word)) {
            (true, true) => Some(NamedSubject::Either),
            (true, false) => Some(NamedSubject::User),
            (false, true) => Some(NamedSubject::Account),
            (false, false) if VISITOR_WORDS.contains(&word) => Some(NamedSubject::Visitor),
            (false, false) => None,
        }
    })
}
