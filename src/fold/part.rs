//! One partition of the state: raw ids, their rows, and how an event is folded into them.

use super::{
    cells::{Edge, Moment, NO_TEXT, Number, Tally, TallyKey, UNDATED, add_count},
    counts::Bucket,
    days::DaySet,
    duplicates::{Seen, Verdict},
    folk::{Folk, Population},
    image::{Buffer, Image, NULL, Recipe, Step, Waiting, Whose},
    keyed::Keyed,
    shared::{SharedTexts, TextOrder},
    timeline::Named,
};
use crate::{
    decode::Seed,
    model::compiled::{ACTIVITY_DAYS, CellId, Intake, Word, word},
    units::{Day, Micros},
};

/// A power of two.
pub const PARTITIONS: usize = 256;

/// The account of rows whose events name none.
pub const NO_ACCOUNT: u32 = u32::MAX;

/// The date of rows whose events name an account.
pub const ANY_DAY: Day = Day::MIN;

/// While a partition has so many raw ids, their rows stay in the near caches while images are folded in the order in which they came.
const NEAR_MAX: usize = 1024;

/// Whose a row is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A user, by the number of the raw id in its partition.
    User(u32),
    /// A visitor, likewise.
    Visitor(u32),
    /// Records without either.
    #[default]
    Nobody,
}

/// State of one raw id and named account, or of one raw id and date.
#[derive(Debug)]
pub struct Row {
    /// Whose it is.
    pub owner: Owner,
    /// The named account, or [`NO_ACCOUNT`].
    pub account: u32,
    /// The local date of a row without an account, else [`ANY_DAY`].
    pub day: Day,
    /// Counts by cell, date and value.
    pub tally: Tally,
    /// What few rows have.
    pub rest: Option<Box<Rest>>,
}

/// What few rows have.
#[derive(Debug, Default)]
pub struct Rest {
    /// Numbers by cell and date.
    pub numbers: Keyed<(CellId, Day), Number>,
    /// Values at an end of time by cell and date.
    pub edges: Keyed<(CellId, Day), Edge>,
    /// Instants, in no order.
    pub moments: Vec<Moment>,
}

/// One partition of the state.
#[derive(Debug)]
pub struct Part {
    /// Known ids.
    pub users: Population,
    /// Anonymous ids.
    pub visitors: Population,
    /// Rows of records without either.
    nobody: Folk,
    /// All rows.
    pub rows: Vec<Row>,
    /// Fixed words of rows, a stride each.
    words: Vec<i64>,
    /// Sets of dates of rows, a stride each.
    days: Vec<DaySet>,
    word_stride: usize,
    day_stride: usize,
    /// What copies are told by.
    seen: Seen,
}

/// The word of an instant that there is not, where the smallest is kept.
pub const NO_FIRST: Micros = Micros::MAX;
/// The word of an instant that there is not, where the largest is kept.
pub const NO_LAST: Micros = Micros::MIN;

fn zero(word: Word) -> i64 {
    match word {
        Word::Count => 0,
        Word::First => NO_FIRST,
        Word::Last => NO_LAST,
    }
}

impl Part {
    pub(super) fn new(seed: &Seed, intake: &Intake) -> Part {
        Part {
            users: Population::new(seed),
            visitors: Population::new(seed),
            nobody: Folk::default(),
            rows: Vec::new(),
            words: Vec::new(),
            days: Vec::new(),
            word_stride: intake.words.len(),
            day_stride: intake.day_sets,
            seen: Seen::default(),
        }
    }

    /// How many raw ids there are.
    pub(super) fn raw_ids(&self) -> usize {
        self.users.folks.len() + self.visitors.folks.len()
    }

    /// The folk behind an owner.
    pub fn folk_mut(&mut self, owner: Owner) -> &mut Folk {
        match owner {
            Owner::User(id) => &mut self.users.folks[id as usize],
            Owner::Visitor(id) => &mut self.visitors.folks[id as usize],
            Owner::Nobody => &mut self.nobody,
        }
    }

    /// The row of an owner, account and date; a zero one if there is none yet.
    pub fn row(&mut self, owner: Owner, account: u32, day: Day, words: &[Word]) -> usize {
        if let Some(row) = self.folk_mut(owner).row(account, day) {
            return row as usize;
        }
        let row = self.rows.len();
        self.rows.push(Row { owner, account, day, tally: Tally::default(), rest: None });
        self.words.extend(words.iter().map(|word| zero(*word)));
        self.days.resize_with(self.days.len() + self.day_stride, DaySet::default);
        self.folk_mut(owner).set_row(account, day, row as u32);
        row
    }

    /// The fixed words of a row.
    pub fn words(&self, row: usize) -> &[i64] {
        &self.words[row * self.word_stride..(row + 1) * self.word_stride]
    }

    /// The sets of dates of a row.
    pub fn days(&self, row: usize) -> &[DaySet] {
        &self.days[row * self.day_stride..(row + 1) * self.day_stride]
    }
}

/// What folding into a partition needs beside the partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) recipes: &'c [Recipe],
    pub(super) words: &'c [Word],
    pub(super) accounts: &'c SharedTexts,
    pub(super) texts: &'c SharedTexts,
    /// Whether lines are counted by person too.
    pub(super) by_person: bool,
}

/// What a record says beside what happened: an account that was named, a visitor who is a user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) at: Micros,
    pub(super) day: Day,
    pub(super) account: u32,
    /// As text.
    pub(super) visitor: u32,
}

impl Part {
    /// The owner behind a raw id, which is given as UTF-8.
    pub(super) fn owner(&mut self, whose: Whose, hash: u64, id: &[u8]) -> Owner {
        match whose {
            Whose::User => Owner::User(self.users.of(hash, id)),
            Whose::Visitor => Owner::Visitor(self.visitors.of(hash, id)),
            Whose::Nobody => Owner::Nobody,
        }
    }

    /// Notes a link.
    pub(super) fn link(&mut self, owner: Owner, link: Link, accounts: &impl TextOrder) {
        if owner == Owner::Nobody {
            return;
        }
        let folk = self.folk_mut(owner);
        if link.account != NO_ACCOUNT {
            folk.named.name(Named { at: link.at, day: link.day, account: link.account }, accounts);
        }
        if link.visitor != NO_TEXT {
            folk.more.get_or_insert_default().met.merge(link.visitor, (), |(), ()| {});
        }
    }

    /// Notes a line of a person who may turn out to be excluded.
    pub(super) fn note(&mut self, owner: Owner, file: u32, bucket: Bucket, by: i64) {
        if owner != Owner::Nobody {
            let lines = &mut self.folk_mut(owner).more.get_or_insert_default().lines;
            lines.merge((file, bucket), by, |known, more| *known += more);
        }
    }

    /// Notes an event of a visitor that names no account.
    fn count_homeless(&mut self, owner: Owner, file: u32, by: i64) {
        let homeless = &mut self.folk_mut(owner).more.get_or_insert_default().homeless;
        homeless.merge(file, by, |known, more| *known += more);
    }

    /// Takes out what copies are told by: nothing more is folded.
    pub(super) fn take_seen(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// Folds images that wait, and tells of each whether it is a copy.
    pub(super) fn fold(&mut self, buffers: &[Buffer], context: &Context<'_>, mut tell: impl FnMut(&Image, Verdict)) {
        for buffer in buffers {
            self.seen.fetch(buffer.fingerprints(context.recipes));
        }
        let images = buffers.iter().flat_map(|buffer| buffer.iter(context.recipes));
        if self.raw_ids() <= NEAR_MAX {
            images.for_each(|waiting| self.fold_one(&waiting, context, &mut tell));
            return;
        }
        // Person by person, whose rows are fetched once then.
        let images: Vec<Waiting<'_>> = images.collect();
        let mut order: Vec<(u64, u32)> = images.iter().map(|waiting| waiting.image.hash).zip(0..).collect();
        order.sort_unstable();
        order.iter().for_each(|(_, number)| self.fold_one(&images[*number as usize], context, &mut tell));
    }

    #[inline(always)]
    fn fold_one(&mut self, waiting: &Waiting<'_>, context: &Context<'_>, tell: &mut impl FnMut(&Image, Verdict)) {
        let Waiting { image, words, id } = waiting;
        let verdict = match image.fingerprint() {
            Some(fingerprint) => self.seen.check(fingerprint, image.file),
            None => Verdict::New,
        };
        tell(image, verdict);
        if image.whose() == Whose::Nobody && image.account == NO_ACCOUNT {
            return;
        }
        let owner = self.owner(image.whose(), image.hash, id);
        let link = Link { at: image.at, day: image.day, account: image.account, visitor: image.visitor };
        self.link(owner, link, context.accounts);
        if context.by_person {
            self.note(owner, image.file, Bucket::Events, 1);
        }
        match verdict {
            Verdict::New => {
                if image.is(Image::HOMELESS) {
                    self.count_homeless(owner, image.file, 1);
                }
                self.keep(image, words, owner, context);
            }
            Verdict::Duplicate(loser) => self.copy(image, owner, loser, context),
        }
    }

    /// A copy of an event: nothing is folded, but which file's copy it is may move.
    fn copy(&mut self, image: &Image, owner: Owner, loser: u32, context: &Context<'_>) {
        if context.by_person {
            self.note(owner, loser, Bucket::Events, -1);
            self.note(owner, loser, Bucket::Duplicate, 1);
        }
        if image.is(Image::HOMELESS) && image.file != loser {
            self.count_homeless(owner, image.file, 1);
            self.count_homeless(owner, loser, -1);
        }
    }

    /// Folds an event into a row.
    fn keep(&mut self, image: &Image, values: &[u64], owner: Owner, context: &Context<'_>) {
        let day = if image.account == NO_ACCOUNT { image.day } else { ANY_DAY };
        let at = self.row(owner, image.account, day, context.words);
        let mut row = Cells {
            words: &mut self.words[at * self.word_stride..(at + 1) * self.word_stride],
            days: &mut self.days[at * self.day_stride..(at + 1) * self.day_stride],
            row: &mut self.rows[at],
        };
        row.happened(image);
        let recipe = &context.recipes[image.plan()];
        // One event is one moment of a cell, whichever of its filters it passes.
        let moments_before = row.row.rest.as_ref().map_or(0, |rest| rest.moments.len());
        for (index, bits) in values[..recipe.pass_words].iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let passed = index * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                for step in &recipe.tries[passed].1 {
                    row.take(step, image, values, moments_before, context.texts);
                }
            }
        }
    }
}

/// One row, to fold into.
struct Cells<'r> {
    words: &'r mut [i64],
    days: &'r mut [DaySet],
    row: &'r mut Row,
}

impl Cells<'_> {
    /// Notes what every event is.
    #[inline(always)]
    fn happened(&mut self, image: &Image) {
        let words = &mut *self.words;
        words[word::EVENTS] += 1;
        words[word::FIRST_SEEN] = words[word::FIRST_SEEN].min(image.at);
        words[word::LAST_SEEN] = words[word::LAST_SEEN].max(image.at);
        if image.is(Image::STARTS) {
            words[word::START] = words[word::START].min(image.at);
        }
        if image.is(Image::ACTIVE) {
            words[word::FIRST_ACTIVITY] = words[word::FIRST_ACTIVITY].min(image.at);
            self.days[ACTIVITY_DAYS].insert(image.day);
        }
    }

    #[inline(always)]
    fn take(&mut self, step: &Step, image: &Image, values: &[u64], moments_before: usize, texts: &SharedTexts) {
        let day = |daily: bool| if daily { image.day } else { UNDATED };
        let value = |place: usize| Some(values[place]).filter(|value| *value != NULL);
        match *step {
            Step::Count(word) => self.words[word] += 1,
            Step::First(word) => self.words[word] = self.words[word].min(image.at),
            Step::Last(word) => self.words[word] = self.words[word].max(image.at),
            Step::Days(set) => self.days[set].insert(image.day),
            Step::Tally { cell, daily, value: None } => self.count(TallyKey { value: NO_TEXT, day: day(daily), cell }),
            Step::Tally { cell, daily, value: Some(place) } => {
                if let Some(text) = value(place) {
                    self.count(TallyKey { value: text as u32, day: day(daily), cell });
                }
            }
            Step::Number { cell, daily, value: place } => {
                if let Some(bits) = value(place) {
                    let number = Number::one(f64::from_bits(bits));
                    self.rest().numbers.merge((cell, day(daily)), number, |known, more| known.merge(more));
                }
            }
            Step::Edge { cell, daily, value: place, last, kind } => {
                if let Some(value) = place.map_or(Some(0), value) {
                    let edge = Edge { at: image.at, value };
                    let merge = |known: &mut Edge, more| known.merge(more, last, kind, texts);
                    self.rest().edges.merge((cell, day(daily)), edge, merge);
                }
            }
            Step::Moment { cell, steps, same } => {
                let same = same.and_then(value).map_or(NO_TEXT, |text| text as u32);
                let moments = &mut self.rest().moments;
                match moments[moments_before..].iter_mut().find(|moment| moment.cell == cell) {
                    Some(moment) => moment.steps |= steps,
                    None => moments.push(Moment { at: image.at, same, cell, steps }),
                }
            }
        }
    }

    fn rest(&mut self) -> &mut Rest {
        self.row.rest.get_or_insert_default()
    }

    fn count(&mut self, key: TallyKey) {
        self.row.tally.merge(key, 1, add_count);
    }
}
