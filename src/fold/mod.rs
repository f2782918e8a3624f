//! Records to state that suffices to score at any later instant, and that merges.
//!
//! Takes [`Record`]s, gives a [`State`]. One [`Folder`] works for one thread; what they share is the table of duplicates. The state of two
//! halves of the input, merged, is the state of the whole, whatever the halves and their order.

mod cells;
mod counts;
mod days;
mod duplicates;
mod intern;
mod joins;
mod keyed;
mod state;

use std::hash::BuildHasher;

pub use cells::{Edge, Moment, NO_TEXT, Number, Tally, TallyKey, UNDATED, unpack};
pub use counts::{Bucket, FileCounts};
pub use days::DaySet;
pub use duplicates::{Duplicates, Verdict};
pub use intern::Interner;
pub use joins::Joins;
pub use keyed::Keyed;
pub use state::{
    ANY_DAY, Folk, FolkMore, NO_ACCOUNT, NO_FIRST, NO_LAST, Named, Owner, PARTITIONS, Part, Population, Rest, Row,
    State, edge_kind, merge_word,
};

use self::cells::{add_count, pack};
use crate::{
    decode::{Joined, Line, Record, Seed, typed::typed},
    expr::{Program, Scope, Type, Value},
    model::{
        Model,
        compiled::{ACTIVITY_DAYS, Keep, Level, Match, PredicateId, TraitPlan, Try, ValueId, ValueSource, word},
    },
    units::Micros,
};

/// Folds the lines that one worker reads.
#[derive(Debug)]
pub struct Folder<'m> {
    model: &'m Model,
    duplicates: &'m Duplicates,
    state: State,
    /// Numbers of texts of the values of the event at hand, so that a value that several cells keep is looked up once.
    texts: Vec<Option<Option<u32>>>,
    /// Whether lines are counted by person too.
    by_person: bool,
    /// Lines of type identify, group and alias that may turn out to lie after the instant that the run looks from; none if that is known.
    deferred: Option<Vec<Deferred>>,
    /// Whatever the newest event turns out to be, what is before this counts.
    settled: Micros,
}

/// A line that is folded once the instant is known that the run looks from.
#[derive(Debug)]
pub struct Deferred {
    /// The file.
    pub file: u32,
    /// The line.
    pub line: String,
}

impl<'m> Folder<'m> {
    /// A folder that has seen nothing.
    pub fn new(model: &'m Model, duplicates: &'m Duplicates, seed: &Seed, files: usize) -> Folder<'m> {
        let texts = vec![None; model.intake.values.len()];
        Folder {
            model,
            duplicates,
            state: State::new(model, seed, files),
            texts,
            by_person: !model.identity.exclude_domains.is_empty(),
            deferred: None,
            settled: NO_LAST,
        }
    }

    /// A folder that goes on with a state.
    pub fn resume(model: &'m Model, duplicates: &'m Duplicates, state: State) -> Folder<'m> {
        let seed = state.seed.clone();
        Folder { state, ..Folder::new(model, duplicates, &seed, 0) }
    }

    /// Puts aside what may turn out to lie after the newest event's day.
    pub fn defer(mut self) -> Folder<'m> {
        self.deferred = Some(Vec::new());
        self
    }

    /// The state of all that was folded, and what was put aside.
    pub fn finish(self) -> (State, Vec<Deferred>) {
        (self.state, self.deferred.unwrap_or_default())
    }

    /// Whether a line is put aside: it says who is who, and the newest event so far does not show yet that it counts.
    fn puts_aside(&mut self, file: u32, line: &Line<'_>) -> bool {
        let Some(deferred) = &mut self.deferred else { return false };
        let (Line::Identify(record) | Line::Group(record) | Line::Alias { record, .. } | Line::Merge { record, .. }) =
            line
        else {
            return false;
        };
        if record.at < self.settled {
            return false;
        }
        deferred.push(Deferred { file, line: record.line().to_owned() });
        true
    }

    /// Folds a line of a file.
    ///
    /// **Cost**: a look into three tables (duplicates, raw id, account), and a few steps for each thing that the model keeps of the event.
    pub fn fold(&mut self, file: u32, line: &Line<'_>) {
        if self.puts_aside(file, line) {
            return;
        }
        let counts = &mut self.state.counts[file as usize];
        counts.records += 1;
        match line {
            Line::Blank => counts.blank += 1,
            Line::Rejected(_) => counts.rejected += 1,
            Line::Excluded => counts.excluded += 1,
            Line::AfterAsOf(record) => {
                counts.after_as_of += 1;
                if self.by_person {
                    let (at, owner) = self.owner(record, NO_ACCOUNT);
                    self.note(at, owner, file, Bucket::AfterAsOf, 1);
                }
            }
            Line::Event(record) => self.event(file, record),
            Line::Identify(record) => {
                counts.identity += 1;
                self.identify(file, record);
            }
            Line::Group(record) => {
                counts.identity += 1;
                self.group(file, record);
            }
            Line::Alias { record, previous } => {
                counts.identity += 1;
                self.alias(file, record, previous);
            }
            Line::Merge { ids, .. } => {
                counts.identity += 1;
                match ids {
                    Some([a, b]) => self.state.joins.merge(a, b),
                    None => self.state.joins.placeholders += 1,
                }
            }
        }
    }

    /// The partition and owner of a record.
    fn owner(&mut self, record: &Record<'_>, account: u32) -> (usize, Owner) {
        let seed = &self.state.seed;
        if let Some(user) = &record.user {
            let hash = seed.hash_one(&**user);
            let at = State::partition(hash);
            return (at, Owner::User(self.state.parts[at].users.of(hash, user)));
        }
        if let Some(visitor) = &record.visitor {
            let hash = seed.hash_one(&**visitor);
            let at = State::partition(hash);
            return (at, Owner::Visitor(self.state.parts[at].visitors.of(hash, visitor)));
        }
        (account as usize % PARTITIONS, Owner::Nobody)
    }

    fn account(&mut self, record: &Record<'_>) -> u32 {
        record.account.as_ref().map_or(NO_ACCOUNT, |account| self.state.accounts.intern(account))
    }

    /// Notes a line of a person who may turn out to be excluded.
    fn note(&mut self, at: usize, owner: Owner, file: u32, bucket: Bucket, by: i64) {
        if self.by_person && owner != Owner::Nobody {
            self.state.parts[at].folk_mut(owner).more.get_or_insert_default().lines.merge(
                (file, bucket),
                by,
                |known, more| *known += more,
            );
        }
    }

    /// What a record says beside what happened: an account that was named, a visitor who is a user.
    fn links(&mut self, record: &Record<'_>, at: usize, owner: Owner, account: u32) {
        if owner == Owner::Nobody {
            return;
        }
        let folk = self.state.parts[at].folk_mut(owner);
        if account != NO_ACCOUNT {
            folk.name_account(Named { at: record.at, day: record.day, account }, &self.state.accounts);
        }
        if let (Owner::User(_), Some(visitor)) = (owner, &record.visitor) {
            let text = self.state.texts.intern(visitor);
            folk.more.get_or_insert_default().met.merge(text, (), |(), ()| {});
        }
    }

    fn event(&mut self, file: u32, record: &Record<'_>) {
        if record.at > self.state.newest {
            self.state.newest = record.at;
            if self.deferred.is_some() && record.at >= self.settled {
                self.settled = self.model.zone.day_start(record.day + 1);
            }
        }
        let verdict = record.fingerprint.map_or(Verdict::New, |fingerprint| self.duplicates.check(fingerprint, file));
        let homeless = record.user.is_none() && record.account.is_none();
        if let Verdict::Duplicate(loser) = verdict {
            self.duplicate(file, loser, homeless, record);
            return;
        }
        let counts = &mut self.state.counts[file as usize];
        counts.more_accounts += record.more_accounts as i64;
        self.state.names[record.plan] += 1;
        if homeless && record.visitor.is_none() {
            counts.anonymous += 1;
            return;
        }
        counts.events += 1;
        let account = self.account(record);
        let (at, owner) = self.owner(record, account);
        self.links(record, at, owner, account);
        self.note(at, owner, file, Bucket::Events, 1);
        if homeless {
            self.state.parts[at]
                .folk_mut(owner)
                .more
                .get_or_insert_default()
                .homeless
                .merge(file, 1, |known, more| *known += more);
        }
        let day = if account == NO_ACCOUNT { record.day } else { ANY_DAY };
        let row = self.state.parts[at].row(owner, account, day, &self.model.intake.words);
        self.keep(record, at, row, owner);
        if record.tells {
            self.user_traits(record, at, owner);
            self.account_traits(record, account);
        }
    }

    /// A copy of an event: nothing is folded, but which file's copy it is may move, and it may join ids.
    fn duplicate(&mut self, file: u32, loser: u32, homeless: bool, record: &Record<'_>) {
        let bucket = |counts: &mut FileCounts, by: i64| match (homeless, &record.visitor) {
            (true, None) => counts.anonymous += by,
            _ => counts.events += by,
        };
        self.state.counts[loser as usize].duplicate += 1;
        bucket(&mut self.state.counts[file as usize], 1);
        bucket(&mut self.state.counts[loser as usize], -1);
        let account = self.account(record);
        if homeless && record.visitor.is_none() {
            return;
        }
        let (at, owner) = self.owner(record, account);
        self.links(record, at, owner, account);
        self.note(at, owner, file, Bucket::Events, 1);
        self.note(at, owner, loser, Bucket::Events, -1);
        self.note(at, owner, loser, Bucket::Duplicate, 1);
        if homeless && file != loser {
            let folk = self.state.parts[at].folk_mut(owner).more.get_or_insert_default();
            folk.homeless.merge(file, 1, |known, more| *known += more);
            folk.homeless.merge(loser, -1, |known, more| *known += more);
        }
    }

    fn identify(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account(record);
        let (at, owner) = self.owner(record, account);
        self.links(record, at, owner, account);
        self.note(at, owner, file, Bucket::Identity, 1);
        self.user_traits(record, at, owner);
        match (&record.joined, &record.user) {
            (Joined::None, _) | (_, None) => {}
            (Joined::Placeholder, _) => self.state.joins.placeholders += 1,
            (Joined::Id(id), Some(user)) => self.state.joins.identify(id, user),
        }
    }

    /// What a record says of its user.
    fn user_traits(&mut self, record: &Record<'_>, at: usize, owner: Owner) {
        if owner == Owner::Nobody {
            return;
        }
        let State { parts, texts, .. } = &mut self.state;
        let folk = parts[at].folk_mut(owner);
        each_trait(
            self.model,
            &self.model.user,
            |key| record.user_trait(key),
            record.at,
            texts,
            |index, plan, edge, texts| {
                let traits = &mut folk.more.get_or_insert_default().traits;
                traits.merge(index, edge, |known, more| known.merge(more, !plan.first, plan.kind, texts));
            },
        );
    }

    fn group(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account(record);
        let (at, owner) = self.owner(record, account);
        self.links(record, at, owner, account);
        self.note(at, owner, file, Bucket::Identity, 1);
        self.account_traits(record, account);
    }

    /// What a record says of its account.
    fn account_traits(&mut self, record: &Record<'_>, account: u32) {
        if account == NO_ACCOUNT {
            return;
        }
        let State { account_traits, texts, .. } = &mut self.state;
        let level = &self.model.account;
        each_trait(
            self.model,
            level,
            |key| record.account_trait(key),
            record.at,
            texts,
            |index, plan, edge, texts| {
                account_traits
                    .merge((account, index), edge, |known, more| known.merge(more, !plan.first, plan.kind, texts));
            },
        );
    }

    fn alias(&mut self, file: u32, record: &Record<'_>, previous: &str) {
        let account = self.account(record);
        let (at, owner) = self.owner(record, account);
        self.links(record, at, owner, account);
        self.note(at, owner, file, Bucket::Identity, 1);
        if let Some(user) = &record.user {
            let pair = (self.state.texts.intern(previous), self.state.texts.intern(user));
            self.state.aliases.merge(pair, (), |(), ()| {});
        }
    }

    /// Folds an event into a row.
    fn keep(&mut self, record: &Record<'_>, at: usize, row: usize, owner: Owner) {
        let intake = &self.model.intake;
        let plan = &intake.plans[record.plan];
        let active = owner != Owner::Nobody && !record.noise && !self.meant(&plan.ignored, record);
        let starts = self.meant(&plan.starts, record);
        let part = &mut self.state.parts[at];
        let words = part.words_mut(row);
        words[word::EVENTS] += 1;
        words[word::FIRST_SEEN] = words[word::FIRST_SEEN].min(record.at);
        words[word::LAST_SEEN] = words[word::LAST_SEEN].max(record.at);
        if starts {
            words[word::START] = words[word::START].min(record.at);
        }
        if active {
            words[word::FIRST_ACTIVITY] = words[word::FIRST_ACTIVITY].min(record.at);
            part.days_mut(row)[ACTIVITY_DAYS].insert(record.day);
        }
        self.texts.fill(None);
        let moments_before = self.state.parts[at].rows[row].rest.as_ref().map_or(0, |rest| rest.moments.len());
        for one in &plan.tries {
            if self.passes(one, active, record) {
                for keep in &one.keeps {
                    self.keep_one(*keep, record, at, row, moments_before);
                }
            }
        }
    }

    fn passes(&self, one: &Try, active: bool, record: &Record<'_>) -> bool {
        (active || !one.active)
            && self.meant(&one.matches, record)
            && one.predicate.is_none_or(|predicate| self.holds(predicate, record))
    }

    fn meant(&self, matches: &Match, record: &Record<'_>) -> bool {
        match matches {
            Match::Never => false,
            Match::Always => true,
            Match::When(any) => any.iter().any(|all| all.iter().all(|predicate| self.holds(*predicate, record))),
        }
    }

    fn holds(&self, predicate: PredicateId, record: &Record<'_>) -> bool {
        self.model
            .intake
            .predicates
            .get(predicate as usize)
            .is_some_and(|program: &Program| program.eval(record).holds())
    }

    fn keep_one(&mut self, keep: Keep, record: &Record<'_>, at: usize, row: usize, moments_before: usize) {
        let day = |daily: bool| if daily { record.day } else { UNDATED };
        match keep {
            Keep::Count(word) => self.state.parts[at].words_mut(row)[word] += 1,
            Keep::First(word) => {
                let word = &mut self.state.parts[at].words_mut(row)[word];
                *word = record.at.min(*word);
            }
            Keep::Last(word) => {
                let word = &mut self.state.parts[at].words_mut(row)[word];
                *word = record.at.max(*word);
            }
            Keep::Days(set) => self.state.parts[at].days_mut(row)[set].insert(record.day),
            Keep::Tally { cell, daily, value } => {
                let value = match value {
                    Some(value) => match self.text(value, record) {
                        Some(text) => text,
                        None => return,
                    },
                    None => NO_TEXT,
                };
                let key = TallyKey { value, day: day(daily), cell };
                self.state.parts[at].rows[row].tally.merge(key, 1, add_count);
            }
            Keep::Number { cell, daily, value } => {
                let Some(number) = value_of(self.model, value, record).as_number() else { return };
                let rest = self.state.parts[at].rows[row].rest.get_or_insert_default();
                rest.numbers.merge((cell, day(daily)), Number::one(number), |known, more| known.merge(more));
            }
            Keep::Edge { cell, daily, value } => {
                let packed = match value {
                    Some(value) => match pack(&value_of(self.model, value, record), &mut self.state.texts) {
                        Some(packed) => packed,
                        None => return,
                    },
                    None => 0,
                };
                let (last, kind) = edge_kind(&self.model.intake, cell);
                let State { parts, texts, .. } = &mut self.state;
                let rest = parts[at].rows[row].rest.get_or_insert_default();
                let edge = Edge { at: record.at, value: packed };
                rest.edges.merge((cell, day(daily)), edge, |known, more| known.merge(more, last, kind, texts));
            }
            Keep::Moment { cell, steps, same } => {
                let same = same.map_or(Some(NO_TEXT), |value| self.text(value, record)).unwrap_or(NO_TEXT);
                let moments = &mut self.state.parts[at].rows[row].rest.get_or_insert_default().moments;
                match moments[moments_before..].iter_mut().find(|moment| moment.cell == cell) {
                    Some(moment) => moment.steps |= steps as u16,
                    None => moments.push(Moment { at: record.at, same, cell, steps: steps as u16 }),
                }
            }
        }
    }

    /// The number of a value's text; none if it is null.
    fn text(&mut self, value: ValueId, record: &Record<'_>) -> Option<u32> {
        if let Some(known) = self.texts[value as usize] {
            return known;
        }
        let text = value_of(self.model, value, record).to_text().map(|text| self.state.texts.intern(&text));
        self.texts[value as usize] = Some(text);
        text
    }
}

/// A value over an event, as its type.
fn value_of<'r>(model: &'r Model, value: ValueId, record: &'r Record<'_>) -> Value<'r> {
    let spec = &model.intake.values[value as usize];
    match &spec.source {
        ValueSource::Program(program) => match (program.eval(record), spec.kind) {
            (value, Type::Text) => value.to_text().map_or(Value::Null, Value::Text),
            (value, kind) => typed(value, kind, &model.zone),
        },
        ValueSource::FirstOf(slots) => first_typed(slots.iter().map(|slot| record.get(*slot)), spec.kind, model),
    }
}

/// The first value that can be read as a type.
fn first_typed<'r>(values: impl Iterator<Item = Value<'r>>, kind: Type, model: &Model) -> Value<'r> {
    values.map(|value| typed(value, kind, &model.zone)).find(|value| !value.is_null()).unwrap_or(Value::Null)
}

/// Every trait of a level that a traits object gives.
fn each_trait<'r>(
    model: &'r Model,
    level: &Level,
    value: impl Fn(u32) -> Value<'r>,
    at: Micros,
    texts: &mut Interner,
    mut give: impl FnMut(u16, &TraitPlan, Edge, &Interner),
) {
    for (index, plan) in level.traits.iter().enumerate() {
        let value = first_typed(plan.keys.iter().map(|key| value(*key)), plan.kind, model);
        if let Some(packed) = pack(&value, texts) {
            give(index as u16, plan, Edge { at, value: packed }, texts);
        }
    }
}
