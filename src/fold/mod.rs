//! Records to state that suffices to score at any later instant.
//!
//! Takes [`Record`]s, gives a [`State`]. A [`Folder`] works for one thread: it turns records into images, which wait until there are enough
//! of one partition to fold them together while the partition's memory is near, by the worker whose partition it is. What workers share is a
//! [`Hearth`]: the partitions, what was handed over, the numbers of texts and accounts. Nothing depends on which worker folded what, nor on the order.

mod arena;
mod cells;
mod counts;
mod days;
mod duplicates;
mod folk;
mod hearth;
mod image;
mod intern;
mod joins;
mod keyed;
mod load;
mod part;
mod shared;
mod state;
mod timeline;
mod words;

pub use cells::{Edge, Moment, NO_TEXT, Number, Tally, TallyKey, UNDATED, unpack};
pub use counts::{Bucket, FileCounts};
pub use days::DaySet;
pub use folk::{Folk, FolkMore, Population};
pub use hearth::Hearth;
pub use image::edge_kind;
pub use intern::Interner;
pub use joins::Joins;
pub use keyed::Keyed;
pub use part::{ANY_DAY, NO_ACCOUNT, NO_FIRST, NO_LAST, Owner, PARTITIONS, Part, Rest, Row};
pub use shared::TextOrder;
pub use state::State;
pub use timeline::{Named, Timeline};

use self::{
    counts::Counts,
    image::{Buffer, Image, Whose},
    load::{each_trait, meant, values},
    part::Link,
    shared::Remembered,
};
use crate::{
    decode::{Event, Joined, Line, Record},
    model::Model,
    units::Micros,
};

/// What one worker gathered beside the partitions.
#[derive(Debug)]
pub struct Folded {
    account_traits: Keyed<(u32, u16), Edge>,
    aliases: Keyed<(u32, u32), ()>,
    joins: Joins,
    counts: Counts,
    /// The newest event, or [`NO_LAST`].
    pub newest: Micros,
    /// Lines that were put aside.
    pub deferred: Vec<Deferred>,
}

/// A line that is folded once the instant is known that the run looks from.
#[derive(Debug)]
pub struct Deferred {
    /// The file.
    pub file: u32,
    /// The line.
    pub line: String,
}

/// Empty buffers that a worker keeps.
const SPARE_MAX: usize = 64;

/// Folds the lines that one worker reads.
#[derive(Debug)]
pub struct Folder<'h> {
    hearth: &'h Hearth<'h>,
    model: &'h Model,
    accounts: Remembered<'h>,
    texts: Remembered<'h>,
    /// The number of its worker.
    number: usize,
    /// By partition.
    buffers: Vec<Buffer>,
    /// How many images may wait for a partition.
    chunk: usize,
    /// Buffers that are empty.
    spare: Vec<Buffer>,
    folded: Folded,
    /// Whether lines of type identify, group and alias are put aside that may turn out to lie after the instant that the run looks from.
    defers: bool,
    /// Whatever the newest event turns out to be, what is before this counts.
    settled: Micros,
}

impl<'h> Folder<'h> {
    /// A folder that has seen nothing.
    pub fn new(hearth: &'h Hearth<'h>, files: usize) -> Folder<'h> {
        let folded = Folded {
            account_traits: Keyed::default(),
            aliases: Keyed::default(),
            joins: Joins::new(&hearth.seed),
            counts: Counts {
                files: vec![FileCounts::default(); files],
                names: vec![0; hearth.model.intake.plans.len()],
            },
            newest: NO_LAST,
            deferred: Vec::new(),
        };
        Folder {
            hearth,
            model: hearth.model,
            accounts: Remembered::new(&hearth.accounts, &hearth.seed),
            texts: Remembered::new(&hearth.texts, &hearth.seed),
            number: hearth.number(),
            buffers: (0..PARTITIONS).map(|_| Buffer::default()).collect(),
            chunk: hearth.chunk(),
            spare: Vec::new(),
            folded,
            defers: false,
            settled: NO_LAST,
        }
    }

    /// Puts aside what may turn out to lie after the newest event's day.
    pub fn defer(mut self) -> Folder<'h> {
        self.defers = true;
        self
    }

    /// Leaves what waits to be folded by [`Hearth::into_state`], and gives what is this worker's.
    pub fn finish(mut self) -> Folded {
        for (at, buffer) in std::mem::take(&mut self.buffers).into_iter().enumerate() {
            if buffer.images > 0 {
                self.hearth.leave(at, buffer);
            }
        }
        self.folded
    }

    /// Whether a line is put aside: it says who is who, and the newest event so far does not show yet that it counts.
    fn puts_aside(&mut self, file: u32, line: &Line<'_>) -> bool {
        let (Line::Identify(record) | Line::Group(record) | Line::Alias { record, .. } | Line::Merge { record, .. }) =
            line
        else {
            return false;
        };
        if !self.defers || record.at < self.settled {
            return false;
        }
        self.folded.deferred.push(Deferred { file, line: record.line().to_owned() });
        true
    }

    /// Folds a line of a file.
    ///
    /// **Cost**: of an event, a few steps for each filter that the model has for its name, and later, with others of its partition, a look
    /// into three tables (duplicates, raw id, rows) and a few steps for each thing that is kept.
    pub fn fold(&mut self, file: u32, line: &Line<'_>) {
        if self.puts_aside(file, line) {
            return;
        }
        let counts = self.folded.counts.of_file(file);
        counts.records += 1;
        match line {
            Line::Blank => counts.blank += 1,
            Line::Rejected(_) => counts.rejected += 1,
            Line::Excluded => counts.excluded += 1,
            Line::AfterAsOf(record) => {
                counts.after_as_of += 1;
                if self.hearth.context().by_person {
                    let (whose, hash, at) = Self::place(record, NO_ACCOUNT);
                    let mut part = self.hearth.part(at);
                    let owner = part.owner(whose, hash, raw_id(record).as_bytes());
                    part.note(owner, file, Bucket::AfterAsOf, 1);
                }
            }
            Line::Event(record) => self.record(file, record),
            Line::Identify(record) => self.identify(file, record),
            Line::Group(record) => self.group(file, record),
            Line::Alias { record, previous } => self.alias(file, record, previous),
            Line::Merge { ids, .. } => {
                counts.identity += 1;
                match ids {
                    Some([a, b]) => self.folded.joins.merge(a, b),
                    None => self.folded.joins.placeholders += 1,
                }
            }
        }
    }

    /// Folds a usual event, as [`Folder::fold`] folds the line of any.
    pub fn fold_event(&mut self, file: u32, event: &Event<'_>) {
        self.folded.counts.of_file(file).records += 1;
        // Where its image will mostly be written is in no cache; asked for now, it is there by then.
        let at = State::partition(event.id_hash);
        std::hint::black_box(self.buffers[at].last());
        let account = self.account(event.account, event.account_hash);
        self.event(file, event, account);
    }

    /// Whose a record is: the hash of the raw id, and the partition.
    fn place(record: &Record<'_>, account: u32) -> (Whose, u64, usize) {
        whose([record.user.is_some(), record.visitor.is_some()], record.id_hash, account)
    }

    fn account(&mut self, account: Option<&str>, hash: u64) -> u32 {
        account.map_or(NO_ACCOUNT, |account| self.accounts.intern_hashed(hash, account))
    }

    fn account_of(&mut self, record: &Record<'_>) -> u32 {
        self.account(record.account.as_deref(), record.account_hash)
    }

    /// The visitor that came with a user, as text.
    fn met(&mut self, user: Option<&str>, visitor: Option<&str>) -> u32 {
        match (user, visitor) {
            (Some(_), Some(visitor)) => self.texts.intern(visitor),
            _ => NO_TEXT,
        }
    }

    fn record(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.event(file, &record.event(), account);
        let nowhere = record.user.is_none() && record.visitor.is_none() && account == NO_ACCOUNT;
        if record.tells && !nowhere {
            // Of a copy too: it says the same of the same instant, so nothing changes.
            self.user_traits(record);
            self.account_traits(record, account);
        }
    }

    fn event(&mut self, file: u32, event: &Event<'_>, account: u32) {
        if event.at > self.folded.newest {
            self.folded.newest = event.at;
            if self.defers && event.at >= self.settled {
                self.settled = self.model.zone.day_start(event.day + 1);
            }
        }
        let visitor = self.met(event.user, event.visitor);
        let (whose, hash, at) = whose([event.user.is_some(), event.visitor.is_some()], event.id_hash, account);
        let nowhere = whose == Whose::Nobody && account == NO_ACCOUNT;
        let plan = &self.model.intake.plans[event.plan];
        let mut marks = Image::marks(event.plan, whose);
        let mut mark = |holds: bool, mark: u32| marks |= if holds { mark } else { 0 };
        mark(event.user.is_none() && event.account.is_none(), Image::HOMELESS);
        mark(event.fingerprint.is_some(), Image::KNOWN);
        let active =
            !nowhere && whose != Whose::Nobody && !event.noise && !meant(self.model, &plan.ignored, &event.fields);
        mark(active, Image::ACTIVE);
        mark(!nowhere && meant(self.model, &plan.starts, &event.fields), Image::STARTS);
        let image = Image {
            hash,
            known_by: event.fingerprint.unwrap_or_default(),
            at: event.at,
            account,
            day: event.day,
            file,
            visitor,
            more_accounts: event.more_accounts as u32,
            marks,
        };
        let recipe = &self.hearth.recipes[event.plan];
        let (plain, needs) = &recipe.plain[usize::from(active)];
        let buffer = &mut self.buffers[at];
        let words = buffer.push(&image, event.raw_id(), plain);
        if !nowhere {
            values(self.model, recipe, needs, event, active, &mut self.texts, words);
        }
        if buffer.images >= self.chunk {
            self.pass_on(at);
        }
    }

    /// Hands over the images that wait for a partition, and folds those that were handed over if it is time.
    #[inline(never)]
    fn pass_on(&mut self, at: usize) {
        let images = std::mem::replace(&mut self.buffers[at], self.spare.pop().unwrap_or_default());
        let mut all = self.hearth.hand_over(at, images, self.number);
        if all.is_empty() {
            return;
        }
        let counts = &mut self.folded.counts;
        self.hearth.fold(at, &all, |image, verdict| counts.count(image, verdict));
        all.iter_mut().for_each(Buffer::clear);
        self.spare.append(&mut all);
        // A worker that folds more buffers than it fills must not keep them all.
        self.spare.truncate(SPARE_MAX);
    }

    /// Folds what every identity line says: an account, a visitor.
    fn identity(&mut self, file: u32, record: &Record<'_>, account: u32) {
        self.folded.counts.of_file(file).identity += 1;
        let visitor = self.met(record.user.as_deref(), record.visitor.as_deref());
        let (whose, hash, at) = Self::place(record, account);
        let mut part = self.hearth.part(at);
        let owner = part.owner(whose, hash, raw_id(record).as_bytes());
        part.link(owner, Link { at: record.at, day: record.day, account, visitor }, &self.hearth.accounts);
        if self.hearth.context().by_person {
            part.note(owner, file, Bucket::Identity, 1);
        }
    }

    fn identify(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        self.user_traits(record);
        match (&record.joined, &record.user) {
            (Joined::None, _) | (_, None) => {}
            (Joined::Placeholder, _) => self.folded.joins.placeholders += 1,
            (Joined::Id(id), Some(user)) => self.folded.joins.identify(id, user),
        }
    }

    /// What a record says of its user.
    fn user_traits(&mut self, record: &Record<'_>) {
        let (model, hearth) = (self.model, self.hearth);
        let mut edges = Vec::new();
        let value = |key| record.user_trait(key);
        each_trait(model, &model.levels.user, value, record.at, &mut self.texts, |index, plan, edge| {
            edges.push((index, plan, edge));
        });
        let (whose, hash, at) = Self::place(record, NO_ACCOUNT);
        if edges.is_empty() || whose == Whose::Nobody {
            return;
        }
        let mut part = hearth.part(at);
        let owner = part.owner(whose, hash, raw_id(record).as_bytes());
        let traits = &mut part.folk_mut(owner).more.get_or_insert_default().traits;
        for (index, plan, edge) in edges {
            traits.merge(index, edge, |known, more| known.merge(more, !plan.first, plan.kind, &hearth.texts));
        }
    }

    fn group(&mut self, file: u32, record: &Record<'_>) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        self.account_traits(record, account);
    }

    /// What a record says of its account.
    fn account_traits(&mut self, record: &Record<'_>, account: u32) {
        if account == NO_ACCOUNT {
            return;
        }
        let (model, texts, traits) = (self.model, &self.hearth.texts, &mut self.folded.account_traits);
        let value = |key| record.account_trait(key);
        each_trait(model, &model.levels.account, value, record.at, &mut self.texts, |index, plan, edge| {
            traits.merge((account, index), edge, |known, more| known.merge(more, !plan.first, plan.kind, texts));
        });
    }

    fn alias(&mut self, file: u32, record: &Record<'_>, previous: &str) {
        let account = self.account_of(record);
        self.identity(file, record, account);
        if let Some(user) = &record.user {
            let pair = (self.texts.intern(previous), self.texts.intern(user));
            self.folded.aliases.merge(pair, (), |(), ()| {});
        }
    }
}

/// Whose an event is that names a user or a visitor, the hash of the raw id, and the partition.
fn whose([user, visitor]: [bool; 2], id_hash: u64, account: u32) -> (Whose, u64, usize) {
    match (user, visitor) {
        (true, _) => (Whose::User, id_hash, State::partition(id_hash)),
        (false, true) => (Whose::Visitor, id_hash, State::partition(id_hash)),
        (false, false) => (Whose::Nobody, 0, account as usize % PARTITIONS),
    }
}

/// The id by which a record is somebody's.
fn raw_id<'r>(record: &'r Record<'_>) -> &'r str {
    record.user.as_deref().or(record.visitor.as_deref()).unwrap_or("")
}
