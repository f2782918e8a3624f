//! The list of changes of a run: every entity of the record and of the run, compared once.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    ChangeCause, ChangeKind, EntityChange, ScoreChange, StepSnapshots,
    comparison::{LevelSteps, StandingView, StepStandings, change_between},
    conditions::condition_changes,
    kept::fresh_kept,
    reasons::{ChangedAccounts, SourceNames, own_reasons},
};
use crate::record::{
    DepartedEntity, EntityOrigins, EntityStanding, KeptEntity, LevelRecord, ListRecord, OriginPlaces, PlaceMap,
};
use pql_model::{EntityKind, PerKind, units::Day};

/// What a run changed.
#[derive(Debug, Default)]
pub struct RunChanges {
    /// Users and accounts, in the order in which they are written.
    pub changes: Vec<EntityChange>,
    /// Entities that are new in the last tier, which are not listed. In a first run of a record, all.
    pub unlisted: PerKind<u64>,
    /// Entities whose score or tier is another one, for the log; users first, by id.
    pub moved: Vec<ScoreChange>,
    /// What is kept of each standing of the run, in the order of its snapshot. Alerts are those of the record.
    pub kept: PerKind<Vec<KeptEntity>>,
    /// Entities that are in no list any more.
    pub departed: PerKind<BTreeMap<Box<str>, DepartedEntity>>,
}

/// A run to compare with a record.
pub struct ComparedRun<'r> {
    /// What each step came to.
    pub steps: StepSnapshots<'r>,
    /// Which entities of the record are whose now.
    pub origins: &'r EntityOrigins,
    /// The date of the run.
    pub day: Day,
    /// Whether the log is asked for.
    pub log: ScoreLog,
    /// Whether an id has events that do not count, since they are of internal users.
    pub is_internal: &'r dyn Fn(EntityKind, &str) -> bool,
}

/// What becomes of scores that change where nothing that lists show does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreLog {
    /// They are in [`RunChanges::moved`].
    Kept,
    /// Nobody asks, and [`RunChanges::moved`] is empty.
    LeftOut,
}

/// Compares a run with a record. With none, everybody is noted and nothing is listed.
pub fn compare_with_record(before: Option<&ListRecord>, run: &ComparedRun<'_>) -> RunChanges {
    let mut found = RunChanges::default();
    let Some(before) = before else {
        for kind in EntityKind::ALL {
            let now = &run.steps.model[kind];
            found.kept[kind] = now.standings.iter().map(|standing| fresh_kept(now, standing, run.day)).collect();
            found.unlisted[kind] = now.standings.len() as u64;
        }
        return found;
    };
    let mut accounts = ChangedAccounts::default();
    for kind in EntityKind::ALL {
        let record = &before.levels[kind];
        let steps = run.steps.of_level(&record.snapshot, kind);
        LevelComparison { kind, record, steps, names: SourceNames::new(steps), run }.compare(&mut found, &mut accounts);
    }
    accounts.add_members(run.steps.of_level(&before.levels.user.snapshot, EntityKind::User), &mut found.changes);
    found.changes.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
    found
}

/// Newly qualified first, then by kind of change; within each the highest score first, then by id.
pub(super) fn order_of(change: &EntityChange) -> impl Ord + use<'_> {
    let group = if change.newly_qualified() { 0 } else { 1 + change.kind as u8 };
    (group, Reverse(change.last_score()), &change.id, change.level as u8)
}

/// One level before and now.
struct LevelComparison<'c> {
    kind: EntityKind,
    record: &'c LevelRecord,
    steps: LevelSteps<'c>,
    names: SourceNames<'c>,
    run: &'c ComparedRun<'c>,
}

/// An entity of this level, with its dates.
struct ComparedEntity<'c> {
    standing: &'c EntityStanding,
    before: Option<StandingView>,
    now: Option<(StandingView, &'c EntityStanding)>,
    previous: Option<&'c EntityStanding>,
    kept: &'c KeptEntity,
}

impl LevelComparison<'_> {
    fn compare(&self, found: &mut RunChanges, accounts: &mut ChangedAccounts) {
        let [.., now] = self.steps;
        found.departed[self.kind] = self.record.departed.clone();
        let places = PlaceMap::new(&self.record.snapshot, now);
        for (standing, own) in now.standings.iter().zip(self.record.snapshot.places_of(now)) {
            let origin = self.run.origins.places(self.kind, &standing.id, own);
            match origin {
                OriginPlaces::Own(Some(place)) if self.is_unchanged(&places, place, standing) => {
                    found.kept[self.kind].push(self.record.kept[place as usize].clone());
                }
                _ => self.stays_or_comes(standing, origin, (found, accounts)),
            }
        }
        let still_there = now.places_of(&self.record.snapshot);
        for ((place, standing), there) in self.record.snapshot.standings.iter().enumerate().zip(still_there) {
            if there.is_none() {
                self.leaves(standing, &self.record.kept[place], (found, accounts));
            }
        }
    }

    /// Whether nothing that lists show is another thing, nor what the log shows, if it is asked for.
    fn is_unchanged(&self, places: &PlaceMap, place: u32, standing: &EntityStanding) -> bool {
        let before = &self.record.snapshot.standings[place as usize];
        (before.score == standing.score || self.run.log == ScoreLog::LeftOut) && places.is_same(before, standing)
    }

    /// An entity that is in the lists now.
    fn stays_or_comes(
        &self,
        standing: &EntityStanding,
        origin: OriginPlaces<'_>,
        (found, accounts): (&mut RunChanges, &mut ChangedAccounts),
    ) {
        let [.., level] = self.steps;
        let previous = match origin {
            OriginPlaces::Own(own) => own.map(|place| self.record.listed(place)),
            OriginPlaces::Joined(places) => self.record.previous(places),
        };
        let returned = found.departed[self.kind].remove(&standing.id);
        let (kept, previous) = match previous {
            Some((before, kept)) => {
                (kept.at(&self.record.snapshot, &before, (level, standing), self.run.day), Some(before))
            }
            None => (returning(returned, fresh_kept(level, standing, self.run.day)), None),
        };
        let before = previous.as_ref().map(|before| StandingView::of(&self.record.snapshot, before));
        let now = StandingView::of(level, standing);
        let kind = match &before {
            Some(before) => change_between(before, &now, &level.tiers),
            None => (now.qualified || !is_last_tier(standing, level.tiers.len())).then_some(ChangeKind::New),
        };
        found.unlisted[self.kind] += u64::from(before.is_none() && kind.is_none());
        let moved = before.as_ref().is_none_or(|before| before.score != now.score || before.tier != now.tier);
        if moved || kind.is_some() {
            let previous = previous.as_deref();
            let entity = ComparedEntity { standing, before, now: Some((now, standing)), previous, kept: &kept };
            self.note((&entity, kind, None), moved, (found, accounts));
        }
        found.kept[self.kind].push(kept);
    }

    /// An entity that is in no list any more.
    fn leaves(
        &self,
        standing: &EntityStanding,
        kept: &KeptEntity,
        (found, accounts): (&mut RunChanges, &mut ChangedAccounts),
    ) {
        let merged = self.run.origins.merged_into(self.kind, &standing.id);
        if merged.is_none() {
            let gone = DepartedEntity { gone: self.run.day, kept: kept.without_waiting() };
            found.departed[self.kind].insert(standing.id.clone(), gone);
        }
        let before = Some(StandingView::of(&self.record.snapshot, standing));
        let entity = ComparedEntity { standing, before, now: None, previous: Some(standing), kept };
        let kind = if merged.is_some() { ChangeKind::Merged } else { ChangeKind::Gone };
        self.note((&entity, Some(kind), merged), true, (found, accounts));
    }

    /// Adds an entity to the list of changes and to the log.
    fn note(
        &self,
        (entity, kind, merged): (&ComparedEntity<'_>, Option<ChangeKind>, Option<&str>),
        moved: bool,
        (found, accounts): (&mut RunChanges, &mut ChangedAccounts),
    ) {
        let id = &*entity.standing.id;
        let now = entity.now.as_ref();
        let steps = StepStandings::find(self.steps, id, entity.previous, now.map(|(_, standing)| *standing));
        let reasons = own_reasons(&steps, &self.names);
        if moved && self.run.log == ScoreLog::Kept {
            let of_log = ScoreChange {
                level: self.kind,
                id: id.to_owned(),
                account: entity.standing.account.as_deref().map(str::to_owned),
                before: entity.before.clone(),
                now: now.map(|(view, _)| view.clone()),
                reasons: reasons.clone(),
            };
            found.moved.push(of_log);
        }
        let Some(kind) = kind else { return };
        if self.kind == EntityKind::Account {
            accounts.note(found.changes.len(), &steps);
        }
        found.changes.push(EntityChange {
            level: self.kind,
            id: id.to_owned(),
            account: entity.standing.account.as_deref().map(str::to_owned),
            kind,
            cause: self.cause(kind, &steps, id),
            before: entity.before.clone(),
            now: now.map(|(view, _)| view.clone()),
            by_step: steps.by_step(),
            reasons,
            conditions: if moves_tier(kind) { condition_changes(&steps) } else { Vec::new() },
            merged_into: merged.map(str::to_owned),
            tier_since: Some(entity.kept.tier_since),
            first_qualified: entity.kept.first_qualified,
        });
    }

    fn cause(&self, kind: ChangeKind, steps: &StepStandings<'_>, id: &str) -> Option<ChangeCause> {
        match kind {
            ChangeKind::Merged => None,
            ChangeKind::Gone if (self.run.is_internal)(self.kind, id) => Some(ChangeCause::Excluded),
            ChangeKind::Gone => Some(ChangeCause::NoEvents),
            ChangeKind::Up | ChangeKind::Down | ChangeKind::New | ChangeKind::Route | ChangeKind::Suppressed => {
                steps.cause(kind)
            }
        }
    }
}

/// Whether a kind of change is about the tier of somebody who was there before.
fn moves_tier(kind: ChangeKind) -> bool {
    match kind {
        ChangeKind::Up | ChangeKind::Down => true,
        ChangeKind::New | ChangeKind::Route | ChangeKind::Suppressed | ChangeKind::Merged | ChangeKind::Gone => false,
    }
}

/// Whether an entity is in the last of so many tiers, or in none.
fn is_last_tier(standing: &EntityStanding, tiers: usize) -> bool {
    standing.tier.is_none_or(|tier| tier as usize + 1 == tiers)
}

/// What is kept of an entity that may have been in the lists once.
fn returning(departed: Option<DepartedEntity>, fresh: KeptEntity) -> KeptEntity {
    match departed {
        None => fresh,
        Some(DepartedEntity { kept, .. }) => KeptEntity {
            first_qualified: kept.first_qualified.or(fresh.first_qualified),
            tier_since: fresh.tier_since,
            ..kept
        },
    }
}
