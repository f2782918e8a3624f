//! The standings of one entity before, after each step, and now.

pub(super) use super::StandingView;
use super::{ChangeCause, ChangeKind, ChangeStep};
use crate::record::{EntityStanding, LevelSnapshot, SnapshotTier};
use pql_model::{EntityKind, PerKind, units::Points};

/// What each step from the run before to now came to.
#[derive(Debug, Clone, Copy)]
pub struct StepSnapshots<'s> {
    /// The events that counted before, as they count today, at the instant of the run before. What differs from what the lists said then came with
    /// late deliveries.
    pub restated: &'s PerKind<LevelSnapshot>,
    /// The events that counted before, seen now.
    pub time: &'s PerKind<LevelSnapshot>,
    /// All events.
    pub events: &'s PerKind<LevelSnapshot>,
    /// With the tables of users and accounts of this run.
    pub traits: &'s PerKind<LevelSnapshot>,
    /// With the model of this run: what its lists say.
    pub model: &'s PerKind<LevelSnapshot>,
}

/// The snapshots of one level: before, restated, and after each step.
pub(super) type LevelSteps<'s> = [&'s LevelSnapshot; STEPS];

/// Before, restated, time, events, traits, model.
pub(super) const STEPS: usize = 6;
/// What the lists said.
const BEFORE: usize = 0;
/// What they would say of the same instant today.
pub(super) const RESTATED: usize = 1;
/// What the lists say now.
const NOW: usize = STEPS - 1;

/// An entity in each snapshot of its level; none where it is not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepStandings<'s> {
    pub(super) levels: LevelSteps<'s>,
    pub(super) standings: [Option<&'s EntityStanding>; STEPS],
}

impl<'s> StepSnapshots<'s> {
    /// No step changed anything.
    pub fn all(now: &'s PerKind<LevelSnapshot>) -> StepSnapshots<'s> {
        StepSnapshots { restated: now, time: now, events: now, traits: now, model: now }
    }

    pub(super) fn of_level(&self, before: &'s LevelSnapshot, kind: EntityKind) -> LevelSteps<'s> {
        let after = [self.restated, self.time, self.events, self.traits, self.model].map(|levels| &levels[kind]);
        [before, after[0], after[1], after[2], after[3], after[4]]
    }
}

impl<'s> StepStandings<'s> {
    /// An entity by its id now, with its standings in the run before, perhaps under another id, and now.
    pub(super) fn find(
        levels: LevelSteps<'s>,
        id: &str,
        before: Option<&'s EntityStanding>,
        now: Option<&'s EntityStanding>,
    ) -> StepStandings<'s> {
        let other = before.map(|standing| &*standing.id).filter(|other| *other != id);
        let mut standings = [None; STEPS];
        for step in RESTATED..NOW {
            let level = levels[step];
            // Most lists are those of a step before or of now, where the standing is known.
            let own = match (level.is_shared_with(levels[BEFORE]), level.is_shared_with(levels[NOW])) {
                (true, _) if other.is_none() => before,
                (_, true) => now,
                (true | false, false) => level.find(id),
            };
            standings[step] = own.or_else(|| level.find(other?));
        }
        standings[BEFORE] = before;
        standings[NOW] = now;
        StepStandings { levels, standings }
    }

    /// What was given or taken at each step, of amounts before, restated, and after each step.
    ///
    /// What was restated came with events.
    pub(super) fn differences(amounts: [Points; STEPS]) -> [Points; 4] {
        let [before, restated, time, events, traits, model] = amounts;
        [time - restated, (events - time) + (restated - before), traits - events, model - traits]
    }

    /// The difference of the score by step.
    pub(super) fn by_step(&self) -> [Points; 4] {
        StepStandings::differences(
            self.standings.map(|standing| standing.map_or(Points::ZERO, |standing| standing.score)),
        )
    }

    /// The standing as rows print it, in the run before or now.
    fn view(&self, step: usize) -> Option<StandingView> {
        Some(StandingView::of(self.levels[step], self.standings[step]?))
    }

    /// Whether the events that counted before pay something else today, since some of them came late.
    fn is_restated(&self) -> bool {
        let paid = |step: usize| self.standings[step].map(|standing| (standing.score, &standing.amounts));
        paid(BEFORE) != paid(RESTATED)
    }

    /// The last step at which what a kind of change is about became what it is.
    pub(super) fn cause(&self, kind: ChangeKind) -> Option<ChangeCause> {
        // Facts of the record move on from run to run. That comes with time, and not with late events, unless these paid something.
        let restated = if self.is_restated() { RESTATED } else { BEFORE };
        let aspect = |step: usize| {
            let step = if step == RESTATED { restated } else { step };
            self.view(step).map(|view| aspect_of(kind, view))
        };
        let now = aspect(NOW);
        let last = (BEFORE + 1..=NOW).rev().find(|step| aspect(*step) == now && aspect(*step - 1) != now)?;
        let step = match last {
            0 | 1 | 3 => ChangeStep::Events,
            2 => ChangeStep::Time,
            4 => ChangeStep::Traits,
            _ => ChangeStep::Model,
        };
        Some(ChangeCause::Step(step))
    }
}

/// The part of a standing that a kind of change is about.
fn aspect_of(kind: ChangeKind, view: StandingView) -> (Option<String>, bool) {
    match kind {
        ChangeKind::Up | ChangeKind::Down | ChangeKind::New => (view.tier, view.qualified),
        ChangeKind::Route => (view.route, false),
        ChangeKind::Suppressed => (view.suppressed, false),
        ChangeKind::Merged | ChangeKind::Gone => (None, false),
    }
}

/// What happened to an entity that is in the lists before and now; none if nothing did. `tiers` are those of the model of this run.
pub(super) fn change_between(before: &StandingView, now: &StandingView, tiers: &[SnapshotTier]) -> Option<ChangeKind> {
    if now.suppressed.is_some() && now.suppressed != before.suppressed {
        return Some(ChangeKind::Suppressed);
    }
    let moved = tier_change(before, now, tiers);
    let route = || (before.route != now.route).then_some(ChangeKind::Route);
    let lifted = || (before.suppressed != now.suppressed).then_some(ChangeKind::Suppressed);
    moved.or_else(route).or_else(lifted)
}

/// Up or down. A tier that the model lacks is compared by whether it qualifies, then by score.
fn tier_change(before: &StandingView, now: &StandingView, tiers: &[SnapshotTier]) -> Option<ChangeKind> {
    let place = |view: &StandingView| tiers.iter().position(|tier| Some(&tier.name) == view.tier.as_ref());
    let higher = if before.qualified != now.qualified {
        Some(now.qualified)
    } else if before.tier == now.tier {
        None
    } else {
        match (place(before), place(now)) {
            (Some(before), Some(now)) => Some(now < before),
            _ if before.score == now.score => None,
            _ => Some(before.score < now.score),
        }
    };
    higher.map(|higher| if higher { ChangeKind::Up } else { ChangeKind::Down })
}
