//! Events as integers, on their way from the worker that read them to the partition that keeps them.
//!
//! An image holds everything that folding the event needs: which filters it passes, its values as numbers of texts or as packed words,
//! and its raw id as text. Nothing in it points back into the line, so images of one partition can wait for each other.

use super::duplicates::Fingerprint;
use crate::{
    expr::Type,
    model::compiled::{CellId, CellKind, Intake, Keep, Match, NamePlan, ValueId},
    units::{Day, Micros},
};

/// The word of a value that is null; no text number, packed value or finite double has it.
pub(super) const NULL: u64 = u64::MAX;

/// Whose an event is, by where the raw id is to be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    User,
    Visitor,
    Nobody,
}

/// One event, in the 64 bytes of a line of the cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Image {
    /// Of the raw id; 0 if it is nobody's.
    pub(super) hash: u64,
    /// Hashes of the event's id and of its content; nothing without [`Image::KNOWN`].
    pub(super) known_by: Fingerprint,
    pub(super) at: Micros,
    /// Where its raw id begins among the texts of the buffer.
    pub(super) id: u32,
    pub(super) id_length: u32,
    /// Where its words begin in the buffer: bits of filters passed, then the values of its recipe.
    pub(super) words: u32,
    pub(super) account: u32,
    pub(super) day: Day,
    pub(super) file: u32,
    /// The visitor that came with a user, as text.
    pub(super) visitor: u32,
    /// What is true of it, and from [`Image::PLAN_SHIFT`] on the plan of its name.
    pub(super) marks: u32,
}

impl Image {
    /// It is a user's.
    const USER: u32 = 1;
    /// It is a visitor's.
    const VISITOR: u32 = 1 << 1;
    /// It is activity.
    pub(super) const ACTIVE: u32 = 1 << 2;
    /// It starts an entity.
    pub(super) const STARTS: u32 = 1 << 3;
    /// It names neither a user nor an account.
    pub(super) const HOMELESS: u32 = 1 << 4;
    /// It has an id, and duplicates are looked for.
    pub(super) const KNOWN: u32 = 1 << 5;
    /// It names more accounts than one; how many more is in the word after its values.
    pub(super) const MORE_ACCOUNTS: u32 = 1 << 6;
    /// A model has fewer names than are left: it is a text of a mebibyte.
    const PLAN_SHIFT: u32 = 7;

    /// The marks of a plan and an owner.
    pub(super) fn marks(plan: usize, whose: Whose) -> u32 {
        let whose = match whose {
            Whose::User => Image::USER,
            Whose::Visitor => Image::VISITOR,
            Whose::Nobody => 0,
        };
        (plan as u32) << Image::PLAN_SHIFT | whose
    }

    pub(super) fn is(&self, mark: u32) -> bool {
        self.marks & mark != 0
    }

    pub(super) fn plan(&self) -> usize {
        (self.marks >> Image::PLAN_SHIFT) as usize
    }

    /// What it is told from others by, if duplicates are looked for.
    #[inline]
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        self.is(Image::KNOWN).then_some(self.known_by)
    }

    pub(super) fn whose(&self) -> Whose {
        match self.marks & (Image::USER | Image::VISITOR) {
            Image::USER => Whose::User,
            Image::VISITOR => Whose::Visitor,
            _ => Whose::Nobody,
        }
    }
}

/// Images of one partition that wait to be folded.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub(super) images: Vec<Image>,
    pub(super) words: Vec<u64>,
    pub(super) ids: String,
}

impl Buffer {
    pub(super) fn clear(&mut self) {
        self.images.clear();
        self.words.clear();
        self.ids.clear();
    }

    /// The raw id of an image.
    pub(super) fn id(&self, image: &Image) -> &str {
        &self.ids[image.id as usize..image.id as usize + image.id_length as usize]
    }
}

/// A value over an event in the form in which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// The number of its text.
    Text(ValueId),
    /// The bits of a double.
    Number(ValueId),
    /// As [`super::cells::pack`] packs it.
    Packed(ValueId),
}

/// What is kept of an event that passes a filter; values by their place in the recipe.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Count(usize),
    First(usize),
    Last(usize),
    Days(usize),
    Tally { cell: CellId, daily: bool, value: Option<usize> },
    Number { cell: CellId, daily: bool, value: usize },
    Edge { cell: CellId, daily: bool, value: Option<usize>, last: bool, kind: Type },
    Moment { cell: CellId, steps: u16, same: Option<usize> },
}

/// What images of events of one name hold, and what is done with it.
#[derive(Debug, Default)]
pub(super) struct Recipe {
    /// Words of bits, one for each filter.
    pub(super) pass_words: usize,
    pub(super) loads: Vec<Load>,
    /// The words of an event that passes those filters only that have no condition, and the values that they need: of an event that is no
    /// activity, and of one that is.
    pub(super) plain: [(Vec<u64>, Vec<usize>); 2],
    /// Filters that have a condition.
    pub(super) conditional: Vec<usize>,
    /// By filter: the values that it needs, and what is kept.
    pub(super) tries: Vec<(Vec<usize>, Vec<Step>)>,
}

impl Recipe {
    /// The recipe of a plan.
    pub(super) fn new(plan: &NamePlan, intake: &Intake) -> Recipe {
        let mut recipe = Recipe { pass_words: plan.tries.len().div_ceil(64), ..Recipe::default() };
        for one in &plan.tries {
            let first_words = recipe.pass_words;
            let mut needs = Vec::new();
            let mut load = |load: Load| {
                let known = recipe.loads.iter().position(|known| *known == load);
                let at = known.unwrap_or_else(|| {
                    recipe.loads.push(load);
                    recipe.loads.len() - 1
                });
                if !needs.contains(&at) {
                    needs.push(at);
                }
                first_words + at
            };
            let steps = one.keeps.iter().map(|keep| match *keep {
                Keep::Count(word) => Step::Count(word),
                Keep::First(word) => Step::First(word),
                Keep::Last(word) => Step::Last(word),
                Keep::Days(set) => Step::Days(set),
                Keep::Tally { cell, daily, value } => {
                    Step::Tally { cell, daily, value: value.map(|value| load(Load::Text(value))) }
                }
                Keep::Number { cell, daily, value } => Step::Number { cell, daily, value: load(Load::Number(value)) },
                Keep::Edge { cell, daily, value } => {
                    let (last, kind) = edge_kind(intake, cell);
                    Step::Edge { cell, daily, value: value.map(|value| load(Load::Packed(value))), last, kind }
                }
                Keep::Moment { cell, steps, same } => {
                    Step::Moment { cell, steps: steps as u16, same: same.map(|value| load(Load::Text(value))) }
                }
            });
            let steps = steps.collect();
            recipe.tries.push((needs, steps));
        }
        let mut blank = vec![0; recipe.pass_words];
        blank.resize(recipe.pass_words + recipe.loads.len(), NULL);
        recipe.plain = [(blank.clone(), Vec::new()), (blank, Vec::new())];
        for (index, one) in plan.tries.iter().enumerate() {
            if one.matches != Match::Always || one.predicate.is_some() {
                recipe.conditional.push(index);
                continue;
            }
            for (words, needs) in recipe.plain.iter_mut().skip(usize::from(one.active)) {
                words[index / 64] |= 1 << (index % 64);
                needs.extend_from_slice(&recipe.tries[index].0);
            }
        }
        recipe
    }
}

/// Which end of time an edge keeps, and the type of its value.
pub fn edge_kind(intake: &Intake, cell: CellId) -> (bool, Type) {
    match intake.cells[cell as usize] {
        CellKind::Edge { last, kind } => (last, kind),
        _ => unreachable!("edges are kept for cells of that kind only"),
    }
}
