//! Judges which field is which part of an event.
//!
//! Takes the facts of all fields, gives for each part the field with the most points: points for its name, less points for values that speak against it.
//! Invariant: a field whose values cannot be the part gets none, whatever its name.

use super::{
    facts::{FieldFacts, pairs},
    properties::holds_rest,
    told::{ToldField, ToldFields},
    words::{
        ACCOUNT_WORDS, DESCRIPTION_WORDS, ENTITY_TIME_WORDS, ID_WORDS, NamedSubject, RECORD_WORDS, SHORT_NAME_WORDS,
        SHOWN_NAME_WORDS, USER_WORDS, VISITOR_WORDS, ends_in, has_any, rank_of, subject,
    },
};
use crate::loader_columns::{LOADER_WORDS, is_change_stamp};
use pql_model::EntityKind;

/// What speaks against a field if its values do not.
const UNNAMED: &str = "its name fits less well";

/// The points that every field of instants has more: even one with everything against it is a time, and an event needs one.
const TIME_POINTS_ADDED: i32 = 600;

/// Words of ids of visits and things, which belong to a person as a person belongs to an account.
const VISIT_WORDS: &[&str] =
    &["session", "visit", "view", "run", "job", "order", "ticket", "thread", "conversation", "invoice", "document"];

/// Values that belong to groups, for the groups to be evidence.
const GROUPED_MIN: u64 = 5;

/// Users of an account on average, for a field that no name tells from a plan or a country.
const USERS_MAX: u64 = 100;

/// Different texts of a field that may name events, and up to how many more speak for it.
const KINDS_MIN: u64 = 4;
const KINDS_COUNTED: u64 = 500;

/// Fields beside the winner that are named.
const CONSIDERED_MAX: usize = 4;

/// A field that holds a part of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartGuess {
    /// The key in `[input] fields`.
    pub part: &'static str,
    /// The path of the field; `.` for the record itself.
    pub path: String,
    /// A second object, for values that the first one lacks: of properties, the record that tells of people and companies beside them.
    pub also: Option<String>,
    /// What speaks for it.
    pub why: String,
    /// Other fields that were considered, the best first, with what speaks against each.
    pub considered: Vec<(String, &'static str)>,
}

/// The guess for all parts, in the order of `[input] fields`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldGuess {
    /// The parts that were found.
    pub parts: Vec<PartGuess>,
}

impl PartGuess {
    /// Its path, or its paths as a list.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        [self.path.as_str()].into_iter().chain(self.also.as_deref())
    }
}

impl FieldGuess {
    /// The field of a part.
    pub fn path(&self, part: &str) -> Option<&str> {
        self.parts.iter().find(|guess| guess.part == part).map(|guess| guess.path.as_str())
    }

    /// The part that a field holds.
    pub fn part(&self, path: &str) -> Option<&'static str> {
        self.parts.iter().find(|guess| guess.path == path).map(|guess| guess.part)
    }

    /// True if an event can be read: it has a name, a time and an id of somebody.
    pub fn is_complete(&self) -> bool {
        let has = |part: &str| self.path(part).is_some();
        has("event") && has("time") && ["user", "anonymous", "account"].into_iter().any(has)
    }
}

/// A field with its points for a part, and the strongest thing that speaks against it.
#[derive(Debug, Clone, Copy)]
struct Judged<'f, 't> {
    facts: &'f FieldFacts<'t>,
    points: i32,
    fault: &'static str,
}

impl<'f, 't> Judged<'f, 't> {
    fn new(facts: &'f FieldFacts<'t>, points: i32) -> Judged<'f, 't> {
        Judged { facts, points: points - facts.depth(), fault: UNNAMED }
    }

    /// Takes points if something speaks against the field.
    fn less(mut self, holds: bool, points: i32, fault: &'static str) -> Judged<'f, 't> {
        if holds {
            (self.points, self.fault) = (self.points - points, fault);
        }
        self
    }
}

/// The fields of the first records, to be judged.
pub(super) struct FieldJudge<'f, 't> {
    pub(super) fields: &'f [FieldFacts<'t>],
    /// The path at which a reader looks for a part where no model says otherwise.
    pub(super) usual: &'f dyn Fn(&str) -> Option<String>,
    /// The path of the record in its envelope; empty without one.
    pub(super) within: &'f str,
    /// The fields that tables of users and accounts tell.
    pub(super) told: &'f ToldFields,
}

impl<'f, 't> FieldJudge<'f, 't> {
    /// The guess for every part.
    pub(super) fn guess(&self) -> FieldGuess {
        let mut guess = FieldGuess::default();
        let is_told = |facts: &FieldFacts<'_>| {
            EntityKind::ALL.iter().any(|side| self.told[*side].as_ref().is_some_and(|told| told.path == facts.path()))
        };
        let event = self.best(&guess, "event", &|facts| event_name(facts).filter(|_| !is_told(facts)));
        guess.parts.extend(event);
        let free = |facts: &'f FieldFacts<'t>| Some(facts).filter(|facts| !is_told(facts));
        // The `uid` of each record is of the record, unless nothing else is of somebody.
        let is_somebody = |facts: &FieldFacts<'_>| !(facts.leaf == ["uid"] && facts.is_unique());
        let somebody = |facts: &'f FieldFacts<'t>| free(facts).filter(|facts| is_somebody(facts)).and_then(user);
        let nameless = || self.best(&guess, "user", &|facts| free(facts).and_then(|facts| self.nameless_user(facts)));
        let found = self.told("user").or_else(|| self.best(&guess, "user", &somebody)).or_else(nameless);
        let user = found.or_else(|| self.best(&guess, "user", &|facts| free(facts).and_then(user)));
        guess.parts.extend(user);
        let anonymous = self.best(&guess, "anonymous", &visitor);
        guess.parts.extend(anonymous);
        let account = self.told("account");
        let account = account.or_else(|| self.best(&guess, "account", &|facts| self.account(&guess, facts)));
        let account = account.or_else(|| self.best(&guess, "account", &|facts| self.nameless_account(&guess, facts)));
        guess.parts.extend(account);
        if guess.path("event").is_none() {
            let event = self.best(&guess, "event", &|facts| self.nameless_event(&guess, facts));
            guess.parts.splice(0..0, event);
        }
        let time = self.best(&guess, "time", &|facts| self.time(&guess, facts));
        guess.parts.extend(time);
        let id = self.best(&guess, "id", &record_id);
        guess.parts.extend(id);
        guess.parts.extend(holds_rest(self.fields, &guess, self.within));
        guess
    }

    /// The field that a table of users or accounts tells.
    fn told(&self, part: &'static str) -> Option<PartGuess> {
        let side = EntityKind::ALL.into_iter().find(|side| side.word() == part)?;
        let ToldField { path, why } = self.told[side].as_ref()?.clone();
        let is_there = self.fields.iter().any(|facts| facts.path() == path);
        is_there.then_some(PartGuess { part, path, also: None, why, considered: Vec::new() })
    }

    /// The field with the most points for a part, if it has any.
    fn best(
        &self,
        known: &FieldGuess,
        part: &'static str,
        judge: &dyn Fn(&'f FieldFacts<'t>) -> Option<Judged<'f, 't>>,
    ) -> Option<PartGuess> {
        let usual = (self.usual)(part);
        let free = self.fields.iter().filter(|facts| known.part(facts.path()).is_none());
        let mut all: Vec<Judged<'_, '_>> = free
            .filter_map(|facts| {
                let is_usual = usual.as_deref() == Some(facts.path());
                let judged =
                    judge(facts).or_else(|| Some(Judged::new(facts, 0)).filter(|_| is_usual && fits(part, facts)))?;
                let bonus = if is_usual && judged.fault == UNNAMED { 60 } else { 0 };
                Some(Judged { points: judged.points + bonus, ..judged })
            })
            .collect();
        all.sort_by(|a, b| {
            let filled = b.facts.filled.cmp(&a.facts.filled);
            b.points.cmp(&a.points).then(filled).then(a.facts.path().cmp(b.facts.path()))
        });
        let (winner, others) = all.split_first().filter(|(winner, _)| winner.points > 0)?;
        let others = others.iter().take(CONSIDERED_MAX);
        let considered = others.map(|other| (other.facts.path().to_owned(), other.fault)).collect();
        Some(PartGuess {
            part,
            path: winner.facts.path().to_owned(),
            also: None,
            why: evidence(part, winner.facts),
            considered,
        })
    }

    fn user_facts(&self, known: &FieldGuess) -> Option<&'f FieldFacts<'t>> {
        let path = known.path("user")?;
        self.fields.iter().find(|facts| facts.path() == path)
    }

    /// An account has as many people as it likes; a person has few accounts.
    fn account(&self, known: &FieldGuess, facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
        let named = subject(&facts.words)?;
        if !matches!(named, NamedSubject::Account | NamedSubject::Either) || !facts.is_plain() {
            return None;
        }
        let rank = rank_of(&facts.words, ACCOUNT_WORDS)? as i32;
        let judged = Judged::new(facts, 80 - 2 * rank + id_points(facts))
            .less(describes(facts), 100, "it describes and names nobody")
            .less(facts.is_unique(), 100, "nearly every record has another value")
            .less(!facts.is_filled(2), 60, "few records have it");
        let Some(user) = self.user_facts(known) else { return Some(judged) };
        let (both, users) = pairs(user.column, facts.column);
        let enough = users >= 5;
        Some(judged.less(enough && both > 4 * users, 100, "a user has many of them").less(
            enough && facts.distinct > user.distinct + user.distinct / 4,
            60,
            "there are more of them than users",
        ))
    }

    /// A field of e-mails, or of ids that come again, where no name says who it is. People belong to accounts, so of two ids the finer one is theirs.
    fn nameless_user(&self, facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
        let points = if facts.share_of("e-mail") >= 90 {
            40
        } else if is_nameless_id(facts) {
            20
        } else {
            return None;
        };
        let is_person = |other: &FieldFacts<'_>| {
            is_nameless_id(other) && comes_again(other) && other.is_filled(90) && !has_any(&other.leaf, VISIT_WORDS)
        };
        let is_group = self.fields.iter().any(|other| is_person(other) && is_part_of(other, facts));
        Some(
            Judged::new(facts, points)
                .less(!comes_again(facts), 100, "its values do not come again")
                .less(is_group, 15, "it groups the values of another id")
                .less(has_any(&facts.leaf, VISIT_WORDS), 10, "its name is of a visit or a thing"),
        )
    }

    /// A field of a few texts in every record, of which each user has several: where no name says which field names the event, the one with the most.
    fn nameless_event(&self, known: &FieldGuess, facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
        let user = self.user_facts(known)?;
        let is_kind = facts.is_text() && facts.is_plain() && facts.is_filled(95) && facts.column.longest <= 80;
        let are_few = facts.distinct >= KINDS_MIN && facts.distinct * 10 <= facts.filled;
        let is_other = ends_in(&facts.leaf, ID_WORDS) || describes(facts) || subject(&facts.words).is_some();
        if !is_kind || !are_few || is_other {
            return None;
        }
        let (both, users) = pairs(user.column, facts.column);
        let points = i32::try_from(facts.distinct.min(KINDS_COUNTED)).unwrap_or_default();
        (both >= 3 * users && users >= 3).then(|| Judged::new(facts, points))
    }

    /// A field of ids to which the users belong, several to each, where no name says whose they are.
    fn nameless_account(&self, known: &FieldGuess, facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
        let user = self.user_facts(known)?;
        let is_thing = has_any(&facts.leaf, DESCRIPTION_WORDS) || has_any(&facts.leaf, VISIT_WORDS);
        let are_enough = facts.distinct >= 3 && facts.distinct * USERS_MAX >= user.distinct;
        let fits = is_nameless_id(facts) && !is_thing && comes_again(facts) && are_enough && is_part_of(user, facts);
        fits.then(|| Judged::new(facts, 20))
    }

    /// The time of an event lies in the past and is another for other events; a stamp of a loader is one for many.
    fn time(&self, known: &FieldGuess, facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
        if !facts.is_time() {
            return None;
        }
        let of_user = |user: &FieldFacts<'_>| {
            let (both, users) = pairs(user.column, facts.column);
            both == users && users >= 3 && users * 2 < facts.filled
        };
        Some(
            Judged::new(facts, time_points(facts))
                .less(!facts.is_filled(90), 150, "some records do not have it")
                .less(has_any(&facts.words, ENTITY_TIME_WORDS), 40, "its name is of another time")
                .less(self.user_facts(known).is_some_and(of_user), 80, "it is one for each user")
                .less(facts.is_ahead(), 120, "it lies ahead")
                .less(facts.is_constant(), 120, "it is one for all records")
                .less(is_loader_stamp(facts), 200, "a loader or receiver writes it"),
        )
        .map(|judged| Judged { points: judged.points + TIME_POINTS_ADDED, ..judged })
    }
}

/// Whether values do not rule out a part for which the name is the usual one.
fn fits(part: &str, facts: &FieldFacts<'_>) -> bool {
    match part {
        "time" => facts.is_time(),
        "id" => facts.is_plain() && !facts.is_repeated(),
        "user" | "anonymous" | "account" | "event" => facts.is_plain() && !facts.is_constant(),
        _ => false,
    }
}

/// What speaks for the winner.
fn evidence(part: &str, facts: &FieldFacts<'_>) -> String {
    let (filled, distinct) = (facts.filled, facts.distinct);
    let of = format!("{filled} of {} records have it", facts.rows);
    match part {
        "event" => format!("{of}; {distinct} different names"),
        "time" => format!("{of}; {distinct} different instants"),
        "id" => format!("{of}; {distinct} different values"),
        _ => format!("{of}; {distinct} different values, {:.1} records each", filled as f64 / distinct.max(1) as f64),
    }
}

/// Points for a name that says that it is an id, or only names its subject.
fn id_points(facts: &FieldFacts<'_>) -> i32 {
    match facts.leaf.as_slice() {
        _ if ends_in(&facts.leaf, ID_WORDS) => 20,
        _ if ends_in(&facts.leaf, SHORT_NAME_WORDS) => 15,
        // Two may have one name.
        _ if ends_in(&facts.leaf, SHOWN_NAME_WORDS) => 0,
        [_] => 10,
        _ => 0,
    }
}

/// Whether a field describes a person, a company or a thing.
fn describes(facts: &FieldFacts<'_>) -> bool {
    ends_in(&facts.leaf, DESCRIPTION_WORDS)
}

/// An event's name is a text with few different values.
fn event_name<'f, 't>(facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
    let is_id = ends_in(&facts.leaf, ID_WORDS);
    if !facts.is_text() || !facts.is_plain() || is_id || facts.column.longest > 200 {
        return None;
    }
    let has = |word: &str| facts.leaf.iter().any(|known| known == word);
    let below_event = facts.words.first().is_some_and(|first| first == "event") && facts.depth() == 1;
    let points = match () {
        () if has("event") && (has("name") || facts.leaf.len() == 1) => 100,
        () if below_event && has("name") => 98,
        () if has("event") && has("type") => 92,
        () if has("action") || has("activity") => 80,
        () if has("event") && (has("key") || has("text") || has("label") || has("title") || has("action")) => 75,
        () if has("verb") || has("operation") || has("what") => 70,
        () if has("name") && facts.depth() == 0 && facts.leaf.len() == 1 => 60,
        () if has("type") && facts.leaf.len() == 1 => 45,
        () if has("kind") || has("metric") || has("topic") => 40,
        () => return None,
    };
    Some(
        Judged::new(facts, points)
            .less(
                facts.share_of("e-mail") + facts.share_of("UUID") + facts.share_of("web address") > 50,
                100,
                "its values are no names",
            )
            .less(has("category") || has("version") || has("id"), 60, "its name is of something else")
            .less(!facts.is_filled(90), 70, "some records do not have it")
            .less(facts.is_various(), 70, "nearly every record has another value")
            .less(facts.is_constant(), 40, "it is one for all records"),
    )
}

/// A user comes again and again.
fn user<'f, 't>(facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
    let named = subject(&facts.words)?;
    let base = match named {
        NamedSubject::User => 80,
        NamedSubject::Either => 55,
        NamedSubject::Account | NamedSubject::Visitor => return None,
    };
    if !facts.is_plain() {
        return None;
    }
    let rank = rank_of(&facts.words, USER_WORDS)? as i32;
    Some(
        Judged::new(facts, base - rank + id_points(facts))
            .less(describes(facts), 100, "it describes and names nobody")
            .less(ends_in(&facts.leaf, &["name"]), 25, "names come twice")
            .less(facts.is_constant(), 50, "it is one for all records")
            .less(facts.is_unique(), 70, "nearly every record has another value")
            .less(!facts.is_filled(10), 40, "few records have it"),
    )
}

/// Whether the name of a field says that it is an id, and neither whose nor that it is one of an event.
fn is_nameless_id(facts: &FieldFacts<'_>) -> bool {
    ends_in(&facts.leaf, ID_WORDS) && !has_any(&facts.leaf, RECORD_WORDS) && subject(&facts.words).is_none()
}

/// Whether the values of a field come again in most records.
fn comes_again(facts: &FieldFacts<'_>) -> bool {
    facts.is_filled(50) && facts.distinct > 1 && facts.distinct * 2 <= facts.filled
}

/// Whether each value of the first field has one value of the second, which has several of the first, but for a few.
fn is_part_of(finer: &FieldFacts<'_>, coarser: &FieldFacts<'_>) -> bool {
    let (both, firsts) = pairs(finer.column, coarser.column);
    firsts >= GROUPED_MIN && finer.distinct > coarser.distinct && both * 20 <= firsts * 21
}

fn visitor<'f, 't>(facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
    if subject(&facts.words) != Some(NamedSubject::Visitor) || !facts.is_plain() {
        return None;
    }
    let rank = rank_of(&facts.words, VISITOR_WORDS)? as i32;
    let names_one = ends_in(&facts.leaf, ID_WORDS) || ends_in(&facts.leaf, &["anonymous", "anon", "visitor", "cookie"]);
    Some(
        Judged::new(facts, 60 - rank + id_points(facts))
            .less(!names_one || describes(facts), 100, "it describes and names nobody")
            .less(facts.is_unique(), 70, "nearly every record has another value"),
    )
}

/// An id of events is nearly unique.
fn record_id<'f, 't>(facts: &'f FieldFacts<'t>) -> Option<Judged<'f, 't>> {
    // A `uid` that is another for each record is of the record.
    let is_somebody = subject(&facts.words).is_some() && !(facts.leaf == ["uid"] && facts.is_unique());
    if !facts.is_plain() || is_somebody || !ends_in(&facts.leaf, ID_WORDS) {
        return None;
    }
    let is_of_record =
        has_any(&facts.leaf, RECORD_WORDS) || facts.leaf.iter().all(|word| ID_WORDS.contains(&word.as_str()));
    let points = if has_any(&facts.leaf, RECORD_WORDS) { 80 } else { 60 };
    let few = !facts.is_unique() && !is_of_record;
    Some(
        Judged::new(facts, points)
            .less(!is_of_record, 30, "its name is of something else")
            .less(facts.depth() > 0 && !has_any(&facts.words, RECORD_WORDS), 30, "it is of something within the record")
            .less(!facts.is_filled(90), 100, "some records do not have it")
            .less(facts.is_repeated() || few, 100, "its values come again"),
    )
}

/// Points for the name of a time.
fn time_points(facts: &FieldFacts<'_>) -> i32 {
    let has = |word: &str| facts.leaf.iter().any(|known| known == word);
    match () {
        () if has("occurred") || has("happened") || has("performed") => 100,
        () if has("event") || has("timestamp") => 95,
        () if has("time") || has("datetime") || has("ts") || has("tstamp") => 85,
        () if facts.leaf.len() == 1 && (has("at") || has("when") || has("on")) => 80,
        () if has("created") || has("logged") || has("tracked") => 75,
        () if has("date") || has("started") || has("sent") => 60,
        () if has("at") || has("on") => 45,
        () => 20,
    }
}

/// Whether a loader or receiver writes the stamp: `_loaded_at`, `ts_ms`, `emitted_at`.
fn is_loader_stamp(facts: &FieldFacts<'_>) -> bool {
    has_any(&facts.words, LOADER_WORDS) || is_change_stamp(&facts.leaf)
}
